"""Random and corner cases of one instruction, for everything that runs meanings in Python."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

from iss.extension.cases import REGISTER_OPERANDS, Case
from iss.extension.trees import operations, sources
from iss.extension.widths import Width
from iss.isa.definitions import Definition
from iss.isa.state import HART_FIELDS, StateField

REGISTER = Width(32, False)
USUAL_NUMBERS = {"rd": 10, "rs1": 11, "rs2": 12}
_REFUSING = 61  # one in so many words of memory refuses


class RandomMemory(dict[int, int]):
    """Bytes drawn when they are first read; afterwards it holds those that were."""

    def __init__(self, source: random.Random) -> None:
        super().__init__()
        self._seed = source.getrandbits(32)

    def __missing__(self, address: int) -> int:
        value = random.Random(self._seed << 32 | address).getrandbits(8)
        self[address] = value
        return value


def corners(width: Width) -> list[int]:
    """Return the numbers of a width that are worth trying: its ends, 0, 1, -1, powers of two and their neighbours."""
    near = {0, 1, -1, 2, -2, width.minimum, width.minimum + 1, width.maximum, width.maximum - 1}
    for bit in range(width.bits):
        near |= {(1 << bit) - 1, 1 << bit, (1 << bit) + 1, -(1 << bit), -(1 << bit) - 1}
    return sorted(number for number in near if width.minimum <= number <= width.maximum)


class Vectors:
    """An endless, repeatable stream of cases."""

    def __init__(
        self,
        definition: Definition,
        states: Mapping[str, StateField],
        widths: Mapping[str, Width] | None = None,
        seed: int = 1,
    ) -> None:
        self._definition, self._states, self._widths = definition, states, widths or {}
        self._random = random.Random(f"{definition.mnemonic} {seed}")
        tree = definition.trace()
        self._sources = sources(tree)
        self._memory = bool({"load", "store"} & operations(tree))
        self._touched = {node.static.name for node in tree.walk() if node.operation in ("read_state", "write_state")}
        self._fields = {
            node.static for node in tree.walk() if node.operation == "read_field" and node.static != "instruction_word"
        }
        self._corners: dict[Width, list[int]] = {}

    def __iter__(self) -> Iterator[Case]:
        while True:
            yield self.draw()

    def number(self, width: Width) -> int:
        """Return a number of a width: half the time a corner."""
        source = self._random
        if source.random() < 0.5:
            known = self._corners.get(width)
            if known is None:
                known = self._corners[width] = corners(width)
            return source.choice(known)
        value = source.getrandbits(width.bits) >> source.choice((0, 0, 0, source.randrange(width.bits)))
        return int(width(value))

    def draw(self) -> Case:
        """Return the next case."""
        source, encoding = self._random, self._definition.encoding
        operands: dict[str, int] = {}
        for name, place in encoding.fields.items():
            if name in REGISTER_OPERANDS:
                operands[name] = USUAL_NUMBERS[name] if source.random() < 0.7 else source.choice((0, 10, 11, 12, 31))
            else:
                bits = place.width - place.low
                operands[name] = self.number(Width(bits, place.signed)) << place.low
        x = {operands["rd"]: 0xA5A5_A5A5} if "rd" in operands else {}
        for name in self._sources:
            width = self._widths.get(name, REGISTER)
            value = self.number(width) if source.random() < 0.8 else self.number(REGISTER)
            if self._memory and source.random() < 0.6:
                value = 0x8000_0000 + 4 * source.randrange(8) + source.choice((0, 0, 0, source.randrange(4)))
            x[operands[name]] = value & 0xFFFF_FFFF
        x.pop(0, None)
        states: dict[str, dict[int, int]] = {}
        for name in sorted(self._touched):
            state = self._states[name]
            width = Width(state.bits, state.signed)
            if state.count <= 16:
                states[name] = {index: self.number(width) for index in range(state.count)}
            else:
                # The elements that operands are likely to name, and some others.
                likely = {
                    value & (state.count - 1) if state.count & (state.count - 1) == 0 else value % state.count
                    for value in (*x.values(), *operands.values())
                }
                states[name] = {index: self.number(width) for index in sorted(likely)}
                states[name] |= {source.randrange(state.count): self.number(width) for _ in range(4)}
        refused = frozenset[tuple[int, int, bool]]()
        if self._memory and source.random() < 0.05:
            refused = frozenset(
                (0x8000_0000 + 4 * word + part, size, store)
                for word in range(8)
                for part in range(4)
                for size in (1, 2, 4)
                for store in (False, True)
                if source.random() < 0.3
            )
        fields = {name: source.getrandbits(HART_FIELDS[name]) for name in sorted(self._fields)}
        pc = source.getrandbits(30) << 2 if source.random() < 0.2 else 0x8000_0000
        return Case(operands, x, states, RandomMemory(source), refused, fields, pc)
