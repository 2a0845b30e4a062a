"""Branches: one input, three outputs, and the reports of all nodes.

    python examples/python/multi_node.py

The service's address is in GRPC_SERVER_ADDR; without it, localhost:50051.
"""

import numpy as np

from remotemedia_grpc import Client, Limits, Pipeline, ValidationError
from remotemedia_grpc.nodes import VAD, AudioFormatConverter, PassThrough, Resample

RATE = 48000


def chirp(seconds: float) -> np.ndarray:
    """Give stereo audio: a rising tone on the left, noise on the right."""
    time = np.arange(int(RATE * seconds)) / RATE
    left = 0.5 * np.sin(2 * np.pi * (200 + 400 * time) * time)
    right = np.random.default_rng(1).uniform(-0.1, 0.1, time.size)
    return np.stack([left, right]).astype(np.float32)


def main() -> None:
    """Run a pipeline with three branches."""
    pipeline = (
        Pipeline("branches", "one input, three outputs")
        | PassThrough(id="input")
        | [
            Resample(16000, id="telephone") | AudioFormatConverter("i16", id="pcm"),
            Resample(44100, quality="very_high", id="music"),
            VAD(id="speech"),
        ]
    )
    with Client() as client:
        result = client.run(pipeline, chirp(2.0), rate=RATE, limits=Limits(seconds=3), outputs=["telephone"])
        for node, audio in sorted(result.audio.items()):
            print(f"{node:10} {audio.channels} x {audio.frames} {audio.dtype} at {audio.rate} Hz")
        for node, report in result.nodes.items():
            print(f"{node:10} {report.status}, {report.seconds * 1000:.2f} ms, {report.samples} samples in")
        try:
            client.run(Resample(1), chirp(0.1), rate=RATE)
        except ValidationError as error:
            print(f"refused, as it should be: {error.node_id}: {error.code}")


if __name__ == "__main__":
    main()
