"""The hart's state besides pc and x registers: the one list that the Python hart and the C hart are made from."""

from __future__ import annotations

# name: bits. `cycles` and `retired` count since reset; mcycle and minstret are what software sees and may write.
HART_FIELDS: dict[str, int] = {
    "instruction_word": 32,  # of the instruction in execution
    "mstatus": 32,
    "mtvec": 32,
    "mscratch": 32,
    "mepc": 32,
    "mcause": 32,
    "mtval": 32,
    "mie": 32,
    "mip": 32,
    "custom_interrupts": 32,  # bits of mie that extensions use
    "mcountinhibit": 32,
    "uncounted": 32,  # bits as in mcountinhibit: counters that the instruction in execution does not advance
    "misa": 32,
    "mhartid": 32,
    "marchid": 32,
    "traps": 63,  # taken since reset: exceptions and interrupts
    "interrupts": 63,
    "mcycle": 64,
    "minstret": 64,
    "cycles": 64,
    "retired": 64,
    "accesses": 64,  # loads and stores of the instructions that have retired since reset
    "time_offset": 64,  # mtime minus cycles, modulo 2^64
}
