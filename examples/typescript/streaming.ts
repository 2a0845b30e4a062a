/**
 * Live audio: chunks of 20 ms go in as they are made, and events come out at the same time.
 *
 *     npm run streaming
 *
 * The service's address is in GRPC_SERVER_ADDR; without it, localhost:50051.
 */

import { setTimeout } from "node:timers/promises";
import { Audio, Client, pipeline } from "@remotemedia/grpc-client";
import { resample, vad } from "@remotemedia/grpc-client/nodes";

const [source = "testdata/speech/two-sentences-44k1.wav"] = process.argv.slice(2);

/** Stands in for a microphone: gives a file chunk by chunk, faster than it was spoken. */
async function* microphone(speed = 20): AsyncGenerator<Audio> {
  for (const chunk of (await Audio.load(source)).chunks(20)) {
    yield chunk;
    await setTimeout(20 / speed);
  }
}

await using client = new Client();
let frames = 0;
for await (const event of client.stream(pipeline("live").pipe(resample(16000), vad()), microphone())) {
  switch (event.type) {
    case "ready":
      console.log(`session open, ${event.queue} chunks may wait`);
      break;
    case "answer":
      for (const audio of Object.values(event.audio)) frames += audio.frames;
      for (const { events } of event.dataItems.vad ?? []) {
        for (const { type, timestamp_ms: at } of events) {
          console.log(`${type.padStart(12)} at ${(at / 1000).toFixed(2)} s, told ${event.milliseconds.toFixed(2)} ms after its chunk`);
        }
      }
      break;
    case "progress":
      if (event.chunks % 100 === 0) console.log(`${event.chunks} chunks, 95 % of them within ${event.p95Ms.toFixed(2)} ms`);
      break;
    case "closed":
      console.log(`${event.reason}: ${event.chunks} chunks in, ${frames} frames out`);
      break;
  }
}
