"""Sources and their lines: comments blanked out, statements split, and for each line how it came to be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# One alternative a kind of text that can hide the others; comments are the last group.
_HIDING = re.compile(
    r"""
    "(?:[^"\\\n]|\\.)*"                 # string
    | '(?:\\[^\n]|[^\\\n])'?            # character constant, with or without closing quote
    | (?P<comment> /\*.*?\*/ | //[^\n]* | \#[^\n]* )
    | (?P<open> /\* )
    """,
    re.VERBOSE | re.DOTALL,
)
_SEPARATOR = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:\\.|[^\\])'?|;""")
_PREPROCESSOR = re.compile(r'#\s*(?:include\s*[<"]|define\s+\w|ifdef\s+\w+\s*$|ifndef\s+\w+\s*$|endif\s*$)')
_NOT_NEWLINE = re.compile(r"[^\n]")


@dataclass(frozen=True, slots=True)
class Source:
    """Assembly text and the name it is called by in messages and debug information."""

    name: str
    text: str
    path: Path | None = None

    @classmethod
    def read(cls, path: Path) -> Source:
        """Read a file as UTF-8; bytes that are not UTF-8 survive in strings. Raises OSError."""
        return cls(
            str(path),
            path.read_bytes().decode("utf-8", "surrogateescape").replace("\r\n", "\n"),
            path,
        )


class Line:
    """One line as it is assembled: `text` without comments, `raw` as written, and where both come from."""

    __slots__ = ("file", "invocation", "number", "raw", "reached", "text")

    def __init__(
        self,
        text: str,
        raw: str,
        file: str,
        number: int,
        reached: tuple[str, ...] = (),
        invocation: Line | None = None,
    ) -> None:
        self.text = text
        self.raw = raw
        self.file = file
        self.number = number
        self.reached = reached
        self.invocation = invocation

    @property
    def visible(self) -> Line:
        """The line a debugger shows: outside of all macros."""
        return self if self.invocation is None else self.invocation.visible


def read_lines(source: Source, reached: tuple[str, ...] = ()) -> tuple[list[Line], list[tuple[int, str]]]:
    """Return a source's lines and the (line number, message) pairs of comments that never end."""
    problems: list[tuple[int, str]] = []

    def blank(found: re.Match[str]) -> str:
        if found["open"] is not None:
            number = source.text.count("\n", 0, found.start()) + 1
            problems.append((number, "comment opened with /* is never closed with */"))
            return "  "
        return found[0] if found["comment"] is None else _NOT_NEWLINE.sub(" ", found[0])

    clean = _HIDING.sub(blank, source.text)
    raws, texts = source.text.split("\n"), clean.split("\n")
    name = source.name
    lines = [
        Line(text, raw, name, number, reached) for number, (text, raw) in enumerate(zip(texts, raws, strict=True), 1)
    ]
    return lines, problems


def preprocessor_lines(lines: list[Line]) -> Iterator[Line]:
    """Yield the lines that look like C preprocessor directives, which are comments here."""
    for line in lines:
        if line.raw[:1] == "#" and _PREPROCESSOR.match(line.raw):
            yield line


def split_statements(text: str) -> list[tuple[int, str]]:
    """Return (column, text) of the statements of a clean line that `;` separates."""
    if ";" not in text:
        return [(0, text)]
    parts, start = [], 0
    for found in _SEPARATOR.finditer(text):
        if found[0] == ";":
            parts.append((start, text[start : found.start()]))
            start = found.end()
    parts.append((start, text[start:]))
    return parts
