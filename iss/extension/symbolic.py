"""An instruction on a machine of which nothing is known: every path with its condition and what it leaves behind.

Registers, memory, CSRs, extension state and coprocessor before the instruction are uninterpreted functions of a
`World`, the same for all instructions that are compared. What a CSR or the coprocessor does is an unknown function of
all that was done to it before (`history`), so a proof holds for every CSR file and every coprocessor.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from iss.extension.smt import Reading, natural_width, require_z3, resized
from iss.extension.trees import reference
from iss.isa.causes import Cause
from iss.isa.encoding import Encoding
from iss.isa.state import HART_FIELDS
from iss.isa.tracing import Block, Node

if TYPE_CHECKING:
    import z3
else:
    from iss.extension.smt import z3

RETIRES, TRAPS, SUSPENDS = 0, 1, 2
_EVENTS = frozenset({"settle", "elapse", "wait", "synchronise", "note_command"})
_ADDRESS_BITS = 32


class World:
    """The unknown machine: terms for what it holds, by name; `accesses` collects the addresses touched."""

    def __init__(self, prefix: str = "") -> None:
        require_z3()
        self.prefix = prefix
        self.token = z3.DeclareSort("Token")
        self.start = z3.Const(f"{prefix}start", self.token)
        self.pc = z3.Concat(z3.BitVec(f"{prefix}pc", 30), z3.BitVecVal(0, 2))
        self._x = z3.Function(f"{prefix}x", z3.BitVecSort(5), z3.BitVecSort(32))
        self.operands: dict[str, Any] = {}
        self.accesses: list[tuple[Any, int, bool]] = []  # address, size, whether it is a store
        self.states: dict[str, Any] = {}
        self.reads: list[tuple[str, Any]] = []  # state name, index
        self.fields: set[str] = set()
        self.registers: list[Any] = []  # numbers of those read or written

    def x(self, number: Any) -> Any:
        """Return a register's value; x0 is 0."""
        return z3.If(number == 0, z3.BitVecVal(0, 32), self._x(number))

    def function(self, name: str, bits: int, *arguments: Any) -> Any:
        """Return an unknown function of these terms."""
        sorts = [argument.sort() for argument in arguments]
        return z3.Function(f"{self.prefix}{name}", *sorts, z3.BitVecSort(bits))(*arguments)

    def after(self, name: str, token: Any, *arguments: Any) -> Any:
        """Return the history after something called `name` was done."""
        sorts = [argument.sort() for argument in arguments]
        return z3.Function(f"after_{name}", self.token, *sorts, self.token)(token, *arguments)

    def flag(self, name: str, *arguments: Any) -> Any:
        """Return an unknown condition on these terms."""
        sorts = [argument.sort() for argument in arguments]
        return z3.Function(f"{self.prefix}{name}", *sorts, z3.BoolSort())(*arguments)

    def refused(self, address: Any, size: int, store: bool) -> Any:
        """Return whether nothing answers an access."""
        return self.flag(f"{'store' if store else 'load'}{size}_refused", address)

    def operand(self, encoding: Encoding, name: str) -> Any:
        """Return an operand field's value, of the natural width of its interval."""
        term = self.operands.get(name)
        if term is None:
            place = encoding.fields[name]
            term = z3.BitVec(f"{self.prefix}operand_{name}", place.width - place.low)
            if place.low:
                term = z3.Concat(term, z3.BitVecVal(0, place.low))
            self.operands[name] = term
        return term

    def word(self, encoding: Encoding) -> Any:
        """Return the instruction word."""
        word: Any = z3.BitVecVal(encoding.match, 32)
        for name, place in encoding.fields.items():
            value = self.operand(encoding, name)
            for piece in place.pieces:
                part = z3.Extract(piece.value_low + piece.width - 1, piece.value_low, value)
                word = word | resized(part, 32, False) << piece.word_low
        return word


