"""Spike's commit log (`spike --log-commits --log=FILE`) from trace records, byte for byte."""

from __future__ import annotations

from collections.abc import Callable

from iss.engines._interpreter import ffi, lib
from iss.isa.catalogue import Architecture
from iss.trace.events import RECORD

_MAXIMUM_NAME = 32
# Spike logs no write to the event counters that read zero, nor to the trigger data registers.
_NOT_SHOWN = (*range(0xB03, 0xB20), *range(0xB83, 0xBA0), *range(0x7A1, 0x7A5))


class SpikeLog:
    """Turns records into text and hands it to `write(bytes)`; give `consume` to an engine's `observe`."""

    def __init__(self, architecture: Architecture, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._names = ffi.new("const char *[4096]")
        self._kept = []
        self._capacity, self._out = 0, ffi.NULL  # room for the text of so many records, kept between calls
        for csr in architecture.csrs:
            if csr.number not in _NOT_SHOWN:
                text = ffi.new("char[]", csr.name[:_MAXIMUM_NAME].encode())
                self._kept.append(text)
                self._names[csr.number] = text

    def consume(self, records: bytes | memoryview) -> None:
        """Write the lines of complete instructions; OSError comes from `write`."""
        count = len(records) // RECORD.size
        if count > self._capacity:
            self._capacity, self._out = count, ffi.new("char[]", count * lib.NH_SPIKE_LINE)
        length = lib.nh_format_spike(ffi.from_buffer("nh_record[]", records), count, self._names, self._out)
        self._write(bytes(ffi.buffer(self._out, length)))

    def close(self) -> None:
        """Nothing is kept back: each record's text has been written."""
