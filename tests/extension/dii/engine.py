"""A verification engine for tests: speaks RVFI-DII from the other side of the socket, by the documents alone."""

from __future__ import annotations

import socket
import struct
from types import TracebackType
from typing import Any

_V1 = "order pc_rdata pc_wdata insn rs1_data rs2_data rd_wdata mem_addr mem_rdata mem_wdata".split()
_V1_BYTES = "mem_rmask mem_wmask rs1_addr rs2_addr rd_addr trap halt intr".split()


class Engine:
    """A connection to a server."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=20)

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(self, command: int, word: int = 0, time: int = 0) -> None:
        """One request."""
        self.socket.sendall(word.to_bytes(4, "little") + time.to_bytes(2, "little") + bytes([command, 0]))

    def receive(self, size: int) -> bytes:
        """So many bytes; EOFError if the server closes."""
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise EOFError(f"closed after {len(data)} of {size} bytes")
            data += part
        return data

    def record(self) -> dict[str, int]:
        """A record of version 1: 88 bytes."""
        data = self.receive(88)
        values = struct.unpack("<10Q", data[:80]) + tuple(data[80:])
        return dict(zip(_V1 + _V1_BYTES, values, strict=True))

    def record_v2(self) -> dict[str, Any]:
        """A record of version 2 with the parts that are there."""
        head = self.receive(64)
        assert head[:8] == b"trace-v2"
        number = [int.from_bytes(head[at : at + 8], "little") for at in range(0, 64, 8)]
        found: dict[str, Any] = {"order": number[2], "insn": number[3], "pc_rdata": number[5], "pc_wdata": number[6]}
        found |= dict(zip("trap halt intr mode ixl valid".split(), head[32:38], strict=True))
        rest = self.receive(number[1] - 64)
        if number[7] & 1:
            assert rest[:8] == b"int-data"
            found |= dict(zip("rd_wdata rs1_data rs2_data".split(), struct.unpack("<3Q", rest[8:32]), strict=True))
            found |= dict(zip("rd_addr rs1_addr rs2_addr".split(), rest[32:35], strict=True))
            rest = rest[40:]
        if number[7] & 2:
            assert rest[:8] == b"mem-data"
            found["mem_rdata"], found["mem_wdata"] = (int.from_bytes(rest[a : a + 32], "little") for a in (8, 40))
            found["mem_rmask"], found["mem_wmask"], found["mem_addr"] = struct.unpack("<IIQ", rest[72:88])
            rest = rest[88:]
        assert rest == b"" and number[7] < 4
        return found
