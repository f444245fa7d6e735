"""Expressions over a machine: registers, CSRs, symbols, memory, neurons. What users type at breakpoints and prompts.

    a0 + 4      pc == main      nm_vth      insn > 1000      [0x80001000]      u8[buffer + 3]      v[3] >= 50

Names are looked up as register, CSR, counter, symbol, state of an extension. `[x]` is the word at address x, `u8 u16
u32 s8 s16 s32 [x]` a value of that type, `name[i]` with a symbol the i-th signed word behind it, and `state.name` is
the state of an extension, whatever else has that name. To add an operator, add it to a table.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from itertools import pairwise
from typing import Final

from iss.debug.csrs import read_csr
from iss.errors import NeuroHartError
from iss.isa.registers import NUMBER
from iss.machine import Machine

TYPES: Final = {"u8": 1, "u16": 2, "u32": 4, "s8": 1, "s16": 2, "s32": 4}
"""Sizes in bytes of what may stand before an address in brackets."""
_LARGEST_SHIFT: Final = 64
_COUNTERS: Final = {"insn": "retired", "cycle": "cycles"}
_BINARY: Final[Mapping[type, Callable[[int, int], int]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}
_COMPARE: Final[Mapping[type, Callable[[int, int], bool]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_UNARY: Final[Mapping[type, Callable[[int], int]]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
    ast.Not: lambda value: int(not value),
}


class ExpressionError(NeuroHartError):
    """An expression that cannot be understood or evaluated."""


class Expression:
    """A parsed expression; `evaluate(machine)` gives an integer."""

    def __init__(self, text: str) -> None:
        """ExpressionError if `text` is no expression."""
        self.text = text.strip()
        prepared = re.sub(r"!(?!=)", " not ", self.text.replace("&&", " and ").replace("||", " or ").replace("$", ""))
        try:
            self._tree = ast.parse(prepared.strip(), mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            raise ExpressionError(
                f"{self.text!r} is no expression; expected names, numbers and operators, for example a0 + 4 == [sp]"
            ) from None

    def __str__(self) -> str:
        return self.text

    def evaluate(self, machine: Machine) -> int:
        """The value in the machine's present state; ExpressionError for unknown names and addresses without memory."""
        try:
            return self._value(self._tree, machine)
        except ZeroDivisionError:
            raise ExpressionError(f"{self.text!r} divides by zero") from None
        except RecursionError:
            raise ExpressionError(f"{self.text[:40]!r}... is nested too deeply") from None

    def names(self) -> set[str]:
        """All names that occur."""
        return {node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name)}

    def location(self, machine: Machine) -> tuple[int, int] | None:
        """Address and size of the memory the expression names, None if it is something else."""
        place = self._place(self._tree, machine)
        return None if place is None else place[:2]

    def state(self, machine: Machine) -> tuple[str, int] | None:
        """Name and index of the extension's state that the expression names, None if it is something else."""
        return self._state(self._tree, machine)

    def _state(self, node: ast.AST, machine: Machine) -> tuple[str, int] | None:
        index = node.slice if isinstance(node, ast.Subscript) else None
        fields = machine.hart.state.layout.fields
        match node.value if isinstance(node, ast.Subscript) else node:
            case ast.Attribute(value=ast.Name(id="state"), attr=name):
                if name not in fields:
                    near = get_close_matches(name, fields, 1)
                    cure = f"; did you mean {near[0]!r}?" if near else f"; there is {', '.join(fields) or 'none'}"
                    raise ExpressionError(f"no extension has a state {name!r}{cure}")
            case ast.Name(id=name) if name in fields and not _is_known(name, machine):
                pass
            case _:
                return None
        count = fields[name].count
        if index is None and count > 1:
            raise ExpressionError(f"{name!r} has {count} numbers; expected {name}[0] to {name}[{count - 1}]")
        place = 0 if index is None else self._value(index, machine)
        if not 0 <= place < count:
            raise ExpressionError(f"{name}[{place}]: the state {name!r} has the indices 0 to {count - 1}")
        return name, place

    def _value(self, node: ast.AST, machine: Machine) -> int:
        state = self._state(node, machine)
        if state is not None:
            return machine.hart.state.array(state[0])[state[1]]
        match node:
            case ast.Constant(value=bool() | int() as value):
                return int(value)
            case ast.Name(id=name):
                return self._name(name, machine)
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
                return _UNARY[type(op)](self._value(operand, machine))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return self._binary(op, self._value(left, machine), self._value(right, machine))
            case ast.BoolOp(op=ast.And(), values=values):
                return int(all(self._value(value, machine) for value in values))
            case ast.BoolOp(values=values):
                return int(any(self._value(value, machine) for value in values))
            case ast.Compare(left=left, ops=ops, comparators=rest) if all(type(op) in _COMPARE for op in ops):
                terms = [self._value(item, machine) for item in (left, *rest)]
                return int(all(_COMPARE[type(op)](*pair) for op, pair in zip(ops, pairwise(terms), strict=True)))
            case ast.List() | ast.Subscript():
                return self._load(node, machine)
        raise ExpressionError(f"{ast.unparse(node)!r} in {self.text!r} is not allowed; use names, numbers, operators")

    def _binary(self, op: ast.operator, left: int, right: int) -> int:
        if isinstance(op, ast.LShift | ast.RShift) and not 0 <= right <= _LARGEST_SHIFT:
            raise ExpressionError(f"{self.text!r} shifts by {right}; expected 0 to {_LARGEST_SHIFT}")
        return _BINARY[type(op)](left, right)

    def _place(self, node: ast.AST, machine: Machine) -> tuple[int, int, bool] | None:
        """Address, size and whether signed, of a node that names memory."""
        if self._state(node, machine) is not None:
            return None
        match node:
            case ast.List(elts=[element]):
                return self._value(element, machine) & 0xFFFF_FFFF, 4, False
            case ast.Subscript(value=ast.Name(id=kind), slice=index) if kind in TYPES:
                return self._value(index, machine) & 0xFFFF_FFFF, TYPES[kind], kind.startswith("s")
            case ast.Subscript(value=ast.Name(id=name), slice=index):
                return (self._name(name, machine) + 4 * self._value(index, machine)) & 0xFFFF_FFFF, 4, True
        return None

    def _load(self, node: ast.AST, machine: Machine) -> int:
        place = self._place(node, machine)
        if place is None:
            raise ExpressionError(f"{ast.unparse(node)!r} in {self.text!r} names no memory; write [address]")
        address, size, signed = place
        try:
            return int.from_bytes(machine.ram.read(address, size), "little", signed=signed)
        except IndexError:
            raise ExpressionError(f"{self.text!r}: {size} bytes at {address:#010x} are not RAM") from None

    def _name(self, name: str, machine: Machine) -> int:
        hart = machine.hart
        if name in NUMBER:
            return hart.x[NUMBER[name]]
        if name == "pc":
            return hart.pc
        if name in _COUNTERS:
            return int(getattr(hart, _COUNTERS[name]))
        csr = machine.architecture.csrs.named(name)
        if csr is not None:
            return read_csr(machine, csr)
        if machine.image is not None and name in machine.image.symbols:
            return machine.image.symbols[name].address
        raise ExpressionError(f"{name!r} in {self.text!r} is unknown{self._hint(name, machine)}")

    def _hint(self, name: str, machine: Machine) -> str:
        known: list[str] = [*NUMBER, *(csr.name for csr in machine.architecture.csrs), "insn", "cycle"]
        known += list(machine.image.symbols) if machine.image is not None else []
        known += list(machine.hart.state.layout.fields)
        near = get_close_matches(name, known, 1)
        return f"; did you mean {near[0]!r}?" if near else "; expected a register, a CSR, insn, cycle or a symbol"


def _is_known(name: str, machine: Machine) -> bool:
    """Whether a name is something before it is the state of an extension."""
    return (
        name in NUMBER
        or name in ("pc", *_COUNTERS, *TYPES)
        or machine.architecture.csrs.named(name) is not None
        or (machine.image is not None and name in machine.image.symbols)
    )
