"""Tracing: running a meaning on abstract values gives a tree of nodes that every generator reads.

A node is one arithmetic operation or one effect, numbered in the order of execution. Where the function asks `if`,
the trace forks: the function runs again for each answer, so a tree of `Block`s covers every path. The abstract hart
here defines the vocabulary of meanings; `iss.hart.hart.Hart` is the same vocabulary on plain ints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from iss.isa.causes import Cause
from iss.isa.encoding import Encoding
from iss.isa.errors import DefinitionError, caller_location, function_location, located
from iss.isa.state import HART_FIELDS, StateField
from iss.isa.values import Value, interval

MAXIMUM_LEAVES = 64
UINT32 = (0, 0xFFFF_FFFF)

# Effects in the vocabulary and what their `static` part holds; every other operation of a node is pure arithmetic.
EFFECTS = {
    "operand": "field name",
    "read_pc": "",
    "read_x": "",
    "write_x": "",
    "load": "size in bytes",
    "store": "size in bytes",
    "jump": "instruction alignment is the hart's",
    "read_field": "hart state field",
    "write_field": "hart state field",
    "read_state": "StateField; operand: index",
    "write_state": "StateField; operands: index, value",
    "read_csr": "",
    "write_csr": "",
    "trap": "",
    "settle": "",
    "elapse": "",
    "suspend": "",
    "wait": "",
    "synchronise": "",
    "note_command": "",
    "unit_call": "function name and signature",
    "unit_read": "front field",
    "unit_write": "front field",
}
ENDS_THE_PATH = {"trap", "suspend"}


@dataclass(slots=True)
class Node:
    """One step: `operation` on `operands` (ints or Values of earlier nodes), with the interval of its result."""

    index: int
    operation: str
    operands: tuple[Any, ...]
    low: int
    high: int
    static: Any = None


@dataclass(slots=True)
class Block:
    """Nodes in order, then either the end of a path (with its return value) or a decision with two continuations."""

    nodes: list[Node]
    decision: Value | None = None
    then: Block | None = None
    otherwise: Block | None = None
    result: Any = None

    def paths(self) -> int:
        """Return the number of leaves."""
        if self.then is None or self.otherwise is None:
            return 1
        return self.then.paths() + self.otherwise.paths()

    def walk(self) -> list[Node]:
        """Return the nodes of every path, parents first."""
        nodes = list(self.nodes)
        for child in (self.then, self.otherwise):
            if child is not None:
                nodes += child.walk()
        return nodes


class _Undecided(BaseException):
    """Unwinds a run that met a question without a prepared answer."""


class _PathEnds(BaseException):
    """Unwinds a run after an effect that nothing can follow."""


@dataclass
class Trace:
    """One run of a function with the answers prepared for its first decisions.

    Nodes that repeat those of the path so far keep their `numbers`; new ones take the next of `fresh`, so that an index
    names one node of the whole tree.
    """

    answers: list[bool]
    numbers: list[int]
    fresh: Iterator[int]
    nodes: list[Node] = field(default_factory=list)
    decisions: list[Value] = field(default_factory=list)
    block_start: int = 0

    def record(self, operation: str, operands: tuple[Any, ...], low: int, high: int, static: Any = None) -> Value:
        position = len(self.nodes)
        index = self.numbers[position] if position < len(self.numbers) else next(self.fresh)
        node = Node(index, operation, operands, low, high, static)
        self.nodes.append(node)
        return Value(self, node.index, low, high)

    def decide(self, value: Value) -> bool:
        for earlier, answer in zip(self.decisions, self.answers, strict=False):
            if earlier.index == value.index:
                return answer
        position = len(self.decisions)
        self.decisions.append(value)
        if position == len(self.answers):
            raise _Undecided
        self.block_start = len(self.nodes)
        return self.answers[position]

    def known_nonzero(self, value: Value) -> bool:
        """Tell whether a decision on this path excludes that `value` is 0."""
        made_by = self._node(value)
        if made_by.operation == "abs":
            return self.known_nonzero(made_by.operands[0])
        for decision, answer in zip(self.decisions, self.answers, strict=False):
            if decision.index == value.index and answer:
                return True
            node = self._node(decision)
            tested = {operand.index for operand in node.operands if isinstance(operand, Value)}
            zero = any(isinstance(operand, int) and operand == 0 for operand in node.operands)
            if tested == {value.index} and zero and node.operation == ("ne" if answer else "eq"):
                return True
        return False

    def _node(self, value: Value) -> Node:
        return next(node for node in self.nodes if node.index == value.index)


def trace_function(run: Callable[[Trace], Any], where: str, kind: type[Trace] = Trace) -> Block:
    """Trace every path of `run`; DefinitionError (starting with `where`) if there are too many.

    `kind` may be a Trace that notes more of each node.
    """
    leaves = 0
    fresh = count()

    def explore(answers: list[bool], numbers: list[int]) -> Block:
        nonlocal leaves
        trace = kind(answers, numbers, fresh)
        result: Any = None
        undecided = False
        try:
            result = run(trace)
        except _PathEnds:
            pass
        except _Undecided:
            undecided = True
        nodes = trace.nodes[trace.block_start :]
        if undecided and len(answers) < MAXIMUM_LEAVES:  # a path with more decisions has more leaves beside it
            path = [node.index for node in trace.nodes]
            then, otherwise = (explore([*answers, answer], path) for answer in (True, False))
            return Block(nodes, trace.decisions[-1], then, otherwise)
        leaves += 1
        if leaves > MAXIMUM_LEAVES:
            raise located(f"the meaning has more than {MAXIMUM_LEAVES} paths; simplify its conditions", where)
        return Block(nodes, result=result)

    return explore([], [])


# The abstract hart -----------------------------------------------------------------------------------------------
class _Registers:
    def __init__(self, trace: Trace) -> None:
        self._trace = trace

    def __getitem__(self, number: Any) -> Any:
        return self._trace.record("read_x", (_register(number),), *UINT32)

    def __setitem__(self, number: Any, value: Any) -> None:
        self._trace.record("write_x", (_register(number), value), 0, 0)


def _register(number: Any) -> Any:
    """Return a register number; DefinitionError if it may be none."""
    low, high = interval(number)
    if low < 0 or high > 31:
        raise located(f"register number {low}..{high} is outside 0..31; mask it", caller_location())
    return number


@dataclass(frozen=True, eq=False)
class Unit:
    """A coprocessor as definitions see it: its C functions, named `prefix + name`, and the fields of its front.

    A signature such as `w:wd` gives result and operands: w is 32 bits, d 64 bits, v nothing. Fields are name: bits.
    A unit that `calls_back` finds `nh_load` and `nh_store` in the interpreter.
    The front of others also has `next_event`, `mip`, `written_low` and `written_high`, which the interpreter looks at
    when cycles have elapsed.
    """

    prefix: str
    type_name: str
    front_name: str
    header: str
    functions: dict[str, str]
    fields: dict[str, int]
    calls_back: bool = False


class _AbstractUnit:
    def __init__(self, trace: Trace, unit: Unit) -> None:
        object.__setattr__(self, "_trace", trace)
        object.__setattr__(self, "_unit", unit)

    def __getattr__(self, name: str) -> Any:
        trace, unit = self._trace, self._unit
        if name in unit.fields:
            return trace.record("unit_read", (), 0, (1 << unit.fields[name]) - 1, name)
        if name not in unit.functions:
            raise located(f"the coprocessor has no function or field {name!r}", caller_location())
        arity = len(unit.functions[name].partition(":")[2])

        def call(*operands: Any) -> Any:
            if len(operands) != arity:
                raise located(f"{name} takes {arity} operands, not {len(operands)}", caller_location())
            return trace.record("unit_call", operands, *UINT32, (name, unit.functions[name]))

        return call

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._unit.fields:
            raise located(f"the coprocessor has no field {name!r}", caller_location())
        self._trace.record("unit_write", (value,), 0, 0, name)


class _AbstractArray:
    """The numbers of one `StateField`; an index has to be proved to be within them."""

    def __init__(self, trace: Trace, field: StateField) -> None:
        self._trace, self._field = trace, field

    def _checked(self, index: Any) -> Any:
        low, high = interval(index)
        if low < 0 or high >= self._field.count:
            name, last = self._field.name, self._field.count - 1
            raise located(f"index {low}..{high} of state {name} is outside 0..{last}; mask it", caller_location())
        return index

    def __len__(self) -> int:
        return self._field.count

    def __getitem__(self, index: Any) -> Any:
        field = self._field
        return self._trace.record("read_state", (self._checked(index),), field.minimum, field.maximum, field)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._trace.record("write_state", (self._checked(index), value), 0, 0, self._field)


class _AbstractState:
    """The state of an architecture's extensions, by name."""

    def __init__(self, trace: Trace, fields: Mapping[str, StateField]) -> None:
        object.__setattr__(self, "_arrays", {name: _AbstractArray(trace, field) for name, field in fields.items()})

    def _array(self, name: str) -> _AbstractArray:
        arrays: dict[str, _AbstractArray] = self._arrays
        if name not in arrays:
            raise located(
                f"there is no state {name!r}, expected one of {', '.join(arrays) or 'none'}", caller_location()
            )
        return arrays[name]

    def __getattr__(self, name: str) -> Any:
        array = self._array(name)
        return array[0] if len(array) == 1 else array

    def __setattr__(self, name: str, value: Any) -> None:
        array = self._array(name)
        if len(array) > 1:
            raise located(f"state {name} has {len(array)} numbers; write one, as in {name}[i]", caller_location())
        array[0] = value


