"""Reading the arguments of a directive: expressions, names, strings and commas, with the column of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from asm.errors import StatementError
from asm.expressions import Expression, ExpressionParser, constant

_NAME = re.compile(r'\s*(?:([A-Za-z_.$][\w.$]*)|"((?:[^"\\]|\\.)*)")')
_STRING = re.compile(r'\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]+)|(.))", re.DOTALL)
_SIMPLE_ESCAPES: Final = {"b": 8, "f": 12, "n": 10, "r": 13, "t": 9}
_SPLITTER = re.compile(r"""[^,()"']+|"(?:[^"\\]|\\.)*"|'(?:\\.|[^\\])'?|[,()"'\\]""")


def unescape(text: str) -> bytes:
    """Return the bytes of a string's text between its quotes (GNU as, section "Strings")."""
    if "\\" not in text:
        return text.encode("utf-8", "surrogateescape")
    result, position = bytearray(), 0
    for found in _ESCAPE.finditer(text):
        result += text[position : found.start()].encode("utf-8", "surrogateescape")
        octal, hexadecimal, other = found.groups()
        if octal is not None:
            result.append(int(octal, 8) & 255)
        elif hexadecimal is not None:
            result.append(int(hexadecimal, 16) & 255)
        elif other in _SIMPLE_ESCAPES:
            result.append(_SIMPLE_ESCAPES[other])
        else:
            result += other.encode("utf-8", "surrogateescape")
        position = found.end()
    return bytes(result) + text[position:].encode("utf-8", "surrogateescape")


def split_operands(text: str, base: int) -> list[tuple[str, int]]:
    """Split at the commas outside of parentheses and quotes into (stripped text, column) pairs.

    Raises StatementError for parentheses that do not match.
    """
    if not text or text.isspace():
        return []
    if "(" not in text and "'" not in text and '"' not in text:
        parts, start = [], 0
        for part in text.split(","):
            blank = len(part) - len(part.lstrip())
            parts.append((part.strip(), base + start + blank))
            start += len(part) + 1
        return parts
    parts, start = [], 0
    opened: list[int] = []
    for found in _SPLITTER.finditer(text):
        token = found[0]
        if token == "(":
            opened.append(found.start())
        elif token == ")":
            if not opened:
                raise StatementError("there is no ( before this )", base + found.start())
            opened.pop()
        elif token == "," and not opened:
            part = text[start : found.start()]
            parts.append((part.strip(), base + start + len(part) - len(part.lstrip())))
            start = found.end()
    if opened:
        raise StatementError("expected ) to close this (", base + opened[-1])
    part = text[start:]
    parts.append((part.strip(), base + start + len(part) - len(part.lstrip())))
    return parts


class Arguments:
    """A cursor over the text after a directive; every reader raises StatementError with the column at fault."""

    __slots__ = ("_parser",)

    def __init__(self, text: str, base: int, lookup: Callable[[str, int], Expression]) -> None:
        self._parser = ExpressionParser(text, base, lookup)

    @property
    def column(self) -> int:
        """Column of the next thing to be read."""
        return self._parser.base + len(self._parser.text) - len(self._parser.rest().lstrip())

    def rest(self) -> str:
        """Return all that is left, stripped, and move to the end."""
        text = self._parser.rest().strip()
        self._parser.position = len(self._parser.text)
        return text

    def peek(self) -> str:
        """Return what is left, stripped, without moving."""
        return self._parser.rest().strip()

    @property
    def at_end(self) -> bool:
        return not self._parser.rest().strip()

    def fail(self, message: str) -> StatementError:
        return StatementError(message, self.column)

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Move over `pattern` (after blanks) if it is next."""
        start = len(self._parser.text) - len(self._parser.rest().lstrip())
        found = pattern.match(self._parser.text, start)
        if found is not None:
            self._parser.position = found.end()
        return found

    def comma(self) -> bool:
        """Move over a comma if one is next."""
        rest = self._parser.rest()
        stripped = rest.lstrip()
        if not stripped.startswith(","):
            return False
        self._parser.position += len(rest) - len(stripped) + 1
        return True

    def skip_to_comma(self) -> None:
        """Move to the next comma, or to the end."""
        comma = self._parser.text.find(",", self._parser.position)
        self._parser.position = len(self._parser.text) if comma < 0 else comma

    def expect_comma(self) -> None:
        if not self.comma():
            raise self.fail("expected a comma here")

    def end(self) -> None:
        """Check that nothing is left."""
        if not self.at_end:
            raise self.fail(f"expected the end of the statement, found {self.peek()[:20]!r}")

    def expression(self) -> Expression:
        return self._parser.parse()

    def constant(self, what: str, decide: bool = False) -> int:
        """Read an expression that must be known now; `what` names it in the message (`decide`: see `evaluate`)."""
        column = self.column
        value = constant(self.expression(), decide)
        if value is None:
            raise StatementError(
                f"{what} must be a number known at this point (no forward or undefined symbol)",
                column,
            )
        return value

    def name(self, what: str = "a symbol name") -> str:
        found = _NAME.match(self._parser.text, self._parser.position)
        if found is None:
            raise self.fail(f"expected {what} here")
        self._parser.position = found.end()
        return found[1] if found[1] is not None else found[2]

    def string(self, what: str = "a string in double quotes") -> bytes:
        found = _STRING.match(self._parser.text, self._parser.position)
        if found is None:
            if self.peek().startswith('"'):
                raise self.fail('string is never closed, expected "')
            raise self.fail(f"expected {what} here")
        self._parser.position = found.end()
        return unescape(found[1])
