"""Compares the client with bare gRPC stubs, against a service that it starts, and prints the tables of BENCHMARK.md.

    python bench/bench.py [--quick]

Both sides do the same work with the same service: numpy array in, numpy array out. The bare side is what a program writes that has
nothing but the generated messages: a message built around ``samples.tobytes()``, the stub's call, ``np.frombuffer`` on the answer.
Rounds of both sides alternate, so that whatever else the machine does meets both.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import numpy as np
import numpy.typing as npt

from remotemedia_grpc import AsyncClient, Audio, Client, Pipeline
from remotemedia_grpc._options import EXECUTE, STREAM
from remotemedia_grpc._pb import common_pb2, execution_pb2, streaming_pb2
from remotemedia_grpc.nodes import PassThrough, Resample

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from server import Server

RATE = 48000
OPTIONS = [("grpc.enable_http_proxy", 0), ("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
SESSIONS, CHUNK = 100, RATE // 50

Floats = npt.NDArray[np.float32]


def noise(frames: int) -> Floats:
    """Give noise."""
    return np.random.default_rng(1).uniform(-0.5, 0.5, frames).astype(np.float32)


def buffer(samples: Floats) -> common_pb2.AudioBuffer:
    """Build the message of audio as a program with bare stubs does."""
    return common_pb2.AudioBuffer(
        samples=samples.tobytes(), sample_rate=RATE, channels=1, format=common_pb2.AUDIO_FORMAT_F32, num_samples=samples.size
    )


def unary(address: str, pipeline: Pipeline, samples: Floats, rounds: int) -> tuple[list[float], list[float]]:
    """Time calls of both sides, in seconds."""
    node = pipeline.ids[0]
    manifest = pipeline.manifest.message
    with Client(address) as client, grpc.insecure_channel(address, OPTIONS) as channel:
        stub = channel.unary_unary(
            EXECUTE, execution_pb2.ExecuteRequest.SerializeToString, execution_pb2.ExecuteResponse.FromString
        )

        def bare() -> Any:
            request = execution_pb2.ExecuteRequest(manifest=manifest, audio_inputs={node: buffer(samples)}, client_version="v1")
            return np.frombuffer(stub(request, timeout=60).result.audio_outputs[node].samples, np.float32)

        def ours() -> Any:
            return client.run(pipeline, samples, rate=RATE).audio[node].samples

        np.testing.assert_array_equal(bare(), ours())
        return alternate(bare, ours, rounds)


def alternate(first: Callable[[], Any], second: Callable[[], Any], rounds: int) -> tuple[list[float], list[float]]:
    """Time two functions in turns, behind a warm-up."""
    times: tuple[list[float], list[float]] = ([], [])
    for i in range(rounds + rounds // 10 + 3):
        for side, function in enumerate((first, second) if i % 2 else (second, first)):
            start = time.perf_counter()
            function()
            if i >= rounds // 10 + 3:
                times[side if i % 2 else 1 - side].append(time.perf_counter() - start)
    return times


async def bare_session(method: Any, manifest: Any, node: str, chunks: list[Floats]) -> int:
    """Stream chunks with bare grpc.aio: a task writes, and this one reads."""
    call = method()

    async def feed() -> None:
        init = streaming_pb2.StreamInit(manifest=manifest, client_version="v1")
        await call.write(streaming_pb2.StreamRequest(init=init))
        for sequence, samples in enumerate(chunks):
            chunk = streaming_pb2.AudioChunk(node_id=node, buffer=buffer(samples), sequence=sequence)
            await call.write(streaming_pb2.StreamRequest(audio_chunk=chunk))
        command = streaming_pb2.StreamControl(command=streaming_pb2.StreamControl.COMMAND_CLOSE)
        await call.write(streaming_pb2.StreamRequest(control=command))
        await call.done_writing()

    feeding = asyncio.create_task(feed())
    frames = 0
    async for response in call:
        if response.WhichOneof("response") == "result":
            frames += sum(np.frombuffer(b.samples, np.float32).size for b in response.result.audio_outputs.values())
    await feeding
    return frames


async def our_session(client: AsyncClient, pipeline: Pipeline, chunks: list[Audio]) -> int:
    """Stream chunks with the client."""
    frames = 0
    async for answer in client.stream(pipeline, chunks).answers():
        for audio in answer.audio.values():
            frames += audio.frames
    return frames


async def sessions(make: Callable[[], Awaitable[int]], frames: int) -> tuple[float, float]:
    """Run all sessions at the same time and return the seconds they took, and those of this process's CPU."""
    start, busy = time.perf_counter(), time.process_time()
    counts = await asyncio.gather(*(make() for _ in range(SESSIONS)))
    assert counts == [frames] * SESSIONS
    return time.perf_counter() - start, time.process_time() - busy


