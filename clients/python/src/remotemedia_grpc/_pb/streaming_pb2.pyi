from remotemedia_grpc._pb import common_pb2 as _common_pb2
from remotemedia_grpc._pb import execution_pb2 as _execution_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BackpressurePolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BACKPRESSURE_POLICY_UNSPECIFIED: _ClassVar[BackpressurePolicy]
    BACKPRESSURE_POLICY_BLOCK: _ClassVar[BackpressurePolicy]
    BACKPRESSURE_POLICY_DROP_OLDEST: _ClassVar[BackpressurePolicy]
    BACKPRESSURE_POLICY_DROP_NEWEST: _ClassVar[BackpressurePolicy]
    BACKPRESSURE_POLICY_ERROR: _ClassVar[BackpressurePolicy]

class StreamErrorType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STREAM_ERROR_UNSPECIFIED: _ClassVar[StreamErrorType]
    STREAM_ERROR_INIT_REQUIRED: _ClassVar[StreamErrorType]
    STREAM_ERROR_INVALID_SEQUENCE: _ClassVar[StreamErrorType]
    STREAM_ERROR_BUFFER_OVERFLOW: _ClassVar[StreamErrorType]
    STREAM_ERROR_TIMEOUT: _ClassVar[StreamErrorType]
    STREAM_ERROR_CLIENT_DISCONNECT: _ClassVar[StreamErrorType]
    STREAM_ERROR_EXECUTION: _ClassVar[StreamErrorType]
BACKPRESSURE_POLICY_UNSPECIFIED: BackpressurePolicy
BACKPRESSURE_POLICY_BLOCK: BackpressurePolicy
BACKPRESSURE_POLICY_DROP_OLDEST: BackpressurePolicy
BACKPRESSURE_POLICY_DROP_NEWEST: BackpressurePolicy
BACKPRESSURE_POLICY_ERROR: BackpressurePolicy
STREAM_ERROR_UNSPECIFIED: StreamErrorType
STREAM_ERROR_INIT_REQUIRED: StreamErrorType
STREAM_ERROR_INVALID_SEQUENCE: StreamErrorType
STREAM_ERROR_BUFFER_OVERFLOW: StreamErrorType
STREAM_ERROR_TIMEOUT: StreamErrorType
STREAM_ERROR_CLIENT_DISCONNECT: StreamErrorType
STREAM_ERROR_EXECUTION: StreamErrorType

class StreamRequest(_message.Message):
    __slots__ = ("init", "audio_chunk", "control", "data_chunk")
    INIT_FIELD_NUMBER: _ClassVar[int]
    AUDIO_CHUNK_FIELD_NUMBER: _ClassVar[int]
    CONTROL_FIELD_NUMBER: _ClassVar[int]
    DATA_CHUNK_FIELD_NUMBER: _ClassVar[int]
    init: StreamInit
    audio_chunk: AudioChunk
    control: StreamControl
    data_chunk: JsonChunk
    def __init__(self, init: _Optional[_Union[StreamInit, _Mapping]] = ..., audio_chunk: _Optional[_Union[AudioChunk, _Mapping]] = ..., control: _Optional[_Union[StreamControl, _Mapping]] = ..., data_chunk: _Optional[_Union[JsonChunk, _Mapping]] = ...) -> None: ...

class StreamInit(_message.Message):
    __slots__ = ("manifest", "data_inputs", "resource_limits", "client_version", "expected_chunk_size", "backpressure", "request_id", "output_nodes", "metrics_interval_chunks", "allow_gaps", "continue_on_error")
    class DataInputsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    DATA_INPUTS_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_LIMITS_FIELD_NUMBER: _ClassVar[int]
    CLIENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_CHUNK_SIZE_FIELD_NUMBER: _ClassVar[int]
    BACKPRESSURE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_NODES_FIELD_NUMBER: _ClassVar[int]
    METRICS_INTERVAL_CHUNKS_FIELD_NUMBER: _ClassVar[int]
    ALLOW_GAPS_FIELD_NUMBER: _ClassVar[int]
    CONTINUE_ON_ERROR_FIELD_NUMBER: _ClassVar[int]
    manifest: _execution_pb2.PipelineManifest
    data_inputs: _containers.ScalarMap[str, str]
    resource_limits: _common_pb2.ResourceLimits
    client_version: str
    expected_chunk_size: int
    backpressure: BackpressurePolicy
    request_id: str
    output_nodes: _containers.RepeatedScalarFieldContainer[str]
    metrics_interval_chunks: int
    allow_gaps: bool
    continue_on_error: bool
    def __init__(self, manifest: _Optional[_Union[_execution_pb2.PipelineManifest, _Mapping]] = ..., data_inputs: _Optional[_Mapping[str, str]] = ..., resource_limits: _Optional[_Union[_common_pb2.ResourceLimits, _Mapping]] = ..., client_version: _Optional[str] = ..., expected_chunk_size: _Optional[int] = ..., backpressure: _Optional[_Union[BackpressurePolicy, str]] = ..., request_id: _Optional[str] = ..., output_nodes: _Optional[_Iterable[str]] = ..., metrics_interval_chunks: _Optional[int] = ..., allow_gaps: bool = ..., continue_on_error: bool = ...) -> None: ...

