"""The application driven by keys and mouse, as a user would; skipped without Textual."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("textual")

from textual.events import MouseScrollDown, MouseScrollUp
from textual.widget import Widget

from coprocessor.energy import PRESETS
from iss.debug.debugger import StopKind
from iss.trace.reader import TraceFile
from iss.trace.recorder import write_trace
from iss.tui.app import DebuggerApp
from iss.tui.app_trace import TracePane
from iss.tui.commands.commander import Commander
from iss.tui.state import State
from tests.debug.test_playback import recorded
from tests.tui.program import commander as session
from tests.tui.program import state

Scene = Callable[[DebuggerApp, Any], Awaitable[None]]
_PATIENCE = 200


def play(scene: Scene, width: int = 160, height: int = 48, commander: Commander | None = None) -> DebuggerApp:
    """Run a scene in an application without a terminal."""
    app = DebuggerApp(commander or session(width, height))

    async def run() -> None:
        async with app.run_test(size=(width, height)) as pilot:
            await settled(app, pilot)
            await scene(app, pilot)

    asyncio.run(run())
    return app


async def settled(app: DebuggerApp, pilot: Any) -> None:
    """Wait until no motion is under way."""
    await pilot.pause()
    for _ in range(_PATIENCE):
        if not app.state.running:
            break
        await pilot.pause(0.02)
    assert not app.state.running
    await pilot.pause()


async def press(app: DebuggerApp, pilot: Any, *keys: str) -> None:
    """Press keys, each after what the one before has caused."""
    for key in keys:
        await pilot.press(key)
        await settled(app, pilot)


async def type_line(app: DebuggerApp, pilot: Any, line: str) -> None:
    """Give a command on the command line."""
    await press(app, pilot, "colon", *("space" if letter == " " else letter for letter in line), "enter")


def screen_text(app: DebuggerApp) -> str:
    """What is on the screen."""
    strips = app.screen._compositor.render_strips(app.size)
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def test_keys_move_in_both_directions_of_time() -> None:
    async def scene(app: DebuggerApp, pilot: Any) -> None:
        await press(app, pilot, "i", "i", "i", "I")
        assert app.state.now == 2
        await press(app, pilot, "s", "s", "S")
        assert app.state.now == 4
        await type_line(app, pilot, "break dot")
        await press(app, pilot, "c", "c")
        assert app.state.machine.hart.pc == app.state.debugger.evaluate("dot")
        second = app.state.now
        await press(app, pilot, "f", "R")
        assert app.state.now == second
        await press(app, pilot, "R", "R")
        assert app.state.stop is not None
        assert app.state.stop.kind is StopKind.BEGINNING
        text = screen_text(app)
        assert "insn 0 " in text
        assert "the history begins here" in text

    play(scene)


def test_command_line_errors_and_windows() -> None:
    async def scene(app: DebuggerApp, pilot: Any) -> None:
        await type_line(app, pilot, "brake")
        assert "did you mean 'break'?" in screen_text(app)
        await press(app, pilot, "question_mark")
        assert "reverse-continue" in screen_text(app)
        await press(app, pilot, "escape", "t", "2", "0", "enter")
        assert app.state.now == 20
        assert "insn 20 " in screen_text(app)
        await press(app, pilot, "colon", "escape", "s")
        assert app.state.now == 21

    play(scene)


def test_the_help_scrolls_and_any_other_key_closes_it() -> None:
    async def scene(app: DebuggerApp, pilot: Any) -> None:
        await press(app, pilot, "question_mark")
        first = screen_text(app)
        assert "keys" in first.splitlines()[1]
        await press(app, pilot, "j", "ctrl+d")
        assert "keys" not in screen_text(app).splitlines()[1]
        await press(app, pilot, "G")
        assert "An empty line repeats" in screen_text(app).splitlines()[-2]
        await press(app, pilot, "pagedown", "home")
        assert screen_text(app) == first
        for key in ("escape", "q", "space", "question_mark", "enter"):
            await press(app, pilot, key)
            assert app.focused is app.panes["code"]
            assert "code" in screen_text(app).splitlines()[1]
            assert app.state.now == 0
            await press(app, pilot, "question_mark")
        await press(app, pilot, "i")
        assert app.state.now == 1
        assert not app.answer.display
        await press(app, pilot, "question_mark", "colon", "g", "o", "t", "o", "space", "2", "0", "enter")
        assert app.state.now == 20
        await press(app, pilot, "question_mark", "tab")
        assert app.focused is app.panes["registers"]

    play(scene)


def test_a_key_costs_one_picture_of_what_changed() -> None:
    """Textual by itself paints everything where the focus changes, and twice where a size does."""
    painted: list[list[Any]] = []

    async def scene(app: DebuggerApp, pilot: Any) -> None:
        compositor = app.screen._compositor
        render = compositor.render_update

        def counted(*args: Any, **named: Any) -> Any:
            painted.append(list(compositor._dirty_regions))
            return render(*args, **named)

        compositor.render_update = counted  # type: ignore[method-assign]

        async def of(key: str) -> list[Any]:
            painted.clear()
            await press(app, pilot, key)
            pictures = [regions for regions in painted if regions]
            assert len(pictures) == 1, (key, pictures)
            return pictures[0]

        for key in ("z", "z", "question_mark", "escape"):
            await of(key)
        code, registers = app.panes["code"].region, app.panes["registers"].region
        assert set(await of("tab")) == {code, registers}
        regions = await of("colon")
        assert all(registers.contains_region(region) or region.height == 1 for region in regions)
        await of("escape")
        assert {region.height for region in await of("u")} == {1}

    play(scene)


def test_the_trace_is_scrolled_by_wheel_and_bar() -> None:
    async def scene(app: DebuggerApp, pilot: Any) -> None:
        await type_line(app, pilot, "goto 400")
        shown = app.panes["trace"]
        assert isinstance(shown, TracePane)
        end, bar = shown.top, shown.size.width - 1
        shown.post_message(wheel(shown, MouseScrollUp))
        await pilot.pause()
        assert shown.top == end - 3
        await pilot.mouse_down("#trace", offset=(bar, 1))
        assert shown.top == 0
        assert "80000000 auipc sp" in screen_text(app)
        await pilot.hover("#trace", offset=(bar, 3))
        middle = shown.top
        assert 0 < middle < end
        await pilot.mouse_up("#trace", offset=(bar, 3))
        await pilot.hover("#trace", offset=(bar, 5))
        assert (shown.top, app.state.now) == (middle, 400)
        shown.post_message(wheel(shown, MouseScrollDown))
        await pilot.pause()
        assert shown.top == middle + 3
        await press(app, pilot, "I")
        assert shown.top == end - 1

    play(scene)


def wheel(widget: Widget, kind: type[MouseScrollDown | MouseScrollUp]) -> MouseScrollDown | MouseScrollUp:
    """A turn of the mouse's wheel."""
    return kind(widget, 5, 3, 0, 0, 0, False, False, False)


