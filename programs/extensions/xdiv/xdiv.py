"""Xdiv: a divider that takes a cycle for each bit of the quotient and keeps the remainder."""

from iss.extension import Extension, unsigned

u32 = unsigned(32)
xdiv = Extension("xdiv", title="Multi-cycle divider", version="1.0")
xdiv.state("rest", u32, documentation="remainder of the last division")
xdiv.state("spent", u32, documentation="cycles that divisions took beyond the first")
xdiv.csr(0xFF7, "div_spent", "Cycles that divisions took beyond the first", state="spent")
xdiv.implementation("c", c="xdiv.c")


def bits(value):
    """Number of bits up to the highest one."""
    count = 0
    for size in (16, 8, 4, 2, 1):
        more = (value >> size) != 0
        count = count + more * size
        value = value >> more * size
    return count + value


def take(hart, quotient):
    """Let as many cycles pass as the quotient has bits."""
    cycles = bits(quotient)
    hart.state.spent = hart.state.spent + cycles
    hart.elapse(cycles)


@xdiv.instruction("1100100 rs2 rs1 010 rd 1111011", "div.whole rd, rs1, rs2", energy_pj=4.0)
def whole(hart, insn):
    """Quotient of rs1 and rs2, unsigned; by 0 it is 2^32 - 1 and the remainder rs1."""
    left, right = hart.x[insn.rs1], hart.x[insn.rs2]
    if right == 0:
        hart.state.rest = left
        hart.x[insn.rd] = 0xFFFF_FFFF
    else:
        quotient = left // right
        take(hart, quotient)
        hart.state.rest = left % right
        hart.x[insn.rd] = quotient


@xdiv.instruction("1100101 rs2 rs1 010 rd 1111011", "div.near rd, rs1, rs2", energy_pj=4.2)
def near(hart, insn):
    """Quotient of rs1 and rs2, unsigned, to the nearest, half upwards; by 0 it raises illegal instruction."""
    left, right = hart.x[insn.rs1], hart.x[insn.rs2]
    twice = 2 * right
    if twice == 0:
        hart.illegal()
    quotient = (2 * left + right) // twice
    take(hart, quotient)
    hart.x[insn.rd] = quotient


@xdiv.instruction("1100110 00000 00000 010 rd 1111011", "div.rest rd", energy_pj=0.4)
def rest(hart, insn):
    """Remainder of the last div.whole."""
    hart.x[insn.rd] = hart.state.rest


xdiv.cover("by zero", "div.whole", lambda case: case.result == 0xFFFF_FFFF)
