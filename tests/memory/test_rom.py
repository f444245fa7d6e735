"""The code a hart runs after reset, read back by capstone."""

from __future__ import annotations

import struct

import pytest

from iss.memory.rom import BootRom, reset_vector

capstone = pytest.importorskip("capstone")


def test_reset_vector() -> None:
    code = reset_vector(0x8000_0124)
    disassembler = capstone.Cs(capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV32)
    text = [f"{insn.mnemonic} {insn.op_str}".strip() for insn in disassembler.disasm(code[:20], 0x1000)]
    assert text == ["auipc t0, 0", "addi a1, t0, 0x20", "csrr a0, mhartid", "lw t0, 0x18(t0)", "jr t0"]
    assert struct.unpack_from("<I", code, 0x18)[0] == 0x8000_0124
    assert BootRom(code).load(0x18, 4) == 0x8000_0124
