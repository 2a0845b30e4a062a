"""``python -m remotemedia_grpc HOST:PORT`` shows a service's version and node types, with ``--metrics`` its counters."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from remotemedia_grpc import TLS, Client, RemoteMediaError, ServiceMetrics, Version, __version__


def main(arguments: list[str] | None = None) -> int:
    """Run the program and return its exit code: 0 compatible, 1 not, 3 not reached."""
    options = _parser().parse_args(arguments)
    try:
        tls: TLS | bool = TLS(ca=options.ca) if options.ca else options.tls
        with Client(options.target, tls=tls, token=options.token, timeout=options.timeout) as client:
            version = client.version()
            show(client.target, version)
            if options.metrics:
                show_metrics(client.metrics(node_types=True, streams=True))
    except RemoteMediaError as error:
        print(f"remotemedia_grpc: {error}", file=sys.stderr)
        return 3
    return 0 if version.compatible else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m remotemedia_grpc", description="Show a service's version and node types.")
    parser.add_argument("target", nargs="?", default="", metavar="HOST:PORT", help="default: GRPC_SERVER_ADDR, or localhost:50051")
    parser.add_argument("--tls", action="store_true", help="connect with TLS")
    parser.add_argument("--ca", type=Path, metavar="FILE", help="trust these certificates (PEM); implies --tls")
    parser.add_argument("--token", metavar="TOKEN", help="bearer token, where the service wants one")
    parser.add_argument("--metrics", action="store_true", help="show the service's counters, too")
    parser.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS")
    parser.add_argument("--version", action="version", version=f"remotemedia-grpc {__version__}")
    return parser


def show(target: str, version: Version) -> None:
    """Print what a service tells of itself."""
    print(f"service      {version.service} at {target}")
    print(f"protocol     {version.protocol} (it speaks {', '.join(version.protocols)})")
    print(f"built        {version.built or 'unknown'}{f', {version.commit}' if version.commit else ''}")
    print(f"this client  {__version__}: {'compatible' if version.compatible else version.message}")
    print(f"node types   {len(version.node_types)}")
    for name in version.node_types:
        print(f"  {name}")


def show_metrics(metrics: ServiceMetrics) -> None:
    """Print a service's counters."""
    megabytes, percent = metrics.memory_bytes / 1e6, 100 * metrics.cpu
    print(f"up           {metrics.uptime_seconds:.0f} s, {megabytes:.0f} MB, {percent:.0f} % of the processors")
    print(f"requests     {metrics.requests}: {metrics.failed} failed, {metrics.refused} refused")
    print(f"now          {metrics.executions} executions, {metrics.streams} streams, {metrics.waiting} waiting")
    for what, latency in (("executions", metrics.execute_latency), ("chunks", metrics.chunk_latency)):
        times = ", ".join(f"{1000 * t:.2f}" for t in (latency.p50_seconds, latency.p95_seconds, latency.p99_seconds))
        print(f"{what:<12} {latency.count}, median, p95 and p99 {times} ms")
    for name, stats in metrics.node_types.items():
        print(f"  {name}: {stats.executions} run, {stats.errors} failed, {stats.busy_seconds:.3f} s busy")
    for stream in metrics.open_streams:
        print(f"  stream {stream.session_id} of {stream.pipeline}: {stream.chunks} chunks in {stream.age_seconds:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
