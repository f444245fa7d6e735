"""What tests of proofs share: provers of base instructions, other meanings, and a comparison without z3 and C."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from iss.builtin import builtin_architecture
from iss.extension.cases import Runner
from iss.extension.prove import Limits, Prover
from iss.extension.vectors import Vectors
from iss.isa.definitions import Definition

BASE = builtin_architecture()
QUICK = Limits(smt_seconds=10, exhaustive_bits=24, random_cases=200_000, random_seconds=5)


def prover(mnemonic: str) -> Prover:
    return Prover(BASE.instructions.by_mnemonic[mnemonic], BASE, {}, {}, QUICK)


def meaning_of(mnemonic: str, meaning: Callable[[Any, Any], None]) -> Definition:
    definition = BASE.instructions.by_mnemonic[mnemonic]
    return replace(definition, meaning=meaning, unused=tuple(definition.encoding.fields))


def agree(first: Definition, second: Definition, count: int = 300) -> bool:
    """Whether two definitions agree on random cases, by running their meanings: nothing of z3 or C."""
    runners = [Runner(side, BASE) for side in (first, second)]
    vectors = Vectors(first, {})
    return not any(
        runners[0].run(case).differences(runners[1].run(case)) for case in (vectors.draw() for _ in range(count))
    )


LIF = """
#include "xspk_model.h"

uint32_t lif(xspk_state *state, uint32_t rs1, uint32_t rs2)
{
    const uint32_t i = rs1 & 255u;
    int32_t v = state->v[i] - (state->v[i] >> 4) + (int16_t)rs2;
    state->wide = (int64_t)((uint64_t)(state->wide + 12345678901) << 16) >> 16;
    if (v > 32767) v = 32767;
    if (v < -32768) v = -32768;
    if (v >= state->vth) {
        state->v[i] = 0;
        return 1;
    }
    state->v[i] = (int16_t)v;
    return 0;
}
"""
"""A neuron of `spiking` in C."""
