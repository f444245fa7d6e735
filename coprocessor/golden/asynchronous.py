"""Asynchronous runs: performed at once, reported when BUSY ends (specification 7.9)."""

from __future__ import annotations

from coprocessor.golden.engine import Issue
from coprocessor.golden.memory import Fault, Memory
from coprocessor.golden.numbers import u32
from coprocessor.golden.operations import Job, execute
from coprocessor.golden.state import AsynchronousRun, State


def start(state: State, memory: Memory, job: Job, begin: int) -> None:
    """Perform the run; BUSY until mcycle >= `begin` + its cyc. A run-time error sets nm_err and nm_eaddr at once."""
    issue = Issue(state, memory, 0)
    run = AsynchronousRun(outstanding=True, busy=True)
    try:
        execute(issue, job)
        run.result = issue.progress.partial
    except Fault as fault:
        run.error, run.code, run.result = True, fault.code, u32(-fault.code)
        state.csr["err"], state.csr["eaddr"] = fault.code, fault.address
    run.steps = issue.progress.steps
    run.end = begin + issue.cycles
    state.run = run


def consume(state: State) -> AsynchronousRun:
    """Take the outstanding run away; an empty one if there is none."""
    run, state.run = state.run, AsynchronousRun()
    return run
