"""`neurohart ext show`: everything about the instructions of an extension."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from iss.cli.exit_codes import ExitCode, failing
from iss.cli.parsing import count

if TYPE_CHECKING:
    from iss.extension.show import Card

HELP = "Show an instruction: bits, meaning as Python, pseudo-code and C, costs, results for extreme operands."
EXAMPLE = """\
examples:
  neurohart ext show xspk.py                    every instruction: bits and meaning
  neurohart ext show xspk.py spk.lif            all about one
  neurohart ext show mulhsu                     one of ours
  neurohart ext show xspk.py spk.lif --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `ext show`."""
    parser.usage = "neurohart ext show [OPTIONS] FILE [INSN]"
    parser.add_argument("file", metavar="FILE", help="an extension file, or the mnemonic of an instruction of ours")
    parser.add_argument("instruction", metavar="INSN", nargs="?", help="its mnemonic")
    parser.add_argument("--vectors", type=count, metavar="N", default=24, help="at most so many (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(args: argparse.Namespace) -> int:
    """Carry out `ext show`; raises Failure."""
    from iss.extension.show import card
    from iss.extension.subjects import find_subjects

    with failing(ExitCode.BAD_INPUT):
        subjects = find_subjects(f"{args.file}:{args.instruction}" if args.instruction else args.file)
    cards = [card(subject, args.vectors) for subject in subjects]
    if args.json:
        print(json.dumps([one.plain() for one in cards], indent=2))
        return ExitCode.OK
    for number, one in enumerate(cards):
        for line in _lines(one, whole=len(cards) == 1):
            print(line)
        if number < len(cards) - 1:
            print("\n")
    return ExitCode.OK


def _lines(card: Card, whole: bool) -> Iterator[str]:
    from iss.isa.picture import bit_fields

    definition = card.definition
    yield f"{definition.syntax.text}    ({definition.extension})"
    yield f"  {definition.documentation}\n"
    yield bit_fields(definition.encoding)
    yield f"\n  match {definition.encoding.match:#010x}  mask {definition.encoding.mask:#010x}"
    plural = "" if definition.cycles == 1 else "s"
    cycles = (
        f"{definition.cycles} cycle{plural}" if definition.cycles is not None else f"cycles of {definition.cost_class}"
    )
    energy = f", {card.energy_pj:g} pJ" if card.energy_pj is not None else ""
    widths = "".join(f", {name} {width}" for name, width in card.subject.widths.items())
    yield f"  {cycles}{energy}{widths}"
    yield f"  defined at {definition.location}"
    yield from _part("meaning", card.pseudo_code)
    if not whole:
        return
    yield from _part("Python", card.source)
    yield from _part("C of the interpreter", card.c)
    if card.vectors:
        yield "\nfrom the state after reset"
        rows = [
            (
                ", ".join(f"{name} {_number(value)}" for name, value in vector.inputs.items()),
                ", ".join(f"{name} {value}" for name, value in vector.outcome().items()) or "nothing",
            )
            for vector in card.vectors
        ]
        width = max(len(row[0]) for row in rows)
        for inputs, outcome in rows:
            yield f"  {inputs:<{width}}  {outcome}"


def _number(value: int) -> str:
    return str(value) if abs(value) < 65536 else f"{value:#x}"


def _part(title: str, text: str) -> Iterator[str]:
    if text:
        yield f"\n{title}"
        yield from (f"  {line}".rstrip() for line in text.splitlines())
