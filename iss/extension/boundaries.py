"""Operands at which an instruction begins to do something else: found by halving between two that differ.

A comparison such as `v >= threshold` is decided by few of the 2^32 values of an operand, which random ones miss. Here
the definition is run with all its comparisons noted; between two values of an operand that give other answers, halving
finds neighbours that do. It costs some 30 runs, not millions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from iss.extension.python_source import Notes, noting_function
from iss.hart.extension_state import ExtensionState
from iss.isa.definitions import Definition
from iss.isa.state import StateLayout
from iss.isa.tracing import Node

_COMPARISONS = frozenset({"lt", "le", "eq", "ne"})
Answers = list[int]


class Sketch:
    """A hart good enough to follow registers and the state of extensions; memory is all 0, and nothing takes time."""

    def __init__(self, layout: StateLayout) -> None:
        self.x = [0] * 32
        self.state = ExtensionState(layout)
        self.pc = 0

    def __getattr__(self, name: str) -> Any:
        """Return what other words of the vocabulary do: nothing."""
        return lambda *operands: 0

    def trap(self, cause: int, value: int = 0) -> None:
        """End the instruction."""
        raise _Trapped

    @property
    def instruction_word(self) -> int:
        """Some number."""
        return 0


class _Trapped(Exception):
    pass


def answers(definition: Definition, hart: Sketch, operands: Mapping[str, int]) -> Answers:
    """Run an instruction on a hart; return its comparisons' results in order."""
    seen: Answers = []
    before = hart.x[operands.get("rd", 0)]
    with suppress(_Trapped):
        _noting(definition)(hart, SimpleNamespace(**operands), seen)
    rd = operands.get("rd", 0)
    hart.x[rd] = hart.x[rd] & 0xFFFF_FFFF if rd else before
    return seen


@lru_cache(maxsize=1024)
def _noting(definition: Definition) -> Callable[[Any, Any, Answers], None]:
    """Return the meaning as a function that notes comparisons."""
    return noting_function(definition.trace(), _Comparisons(), definition.mnemonic)


class _Comparisons(Notes):
    """Puts the results of comparisons and the answers of decisions into `seen`, in order."""

    def after(self, node: Node) -> Iterable[str]:
        return (f"seen.append(v{node.index})",) if node.operation in _COMPARISONS else ()

    def answered(self, decision: Any, answer: bool) -> Iterable[str]:
        return (f"seen.append({int(answer)})",)


def boundary(
    definition: Definition, state: bytes, layout: StateLayout, operands: Mapping[str, int], x: Mapping[int, int],
    register: int, other: int, wrap: Callable[[int], int],
) -> tuple[int, int] | None:  # fmt: skip
    """Return neighbours between x[register] and `other` with other answers; None if both give the same.

    `wrap` gives the number that a register value stands for, so that neighbours are neighbours as such.
    """
    hart = Sketch(layout)

    def ask(number: int) -> Answers:
        hart.state.buffer[:] = state
        for name, value in x.items():
            hart.x[name] = value
        hart.x[register] = number & 0xFFFF_FFFF
        return answers(definition, hart, operands)

    low, high = wrap(x[register]), wrap(other)
    first = ask(low)
    if first == ask(high):
        return None
    while abs(high - low) > 1:
        middle = (low + high) // 2
        if ask(middle) == first:
            low = middle
        else:
            high = middle
    return low & 0xFFFF_FFFF, high & 0xFFFF_FFFF
