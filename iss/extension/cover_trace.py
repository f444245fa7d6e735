"""Coverage from a recorded trace: the extension's instructions run once more, on a hart that follows the trace.

The trace has what each instruction wrote and what it loaded; the extension's state follows from its instructions and
accesses to its CSRs, which are all executed again, from reset. What comes out is held against the trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from iss.errors import NeuroHartError
from iss.extension.cover import Cover
from iss.extension.load import architecture_with
from iss.hart.hart import NO_JUMP, Hart, Registers, TrapRaised
from iss.isa.causes import Cause
from iss.isa.definitions import Definition
from iss.loaders.image import Image
from iss.memory.device import BusError
from iss.trace.events import Event, Kind, MemoryAccess, Trap
from iss.trace.reader import Trace
from iss.trace.view import View

_NEEDED = {"word": "instruction words", "value": "results", "memory": "loads and stores"}
_CSR_ACCESSES = frozenset({"csrrw", "csrrs", "csrrc", "csrrwi", "csrrsi", "csrrci"})
_ACCESS_FAULTS = (Cause.LOAD_ACCESS_FAULT, Cause.STORE_ACCESS_FAULT)


def run_trace(covers: Sequence[Cover], trace: Trace, name: str, image: Image | None = None) -> None:
    """Add what a trace has executed; the covers have to be watched. NeuroHartError if the trace cannot tell.

    `image` is the program: a trace has no words of instructions that never retire.
    """
    missing = [text for what, text in _NEEDED.items() if not trace.has(what)]
    if missing:
        raise NeuroHartError(f"{name}: has no {' and no '.join(missing)}; record it with `neurohart trace record`")
    if trace.sparse or trace.first:
        raise NeuroHartError(f"{name}: does not have all instructions from reset on; record it without a filter")
    replay = _Replay(covers, name)
    if image is not None:
        for segment in image.segments:
            data = segment.data[: len(segment.data) & ~3]
            replay.learn(range(segment.address, segment.address + len(data), 4), np.frombuffer(data, "<u4").tolist())
    replay.follow(trace)


class _Memory:
    """A bus that gives what the trace has of an instruction's loads and stores."""

    def __init__(self) -> None:
        self.word = 0
        self.loads: list[MemoryAccess] = []
        self.faults: int | None = None  # an address where nothing answers
        self.ram = SimpleNamespace(base=0, size=0)

    def load(self, address: int, size: int) -> int:
        if self.faults == address:
            raise BusError(address)
        for place, access in enumerate(self.loads):
            if (access.address, access.size) == (address, size):
                return self.loads.pop(place).value
        return 0

    def store(self, address: int, size: int, value: int) -> None:
        if self.faults == address:
            raise BusError(address)

    def fetch(self, address: int, size: int) -> int:
        return self.word


class _Replay:
    def __init__(self, covers: Sequence[Cover], name: str) -> None:
        self._name = name
        self._covers = covers
        self._architecture = architecture_with([cover.extension for cover in covers])
        self._csrs = {csr.number for cover in covers for csr in cover.extension.csrs}
        self._memory = _Memory()
        self._hart = Hart(self._architecture, self._memory)  # type: ignore[arg-type]  # all of a bus that is needed
        self._x = [0] * 32
        self._words: dict[int, int] = {}  # the extension's instructions by address

    def learn(self, addresses: Iterable[int], words: Iterable[int]) -> None:
        """Keep which of the extension's instructions stand where."""
        self._words |= {pc: word for pc, word in zip(addresses, words, strict=True) if self._ours(word)}

    def follow(self, trace: Trace) -> None:
        """Execute what a trace has of the extension."""
        for view in trace.views():
            self.learn(view.block.site_pc.tolist(), view.block.site_word.tolist())
        for view in trace.views():
            self._block(view)
        self._traps(trace.behind)

    def _ours(self, word: int) -> Definition | None:
        """Return the instruction of a word if it is the extension's or accesses one of its CSRs."""
        definition = self._architecture.instructions.decode(word)
        if definition is None:
            return None
        for cover in self._covers:
            if definition.mnemonic in cover.instructions:
                return definition
        return definition if definition.mnemonic in _CSR_ACCESSES and word >> 20 in self._csrs else None

    def _block(self, view: View) -> None:
        ours = [self._ours(word) for word in view.block.site_word.tolist()]
        trapped = set(view.block.event_index[view.kinds == Kind.TRAP].tolist())
        rows = zip(view.block.site.tolist(), view.destination.tolist(), view.value.tolist(), strict=True)
        if not trapped and not any(ours):  # only the last value of each register is of interest
            for register in np.unique(view.destination).tolist():
                if register:
                    self._x[register] = int(view.value[np.flatnonzero(view.destination == register)[-1]])
            return
        x = self._x
        for index, (site, destination, value) in enumerate(rows):
            if index in trapped:
                self._traps(view.events(index))
            definition = ours[site]
            if definition is not None:
                self._retired(view, index, definition, value if destination else None)
            if destination:
                x[destination] = value

    def _prepare(self, pc: int, word: int, events: Sequence[Event], faults: int | None = None) -> Any:
        hart, memory = self._hart, self._memory
        hart.x, hart.pc, hart.next_pc = Registers(self._x), pc, NO_JUMP
        memory.word, memory.faults = word, faults
        memory.loads = [event for event in events if isinstance(event, MemoryAccess) and not event.is_store]
        definition = self._architecture.instructions.decode(word)
        assert definition is not None
        encoding = definition.encoding
        return SimpleNamespace(length=encoding.width // 8, **encoding.decode(word))

    def _retired(self, view: View, index: int, definition: Definition, expected: int | None) -> None:
        pc, word = int(view.pc[index]), int(view.word[index])
        insn = self._prepare(pc, word, view.events(index))
        where = f"{self._name}: instruction {view.base + index}, {definition.mnemonic} at {pc:#010x}"
        cure = "was the trace recorded with this extension file?"
        try:
            definition.meaning(self._hart, insn)
        except TrapRaised as raised:
            raise NeuroHartError(f"{where}: traps here (cause {raised.cause}), but not in the trace; {cure}") from None
        result = self._hart.x[insn.rd] if expected is not None else None
        if result != expected:
            raise NeuroHartError(f"{where}: gives {result:#x}, the trace has {expected:#x}; {cure}")

    def _traps(self, events: Sequence[Event]) -> None:
        """Execute the instructions of the extension that trapped; what they had loaded before, nobody knows."""
        for event in events:
            if not isinstance(event, Trap):
                continue
            is_illegal = event.cause == Cause.ILLEGAL_INSTRUCTION
            word = self._words.get(event.pc, event.value if is_illegal else 0)
            definition = self._ours(word)
            if definition is None:
                continue
            faults = event.value if event.cause in _ACCESS_FAULTS else None
            before = bytes(self._hart.state.buffer)
            unwatched = next((cover.instructions[definition.mnemonic].definition for cover in self._covers
                              if definition.mnemonic in cover.instructions), definition)  # fmt: skip
            if self._raised(unwatched, event, word, faults) != (event.cause, event.value):
                self._hart.state.buffer[:] = before
                continue
            self._hart.state.buffer[:] = before
            self._raised(definition, event, word, faults)

    def _raised(self, definition: Definition, trap: Trap, word: int, faults: int | None) -> tuple[int, int] | None:
        insn = self._prepare(trap.pc, word, (), faults)
        try:
            definition.meaning(self._hart, insn)
        except TrapRaised as raised:
            return int(raised.cause), raised.value
        return None
