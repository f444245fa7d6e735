"""Figures in pages: they stand between `<!-- NAME -->` and `<!-- end -->`, where a tool puts them again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

_SECTION = re.compile(r"<!-- (?P<name>\w+) -->.*?<!-- end -->", re.DOTALL)


def markdown(rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; the second row says how columns are aligned ("---", "---:")."""
    escaped = ([cell.replace("|", r"\|") for cell in row] for row in rows)
    return "\n".join(f"| {' | '.join(row)} |" for row in escaped)


def replace(page: str, section: Callable[[str], str | None]) -> str:
    """The page with every section that `section` gives new content for; the others stay."""

    def again(found: re.Match[str]) -> str:
        content = section(found["name"])
        return found[0] if content is None else f"<!-- {found['name']} -->\n\n{content}\n\n<!-- end -->"

    return _SECTION.sub(again, page)


def names(page: str) -> list[str]:
    """The sections of a page."""
    return [found["name"] for found in _SECTION.finditer(page)]
