"""The learn operation: the five rules row by row, then the traces (specification 3.4, 7.6)."""

from __future__ import annotations

from coprocessor.golden import plasticity
from coprocessor.golden.engine import ENTRY_CYCLES, Issue, Step
from coprocessor.golden.memory import Unit
from coprocessor.golden.numbers import bit, field, popcount, s32, words
from coprocessor.golden.profiles import Profile
from coprocessor.golden.projection import Format
from coprocessor.golden.random import RandomSource
from coprocessor.golden.rule import Rule, RuleKind
from coprocessor.golden.synapses import column, pitch, row_bounds
from coprocessor.golden.updates import GROUP

VTH_PARAMETER = 4
EXTRA_BYTES = {
    RuleKind.PAIR: 0,
    RuleKind.REWARD: 2,
    RuleKind.SDSP: 6,
    RuleKind.EPROP: 8,
}


class Row:
    """One visited row of rules 0, 1, 3, 4: the assignment of 3.4 to each synapse, counting the updated ones."""

    def __init__(
        self,
        unit: Unit,
        rule: Rule,
        random: RandomSource,
        a: int,
        x: int,
        post: list[int],
        reward: int,
    ) -> None:
        self.unit, self.rule, self.random = unit, rule, random
        self.a, self.x, self.post, self.reward = a, x, post, reward
        self.updated = 0

    def post_trace(self, j: int) -> int:
        """y_j."""
        return self.unit.load(self.rule.post_traces + 2 * j, 2)

    def membrane(self, j: int) -> int:
        """V_j: state word 1 of CUBA and ALIF, else 0."""
        p = self.rule.population
        word = 1 if p.profile in (Profile.CUBA, Profile.ALIF) else 0
        return self.unit.load_signed(p.state + 4 * (word * p.n + j))

    def threshold(self, j: int) -> int:
        """VTH_j, loaded if it is a per-neuron parameter."""
        p = self.rule.population
        if VTH_PARAMETER in p.replaced:
            return self.unit.load_signed(p.parameter_address(VTH_PARAMETER, j))
        return p.parameters.vth

    def assign(self, place: int, w: int) -> None:
        """Store a weight and count it."""
        self.unit.store(place, w, 1)
        self.updated += 1

    def trace_product(self, j: int) -> int:
        """`dw = (AP*x_i if b_j else 0) - (AM*y_j if a_i else 0)`."""
        b = bit(self.post[j // 32], j % 32)
        return (self.rule.ap * self.x if b else 0) - (self.rule.am * self.post_trace(j) if self.a else 0)

    def synapse(self, j: int, weight: int, eligibility: int) -> None:
        """Apply the rule to the synapse on j, whose weight and eligibility stand at these addresses."""
        unit, rule, learning, random = (
            self.unit,
            self.rule,
            self.rule.learning,
            self.random,
        )
        if rule.kind is RuleKind.PAIR:
            dw = self.trace_product(j)
            if self.a or bit(self.post[j // 32], j % 32):
                self.assign(
                    weight,
                    plasticity.stdw(learning, random, unit.load_signed(weight, 1), dw, learning.sh),
                )
        elif rule.kind is RuleKind.REWARD:
            dw = self.trace_product(j)
            e = unit.load_signed(eligibility, 2)
            w = unit.load_signed(weight, 1) if self.reward else 0
            e = plasticity.eld(learning, random, e, dw, learning.sh << 16 | rule.ke)
            unit.store(eligibility, e, 2)
            if self.reward:
                self.assign(
                    weight,
                    plasticity.stdw(learning, random, w, self.reward * e, rule.shr),
                )
        elif rule.kind is RuleKind.SDSP:
            w = unit.load_signed(weight, 1)
            v = self.membrane(j)
            self.assign(
                weight,
                plasticity.wclip(learning, w + plasticity.sdsp(learning, v, self.post_trace(j))),
            )
        else:
            vth = self.threshold(j)
            signal = unit.load_signed(rule.signal + 4 * j)
            e = s32(signal * plasticity.eph(learning, vth, self.membrane(j)))
            if abs(e) * field(self.x, 14, 0) != 0:
                self.assign(
                    weight,
                    plasticity.epw(learning, random, unit.load_signed(weight, 1), e, self.x),
                )


def weight_row(row: Row, i: int) -> tuple[dict[str, int], int]:
    """Phase 0 of rules 0, 1, 3, 4 for one visited row; gives its counter events and the number of its synapses."""
    rule, p = row.rule, row.rule.projection
    m = p.n_post
    if p.format is Format.CSR:
        first, last = row_bounds(row.unit, p, i)
        for e in range(first, last):
            row.synapse(column(row.unit, p, e), p.weights + e, rule.eligibility + 2 * e)
        q = last - first
    else:
        for j in range(m):
            row.synapse(j, p.weights + i * pitch(m, 8) + j, rule.eligibility + 2 * (i * m + j))
        q = m
    z, pointers = row.updated, 8 + 2 * q if p.format is Format.CSR else 0
    return {
        "wupd": z,
        "rdb": z + q * EXTRA_BYTES[rule.kind] + (2 if rule.pre_traces else 0) + pointers,
        "wrb": z + (2 * q if rule.kind is RuleKind.REWARD else 0),
    }, q


def binary_row(
    unit: Unit, rule: Rule, random: RandomSource, i: int, a: int, post: list[int]
) -> tuple[dict[str, int], int]:
    """Phase 0 of rule 2 for one visited row: `bltp` if a_i else `bltd` on each weight word, gated by post spikes.

    Gives the counter events and the number of synapses.
    """
    m = rule.projection.n_post
    draws = 0
    for g, gate in enumerate(post):
        place = rule.projection.weights + i * pitch(m, 1) + 4 * g
        w = unit.load(place)
        draws += popcount(gate & ~w if a else gate & w)
        unit.store(
            place,
            (plasticity.bltp if a else plasticity.bltd)(rule.learning, random, w, gate),
        )
    return {"wupd": draws, "rdb": 4 * words(m), "wrb": 4 * words(m)}, m


def visited(kind: RuleKind, a: int, x: int, post: list[int]) -> bool:
    """Whether a row is visited (second column of the table in 3.4)."""
    return {
        RuleKind.PAIR: bool(a) or any(post),
        RuleKind.REWARD: True,
        RuleKind.BINARY: any(post),
        RuleKind.SDSP: bool(a),
        RuleKind.EPROP: x != 0,
    }[kind]


def weights_phase(issue: Issue, rule: Rule, source: int, post: list[int], reward: int, counts: bool) -> None:
    """Phase 0: visited rows with ascending i; `counts` adds updated weights to the result."""
    for i in range(issue.progress.index, rule.projection.n_pre):
        issue.progress.index = i
        a = bit(issue.memory.load(source + 4 * (i // 32), 4), i % 32)
        x = issue.memory.load(rule.pre_traces + 2 * i, 2) if rule.pre_traces else 0
        if not visited(rule.kind, a, x, post):
            continue
        with issue.unit() as unit:
            if rule.kind is RuleKind.BINARY:
                events, synapses = binary_row(unit, rule, issue.state.random, i, a, post)
            else:
                events, synapses = weight_row(Row(unit, rule, issue.state.random, a, x, post, reward), i)
            unit.events = events | {"cyc": 4 + issue.lane_cycles(synapses)}
        if counts:
            issue.progress.add(unit.events["wupd"])
        issue.progress.index = i + 1


def traces_phase(
    issue: Issue,
    rule: Rule,
    traces: int,
    n: int,
    decay: int,
    impulse: int,
    spikes: int | list[int],
) -> None:
    """Phases 1, 2: `x = trd(x, K); if spike: x = IMP if NN else tri(x, IMP)`; spikes by address or already loaded."""
    for group in range(issue.progress.index, words(n)):
        issue.progress.index = group
        indices = range(GROUP * group, min(GROUP * (group + 1), n))
        with issue.unit() as unit:
            for i in indices:
                x = unit.load(traces + 2 * i, 2)
                word = spikes[group] if isinstance(spikes, list) else unit.load(spikes + 4 * group)
                x = plasticity.trd(rule.learning, issue.state.random, x, decay)
                if bit(word, i % GROUP):
                    x = impulse if rule.learning.nearest else plasticity.tri(x, impulse)
                unit.store(traces + 2 * i, x, 2)
            c = len(indices)
            unit.events = {"rdb": 2 * c, "wrb": 2 * c, "cyc": issue.lane_cycles(c)}
        issue.progress.index = group + 1


def post_spikes(issue: Issue, rule: Rule, output: int) -> list[int]:
    """The post spike words with bits beyond n_post cleared."""
    m = rule.projection.n_post
    loaded = [issue.memory.load(output + 4 * g, 4) for g in range(words(m))]
    loaded[-1] &= (1 << ((m - 1) % 32 + 1)) - 1
    return loaded


def perform(issue: Issue, rule: Rule, step: Step, *, counts_updates: bool) -> None:
    """The learn operation from the present progress on; `counts_updates` adds updated weights to the result."""
    n, m = rule.projection.n_pre, rule.projection.n_post
    issue.enter(rdb=4 * words(n) + 4 * words(m), cyc=ENTRY_CYCLES)
    post = post_spikes(issue, rule, issue.output_of(rule.population, step))
    source = issue.source_of(rule.projection, step)
    if issue.progress.phase == 0:
        weights_phase(issue, rule, source, post, step.reward, counts_updates)
        issue.progress.next_phase()
    if issue.progress.phase == 1:
        if rule.pre_traces:
            traces_phase(issue, rule, rule.pre_traces, n, rule.kx, rule.impx, source)
        issue.progress.next_phase()
    if rule.post_traces:
        traces_phase(issue, rule, rule.post_traces, m, rule.ky, rule.impy, post)
