"""Implementations that are other simulators: a command that runs an ELF file and writes a log of what retired.

Logs are read by the readers of foreign traces (`iss.trace.formats`): Spike's commit log, RVVI-TEXT, Sail's, QEMU's.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import string
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from asm.elf import write_elf
from asm.layout import OutputSection
from asm.program import Program, ProgramSymbol
from iss.errors import NeuroHartError
from iss.extension.dut import ABILITIES, BASE, DATA, DATA_SIZE, SYMBOLS, TOHOST, Run, TestProgram, empty_columns
from iss.extension.extension import Extension, ImplementationSpec
from iss.isa.catalogue import DEFAULT_ISA, Architecture
from iss.trace.block import STORE_BIT
from iss.trace.formats import READERS, detect, read_trace
from iss.trace.reader import Trace
from iss.trace.view import View

SECONDS = 20.0
PLACES = ("elf", "log", "isa", "base", "limit")
_OPTIONS = "instructions, abilities, format, seconds, folder"
_SHOWN = 200  # characters of what a command says


def program_elf(program: TestProgram) -> bytes:
    """An executable of a test program, with the symbols `tohost` and `fromhost`."""
    parts = ((".text", "ax", BASE, program.code_bytes()), (".tohost", "aw", TOHOST, bytes(16)))
    sections = [
        OutputSection(name, flags, "progbits", address=address, size=len(data), alignment=4, content=data)
        for name, flags, address, data in (*parts, (".data", "aw", DATA, program.data))
    ]
    symbols = [
        ProgramSymbol(name, address, 8, "object", "global", ".tohost", "program") for name, address in SYMBOLS.items()
    ]
    return write_elf(Program(BASE, tuple(sections), tuple(symbols), DEFAULT_ISA, has_compressed=False))


class CommandImplementation:
    """A command, started anew for each program."""

    def __init__(
        self,
        name: str,
        command: str,
        isa: str,
        *,
        abilities: frozenset[str] = ABILITIES,
        mnemonics: frozenset[str] | None = None,
        format: str | None = None,
        seconds: float = SECONDS,
        folder: Path | None = None,
    ) -> None:
        self.name, self.abilities, self.mnemonics = name, abilities, mnemonics
        self._command, self._isa, self._format, self._seconds, self._folder = command, isa, format, seconds, folder

    def run(self, program: TestProgram, limit: int) -> Run:
        """Run a program; NeuroHartError if the command cannot be started or writes no log that is understood."""
        with tempfile.TemporaryDirectory(prefix="neurohart-dut-") as name:
            folder = Path(name)
            elf, log, said = folder / "program.elf", folder / "log", folder / "said"
            elf.write_bytes(program_elf(program))
            places = {"elf": elf, "log": log, "isa": self._isa, "base": DEFAULT_ISA, "limit": limit}
            words = [word.format_map(places) for word in shlex.split(self._command)]
            code = self._execute(words, said)
            if code is None:
                return empty_columns(f"has not ended after {self._seconds:g} s")
            found = log if log.is_file() else said
            if code < 0:
                return empty_columns(f"killed by signal {-code}: {_last_line(said)}")
            if not found.stat().st_size:
                raise NeuroHartError(f"{self.name}: {words[0]} wrote no log (exit code {code}); {_HINT}")
            try:
                trace = read_trace(found, self._format or detect(found), DEFAULT_ISA)
            except NeuroHartError as error:
                told = f"{_last_line(said)}; " if code else ""
                problem = str(error).replace(f"{found}", "log")
                raise NeuroHartError(f"{self.name}: {told}{problem}") from None
            return _columns(trace, program, limit)

    def _execute(self, words: list[str], said: Path) -> int | None:
        """Run the command; its exit code, None if it had to be ended, with whatever it has started."""
        try:
            with open(said, "wb") as out:
                process = subprocess.Popen(
                    words,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    cwd=self._folder,
                    start_new_session=True,
                )
        except OSError as error:
            raise NeuroHartError(f"{self.name}: {words[0]!r} cannot be run ({error.strerror})") from None
        try:
            return process.wait(self._seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def close(self) -> None:
        """Nothing is kept open."""


_HINT = "let it write to {log}, or to its standard output or standard error"


def _last_line(path: Path) -> str:
    lines = [line for line in path.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:_SHOWN] if lines else "it said nothing"


def _columns(trace: Trace, program: TestProgram, limit: int) -> Run:
    """Return what a trace tells of a program, without the simulator's boot code and what follows the exit."""
    views = list(trace.views())
    pc, word, rd, value = (
        np.concatenate([np.asarray(getattr(view, what), np.uint32) for view in views] or [np.zeros(0, np.uint32)])
        for what in ("pc", "word", "destination", "value")
    )
    starts, ends = np.flatnonzero(pc == BASE), np.flatnonzero(pc == _exit_address(program))
    first = int(starts[0]) if len(starts) else len(pc)
    after = int(ends[0]) + 1 if len(ends) else len(pc)
    rows = slice(first, min(after, first + limit))
    data = bytearray(program.data)
    for index, address, size, stored in _stores(views) if trace.has("memory") else ():
        if first <= index < after and address >= DATA and address + size <= DATA + DATA_SIZE:
            data[address - DATA : address - DATA + size] = stored.to_bytes(4, "little")[:size]
    return Run(
        pc[rows],
        word[rows] if trace.has("word") else None,
        rd[rows],
        np.where(rd[rows] != 0, value[rows], 0).astype(np.uint32),
        data=bytes(data) if trace.has("memory") else None,
        ended="exit" if len(ends) and rows.stop == after else "limit",
    )


