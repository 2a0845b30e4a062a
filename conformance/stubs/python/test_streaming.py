"""StreamPipeline: declared by the contract, not served yet."""

import grpc
import pytest
import streaming_pb2

from pipeline import TIMEOUT, manifest, node


def test_stream_is_unimplemented(streaming):
    init = streaming_pb2.StreamInit(manifest=manifest([node("source", "PassThrough")]), client_version="v1")
    with pytest.raises(grpc.RpcError) as caught:
        list(streaming.StreamPipeline(iter([streaming_pb2.StreamRequest(init=init)]), timeout=TIMEOUT))
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
