"""Why a neuron fired, in words: its input and where that came from, what the neuron made of it, and a check."""

from __future__ import annotations

from typing import Final

from coprocessor.golden import neurons
from coprocessor.golden.mode import Parameters
from coprocessor.golden.profiles import Profile
from coprocessor.golden.random import RandomSource
from iss.debug.descriptors import named
from iss.debug.why import Contribution, Explanation
from iss.tui import theme
from iss.tui.state import State
from iss.tui.text import Row

_STOCHASTIC: Final = 3
_ONE: Final = 4096
_RESETS: Final = ("is set to {vrst}", "loses the threshold", "stays")


def rows(state: State, found: Explanation) -> list[Row]:
    """The explanation, a fact a row; the strongest inputs first."""
    verdict = "fired" if found.fired else "did not fire"
    name = state.spiking.name(found.population.address)
    head = Row(f"neuron {found.neuron} of {name} {verdict}", theme.SPIKE if found.fired else theme.TITLE)
    head.add(f" in step {found.step:,}, by the command at instruction {found.moment:,}")
    answer = [head, Row(f"input {found.input:+,}", theme.TITLE)]
    answer += [_contribution(state, item) for item in sorted(found.contributions, key=_strength)]
    if found.carried:
        answer.append(Row(f"  {found.carried:>+9,}", theme.DIM).add("  was there before the steps that are replayed"))
    if not found.contributions and not found.carried:
        answer.append(Row("  no spike arrived", theme.DIM))
    answer += [Row("update ", theme.TITLE).add(line) for line in _update(found)]
    for title, words in (("before ", found.before), ("after  ", found.after)):
        row = Row(title, theme.TITLE)
        for word, value in named(found.population, list(words)):
            row.add(f"{word} ", theme.DIM).add(f"{value}  ")
        answer.append(row)
    if found.reproduced:
        answer.append(Row("checked: the golden model gives the coprocessor's state of all neurons", theme.GOOD))
    else:
        answer.append(Row("NOT reproduced: golden model and coprocessor differ; please report it", theme.ERROR))
    return answer


def _strength(item: Contribution) -> int:
    return -abs(item.value)


def _contribution(state: State, item: Contribution) -> Row:
    row = Row(f"  {item.value:>+9,}", theme.SPIKE)
    row.add(f"  source {item.source} of {state.program.names.at(item.projection)}, weight {item.weight}")
    return row.add(f", spike of step {item.step:,}, delay {item.delay}", theme.DIM) if item.delay else row


def _update(found: Explanation) -> list[str]:
    """The kernels of the profile with their numbers (specification 3.2), where they draw no random numbers."""
    p, profile, a = found.parameters, found.population.profile, found.input
    if found.population.refractory and found.before[-1] > 0:
        return [f"refractory for {found.before[-1]} more steps: the input is discarded"]
    if p.rounding == _STOCHASTIC or profile not in (Profile.IF, Profile.LIF, Profile.LI, Profile.CUBA):
        return [f"profile {profile.name}, threshold {p.vth}"]
    scaled = f"{a} * 2^{p.ash}" if p.ash else f"{a}"
    bias = f" + bias {p.bias}" if p.bias else ""
    if profile is Profile.CUBA:
        u, v = found.before[0], found.before[1]
        current = neurons.cubi(p, RandomSource(), u, a)
        used = u if p.old_current else current
        reached = neurons.cubv(p, RandomSource(), v, used)
        lines = [
            f"u = {u} * {p.ku}/{_ONE} + {scaled} = {current}",
            f"v = {v} * {p.kv}/{_ONE} + {used}{bias} = {reached}",
        ]
        return [*lines, _threshold(p, reached)]
    v = found.before[0]
    kept = v if profile is Profile.IF else neurons.dec(p, RandomSource(), v, p.kv)
    decay = f"{v}" if profile is Profile.IF else f"{v} * {p.kv}/{_ONE} -> {kept}"
    reached = neurons.integ(p, kept, a)
    lines = [f"v = {decay}, {kept} + {scaled}{bias} = {reached}"]
    return lines if profile is Profile.LI else [*lines, _threshold(p, reached)]


def _threshold(p: Parameters, reached: int) -> str:
    fires = bool(p.greater(reached, p.vth))
    sign = (">=" if p.greater(0, 0) else ">") if fires else ("<" if p.greater(0, 0) else "<=")
    after = f": a spike, v {_RESETS[p.reset].format(vrst=p.vrst)}" if fires else ": no spike"
    return f"{reached} {sign} threshold {p.vth}{after}"
