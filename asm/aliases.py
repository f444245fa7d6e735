"""Pseudo-instructions for reading: the table of `asm.pseudo` backwards, from an instruction to `ret` or `li`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from asm.forms import Pseudo, TemplateOperand, read_pattern
from asm.pseudo import LOAD_CONSTANT, REGISTER_PARAMETERS, entries
from iss.isa.definitions import Definition, InstructionSet
from iss.isa.registers import ABI_NAMES, NUMBER

_PARAMETER = {True: r"([a-z][a-z0-9]*)", False: r"([^()]+)"}
_WHOLE = r"(.+)"
LOAD_CONSTANT_NAME = "li"


@dataclass(frozen=True, slots=True)
class _Alias:
    mnemonic: str
    operands: tuple[re.Pattern[str], ...]
    order: tuple[int, ...]


class Aliases:
    """Finds the pseudo-instruction that says most about an instruction: the one with the fewest operands."""

    def __init__(self, instructions: InstructionSet) -> None:
        self._by_mnemonic: dict[str, list[_Alias]] = {}
        for pattern, template in entries():
            mnemonic = pattern.partition(" ")[0]
            if mnemonic not in instructions.by_mnemonic:
                self._add(pattern, "addi rd, x0, imm" if template == LOAD_CONSTANT else template)
        for aliases in self._by_mnemonic.values():
            aliases.sort(key=lambda alias: (len(alias.order), alias.mnemonic != LOAD_CONSTANT_NAME))

    def _add(self, pattern: str, template: str) -> None:
        if template.startswith(("<", ".")):
            return
        names = [name.strip() for name in pattern.partition(" ")[2].split(",") if name.strip()]
        _, pseudo = read_pattern(pattern, template)
        if not isinstance(pseudo, Pseudo) or len(pseudo.statements) != 1:
            return
        (statement,) = pseudo.statements
        if all(len(operand.pieces) == 1 and isinstance(operand.pieces[0], int) for operand in statement.operands):
            return  # another name or another order of the operands tells the reader nothing
        order: list[int] = []
        operands = tuple(_expression(operand, names, order) for operand in statement.operands)
        alias = _Alias(pseudo.pattern.partition(" ")[0], operands, tuple(order))
        self._by_mnemonic.setdefault(statement.mnemonic, []).append(alias)

    def find(self, definition: Definition, operands: list[str]) -> str | None:
        """Return the pseudo-instruction for an instruction with these operand texts, if there is one."""
        for alias in self._by_mnemonic.get(definition.mnemonic, ()):
            if len(alias.operands) != len(operands):
                continue
            values: list[str] = []
            for expression, text in zip(alias.operands, operands, strict=True):
                found = expression.fullmatch(text)
                if found is None:
                    break
                values += found.groups()
            else:
                by_parameter: Mapping[int, str] = dict(zip(alias.order, values, strict=True))
                written = ", ".join(by_parameter[index] for index in sorted(by_parameter))
                return f"{alias.mnemonic} {written}".rstrip()
        return None


def _expression(operand: TemplateOperand, names: list[str], order: list[int]) -> re.Pattern[str]:
    """Return what matches a template operand's text as the disassembler writes it; parameters go to `order`."""
    parts = []
    for piece in operand.pieces:
        if isinstance(piece, int):
            order.append(piece)
            single = len(operand.pieces) == 1 and names[piece] not in REGISTER_PARAMETERS
            parts.append(_WHOLE if single else _PARAMETER[names[piece] in REGISTER_PARAMETERS])
        else:
            parts.append(re.escape(_canonical(piece)))
    return re.compile("".join(parts))


def _canonical(text: str) -> str:
    """Return literal text of a template with the registers' ABI names."""
    return re.sub(
        r"[a-z][a-z0-9]*", lambda found: ABI_NAMES[NUMBER[found[0]]] if found[0] in NUMBER else found[0], text
    )
