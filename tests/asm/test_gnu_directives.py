"""Directives, comments, macros and relocations do what they do in GNU as; each source in `same/` is one case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from asm import Program, Source, assemble

Same = Callable[..., Program]
CASES = sorted((Path(__file__).parent / "same").glob("*/*.s"))
HEAD = ".globl _start\n_start: nop\n"


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_same_as_gnu(same_as_gnu: Same, path: Path) -> None:
    same_as_gnu(path.read_text())


def test_include_and_incbin(same_as_gnu: Same, tmp_path: Path) -> None:
    (tmp_path / "part.inc").write_text('.word 1\n.include "inner.inc"\n')
    (tmp_path / "inner.inc").write_text("shared = 7\n.word 2\n")
    (tmp_path / "bytes.bin").write_bytes(bytes(range(100)))
    same_as_gnu(
        HEAD + '.data\n.include "part.inc"\n.word shared\n.incbin "bytes.bin"\n.incbin "bytes.bin", 90\n'
        '.incbin "bytes.bin", 10, 5\n.incbin "bytes.bin", , 3\n.byte 1\n'
    )


def test_padding_after_data_in_code_really_aligns() -> None:
    """GNU as 2.40 takes `.align 2` in code for granted and emits a misaligned instruction; here it aligns."""
    program = assemble([Source("x.s", ".byte 1\n.align 2\nnop\n")])
    assert program.binary() == bytes.fromhex("01 00 0100 13000000")
