"""Plain Python stubs, made from the descriptors that clients in the field were built against and never from this project's protos.

Run as a program it only generates: python stubs.py
"""

import hashlib
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DESCRIPTORS = ROOT / "testdata" / "contract-003.binpb"
BUILD = Path(__file__).resolve().parent / "build"
PROTOS = ("common.proto", "execution.proto", "streaming.proto")


def _stamp() -> str:
    """What the generated code depends on: the descriptors and the generator."""
    digest = hashlib.sha256(DESCRIPTORS.read_bytes()).hexdigest()
    return f"{digest} grpcio-tools {metadata.version('grpcio-tools')}\n"


def generate() -> Path:
    """Generate the stubs into build/ unless they are there already, and return that folder."""
    stamp = BUILD / "stamp"
    if stamp.exists() and stamp.read_text() == _stamp():
        return BUILD
    from grpc_tools import protoc

    BUILD.mkdir(exist_ok=True)
    code = protoc.main(
        ["protoc", f"--descriptor_set_in={DESCRIPTORS}", f"--python_out={BUILD}", f"--grpc_python_out={BUILD}", *PROTOS]
    )
    if code != 0:
        raise RuntimeError(f"protoc ended with {code} on {DESCRIPTORS}")
    stamp.write_text(_stamp())
    return BUILD


def install() -> None:
    """Make the stubs importable: common_pb2, execution_pb2, execution_pb2_grpc, streaming_pb2, streaming_pb2_grpc."""
    folder = str(generate())
    if folder not in sys.path:
        sys.path.insert(0, folder)


if __name__ == "__main__":
    print(generate())
