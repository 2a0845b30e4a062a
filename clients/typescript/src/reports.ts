/** Metrics, reports of nodes, versions and the catalogue, decoded. */

import { fromBinary } from "@bufbuild/protobuf";
import { LatencyClass, ListNodesResponseSchema, type NodeTypeInfo } from "./gen/remotemedia/ext/v1/catalog_pb.js";
import {
  DataTypeHint,
  type ExecutionMetrics,
  type NodeMetrics,
  type NodeResult,
  NodeStatus,
} from "./gen/remotemedia/v1/common_pb.js";
import { VersionResponseSchema } from "./gen/remotemedia/v1/execution_pb.js";
import { type LatencySummary as LatencyMessage, MetricsResponseSchema } from "./gen/remotemedia/v1/metrics_pb.js";
import { put, readObject } from "./json.js";
import type { Kind, LatencySummary, Metrics, NodeReport, NodeType, ServiceMetrics, Status, Version } from "./results.js";

const STATUSES: Readonly<Record<number, Status>> = {
  [NodeStatus.SUCCESS]: "success",
  [NodeStatus.SKIPPED]: "skipped",
  [NodeStatus.FAILED]: "failed",
};

/** Decodes what an execution cost. */
export function readMetrics(metrics: ExecutionMetrics | undefined): Metrics {
  return {
    wallMs: metrics?.wallTimeMs ?? 0,
    busyMs: metrics?.cpuTimeMs ?? 0,
    queueMs: metrics?.queueWaitMs ?? 0,
    codecMs: metrics?.serializationTimeMs ?? 0,
    memoryBytes: Number(metrics?.memoryUsedBytes ?? 0n),
  };
}

/** Decodes the reports of nodes, in their order; those without figures were reached by nothing. */
export function readReports(
  ids: readonly string[],
  metrics: ExecutionMetrics | undefined,
  results: readonly NodeResult[] = [],
  warnings: readonly string[] = [],
): Record<string, NodeReport> {
  const entries = new Map(results.map((entry) => [entry.nodeId, entry]));
  const figures = new Map(Object.entries(metrics?.nodeMetrics ?? {}));
  const out: Record<string, NodeReport> = {};
  for (const node of new Set([...ids, ...entries.keys()])) {
    put(out, node, readReport(figures.get(node), entries.get(node), warnings.filter((text) => warnedNode(text) === node)));
  }
  return out;
}

function readReport(metrics: NodeMetrics | undefined, entry: NodeResult | undefined, warnings: readonly string[]): NodeReport {
  const ran: Status = metrics ? "success" : "skipped";
  return {
    status: entry ? (STATUSES[entry.status] ?? "unknown") : ran,
    milliseconds: metrics?.executionTimeMs ?? 0,
    memoryBytes: Number(metrics?.memoryBytes ?? 0n),
    samples: Number(metrics?.samplesProcessed ?? 0n),
    figures: readObject(metrics?.customMetrics ?? ""),
    output: readObject(entry?.outputMetadata ?? ""),
    warnings,
  };
}

/** Gives the node that a warning begins with: node "id": ... */
function warnedNode(text: string): unknown {
  const found = /^node ("(?:[^"\\]|\\.)*")/.exec(text)?.[1];
  return found === undefined ? undefined : JSON.parse(found);
}

/** Decodes a VersionResponse. */
export function readVersion(data: Buffer): Version {
  const response = fromBinary(VersionResponseSchema, data);
  const info = response.versionInfo;
  return {
    service: info?.serviceVersion || info?.runtimeVersion || "",
    protocol: info?.protocolVersion ?? "",
    runtime: info?.runtimeVersion ?? "",
    commit: info?.commit ?? "",
    built: info?.buildTimestamp ?? "",
    nodeTypes: info?.supportedNodeTypes ?? [],
    protocols: info?.supportedProtocols ?? [],
    compatible: response.compatible,
    message: response.compatibilityMessage,
  };
}

/** Decodes a ListNodesResponse. */
export function readNodes(data: Buffer): NodeType[] {
  return fromBinary(ListNodesResponseSchema, data).nodes.map(readNodeType);
}

function readNodeType(info: NodeTypeInfo): NodeType {
  return {
    name: info.name,
    aliases: info.aliases,
    description: info.description,
    category: info.category,
    accepts: info.accepts.map(kindOf),
    produces: info.produces.map(kindOf),
    schema: readObject(info.paramsSchema),
    defaults: readObject(info.defaults),
    example: readObject(info.example),
    multiOutput: info.multiOutput,
    stateful: info.stateful,
    latencyClass: word(LatencyClass[info.latencyClass]) as NodeType["latencyClass"],
    latencyFrames: Number(info.latencySamples),
  };
}

function kindOf(hint: DataTypeHint): Kind {
  return word(DataTypeHint[hint]) as Kind;
}

/** Names of the generated enums are the words of the contract in capitals; a newer service may have others. */
function word(name: string | undefined): string {
  return name?.toLowerCase() ?? "unspecified";
}

/** Decodes a MetricsResponse. */
export function readServiceMetrics(data: Buffer): ServiceMetrics {
  const m = fromBinary(MetricsResponseSchema, data);
  return {
    collectedAt: m.collectedAt,
    uptimeSeconds: m.uptimeSeconds,
    requests: Number(m.requestsTotal),
    requestsFailed: Number(m.requestsFailedTotal),
    rejected: Number(m.rejectedTotal),
    activeConnections: Number(m.activeConnections),
    activeExecutions: Number(m.activeExecutions),
    activeStreams: Number(m.activeStreams),
    queued: Number(m.queueDepth),
    executeLatency: readLatency(m.executeLatency),
    chunkLatency: readLatency(m.chunkLatency),
    chunks: Number(m.chunksTotal),
    chunksDropped: Number(m.chunksDroppedTotal),
    audioSamples: Number(m.audioSamplesTotal),
    residentBytes: Number(m.residentMemoryBytes),
    cpuUtilization: m.cpuUtilization,
    errorsByType: mapped(m.errorsByType, Number),
    nodeTypes: mapped(m.nodeTypes, (one) => ({
      executions: Number(one.executions),
      errors: Number(one.errors),
      totalMs: one.totalMs,
      samples: Number(one.samples),
    })),
    streams: m.streams.map((one) => ({
      sessionId: one.sessionId,
      pipeline: one.pipeline,
      chunks: Number(one.chunks),
      ageSeconds: one.ageSeconds,
      idleSeconds: one.idleSeconds,
    })),
    prometheusText: m.prometheusText,
  };
}

function readLatency(one: LatencyMessage | undefined): LatencySummary {
  return {
    count: Number(one?.count ?? 0n),
    meanMs: one?.meanMs ?? 0,
    p50Ms: one?.p50Ms ?? 0,
    p95Ms: one?.p95Ms ?? 0,
    p99Ms: one?.p99Ms ?? 0,
    maxMs: one?.maxMs ?? 0,
  };
}

function mapped<A, B>(record: Readonly<Record<string, A>>, convert: (value: A) => B): Record<string, B> {
  const out: Record<string, B> = {};
  for (const [key, value] of Object.entries(record)) put(out, key, convert(value));
  return out;
}
