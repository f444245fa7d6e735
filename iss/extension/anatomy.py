"""What can be said of an instruction without running it: registers, numbers, memory and constants in its definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from iss.isa.definitions import Definition
from iss.isa.tracing import EFFECTS, Block, Node
from iss.isa.values import Value

_STATE = "state "  # what marks a state among register fields
_STRAIGHT = frozenset({"add", "sub", "and"})  # operations that leave an address an address


@dataclass(frozen=True)
class Anatomy:
    """The operand fields of an instruction by what they are used for, and what its definition does."""

    definition: Definition
    reads: frozenset[str]  # fields whose register is read
    writes: frozenset[str]  # fields whose register is written
    numbers: frozenset[str]  # fields used as they are
    always_writes_rd: bool
    names_registers: bool  # some that no operand names
    pointers: tuple[str, ...]  # fields whose register is an address, or the base of one
    indices: tuple[str, ...]  # fields whose register is added to an address
    alignment: int  # of its widest access
    address_states: frozenset[str]  # states that are addresses, or the base of one
    state_sources: Mapping[str, str]  # states that become what a register field holds
    state_steps: Mapping[str, frozenset[str]]  # states that others are added to, when written
    constants: frozenset[int]  # numbers in the definition
    operations: frozenset[str]

    @property
    def has_memory(self) -> bool:
        """Whether it loads or stores."""
        return bool(self.operations & {"load", "store"})


@lru_cache(maxsize=1024)
def anatomy(definition: Definition) -> Anatomy:
    """Read an instruction's definition."""
    tree = definition.trace()
    nodes = {node.index: node for node in tree.walk()}
    reads: set[str] = set()
    writes: set[str] = set()
    numbers = _decisions(tree, nodes)
    names_registers = False
    for node in nodes.values():
        is_register = node.operation in ("read_x", "write_x")
        for position, operand in enumerate(node.operands):
            name = _field(operand, nodes)
            if is_register and position == 0:
                names_registers |= name is None
                if name is not None:
                    (reads if node.operation == "read_x" else writes).add(name)
            elif name is not None:
                numbers.add(name)
    pointers: dict[str, None] = {}
    indices: dict[str, None] = {}
    states: set[str] = set()
    accesses = [node for node in nodes.values() if node.operation in ("load", "store")]
    for node in accesses:
        straight, other = _sources(node.operands[0], nodes, True)
        ordered = sorted(name for name in straight if not name.startswith(_STATE))
        states |= {name.removeprefix(_STATE) for name in straight if name.startswith(_STATE)}
        other = {name for name in other if not name.startswith(_STATE)}
        pointers |= dict.fromkeys(ordered[:1])
        indices |= dict.fromkeys([*ordered[1:], *sorted(other)])
    writes_of_states = {
        str(node.static.name): _sources(node.operands[1], nodes, True)[0]
        for node in nodes.values()
        if node.operation == "write_state"
    }
    return Anatomy(
        definition,
        frozenset(reads),
        frozenset(writes),
        frozenset(numbers),
        _always_writes(tree),
        names_registers,
        tuple(pointers),
        tuple(name for name in indices if name not in pointers),
        max((int(node.static) for node in accesses), default=1),
        frozenset(states),
        {
            name: next(iter(parts))
            for name, parts in writes_of_states.items()
            if len(parts) == 1 and not any(part.startswith(_STATE) for part in parts)
        },
        {
            name: frozenset(part.removeprefix(_STATE) for part in parts if part.startswith(_STATE)) - {name}
            for name, parts in writes_of_states.items()
        },
        frozenset(operand for node in nodes.values() if node.operation not in EFFECTS or node.operation == "write_x"
                  for operand in node.operands if type(operand) is int),
        frozenset(node.operation for node in nodes.values()),
    )  # fmt: skip


def _field(operand: object, nodes: dict[int, Node]) -> str | None:
    node = nodes.get(operand.index) if isinstance(operand, Value) else None
    return str(node.static) if node is not None and node.operation == "operand" else None


def _decisions(tree: Block, nodes: dict[int, Node]) -> set[str]:
    """Return the operands that are themselves a condition: `if insn.flag:`."""
    found = {name} if (name := _field(tree.decision, nodes)) is not None else set()
    for child in (tree.then, tree.otherwise):
        if child is not None:
            found |= _decisions(child, nodes)
    return found


def _always_writes(tree: Block, written: bool = False) -> bool:
    written = written or any(node.operation in ("write_x", "trap") for node in tree.nodes)
    if tree.then is None or tree.otherwise is None:
        return written
    return _always_writes(tree.then, written) and _always_writes(tree.otherwise, written)


Sources = tuple[set[str], set[str]]


def _sources(
    operand: object, nodes: dict[int, Node], straight: bool, known: dict[tuple[int, bool], Sources] | None = None
) -> Sources:
    """Return the register fields and states an address is made of: those it is counted from, and others.

    `known` has what has been found: a node may be part of many.
    """
    if not isinstance(operand, Value):
        return set(), set()
    known = {} if known is None else known
    key = (operand.index, straight)
    if key not in known:
        known[key] = _sources_of(nodes[operand.index], nodes, straight, known)
    return known[key]


def _sources_of(node: Node, nodes: dict[int, Node], straight: bool, known: dict[tuple[int, bool], Sources]) -> Sources:
    found: set[str] = set()
    if node.operation == "read_x":
        name = _field(node.operands[0], nodes)
        found = set() if name is None else {name}
        return (found, set()) if straight else (set(), found)
    if node.operation == "read_state":
        return ({_STATE + node.static.name}, set()) if straight else (set(), set())
    if node.operation in EFFECTS:
        return set(), set()
    masks = [part for part in node.operands if isinstance(part, int)]
    keeps = node.operation in _STRAIGHT and not (node.operation == "and" and any(0 <= mask < 1 << 16 for mask in masks))
    first: set[str] = set()
    other: set[str] = set()
    for part in node.operands:
        one, two = _sources(part, nodes, straight and keeps, known)
        first, other = first | one, other | two
    return first, other - first
