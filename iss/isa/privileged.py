"""Machine mode: trap entry, interrupt selection, mret and wfi (privileged manual, "Machine-Level ISA")."""

from __future__ import annotations

from typing import Any

from iss.isa.causes import INTERRUPT, PRIORITY
from iss.isa.csrs import MSTATUS_MIE, MSTATUS_MPIE, MSTATUS_MPP
from iss.isa.definitions import InstructionSet

MSTATUS, MSTATUSH = 0x300, 0x310
COUNTER = (1 << 63) - 1
privileged = InstructionSet("machine", "Machine-mode instructions")


def handler_address(hart: Any, cause: Any) -> Any:
    """Return where a trap with this mcause goes: the base of mtvec, or its vector for interrupts in vectored mode."""
    base = hart.mtvec & ~3
    if hart.mtvec & 1 and cause & INTERRUPT:
        return (base + 4 * (cause & 0xFF)) & 0xFFFF_FFFF
    return base


def enter_trap(hart: Any, cause: Any, value: Any) -> Any:
    """Save the interrupted context in the trap CSRs and return the address of the handler."""
    hart.traps = (hart.traps + 1) & COUNTER
    if cause & INTERRUPT:
        hart.interrupts = (hart.interrupts + 1) & COUNTER
    hart.mepc = hart.pc
    hart.mcause = cause
    hart.mtval = value
    hart.mstatus = (hart.mstatus & MSTATUS_MIE) << 4 | MSTATUS_MPP
    return handler_address(hart, cause)


def pending_interrupt(hart: Any) -> Any:
    """Return the mcause of the interrupt to take at this boundary, 0 if there is none."""
    ready = hart.mip & hart.mie
    if ready == 0 or hart.mstatus & MSTATUS_MIE == 0:
        return 0
    for interrupt in PRIORITY:
        if ready & 1 << interrupt:
            return INTERRUPT | int(interrupt)
    return 0


@privileged.instruction("0011000 00010 00000 000 00000 1110011", "mret", cost_class="system")
def mret(hart: Any, insn: Any) -> None:
    """Return from a trap: MIE gets MPIE, MPIE is set, execution goes on at mepc."""
    hart.jump(hart.mepc)
    hart.write_csr(MSTATUS, (hart.mstatus & MSTATUS_MPIE) >> 4 | MSTATUS_MPIE)
    hart.write_csr(MSTATUSH, 0)


@privileged.instruction("0001000 00101 00000 000 00000 1110011", "wfi", cost_class="system")
def wfi(hart: Any, insn: Any) -> None:
    """Wait for an interrupt that is enabled in mie; mstatus.MIE does not matter for waking up."""
    hart.wait()
