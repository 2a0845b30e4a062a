"""What is compared: the programs that scripts/bench-audio.sh built, each with a quality.

All of them have the modes that peers/main.c describes; peak has a time mode only.
"""

import dataclasses
import json
import os
import pathlib
import subprocess

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "bench-audio"

TIMEOUT = 600  # seconds; the slowest conversion of the quality pass takes a few


@dataclasses.dataclass(frozen=True)
class Subject:
    label: str
    program: str
    quality: str
    env: tuple = ()  # of (name, value)

    def present(self):
        return (OUT / "bin" / self.program).exists()

    def run(self, *arguments, stdin=b""):
        """The standard output of the program."""
        command = [str(OUT / "bin" / self.program), *map(str, arguments)]
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=TIMEOUT, env={**os.environ, **dict(self.env)})
        if done.returncode != 0:
            raise RuntimeError(f"{self.label}: {' '.join(map(str, arguments))} failed: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    def version(self):
        return self.run("version").decode().strip()

    def convert(self, x, src, dst, chunk=0):
        """Converts float32 samples, all at once or in chunks, with the end of the stream."""
        return np.frombuffer(self.run("convert", self.quality, src, dst, chunk, stdin=x.tobytes()), "<f4")

    def trace(self, x, src, dst):
        """The number of outputs after each input, fed one by one."""
        return np.frombuffer(self.run("trace", self.quality, src, dst, stdin=x.tobytes()), "<u4")

    def time(self, src, dst, chunk, ms):
        """Microseconds per second of audio: median and least of the passes that fit into ms milliseconds."""
        return times(self.run("time", self.quality, src, dst, chunk, ms))

    def first(self, src, dst):
        """The times of first and later calls; ours only."""
        return json.loads(self.run("first", self.quality, src, dst))


@dataclasses.dataclass(frozen=True)
class Peak(Subject):
    def time(self, src, dst, chunk, ms):
        return times(self.run(self.quality, ms))


def times(text):
    found = json.loads(text)
    return found["median_us"], found["min_us"]


def flags():
    """The processor's features as Linux names them, none elsewhere."""
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        return set()
    return set(next((line.split(":")[1] for line in text.splitlines() if line.startswith("flags")), "").split())


WIDE = {"avx512f", "avx512vl"} <= flags()

# golang.org/x/sys/cpu reads this, so the resampler chooses its AVX2 kernels.
NARROW = (("GODEBUG", "cpu.avx512f=off"),)

HIGH = Subject("remotemedia high", "ours", "high")
NARROW_HIGH = Subject("remotemedia high, AVX2", "ours", "high", NARROW) if WIDE else HIGH
VERY_HIGH = Subject("remotemedia very_high", "ours", "very_high")
SOXR = Subject("soxr HQ", "soxr", "hq")
RUBATO = Subject("rubato FFT 1024", "rubato", "1024")

ALL = [
    HIGH,
    *([NARROW_HIGH] if WIDE else []),
    VERY_HIGH,
    SOXR,
    Subject("soxr VHQ", "soxr", "vhq"),
    RUBATO,
    Subject("libswresample default", "swresample", "default"),
    Subject("speexdsp q5", "speexdsp", "5"),
    Subject("speexdsp q10", "speexdsp", "10"),
    Subject("libsamplerate best", "samplerate", "best"),
]

PEAKS = [Peak("AVX2", "peak", "avx2"), *([Peak("AVX-512", "peak", "avx512")] if WIDE else [])]
