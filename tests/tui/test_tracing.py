"""The trace pane: filters, searches, cells and their last writes; of the history, of a file beside it, and played."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from coprocessor.energy import PRESETS
from iss.errors import NeuroHartError
from iss.trace.reader import TraceFile
from iss.trace.recorder import write_trace
from iss.tui import screen, theme
from iss.tui.commands.commander import Commander
from iss.tui.panels import PANELS
from iss.tui.state import State
from iss.tui.text import plain
from tests.debug.test_playback import played, recorded
from tests.tui.program import state


@pytest.fixture(params=["history", "beside", "played"])
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Commander:
    """A session whose trace is the program's whole run, from each of the sources there are."""
    if request.param == "history":
        commander = Commander(state(), 120, 40)
        commander.execute("goto 436")
        return commander
    file = tmp_path / "run.nht"
    write_trace(recorded(state().machine), file)
    trace = TraceFile.open(file)
    preset = PRESETS["default22"]
    if request.param == "beside":
        live = state()
        commander = Commander(State(live.debugger, live.console, "run", preset, trace), 120, 40)
    else:
        debugger = played(trace)
        commander = Commander(State(debugger, debugger.history.console, "run", preset, trace), 120, 40)
    commander.execute("goto 436")
    return commander


def lines(session: Commander, height: int = 8) -> list[str]:
    """The trace as it is shown."""
    return plain(PANELS["trace"].render(session.state, 100, height)).splitlines()


def test_all_sources_show_the_same(session: Commander) -> None:
    session.execute("goto 38")
    found = "\n".join(lines(session))
    assert re.search(r"32 80000050 sw ra, 12\(sp\) +\[[0-9a-f]{8}\]←80000028 +1 cyc 15.7 pJ", found)
    assert re.search(r"37 80000064 nm.run a0, a1, a2 +a0=00000003 ⚡3 .*90 cyc", found)
    shown = session.state.spiking.shown
    assert shown is not None
    steps, spikes = session.state.spiking.spikes(shown[0], 10)
    assert (steps.tolist(), spikes["bits"].tolist()) == ([0, 1, 2, 3], [1, 1, 1, 3])
    assert session.state.branches == {session.state.machine.symbol("again") + 16: (1, 1)}


def test_filters(session: Commander) -> None:
    session.execute("filter mnem~nm & pc in infer")
    found = lines(session, 30)
    assert len([line for line in found if "nm.run" in line]) == 20
    assert PANELS["trace"].title(session.state) == "trace 436/436 · mnem~nm & pc in infer · 20"
    session.execute("goto 100")
    assert len([line for line in lines(session, 30) if "nm.run" in line]) == 4
    session.execute("filter value=0x12345")
    assert lines(session)[0] == "nothing so far is value=0x12345; `filter` without anything shows all again"
    session.execute("filter")
    assert "99 " in lines(session)[-1]
    with pytest.raises(NeuroHartError, match="'nowhere' is neither a symbol"):
        session.execute("filter pc in nowhere")


def test_a_chosen_cell_is_lit_in_what_is_still_to_come(session: Commander) -> None:
    session.execute("goto 36")
    tracing = session.state.tracing
    tracing.cursor, tracing.cell = 37, 0
    (entry,) = tracing.entry(37)
    row = tracing.row(37, entry, session.state.log_now, session.state.preset)
    assert [segment.text for segment in row.segments if segment.style == theme.CURSOR + theme.SELECTED] == ["a0"]
    assert "nm.run a0, a1, a2" in "".join(segment.text for segment in row.segments)


def test_searches_go_both_ways(session: Commander) -> None:
    session.execute("goto 0")
    moments = []
    for _ in range(3):
        session.execute("search nm.run")
        moments.append(session.state.now)
    assert moments == [16, 37, 58]
    session.execute("rsearch store & mnem=sw & pc in classify")
    assert session.state.now == 54
    session.execute("search trap")
    assert session.state.machine.hart.pc in (session.state.machine.symbol("_start") + 0x34,)
    session.execute("goto 436")
    session.execute("search nm.run")
    assert session.state.now == 436
    with pytest.raises(NeuroHartError, match="expected a part of an instruction"):
        session.execute("search")
    with pytest.raises(NeuroHartError, match="expected mnem~REGEX"):
        session.execute("search mnem~(")


def test_last_writes(session: Commander) -> None:
    session.execute("goto 40")
    sp = session.state.machine.register("sp")
    session.execute("origin a0")
    assert session.state.now == 37  # nm.run a0, a1, a2
    assert session.state.tracing.cursor == 37
    session.execute(f"origin [{sp + 12:#x}]")
    assert session.state.now == 32  # sw ra, 12(sp)
    session.execute("back")
    assert (session.state.now, session.state.tracing.cursor) == (37, 37)
    session.execute("goto 1")
    session.execute("origin s5")
    assert session.state.now == 1
    assert session.state.stop is not None
    assert "s5" in session.state.stop.text
    assert "before" in session.state.stop.text
    for wrong in ("origin", "origin 5 +"):
        with pytest.raises(NeuroHartError):
            session.execute(wrong)


def test_cells(session: Commander) -> None:
    tracing = session.state.tracing
    tracing.cursor = 32  # sw ra, 12(sp)
    stored = f"u32[{session.state.machine.register('sp') - 4:#x}]"
    assert tracing.cells()[:2] == ["ra", "sp"]
    assert len(tracing.cells()) == 3
    tracing.move_cell(1)
    assert tracing.chosen == "ra"
    tracing.move_cell(5)
    assert tracing.chosen == tracing.cells()[2] != stored[:3]
    tracing.move_cell(-9)
    assert tracing.chosen is None
    text = plain(PANELS["trace"].render(session.state, 100, 4)).splitlines()[-1]
    assert [tracing.cell_at(32, text.index(word)) for word in ("sw", "ra", "12", "sp", "[")] == [None, 0, None, 1, 2]


def test_locked_panels_stay(session: Commander) -> None:
    session.execute("goto 40")
    before = {name: plain(PANELS[name].render(session.state, 80, 9)) for name in ("registers", "stack", "trace")}
    for name in before:
        session.execute(f"lock {name}")
    session.execute("goto 300")
    for name, content in before.items():
        assert plain(screen.rendered(name, session.state, 80, 9)) == content
        assert screen.titled(name, session.state).endswith(" · locked at 40")
    assert session.state.now == 300
    assert plain(screen.rendered("code", session.state, 80, 9)) == plain(PANELS["code"].render(session.state, 80, 9))
    session.execute("unlock stack")
    assert plain(screen.rendered("stack", session.state, 80, 9)) != before["stack"]
    session.execute("unlock")
    assert not session.state.locks
    for wrong, message in (("lock nothing", "expected some of code"), ("lock code 9999", "not in the history")):
        with pytest.raises(NeuroHartError, match=message):
            session.execute(wrong)


def test_another_run_is_noticed(tmp_path: Path) -> None:
    live, other = state(), state()
    other.debugger.goto(20)
    other.machine.hart.pc = other.machine.symbol("dot")
    trace = recorded(other.machine, 100)
    session = State(live.debugger, live.console, "run", PRESETS["default22"], trace)
    session.move(lambda: session.debugger.goto(10))
    assert session.departure == ""
    session.move(lambda: session.debugger.goto(22))
    assert "of another run" in session.departure
    assert "of another run" in plain([screen.header(session, 200)])
