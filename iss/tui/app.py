"""The interactive debugger on Textual: panes, keys, mouse. Motions run in a thread, and the screen follows them."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from time import monotonic, sleep
from typing import ClassVar, Final

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.geometry import Size

from iss.debug.debugger import Stop, StopKind
from iss.debug.points import PointKind
from iss.debug.search import AtAddress
from iss.errors import NeuroHartError
from iss.tui import theme
from iss.tui.app_help import AnswerView, keys
from iss.tui.app_line import Bar, CommandLine
from iss.tui.app_pane import Pane
from iss.tui.app_terminal import KeyDriver, PaneScreen
from iss.tui.app_trace import TracePane
from iss.tui.commands.command import Answer, CommandError
from iss.tui.commands.commander import Commander, stopped
from iss.tui.layout import Place, layout
from iss.tui.panels import PANELS
from iss.tui.screen import footer, header
from iss.tui.state import State
from iss.tui.text import Row

_FRAME: Final = 1 / 15
"""Seconds between two pictures of a running machine."""
_PATIENCE: Final = 0.04
"""Seconds after which a motion that is still under way is said to be: each key has an answer soon."""
_PASS: Final = 1_000_000
"""Instructions between two looks at the clock, at full speed."""
_SPEEDS: Final = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, None)
_LOOK_EVERY: Final = 0.04
_LOOK: Final = 0.02
"""Seconds between two looks for what a filter wants, and how long each of them may take."""
_ONE_LINE: Final = 3
"""Answers of more lines open a window."""


class DebuggerApp(App[None]):
    """The debugger on a terminal. Everything the machine does goes through `run_line`."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { layers: base over; overflow: hidden; }
    .pane { position: absolute; }
    Bar { position: absolute; height: 1; width: 100%; }
    CommandLine { position: absolute; height: 1; width: 100%; }
    #answer { layer: over; width: 100%; height: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key, f"line('{line}')", show=False)
            for key, line in {
                "s": "step", "n": "next", "f": "finish", "c": "continue", "S": "reverse-step", "N": "reverse-next",
                "F": "reverse-finish", "R": "reverse-continue", "b": "break", "m": "mark", "u": "decimal",
                "i": "stepi", "o": "nexti", "I": "reverse-stepi", "O": "reverse-nexti",
                "P": "population", "W": "projection",
                "f5": "continue", "f10": "next", "f11": "step", "shift+f11": "finish",
                "shift+f5": "reverse-continue", "shift+f10": "reverse-next", "f12": "reverse-step",
            }.items()
        ),
        *(
            Binding(key, f"ask('{start}')", show=False, priority=True)  # before what is typed next goes elsewhere
            for key, start in {
                "colon": "", "w": "watch ", "t": "goto ", "d": "delete ", "slash": "search ", "backslash": "rsearch ",
                "p": "print ", "x": "x ", "L": "list ",
            }.items()
        ),
        Binding("space", "pause", show=False),
        Binding("ctrl+c", "pause", show=False, priority=True),
        Binding("escape", "dismiss", show=False),
        Binding("z", "zoom", show=False),
        Binding("T", "lock", show=False),
        Binding("f9", "breakpoint", show=False),
        Binding("plus", "speed(1)", show=False),
        Binding("minus", "speed(-1)", show=False),
        Binding("question_mark", "keys", show=False),
        Binding("f1", "keys", show=False),
        Binding("q", "leave", show=False),
    ]  # fmt: skip

    def __init__(self, commander: Commander) -> None:
        super().__init__(driver_class=KeyDriver)
        self.commander: Commander = commander
        self.state: State = commander.state
        self.panes: dict[str, Pane] = {name: TracePane() if name == "trace" else Pane(name) for name in PANELS}
        self.top, self.bottom = Bar("top"), Bar("bottom")
        self.message = CommandLine("message", self._entered, self._close_line)
        self.message.words = commander.completions
        self.answer = AnswerView(self._close_answer)
        self.zoomed: str | None = None
        self._cells = Size(commander.width, commander.height)
        self._in_frame = False
        self._asked_from = "code"
        self._thread: threading.Thread | None = None
        self._last_frame = 0.0
        self._closed_down = False
        self._leaving = self._said = False
        commander.mover = self._start
        commander.on_screen = lambda: {name for name, pane in self.panes.items() if pane.display}
        self.state.patience = _LOOK
        commander.context = ()

    # The screen -----------------------------------------------------------------------------------------------------
    def compose(self) -> ComposeResult:
        """All panes; `arrange` decides which of them are on the screen."""
        yield self.top
        yield from self.panes.values()
        yield self.message
        yield self.bottom
        yield self.answer

    def get_default_screen(self) -> PaneScreen:
        """The only screen."""
        return PaneScreen(id="_default")

    def on_mount(self) -> None:
        """Begin with the code."""
        self.panes["code"].focus()
        self.say([Row("? shows the keys and commands", theme.DIM)])
        self.set_interval(_LOOK_EVERY, self._look_on)

    def on_ready(self) -> None:
        """What starting up has made stays: to look through it for garbage would make a key wait for 50 ms."""
        gc.freeze()

    def _look_on(self) -> None:
        """Let the trace's filter find more, as long as it does not disturb."""
        matches = self.state.tracing.matches
        if matches is not None and not matches.complete and not self.state.running:
            try:
                matches.look(_LOOK)
            except NeuroHartError as error:
                self.state.tracing.choose("")
                self.say([Row(str(error), theme.ERROR)])
            self.panes["trace"].draw()

    def on_resize(self, event: Resize) -> None:
        """Put everything at its place."""
        self._cells = event.size  # `size` is still the one before
        self.arrange()

    def arrange(self) -> None:
        """Place the panes for the present size, or the zoomed one alone."""
        width, height = self._cells
        self.commander.width, self.commander.height = width, height
        room = max(1, height - 3)
        places = layout(width, room, *self.state.shows)
        if self.zoomed is not None:
            places = [Place(self.zoomed, 0, 0, width, room)]
        shown = {place.name: place for place in places}
        for name, pane in self.panes.items():
            if name in shown:
                pane.put(shown[name])
            else:
                pane.display = False
        self.message.styles.offset = (0, height - 2)
        self.bottom.styles.offset = (0, height - 1)
        self.bottom.show(footer(width))
        self._show_header()

    @property
    def may_draw(self) -> bool:
        """Whether the machine may be looked at: it stands still, or a frame is being made."""
        return not self.state.running or self._in_frame

    def draw(self, *names: str) -> None:
        """Draw panes anew: some, or all of them and the header."""
        for name in names or self.panes:
            self.panes[name].draw()
        if not names:
            self._show_header()

    def _show_header(self) -> None:
        if self.may_draw:
            self.top.show(header(self.state, self._cells.width))

    def say(self, answer: Answer) -> None:
        """Show an answer: in the line above the keys, or in a window of its own."""
        self._said = True
        if len(answer) > _ONE_LINE:
            self._show_answer(answer)
        elif answer:
            joined = Row()
            for row in answer:
                joined.segments += [*row.segments, *Row("  ").segments]
            self.message.show(joined.segments)

    def _show_answer(self, answer: Answer) -> None:
        self._asked_from = self.focused_panel
        self.answer.show(answer)
        self.screen.set_focus(self.answer, scroll_visible=False)

    def _close_answer(self) -> None:
        self.answer.display = False
        self._focus_pane()

    # Commands -------------------------------------------------------------------------------------------------------
    def run_line(self, line: str) -> None:
        """Carry out a command line; what goes wrong is said."""
        try:
            if self.state.running:
                raise CommandError("the machine is running; space or Ctrl-C pauses it")
            answer = self.commander.execute(line)
        except NeuroHartError as error:
            self.say([Row(str(error), theme.ERROR)])
            return
        self.say(answer)
        if self.commander.quit:
            self.action_leave()
        elif not self.state.running:
            self.draw()

    def action_line(self, line: str) -> None:
        """A key that stands for a command."""
        if line == "break" and self.state.view.code is not None:
            self.toggle_breakpoint(self.state.view.code)
        else:
            self.run_line(line)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The keys that open the command line are letters where text is typed."""
        return action != "ask" or not self.message.asking

    def action_ask(self, start: str) -> None:
        """Open the command line with the beginning of a command."""
        if self.answer.display:
            self._close_answer()
        self._asked_from = self.focused_panel
        self.message.ask(start)
        self.screen.set_focus(self.message, scroll_visible=False)  # at once: what is typed next is for the line

    def _entered(self, text: str) -> None:
        """The command line is complete."""
        if text.strip():
            self.run_line(text)

    def action_dismiss(self) -> None:
        """Look at the present place again."""
        self.state.view.code = self.state.view.memory = self.state.tracing.cursor = self.state.tracing.cell = None
        self.draw()

    def _close_line(self) -> None:
        self.message.leave()
        self._focus_pane()

    def _focus_pane(self) -> None:
        """Give the focus back to the pane that had it."""
        self.screen.set_focus(self.panes[self.zoomed or self._asked_from], scroll_visible=False)

    def toggle_breakpoint(self, address: int) -> None:
        """Set a breakpoint at an address, or remove those that are there."""
        debugger = self.state.debugger
        there = [
            point.number
            for point in debugger.points.values()
            if point.kind is PointKind.BREAK and isinstance(point.wanted, AtAddress)
            and address in point.wanted.addresses
        ]  # fmt: skip
        self.run_line(f"delete {' '.join(map(str, there))}" if there else f"break *{address:#x}")

    def follow_cursor(self) -> None:
        """Go to the moment of the trace's cursor, or to where its chosen cell was written last."""
        tracing = self.state.tracing
        if tracing.chosen is not None:
            self.run_line(f"origin {tracing.chosen}")
        elif tracing.cursor is not None:
            self.run_line(f"goto {tracing.log.moment(tracing.cursor)}")

    def action_lock(self) -> None:
        """Let the focused pane stay at this moment, or follow again."""
        name = self.focused_panel
        self.run_line(f"unlock {name}" if name in self.state.locks else f"lock {name}")

    @property
    def focused_panel(self) -> str:
        """The pane that has the focus."""
        focused = self.focused
        return focused.id if focused is not None and focused.id in PANELS else "code"

    def action_breakpoint(self) -> None:
        """Toggle the breakpoint where the user looks."""
        view = self.state.view.code
        self.toggle_breakpoint(self.state.machine.hart.pc if view is None else view)

    def action_keys(self) -> None:
        """Show the keys and the commands."""
        self._show_answer([*keys(), *self.commander.execute("help")])

    def action_zoom(self) -> None:
        """Show the focused pane alone, or all again."""
        self.zoomed = None if self.zoomed is not None else self.focused_panel
        self.arrange()

    def action_speed(self, way: int) -> None:
        """Turn the speed dial."""
        index = _SPEEDS.index(self.state.speed) if self.state.speed in _SPEEDS else len(_SPEEDS) - 1
        self.state.speed = _SPEEDS[max(0, min(len(_SPEEDS) - 1, index + way))]
        self._set_pace()
        self._show_header()

    def action_pause(self) -> None:
        """Pause what runs; go on if nothing does."""
        if self.state.running:
            self.state.debugger.interrupt()
        else:
            self.run_line("continue")

    def action_leave(self) -> None:
        """End, after the machine has stopped."""
        self._leaving = True
        if self.state.running:
            self.state.debugger.interrupt()
        else:
            self.exit()

    # Running --------------------------------------------------------------------------------------------------------
    def _start(self, motion: Callable[[], Stop]) -> Answer:
        """Carry out a motion in a thread; `_arrived` is called at its end."""
        debugger = self.state.debugger
        self.state.remember()
        self.state.running = True
        self._last_frame = monotonic()
        debugger.between = self._between
        self._set_pace()

        def work() -> None:
            try:
                stop = motion()
            except NeuroHartError as error:
                stop = Stop(StopKind.INTERRUPTED, str(error))
            self._in_loop(self._arrived, stop)

        self._thread = threading.Thread(target=work, daemon=True)
        self._thread.start()
        self._said = False
        self.set_timer(_PATIENCE, self._still_running)
        return []

    def _still_running(self) -> None:
        if self.state.running and not self._said:
            self.message.show(Row("running; space or Ctrl-C pauses", theme.DIM).segments)

    def _set_pace(self) -> None:
        speed = self.state.speed
        self.state.debugger.longest_pass = _PASS if speed is None else max(1, min(_PASS, int(speed * _FRAME)))

    def _between(self) -> None:
        """In the thread, now and then: wait as the speed dial says, and let the screen be drawn."""
        speed, elapsed = self.state.speed, monotonic() - self._last_frame
        if speed is not None:
            due = (self.state.debugger.longest_pass or 1) / speed
            while elapsed < due and not self.state.debugger.history.interrupted:
                sleep(min(0.05, due - elapsed))
                elapsed = monotonic() - self._last_frame
        if elapsed >= _FRAME or speed is not None:
            self._in_loop(self._frame)
            self._last_frame = monotonic()

    def _in_loop(self, function: Callable[..., object], *arguments: object) -> None:
        """Call something in the application's thread; nothing if it has ended meanwhile."""
        if self.is_running and not self._closed_down:
            self.call_from_thread(function, *arguments)

    def on_unmount(self) -> None:
        """The application ends: nothing is to be drawn any more."""
        self._closed_down = True
        self.state.debugger.interrupt()

    def _frame(self) -> None:
        """Draw a running machine; its thread waits meanwhile."""
        self._in_frame = True
        try:
            self.state.moved()
            self.draw()
        finally:
            self._in_frame = False

    def _arrived(self, stop: Stop) -> None:
        self.state.running = False
        self.state.debugger.between = lambda: None
        self.state.stop = stop
        self.state.view.code = None
        self.state.moved()
        self.state.tracing.settle(self.state.now)
        if self._leaving:
            self.exit()
            return
        self.say([stopped(stop)])
        self.draw()
