"""A snapshot of a service's counters: what :meth:`remotemedia_grpc.Client.metrics` gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError

from remotemedia_grpc import _codec
from remotemedia_grpc._pb import metrics_pb2


@dataclass(frozen=True, slots=True)
class Latency:
    """A distribution of latencies; all is 0 when nothing was observed."""

    count: int = 0
    mean_seconds: float = 0.0
    p50_seconds: float = 0.0
    p95_seconds: float = 0.0
    p99_seconds: float = 0.0
    max_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class NodeTypeStats:
    """The work of one node type."""

    executions: int
    errors: int
    busy_seconds: float
    samples: int  #: Samples of input, over all channels.


@dataclass(frozen=True, slots=True)
class OpenStream:
    """A stream that is open now."""

    session_id: str
    pipeline: str
    chunks: int
    age_seconds: float
    idle_seconds: float


@dataclass(frozen=True, slots=True)
class ServiceMetrics:
    """A service's counters. Totals count since it started."""

    collected: str  #: Time of the snapshot, ISO 8601.
    uptime_seconds: float
    requests: int  #: All methods.
    failed: int
    refused: int  #: For want of capacity.
    connections: int  #: Open now.
    executions: int  #: Under way now.
    streams: int  #: Open now.
    waiting: int  #: For admission now.
    execute_latency: Latency
    chunk_latency: Latency
    chunks: int
    chunks_dropped: int
    samples: int  #: Samples of input, over all channels and nodes.
    memory_bytes: int  #: Resident memory of the process.
    cpu: float  #: Share of the processors in use, 0 to 1.
    errors: Mapping[str, int]  #: By the name of their type.
    node_types: Mapping[str, NodeTypeStats] = field(default_factory=dict)  #: By canonical name, where they were asked for.
    open_streams: Sequence[OpenStream] = ()  #: Where they were asked for.
    prometheus: str = ""  #: The text of Prometheus' format, where it was asked for.


def encode_request(node_types: bool, streams: bool, prometheus: bool, prefixes: Sequence[str]) -> bytes:
    """Encode what is wanted besides the counters."""
    return metrics_pb2.MetricsRequest(
        client_version=_codec.PROTOCOL,
        include_node_types=node_types,
        include_streams=streams,
        include_prometheus_text=prometheus,
        name_prefixes=prefixes,
    ).SerializeToString()


def decode(data: bytes) -> ServiceMetrics:
    """Decode a MetricsResponse."""
    try:
        m = metrics_pb2.MetricsResponse.FromString(data)
    except DecodeError as error:
        raise _codec.unreadable(error) from error
    return ServiceMetrics(
        collected=m.collected_at,
        uptime_seconds=m.uptime_seconds,
        requests=m.requests_total,
        failed=m.requests_failed_total,
        refused=m.rejected_total,
        connections=m.active_connections,
        executions=m.active_executions,
        streams=m.active_streams,
        waiting=m.queue_depth,
        execute_latency=_latency(m.execute_latency),
        chunk_latency=_latency(m.chunk_latency),
        chunks=m.chunks_total,
        chunks_dropped=m.chunks_dropped_total,
        samples=m.audio_samples_total,
        memory_bytes=m.resident_memory_bytes,
        cpu=m.cpu_utilization,
        errors=dict(m.errors_by_type),
        node_types={
            name: NodeTypeStats(t.executions, t.errors, t.total_ms / 1000, t.samples) for name, t in sorted(m.node_types.items())
        },
        open_streams=tuple(OpenStream(s.session_id, s.pipeline, s.chunks, s.age_seconds, s.idle_seconds) for s in m.streams),
        prometheus=m.prometheus_text,
    )


def _latency(m: metrics_pb2.LatencySummary) -> Latency:
    return Latency(m.count, *(ms / 1000 for ms in (m.mean_ms, m.p50_ms, m.p95_ms, m.p99_ms, m.max_ms)))
