"""The builder: ``Pipeline("speech") | Resample(16000) | VAD()``.

The classes of the nodes are in :mod:`remotemedia_grpc.nodes`, made from the service's catalogue, so that an editor knows their
parameters, defaults and documentation.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from remotemedia_grpc.errors import ValidationError
from remotemedia_grpc.manifest import Manifest

#: Stands for the default of a parameter that must be given.
REQUIRED = object()


def given(values: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    """Keep the parameters that don't have their default: those the service fills in."""
    return {
        name: list(value) if isinstance(value, tuple) else value for name, (value, default) in values.items() if value != default
    }


class Node:
    """A step of a pipeline, of any type; for those of the catalogue there are classes in :mod:`remotemedia_grpc.nodes`.

    Args:
        node_type: Name of the type.
        params: Its parameters; what isn't given has the service's default.
        id: Name of the node within the pipeline. Made from the type where it isn't given, and numbered where it isn't the first.
        output: Return what the node gives, though other nodes come after it.
        timeout: Seconds that the node may take for an item.
    """

    __slots__ = ("id", "node_type", "output", "params", "timeout")

    def __init__(
        self,
        node_type: str,
        params: Mapping[str, Any] | None = None,
        *,
        id: str | None = None,
        output: bool = False,
        timeout: float | None = None,
    ) -> None:
        self.node_type, self.id, self.output, self.timeout = node_type, id, output, timeout
        self.params = dict(params or {})

    def __or__(self, step: Step) -> Pipeline:
        return (Pipeline() | self) | step

    def __ror__(self, steps: Sequence[Node | Pipeline]) -> Pipeline:
        return Pipeline().__or__(steps) | self

    def __repr__(self) -> str:
        return f"{self.node_type}({', '.join(f'{name}={value!r}' for name, value in self.params.items())})"

    def default_id(self) -> str:
        """Name the node after its class, or after its type."""
        name = self.node_type if type(self) is Node else type(self).__name__
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
        return words.removesuffix("_node") or words

    def document(self, id: str) -> dict[str, Any]:
        """Give the node as a manifest has it."""
        out: dict[str, Any] = {"id": id, "node_type": self.node_type}
        if self.params:
            out["params"] = self.params
        if self.output:
            out["is_output_node"] = True
        if self.timeout is not None:
            out["timeout_ms"] = max(1, round(self.timeout * 1000))
        return out


class Pipeline:
    """A graph of nodes, built with ``|``. It doesn't change: each ``|`` gives a new one.

    ``pipeline | node`` puts a node behind the last ones. ``pipeline | [a, b]`` branches: both get what came before; what is put
    behind a branching gets what all branches give. A branch may have several steps: ``[Resample(8000) | VAD(), Echo()]``.

    Args:
        name: Name of the pipeline, for people and logs.
        description: What it does.
    """

    def __init__(self, name: str = "unnamed", description: str = "") -> None:
        self.name, self.description = name, description
        self._nodes: tuple[Node, ...] = ()
        self._edges: tuple[tuple[int, int], ...] = ()
        self._heads: tuple[int, ...] = ()
        self._tails: tuple[int, ...] = ()

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes, in the order in which they were put."""
        return self._nodes

    def __or__(self, step: Step) -> Pipeline:
        added = _graph(step)
        base = len(self._nodes)
        heads = tuple(base + head for head in added._heads)
        joins = tuple((tail, head) for tail in self._tails for head in heads)
        out = Pipeline(self.name, self.description)
        out._nodes = self._nodes + added._nodes
        out._edges = self._edges + joins + tuple((base + a, base + b) for a, b in added._edges)
        out._heads = self._heads or heads
        out._tails = tuple(base + tail for tail in added._tails)
        return out

    def __ror__(self, steps: Sequence[Node | Pipeline]) -> Pipeline:
        return Pipeline(self.name, self.description).__or__(steps) | self

    @functools.cached_property
    def ids(self) -> tuple[str, ...]:
        """Ids of the nodes, in their order."""
        taken = {node.id for node in self._nodes if node.id}
        out = []
        for node in self._nodes:
            name = node.id or _free(node.default_id(), taken)
            taken.add(name)
            out.append(name)
        return tuple(out)

    def to_dict(self) -> dict[str, Any]:
        """Give the pipeline as the document of a manifest."""
        out: dict[str, Any] = {"version": "v1", "metadata": {"name": self.name}}
        if self.description:
            out["metadata"]["description"] = self.description
        out["nodes"] = [node.document(id) for node, id in zip(self._nodes, self.ids, strict=True)]
        out["connections"] = [{"from": self.ids[a], "to": self.ids[b]} for a, b in self._edges]
        return out

    @functools.cached_property
    def manifest(self) -> Manifest:
        """The pipeline as it is sent."""
        if not self._nodes:
            raise ValidationError(f"the pipeline {self.name!r} has no nodes: add one with | ", code="manifest_empty")
        return Manifest(self.to_dict())

    def __repr__(self) -> str:
        return f"Pipeline({self.name!r}, nodes={list(self.ids)})"


Step: TypeAlias = "Node | Pipeline | Sequence[Node | Pipeline]"
PipelineLike: TypeAlias = "Pipeline | Node | Manifest | Mapping[str, Any] | str | os.PathLike[str]"


def as_manifest(pipeline: PipelineLike) -> Manifest:
    """Make a manifest of what a caller gave; text is the path of a file."""
    if isinstance(pipeline, Manifest):
        return pipeline
    if isinstance(pipeline, Pipeline):
        return pipeline.manifest
    if isinstance(pipeline, Node):
        return (Pipeline() | pipeline).manifest
    if isinstance(pipeline, Mapping):
        return Manifest(pipeline)
    if isinstance(pipeline, (str, os.PathLike)):
        return Manifest.load(pipeline)
    raise ValidationError(
        f"a pipeline can't be made of {type(pipeline).__name__}: give a Pipeline, a Manifest, a dict or the path of a manifest",
        code="manifest_missing",
    )


def _graph(step: Step) -> Pipeline:
    """Make a graph of what stands behind a |."""
    if isinstance(step, Pipeline):
        return step
    out = Pipeline()
    if isinstance(step, Node):
        out._nodes, out._heads, out._tails = (step,), (0,), (0,)
        return out
    if not isinstance(step, Sequence) or isinstance(step, (str, bytes)) or not step:
        raise TypeError(f"behind | stands a node, a pipeline or a list of branches, not {step!r}")
    for branch in map(_graph, step):
        base = len(out._nodes)
        out._nodes += branch._nodes
        out._edges += tuple((base + a, base + b) for a, b in branch._edges)
        out._heads += tuple(base + head for head in branch._heads)
        out._tails += tuple(base + tail for tail in branch._tails)
    return out


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"
