"""Encodings that are taken: tables of ratified, draft and vendor extensions, of opcode spaces and of CSR numbers.

The tables are `encodings/*.toml`; a user's own have the same form (`read_tables`). What we implement ourselves is taken
from its definitions. A row is a name and the bits as the manual draws them: 0 and 1 are fixed, `-` is an operand.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from iss.errors import MissingFile, NeuroHartError

TABLES = Path(__file__).parent / "encodings"
KINDS = {
    "base": "implemented here",
    "ratified": "ratified",
    "draft": "not ratified yet",
    "vendor": "custom extension of a vendor",
    "research": "of a research core",
    "convention": "a convention that takes whole opcodes",
    "standard": "space of standard extensions",
    "custom": "space for custom extensions",
    "hint": "HINTs for custom use",
}
OURS = "NeuroHart, iss/isa and coprocessor/instructions"
SPACES = ("standard", "custom", "hint")
_KEYS = {"name", "title", "kind", "source", "xlen", "instructions", "csrs"}
_ONES, _ZEROS = str.maketrans("-", "0"), str.maketrans("01-", "110")
_CSR = re.compile(r"(0x[0-9a-f]{1,3})(?:\.\.(0x[0-9a-f]{1,3}))?\s+([a-z_][a-z0-9_.]*)\Z")


@dataclass(frozen=True, slots=True)
class Owner:
    """Who has taken encodings: an extension or a space of opcodes, with the source of the facts."""

    name: str
    title: str
    kind: str
    source: str
    xlen: tuple[int, ...] = (32, 64)


class Known(NamedTuple):
    """One encoding that is taken: the words of `width` bits with `word & mask == match`."""

    name: str
    width: int
    mask: int
    match: int
    owner: Owner


class KnownCsr(NamedTuple):
    """CSR numbers that are taken, `first` to `last`."""

    name: str
    first: int
    last: int
    owner: Owner


@dataclass
class Catalogue:
    """All that is known: instructions, spaces of opcodes, CSRs."""

    encodings: list[Known] = field(default_factory=list)
    spaces: list[Known] = field(default_factory=list)
    csrs: list[KnownCsr] = field(default_factory=list)

    def owners(self) -> Iterator[Owner]:
        """Every owner once, in the order of the tables."""
        rows: list[Known | KnownCsr] = [*self.encodings, *self.spaces, *self.csrs]
        return iter(dict.fromkeys(row.owner for row in rows))

    def others(self, name: str) -> list[Known]:
        """The encodings of other extensions than the one of this name; all that ship with it are its family."""
        own = {row.owner.name for row in self.encodings if row.owner.source == OURS and row.owner.kind == "vendor"}
        family = own if name in own else {name}
        return [row for row in self.encodings if row.owner.name not in family]

    def add(self, path: Path) -> None:
        """Add a table; NeuroHartError says what is wrong with it."""
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise MissingFile(f"{path}: cannot be read ({error.strerror}); expected a TOML file of encodings") from None
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise NeuroHartError(f"{path}: is no TOML: {error}") from None
        groups = document.get("extension")
        if set(document) != {"extension"} or not isinstance(groups, list):
            raise NeuroHartError(f"{path}: expected tables [[extension]] with name, kind, source and instructions")
        for group in groups:
            self._add_group(path, group)

    def _add_group(self, path: Path, group: dict[str, Any]) -> None:
        name = str(group.get("name"))
        where = f"{path}: extension {name!r}"
        missing = {"name", "kind", "source"} - set(group)
        if missing or set(group) - _KEYS:
            wrong = f"lacks {', '.join(sorted(missing))}" if missing else f"has unknown {sorted(set(group) - _KEYS)[0]}"
            raise NeuroHartError(f"{where} {wrong}; keys are {', '.join(sorted(_KEYS))}")
        if group["kind"] not in KINDS:
            raise NeuroHartError(f"{where}: kind {group['kind']!r}, expected one of {', '.join(KINDS)}")
        owner = Owner(
            name, str(group.get("title", name)), group["kind"], group["source"], tuple(group.get("xlen", (32, 64)))
        )
        rows = self.spaces if owner.kind in SPACES else self.encodings
        for line in group.get("instructions", "").splitlines():
            if line.strip():
                rows.append(_encoding(line, owner, where))
        for line in group.get("csrs", "").splitlines():
            if line.strip():
                self.csrs.append(_csr(line, owner, where))


def _encoding(line: str, owner: Owner, where: str) -> Known:
    name, *groups = line.split()
    bits = "".join(groups)
    if len(bits) not in (16, 32) or bits.strip("01-"):
        raise NeuroHartError(f"{where}: {line.strip()!r}: expected a name and 16 or 32 of 0, 1 and - (operand)")
    return Known(name, len(bits), int(bits.translate(_ZEROS), 2), int(bits.translate(_ONES), 2), owner)


def _csr(line: str, owner: Owner, where: str) -> KnownCsr:
    found = _CSR.match(line.strip())
    if found is None:
        raise NeuroHartError(f"{where}: {line.strip()!r}: expected a CSR as in `0x7c0 name` or `0x7c0..0x7c3 name`")
    first = int(found[1], 16)
    return KnownCsr(found[3], first, int(found[2] or found[1], 16), owner)


def known(extra: Iterable[Path] = ()) -> Catalogue:
    """Return all that ships, what we implement included, and the tables of `extra`."""
    from iss.builtin import extensions
    from iss.isa.csrs import machine
    from iss.isa.privileged import privileged

    catalogue = Catalogue()
    groups: list[tuple[str, str, str, Any, Any]] = [
        ("base", "machine", "machine mode", privileged, machine),
        *(
            (
                "vendor" if entry.name.startswith("x") else "base",
                entry.name,
                entry.title,
                entry.instructions,
                entry.csrs,
            )
            for entry in extensions().values()
        ),
    ]
    for kind, name, title, instructions, csrs in groups:
        owner = Owner(name, title, kind, OURS)
        for definition in instructions or ():
            encoding = definition.encoding
            catalogue.encodings.append(Known(definition.mnemonic, encoding.width, encoding.mask, encoding.match, owner))
        catalogue.csrs += [KnownCsr(csr.name, csr.number, csr.number, owner) for csr in csrs or ()]
    for path in (*sorted(TABLES.glob("*.toml")), *extra):
        catalogue.add(path)
    return catalogue
