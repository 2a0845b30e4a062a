"""Manifests: pipelines as documents, JSON or YAML, with the spellings that the service accepts.

A manifest is checked before it is sent: its fields, the ids that connections name, the node types and the names of their
parameters. The values of parameters are the service's to judge, which tells all problems at once.
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from remotemedia_grpc import _yaml
from remotemedia_grpc._catalogue import NODE_TYPES
from remotemedia_grpc._pb import common_pb2, execution_pb2
from remotemedia_grpc.errors import ValidationError

_HINTS = {"rust_python": 1, "cpython": 2, "cpython_wasm": 3, "auto": 4}

# The fields of each object, each with the spellings that it has besides its camelCase.
_MANIFEST: dict[str, tuple[str, ...]] = {"version": (), "metadata": (), "nodes": (), "connections": ()}
_METADATA: dict[str, tuple[str, ...]] = {"name": (), "description": (), "created_at": ()}
_NODE: dict[str, tuple[str, ...]] = {
    "id": (),
    "node_type": ("type",),
    "params": ("config",),
    "is_streaming": (),
    "capabilities": (),
    "host": (),
    "runtime_hint": (),
    "execution": (),
    "is_output_node": (),
    "timeout_ms": (),
    "input_types": (),
    "output_types": (),
}
_CAPABILITIES: dict[str, tuple[str, ...]] = {"gpu": (), "cpu": (), "memory_gb": ()}
_GPU: dict[str, tuple[str, ...]] = {"type": (), "min_memory_gb": (), "required": ()}
_CPU: dict[str, tuple[str, ...]] = {"cores": (), "arch": ()}
_CONNECTION: dict[str, tuple[str, ...]] = {
    "from": ("from_node", "fromNode"),
    "to": ("to_node", "toNode"),
    "from_output": ("output_port", "outputPort"),
    "to_input": ("input_port", "inputPort"),
}


class Manifest:
    """A pipeline as it is sent. It doesn't change, may be used for any number of calls, and by several threads.

    Args:
        document: What a JSON or YAML manifest holds; see the project's guide to manifests.
    """

    __slots__ = ("_checked", "message", "node_ids", "starts", "wire")

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._adopt(_message(document))

    def _adopt(self, message: execution_pb2.PipelineManifest) -> None:
        self.message = message
        #: The manifest, encoded.
        self.wire: bytes = self.message.SerializeToString()
        #: Ids of the nodes, in their order.
        self.node_ids = tuple(node.id for node in self.message.nodes)
        targets = {getattr(edge, "to") for edge in self.message.connections}  # noqa: B009  # beside "from", which is a keyword
        #: Ids of the nodes without a predecessor.
        self.starts = tuple(node for node in self.node_ids if node not in targets)
        self._checked = False

    @classmethod
    def of_message(cls, data: bytes) -> Manifest:
        """Take a manifest as a service encoded it."""
        manifest = cls.__new__(cls)
        manifest._adopt(execution_pb2.PipelineManifest.FromString(data))
        return manifest

    @classmethod
    def parse(cls, text: str) -> Manifest:
        """Read the text of a manifest: JSON where it begins with a brace, YAML otherwise."""
        document = _json(text) if text.lstrip("\ufeff \t\r\n").startswith("{") else _yaml.parse(text)
        if not isinstance(document, Mapping):
            raise _invalid(
                "wrong_type", f"a manifest is an object with version, nodes and connections; this is a {type(document).__name__}"
            )
        return cls(document)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Manifest:
        """Read the file of a manifest."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise _invalid("syntax", f"the manifest {os.fspath(path)} can't be read: {error}") from error
        return cls.parse(text)

    def check(self) -> None:
        """Refuse node types and parameters that the catalogue of this release doesn't have."""
        if not self._checked:
            for index, node in enumerate(self.message.nodes):
                _check_node(node, f"nodes[{index}]")
            self._checked = True

    def address(self, node: str) -> str:
        """Give the node that an input is for; the empty id means the one node at the start."""
        if node:
            if node not in self.node_ids:
                raise ValidationError(
                    f"there is no node {node!r} in the pipeline{_near(node, self.node_ids)}: its nodes are {_list(self.node_ids)}",
                    code="unknown_input_node",
                    node_id=node,
                )
            return node
        if len(self.starts) != 1:
            raise _invalid(
                "unknown_input_node",
                f"{len(self.starts)} nodes are at the start: name the one that the input is for, of {_list(self.starts)}",
            )
        return self.starts[0]

    def __repr__(self) -> str:
        return f"Manifest({self.message.metadata.name!r}, nodes={list(self.node_ids)})"


