"""`neurohart ext check`: clashes, free slots and rules of an extension file."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from iss.cli.exit_codes import ExitCode, failing

if TYPE_CHECKING:
    from iss.extension.check import Check
    from iss.extension.clashes import Clash

HELP = "Check an extension: encodings and their clashes with all that is known, free slots, names, documentation."
EXAMPLE = """\
examples:
  neurohart ext check xspk.py
  neurohart ext check xspk.py --strict               warnings fail, too
  neurohart ext check xspk.py --known ours.toml      compare with a table of one's own
  neurohart ext check xspk.py --json

exit code: 0 if there are no errors (with --strict: nor warnings), else 1
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `ext check`."""
    parser.usage = "neurohart ext check [OPTIONS] FILE"
    parser.add_argument("file", metavar="FILE", help="an extension file")
    parser.add_argument("--strict", action="store_true", help="fail on warnings, too")
    parser.add_argument(
        "--known", metavar="TOML", type=Path, action="append", default=[], help="a further table of known encodings"
    )
    parser.add_argument("--json", action="store_true", help="one JSON list, an object for each extension")


def run(args: argparse.Namespace) -> int:
    """Carry out `ext check`; raises Failure."""
    from iss.extension import load_extensions
    from iss.extension.check import check
    from iss.extension.known import known

    with failing(ExitCode.BAD_INPUT):
        catalogue = known(args.known)
        extensions = load_extensions(args.file)
    results = [check(extension, catalogue, extensions) for extension in extensions]
    if args.json:
        print(json.dumps([result.plain() for result in results], indent=2))
    else:
        for result in results:
            for line in _lines(result, args.strict):
                print(line)
    return ExitCode.FAILED if any(result.failed(args.strict) for result in results) else ExitCode.OK


def _lines(result: Check, strict: bool) -> Iterator[str]:
    from iss.extension.findings import Grade

    extension = result.extension
    title = f": {extension.title}" if extension.title else ""
    yield f"{extension.name} {extension.version}{title}, {len(extension.instructions)} instructions"
    yield from _encodings(result)
    yield from _clashes(result)
    yield from _free(result)
    if result.findings:
        yield "\nfindings"
        for finding in result.findings:
            yield f"  {finding.grade:<7}  {finding.subject}: {finding.message}"
            yield f"           {finding.location}"
    count = result.count()
    words = ", ".join(f"{count[grade]} {grade}{'s' if count[grade] != 1 else ''}" for grade in Grade)
    yield f"\n{'FAILED' if result.failed(strict) else 'ok'}: {words}"


def _encodings(result: Check) -> Iterator[str]:
    definitions = list(result.extension.instructions)
    syntax_width = max(len(definition.syntax.text) for definition in definitions)
    pattern_width = max(len(definition.encoding.pattern) for definition in definitions)
    yield "\nencodings"
    for definition in definitions:
        encoding = definition.encoding
        yield (
            f"  {definition.syntax.text:<{syntax_width}}  {encoding.pattern:<{pattern_width}}  "
            f"match {encoding.match:#010x} mask {encoding.mask:#010x}  {result.spaces[definition.mnemonic]}"
        )


def _clashes(result: Check) -> Iterator[str]:
    if not result.clashes:
        yield f"\nno clash with the {result.compared:,} known encodings"
        return
    yield f"\nclashes with the {result.compared:,} known encodings"
    from iss.extension.clashes import GRADES
    from iss.extension.known import KINDS

    order = list(dict.fromkeys(GRADES.values()))
    ordered = sorted(result.clashes, key=lambda clash: (order.index(clash.grade), clash.known.owner.name))
    for (grade, owner), group in groupby(ordered, key=lambda clash: (clash.grade, clash.known.owner)):
        only = f", RV{owner.xlen[0]} only" if len(owner.xlen) == 1 and owner.kind != "base" else ""
        yield f"  {grade:<7}  {owner.name}: {owner.title} ({KINDS[owner.kind]}{only})"
        if owner.kind == "convention":
            words = [f"{clash.definition.mnemonic} {_witness(clash)}" for clash in group]
            yield f"           {', '.join(words)}"
            continue
        for clash in group:
            yield f"           {clash.definition.mnemonic:<16} {clash.known.name:<24} {_witness(clash)} is both"


def _witness(clash: Clash) -> str:
    return f"{clash.witness:#0{2 + clash.known.width // 4}x}"


def _free(result: Check) -> Iterator[str]:
    from iss.extension.clashes import ranges

    for (space, opcode), group in groupby(result.free, key=lambda slots: (slots.space, slots.opcode)):
        yield f"\nfree in {space} ({opcode:07b})"
        yield "  funct3  funct7                taken by nobody known, or taken in part by"
        for slots in group:
            others = ranges(slots.unclaimed) if slots.unclaimed else ", ".join(slots.takers)
            yield f"  {slots.funct3:03b}     {ranges(slots.free) or 'none':<20}  {others}".rstrip()
