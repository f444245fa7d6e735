"""Lines for riscv-opcodes: the encodings, the CSRs, and the operands that its table of arguments lacks."""

from __future__ import annotations

from iss.extension.extension import Extension
from iss.isa.definitions import Definition
from iss.isa.encoding import Encoding, Field, Piece

# Names of the table arg_lut.csv for the pieces of an immediate.
STANDARD = {
    Piece(0, 20, 12): "imm12",
    Piece(12, 12, 20): "imm20",
    Piece(0, 20, 5): "shamtw",
}
GROUPS = {
    frozenset({Piece(5, 25, 7), Piece(0, 7, 5)}): ("imm12hi", "imm12lo"),
    frozenset({Piece(12, 31, 1), Piece(5, 25, 6), Piece(1, 8, 4), Piece(11, 7, 1)}): ("bimm12hi", "bimm12lo"),
    frozenset({Piece(20, 31, 1), Piece(1, 21, 10), Piece(11, 20, 1), Piece(12, 12, 8)}): ("jimm20",),
}
REGISTERS = {"rd": 7, "rs1": 15, "rs2": 20}


def lines(extension: Extension) -> dict[str, str]:
    """The files: `rv32_NAME` and, where they are needed, rows for `csrs.csv` and `arg_lut.csv`."""
    rows: dict[str, tuple[int, int]] = {}
    text = [f"# {extension.title}, version {extension.version}; written by `neurohart ext export`, do not edit.\n"]
    width = max(len(definition.mnemonic) for definition in extension.instructions)
    for definition in extension.instructions:
        arguments = [
            name for field in definition.encoding.fields.values() for name in _arguments(field, extension, rows)
        ]
        fixed = " ".join(_fixed(definition.encoding))
        text.append(f"{definition.mnemonic:<{width}} {' '.join([*arguments, fixed])}\n")
    files = {f"rv32_{extension.name}": "".join(text)}
    if len(extension.csrs):
        files["csrs.csv"] = "".join(f'{csr.number:#x}, "{csr.name}"\n' for csr in extension.csrs)
    if rows:
        files["arg_lut.csv"] = "".join(f'"{name}", {high}, {low}\n' for name, (high, low) in rows.items())
    return files


def _arguments(field: Field, extension: Extension, rows: dict[str, tuple[int, int]]) -> list[str]:
    """Return the names of an operand's bits; new ones are added to `rows` with their highest and lowest bit."""
    if REGISTERS.get(field.name) == field.pieces[0].word_low and len(field.pieces) == 1:
        return [field.name]
    group = GROUPS.get(frozenset(field.pieces))
    if group is not None:
        return list(group)
    if len(field.pieces) == 1 and field.pieces[0] in STANDARD and field.name not in REGISTERS:
        return [STANDARD[field.pieces[0]]]
    names = []
    for piece in field.pieces:
        part = "" if len(field.pieces) == 1 else f"_{piece.value_low + piece.width - 1}_{piece.value_low}"
        place = (piece.word_low + piece.width - 1, piece.word_low)
        name = f"{extension.name}_{field.name}{part}"
        while rows.get(name, place) != place:  # the same operand elsewhere in another instruction
            name += "_"
        rows[name] = place
        names.append(name)
    return names


def _fixed(encoding: Encoding) -> list[str]:
    """Return the fixed bits as `31..25=0x1` from the top; those of the opcode as the other files have them."""
    runs: list[tuple[int, int]] = []
    bit = encoding.width - 1
    while bit >= 0:
        if not encoding.mask >> bit & 1:
            bit -= 1
            continue
        low = bit
        while low and encoding.mask >> (low - 1) & 1 and low not in (25, 20, 15, 12, 7, 2):
            low -= 1
        runs.append((bit, low))
        bit = low - 1
    return [
        f"{high}={encoding.match >> low & 1}"
        if high == low
        else f"{high}..{low}={_value(encoding.match >> low & ((1 << (high - low + 1)) - 1), high)}"
        for high, low in runs
    ]


def _value(number: int, high: int) -> str:
    return str(number) if number < 10 and high != 6 else f"0x{number:02X}"


def location(definition: Definition, name: str) -> str:
    """Return where an operand's bits are, from its highest: `31|7|30-25|11-8`."""
    pieces = sorted(definition.encoding.fields[name].pieces, key=lambda piece: -piece.value_low)
    places = ((piece.word_low + piece.width - 1, piece.word_low) for piece in pieces)
    return "|".join(str(low) if high == low else f"{high}-{low}" for high, low in places)
