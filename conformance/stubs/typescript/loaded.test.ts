/**
 * @grpc/grpc-js with stubs that @grpc/proto-loader makes of the descriptors, all with default settings. Made of descriptors, messages keep the
 * names of their fields, maps are lists of their entries, and what has its default is left out.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";
import { ROOT, serve } from "./server.js";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- proto-loader makes the messages while the program runs, so that they have no types
type Message = any;
type Stub = grpc.Client & Record<string, (...args: unknown[]) => Message>;

const VALIDATION = 1;
const NODE_EXECUTION = 2;
const VERSION_MISMATCH = 5;
const F32 = 1;

const definition = grpc.loadPackageDefinition(loadFileDescriptorSetFromBuffer(readFileSync(join(ROOT, "testdata", "contract-003.binpb"))));
let server: Awaited<ReturnType<typeof serve>>;
let execution: Stub;
let streaming: Stub;

before(async () => {
  server = await serve();
  const { v1 } = definition.remotemedia as unknown as { v1: Record<string, grpc.ServiceClientConstructor> };
  const make = (name: string): Stub => new (v1[name] as grpc.ServiceClientConstructor)(server.address, grpc.credentials.createInsecure()) as unknown as Stub;
  execution = make("PipelineExecutionService");
  streaming = make("StreamingPipelineService");
});
after(async () => {
  execution.close();
  streaming.close();
  assert.equal(await server.stop(), 0, "the server didn't end cleanly on SIGTERM");
});

function call(method: string, request: object): Promise<Message> {
  return new Promise((resolve, reject) => {
    execution[method]?.(request, { deadline: Date.now() + 30_000 }, (error: Error | null, answer: Message) => (error ? reject(error) : resolve(answer)));
  });
}

/** Sends everything, half-closes, and gives all answers; the status must be OK. */
function converse(requests: readonly object[]): Promise<Message[]> {
  return new Promise((resolve, reject) => {
    const talk = streaming.StreamPipeline?.({ deadline: Date.now() + 30_000 });
    const answers: Message[] = [];
    talk.on("data", (answer: Message) => answers.push(answer));
    talk.on("error", reject);
    talk.on("end", () => resolve(answers));
    for (const request of requests) talk.write(request);
    talk.end();
  });
}

const node = (id: string, type: string, params?: object) => ({ id, node_type: type, params: params ? JSON.stringify(params) : "" });
const manifest = (nodes: object[], connections: object[] = [], version = "v1") => ({ version, nodes, connections });

function mono(frames: number, rate = 16000) {
  const samples = Float32Array.from({ length: frames }, (_, i) => 0.5 * Math.sin(i / 9));
  return { samples: Buffer.from(samples.buffer), sample_rate: rate, channels: 1, format: F32, num_samples: frames };
}

const entries = (record: object) => Object.entries(record).map(([key, value]) => ({ key, value: value as Message }));
const record = (list: { key: string; value: Message }[] = []): Record<string, Message> => Object.fromEntries(list.map(({ key, value }) => [key, value]));

async function run(pipeline: object, audio: object = {}, data: object = {}): Promise<Message> {
  const request = { manifest: pipeline, audio_inputs: entries(audio), data_inputs: entries(data), client_version: "v1" };
  const { result, error } = await call("ExecutePipeline", request);
  assert.equal(error ?? undefined, undefined);
  assert.equal(result.status, 1);
  assert.ok(result.metrics.wall_time_ms > 0);
  return { ...result, audio_outputs: record(result.audio_outputs), data_outputs: record(result.data_outputs), node_metrics: record(result.metrics.node_metrics) };
}

async function refused(request: object): Promise<Message> {
  const { error } = await call("ExecutePipeline", request);
  assert.ok(error, "the request was executed");
  assert.equal(typeof JSON.parse(error.context), "object");
  return error;
}

test("GetVersion, also with an empty body", async () => {
  for (const request of [{}, { client_version: "v1" }, { client_version: "test-v1" }]) {
    const { version_info, compatible } = await call("GetVersion", request);
    assert.equal(compatible, true);
    assert.deepEqual(version_info.supported_protocols, ["v1"]);
    assert.ok(version_info.supported_node_types.includes("CalculatorNode"));
  }
  assert.ok(!(await call("GetVersion", { client_version: "v2" })).compatible);
});

test("samples pass bit for bit", async () => {
  for (const [format, width] of [[1, 4], [2, 2], [3, 4]] as const) {
    const sent = { samples: Buffer.alloc(2 * 441 * width, "0123456789abcd"), sample_rate: 44100, channels: 2, format, num_samples: 882 };
    const { audio_outputs, node_metrics } = await run(manifest([node("pass", "PassThrough")]), { pass: sent });
    const got = audio_outputs.pass;
    assert.ok(got.samples.equals(sent.samples));
    assert.deepEqual([got.sample_rate, got.channels, got.format, Number(got.num_samples)], [44100, 2, format, 882]);
    assert.equal(Number(node_metrics.pass.samples_processed), 882);
  }
});