class AudioChunk(_message.Message):
    __slots__ = ("node_id", "buffer", "sequence", "timestamp_ms")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    BUFFER_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_MS_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    buffer: _common_pb2.AudioBuffer
    sequence: int
    timestamp_ms: int
    def __init__(self, node_id: _Optional[str] = ..., buffer: _Optional[_Union[_common_pb2.AudioBuffer, _Mapping]] = ..., sequence: _Optional[int] = ..., timestamp_ms: _Optional[int] = ...) -> None: ...

class JsonChunk(_message.Message):
    __slots__ = ("node_id", "json", "sequence", "timestamp_ms", "port")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    JSON_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_MS_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    json: str
    sequence: int
    timestamp_ms: int
    port: str
    def __init__(self, node_id: _Optional[str] = ..., json: _Optional[str] = ..., sequence: _Optional[int] = ..., timestamp_ms: _Optional[int] = ..., port: _Optional[str] = ...) -> None: ...

class StreamControl(_message.Message):
    __slots__ = ("command",)
    class Command(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        COMMAND_UNSPECIFIED: _ClassVar[StreamControl.Command]
        COMMAND_CLOSE: _ClassVar[StreamControl.Command]
        COMMAND_CANCEL: _ClassVar[StreamControl.Command]
    COMMAND_UNSPECIFIED: StreamControl.Command
    COMMAND_CLOSE: StreamControl.Command
    COMMAND_CANCEL: StreamControl.Command
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    command: StreamControl.Command
    def __init__(self, command: _Optional[_Union[StreamControl.Command, str]] = ...) -> None: ...

class StreamResponse(_message.Message):
    __slots__ = ("ready", "result", "error", "metrics", "closed")
    READY_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    ready: StreamReady
    result: ChunkResult
    error: _common_pb2.ErrorResponse
    metrics: StreamMetrics
    closed: StreamClosed
    def __init__(self, ready: _Optional[_Union[StreamReady, _Mapping]] = ..., result: _Optional[_Union[ChunkResult, _Mapping]] = ..., error: _Optional[_Union[_common_pb2.ErrorResponse, _Mapping]] = ..., metrics: _Optional[_Union[StreamMetrics, _Mapping]] = ..., closed: _Optional[_Union[StreamClosed, _Mapping]] = ...) -> None: ...

class StreamReady(_message.Message):
    __slots__ = ("session_id", "recommended_chunk_size", "max_buffer_latency_ms", "input_node_ids", "output_node_ids", "idle_timeout_ms", "queue_capacity", "protocol_version")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    RECOMMENDED_CHUNK_SIZE_FIELD_NUMBER: _ClassVar[int]
    MAX_BUFFER_LATENCY_MS_FIELD_NUMBER: _ClassVar[int]
    INPUT_NODE_IDS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_NODE_IDS_FIELD_NUMBER: _ClassVar[int]
    IDLE_TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    QUEUE_CAPACITY_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_VERSION_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    recommended_chunk_size: int
    max_buffer_latency_ms: int
    input_node_ids: _containers.RepeatedScalarFieldContainer[str]
    output_node_ids: _containers.RepeatedScalarFieldContainer[str]
    idle_timeout_ms: int
    queue_capacity: int
    protocol_version: str
    def __init__(self, session_id: _Optional[str] = ..., recommended_chunk_size: _Optional[int] = ..., max_buffer_latency_ms: _Optional[int] = ..., input_node_ids: _Optional[_Iterable[str]] = ..., output_node_ids: _Optional[_Iterable[str]] = ..., idle_timeout_ms: _Optional[int] = ..., queue_capacity: _Optional[int] = ..., protocol_version: _Optional[str] = ...) -> None: ...

class ChunkResult(_message.Message):
    __slots__ = ("sequence", "audio_outputs", "data_outputs", "processing_time_ms", "total_samples_processed", "is_final", "node_metrics", "dropped", "warnings", "audio_output_lists", "data_output_lists")
    class AudioOutputsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _common_pb2.AudioBuffer
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_common_pb2.AudioBuffer, _Mapping]] = ...) -> None: ...
    class DataOutputsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class NodeMetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _common_pb2.NodeMetrics
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_common_pb2.NodeMetrics, _Mapping]] = ...) -> None: ...
    class AudioOutputListsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _common_pb2.AudioBufferList
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_common_pb2.AudioBufferList, _Mapping]] = ...) -> None: ...
    class DataOutputListsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _common_pb2.JsonList
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_common_pb2.JsonList, _Mapping]] = ...) -> None: ...
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    AUDIO_OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    DATA_OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SAMPLES_PROCESSED_FIELD_NUMBER: _ClassVar[int]
    IS_FINAL_FIELD_NUMBER: _ClassVar[int]
    NODE_METRICS_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    AUDIO_OUTPUT_LISTS_FIELD_NUMBER: _ClassVar[int]
    DATA_OUTPUT_LISTS_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    audio_outputs: _containers.MessageMap[str, _common_pb2.AudioBuffer]
    data_outputs: _containers.ScalarMap[str, str]
    processing_time_ms: float
    total_samples_processed: int
    is_final: bool
    node_metrics: _containers.MessageMap[str, _common_pb2.NodeMetrics]
    dropped: bool
    warnings: _containers.RepeatedScalarFieldContainer[str]
    audio_output_lists: _containers.MessageMap[str, _common_pb2.AudioBufferList]
    data_output_lists: _containers.MessageMap[str, _common_pb2.JsonList]
    def __init__(self, sequence: _Optional[int] = ..., audio_outputs: _Optional[_Mapping[str, _common_pb2.AudioBuffer]] = ..., data_outputs: _Optional[_Mapping[str, str]] = ..., processing_time_ms: _Optional[float] = ..., total_samples_processed: _Optional[int] = ..., is_final: bool = ..., node_metrics: _Optional[_Mapping[str, _common_pb2.NodeMetrics]] = ..., dropped: bool = ..., warnings: _Optional[_Iterable[str]] = ..., audio_output_lists: _Optional[_Mapping[str, _common_pb2.AudioBufferList]] = ..., data_output_lists: _Optional[_Mapping[str, _common_pb2.JsonList]] = ...) -> None: ...

