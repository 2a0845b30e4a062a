"""Fixtures: the service, gates before it, clients, and audio."""

import json

import numpy as np
import pytest

from gate import Gate
from remotemedia_grpc import Client, Retry
from server import Server


@pytest.fixture(scope="session")
def address():
    server = Server()
    yield server.address
    assert server.stop() == 0, "the service didn't end cleanly:\n" + "".join(server.tail)


@pytest.fixture(scope="session")
def client(address):
    """Nodes that fail on purpose aren't in the catalogue; the tests of the check make clients of their own."""
    with Client(address, check_nodes=False) as client:
        yield client


@pytest.fixture(scope="session")
def guarded(tmp_path_factory):
    """A service that wants tokens: its address, and two of them, of which the narrow one may only execute."""
    tokens = {"full": "full-0123456789abcdef", "narrow": "narrow-0123456789abcdef"}
    file = tmp_path_factory.mktemp("tokens") / "tokens.json"
    entries = [{"name": "full", "token": tokens["full"]}, {"name": "narrow", "token": tokens["narrow"], "scopes": ["execute"]}]
    file.write_text(json.dumps(entries))
    server = Server(settings={"auth.tokens_file": file})
    yield server.address, tokens
    assert server.stop() == 0


@pytest.fixture
def gate(address):
    """Make gates, which are stopped behind the test."""
    made = []

    def make(rule):
        made.append(Gate(address, rule))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def quick():
    """Repeat without long waits."""
    return Retry(attempts=4, first=0.01, longest=0.02)


@pytest.fixture(scope="session")
def tone():
    """One second of a tone, 48 kHz mono float32."""
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(48000) / 48000)).astype(np.float32)
