/**
 * Client of the remotemedia audio pipeline service.
 *
 * ```ts
 * import { Client, pipeline } from "@remotemedia/grpc-client";
 * import { resample, vad } from "@remotemedia/grpc-client/nodes";
 *
 * await using client = new Client("localhost:50051");
 * const result = await client.run(pipeline("speech").pipe(resample(16000), vad()), "speech.wav");
 * console.log(result.audio.vad?.samples, result.data.vad);
 * ```
 */

import { randomUUID } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { type Audio, type AudioLike, type SampleOptions, isAudioObject, loadAudio } from "./audio.js";
import { type NodeFilter, knownNodes } from "./catalogued.js";
import { PROTOCOL, decodeExecution, encodeExecution, reading } from "./codec.js";
import { Connection, EXECUTE, type End, HEALTH, METRICS, NODES, VERSION } from "./connection.js";
import { type ChunkLike, Conversation, type StreamSettings, refuseLoneAudio } from "./conversation.js";
import { DeadlineExceededError, VersionMismatchError } from "./errors.js";
import { fromResponse, fromStatus, isServiceError, pushbackOf } from "./failure.js";
import { ListNodesRequestSchema } from "./gen/remotemedia/ext/v1/catalog_pb.js";
import { VersionRequestSchema } from "./gen/remotemedia/v1/execution_pb.js";
import { MetricsRequestSchema } from "./gen/remotemedia/v1/metrics_pb.js";
import { decodeHealth, encodeHealth } from "./health.js";
import type { Manifest } from "./manifest.js";
import { type ClientOptions, type Settings, checkedTimeout, settingsOf, waitBefore } from "./options.js";
import { type PipelineLike, asManifest } from "./pipeline.js";
import { readNodes, readServiceMetrics, readVersion } from "./reports.js";
import type { Health, Limits, NodeType, Result, ServiceMetrics, Version } from "./results.js";
import { Stream } from "./stream.js";
import { Turns } from "./turns.js";

export { Audio, type AudioLike, type AudioObject, type AudioOptions, type SampleFormat, type SampleOptions, type Samples } from "./audio.js";
export type { Backpressure, Chunk, ChunkLike } from "./conversation.js";
export * from "./errors.js";
export { Manifest, type ManifestDocument, type NodeDocument } from "./manifest.js";
export type { ClientOptions, Pem, RetryOptions, TlsOptions, Token } from "./options.js";
export { Node, type NodeOptions, Pipeline, type PipelineLike, type Step, node, pipeline } from "./pipeline.js";
export type * from "./results.js";
export { Stream } from "./stream.js";
export { VERSION } from "./version.js";

/** Audio by node id, or the audio for the one node at the start. */
export type AudioInputs = AudioLike | Readonly<Record<string, AudioLike>> | null | undefined;

/** What any call may be given. */
export interface CallOptions {
  /** Milliseconds for the call with its repetitions; the client's where it isn't given. */
  readonly timeoutMs?: number | undefined;
  /** Ends the call. */
  readonly signal?: AbortSignal | undefined;
  /** Names the call in the service's log; made where it isn't given. */
  readonly requestId?: string | undefined;
}

/** What {@link Client.run} may be given. */
export interface RunOptions extends CallOptions, SampleOptions {
  /** JSON values by node id. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  /** What the execution may use. */
  readonly limits?: Limits | undefined;
  /** Nodes whose outputs are wanted besides those at the ends. */
  readonly outputs?: readonly string[] | undefined;
  /** Words for the service's log. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** What {@link Client.stream} may be given. The timeout is that of the whole stream; it has none where it isn't given. */
export interface StreamOptions extends CallOptions, StreamSettings {}

/** What {@link Client.nodes} may be given. */
export interface NodesOptions extends CallOptions, NodeFilter {
  /** `false` leaves out schemas, defaults and examples, which are long. */
  readonly schemas?: boolean | undefined;
}

/** What {@link Client.metrics} may be given. */
export interface MetricsOptions extends CallOptions {
  /** Fill `nodeTypes`. */
  readonly nodeTypes?: boolean | undefined;
  /** Fill `streams`. */
  readonly streams?: boolean | undefined;
  /** Fill `prometheusText`; a list of prefixes narrows it. */
  readonly prometheus?: boolean | readonly string[] | undefined;
}

/** Where chunks come from. */
export type ChunkSource = AsyncIterable<ChunkLike> | Iterable<ChunkLike>;

/** The oldest release of the service that this client works with. */
const OLDEST = [0, 2] as const;
const VERSION_REQUEST = Buffer.from(toBinary(VersionRequestSchema, create(VersionRequestSchema, { clientVersion: PROTOCOL })));
/** gRPC ends what it has begun at the deadline, and says more of it than the timer of those who only wait. */
const GRACE_MS = 50;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * A connection to a service, which is made at the first call. Close it, or declare it with `await using`.
 *
 * One client serves any number of calls and streams at the same time. Every error is a {@link RemoteMediaError}.
 */
export class Client implements AsyncDisposable {
  readonly #settings: Settings;
  readonly #connection: Connection;
  readonly #asking = new Turns();
  #versionKnown: boolean;

