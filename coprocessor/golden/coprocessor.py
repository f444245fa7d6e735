"""The golden coprocessor: the public interface that the C binding has too, on Python ints (specification chapter 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from coprocessor.golden import asynchronous, context, conversion, operations
from coprocessor.golden.descriptors import Type
from coprocessor.golden.engine import Issue, Suspended, discard_progress
from coprocessor.golden.instructions import RegisterInstructions
from coprocessor.golden.memory import STORE_FAULT, Fault, Memory
from coprocessor.golden.network import check, read_transfer
from coprocessor.golden.numbers import u32
from coprocessor.golden.state import QUEUE_DEPTH, QUEUES, State
from coprocessor.interface import (
    DEFAULT_LANES,
    NEVER,
    ST_CLEAN,
    ST_DIRTY,
    Account,
    Operation,
    Outcome,
    Part,
    legal_lanes,
)

if TYPE_CHECKING:
    from typing_extensions import Buffer

START_CYCLES: Final = 5
CONTEXT_CYCLES: Final = 64
ILLEGAL_INSTRUCTION: Final = 2
WAITING: Final = frozenset(
    {
        Operation.RUN,
        Operation.LAYER,
        Operation.SYN,
        Operation.UPD,
        Operation.LEARN,
        Operation.RST,
        Operation.EV2BM,
        Operation.BM2EV,
        Operation.START,
        Operation.WAIT,
        Operation.SAVE,
        Operation.REST,
    }
)


class Coprocessor(RegisterInstructions):
    """The golden model. Register-level instructions are methods named after their mnemonics; `issue` does the rest.

    After `issue`: `result` is rd (u32), `cause` and `tval` describe a trap, `cycles` is what mcycle advances by.
    """

    def __init__(self, ram: Buffer, base: int, *, lanes: int = DEFAULT_LANES) -> None:
        self.registers = State()
        self.lanes = lanes
        self.memory = Memory(ram, base)
        self.result = self.cause = self.tval = self.cycles = 0
        self.next_event = NEVER

    @property
    def lanes(self) -> int:
        """Elements a cycle, as nm_cap reports them; 1..255, else CoprocessorError."""
        return self.registers.lanes

    @lanes.setter
    def lanes(self, value: int) -> None:
        self.registers.lanes = legal_lanes(value)

    @property
    def parts(self) -> Part:
        """The sub-extensions that nm_ver reports, at first all; RULE descriptors need Xnmlrn."""
        return self.registers.parts

    @parts.setter
    def parts(self, value: Part) -> None:
        self.registers.parts = value
        self.memory.absent = frozenset() if Part.XNMLRN in value else frozenset({Type.RULE})

    @property
    def site(self) -> int:
        """Address of the instruction that `issue` performs, for the accounts."""
        return self.registers.site

    @site.setter
    def site(self, value: int) -> None:
        self.registers.site = value

    def keep_accounts(self, on: bool = True) -> None:
        """Keep accounts from now on, beginning with none, or no more."""
        self.registers.accounts = {} if on else None

    def accounts(self) -> list[Account]:
        """The accounts in the order of their first use; they are no state."""
        return list((self.registers.accounts or {}).values())

    def log_spikes(self, on: bool = True) -> None:
        """Log the spikes of all updates from now on, beginning with none, or no more."""
        self.registers.spikes = bytearray() if on else None

    def take_spikes(self) -> bytes:
        """Take what was logged out of the log: SPIKE_RECORDs."""
        taken = bytes(self.registers.spikes or b"")
        if self.registers.spikes is not None:
            self.registers.spikes.clear()
        return taken

    @property
    def logged(self) -> int:
        """Spike words that the last issue logged."""
        return self.registers.logged

    @property
    def ctl(self) -> int:
        """Raw nm_ctl."""
        return self.registers.csr["ctl"]

    @ctl.setter
    def ctl(self, value: int) -> None:
        self.registers.csr["ctl"] = u32(value)

    @property
    def mip(self) -> int:
        """mip bits 16 (done), 17 (error), 18 (queue watermark), 19 (tick); only bit 19 can be written."""
        return self.registers.interrupts

    @mip.setter
    def mip(self, value: int) -> None:
        self.registers.tick_pending = bool(value >> 19 & 1)

    @property
    def written_low(self) -> int:
        """Lowest RAM offset stored to since the range was last reset; above `written_high` if there is none."""
        return self.memory.written_low

    @written_low.setter
    def written_low(self, value: int) -> None:
        self.memory.written_low = value

    @property
    def written_high(self) -> int:
        """Highest RAM offset stored to since the range was last reset."""
        return self.memory.written_high

    @written_high.setter
    def written_high(self, value: int) -> None:
        self.memory.written_high = value

    def csr_read(self, number: int, mcycle: int) -> int:
        """Value of a CSR of 4.1; access rights are the caller's business."""
        return self.registers.read(number, mcycle)

    def csr_write(self, number: int, value: int, mcycle: int) -> None:
        """Write a CSR of 4.1 by its mask and rule; access rights and ST are the caller's business."""
        self.registers.write(number, value, mcycle)
        self.next_event = self.registers.next_event(mcycle)

    def update(self, mcycle: int) -> None:
        """Let time pass: to be called at the instruction boundary when mcycle has reached `next_event`."""
        self.registers.settle(mcycle)
        self.registers.tick(mcycle)
        self.next_event = self.registers.next_event(mcycle)

    def state(self) -> dict[str, Any]:
        """Everything the coprocessor remembers, as plain numbers; equal for the C binding and the golden model."""
        return self.registers.export()

    def load_state(self, exported: dict[str, Any], mcycle: int) -> None:
        """Take over what `state` gave."""
        self.registers.load(exported)
        self.next_event = self.registers.next_event(mcycle)

    def issue(self, operation: int, rs1: int, rs2: int, mcycle: int) -> int:
        """Issue an instruction of opcode 0x2B, `operation` = funct3 << 7 | funct7; gives an Outcome.

        ST must not be Off; an unassigned operation gives cause 2 and changes nothing.
        """
        self.result = self.cause = self.tval = self.cycles = 0
        self.registers.logged = 0
        try:
            known = Operation(operation)
        except ValueError:
            self.cause = ILLEGAL_INSTRUCTION
            return Outcome.TRAPPED
        state = self.registers
        state.settle(mcycle)
        waited = max(0, state.run.end - mcycle) if known in WAITING and state.run.busy else 0
        state.settle(mcycle + waited)
        self._status = ST_DIRTY
        outcome = self._dispatch(known, rs1, rs2, mcycle + waited)
        self.cycles += waited
        state.csr["ctl"] = state.csr["ctl"] & ~3 | self._status
        state.settle(mcycle + self.cycles)
        self.next_event = state.next_event(mcycle + self.cycles)
        return outcome

    def _dispatch(self, operation: Operation, rs1: int, rs2: int, mcycle: int) -> Outcome:
        """Perform an operation; sets result, cause, tval and cycles."""
        if operation <= Operation.RST:
            return self._sequence(operation, rs1, rs2)
        try:
            self.result, self.cycles = self._simple(operation, rs1, rs2, mcycle)
        except Fault as fault:
            return self._error(
                fault,
                0,
                may_trap=operation is not Operation.CHECK or fault.code <= STORE_FAULT,
            )
        return Outcome.RETIRED

    def _sequence(self, operation: Operation, rs1: int, rs2: int) -> Outcome:
        """The operations of funct3 = 0."""
        state = self.registers
        try:
            job = operations.validate(self.memory, operation, rs1, rs2, state.reward)
        except Fault as fault:
            return self._error(fault, 0)
        issue = Issue(state, self.memory, state.csr["slice"])
        try:
            operations.start(issue, operation, rs1, job)
        except Suspended:
            issue.progress.save(state, operation & 0x7F, rs1)
            self.cycles = issue.cycles
            return Outcome.SUSPENDED
        except Fault as fault:
            outcome = self._error(fault, issue.cycles)
            if outcome is Outcome.TRAPPED:
                issue.progress.save(state, operation & 0x7F, rs1)
            return outcome
        self.result = issue.progress.partial
        self.cycles = max(1, issue.cycles)
        return Outcome.RETIRED

    def _error(self, fault: Fault, cycles: int, *, may_trap: bool = True) -> Outcome:
        """Report an error by 4.5: trap with ETRAP = 1, else rd = -code and one more cycle."""
        state = self.registers
        state.csr["err"], state.csr["eaddr"] = fault.code, fault.address
        self.cycles = cycles
        if state.csr["ctl"] & 4 and may_trap:
            self.cause, self.tval = fault.code, fault.address
            return Outcome.TRAPPED
        self.result = u32(-fault.code)
        self.cycles += 1
        return Outcome.RETIRED

    def _simple(self, operation: Operation, rs1: int, rs2: int, mcycle: int) -> tuple[int, int]:
        """The operations that are not resumable: (rd, cycles)."""
        state = self.registers
        queue = state.queues[rs2 % QUEUES]
        if operation is Operation.INJ:
            if len(queue) == QUEUE_DEPTH:
                return u32(-1), 1
            queue.append(rs1)
            return QUEUE_DEPTH - len(queue), 1
        if operation is Operation.POP:
            return queue.pop(0) if queue else u32(-1), 1
        if operation is Operation.QLEV:
            return len(queue), 1
        if operation in (Operation.EV2BM, Operation.BM2EV):
            transfer = read_transfer(self.memory, rs1)
            issue = Issue(state, self.memory, 0)
            convert = conversion.events_to_bitmap if operation is Operation.EV2BM else conversion.bitmap_to_events
            with state.charged(operation, rs1):
                return convert(issue, transfer), issue.cycles
        if operation is Operation.START:
            job = operations.validate(self.memory, Operation.RUN, rs1, rs2, state.reward)
            discard_progress(state)
            asynchronous.start(state, self.memory, job, mcycle + START_CYCLES)
            return 0, START_CYCLES
        if operation is Operation.WAIT:
            return asynchronous.consume(state).result, 1
        if operation is Operation.POLL:
            return int(state.run.busy), 1
        if operation is Operation.ABORT:
            return asynchronous.consume(state).steps & 0x7FFF_FFFF, 1
        if operation is Operation.CHECK:
            check(self.memory, rs1)
            state.csr["err"] = state.csr["eaddr"] = 0
            return 0, 1
        (context.save if operation is Operation.SAVE else context.restore)(state, self.memory, rs1, mcycle)
        self._status = ST_CLEAN
        return 0, CONTEXT_CYCLES
