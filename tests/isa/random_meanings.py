"""Random functions on abstract values, for tests of intervals, of the trace and of everything printed from it.

A `Meaning` is a list of steps on operands; the same `run` computes on ints and records on `Value`s. `random_meaning`
keeps the steps that the tracer accepts.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from iss.isa.errors import DefinitionError
from iss.isa.tracing import Block, Trace, trace_function
from iss.isa.values import signed, wrapped_sum

MASK64 = (1 << 64) - 1
CONSTANTS = (
    *(0, 1, 2, 3, 5, 7, 8, 15, 16, 31, 63, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000),
    *(0xFFFF_FFFF, 1 << 32, (1 << 63) - 1, 1 << 63, MASK64, 1 << 64),
)
INTERVALS = (
    *((0, 1), (0, 31), (0, 63), (0, 0xFF), (0, 0xFFFF_FFFF), (0, MASK64), (1, 100), (5, 5)),
    *((-1, 0), (-2048, 2047), (-(1 << 31), (1 << 31) - 1), (-(1 << 63), (1 << 63) - 1), (-100, -3), (-5, 1 << 32)),
    *((1 << 31, 1 << 33), (0x7FFF_FFFF, 0x8000_0000), (-(1 << 31) - 1, 0)),
)


def shift_left(value: Any, amount: Any) -> Any:
    """A constant may have been folded to a huge amount; Python would try."""
    if isinstance(amount, int) and amount > 64:
        raise OverflowError
    return value << amount


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "shl": shift_left,
    "shr": lambda a, b: a >> b,
    "floordiv": lambda a, b: a // b,
    "mod": lambda a, b: a % b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "wrapped_sum": wrapped_sum,
    "divide unless 0": lambda a, b: -1 if b == 0 else a // b,
    "remainder unless 0": lambda a, b: a if b == 0 else a % b,
    "divide magnitudes unless 0": lambda a, b: abs(a) // abs(b) if b else a,
    "smaller": lambda a, b: a if a < b else b,
    "first if true": lambda a, b: a if a else b,
    "nested": lambda a, b: (b if a > 0 else a) if b < 3 else a == b,
}
UNARY: dict[str, Callable[[Any], Any]] = {
    "neg": lambda a: -a,
    "pos": lambda a: +a,
    "invert": lambda a: ~a,
    "abs": abs,
    "popcount": lambda a: a.bit_count(),
    "mask 5": lambda a: a & 31,
    "mask 32": lambda a: a & 0xFFFF_FFFF,
    "mask 64": lambda a: a & MASK64,
    "odd": lambda a: a | 1,
    **{f"signed {bits}": partial(signed, bits=bits) for bits in (1, 4, 8, 13, 16, 31, 32, 33, 48, 64)},
}
PYTHON_REFUSES = (ArithmeticError, ValueError, MemoryError)  # operations on two constants


@dataclass(frozen=True)
class Step:
    """One operation; an argument is the number of an earlier value, or a constant as a string."""

    operation: str
    arguments: tuple[int | str, ...]


@dataclass
class Meaning:
    """Operands with their intervals, and steps; the result is the last value."""

    operands: tuple[tuple[int, int], ...]
    steps: list[Step] = field(default_factory=list)

    def run(self, operands: Sequence[Any]) -> Any:
        """The result for ints or Values."""
        values = list(operands)
        for step in self.steps:
            arguments = [int(given) if isinstance(given, str) else values[given] for given in step.arguments]
            function: Any = BINARY.get(step.operation) or UNARY[step.operation]
            values.append(function(*arguments))
        return values[-1]

    def trace(self) -> Block:
        """The tree of its paths; the operands are named a0, a1 and so on."""
        return trace_function(self.run_traced, "random meaning")

    def run_traced(self, trace: Trace) -> Any:
        named = enumerate(self.operands)
        return self.run([trace.record("operand", (), low, high, f"a{index}") for index, (low, high) in named])

    def random_operands(self, source: random.Random) -> list[int]:
        """Ends of the intervals, small numbers, and anything."""
        chosen = []
        for low, high in self.operands:
            near = [value for value in (low, low + 1, high - 1, high, 0, 1, -1, 2) if low <= value <= high]
            chosen.append(source.choice((*near, source.randint(low, high), source.randint(low, high))))
        return chosen


def random_meaning(
    source: random.Random, length: int = 8, operands: tuple[tuple[int, int], ...] | None = None
) -> Meaning:
    """A meaning of so many accepted steps, or a few less; one to three operands unless their intervals are given."""
    meaning = Meaning(operands or tuple(source.choice(INTERVALS) for _ in range(source.randint(1, 3))))
    attempts = 0
    while len(meaning.steps) < length and attempts < 4 * length:
        attempts += 1
        meaning.steps.append(_random_step(source, len(meaning.operands) + len(meaning.steps)))
        try:
            meaning.trace()
        except (DefinitionError, *PYTHON_REFUSES):
            meaning.steps.pop()
    return meaning


def _random_step(source: random.Random, count: int) -> Step:
    """A step on the first `count` values, recent ones more often."""

    def argument() -> int | str:
        if source.random() < 0.25:
            constant = source.choice((*CONSTANTS, source.getrandbits(32)))
            return str(source.choice((constant, constant, -constant)))
        return max(source.randrange(count), source.randrange(count))

    if source.random() < 0.35:
        return Step(source.choice(list(UNARY)), (max(source.randrange(count), source.randrange(count)),))
    arguments = (argument(), argument())
    if all(isinstance(given, str) for given in arguments):
        arguments = (count - 1, arguments[1])
    return Step(source.choice(list(BINARY)), arguments)
