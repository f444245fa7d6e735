"""M, integer multiplication and division (unprivileged manual, chapter ""M" Extension")."""

from __future__ import annotations

from typing import Any

from iss.isa.definitions import InstructionSet
from iss.isa.values import signed

rv32m = InstructionSet("m", "Integer multiplication and division")


# Multiplication operations -----------------------------------------------------------------------------------------
@rv32m.instruction("0000001 rs2 rs1 000 rd 0110011", "mul rd, rs1, rs2", cost_class="multiply")
def mul(hart: Any, insn: Any) -> None:
    """Multiply: the low 32 bits of the product."""
    hart.x[insn.rd] = hart.x[insn.rs1] * hart.x[insn.rs2]


@rv32m.instruction("0000001 rs2 rs1 001 rd 0110011", "mulh rd, rs1, rs2", cost_class="multiply")
def mulh(hart: Any, insn: Any) -> None:
    """Multiply signed by signed: the high 32 bits of the product."""
    hart.x[insn.rd] = signed(hart.x[insn.rs1]) * signed(hart.x[insn.rs2]) >> 32


@rv32m.instruction("0000001 rs2 rs1 010 rd 0110011", "mulhsu rd, rs1, rs2", cost_class="multiply")
def mulhsu(hart: Any, insn: Any) -> None:
    """Multiply signed rs1 by unsigned rs2: the high 32 bits of the product."""
    hart.x[insn.rd] = signed(hart.x[insn.rs1]) * hart.x[insn.rs2] >> 32


@rv32m.instruction("0000001 rs2 rs1 011 rd 0110011", "mulhu rd, rs1, rs2", cost_class="multiply")
def mulhu(hart: Any, insn: Any) -> None:
    """Multiply unsigned by unsigned: the high 32 bits of the product."""
    hart.x[insn.rd] = hart.x[insn.rs1] * hart.x[insn.rs2] >> 32


# Division operations -----------------------------------------------------------------------------------------------
@rv32m.instruction("0000001 rs2 rs1 100 rd 0110011", "div rd, rs1, rs2", cost_class="divide")
def div(hart: Any, insn: Any) -> None:
    """Signed division toward zero; by zero gives -1, overflow gives the dividend (section "Division Operations")."""
    dividend, divisor = signed(hart.x[insn.rs1]), signed(hart.x[insn.rs2])
    if divisor == 0:
        hart.x[insn.rd] = -1
    elif (dividend < 0) ^ (divisor < 0):
        hart.x[insn.rd] = -(abs(dividend) // abs(divisor))
    else:
        hart.x[insn.rd] = abs(dividend) // abs(divisor)


@rv32m.instruction("0000001 rs2 rs1 101 rd 0110011", "divu rd, rs1, rs2", cost_class="divide")
def divu(hart: Any, insn: Any) -> None:
    """Unsigned division; by zero gives all ones (section "Division Operations")."""
    dividend, divisor = hart.x[insn.rs1], hart.x[insn.rs2]
    if divisor == 0:
        hart.x[insn.rd] = 0xFFFF_FFFF
    else:
        hart.x[insn.rd] = dividend // divisor


@rv32m.instruction("0000001 rs2 rs1 110 rd 0110011", "rem rd, rs1, rs2", cost_class="divide")
def rem(hart: Any, insn: Any) -> None:
    """Signed remainder with the dividend's sign; by zero gives the dividend (section "Division Operations")."""
    dividend, divisor = signed(hart.x[insn.rs1]), signed(hart.x[insn.rs2])
    if divisor == 0:
        hart.x[insn.rd] = dividend
    elif dividend < 0:
        hart.x[insn.rd] = -(abs(dividend) % abs(divisor))
    else:
        hart.x[insn.rd] = dividend % abs(divisor)


@rv32m.instruction("0000001 rs2 rs1 111 rd 0110011", "remu rd, rs1, rs2", cost_class="divide")
def remu(hart: Any, insn: Any) -> None:
    """Unsigned remainder; by zero gives the dividend (section "Division Operations")."""
    dividend, divisor = hart.x[insn.rs1], hart.x[insn.rs2]
    if divisor == 0:
        hart.x[insn.rd] = dividend
    else:
        hart.x[insn.rd] = dividend % divisor
