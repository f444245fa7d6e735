"""Plasticity rules against float64: pair STDP, R-STDP and e-prop, and the competition of synapses.

The equations are in `stdp_reference`; runs of Brian2 on the same spikes are stored in `data/stdp.json`
(`stdp_brian2.py`).
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from coprocessor import Network
from tools.validation.findings import Finding
from tools.validation.stdp_brian2 import PAIRS, STEPS, SYNAPSES, gold_spikes
from tools.validation.stdp_brian2 import STORED as BRIAN2
from tools.validation.stdp_reference import Floats, Raster, Window, competition, pair_sum, rewarded, two_groups

IMPULSE = 2048
"""Of a trace: 8 in u7.8, so that sixteen spikes fit."""


def retention(tau: float) -> int:
    """exp(-1/tau) in 1/4096."""
    return round(4096 * math.exp(-1 / tau))


def plastic(n: int, kind: str, window: Window, shift: int, impulse: int = IMPULSE, **parameters: Any) -> Network:
    """n synapses "s" from input "pre" to neurons that spike when input "post" does, with rule "r" of this window.

    A spike one step before meets the whole impulse, so the amplitudes have the decay of that step in them.
    """
    made = Network()
    made.input("pre", n)
    made.input("post", n)
    made.population("y", n, "LIF", membrane_retention=0, threshold=1 << 14)
    made.sparse("pre", "y", range(n + 1), range(n), np.zeros(n, dtype=np.int8), name="s")
    made.one_to_one("post", "y", np.full(n, 127), exponent=8)
    made.plasticity(
        kind,
        "s",
        name="r",
        pre_amplitude=round(window.plus * math.exp(-1 / window.tau_plus) * 2**shift / impulse),
        post_amplitude=round(window.minus * math.exp(-1 / window.tau_minus) * 2**shift / impulse),
        shift=shift,
        pre_retention=retention(window.tau_plus),
        post_retention=retention(window.tau_minus),
        pre_impulse=impulse,
        post_impulse=impulse,
        **parameters,
    )
    return made


def weights(network: Network) -> Floats:
    """The present weights of projection "s"."""
    return np.asarray(network.weights("s").weights, dtype=np.float64).squeeze()  # type: ignore[attr-defined]


def eligibility(network: Network) -> Floats:
    """The present eligibility [n]."""
    return network.traces("r")["eligibility"].astype(np.float64)


def window_deviation() -> float:
    """Pair STDP, one pair a synapse, 80 steps to either side."""
    window = Window(100, 80, 20, 30)
    later = np.arange(-80, 81)
    pre, post = np.zeros((2, 200, len(later)), dtype=np.uint8)
    pre[100], post[100 + later, np.arange(len(later))] = 1, 1
    network = plastic(len(later), "pair", window, 20, 16384, rounding="half_up")
    network.run({"pre": pre, "post": post})
    return float(np.abs(weights(network) - window(later.astype(float))).max())


def summed(pre: Raster, post: Raster, window: Window, *, nearest: bool = False) -> Floats:
    """Sums over pairs [synapses] in the unit of the window, kept 1/64 fine by an eligibility that does not decay."""
    fine = Window(64 * window.plus, 64 * window.minus, window.tau_plus, window.tau_minus)
    network = plastic(pre.shape[1], "reward", fine, 16, rounding="stochastic", nearest=int(nearest))
    network.run({"pre": pre, "post": post})
    return eligibility(network) / 64


def relative(mine: Floats, other: Floats) -> float:
    """Root mean square of the difference over that of the values, in percent."""
    return float(100 * np.sqrt(((mine - other) ** 2).mean() / (other**2).mean()))


def pair_weights() -> float:
    """8-bit weights by pair STDP with stochastic rounding: the mean over synapses, in standard errors."""
    pre, post = gold_spikes()
    network = plastic(SYNAPSES, "pair", PAIRS, 20, rounding="stochastic")
    network.run({"pre": pre, "post": post})
    difference = weights(network) - [pair_sum(a, b, PAIRS) for a, b in zip(pre.T, post.T, strict=True)]
    return float(abs(difference.mean()) / (difference.std(ddof=1) / math.sqrt(SYNAPSES)))


def reward_deviation() -> tuple[float, float]:
    """R-STDP: eligibility in percent, weights in units, after rewards at four times."""
    pre, post = gold_spikes()
    window, shift = Window(600, 500, 20, 30), 7
    network = plastic(
        SYNAPSES, "reward", window, 14, rounding="stochastic", eligibility_retention=retention(200), reward_shift=shift
    )
    rewards = np.zeros(STEPS)
    rewards[[249, 499, 749, 999]] = 1, -1, 2, 1
    for step in range(0, STEPS, 250):
        part = slice(step, step + 249)
        network.run({"pre": pre[part], "post": post[part]})
        last = slice(step + 249, step + 250)
        network.run({"pre": pre[last], "post": post[last]}, reward=int(rewards[step + 249]))
    expected = rewarded(pre, post, window, 200, rewards / 2**shift)
    return relative(eligibility(network), expected.eligibility), float(
        np.abs(weights(network) - expected.weights).max()
    )


def eprop() -> tuple[float, float]:
    """e-prop: mean weight change by learning signal x surrogate x pre trace in standard errors, and the largest
    difference of the surrogate's staircase from a triangle, in percent of its peak."""
    n, steps, shift = 4000, 400, 3
    potentials = np.arange(-600, 601, 50)
    m = len(potentials)
    signal = np.where(np.arange(m) % 2, 90, -70)
    network = Network()
    network.input("pre", n)
    network.input("drive", m, encoding="graded", largest=1000)
    network.population("y", m, "LIF", membrane_retention=0, threshold=0, reset="hold")
    network.dense("pre", "y", np.zeros((n, m), dtype=np.int8), name="s")
    network.one_to_one("drive", "y")
    network.plasticity(
        "eprop",
        "s",
        name="r",
        shift=shift,
        surrogate_shift=7,
        pre_retention=retention(20),
        pre_impulse=256,
        rounding="floor",
    )
    network.traces("r")["signal"][:] = signal
    # All weights are 0 when the only spikes arrive, so the potentials stay those of the input.
    spikes = np.zeros((steps, n), dtype=np.uint8)
    spikes[0] = 1
    drive = np.tile(potentials, (steps, 1))
    network.run({"pre": spikes, "drive": drive})
    change = weights(network)
    staircase = np.maximum(0, 4 - np.floor(np.abs(potentials) / 128))
    trace, total = 256.0, np.zeros(m)
    for _ in range(1, steps):
        chance = np.floor(np.abs(signal) * staircase * trace / 2**shift) / 65536
        total += np.sign(signal) * chance
        trace = math.floor(trace * retention(20) / 4096)
    error = np.maximum(change.std(axis=0, ddof=1) / math.sqrt(n), 1e-9)
    triangle = 4 * np.maximum(0, 1 - np.abs(potentials) / 512)
    surrogate = float(100 * np.abs(staircase - triangle).max() / 4)
    moved = np.abs(total) > 0
    quiet = float(np.abs(change[:, ~moved]).max()) if (~moved).any() else 0.0
    return float((np.abs(change.mean(axis=0) - total) / error)[moved].max()) + quiet, surrogate


