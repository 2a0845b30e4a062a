"""The client for asyncio."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any

import grpc
import grpc.aio

from remotemedia_grpc import _codec, _failure, _shared
from remotemedia_grpc._conversation import Backpressure, ChunkLike, Conversation, StreamSettings, lone_audio
from remotemedia_grpc._options import EXECUTE, HEALTH, STREAM, TLS, VERSION, Retry, Settings, Token, new_request_id
from remotemedia_grpc._shared import AudioInputs
from remotemedia_grpc.errors import CallCancelledError, ClosedError, RemoteMediaError, ValidationError
from remotemedia_grpc.pipeline import PipelineLike
from remotemedia_grpc.results import Answer, ChunkFailed, Closed, Event, Limits, Ready, Result, Version


class AsyncClient:
    """A connection to a service, for asyncio. Use it in an ``async with`` statement, or close it.

    It belongs to the event loop in which it makes its first call; within it any number of tasks may use it. Arguments and methods
    are those of :class:`~remotemedia_grpc.Client`. A task that is cancelled cancels its call.
    """

    def __init__(
        self, target: str = "", *, tls: TLS | bool = False, token: Token | None = None, timeout: float = 60.0, retry: Retry | None = None,
        check_nodes: bool = True, check_version: bool = True, options: Sequence[tuple[str, Any]] = (),
    ) -> None:
        self._settings = Settings.of(target, tls, token, timeout, retry, check_nodes, check_version, options)
        self._methods: dict[str, Any] = {}
        self._channel: grpc.aio.Channel | None = None
        self._closed = False
        self._version_known = not check_version

    @property
    def target(self) -> str:
        """The address."""
        return self._settings.target

    async def run(
        self, pipeline: PipelineLike, audio: AudioInputs = None, data: Mapping[str, Any] | None = None, *, rate: int | None = None,
        limits: Limits | None = None, outputs: Sequence[str] = (), labels: Mapping[str, str] | None = None,
        timeout: float | None = None, request_id: str = "",
    ) -> Result:
        """Run a pipeline on inputs that are complete; the arguments are those of :meth:`remotemedia_grpc.Client.run`."""
        manifest = _shared.checked_manifest(pipeline, self._settings)
        request = _shared.request_of(manifest, audio, data, rate, limits, outputs, labels)
        request_id = request_id or new_request_id()
        seconds = _shared.deadline_of(timeout, self._settings.timeout)
        await self._know_version()
        return _shared.result_of(await self._call(EXECUTE, request, seconds, request_id), manifest, request_id)

    def stream(
        self, pipeline: PipelineLike, source: AsyncIterable[ChunkLike] | Iterable[ChunkLike] | None = None, *, rate: int | None = None,
        node: str = "", data: Mapping[str, Any] | None = None, limits: Limits | None = None, outputs: Sequence[str] = (),
        backpressure: Backpressure = "block", chunk_samples: int = 0, metrics_interval: int = 0, continue_on_error: bool = False,
        timeout: float | None = None, request_id: str = "",
    ) -> AsyncStream:
        """Open a stream; the arguments are those of :meth:`remotemedia_grpc.Client.stream`.

        The source may be an async iterable, or one that never blocks. It is taken in a task of its own.
        """
        manifest = _shared.checked_manifest(pipeline, self._settings)
        settings = StreamSettings(
            rate, node, data or {}, limits, outputs, backpressure, chunk_samples, metrics_interval, continue_on_error
        )
        return AsyncStream(self, Conversation(manifest, settings), timeout, request_id or new_request_id(), source)

    async def version(self, timeout: float | None = None) -> Version:
        """Ask for the service's versions and node types."""
        seconds = _shared.deadline_of(timeout, self._settings.timeout)
        return _codec.decode_version(await self._call(VERSION, _codec.VERSION_REQUEST, seconds, new_request_id()))

    async def health(self, service: str = "", timeout: float | None = None) -> str:
        """Ask the standard health service: ``SERVING``, ``NOT_SERVING``, ``SERVICE_UNKNOWN`` or ``UNKNOWN``."""
        seconds = _shared.deadline_of(timeout, self._settings.timeout)
        return _shared.health_of(await self._call(HEALTH, _shared.health_request(service), seconds, new_request_id()))

    async def close(self) -> None:
        """End the connection; calls and streams that are under way fail. A second close does nothing."""
        self._closed = True
        if self._channel is not None:
            await self._channel.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    def failure(self, error: grpc.aio.AioRpcError, request_id: str) -> RemoteMediaError:
        """Make the exception of a call that failed."""
        trailers = _failure.as_mapping(error.trailing_metadata())
        return _failure.from_status(error.code(), error.details(), trailers, self.target, request_id)

    def start_stream(self, timeout: float | None, request_id: str) -> Any:
        """Begin the call of a stream."""
        return self._method(STREAM)(timeout=timeout, metadata=self._settings.metadata(request_id))

    async def know_version(self) -> None:
        """Check the service's version, once."""
        await self._know_version()

    async def _know_version(self) -> None:
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
                grpc.aio.secure_channel(s.target, s.tls.credentials(), s.options) if s.tls else grpc.aio.insecure_channel(s.target, s.options)
            )
            self._methods = {path: self._channel.unary_unary(path) for path in (EXECUTE, VERSION, HEALTH)}
            self._methods[STREAM] = self._channel.stream_stream(STREAM)
        return self._methods[path]

    async def _call(self, path: str, request: bytes, seconds: float | None, request_id: str) -> bytes:
        """Make a call, and repeat it while that is safe and in time."""
        end = None if seconds is None else time.monotonic() + seconds
        attempt = 1
        while True:
            left = None if end is None else max(end - time.monotonic(), 0.0)
            try:
                answer: bytes = await self._method(path)(request, timeout=left, metadata=self._settings.metadata(request_id))
                return answer
            except grpc.aio.AioRpcError as error:
                await self.pause(attempt, self.failure(error, request_id), None if end is None else end - time.monotonic())
            attempt += 1

    async def pause(self, attempt: int, error: RemoteMediaError, left: float | None) -> None:
        """Wait for the next attempt, or raise the error where there is none."""
        seconds = self._settings.retry.wait(attempt, error, left)
        if seconds is None:
            raise error
        await asyncio.sleep(seconds)


