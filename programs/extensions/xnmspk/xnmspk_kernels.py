"""Kernels of the Xnm specification, chapter 3: neurons (3.1) and plasticity (3.3), on a hart's parameter CSRs.

Arguments and results are signed 32-bit numbers unless a kernel says otherwise.
"""

from __future__ import annotations

from typing import Any

from xnmspk_numbers import Mode, Parameters, choose, clip, draw, field, magnitude, next_random, rhu, rnd, s32, sgn, tz

from iss.isa.values import signed


# Neurons ------------------------------------------------------------------------------------------------------------
def dec(hart: Any, x: Any, k: Any) -> Any:
    """Decay by k / 4096."""
    return s32(rnd(hart, Mode(hart).rounding, x * field(k, 12, 0), 12))


def decs(x: Any, k: Any) -> Any:
    """Decay by a shift, at least by 1."""
    d = tz(x, field(k, 4, 0))
    return s32(x - choose((d == 0) & (x != 0), sgn(x), d))


def integ(hart: Any, v: Any, a: Any) -> Any:
    """Add input and bias to a membrane."""
    p = Parameters(hart)
    return Mode(hart).satm(v + a * p.gain + p.bias)


def cubi(hart: Any, u: Any, a: Any) -> Any:
    """Decay a synaptic current and add the input."""
    p, mode = Parameters(hart), Mode(hart)
    x = rnd(hart, mode.rounding, u * p.ku, 12) + a * p.gain
    return choose(mode.wraps, mode.wrapu(x), mode.sat(x))


def cubv(hart: Any, v: Any, u: Any) -> Any:
    """Decay a membrane and add current and bias."""
    p, mode = Parameters(hart), Mode(hart)
    return mode.satm(rnd(hart, mode.rounding, v * p.kv, 12) + u + p.bias)


def thr(hart: Any, v: Any) -> tuple[Any, Any]:
    """Compare with the threshold; the membrane after a reset, and the spike."""
    p, mode = Parameters(hart), Mode(hart)
    spike = mode.greater(v, p.vth)
    after = choose(mode.reset == 0, p.vrst, choose(mode.reset == 1, mode.satm(v - p.vth), v))
    return choose(spike, after, v), spike


def athd(hart: Any, th: Any) -> Any:
    """Let a threshold decay to its resting value."""
    p = Parameters(hart)
    return s32(rnd(hart, Mode(hart).rounding, (th - p.vth) * p.kth, 12) + p.vth)


def sdsig(hart: Any, s: Any, a: Any) -> Any:
    """Accumulate a sigma."""
    return Mode(hart).sat(s + a * Parameters(hart).gain)


def sdact(hart: Any, s: Any) -> Any:
    """Bias and, with RELU, rectify."""
    p = Parameters(hart)
    x = s + p.bias
    return Mode(hart).sat(choose(p.relu & (x < 0), 0, x))


def sdthr(hart: Any, d: Any) -> Any:
    """Keep a difference above the threshold."""
    return choose(Mode(hart).greater(magnitude(d), Parameters(hart).vth), d, 0)


def izh(hart: Any, vu: Any, a: Any) -> tuple[Any, Any]:
    """One step of an Izhikevich neuron: the packed state afterwards, and the spike."""
    p = Parameters(hart)
    v, u = signed(vu, 16), signed(vu >> 16, 16)
    ka, kb = signed(p.p0, 16), signed(p.p0 >> 16, 16)
    kc, kd = signed(p.p1, 16), signed(p.p1 >> 16, 16)
    step, mat = field(p.p2, 9, 8), field(p.p2, 10, 10)
    current = signed(clip(a * p.gain + s32(p.p3), -(1 << 23), (1 << 23) - 1), 24)
    dv = (v * v * 41 >> 10) + v * 5 * 256 + 140 * 65536 - u * 256 + current * 256
    v1 = signed(clip(v + rhu(dv, 8 + step), -32768, 32767), 16)
    w = choose(mat, v1, v)
    u1 = signed(clip(u + rhu(ka * ((kb * w >> 15) - u), 15 + step), -32768, 32767), 16)
    spike = Mode(hart).greater(v1, p.vth)
    v2, u2 = choose(spike, kc, v1), choose(spike, clip(u1 + kd, -32768, 32767), u1)
    return (u2 & 0xFFFF) << 16 | (v2 & 0xFFFF), spike


def tnsyn(hart: Any, x: Any, w: Any) -> Any:
    """Add a TrueNorth synapse, of which bit 9 says that it is stochastic."""
    s = signed(w, 9)
    if field(w, 9, 9):
        return s32(x + sgn(s) * (magnitude(s) >= draw(hart, 8)))
    return s32(x + s)


