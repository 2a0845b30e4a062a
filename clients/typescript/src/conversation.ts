/** What is said in a stream, without the transport: the messages to send, and what those that come mean. */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type AudioLike, type SampleOptions, asAudio } from "./audio.js";
import { PROTOCOL, chunkMessage, dataTexts, limitsMessage, readAnswer, reading } from "./codec.js";
import { InternalError, NodeExecutionError, type RemoteMediaError, UnavailableError, ValidationError } from "./errors.js";
import { fromResponse } from "./failure.js";
import {
  BackpressurePolicy,
  type StreamClosed,
  StreamControl_Command as Command,
  type StreamMetrics,
  type StreamReady,
  StreamRequestSchema,
  type StreamResponse,
  StreamResponseSchema,
} from "./gen/remotemedia/v1/streaming_pb.js";
import { encodeJson } from "./json.js";
import type { Manifest } from "./manifest.js";
import { readMetrics, readReports } from "./reports.js";
import type { Closed, Limits, Progress, Ready, StreamEvent } from "./results.js";

/** What the service does with a chunk that finds its queue full. */
export type Backpressure = "block" | "drop_oldest" | "drop_newest" | "error";

const POLICIES: Readonly<Record<Backpressure, BackpressurePolicy>> = {
  block: BackpressurePolicy.BLOCK,
  drop_oldest: BackpressurePolicy.DROP_OLDEST,
  drop_newest: BackpressurePolicy.DROP_NEWEST,
  error: BackpressurePolicy.ERROR,
};
const FAILED = 2;

/** One piece of what goes into a stream, where it is more than the bare audio: `audio`, or `data`, any JSON value. */
export interface Chunk {
  /** Bare samples need the stream's `sampleRate`. */
  readonly audio?: Exclude<AudioLike, string | URL> | undefined;
  readonly data?: unknown;
  /** Its receiver; only needed where several nodes are at the start. */
  readonly node?: string | undefined;
  /** Media time; it goes on from the chunk before where it isn't given. */
  readonly atMs?: number | undefined;
  /** Input port of the node, for data. */
  readonly port?: string | undefined;
}

/** What may go into a stream. */
export type ChunkLike = Chunk | Exclude<AudioLike, string | URL>;

/** What a stream is asked for, besides its pipeline. */
export interface StreamSettings extends SampleOptions {
  /** Receiver of chunks that name none; only needed where several nodes are at the start. */
  readonly node?: string | undefined;
  /** JSON values by node id, which join the first chunk. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  /** What the stream may use; the time is that of each chunk. */
  readonly limits?: Limits | undefined;
  /** Nodes whose outputs are wanted besides those at the ends. */
  readonly outputs?: readonly string[] | undefined;
  /** What the service does with a chunk that finds its queue full; `block` where it isn't given. */
  readonly backpressure?: Backpressure | undefined;
  /** Length that chunks will have, over all channels. */
  readonly chunkSamples?: number | undefined;
  /** Chunks from one `progress` to the next; 10 where it isn't given. */
  readonly metricsInterval?: number | undefined;
  /** Tell a chunk on which a node fails as `chunk_failed` and go on, rather than end. */
  readonly continueOnError?: boolean | undefined;
}

/** The state of a stream. */
export class Conversation {
  /** The first message. */
  readonly init: Buffer;
  /** Chunks so far. */
  sequence = 0;
  /** Whether the service was asked to close. */
  closing = false;
  session: Ready | undefined;
  closed: Closed | undefined;
  /** Why the stream ends; the service may still say that it closes. */
  fatal: RemoteMediaError | undefined;
  readonly #manifest: Manifest;
  readonly #settings: StreamSettings;
  readonly #receivers = new Map<string, string>();
  readonly #requestId: string;
  #answered = 0;
  #flushingFailed: RemoteMediaError | undefined;

  constructor(manifest: Manifest, settings: StreamSettings, requestId: string) {
    this.#manifest = manifest;
    this.#settings = settings;
    this.#requestId = requestId;
    this.init = this.#encodeInit();
  }

