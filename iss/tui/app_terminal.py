"""Between the application and Textual: where Textual's own way makes a key wait, change it here."""

from __future__ import annotations

import os
from codecs import getincrementaldecoder
from select import select
from typing import Final

from textual._xterm_parser import XTermParser
from textual.constants import ESCAPE_DELAY
from textual.drivers.linux_driver import LinuxDriver
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

_LOOK_EVERY: Final = 0.1
"""Seconds between two looks whether the application has ended, where nothing is typed."""
_CHUNK: Final = 4096


class PaneScreen(Screen[None]):
    """A screen of which nothing but the two panes is painted when the focus goes from one to the other."""

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)


class KeyDriver(LinuxDriver):
    """Takes an Escape as the key after ESCDELAY; Textual's own driver sees that time pass every 100 ms only."""

    def run_input_thread(self) -> None:
        """Read keys until the application ends."""
        parser, decode = XTermParser(self._debug), getincrementaldecoder("utf-8")("replace").decode
        begun = False  # an Escape that may be the beginning of another key
        while not self.exit_event.is_set():
            if select([self.fileno], [], [], ESCAPE_DELAY if begun else _LOOK_EVERY)[0]:
                data = os.read(self.fileno, _CHUNK)
                if not data:
                    return
                text = decode(data)
                for message in parser.feed(text) if text else ():
                    self.process_message(message)
                begun = True
            else:
                begun = False
            for message in parser.tick():
                self.process_message(message)