async def streams(address: str, count: int, rounds: int) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Time rounds of all sessions on both sides, in turns."""
    pipeline = Pipeline() | PassThrough()
    arrays = [noise(CHUNK) for _ in range(count)]
    chunks = [Audio(samples, RATE) for samples in arrays]
    bare: list[tuple[float, float]] = []
    ours: list[tuple[float, float]] = []
    async with AsyncClient(address) as client, grpc.aio.insecure_channel(address, OPTIONS) as channel:
        method = channel.stream_stream(
            STREAM, streaming_pb2.StreamRequest.SerializeToString, streaming_pb2.StreamResponse.FromString
        )
        for i in range(rounds + 1):
            a = await sessions(lambda: bare_session(method, pipeline.manifest.message, pipeline.ids[0], arrays), count * CHUNK)
            b = await sessions(lambda: our_session(client, pipeline, chunks), count * CHUNK)
            if i > 0:  # the first round is the warm-up
                bare.append(a)
                ours.append(b)
    return bare, ours


def report(address: str, quick: bool) -> None:
    """Measure and print."""
    print("| call | bare stub, median | this client, median | ratio |\n|---|---|---|---|")
    for name, pipeline in (("PassThrough", Pipeline() | PassThrough()), ("Resample(16000)", Pipeline() | Resample(16000))):
        for seconds in (1, 10):
            rounds = (60 if quick else 400) // (1 if seconds == 1 else 4)
            bare, ours = (statistics.median(times) for times in unary(address, pipeline, noise(seconds * RATE), rounds))
            print(f"| {name}, {seconds} s | {bare * 1000:.3f} ms | {ours * 1000:.3f} ms | {ours / bare:.2f} |")
    print()
    report_streams(asyncio.run(streams(address, 20 if quick else 50, 3 if quick else 15)), 20 if quick else 50)


def report_streams(rounds: tuple[list[tuple[float, float]], list[tuple[float, float]]], count: int) -> None:
    """Print the streams' table. Ratios are those of neighbouring rounds, which had the same neighbours on the machine."""
    print(f"| {SESSIONS} sessions of 20 ms chunks | chunks/s, median | CPU per chunk, median |\n|---|---|---|")
    for name, times in zip(("bare grpc.aio", "this client"), rounds, strict=True):
        rate = SESSIONS * count / statistics.median(wall for wall, _ in times)
        busy = statistics.median(cpu for _, cpu in times) / SESSIONS / count
        print(f"| {name} | {rate:.0f} | {busy * 1e6:.0f} us |")
    wall, cpu = ([a[i] / b[i] for a, b in zip(*rounds, strict=True)] for i in (0, 1))
    print(f"\nchunks/s against bare grpc.aio: {statistics.median(wall):.2f} (rounds from {min(wall):.2f} to {max(wall):.2f});")
    print(f"by CPU {statistics.median(cpu):.2f}")


def main() -> None:
    """Start a service and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    server: Any = Server()  # type: ignore[no-untyped-call]  # the tests are not typed
    try:
        report(server.address, parser.parse_args().quick)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
