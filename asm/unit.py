"""What assembling one source gives: its sections, its symbols and what debug information needs."""

from __future__ import annotations

from dataclasses import dataclass, field

from asm.fragments import Fragment, Section
from asm.source import Line
from asm.symbols import Symbol


@dataclass(slots=True, eq=False)
class Unit:
    """One assembled source, not yet placed."""

    name: str
    sections: dict[str, Section] = field(default_factory=dict)
    symbols: dict[str, Symbol] = field(default_factory=dict)
    files: dict[int, str] = field(default_factory=dict)
    has_locations: bool = False
    emitted: list[tuple[Section, Fragment, int, Line]] = field(default_factory=list)

    def referenced(self) -> list[Symbol]:
        """Return the symbols that another source has to define."""
        return [symbol for symbol in self.symbols.values() if not symbol.defined and symbol.used_at is not None]
