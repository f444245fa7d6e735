"""`ext check` without its output: everything about one extension that can be said without running it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from iss.extension.clashes import Clash, FreeSlots, clashes, free_slots, ranges, space_of
from iss.extension.findings import Finding, Grade
from iss.extension.known import Catalogue, Known, Owner
from iss.extension.rules import rules

if TYPE_CHECKING:
    from iss.extension.extension import Extension


@dataclass(frozen=True, slots=True)
class Check:
    """The result for one extension."""

    extension: Extension
    spaces: dict[str, str]
    clashes: list[Clash]
    free: list[FreeSlots]
    findings: list[Finding]
    compared: int

    def count(self) -> Counter[Grade]:
        """How many findings and clashes there are of each grade."""
        return Counter([finding.grade for finding in self.findings] + [clash.grade for clash in self.clashes])

    def failed(self, strict: bool = False) -> bool:
        """Whether there are errors or, with `strict`, warnings."""
        count = self.count()
        return bool(count[Grade.ERROR] or (strict and count[Grade.WARNING]))

    def plain(self) -> dict[str, Any]:
        """The result as JSON."""
        extension = self.extension
        return {
            "extension": extension.name,
            "version": extension.version,
            "title": extension.title,
            "location": extension.location,
            "compared": self.compared,
            "instructions": [
                {
                    "mnemonic": definition.mnemonic,
                    "syntax": definition.syntax.text,
                    "encoding": definition.encoding.pattern,
                    "match": f"{definition.encoding.match:#x}",
                    "mask": f"{definition.encoding.mask:#x}",
                    "space": self.spaces[definition.mnemonic],
                    "location": definition.location,
                }
                for definition in extension.instructions
            ],
            "clashes": [clash.plain() for clash in self.clashes],
            "free": [
                {
                    "space": slots.space,
                    "funct3": slots.funct3,
                    "funct7": ranges(slots.free),
                    "unclaimed": ranges(slots.unclaimed),
                    "takers": list(slots.takers),
                }
                for slots in self.free
            ],
            "findings": [finding.plain() for finding in self.findings],
            "errors": self.count()[Grade.ERROR],
            "warnings": self.count()[Grade.WARNING],
        }


def check(extension: Extension, catalogue: Catalogue, beside: Iterable[Extension] = ()) -> Check:
    """Check one extension against all that is known, the extensions `beside` it in its file, and the rules."""
    definitions = list(extension.instructions)
    rows = [row for other in beside if other is not extension for row in _rows(other)]
    return Check(
        extension,
        {definition.mnemonic: space_of(definition.encoding, catalogue) for definition in definitions},
        clashes(extension.name, definitions, catalogue, rows),
        free_slots(definitions, catalogue),
        rules(extension, catalogue),
        len(catalogue.encodings),
    )


def _rows(extension: Extension) -> list[Known]:
    """Return the encodings of an extension of the same file."""
    owner = Owner(extension.name, extension.title, "vendor", extension.location, (32,))
    encodings = ((definition.mnemonic, definition.encoding) for definition in extension.instructions)
    return [Known(name, given.width, given.mask, given.match, owner) for name, given in encodings]
