"""Rules of good extensions beside free encodings: names, CSR numbers, documentation, operands and state in use.

Sources: unprivileged manual, "ISA Extension Naming Conventions"; privileged manual, "CSR Address Mapping Conventions";
RISC-V toolchain conventions, "Conventions for vendor extensions".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from iss.extension.findings import Finding, Grade
from iss.extension.known import Catalogue
from iss.isa.definitions import Definition
from iss.isa.state import StateField
from iss.isa.tracing import Block, trace_rule
from iss.isa.values import Value

if TYPE_CHECKING:
    from iss.extension.extension import Extension

CUSTOM_CSRS: dict[str, tuple[tuple[int, int], ...]] = {
    "unprivileged": ((0x800, 0x8FF), (0xCC0, 0xCFF)),
    "supervisor": ((0x5C0, 0x5FF), (0x9C0, 0x9FF), (0xDC0, 0xDFF)),
    "hypervisor": ((0x6C0, 0x6FF), (0xAC0, 0xAFF), (0xEC0, 0xEFF)),
    "machine": ((0x7C0, 0x7FF), (0xBC0, 0xBFF), (0xFC0, 0xFFF)),
}
"""Numbers that the manual designates for custom use, by privilege."""
REGISTER_PLACES = {"rd": 7, "rs1": 15, "rs2": 20}
_VERSION = re.compile(r"\d+\.\d+(\.\d+)?\Z")


def rules(extension: Extension, catalogue: Catalogue) -> list[Finding]:
    """Return what the rules find, in the order of the file's parts."""
    checks: tuple[Callable[[Extension, Catalogue], Iterator[Finding]], ...] = (
        _names,
        _mnemonics,
        _operands,
        _csrs,
        _states,
    )
    return [finding for check in checks for finding in check(extension, catalogue)]


def _names(extension: Extension, catalogue: Catalogue) -> Iterator[Finding]:
    where = extension.location
    for owner in catalogue.owners():
        if owner.name == extension.name and owner.kind == "vendor":
            message = f"the name {extension.name} is already that of {owner.title} ({owner.source})"
            yield Finding(Grade.WARNING, "extension-name", extension.name, message, where)
    if not _VERSION.match(extension.version):
        message = (
            f"version {extension.version!r}: expected major.minor as in 0.1, or 1p0 in the ISA string has no sense"
        )
        yield Finding(Grade.WARNING, "version", extension.name, message, where)
    if extension.title == extension.name.capitalize():
        message = 'has no title; say in a few words what it is for: Extension(..., title="...")'
        yield Finding(Grade.WARNING, "undocumented", extension.name, message, where)


def prefix_of(mnemonic: str) -> str:
    """Return the part of a mnemonic before its first dot, empty if there is none."""
    return mnemonic.partition(".")[0] if "." in mnemonic else ""


def _mnemonics(extension: Extension, catalogue: Catalogue) -> Iterator[Finding]:
    taken: dict[str, str] = {}
    prefixes: dict[str, str] = {}
    for row in catalogue.others(extension.name):
        if row.name not in taken or row.owner.kind in ("base", "ratified"):
            taken[row.name] = row.owner.kind
        if row.owner.kind == "vendor" and prefix_of(row.name):
            prefixes.setdefault(prefix_of(row.name), row.owner.title)
        elif row.owner.kind in ("base", "ratified") and prefix_of(row.name):
            prefixes[prefix_of(row.name)] = f"the standard ({row.owner.name})"
    own: dict[str, str] = {}
    for definition in extension.instructions:
        name, where = definition.mnemonic, definition.location
        if name in taken:
            standard = taken[name] in ("base", "ratified")
            message = f"{name} is already the mnemonic of {'a standard' if standard else 'another'} instruction"
            yield Finding(Grade.ERROR if standard else Grade.WARNING, "mnemonic-taken", name, message, where)
        prefix = prefix_of(name)
        if not prefix:
            message = (
                f"{name} has no prefix; mnemonics of custom extensions have one, as in {extension.name[1:]}.{name}"
            )
            yield Finding(Grade.WARNING, "mnemonic-prefix", name, message, where)
        elif prefix not in own:
            if own:
                message = f"{name} has the prefix {prefix}, others have {', '.join(own)}; one extension, one prefix"
                yield Finding(Grade.WARNING, "mnemonic-prefix", name, message, where)
            elif prefix in prefixes:
                message = f"the prefix {prefix} is that of {prefixes[prefix]}; choose another"
                yield Finding(Grade.WARNING, "mnemonic-prefix", name, message, where)
            own[prefix] = name


