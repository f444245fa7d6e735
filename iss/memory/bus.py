"""The way from a physical address to RAM or to a device."""

from __future__ import annotations

import traceback
from bisect import bisect_right
from struct import Struct
from typing import NoReturn

from iss.errors import NeuroHartError
from iss.memory.device import BusError, Device, DeviceError, Stateful, Timed
from iss.memory.map import ADDRESS_SPACE, MemoryMap, Region
from iss.memory.ram import Ram

_HALF, _WORD = Struct("<H"), Struct("<I")
_MASK = {1: 0xFF, 2: 0xFFFF, 4: 0xFFFF_FFFF}


class Attached:
    """A device and where it is."""

    __slots__ = ("base", "device", "end", "events", "name", "state")

    def __init__(self, base: int, device: Device, name: str) -> None:
        self.base, self.end = base, base + device.size
        self.device = device
        self.name = name
        self.events = device if isinstance(device, Timed) else None
        self.state = device if isinstance(device, Stateful) else None

    @property
    def region(self) -> Region:
        return Region(self.base, self.end - self.base)

    def failed(self, what: str, error: Exception) -> NoReturn:
        """Say in one message that the device's own code is at fault."""
        frames = traceback.extract_tb(error.__traceback__)
        place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
        raise DeviceError(
            f"device {self.name} at {self.base:#010x}: {what} failed: {type(error).__name__}: {error}{place}; "
            "mend the device (an access it refuses must raise BusError)"
        ) from error


