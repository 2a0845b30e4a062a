"""Bad requests: each is answered in band with the right type, names the culprit, and harms nobody."""

import json
import re

import common_pb2
import execution_pb2
import pytest

from pipeline import edge, manifest, mono_f32, node, refused, request, run

VALIDATION = common_pb2.ERROR_TYPE_VALIDATION
SILENCE = [0.0] * 480


@pytest.fixture(autouse=True)
def lives_on(execution):
    """After each refusal the server still computes."""
    yield
    pipeline = manifest([node("calc", "CalculatorNode", {"operation": "add", "value": 5.0})])
    assert run(execution, request(pipeline, data={"calc": {"value": 10.0}})).data_outputs["calc"] == "15.0"


def test_unknown_node_type(execution):
    error = refused(execution, request(manifest([node("bad", "NonExistentNode")]), {"bad": mono_f32(SILENCE, 48000)}))
    assert error.error_type == VALIDATION == 1
    assert "NonExistentNode" in error.message
    assert "PassThrough" in error.message and "CalculatorNode" in error.message, "the available types are listed"
    assert error.failing_node_id == "bad"


def test_empty_connection(execution):
    """What clients send whose connections have keys that the contract doesn't know: the bytes 22 00."""
    nodes = [node("a", "PassThrough"), node("b", "PassThrough")]
    pipeline = manifest(nodes, [edge("a", "b"), execution_pb2.Connection()])
    assert pipeline.SerializeToString().endswith(b"\x22\x00")
    error = refused(execution, request(pipeline, {"a": mono_f32(SILENCE, 48000)}))
    assert error.error_type == VALIDATION
    assert re.search(r"connections?\D{0,12}1\b", error.message), error.message


def test_manifest_version_two(execution):
    error = refused(execution, request(manifest([node("p", "PassThrough")], version="v2"), {"p": mono_f32(SILENCE, 48000)}))
    assert_version_mismatch(error, "v2")


def test_client_version_two(execution):
    pipeline = manifest([node("p", "PassThrough")])
    error = refused(execution, request(pipeline, {"p": mono_f32(SILENCE, 48000)}, client_version="v2"))
    assert_version_mismatch(error, "v2")


def assert_version_mismatch(error, requested):
    assert error.error_type == common_pb2.ERROR_TYPE_VERSION_MISMATCH
    context = json.loads(error.context)
    assert context["requested"] == requested
    assert "v1" in context["supported"]


def test_missing_manifest(execution):
    error = refused(execution, execution_pb2.ExecuteRequest(client_version="v1"))
    assert error.error_type == VALIDATION
    assert "manifest" in error.message
    assert error.failing_node_id == ""


def test_malformed_params(execution):
    broken = execution_pb2.NodeManifest(id="calc", node_type="CalculatorNode", params='{"operation": ')
    error = refused(execution, request(manifest([broken]), data={"calc": 1}))
    assert error.error_type == VALIDATION
    assert error.failing_node_id == "calc"


def test_dangling_connection(execution):
    error = refused(execution, request(manifest([node("a", "PassThrough")], [edge("a", "ghost")]), {"a": mono_f32(SILENCE, 48000)}))
    assert error.error_type == VALIDATION
    assert "ghost" in error.message


def test_cycle(execution):
    nodes = [node("a", "PassThrough"), node("b", "PassThrough")]
    error = refused(execution, request(manifest(nodes, [edge("a", "b"), edge("b", "a")])))
    assert error.error_type == VALIDATION
    assert re.search(r"\ba\b.*\bb\b.*\ba\b", error.message), error.message


@pytest.mark.parametrize(
    "spoil",
    [{"num_samples": 481}, {"sample_rate": 0}, {"channels": 0}, {"format": 0}, {"format": 17}, {"samples": b"123"}],
    ids=lambda spoil: next(iter(spoil)),
)
def test_contradictory_audio(execution, spoil):
    buffer = mono_f32(SILENCE, 48000)
    for field, value in spoil.items():
        setattr(buffer, field, value)
    error = refused(execution, request(manifest([node("p", "PassThrough")]), {"p": buffer}))
    assert error.error_type == VALIDATION
    assert error.failing_node_id == "p"


def test_input_for_no_node(execution):
    audio = {"p": mono_f32(SILENCE, 48000), "nobody": mono_f32(SILENCE, 48000)}
    error = refused(execution, request(manifest([node("p", "PassThrough")]), audio))
    assert error.error_type == VALIDATION
    assert "nobody" in error.message


def test_unparsable_data(execution):
    req = request(manifest([node("calc", "CalculatorNode")]))
    req.data_inputs["calc"] = '{"value": }'
    error = refused(execution, req)
    assert error.error_type == VALIDATION
    assert error.failing_node_id == "calc"


def test_division_by_zero_is_the_nodes_error(execution):
    pipeline = manifest([node("calc", "CalculatorNode", {"operation": "divide", "value": 0})])
    error = refused(execution, request(pipeline, data={"calc": {"value": 10.0}}))
    assert error.error_type == common_pb2.ERROR_TYPE_NODE_EXECUTION
    assert error.failing_node_id == "calc"
