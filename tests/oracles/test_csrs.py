"""Every one of the 4096 CSR numbers: it exists where Spike has it, and keeps the bits Spike keeps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from iss.isa.catalogue import instruction_set
from tests.oracles.commit_log import require_same_log
from tests.oracles.neurohart import ENGINES, run_neurohart
from tests.oracles.random_programs import directed_program
from tests.oracles.spike import run_spike
from tests.oracles.toolchain import require, spike_binary

INSTRUCTIONS = instruction_set("rv32im_zicsr_zifencei")
A4, A5 = 14, 15
DEBUG_CONTEXT = {0x7A8}
"""mcontext, which Spike has even without triggers."""
IDENTITY = {0xF12}
"""marchid names the implementation."""
RUNNING = {0xB00, 0xB02, 0xC00, 0xC01, 0xC02, 0xC81}
"""Counters: the access to mcontext traps here, and time runs by another clock."""
WRITTEN = (0x300, 0x304, 0x305, 0x310, 0x320, 0x323, 0x33F, 0x340, 0x341, 0x342, 0x343, 0x344, 0xB03, 0xB83)
PATTERNS = (-1, 0, 0x555, -0x556, 0x7FF)


def encode(mnemonic: str, **operands: int) -> int:
    """One instruction word."""
    return INSTRUCTIONS.by_mnemonic[mnemonic].encoding.encode(**operands)


READ_ALL = [encode("csrrs", rd=A5, csr=number) for number in range(4096)]
WRITE_ALL = [
    word
    for number in WRITTEN
    for pattern in PATTERNS
    for word in (
        encode("addi", rd=A4, imm=pattern),
        encode("csrrw", rd=0, csr=number, rs1=A4),
        encode("csrrs", rd=A5, csr=number),
        encode("csrrci", rd=A5, csr=number, uimm=9),
        encode("csrrsi", rd=A5, csr=number, uimm=18),
    )
]


def values_read(log: str) -> dict[int, str]:
    """CSR number to value for all successful `csrr a5, number` of a log."""
    found = re.findall(r"\(0x([0-9a-f]{3})027f3\) x15 (0x[0-9a-f]{8})\n", log)
    return {int(number, 16): value for number, value in found}


@pytest.mark.parametrize("engine", ENGINES)
def test_existing_csrs(engine: str, tmp_path: Path) -> None:
    """The same numbers can be read, with the same values."""
    require(spike_binary)
    elf = directed_program(READ_ALL, INSTRUCTIONS).write_elf(tmp_path / "read.elf")
    expected = values_read(run_spike(elf, log_commits=True).log)
    actual = values_read(run_neurohart(elf, engine, log_commits=True).log)
    assert set(actual) == set(expected) - DEBUG_CONTEXT
    different = {hex(number) for number in actual if actual[number] != expected[number]}
    assert different <= {hex(number) for number in IDENTITY | RUNNING}


@pytest.mark.parametrize("engine", ENGINES)
def test_written_csrs(engine: str, tmp_path: Path) -> None:
    """Writes, sets and clears leave the same bits."""
    require(spike_binary)
    elf = directed_program(WRITE_ALL, INSTRUCTIONS).write_elf(tmp_path / "write.elf")
    require_same_log(run_spike(elf, log_commits=True).log, run_neurohart(elf, engine, log_commits=True).log)
