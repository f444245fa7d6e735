"""`Runner`: carries out a plan on any coprocessor, in Python; does the same as the C of src/batch.c."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from coprocessor.csrs import BY_NAME, COUNTER_HIGH, COUNTER_LOW, COUNTERS
from coprocessor.interface import ST_INITIAL, Operation, Outcome
from coprocessor.network.plan import TALLY_BYTES, Plan
from coprocessor.network.streams import Bytes, Encoded, pack_bits

CLEAR_COUNTERS = 8
"""nm_ctl.CCLR."""


class NotSpikes(Exception):
    """A raster has a value that is neither 0 nor 1."""


class RunFailed(Exception):
    """nm.run ended with an error, which the coprocessor's result and nm_eaddr tell."""


@dataclass
class Samples:
    """A batch that several runners share: its inputs, where its outputs go, and what all samples begin with."""

    encoded: Encoded
    block: Bytes
    start: Bytes
    time: int
    random: int
    reward: int
    seeds: NDArray[np.uint32] | None = None
    taken: Any = field(default_factory=itertools.count)
    stopped: bool = False

    def stop(self) -> None:
        """Let no sample begin any more."""
        self.stopped = True


class Running(Protocol):
    """What both runners can do."""

    def block(self, rows: int) -> Bytes:
        """Memory for the block of a run with this many rows."""

    def run(self, encoded: Encoded, reward: int) -> Bytes:
        """Run from the present state; gives the block. NotSpikes (nothing has happened then), RunFailed."""

    def share(self, samples: Samples) -> Any:
        """What `run_samples` of several runners take."""

    def run_samples(self, shared: Any) -> list[int]:
        """Run samples until none is left; gives the tally. NotSpikes, RunFailed."""


class Runner:
    """Runs a plan on `unit`, a coprocessor whose memory is `ram`."""

    def __init__(self, unit: Any, ram: Bytes, plan: Plan) -> None:
        self._unit, self._ram, self._plan = unit, ram, plan

    def _write(self, name: str, value: int) -> None:
        self._unit.csr_write(BY_NAME[f"nm_{name}"].number, value & 0xFFFF_FFFF, 0)

    def _issue(self, operation: Operation, rs1: int, rs2: int) -> int:
        while self._unit.issue(operation, rs1, rs2, 0) == Outcome.SUSPENDED:
            pass
        result = int(self._unit.result)
        if result >> 31:
            raise RunFailed
        return result

    def _tally(self, spikes: int) -> list[int]:
        read = self._unit.csr_read
        counters = [int(read(COUNTER_LOW + k, 0)) | int(read(COUNTER_HIGH + k, 0)) << 32 for k in range(len(COUNTERS))]
        return [*counters, spikes]

    def _put_inputs(self, encoded: Encoded, row: int, steps: int) -> None:
        for stream, rows in zip(self._plan.inputs, encoded.rows, strict=True):
            if stream.queue is not None:
                if rows is not None:
                    self._inject(rows.data.reshape(-1, stream.size)[row].view("<u4"), stream.queue)
                continue
            part = slice(stream.offset, stream.offset + steps * stream.size)
            if rows is None:
                self._ram[part] = 0
                continue
            chosen = rows.data.reshape(-1, rows.data.shape[-1])[row : row + steps]
            self._ram[part] = (pack_bits(chosen, stream.size) if rows.raster else chosen).reshape(-1)

    def _inject(self, events: NDArray[np.uint32], queue: int) -> None:
        for event in events[1 : 1 + int(events[0])].tolist():
            self._unit.issue(Operation.INJ, event, queue, 0)

    def _empty_queues(self) -> None:
        """Forget events that a failed run left."""
        for stream in self._plan.inputs:
            if stream.queue is not None:
                self._unit.issue(Operation.QLEV, 0, stream.queue, 0)
                for _ in range(int(self._unit.result)):
                    self._unit.issue(Operation.POP, 0, stream.queue, 0)

    def _take_outputs(self, outputs: list[Bytes], row: int, steps: int) -> None:
        for stream, output in zip(self._plan.outputs, outputs, strict=True):
            end = stream.offset + steps * stream.size
            output[row : row + steps] = self._ram[stream.offset : end].reshape(steps, -1)
            self._ram[stream.offset - stream.lead : stream.offset] = self._ram[end - stream.lead : end]

    def _steps(self, encoded: Encoded, outputs: list[Bytes], row: int) -> int:
        spikes = 0
        for first in range(0, encoded.steps, self._plan.window):
            count = min(self._plan.window, encoded.steps - first)
            self._put_inputs(encoded, row + first, count)
            spikes += self._issue(Operation.RUN, self._plan.net, count)
            self._take_outputs(outputs, row + first, count)
        return spikes

    def _begin(self, block: Bytes, rows: int, reward: int) -> list[Bytes]:
        """Clear the counters; gives the outputs in the block."""
        self._write("ctl", ST_INITIAL | CLEAR_COUNTERS)
        self._write("rew", reward)
        outputs, place = [], TALLY_BYTES
        for stream in self._plan.outputs:
            outputs.append(block[place : place + rows * stream.size].reshape(rows, stream.size))
            place += rows * stream.size
        return outputs

    def block(self, rows: int) -> Bytes:
        """See `Running`."""
        return np.empty(TALLY_BYTES + rows * self._plan.row_bytes, dtype=np.uint8)

    def run(self, encoded: Encoded, reward: int) -> Bytes:
        """See `Running`."""
        if not encoded.is_spikes():
            raise NotSpikes
        block = self.block(encoded.steps)
        outputs = self._begin(block, encoded.steps, reward)
        self._empty_queues()
        tally = self._tally(self._steps(encoded, outputs, 0))
        block[:TALLY_BYTES] = np.array(tally, dtype="<u8").view(np.uint8)
        return block

    def share(self, samples: Samples) -> Samples:
        """See `Running`."""
        return samples

    def run_samples(self, shared: Samples) -> list[int]:
        """See `Running`."""
        encoded, spikes = shared.encoded, 0
        if not encoded.is_spikes():
            raise NotSpikes
        assert encoded.samples is not None
        outputs = self._begin(shared.block, encoded.samples * encoded.steps, shared.reward)
        while not shared.stopped and (sample := next(shared.taken)) < encoded.samples:
            self._plan.bring_back(self._ram, shared.start)
            self._empty_queues()
            self._write("t", shared.time)
            self._write("rng", shared.random if shared.seeds is None else int(shared.seeds[sample]))
            spikes += self._steps(encoded, outputs, sample * encoded.steps)
        return self._tally(spikes)
