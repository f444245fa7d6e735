"""The register-level instructions (specification chapter 5): u32 in, u32 out, methods named after the mnemonics."""

from __future__ import annotations

from collections.abc import Callable

from coprocessor.golden import neurons, plasticity
from coprocessor.golden.numbers import (
    bit,
    clip,
    field,
    popcount,
    rhu,
    s8,
    s16,
    s32,
    signed,
    tz,
    u32,
)
from coprocessor.golden.state import State


def fields(word: int, width: int) -> list[int]:
    """The 32/width unsigned fields of a word, lowest first."""
    return [field(word, low + width - 1, low) for low in range(0, 32, width)]


def pack(values: list[int], width: int) -> int:
    """The word whose fields, lowest first, are the values modulo 2^width."""
    return sum((value & (1 << width) - 1) << width * index for index, value in enumerate(values))


def gated_sum(rd: int, weights: list[int], gate: int) -> int:
    """`rd + sum(weights[i] if gate[i])`, modulo 2^32."""
    return u32(rd + sum(weight for index, weight in enumerate(weights) if bit(gate, index)))


def pairwise(operation: Callable[[int, int], int], x: int, y: int) -> int:
    """Apply `operation` to the low, then the high halves."""
    return pack([operation(a, b) for a, b in zip(fields(x, 16), fields(y, 16), strict=True)], 16)


def clip16(x: int) -> int:
    """Saturate to s16."""
    return clip(x, -32768, 32767)


