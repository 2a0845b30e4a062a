"""Messages of the contract, to and from what callers see.

Samples don't pass through protobuf's messages: on the way out they are copied once, into the message that is sent, and on the
way in they are views of the message that was received.
"""

from __future__ import annotations

import functools
import json
import math
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from google.protobuf.message import DecodeError

from remotemedia_grpc import _wire
from remotemedia_grpc._pb import common_pb2, execution_pb2, streaming_pb2
from remotemedia_grpc._wire import BYTES, FIXED64, Rest, WireError, bytes_field, number_field, tag, text_field, varint
from remotemedia_grpc.audio import Audio, Samples, assemble, encoding, received
from remotemedia_grpc.errors import InternalError, ValidationError
from remotemedia_grpc.manifest import Manifest, encode_json
from remotemedia_grpc.results import Answer, Limits, Metrics, NodeReport, Result, Status, Version

PROTOCOL = "v1"

Parts: TypeAlias = "list[bytes | Samples]"


@functools.lru_cache(1024)
def _around(rate: int, kind: str, shape: tuple[int, ...]) -> tuple[bytes, bytes]:
    """Encode what stands before and behind the samples of an AudioBuffer, without their stamps. Chunks of a stream are alike."""
    dtype, count = np.dtype(kind), math.prod(shape)
    channels = 1 if len(shape) == 1 else shape[0]
    tail = b"\x10" + varint(rate) + b"\x18" + varint(channels) + b"\x20" + varint(encoding(dtype)) + b"\x28" + varint(count)
    return b"\x0a" + varint(count * dtype.itemsize), tail


def audio_field(number: int, audio: Audio) -> tuple[bytes, Samples, bytes]:
    """Encode a field that holds an AudioBuffer, in pieces around the samples."""
    samples = audio.samples
    head, tail = _around(audio.rate, samples.dtype.char, samples.shape)
    if audio.position or audio.timestamp or audio.stream_id:
        tail += _stamps(audio)
    return tag(number, BYTES) + varint(len(head) + samples.nbytes + len(tail)) + head, samples, tail


