"""Opening the traces that commands are given, and writing many lines to a terminal."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable

from iss.cli.exit_codes import ExitCode, Failure, failing
from iss.trace.reader import Trace


def add_trace_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is needed to understand a trace of another tool."""
    from iss.trace.formats import READERS

    parser.add_argument("--input-format", choices=tuple(READERS), help="format of the trace (default: told by content)")
    parser.add_argument("--isa", metavar="ISA", help="instruction set of a trace that does not say it")
    parser.add_argument("--program", metavar="FILE", help="program of a trace that does not hold its symbols")


def open_trace(name: str, args: argparse.Namespace) -> Trace:
    """Open a trace of any format. Raises Failure."""
    from iss.trace.formats import read_trace

    try:
        with failing(ExitCode.BAD_INPUT):
            return read_trace(name, args.input_format, args.isa, args.program)
    except OSError as error:
        text = f"{error.filename or name}: cannot be read ({error.strerror}); check name and permissions"
        raise Failure(text, ExitCode.NO_INPUT) from None


def colourful() -> bool:
    """Whether standard output shows colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def write_lines(lines: Iterable[str]) -> None:
    """Write lines to standard output, through a pager if it is a terminal."""
    pager = os.environ.get("PAGER", "less")
    if not sys.stdout.isatty() or not pager or shutil.which(pager.split()[0]) is None:
        sys.stdout.writelines(f"{line}\n" for line in lines)
        return
    environment = {"LESS": "FRX"} | os.environ
    with subprocess.Popen(pager, shell=True, stdin=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdin is not None
        try:
            process.stdin.writelines(f"{line}\n" for line in lines)
            process.stdin.close()
        except BrokenPipeError:
            pass
