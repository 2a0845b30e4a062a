"""The parts that need no service: audio, WAV files, the wire, the builder, YAML."""

import asyncio
import io
import json
import random
import struct
import sys
import tracemalloc
import wave

import numpy as np
import pytest

from remotemedia_grpc import Audio, Manifest, Node, Pipeline, ValidationError, _codec, _wire
from remotemedia_grpc._pb import common_pb2, execution_pb2, streaming_pb2
from remotemedia_grpc.nodes import VAD, AudioResample, CalculatorNode, Echo, PassThrough, Resample, SileroVADNode


def ramp(dtype, shape):
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.int32])
@pytest.mark.parametrize("shape", [(50,), (2, 25)])
def test_wav_files_round_trip(tmp_path, dtype, shape):
    audio = Audio(ramp(dtype, shape), 22050)
    audio.save(tmp_path / "a.wav")
    again = Audio.load(str(tmp_path / "a.wav"))
    assert (again.rate, again.dtype, again.channels) == (22050, dtype, audio.channels)
    np.testing.assert_array_equal(again.samples, audio.samples)
    np.testing.assert_array_equal(Audio.load((tmp_path / "a.wav").read_bytes()).samples, audio.samples)


@pytest.mark.parametrize("width", [2, 3, 4])
def test_wav_files_of_the_standard_library(width):
    raw = bytes(random.Random(width).randrange(256) for _ in range(width * 2 * 11))
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((2, width, 8000, 11, "NONE", ""))
        out.writeframes(raw)
    audio = Audio.load(file.getvalue())
    values = [int.from_bytes(raw[i : i + width], "little", signed=True) for i in range(0, len(raw), width)]
    expected = np.array(values).reshape(11, 2).T * (256 if width == 3 else 1)
    np.testing.assert_array_equal(audio.samples, expected)
    assert audio.dtype == (np.int16 if width == 2 else np.int32)


def test_what_is_written_is_read_by_the_standard_library(tmp_path):
    audio = Audio(ramp(np.int16, (2, 9)), 8000)
    audio.save(tmp_path / "a.wav")
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 8000, 9)
        assert file.readframes(9) == audio.to_bytes()


@pytest.mark.parametrize(
    "data",
    [
        b"RIFF", b"RIFF\0\0\0\0WAVE", b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff", b"RIFF\0\0\0\0WAVEdata\0\0\0\0",
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 2, 1, 8000, 0, 0, 4) + b"data\x04\0\0\0abcd",
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 1, 0, 8000, 0, 0, 16) + b"data\x04\0\0\0abcd",
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 1, 1, 8000, 0, 0, 16) + b"data\xff\xff\xff\x7f",
    ],
)  # fmt: skip
def test_broken_wav_files(data):
    with pytest.raises(ValidationError):
        Audio.load(data)


def test_a_wav_file_that_says_more_than_it_has():
    data = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 1, 1, 8000, 0, 0, 16) + b"data\xff\xff\xff\x7fabcde"
    assert Audio.load(data).frames == 2


def test_audio_as_an_array():
    audio = Audio(ramp(np.int16, (2, 100)), 1000, position=7)
    assert np.asarray(audio) is audio.samples
    assert np.asarray(audio, np.float32).dtype == np.float32
    assert (len(audio), audio.duration) == (100, 0.1)
    pieces = list(audio.chunks(0.03))
    assert [p.frames for p in pieces] == [30, 30, 30, 10]
    assert [p.position for p in pieces] == [7, 37, 67, 97]
    assert np.shares_memory(pieces[1].samples, audio.samples)
    with pytest.raises(ValueError, match="longer time"):
        list(audio.chunks(0.0001))


def test_raw_bytes():
    audio = Audio.from_bytes(struct.pack("<6h", 1, 2, 3, 4, 5, 6), 8000, 2, np.int16)
    np.testing.assert_array_equal(audio.samples, [[1, 3, 5], [2, 4, 6]])
    for arguments in ((b"abc", 8000), (b"abcd", 8000, 2, np.int32), (b"abcd", 8000, 1, np.float64)):
        with pytest.raises(ValidationError):
            Audio.from_bytes(*arguments)


