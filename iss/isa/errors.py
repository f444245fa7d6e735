"""Errors of instruction definitions; each names the file and line of the definition at fault."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


class DefinitionError(ValueError):
    """An instruction or CSR definition breaks a rule; the message starts with `file:line:`."""


def located(message: str, where: str) -> DefinitionError:
    """Return a DefinitionError whose message starts with `where` (`file:line`)."""
    return DefinitionError(f"{where}: {message}")


def function_location(function: Callable[..., Any]) -> str:
    """Return `file:line` of a function's definition."""
    code = getattr(function, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else repr(function)


def caller_location(
    skip_modules: tuple[str, ...] = ("iss.isa.values", "iss.isa.tracing", "iss.isa.definitions"),
) -> str:
    """Return `file:line` of the innermost frame outside the named modules: the user's line."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (frame.f_globals.get("__name__") in skip_modules or frame.f_globals is globals()):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else "<unknown>"
