"""The plasticity kernels (specification 3.3), one function each, on integers."""

from __future__ import annotations

from dataclasses import dataclass

from coprocessor.golden.numbers import asr, bit, clip, field, s8, s32, sgn, u16
from coprocessor.golden.random import RandomSource

TRACE_MAXIMUM = 0x7FFF


@dataclass(frozen=True)
class LearningParameters:
    """The words a plasticity kernel reads: `nm_lmode, nm_wlim, nm_l0..3` or those of a RULE."""

    lmode: int = 0
    wlim: int = 0
    l0: int = 0
    l1: int = 0
    l2: int = 0
    l3: int = 0

    @property
    def rounding(self) -> int:
        """LRND, as RND of the mode word."""
        return field(self.lmode, 1, 0)

    @property
    def nearest(self) -> bool:
        """NN: a spike sets the trace instead of raising it."""
        return bool(bit(self.lmode, 2))

    @property
    def hs(self) -> int:
        """HS, shift of the surrogate derivative."""
        return field(self.lmode, 12, 8)

    @property
    def sh(self) -> int:
        """SH, shift of weight changes."""
        return field(self.lmode, 20, 16)

    @property
    def wmin(self) -> int:
        """WMIN, s8."""
        return s8(field(self.wlim, 7, 0))

    @property
    def wmax(self) -> int:
        """WMAX, s8."""
        return s8(field(self.wlim, 15, 8))


def wclip(p: LearningParameters, w: int) -> int:
    """`clip(w, WMIN, WMAX)`; for WMIN > WMAX the lower limit is tested first."""
    return p.wmin if w < p.wmin else min(w, p.wmax)


def trd(p: LearningParameters, random: RandomSource, x: int, k: int) -> int:
    """Trace decay: `min(0x7FFF, rnd(LRND, u16(x) * k[12:0], 12))`."""
    return min(TRACE_MAXIMUM, random.rnd(p.rounding, u16(x) * field(k, 12, 0), 12))


def tri(x: int, i: int) -> int:
    """Trace increment: `min(0x7FFF, u16(x) + u16(i))`."""
    return min(TRACE_MAXIMUM, u16(x) + u16(i))


def stdw(p: LearningParameters, random: RandomSource, w: int, d: int, k: int) -> int:
    """Weight change: `wclip(w + rnd(LRND, d, k[4:0]))`."""
    return wclip(p, w + random.rnd(p.rounding, d, field(k, 4, 0)))


def eld(p: LearningParameters, random: RandomSource, e: int, d: int, k: int) -> int:
    """Eligibility: `clip(rnd(LRND, e * k[12:0], 12) + rnd(LRND, d, k[20:16]), -32768, 32767)`, left draw first."""
    decayed = random.rnd(p.rounding, e * field(k, 12, 0), 12)
    return clip(decayed + random.rnd(p.rounding, d, field(k, 20, 16)), -32768, 32767)


def bltp(p: LearningParameters, random: RandomSource, w: int, gate: int) -> int:
    """Potentiation: for each b with gate[b] and not w[b]: `if draw(10) < PP: w[b] = 1`."""
    probability = field(p.l0, 10, 0)
    for b in range(32):
        if bit(gate, b) and not bit(w, b) and random.draw(10) < probability:
            w |= 1 << b
    return w


def bltd(p: LearningParameters, random: RandomSource, w: int, gate: int) -> int:
    """Depression: for each b with gate[b] and w[b]: `if draw(10) < PD: w[b] = 0`."""
    probability = field(p.l0, 26, 16)
    for b in range(32):
        if bit(gate, b) and bit(w, b) and random.draw(10) < probability:
            w &= ~(1 << b)
    return w


def sdsp(p: LearningParameters, v: int, ca: int) -> int:
    """SDSP: `v >= TM: 1 if T1 <= ca < T3 else 0; v < TM: -1 if T1 <= ca < T2 else 0`, ca = u16(ca)."""
    ca = u16(ca)
    t1, t2, t3 = field(p.l2, 14, 0), field(p.l2, 30, 16), field(p.l3, 14, 0)
    if v >= s32(p.l1):
        return int(t1 <= ca < t3)
    return -int(t1 <= ca < t2)


def eph(p: LearningParameters, vth: int, v: int) -> int:
    """Surrogate derivative: `max(0, 4 - asr(|v - VTH|, HS))`."""
    return max(0, 4 - asr(abs(v - vth), p.hs))


def epw(p: LearningParameters, random: RandomSource, w: int, e: int, x: int) -> int:
    """`P = |e| * x[14:0]; if P != 0 and draw(16) < asr(P, SH): w = w + sgn(e); wclip(w)`."""
    product = abs(e) * field(x, 14, 0)
    if product != 0 and random.draw(16) < asr(product, p.sh):
        w = w + sgn(e)
    return wclip(p, w)
