"""Macros and repetitions expand as in GNU as."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from asm import Program

Same = Callable[..., Program]

CASES = {
    "arguments": '.macro show a b c\n.ascii "[\\a][\\b][\\c]"\n.endm\nshow x -1\nshow x - 1 y\nshow x 2\nshow (x) 2\n'
    'show "a b" c d\nshow %lo(x)(a0) c, d\nshow 4(a0), c\nshow ,,d\nshow\nshow a,b,c\nshow a , b , c\nshow (1 + 2), (3)\n'
    "show 1+2 3\nshow a=1 b=2\nshow c=3, a=1\nshow x y",
    "defaults": '.macro show a=1, b=two, c\n.ascii "[\\a][\\b][\\c]"\n.endm\nshow\nshow 5\nshow , , 7\nshow c=9',
    "required": '.macro show a:req, b=4\n.ascii "[\\a][\\b]"\n.endm\nshow 1\nshow 1, 2',
    "variable": '.macro show a, rest:vararg\n.ascii "[\\a][\\rest]"\n.endm\nshow 1\nshow 1, 2, 3 4\nshow 1 2 , 3',
    "numbers": ".macro each first, rest:vararg\n.word \\first\n.ifnb \\rest\neach \\rest\n.endif\n.endm\neach 1, 2, 3, 4, 5",
    "counter": ".macro mark\nlabel\\@: .word label\\@ - start\n.endm\nstart: mark\nmark\nmark",
    "separator": ".macro make a\nx\\a\\()_y: .word \\a\\()0\n.endm\nmake 1\nmake 2\n.word x1_y, x2_y",
    "nested": ".macro outer x\n.macro inner\\x y\n.word \\x, \\y\n.endm\n.endm\nouter 7\ninner7 8\nouter 9\ninner9 10",
    "calls": ".macro a x\n.byte \\x\n.endm\n.macro b x, y\na \\x\na \\y\n.endm\nb 1, 2\n.macro c\nb 3, 4\nb 5, 6\n.endm\nc",
    "exit": ".macro part n\n.byte 1\n.if \\n\n.exitm\n.endif\n.byte 2\n.endm\npart 0\npart 1\n.byte 3",
    "purge": ".macro nop2\n.byte 1\n.endm\nnop2\n.purgem nop2\n.macro nop2\n.byte 2\n.endm\nnop2",
    "recursive": '.macro down n\n.byte \\n\n.if \\n\ndown "(\\n - 1)"\n.endif\n.endm\ndown 3',
    "rept": ".rept 3\n.byte 1\n.rept 2\n.byte 2\n.endr\n.endr\n.rept 0\n.byte 9\n.endr\nn = 0\n.rept 5\n.byte n\nn = n + 1\n.endr",
    "irp": '.irp x, 1, 2, 3\n.byte \\x\n.endr\n.irp x, a b\n.ascii "\\x"\n.endr\n.irp x\n.ascii "[\\x]"\n.endr\n'
    ".irp r, 4,5\n.irp s, 6,7\n.byte \\r, \\s\n.endr\n.endr",
    "irpc": '.irpc c, 123\n.byte \\c\n.endr\n.irpc c, abc\n.ascii "<\\c>"\n.endr',
    "in macros": ".macro table n\n.rept \\n\n.byte \\n\n.endr\n.irp x, 1, \\n\n.byte \\x\n.endr\n.endm\ntable 3",
    "override": ".macro ret\n.byte 7\n.endm\nret\n.macro SHOUT\n.byte 8\n.endm\nshout\nSHOUT",
    "one line": ".macro q; .byte 1; .endm; q; q\n.rept 2; .byte 2; .endr",
    "labels": ".macro loop n\n1: .byte \\n\n.word 1b - 1b\n.endm\nx: loop 1\ny: loop 2\n.word 1b - x",
    "conditions": ".macro pick n\n.if \\n == 1\n.byte 1\n.elseif \\n == 2\n.byte 2\n.else\n.byte 3\n.endif\n.endm\n"
    "pick 1\npick 2\npick 3",
    "strings": '.macro say text\n.ascii "\\text\\n"\n.endm\nsay hello\nsay "two words"\nsay "a, b"',
    "skipped": ".if 0\n.macro never\n.byte 1\n.endm\n.rept 5\n.byte 2\n.endr\n.endif\n.byte 3",
}


@pytest.mark.parametrize("name", CASES)
def test_macros(same_as_gnu: Same, name: str) -> None:
    same_as_gnu(".globl _start\n_start: nop\n.data\n" + CASES[name] + "\n")


def test_macros_of_instructions(same_as_gnu: Same) -> None:
    same_as_gnu(
        ".globl _start\n_start:\n"
        ".macro push reg, more:vararg\naddi sp, sp, -4\nsw \\reg, 0(sp)\n.ifnb \\more\npush \\more\n.endif\n.endm\n"
        "push a0\npush s0, s1, ra\n.macro call_with f, a=0\nli a0, \\a\ncall \\f\n.endm\ncall_with _start, 5\n"
        ".macro delay n\nli t0, \\n\n1: addi t0, t0, -1\nbnez t0, 1b\n.endm\ndelay 5\ndelay 6\n"
        ".irp reg, a0, a1, a2\nmv \\reg, zero\n.endr\n"
    )
