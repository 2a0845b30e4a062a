from remotemedia_grpc._pb import common_pb2 as _common_pb2
from remotemedia_grpc._pb import execution_pb2 as _execution_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Severity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEVERITY_UNSPECIFIED: _ClassVar[Severity]
    SEVERITY_ERROR: _ClassVar[Severity]
    SEVERITY_WARNING: _ClassVar[Severity]

class ManifestSyntax(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MANIFEST_SYNTAX_UNSPECIFIED: _ClassVar[ManifestSyntax]
    MANIFEST_SYNTAX_JSON: _ClassVar[ManifestSyntax]
    MANIFEST_SYNTAX_YAML: _ClassVar[ManifestSyntax]
SEVERITY_UNSPECIFIED: Severity
SEVERITY_ERROR: Severity
SEVERITY_WARNING: Severity
MANIFEST_SYNTAX_UNSPECIFIED: ManifestSyntax
MANIFEST_SYNTAX_JSON: ManifestSyntax
MANIFEST_SYNTAX_YAML: ManifestSyntax

class ValidatePipelineRequest(_message.Message):
    __slots__ = ("manifest", "json", "yaml", "input_formats")
    class InputFormatsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: InputFormat
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[InputFormat, _Mapping]] = ...) -> None: ...
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    JSON_FIELD_NUMBER: _ClassVar[int]
    YAML_FIELD_NUMBER: _ClassVar[int]
    INPUT_FORMATS_FIELD_NUMBER: _ClassVar[int]
    manifest: _execution_pb2.PipelineManifest
    json: str
    yaml: str
    input_formats: _containers.MessageMap[str, InputFormat]
    def __init__(self, manifest: _Optional[_Union[_execution_pb2.PipelineManifest, _Mapping]] = ..., json: _Optional[str] = ..., yaml: _Optional[str] = ..., input_formats: _Optional[_Mapping[str, InputFormat]] = ...) -> None: ...

class InputFormat(_message.Message):
    __slots__ = ("kind", "sample_rate", "channels", "format")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    kind: _common_pb2.DataTypeHint
    sample_rate: int
    channels: int
    format: _common_pb2.AudioFormat
    def __init__(self, kind: _Optional[_Union[_common_pb2.DataTypeHint, str]] = ..., sample_rate: _Optional[int] = ..., channels: _Optional[int] = ..., format: _Optional[_Union[_common_pb2.AudioFormat, str]] = ...) -> None: ...

class ValidatePipelineResponse(_message.Message):
    __slots__ = ("valid", "problems", "execution_order", "sources", "sinks", "normalized", "estimated_memory_bytes")
    VALID_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_ORDER_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    SINKS_FIELD_NUMBER: _ClassVar[int]
    NORMALIZED_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    valid: bool
    problems: _containers.RepeatedCompositeFieldContainer[PipelineProblem]
    execution_order: _containers.RepeatedScalarFieldContainer[str]
    sources: _containers.RepeatedScalarFieldContainer[str]
    sinks: _containers.RepeatedScalarFieldContainer[str]
    normalized: _execution_pb2.PipelineManifest
    estimated_memory_bytes: int
    def __init__(self, valid: bool = ..., problems: _Optional[_Iterable[_Union[PipelineProblem, _Mapping]]] = ..., execution_order: _Optional[_Iterable[str]] = ..., sources: _Optional[_Iterable[str]] = ..., sinks: _Optional[_Iterable[str]] = ..., normalized: _Optional[_Union[_execution_pb2.PipelineManifest, _Mapping]] = ..., estimated_memory_bytes: _Optional[int] = ...) -> None: ...

class PipelineProblem(_message.Message):
    __slots__ = ("severity", "code", "node_id", "path", "message", "line", "column", "hint")
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    HINT_FIELD_NUMBER: _ClassVar[int]
    severity: Severity
    code: str
    node_id: str
    path: str
    message: str
    line: int
    column: int
    hint: str
    def __init__(self, severity: _Optional[_Union[Severity, str]] = ..., code: _Optional[str] = ..., node_id: _Optional[str] = ..., path: _Optional[str] = ..., message: _Optional[str] = ..., line: _Optional[int] = ..., column: _Optional[int] = ..., hint: _Optional[str] = ...) -> None: ...

class ConvertManifestRequest(_message.Message):
    __slots__ = ("text", "to")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    text: str
    to: ManifestSyntax
    def __init__(self, text: _Optional[str] = ..., to: _Optional[_Union[ManifestSyntax, str]] = ..., **kwargs) -> None: ...

class ConvertManifestResponse(_message.Message):
    __slots__ = ("text", "manifest")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    text: str
    manifest: _execution_pb2.PipelineManifest
    def __init__(self, text: _Optional[str] = ..., manifest: _Optional[_Union[_execution_pb2.PipelineManifest, _Mapping]] = ...) -> None: ...
