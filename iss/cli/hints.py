"""What could have been meant when firmware ends in an unhandled trap."""

from __future__ import annotations

from iss.isa.causes import Cause
from iss.machine import Machine


def trap_hint(machine: Machine) -> str:
    """Return `; ...` with the extension that knows the illegal instruction, or an empty text."""
    hart = machine.hart
    if hart.stuck is None:
        return ""
    words = [value for cause, value in (hart.stuck, (hart.mcause, hart.mtval)) if cause == Cause.ILLEGAL_INSTRUCTION]
    return next((hint for word in words if (hint := _extension_hint(machine, word))), "")


def _extension_hint(machine: Machine, word: int) -> str:
    from iss.builtin import extensions

    for extension in extensions().values():
        if machine.architecture.has(extension.name):
            continue
        definition = extension.instructions.decode(word) if extension.instructions else None
        if definition is not None:
            return f"; {word:#010x} is {definition.mnemonic} of {extension.name}: add it to the ISA with --isa"
        csr = extension.csrs.by_number.get(word >> 20) if extension.csrs and word & 0x7F == 0x73 else None
        if csr is not None:
            return f"; {word:#010x} accesses the CSR {csr.name} of {extension.name}: add it to the ISA with --isa"
    return ""