@pytest.mark.parametrize("seed", range(30))
def test_chunks_are_encoded_as_protobuf_does(seed):
    rand = random.Random(seed)
    dtype = rand.choice([np.float32, np.int16, np.int32])
    shape = rand.choice([(rand.randint(1, 400),), (rand.randint(2, 8), rand.randint(1, 200))])
    position, at = rand.choice([0, -5, 1 << 40]), rand.choice([0, 1, 70000])
    audio = Audio(
        ramp(dtype, shape), rand.randint(1, 768000), position=position, timestamp=at / 1000, stream_id=rand.choice(["", "ü"])
    )
    message = streaming_pb2.StreamRequest.FromString(_codec.chunk_message(_wire.text_field(1, "nöde"), audio, seed, at))
    buffer = message.audio_chunk.buffer
    assert (message.audio_chunk.node_id, message.audio_chunk.sequence, message.audio_chunk.timestamp_ms) == ("nöde", seed, at)
    assert (buffer.sample_rate, buffer.channels, buffer.num_samples) == (audio.rate, audio.channels, audio.samples.size)
    assert (buffer.position_frames, buffer.timestamp_us, buffer.stream_id) == (position, at * 1000, audio.stream_id)
    assert buffer.samples == audio.samples.T.tobytes()
    again = _codec.read_audio(buffer.SerializeToString(), 0, buffer.ByteSize())
    np.testing.assert_array_equal(again.samples, audio.samples)
    assert (again.position, again.timestamp, again.stream_id, again.rate) == (position, at / 1000, audio.stream_id, audio.rate)


def result_message(seed):
    rand = random.Random(seed)
    result = execution_pb2.ExecutionResult(status=1, request_id="r", warnings=['node "a": careful', "plain"])
    for node in ("a", "b")[: rand.randint(0, 2)]:
        samples = bytes(rand.randrange(256) for _ in range(4 * rand.randint(0, 50)))
        buffer = common_pb2.AudioBuffer(samples=samples, sample_rate=8000, channels=1, format=3, num_samples=len(samples) // 4)
        result.audio_outputs[node].CopyFrom(buffer)
        if rand.random() < 0.5:
            result.audio_output_lists[node].buffers.extend([buffer, buffer])
    result.data_outputs["a"] = "[1,2]"
    result.data_output_lists["a"].items.extend(rand.choice([["1", "2"], ["[1,2]"]]))
    result.metrics.node_metrics["a"].execution_time_ms = 1.5
    return result


MANIFEST = Manifest({"version": "v1", "nodes": [{"id": "a", "type": "VAD"}, {"id": "b", "type": "VAD"}]})


@pytest.mark.parametrize("seed", range(20))
def test_results_are_decoded_as_protobuf_does(seed):
    message = result_message(seed)
    whole = message.SerializeToString()
    metrics = execution_pb2.ExecutionResult(metrics=common_pb2.ExecutionMetrics(wall_time_ms=2)).SerializeToString()
    result = _codec.decode_execution(_wire.bytes_field(1, whole) + _wire.bytes_field(1, metrics), MANIFEST)
    assert {node: audio.to_bytes() for node, audio in result.audio.items()} == {
        n: b.samples for n, b in message.audio_outputs.items()
    }
    for node, items in result.audio_items.items():
        assert len(items) == (len(message.audio_output_lists[node].buffers) or 1)
    assert result.data == {"a": [1, 2]}
    assert result.data_items["a"] in ([1, 2], [[1, 2]])
    assert result.nodes["a"].warnings == ('node "a": careful',)
    assert (result.nodes["a"].seconds, result.metrics.wall_seconds, result.status) == (0.0015, 0.002, "success")


@pytest.mark.parametrize("seed", range(200))
def test_damaged_answers_never_crash(seed):
    rand = random.Random(seed)
    data = bytearray(_wire.bytes_field(1, result_message(3).SerializeToString()))
    for _ in range(rand.randint(1, 4)):
        data[rand.randrange(len(data))] = rand.randrange(256)
    del data[rand.randrange(len(data)) :]
    try:
        _codec.decode_execution(bytes(data), MANIFEST)
    except _codec.InternalError as error:
        assert "can't be read" in str(error)  # noqa: PT017  # it need not be raised


def test_varints():
    for value in (0, 1, 127, 128, 300, 1 << 31, (1 << 64) - 1):
        assert _wire.read_varint(_wire.varint(value), 0) == (value, len(_wire.varint(value)))
    for bad in (b"\x08", b"\x08\x80", b"\x80", b"\x08" + b"\xff" * 11, b"\x0b", b"\x0a\x05abc", b"\x09abc"):
        with pytest.raises(_wire.WireError):
            list(_wire.fields(bad, 0, len(bad)))
    assert _wire.signed((1 << 64) - 5) == -5


def test_the_builder_makes_manifests():
    pipeline = Pipeline("p", "what") | Resample(8000) | VAD()
    assert pipeline.to_dict() == {
        "version": "v1",
        "metadata": {"name": "p", "description": "what"},
        "nodes": [
            {"id": "resample", "node_type": "AudioResample", "params": {"target_sample_rate": 8000}},
            {"id": "vad", "node_type": "VAD"},
        ],
        "connections": [{"from": "resample", "to": "vad"}],
    }


def test_ids_and_options_of_nodes():
    pipeline = (
        VAD() | VAD() | VAD(id="vad_2") | SileroVADNode(output=True, timeout=0.5) | CalculatorNode(id="calc") | Node("HTTPThing")
    )
    assert pipeline.ids == ("vad", "vad_3", "vad_2", "silero_vad", "calc", "http_thing")
    silero = pipeline.manifest.message.nodes[3]
    assert silero.is_output_node
    assert silero.timeout_ms == 500
    assert AudioResample().params == {}
    assert AudioResample(channels=1, quality="low").params == {"channels": 1, "quality": "low"}


def test_branches():
    pipeline = Pipeline() | PassThrough(id="in") | [Resample() | VAD(), Echo()] | PassThrough(id="out")
    edges = [(e["from"], e["to"]) for e in pipeline.to_dict()["connections"]]
    assert edges == [("in", "resample"), ("in", "echo"), ("resample", "vad"), ("vad", "out"), ("echo", "out")]
    merged = [PassThrough(id="a"), PassThrough(id="b")] | Echo()
    assert [(e["from"], e["to"]) for e in merged.to_dict()["connections"]] == [("a", "echo"), ("b", "echo")]
    before = Pipeline("same") | VAD()
    assert len((before | Echo()).nodes) == 2
    assert len(before.nodes) == 1
    for wrong in ("VAD", [], 7):
        with pytest.raises(TypeError):
            Pipeline() | wrong


def test_yaml_values_are_those_of_version_1_2():
    text = """
version: v1
x-base: &base {threshold: 0.5}
nodes:
  - id: a
    type: VAD
    params: {<<: *base, sample_rate: 010, method: rms, a: on, b: 12:30, c: 0x1F, d: 1e-3, e: null, f: 2024-01-01, g: true, h: .5}
"""
    manifest = Manifest.parse(text)
    assert json.loads(manifest.message.nodes[0].params) == {
        "threshold": 0.5, "sample_rate": 10, "method": "rms", "a": "on", "b": "12:30", "c": 31, "d": 0.001, "e": None,
        "f": "2024-01-01", "g": True, "h": 0.5,
    }  # fmt: skip


def test_yaml_without_its_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ValidationError, match=r"remotemedia-grpc\[yaml\]"):
        Manifest.parse("version: v1")


