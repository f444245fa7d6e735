"""`neurohart ext dii`: let a verification engine inject instructions (RVFI-DII, as TestRIG uses it)."""

from __future__ import annotations

import argparse
import sys

from iss.cli.exit_codes import ExitCode, failing
from iss.cli.listening import add_listening_arguments, check_port, listening
from iss.isa.catalogue import DEFAULT_ISA

HELP = "Let a verification engine inject instructions over a socket (RVFI-DII)."
EXAMPLE = """\
Waits on 127.0.0.1 for one engine at a time, as TestRIG's implementations do: memory is 64 KiB at 0x80000000, a reset
comes with each end of a trace. Trace formats 1 and 2.

examples:
  neurohart ext dii                                 RV32IM with CSRs
  neurohart ext dii xspk.py --port 5001             with an extension
  neurohart ext dii --isa rv32im_zicsr --once       ends when the first engine has gone
"""
DEFAULT_PORT = 5000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `ext dii`."""
    parser.usage = "neurohart ext dii [OPTIONS] [FILE ...]"
    parser.add_argument("files", metavar="FILE", nargs="*", help="extension files")
    parser.add_argument("--isa", default=DEFAULT_ISA, metavar="ISA", help="what is beside them (default: %(default)s)")
    add_listening_arguments(parser, DEFAULT_PORT, "engine")


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C, or with --once until the first engine has gone."""
    check_port(args)
    from iss.builtin import builtin_architecture
    from iss.extension import architecture_with, load_extensions
    from iss.extension.dii.server import Server
    from iss.extension.dii.target import InjectedMachine

    with failing(ExitCode.BAD_INPUT):
        extensions = [extension for file in args.files for extension in load_extensions(file)]
        machine = InjectedMachine(
            architecture_with(extensions, args.isa) if extensions else builtin_architecture(args.isa)
        )
    server = Server(machine, _report)
    with listening(args) as (listener, where):
        _report(f"listening on {where}, {machine.architecture.isa}")
        try:
            server.serve(listener, once=args.once)
        except KeyboardInterrupt:
            return ExitCode.INTERRUPTED
    return ExitCode.OK


def _report(text: str) -> None:
    print(f"dii: {text}", file=sys.stderr, flush=True)
