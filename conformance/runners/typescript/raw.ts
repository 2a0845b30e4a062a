/** The step raw: a call without the client's help, by the generated messages. */

import { type DescMessage, type JsonValue, fromBinary, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { ExecuteRequestSchema, ExecuteResponseSchema, VersionRequestSchema, VersionResponseSchema } from "#internal/gen/remotemedia/v1/execution_pb";
import { MetricsRequestSchema, MetricsResponseSchema } from "#internal/gen/remotemedia/v1/metrics_pb";
import { StreamRequestSchema, StreamResponseSchema } from "#internal/gen/remotemedia/v1/streaming_pb";
import type { RawStep } from "./job.js";
import type { Observation } from "./observe.js";

const SHAPES: Readonly<Record<string, readonly [DescMessage, DescMessage]>> = {
  ExecutePipeline: [ExecuteRequestSchema, ExecuteResponseSchema],
  GetVersion: [VersionRequestSchema, VersionResponseSchema],
  GetMetrics: [MetricsRequestSchema, MetricsResponseSchema],
  StreamPipeline: [StreamRequestSchema, StreamResponseSchema],
};

export async function rawCall(address: string, step: RawStep): Promise<Observation> {
  const shape = SHAPES[step.method.slice(step.method.lastIndexOf("/") + 1)];
  if (shape === undefined) throw new Error(`the method ${step.method} isn't known`);
  const [request, response] = shape;
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), { "grpc.enable_http_proxy": 0, "grpc.max_receive_message_length": -1 });
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(step.headers ?? {})) metadata.set(name, value);
  try {
    // A unary call is a stream of one message each way, as far as the wire goes.
    const call = client.makeBidiStreamRequest(step.method, encoded(request), same, metadata, { deadline: Date.now() + 30_000 });
    const messages: JsonValue[] = [];
    call.on("data", (message: Buffer) => messages.push(toJson(response, fromBinary(response, message))));
    call.on("error", () => undefined); // the status tells it too
    const ended = new Promise<grpc.StatusObject>((resolve) => call.once("status", resolve));
    for (const message of step.messages) call.write(message);
    call.end();
    const { code, details, metadata: trailers } = await ended;
    const texts = Object.entries(trailers.getMap()).filter(([, value]) => typeof value === "string");
    return { raw: { status: grpc.status[code], message: details, messages, trailers: Object.fromEntries(texts) } };
  } finally {
    client.close();
  }
}

function encoded(shape: DescMessage): (message: unknown) => Buffer {
  return (message) => Buffer.from(toBinary(shape, fromJson(shape, message as JsonValue)));
}

function same(bytes: Buffer): Buffer {
  return bytes;
}
