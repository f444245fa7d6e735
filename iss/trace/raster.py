"""The spikes of a trace by population, with steps that go on where the firmware sets nm_t back."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from iss.trace.block import Array
from iss.trace.view import View


@dataclass
class _Found:
    """Pieces of the columns of a population."""

    steps: list[Array] = field(default_factory=list)
    neurons: list[Array] = field(default_factory=list)


class Raster:
    """Takes the blocks of a trace. Steps count from 0 on: a smaller nm_t than before begins behind the last step."""

    def __init__(self) -> None:
        self._found: dict[int, _Found] = {}
        self._offset = self._last = 0

    def take(self, view: View) -> None:
        """Take the spikes of the next block."""
        self.add(view.block.spike)

    def step(self, time: int) -> int:
        """The step at which nm_t is now `time`, whether anything spikes in it or not."""
        if time < self._last:
            self._offset += self._last + 1
        self._last = time
        return self._offset + time

    def add(self, spikes: Array) -> None:
        """Take SPIKES [j] in their order."""
        if not len(spikes):
            return
        times = spikes["time"].astype(np.int64)
        before = np.concatenate([[self._last], times[:-1]])
        offsets = self._offset + np.cumsum(np.where(times < before, before + 1, 0))
        self._offset, self._last = int(offsets[-1]), int(times[-1])
        bits = np.unpackbits(np.ascontiguousarray(spikes["bits"]).view("u1").reshape(-1, 4), axis=1, bitorder="little")
        record, bit = np.nonzero(bits)
        steps = (times + offsets)[record]
        neurons = 32 * spikes["group"][record].astype(np.int64) + bit
        owners = spikes["descriptor"][record]
        for population in np.unique(owners).tolist():
            mine = owners == population
            found = self._found.setdefault(population, _Found())
            found.steps.append(steps[mine])
            found.neurons.append(neurons[mine])

    def finish(self) -> None:
        """Nothing is left to be done."""

    @property
    def populations(self) -> list[int]:
        """Addresses of the populations that spiked, in ascending order."""
        return sorted(self._found)

    def spikes(self, population: int) -> tuple[Array, Array]:
        """Steps [k] and neurons [k]; empty if the population did not spike."""
        found = self._found.get(population, _Found())
        if not found.steps:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        return np.concatenate(found.steps), np.concatenate(found.neurons)
