/** What calls give: outputs, reports of the nodes, metrics, and the events of streams. */

import type { Audio } from "./audio.js";
import type { RemoteMediaError } from "./errors.js";

/** How an execution or a node ended. */
export type Status = "success" | "partial" | "skipped" | "failed" | "unknown";

/** What one node did. */
export interface NodeReport {
  readonly status: Status;
  /** Time that it was busy. */
  readonly milliseconds: number;
  /** Peak of its memory. */
  readonly memoryBytes: number;
  /** Samples that came in, over all channels. */
  readonly samples: number;
  /** Its own figures, for instance `{ vad_segments: 12 }`. */
  readonly figures: Readonly<Record<string, unknown>>;
  /** What it gave: kinds, items, format. */
  readonly output: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
}

/** What an execution cost. */
export interface Metrics {
  /** From the complete request to the answer, less the wait. */
  readonly wallMs: number;
  /** Time that the execution's worker and the codec were busy. */
  readonly busyMs: number;
  /** The wait for a place and a slot. */
  readonly queueMs: number;
  /** Time for reading the request and writing the answer. */
  readonly codecMs: number;
  /** Peak of the memory. */
  readonly memoryBytes: number;
}

/** What an execution may use at most; what isn't given is the service's default. The service has its own caps. */
export interface Limits {
  readonly memoryBytes?: number | undefined;
  /** Time of the whole execution, or of each chunk of a stream. */
  readonly timeoutMs?: number | undefined;
  /** Samples of an input, over all channels. */
  readonly samples?: number | undefined;
}

/**
 * What the nodes at the ends of a pipeline gave, by node id.
 *
 * `audio` joins a node's pieces of one format; `data` has a single item as it is and several as a list. The item by item lists,
 * `audioItems` and `dataItems`, leave no doubt which of both it was.
 */
export interface Outputs {
  readonly audio: Readonly<Record<string, Audio>>;
  // Data is whatever JSON the node writes: callers look into it without a cast.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly data: Readonly<Record<string, any>>;
  readonly audioItems: Readonly<Record<string, readonly Audio[]>>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  readonly dataItems: Readonly<Record<string, readonly any[]>>;
  /** What to know though nothing failed, one sentence each. */
  readonly warnings: readonly string[];
}

/** What an execution gave. */
export interface Result extends Outputs {
  /** `partial` when nodes were skipped because nothing reached them. */
  readonly status: Status;
  /** A report of each node, in the order of the pipeline. */
  readonly nodes: Readonly<Record<string, NodeReport>>;
  readonly metrics: Metrics;
  readonly requestId: string;
}

/** What a service tells of itself. */
export interface Version {
  /** Its release. */
  readonly service: string;
  readonly protocol: string;
  readonly runtime: string;
  readonly commit: string;
  /** ISO 8601. */
  readonly built: string;
  /** Every accepted name, sorted. */
  readonly nodeTypes: readonly string[];
  readonly protocols: readonly string[];
  /** Whether it can serve this client. */
  readonly compatible: boolean;
  /** Says why not. */
  readonly message: string;
}

/** Health as the standard service tells it. */
export type Health = "UNKNOWN" | "SERVING" | "NOT_SERVING" | "SERVICE_UNKNOWN";

/** Kind of the items that a node takes or gives. */
export type Kind = "unspecified" | "audio" | "video" | "tensor" | "json" | "text" | "binary" | "any" | "file" | "control";

/** A node type of the service's catalogue. */
export interface NodeType {
  readonly name: string;
  /** Other accepted names, sorted. */
  readonly aliases: readonly string[];
  readonly description: string;
  readonly category: string;
  readonly accepts: readonly Kind[];
  readonly produces: readonly Kind[];
  /** It keeps state between items. */
  readonly stateful: boolean;
  /** Default values of its parameters; empty where they weren't asked for. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** JSON Schema of its parameters, where it was asked for; only the service tells it, and what follows. */
  readonly schema?: Readonly<Record<string, unknown>> | undefined;
  /** A manifest that uses it. */
  readonly example?: Readonly<Record<string, unknown>> | undefined;
  /** It may give several items for one. */
  readonly multiOutput?: boolean | undefined;
  readonly latencyClass?: "unspecified" | "realtime" | "fast" | "medium" | "slow" | "batch" | undefined;
  /** Algorithmic delay with default parameters, in frames at its output rate. */
  readonly latencyFrames?: number | undefined;
}

