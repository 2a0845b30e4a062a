from remotemedia_grpc._pb import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LatencyClass(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LATENCY_CLASS_UNSPECIFIED: _ClassVar[LatencyClass]
    LATENCY_CLASS_REALTIME: _ClassVar[LatencyClass]
    LATENCY_CLASS_FAST: _ClassVar[LatencyClass]
    LATENCY_CLASS_MEDIUM: _ClassVar[LatencyClass]
    LATENCY_CLASS_SLOW: _ClassVar[LatencyClass]
    LATENCY_CLASS_BATCH: _ClassVar[LatencyClass]
LATENCY_CLASS_UNSPECIFIED: LatencyClass
LATENCY_CLASS_REALTIME: LatencyClass
LATENCY_CLASS_FAST: LatencyClass
LATENCY_CLASS_MEDIUM: LatencyClass
LATENCY_CLASS_SLOW: LatencyClass
LATENCY_CLASS_BATCH: LatencyClass

class ListNodesRequest(_message.Message):
    __slots__ = ("filter", "category", "include_schema")
    FILTER_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    filter: str
    category: str
    include_schema: bool
    def __init__(self, filter: _Optional[str] = ..., category: _Optional[str] = ..., include_schema: bool = ...) -> None: ...

class ListNodesResponse(_message.Message):
    __slots__ = ("nodes",)
    NODES_FIELD_NUMBER: _ClassVar[int]
    nodes: _containers.RepeatedCompositeFieldContainer[NodeTypeInfo]
    def __init__(self, nodes: _Optional[_Iterable[_Union[NodeTypeInfo, _Mapping]]] = ...) -> None: ...

class DescribeNodeRequest(_message.Message):
    __slots__ = ("node_type",)
    NODE_TYPE_FIELD_NUMBER: _ClassVar[int]
    node_type: str
    def __init__(self, node_type: _Optional[str] = ...) -> None: ...

class NodeTypeInfo(_message.Message):
    __slots__ = ("name", "aliases", "description", "category", "accepts", "produces", "params_schema", "defaults", "multi_output", "stateful", "latency_class", "latency_samples", "example")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    ACCEPTS_FIELD_NUMBER: _ClassVar[int]
    PRODUCES_FIELD_NUMBER: _ClassVar[int]
    PARAMS_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    DEFAULTS_FIELD_NUMBER: _ClassVar[int]
    MULTI_OUTPUT_FIELD_NUMBER: _ClassVar[int]
    STATEFUL_FIELD_NUMBER: _ClassVar[int]
    LATENCY_CLASS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    EXAMPLE_FIELD_NUMBER: _ClassVar[int]
    name: str
    aliases: _containers.RepeatedScalarFieldContainer[str]
    description: str
    category: str
    accepts: _containers.RepeatedScalarFieldContainer[_common_pb2.DataTypeHint]
    produces: _containers.RepeatedScalarFieldContainer[_common_pb2.DataTypeHint]
    params_schema: str
    defaults: str
    multi_output: bool
    stateful: bool
    latency_class: LatencyClass
    latency_samples: int
    example: str
    def __init__(self, name: _Optional[str] = ..., aliases: _Optional[_Iterable[str]] = ..., description: _Optional[str] = ..., category: _Optional[str] = ..., accepts: _Optional[_Iterable[_Union[_common_pb2.DataTypeHint, str]]] = ..., produces: _Optional[_Iterable[_Union[_common_pb2.DataTypeHint, str]]] = ..., params_schema: _Optional[str] = ..., defaults: _Optional[str] = ..., multi_output: bool = ..., stateful: bool = ..., latency_class: _Optional[_Union[LatencyClass, str]] = ..., latency_samples: _Optional[int] = ..., example: _Optional[str] = ...) -> None: ...
