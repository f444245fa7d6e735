"""Trap causes (privileged manual, table "Machine cause register (mcause) values after trap")."""

from __future__ import annotations

from enum import IntEnum

INTERRUPT = 0x8000_0000


class Cause(IntEnum):
    """Synchronous exception codes; 24 to 27 belong to the Xnm coprocessor (its specification, 4.5)."""

    INSTRUCTION_ADDRESS_MISALIGNED = 0
    INSTRUCTION_ACCESS_FAULT = 1
    ILLEGAL_INSTRUCTION = 2
    BREAKPOINT = 3
    LOAD_ADDRESS_MISALIGNED = 4
    LOAD_ACCESS_FAULT = 5
    STORE_ADDRESS_MISALIGNED = 6
    STORE_ACCESS_FAULT = 7
    ECALL_FROM_M = 11
    XNM_BAD_DESCRIPTOR = 24
    XNM_MISALIGNED_DESCRIPTOR = 25
    XNM_UNSUPPORTED = 26
    XNM_LIMIT = 27


class Interrupt(IntEnum):
    """Interrupt numbers: bit positions in mip and mie, and mcause without its top bit."""

    MACHINE_SOFTWARE = 3
    MACHINE_TIMER = 7
    MACHINE_EXTERNAL = 11
    XNM_DONE = 16
    XNM_ERROR = 17
    XNM_WATERMARK = 18
    XNM_TICK = 19


# Highest first: the privileged manual's order, then the Xnm specification's (4.6).
PRIORITY: tuple[Interrupt, ...] = (
    Interrupt.MACHINE_EXTERNAL,
    Interrupt.MACHINE_SOFTWARE,
    Interrupt.MACHINE_TIMER,
    Interrupt.XNM_ERROR,
    Interrupt.XNM_DONE,
    Interrupt.XNM_WATERMARK,
    Interrupt.XNM_TICK,
)


def describe_cause(mcause: int) -> str:
    """Return a readable name of an mcause value, such as `load access fault` or `machine timer interrupt`."""
    table: type[Cause] | type[Interrupt] = Interrupt if mcause & INTERRUPT else Cause
    code = mcause & ~INTERRUPT
    try:
        text = table(code).name.lower().replace("_", " ")
    except ValueError:
        text = f"code {code}"
    return f"{text} interrupt" if mcause & INTERRUPT else text
