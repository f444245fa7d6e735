"""A network in RAM with a coprocessor that runs it: what `Network` and each thread of a batch have of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from coprocessor.csrs import BY_NAME, COUNTER_HIGH, COUNTER_LOW, COUNTERS
from coprocessor.errors import CoprocessorError
from coprocessor.interface import ST_INITIAL, Operation
from coprocessor.network.layout import Layout
from coprocessor.network.streams import Bytes

CLEAR_COUNTERS: Final = 8
"""nm_ctl.CCLR."""
Factory = Callable[[Any, int], Any]


def native(ram: Any, base: int) -> Any:
    """The C coprocessor."""
    from coprocessor.binding import Coprocessor

    return Coprocessor(ram, base)


class Session:
    """`ram` is the image of `layout`, used in place; `factory(ram, base)` makes the coprocessor."""

    def __init__(self, layout: Layout, ram: NDArray[np.uint8], factory: Factory) -> None:
        self.layout, self.ram = layout, ram
        self.unit = factory(ram, layout.base)
        self.unit.ctl = ST_INITIAL
        self.cycle = 0
        self.write("slice", 0)
        self._streams = [
            (p, layout.regions[f"out.{p.name}"].offset, p.buffer_bytes, layout.lead(p))
            for p in layout.parts.populations
            if p.record
        ]

    def read(self, name: str) -> int:
        """A CSR by its name without prefix."""
        return int(self.unit.csr_read(BY_NAME[f"nm_{name}"].number, self.cycle))

    def write(self, name: str, value: int) -> None:
        """Write a CSR."""
        self.unit.csr_write(BY_NAME[f"nm_{name}"].number, value & 0xFFFF_FFFF, self.cycle)

    def counters(self) -> dict[str, int]:
        """The counters of 4.4 since the session began or since `clear_counters`."""
        read, cycle = self.unit.csr_read, self.cycle
        return {
            name: int(read(COUNTER_LOW + index, cycle)) | int(read(COUNTER_HIGH + index, cycle)) << 32
            for index, name in enumerate(COUNTERS)
        }

    def clear_counters(self) -> None:
        """Set all counters to 0."""
        self.write("ctl", ST_INITIAL | CLEAR_COUNTERS)

    def issue(self, operation: Operation, rs1: int, rs2: int = 0) -> int:
        """Issue an engine instruction; gives rd. CoprocessorError if it ends in an error."""
        self.unit.issue(operation, rs1, rs2, self.cycle)
        self.cycle += self.unit.cycles
        result = int(self.unit.result)
        if result >> 31:
            address = self.read("eaddr")
            places = self.layout.regions.items()
            offset = address - self.layout.base
            place = next((name for name, r in places if r.offset <= offset < r.offset + r.size), "outside of the image")
            raise CoprocessorError(
                f"nm.{operation.name.lower()} ended with code {2**32 - result} at {address:#010x} ({place}); "
                "the image in memory was changed, build the network again"
            )
        return result

    def run(self, inputs: Mapping[str, Bytes], steps: int) -> tuple[dict[str, Bytes], int]:
        """Run `steps` steps on input buffers [steps, bytes]; gives output buffers [steps, bytes] and counted spikes."""
        outputs = {p.name: np.empty((steps, size), dtype=np.uint8) for p, _, size, _ in self._streams}
        spikes, net = 0, self.layout.address("net.net")
        for first in range(0, steps, self.layout.steps):
            last = min(steps, first + self.layout.steps)
            for name, buffers in inputs.items():
                region = self.layout.regions[f"in.{name}"]
                part = buffers[first:last].reshape(-1)
                self.ram[region.offset : region.offset + part.size] = part
            spikes += self.issue(Operation.RUN, net, last - first)
            for population, offset, size, lead in self._streams:
                end = offset + lead + (last - first) * size
                outputs[population.name][first:last] = self.ram[offset + lead : end].reshape(-1, size)
                self.ram[offset : offset + lead] = self.ram[end - lead : end]
        return outputs, spikes
