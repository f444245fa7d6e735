"""Expressions of GNU as: 64-bit arithmetic on numbers, symbols and differences of symbols.

A parsed expression is an `int` as soon as all of it is known, else a small tree that is evaluated when the sections
are laid out (differences within a section) and again when every address is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from typing import Final, TypeAlias

from asm.errors import StatementError
from asm.symbols import Symbol

_WORD: Final = 1 << 64
_SIGN: Final = 1 << 63
_DEPTH: Final = 100


class Reference:
    """A symbol in an expression."""

    __slots__ = ("symbol",)

    def __init__(self, symbol: Symbol) -> None:
        self.symbol = symbol


class Unary:
    """`-x`, `~x` or `!x`."""

    __slots__ = ("operand", "operator")

    def __init__(self, operator: str, operand: Expression) -> None:
        self.operator, self.operand = operator, operand


class Binary:
    """Two operands, at least one of them not yet known."""

    __slots__ = ("left", "operator", "right")

    def __init__(self, operator: str, left: Expression, right: Expression) -> None:
        self.operator, self.left, self.right = operator, left, right


Expression: TypeAlias = int | Reference | Unary | Binary
# A value is an offset from a base that is not a number yet (a fragment, section or symbol), or from None: a number.
Value: TypeAlias = tuple[Hashable | None, int]
Locator: TypeAlias = Callable[[Symbol], Value]


class NotConstant(Exception):
    """An expression has no number yet (or, with all addresses known, never will)."""


# Binding strength; GNU as binds the bitwise operators tighter than + and -.
PRECEDENCE: Final = {
    "||": 1, "&&": 2,
    "==": 3, "!=": 3, "<>": 3, "<": 3, "<=": 3, ">": 3, ">=": 3,
    "+": 4, "-": 4,
    "|": 5, "&": 5, "^": 5, "!": 5,
    "*": 6, "/": 6, "%": 6, "<<": 6, ">>": 6,
}  # fmt: skip
_EQUALITIES: Final = {"==", "!=", "<>"}
_COMPARISONS: Final = {"==", "!=", "<>", "<", "<=", ">", ">="}


def wrap(value: int) -> int:
    """Return `value` as a signed 64-bit number, as GNU as computes."""
    return (value + _SIGN) % _WORD - _SIGN


def _divide(left: int, right: int) -> int:
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def compute(operator: str, left: int, right: int) -> int:
    """Apply a binary operator to numbers; comparisons give -1 for true. ZeroDivisionError as it says."""
    match operator:
        case "+":
            result = left + right
        case "-":
            result = left - right
        case "*":
            result = left * right
        case "/":
            result = _divide(left, right)
        case "%":
            result = left - _divide(left, right) * right
        case "<<":
            result = left << right if 0 <= right < 64 else 0
        case ">>":
            result = left % _WORD >> right if 0 <= right < 64 else 0
        case "|":
            result = left | right
        case "&":
            result = left & right
        case "^":
            result = left ^ right
        case "!":
            result = left | ~right
        case "&&":
            result = int(left != 0 and right != 0)
        case "||":
            result = int(left != 0 or right != 0)
        case "==":
            result = -(left == right)
        case "!=" | "<>":
            result = -(left != right)
        case "<":
            result = -(left < right)
        case "<=":
            result = -(left <= right)
        case ">":
            result = -(left > right)
        case _:
            result = -(left >= right)
    return wrap(result)


def _apply_unary(operator: str, value: int) -> int:
    return wrap({"-": -value, "~": ~value, "!": int(value == 0)}[operator])


def evaluate(expression: Expression, locate: Locator, depth: int = 0, decide: bool = False) -> Value:
    """Return the value of an expression, with `locate` giving the position of labels and undefined symbols.

    With `decide`, a symbol that is not defined is equal to itself and to nothing else. Raises NotConstant where bases
    do not cancel, and ZeroDivisionError.
    """
    if isinstance(expression, int):
        return None, expression
    if depth > _DEPTH:
        raise NotConstant("is defined in terms of itself")
    if isinstance(expression, Reference):
        symbol = expression.symbol
        if symbol.expression is not None:
            return evaluate(symbol.expression, locate, depth + 1, decide)
        return locate(symbol)
    if isinstance(expression, Unary):
        base, number = evaluate(expression.operand, locate, depth + 1, decide)
        if base is not None:
            raise NotConstant
        return None, _apply_unary(expression.operator, number)
    left_base, left = evaluate(expression.left, locate, depth + 1, decide)
    right_base, right = evaluate(expression.right, locate, depth + 1, decide)
    operator = expression.operator
    if left_base is None and right_base is None:
        return None, compute(operator, left, right)
    if right_base is None and operator in ("+", "-"):
        return left_base, compute(operator, left, right)
    if left_base is None and operator == "+":
        return right_base, left + right
    if left_base is right_base and (operator == "-" or operator in _COMPARISONS):
        return None, compute(operator, left, right)
    if decide and operator in _EQUALITIES and (isinstance(left_base, Symbol) or isinstance(right_base, Symbol)):
        return None, -(operator != "==")
    raise NotConstant


def label_in_fragment(symbol: Symbol) -> Value:
    """Locate a symbol while the source is read: only distances from the same origin are fixed."""
    label = symbol.label
    if label is None:
        return symbol, 0
    return label.fragment.origin, label.fragment.from_origin + label.offset


def constant(expression: Expression, decide: bool = False) -> int | None:
    """Return the number an expression has already while the source is read, or None (`decide`: see `evaluate`)."""
    if isinstance(expression, int):
        return expression
    try:
        base, value = evaluate(expression, label_in_fragment, 0, decide)
    except (NotConstant, ZeroDivisionError):
        return None
    return value if base is None else None


def references(expression: Expression) -> list[Symbol]:
    """Return the symbols an expression mentions itself (not those behind equates)."""
    if isinstance(expression, Reference):
        return [expression.symbol]
    if isinstance(expression, Unary):
        return references(expression.operand)
    if isinstance(expression, Binary):
        return references(expression.left) + references(expression.right)
    return []


_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>0[xX][0-9a-fA-F]+|0[bB][01]+(?![0-9bf])|\d+(?![0-9bf.]))(?![\w$])
    | (?P<local>\d+[bf])(?![\w$])
    | (?P<character>'(?:\\[^\n]|[^\\\n])'?)
    | (?P<name>[A-Za-z_.$\x01][\w.$\x01]*)
    | (?P<quoted>"(?:[^"\\]|\\.)*")
    | (?P<open>\()
    | (?P<prefix>[-+~!])
    )""",
    re.VERBOSE,
)
_OPERATOR = re.compile(r"\s*(\|\||&&|==|!=|<>|<=|>=|<<|>>|[-+*/%|&^!<>])")
_CLOSE = re.compile(r"\s*\)")
_ESCAPES: Final = {"b": 8, "f": 12, "n": 10, "r": 13, "t": 9}


