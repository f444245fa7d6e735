"""Many runs of the same tests, each in a process forked from a pytest that is ready to collect them.

Plugins, configuration and what tests import are loaded once, so a run costs little more than the tests themselves. A
conftest.py that loads extensions itself would keep them unchanged: then every run is a pytest of its own.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

from iss.errors import NeuroHartError
from iss.extension.load import MODULE_PREFIX, MUTANT_VARIABLE

PASSED = 0  # exit codes of pytest
_NO_TESTS = 5
_LOADED_TOO_EARLY = 77
_SLOWEST = 10.0  # a mutant may take so many times the time of the tests without one
_LEAST_SECONDS = 5.0
_BASELINE_SECONDS = 600.0


def run_tests(
    tests: Sequence[Path], mutants: Sequence[str], jobs: int, deadline: float
) -> Iterator[tuple[int, int | None]]:
    """Yield (index of the mutant, pytest's exit code) as they end; negative: ended by a signal, None: no time left.

    Raises NeuroHartError if the tests do not pass without a mutant.
    """
    _import_what_tests_need()
    read, write = os.pipe()
    with tempfile.TemporaryFile() as said:
        server = os.fork()
        if server == 0:
            code = 3
            try:
                os.close(read)
                for stream in (1, 2):
                    os.dup2(said.fileno(), stream)
                code = _serve(tests, mutants, jobs, deadline, write)
            finally:
                os._exit(code)
        os.close(write)
        try:
            with os.fdopen(read) as answers:
                for line in answers:
                    index, code_text = line.split()
                    if index != "baseline":
                        yield int(index), None if code_text == "None" else int(code_text)
                        continue
                    if int(code_text) != PASSED:
                        said.seek(0)
                        raise _refusal(tests, int(code_text), said.read().decode(errors="replace"))
        finally:
            os.kill(server, signal.SIGTERM)
            os.waitpid(server, 0)


def _refusal(tests: Sequence[Path], code: int, said: str) -> NeuroHartError:
    names = ", ".join(map(str, tests))
    if code == _NO_TESTS:
        return NeuroHartError(f"{names}: no tests are there")
    return NeuroHartError(f"{names}: the tests fail without any mutant; mend them first:\n{said[-3000:]}")


def _import_what_tests_need() -> None:
    try:
        import pytest  # noqa: F401
    except ModuleNotFoundError:
        raise NeuroHartError("the tests need pytest, which is not installed; run: pip install pytest") from None
    import iss.extension.mutation
    import iss.extension.testing
    import iss.machine  # noqa: F401


def _pytest(tests: Sequence[Path], plugins: Sequence[object] = ()) -> int:
    import pytest

    options = ["-x", "-q", "--no-header", "--assert=plain", "--capture=no", "-p", "no:cacheprovider", "-p", "no:xdist"]
    return int(pytest.main([*options, *map(str, tests)], plugins=list(plugins)))


def _serve(tests: Sequence[Path], mutants: Sequence[str], jobs: int, deadline: float, answers: int) -> int:
    """Be the process that the runs are forked from; return pytest's exit code in each of these."""
    import pytest

    loaded = {name for name in sys.modules if name.startswith(MODULE_PREFIX)}
    runs = _Runs(mutants, jobs, deadline, answers)

    class ReadyToCollect:
        @pytest.hookimpl(tryfirst=True)
        def pytest_collection(self, session: Any) -> None:
            if any(name.startswith(MODULE_PREFIX) and name not in loaded for name in sys.modules):
                os._exit(_LOADED_TOO_EARLY)
            runs.fork_all()  # returns in the forked processes only

    ready = os.fork()
    if ready == 0:
        code = _pytest(tests, [ReadyToCollect()])
        if not runs.forked:  # it never came to collecting
            os.write(answers, f"baseline {code}\n".encode())
        return code

    def end(*_: object) -> None:
        os.kill(ready, signal.SIGTERM)
        os._exit(1)

    signal.signal(signal.SIGTERM, end)
    if os.waitstatus_to_exitcode(os.waitpid(ready, 0)[1]) == _LOADED_TOO_EARLY:
        runs.fork_all()
        return _pytest(tests)
    return 0


class _Runs:
    """Forks the current process for each mutant and reports how the runs end."""

    def __init__(self, mutants: Sequence[str], jobs: int, deadline: float, answers: int) -> None:
        self._mutants, self._jobs, self._deadline, self._answers = mutants, max(1, jobs), deadline, answers
        self.forked = False  # in a run

    def fork_all(self) -> None:
        """Do all runs, the one without a mutant first, and end the process; return only in a run."""
        running: dict[int, _Child] = {}
        signal.signal(signal.SIGTERM, lambda *_: _end(running.values()))
        start = monotonic()
        baseline = self._fork(None)
        if baseline is None:
            return
        code = _waited(baseline, _BASELINE_SECONDS)
        self._report("baseline", code)
        if code != PASSED:
            os._exit(0)
        limit = max(_LEAST_SECONDS, _SLOWEST * (monotonic() - start))
        queue = list(range(len(self._mutants)))
        while queue or running:
            while queue and len(running) < self._jobs:
                index = queue.pop(0)
                if monotonic() > self._deadline:
                    self._report(str(index), None)
                    continue
                child = self._fork(self._mutants[index])
                if child is None:
                    return
                running[index] = child
            select.select([child.ended for child in running.values()], [], [], 0.5)
            for index, child in list(running.items()):
                ended = child.poll(limit)
                if ended is not None:
                    del running[index]
                    self._report(str(index), ended)
        os._exit(0)

    def _fork(self, mutant: str | None) -> _Child | None:
        """Return the child; in the child itself, ready to run the tests, None."""
        read, write = os.pipe()
        pid = os.fork()
        if pid:
            os.close(write)
            return _Child(pid, read)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        os.close(read)
        os.close(self._answers)
        os.environ.pop(MUTANT_VARIABLE, None)
        if mutant is not None:
            os.environ[MUTANT_VARIABLE] = mutant
        self.forked = True
        return None

    def _report(self, name: str, code: int | None) -> None:
        os.write(self._answers, f"{name} {code}\n".encode())


def _end(running: Iterable[_Child]) -> None:
    """Leave nothing running behind."""
    for child in running:
        child.kill()
    os._exit(1)


class _Child:
    """A run, whose end can be waited for at `ended`."""

    def __init__(self, pid: int, ended: int) -> None:
        self._pid, self.ended, self._start = pid, ended, monotonic()

    def kill(self) -> None:
        """End the run and what it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)

    def poll(self, limit: float) -> int | None:
        """Return the exit code, None while it runs; a run beyond the limit is ended."""
        late = monotonic() - self._start > limit
        if late:
            self.kill()
        pid, status = os.waitpid(self._pid, 0 if late else os.WNOHANG)
        if pid == 0:
            return None
        os.close(self.ended)
        return os.waitstatus_to_exitcode(status)


def _waited(child: _Child, limit: float) -> int:
    while True:
        select.select([child.ended], [], [], limit)
        code = child.poll(limit)
        if code is not None:
            return code
