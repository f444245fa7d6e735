"""`neurohart ext export`: an extension as files for other tools."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from iss.cli.exit_codes import ExitCode, Failure, failing

HELP = "Write an extension for others: C, assemblers, documents, riscv-opcodes, UDB, CoreDSL, Spike."
EXAMPLE = """\
examples:
  neurohart ext export xspk.py -o build              everything
  neurohart ext export xspk.py -o build --format c,asm
  neurohart ext export xspk.py --format c --print    to the terminal

formats: c asm markdown asciidoc html opcodes udb coredsl spike
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `ext export`."""
    parser.usage = "neurohart ext export [OPTIONS] FILE"
    parser.add_argument("file", metavar="FILE", help="an extension file")
    parser.add_argument("-o", "--output", metavar="FOLDER", type=Path, help="where the files go; made if missing")
    parser.add_argument("--format", metavar="NAMES", help="formats with commas between them (default: all)")
    parser.add_argument("--print", action="store_true", help="write the texts to standard output instead")
    parser.add_argument("--json", action="store_true", help="list the files as JSON")


def run(args: argparse.Namespace) -> int:
    """Carry out `ext export`; raises Failure."""
    from iss.extension import load_extensions
    from iss.extension.export import FORMATS, files

    formats = [name.strip() for name in args.format.split(",")] if args.format else list(FORMATS)
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise Failure(f"format {unknown[0]!r} is not known, expected one of {', '.join(FORMATS)}", ExitCode.USAGE)
    if args.output is None and not args.print:
        raise Failure("say where the files go: -o FOLDER, or --print", ExitCode.USAGE)
    with failing(ExitCode.BAD_INPUT):
        texts: dict[str, str] = {}
        for extension in load_extensions(args.file):
            texts |= files(extension, formats)
    if args.print:
        for text in texts.values():
            print(text, end="")
        return ExitCode.OK
    from asm.formats import write_atomically

    for name, text in texts.items():
        path = args.output / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode())
    if args.json:
        print(json.dumps([str(args.output / name) for name in texts], indent=2))
    else:
        for name in texts:
            print(f"wrote {args.output / name}")
    return ExitCode.OK
