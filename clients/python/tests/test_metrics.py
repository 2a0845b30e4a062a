"""The service's counters."""

import asyncio

import numpy as np
import pytest

from remotemedia_grpc import AsyncClient, AuthenticationError, Client
from remotemedia_grpc.nodes import PassThrough
from server import Server


@pytest.fixture(scope="module")
def quiet():
    """A service that nobody else calls."""
    server = Server()
    yield server.address
    assert server.stop() == 0


def test_counters_move(quiet):
    with Client(quiet) as client:
        client.run(PassThrough(), np.ones(441, np.float32), rate=44100)
        with client.stream(PassThrough(), rate=44100) as stream:
            plain = client.metrics()
            full = client.metrics(node_types=True, streams=True, prometheus=True, prefixes=["remotemedia_grpc_active"])
            session = stream.session.session_id
    assert plain.execute_latency.count == 1
    assert 0 < plain.execute_latency.p50_seconds <= plain.execute_latency.max_seconds
    assert (plain.samples, plain.streams, plain.failed, plain.refused) == (441, 1, 0, 0)
    assert plain.requests >= 2
    assert plain.memory_bytes > 0
    assert plain.uptime_seconds > 0
    assert (plain.node_types, plain.open_streams, plain.prometheus) == ({}, (), "")
    assert full.node_types["PassThrough"].samples == 441
    assert [stream.session_id for stream in full.open_streams] == [session]
    assert "remotemedia_grpc_active_streams 1" in full.prometheus
    assert "requests_total" not in full.prometheus


def test_counters_with_asyncio(quiet):
    async def main():
        async with AsyncClient(quiet) as client:
            before = await client.metrics()
            await client.run(PassThrough(), np.ones(100, np.int16), rate=8000)
            return before, await client.metrics(node_types=True)

    before, behind = asyncio.run(main())
    assert behind.samples == before.samples + 100
    assert behind.execute_latency.count == before.execute_latency.count + 1
    assert behind.node_types["PassThrough"].executions >= 1


def test_counters_need_their_scope(guarded):
    address, tokens = guarded
    with Client(address, token=tokens["narrow"]) as client, pytest.raises(AuthenticationError, match="metrics") as caught:
        client.metrics()
    assert (caught.value.code, caught.value.status) == ("token_scope", "PERMISSION_DENIED")
    with Client(address, token=tokens["full"]) as client:
        assert client.metrics().uptime_seconds > 0
