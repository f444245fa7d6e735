"""Verilog hex files as $readmemh reads them (IEEE 1800, "Loading memory array data from a file").

Numbers are memory words of 1, 2 or 4 bytes, little-endian in memory; `@` addresses count words.
"""

from __future__ import annotations

import re
from array import array
from typing import NamedTuple

from iss.loaders.image import Image, Segment, check_entry, check_segments, refusal
from iss.memory.map import ADDRESS_SPACE, MemoryMap

WIDTHS = (1, 2, 4)
COMMENT = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
WORD = re.compile(r"[0-9A-Fa-f][0-9A-Fa-f_]*\Z")
EXPECTED = "expected hexadecimal words, @addresses and // or /* */ comments"


class Run(NamedTuple):
    """Consecutive words behind one @address (None: the start of the file)."""

    address: int | None
    line: int
    words: list[str]
    lines: list[int]
    """The line each word stands on."""


def load(source: str, data: bytes, *, base: int | None = None, width: int | None = None) -> Image:
    """The image in a Verilog hex file, entered at its lowest address.

    `width` is the size of a memory word in bytes, by default the one all words of the file have. `base` is added to
    every address; by default it is 0, and the start of RAM for a file without any address. Raises LoadError with the
    line.
    """
    if width is not None and width not in WIDTHS:
        raise refusal(source, f"memory words of {width} bytes", "give a width of 1, 2 or 4")
    runs = _runs(source, _text(source, data))
    if base is None:
        base = MemoryMap().ram.base if all(run.address is None for run in runs) else 0
    size = width or _detected_width(source, runs)
    segments = []
    for run in runs:
        contents = _contents(source, run, size)
        address = base + (run.address or 0) * size
        if not 0 <= address <= ADDRESS_SPACE - len(contents):
            raise refusal(
                source,
                f"{len(contents)} bytes at {address:#x} lie outside of the 32-bit address space",
                f"@ addresses count words of {size} bytes; give another width or base",
                run.line,
            )
        segments.append(Segment(address, contents, len(contents), "rwx"))
    ordered = check_segments(source, _joined(segments))
    check_entry(source, ordered[0].address, ordered, 2)
    return Image(ordered[0].address, ordered, {}, source)


def _text(source: str, data: bytes) -> str:
    """The file without its comments, lines in their places."""
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise refusal(source, f"byte {data[error.start]:#04x} is not text", EXPECTED, line) from None
    text = text.replace("\r\n", "\n")

    def blank(comment: re.Match[str]) -> str:
        if comment[0].startswith("/*") and (len(comment[0]) < 4 or not comment[0].endswith("*/")):
            line = text.count("\n", 0, comment.start()) + 1
            raise refusal(source, "comment /* without end", "close it with */", line)
        return "\n" * comment[0].count("\n") or " "

    return COMMENT.sub(blank, text)


def _runs(source: str, text: str) -> list[Run]:
    """The words grouped behind their addresses."""
    runs: list[Run] = []
    run = Run(None, 1, [], [])
    for line, content in enumerate(text.split("\n"), 1):
        for token in content.split():
            if token.startswith("@"):
                if not WORD.match(token[1:]):
                    raise refusal(source, f"{token[:24]!r} is not an address", EXPECTED, line)
                runs.append(run)
                run = Run(int(token[1:].replace("_", ""), 16), line, [], [])
            elif WORD.match(token):
                run.words.append(token.replace("_", ""))
                run.lines.append(line)
            elif re.fullmatch(r"[0-9A-Fa-fxXzZ?_]+", token):
                raise refusal(source, f"{token[:24]!r} has unknown bits (x or z)", "give every bit a value", line)
            else:
                raise refusal(source, f"{token[:24]!r} is not a hexadecimal word", EXPECTED, line)
    runs.append(run)
    runs = [run for run in runs if run.words]
    if not runs:
        raise refusal(source, "no data", EXPECTED)
    return runs


def _detected_width(source: str, runs: list[Run]) -> int:
    """The word size in bytes that the number of digits shows; only the last word of a run may be shorter."""
    digits = len(runs[0].words[0])
    if len(runs[0].words) == 1:
        digits = max(len(run.words[0]) for run in runs)
    for run in runs:
        for index, (word, line) in enumerate(zip(run.words, run.lines, strict=True)):
            if len(word) > digits or (len(word) < digits and index < len(run.words) - 1):
                raise refusal(
                    source,
                    f"word of {len(word)} digits among words of {digits} digits",
                    "give all words the same number of digits, or name the width of the memory",
                    line,
                )
    if digits not in (2 * width for width in WIDTHS):
        raise refusal(
            source,
            f"words of {digits} hexadecimal digits, expected 2, 4 or 8 (1, 2 or 4 bytes)",
            "write the file again with such words, or name the width of the memory",
            runs[0].lines[0],
        )
    return digits // 2


def _contents(source: str, run: Run, size: int) -> bytes:
    """The bytes of a run of words of `size` bytes."""
    digits = 2 * size
    if max(map(len, run.words)) > digits:
        line = next(line for word, line in zip(run.words, run.lines, strict=True) if len(word) > digits)
        raise refusal(source, f"word of more than {digits} digits", f"the memory's words have {size} bytes", line)
    big_endian = bytes.fromhex("".join(word.zfill(digits) for word in run.words))
    if size == 1:
        return big_endian
    words = array({2: "H", 4: "I"}[size], big_endian)
    words.byteswap()
    return words.tobytes()


def _joined(segments: list[Segment]) -> list[Segment]:
    """Neighbouring segments as one."""
    joined: list[Segment] = []
    parts: list[bytes] = []
    for segment in sorted(segments, key=lambda segment: segment.address):
        if joined and joined[-1].end == segment.address:
            joined[-1] = joined[-1]._replace(size=joined[-1].size + segment.size)
            parts[-1] += segment.data
        else:
            joined.append(segment)
            parts.append(segment.data)
    return [segment._replace(data=data) for segment, data in zip(joined, parts, strict=True)]
