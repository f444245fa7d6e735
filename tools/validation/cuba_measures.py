"""What the two runs of the CUBA network are compared by: mean rate and mean ISI CV of a run, from its spikes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

SKIPPED_MS = 500.0
"""The transient after the random start that is not counted."""
FEWEST_SPIKES = 5
"""Neurons with fewer spikes have no ISI CV."""


class Measure(NamedTuple):
    """How a measure is shown."""

    title: str
    places: int


MEASURES = {"rate": Measure("rate, Hz", 2), "cv": Measure("ISI CV", 4)}


@dataclass(frozen=True)
class Run:
    """Spikes of one run: times [k] in ms and neurons [k], of n neurons over `duration` ms."""

    times: NDArray[np.float64]
    neurons: NDArray[np.int64]
    n: int
    duration: float

    def first(self, duration: float) -> Run:
        """The beginning."""
        kept = self.times < duration - 1e-6
        return Run(self.times[kept], self.neurons[kept], self.n, min(duration, self.duration))

    def counted(self) -> Run:
        """Without the transient."""
        kept = self.times >= SKIPPED_MS
        return Run(self.times[kept] - SKIPPED_MS, self.neurons[kept], self.n, self.duration - SKIPPED_MS)

    def rates(self) -> NDArray[np.float64]:
        """Rate [n] of every neuron in Hz."""
        return np.bincount(self.neurons, minlength=self.n) / (self.duration / 1000)

    def isi_cvs(self) -> NDArray[np.float64]:
        """Standard deviation over mean of the intervals of every neuron with enough spikes."""
        order = np.lexsort((self.times, self.neurons))
        neurons, times = self.neurons[order], self.times[order]
        same = neurons[1:] == neurons[:-1]
        owners, intervals = neurons[1:][same], np.diff(times)[same]
        count = np.bincount(owners, minlength=self.n)
        mean = np.bincount(owners, intervals, self.n) / np.maximum(count, 1)
        variance = np.bincount(owners, (intervals - mean[owners]) ** 2, self.n) / np.maximum(count, 1)
        chosen = count >= FEWEST_SPIKES - 1
        return np.asarray(np.sqrt(variance[chosen]) / mean[chosen], dtype=np.float64)

    def measures(self) -> dict[str, float]:
        """The mean rate in Hz and the mean ISI CV after the transient: a value for each of MEASURES."""
        counted = self.counted()
        return {"rate": float(counted.rates().mean()), "cv": float(counted.isi_cvs().mean())}


def of_raster(raster: NDArray[Any], dt: float) -> Run:
    """The run of a raster [steps, n] with steps of dt ms."""
    steps, neurons = np.nonzero(raster)
    return Run(
        np.asarray(steps * dt, dtype=np.float64), neurons.astype(np.int64), raster.shape[1], raster.shape[0] * dt
    )
