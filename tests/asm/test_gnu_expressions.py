"""Expressions have the values that GNU as computes."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from asm import Program
from asm.expressions import PRECEDENCE

Same = Callable[..., Program]
OPERATORS = sorted(PRECEDENCE)
NUMBERS = ["0", "1", "2", "7", "10", "255", "0x7fffffff", "0x80000000", "0xffffffff", "0b1011", "017", "'a", "'\\n'"]


def random_expression(source: random.Random, depth: int, names: list[str]) -> str:
    """A random expression without division (whose divisor might be zero) or wide shifts."""
    if depth == 0 or source.random() < 0.2:
        return source.choice(NUMBERS + names)
    kind = source.random()
    if kind < 0.15:
        return source.choice("-~!+") + random_expression(source, 0, names)
    if kind < 0.35:
        return f"({random_expression(source, depth - 1, names)})"
    operator = source.choice(OPERATORS)
    left = random_expression(source, depth - 1, names)
    if operator in ("/", "%"):
        return f"{left} {operator} {source.choice(['1', '3', '(-7)', '16'])}"
    if operator in ("<<", ">>"):
        return f"{left} {operator} {source.randrange(12)}"
    right = random_expression(source, depth - 1, names)
    if operator == "!" and right.startswith("!"):
        right = f"({right})"  # GNU as reads `!!` otherwise
    return f"{left} {operator} {right}"


@pytest.mark.parametrize("seed", range(4))
def test_random_expressions(same_as_gnu: Same, seed: int) -> None:
    source = random.Random(seed)
    lines = [".equ one, 1", "big = 0x12345678", ".set negative, -5"]
    lines += [f".quad {random_expression(source, 4, ['one', 'big', 'negative'])}" for _ in range(500)]
    same_as_gnu(".globl _start\n_start: nop\n.data\n" + "\n".join(lines))


@pytest.mark.parametrize(
    "text",
    [
        "a: .word b - a, . - a, ., . + 4\nb: .word a, b + 4, 4 + b, b - 4, c - b\n.space 5\nc: .byte c - b, b - a",
        "a: .byte 1\n.align 3\nb: .word b - a\n.word (b - a) * 2 + 1, (b - a) == 8, b > a",
        "1: .word 1b, 1f\n1: .word 1b, 1f\n1: .word 1b\n99: .word 99b",
        ".set x, 5\n.word x\n.set x, x + 1\n.word x\nx = x * 2\n.word x",
        "y = end - start\nstart: .word y\n.space 7\nend: .word y",
        ".equiv e, 4\n.word e\ne2 == 7\n.word e2\n.eqv lazy, n + 1\nn = 5\n.word lazy\nn = 6\n.word lazy",
        ".word later\n.set later, 5\n.word later\n.set later, 6\n.word later",
        "a: .word 'a, 'b', '\\n', ' ', '\\\\', '\"', '\\'', '('\n.byte ';'\n.byte '#'\n.byte '/'",
        "alias = target + 4\n.word alias\ntarget: .word alias - target",
        ".byte -1, -128, 255\n.half -1, 65535, -32768\n.word -1, 0xffffffff, -2147483648\n.quad -1",
    ],
)
def test_symbols_and_differences(same_as_gnu: Same, text: str) -> None:
    same_as_gnu(".globl _start\n_start: nop\n.data\n" + text + "\n")
