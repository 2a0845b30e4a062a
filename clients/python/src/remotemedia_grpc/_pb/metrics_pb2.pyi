from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MetricsRequest(_message.Message):
    __slots__ = ("client_version", "name_prefixes", "include_prometheus_text", "include_node_types", "include_streams")
    CLIENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    NAME_PREFIXES_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_PROMETHEUS_TEXT_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_NODE_TYPES_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_STREAMS_FIELD_NUMBER: _ClassVar[int]
    client_version: str
    name_prefixes: _containers.RepeatedScalarFieldContainer[str]
    include_prometheus_text: bool
    include_node_types: bool
    include_streams: bool
    def __init__(self, client_version: _Optional[str] = ..., name_prefixes: _Optional[_Iterable[str]] = ..., include_prometheus_text: bool = ..., include_node_types: bool = ..., include_streams: bool = ...) -> None: ...

class MetricsResponse(_message.Message):
    __slots__ = ("collected_at", "uptime_seconds", "requests_total", "requests_failed_total", "active_connections", "active_executions", "active_streams", "queue_depth", "rejected_total", "execute_latency", "chunk_latency", "chunks_total", "chunks_dropped_total", "audio_samples_total", "resident_memory_bytes", "cpu_utilization", "errors_by_type", "node_types", "streams", "prometheus_text", "protocol_version")
    class ErrorsByTypeEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class NodeTypesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: NodeTypeStats
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[NodeTypeStats, _Mapping]] = ...) -> None: ...
    COLLECTED_AT_FIELD_NUMBER: _ClassVar[int]
    UPTIME_SECONDS_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_TOTAL_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_FAILED_TOTAL_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_CONNECTIONS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_EXECUTIONS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_STREAMS_FIELD_NUMBER: _ClassVar[int]
    QUEUE_DEPTH_FIELD_NUMBER: _ClassVar[int]
    REJECTED_TOTAL_FIELD_NUMBER: _ClassVar[int]
    EXECUTE_LATENCY_FIELD_NUMBER: _ClassVar[int]
    CHUNK_LATENCY_FIELD_NUMBER: _ClassVar[int]
    CHUNKS_TOTAL_FIELD_NUMBER: _ClassVar[int]
    CHUNKS_DROPPED_TOTAL_FIELD_NUMBER: _ClassVar[int]
    AUDIO_SAMPLES_TOTAL_FIELD_NUMBER: _ClassVar[int]
    RESIDENT_MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    CPU_UTILIZATION_FIELD_NUMBER: _ClassVar[int]
    ERRORS_BY_TYPE_FIELD_NUMBER: _ClassVar[int]
    NODE_TYPES_FIELD_NUMBER: _ClassVar[int]
    STREAMS_FIELD_NUMBER: _ClassVar[int]
    PROMETHEUS_TEXT_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_VERSION_FIELD_NUMBER: _ClassVar[int]
    collected_at: str
    uptime_seconds: float
    requests_total: int
    requests_failed_total: int
    active_connections: int
    active_executions: int
    active_streams: int
    queue_depth: int
    rejected_total: int
    execute_latency: LatencySummary
    chunk_latency: LatencySummary
    chunks_total: int
    chunks_dropped_total: int
    audio_samples_total: int
    resident_memory_bytes: int
    cpu_utilization: float
    errors_by_type: _containers.ScalarMap[str, int]
    node_types: _containers.MessageMap[str, NodeTypeStats]
    streams: _containers.RepeatedCompositeFieldContainer[StreamInfo]
    prometheus_text: str
    protocol_version: str
    def __init__(self, collected_at: _Optional[str] = ..., uptime_seconds: _Optional[float] = ..., requests_total: _Optional[int] = ..., requests_failed_total: _Optional[int] = ..., active_connections: _Optional[int] = ..., active_executions: _Optional[int] = ..., active_streams: _Optional[int] = ..., queue_depth: _Optional[int] = ..., rejected_total: _Optional[int] = ..., execute_latency: _Optional[_Union[LatencySummary, _Mapping]] = ..., chunk_latency: _Optional[_Union[LatencySummary, _Mapping]] = ..., chunks_total: _Optional[int] = ..., chunks_dropped_total: _Optional[int] = ..., audio_samples_total: _Optional[int] = ..., resident_memory_bytes: _Optional[int] = ..., cpu_utilization: _Optional[float] = ..., errors_by_type: _Optional[_Mapping[str, int]] = ..., node_types: _Optional[_Mapping[str, NodeTypeStats]] = ..., streams: _Optional[_Iterable[_Union[StreamInfo, _Mapping]]] = ..., prometheus_text: _Optional[str] = ..., protocol_version: _Optional[str] = ...) -> None: ...

class LatencySummary(_message.Message):
    __slots__ = ("count", "mean_ms", "p50_ms", "p95_ms", "p99_ms", "max_ms")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    MEAN_MS_FIELD_NUMBER: _ClassVar[int]
    P50_MS_FIELD_NUMBER: _ClassVar[int]
    P95_MS_FIELD_NUMBER: _ClassVar[int]
    P99_MS_FIELD_NUMBER: _ClassVar[int]
    MAX_MS_FIELD_NUMBER: _ClassVar[int]
    count: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    def __init__(self, count: _Optional[int] = ..., mean_ms: _Optional[float] = ..., p50_ms: _Optional[float] = ..., p95_ms: _Optional[float] = ..., p99_ms: _Optional[float] = ..., max_ms: _Optional[float] = ...) -> None: ...

class NodeTypeStats(_message.Message):
    __slots__ = ("executions", "errors", "total_ms", "samples")
    EXECUTIONS_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_MS_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    executions: int
    errors: int
    total_ms: float
    samples: int
    def __init__(self, executions: _Optional[int] = ..., errors: _Optional[int] = ..., total_ms: _Optional[float] = ..., samples: _Optional[int] = ...) -> None: ...

class StreamInfo(_message.Message):
    __slots__ = ("session_id", "pipeline", "chunks", "age_seconds", "idle_seconds")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    CHUNKS_FIELD_NUMBER: _ClassVar[int]
    AGE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    IDLE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    pipeline: str
    chunks: int
    age_seconds: float
    idle_seconds: float
    def __init__(self, session_id: _Optional[str] = ..., pipeline: _Optional[str] = ..., chunks: _Optional[int] = ..., age_seconds: _Optional[float] = ..., idle_seconds: _Optional[float] = ...) -> None: ...
