/** What bad input, a bad service and bad luck give: a typed error with a sentence that says what to do. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import * as rm from "@remotemedia/grpc-client";
import { passThrough, resample, vad } from "@remotemedia/grpc-client/nodes";
import { DataTypeHint, type ErrorResponse, ErrorResponseSchema, ErrorType, VersionInfoSchema } from "#internal/gen/remotemedia/v1/common_pb";
import { LatencyClass, ListNodesResponseSchema } from "#internal/gen/remotemedia/ext/v1/catalog_pb";
import { VersionResponseSchema } from "#internal/gen/remotemedia/v1/execution_pb";
import { EXECUTE, Gate, NODES, Refusal, type Rule, STREAM, VERSION } from "./gate.js";
import { Service } from "./service.js";
import { RATE, TONE } from "./sounds.js";

const ONCE = { attempts: 1 };
const QUICK = { attempts: 4, firstMs: 10, longestMs: 20 };
const TEN = new Float32Array(10);

let service: Service;
let client: rm.Client;
/** Nothing may be sent in tests that use it: a call would be an UnavailableError. */
const nowhere = new rm.Client("127.0.0.1:1", { retry: ONCE });
before(async () => {
  service = await Service.start();
  client = new rm.Client(service.address, { checkNodes: false });
});
after(async () => {
  client.close();
  nowhere.close();
  await service[Symbol.asyncDispose]();
});

type Kind = new (...args: never[]) => rm.RemoteMediaError;

/** Checks the kind and the words of an error, and gives it. */
async function caught(promise: Promise<unknown>, kind: Kind, words: RegExp): Promise<rm.RemoteMediaError> {
  const error: unknown = await promise.then(
    () => assert.fail("it went well"),
    (one: unknown) => one,
  );
  assert.ok(error instanceof kind, String(error));
  assert.match(error.message, words);
  assert.equal(error.name, kind.name);
  return error;
}

async function gate(rule: Rule): Promise<Gate> {
  return Gate.open(service.address, rule);
}

