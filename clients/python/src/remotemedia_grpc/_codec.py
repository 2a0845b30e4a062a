"""Messages of the contract, to and from what callers see.

Samples don't pass through protobuf's messages: on the way out they are copied once, into the message that is sent, and on the
way in they are views of the message that was received.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from google.protobuf.message import DecodeError

from remotemedia_grpc import _wire
from remotemedia_grpc._pb import common_pb2, execution_pb2, streaming_pb2
from remotemedia_grpc._wire import BYTES, Rest, WireError, bytes_field, number_field, tag, text_field, varint
from remotemedia_grpc.audio import Audio, Samples, assemble, encoding, received
from remotemedia_grpc.errors import InternalError
from remotemedia_grpc.manifest import Manifest, encode_json
from remotemedia_grpc.results import Answer, Limits, Metrics, NodeReport, Result, Status, Version

PROTOCOL = "v1"

Parts: TypeAlias = "list[bytes | Samples]"


def audio_field(number: int, audio: Audio) -> Parts:
    """Encode a field that holds an AudioBuffer, in pieces around the samples."""
    samples = audio.samples
    head = b"\x0a" + varint(samples.nbytes)
    tail = (
        b"\x10"
        + varint(audio.rate)
        + b"\x18"
        + varint(audio.channels)
        + b"\x20"
        + varint(encoding(samples))
        + b"\x28"
        + varint(samples.size)
        + number_field(101, audio.position % (1 << 64))
        + number_field(102, round(audio.timestamp * 1e6) % (1 << 64))
        + text_field(103, audio.stream_id)
    )
    return [tag(number, BYTES) + varint(len(head) + samples.nbytes + len(tail)) + head, samples, tail]


def size(parts: Iterable[bytes | Samples]) -> int:
    """Count the bytes of pieces."""
    return sum(len(part) if isinstance(part, bytes) else part.nbytes for part in parts)


def wrapped(number: int, parts: Parts) -> Parts:
    """Put pieces into a field."""
    return [tag(number, BYTES) + varint(size(parts)), *parts]


def encode_execution(
    manifest: Manifest,
    audio: Mapping[str, Audio],
    data: Mapping[str, Any],
    limits: Limits | None,
    outputs: Sequence[str],
    labels: Mapping[str, str],
) -> bytes:
    """Encode an ExecuteRequest."""
    parts: Parts = [bytes_field(1, manifest.wire)]
    for node, one in audio.items():
        parts += wrapped(2, [bytes_field(1, node.encode()), *audio_field(2, one)])
    rest = execution_pb2.ExecuteRequest(
        client_version=PROTOCOL,
        output_nodes=outputs,
        labels=labels,
        resource_limits=limits_message(limits),
        data_inputs=data_texts(data),
    )
    return assemble([*parts, rest.SerializeToString()])


def data_texts(data: Mapping[str, Any]) -> dict[str, str]:
    """Encode data items by node."""
    return {node: encode_json(value, f"the data for node {node!r}") for node, value in data.items()}


def limits_message(limits: Limits | None) -> common_pb2.ResourceLimits | None:
    """Encode limits; a short time is rounded up, so that it doesn't become none."""
    if limits is None:
        return None
    return common_pb2.ResourceLimits(
        max_memory_bytes=limits.memory_bytes, max_timeout_ms=math.ceil(limits.seconds * 1000), max_audio_samples=limits.samples
    )


def read_audio(data: bytes, at: int, end: int) -> Audio:
    """Decode an AudioBuffer that lies in a message."""
    first = last = rate = channels = number = position = timestamp = 0
    stream_id = ""
    for field in _wire.fields(data, at, end):
        if field.number == 1:
            first, last = field.value, field.stop
        elif field.number == 2:
            rate = field.value
        elif field.number == 3:
            channels = field.value
        elif field.number == 4:
            number = field.value
        elif field.number == 101:
            position = _wire.signed(field.value)
        elif field.number == 102:
            timestamp = _wire.signed(field.value)
        elif field.number == 103:
            stream_id = str(data[field.value : field.stop], "utf-8")
    try:
        audio = received(data, first, last, rate, channels, number)
    except ValueError as error:
        raise WireError(f"the audio contradicts itself: {error}") from error
    audio.position, audio.timestamp, audio.stream_id = position, timestamp / 1e6, stream_id
    return audio


