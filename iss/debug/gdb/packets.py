"""Packets of the gdb remote protocol on a stream socket: framing, checksums, acknowledgement, the interrupt byte."""

from __future__ import annotations

import select
import socket
from typing import Final

INTERRUPT: Final = b"\x03"
LARGEST: Final = 0x4000
"""Bytes of the longest packet, as announced to gdb."""
_CHUNK: Final = 1 << 16


class Closed(Exception):
    """The other side has gone."""


class Link:
    """One connection. `receive` gives packets without frame, or INTERRUPT."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = b""
        self._last = b""
        self.acknowledges = True

    def receive(self) -> bytes:
        """The next packet; Closed if there will be none."""
        while True:
            packet = self._take()
            if packet is not None:
                return packet
            try:
                data = self._connection.recv(_CHUNK)
            except OSError as error:
                raise Closed(str(error)) from None
            if not data:
                raise Closed("gdb has closed the connection")
            self._buffer += data

    def interrupted(self) -> bool:
        """Whether gdb asks for a stop now; the request is consumed."""
        while select.select([self._connection], [], [], 0)[0]:
            try:
                data = self._connection.recv(_CHUNK)
            except OSError:
                return True
            if not data:
                return True  # it has gone: stop, `receive` will say why
            self._buffer += data
        before, found, after = self._buffer.partition(INTERRUPT)
        if found and b"$" not in before:
            self._buffer = after
            return True
        return False

    def send(self, text: str) -> None:
        """Send a packet."""
        data = text.encode("latin-1")
        for byte in (b"}", b"$", b"#", b"*"):
            data = data.replace(byte, b"}" + bytes((byte[0] ^ 0x20,)))
        self._last = b"$" + data + b"#%02x" % (sum(data) & 0xFF)
        self._write(self._last)

    def _write(self, data: bytes) -> None:
        try:
            self._connection.sendall(data)
        except OSError as error:
            raise Closed(str(error)) from None

    def _take(self) -> bytes | None:
        """A complete packet from the buffer; None if more must come. A damaged one is asked for again."""
        while self._buffer:
            first = self._buffer[:1]
            if first == INTERRUPT:
                self._buffer = self._buffer[1:]
                return INTERRUPT
            if first != b"$":
                self._buffer = self._buffer[1:]
                if first == b"-" and self._last:
                    self._write(self._last)
                continue
            end = self._buffer.find(b"#")
            if end < 0 or len(self._buffer) < end + 3:
                if len(self._buffer) > 4 * LARGEST:
                    raise Closed(f"a packet of more than {4 * LARGEST} bytes; this is not gdb")
                return None
            data, check = self._buffer[1:end], self._buffer[end + 1 : end + 3]
            self._buffer = self._buffer[end + 3 :]
            good = not self.acknowledges or check.lower() == b"%02x" % (sum(data) & 0xFF)
            if self.acknowledges:
                self._write(b"+" if good else b"-")
            if good:
                return _unescaped(data)
        return None


def _unescaped(data: bytes) -> bytes:
    parts = data.split(b"}")
    return parts[0] + b"".join(bytes((part[0] ^ 0x20,)) + part[1:] for part in parts[1:] if part)
