"""Runs the command line inside the test process: exit code, what it wrote, and small programs to run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from iss.cli.main import main

HELLO = """
_start: la s0, text
    li s1, 0x10000000
1:  lbu t0, 0(s0)
    beqz t0, 2f
    sb t0, 0(s1)
    addi s0, s0, 1
    j 1b
2:  li t0, 0x100000
    li t1, CODE << 16 | 0x3333
    sw t1, 0(t0)
3:  j 3b
    .section .rodata
text: .asciz "hello\\n"
"""
"""Writes a line and exits with CODE."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    output: bytes
    errors: str


class Command:
    """The command `neurohart` with captured output."""

    def __init__(self, capsys: pytest.CaptureFixture[bytes]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Ended:
        code = main([str(argument) for argument in arguments])
        captured = self._capsys.readouterr()
        return Ended(code, captured.out, captured.err.decode())


def write_source(folder: Path, text: str, name: str = "program.S", **symbols: int) -> Path:
    """Write an assembly source, with constants in front, and return its path."""
    path = folder / name
    path.write_text("".join(f".equ {symbol}, {value}\n" for symbol, value in symbols.items()) + text)
    return path
