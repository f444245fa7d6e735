"""Whether two implementations of an instruction are equal, and how sure that is.

First z3 is asked; what it cannot decide in its time is run in C, on all machines if the operands leave at most 2^32 of
them, else on random and corner ones: then nothing is proved, and the verdict says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

from iss.extension.cases import Case, OperandView, Result, RetiredView, Runner
from iss.extension.functions import CFunction
from iss.extension.harness import NOT_IN_C, Harness
from iss.extension.smt import is_hard, require_z3
from iss.extension.solver import Answer, ask
from iss.extension.stepwise import equal_stepwise
from iss.extension.symbolic import Execution, World, difference, traps
from iss.extension.trees import most_state_bits, narrowed, operations, sources
from iss.extension.vectors import Vectors
from iss.extension.widths import Width
from iss.isa.catalogue import Architecture
from iss.isa.definitions import Definition
from iss.isa.errors import DefinitionError
from iss.isa.state import StateField
from iss.isa.tracing import AbstractHart, AbstractInstruction, Block, Trace, trace_function

_BROKEN = 62  # a cause that no trap has: a condition does not hold
EARLY_CASES = 1_000_000  # random ones before all are tried, because a difference is mostly found at once
STEPWISE_SECONDS = 10.0  # at most, of the time of z3
PYTHON_CASES_PER_SECOND = 20_000
Requires = Callable[[Any], Any]
Progress = Callable[[str, int, int], None]  # what is done, how many of how many cases


@dataclass(frozen=True)
class Limits:
    """How long to try: seconds for the solver, bits of a case of which all are run, random cases and their seconds."""

    smt_seconds: float = 20.0
    exhaustive_bits: int = 32
    random_cases: int = 100_000_000
    random_seconds: float = 60.0
    seed: int = 1


@dataclass(frozen=True)
class Oracle:
    """A Python function that cannot be traced; it only computes."""

    label: str
    meaning: Callable[[Any, Any], Any]
    reason: str


Side = Definition | CFunction | Oracle


@dataclass(frozen=True)
class Verdict:
    """How sure it is that an instruction has an implementation or a property."""

    subject: str
    claim: str
    grade: str  # proved, tested, different, untried
    method: str = ""
    seconds: float = 0.0
    cases: int = 0
    notes: tuple[str, ...] = ()
    case: Case | None = None
    results: tuple[Result, Result] | None = None
    definition: Definition | None = field(default=None, repr=False, compare=False)

    @property
    def proved(self) -> bool:
        return self.grade == "proved"

    @property
    def different(self) -> bool:
        return self.grade == "different"

    def text(self) -> str:
        """Return the grade as people read it."""
        if self.grade == "proved":
            cases = f"{power_text(self.cases)} cases, " if self.method == "exhaustive" else ""
            return f"proved ({self.method}, {cases}{self.seconds:.2f} s)"
        if self.grade == "untried":
            return "not tried"
        if self.grade == "tested":
            return f"tested {power_text(self.cases)}, not proved ({self.seconds:.1f} s)"
        return f"different ({self.method}, {self.seconds:.2f} s)"

    def plain(self) -> dict[str, Any]:
        """Return it for JSON."""
        content: dict[str, Any] = {
            "subject": self.subject,
            "claim": self.claim,
            "grade": self.grade,
            "method": self.method,
            "seconds": round(self.seconds, 3),
            "cases": self.cases,
            "notes": list(self.notes),
        }
        if self.case is not None:
            content["case"] = self.case.plain()
        if self.results is not None:
            content["differences"] = [list(row) for row in self.results[0].differences(self.results[1])]
        return content


def power_text(count: int) -> str:
    """Return a count as 2^32, 10^8 or 1,234."""
    if count >= 1024 and count & (count - 1) == 0:
        return f"2^{count.bit_length() - 1}"
    digits = str(count)
    if count >= 1000 and digits.strip("0") == "1":
        return f"10^{len(digits) - 1}"
    return f"{count:,}"


class Prover:
    """Compares implementations of one instruction; `widths` are what it declares of its operands."""

    def __init__(
        self,
        definition: Definition,
        architecture: Architecture,
        states: Mapping[str, StateField],
        widths: Mapping[str, Width],
        limits: Limits | None = None,
        progress: Progress | None = None,
        requires: Requires | None = None,
    ) -> None:
        """`requires` tells of a case (an OperandView) whether the instruction is for it; other cases don't count."""
        self.definition, self.architecture = definition, architecture
        self.states, self.widths, self.requires = states, widths, requires
        self.limits, self._progress = limits or Limits(), progress

    # Claims ---------------------------------------------------------------------------------------------------------
    def equal(self, other: Side, claim: str) -> Verdict:
        """Compare the definition with another implementation."""
        start = monotonic()
        notes: list[str] = []
        if isinstance(other, Definition):
            require_z3()
            answer = self.ask(self.definition, other, self.limits.smt_seconds)
            if answer.status == "unsat":
                return self._verdict(claim, "proved", "SMT", start)
            if answer.case is not None:
                found = self._confirmed(answer.case, other)
                if found is not None:
                    return self._verdict(claim, "different", "SMT", start, case=answer.case, results=found)
                notes.append(
                    "z3's counterexample depends on what a CSR or the coprocessor answers; no such machine is known"
                )
            else:
                notes.append(f"z3: {answer.reason}")
        elif isinstance(other, Oracle):
            notes.append(f"not traceable: {other.reason}")
        if isinstance(other, CFunction) and self._not_in_c(other):
            notes.append("CSRs, the coprocessor and time are not there for a C function; see neurohart ext test")
            return self._verdict(claim, "untried", "", start, notes=tuple(notes))
        if isinstance(other, Oracle) or self._not_in_c(other):
            return self._in_python(other, claim, start, notes)
        return self._in_c(other, claim, start, notes)

    def width_of(self, name: str) -> Verdict:
        """Check that the bits outside an operand's declared width have no influence."""
        width = self.widths[name]
        claim = f"bits of {name} outside {width} have no influence"
        return self.equal(narrowed(self.definition, {name: width}), claim)

    def holds(self, name: str, condition: Requires) -> Verdict:
        """Check that a condition on operands, result and state holds of every case that retires."""
        meaning, widths, tree = self.definition.meaning, self.widths, self.definition.trace()
        registers = [name for name in sources(tree) if name != "rd"]
        touched = {node.static.name for node in tree.walk() if node.operation in ("read_state", "write_state")}
        states = sorted(name for name in touched if self.states[name].count == 1)
        writes = "rd" in self.definition.encoding.fields

        def checked(hart: Any, insn: Any) -> None:
            view = RetiredView(hart, insn, registers, widths, states, writes)
            meaning(hart, insn)
            view.retire()
            if not condition(view):
                hart.trap(_BROKEN, 0)

        fields = tuple(self.definition.encoding.fields)
        return self.equal(replace(self.definition, meaning=checked, unused=fields), name)

    def never_traps(self, name: str) -> Verdict:
        """Check that no machine makes the instruction trap; z3 decides it or nobody does."""
        start = monotonic()
        require_z3()
        tree = self._assumed(self.definition).trace()

        def build() -> tuple[Any, World, Any]:
            world = World()
            execution = Execution(tree, self.definition.encoding, world)
            return traps(execution), world, self.definition.encoding

        answer = ask(build, self.limits.smt_seconds)
        if answer.case is not None:
            result = Runner(self._assumed(self.definition), self.architecture).run(answer.case)
            if result.trap is not None:
                retired = replace(result, trap=None, next_pc=None)
                return self._verdict(name, "different", "SMT", start, case=answer.case, results=(result, retired))
        if answer.status == "unsat":
            return self._verdict(name, "proved", "SMT", start)
        return self._verdict(name, "tested", "random", start, notes=(f"z3: {answer.reason or 'no such machine'}",))

    def ask(self, first: Definition, second: Definition, seconds: float) -> Answer:
        """Ask z3 for a machine on which two definitions differ.

        Definitions that are alike are compared step by step. Where both multiply or divide unknowns, they are first
        compared with unknown functions for that: often what differs is elsewhere.
        """
        start = monotonic()
        trees = [self._assumed(side).trace() for side in (first, second)]
        if equal_stepwise(trees[0], trees[1], min(seconds / 2, STEPWISE_SECONDS)):
            return Answer("unsat", monotonic() - start)

        def build(abstract: bool) -> tuple[Any, World, Any]:
            world = World()
            executions = [Execution(tree, first.encoding, world, abstract) for tree in trees]
            return difference(*executions), world, first.encoding

        if all(any(is_hard(node) for node in tree.walk()) for tree in trees):
            answer = ask(lambda: build(True), seconds / 2)
            if answer.status == "unsat":
                return answer
        return ask(lambda: build(False), seconds)

    def _assumed(self, side: Definition) -> Definition:
        """Return the instruction that does nothing where it is not for the operands."""
        requires, widths, meaning = self.requires, self.widths, side.meaning
        if requires is None:
            return side

        def assumed(hart: Any, insn: Any) -> None:
            if requires(OperandView(hart, insn, widths)):
                meaning(hart, insn)

        return replace(side, meaning=assumed, unused=tuple(side.encoding.fields))

    def _condition(self) -> Block | None:
        """Return the trace of `requires`, whose result says whether a case counts."""
        requires, widths, definition = self.requires, self.widths, self.definition
        if requires is None:
            return None

        def run(trace: Trace) -> Any:
            hart = AbstractHart(trace, definition.unit, definition.states)
            return requires(OperandView(hart, AbstractInstruction(trace, definition.encoding, set()), widths))

        return trace_function(run, definition.location)

    # How ------------------------------------------------------------------------------------------------------------
    def _verdict(self, claim: str, grade: str, method: str, start: float, **more: Any) -> Verdict:
        return Verdict(
            self.definition.mnemonic, claim, grade, method, monotonic() - start, definition=self.definition, **more
        )

    def _confirmed(self, case: Case, other: Definition) -> tuple[Result, Result] | None:
        """Return both results if they really differ."""
        try:
            results = (
                Runner(self._assumed(self.definition), self.architecture).run(case),
                Runner(self._assumed(other), self.architecture).run(case),
            )
        except AttributeError:  # the coprocessor's: no machine is here that has one
            return None
        return results if results[0].differences(results[1]) else None

    def _not_in_c(self, other: Side) -> bool:
        sides = [side for side in (self.definition, other) if isinstance(side, Definition)]
        return any(NOT_IN_C & operations(side.trace()) for side in sides)

    def _in_c(self, other: Definition | CFunction, claim: str, start: float, notes: list[str]) -> Verdict:
        """Run both in C: all cases if there are few enough of them, else many."""
        limits = self.limits
        with self._harness(self.definition, other) as harness:
            early = harness.random_cases(min(EARLY_CASES, limits.random_cases), limits.seed, limits.random_seconds)
            if early.case is not None:
                return self._found(claim, "random", start, early, notes)
        all_of_them = self._exhaustive(other, claim, start, notes)
        if all_of_them is not None:
            return all_of_them
        with self._harness(self.definition, other) as harness:
            begun = monotonic()
            run = harness.random_cases(
                limits.random_cases,
                limits.seed + 1,
                limits.random_seconds,
                lambda done, total: self._report("random cases", done, total),
            )
        if run.case is not None:
            return self._found(claim, "random", begun, run, notes)
        return self._verdict(claim, "tested", "random", start, cases=run.cases, notes=tuple(notes))

    def _harness(self, first: Definition, second: Definition | CFunction) -> Harness:
        return Harness(first, (first, second), self.widths, self.states, self._condition())

    def _found(self, claim: str, method: str, start: float, run: Any, notes: list[str]) -> Verdict:
        return self._verdict(
            claim, "different", method, start, cases=run.cases, case=run.case, results=run.results, notes=tuple(notes)
        )

    def _exhaustive(self, other: Definition | CFunction, claim: str, start: float, notes: list[str]) -> Verdict | None:
        """Run all cases, if they are not too many and say everything."""
        trees = [side.trace() for side in (self.definition, other) if isinstance(side, Definition)]
        if isinstance(other, CFunction) and (other.has_state or other.has_hart):
            what = "all of the state" if other.has_state else "all registers and memory"
            notes.append(f"the C function may look at {what}, which is too much to try")
            return None
        if any({"load", "store"} & operations(tree) for tree in trees):
            notes.append("memory has too many contents to try all")
            return None
        narrow = {name: width for name, width in self.widths.items() if width.bits < 32}
        sides: list[Definition | CFunction] = [self.definition, other]
        if narrow:
            whole = all(self._is_narrow(side, narrow) for side in sides)
            sides = [narrowed(side, narrow) if isinstance(side, Definition) else side for side in sides]
            if not whole:
                notes.append("for register values within their declared widths")
        first = sides[0]
        assert isinstance(first, Definition)
        with self._harness(first, sides[1]) as harness:
            bits = harness.operand_bits() + max(most_state_bits(tree) for tree in trees)
            if bits > self.limits.exhaustive_bits:
                notes.append(f"2^{bits} cases are too many to try all")
                return None
            run = harness.all_cases(bits, lambda done, total: self._report("all cases", done, total))
            if run.most_bits > bits:
                if run.most_bits > self.limits.exhaustive_bits:
                    notes.append(f"2^{run.most_bits} cases are too many to try all")
                    return None
                run = harness.all_cases(run.most_bits, lambda done, total: self._report("all cases", done, total))
        if run.case is not None:
            return self._found(claim, "exhaustive", start, run, notes)
        return self._verdict(claim, "proved", "exhaustive", start, cases=run.cases, notes=tuple(notes))

    def _is_narrow(self, side: Definition | CFunction, widths: Mapping[str, Width]) -> bool:
        """Tell whether z3 proves that a side does not look beyond the declared widths."""
        if not isinstance(side, Definition):
            return False
        return self.ask(side, narrowed(side, widths), self.limits.smt_seconds / 2).status == "unsat"

    def _in_python(self, other: Side, claim: str, start: float, notes: list[str]) -> Verdict:
        """Run the meanings themselves on random cases."""
        assert not isinstance(other, CFunction)
        if "unit_call" in operations(self.definition.trace()):
            notes.append("the coprocessor is not run")
            return self._verdict(claim, "tested", "random", start, notes=tuple(notes))
        second = replace(self.definition, meaning=other.meaning)
        runners = [
            Runner(self.definition, self.architecture, self._assumed(side).meaning)
            for side in (self.definition, second)
        ]
        limits = self.limits
        count = min(limits.random_cases, int(PYTHON_CASES_PER_SECOND * limits.random_seconds))
        vectors = Vectors(self.definition, self.states, self.widths, limits.seed)
        deadline = monotonic() + limits.random_seconds
        done = 0
        while done < count and (done % 256 or monotonic() < deadline):
            case = vectors.draw()
            results = runners[0].run(case), runners[1].run(case)
            done += 1
            if results[0].differences(results[1]):
                return self._verdict(
                    claim, "different", "random", start, cases=done, case=case, results=results, notes=tuple(notes)
                )
            if done % 4096 == 0:
                self._report("random cases", done, count)
        return self._verdict(claim, "tested", "random", start, cases=done, notes=tuple(notes))

    def _report(self, what: str, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(f"{self.definition.mnemonic}: {what}", done, total)


def traceable(definition: Definition, meaning: Callable[[Any, Any], Any], label: str) -> Definition | Oracle:
    """Return another meaning of an instruction as a definition if it can be traced, else as an oracle."""
    other = replace(definition, meaning=meaning, unused=tuple(definition.encoding.fields))
    try:
        other.trace()
    except DefinitionError as error:
        return Oracle(label, meaning, str(error))
    return other
