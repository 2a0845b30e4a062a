"""Resamples a WAV file and tells where somebody speaks.

    python examples/python/simple.py [INPUT.wav [OUTPUT.wav]]

The service's address is in GRPC_SERVER_ADDR; without it, localhost:50051.
"""

import sys
from pathlib import Path

from remotemedia_grpc import Client, Pipeline
from remotemedia_grpc.nodes import VAD, Resample

SPEECH = Path(__file__).parents[2] / "testdata" / "speech" / "two-sentences-44k1.wav"


def main(source: str = str(SPEECH), target: str = "") -> None:
    """Run the pipeline on a file."""
    with Client() as client:
        result = client.run(Pipeline("speech") | Resample(16000) | VAD(), source)
    audio = result.audio["vad"]
    print(f"{audio.duration:.2f} s at {audio.rate} Hz, {audio.channels} channels of {audio.dtype}")
    for item in result.data_items["vad"]:
        for event in item["events"]:
            print(f"{event['type']:>12} at {event['timestamp_ms'] / 1000:.2f} s")
    print(f"the service took {result.metrics.wall_seconds * 1000:.1f} ms")
    if target:
        audio.save(target)
        print(f"wrote {target}")


if __name__ == "__main__":
    main(*sys.argv[1:])
