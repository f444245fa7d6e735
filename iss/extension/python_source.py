"""A trace tree as Python source: a meaning again, for the concrete hart, the abstract hart and for reading.

What changes a tree (`iss.extension.mutation`) becomes a meaning by this: tracing that meaning computes the intervals
anew and refuses what the vocabulary does not allow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from iss.isa.tracing import Block, Node
from iss.isa.values import Value, signed, wrapped_sum

_INFIX = {
    "add": "+", "sub": "-", "mul": "*", "floordiv": "//", "mod": "%", "and": "&", "or": "|", "xor": "^",
    "shl": "<<", "shr": ">>", "lt": "<", "le": "<=", "eq": "==", "ne": "!=",
}  # fmt: skip
_LEAVES = frozenset({"operand", "read_x", "read_pc", "read_field", "unit_read"})
_CALLS = ("settle", "elapse", "suspend", "wait", "synchronise", "note_command", "jump", "trap", "write_csr")


class Notes:
    """Statements that a function has beside those of its tree, to note in its third argument what happens: none."""

    def after(self, node: Node) -> Iterable[str]:
        """Statements behind a node's."""
        return ()

    def answered(self, decision: Any, answer: bool) -> Iterable[str]:
        """Statements where a decision has had this answer."""
        return ()


def python_function(tree: Block, label: str = "meaning") -> Callable[[Any, Any], Any]:
    """Return the tree as a function on `(hart, insn)`; errors name `label` as its file."""
    return _compiled(python_source(tree), label)


def noting_function(tree: Block, notes: Notes, label: str, **names: Any) -> Callable[[Any, Any, Any], Any]:
    """Return the tree as a function on `(hart, insn, seen)` with the statements of `notes`, which may use `names`."""
    return _compiled("\n".join(["def meaning(hart, insn, seen):", *_lines(tree, 1, notes)]), label, **names)


def python_source(tree: Block) -> str:
    """Return the tree as the text of a Python function `meaning(hart, insn)`."""
    return "\n".join(["def meaning(hart, insn):", *_lines(tree, 1, Notes())]) + "\n"


def _compiled(text: str, label: str, **names: Any) -> Callable[..., Any]:
    scope: dict[str, Any] = {"signed": signed, "wrapped_sum": wrapped_sum, **names}
    exec(compile(text, f"<{label}>", "exec"), scope)
    function: Callable[..., Any] = scope["meaning"]
    return function


def _lines(block: Block, depth: int, notes: Notes) -> Iterator[str]:
    margin = "    " * depth
    for node in block.nodes:
        yield margin + statement(node)
        for line in notes.after(node):
            yield margin + line
    if block.then is None or block.otherwise is None:
        yield f"{margin}return {_name(block.result)}"
        return
    for question, answer, child in (
        (f"if {_name(block.decision)}:", True, block.then),
        ("else:", False, block.otherwise),
    ):
        yield margin + question
        for line in notes.answered(block.decision, answer):
            yield f"{margin}    {line}"
        yield from _lines(child, depth + 1, notes)


def _name(operand: Any) -> str:
    return f"v{operand.index}" if isinstance(operand, Value) else repr(operand if operand is None else int(operand))


def statement(node: Node) -> str:
    """Return one node as a statement on the names v0, v1, ..."""
    texts = [_name(operand) for operand in node.operands]
    effect = effect_text(node, texts)
    return effect if effect is not None else f"v{node.index} = {value_text(node, texts)}"


def effect_text(node: Node, texts: list[str]) -> str | None:
    """Return a node without a result as a statement on operands given as text; None if it has a result."""
    operation, static = node.operation, node.static
    if operation in _CALLS:
        return f"hart.{operation}({', '.join(texts)})"
    match operation:
        case "write_x":
            return f"hart.x[{texts[0]}] = {texts[1]}"
        case "store":
            return f"hart.store({texts[0]}, {static}, {texts[1]})"
        case "write_field":
            return f"hart.{static} = {texts[0]}"
        case "write_state":
            return f"hart.state.{static.name}{f'[{texts[0]}]' if static.count > 1 else ''} = {texts[1]}"
        case "unit_write":
            return f"hart.coprocessor.{static} = {texts[0]}"
    return None


def value_text(node: Node, texts: list[str]) -> str:
    """Return a node with a result as an expression on operands given as text."""
    operation, static = node.operation, node.static
    if operation in _INFIX:
        return f"{texts[0]} {_INFIX[operation]} {texts[1]}"
    match operation:
        case "operand":
            return f"insn.{static}"
        case "read_pc":
            return "hart.pc"
        case "read_x":
            return f"hart.x[{texts[0]}]"
        case "load":
            return f"hart.load({texts[0]}, {static})"
        case "read_field":
            return f"hart.{static}"
        case "read_state":
            return f"hart.state.{static.name}{f'[{texts[0]}]' if static.count > 1 else ''}"
        case "read_csr":
            return f"hart.read_csr({texts[0]})"
        case "unit_read":
            return f"hart.coprocessor.{static}"
        case "unit_call":
            return f"hart.coprocessor.{static[0]}({', '.join(texts)})"
        case "invert":
            return f"~{texts[0]}"
        case "abs":
            return f"abs({texts[0]})"
        case "signed":
            return f"signed({texts[0]}, {texts[1]})"
        case "popcount":
            return f"({texts[0]}).bit_count()"
        case "add64":
            return f"wrapped_sum({texts[0]}, {texts[1]})"
    raise ValueError(f"the vocabulary has no operation {operation!r}")


class Reader:
    """Nodes of one tree as text for people: operands written out, `x[rs1]` for registers."""

    def __init__(self, tree: Block, depth: int = 4) -> None:
        """Operands deeper than `depth` operations are written `...`."""
        self._nodes = {node.index: node for node in tree.walk()}
        self._depth = depth

    def text(self, node: Node) -> str:
        """Return the node as an expression or statement."""
        return self._node(node, self._depth)

    def operand(self, operand: Any) -> str:
        """Return an operand of a node as an expression."""
        return self._operand(operand, self._depth)

    def _node(self, node: Node, depth: int) -> str:
        texts = [self._operand(operand, depth - 1) for operand in node.operands]
        effect = effect_text(node, texts)
        text = effect if effect is not None else value_text(node, texts)
        return text.replace("hart.", "").replace("insn.", "")

    def _operand(self, operand: Any, depth: int) -> str:
        if not isinstance(operand, Value):
            value = int(operand)
            return str(value) if abs(value) < 1024 else hex(value)
        node = self._nodes[operand.index]
        if depth <= 0 and node.operation not in _LEAVES:
            return "..."
        text = self._node(node, depth)
        return f"({text})" if node.operation in _INFIX else text
