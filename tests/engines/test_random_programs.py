"""Random programs with traps, CSRs, stores into code and interrupts at any cycle: engines agree at every stop."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from iss.hart.timing import MODELS
from iss.isa.catalogue import instruction_set
from tests.effort import cases
from tests.engines.lockstep import ISA, XNM, Setup, compare_engines, compare_splits, random_steps
from tests.engines.pulses import attach_pulses
from tests.oracles.random_programs import DATA, DATA_SIZE, RAM, random_program

STOPS, TOTAL = 40, 3000
LESS = ("rv32i_zicsr", "rv32im_zicsr", "rv32i_zicsr_zifencei_zicntr")
"""With these, part of the instructions and CSRs is illegal."""
JUST_ENOUGH = DATA + DATA_SIZE - RAM.base
"""RAM that ends behind the data window, so that the programs reach its end."""


def setup_of(seed: int, size: int = 150) -> Setup:
    """A random program on a machine that depends on the seed, too."""
    source = random.Random(seed)
    return Setup(
        random_program(seed, instruction_set(ISA), size).image(),
        source.choice((ISA, ISA, *LESS, XNM)),
        timing=source.choice(list(MODELS)),
        misaligned=source.random() < 0.5,
        ram_size=source.choice((JUST_ENOUGH, 1 << 20)),
        boot_rom=source.random() < 0.3,
        prepare=attach_pulses(seed) if source.random() < 0.7 else lambda machine: None,
    )


@pytest.mark.parametrize("seed", cases(60, 2000))
def test_engines_agree(seed: int) -> None:
    compare_engines(setup_of(seed), random_steps(seed, STOPS, TOTAL), seed)


@pytest.mark.parametrize("seed", cases(20, 300))
def test_engines_agree_on_trace_records(seed: int) -> None:
    compare_engines(replace(setup_of(seed), observed=True), random_steps(seed + 1, STOPS, TOTAL), seed)


@pytest.mark.parametrize("seed", cases(4, 100))
def test_engines_agree_on_long_programs(seed: int) -> None:
    """Thousands of words without a loop around: many times the distance between the interpreter's checks."""
    compare_engines(setup_of(seed, size=4000), random_steps(seed, STOPS, 20_000), seed)


@pytest.mark.parametrize("seed", cases(15, 300))
def test_runs_in_parts_equal_one_run(seed: int) -> None:
    source = random.Random(seed)
    for engine in ("interpreter", "reference"):
        total = source.randrange(1, 4000)
        steps = [7, 1, 1000, *(source.choice((1, 2, 5, 100, 1023, 1024, 1025)) for _ in range(40))]
        compare_splits(setup_of(seed), total, steps, seed, engine)
