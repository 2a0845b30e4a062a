/**
 * Branches: one input, three outputs, and the reports of all nodes.
 *
 *     npm run multi_node
 *
 * The service's address is in GRPC_SERVER_ADDR; without it, localhost:50051.
 */

import { Audio, Client, ValidationError, pipeline } from "@remotemedia/grpc-client";
import { audioFormatConverter, passThrough, resample, vad } from "@remotemedia/grpc-client/nodes";

const RATE = 48000;

/** Gives stereo audio: a rising tone on the left, noise on the right. */
function chirp(seconds: number): Audio {
  const left = Float32Array.from({ length: RATE * seconds }, (_, i) => 0.5 * Math.sin(2 * Math.PI * (200 + (400 * i) / RATE) * (i / RATE)));
  const right = Float32Array.from(left, () => Math.random() * 0.2 - 0.1);
  return Audio.fromChannels([left, right], RATE);
}

const branches = pipeline("branches", "one input, three outputs").pipe(passThrough({ id: "input" }), [
  resample(16000, { id: "telephone" }).pipe(audioFormatConverter("i16", { id: "pcm" })),
  resample({ targetSampleRate: 44100, quality: "very_high", id: "music" }),
  vad({ id: "speech" }),
]);

await using client = new Client();
const result = await client.run(branches, chirp(2), { limits: { timeoutMs: 3000 }, outputs: ["telephone"] });
for (const [node, audio] of Object.entries(result.audio).sort()) {
  console.log(`${node.padEnd(10)} ${audio.channels} x ${audio.frames} ${audio.format} at ${audio.sampleRate} Hz`);
}
for (const [node, report] of Object.entries(result.nodes)) {
  console.log(`${node.padEnd(10)} ${report.status}, ${report.milliseconds.toFixed(2)} ms, ${report.samples} samples in`);
}
try {
  await client.run(resample(1), chirp(0.1));
} catch (error) {
  if (!(error instanceof ValidationError)) throw error;
  console.log(`refused, as it should be: ${error.nodeId}: ${error.code}`);
}
