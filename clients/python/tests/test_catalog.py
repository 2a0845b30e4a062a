"""Node types and checks of manifests."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from remotemedia_grpc import AsyncClient, Client, InputFormat, Pipeline, ValidationError, VersionMismatchError
from remotemedia_grpc.nodes import VAD, PassThrough

BAD = "version: v1\nnodes:\n  - {id: a, node_type: VADD}\n"


def test_nodes_and_describe(address):
    with Client(address) as client:
        (vad,) = client.nodes(filter="rustvad", category="detect")
        assert (vad.name, vad.produces, vad.latency_class, vad.schema) == ("VAD", ("audio", "json"), "realtime", {})
        full = client.describe("RustVADNode")
        assert full.schema["type"] == "object"
        assert full.defaults["method"] == "rms"
        assert client.validate(full.example).valid
        with pytest.raises(ValidationError, match="did you mean AudioResample") as caught:
            client.describe("AudioResampel")
        assert (caught.value.code, caught.value.status) == ("unknown_node_type", "NOT_FOUND")


def test_validate(address):
    with Client(address) as client:
        good = client.validate(Pipeline() | PassThrough() | VAD(), inputs={"pass_through": InputFormat(8000, 1)})
        assert (good.valid, good.problems, good.order) == (True, (), ("pass_through", "vad"))
        assert (good.sources, good.sinks, good.memory_bytes) == (("pass_through",), ("vad",), 2 * 4 * 8000)
        assert good.normalized is not None
        assert "energy_threshold" in good.normalized.message.nodes[1].params
        assert client.validate(good.normalized).valid
        bad = client.validate(text=BAD)
        assert (bad.valid, bad.order, bad.normalized) == (False, (), None)
        (problem,) = bad.problems
        assert (problem.severity, problem.code, problem.line) == ("error", "unknown_node_type", 3)


def test_with_asyncio(address):
    async def main():
        async with AsyncClient(address) as client:
            return await client.nodes(schemas=True), await client.describe("VAD"), await client.validate(text=BAD)

    types, vad, checked = asyncio.run(main())
    assert all(node.schema for node in types)
    assert vad.name == "VAD"
    assert not checked.valid


def test_an_old_service_is_told():
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with Client(f"127.0.0.1:{port}", check_version=False) as client:
            for ask in (client.nodes, lambda: client.describe("VAD"), lambda: client.validate(text=BAD)):
                with pytest.raises(VersionMismatchError, match="too old"):
                    ask()
    finally:
        server.stop(None).wait()
