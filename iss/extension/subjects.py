"""What `A` and `B` of a comparison name: an extension file or one of its instructions, one of ours, a function.

`FILE.py`, `FILE.py:MNEMONIC`, `MNEMONIC`, `FILE.c:FUNCTION`, `FILE.py:FUNCTION`.
"""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from iss.builtin import full_architecture
from iss.errors import NeuroHartError
from iss.extension.extension import Extension, Property
from iss.extension.functions import CFunction, c_function, python_meaning
from iss.extension.implementations import function_targets, implementation_specs, target_path
from iss.extension.load import architecture_with, load_extensions
from iss.extension.prove import Limits, Oracle, Progress, Prover, Side, Verdict, traceable
from iss.extension.widths import Width
from iss.isa.catalogue import Architecture
from iss.isa.definitions import Definition
from iss.isa.errors import DefinitionError
from iss.isa.state import StateField


@dataclass(frozen=True)
class Subject:
    """An instruction with all that a comparison needs to know of it."""

    definition: Definition
    architecture: Architecture
    states: Mapping[str, StateField] = field(default_factory=dict)
    widths: Mapping[str, Width] = field(default_factory=dict)
    extension: Extension | None = None

    def prover(self, limits: Limits, progress: Progress | None = None) -> Prover:
        details = self.extension.details[self.definition.mnemonic] if self.extension is not None else None
        requires = details.requires if details is not None else None
        return Prover(self.definition, self.architecture, self.states, self.widths, limits, progress, requires)


def subjects_of(extension: Extension) -> list[Subject]:
    """Return the instructions of an extension."""
    architecture = architecture_with([extension])
    return [
        Subject(definition, architecture, extension.states, extension.details[definition.mnemonic].operands, extension)
        for definition in extension.instructions
    ]


def find_subjects(text: str) -> list[Subject]:
    """Return what a name stands for; NeuroHartError if there is no such thing."""
    name, colon, part = text.rpartition(":")
    path = name if colon and not Path(text).exists() else text
    if path.endswith(".py"):
        found = [subject for extension in load_extensions(path) for subject in subjects_of(extension)]
        if path == text:
            return found
        chosen = [subject for subject in found if subject.definition.mnemonic == part]
        if not chosen:
            known = ", ".join(subject.definition.mnemonic for subject in found)
            raise NeuroHartError(f"{path}: has no instruction {part!r}, expected one of {known}")
        return chosen
    architecture = full_architecture()
    definition = architecture.instructions.by_mnemonic.get(text)
    if definition is None:
        raise NeuroHartError(
            f"{text!r} is no instruction of ours and no file; expected FILE.py, FILE.py:MNEMONIC or a mnemonic"
        )
    return [Subject(definition, architecture)]


def find_side(text: str, subject: Subject) -> Side:
    """Return what an instruction is compared with; NeuroHartError if there is no such thing."""
    name, _, part = text.rpartition(":")
    if name.endswith((".c", ".h")):
        return _c_side(Path(name), part, subject)
    if text.endswith((".c", ".h")):
        raise NeuroHartError(f"{text}: which function? Expected {text}:FUNCTION")
    if name.endswith(".py"):
        try:
            return _same_operands(find_subjects(text)[0].definition, subject)
        except NeuroHartError as error:
            function = _python_function(Path(name), part)
            if function is None:
                raise error from None
            return _python_side(function, text, subject)
    found = find_subjects(text)
    if len(found) > 1:
        found = [other for other in found if other.definition.mnemonic == subject.definition.mnemonic]
        if not found:
            raise NeuroHartError(f"{text}: has no instruction {subject.definition.mnemonic!r} to compare with")
    return _same_operands(found[0].definition, subject)


def _c_side(path: Path, name: str, subject: Subject) -> CFunction:
    return c_function(path, name, subject.definition.encoding, subject.extension)


def _python_side(function: Callable[..., Any], label: str, subject: Subject) -> Side:
    meaning = python_meaning(function, subject.definition.encoding, label)
    return traceable(subject.definition, meaning, label)


def _python_function(path: Path, name: str) -> Callable[..., Any] | None:
    """Return a function of a Python file, None if there is no such function."""
    if not path.is_file():
        return None
    try:
        found = runpy.run_path(str(path)).get(name)
    except Exception as error:
        raise NeuroHartError(f"{path}: {type(error).__name__}: {error}") from None
    return found if callable(found) else None


def _same_operands(other: Definition, subject: Subject) -> Definition:
    """Return the other instruction; NeuroHartError unless it has the operands of ours."""
    ours, theirs = subject.definition.encoding.fields, other.encoding.fields
    for name in sorted({*ours, *theirs}):
        if name not in ours or name not in theirs or ours[name].width != theirs[name].width:
            raise NeuroHartError(
                f"{subject.definition.mnemonic} and {other.mnemonic} cannot be compared: operand {name} is not the "
                f"same in {subject.definition.encoding.pattern!r} and {other.encoding.pattern!r}"
            )
    return other


def declared_sides(subject: Subject) -> list[tuple[str, Side | str]]:
    """Return (claim, side) of the second implementations that a file names; a string says why one is left out."""
    extension = subject.extension
    if extension is None:
        return []
    mnemonic = subject.definition.mnemonic
    sides: list[tuple[str, Side | str]] = []
    for spec in implementation_specs(extension).values():
        claim = f"equals {spec.name}"
        if spec.kind in ("c", "python"):
            file, name = function_targets(spec, extension).get(mnemonic, ("", ""))
            path = target_path(spec, extension, file) if file else None
            if path is None or (isinstance(spec.target, str) and not _defines(path, name)):
                continue
            sides.append((f"equals {path.name}:{name}", find_side(f"{path}:{name}", subject)))
        elif spec.kind == "extension":
            sides.append((claim, find_side(str(target_path(spec, extension)), subject)))
        elif spec.kind == "isa":
            sides.append((claim, find_side(mnemonic, subject)))
        else:
            sides.append((claim, f"implementations of kind {spec.kind} only run: neurohart ext test"))
    return sides


def _defines(path: Path, name: str) -> bool:
    """Tell whether a file has a function of this name."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return re.search(rf"\b{re.escape(name)}\s*\(", text) is not None


def verdicts(subject: Subject, limits: Limits, progress: Progress | None = None) -> list[Verdict]:
    """Prove what a file says of an instruction: the widths of its operands, its second implementations."""
    prover = subject.prover(limits, progress)
    found = [prover.width_of(name) for name, width in subject.widths.items() if width.bits < 32]
    mnemonic = subject.definition.mnemonic
    stated = subject.extension.properties if subject.extension is not None else []
    found += [_property(prover, each) for each in stated if each.mnemonic == mnemonic]
    for claim, side in declared_sides(subject):
        if isinstance(side, str):
            found.append(Verdict(subject.definition.mnemonic, claim, "untried", notes=(side,)))
        else:
            found.append(prover.equal(side, claim))
    return found


def _property(prover: Prover, stated: Property) -> Verdict:
    if stated.condition is None:
        return prover.never_traps(stated.name)
    try:
        return prover.holds(stated.name, stated.condition)
    except (AttributeError, DefinitionError, TypeError) as error:
        raise NeuroHartError(f"{stated.location}: property {stated.name!r}: {error}") from None


def side_label(side: Side) -> str:
    """Return what a side is called."""
    return side.mnemonic if isinstance(side, Definition) else side.label


__all__ = ["Oracle", "Subject", "declared_sides", "find_side", "find_subjects", "side_label", "subjects_of", "verdicts"]