def read_entry(data: bytes, at: int, end: int) -> tuple[str, int, int]:
    """Read the key of a map's entry, and find its value."""
    key, start, stop = "", end, end
    for field in _wire.fields(data, at, end):
        if field.number == 1:
            key = str(data[field.value : field.stop], "utf-8")
        elif field.number == 2:
            start, stop = field.value, field.stop
    return key, start, stop


class AudioMaps:
    """The outputs with audio of a message, taken out of it while it is walked through."""

    def __init__(self, data: bytes, single: int, lists: int) -> None:
        self._data = data
        self._single, self._lists = single, lists
        self.audio: dict[str, Audio] = {}
        self.items: dict[str, list[Audio]] = {}

    def split(self, at: int, end: int, rest: Rest) -> None:
        """Walk through a message; what isn't audio goes to the rest."""
        for field in _wire.fields(self._data, at, end):
            if field.kind != BYTES or field.number not in (self._single, self._lists):
                rest.add(field.start, field.stop)
                continue
            key, start, stop = read_entry(self._data, field.value, field.stop)
            if field.number == self._single:
                self.audio[key] = read_audio(self._data, start, stop)
            else:
                self.items[key] = [
                    read_audio(self._data, f.value, f.stop) for f in _wire.fields(self._data, start, stop) if f.kind == BYTES
                ]

    def lists(self) -> dict[str, list[Audio]]:
        """Give the items; where a node gave one, the message doesn't repeat it."""
        return {node: self.items.get(node) or [audio] for node, audio in self.audio.items()}


def decode_execution(data: bytes, manifest: Manifest) -> Result | common_pb2.ErrorResponse:
    """Decode an ExecuteResponse. A service may send the result in several pieces, which belong together."""
    try:
        outputs, rest = AudioMaps(data, 1, 103), Rest(data)
        for field in _wire.fields(data, 0, len(data)):
            if field.number == 2:
                return common_pb2.ErrorResponse.FromString(data[field.value : field.stop])
            if field.number == 1:
                outputs.split(field.value, field.stop, rest)
        return _result(outputs, execution_pb2.ExecutionResult.FromString(rest.bytes()), manifest)
    except (WireError, DecodeError, UnicodeDecodeError) as error:
        raise unreadable(error) from error


def unreadable(error: Exception) -> InternalError:
    """Say that an answer isn't of the contract."""
    return InternalError(f"the answer of the service can't be read: {error}. Is it a remotemedia service?", code="internal")


def _result(outputs: AudioMaps, rest: execution_pb2.ExecutionResult, manifest: Manifest) -> Result:
    data, items = read_data(rest.data_outputs, rest.data_output_lists)
    warnings = tuple(rest.warnings)
    reports = {entry.node_id: entry for entry in rest.node_results}
    nodes = {
        node: _report(rest.metrics.node_metrics.get(node), reports.get(node), warnings, node)
        for node in (*manifest.node_ids, *reports)
    }
    return Result(
        audio=outputs.audio,
        data=data,
        audio_items=outputs.lists(),
        data_items=items,
        warnings=warnings,
        status=_EXECUTION.get(rest.status, "unknown"),
        nodes=nodes,
        metrics=read_metrics(rest.metrics),
        request_id=rest.request_id,
    )


_EXECUTION: dict[int, Status] = {1: "success", 2: "partial", 3: "failed"}
_NODE: dict[int, Status] = {1: "success", 2: "skipped", 3: "failed"}
_WARNED = re.compile(r'^node ("(?:[^"\\]|\\.)*")')


def _report(
    metrics: common_pb2.NodeMetrics | None, entry: common_pb2.NodeResult | None, warnings: tuple[str, ...], node: str
) -> NodeReport:
    return NodeReport(
        status=_NODE.get(entry.status, "unknown") if entry else ("success" if metrics else "skipped"),
        seconds=metrics.execution_time_ms / 1000 if metrics else 0.0,
        memory_bytes=metrics.memory_bytes if metrics else 0,
        samples=metrics.samples_processed if metrics else 0,
        figures=read_object(metrics.custom_metrics) if metrics else {},
        output=read_object(entry.output_metadata) if entry else {},
        warnings=tuple(text for text in warnings if _warned_of(text) == node),
    )


