"""Conditional assembly: which of the nested .if blocks are being assembled."""

from __future__ import annotations

from dataclasses import dataclass

from asm.errors import StatementError
from asm.source import Line


@dataclass(slots=True)
class _Block:
    """An open .if: `taken` once one of its branches has been assembled, `outer` if the block itself is."""

    line: Line
    column: int
    active: bool
    taken: bool
    outer: bool
    last: bool = False


class Conditions:
    """The open conditional blocks; `active` tells whether statements are assembled now."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = []
        self.active = True

    @property
    def depth(self) -> int:
        return len(self._blocks)

    def _update(self) -> None:
        self.active = all(block.active for block in self._blocks[-1:])

    def begin(self, line: Line, column: int, condition: bool) -> None:
        """Open a block; `condition` is ignored inside a block that is skipped."""
        outer = self.active
        self._blocks.append(_Block(line, column, outer and condition, condition, outer))
        self._update()

    def needs_condition(self) -> bool:
        """Tell whether the condition of an .elseif matters: nothing of its block was taken so far."""
        return bool(self._blocks) and self._blocks[-1].outer and not self._blocks[-1].taken

    def otherwise(self, name: str, condition: bool = True) -> None:
        """Go on to `.else` (or `.elseif`, with its condition)."""
        if not self._blocks:
            raise StatementError(f"{name} without .if before it")
        block = self._blocks[-1]
        if block.last:
            raise StatementError(f"{name} after .else of the .if at line {block.line.number}")
        block.active = block.outer and not block.taken and condition
        block.taken = block.taken or condition
        block.last = name == ".else"
        self._update()

    def end(self) -> None:
        if not self._blocks:
            raise StatementError(".endif without .if before it")
        self._blocks.pop()
        self._update()

    def cut(self, depth: int) -> None:
        """Forget the blocks opened since there were `depth` of them (a macro was left)."""
        del self._blocks[depth:]
        self._update()

    def open_blocks(self, since: int = 0) -> list[tuple[Line, int, str]]:
        """Return line, column and message of blocks never closed."""
        return [(block.line, block.column, ".if is never closed with .endif") for block in self._blocks[since:]]
