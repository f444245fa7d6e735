"""What a run moves between the arrays of a caller and the streams of a network in memory.

    block of a run   tally: counters, spikes (9 x u64) | rows of output 0 | rows of output 1 | ...

A row is what one step has in memory (6.6). `runner` does this with any coprocessor, `native` in C.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from coprocessor.csrs import COUNTERS
from coprocessor.network.layout import Layout
from coprocessor.network.streams import Bytes

TALLY_BYTES: Final = 8 * (len(COUNTERS) + 1)


@dataclass(frozen=True)
class Stream:
    """Buffers of `size` bytes a step, that of step 0 at RAM offset `offset`; `lead` bytes in front hold the step
    before. A row of spikes has n bytes before it is packed. Events for a `queue` are injected instead.
    """

    offset: int
    size: int
    n: int
    lead: int = 0
    queue: int | None = None


@dataclass(frozen=True)
class Plan:
    """The streams of a network; `window` is how many steps one nm.run can do, `state` the RAM that a run changes.

    Events are injected before the step they are for, so with queues the window is one step.
    """

    inputs: tuple[Stream, ...]
    outputs: tuple[Stream, ...]
    net: int
    window: int
    state: slice

    @classmethod
    def of(cls, layout: Layout) -> Plan:
        """The plan of a layout."""
        regions, populations = layout.regions, [p for p in layout.parts.populations if p.record]
        return cls(
            tuple(
                Stream(0 if i.queued else regions[f"in.{i.name}"].offset, i.buffer_bytes, i.n, 0, i.queue)
                for i in layout.parts.inputs
            ),
            tuple(
                Stream(regions[f"out.{p.name}"].offset + layout.lead(p), p.buffer_bytes, p.n, layout.lead(p))
                for p in populations
            ),
            layout.address("net.net"),
            1 if any(i.queued for i in layout.parts.inputs) else layout.steps,
            slice(layout.mutable_start, layout.mutable_end),
        )

    @property
    def changing(self) -> list[slice]:
        """The RAM that has to be the same for two runs to be the same: the state, and each lead."""
        return [self.state, *(slice(s.offset - s.lead, s.offset) for s in self.outputs if s.lead)]

    def taken(self, ram: Bytes) -> Bytes:
        """A copy of what changes, in one piece."""
        return np.concatenate([ram[part] for part in self.changing])

    def bring_back(self, ram: Bytes, taken: Bytes) -> None:
        """Let what changes be as it was when it was taken."""
        place = 0
        for part in self.changing:
            size = part.stop - part.start
            ram[part] = taken[place : place + size]
            place += size

    @property
    def row_bytes(self) -> int:
        """What a step adds to a block."""
        return sum(stream.size for stream in self.outputs)
