"""StreamPipeline: what clients in the field send, and what they count on in the answers."""

import json
import queue
import random
import threading
import uuid

import common_pb2
import pytest
import streaming_pb2

from pipeline import TIMEOUT, check_buffer, edge, f32_bytes, manifest, mono_f32, node, tone

CLOSE = streaming_pb2.StreamControl.COMMAND_CLOSE
CANCEL = streaming_pb2.StreamControl.COMMAND_CANCEL
PASS = [node("source", "PassThrough")]


def init(nodes=PASS, edges=(), **fields):
    fields.setdefault("client_version", "v1")
    return streaming_pb2.StreamRequest(init=streaming_pb2.StreamInit(manifest=manifest(nodes, edges), **fields))


def chunk(sequence, buffer=None, node_id="source", timestamp_ms=0):
    audio = streaming_pb2.AudioChunk(
        node_id=node_id, buffer=buffer or mono_f32(tone(16000, 1600), 16000), sequence=sequence, timestamp_ms=timestamp_ms
    )
    return streaming_pb2.StreamRequest(audio_chunk=audio)


def control(command=CLOSE):
    return streaming_pb2.StreamRequest(control=streaming_pb2.StreamControl(command=command))


def converse(stub, requests):
    """Send everything, half-close, and return all answers; the status must be OK."""
    call = stub.StreamPipeline(iter(requests), timeout=TIMEOUT)
    answers = list(call)
    assert call.code().name == "OK"
    for answer in answers:
        check_answer(answer)
    return answers


def check_answer(answer):
    """What clients read without looking."""
    kind = answer.WhichOneof("response")
    if kind == "ready":
        uuid.UUID(answer.ready.session_id)
        assert answer.ready.recommended_chunk_size > 0
        assert answer.ready.max_buffer_latency_ms > 0
    elif kind == "result":
        assert answer.result.processing_time_ms > 0
        for name, buffer in answer.result.audio_outputs.items():
            check_buffer(name, buffer)
        for text in answer.result.data_outputs.values():
            json.loads(text)
    elif kind == "error":
        assert answer.error.message
        assert common_pb2.ErrorType.Name(answer.error.error_type) != "ERROR_TYPE_UNSPECIFIED"
        assert isinstance(json.loads(answer.error.context), dict)
        assert answer.error.stack_trace == ""
    elif kind == "closed":
        assert answer.closed.HasField("final_metrics")
        assert answer.closed.final_metrics.wall_time_ms > 0
        assert answer.closed.reason


def kinds(answers):
    return [answer.WhichOneof("response") for answer in answers]


def results(answers):
    return [answer.result for answer in answers if answer.WhichOneof("response") == "result"]


class Conversation:
    """A stream whose client waits for answers before it sends the next request."""

    def __init__(self, stub):
        self._requests = queue.Queue()
        self._call = stub.StreamPipeline(iter(self._requests.get, None), timeout=TIMEOUT)

    def send(self, request):
        self._requests.put(request)

    def next(self):
        answer = next(self._call)
        check_answer(answer)
        return answer

    def half_close(self):
        self._requests.put(None)

    def ends(self):
        """Assert that nothing more comes and that the status is OK."""
        with pytest.raises(StopIteration):
            next(self._call)
        assert self._call.code().name == "OK"
        self.half_close()


@pytest.fixture
def conversation(streaming):
    talk = Conversation(streaming)
    yield talk
    talk._call.cancel()
    talk.half_close()


@pytest.mark.parametrize("expected,recommended", [(0, 4096), (1600, 1600)])
def test_init_is_answered_by_ready(conversation, expected, recommended):
    conversation.send(init(expected_chunk_size=expected))
    answer = conversation.next()
    assert answer.WhichOneof("response") == "ready"
    assert answer.ready.recommended_chunk_size == recommended
    assert answer.ready.max_buffer_latency_ms == 100


