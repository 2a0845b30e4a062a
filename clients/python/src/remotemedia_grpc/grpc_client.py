"""The blocking client; :class:`AsyncClient` is the one for asyncio, with the same methods."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any

import grpc

from remotemedia_grpc import _codec, _failure, _shared, catalog, metrics
from remotemedia_grpc._clock import Clock
from remotemedia_grpc._conversation import Backpressure, Chunk, ChunkLike, Conversation, StreamSettings, refuse_lone_audio
from remotemedia_grpc._options import (
    DESCRIBE,
    EXECUTE,
    HEALTH,
    METRICS,
    NODES,
    STREAM,
    TLS,
    VALIDATE,
    VERSION,
    Retry,
    Settings,
    Token,
    checked_seconds,
    new_request_id,
)
from remotemedia_grpc._shared import AudioInputs
from remotemedia_grpc.aio import AsyncClient
from remotemedia_grpc.aio_stream import AsyncStream
from remotemedia_grpc.catalog import InputFormat, NodeType, Validation
from remotemedia_grpc.errors import ClosedError, RemoteMediaError
from remotemedia_grpc.metrics import ServiceMetrics
from remotemedia_grpc.pipeline import PipelineLike
from remotemedia_grpc.results import Limits, Result, Version
from remotemedia_grpc.stream import Stream

__all__ = ["TLS", "AsyncClient", "AsyncStream", "Chunk", "Client", "Limits", "Retry", "Stream"]


class Client:
    """A connection to a service. Use it in a ``with`` statement, or close it.

    One client serves any number of threads at the same time; give it to them all, rather than each its own. It doesn't outlive a
    fork: make it in the child process. Every error is a :class:`~remotemedia_grpc.RemoteMediaError`.

    Args:
        target: Address such as ``localhost:50051`` or ``dns:///host:50051``; the environment's ``GRPC_SERVER_ADDR``
            where it isn't given.
        tls: ``True`` for an encrypted connection, or its :class:`TLS` settings. Without it nothing is encrypted, tokens included.
        token: Bearer token, or a function that gives it, which is asked at each call.
        timeout: Seconds for a call with its repetitions; ``math.inf`` sets no bound. Streams have none unless they are given one.
        retry: How calls are repeated while the service is unavailable.
        check_nodes: Refuse node types and parameters that aren't in this release's catalogue, before any call.
        check_version: Ask for the service's version once, before the first call.
        options: Channel arguments of gRPC; they come after the client's own, and so override them.
    """

    def __init__(
        self,
        target: str = "",
        *,
        tls: TLS | bool = False,
        token: Token | None = None,
        timeout: float = 60.0,
        retry: Retry | None = None,
        check_nodes: bool = True,
        check_version: bool = True,
        options: Sequence[tuple[str, Any]] = (),
    ) -> None:
        self._settings = s = Settings.of(target, tls, token, timeout, retry, check_nodes, check_version, options)
        self._channel = (
            grpc.secure_channel(s.target, s.tls.credentials(), s.options) if s.tls else grpc.insecure_channel(s.target, s.options)
        )
        self._execute = self._channel.unary_unary(EXECUTE, None, None)
        self._version = self._channel.unary_unary(VERSION, None, None)
        self._metrics = self._channel.unary_unary(METRICS, None, None)
        self._nodes = self._channel.unary_unary(NODES, None, None)
        self._describe = self._channel.unary_unary(DESCRIBE, None, None)
        self._validate = self._channel.unary_unary(VALIDATE, None, None)
        self._health = self._channel.unary_unary(HEALTH, None, None)
        self._stream = self._channel.stream_stream(STREAM, None, None)
        self._closed = threading.Event()
        self._version_known, self._version_asked = not check_version, threading.Lock()

    @property
    def target(self) -> str:
        """The address."""
        return self._settings.target

    def run(
        self,
        pipeline: PipelineLike,
        audio: AudioInputs = None,
        data: Mapping[str, Any] | None = None,
        *,
        rate: int | None = None,
        limits: Limits | None = None,
        outputs: Sequence[str] = (),
        labels: Mapping[str, str] | None = None,
        timeout: float | None = None,
        request_id: str = "",
    ) -> Result:
        """Run a pipeline on inputs that are complete.

        Args:
            pipeline: A :class:`Pipeline`, a :class:`Manifest`, a dict, or the path of a JSON or YAML manifest.
            audio: A numpy array with ``rate``, an :class:`Audio`, the path of a WAV file or its bytes; or a dict of
                such by node id.
            data: JSON values by node id.
            rate: Sample rate of arrays, in Hz.
            limits: What the execution may use.
            outputs: Nodes whose outputs are wanted besides those at the ends.
            labels: Words for the service's log.
            timeout: Seconds for this call; the client's where it isn't given.
            request_id: Names the call in the service's log; made where it isn't given.
        """
        manifest = _shared.checked_manifest(pipeline, self._settings)
        request = _shared.request_of(manifest, audio, data, rate, limits, outputs, labels)
        request_id = request_id or new_request_id()
        seconds = _shared.deadline_of(timeout, self._settings.timeout)
        self._know_version()
        return _shared.result_of(self._call(self._execute, request, seconds, request_id), manifest, request_id)

    def stream(
        self,
        pipeline: PipelineLike,
        source: Iterable[ChunkLike] | None = None,
        *,
        rate: int | None = None,
        node: str = "",
        data: Mapping[str, Any] | None = None,
        limits: Limits | None = None,
        outputs: Sequence[str] = (),
        backpressure: Backpressure = "block",
        chunk_samples: int = 0,
        metrics_interval: int = 0,
        continue_on_error: bool = False,
        timeout: float | None = None,
        request_id: str = "",
    ) -> Stream:
        """Open a stream: chunks go in, events come out, in step with the service.

        Args:
            pipeline: As for :meth:`run`.
            source: The chunks: arrays, :class:`Audio` or :class:`Chunk`. They are taken, on a thread of gRPC's, as
                fast as the service
                takes them, and the stream is closed behind the last. Without it the stream is fed with :meth:`Stream.send`.
            rate: Sample rate of arrays, in Hz.
            node: Receiver of chunks that name none; only needed where several nodes are at the start.
            data: JSON values by node id, which join the first chunk.
            limits: What the stream may use; the time is that of each chunk.
            outputs: Nodes whose outputs are wanted besides those at the ends.
            backpressure: What the service does with a chunk that finds its queue full.
            chunk_samples: Length that chunks will have, over all channels.
            metrics_interval: Chunks from one :class:`Progress` to the next; 10 where it isn't given.
            continue_on_error: Tell a chunk on which a node fails as :class:`ChunkFailed` and go on, rather than end.
            timeout: Seconds for the whole stream; none where it isn't given.
            request_id: Names the stream in the service's log; made where it isn't given.
        """
        refuse_lone_audio(source, "__iter__")
        manifest = _shared.checked_manifest(pipeline, self._settings)
        settings = StreamSettings(
            rate, node, data or {}, limits, outputs, backpressure, chunk_samples, metrics_interval, continue_on_error
        )
        conversation = Conversation(manifest, settings)
        self._know_version()
        request_id = request_id or new_request_id()

        timeout = checked_seconds(timeout)
        clock = Clock(timeout)

        def start(requests: Any) -> Any:
            self._check_open()
            clock.start()
            return self._stream(requests, timeout=timeout, metadata=self._settings.metadata(request_id))

        def repeat(attempt: int, error: grpc.RpcError) -> None:
            self._pause(attempt, self._failure(error, request_id, clock), None)

        return Stream(conversation, start, lambda error: self._failure(error, request_id, clock), repeat, source)

    def version(self, timeout: float | None = None) -> Version:
        """Ask for the service's versions and node types."""
        seconds = _shared.deadline_of(timeout, self._settings.timeout)
        return _codec.decode_version(self._call(self._version, _codec.VERSION_REQUEST, seconds, new_request_id()))

    def health(self, service: str = "", timeout: float | None = None) -> str:
        """Ask the standard health service: ``SERVING`` or ``NOT_SERVING``; a name that it doesn't know is a ValidationError."""
        seconds = _shared.deadline_of(timeout, self._settings.timeout)
        return _shared.health_of(self._call(self._health, _shared.health_request(service), seconds, new_request_id()))

    def metrics(
        self,
        *,
        node_types: bool = False,
        streams: bool = False,
        prometheus: bool = False,
        prefixes: Sequence[str] = (),
        timeout: float | None = None,
    ) -> ServiceMetrics:
        """Ask for a snapshot of the service's counters; where it has tokens, that needs the scope ``metrics``.

        Args:
            node_types: Tell the figures of each node type, too.
            streams: Tell the open streams, too.
            prometheus: Tell all metrics as the text of Prometheus' format, too.
            prefixes: Beginnings of the names in that text; all where none is given.
            timeout: Seconds for this call; the client's where it isn't given.
        """
        seconds = _shared.deadline_of(timeout, self._settings.timeout)
        request = metrics.encode_request(node_types, streams, prometheus, prefixes)
        return metrics.decode(self._call(self._metrics, request, seconds, new_request_id()))

    def nodes(
        self, *, filter: str = "", category: str = "", schemas: bool = False, timeout: float | None = None
    ) -> tuple[NodeType, ...]:
        """List the service's node types, sorted by name. A service that is older than this call is a VersionMismatchError.

        Args:
            filter: Part of a name, alias or description, in any case.
            category: A family, such as ``detect``.
            schemas: Tell schema, defaults and example, too.
            timeout: Seconds for this call; the client's where it isn't given.
        """
        seconds = _shared.deadline_of(timeout, self._settings.timeout)
        request = catalog.list_request(filter, category, schemas)
        return catalog.decode_list(self._call(self._nodes, request, seconds, new_request_id()))

    def describe(self, name: str, timeout: float | None = None) -> NodeType:
        """Describe a node type in full, by its name or an alias; one that the service doesn't have is a ValidationError."""
        seconds = _shared.deadline_of(timeout, self._settings.timeout)
        request = catalog.describe_request(name)
        return catalog.decode_node(self._call(self._describe, request, seconds, new_request_id()))

    def validate(
        self,
        pipeline: PipelineLike | None = None,
        *,
        text: str = "",
        inputs: Mapping[str, InputFormat] | None = None,
        timeout: float | None = None,
    ) -> Validation:
        """Have the service check a manifest as it would before it ran it. Problems are the result, not an exception.

        Args:
            pipeline: As for :meth:`run`.
            text: A manifest's text instead, JSON or YAML; its problems have line and column.
            inputs: Audio that will be sent, by node id; more is checked then.
            timeout: Seconds for this call; the client's where it isn't given.
        """
        seconds = _shared.deadline_of(timeout, self._settings.timeout)
        request = catalog.validate_request(pipeline, text, inputs)
        return catalog.decode_validation(self._call(self._validate, request, seconds, new_request_id()))

    def close(self) -> None:
        """End the connection; calls and streams that are under way fail. A second close does nothing."""
        self._closed.set()
        self._channel.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _failure(self, error: grpc.RpcError, request_id: str, clock: Clock) -> RemoteMediaError:
        """Make the exception of a call that failed."""
        trailers = _failure.as_mapping(error.trailing_metadata())
        return _failure.from_status(error.code(), error.details(), trailers, self.target, request_id, clock.is_up())

    def _know_version(self) -> None:
        if self._version_known:
            return
        with self._version_asked:
            if not self._version_known:
                _shared.check_version(self.version(), self.target)
                self._version_known = True

    def _call(self, method: Callable[..., bytes], request: bytes, seconds: float | None, request_id: str) -> bytes:
        """Make a call, and repeat it while that is safe and in time."""
        clock = Clock(seconds)
        attempt = 1
        while True:
            self._check_open()
            left = clock.left()
            try:
                return method(
                    request, timeout=None if left is None else max(left, 0.0), metadata=self._settings.metadata(request_id)
                )
            except grpc.RpcError as error:
                self._pause(attempt, self._failure(error, request_id, clock), clock.left())
            attempt += 1

    def _pause(self, attempt: int, error: RemoteMediaError, left: float | None) -> None:
        """Wait for the next attempt, or raise the error where there is none."""
        seconds = self._settings.retry.wait(attempt, error, left)
        if seconds is None:
            raise error
        self._closed.wait(seconds)

    def _check_open(self) -> None:
        self._settings.check_process()
        if self._closed.is_set():
            raise ClosedError("the client was closed: make another one, or keep it open as long as it is used", code="canceled")
