"""Streams of the client for asyncio."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from types import TracebackType
from typing import Any

import grpc
import grpc.aio

from remotemedia_grpc._conversation import ChunkLike, Conversation, refuse_lone_audio
from remotemedia_grpc.errors import CallCancelledError, ClosedError, RemoteMediaError
from remotemedia_grpc.results import Answer, ChunkFailed, Closed, Event, Ready

_EOF: Any = grpc.aio.EOF  # type: ignore[attr-defined]  # the stubs don't have it


class _Sender:
    """The sender's side of a call. It knows nothing of the stream, so that one that nobody holds any more is collected though its
    source goes on.
    """

    def __init__(self, call: Any, conversation: Conversation) -> None:
        self._call, self._conversation = call, conversation
        self.cancelled = False
        self.source_error: BaseException | None = None

    async def write(self, message: bytes) -> None:
        """Send one message, or raise :class:`ClosedError` where the call has ended.

        The call's ``write`` would do, but that puts a status of its own in the place of the service's where the service ended the
        call meanwhile, and what it had said before couldn't be read any more.
        """
        inner = getattr(self._call, "_cython_call", None)
        try:
            if inner is None:
                await self._call.write(message)
            else:
                await self._call.wait_for_connection()
                await inner.send_serialized_message(message)
        except asyncio.CancelledError:
            if self.cancelled:
                raise ClosedError("the stream was cancelled", code="canceled") from None
            self._call.cancel()
            raise
        except Exception as error:  # that of Core isn't public
            raise ClosedError("the stream has ended: iterate it to see why", code="canceled") from error

    async def close(self) -> None:
        if not self._conversation.closing:
            await self.write(self._conversation.close())
            await self._call.done_writing()

    async def feed(self, source: AsyncIterable[ChunkLike] | Iterable[ChunkLike]) -> None:
        """Send a source's chunks. What it raises is told when the answers to the chunks before it have come."""
        try:
            if isinstance(source, AsyncIterable):
                async for chunk in source:
                    await self.write(self._conversation.chunk(chunk))
            else:
                for chunk in source:
                    await self.write(self._conversation.chunk(chunk))
        except ClosedError:
            return  # the reader tells why the stream ended
        except Exception as error:  # raised where the stream is iterated
            self.source_error = error
        with contextlib.suppress(ClosedError):
            await self.close()


class AsyncStream:
    """A pipeline on the service that is fed piece by piece; see :class:`~remotemedia_grpc.Stream`, which has the same methods.

    One task may send while another iterates. Leaving the ``async with`` statement early cancels the stream, and so does letting go
    of it.
    """

    def __init__(
        self,
        conversation: Conversation,
        start: Callable[[], Awaitable[Any]],
        failure: Callable[[grpc.aio.AioRpcError], RemoteMediaError],
        repeat: Callable[[int, grpc.aio.AioRpcError], Awaitable[None]],
        source: AsyncIterable[ChunkLike] | Iterable[ChunkLike] | None,
    ) -> None:
        refuse_lone_audio(source, "__aiter__", "__iter__")
        self._conversation, self._start, self._failure, self._repeat = conversation, start, failure, repeat
        self._source = source
        self._sender: _Sender | None = None
        self._feeding: asyncio.Task[None] | None = None
        self._call: Any = None
        self._opening, self._sending = asyncio.Lock(), asyncio.Lock()
        self._error: BaseException | None = None
        self._over = self._ready_told = False

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
            assert self._sender is not None
            await self._sender.write(self._conversation.chunk(chunk))

    async def close(self) -> None:
        """Ask the service to process what was sent and to flush the nodes. The answers still come; a second close does nothing."""
        await self._open()
        async with self._sending:
            assert self._sender is not None
            await self._sender.close()

    def cancel(self) -> None:
        """End the stream at once: what is queued and in work in the service is dropped."""
        if self._sender is not None:
            self._sender.cancelled = True
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

    def __del__(self) -> None:
        feeding: asyncio.Task[None] | None = getattr(self, "_feeding", None)
        if feeding is not None and not feeding.done():  # then the call is dropped, which cancels it
            with contextlib.suppress(RuntimeError):  # the loop has ended, and all its tasks with it
                feeding.get_loop().call_soon_threadsafe(feeding.cancel)

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
        call = await self._start()
        try:
            sender = _Sender(call, self._conversation)
            with contextlib.suppress(ClosedError):  # reading tells why
                await sender.write(self._conversation.init)
            first = await call.read()
        except grpc.aio.AioRpcError as error:
            await self._repeat(attempt, error)
            return
        self._call, self._sender = call, sender
        if first is _EOF:
            self._conversation.end()
        elif self._conversation.receive(first) is None:
            await self._drain()
        if self._conversation.session is None:
            self._finish(self._conversation.fatal)
        elif self._source is not None:
            self._feeding = asyncio.create_task(sender.feed(self._source))

    async def _receive(self) -> Event | None:
        try:
            data = await self._call.read()
        except grpc.aio.AioRpcError as error:
            self._finish(self._conversation.fatal or self._failure(error))
            return None
        except asyncio.CancelledError:
            if self._sender is None or not self._sender.cancelled:
                raise
            self._finish(CallCancelledError("the stream was cancelled", code="canceled", status="CANCELLED"))
            return None
        if data is _EOF:
            self._conversation.end()
            self._finish(self._conversation.fatal)
            return None
        event = self._conversation.receive(data)
        if event is None:
            await self._drain()
            self._finish(self._conversation.fatal)
            return None
        if isinstance(event, Closed) and self._sender is not None and self._sender.source_error is not None:
            self._finish(self._sender.source_error)
            return None
        return event

    async def _drain(self) -> None:
        """Read what follows an error, so that the stream's resources are freed and the service's last word is kept."""
        try:
            while (data := await self._call.read()) is not _EOF:
                self._conversation.receive(data)
        except grpc.aio.AioRpcError:
            pass  # the error that was told first is the one that counts

    def _finish(self, error: BaseException | None) -> None:
        self._over, self._error = True, error or (self._sender.source_error if self._sender else None)
        if self._feeding is not None:
            self._feeding.cancel()