def tn(hart: Any, v: Any, a: Any) -> tuple[Any, Any]:
    """Leak, threshold and reset of a TrueNorth neuron: the membrane afterwards, and the spike."""
    p, mode = Parameters(hart), Mode(hart)
    lam, c, eps, gam, kap = (
        signed(p.p0, 9),
        field(p.p0, 9, 9),
        field(p.p0, 10, 10),
        field(p.p0, 12, 11),
        field(p.p0, 13, 13),
    )
    m, alpha, beta, rv = field(p.p3, 16, 0), p.vth, p.bias, p.vrst
    v = mode.sat(v + a * p.gain)
    leak = lam
    if c:
        leak = sgn(lam) * (magnitude(lam) >= draw(hart, 8))
    v1 = mode.sat(v + choose(eps, sgn(v), 1) * leak)
    v1 = choose(eps & (v * v1 < 0), 0, v1)
    eta: Any = 0
    if m != 0:
        eta = draw(hart, 17) & m
    spike = v1 >= alpha + eta
    above = choose(gam == 0, rv, choose(gam == 1, v1 - (alpha + eta), v1))
    negative = v1 < -choose(kap, beta, beta + eta)
    below = choose(kap, -beta, choose(gam == 0, -rv, choose(gam == 1, v1 + beta + eta, v1)))
    return choose(spike, mode.sat(above), choose(negative, mode.sat(below), v1)), spike


# Plasticity ---------------------------------------------------------------------------------------------------------
def wclip(hart: Any, w: Any) -> Any:
    """Limit a weight to WMIN..WMAX."""
    limits = hart.state.wlim
    return clip(w, signed(limits, 8), signed(limits >> 8, 8))


def _lrnd(hart: Any) -> Any:
    return field(hart.state.lmode, 1, 0)


def trd(hart: Any, x: Any, k: Any) -> Any:
    """Decay an unsigned 16-bit trace by k / 4096."""
    decayed = rnd(hart, _lrnd(hart), field(x, 15, 0) * field(k, 12, 0), 12)
    return choose(decayed > 0x7FFF, 0x7FFF, decayed)


def tri(x: Any, i: Any) -> Any:
    """Raise an unsigned 16-bit trace."""
    raised = field(x, 15, 0) + field(i, 15, 0)
    return choose(raised > 0x7FFF, 0x7FFF, raised)


def stdw(hart: Any, w: Any, d: Any, k: Any) -> Any:
    """Add a change, scaled by 2^-k, to a weight."""
    return wclip(hart, w + rnd(hart, _lrnd(hart), d, field(k, 4, 0)))


def eld(hart: Any, e: Any, d: Any, k: Any) -> Any:
    """Decay an eligibility and add a change; the decay draws first."""
    decayed = rnd(hart, _lrnd(hart), e * field(k, 12, 0), 12)
    return clip(decayed + rnd(hart, _lrnd(hart), d, field(k, 20, 16)), -32768, 32767)


def binary(hart: Any, w: Any, gate: Any, probability: Any, old: int) -> Any:
    """Give each gated weight bit that is `old` the other value with a probability; a draw for each such bit."""
    rng, result = hart.state.rng, w
    for bit in range(32):
        mine = (gate >> bit) & ((w >> bit ^ old ^ 1) & 1)
        stepped = next_random(rng)
        rng = choose(mine, stepped, rng)
        result = result ^ ((mine & (stepped >> 22 < probability)) << bit)
    hart.state.rng = rng
    return result


def sdsp(hart: Any, v: Any, ca: Any) -> Any:
    """The change of a weight by SDSP: potentiation above, depression below the membrane threshold."""
    state = hart.state
    tm, t1, t2, t3 = s32(state.l1), field(state.l2, 14, 0), field(state.l2, 30, 16), field(state.l3, 14, 0)
    calcium = field(ca, 15, 0)
    above = (t1 <= calcium) & (calcium < t3)
    below = (t1 <= calcium) & (calcium < t2)
    return choose(v >= tm, above, -below)


def eph(hart: Any, v: Any) -> Any:
    """The five-level surrogate derivative."""
    level = 4 - (magnitude(v - s32(hart.state.vth)) >> field(hart.state.lmode, 12, 8))
    return choose(level < 0, 0, level)


def epw(hart: Any, w: Any, e: Any, x: Any) -> Any:
    """Change a weight by 1 with a probability that grows with the error and the trace."""
    p = magnitude(e) * field(x, 14, 0)
    if p != 0:
        w = w + (draw(hart, 16) < p >> field(hart.state.lmode, 20, 16)) * sgn(e)
    return wclip(hart, w)
