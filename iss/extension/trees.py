"""Trace trees changed: copies with other nodes, and what can be said of a tree without running it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from iss.extension.python_source import python_function
from iss.extension.widths import Width
from iss.isa.definitions import Definition
from iss.isa.tracing import Block, Node
from iss.isa.values import Value

REGISTER_FIELDS = ("rd", "rs1", "rs2")


def reference(index: int, low: int = 0, high: int = 1) -> Value:
    """Return a mention of a node outside of any trace; in a changed tree, tracing finds the interval anew."""
    return Value(None, index, low, high)  # type: ignore[arg-type]  # never asked to decide


def rebuilt(block: Block, change: Callable[[Node], list[Node] | None]) -> Block:
    """Return a copy of a tree; `change` gives the nodes to stand for one, None for the node itself."""
    nodes: list[Node] = []
    for node in block.nodes:
        changed = change(node)
        nodes += [node] if changed is None else changed
    then, otherwise = (None if child is None else rebuilt(child, change) for child in (block.then, block.otherwise))
    return Block(nodes, block.decision, then, otherwise, block.result)


def redefined(definition: Definition, tree: Block, label: str = "changed") -> Definition:
    """Return the definition with a changed tree for its meaning; tracing it may raise DefinitionError."""
    return replace(definition, meaning=python_function(tree, label), unused=tuple(definition.encoding.fields))


def narrowed(definition: Definition, widths: Mapping[str, Width]) -> Definition:
    """Return the instruction that sees of each register operand only the bits of its declared width."""
    tree = definition.trace()
    nodes = {node.index: node for node in tree.walk()}
    fresh = iter(range(max(nodes, default=0) + 1, 1 << 30))

    def change(node: Node) -> list[Node] | None:
        if node.operation != "read_x":
            return None
        width = widths.get(operand_of(node.operands[0], nodes) or "")
        if width is None or width.bits >= 32:
            return None
        read, cut = next(fresh), next(fresh)
        inner = replace(node, index=read)
        if not width.is_signed:
            return [inner, Node(node.index, "and", (reference(read), width.maximum), 0, 0)]
        return [
            inner,
            Node(cut, "signed", (reference(read), width.bits), 0, 0),
            Node(node.index, "and", (reference(cut), 0xFFFF_FFFF), 0, 0),
        ]

    return redefined(definition, rebuilt(tree, change), "narrowed")


def operand_of(number: Any, nodes: Mapping[int, Node]) -> str | None:
    """Return the operand field that a register number is, if it is one."""
    node = nodes.get(number.index) if isinstance(number, Value) else None
    return str(node.static) if node is not None and node.operation == "operand" else None


def sources(tree: Block) -> list[str]:
    """Return the operand fields whose x registers are read, in the order rs1, rs2, rd."""
    nodes = {node.index: node for node in tree.walk()}
    read = {operand_of(node.operands[0], nodes) for node in nodes.values() if node.operation == "read_x"}
    return [name for name in ("rs1", "rs2", "rd") if name in read]


def numbers_matter(tree: Block) -> bool:
    """Tell whether a result may depend on which registers are named, not only on what they hold.

    So it is if a register is read after one has been written, if a register's number is computed with, or if a
    register is read or written that no operand names.
    """
    nodes = {node.index: node for node in tree.walk()}

    def after_write(block: Block, written: bool) -> bool:
        for node in block.nodes:
            if node.operation == "read_x" and written:
                return True
            written = written or node.operation == "write_x"
        return any(after_write(child, written) for child in (block.then, block.otherwise) if child is not None)

    def is_number(value: Any) -> bool:
        return operand_of(value, nodes) in REGISTER_FIELDS

    for node in nodes.values():
        indexes = node.operation in ("read_x", "write_x")
        if indexes and not is_number(node.operands[0]):
            return True
        if any(is_number(value) for value in node.operands[1 if indexes else 0 :]):
            return True
    return after_write(tree, False) or any(is_number(block.decision) for block in blocks(tree))


def blocks(tree: Block) -> Iterator[Block]:
    """Yield every block."""
    yield tree
    for child in (tree.then, tree.otherwise):
        if child is not None:
            yield from blocks(child)


def operations(tree: Block) -> set[str]:
    """Return the names of all operations."""
    return {node.operation for node in tree.walk()}


def most_state_bits(tree: Block) -> int:
    """Return the greatest number of bits of extension state that a path touches."""
    own: int = sum(node.static.bits for node in tree.nodes if node.operation in ("read_state", "write_state"))
    return own + max((most_state_bits(child) for child in (tree.then, tree.otherwise) if child is not None), default=0)
