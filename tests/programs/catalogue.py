# The programs as the tests see them: manifest, expectation, and how to build them. All tests of programs use this.
"""Finds the programs and builds their forms, with our own and with the GNU assembler."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asm
from iss.builtin import builtin_architecture
from iss.cli.programs import MANIFEST, read_program
from tests.oracles.building import Program

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "programs"
COMMON = PROGRAMS / "common"
LIBRARY = ROOT / "asm" / "lib"


@dataclass(frozen=True)
class Form:
    """One form of a program."""

    program: str
    name: str
    source: Path
    isa: str

    @property
    def needs_coprocessor(self) -> bool:
        return "xnm" in self.isa

    def assemble(self, htif: bool = False) -> asm.Program:
        """The form as `neurohart run` assembles it; with `htif` it exits through `tohost` instead of the finisher."""
        return asm.assemble(
            [self.source], architecture=builtin_architecture(self.isa), defines={"HTIF": 1} if htif else {}
        )

    def build_with_gnu(self) -> Path:
        """ELF file by the GNU tools that exits through `tohost`; plain RV32IM forms only."""
        folder = self.source.parent
        included = (
            *folder.glob("*.S"),
            *folder.glob("*.inc"),
            *(folder / "data").glob("*"),
            *COMMON.iterdir(),
            *LIBRARY.iterdir(),
        )
        return Program(
            f"{self.program}-{self.name}",
            (self.source,),
            include=(folder, LIBRARY),
            flags=("-Wa,--defsym,HTIF=1",),
            included=tuple(sorted(included)),
            isa=self.isa,
        ).build()


def expectation(program: str) -> dict[str, Any]:
    """The content of expect.json."""
    return read_program(PROGRAMS / program).expectation()


def program_names() -> list[str]:
    """Every program, by the name of its folder."""
    return sorted(path.parent.name for path in PROGRAMS.glob(f"*/{MANIFEST}"))


def forms() -> list[Form]:
    """Every form of every program."""
    return [
        Form(name, form.name, form.source, form.isa)
        for name in program_names()
        for form in read_program(PROGRAMS / name).forms.values()
    ]
