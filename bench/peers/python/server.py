"""A server of remotemedia.v1 as one writes it in Python with grpcio, numpy and soxr, for the benchmarks.

    python server.py [HOST:PORT]

Pipelines of one node that passes audio through, resamples it (soxr, quality HQ), or calculates, unary and streamed. It says "listening
HOST:PORT" on standard output, and ends when its standard input does. The messages are made from the protos when it starts.
"""

import json
import operator
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import soxr

ROOT = Path(__file__).resolve().parents[3]
WORKERS = 128  # threads: a stream holds one while it is open
OPTIONS = [("grpc.max_receive_message_length", 64 << 20), ("grpc.max_send_message_length", 64 << 20), ("grpc.so_reuseport", 0)]
OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
}


def messages() -> Any:
    """Make the messages and return their modules: execution, streaming, common."""
    from grpc_tools import protoc

    names = [f"remotemedia/v1/{name}.proto" for name in ("common", "metrics", "execution", "streaming")]
    with tempfile.TemporaryDirectory() as folder:
        if protoc.main(["protoc", f"-I{ROOT / 'proto'}", f"--python_out={folder}", *names]) != 0:
            raise SystemExit("server.py: protoc failed on the protos")
        sys.path.insert(0, folder)
        from remotemedia.v1 import common_pb2, execution_pb2, streaming_pb2
    return execution_pb2, streaming_pb2, common_pb2


execution, streaming, common = messages()


class Node:
    """The one node of a pipeline."""

    def __init__(self, manifest: Any) -> None:
        """Read the manifest."""
        if len(manifest.nodes) != 1:
            raise ValueError("this server runs manifests of one node")
        node = manifest.nodes[0]
        self.id, self.type = node.id, node.node_type
        self.params = json.loads(node.params or "{}")
        self.stream: soxr.ResampleStream | None = None
        if self.type not in ("PassThrough", "AudioResample", "CalculatorNode"):
            raise ValueError(f"this server has no node {self.type}")

    def audio(self, source: Any, target: Any) -> None:
        """Process whole audio."""
        if self.type == "PassThrough":
            target.CopyFrom(source)
            return
        rate = self.params["target_sample_rate"]
        self.fill(target, soxr.resample(np.frombuffer(source.samples, np.float32), source.sample_rate, rate, quality="HQ"), rate)

    def chunk(self, source: Any, target: Any) -> None:
        """Process a chunk of a stream."""
        if self.type == "PassThrough":
            target.CopyFrom(source)
            return
        rate = self.params["target_sample_rate"]
        if self.stream is None:
            self.stream = soxr.ResampleStream(source.sample_rate, rate, 1, dtype="float32", quality="HQ")
        self.fill(target, self.stream.resample_chunk(np.frombuffer(source.samples, np.float32)), rate)

    def data(self, text: str) -> str:
        """Calculate."""
        operation = OPERATIONS[self.params.get("operation", "add")]
        return json.dumps(operation(json.loads(text)["value"], self.params["value"]))

    @staticmethod
    def fill(target: Any, samples: np.ndarray, rate: int) -> None:
        """Put samples into a message."""
        target.samples, target.num_samples = samples.tobytes(), samples.size
        target.sample_rate, target.channels, target.format = rate, 1, common.AUDIO_FORMAT_F32


def execute(request: Any, _context: grpc.ServicerContext) -> Any:
    """Answer ExecutePipeline."""
    begin = time.perf_counter()
    response = execution.ExecuteResponse()
    result = response.result
    node = Node(request.manifest)
    for source in request.audio_inputs.values():
        node.audio(source, result.audio_outputs[node.id])
    for text in request.data_inputs.values():
        result.data_outputs[node.id] = node.data(text)
    result.status = common.EXECUTION_STATUS_SUCCESS
    result.metrics.wall_time_ms, result.metrics.memory_used_bytes = (time.perf_counter() - begin) * 1000, 1
    return response


def stream(requests: Iterator[Any], _context: grpc.ServicerContext) -> Iterator[Any]:
    """Answer StreamPipeline: each request has one answer."""
    node = None
    for request in requests:
        kind = request.WhichOneof("request")
        response = streaming.StreamResponse()
        if kind == "init":
            node = Node(request.init.manifest)
            response.ready.recommended_chunk_size = 4096
        elif kind == "audio_chunk" and node is not None:
            response.result.sequence = request.audio_chunk.sequence
            node.chunk(request.audio_chunk.buffer, response.result.audio_outputs[node.id])
        else:
            break
        yield response
    response = streaming.StreamResponse()
    response.closed.reason = "the client closed"
    yield response


def main() -> None:
    """Serve until standard input ends."""
    server = grpc.server(futures.ThreadPoolExecutor(WORKERS), options=OPTIONS)
    server.add_generic_rpc_handlers((
        grpc.method_handlers_generic_handler("remotemedia.v1.PipelineExecutionService", {
            "ExecutePipeline": grpc.unary_unary_rpc_method_handler(
                execute, execution.ExecuteRequest.FromString, execution.ExecuteResponse.SerializeToString
            ),
        }),
        grpc.method_handlers_generic_handler("remotemedia.v1.StreamingPipelineService", {
            "StreamPipeline": grpc.stream_stream_rpc_method_handler(
                stream, streaming.StreamRequest.FromString, streaming.StreamResponse.SerializeToString
            ),
        }),
    ))
    address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:0"
    port = server.add_insecure_port(address)
    server.start()
    print(f"listening {address.rsplit(':', 1)[0]}:{port}", flush=True)
    sys.stdin.read()
    server.stop(grace=None).wait()


if __name__ == "__main__":
    main()
