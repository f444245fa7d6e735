"""The neuron kernels (specification 3.1), one function each, on integers.
`p` are the parameter words, `random` the random source; arguments and results are s32 (a packed word for izh).
"""

from __future__ import annotations

from coprocessor.golden.mode import Parameters
from coprocessor.golden.numbers import asr, bit, clip, field, rhu, s9, s16, s32, sgn, tz
from coprocessor.golden.random import RandomSource


def dec(p: Parameters, random: RandomSource, x: int, k: int) -> int:
    """Decay: `s32(rnd(R, x * k[12:0], 12))`."""
    return s32(random.rnd(p.rounding, x * field(k, 12, 0), 12))


def decs(x: int, k: int) -> int:
    """Shift decay: `d = tz(x, k[4:0]); if d == 0 and x != 0: d = sgn(x); s32(x - d)`."""
    d = tz(x, field(k, 4, 0))
    if d == 0 and x != 0:
        d = sgn(x)
    return s32(x - d)


def integ(p: Parameters, v: int, a: int) -> int:
    """Integrate: `satm(v + a * 2^ASH + BIAS)`."""
    return p.satm(v + (a << p.ash) + p.bias)


def cubi(p: Parameters, random: RandomSource, u: int, a: int) -> int:
    """Synaptic current: `x = rnd(R, u * KU, 12) + a * 2^ASH; wrapu(x) if WRAPU else sat(x)`."""
    x = random.rnd(p.rounding, u * p.ku, 12) + (a << p.ash)
    return p.wrapu(x) if p.wraps else p.sat(x)


def cubv(p: Parameters, random: RandomSource, v: int, u: int) -> int:
    """Membrane driven by a current: `satm(rnd(R, v * KV, 12) + u + BIAS)`."""
    return p.satm(random.rnd(p.rounding, v * p.kv, 12) + u + p.bias)


def thr(p: Parameters, v: int) -> tuple[int, int]:
    """Threshold: `s = greater(v, VTH)`; on a spike RST 0: VRST, 1: `satm(v - VTH)`, 2: v."""
    if not p.greater(v, p.vth):
        return v, 0
    if p.reset == 0:
        return p.vrst, 1
    if p.reset == 1:
        return p.satm(v - p.vth), 1
    return v, 1


def lif(p: Parameters, random: RandomSource, v: int, a: int) -> tuple[int, int]:
    """Leaky integrate and fire: `thr(integ(dec(v, KV), a))`."""
    return thr(p, integ(p, dec(p, random, v, p.kv), a))


def athd(p: Parameters, random: RandomSource, th: int) -> int:
    """Adaptive threshold decay: `s32(rnd(R, (th - VTH) * KTH, 12) + VTH)`."""
    return s32(random.rnd(p.rounding, (th - p.vth) * p.kth, 12) + p.vth)


def sdsig(p: Parameters, s: int, a: int) -> int:
    """Sigma accumulation: `sat(s + a * 2^ASH)`."""
    return p.sat(s + (a << p.ash))


def sdact(p: Parameters, s: int) -> int:
    """Activation: `x = s + BIAS; sat(max(0, x) if RELU else x)`."""
    x = s + p.bias
    return p.sat(max(0, x) if p.relu else x)


def sdthr(p: Parameters, d: int) -> int:
    """Delta threshold: `d if greater(|d|, VTH) else 0`."""
    return d if p.greater(abs(d), p.vth) else 0


def izh_rest(p: Parameters) -> int:
    """The packed state after nm.rst: `v = C, u = asr(B*C, 15)`, 16 bits each (7.7)."""
    b, c = s16(field(p.p0, 31, 16)), s16(field(p.p1, 15, 0))
    return (asr(b * c, 15) & 0xFFFF) << 16 | (c & 0xFFFF)


def izh(p: Parameters, vu: int, a: int) -> tuple[int, int]:
    """Izhikevich step of 2^-k ms on packed u:v (Q8.8 mV): v' = 0.04 v^2 + 5 v + 140 - u + i, u' = A (B v - u).

    `dv = asr(v*v*41, 10) + v*5*256 + 140*65536 - u*256 + i*256`, `v1 = clip(v + rhu(dv, 8+k))`,
    `u1 = clip(u + rhu(A * (asr(B*w, 15) - u), 15+k))` with w = v1 if MAT else v; on a spike v1 = C, u1 += D.
    """
    v, u = s16(field(vu, 15, 0)), s16(field(vu, 31, 16))
    a_rate, b_rate = s16(field(p.p0, 15, 0)), s16(field(p.p0, 31, 16))
    c_reset, d_reset = s16(field(p.p1, 15, 0)), s16(field(p.p1, 31, 16))
    k, mat = field(p.p2, 9, 8), bit(p.p2, 10)
    i = clip((a << p.ash) + s32(p.p3), -(1 << 23), (1 << 23) - 1)
    dv = asr(v * v * 41, 10) + v * 5 * 256 + 140 * 65536 - u * 256 + i * 256
    v1 = clip(v + rhu(dv, 8 + k), -32768, 32767)
    w = v1 if mat else v
    u1 = clip(u + rhu(a_rate * (asr(b_rate * w, 15) - u), 15 + k), -32768, 32767)
    s = p.greater(v1, p.vth)
    if s:
        v1 = c_reset
        u1 = clip(u1 + d_reset, -32768, 32767)
    return (u1 & 0xFFFF) << 16 | (v1 & 0xFFFF), s


def tnw(random: RandomSource, w: int) -> int:
    """TrueNorth weight: `s = s9(w[8:0])`; stochastic (w[9]): `sgn(s) * (|s| >= draw(8))`, else s."""
    s = s9(field(w, 8, 0))
    return sgn(s) * int(abs(s) >= random.draw(8)) if bit(w, 9) else s


def tnsyn(random: RandomSource, x: int, w: int) -> int:
    """TrueNorth synapse: `s32(x + tnw(w))`."""
    return s32(x + tnw(random, w))


def tn(p: Parameters, random: RandomSource, v: int, a: int) -> tuple[int, int]:
    """TrueNorth leak, threshold and reset; lam leak, alpha and beta thresholds, eta random threshold part.

    `v = sat(v + a*2^ASH)`; `v1 = sat(v + (sgn(v) if eps else 1) * L)`, 0 if eps and the sign flips;
    spike iff `v1 >= alpha + eta`; negative threshold iff `v1 < -(beta if kap else beta + eta)`.
    """
    lam, c, eps = s9(field(p.p0, 8, 0)), bit(p.p0, 9), bit(p.p0, 10)
    gam, kap, mask = field(p.p0, 12, 11), bit(p.p0, 13), field(p.p3, 16, 0)
    alpha, beta, reset = p.vth, s32(p.p1), p.vrst
    v = p.sat(v + (a << p.ash))
    leak = sgn(lam) * int(abs(lam) >= random.draw(8)) if c else lam
    v1 = p.sat(v + (sgn(v) if eps else 1) * leak)
    if eps and v * v1 < 0:
        v1 = 0
    eta = random.draw(17) & mask if mask != 0 else 0
    if v1 >= alpha + eta:
        return p.sat(reset if gam == 0 else v1 - (alpha + eta) if gam == 1 else v1), 1
    if v1 < -(beta if kap else beta + eta):
        return p.sat(-beta if kap else -reset if gam == 0 else v1 + beta + eta if gam == 1 else v1), 0
    return v1, 0
