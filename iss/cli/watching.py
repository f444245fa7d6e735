"""What `profile`, `coverage` and `plot` look at: a program that is run for it, or a recorded trace, block by block.

Nothing is put into the firmware, and of a run only a few blocks are in memory.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from iss.cli.exit_codes import ExitCode
from iss.cli.recording import Observation
from iss.cli.run import add_run_arguments
from iss.cli.target import ASSEMBLY_SUFFIXES
from iss.cli.trace_record import RecordingSession, add_part_arguments
from iss.machine import Machine, Outcome
from iss.trace.block import TraceError
from iss.trace.passing import PassingTrace
from iss.trace.reader import Trace
from iss.trace.view import View

if TYPE_CHECKING:
    from iss.cli.recording import RunTrace
    from iss.cli.streams import Output

UNUSED = {
    **dict.fromkeys(("check", "energy_report", "live", "keep_going", "no_spikes"), False),
    **dict.fromkeys(("signature", "trace_format", "ring", "filter", "energy"), None),
    "dump_memory": (),
}
"""Options of `run` and `trace record` that these commands do not have."""


class Looker(Protocol):
    """What looks at a trace: each block once, in order, then `finish`."""

    def take(self, view: View) -> None: ...

    def finish(self) -> None: ...


T = TypeVar("T", bound=Looker)


def add_subject_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of what is looked at."""
    from iss.trace.formats import READERS

    streams = add_run_arguments(parser)
    streams.add_argument("-q", "--quiet", action="store_true", help="no warnings of the assembler, no progress")
    add_part_arguments(parser.add_argument_group("part of the run"))
    trace = parser.add_argument_group("traces")
    trace.add_argument("--input-format", choices=tuple(READERS), help="format of a trace (default: told by content)")
    trace.add_argument(
        "--program", dest="symbols", metavar="FILE", help="program of a trace that does not hold its symbols and lines"
    )


def is_trace(args: argparse.Namespace, name: str) -> bool:
    """Whether a name on the command line is a trace; else it is a program."""
    from iss.trace.formats import detect

    if args.input_format is not None:
        return True
    if not os.path.isfile(name) or name.endswith(ASSEMBLY_SUFFIXES) or args.format is not None:
        return False
    try:
        return bool(detect(name))
    except (TraceError, OSError):
        return False


def look(
    args: argparse.Namespace, name: str, command: str, make: Callable[[Trace, Machine | None], T]
) -> tuple[T, int]:
    """Look at a program or trace; returns what has looked at it and the exit code of the run. Raises Failure."""
    if not is_trace(args, name):
        own = argparse.Namespace(**UNUSED | vars(args) | {"program": name, "trace": command, "json": None})
        with ExitStack() as stack:
            session = _Watching(own, stack, command, make)
            code = session.run()
            return session.looker, code
    from iss.cli.trace_files import open_trace

    opening = argparse.Namespace(input_format=args.input_format, isa=args.isa, program=args.symbols)
    trace = open_trace(name, opening)
    looker = make(trace, None)
    for view in _shown(trace):
        looker.take(view)
    looker.finish()
    return looker, ExitCode.OK


def _shown(trace: Trace) -> Iterator[View]:
    """The blocks of a trace, with a bar on the terminal where it takes long."""
    if not sys.stderr.isatty():
        yield from trace.views()
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading the trace", total=trace.count)
        for view in trace.views():
            yield view
            bar.update(task, completed=view.base + len(view))


class _Watched(Generic[T]):
    """A `RunTrace` that is looked at and not kept."""

    error: OSError | None = None

    def __init__(self, machine: Machine, name: str, make: Callable[[Trace, Machine | None], T]) -> None:
        from iss.trace.recorder import describe

        self.name = name
        description = describe(machine.architecture.isa, machine.timing, machine.image)
        self.trace = PassingTrace(description, lambda view: self.looker.take(view))
        self.looker = make(self.trace, machine)
        self._observed = Observation(machine, self.trace, description)

    def finish(self, outcome: Outcome) -> None:
        """Look at the rest."""
        self._observed.close(outcome)
        self.looker.finish()


class _Watching(RecordingSession, Generic[T]):
    """A run that is looked at. The firmware's output goes to standard error: what was found goes to standard output."""

    def __init__(
        self,
        args: argparse.Namespace,
        stack: ExitStack,
        command: str,
        make: Callable[[Trace, Machine | None], T],
    ) -> None:
        self.command, self._make = command, make
        super().__init__(args, stack)

    @property
    def looker(self) -> T:
        """What has looked at the run."""
        return self._watched.looker

    def _standard_output(self) -> Any:
        return sys.stderr.buffer

    def _open_trace(self) -> RunTrace:
        self._watched = _Watched(self.machine, self.args.trace, self._make)
        return self._watched

    def _report(self, outcome: Outcome, seconds: float) -> int:
        failed: Output | RunTrace | None = self.console if self.console.error else None
        if failed is not None and isinstance(failed.error, BrokenPipeError):
            return ExitCode.BROKEN_PIPE
        code, message = self._verdict(outcome, failed)
        if message:
            print(f"neurohart {self.command}: {message}", file=sys.stderr)
        return code