class Bus:
    """RAM and devices by physical address; everything else is an access fault.

    Accesses are of 1, 2 or 4 bytes, of any alignment, unsigned and little-endian; one that leaves RAM or its device
    halfway is refused as a whole.
    """

    def __init__(self, memory_map: MemoryMap, ram: Ram) -> None:
        self.memory_map = memory_map
        self.ram = ram
        self._buffer = ram.buffer
        self._ram_base = ram.base
        self._quick = ram.size - 3  # every access that starts below this offset is inside of RAM
        self._bases: list[int] = []
        self._attached: list[Attached] = []

    def load(self, address: int, size: int) -> int:
        """The `size` bytes at `address`; raises BusError when nothing answers there."""
        offset = address - self._ram_base
        if 0 <= offset < self._quick:
            value: int
            if size == 4:
                (value,) = _WORD.unpack_from(self._buffer, offset)
            elif size == 1:
                value = self._buffer[offset]
            else:
                (value,) = _HALF.unpack_from(self._buffer, offset)
            return value
        return self._load_slowly(address, size)

    def store(self, address: int, size: int, value: int) -> None:
        """Put the low `size` bytes of `value` to `address`; raises BusError when nothing answers there."""
        offset = address - self._ram_base
        if 0 <= offset < self._quick:
            if size == 4:
                _WORD.pack_into(self._buffer, offset, value & 0xFFFF_FFFF)
            elif size == 1:
                self._buffer[offset] = value & 0xFF
            else:
                _HALF.pack_into(self._buffer, offset, value & 0xFFFF)
        else:
            self._store_slowly(address, size, value & _MASK[size])

    def fetch(self, address: int, size: int) -> int:
        """`size` (2 or 4) bytes of code: RAM and devices with a true attribute `executable`; else BusError."""
        if 0 <= address - self._ram_base <= self.ram.size - size:
            return self.load(address, size)
        attached = self._find(address, size)
        if not getattr(attached.device, "executable", False):
            raise BusError(address)
        return self._load_slowly(address, size)

    def attach(self, base: int, device: Device, name: str | None = None) -> None:
        """Put a device on the bus.

        Raises DeviceError when it lacks `size`, `load` or `store`, leaves the address space, is misaligned, or
        overlaps RAM or another device.
        """
        name = name or type(device).__name__
        region = Region(base, checked_size(device, name))
        if base < 0 or region.end > ADDRESS_SPACE or base % 4:
            raise DeviceError(
                f"device {name}: {region.size} bytes cannot lie at {base:#x}; give a multiple of 4 and stay below "
                "0x1_0000_0000"
            )
        neighbours = {"RAM": Region(self.ram.base, self.ram.size)}
        neighbours.update({attached.name: attached.region for attached in self._attached})
        for other, taken in neighbours.items():
            if region.overlaps(taken):
                raise DeviceError(f"device {name} ({region}) overlaps {other} ({taken}); choose a free address")
        index = bisect_right(self._bases, base)
        self._bases.insert(index, base)
        self._attached.insert(index, Attached(base, device, name))

    @property
    def devices(self) -> tuple[tuple[int, Device], ...]:
        """Base and device of all attached devices, by address."""
        return tuple((attached.base, attached.device) for attached in self._attached)

    def next_event(self) -> int | None:
        """The earliest cycle at which `tick` must be called; None for never."""
        earliest: int | None = None
        for attached in self._attached:
            if attached.events is not None:
                try:
                    cycle = attached.events.next_event()
                except Exception as error:
                    attached.failed("next_event()", error)
                if cycle is not None and (earliest is None or cycle < earliest):
                    earliest = cycle
        return earliest

    def tick(self, cycle: int) -> None:
        """Let every device whose event is due at `cycle` do its work, in the order of their addresses."""
        for attached in self._attached:
            if attached.events is not None:
                try:
                    due = attached.events.next_event()
                    if due is not None and due <= cycle:
                        attached.events.tick(cycle)
                except Exception as error:
                    attached.failed(f"tick({cycle})", error)

    def snapshot(self) -> dict[int, bytes]:
        """Base to state of the devices that have one (RAM has its own snapshot)."""
        return {attached.base: attached.state.snapshot() for attached in self._attached if attached.state is not None}

    def restore(self, state: dict[int, bytes]) -> None:
        """Put the devices back into a state taken on a bus with the same devices."""
        for attached in self._attached:
            if attached.state is not None and attached.base in state:
                attached.state.restore(state[attached.base])

    def _find(self, address: int, size: int) -> Attached:
        index = bisect_right(self._bases, address) - 1
        if index < 0 or address + size > self._attached[index].end:
            raise BusError(address)
        return self._attached[index]

    def _load_slowly(self, address: int, size: int) -> int:
        """Devices, and the last bytes of RAM."""
        offset = address - self._ram_base
        if 0 <= offset <= self.ram.size - size:
            return int.from_bytes(self._buffer[offset : offset + size], "little")
        attached = self._find(address, size)
        try:
            return attached.device.load(address - attached.base, size) & _MASK[size]
        except BusError:
            raise BusError(address) from None
        except NeuroHartError:
            raise
        except Exception as error:
            attached.failed(f"load({address - attached.base:#x}, {size})", error)

    def _store_slowly(self, address: int, size: int, value: int) -> None:
        offset = address - self._ram_base
        if 0 <= offset <= self.ram.size - size:
            self._buffer[offset : offset + size] = value.to_bytes(size, "little")
            return
        attached = self._find(address, size)
        try:
            attached.device.store(address - attached.base, size, value)
        except BusError:
            raise BusError(address) from None
        except NeuroHartError:
            raise
        except Exception as error:
            attached.failed(f"store({address - attached.base:#x}, {size}, {value:#x})", error)


def checked_size(device: object, name: str) -> int:
    """The size of a device's window; raises DeviceError unless it is a device at all."""
    for method in ("load", "store"):
        if not callable(getattr(device, method, None)):
            raise DeviceError(
                f"device {name} has no method {method}; a device needs size, load(offset, size) and "
                "store(offset, size, value)"
            )
    size = getattr(device, "size", None)
    if not isinstance(size, int) or isinstance(size, bool) or not 0 < size <= ADDRESS_SPACE:
        raise DeviceError(
            f"device {name}: its size is {size!r}; give the bytes its registers take, such as size = 0x100"
        )
    return size
