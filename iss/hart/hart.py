"""The hart on plain ints: registers, CSR state, memory accesses and traps in the vocabulary of the meanings.

`iss.isa.tracing.AbstractHart` is the same vocabulary on abstract values; a new word goes into both.
"""

from __future__ import annotations

from typing import Any, NoReturn

from iss.hart.extension_state import ExtensionState
from iss.isa.catalogue import Architecture
from iss.isa.causes import Cause, Interrupt
from iss.isa.csrs import COUNT_CYCLES, COUNT_RETIRED, MSTATUS_MPP
from iss.isa.privileged import enter_trap, handler_address, pending_interrupt
from iss.isa.state import HART_FIELDS
from iss.memory.bus import Bus
from iss.memory.device import BusError

MASK32, MASK64 = 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF
CUSTOM_INTERRUPTS = sum(1 << interrupt for interrupt in Interrupt if interrupt >= Interrupt.XNM_DONE)
NO_JUMP = -1
_ALIGNMENT_MASK = 3  # bits of an instruction address that must be 0


STATE = tuple(name for name in HART_FIELDS if name != "instruction_word")  # what reset clears and engines exchange


class TrapRaised(Exception):
    """A synchronous exception of the guest on its way to the engine."""

    def __init__(self, cause: int, value: int) -> None:
        super().__init__(cause, value)
        self.cause, self.value = cause, value


class Suspended(Exception):
    """The instruction is to be issued again."""


_set = list.__setitem__


class Registers(list[int]):
    """The x registers; writes are reduced to 32 bits and x0 stays 0."""

    __slots__ = ()

    def __setitem__(self, number: Any, value: Any) -> None:
        if number:
            _set(self, number, value & 0xFFFF_FFFF)


