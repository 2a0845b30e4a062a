/**
 * Messages of the contract, to and from what callers see.
 *
 * Samples are copied once on the way out, into the message that is sent, and on the way in they are views of the message that was
 * received: protobuf's reader gives views of bytes.
 */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Audio, checkSendable } from "./audio.js";
import { type SampleFormat, WIDTHS, bytesOf, samplesOf } from "./bytes.js";
import { InternalError } from "./errors.js";
import {
  type AudioBuffer,
  AudioFormat,
  type AudioBufferList,
  type ErrorResponse,
  ExecutionStatus,
  type JsonList,
  type ResourceLimits,
  ResourceLimitsSchema,
} from "./gen/remotemedia/v1/common_pb.js";
import { ExecuteRequestSchema, ExecuteResponseSchema, type ExecutionResult } from "./gen/remotemedia/v1/execution_pb.js";
import type { ChunkResult } from "./gen/remotemedia/v1/streaming_pb.js";
import { encodeJson, own, put } from "./json.js";
import type { Manifest } from "./manifest.js";
import { readMetrics, readReports } from "./reports.js";
import type { Answer, Limits, Outputs, Result, Status } from "./results.js";
import { type Parts, assemble, field, textField } from "./wire.js";

/** The version of the protocol that this client speaks. */
export const PROTOCOL = "v1";

const NUMBERS: Readonly<Record<SampleFormat, AudioFormat>> = { f32: AudioFormat.F32, i16: AudioFormat.I16, i32: AudioFormat.I32 };
const FORMATS: Readonly<Partial<Record<AudioFormat, SampleFormat>>> = {
  [AudioFormat.F32]: "f32",
  [AudioFormat.I16]: "i16",
  [AudioFormat.I32]: "i32",
};

/** What an execution is asked for, besides its pipeline. */
export interface Request {
  readonly audio: ReadonlyMap<string, Audio>;
  readonly data: ReadonlyMap<string, unknown>;
  readonly limits: Limits | undefined;
  readonly outputs: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Encodes an ExecuteRequest. */
export function encodeExecution(manifest: Manifest, request: Request): Buffer {
  const rest = create(ExecuteRequestSchema, {
    clientVersion: PROTOCOL,
    outputNodes: [...request.outputs],
    labels: { ...request.labels },
    dataInputs: dataTexts(request.data),
    ...(request.limits ? { resourceLimits: limitsMessage(request.limits) } : {}),
  });
  const inputs = [...request.audio].flatMap(([node, audio]) => field(2, [...textField(1, node), ...audioField(2, audio)]));
  return assemble([...field(1, [manifest.wire]), ...inputs, toBinary(ExecuteRequestSchema, rest)]);
}

/** Encodes a field that holds an AudioBuffer, in pieces around the samples. */
function audioField(number: number, audio: Audio): Parts {
  checkSendable(audio);
  const rest = new BinaryWriter();
  rest.tag(2, WireType.Varint).uint32(audio.sampleRate).tag(3, WireType.Varint).uint32(audio.channels);
  rest.tag(4, WireType.Varint).uint32(NUMBERS[audio.format]).tag(5, WireType.Varint).uint64(audio.samples.length);
  if (audio.positionFrames !== 0) rest.tag(101, WireType.Varint).int64(Math.round(audio.positionFrames));
  if (audio.timestampMs !== 0) rest.tag(102, WireType.Varint).int64(Math.round(audio.timestampMs * 1000));
  if (audio.streamId !== "") rest.tag(103, WireType.LengthDelimited).string(audio.streamId);
  return field(number, [...field(1, [bytesOf(audio.samples)]), rest.finish()]);
}

/** Encodes data items by node. */
export function dataTexts(data: ReadonlyMap<string, unknown>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [node, value] of data) put(out, node, encodeJson(value, `the data for node ${JSON.stringify(node)}`));
  return out;
}

/** Encodes limits; a fraction is rounded up, so that it doesn't become none. */
export function limitsMessage(limits: Limits): ResourceLimits {
  const whole = (value: number | undefined): bigint => BigInt(Math.ceil(value ?? 0));
  return create(ResourceLimitsSchema, {
    maxMemoryBytes: whole(limits.memoryBytes),
    maxTimeoutMs: whole(limits.timeoutMs),
    maxAudioSamples: whole(limits.samples),
  });
}

