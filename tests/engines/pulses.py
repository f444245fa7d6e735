"""A device that raises and drops the external interrupt at random cycles: interrupts anywhere in any program."""

from __future__ import annotations

import random
from typing import Any

from iss.isa.causes import Interrupt
from iss.memory.device import BusError

ADDRESS = 0x0200_0000 - 0x1000
"""Where `attach_pulses` puts it: in front of the CLINT."""


class Pulses:
    """Drives mip.MEIP from cycle counts that depend on the seed alone; its register reads how often it has risen."""

    size = 4

    def __init__(self, seed: int, spread: int = 200) -> None:
        self._random = random.Random(seed)
        self._spread = spread
        self._level = False
        self._count = 0
        self._next = self._distance()
        self._context: Any = None

    def _distance(self) -> int:
        return self._random.choice((1, 2, 3, self._random.randrange(1, 20), self._random.randrange(1, self._spread)))

    def connect(self, context: Any) -> None:
        self._context = context

    def load(self, offset: int, size: int) -> int:
        if offset:
            raise BusError(offset)
        return self._count

    def store(self, offset: int, size: int, value: int) -> None:
        raise BusError(offset)

    def next_event(self) -> int:
        return self._next

    def tick(self, cycle: int) -> None:
        self._level = not self._level
        self._count += self._level
        self._next = cycle + self._distance()
        self._context.set_interrupt(Interrupt.MACHINE_EXTERNAL, self._level)

    def snapshot(self) -> bytes:
        return repr((self._level, self._count, self._next)).encode()

    def restore(self, state: bytes) -> None:
        raise NotImplementedError


def attach_pulses(seed: int, spread: int = 200) -> Any:
    """A `prepare` for Setup."""
    return lambda machine: machine.attach(ADDRESS, Pulses(seed, spread), "pulses")