@pytest.mark.parametrize("client_version", ["v1", "test-v1", "1.0.0", ""])
def test_spellings_of_versions(streaming, client_version):
    answers = converse(streaming, [init(client_version=client_version), chunk(0), control()])
    assert kinds(answers) == ["ready", "result", "closed"]


def test_five_chunks_give_exactly_five_results(streaming):
    answers = converse(streaming, [init(), *(chunk(i) for i in range(5)), control()])
    assert kinds(answers) == ["ready"] + ["result"] * 5 + ["closed"]
    assert [r.sequence for r in results(answers)] == list(range(5))
    assert [r.total_samples_processed for r in results(answers)] == [1600 * (i + 1) for i in range(5)]
    assert answers[-1].closed.reason == "Client requested close"
    assert answers[-1].closed.session_id == answers[0].ready.session_id
    assert answers[-1].closed.final_metrics.node_metrics["source"].samples_processed == 5 * 1600


def test_lock_step(conversation):
    """A client that reads one answer per chunk: nothing else may come before the tenth."""
    conversation.send(init())
    assert conversation.next().WhichOneof("response") == "ready"
    for i in range(9):
        conversation.send(chunk(i))
        answer = conversation.next()
        assert answer.WhichOneof("response") == "result"
        assert answer.result.sequence == i
    conversation.send(control())
    assert conversation.next().WhichOneof("response") == "closed"
    conversation.ends()


def test_close_flushes(streaming):
    """What a node held back comes with the last sequence, and only when there is something."""
    buffering = [node("source", "AudioBuffer", {"buffer_size_samples": 1000})]
    answers = converse(streaming, [init(buffering), chunk(0), chunk(1, mono_f32([0.5] * 100, 16000)), control()])
    assert kinds(answers) == ["ready", "result", "result", "result", "closed"]
    flushed = results(answers)[-1]
    assert flushed.sequence == 1 < 2
    assert flushed.audio_outputs["source"].num_samples == 700
    assert sum(r.audio_outputs["source"].num_samples for r in results(answers) if r.audio_outputs) == 1700


def test_close_without_chunks(streaming):
    answers = converse(streaming, [init(), control()])
    assert kinds(answers) == ["ready", "closed"]


def test_half_close_is_a_graceful_close(streaming):
    buffering = [node("source", "AudioBuffer", {"buffer_size_samples": 1000})]
    answers = converse(streaming, [init(buffering), chunk(0, mono_f32([0.5] * 100, 16000))])
    assert kinds(answers) == ["ready", "result", "result", "closed"]
    assert not results(answers)[0].audio_outputs
    assert results(answers)[1].audio_outputs["source"].num_samples == 100
    assert answers[-1].closed.reason == "Client half-closed"


def test_cancel_command(conversation):
    conversation.send(init())
    assert conversation.next().WhichOneof("response") == "ready"
    conversation.send(control(CANCEL))
    assert conversation.next().closed.reason == "Client requested cancel"
    conversation.ends()


def refused(streaming, requests, answered=0):
    """Converse where something is wrong: the sound chunks are answered, then comes the error, closed, and status OK."""
    answers = converse(streaming, requests)
    error = next(a.error for a in answers if a.WhichOneof("response") == "error")
    assert kinds(answers)[-2:] == ["error", "closed"]
    assert len(results(answers)) == answered
    assert answers[-1].closed.reason == "error"
    return error, json.loads(error.context)


def test_second_init(streaming):
    error, context = refused(streaming, [init(), chunk(0), init(), chunk(1)], answered=1)
    assert error.error_type == common_pb2.ERROR_TYPE_VALIDATION
    assert "init" in error.message
    assert context["session_id"]


def test_chunk_before_init(streaming):
    error, context = refused(streaming, [chunk(0)])
    assert context["stream_error_type"] == "STREAM_ERROR_INIT_REQUIRED"
    assert error.error_type == common_pb2.ERROR_TYPE_VALIDATION


def test_nothing_before_the_end(streaming):
    _, context = refused(streaming, [])
    assert context["stream_error_type"] == "STREAM_ERROR_INIT_REQUIRED"


