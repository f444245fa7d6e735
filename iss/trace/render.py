"""Instructions of a trace as text and as plain objects: disassembled, with what they did and what came before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from asm.disassembler import Disassembler
from coprocessor.interface import Operation, Outcome
from iss.isa.causes import describe_cause
from iss.isa.registers import ABI_NAMES
from iss.trace.commands import mnemonic
from iss.trace.events import Command, CsrWrite, Event, Interrupt, MemoryAccess, Retired, Sleep, Trap
from iss.trace.reader import Trace

_NEAR: Final = 1 << 16
_TEXT, _PLACE = 30, 20  # widths
_NEURONS_SHOWN: Final = 6
_CODES: Final = {"place": "36", "mnemonic": "1", "register": "33", "memory": "32", "event": "1;35", "plain": "2"}


def paint(text: str, kind: str) -> str:
    """Text in the colour of its kind."""
    return f"\x1b[{_CODES[kind]}m{text}\x1b[0m"


def unpainted(text: str, kind: str) -> str:
    """Text as it is."""
    return text


Painter = Callable[[str, str], str]


class Renderer:
    """Writes what a trace holds."""

    def __init__(self, trace: Trace, paint: Painter = unpainted, *, lines: bool = False) -> None:
        """With `lines` the source line is written, too."""
        self._trace, self._paint, self._with_lines = trace, paint, lines
        self._csrs = {csr.number: csr.name for csr in trace.architecture.csrs}
        self._disassembler = Disassembler(trace.architecture, aliases=True)
        self._code: dict[tuple[int, int], tuple[str, str]] = {}

    def place(self, address: int) -> str:
        """`main+0x8`, or nothing far from every symbol."""
        symbol = self._trace.names.function(address)
        if symbol is None or address - symbol.address >= _NEAR:
            return ""
        return symbol.name + (f"+{address - symbol.address:#x}" if address > symbol.address else "")

    def code(self, pc: int, word: int) -> tuple[str, str]:
        """Place and disassembly."""
        found = self._code.get((pc, word))
        if found is None:
            size = 4 if word & 3 == 3 else 2
            text = self._disassembler.word(word, pc, size).text if self._trace.has("word") else ""
            found = self._code[pc, word] = (self.place(pc), text + self._target(pc, word))
        return found

    def _target(self, pc: int, word: int) -> str:
        """What a jump goes to has a name, perhaps."""
        definition = self._trace.decoder.word(word).definition
        if definition is None:
            return ""
        for operand in definition.syntax.operands:
            if operand.kind == "target":
                name = self.place((pc + definition.encoding.decode(word)[operand.field]) & 0xFFFF_FFFF)
                return f" <{name}>" if name else ""
        return ""

    def source(self, pc: int) -> str:
        """`file.c:12`, or nothing."""
        line = self._trace.lines.at(pc)
        return "" if line is None else f"{line.file.rpartition('/')[2]}:{line.line}"

    def cause(self, cause: int) -> str:
        """What a trap was for."""
        return describe_cause(cause)

    def effects(self, retired: Retired) -> Iterator[tuple[str, str]]:
        """(text, kind) of what an instruction wrote and read from memory."""
        if retired.destination and self._trace.has("value"):
            yield f"{ABI_NAMES[retired.destination]}={retired.value:08x}", "register"
        for event in retired.events:
            if isinstance(event, MemoryAccess):
                sign = "<-" if event.is_store else "->"
                yield f"[{event.address:08x}]{sign}{event.value:0{2 * event.size}x}", "memory"
            elif isinstance(event, CsrWrite):
                yield f"{self._csrs.get(event.number, f'csr{event.number:#x}')}={event.value:08x}", "register"
            elif isinstance(event, Command) and event.outcome == Outcome.RETIRED:
                yield f"{event.cycles} cycles{_spikes(event)}", "plain"

    def event(self, event: Event) -> str:
        """An event between two instructions as one line; nothing for what belongs to an instruction."""
        match event:
            case Trap(pc, cause, value):
                where = self.place(pc)
                return f"trap: {self.cause(cause)} at {pc:08x}{f' {where}' if where else ''}, mtval {value:08x}"
            case Interrupt(pc, cause):
                return f"{self.cause(cause)} before {pc:08x} {self.place(pc)}".rstrip()
            case Sleep(cycles):
                return f"wfi: {cycles} cycles passed"
            case Command(operation, outcome, rs1, rs2, _, cycles, _) if outcome != Outcome.RETIRED:
                name = mnemonic(operation)
                how = "suspended" if outcome == Outcome.SUSPENDED else "trapped"
                return f"{name} {how}: rs1 {rs1:08x}, rs2 {rs2:08x}, {cycles} cycles{_spikes(event)}"
        return ""

    def lines(self, retired: Retired) -> Iterator[str]:
        """The lines of an instruction, with those of what came before it."""
        for event in retired.events:
            text = self.event(event)
            if text:
                yield self._paint(f"{'':>10}  -- {text}", "event")
        place, text = self.code(retired.pc, retired.word)
        effects = "  ".join(self._paint(part, kind) for part, kind in self.effects(retired))
        source = f"{self.source(retired.pc):<20}  " if self._with_lines else ""
        head = f"{retired.number:>10}  {retired.pc:08x}  {self._paint(f'{place:<{_PLACE}}', 'place')}  {source}"
        yield f"{head}{self._paint(f'{text:<{_TEXT}}' if effects else text, 'mnemonic')}  {effects}".rstrip()

    def behind(self) -> Iterator[str]:
        """Lines of what happened after the last instruction."""
        for event in self._trace.behind:
            text = self.event(event)
            if text:
                yield self._paint(f"{'':>10}  -- {text}", "event")

    def plain(self, retired: Retired) -> dict[str, Any]:
        """An instruction as an object of JSON: numbers as numbers, names where there are some."""
        place, text = self.code(retired.pc, retired.word)
        found: dict[str, Any] = {
            "number": retired.number,
            "cycle": retired.cycle,
            "pc": retired.pc,
            "word": retired.word,
            "text": text,
        }
        if place:
            found["place"] = place
        if retired.destination:
            found |= {"rd": ABI_NAMES[retired.destination], "value": retired.value}
        if retired.events:
            found["events"] = [self.plain_event(event) for event in retired.events]
        return found

    def plain_event(self, event: Event) -> dict[str, Any]:
        """An event as an object of JSON."""
        found: dict[str, Any] = {"kind": _KINDS[type(event)]}
        if isinstance(event, MemoryAccess):
            return {
                "kind": "store" if event.is_store else "load",
                "address": event.address,
                "size": event.size,
                "value": event.value,
            }
        for name, value in event._asdict().items():
            found[name] = [spike._asdict() for spike in value] if name == "spikes" else value
        if isinstance(event, CsrWrite):
            found["name"] = self._csrs.get(event.number, "")
        elif isinstance(event, Command):
            found["operation"] = Operation(event.operation).name.lower()
            found["outcome"] = Outcome(event.outcome).name.lower()
        elif isinstance(event, Trap | Interrupt):
            found["text"] = self.cause(event.cause)
        return found


_KINDS: Final[dict[type, str]] = {
    MemoryAccess: "access",
    CsrWrite: "csr",
    Trap: "trap",
    Interrupt: "interrupt",
    Command: "command",
    Sleep: "sleep",
}


def _spikes(command: Command) -> str:
    neurons = [neuron for spikes in command.spikes for neuron in spikes.neurons]
    if not neurons:
        return ""
    shown = ", ".join(map(str, neurons[:_NEURONS_SHOWN])) + (", ..." if len(neurons) > _NEURONS_SHOWN else "")
    return f", {len(neurons)} spike{'s' if len(neurons) > 1 else ''} ({shown})"
