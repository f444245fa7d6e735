"""What the C compiler writes assembles to the same program with both tool chains."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from asm import Program
from tests.asm.conftest import find_tool
from tests.asm.gnu import ISA

Same = Callable[..., Program]
SOURCES = sorted((Path(__file__).parent / "sources").glob("*.c"))


def compile_c(source: Path, *options: str) -> str:
    """The assembly text of a C source; constants are not merged, since our linker leaves sections as they are."""
    compiler = find_tool("riscv64-unknown-elf-gcc", "gcc-riscv64-unknown-elf")
    flags = [f"-march={ISA}", "-mabi=ilp32", "-ffreestanding", "-fno-merge-constants", "-w", *options]
    command: list[str | Path] = [compiler, *flags, "-S", source.name, "-o", "-"]
    done = subprocess.run(command, cwd=source.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "options", ["-O0", "-O1", "-O2", "-Os", "-O3 -mcmodel=medany", "-O2 -funroll-loops -fno-inline"]
)
@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_compiled_c(same_as_gnu: Same, source: Path, options: str) -> None:
    text = compile_c(source, *options.split())
    if "__" in text and "numbers" in source.name:
        assert "__divdi3" not in text
    same_as_gnu(text + SUPPORT)


# What the compiler calls for doubles and block copies.
SUPPORT = """
    .text
    .weak memcpy, memset, __fixdfsi, __muldf3, __fixsfsi, __adddf3, __floatsidf, __fixunssfsi
memcpy: memset: __fixdfsi: __muldf3: __fixsfsi: __adddf3: __floatsidf: __fixunssfsi: ret
"""


def addresses_to_lines(elf: Path, addresses: list[int]) -> list[str]:
    """What addr2line says about each address: function and line."""
    tool = find_tool("riscv64-unknown-elf-addr2line", "binutils-riscv64-unknown-elf")
    command: list[str | Path] = [tool, "-f", "-e", elf.name, *map(hex, addresses)]
    out = subprocess.run(command, cwd=elf.parent, capture_output=True, text=True, check=True).stdout
    return re.sub(r" \(discriminator \d+\)", "", out).splitlines()


@pytest.mark.parametrize("options", ["-O0 -g", "-O2 -g"])
@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_line_table_of_compiled_c(same_as_gnu: Same, source: Path, options: str, tmp_path: Path) -> None:
    """A debugger finds the same C line for every instruction as in the program of GNU as and ld."""
    program = same_as_gnu(compile_c(source, *options.split()) + SUPPORT)
    (tmp_path / "ours.elf").write_bytes(program.elf())
    text = program.loaded[0]
    end = program.names["memcpy"]
    addresses = list(range(text.address, end, 4))
    ours = addresses_to_lines(tmp_path / "ours.elf", addresses)
    assert ours == addresses_to_lines(tmp_path / "gnu.elf", addresses)
    assert sum(source.name in line for line in ours) > len(addresses) * 0.9
