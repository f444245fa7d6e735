"""One instruction on one concrete machine: a `Case` says what it held, a `Result` what the instruction left behind.

Runs the meaning itself on the reference hart, whose memory is only the bytes that a case names (others hold 0).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from iss.extension.trees import operations
from iss.hart.hart import NO_JUMP, STATE, Hart, Registers, Suspended, TrapRaised
from iss.isa.catalogue import Architecture
from iss.isa.causes import describe_cause
from iss.isa.definitions import Definition
from iss.isa.registers import ABI_NAMES
from iss.isa.state import StateField
from iss.memory.device import BusError

REGISTER_OPERANDS = ("rs1", "rs2", "rd")
DEFAULT_PC = 0x8000_0000


@dataclass(frozen=True)
class Case:
    """Operand fields of the instruction and the machine before it; what is not named is 0 (state: its reset value)."""

    operands: Mapping[str, int]
    x: Mapping[int, int] = field(default_factory=dict)
    states: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    memory: Mapping[int, int] = field(default_factory=dict)
    refused: frozenset[tuple[int, int, bool]] = frozenset()  # address, size, is a store: nothing answers
    fields: Mapping[str, int] = field(default_factory=dict)
    pc: int = DEFAULT_PC

    def plain(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "operands": dict(self.operands),
            "x": {f"x{number}": value for number, value in sorted(self.x.items())},
            "states": {name: {str(i): v for i, v in sorted(held.items())} for name, held in self.states.items()},
            "memory": {f"{address:#010x}": value for address, value in sorted(self.memory.items())},
            "refused": [
                [f"{address:#010x}", size, "store" if store else "load"]
                for address, size, store in sorted(self.refused)
            ],
            "fields": dict(self.fields),
            "pc": f"{self.pc:#010x}",
        }


@dataclass(frozen=True)
class Result:
    """How the instruction ended and what it changed."""

    trap: tuple[int, int] | None
    next_pc: int | None  # None after a trap
    x: Mapping[int, int]
    states: Mapping[str, Mapping[int, int]]
    memory: Mapping[int, int]
    fields: Mapping[str, int]

    def differences(self, other: Result) -> list[tuple[str, str, str]]:
        """Return (what, ours, the other's) of everything that is not equal."""
        found: list[tuple[str, str, str]] = []
        if self.trap != other.trap:
            found.append(("end", _end(self.trap), _end(other.trap)))
        if self.next_pc != other.next_pc and None not in (self.next_pc, other.next_pc):
            found.append(("pc", f"{self.next_pc:#010x}", f"{other.next_pc:#010x}"))
        names = sorted({*self.states, *other.states})
        pairs: list[tuple[str, Mapping[Any, int], Mapping[Any, int]]] = [
            ("x", self.x, other.x),
            ("memory", self.memory, other.memory),
            ("field", self.fields, other.fields),
        ]
        pairs += [(name, self.states.get(name, {}), other.states.get(name, {})) for name in names]
        for name, ours, theirs in pairs:
            keys = [key for key in sorted({*ours, *theirs}, key=str) if ours.get(key) != theirs.get(key)]
            found += [(place(name, key), _number(ours.get(key)), _number(theirs.get(key))) for key in keys]
        return found


def place(name: str, key: Any) -> str:
    """Return what people call a register, byte, field or element of state."""
    if name == "x":
        return str(ABI_NAMES[key])
    if name == "memory":
        return f"[{key:#010x}]"
    return str(key) if name == "field" else f"{name}[{key}]"


def _number(value: int | None) -> str:
    return "unchanged" if value is None else f"{value:#x}" if abs(value) > 9 else str(value)


def _end(trap: tuple[int, int] | None) -> str:
    return "retires" if trap is None else f"trap: {describe_cause(trap[0])}, value {trap[1]:#x}"


class _Memory:
    """A bus of single bytes, for the reference hart."""

    def __init__(self) -> None:
        self.bytes: dict[int, int] = {}  # what has been stored
        self.initial: Mapping[int, int] = {}
        self.refused: frozenset[tuple[int, int, bool]] = frozenset()
        self.word = 0
        self.ram = SimpleNamespace(base=0, size=0)

    def load(self, address: int, size: int) -> int:
        if (address, size, False) in self.refused:
            raise BusError(address)
        return sum(self._byte(address + offset & 0xFFFF_FFFF) << 8 * offset for offset in range(size))

    def _byte(self, address: int) -> int:
        value = self.bytes.get(address)
        if value is not None:
            return value
        try:
            return self.initial[address]
        except KeyError:
            return 0

    def store(self, address: int, size: int, value: int) -> None:
        if (address, size, True) in self.refused:
            raise BusError(address)
        for offset in range(size):
            self.bytes[address + offset & 0xFFFF_FFFF] = value >> 8 * offset & 0xFF

    def fetch(self, address: int, size: int) -> int:
        return self.word


class Runner:
    """Runs cases of one instruction; `meaning` replaces the definition's own, for a mutant or another form of it."""

    def __init__(
        self, definition: Definition, architecture: Architecture, meaning: Callable[[Any, Any], Any] | None = None
    ) -> None:
        self.definition = definition
        self._meaning = meaning or definition.meaning
        self._memory = _Memory()
        self._hart = Hart(architecture, self._memory)  # type: ignore[arg-type]  # all of a bus that cases need
        self._states: dict[str, StateField] = dict(architecture.states.fields)
        self._before = bytes(self._hart.state.buffer)
        done = operations(definition.trace())
        self._has_csrs = bool({"read_csr", "write_csr"} & done)
        used = {node.static for node in definition.trace().walk() if node.operation in ("read_field", "write_field")}
        self._fields = sorted(STATE) if self._has_csrs else sorted(used - {"instruction_word"})

    def run(self, case: Case) -> Result:
        """Return what the instruction does."""
        hart, memory, definition = self._hart, self._memory, self.definition
        if self._has_csrs:
            hart.reset(case.pc)
        hart.x = registers = Registers([case.x.get(number, 0) if number else 0 for number in range(32)])
        before = list(registers)
        hart.pc, hart.next_pc = case.pc, NO_JUMP
        hart.state.buffer[:] = self._before
        for name, elements in case.states.items():
            for index, value in elements.items():
                self._put(name, index, value)
        start = bytes(hart.state.buffer)
        memory.bytes, memory.initial, memory.refused = {}, case.memory, case.refused
        memory.word = definition.encoding.encode(**case.operands)
        for name in case.fields if self._has_csrs else self._fields:
            setattr(hart, name, case.fields.get(name, 0))
        held = {name: getattr(hart, name) for name in self._fields}
        insn = SimpleNamespace(length=definition.encoding.width // 8, **case.operands)
        trap: tuple[int, int] | None = None
        try:
            self._meaning(hart, insn)
        except TrapRaised as raised:
            trap = raised.cause, raised.value
        except Suspended:
            trap = -1, 0
        following = case.pc + insn.length & 0xFFFF_FFFF if hart.next_pc == NO_JUMP else hart.next_pc
        return Result(
            trap,
            None if trap else following,
            {number: value for number, value in enumerate(registers) if value != before[number]},
            self._changed(start),
            {address: value for address, value in memory.bytes.items() if case.memory.get(address, 0) != value},
            {name: getattr(hart, name) for name in self._fields if getattr(hart, name) != held[name]},
        )

    def _put(self, name: str, index: int, value: int) -> None:
        if self._states[name].count == 1:
            setattr(self._hart.state, name, value)
        else:
            getattr(self._hart.state, name)[index] = value

    def _held(self, name: str) -> list[int]:
        held = getattr(self._hart.state, name)
        return [held] if self._states[name].count == 1 else [held[index] for index in range(len(held))]

    def _changed(self, start: bytes) -> dict[str, dict[int, int]]:
        buffer = self._hart.state.buffer
        if start == buffer:
            return {}
        after = {name: self._held(name) for name in self._states}
        buffer[:] = start
        pairs = {name: zip(self._held(name), values, strict=True) for name, values in after.items()}
        changed = {
            name: {index: new for index, (old, new) in enumerate(pair) if old != new} for name, pair in pairs.items()
        }
        return {name: held for name, held in changed.items() if held}


def describe_case(case: Case, definition: Definition) -> list[str]:
    """Return lines that show a case to people: the instruction, its registers, state and memory."""
    lines = [definition.syntax.render(case.operands, case.pc)]
    shown = [f"{ABI_NAMES[number]} = {value:#010x}" for number, value in sorted(case.x.items()) if number]
    if shown:
        lines.append("registers: " + ", ".join(shown))
    held = [
        f"{name if _is_scalar(definition, name) else f'{name}[{index}]'} = {_number(value)}"
        for name, part in case.states.items()
        for index, value in sorted(part.items())
    ]
    if held:
        lines.append("state: " + ", ".join(held))
    if case.memory:
        lines.append("memory: " + ", ".join(f"[{a:#010x}] = {v:#04x}" for a, v in sorted(case.memory.items())))
    if case.refused:
        refused = (f"{'store' if store else 'load'} at {address:#010x}" for address, _, store in sorted(case.refused))
        lines.append("nothing answers a " + ", a ".join(refused))
    if any(case.fields.values()):
        lines.append("hart: " + ", ".join(f"{name} = {value:#x}" for name, value in case.fields.items() if value))
    return lines


def _is_scalar(definition: Definition, name: str) -> bool:
    place = definition.states.get(name)
    return place is not None and place.count == 1


class OperandView:
    """The operands of a case as conditions of a user see them: `case.rs1` is the register's value in its declared
    width, `case.imm` an operand's own, `case.state` the extension's state."""

    def __init__(self, hart: Any, insn: Any, widths: Mapping[str, Callable[[Any], Any]]) -> None:
        self._hart, self._insn, self._widths = hart, insn, widths

    @property
    def state(self) -> Any:
        """The extension's state."""
        return self._hart.state

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        number = getattr(self._insn, name)
        if name not in REGISTER_OPERANDS:
            return number
        value = self._hart.x[number]
        return self._widths[name](value) if name in self._widths else value


class RetiredView:
    """A case that has retired, as properties see it: operands and `before` as they were, `result` and `after`.

    Of `before`, numbers are kept, not arrays.
    """

    def __init__(
        self,
        hart: Any,
        insn: Any,
        registers: Iterable[str],
        widths: Mapping[str, Callable[[Any], Any]],
        states: Iterable[str],
        writes: bool,
    ) -> None:
        """`registers` are the operands whose values are kept, `states` the numbers, `writes` tells of an rd."""
        self._hart, self._insn, self._writes = hart, insn, writes
        operands = OperandView(hart, insn, widths)
        self._values = {name: getattr(operands, name) for name in registers}
        self.before = SimpleNamespace(**{name: getattr(hart.state, name) for name in states})
        self.after: Any = None
        self.result: Any = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._values[name] if name in self._values else getattr(self._insn, name)

    def retire(self) -> None:
        """Look at what the instruction has left behind."""
        self.after = self._hart.state
        self.result = self._hart.x[self._insn.rd] if self._writes else None
