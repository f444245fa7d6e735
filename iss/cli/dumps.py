"""What a run leaves behind in files: signatures of architecture tests and pieces of memory."""

from __future__ import annotations

import os
from pathlib import Path

from iss.cli.exit_codes import ExitCode, Failure
from iss.cli.parsing import ADDRESS_LIMIT
from iss.errors import NeuroHartError
from iss.machine import Machine

SIGNATURE_SYMBOLS = ("begin_signature", "end_signature")


def write_file(name: str, content: bytes) -> None:
    """Write a whole file, or nothing of it; devices and pipes are written in place. Raises Failure."""
    from asm.formats import write_atomically

    try:
        write_atomically(Path(name), content)
    except OSError as error:
        raise Failure(f"{name}: cannot be written ({error.strerror}); nothing is kept", ExitCode.WRITE_ERROR) from None


def signature(machine: Machine) -> bytes:
    """Return the words between `begin_signature` and `end_signature`, one of eight hexadecimal digits a line."""
    begin, end = (_symbol(machine, name, "--signature") for name in SIGNATURE_SYMBOLS)
    if not begin <= end or (end - begin) % 4:
        raise Failure(f"the signature {begin:#010x}..{end:#010x} is no whole number of words", ExitCode.BAD_INPUT)
    data = _read(machine, begin, end - begin, "--signature")
    words = (int.from_bytes(data[n : n + 4], "little") for n in range(0, len(data), 4))
    return "".join(f"{word:08x}\n" for word in words).encode()


def memory(machine: Machine, place: str) -> bytes:
    """Return the bytes of `SYMBOL`, `SYMBOL:LENGTH` or `ADDRESS:LENGTH`. Raises Failure."""
    name, given, length_text = place.partition(":")
    length = _number(length_text) if given else None
    start = _number(name)
    if start is None:
        start = _symbol(machine, name, "--dump-memory")
        if not given:
            assert machine.image is not None
            length = machine.image.symbols[name].size or None
    if length is None:
        raise Failure(f"--dump-memory {place}: no length; expected SYMBOL:LENGTH or ADDRESS:LENGTH", ExitCode.USAGE)
    return _read(machine, start, length, f"--dump-memory {place}")


def _number(text: str) -> int | None:
    try:
        value = int(text, 0)
    except ValueError:
        return None
    return value if 0 <= value < ADDRESS_LIMIT else None


def _symbol(machine: Machine, name: str, option: str) -> int:
    try:
        return machine.symbol(name)
    except NeuroHartError as error:
        raise Failure(f"{option}: {error}", ExitCode.BAD_INPUT) from None


def _read(machine: Machine, start: int, length: int, option: str) -> bytes:
    try:
        return machine.ram.read(start, length)
    except IndexError as error:
        raise Failure(f"{option}: {error}", ExitCode.USAGE) from None


def check_directory(name: str) -> None:
    """Refuse an output file whose directory is missing before the run rather than after it."""
    directory = os.path.dirname(name) or "."
    if not os.path.isdir(directory):
        raise Failure(f"{name}: cannot be written (no directory {directory}); create it", ExitCode.WRITE_ERROR)
