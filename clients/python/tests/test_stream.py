"""Streams of the blocking client against the real service."""

import itertools
import queue
import sys
import threading
import time

import numpy as np
import pytest

from remotemedia_grpc import (
    Answer,
    Audio,
    CallCancelledError,
    Chunk,
    ChunkFailed,
    Closed,
    ClosedError,
    Limits,
    Node,
    NodeExecutionError,
    Pipeline,
    Progress,
    Ready,
    ResourceLimitError,
    ValidationError,
)
from remotemedia_grpc.nodes import VAD, PassThrough, Resample

SLEEP = Node("SleepNode", {"ms": 50}, id="sleep")


def names(events):
    return [type(event).__name__ for event in events]


def joined(events, node):
    return np.concatenate([e.audio[node].samples for e in events if isinstance(e, Answer) and node in e.audio], axis=-1)


def test_events_in_their_order(client, tone):
    events = list(client.stream(PassThrough(), Audio(tone, 48000).chunks(0.1)))
    assert names(events) == ["Ready", *["Answer"] * 10, "Progress", "Closed"]
    ready, closed = events[0], events[-1]
    assert isinstance(ready, Ready)
    assert ready.inputs == ready.outputs == ("pass_through",)
    assert [e.sequence for e in events if isinstance(e, Answer)] == list(range(10))
    assert [e.samples for e in events if isinstance(e, Answer)] == [4800 * (i + 1) for i in range(10)]
    progress = events[-2]
    assert isinstance(progress, Progress)
    assert (progress.chunks, progress.samples, progress.dropped) == (10, 48000, 0)
    assert isinstance(closed, Closed)
    assert (closed.reason, closed.code, closed.chunks) == ("Client requested close", 0, 10)
    assert closed.nodes["pass_through"].samples == 48000
    np.testing.assert_array_equal(joined(events, "pass_through"), tone)


def test_streamed_audio_is_the_unary_audio(client, tone):
    stereo = np.stack([tone, -tone])
    pipeline = Pipeline("s") | Resample(16000)
    whole = client.run(pipeline, stereo, rate=48000).audio["resample"].samples
    events = list(client.stream(pipeline, Audio(stereo, 48000).chunks(0.037)))
    assert any(isinstance(e, Answer) and e.final for e in events), "close flushes what the filter holds back"
    np.testing.assert_array_equal(joined(events, "resample"), whole)


def test_a_conversation_in_lock_step(client, tone):
    with client.stream(Pipeline() | VAD(), rate=48000) as stream:
        assert stream.session.session_id
        assert isinstance(next(stream), Ready)
        for i, start in enumerate(range(0, 9600, 960)):
            stream.send(tone[start : start + 960])
            answer = next(stream)
            assert isinstance(answer, Answer)
            assert answer.sequence == i
            if i == 8:
                break
        stream.close()
        stream.close()
        assert names(stream)[-1] == "Closed"
        assert stream.closed.chunks == 9
        with pytest.raises(ClosedError):
            stream.send(tone)
        assert list(stream) == []


def test_answers_only(client, tone):
    answers = list(client.stream(Resample(16000), Audio(tone, 48000).chunks(0.2)).answers())
    assert sum(a.audio["resample"].frames for a in answers if a.audio) == 16000


def test_data_and_media_time(client, tone):
    document = {"version": "v1", "nodes": [{"id": "a", "type": "PassThrough"}, {"id": "b", "type": "PassThrough"}]}
    chunks = [Chunk(tone[:100], node="a", at=1.5), Chunk(data={"k": ["ü", None]}, node="b"), Chunk(data=None, node="b")]
    answers = list(client.stream(document, chunks, rate=8000).answers())
    assert answers[0].audio["a"].timestamp == pytest.approx(1.5)
    assert answers[1].data == {"b": {"k": ["ü", None]}}
    assert answers[2].data == {"b": None}


def test_many_chunks_flow_without_bound_in_memory(client):
    """The sender is held back by the service: what has been taken from the source stays near what has been answered."""
    taken = answered = furthest = 0
    block = Audio(np.ones(48000, np.float32) / 2, 48000)

    def source():
        nonlocal taken
        for _ in range(60):
            taken += 1
            yield block

    for event in client.stream(Pipeline() | Node("SleepNode", {"ms": 2}) | PassThrough(), source()):
        if isinstance(event, Answer):
            answered += 1
            furthest = max(furthest, taken - answered)
    assert (taken, answered) == (60, 60)
    assert furthest < 40


