"""Makes a failing program small: cut at the difference, leave out what is not needed, then simplify the numbers.

What ran before the difference is written in a row, without loops. Each instruction that matters (of the extension, on
CSRs, storing, trapping) becomes a step (`iss.extension.steps`) with the values of the registers it reads, which an `li`
gives it; all others go. Then steps are left out by halves (ddmin, Zeller and Hildebrandt 2002), operands and data are
brought nearer to 0, values are made equal and registers are named anew, so that fewer `li` are needed. A smaller
program counts only if its difference is of the same class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import monotonic

from iss.extension.compare import Divergence
from iss.extension.dut import DATA_SIZE, TestProgram
from iss.extension.lockstep import Failure
from iss.extension.steps import Line, Reader, Step, line_at, lines_of, with_value, words_of
from iss.extension.worker import PATIENCE, Worker
from iss.isa.catalogue import Architecture

KEEPS = "this happens only after other programs: the implementation keeps something that a reset does not clear"
MAXIMUM_RUNS = 4000
MAXIMUM_SECONDS = 30.0  # for implementations that are slow
_PATIENCE = 0.03  # seconds of processor time for one run of a small program


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
        self.reader = Reader(architecture.instructions, architecture.extensions[-1].instructions)
        self.runs, self.start = 0, monotonic()
        self.data = failure.program.data
        self.known: dict[tuple[tuple[Line, ...], bytes], Divergence | None] = {}  # what has been run

    def shrink(self) -> Shrunk:
        worker = self.pair.dut if isinstance(self.pair.dut, Worker) else None
        if worker is None:
            return self._attempt()
        worker.patience = _PATIENCE
        try:
            shrunk = self._attempt(worker)
            if not shrunk.steps or not self._repeats(shrunk.steps, worker):
                # It keeps something from one program to the next: each run gets a process of its own.
                worker.begin_anew()
                worker.fresh = True
                self.known.clear()
                self.target, self.data = self.failure.divergence, self.failure.program.data
                shrunk = self._attempt()
                if not shrunk.steps and self.pair.compare(self.failure.program)[0] is None:
                    shrunk.note = KEEPS
            return shrunk
        finally:
            worker.patience, worker.fresh = PATIENCE, False

    def _attempt(self, worker: Worker | None = None) -> Shrunk:
        """Return what is left; with a worker, stop as soon as it is seen to keep something from program to program."""
        run = self.pair.spec.run(self.failure.program, 1_000_000)
        row = self.target.row if self.target.row >= 0 else len(run.pc)
        steps = self._cause(self.reader.steps(self.failure.program, run, row))
        if not self._fails(steps):
            return self._unshrunk(row)
        steps = self._cut(steps)
        if worker is not None and not self._repeats(steps, worker):
            return self._unshrunk(row)
        steps = self._without(steps)
        if worker is not None and not self._repeats(steps, worker):
            return self._unshrunk(row)
        self._simplify_data(steps)
        steps = self._simplify(steps)
        steps = self._without(steps)
        steps = self._without(self._fewer_values(self._renamed(steps)))
        return self._result(steps, row)

    def _repeats(self, steps: Sequence[Step], worker: Worker) -> bool:
        """Whether steps fail in a process that has run nothing, and again in the same process."""
        worker.begin_anew()
        return self._same(self._divergence(steps)) and self._same(self._divergence(steps))

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

    def _same(self, found: Divergence | None) -> bool:
        return found is not None and found.same_class(self.target)

    def _fails(self, steps: Sequence[Step]) -> bool:
        if self.runs > MAXIMUM_RUNS or monotonic() - self.start > MAXIMUM_SECONDS:
            return False
        key = tuple(lines_of(steps)), self.data
        if key not in self.known:
            self.known[key] = self._divergence(steps)
        return self._same(self.known[key])

    # Smaller ----------------------------------------------------------------------------------------------------------
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

    def _without(self, steps: list[Step]) -> list[Step]:
        """Leave out steps, the last one excepted, until each that is left is needed."""
        size = len(steps) - 1
        while size >= 1:
            place = max(0, len(steps) - 1 - size)
            while True:  # from behind: what matters mostly is near the end
                fewer = steps[:place] + steps[min(place + size, len(steps) - 1) :]
                if len(fewer) < len(steps) and self._fails(fewer):
                    steps = fewer
                if place == 0:
                    break
                place = max(0, place - size)
            size = min(size // 2, len(steps) - 1)
        if len(steps) > 1 and self._fails(steps[:-1]):
            return self._without(steps[:-1])
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
        found = self.reader.anatomy(steps[place].word)
        if found is None or not self.reader.is_custom(steps[place].word):
            return steps
        encoding = found.definition.encoding
        operands = encoding.decode(steps[place].word)
        for name in sorted(found.numbers):
            if operands[name]:
                word = encoding.encode(**operands | {name: 0})
                changed = [*steps[:place], replace(steps[place], word=word), *steps[place + 1 :]]
                if self._fails(changed):
                    steps, operands = changed, operands | {name: 0}
        return steps

    def _renamed(self, steps: list[Step]) -> list[Step]:
        """Take one register for each value: everywhere, or in the steps where the registers do not matter."""
        for places in (range(len(steps)), *([place] for place in range(len(steps)))):
            changed = self.reader.renamed(steps, places)
            if changed != steps and len(lines_of(changed)) <= len(lines_of(steps)) and self._fails(changed):
                steps = changed
                if len(places) == len(steps):
                    break
        return steps

    def _fewer_values(self, steps: list[Step]) -> list[Step]:
        """Make values equal that need not be different, as long as this saves an `li`."""
        for old in _values(steps):
            for new in (0, *_values(steps)):
                changed = with_value(steps, old, new)
                for fewer in (self.reader.renamed(changed, range(len(changed))), changed):
                    if len(lines_of(fewer)) < len(lines_of(steps)) and self._fails(fewer):
                        steps = fewer
                        break
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
            found = line_at(lines, (int(run.pc[divergence.row]) - program.start) // 4)
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


def _values(steps: Sequence[Step]) -> list[int]:
    """Return the values that are read, each once."""
    return list(dict.fromkeys(value for step in steps for value in step.reads.values()))


def _simpler(value: int) -> list[int]:
    """Return numbers simpler than a 32-bit one, the simplest first."""
    number = value - (1 << 32) if value >> 31 else value
    half = int(number / 2)
    candidates = [0, 1, -1, 2, number & 0xFF, number & 0xFFFF, half]
    candidates += [number & ~(1 << bit) for bit in range(31, -1, -1) if number >> bit & 1 and number > 0]
    return [other & 0xFFFF_FFFF for other in dict.fromkeys(candidates) if abs(other) < abs(number)]
