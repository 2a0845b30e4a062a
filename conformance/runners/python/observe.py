"""What the runner tells: samples as files, results and errors as JSON."""

from itertools import count

import numpy as np

from remotemedia_grpc import (
    Audio,
    AuthenticationError,
    CallCancelledError,
    ClosedError,
    DeadlineExceededError,
    InternalError,
    NodeExecutionError,
    RateLimitedError,
    ResourceLimitError,
    UnavailableError,
    ValidationError,
    VersionMismatchError,
)

FORMATS = {"f32": np.dtype("<f4"), "i16": np.dtype("<i2"), "i32": np.dtype("<i4")}
NAMES = {dtype: name for name, dtype in FORMATS.items()}

#: The kind of each class; a class stands before those that it is made of.
KINDS = {
    RateLimitedError: "rate_limited",
    ValidationError: "validation",
    NodeExecutionError: "node_execution",
    ResourceLimitError: "resource_limit",
    AuthenticationError: "authentication",
    VersionMismatchError: "version_mismatch",
    InternalError: "internal",
    UnavailableError: "unavailable",
    DeadlineExceededError: "deadline_exceeded",
    CallCancelledError: "canceled",
    ClosedError: "closed",
}


class Samples:
    """Reads the job's samples, and keeps those that were received."""

    def __init__(self, out):
        self._out, self._files, self._numbers = out, {}, count()

    def audio(self, named):
        data = self._files.get(named["file"])
        if data is None:
            with open(named["file"], "rb") as file:
                data = self._files[named["file"]] = file.read()
        data = data[named["first"] : named["first"] + named["bytes"]]
        return Audio.from_bytes(data, named["rate"], named["channels"], FORMATS[named["format"]])

    def keep(self, pieces):
        """Write pieces of audio, joined, to a file."""
        first = pieces[0]
        path = self._out / f"{next(self._numbers)}.raw"
        path.write_bytes(b"".join(piece.to_bytes() for piece in pieces))
        return {"file": str(path), "rate": first.rate, "channels": first.channels, "format": NAMES[first.dtype]}


def result(r, samples):
    return {
        "status": r.status,
        "audio": {node: samples.keep([audio]) for node, audio in r.audio.items()},
        "audio_items": {node: [audio.frames for audio in items] for node, items in r.audio_items.items()},
        "data": r.data_items,
        "warnings": r.warnings,
        "nodes": {node: {"status": report.status, "samples": report.samples} for node, report in r.nodes.items()},
        "request_id": r.request_id,
        "wall_ms": r.metrics.wall_seconds * 1000,
        "memory_bytes": r.metrics.memory_bytes,
    }


def failure(error):
    told = {
        "kind": next(kind for cls, kind in KINDS.items() if isinstance(error, cls)),
        "code": error.code,
        "message": str(error),
        "node_id": error.node_id,
        "context": error.context,
        "problems": len(error.problems),
        "request_id": error.request_id,
    }
    if error.retry_after is not None:
        told["retry_after_ms"] = error.retry_after * 1000
    if error.sequence is not None:
        told["sequence"] = error.sequence
    return told
