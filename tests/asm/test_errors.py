"""Wrong sources: every error of a file is reported in one run, with file, line, column, the line and what was expected.

In `wrong/*.s` a comment `#! COLUMN MESSAGE` says which error its line must give; MESSAGE may be the beginning alone.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from asm import AssemblyError, Source, assemble

WRONG = sorted((Path(__file__).parent / "wrong").glob("*.s"))
SAME = sorted((Path(__file__).parent / "same").glob("*/*.s"))
EXPECTATION = re.compile(r"#! (\d+) (.*?)(?= *#! |$)")


def errors_of(*sources: Source | Path) -> AssemblyError:
    with pytest.raises(AssemblyError) as caught:
        assemble(list(sources))
    return caught.value


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_every_error_of_a_file(path: Path) -> None:
    expected = [
        (number, int(column), message)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for column, message in EXPECTATION.findall(line)
    ]
    found = sorted(
        {(item.line, item.column, item.message.replace(f"{path.parent}/", "")) for item in errors_of(path).diagnostics}
    )
    assert len(found) == len(expected)
    for (line, column, message), (expected_line, expected_column, beginning) in zip(
        found, sorted(expected), strict=True
    ):
        assert (line, column) == (expected_line, expected_column), message
        assert message.startswith(beginning)


def test_rendering() -> None:
    text = str(errors_of(Source("dir/file.s", "    nop\n\taddd\ta0, a1, a2\n    add a0, a1, 5000\n")))
    assert text == (
        'dir/file.s:2:2: error: unknown mnemonic "addd"; did you mean "add"?\n'
        "     2 | \taddd\ta0, a1, a2\n"
        "       | \t^\n"
        "dir/file.s:3:17: error: immediate 5000 is out of range -2048..2047\n"
        "     3 |     add a0, a1, 5000\n"
        "       |                 ^\n"
        "2 errors"
    )


def test_errors_of_all_sources_in_one_run() -> None:
    error = errors_of(Source("a.s", "addd"), Source("b.s", "nop\nsubb"), Path("missing.s"))
    places = [(item.file, item.line) for item in error.diagnostics]
    assert places == [("a.s", 1), ("b.s", 2), ("missing.s", 0)]
    assert "No such file" in str(error)


def test_errors_in_macros_and_includes_say_how_they_were_reached(tmp_path: Path) -> None:
    (tmp_path / "inner.inc").write_text("nop\n.macro broken r\n    addd \\r, a1, a2\n.endm\n")
    main = tmp_path / "main.s"
    main.write_text('.include "inner.inc"\n.macro outer\n  broken t0\n.endm\n    outer\n')
    (item,) = errors_of(main).diagnostics
    assert (item.file, item.line, item.column) == (f"{tmp_path}/inner.inc", 3, 5)
    assert item.source_line == "    addd t0, a1, a2"
    assert item.notes == (
        f'{main}:3:3: note: in the expansion of macro "broken" called here',
        f'{main}:5:5: note: in the expansion of macro "outer" called here',
    )
    (tmp_path / "inner.inc").write_text("addd\n")
    (item,) = errors_of(main).diagnostics[:1]
    assert item.notes == (f"{main}:1:10: note: included here",)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("nop\n.macro m\nnop\n", 2, ".macro is never closed with .endm"),
        ("nop\n.rept 2\nnop\n", 2, ".rept is never closed with .endr"),
        ("nop\n.irpc x, abc\nnop\n", 2, ".irpc is never closed with .endr"),
        ("nop\n.if 1\n.if 0\n.endif\n", 2, ".if is never closed with .endif"),
        ("nop\n.ifdef x\n.else\n", 2, ".if is never closed with .endif"),
        (".macro m\n.if 1\n.endm\nm\n", 2, ".if is never closed with .endif"),
        ("nop\n  /* never\nclosed\nfoo bar\n", 2, "comment opened with /* is never closed with */"),
        (".rept 1\n.macro m\n.endr\n", 2, ".macro is never closed with .endm"),
        ("nop\n.word '", 2, 'expected an expression, found "\'"'),
    ],
)
def test_blocks_that_never_end(text: str, line: int, message: str) -> None:
    items = errors_of(Source("x.s", text)).diagnostics
    assert (items[0].line, items[0].message) == (line, message)


def test_symbols_of_other_sources() -> None:
    error = errors_of(Source("a.s", "call f\n.globl g\ng: nop"), Source("b.s", "f: ret\n.globl g\ng: nop"))
    messages = [(item.file, item.line, item.message) for item in error.diagnostics]
    assert messages == [("b.s", 3, 'symbol "g" is already defined at a.s:3')] or messages == [
        ("b.s", 3, 'symbol "g" is already defined at a.s:3'),
        ("a.s", 1, 'undefined symbol "f"; b.s defines it for itself only, add .globl f there'),
    ]
    (item,) = errors_of(Source("a.s", "call f"), Source("b.s", "f: ret")).diagnostics
    assert item.message == 'undefined symbol "f"; b.s defines it for itself only, add .globl f there'


def test_sections_that_do_not_fit() -> None:
    data = Source("x.s", "nop\n.data\n.space 100\n")
    with pytest.raises(AssemblyError, match=r"section \.data at 0x80000000 overlaps section \.text"):
        assemble([data], section_addresses={".data": 0x8000_0000})
    with pytest.raises(AssemblyError, match="needs a multiple of 16"):
        assemble([Source("x.s", ".data\n.align 4\n.word 1")], section_addresses={".data": 0x8000_0008})
    with pytest.raises(AssemblyError, match="beyond the address space"):
        assemble([Source("x.s", ".bss\n.space 0xf0000000\n")])
    with pytest.raises(AssemblyError, match="at most 268435456 bytes can be initialised"):
        assemble([Source("x.s", ".data\n.space 0x30000000\n")])
    with pytest.raises(AssemblyError, match='entry symbol "begin" is not defined'):
        assemble([data], entry="begin")


def test_include_cycle(tmp_path: Path) -> None:
    path = tmp_path / "self.s"
    path.write_text('.include "self.s"\n')
    assert "files include each other without end?" in errors_of(path).diagnostics[0].message


def test_instructions_of_an_extension_that_is_not_chosen() -> None:
    from iss.isa.catalogue import architecture

    with pytest.raises(AssemblyError, match='"mul" belongs to extension m, which rv32i_zicsr lacks'):
        assemble([Source("x.s", "mul a0, a1, a2")], architecture=architecture("rv32i_zicsr"))


@pytest.mark.parametrize("seed", range(8))
def test_garbage_gives_errors_and_nothing_else(seed: int) -> None:
    """Sources with random pieces taken out, doubled or exchanged either assemble or give an AssemblyError."""
    source = random.Random(seed)
    texts = [path.read_text() for path in [*SAME, *WRONG]]
    for _ in range(60):
        text = list(source.choice(texts))
        for _ in range(source.randrange(1, 12)):
            at, length = source.randrange(len(text)), source.randrange(1, 12)
            piece = text[at : at + length]
            match source.randrange(4):
                case 0:
                    del text[at : at + length]
                case 1:
                    text[at:at] = piece
                case 2:
                    text[at : at + length] = reversed(piece)
                case _:
                    text[at : at + length] = source.choices("()\"'#/*;:,.\\%-+x0 \n\t\0é", k=length)
        try:
            program = assemble([Source("garbage.s", "".join(text))])
        except AssemblyError as error:
            refused = [item.column for item in error.diagnostics if item.line]
        else:
            refused = []
            program.elf()
        assert all(column >= 1 for column in refused)
