"""The trace that a run leaves: Spike's commit log as text, or a file in our own format."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from iss.cli.exit_codes import ExitCode, Failure
from iss.debug.figures import coprocessor_counters
from iss.machine import Machine, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from iss.cli.streams import Output
    from iss.trace.filters import Filter
    from iss.trace.recorder import Sink

OWN, SPIKE = "nht", "spike"
FORMATS = (SPIKE, OWN)


class RunTrace(Protocol):
    """What belongs to a run: `error` tells why it could not be written, `finish` is called at the end of the run."""

    name: str

    @property
    def error(self) -> OSError | None: ...

    def finish(self, outcome: Outcome) -> None: ...


def chosen_format(args: argparse.Namespace) -> str:
    """The format of `--trace-format`, or of the file's name."""
    given = args.trace_format
    return given if given is not None else OWN if str(args.trace).endswith(f".{OWN}") else SPIKE


class SpikeTrace:
    """The commit log of Spike."""

    def __init__(self, machine: Machine, output: Output) -> None:
        from iss.trace.spike import SpikeLog

        self.name, self._output = output.name, output
        log = SpikeLog(machine.architecture, output.write)
        machine.observe(log.consume)

    @property
    def error(self) -> OSError | None:
        """Why it could not be written."""
        return self._output.error

    def finish(self, outcome: Outcome) -> None:
        """Pass on what is left."""
        self._output.flush()


class Observation:
    """Hands what a machine does to a sink, as blocks."""

    def __init__(
        self,
        machine: Machine,
        sink: Sink,
        description: dict[str, Any],
        *,
        wanted: Filter | None = None,
        spikes: bool = True,
        failed: Callable[[], object] = lambda: None,
    ) -> None:
        from iss.trace.recorder import Recorder

        self._machine, hart = machine, machine.hart
        self.recorder = Recorder(sink, description, first=hart.retired, cycle=hart.cycles, wanted=wanted, failed=failed)
        if machine.coprocessor is not None:
            machine.coprocessor.keep_accounts()
        machine.observe(self._consume, spikes=spikes)

    def _consume(self, records: Any) -> None:
        machine = self._machine
        self.recorder.consume(records, machine.take_spikes(), machine.hart.cycles)

    def close(self, outcome: Outcome) -> None:
        """Hand over the rest, and how the run ended."""
        machine = self._machine
        machine.observe(None)
        end: dict[str, Any] = {
            "end": outcome.end.value,
            "reason": outcome.reason,
            "exit_code": outcome.exit_code,
            "instructions": machine.hart.retired,
            "cycles": machine.hart.cycles,
            "counters": coprocessor_counters(machine),
        }
        if machine.coprocessor is not None:
            end["accounts"] = [account._asdict() for account in machine.coprocessor.accounts()]
        self.recorder.close(end)


class OwnTrace:
    """Our own format; `options` are those of `neurohart trace record` where it was used."""

    def __init__(self, machine: Machine, name: str, failed: Callable[[], object], options: argparse.Namespace) -> None:
        """Create the file. Raises OSError, NeuroHartError."""
        from iss.trace.reader import KeptBlocks, Trace
        from iss.trace.recorder import Kept, describe
        from iss.trace.store import TraceWriter

        if name == "-":
            raise Failure("a trace in our own format goes to a file, not to standard output", ExitCode.USAGE)
        self.name, self._keep_going = name, getattr(options, "keep_going", False)
        description = describe(machine.architecture.isa, machine.timing, machine.image)
        ring = getattr(options, "ring", None)
        self._kept = Kept(description, ring) if ring is not None else None
        if self._kept is not None:
            Path(name).open("wb").close()  # refuses now what could not be written at the end
        wanted = None
        if getattr(options, "filter", None):
            from iss.trace.filters import Filter

            wanted = Filter.parse(options.filter, Trace(KeptBlocks(()), description))
        self._observed = Observation(
            machine,
            self._kept or TraceWriter(name, description),
            description,
            wanted=wanted,
            spikes=not getattr(options, "no_spikes", False),
            failed=(lambda: None) if self._keep_going else failed,
        )

    @property
    def error(self) -> OSError | None:
        """Why it could not be written, unless the run was to go on all the same."""
        return None if self._keep_going else self._observed.recorder.error

    def finish(self, outcome: Outcome) -> None:
        """Close the file; raises Failure if the last instructions cannot be written."""
        self._observed.close(outcome)
        if self._kept is not None:
            from iss.trace.recorder import write_trace

            try:
                write_trace(self._kept.trace, self.name)
            except OSError as error:
                text = f"{self.name}: cannot be written ({error.strerror})"
                raise Failure(text, ExitCode.WRITE_ERROR) from None
        failure = self._observed.recorder.error
        if self._keep_going and failure is not None:
            text = f"{self.name}: cannot be written ({failure.strerror}); the trace ends before the run"
            print(f"neurohart: {text}", file=sys.stderr)