def _message(document: Mapping[str, Any]) -> execution_pb2.PipelineManifest:
    top = _pick(document, _MANIFEST, "manifest")
    nodes, edges = top.get("nodes") or [], top.get("connections") or []
    if not top.get("version"):
        raise _invalid("missing_field", 'the manifest has no version: add version: "v1"')
    if not isinstance(nodes, list) or not nodes:
        raise _invalid("manifest_empty", "the manifest has no nodes: give a list of at least one")
    if not isinstance(edges, list):
        raise _invalid("wrong_type", "connections is a list of {from, to}")
    message = execution_pb2.PipelineManifest(
        version=str(top["version"]),
        metadata=_build(execution_pb2.ManifestMetadata, _pick(top.get("metadata") or {}, _METADATA, "metadata"), "metadata"),
        nodes=[_node(node, f"nodes[{i}]") for i, node in enumerate(nodes)],
        connections=[_connection(edge, f"connections[{i}]") for i, edge in enumerate(edges)],
    )
    _check_ids(message)
    return message


def _build(kind: Any, values: Mapping[str, Any], path: str) -> Any:
    """Make a message of values, any of which may be of a wrong type."""
    try:
        return kind(**values)
    except (TypeError, ValueError) as error:
        raise _invalid("wrong_type", f"{path}: {error}") from error


def _node(document: Any, path: str) -> execution_pb2.NodeManifest:
    values = _pick(document, _NODE, path)
    for field in ("id", "node_type"):
        if not values.get(field):
            raise _invalid("missing_field", f"{path} has no {field}: give it one")
    values.pop("execution", None)
    values["params"] = _params(values.get("params"), path)
    if (hint := values.get("runtime_hint")) is not None:
        if hint not in _HINTS:
            raise _invalid("wrong_type", f"{path}.runtime_hint is {hint!r}: use one of {_list(_HINTS)}, or leave it out")
        values["runtime_hint"] = _HINTS[hint]
    for field in ("input_types", "output_types"):
        if field in values:
            values[field] = [_kind(kind, f"{path}.{field}") for kind in values[field] or ()]
    if (needs := values.get("capabilities")) is not None:
        values["capabilities"] = _capabilities(needs, f"{path}.capabilities")
    built: execution_pb2.NodeManifest = _build(execution_pb2.NodeManifest, values, path)
    return built


def _params(params: Any, path: str) -> str:
    """Give the JSON text of parameters, which may be an object or text already."""
    if params is None or isinstance(params, str):
        return params or ""
    if not isinstance(params, Mapping):
        raise _invalid("wrong_type", f"{path}.params is a {type(params).__name__}: give an object of names and values")
    return encode_json(params, f"{path}.params")


