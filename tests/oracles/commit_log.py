"""Commit logs in Spike's format: the part both simulators must share, and a readable first difference."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path

import pytest
from capstone import CS_ARCH_RISCV, CS_MODE_RISCV32, Cs
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

CONTEXT = 8


def symbol_address(elf: Path, name: str) -> int:
    """The address of a symbol of an ELF file; raises KeyError when it has none."""
    with elf.open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        found = table.get_symbol_by_name(name) if isinstance(table, SymbolTableSection) else None
    if not found:
        raise KeyError(f"{elf} has no symbol {name}")
    return int(found[0]["st_value"])


def cut_after_exit(log: str, elf: Path) -> str:
    """The log up to the first store to the low word of `tohost`.

    Spike looks at `tohost` only about every 5000 instructions, so what follows that store is chance.
    """
    marker = f" mem 0x{symbol_address(elf, 'tohost'):08x} 0x"
    position = log.find(marker)
    return log if position < 0 else log[: log.index("\n", position) + 1]


def _annotated(line: str | None) -> str:
    """A line with its disassembly."""
    if line is None:
        return "(end of log)"
    try:
        fields = line.split()
        word, pc = int(fields[4].strip("()"), 16), int(fields[3], 16)
        decoded = next(Cs(CS_ARCH_RISCV, CS_MODE_RISCV32).disasm_lite(word.to_bytes(4, "little"), pc))
        return f"{line}   # {decoded[2]} {decoded[3]}"
    except (IndexError, ValueError, StopIteration):
        return line


def first_difference(expected: str, actual: str, names: tuple[str, str] = ("Spike", "NeuroHart")) -> str | None:
    """None for equal logs, else a text with the first line that differs and what led to it."""
    if expected == actual:
        return None
    before: list[str] = []
    for number, (left, right) in enumerate(zip_longest(expected.splitlines(), actual.splitlines()), 1):
        if left != right:
            lines = [f"line {number} differs", *(f"    {_annotated(line)}" for line in before[-CONTEXT:])]
            width = max(map(len, names))
            lines += [f"  {names[0]:{width}}: {_annotated(left)}", f"  {names[1]:{width}}: {_annotated(right)}"]
            return "\n".join(lines)
        before.append(str(left))
    return "the lines are the same but the line ends differ"


def require_same_log(expected: str, actual: str, label: str = "") -> None:
    """Fail the test with a readable difference unless our log is Spike's."""
    difference = first_difference(expected, actual)
    if difference is not None:
        pytest.fail(f"{label}: {difference}" if label else difference, pytrace=False)