  #encodeInit(): Buffer {
    const s = this.#settings;
    const policy = s.backpressure ?? "block";
    if (!Object.hasOwn(POLICIES, policy)) {
      throw new ValidationError(`backpressure is ${JSON.stringify(policy)}: use one of ${Object.keys(POLICIES).join(", ")}`, { code: "wrong_type" });
    }
    for (const node of s.outputs ?? []) this.#manifest.address(node);
    const data = new Map(Object.entries(s.data ?? {}).map(([node, value]) => [this.#manifest.address(node), value]));
    const rest = {
      dataInputs: dataTexts(data),
      clientVersion: PROTOCOL,
      expectedChunkSize: BigInt(s.chunkSamples ?? 0),
      backpressure: POLICIES[policy],
      outputNodes: [...(s.outputs ?? [])],
      metricsIntervalChunks: BigInt(s.metricsInterval ?? 0),
      continueOnError: s.continueOnError ?? false,
      ...(s.limits ? { resourceLimits: limitsMessage(s.limits) } : {}),
    };
    return encode({ case: "init", value: { manifest: this.#manifest.message, ...rest } });
  }

  /** Encodes the next chunk, and counts it. What can't be sent is refused, and isn't counted. */
  chunk(item: ChunkLike): Buffer {
    const message = isChunk(item) ? this.#encodeChunk(item) : this.#encodeAudio("", item, 0);
    this.sequence++;
    return message;
  }

  #encodeChunk(item: Chunk): Buffer {
    const at = item.atMs ?? 0;
    if (!(at >= 0)) throw new ValidationError(`the chunk is at ${at} ms: media time begins at 0`, { code: "bad_audio", nodeId: item.node ?? "" });
    if (item.audio !== undefined) return this.#encodeAudio(item.node ?? "", item.audio, at);
    return encode({
      case: "dataChunk",
      value: {
        nodeId: this.#receiver(item.node ?? ""),
        json: encodeJson(item.data, "the data"),
        sequence: BigInt(this.sequence),
        timestampMs: BigInt(Math.trunc(at)),
        port: item.port ?? "",
      },
    });
  }

  #encodeAudio(node: string, source: unknown, at: number): Buffer {
    return chunkMessage(this.#receiver(node), asAudio(source, this.#settings), this.sequence, Math.trunc(at));
  }

  #receiver(node: string): string {
    let found = this.#receivers.get(node);
    if (found === undefined) {
      found = this.#manifest.address(node || (this.#settings.node ?? ""));
      this.#receivers.set(node, found);
    }
    return found;
  }

  /** Encodes the wish to process what was sent, to flush and to end. */
  close(): Buffer {
    this.closing = true;
    return encode({ case: "control", value: { command: Command.CLOSE } });
  }

  /** Understands a message. Where it is the end by an error, `fatal` is set and nothing returned. */
  receive(data: Buffer): StreamEvent | undefined {
    try {
      return reading(() => this.#understand(fromBinary(StreamResponseSchema, data)));
    } catch (error) {
      this.fatal = error as InternalError;
      return undefined;
    }
  }

  #understand({ response }: StreamResponse): StreamEvent | undefined {
    switch (response.case) {
      case "result": {
        const answer = readAnswer(response.value);
        if (!answer.final) this.#answered++;
        return answer;
      }
      case "ready":
        this.session = readReady(response.value);
        return this.session;
      case "metrics":
        return readProgress(response.value);
      case "error":
        return this.#error(fromResponse(response.value, this.#requestId));
      case "closed":
        return this.#closed(response.value);
      default:
        this.fatal = new InternalError("the service sent a message that this client doesn't understand: update the client", { code: "internal" });
        return undefined;
    }
  }

  #error(error: RemoteMediaError): StreamEvent | undefined {
    if (!this.#settings.continueOnError || !(error instanceof NodeExecutionError)) {
      this.fatal = error;
      return undefined;
    }
    this.#flushingFailed = error;
    this.#answered++;
    return { type: "chunk_failed", sequence: error.sequence ?? 0, error };
  }

  #closed(message: StreamClosed): StreamEvent | undefined {
    this.closed = {
      type: "closed",
      reason: message.reason,
      code: message.closeCode,
      chunks: Number(message.chunksProcessed),
      samples: Number(message.totalSamples),
      nodes: readReports(this.#manifest.nodeIds, message.finalMetrics),
      metrics: readMetrics(message.finalMetrics),
    };
    // The error that was told first is the one that counts.
    this.fatal ??= this.#endedBy(message);
    return this.fatal ? undefined : this.closed;
  }

  #endedBy(message: StreamClosed): RemoteMediaError | undefined {
    if (this.#flushingFailed && message.closeCode === FAILED) return this.#flushingFailed;
    if (this.#isComplete()) return undefined;
    return new UnavailableError(
      `the service closed the stream (${message.reason}) after ${this.#answered} answers: open another one and go on with the chunk after them`,
      { code: "shutting_down", requestId: this.#requestId },
    );
  }

  #isComplete(): boolean {
    return this.closing && this.#answered >= this.sequence;
  }

  /** Takes note that nothing more comes. An old service may end a good stream so. */
  end(): void {
    if (this.closed !== undefined || this.fatal !== undefined || this.#isComplete()) return;
    this.fatal = new InternalError("the service ended the stream without a word: open another one", {
      code: "internal",
      requestId: this.#requestId,
    });
  }
}

type RequestInit = NonNullable<NonNullable<Parameters<typeof create<typeof StreamRequestSchema>>[1]>["request"]>;

function encode(request: RequestInit): Buffer {
  const bytes = toBinary(StreamRequestSchema, create(StreamRequestSchema, { request }));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isChunk(item: ChunkLike): item is Chunk {
  return typeof item === "object" && !ArrayBuffer.isView(item) && !("samples" in item) && ("audio" in item || "data" in item);
}

function readReady(message: StreamReady): Ready {
  return {
    type: "ready",
    sessionId: message.sessionId,
    inputs: message.inputNodeIds,
    outputs: message.outputNodeIds,
    chunkSamples: Number(message.recommendedChunkSize),
    idleMs: Number(message.idleTimeoutMs),
    queue: Number(message.queueCapacity),
  };
}

function readProgress(message: StreamMetrics): Progress {
  return {
    type: "progress",
    chunks: Number(message.chunksProcessed),
    dropped: Number(message.chunksDropped),
    samples: Number(message.totalSamples),
    waiting: Number(message.bufferSamples),
    memoryBytes: Number(message.peakMemoryBytes),
    meanMs: message.averageLatencyMs,
    p50Ms: message.p50Ms,
    p95Ms: message.p95Ms,
    p99Ms: message.p99Ms,
  };
}

/** Refuses a source that is one piece of audio, where several were wanted. */
export function refuseLoneAudio(source: unknown): void {
  if (typeof source !== "string" && !ArrayBuffer.isView(source) && !(typeof source === "object" && source !== null && "samples" in source)) return;
  throw new ValidationError("the source is one piece of audio: give an iterable of chunks, for instance audio.chunks(100)", { code: "bad_audio" });
}
