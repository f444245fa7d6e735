"""Spike's log, as `spike --log-commits`, with or without `-l`, writes it.

A load shows its address alone: the value is taken from the register, as far as the load is wide.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from iss.isa.causes import INTERRUPT, Cause
from iss.loaders import Image
from iss.trace.formats.importing import Access, Importer, lines, refusal, signed_size
from iss.trace.reader import Trace

_COMMIT: Final = re.compile(r"core +0: [0-3] 0x([0-9a-f]{8,16}) \(0x([0-9a-f]+)\)(.*)\n")
_PART: Final = re.compile(
    r" (?:x(\d+) +0x([0-9a-f]+)|c(\d+)_[\w-]+ 0x([0-9a-f]+)|mem 0x([0-9a-f]+)(?: 0x([0-9a-f]+))?)(?= |$)"
)
_EXCEPTION: Final = re.compile(r"core +0: exception (\w+)(?: #(\d+))?, epc 0x([0-9a-f]+)")
_VALUE: Final = re.compile(r"core +0: +tval 0x([0-9a-f]+)")
_OTHER: Final = re.compile(r"core +\d+: (?:0x[0-9a-f]+ \(|>>>>|(?:3 )?(?:0x[0-9a-f]+ )?\(?)|warning|\s*$|\(spike\)")
_OTHER_HART: Final = re.compile(r"core +[1-9]\d*:")
_CAUSES: Final = {f"trap_{cause.name.lower()}": int(cause) for cause in Cause} | {
    "trap_machine_ecall": 11,
    "trap_supervisor_ecall": 9,
    "trap_user_ecall": 8,
}


def fits(head: bytes) -> bool:
    """Whether a file begins like such a log."""
    return re.match(rb"core +\d+: (?:\d )?(?:0x[0-9a-f]|>>>>)", head) is not None


def read(path: str | Path, isa: str | None, image: Image | None) -> Trace:
    """Read a log; TraceError with file and line, OSError."""
    made = Importer(path, isa, image, ("word", "value", "memory", "csr"))
    pending: tuple[int, int] | None = None  # an exception whose tval may follow
    for number, line in lines(path):
        found = _COMMIT.fullmatch(line)
        if found is None:
            exception = _EXCEPTION.match(line)
            value = _VALUE.match(line)
            if value is not None and pending is not None:
                made.trap(*pending, int(value[1], 16) & 0xFFFF_FFFF)
                pending = None
                continue
            if pending is not None:
                made.trap(*pending)
                pending = None
            if exception is not None:
                pending = (int(exception[3], 16) & 0xFFFF_FFFF, _cause(path, number, exception[1], exception[2]))
            elif _OTHER_HART.match(line):
                raise refusal(path, number, "another hart than 0; only logs of one hart are read")
            elif not _OTHER.match(line):
                raise refusal(path, number, f"no line of a Spike log: {line.strip()[:60]!r}")
            continue
        if pending is not None:
            made.trap(*pending)
            pending = None
        word = int(found[2], 16)
        destination = value_written = 0
        accesses: list[Access] = []
        csr_writes: list[tuple[int, int]] = []
        rest, position = found[3], 0
        while position < len(rest):
            part = _PART.match(rest, position)
            if part is None:
                raise refusal(path, number, f"{rest[position:].strip()[:60]!r} is not understood")
            position = part.end()
            register, written, csr, csr_value, address, stored = part.groups()
            if register is not None:
                destination, value_written = int(register), int(written, 16) & 0xFFFF_FFFF
                if not 0 < destination < 32:
                    raise refusal(path, number, f"there is no register x{destination}")
            elif csr is not None:
                csr_writes.append((int(csr) & 0xFFF, int(csr_value, 16) & 0xFFFF_FFFF))
            elif stored is not None:
                size = min(len(stored) // 2, 4) or 1
                accesses.append((int(address, 16) & 0xFFFF_FFFF, size, int(stored, 16) & 0xFFFF_FFFF, True))
            else:
                size = min(signed_size(word), 4)
                loaded = value_written & ((1 << 8 * size) - 1)
                accesses.append((int(address, 16) & 0xFFFF_FFFF, size, loaded, False))
        made.retired(int(found[1], 16) & 0xFFFF_FFFF, word, destination, value_written, accesses, csr_writes)
    if pending is not None:
        made.trap(*pending)
    return made.trace()


def _cause(path: str | Path, number: int, name: str, code: str | None) -> int:
    if name == "interrupt" and code is not None:
        return INTERRUPT | int(code) & 0xFFFF
    if name not in _CAUSES:
        raise refusal(path, number, f"the exception {name!r} is not known")
    return _CAUSES[name]