class StreamMetrics(_message.Message):
    __slots__ = ("session_id", "chunks_processed", "average_latency_ms", "total_samples", "buffer_samples", "chunks_dropped", "peak_memory_bytes", "data_type_breakdown", "p50_ms", "p95_ms", "p99_ms")
    class DataTypeBreakdownEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    CHUNKS_PROCESSED_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_LATENCY_MS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    BUFFER_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    CHUNKS_DROPPED_FIELD_NUMBER: _ClassVar[int]
    PEAK_MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    DATA_TYPE_BREAKDOWN_FIELD_NUMBER: _ClassVar[int]
    P50_MS_FIELD_NUMBER: _ClassVar[int]
    P95_MS_FIELD_NUMBER: _ClassVar[int]
    P99_MS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    chunks_processed: int
    average_latency_ms: float
    total_samples: int
    buffer_samples: int
    chunks_dropped: int
    peak_memory_bytes: int
    data_type_breakdown: _containers.ScalarMap[str, int]
    p50_ms: float
    p95_ms: float
    p99_ms: float
    def __init__(self, session_id: _Optional[str] = ..., chunks_processed: _Optional[int] = ..., average_latency_ms: _Optional[float] = ..., total_samples: _Optional[int] = ..., buffer_samples: _Optional[int] = ..., chunks_dropped: _Optional[int] = ..., peak_memory_bytes: _Optional[int] = ..., data_type_breakdown: _Optional[_Mapping[str, int]] = ..., p50_ms: _Optional[float] = ..., p95_ms: _Optional[float] = ..., p99_ms: _Optional[float] = ...) -> None: ...

class StreamClosed(_message.Message):
    __slots__ = ("session_id", "final_metrics", "reason", "chunks_processed", "total_samples", "close_code")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    FINAL_METRICS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CHUNKS_PROCESSED_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    CLOSE_CODE_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    final_metrics: _common_pb2.ExecutionMetrics
    reason: str
    chunks_processed: int
    total_samples: int
    close_code: int
    def __init__(self, session_id: _Optional[str] = ..., final_metrics: _Optional[_Union[_common_pb2.ExecutionMetrics, _Mapping]] = ..., reason: _Optional[str] = ..., chunks_processed: _Optional[int] = ..., total_samples: _Optional[int] = ..., close_code: _Optional[int] = ...) -> None: ...

class StreamErrorResponse(_message.Message):
    __slots__ = ("base_error", "stream_error_type", "failing_sequence", "session_id")
    BASE_ERROR_FIELD_NUMBER: _ClassVar[int]
    STREAM_ERROR_TYPE_FIELD_NUMBER: _ClassVar[int]
    FAILING_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    base_error: _common_pb2.ErrorResponse
    stream_error_type: StreamErrorType
    failing_sequence: int
    session_id: str
    def __init__(self, base_error: _Optional[_Union[_common_pb2.ErrorResponse, _Mapping]] = ..., stream_error_type: _Optional[_Union[StreamErrorType, str]] = ..., failing_sequence: _Optional[int] = ..., session_id: _Optional[str] = ...) -> None: ...
