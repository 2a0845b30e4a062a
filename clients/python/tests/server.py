"""The service under test: a child process of the program REMOTEMEDIA_BIN (bin/remotemedia-test)."""

import json
import os
import queue
import subprocess
import threading
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS, STOP_SECONDS = 30, 20


def binary():
    return Path(os.environ.get("REMOTEMEDIA_BIN") or ROOT / "bin" / "remotemedia-test")


class Server:
    """A service that runs until stop(), and is ended by its own handle."""

    def __init__(self, listen="127.0.0.1:0", settings=None):
        """Settings are keys of the configuration with their values."""
        if not binary().is_file():
            raise FileNotFoundError(f"{binary()} isn't there: make build-test, or name another program in REMOTEMEDIA_BIN")
        self.tail = deque(maxlen=40)
        self._addresses = queue.Queue()
        flags = [f"--set={key}={value}" for key, value in (settings or {}).items()]
        command = [str(binary()), "serve", "--listen", listen, "--admin", "none", *flags]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.address = self._address()

    def _read(self):
        """Follow the log to its end, so that the pipe never fills."""
        for line in self._process.stdout:
            self.tail.append(line)
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if entry.get("message") == "serving":
                self._addresses.put(entry["address"])
        self._addresses.put(None)

    def _address(self):
        address = self._addresses.get(timeout=START_SECONDS)
        if address is None:
            self.stop()
            raise RuntimeError("the service didn't start; its last lines:\n" + "".join(self.tail))
        return address

    def stop(self):
        """Ask the process to end, wait, and return its exit code; one that doesn't end is killed and reported."""
        self._process.terminate()
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise RuntimeError(f"the service didn't end within {STOP_SECONDS} s") from None
        finally:
            self._reader.join(STOP_SECONDS)
            self._process.stdout.close()
