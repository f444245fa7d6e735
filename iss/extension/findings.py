"""What a check has to say: graded findings, each with its rule, its subject and the line it is about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Grade(StrEnum):
    """How bad a finding is; errors and, if asked for, warnings fail a check."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one subject (an instruction, a CSR, a state or the extension)."""

    grade: Grade
    rule: str
    subject: str
    message: str
    location: str

    def plain(self) -> dict[str, Any]:
        """The finding as JSON."""
        return {
            "grade": str(self.grade),
            "rule": self.rule,
            "subject": self.subject,
            "message": self.message,
            "location": self.location,
        }
