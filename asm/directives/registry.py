"""The table of directives; each module of this package adds its own with the decorator below."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from asm.arguments import Arguments
    from asm.assembler import Assembler

Handler: TypeAlias = "Callable[[Assembler, str, Arguments], None]"

# Handlers by name; the flag is set for those that are carried out even where conditional assembly skips statements.
DIRECTIVES: dict[str, tuple[Handler, bool]] = {}


def directive(*names: str, always: bool = False) -> Callable[[Handler], Handler]:
    """Register a handler `(assembler, name, arguments)` for these names."""

    def register(handler: Handler) -> Handler:
        for name in names:
            DIRECTIVES[name] = (handler, always)
        return handler

    return register
