"""Words back to text: every instruction as its definition writes it, everything else as data."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from asm.fragments import Word
from iss.isa.catalogue import Architecture
from iss.isa.catalogue import architecture as default_architecture
from iss.isa.definitions import Definition


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
        return [name for at, name in zip(self._addresses, self._names, strict=True) if at == address]

    def name(self, address: int) -> str:
        """Return the closest name at or before an address, with the distance, or nothing."""
        index = bisect_right(self._addresses, address) - 1
        if index < 0:
            return ""
        distance = address - self._addresses[index]
        return self._names[index] + (f"+{distance:#x}" if distance else "")


def _values(definition: Definition, word: int) -> dict[str, int] | None:
    """Return the operands of a word, or None if its text would not say all of it (reserved bits are set)."""
    decoded = definition.encoding.decode(word)
    written = {name: value for name, value in decoded.items() if name in definition.syntax.fields}
    encoded = int.from_bytes(Word(definition.encoding, written).encode(), "little")
    return written if encoded == word else None


def disassemble_word(
    word: int,
    pc: int,
    architecture: Architecture,
    symbolizer: Symbolizer | None = None,
    csr_names: Mapping[int, str] | None = None,
    size: int = 4,
) -> Disassembled:
    """Return the text of one word of `size` bytes at address `pc`."""
    definition = architecture.instructions.decode(word)
    values = None
    if definition is not None and definition.encoding.width == 8 * size:
        values = _values(definition, word)
    if definition is None or values is None:
        comment = "" if definition is None else f"{definition.mnemonic} with reserved bits"
        return Disassembled(pc, word, size, f".{size}byte {word:#0{2 * size + 2}x}", comment)
    text = definition.syntax.render(values, pc, csr_names)
    comment = ""
    if symbolizer is not None:
        for operand in definition.syntax.operands:
            if operand.kind == "target":
                comment = symbolizer.name((pc + values[operand.field]) & 0xFFFF_FFFF)
    return Disassembled(pc, word, size, text, comment)


def disassemble(
    code: bytes | Iterable[int],
    pc: int = 0,
    architecture: Architecture | None = None,
    symbols: Mapping[str, int] | None = None,
) -> Iterator[Disassembled]:
    """Yield the instructions of `code` (bytes, or 32-bit words) that lies at address `pc`."""
    target = architecture or default_architecture()
    data = code if isinstance(code, bytes) else b"".join(word.to_bytes(4, "little") for word in code)
    symbolizer = Symbolizer(symbols) if symbols else None
    csr_names = {csr.number: csr.name for csr in target.csrs}
    has_compressed = any(definition.encoding.width == 16 for definition in target.instructions)
    position = 0
    while position < len(data):
        size = 4
        if has_compressed and data[position] & 3 != 3:
            size = 2
        size = min(size, len(data) - position)
        word = int.from_bytes(data[position : position + size], "little")
        if size not in (2, 4):
            yield Disassembled(
                pc + position,
                word,
                size,
                f".byte {', '.join(map(hex, data[position:]))}",
            )
        else:
            yield disassemble_word(word, pc + position, target, symbolizer, csr_names, size)
        position += size
