"""Node types and checks of manifests: what :meth:`remotemedia_grpc.Client.nodes`, ``describe`` and ``validate`` give."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from google.protobuf.message import DecodeError, Message

from remotemedia_grpc import _codec
from remotemedia_grpc._pb import catalog_pb2, common_pb2, tools_pb2
from remotemedia_grpc.manifest import Manifest
from remotemedia_grpc.pipeline import PipelineLike, as_manifest

_M = TypeVar("_M", bound=Message)


@dataclass(frozen=True, slots=True)
class NodeType:
    """A node type of a service."""

    name: str
    aliases: tuple[str, ...]
    description: str  #: A sentence in a list; from ``describe`` in full, Markdown.
    category: str
    accepts: tuple[str, ...]  #: Kinds: audio, json, text, binary, or any.
    produces: tuple[str, ...]
    multi_output: bool  #: It may give several items for one.
    stateful: bool  #: It keeps state between items.
    latency_class: str  #: realtime, fast, medium, slow or batch; empty where it isn't told.
    latency_samples: int  #: Frames at its output rate; at 16 kHz where that is the input's.
    schema: Mapping[str, Any] = field(default_factory=dict)  #: JSON Schema of the parameters, where it was asked for.
    defaults: Mapping[str, Any] = field(default_factory=dict)  #: Parameters with their defaults, where they were asked for.
    example: Mapping[str, Any] = field(default_factory=dict)  #: A manifest, where it was asked for.


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of a manifest."""

    severity: Literal["error", "warning"]
    code: str
    message: str
    hint: str  #: What to do; may be empty.
    node_id: str
    path: str  #: Place in the document, such as ``nodes[2].params.threshold``.
    line: int  #: In the text, from 1; 0 where there is none.
    column: int


@dataclass(frozen=True, slots=True)
class InputFormat:
    """What a node at the start will receive: audio, of which what isn't known is 0.

    Args:
        rate: Sample rate in Hz.
        channels: Number of channels.
    """

    rate: int = 0
    channels: int = 0


@dataclass(frozen=True, slots=True)
class Validation:
    """What a check found. All but the problems is empty where the manifest isn't valid."""

    valid: bool
    problems: tuple[Problem, ...]  #: Errors and warnings.
    order: tuple[str, ...]  #: Node ids as they would run.
    sources: tuple[str, ...]  #: Those that need an input.
    sinks: tuple[str, ...]  #: Those whose outputs would be returned.
    memory_bytes: int  #: Of the nodes' audio for a second of input; 0 where the formats don't tell enough.
    normalized: Manifest | None  #: Canonical names, defaults filled in; secrets are as they were sent.


def list_request(filter: str, category: str, schemas: bool) -> bytes:
    """Encode a ListNodesRequest."""
    return catalog_pb2.ListNodesRequest(filter=filter, category=category, include_schema=schemas).SerializeToString()


def describe_request(name: str) -> bytes:
    """Encode a DescribeNodeRequest."""
    return catalog_pb2.DescribeNodeRequest(node_type=name).SerializeToString()


def validate_request(pipeline: PipelineLike | None, text: str, inputs: Mapping[str, InputFormat] | None) -> bytes:
    """Encode a ValidatePipelineRequest; a text that begins with a brace is JSON, and any other YAML."""
    request = tools_pb2.ValidatePipelineRequest()
    if pipeline is not None:
        request.manifest.CopyFrom(as_manifest(pipeline).message)
    elif text.lstrip("\ufeff \t\r\n").startswith("{"):
        request.json = text
    else:
        request.yaml = text
    for node, format in (inputs or {}).items():
        request.input_formats[node].kind = common_pb2.DATA_TYPE_HINT_AUDIO
        request.input_formats[node].sample_rate = format.rate
        request.input_formats[node].channels = format.channels
    return request.SerializeToString()


def _decoded(kind: type[_M], data: bytes) -> _M:
    try:
        return kind.FromString(data)
    except DecodeError as error:
        raise _codec.unreadable(error) from error


def decode_list(data: bytes) -> tuple[NodeType, ...]:
    """Decode a ListNodesResponse."""
    return tuple(_node_type(info) for info in _decoded(catalog_pb2.ListNodesResponse, data).nodes)


def decode_node(data: bytes) -> NodeType:
    """Decode a NodeTypeInfo."""
    return _node_type(_decoded(catalog_pb2.NodeTypeInfo, data))


def _node_type(info: catalog_pb2.NodeTypeInfo) -> NodeType:
    return NodeType(
        name=info.name,
        aliases=tuple(info.aliases),
        description=info.description,
        category=info.category,
        accepts=_kinds(info.accepts),
        produces=_kinds(info.produces),
        multi_output=info.multi_output,
        stateful=info.stateful,
        latency_class=_LATENCY.get(info.latency_class, ""),
        latency_samples=info.latency_samples,
        schema=_object(info.params_schema),
        defaults=_object(info.defaults),
        example=_object(info.example),
    )


_LATENCY = {number: name.removeprefix("LATENCY_CLASS_").lower() for name, number in catalog_pb2.LatencyClass.items() if number}
_KINDS = {number: name.removeprefix("DATA_TYPE_HINT_").lower() for name, number in common_pb2.DataTypeHint.items()}


def _kinds(hints: Any) -> tuple[str, ...]:
    return tuple(_KINDS.get(hint, "unspecified") for hint in hints)


def _object(text: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise _codec.unreadable(error) from error
    return value if isinstance(value, dict) else {}


def decode_validation(data: bytes) -> Validation:
    """Decode a ValidatePipelineResponse."""
    m = _decoded(tools_pb2.ValidatePipelineResponse, data)
    return Validation(
        valid=m.valid,
        problems=tuple(_problem(p) for p in m.problems),
        order=tuple(m.execution_order),
        sources=tuple(m.sources),
        sinks=tuple(m.sinks),
        memory_bytes=m.estimated_memory_bytes,
        normalized=Manifest.of_message(m.normalized.SerializeToString()) if m.HasField("normalized") else None,
    )


def _problem(p: tools_pb2.PipelineProblem) -> Problem:
    severity: Literal["error", "warning"] = "warning" if p.severity == tools_pb2.SEVERITY_WARNING else "error"
    return Problem(severity, p.code, p.message, p.hint, p.node_id, p.path, p.line, p.column)
