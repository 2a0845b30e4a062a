"""How a client connects and calls."""

from __future__ import annotations

import math
import os
import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import grpc
import numpy as np

from remotemedia_grpc._version import __version__
from remotemedia_grpc.errors import AuthenticationError, RemoteMediaError, ValidationError

Pem: TypeAlias = "bytes | str | os.PathLike[str]"
Token: TypeAlias = "str | Callable[[], str]"

EXECUTE = "/remotemedia.v1.PipelineExecutionService/ExecutePipeline"
VERSION = "/remotemedia.v1.PipelineExecutionService/GetVersion"
METRICS = "/remotemedia.v1.PipelineExecutionService/GetMetrics"
STREAM = "/remotemedia.v1.StreamingPipelineService/StreamPipeline"
NODES = "/remotemedia.ext.v1.NodeCatalogService/ListNodes"
DESCRIBE = "/remotemedia.ext.v1.NodeCatalogService/DescribeNode"
VALIDATE = "/remotemedia.ext.v1.PipelineToolsService/ValidatePipeline"
HEALTH = "/grpc.health.v1.Health/Check"


@dataclass(frozen=True, slots=True)
class TLS:
    """An encrypted connection. PEM is given as bytes, or as the path of a file.

    Args:
        ca: Certificates that are trusted; those that gRPC comes with where it isn't given.
        cert: The client's own certificate, for services that ask for one (mTLS); with ``key``.
        key: Its private key.
        server_name: Name that the service's certificate must have, where that isn't the address's.
    """

    ca: Pem | None = None
    cert: Pem | None = None
    key: Pem | None = None
    server_name: str = ""

    def credentials(self) -> grpc.ChannelCredentials:
        """Read the files."""
        if (self.cert is None) != (self.key is None):
            raise ValidationError("a client certificate needs both cert= and key=: one of them is missing", code="wrong_type")
        return grpc.ssl_channel_credentials(_pem(self.ca), _pem(self.key), _pem(self.cert))


def _pem(source: Pem | None) -> bytes | None:
    if source is None or isinstance(source, bytes):
        return source
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise ValidationError(f"the PEM file {os.fspath(source)} can't be read: {error.strerror}", code="wrong_type") from error


@dataclass(frozen=True, slots=True)
class Retry:
    """What happens when a service is unavailable or asks to come later.

    Executions have no effect but their answer, so all may be repeated.

    Where a service says how long to wait (``grpc-retry-pushback-ms``) that holds, and a negative time ends the attempts; otherwise
    the wait doubles from one attempt to the next. Nothing is tried again beyond the call's timeout.

    Args:
        attempts: Calls at most; 1 never repeats.
        first: Seconds before the second.
        longest: Seconds between two calls at most, unless the service asks for more.
    """

    attempts: int = 5
    first: float = 0.1
    longest: float = 2.0

    def wait(self, attempt: int, error: RemoteMediaError, left: float | None) -> float | None:
        """Give the seconds to wait behind a failed attempt, counted from 1, or None when that was the last."""
        safe = error.status == "UNAVAILABLE" or error.code == "rate_limited"
        if not safe or attempt >= self.attempts:
            return None
        if error.retry_after is not None:
            seconds = error.retry_after
            if seconds < 0:
                return None
        else:
            seconds = min(self.first * 2 ** (attempt - 1), self.longest) * random.uniform(0.8, 1.2)
        return None if left is not None and seconds >= left else seconds


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a client."""

    target: str
    tls: TLS | None
    token: Token | None
    timeout: float | None
    retry: Retry
    check_nodes: bool
    check_version: bool
    options: tuple[tuple[str, Any], ...]
    process: int

    @classmethod
    def of(
        cls,
        target: str,
        tls: TLS | bool,
        token: Token | None,
        timeout: float | None,
        retry: Retry | None,
        check_nodes: bool,
        check_version: bool,
        options: Sequence[tuple[str, Any]],
    ) -> Settings:
        """Check and complete a client's arguments."""
        target = target or os.environ.get("GRPC_SERVER_ADDR") or "localhost:50051"
        encrypted = (TLS() if tls else None) if isinstance(tls, bool) else tls
        base = _base_options(target, encrypted)
        return cls(
            target,
            encrypted,
            token,
            checked_seconds(timeout),
            retry or Retry(),
            check_nodes,
            check_version,
            (*base, *options),
            os.getpid(),
        )

    def metadata(self, request_id: str) -> tuple[tuple[str, str], ...]:
        """Give the headers of a call."""
        if not _fits_a_header(request_id):
            raise ValidationError(f"the request id is {request_id!r}: give printable ASCII", code="wrong_type")
        pairs = (("x-request-id", request_id),)
        if self.token is None:
            return pairs
        token = self.token if isinstance(self.token, str) else self.token()
        if not _fits_a_header(token):
            raise AuthenticationError(
                "the token isn't a text of printable ASCII, which a header needs: does it end with a line break, as files do? "
                "Give token.strip()",
                code="token_malformed",
            )
        return (*pairs, ("authorization", f"Bearer {token}"))

    def check_process(self) -> None:
        """Refuse to work in a child process, where gRPC's threads and sockets don't."""
        if os.getpid() != self.process:
            raise ValidationError(
                "this client was made before the process was forked: make a client in each process, after the fork",
                code="wrong_type",
            )


def _fits_a_header(text: object) -> bool:
    return isinstance(text, str) and text.isascii() and text.isprintable()


def checked_seconds(seconds: float | None) -> float | None:
    """Refuse times that aren't; infinity is no bound, which gRPC calls None."""
    if seconds is None or seconds == math.inf:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float, np.number)) or not seconds > 0:
        raise ValidationError(f"timeout is {seconds!r}: give seconds above 0, or math.inf for no bound", code="wrong_type")
    return float(seconds)


def _base_options(target: str, tls: TLS | None) -> list[tuple[str, Any]]:
    options: list[tuple[str, Any]] = [
        # Results of long audio are larger than gRPC's default of 4 MiB; the service bounds what it is asked for.
        ("grpc.max_receive_message_length", -1),
        ("grpc.max_send_message_length", -1),
        # Attempts are counted here, where large requests can be repeated too.
        ("grpc.enable_retries", 0),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 2000),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.primary_user_agent", f"remotemedia-python/{__version__}"),
    ]
    if target.startswith(("localhost:", "127.", "[::1]", "unix:")):
        options.append(("grpc.enable_http_proxy", 0))
    if tls is not None and tls.server_name:
        options.append(("grpc.ssl_target_name_override", tls.server_name))
    return options


def new_request_id() -> str:
    """Name a call."""
    return str(uuid.uuid4())
