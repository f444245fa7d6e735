"""The reading of traces as z3 terms: what it says of random functions is what Python computes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from iss.extension.python_source import python_function
from iss.extension.smt import Reading, natural_width
from iss.isa.tracing import Block
from iss.isa.values import Value
from tests.effort import cases
from tests.isa.random_meanings import random_meaning

z3 = pytest.importorskip("z3", reason="z3 is missing; run: pip install z3-solver")
WIDE = 200  # bits: constants that were folded may be wider than 64
BATCH = 12


def leaves(block: Block, reading: Reading, guards: tuple[Any, ...] = ()) -> Iterator[tuple[Any, Any]]:
    """The guard and the result of every path."""
    if block.then is None or block.otherwise is None:
        yield z3.And(z3.BoolVal(True), *guards), block.result
        return
    truth = reading.truth(block.decision)
    yield from leaves(block.then, reading, (*guards, truth))
    yield from leaves(block.otherwise, reading, (*guards, z3.Not(truth)))


@pytest.mark.parametrize("seed", cases(6, 200))
def test_random_functions(seed: int) -> None:
    """Of every path exactly one guard holds, and its term is the result; the Python reading agrees, too."""
    source = random.Random(seed)
    for _ in range(BATCH):
        meaning = random_meaning(source)
        tree = meaning.trace()
        reading, unknown = Reading(tree), {}
        for node in tree.walk():
            if node.operation == "operand":
                width, _ = natural_width(Value(None, node.index, node.low, node.high))  # type: ignore[arg-type]
                unknown[node.static] = z3.BitVec(node.static, width)
                reading.define(node, unknown[node.static])
        paths = list(leaves(tree, reading))
        function = python_function(tree)
        for _ in range(6):
            operands = meaning.random_operands(source)
            named = {f"a{index}": value for index, value in enumerate(operands)}
            expected = int(meaning.run(operands))
            assert int(function(None, SimpleNamespace(**named))) == expected
            known = [(term, z3.BitVecVal(named[name], term.size())) for name, term in unknown.items()]
            results = [
                z3.simplify(z3.substitute(reading.low(result, WIDE), *known)).as_signed_long()
                for guard, result in paths
                if z3.is_true(z3.simplify(z3.substitute(guard, *known)))
            ]
            assert results == [expected], (meaning, operands)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 0, (1, False)),
        (0, 1, (1, False)),
        (0, 255, (8, False)),
        (-1, 0, (1, True)),
        (-128, 127, (8, True)),
        (-1, 128, (9, True)),
        (5, 1 << 40, (41, False)),
        (-(1 << 63), -1, (64, True)),
    ],
)
def test_natural_widths(low: int, high: int, expected: tuple[int, bool]) -> None:
    assert natural_width(Value(None, 0, low, high)) == expected  # type: ignore[arg-type]
