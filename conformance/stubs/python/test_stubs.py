"""The stubs themselves and the harness; needs no server."""

import sys
from pathlib import Path

import common_pb2
import execution_pb2
import execution_pb2_grpc
import pytest
import stubs
import streaming_pb2_grpc

from pipeline import check_buffer, edge, mono_f32
from server import Server, _served_address


def test_stubs_come_from_the_descriptors():
    """Only the contract's own fields: none of the additions of this project's protos."""
    assert {f.number for f in common_pb2.AudioBuffer.DESCRIPTOR.fields} == {1, 2, 3, 4, 5}
    assert common_pb2.DESCRIPTOR.name == "common.proto"
    assert set(stubs.PROTOS) == {m.DESCRIPTOR.name for m in (common_pb2, execution_pb2, sys.modules["streaming_pb2"])}


def test_method_paths():
    paths = []

    class Recorder:
        def __getattr__(self, kind):
            return lambda path, **_: paths.append((kind, path))

    execution_pb2_grpc.PipelineExecutionServiceStub(Recorder())
    streaming_pb2_grpc.StreamingPipelineServiceStub(Recorder())
    assert paths == [
        ("unary_unary", "/remotemedia.v1.PipelineExecutionService/ExecutePipeline"),
        ("unary_unary", "/remotemedia.v1.PipelineExecutionService/GetVersion"),
        ("stream_stream", "/remotemedia.v1.StreamingPipelineService/StreamPipeline"),
    ]


def test_wire_bytes():
    assert edge("a", "b").SerializeToString() == b"\x0a\x01a\x12\x01b"
    assert execution_pb2.PipelineManifest(connections=[execution_pb2.Connection()]).SerializeToString() == b"\x22\x00"


def test_buffer_check_can_fail():
    check_buffer("good", mono_f32([0.0], 48000))
    bad = mono_f32([0.0], 48000)
    bad.format = common_pb2.AUDIO_FORMAT_UNSPECIFIED
    with pytest.raises(AssertionError):
        check_buffer("bad", bad)


def test_log_line():
    assert _served_address('{"message":"serving","address":"127.0.0.1:5"}') == "127.0.0.1:5"
    assert _served_address('{"message":"stopping"}') is None
    assert _served_address("plain text") is None
    assert _served_address("[]") is None


def test_absent_program_is_an_error():
    with pytest.raises(FileNotFoundError, match="make build"):
        Server(Path("no-such-program"))


def test_program_that_ends_at_once_is_an_error():
    with pytest.raises(RuntimeError, match="didn't say that it serves"):
        Server(Path(sys.executable))