def test_a_click_into_the_margin_toggles_a_breakpoint() -> None:
    async def scene(app: DebuggerApp, pilot: Any) -> None:
        await pilot.click("#code", offset=(4, 3))
        await settled(app, pilot)
        (point,) = app.state.debugger.points.values()
        assert point.text.startswith("*0x8000000")
        assert "●" in screen_text(app)
        await pilot.click("#code", offset=(4, 3))
        await settled(app, pilot)
        assert not app.state.debugger.points

    play(scene)


def test_trace_pane_goes_to_a_moment() -> None:
    async def scene(app: DebuggerApp, pilot: Any) -> None:
        await type_line(app, pilot, "goto 200")
        await pilot.click("#trace", offset=(20, 1))
        await settled(app, pilot)
        shown = app.panes["trace"]
        assert isinstance(shown, TracePane)
        assert 0 < app.state.now < 200
        app.panes["trace"].focus()
        await press(app, pilot, "g")
        assert shown.top == 0
        assert "80000000 auipc sp" in screen_text(app)

    play(scene)


def test_without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual's filter for it needs a style in each segment."""
    monkeypatch.setenv("NO_COLOR", "1")

    async def scene(app: DebuggerApp, pilot: Any) -> None:
        await press(app, pilot, "i", "z", "z", "question_mark", "escape")
        strips = app.screen._compositor.render_strips(app.size)
        colours = {part.style.color for strip in strips for part in strip if part.style is not None} - {None}
        assert all(colour.triplet and len(set(colour.triplet)) == 1 for colour in colours if colour is not None)
        assert app.state.now == 1

    play(scene)


