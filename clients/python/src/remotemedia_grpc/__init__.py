"""Client of the remotemedia audio pipeline service.

from remotemedia_grpc import Client, Pipeline
from remotemedia_grpc.nodes import Resample, VAD

with Client("localhost:50051") as client:
result = client.run(Pipeline("speech") | Resample(16000) | VAD(), "speech.wav")
print(result.audio["vad"].samples.shape, result.data["vad"])
"""

from remotemedia_grpc._conversation import Backpressure, Chunk, ChunkLike
from remotemedia_grpc._options import TLS, Retry
from remotemedia_grpc._version import __version__
from remotemedia_grpc.aio import AsyncClient
from remotemedia_grpc.aio_stream import AsyncStream
from remotemedia_grpc.audio import Audio, AudioLike
from remotemedia_grpc.catalog import InputFormat, NodeType, Problem, Validation
from remotemedia_grpc.errors import (
    AuthenticationError,
    CallCancelledError,
    ClosedError,
    DeadlineExceededError,
    InternalError,
    NodeExecutionError,
    RateLimitedError,
    RemoteMediaError,
    ResourceLimitError,
    UnavailableError,
    ValidationError,
    VersionMismatchError,
)
from remotemedia_grpc.grpc_client import Client
from remotemedia_grpc.manifest import Manifest
from remotemedia_grpc.metrics import Latency, NodeTypeStats, OpenStream, ServiceMetrics
from remotemedia_grpc.pipeline import Node, Pipeline, PipelineLike
from remotemedia_grpc.results import (
    Answer,
    ChunkFailed,
    Closed,
    Event,
    Limits,
    Metrics,
    NodeReport,
    Outputs,
    Progress,
    Ready,
    Result,
    Version,
)
from remotemedia_grpc.stream import Stream

__all__ = [
    "TLS",
    "Answer",
    "AsyncClient",
    "AsyncStream",
    "Audio",
    "AudioLike",
    "AuthenticationError",
    "Backpressure",
    "CallCancelledError",
    "Chunk",
    "ChunkFailed",
    "ChunkLike",
    "Client",
    "Closed",
    "ClosedError",
    "DeadlineExceededError",
    "Event",
    "InputFormat",
    "InternalError",
    "Latency",
    "Limits",
    "Manifest",
    "Metrics",
    "Node",
    "NodeExecutionError",
    "NodeReport",
    "NodeType",
    "NodeTypeStats",
    "OpenStream",
    "Outputs",
    "Pipeline",
    "PipelineLike",
    "Problem",
    "Progress",
    "RateLimitedError",
    "Ready",
    "RemoteMediaError",
    "ResourceLimitError",
    "Result",
    "Retry",
    "ServiceMetrics",
    "Stream",
    "UnavailableError",
    "Validation",
    "ValidationError",
    "Version",
    "VersionMismatchError",
    "__version__",
]
