"""What is run as a program: the examples, python -m remotemedia_grpc, forked children, and the checks of what is generated."""

import contextlib
import os
import subprocess
import sys

import pytest

from remotemedia_grpc import Client, NodeExecutionError, ValidationError
from remotemedia_grpc.nodes import PassThrough
from server import ROOT, binary


def run(address, *arguments, code=0):
    environment = {**os.environ, "GRPC_SERVER_ADDR": address}
    done = subprocess.run([sys.executable, *map(str, arguments)], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


EXAMPLES = ROOT / "examples" / "python"


def test_simple_example(address, tmp_path):
    target = tmp_path / "out.wav"
    out = run(address, EXAMPLES / "simple.py", ROOT / "testdata" / "speech" / "two-sentences-44k1.wav", target)
    assert "at 16000 Hz" in out
    assert out.count("speech_start") == out.count("speech_end") == 2
    assert target.stat().st_size > 100_000


def test_multi_node_example(address):
    out = run(address, EXAMPLES / "multi_node.py")
    assert "pcm        2 x 32000 int16 at 16000 Hz" in out
    assert "music      2 x 88200 float32 at 44100 Hz" in out
    assert "telephone  2 x 32000 float32" in out
    assert "refused, as it should be: resample: bad_parameter" in out


def test_streaming_example(address):
    out = run(address, EXAMPLES / "streaming.py")
    assert out.count("speech_start") == 2
    assert "Client requested close: 299 chunks in, 95465 frames out" in out


def test_every_example_is_run():
    assert sorted(p.name for p in EXAMPLES.glob("*.py")) == ["multi_node.py", "simple.py", "streaming.py"]


def test_module_shows_a_service(address):
    out = run(address, "-m", "remotemedia_grpc", address)
    assert f"at {address}" in out
    assert "compatible" in out
    assert "  AudioResample\n" in out
    assert "requests     " not in out
    out = run(address, "-m", "remotemedia_grpc", address, "--metrics")
    assert "requests     " in out
    assert "executions   " in out
    assert "is it running there" in run(address, "-m", "remotemedia_grpc", "127.0.0.1:1", code=3)


def test_a_client_does_not_outlive_a_fork(address):
    if not hasattr(os, "fork"):
        pytest.skip("this platform can't fork")
    program = f"""
import os, sys
import numpy as np
from remotemedia_grpc import Client, ValidationError
from remotemedia_grpc.nodes import PassThrough
client = Client({address!r})
child = os.fork()
if child == 0:
    try:
        client.run(PassThrough(), np.ones(9, np.float32), rate=8000)
    except ValidationError as error:
        os._exit(7 if "after the fork" in str(error) else 8)
    os._exit(9)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
assert client.run(PassThrough(), np.ones(9, np.float32), rate=8000).status == "success"
client.close()
"""
    run(address, "-c", program)


def test_generated_builder_is_current():
    environment = {**os.environ, "REMOTEMEDIA_BIN": str(binary().with_name("remotemedia"))}
    script = ROOT / "scripts" / "gen-builders.py"
    done = subprocess.run([sys.executable, str(script), "--check"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def refused(client, node):
    try:
        client.run(node, data={node.default_id(): 1})
    except ValidationError as error:
        return error.code
    return ""


def test_every_class_of_the_catalogue_is_valid(address):
    """Each class makes a node that the service accepts, with nothing but what must be given."""
    import inspect

    from remotemedia_grpc import nodes

    with Client(address) as client:
        types = set(client.version().node_types)
        for name in nodes.__all__:
            kind = getattr(nodes, name)
            required = [p for p in inspect.signature(kind).parameters.values() if p.default is p.empty]
            node = kind(*[100] * len(required))
            assert node.node_type in types
            with contextlib.suppress(
                NodeExecutionError
            ):  # not every node can do with a 1, but each is known and has valid parameters
                assert refused(client, node) in ("", "input_kind"), name
    assert PassThrough().params == {}