@dataclass
class Path:
    """One path so far; when it has ended, `kind` says how."""

    condition: tuple[Any, ...]
    epoch: Any  # of what CSR writes and coprocessor calls may have changed
    history: Any  # of all that a CSR rule or the coprocessor could see
    events: Any
    x: tuple[tuple[Any, Any], ...] = ()
    memory: tuple[tuple[Any, Any], ...] = ()
    states: dict[str, tuple[tuple[Any, Any], ...]] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    front: dict[str, Any] = field(default_factory=dict)
    target: Any = None
    kind: int = RETIRES
    cause: Any = None
    value: Any = None

    def fork(self, condition: Any, **changes: Any) -> Path:
        return replace(
            self,
            condition=(*self.condition, condition),
            states=dict(self.states),
            fields=dict(self.fields),
            front=dict(self.front),
            **changes,
        )

    def guard(self) -> Any:
        return z3.And(*self.condition) if self.condition else z3.BoolVal(True)


class Execution:
    """Runs one tree on a world; `paths` are all its paths, whose conditions exclude each other and leave nothing."""

    def __init__(self, tree: Block, encoding: Encoding, world: World, abstract: bool = False) -> None:
        """`abstract` is that of `iss.extension.smt.Reading`."""
        self.world, self.encoding = world, encoding
        self.reading = Reading(tree, abstract)
        self.paths: list[Path] = []
        start = world.start
        self._block(tree, Path((), start, start, start))

    # What is read at the end of a path, too -------------------------------------------------------------------------
    def x(self, path: Path, number: Any) -> Any:
        """Return a register of a path's machine."""
        term = self.world.x(number)
        for index, value in path.x:
            term = z3.If(index == number, value, term)
        return term

    def state(self, path: Path, name: str, index: Any, bits: int) -> Any:
        """Return an element of an extension's state as its bits."""
        term = self.world.function(f"state_{name}", bits, index, path.epoch)
        for written, value in path.states.get(name, ()):
            term = z3.If(written == index, value, term)
        return term

    def byte(self, path: Path, address: Any) -> Any:
        """Return a byte of memory."""
        term = self.world.function("memory", 8, address, path.epoch)
        for written, value in path.memory:
            term = z3.If(written == address, value, term)
        return term

    def field(self, path: Path, name: str) -> Any:
        """Return a field of the hart's state."""
        if name == "instruction_word":
            return self.world.word(self.encoding)
        self.world.fields.add(name)
        known = path.fields.get(name)
        return self.world.function(f"field_{name}", HART_FIELDS[name], path.epoch) if known is None else known

    def front(self, path: Path, name: str, bits: int) -> Any:
        """Return a field of the coprocessor's front."""
        known = path.front.get(name)
        return self.world.function(f"front_{name}", bits, path.epoch) if known is None else known

    # Execution ------------------------------------------------------------------------------------------------------
    def _block(self, block: Block, path: Path) -> None:
        for node in block.nodes:
            following = self._node(node, path)
            if following is None:
                return
            path = following
        if block.then is None or block.otherwise is None:
            self.paths.append(path)
            return
        truth = self.reading.truth(block.decision)
        # A node after a fork of its own (a load that may trap) is computed once: its term does not depend on the path.
        self._block(block.then, path.fork(truth))
        self._block(block.otherwise, path.fork(z3.Not(truth)))

    def _node(self, node: Node, path: Path) -> Path | None:
        operation = node.operation
        handler = getattr(self, f"_{operation}", None)
        if operation in _EVENTS:
            words = [self.reading.low(operand, 64) for operand in node.operands]
            path.events = self.world.after(operation, path.events, *words)
            if operation == "settle":
                path.history = self.world.after(operation, path.history)
            return path
        if handler is not None:
            result: Path | None = handler(node, path)
            return result
        return path

    def _ends(self, path: Path, condition: Any, kind: int, cause: Any = None, value: Any = None) -> None:
        self.paths.append(path.fork(condition, kind=kind, cause=cause, value=value))

    def _may_trap(self, path: Path, condition: Any, cause: Cause, value: Any) -> Path:
        self._ends(path, condition, TRAPS, z3.BitVecVal(int(cause), 32), value)
        return path.fork(z3.Not(condition))

    def _operand(self, node: Node, path: Path) -> Path:
        term = self.world.operand(self.encoding, node.static)
        width, is_signed = natural_width(reference(node.index, node.low, node.high))
        self.reading.define(node, resized(term, width, is_signed))
        return path

    def _read_pc(self, node: Node, path: Path) -> Path:
        self.reading.define(node, self.world.pc)
        return path

    def _read_x(self, node: Node, path: Path) -> Path:
        number = self.reading.low(node.operands[0], 5)
        self.world.registers.append(number)
        self.reading.define(node, self.x(path, number))
        return path

    def _write_x(self, node: Node, path: Path) -> Path:
        number, value = self.reading.low(node.operands[0], 5), self.reading.low(node.operands[1], 32)
        self.world.registers.append(number)
        path.x = (*path.x, (number, z3.If(number == 0, z3.BitVecVal(0, 32), value)))  # x0 stays 0
        return path

    def _load(self, node: Node, path: Path) -> Path:
        address, size = self.reading.low(node.operands[0], _ADDRESS_BITS), node.static
        path = self._access(path, address, size, store=False)
        parts = [self.byte(path, address + offset) for offset in reversed(range(size))]
        self.reading.define(node, z3.Concat(*parts) if size > 1 else parts[0])
        return path

    def _store(self, node: Node, path: Path) -> Path:
        address, size = self.reading.low(node.operands[0], _ADDRESS_BITS), node.static
        value = self.reading.low(node.operands[1], 8 * size)
        path = self._access(path, address, size, store=True)
        for offset in range(size):
            byte = z3.Extract(8 * offset + 7, 8 * offset, value)
            path.memory = (*path.memory, (address + offset, byte))
        path.history = self.world.after(f"store{size}", path.history, address, value)
        return path

    def _access(self, path: Path, address: Any, size: int, *, store: bool) -> Path:
        """Let an access trap where it is misaligned or (unknown where) nothing answers."""
        self.world.accesses.append((address, size, store))
        misaligned = (Cause.STORE_ADDRESS_MISALIGNED if store else Cause.LOAD_ADDRESS_MISALIGNED,)
        if size > 1:
            path = self._may_trap(path, address & (size - 1) != 0, misaligned[0], address)
        fault = Cause.STORE_ACCESS_FAULT if store else Cause.LOAD_ACCESS_FAULT
        refused = self.world.refused(address, size, store)
        return self._may_trap(path, refused, fault, address)

    def _jump(self, node: Node, path: Path) -> Path:
        target = self.reading.low(node.operands[0], 32)
        path = self._may_trap(path, target & 3 != 0, Cause.INSTRUCTION_ADDRESS_MISALIGNED, target)
        path.target = target
        return path

    def _read_field(self, node: Node, path: Path) -> Path:
        self.reading.define(node, self.field(path, node.static))
        return path

    def _write_field(self, node: Node, path: Path) -> Path:
        term = self.reading.low(node.operands[0], HART_FIELDS[node.static])
        path.fields[node.static] = term
        path.history = self.world.after(f"field_{node.static}", path.history, term)
        return path

    def _read_state(self, node: Node, path: Path) -> Path:
        place = node.static
        index = self.reading.low(node.operands[0], index_bits(place.count))
        self.world.states[place.name] = place
        self.world.reads.append((place.name, index))
        self.reading.define(node, self.state(path, place.name, index, place.bits))
        return path

    def _write_state(self, node: Node, path: Path) -> Path:
        place = node.static
        index = self.reading.low(node.operands[0], index_bits(place.count))
        value = self.reading.low(node.operands[1], place.bits)
        self.world.states[place.name] = place
        self.world.reads.append((place.name, index))
        path.states[place.name] = (*path.states.get(place.name, ()), (index, value))
        path.history = self.world.after(f"state_{place.name}", path.history, index, value)
        return path

    def _read_csr(self, node: Node, path: Path) -> Path:
        number = self.reading.low(node.operands[0], 12)
        word = self.world.word(self.encoding)
        path = self._may_trap(path, self.world.flag("csr_absent", number), Cause.ILLEGAL_INSTRUCTION, word)
        self.reading.define(node, self.world.function("csr", 32, number, path.history))
        return path

    def _write_csr(self, node: Node, path: Path) -> Path:
        number, value = self.reading.low(node.operands[0], 12), self.reading.low(node.operands[1], 32)
        word = self.world.word(self.encoding)
        path = self._may_trap(path, self.world.flag("csr_fixed", number), Cause.ILLEGAL_INSTRUCTION, word)
        return self._unknown_change(path, self.world.after("write_csr", path.history, number, value))

    def _unit_call(self, node: Node, path: Path) -> Path:
        name, signature = node.static
        kinds = signature.partition(":")[2]
        words = [
            self.reading.low(operand, 64 if kind == "d" else 32)
            for operand, kind in zip(node.operands, kinds, strict=True)
        ]
        self.reading.define(node, self.world.function(f"unit_{name}", 32, path.history, *words))
        return self._unknown_change(path, self.world.after(f"unit_{name}", path.history, *words))

    def _unknown_change(self, path: Path, history: Any) -> Path:
        """Take everything outside the x registers for changed in an unknown way that depends on the history."""
        path.history = path.epoch = history
        path.memory, path.states, path.fields, path.front = (), {}, {}, {}
        return path

    def _unit_read(self, node: Node, path: Path) -> Path:
        width, _ = natural_width(reference(node.index, node.low, node.high))
        self.reading.define(node, self.front(path, node.static, width))
        return path

    def _unit_write(self, node: Node, path: Path) -> Path:
        term = self.reading.low(node.operands[0], 32)
        path.front[node.static] = term
        path.history = self.world.after(f"front_{node.static}", path.history, term)
        return path

    def _trap(self, node: Node, path: Path) -> None:
        cause, value = (self.reading.low(operand, 32) for operand in node.operands)
        self._ends(path, z3.BoolVal(True), TRAPS, cause, value)

    def _suspend(self, node: Node, path: Path) -> None:
        self._ends(path, z3.BoolVal(True), SUSPENDS)


