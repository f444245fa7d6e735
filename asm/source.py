"""Sources and their lines: comments blanked out, statements split, and for each line how it came to be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# One alternative a kind of text that can hide the others; comments are the last group.
_HIDING = re.compile(
    r"""
    "(?:[^"\\\n]|\\.)*"                 # string
    | '(?:\\[^\n]|[^\\\n])'?            # character constant, with or without closing quote
    | (?P<comment> /\*.*?\*/ | //[^\n]* | \#[^\n]* )
    | (?P<open> /\*.* )
    """,
    re.VERBOSE | re.DOTALL,
)
_SEPARATOR = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:\\.|[^\\])'?|;""")
_PREPROCESSOR = re.compile(r'#\s*(?:include\s*[<"]|define\s+\w|ifdef\s+\w+\s*$|ifndef\s+\w+\s*$|endif\s*$)')
_JOINT: Final = "\v"  # stands for a line end inside a comment
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
        elif found["comment"] is None:
            return found[0]
        return _NOT_NEWLINE.sub(" ", found[0]).replace("\n", _JOINT)

    raws = source.text.split("\n")
    lines: list[Line] = []
    number = 1
    for text in _HIDING.sub(blank, source.text).split("\n"):
        if _JOINT in text:
            lines += _joined(text, raws, source.name, number, reached)
            number += text.count(_JOINT) + 1
        else:
            lines.append(Line(text, raws[number - 1], source.name, number, reached))
            number += 1
    return lines, problems


def _joined(text: str, raws: list[str], name: str, number: int, reached: tuple[str, ...]) -> list[Line]:
    """Return the line for physical lines that a comment joins; it counts as the first of them that says something."""
    parts = text.split(_JOINT)
    last = number + len(parts) - 1
    while len(parts) > 1 and not parts[0].strip():
        parts.pop(0)
        number += 1
    while len(parts) > 1 and not parts[-1].strip():
        parts.pop()
        last -= 1
    return [Line(" ".join(parts), " ".join(raws[number - 1 : last]), name, number, reached)]


def preprocessor_lines(lines: list[Line]) -> Iterator[Line]:
    """Yield the lines that look like C preprocessor directives, which are comments here."""
    for line in lines:
        if line.raw[:1] == "#" and _PREPROCESSOR.match(line.raw):
            yield line


def split_statements(text: str) -> list[tuple[int, str]]:
    """Return (column, text) of the statements of a clean line that `;` separates."""
    if ";" not in text:
        return [(0, text.rstrip())]
    parts, start = [], 0
    for found in _SEPARATOR.finditer(text):
        if found[0] == ";":
            parts.append((start, text[start : found.start()].rstrip()))
            start = found.end()
    parts.append((start, text[start:].rstrip()))
    return parts
