"""What a command of the debugger is, and how its arguments are read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from iss.errors import NeuroHartError
from iss.tui.text import Row

if TYPE_CHECKING:
    from iss.tui.commands.commander import Commander

Answer = list[Row]
_AMOUNT: Final = re.compile(r"(\d[\d_,]*(?:\.\d+)?)([kMG]?)\Z")
_UNITS: Final = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}


class CommandError(NeuroHartError):
    """A command that cannot be carried out as it was given."""


@dataclass(frozen=True)
class Command:
    """`names` are the name and its short forms; `repeats` says that an empty line does it again."""

    names: tuple[str, ...]
    usage: str
    help: str
    run: Callable[[Commander, str], Answer]
    repeats: bool = False

    @property
    def name(self) -> str:
        """The full name."""
        return self.names[0]


def say(text: str) -> Answer:
    """An answer of one line."""
    return [Row(text)]


def amount(commander: Commander, text: str, default: int | None = None) -> int:
    """A count: a number such as 1000, 10k, 1.5M, or an expression. CommandError if it is negative or missing."""
    text = text.strip()
    if not text:
        if default is None:
            raise CommandError("a number is missing")
        return default
    found = _AMOUNT.match(text)
    if found is not None:
        return int(float(found[1].replace("_", "").replace(",", "")) * _UNITS[found[2]])
    value = commander.state.debugger.evaluate(text)
    if value < 0:
        raise CommandError(f"{text!r} is {value}; expected a number that is not negative")
    return value


def condition(text: str) -> tuple[str, str | None]:
    """Split `PLACE if CONDITION`."""
    place, *rest = re.split(r"\s+if\s+", text.strip(), maxsplit=1)
    return place, rest[0] if rest else None
