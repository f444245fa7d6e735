"""Zifencei, instruction-fetch fence (unprivileged manual, chapter ""Zifencei" Extension")."""

from __future__ import annotations

from typing import Any

from iss.isa.definitions import InstructionSet

zifencei = InstructionSet("zifencei", "Instruction-fetch fence")


@zifencei.instruction("imm[11:0] rs1 001 rd 0001111", "fence.i", cost_class="system", unused=("imm", "rs1", "rd"))
def fence_i(hart: Any, insn: Any) -> None:
    """Make earlier stores visible to instruction fetch."""
    hart.synchronise()