def character_value(text: str) -> int:
    """Return the code of a character constant such as `'a` or `'a'`, with the escapes b f n r t."""
    body = text[1:]
    if body.startswith("\\"):
        return _ESCAPES.get(body[1], ord(body[1]))
    return ord(body[0]) if ord(body[0]) < 128 else body[0].encode("utf-8", "surrogateescape")[0]


class ExpressionParser:
    """Reads expressions out of a statement's text; `lookup` turns a name (`.`, `1f`, ...) into an expression."""

    __slots__ = ("base", "lookup", "position", "text")

    def __init__(
        self,
        text: str,
        base: int,
        lookup: Callable[[str, int], Expression],
        position: int = 0,
    ) -> None:
        self.text = text
        self.base = base
        self.lookup = lookup
        self.position = position

    def fail(self, message: str, position: int | None = None) -> StatementError:
        return StatementError(message, self.base + (self.position if position is None else position))

    def rest(self) -> str:
        return self.text[self.position :]

    def parse(self, strength: int = 0) -> Expression:
        """Read the longest expression from the current position. Raises StatementError."""
        left = self._primary()
        while True:
            found = _OPERATOR.match(self.text, self.position)
            if found is None or PRECEDENCE[found[1]] <= strength:
                return left
            operator, at = found[1], found.start(1)
            self.position = found.end()
            right = self.parse(PRECEDENCE[operator])
            left = self._combine(operator, left, right, at)

    def _combine(self, operator: str, left: Expression, right: Expression, at: int) -> Expression:
        if operator in "/%" and right == 0:
            raise self.fail("division by zero", at)
        if isinstance(left, int) and isinstance(right, int):
            return compute(operator, left, right)
        combined = Binary(operator, left, right)
        known = constant(combined)
        return combined if known is None else known

    def _primary(self) -> Expression:
        found = _TOKEN.match(self.text, self.position)
        if found is None:
            blank = len(self.rest()) - len(self.rest().lstrip())
            self.position += blank
            what = self.rest()
            if what.startswith('"'):
                raise self.fail('string is never closed, expected "')
            raise self.fail(f"expected an expression, found {what[:20]!r}" if what else "expected an expression here")
        start = found.start(found.lastgroup or 0)
        self.position = found.end()
        text = found[found.lastgroup or 0]
        match found.lastgroup:
            case "number":
                return self._number(text, start)
            case "character":
                return character_value(text)
            case "name" | "local":
                return self.lookup(text, self.base + start)
            case "quoted":
                return self.lookup(text[1:-1], self.base + start)
            case "open":
                inner = self.parse()
                close = _CLOSE.match(self.text, self.position)
                if close is None:
                    raise self.fail("expected ) to close this (", start)
                self.position = close.end()
                return inner
        operand = self.parse(max(PRECEDENCE.values()))
        if text == "+":
            return operand
        return _apply_unary(text, operand) if isinstance(operand, int) else Unary(text, operand)

    def _number(self, text: str, start: int) -> int:
        lower = text.lower()
        try:
            if lower.startswith(("0x", "0b")):
                value = int(lower, 0)
            elif lower.startswith("0") and len(lower) > 1:
                value = int(lower, 8)
            else:
                value = int(lower)
        except ValueError:
            raise self.fail(f"{text} is not an octal number (a leading 0 means octal)", start) from None
        if value >= _WORD:
            raise self.fail(f"{text} needs more than 64 bits", start)
        return wrap(value)
