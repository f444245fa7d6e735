"""The input as a stack of statement streams: files, macro expansions and repetitions, the top one read first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from asm.errors import StatementError
from asm.macros import Macro, bind_arguments, read_header, substitute
from asm.source import Line, split_statements

if TYPE_CHECKING:
    from asm.assembler import Assembler

Statement: TypeAlias = tuple[Line, int, str]

MAXIMUM_DEPTH: Final = 100
MAXIMUM_REPETITIONS: Final = 1 << 24
_DIRECTIVE = re.compile(r'\s*(?:(?:[\w.$]+|"[^"]*")\s*:\s*)*(\.\w+)')
_OPENING: Final = {
    ".endm": {".macro"},
    ".endr": {".rept", ".irp", ".irpc"},
}


@dataclass(slots=True)
class _Stream:
    statements: Iterator[Statement]
    macro: str
    depth: int
    line: Line


def _statements(lines: Iterable[Line]) -> Iterator[Statement]:
    for line in lines:
        if line.text and not line.text.isspace():
            for column, text in split_statements(line.text):
                yield line, column, text


class BlockReader:
    """Gives one statement after the other, and knows the macros."""

    def __init__(self, assembler: Assembler) -> None:
        self._assembler = assembler
        self._streams: list[_Stream] = []
        self._macros: dict[str, Macro] = {}
        self._expansions = 0
        self._open: list[tuple[Line, int, str]] = []

    def next_statement(self) -> Statement | None:
        """Return the next (line, column, text), or None at the end of the source."""
        while self._streams:
            statement = next(self._streams[-1].statements, None)
            if statement is not None:
                return statement
            self._close(self._streams.pop())
        return None

    def _close(self, stream: _Stream) -> None:
        conditions = self._assembler.conditions
        if stream.macro and conditions.depth > stream.depth:
            self._open += conditions.open_blocks(stream.depth)
            conditions.cut(stream.depth)

    def open_blocks(self) -> list[tuple[Line, int, str]]:
        """Return line, column and message of conditional blocks left open in macros."""
        return self._open

    def push_lines(self, lines: list[Line]) -> None:
        self._push(_statements(lines), "")

    def _push(self, statements: Iterator[Statement], macro: str) -> None:
        if len(self._streams) >= MAXIMUM_DEPTH:
            what = f'macro "{macro}" calls itself' if macro else "files include each other"
            raise StatementError(f"more than {MAXIMUM_DEPTH} files and macros are nested; {what} without end?")
        self._streams.append(
            _Stream(
                statements,
                macro,
                self._assembler.conditions.depth,
                self._assembler.line,
            )
        )

    @property
    def depth(self) -> int:
        return len(self._streams)

    def stop(self) -> None:
        """Read nothing more."""
        self._streams.clear()

    def collect(self, opened_by: str, closed_by: str) -> list[Statement]:
        """Take the statements up to the matching `closed_by` out of the current stream. Raises StatementError."""
        body: list[Statement] = []
        depth = 1
        for statement in self._streams[-1].statements:
            found = _DIRECTIVE.match(statement[2])
            name = found[1].lower() if found is not None else ""
            if name in _OPENING[closed_by]:
                depth += 1
            elif name == closed_by:
                depth -= 1
                if depth == 0:
                    return body
            body.append(statement)
        raise StatementError(f"{opened_by} is never closed with {closed_by}")

    # Macros ----------------------------------------------------------------------------------------------------
    def is_macro(self, name: str) -> bool:
        return name.lower() in self._macros

    def macro_names(self) -> list[str]:
        return [macro.name for macro in self._macros.values()]

    def define_macro(self, header: str, column: int) -> None:
        """Carry out `.macro`: `header` is what follows it; the body is taken from the stream."""
        line = self._assembler.line
        body = self.collect(".macro", ".endm")
        name, formals = read_header(header, column)
        earlier = self._macros.get(name.lower())
        if earlier is not None:
            raise StatementError(
                f'macro "{name}" is already defined at {earlier.line.file}:{earlier.line.number}; .purgem removes it',
                column,
            )
        self._macros[name.lower()] = Macro(name, formals, tuple(body), line)

    def purge_macro(self, name: str, column: int) -> None:
        if self._macros.pop(name.lower(), None) is None:
            raise StatementError(f'there is no macro "{name}" to remove', column)

    def call_macro(self, name: str, text: str, column: int) -> None:
        """Push the expansion of a macro with the arguments in `text`."""
        macro = self._macros[name.lower()]
        values = bind_arguments(macro, text, column)
        line = self._assembler.line
        note = f'{line.file}:{line.number}:{column + 1}: note: in the expansion of macro "{macro.name}" called here'
        reached = (note, *line.reached)
        counter = self._expansions
        self._expansions += 1

        def expand() -> Iterator[Statement]:
            for body_line, _, body_text in macro.body:
                expanded = substitute(body_text, values, counter)
                renewed = Line(expanded, expanded, body_line.file, body_line.number, reached, line)
                for at, part in split_statements(expanded):
                    yield renewed, at, part

        self._push(expand(), macro.name)

    def exit_macro(self) -> None:
        """Carry out `.exitm`: leave the innermost macro (or repetition)."""
        stream = self._streams[-1]
        if not stream.macro:
            raise StatementError(".exitm outside of a macro")
        self._assembler.conditions.cut(stream.depth)
        self._streams.pop()

    # Repetitions -----------------------------------------------------------------------------------------------
    def repeat(self, name: str, count: int) -> None:
        """Push the block up to `.endr`, `count` times."""
        body = self.collect(name, ".endr")
        if count > MAXIMUM_REPETITIONS:
            raise StatementError(f"{count} repetitions are too many, at most {MAXIMUM_REPETITIONS}")
        self._push((statement for _ in range(count) for statement in body), name)

    def repeat_for(self, name: str, parameter: str, values: list[str]) -> None:
        """Push the block up to `.endr` once for each value of `\\parameter`."""
        body = self.collect(name, ".endr")

        def expand() -> Iterator[Statement]:
            for value in values:
                for line, _, text in body:
                    expanded = substitute(text, {parameter: value}, None)
                    renewed = Line(
                        expanded,
                        expanded,
                        line.file,
                        line.number,
                        line.reached,
                        line.invocation,
                    )
                    for at, part in split_statements(expanded):
                        yield renewed, at, part

        self._push(expand(), name)