/** Encodes a StreamRequest with a chunk of audio. */
export function chunkMessage(node: string, audio: Audio, sequence: number, milliseconds: number): Buffer {
  const rest = new BinaryWriter();
  if (sequence > 0) rest.tag(3, WireType.Varint).uint64(sequence);
  if (milliseconds > 0) rest.tag(4, WireType.Varint).uint64(milliseconds);
  return assemble(field(2, [...textField(1, node), ...audioField(2, audio), rest.finish()]));
}

/** Decodes an ExecuteResponse. */
export function decodeExecution(data: Buffer, manifest: Manifest): Result | { error: ErrorResponse } {
  return reading(() => {
    const { outcome } = fromBinary(ExecuteResponseSchema, data);
    if (outcome.case === "error") return { error: outcome.value };
    if (outcome.case === "result") return readResult(outcome.value, manifest);
    throw new RangeError("it holds neither a result nor an error");
  });
}

const STATUSES: Readonly<Record<number, Status>> = {
  [ExecutionStatus.SUCCESS]: "success",
  [ExecutionStatus.PARTIAL_SUCCESS]: "partial",
  [ExecutionStatus.FAILED]: "failed",
};

function readResult(result: ExecutionResult, manifest: Manifest): Result {
  return {
    ...readOutputs(result),
    status: STATUSES[result.status] ?? "unknown",
    nodes: readReports(manifest.nodeIds, result.metrics, result.nodeResults, result.warnings),
    metrics: readMetrics(result.metrics),
    requestId: result.requestId,
  };
}

/** Decodes a ChunkResult. */
export function readAnswer(result: ChunkResult): Answer {
  return {
    type: "answer",
    ...readOutputs(result),
    sequence: Number(result.sequence),
    final: result.isFinal,
    dropped: result.dropped,
    milliseconds: result.processingTimeMs,
    samples: Number(result.totalSamplesProcessed),
  };
}

interface OutputFields {
  readonly audioOutputs: Readonly<Record<string, AudioBuffer>>;
  readonly audioOutputLists: Readonly<Record<string, AudioBufferList>>;
  readonly dataOutputs: Readonly<Record<string, string>>;
  readonly dataOutputLists: Readonly<Record<string, JsonList>>;
  readonly warnings: readonly string[];
}

/** Decodes outputs. A node that gave one item isn't in the lists. */
function readOutputs(fields: OutputFields): Outputs {
  const audio: Record<string, Audio> = {};
  const audioItems: Record<string, Audio[]> = {};
  for (const [node, buffer] of Object.entries(fields.audioOutputs)) {
    const joined = readAudio(buffer);
    const items = own(fields.audioOutputLists, node)?.buffers.map(readAudio) ?? [];
    put(audio, node, joined);
    put(audioItems, node, items.length > 0 ? items : [joined]);
  }
  const data: Record<string, unknown> = {};
  const dataItems: Record<string, unknown[]> = {};
  for (const [node, text] of Object.entries(fields.dataOutputs)) {
    const several = own(fields.dataOutputLists, node)?.items ?? [];
    const items = several.length > 0 ? several.map(readJson) : [readJson(text)];
    put(data, node, items.length === 1 ? items[0] : items);
    put(dataItems, node, items);
  }
  return { audio, data, audioItems, dataItems, warnings: fields.warnings };
}

/** Decodes an AudioBuffer: the samples stay where they are in the message, but for the few bytes by which they may have to be moved. */
function readAudio(buffer: AudioBuffer): Audio {
  const { samples, sampleRate, channels } = buffer;
  const format = FORMATS[buffer.format];
  if (format === undefined || channels < 1 || samples.byteLength % (WIDTHS[format] * channels) !== 0) {
    throw new RangeError(`${samples.byteLength} bytes of audio with ${channels} channels in encoding ${buffer.format} contradict themselves`);
  }
  return new Audio(samplesOf(samples, format, true), sampleRate, {
    channels,
    positionFrames: Number(buffer.positionFrames),
    timestampMs: Number(buffer.timestampUs) / 1000,
    streamId: buffer.streamId,
  });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RangeError(`a data output isn't JSON: ${(error as Error).message}`);
  }
}

/** Reads an answer; one that isn't of the contract is told as such. */
export function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new InternalError(`the answer of the service can't be read: ${(error as Error).message}. Is it a remotemedia service?`, {
      code: "internal",
      cause: error,
    });
  }
}
