"""Commands that move the machine through time, forwards and backwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from iss.debug.debugger import Debugger, Stop
from iss.tui.commands.command import Answer, Command, CommandError, amount, say

if TYPE_CHECKING:
    from iss.tui.commands.commander import Commander


def _times(motion: Callable[[Debugger], Callable[[], Stop]]) -> Callable[[Commander, str], Answer]:
    """A motion that takes a count of repetitions; it ends early where it did not just arrive."""

    def run(commander: Commander, text: str) -> Answer:
        count = amount(commander, text, 1)

        def all_of_them() -> Stop:
            step = motion(commander.state.debugger)
            stop = step()
            for _ in range(count - 1):
                if stop.kind.value not in ("step", "point"):
                    break
                stop = step()
            return stop

        return commander.move(all_of_them) if count else []

    return run


def _step(commander: Commander, text: str) -> Answer:
    count = amount(commander, text, 1)
    return commander.move(lambda: commander.state.debugger.step(count))


def _step_back(commander: Commander, text: str) -> Answer:
    count = amount(commander, text, 1)
    return commander.move(lambda: commander.state.debugger.step_back(count))


def _until(commander: Commander, text: str) -> Answer:
    if not text:
        raise CommandError("until PLACE: where? expected a symbol, symbol+offset, *address or file:line")
    return commander.move(lambda: commander.state.debugger.until(text))


def _goto(commander: Commander, text: str) -> Answer:
    target = moment(commander, text)
    return commander.move(lambda: commander.state.debugger.goto(target))


def moment(commander: Commander, text: str) -> int:
    """A moment: a number of retired instructions, +N, -N, N% of the history, start, end or a bookmark."""
    state, text = commander.state, text.strip()
    history = state.debugger.history
    if not text:
        raise CommandError("goto MOMENT: expected an instruction count, +N, -N, N%, start, end or a bookmark")
    if text in state.bookmarks:
        return state.bookmarks[text]
    if text in ("start", "end"):
        return history.earliest if text == "start" else history.latest
    if text.endswith("%"):
        share = amount(commander, text[:-1])
        if share > 100:
            raise CommandError(f"{text}: the history ends at 100%")
        return history.earliest + (history.latest - history.earliest) * share // 100
    if text[0] in "+-":
        distance = amount(commander, text[1:])
        return max(history.earliest, state.now + (distance if text[0] == "+" else -distance))
    return amount(commander, text)


def _mark(commander: Commander, text: str) -> Answer:
    name = text.strip() or f"m{len(commander.state.bookmarks) + 1}"
    commander.state.bookmarks[name] = commander.state.now
    return say(f"bookmark {name} at instruction {commander.state.now:,}")


def _speed(commander: Commander, text: str) -> Answer:
    state = commander.state
    state.speed = None if text.strip() in ("", "full", "max") else max(1, amount(commander, text))
    return say("full speed" if state.speed is None else f"at most {state.speed:,} instructions a second")


COMMANDS: Final = (
    Command(("step", "s"), "[N]", "Run to another source line, also in a function; without lines one instruction.",
            _times(lambda d: d.step_line), True),
    Command(("next", "n"), "[N]", "The same, a call as a whole.", _times(lambda d: d.next_line), True),
    Command(("stepi", "si"), "[N]", "Run one instruction, or N.", _step, True),
    Command(("nexti", "ni"), "[N]", "Run one instruction, a call as a whole.", _times(lambda d: d.next), True),
    Command(("finish", "f", "fin"), "", "Run until the present function has returned.",
            _times(lambda d: d.finish), True),
    Command(("continue", "c", "cont", "run", "r"), "[N]", "Run until a point is met or the program ends.",
            _times(lambda d: d.resume), True),
    Command(("until", "u", "advance"), "PLACE", "Run until a place or a point is met.", _until),
    Command(("reverse-step", "S", "rs"), "[N]", "Go back to where this source line began, or the one before.",
            _times(lambda d: d.step_line_back), True),
    Command(("reverse-next", "N", "rn"), "[N]", "The same, a call as a whole.",
            _times(lambda d: d.next_line_back), True),
    Command(("reverse-stepi", "rsi"), "[N]", "Undo one instruction, or N.", _step_back, True),
    Command(("reverse-nexti", "rni"), "[N]", "Undo one instruction, a call as a whole.",
            _times(lambda d: d.next_back), True),
    Command(("reverse-finish", "F"), "", "Go back to the call of the present function.",
            _times(lambda d: d.finish_back), True),
    Command(("reverse-continue", "R", "rc"), "[N]", "Go back to where a point was met last.",
            _times(lambda d: d.resume_back), True),
    Command(("goto", "t"), "MOMENT", "Go to an instruction count, +N, -N, N%, start, end or a bookmark.", _goto),
    Command(("mark", "m", "bookmark"), "[NAME]", "Give the present moment a name for goto.", _mark),
    Command(("speed",), "[N|full]", "Run at most N instructions a second.", _speed),
)  # fmt: skip