def _warned_of(text: str) -> str:
    """Tell which node a warning is about."""
    found = _WARNED.match(text)
    return json.loads(found[1]) if found else ""


def read_metrics(metrics: common_pb2.ExecutionMetrics) -> Metrics:
    """Decode what an execution cost."""
    return Metrics(
        wall_seconds=metrics.wall_time_ms / 1000,
        busy_seconds=metrics.cpu_time_ms / 1000,
        queue_seconds=metrics.queue_wait_ms / 1000,
        codec_seconds=metrics.serialization_time_ms / 1000,
        memory_bytes=metrics.memory_used_bytes,
    )


def read_nodes(metrics: common_pb2.ExecutionMetrics, manifest: Manifest) -> dict[str, NodeReport]:
    """Decode the reports of a whole stream; nodes without figures were reached by nothing."""
    return {node: _report(metrics.node_metrics.get(node), None, (), node) for node in manifest.node_ids}


def read_object(text: str) -> dict[str, Any]:
    """Decode a JSON object; old services put prose there, or nothing."""
    try:
        value = json.loads(text) if text else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def read_data(outputs: Mapping[str, str], lists: Mapping[str, common_pb2.JsonList]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Decode the data outputs, joined and item by item."""
    if not outputs and not lists:
        return {}, {}
    try:
        items = {node: [json.loads(text) for text in one.items] for node, one in lists.items() if one.items}
        data = {node: _joined(text, items.get(node)) for node, text in outputs.items()}
    except ValueError as error:
        raise WireError(f"a data output isn't JSON: {error}") from error
    return data, {node: items.get(node) or [value] for node, value in data.items()}


def _joined(text: str, items: list[Any] | None) -> Any:
    if not items:
        return json.loads(text)
    return items[0] if len(items) == 1 else items


def chunk_message(node: str, audio: Audio, sequence: int, milliseconds: int) -> bytes:
    """Encode a StreamRequest with a chunk of audio."""
    parts = [text_field(1, node), *audio_field(2, audio), number_field(3, sequence) + number_field(4, milliseconds)]
    return assemble(wrapped(2, parts))


def data_message(node: str, value: Any, sequence: int, milliseconds: int, port: str) -> bytes:
    """Encode a StreamRequest with an item of data."""
    chunk = streaming_pb2.JsonChunk(
        node_id=node, json=encode_json(value, "the data"), sequence=sequence, timestamp_ms=milliseconds, port=port
    )
    return streaming_pb2.StreamRequest(data_chunk=chunk).SerializeToString()


def read_answer(data: bytes, at: int, end: int) -> Answer:
    """Decode a ChunkResult that lies in a message."""
    outputs, rest = AudioMaps(data, 2, 105), Rest(data)
    outputs.split(at, end, rest)
    result = streaming_pb2.ChunkResult.FromString(rest.bytes())
    values, items = read_data(result.data_outputs, result.data_output_lists)
    return Answer(
        audio=outputs.audio,
        data=values,
        audio_items=outputs.lists(),
        data_items=items,
        warnings=tuple(result.warnings),
        sequence=result.sequence,
        final=result.is_final,
        dropped=result.dropped,
        seconds=result.processing_time_ms / 1000,
        samples=result.total_samples_processed,
    )


def decode_version(data: bytes) -> Version:
    """Decode a VersionResponse."""
    try:
        response = execution_pb2.VersionResponse.FromString(data)
    except DecodeError as error:
        raise unreadable(error) from error
    info = response.version_info
    return Version(
        service=info.service_version or info.runtime_version,
        protocol=info.protocol_version,
        runtime=info.runtime_version,
        commit=info.commit,
        built=info.build_timestamp,
        node_types=tuple(info.supported_node_types),
        protocols=tuple(info.supported_protocols),
        compatible=response.compatible,
        message=response.compatibility_message,
    )


VERSION_REQUEST = execution_pb2.VersionRequest(client_version=PROTOCOL).SerializeToString()
