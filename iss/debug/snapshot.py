"""Snapshots of a whole machine: hart, RAM, devices and coprocessor. Pages that did not change are shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iss.hart.hart import STATE
from iss.machine import Machine
from iss.memory.map import PAGE

_BLOCK = 256 * PAGE
_ZEROS = bytes(_BLOCK)
_NO_PAGE = bytes(PAGE)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A machine between two instructions. `pages` maps RAM offsets to the pages that are not all zero."""

    hart: Mapping[str, Any]
    pages: Mapping[int, bytes]
    devices: Mapping[str, Any]
    coprocessor: Mapping[str, Any] | None

    @property
    def retired(self) -> int:
        """Instructions retired since reset: the time of the snapshot."""
        return int(self.hart["retired"])


def take(machine: Machine, previous: Snapshot | None = None) -> Snapshot:
    """A snapshot of `machine`; pages equal to those of `previous` are the same objects and cost nothing."""
    hart = machine.hart
    hart.settle()
    fields = {name: getattr(hart, name) for name in STATE}
    fields |= {"x": tuple(hart.x), "pc": hart.pc, "waiting": hart.waiting, "stuck": hart.stuck}
    fields["state"] = bytes(hart.state.buffer)
    known = previous.pages if previous is not None else {}
    unit = machine.coprocessor
    return Snapshot(fields, _pages(machine, known), machine.device_state(), unit.state() if unit is not None else None)


def _pages(machine: Machine, known: Mapping[int, bytes]) -> dict[int, bytes]:
    buffer, size = machine.ram.buffer, machine.ram.size
    pages = {}
    for start in range(0, size, _BLOCK):
        block = buffer[start : min(start + _BLOCK, size)]
        if block == _ZEROS[: len(block)]:
            continue
        for inner in range(0, len(block), PAGE):
            page = block[inner : inner + PAGE]
            if page != _NO_PAGE[: len(page)]:
                old = known.get(start + inner)
                pages[start + inner] = old if old == page else page
    return pages


def restore(machine: Machine, snapshot: Snapshot) -> None:
    """Bring `machine` back to a snapshot of itself, or of one that was built in the same way."""
    hart = machine.hart
    for name in STATE:
        setattr(hart, name, snapshot.hart[name])
    for number, value in enumerate(snapshot.hart["x"]):
        hart.x[number] = value
    hart.pc, hart.waiting, hart.stuck = (snapshot.hart[name] for name in ("pc", "waiting", "stuck"))
    hart.state.buffer[:] = snapshot.hart["state"]
    hart.adopt_counters()
    hart.attention = True
    _restore_pages(machine, snapshot.pages)
    machine.restore_devices(snapshot.devices)
    hart.mip = snapshot.hart["mip"]
    if machine.coprocessor is not None:
        machine.coprocessor.load_state(snapshot.coprocessor, hart.mcycle)
        machine.coprocessor.written_low, machine.coprocessor.written_high = 0xFFFF_FFFF, 0


def _restore_pages(machine: Machine, pages: Mapping[int, bytes]) -> None:
    """Write the pages that differ and tell the engine of them, so that its translations of the others stay."""
    buffer, size = machine.ram.buffer, machine.ram.size
    for start in range(0, size, _BLOCK):
        block = buffer[start : min(start + _BLOCK, size)]
        wanted = [pages.get(start + inner) for inner in range(0, len(block), PAGE)]
        if not any(wanted) and block == _ZEROS[: len(block)]:
            continue
        for index, page in enumerate(wanted):
            inner = index * PAGE
            present = block[inner : inner + PAGE]
            content = page if page is not None else _NO_PAGE[: len(present)]
            if present != content:
                offset = start + inner
                buffer[offset : offset + len(content)] = content
                machine.engine.invalidate(offset, offset + len(content))
