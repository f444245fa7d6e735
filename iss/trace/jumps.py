"""Which instruction words call and return: the link register is ra (psABI, "Integer Register Convention")."""

from __future__ import annotations

from typing import Any, Final

OPCODE: Final = 0x7F
JAL, JALR, BRANCH, RA = 0x6F, 0x67, 0x63, 1


def is_jump(word: Any) -> Any:
    """Whether a word, or each word of an array, jumps unconditionally."""
    return (word & OPCODE == JAL) | (word & OPCODE == JALR)


def is_call(word: Any) -> Any:
    """Whether a word, or each word of an array, is a jump that links into ra."""
    return is_jump(word) & (word >> 7 & 31 == RA)


def is_return(word: Any) -> Any:
    """Whether a word, or each word of an array, jumps to ra and links nowhere."""
    return (word & OPCODE == JALR) & (word >> 7 & 31 == 0) & (word >> 15 & 31 == RA)


def is_branch(word: Any) -> Any:
    """Whether a word, or each word of an array, is a conditional branch (funct3 2 and 3 are none)."""
    return (word & OPCODE == BRANCH) & (word >> 13 & 3 != 1)


def branch_offset(word: Any) -> Any:
    """How far a branch, or each of an array of signed 64-bit words, goes: the immediate of the B format."""
    high = (word >> 31 & 1) << 12 | (word >> 7 & 1) << 11
    return (high | (word >> 25 & 0x3F) << 5 | (word >> 8 & 0xF) << 1) - ((word >> 31 & 1) << 13)
