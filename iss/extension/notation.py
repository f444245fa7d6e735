"""Meanings as text to read: the tree of a trace as pseudo-code, and what other notations have in common with it.

A value that is used once is written where it is used, unless a write in between could change what it reads.
"""

from __future__ import annotations

from typing import Any

from iss.engines.c_expressions import Expressions
from iss.isa.causes import Cause
from iss.isa.tracing import EFFECTS, Block, Node
from iss.isa.values import Value

_BINARY = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "and": "&",
    "or": "|",
    "xor": "^",
    "shl": "<<",
    "shr": ">>",
    "lt": "<",
    "le": "<=",
    "eq": "==",
    "ne": "!=",
    "floordiv": "//",
    "mod": "%",
}
_PRECEDENCE = {"*": 6, "//": 6, "/": 6, "%": 6, "+": 5, "-": 5, "<<": 4, ">>": 4, "&": 3, "^": 2, "|": 1}
_WRITES = frozenset(
    "write_x write_field write_state write_csr store jump trap unit_call unit_write suspend wait synchronise".split()
)
ATOM, COMPARISON = 9, 0
INDENT = 4


class Inexpressible(ValueError):
    """A notation has no words for an effect of a meaning."""


class PseudoCode:
    """Prints a trace as lines in the style of Python; a subclass changes words, operators and the form of blocks."""

    def __init__(self, tree: Block) -> None:
        self.tree = tree
        self.operators, self.precedence = _BINARY, _PRECEDENCE
        self.nodes = {node.index: node for node in tree.walk()}
        self.uses = Expressions(tree).uses
        self.texts: dict[int, tuple[str, int]] = {}
        self.lines: list[str] = []
        self.names = 0
        self._last = self._last_uses()

    def print(self) -> str:
        """Return the text."""
        self.block(self.tree, 0)
        return "\n".join(self.lines)

    # What a subclass changes ----------------------------------------------------------------------------------------
    def operand(self, name: str) -> str:
        return name

    def register(self, number: str) -> str:
        return f"x[{number}]"

    def state(self, node: Node) -> str:
        field = node.static
        return f"state.{field.name}[{self.text(node.operands[0])}]" if field.count > 1 else f"state.{field.name}"

    def load(self, node: Node) -> str:
        return f"load{8 * node.static}({self.text(node.operands[0])})"

    def call(self, name: str, *arguments: str) -> str:
        return f"{name}({', '.join(arguments)})"

    def signed(self, text: str, bits: int) -> str:
        return f"signed{bits}({text})"

    def declare(self, name: str, text: str, node: Node) -> str:
        return f"{name} = {text}"

    def write_register(self, node: Node) -> str:
        return f"{self.register(self.text(node.operands[0]))} = {self.text(node.operands[1])}"

    def write_state(self, node: Node) -> str:
        return f"{self.state(node)} = {self.text(node.operands[1])}"

    def store(self, node: Node) -> str:
        return f"store{8 * node.static}({self.text(node.operands[0])}, {self.text(node.operands[1])})"

    def effect(self, node: Node) -> str:
        """Return the statement of an effect without a result of its own."""
        words = [self.text(operand) for operand in node.operands]
        match node.operation:
            case "write_field" | "unit_write":
                return f"{node.static} = {words[0]}"
            case "write_csr":
                return f"csr[{words[0]}] = {words[1]}"
            case "jump":
                return f"next pc = {words[0]}"
            case "trap":
                return f"trap {self.cause(node.operands[0])}"
            case "elapse":
                return f"cost += {words[0]} cycles"
            case "unit_call":
                return self.call(node.static[0], *words)
            case _:
                return self.call(node.operation, *words)

    def cause(self, operand: Any) -> str:
        try:
            return Cause(operand).name.lower().replace("_", " ") if isinstance(operand, int) else self.text(operand)
        except ValueError:
            return f"cause {operand}"

    def branch(self, condition: str, depth: int, block: Block) -> None:
        """Print a decision and both of its continuations."""
        assert block.then is not None and block.otherwise is not None
        self.emit(depth, f"if {condition}:")
        self.block(block.then, depth + 1)
        if not self._says_something(block.otherwise):
            return
        place = len(self.lines)
        self.block(block.otherwise, depth + 1)
        otherwise = self.lines[place:]
        outer, inner = " " * (INDENT * depth), " " * (INDENT * (depth + 1))
        if otherwise[0].startswith(f"{inner}if "):
            shifted = [line[INDENT:] for line in otherwise]
            self.lines[place:] = [f"{outer}el{shifted[0].removeprefix(outer)}", *shifted[1:]]
        else:
            self.lines.insert(place, f"{outer}else:")

    def nothing(self) -> str:
        return "pass"

    # What they share --------------------------------------------------------------------------------------------------
    def emit(self, depth: int, line: str) -> None:
        self.lines.append(" " * (INDENT * depth) + line)

    def text(self, operand: Any, around: int = COMPARISON) -> str:
        """Return an operand's text, in parentheses if what stands around it binds as tightly."""
        if not isinstance(operand, Value):
            number = int(operand)
            return str(number) if -1024 <= number < 1024 else f"{number:#x}"
        text, binding = self.texts[operand.index]
        return f"({text})" if binding <= around and binding != ATOM and around != COMPARISON else text

    def block(self, block: Block, depth: int) -> None:
        before = len(self.lines)
        known = dict(self.texts)
        for node in block.nodes:
            self.node(node, depth)
        if block.decision is not None:
            self.branch(self.text(block.decision), depth, block)
        if len(self.lines) == before and depth:
            self.emit(depth, self.nothing())
        self.texts = known if depth else self.texts

    def node(self, node: Node, depth: int) -> None:
        operation = node.operation
        if operation in EFFECTS and operation not in _READS_TEXT:
            statement = {
                "write_x": self.write_register,
                "write_state": self.write_state,
                "store": self.store,
            }.get(operation, self.effect)(node)
            if operation == "unit_call" and self.uses.get(node.index):
                self._name(node, statement, depth)
            else:
                self.emit(depth, statement)
            return
        if not self.uses.get(node.index):
            return
        text, binding = self.expression(node)
        stale = operation in _READS_TEXT and operation != "operand" and self._is_overwritten(node)
        if (self.uses[node.index] == 1 and not stale) or operation in ("operand", "read_pc"):
            self.texts[node.index] = text, binding
        else:
            self._name(node, text, depth)

    def _name(self, node: Node, text: str, depth: int) -> None:
        name = f"t{self.names}"
        self.names += 1
        self.emit(depth, self.declare(name, text, node))
        self.texts[node.index] = name, ATOM

    def expression(self, node: Node) -> tuple[str, int]:
        """Return the text of a node with a result and how tightly its operator binds."""
        operation, operands = node.operation, node.operands
        sign = self.operators.get(operation)
        if operation == "add" and 0 in [operand for operand in operands if isinstance(operand, int)]:
            return self.texts[next(operand.index for operand in operands if isinstance(operand, Value))]
        if operation in ("shl", "shr") and isinstance(operands[1], int) and operands[1] == 0:
            return self.texts[operands[0].index]
        if sign is not None:
            binding = self.precedence.get(sign, COMPARISON)
            left, right = self.text(operands[0], max(binding - 1, 0)), self.text(operands[1], binding)
            return f"{left} {sign} {right}", binding
        match operation:
            case "operand":
                return self.operand(node.static), ATOM
            case "read_x":
                return self.register(self.text(operands[0])), ATOM
            case "read_state":
                return self.state(node), ATOM
            case "load":
                return self.load(node), ATOM
            case "read_pc":
                return "pc", ATOM
            case "read_field" | "unit_read":
                return str(node.static), ATOM
            case "read_csr":
                return f"csr[{self.text(operands[0])}]", ATOM
            case "signed":
                return self.signed(self.text(operands[0]), operands[1]), ATOM
            case "invert":
                return f"~{self.text(operands[0], ATOM - 1)}", ATOM - 1
            case "abs":
                return self.call("abs", self.text(operands[0])), ATOM
            case "popcount":
                return self.call("ones", self.text(operands[0])), ATOM
            case "add64":
                return self.call("add64", *(self.text(operand) for operand in operands)), ATOM
        raise Inexpressible(operation)

    def _last_uses(self) -> dict[int, int]:
        """Return the statement at which each value is last needed: its user's, or that of what the user is part of."""
        last: dict[int, int] = {}

        def visit(block: Block) -> None:
            for child in (block.then, block.otherwise):
                if child is not None:
                    visit(child)
            end = max((node.index for node in block.nodes), default=-1) + 1
            for value in (block.decision, block.result):
                if isinstance(value, Value):
                    last[value.index] = max(last.get(value.index, 0), end)
            for node in reversed(block.nodes):
                inlined = node.operation not in EFFECTS and self.uses.get(node.index) == 1
                at = last.get(node.index, node.index) if inlined else node.index
                for operand in node.operands:
                    if isinstance(operand, Value):
                        last[operand.index] = max(last.get(operand.index, 0), at)

        visit(self.tree)
        return last

    def _is_overwritten(self, node: Node) -> bool:
        """Tell whether something is written between a read and the place where its value is needed."""
        until = self._last.get(node.index, node.index)
        return any(node.index < other.index < until and other.operation in _WRITES for other in self.nodes.values())

    def _says_something(self, block: Block) -> bool:
        return any(node.operation in EFFECTS and node.operation not in _READS_TEXT for node in block.walk())


_READS_TEXT = frozenset("operand read_pc read_x load read_field read_csr read_state unit_read".split())


def pseudo_code(tree: Block) -> str:
    """Return the meaning of a trace as readable lines."""
    return PseudoCode(tree).print()
