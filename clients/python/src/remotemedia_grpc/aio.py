"""The client for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any

import grpc
import grpc.aio

from remotemedia_grpc import _codec, _failure, _shared, catalog, metrics
from remotemedia_grpc._clock import Clock
from remotemedia_grpc._conversation import Backpressure, ChunkLike, Conversation, StreamSettings
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
from remotemedia_grpc.aio_stream import AsyncStream
from remotemedia_grpc.catalog import InputFormat, NodeType, Validation
from remotemedia_grpc.errors import ClosedError, RemoteMediaError
from remotemedia_grpc.metrics import ServiceMetrics
from remotemedia_grpc.pipeline import PipelineLike
from remotemedia_grpc.results import Limits, Result, Version


class AsyncClient:
    """A connection to a service, for asyncio. Use it in an ``async with`` statement, or close it.

    It belongs to the event loop in which it makes its first call; within it any number of tasks may use it. Arguments and methods
    are those of :class:`~remotemedia_grpc.Client`. A task that is cancelled cancels its call.
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
        self._settings = Settings.of(target, tls, token, timeout, retry, check_nodes, check_version, options)
        self._methods: dict[str, Any] = {}
        self._channel: grpc.aio.Channel | None = None
        self._closed = False
        self._version_known, self._version_asked = not check_version, asyncio.Lock()

    @property
    def target(self) -> str:
        """The address."""
        return self._settings.target

    async def run(
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
        """Run a pipeline on inputs that are complete; the arguments are those of :meth:`remotemedia_grpc.Client.run`."""
        manifest = _shared.checked_manifest(pipeline, self._settings)
        request = _shared.request_of(manifest, audio, data, rate, limits, outputs, labels)
        request_id = request_id or new_request_id()
        seconds = _shared.deadline_of(timeout, self._settings.timeout)
        await self._know_version()
        return _shared.result_of(await self._call(EXECUTE, request, seconds, request_id), manifest, request_id)

    def stream(
        self,
        pipeline: PipelineLike,
        source: AsyncIterable[ChunkLike] | Iterable[ChunkLike] | None = None,
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
    ) -> AsyncStream:
        """Open a stream; the arguments are those of :meth:`remotemedia_grpc.Client.stream`.

        The source may be an async iterable, or one that never blocks. It is taken in a task of its own.
        """
        manifest = _shared.checked_manifest(pipeline, self._settings)
        settings = StreamSettings(
            rate, node, data or {}, limits, outputs, backpressure, chunk_samples, metrics_interval, continue_on_error
        )
        conversation = Conversation(manifest, settings)
        request_id = request_id or new_request_id()

        timeout = checked_seconds(timeout)
        clock = Clock(timeout)

        async def start() -> Any:
            await self._know_version()
            clock.start()
            return self._method(STREAM)(timeout=timeout, metadata=self._settings.metadata(request_id))

        async def repeat(attempt: int, error: grpc.aio.AioRpcError) -> None:
            await self._pause(attempt, self._failure(error, request_id, clock), None)

        return AsyncStream(conversation, start, lambda error: self._failure(error, request_id, clock), repeat, source)

    async def version(self, timeout: float | None = None) -> Version:
        """Ask for the service's versions and node types."""
        seconds = _shared.deadline_of(timeout, self._settings.timeout)
        return _codec.decode_version(await self._call(VERSION, _codec.VERSION_REQUEST, seconds, new_request_id()))

    async def health(self, service: str = "", timeout: float | None = None) -> str:
        """Ask the standard health service: ``SERVING`` or ``NOT_SERVING``; a name that it doesn't know is a ValidationError."""
        seconds = _shared.deadline_of(timeout, self._settings.timeout)
        return _shared.health_of(await self._call(HEALTH, _shared.health_request(service), seconds, new_request_id()))

    async def metrics(
        self,
        *,
        node_types: bool = False,
        streams: bool = False,
        prometheus: bool = False,
        prefixes: Sequence[str] = (),
        timeout: float | None = None,
    ) -> ServiceMetrics:
        """Ask for a snapshot of the service's counters; see :meth:`remotemedia_grpc.Client.metrics`."""
        seconds = _shared.deadline_of(timeout, self._settings.timeout)
        request = metrics.encode_request(node_types, streams, prometheus, prefixes)
        return metrics.decode(await self._call(METRICS, request, seconds, new_request_id()))

    async def nodes(
        self, *, filter: str = "", category: str = "", schemas: bool = False, timeout: float | None = None
    ) -> tuple[NodeType, ...]:
        """List the service's node types; see :meth:`remotemedia_grpc.Client.nodes`."""
        seconds = _shared.deadline_of(timeout, self._settings.timeout)
        request = catalog.list_request(filter, category, schemas)
        return catalog.decode_list(await self._call(NODES, request, seconds, new_request_id()))

    async def describe(self, name: str, timeout: float | None = None) -> NodeType:
        """Describe a node type in full; see :meth:`remotemedia_grpc.Client.describe`."""
        seconds = _shared.deadline_of(timeout, self._settings.timeout)
        request = catalog.describe_request(name)
        return catalog.decode_node(await self._call(DESCRIBE, request, seconds, new_request_id()))

    async def validate(
        self,
        pipeline: PipelineLike | None = None,
        *,
        text: str = "",
        inputs: Mapping[str, InputFormat] | None = None,
        timeout: float | None = None,
    ) -> Validation:
        """Have the service check a manifest; see :meth:`remotemedia_grpc.Client.validate`."""
        seconds = _shared.deadline_of(timeout, self._settings.timeout)
        request = catalog.validate_request(pipeline, text, inputs)
        return catalog.decode_validation(await self._call(VALIDATE, request, seconds, new_request_id()))

    async def close(self) -> None:
        """End the connection; calls and streams that are under way fail. A second close does nothing."""
        self._closed = True
        if self._channel is not None:
            await self._channel.close(None)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    def _failure(self, error: grpc.aio.AioRpcError, request_id: str, clock: Clock) -> RemoteMediaError:
        """Make the exception of a call that failed."""
        trailers = _failure.as_mapping(error.trailing_metadata())
        return _failure.from_status(error.code(), error.details(), trailers, self.target, request_id, clock.is_up())

    async def _know_version(self) -> None:
        if self._version_known:
            return
        async with self._version_asked:
            if not self._version_known:
                _shared.check_version(await self.version(), self.target)
                self._version_known = True

    def _method(self, path: str) -> Any:
        """Give a method of the channel, which is made at the first call: only then is the event loop known."""
        self._settings.check_process()
        if self._closed:
            raise ClosedError("the client was closed: make another one, or keep it open as long as it is used", code="canceled")
        if self._channel is None:
            s = self._settings
            self._channel = (
                grpc.aio.secure_channel(s.target, s.tls.credentials(), s.options)
                if s.tls
                else grpc.aio.insecure_channel(s.target, s.options)
            )
            paths = (EXECUTE, VERSION, METRICS, NODES, DESCRIBE, VALIDATE, HEALTH)
            self._methods = {path: self._channel.unary_unary(path, None, None) for path in paths}
            self._methods[STREAM] = self._channel.stream_stream(STREAM, None, None)
        return self._methods[path]

    async def _call(self, path: str, request: bytes, seconds: float | None, request_id: str) -> bytes:
        """Make a call, and repeat it while that is safe and in time."""
        clock = Clock(seconds)
        attempt = 1
        while True:
            left = clock.left()
            seconds = None if left is None else max(left, 0.0)
            try:
                answer: bytes = await self._method(path)(request, timeout=seconds, metadata=self._settings.metadata(request_id))
                return answer
            except grpc.aio.AioRpcError as error:
                await self._pause(attempt, self._failure(error, request_id, clock), clock.left())
            attempt += 1

    async def _pause(self, attempt: int, error: RemoteMediaError, left: float | None) -> None:
        """Wait for the next attempt, or raise the error where there is none."""
        seconds = self._settings.retry.wait(attempt, error, left)
        if seconds is None:
            raise error
        await asyncio.sleep(seconds)
