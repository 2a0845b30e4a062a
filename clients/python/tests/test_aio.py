"""The client for asyncio against the real service."""

import asyncio

import numpy as np
import pytest

from remotemedia_grpc import (
    Answer,
    AsyncClient,
    Audio,
    CallCancelledError,
    ClosedError,
    Node,
    Pipeline,
    Ready,
    Retry,
    UnavailableError,
    ValidationError,
)
from remotemedia_grpc.nodes import PassThrough, Resample


def run(address, test, **options):
    async def main():
        async with AsyncClient(address, check_nodes=False, **options) as client:
            await asyncio.wait_for(test(client), 30)

    asyncio.run(main())


def test_run(address, tone):
    async def test(client):
        results = await asyncio.gather(*(client.run(Resample(16000), tone * (i / 10), rate=48000) for i in range(8)))
        assert [r.audio["resample"].frames for r in results] == [16000] * 8
        assert (await client.version()).compatible
        assert await client.health() == "SERVING"
        with pytest.raises(ValidationError) as caught:
            await client.run(Resample(1), tone, rate=48000)
        assert caught.value.node_id == "resample"

    run(address, test)


@pytest.mark.parametrize("asynchronous", [True, False])
def test_stream_with_a_source(address, tone, asynchronous):
    chunks = list(Audio(tone, 48000).chunks(0.037))

    async def source():
        for chunk in chunks:
            await asyncio.sleep(0)
            yield chunk

    async def test(client):
        whole = (await client.run(Resample(16000), tone, rate=48000)).audio["resample"].samples
        events = [e async for e in client.stream(Resample(16000), source() if asynchronous else chunks)]
        assert isinstance(events[0], Ready)
        parts = [e.audio["resample"].samples for e in events if isinstance(e, Answer) and e.audio]
        np.testing.assert_array_equal(np.concatenate(parts), whole)
        assert events[-1].code == 0

    run(address, test)


def test_conversation(address, tone):
    async def test(client):
        async with client.stream(PassThrough(), rate=48000) as stream:
            assert isinstance(await anext(stream), Ready)
            for i in range(5):
                await stream.send(tone[:480])
                assert (await anext(stream)).sequence == i
            with pytest.raises(ValidationError):
                await stream.send(tone[:0])
            await stream.close()
            with pytest.raises(ClosedError):
                await stream.send(tone)
            assert [type(e).__name__ async for e in stream] == ["Closed"]
            assert stream.closed.chunks == 5

    run(address, test)


def test_cancel(address, tone):
    async def test(client):
        stream = client.stream(Pipeline() | Node("SleepNode", {"ms": 4000}), rate=48000)
        assert isinstance(await anext(stream), Ready)
        await stream.send(tone)
        reading = asyncio.create_task(anext(stream))
        await asyncio.sleep(0)
        stream.cancel()
        with pytest.raises(CallCancelledError):
            await reading
        with pytest.raises(CallCancelledError):
            await anext(stream)
        with pytest.raises(ClosedError):
            await stream.send(tone)

    run(address, test)


def test_a_cancelled_task_cancels_its_call(address, tone):
    async def test(client):
        call = asyncio.create_task(client.run(Node("SleepNode", {"ms": 4000}), tone, rate=48000))
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    run(address, test)


def test_leaving_early_ends_the_feeding(address, tone):
    closed = asyncio.Event()

    async def endless():
        try:
            while True:
                yield tone[:480]
        finally:
            closed.set()

    async def test(client):
        source = endless()
        async with client.stream(PassThrough(), source, rate=48000) as stream:
            async for event in stream:
                if isinstance(event, Answer):
                    break
        await source.aclose()
        assert closed.is_set()
        with pytest.raises(ClosedError):
            await anext(stream)

    run(address, test)


def test_the_services_word_survives_what_is_still_being_sent(address, tone):
    async def source():
        for _ in range(20):
            yield Audio(tone[:480], 48000)
        yield Audio(tone[:480], 44100)
        while True:
            yield Audio(tone[:480], 48000)

    async def read(client):
        async for _ in client.stream(PassThrough(), source()):
            pass

    async def test(client):
        for _ in range(20):  # one after the other: then most of the sources are in the middle of a message
            with pytest.raises(ValidationError, match="changed from 48000 Hz"):
                await read(client)

    run(address, test)


def test_a_stream_that_is_let_go_is_cancelled(address, tone):
    async def endless():
        while True:
            yield tone[:480]

    async def test(client):
        tasks = len(asyncio.all_tasks())
        async for event in client.stream(PassThrough(), endless(), rate=48000):
            if isinstance(event, Answer):
                break
        async for _ in client.stream(PassThrough(), endless(), rate=48000).answers():
            break
        while (await client.metrics()).streams or len(asyncio.all_tasks()) > tasks:
            continue

    run(address, test)


def test_errors_of_source_and_pipeline(address, tone):
    async def broken():
        yield tone
        raise OSError("unplugged")

    async def test(client):
        stream = client.stream(PassThrough(), broken(), rate=48000)
        assert isinstance(await anext(stream), Ready)
        assert (await anext(stream)).sequence == 0
        with pytest.raises(OSError, match="unplugged"):
            await anext(stream)
        with pytest.raises(ValidationError):
            async with client.stream(Resample(1)):
                pass
        with pytest.raises(ValidationError):
            client.stream(PassThrough(), tone)

    run(address, test)


def test_nobody_there():
    async def test(client):
        with pytest.raises(UnavailableError, match="is it running there"):
            await client.run(PassThrough(), np.ones(10, np.float32), rate=8000)

    run("127.0.0.1:1", test, retry=Retry(attempts=2, first=0.01))


def test_sessions_side_by_side(address, tone):
    async def session(client, i):
        part = tone[: 960 * 5] * ((i + 1) / 20)
        answers = [a async for a in client.stream(PassThrough(), Audio(part, 48000).chunks(0.02)).answers()]
        got = np.concatenate([a.audio["pass_through"].samples for a in answers])
        np.testing.assert_array_equal(got, part)

    async def test(client):
        await asyncio.gather(*(session(client, i) for i in range(20)))

    run(address, test)
