"""ISA strings, what they bring, and the tables of CSRs and causes."""

from __future__ import annotations

from typing import Any

import pytest

from iss.builtin import builtin_architecture, extensions, full_architecture
from iss.errors import NeuroHartError
from iss.isa.catalogue import DEFAULT_ISA, architecture, instruction_set
from iss.isa.causes import PRIORITY, Cause, Interrupt, describe_cause
from iss.isa.csrs import NUMBER_BY_NAME, CsrTable, machine, zicntr
from iss.isa.errors import DefinitionError

ALWAYS = {"mret", "wfi"}


@pytest.mark.parametrize(
    ("isa", "inside", "outside"),
    [
        ("rv32i", {"add", "lw", "ecall"}, {"mul", "csrrw", "fence.i"}),
        ("rv32im", {"add", "mul"}, {"csrrw"}),
        ("rv32i_zicsr", {"csrrw"}, {"mul", "fence.i"}),
        ("rv32im_zicsr_zifencei", {"mul", "csrrwi", "fence.i"}, {"nm.lif"}),
        ("RV32IM_Zicsr", {"mul", "csrrw"}, {"fence.i"}),
        ("rv32i2p1_m2p0_zicsr2p0", {"mul", "csrrw"}, set()),
        ("rv32im_zicntr", {"csrrw"}, set()),
        ("rv32i_xnmspk", {"nm.lif", "csrrw"}, {"nm.run", "nm.trd"}),
        ("rv32i_xnmeng", {"nm.lif", "nm.run"}, {"nm.trd"}),
        ("rv32i_xnmlrn", {"nm.lif", "nm.run", "nm.trd", "nm.learn"}, {"mul"}),
        (DEFAULT_ISA, {"mul", "csrrw", "fence.i"}, {"nm.lif"}),
    ],
)
def test_isa_string(isa: str, inside: set[str], outside: set[str]) -> None:
    names = set(builtin_architecture(isa).instructions.by_mnemonic)
    assert names >= inside | ALWAYS
    assert not names & outside


@pytest.mark.parametrize(
    ("isa", "message"),
    [
        ("", "is not understood; expected something like"),
        ("rv64i", "is not understood"),
        ("rv32", "is not understood"),
        ("rv32m", "is not understood"),
        ("rv32i zicsr", "is not understood"),
        ("rv32i__zicsr", "is not understood"),
        ("x86", "is not understood"),
        ("rv32if", "extension 'f' is not known, expected one of i, m, zicsr"),
        ("rv32i_zba", "extension 'zba' is not known"),
        ("rv32i_xcustom", "extension 'xcustom' is not known"),
    ],
)
def test_bad_isa_string(isa: str, message: str) -> None:
    with pytest.raises(NeuroHartError, match=message) as caught:
        builtin_architecture(isa)
    assert repr(isa) in str(caught.value)


@pytest.mark.parametrize(
    ("isa", "misa"),
    [
        ("rv32i", 0x4000_0100),
        ("rv32im", 0x4000_1100),
        ("rv32im_zicsr_zifencei_zicntr", 0x4000_1100),
        ("rv32i_xnmspk", 0x4080_0100),
    ],
)
def test_misa(isa: str, misa: int) -> None:
    assert builtin_architecture(isa).misa == misa


def test_repetition_and_order_do_not_matter() -> None:
    one, other = builtin_architecture("rv32im_zicsr_zicntr"), builtin_architecture("rv32im_zicntr_zicsr_m_zicsr")
    assert set(one.instructions.by_mnemonic) == set(other.instructions.by_mnemonic)
    assert set(one.csrs.by_number) == set(other.csrs.by_number)
    assert one.has("zicsr") and not one.has("xnmspk")


def test_only_standard_extensions_without_extra() -> None:
    with pytest.raises(NeuroHartError, match="extension 'xnmspk' is not known"):
        architecture("rv32i_xnmspk")
    assert architecture("rv32i_xnmspk", extensions()).has("xnmspk")
    assert len(instruction_set()) == len(builtin_architecture().instructions)


def test_full_architecture_has_everything() -> None:
    full = full_architecture()
    assert {extension.name for extension in full.extensions} == set(extensions())


