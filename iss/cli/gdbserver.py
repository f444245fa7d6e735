"""`neurohart gdbserver`: let gdb debug a program, forwards and backwards."""

from __future__ import annotations

import argparse
import socket
import sys

from iss.cli.exit_codes import ExitCode, Failure
from iss.cli.options import add_program_arguments, build_machine, open_program
from iss.memory.console import ConsoleInput

NAME = "gdbserver"
HELP = "Let gdb debug a program, forwards and backwards."
EXAMPLE = """\
Waits for one gdb at a time on 127.0.0.1. Breakpoints, watchpoints, reverse-step and reverse-continue work; CSRs and the
coprocessor's registers are known by name; `monitor help` lists what gdb has no words for.

examples:
  neurohart gdbserver firmware.elf
  gdb-multiarch firmware.elf -ex 'target remote :1234'
  neurohart gdbserver digits --port 0 --once             a free port, which is printed; ends with the first gdb
"""
DEFAULT_PORT = 1234


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `gdbserver`."""
    parser.usage = "neurohart gdbserver [OPTIONS] PROGRAM"
    add_program_arguments(parser)
    server = parser.add_argument_group("server")
    server.add_argument(
        "--port", type=int, default=DEFAULT_PORT, metavar="N", help="default: %(default)s; 0: any free one"
    )
    server.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen (default: %(default)s)")
    server.add_argument("--once", action="store_true", help="end when the first gdb has gone")


def run(args: argparse.Namespace) -> int:
    """Serve until gdb kills the program."""
    if not args.program:
        raise Failure("no program given; see neurohart gdbserver --help", ExitCode.USAGE)
    if not 0 <= args.port <= 65535:
        raise Failure(f"port {args.port} is impossible; give 0 to 65535", ExitCode.USAGE)
    from iss.debug.debugger import Debugger
    from iss.debug.gdb.server import Server
    from iss.debug.history import ReplayedConsole

    target, memory_map = open_program(args)
    console = ReplayedConsole(_show)
    machine = build_machine(args, target, memory_map, console.write, ConsoleInput(b""))
    server = Server(Debugger(machine, console), lambda text: print(f"gdbserver: {text}", file=sys.stderr, flush=True))
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((args.host, args.port))
        except OSError as error:
            text = f"cannot listen on {args.host}:{args.port} ({error.strerror or error}); choose another --port"
            raise Failure(text, ExitCode.USAGE) from None
        listener.listen(1)
        host, port = listener.getsockname()[:2]
        print(
            f"gdbserver: listening on {host}:{port}; in gdb: target remote {host}:{port}", file=sys.stderr, flush=True
        )
        server.serve(listener, once=args.once)
    return ExitCode.OK


def _show(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
