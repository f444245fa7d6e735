"""Mutants of an instruction: its trace tree with one small fault, as people make them, each described by its line.

A fault that the tracer refuses (a shift by 64, a value that needs more than 64 bits) is no mutant.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from types import FrameType
from typing import Any

from iss.errors import NeuroHartError
from iss.extension.extension import Extension
from iss.extension.python_source import Reader
from iss.extension.trees import blocks, redefined, reference
from iss.isa.catalogue import Architecture
from iss.isa.definitions import Definition, InstructionSet
from iss.isa.errors import DefinitionError
from iss.isa.tracing import (
    EFFECTS,
    AbstractHart,
    AbstractInstruction,
    Block,
    Node,
    Trace,
    trace_function,
)
from iss.isa.values import Value

_OTHER_COMPARISON = {"lt": "le", "le": "lt", "eq": "ne", "ne": "eq"}
_OTHER_OPERATION = {
    "add": ("sub",), "sub": ("add",), "mul": ("add",), "and": ("or",), "or": ("and",), "xor": ("or",),
    "shl": ("shr",), "shr": ("shl",), "floordiv": ("mod",), "mod": ("floordiv",),
}  # fmt: skip
_ORDERED = frozenset({"sub", "shl", "shr", "floordiv", "mod", "lt", "le"})
_WRITES = frozenset({"write_x", "store", "write_state", "write_field", "write_csr", "unit_write", "jump", "trap"})
_MAY_TRAP = frozenset({"load", "store", "jump", "trap", "read_csr", "write_csr", "unit_call"})
_PINNED = frozenset({"operand", "settle", "read_pc"})  # moving them changes nothing
_WHOLE, _SHORT = 8, 3  # operations deep: to tell nodes apart, to be read


@dataclass(frozen=True)
class Mutant:
    """An instruction with a fault; `number` counts those of its instruction."""

    original: Definition
    number: int
    line: int | None
    description: str
    definition: Definition = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """What `put_in` calls it, behind the extension's name."""
        return f"{self.original.mnemonic}:{self.number}"

    @property
    def source(self) -> str:
        """The line of the user's file it changes."""
        code = getattr(self.original.meaning, "__code__", None)
        return linecache.getline(code.co_filename, self.line).strip() if code is not None and self.line else ""

    def __str__(self) -> str:
        return f"line {self.line}: {self.description}" if self.line else self.description


def mutants(definition: Definition) -> list[Mutant]:
    """Return every mutant of an instruction, in a fixed order.

    A line that is on several paths is changed on all of them, as an edit of the source would change it.
    """
    tree = definition.trace()
    lines = source_lines(definition)
    found: list[Mutant] = []
    seen = {_signature(tree)}
    for (line, _, description), edits in _faults(tree, definition, lines).items():
        mutated = redefined(definition, edits.applied(tree), f"mutant {len(found)} of {definition.mnemonic}")
        try:
            text = _signature(mutated.trace())
        except (DefinitionError, ArithmeticError, ValueError, TypeError, AttributeError):
            continue
        if text not in seen:
            seen.add(text)
            found.append(Mutant(definition, len(found), line, description, mutated))
    return found


def _signature(tree: Block) -> str:
    """Return a text that is equal for equal trees."""
    parts = [f"{node.index}{node.operation}{node.operands}{node.static}" for node in tree.nodes]
    parts.append(str(tree.decision))
    return ";".join(parts) + "".join(
        f"({_signature(child)})" for child in (tree.then, tree.otherwise) if child is not None
    )


def source_lines(definition: Definition) -> dict[int, int]:
    """Return the line of the meaning's file that made each node."""
    code = getattr(definition.meaning, "__code__", None)
    lines: dict[int, int] = {}

    class Noting(Trace):
        def record(self, operation: str, operands: tuple[Any, ...], low: int, high: int, static: Any = None) -> Value:
            value = super().record(operation, operands, low, high, static)
            frame: FrameType | None = sys._getframe(1)
            while frame is not None and (code is None or frame.f_code.co_filename != code.co_filename):
                frame = frame.f_back
            if frame is not None:
                lines.setdefault(value.index, frame.f_lineno)
            return value

    def run(trace: Trace) -> None:
        hart = AbstractHart(trace, definition.unit, definition.states)
        definition.meaning(hart, AbstractInstruction(trace, definition.encoding, set()))

    trace_function(run, definition.location, Noting)
    return lines