def _operands(extension: Extension, catalogue: Catalogue) -> Iterator[Finding]:
    for definition in extension.instructions:
        name, where = definition.mnemonic, definition.location
        for operand in definition.unused:
            if operand in definition.encoding.fields:
                message = f"operand {operand} has no effect; fixed bits in its place keep encodings free"
                yield Finding(Grade.WARNING, "unused-operand", name, message, where)
        late = _late_reads(definition.trace(), {})
        if late:
            message = (
                f"reads {' and '.join(sorted(late))} after it has written rd: where both are one register it sees the "
                "new value, unlike hardware and C; read all operands first"
            )
            yield Finding(Grade.WARNING, "late-read", name, message, where)
        if definition.encoding.width != 32:
            continue
        for operand, low in REGISTER_PLACES.items():
            field = definition.encoding.fields.get(operand)
            if field is not None and field.pieces[0].word_low != low:
                message = f"{operand} is not in bits {low + 4}:{low}, where every decoder reads it"
                yield Finding(Grade.WARNING, "register-place", name, message, where)


def _late_reads(block: Block, operands: dict[int, str], written: bool = False) -> set[str]:
    """Return the source operands whose registers some path reads after it has written a register."""
    late: set[str] = set()
    operands = dict(operands)
    for node in block.nodes:
        if node.operation == "operand":
            operands[node.index] = node.static
        elif node.operation == "write_x":
            written = True
        elif node.operation == "read_x" and written and isinstance(node.operands[0], Value):
            late.add(operands.get(node.operands[0].index, "a register"))
    for child in (block.then, block.otherwise):
        if child is not None:
            late |= _late_reads(child, operands, written)
    return late


def _csrs(extension: Extension, catalogue: Catalogue) -> Iterator[Finding]:
    prefixes = {prefix_of(definition.mnemonic) for definition in extension.instructions} - {""} or {extension.name[1:]}
    for csr in extension.csrs:
        where = extension.location
        if not csr.documentation.strip():
            yield Finding(Grade.WARNING, "undocumented", csr.name, "has no documentation; say what it holds", where)
        spans = [span for group in CUSTOM_CSRS.values() for span in group]
        if not any(low <= csr.number <= high for low, high in spans):
            free = ", ".join(
                f"{low:#x}..{high:#x}" for group in ("machine", "unprivileged") for low, high in CUSTOM_CSRS[group]
            )
            message = f"number {csr.number:#x} is kept for standard CSRs; custom ones are {free}"
            yield Finding(Grade.ERROR, "csr-number", csr.name, message, where)
        for known in catalogue.csrs:
            if known.owner.name == extension.name:
                continue
            standard = known.owner.kind in ("base", "ratified")
            if known.first <= csr.number <= known.last:
                message = f"number {csr.number:#x} is also {known.name} of {known.owner.title}"
                yield Finding(Grade.ERROR if standard else Grade.NOTE, "csr-clash", csr.name, message, where)
            elif known.name == csr.name:
                message = f"the name is already that of {known.first:#x} of {known.owner.title}"
                yield Finding(Grade.ERROR if standard else Grade.WARNING, "csr-clash", csr.name, message, where)
        if not any(csr.name.startswith((f"{prefix}_", f"{prefix}.")) for prefix in prefixes):
            message = (
                f"has no prefix; names of custom CSRs have that of the mnemonics, as in {min(prefixes)}_{csr.name}"
            )
            yield Finding(Grade.WARNING, "csr-prefix", csr.name, message, where)


def _states(extension: Extension, catalogue: Catalogue) -> Iterator[Finding]:
    read: set[str] = set()
    written: set[str] = set()
    for definition in extension.instructions:
        _uses(definition, read, written)
    for csr in extension.csrs:
        for function, arguments in ((csr.read, 0), (csr.write, 1)):
            if function is None:
                continue
            tree = trace_rule(function, ("value",) * arguments, csr.name, csr.unit, csr.states)
            for node in tree.walk():
                _note(node.operation, node.static, read, written)
    for state in extension.states.values():
        if not state.documentation.strip():
            message = "has no documentation; say what it holds: state(..., documentation=...)"
            yield Finding(Grade.WARNING, "undocumented", state.name, message, extension.location)
        if state.name not in read:
            what = "is written, but never read" if state.name in written else "is never used"
            yield Finding(Grade.WARNING, "unused-state", state.name, what, extension.location)
        elif state.name not in written:
            message = f"is never written: it is always {state.reset}"
            yield Finding(Grade.WARNING, "unused-state", state.name, message, extension.location)


def _uses(definition: Definition, read: set[str], written: set[str]) -> None:
    for node in definition.trace().walk():
        _note(node.operation, node.static, read, written)


def _note(operation: str, static: object, read: set[str], written: set[str]) -> None:
    if operation in ("read_state", "write_state"):
        assert isinstance(static, StateField)
        (read if operation == "read_state" else written).add(static.name)