def _stores(views: Iterable[View]) -> Iterator[tuple[int, int, int, int]]:
    """(Row, address, size, value) of each store."""
    base = 0
    for view in views:
        block = view.block
        columns = (block.access_index, block.access_kind, block.address, block.data)
        for index, kind, address, data in zip(*(column.tolist() for column in columns), strict=True):
            if kind & STORE_BIT:
                yield base + index, address, kind & ~STORE_BIT, data
        base += len(block)


def _exit_address(program: TestProgram) -> int:
    """Where the store to tohost stands that ends a program: before the closing loop, behind the body."""
    loop = 0x0000_006F
    return BASE + 4 * (program.code().index(loop, (program.end - BASE) // 4) - 1)


def make(spec: ImplementationSpec, extension: Extension, architecture: Architecture) -> CommandImplementation:
    """Return the implementation `command="simulator ... {elf}"`; NeuroHartError for what is wrong with it.

    In the command, {elf} is the program, {log} a file to write the log to (else it is what the command prints), {isa}
    the ISA string with the extension, {base} without, {limit} the most instructions. Options: `instructions`, the
    mnemonics it has (default: all; none, and the programs are of the base ISA alone, if the command has {base});
    `abilities`; `format`, if the log's is not recognised; `seconds` for one program; `folder`, where the command runs
    (default: that of the extension's file).
    """
    options = dict(spec.options)
    mnemonics, abilities = options.pop("instructions", None), options.pop("abilities", ABILITIES)
    format, seconds = options.pop("format", None), options.pop("seconds", SECONDS)
    folder = extension.path.parent / options.pop("folder", "")
    where = f"{spec.location}: implementation {spec.name!r}"
    if options:
        raise NeuroHartError(f"{where}: option {next(iter(options))} is not known, expected {_OPTIONS}")
    if format is not None and format not in READERS:
        raise NeuroHartError(f"{where}: format {format!r} is not known, expected one of {', '.join(READERS)}")
    unknown = [
        *sorted(set(mnemonics or ()) - set(extension.instructions.by_mnemonic)),
        *sorted({*abilities} - ABILITIES),
    ]
    if unknown:
        raise NeuroHartError(f"{where}: {unknown[0]!r} is no instruction of {extension.name} and no ability")
    if "base" in _places(str(spec.target), where) and mnemonics is None:
        mnemonics = ()
    return CommandImplementation(
        spec.name,
        str(spec.target),
        architecture.isa,
        abilities=frozenset(abilities),
        mnemonics=frozenset(mnemonics) if mnemonics is not None else None,
        format=format,
        seconds=seconds,
        folder=folder.resolve(),
    )


def _places(command: str, where: str) -> list[str]:
    """The places of a command; NeuroHartError if it is none, or nothing stands for one."""
    try:
        words = shlex.split(command)
        names = [name for word in words for _, name, _, _ in string.Formatter().parse(word) if name is not None]
    except ValueError as error:
        raise NeuroHartError(f"{where}: {command!r} is no command: {error}") from None
    for name in names:
        if name not in PLACES:
            raise NeuroHartError(f"{where}: {{{name}}} stands for nothing; known are {{{'}, {'.join(PLACES)}}}")
    if "elf" not in names:
        raise NeuroHartError(f"{where}: the command has no {{elf}}, where the program's file name is put")
    return names
