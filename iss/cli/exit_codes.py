"""Every exit code of the command line, in one table; `neurohart --help` prints it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from iss.errors import MissingFile, NeuroHartError

MAXIMUM = 255


class ExitCode(IntEnum):
    """Why a command ended; `run` otherwise gives the firmware's own code. 65 to 74 are those of sysexits.h."""

    OK = 0
    FAILED = 1
    USAGE = 2
    BAD_INPUT = 65
    NO_INPUT = 66
    UNHANDLED_TRAP = 70
    ASLEEP = 71
    WRITE_ERROR = 74
    LIMIT = 124
    INTERNAL = 125
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143


MEANINGS: dict[ExitCode, str] = {
    ExitCode.OK: "done; of `run`: the firmware ended with 0",
    ExitCode.FAILED: "`asm`, `disasm`: errors in the input; `run --check`, `demo`, `trace diff`: not what is expected; "
    "`coverage`: less than the minimum",
    ExitCode.USAGE: "an option or its value is wrong",
    ExitCode.BAD_INPUT: "a file (program, source, program.toml, device, extension) is damaged or of the wrong kind",
    ExitCode.NO_INPUT: "a file (program, source, device, extension, ...) is missing or cannot be read",
    ExitCode.UNHANDLED_TRAP: "the firmware's trap handler itself traps, or there is none",
    ExitCode.ASLEEP: "the firmware waits for an interrupt that cannot come",
    ExitCode.WRITE_ERROR: "something could not be written (disk full, no permission)",
    ExitCode.LIMIT: "the instruction limit is reached",
    ExitCode.INTERNAL: "an error of the simulator itself: please report it",
    ExitCode.INTERRUPTED: "interrupted by Ctrl-C",
    ExitCode.BROKEN_PIPE: "the reader of the output has gone",
    ExitCode.TERMINATED: "ended by SIGTERM",
}


class Failure(NeuroHartError):
    """A message for the user with the exit code that belongs to it."""

    def __init__(self, message: str, code: ExitCode) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def failing(code: ExitCode) -> Iterator[None]:
    """Give every NeuroHartError raised inside this exit code, unless it has one or is about a missing file."""
    try:
        yield
    except Failure:
        raise
    except NeuroHartError as error:
        raise Failure(str(error), code_of(error, code)) from error


def code_of(error: NeuroHartError, code: ExitCode = ExitCode.BAD_INPUT) -> ExitCode:
    """Return the exit code of an error that has none itself; `code` is for all but missing files."""
    return ExitCode.NO_INPUT if isinstance(error, MissingFile) else code


def firmware_exit_code(code: int) -> int:
    """Return the process exit code of a firmware's code: its low byte, 255 if only higher bits are set."""
    return code if 0 <= code <= MAXIMUM else code & MAXIMUM or MAXIMUM