class RegisterInstructions:
    """Xnmspk and the register level of Xnmlrn. They push and draw as specified; ST is the caller's business."""

    registers: State

    def popc(self, rs1: int) -> int:
        """`popcount(rs1)`."""
        return popcount(rs1)

    def andpop(self, rs1: int, rs2: int) -> int:
        """`popcount(rs1 & rs2)`."""
        return popcount(rs1 & rs2)

    def xnorpop(self, rs1: int, rs2: int) -> int:
        """`2*popcount(~(rs1 ^ rs2)) - 32`."""
        return u32(2 * popcount(~(rs1 ^ rs2)) - 32)

    def ffs(self, rs1: int) -> int:
        """Index of the lowest set bit; 32 if rs1 == 0."""
        return (rs1 & -rs1).bit_length() - 1 if rs1 else 32

    def clrlsb(self, rs1: int) -> int:
        """`rs1 & (rs1 - 1)`; 0 if rs1 == 0."""
        return rs1 & (rs1 - 1) if rs1 else 0

    def spush(self, rs1: int, rs2: int) -> int:
        """`(rs1 << 1) | (rs2 & 1)`."""
        return u32(rs1 << 1) | (rs2 & 1)

    def evpk(self, rs1: int, rs2: int) -> int:
        """`(rs1 & 0xFFF) << 20 | (rs2 & 0xFFFFF)`."""
        return (rs1 & 0xFFF) << 20 | (rs2 & 0xFFFFF)

    def evad(self, rs1: int) -> int:
        """`rs1 & 0xFFFFF`."""
        return rs1 & 0xFFFFF

    def evts(self, rs1: int) -> int:
        """`rs1 >> 20`, unsigned."""
        return rs1 >> 20

    def sacc8(self, rd: int, rs1: int, rs2: int) -> int:
        """`rd + sum(s8(rs1.b[i]) if rs2[i])`."""
        return gated_sum(rd, [s8(w) for w in fields(rs1, 8)], rs2)

    def sacc4(self, rd: int, rs1: int, rs2: int) -> int:
        """`rd + sum(s4(rs1[4i+3:4i]) if rs2[i])`."""
        return gated_sum(rd, [signed(w, 4) for w in fields(rs1, 4)], rs2)

    def sacct(self, rd: int, rs1: int, rs2: int) -> int:
        """`rd + sum(s2(rs1[2i+1:2i]) if rs2[i])`."""
        return gated_sum(rd, [signed(w, 2) for w in fields(rs1, 2)], rs2)

    def saccb(self, rd: int, rs1: int, rs2: int) -> int:
        """`rd + popcount(rs1 & rs2) - popcount(~rs1 & rs2)`."""
        return u32(rd + popcount(rs1 & rs2) - popcount(~rs1 & rs2))

    def dot8(self, rd: int, rs1: int, rs2: int) -> int:
        """`rd + sum(s8(rs1.b[i]) * s8(rs2.b[i]))`."""
        return u32(rd + sum(s8(x) * s8(y) for x, y in zip(fields(rs1, 8), fields(rs2, 8), strict=True)))

    def vadds(self, rs1: int, rs2: int) -> int:
        """`rd.h[i] = clip16(s16(rs1.h[i]) + s16(rs2.h[i]))`."""
        return pairwise(lambda x, y: clip16(s16(x) + s16(y)), rs1, rs2)

    def vwadl(self, rs1: int, rs2: int) -> int:
        """`rd.h[i] = clip16(s16(rs1.h[i]) + s8(rs2.b[i]))`."""
        return pack(
            [clip16(s16(x) + s8(w)) for x, w in zip(fields(rs1, 16), fields(rs2, 8)[:2], strict=True)],
            16,
        )

    def vwadh(self, rs1: int, rs2: int) -> int:
        """`rd.h[i] = clip16(s16(rs1.h[i]) + s8(rs2.b[2+i]))`."""
        return pack(
            [clip16(s16(x) + s8(w)) for x, w in zip(fields(rs1, 16), fields(rs2, 8)[2:], strict=True)],
            16,
        )

    def tnsyn(self, rd: int, rs1: int) -> int:
        """`tnsyn(rd, rs1)`."""
        return u32(neurons.tnsyn(self.registers.random, s32(rd), rs1))

    def dec(self, rs1: int, rs2: int) -> int:
        """`dec(rs1, rs2)`."""
        return u32(neurons.dec(self.registers.parameters, self.registers.random, s32(rs1), rs2))

    def decs(self, rs1: int, rs2: int) -> int:
        """`decs(rs1, rs2)`."""
        return u32(neurons.decs(s32(rs1), rs2))

    def integ(self, rs1: int, rs2: int) -> int:
        """`integ(rs1, rs2)`."""
        return u32(neurons.integ(self.registers.parameters, s32(rs1), s32(rs2)))

    def lif(self, rs1: int, rs2: int) -> int:
        """`v, s = thr(integ(dec(rs1, KV), rs2)); push(s)`."""
        return self._pushing(neurons.lif(self.registers.parameters, self.registers.random, s32(rs1), s32(rs2)))

    def cubi(self, rs1: int, rs2: int) -> int:
        """`cubi(rs1, rs2)`."""
        return u32(neurons.cubi(self.registers.parameters, self.registers.random, s32(rs1), s32(rs2)))

    def cubv(self, rs1: int, rs2: int) -> int:
        """`cubv(rs1, rs2)`."""
        return u32(neurons.cubv(self.registers.parameters, self.registers.random, s32(rs1), s32(rs2)))

    def thr(self, rs1: int) -> int:
        """`v, s = thr(rs1); push(s)`."""
        return self._pushing(neurons.thr(self.registers.parameters, s32(rs1)))

    def cmp(self, rs1: int, rs2: int) -> int:
        """`s = greater(rs1, rs2); push(s)`."""
        s = self.registers.parameters.greater(s32(rs1), s32(rs2))
        return self._pushing((s, s))

    def athd(self, rs1: int) -> int:
        """`athd(rs1)`."""
        return u32(neurons.athd(self.registers.parameters, self.registers.random, s32(rs1)))

    def izh(self, rs1: int, rs2: int) -> int:
        """`rd, s = izh(rs1, rs2); push(s)`."""
        return self._pushing(neurons.izh(self.registers.parameters, rs1, s32(rs2)))

    def tn(self, rs1: int, rs2: int) -> int:
        """`rd, s = tn(rs1, rs2); push(s)`."""
        return self._pushing(neurons.tn(self.registers.parameters, self.registers.random, s32(rs1), s32(rs2)))

    def sdsig(self, rs1: int, rs2: int) -> int:
        """`sdsig(rs1, rs2)`."""
        return u32(neurons.sdsig(self.registers.parameters, s32(rs1), s32(rs2)))

    def sdact(self, rs1: int) -> int:
        """`sdact(rs1)`."""
        return u32(neurons.sdact(self.registers.parameters, s32(rs1)))

    def sdthr(self, rs1: int) -> int:
        """`rd = sdthr(rs1); push(rd != 0)`."""
        d = neurons.sdthr(self.registers.parameters, s32(rs1))
        return self._pushing((d, int(d != 0)))

    def rnd(self) -> int:
        """`draw(32)`."""
        return self.registers.random.draw(32)

    def rndn(self, rs1: int) -> int:
        """`n = min(rs1[5:0], 32); draw(n) if n else 0`."""
        n = min(field(rs1, 5, 0), 32)
        return self.registers.random.draw(n) if n else 0

    def srsr(self, rs1: int, rs2: int) -> int:
        """`rnd(3, rs1, rs2[4:0])`."""
        return u32(self.registers.random.rnd(3, s32(rs1), field(rs2, 4, 0)))

    def srnr(self, rs1: int, rs2: int) -> int:
        """`rhu(rs1, rs2[4:0])`."""
        return u32(rhu(s32(rs1), field(rs2, 4, 0)))

    def srtz(self, rs1: int, rs2: int) -> int:
        """`tz(rs1, rs2[4:0])`."""
        return u32(tz(s32(rs1), field(rs2, 4, 0)))

    def bern(self, rs1: int) -> int:
        """`1 if draw(16) < rs1[16:0] else 0`."""
        return int(self.registers.random.draw(16) < field(rs1, 16, 0))

    def sat(self, rs1: int, rs2: int) -> int:
        """`n = rs2[5:0] if 1 <= rs2[5:0] <= 32 else 32; clip(rs1, -2**(n-1), 2**(n-1)-1)`."""
        n = field(rs2, 5, 0)
        n = n if 1 <= n <= 32 else 32
        return u32(clip(s32(rs1), -(2 ** (n - 1)), 2 ** (n - 1) - 1))

    def trd(self, rs1: int, rs2: int) -> int:
        """`rd.h[i] = trd(rs1.h[i], rs2.h[i])` for i = 0 then 1."""
        learning, random = self.registers.learning, self.registers.random
        return pairwise(lambda x, k: plasticity.trd(learning, random, x, k), rs1, rs2)

    def tri(self, rs1: int, rs2: int) -> int:
        """`rd.h[i] = tri(rs1.h[i], rs2.h[i])`."""
        return pairwise(plasticity.tri, rs1, rs2)

    def wadd8(self, rs1: int, rs2: int) -> int:
        """`rd.b[i] = wclip(s8(rs1.b[i]) + s8(rs2.b[i]))`."""
        learning = self.registers.learning
        pairs = zip(fields(rs1, 8), fields(rs2, 8), strict=True)
        return pack([plasticity.wclip(learning, s8(w) + s8(d)) for w, d in pairs], 8)

    def stdw(self, rd: int, rs1: int, rs2: int) -> int:
        """`stdw(rd, rs1, rs2)`."""
        return u32(plasticity.stdw(self.registers.learning, self.registers.random, s32(rd), s32(rs1), rs2))

    def eld(self, rd: int, rs1: int, rs2: int) -> int:
        """`eld(rd, rs1, rs2)`."""
        return u32(plasticity.eld(self.registers.learning, self.registers.random, s32(rd), s32(rs1), rs2))

    def bltp(self, rs1: int, rs2: int) -> int:
        """`bltp(rs1, rs2)`."""
        return plasticity.bltp(self.registers.learning, self.registers.random, rs1, rs2)

    def bltd(self, rs1: int, rs2: int) -> int:
        """`bltd(rs1, rs2)`."""
        return plasticity.bltd(self.registers.learning, self.registers.random, rs1, rs2)

    def sdsp(self, rs1: int, rs2: int) -> int:
        """`sdsp(rs1, rs2)`."""
        return u32(plasticity.sdsp(self.registers.learning, s32(rs1), rs2))

    def eph(self, rs1: int) -> int:
        """`eph(rs1)`, VTH from nm_vth."""
        return plasticity.eph(self.registers.learning, s32(self.registers.csr["vth"]), s32(rs1))

    def epw(self, rd: int, rs1: int, rs2: int) -> int:
        """`epw(rd, rs1, rs2)`."""
        return u32(plasticity.epw(self.registers.learning, self.registers.random, s32(rd), s32(rs1), rs2))

    def _pushing(self, value_and_spike: tuple[int, int]) -> int:
        """Push the spike and give the value as u32."""
        value, s = value_and_spike
        self.registers.push(s)
        return u32(value)
