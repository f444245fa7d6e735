"""RV32I, the base integer instruction set (unprivileged manual, chapter "RV32I Base Integer Instruction Set")."""

from __future__ import annotations

from typing import Any

from iss.isa.causes import Cause
from iss.isa.definitions import InstructionSet
from iss.isa.values import signed

rv32i = InstructionSet("i", "RV32I base integer instructions")


# Integer register-immediate instructions ---------------------------------------------------------------------------
@rv32i.instruction("imm[31:12] rd 0110111", "lui rd, imm>>12")
def lui(hart: Any, insn: Any) -> None:
    """Load upper immediate: rd gets the immediate in bits 31:12, zeros below."""
    hart.x[insn.rd] = insn.imm


@rv32i.instruction("imm[31:12] rd 0010111", "auipc rd, imm>>12")
def auipc(hart: Any, insn: Any) -> None:
    """Add upper immediate to pc."""
    hart.x[insn.rd] = hart.pc + insn.imm


@rv32i.instruction("imm[11:0] rs1 000 rd 0010011", "addi rd, rs1, imm")
def addi(hart: Any, insn: Any) -> None:
    """Add immediate."""
    hart.x[insn.rd] = hart.x[insn.rs1] + insn.imm


@rv32i.instruction("imm[11:0] rs1 010 rd 0010011", "slti rd, rs1, imm")
def slti(hart: Any, insn: Any) -> None:
    """Set rd to 1 if rs1 is less than the immediate, both signed, else to 0."""
    hart.x[insn.rd] = signed(hart.x[insn.rs1]) < insn.imm


@rv32i.instruction("imm[11:0] rs1 011 rd 0010011", "sltiu rd, rs1, imm")
def sltiu(hart: Any, insn: Any) -> None:
    """Set rd to 1 if rs1 is less than the sign-extended immediate, both unsigned, else to 0."""
    hart.x[insn.rd] = hart.x[insn.rs1] < (insn.imm & 0xFFFF_FFFF)


@rv32i.instruction("imm[11:0] rs1 100 rd 0010011", "xori rd, rs1, imm")
def xori(hart: Any, insn: Any) -> None:
    """Exclusive or with immediate."""
    hart.x[insn.rd] = hart.x[insn.rs1] ^ insn.imm


@rv32i.instruction("imm[11:0] rs1 110 rd 0010011", "ori rd, rs1, imm")
def ori(hart: Any, insn: Any) -> None:
    """Or with immediate."""
    hart.x[insn.rd] = hart.x[insn.rs1] | insn.imm


@rv32i.instruction("imm[11:0] rs1 111 rd 0010011", "andi rd, rs1, imm")
def andi(hart: Any, insn: Any) -> None:
    """And with immediate."""
    hart.x[insn.rd] = hart.x[insn.rs1] & insn.imm


@rv32i.instruction("0000000 shamt[4:0] rs1 001 rd 0010011", "slli rd, rs1, shamt")
def slli(hart: Any, insn: Any) -> None:
    """Shift left logical by a constant."""
    hart.x[insn.rd] = hart.x[insn.rs1] << insn.shamt


@rv32i.instruction("0000000 shamt[4:0] rs1 101 rd 0010011", "srli rd, rs1, shamt")
def srli(hart: Any, insn: Any) -> None:
    """Shift right logical by a constant."""
    hart.x[insn.rd] = hart.x[insn.rs1] >> insn.shamt


@rv32i.instruction("0100000 shamt[4:0] rs1 101 rd 0010011", "srai rd, rs1, shamt")
def srai(hart: Any, insn: Any) -> None:
    """Shift right arithmetic by a constant."""
    hart.x[insn.rd] = signed(hart.x[insn.rs1]) >> insn.shamt


# Integer register-register instructions ----------------------------------------------------------------------------
@rv32i.instruction("0000000 rs2 rs1 000 rd 0110011", "add rd, rs1, rs2")
def add(hart: Any, insn: Any) -> None:
    """Add."""
    hart.x[insn.rd] = hart.x[insn.rs1] + hart.x[insn.rs2]


@rv32i.instruction("0100000 rs2 rs1 000 rd 0110011", "sub rd, rs1, rs2")
def sub(hart: Any, insn: Any) -> None:
    """Subtract rs2 from rs1."""
    hart.x[insn.rd] = hart.x[insn.rs1] - hart.x[insn.rs2]


@rv32i.instruction("0000000 rs2 rs1 001 rd 0110011", "sll rd, rs1, rs2")
def sll(hart: Any, insn: Any) -> None:
    """Shift left logical by the low five bits of rs2."""
    hart.x[insn.rd] = hart.x[insn.rs1] << (hart.x[insn.rs2] & 31)


