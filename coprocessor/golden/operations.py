"""The instructions of funct3 = 0: validation, fresh start or resumption, the run loop (specification 7.1 to 7.3)."""

from __future__ import annotations

from dataclasses import dataclass

from coprocessor.golden import learning, synapses, updates
from coprocessor.golden.engine import Entry, Issue, Progress, Step, discard_progress
from coprocessor.golden.memory import MISALIGNED, Fault, Memory
from coprocessor.golden.network import read_network
from coprocessor.golden.numbers import bit, field, s16, u32
from coprocessor.golden.population import Population, read_population
from coprocessor.golden.projection import Projection, Source, read_projection
from coprocessor.golden.rule import Rule, read_rule
from coprocessor.golden.state import State
from coprocessor.interface import Operation


@dataclass(frozen=True)
class Job:
    """A validated instruction: operations per step, steps, and the step data that rs2 gives."""

    entries: list[Entry]
    steps: int = 1
    reward: int = 0
    source_override: int = 0
    is_run: bool = False


def source_override(projection: Projection, rs2: int) -> int:
    """The non-zero rs2 of nm.syn and nm.layer: a multiple of 4 (25, the value); ignored with a queue."""
    if projection.source is Source.QUEUE:
        return 0
    if rs2 % 4:
        raise Fault(MISALIGNED, rs2)
    return rs2


def validate(memory: Memory, operation: Operation, rs1: int, rs2: int, reward: int) -> Job:
    """Validate everything an instruction names; raises the first Fault (chapter 6). `reward` is nm_rew."""
    if operation is Operation.RUN:
        return Job(read_network(memory, rs1), steps=rs2, reward=reward, is_run=True)
    if operation is Operation.LAYER:
        projection = read_projection(memory, rs1, needs_population=True)
        assert projection.population is not None
        entries = [Entry(projection), Entry(projection.population, counts=True)]
        return Job(entries, source_override=source_override(projection, rs2))
    if operation is Operation.SYN:
        projection = read_projection(memory, rs1)
        return Job(
            [Entry(projection, counts=True)],
            source_override=source_override(projection, rs2),
        )
    if operation is Operation.LEARN:
        return Job([Entry(read_rule(memory, rs1), counts=True)], reward=s16(rs2))
    return Job(
        [
            Entry(
                read_population(memory, rs1),
                counts=True,
                reset=operation is Operation.RST,
            )
        ]
    )


def resumed(state: State, operation: Operation, descriptor: int) -> Progress | None:
    """The progress to continue from, if it belongs to this instruction."""
    prog1 = state.csr["prog1"]
    if not bit(prog1, 31) or field(prog1, 26, 20) != operation & 0x7F or state.csr["pdesc"] != descriptor:
        return None
    return Progress(
        index=state.csr["prog0"],
        phase=field(prog1, 19, 16),
        position=field(prog1, 15, 0),
        entered=bool(bit(prog1, 30)),
        steps=state.csr["prog2"],
        partial=state.csr["prog3"] & 0x7FFF_FFFF,
    )


def possible(progress: Progress, job: Job) -> bool:
    """Whether an operation could have left this progress; otherwise the instruction starts over."""
    if progress.position >= len(job.entries) or (progress.steps and not job.is_run):
        return False
    return progress.phase <= (2 if isinstance(job.entries[progress.position].target, Rule) else 0)


def perform(issue: Issue, entry: Entry, step: Step) -> None:
    """One operation of the list, from the present progress to its end."""
    if isinstance(entry.target, Projection):
        synapses.perform(issue, entry.target, step, counts_rows=entry.counts)
    elif isinstance(entry.target, Rule):
        learning.perform(issue, entry.target, step, counts_updates=entry.counts)
    elif entry.reset:
        updates.perform_reset(issue, entry.target)
    else:
        assert isinstance(entry.target, Population)
        updates.perform(issue, entry.target, step, counts_spikes=entry.counts)


def execute(issue: Issue, job: Job) -> None:
    """Run the job from `issue.progress` to its end; raises Suspended or Fault with the progress standing."""
    progress = issue.progress
    while progress.steps < job.steps:
        while progress.position < len(job.entries):
            step = Step(progress.steps, job.reward, job.source_override)
            entry = job.entries[progress.position]
            with issue.state.charged(entry.operation, entry.target.address):
                perform(issue, entry, step)
            progress.next_operation()
        progress.position = 0
        progress.steps += 1
        if job.is_run:
            issue.state.csr["t"] = u32(issue.state.csr["t"] + 1)


def start(issue: Issue, operation: Operation, descriptor: int, job: Job) -> None:
    """Execute a validated instruction, fresh or resumed; progress CSRs are written by the caller."""
    progress = resumed(issue.state, operation, descriptor)
    discard_progress(issue.state)
    if progress is not None and (possible(progress, job) or (job.is_run and progress.steps >= job.steps)):
        issue.progress = progress
    execute(issue, job)