# CSRs ----------------------------------------------------------------------------------------------------------------
def read(hart: Any) -> Any:
    return hart.mscratch


def write(hart: Any, value: Any) -> None:
    hart.mscratch = value


def test_read_only_numbers_cannot_have_a_write_rule() -> None:
    """Bits 11:10 of the number both set (privileged manual, CSR address mapping)."""
    table = CsrTable("mine")
    for number in (0xC00, 0xDFF, 0xF11, 0xFFF):
        with pytest.raises(DefinitionError, match=rf"CSR mine \({number:#x}\) is read-only by its number"):
            table.define(number, "mine", "Mine", read, write)
        table.define(number, "mine", "Mine", read)
    table.define(0xBFF, "other", "Other", read, write)
    with pytest.raises(DefinitionError, match="read-only by its number"):
        table.constant(0xF00, "constant", "Constant", writable=True)


def test_duplicate_numbers() -> None:
    table = CsrTable("mine")
    table.stored(0x340, "mscratch", "Scratch")
    with pytest.raises(DefinitionError, match="CSR number 0x340 of other is already mscratch"):
        table.define(0x340, "other", "Other", read)
    with pytest.raises(DefinitionError, match="0x340 of mscratch is already mscratch"):
        _ = table | machine


def test_union_of_tables() -> None:
    both = machine | zicntr
    assert len(both) == len(machine) + len(zicntr)
    assert [csr.number for csr in both] == sorted(csr.number for csr in both)
    assert both.by_number[0xC00].extension == "zicntr"


def test_names_and_numbers_are_unique() -> None:
    csrs = list(full_architecture().csrs)
    assert len({csr.name for csr in csrs}) == len({csr.number for csr in csrs}) == len(csrs)
    for csr in csrs:
        assert csr.documentation and 0 <= csr.number < 0x1000
        assert csr.write is None or csr.number >> 10 != 3


@pytest.mark.parametrize(
    ("name", "number"),
    [
        *(("mstatus", 0x300), ("misa", 0x301), ("mie", 0x304), ("mtvec", 0x305), ("mstatush", 0x310)),
        *(("mcountinhibit", 0x320), ("mhpmevent3", 0x323), ("mhpmevent31", 0x33F), ("mscratch", 0x340)),
        *(("mepc", 0x341), ("mcause", 0x342), ("mtval", 0x343), ("mip", 0x344), ("tselect", 0x7A0)),
        *(("mcycle", 0xB00), ("minstret", 0xB02), ("mhpmcounter3", 0xB03), ("mhpmcounter31", 0xB1F)),
        *(("mcycleh", 0xB80), ("minstreth", 0xB82), ("mhpmcounter3h", 0xB83), ("mhpmcounter31h", 0xB9F)),
        *(("cycle", 0xC00), ("time", 0xC01), ("instret", 0xC02), ("cycleh", 0xC80), ("timeh", 0xC81)),
        *(("instreth", 0xC82), ("mvendorid", 0xF11), ("marchid", 0xF12), ("mimpid", 0xF13), ("mhartid", 0xF14)),
        ("mconfigptr", 0xF15),
    ],
)
def test_numbers_of_the_manual(name: str, number: int) -> None:
    """Privileged manual, tables "Currently allocated RISC-V machine-level CSR addresses" and its unprivileged one."""
    assert NUMBER_BY_NAME[name] == number


# Causes --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("mcause", "text"),
    [
        (0, "instruction address misaligned"),
        (2, "illegal instruction"),
        (5, "load access fault"),
        (11, "ecall from m"),
        (24, "xnm bad descriptor"),
        (0x8000_0007, "machine timer interrupt"),
        (0x8000_0010, "xnm done interrupt"),
        (0x8000_0005, "code 5 interrupt"),
        (99, "code 99"),
    ],
)
def test_describe_cause(mcause: int, text: str) -> None:
    assert describe_cause(mcause) == text


def test_priority_names_every_interrupt_once() -> None:
    assert sorted(PRIORITY) == sorted(Interrupt)
    assert max(Cause) < 64
