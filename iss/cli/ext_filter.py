"""`neurohart ext filter`: names of an extension's instructions in what other tools print."""

from __future__ import annotations

import argparse
import io
import sys

from iss.cli.exit_codes import ExitCode, failing

HELP = "Name an extension's instructions and CSRs in the output of objdump and in Spike's logs."
EXAMPLE = """\
examples:
  riscv64-unknown-elf-objdump -d app.elf | neurohart ext filter xspk.py
  llvm-objdump -d app.elf | neurohart ext filter xspk.py
  neurohart ext filter xspk.py < spike.log
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `ext filter`."""
    parser.usage = "neurohart ext filter FILE < TEXT"
    parser.add_argument("file", metavar="FILE", help="an extension file")


def run(args: argparse.Namespace) -> int:
    """Carry out `ext filter`; raises Failure."""
    from iss.extension import load_extensions
    from iss.extension.naming import Namer

    with failing(ExitCode.BAD_INPUT):
        namer = Namer(load_extensions(args.file))
    given = sys.stdin
    if isinstance(given, io.TextIOWrapper):
        given.reconfigure(errors="replace")
    for line in given:
        print(namer.line(line.rstrip("\r\n")))
    return ExitCode.OK
