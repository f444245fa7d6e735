"""Trace formats of other tools: which there are, and which one a file has. A new one gets a row in its table."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from coprocessor.energy import EnergyPreset
from iss.loaders import load_image
from iss.trace.block import TraceError
from iss.trace.reader import Trace, TraceFile
from iss.trace.recorder import describe
from iss.trace.recorder import write_trace as store_trace
from iss.trace.spike import SpikeLog
from iss.trace.store import MAGIC
from iss.trace.unpacking import records

if TYPE_CHECKING:
    from iss.trace.profile.stacks import Profile

OWN: Final = "nht"
READERS: Final[dict[str, str]] = {  # format: module with `fits(head) -> bool` and `read(path, isa, image) -> Trace`
    OWN: "",
    "spike": "iss.trace.formats.spike",
    "rvvi": "iss.trace.formats.rvvi",
    "jsonl": "iss.trace.formats.jsonl",
    "sail": "iss.trace.formats.sail",
    "ibex": "iss.trace.formats.ibex",
    "qemu": "iss.trace.formats.qemu",
}
WRITERS: Final[dict[str, tuple[str, str]]] = {  # format: suffix, what it is for
    OWN: (".nht", "our own"),
    "spike": (".log", "Spike's --log-commits, byte for byte"),
    "rvvi": (".rvvi", "RVVI-TEXT 0.3"),
    "jsonl": (".jsonl", "JSON Lines; nothing is lost"),
    "perfetto": (".json", "Chrome's trace events: functions, commands, traps, counters in ui.perfetto.dev"),
    "vcd": (".vcd", "waveforms of registers, traps and spikes"),
    "folded": (".folded", "folded stacks with cycles, for flame graphs"),
    "callgrind": (".callgrind", "profile with instructions, cycles and energy, for KCachegrind"),
    "flamegraph": (".svg", "flame graph of the cycles of each stack, for browsers"),
    "lcov": (".info", "coverage of source lines and branches, for genhtml"),
}
OF_PROFILES: Final = ("folded", "callgrind", "flamegraph")
"""Formats of WRITERS that hold what `iss.trace.profile` counts."""
WITH_ENERGY: Final = ("callgrind", "rvvi")
"""Formats of WRITERS that can hold energies."""
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


def write_trace(trace: Trace, path: str | Path, format: str, preset: EnergyPreset | None = None) -> None:
    """Write a trace in one of WRITERS; `preset` gives the energies of WITH_ENERGY. TraceError, OSError."""
    if format == OWN:
        store_trace(trace, path)
    elif format == "spike":
        with open(path, "wb") as file:
            log = SpikeLog(trace.architecture, file.write)
            for view in trace.views():
                log.consume(records(view).tobytes())
    else:
        with open(path, "w", encoding="utf-8", newline="\n") as text:
            if format in OF_PROFILES:
                from iss.trace.profile.collect import collect
                from iss.trace.profile.stacks import Profile

                write_profile(Profile.of(collect(trace), preset), text, format)
            elif format == "lcov":
                from iss.trace.coverage.collect import count
                from iss.trace.coverage.lines import coverage
                from iss.trace.formats import lcov

                lcov.write(coverage(count(trace)), text)
            elif format == "rvvi":
                from iss.trace.formats import rvvi

                rvvi.write(trace, text, preset)
            else:
                import_module(f"iss.trace.formats.{format}").write(trace, text)


def write_profile(profile: Profile, out: TextIO, format: str) -> None:
    """Write a profile in one of OF_PROFILES. OSError."""
    import_module(f"iss.trace.formats.{format}").write(profile, out)


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
