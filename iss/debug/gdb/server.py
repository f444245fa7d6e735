"""The gdb server: one client, one machine, motions in both directions of time.

To serve another packet, add its prefix to `_HANDLERS`; to add a monitor command, see monitor.py.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Final

from iss.debug.debugger import Debugger, Stop, StopKind
from iss.debug.expressions import ExpressionError
from iss.debug.gdb.monitor import monitor
from iss.debug.gdb.packets import INTERRUPT, LARGEST, Closed, Link
from iss.debug.gdb.target import PC, Registers
from iss.debug.points import Point, PointKind
from iss.errors import NeuroHartError

_FEATURES: Final = (
    f"PacketSize={LARGEST:x};QStartNoAckMode+;qXfer:features:read+;ReverseStep+;ReverseContinue+;"
    "hwbreak+;swbreak+;vContSupported+"
)
_WATCHES: Final = {2: PointKind.WATCH, 3: PointKind.READ, 4: PointKind.ACCESS}
_WATCH_NAMES: Final = {PointKind.WATCH: "watch", PointKind.READ: "rwatch", PointKind.ACCESS: "awatch"}
_SIZES: Final = {1: "u8", 2: "u16", 4: "u32"}
_TRAP, _INTERRUPTED = 5, 2
OK: Final = "OK"


class Refused(Exception):
    """A request that cannot be served; gdb gets an error."""


class Server:
    """Serves one connection after the other on a listening socket."""

    def __init__(self, debugger: Debugger, report: Callable[[str], object] = lambda text: None) -> None:
        self.debugger = debugger
        self.registers = Registers(debugger.machine)
        self._report = report
        self._points: dict[tuple[int, int, int], Point] = {}
        self._killed = False
        self._last = "S05"
        self._end: tuple[int, Stop] | None = None  # where the program has ended, so that gdb can go back from there
        self._handlers: dict[str, Callable[[str], str]] = {
            "qSupported": lambda text: _FEATURES,
            "QStartNoAckMode": self._no_acknowledgement,
            "qXfer:features:read:target.xml:": self._description,
            "qRcmd,": self._monitor,
            "qAttached": lambda text: "1",
            "qC": lambda text: "QC1",
            "qfThreadInfo": lambda text: "m1",
            "qsThreadInfo": lambda text: "l",
            "qOffsets": lambda text: "",
            "vCont?": lambda text: "vCont;c;C;s;S",
            "vCont;": self._continue_all,
            "vKill": self._kill,
            "H": lambda text: OK,
            "T": lambda text: OK,
            "?": lambda text: self._last,
            "g": self._read_all,
            "G": self._write_all,
            "p": self._read_one,
            "P": self._write_one,
            "m": self._read_memory,
            "M": self._write_memory,
            "X": self._write_binary,
            "c": lambda text: self._move(self.debugger.resume, text),
            "s": lambda text: self._move(self.debugger.step, text),
            "bc": lambda text: self._move(self.debugger.resume_back),
            "bs": lambda text: self._move(self.debugger.step_back),
            "Z": self._insert,
            "z": self._remove,
            "D": self._detach,
            "k": self._kill,
        }

    # Connections ----------------------------------------------------------------------------------------------------
    def serve(self, listener: socket.socket, *, once: bool = False) -> None:
        """Serve clients until one kills the program; with `once`, until the first has gone."""
        while not self._killed:
            connection, peer = listener.accept()
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._report(f"connected from {peer[0]}:{peer[1]}")
                self._talk(Link(connection))
            if once:
                return

    def _talk(self, link: Link) -> None:
        self._link = link
        self._detached = False
        self.debugger.cancelled = link.interrupted
        try:
            while not (self._killed or self._detached):
                packet = link.receive()
                if packet != INTERRUPT:
                    link.send(self._answer(packet))
                    if packet == b"QStartNoAckMode":
                        link.acknowledges = False
        except Closed as reason:
            self._report(str(reason))
        finally:
            self.debugger.cancelled = lambda: False
            self._clear()

    def _answer(self, packet: bytes) -> str:
        text = packet.decode("latin-1")
        name = max((name for name in self._handlers if text.startswith(name)), key=len, default="")
        if not name or (name in ("g", "?", "k") and text != name):
            return ""
        try:
            return self._handlers[name](text[len(name) :])
        except (Refused, NeuroHartError, ValueError, IndexError) as error:
            self._report(f"{text[:40]!r} refused: {error}")
            return "E01"

    def _clear(self) -> None:
        for point in self._points.values():
            self.debugger.points.pop(point.number, None)
        self._points = {}

    # Queries --------------------------------------------------------------------------------------------------------
    def _no_acknowledgement(self, text: str) -> str:
        return OK

    def _description(self, text: str) -> str:
        offset, length = (int(part, 16) for part in text.split(","))
        whole = self.registers.description()
        part = whole[offset : offset + length]
        return ("l" if offset + length >= len(whole) else "m") + part

    def _monitor(self, text: str) -> str:
        command = bytes.fromhex(text).decode("utf-8", "replace")
        return monitor(self.debugger, command).encode().hex() or OK

    def _detach(self, text: str) -> str:
        self._detached = True
        return OK

    def _kill(self, text: str) -> str:
        self._killed = True
        return OK

    # State ----------------------------------------------------------------------------------------------------------
    def _read_all(self, text: str) -> str:
        return "".join(_word(value) for value in self.registers.general())

    def _write_all(self, text: str) -> str:
        if len(text) != 8 * (PC + 1):
            raise Refused("this is not the value of all registers")
        for number in range(PC + 1):
            self.registers.write(number, _value(text[8 * number : 8 * number + 8]))
        return self._changed()

    def _read_one(self, text: str) -> str:
        value = self.registers.read(int(text, 16))
        return "E01" if value is None else _word(value)

    def _write_one(self, text: str) -> str:
        number, value = text.split("=")
        if not self.registers.write(int(number, 16), _value(value)):
            raise Refused("this register cannot be written so")
        return self._changed()

    def _changed(self) -> str:
        self._end = None
        self.debugger.history.rewrite()
        return OK

    def _read_memory(self, text: str) -> str:
        address, length = (int(part, 16) for part in text.split(","))
        ram = self.debugger.machine.ram
        inside = min(length, LARGEST // 2, max(0, ram.base + ram.size - address))
        return ram.read(address, inside).hex() if inside and address >= ram.base else "E01"

    def _write_memory(self, text: str) -> str:
        place, data = text.split(":")
        return self._store(place, bytes.fromhex(data))

    def _write_binary(self, text: str) -> str:
        place, _, data = text.partition(":")
        return self._store(place, data.encode("latin-1"))

    def _store(self, place: str, data: bytes) -> str:
        address, length = (int(part, 16) for part in place.split(","))
        if length != len(data):
            raise Refused("the length is not that of the data")
        machine = self.debugger.machine
        if data:
            machine.ram.write(address, data)
            machine.engine.invalidate(address - machine.ram.base, address - machine.ram.base + length)
            self._changed()
        return OK

    # Motion ---------------------------------------------------------------------------------------------------------
    def _continue_all(self, text: str) -> str:
        action = text[:1].lower()
        if action not in ("c", "s"):
            raise Refused(f"vCont {action!r} is not served")
        return self._move(self.debugger.resume if action == "c" else self.debugger.step)

    def _move(self, motion: Callable[[], Stop], address: str = "") -> str:
        if address and not self.registers.write(PC, int(address, 16)):
            raise Refused("this is no address of an instruction")
        forwards = motion in (self.debugger.resume, self.debugger.step)
        if forwards and self._end is not None and self._end[0] == self.debugger.now:
            outcome = self._end[1].outcome
            code = outcome.exit_code if outcome is not None else None
            return f"X{_TRAP:02x}" if code is None else f"W{code & 0xFF:02x}"
        self._last = self._told(motion())
        return self._last

    def _told(self, stop: Stop) -> str:
        """The stop reply ("Stop Reply Packets" in gdb's manual)."""
        match stop.kind:
            case StopKind.ENDED:
                self._report(f"{stop.text}; reverse motions go on, another continue ends the program")
                self._end = self.debugger.now, stop
                return f"T{_TRAP:02x}replaylog:end;thread:1;"
            case StopKind.INTERRUPTED:
                return f"T{_INTERRUPTED:02x}thread:1;"
            case StopKind.BEGINNING:
                return f"T{_TRAP:02x}replaylog:begin;thread:1;"
        reason = ""
        if stop.point is not None:
            name = _WATCH_NAMES.get(stop.point.kind)
            place = next((key for key, point in self._points.items() if point is stop.point), None)
            reason = f"{name}:{place[1]:x};" if name and place else "hwbreak:;"
        return f"T{_TRAP:02x}{reason}thread:1;"

    # Points ---------------------------------------------------------------------------------------------------------
    def _insert(self, text: str) -> str:
        kind, address, length = (int(part, 16) for part in text.partition(";")[0].split(","))
        key = kind, address, length
        if key in self._points:
            return OK
        try:
            if kind in (0, 1):
                self._points[key] = self.debugger.break_at(f"*{address:#x}")
            elif kind in _WATCHES and length in _SIZES:
                watched = f"{_SIZES[length]}[{address:#x}]"
                self._points[key] = self.debugger.watch(watched, kind=_WATCHES[kind])
            else:
                return ""
        except ExpressionError as error:
            raise Refused(str(error)) from None
        return OK

    def _remove(self, text: str) -> str:
        kind, address, length = (int(part, 16) for part in text.partition(";")[0].split(","))
        point = self._points.pop((kind, address, length), None)
        if point is not None:
            self.debugger.points.pop(point.number, None)
        return OK


def _word(value: int) -> str:
    return value.to_bytes(4, "little").hex()


def _value(text: str) -> int:
    return int.from_bytes(bytes.fromhex(text)[:4], "little")
