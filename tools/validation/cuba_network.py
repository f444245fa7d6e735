"""The CUBA benchmark network (Vogels and Abbott 2005; Brette et al. 2007, benchmark 2) on the coprocessor.

Its physical constants are in `Cuba`, how they become integers is in `quantise`, the network itself is in `build`.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coprocessor import Network
from coprocessor.network import SparseRows

Pointers = NDArray[np.int64]
Fill = Callable[[int], NDArray[np.uint16]]
PAIRS_AT_ONCE = 1 << 22
"""Gaps between synapses are drawn for so many pairs of neurons at a time; what is left over is dropped."""
GAPS_AT_ONCE = 1 << 14
"""Bounds the memory while synapses are drawn, not the result."""


@dataclass(frozen=True)
class Cuba:
    """The network in mV and ms: leaky neurons, exponential synaptic currents, no delay.

        taum dv/dt = ge + gi - (v - El),  taue dge/dt = -ge,  taui dgi/dt = -gi
        v > Vt: v = Vr, held for `refractory`; each spike adds we to ge, or wi to gi, of its targets

    The values are those of Brette et al. 2007 (J. Comput. Neurosci. 23:349) as Brian2 documents them. Rest is above the
    threshold: neurons fire without input. Of n neurons the first `excitatory` part is excitatory, and each pair, a
    neuron with itself too, is connected with `probability`.
    """

    n: int = 4000
    excitatory: float = 0.8
    probability: float = 0.02
    membrane_tau: float = 20.0
    excitatory_tau: float = 5.0
    inhibitory_tau: float = 10.0
    threshold: float = -50.0
    reset: float = -60.0
    rest: float = -49.0
    refractory: float = 5.0
    excitatory_weight: float = 60 * 0.27 / 10
    inhibitory_weight: float = -20 * 4.5 / 10

    @classmethod
    def of_size(cls, n: int, synapses: float) -> Cuba:
        """n neurons with a mean of `synapses` synapses each; the weights keep the mean currents of 80 synapses."""
        scaled = 80 / synapses
        weights = (cls.excitatory_weight * scaled, cls.inhibitory_weight * scaled)
        return cls(n, probability=synapses / n, excitatory_weight=weights[0], inhibitory_weight=weights[1])

    @property
    def sources(self) -> int:
        """Number of excitatory neurons."""
        return round(self.excitatory * self.n)


@dataclass(frozen=True)
class Quantised:
    """The constants of `Cuba` as the coprocessor has them; potentials count from rest, `scale` units are 1 mV."""

    scale: float
    membrane_retention: int
    excitatory_retention: int
    inhibitory_retention: int
    excitatory_weight: int
    excitatory_shift: int
    inhibitory_weight: int
    inhibitory_shift: int
    threshold: int
    reset: int
    bias: int
    refractory: int

    @property
    def neuron(self) -> dict[str, Any]:
        """The parameters of the LIF population, by their names in `Network.population`."""
        return {
            "membrane_retention": self.membrane_retention,
            "threshold": self.threshold,
            "reset_value": self.reset,
            "bias": self.bias,
            "refractory": self.refractory,
        }


def quantise(cuba: Cuba, dt: float = 0.1) -> Quantised:
    """Constants for steps of dt ms, from the exact solution over one step.

    With b = exp(-dt/tau) the exact step is v' = bm v + ce ge + ci gi, where c = (b - bm) taus/(taus - taum). Currents
    are kept times c, so that they are added with weight 1, and the scale is chosen so that both weights fit 8 bits
    well. Retentions are rounded to 1/4096; what that changes is compensated as far as constants can:

    - currents: the weight is changed so that the charge of a spike, weight/(1 - b), stays what it was;
    - membrane: the bias moves rest so that a neuron without input takes the time from reset to threshold that it took.
    """
    bm = math.exp(-dt / cuba.membrane_tau)
    kept = round(4096 * bm)
    weights, retentions = [], []
    for weight, tau in (
        (cuba.excitatory_weight, cuba.excitatory_tau),
        (cuba.inhibitory_weight, cuba.inhibitory_tau),
    ):
        b = math.exp(-dt / tau)
        retention = round(4096 * b)
        effect = weight * (b - bm) * tau / (tau - cuba.membrane_tau)
        weights.append(effect * (1 - retention / 4096) / (1 - b))
        retentions.append(retention)
    scale, (we, wi), (shift_e, shift_i) = _scale(*weights)
    reset, threshold = cuba.reset - cuba.rest, cuba.threshold - cuba.rest
    left = (threshold / reset) ** (math.log(kept / 4096) / math.log(bm))  # of the way to rest, after that time
    moved = (threshold - left * reset) / (1 - left)
    return Quantised(
        scale=scale,
        membrane_retention=kept,
        excitatory_retention=retentions[0],
        inhibitory_retention=retentions[1],
        excitatory_weight=we,
        excitatory_shift=shift_e,
        inhibitory_weight=wi,
        inhibitory_shift=shift_i,
        threshold=round(threshold * scale),
        reset=round(reset * scale),
        bias=round((1 - kept / 4096) * moved * scale),
        refractory=max(0, math.ceil(cuba.refractory / dt - 1e-9) - 1),  # a neuron that spikes now skips r - 1 updates
    )


def _scale(excitatory: float, inhibitory: float) -> tuple[float, tuple[int, int], tuple[int, int]]:
    """Units per mV (at least 2^19), 8-bit weights and left shifts whose quotient is nearest to that of the weights."""
    shift = max(0, math.ceil(math.log2(2**19 * excitatory / 64)))
    ratio = inhibitory / excitatory
    choices = [(e, round(ratio * e / 2**up), up) for e in range(64, 128) for up in range(-shift, 8)]
    fitting = [(e, i, up) for e, i, up in choices if 64 <= abs(i) <= 127]
    e, i, up = min(fitting, key=lambda choice: abs(choice[1] * 2.0 ** choice[2] / choice[0] / ratio - 1))
    return e * 2**shift / excitatory, (e, i), (shift, shift + up)


def connections(rows: int, columns: int, probability: float, random: np.random.Generator) -> tuple[Pointers, Fill]:
    """Each of rows x columns pairs with a probability: row pointers [rows + 1], and what makes the sorted columns.

    The columns are made again, from a copy of the generator, when they are asked for: fill(k) gives the next k.
    """
    again = copy.deepcopy(random)
    counts = np.zeros(rows, dtype=np.int64)
    for row, _ in _pairs(rows, columns, probability, random):
        counts += np.bincount(row, minlength=rows)
    made = _pairs(rows, columns, probability, again)
    rest = np.empty(0, dtype=np.uint16)

    def fill(count: int) -> NDArray[np.uint16]:
        nonlocal rest
        parts = [rest]
        while sum(map(len, parts)) < count:
            parts.append(next(made)[1].astype(np.uint16))
        ready = np.concatenate(parts)
        rest = ready[count:].copy()
        return ready[:count]

    return np.concatenate([[0], np.cumsum(counts)]), fill


def _pairs(
    rows: int, columns: int, probability: float, random: np.random.Generator
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Connected pairs (row, column) in order, block by block: distances between them are drawn (geometric)."""
    pairs, last = rows * columns, -1
    while last < pairs:
        block = int(PAIRS_AT_ONCE * probability) + 1
        for first in range(0, block, GAPS_AT_ONCE):
            gaps = random.geometric(probability, min(GAPS_AT_ONCE, block - first))
            gaps[0] += last
            places = np.cumsum(gaps, out=gaps)
            last = int(places[-1])
            yield np.divmod(places if last < pairs else places[places < pairs], columns)