  /** The address is such as `localhost:50051` or `dns:///host:50051`; the environment's `GRPC_SERVER_ADDR` where it isn't given. */
  constructor(target = "", options: ClientOptions = {}) {
    this.#settings = settingsOf(target, options);
    this.#connection = new Connection(this.#settings);
    this.#versionKnown = !this.#settings.checkVersion;
  }

  /** The address. */
  get target(): string {
    return this.#settings.target;
  }

  /** Runs a pipeline on inputs that are complete: audio for the one node at the start, or audio by node id. */
  async run(pipeline: PipelineLike, audio?: AudioInputs, options: RunOptions = {}): Promise<Result> {
    const manifest = this.#manifest(pipeline);
    const request = encodeExecution(manifest, {
      audio: await inputsOf(manifest, audio, options),
      data: addressed(manifest, options.data ?? {}),
      limits: options.limits,
      outputs: (options.outputs ?? []).map((node) => manifest.address(node)),
      labels: options.labels ?? {},
    });
    const call = this.#begin(options);
    await this.#knowVersion(call);
    const outcome = decodeExecution(await this.#call(EXECUTE, request, call), manifest);
    if ("error" in outcome) throw fromResponse(outcome.error, call.requestId);
    return outcome;
  }

  /**
   * Opens a stream: chunks go in, events come out, in step with the service.
   *
   * The chunks of the source are taken as fast as the service takes them, and the stream is closed behind the last. Without a source the
   * stream is fed with {@link Stream.send}.
   */
  stream(pipeline: PipelineLike, source: ChunkSource, options?: StreamOptions): Stream;
  stream(pipeline: PipelineLike, options?: StreamOptions): Stream;
  stream(pipeline: PipelineLike, first?: ChunkSource | StreamOptions, second?: StreamOptions): Stream {
    refuseLoneAudio(first);
    const source = isSource(first) ? first : undefined;
    const options = (source ? second : (first as StreamOptions | undefined)) ?? {};
    const requestId = options.requestId ?? randomUUID();
    const timeout = checkedTimeout(options.timeoutMs) ?? Infinity;
    const conversation = new Conversation(this.#manifest(pipeline), options, requestId);
    let deadline: number | undefined;
    const call = (signal: AbortSignal): Call => ({ requestId, deadline: (deadline ??= Date.now() + timeout), signal });
    return new Stream(conversation, this.#connection, source, options.signal, {
      start: async (signal) => {
        await this.#knowVersion(call(signal));
        return this.#connection.stream(call(signal));
      },
      failure: (error) => (isServiceError(error) ? fromStatus(error, this.target, requestId, deadline ?? Infinity) : (error as Error)),
      pause: (attempt, error, signal) => this.#pause(attempt, error, call(signal)),
    });
  }

  /** Asks for the service's versions and node types. */
  async version(options: CallOptions = {}): Promise<Version> {
    return this.#ask(VERSION, VERSION_REQUEST, readVersion, options);
  }

  /**
   * Lists the node types of the service, sorted by name.
   *
   * A service that doesn't tell its catalogue only tells the names: what is known of them then comes from the catalogue of this release.
   */
  async nodes(options: NodesOptions = {}): Promise<NodeType[]> {
    const { filter = "", category = "", schemas = true } = options;
    const request = toBinary(ListNodesRequestSchema, create(ListNodesRequestSchema, { filter, category, includeSchema: schemas }));
    try {
      return await this.#ask(NODES, request, readNodes, options);
    } catch (error) {
      if (!(error instanceof VersionMismatchError && error.status === "UNIMPLEMENTED")) throw error;
      return knownNodes((await this.version(options)).nodeTypes, options);
    }
  }

  /** Asks for a snapshot of the service's counters. */
  async metrics(options: MetricsOptions = {}): Promise<ServiceMetrics> {
    const { nodeTypes = false, streams = false, prometheus = false } = options;
    const message = create(MetricsRequestSchema, {
      clientVersion: PROTOCOL,
      includeNodeTypes: nodeTypes,
      includeStreams: streams,
      includePrometheusText: prometheus !== false,
      namePrefixes: typeof prometheus === "boolean" ? [] : [...prometheus],
    });
    return this.#ask(METRICS, toBinary(MetricsRequestSchema, message), readServiceMetrics, options);
  }

  /** Asks the standard health service: `SERVING` or `NOT_SERVING`; a name that it doesn't know is a ValidationError. */
  async health(service = "", options: CallOptions = {}): Promise<Health> {
    return this.#ask(HEALTH, encodeHealth(service), decodeHealth, options);
  }

  /** Ends the connection; calls and streams that are under way fail. A second close does nothing. */
  close(): void {
    if (!this.#connection.closed) this.#connection.close();
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the interface wants a promise
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #manifest(pipeline: PipelineLike): Manifest {
    const manifest = asManifest(pipeline);
    if (this.#settings.checkNodes) manifest.check();
    return manifest;
  }

  async #ask<T>(path: string, request: Uint8Array, read: (answer: Buffer) => T, options: CallOptions): Promise<T> {
    const answer = await this.#call(path, Buffer.from(request), this.#begin(options));
    return reading(() => read(answer));
  }

  #begin(options: CallOptions): Call {
    const timeout = checkedTimeout(options.timeoutMs) ?? this.#settings.timeoutMs;
    return { requestId: options.requestId ?? randomUUID(), deadline: Date.now() + timeout, signal: options.signal };
  }

  /** Asks for the version before the first call. Others wait until it is known, by their own signals and deadlines. */
  async #knowVersion(call: Call): Promise<void> {
    if (this.#versionKnown) return;
    const asked = this.#asking.take(async () => {
      if (this.#versionKnown) return;
      const answer = await this.#call(VERSION, VERSION_REQUEST, call);
      checkVersion(
        reading(() => readVersion(answer)),
        this.target,
      );
      this.#versionKnown = true;
    });
    await this.#connection.within<unknown>(call.signal, "the call", call.requestId, (end) => {
      const timer = Number.isFinite(call.deadline) ? setTimeout(late, Math.min(call.deadline - Date.now() + GRACE_MS, LONGEST_TIMER_MS), call, end) : undefined;
      void asked.then(end.resolve, end.reject).finally(() => {
        clearTimeout(timer);
      });
      return {
        cancel: () => {
          clearTimeout(timer);
        },
      };
    });
  }

  /** Makes a call, and repeats it while that is safe and in time. */
  async #call(path: string, request: Buffer, call: Call): Promise<Buffer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#connection.unary(path, request, call);
      } catch (error) {
        await this.#pause(attempt, error, call);
      }
    }
  }

  /** Waits for the next attempt, or throws where there is none. */
  async #pause(attempt: number, error: unknown, call: Call): Promise<void> {
    if (!isServiceError(error)) throw error;
    const failure = fromStatus(error, this.target, call.requestId, call.deadline);
    const wait = waitBefore(this.#settings.retry, attempt, failure, pushbackOf(error), call.deadline - Date.now());
    if (wait === undefined) throw failure;
    await this.#connection.sleep(wait, call.signal);
  }
}

