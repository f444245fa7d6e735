"""Assembly text of an instruction, both ways: the text in a definition says how each operand is written.

`rd` is a register, `imm` a number, `imm(rs1)` a memory operand, `pc+imm` a branch target, `imm>>12` an upper
immediate, `csr` a CSR's name or number, `pred`/`succ` a fence set.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from iss.isa.registers import ABI_NAMES

_OPERAND = re.compile(r"(?:(?P<target>pc\+)?(?P<field>[a-z][a-z0-9_]*)(?:>>(?P<shift>\d+)|\((?P<base>[a-z0-9]+)\))?)\Z")
_REGISTERS = {"rd", "rs1", "rs2"}
FENCE_LETTERS = "iorw"


@dataclass(frozen=True, slots=True)
class Operand:
    """One written operand: its kind, the encoding field it fills and, for memory, the field of the base register."""

    kind: str
    field: str
    base: str | None = None
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Syntax:
    """A mnemonic and its operands in written order."""

    text: str
    mnemonic: str
    operands: tuple[Operand, ...]

    @property
    def fields(self) -> set[str]:
        """Names of all encoding fields that the text fills."""
        return {name for operand in self.operands for name in (operand.field, operand.base) if name is not None}

    def render(self, values: Mapping[str, int], pc: int = 0, csr_names: Mapping[int, str] | None = None) -> str:
        """Return the canonical text for decoded operand values; targets are absolute addresses."""
        written = [_render(operand, values, pc, csr_names or {}) for operand in self.operands]
        return f"{self.mnemonic} {', '.join(written)}" if written else self.mnemonic


def parse_syntax(text: str) -> Syntax:
    """Read a definition's text such as `lw rd, imm(rs1)`; ValueError says which part is not understood."""
    mnemonic, _, rest = text.strip().partition(" ")
    operands = tuple(_parse_operand(part.strip(), text) for part in rest.split(",")) if rest.strip() else ()
    return Syntax(text, mnemonic, operands)


def _parse_operand(part: str, text: str) -> Operand:
    found = _OPERAND.match(part)
    if found is None:
        raise ValueError(f"syntax {text!r}: operand {part!r} is none of rd, imm, imm(rs1), pc+imm, imm>>12, csr")
    name = found["field"]
    if found["target"]:
        return Operand("target", name)
    if found["base"]:
        return Operand("memory", name, base=found["base"])
    if found["shift"]:
        return Operand("upper", name, shift=int(found["shift"]))
    kind = "register" if name in _REGISTERS else {"csr": "csr", "pred": "fence_set", "succ": "fence_set"}.get(name)
    return Operand(kind or "immediate", name)


def _render(operand: Operand, values: Mapping[str, int], pc: int, csr_names: Mapping[int, str]) -> str:
    value = values[operand.field]
    match operand.kind:
        case "register":
            return ABI_NAMES[value]
        case "memory":
            assert operand.base is not None
            return f"{value}({ABI_NAMES[values[operand.base]]})"
        case "target":
            return f"{(pc + value) & 0xFFFF_FFFF:#x}"
        case "upper":
            return f"{value >> operand.shift & 0xF_FFFF:#x}"
        case "csr":
            return csr_names.get(value, f"{value:#x}")
        case "fence_set":
            return (
                "".join(letter for bit, letter in enumerate(reversed(FENCE_LETTERS)) if value >> bit & 1)[::-1] or "0"
            )
        case _:
            return str(value)