def test_zoom_resize_and_neurons() -> None:
    async def scene(app: DebuggerApp, pilot: Any) -> None:
        await type_line(app, pilot, "goto 40")
        app.panes["neurons"].focus()
        await press(app, pilot, "l")
        assert app.state.view.neuron == 1
        await press(app, pilot, "z")
        assert app.panes["neurons"].size.width == 160
        assert "neuron 1 v 38" in screen_text(app)
        await press(app, pilot, "z")
        await pilot.resize_terminal(80, 24)
        await settled(app, pilot)
        text = screen_text(app)
        assert "code" in text
        assert "…" in text

    play(scene)


def test_panes_fill_each_size_the_terminal_gets() -> None:
    """The size in a resize event is the new one, the application's own still the old one then."""

    async def scene(app: DebuggerApp, pilot: Any) -> None:
        for width, height in ((60, 20), (120, 40), (50, 14), (200, 55)):
            await pilot.resize_terminal(width, height)
            await settled(app, pilot)
            shown = [pane for pane in app.panes.values() if pane.display]
            cells = sum(pane.region.area for pane in shown)
            assert cells == width * (height - 3)
            assert (app.commander.width, app.commander.height) == (width, height)
            assert all(len(line) == width for line in screen_text(app).splitlines())

    play(scene)


def test_a_running_machine_is_shown_and_can_be_paused() -> None:
    async def scene(app: DebuggerApp, pilot: Any) -> None:
        await type_line(app, pilot, "speed 50")
        await pilot.press("c")
        for _ in range(_PATIENCE):
            await pilot.pause(0.02)
            if "RUNNING" in screen_text(app):
                break
        text = screen_text(app)
        assert "RUNNING" in text
        await pilot.press("s")
        await pilot.pause()
        assert "the machine is running" in screen_text(app)
        await press(app, pilot, "space")
        assert app.state.stop is not None
        assert app.state.stop.kind is StopKind.INTERRUPTED
        assert 0 < app.state.now < 430

    play(scene)


def test_command_line_history_and_completion() -> None:
    async def scene(app: DebuggerApp, pilot: Any) -> None:
        await type_line(app, pilot, "goto 20")
        await type_line(app, pilot, "goto 30")
        await press(app, pilot, "colon", "up", "up", "enter")
        assert app.state.now == 20
        await press(app, pilot, "colon", *"wei", "backspace", "backspace", "backspace", *"popu", "tab")
        assert ":population " in screen_text(app)
        await press(app, pilot, "ctrl+u", *"b", "space", *"hand", "tab", "enter")
        (point,) = app.state.debugger.points.values()
        assert point.text == "handler"
        await press(app, pilot, "colon", *"goto", "space", *"345", "left", "left", "delete", "home", "end", "enter")
        assert app.state.now == 35
        await press(app, pilot, "colon", "escape")
        assert app.state.now == 35

    play(scene)


def test_cells_of_the_trace_lead_to_their_last_write() -> None:
    async def scene(app: DebuggerApp, pilot: Any) -> None:
        await type_line(app, pilot, "goto 40")
        app.panes["trace"].focus()
        await press(app, pilot, "k", "l", "enter")  # ra of 38, auipc ra, 0
        assert app.state.now == 30
        await press(app, pilot, "backspace")
        assert app.state.now == 38
        await press(app, pilot, "T")
        await type_line(app, pilot, "goto 100")
        assert "locked at 38" in screen_text(app)
        await press(app, pilot, "T")
        assert "locked at" not in screen_text(app)
        await type_line(app, pilot, "filter nm")
        await settled(app, pilot)
        assert "nm.run" in screen_text(app)

    play(scene)


def test_a_damaged_trace_is_said_and_the_rest_goes_on(tmp_path: Path) -> None:
    source = state()
    file = tmp_path / "run.nht"
    write_trace(recorded(source.machine), file)
    data = bytearray(file.read_bytes())
    place = data.index(b"BLCK") + 200
    data[place] ^= 0xFF
    file.write_bytes(data)
    live = state()
    damaged = State(live.debugger, live.console, "run", PRESETS["default22"], TraceFile.open(file))

    async def scene(app: DebuggerApp, pilot: Any) -> None:
        assert "the trace is damaged here" in screen_text(app)
        app.panes["trace"].focus()
        await press(app, pilot, "i", "i", "j", "k", "l", "enter", "backspace", "g", "G")
        await type_line(app, pilot, "filter nm")
        await type_line(app, pilot, "search nm")
        await pilot.pause(0.1)
        assert "the block at byte" in screen_text(app)
        await press(app, pilot, "i")
        assert app.state.now == 3

    play(scene, commander=Commander(damaged, 160, 48))