function late(call: Call, end: End<unknown>): void {
  end.reject(
    new DeadlineExceededError("the service's version wasn't known in time: give a longer timeoutMs", {
      code: "deadline_exceeded",
      requestId: call.requestId,
    }),
  );
}

interface Call {
  readonly requestId: string;
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

async function inputsOf(manifest: Manifest, audio: AudioInputs, options: SampleOptions): Promise<Map<string, Audio>> {
  if (audio === undefined || audio === null) return new Map();
  const single = typeof audio !== "object" || ArrayBuffer.isView(audio) || audio instanceof URL || Array.isArray(audio) || isAudioObject(audio);
  const named = single ? { "": audio } : audio;
  const loaded = Object.entries(named).map(async ([node, one]) => [manifest.address(node), await loadAudio(one, options)] as const);
  return new Map(await Promise.all(loaded));
}

function addressed(manifest: Manifest, values: Readonly<Record<string, unknown>>): Map<string, unknown> {
  return new Map(Object.entries(values).map(([node, value]) => [manifest.address(node), value]));
}

function isSource(value: unknown): value is ChunkSource {
  return typeof value === "object" && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value);
}

/** Refuses a service that this client can't talk to. */
function checkVersion(version: Version, target: string): void {
  if (!version.compatible || (version.protocols.length > 0 && !version.protocols.includes(PROTOCOL))) {
    throw new VersionMismatchError(
      `the service at ${target} (release ${version.service}) doesn't speak ${PROTOCOL}: ${version.message}. Use a client and a service that match`,
      { code: "version_unsupported", context: { supported: version.protocols } },
    );
  }
  // A release that can't be read is taken for new.
  const [, major = "", minor = ""] = /^v?(\d+)\.(\d+)/.exec(version.service) ?? [];
  if (major !== "" && (Number(major) - OLDEST[0] || Number(minor) - OLDEST[1]) < 0) {
    throw new VersionMismatchError(
      `the service at ${target} is of release ${version.service}, which is too old for this client: update it to ${OLDEST.join(".")} or newer`,
      { code: "version_unsupported" },
    );
  }
}
