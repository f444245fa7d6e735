"""Snapshots of a whole machine: hart, RAM, devices and coprocessor. Pages that did not change are shared."""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from iss.debug.touched import touched_pages
from iss.hart.hart import STATE
from iss.machine import Machine
from iss.memory.map import PAGE

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
    buffer, pages = machine.ram.buffer, {}
    for start in _offsets(machine):
        page = buffer[start : start + PAGE]
        if page != _NO_PAGE:
            old = known.get(start)
            pages[start] = old if old == page else page
    return pages


def _offsets(machine: Machine) -> list[int]:
    """RAM offsets of all pages that may hold something, ascending."""
    touched = np.flatnonzero(touched_pages(machine.ram.buffer)) * mmap.PAGESIZE
    inner = np.arange(0, mmap.PAGESIZE, PAGE)
    offsets: list[int] = (touched[:, None] + inner).reshape(-1).tolist()
    return offsets


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
    buffer = machine.ram.buffer
    for offset in {*_offsets(machine), *pages}:
        page = pages.get(offset, _NO_PAGE)
        if buffer[offset : offset + PAGE] != page:
            buffer[offset : offset + PAGE] = page
            machine.engine.invalidate(offset, offset + PAGE)
