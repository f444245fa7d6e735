"""Xdot: dot products of packed signed bytes, with an accumulator register and a rounding, saturating end."""

from iss.extension import Extension, signed

s8, s32 = signed(8), signed(32)
xdot = Extension("xdot", title="Packed dot product", version="1.0")
xdot.implementation("c", c="xdot.c")


def lanes(word):
    """The four signed bytes of a word."""
    return [s8(word >> 8 * lane) for lane in range(4)]


@xdot.instruction("1110100 rs2 rs1 010 rd 1111011", "dot.mac rd, rs1, rs2", cycles=2, energy_pj=1.6)
def mac(hart, insn):
    """Add the products of the four signed bytes of rs1 and rs2 to rd, modulo 2^32."""
    total = s32(hart.x[insn.rd])
    for left, right in zip(lanes(hart.x[insn.rs1]), lanes(hart.x[insn.rs2]), strict=True):
        total = total + left * right
    hart.x[insn.rd] = total


@xdot.instruction("1110101 rs2 rs1 010 rd 1111011", "dot.mixed rd, rs1, rs2", cycles=2, energy_pj=1.6)
def mixed(hart, insn):
    """Sum of the products of the unsigned bytes of rs1 and the signed bytes of rs2, saturated to 16 bits."""
    total = 0
    for lane, right in enumerate(lanes(hart.x[insn.rs2])):
        total = total + (hart.x[insn.rs1] >> 8 * lane & 0xFF) * right
    hart.x[insn.rd] = signed(16).clip(total)


@xdot.instruction("1110110 shift[4:0] rs1 010 rd 1111011", "dot.narrow rd, rs1, shift", energy_pj=0.9)
def narrow(hart, insn):
    """rs1 divided by 2^shift, rounded to the nearest (half upwards) and saturated to a signed byte."""
    half = 1 << insn.shift >> 1
    hart.x[insn.rd] = s8.clip(s32(hart.x[insn.rs1]) + half >> insn.shift)


xdot.cover("saturated", "dot.narrow", lambda case: case.result == 127)
