"""Profile TN and the crossbar against the neuron of Cassidy et al. (IJCNN 2013).

Random cores bit by bit, probabilities of the stochastic modes, and behaviours that the paper describes. The equations
are in `truenorth_reference`; a new behaviour is a function in BEHAVIOURS.
"""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coprocessor import Network
from tools.validation.findings import Finding
from tools.validation.truenorth_reference import Core, Neuron, random_core

PARAMETERS = (
    *("leak", "stochastic_leak", "leak_reversal", "threshold", "threshold_mask"),
    *("negative_threshold", "negative_saturation", "reset_mode", "reset_value"),
)
AXONS, NEURONS, TICKS, CORES = 40, 48, 120, 4
Raster = NDArray[np.uint8]


def network(core: Core) -> Network:
    """A core on the coprocessor: an input "axons" and a population "neurons"."""
    made = Network()
    made.input("axons", len(core.types))
    values: dict[str, Any] = {name: [getattr(neuron, name) for neuron in core.neurons] for name in PARAMETERS}
    made.population("neurons", len(core.neurons), "TN", width=20, **values)
    weights = [neuron.weights for neuron in core.neurons]
    stochastic = [neuron.stochastic for neuron in core.neurons]
    made.crossbar("axons", "neurons", core.connections, core.types, weights, stochastic)
    return made


def differing_bits(core: Core, seed: int) -> tuple[int, int]:
    """Spikes and last potentials that differ under random input, and the number of spikes."""
    mine = network(core)
    chosen = random.Random(seed)
    events = [[int(chosen.random() < 0.3) for _ in core.types] for _ in range(TICKS)]
    raster = mine.run(events)["neurons"]
    expected = np.array([core.tick(axons) for axons in events])
    last = np.array([neuron.v for neuron in core.neurons])
    wrong = int((raster != expected).sum()) + int((mine.state("neurons")["v"] != last).sum())
    return wrong, int(expected.sum())


def alone(
    steps: int, events: ArrayLike | None = None, *, weight: int = 1, stochastic: int = 0, **values: int
) -> Raster:
    """The spikes [steps] of one neuron behind one axon."""
    core = Core([0], [[1]], [Neuron([weight, 0, 0, 0], [stochastic, 0, 0, 0], **values)])
    axons = np.zeros(steps, dtype=np.uint8) if events is None else np.asarray(events, dtype=np.uint8)
    return network(core).run(axons[:, None])["neurons"][:, 0]


def once(steps: int) -> Raster:
    """One event in the first tick."""
    events = np.zeros(steps, dtype=np.uint8)
    events[0] = 1
    return events


def standard_errors(found: int, trials: int, probability: float) -> float:
    """Deviation of a count from its binomial mean."""
    return abs(found - trials * probability) / math.sqrt(trials * probability * (1 - probability))


# Stochastic modes: deviation from the analytic probability in standard errors -----------------------------------------
def stochastic_synapse() -> float:
    """A synapse of weight w counts 1 with probability (w + 1)/256, for |w| >= rho in 0..255."""
    trials, worst = 20_000, 0.0
    for weight in (0, 1, 31, 128, 200, 255):
        spikes = int(alone(trials, np.ones(trials), weight=weight, stochastic=1, threshold=1, reset_mode=1).sum())
        chance = (weight + 1) / 256 if weight else 0.0
        worst = max(
            worst, standard_errors(spikes, trials, chance) if 0 < chance < 1 else float(spikes != trials * chance)
        )
    return worst


def stochastic_leak() -> float:
    """A stochastic leak drifts by (lambda + 1)/256 a tick."""
    trials = 20_000
    spikes = {leak: int(alone(trials, leak=leak, stochastic_leak=1, reset_mode=1).sum()) for leak in (3, 64, 190)}
    return max(standard_errors(found, trials, (leak + 1) / 256) for leak, found in spikes.items())


def stochastic_threshold() -> float:
    """A potential v above alpha spikes with probability (v - alpha + 1)/(M + 1) if nothing resets it."""
    trials, worst = 20_000, 0.0
    for mask, above in ((255, 9), (63, 40), (1023, 240)):
        spikes = alone(trials, once(trials), weight=above, threshold=0, threshold_mask=mask, reset_mode=2)
        worst = max(worst, standard_errors(int(spikes.sum()), trials, (above + 1) / (mask + 1)))
    return worst


# Behaviours: deviation from what the paper describes, in spikes or ticks ----------------------------------------------
def tonic() -> float:
    """Tonic spiking: a leak of 7 reaches a threshold of 100 every 15 ticks."""
    times = np.nonzero(alone(1000, leak=7, threshold=100))[0]
    return float(abs(times[0] - 14) + np.abs(np.diff(times) - 15).max())


