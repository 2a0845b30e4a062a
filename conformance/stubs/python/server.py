"""The server under test: one that runs already (REMOTEMEDIA_ADDR), or bin/remotemedia (REMOTEMEDIA_BIN) started here on a free port."""

import json
import os
import queue
import subprocess
import threading
from collections import deque
from pathlib import Path

from stubs import ROOT

START_SECONDS = 30
STOP_SECONDS = 20


class Server:
    """A child process that serves until stop() and is ended by its own handle."""

    def __init__(self, binary: Path):
        if not binary.is_file():
            raise FileNotFoundError(
                f"{binary} isn't there: build it (make build), or name another in REMOTEMEDIA_BIN, "
                "or a running server in REMOTEMEDIA_ADDR"
            )
        self._tail: deque[str] = deque(maxlen=40)
        self._addresses: queue.Queue[str | None] = queue.Queue()
        self._process = subprocess.Popen(
            [str(binary), "serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.address = self._wait_for_address()

    def _read(self) -> None:
        """Follow the log to its end, so that the pipe never fills; report the first address, or None at the end."""
        for line in self._process.stdout:
            self._tail.append(line)
            if address := _served_address(line):
                self._addresses.put(address)
        self._addresses.put(None)

    def _wait_for_address(self) -> str:
        try:
            address = self._addresses.get(timeout=START_SECONDS)
        except queue.Empty:
            address = None
        if address is None:
            self.stop()
            raise RuntimeError("the server didn't say that it serves; its last lines:\n" + "".join(self._tail))
        return address

    def stop(self) -> int:
        """Ask the process to end, wait, and return its exit code; one that doesn't end is killed and reported."""
        self._process.terminate()
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise RuntimeError(f"the server didn't end within {STOP_SECONDS} s of SIGTERM") from None
        finally:
            self._reader.join(STOP_SECONDS)
            self._process.stdout.close()
        return code


def _served_address(line: str) -> str | None:
    """The address in the log line that says that the server serves; None for any other line."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    if isinstance(entry, dict) and entry.get("message") == "serving":
        return entry.get("address")
    return None


def binary() -> Path:
    return Path(os.environ.get("REMOTEMEDIA_BIN") or ROOT / "bin" / "remotemedia")