class AsyncStream:
    """A pipeline on the service that is fed piece by piece; see :class:`~remotemedia_grpc.Stream`, which has the same methods.

    One task may send while another iterates. Leaving the ``async with`` statement early cancels the stream.
    """

    def __init__(
        self, client: AsyncClient, conversation: Conversation, timeout: float | None, request_id: str,
        source: AsyncIterable[ChunkLike] | Iterable[ChunkLike] | None,
    ) -> None:
        if source is not None and lone_audio(source):  # type: ignore[arg-type]  # that is what is asked
            raise ValidationError("the source is one piece of audio: give an iterable of chunks, for instance audio.chunks(0.1)", code="bad_audio")
        self._client, self._conversation, self._timeout, self._request_id = client, conversation, timeout, request_id
        self._source = source
        self._source_error: BaseException | None = None
        self._feeding: asyncio.Task[None] | None = None
        self._call: Any = None
        self._opening, self._sending = asyncio.Lock(), asyncio.Lock()
        self._error: BaseException | None = None
        self._over = self._cancelled = self._ready_told = False

    @property
    def session(self) -> Ready:
        """What the service said when it was ready. The stream is open within ``async with``, and once it is iterated."""
        if self._conversation.session is None:
            raise ClosedError("the stream isn't open yet: use it in an async with statement", code="canceled")
        return self._conversation.session

    @property
    def closed(self) -> Closed | None:
        """The service's last word, where it came."""
        return self._conversation.closed

    async def send(self, chunk: ChunkLike) -> None:
        """Send one chunk. It waits while the service has enough to do.

        A chunk that can't be sent raises a :class:`ValidationError`, and the stream may be used on.
        """
        if self._call is None:
            await self._open()
        if self._source is not None:
            raise ClosedError("the stream takes its chunks from its source: open one without a source to send", code="canceled")
        async with self._sending:
            if self._conversation.closing:
                raise ClosedError("the stream was closed: open another one to send more", code="canceled")
            await self._write(self._conversation.chunk(chunk))

    async def close(self) -> None:
        """Ask the service to process what was sent and to flush the nodes. The answers still come; a second close does nothing."""
        await self._open()
        async with self._sending:
            await self._close()

    async def _close(self) -> None:
        if not self._conversation.closing:
            await self._write(self._conversation.close())
            await self._call.done_writing()

    def cancel(self) -> None:
        """End the stream at once: what is queued and in work in the service is dropped."""
        self._cancelled = True
        if self._call is not None:
            self._call.cancel()
        else:
            self._over, self._error = True, ClosedError("the stream was cancelled before it was opened", code="canceled")

    async def answers(self) -> AsyncIterator[Answer]:
        """Give the answers only; a chunk that failed raises its error."""
        async for event in self:
            if isinstance(event, Answer):
                yield event
            elif isinstance(event, ChunkFailed):
                raise event.error

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        if self._call is None:
            await self._open()
        if not self._ready_told:
            self._ready_told = True
            return self.session
        while not self._over:
            event = await self._receive()
            if event is not None:
                return event
        if self._error is not None:
            raise self._error
        raise StopAsyncIteration

    async def __aenter__(self) -> AsyncStream:
        await self._open()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not self._over:
            self.cancel()
            self._finish(ClosedError("the stream was left before its end", code="canceled"))
        if self._feeding is not None:
            await asyncio.wait((self._feeding,))

    async def _open(self) -> None:
        """Begin the call, and repeat that while the service is unavailable: nothing but the pipeline has been sent yet."""
        async with self._opening:
            attempt = 1
            while self._call is None and not self._over:
                await self._try_to_open(attempt)
                attempt += 1
            if self._conversation.session is None:
                raise self._error or ClosedError("the stream didn't open", code="canceled")

    async def _try_to_open(self, attempt: int) -> None:
        await self._client.know_version()
        call = self._client.start_stream(self._timeout, self._request_id)
        try:
            await call.write(self._conversation.init)
            first = await call.read()
        except grpc.aio.AioRpcError as error:
            await self._client.pause(attempt, self._client.failure(error, self._request_id), None)
            return
        self._call = call
        if first is grpc.aio.EOF:
            self._conversation.end()
        elif self._conversation.receive(first) is None:
            await self._drain()
        if self._conversation.session is None:
            self._finish(self._conversation.fatal)
        elif self._source is not None:
            self._feeding = asyncio.create_task(self._feed(self._source))

    async def _feed(self, source: AsyncIterable[ChunkLike] | Iterable[ChunkLike]) -> None:
        """Send a source's chunks. What it raises is told when the answers to the chunks before it have come."""
        try:
            if isinstance(source, AsyncIterable):
                async for chunk in source:
                    await self._write(self._conversation.chunk(chunk))
            else:
                for chunk in source:
                    await self._write(self._conversation.chunk(chunk))
        except ClosedError:
            return  # the reader tells why the stream ended
        except Exception as error:  # noqa: BLE001  # raised where the stream is iterated
            self._source_error = error
        try:
            await self._close()
        except ClosedError:
            return

    async def _write(self, message: bytes) -> None:
        try:
            await self._call.write(message)
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError) as error:
            raise ClosedError("the stream has ended: iterate it to see why", code="canceled") from error
        except asyncio.CancelledError:
            if self._cancelled:
                raise ClosedError("the stream was cancelled", code="canceled") from None
            raise

    async def _receive(self) -> Event | None:
        try:
            data = await self._call.read()
        except grpc.aio.AioRpcError as error:
            return self._finish(self._conversation.fatal or self._client.failure(error, self._request_id))
        except asyncio.CancelledError:
            if not self._cancelled:
                raise
            return self._finish(CallCancelledError("the stream was cancelled", code="canceled", status="CANCELLED"))
        if data is grpc.aio.EOF:
            self._conversation.end()
            return self._finish(self._conversation.fatal)
        event = self._conversation.receive(data)
        if event is None:
            await self._drain()
            return self._finish(self._conversation.fatal)
        if isinstance(event, Closed) and self._source_error is not None:
            return self._finish(self._source_error)
        return event

    async def _drain(self) -> None:
        """Read what follows an error, so that the stream's resources are freed and the service's last word is kept."""
        try:
            while (data := await self._call.read()) is not grpc.aio.EOF:
                self._conversation.receive(data)
        except grpc.aio.AioRpcError:
            pass  # the error that was told first is the one that counts

    def _finish(self, error: BaseException | None) -> None:
        self._over, self._error = True, error or self._source_error
        if self._feeding is not None:
            self._feeding.cancel()
