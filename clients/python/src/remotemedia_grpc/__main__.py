"""``python -m remotemedia_grpc HOST:PORT`` shows a service's version and node types."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from remotemedia_grpc import TLS, Client, RemoteMediaError, Version, __version__


def main(arguments: list[str] | None = None) -> int:
    """Run the program and return its exit code: 0 compatible, 1 not, 3 not reached."""
    options = _parser().parse_args(arguments)
    try:
        tls: TLS | bool = TLS(ca=options.ca) if options.ca else options.tls
        with Client(options.target, tls=tls, token=options.token, timeout=options.timeout) as client:
            version = client.version()
            show(client.target, version)
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


if __name__ == "__main__":
    sys.exit(main())
