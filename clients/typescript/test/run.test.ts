/** Runs against the real service. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Audio, Client, Manifest, ValidationError, node, pipeline } from "@remotemedia/grpc-client";
import { audioFormatConverter, calculatorNode, echo, passThrough, resample, vad } from "@remotemedia/grpc-client/nodes";
import { ROOT, SPEECH, Service } from "./service.js";
import { RATE, TONE, noise } from "./sounds.js";

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

for (const kind of [Float32Array, Int16Array, Int32Array]) {
  for (const channels of [1, 2, 6]) {
    test(`${kind.name} with ${channels} channels comes back bit for bit`, async () => {
      const sent = noise(kind, 333 * channels);
      const audio = (await client.run(passThrough(), sent, { sampleRate: 16000, channels })).audio.pass_through;
      assert.ok(audio);
      assert.equal(audio.samples.constructor, kind);
      assert.deepEqual([audio.sampleRate, audio.channels, audio.frames], [16000, channels, 333]);
      assert.deepEqual(audio.samples, sent);
    });
  }
}

test("samples may begin anywhere in their memory", async () => {
  const memory = noise(Int16Array, 1000);
  const audio = (await client.run(passThrough(), memory.subarray(7, 500), { sampleRate: 8000 })).audio.pass_through;
  assert.deepEqual(audio?.samples, memory.slice(7, 500));
});

test("results are views of the message, whatever place it gives them", async () => {
  for (const id of ["a", "ab", "abc", "abcd"]) {
    const samples = (await client.run(passThrough({ id }), TONE, RATE)).audio[id]?.samples;
    assert.deepEqual(samples, TONE);
    assert.ok(samples.buffer.byteLength > samples.byteLength, "the memory holds the rest of the message too");
  }
});

test("a pipeline of several nodes", async () => {
  const source = await Audio.load(SPEECH);
  const result = await client.run(pipeline("speech").pipe(resample(16000)).pipe(vad()), SPEECH);
  const audio = result.audio.vad;
  assert.deepEqual([audio?.sampleRate, audio?.channels, audio?.format], [16000, source.channels, source.format]);
  assert.equal(audio?.frames, Math.floor((source.frames * 16000) / source.sampleRate + 0.5));
  assert.deepEqual(Object.keys(result.audio), ["vad"]);
  assert.deepEqual(Object.keys(result.data), ["vad"]);
  assert.equal((result.dataItems.vad?.[0] as { has_speech: boolean }).has_speech, true);
  assert.equal(result.status, "success");
  assert.deepEqual(Object.keys(result.nodes), ["resample", "vad"]);
  assert.equal(result.nodes.resample?.samples, source.samples.length);
  assert.equal(result.nodes.resample.status, "success");
  assert.ok(result.nodes.resample.milliseconds > 0);
  assert.equal(result.nodes.vad?.figures.vad_segments, 2);
  assert.ok(result.metrics.wallMs > 0 && result.metrics.memoryBytes > 0);
  assert.match(result.requestId, /^[0-9a-f-]{36}$/);
});

test("warnings belong to nodes", async () => {
  const loud = new Float32Array(1000).fill(1.5);
  const result = await client.run(audioFormatConverter("i16", { id: "convert" }), loud, { sampleRate: 8000 });
  assert.deepEqual(result.nodes.convert?.warnings, result.warnings);
  assert.match(result.warnings[0] ?? "", /1000 samples/);
  assert.equal(result.audio.convert?.samples[0], 32767);
});

test("data goes in and comes out", async () => {
  const calculator = calculatorNode("add", { value: 5, id: "calc" });
  const result = await client.run(calculator, null, { data: { calc: { value: 10 } } });
  assert.deepEqual(result.data, { calc: 15 });
  assert.deepEqual(result.dataItems, { calc: [15] });
  assert.equal((await client.run(calculator, null, { data: { "": { value: 1 } } })).data.calc, 6);
});

test("Unicode and labels", async () => {
  const text = "Grüße, 世界 🎧";
  const result = await client.run(node("PassThrough", {}, { id: "p" }), null, { data: { p: { text } }, labels: { who: "tést" } });
  assert.deepEqual(result.data.p, { text });
});

test("an id may be a name that objects have", async () => {
  for (const id of ["constructor", "toString"]) {
    const result = await client.run(passThrough({ id }), TONE, RATE);
    assert.deepEqual(Object.keys(result.nodes), [id]);
    assert.deepEqual(Object.keys(result.audio), [id]);
    assert.equal(Object.values(result.audio)[0]?.frames, TONE.length);
  }
});

test("branches and inner outputs", async () => {
  const branches = pipeline("b").pipe(resample(16000, { output: true }), [vad(), passThrough()]);
  assert.deepEqual(Object.keys((await client.run(branches, TONE, RATE)).audio).sort(), ["pass_through", "resample", "vad"]);
  const plain = pipeline().pipe(resample(16000), passThrough());
  const { audio } = await client.run(plain, TONE, { ...RATE, outputs: ["resample"] });
  assert.deepEqual(Object.keys(audio).sort(), ["pass_through", "resample"]);
});

test("inputs by node", async () => {
  const document = { version: "v1", nodes: [{ id: "a", type: "PassThrough" }, { id: "b", type: "PassThrough" }] };
  const sent = { a: new Audio(TONE, 48000), b: { samples: noise(Int16Array, 100), sampleRate: 8000, channels: 2 } };
  const { audio } = await client.run(document, sent);
  assert.deepEqual(audio.a?.samples, TONE);
  assert.deepEqual(audio.b?.samples, sent.b.samples);
  assert.equal(audio.b.channels, 2);
});

test("a node may give audio and data", async () => {
  const result = await client.run(passThrough().pipe(echo()), TONE, RATE);
  assert.deepEqual([Object.keys(result.audio), Object.keys(result.data)], [["echo"], ["echo"]]);
});

test("several items come joined and one by one", async () => {
  const result = await client.run(node("AudioBuffer", { buffer_size_samples: 20000 }, { id: "blocks" }), TONE, RATE);
  assert.deepEqual(result.audio.blocks?.samples, TONE);
  const items = result.audioItems.blocks ?? [];
  assert.deepEqual(items.map((item) => item.frames), [20000, 20000, 8000]);
  assert.equal(items[2]?.positionFrames, 40000);
  assert.ok(Math.abs((items[1]?.timestampMs ?? 0) - (20000 / 48000) * 1000) < 0.01);
});

test("messages beyond the usual limit of 4 MiB pass both ways", async () => {
  const long = noise(Float32Array, 3_000_000);
  const { audio } = await client.run(passThrough(), long, { ...RATE, channels: 2, limits: { memoryBytes: 200 << 20 } });
  assert.ok(Buffer.from(long.buffer).equals(Buffer.from(audio.pass_through!.toPcm())));
});

for (const name of readdirSync(join(ROOT, "examples", "manifests")).filter((one) => /\.(ya?ml|json)$/.test(one))) {
  test(`the manifest ${name} is understood`, () => {
    const manifest = Manifest.load(join(ROOT, "examples", "manifests", name));
    manifest.check();
    assert.ok(manifest.starts.every((start) => manifest.nodeIds.includes(start)));
  });
}

test("YAML, JSON and the builder are the same", async () => {
  const built = pipeline().pipe(resample(16000), vad());
  const a = await client.run(join(ROOT, "examples", "manifests", "speech.yaml"), SPEECH);
  const b = await client.run(built, readFileSync(SPEECH));
  const c = await client.run(Manifest.parse(JSON.stringify(built)), Audio.fromWav(readFileSync(SPEECH)));
  assert.deepEqual(a.audio.vad?.samples, b.audio.vad?.samples);
  assert.deepEqual(b.audio.vad?.samples, c.audio.vad?.samples);
  assert.deepEqual([a.data, b.data], [b.data, c.data]);
});

test("version, nodes, metrics and health", async () => {
  const version = await client.version();
  assert.deepEqual([version.protocol, version.compatible], ["v1", true]);
  assert.ok(version.nodeTypes.includes("AudioResample"));

  const nodes = await client.nodes();
  const found = nodes.find((one) => one.name === "AudioResample");
  assert.ok(found);
  assert.ok(found.aliases.includes("Resample"));
  assert.deepEqual([found.accepts, found.produces, found.defaults.target_sample_rate], [["audio"], ["audio"], 16000]);
  assert.ok(!(await client.nodes({ filter: "RESAMPLE", category: "transform" })).some((one) => one.name === "VAD"));

  const before = await client.metrics({ nodeTypes: true, prometheus: ["remotemedia_grpc_requests"] });
  await client.run(passThrough(), TONE, RATE);
  const later = await client.metrics({ nodeTypes: true });
  assert.ok(later.requests > before.requests);
  assert.ok((later.nodeTypes.PassThrough?.executions ?? 0) > (before.nodeTypes.PassThrough?.executions ?? 0));
  assert.match(before.prometheusText, /remotemedia_grpc_requests_total/);
  assert.equal(later.prometheusText, "");

  assert.equal(await client.health(), "SERVING");
  await assert.rejects(client.health("no.such.Service"), (error) => error instanceof ValidationError && error.message.includes('unknown service'));
});
