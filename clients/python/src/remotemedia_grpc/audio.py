"""Audio: samples as a numpy array together with their rate."""

from __future__ import annotations

import io
import math
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from remotemedia_grpc import wav
from remotemedia_grpc.errors import ValidationError

Samples: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.int16] | npt.NDArray[np.int32]

MAX_RATE, MAX_CHANNELS = 768_000, 64

#: The number of each encoding on the wire, and its samples there.
ENCODINGS: dict[int, np.dtype[Any]] = {1: np.dtype("<f4"), 2: np.dtype("<i2"), 3: np.dtype("<i4")}
_NUMBERS = {(dtype.kind, dtype.itemsize): number for number, dtype in ENCODINGS.items()}

_LITTLE = sys.byteorder == "little"


class Audio:
    """Samples with their rate, the one thing that an array doesn't know.

    Args:
        samples: float32 (full scale is -1 to 1), int16 or int32; mono audio has the shape ``(frames,)``, other audio
            ``(channels, frames)``. Kept, not copied.
        rate: Frames per second, in Hz.
        position: Index of the first frame on the sample clock of its stream.
        timestamp: Media time of the first frame, in seconds.
        stream_id: Name of the stream that it belongs to.

    What a service sent is a read-only view of the message that was received, and may lie at an odd address: copy the array
    before you write into it, or hand it to code that wants aligned memory.
    """

    __slots__ = ("position", "rate", "samples", "stream_id", "timestamp")

    def __init__(self, samples: Samples, rate: int, *, position: int = 0, timestamp: float = 0.0, stream_id: str = "") -> None:
        _check_samples(samples)
        self.samples = samples
        self.rate = _checked_rate(rate)
        self.position = position
        self.timestamp = timestamp
        self.stream_id = stream_id

    @property
    def channels(self) -> int:
        """Number of channels."""
        return 1 if self.samples.ndim == 1 else int(self.samples.shape[0])

    @property
    def frames(self) -> int:
        """Samples of each channel."""
        return int(self.samples.shape[-1])

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the samples."""
        return self.samples.dtype

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        if dtype is not None and np.dtype(dtype) != self.samples.dtype:
            return self.samples.astype(dtype)
        return self.samples.copy() if copy else self.samples

    def __len__(self) -> int:
        return self.frames

    def __repr__(self) -> str:
        return f"Audio({self.samples.dtype}, {self.rate} Hz, channels={self.channels}, frames={self.frames})"

    def __getitem__(self, frames: slice) -> Audio:
        """Cut a piece out, by frames; nothing is copied."""
        start, _, step = frames.indices(self.frames)
        if step != 1:
            raise ValueError("a piece of audio has a step of 1; use AudioResample to change the rate")
        return Audio(
            self.samples[..., frames],
            self.rate,
            position=self.position + start,
            timestamp=self.timestamp + start / self.rate,
            stream_id=self.stream_id,
        )

    def chunks(self, seconds: float) -> Iterator[Audio]:
        """Cut the audio into pieces of a length, the last of which may be shorter; nothing is copied."""
        size = round(seconds * self.rate)
        if size < 1:
            raise ValueError(
                f"chunks of {seconds} s are shorter than a sample at {self.rate} Hz: give a longer time, for instance 0.02"
            )
        for start in range(0, self.frames, size):
            yield self[start : start + size]

    def to_bytes(self) -> bytes:
        """Give the samples interleaved and little-endian, as in a raw PCM file."""
        return assemble((self.samples,))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a WAV file with the same samples, bit for bit."""
        wav.write(path, self.to_bytes(), self.rate, self.channels, ENCODINGS[encoding(self.dtype)])

    @classmethod
    def load(cls, source: str | os.PathLike[str] | bytes) -> Audio:
        """Read a WAV file, or the bytes of one: PCM of 16, 24 or 32 bits (24 become int32), or 32-bit float."""
        data, rate, channels = wav.read(source)
        return cls(deinterleaved(data, channels), rate)

    @classmethod
    def from_bytes(cls, data: bytes, rate: int, channels: int = 1, dtype: npt.DTypeLike = np.int16) -> Audio:
        """Take raw PCM: interleaved, little-endian. Nothing is copied."""
        wanted = np.dtype(dtype)
        number = _NUMBERS.get((wanted.kind, wanted.itemsize))
        if number is None:
            raise _invalid(f"raw audio of {wanted} can't be sent: use float32, int16 or int32")
        if channels < 1 or len(data) % (wanted.itemsize * channels):
            raise _invalid(
                f"{len(data)} bytes aren't whole frames of {channels} channels of {wanted}: give the channels "
                f"and dtype that they have"
            )
        return cls(deinterleaved(np.frombuffer(data, ENCODINGS[number]), channels), rate)


AudioLike: TypeAlias = "Audio | Samples | str | os.PathLike[str] | bytes"


