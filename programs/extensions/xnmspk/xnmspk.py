"""Xnmspk and the register-level instructions of Xnmlrn, as specified: state (chapter 4) and instructions (5).

Numbers (2) and kernels (3) stand beside. Written from the specification's text alone, to be held against the C
coprocessor.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

import xnmspk_kernels as kernels
from xnmspk_numbers import RNG_RESET, choose, clip, draw, field, rhu, rnd, s32, tz

from iss.extension import Extension, unsigned
from iss.isa.values import signed

xnmspk = Extension("xnmspk", title="Register-level spiking instructions", version="0.1")

# State and CSRs (4.1, 4.2) ------------------------------------------------------------------------------------------
ST, DIRTY = 3, 3
xnmspk.state("ctl", unsigned(3), reset=4, documentation="nm_ctl: ST and ETRAP")
USER_CSRS = {  # number: name, mask, reset, documentation
    0x801: ("p0", 0xFFFFFFFF, 0, "Parameter word 0"),
    0x802: ("p1", 0xFFFFFFFF, 0, "Parameter word 1"),
    0x803: ("p2", 0xFFFFFFFF, 0, "Parameter word 2"),
    0x804: ("p3", 0xFFFFFFFF, 0, "Parameter word 3"),
    0x805: ("vth", 0xFFFFFFFF, 0, "Threshold"),
    0x806: ("vrst", 0xFFFFFFFF, 0, "Reset value"),
    0x807: ("spk", 0xFFFFFFFF, 0, "Spike shift register"),
    0x809: ("lmode", 0x001F1F07, 0, "Plasticity mode"),
    0x80A: ("wlim", 0xFFFF, 0, "Weight limits"),
    0x80B: ("t", 0xFFFFFFFF, 0, "Timestep"),
    0x80C: ("l0", 0x07FF07FF, 0, "Plasticity parameter 0"),
    0x80D: ("l1", 0xFFFFFFFF, 0, "Plasticity parameter 1"),
    0x80E: ("l2", 0x7FFF7FFF, 0, "Plasticity parameter 2"),
    0x80F: ("l3", 0x7FFF, 0, "Plasticity parameter 3"),
    0x810: ("rew", 0xFFFF, 0, "Reward"),
}


def require_enabled(hart: Any) -> None:
    """Illegal instruction while ST is Off (1.4, 4.2)."""
    if hart.state.ctl & ST == 0:
        hart.illegal()


def user_csr(number: int, name: str, text: str, stored: Callable[[Any], Any], reset: int = 0, bits: int = 32) -> None:
    """A CSR that needs ST on, marks it Dirty (1.6), and stores what `stored` makes of a written value."""
    xnmspk.state(name, unsigned(bits), reset=reset, documentation=text)

    def read(hart: Any) -> Any:
        require_enabled(hart)
        return getattr(hart.state, name)

    def write(hart: Any, value: Any) -> None:
        require_enabled(hart)
        setattr(hart.state, name, stored(value))
        hart.state.ctl = hart.state.ctl | DIRTY

    xnmspk.csr(number, f"nm_{name}", text, read=read, write=write)


def write_ctl(hart: Any, value: Any) -> None:
    """CCLR (bit 3) clears counters of the engine, which is not here; it reads 0."""
    hart.state.ctl = value & 7


xnmspk.csr(0x7C0, "nm_ctl", "Control", read=lambda hart: hart.state.ctl, write=write_ctl)
user_csr(0x800, "mode", "Mode", lambda value: (value & 0x7FF) ^ ((field(value, 4, 3) == 3) << 3), bits=11)  # RST 3: 2
for _number, (_name, _mask, _reset, _text) in USER_CSRS.items():
    user_csr(_number, _name, _text, lambda value, mask=_mask: value & mask, _reset, _mask.bit_length())
user_csr(0x808, "rng", "Random state", lambda value: choose(value == 0, RNG_RESET, value), RNG_RESET)
xnmspk.setup(nm_ctl=1)


# Instructions (chapter 5) -------------------------------------------------------------------------------------------
def instruction(pattern: str, text: str, cycles: int = 1) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An instruction by the function of its operands: named rd (its old value), rs1, rs2 as unsigned words.

    Around it is what holds for all: ST has to be on (1.4), gets Dirty (1.6), and rd the result modulo 2^32.
    """

    def define(function: Callable[..., Any]) -> Callable[..., Any]:
        names = list(inspect.signature(function).parameters)[1:]

        @wraps(function)
        def meaning(hart: Any, insn: Any) -> None:
            require_enabled(hart)
            result = function(hart, *(hart.x[getattr(insn, name)] for name in names))
            hart.state.ctl = hart.state.ctl | DIRTY
            hart.x[insn.rd] = result

        xnmspk.instruction(pattern, text, cycles=cycles, cost_class="coprocessor")(meaning)
        return function

    return define


