"""What gdb is told of the machine: its registers, their numbers, and how they are read and written."""

from __future__ import annotations

from typing import Final

from iss.debug.csrs import read_csr, write_csr
from iss.isa.registers import ABI_NAMES
from iss.machine import Machine

PC: Final = 32
FIRST_CSR: Final = 65
"""gdb numbers CSR n of RISC-V so: 65 + n (gdb/riscv-tdep.h, RISCV_FIRST_CSR_REGNUM)."""
_POINTERS: Final = {"ra": "code_ptr", "sp": "data_ptr", "gp": "data_ptr", "tp": "data_ptr"}


class Registers:
    """The registers of a machine as gdb sees them."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._csrs = {FIRST_CSR + csr.number: csr for csr in machine.architecture.csrs}

    def description(self) -> str:
        """The target description: integer registers, pc, CSRs, and those of the coprocessor as a group of their own."""
        names = ["zero", *ABI_NAMES[1:]]
        general = [
            f'<reg name="{"fp" if name == "s0" else name}" bitsize="32" type="{_POINTERS.get(name, "int")}"'
            f' regnum="{number}" group="general"/>'
            for number, name in enumerate(names)
        ]
        general.append(f'<reg name="pc" bitsize="32" type="code_ptr" regnum="{PC}" group="general"/>')
        own = [self._csr(number, "spiking") for number, csr in self._csrs.items() if csr.name.startswith("nm_")]
        system = [self._csr(number, "system") for number, csr in self._csrs.items() if not csr.name.startswith("nm_")]
        features = [("org.gnu.gdb.riscv.cpu", general), ("org.gnu.gdb.riscv.csr", system), ("org.neurohart.xnm", own)]
        text = "".join(f'<feature name="{name}">{"".join(regs)}</feature>' for name, regs in features if regs)
        return (
            '<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target version="1.0">'
            f"<architecture>riscv:rv32</architecture>{text}</target>"
        )

    def _csr(self, number: int, group: str) -> str:
        return (
            f'<reg name="{self._csrs[number].name}" bitsize="32" type="int" regnum="{number}" group="{group}"'
            ' save-restore="no"/>'
        )

    def general(self) -> list[int]:
        """x0 to x31 and pc."""
        return [*self._machine.hart.x, self._machine.hart.pc]

    def read(self, number: int) -> int | None:
        """The value of a register; None if there is none of this number."""
        hart = self._machine.hart
        if number < PC:
            return hart.x[number]
        if number == PC:
            return hart.pc
        csr = self._csrs.get(number)
        return None if csr is None else read_csr(self._machine, csr)

    def write(self, number: int, value: int) -> bool:
        """Change a register; False if that is impossible."""
        hart = self._machine.hart
        if number < PC:
            hart.x[number] = value
        elif number == PC:
            if value % 4:
                return False
            hart.pc = value
        else:
            csr = self._csrs.get(number)
            return csr is not None and write_csr(self._machine, csr, value)
        return True
