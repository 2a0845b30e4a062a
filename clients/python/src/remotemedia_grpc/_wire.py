"""The protobuf wire format, as far as samples must not pass through protobuf's messages, which copy them.

What is read here came from outside: every length is checked against the bytes that are there.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TypeAlias

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_COMMON, _FIXED = (VARINT, BYTES), (FIXED64, FIXED32)


class WireError(ValueError):
    """The bytes aren't a message."""


#: One field of a message: its number and kind, the value of a number or the place where the bytes begin, the place behind the
#: field, and the place where it begins with its tag.
Field: TypeAlias = tuple[int, int, int, int, int]


@functools.lru_cache(4096)
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


@functools.lru_cache(256)
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
    """Walk through the message between two places. Most numbers are one byte long, and are read here without a call."""
    try:
        while at < end:
            start = at
            key = data[at]
            at += 1
            if key > 0x7F:
                key, at = read_varint(data, start)
            kind = key & 7
            if kind in _COMMON:
                value = data[at]
                at += 1
                if value > 0x7F:
                    value, at = read_varint(data, at - 1)
                if kind == BYTES:
                    value, at = at, at + value
            elif kind in _FIXED:
                value, at = at, at + (8 if kind == FIXED64 else 4)
            else:
                raise WireError(f"field {key >> 3} is of the unknown kind {kind}")
            if at > end:
                raise WireError(f"field {key >> 3} ends behind its message")
            yield key >> 3, kind, value, at, start
    except IndexError:
        raise WireError("the message ends within a field") from None


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