# Faults ------------------------------------------------------------------------------------------------------------
@dataclass
class _Edits:
    """Changes of single nodes (by index) and of whole blocks (by identity)."""

    nodes: dict[int, list[Node]] = field(default_factory=dict)
    blocks: dict[int, Block] = field(default_factory=dict)

    def applied(self, tree: Block) -> Block:
        """Return the tree with all changes."""
        block = self.blocks.get(id(tree), tree)
        nodes = [new for node in block.nodes for new in self.nodes.get(node.index, [node])]
        then, otherwise = (None if child is None else self.applied(child) for child in (block.then, block.otherwise))
        return Block(nodes, block.decision, then, otherwise, block.result)


_Faults = dict[tuple[int | None, str, str], _Edits]  # by line, whole text and description


def _faults(tree: Block, definition: Definition, lines: dict[int, int]) -> _Faults:
    whole, short = Reader(tree, _WHOLE), Reader(tree, _SHORT)
    fresh = max((node.index for node in tree.walk()), default=0) + 1
    found: _Faults = {}
    for node in tree.walk():
        for description, others in _changes(node, short, fresh, definition):
            key = lines.get(node.index), whole.text(node), description
            found.setdefault(key, _Edits()).nodes[node.index] = others
    for block in blocks(tree):
        for about, text, description, changed in (
            *_order_faults(block, short, whole),
            *_decision_faults(block, short, whole),
        ):
            line = lines.get(about) if about is not None else None
            found.setdefault((line, text, description), _Edits()).blocks[id(block)] = changed
    return found


def _changes(node: Node, reader: Reader, fresh: int, definition: Definition) -> Iterator[tuple[str, list[Node]]]:
    """Yield (description, nodes instead of this one)."""
    before = reader.text(node)

    def becomes(other: Node, *more: Node) -> tuple[str, list[Node]]:
        return f"`{before}` becomes `{reader.text(other)}`", [*more, other]

    operation, operands = node.operation, node.operands
    if operation in _OTHER_COMPARISON:
        yield becomes(replace(node, operation=_OTHER_COMPARISON[operation]))
    for name in _OTHER_OPERATION.get(operation, ()):
        yield becomes(replace(node, operation=name))
    if operation in _ORDERED:
        yield becomes(replace(node, operands=(operands[1], operands[0])))
    if operation not in EFFECTS:
        for position, operand in enumerate(operands):
            if isinstance(operand, Value):
                continue
            for step in (1, -1):
                changed = (*operands[:position], int(operand) + step, *operands[position + 1 :])
                yield becomes(replace(node, operands=changed))
    if operation == "signed":
        value, bits = operands
        yield becomes(replace(node, operation="and", operands=(value, (1 << bits) - 1)))
    if operation == "abs":
        yield (
            f"`{before}` becomes `{reader.operand(operands[0])}`",
            [replace(node, operation="add", operands=(operands[0], 0))],
        )
    yield from _effect_changes(node, before, fresh, definition)


def _effect_changes(node: Node, before: str, fresh: int, definition: Definition) -> Iterator[tuple[str, list[Node]]]:
    operation, operands, static = node.operation, node.operands, node.static
    if operation in _WRITES or operation in ("settle", "elapse", "synchronise", "wait"):
        yield f"`{before}` is left out", []
    if operation in ("write_x", "write_state", "write_field", "store", "write_csr"):
        value = operands[-1]
        one_more = Node(fresh, "add", (value, 1), 0, 0)
        changed = replace(node, operands=(*operands[:-1], reference(fresh)))
        yield f"`{before}` writes one more", [one_more, changed]
    if operation == "trap" and not isinstance(operands[0], Value):
        yield f"`{before}` has another cause", [replace(node, operands=(int(operands[0]) ^ 1, operands[1]))]
        yield (
            f"`{before}` has another value",
            [
                Node(fresh, "xor", (operands[1], 1), 0, 0)
                if isinstance(operands[1], Value)
                else replace(node, index=fresh, operation="read_pc", operands=()),
                replace(
                    node,
                    operands=(
                        operands[0],
                        reference(fresh) if isinstance(operands[1], Value) else int(operands[1]) ^ 1,
                    ),
                ),
            ],
        )
    if operation == "operand" and static in ("rs1", "rs2", "rd"):
        for other in ("rs1", "rs2", "rd"):
            if other != static and other in definition.encoding.fields:
                yield f"`{static}` becomes `{other}`", [replace(node, static=other)]
    elif operation == "operand":
        yield (
            f"`{static}` becomes `{static} + 1`",
            [
                replace(node, index=fresh),
                Node(node.index, "add", (reference(fresh), 1), 0, 0),
            ],
        )
    if operation == "read_x":
        yield (
            f"`{before}` is read as a signed number",
            [
                replace(node, index=fresh),
                Node(node.index, "signed", (reference(fresh), 32), 0, 0),
            ],
        )
    if operation in ("read_state", "write_state") and static.count > 1:
        index = (reference(fresh), *operands[1:])
        yield (
            f"`{before}` has another index",
            [
                Node(fresh, "xor", (operands[0], 1), 0, 0),
                replace(node, operands=index),
            ],
        )
    if operation in ("load", "store"):
        for size in (1, 2, 4):
            if size != static:
                yield f"`{before}` is of {size} bytes", [replace(node, static=size)]


