"""Which instruction words call and return: the link register is ra (psABI, "Integer Register Convention")."""

from __future__ import annotations

from typing import Any, Final

OPCODE: Final = 0x7F
JAL, JALR, RA = 0x6F, 0x67, 1


def is_jump(word: Any) -> Any:
    """Whether a word, or each word of an array, jumps unconditionally."""
    return (word & OPCODE == JAL) | (word & OPCODE == JALR)


def is_call(word: Any) -> Any:
    """Whether a word, or each word of an array, is a jump that links into ra."""
    return is_jump(word) & (word >> 7 & 31 == RA)


def is_return(word: Any) -> Any:
    """Whether a word, or each word of an array, jumps to ra and links nowhere."""
    return (word & OPCODE == JALR) & (word >> 7 & 31 == 0) & (word >> 15 & 31 == RA)
