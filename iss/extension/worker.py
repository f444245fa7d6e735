"""A machine under test in a process of its own: a crash or an endless loop ends that process, not the tester.

The process is forked from this one when there is something to run and again after it has died. A run may use so much
processor time; more is an endless loop. With `fresh`, that process stays as it is after the fork and forks one more for
each program.
"""

from __future__ import annotations

import mmap
import multiprocessing
import os
import pickle
import resource
import signal
from contextlib import suppress
from typing import Any

from iss.extension.dut import Run, TestProgram, empty_columns
from iss.extension.dut_machine import MachineUnderTest, Records

ENDLESS = "did not end: an endless loop?"
PATIENCE = 1.0  # seconds of processor time for one program
_WALL_PATIENCE = 60.0  # seconds, for one that sleeps


class Worker:
    """Runs a machine's programs in a child process; see Implementation."""

    def __init__(self, machine: MachineUnderTest) -> None:
        self.name, self.abilities, self.mnemonics = machine.name, machine.abilities, machine.mnemonics
        self.patience = PATIENCE
        self.fresh = False  # each program gets a process of its own, which nothing is left in; begin_anew before
        self._machine = machine
        self._pipe: Any = None
        self._process = 0
        self._pending = 0

    def run(self, program: TestProgram, limit: int) -> Run:
        """See Implementation.run."""
        given = self.records(program, limit)
        return given.run() if isinstance(given, Records) else given

    def records(self, program: TestProgram, limit: int) -> Records | Run:
        """Run a program; return its trace, or how the process ended."""
        self.begin(program, limit)
        return self.finish()

    def begin(self, program: TestProgram, limit: int) -> None:
        """Let the process begin with a program; what comes of it is had by `finish`."""
        if not self._process:
            self._start()
        with suppress(BrokenPipeError):
            self._pipe.send_bytes(pickle.dumps((program, limit, self.patience, self.fresh)))

    def finish(self) -> Records | Run:
        """Wait for the program that was begun."""
        try:
            if not self._pipe.poll(_WALL_PATIENCE):
                self.close()
                return empty_columns(ENDLESS)
            made: Records | int = pickle.loads(self._pipe.recv_bytes())
            return empty_columns(_ended(made)) if isinstance(made, int) else made
        except (EOFError, ConnectionResetError):
            return empty_columns(self._wait())

    def _start(self) -> None:
        ours, theirs = multiprocessing.Pipe()
        self._process = os.fork()
        if self._process:
            theirs.close()
            self._pipe = ours
            with suppress(PermissionError, ProcessLookupError):  # whoever is first: the child does it, too
                os.setpgid(self._process, self._process)
            return
        try:
            os.setpgid(0, 0)  # so that processes of single programs end with it
            ours.close()
            _serve(self._machine, theirs)
        finally:
            os._exit(0)

    def _wait(self) -> str:
        """Say in words how the process has ended."""
        _, status = os.waitpid(self._process, 0)
        self._process = 0
        self._pipe.close()
        return _ended(status)

    def begin_anew(self) -> None:
        """Let the next program have a process that has run none."""
        self.close()

    def close(self) -> None:
        """End the process."""
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process, signal.SIGKILL)
            self._wait()


def _ended(status: int) -> str:
    """Say in words how a process has ended."""
    if not os.WIFSIGNALED(status):
        return f"ended its process with code {os.waitstatus_to_exitcode(status)}"
    number = os.WTERMSIG(status)
    if number == signal.SIGPROF:
        return ENDLESS
    return f"crashed with {signal.Signals(number).name}"


def _serve(machine: MachineUnderTest, pipe: Any) -> None:
    """Run programs until the other side has gone; what a process of its own does not answer is answered for it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT):
        signal.signal(number, signal.SIG_DFL)
    answered = mmap.mmap(-1, 1)  # shared with the process of a single program
    while True:
        try:
            program, limit, patience, fresh = pickle.loads(pipe.recv_bytes())
        except EOFError:
            return
        answered[0] = 0
        if fresh and (process := os.fork()):
            _, status = os.waitpid(process, 0)
            if not answered[0]:
                pipe.send_bytes(pickle.dumps(status))
            continue
        signal.setitimer(signal.ITIMER_PROF, patience)
        records = machine.records(program, limit)
        signal.setitimer(signal.ITIMER_PROF, 0)
        pipe.send_bytes(pickle.dumps(records))
        if fresh:
            answered[0] = 1
            os._exit(0)
