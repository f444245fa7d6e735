"""The case that tells a mutant from its original, or the proof that there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from iss.errors import NeuroHartError
from iss.extension.cases import Case, Result, Runner
from iss.extension.mutation import Mutant
from iss.extension.prove import Limits, Prover, Requires
from iss.extension.vectors import Vectors
from iss.extension.widths import Width
from iss.isa.catalogue import Architecture
from iss.isa.definitions import Definition
from iss.isa.registers import ABI_NAMES
from iss.isa.state import StateField

_QUICK_CASES = 200  # in Python, before the solver is asked
LIMITS = Limits(smt_seconds=5.0, exhaustive_bits=24, random_cases=1_000_000, random_seconds=5.0)


@dataclass(frozen=True)
class Killing:
    """How a mutant can be told from its original: by a case, by none (`equivalent`), or nobody knows."""

    status: Literal["case", "equivalent", "unknown"]
    how: str
    case: Case | None = None
    results: tuple[Result, Result] | None = None  # of the original, of the mutant


def killing(
    mutant: Mutant,
    architecture: Architecture,
    states: Mapping[str, StateField],
    widths: Mapping[str, Width],
    limits: Limits = LIMITS,
    requires: Requires | None = None,
) -> Killing:
    """Look for a case that kills a mutant: at random, then by the means of `ext prove`."""
    runners = [Runner(mutant.original, architecture), Runner(mutant.original, architecture, mutant.definition.meaning)]
    quick = 0 if requires is not None else _QUICK_CASES  # most random operands would not count
    for case in islice(Vectors(mutant.original, states, widths), quick):
        try:
            results = runners[0].run(case), runners[1].run(case)
        except AttributeError:  # the coprocessor's, which is not there
            break
        if results[0].differences(results[1]):
            return Killing("case", "random", case, results)
    prover = Prover(mutant.original, architecture, states, widths, limits, requires=requires)
    try:
        verdict = prover.equal(mutant.definition, str(mutant))
    except NeuroHartError as error:
        return Killing("unknown", str(error))
    if verdict.different:
        return Killing("case", verdict.method, verdict.case, verdict.results)
    if verdict.proved:
        return Killing("equivalent", verdict.text())
    return Killing("unknown", verdict.text())


def as_test(found: Killing, definition: Definition) -> list[str]:
    """Return lines of a test, with `iss.extension.testing.Bench`, that kill the mutant; none if it needs more."""
    case, results = found.case, found.results
    if case is None or results is None or case.memory or case.refused or any(case.fields.values()):
        return []
    right = results[0]
    registers = [f"{ABI_NAMES[number]}={value:#x}" for number, value in sorted(case.x.items()) if number]
    states = []
    for name, held in case.states.items():
        needed = {index for result in results for index in result.states.get(name, {})}
        parts = {index: value for index, value in held.items() if value or index in needed}
        if set(parts) == {0}:
            states.append(f'"{name}": {parts[0]}')
        elif parts:
            last = max(parts)
            states.append(f'"{name}": {[held.get(index, 0) for index in range(last + 1)]}')
    arguments = [f'"{definition.syntax.render(case.operands, case.pc)}"', *registers]
    if states:
        arguments.append(f"state={{{', '.join(states)}}}")
    lines = [f"result = BENCH.run({', '.join(arguments)})"]
    if right.trap != results[1].trap:
        lines.append(f"assert result.trap == {right.trap!r}")
        return lines
    for number in sorted({*right.x, *results[1].x}):
        value = right.x.get(number, case.x.get(number, 0))
        lines.append(f"assert result.{ABI_NAMES[number]} == {value:#x}")
    for name in sorted({*right.states, *results[1].states}):
        for index in sorted({*right.states.get(name, {}), *results[1].states.get(name, {})}):
            value = right.states.get(name, {}).get(index, case.states.get(name, {}).get(index, 0))
            lines.append(
                f"assert result.state.{name}{f'[{index}]' if len(case.states.get(name, {})) > 1 else ''} == {value}"
            )
    return lines if len(lines) > 1 else []
