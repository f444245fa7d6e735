"""Zicsr, control and status register instructions (unprivileged manual, chapter ""Zicsr" Extension")."""

from __future__ import annotations

from typing import Any

from iss.isa.definitions import InstructionSet

zicsr = InstructionSet("zicsr", "Control and status register instructions")


def swap(hart: Any, insn: Any, new: Any) -> None:
    """Write `new`, returning the old value in rd; with rd = x0 the CSR is not read."""
    if insn.rd == 0:
        hart.write_csr(insn.csr, new)
    else:
        old = hart.read_csr(insn.csr)
        hart.write_csr(insn.csr, new)
        hart.x[insn.rd] = old


def set_bits(hart: Any, insn: Any, bits: Any, source: Any) -> None:
    """Set `bits`, returning the old value in rd; a zero source field does not write."""
    old = hart.read_csr(insn.csr)
    if source != 0:
        hart.write_csr(insn.csr, old | bits)
    hart.x[insn.rd] = old


def clear_bits(hart: Any, insn: Any, bits: Any, source: Any) -> None:
    """Clear `bits`, returning the old value in rd; a zero source field does not write."""
    old = hart.read_csr(insn.csr)
    if source != 0:
        hart.write_csr(insn.csr, old & ~bits)
    hart.x[insn.rd] = old


@zicsr.instruction("csr[11:0] rs1 001 rd 1110011", "csrrw rd, csr, rs1", cost_class="csr")
def csrrw(hart: Any, insn: Any) -> None:
    """Atomic read and write of a CSR; with rd = x0 the CSR is not read."""
    swap(hart, insn, hart.x[insn.rs1])


@zicsr.instruction("csr[11:0] rs1 010 rd 1110011", "csrrs rd, csr, rs1", cost_class="csr")
def csrrs(hart: Any, insn: Any) -> None:
    """Atomic read and set bits; with rs1 = x0 the CSR is not written."""
    set_bits(hart, insn, hart.x[insn.rs1], insn.rs1)


@zicsr.instruction("csr[11:0] rs1 011 rd 1110011", "csrrc rd, csr, rs1", cost_class="csr")
def csrrc(hart: Any, insn: Any) -> None:
    """Atomic read and clear bits; with rs1 = x0 the CSR is not written."""
    clear_bits(hart, insn, hart.x[insn.rs1], insn.rs1)


@zicsr.instruction("csr[11:0] uimm[4:0] 101 rd 1110011", "csrrwi rd, csr, uimm", cost_class="csr")
def csrrwi(hart: Any, insn: Any) -> None:
    """As csrrw, with a five-bit immediate."""
    swap(hart, insn, insn.uimm)


@zicsr.instruction("csr[11:0] uimm[4:0] 110 rd 1110011", "csrrsi rd, csr, uimm", cost_class="csr")
def csrrsi(hart: Any, insn: Any) -> None:
    """As csrrs, with a five-bit immediate; an immediate of 0 does not write."""
    set_bits(hart, insn, insn.uimm, insn.uimm)


@zicsr.instruction("csr[11:0] uimm[4:0] 111 rd 1110011", "csrrci rd, csr, uimm", cost_class="csr")
def csrrci(hart: Any, insn: Any) -> None:
    """As csrrc, with a five-bit immediate; an immediate of 0 does not write."""
    clear_bits(hart, insn, insn.uimm, insn.uimm)
