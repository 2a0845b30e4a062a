/**
 * Compares the client with bare stubs, against a service that it starts, and prints the table of BENCHMARK.md.
 *
 *     npm run bench [-- --quick]
 *
 * All sides do the same work with the same service: a Float32Array in, a Float32Array out. The bare sides are what a program writes that has
 * nothing but generated messages: connect-node's client, and grpc-js with protobuf-es, both with their default settings but for the limit of
 * sizes. Rounds alternate, so that whatever else the machine does meets all sides.
 */

import { loadavg } from "node:os";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import * as grpc from "@grpc/grpc-js";
import { Client, type Pipeline, pipeline } from "@remotemedia/grpc-client";
import { passThrough, resample } from "@remotemedia/grpc-client/nodes";
import { EXECUTE } from "#internal/connection";
import { AudioFormat } from "#internal/gen/remotemedia/v1/common_pb";
import {
  type ExecuteRequest,
  ExecuteRequestSchema,
  type ExecuteResponse,
  ExecuteResponseSchema,
  PipelineExecutionService,
} from "#internal/gen/remotemedia/v1/execution_pb";
import { Service } from "../test/service.js";
import { noise } from "../test/sounds.js";

const RATE = 48000;
const NODE = "node";
const LARGEST = 0xffffffff;

type Side = (samples: Float32Array, type: string) => Promise<Float32Array>;

function request(samples: Float32Array, nodeType: string): ExecuteRequest {
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  const buffer = { samples: bytes, sampleRate: RATE, channels: 1, format: AudioFormat.F32, numSamples: BigInt(samples.length) };
  const manifest = { version: "v1", nodes: [{ id: NODE, nodeType }] };
  return create(ExecuteRequestSchema, { manifest, clientVersion: "v1", audioInputs: { [NODE]: buffer } });
}

/** Copies where it must, as a program with bare stubs has to. */
function samplesOf(response: ExecuteResponse): Float32Array {
  if (response.outcome.case !== "result") throw new Error("no result");
  const bytes = response.outcome.value.audioOutputs[NODE]?.samples ?? new Uint8Array();
  return bytes.byteOffset % 4 === 0 ? new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4) : new Float32Array(new Uint8Array(bytes).buffer);
}

function sides(address: string): Record<string, Side> {
  const transport = createGrpcTransport({ baseUrl: `http://${address}`, readMaxBytes: LARGEST, writeMaxBytes: LARGEST });
  const connect = createClient(PipelineExecutionService, transport);
  const stub = new grpc.Client(address, grpc.credentials.createInsecure(), { "grpc.max_receive_message_length": -1, "grpc.enable_http_proxy": 0 });
  const client = new Client(address);
  const pipelines: Record<string, Pipeline> = {
    PassThrough: pipeline().pipe(passThrough({ id: NODE })),
    AudioResample: pipeline().pipe(resample({ id: NODE })),
  };
  return {
    "connect-node": async (samples, type) => samplesOf(await connect.executePipeline(request(samples, type))),
    "grpc-js": (samples, type) =>
      new Promise((resolve, reject) => {
        stub.makeUnaryRequest(
          EXECUTE,
          (message: ExecuteRequest) => Buffer.from(toBinary(ExecuteRequestSchema, message).buffer),
          (bytes) => fromBinary(ExecuteResponseSchema, bytes),
          request(samples, type),
          (error, response) => (error ? reject(error) : resolve(samplesOf(response!))),
        );
      }),
    "this client": async (samples, type) => {
      const result = await client.run(pipelines[type]!, samples, { sampleRate: RATE });
      return result.audio[NODE]!.samples as Float32Array;
    },
  };
}

interface Measured {
  readonly wall: number[];
  cpu: number;
}

/** Times all sides in turns, behind a warm-up. */
async function alternate(all: Record<string, Side>, samples: Float32Array, type: string, rounds: number): Promise<Record<string, Measured>> {
  const names = Object.keys(all);
  const out: Record<string, Measured> = Object.fromEntries(names.map((name) => [name, { wall: [], cpu: 0 }]));
  const warmUp = Math.ceil(rounds / 10) + 3;
  for (let i = 0; i < rounds + warmUp; i++) {
    for (let k = 0; k < names.length; k++) {
      const name = names[(i + k) % names.length]!;
      const before = process.cpuUsage();
      const began = performance.now();
      const got = await all[name]!(samples, type);
      const took = performance.now() - began;
      if (type === "PassThrough" && got.length !== samples.length) throw new Error(`${name} gave ${got.length} samples`);
      if (i < warmUp) continue;
      const { user, system } = process.cpuUsage(before);
      out[name]!.wall.push(took);
      out[name]!.cpu += (user + system) / 1000 / rounds;
    }
  }
  return out;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

const quick = process.argv.includes("--quick");
const service = await Service.start();
const all = sides(service.address);
const load = (): string => loadavg().map((one) => one.toFixed(0)).join(", ");
console.log(`Node.js ${process.version}; load averages ${load()} at the start`);
console.log("\n| call | connect-node | grpc-js | this client | of connect-node | of grpc-js | CPU: connect-node | grpc-js | this client |");
console.log("|---|---|---|---|---|---|---|---|---|");
for (const type of ["PassThrough", "AudioResample"]) {
  for (const seconds of [1, 10]) {
    const rounds = (quick ? 40 : 300) / (seconds === 1 ? 1 : 4);
    const { "connect-node": connect, "grpc-js": bare, "this client": ours } = await alternate(all, noise(Float32Array, RATE * seconds), type, rounds);
    const [a, b, c] = [connect!, bare!, ours!].map((one) => median(one.wall)) as [number, number, number];
    const times = [a, b, c].map((one) => `${one.toFixed(2)} ms`).join(" | ");
    const cpu = [connect!, bare!, ours!].map((one) => `${one.cpu.toFixed(2)} ms`).join(" | ");
    console.log(`| ${type}, ${seconds} s | ${times} | ${(c / a).toFixed(2)} | ${(c / b).toFixed(2)} | ${cpu} |`);
  }
}
console.log(`\nload averages ${load()} at the end`);
await service.stop();
process.exit(0);
