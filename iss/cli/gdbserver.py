"""`neurohart gdbserver`: let gdb debug a program, forwards and backwards."""

from __future__ import annotations

import argparse
import sys

from iss.cli.exit_codes import ExitCode, Failure
from iss.cli.listening import add_listening_arguments, check_port, listening
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
    add_listening_arguments(parser, DEFAULT_PORT, "gdb")


def run(args: argparse.Namespace) -> int:
    """Serve until gdb kills the program."""
    if not args.program:
        raise Failure("no program given; see neurohart gdbserver --help", ExitCode.USAGE)
    check_port(args)
    from iss.debug.debugger import Debugger
    from iss.debug.gdb.server import Server
    from iss.debug.history import ReplayedConsole

    target, memory_map = open_program(args)
    console = ReplayedConsole(_show)
    machine = build_machine(args, target, memory_map, console.write, ConsoleInput(b""))
    server = Server(Debugger(machine, console), lambda text: print(f"gdbserver: {text}", file=sys.stderr, flush=True))
    with listening(args) as (listener, where):
        print(f"gdbserver: listening on {where}; in gdb: target remote {where}", file=sys.stderr, flush=True)
        server.serve(listener, once=args.once)
    return ExitCode.OK


def _show(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
