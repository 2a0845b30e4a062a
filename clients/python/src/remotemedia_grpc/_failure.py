"""Exceptions made of what a service or gRPC says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from remotemedia_grpc import _codec, _wire, errors
from remotemedia_grpc._pb import common_pb2

_TYPES: dict[int, type[errors.RemoteMediaError]] = {
    1: errors.ValidationError,
    2: errors.NodeExecutionError,
    3: errors.ResourceLimitError,
    4: errors.AuthenticationError,
    5: errors.VersionMismatchError,
    6: errors.InternalError,
}
# Statuses that tell more than the type of the error in their details.
_STATUSES: dict[str, type[errors.RemoteMediaError]] = {
    "UNAVAILABLE": errors.UnavailableError,
    "DEADLINE_EXCEEDED": errors.DeadlineExceededError,
    "CANCELLED": errors.CallCancelledError,
}
# Statuses that come from gRPC, a proxy or an old service, without details.
_BARE: dict[str, tuple[type[errors.RemoteMediaError], str]] = {
    "UNAVAILABLE": (errors.UnavailableError, "unreachable"),
    "DEADLINE_EXCEEDED": (errors.DeadlineExceededError, "deadline_exceeded"),
    "CANCELLED": (errors.CallCancelledError, "canceled"),
    "UNAUTHENTICATED": (errors.AuthenticationError, "token_missing"),
    "PERMISSION_DENIED": (errors.AuthenticationError, "token_scope"),
    "RESOURCE_EXHAUSTED": (errors.ResourceLimitError, ""),
    "INVALID_ARGUMENT": (errors.ValidationError, ""),
    "NOT_FOUND": (errors.ValidationError, ""),
    "FAILED_PRECONDITION": (errors.VersionMismatchError, "version_unsupported"),
    "UNIMPLEMENTED": (errors.VersionMismatchError, "version_unsupported"),
}
_DETAIL = "type.googleapis.com/remotemedia.v1.ErrorResponse"


def from_response(response: common_pb2.ErrorResponse, request_id: str = "", status: str = "") -> errors.RemoteMediaError:
    """Make the exception of an error that a service told."""
    context = _codec.read_object(response.context)
    kind = _STATUSES.get(status) or _TYPES.get(response.error_type, errors.InternalError)
    if response.code == "rate_limited":
        kind = errors.RateLimitedError
    return kind(
        response.message or "the service failed without a word",
        code=response.code,
        node_id=response.failing_node_id,
        context=context,
        retry_after=response.retry_after_ms / 1000 if response.retry_after_ms else None,
        problems=tuple(response.problems),
        request_id=str(context.get("request_id") or request_id),
        status=status,
        sequence=response.failing_sequence if response.session_id or "stream_error_type" in context else None,
        stack_trace=response.stack_trace,
    )


def from_status(
    status: grpc.StatusCode,
    details: str | None,
    trailers: Mapping[str, str | bytes],
    target: str,
    request_id: str,
    time_is_up: bool,
) -> errors.RemoteMediaError:
    """Make the exception of a call that ended with a status."""
    request_id = str(trailers.get("x-request-id") or request_id)
    response = _detail(trailers.get("grpc-status-details-bin", b""))
    if status is grpc.StatusCode.CANCELLED and time_is_up:
        status, response = grpc.StatusCode.DEADLINE_EXCEEDED, None  # the service's clock was first, and it reset the call
    if response:
        return from_response(response, request_id, status.name)
    kind, code = _BARE.get(status.name, (errors.InternalError, "internal"))
    message = _SENTENCES.get(status.name, "the call failed with {status}: {details}").format(
        status=status.name, details=details or "no details", target=target
    )
    return kind(message, code=code, retry_after=pushback(trailers), request_id=request_id, status=status.name)


_SENTENCES = {
    "UNAVAILABLE": "no service answers at {target} ({details}): is it running there, and is the address right?"
    " With TLS, is it on at both ends, and is the certificate trusted?",
    "DEADLINE_EXCEEDED": "{target} didn't answer in time: give a longer timeout, or send less audio a call ({details})",
    "CANCELLED": "the call was cancelled ({details})",
    "UNAUTHENTICATED": "{target} refused the token: give a valid one as token= ({details})",
    "PERMISSION_DENIED": "the token doesn't allow this call: use one with the scope that it needs ({details})",
    "UNIMPLEMENTED": "{target} doesn't know this call: it is too old for this client, or another service. "
    "Update the service ({details})",
    "RESOURCE_EXHAUSTED": "the message is larger than {target}, or something before it, allows: send less audio "
    "a call, or stream it ({details})",
}


def pushback(trailers: Mapping[str, str | bytes]) -> float | None:
    """Give the seconds for which a service asks to wait; a negative number asks not to come back."""
    try:
        return int(trailers["grpc-retry-pushback-ms"]) / 1000
    except (KeyError, ValueError):
        return None


def as_mapping(trailers: Any) -> dict[str, str | bytes]:
    """Give metadata by name; gRPC has several shapes for it, or nothing."""
    return {str(key): value for key, value in trailers or ()}


def _detail(status: str | bytes) -> common_pb2.ErrorResponse | None:
    """Find the service's error in a google.rpc.Status; another's details, or broken ones, tell nothing."""
    data = status if isinstance(status, bytes) else status.encode("latin-1")
    try:
        for number, kind, value, stop, _ in _wire.fields(data, 0, len(data)):
            if number == 3 and kind == _wire.BYTES:
                name, first, last = _wire_entry(data, value, stop)
                if name == _DETAIL:
                    return common_pb2.ErrorResponse.FromString(data[first:last])
    except (_wire.WireError, DecodeError, UnicodeDecodeError):
        return None
    return None


# google.protobuf.Any has the fields of a map's entry: 1 the name of the type, 2 the message.
_wire_entry = _codec.read_entry
