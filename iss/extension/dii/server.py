"""Serves verification engines on a listening socket, one after the other, each from reset."""

from __future__ import annotations

import socket
from collections.abc import Callable

from iss.extension.dii.packets import (
    REQUEST,
    VERSION_QUESTION,
    Command,
    ProtocolError,
    Record,
    Request,
    read_request,
    supported_version,
    version_set,
)
from iss.extension.dii.target import InjectedMachine

_AT_ONCE = 1 << 16  # bytes


class Session:
    """What one verification engine has been told: the version of the trace format and the machine's state."""

    def __init__(self, machine: InjectedMachine) -> None:
        self.machine = machine
        self.version = 1
        self.instructions = self.traces = 0
        machine.reset()

    def answer(self, request: Request) -> bytes:
        """Carry out a request and return the packet to send back."""
        if request.command is Command.INSTRUCTION:
            self.instructions += 1
            return self.machine.execute(request.word).packet(self.version)
        if request.command is Command.SET_VERSION:
            self.version = request.word
            return version_set(self.version)
        if request.word == VERSION_QUESTION:
            return supported_version()
        self.traces += 1
        self.machine.reset()
        return Record(halt=1).packet(self.version)


class Server:
    """An RVFI-DII server around one machine; `report` gets a line about what happens."""

    def __init__(self, machine: InjectedMachine, report: Callable[[str], object] = lambda text: None) -> None:
        self._machine = machine
        self._report = report

    def serve(self, listener: socket.socket, *, once: bool = False) -> None:
        """Serve one connection after the other; with `once` only the first."""
        while True:
            connection, address = listener.accept()
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._report(f"a verification engine has connected from {address[0]}:{address[1]}")
                session = Session(self._machine)
                try:
                    end = _converse(connection, session)
                except ProtocolError as error:
                    end = f"refused: {error}"
                except OSError as error:
                    end = f"lost: {error.strerror or error}"
                self._report(f"session {end} ({session.instructions} instructions, {session.traces} traces)")
            if once:
                return


def _converse(connection: socket.socket, session: Session) -> str:
    """Answer requests until the other side closes; the answers to what arrives at once are sent at once."""
    pending = b""
    while data := connection.recv(_AT_ONCE):
        pending += data
        whole = len(pending) // REQUEST.size * REQUEST.size
        answers: list[bytes] = []
        try:
            for offset in range(0, whole, REQUEST.size):
                request = read_request(pending[offset : offset + REQUEST.size])
                answers.append(session.answer(request))
        finally:
            connection.sendall(b"".join(answers))
        pending = pending[whole:]
    if pending:
        raise ProtocolError(f"the connection ended within a packet, after {len(pending)} of its {REQUEST.size} bytes")
    return "over"
