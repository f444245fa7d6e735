"""The engine equals firmware made of register-level instructions (1.7 a): every profile and every rule."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from coprocessor.golden.memory import Memory
from coprocessor.golden.population import read_population
from coprocessor.golden.rule import read_rule
from coprocessor.interface import Operation
from tests.coprocessor.implementations import BASE, IMPLEMENTATIONS, Machine, words_of
from tests.coprocessor.random_network import RandomNetwork
from tests.effort import EFFORT

KINDS = pytest.mark.parametrize("kind", IMPLEMENTATIONS, ids=["native", "golden"])
MASK = 0xFFFF_FFFF


def s16(x: int) -> int:
    """16 bits as a signed number."""
    return (x & 0xFFFF ^ 0x8000) - 0x8000


def s32(x: int) -> int:
    """32 bits as a signed number."""
    return (x & MASK ^ 1 << 31) - (1 << 31)


def spike(machine: Machine) -> int:
    """The spike pushed last."""
    return machine.read("spk") >> 31


def firmware_neuron(machine: Machine, profile: int, words: list[int], a: int, old_current: bool) -> tuple[int, int]:
    """The sequences of the table in 3.2 on u32 state words; gives s and g."""
    unit = machine.unit
    kv, kr = machine.read("p0") >> 16, machine.read("p3") >> 16
    if profile == 0:
        words[0] = unit.thr(unit.integ(words[0], a))
    elif profile == 1:
        words[0] = unit.thr(unit.integ(unit.dec(words[0], kv), a))
    elif profile in (2, 3):
        u = unit.cubi(words[0], a)
        words[1] = unit.cubv(words[1], words[0] if old_current else u)
        words[0] = u
        if profile == 2:
            words[1] = unit.thr(words[1])
        else:
            words[2] = unit.athd(words[2])
            words[3] = unit.dec(words[3], kr)
            if unit.cmp((words[1] - words[3]) & MASK, words[2]):
                words[3] = (words[3] + 2 * words[2]) & MASK
                words[2] = (words[2] + machine.read("vrst")) & MASK
    elif profile == 4:
        words[0] = unit.izh(words[0], a)
    elif profile == 5:
        words[0] = unit.tn(words[0], a)
    elif profile == 6:
        words[0] = unit.integ(unit.dec(words[0], kv), a)
        return 0, words[0]
    else:
        words[0] = unit.sdsig(words[0], a)
        y = unit.sdact(words[0])
        d = (y - words[1] + words[2]) & MASK
        g = unit.sdthr(d)
        words[2] = (d - g) & MASK
        words[1] = y
        return spike(machine), g
    return spike(machine), spike(machine)


@KINDS
@pytest.mark.parametrize("seed", range(60 * EFFORT))
def test_profiles(kind: Any, seed: int) -> None:
    random = Random(seed)
    network = RandomNetwork(random)
    engine, firmware = Machine(kind, network.image.ram), Machine(kind, network.image.ram)
    for machine in (engine, firmware):
        machine.write("slice", 0)
        machine.write("rng", seed + 1)
    address = random.choice(network.populations).address
    result = engine.run(Operation.UPD, address)
    p = read_population(_memory(firmware), address)
    names = ("p0", "p1", "p2", "p3", "vth", "vrst")
    fixed = words_of(firmware.ram, address + 16, 6)
    spikes = 0
    for i in range(p.n):
        own = {q: words_of(firmware.ram, p.parameter_address(q, i), 1)[0] for q in p.replaced}
        for q, name in enumerate(names):
            firmware.write(name, own.get(q, fixed[q]))
        firmware.write("mode", p.parameters.mode)
        places = [p.state + 4 * (k * p.n + i) for k in range(p.state_words)]
        words = [words_of(firmware.ram, place, 1)[0] for place in places]
        a = words_of(firmware.ram, p.cur + 4 * i, 1)[0]
        if p.refractory and s32(words[-1]) > 0:
            words[-1] -= 1
            if p.profile == 2:
                words[0] = firmware.unit.cubi(words[0], a)
        else:
            s, _ = firmware_neuron(firmware, p.profile, words, a, p.parameters.old_current)
            spikes += s
            if p.refractory:
                words[-1] = p.refractory if s else 0
        assert words == [words_of(engine.ram, place, 1)[0] for place in places], i
    assert result == spikes
    assert engine.read("rng") == firmware.read("rng")


def _memory(machine: Machine) -> Memory:
    """The golden memory over a machine's RAM, to read descriptors with."""
    return Memory(machine.ram, BASE)


