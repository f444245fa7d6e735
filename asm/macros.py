"""Macros: parameters, arguments of a call, and the substitution of `\\name` in a body (GNU as, section ".macro")."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from asm.errors import StatementError
from asm.source import Line

_NAME = re.compile(r"[A-Za-z_.$][\w.$]*")
_PARAMETER = re.compile(r"\\(?:\(([^)]*)\)|@|([A-Za-z_.$][\w.$]*))")
_BLANKS = re.compile(r"[ \t]+")
_QUOTED = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:\\.|[^\\])'?)""")
_COMPONENT = re.compile(r"""[\w.$\\"']""")
_CLOSING = {"(": ")", "[": "]"}


@dataclass(frozen=True, slots=True)
class Formal:
    """A macro's parameter: `:req` must be given, `:vararg` takes all that is left."""

    name: str
    default: str = ""
    required: bool = False
    variable: bool = False


@dataclass(frozen=True, slots=True)
class Macro:
    name: str
    formals: tuple[Formal, ...]
    body: tuple[tuple[Line, int, str], ...]
    line: Line


def squeeze(text: str) -> str:
    """Drop blanks except between two words, as GNU as does before it splits macro arguments at blanks."""
    parts = _QUOTED.split(text)
    for index in range(0, len(parts), 2):
        before = parts[index - 1] if index else ""
        after = parts[index + 1] if index + 1 < len(parts) else ""
        parts[index] = _squeeze_plain(parts[index], before[-1:], after[:1])
    return "".join(parts).strip(" ")


def _squeeze_plain(text: str, before: str, after: str) -> str:
    def keep(found: re.Match[str]) -> str:
        left = text[found.start() - 1] if found.start() else before
        right = text[found.end()] if found.end() < len(text) else after
        return " " if left and right and _COMPONENT.match(left) and _COMPONENT.match(right) else ""

    return _BLANKS.sub(keep, text)


def take_argument(text: str, position: int) -> tuple[str, int]:
    """Return one argument of squeezed text and where it ends: at a comma, or a blank outside of brackets."""
    if text.startswith('"', position):
        found = _QUOTED.match(text, position)
        if found is None:
            raise StatementError('string in a macro argument is never closed, expected "')
        return found[0][1:-1], found.end()
    open_brackets: list[str] = []
    start = position
    while position < len(text):
        character = text[position]
        if character == "," or (character in " \t" and not open_brackets):
            break
        if character in "\"'":
            found = _QUOTED.match(text, position)
            if found is not None:
                position = found.end()
                continue
        if character in _CLOSING:
            open_brackets.append(_CLOSING[character])
        elif open_brackets and character == open_brackets[-1]:
            open_brackets.pop()
        position += 1
    return text[start:position], position


def split_arguments(text: str) -> list[str]:
    """Return the arguments of a call (or the values of `.irp`), separated by commas or blanks."""
    text = squeeze(text)
    values: list[str] = []
    position = 0
    while position < len(text):
        value, position = take_argument(text, position)
        values.append(value)
        position = _skip_separator(text, position)
        if position == len(text) and text.endswith(","):
            values.append("")
    return values


def _skip_separator(text: str, position: int) -> int:
    while text[position : position + 1] in (" ", "\t"):
        position += 1
    if text[position : position + 1] == ",":
        position += 1
        while text[position : position + 1] in (" ", "\t"):
            position += 1
    return position


def read_header(text: str, column: int) -> tuple[str, tuple[Formal, ...]]:
    """Read `name a, b=1, c:req, d:vararg` after `.macro`."""
    text = squeeze(text)
    found = _NAME.match(text)
    if found is None:
        raise StatementError("expected the name of the macro after .macro", column)
    name, position = found[0], _skip_separator(text, found.end())
    formals: list[Formal] = []
    while position < len(text):
        found = _NAME.match(text, position)
        if found is None:
            raise StatementError(
                f'expected a parameter name in macro "{name}", found {text[position:][:20]!r}',
                column,
            )
        parameter, position = found[0], found.end()
        if any(formal.name == parameter for formal in formals):
            raise StatementError(f'macro "{name}" has two parameters called "{parameter}"', column)
        qualifier = ""
        if text.startswith(":", position):
            found = _NAME.match(text, position + 1)
            qualifier = found[0].lower() if found else ""
            if qualifier not in ("req", "vararg"):
                raise StatementError(
                    f'expected ":req" or ":vararg" after parameter "{parameter}"',
                    column,
                )
            position += 1 + len(qualifier)
        default = ""
        if text.startswith("=", position):
            default, position = take_argument(text, position + 1)
        formals.append(Formal(parameter, default, qualifier == "req", qualifier == "vararg"))
        position = _skip_separator(text, position)
        if qualifier == "vararg" and position < len(text):
            raise StatementError(
                f'":vararg" parameter "{parameter}" must be the last of macro "{name}"',
                column,
            )
    return name, tuple(formals)


def bind_arguments(macro: Macro, text: str, column: int) -> dict[str, str]:
    """Return the value of each parameter for a call with the arguments in `text`. Raises StatementError."""
    text = squeeze(text)
    values: dict[str, str] = {}
    names = {formal.name: formal for formal in macro.formals}
    index = position = 0
    while position < len(text):
        found = _NAME.match(text, position)
        if found is not None and text.startswith("=", found.end()) and not text.startswith("==", found.end()):
            if found[0] not in names:
                raise StatementError(
                    f'macro "{macro.name}" has no parameter "{found[0]}"{_expected(macro)}',
                    column,
                )
            formal, position = names[found[0]], found.end() + 1
            if formal.name in values:
                raise StatementError(
                    f'parameter "{formal.name}" of macro "{macro.name}" is given twice',
                    column,
                )
        else:
            if index >= len(macro.formals):
                raise StatementError(
                    f'too many arguments for macro "{macro.name}"{_expected(macro)}',
                    column,
                )
            formal = macro.formals[index]
            index += 1
        if formal.variable:
            values[formal.name] = text[position:]
            break
        values[formal.name], position = take_argument(text, position)
        position = _skip_separator(text, position)
    for formal in macro.formals:
        if not values.get(formal.name):
            if formal.required:
                raise StatementError(
                    f'macro "{macro.name}" needs a value for "{formal.name}"{_expected(macro)}',
                    column,
                )
            values[formal.name] = formal.default
    return values


def _expected(macro: Macro) -> str:
    names = ", ".join(formal.name for formal in macro.formals)
    return f'; expected "{macro.name} {names}"' if names else "; it takes none"


def substitute(text: str, values: Mapping[str, str], counter: int | None) -> str:
    """Replace `\\name` by the parameter's value, `\\@` by the number of the expansion and `\\()` by nothing."""
    if "\\" not in text:
        return text

    def replace(found: re.Match[str]) -> str:
        if found[2] is not None:
            return values.get(found[2], found[0])
        if found[0] == "\\@":
            return found[0] if counter is None else str(counter)
        return found[1] or ""

    return _PARAMETER.sub(replace, text)
