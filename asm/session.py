"""What all sources of one run share: instruction set, search paths, predefined symbols and collected diagnostics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from asm.csr_names import STANDARD_NAMES
from asm.errors import Diagnostic
from asm.forms import Forms
from asm.source import Line
from asm.symbols import Place
from iss.isa.catalogue import Architecture

LIBRARY = Path(__file__).resolve().parent / "lib"


@dataclass(slots=True)
class Session:
    """Settings and messages of one run; instructions are aligned to 2 bytes if there are 16-bit ones, else to 4."""

    architecture: Architecture
    include_paths: tuple[Path, ...] = ()
    defines: Mapping[str, int] = field(default_factory=dict)
    relax_branches: bool = True
    listing: bool = False
    forms: Forms = field(init=False)
    csr_numbers: Mapping[str, int] = field(init=False)
    instruction_alignment: int = field(init=False)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.forms = Forms(self.architecture.instructions)
        self.csr_numbers = {**STANDARD_NAMES, **{csr.name: csr.number for csr in self.architecture.csrs}}
        widths = [definition.encoding.width // 8 for definition in self.architecture.instructions]
        self.instruction_alignment = min(widths, default=4)

    @property
    def failed(self) -> bool:
        return any(diagnostic.severity == "error" for diagnostic in self.diagnostics)

    def report(self, line: Line, column: int, message: str, severity: str = "error") -> None:
        """Record a message about a column (from 0) of a line."""
        self.diagnostics.append(
            Diagnostic(
                line.file,
                line.number,
                column + 1,
                message,
                line.raw,
                severity,
                line.reached,
            )
        )

    def report_at(self, place: Place | None, message: str, severity: str = "error") -> None:
        """Record a message about a place, or about the program as a whole."""
        if place is None:
            self.diagnostics.append(Diagnostic("neurohart asm", 0, 0, message, "", severity))
        else:
            self.report(place.line, place.column, message, severity)
