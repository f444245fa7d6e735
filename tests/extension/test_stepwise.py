"""Proofs step by step: what is equal is found where z3 alone gives no answer, what differs is never called equal."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from iss.extension import architecture_with
from iss.extension.cases import Runner
from iss.extension.mutation import mutants
from iss.extension.stepwise import Stepwise
from iss.extension.vectors import Vectors
from iss.isa.tracing import Block
from tests.extension.planted import extension_of
from tests.extension.test_xnmspk import specification

pytest.importorskip("z3")


# Mutants of products that z3 alone does not decide in 10 s: clips and signs at their ends.
EQUAL = [
    ("nm.cubi", "becomes `(signed(x[rs1], 32) * (... & 0x1fff)) <= 0`"),
    ("nm.cubi", "becomes `(signed(x[rs1], 32) * (... & 0x1fff)) < 1`"),
    ("nm.izh", "becomes `((... * ...) + signed(..., 32)) < -0x7fffff`"),
    ("nm.izh", "becomes `0x7ffe < (signed(x[rs1], 16) + (... >> ...))`"),
]


@pytest.mark.parametrize(("mnemonic", "change"), EQUAL)
def test_equal_mutants(mnemonic: str, change: str) -> None:
    definition = specification().instructions.by_mnemonic[mnemonic]
    mutant = next(mutant for mutant in mutants(definition) if change in str(mutant))
    assert Stepwise(definition.trace(), mutant.definition.trace(), 20.0).equal(), str(mutant)


@pytest.mark.parametrize(("case", "mnemonic"), [("xlif", "lif.step"), ("xdiv", "div.near"), ("xgather", "gat.swap")])
def test_what_differs_is_not_equal(case: str, mnemonic: str) -> None:
    extension = extension_of(case)
    definition = extension.instructions.by_mnemonic[mnemonic]
    architecture = architecture_with([extension])
    own = Runner(definition, architecture)
    different = equal = 0
    for mutant in mutants(definition)[::3]:
        other = Runner(definition, architecture, mutant.definition.meaning)
        is_equal = Stepwise(definition.trace(), mutant.definition.trace(), 0.2).equal()
        cases = islice(Vectors(definition, extension.states, {}), 100)
        if any(own.run(one).differences(other.run(one)) for one in cases):
            different += 1
            assert not is_equal, str(mutant)
        equal += is_equal
    assert different > 5


@pytest.mark.parametrize(("between", "is_equal"), [("", True), ("leak", True), ("vth", False)])
def test_what_is_read_twice(between: str, is_equal: bool) -> None:
    """A state that nothing has changed in between is read as the same number."""

    def tree(difference: Callable[[Any, Any], Any]) -> Block:
        def meaning(hart: Any, insn: Any) -> None:
            first = hart.state.vth
            if between:
                setattr(hart.state, between, first + 1)
            hart.x[insn.rd] = difference(hart.state.vth, first)

        definition = extension_of("xlif").instructions.by_mnemonic["lif.read"]
        return replace(definition, meaning=meaning, unused=tuple(definition.encoding.fields)).trace()

    assert Stepwise(tree(operator.sub), tree(operator.xor), 5.0).equal() is is_equal
