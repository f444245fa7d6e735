"""The listening socket of commands that serve other tools: gdb, verification engines."""

from __future__ import annotations

import argparse
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from iss.cli.exit_codes import ExitCode, Failure


def add_listening_arguments(parser: argparse.ArgumentParser, port: int, client: str) -> None:
    """Add --port, --host and --once; only this machine can connect unless the user says otherwise."""
    server = parser.add_argument_group("server")
    server.add_argument("--port", type=int, default=port, metavar="N", help="default: %(default)s; 0: any free one")
    server.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen (default: %(default)s)")
    server.add_argument("--once", action="store_true", help=f"end when the first {client} has gone")


def check_port(args: argparse.Namespace) -> None:
    """Refuse a port that no machine has, before anything else takes time."""
    if not 0 <= args.port <= 65535:
        raise Failure(f"port {args.port} is impossible; give 0 to 65535", ExitCode.USAGE)


@contextmanager
def listening(args: argparse.Namespace) -> Iterator[tuple[socket.socket, str]]:
    """A socket that listens where the arguments say, and its address; Failure if it cannot."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((args.host, args.port))
        except OSError as error:
            text = f"cannot listen on {args.host}:{args.port} ({error.strerror or error}); choose another --port"
            raise Failure(text, ExitCode.USAGE) from None
        listener.listen(1)
        host, port = listener.getsockname()[:2]
        yield listener, f"{host}:{port}"
