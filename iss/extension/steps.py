"""What a failing program did before it failed, as a row of steps: instructions with the values they are to read.

`lines_of` makes a program of them again, with an `li` for each value that is not there yet. How registers are named
anew, so that fewer of these are needed, is in `renamed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from iss.extension.anatomy import Anatomy, anatomy
from iss.extension.dut import HANDLER_REGISTERS, Run, TestProgram, constant
from iss.isa.definitions import InstructionSet

_KEPT = frozenset({"store", "trap", "read_csr", "write_csr", "read_state", "write_state", "unit_call"})
_NAMES = (*range(10, 18), 5, 6, 7, 28, *range(18, 28))  # registers in the order in which they are given: a0, ...


@dataclass(frozen=True)
class Step:
    """An instruction and the values that the registers it reads are to have."""

    word: int
    reads: Mapping[int, int]
    writes: frozenset[int]


@dataclass(frozen=True)
class Line:
    """A line of the shrunk program: `li register, value`, or the instruction `word`."""

    word: int | None
    register: int = 0
    value: int = 0


class Reader:
    """Makes steps of what a program did; `custom` are the instructions of the extension among `instructions`."""

    def __init__(self, instructions: InstructionSet, custom: InstructionSet | None) -> None:
        self.instructions, self.custom = instructions, custom

    def steps(self, program: TestProgram, run: Run, row: int) -> list[Step]:
        """Return the steps of what ran in the body up to and with a row."""
        assert run.word is not None and run.traps is not None
        x = dict.fromkeys(range(32), 0)
        steps: list[Step] = []
        traps = [tuple(int(part) for part in trap[:2]) for trap in run.traps]
        position = 0
        last = min(row, len(run.pc) - 1)
        for index in range(last + 2):
            while position < len(traps) and traps[position][0] == index:
                pc = traps[position][1]
                if program.start <= pc < program.end:
                    steps.append(self.step(program.words[(pc - program.start) // 4], x, trapped=True))
                position += 1
            if index > last:
                break
            pc, word = int(run.pc[index]), int(run.word[index])
            if program.start <= pc < program.end and (index == row or self._matters(word)):
                steps.append(self.step(word, x))
            if run.rd[index]:
                x[int(run.rd[index])] = int(run.value[index])
        return steps

    def _matters(self, word: int) -> bool:
        found = self.anatomy(word)
        return found is None or self.is_custom(word) or bool(found.operations & _KEPT)

    def anatomy(self, word: int) -> Anatomy | None:
        """Return what is known of an instruction; None if the word is none."""
        definition = self.instructions.decode(word)
        return None if definition is None else anatomy(definition)

    def is_custom(self, word: int) -> bool:
        """Whether the word is an instruction of the extension."""
        definition = self.instructions.decode(word)
        return definition is not None and self.custom is not None and definition.mnemonic in self.custom.by_mnemonic

    def step(self, word: int, x: Mapping[int, int], trapped: bool = False) -> Step:
        """Return the step of a word that reads registers `x`."""
        found = self.anatomy(word)
        if found is None:
            return Step(word, {}, frozenset(HANDLER_REGISTERS))
        operands = found.definition.encoding.decode(word)
        reads = {operands[name]: x[operands[name]] for name in sorted(found.reads) if operands[name]}
        writes = {operands[name] for name in found.writes if operands[name]}
        return Step(word, reads, frozenset(writes | (set(HANDLER_REGISTERS) if trapped else set())))

    # Other registers ------------------------------------------------------------------------------------------------
    def renamed(self, steps: Sequence[Step], places: Iterable[int]) -> list[Step]:
        """Return the steps, those at `places` with one register for each value, x0 for 0, and one for all results."""
        values = dict.fromkeys(value for step in steps for value in step.reads.values() if value)
        homes = {0: 0, **dict(zip(values, _NAMES, strict=False))}
        if len(homes) <= len(values) or len(homes) > len(_NAMES):
            return list(steps)
        result = _NAMES[len(homes) - 1]
        changed = list(steps)
        for place in places:
            changed[place] = self._renamed(steps[place], homes, result)
        return changed

    def _renamed(self, step: Step, homes: Mapping[int, int], result: int) -> Step:
        found = self.anatomy(step.word)
        if found is None:
            return step
        operands = found.definition.encoding.decode(step.word)
        values: dict[int, int] = {0: 0}
        for name in sorted((found.reads | found.writes) - found.numbers):
            if not operands[name]:
                continue
            if name in found.writes:
                value, operands[name] = step.reads.get(operands[name], 0), result
            else:
                value = step.reads[operands[name]]
                operands[name] = homes[value]
            values[operands[name]] = value
        if not all(operands[name] in values for name in found.reads):
            return step
        trapped = set(HANDLER_REGISTERS) <= step.writes
        return self.step(found.definition.encoding.encode(**operands), values, trapped)


def with_value(steps: Sequence[Step], old: int, new: int) -> list[Step]:
    """Return the steps with a value in place of another one."""
    return [
        replace(step, reads={register: new if value == old else value for register, value in step.reads.items()})
        for step in steps
    ]


def lines_of(steps: Sequence[Step]) -> list[Line]:
    """Return the steps with an `li` for each register that has not the value wanted; all begin with 0."""
    known: dict[int, int | None] = dict.fromkeys(range(32), 0)
    lines = []
    for step in steps:
        for register, value in step.reads.items():
            if known[register] != value:
                lines.append(Line(None, register, value))
                known[register] = value
        lines.append(Line(step.word))
        known |= dict.fromkeys(step.writes)
    return lines


def words_of(line: Line) -> tuple[int, ...]:
    """Return the words of a line."""
    return constant(line.register, line.value) if line.word is None else (line.word,)


def line_at(lines: Sequence[Line], word: int) -> int | None:
    """Return the line that a word of the program belongs to, by its place in the body."""
    for number, line in enumerate(lines):
        word -= len(words_of(line))
        if word < 0:
            return number
    return None
