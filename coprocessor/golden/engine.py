"""The engine: lists of operations executed unit by unit, with suspension and resumption (specification 7.2, 7.3)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from coprocessor.golden.memory import Memory, Unit
from coprocessor.golden.numbers import ceil_div, u32
from coprocessor.golden.population import Population
from coprocessor.golden.projection import Projection, Source
from coprocessor.golden.rule import Rule
from coprocessor.golden.state import State
from coprocessor.interface import Operation

ENTRY_CYCLES: Final = 15
COUNT_MASK: Final = 0x7FFF_FFFF
PROGRESS_CSRS: Final = ("prog0", "prog1", "prog2", "prog3", "pdesc")


class Suspended(Exception):
    """The issue has completed nm_slice units and another one is to start."""


@dataclass
class Progress:
    """Where an operation stands: what nm_prog0..3 hold."""

    index: int = 0
    phase: int = 0
    position: int = 0
    entered: bool = False
    steps: int = 0
    partial: int = 0

    def next_operation(self) -> None:
        """Go to the start of the next entry of the list."""
        self.index, self.phase, self.entered = 0, 0, False
        self.position += 1

    def next_phase(self) -> None:
        """Go to the start of the next phase of a learn operation."""
        self.index, self.phase = 0, self.phase + 1

    def add(self, amount: int) -> None:
        """Add to the partial result, modulo 2^31."""
        self.partial = (self.partial + amount) & COUNT_MASK

    def save(self, state: State, funct7: int, descriptor: int) -> None:
        """Write the progress CSRs."""
        state.csr["prog0"] = u32(self.index)
        state.csr["prog1"] = 1 << 31 | self.entered << 30 | funct7 << 20 | self.phase << 16 | self.position
        state.csr["prog2"] = self.steps
        state.csr["prog3"] = self.partial
        state.csr["pdesc"] = descriptor


def discard_progress(state: State) -> None:
    """Zero the progress CSRs."""
    for name in PROGRESS_CSRS:
        state.csr[name] = 0


@dataclass
class Step:
    """What an operation needs to know besides its descriptor: place in time, reward, replaced source address."""

    completed: int = 0
    reward: int = 0
    source_override: int = 0


def buffer_address(mode: int, base: int, stride: int, t: int, completed: int) -> int:
    """Base b, stride p: mode 0: b; 1: `b + (t mod 2)*p`; 2: `b + k*p`; 3: `b + ((t - 1) mod 2)*p` (6.6)."""
    turns = (0, t % 2, completed, (t - 1) % 2)[mode]
    return u32(base + turns * stride)


@dataclass
class Entry:
    """One operation of a list; `reset` makes nm.rst of a population, `counts` adds its spikes to rd."""

    target: Projection | Population | Rule
    counts: bool = False
    reset: bool = False

    @property
    def operation(self) -> Operation:
        """The instruction that does the same alone."""
        if isinstance(self.target, Projection):
            return Operation.SYN
        if isinstance(self.target, Rule):
            return Operation.LEARN
        return Operation.RST if self.reset else Operation.UPD


@dataclass
class Issue:
    """The engine during one issue of an instruction; `slice` bounds the units, 0 = no bound."""

    state: State
    memory: Memory
    slice: int
    completed: int = 0
    cycles: int = 0
    progress: Progress = field(default_factory=Progress)

    def count(self, **events: int) -> None:
        """Add to the counters; cyc also to the cycles of this issue."""
        self.state.count(**events)
        self.cycles += events.get("cyc", 0)

    def lane_cycles(self, n: int) -> int:
        """Cycles of n elements on the lanes."""
        return ceil_div(n, self.state.lanes)

    def enter(self, **events: int) -> None:
        """Charge the entry cost of an operation, once."""
        if not self.progress.entered:
            self.count(**events)
            self.progress.entered = True

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """One atomic unit; raises Suspended if the slice is used up, Fault with everything undone."""
        if self.slice and self.completed >= self.slice:
            raise Suspended
        before = self.state.random.state
        unit = self.memory.unit()
        try:
            yield unit
            unit.commit()
        except BaseException:
            self.state.random.state = before
            raise
        self.count(**unit.events)
        self.completed += 1

    def source_of(self, projection: Projection, step: Step) -> int:
        """Address of the source buffer in this step."""
        if step.source_override and projection.source is not Source.QUEUE:
            return step.source_override
        mode, base, stride = (
            projection.source_mode,
            projection.source_address,
            projection.stride,
        )
        return buffer_address(mode, base, stride, self.state.csr["t"], step.completed)

    def output_of(self, population: Population, step: Step) -> int:
        """Address of the output buffer in this step."""
        mode, base, stride = population.output_mode, population.out, population.stride
        return buffer_address(mode, base, stride, self.state.csr["t"], step.completed)
