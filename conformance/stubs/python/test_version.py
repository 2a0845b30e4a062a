"""GetVersion as clients in the field call it."""

import re
from datetime import datetime

import execution_pb2
import pytest

from pipeline import TIMEOUT

CONTRACT_NODE_TYPES = {
    "PassThrough", "PassThroughNode", "Echo", "CalculatorNode", "MultiplyNode", "AddNode",
    "AudioResample", "VAD", "AudioFormatConverter",
}


def ask(execution, version):
    return execution.GetVersion(execution_pb2.VersionRequest(client_version=version), timeout=TIMEOUT)


def test_v1_is_compatible(execution):
    answer = ask(execution, "v1")
    assert answer.compatible
    assert answer.compatibility_message == "Compatible"
    info = answer.version_info
    assert info.protocol_version == "v1"
    assert list(info.supported_protocols) == ["v1"]
    assert re.fullmatch(r"\d+\.\d+\.\d+([-+].+)?", info.runtime_version)
    assert datetime.fromisoformat(info.build_timestamp)


def test_node_types_are_listed_and_sorted(execution):
    types = list(ask(execution, "v1").version_info.supported_node_types)
    assert CONTRACT_NODE_TYPES <= set(types)
    assert types == sorted(set(types))


@pytest.mark.parametrize("version", ["", "test-v1", "1.0.0", "1.0", "V1 "])
def test_spellings_of_version_one(execution, version):
    assert ask(execution, version).compatible


@pytest.mark.parametrize("version", ["v99", "v2", "2.0.0", "latest"])
def test_other_versions_are_incompatible_but_answered(execution, version):
    answer = ask(execution, version)
    assert not answer.compatible
    assert answer.HasField("version_info")
    assert version in answer.compatibility_message
    assert "v1" in answer.compatibility_message


def test_every_answer_names_the_protocol(execution):
    _, call = execution.GetVersion.with_call(
        execution_pb2.VersionRequest(client_version="v1"), timeout=TIMEOUT, metadata=[("x-request-id", "stub-test-1")]
    )
    assert dict(call.trailing_metadata())["x-remotemedia-protocol"] == "v1"
    assert dict(call.initial_metadata())["x-request-id"] == "stub-test-1"
