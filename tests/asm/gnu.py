"""GNU as and ld as the opinion to agree with: the same sources, the same layout, every byte and symbol compared."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

from asm import Program, Source, assemble
from asm.layout import linker_script
from iss.isa.catalogue import architecture
from tests.oracles.toolchain import ToolMissing

PREFIX = "riscv64-unknown-elf-"
ISA = "rv32im_zicsr_zifencei"
OPTIONS = (f"-march={ISA}", "-mabi=ilp32", "-mno-relax")
_SYMBOLS_OF_LINKER = (
    "__stack_top",
    "__bss_start",
    "__bss_end",
    "_end",
    "_edata",
    "__data_end",
)


def tool(name: str) -> Path:
    """A program of the RISC-V binutils; ToolMissing if it is not installed."""
    found = shutil.which(PREFIX + name)
    if found is None:
        raise ToolMissing(f"{PREFIX}{name} is missing; run: apt-get install binutils-riscv64-unknown-elf")
    return Path(found)


def run(command: Sequence[str | Path], folder: Path) -> str:
    """Output of a command that must succeed."""
    done = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Linked:
    """What an executable loads: contents by section name with their address, and its defined symbols."""

    sections: dict[str, tuple[int, bytes]]
    symbols: dict[str, int]
    entry: int


def read_elf(content: bytes) -> Linked:
    """Read an executable with pyelftools."""
    elf = ELFFile(BytesIO(content))
    sections = {}
    for section in elf.iter_sections():
        if section["sh_flags"] & 2 and section["sh_size"]:
            sections[section.name] = (section["sh_addr"], section.data())
    table: Any = elf.get_section_by_name(".symtab")
    symbols = {
        symbol.name: symbol["st_value"]
        for symbol in table.iter_symbols()
        if symbol.name
        and symbol["st_info"]["type"] not in ("STT_FILE", "STT_SECTION")
        and symbol["st_shndx"] != "SHN_UNDEF"
        and not symbol.name.startswith(("$", ".L"))
        and symbol.name not in _SYMBOLS_OF_LINKER
    }
    return Linked(sections, symbols, elf["e_entry"])


def gnu_link(folder: Path, sources: Sequence[tuple[str, str]]) -> Linked:
    """Assemble each (name, text) with GNU as and link them with the layout of our linker."""
    objects = []
    for name, text in sources:
        (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
        run([tool("as"), *OPTIONS, "-I", folder, name, "-o", f"{name}.o"], folder)
        objects.append(f"{name}.o")
    (folder / "layout.ld").write_text(linker_script())
    flags = [
        "-m",
        "elf32lriscv",
        "--no-relax",
        "--no-warn-rwx-segments",
        "-T",
        "layout.ld",
    ]
    run([tool("ld"), *flags, *objects, "-o", "gnu.elf"], folder)
    return read_elf((folder / "gnu.elf").read_bytes())


def our_link(folder: Path, sources: Sequence[tuple[str, str]]) -> Program:
    """The same with our assembler."""
    given = [Source(str(folder / name), text) for name, text in sources]
    return assemble(given, architecture=architecture(ISA + "_zicntr"), include_paths=[folder])


def first_difference(ours: bytes, theirs: bytes) -> int:
    """Offset of the first byte that differs."""
    return next(
        (at for at, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b),
        min(len(ours), len(theirs)),
    )


def assert_equal(folder: Path, *texts: str) -> Program:
    """Fail unless both tool chains give the same sections, symbols and entry."""
    sources = [(f"source{index}.s", text) for index, text in enumerate(texts)]
    theirs = gnu_link(folder, sources)
    program = our_link(folder, sources)
    ours = read_elf(program.elf())
    assert ours.sections.keys() == theirs.sections.keys()
    for name, (address, content) in theirs.sections.items():
        assert ours.sections[name][0] == address, f"{name} at {ours.sections[name][0]:#x}, GNU has {address:#x}"
        if ours.sections[name][1] != content:
            at = first_difference(ours.sections[name][1], content) & ~3
            mine, other = (
                ours.sections[name][1][at : at + 8].hex(),
                content[at : at + 8].hex(),
            )
            raise AssertionError(f"{name}+{at:#x} ({address + at:#x}): ours {mine}, GNU {other}")
    found = {name: value for name, value in ours.symbols.items() if name in theirs.symbols}
    assert found == theirs.symbols
    assert ours.entry == theirs.entry
    return program
