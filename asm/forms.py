"""The forms a mnemonic can be written in: instruction definitions and pseudo-instructions, found by operand shape.

A shape has a letter an operand: `r` register, `m` memory such as 4(a0), `e` anything else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from asm.pseudo import (
    FAR_JUMP,
    INVERSE_BRANCH,
    MEMORY_PARAMETER,
    REGISTER_PARAMETERS,
    entries,
)
from iss.isa.definitions import Definition, InstructionSet
from iss.isa.registers import NUMBER

_BASE = re.compile(r"\(\s*([a-z][a-z0-9]*)\s*\)$")
_KIND_SHAPES = {"register": "r", "memory": "m"}


@dataclass(frozen=True, slots=True)
class TemplateOperand:
    """Literal text and parameter indices, in order; `offset` is where the first parameter starts in the text."""

    pieces: tuple[str | int, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class TemplateStatement:
    mnemonic: str
    operands: tuple[TemplateOperand, ...]


@dataclass(frozen=True, slots=True)
class Pseudo:
    """A pattern and what it stands for: statements, or the name of an expansion computed in Python."""

    pattern: str
    statements: tuple[TemplateStatement, ...]
    computed: str = ""
    labelled: bool = False


Form = Definition | Pseudo


def memory_base(text: str) -> int | None:
    """Return where the `(register)` that ends a memory operand starts, or None."""
    if not text.endswith(")"):
        return None
    found = _BASE.search(text)
    return found.start() if found is not None and found[1] in NUMBER else None


def shape_of(text: str) -> str:
    """Return the shape letter of an operand's text."""
    if text in NUMBER:
        return "r"
    return "e" if memory_base(text) is None else "m"


def written_form(form: Form) -> str:
    """Return how a form is written, for messages: `beq rs1, rs2, target`."""
    if isinstance(form, Pseudo):
        return form.pattern
    names = {"target": "target", "fence_set": "{iorw}"}
    operands = []
    for operand in form.syntax.operands:
        text = names.get(operand.kind, operand.field)
        operands.append(f"{operand.field}({operand.base})" if operand.base else text)
    return f"{form.mnemonic} {', '.join(operands)}".strip()


class Forms:
    """All forms of an instruction set's mnemonics; pseudo-instruction templates are read when first used."""

    def __init__(self, instruction_set: InstructionSet) -> None:
        self.definitions = instruction_set.by_mnemonic
        self._rows: dict[str, list[tuple[str, str]]] = {}
        for pattern, template in entries():
            self._rows.setdefault(pattern.partition(" ")[0], []).append((pattern, template))
        self._forms: dict[str, dict[str, Form]] = {}

    def of(self, mnemonic: str) -> dict[str, Form] | None:
        """Return the forms of a mnemonic by shape, or None if nothing has that name."""
        forms = self._forms.get(mnemonic)
        if forms is not None:
            return forms
        definition, rows = self.definitions.get(mnemonic), self._rows.get(mnemonic, [])
        if definition is None and not rows:
            return None
        forms = {}
        if definition is not None:
            forms["".join(_KIND_SHAPES.get(operand.kind, "e") for operand in definition.syntax.operands)] = definition
        for pattern, template in rows:
            shape, pseudo = read_pattern(pattern, template)
            forms.setdefault(shape, pseudo)
        self._forms[mnemonic] = forms
        return forms

    def mnemonics(self) -> list[str]:
        """Return every mnemonic there is."""
        return sorted({*self.definitions, *self._rows})

    def inverse(self, definition: Definition) -> Definition | None:
        """Return the branch with the opposite condition, if there is one."""
        return self.definitions.get(INVERSE_BRANCH.get(definition.mnemonic, ""))

    @property
    def far_jump(self) -> Definition | None:
        """The jump that a far branch is made of."""
        return self.definitions.get(FAR_JUMP)


def read_pattern(pattern: str, template: str) -> tuple[str, Pseudo]:
    """Return shape and meaning of a row of the table."""
    names = [name.strip() for name in pattern.partition(" ")[2].split(",") if name.strip()]
    shape = "".join("r" if name in REGISTER_PARAMETERS else "m" if name == MEMORY_PARAMETER else "e" for name in names)
    if template.startswith("<"):
        return shape, Pseudo(pattern, (), template)
    token = re.compile("|".join([*(rf"(?<![\w.%]){re.escape(name)}(?![\w.])" for name in names), "(?!)"]))
    statements = []
    for statement in template.split(";"):
        mnemonic, _, rest = statement.strip().partition(" ")
        operands = tuple(_read_operand(text.strip(), token, names) for text in rest.split(",") if text.strip())
        statements.append(TemplateStatement(mnemonic, operands))
    return shape, Pseudo(pattern, tuple(statements), labelled="@" in template)


def _read_operand(text: str, token: re.Pattern[str], names: list[str]) -> TemplateOperand:
    pieces: list[str | int] = []
    position, offset = 0, -1
    for found in token.finditer(text):
        if found.start() > position:
            pieces.append(text[position : found.start()])
        if offset < 0:
            offset = found.start()
        pieces.append(names.index(found[0]))
        position = found.end()
    if position < len(text):
        pieces.append(text[position:])
    return TemplateOperand(tuple(pieces), offset)