def rate_division() -> float:
    """Linear reset: after n events of weight 3 a threshold of 10 was reached floor(3 n/10) times, always."""
    events = (np.random.default_rng(1).random(2000) < 0.6).astype(np.uint8)
    spikes = alone(2000, events, weight=3, threshold=10, reset_mode=1)
    return float(np.abs(np.cumsum(spikes) - 3 * np.cumsum(events) // 10).max())


def decay() -> float:
    """Leak reversal: from +50 and from -50 a leak of -8 reaches 0 in 7 ticks and stays."""
    worst = 0
    for start in (50, -50):
        made = network(Core([0], [[1]], [Neuron([start] * 4, [0] * 4, -8, 0, 1, 1000, negative_threshold=1000)]))
        path = []
        for tick in range(12):
            made.run([[int(tick == 0)]])
            path.append(int(made.state("neurons")["v"][0]))
        expected = [math.copysign(max(0, 50 - 8 * (tick + 1)), start) for tick in range(12)]
        worst = max(worst, *(int(abs(a - b)) for a, b in zip(path, expected, strict=True)))
    return float(worst)


def saturation() -> float:
    """Negative saturation: inhibition beyond -beta is forgotten, so 30 events of +1 always bring a spike."""
    worst = 0
    for inhibition in (5, 50, 200):
        core = Core([0, 1], [[1], [1]], [Neuron([1, -100, 0, 0], [0] * 4, 0, 0, 0, 10, 0, 20, 1)])
        axons = [[0, 1]] * inhibition + [[1, 0]] * 40
        first = int(network(core).run(axons)["neurons"][:, 0].argmax())
        worst = max(worst, abs(first - (inhibition + 29)))
    return float(worst)


def bistable() -> float:
    """No reset: one event switches the neuron on for good, one inhibitory event off."""
    core = Core([0, 1], [[1], [1]], [Neuron([20, -20, 0, 0], [0] * 4, threshold=20, reset_mode=2)])
    axons = np.zeros((300, 2), dtype=np.uint8)
    axons[50, 0] = axons[120, 1] = axons[200, 0] = axons[260, 1] = 1
    expected = np.zeros(300, dtype=np.uint8)
    expected[50:120] = expected[200:260] = 1
    return float((network(core).run(axons)["neurons"][:, 0] != expected).sum())


def rebound() -> float:
    """Normal reset below -beta goes to -R: with R = -alpha inhibition brings a spike in the next tick."""
    events = np.zeros(100, dtype=np.uint8)
    events[[20, 60]] = 1
    spikes = alone(100, events, weight=-50, threshold=30, negative_threshold=40, reset_value=-30)
    expected = np.zeros(100, dtype=np.uint8)
    expected[[21, 61]] = 1
    return float((spikes != expected).sum())


def poisson() -> float:
    """Stochastic threshold, no reset: intervals are geometric; their CV is sqrt(1 - p)."""
    spikes = alone(40_000, once(40_000), weight=12, threshold=0, threshold_mask=255, reset_mode=2)
    intervals = np.diff(np.nonzero(spikes)[0])
    return float(100 * abs(intervals.std() / intervals.mean() / math.sqrt(1 - 13 / 256) - 1))


STOCHASTIC = (stochastic_synapse, stochastic_leak, stochastic_threshold)
BEHAVIOURS = (tonic, rate_division, decay, saturation, bistable, rebound)


def findings() -> list[Finding]:
    """Random cores, probabilities, behaviours."""
    made = []
    for stochastic in (False, True):
        results = [differing_bits(random_core(AXONS, NEURONS, stochastic, seed), seed) for seed in range(CORES)]
        extent = f"{CORES} cores of {AXONS} x {NEURONS}, {TICKS} ticks, {sum(n for _, n in results)} spikes, potentials"
        what = f"TN, random cores, {'all modes' if stochastic else 'deterministic modes'}"
        made.append(Finding(what, extent, sum(wrong for wrong, _ in results), 0, "values", "bit exact"))
    chance = "chance: one in 16,000 if the probability is right"
    made += [Finding(f"TN, {_name(case)}", _first(case), case(), 4, "standard errors", chance) for case in STOCHASTIC]
    made += [Finding(f"TN, {_name(case)}", _first(case), case(), 0, "ticks", "exact") for case in BEHAVIOURS]
    made.append(Finding("TN, Poisson-like spikes", _first(poisson), poisson(), 5, "%", "about 2,000 intervals"))
    return made


def _name(case: Any) -> str:
    return str(case.__name__).replace("_", " ")


def _first(case: Any) -> str:
    return str(case.__doc__).rstrip(".")