def test_capabilities_have_the_defaults_of_documents():
    needs = {"gpu": {"type": "cuda", "minMemoryGb": 2}, "cpu": {"cores": 2}, "memory_gb": 0.5}
    node = {"id": "a", "nodeType": "VAD", "capabilities": needs, "runtime_hint": "auto", "execution": {}, "input_types": ["audio"]}
    built = Manifest({"version": "v1", "nodes": [node]}).message.nodes[0]
    assert built.capabilities.gpu.required
    assert built.capabilities.gpu.min_memory_gb == 2
    assert (built.capabilities.cpu.cores, built.runtime_hint, list(built.input_types)) == (2, 4, [1])


def test_other_stubs_of_the_contract_may_be_loaded_too():
    """The messages are in a pool of their own: protobuf's default pool may have the same names from other files."""
    from google.protobuf import descriptor_pb2, descriptor_pool

    other = descriptor_pb2.FileDescriptorProto(name="other/common.proto", package="remotemedia.v1", syntax="proto3")
    other.message_type.add(name="AudioBuffer")
    descriptor_pool.Default().Add(other)
    assert "position_frames" not in descriptor_pool.Default().FindMessageTypeByName("remotemedia.v1.AudioBuffer").fields_by_name
    assert "position_frames" in common_pb2.AudioBuffer.DESCRIPTOR.fields_by_name


def test_nothing_needs_an_event_loop_before_the_first_call():
    from remotemedia_grpc import AsyncClient

    client = AsyncClient("127.0.0.1:1")
    asyncio.run(client.close())


@pytest.mark.parametrize("shape", [(2_000_000,), (2, 1_000_000)])
def test_samples_are_copied_once_out_and_not_at_all_in(shape):
    audio = Audio(np.zeros(shape, np.float32), 48000)
    tracemalloc.start()
    try:
        request = _codec.encode_execution(MANIFEST, {"a": audio}, {}, None, (), {})
        _, out = tracemalloc.get_traced_memory()
        answer = execution_pb2.ExecuteResponse()
        answer.result.audio_outputs["a"].CopyFrom(execution_pb2.ExecuteRequest.FromString(request).audio_inputs["a"])
        data = answer.SerializeToString()
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        result = _codec.decode_execution(data, MANIFEST)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert out < 1.05 * audio.samples.nbytes
    assert peak - before < 0.01 * audio.samples.nbytes
    assert result.audio["a"].samples.shape == audio.samples.shape