def encode_json(value: Any, path: str) -> str:
    """Write JSON; what JSON doesn't have is refused."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        text.encode()  # half a surrogate pair is no text
        return text
    except (TypeError, ValueError, RecursionError) as error:
        raise _invalid("data_input_syntax", f"{path} can't be written as JSON: {error}") from error


def _kind(name: Any, path: str) -> int:
    try:
        return common_pb2.DataTypeHint.Value(f"DATA_TYPE_HINT_{str(name).upper()}")
    except ValueError as error:
        raise _invalid("wrong_type", f"{path}: there is no kind of data named {name!r}") from error


def _capabilities(document: Any, path: str) -> execution_pb2.CapabilityRequirements:
    values = _pick(document, _CAPABILITIES, path)
    if (gpu := values.get("gpu")) is not None:
        values["gpu"] = _build(execution_pb2.GpuRequirement, {"required": True, **_pick(gpu, _GPU, f"{path}.gpu")}, f"{path}.gpu")
    if (cpu := values.get("cpu")) is not None:
        values["cpu"] = _build(execution_pb2.CpuRequirement, _pick(cpu, _CPU, f"{path}.cpu"), f"{path}.cpu")
    built: execution_pb2.CapabilityRequirements = _build(execution_pb2.CapabilityRequirements, values, path)
    return built


def _connection(document: Any, path: str) -> execution_pb2.Connection:
    values = _pick(document, _CONNECTION, path)
    for end in ("from", "to"):
        if not values.get(end):
            raise _invalid("empty_connection", f"{path} has no {end}: name the node")
    built: execution_pb2.Connection = _build(execution_pb2.Connection, values, path)
    return built


def _pick(document: Any, table: Mapping[str, tuple[str, ...]], path: str) -> dict[str, Any]:
    """Return the values of an object by the canonical names of its fields."""
    if not isinstance(document, Mapping):
        raise _invalid("wrong_type", f"{path} is a {type(document).__name__}: give an object with {_list(table)}")
    spellings = {spelling: name for name, also in table.items() for spelling in (name, camel_case(name), *also)}
    values: dict[str, Any] = {}
    for key, value in document.items():
        name = spellings.get(key)
        if name is None:
            if isinstance(key, str) and (key.startswith("x-") or key == "$schema"):
                continue
            raise _invalid("unknown_field", f"{path} has a field {key!r} that it can't have{_near(str(key), spellings)}")
        if name in values:
            raise _invalid("duplicate_field", f"{path} has {name} twice, in two spellings: keep one of them")
        values[name] = value
    return values


def camel_case(name: str) -> str:
    """Give the other spelling of a name."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _check_ids(message: execution_pb2.PipelineManifest) -> None:
    ids = [node.id for node in message.nodes]
    if doubled := sorted({i for i in ids if ids.count(i) > 1}) if len(set(ids)) != len(ids) else []:
        raise ValidationError(
            f"several nodes have the id {doubled[0]!r}: give each its own", code="duplicate_node_id", node_id=doubled[0]
        )
    known = set(ids)
    for index, edge in enumerate(message.connections):
        for end in (getattr(edge, "from"), edge.to):
            if end not in known:
                raise _invalid(
                    "unknown_endpoint",
                    f"connections[{index}] names a node {end!r} that doesn't exist{_near(end, ids)}: the nodes are {_list(ids)}",
                )


_NEWER = "If the service is newer than this client, update remotemedia-grpc, or make the client with check_nodes=False."


def _check_node(node: execution_pb2.NodeManifest, path: str) -> None:
    accepted = NODE_TYPES.get(node.node_type)
    if accepted is None:
        raise ValidationError(
            f"{path}: there is no node type {node.node_type!r}{_near(node.node_type, NODE_TYPES)}. The types are in"
            f" remotemedia_grpc.nodes. {_NEWER}",
            code="unknown_node_type",
            node_id=node.id,
            context={"available_node_types": sorted(NODE_TYPES)},
        )
    for name in params_of(node, path):
        if name not in accepted:
            canonical = [a for a in accepted if a.islower()]
            listed = f"it takes {_list(canonical)}" if canonical else "it takes none"
            raise ValidationError(
                f"{path}: {node.node_type} has no parameter {name!r}{_near(name, accepted)}: {listed}. {_NEWER}",
                code="unknown_parameter",
                node_id=node.id,
            )


def params_of(node: execution_pb2.NodeManifest, path: str) -> dict[str, Any]:
    """Decode a node's parameters."""
    params = _json(node.params, f"{path}.params") if node.params else None
    if params is None:
        return {}
    if not isinstance(params, dict):
        raise ValidationError(f"{path}.params must be an object, not {node.params[:40]}", code="params_syntax", node_id=node.id)
    return params


def _json(text: str, path: str = "the manifest") -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise _invalid("syntax", f"{path} isn't well-formed JSON: {error}") from error


def _near(name: str, candidates: Iterable[str]) -> str:
    folded = {c.lower().replace("_", "").replace("-", ""): c for c in candidates}
    found = difflib.get_close_matches(name.lower().replace("_", "").replace("-", ""), list(folded), n=1)
    return f" (did you mean {folded[found[0]]}?)" if found else ""


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)


def _invalid(code: str, message: str) -> ValidationError:
    return ValidationError(message, code=code)
