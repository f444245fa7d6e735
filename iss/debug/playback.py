"""A machine that does what a trace says: every motion of the debugger works on a trace, without the program.

Registers, CSRs and memory are known from when the trace first tells them. The coprocessor stands still: traces tell its
commands and spikes, but not its state. Time is the index in a trace with gaps, else the instructions retired.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np

from iss.debug.csrs import write_csr
from iss.engines.engine import Reason
from iss.engines.profile import Profile
from iss.errors import NeuroHartError
from iss.hart.hart import Hart
from iss.isa.csrs import Csr
from iss.isa.privileged import enter_trap
from iss.loaders import Image
from iss.machine import Machine
from iss.memory.map import ADDRESS_SPACE, MemoryMap, Region
from iss.trace.block import STORE_BIT, Array
from iss.trace.events import Kind
from iss.trace.reader import Trace
from iss.trace.unpacking import records
from iss.trace.view import View

_MIP: Final = 0x344
_COUNTERS: Final = ("mcycle", "mcycleh", "minstret", "minstreth", "mcountinhibit")
_OWN: Final = "nm_"
_ALIGNMENT: Final = 1 << 24
_LOOKED_AT: Final = 4
"""Blocks in which a place of code is looked for, to find where RAM is."""


class Playback:
    """The engine of such a machine."""

    name = "playback"

    def __init__(self, trace: Trace, machine: Machine, written: Callable[[bytes], object]) -> None:
        """`written` takes what the program writes to the UART."""
        self.trace, self._machine, self._written = trace, machine, written
        self.begin = 0 if trace.sparse else trace.first
        self._consume: Callable[[Any], object] | None = None
        self._csrs = {csr.number: csr for csr in machine.architecture.csrs if not csr.name.startswith(_OWN)}
        self._size = machine.ram.size // 2
        self._ram = np.frombuffer(machine.ram.buffer, np.uint8)
        self._coded: set[int] = set()

    def knows(self, address: int, size: int) -> bool:
        """Whether the trace has told what is in these bytes of memory."""
        offset = address - self._machine.ram.base
        return 0 <= offset <= self._size - size and bool(self._ram[self._size + offset :][:size].all())

    def run(self, hart: Hart, retired_limit: int, cycle_limit: int) -> Reason:
        """Go on in the trace."""
        index, count = hart.retired - self.begin, self.trace.count
        end = min(retired_limit - self.begin, count)
        while index < end and not hart.attention:
            view = self.trace.view_at(index)
            low, high = index - view.base, min(end - view.base, len(view))
            self._apply(hart, view, low, high)
            index = view.base + high
            if index >= end or hart.attention:  # nobody looks at the time within a motion
                hart.pc, hart.cycles = int(view.followed_by[high - 1]), view.time(high)
        if index >= count:
            outcome = self.trace.end
            reason = outcome.get("reason") or "the recording was not brought to its end"
            self._machine.stop(outcome.get("exit_code") or 0, f"the trace ends here: {reason}")
        return Reason.ATTENTION

    def _apply(self, hart: Hart, view: View, low: int, high: int) -> None:
        self._show_code(view)
        last = np.full(len(hart.x), -1)
        last[view.destination[low:high]] = np.arange(low, high)  # of several for a register the last one stays
        for number in np.flatnonzero(last[1:] >= 0).tolist():
            hart.x[number + 1] = int(view.value[last[number + 1]])
        self._events(hart, view, low, high)
        accesses = np.searchsorted(view.block.access_index, [low, high])
        self._accesses(view, int(accesses[0]), int(accesses[1]))
        hart.accesses += int(accesses[1] - accesses[0])
        hart.retired = self.begin + view.base + high
        if self._consume is not None:
            self._hand_on(view, low, high)

    def _show_code(self, view: View) -> None:
        """Put the instructions of a block into memory, where something else may be that nobody knows."""
        if view.base in self._coded:
            return
        self._coded.add(view.base)
        if self.trace.has("word"):
            words = np.ascontiguousarray(view.block.site_word, "<u4").view(np.uint8)
            self._put((view.block.site_pc.astype(np.int64)[:, None] + np.arange(4)).reshape(-1), words)

    def _put(self, addresses: Array, data: Array) -> None:
        offsets = addresses - self._machine.ram.base
        inside = (offsets >= 0) & (offsets < self._size)
        offsets = offsets[inside]
        self._ram[offsets] = data[inside]  # of several bytes for a place the last one stays
        self._ram[self._size + offsets] = 1

    def _put_words(self, addresses: Array, data: Array) -> None:
        """The same for whole words."""
        offsets = addresses - self._machine.ram.base
        inside = (offsets >= 0) & (offsets < self._size)
        places, words = offsets[inside] >> 2, self._ram.view("<u4")
        words[places] = data[inside]
        words[(self._size >> 2) + places] = 0x0101_0101

    def _accesses(self, view: View, low: int, high: int) -> None:
        block = view.block
        addresses, kinds = block.address[low:high].astype(np.int64), block.access_kind[low:high]
        sizes = (kinds & ~np.uint8(STORE_BIT)).astype(np.int64)
        if not sizes.any():
            return
        if (sizes == 4).all() and not (addresses & 3).any():
            self._put_words(addresses, block.data[low:high])
        else:
            total = int(sizes.sum())
            inner = np.arange(total) - np.repeat(np.cumsum(sizes) - sizes, sizes)
            data = np.repeat(block.data[low:high], sizes) >> (8 * inner).astype(np.uint32) & np.uint32(0xFF)
            self._put(np.repeat(addresses, sizes) + inner, data.astype(np.uint8))
        stored = kinds & STORE_BIT != 0
        sent = stored & (block.address[low:high] == self._machine.memory_map.uart.base)
        if sent.any():
            self._written(bytes((block.data[low:high][sent] & np.uint32(0xFF)).astype(np.uint8)))

    def _events(self, hart: Hart, view: View, low: int, high: int) -> None:
        places = np.searchsorted(view.block.event_index, [low, high]).tolist()
        for place in range(*places):
            tag, a, b, c = (int(field) for field in view.block.event[place])
            kind = tag & 0xFF
            if kind == Kind.CSR:
                csr = self._csrs.get(tag >> 8 & 0xFFF)
                if csr is not None and csr.name in _COUNTERS:
                    self._set_counter(hart, view, int(view.block.event_index[place]), csr, a)
                elif csr is not None and csr.number != _MIP:  # lines of interrupts are those of devices
                    write_csr(self._machine, csr, a)
            elif kind in (Kind.TRAP, Kind.INTERRUPT):
                hart.pc = a
                enter_trap(hart, b, c if kind == Kind.TRAP else 0)

    def _set_counter(self, hart: Hart, view: View, index: int, csr: Csr, value: int) -> None:
        """Write a counter at its moment: it counts on from there, and not the instruction itself."""
        hart.retired, hart.cycles = self.begin + view.base + index, view.time(index)
        write_csr(self._machine, csr, value)
        hart.retired, hart.cycles = hart.retired + 1, view.time(index + 1)
        hart.settle()

    def _hand_on(self, view: View, low: int, high: int) -> None:
        assert self._consume is not None
        block = view.block
        if high - low < len(view):
            view = View(self.trace, block.part(low, high, view.time(low)), 0)
        own = records(view)
        behind = len(own) - 1 - int(np.argmax((own["tag"][::-1] & 0xFF) == Kind.RETIRED))
        self._consume(own[: behind + 1].tobytes())  # what is behind the last belongs to the next

    def observe(self, consume: Callable[[Any], object] | None) -> None:
        """Hand records on."""
        self._consume = consume

    def profile(self, on: bool) -> None:
        """Nothing is counted."""

    def profiled(self) -> Profile:
        """An empty profile."""
        return Profile()

    def invalidate(self, low: int, high: int) -> None:
        """Nothing is translated."""


def machine_of(trace: Trace, image: Image | None, console: Callable[[bytes], object]) -> Machine:
    """A machine that plays a trace; `image` is what memory had at its beginning. NeuroHartError."""
    size = MemoryMap().ram.size
    if image is not None:
        size = max([size, *(segment.end - MemoryMap().ram.base for segment in image.segments)])
    # The second half of RAM tells which bytes of the first half are known; so snapshots take and restore it, too.
    memory_map = _memory_map(Region(_ram_base(trace), 2 * size))
    machine = Machine(trace.isa, "reference", timing=trace.decoder.timing, memory_map=memory_map)
    engine = Playback(trace, machine, console)
    machine.replace_engine(engine)
    first = trace.instruction(0).pc if trace.count else 0
    machine.load(replace(image, entry=first) if image is not None else _described(trace, first))
    for segment in image.segments if image is not None else ():
        start = segment.address - machine.ram.base + size
        machine.ram.buffer[start : start + segment.size] = b"\1" * segment.size
    hart = machine.hart
    hart.retired = engine.begin
    hart.cycles = trace.view(0).time(0) if trace.count else 0
    hart.adopt_counters()
    return machine


def _described(trace: Trace, entry: int) -> Image:
    """What the trace knows of its program."""
    lines = trace.lines
    return Image(entry, (), trace.symbols, trace.program or "<trace>", lambda: lines)


def _ram_base(trace: Trace) -> int:
    """Where RAM has to be to hold the code: where it usually is, if code is there."""
    usual = MemoryMap().ram
    places = [pc for number in range(min(_LOOKED_AT, trace.blocks)) for pc in trace.view(number).block.site_pc.tolist()]
    if not places or any(usual.covers(pc) for pc in places):
        return usual.base
    return int(min(max(places), ADDRESS_SPACE - 4 * usual.size)) // _ALIGNMENT * _ALIGNMENT


def _memory_map(ram: Region) -> MemoryMap:
    """Devices where they usually are, or somewhere else where RAM is there."""
    regions = {name: region for name, region in MemoryMap().regions().items() if name != "ram"}
    for shift in range(0, ADDRESS_SPACE, _ALIGNMENT):
        moved = {name: Region(region.base + shift, region.size) for name, region in regions.items()}
        if not any(region.overlaps(ram) for region in moved.values()):
            return MemoryMap(**moved, ram=ram)
    raise NeuroHartError(f"there is no room for devices beside RAM ({ram})")
