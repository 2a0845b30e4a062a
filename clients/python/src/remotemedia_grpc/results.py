"""What calls give: outputs, reports of the nodes, metrics, and the events of streams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from remotemedia_grpc.audio import Audio
from remotemedia_grpc.errors import RemoteMediaError

Status: TypeAlias = Literal["success", "partial", "skipped", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class NodeReport:
    """What one node did."""

    status: Status = "unknown"
    seconds: float = 0.0  #: Time that it was busy.
    memory_bytes: int = 0  #: Peak of its memory.
    samples: int = 0  #: Samples that came in, over all channels.
    figures: Mapping[str, Any] = field(default_factory=dict)  #: Its own figures, for instance ``{"vad_segments": 12}``.
    output: Mapping[str, Any] = field(default_factory=dict)  #: What it gave: kinds, items, format.
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Metrics:
    """What an execution cost."""

    wall_seconds: float = 0.0  #: From the complete request to the answer, less the wait.
    busy_seconds: float = 0.0  #: Time that the execution's worker and the codec were busy.
    queue_seconds: float = 0.0  #: The wait for a place and a slot.
    codec_seconds: float = 0.0  #: Time for reading the request and writing the answer.
    memory_bytes: int = 0  #: Peak of the memory.


@dataclass(frozen=True, slots=True)
class Limits:
    """What an execution may use at most; what isn't given is the service's default. The service has its own caps.

    Args:
        memory_bytes: Memory.
        seconds: Time of the whole execution, or of each chunk of a stream.
        samples: Samples of an input, over all channels.
    """

    memory_bytes: int = 0
    seconds: float = 0.0
    samples: int = 0


@dataclass(slots=True)
class Outputs:
    """What the nodes at the ends of a pipeline gave, by node id.

    ``audio`` joins a node's pieces of one format; ``data`` has a single item as it is and several as a list. The item by item
    lists, ``audio_items`` and ``data_items``, leave no doubt which of both it was.
    """

    audio: Mapping[str, Audio]
    data: Mapping[str, Any]
    audio_items: Mapping[str, list[Audio]]
    data_items: Mapping[str, list[Any]]
    warnings: tuple[str, ...]  #: What to know though nothing failed, one sentence each.


@dataclass(slots=True)
class Result(Outputs):
    """What an execution gave."""

    status: Status  #: ``partial`` when nodes were skipped because nothing reached them.
    nodes: Mapping[str, NodeReport]  #: A report of each node, in the order of the pipeline.
    metrics: Metrics
    request_id: str


@dataclass(frozen=True, slots=True)
class Version:
    """What a service tells of itself."""

    service: str  #: Its release.
    protocol: str
    runtime: str
    commit: str
    built: str  #: ISO 8601.
    node_types: tuple[str, ...]  #: Every accepted name, sorted.
    protocols: tuple[str, ...]
    compatible: bool  #: Whether it can serve this client.
    message: str  #: Says why not.


@dataclass(frozen=True, slots=True)
class Ready:
    """The stream is open."""

    session_id: str
    inputs: tuple[str, ...]  #: Nodes that take chunks.
    outputs: tuple[str, ...]  #: Nodes whose outputs come.
    chunk_samples: int  #: Length of a chunk that suits the service, over all channels.
    idle_seconds: float  #: The service closes the stream when nothing comes for so long; 0 where it doesn't say.
    queue: int  #: Chunks that wait at most; 0 where it doesn't say.


@dataclass(slots=True)
class Answer(Outputs):
    """What one chunk gave, or what the nodes had held back at the end."""

    sequence: int  #: Number of the chunk, counted from 0.
    final: bool  #: What came when the nodes were flushed; ``sequence`` is the last chunk's.
    dropped: bool  #: The stream's backpressure policy dropped the chunk.
    seconds: float  #: Time in the service, from receipt to answer.
    samples: int  #: Samples of input so far, over all channels.


@dataclass(frozen=True, slots=True)
class ChunkFailed:
    """A node failed on a chunk, in a stream that goes on after errors."""

    sequence: int
    error: RemoteMediaError


@dataclass(frozen=True, slots=True)
class Progress:
    """A stream's counters so far; one comes after every tenth chunk."""

    chunks: int
    dropped: int
    samples: int  #: Samples of input, over all channels.
    waiting: int  #: Samples that are queued.
    memory_bytes: int
    mean_seconds: float
    p50_seconds: float
    p95_seconds: float
    p99_seconds: float


@dataclass(frozen=True, slots=True)
class Closed:
    """A stream's end; the last event."""

    reason: str
    code: int  #: 0 closed, 1 cancelled, 2 error, 3 timeout, 4 the service shuts down.
    chunks: int
    samples: int  #: Samples of input, over all channels.
    nodes: Mapping[str, NodeReport]
    metrics: Metrics


Event: TypeAlias = Ready | Answer | ChunkFailed | Progress | Closed
