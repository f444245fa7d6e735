"""Commands for the trace: what it shows, searching in it, last writes, and panels that stay at a moment."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from iss.debug.debugger import Stop, StopKind
from iss.debug.expressions import Expression
from iss.debug.log import TraceLog
from iss.debug.search import AtChosen, WithText
from iss.isa.registers import NUMBER
from iss.trace.filters import Filter, FilterError
from iss.tui.commands.command import Answer, Command, CommandError, say
from iss.tui.commands.motions import moment
from iss.tui.panels import PANELS
from iss.tui.state import Before, Lock

if TYPE_CHECKING:
    from iss.trace.reader import Chooser
    from iss.tui.commands.commander import Commander

_OPERATORS: Final = re.compile(r"[~=&|!()]| in ")


def _filter(commander: Commander, text: str) -> Answer:
    commander.state.tracing.choose(text)
    return commander.changed("trace")


def chooser(commander: Commander, text: str) -> Chooser:
    """A filter of traces, or else instructions with something in their text; FilterError for broken filters."""
    tracing = commander.state.tracing
    try:
        return Filter.parse(text, tracing.log.names)
    except FilterError:
        if _OPERATORS.search(text):
            raise
    return WithText(text, commander.state.program.disassembler)


def _search(back: bool) -> Callable[[Commander, str], Answer]:
    def run(commander: Commander, text: str) -> Answer:
        if not text:
            raise CommandError("search TEXT or FILTER: expected a part of an instruction such as nm.run or sw ra, or a "
                               "filter of traces such as `mnem~nm & pc in main`")  # fmt: skip
        state, wanted = commander.state, chooser(commander, text)
        tracing, debugger = state.tracing, state.debugger
        log = tracing.log
        if not isinstance(log, TraceLog):
            return commander.move(lambda: debugger.find(AtChosen(wanted, log.names), text, back=back))
        here = state.log_now if tracing.cursor is None else tracing.cursor

        def find() -> Stop:
            index = log.find(wanted, here if back else here + 1, -1 if back else 1)
            if index is None:
                return Stop(StopKind.STEP, f"{text}: none {'before' if back else 'behind'} this in the trace")
            return to_index(commander, index, f"{text}: at instruction {log.moment(index):,}")

        return commander.move(find)

    return run


def to_index(commander: Commander, index: int, text: str) -> Stop:
    """Go to the moment before an instruction of the log, with the cursor on it; for motions."""
    tracing = commander.state.tracing
    stop = commander.state.debugger.goto(tracing.log.moment(index))
    if stop.kind is not StopKind.STEP:
        return stop
    tracing.jump(index)
    return replace(stop, text=text)


def _origin(commander: Commander, text: str) -> Answer:
    state = commander.state
    tracing, log = state.tracing, state.tracing.log
    wanted = text or tracing.chosen or ""
    if not wanted:
        raise CommandError("origin REGISTER or MEMORY: of what? for example a0, [sp + 4], u8[text], v[3]")
    index = state.log_now if tracing.cursor is None else tracing.cursor
    place = Expression(wanted).location(state.machine)  # the address is the present one
    if place is not None:
        wanted = f"{ {1: 'u8', 2: 'u16'}.get(place[1], 'u32') }[{place[0]:#x}]"
    if state.playback is not None and isinstance(log, TraceLog):
        return commander.move(lambda: _stored(commander, log, text or wanted, _writes(wanted, place), index))
    return commander.move(lambda: _written(commander, wanted, log.moment(index)))


def _writes(wanted: str, place: tuple[int, int] | None) -> str:
    """The filter for instructions that write something."""
    if place is not None:
        return f"store {place[0]:#x}+{place[1]}"
    return f"write {wanted}" if wanted in NUMBER else f"csr {wanted}"


def _stored(commander: Commander, log: TraceLog, name: str, text: str, index: int) -> Stop:
    found = log.find(Filter.parse(text, log.trace), index, -1)
    if found is None:
        return Stop(StopKind.STEP, f"{name} is not written before this in the trace")
    return to_index(commander, found, f"{name} is written by instruction {log.moment(found):,}")


def _written(commander: Commander, wanted: str, before: int) -> Stop:
    debugger, tracing = commander.state.debugger, commander.state.tracing
    start = debugger.now
    if start != before:
        debugger.goto(before)
    stop = debugger.last_write(wanted)
    if stop.kind is StopKind.BEGINNING:
        debugger.goto(start)
        return Stop(StopKind.STEP, f"{wanted} has not been written before")
    tracing.jump(tracing.log.index_of(debugger.now))
    return stop


def _back(commander: Commander, text: str) -> Answer:
    tracing = commander.state.tracing
    index = tracing.back()
    if index is None:
        raise CommandError("there was no jump in the trace to go back from")

    def go() -> Stop:
        stop = commander.state.debugger.goto(tracing.log.moment(index))
        tracing.cursor, tracing.cell = index, None
        return stop

    return commander.move(go)


def panels(commander: Commander, text: str, usage: str) -> list[str]:
    """Names of panels; CommandError for others."""
    names = text.split()
    unknown = [name for name in names if name not in PANELS]
    if unknown or not names:
        raise CommandError(f"{usage}: {', '.join(unknown) or 'which panel?'}; expected some of {', '.join(PANELS)}")
    return names


def _lock(commander: Commander, text: str) -> Answer:
    state = commander.state
    name, _, when = text.partition(" ")
    panels(commander, name, "lock PANEL [MOMENT]")
    target = moment(commander, when) if when.strip() else state.now
    history = state.debugger.history
    if not history.earliest <= target <= history.latest:
        raise CommandError(f"{target:,} is not in the history, which has {history.earliest:,} to {history.latest:,}")
    state.locks[name] = Lock(target, state.before if target == state.now else Before())
    return say(f"{name} stays at instruction {target:,}; `unlock {name}` lets it go on")


def _unlock(commander: Commander, text: str) -> Answer:
    state = commander.state
    names = list(state.locks) if text.strip() in ("", "all") else panels(commander, text, "unlock [PANEL...]")
    for name in names:
        state.locks.pop(name, None)
    return say(f"{', '.join(names) or 'nothing'} unlocked")


COMMANDS: Final = (
    Command(("search",), "TEXT or FILTER", "Go on to such an instruction: nm.run, `store table`.",
            _search(False), True),
    Command(("reverse-search", "rsearch"), "TEXT or FILTER", "Go back to one.", _search(True), True),
    Command(("filter",), "[FILTER]", "Show only such instructions in the trace; without a filter all.", _filter),
    Command(("origin",), "[REGISTER or MEMORY]", "Go to the instruction that wrote it last (Enter on it in the trace).",
            _origin),
    Command(("back",), "", "Return from such a jump.", _back),
    Command(("lock",), "PANEL [MOMENT]", "Let a panel stay at a moment while the others move.", _lock),
    Command(("unlock",), "[PANEL...]", "Let panels follow again; all without a name.", _unlock),
)  # fmt: skip
