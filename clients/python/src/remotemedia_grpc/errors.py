"""The exceptions: one class for each kind of error, all of them :class:`RemoteMediaError`.

The message is a sentence that says what is wrong and what to do. Programs look at the class and at ``code``, a stable name from
the error catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class RemoteMediaError(Exception):
    """What any call may raise; the subclass tells the kind."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        node_id: str = "",
        context: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
        problems: Sequence[str] = (),
        request_id: str = "",
        status: str = "",
        sequence: int | None = None,
        stack_trace: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        #: Stable name of the cause, for instance ``unknown_parameter``; empty where an old service gave none.
        self.code = code
        #: Node that failed; empty when none did.
        self.node_id = node_id
        #: Details, a JSON object whose shape depends on the kind.
        self.context: dict[str, Any] = dict(context or {})
        #: Seconds after which the same call may succeed; ``None`` when waiting won't help, or nothing is known.
        self.retry_after = retry_after
        #: All problems of a manifest, one sentence each; ``message`` repeats the first.
        self.problems = tuple(problems)
        #: Names the call in the service's log.
        self.request_id = request_id
        #: Name of the gRPC status, for instance ``UNAVAILABLE``; empty when the error came in an answer, or was
        #: found before a call.
        self.status = status
        #: Number of the chunk that failed; ``None`` outside streams.
        self.sequence = sequence
        #: Trace of a panic in the service, where it runs with debug output.
        self.stack_trace = stack_trace

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message,), self.__dict__


class ValidationError(RemoteMediaError, ValueError):
    """The pipeline or an input is wrong; nothing ran. Most such errors are found before a call."""


class NodeExecutionError(RemoteMediaError):
    """A node failed on its input; ``context`` has the node's type, parameters and inputs."""


class ResourceLimitError(RemoteMediaError):
    """A limit on memory, time or samples was reached; ``context`` has ``limit``, ``used`` and ``allowed``."""


class RateLimitedError(ResourceLimitError):
    """The token made too many calls; ``retry_after`` says when the next is welcome."""


class AuthenticationError(RemoteMediaError):
    """The token is missing, wrong, expired, or doesn't allow this."""


class VersionMismatchError(RemoteMediaError):
    """Client and service speak different versions of the protocol."""


class InternalError(RemoteMediaError):
    """A fault of the service, or an answer that can't be understood."""


class UnavailableError(RemoteMediaError, ConnectionError):
    """The service can't be reached, is overloaded, or shuts down."""


class DeadlineExceededError(RemoteMediaError, TimeoutError):
    """The call took longer than the caller's timeout."""


class CallCancelledError(RemoteMediaError):
    """The call was cancelled."""


class ClosedError(RemoteMediaError):
    """The client or the stream was closed before this call."""
