"""Diagnostics: what the assembler says about a source, as `file:line:column: error: ...` with the line and a caret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iss.errors import NeuroHartError

SHOWN_ERRORS = 100
SHOWN_NOTES = 5


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message about one place; `line` and `column` count from 1, `notes` say how the place was reached."""

    file: str
    line: int
    column: int
    message: str
    source_line: str = ""
    severity: str = "error"
    notes: tuple[str, ...] = ()

    def render(self) -> str:
        """Return the message, the source line and a caret below the column."""
        place = self.file if not self.line else f"{self.file}:{self.line}:{self.column}"
        lines = [f"{place}: {self.severity}: {self.message}"]
        if self.source_line.strip():
            before = self.source_line[: self.column - 1]
            indent = "".join("\t" if character == "\t" else " " for character in before.ljust(self.column - 1))
            lines += [f"{self.line:>6} | {self.source_line}", f"       | {indent}^"]
        lines += self.notes[:SHOWN_NOTES]
        if len(self.notes) > SHOWN_NOTES:
            lines.append(f"... {len(self.notes) - SHOWN_NOTES} more notes")
        return "\n".join(lines)


class AssemblyError(NeuroHartError):
    """Sources could not be assembled or linked; `diagnostics` holds every error (and warning) of the run."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        errors = sum(diagnostic.severity == "error" for diagnostic in self.diagnostics)
        shown = [diagnostic.render() for diagnostic in self.diagnostics[:SHOWN_ERRORS]]
        if len(self.diagnostics) > SHOWN_ERRORS:
            shown.append(f"... {len(self.diagnostics) - SHOWN_ERRORS} more messages")
        shown.append(f"{errors} error{'s' if errors != 1 else ''}")
        super().__init__("\n".join(shown))


class StatementError(Exception):
    """Raised while a statement is read: what is wrong at `column` (from 0) of its line; None is its mnemonic."""

    def __init__(self, message: str, column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.column = column
