"""The reference interpreter: the definitions called with the hart and plain ints. The oracle; no build step."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from iss.engines.engine import Reason
from iss.engines.profile import Profile
from iss.hart.hart import NO_JUMP, Hart, Suspended, TrapRaised
from iss.hart.timing import TimingModel
from iss.isa.causes import Cause
from iss.isa.definitions import Definition
from iss.memory.device import BusError
from iss.trace.events import RecordBuffer


class Instruction:
    """A decoded instruction: one attribute per operand."""

    def __init__(self, definition: Definition, word: int) -> None:
        self.length = definition.encoding.width // 8
        self.rd = 0
        for name, value in definition.encoding.decode(word).items():  # not __dict__.update: attributes stay quick
            setattr(self, name, value)


def _illegal(hart: Hart, insn: Any) -> None:
    hart.illegal()


class ReferenceEngine:
    """Fetch, decode, call the meaning; decoding is remembered by instruction word."""

    name = "reference"

    def __init__(self, hart: Hart, timing: TimingModel) -> None:
        self._definitions = hart.architecture.instructions
        self._timing = timing
        self._decoded: dict[int, tuple[Any, Any, int, bool, int]] = {}
        self._ram = hart.bus.ram
        self._words = memoryview(self._ram.buffer).cast("I")
        costs = [timing.cost(definition) for definition in self._definitions]
        self._maximum_cost = max(1, *costs) + timing.taken_branch
        self._hart = hart
        self._consume: Any = None
        self._mnemonics: dict[int, str] = {}
        self._profile: Profile | None = None
        self._tallied = (0, 0)  # cycles and accesses that the profile has already

    def invalidate(self, low: int, high: int) -> None:
        """Nothing is remembered by address."""

    def observe(self, consume: Any) -> None:
        """Hand every trace record to `consume(bytes)`; None stops observing."""
        self._consume = consume
        self._hart.recorder = None if consume is None else RecordBuffer()

    def profile(self, on: bool) -> None:
        """See Engine.profile."""
        self._profile = Profile() if on else None

    def profiled(self) -> Profile:
        """See Engine.profiled."""
        return deepcopy(self._profile) if self._profile is not None else Profile()

    def _decode(self, word: int) -> tuple[Any, Any, int, bool, int]:
        """Return meaning, operands, cost, whether it is a branch and the destination register (0 = none)."""
        definition = self._definitions.decode(word)
        if definition is None:
            entry: tuple[Any, Any, int, bool, int] = (_illegal, None, 0, False, 0)
        else:
            insn = Instruction(definition, word)
            branch = definition.cost_class == "branch"
            destination = insn.rd if "rd" in definition.syntax.fields else 0
            entry = (definition.meaning, insn, self._timing.cost(definition), branch, destination)
        self._decoded[word] = entry
        return entry

    def _fetch(self, hart: Hart, pc: int) -> int:
        try:
            return hart.bus.fetch(pc, 4)
        except BusError:
            raise TrapRaised(Cause.INSTRUCTION_ACCESS_FAULT, pc) from None

    def run(self, hart: Hart, retired_limit: int, cycle_limit: int) -> Reason:
        """See Engine.run."""
        observed = hart.recorder is not None
        hart.access_log = [] if observed else None
        hart.csr_writes = [] if observed else None
        self._tallied = (hart.cycles, hart.accesses)
        try:
            return self._run(hart, retired_limit, cycle_limit)
        finally:
            hart.settle()
            if observed:
                self._consume(hart.recorder.take())

    def _run(self, hart: Hart, retired_limit: int, cycle_limit: int) -> Reason:
        while hart.retired < retired_limit and hart.cycles < cycle_limit:
            # So many instructions cannot pass either limit.
            by_cycles = (cycle_limit - hart.cycles - 1) // self._maximum_cost + 1
            reason = self._step(hart, min(retired_limit - hart.retired, by_cycles))
            if reason is not None:
                return reason
        return Reason.LIMIT

    def _step(self, hart: Hart, count: int) -> Reason | None:
        """Run at most `count` instructions; return early, with None, after a trap."""
        ram_base, ram_size = self._ram.base, self._ram.size
        words, decoded, taken_cost = self._words, self._decoded, self._timing.taken_branch
        noted = hart.access_log is not None or self._profile is not None
        pc = hart.pc
        hart.next_pc = NO_JUMP
        first, accesses = hart.retired, hart.accesses
        try:
            for hart.retired in range(first, first + count):  # what has retired before this instruction
                accesses = hart.accesses
                offset = pc - ram_base
                word = words[offset >> 2] if 0 <= offset < ram_size else self._fetch(hart, pc)
                meaning, insn, cost, is_branch, destination = decoded.get(word) or self._decode(word)
                meaning(hart, insn)
                hart.cycles += cost
                target = hart.next_pc
                if target == NO_JUMP:
                    pc = pc + 4 & 0xFFFF_FFFF
                else:
                    pc = target
                    hart.next_pc = NO_JUMP
                    if is_branch:
                        hart.cycles += taken_cost
                if noted:
                    self._note(hart, hart.pc, word, destination)
                hart.pc = pc
                if hart.attention:
                    break
            else:
                hart.retired = first + count
                return None
            hart.retired += 1
            return Reason.WAITING if hart.waiting else Reason.ATTENTION
        except TrapRaised as trap:
            self._abandon(hart, accesses)
            hart.settle()
            if not hart.enter_trap(trap.cause, trap.value):
                return Reason.STUCK
        except Suspended:
            self._abandon(hart, accesses)
            return Reason.ATTENTION
        return None

    def _note(self, hart: Hart, pc: int, word: int, destination: int) -> None:
        """Record and count a retired instruction, as far as wanted."""
        if hart.recorder is not None:
            assert hart.access_log is not None and hart.csr_writes is not None
            hart.recorder.retired(pc, word, destination, hart.x[destination], hart.access_log, hart.csr_writes)
            hart.access_log.clear()
            hart.csr_writes.clear()
        self._tally(hart, pc, word, 1)

    def _abandon(self, hart: Hart, accesses: int) -> None:
        """Forget the accesses of an instruction that does not retire, before which there had been so many."""
        hart.accesses = accesses
        if hart.access_log is not None and hart.csr_writes is not None:
            hart.access_log.clear()
            hart.csr_writes.clear()
        if self._profile is not None and hart.cycles != self._tallied[0]:
            self._tally(hart, hart.pc, hart.instruction_word, 0)

    def _tally(self, hart: Hart, pc: int, word: int, count: int) -> None:
        """Charge what has passed since the last call to an instruction, if a profile is kept."""
        if self._profile is None:
            return
        mnemonic = self._mnemonics.get(word)
        if mnemonic is None:
            definition = self._definitions.decode(word)
            assert definition is not None
            mnemonic = self._mnemonics[word] = definition.mnemonic
        cycles, accesses = self._tallied
        self._tallied = (hart.cycles, hart.accesses)
        self._profile.add(pc, mnemonic, count, hart.cycles - cycles, hart.accesses - accesses)