def build(
    n: int = 4000,
    *,
    synapses: float | None = None,
    seed: int = 1,
    dt: float = 0.1,
    record: bool = True,
    steps: int = 256,
) -> Network:
    """The network with random synapses and random first potentials; its population of spikes is "neurons".

    `synapses` is the mean number of synapses of a neuron (default 0.02 n, 80 of 4,000); weights are scaled by 80 over
    that number, which keeps the mean currents. `dt` is in ms, `steps` is the length of the stream buffers,
    `record=False` leaves spikes out of results. Equal arguments give equal networks. `reset()` of the network sets all
    potentials to rest; call `scatter` after it for a new start.
    """
    cuba = Cuba.of_size(n, 0.02 * n if synapses is None else synapses)
    q = quantise(cuba, dt)
    random = np.random.default_rng(seed)
    network = Network(steps=steps)
    for name, retention in (("excitation", q.excitatory_retention), ("inhibition", q.inhibitory_retention)):
        network.population(
            name,
            cuba.n,
            "LI",
            membrane_retention=retention,
            rounding="floor",
            record=False,
            count=False,
            adds_to="neurons",
        )
    network.population(
        "neurons",
        cuba.n,
        "LIF",
        **q.neuron,
        rounding="floor",
        record=record,
        count=True,
    )
    first, n = cuba.sources, cuba.n
    for name, begin, end, weight, exponent in (
        ("excitation", 0, first, q.excitatory_weight, q.excitatory_shift),
        ("inhibition", first, n, q.inhibitory_weight, q.inhibitory_shift),
    ):
        pointers, fill = connections(end - begin, n, cuba.probability, random)
        rows = np.concatenate([np.zeros(begin, dtype=np.int64), pointers, np.full(n - end, pointers[-1])])
        synapses_of = SparseRows(rows, _synapses(rows, fill, weight))
        network.sparse("neurons", name, synapses_of, exponent=exponent, previous=True)
    scatter(network, q, random)
    return network


def _synapses(
    pointers: Pointers, fill: Fill, weight: int
) -> Callable[[int, int], tuple[NDArray[np.uint16], NDArray[np.int8]]]:
    """Rows that are made when the network is: columns of `fill`, all with one weight."""

    def rows(first: int, last: int) -> tuple[NDArray[np.uint16], NDArray[np.int8]]:
        count = int(pointers[last] - pointers[first])
        return fill(count), np.full(count, weight, dtype=np.int8)

    return rows


def scatter(network: Network, q: Quantised, random: np.random.Generator) -> None:
    """Set every potential evenly between reset and threshold, all currents to 0."""
    state = network.state("neurons")
    state["v"][:] = np.rint(q.reset + random.random(len(state["v"])) * (q.threshold - q.reset)).astype(np.int32)
