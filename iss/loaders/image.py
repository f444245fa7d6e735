"""What a loader hands over: segments, entry and symbols, and the checks every format has in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from iss.errors import MissingFile, NeuroHartError
from iss.memory.map import ADDRESS_SPACE, Region

if TYPE_CHECKING:
    from iss.loaders.lines import LineTable

MAXIMUM_MEMORY = 1 << 31
"""Bytes all segments of one image may need together: what lies above the usual RAM base 0x8000_0000."""


class LoadError(NeuroHartError):
    """A program file that cannot be loaded: which file (and line), what is wrong, what to do."""


class MissingProgram(LoadError, MissingFile):
    """A program file that is not there or cannot be read."""


def refusal(source: str, problem: str, cure: str, line: int | None = None) -> LoadError:
    """The error `source[:line]: problem; cure`, ready to be raised."""
    place = source if line is None else f"{source}:{line}"
    return LoadError(f"{place}: {problem}; {cure}")


class Segment(NamedTuple):
    """Bytes at a physical address; the part from `len(data)` up to `size` is zero."""

    address: int
    data: bytes
    size: int
    flags: str
    """Which of the letters r, w, x (read, write, execute) the file grants."""
    optional: bool = False
    """The ELF headers, which linkers put in front of the code: no part of the program, left out where no RAM is."""

    @property
    def end(self) -> int:
        """The first address behind the segment."""
        return self.address + self.size

    @property
    def region(self) -> Region:
        """The addresses it occupies."""
        return Region(self.address, self.size)


class Symbol(NamedTuple):
    """A name the linker gave to an address."""

    name: str
    address: int
    size: int
    """Bytes; 0 when the file does not say."""
    kind: str
    """`function`, `object`, `label` (no type given), `absolute` (a constant), `tls` or `other`."""


@dataclass(frozen=True)
class Image:
    """A program ready to be placed: where it starts, what lies where, what it is called."""

    entry: int
    segments: tuple[Segment, ...]
    symbols: Mapping[str, Symbol] = field(default_factory=dict)
    source: str = "<memory>"
    line_reader: Callable[[], LineTable] | None = field(default=None, repr=False, compare=False)
    """Reads the line table when somebody asks for `lines`."""

    @cached_property
    def lines(self) -> LineTable:
        """Source lines of the code; empty if the file has none."""
        from iss.loaders.lines import LineTable

        return LineTable() if self.line_reader is None else self.line_reader()


def kib(size: int) -> str:
    """A size in bytes as people say it: `96 bytes`, `64 KiB`, `3.5 GiB`."""
    for shift, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if size >= 1 << shift:
            return f"{size / (1 << shift):.4g} {unit}"
    return f"{size} bytes"


def check_segments(source: str, segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """The segments sorted by address.

    Raises LoadError when there are none, one wraps the address space, two overlap, or together they need more than
    `MAXIMUM_MEMORY` bytes.
    """
    ordered = tuple(sorted(segments, key=lambda segment: segment.address))
    if not ordered:
        raise refusal(source, "nothing to load", "the file must contain code or data")
    for segment in ordered:
        if segment.end > ADDRESS_SPACE:
            raise refusal(
                source,
                f"{kib(segment.size)} at {segment.address:#010x} wrap around the end of the 32-bit address space",
                "link the program at a lower address",
            )
    total = sum(segment.size for segment in ordered)
    if total > MAXIMUM_MEMORY:
        raise refusal(
            source,
            f"the segments need {kib(total)} of memory",
            f"at most {kib(MAXIMUM_MEMORY)} can be given; reduce the program's data or mend its linker script",
        )
    for low, high in pairwise(ordered):
        if low.end > high.address:
            raise refusal(
                source,
                f"segments {low.region} and {high.region} overlap",
                "every byte may be loaded once; mend the linker script",
            )
    return ordered


def check_entry(source: str, entry: int, segments: Iterable[Segment], alignment: int) -> None:
    """Raise LoadError unless `entry` is aligned and inside the data of an executable segment."""
    if entry % alignment:
        raise refusal(
            source,
            f"entry {entry:#010x} is misaligned",
            f"instructions of this file start at multiples of {alignment}; mend the entry symbol (ENTRY or -e)",
        )
    executable = [segment for segment in segments if "x" in segment.flags and segment.data and not segment.optional]
    if any(segment.address <= entry <= segment.address + len(segment.data) - alignment for segment in executable):
        return
    spans = ", ".join(str(Region(segment.address, len(segment.data))) for segment in executable)
    if not spans:
        raise refusal(
            source,
            f"entry {entry:#010x} points nowhere: no segment is executable",
            'put the code into an executable section (flags "ax")',
        )
    raise refusal(
        source,
        f"entry {entry:#010x} is outside of every executable segment ({spans})",
        "define the entry symbol (usually _start) in the code, or name it with ENTRY or -e when linking",
    )
