"""Nodes of a trace as C expressions; the interval of a value decides its C type, so nothing can overflow."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from iss.isa.tracing import EFFECTS, Block, Node
from iss.isa.values import INT64_MIN, Value, interval

_TYPES = (
    ("uint32_t", 0, 0xFFFF_FFFF),
    ("int32_t", -(1 << 31), (1 << 31) - 1),
    ("int64_t", INT64_MIN, (1 << 63) - 1),
    ("uint64_t", 0, (1 << 64) - 1),
)
_RING = {"add": "+", "sub": "-", "mul": "*", "and": "&", "or": "|", "xor": "^"}
_COMPARE = {"lt": "<", "le": "<=", "eq": "==", "ne": "!="}
_SIGNED_CASTS = {8: "(int32_t)(int8_t)(uint8_t)", 16: "(int32_t)(int16_t)(uint16_t)", 32: "(int32_t)(uint32_t)"}


def c_type(low: int, high: int) -> str | None:
    """Return the first C type that holds the interval; None if no 64-bit type does."""
    return next((name for name, least, most in _TYPES if least <= low and high <= most), None)


def literal(value: int, kind: str | None = None) -> str:
    """Return an integer constant of a C type (by default the one of its own interval)."""
    kind = kind or c_type(value, value)
    if kind == "uint32_t":
        return f"{value}u" if value < 1024 else f"{value:#x}u"
    if kind == "uint64_t":
        return f"UINT64_C({value:#x})"
    if kind == "int64_t":
        return "INT64_MIN" if value == INT64_MIN else f"INT64_C({value})"
    return f"({value})" if value < 0 else str(value)


def _common(*operands: Any, result: tuple[int, int] | None = None) -> str | None:
    bounds = [interval(operand) for operand in operands] + ([result] if result else [])
    return c_type(min(low for low, _ in bounds), max(high for _, high in bounds))


class Expressions:
    """Prints the nodes of one block tree; values used more than once become C locals."""

    def __init__(self, tree: Block, self_contained: frozenset[int] = frozenset()) -> None:
        """`self_contained` are the indices of effects that are printed without their operands."""
        self._self_contained = self_contained
        self.uses: dict[int, int] = {}
        self.texts: dict[int, str] = {}
        self._count(tree)

    def _count(self, block: Block) -> None:
        """Count the uses of each value by what is alive: effects, decisions, results and their operands."""
        for child in (block.then, block.otherwise):
            if child is not None:
                self._count(child)
        for value in (block.decision, block.result):
            self._use(value)
        for node in reversed(block.nodes):
            if node.index not in self._self_contained and not self.is_dead(node):
                for operand in node.operands:
                    self._use(operand)

    def _use(self, operand: Any) -> None:
        if isinstance(operand, Value):
            self.uses[operand.index] = self.uses.get(operand.index, 0) + 1

    def is_dead(self, node: Node) -> bool:
        """Tell whether a node can be left out because nothing uses its result."""
        return is_droppable(node) and not self.uses.get(node.index)

    def text(self, operand: Any, kind: str | None = None) -> str:
        """Return the C text of an operand, cast to `kind` if given and different from its own type."""
        if not isinstance(operand, Value):
            return literal(int(operand), kind)
        own = c_type(operand.low, operand.high)
        text = self.texts[operand.index]
        return text if kind is None or kind == own else f"({kind}){text}"

    def define(self, node: Node, text: str) -> str | None:
        """Name a node's result: return a C declaration if it needs a local, None if it is inlined or unused."""
        uses = self.uses.get(node.index, 0)
        if uses == 0:
            return None
        kind = c_type(node.low, node.high)
        if uses == 1 and node.operation in PURE:
            self.texts[node.index] = f"({text})"
            return None
        self.texts[node.index] = f"v{node.index}"
        return f"const {kind} v{node.index} = ({kind})({text});"

    def arithmetic(self, node: Node) -> str:
        """Return the C expression of a pure node; its type is the C type of the node's interval."""
        operation, operands = node.operation, node.operands
        result = c_type(node.low, node.high)
        assert result is not None
        if operation in _RING:
            # Modulo 2^64 when no single type holds operands and result: the result fits, so it is exact.
            kind = _common(*operands, result=(node.low, node.high)) or "uint64_t"
            if operation == "mul" and kind == "int32_t":
                kind = "int64_t"
            text = f"{self.text(operands[0], kind)} {_RING[operation]} {self.text(operands[1], kind)}"
            return text if kind == result else f"({result})({text})"
        if operation in _COMPARE:
            common = _common(*operands)
            return f"{self.text(operands[0], common)} {_COMPARE[operation]} {self.text(operands[1], common)} ? 1u : 0u"
        method = getattr(self, f"_{operation}")
        return str(method(node, result))

    def _shl(self, node: Node, result: str) -> str:
        value, amount = node.operands
        return f"({result})((uint64_t){self.text(value)} << {self.text(amount)})"

    def _shr(self, node: Node, result: str) -> str:
        value, amount = node.operands
        wide = "int64_t" if interval(value)[0] < 0 else "uint64_t"
        return f"({result})({self.text(value, wide if interval(amount)[1] > 31 else None)} >> {self.text(amount)})"

    def _invert(self, node: Node, result: str) -> str:
        return f"~{self.text(node.operands[0], result)}"

    def _abs(self, node: Node, result: str) -> str:
        value = self.text(node.operands[0], "int64_t")
        if interval(node.operands[0])[0] == INT64_MIN:
            return f"({result})({value} < 0 ? 0 - (uint64_t){value} : (uint64_t){value})"
        return f"({result})({value} < 0 ? -{value} : {value})"

    def _signed(self, node: Node, result: str) -> str:
        value, bits = node.operands
        cast = _SIGNED_CASTS.get(bits)
        return f"{cast}{self.text(value)}" if cast else f"({result})nh_signed((uint64_t){self.text(value)}, {bits})"

    def _popcount(self, node: Node, result: str) -> str:
        return f"({result})__builtin_popcountll((uint64_t){self.text(node.operands[0])})"

    def _add64(self, node: Node, result: str) -> str:
        left, right = node.operands
        return f"{self.text(left, 'uint64_t')} + {self.text(right, 'uint64_t')}"

    def _floordiv(self, node: Node, result: str) -> str:
        return self._divide(node, result, "/", "nh_floor_divide")

    def _mod(self, node: Node, result: str) -> str:
        return self._divide(node, result, "%", "nh_floor_modulo")

    def _divide(self, node: Node, result: str, operator: str, helper: str) -> str:
        left, right = node.operands
        if interval(left)[0] >= 0 and interval(right)[0] >= 0:
            kind = _common(left, right)
            return f"({result})({self.text(left, kind)} {operator} {self.text(right, kind)})"
        return f"({result}){helper}({self.text(left, 'int64_t')}, {self.text(right, 'int64_t')})"


def helper_functions() -> str:
    """Return the C functions that expressions call, as the interpreter has them."""
    template = Path(__file__).with_name("interpreter_template.c").read_text(encoding="utf-8")
    return "\n".join(
        re.findall(r"^__attribute__\(\(unused\)\) static inline int64_t nh_.*?^}\n", template, re.M | re.S)
    )


PURE = frozenset(
    {*_RING, *_COMPARE, "shl", "shr", "invert", "signed", "popcount", "add64", "floordiv", "mod", "operand"}
)
_READS = frozenset({"read_x", "read_pc", "read_field", "read_state", "unit_read"})


def is_droppable(node: Node) -> bool:
    """Tell whether a node without uses may be left out."""
    return node.operation in _READS or node.operation not in EFFECTS or node.operation == "operand"