def push(hart: Any, spike: Any) -> None:
    """Shift a spike into nm_spk (4.3)."""
    hart.state.spk = spike << 31 | hart.state.spk >> 1


# 5.1 Words of spikes
@instruction("0000000 00000 rs1 000 rd 0001011", "nm.popc rd, rs1")
def popc(hart: Any, rs1: Any) -> Any:
    """Population count."""
    return rs1.bit_count()


@instruction("0000001 rs2 rs1 000 rd 0001011", "nm.andpop rd, rs1, rs2")
def andpop(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Population count of the conjunction."""
    return (rs1 & rs2).bit_count()


@instruction("0000010 rs2 rs1 000 rd 0001011", "nm.xnorpop rd, rs1, rs2")
def xnorpop(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Binary dot product of 32 signs."""
    return 2 * (~(rs1 ^ rs2) & 0xFFFF_FFFF).bit_count() - 32


@instruction("0000011 00000 rs1 000 rd 0001011", "nm.ffs rd, rs1")
def ffs(hart: Any, rs1: Any) -> Any:
    """Find first set; 32 if there is none."""
    return (~rs1 & (rs1 - 1) & 0xFFFF_FFFF).bit_count()  # the ones below the lowest set bit


@instruction("0000100 00000 rs1 000 rd 0001011", "nm.clrlsb rd, rs1")
def clrlsb(hart: Any, rs1: Any) -> Any:
    """Clear the lowest set bit."""
    return rs1 & (rs1 - 1)


@instruction("0000101 rs2 rs1 000 rd 0001011", "nm.spush rd, rs1, rs2")
def spush(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Shift a spike into a word."""
    return rs1 << 1 | rs2 & 1


@instruction("0000110 rs2 rs1 000 rd 0001011", "nm.evpk rd, rs1, rs2")
def evpk(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Pack an address event."""
    return (rs1 & 0xFFF) << 20 | rs2 & 0xFFFFF


@instruction("0000111 00000 rs1 000 rd 0001011", "nm.evad rd, rs1")
def evad(hart: Any, rs1: Any) -> Any:
    """Event address."""
    return rs1 & 0xFFFFF


@instruction("0001000 00000 rs1 000 rd 0001011", "nm.evts rd, rs1")
def evts(hart: Any, rs1: Any) -> Any:
    """Event time stamp."""
    return rs1 >> 20


# 5.2 Accumulation
def gated(word: Any, gate: Any, bits: int) -> Any:
    """Sum of the signed numbers of a word whose gate bit is set."""
    return sum(signed(word >> bits * i, bits) * (gate >> i & 1) for i in range(32 // bits))


@instruction("0000000 rs2 rs1 001 rd 0001011", "nm.sacc8 rd, rs1, rs2")
def sacc8(hart: Any, rd: Any, rs1: Any, rs2: Any) -> Any:
    """Gated accumulation, 4 x s8."""
    return rd + gated(rs1, rs2, 8)


@instruction("0000001 rs2 rs1 001 rd 0001011", "nm.sacc4 rd, rs1, rs2")
def sacc4(hart: Any, rd: Any, rs1: Any, rs2: Any) -> Any:
    """Gated accumulation, 8 x s4."""
    return rd + gated(rs1, rs2, 4)


@instruction("0000010 rs2 rs1 001 rd 0001011", "nm.sacct rd, rs1, rs2")
def sacct(hart: Any, rd: Any, rs1: Any, rs2: Any) -> Any:
    """Gated accumulation, 16 x s2 (ternary)."""
    return rd + gated(rs1, rs2, 2)


@instruction("0000011 rs2 rs1 001 rd 0001011", "nm.saccb rd, rs1, rs2")
def saccb(hart: Any, rd: Any, rs1: Any, rs2: Any) -> Any:
    """Gated accumulation, 32 x +-1."""
    return rd + (rs1 & rs2).bit_count() - (~rs1 & rs2).bit_count()


@instruction("0000100 rs2 rs1 001 rd 0001011", "nm.dot8 rd, rs1, rs2")
def dot8(hart: Any, rd: Any, rs1: Any, rs2: Any) -> Any:
    """Dot product, 4 x s8."""
    return rd + sum(signed(rs1 >> 8 * i, 8) * signed(rs2 >> 8 * i, 8) for i in range(4))


def pair(low: Any, high: Any) -> Any:
    """Two 16-bit numbers, saturated, in a word."""
    low, high = clip(low, -32768, 32767), clip(high, -32768, 32767)
    return (high & 0xFFFF) << 16 | low & 0xFFFF


def halves(word: Any) -> tuple[Any, Any]:
    """The signed 16-bit numbers of a word, the low one first."""
    return signed(word, 16), signed(word >> 16, 16)


@instruction("0000101 rs2 rs1 001 rd 0001011", "nm.vadds rd, rs1, rs2")
def vadds(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Add two s16 pairs, saturating."""
    (a, b), (c, d) = halves(rs1), halves(rs2)
    return pair(a + c, b + d)


@instruction("0000110 rs2 rs1 001 rd 0001011", "nm.vwadl rd, rs1, rs2")
def vwadl(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Add low weight bytes to an s16 pair."""
    low, high = halves(rs1)
    return pair(low + signed(rs2, 8), high + signed(rs2 >> 8, 8))


@instruction("0000111 rs2 rs1 001 rd 0001011", "nm.vwadh rd, rs1, rs2")
def vwadh(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Add high weight bytes to an s16 pair."""
    low, high = halves(rs1)
    return pair(low + signed(rs2 >> 16, 8), high + signed(rs2 >> 24, 8))


@instruction("0001000 00000 rs1 001 rd 0001011", "nm.tnsyn rd, rs1")
def tnsyn(hart: Any, rd: Any, rs1: Any) -> Any:
    """TrueNorth synapse."""
    return kernels.tnsyn(hart, s32(rd), rs1)


# 5.3 Neuron kernels
@instruction("0000000 rs2 rs1 010 rd 0001011", "nm.dec rd, rs1, rs2", cycles=2)
def dec(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Decay."""
    return kernels.dec(hart, s32(rs1), rs2)


@instruction("0000001 rs2 rs1 010 rd 0001011", "nm.decs rd, rs1, rs2")
def decs(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Shift decay."""
    return kernels.decs(s32(rs1), rs2)


@instruction("0000010 rs2 rs1 010 rd 0001011", "nm.integ rd, rs1, rs2")
def integ(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Integrate."""
    return kernels.integ(hart, s32(rs1), s32(rs2))


@instruction("0000011 rs2 rs1 010 rd 0001011", "nm.lif rd, rs1, rs2", cycles=3)
def lif(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Fused leaky integrate and fire."""
    decayed = kernels.dec(hart, s32(rs1), field(hart.state.p0, 28, 16))
    v, spike = kernels.thr(hart, kernels.integ(hart, decayed, s32(rs2)))
    push(hart, spike)
    return v


@instruction("0000100 rs2 rs1 010 rd 0001011", "nm.cubi rd, rs1, rs2", cycles=2)
def cubi(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Synaptic current."""
    return kernels.cubi(hart, s32(rs1), s32(rs2))


@instruction("0000101 rs2 rs1 010 rd 0001011", "nm.cubv rd, rs1, rs2", cycles=2)
def cubv(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Membrane driven by a current."""
    return kernels.cubv(hart, s32(rs1), s32(rs2))


@instruction("0000110 00000 rs1 010 rd 0001011", "nm.thr rd, rs1")
def thr(hart: Any, rs1: Any) -> Any:
    """Threshold and reset."""
    v, spike = kernels.thr(hart, s32(rs1))
    push(hart, spike)
    return v


@instruction("0000111 rs2 rs1 010 rd 0001011", "nm.cmp rd, rs1, rs2")
def cmp(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Compare and push."""
    spike = kernels.Mode(hart).greater(s32(rs1), s32(rs2))
    push(hart, spike)
    return spike


@instruction("0001000 00000 rs1 010 rd 0001011", "nm.athd rd, rs1", cycles=2)
def athd(hart: Any, rs1: Any) -> Any:
    """Adaptive threshold decay."""
    return kernels.athd(hart, s32(rs1))


@instruction("0001001 rs2 rs1 010 rd 0001011", "nm.izh rd, rs1, rs2", cycles=4)
def izh(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Izhikevich step."""
    packed, spike = kernels.izh(hart, rs1, s32(rs2))
    push(hart, spike)
    return packed


@instruction("0001010 rs2 rs1 010 rd 0001011", "nm.tn rd, rs1, rs2", cycles=3)
def tn(hart: Any, rs1: Any, rs2: Any) -> Any:
    """TrueNorth leak, threshold and reset."""
    v, spike = kernels.tn(hart, s32(rs1), s32(rs2))
    push(hart, spike)
    return v


@instruction("0001011 rs2 rs1 010 rd 0001011", "nm.sdsig rd, rs1, rs2")
def sdsig(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Sigma accumulation."""
    return kernels.sdsig(hart, s32(rs1), s32(rs2))


@instruction("0001100 00000 rs1 010 rd 0001011", "nm.sdact rd, rs1")
def sdact(hart: Any, rs1: Any) -> Any:
    """Activation."""
    return kernels.sdact(hart, s32(rs1))


@instruction("0001101 00000 rs1 010 rd 0001011", "nm.sdthr rd, rs1")
def sdthr(hart: Any, rs1: Any) -> Any:
    """Delta threshold."""
    kept = kernels.sdthr(hart, s32(rs1))
    push(hart, kept != 0)
    return kept


# 5.4 Random numbers and rounding
@instruction("0000000 00000 00000 011 rd 0001011", "nm.rnd rd")
def random(hart: Any) -> Any:
    """Random word."""
    return draw(hart, 32)


@instruction("0000001 00000 rs1 011 rd 0001011", "nm.rndn rd, rs1")
def rndn(hart: Any, rs1: Any) -> Any:
    """Random number of n bits."""
    n = field(rs1, 5, 0)
    if n == 0:
        return 0
    return draw(hart, choose(n > 32, 32, n))


@instruction("0000010 rs2 rs1 011 rd 0001011", "nm.srsr rd, rs1, rs2")
def srsr(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Stochastic rounding shift."""
    return rnd(hart, 3, s32(rs1), field(rs2, 4, 0))


@instruction("0000011 rs2 rs1 011 rd 0001011", "nm.srnr rd, rs1, rs2")
def srnr(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Rounding shift, half up."""
    return rhu(s32(rs1), field(rs2, 4, 0))


@instruction("0000100 rs2 rs1 011 rd 0001011", "nm.srtz rd, rs1, rs2")
def srtz(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Rounding shift, toward zero."""
    return tz(s32(rs1), field(rs2, 4, 0))


@instruction("0000101 00000 rs1 011 rd 0001011", "nm.bern rd, rs1")
def bern(hart: Any, rs1: Any) -> Any:
    """Bernoulli draw."""
    return draw(hart, 16) < field(rs1, 16, 0)


@instruction("0000110 rs2 rs1 011 rd 0001011", "nm.sat rd, rs1, rs2")
def sat(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Saturate to n bits."""
    n = field(rs2, 5, 0)
    high = (1 << (choose((n < 1) | (n > 32), 32, n) - 1 & 31)) - 1
    return clip(s32(rs1), -high - 1, high)


# 5.5 Plasticity
@instruction("0000000 rs2 rs1 100 rd 0001011", "nm.trd rd, rs1, rs2", cycles=2)
def trd(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Decay two traces."""
    low = kernels.trd(hart, rs1, rs2)
    return kernels.trd(hart, rs1 >> 16, rs2 >> 16) << 16 | low


@instruction("0000001 rs2 rs1 100 rd 0001011", "nm.tri rd, rs1, rs2")
def tri(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Raise two traces."""
    return kernels.tri(rs1 >> 16, rs2 >> 16) << 16 | kernels.tri(rs1, rs2)


@instruction("0000010 rs2 rs1 100 rd 0001011", "nm.wadd8 rd, rs1, rs2")
def wadd8(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Add four weight changes."""
    result: Any = 0
    for i in range(4):
        weight = kernels.wclip(hart, signed(rs1 >> 8 * i, 8) + signed(rs2 >> 8 * i, 8))
        result = result | (weight & 0xFF) << 8 * i
    return result


@instruction("0000011 rs2 rs1 100 rd 0001011", "nm.stdw rd, rs1, rs2", cycles=2)
def stdw(hart: Any, rd: Any, rs1: Any, rs2: Any) -> Any:
    """Apply a weight change."""
    return kernels.stdw(hart, s32(rd), s32(rs1), rs2)


@instruction("0000100 rs2 rs1 100 rd 0001011", "nm.eld rd, rs1, rs2", cycles=3)
def eld(hart: Any, rd: Any, rs1: Any, rs2: Any) -> Any:
    """Eligibility update."""
    return kernels.eld(hart, s32(rd), s32(rs1), rs2)


@instruction("0000101 rs2 rs1 100 rd 0001011", "nm.bltp rd, rs1, rs2", cycles=4)
def bltp(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Stochastic potentiation of 32 binary weights."""
    return kernels.binary(hart, rs1, rs2, field(hart.state.l0, 10, 0), 0)


@instruction("0000110 rs2 rs1 100 rd 0001011", "nm.bltd rd, rs1, rs2", cycles=4)
def bltd(hart: Any, rs1: Any, rs2: Any) -> Any:
    """Stochastic depression of 32 binary weights."""
    return kernels.binary(hart, rs1, rs2, field(hart.state.l0, 26, 16), 1)


@instruction("0000111 rs2 rs1 100 rd 0001011", "nm.sdsp rd, rs1, rs2")
def sdsp(hart: Any, rs1: Any, rs2: Any) -> Any:
    """SDSP weight change."""
    return kernels.sdsp(hart, s32(rs1), rs2)


@instruction("0001000 00000 rs1 100 rd 0001011", "nm.eph rd, rs1")
def eph(hart: Any, rs1: Any) -> Any:
    """Five-level surrogate derivative."""
    return kernels.eph(hart, s32(rs1))


@instruction("0001001 rs2 rs1 100 rd 0001011", "nm.epw rd, rs1, rs2", cycles=2)
def epw(hart: Any, rd: Any, rs1: Any, rs2: Any) -> Any:
    """Stochastic +-1 weight update."""
    return kernels.epw(hart, s32(rd), s32(rs1), rs2)


# Second implementations ---------------------------------------------------------------------------------------------
xnmspk.implementation("coprocessor", isa="rv32im_zicsr_zifencei_zicntr_xnmspk_xnmeng_xnmlrn")
IN_VERILOG = [
    *"popc andpop xnorpop ffs clrlsb spush evpk evad evts sacc8 sacc4 sacct saccb dot8 vadds vwadl vwadh tnsyn".split(),
    *"dec decs integ lif cubi cubv thr cmp rnd rndn srsr srnr srtz bern sat".split(),
]
xnmspk.implementation(
    "rtl",
    verilog=["rtl/xnmspk_pcpi.v"],
    top="xnmspk_pcpi",
    instructions=[f"nm.{name}" for name in IN_VERILOG],
    csr=True,
)