def competing() -> dict[str, float]:
    """Song, Miller and Abbott 2000: correlated synapses win. Means of the two halves, and what differs from float64."""
    synapses, steps, largest, threshold = 200, 20_000, 100, 1500
    window, tau, shift = Window(1.0, 1.05, 20, 20), 20, 20
    spikes = two_groups(synapses, steps, 0.02, 0.4, 4)
    amplitudes = [round(a * math.exp(-1 / tau) * 2**shift / IMPULSE) for a in (window.plus, window.minus)]
    network = Network(steps=4096)
    network.input("pre", synapses)
    network.population("y", 1, "LIF", membrane_retention=retention(tau), threshold=threshold)
    network.dense("pre", "y", np.full((synapses, 1), largest // 2), name="s", delay=1)
    network.plasticity(
        "pair",
        "s",
        rounding="stochastic",
        shift=shift,
        smallest=0,
        largest=largest,
        pre_amplitude=amplitudes[0],
        post_amplitude=amplitudes[1],
        pre_retention=retention(tau),
        post_retention=retention(tau),
        pre_impulse=IMPULSE,
        post_impulse=IMPULSE,
    )
    network.run(spikes)
    mine = groups(weights(network))
    found = {"winners": mine[0], "losers": mine[1]}
    for name, whole in (("whole", True), ("exact", False)):
        theirs = groups(competition(spikes, window, largest, threshold, retention(tau) / 4096, whole=whole)[0])
        found[name] = max(abs(a - b) for a, b in zip(mine, theirs, strict=True))
    return found


def groups(w: Floats) -> tuple[float, float]:
    """Mean weights of the first and of the second half."""
    return float(w[: len(w) // 2].mean()), float(w[len(w) // 2 :].mean())


def findings() -> list[Finding]:
    """All rules."""
    pre, post = gold_spikes()
    columns = list(zip(pre.T, post.T, strict=True))
    every, nearest = summed(pre, post, PAIRS), summed(pre, post, PAIRS, nearest=True)
    pairs, last = (np.array([pair_sum(a, b, PAIRS, nearest=kind) for a, b in columns]) for kind in (False, True))
    stored = json.loads(BRIAN2.read_text(encoding="utf-8"))
    spikes = f"{SYNAPSES} synapses, {STEPS} steps, {int(pre.sum() + post.sum())} Poisson spikes"
    halves, of_hundred = "200 synapses, half of them correlated, 20,000 steps", "of 100"
    e, w = reward_deviation()
    change, surrogate = eprop()
    song = competing()
    return [
        Finding("STDP window, A+ 100, A- 80", "161 distances -80..80", window_deviation(), 0.6, "units of the weight",
                "half a unit of the 8-bit weight, and the trace"),
        Finding("STDP, all pairs", spikes, relative(every, pairs), 2, "%", "retentions and traces"),
        Finding("STDP, nearest pairs", spikes, relative(nearest, last), 2, "%", "retentions and traces"),
        Finding(f"STDP, all pairs, against Brian2 {stored['version']}", spikes, relative(every, np.array(stored["w"])),
                2, "%", "as before"),
        Finding("STDP, 8-bit weights, mean", spikes, pair_weights(), 4, "standard errors", "stochastic rounding"),
        Finding("R-STDP, eligibility", f"{spikes}, 4 rewards", e, 3, "%", "retentions, traces, rounding of e"),
        Finding("R-STDP, weights", f"{spikes}, 4 rewards", w, 4, "units of the weight", "4 random roundings and e"),
        Finding("e-prop, mean change", "4000 synapses x 25 potentials", change, 4.5, "standard errors",
                "updates are random; 25 means"),
        Finding("e-prop, surrogate against a triangle", "25 potentials", surrogate, 25, "% of the peak",
                "a staircase of four steps"),
        Finding("competition, 8-bit weights in float64: mean of a half", halves, song["whole"], 4, of_hundred,
                "chaotic: each spike moves the next"),
        Finding("competition, exact weights in float64: mean of a half", halves, song["exact"], 10, of_hundred,
                "stochastic rounding spreads weights away from the limit 0"),
    ]  # fmt: skip
