/** connect-node with stubs that protoc-gen-es makes of the descriptors, all with default settings. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type MessageInitShape, create } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { AudioFormat, ErrorType, ExecutionStatus } from "./build/gen/common_pb.js";
import { ExecuteRequestSchema, PipelineExecutionService } from "./build/gen/execution_pb.js";
import { StreamControl_Command, StreamRequestSchema, StreamingPipelineService } from "./build/gen/streaming_pb.js";
import { serve } from "./server.js";

let server: Awaited<ReturnType<typeof serve>>;
let execution: Client<typeof PipelineExecutionService>;
let streaming: Client<typeof StreamingPipelineService>;

before(async () => {
  server = await serve();
  const transport = createGrpcTransport({ baseUrl: `http://${server.address}` });
  execution = createClient(PipelineExecutionService, transport);
  streaming = createClient(StreamingPipelineService, transport);
});
after(async () => {
  assert.equal(await server.stop(), 0, "the server didn't end cleanly on SIGTERM");
});

const samples = new Uint8Array(Float32Array.from({ length: 1600 }, (_, i) => Math.sin(i)).buffer);
const buffer = { samples, sampleRate: 16000, channels: 1, format: AudioFormat.F32, numSamples: 1600n };
const nodes = [{ id: "source", nodeType: "PassThrough" }, { id: "echo", nodeType: "Echo" }];
const manifest = { version: "v1", nodes, connections: [{ from: "source", to: "echo" }] };

test("the stubs have only the contract's own fields", () => {
  assert.deepEqual(ExecuteRequestSchema.fields.map((field) => field.number), [1, 2, 3, 4, 5]);
});

test("unary", async () => {
  const { outcome } = await execution.executePipeline({ manifest, audioInputs: { source: buffer }, clientVersion: "v1" });
  assert.ok(outcome.case === "result");
  assert.equal(outcome.value.status, ExecutionStatus.SUCCESS);
  assert.deepEqual(outcome.value.audioOutputs.echo?.samples, samples);
  assert.equal((JSON.parse(outcome.value.dataOutputs.echo ?? "") as { counter: number }).counter, 1);
  assert.equal((await execution.getVersion({})).compatible, true);
});

test("errors", async () => {
  const { outcome } = await execution.executePipeline({ manifest: { version: "v1", nodes: [{ id: "a", nodeType: "No" }] } });
  assert.ok(outcome.case === "error");
  assert.equal(outcome.value.errorType, ErrorType.VALIDATION);
  assert.equal(outcome.value.failingNodeId, "a");
  const slow = { version: "v1", nodes: [{ id: "a", nodeType: "DelayNode", params: '{"delay_ms": 3000}' }] };
  const late = execution.executePipeline({ manifest: slow, dataInputs: { a: "1" } }, { timeoutMs: 100 });
  // The service resets the call at the deadline too, and connect-node tells whichever it sees first.
  await assert.rejects(late, (error) => error instanceof ConnectError && [Code.DeadlineExceeded, Code.Canceled].includes(error.code));
});

test("streaming", async () => {
  type Request = NonNullable<MessageInitShape<typeof StreamRequestSchema>["request"]>;
  const requests: Request[] = [
    { case: "init", value: { manifest, clientVersion: "v1" } },
    ...[0n, 1n, 2n].map((sequence): Request => ({ case: "audioChunk", value: { nodeId: "source", buffer, sequence } })),
    { case: "control", value: { command: StreamControl_Command.CLOSE } },
  ];
  async function* said(): AsyncGenerator<ReturnType<typeof create<typeof StreamRequestSchema>>> {
    for (const request of requests) yield create(StreamRequestSchema, { request });
  }
  const kinds = [];
  for await (const { response } of streaming.streamPipeline(said())) {
    kinds.push(response.case);
    if (response.case === "result") assert.deepEqual(response.value.audioOutputs.echo?.samples, samples);
  }
  assert.deepEqual(kinds, ["ready", "result", "result", "result", "closed"]);
});
