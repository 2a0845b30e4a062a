"""Unary runs against the real service."""

import numpy as np
import pytest

from remotemedia_grpc import Audio, Limits, Manifest, Node, Pipeline, ValidationError
from remotemedia_grpc.nodes import VAD, AudioFormatConverter, CalculatorNode, Echo, PassThrough, Resample
from server import ROOT

SPEECH = ROOT / "testdata" / "speech" / "two-sentences-44k1.wav"


def noise(dtype, shape, seed=1):
    random = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return random.uniform(-1, 1, shape).astype(dtype)
    info = np.iinfo(dtype)
    return random.integers(info.min, info.max, shape, dtype, endpoint=True)


@pytest.mark.parametrize("shape", [(1000,), (1, 1000), (2, 1000), (6, 333)])
@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.int32])
def test_samples_come_back_bit_for_bit(client, dtype, shape):
    sent = noise(dtype, shape)
    audio = client.run(PassThrough(), sent, rate=16000).audio["pass_through"]
    assert audio.dtype == dtype
    assert audio.rate == 16000
    np.testing.assert_array_equal(audio.samples, sent[0] if shape[0] == 1 else sent)


@pytest.mark.parametrize(
    "samples",
    [
        noise(np.int16, (4, 100)).T.copy().T,  # interleaved already
        noise(np.float32, (2, 200))[:, ::2],
        noise(np.float32, (2, 200))[:, ::-1],
        noise(np.float32, 200)[::3],
        noise(np.int16, 100).astype(">i2"),
        noise(np.float32, (3, 100)).astype(">f4"),
    ],
)
def test_any_memory_layout(client, samples):
    audio = client.run(PassThrough(), samples, rate=8000).audio["pass_through"]
    np.testing.assert_array_equal(audio.samples, samples)


def test_results_are_views_of_the_message(client, tone):
    samples = client.run(PassThrough(), tone, rate=48000).audio["pass_through"].samples
    assert not samples.flags.writeable
    base = samples
    while isinstance(base, np.ndarray):
        base = base.base
    assert isinstance(base, bytes)
    assert len(base) > tone.nbytes


def test_result_of_several_nodes(client):
    result = client.run(Pipeline("speech") | Resample(16000) | VAD(), SPEECH)
    source = Audio.load(SPEECH)
    audio = result.audio["vad"]
    assert (audio.rate, audio.channels, audio.dtype) == (16000, source.channels, source.dtype)
    assert audio.frames == int(source.frames * 16000 / source.rate + 0.5)
    assert set(result.audio) == set(result.data) == {"vad"}
    assert result.data_items["vad"][0]["has_speech"] is True
    assert result.status == "success"
    assert list(result.nodes) == ["resample", "vad"]
    assert result.nodes["resample"].samples == source.frames * source.channels
    assert result.nodes["resample"].status == "success"
    assert result.nodes["resample"].seconds > 0
    assert result.nodes["vad"].figures["vad_segments"] == 2
    assert result.metrics.wall_seconds > 0
    assert result.metrics.memory_bytes > 0
    assert result.request_id


def test_warnings_belong_to_nodes(client):
    loud = np.full(1000, 1.5, np.float32)
    result = client.run(AudioFormatConverter("i16", id="convert"), loud, rate=8000)
    assert result.nodes["convert"].warnings == result.warnings
    assert "1000 samples" in result.warnings[0]
    assert result.audio["convert"].samples.max() == 32767


def test_skipped_nodes_are_told(client):
    result = client.run(
        Pipeline() | Node("BufferNode", {"buffer_size": 5}, id="held") | CalculatorNode(id="calc"), data={"held": 1}
    )
    assert result.nodes["calc"].status in ("success", "skipped")
    assert (result.status == "partial") == (result.nodes["calc"].status == "skipped")


def test_data(client):
    pipeline = CalculatorNode("add", value=5.0, id="calc")
    result = client.run(pipeline, data={"calc": {"value": 10.0}})
    assert result.data == {"calc": 15.0}
    assert result.data_items == {"calc": [15.0]}
    assert client.run(pipeline, data={"": {"value": 1}}).data["calc"] == 6


def test_unicode_and_labels(client):
    text = "Grüße, 世界 🎧"
    result = client.run(Node("PassThrough", id="p"), data={"p": {"text": text}}, labels={"who": "tést"})
    assert result.data["p"] == {"text": text}


def test_branches_and_inner_outputs(client, tone):
    pipeline = Pipeline("b") | Resample(16000, output=True) | [VAD(), PassThrough()]
    result = client.run(pipeline, tone, rate=48000)
    assert set(result.audio) == {"resample", "vad", "pass_through"}
    plain = Pipeline() | Resample(16000) | PassThrough()
    assert set(client.run(plain, tone, rate=48000, outputs=["resample"]).audio) == {"resample", "pass_through"}


def test_inputs_by_node(client, tone):
    document = {"version": "v1", "nodes": [{"id": "a", "type": "PassThrough"}, {"id": "b", "type": "PassThrough"}]}
    sent = {"a": Audio(tone, 48000), "b": Audio(noise(np.int16, (2, 50)), 8000)}
    audio = client.run(document, sent).audio
    for node, one in sent.items():
        np.testing.assert_array_equal(audio[node].samples, one.samples)


def test_echo_gives_audio_and_data(client, tone):
    result = client.run(Pipeline() | PassThrough() | Echo(), tone, rate=48000)
    assert set(result.audio) == set(result.data) == {"echo"}


def test_several_items_come_joined_and_one_by_one(client, tone):
    result = client.run(Node("AudioBuffer", {"buffer_size_samples": 20000}, id="blocks"), tone, rate=48000)
    np.testing.assert_array_equal(result.audio["blocks"].samples, tone)
    assert [item.frames for item in result.audio_items["blocks"]] == [20000, 20000, 8000]
    assert result.audio_items["blocks"][2].position == 40000
    assert result.audio_items["blocks"][1].timestamp == pytest.approx(20000 / 48000, abs=1e-6)


def test_results_beyond_the_usual_limit_arrive(client):
    long = noise(np.float32, (2, 1_500_000))  # 12 MB
    audio = client.run(PassThrough(), long, rate=48000, limits=Limits(memory_bytes=200 << 20)).audio["pass_through"]
    np.testing.assert_array_equal(audio.samples, long)


@pytest.mark.parametrize("name", sorted(p.name for p in (ROOT / "examples" / "manifests").glob("*.[yj]*")))
def test_manifests_of_the_examples(client, name):
    manifest = Manifest.load(ROOT / "examples" / "manifests" / name)
    manifest.check()
    assert set(manifest.starts) <= set(manifest.node_ids)


def test_yaml_json_and_builder_are_the_same(client):
    path = ROOT / "examples" / "manifests" / "speech.yaml"
    built = Pipeline() | Resample(16000) | VAD()
    a = client.run(path, SPEECH)
    b = client.run(built, SPEECH.read_bytes())
    np.testing.assert_array_equal(a.audio["vad"].samples, b.audio["vad"].samples)
    assert a.data == b.data


def test_version_and_health(client):
    version = client.version()
    assert version.protocol == "v1"
    assert version.compatible
    assert "AudioResample" in version.node_types
    assert client.health() == "SERVING"
    with pytest.raises(ValidationError, match="unknown service"):
        client.health("no.such.Service")
