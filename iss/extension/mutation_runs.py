"""The mutation score of a user's tests, and what can be said of the mutants that survive them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Literal

from iss.errors import NeuroHartError
from iss.extension.extension import Extension
from iss.extension.killing import Killing, killing
from iss.extension.load import architecture_with
from iss.extension.mutation import Mutant, mutants
from iss.extension.pytest_forks import PASSED, run_tests

Status = Literal["killed", "survived", "equivalent", "unknown"]


@dataclass(frozen=True)
class Fate:
    """What became of a mutant; of one that survived, how it can be killed."""

    extension: str
    mutant: Mutant
    status: Status
    how: str = ""
    killing: Killing | None = None


@dataclass
class Score:
    """All fates; `untried` mutants were left when the time was over."""

    fates: list[Fate] = field(default_factory=list)
    untried: int = 0
    seconds: float = 0.0

    def count(self, status: Status) -> int:
        return sum(fate.status == status for fate in self.fates)

    @property
    def percent(self) -> float:
        """Mutants killed, of those that are not proved equivalent."""
        alive = len(self.fates) - self.count("equivalent")
        return 100 * self.count("killed") / alive if alive else 100.0


def find_tests(file: Path) -> list[Path]:
    """Return the tests of an extension file: test_NAME.py beside it or in tests/; NeuroHartError if there are none."""
    name = f"test_{file.stem}.py"
    found = [path for path in (file.with_name(name), file.parent / "tests" / name) if path.is_file()]
    if not found:
        raise NeuroHartError(f"{file}: no tests: expected {file.with_name(name)}; name them with --tests PATH")
    return found


def score(
    extensions: Sequence[Extension],
    tests: Sequence[Path],
    *,
    jobs: int = 1,
    seconds: float = float("inf"),
    only: str | None = None,
    progress: Callable[[int, int, int], None] | None = None,
) -> Score:
    """Run the tests on every mutant; `progress` is told how many of how many are done, and how many survived.

    Raises NeuroHartError if there are no tests or they fail without a mutant.
    """
    start = monotonic()
    waiting = [
        (extension, mutant)
        for extension in extensions
        for definition in extension.instructions
        if only in (None, definition.mnemonic)
        for mutant in mutants(definition)
    ]
    names = [f"{extension.name}:{mutant.name}" for extension, mutant in waiting]
    result = Score()
    survivors: list[tuple[Extension, Mutant]] = []
    for done, (index, ended) in enumerate(run_tests(tests, names, jobs, start + seconds), 1):
        extension, mutant = waiting[index]
        if ended is None:
            result.untried += 1
        elif ended == PASSED:
            survivors.append((extension, mutant))
        else:
            how = "by a test" if ended == 1 else "tests took too long" if ended < 0 else "tests could not be run"
            result.fates.append(Fate(extension.name, mutant, "killed", how))
        if progress is not None:
            progress(done, len(waiting), len(survivors))
    for extension, mutant in survivors:
        result.fates.append(_investigated(extension, mutant))
    order = {id(mutant): place for place, (_, mutant) in enumerate(waiting)}
    result.fates.sort(key=lambda fate: order[id(fate.mutant)])
    result.seconds = monotonic() - start
    return result


def _investigated(extension: Extension, mutant: Mutant) -> Fate:
    """Say of a survivor whether tests could have told it from the original."""
    details = extension.details[mutant.original.mnemonic]
    architecture = architecture_with([extension])
    found = killing(mutant, architecture, extension.states, details.operands, requires=details.requires)
    status: Status = "survived" if found.status == "case" else found.status
    return Fate(extension.name, mutant, status, found.how, found)
