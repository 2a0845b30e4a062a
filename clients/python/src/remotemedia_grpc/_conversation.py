"""What is said in a stream, without the transport: the messages to send, and what those that come mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from google.protobuf.message import DecodeError

from remotemedia_grpc import _codec, _failure, _wire
from remotemedia_grpc._pb import streaming_pb2
from remotemedia_grpc.audio import Audio, AudioLike, as_audio
from remotemedia_grpc.errors import InternalError, NodeExecutionError, RemoteMediaError, UnavailableError, ValidationError
from remotemedia_grpc.manifest import Manifest
from remotemedia_grpc.results import ChunkFailed, Closed, Event, Limits, Progress, Ready

Backpressure: TypeAlias = Literal["block", "drop_oldest", "drop_newest", "error"]

_POLICIES: tuple[Backpressure, ...] = ("block", "drop_oldest", "drop_newest", "error")
_CLOSE = streaming_pb2.StreamRequest(
    control=streaming_pb2.StreamControl(command=streaming_pb2.StreamControl.COMMAND_CLOSE)
).SerializeToString()
_RESULT, _FAILED_CODE = 2, 2
_NOTHING: _wire.Field = (0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of what goes into a stream, where it is more than the bare audio.

    Args:
        audio: The audio; an array needs the stream's ``rate``.
        data: An item of data, any JSON value, where there is no audio.
        node: Its receiver; only needed where several nodes are at the start.
        at: Media time in seconds; it goes on from the chunk before where it isn't given.
        port: Input port of the node, for data.
    """

    audio: AudioLike | None = None
    data: Any = None
    node: str = ""
    at: float | None = None
    port: str = ""


ChunkLike: TypeAlias = "Chunk | AudioLike"


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """What a stream was asked for."""

    rate: int | None = None
    node: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    limits: Limits | None = None
    outputs: Sequence[str] = ()
    backpressure: Backpressure = "block"
    chunk_samples: int = 0
    metrics_interval: int = 0
    continue_on_error: bool = False


