"""A hart whose instructions come from outside: pc, registers, memory and traps as ever, but nothing is fetched."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from iss.builtin import make_coprocessor
from iss.engines.reference import ReferenceEngine
from iss.extension.dii.packets import Record
from iss.hart.hart import Hart
from iss.hart.timing import timing_model
from iss.isa.catalogue import Architecture
from iss.isa.privileged import enter_trap
from iss.memory.bus import Bus
from iss.memory.map import MemoryMap
from iss.memory.ram import Ram
from iss.trace.events import RECORD, Kind, RecordBuffer

MEMORY = MemoryMap().with_ram(size=64 << 10)
"""What TestRIG asks for: 64 KiB at 0x80000000 and nothing else."""


class _InjectedHart(Hart):
    """A hart that sees the injected word where others see memory at pc."""

    __slots__ = ("injected",)
    injected: int

    @property
    def instruction_word(self) -> int:
        return self.injected if self.injected & 3 == 3 else self.injected & 0xFFFF

    def enter_trap(self, cause: int, value: int) -> bool:
        """Go to the handler in any case: where it is at pc, another word may follow."""
        self.recorder.trap(self.pc, cause, value)
        self.pc = enter_trap(self, cause, value)
        return True


class _InjectingEngine(ReferenceEngine):
    """The reference engine on injected words."""

    def __init__(self, hart: _InjectedHart) -> None:
        super().__init__(hart, timing_model("ideal"))
        self._ram: Any = SimpleNamespace(base=0, size=0)  # so every word comes from `_fetch`

    def _fetch(self, hart: Hart, pc: int) -> int:
        assert isinstance(hart, _InjectedHart)
        return hart.injected

    def inject(self, hart: _InjectedHart, word: int) -> bytes:
        """Execute one word at the pc; return the trace records of what it did."""
        hart.injected = word
        hart.access_log, hart.csr_writes = [], []
        hart.attention = hart.waiting = False
        self._step(hart, 1)
        hart.settle()
        taken: bytes = hart.recorder.take()
        return taken


class InjectedMachine:
    """Hart and memory, driven word by word. Nothing interrupts it; wfi does nothing."""

    def __init__(self, architecture: Architecture) -> None:
        self.architecture = architecture
        self.reset()

    def reset(self) -> None:
        """Zero memory and registers, give CSRs and state their reset values, go to the start of memory."""
        ram = Ram(MEMORY.ram)
        unit = make_coprocessor(self.architecture, ram)
        self.hart = _InjectedHart(self.architecture, Bus(MEMORY, ram), unit)
        self.hart.reset(MEMORY.ram.base)
        self.hart.recorder = RecordBuffer()
        self._engine = _InjectingEngine(self.hart)
        self._order = 0

    def execute(self, word: int) -> Record:
        """Run one instruction at the pc and return what it did."""
        hart, pc, before = self.hart, self.hart.pc, list(self.hart.x)
        definition = self.architecture.instructions.decode(word)
        fields = definition.encoding.decode(word) if definition is not None else {}
        rs1, rs2 = fields.get("rs1", 0), fields.get("rs2", 0)
        rd = trap = 0
        read = written = (0, 0, 0)  # address, size, value
        for head, a, b, _ in RECORD.iter_unpack(self._engine.inject(hart, word)):
            kind, detail = head & 0xFF, head >> 8
            if kind == Kind.RETIRED:
                rd = detail
            elif kind == Kind.TRAP:
                trap = 1
            elif kind == Kind.LOAD:
                read = (a, detail, b)
            elif kind == Kind.STORE:
                written = (a, detail, b)
        self._order += 1
        return Record(
            order=self._order,
            pc_rdata=pc,
            pc_wdata=hart.pc,
            insn=word,
            rs1_addr=rs1,
            rs2_addr=rs2,
            rs1_rdata=before[rs1],
            rs2_rdata=before[rs2],
            rd_addr=rd,
            rd_wdata=hart.x[rd],
            mem_addr=written[0] or read[0],
            mem_rmask=(1 << read[1]) - 1,
            mem_wmask=(1 << written[1]) - 1,
            mem_rdata=read[2],
            mem_wdata=written[2],
            trap=trap,
        )
