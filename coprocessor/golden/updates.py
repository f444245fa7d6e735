"""The upd and rst operations on groups of 32 neurons (specification 7.5, 7.7)."""

from __future__ import annotations

from dataclasses import replace

from coprocessor.golden.engine import ENTRY_CYCLES, Issue, Step
from coprocessor.golden.memory import Unit
from coprocessor.golden.mode import Parameters
from coprocessor.golden.numbers import words
from coprocessor.golden.population import Population
from coprocessor.golden.profiles import reset_state, step_refractory

GROUP = 32
PARAMETER_NAMES = ("p0", "p1", "p2", "p3", "vth_word", "vrst_word")


def parameters_of(unit: Unit, p: Population, i: int) -> Parameters:
    """The parameter words of neuron i, per-neuron ones loaded in PPN order."""
    loaded = {PARAMETER_NAMES[k]: unit.load(p.parameter_address(k, i)) for k in p.replaced}
    return replace(p.parameters, **loaded)


def group_of(p: Population, group: int) -> range:
    """The neurons of a group."""
    return range(GROUP * group, min(GROUP * (group + 1), p.n))


def perform(issue: Issue, p: Population, step: Step, *, counts_spikes: bool) -> None:
    """The upd operation from the present progress on; `counts_spikes` adds them to the result."""
    issue.enter(cyc=ENTRY_CYCLES)
    t = issue.state.csr["t"]
    output = issue.output_of(p, step)
    accumulates = p.acc != 0
    for group in range(issue.progress.index, words(p.n)):
        neurons = group_of(p, group)
        issue.progress.index = group
        with issue.unit() as unit:
            bitmap = 0
            for i in neurons:
                parameters = parameters_of(unit, p, i)
                places = [p.state + 4 * (k * p.n + i) for k in range(p.state_words)]
                state = [unit.load_signed(place) for place in places]
                input_place = p.cur + 4 * (t % p.depth * p.n + i)
                a = unit.load_signed(input_place)
                state, s, g = step_refractory(p.profile, p.refractory, parameters, issue.state.random, state, a)
                total = unit.load(p.acc + 4 * i) + g if accumulates else 0
                for place, word in zip(places, state, strict=True):
                    unit.store(place, word)
                unit.store(input_place, 0)
                if accumulates:
                    unit.store(p.acc + 4 * i, total)
                if p.out and p.graded:
                    unit.store(output + 4 * i, g)
                bitmap |= s << i % GROUP
            if p.out and not p.graded:
                unit.store(output + 4 * group, bitmap)
            c, spikes = len(neurons), bitmap.bit_count()
            written = 4 * p.state_words + 4 + 4 * accumulates
            unit.events = {
                "nup": c,
                "spkout": spikes,
                "rdb": c * (written + 4 * len(p.replaced)),
                "wrb": c * written + (0 if p.out == 0 else 4 * c if p.graded else 4),
                "cyc": 2 * c,
            }
        issue.state.log(p.address, group, bitmap)
        issue.progress.index = group + 1
        if counts_spikes:
            issue.progress.add(spikes)


def perform_reset(issue: Issue, p: Population) -> None:
    """The rst operation from the present progress on: resting state, empty ring."""
    issue.enter(cyc=ENTRY_CYCLES)
    for group in range(issue.progress.index, words(p.n)):
        neurons = group_of(p, group)
        issue.progress.index = group
        with issue.unit() as unit:
            for i in neurons:
                state = reset_state(p.profile, p.refractory, parameters_of(unit, p, i))
                for k, word in enumerate(state):
                    unit.store(p.state + 4 * (k * p.n + i), word)
                for slot in range(p.depth):
                    unit.store(p.cur + 4 * (slot * p.n + i), 0)
            c = len(neurons)
            unit.events = {
                "rdb": 4 * c * len(p.replaced),
                "wrb": 4 * c * (p.state_words + p.depth),
                "cyc": c,
            }
        issue.progress.index = group + 1
