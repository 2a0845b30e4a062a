"""Streams of the blocking client."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any

import grpc

from remotemedia_grpc._conversation import ChunkLike, Conversation
from remotemedia_grpc.errors import ClosedError, RemoteMediaError
from remotemedia_grpc.results import Answer, ChunkFailed, Closed, Event, Ready


class Stream:
    """A pipeline on the service that is fed piece by piece. Its nodes keep their state from one chunk to the next.

    Iterating gives the events: :class:`Ready`, an :class:`Answer` for each chunk, perhaps a final one, now and then
    :class:`Progress`, and :class:`Closed`. A stream that ends otherwise raises why.

    One thread may send while another iterates, and without a source that is how it is meant for long streams: the service stops
    reading when its queue is full and answers aren't taken, so that a program that sends much before it iterates waits for ever.
    Leaving the ``with`` statement early cancels the stream, and so does letting go of it: a loop over ``client.stream(...)`` may be
    left.
    """

    def __init__(
        self,
        conversation: Conversation,
        start: Callable[[Iterator[bytes]], Any],
        failure: Callable[[grpc.RpcError], RemoteMediaError],
        repeat: Callable[[int, grpc.RpcError], None],
        source: Iterable[ChunkLike] | None,
    ) -> None:
        self._conversation, self._start, self._failure, self._repeat = conversation, start, failure, repeat
        self._source = source
        self._source_errors: list[BaseException] = []
        self._starting: Any = None  # the call, from its beginning on
        self._call: Any = None  # the call, once the service is ready
        self._outbox = _Outbox()
        self._opening, self._sending = threading.Lock(), threading.Lock()
        self._error: BaseException | None = None
        self._over = False
        self._ready_told = False

    @property
    def session(self) -> Ready:
        """What the service said when it was ready; opens the stream where nothing did yet."""
        self._open()
        assert self._conversation.session is not None
        return self._conversation.session

    @property
    def closed(self) -> Closed | None:
        """The service's last word, where it came."""
        return self._conversation.closed

    def send(self, chunk: ChunkLike) -> None:
        """Send one chunk. It waits while the service has enough to do.

        A chunk that can't be sent raises a :class:`ValidationError`, and the stream may be used on.
        """
        self._open()
        if self._source is not None:
            raise ClosedError("the stream takes its chunks from its source: open one without a source to send", code="canceled")
        with self._sending:
            if self._conversation.closing:
                raise ClosedError("the stream was closed: open another one to send more", code="canceled")
            self._outbox.put(self._conversation.chunk(chunk))

    def close(self) -> None:
        """Ask the service to process what was sent and to flush the nodes. The answers still come; a second close does nothing."""
        self._open()
        with self._sending:
            if not self._conversation.closing:
                self._outbox.put(self._conversation.close())
                self._outbox.finish()

    def cancel(self) -> None:
        """End the stream at once: what is queued and in work in the service is dropped. Any thread may do it, at any time."""
        if self._starting is not None:
            self._starting.cancel()  # before the outbox ends, which would half-close the stream and so flush it
        self._outbox.end()
        if self._call is None:
            self._over, self._error = True, ClosedError("the stream was cancelled before it was open", code="canceled")

    def answers(self) -> Iterator[Answer]:
        """Give the answers only; a chunk that failed raises its error."""
        for event in self:
            if isinstance(event, Answer):
                yield event
            elif isinstance(event, ChunkFailed):
                raise event.error

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        self._open()
        if not self._ready_told:
            self._ready_told = True
            return self.session
        while not self._over:
            event = self._receive()
            if event is not None:
                return event
        if self._error is not None:
            raise self._error
        raise StopIteration

    def __enter__(self) -> Stream:
        self._open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not self._over:
            self.cancel()
            self._over = True
            self._error = self._error or ClosedError("the stream was left before its end", code="canceled")

    def _open(self) -> None:
        """Begin the call, and repeat that while the service is unavailable: nothing but the pipeline has been sent yet."""
        if self._conversation.session is not None:
            return
        with self._opening:
            attempt = 1
            while self._call is None and not self._over and not self._opened(attempt):
                attempt += 1
        if self._conversation.session is None and self._error is not None:
            raise self._error

    def _opened(self, attempt: int) -> bool:
        self._outbox = _Outbox()
        self._outbox.put(self._conversation.init)
        self._starting = call = self._start(self._outbox)
        call.add_callback(self._outbox.end)
        try:
            first = next(call, None)
        except grpc.RpcError as error:
            self._outbox.end()
            self._repeat(attempt, error)
            return False
        self._call = call
        if first is None:
            self._conversation.end()
        elif self._conversation.receive(first) is None:
            self._drain()
        if self._conversation.session is None:
            self._over, self._error = True, self._conversation.fatal or ClosedError("the stream didn't open", code="canceled")
        elif self._source is not None:
            self._outbox.pull(_messages(self._conversation, self._source, self._source_errors))
        return True

    def _receive(self) -> Event | None:
        try:
            data = next(self._call, None)
        except grpc.RpcError as error:
            self._finish(self._conversation.fatal or self._failure(error))
            return None
        if data is None:
            self._conversation.end()
            self._finish(self._conversation.fatal)
            return None
        event = self._conversation.receive(data)
        if event is None:
            self._drain()
            self._finish(self._conversation.fatal)
            return None
        if isinstance(event, Closed) and self._source_errors:
            self._finish(self._source_errors[0])
            return None
        return event

    def _drain(self) -> None:
        """Read what follows an error, so that the stream's resources are freed and the service's last word is kept."""
        try:
            for data in self._call:
                self._conversation.receive(data)
        except grpc.RpcError:
            pass  # the error that was told first is the one that counts

    def _finish(self, error: BaseException | None) -> None:
        self._outbox.end()
        self._over, self._error = True, error or next(iter(self._source_errors), None)


def _messages(conversation: Conversation, source: Iterable[ChunkLike], errors: list[BaseException]) -> Iterator[bytes]:
    """Encode a source's chunks. What it raises is told when the answers to the chunks before it have come.

    It knows nothing of the stream, so that one that nobody holds any more is collected though its source goes on; gRPC then
    cancels the call.
    """
    try:
        for chunk in source:
            yield conversation.chunk(chunk)
    except GeneratorExit:
        raise
    except BaseException as error:  # raised where the stream is iterated; on gRPC's thread, SystemExit would end nothing else
        errors.append(error)
    yield conversation.close()


class _Outbox:
    """What goes to the service: one message waits, and whoever brings the next waits until it has been taken."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._message: bytes | None = None
        self._pulled: Iterator[bytes] | None = None
        self._finished = self._ended = False

    def put(self, message: bytes) -> None:
        """Hand a message over."""
        with self._changed:
            self._changed.wait_for(lambda: self._message is None or self._ended)
            if self._ended:
                raise ClosedError("the stream has ended: iterate it to see why", code="canceled")
            self._message = message
            self._changed.notify_all()

    def pull(self, messages: Iterator[bytes]) -> None:
        """Take all further messages from an iterator."""
        with self._changed:
            self._pulled = messages
            self._changed.notify_all()

    def finish(self) -> None:
        """Say that no more messages come."""
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def end(self) -> None:
        """Give up: the stream is over."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """Give gRPC the next message. Its sending thread asks for one when the transport has taken the one before."""
        with self._changed:
            self._changed.wait_for(lambda: self._message is not None or self._pulled or self._finished or self._ended)
            if self._ended:
                raise StopIteration
            if self._message is not None:
                message, self._message = self._message, None
                self._changed.notify_all()
                return message
            if self._pulled is None:
                raise StopIteration
        return next(self._pulled)