class Conversation:
    """The state of a stream. One thread or task may ask for messages to send while another hands in those that came."""

    def __init__(self, manifest: Manifest, settings: StreamSettings) -> None:
        if settings.backpressure not in _POLICIES:
            raise ValidationError(
                f"backpressure is {settings.backpressure!r}: use one of {', '.join(_POLICIES)}", code="wrong_type"
            )
        self._manifest, self._settings = manifest, settings
        self._receivers: dict[str, tuple[str, bytes]] = {}
        self._answered = 0
        self._flushing_failed: RemoteMediaError | None = None
        self.init = self._encode_init()
        self.sequence = 0
        self.closing = False
        self.session: Ready | None = None
        self.closed: Closed | None = None
        #: Why the stream ends; the service may still say that it closes.
        self.fatal: RemoteMediaError | None = None

    def _encode_init(self) -> bytes:
        s = self._settings
        rest = streaming_pb2.StreamInit(
            data_inputs=_codec.data_texts({self._manifest.address(node): value for node, value in s.data.items()}),
            resource_limits=_codec.limits_message(s.limits),
            client_version=_codec.PROTOCOL,
            expected_chunk_size=s.chunk_samples,
            backpressure=f"BACKPRESSURE_POLICY_{s.backpressure.upper()}",
            output_nodes=s.outputs,
            metrics_interval_chunks=s.metrics_interval,
            continue_on_error=s.continue_on_error,
        )
        return _wire.bytes_field(1, _wire.bytes_field(1, self._manifest.wire) + rest.SerializeToString())

    def chunk(self, item: ChunkLike) -> bytes:
        """Encode the next chunk, and count it. What can't be sent is refused, and isn't counted."""
        if isinstance(item, Chunk):
            message = self._encode(item)
        else:
            message = _codec.chunk_message(self._receiver("")[1], as_audio(item, self._settings.rate), self.sequence, 0)
        self.sequence += 1
        return message

    def _encode(self, item: Chunk) -> bytes:
        node, field = self._receiver(item.node)
        at = item.at or 0.0
        if at < 0:
            raise ValidationError(f"the chunk is at {at} s: media time begins at 0", code="bad_audio", node_id=node)
        if item.audio is not None:
            return _codec.chunk_message(field, as_audio(item.audio, self._settings.rate), self.sequence, int(at * 1000))
        return _codec.data_message(node, item.data, self.sequence, int(at * 1000), item.port)

    def _receiver(self, node: str) -> tuple[str, bytes]:
        """Give the id of a chunk's node, and its field."""
        found = self._receivers.get(node)
        if found is None:
            address = self._manifest.address(node or self._settings.node)
            found = self._receivers[node] = address, _wire.text_field(1, address)
        return found

    def close(self) -> bytes:
        """Encode the wish to process what was sent, to flush and to end."""
        self.closing = True
        return _CLOSE

    def receive(self, data: bytes) -> Event | None:
        """Understand a message. Where it is the end by an error, ``fatal`` is set and nothing returned."""
        try:
            # Most messages are results, and their samples mustn't pass through protobuf.
            number, kind, value, stop, _ = next(_wire.fields(data, 0, len(data)), _NOTHING)
            if number == _RESULT and kind == _wire.BYTES and stop == len(data):
                answer = _codec.read_answer(data, value, stop)
                self._answered += not answer.final
                return answer
            return self._other(streaming_pb2.StreamResponse.FromString(data))
        except (_wire.WireError, DecodeError, UnicodeDecodeError) as error:
            self.fatal = _codec.unreadable(error)
            return None

    def _other(self, message: streaming_pb2.StreamResponse) -> Event | None:
        kind = message.WhichOneof("response")
        if kind == "ready":
            self.session = _ready(message.ready)
            return self.session
        if kind == "metrics":
            return _progress(message.metrics)
        if kind == "error":
            return self._error(_failure.from_response(message.error))
        if kind == "closed":
            return self._closed(message.closed)
        self.fatal = InternalError(
            "the service sent a message that this client doesn't understand: update the client", code="internal"
        )
        return None

    def _error(self, error: RemoteMediaError) -> Event | None:
        if not self._settings.continue_on_error or not isinstance(error, NodeExecutionError):
            self.fatal = error
            return None
        self._flushing_failed = error
        self._answered += 1
        return ChunkFailed(error.sequence or 0, error)

    def _closed(self, message: streaming_pb2.StreamClosed) -> Event | None:
        self.closed = Closed(
            message.reason,
            message.close_code,
            message.chunks_processed,
            message.total_samples,
            _codec.read_nodes(message.final_metrics, self._manifest),
            _codec.read_metrics(message.final_metrics),
        )
        if self.fatal is not None:
            return None  # the error that was told first is the one that counts
        if self._flushing_failed and message.close_code == _FAILED_CODE:
            self.fatal = self._flushing_failed
        elif not self._is_complete():
            self.fatal = UnavailableError(
                f"the service closed the stream ({message.reason}) after {self._answered} answers: open another "
                "one and go on with the chunk after them",
                code="shutting_down",
            )
        return None if self.fatal else self.closed

    def _is_complete(self) -> bool:
        return self.closing and self._answered >= self.sequence

    def end(self) -> None:
        """Take note that nothing more comes. An old service may end a good stream so."""
        if self.closed is None and self.fatal is None and not self._is_complete():
            self.fatal = InternalError("the service ended the stream without a word: open another one", code="internal")


def _ready(message: streaming_pb2.StreamReady) -> Ready:
    return Ready(
        message.session_id,
        tuple(message.input_node_ids),
        tuple(message.output_node_ids),
        message.recommended_chunk_size,
        message.idle_timeout_ms / 1000,
        message.queue_capacity,
    )


def _progress(message: streaming_pb2.StreamMetrics) -> Progress:
    return Progress(
        message.chunks_processed,
        message.chunks_dropped,
        message.total_samples,
        message.buffer_samples,
        message.peak_memory_bytes,
        message.average_latency_ms / 1000,
        message.p50_ms / 1000,
        message.p95_ms / 1000,
        message.p99_ms / 1000,
    )


def refuse_lone_audio(source: object, *kinds: str) -> None:
    """Refuse a source that is one piece of audio, where several were wanted, or that has none of the methods that give them."""
    if isinstance(source, (Audio, str, bytes)) or hasattr(source, "__array__"):
        raise ValidationError(
            "the source is one piece of audio: give an iterable of chunks, for instance audio.chunks(0.1)", code="bad_audio"
        )
    if source is not None and not any(hasattr(source, kind) for kind in kinds):
        also = ". AsyncClient takes async iterables" if hasattr(source, "__aiter__") else ""
        raise ValidationError(f"the source is a {type(source).__name__}: give an iterable of chunks{also}", code="wrong_type")
