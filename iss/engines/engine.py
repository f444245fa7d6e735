"""What an engine is: it runs a hart up to limits and says why it came back."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any, Protocol

from iss.engines.profile import Profile
from iss.hart.hart import Hart


class Reason(IntEnum):
    """Why `run` returned; the hart is at an instruction boundary in every case."""

    LIMIT = 0  # the instruction or cycle limit is reached
    ATTENTION = 1  # interrupts, events or stop requests are to be looked at
    WAITING = 2  # wfi with no enabled interrupt pending
    STUCK = 3  # a trap handler's first instruction traps: it would for ever
    OUTSIDE = 4  # the next instruction lies outside RAM: this engine cannot fetch it
    TRACE_FULL = 5  # the trace ring is full


class Engine(Protocol):
    """One reading of the definitions."""

    name: str

    def run(self, hart: Hart, retired_limit: int, cycle_limit: int) -> Reason:
        """Run until `hart.retired` or `hart.cycles` reaches its limit or something needs the machine."""

    def observe(self, consume: Callable[[Any], object] | None) -> None:
        """Hand the trace records of all that retires to `consume`; None stops observing."""

    def profile(self, on: bool) -> None:
        """Begin an empty profile of all that is executed, or keep none."""

    def profiled(self) -> Profile:
        """Return what the profile holds, a copy."""

    def invalidate(self, low: int, high: int) -> None:
        """Forget translations of RAM offsets low..high-1, which somebody else has changed."""
