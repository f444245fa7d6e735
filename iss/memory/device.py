"""What a device on the bus is, and what the machine offers it. How to write one: docs/add-a-device.md."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from iss.errors import MissingFile, NeuroHartError


class BusError(Exception):
    """Nothing answers at this address, or the device there refuses: the hart takes an access fault.

    The bus raises it with the physical address; a device raises it with its own offset, the bus translates.
    """

    def __init__(self, address: int) -> None:
        super().__init__(f"access fault at {address:#010x}")
        self.address = address


class DeviceError(NeuroHartError):
    """A device is broken, cannot be attached or cannot be loaded."""


class DeviceFileMissing(DeviceError, MissingFile):
    """There is no file of this name."""


class Context(Protocol):
    """The machine as a device sees it."""

    def cycles(self) -> int:
        """Cycles since reset, exact at the moment of the access."""

    def set_interrupt(self, bit: int, level: bool) -> None:
        """Drive an interrupt line into the hart: the bit of mip, high or low."""

    def stop(self, exit_code: int, reason: str) -> None:
        """End the run after this instruction."""

    def changed(self) -> None:
        """The answer of `next_event` has moved."""


@runtime_checkable
class Device(Protocol):
    """Registers in a window of `size` bytes; offsets count from its first byte.

    `size` of an access is 1, 2 or 4 bytes, values are unsigned and little-endian. An access the device refuses raises
    `BusError(offset)`.
    """

    @property
    def size(self) -> int: ...

    def load(self, offset: int, size: int) -> int: ...

    def store(self, offset: int, size: int, value: int) -> None: ...


@runtime_checkable
class Connected(Protocol):
    """A device that needs time, interrupts or the way to stop."""

    def connect(self, context: Context) -> None: ...


@runtime_checkable
class Timed(Protocol):
    """A device something happens in without an access."""

    def next_event(self) -> int | None:
        """The cycle (since reset) at which `tick` must be called; None for never."""

    def tick(self, cycle: int) -> None: ...


@runtime_checkable
class Stateful(Protocol):
    """A device with state; `restore` also drives its interrupt lines again."""

    def snapshot(self) -> bytes: ...

    def restore(self, state: bytes) -> None: ...
