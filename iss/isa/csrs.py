"""Control and status registers: one table with each CSR's number, name, read and write rule (WARL) and meaning.

Rules are functions on the abstract hart, so the Python hart and the generated C read the same text. A CSR whose
number has bits 11:10 both set is read-only by encoding (privileged manual, "CSR Address Mapping Conventions").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from iss.isa.errors import DefinitionError
from iss.isa.state import StateField
from iss.isa.tracing import Unit
from iss.isa.values import wrapped_sum

Read = Callable[[Any], Any]
Write = Callable[[Any, Any], None]
LOW, HIGH = 0xFFFF_FFFF, 0xFFFF_FFFF_0000_0000

# mstatus, with machine mode alone (privileged manual, "Machine Status Registers")
MSTATUS_MIE, MSTATUS_MPIE, MSTATUS_MPP = 1 << 3, 1 << 7, 3 << 11
COUNT_CYCLES, COUNT_RETIRED = 1 << 0, 1 << 2
STANDARD_INTERRUPTS = 1 << 3 | 1 << 7 | 1 << 11
XNM_TICK = 1 << 19


@dataclass(frozen=True, slots=True, eq=False)
class Csr:
    """One CSR; `write` None means that a write raises illegal instruction."""

    number: int
    name: str
    documentation: str
    read: Read
    write: Write | None
    extension: str
    unit: Unit | None = None
    states: Mapping[str, StateField] = field(default_factory=dict)


class CsrTable:
    """CSRs of one extension, or of several put together with `|`."""

    def __init__(
        self, extension: str, unit: Unit | None = None, states: Mapping[str, StateField] | None = None
    ) -> None:
        self.extension, self.unit = extension, unit
        self.states: Mapping[str, StateField] = {} if states is None else states
        self.by_number: dict[int, Csr] = {}

    def __iter__(self) -> Iterator[Csr]:
        return iter(sorted(self.by_number.values(), key=lambda csr: csr.number))

    def __len__(self) -> int:
        return len(self.by_number)

    def named(self, name: str) -> Csr | None:
        """The CSR of this name, None if there is none."""
        return next((csr for csr in self.by_number.values() if csr.name == name), None)

    def define(self, number: int, name: str, documentation: str, read: Read, write: Write | None = None) -> None:
        """Add a CSR; DefinitionError if the number is taken or a read-only number has a write rule."""
        if write is not None and number >> 10 == 3:
            raise DefinitionError(f"CSR {name} ({number:#x}) is read-only by its number but has a write rule")
        self._add(Csr(number, name, documentation, read, write, self.extension, self.unit, self.states))

    def stored(self, number: int, field: str, documentation: str, writable: int = LOW, fixed: int = 0) -> None:
        """Add a CSR kept in the hart state `field`: writes keep `writable` bits, `fixed` bits read as one."""

        def write(hart: Any, value: Any) -> None:
            setattr(hart, field, value & writable | fixed)

        self.define(number, field, documentation, lambda hart: getattr(hart, field), write)

    def constant(self, number: int, name: str, documentation: str, value: int = 0, *, writable: bool = False) -> None:
        """Add a CSR that always reads `value`; with `writable`, writes are ignored instead of trapping."""
        self.define(number, name, documentation, lambda hart: value, _ignore if writable else None)

    def __or__(self, other: CsrTable) -> CsrTable:
        union = CsrTable(f"{self.extension}_{other.extension}")
        for csr in (*self, *other):
            union._add(csr)
        return union

    def _add(self, csr: Csr) -> None:
        twin = self.by_number.get(csr.number)
        if twin is not None:
            raise DefinitionError(f"CSR number {csr.number:#x} of {csr.name} is already {twin.name}")
        self.by_number[csr.number] = csr


def _ignore(hart: Any, value: Any) -> None:
    """Ignore a write (a WARL register with one legal value)."""


def _counter(table: CsrTable, number: int, name: str, inhibit: int) -> None:
    """Define a 64-bit machine counter and its high half; the writing instruction does not advance it."""

    def write_low(hart: Any, value: Any) -> None:
        setattr(hart, name, getattr(hart, name) & HIGH | value & LOW)
        hart.uncounted = inhibit
        hart.synchronise()

    def write_high(hart: Any, value: Any) -> None:
        setattr(hart, name, getattr(hart, name) & LOW | (value & LOW) << 32)
        hart.uncounted = inhibit
        hart.synchronise()

    title = name.replace("mcycle", "Cycles").replace("minstret", "Retired instructions")
    table.define(number, name, f"{title}, low word", lambda hart: getattr(hart, name) & LOW, write_low)
    table.define(number + 0x80, name + "h", f"{title}, high word", lambda hart: getattr(hart, name) >> 32, write_high)


def _write_mcountinhibit(hart: Any, value: Any) -> None:
    hart.mcountinhibit = value & (COUNT_CYCLES | COUNT_RETIRED)
    hart.synchronise()


def _write_mie(hart: Any, value: Any) -> None:
    hart.mie = value & (STANDARD_INTERRUPTS | hart.custom_interrupts)


def _write_mip(hart: Any, value: Any) -> None:
    """Write the one pending bit that software owns, the Xnm tick (4.6); the others are levels of devices."""
    writable = hart.custom_interrupts & XNM_TICK
    hart.mip = hart.mip & ~writable | value & writable
    hart.synchronise()


def _machine_table() -> CsrTable:
    table = CsrTable("machine")
    table.stored(
        0x300,
        "mstatus",
        "Machine status: MIE, MPIE; MPP reads 3",
        MSTATUS_MIE | MSTATUS_MPIE,
        MSTATUS_MPP,
    )
    table.define(0x301, "misa", "Instruction set, read-only in effect", lambda hart: hart.misa, _ignore)
    table.define(0x304, "mie", "Machine interrupt enables", lambda hart: hart.mie, _write_mie)
    table.stored(0x305, "mtvec", "Trap vector: base, bit 0 set for vectored interrupts", LOW & ~2)
    table.constant(0x310, "mstatush", "Machine status, high word", writable=True)
    table.define(
        0x320,
        "mcountinhibit",
        "Counter inhibits: bit 0 mcycle, bit 2 minstret",
        lambda hart: hart.mcountinhibit,
        _write_mcountinhibit,
    )
    table.stored(0x340, "mscratch", "Scratch word of machine mode")
    table.stored(0x341, "mepc", "Exception program counter", LOW & ~3)
    table.stored(0x342, "mcause", "Trap cause")
    table.stored(0x343, "mtval", "Trap value")
    table.define(0x344, "mip", "Pending interrupts", lambda hart: hart.mip, _write_mip)
    for number, name in ((0x7A0, "tselect"), (0x7A1, "tdata1"), (0x7A2, "tdata2"), (0x7A3, "tdata3"), (0x7A4, "tinfo")):
        table.constant(number, name, "Debug triggers: none, reads 0", writable=True)
    _counter(table, 0xB00, "mcycle", COUNT_CYCLES)
    _counter(table, 0xB02, "minstret", COUNT_RETIRED)
    for index in range(3, 32):
        table.constant(0x320 + index, f"mhpmevent{index}", "Event selector, not implemented: reads 0", writable=True)
        table.constant(0xB00 + index, f"mhpmcounter{index}", "Event counter, not implemented: reads 0", writable=True)
        table.constant(0xB80 + index, f"mhpmcounter{index}h", "Its high word", writable=True)
    table.constant(0xF11, "mvendorid", "Vendor")
    table.define(0xF12, "marchid", "Architecture", lambda hart: hart.marchid)
    table.constant(0xF13, "mimpid", "Implementation")
    table.define(0xF14, "mhartid", "Hart number", lambda hart: hart.mhartid)
    table.constant(0xF15, "mconfigptr", "Configuration data pointer")
    return table


def _zicntr_table() -> CsrTable:
    table = CsrTable("zicntr")
    counters: tuple[tuple[int, str, str, Read], ...] = (
        (0xC00, "cycle", "Cycles", lambda hart: hart.mcycle),
        (0xC01, "time", "Timer ticks (mtime)", lambda hart: wrapped_sum(hart.cycles, hart.time_offset)),
        (0xC02, "instret", "Retired instructions", lambda hart: hart.minstret),
    )
    for number, name, title, read in counters:
        _halves(table, number, name, title, read)
    return table


def _halves(table: CsrTable, number: int, name: str, title: str, read: Read) -> None:
    """Define both words of a read-only 64-bit counter."""
    table.define(number, name, f"{title}, low word", lambda hart: read(hart) & LOW)
    table.define(number + 0x80, name + "h", f"{title}, high word", lambda hart: read(hart) >> 32)


machine = _machine_table()
zicntr = _zicntr_table()
NUMBER_BY_NAME: dict[str, int] = {csr.name: csr.number for csr in machine | zicntr}
