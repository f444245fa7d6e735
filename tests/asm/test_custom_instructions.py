"""A new instruction definition assembles and disassembles at once, whatever its operands look like."""

from __future__ import annotations

from typing import Any

import pytest

from asm import AssemblyError, Source, assemble, disassemble
from iss.builtin import full_architecture
from iss.isa.catalogue import STANDARD, Architecture, Extension, architecture
from iss.isa.csrs import CsrTable
from iss.isa.definitions import InstructionSet


@pytest.fixture(scope="module")
def custom() -> Architecture:
    """RV32I with four instructions and a CSR of its own."""
    added = InstructionSet("xtest", "For this test")

    @added.instruction("0000000 rs2 rs1 000 rd 1111011", "x.add3 rd, rs1, rs2")
    def add3(hart: Any, insn: Any) -> None:
        """Add three registers."""
        hart.x[insn.rd] = hart.x[insn.rd] + hart.x[insn.rs1] + hart.x[insn.rs2]

    @added.instruction("imm[8:2] 00000 rs1 001 rd 1111011", "x.lws rd, imm(rs1)")
    def lws(hart: Any, insn: Any) -> None:
        """Load a word at a scaled offset."""
        hart.x[insn.rd] = hart.load(hart.x[insn.rs1] + insn.imm, 4)

    @added.instruction("imm[12|10:5] rs2 rs1 010 imm[4:1|11] 1111011", "x.bany rs1, rs2, pc+imm")
    def bany(hart: Any, insn: Any) -> None:
        """Branch if the registers have a common bit."""
        if hart.x[insn.rs1] & hart.x[insn.rs2] != 0:
            hart.jump(hart.pc + insn.imm)

    @added.instruction("amount[6:0] 00000 rs1 011 rd 1111011", "x.rot rd, rs1, amount")
    def rot(hart: Any, insn: Any) -> None:
        """Shift by a constant."""
        hart.x[insn.rd] = hart.x[insn.rs1] << (insn.amount & 31)

    table = CsrTable("xtest")
    table.constant(0x5C0, "xlevel", "A level")
    extension = Extension("xtest", "For this test", added, table)
    return architecture("rv32i_zicsr_xtest", STANDARD | {"xtest": extension})


TEXT = """\
    x.add3 a0, a1, a2
loop:
    x.lws a0, -256(sp)
    x.lws a1, 252(sp)
    x.lws a2, (sp)
    x.bany a0, a1, loop
    x.bany a0, a1, end
    x.rot t0, t1, 127
    csrr a0, xlevel
end:
    ret
"""


def test_it_assembles_and_disassembles(custom: Architecture) -> None:
    program = assemble([Source("x.s", TEXT)], architecture=custom)
    texts = [item.text for item in disassemble(program.binary(), program.entry, custom, aliases=True)]
    assert texts == [
        "x.add3 a0, a1, a2",
        "x.lws a0, -256(sp)",
        "x.lws a1, 252(sp)",
        "x.lws a2, 0(sp)",
        "x.bany a0, a1, 0x80000004",
        "x.bany a0, a1, 0x80000020",
        "x.rot t0, t1, 127",
        "csrr a0, xlevel",
        "ret",
    ]
    again = assemble([Source("y.s", "\n".join(texts))], architecture=custom)
    assert again.binary() == program.binary()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x.lws a0, 256(sp)", "immediate 256 is out of range -256..252"),
        ("x.lws a0, 3(sp)", "immediate 3 is not a multiple of 4"),
        ("x.rot a0, a1, 128", "immediate 128 is out of range 0..127"),
        ("x.add3 a0, a1", '"x.add3" takes 3 operands, found 2; expected "x.add3 rd, rs1, rs2"'),
        ("x.lws a0, symbol", '"symbol" is not a memory operand such as 0(a0), expected "x.lws rd, imm(rs1)"'),
        ("x.ad3 a0, a1, a2", 'unknown mnemonic "x.ad3"; did you mean "x.add3"?'),
        ("x.bany a0, a1, far\n.space 5000\nfar: nop", "the instruction reaches -4096..4094"),
    ],
)
def test_its_errors(custom: Architecture, text: str, message: str) -> None:
    with pytest.raises(AssemblyError) as caught:
        assemble([Source("x.s", text)], architecture=custom)
    assert message in caught.value.diagnostics[0].message


def test_coprocessor_instructions_and_csrs() -> None:
    full = full_architecture()
    text = "nm.lif a0, a1, a2\nnm.rnd t0\nnm.pop a0, a1\nnm.save sp\ncsrw nm_ctl, a0\ncsrr a1, nm_vth\n"
    program = assemble([Source("x.s", text)], architecture=full)
    words = [int.from_bytes(program.binary()[at : at + 4], "little") for at in range(0, 16, 4)]
    assert words == [0x06C5A50B, 0x0000328B, 0x02B0152B, 0x0001402B]
    assert "\n".join(item.text for item in disassemble(program.binary(), 0, full, aliases=True)) + "\n" == text


def test_a_missing_extension_is_named() -> None:
    with pytest.raises(AssemblyError, match=r'"nm\.lif" belongs to extension xnmspk, which rv32i_zicsr lacks'):
        assemble([Source("x.s", "nm.lif a0, a1, a2")], architecture=architecture("rv32i_zicsr"))
