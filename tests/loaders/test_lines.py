"""Source lines: what the line table of a program says, both ways, and what damaged debug information does."""

from __future__ import annotations

from pathlib import Path

import asm
from iss.loaders import load_image
from iss.loaders.lines import LineRow, LineTable, SourceLine, read_lines

SOURCE = """\
    .macro twice reg
    add \\reg, \\reg, \\reg
    .endm
_start:
    li a0, 0x12345
    twice a0
    nop

after: j after
"""


def assembled(folder: Path) -> asm.Program:
    path = folder / "lines.S"
    path.write_text(SOURCE)
    return asm.assemble([path])


def test_addresses_and_lines_both_ways(tmp_path: Path) -> None:
    program = assembled(tmp_path)
    image = program.image()
    start = image.entry
    numbers = [place.line if (place := image.lines.at(start + offset)) else None for offset in range(-4, 24, 4)]
    assert numbers == [None, 5, 5, 6, 7, 9, None]  # li takes two words, the macro's line is its use
    assert image.lines.addresses("lines.S", 6) == [start + 8]
    assert image.lines.addresses("lines.S", 5) == [start]
    assert image.lines.addresses("lines.S", 8) == [start + 16]  # the next line with code
    assert image.lines.addresses(str(tmp_path / "lines.S"), 1) == [start]
    assert image.lines.addresses("lines.S", 10) == image.lines.addresses("other.S", 5) == []


def test_elf_files_have_the_lines_of_their_sources(tmp_path: Path) -> None:
    program = assembled(tmp_path)
    program.save(tmp_path / "lines.elf")
    image = load_image(tmp_path / "lines.elf")
    assert image.lines.files == [str(tmp_path / "lines.S")]
    for offset in range(0, 24, 4):
        assert image.lines.at(image.entry + offset) == program.image().lines.at(image.entry + offset)


def test_without_or_with_damaged_debug_information(tmp_path: Path) -> None:
    data = bytearray(assembled(tmp_path).elf())
    where = data.index(b"NeuroHart assembler")
    for position in range(where - 200, where + 200, 7):
        spoiled = bytearray(data)
        spoiled[position] ^= 0xFF
        read_lines(bytes(spoiled))  # gives some table, and never fails
    assert not read_lines(b"\x7fELF")
    assert not LineTable()
    assert LineTable().at(0) is None


def test_rows_at_one_address() -> None:
    table = LineTable([LineRow(8, None), LineRow(4, SourceLine("a", 1)), LineRow(8, SourceLine("b", 2))])
    assert table.at(9) == SourceLine("b", 2)
    assert table.at(3) is None
