"""The logs of Ibex and CV32E40P: time, cycle, pc, word, text, registers and memory in columns."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from iss.isa.registers import NUMBER
from iss.loaders import Image
from iss.trace.formats.importing import Access, Importer, lines, refusal, signed_size
from iss.trace.reader import Trace

_ROW: Final = re.compile(
    r"\s*\d+(?:\s*[num]?s)?\s+\d+\s+(?:[a-zA-Z]\s+)?([0-9a-f]{8})\s+([0-9a-f]{4}|[0-9a-f]{8})\s+(.*)\n", re.IGNORECASE
)
_WRITTEN: Final = re.compile(r"(?<![\w])(x\d+|[a-z]\w{1,3}) ?= ?(?:0x)?([0-9a-f]{8})\b")
_ADDRESS: Final = re.compile(r"PA: ?(?:0x)?([0-9a-f]{8})")
_STORED: Final = re.compile(r"store: ?(?:0x)?([0-9a-f]+)")
_LOADED: Final = re.compile(r"load: ?(?:0x)?([0-9a-f]+)")
_STORE_OPCODES: Final = (0x23,)


def fits(head: bytes) -> bool:
    """Whether a file begins with the titles of such a log."""
    return re.match(rb"\s*Time\s+Cycle\s", head) is not None


def read(path: str | Path, isa: str | None, image: Image | None) -> Trace:
    """Read a log; TraceError with file and line, OSError."""
    made = Importer(path, isa, image, ("word", "value", "memory"))
    for number, line in lines(path):
        row = _ROW.match(line)
        if row is None:
            if number == 1 or not line.strip():
                continue
            raise refusal(path, number, f"no line of an Ibex or CV32E40P trace: {line.strip()[:60]!r}")
        pc, word, rest = int(row[1], 16), int(row[2], 16), row[3]
        destination = value = 0
        for name, text in _WRITTEN.findall(rest):
            if NUMBER.get(name):
                destination, value = NUMBER[name], int(text, 16)
        accesses: list[Access] = []
        address = _ADDRESS.search(rest)
        if address is not None:
            size = min(signed_size(word), 4) if len(row[2]) == 8 else 4
            store = word & 0x7F in _STORE_OPCODES or "store:" in rest
            data = (_STORED if store else _LOADED).search(rest)
            content = int(data[1], 16) if data is not None else value
            accesses.append((int(address[1], 16), size, content & ((1 << 8 * size) - 1), store))
        made.retired(pc, word, destination, value, accesses)
    return made.trace()
