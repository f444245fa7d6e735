"""The debugger as a plain prompt: command lines in, the same panels out. Scripts run through it, too."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

from rich.console import Console

from iss.errors import NeuroHartError
from iss.tui import theme
from iss.tui.commands.command import Answer
from iss.tui.commands.commander import Commander
from iss.tui.screen import Lines

PROMPT = "(neurohart) "


class Prompt:
    """Runs command lines on a Commander and prints what they answer; `guard` is entered around each of them."""

    def __init__(self, commander: Commander, guard: Callable[[], AbstractContextManager[Any]]) -> None:
        self.commander, self._guard = commander, guard
        self._console = Console(highlight=False, soft_wrap=True)
        self._printed = 0  # bytes of the firmware's output that are on the screen
        self._inside_line = False
        commander.state.debugger.between = self._firmware

    def script(self, lines: Iterable[str], name: str = "", echo: bool = False) -> None:
        """Run lines until `quit`; NeuroHartError names the line that failed, and the rest is not run."""
        for number, line in enumerate(lines, 1):
            if self.commander.quit:
                return
            if not line.strip():
                continue
            if echo:
                print(f"{PROMPT}{line.strip()}")
            try:
                self._run(line)
            except NeuroHartError as error:
                raise NeuroHartError(f"{name}:{number}: {error}" if name else f"{line.strip()}: {error}") from None

    def talk(self) -> None:
        """Ask for lines until `quit` or the end of the input; what goes wrong is said, and the talk goes on."""
        self._prepare()
        self._print(self.commander.panel("code", 0))
        while not self.commander.quit:
            try:
                line = input(PROMPT)
            except EOFError:
                print()
                return
            except KeyboardInterrupt:
                print()
                continue
            try:
                self._run(line)
            except NeuroHartError as error:
                self._console.print(f"{error}", style=theme.ERROR, markup=False)

    def _run(self, line: str) -> None:
        with self._guard():
            answer = self.commander.execute(line)
        self._firmware()
        if self._inside_line:
            print(flush=True)
            self._inside_line = False
        self._print(answer)

    def _firmware(self) -> None:
        """Print what the firmware has written up to the present moment and nobody has seen yet."""
        console = self.commander.state.console
        self._printed = min(self._printed, len(console.text))  # the user may have changed the course of things
        fresh = bytes(console.text[self._printed : console.position])
        if fresh:
            self._printed, self._inside_line = console.position, not fresh.endswith(b"\n")
            sys.stdout.flush()
            sys.stdout.buffer.write(fresh)
            sys.stdout.buffer.flush()

    def _print(self, answer: Answer) -> None:
        sys.stdout.flush()
        lines = [row.segments for row in answer]
        if not self._console.is_terminal:
            for line in lines:
                print("".join(segment.text for segment in line).rstrip())
        elif lines:
            self._console.print(Lines(lines), end="")

    @staticmethod
    def _prepare() -> None:
        """Line editing and history, where Python has them; Tab completes commands."""
        try:
            import readline
        except ImportError:
            return
        from iss.tui.commands.commander import COMMANDS

        def complete(text: str, index: int) -> str | None:
            found = [name for name in sorted(COMMANDS) if len(name) > 1 and name.startswith(text)]
            return found[index] + " " if index < len(found) else None

        readline.set_completer(complete)
        readline.parse_and_bind("tab: complete")