def test_cancel_from_another_thread(client, tone):
    stream = client.stream(Pipeline() | Node("SleepNode", {"ms": 4000}) | PassThrough(), rate=48000)
    opened, ended = threading.Event(), queue.Queue()

    def read():
        try:
            for event in stream:
                if isinstance(event, Ready):
                    opened.set()
        except CallCancelledError as error:
            ended.put(error)

    reader = threading.Thread(target=read)
    reader.start()
    assert opened.wait(10)
    stream.send(tone)
    stream.cancel()
    assert ended.get(timeout=3).status == "CANCELLED"
    reader.join()
    with pytest.raises(ClosedError):
        stream.send(tone)
    with pytest.raises(CallCancelledError):
        next(stream)


def test_leaving_early_cancels(client, tone):
    with client.stream(PassThrough(), Audio(tone, 48000).chunks(0.01)) as stream:
        for event in stream:
            if isinstance(event, Answer):
                break
    with pytest.raises(ClosedError, match="left"):
        next(stream)


def test_a_stream_that_is_let_go_is_cancelled(client, tone):
    for event in client.stream(PassThrough(), itertools.repeat(tone[:480]), rate=48000):
        if isinstance(event, Answer):
            break
    for _ in client.stream(PassThrough(), itertools.repeat(tone[:480]), rate=48000).answers():
        break
    end = time.monotonic() + 30
    while client.metrics().streams:
        assert time.monotonic() < end, "the service still has the streams"


def test_a_source_that_wants_to_exit(client, tone):
    def source():
        yield tone[:480]
        sys.exit(3)

    with pytest.raises(SystemExit):
        list(client.stream(PassThrough(), source(), rate=48000, timeout=30))


def test_a_source_that_fails_is_told_behind_the_answers(client, tone):
    def source():
        yield tone[:480]
        yield tone[480:960]
        raise OSError("the microphone was unplugged")

    stream = client.stream(PassThrough(), source(), rate=48000)
    assert isinstance(next(stream), Ready)
    assert [next(stream).sequence, next(stream).sequence] == [0, 1]
    with pytest.raises(OSError, match="unplugged"):
        list(stream)
    assert stream.closed.chunks == 2


def test_a_wrong_chunk_is_refused_and_the_stream_goes_on(client, tone):
    with client.stream(PassThrough(), rate=48000) as stream:
        stream.send(tone)
        with pytest.raises(ValidationError, match="float64"):
            stream.send(tone.astype(np.float64))
        stream.send(tone)
        stream.close()
        assert names(stream) == ["Ready", "Answer", "Answer", "Closed"]


def test_a_changed_format_ends_the_stream(client, tone):
    chunks = [Audio(tone, 48000), Audio(tone, 44100)]
    with pytest.raises(ValidationError) as caught:
        list(client.stream(PassThrough(), chunks))
    assert caught.value.sequence == 1
    assert caught.value.code == "format_changed"


def test_a_bad_pipeline_is_told_when_the_stream_opens(client):
    with pytest.raises(ValidationError) as caught, client.stream(Resample(1)):
        pass
    assert caught.value.node_id == "resample"
    assert caught.value.problems


def test_a_node_that_fails_ends_the_stream(client, tone):
    pipeline = Pipeline() | PassThrough() | Node("ErrorNode", {"message": "broken", "after": 1}, id="bad")
    with pytest.raises(NodeExecutionError, match="broken") as caught:
        list(client.stream(pipeline, Audio(tone, 48000).chunks(0.1)))
    assert (caught.value.node_id, caught.value.sequence) == ("bad", 1)
    assert caught.value.context["stream_error_type"] == "STREAM_ERROR_EXECUTION"


def test_a_stream_may_go_on_after_errors(client, tone):
    pipeline = Pipeline() | PassThrough() | Node("ErrorNode", {"after": 1}, id="bad")
    stream = client.stream(pipeline, Audio(tone, 48000).chunks(0.25), continue_on_error=True)
    failed = [event for event in stream if isinstance(event, ChunkFailed)]
    assert [event.sequence for event in failed] == [1, 2, 3]
    assert all(event.error.node_id == "bad" for event in failed)


def test_limits_hold_for_each_chunk(client, tone):
    with pytest.raises(ResourceLimitError) as caught:
        list(client.stream(Pipeline() | SLEEP, [tone], rate=48000, limits=Limits(seconds=0.01)))
    assert caught.value.context["stream_error_type"] == "STREAM_ERROR_TIMEOUT"


def test_dropped_chunks_are_answered(client, tone):
    chunks = Audio(tone, 48000).chunks(0.01)
    answers = list(client.stream(Pipeline() | SLEEP, chunks, backpressure="drop_newest").answers())
    dropped = [a for a in answers if a.dropped]
    assert [a.sequence for a in answers if not a.final] == list(range(100))
    assert dropped
    assert not dropped[0].audio


def test_one_array_is_no_source(client, tone):
    with pytest.raises(ValidationError, match="chunks"):
        client.stream(PassThrough(), tone, rate=48000)