const wrongAudio: readonly (readonly [string, unknown, RegExp])[] = [
  ["Float64Array", new Float64Array(10), /convert them with Float32Array.from/],
  ["array", [0, 0.1], /can't be made of a Array: give a Float32Array/],
  ["Uint8Array", new Uint8Array(10), /aren't those of a WAV file: for raw samples use Audio.fromPcm/],
  ["Uint16Array", new Uint16Array(10), /other integers must be scaled/],
  ["nothing in an object", { samples: undefined, sampleRate: 8000 }, /samples are undefined/],
  ["empty", new Float32Array(0), /empty: give at least one frame/],
  ["NaN", new Float32Array([0, NaN, NaN]), /2 samples aren't finite, the first is NaN at frame 1/],
  ["infinity", new Float32Array([0, 0, -Infinity]), /the first is infinite at frame 2/],
  ["number", 7, /can't be made of a number/],
  ["missing file", "missing.wav", /missing.wav can't be read/],
  ["no WAV file", new URL(import.meta.url), /isn't a WAV file/],
];
for (const [name, samples, words] of wrongAudio) {
  test(`wrong audio: ${name}`, async () => {
    const error = await caught(nowhere.run(passThrough(), samples as Float32Array, { sampleRate: 16000 }), rm.ValidationError, words);
    assert.deepEqual([error.code, error.status, error.type], ["bad_audio", "", "validation"]);
  });
}

test("wrong rates and channels", async () => {
  for (const sampleRate of [0, -1, 768001, 16000.5, NaN, undefined]) {
    await caught(nowhere.run(passThrough(), TEN, { sampleRate }), rm.ValidationError, /rate/);
  }
  for (const channels of [0, 65, 1.5]) await caught(nowhere.run(passThrough(), TEN, { sampleRate: 8000, channels }), rm.ValidationError, /channels/);
  await caught(nowhere.run(passThrough(), TEN, { sampleRate: 8000, channels: 3 }), rm.ValidationError, /10 samples aren't whole frames of 3/);
});

const a = { id: "a", type: "VAD" };
const wrongPipelines: readonly (readonly [string, unknown, RegExp])[] = [
  ["unknown_node_type", rm.node("AudioResampel"), /did you mean AudioResample\?/],
  ["unknown_parameter", rm.node("VAD", { treshold: 1 }), /did you mean threshold\?/],
  ["unknown_parameter", vad({ treshold: 1 } as object), /has no parameter "treshold"/],
  ["unknown_parameter", rm.node("PassThrough", { x: 1 }), /it takes none/],
  ["manifest_empty", rm.pipeline("empty"), /no nodes/],
  ["manifest_empty", { version: "v1", nodes: [] }, /no nodes/],
  ["missing_field", { nodes: [a] }, /add version: "v1"/],
  ["missing_field", { version: "v1", nodes: [{ type: "VAD" }] }, /nodes\[0\] has no id/],
  ["unknown_field", { version: "v1", nodes: [{ ...a, tpye: 1 }] }, /did you mean type\?/],
  ["duplicate_field", { version: "v1", nodes: [{ ...a, node_type: "VAD" }] }, /twice/],
  ["duplicate_node_id", { version: "v1", nodes: [a, a] }, /"a"/],
  ["bad_node_id", { version: "v1", nodes: [{ ...a, id: "__proto__" }] }, /give it another/],
  ["wrong_type", { version: "v1", nodes: [{ ...a, is_streaming: "yes" }] }, /nodes\[0\].is_streaming is a string: give a boolean/],
  ["wrong_type", { version: "v1", nodes: [{ ...a, params: [1] }] }, /params is a list/],
  ["wrong_type", { version: "v1", nodes: [{ ...a, runtime_hint: "toString" }] }, /use one of rust_python/],
  ["wrong_type", { version: "v1", nodes: [{ ...a, input_types: ["smell"] }] }, /no kind of data named "smell"/],
  ["wrong_type", { version: "v1", nodes: 7 }, /nodes is a number: give a list/],
  ["wrong_type", { version: ["v1"], nodes: [a] }, /version is a list/],
  ["empty_connection", { version: "v1", nodes: [a], connections: [{ from: "a" }] }, /connections\[0\] has no to/],
  ["unknown_endpoint", { version: "v1", nodes: [a], connections: [{ from: "a", to: "b" }] }, /the nodes are a/],
  ["data_input_syntax", rm.node("VAD", { threshold: NaN }), /JSON: it holds NaN/],
  ["params_syntax", { version: "v1", nodes: [{ ...a, params: "[1]" }] }, /must be an object/],
  ["syntax", { version: "v1", nodes: [{ ...a, params: "{" }] }, /well-formed JSON/],
  ["syntax", "nowhere.yaml", /can't be read/],
  ["manifest_missing", 7, /a number/],
  ["manifest_missing", undefined, /undefined/],
];
for (const [code, pipeline, words] of wrongPipelines) {
  test(`wrong pipeline: ${code}: ${words.source}`, async () => {
    const error = await caught(nowhere.run(pipeline as rm.Pipeline, TEN, { sampleRate: 16000 }), rm.ValidationError, words);
    assert.equal(error.code, code);
    assert.throws(() => nowhere.stream(pipeline as rm.Pipeline), rm.ValidationError);
  });
}

test("wrong texts of manifests", () => {
  const refused = (text: string, words: RegExp) => assert.throws(() => rm.Manifest.parse(text), words);
  refused('{"version": ', /well-formed JSON/);
  refused("- a\n- b\n", /an object/);
  refused("version: [v1", /well-formed YAML/);
  refused("version: v1\nversion: v1\n", /well-formed YAML.*unique/);
  refused("", /an object/);
  assert.deepEqual(rm.Manifest.parse("\uFEFFversion: v1\nnodes: [{id: on, type: VAD}]\n").nodeIds, ["on"]);
});

test("wrong steps", () => {
  assert.throws(() => rm.pipeline().pipe([]), /lists of branches/);
  assert.throws(() => rm.pipeline().pipe("VAD" as unknown as rm.Step), TypeError);
});

test("inputs for nodes that aren't there", async () => {
  const words = /no node "x" in the pipeline: its nodes are pass_through/;
  await caught(nowhere.run(passThrough(), { x: TEN }, { sampleRate: 8000 }), rm.ValidationError, words);
  await caught(nowhere.run(passThrough(), null, { data: { x: 1 } }), rm.ValidationError, words);
  await caught(nowhere.run(passThrough(), TEN, { sampleRate: 8000, outputs: ["x"] }), rm.ValidationError, words);
  const two = { version: "v1", nodes: [{ id: "a", type: "VAD" }, { id: "b", type: "VAD" }] };
  await caught(nowhere.run(two, TEN, { sampleRate: 8000 }), rm.ValidationError, /2 nodes are at the start: name the one/);
});

test("data that isn't JSON", async () => {
  for (const [value, words] of [[NaN, /holds NaN/], [undefined, /undefined/], [{ a: 1n }, /a bigint/], [[TEN], /a Float32Array/], [new Map(), /a Map/]] as const) {
    await caught(nowhere.run(rm.node("Echo", {}, { id: "e" }), null, { data: { e: value } }), rm.ValidationError, words);
  }
  const ring: Record<string, unknown> = {};
  ring.self = ring;
  await caught(nowhere.run(rm.node("Echo", {}, { id: "e" }), null, { data: { e: ring } }), rm.ValidationError, /circular/);
});

test("settings that can't be used", () => {
  assert.throws(() => new rm.Client("http://localhost:50051"), /give host:port/);
  assert.throws(() => new rm.Client("localhost:1", { timeoutMs: NaN }), /timeoutMs/);
  assert.throws(() => new rm.Client("localhost:1", { timeoutMs: -1 }), /timeoutMs/);
});

test("errors of the service", async () => {
  const invalid = await caught(client.run(resample(7).pipe(resample(8)), TONE, RATE), rm.ValidationError, /./);
  assert.deepEqual([invalid.code, invalid.nodeId, invalid.status, invalid.problems.length], ["bad_parameter", "resample", "", 2]);
  assert.ok(Array.isArray(invalid.context.problems) && invalid.requestId !== "");

  const broken = rm.node("ErrorNode", { message: "broken" }, { id: "bad" });
  const failed = await caught(client.run(broken, TONE, { ...RATE, requestId: "mine-1" }), rm.NodeExecutionError, /broken/);
  assert.deepEqual([failed.nodeId, failed.context.node_type, failed.requestId, failed.type], ["bad", "ErrorNode", "mine-1", "node_execution"]);

  await caught(client.run(rm.node("PanicNode"), TONE, RATE), rm.InternalError, /./);

  const slow = await caught(client.run(rm.node("SleepNode", { ms: 2000 }), TONE, { ...RATE, limits: { timeoutMs: 20 } }), rm.ResourceLimitError, /./);
  assert.equal(slow.context.limit, "max_timeout_ms");
  const long = await caught(client.run(passThrough(), TONE, { ...RATE, limits: { samples: 100 } }), rm.ResourceLimitError, /./);
  assert.equal(long.context.allowed, 100);

  const document = { version: "v9", nodes: [{ id: "a", type: "PassThrough" }] };
  await caught(client.run(document, TONE, RATE), rm.VersionMismatchError, /v9/);
});

test("a deadline", async () => {
  const error = await caught(client.run(rm.node("SleepNode", { ms: 3000 }), TONE, { ...RATE, timeoutMs: 100 }), rm.DeadlineExceededError, /give a longer timeout/);
  assert.deepEqual([error.code, error.status], ["deadline_exceeded", "DEADLINE_EXCEEDED"]);
});

test("an AbortSignal ends a call", async () => {
  const controller = new AbortController();
  const running = client.run(rm.node("SleepNode", { ms: 4000 }), TONE, { ...RATE, signal: controller.signal });
  const reason = new Error("the user went away");
  setImmediate(() => controller.abort(reason));
  assert.equal((await caught(running, rm.CallCancelledError, /signal/)).cause, reason);
  await caught(client.version({ signal: AbortSignal.abort() }), rm.CallCancelledError, /signal/);
  await caught(client.run(rm.node("SleepNode", { ms: 4000 }), TONE, { ...RATE, signal: AbortSignal.timeout(100) }), rm.DeadlineExceededError, /longer/);
  const patient = new rm.Client("127.0.0.1:1", { retry: { attempts: 9, firstMs: 60_000, longestMs: 60_000 } });
  await caught(patient.health("", { signal: AbortSignal.timeout(100), timeoutMs: Infinity }), rm.DeadlineExceededError, /./);
  patient.close();
});

test("nobody there", async () => {
  const words = /no service answers at 127\.0\.0\.1:1 .*is it running there/s;
  const error = await caught(nowhere.version(), rm.UnavailableError, words);
  assert.deepEqual([error.code, error.type], ["unreachable", "unavailable"]);
  await caught(nowhere.run(passThrough(), TEN, { sampleRate: 8000 }), rm.UnavailableError, words);
  await caught(nowhere.stream(passThrough()).open(), rm.UnavailableError, words);
});

test("a closed client", async () => {
  const own = new rm.Client(service.address, { checkNodes: false });
  const running = own.run(rm.node("SleepNode", { ms: 4000 }), TONE, RATE);
  const ended = caught(running, rm.ClosedError, /make another one/);
  setImmediate(() => own.close());
  await ended;
  own.close();
  await caught(own.version(), rm.ClosedError, /make another one/);
});

function authentication(message: string, code: string): ErrorResponse {
  return create(ErrorResponseSchema, { errorType: ErrorType.AUTHENTICATION, message, code, context: "{}" });
}

test("statuses with the service's error in the details", async () => {
  await using door = await gate((method, headers) => {
    if (method === VERSION || headers.get("authorization")[0] === "Bearer right") return undefined;
    const error = authentication("the token isn't known: set the header authorization: Bearer TOKEN", "token_unknown");
    throw new Refusal(status.UNAUTHENTICATED, "no", { error });
  });
  await using right = new rm.Client(door.address, { token: "right" });
  assert.equal((await right.run(passThrough(), TONE, RATE)).status, "success");
  await using wrong = new rm.Client(door.address, { token: () => Promise.resolve("wrong") });
  for (const call of [() => wrong.run(passThrough(), TONE, RATE), () => wrong.stream(passThrough()).open()]) {
    const error = await caught(call(), rm.AuthenticationError, /set the header/);
    assert.deepEqual([error.code, error.status], ["token_unknown", "UNAUTHENTICATED"]);
  }
  assert.deepEqual([door.count(EXECUTE), door.count(STREAM)], [2, 1]);
});

test("tokens and ids that no header holds", async () => {
  for (const token of ["abc\n", "schlüssel", () => undefined as unknown as string]) {
    await using own = new rm.Client(service.address, { token });
    for (const call of [() => own.run(passThrough(), TONE, RATE), () => own.stream(passThrough()).open()]) {
      const error = await caught(call(), rm.AuthenticationError, /token\.trim/);
      assert.equal(error.code, "token_malformed");
    }
  }
  await using own = new rm.Client(service.address);
  await caught(own.version({ requestId: "a\nb" }), rm.ValidationError, /request id/);
});

test("statuses without details", async () => {
  const codes = [status.UNAUTHENTICATED, status.PERMISSION_DENIED, status.RESOURCE_EXHAUSTED, status.DATA_LOSS];
  await using door = await gate((method) => {
    if (method === EXECUTE) throw new Refusal(codes.shift() ?? status.OK, "no");
    return undefined;
  });
  await using own = new rm.Client(door.address);
  await caught(own.run(passThrough(), TONE, RATE), rm.AuthenticationError, /valid one as token/);
  await caught(own.run(passThrough(), TONE, RATE), rm.AuthenticationError, /scope/);
  await caught(own.run(passThrough(), TONE, RATE), rm.ResourceLimitError, /larger/);
  await caught(own.run(passThrough(), TONE, RATE), rm.InternalError, /DATA_LOSS: no/);
});

function versionRule(info: { runtimeVersion: string; supportedProtocols?: string[] }, compatible = true): Rule {
  const answer = create(VersionResponseSchema, { versionInfo: create(VersionInfoSchema, info), compatible, compatibilityMessage: "speaks v2 only" });
  return (method) => (method === VERSION ? toBinary(VersionResponseSchema, answer) : undefined);
}

test("services of other releases", async () => {
  const cases: readonly (readonly [Rule, RegExp])[] = [
    [versionRule({ runtimeVersion: "0.1.9", supportedProtocols: ["v1"] }), /too old for this client: update it to 0.2/],
    [versionRule({ runtimeVersion: "3.0.0", supportedProtocols: ["v2"] }), /doesn't speak v1/],
    [versionRule({ runtimeVersion: "3.0.0" }, false), /speaks v2 only/],
  ];
  for (const [rule, words] of cases) {
    await using door = await gate(rule);
    await using own = new rm.Client(door.address);
    await caught(own.run(passThrough(), TONE, RATE), rm.VersionMismatchError, words);
    await caught(own.stream(passThrough()).open(), rm.VersionMismatchError, words);
    assert.deepEqual([door.count(EXECUTE), door.count(STREAM)], [0, 0]);
    await using bold = new rm.Client(door.address, { checkVersion: false });
    assert.equal((await bold.run(passThrough(), TONE, RATE)).status, "success");
  }
  await using door = await gate(versionRule({ runtimeVersion: "0.2.1", supportedProtocols: ["v1"] }));
  await using own = new rm.Client(door.address);
  assert.equal((await own.run(passThrough(), TONE, RATE)).status, "success");
});

test("the version is asked once", async () => {
  await using door = await gate(() => undefined);
  await using own = new rm.Client(door.address);
  await Promise.all(Array.from({ length: 8 }, () => own.run(passThrough(), TONE, RATE)));
  assert.deepEqual([door.count(VERSION), door.count(EXECUTE)], [1, 8]);
});

test("a service that doesn't know the call", async () => {
  await using door = await gate(() => {
    throw new Refusal(status.UNIMPLEMENTED, "unknown method");
  });
  await using own = new rm.Client(door.address);
  await caught(own.run(passThrough(), TONE, RATE), rm.VersionMismatchError, /too old/);
});

test("a service that tells its catalogue", async () => {
  const nodes = [{ name: "Loud", aliases: ["Gain"], category: "transform", accepts: [DataTypeHint.AUDIO], produces: [DataTypeHint.AUDIO, DataTypeHint.JSON], paramsSchema: '{"type":"object"}', latencyClass: LatencyClass.FAST, latencySamples: 5n }];
  await using door = await gate((method) => (method === NODES ? toBinary(ListNodesResponseSchema, create(ListNodesResponseSchema, { nodes })) : undefined));
  await using own = new rm.Client(door.address);
  const [found] = await own.nodes();
  assert.deepEqual([found?.name, found?.accepts, found?.produces, found?.latencyClass, found?.latencyFrames], ["Loud", ["audio"], ["audio", "json"], "fast", 5]);
  assert.deepEqual(found?.schema, { type: "object" });
});

for (const answer of ["ffffff", "0a7f", "0a040a021209", "0a080a0612040a026162", ""]) {
  test(`an answer that isn't of the contract: ${answer || "nothing"}`, async () => {
    await using door = await gate((method) => (method === EXECUTE ? Buffer.from(answer, "hex") : undefined));
    await using own = new rm.Client(door.address);
    await caught(own.run(passThrough(), TONE, RATE), rm.InternalError, /can't be read/);
  });
}

interface Refusals {
  method?: string;
  pushback?: string;
  code?: status;
  error?: ErrorResponse;
}

function refuse(times: number, { method = EXECUTE, pushback, code = status.UNAVAILABLE, error }: Refusals = {}): Rule {
  let left = times;
  return (called) => {
    if (called === method && left-- > 0) {
      throw new Refusal(code, "busy", { ...(error ? { error } : {}), trailers: pushback === undefined ? {} : { "grpc-retry-pushback-ms": pushback } });
    }
    return undefined;
  };
}

test("what is safe is repeated", async () => {
  await using door = await gate(refuse(2));
  await using own = new rm.Client(door.address, { retry: QUICK });
  assert.equal((await own.run(passThrough(), TONE, RATE)).status, "success");
  const ids = door.calls.filter(({ method }) => method === EXECUTE).map(({ headers }) => headers.get("x-request-id")[0]);
  assert.equal(ids.length, 3);
  assert.equal(new Set(ids).size, 1, "one call is one request in the service's log, however often it was tried");
});

test("attempts end", async () => {
  await using door = await gate(refuse(100));
  await using own = new rm.Client(door.address, { retry: QUICK });
  await caught(own.run(passThrough(), TONE, RATE), rm.UnavailableError, /busy/);
  assert.equal(door.count(), QUICK.attempts);
});

test("a service may ask not to come back", async () => {
  await using door = await gate(refuse(1, { pushback: "-1" }));
  await using own = new rm.Client(door.address, { retry: QUICK });
  const error = await caught(own.run(passThrough(), TONE, RATE), rm.UnavailableError, /./);
  assert.deepEqual([door.count(), error.retryAfterMs], [1, undefined]);
});

test("a service's wait is kept", async () => {
  await using door = await gate(refuse(1, { pushback: "150" }));
  await using own = new rm.Client(door.address, { retry: { firstMs: 0, longestMs: 0 } });
  const began = performance.now();
  await own.run(passThrough(), TONE, RATE);
  assert.ok(performance.now() - began >= 149);
});

test("nothing is tried beyond the timeout", async () => {
  await using door = await gate(refuse(1, { pushback: "60000" }));
  await using own = new rm.Client(door.address);
  const error = await caught(own.run(passThrough(), TONE, { ...RATE, timeoutMs: 5000 }), rm.UnavailableError, /./);
  assert.deepEqual([error.retryAfterMs, door.count()], [60_000, 1]);
});

test("rate limits are waited for", async () => {
  const error = create(ErrorResponseSchema, { errorType: ErrorType.RESOURCE_LIMIT, message: "slower", code: "rate_limited", retryAfterMs: 5n });
  await using door = await gate(refuse(2, { code: status.RESOURCE_EXHAUSTED, error }));
  await using own = new rm.Client(door.address, { retry: ONCE });
  const limited = await caught(own.run(passThrough(), TONE, RATE), rm.RateLimitedError, /slower/);
  assert.deepEqual([limited.retryAfterMs, limited instanceof rm.ResourceLimitError, limited.type], [5, true, "rate_limited"]);
  await using patient = new rm.Client(door.address);
  assert.equal((await patient.run(passThrough(), TONE, RATE)).status, "success");
});

test("other errors aren't repeated", async () => {
  await using door = await gate(refuse(1, { code: status.INTERNAL }));
  await using own = new rm.Client(door.address, { retry: QUICK });
  await caught(own.run(passThrough(), TONE, RATE), rm.InternalError, /./);
  assert.equal(door.count(), 1);
});

test("streams are repeated until they are open", async () => {
  await using door = await gate(refuse(2, { method: STREAM }));
  await using own = new rm.Client(door.address, { retry: QUICK });
  const kinds = [];
  for await (const event of own.stream(passThrough(), [TONE], RATE)) kinds.push(event.type);
  assert.deepEqual([kinds, door.count(STREAM)], [["ready", "answer", "closed"], 3]);
});

test("a restart is survived", async () => {
  const first = await Service.start();
  await using own = new rm.Client(first.address, { retry: { attempts: 12, firstMs: 50, longestMs: 500 } });
  await own.run(passThrough(), TONE, RATE);
  const stream = own.stream(passThrough(), RATE);
  await stream.send(TONE);
  assert.deepEqual([(await stream.next())?.type, (await stream.next())?.type], ["ready", "answer"]);
  assert.equal(await first.stop(), 0);
  await caught(stream.next(), rm.UnavailableError, /open another one/);
  await caught(own.run(passThrough(), TONE, { ...RATE, timeoutMs: 50 }), rm.UnavailableError, /./);
  await using second = await Service.start([], first.address);
  assert.equal(second.address, first.address);
  assert.deepEqual((await own.run(passThrough(), TONE, RATE)).audio.pass_through?.samples, TONE);
});
