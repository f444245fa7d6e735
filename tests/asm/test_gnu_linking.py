"""Several sources linked: symbols, sections and relocations end up where GNU ld puts them."""

from __future__ import annotations

from collections.abc import Callable

from asm import Program

Same = Callable[..., Program]


def test_calls_and_data_between_sources(same_as_gnu: Same) -> None:
    same_as_gnu(
        ".globl _start\n_start: call f\ntail g\nla a0, table\nlw a1, count\nlui a2, %hi(table)\nj g\njal t0, f\n"
        ".data\n.globl count\ncount: .word 1, f, g, table + 4\n",
        ".globl f, g\nf: ret\nlocal: nop\ng: j local\n.section .rodata\n.globl table\ntable: .word count, _start\n",
        "local: nop\n.data\n.byte 1\n.section .rodata\n.byte 2\n.bss\n.space 5\n",
    )


def test_weak_symbols(same_as_gnu: Same) -> None:
    same_as_gnu(
        ".globl _start\n_start: call handler\nla a0, missing\n.weak missing, handler\nhandler: nop\n"
        ".data\n.word missing, handler, other\n.weak other\nother: .word 1\n",
        ".globl handler\nhandler: ret\n",
    )


def test_commons_are_merged(same_as_gnu: Same) -> None:
    same_as_gnu(
        ".globl _start\n_start: nop\n.comm shared, 4, 4\n.comm defined, 8\n"
        ".data\n.word shared, defined\n.bss\n.space 5\n",
        ".comm shared, 16, 16\n.data\n.globl defined\ndefined: .dword 5\n.word shared\n",
    )


def test_alignment_of_parts(same_as_gnu: Same) -> None:
    same_as_gnu(
        ".globl _start\n_start: nop\n.align 4\nnop\n.data\n.byte 1\n.align 3\n.byte 2\n",
        "nop\n.align 6\nnop\n.data\n.byte 3\n.align 5\n.byte 4\n.bss\n.align 7\n.space 1\n",
        "nop\n.data\n.byte 5\n",
    )


def test_start_up_code_comes_first(same_as_gnu: Same) -> None:
    program = same_as_gnu(
        "nop\n.text\nmain: ret\n.globl main\n", '.section .text.init, "ax"\n.globl _start\n_start: j main\n'
    )
    assert program.entry == 0x8000_0000


def test_numbers_as_addresses(same_as_gnu: Same) -> None:
    same_as_gnu(
        ".globl _start\n_start: call 0x7ffff100\nla a0, 0x1234\ntail uart\nla a1, uart\n"
        "lw a0, uart2\nuart = 0x10000000\n",
        ".globl uart2\nuart2 = 0x80001000\n",
    )


def test_equates_of_labels_are_visible_elsewhere(same_as_gnu: Same) -> None:
    same_as_gnu(
        ".globl _start, alias, size\n_start: nop\nend: nop\nalias = end + 4\nsize = end - _start\n"
        ".data\n.word alias, size\n",
        "la a0, alias\nlui a0, %hi(alias)\n.data\n.word alias, size\n",
    )