def test_unknown_node(streaming):
    error, context = refused(streaming, [init(), chunk(0), chunk(1, node_id="ghost")], answered=1)
    assert error.error_type == common_pb2.ERROR_TYPE_VALIDATION
    assert error.failing_node_id == "ghost"
    assert "ghost" in error.message and "source" in error.message
    assert context["failing_sequence"] == 1


@pytest.mark.parametrize("sequences", [(0, 0), (0, 2), (1,), (0, 1, 2, 1)], ids=str)
def test_wrong_sequence(streaming, sequences):
    error, context = refused(streaming, [init(), *(chunk(i) for i in sequences)], answered=len(sequences) - 1)
    assert context["stream_error_type"] == "STREAM_ERROR_INVALID_SEQUENCE"
    assert context["failing_sequence"] == sequences[-1]
    assert str(sequences[-1]) in error.message and str(len(sequences) - 1) in error.message


def test_empty_request(streaming):
    empty = streaming_pb2.StreamRequest()
    assert empty.SerializeToString() == b""
    error, _ = refused(streaming, [init(), chunk(0), empty], answered=1)
    assert error.error_type == common_pb2.ERROR_TYPE_VALIDATION
    assert "stream request carries nothing this server understands" in error.message


def test_command_that_is_none(streaming):
    error, _ = refused(streaming, [init(), control(streaming_pb2.StreamControl.COMMAND_UNSPECIFIED)])
    assert error.error_type == common_pb2.ERROR_TYPE_VALIDATION


def test_manifest_that_is_not_valid(streaming):
    error, _ = refused(streaming, [init([node("bad", "NonExistentNode")])])
    assert error.error_type == common_pb2.ERROR_TYPE_VALIDATION
    assert "NonExistentNode" in error.message
    assert error.failing_node_id == "bad"


def test_version_two(streaming):
    error, context = refused(streaming, [init(client_version="v2")])
    assert error.error_type == common_pb2.ERROR_TYPE_VERSION_MISMATCH
    assert context["requested"] == "v2"


def test_another_rate_in_mid_stream(streaming):
    error, _ = refused(streaming, [init(), chunk(0), chunk(1, mono_f32([0.0] * 80, 8000))], answered=1)
    assert error.error_type == common_pb2.ERROR_TYPE_VALIDATION
    assert "8000" in error.message and "16000" in error.message


def test_a_node_that_fails(streaming):
    failing = [node("source", "PassThrough"), node("calc", "CalculatorNode", {"operation": "divide", "value": 0})]
    error, context = refused(streaming, [init(failing, data_inputs={"calc": "1"}), chunk(0)])
    assert error.error_type == common_pb2.ERROR_TYPE_NODE_EXECUTION
    assert error.failing_node_id == "calc"
    assert context["stream_error_type"] == "STREAM_ERROR_EXECUTION"


def test_errors_harm_nobody_else(streaming, conversation):
    conversation.send(init())
    assert conversation.next().WhichOneof("response") == "ready"
    refused(streaming, [init(), chunk(7)])
    conversation.send(chunk(0))
    assert conversation.next().result.sequence == 0
    conversation.half_close()
    assert conversation.next().WhichOneof("response") == "closed"
    conversation.ends()


def test_chain_with_voice_activity(streaming):
    """Resample and VAD: each chunk is answered in order, and says whether there is speech, by the sink's id."""
    nodes = [node("source", "AudioResample", {"target_sample_rate": 16000}), node("vad", "VAD")]
    sound = [0.0] * 22050 + tone(44100, 44100) + [0.0] * 22050
    parts = [mono_f32(sound[i : i + 4410], 44100) for i in range(0, len(sound), 4410)]
    requests = [init(nodes, [edge("source", "vad")]), *(chunk(i, part) for i, part in enumerate(parts)), control()]
    answers = results(converse(streaming, requests))
    assert [r.sequence for r in answers[: len(parts)]] == list(range(len(parts)))
    found = [item for r in answers for text in r.data_outputs.values() for item in as_list(json.loads(text))]
    assert found
    for item in found:
        assert isinstance(item["has_speech"], bool)
        assert 0 <= item["confidence"] <= 1
    assert not found[0]["has_speech"] and any(item["has_speech"] for item in found)
    events = [event["type"] for item in found for event in item.get("events", [])]
    assert events == ["speech_start", "speech_end"]
    assert all(set(r.audio_outputs) <= {"vad"} and set(r.data_outputs) <= {"vad"} for r in answers)
    assert sum(r.audio_outputs["vad"].num_samples for r in answers if r.audio_outputs) == 32000


