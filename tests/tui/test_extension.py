"""The state of an extension in the debugger: its pane, expressions, watchpoints, changes, and back in time."""

from __future__ import annotations

from pathlib import Path

import pytest

import asm
from coprocessor.energy import PRESETS
from iss import builtin
from iss.cli.main import main
from iss.debug.debugger import Debugger
from iss.debug.history import ReplayedConsole
from iss.errors import NeuroHartError
from iss.extension import load_extensions
from iss.machine import Machine
from iss.tui import screen, theme
from iss.tui.commands.commander import Commander
from iss.tui.panels import PANELS
from iss.tui.state import State
from iss.tui.text import plain

XLIF = Path(__file__).resolve().parents[2] / "programs" / "extensions" / "xlif" / "xlif.py"
PROGRAM = """
    li   t0, 900
    csrw 0x7f4, t0
    li   t1, 300
    li   a1, 3
1:  addi a0, a0, 1
    lif.step t2, a1, t1
    beqz t2, 1b
2:  j 2b
"""


@pytest.fixture(autouse=True)
def _loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extension, as `--ext` loads it."""
    monkeypatch.setattr(builtin, "_loaded", {})
    for extension in load_extensions(XLIF):
        builtin.load_extension(extension.catalogue_entry())


@pytest.fixture(params=["reference", "interpreter"])
def session(request: pytest.FixtureRequest) -> Commander:
    """A neuron that gets inputs until it fires."""
    console = ReplayedConsole()
    machine = Machine(engine=request.param, console=console.write)
    machine.load(asm.assemble([asm.Source("lif.S", PROGRAM)], architecture=machine.architecture).image())
    return Commander(State(Debugger(machine, console, 4), console, "lif.S", PRESETS["default22"]), 200, 55)


def said(session: Commander, line: str) -> str:
    """What a command answers."""
    return plain([row.segments for row in session.execute(line)])


def test_the_pane_shows_what_the_extension_keeps(session: Commander) -> None:
    for _ in range(6):
        session.execute("stepi")
    rows = PANELS["extension"].render(session.state, 80, 12)
    text = plain(rows).splitlines()
    assert text[:4] == [
        "vth       900  threshold",
        "leak      4  a step takes v / 2^leak away",
        "pause     2  length of the refractory period in steps",
        "fired     0  spikes so far",
    ]
    assert text[4:6] == ["v[64]  membrane potentials", "   0       0      0      0    300      0      0      0      0"]
    assert [part.text.strip() for part in rows[5] if part.style == theme.CHANGED] == ["300"]
    assert text[-1].startswith("… ")
    assert "extension state" in screen.as_text(screen.compose(session.state, 200, 55))
    assert "extension state" in screen.as_text(screen.compose(session.state, 80, 24))
    assert "fired     0" in said(session, "info extension")
    session.execute("goto 1")
    session.execute("stepi")
    assert said(session, "show extension").startswith("vth       900 was 1,000  threshold")


def test_it_is_watched_and_changed_in_both_directions_of_time(session: Commander) -> None:
    session.execute("watch v[1 + 2]")
    for value in (300, 582, 846):
        session.execute("continue")
        assert said(session, "print v[3]").startswith(f"v[3] = {value} ")
    session.execute("reverse-continue")
    session.execute("stepi")
    assert said(session, "print state.v[a1] * 2 + vth").split()[-2] == str(2 * 846 + 900)
    moment = session.state.now
    session.execute("set v[3] = -7")
    session.execute("set state.leak = 0")
    session.execute("continue")
    assert said(session, "print v[3]").startswith("v[3] = 300 ")
    session.execute(f"goto {moment}")
    assert said(session, "print v[3] * 100 + leak").split()[-2] == "-700"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("print v", r"'v' has 64 numbers; expected v\[0\] to v\[63\]"),
        ("print v[64]", "the state 'v' has the indices 0 to 63"),
        ("print vth[1]", "the state 'vth' has the indices 0 to 0"),
        ("print state.vt", "no extension has a state 'vt'; did you mean 'vth'"),
        ("print vht", "did you mean 'vth'"),
        ("set vth = 40000", "40000 does not fit into vth; expected 0 to 32767"),
        ("rwatch v[3]", "names no memory"),
    ],
)
def test_what_there_is_not_is_said(session: Commander, line: str, message: str) -> None:
    with pytest.raises(NeuroHartError, match=message):
        session.execute(line)


def test_symbols_come_before_state_of_the_same_name() -> None:
    machine = Machine()
    source = PROGRAM + "v: .word 5, 6\n"
    machine.load(asm.assemble([asm.Source("lif.S", source)], architecture=machine.architecture).image())
    debugger = Debugger(machine)
    assert debugger.evaluate("v[1]") == 6
    assert debugger.evaluate("state.v[1]") == 0
    assert debugger.evaluate("v") == machine.symbol("v")


def test_without_such_state_the_pane_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtin, "_loaded", {})
    machine = Machine()
    machine.load(asm.assemble([asm.Source("t.S", "1: j 1b\n")], architecture=machine.architecture).image())
    console = ReplayedConsole()
    state = State(Debugger(machine, console), console, "t.S", PRESETS["default22"])
    assert plain(PANELS["extension"].render(state, 60, 2)).startswith("no extension here has state")
    assert state.shows == (False, False)
    with pytest.raises(NeuroHartError, match="no extension has a state 'v'; there is none"):
        state.debugger.evaluate("state.v")


def test_a_trace_does_not_tell_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, trace = tmp_path / "lif.S", tmp_path / "run.nht"
    source.write_text('    .include "crt0.inc"\nmain:' + PROGRAM.replace("2:  j 2b", "    ret"), "utf-8")
    main(["trace", "record", str(source), "--ext", str(XLIF), "-q", "-o", str(trace)])
    assert main(["debug", str(trace), "--ext", str(XLIF), "--plain", "--command", "show extension"]) == 0
    assert "not told by a trace" in capsys.readouterr().out
