"""The sources of the official tests and of our own programs: the same words from both tool chains."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from asm import Program
from asm.layout import linker_script
from iss.builtin import builtin_architecture
from tests.asm.conftest import find_tool
from tests.asm.gnu import ISA, OPTIONS, read_elf, run, tool
from tests.official.build import riscv_tests
from tests.oracles.building import Program as OfficialTest
from tests.oracles.toolchain import ToolMissing, require
from tests.programs.catalogue import LIBRARY, Form, forms

Same = Callable[..., Program]
# What needs instructions that this architecture has no definitions for.
NEED_MORE = {"rv32mi-p-illegal": "sfence.vma", "rv32mi-p-csr": "sret", "rv32mi-p-ma_fetch": "c.j"}


def official() -> list[OfficialTest]:
    try:
        return [test for test in riscv_tests() if test.name not in NEED_MORE]
    except ToolMissing:
        return []


def preprocess(test: OfficialTest) -> str:
    compiler = find_tool("riscv64-unknown-elf-gcc", "gcc-riscv64-unknown-elf")
    includes = [f"-I{folder}" for folder in test.include]
    command = [str(compiler), "-E", f"-march={ISA}", "-mabi=ilp32", *includes, *test.flags, str(test.sources[0])]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("test", official(), ids=lambda test: test.name)
def test_official_source(same_as_gnu: Same, test: OfficialTest) -> None:
    same_as_gnu(preprocess(test))


def test_the_official_sources_are_there() -> None:
    require(riscv_tests)
    assert len(official()) > 50


BASE_FORMS = [form for form in forms() if "_xnm" not in form.isa]


@pytest.mark.parametrize("form", BASE_FORMS, ids=lambda form: f"{form.program}-{form.name}")
def test_program(form: Form, tmp_path: Path) -> None:
    """GNU as looks for included files from where it runs, so it runs in a copy of the programs."""
    require(lambda: tool("as"))
    folder = tmp_path / form.source.parent.name
    shutil.copytree(form.source.parent, folder)
    shutil.copytree(form.source.parent.parent / "common", tmp_path / "common")
    run([tool("as"), *OPTIONS, "-I", str(LIBRARY), form.source.name, "-o", "gnu.o"], folder)
    (folder / "layout.ld").write_text(linker_script())
    run([tool("ld"), "-m", "elf32lriscv", "--no-relax", "-T", "layout.ld", "gnu.o", "-o", "gnu.elf"], folder)
    from asm import assemble

    program = assemble([folder / form.source.name], architecture=builtin_architecture(f"{ISA}_zicntr"))
    assert read_elf(program.elf()).sections == read_elf((folder / "gnu.elf").read_bytes()).sections
