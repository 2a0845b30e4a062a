"""What both clients do alike: arguments to messages, failures to exceptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from remotemedia_grpc import _codec, _failure, _wire
from remotemedia_grpc._options import Settings, checked_seconds
from remotemedia_grpc._pb import common_pb2
from remotemedia_grpc.audio import Audio, AudioLike, as_audio
from remotemedia_grpc.errors import InternalError, ValidationError, VersionMismatchError
from remotemedia_grpc.manifest import Manifest
from remotemedia_grpc.pipeline import PipelineLike, as_manifest
from remotemedia_grpc.results import Limits, Result, Version

AudioInputs: TypeAlias = "AudioLike | Mapping[str, AudioLike] | None"

#: The oldest release of the service that this client works with.
OLDEST = (0, 2)


def checked_manifest(pipeline: PipelineLike, settings: Settings) -> Manifest:
    """Make a manifest, and check its names unless the client doesn't want it."""
    manifest = as_manifest(pipeline)
    if settings.check_nodes:
        manifest.check()
    return manifest


def request_of(
    manifest: Manifest,
    audio: AudioInputs,
    data: Mapping[str, Any] | None,
    rate: int | None,
    limits: Limits | None,
    outputs: Sequence[str],
    labels: Mapping[str, str] | None,
) -> bytes:
    """Encode an execution."""
    for node in outputs:
        manifest.address(node)
    for label in (labels or {}).items():
        if not all(isinstance(text, str) for text in label):
            raise ValidationError(f"the label {label[0]!r} is {label[1]!r}: give texts", code="wrong_type")
    values = {manifest.address(node): value for node, value in (data or {}).items()}
    return _codec.encode_execution(manifest, _inputs(manifest, audio, rate), values, limits, outputs, labels or {})


def _inputs(manifest: Manifest, audio: AudioInputs, rate: int | None) -> dict[str, Audio]:
    if audio is None:
        return {}
    named = audio if isinstance(audio, Mapping) else {"": audio}
    return {manifest.address(node): as_audio(one, rate) for node, one in named.items()}


def result_of(data: bytes, manifest: Manifest, request_id: str) -> Result:
    """Decode what an execution gave, or raise what it failed with."""
    outcome = _codec.decode_execution(data, manifest)
    if isinstance(outcome, common_pb2.ErrorResponse):
        raise _failure.from_response(outcome, request_id)
    return outcome


def check_version(version: Version, target: str) -> None:
    """Refuse a service that this client can't talk to."""
    if not version.compatible or (version.protocols and _codec.PROTOCOL not in version.protocols):
        raise VersionMismatchError(
            f"the service at {target} (release {version.service}) doesn't speak {_codec.PROTOCOL}: "
            f"{version.message}. Use a client and a"
            " service that match",
            code="version_unsupported",
            context={"supported": list(version.protocols)},
        )
    if _release(version.service) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise VersionMismatchError(
            f"the service at {target} is of release {version.service}, which is too old for this client: update "
            f"it to {oldest} or newer",
            code="version_unsupported",
        )


def _release(text: str) -> tuple[int, ...]:
    """Read the first two numbers of a release; one that can't be read is taken for new."""
    numbers = text.removeprefix("v").split(".")[:2]
    return tuple(map(int, numbers)) if all(n.isdecimal() for n in numbers) else OLDEST


def deadline_of(timeout: float | None, default: float | None) -> float | None:
    """Give a call's seconds: the client's where it has none of its own; None is no bound."""
    return default if timeout is None else checked_seconds(timeout)


def health_request(service: str) -> bytes:
    """Encode a question to the standard health service."""
    return _wire.text_field(1, service)


_HEALTH = {0: "UNKNOWN", 1: "SERVING", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}


def health_of(data: bytes) -> str:
    """Decode the health service's answer."""
    try:
        status = next((value for number, _, value, _, _ in _wire.fields(data, 0, len(data)) if number == 1), 0)
    except _wire.WireError as error:
        raise _codec.unreadable(error) from error
    if status not in _HEALTH:
        raise InternalError(f"the health service answered {status}, which isn't in the standard", code="internal")
    return _HEALTH[status]
