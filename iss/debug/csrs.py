"""CSRs as a debugger sees them: without the access rules that the guest is under."""

from __future__ import annotations

from iss.hart.hart import TrapRaised
from iss.isa.csrs import Csr
from iss.machine import Machine

_COPROCESSOR = "nm_"


def read_csr(machine: Machine, csr: Csr) -> int:
    """The value of a CSR; one that cannot be read now gives 0."""
    hart = machine.hart
    hart.settle()
    if csr.name.startswith(_COPROCESSOR) and machine.coprocessor is not None:
        return int(machine.coprocessor.csr_read(csr.number, hart.mcycle))
    try:
        return int(csr.read(hart)) & 0xFFFF_FFFF
    except TrapRaised:
        return 0


def write_csr(machine: Machine, csr: Csr, value: int) -> bool:
    """Write a CSR by its rule; False if it cannot be written."""
    hart = machine.hart
    hart.settle()
    if csr.write is None:
        return False
    if csr.name.startswith(_COPROCESSOR) and machine.coprocessor is not None:
        machine.coprocessor.csr_write(csr.number, value & 0xFFFF_FFFF, hart.mcycle)
    else:
        try:
            csr.write(hart, value & 0xFFFF_FFFF)
        except TrapRaised:
            return False
    hart.attention = True
    return True