test("a resampler behind a pass, and outputs by the sink's id", async () => {
  const pipeline = manifest([node("a", "PassThrough"), node("resample", "AudioResample", { target_sample_rate: 16000 })], [{ from: "a", to: "resample" }]);
  const { audio_outputs, node_results } = await run(pipeline, { a: mono(44100, 44100) });
  assert.deepEqual(Object.keys(audio_outputs), ["resample"]);
  assert.equal(Number(audio_outputs.resample.num_samples), 16000);
  assert.deepEqual(node_results.map((entry: Message) => entry.node_id), ["a", "resample"]);
});

test("data and Unicode", async () => {
  const calculator = manifest([node("calc", "CalculatorNode", { operation: "add", value: 5 })]);
  assert.deepEqual((await run(calculator, {}, { calc: '{"value": 10.0}' })).data_outputs, { calc: "15.0" });
  const text = JSON.stringify({ text: "Grüße, 世界 🎧" });
  assert.deepEqual(JSON.parse((await run(manifest([node("p", "PassThrough")]), {}, { p: text })).data_outputs.p), JSON.parse(text));
});

test("errors come in band", async () => {
  const audio_inputs = entries({ a: mono(100) });
  const unknown = await refused({ manifest: manifest([node("a", "NonExistentNode")]), audio_inputs });
  assert.deepEqual([unknown.error_type, unknown.failing_node_id], [VALIDATION, "a"]);
  assert.match(unknown.message, /NonExistentNode.*PassThrough/s);
  // What a client sends whose connections have keys that the contract doesn't know.
  const empty = await refused({ manifest: manifest([node("a", "PassThrough"), node("b", "PassThrough")], [{ fromNode: "a", toNode: "b" }]), audio_inputs });
  assert.equal(empty.error_type, VALIDATION);
  assert.match(empty.message, /connections?\D{0,12}0\b/);
  assert.equal((await refused({ manifest: manifest([node("a", "PassThrough")], [], "v2"), audio_inputs })).error_type, VERSION_MISMATCH);
  assert.equal((await refused({ client_version: "v1" })).error_type, VALIDATION);
  const division = { manifest: manifest([node("calc", "CalculatorNode", { operation: "divide", value: 0 })]), data_inputs: entries({ calc: "1" }) };
  assert.deepEqual([(await refused(division)).error_type, (await refused(division)).failing_node_id], [NODE_EXECUTION, "calc"]);
  assert.equal((await refused({ manifest: manifest([node("a", "PassThrough")]), audio_inputs: entries({ a: { ...mono(100), format: 0 } }) })).error_type, VALIDATION);
});

test("a result beyond the default limit is refused by the stub", async () => {
  const request = { manifest: manifest([node("a", "PassThrough")]), audio_inputs: entries({ a: mono(1_100_000, 48000) }) };
  await assert.rejects(call("ExecutePipeline", request), (error: grpc.ServiceError) => error.code === grpc.status.RESOURCE_EXHAUSTED);
});

const init = (nodes: object[] = [node("source", "PassThrough")]) => ({ init: { manifest: manifest(nodes), client_version: "v1" } });
const chunk = (sequence: number) => ({ audio_chunk: { node_id: "source", buffer: mono(1600), sequence } });
const close = { control: { command: 1 } };

/** Checks the order of the answers, each of which has one field. */
function kinds(answers: readonly Message[]): string[] {
  return answers.flatMap((answer) => Object.keys(answer));
}

test("a stream has one answer per chunk, counters after ten, and an end", async () => {
  const answers = await converse([init(), ...Array.from({ length: 12 }, (_, i) => chunk(i)), close]);
  assert.deepEqual(kinds(answers), ["ready", ...Array<string>(10).fill("result"), "metrics", "result", "result", "closed"]);
  const results = answers.filter((answer) => answer.result).map((answer) => answer.result);
  assert.deepEqual(results.map((result) => Number(result.sequence ?? 0)), Array.from({ length: 12 }, (_, i) => i));
  assert.ok(results.every((result) => record(result.audio_outputs).source.samples.equals(mono(1600).samples)));
  assert.equal(answers.at(-1).closed.reason, "Client requested close");
  assert.ok(answers.at(-1).closed.final_metrics.wall_time_ms > 0);
});

test("a half-close ends a stream too", async () => {
  const answers = await converse([init(), chunk(0)]);
  assert.deepEqual(kinds(answers), ["ready", "result", "closed"]);
  assert.equal(answers[2].closed.reason, "Client half-closed");
});

test("errors of streams come in band, then the end", async () => {
  for (const [requests, words] of [
    [[chunk(0)], /init/],
    [[init(), chunk(0), {}], /nothing this server understands/],
    [[init(), chunk(1)], /sequence/],
    [[init([node("bad", "NonExistentNode")])], /NonExistentNode/],
  ] as const) {
    const answers = await converse(requests);
    assert.deepEqual(kinds(answers).slice(-2), ["error", "closed"]);
    assert.equal(answers.at(-2).error.error_type, VALIDATION);
    assert.match(answers.at(-2).error.message, words);
  }
});

test("cancelling a stream is told as such", async () => {
  const talk = streaming.StreamPipeline?.();
  const ended = new Promise<grpc.ServiceError>((resolve) => talk.on("error", resolve));
  talk.on("data", () => talk.cancel());
  talk.write(init());
  assert.equal((await ended).code, grpc.status.CANCELLED);
});
