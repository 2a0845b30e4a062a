/** Streams against the real service. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  type Answer,
  Audio,
  CallCancelledError,
  type ChunkLike,
  Client,
  ClosedError,
  DeadlineExceededError,
  NodeExecutionError,
  ResourceLimitError,
  type Stream,
  type StreamEvent,
  ValidationError,
  node,
  pipeline,
} from "@remotemedia/grpc-client";
import { passThrough, resample, vad } from "@remotemedia/grpc-client/nodes";
import { Service } from "./service.js";
import { RATE, TONE, joined } from "./sounds.js";

let service: Service;
let client: Client;
before(async () => {
  service = await Service.start();
  client = new Client(service.address, { checkNodes: false });
});
after(async () => {
  client.close();
  await service[Symbol.asyncDispose]();
});

const sleeping = (ms: number, id = "sleep") => node("SleepNode", { ms }, { id });
const tone = () => new Audio(TONE, 48000);

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = [];
  for await (const event of events) out.push(event);
  return out;
}

function answersOf(events: readonly StreamEvent[]): Answer[] {
  return events.filter((event) => event.type === "answer");
}

function samplesOf(events: readonly StreamEvent[], id: string): Float32Array {
  return joined(answersOf(events).flatMap((answer) => answer.audio[id]?.samples ?? []));
}

test("events come in their order", async () => {
  const events = await all(client.stream(passThrough(), tone().chunks(100)));
  assert.deepEqual(events.map((event) => event.type), ["ready", ...Array<string>(10).fill("answer"), "progress", "closed"]);
  const [ready, progress, closed] = [events[0], events.at(-2), events.at(-1)];
  assert.ok(ready?.type === "ready" && progress?.type === "progress" && closed?.type === "closed");
  assert.deepEqual([ready.inputs, ready.outputs], [["pass_through"], ["pass_through"]]);
  assert.deepEqual(answersOf(events).map((answer) => [answer.sequence, answer.samples]), Array.from({ length: 10 }, (_, i) => [i, 4800 * (i + 1)]));
  assert.deepEqual([progress.chunks, progress.samples, progress.dropped], [10, 48000, 0]);
  assert.deepEqual([closed.reason, closed.code, closed.chunks], ["Client requested close", 0, 10]);
  assert.equal(closed.nodes.pass_through?.samples, 48000);
  assert.deepEqual(samplesOf(events, "pass_through"), TONE);
});

test("streamed audio is the audio of a run", async () => {
  const stereo = Audio.fromChannels([TONE, TONE.map((value) => -value)], 48000);
  const steps = pipeline("s").pipe(resample(16000));
  const whole = (await client.run(steps, stereo)).audio.resample?.samples;
  const events = await all(client.stream(steps, stereo.chunks(37)));
  assert.ok(answersOf(events).some((answer) => answer.final), "close flushes what the filter holds back");
  assert.deepEqual(samplesOf(events, "resample"), whole);
});

test("a conversation in lock step", async () => {
  await using stream = client.stream(vad(), RATE);
  assert.equal(stream.session, undefined);
  assert.match((await stream.open()).sessionId, /./);
  assert.equal((await stream.next())?.type, "ready");
  for (let i = 0; i < 9; i++) {
    await stream.send(TONE.subarray(i * 960, (i + 1) * 960));
    const answer = await stream.next();
    assert.ok(answer?.type === "answer");
    assert.equal(answer.sequence, i);
  }
  await stream.close();
  await stream.close();
  assert.equal((await all(stream)).at(-1)?.type, "closed");
  assert.equal(stream.closed?.chunks, 9);
  await assert.rejects(stream.send(TONE), ClosedError);
  assert.deepEqual(await all(stream), []);
  assert.equal(await stream.next(), undefined);
});

test("sends may overlap, and memory be used again", async () => {
  await using stream = client.stream(passThrough(), { sampleRate: 8000 });
  const memory = new Int16Array(80);
  const sent = Array.from({ length: 20 }, (_, i) => stream.send(memory.fill(i)));
  const closing = stream.close();
  const answers = await all(stream.answers());
  await Promise.all([...sent, closing]);
  assert.deepEqual(answers.map((answer) => answer.audio.pass_through?.samples[79]), Array.from({ length: 20 }, (_, i) => i));
});

test("answers only", async () => {
  const answers = await all(client.stream(resample(16000), tone().chunks(200)).answers());
  assert.equal(answers.reduce((sum, answer) => sum + (answer.audio.resample?.frames ?? 0), 0), 16000);
});

test("data, media time and Unicode", async () => {
  const document = { version: "v1", nodes: [{ id: "a", type: "PassThrough" }, { id: "b", type: "PassThrough" }] };
  const chunks: ChunkLike[] = [
    { audio: TONE.subarray(0, 100), node: "a", atMs: 1500 },
    { data: { k: ["ü", null] }, node: "b" },
    { data: null, node: "b" },
  ];
  const answers = await all(client.stream(document, chunks, { sampleRate: 8000 }).answers());
  assert.equal(answers[0]?.audio.a?.timestampMs, 1500);
  assert.deepEqual(answers.slice(1).map((answer) => answer.data), [{ b: { k: ["ü", null] } }, { b: null }]);
});

test("data for the first chunk", async () => {
  const document = { version: "v1", nodes: [{ id: "a", type: "PassThrough" }, { id: "calc", type: "CalculatorNode", params: { value: 1 } }] };
  const answers = await all(client.stream(document, [TONE, TONE], { ...RATE, node: "a", data: { calc: 41 } }).answers());
  assert.deepEqual(answers.map((answer) => answer.data), [{ calc: 42 }, {}]);
});

test("the service holds the source back", async () => {
  const block = new Audio(new Float32Array(48000).fill(0.5), 48000);
  let taken = 0;
  let answered = 0;
  let furthest = 0;
  function* source(): Generator<Audio> {
    for (; taken < 60; taken++) yield block;
  }
  for await (const event of client.stream(pipeline().pipe(sleeping(2), passThrough()), source())) {
    if (event.type === "answer") answered++;
    furthest = Math.max(furthest, taken - answered);
  }
  assert.deepEqual([taken, answered], [60, 60]);
  assert.ok(furthest < 40, `${furthest} chunks were under way`);
});

test("a slow reader holds the source back", async () => {
  const block = new Audio(new Float32Array(480_000).fill(0.5), 48000);
  let taken = 0;
  let read = 0;
  let furthest = 0;
  async function* source(): AsyncGenerator<Audio> {
    for (; taken < 200; taken++) {
      yield block;
      await new Promise(setImmediate);
    }
  }
  const limits = { memoryBytes: 200 << 20 };
  for await (const event of client.stream(passThrough(), source(), { limits })) {
    for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate);
    if (event.type === "answer") read++;
    furthest = Math.max(furthest, taken - read);
  }
  assert.deepEqual([taken, read], [200, 200]);
  assert.ok(furthest < 100, `${furthest} chunks of 1.9 MB were under way`);
});

async function opened(stream: Stream): Promise<Stream> {
  assert.equal((await stream.next())?.type, "ready");
  return stream;
}

test("cancel ends a stream at once", async () => {
  const stream = await opened(client.stream(pipeline().pipe(sleeping(4000), passThrough()), RATE));
  await stream.send(TONE);
  const waiting = assert.rejects(stream.next(), (error) => error instanceof CallCancelledError && error.status === "CANCELLED");
  stream.cancel();
  stream.cancel();
  await waiting;
  await assert.rejects(stream.send(TONE), ClosedError);
  await assert.rejects(stream.next(), CallCancelledError);
});

test("a stream that was cancelled before it was opened", async () => {
  const stream = client.stream(passThrough(), RATE);
  stream.cancel();
  await assert.rejects(stream.open(), CallCancelledError);
  await assert.rejects(all(stream), CallCancelledError);
});

test("an AbortSignal ends a stream", async () => {
  const controller = new AbortController();
  const stream = await opened(client.stream(sleeping(4000), [TONE], { ...RATE, signal: controller.signal }));
  const reason = new Error("the user went away");
  const waiting = assert.rejects(stream.next(), (error) => error instanceof CallCancelledError && error.cause === reason);
  controller.abort(reason);
  await waiting;

  await assert.rejects(all(client.stream(passThrough(), [TONE], { ...RATE, signal: AbortSignal.abort() })), CallCancelledError);
  const late = client.stream(sleeping(4000), [TONE], { ...RATE, signal: AbortSignal.timeout(100) });
  await assert.rejects(all(late), DeadlineExceededError);
});

test("a timeout bounds the whole stream", async () => {
  await assert.rejects(all(client.stream(sleeping(4000), [TONE], { ...RATE, timeoutMs: 200 })), DeadlineExceededError);
});

test("leaving a loop early cancels, and ends the source", async () => {
  const ended = { yes: false };
  async function* source(): AsyncGenerator<Audio> {
    try {
      for (const chunk of tone().chunks(10)) {
        yield chunk;
        await new Promise(setImmediate);
      }
    } finally {
      ended.yes = true;
    }
  }
  const stream = client.stream(passThrough(), source());
  for await (const event of stream) if (event.type === "answer") break;
  await assert.rejects(stream.next(), (error) => error instanceof ClosedError && error.message.includes("left"));
  while (!ended.yes) await new Promise(setImmediate);
});

test("a source that never gives another chunk doesn't hold a stream", async () => {
  async function* source(): AsyncGenerator<Audio> {
    yield tone();
    await new Promise(() => undefined);
  }
  const stream = await opened(client.stream(passThrough(), source()));
  assert.equal((await stream.next())?.type, "answer");
  stream.cancel();
  await assert.rejects(stream.next(), CallCancelledError);
});

test("close ends a stream that has a source", async () => {
  async function* source(): AsyncGenerator<Audio> {
    for (;;) {
      yield tone();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  const stream = client.stream(passThrough(), source());
  const kinds = [];
  for await (const event of stream) {
    kinds.push(event.type);
    if (event.type === "answer") await stream.close();
    if (event.type === "ready") await assert.rejects(stream.send(TONE), /from its source/);
  }
  assert.equal(kinds.at(-1), "closed");
});

test("a source that fails is told behind the answers", async () => {
  const broken = new Error("the microphone was unplugged");
  async function* source(): AsyncGenerator<Float32Array> {
    yield TONE.subarray(0, 480);
    yield TONE.subarray(480, 960);
    await Promise.reject(broken);
  }
  const stream = await opened(client.stream(passThrough(), source(), RATE));
  const sequences = [await stream.next(), await stream.next()].map((event) => event?.type === "answer" && event.sequence);
  assert.deepEqual(sequences, [0, 1]);
  await assert.rejects(all(stream), broken);
  assert.equal(stream.closed?.chunks, 2);
});

test("a wrong chunk is refused, and the stream goes on", async () => {
  await using stream = client.stream(passThrough(), RATE);
  await stream.send(TONE);
  await assert.rejects(stream.send(new Float64Array(9) as unknown as Float32Array), /Float32Array.from/);
  await assert.rejects(stream.send(new Float32Array([0, NaN])), /NaN at frame 1/);
  await assert.rejects(stream.send({ audio: TONE, atMs: -1 }), /media time begins at 0/);
  await assert.rejects(stream.send({ audio: TONE, node: "nobody" }), /no node "nobody"/);
  await stream.send(TONE);
  await stream.close();
  assert.deepEqual((await all(stream)).map((event) => event.type), ["ready", "answer", "answer", "closed"]);
});

test("a wrong chunk of a source ends it", async () => {
  await assert.rejects(all(client.stream(passThrough(), [TONE, new Float32Array(0)], RATE)), /empty/);
});

test("a changed format ends the stream", async () => {
  await assert.rejects(all(client.stream(passThrough(), [tone(), new Audio(TONE, 44100)])), (error) => {
    assert.ok(error instanceof ValidationError);
    assert.deepEqual([error.sequence, error.code], [1, "format_changed"]);
    return true;
  });
});

test("a bad pipeline is told when the stream opens", async () => {
  await assert.rejects(client.stream(resample(1), RATE).open(), (error) => {
    assert.ok(error instanceof ValidationError);
    assert.equal(error.nodeId, "resample");
    assert.ok(error.problems.length > 0 && error.requestId !== "");
    return true;
  });
});

const failing = pipeline().pipe(passThrough(), node("ErrorNode", { message: "broken", after: 1 }, { id: "bad" }));

test("a node that fails ends the stream", async () => {
  await assert.rejects(all(client.stream(failing, tone().chunks(100))), (error) => {
    assert.ok(error instanceof NodeExecutionError);
    assert.deepEqual([error.nodeId, error.sequence, error.context.stream_error_type], ["bad", 1, "STREAM_ERROR_EXECUTION"]);
    return error.message.includes('broken');
  });
});

test("a stream may go on after errors", async () => {
  const events = await all(client.stream(failing, tone().chunks(250), { continueOnError: true }));
  const failed = events.filter((event) => event.type === "chunk_failed");
  assert.deepEqual(failed.map((event) => [event.sequence, event.error.nodeId]), [[1, "bad"], [2, "bad"], [3, "bad"]]);
  await assert.rejects(all(client.stream(failing, tone().chunks(250), { continueOnError: true }).answers()), NodeExecutionError);
});

test("limits hold for each chunk", async () => {
  await assert.rejects(all(client.stream(sleeping(50), [TONE], { ...RATE, limits: { timeoutMs: 10 } })), (error) => {
    assert.ok(error instanceof ResourceLimitError);
    return error.context.stream_error_type === "STREAM_ERROR_TIMEOUT";
  });
});

test("dropped chunks are answered", async () => {
  const answers = await all(client.stream(sleeping(50), tone().chunks(10), { backpressure: "drop_newest" }).answers());
  assert.deepEqual(answers.filter((answer) => !answer.final).map((answer) => answer.sequence), Array.from({ length: 100 }, (_, i) => i));
  const dropped = answers.filter((answer) => answer.dropped);
  assert.ok(dropped.length > 0);
  assert.deepEqual(dropped[0]?.audio, {});
});

test("many streams at once don't mix", async () => {
  const level = async (value: number): Promise<boolean> => {
    const chunk = new Float32Array(160).fill(value);
    const answers = await all(client.stream(passThrough(), Array.from({ length: 20 }, () => chunk), { sampleRate: 16000 }).answers());
    return answers.length === 20 && answers.every((answer) => answer.audio.pass_through?.samples[159] === chunk[0]);
  };
  assert.deepEqual(await Promise.all(Array.from({ length: 20 }, (_, i) => level(i / 20))), Array<boolean>(20).fill(true));
});

test("what can't be a stream is refused before any call", () => {
  assert.throws(() => client.stream(passThrough(), TONE as unknown as ChunkLike[], RATE), /iterable of chunks/);
  assert.throws(() => client.stream(passThrough(), tone() as unknown as ChunkLike[]), /iterable of chunks/);
  assert.throws(() => client.stream(passThrough(), { ...RATE, backpressure: "explode" as "block" }), /use one of block/);
  assert.throws(() => client.stream(passThrough(), { ...RATE, outputs: ["nobody"] }), /no node/);
});

test("a client that closes ends its streams", async () => {
  const own = new Client(service.address, { checkNodes: false });
  const stream = await opened(own.stream(sleeping(4000), RATE));
  await stream.send(TONE);
  const waiting = assert.rejects(stream.next(), ClosedError);
  own.close();
  await waiting;
  await assert.rejects(own.stream(passThrough(), RATE).open(), /make another one/);
});
