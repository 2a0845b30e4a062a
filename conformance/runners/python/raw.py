"""The step raw: a call without the client's help, by the generated messages."""

import grpc
from google.protobuf import json_format

from remotemedia_grpc._pb import execution_pb2, metrics_pb2, streaming_pb2

SHAPES = {
    "ExecutePipeline": (execution_pb2.ExecuteRequest, execution_pb2.ExecuteResponse),
    "GetVersion": (execution_pb2.VersionRequest, execution_pb2.VersionResponse),
    "GetMetrics": (metrics_pb2.MetricsRequest, metrics_pb2.MetricsResponse),
    "StreamPipeline": (streaming_pb2.StreamRequest, streaming_pb2.StreamResponse),
}


def call(address, step):
    request, response = SHAPES[step["method"].rsplit("/", 1)[1]]
    messages = [json_format.ParseDict(message, request()) for message in step["messages"]]
    streams = request is streaming_pb2.StreamRequest
    with grpc.insecure_channel(address, [("grpc.enable_http_proxy", 0), ("grpc.max_receive_message_length", -1)]) as channel:
        kind = channel.stream_stream if streams else channel.stream_unary
        method = kind(step["method"], request.SerializeToString, response.FromString)
        metadata = tuple(step.get("headers", {}).items())
        return {"raw": (_streamed if streams else _unary)(method, messages, metadata)}


def _unary(method, messages, metadata):
    try:
        answer, outcome = method.with_call(iter(messages), timeout=30, metadata=metadata)
        return _told([answer], outcome)
    except grpc.RpcError as error:
        return _told([], error)


def _streamed(method, messages, metadata):
    outcome, answers = method(iter(messages), timeout=30, metadata=metadata), []
    try:
        answers.extend(outcome)
    except grpc.RpcError as error:
        return _told(answers, error)
    return _told(answers, outcome)


def _told(answers, outcome):
    return {
        "status": outcome.code().name,
        "message": outcome.details() or "",
        "messages": [json_format.MessageToDict(answer) for answer in answers],
        "trailers": {key: value for key, value in outcome.trailing_metadata() or () if isinstance(value, str)},
    }
