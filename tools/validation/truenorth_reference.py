"""The TrueNorth neuron and crossbar as Cassidy et al. (IJCNN 2013) define them, one scalar at a time.

The order of random draws (axons first, then neurons) and the generator are the coprocessor's, so that stochastic modes
can be compared bit by bit. A reversed leak that would cross 0 stops there, as IBM's behaviour reference demands.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field


class Xorshift:
    """Marsaglia's 32-bit generator (J. Stat. Software 8(14), 2003: shifts 13, 17, 5); numbers are its highest bits."""

    def __init__(self, seed: int) -> None:
        self._state = seed

    def bits(self, count: int) -> int:
        """A number of `count` bits."""
        x = self._state
        x = x ^ (x << 13) % 2**32
        x = x ^ x // 2**17
        x = x ^ (x << 5) % 2**32
        self._state = x
        return x >> 32 - count


def sign(x: int) -> int:
    """-1, 0 or 1."""
    return 1 if x > 0 else -1 if x < 0 else 0


@dataclass
class Neuron:
    """One neuron; the names in comments are the paper's."""

    weights: list[int]  # s_j^G, of the four axon types
    stochastic: list[int]  # b_j^G
    leak: int = 0  # lambda_j
    stochastic_leak: int = 0  # c_j
    leak_reversal: int = 0  # epsilon_j
    threshold: int = 1  # alpha_j
    threshold_mask: int = 0  # M_j
    negative_threshold: int = 0  # beta_j
    negative_saturation: int = 0  # kappa_j
    reset_mode: int = 0  # gamma_j: 0 to R, 1 linear, 2 none
    reset_value: int = 0  # R_j
    v: int = 0

    def synapse(self, axon_type: int, source: Xorshift) -> None:
        """Integrate an event of an axon."""
        weight = self.weights[axon_type]
        if self.stochastic[axon_type]:
            weight = sign(weight) if abs(weight) >= source.bits(8) else 0
        self.v += weight

    def tick(self, source: Xorshift) -> bool:
        """Leak, threshold and reset; whether it spikes."""
        direction = sign(self.v) if self.leak_reversal else 1
        leak = self.leak
        if self.stochastic_leak:
            leak = sign(leak) if abs(leak) >= source.bits(8) else 0
        before, self.v = self.v, self.v + direction * leak
        if self.leak_reversal and before * self.v < 0:
            self.v = 0
        drawn = source.bits(17) & self.threshold_mask if self.threshold_mask else 0
        if self.v >= self.threshold + drawn:
            self.v = {0: self.reset_value, 1: self.v - self.threshold - drawn, 2: self.v}[self.reset_mode]
            return True
        if self.negative_saturation:
            self.v = max(self.v, -self.negative_threshold)
        elif self.v < -(self.negative_threshold + drawn):
            low = self.negative_threshold + drawn
            self.v = {0: -self.reset_value, 1: self.v + low, 2: self.v}[self.reset_mode]
        return False


@dataclass
class Core:
    """Axons with a type and a row of connections [axons][neurons], and neurons."""

    types: list[int]
    connections: list[list[int]]
    neurons: list[Neuron]
    source: Xorshift = field(default_factory=lambda: Xorshift(0x6E6D0001))

    def tick(self, axons: list[int]) -> list[bool]:
        """One tick with events [axons] of 0 and 1; the spikes of all neurons."""
        for axon, event in enumerate(axons):
            for neuron, connected in zip(self.neurons, self.connections[axon] if event else [], strict=bool(event)):
                if connected:
                    neuron.synapse(self.types[axon], self.source)
        return [neuron.tick(self.source) for neuron in self.neurons]


def random_core(axons: int, neurons: int, stochastic: bool, seed: int) -> Core:
    """A core with all modes; without `stochastic` nothing is drawn."""
    chosen = random.Random(seed)

    def flag() -> int:
        return chosen.randrange(2) if stochastic else 0

    made = [
        Neuron(
            weights=[chosen.randrange(-50, 56) for _ in range(4)],
            stochastic=[flag() for _ in range(4)],
            leak=chosen.randrange(-30, 31),
            stochastic_leak=flag(),
            leak_reversal=chosen.randrange(2),
            threshold=chosen.randrange(20, 250),
            threshold_mask=chosen.choice([0, 1, 15, 127, 255]) if stochastic else 0,
            negative_threshold=chosen.randrange(0, 300),
            negative_saturation=chosen.randrange(2),
            reset_mode=chosen.choice([0, 0, 0, 1, 1, 1, 2]),
            reset_value=chosen.randrange(-40, 40),
        )
        for _ in range(neurons)
    ]
    types = [chosen.randrange(4) for _ in range(axons)]
    return Core(types, [[int(chosen.random() < 0.3) for _ in range(neurons)] for _ in range(axons)], made)
