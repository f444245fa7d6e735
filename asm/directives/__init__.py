"""The directives, one module a topic; a new one is a function with the `directive` decorator in the fitting module."""

from __future__ import annotations

from asm.directives import (
    blocks,
    conditionals,
    custom,
    data,
    debug,
    messages,
    options,
    sections,
    symbols,
)
from asm.directives.registry import DIRECTIVES

__all__ = [
    "DIRECTIVES",
    "blocks",
    "conditionals",
    "custom",
    "data",
    "debug",
    "messages",
    "options",
    "sections",
    "symbols",
]