def as_list(value):
    return value if isinstance(value, list) else [value]


def test_metrics_after_every_tenth_chunk(streaming):
    answers = converse(streaming, [init(), *(chunk(i) for i in range(25)), control()])
    assert kinds(answers) == ["ready"] + (["result"] * 10 + ["metrics"]) * 2 + ["result"] * 5 + ["closed"]
    first, second = (a.metrics for a in answers if a.WhichOneof("response") == "metrics")
    assert (first.chunks_processed, second.chunks_processed) == (10, 20)
    assert (first.total_samples, second.total_samples) == (16000, 32000)
    assert first.session_id == answers[0].ready.session_id
    assert first.average_latency_ms > 0 and first.peak_memory_bytes > 0
    assert first.chunks_dropped == second.chunks_dropped == 0


def test_hundred_chunks(streaming):
    answers = converse(streaming, [init(), *(chunk(i, timestamp_ms=100 * i) for i in range(100)), control()])
    assert [r.sequence for r in results(answers)] == list(range(100))
    assert kinds(answers).count("metrics") == 10
    closed = answers[-1].closed
    assert closed.final_metrics.node_metrics["source"].samples_processed == 100 * 1600


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(
    "fmt,width", [(common_pb2.AUDIO_FORMAT_F32, 4), (common_pb2.AUDIO_FORMAT_I16, 2), (common_pb2.AUDIO_FORMAT_I32, 4)]
)
def test_passthrough_is_bit_exact(streaming, fmt, width, channels):
    source = random.Random(width * channels)
    sent = []
    for frames in (1, 7, 480, 4096):
        count = frames * channels
        samples = f32_bytes([source.uniform(-1, 1) for _ in range(count)]) if fmt == common_pb2.AUDIO_FORMAT_F32 else source.randbytes(count * width)
        sent.append(common_pb2.AudioBuffer(samples=samples, sample_rate=48000, channels=channels, format=fmt, num_samples=count))
    answers = results(converse(streaming, [init(), *(chunk(i, b) for i, b in enumerate(sent)), control()]))
    assert [r.audio_outputs["source"].SerializeToString(deterministic=True) for r in strip(answers)] == [
        b.SerializeToString(deterministic=True) for b in sent
    ]


def strip(answers):
    """The answers without the fields that these stubs don't know: position and media time go on from chunk to chunk."""
    for answer in answers:
        answer.DiscardUnknownFields()
    return answers


def test_data_inputs_join_the_first_chunk(streaming):
    nodes = [node("source", "PassThrough"), node("calc", "CalculatorNode", {"operation": "add", "value": 1})]
    answers = results(converse(streaming, [init(nodes, data_inputs={"calc": "41"}), chunk(0), chunk(1), control()]))
    assert [dict(r.data_outputs) for r in answers] == [{"calc": "42"}, {}]


def test_many_streams_at_once(streaming):
    """Streams over one connection don't mix."""
    failures = []

    def talk(level):
        samples = f32_bytes([level] * 160)
        answers = results(converse(streaming, [init(), *(chunk(i, mono_f32([level] * 160, 16000)) for i in range(20)), control()]))
        if len(answers) != 20 or any(r.audio_outputs["source"].samples != samples for r in answers):
            failures.append(level)

    threads = [threading.Thread(target=talk, args=(i / 20,)) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
