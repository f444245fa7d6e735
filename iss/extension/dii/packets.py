"""The packets of RVFI-DII, versions 1 and 2, all little-endian.

Version 1 is described in TestRIG's RVFI-DII.md; version 2 and its negotiation are those of the Sail RISC-V model
(model/rvfi_dii.sail and the C emulator beside it).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from struct import Struct
from typing import Final

from iss.errors import NeuroHartError

REQUEST: Final = Struct("<IHBB")  # instruction word, time, command, padding
VERSION_QUESTION: Final = int.from_bytes(b"SREV", "little")  # "VERS" as a number: in a reset, it asks for the version
LATEST: Final = 2
_SUPPORTS_V2: Final = 3  # in the halt field of the answer

_V1: Final = Struct("<10Q8B")
_V2: Final = Struct("<8sQ2Q6B2x3Q")
_INTEGER: Final = Struct("<8s3Q3B5x")
_MEMORY: Final = Struct("<8s32s32s2IQ")
_VERSION_ANSWER: Final = Struct("<8sQ")
_INTEGER_AVAILABLE, _MEMORY_AVAILABLE = 1, 2
_MACHINE_MODE, _RV32 = 3, 1


class Command(IntEnum):
    """What a request asks for."""

    END_OF_TRACE = 0  # reset; or the question for the version
    INSTRUCTION = 1
    SET_VERSION = ord("v")  # the word is the version of the answers from now on


class ProtocolError(NeuroHartError):
    """A request that no verification engine sends; the session is over."""


@dataclass(frozen=True, slots=True)
class Request:
    """A command with its instruction word; the time to inject it is of no use to a simulator."""

    command: Command
    word: int


@dataclass(frozen=True, slots=True)
class Record:
    """What an instruction did, as the RISC-V Formal Interface names it; masks have a bit for each byte.

    `order` counts the words since the reset from 1: INSTRET afterwards, as long as nothing traps.
    """

    order: int = 0
    pc_rdata: int = 0
    pc_wdata: int = 0
    insn: int = 0
    rs1_rdata: int = 0
    rs2_rdata: int = 0
    rd_wdata: int = 0
    mem_addr: int = 0
    mem_rdata: int = 0
    mem_wdata: int = 0
    mem_rmask: int = 0
    mem_wmask: int = 0
    rs1_addr: int = 0
    rs2_addr: int = 0
    rd_addr: int = 0
    trap: int = 0
    halt: int = 0
    intr: int = 0

    def packet(self, version: int) -> bytes:
        """The record on the wire."""
        return self._packet_v2() if version == LATEST else self._packet_v1()

    def _packet_v1(self) -> bytes:
        return _V1.pack(
            *(self.order, self.pc_rdata, self.pc_wdata, self.insn, self.rs1_rdata, self.rs2_rdata, self.rd_wdata),
            *(self.mem_addr, self.mem_rdata, self.mem_wdata, self.mem_rmask, self.mem_wmask),
            *(self.rs1_addr, self.rs2_addr, self.rd_addr, self.trap, self.halt, self.intr),
        )

    def _packet_v2(self) -> bytes:
        """The record in parts: what does not concern the instruction is left out."""
        parts, available = b"", 0
        if not self.halt:
            available |= _INTEGER_AVAILABLE
            values = (self.rd_wdata, self.rs1_rdata, self.rs2_rdata, self.rd_addr, self.rs1_addr, self.rs2_addr)
            parts += _INTEGER.pack(b"int-data", *values)
        if self.mem_rmask or self.mem_wmask:
            available |= _MEMORY_AVAILABLE
            data = (value.to_bytes(32, "little") for value in (self.mem_rdata, self.mem_wdata))
            parts += _MEMORY.pack(b"mem-data", *data, self.mem_rmask, self.mem_wmask, self.mem_addr)
        flags = (self.trap, self.halt, self.intr, _MACHINE_MODE, _RV32, 1)
        head = _V2.pack(
            *(b"trace-v2", _V2.size + len(parts), self.order, self.insn),
            *(*flags, self.pc_rdata, self.pc_wdata, available),
        )
        return head + parts


def read_request(data: bytes | memoryview) -> Request:
    """Read eight bytes; ProtocolError for an unknown command or version."""
    word, _, command, _ = REQUEST.unpack(data)
    if command not in iter(Command):
        raise ProtocolError(
            f"command {command:#04x} is not known; expected 0 (end of trace), 1 (instruction) or 0x76 (set version)"
        )
    if command == Command.SET_VERSION and not 1 <= word <= LATEST:
        raise ProtocolError(f"version {word} of the trace format is not known; expected 1 or {LATEST}")
    return Request(Command(command), word)


def supported_version() -> bytes:
    """The answer to the question for the version."""
    return replace(Record(), halt=_SUPPORTS_V2).packet(1)


def version_set(version: int) -> bytes:
    """The answer to SET_VERSION."""
    return _VERSION_ANSWER.pack(b"version=", version)