def index_bits(count: int) -> int:
    """Return how many bits hold the indices of so many elements."""
    return max(1, (count - 1).bit_length())


def difference(first: Execution, second: Execution) -> Any:
    """Return the condition under which two instructions leave different machines behind."""
    world = first.world
    length = [z3.BitVecVal(execution.encoding.width // 8, 32) for execution in (first, second)]
    executions = (first, second)

    def merged(observe: Any) -> list[Any]:
        return [
            _merge([(path.guard(), observe(execution, path)) for path in execution.paths]) for execution in executions
        ]

    def differs(observe: Any) -> Any:
        one, other = merged(observe)
        return one != other

    zero = z3.BitVecVal(0, 32)
    found = [
        differs(lambda execution, path: z3.BitVecVal(path.kind, 2)),
        differs(lambda execution, path: zero if path.cause is None else path.cause),
        differs(lambda execution, path: zero if path.value is None else path.value),
        differs(
            lambda execution, path: (
                zero
                if path.kind != RETIRES
                else world.pc + length[executions.index(execution)]
                if path.target is None
                else path.target
            )
        ),
    ]
    paths = [path for execution in executions for path in execution.paths]
    if any(path.x for path in paths):
        probe = z3.BitVec("probe_x", 5)
        found.append(differs(lambda execution, path: execution.x(path, probe)))
    if any(path.memory for path in paths):
        probe_address = z3.BitVec("probe_memory", _ADDRESS_BITS)
        found.append(differs(lambda execution, path: execution.byte(path, probe_address)))
    for name in sorted({name for path in paths for name in path.states}):
        place = world.states[name]
        index = z3.BitVec(f"probe_{name}", index_bits(place.count))
        inside = z3.ULT(index, place.count) if place.count < 1 << index.size() else z3.BoolVal(True)
        found.append(
            z3.And(
                inside,
                differs(lambda execution, path, i=index, p=place: execution.state(path, p.name, i, p.bits)),
            )
        )
    found += [
        differs(lambda execution, path, name=name: execution.field(path, name))
        for name in sorted({name for path in paths for name in path.fields})
    ]
    found += [
        differs(lambda execution, path, name=name: execution.front(path, name, 32))
        for name in sorted({name for path in paths for name in path.front})
    ]
    for observe in (lambda execution, path: path.epoch, lambda execution, path: path.events):
        one, other = merged(observe)
        if not one.eq(other):
            found.append(one != other)
    return z3.simplify(z3.Or(*found))


def traps(execution: Execution) -> Any:
    """Return the condition under which an instruction traps."""
    return z3.Or(z3.BoolVal(False), *(path.guard() for path in execution.paths if path.kind == TRAPS))


def _merge(cases: list[tuple[Any, Any]]) -> Any:
    """Return the value of the one case whose guard holds."""
    term = cases[-1][1]
    for guard, value in reversed(cases[:-1]):
        term = z3.If(guard, value, term)
    return term
