"""The ELF files are what other tools expect: readelf, objdump, addr2line, gdb, pyelftools, our loader and Spike."""

from __future__ import annotations

import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile

from asm import Program, Source, assemble
from asm.elf import versioned
from iss.isa.catalogue import architecture
from iss.loaders import Image, load_image
from tests.asm.conftest import find_tool

BINUTILS = "binutils-riscv64-unknown-elf"
TEXT = """\
# Counts down and calls a function of the other source.
    .globl _start
_start:
    li   a0, 0x12345678
    la   a1, message
loop:
    addi a0, a0, -1
    bnez a0, loop
    .macro twice what
    \\what
    \\what
    .endm
    twice nop
    call function
    .rept 2
    nop
    .endr
here:
    j    here
    .section .rodata
message: .asciz "hello"
    .size message, . - message
    .type message, @object
    .data
counter: .word 5, message
    .bss
    .space 4096
    .section .tohost, "aw"
    .globl tohost
tohost: .dword 0
"""
OTHER = """\
    .section .text.other, "ax"
    .globl function
    .type function, @function
function:
    ret
    .size function, . - function
    .weak maybe
maybe:
    nop
constant = 42
    .globl constant
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    (tmp_path / "main.s").write_text(TEXT)
    (tmp_path / "other.s").write_text(OTHER)
    built = assemble([tmp_path / "main.s", tmp_path / "other.s"])
    built.save(tmp_path / "program.elf")
    return built


def run(folder: Path, package: str, name: str, *arguments: str) -> str:
    tool = find_tool(name, package)
    done = subprocess.run([tool, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_readelf_has_no_complaint(program: Program, tmp_path: Path) -> None:
    out = run(tmp_path, BINUTILS, "riscv64-unknown-elf-readelf", "-aW", "program.elf")
    assert "Warning" not in out and "Error" not in out
    assert "rv32i2p1_m2p0_zicsr2p0_zifencei2p0_zicntr2p0" in out
    loads = [line.split()[6:-1] for line in out.splitlines() if line.split()[:1] == ["LOAD"]]
    assert ["".join(flags) for flags in loads] == ["RE", "R", "RW", "RW", "RW"]


def test_debug_sections_are_clean(program: Program, tmp_path: Path) -> None:
    out = run(
        tmp_path, BINUTILS, "riscv64-unknown-elf-readelf", "--debug-dump=info,abbrev,aranges,decodedline", "program.elf"
    )
    assert "NeuroHart assembler" in out
    assert out.count("DW_TAG_compile_unit") >= 2
    assert "Warning" not in out


def test_objdump_shows_source_lines(program: Program, tmp_path: Path) -> None:
    out = run(tmp_path, BINUTILS, "riscv64-unknown-elf-objdump", "--source", "-d", "program.elf")
    assert "li   a0, 0x12345678" in out
    assert "twice nop" in out
    assert out.index("bnez a0, loop") < out.index("call function")


def test_addr2line_finds_every_statement(program: Program, tmp_path: Path) -> None:
    lines = TEXT.splitlines()
    names = program.names
    starts = {
        names["_start"]: "    li   a0, 0x12345678",
        names["_start"] + 8: "    la   a1, message",
        names["loop"]: "    addi a0, a0, -1",
        names["loop"] + 4: "    bnez a0, loop",
        names["loop"] + 8: "    twice nop",
        names["loop"] + 12: "    twice nop",
        names["loop"] + 16: "    call function",
        names["loop"] + 20: "    call function",
        names["here"]: "    j    here",
    }
    out = run(tmp_path, BINUTILS, "riscv64-unknown-elf-addr2line", "-e", "program.elf", *map(hex, starts)).splitlines()
    assert out == [f"{tmp_path}/main.s:{lines.index(text) + 1}" for text in starts.values()]


def test_gdb_finds_lines_and_symbols(program: Program, tmp_path: Path) -> None:
    commands = ["info line _start", "info line function", "info symbol loop", "print (int)&constant", "x/s &message"]
    arguments = ["-batch", "-nx", *(part for command in commands for part in ("-ex", command)), "program.elf"]
    out = run(tmp_path, "gdb-multiarch", "gdb-multiarch", *arguments)
    assert 'Line 4 of "' in out and "starts at address 0x80000000 <_start>" in out
    assert f'Line 5 of "{tmp_path}/other.s" starts at address' in out
    assert "loop in section .text" in out
    assert "= 42" in out
    assert '"hello"' in out


def test_pyelftools_reads_the_line_table(program: Program) -> None:
    elf = ELFFile(BytesIO(program.elf()))
    rows: dict[int, int] = {}
    for unit in elf.get_dwarf_info().iter_CUs():
        program_of_unit: Any = elf.get_dwarf_info().line_program_for_CU(unit)
        entries = program_of_unit.get_entries()
        rows |= {
            entry.state.address: entry.state.line for entry in entries if entry.state and not entry.state.end_sequence
        }
    assert rows[0x8000_0000] == 4
    assert rows[program.names["function"]] == 5


def test_loader_reads_the_same_image(program: Program, tmp_path: Path) -> None:
    loaded, direct = load_image(tmp_path / "program.elf"), program.image()
    assert loaded.entry == direct.entry == 0x8000_0000

    def memory(image: Image) -> dict[int, bytes]:
        return {segment.address: bytes(segment.data) for segment in image.segments if segment.data}

    assert memory(loaded) == memory(direct)
    for name in ("_start", "loop", "message", "function", "tohost", "counter", "constant"):
        assert loaded.symbols[name] == direct.symbols[name]
    assert loaded.symbols["tohost"].size == 8
    assert loaded.symbols["message"].size == 6


def test_tohost_has_a_page_of_its_own(program: Program) -> None:
    (page,) = [section for section in program.loaded if section.name == ".tohost"]
    assert page.address % 4096 == 0
    others = [section for section in program.loaded if section is not page]
    assert all(section.end <= page.address or section.address >= page.address + 4096 for section in others)


def test_code_ends_on_a_word() -> None:
    program = assemble([Source("x.s", "nop\n.byte 1\n"), Source("y.s", "nop\n.half 1\n")])
    assert len(program.binary()) % 4 == 0


def test_symbols_of_the_linker() -> None:
    wanted = ("__bss_start", "__bss_end", "__stack_top", "__global_pointer$", "end", "__heap_start")
    text = "\n".join(f"la a0, {name}" for name in wanted)
    program = assemble([Source("x.s", f"{text}\n.data\n.word 1\n.bss\n.space 10\n")])
    names = program.names
    assert names["__stack_top"] == 0x8400_0000
    assert names["__bss_start"] == 0x8000_2000
    assert names["__bss_end"] == names["_end"] == names["end"] == 0x8000_200A
    assert names["__heap_start"] == 0x8000_2010
    assert names["__global_pointer$"] == 0x8000_1800
    overridden = assemble([Source("x.s", ".globl _end\n_end = 5\nla a0, _end\n")])
    assert overridden.names["_end"] == 5


def test_versions_in_the_isa_string() -> None:
    assert versioned("rv32im_zicsr_zifencei") == "rv32i2p1_m2p0_zicsr2p0_zifencei2p0"
    assert versioned("rv32i_xnmspk_zicsr") == "rv32i2p1_zicsr2p0_xnmspk0p1"


def test_same_input_same_bytes(tmp_path: Path) -> None:
    sources = [Source("a.s", TEXT), Source("b.s", OTHER)]
    first, second = (assemble(sources, directory="/").elf() for _ in range(2))
    assert first == second
    assert assemble(sources, debug=False).elf() != first


def test_entry_is_start_or_the_code() -> None:
    assert assemble([Source("x.s", "nop\n_start: nop")]).entry == 0x8000_0004
    assert assemble([Source("x.s", "nop\nmain: nop")]).entry == 0x8000_0000
    assert assemble([Source("x.s", "nop\nmain: nop")], entry="main").entry == 0x8000_0004
    assert assemble([Source("x.s", "nop")], base=0x2000_0000, architecture=architecture("rv32i")).entry == 0x2000_0000
