"""The neuron profiles: sequences of kernels on state words (specification 3.2)."""

from __future__ import annotations

from enum import IntEnum

from coprocessor.golden import neurons
from coprocessor.golden.mode import Parameters
from coprocessor.golden.numbers import s32, u32
from coprocessor.golden.random import RandomSource


class Profile(IntEnum):
    """Neuron profiles by number."""

    IF = 0
    LIF = 1
    CUBA = 2
    ALIF = 3
    IZH = 4
    TN = 5
    LI = 6
    SD = 7


STATE_WORDS = {
    Profile.IF: 1,
    Profile.LIF: 1,
    Profile.CUBA: 2,
    Profile.ALIF: 4,
    Profile.IZH: 1,
    Profile.TN: 1,
    Profile.LI: 1,
    Profile.SD: 3,
}

Step = tuple[list[int], int, int]


def current_and_membrane(p: Parameters, random: RandomSource, u: int, v: int, a: int) -> tuple[int, int]:
    """`u' = cubi(u, a); v' = cubv(v, u')`, with UOLD `v' = cubv(v, u)`."""
    new_current = neurons.cubi(p, random, u, a)
    return new_current, neurons.cubv(p, random, v, u if p.old_current else new_current)


def step(profile: Profile, p: Parameters, random: RandomSource, state: list[int], a: int) -> Step:
    """One update of one neuron: (new state words, spike bit s, graded value g); all s32, `a` the input word."""
    if profile is Profile.IF:
        v, s = neurons.thr(p, neurons.integ(p, state[0], a))
        return [v], s, s
    if profile is Profile.LIF:
        v, s = neurons.lif(p, random, state[0], a)
        return [v], s, s
    if profile is Profile.CUBA:
        u, v = current_and_membrane(p, random, state[0], state[1], a)
        v, s = neurons.thr(p, v)
        return [u, v], s, s
    if profile is Profile.ALIF:
        u, v = current_and_membrane(p, random, state[0], state[1], a)
        th = neurons.athd(p, random, state[2])
        r = neurons.dec(p, random, state[3], p.kr)
        s = p.greater(s32(v - r), th)
        if s:
            r = s32(r + 2 * th)
            th = s32(th + p.vrst)
        return [u, v, th, r], s, s
    if profile is Profile.IZH:
        packed, s = neurons.izh(p, u32(state[0]), a)
        return [s32(packed)], s, s
    if profile is Profile.TN:
        v, s = neurons.tn(p, random, state[0], a)
        return [v], s, s
    if profile is Profile.LI:
        v = neurons.integ(p, neurons.dec(p, random, state[0], p.kv), a)
        return [v], 0, v
    sigma, activation, residue = state
    sigma = neurons.sdsig(p, sigma, a)
    y = neurons.sdact(p, sigma)
    d = s32(s32(y - activation) + residue)
    g = neurons.sdthr(p, d)
    return [sigma, y, s32(d - g)], int(g != 0), g


def step_refractory(
    profile: Profile,
    refractory: int,
    p: Parameters,
    random: RandomSource,
    state: list[int],
    a: int,
) -> Step:
    """As `step`, with the refractory counter of profiles 0-2 as last state word when `refractory` > 0.

    While the counter is positive it decreases, the current of CUBA goes on, all else holds and no spike is given.
    """
    if refractory == 0:
        return step(profile, p, random, state, a)
    *words, count = state
    if count > 0:
        if profile is Profile.CUBA:
            words[0] = neurons.cubi(p, random, words[0], a)
        return [*words, count - 1], 0, 0
    words, s, g = step(profile, p, random, words, a)
    return [*words, refractory if s else 0], s, g


def reset_state(profile: Profile, refractory: int, p: Parameters) -> list[int]:
    """State words after nm.rst: 0, except ALIF `th = VTH` and the resting state of IZH (7.7)."""
    words = [0] * (STATE_WORDS[profile] + (refractory > 0))
    if profile is Profile.ALIF:
        words[2] = p.vth
    elif profile is Profile.IZH:
        words[0] = neurons.izh_rest(p)
    return words
