"""lcov's coverage format (man geninfo), written and read: lines, functions and branches of source files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from iss.trace.block import TraceError
from iss.trace.coverage.lines import Branch, Coverage, FileCoverage


def write(coverage: Coverage, out: TextIO) -> None:
    """Write a coverage; branch 0 of each block is the one that was taken."""
    for path, found in sorted(coverage.files.items()):
        out.write(f"TN:\nSF:{path}\n")
        functions = sorted((line, name, count) for name, (line, count) in found.functions.items())
        out.writelines(f"FN:{line},{name}\n" for line, name, _ in functions)
        out.writelines(f"FNDA:{count},{name}\n" for _, name, count in functions)
        out.write(f"FNF:{found.function_rate.found}\nFNH:{found.function_rate.hit}\n")
        for line, branches in sorted(found.branches.items()):
            for block, branch in enumerate(branches):
                for way, count in enumerate(branch):
                    out.write(f"BRDA:{line},{block},{way},{count if branch.reached else '-'}\n")
        out.write(f"BRF:{found.branch_rate.found}\nBRH:{found.branch_rate.hit}\n")
        out.writelines(f"DA:{line},{count}\n" for line, count in sorted(found.lines.items()))
        out.write(f"LF:{found.line_rate.found}\nLH:{found.line_rate.hit}\nend_of_record\n")


def fits(head: bytes) -> bool:
    """Whether a file begins as coverage of lcov does."""
    return head.startswith((b"TN:", b"SF:"))


def read(path: str | Path) -> Coverage:
    """Read a file. TraceError with the line that is not understood, OSError.

    Branches of other tools may have any number of ways; here two that follow each other are those of one instruction.
    """
    coverage, reader = Coverage(), _Reader()
    with open(path, encoding="utf-8", errors="replace") as file:
        for number, text in enumerate(file, 1):
            try:
                done = reader.line(text.rstrip("\n"))
            except (ValueError, KeyError, IndexError):
                problem = f"not understood: {text.strip()[:60]!r}; expected a tracefile of lcov"
                raise TraceError(f"{path}:{number}: {problem}") from None
            if done is not None:
                coverage.merge(Coverage({done[0]: done[1]}))
    if reader.path:
        raise TraceError(f"{path}: the file ends within {reader.path}; it was cut off")
    return coverage


class _Reader:
    """One source file after the other."""

    def __init__(self) -> None:
        self.path = ""
        self._found = FileCoverage()
        self._ways: dict[int, list[int]] = {}
        self._starts: dict[str, int] = {}
        self._fields: dict[str, Callable[[list[str]], None]] = {
            "DA": self._count,
            "FN": self._function,
            "FNDA": self._called,
            "BRDA": self._branch,
        }

    def line(self, text: str) -> tuple[str, FileCoverage] | None:
        """Take a line; gives a file at its end."""
        if text == "end_of_record":
            return self._end()
        name, colon, value = text.partition(":")
        if name == "SF" and colon:
            self.path = value
        elif name in self._fields:
            self._fields[name](value.split(","))
        elif text and not (colon and name.isalnum()):
            raise ValueError
        return None

    def _end(self) -> tuple[str, FileCoverage]:
        if not self.path:
            raise ValueError
        for line, ways in self._ways.items():
            pairs = zip(ways[::2], [*ways, 0][1::2], strict=False)
            self._found.branches[line] = [Branch(*pair) for pair in pairs]
        ended = self.path, self._found
        self.path, self._found, self._ways, self._starts = "", FileCoverage(), {}, {}
        return ended

    def _count(self, values: list[str]) -> None:
        self._found.lines[int(values[0])] = int(values[1])

    def _function(self, values: list[str]) -> None:
        self._found.functions[values[-1]] = (int(values[0]), 0)

    def _called(self, values: list[str]) -> None:
        name = ",".join(values[1:])
        self._found.functions[name] = (self._found.functions[name][0], int(values[0]))

    def _branch(self, values: list[str]) -> None:
        count = 0 if values[-1] == "-" else int(values[-1])
        self._ways.setdefault(int(values[0]), []).append(count)
