"""Firmware under timer, software and external interrupts: engines agree on every moment at which one is taken."""

from __future__ import annotations

import struct

import pytest

from iss.hart.timing import MODELS
from iss.machine import End
from tests.effort import cases
from tests.engines.assembled import firmware
from tests.engines.lockstep import Setup, compare_engines, compare_splits, random_steps
from tests.engines.pulses import attach_pulses

ROUNDS = 600
LOG_BYTES = 4096


@pytest.mark.parametrize("timing", MODELS)
@pytest.mark.parametrize("vectored", [0, 1])
@pytest.mark.parametrize("seed", cases(3, 60))
def test_engines_agree(seed: int, vectored: int, timing: str) -> None:
    image = firmware("timers", SEED=seed * 77 + 5, VECTORED=vectored, ROUNDS=ROUNDS)
    prepare = attach_pulses(seed, 500) if seed % 2 else lambda machine: None
    setup = Setup(image, timing=timing, misaligned=seed % 2 == 0, observed=seed % 3 == 2, prepare=prepare)
    outcome = compare_engines(setup, [*random_steps(seed, 30, 15_000), None], seed)
    assert outcome is not None and outcome.end is End.EXIT


@pytest.mark.parametrize("seed", cases(2, 20))
def test_every_interrupt_is_taken(seed: int) -> None:
    """What the test above relies on: its firmware meets all three and the exceptions, between many instructions."""
    setup = Setup(firmware("timers", SEED=seed, VECTORED=1, ROUNDS=ROUNDS), prepare=attach_pulses(seed, 500))
    subject = setup.on("interpreter")
    seen: dict[int, set[int]] = {}
    while subject.run(500).end is End.LIMIT:
        machine = subject.machine
        start = machine.symbol("log") - machine.ram.base
        for cause, pc, _, _ in struct.iter_unpack("<4I", machine.ram.buffer[start : start + LOG_BYTES]):
            seen.setdefault(cause, set()).add(pc)
    assert {0x8000_0003, 0x8000_0007, 0x8000_000B, 2, 3, 4, 11} <= set(seen)
    assert len(seen[0x8000_0007]) > 50


@pytest.mark.parametrize("seed", cases(3, 60))
def test_runs_in_parts_equal_one_run(seed: int) -> None:
    image = firmware("timers", SEED=seed * 31 + 2, VECTORED=seed % 2, ROUNDS=2000)
    setup = Setup(image, timing="edge5", prepare=attach_pulses(seed))
    compare_splits(setup, 40_000, [7, 1, 1000, *random_steps(seed, 100, 40_000)], seed)
