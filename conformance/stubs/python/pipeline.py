"""Requests as clients write them, and the answers' common checks."""

import array
import json
import math
import sys

import common_pb2
import execution_pb2

TIMEOUT = 30  # seconds for one call; nothing here comes near


def node(node_id, node_type, params=None):
    text = "" if params is None else json.dumps(params)
    return execution_pb2.NodeManifest(id=node_id, node_type=node_type, params=text)


def edge(source, target):
    """A connection; its field "from" is a keyword in Python and can only be named in a dict."""
    return execution_pb2.Connection(**{"from": source, "to": target})


def manifest(nodes, edges=(), version="v1"):
    return execution_pb2.PipelineManifest(version=version, nodes=nodes, connections=edges)


def request(pipeline, audio=None, data=None, client_version="v1"):
    return execution_pb2.ExecuteRequest(
        manifest=pipeline,
        audio_inputs=audio or {},
        data_inputs={name: json.dumps(value) for name, value in (data or {}).items()},
        client_version=client_version,
    )


def f32_bytes(samples):
    values = array.array("f", samples)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def f32_samples(buffer):
    values = array.array("f")
    values.frombytes(buffer.samples)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def mono_f32(samples, rate):
    return common_pb2.AudioBuffer(
        samples=f32_bytes(samples), sample_rate=rate, channels=1,
        format=common_pb2.AUDIO_FORMAT_F32, num_samples=len(samples),
    )


def tone(rate, frames, hz=440.0, level=0.5):
    return [level * math.sin(2 * math.pi * hz * i / rate) for i in range(frames)]


def run(stub, req):
    """Execute and return the result, having checked what every result must have."""
    response = stub.ExecutePipeline(req, timeout=TIMEOUT)
    assert response.WhichOneof("outcome") == "result", response.error.message
    check_result(req, response.result)
    return response.result


def check_result(req, result):
    """Clients read these without looking: names of enums, metrics above 0, one entry per node."""
    assert common_pb2.ExecutionStatus.Name(result.status) == "EXECUTION_STATUS_SUCCESS"
    assert result.HasField("metrics")
    assert result.metrics.wall_time_ms > 0
    assert result.metrics.memory_used_bytes > 0
    ids = [n.id for n in req.manifest.nodes]
    assert [r.node_id for r in result.node_results] == ids
    for entry in result.node_results:
        assert common_pb2.NodeStatus.Name(entry.status) == "NODE_STATUS_SUCCESS"
        assert not entry.HasField("error")
    assert set(result.metrics.node_metrics) == set(ids)
    for name, metrics in result.metrics.node_metrics.items():
        assert metrics.execution_time_ms > 0, name
        if metrics.custom_metrics:
            assert isinstance(json.loads(metrics.custom_metrics), dict), name
    for name, buffer in result.audio_outputs.items():
        check_buffer(name, buffer)
    for text in result.data_outputs.values():
        json.loads(text)


def check_buffer(name, buffer):
    width = {common_pb2.AUDIO_FORMAT_F32: 4, common_pb2.AUDIO_FORMAT_I16: 2, common_pb2.AUDIO_FORMAT_I32: 4}
    assert buffer.format in width, f"{name}: format {buffer.format}"
    assert buffer.sample_rate > 0 and buffer.channels > 0, name
    assert len(buffer.samples) == buffer.num_samples * width[buffer.format], name


def refused(stub, req):
    """Execute and return the in-band error, having checked that its context is a JSON object."""
    response = stub.ExecutePipeline(req, timeout=TIMEOUT)
    assert response.WhichOneof("outcome") == "error", "the request was executed"
    error = response.error
    assert error.message
    assert common_pb2.ErrorType.Name(error.error_type) != "ERROR_TYPE_UNSPECIFIED"
    assert isinstance(json.loads(error.context), dict)
    assert error.stack_trace == "", "stack traces stay in the log"
    return error