/** Times in milliseconds. */
export interface LatencySummary {
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** A snapshot of the service's counters; totals count since it started. */
export interface ServiceMetrics {
  /** ISO 8601. */
  readonly collectedAt: string;
  readonly uptimeSeconds: number;
  readonly requests: number;
  readonly requestsFailed: number;
  /** Refused for lack of capacity. */
  readonly rejected: number;
  readonly activeConnections: number;
  readonly activeExecutions: number;
  readonly activeStreams: number;
  readonly queued: number;
  readonly executeLatency: LatencySummary;
  readonly chunkLatency: LatencySummary;
  readonly chunks: number;
  readonly chunksDropped: number;
  /** Input samples processed, over all channels and nodes. */
  readonly audioSamples: number;
  readonly residentBytes: number;
  /** From 0 to 1. */
  readonly cpuUtilization: number;
  readonly errorsByType: Readonly<Record<string, number>>;
  /** Empty unless asked for, as are `streams` and `prometheusText`. */
  readonly nodeTypes: Readonly<Record<string, { executions: number; errors: number; totalMs: number; samples: number }>>;
  readonly streams: readonly { sessionId: string; pipeline: string; chunks: number; ageSeconds: number; idleSeconds: number }[];
  readonly prometheusText: string;
}

/** The stream is open. */
export interface Ready {
  readonly type: "ready";
  readonly sessionId: string;
  /** Nodes that take chunks. */
  readonly inputs: readonly string[];
  /** Nodes whose outputs come. */
  readonly outputs: readonly string[];
  /** Length of a chunk that suits the service, over all channels. */
  readonly chunkSamples: number;
  /** The service closes the stream when nothing comes for so long; 0 where it doesn't say. */
  readonly idleMs: number;
  /** Chunks that wait at most; 0 where it doesn't say. */
  readonly queue: number;
}

/** What one chunk gave, or what the nodes had held back at the end. */
export interface Answer extends Outputs {
  readonly type: "answer";
  /** Number of the chunk, counted from 0. */
  readonly sequence: number;
  /** What came when the nodes were flushed; `sequence` is the last chunk's. */
  readonly final: boolean;
  /** The stream's backpressure policy dropped the chunk. */
  readonly dropped: boolean;
  /** Time in the service, from receipt to answer. */
  readonly milliseconds: number;
  /** Samples of input so far, over all channels. */
  readonly samples: number;
}

/** A node failed on a chunk, in a stream that goes on after errors. */
export interface ChunkFailed {
  readonly type: "chunk_failed";
  readonly sequence: number;
  readonly error: RemoteMediaError;
}

/** A stream's counters so far; one comes after every tenth chunk. */
export interface Progress {
  readonly type: "progress";
  readonly chunks: number;
  readonly dropped: number;
  /** Samples of input, over all channels. */
  readonly samples: number;
  /** Samples that are queued. */
  readonly waiting: number;
  readonly memoryBytes: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** A stream's end; the last event. */
export interface Closed {
  readonly type: "closed";
  readonly reason: string;
  /** 0 closed, 1 cancelled, 2 error, 3 timeout, 4 the service shuts down. */
  readonly code: number;
  readonly chunks: number;
  /** Samples of input, over all channels. */
  readonly samples: number;
  readonly nodes: Readonly<Record<string, NodeReport>>;
  readonly metrics: Metrics;
}

/** What comes out of a stream. */
export type StreamEvent = Ready | Answer | ChunkFailed | Progress | Closed;