@rv32i.instruction("0000000 rs2 rs1 010 rd 0110011", "slt rd, rs1, rs2")
def slt(hart: Any, insn: Any) -> None:
    """Set rd to 1 if rs1 is less than rs2, both signed, else to 0."""
    hart.x[insn.rd] = signed(hart.x[insn.rs1]) < signed(hart.x[insn.rs2])


@rv32i.instruction("0000000 rs2 rs1 011 rd 0110011", "sltu rd, rs1, rs2")
def sltu(hart: Any, insn: Any) -> None:
    """Set rd to 1 if rs1 is less than rs2, both unsigned, else to 0."""
    hart.x[insn.rd] = hart.x[insn.rs1] < hart.x[insn.rs2]


@rv32i.instruction("0000000 rs2 rs1 100 rd 0110011", "xor rd, rs1, rs2")
def xor(hart: Any, insn: Any) -> None:
    """Exclusive or."""
    hart.x[insn.rd] = hart.x[insn.rs1] ^ hart.x[insn.rs2]


@rv32i.instruction("0000000 rs2 rs1 101 rd 0110011", "srl rd, rs1, rs2")
def srl(hart: Any, insn: Any) -> None:
    """Shift right logical by the low five bits of rs2."""
    hart.x[insn.rd] = hart.x[insn.rs1] >> (hart.x[insn.rs2] & 31)


@rv32i.instruction("0100000 rs2 rs1 101 rd 0110011", "sra rd, rs1, rs2")
def sra(hart: Any, insn: Any) -> None:
    """Shift right arithmetic by the low five bits of rs2."""
    hart.x[insn.rd] = signed(hart.x[insn.rs1]) >> (hart.x[insn.rs2] & 31)


@rv32i.instruction("0000000 rs2 rs1 110 rd 0110011", "or rd, rs1, rs2")
def or_(hart: Any, insn: Any) -> None:
    """Or."""
    hart.x[insn.rd] = hart.x[insn.rs1] | hart.x[insn.rs2]


@rv32i.instruction("0000000 rs2 rs1 111 rd 0110011", "and rd, rs1, rs2")
def and_(hart: Any, insn: Any) -> None:
    """And."""
    hart.x[insn.rd] = hart.x[insn.rs1] & hart.x[insn.rs2]


# Control transfer instructions -------------------------------------------------------------------------------------
@rv32i.instruction("imm[20|10:1|11|19:12] rd 1101111", "jal rd, pc+imm", cost_class="jump")
def jal(hart: Any, insn: Any) -> None:
    """Jump and link: rd gets the address of the next instruction."""
    link = hart.pc + insn.length
    hart.jump(hart.pc + insn.imm)
    hart.x[insn.rd] = link


@rv32i.instruction("imm[11:0] rs1 000 rd 1100111", "jalr rd, imm(rs1)", cost_class="jump")
def jalr(hart: Any, insn: Any) -> None:
    """Jump and link register; bit 0 of the target is cleared."""
    link = hart.pc + insn.length
    hart.jump((hart.x[insn.rs1] + insn.imm) & ~1)
    hart.x[insn.rd] = link


def branch(hart: Any, insn: Any, condition: Any) -> None:
    """Jump to pc + imm if the condition holds (B format)."""
    if condition:
        hart.jump(hart.pc + insn.imm)


@rv32i.instruction("imm[12|10:5] rs2 rs1 000 imm[4:1|11] 1100011", "beq rs1, rs2, pc+imm", cost_class="branch")
def beq(hart: Any, insn: Any) -> None:
    """Branch if equal."""
    branch(hart, insn, hart.x[insn.rs1] == hart.x[insn.rs2])


@rv32i.instruction("imm[12|10:5] rs2 rs1 001 imm[4:1|11] 1100011", "bne rs1, rs2, pc+imm", cost_class="branch")
def bne(hart: Any, insn: Any) -> None:
    """Branch if not equal."""
    branch(hart, insn, hart.x[insn.rs1] != hart.x[insn.rs2])


@rv32i.instruction("imm[12|10:5] rs2 rs1 100 imm[4:1|11] 1100011", "blt rs1, rs2, pc+imm", cost_class="branch")
def blt(hart: Any, insn: Any) -> None:
    """Branch if rs1 is less than rs2, both signed."""
    branch(hart, insn, signed(hart.x[insn.rs1]) < signed(hart.x[insn.rs2]))


@rv32i.instruction("imm[12|10:5] rs2 rs1 101 imm[4:1|11] 1100011", "bge rs1, rs2, pc+imm", cost_class="branch")
def bge(hart: Any, insn: Any) -> None:
    """Branch if rs1 is greater than or equal to rs2, both signed."""
    branch(hart, insn, signed(hart.x[insn.rs1]) >= signed(hart.x[insn.rs2]))


