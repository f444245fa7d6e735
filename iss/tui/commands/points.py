"""Commands for break- and watchpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from iss.debug.points import Point, PointKind
from iss.tui.commands.command import Answer, Command, CommandError, condition, say

if TYPE_CHECKING:
    from iss.tui.commands.commander import Commander


def _break(temporary: bool) -> Callable[[Commander, str], Answer]:
    def run(commander: Commander, text: str) -> Answer:
        place, wanted = condition(text)
        place = place or f"*{commander.state.machine.hart.pc:#x}"
        return _made(commander, commander.state.debugger.break_at(place, wanted, temporary=temporary))

    return run


def _watch(kind: PointKind) -> Callable[[Commander, str], Answer]:
    def run(commander: Commander, text: str) -> Answer:
        expression, wanted = condition(text)
        if not expression:
            raise CommandError(f"{kind.value} EXPRESSION: of what? for example a0, nm_t, [0x80001000], total[0], v[3]")
        return _made(commander, commander.state.debugger.watch(expression, wanted, kind=kind))

    return run


def _made(commander: Commander, point: Point) -> Answer:
    commander.state.moved()
    address = getattr(point.wanted, "addresses", (None,))[0]
    where = f" at {address:#010x}" if address is not None else ""
    wanted = f" if {point.condition}" if point.condition is not None else ""
    return say(f"{point.kind.value} {point.number}: {point.text}{where}{wanted}")


def numbers(commander: Commander, text: str) -> list[int]:
    """Numbers of points; all if none is given. CommandError for what is no number."""
    try:
        chosen = [int(word) for word in text.replace(",", " ").split()] or list(commander.state.debugger.points)
    except ValueError:
        raise CommandError(f"{text!r}: expected numbers of points; `info breakpoints` lists them") from None
    for number in chosen:
        commander.state.debugger.point(number)
    return chosen


def _delete(commander: Commander, text: str) -> Answer:
    chosen = numbers(commander, text)
    for number in chosen:
        commander.state.debugger.delete(number)
    commander.state.moved()
    return say(f"deleted {', '.join(map(str, chosen))}" if chosen else "there are no points")


def _enable(on: bool) -> Callable[[Commander, str], Answer]:
    def run(commander: Commander, text: str) -> Answer:
        chosen = numbers(commander, text)
        for number in chosen:
            commander.state.debugger.point(number).enabled = on
        commander.state.moved()
        return say(f"{'enabled' if on else 'disabled'} {', '.join(map(str, chosen)) or 'nothing'}")

    return run


def _ignore(commander: Commander, text: str) -> Answer:
    words = text.split()
    if len(words) != 2 or not all(word.isdigit() for word in words):
        raise CommandError("ignore NUMBER COUNT: expected the number of a point and how often it is to be passed over")
    point = commander.state.debugger.point(int(words[0]))
    point.ignore = int(words[1])
    return say(str(point))


def _condition(commander: Commander, text: str) -> Answer:
    number, _, rest = text.strip().partition(" ")
    if not number.isdigit():
        raise CommandError("condition NUMBER [EXPRESSION]: expected the number of a point")
    point = commander.state.debugger.point(int(number))
    if rest.strip():
        from iss.debug.expressions import Expression

        wanted = Expression(rest)
        wanted.evaluate(commander.state.machine)
        point.condition = wanted
    else:
        point.condition = None
    return say(str(point))


COMMANDS: Final = (
    Command(("break", "b", "br"), "[PLACE] [if CONDITION]", "Stop before the instruction at a place.", _break(False)),
    Command(("tbreak", "tb"), "[PLACE] [if CONDITION]", "The same, once.", _break(True)),
    Command(("watch", "w"), "EXPRESSION [if CONDITION]", "Stop after a value has changed.", _watch(PointKind.WATCH)),
    Command(("rwatch",), "MEMORY [if CONDITION]", "Stop after memory was read.", _watch(PointKind.READ)),
    Command(("awatch",), "MEMORY [if CONDITION]", "Stop after memory was read or written.", _watch(PointKind.ACCESS)),
    Command(("delete", "d"), "[NUMBER...]", "Remove points; all without a number.", _delete),
    Command(("enable",), "[NUMBER...]", "Let points stop the machine again.", _enable(True)),
    Command(("disable",), "[NUMBER...]", "Keep points, but do not stop at them.", _enable(False)),
    Command(("ignore",), "NUMBER COUNT", "Pass over a point so many times.", _ignore),
    Command(("condition",), "NUMBER [EXPRESSION]", "Give a point another condition, or none.", _condition),
)
