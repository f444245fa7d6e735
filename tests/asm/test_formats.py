"""Flat binary, Intel HEX and listing say the same as the ELF file; files are written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from asm import AssemblyError, Program, Source, assemble
from asm.formats import write_atomically
from iss.loaders import load_image

TEXT = """\
    .globl _start
_start: li a0, 0x12345678
    call end
end: ret
    .data
values: .word 1, 2, 3
    .byte 4
    .bss
    .space 100
"""


@pytest.fixture
def program() -> Program:
    return assemble([Source("x.s", TEXT)], listing=True)


def test_binary(program: Program) -> None:
    binary = program.binary()
    assert binary[:4] == (0x12345537).to_bytes(4, "little")
    assert len(binary) == 0x1000 + 13
    assert binary[0x1000:] == bytes.fromhex("01000000 02000000 03000000 04")
    assert not any(binary[20:0x1000])


def test_intel_hex_loads_to_the_same_memory(program: Program, tmp_path: Path) -> None:
    program.save(tmp_path / "x.hex", "ihex")
    image = load_image(tmp_path / "x.hex")
    memory = {segment.address: bytes(segment.data) for segment in image.segments}
    assert memory == {section.address: section.content for section in program.loaded if section.kind != "nobits"}
    assert image.entry == program.entry


def test_listing(program: Program) -> None:
    lines = program.listing().splitlines()
    assert lines[0] == ".text at 0x80000000, 20 bytes"
    assert lines[1] == "80000000 12345537           x.s:2                   _start: li a0, 0x12345678"
    assert lines[2] == "80000004 67850513"
    assert any(line.startswith("80001000 01000000 02000000") and "values: .word 1, 2, 3" in line for line in lines)
    assert any(line.split() == ["80000010", "end", "local", ".text"] for line in lines)


def test_listing_covers_every_byte(program: Program) -> None:
    covered = sum(len(row.content) for row in program.listed)
    assert covered == sum(section.size for section in program.loaded if section.kind != "nobits")


def test_binary_with_a_hole_too_large() -> None:
    program = assemble([Source("x.s", "nop\n.data\n.word 1")], base=0, section_addresses={".data": 0xF000_0000})
    with pytest.raises(AssemblyError, match="use elf or ihex"):
        program.binary()


def test_files_are_replaced_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.bin"
    write_atomically(path, b"first")
    assert path.read_bytes() == b"first"

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"second")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]
