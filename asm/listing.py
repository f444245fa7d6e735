"""The listing: address, bytes and source line of everything a program contains, then its symbols."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from asm.layout import OutputSection
from asm.program import ListedLine
from asm.unit import Unit

if TYPE_CHECKING:
    from asm.program import Program

_BYTES_SHOWN: Final = 64
_BYTES_IN_ROW: Final = 8
_WORD: Final = 4


def list_lines(units: list[Unit], outputs: list[OutputSection]) -> Iterator[ListedLine]:
    """Yield what each statement of the placed units produced, in the order of addresses."""
    contents = {id(section): output for output in outputs for section in output.inputs if "a" in output.flags}
    emitted = []
    for unit in units:
        for section, fragment, offset, line in unit.emitted:
            if id(section) in contents:
                emitted.append((section.position(fragment, offset), section, line))
    emitted.sort(key=lambda entry: entry[0])
    emitted = [entry for at, entry in enumerate(emitted) if at == 0 or entry[1:] != emitted[at - 1][1:]]
    for index, (address, section, line) in enumerate(emitted):
        end = section.address + section.size
        if index + 1 < len(emitted) and emitted[index + 1][1] is section:
            end = emitted[index + 1][0]
        output = contents[id(section)]
        yield ListedLine(
            address,
            output.content[address - output.address : end - output.address],
            line,
        )


def write_listing(program: Program) -> str:
    """Return the listing of a program that was assembled with `listing=True`."""
    out: list[str] = []
    for section in program.loaded:
        out.append(f"{section.name} at {section.address:#010x}, {section.size} bytes")
        rows = [row for row in program.listed if section.address <= row.address < section.end]
        shown = None
        for row in rows:
            text = "" if row.line is shown else f"{row.line.file}:{row.line.number}".ljust(24) + row.line.raw.rstrip()
            shown = row.line
            out += _rows(row, "x" in section.flags, text)
        out.append("")
    width = max((len(symbol.name) for symbol in program.symbols), default=0)
    out.append("Symbols")
    for symbol in sorted(program.symbols, key=lambda symbol: (symbol.address, symbol.name)):
        out.append(f"{symbol.address:08x} {symbol.name.ljust(width)} {symbol.binding} {symbol.section or 'absolute'}")
    return "\n".join(out) + "\n"


def _rows(row: ListedLine, code: bool, text: str) -> list[str]:
    shown = row.content[:_BYTES_SHOWN]
    step = _WORD if code else _BYTES_IN_ROW
    starts = [*range(0, len(shown), step), len(shown)] if shown else [0, 0]
    rows = []
    for start, end in pairwise(starts):
        piece = shown[start:end]
        words = [piece[at : at + 4] for at in range(0, len(piece), 4)]
        hexadecimal = " ".join(word[::-1].hex() if code and len(word) == 4 else word.hex() for word in words)
        rows.append(f"{row.address + start:08x} {hexadecimal:<18} {text if not start else ''}".rstrip())
    if len(row.content) > _BYTES_SHOWN:
        rows.append(f"{'':8} ... {len(row.content)} bytes")
    return rows
