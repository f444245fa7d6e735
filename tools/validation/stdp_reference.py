"""Plasticity in float64 from its equations: sums over pairs of spikes (Bi and Poo 1998; Song, Miller and Abbott 2000),
reward-modulated STDP (Izhikevich 2007), and the neuron of Song et al. whose synapses compete.

A pair with the pre spike first counts A+ exp(-t/tau+), with the post spike first -A- exp(-t/tau-); spikes of one step
make no pair.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Raster = NDArray[np.uint8]


@dataclass(frozen=True)
class Window:
    """Amplitudes in units of a weight and time constants in steps."""

    plus: float
    minus: float
    tau_plus: float
    tau_minus: float

    def __call__(self, later: Floats) -> Floats:
        """Change for a post spike that comes `later` steps after the pre spike."""
        t = np.abs(later)
        change = np.where(later > 0, self.plus * np.exp(-t / self.tau_plus), -self.minus * np.exp(-t / self.tau_minus))
        return np.where(later == 0, 0.0, change)


def pair_sum(pre: Raster, post: Raster, window: Window, *, nearest: bool = False) -> float:
    """Change of one synapse by spike trains [steps]: all pairs, or each spike with the last one of the other side."""
    a, b = np.nonzero(pre)[0].astype(float), np.nonzero(post)[0].astype(float)
    if not nearest:
        return float(window(b[None, :] - a[:, None]).sum())
    total = 0.0
    for time, others, order in [(t, a, 1) for t in b] + [(t, b, -1) for t in a]:
        before = others[others < time]
        if len(before):
            total += float(window(np.array(order * (time - before[-1]))))
    return total


def trains(synapses: int, steps: int, rate: float, seed: int) -> tuple[Raster, Raster]:
    """Poisson spikes [steps, synapses] before and behind each synapse, never both in one step."""
    random = np.random.default_rng(seed)
    pre, post = (random.random((steps, synapses)) < rate for _ in range(2))
    return pre.astype(np.uint8), (post & ~pre).astype(np.uint8)


@dataclass(frozen=True)
class Rewarded:
    """Weight and eligibility [synapses] after a run with reward."""

    weights: Floats
    eligibility: Floats


def rewarded(pre: Raster, post: Raster, window: Window, tau: float, rewards: Floats) -> Rewarded:
    """R-STDP: e decays with tau and takes every pair when its later spike comes; w grows by reward e, [steps]."""
    steps, synapses = pre.shape
    x, y, e, w = (np.zeros(synapses) for _ in range(4))
    keep_x, keep_y, keep_e = (float(np.exp(-1 / t)) for t in (window.tau_plus, window.tau_minus, tau))
    for step in range(steps):
        x, y = x * keep_x, y * keep_y
        e = e * keep_e + window.plus * x * post[step] - window.minus * y * pre[step]
        w = w + rewards[step] * e
        x, y = x + pre[step], y + post[step]
    return Rewarded(w, e)


def two_groups(synapses: int, steps: int, rate: float, correlation: float, seed: int) -> Raster:
    """Poisson spikes [steps, synapses] of one rate; those of the first half are correlated with each other."""
    random = np.random.default_rng(seed)
    spikes = random.random((steps, synapses)) < rate
    shared = np.repeat(random.random((steps, 1)) < rate, synapses // 2, axis=1)
    taken = random.random(shared.shape) < correlation**0.5
    spikes[:, : synapses // 2] = np.where(taken, shared, spikes[:, : synapses // 2])
    return spikes.astype(np.uint8)


def competition(
    spikes: Raster, window: Window, largest: float, threshold: float, retention: float, *, whole: bool = False
) -> tuple[Floats, int]:
    """A leaky neuron behind STDP synapses of delay 1 that start in the middle of 0..largest: last weights, spikes.

    With `whole` weights are integers, and changes are rounded to them at random.
    """
    steps, synapses = spikes.shape
    random = np.random.default_rng(1)
    w, x = np.full(synapses, largest / 2), np.zeros(synapses)
    v = y = 0.0
    fired, arriving = 0, np.zeros(synapses, dtype=bool)
    keep_x, keep_y = float(np.exp(-1 / window.tau_plus)), float(np.exp(-1 / window.tau_minus))
    for step in range(steps):
        row = spikes[step].astype(bool)
        v = v * retention + w[arriving].sum()
        arriving = row
        spike = v > threshold
        v = 0.0 if spike else v
        fired += int(spike)
        x *= keep_x
        y *= keep_y
        if spike or row.any():
            change = window.plus * x * spike - window.minus * y * row
            w = np.clip(w + (np.floor(change + random.random(synapses)) if whole else change), 0, largest)
        x[row] += 1
        y += spike
    return w, fired