class FirmwareRule:
    """A learn operation as firmware: loads and stores in Python, every kernel a register-level instruction."""

    def __init__(self, machine: Machine, address: int) -> None:
        self.machine, self.unit = machine, machine.unit
        self.rule = read_rule(_memory(machine), address)
        for name, word in zip(
            ("lmode", "wlim", "l0", "l1", "l2", "l3"), words_of(machine.ram, address + 12, 6), strict=True
        ):
            machine.write(name, word)

    def load(self, address: int, size: int) -> int:
        return int.from_bytes(self.machine.ram[address - BASE : address - BASE + size], "little")

    def store(self, address: int, size: int, value: int) -> None:
        self.machine.ram[address - BASE : address - BASE + size] = (value & (1 << 8 * size) - 1).to_bytes(
            size, "little"
        )

    def spike(self, address: int, index: int) -> int:
        return self.load(address + 4 * (index // 32), 4) >> index % 32 & 1

    def synapses(self, i: int) -> list[tuple[int, int, int]]:
        """Post index, weight address, eligibility address of row i."""
        p, rule = self.rule.projection, self.rule
        if p.format == 4:
            first, last = self.load(p.rows + 4 * i, 4), self.load(p.rows + 4 * i + 4, 4)
            return [
                (self.load(p.columns + 2 * e, 2), p.weights + e, rule.eligibility + 2 * e) for e in range(first, last)
            ]
        pitch = 4 * -(-p.n_post // 4)
        m = p.n_post
        return [(j, p.weights + i * pitch + j, rule.eligibility + 2 * (i * m + j)) for j in range(m)]

    def row(self, i: int, a: int, x: int, output: int, reward: int) -> None:
        """Phase 0 for one row of rules 0, 1, 3, 4."""
        rule, unit = self.rule, self.unit
        sh = rule.learning.sh
        for j, weight, eligibility in self.synapses(i):
            b, w = self.spike(output, j), self.load(weight, 1)
            w = (w ^ 0x80) - 0x80 & MASK
            y = self.load(rule.post_traces + 2 * j, 2) if rule.post_traces else 0
            dw = ((rule.ap * x if b else 0) - (rule.am * y if a else 0)) & MASK
            if rule.kind == 0 and (a or b):
                self.store(weight, 1, unit.stdw(w, dw, sh))
            elif rule.kind == 1:
                e = unit.eld(s16(self.load(eligibility, 2)) & MASK, dw, sh << 16 | rule.ke)
                self.store(eligibility, 2, e)
                if reward:
                    self.store(weight, 1, unit.stdw(w, reward * s32(e) & MASK, rule.shr))
            elif rule.kind == 3 and a:
                self.store(weight, 1, unit.wadd8(w & 0xFF, unit.sdsp(self.membrane(j), y) & 0xFF))
            elif rule.kind == 4 and x:
                self.machine.write("vth", self.threshold(j))
                signal = self.load(rule.signal + 4 * j, 4)
                error = signal * unit.eph(self.membrane(j)) & MASK
                if abs(s32(error)) * x:
                    self.store(weight, 1, unit.epw(w, error, x))

    def membrane(self, j: int) -> int:
        """V_j."""
        p = self.rule.population
        return self.load(p.state + 4 * ((p.n if p.profile in (2, 3) else 0) + j), 4)

    def threshold(self, j: int) -> int:
        """VTH_j."""
        p = self.rule.population
        return self.load(p.parameter_address(4, j), 4) if 4 in p.replaced else p.parameters.vth_word

    def binary_row(self, i: int, a: int, output: int) -> None:
        """Phase 0 for one row of rule 2."""
        m = self.rule.projection.n_post
        count = -(-m // 32)
        for g in range(count):
            place = self.rule.projection.weights + 4 * (i * count + g)
            gate = self.load(output + 4 * g, 4) & (1 << min(32, m - 32 * g)) - 1
            step = self.unit.bltp if a else self.unit.bltd
            self.store(place, 4, step(self.load(place, 4), gate))

    def traces(self, address: int, n: int, decay: int, impulse: int, spikes: int) -> None:
        """Phases 1, 2, two traces at a time; a missing odd partner is 0 and draws nothing."""
        for i in range(0, n, 2):
            pair = range(i, min(i + 2, n))
            x = sum(self.load(address + 2 * k, 2) << 16 * (k - i) for k in pair)
            x = self.unit.trd(x, decay | decay << 16)
            gate = sum(self.spike(spikes, k) << k - i for k in pair)
            if self.rule.learning.nearest:
                for k in range(2):
                    if gate >> k & 1:
                        x = x & ~(0xFFFF << 16 * k) | impulse << 16 * k
            else:
                x = self.unit.tri(x, sum(impulse << 16 * k for k in range(2) if gate >> k & 1))
            for k in pair:
                self.store(address + 2 * k, 2, x >> 16 * (k - i))

    def perform(self, reward: int) -> None:
        """The whole operation at nm_t = 0."""
        rule = self.rule
        p, output = rule.projection, rule.population.out
        source = p.source_address + (p.stride if p.source_mode == 3 else 0)
        m_bits = [self.spike(output, j) for j in range(p.n_post)]
        for i in range(p.n_pre):
            a = self.spike(source, i)
            x = self.load(rule.pre_traces + 2 * i, 2) if rule.pre_traces else 0
            if rule.kind == 2 and any(m_bits):
                self.binary_row(i, a, output)
            elif rule.kind != 2:
                self.row(i, a, x, output, reward)
        if rule.pre_traces:
            self.traces(rule.pre_traces, p.n_pre, rule.kx, rule.impx, source)
        if rule.post_traces:
            self.traces(rule.post_traces, p.n_post, rule.ky, rule.impy, output)


@KINDS
@pytest.mark.parametrize("seed", range(60 * EFFORT))
def test_rules(kind: Any, seed: int) -> None:
    random = Random(seed)
    network = RandomNetwork(random, largest=40)
    while not network.rules:
        network = RandomNetwork(random, largest=40)
    engine, firmware = Machine(kind, network.image.ram), Machine(kind, network.image.ram)
    for machine in (engine, firmware):
        machine.write("slice", 0)
        machine.write("rng", seed + 1)
    address = network.rules[0]
    reward = random.choice((0, random.getrandbits(16)))
    engine.run(Operation.LEARN, address, reward)
    FirmwareRule(firmware, address).perform(s16(reward))
    assert engine.ram == firmware.ram
    assert engine.read("rng") == firmware.read("rng")
