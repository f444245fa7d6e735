"""Networks as firmware (1.7 a): what loads, stores and counts is Python, every kernel a register-level instruction.

Generators yield before each unit (7.2), so that firmware can be stopped where an engine operation can.
"""

from __future__ import annotations

from collections.abc import Iterator

from coprocessor.golden.memory import Memory
from coprocessor.golden.network import read_network
from coprocessor.golden.population import Population
from coprocessor.golden.projection import Convolution, Delay, Format, Projection, Source
from coprocessor.golden.rule import Rule
from coprocessor.interface import Operation
from tests.coprocessor.implementations import BASE, Machine, words_of

MASK = 0xFFFF_FFFF
PARAMETERS = ("p0", "p1", "p2", "p3", "vth", "vrst")
COUNTED = ("sop", "nup", "spkin", "spkout", "wupd")
"""Counters (4.4) that firmware can keep, too; the others are the engine's own."""
GROUP = 32


def s16(x: int) -> int:
    """16 bits as a signed number."""
    return (x & 0xFFFF ^ 0x8000) - 0x8000


def s32(x: int) -> int:
    """32 bits as a signed number."""
    return (x & MASK ^ 1 << 31) - (1 << 31)


class Firmware:
    """A hart with memory: loads, stores, the CSRs and register-level instructions of `machine`."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.unit = machine, machine.unit
        self.counted = dict.fromkeys(COUNTED, 0)
        self.steps = self.result = 0

    def load(self, address: int, size: int = 4) -> int:
        """Bytes at an address as an unsigned number."""
        return int.from_bytes(self.machine.ram[address - BASE : address - BASE + size], "little")

    def store(self, address: int, size: int, value: int) -> None:
        """Store the low bytes of a number."""
        number = value & (1 << 8 * size) - 1
        self.machine.ram[address - BASE : address - BASE + size] = number.to_bytes(size, "little")

    def spike(self, address: int, index: int) -> int:
        """A bit of a bitmap."""
        return self.load(address + 4 * (index // 32)) >> index % 32 & 1

    def buffer(self, base: int, mode: int, stride: int) -> int:
        """Where a buffer is in this step (6.6)."""
        t = self.machine.read("t")
        return base + (0, t % 2, self.steps, (t - 1) % 2)[mode] * stride

    # Updates --------------------------------------------------------------------------------------------------------
    def neuron(self, profile: int, words: list[int], a: int, old_current: bool) -> int:
        """The sequences of the table in 3.2 on u32 state words; gives g. All but LI push s."""
        unit, read = self.unit, self.machine.read
        kv, kr = read("p0") >> 16, read("p3") >> 16
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
                    words[2] = (words[2] + read("vrst")) & MASK
        elif profile == 4:
            words[0] = unit.izh(words[0], a)
        elif profile == 5:
            words[0] = unit.tn(words[0], a)
        elif profile == 6:
            words[0] = unit.integ(unit.dec(words[0], kv), a)
            return words[0]
        else:
            words[0] = unit.sdsig(words[0], a)
            y = unit.sdact(words[0])
            d = (y - words[1] + words[2]) & MASK
            g = unit.sdthr(d)
            words[2] = (d - g) & MASK
            words[1] = y
            return g
        return read("spk") >> 31

    def refractory_neuron(self, p: Population, words: list[int], a: int) -> int:
        """`neuron` with the count of refractory steps as last word; gives g."""
        if s32(words[-1]) > 0:
            words[-1] -= 1
            if p.profile == 2:
                words[0] = self.unit.cubi(words[0], a)
            self.machine.write("spk", self.machine.read("spk") >> 1)
            return 0
        s = self.neuron(p.profile, words, a, p.parameters.old_current)
        words[-1] = p.refractory if s else 0
        return s

    def update(self, p: Population, counts: bool) -> Iterator[None]:
        """nm.upd: group by group. With `counts` its spikes are part of the result."""
        fixed = words_of(self.machine.ram, p.address + 16, len(PARAMETERS))
        slot = p.cur + 4 * p.n * (self.machine.read("t") % p.depth)
        out = self.buffer(p.out, p.output_mode, p.stride)
        self.machine.write("mode", p.parameters.mode)
        for first in range(0, p.n, GROUP):
            yield
            group = range(first, min(first + GROUP, p.n))
            for i in group:
                own = {q: self.load(p.parameter_address(q, i)) for q in p.replaced}
                for q, name in enumerate(PARAMETERS):
                    self.machine.write(name, own.get(q, fixed[q]))
                places = [p.state + 4 * (k * p.n + i) for k in range(p.state_words)]
                words = [self.load(place) for place in places]
                a = self.load(slot + 4 * i)
                if p.refractory:
                    g = self.refractory_neuron(p, words, a)
                else:
                    g = self.neuron(p.profile, words, a, p.parameters.old_current)
                for place, word in zip(places, words, strict=True):
                    self.store(place, 4, word)
                self.store(slot + 4 * i, 4, 0)
                if p.acc:
                    self.store(p.acc + 4 * i, 4, self.load(p.acc + 4 * i) + g)
                if p.out and p.graded:
                    self.store(out + 4 * i, 4, g)
            spikes = 0 if p.profile == 6 else self.machine.read("spk") >> GROUP - len(group)
            if p.out and not p.graded:
                self.store(out + first // 8, 4, spikes)
            self.counted["nup"] += len(group)
            self.counted["spkout"] += self.unit.popc(spikes)
            self.result += self.unit.popc(spikes) if counts else 0

    # Projections ----------------------------------------------------------------------------------------------------
    def active(self, p: Projection) -> Iterator[tuple[int, int] | None]:
        """The active rows in order, each as None before its unit and then (i, g)."""
        source = self.buffer(p.source_address, p.source_mode, p.stride)
        if p.source is Source.BITMAP:
            for w in range(-(-p.n_pre // 32)):
                word = self.load(source + 4 * w)
                while word:
                    i = 32 * w + self.unit.ffs(word)
                    word = self.unit.clrlsb(word)
                    if i < p.n_pre:
                        yield None
                        yield i, 1
        elif p.source is Source.AER:
            for k in range(self.load(source)):
                yield None
                yield self.unit.evad(self.load(source + 4 + 4 * k)), 1
        elif p.source is Source.GRADED:
            for i in range(p.n_pre):
                if g := self.load(source + 4 * i):
                    yield None
                    yield i, g
        else:
            while self.machine.run(Operation.QLEV, 0, p.source_address):
                yield None
                yield self.unit.evad(self.machine.run(Operation.POP, 0, p.source_address)), 1

    def synapses(self, p: Projection, i: int) -> Iterator[tuple[int, int, int]]:
        """Row i in storage order: j, w, and which nibble its delay is."""
        unit = self.unit
        if p.format <= Format.BINARY:
            gated = (unit.sacc8, unit.sacc4, unit.sacct, unit.saccb)[p.format]
            per_word = 4 << p.format
            start = p.weights + 4 * i * -(-p.n_post // per_word)
            nibbles = 8 * i * -(-p.n_post // 8)
            for j in range(p.n_post):
                yield j, gated(0, self.load(start + 4 * (j // per_word)), 1 << j % per_word), nibbles + j
        elif p.format is Format.CSR:
            for e in range(self.load(p.rows + 4 * i), self.load(p.rows + 4 * i + 4)):
                yield self.load(p.columns + 2 * e, 2), unit.sacc8(0, self.load(p.weights + e, 1), 1), e
        elif p.format is Format.CONV:
            assert p.convolution is not None
            for j, place in self.window(p.convolution, i):
                yield j, unit.sacc8(0, self.load(p.weights + place, 1), 1), 0
        elif p.format is Format.CROSSBAR:
            axon = self.load(p.rows + i, 1)
            for j in range(p.n_post):
                if self.spike(p.weights + 4 * i * -(-p.n_post // 32), j):
                    yield j, unit.tnsyn(0, self.load(p.columns + 2 * (4 * j + axon), 2)), 0
        else:
            yield i, unit.sacc8(0, self.load(p.weights + i, 1), 1) if p.weights else 1, 0

    @staticmethod
    def window(c: Convolution, i: int) -> Iterator[tuple[int, int]]:
        """Neuron and place of the weight for each position of the kernel at pixel i (6.4)."""
        y, x, channel = i // c.channels_in // c.width, i // c.channels_in % c.width, i % c.channels_in
        channels = (channel,) if c.depthwise else range(c.channels_out)
        pitch = 4 if c.depthwise else 4 * -(-c.channels_out // 4)
        for ky in range(c.kernel):
            for kx in range(c.kernel):
                (oy, rest_y), (ox, rest_x) = (divmod(q + c.padding - k, c.stride) for q, k in ((y, ky), (x, kx)))
                if rest_y or rest_x or not (0 <= oy < c.output_height and 0 <= ox < c.output_width):
                    continue
                row = ((channel * c.kernel + ky) * c.kernel + kx) * pitch
                for co in channels:
                    yield (oy * c.output_width + ox) * c.channels_out + co, row + (0 if c.depthwise else co)

    def spread(self, p: Projection) -> Iterator[None]:
        """nm.syn: row by row."""
        t = self.machine.read("t")
        for row in self.active(p):
            if row is None:
                yield
                continue
            i, g = row
            fixed = p.fixed_delay + (self.load(p.delays + i, 1) if p.delay is Delay.PER_SOURCE else 0)
            for j, w, nibble in self.synapses(p, i):
                own = self.load(p.delays + nibble // 2, 1) >> nibble % 2 * 4 & 15 if p.delay is Delay.PER_SYNAPSE else 0
                place = p.cur + 4 * ((t + fixed + own) % p.depth * p.n_post + j)
                self.store(place, 4, self.load(place) + (w * g << p.exponent))
                self.counted["sop"] += 1
            self.counted["spkin"] += 1

    # Rules ----------------------------------------------------------------------------------------------------------
    def learn(self, rule: Rule, reward: int) -> Iterator[None]:
        """nm.learn: visited rows, then traces."""
        for name, word in zip(
            ("lmode", "wlim", "l0", "l1", "l2", "l3"), words_of(self.machine.ram, rule.address + 12, 6), strict=True
        ):
            self.machine.write(name, word)
        p = rule.projection
        output = self.buffer(rule.population.out, rule.population.output_mode, rule.population.stride)
        source = self.buffer(p.source_address, p.source_mode, p.stride)
        some = any(self.spike(output, j) for j in range(p.n_post))
        for i in range(p.n_pre):
            a = self.spike(source, i)
            x = self.load(rule.pre_traces + 2 * i, 2) if rule.pre_traces else 0
            if (a or some, True, some, a, x)[rule.kind]:
                yield
                if rule.kind == 2:
                    self.binary_row(rule, i, a, output)
                else:
                    self.row(rule, i, a, x, output, reward)
        if rule.pre_traces:
            yield from self.traces(rule, rule.pre_traces, p.n_pre, rule.kx, rule.impx, source)
        if rule.post_traces:
            yield from self.traces(rule, rule.post_traces, p.n_post, rule.ky, rule.impy, output)

    def plastic(self, rule: Rule, i: int) -> list[tuple[int, int, int]]:
        """Post index, weight address, eligibility address of row i."""
        p = rule.projection
        if p.format is Format.CSR:
            first, last = self.load(p.rows + 4 * i), self.load(p.rows + 4 * i + 4)
            return [
                (self.load(p.columns + 2 * e, 2), p.weights + e, rule.eligibility + 2 * e) for e in range(first, last)
            ]
        pitch = 4 * -(-p.n_post // 4)
        m = p.n_post
        return [(j, p.weights + i * pitch + j, rule.eligibility + 2 * (i * m + j)) for j in range(m)]

    def change(self, weight: int, value: int) -> None:
        """Store a weight that a rule has changed."""
        self.store(weight, 1, value)
        self.counted["wupd"] += 1

    def row(self, rule: Rule, i: int, a: int, x: int, output: int, reward: int) -> None:
        """Phase 0 for one row of rules 0, 1, 3, 4."""
        unit, sh = self.unit, rule.learning.sh
        for j, weight, eligibility in self.plastic(rule, i):
            b, w = self.spike(output, j), self.load(weight, 1)
            w = (w ^ 0x80) - 0x80 & MASK
            y = self.load(rule.post_traces + 2 * j, 2) if rule.post_traces else 0
            dw = ((rule.ap * x if b else 0) - (rule.am * y if a else 0)) & MASK
            if rule.kind == 0 and (a or b):
                self.change(weight, unit.stdw(w, dw, sh))
            elif rule.kind == 1:
                e = unit.eld(s16(self.load(eligibility, 2)) & MASK, dw, sh << 16 | rule.ke)
                self.store(eligibility, 2, e)
                if reward:
                    self.change(weight, unit.stdw(w, reward * s32(e) & MASK, rule.shr))
            elif rule.kind == 3:
                self.change(weight, unit.wadd8(w & 0xFF, unit.sdsp(self.membrane(rule, j), y) & 0xFF))
            elif rule.kind == 4:
                self.machine.write("vth", self.threshold(rule, j))
                signal = self.load(rule.signal + 4 * j)
                error = signal * unit.eph(self.membrane(rule, j)) & MASK
                if abs(s32(error)) * x:
                    self.change(weight, unit.epw(w, error, x))

    def membrane(self, rule: Rule, j: int) -> int:
        """V_j."""
        p = rule.population
        return self.load(p.state + 4 * ((p.n if p.profile in (2, 3) else 0) + j))

    def threshold(self, rule: Rule, j: int) -> int:
        """VTH_j."""
        p = rule.population
        return self.load(p.parameter_address(4, j)) if 4 in p.replaced else p.parameters.vth_word

    def binary_row(self, rule: Rule, i: int, a: int, output: int) -> None:
        """Phase 0 for one row of rule 2; every draw counts."""
        m = rule.projection.n_post
        count = -(-m // 32)
        for k in range(count):
            place = rule.projection.weights + 4 * (i * count + k)
            gate = self.load(output + 4 * k) & (1 << min(32, m - 32 * k)) - 1
            w = self.load(place)
            self.counted["wupd"] += self.unit.andpop(gate, w ^ MASK if a else w)
            self.store(place, 4, (self.unit.bltp if a else self.unit.bltd)(w, gate))

    def traces(self, rule: Rule, address: int, n: int, decay: int, impulse: int, spikes: int) -> Iterator[None]:
        """Phases 1, 2, two traces at a time; a missing odd partner is 0 and draws nothing."""
        for i in range(0, n, 2):
            if i % GROUP == 0:
                yield
            pair = range(i, min(i + 2, n))
            x = sum(self.load(address + 2 * k, 2) << 16 * (k - i) for k in pair)
            x = self.unit.trd(x, decay | decay << 16)
            gate = sum(self.spike(spikes, k) << k - i for k in pair)
            if rule.learning.nearest:
                for k in range(2):
                    if gate >> k & 1:
                        x = x & ~(0xFFFF << 16 * k) | impulse << 16 * k
            else:
                x = self.unit.tri(x, sum(impulse << 16 * k for k in range(2) if gate >> k & 1))
            for k in pair:
                self.store(address + 2 * k, 2, x >> 16 * (k - i))

    # Networks -------------------------------------------------------------------------------------------------------
    def run(self, net: int, steps: int) -> Iterator[None]:
        """nm.run: stops before each unit but the first, as with nm_slice = 1."""
        units = self.units(net, steps)
        next(units, None)
        yield from units

    def units(self, net: int, steps: int) -> Iterator[None]:
        """The units of `run`."""
        entries = read_network(Memory(self.machine.ram, BASE), net)
        for _ in range(steps):
            for entry in entries:
                part = entry.target
                if isinstance(part, Projection):
                    yield from self.spread(part)
                elif isinstance(part, Population):
                    yield from self.update(part, entry.counts)
                else:
                    yield from self.learn(part, s16(self.machine.read("rew")))
            self.steps += 1
            self.machine.write("t", self.machine.read("t") + 1)
