"""One run of `neurohart run`, from arguments to exit code: prepare, run, report."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import ExitStack
from time import perf_counter
from typing import TYPE_CHECKING, Any, BinaryIO

from iss.cli.exit_codes import ExitCode, Failure, firmware_exit_code
from iss.cli.options import build_machine, open_program
from iss.cli.progress import StatusLine
from iss.cli.signals import Signals
from iss.cli.statistics import Statistics, collect
from iss.cli.streams import Output, WaitingInput, open_output
from iss.debug.figures import coprocessor_counters
from iss.machine import End, Machine, Outcome
from iss.memory.console import ConsoleInput

if TYPE_CHECKING:
    from coprocessor.energy import EnergyPreset
    from iss.cli.recording import RunTrace
    from iss.tui.live import LiveView

_FIRST_SLICE = 1_000_000  # instructions
_SLICE_SECONDS = 0.05
_REDRAW_SECONDS = 0.1
_END_CODES = {End.LIMIT: ExitCode.LIMIT, End.STUCK: ExitCode.UNHANDLED_TRAP, End.ASLEEP: ExitCode.ASLEEP}


class Session:
    """What belongs to one run; everything opened is closed by `stack`."""

    command = "run"
    """Who speaks in messages."""

    def __init__(self, args: argparse.Namespace, stack: ExitStack) -> None:
        """Open everything and build the machine; raises Failure."""
        self.args = args
        self.stack = stack
        self.signals = Signals()
        self.target, memory_map = open_program(args)
        if not args.quiet:
            for warning in self.target.warnings:
                print(warning, file=sys.stderr)
        self.expected = self._expectation()
        self.transcript = bytearray()
        self.console = self._open_output(args.uart, "--uart", self._standard_output())
        self.input = self._open_input()
        self.live: LiveView | None = None
        console = self.console.write if self.expected is None and not args.live else self._write_and_keep
        self.machine = build_machine(args, self.target, memory_map, console, ConsoleInput(self.input or b""))
        self.console.failed = self._stop_writing
        self.trace: RunTrace | None = None
        self.preset: EnergyPreset | None = None
        self._observe()
        self._check_files()

    # Preparing ------------------------------------------------------------------------------------------------------
    def _expectation(self) -> dict[str, Any] | None:
        if not self.args.check:
            return None
        if self.target.program is None:
            raise Failure("--check needs a program folder with expect.json; leave it out", ExitCode.USAGE)
        return self.target.program.expectation()

    def _standard_output(self) -> BinaryIO:
        """Where console output to `-` goes: standard error if statistics or trace have taken standard output."""
        taken = "-" in (self.args.json, self.args.trace)
        return sys.stderr.buffer if taken else sys.stdout.buffer

    def _open_output(self, name: str, option: str, standard: BinaryIO) -> Output:
        try:
            output = open_output(name, standard)
        except OSError as error:
            text = f"{option} {name}: cannot be written ({error.strerror}); check the directory and its permissions"
            raise Failure(text, ExitCode.WRITE_ERROR) from None
        self.stack.callback(output.close)
        return output

    def _open_input(self) -> WaitingInput | None:
        name = self.args.uart_input
        if name is None:
            return None
        try:
            descriptor = os.dup(0) if name == "-" else os.open(name, os.O_RDONLY | os.O_CLOEXEC)
            self.stack.callback(os.close, descriptor)
            os.read(descriptor, 0)  # refuses directories
        except OSError as error:
            text = f"--uart-input {name}: cannot be read ({error.strerror}); check name and permissions"
            raise Failure(text, ExitCode.NO_INPUT) from None
        return WaitingInput(descriptor, self.signals.pending, self.console.flush)

    def _write_and_keep(self, data: bytes) -> None:
        if self.live is not None:
            self.live.output.write(data)
        if self.expected is not None:
            self.transcript += data
        self.console.write(data)

    def _stop_writing(self) -> None:
        self.machine.stop(ExitCode.WRITE_ERROR, "output cannot be written")

    def _observe(self) -> None:
        """Connect the trace and find the energy preset, where they are wanted."""
        if self.args.trace is not None:
            self.trace = self._open_trace()
        if self.args.energy is not None or self.args.energy_report:
            from coprocessor.energy import DEFAULT_PRESET
            from iss.cli.energy import find_preset, watch

            self.preset = find_preset(self.args.energy or DEFAULT_PRESET)
            watch(self.machine, self.args.energy_report or bool(self._declared_energies()))

    def _declared_energies(self) -> dict[str, int]:
        """Return what instructions of --ext cost by their own figures, in fJ."""
        if not self.args.ext:
            return {}
        from iss.extension.extension import declared_energies

        return declared_energies(self.args.ext)

    def _open_trace(self) -> RunTrace:
        from iss.cli.recording import OWN, OwnTrace, SpikeTrace, chosen_format

        name = self.args.trace
        if chosen_format(self.args) == OWN:
            try:
                return OwnTrace(self.machine, name, self._stop_writing, self.args)
            except OSError as error:
                text = f"{name}: cannot be written ({error.strerror}); check the directory and its permissions"
                raise Failure(text, ExitCode.WRITE_ERROR) from None
        output = self._open_output(name, "--trace", sys.stdout.buffer)
        output.failed = self._stop_writing
        return SpikeTrace(self.machine, output)

    def _check_files(self) -> None:
        """Refuse what cannot be written at the end before the run rather than after it."""
        if not (self.args.signature or self.args.json or self.args.dump_memory):
            return
        from iss.cli import dumps

        for name in filter(None, (self.args.signature, self.args.json)):
            dumps.check_directory(name)
        if self.args.signature is not None:
            dumps.signature(self.machine)
        for place, name in self.args.dump_memory:
            dumps.memory(self.machine, place)
            dumps.check_directory(name)

    # Running --------------------------------------------------------------------------------------------------------
    def run(self) -> int:
        """Run to the end and report; returns the exit code."""
        status = self._status()
        self.signals.noted = self._look_up
        start = perf_counter()
        with self.signals:
            outcome = self._run(status)
        seconds = perf_counter() - start
        status.erase()
        self.console.held = False
        self.console.flush()
        if self.trace is not None:
            self.trace.finish(outcome)
        return self._report(outcome, seconds)

    def _status(self) -> StatusLine | LiveView:
        """What shows how the run gets on: a line, or with --live the whole terminal."""
        if not self.args.live:
            line = StatusLine(self.args.max_instructions, self.console, self.args.quiet)
            self.console.before = line.erase
            return line
        if not sys.stderr.isatty():
            raise Failure("--live needs a terminal on standard error; leave it out", ExitCode.USAGE)
        from coprocessor.energy import DEFAULT_PRESET, PRESETS
        from iss.tui.live import LiveView

        self.live = LiveView(self.machine, self.target.title, self.preset or PRESETS[DEFAULT_PRESET])
        self.console.held = self.console.live
        return self.stack.enter_context(self.live)

    def _look_up(self) -> None:
        """Make the engine come back after the instruction it is at, if it is in a device just now."""
        self.machine.hart.attention = True

    def _obey(self, machine: Machine) -> None:
        if self.signals.received is not None:
            raise KeyboardInterrupt

    def _run(self, status: StatusLine | LiveView) -> Outcome:
        """Run until the end, in slices of about `_SLICE_SECONDS`; a wait for input from a terminal is no end."""
        machine, limit = self.machine, self.args.max_instructions
        length, due = _FIRST_SLICE, perf_counter()
        while True:
            rest = None if limit is None else max(0, limit - machine.hart.retired)
            last = rest is not None and rest <= length
            start = perf_counter()
            outcome = machine.run(rest if last else length, self._obey)
            if outcome.end is End.LIMIT and not last:
                seconds = perf_counter() - start
                length = max(1, length // 2 if seconds > 2 * _SLICE_SECONDS else length)
                length = length * 2 if seconds < _SLICE_SECONDS else length
                if perf_counter() >= due:
                    due = perf_counter() + _REDRAW_SECONDS
                    self.console.flush()
                    status.update(machine)
            elif outcome.end is End.ASLEEP and self._may_be_typed():
                assert self.input is not None
                machine.console_input.feed(self.input.wait())
            else:
                return outcome

    def _may_be_typed(self) -> bool:
        waiting = self.input is not None and self.input.interactive and not self.input.ended
        return waiting and not self.signals.pending()

    # Reporting ------------------------------------------------------------------------------------------------------
    def _report(self, outcome: Outcome, seconds: float) -> int:
        """Tell what happened: a message if it did not end well, the statistics, the files; returns the exit code."""
        failed = next((output for output in (self.console, self.trace) if output and output.error), None)
        if failed is not None and isinstance(failed.error, BrokenPipeError):
            return ExitCode.BROKEN_PIPE
        code, message = self._verdict(outcome, failed)
        statistics = collect(
            self.machine,
            program=self.target.title,
            end="write error" if failed else outcome.end.value,
            reason=outcome.reason,
            exit_code=code,
            seconds=seconds,
        )
        if self.preset is not None:
            from iss.cli.energy import report

            declared = self._declared_energies()
            statistics.energy = report(self.machine, self.preset, self.args.energy_report, declared)
        if message:
            print(f"neurohart {self.command}: {message}", file=sys.stderr)
        if not self.args.quiet:
            statistics.show()
        self._write_files(statistics)
        return code

    def _verdict(self, outcome: Outcome, failed: Output | RunTrace | None) -> tuple[int, str]:
        """Return the exit code and, unless the firmware ended itself as expected, what to say."""
        if failed is not None:
            assert failed.error is not None
            return (
                ExitCode.WRITE_ERROR,
                f"{failed.name}: cannot be written ({failed.error.strerror}); the run was ended",
            )
        if outcome.end is End.INTERRUPTED:
            return self.signals.exit_code, outcome.reason
        if outcome.end is not End.EXIT:
            from iss.cli.hints import hints

            return _END_CODES[outcome.end], outcome.reason + hints(self.machine)
        assert outcome.exit_code is not None
        if self.expected is not None:
            from iss.cli.check import differences

            found = differences(
                self.expected, outcome.exit_code, bytes(self.transcript), coprocessor_counters(self.machine)
            )
            return (ExitCode.FAILED, found) if found else (ExitCode.OK, "")
        return firmware_exit_code(outcome.exit_code), ""

    def _write_files(self, statistics: Statistics) -> None:
        if self.args.json == "-":
            sys.stdout.write(statistics.as_json())
        elif self.args.json is not None:
            from iss.cli.dumps import write_file

            write_file(self.args.json, statistics.as_json().encode())
        if self.args.signature is not None or self.args.dump_memory:
            from iss.cli import dumps

            if self.args.signature is not None:
                dumps.write_file(self.args.signature, dumps.signature(self.machine))
            for place, name in self.args.dump_memory:
                dumps.write_file(name, dumps.memory(self.machine, place))