class AbstractHart:
    """The vocabulary of meanings, recording instead of doing.

    `unit` is the coprocessor, if there is one, `states` the state of extensions by name.
    """

    def __init__(self, trace: Trace, unit: Unit | None = None, states: Mapping[str, StateField] | None = None) -> None:
        object.__setattr__(self, "_trace", trace)
        object.__setattr__(self, "x", _Registers(trace))
        object.__setattr__(self, "state", _AbstractState(trace, states or {}))
        if unit is not None:
            object.__setattr__(self, "coprocessor", _AbstractUnit(trace, unit))

    def __getattr__(self, name: str) -> Any:
        """Read the pc or a field of the hart's state."""
        if name == "pc":
            return self._trace.record("read_pc", (), *UINT32)
        bits = HART_FIELDS.get(name)
        if bits is None:
            raise located(f"the hart has no state {name!r}", caller_location())
        return self._trace.record("read_field", (), 0, (1 << bits) - 1, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in HART_FIELDS:
            raise located(f"the hart has no writable state {name!r}", caller_location())
        self._trace.record("write_field", (value,), 0, 0, name)

    def load(self, address: Any, size: int) -> Any:
        """Return `size` bytes, little-endian, unsigned; misaligned or unmapped addresses trap."""
        return self._trace.record("load", (address,), 0, (1 << 8 * size) - 1, size)

    def store(self, address: Any, size: int, value: Any) -> None:
        """Store the low `size` bytes of `value`; misaligned or unmapped addresses trap."""
        self._trace.record("store", (address, value), 0, 0, size)

    def jump(self, target: Any) -> None:
        """Continue at `target`; a misaligned target traps before anything else is written."""
        self._trace.record("jump", (target,), 0, 0)

    def read_csr(self, number: Any) -> Any:
        """Return a CSR's value; an absent or inaccessible one raises illegal instruction."""
        return self._trace.record("read_csr", (number,), *UINT32)

    def write_csr(self, number: Any, value: Any) -> None:
        """Write a CSR by its WARL rule; an absent or read-only one raises illegal instruction."""
        self._trace.record("write_csr", (number, value), 0, 0)

    def trap(self, cause: Any, value: Any = 0) -> None:
        """Raise a synchronous exception; nothing after it happens."""
        self._trace.record("trap", (cause, value), 0, 0)
        raise _PathEnds

    def illegal(self) -> None:
        """Raise illegal instruction with the instruction word as mtval."""
        self.trap(Cause.ILLEGAL_INSTRUCTION, self.instruction_word)

    def settle(self) -> None:
        """Bring the counters up to date: they then count all that retired before this instruction."""
        self._trace.record("settle", (), 0, 0)

    def elapse(self, cycles: Any) -> None:
        """Add `cycles` to the cost of this instruction, beyond its static cost."""
        self._trace.record("elapse", (cycles,), 0, 0)

    def suspend(self) -> None:
        """Leave the instruction unretired, to be issued again after pending interrupts; nothing after it happens."""
        self._trace.record("suspend", (), 0, 0)
        raise _PathEnds

    def wait(self) -> None:
        """Let time pass until an enabled interrupt is pending (wfi)."""
        self._trace.record("wait", (), 0, 0)

    def synchronise(self) -> None:
        """Make earlier stores visible to instruction fetch and pending interrupts to the next boundary."""
        self._trace.record("synchronise", (), 0, 0)

    def note_command(
        self, operation: Any, outcome: Any, rs1: Any, rs2: Any, result: Any, cycles: Any, spikes: Any
    ) -> None:
        """Let a trace show a command to the coprocessor: how it ended, what it gave, took and logged."""
        self._trace.record("note_command", (operation, outcome, rs1, rs2, result, cycles, spikes), 0, 0)


class AbstractInstruction:
    """The operands of an instruction as Values with the intervals of their fields; notes which ones were used."""

    def __init__(self, trace: Trace, encoding: Encoding, used: set[str]) -> None:
        self._trace, self._encoding, self._used = trace, encoding, used
        self.length = encoding.width // 8

    def __getattr__(self, name: str) -> Any:
        operand = self._encoding.fields.get(name)
        if operand is None:
            raise located(f"the encoding {self._encoding.pattern!r} has no operand {name!r}", caller_location())
        self._used.add(name)
        return self._trace.record("operand", (), operand.minimum, operand.maximum, name)


def trace_meaning(
    meaning: Callable[[Any, Any], None],
    encoding: Encoding,
    unused: tuple[str, ...] = (),
    unit: Unit | None = None,
    states: Mapping[str, StateField] | None = None,
) -> Block:
    """Trace an instruction's meaning; DefinitionError for overflow, unknown names or an operand without use."""
    where = function_location(meaning)
    used: set[str] = set()

    def run(trace: Trace) -> None:
        meaning(AbstractHart(trace, unit, states), AbstractInstruction(trace, encoding, used))

    try:
        block = trace_function(run, where)
    except DefinitionError:
        raise
    except Exception as error:
        raise located(f"tracing failed: {type(error).__name__}: {error}", where) from error
    missing = set(encoding.fields) - used - set(unused)
    if missing:
        raise located(
            f"operand {', '.join(sorted(missing))} of {encoding.pattern!r} has no effect; use it or name it in unused=",
            where,
        )
    return block


def trace_rule(
    rule: Callable[..., Any],
    parameters: tuple[str, ...],
    where: str,
    unit: Unit | None = None,
    states: Mapping[str, StateField] | None = None,
) -> Block:
    """Trace a function on the hart with parameters of 32 bits, such as the read or write rule of a CSR."""

    def run(trace: Trace) -> Any:
        operands = [trace.record("operand", (), *UINT32, name) for name in parameters]
        return rule(AbstractHart(trace, unit, states), *operands)

    return trace_function(run, where)
