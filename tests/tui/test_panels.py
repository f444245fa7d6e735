"""What the panels show of moments whose every value is known, at all sizes, and that nothing is cut without a sign."""

from __future__ import annotations

import re

import pytest

from iss.debug.figures import energy_of, energy_text
from iss.errors import NeuroHartError
from iss.tui import screen
from iss.tui.commands.commander import Commander
from iss.tui.layout import layout
from iss.tui.panels import PANELS
from iss.tui.text import CUT, Row, fit, page, plain
from tests.tui.program import SIZES, commander, state
from tests.tui.snapshots import PANE_SIZES, file, picture, sheet, sheet_file


def shown(name: str, session: Commander | None = None, width: int = 100, height: int = 20) -> list[str]:
    """A panel's lines as text, at the fourth arrival at `infer`."""
    known = commander() if session is None else session
    if session is None:
        known.execute("break infer")
        known.execute("continue 4")
    return plain(PANELS[name].render(known.state, width, height)).splitlines()


@pytest.mark.parametrize("size", SIZES)
def test_screens_are_as_they_were(size: tuple[int, int]) -> None:
    """After a change on purpose: python -m tests.tui.snapshots."""
    assert picture(*size) == file(*size).read_text(encoding="utf-8")


@pytest.mark.parametrize("size", PANE_SIZES)
def test_panes_are_drawn_as_they_were(size: tuple[int, int]) -> None:
    """Every pane with its colours as a picture; after a change on purpose: python -m tests.tui.snapshots."""
    assert sheet(*size) == sheet_file(*size).read_text(encoding="utf-8")


@pytest.mark.parametrize("engine", ["reference", "interpreter"])
def test_engines_show_the_same(engine: str) -> None:
    pictures = []
    for chosen in (engine, "auto"):
        session = commander(200, 55, chosen)
        session.execute("break infer")
        session.execute("continue 3")
        pictures.append(screen.as_text(screen.compose(session.state, 200, 55)))
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize("extended", [False, True])
@pytest.mark.parametrize("spiking", [False, True])
@pytest.mark.parametrize("size", [(40, 12), (79, 23), (80, 24), (132, 43), (200, 55), (317, 99)])
def test_layouts_cover_the_screen_once(size: tuple[int, int], spiking: bool, extended: bool) -> None:
    width, height = size
    places = layout(width, height, spiking, extended)
    assert any(place.name == "extension" for place in places) == extended
    cells = [
        (x, y)
        for place in places
        for x in range(place.x, place.x + place.width)
        for y in range(place.y, place.y + place.height)
    ]
    assert len(cells) == len(set(cells)) == width * height


@pytest.mark.parametrize("name", PANELS)
def test_every_panel_fits_every_size(name: str) -> None:
    session = commander()
    session.execute("break infer")
    session.execute("continue 2")
    for width in (1, 7, 20, 33, 58, 120, 203):
        for height in (0, 1, 2, 5, 31):
            lines = PANELS[name].render(session.state, width, height)
            assert len(lines) == height
            assert {sum(segment.cell_length for segment in line) for line in lines} <= {width}


def test_nothing_is_cut_without_a_sign() -> None:
    """Each line of a narrow register, CSR or counter panel is a whole one of a wide panel's, or has the sign."""
    for name in ("counters", "calls", "trace", "stack", "points", "queues"):
        wide = [line.rstrip() for line in shown(name, width=150)]
        for width in (10, 17, 25, 40):
            narrow = shown(name, width=width)
            for line, whole in zip(narrow, wide, strict=False):
                assert CUT in line or re.sub(r" +", " ", line.rstrip()) == re.sub(r" +", " ", whole)


def test_text_is_cut_and_filled_in_cells() -> None:
    assert plain([fit(Row("⚡⚡⚡").segments, 4)]) == "⚡ …"
    assert plain([fit(Row("abc").segments, 3)]) == "abc"
    assert plain([fit(Row("abcd").segments, 3)]) == "ab…"
    assert fit(Row("abcd").segments, 0) == []
    assert plain(page([Row(str(number)) for number in range(5)], 8, 3)) == "0\n1\n… 3 more"
    assert plain([Row("a\x1b[31mb\n").segments]) == "a·[31mb·"  # nothing reaches the terminal that is no text


def test_only_cells_that_changed_are_painted_again() -> None:
    from iss.tui import theme
    from iss.tui.text import changed_cells

    old = Row("⚡ab", theme.TITLE).add("cd").add("ef", theme.DIM).segments
    assert changed_cells(old, list(old)) is None
    new = Row("⚡ab", theme.TITLE).add("xyz").add("ef", theme.DIM).segments
    assert changed_cells(old, new) == (4, 7)
    assert changed_cells(old, Row("⚡ab", theme.DIM).add("cd").add("ef", theme.DIM).segments) == (0, 4)
    longer = Row("⚡ab", theme.TITLE).add("cd").add("cd").add("ef", theme.DIM).segments
    assert changed_cells(old, longer) == (6, 8)
    assert changed_cells(old, Row("⚡aX", theme.TITLE).add("cd").add("ef", theme.DIM).segments) == (3, 4)


def test_code_marks_pc_breakpoints_and_branches() -> None:
    session = commander()
    session.execute("break infer")
    session.execute("tbreak again")
    session.execute("disable 2")
    session.execute("continue 3")
    text = shown("code", session)
    assert any(re.match(r"● ►80000064  nm.run   a0, a1, a2 +27 nm.run a0, a1, a2", line) for line in text)
    session.execute("list again")
    text = shown("code", session)
    assert text[0].startswith("○  80000020  auipc")
    assert any("blt" in line and "↑ taken 100 %" in line for line in text)


