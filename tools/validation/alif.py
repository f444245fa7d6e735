"""Profile ALIF against an adaptive LIF neuron in float64: f-I curve and spike-frequency adaptation.

    u' = u bi + I,  v' = v bv + u',  a' = a ba,  r' = r br;  v' - r' >= th0 + a': r' = r' + 2 (th0 + a'), a' = a' + step

with b = exp(-dt/tau): a potential v, an adaptive threshold th0 + a and a refractory potential r, as Lava's ATRLIF has
them. The last interval is also known without simulation (`settled`). Neurons are in SETS; a row is a kind of neuron.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coprocessor import Network
from tools.validation.findings import Finding

STEPS = 4000
"""Of 1 ms."""
UNITS = 2**14
"""Of the coprocessor per unit of potential."""
CURRENTS = np.linspace(0.2, 12, 60)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Kind:
    """Time constants in ms (current, membrane, threshold, refractory), resting threshold and step."""

    taus: tuple[float, float, float, float]
    threshold: float
    step: float

    def decays(self, quantised: bool) -> list[float]:
        """exp(-1 ms/tau), or the nearest multiple of 1/4096."""
        exact = [math.exp(-1 / tau) for tau in self.taus]
        return [round(4096 * b) / 4096 for b in exact] if quantised else exact


KINDS = {
    "fast": Kind((2, 10, 40, 5), 20, 4),
    "slow": Kind((5, 20, 200, 10), 30, 6),
    "strong": Kind((5, 20, 150, 3), 10, 20),
    "none": Kind((5, 20, 100, 8), 25, 0),
}


def reference(kind: Kind, *, quantised: bool = False) -> NDArray[np.uint8]:
    """Spikes [STEPS, currents] in float64."""
    bi, bv, ba, br = kind.decays(quantised)
    u, v, a, r = (np.zeros(len(CURRENTS)) for _ in range(4))
    raster = np.zeros((STEPS, len(CURRENTS)), dtype=np.uint8)
    for step in range(STEPS):
        u = u * bi + CURRENTS * (1 - bi)
        v = v * bv + u
        a, r = a * ba, r * br
        threshold = kind.threshold + a
        fired = v - r >= threshold
        raster[step] = fired
        r = r + 2 * threshold * fired
        a = a + kind.step * fired
    return raster


def ours(kind: Kind) -> NDArray[np.uint8]:
    """The same on the coprocessor."""
    bi, bv, ba, br = (round(4096 * b) for b in kind.decays(quantised=True))
    network = Network()
    network.input("x", len(CURRENTS), encoding="graded")
    network.population(
        "y",
        len(CURRENTS),
        "ALIF",
        current_retention=bi,
        membrane_retention=bv,
        threshold_retention=ba,
        refractory_retention=br,
        threshold=round(kind.threshold * UNITS),
        threshold_step=round(kind.step * UNITS),
        comparison=">=",
        rounding="half_up",
    )
    network.one_to_one("x", "y")
    given = np.rint(CURRENTS * (1 - bi / 4096) * UNITS).astype(np.int64)
    return network.run(np.tile(given, (STEPS, 1)))["y"]


def intervals(raster: NDArray[np.uint8]) -> list[NDArray[np.int64]]:
    """All intervals of every neuron, in steps."""
    return [np.diff(np.nonzero(column)[0]) for column in raster.T]


def adaptation(raster: NDArray[np.uint8]) -> Floats:
    """Last interval over first of every neuron, NaN with fewer than five."""
    return np.array([i[-1] / i[0] if len(i) >= 5 else np.nan for i in intervals(raster)])


def settled(kind: Kind) -> Floats:
    """The interval that repeats, from the equations: with v at rest, after T steps v - r = th0 + a for the first time.

    a returns to step b^T/(1 - b^T) before each spike, and r to 2 (th0 + a) b^T/(1 - b^T); NaN without spikes.
    """
    _, bv, ba, br = kind.decays(quantised=True)
    steps = np.arange(1.0, STEPS)
    a = kind.step * ba**steps / (1 - ba**steps)
    needed = (kind.threshold + a) * (1 + 2 * br**steps / (1 - br**steps))
    found = [np.nonzero(current / (1 - bv) >= needed)[0] for current in CURRENTS]
    return np.array([steps[k[0]] if len(k) else np.nan for k in found])


def findings() -> list[Finding]:
    """Largest deviations of all kinds."""
    rate = same = ratio = last = 0.0
    spikes = 0
    for kind in KINDS.values():
        mine, exact, rounded = ours(kind), reference(kind), reference(kind, quantised=True)
        spikes += int(exact.sum())
        counts = [raster.sum(axis=0).astype(float) for raster in (mine, exact, rounded)]
        active = counts[1] > 0
        rate = max(rate, float(100 * abs(counts[0][active] - counts[1][active]).mean() / counts[1][active].mean()))
        same = max(same, float(100 * abs(counts[0] - counts[2]).sum() / counts[2].sum()))
        both = adaptation(mine) / adaptation(exact)
        ratio = max(ratio, float(100 * np.nanmedian(np.abs(both - 1))))
        ends = np.array([np.mean(i[-5:]) if len(i) > 10 else np.nan for i in intervals(mine)])
        last = max(last, float(np.nanmax(np.abs(ends - settled(kind)))))
    extent = f"{len(KINDS)} kinds x {len(CURRENTS)} currents, {STEPS} steps, {spikes} spikes"
    return [
        Finding("ALIF, exact decays: f-I curve", extent, rate, 3, "%", "retentions have a resolution of 1/4096"),
        Finding("ALIF, exact decays: last/first interval, median", extent, ratio, 3, "%", "the same"),
        Finding("ALIF, decays in 1/4096: spikes", extent, same, 0.1, "%", "rounding of the states"),
        Finding("ALIF, settled interval from the equations", extent, last, 1, "steps", "an interval may alternate"),
    ]
