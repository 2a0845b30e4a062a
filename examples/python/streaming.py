"""Live audio: chunks of 20 ms go in as they are made, and events come out at the same time.

    python examples/python/streaming.py

The service's address is in GRPC_SERVER_ADDR; without it, localhost:50051.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from remotemedia_grpc import Answer, AsyncClient, Audio, Closed, Pipeline, Progress, Ready
from remotemedia_grpc.nodes import VAD, Resample

SPEECH = Path(__file__).parents[2] / "testdata" / "speech" / "two-sentences-44k1.wav"


async def microphone(speed: float = 20.0) -> AsyncIterator[Audio]:
    """Stand in for a microphone: give a file chunk by chunk, faster than it was spoken."""
    for chunk in Audio.load(SPEECH).chunks(0.02):
        yield chunk
        await asyncio.sleep(0.02 / speed)


async def main() -> None:
    """Stream a file through a pipeline."""
    frames = 0
    async with AsyncClient() as client:
        async for event in client.stream(Pipeline("live") | Resample(16000) | VAD(), microphone()):
            if isinstance(event, Ready):
                print(f"session open, {event.queue} chunks may wait")
            elif isinstance(event, Answer):
                frames += sum(audio.frames for audio in event.audio.values())
                for item in event.data_items.get("vad", []):
                    for found in item["events"]:
                        delay = event.seconds * 1000
                        print(f"{found['type']:>12} at {found['timestamp_ms'] / 1000:.2f} s, told {delay:.2f} ms after its chunk")
            elif isinstance(event, Progress) and event.chunks % 100 == 0:
                print(f"{event.chunks} chunks, 95 % of them within {event.p95_seconds * 1000:.2f} ms")
            elif isinstance(event, Closed):
                print(f"{event.reason}: {event.chunks} chunks in, {frames} frames out")


if __name__ == "__main__":
    asyncio.run(main())