def test_changes_are_lit_with_the_old_value() -> None:
    session = commander()
    session.execute("break dot")
    session.execute("continue")
    lines = PANELS["registers"].render(session.state, 64, 16)
    assert "a0  00000002 was 0" in plain(lines)
    session.execute("step")
    text = plain(PANELS["registers"].render(session.state, 64, 16))
    assert re.findall(r"(\w+) +\w+ was (\w+)", text) == [("t0", "5")]


def test_calls_and_stack() -> None:
    session = commander()
    session.execute("break dot")
    session.execute("continue")
    assert [line.split()[1] for line in shown("calls", session) if line] == ["dot", "infer+8", "again+4"]
    stack = shown("stack", session)
    assert stack[0].startswith("sp→ ")
    assert "80000028 again+8" in stack[3]


def test_trace_says_what_instructions_did() -> None:
    session = commander()
    session.execute("break dot")
    session.execute("continue")
    text = "\n".join(shown("trace", session, height=12))
    assert re.search(r"sw ra, 12\(sp\) +\[[0-9a-f]{8}\]←80000028 +1 cyc 15.7 pJ", text)
    assert re.search(r"nm.run a0, a1, a2 +a0=00000002 ⚡2 8 SOP +90 cyc", text)
    session.execute("delete")
    session.execute("break handler")
    session.execute("continue")
    session.execute("step")
    assert "▲ after ecall from m at 80000034 t2=80000034" in shown("trace", session)[-1]


def test_neurons_and_spikes_are_those_of_the_example() -> None:
    """The example 9.1 of the specification: v = [25, 76] and a spike of neuron 0 in both steps."""
    session = commander()
    session.execute("break dot")
    session.execute("continue")
    session.execute("neuron 1")
    assert shown("neurons", session)[1] == "neuron 1 v 76 threshold 100 input 0"
    raster = shown("raster", session)
    assert [line.split()[1] for line in raster[:2]] == ["●●", "··"]
    assert "16" not in shown("counters", session)[0]
    assert shown("counters", session)[0].split()[-1] == "8"


def test_the_console_shows_the_present_moment() -> None:
    session = commander()
    session.execute("continue")
    assert shown("console", session)[0] == "." * 20
    session.execute("break dot")
    session.execute("reverse-continue 3")
    assert shown("console", session)[0] == "." * 17
    assert "of 20 bytes" in PANELS["console"].title(session.state)


def test_without_coprocessor_panels_say_so() -> None:
    from coprocessor.energy import PRESETS
    from iss.debug.debugger import Debugger
    from iss.debug.history import ReplayedConsole
    from iss.machine import Machine
    from iss.memory.map import MemoryMap
    from iss.tui.state import State
    from tests.engines.assembled import text

    console = ReplayedConsole()
    machine = Machine(memory_map=MemoryMap().with_ram(1 << 16), console=console.write)
    machine.load(text("_start: j _start\n"))
    plain_state = State(Debugger(machine, console), console, "plain", PRESETS["default22"])
    for name in ("neurons", "queues", "raster"):
        assert "no " in plain(PANELS[name].render(plain_state, 60, 4))
    assert len(screen.compose(plain_state, 100, 40)) == 40


def test_pictures_load_nothing() -> None:
    lines = screen.compose(state(), 80, 24)
    svg = screen.as_svg(lines, "title & more")
    assert svg.startswith("<svg")
    assert "http" not in svg.replace("http://www.w3.org", "").replace("https://www.textualize.io", "").replace(
        "https://github.com", ""
    )
    assert "@font-face" not in svg


def test_weights_are_those_of_the_example() -> None:
    session = commander()
    session.execute("break dot")
    session.execute("continue")
    assert PANELS["weights"].title(session.state) == "weights synapses 3 → 2 S8"
    text = shown("weights", session)
    assert [line[:5].strip() for line in text[:3]] == ["0", "1", "2"]
    expected = {(0, 0): 0x3C, (0, 1): 0x28, (1, 0): 0x50, (1, 1): -10, (2, 0): 30, (2, 1): 10}
    for (source, neuron), weight in expected.items():
        session.execute(f"source {source}")
        session.execute(f"neuron {neuron}")
        assert shown("weights", session)[3].startswith(f"source {source} → neuron {neuron} weight {weight} ")
    with pytest.raises(NeuroHartError, match="the projection has 3"):
        session.execute("source 3")
    with pytest.raises(NeuroHartError, match="no projection; expected one of synapses"):
        session.execute("projection neurons")


def test_energy_is_the_sum_of_its_parts() -> None:
    session = commander()
    session.execute("goto 300")
    text = shown("energy", session)
    preset, hart, counted = session.state.preset, session.state.machine.hart, session.state.counters
    assert text[0].split()[1:3] == energy_text(session.state.energy).split()
    assert text[1].split()[1:3] == energy_text(hart.retired * preset.instruction_fj).split()
    assert text[3].split()[2:4] == energy_text(counted["sop"] * preset.synapse_fj).split()
    moments = session.state.counted_moments()
    assert [moment.retired for moment in moments] == sorted({0, 300})
    session.execute("goto 200")
    assert energy_of(preset, *session.state.counted_moments()[1].energy_arguments) == session.state.energy
    assert text[8].startswith("power ")
    assert "█" in text[8]
