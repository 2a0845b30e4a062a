/** Parts of the client that need no service. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Metadata, status } from "@grpc/grpc-js";
import { Audio, CallCancelledError, DeadlineExceededError, UnavailableError, VERSION, ValidationError, node, pipeline } from "@remotemedia/grpc-client";
import * as nodes from "@remotemedia/grpc-client/nodes";
import { bytesOf, samplesOf } from "#internal/bytes";
import { NODE_TYPES } from "#internal/catalogued";
import { decodeExecution, encodeExecution } from "#internal/codec";
import { fromStatus } from "#internal/failure";
import { didYouMean } from "#internal/nearest";
import { settingsOf, waitBefore } from "#internal/options";
import { Turns } from "#internal/turns";
import { ROOT, SPEECH } from "./service.js";
import { noise } from "./sounds.js";

test("the release is the project's, and the package's", () => {
  assert.match(readFileSync(join(ROOT, "version", "version.go"), "utf8"), new RegExp(`Runtime = "${VERSION}"`));
  const { version } = JSON.parse(readFileSync(join(ROOT, "clients", "typescript", "package.json"), "utf8")) as { version: string };
  assert.equal(version, VERSION);
});

test("samples at any place of a message are given without losing what is around them", () => {
  for (let offset = 0; offset < 8; offset++) {
    for (const kind of [Float32Array, Int16Array, Int32Array]) {
      for (const count of [0, 1, 7, 500]) {
        const sent = noise(kind, count, offset + 1);
        const message = Buffer.alloc(16 + offset + sent.byteLength + 4, 0x55);
        message.set(bytesOf(sent), 16 + offset);
        const format = kind === Float32Array ? "f32" : kind === Int16Array ? "i16" : "i32";
        const got = samplesOf(message.subarray(16 + offset, 16 + offset + sent.byteLength), format, true);
        assert.deepEqual(got, sent);
        assert.ok(message.subarray(0, 13 + offset).every((byte) => byte === 0x55), "a move reaches three bytes back at most");
        assert.ok(message.subarray(-4).every((byte) => byte === 0x55));
      }
    }
  }
});

test("samples aren't copied on the way in, but for a move of long ones", () => {
  const message = Buffer.alloc(1000);
  for (const offset of [64, 65, 67]) {
    const got = samplesOf(message.subarray(offset, offset + 400), "f32", true);
    assert.equal(got.buffer, message.buffer);
    assert.equal(got.byteOffset, message.byteOffset + 64);
  }
  assert.notEqual(samplesOf(message.subarray(65, 69), "f32", true).buffer, message.buffer);
  assert.notEqual(samplesOf(message.subarray(65, 465), "f32", false).buffer, message.buffer, "what belongs to a caller isn't moved");
  assert.equal(samplesOf(message.subarray(64, 464), "f32", false).buffer, message.buffer);
});

test("big-endian machines swap", () => {
  const sent = Int16Array.of(1, -2, 300);
  const wire = bytesOf(sent, true);
  assert.deepEqual([...wire], [0, 1, 255, 254, 1, 44]);
  assert.deepEqual(samplesOf(wire, "i16", false, true), sent);
  assert.deepEqual([...wire], [0, 1, 255, 254, 1, 44], "what belongs to a caller isn't changed");
  assert.deepEqual(samplesOf(bytesOf(Float32Array.of(0.5), true), "f32", true, true), Float32Array.of(0.5));
});

test("samples are copied once on the way out", () => {
  const audio = new Audio(noise(Float32Array, 1_000_000), 48000);
  const { manifest } = pipeline().pipe(nodes.passThrough());
  const request = { audio: new Map([["pass_through", audio]]), data: new Map(), limits: undefined, outputs: [], labels: {} };
  encodeExecution(manifest, request);
  const before = process.memoryUsage().arrayBuffers;
  const kept = encodeExecution(manifest, request);
  const grown = process.memoryUsage().arrayBuffers - before;
  assert.ok(kept.byteLength > 4_000_000 && grown < 1.5 * kept.byteLength, `${grown} bytes for a message of ${kept.byteLength}`);
});

test("answers that are cut off or changed are refused, and don't crash", () => {
  const { manifest } = pipeline().pipe(nodes.passThrough());
  const answer = Buffer.from("0a3e0a200a0c706173735f7468726f75676812100a0800000000000000001080fa01180120011a0a0909000000000000f03f2a0e0a0c706173735f7468726f756768", "hex");
  for (let i = 0; i < answer.length; i++) {
    for (const bad of [answer.subarray(0, i), Buffer.concat([answer.subarray(0, i), Buffer.from([0xff]), answer.subarray(i + 1)])]) {
      try {
        decodeExecution(Buffer.from(bad), manifest);
      } catch (error) {
        assert.match((error as Error).message, /can't be read/);
      }
    }
  }
});

test("audio is cut without copies", () => {
  const audio = new Audio(noise(Int16Array, 2000), 8000, { channels: 2, positionFrames: 10, timestampMs: 5 });
  assert.deepEqual([audio.frames, audio.durationMs, audio.format], [1000, 125, "i16"]);
  const chunks = [...audio.chunks(50)];
  assert.deepEqual(chunks.map((chunk) => chunk.frames), [400, 400, 200]);
  assert.deepEqual([chunks[1]?.positionFrames, chunks[1]?.timestampMs, chunks[1]?.channels], [410, 55, 2]);
  assert.ok(chunks.every((chunk) => chunk.samples.buffer === audio.samples.buffer));
  assert.deepEqual(audio.slice(999).samples, audio.samples.slice(1998));
  assert.equal(audio.slice(-5, 99999).frames, 1000);
  assert.throws(() => audio.chunks(0.01).next(), /shorter than a sample/);
});

test("channels are taken apart and put together", () => {
  const left = noise(Int32Array, 100);
  const right = noise(Int32Array, 100, 2);
  const audio = Audio.fromChannels([left, right], 8000);
  assert.deepEqual([audio.channel(0), audio.channel(1)], [left, right]);
  assert.throws(() => audio.channel(2), RangeError);
  assert.throws(() => Audio.fromChannels([], 8000), ValidationError);
  assert.throws(() => Audio.fromChannels([left, new Int16Array(100)], 8000), /differ/);
  assert.deepEqual(new Audio(Int16Array.of(-32768, 16384), 8000).toFloat32(), Float32Array.of(-1, 0.5));
  assert.deepEqual(new Audio(Int32Array.of(-2147483648), 8000).toFloat32(), Float32Array.of(-1));
});

test("raw PCM", () => {
  const bytes = Uint8Array.of(1, 0, 255, 255);
  assert.deepEqual(Audio.fromPcm(bytes, { sampleRate: 8000 }).samples, Int16Array.of(1, -1));
  assert.throws(() => Audio.fromPcm(bytes, { sampleRate: 8000, channels: 4 }), /aren't whole frames/);
  assert.throws(() => Audio.fromPcm(bytes, { sampleRate: 8000, format: "u8" as "i16" }), /use f32, i16 or i32/);
  assert.deepEqual([...new Audio(Int16Array.of(1, -1), 8000).toPcm()], [...bytes]);
});

test("WAV files", async () => {
  for (const kind of [Float32Array, Int16Array, Int32Array]) {
    const audio = new Audio(noise(kind, 600), 44100, { channels: 3 });
    const back = Audio.fromWav(audio.toWav());
    assert.deepEqual([back.samples, back.sampleRate, back.channels], [audio.samples, 44100, 3]);
    const shifted = Buffer.concat([Buffer.from([0]), audio.toWav()]).subarray(1);
    assert.deepEqual(Audio.fromWav(shifted).samples, audio.samples);
  }
  const folder = mkdtempSync(join(tmpdir(), "remotemedia-wav-"));
  try {
    const speech = await Audio.load(SPEECH);
    await speech.save(join(folder, "copy.wav"));
    assert.deepEqual((await Audio.load(join(folder, "copy.wav"))).samples, speech.samples);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const wide = Buffer.from(new Audio(Int16Array.of(0, 0, 0), 8000).toWav());
  wide.writeUInt16LE(24, 34);
  wide.set([1, 0, 0, 255, 255, 255], 44);
  assert.deepEqual(Audio.fromWav(wide).samples, Int32Array.of(256, -256));
});

test("broken WAV files", () => {
  const good = Buffer.from(new Audio(Int16Array.of(1, 2), 8000).toWav());
  const changed = (at: number, value: number): Buffer => {
    const out = Buffer.from(good);
    out.writeUInt16LE(value, at);
    return out;
  };
  for (const [bytes, words] of [
    [good.subarray(0, 40), /cut off/],
    [good.subarray(0, 11), /isn't a WAV file/],
    [changed(34, 8), /samples of kind 1 with 8 bits/],
    [changed(22, 0), /0 channels/],
    [changed(34, 0), /kind 1 with 0 bits/],
  ] as const) {
    assert.throws(() => Audio.fromWav(bytes), words);
  }
  assert.equal(Audio.fromWav(good.subarray(0, 47)).frames, 1, "what is there of a file that was cut off");
});

test("the builder makes the same as a hand would", () => {
  const built = pipeline("p", "why").pipe(
    nodes.resample({ targetSampleRate: 8000, quality: "low", id: "r" }),
    [nodes.vad(0, { output: true, timeoutMs: 0.2 }), nodes.sileroVADNode().pipe(nodes.vad())],
    nodes.passThrough(),
  );
  assert.deepEqual(JSON.parse(JSON.stringify(built)), {
    version: "v1",
    metadata: { name: "p", description: "why" },
    nodes: [
      { id: "r", node_type: "AudioResample", params: { target_sample_rate: 8000, quality: "low" } },
      { id: "vad", node_type: "VAD", params: { frame_duration_ms: 0 }, is_output_node: true, timeout_ms: 1 },
      { id: "silero_vad", node_type: "SileroVADNode" },
      { id: "vad_2", node_type: "VAD" },
      { id: "pass_through", node_type: "PassThrough" },
    ],
    connections: [
      { from: "r", to: "vad" },
      { from: "r", to: "silero_vad" },
      { from: "silero_vad", to: "vad_2" },
      { from: "vad", to: "pass_through" },
      { from: "vad_2", to: "pass_through" },
    ],
  });
  assert.equal(node("SileroVADNode").defaultId, "silero_vad");
  assert.equal(built.manifest, built.manifest);
  assert.deepEqual([built.manifest.starts, pipeline().pipe(built, pipeline()).ids], [["r"], built.ids]);
});

test("a pipeline may be returned by an async function", async () => {
  // Anything with a method "then" would be taken for a promise there.
  const made = await Promise.resolve(nodes.vad().pipe(nodes.echo()));
  assert.deepEqual(made.ids, ["vad", "echo"]);
});

test("every function of the catalogue makes a node that is known", () => {
  const makers = Object.entries(nodes as unknown as Record<string, (first?: unknown) => { nodeType: string; defaultId: string }>);
  assert.ok(makers.length > 40);
  for (const [name, make] of makers) {
    assert.ok(NODE_TYPES.has(make().nodeType), name);
    assert.match(make().defaultId, /^[a-z][a-z0-9_]*$/);
  }
});

test("suggestions", () => {
  assert.equal(didYouMean("audio-resampel", ["AudioResample", "VAD"]), " (did you mean AudioResample?)");
  assert.equal(didYouMean("treshold", ["frame_duration_ms", "threshold"]), " (did you mean threshold?)");
  assert.equal(didYouMean("xyz", ["AudioResample", "VAD"]), "");
  assert.equal(didYouMean("a".repeat(100_000), ["b".repeat(100_000)]), "");
});

test("waits between attempts", () => {
  const retry = { attempts: 6, firstMs: 100, longestMs: 500 };
  const even = (): number => 0.5;
  const busy = new UnavailableError("busy", { status: "UNAVAILABLE" });
  assert.deepEqual([1, 2, 3, 4, 5, 6].map((i) => waitBefore(retry, i, busy, undefined, Infinity, even)), [100, 200, 400, 500, 500, undefined]);
  assert.equal(waitBefore(retry, 1, busy, 3000, Infinity, even), 3000);
  assert.equal(waitBefore(retry, 1, busy, 3000, 2000, even), undefined);
  assert.equal(waitBefore(retry, 1, busy, -1, Infinity, even), undefined);
  const asked = new UnavailableError("busy", { status: "UNAVAILABLE", retryAfterMs: 70 });
  assert.equal(waitBefore(retry, 1, asked, undefined, Infinity, even), 70);
  assert.equal(waitBefore(retry, 1, new ValidationError("no"), undefined, Infinity, even), undefined);
});

test("the address", () => {
  const given = process.env.GRPC_SERVER_ADDR;
  try {
    process.env.GRPC_SERVER_ADDR = "audio.example:1";
    assert.equal(settingsOf("", {}).target, "audio.example:1");
    assert.equal(settingsOf("other:2", {}).target, "other:2");
    delete process.env.GRPC_SERVER_ADDR;
    assert.equal(settingsOf("", {}).target, "localhost:50051");
  } finally {
    if (given !== undefined) process.env.GRPC_SERVER_ADDR = given;
  }
});

test("turns are taken in order, whatever becomes of those before", async () => {
  const turns = new Turns();
  const order: number[] = [];
  const first = turns.take(async () => {
    await new Promise(setImmediate);
    order.push(1);
    throw new Error("first");
  });
  const second = turns.take(() => Promise.resolve(order.push(2)));
  await assert.rejects(first, /first/);
  await second;
  assert.deepEqual(order, [1, 2]);
});

test("a call that the service reset at its deadline was late", () => {
  const reset = Object.assign(new Error("reset"), { code: status.CANCELLED, details: "RST_STREAM", metadata: new Metadata() });
  assert.ok(fromStatus(reset, "a:1", "id", Date.now()) instanceof DeadlineExceededError);
  assert.ok(fromStatus(reset, "a:1", "id", Date.now() + 60_000) instanceof CallCancelledError);
});
