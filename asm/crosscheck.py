"""A second opinion on encodings: the encoders of riscv-assembler, for the instructions it gets right.

Its instruction table and its R, I, SB, U and UJ encoders are used; its text parser, its S encoder and its `srai` are
not, because they are wrong (`ERRATA`; the tests notice when a release mends one of them).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from iss.isa.catalogue import Architecture

_SAME_NAME_R: Final = "add sub sll sltu xor srl sra or and mul mulh div divu rem remu".split()
_SAME_NAME_I: Final = "addi slti sltiu xori ori andi slli lb lw lbu lhu jalr".split()
_SAME_NAME_SB: Final = "beq bne blt bge bltu bgeu".split()
# Our mnemonic -> format and mnemonic of riscv-assembler 1.2.1.
ENCODERS: Final[Mapping[str, tuple[str, str]]] = {
    **{name: ("R", name) for name in _SAME_NAME_R},
    "mulhu": ("R", "mulu"),
    "mulhsu": ("R", "mulsu"),
    **{name: ("I", name) for name in _SAME_NAME_I},
    "srli": ("I", "slri"),
    **{f"csrr{letter}{kind}": ("I", f"CSRR{letter.upper()}{kind.upper()}") for letter in "wsc" for kind in ("", "i")},
    "ecall": ("I", "ecall"),
    "ebreak": ("I", "ebreak"),
    "fence": ("I", "fence"),
    **{name: ("SB", name) for name in _SAME_NAME_SB},
    "lui": ("U", "lui"),
    "auipc": ("U", "auipc"),
    "jal": ("UJ", "jal"),
}
# What riscv-assembler 1.2.1 gets wrong or lacks, so that it is not asked.
ERRATA: Final = {
    "sb": "the S encoder drops and misplaces immediate bits",
    "sh": "the S encoder drops and misplaces immediate bits",
    "sw": "the S encoder drops and misplaces immediate bits",
    "srai": "funct7 is left out, so it encodes srli",
    "slt": "in the table, but refused by the R encoder",
    "lh": "in the table, but refused by the I encoder",
    "fence.i": "the table gives it, but reserved fields cannot be given",
}


class IndependentEncoder:
    """Encodes instructions with riscv-assembler. Raises ImportError if it is not installed."""

    def __init__(self) -> None:
        from riscv_assembler import instr_arr

        self._formats: dict[str, Callable[..., str]] = {
            name: getattr(instr_arr, name) for name in ("R", "I", "SB", "U", "UJ")
        }

    def encode(self, mnemonic: str, operands: Mapping[str, int]) -> int | None:
        """Return its word for operand values as our definitions have them, or None where it cannot be asked."""
        if mnemonic not in ENCODERS:
            return None
        form, name = ENCODERS[mnemonic]
        encoder: Any = self._formats[form]

        def register(field: str) -> str:
            return f"x{operands.get(field, 0)}"

        match form:
            case "R":
                bits = encoder(name, register("rs1"), register("rs2"), register("rd"))
            case "I":
                source = register("uimm") if "uimm" in operands else register("rs1")
                bits = encoder(name, source, _i_immediate(mnemonic, operands), register("rd"))
            case "SB":
                bits = encoder(name, register("rs1"), register("rs2"), operands["imm"])
            case "U":
                bits = encoder(name, operands["imm"] & 0xFFFF_FFFF, register("rd"))
            case _:
                bits = encoder(name, operands["imm"], register("rd"))
        return int(bits, 2)


def _i_immediate(mnemonic: str, operands: Mapping[str, int]) -> int:
    if mnemonic == "ebreak":
        return 1
    if mnemonic == "fence":
        return operands["fm"] << 8 | operands["pred"] << 4 | operands["succ"]
    return next((operands[name] for name in ("imm", "shamt", "csr") if name in operands), 0)


def disagreements(words: Iterable[int], architecture: Architecture) -> list[str]:
    """Return a message for each instruction word that riscv-assembler would have encoded otherwise."""
    encoder = IndependentEncoder()
    messages = []
    for word in sorted(set(words)):
        definition = architecture.instructions.decode(word)
        if definition is None or definition.mnemonic not in ENCODERS:
            continue
        operands = definition.encoding.decode(word)
        theirs = encoder.encode(definition.mnemonic, operands)
        if theirs != word:
            text = definition.syntax.render(operands)
            messages.append(f"internal error: {text} is {word:#010x} here, but {theirs:#010x} for riscv-assembler")
    return messages
