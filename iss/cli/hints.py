"""Where firmware was when it did not end by itself, and what could have been meant."""

from __future__ import annotations

from iss.isa.causes import Cause
from iss.loaders.names import Names
from iss.machine import Machine

_NEAR = 1 << 16  # bytes behind a symbol that are still said to be of it


def hints(machine: Machine) -> str:
    """Return `; ...` for the end of a message: the symbol before the place, the extension that is missing."""
    return _symbol_hint(machine) + _trap_hint(machine)


def _symbol_hint(machine: Machine) -> str:
    """Name the symbol before the instruction that stopped; of a trap that is not handled, before the first one."""
    hart = machine.hart
    place = hart.mepc if hart.stuck is not None and hart.mcause | hart.mepc else hart.pc
    nearest = Names(machine.image.symbols.values() if machine.image else ()).function(place)
    if nearest is None or place - nearest.address >= _NEAR:
        return ""
    return f"; {place:#010x} is {nearest.name}+{place - nearest.address:#x}"


def _trap_hint(machine: Machine) -> str:
    """Name the extension that knows the illegal instruction."""
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
