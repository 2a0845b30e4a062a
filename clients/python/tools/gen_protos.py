"""Writes the messages in src/remotemedia_grpc/_pb from the project's protos, or checks that they are current.

    python tools/gen_protos.py           write
    python tools/gen_protos.py --check   fail when what is committed isn't what the protos give

It wants the generator of tools/requirements.txt, which is older than what runs: code of protobuf 5.29 works with every later
runtime, and newer code wouldn't with older ones.

The output of protoc is changed in two ways. The modules are found within this package, because the import name `remotemedia`
belongs to another distribution. And the messages live in a descriptor pool of their own, so that a program may load other stubs
of the same contract beside them; in protobuf's default pool two files can't declare the same message.
"""

import re
import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

HERE = Path(__file__).resolve().parent.parent
PROTOS = HERE.parents[1] / "proto"
OUT = HERE / "src" / "remotemedia_grpc" / "_pb"
NAMES = ("v1/common", "v1/metrics", "v1/execution", "v1/streaming", "ext/v1/catalog", "ext/v1/tools")


def generate() -> dict[str, str]:
    """Return the generated files by name."""
    with tempfile.TemporaryDirectory() as folder:
        files = [f"remotemedia/{name}.proto" for name in NAMES]
        code = protoc.main(["protoc", f"-I{PROTOS}", f"--python_out={folder}", f"--pyi_out={folder}", *files])
        if code != 0:
            raise SystemExit(f"gen_protos: protoc ended with {code}")
        made = sorted(Path(folder).glob("remotemedia/**/*.py*"))
        return {path.name: localise(path.read_text()) for path in made}


def localise(text: str) -> str:
    """Move a generated module into this package and its messages into the package's own pool."""
    text = re.sub(r"from remotemedia(\.ext)?\.v1 import", "from remotemedia_grpc._pb import", text)
    text = text.replace("_descriptor_pool.Default()", "_POOL")
    text = text.replace(
        "from google.protobuf import descriptor_pool as _descriptor_pool", "from remotemedia_grpc._pb import POOL as _POOL"
    )
    return re.sub(r"'remotemedia\.(?:ext\.)?v1\.(\w+_pb2)'", r"'remotemedia_grpc._pb.\1'", text)


def main() -> None:
    """Write or check."""
    files = generate()
    if "--check" not in sys.argv[1:]:
        for name, text in files.items():
            (OUT / name).write_text(text)
        return
    wrong = [name for name, text in files.items() if not (OUT / name).is_file() or (OUT / name).read_text() != text]
    if wrong:
        raise SystemExit(f"gen_protos: {', '.join(wrong)}: not what the protos give; run make python-generate and commit")


if __name__ == "__main__":
    main()
