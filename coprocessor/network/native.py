"""`NativeRunner`: carries out a plan with the C coprocessor, a run or a share of a batch in one call (src/batch.c)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coprocessor._native import ffi, lib
from coprocessor.binding import Coprocessor
from coprocessor.network.buffers import empty
from coprocessor.network.plan import TALLY_BYTES, Plan
from coprocessor.network.runner import NotSpikes, RunFailed, Samples
from coprocessor.network.streams import Bytes, Encoded, Unpacking
from coprocessor.network.threads import together

STEPS_A_CALL = 256
SAMPLES_A_CALL = 64
"""So that Ctrl-C is heard between calls, and a call is still long."""
BITS_A_THREAD = 1 << 20
"""Fewer are unpacked before another thread is awake."""
EVENTS_A_CALL = 1 << 16
"""Room for events before they are copied; a row may need more."""

_from_buffer = ffi.from_buffer
_run_steps = lib.nm_run_steps
_DONE, _MORE, _NOT_SPIKES = lib.NM_RUN_DONE, lib.NM_RUN_MORE, lib.NM_RUN_NOT_SPIKES
_COPY, _PACK = lib.NM_STREAM_COPY, lib.NM_STREAM_PACK


def unpacking(simd: str) -> Unpacking:
    """What does the same as `streams.unpack_bits`, in C with this instruction set."""
    kernels, unpack = lib.nm_find_kernels(simd.encode()), lib.nm_unpack_bits

    def unpack_bits(block: Bytes, start: int, size: int, shape: tuple[int, ...], threads: int = 1) -> Bytes:
        bits, n = empty(*shape), shape[-1]
        to, rows = _from_buffer(bits), bits.size // n
        if threads == 1 or bits.size < 2 * BITS_A_THREAD:
            unpack(kernels, to, _from_buffer(block), start, rows, size, n)
            return bits

        def part(k: int) -> None:
            first, end = rows * k // parts, rows * (k + 1) // parts
            unpack(kernels, to + first * n, _from_buffer(block), start + first * size, end - first, size, n)

        parts = min(threads, bits.size // BITS_A_THREAD)
        together(part, range(parts))
        return bits

    return unpack_bits


def events(rows: Bytes) -> NDArray[np.int64]:
    """As `streams.events`, in C."""
    rows = np.ascontiguousarray(rows)
    count, size = rows.shape
    data, row = _from_buffer("uint8_t[]", rows), ffi.new("uint64_t *")
    room = 8 * size * max(1, min(count, EVENTS_A_CALL // (8 * size)))
    part = empty(16 * room).view(np.int64).reshape(room, 2)
    to = _from_buffer("int64_t[]", part)
    found: list[NDArray[np.int64]] = []
    while row[0] < count:
        some = lib.nm_list_events(to, room, data, row, count, size)
        found.append(part[:some].copy())
    return found[0] if len(found) == 1 else np.concatenate([np.empty((0, 2), dtype=np.int64), *found])


class _SharedSamples:
    """Samples as C sees them."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples
        self.start = _from_buffer("uint8_t[]", samples.start)
        self.block = _from_buffer("uint8_t[]", samples.block)
        self.seeds = ffi.NULL if samples.seeds is None else _from_buffer("uint32_t[]", samples.seeds)
        encoded = samples.encoded
        numbers = {"samples": encoded.samples, "steps": encoded.steps, "time": samples.time, "random": samples.random}
        numbers["reward"] = samples.reward & 0xFFFF
        self.pointer = ffi.new("nm_samples *", {**numbers, "seeds": self.seeds, "start": self.start})

    def stop(self) -> None:
        """Let no sample begin any more."""
        self.pointer.next = self.pointer.samples


class NativeRunner:
    """Runs a plan on the C coprocessor `unit`."""

    def __init__(self, unit: Coprocessor, plan: Plan) -> None:
        self._unit, self._window = unit.pointer, plan.window
        self._row_bytes = plan.row_bytes
        streams = [
            {
                "offset": s.offset,
                "bytes": s.size,
                "n": s.n if s.queue is None else s.queue,
                "lead": s.lead,
                "kind": _COPY if s.queue is None else lib.NM_STREAM_QUEUE,
            }
            for s in (*plan.inputs, *plan.outputs)
        ]
        self._streams = ffi.new("nm_stream[]", streams)
        numbers = {"inputs": len(plan.inputs), "outputs": len(plan.outputs), "net": plan.net, "window": plan.window}
        state = {"state_offset": plan.state.start, "state_bytes": plan.state.stop - plan.state.start}
        self._plan = ffi.new("nm_plan *", {"streams": self._streams, **numbers, **state})
        self._inputs = [
            (self._streams + k, _COPY if s.queue is None else lib.NM_STREAM_QUEUE) for k, s in enumerate(plan.inputs)
        ]
        self._steps_a_call = max(plan.window, STEPS_A_CALL // plan.window * plan.window)

    def _connect(self, encoded: Encoded) -> None:
        for (slot, kind), rows in zip(self._inputs, encoded.rows):  # noqa: B905 the lengths were compared
            if rows is None:
                slot.data = ffi.NULL
            else:
                slot.data = _from_buffer("uint8_t[]", rows.data)
                slot.kind = _PACK if rows.raster else kind

    def block(self, rows: int) -> Bytes:
        """See `Running`."""
        return empty(TALLY_BYTES + rows * self._row_bytes)

    def run(self, encoded: Encoded, reward: int) -> Bytes:
        """See `Running`."""
        steps, window = encoded.steps, self._window
        self._connect(encoded)
        block = self.block(steps)
        pointer = _from_buffer(block)
        if steps <= window:
            end = _run_steps(self._unit, self._plan, pointer, steps, 0, steps, reward & 0xFFFF)
            if end:
                raise NotSpikes if end == _NOT_SPIKES else RunFailed
            return block
        if not encoded.is_spikes():
            raise NotSpikes
        for first in range(0, steps, self._steps_a_call):
            last = min(steps, first + self._steps_a_call)
            if _run_steps(self._unit, self._plan, pointer, steps, first, last, reward & 0xFFFF):
                raise RunFailed
        return block

    def share(self, samples: Samples) -> _SharedSamples:
        """See `Running`."""
        return _SharedSamples(samples)

    def run_samples(self, shared: _SharedSamples) -> list[int]:
        """See `Running`."""
        self._connect(shared.samples.encoded)
        self._plan.tally = [0] * len(self._plan.tally)
        end = _MORE
        while end == _MORE:
            end = lib.nm_run_samples(self._unit, self._plan, shared.block, shared.pointer, SAMPLES_A_CALL)
        if end != _DONE:
            raise NotSpikes if end == _NOT_SPIKES else RunFailed
        return list(self._plan.tally)