def as_audio(source: AudioLike, rate: int | None) -> Audio:
    """Make audio of what a caller gave; an array needs the rate."""
    if isinstance(source, Audio):
        return source
    if isinstance(source, np.ndarray):
        if rate is None:
            raise _invalid("an array doesn't say its sample rate: give rate=, or an Audio(samples, rate)")
        return Audio(source, rate)
    if isinstance(source, bytes) and not source.startswith(wav.MAGICS):
        raise _invalid("the bytes aren't those of a WAV file: for raw samples use Audio.from_bytes(data, rate, channels, dtype)")
    if isinstance(source, (bytes, str, os.PathLike)):
        return Audio.load(source)
    raise _invalid(
        f"audio can't be made of {type(source).__name__}: give a numpy array with rate=, an Audio, the path of "
        f"a WAV file or its bytes"
    )


def encoding(dtype: np.dtype[Any]) -> int:
    """Give the number of the encoding on the wire."""
    return _NUMBERS[dtype.kind, dtype.itemsize]


def assemble(parts: Sequence[bytes | Samples]) -> bytes:
    """Join pieces of a message and the samples between them, these in the order of the wire. Samples are copied once."""
    ready: list[Any] = []
    for part in parts:
        if not isinstance(part, bytes):
            frames = part if part.ndim == 1 else part.T
            if not frames.flags.c_contiguous or part.dtype.isnative != _LITTLE:
                break
            part = frames  # its memory is what the wire wants: interleaved and little-endian
        ready.append(part)
    else:
        return b"".join(ready)
    # Space is reserved by a write at the end, and getvalue() gives the buffer itself when nothing else has it.
    out = io.BytesIO()
    out.seek(sum(len(part) if isinstance(part, bytes) else part.nbytes for part in parts) - 1)
    out.write(b"\0")
    with out.getbuffer() as whole:
        _fill(whole, parts)
    return out.getvalue()


def _fill(whole: memoryview, parts: Sequence[bytes | Samples]) -> None:
    at = 0
    for part in parts:
        if isinstance(part, bytes):
            whole[at : at + len(part)] = part
            at += len(part)
            continue
        channels = part.reshape(1, -1) if part.ndim == 1 else part
        target = np.frombuffer(whole, ENCODINGS[encoding(part.dtype)], part.size, at).reshape(-1, len(channels))
        for channel, values in enumerate(channels):  # several times faster than numpy's own transposition
            target[:, channel] = values
        at += part.nbytes


def deinterleaved(samples: npt.NDArray[Any], channels: int) -> npt.NDArray[Any]:
    """Give interleaved samples the shape (frames,) or (channels, frames), without a copy."""
    return samples if channels == 1 else samples.reshape(-1, channels).T


def received(
    data: bytes, start: int, stop: int, rate: int, channels: int, number: int, position: int, timestamp: float, stream_id: str
) -> Audio:
    """Make audio of the samples that lie in a message; they aren't copied."""
    dtype = ENCODINGS.get(number)
    if dtype is None or channels < 1 or rate < 1 or (stop - start) % (dtype.itemsize * channels):
        raise ValueError(f"{stop - start} bytes of audio with {channels} channels at {rate} Hz in encoding {number}")
    audio = Audio.__new__(Audio)
    audio.samples = deinterleaved(np.frombuffer(data, dtype, (stop - start) // dtype.itemsize, start), channels)
    audio.rate, audio.position, audio.timestamp, audio.stream_id = rate, position, timestamp, stream_id
    return audio


def _invalid(message: str) -> ValidationError:
    return ValidationError(message, code="bad_audio")


def _checked_rate(rate: int) -> int:
    if isinstance(rate, bool) or not isinstance(rate, (int, np.integer)) or not 1 <= rate <= MAX_RATE:
        raise _invalid(f"the sample rate is {rate!r}: give whole Hz from 1 to {MAX_RATE}")
    return int(rate)


def _check_samples(samples: Samples) -> None:
    """Refuse what the service would, and what it would only warn of though it can't be meant."""
    if not isinstance(samples, np.ndarray):
        raise _invalid(f"samples are a {type(samples).__name__}: give a numpy array of float32, int16 or int32")
    if (samples.dtype.kind, samples.dtype.itemsize) not in _NUMBERS:
        raise _invalid(f"samples are {samples.dtype}: {_conversion(samples.dtype)}")
    if samples.ndim not in (1, 2):
        raise _invalid(f"samples have the shape {samples.shape}: give (frames,) for mono audio or (channels, frames)")
    if samples.size == 0:
        raise _invalid(f"samples have the shape {samples.shape}, which is empty: give at least one frame, or leave the chunk out")
    if samples.ndim == 2 and samples.shape[0] > MAX_CHANNELS:
        raise _invalid(
            f"samples have the shape {samples.shape}, which is {samples.shape[0]} channels: is it (frames, "
            f"channels)? Then give samples.T"
        )
    if samples.dtype.kind == "f" and not np.isfinite(samples).all():
        raise _invalid(_where_not_finite(samples))


def _conversion(dtype: np.dtype[Any]) -> str:
    if dtype.kind == "f":
        return "convert them with samples.astype(np.float32)"
    return "give float32 from -1 to 1, int16 or int32; other integers must be scaled, not only converted"


def _where_not_finite(samples: Samples) -> str:
    bad = ~np.isfinite(samples)
    first = np.argwhere(bad)[0]
    value = float(samples[tuple(first)])
    word = "NaN" if math.isnan(value) else "infinite"
    where = f"the first is {word} at frame {int(first[-1])}"
    return f"{int(bad.sum())} samples aren't finite, {where}: clean them, for instance with np.nan_to_num"
