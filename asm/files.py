"""Finding the files that sources name: beside the source, in the include paths, here, and in the library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from asm.errors import StatementError
from asm.session import LIBRARY

if TYPE_CHECKING:
    from asm.assembler import Assembler


def find_file(assembler: Assembler, name: str, column: int) -> Path:
    """Return the path of the file `name`; StatementError lists where it was looked for."""
    beside = Path(assembler.line.file).parent
    places = [beside, *assembler.session.include_paths, Path("."), LIBRARY]
    for place in dict.fromkeys(places):
        path = place / name
        if path.is_file():
            return path
    looked = ", ".join(str(place) for place in dict.fromkeys(places[:-1]))
    raise StatementError(
        f'cannot find "{name}"; looked in {looked} and the library of the assembler (add -I)',
        column,
    )
