"""A network in RAM with a coprocessor that runs it: what `Network` and each thread of a batch have of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coprocessor.csrs import BY_NAME
from coprocessor.errors import CoprocessorError
from coprocessor.interface import ST_INITIAL, Operation
from coprocessor.network.inputs import Inputs
from coprocessor.network.layout import Layout
from coprocessor.network.plan import Plan
from coprocessor.network.result import Recorded
from coprocessor.network.runner import NotSpikes, RunFailed, Runner, Running
from coprocessor.network.streams import Bytes, Encoded

if TYPE_CHECKING:
    from coprocessor.network.crew import Crew

Factory = Callable[[Any, int], Any]
_TIME, _RANDOM = BY_NAME["nm_t"].number, BY_NAME["nm_rng"].number


class Session:
    """`ram` is the image of `layout`, used in place; `factory(ram, base)` makes the coprocessor, None the C one with
    the instruction set `simd`. `lanes` are as the coprocessor has them if None."""

    def __init__(
        self,
        layout: Layout,
        ram: NDArray[np.uint8],
        factory: Factory | None,
        simd: str | None = None,
        lanes: int | None = None,
    ) -> None:
        self.layout, self.ram, self._factory, self._simd, self._lanes = layout, ram, factory, simd, lanes
        self.plan = Plan.of(layout)
        self.inputs = Inputs({stream.name: stream for stream in layout.parts.inputs})
        self.lock = threading.Lock()
        self._resting = [ram[part] for part in (layout.resting, *self.plan.changing[1:])]
        self._resting_values = [(ram[at : at + len(content)], content) for at, content in layout.resting_values]
        self.runner: Running
        if factory is None:
            from coprocessor.binding import Coprocessor
            from coprocessor.network.native import NativeRunner, events, unpacking

            self.unit: Any = Coprocessor(ram.data, layout.base, simd=simd)
            self.runner = NativeRunner(self.unit, self.plan)
            self.recorded = Recorded(layout.parts.populations, unpacking(self.unit.simd), events)
        else:
            self.unit = factory(ram, layout.base)
            self.runner = Runner(self.unit, ram, self.plan)
            self.recorded = Recorded(layout.parts.populations)
        if lanes is not None:
            self.unit.lanes = lanes
        self.unit.ctl = ST_INITIAL
        self.write("slice", 0)

    def over(self, ram: NDArray[np.uint8]) -> Session:
        """Another session like this one, with a memory of its own."""
        return Session(self.layout, ram, self._factory, self._simd, self._lanes)

    @cached_property
    def crew(self) -> Crew:
        """Runs batches on this session and on copies of it."""
        from coprocessor.network.crew import Crew

        return Crew(self)

    def read(self, name: str) -> int:
        """A CSR by its name without prefix."""
        return int(self.unit.csr_read(BY_NAME[f"nm_{name}"].number, 0))

    def write(self, name: str, value: int) -> None:
        """Write a CSR."""
        self.unit.csr_write(BY_NAME[f"nm_{name}"].number, value & 0xFFFF_FFFF, 0)

    def check(self) -> None:
        """Let the coprocessor validate all descriptors; CoprocessorError if they are wrong."""
        self.unit.issue(Operation.CHECK, self.layout.address("net.net"), 0, 0)
        if int(self.unit.result) >> 31:
            raise self.failed(Operation.CHECK)

    def failed(self, operation: Operation) -> CoprocessorError:
        """What to raise after an issue that ended with an error."""
        address, places = self.read("eaddr"), self.layout.regions.items()
        offset = address - self.layout.base
        place = next((name for name, r in places if r.offset <= offset < r.offset + r.size), "outside of the image")
        return CoprocessorError(
            f"nm.{operation.name.lower()} ended with code {self.read('err')} at {address:#010x} ({place}); "
            "the image in memory was changed, build the network again"
        )

    def reset(self, seed: int) -> None:
        """Bring what a run changes back to the start, all but weights and learning signals."""
        for part in self._resting:
            part.fill(0)
        for part, content in self._resting_values:
            part[:] = content
        self.unit.csr_write(_TIME, 0, 0)
        self.unit.csr_write(_RANDOM, seed, 0)

    def run(self, encoded: Encoded, reward: int) -> Bytes:
        """Run from the present state; gives the block. CoprocessorError for wrong values or if a run ends in error."""
        try:
            return self.runner.run(encoded, reward)
        except NotSpikes:
            return self.runner.run(encoded.packed(), reward)
        except RunFailed:
            raise self.failed(Operation.RUN) from None
