"""Words back to text: every instruction as its definition writes it, everything else as data."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from asm.aliases import Aliases
from asm.fragments import Word
from iss.builtin import builtin_architecture
from iss.isa.catalogue import Architecture
from iss.isa.definitions import Definition

_WORD: Final = 0xFFFF_FFFF
_FAR: Final = 0x1_0000
_UPPER: Final = ("lui", "auipc")
_PC_RELATIVE: Final = "auipc"


@dataclass(frozen=True, slots=True)
class Disassembled:
    """One instruction or piece of data: `text` assembles to `word` again; `comment` names a target."""

    address: int
    word: int
    size: int
    text: str
    comment: str = ""

    def __str__(self) -> str:
        return f"{self.text:<32} # {self.comment}" if self.comment else self.text


class Symbolizer:
    """Names of addresses: `main`, `main+0x8`."""

    def __init__(self, symbols: Mapping[str, int] | None) -> None:
        pairs = sorted((address, name) for name, address in (symbols or {}).items())
        self._addresses = [address for address, _ in pairs]
        self._names = [name for _, name in pairs]

    def exact(self, address: int) -> list[str]:
        """Return the names of an address."""
        return self._names[bisect_left(self._addresses, address) : bisect_right(self._addresses, address)]

    def name(self, address: int) -> str:
        """Return the closest name at or before an address, with the distance; nothing if that is far away."""
        index = bisect_right(self._addresses, address) - 1
        if index < 0:
            return ""
        distance = address - self._addresses[index]
        if distance > _FAR:
            return ""
        return self._names[index] + (f"+{distance:#x}" if distance else "")


def _values(definition: Definition, word: int) -> dict[str, int] | None:
    """Return the operands of a word, or None if its text would not say all of it (reserved bits are set)."""
    decoded = definition.encoding.decode(word)
    written = {name: value for name, value in decoded.items() if name in definition.syntax.fields}
    encoded = int.from_bytes(Word(definition.encoding, written).encode(), "little")
    return written if encoded == word else None


class Disassembler:
    """Turns words of one architecture into text; `aliases` writes pseudo-instructions where they say more."""

    def __init__(
        self, architecture: Architecture | None = None, symbols: Mapping[str, int] | None = None, aliases: bool = False
    ) -> None:
        self.architecture = architecture or builtin_architecture()
        self._csr_names = {csr.number: csr.name for csr in self.architecture.csrs}
        self._symbolizer = Symbolizer(symbols) if symbols else None
        self._aliases = Aliases(self.architecture.instructions) if aliases else None
        self._has_compressed = any(definition.encoding.width == 16 for definition in self.architecture.instructions)
        self._upper: dict[int, int] = {}

    def word(self, word: int, pc: int = 0, size: int = 4) -> Disassembled:
        """Return the text of one word of `size` bytes at address `pc`."""
        definition = self.architecture.instructions.decode(word)
        if definition is None or definition.encoding.width != 8 * size:
            return Disassembled(pc, word, size, f".{size}byte {word:#0{2 * size + 2}x}")
        values = _values(definition, word)
        if values is None:
            comment = f"{definition.mnemonic} with reserved bits"
            return Disassembled(pc, word, size, f".{size}byte {word:#0{2 * size + 2}x}", comment)
        text = definition.syntax.render(values, pc, self._csr_names)
        if self._aliases is not None:
            operands = [part.strip() for part in text.partition(" ")[2].split(",") if part.strip()]
            text = self._aliases.find(definition, operands) or text
        return Disassembled(pc, word, size, text, self._comment(definition, values, pc))

    def run(self, code: bytes, pc: int = 0) -> Iterator[Disassembled]:
        """Yield the instructions of `code` that lies at address `pc`."""
        self._upper.clear()
        position = 0
        while position < len(code):
            size = 2 if self._has_compressed and code[position] & 3 != 3 else 4
            size = min(size, len(code) - position)
            word = int.from_bytes(code[position : position + size], "little")
            if size in (2, 4):
                yield self.word(word, pc + position, size)
            else:
                yield Disassembled(pc + position, word, size, f".byte {', '.join(map(hex, code[position:]))}")
            position += size

    def _comment(self, definition: Definition, values: dict[str, int], pc: int) -> str:
        """Name the target of a jump, or the address that this instruction completes after lui or auipc."""
        if self._symbolizer is None:
            return ""
        for operand in definition.syntax.operands:
            if operand.kind == "target":
                return self._symbolizer.name((pc + values[operand.field]) & _WORD)
        base = self._upper.get(values.get("rs1", 0))
        if "rd" in values:
            self._upper.pop(values["rd"], None)
        if definition.mnemonic in _UPPER:
            start = pc if definition.mnemonic == _PC_RELATIVE else 0
            self._upper[values["rd"]] = start + values["imm"]
        elif base is not None and "imm" in values and "rs1" in values:
            return self._symbolizer.name((base + values["imm"]) & _WORD)
        return ""


def disassemble(
    code: bytes | Iterable[int],
    pc: int = 0,
    architecture: Architecture | None = None,
    symbols: Mapping[str, int] | None = None,
    aliases: bool = False,
) -> Iterator[Disassembled]:
    """Yield the instructions of `code` (bytes, or 32-bit words) that lies at address `pc`."""
    data = code if isinstance(code, bytes) else b"".join(word.to_bytes(4, "little") for word in code)
    return Disassembler(architecture, symbols, aliases).run(data, pc)
