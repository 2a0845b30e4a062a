/**
 * Resamples a WAV file and tells where somebody speaks.
 *
 *     npm run simple -- [INPUT.wav [OUTPUT.wav]]
 *
 * The service's address is in GRPC_SERVER_ADDR; without it, localhost:50051.
 */

import { Client, pipeline } from "@remotemedia/grpc-client";
import { resample, vad } from "@remotemedia/grpc-client/nodes";

const [source = "testdata/speech/two-sentences-44k1.wav", target] = process.argv.slice(2);

await using client = new Client();
const result = await client.run(pipeline("speech").pipe(resample(16000), vad()), source);

const audio = result.audio.vad;
if (audio === undefined) throw new Error("the file holds no audio");
console.log(`${(audio.durationMs / 1000).toFixed(2)} s at ${audio.sampleRate} Hz, ${audio.channels} channels of ${audio.format}`);
for (const { events } of result.dataItems.vad ?? []) {
  for (const { type, timestamp_ms: at } of events) console.log(`${type.padStart(12)} at ${(at / 1000).toFixed(2)} s`);
}
console.log(`the service took ${result.metrics.wallMs.toFixed(1)} ms`);
if (target !== undefined) {
  await audio.save(target);
  console.log(`wrote ${target}`);
}
