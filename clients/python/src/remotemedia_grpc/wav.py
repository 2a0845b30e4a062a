"""WAV files: what the standard library's module doesn't read before Python 3.12, and float in any version.

A file's sizes are checked against the bytes that are there. RIFF and RF64 are read; RIFF is written.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from remotemedia_grpc.errors import ValidationError

MAGICS = (b"RIFF", b"RF64")

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_UNKNOWN_SIZE = 0xFFFFFFFF
_DTYPES = {(_PCM, 16): "<i2", (_PCM, 32): "<i4", (_FLOAT, 32): "<f4"}


def read(source: str | os.PathLike[str] | bytes) -> tuple[npt.NDArray[Any], int, int]:
    """Return interleaved samples, rate and channels. The samples are a read-only view, except those of 24 bits."""
    if isinstance(source, bytes):
        return _parse(source, "the bytes")
    try:
        data = Path(source).read_bytes()
    except OSError as error:
        raise ValidationError(f"the audio file {os.fspath(source)} can't be read: {error.strerror}", code="bad_audio") from error
    return _parse(data, os.fspath(source))


def write(path: str | os.PathLike[str], data: bytes, rate: int, channels: int, dtype: np.dtype[Any]) -> None:
    """Write interleaved samples."""
    tag = _FLOAT if dtype.kind == "f" else _PCM
    frame = dtype.itemsize * channels
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * frame, frame, dtype.itemsize * 8)
    header = b"WAVE" + b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", min(len(data), _UNKNOWN_SIZE))
    size = len(header) + len(data)
    if size > _UNKNOWN_SIZE:
        raise ValidationError(
            f"{len(data)} bytes of samples don't fit into a WAV file, which holds 4 GiB: write several files", code="bad_audio"
        )
    Path(path).write_bytes(b"".join((b"RIFF", struct.pack("<I", size), header, data)))


def _parse(data: bytes, name: str) -> tuple[npt.NDArray[Any], int, int]:
    if not data.startswith(MAGICS) or data[8:12] != b"WAVE":
        raise _bad(name, "isn't a WAV file: convert it to WAV first")
    form: tuple[int, int, int, int] | None = None
    at = 12
    while at + 8 <= len(data):
        chunk, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        at += 8
        if chunk == b"fmt ":
            form = _format(data[at : at + size], name)
        elif chunk == b"data":
            if form is None:
                raise _bad(name, "has samples before their format: it is broken")
            return _samples(data, at, min(size, len(data) - at), form, name)
        at += size + size % 2
    raise _bad(name, "has no samples: it is cut off or broken")


def _format(form: bytes, name: str) -> tuple[int, int, int, int]:
    if len(form) < 16:
        raise _bad(name, "is cut off in its header")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", form)
    if tag == _EXTENSIBLE and len(form) >= 26:
        tag = struct.unpack_from("<H", form, 24)[0]
    if channels < 1 or rate < 1:
        raise _bad(name, f"says that it has {channels} channels at {rate} Hz: it is broken")
    return tag, channels, rate, bits


def _samples(data: bytes, at: int, size: int, form: tuple[int, int, int, int], name: str) -> tuple[npt.NDArray[Any], int, int]:
    tag, channels, rate, bits = form
    size -= size % (max(bits, 8) // 8 * channels)
    if (tag, bits) == (_PCM, 24):
        return _widen(data, at, size), rate, channels
    dtype = _DTYPES.get((tag, bits))
    if dtype is None:
        raise _bad(
            name, f"has samples of kind {tag} with {bits} bits: convert it to 16-bit, 24-bit or 32-bit PCM, or to 32-bit float"
        )
    return np.frombuffer(data, dtype, size // np.dtype(dtype).itemsize, at), rate, channels


def _widen(data: bytes, at: int, size: int) -> npt.NDArray[np.int32]:
    """Make 32-bit samples of 24-bit ones, at the same level."""
    wide = np.zeros((size // 3, 4), np.uint8)
    wide[:, 1:] = np.frombuffer(data, np.uint8, size, at).reshape(-1, 3)
    return wide.view("<i4").ravel()


def _bad(name: str, what: str) -> ValidationError:
    return ValidationError(f"{name} {what}", code="bad_audio")
