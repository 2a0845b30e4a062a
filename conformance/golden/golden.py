#!/usr/bin/env python3
"""Writes the expected samples of the conformance cases, with numpy and nothing of the service.

    golden.py            write *.f32 beside this file: little-endian float32 at full scale 1, interleaved
    golden.py --check    fail when what is committed isn't what this gives (within 1e-7)

Resampled tones are the same tones, sampled at the other rate: what a perfect resampler gives away from the ends. Conversions are
those of the contract: integers are divided by 2^15 or 2^31, floats multiplied, rounded half to even, and clipped.
"""

import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent


def tone(rate, frames, hz, amplitude=0.5):
    """The signal sine of the cases: one column a channel."""
    at = np.arange(frames)[:, None] / rate
    return amplitude * np.sin(2 * np.pi * np.asarray(hz, float)[None, :] * at)


def noise_bits(seed, count):
    """The signal noise of the cases: 64 bits a sample."""
    state, out = seed, []
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) & (1 << 64) - 1
        out.append(state)
    return np.array(out, np.uint64).view(np.int64)


def noise_float(seed, count):
    return (noise_bits(seed, count) >> 40) / 2.0**23


def noise_i16(seed, count):
    return noise_bits(seed, count) >> 48


def to_integer(samples, bits):
    """What the contract makes of floats, again at full scale 1."""
    full = 2.0 ** (bits - 1)
    return np.clip(np.rint(samples * full), -full, full - 1) / full


def files():
    single = np.float32
    yield "tone_16k", tone(16000, 16000, [440])
    yield "tone_8k", tone(8000, 8000, [440])
    yield "tone_48k", tone(48000, 24000, [440])
    yield "stereo_16k", tone(16000, 8000, [440, 880])
    yield "stereo_mean", tone(44100, 22050, [440, 880]).astype(single).astype(float).mean(axis=1, keepdims=True)
    yield "mono_twice", np.repeat(tone(44100, 4410, [440]), 2, axis=1)
    yield "noise_f32_as_i16", to_integer(noise_float(7, 2000), 16)
    yield "noise_f32_as_i32", to_integer(noise_float(7, 2000).astype(single).astype(float), 32)
    yield "noise_i16_as_f32", noise_i16(11, 2000) / 2.0**15
    yield "loud_as_i16", to_integer(np.array([0.5, 1.5, -1.5, 1.0, -1.0, 0.25 / 32768, 0.5 / 32768, 1.5 / 32768]), 16)


def main():
    check = "--check" in sys.argv
    wrong = []
    for name, samples in files():
        path, data = HERE / f"{name}.f32", np.asarray(samples, "<f4").tobytes()
        if not check:
            path.write_bytes(data)
        elif not path.is_file() or not np.allclose(
            np.frombuffer(path.read_bytes(), "<f4"), np.frombuffer(data, "<f4"), rtol=0, atol=1e-7
        ):
            wrong.append(path.name)
    if wrong:
        sys.exit(f"golden.py gives something else than is committed: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
