"""Computes what a trace says, node by node on ints: each value must lie in its node's interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from iss.isa.tracing import Block
from iss.isa.values import Value

OPERATIONS: dict[str, Callable[..., int]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "floordiv": lambda a, b: a // b,
    "mod": lambda a, b: a % b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "shl": lambda a, b: a << b,
    "shr": lambda a, b: a >> b,
    "invert": lambda a: ~a,
    "abs": abs,
    "signed": lambda a, bits: (a + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1),
    "popcount": lambda a: bin(a).count("1"),
    "add64": lambda a, b: (a + b) % (1 << 64),
    "lt": lambda a, b: int(a < b),
    "le": lambda a, b: int(a <= b),
    "eq": lambda a, b: int(a == b),
    "ne": lambda a, b: int(a != b),
}


def evaluate(tree: Block, operands: Mapping[str, int]) -> Any:
    """The result of the path that these operands take."""
    values: dict[int, int] = {}

    def number(operand: Any) -> Any:
        return values[operand.index] if isinstance(operand, Value) else operand

    block = tree
    while True:
        for node in block.nodes:
            if node.operation == "operand":
                value = operands[node.static]
            else:
                value = OPERATIONS[node.operation](*map(number, node.operands))
            assert node.low <= value <= node.high, f"{node} is {value}"
            assert node.index not in values
            values[node.index] = value
        if block.then is None or block.otherwise is None:
            return number(block.result)
        block = block.then if number(block.decision) else block.otherwise