_BlockFault = tuple[int | None, str, str, Block]  # node it is about, whole text, description, block instead


def _order_faults(block: Block, short: Reader, whole: Reader) -> Iterator[_BlockFault]:
    """Yield blocks in which two neighbouring effects, one of them a write, have changed places."""
    effects = [node for node in block.nodes if node.operation in EFFECTS and node.operation not in _PINNED]
    for first, second in pairwise(effects):
        nodes = _moved(block.nodes, first, second) if _order_matters(first, second) else None
        if nodes is not None:
            text = f"{whole.text(second)} {whole.text(first)}"
            description = f"`{short.text(second)}` comes before `{short.text(first)}`"
            yield second.index, text, description, replace(block, nodes=nodes)


def _order_matters(first: Node, second: Node) -> bool:
    """Tell whether two effects may be about the same thing, or one of them is not to happen if the other traps."""
    operations = {first.operation, second.operation}
    if not operations & _WRITES:
        return False
    if operations & _MAY_TRAP:
        return True
    kinds = [(node.operation.partition("_")[2], getattr(node.static, "name", node.static)) for node in (first, second)]
    return kinds[0] == kinds[1]


def _moved(nodes: list[Node], first: Node, second: Node) -> list[Node] | None:
    """Return the nodes with `first` behind `second`; None if `second` needs its result."""
    start, end = nodes.index(first), nodes.index(second)
    needed = {first.index}
    late = [first]
    early: list[Node] = []
    for node in nodes[start + 1 : end + 1]:
        if any(isinstance(operand, Value) and operand.index in needed for operand in node.operands):
            if node is second:
                return None
            needed.add(node.index)
            late.append(node)
        else:
            early.append(node)
    return [*nodes[:start], *early, *late, *nodes[end + 1 :]]


def _decision_faults(block: Block, short: Reader, whole: Reader) -> Iterator[_BlockFault]:
    """Yield blocks whose condition is turned round or left out."""
    if block.then is None or block.otherwise is None:
        return
    about = block.decision.index if isinstance(block.decision, Value) else None
    condition, text = short.operand(block.decision), whole.operand(block.decision)
    swapped = Block(block.nodes, block.decision, block.otherwise, block.then)
    yield about, text, f"`if {condition}` has its branches swapped", swapped
    for answer, child in ((True, block.then), (False, block.otherwise)):
        joined = Block([*block.nodes, *child.nodes], child.decision, child.then, child.otherwise, child.result)
        yield about, text, f"`if {condition}` is always {answer}", joined


# Mutants at work ---------------------------------------------------------------------------------------------------
def with_mutant(instructions: InstructionSet, mutant: Mutant) -> InstructionSet:
    """Return a set in which the mutant stands for its original."""
    changed = InstructionSet(instructions.name, instructions.title, instructions.unit, instructions.states)
    for definition in instructions:
        chosen = mutant.definition if definition.mnemonic == mutant.original.mnemonic else definition
        changed.definitions.append(chosen)
        changed.by_mnemonic[chosen.mnemonic] = chosen
    return changed


def mutated_architecture(architecture: Architecture, mutant: Mutant) -> Architecture:
    """Return an architecture in which the mutant stands for its original."""
    return replace(architecture, instructions=with_mutant(architecture.instructions, mutant))


def put_in(wanted: str, extensions: Iterable[Extension]) -> None:
    """Put the mutant called `extension:mnemonic:number` into extensions that were just loaded, if it is of theirs."""
    name, _, rest = wanted.partition(":")
    mnemonic, _, number = rest.rpartition(":")
    for extension in extensions:
        definition = extension.instructions.by_mnemonic.get(mnemonic) if extension.name == name else None
        if definition is None:
            continue
        found = mutants(definition)
        if not number.isdigit() or int(number) >= len(found):
            raise NeuroHartError(f"{wanted}: {mnemonic} has the mutants 0 to {len(found) - 1}")
        changed = with_mutant(extension.instructions, found[int(number)])
        extension.instructions.definitions[:] = changed.definitions
        extension.instructions.by_mnemonic.update(changed.by_mnemonic)
