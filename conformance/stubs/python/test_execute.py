"""ExecutePipeline: the pipelines that clients, examples and tests in the field send."""

import json
import math
import random

import common_pb2
import pytest

from pipeline import edge, f32_samples, manifest, mono_f32, node, request, run, tone


def noise(count):
    source = random.Random(3)
    return [source.uniform(-1, 1) for _ in range(count)]


def test_passthrough_is_bit_exact(execution):
    sent = mono_f32(noise(48000), 48000)
    result = run(execution, request(manifest([node("pass", "PassThrough")]), {"pass": sent}))
    assert list(result.audio_outputs) == ["pass"]
    assert result.audio_outputs["pass"].SerializeToString(deterministic=True) == sent.SerializeToString(deterministic=True)
    assert result.metrics.node_metrics["pass"].samples_processed == 48000


@pytest.mark.parametrize("fmt,width", [(common_pb2.AUDIO_FORMAT_I16, 2), (common_pb2.AUDIO_FORMAT_I32, 4)])
def test_passthrough_keeps_integer_formats(execution, fmt, width):
    sent = common_pb2.AudioBuffer(
        samples=random.Random(width).randbytes(2 * 4410 * width), sample_rate=44100, channels=2, format=fmt, num_samples=8820
    )
    result = run(execution, request(manifest([node("pass", "PassThroughNode")]), {"pass": sent}))
    assert result.audio_outputs["pass"].SerializeToString(deterministic=True) == sent.SerializeToString(deterministic=True)


def test_outputs_are_those_of_the_sink(execution):
    sent = mono_f32(tone(16000, 16000), 16000)
    pipeline = manifest([node("passthrough", "PassThrough"), node("echo", "Echo")], [edge("passthrough", "echo")])
    result = run(execution, request(pipeline, {"passthrough": sent}))
    assert list(result.audio_outputs) == ["echo"]
    assert result.audio_outputs["echo"].samples == sent.samples
    note = json.loads(result.data_outputs["echo"])
    assert note["node"] == "Echo" and note["counter"] == 1
    assert note["input"]["num_samples"] == 16000


@pytest.mark.parametrize(
    "params,value,want",
    [
        ({"operation": "add", "value": 5.0}, {"value": 10.0}, "15.0"),
        ({"operation": "multiply", "value": 3.0}, {"value": 7.0}, "21.0"),
        ({"operation": "add"}, {"a": 2, "b": 3}, "5"),
    ],
)
def test_calculator(execution, params, value, want):
    pipeline = manifest([node("calc", "CalculatorNode", params)])
    result = run(execution, request(pipeline, data={"calc": value}))
    assert result.data_outputs["calc"] == want
    assert not result.audio_outputs


def test_resample_one_second(execution):
    pipeline = manifest([node("resample", "AudioResample", {"target_sample_rate": 16000})])
    result = run(execution, request(pipeline, {"resample": mono_f32(tone(44100, 44100), 44100)}))
    out = result.audio_outputs["resample"]
    assert (out.sample_rate, out.channels, out.num_samples) == (16000, 1, 16000)
    assert result.metrics.node_metrics["resample"].samples_processed == 44100
    got, want = f32_samples(out), tone(16000, 16000)
    # Away from the ends a tone far below the passband's edge comes out as the same tone at the new rate, without delay.
    worst = max(abs(got[i] - want[i]) for i in range(2000, 14000))
    assert worst < 1e-4, f"differs by {20 * math.log10(worst / 0.5):.1f} dB"


def test_resample_into_vad(execution):
    sound = [0.0] * 22050 + tone(44100, 22050)
    pipeline = manifest(
        [node("resample", "AudioResample", {"target_sample_rate": 16000}), node("vad", "VAD")], [edge("resample", "vad")]
    )
    result = run(execution, request(pipeline, {"resample": mono_f32(sound, 44100)}))
    assert set(result.metrics.node_metrics) == {"resample", "vad"}
    assert result.metrics.node_metrics["vad"].samples_processed == 16000
    assert list(result.audio_outputs) == ["vad"]
    assert result.audio_outputs["vad"].num_samples == 16000
    assert speech_found(result.data_outputs["vad"])


def speech_found(text):
    """Whether any object in a data output, one or an array, has speech."""
    found = json.loads(text)
    return any(item["has_speech"] for item in (found if isinstance(found, list) else [found]))


@pytest.mark.parametrize("client_version", ["v1", "test-v1", "1.0.0", ""])
@pytest.mark.parametrize("manifest_version", ["v1", "1.0", "1.0.0"])
def test_spellings_of_versions(execution, client_version, manifest_version):
    pipeline = manifest([node("calc", "CalculatorNode", {"operation": "add", "value": 1})], version=manifest_version)
    result = run(execution, request(pipeline, data={"calc": 1}, client_version=client_version))
    assert result.data_outputs["calc"] == "2"


def test_data_and_audio_in_one_request(execution):
    pipeline = manifest([node("pass", "PassThrough"), node("calc", "CalculatorNode", {"operation": "add", "value": 0.5})])
    result = run(execution, request(pipeline, {"pass": mono_f32([0.25] * 480, 48000)}, {"calc": 1}))
    assert result.data_outputs["calc"] == "1.5"
    assert result.audio_outputs["pass"].num_samples == 480