class Hart:
    """Architectural state of one hart and what its instructions can do with it."""

    # Slots because they are the fastest attributes: the reference engine reads dozens of them per instruction.
    __slots__ = (
        *(name for name in HART_FIELDS if name != "instruction_word"),
        *("access_log", "architecture", "attention", "bus", "coprocessor", "csr_writes", "htif_high", "htif_low"),
        *("htif_stored", "misaligned", "next_pc", "pc", "recorder", "state", "stuck", "waiting", "x"),
        *("_settled_cycles", "_settled_retired"),
    )
    mstatus: int
    mip: int
    mie: int
    mtvec: int
    mepc: int
    mcause: int
    mtval: int
    mcountinhibit: int
    uncounted: int
    custom_interrupts: int
    mcycle: int
    minstret: int
    cycles: int
    retired: int
    accesses: int
    time_offset: int
    marchid: int
    misa: int
    traps: int
    interrupts: int

    def __init__(self, architecture: Architecture, bus: Bus, coprocessor: Any = None, *, misaligned: bool = False):
        self.architecture = architecture
        self.bus = bus
        self.coprocessor = coprocessor
        self.misaligned = misaligned  # emulate misaligned loads and stores instead of trapping
        self.state = ExtensionState(architecture.states)
        self.htif_low = self.htif_high = 0  # addresses of the bytes whose stores are reported
        self.htif_stored: Any = None
        self.access_log: list[tuple[int, int, int, bool]] | None = None  # (address, size, value, is store) if observed
        self.csr_writes: list[tuple[int, int]] | None = None
        self.recorder: Any = None  # an iss.trace.events.RecordBuffer if observed
        self.reset(0)

    def reset(self, pc: int) -> None:
        """Put the hart into its reset state at `pc`."""
        self.x = Registers([0] * 32)
        self.pc = pc
        self.next_pc = NO_JUMP  # target of a jump of the instruction in execution
        for name in STATE:
            setattr(self, name, 0)
        self.mstatus = MSTATUS_MPP
        self.misa = self.architecture.misa
        self.state.reset()
        self.custom_interrupts = CUSTOM_INTERRUPTS if self.architecture.has("xnmspk") else 0
        self.attention = False  # a boundary check is due: interrupts, events, stop requests
        self.waiting = False  # in wfi
        self.stuck: tuple[int, int] | None = None  # the trap that a trap handler cannot handle
        self._settled_cycles = self._settled_retired = 0

    # Vocabulary ---------------------------------------------------------------------------------------------------
    def load(self, address: int, size: int) -> int:
        address &= MASK32
        if address & (size - 1) and not self.misaligned:
            raise TrapRaised(Cause.LOAD_ADDRESS_MISALIGNED, address)
        try:
            value = self.bus.load(address, size)
        except BusError:
            raise TrapRaised(Cause.LOAD_ACCESS_FAULT, self._fault_address(address)) from None
        self.accesses += 1
        if self.access_log is not None:
            self.access_log.append((address, size, value, False))
        return value

    def store(self, address: int, size: int, value: int) -> None:
        address &= MASK32
        if address & (size - 1) and not self.misaligned:
            raise TrapRaised(Cause.STORE_ADDRESS_MISALIGNED, address)
        try:
            self.bus.store(address, size, value)
        except BusError:
            raise TrapRaised(Cause.STORE_ACCESS_FAULT, self._fault_address(address)) from None
        self.accesses += 1
        if self.access_log is not None:
            self.access_log.append((address, size, value & ((1 << 8 * size) - 1), True))
        if address < self.htif_high and address + size > self.htif_low:
            self.htif_stored(address)
            self.attention = True

    def _fault_address(self, address: int) -> int:
        """Return mtval of an access fault: of an access that begins in RAM and leaves it, the part behind RAM."""
        ram = self.bus.ram
        return (ram.base + ram.size) & MASK32 if 0 <= address - ram.base < ram.size else address

    def jump(self, target: int) -> None:
        target &= 0xFFFF_FFFF
        if target & _ALIGNMENT_MASK:
            raise TrapRaised(Cause.INSTRUCTION_ADDRESS_MISALIGNED, target)
        self.next_pc = target

    def read_csr(self, number: int) -> int:
        csr = self.architecture.csrs.by_number.get(number)
        if csr is None:
            self.illegal()
        self.settle()
        return int(csr.read(self)) & MASK32

    def write_csr(self, number: int, value: int) -> None:
        csr = self.architecture.csrs.by_number.get(number)
        if csr is None or csr.write is None:
            self.illegal()
        self.settle()
        csr.write(self, value & MASK32)
        self.attention = True
        if self.csr_writes is not None:
            self.csr_writes.append((number, int(csr.read(self)) & MASK32))

    def trap(self, cause: int, value: int = 0) -> NoReturn:
        raise TrapRaised(int(cause), value & MASK32)

    @property
    def instruction_word(self) -> int:
        """The word at pc; of a 16-bit instruction only its half, as mtval shows it."""
        word = self.bus.fetch(self.pc, 4)
        return word if word & 3 == 3 else word & 0xFFFF

    def illegal(self) -> NoReturn:
        raise TrapRaised(Cause.ILLEGAL_INSTRUCTION, self.instruction_word)

    def elapse(self, cycles: int) -> None:
        self.cycles += cycles
        self.attention = True

    def suspend(self) -> NoReturn:
        raise Suspended

    def wait(self) -> None:
        self.waiting = self.attention = True

    def synchronise(self) -> None:
        self.attention = True

    def note_command(
        self, operation: int, outcome: int, rs1: int, rs2: int, result: int, cycles: int, spikes: int
    ) -> None:
        if self.recorder is not None:
            self.recorder.command(operation | outcome << 22, rs1, rs2, result, cycles, spikes)

    # For the engines ----------------------------------------------------------------------------------------------
    def settle(self) -> None:
        """Bring mcycle and minstret up to `cycles` and `retired`."""
        inhibited = self.mcountinhibit | self.uncounted
        if not inhibited & COUNT_CYCLES:
            self.mcycle = (self.mcycle + self.cycles - self._settled_cycles) & MASK64
        if not inhibited & COUNT_RETIRED:
            self.minstret = (self.minstret + self.retired - self._settled_retired) & MASK64
        self._settled_cycles, self._settled_retired = self.cycles, self.retired
        self.uncounted = 0

    def adopt_counters(self) -> None:
        """Take mcycle and minstret as they are now for settled, after an engine has set all counters."""
        self._settled_cycles, self._settled_retired = self.cycles, self.retired

    def enter_trap(self, cause: int, value: int) -> bool:
        """Go to the trap handler; False, with nothing changed, if the handler begins with the trapping instruction.

        Such a handler would trap for ever; `stuck` then holds the cause and value.
        """
        if handler_address(self, cause) == self.pc:
            self.stuck = (cause, value)
            return False
        if self.recorder is not None:
            self.recorder.trap(self.pc, cause, value)
        self.pc = enter_trap(self, cause, value)
        return True

    def take_interrupt(self) -> bool:
        """Enter the handler of the most urgent enabled interrupt, if there is one."""
        cause = pending_interrupt(self)
        if cause:
            if self.recorder is not None:
                self.recorder.interrupt(self.pc, cause)
            self.pc = enter_trap(self, cause, 0)
        return bool(cause)
