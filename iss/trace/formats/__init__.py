"""Trace formats of other tools: which there are, and which one a file has. A new one gets a row in its table."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Final

from iss.loaders import load_image
from iss.trace.block import TraceError
from iss.trace.reader import Trace, TraceFile
from iss.trace.recorder import describe
from iss.trace.store import MAGIC

OWN: Final = "nht"
READERS: Final[dict[str, str]] = {  # format: module with `fits(head) -> bool` and `read(path, isa, image) -> Trace`
    OWN: "",
}
_LOOKED_AT: Final = 4096


def detect(path: str | Path) -> str:
    """The format of a file; TraceError if it has none of READERS, OSError."""
    with open(path, "rb") as file:
        head = file.read(_LOOKED_AT)
    if head.startswith(MAGIC):
        return OWN
    for name, module in READERS.items():
        if module and import_module(module).fits(head):
            return name
    if not head:
        raise TraceError(f"{path}: the file is empty; record it with `neurohart trace record`")
    raise TraceError(f"{path}: no trace, or of a format that is not known; expected one of {', '.join(READERS)}")


def read_trace(
    path: str | Path, format: str | None = None, isa: str | None = None, program: str | None = None
) -> Trace:
    """Open a trace of any format; `isa` and `program` complete one that lacks them. TraceError, LoadError, OSError."""
    chosen = format or detect(path)
    image = load_image(program) if program else None
    if chosen == OWN:
        trace: Trace = TraceFile.open(path)
        if image is not None or isa is not None:
            trace.description = {**trace.description, **describe(isa or trace.isa, None, image)}
        return trace
    found: Trace = import_module(READERS[chosen]).read(path, isa, image)
    return found