@rv32i.instruction("imm[12|10:5] rs2 rs1 110 imm[4:1|11] 1100011", "bltu rs1, rs2, pc+imm", cost_class="branch")
def bltu(hart: Any, insn: Any) -> None:
    """Branch if rs1 is less than rs2, both unsigned."""
    branch(hart, insn, hart.x[insn.rs1] < hart.x[insn.rs2])


@rv32i.instruction("imm[12|10:5] rs2 rs1 111 imm[4:1|11] 1100011", "bgeu rs1, rs2, pc+imm", cost_class="branch")
def bgeu(hart: Any, insn: Any) -> None:
    """Branch if rs1 is greater than or equal to rs2, both unsigned."""
    branch(hart, insn, hart.x[insn.rs1] >= hart.x[insn.rs2])


# Load and store instructions ---------------------------------------------------------------------------------------
@rv32i.instruction("imm[11:0] rs1 000 rd 0000011", "lb rd, imm(rs1)", cost_class="load")
def lb(hart: Any, insn: Any) -> None:
    """Load byte, sign-extended."""
    hart.x[insn.rd] = signed(hart.load(hart.x[insn.rs1] + insn.imm, 1), 8)


@rv32i.instruction("imm[11:0] rs1 001 rd 0000011", "lh rd, imm(rs1)", cost_class="load")
def lh(hart: Any, insn: Any) -> None:
    """Load halfword, sign-extended."""
    hart.x[insn.rd] = signed(hart.load(hart.x[insn.rs1] + insn.imm, 2), 16)


@rv32i.instruction("imm[11:0] rs1 010 rd 0000011", "lw rd, imm(rs1)", cost_class="load")
def lw(hart: Any, insn: Any) -> None:
    """Load word."""
    hart.x[insn.rd] = hart.load(hart.x[insn.rs1] + insn.imm, 4)


@rv32i.instruction("imm[11:0] rs1 100 rd 0000011", "lbu rd, imm(rs1)", cost_class="load")
def lbu(hart: Any, insn: Any) -> None:
    """Load byte, zero-extended."""
    hart.x[insn.rd] = hart.load(hart.x[insn.rs1] + insn.imm, 1)


@rv32i.instruction("imm[11:0] rs1 101 rd 0000011", "lhu rd, imm(rs1)", cost_class="load")
def lhu(hart: Any, insn: Any) -> None:
    """Load halfword, zero-extended."""
    hart.x[insn.rd] = hart.load(hart.x[insn.rs1] + insn.imm, 2)


@rv32i.instruction("imm[11:5] rs2 rs1 000 imm[4:0] 0100011", "sb rs2, imm(rs1)", cost_class="store")
def sb(hart: Any, insn: Any) -> None:
    """Store byte."""
    hart.store(hart.x[insn.rs1] + insn.imm, 1, hart.x[insn.rs2])


@rv32i.instruction("imm[11:5] rs2 rs1 001 imm[4:0] 0100011", "sh rs2, imm(rs1)", cost_class="store")
def sh(hart: Any, insn: Any) -> None:
    """Store halfword."""
    hart.store(hart.x[insn.rs1] + insn.imm, 2, hart.x[insn.rs2])


@rv32i.instruction("imm[11:5] rs2 rs1 010 imm[4:0] 0100011", "sw rs2, imm(rs1)", cost_class="store")
def sw(hart: Any, insn: Any) -> None:
    """Store word."""
    hart.store(hart.x[insn.rs1] + insn.imm, 4, hart.x[insn.rs2])


# Memory ordering, environment call and breakpoint ------------------------------------------------------------------
@rv32i.instruction(
    "fm[3:0] pred[3:0] succ[3:0] rs1 000 rd 0001111",
    "fence pred, succ",
    unused=("fm", "pred", "succ", "rs1", "rd"),
)
def fence(hart: Any, insn: Any) -> None:
    """Order memory accesses; a single hart with one memory is always ordered."""


@rv32i.instruction("000000000000 00000 000 00000 1110011", "ecall", cost_class="system")
def ecall(hart: Any, insn: Any) -> None:
    """Request a service of the execution environment: traps."""
    hart.trap(Cause.ECALL_FROM_M, 0)


@rv32i.instruction("000000000001 00000 000 00000 1110011", "ebreak", cost_class="system")
def ebreak(hart: Any, insn: Any) -> None:
    """Return control to a debugger: traps with the address of the instruction as mtval."""
    hart.trap(Cause.BREAKPOINT, hart.pc)
