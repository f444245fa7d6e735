"""Pairs of neighbouring instructions that get one common handler in the generated C interpreter.

They are the most frequent ones (first instruction falls through) over the programs of tools/bench, each program
weighted alike; together about two thirds of all neighbours. Which pairs stand here changes speed, never results.
"""

from __future__ import annotations

_FOLLOWERS = {
    "addi": "addi sb jal bne add mul beq sw slli andi xor lw blt or jalr",
    "add": "add bne lbu lw addi slli xor mul sw bltu jalr sltu",
    "lw": "addi lw add bgeu xor sw",
    "sb": "bne add addi",
    "slli": "add xor or srli addi slli",
    "sw": "addi sw andi lw",
    "lbu": "addi lbu add jal",
    "mul": "add addi",
    "xor": "srli slli add bne xor addi andi",
    "lh": "lh",
    "srli": "xor or slli addi and",
    "andi": "slli beq sub addi",
    "or": "add or slli bltu addi",
    "mulhu": "add",
    "sub": "srli",
    "and": "addi",
    "auipc": "addi",
    "sltu": "add sw",
}
PAIRS: tuple[tuple[str, str], ...] = tuple(
    (first, second) for first, seconds in _FOLLOWERS.items() for second in seconds.split()
)
