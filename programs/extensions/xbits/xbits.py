"""Xbits: bit counting and bit reversal, on registers alone."""

from iss.extension import Extension, unsigned

u5, u8 = unsigned(5), unsigned(8)
xbits = Extension("xbits", title="Bit counting", version="1.0")
xbits.implementation("c", c="xbits.c")
xbits.implementation("oracle", python="oracle.py")


@xbits.instruction("1110000 00000 rs1 010 rd 1111011", "bits.count rd, rs1", energy_pj=0.5)
def count(hart, insn):
    """Number of ones in rs1."""
    value = hart.x[insn.rs1]
    value = value - (value >> 1 & 0x5555_5555)
    value = (value & 0x3333_3333) + (value >> 2 & 0x3333_3333)
    value = value + (value >> 4) & 0x0F0F_0F0F
    hart.x[insn.rd] = value * 0x0101_0101 >> 24 & 0xFF


@xbits.instruction("1110000 00001 rs1 010 rd 1111011", "bits.lead rd, rs1", energy_pj=0.6)
def lead(hart, insn):
    """Number of zeros above the highest one in rs1; 32 if there is none."""
    value = hart.x[insn.rs1]
    zeros = 0
    for bits in (16, 8, 4, 2, 1):
        empty = value >> (32 - bits) == 0
        zeros = zeros + empty * bits
        value = (value << empty * bits) & 0xFFFF_FFFF
    hart.x[insn.rd] = zeros + (value == 0)


@xbits.instruction("1110000 00010 rs1 010 rd 1111011", "bits.reverse rd, rs1", energy_pj=0.4)
def reverse(hart, insn):
    """The bits of each byte of rs1 in the opposite order."""
    value = hart.x[insn.rs1]
    value = (value & 0x5555_5555) << 1 | value >> 1 & 0x5555_5555
    value = (value & 0x3333_3333) << 2 | value >> 2 & 0x3333_3333
    hart.x[insn.rd] = (value & 0x0F0F_0F0F) << 4 | value >> 4 & 0x0F0F_0F0F


@xbits.instruction(
    "1110001 rs2 rs1 010 rd 1111011", "bits.field rd, rs1, rs2", operands={"rs2": unsigned(10)}, energy_pj=0.7
)
def field(hart, insn):
    """The field of rs1 that begins at bit rs2[4:0] and is rs2[9:5] + 1 bits wide, sign-extended."""
    where = hart.x[insn.rs2]
    low, width = u5(where), u5(where >> 5) + 1
    value = hart.x[insn.rs1] >> low
    sign = 1 << width - 1
    hart.x[insn.rd] = ((value & (sign << 1) - 1) ^ sign) - sign


xbits.cover("all", "bits.count", lambda case: case.result == 32)
xbits.cover("none", "bits.lead", lambda case: case.result == 32)
