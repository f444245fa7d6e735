"""Running the same operation with every instruction set: what the kernels do has to be what the engine does without."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np

from coprocessor.interface import Operation
from tests.coprocessor.implementations import LEVELS, Machine

SUSPENDED = 1


def same_on_every_level(
    ram: bytes | bytearray, operation: Operation, address: int, prepare: Callable[[Machine], object] = lambda _: None
) -> int:
    """Issue until the operation retires or traps and compare everything visible after every issue; gives the outcome.

    `prepare` sets CSRs and queues of each machine.
    """
    before = np.frombuffer(ram, dtype=np.uint8)
    trails: dict[str, list[tuple[object, ...]]] = {}
    ends, outcome = {}, SUSPENDED
    for name, level in LEVELS.items():
        machine = Machine(level, ram)
        prepare(machine)
        outcome, trails[name] = SUSPENDED, []
        while outcome == SUSPENDED:
            outcome = machine.issue(operation, address)
            trails[name].append((outcome, machine.seen(), hashlib.blake2b(machine.ram).digest()))
        ends[name] = np.frombuffer(machine.ram, dtype=np.uint8)
        changed = np.flatnonzero(before != ends[name])
        low, high = machine.unit.written_low, machine.unit.written_high
        assert changed.size == 0 or low <= changed[0] <= changed[-1] <= high
    for name, trail in trails.items():
        for issue, (ours, theirs) in enumerate(zip(trail, trails["scalar"], strict=True)):
            assert ours[:2] == theirs[:2], (name, issue)
        places = np.flatnonzero(ends[name] != ends["scalar"])
        assert places.size == 0, (name, [hex(place) for place in places[:8]])
        assert trail == trails["scalar"], (name, "RAM differs between issues")
    return outcome
