"""What a running program does, drawn on the terminal ten times a second: `neurohart run --live`."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.live import Live

from coprocessor.energy import EnergyPreset
from iss.debug.debugger import Debugger
from iss.debug.history import ReplayedConsole
from iss.machine import Machine
from iss.tui.layout import Place
from iss.tui.screen import Lines, header, joined
from iss.tui.state import State
from iss.tui.text import Line


class LiveView:
    """Takes the place of the status line: `update` draws, `erase` gives the terminal back."""

    def __init__(self, machine: Machine, title: str, preset: EnergyPreset) -> None:
        self.output = ReplayedConsole()
        self.state = State(Debugger(machine, self.output), self.output, title, preset)
        self.state.running = True
        self._console = Console(stderr=True)
        self._live = Live(console=self._console, screen=True, auto_refresh=False)

    def __enter__(self) -> LiveView:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.erase()

    def update(self, machine: Machine) -> None:
        """Draw the present moment."""
        self.state.moved()
        width, height = self._console.size
        self._live.update(Lines(frame(self.state, width, height - 1)), refresh=True)

    def erase(self) -> None:
        """Leave the screen as it was before."""
        self._live.stop()


def frame(state: State, width: int, height: int) -> list[Line]:
    """The panels that need no replay."""
    spiking = state.machine.coprocessor is not None
    room = max(0, height - 1)
    top = room * (40 if spiking else 60) // 100
    middle = room * 35 // 100 if spiking else 0
    half, third = width // 2, width // 3
    places = [
        Place("code", 0, 0, half, top),
        Place("registers", half, 0, width - half, top),
        Place("console", 0, top + middle, width - third, room - top - middle),
        Place("counters", width - third, top + middle, third, room - top - middle),
    ]
    if spiking:
        places += [
            Place("neurons", 0, top, width - third, middle),
            Place("queues", width - third, top, third, middle),
        ]
    return [header(state, width), *joined(state, places, width, room)]
