"""All about one instruction: what it means in three forms, what it costs, and what it gives for extreme operands."""

from __future__ import annotations

import inspect
import itertools
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from iss.engines.generate import handler_body
from iss.extension.cases import Case, Result, Runner
from iss.extension.notation import Inexpressible, pseudo_code
from iss.extension.subjects import Subject
from iss.extension.trees import operations, sources
from iss.extension.widths import Width
from iss.isa.definitions import Definition
from iss.isa.registers import ABI_NAMES

REGISTERS = {"rd": 10, "rs1": 11, "rs2": 12}
ADDRESS = 0x8000_0000
_NEEDS_MORE = frozenset({"unit_call", "unit_read", "unit_write", "read_csr", "write_csr", "suspend", "wait", "settle"})


@dataclass(frozen=True, slots=True)
class Vector:
    """Operand values and what the meaning makes of them, from the state after reset."""

    inputs: dict[str, int]
    result: Result
    scalars: frozenset[str] = frozenset()

    def outcome(self) -> dict[str, str]:
        """What it changed, by name."""
        found = {ABI_NAMES[number]: f"{value:#010x}" for number, value in self.result.x.items()}
        found = {"rd" if name == "a0" else name: value for name, value in found.items()}
        for name, held in self.result.states.items():
            for index, value in held.items():
                found[name if name in self.scalars else f"{name}[{index}]"] = str(value)
        for address, value in sorted(self.result.memory.items()):
            found[f"[{address:#x}]"] = f"{value:#04x}"
        if self.result.trap is not None:
            found["trap"] = f"cause {self.result.trap[0]}"
        elif self.result.next_pc != 0x8000_0004:
            found["pc"] = f"{self.result.next_pc:#010x}"
        return found


@dataclass(frozen=True, slots=True)
class Card:
    """The texts about one instruction."""

    subject: Subject
    source: str
    pseudo_code: str
    c: str
    vectors: list[Vector]

    @property
    def definition(self) -> Definition:
        return self.subject.definition

    @property
    def energy_pj(self) -> float | None:
        """The declared energy."""
        extension = self.subject.extension
        return extension.details[self.definition.mnemonic].energy_pj if extension is not None else None

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        definition = self.definition
        return {
            "mnemonic": definition.mnemonic,
            "syntax": definition.syntax.text,
            "documentation": definition.documentation,
            "extension": definition.extension,
            "encoding": definition.encoding.pattern,
            "match": f"{definition.encoding.match:#010x}",
            "mask": f"{definition.encoding.mask:#010x}",
            "cycles": definition.cycles,
            "cost_class": definition.cost_class,
            "energy_pj": self.energy_pj,
            "operands": {name: str(width) for name, width in self.subject.widths.items()},
            "location": definition.location,
            "source": self.source,
            "pseudo_code": self.pseudo_code,
            "c": self.c,
            "vectors": [{"inputs": vector.inputs, "outcome": vector.outcome()} for vector in self.vectors],
        }


def card(subject: Subject, most: int = 24) -> Card:
    """Return everything about an instruction, with at most so many vectors."""
    definition = subject.definition
    tree = definition.trace()
    try:
        text = pseudo_code(tree)
    except Inexpressible as error:
        text = f"(no words for {error})"
    return Card(subject, _source(definition), text, handler_body(definition), list(vectors(subject, most)))


def _source(definition: Definition) -> str:
    """Return the Python text of a meaning, without its decorator and docstring."""
    try:
        lines = inspect.getsource(definition.meaning).splitlines()
    except (OSError, TypeError):
        return ""
    start = next((number for number, line in enumerate(lines) if line.lstrip().startswith("def ")), 0)
    return textwrap.dedent("\n".join(lines[start:])).rstrip()


def few_corners(width: Width) -> list[int]:
    """Return the ends of a width and what is around 0."""
    return sorted({width.minimum, width.maximum} | ({-1, 0, 1} if width.is_signed else {0, 1}))


def vectors(subject: Subject, most: int) -> Iterator[Vector]:
    """Run an instruction on combinations of extreme operands; none where it needs more than registers and memory."""
    definition = subject.definition
    tree = definition.trace()
    done = operations(tree)
    if done & _NEEDS_MORE:
        return
    runner = Runner(definition, subject.architecture)
    bases = (
        {operand.base for operand in definition.syntax.operands if operand.base} if {"load", "store"} & done else set()
    )
    read = sources(tree)
    choices: dict[str, list[int]] = {}
    for operand in definition.syntax.operands:
        for name in (operand.field, operand.base):
            if name is None or name in choices or (name in REGISTERS and name not in read):
                continue
            field = definition.encoding.fields[name]
            if name in bases:
                choices[name] = [ADDRESS]
            elif name in REGISTERS:
                choices[name] = few_corners(subject.widths.get(name, Width(32, True)))
            else:
                choices[name] = sorted({field.minimum, 0, field.maximum})
    scalars = frozenset(name for name, state in subject.states.items() if state.count == 1)
    memory = {ADDRESS + offset & 0xFFFF_FFFF: (0x80 + 37 * offset) & 0xFF for offset in range(-4096, 4100)}
    for values in itertools.islice(itertools.product(*choices.values()), most):
        inputs = dict(zip(choices, values, strict=True))
        operands = {
            name: REGISTERS[name] if name in REGISTERS else inputs.get(name, 0) for name in definition.encoding.fields
        }
        x = {REGISTERS[name]: value & 0xFFFF_FFFF for name, value in inputs.items() if name in REGISTERS}
        x.setdefault(REGISTERS["rd"], 0x5A5A_5A5A)  # so that a result of 0 is seen
        result = runner.run(Case(operands, x, memory=memory if done & {"load", "store"} else {}))
        yield Vector(inputs, result, scalars)
