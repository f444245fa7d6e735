"""Firmware of these tests: sources beside this file, assembled with defines."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import asm
from iss.builtin import builtin_architecture
from iss.loaders import Image
from tests.engines.lockstep import ISA

SOURCES = Path(__file__).with_name("firmware")


@cache
def _assembled(name: str, isa: str, defines: tuple[tuple[str, int], ...]) -> Image:
    program = asm.assemble([SOURCES / f"{name}.S"], architecture=builtin_architecture(isa), defines=dict(defines))
    return program.image()


def firmware(name: str, isa: str = ISA, **defines: int) -> Image:
    """The image of `firmware/<name>.S`; `defines` are symbols it looks at."""
    return _assembled(name, isa, tuple(sorted(defines.items())))


def text(source: str, isa: str = ISA, base: int | None = None) -> Image:
    """The image of an assembly text."""
    given = asm.Source("text.S", source)
    return asm.assemble([given], architecture=builtin_architecture(isa), base=base).image()
