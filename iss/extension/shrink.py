"""Makes a failing program small: cut at the difference, leave out what is not needed, then simplify the numbers.

What ran before the difference is written in a row, without loops. Each instruction that matters (of the extension, on
CSRs, storing, trapping) becomes a `Step` with the values of the registers it reads, which an `li` gives it; all others
go. Then steps are left out by halves (ddmin, Zeller and Hildebrandt 2002), and operands and data are brought nearer to
0. A smaller program counts only if its difference is of the same class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic

from iss.extension.anatomy import anatomy
from iss.extension.compare import Divergence
from iss.extension.dut import DATA_SIZE, HANDLER_REGISTERS, Run, TestProgram, constant
from iss.extension.lockstep import Failure
from iss.extension.worker import PATIENCE, Worker
from iss.isa.catalogue import Architecture

KEEPS = "this happens only after other programs: the implementation keeps something that a reset does not clear"
MAXIMUM_RUNS = 4000
MAXIMUM_SECONDS = 30.0  # for implementations that are slow
_PATIENCE = 0.03  # seconds of processor time for one run of a small program
_KEPT = frozenset({"store", "trap", "read_csr", "write_csr", "read_state", "write_state", "unit_call"})


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


@dataclass
class Shrunk:
    """The small program, its difference and what it took to find it."""

    failure: Failure
    program: TestProgram
    lines: list[Line]
    divergence: Divergence
    before: int  # instructions that the program had retired up to the difference
    runs: int
    seconds: float
    at: int  # the line where the runs differ; the last one if they do at the end
    steps: list[Step] = field(repr=False, default_factory=list)
    note: str = ""


def shrink(failure: Failure, architecture: Architecture) -> Shrunk:
    """Return a small program that fails in the same way; the failing one itself if nothing smaller does."""
    return _Shrinker(failure, architecture).shrink()


class _Shrinker:
    def __init__(self, failure: Failure, architecture: Architecture) -> None:
        self.failure, self.pair, self.target = failure, failure.pair, failure.divergence
        self.instructions = architecture.instructions
        self.custom = architecture.extensions[-1].instructions
        self.runs, self.start = 0, monotonic()
        self.data = failure.program.data

    def shrink(self) -> Shrunk:
        worker = self.pair.dut if isinstance(self.pair.dut, Worker) else None
        if worker is None:
            return self._attempt()
        worker.patience = _PATIENCE
        try:
            shrunk = self._attempt()
            worker.begin_anew()
            found = self.pair.compare(shrunk.program)[0]
            if found is None or not shrunk.steps or not found.same_class(shrunk.divergence):
                # It keeps something from one program to the next: each run gets a process of its own.
                worker.fresh = True
                self.target, self.data = self.failure.divergence, self.failure.program.data
                shrunk = self._attempt()
                if not shrunk.steps and self.pair.compare(self.failure.program)[0] is None:
                    shrunk.note = KEEPS
            return shrunk
        finally:
            worker.patience, worker.fresh = PATIENCE, False

    def _attempt(self) -> Shrunk:
        run = self.pair.spec.run(self.failure.program, 1_000_000)
        row = self.target.row if self.target.row >= 0 else len(run.pc)
        steps = self._cause(self._steps(run, row))
        if not self._fails(steps):
            return self._unshrunk(row)
        steps = self._cut(steps)
        steps = self._without(steps, self._fails)
        self._simplify_data(steps)
        steps = self._simplify(steps)
        steps = self._without(steps, self._fails)
        return self._result(steps, row)

    # Running --------------------------------------------------------------------------------------------------------
    def _program(self, steps: Sequence[Step]) -> tuple[TestProgram, list[Line]]:
        lines = lines_of(steps)
        words = [word for line in lines for word in words_of(line)]
        origin = self.failure.program
        return TestProgram(
            tuple(words), data=self.data, traps=origin.traps, seed=origin.seed, number=origin.number
        ), lines

    def _divergence(self, steps: Sequence[Step]) -> Divergence | None:
        self.runs += 1
        program, _ = self._program(steps)
        return self.pair.compare(program)[0]

    def _fails(self, steps: Sequence[Step]) -> bool:
        if self.runs > MAXIMUM_RUNS or monotonic() - self.start > MAXIMUM_SECONDS:
            return False
        found = self._divergence(steps)
        return found is not None and found.same_class(self.target)

    # The row of steps -------------------------------------------------------------------------------------------------
    def _steps(self, run: Run, row: int) -> list[Step]:
        """Return the steps of what ran in the body up to and with a row."""
        program = self.failure.program
        assert run.word is not None and run.traps is not None
        x = [0] * 32
        steps: list[Step] = []
        traps = [tuple(int(part) for part in trap[:2]) for trap in run.traps]
        position = 0
        last = min(row, len(run.pc) - 1)
        for index in range(last + 2):
            while position < len(traps) and traps[position][0] == index:
                pc = traps[position][1]
                if program.start <= pc < program.end:
                    steps.append(self._step(program.words[(pc - program.start) // 4], x, trapped=True))
                position += 1
            if index > last:
                break
            pc, word = int(run.pc[index]), int(run.word[index])
            if program.start <= pc < program.end and (index == row or self._matters(word)):
                steps.append(self._step(word, x))
            if run.rd[index]:
                x[int(run.rd[index])] = int(run.value[index])
        return steps

    def _matters(self, word: int) -> bool:
        definition = self.instructions.decode(word)
        if definition is None or (self.custom is not None and definition.mnemonic in self.custom.by_mnemonic):
            return True
        return bool(anatomy(definition).operations & _KEPT)

    def _step(self, word: int, x: Sequence[int], trapped: bool = False) -> Step:
        definition = self.instructions.decode(word)
        if definition is None:
            return Step(word, {}, frozenset(HANDLER_REGISTERS))
        found = anatomy(definition)
        operands = definition.encoding.decode(word)
        reads = {operands[name]: x[operands[name]] for name in sorted(found.reads) if operands[name]}
        writes = {operands[name] for name in found.writes if operands[name]}
        return Step(word, reads, frozenset(writes | (set(HANDLER_REGISTERS) if trapped else set())))

    def _cause(self, steps: list[Step]) -> list[Step]:
        """Cut where the state begins to differ, if it does before what was seen first; that is what is looked for."""
        low, high = 0, len(steps)
        found: Divergence | None = None
        while high - low > 1:
            middle = (low + high) // 2
            divergence = self._divergence(steps[:middle])
            if divergence is None:
                low = middle
            else:
                high, found = middle, divergence
        if found is not None and found.kind in ("state", "csr"):
            self.target = found
            return steps[:high]
        return steps

    # Smaller ----------------------------------------------------------------------------------------------------------
    def _cut(self, steps: list[Step]) -> list[Step]:
        """Cut behind what fails, if that is not known: at the shortest beginning found by halving."""
        low, high = 0, len(steps)  # steps[:high] fails
        while high - low > 1:
            middle = (low + high) // 2
            if self._fails(steps[:middle]):
                high = middle
            else:
                low = middle
        return steps[:high]

    def _without(self, steps: list[Step], fails: Callable[[Sequence[Step]], bool]) -> list[Step]:
        """Leave out steps, the last one excepted, until each that is left is needed."""
        size = len(steps) - 1
        while size >= 1:
            place = max(0, len(steps) - 1 - size)
            while True:  # from behind: what matters mostly is near the end
                fewer = steps[:place] + steps[min(place + size, len(steps) - 1) :]
                if len(fewer) < len(steps) and fails(fewer):
                    steps = fewer
                if place == 0:
                    break
                place = max(0, place - size)
            size = min(size // 2, len(steps) - 1)
        if len(steps) > 1 and fails(steps[:-1]):
            return self._without(steps[:-1], fails)
        return steps

    def _simplify(self, steps: list[Step]) -> list[Step]:
        for place in range(len(steps)):
            for register in steps[place].reads:
                steps = self._nearer(steps, place, register)
            steps = self._smaller_numbers(steps, place)
        return steps

    def _nearer(self, steps: list[Step], place: int, register: int) -> list[Step]:
        """Bring an operand as near to 0 as it may be."""
        for _ in range(40):
            value = steps[place].reads[register]
            for other in _simpler(value):
                step = replace(steps[place], reads={**steps[place].reads, register: other})
                changed = [*steps[:place], step, *steps[place + 1 :]]
                if self._fails(changed):
                    steps = changed
                    break
            else:
                break
        return steps

    def _smaller_numbers(self, steps: list[Step], place: int) -> list[Step]:
        """Make operands that are no registers 0."""
        definition = self.instructions.decode(steps[place].word)
        if definition is None or self.custom is None or definition.mnemonic not in self.custom.by_mnemonic:
            return steps
        operands = definition.encoding.decode(steps[place].word)
        for name in sorted(anatomy(definition).numbers):
            if operands[name]:
                word = definition.encoding.encode(**operands | {name: 0})
                changed = [*steps[:place], replace(steps[place], word=word), *steps[place + 1 :]]
                if self._fails(changed):
                    steps, operands = changed, operands | {name: 0}
        return steps

    def _simplify_data(self, steps: list[Step]) -> None:
        """Make as many words of the data area 0 as may be."""
        kept, self.data = self.data, bytes(DATA_SIZE)
        if self._fails(steps):
            return
        self.data = kept
        size = DATA_SIZE // 2
        while size >= 4:
            for place in range(0, DATA_SIZE, size):
                if any(self.data[place : place + size]):
                    kept = self.data
                    self.data = kept[:place] + bytes(size) + kept[place + size :]
                    if not self._fails(steps):
                        self.data = kept
            size //= 2

    # What is told -----------------------------------------------------------------------------------------------------
    def _result(self, steps: list[Step], row: int) -> Shrunk:
        program, lines = self._program(steps)
        divergence, ours = self.pair.compare(program)
        if divergence is None:  # as if by chance
            return self._unshrunk(row)
        at = len(lines) - 1
        run = ours.run()
        if 0 <= divergence.row < len(run.pc):
            found = _line_at(lines, (int(run.pc[divergence.row]) - program.start) // 4)
            if divergence.kind != "trap":
                at = at if found is None else found
        return Shrunk(
            self.failure, program, lines, divergence, row - len(self.failure.program.preamble) + 1, self.runs,
            monotonic() - self.start, at, steps,
        )  # fmt: skip

    def _unshrunk(self, row: int) -> Shrunk:
        program = self.failure.program
        lines = [Line(word) for word in program.words]
        return Shrunk(
            self.failure, program, lines, self.target, row - len(program.preamble) + 1, self.runs,
            monotonic() - self.start, len(lines) - 1,
        )  # fmt: skip


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


def _line_at(lines: Sequence[Line], word: int) -> int | None:
    for number, line in enumerate(lines):
        word -= len(words_of(line))
        if word < 0:
            return number
    return None


def _simpler(value: int) -> list[int]:
    """Return numbers simpler than a 32-bit one, the simplest first."""
    number = value - (1 << 32) if value >> 31 else value
    half = int(number / 2)
    candidates = [0, 1, -1, 2, number & 0xFF, number & 0xFFFF, half]
    candidates += [number & ~(1 << bit) for bit in range(31, -1, -1) if number >> bit & 1 and number > 0]
    return [other & 0xFFFF_FFFF for other in dict.fromkeys(candidates) if abs(other) < abs(number)]
