"""The commands to the coprocessor in a block, with what they took and how many neurons spiked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from coprocessor.interface import Operation, Outcome
from iss.loaders.names import Names
from iss.trace.block import Array
from iss.trace.events import Kind
from iss.trace.view import View

WITHOUT_DESCRIPTOR: Final = {
    Operation.INJ,
    Operation.POP,
    Operation.QLEV,
    Operation.WAIT,
    Operation.POLL,
    Operation.ABORT,
}
"""Operations whose rs1 is no address of what they work on."""


@dataclass(frozen=True, slots=True)
class Issue:
    """A command that was issued: before which instruction or as which one, what it was, what it took."""

    index: int
    operation: int
    outcome: int
    descriptor: int
    cycles: int
    spikes: int
    place: int  # in the block's table of events

    @property
    def mnemonic(self) -> str:
        """`nm.run`."""
        return mnemonic(self.operation)

    @property
    def retired(self) -> bool:
        """Whether it is the instruction at `index`; else it was suspended or trapped before it."""
        return self.outcome == Outcome.RETIRED


def mnemonic(operation: int) -> str:
    """The name of an engine instruction by its number in `Operation`."""
    return f"nm.{Operation(operation).name.lower()}"


def title(names: Names, operation: int, descriptor: int) -> str:
    """`nm.run net`: a command with the name of what it works on."""
    known = descriptor and operation not in WITHOUT_DESCRIPTOR
    return f"{mnemonic(operation)} {names.at(descriptor)}" if known else mnemonic(operation)


def issues(view: View) -> Iterator[Issue]:
    """The commands of a block, in order."""
    block = view.block
    places = np.flatnonzero(view.kinds == Kind.COMMAND)
    if not len(places):
        return
    before = np.concatenate([[0], np.cumsum(spike_counts(view))])
    starts = np.minimum(view.spike_starts, len(before) - 1)
    costs = np.minimum(places + 1, len(block.event) - 1)
    known = (block.event["tag"][costs] & 0xFF) == Kind.COST
    low, high = (block.event[field][costs].astype(np.uint64) for field in ("a", "c"))
    cycles = np.where(known, low + (high << np.uint64(32)), np.uint64(0))
    ends = np.minimum(places + 2, len(starts) - 1)
    spikes = np.where(known, before[starts[ends]] - before[starts[places + 1]], 0)
    tags = block.event["tag"][places]
    operations = tags >> 8 & 0x3FF
    descriptors = np.where(np.isin(operations, list(WITHOUT_DESCRIPTOR)), 0, block.event["a"][places])
    rows = (block.event_index[places], operations, tags >> 30, descriptors, cycles, spikes, places)
    for row in zip(*(column.tolist() for column in rows), strict=True):
        yield Issue(*row)


def spike_counts(view: View) -> Array:
    """[j] neurons that spiked, of each spike record of a block."""
    bits = np.ascontiguousarray(view.block.spike["bits"]).view("u1").reshape(-1, 4)
    found: Array = np.unpackbits(bits, axis=1).sum(axis=1, dtype=np.int64)
    return found
