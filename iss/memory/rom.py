"""Read-only memory, and the code a hart runs from it after reset."""

from __future__ import annotations

import struct

from iss.memory.device import BusError, DeviceError


class BootRom:
    """Bytes the hart can read and execute but not write; the rest of the window reads as zero.

    Raises DeviceError when `contents` do not fit into `size` bytes.
    """

    executable = True

    def __init__(self, contents: bytes = b"", size: int = 0x1000) -> None:
        self.size = size
        self.fill(contents)

    def fill(self, contents: bytes) -> None:
        """Have these contents from now on (host side); DeviceError when they do not fit."""
        if len(contents) > self.size:
            raise DeviceError(
                f"boot ROM: {len(contents)} bytes do not fit into {self.size}; shorten them or enlarge the ROM"
            )
        self._contents = contents.ljust(self.size, b"\0")

    def load(self, offset: int, size: int) -> int:
        return int.from_bytes(self._contents[offset : offset + size], "little")

    def store(self, offset: int, size: int, value: int) -> None:
        raise BusError(offset)


def reset_vector(entry: int) -> bytes:
    """Code for the start of a boot ROM, word for word Spike's: a0 = hart number, a1 = device tree, jump to `entry`.

    Position independent; leaves t0 = entry. The device tree would follow at offset 32; zeros mean that there is none.
    a0 and a1 are what supervisor firmware expects (RISC-V SBI, "Hart State Management").
    """
    from iss.isa.csrs import NUMBER_BY_NAME
    from iss.isa.registers import NUMBER
    from iss.isa.rv32i import rv32i
    from iss.isa.zicsr import zicsr

    t0, a0, a1, zero = (NUMBER[name] for name in ("t0", "a0", "a1", "zero"))
    plain, system = rv32i.by_mnemonic, zicsr.by_mnemonic
    words = (
        plain["auipc"].encoding.encode(rd=t0, imm=0),
        plain["addi"].encoding.encode(rd=a1, rs1=t0, imm=32),
        system["csrrs"].encoding.encode(rd=a0, csr=NUMBER_BY_NAME["mhartid"], rs1=zero),
        plain["lw"].encoding.encode(rd=t0, rs1=t0, imm=24),
        plain["jalr"].encoding.encode(rd=zero, rs1=t0, imm=0),
        0,
        entry,
    )
    return struct.pack("<7I", *words)
