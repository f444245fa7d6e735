"""Random programs for an extension: its instructions on few registers and corner values, among those of the base ISA.

A program is a loop; its operand values come from a table in the data area, other ones in each round, so a short body
gives a long run. A new kind of snippet is a method `_snippet_NAME` and its weight in WEIGHTS. Everything follows from
the seed and the number of the program.

The project's own tests have another generator (tests/oracles/random_programs.py), for the base machine. It is none of
this one's business to jump into the unknown, take interrupts or change its own code, and none of the other's to dwell
on few instructions and states, and to leave out what an implementation lacks. A slip in one is not in the other.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

import numpy as np

from iss.extension.anatomy import Anatomy, anatomy
from iss.extension.boundaries import Sketch, answers, boundary
from iss.extension.dut import ABILITIES, DATA, DATA_SIZE, HALTS, TestProgram, base_instructions, constant, encode
from iss.extension.extension import REGISTER, Extension
from iss.extension.values import Draw, Kind
from iss.isa.definitions import Definition
from iss.isa.encoding import Field
from iss.isa.state import StateLayout

SCRATCH: Final = DATA  # what instructions load and store
SCRATCH_SIZE: Final = 0x400
TABLE: Final = DATA + SCRATCH_SIZE  # operand values: a row for each round
TABLE_WORDS: Final = (DATA_SIZE - SCRATCH_SIZE) // 4
MIDDLE: Final = SCRATCH + SCRATCH_SIZE // 2
BODY_WORDS: Final = 90
ILLEGAL_ENDS: Final = 0.3  # share of the programs that end with an illegal word, where that is all that can be tried
BOUNDARIES: Final = 3  # instructions in front, on operands where they begin to do something else
ROUNDS: Final = 12
LIMIT: Final = 50_000  # instructions; a program retires far fewer unless it has gone astray

BASE_POINTER, ROW, COUNTER, SPARE = 4, 8, 9, 28  # registers with a purpose of their own
USUAL: Final = (10, 11, 12, 13, 14, 15)
DESTINATIONS: Final = (1, 2, 3, 5, 6, 7, *range(10, 28))

WEIGHTS: Final = {
    "custom": 50, "alu": 10, "load": 4, "store": 4, "branch": 4, "csr": 8, "near_csr": 4, "trap": 2, "illegal": 2,
    "constant": 3,
}  # fmt: skip
_NEEDS: Final = {"csr": "csr", "near_csr": "csr", "trap": "traps", "illegal": "traps"}
_OF_THE_EXTENSION: Final = ("custom", "branch", "near_csr", "illegal")
_BRANCHES: Final = ("beq", "bne", "blt", "bge", "bltu", "bgeu")
_LOADS: Final = {"lb": 1, "lbu": 1, "lh": 2, "lhu": 2, "lw": 4}
_STORES: Final = {"sb": 1, "sh": 2, "sw": 4}
_TRAPPING: Final = (0x0000_0073, 0x0010_0073, 0x0000_0000, 0xFFFF_FFFF)  # ecall, ebreak, two illegal words


@dataclass(frozen=True)
class _Slot:
    """A word of the table: its place in a row and what numbers it holds."""

    place: int
    kind: Kind


class Programs:
    """The programs of an extension; `program(number)` is always the same one.

    `abilities` and `mnemonics` are those of what is tested (see `iss.extension.dut.Implementation`). Without any
    mnemonic of the extension, programs are of the base ISA alone.
    """

    def __init__(
        self,
        extension: Extension,
        seed: int,
        abilities: frozenset[str] = ABILITIES,
        mnemonics: frozenset[str] | None = None,
        constants: frozenset[int] = frozenset(),
    ) -> None:
        self.extension, self.seed, self.abilities = extension, seed, abilities
        definitions = [anatomy(definition) for definition in extension.instructions]
        self.instructions = [
            found
            for found in definitions
            if (mnemonics is None or found.definition.mnemonic in mnemonics)
            and ("memory" in abilities or not found.has_memory)
        ]
        classes = ("alu", "multiply", "divide") if "muldiv" in abilities else ("alu",)
        self.base = [
            definition
            for definition in base_instructions()
            if definition.cost_class in classes and "rd" in definition.syntax.fields
        ]
        self.constants = constants | self._constants()
        self.layout = StateLayout(extension.states.values())
        self.csrs = list(extension.csrs) if self.instructions else []
        addresses = {state for found in definitions for state in found.address_states}
        self.alignment = max((found.alignment for found in definitions if found.address_states), default=1)
        steps = {step for found in definitions for state in addresses for step in found.state_steps.get(state, ())}
        self.pointers = {found.definition.mnemonic: self._set_by(found, addresses) for found in definitions}
        self.indices = {found.definition.mnemonic: self._set_by(found, steps) for found in definitions}

    def _set_by(self, found: Anatomy, states: set[str]) -> frozenset[str]:
        """Return the register fields that become some of these states."""
        return frozenset(field for state, field in found.state_sources.items() if state in states)

    def _constants(self) -> frozenset[int]:
        """Return the numbers that decide something in the definitions: those that stand there, ends and resets."""
        found = {number for one in self.instructions for number in one.constants}
        for state in self.extension.states.values():
            found |= {state.reset, state.minimum, state.maximum}
        return frozenset(number for number in found if -(1 << 31) <= number < 1 << 32)

    def program(self, number: int) -> TestProgram:
        """Return a program by its number."""
        return _Writer(self, number).program()


class _Writer:
    """One program in the making."""

    def __init__(self, programs: Programs, number: int) -> None:
        self.programs, self.number = programs, number
        self.random = random.Random(f"{programs.extension.name} {programs.seed} {number}")
        self.draw = Draw(self.random, programs.constants)
        self.slots: list[_Slot] = []
        weights = {
            name: weight
            for name, weight in WEIGHTS.items()
            if _NEEDS.get(name, "") in {*programs.abilities, ""}
            and (programs.csrs or _NEEDS.get(name) != "csr")
            and (programs.instructions or name not in _OF_THE_EXTENSION)
        }
        self.names, self.weights = list(weights), list(weights.values())
        # A program dwells on a few instructions, so that what one leaves is what another finds.
        source = self.random
        count = source.choice((1, 2, 3, len(programs.instructions)))
        self.favourites = source.sample(programs.instructions, min(count, len(programs.instructions)))

    def program(self) -> TestProgram:
        """Put it together."""
        body = self._setup() + self._boundaries()
        while len(body) < BODY_WORDS:
            body += self._snippet()
        row = max(1, len(self.slots))
        rounds = max(1, min(ROUNDS, TABLE_WORDS // row))
        body += [encode("addi", rd=ROW, rs1=ROW, imm=4 * row), encode("addi", rd=COUNTER, rs1=COUNTER, imm=-1)]
        body.append(encode("bne", rs1=COUNTER, rs2=0, imm=-4 * len(body)))
        if HALTS in self.programs.abilities and self.programs.instructions and self.random.random() < ILLEGAL_ENDS:
            body += self._snippet_illegal()
        anything = Kind(32)
        registers = [int(value) for value in self.draw.values(anything, 31)]
        for register, value in ((BASE_POINTER, MIDDLE), (ROW, TABLE), (COUNTER, rounds)):
            registers[register - 1] = value
        return TestProgram(
            tuple(body), tuple(registers), self._data(row, rounds), "traps" in self.programs.abilities,
            self.programs.seed, self.number,
        )  # fmt: skip

    def _setup(self) -> list[int]:
        """Write the CSRs that the extension wants to be set, in every round."""
        if "csr" not in self.programs.abilities or not self.programs.csrs:
            return []
        words: list[int] = []
        for number, value in self.programs.extension.set_up.items():
            words += [*constant(SPARE, value), encode("csrrw", rs1=SPARE, csr=number)]
        return words

    def _boundaries(self) -> list[int]:
        """Begin with instructions on operands where they begin to do something else, as the state then is."""
        layout = self.programs.layout
        hart = Sketch(layout)
        for csr in self.programs.csrs:
            if csr.number in self.programs.extension.set_up and csr.write is not None:
                csr.write(hart, self.programs.extension.set_up[csr.number])
        writable = [csr for csr in self.programs.csrs if csr.write is not None and "csr" in self.programs.abilities]
        words: list[int] = []
        for _ in range(BOUNDARIES):
            if writable and self.random.random() < 0.3:
                csr = self.random.choice(writable)
                value = self.draw.value(Kind(16))
                assert csr.write is not None
                csr.write(hart, value)
                words += [*constant(SPARE, value), encode("csrrw", rs1=SPARE, csr=csr.number)]
            found = self.random.choice(self.favourites) if self.favourites else None
            if found is not None and found.reads and not found.has_memory and not found.names_registers:
                words += self._boundary(found, hart)
        return words

    def _boundary(self, found: Anatomy, hart: Sketch) -> list[int]:
        """Return an instruction with an operand just before or behind a change of what it does, and follow it."""
        definition, source = found.definition, self.random
        if self.programs.extension.details[definition.mnemonic].requires is not None:
            return []
        registers = dict(zip(sorted(found.reads | found.writes), source.sample(USUAL, 6), strict=False))
        operands = registers | {name: self._number(definition.encoding.fields[name]) for name in sorted(found.numbers)}
        kinds = {name: self._kind(found, name) for name in sorted(found.reads)}
        x = {registers[name]: self.draw.value(kind) for name, kind in kinds.items()}
        varied = source.choice(sorted(kinds))
        width = self.programs.extension.width_of(definition.mnemonic, varied)
        other = self.draw.value(Kind(width.bits, width.is_signed))
        state = bytes(hart.state.buffer)
        pair = boundary(definition, state, self.programs.layout, operands, x, registers[varied], other, width)
        if pair is not None:
            x[registers[varied]] = source.choice(pair)
        for register, value in x.items():
            hart.x[register] = value
        answers(definition, hart, operands)
        words = [word for register, value in x.items() for word in constant(register, value)]
        return [*words, definition.encoding.encode(**operands)]

    def _data(self, row: int, rounds: int) -> bytes:
        scratch = self.draw.values(Kind(8), SCRATCH_SIZE).astype(np.uint8)
        words = scratch.view("<u4").copy()
        words[::2] = self.draw.values(Kind(32), SCRATCH_SIZE // 8)
        table = np.zeros((TABLE_WORDS // row, row), np.uint32)
        by_kind: dict[Kind, list[int]] = {}
        for slot in self.slots:
            by_kind.setdefault(slot.kind, []).append(slot.place)
        for kind, places in by_kind.items():
            table[:rounds, places] = self.draw.values(kind, rounds * len(places)).reshape(rounds, len(places))
        content = words.astype("<u4").tobytes() + table.astype("<u4").tobytes()
        return content.ljust(DATA_SIZE, b"\0")

    # Snippets -----------------------------------------------------------------------------------------------------
    def _snippet(self) -> list[int]:
        name = self.random.choices(self.names, self.weights)[0]
        words: list[int] = getattr(self, f"_snippet_{name}")()
        return words

    def _refresh(self, register: int, kind: Kind) -> list[int]:
        """Give a register another value in each round."""
        place = len(self.slots)
        if place >= min(TABLE_WORDS, 511):
            return []
        self.slots.append(_Slot(place, kind))
        return [encode("lw", rd=register, rs1=ROW, imm=4 * place)]

    def _usual(self) -> int:
        """Return a register to read."""
        roll = self.random.random()
        if roll < 0.05:
            return 0
        return self.random.choice(USUAL) if roll < 0.95 else self.random.randrange(1, 28)

    def _destination(self) -> int:
        roll = self.random.random()
        if roll < 0.06:
            return 0
        return self.random.choice(USUAL) if roll < 0.94 else self.random.choice(DESTINATIONS)

    def _number(self, field: Field) -> int:
        """Return a value for an operand that is no register."""
        step = 1 << field.low
        ends = (0, step, -step, field.minimum, field.maximum, field.maximum - step)
        if self.random.random() < 0.5:
            value = self.random.choice(ends)
            return value if field.minimum <= value <= field.maximum else 0
        return self.random.randrange(field.minimum, field.maximum + 1, step)

    def _snippet_custom(self) -> list[int]:
        chosen = self.favourites if self.random.random() < 0.8 else self.programs.instructions
        found = self.random.choice(chosen)
        definition = found.definition
        requires = self.programs.extension.details[definition.mnemonic].requires
        if requires is not None:
            return self._required(found, requires)
        operands = self._registers(found)
        for name in found.numbers:
            operands[name] = self._number(definition.encoding.fields[name])
        words = []
        for name in sorted(found.reads):
            register = operands[name]
            fresh = register in DESTINATIONS and self.random.random() < (0.7 if name != "rd" else 0.4)
            if fresh or (register and name in found.pointers):
                words += self._refresh(register, self._kind(found, name)) if register in DESTINATIONS else []
        return [*words, definition.encoding.encode(**operands)]

    def _registers(self, found: Anatomy) -> dict[str, int]:
        """Choose the registers of an instruction, some of them the same."""
        definition = found.definition
        used = found.reads | found.writes
        operands = {name: self._usual() for name in definition.encoding.fields if name in found.reads}
        operands |= {name: self._destination() for name in definition.encoding.fields if name in found.writes}
        roll = self.random.random()
        if roll < 0.3 and len(used) > 1:
            same, other = self.random.sample(sorted(used), 2)
            operands[same] = operands[other] if operands[other] in (0, *DESTINATIONS) else operands[same]
        elif roll < 0.36:
            operands |= dict.fromkeys(used, self.random.choice(USUAL))
        return operands

    def _kind(self, found: Anatomy, name: str) -> Kind:
        """Return what numbers a register operand is given."""
        mnemonic = found.definition.mnemonic
        width = self.programs.extension.width_of(mnemonic, name)
        if width.bits == REGISTER.bits:
            wild = "traps" in self.programs.abilities
            if name in found.pointers:
                return Kind(32, pointer=found.alignment, wild=wild)
            if name in self.programs.pointers[mnemonic]:
                return Kind(32, pointer=self.programs.alignment, wild=wild)
            if name in found.indices or name in self.programs.indices[mnemonic]:
                return Kind(5, index=True)
        return Kind(width.bits, width.is_signed)

    def _required(self, found: Anatomy, requires: Any) -> list[int]:
        """Draw operands until they are ones the instruction is for; they are the same in every round."""
        definition, extension = found.definition, self.programs.extension
        for _ in range(100):
            operands = self._registers(found)
            numbers = {name: self._number(definition.encoding.fields[name]) for name in found.numbers}
            values = {
                operands[name]: self.draw.value(self._kind(found, name)) if operands[name] else 0
                for name in sorted(found.reads)
                if operands[name] in (0, *DESTINATIONS)
            }
            if len(values) < len({operands[name] for name in found.reads}):
                continue
            seen = {name: extension.width_of(definition.mnemonic, name)(values[operands[name]]) for name in found.reads}
            if requires(SimpleNamespace(**seen, **numbers)):
                words = [word for register, value in values.items() if register for word in constant(register, value)]
                return [*words, definition.encoding.encode(**operands, **numbers)]
        return []

    def _snippet_alu(self) -> list[int]:
        return [self._random_operands(self.random.choice(self.programs.base))]

    def _random_operands(self, definition: Definition) -> int:
        operands: dict[str, int] = {}
        for name, field in definition.encoding.fields.items():
            if name == "rd":
                operands[name] = self._destination()
            elif name in ("rs1", "rs2"):
                operands[name] = self._usual()
            else:
                operands[name] = self._number(field)
        return definition.encoding.encode(**operands)

    def _snippet_constant(self) -> list[int]:
        return list(constant(self.random.choice(USUAL), self.draw.value(Kind(32))))

    def _offset(self, size: int) -> int:
        return self.random.randrange(-SCRATCH_SIZE // 2, SCRATCH_SIZE // 2, size)

    def _snippet_load(self) -> list[int]:
        name = self.random.choice(list(_LOADS))
        return [encode(name, rd=self._destination(), rs1=BASE_POINTER, imm=self._offset(_LOADS[name]))]

    def _snippet_store(self) -> list[int]:
        name = self.random.choice(list(_STORES))
        return [encode(name, rs1=BASE_POINTER, rs2=self._usual(), imm=self._offset(_STORES[name]))]

    def _snippet_branch(self) -> list[int]:
        """A branch over the next snippet."""
        body = self._snippet_custom()
        name = self.random.choice(_BRANCHES)
        return [encode(name, rs1=self._usual(), rs2=self._usual(), imm=4 * (len(body) + 1)), *body]

    def _snippet_csr(self) -> list[int]:
        """Read or write a CSR of the extension."""
        csr = self.random.choice(self.programs.csrs)
        roll = self.random.random()
        if csr.write is None or roll < 0.35:
            return [encode("csrrs", rd=self._destination(), csr=csr.number)]
        if roll < 0.5:
            name = self.random.choice(("csrrwi", "csrrsi", "csrrci"))
            return [encode(name, rd=self._destination(), csr=csr.number, uimm=self.random.randrange(32))]
        register = self.random.choice(USUAL)
        name = self.random.choices(("csrrw", "csrrs", "csrrc"), (6, 1, 1))[0]
        words = self._refresh(register, Kind(16, self.random.random() < 0.5))
        return [*words, encode(name, rd=self._destination(), csr=csr.number, rs1=register)]

    def _snippet_near_csr(self) -> list[int]:
        """Use a CSR's value, or a neighbour of it, as the operand of an instruction."""
        csr = self.random.choice(self.programs.csrs)
        found = self.random.choice(self.programs.instructions)
        operands = self._registers(found) | {
            name: self._number(found.definition.encoding.fields[name]) for name in found.numbers
        }
        names = [name for name in sorted(found.reads - {"rd"}) if operands[name] in DESTINATIONS]
        if not names or self.programs.extension.details[found.definition.mnemonic].requires is not None:
            return []
        register = operands[self.random.choice(names)]
        delta = self.random.choice((-1, 0, 0, 1))
        words = [encode("csrrs", rd=SPARE, csr=csr.number), encode("addi", rd=register, rs1=SPARE, imm=delta)]
        return [*words, found.definition.encoding.encode(**operands)]

    def _snippet_trap(self) -> list[int]:
        roll = self.random.random()
        if roll < 0.5:
            return [self.random.choice(_TRAPPING)]
        name = self.random.choice(list(_LOADS | _STORES))
        register = {"rd": self._destination()} if name in _LOADS else {"rs2": self._usual()}
        if roll < 0.75:  # misaligned, if it is wider than a byte
            return [encode(name, rs1=BASE_POINTER, imm=self._offset(4) | 1, **register)]
        return [encode("lui", rd=SPARE, imm=0x4000_0000), encode(name, rs1=SPARE, imm=self._offset(4), **register)]

    def _snippet_illegal(self) -> list[int]:
        """A word near an instruction of the extension that is none."""
        instructions, base = self.programs.extension.instructions, base_instructions()
        for _ in range(10):
            encoding = self.random.choice(instructions.definitions).encoding
            fixed = [bit for bit in range(7, 32) if encoding.mask >> bit & 1]
            if not fixed:
                continue
            word = encoding.match ^ 1 << self.random.choice(fixed) | self.random.getrandbits(32) & ~encoding.mask
            if instructions.decode(word) is None and base.decode(word) is None:
                return [word]
        return []
