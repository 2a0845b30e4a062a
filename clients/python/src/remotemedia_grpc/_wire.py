"""The protobuf wire format, as far as samples must not pass through protobuf's messages, which copy them.

What is read here came from outside: every length is checked against the bytes that are there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class WireError(ValueError):
    """The bytes aren't a message."""


class Field(NamedTuple):
    """One field of a message: its number, and where it begins and ends. ``value`` is that of a varint or the start of the bytes."""

    number: int
    kind: int
    value: int
    stop: int
    start: int


def varint(value: int) -> bytes:
    """Encode an unsigned number."""
    if value < 0x80:
        return bytes((value,))
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def tag(number: int, kind: int) -> bytes:
    """Encode what stands before a field."""
    return varint(number << 3 | kind)


def number_field(number: int, value: int) -> bytes:
    """Encode a field of an unsigned number; 0 is what is read where nothing stands."""
    return tag(number, VARINT) + varint(value) if value else b""


def bytes_field(number: int, value: bytes) -> bytes:
    """Encode a field of bytes, of text, or of a message."""
    return tag(number, BYTES) + varint(len(value)) + value


def text_field(number: int, value: str) -> bytes:
    """Encode a field of text; the empty text is what is read where nothing stands."""
    return bytes_field(number, value.encode()) if value else b""


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Decode a number, and say where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise WireError("a number is longer than 64 bits")


def signed(value: int) -> int:
    """Give the value of an int64 that was read as an unsigned number."""
    return value - (1 << 64) if value >> 63 else value


def fields(data: bytes, at: int, end: int) -> Iterator[Field]:
    """Walk through the message between two places."""
    while at < end:
        start = at
        key, at = read_byte_or_varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, stop = read_byte_or_varint(data, at)
        elif kind == BYTES:
            length, value = read_byte_or_varint(data, at)
            stop = value + length
        elif kind in (FIXED64, FIXED32):
            value, stop = at, at + (8 if kind == FIXED64 else 4)
        else:
            raise WireError(f"field {number} is of the unknown kind {kind}")
        if stop > end:
            raise WireError(f"field {number} ends behind its message")
        yield Field(number, kind, value, stop, start)
        at = stop


def read_byte_or_varint(data: bytes, at: int) -> tuple[int, int]:
    """Decode a number, most of which are one byte long."""
    try:
        byte = data[at]
        return (byte, at + 1) if byte < 0x80 else read_varint(data, at)
    except IndexError:
        raise WireError("the message ends within a number") from None


class Rest:
    """Collects the stretches of a message that protobuf is to read, so that what lies between them isn't copied."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._parts: list[bytes] = []
        self._start = self._stop = 0

    def add(self, start: int, stop: int) -> None:
        """Add the next stretch."""
        if start != self._stop:
            self._cut()
            self._start = start
        self._stop = stop

    def _cut(self) -> None:
        if self._stop > self._start:
            self._parts.append(self._data[self._start : self._stop])

    def bytes(self) -> bytes:
        """Give all stretches, joined."""
        self._cut()
        self._start = self._stop
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
