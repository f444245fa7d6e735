"""`neurohart ext new`: the files of a new extension."""

from __future__ import annotations

import argparse
from pathlib import Path

from asm.formats import write_atomically
from iss.cli.exit_codes import ExitCode, Failure, failing

HELP = "Write a working extension of three instructions, its C implementation and its test, to be changed."
EXAMPLE = """\
examples:
  neurohart ext new xspk                 writes xspk.py, xspk.c and test_xspk.py here
  neurohart ext new xspk -o extensions   writes them to a folder
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `ext new`."""
    parser.usage = "neurohart ext new [OPTIONS] NAME"
    parser.add_argument("name", metavar="NAME", help="x, then lower-case letters and digits, as in xspk")
    parser.add_argument("-o", "--output", metavar="FOLDER", type=Path, default=Path(), help="where (default: here)")


def run(args: argparse.Namespace) -> int:
    """Carry out `ext new`; raises Failure."""
    from iss.extension.template import files

    with failing(ExitCode.USAGE):
        texts = files(args.name)
    paths = {args.output / name: text for name, text in texts.items()}
    present = [str(path) for path in paths if path.exists()]
    if present:
        raise Failure(f"{', '.join(present)} is there already; nothing is written", ExitCode.USAGE)
    args.output.mkdir(parents=True, exist_ok=True)
    for path, text in paths.items():
        write_atomically(path, text.encode())
    first = args.output / f"{args.name}.py"
    print(f"wrote {', '.join(str(path) for path in paths)}")
    print(f"next: neurohart ext check {first}")
    return ExitCode.OK