def _stamps(audio: Audio) -> bytes:
    position, microseconds = audio.position % (1 << 64), round(audio.timestamp * 1e6) % (1 << 64)
    return number_field(101, position) + number_field(102, microseconds) + text_field(103, audio.stream_id)


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
    try:
        return common_pb2.ResourceLimits(
            max_memory_bytes=limits.memory_bytes, max_timeout_ms=math.ceil(limits.seconds * 1000), max_audio_samples=limits.samples
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise ValidationError(
            f"{limits} isn't possible ({error}): give numbers from 0, where 0 is the default", code="wrong_type"
        ) from error


def read_audio(data: bytes, at: int, end: int) -> Audio:
    """Decode an AudioBuffer that lies in a message."""
    first = last = rate = channels = encoded = position = timestamp = 0
    stream_id = ""
    for number, _, value, stop, _ in _wire.fields(data, at, end):
        if number == 1:
            first, last = value, stop
        elif number == 2:
            rate = value
        elif number == 3:
            channels = value
        elif number == 4:
            encoded = value
        elif number == 101:
            position = _wire.signed(value)
        elif number == 102:
            timestamp = _wire.signed(value)
        elif number == 103:
            stream_id = str(data[value:stop], "utf-8")
    try:
        return received(data, first, last, rate, channels, encoded, position, timestamp / 1e6, stream_id)
    except ValueError as error:
        raise WireError(f"the audio contradicts itself: {error}") from error


def read_entry(data: bytes, at: int, end: int) -> tuple[str, int, int]:
    """Read the key of a map's entry, and find its value."""
    key, start, stop = "", end, end
    for number, _, value, behind, _ in _wire.fields(data, at, end):
        if number == 1:
            key = str(data[value:behind], "utf-8")
        elif number == 2:
            start, stop = value, behind
    return key, start, stop


def read_audio_entry(data: bytes, at: int, end: int) -> tuple[str, Audio]:
    """Decode an entry of a map of audio."""
    key, start, stop = read_entry(data, at, end)
    return key, read_audio(data, start, stop)


def read_list_entry(data: bytes, at: int, end: int) -> tuple[str, list[Audio]]:
    """Decode an entry of a map of lists of audio."""
    key, start, stop = read_entry(data, at, end)
    return key, [read_audio(data, value, behind) for _, kind, value, behind, _ in _wire.fields(data, start, stop) if kind == BYTES]


def items_of(audio: Mapping[str, Audio], lists: Mapping[str, list[Audio]]) -> dict[str, list[Audio]]:
    """Give the items; where a node gave one, the message doesn't repeat it."""
    return {node: lists.get(node) or [one] for node, one in audio.items()}


def decode_execution(data: bytes, manifest: Manifest) -> Result | common_pb2.ErrorResponse:
    """Decode an ExecuteResponse. A service may send the result in several pieces, which belong together."""
    audio: dict[str, Audio] = {}
    lists: dict[str, list[Audio]] = {}
    rest = Rest(data)
    try:
        for number, kind, value, stop, _ in _wire.fields(data, 0, len(data)):
            if number == 2 and kind == BYTES:
                return common_pb2.ErrorResponse.FromString(data[value:stop])
            if number == 1 and kind == BYTES:
                _split_result(data, value, stop, audio, lists, rest)
        return _result(audio, lists, execution_pb2.ExecutionResult.FromString(rest.bytes()), manifest)
    except (WireError, DecodeError, UnicodeDecodeError) as error:
        raise unreadable(error) from error


def _split_result(data: bytes, at: int, end: int, audio: dict[str, Audio], lists: dict[str, list[Audio]], rest: Rest) -> None:
    """Take the audio out of an ExecutionResult, and leave the rest to protobuf."""
    for number, kind, value, stop, start in _wire.fields(data, at, end):
        if number == 1 and kind == BYTES:
            node, one = read_audio_entry(data, value, stop)
            audio[node] = one
        elif number == 103 and kind == BYTES:
            node, several = read_list_entry(data, value, stop)
            lists[node] = several
        else:
            rest.add(start, stop)


def unreadable(error: Exception) -> InternalError:
    """Say that an answer isn't of the contract."""
    return InternalError(f"the answer of the service can't be read: {error}. Is it a remotemedia service?", code="internal")


def _result(
    audio: dict[str, Audio], lists: dict[str, list[Audio]], rest: execution_pb2.ExecutionResult, manifest: Manifest
) -> Result:
    data, items = read_data(rest.data_outputs, rest.data_output_lists)
    warnings = tuple(rest.warnings)
    reports = {entry.node_id: entry for entry in rest.node_results}
    nodes = {
        node: _report(rest.metrics.node_metrics.get(node), reports.get(node), warnings, node)
        for node in (*manifest.node_ids, *reports)
    }
    return Result(
        audio=audio,
        data=data,
        audio_items=items_of(audio, lists),
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


def chunk_message(receiver: bytes, audio: Audio, sequence: int, milliseconds: int) -> bytes:
    """Encode a StreamRequest with a chunk of audio; the receiver is an encoded ``node_id``."""
    head, samples, tail = audio_field(2, audio)
    head = receiver + head
    tail += number_field(3, sequence)
    if milliseconds:
        tail += number_field(4, milliseconds)
    return assemble((b"\x12" + varint(len(head) + samples.nbytes + len(tail)) + head, samples, tail))


def data_message(node: str, value: Any, sequence: int, milliseconds: int, port: str) -> bytes:
    """Encode a StreamRequest with an item of data."""
    chunk = streaming_pb2.JsonChunk(
        node_id=node, json=encode_json(value, "the data"), sequence=sequence, timestamp_ms=milliseconds, port=port
    )
    return streaming_pb2.StreamRequest(data_chunk=chunk).SerializeToString()


_NUMBER = struct.Struct("<d")


def read_answer(data: bytes, at: int, end: int) -> Answer:
    """Decode a ChunkResult that lies in a message. One with nothing but audio doesn't touch protobuf at all."""
    audio: dict[str, Audio] = {}
    lists: dict[str, list[Audio]] = {}
    rest = Rest(data)
    sequence = samples = final = dropped = 0
    milliseconds = 0.0
    for number, kind, value, stop, start in _wire.fields(data, at, end):
        if number == 1:
            sequence = value
        elif number == 2 and kind == BYTES:
            node, one = read_audio_entry(data, value, stop)
            audio[node] = one
        elif number == 4 and kind == FIXED64:
            milliseconds = _NUMBER.unpack_from(data, value)[0]
        elif number == 5:
            samples = value
        elif number == 101:
            final = value
        elif number == 103:
            dropped = value
        elif number == 105 and kind == BYTES:
            node, several = read_list_entry(data, value, stop)
            lists[node] = several
        elif number in _TEXTS:
            rest.add(start, stop)
    texts = rest.bytes()
    values, items, warnings = _read_texts(texts) if texts else ({}, {}, ())
    return Answer(
        audio, values, items_of(audio, lists), items, warnings, sequence, bool(final), bool(dropped), milliseconds / 1000, samples
    )


# Fields of a ChunkResult that hold text: data_outputs, warnings, data_output_lists.
_TEXTS = (3, 104, 106)


def _read_texts(data: bytes) -> tuple[dict[str, Any], dict[str, list[Any]], tuple[str, ...]]:
    result = streaming_pb2.ChunkResult.FromString(data)
    values, items = read_data(result.data_outputs, result.data_output_lists)
    return values, items, tuple(result.warnings)


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
