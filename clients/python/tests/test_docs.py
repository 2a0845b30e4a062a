"""The blocks of the documentation, run in their order."""

import re
import shutil

import pytest

from remotemedia_grpc import __version__
from server import ROOT

PAGES = ("docs/clients/python.md", "clients/python/README.md")


@pytest.mark.parametrize("page", PAGES)
def test_blocks(page, address, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRPC_SERVER_ADDR", address)
    shutil.copy(ROOT / "testdata" / "speech" / "two-sentences-44k1.wav", "speech.wav")
    text = (ROOT / page).read_text(encoding="utf-8").replace('"localhost:50051"', f'"{address}"')
    blocks = list(re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    assert len(blocks) > 1
    names = {}
    for block in blocks:
        line = text.count("\n", 0, block.start(1))
        exec(compile("\n" * line + block[1], str(ROOT / page), "exec"), names)


def test_release_is_the_projects():
    found = re.search(r'Runtime = "([^"]+)"', (ROOT / "version" / "version.go").read_text(encoding="utf-8"))
    assert found[1] == __version__
