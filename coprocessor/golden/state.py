"""Everything the coprocessor remembers, and its CSR access rules (specification chapter 4)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from coprocessor.csrs import BY_NUMBER, COUNTER_HIGH, COUNTER_LOW, COUNTERS, TABLE
from coprocessor.golden.mode import Parameters
from coprocessor.golden.numbers import s16, u32
from coprocessor.golden.plasticity import LearningParameters
from coprocessor.golden.random import RandomSource
from coprocessor.interface import ALL_PARTS, DEFAULT_LANES, NEVER, SPIKE_RECORD, Account, Part

QUEUES, QUEUE_DEPTH = 4, 64
LANES_SHIFT, LANES_MASK = 16, 0xFF << 16
PARTS_SHIFT, RULES = 16, 0x1F

RESERVED_RESET, HOLD = 3, 2

STORED = tuple(row.name[3:] for row in TABLE if row.writable and row.name != "nm_rng")


@dataclass
class AsynchronousRun:
    """A run begun by nm.start (7.9): `result` is what nm.wait returns, `code` its error code, `end` a mcycle value."""

    outstanding: bool = False
    error: bool = False
    result: int = 0
    code: int = 0
    steps: int = 0
    busy: bool = False
    end: int = 0


@dataclass
class State:
    """CSRs by name without the prefix, counters, queues, the asynchronous run and the tick interrupt.

    `lanes`, `parts`, `site`, `accounts` and the log of spikes are no state: no export holds them. Accounts are kept by
    site, operation, descriptor.
    """

    csr: dict[str, int] = field(
        default_factory=lambda: {row.name[3:]: row.reset for row in TABLE if row.name[3:] in STORED}
    )
    random: RandomSource = field(default_factory=RandomSource)
    counters: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTERS, 0))
    queues: list[list[int]] = field(default_factory=lambda: [[] for _ in range(QUEUES)])
    run: AsynchronousRun = field(default_factory=AsynchronousRun)
    tick_pending: bool = False
    lanes: int = DEFAULT_LANES
    parts: Part = ALL_PARTS
    site: int = 0
    accounts: dict[tuple[int, int, int], Account] | None = None
    spikes: bytearray | None = None
    logged: int = 0

    @property
    def parameters(self) -> Parameters:
        """The neuron parameter CSRs."""
        names = ("mode", "p0", "p1", "p2", "p3", "vth", "vrst")
        return Parameters(*(self.csr[name] for name in names))

    @property
    def learning(self) -> LearningParameters:
        """The plasticity parameter CSRs."""
        return LearningParameters(*(self.csr[name] for name in ("lmode", "wlim", "l0", "l1", "l2", "l3")))

    @property
    def reward(self) -> int:
        """nm_rew as s16."""
        return s16(self.csr["rew"])

    def push(self, s: int) -> None:
        """`nm_spk = s << 31 | nm_spk >> 1` (4.3)."""
        self.csr["spk"] = s << 31 | self.csr["spk"] >> 1

    def count(self, **events: int) -> None:
        """Add to the counters, modulo 2^64."""
        for name, amount in events.items():
            self.counters[name] = (self.counters[name] + amount) % 2**64

    def log(self, descriptor: int, group: int, bits: int) -> None:
        """Log the spikes of a group, if there are any and a log is kept."""
        if self.spikes is not None and bits:
            self.spikes += SPIKE_RECORD.pack(self.csr["t"], descriptor, group, bits)
            self.logged += 1

    @contextmanager
    def charged(self, operation: int, descriptor: int) -> Iterator[None]:
        """Charge what is counted meanwhile to an account, if accounts are kept."""
        if self.accounts is None:
            yield
            return
        before = dict(self.counters)
        key = (self.site, operation, descriptor)
        finished = 0
        try:
            yield
            finished = 1
        finally:
            counted = {name: (value - before[name]) % 2**64 for name, value in self.counters.items()}
            if finished or counted["cyc"]:
                old = self.accounts.get(key, Account(self.site, descriptor, operation, 0, dict.fromkeys(COUNTERS, 0)))
                summed = {name: value + counted[name] for name, value in old.counters.items()}
                self.accounts[key] = old._replace(operations=old.operations + finished, counters=summed)

    def settle(self, mcycle: int) -> None:
        """End BUSY once mcycle has reached the end of the run."""
        if self.run.busy and mcycle >= self.run.end:
            self.run.busy = False

    @property
    def status(self) -> int:
        """nm_st: [0] BUSY, [1] DONE, [2] ERR, [3] nm_prog1[31]."""
        run = self.run
        ended = run.outstanding and not run.busy
        return run.busy | (ended and not run.error) << 1 | (ended and run.error) << 2 | self.csr["prog1"] >> 31 << 3

    @property
    def interrupts(self) -> int:
        """mip bits 16 (done), 17 (error), 18 (queue watermark), 19 (tick)."""
        marks = [self.csr["qwm"] >> 8 * q & 0xFF for q in range(QUEUES)]
        reached = any(mark and len(queue) >= mark for mark, queue in zip(marks, self.queues, strict=True))
        status = self.status
        return (status >> 1 & 1) << 16 | (status >> 2 & 1) << 17 | reached << 18 | self.tick_pending << 19

    def read(self, number: int, mcycle: int) -> int:
        """Value of a CSR of 4.1 at mcycle."""
        self.settle(mcycle)
        if COUNTER_LOW <= number < COUNTER_LOW + len(COUNTERS):
            return u32(self.counters[COUNTERS[number - COUNTER_LOW]])
        if COUNTER_HIGH <= number < COUNTER_HIGH + len(COUNTERS):
            return self.counters[COUNTERS[number - COUNTER_HIGH]] >> 32
        row = BY_NUMBER[number]
        if row.name == "nm_st":
            return self.status
        if row.name == "nm_cap":
            return row.reset & ~LANES_MASK | self.lanes << LANES_SHIFT
        if row.name == "nm_ver":
            return row.reset & ~(ALL_PARTS << PARTS_SHIFT) | self.parts << PARTS_SHIFT
        if row.name == "nm_cap2" and Part.XNMLRN not in self.parts:
            return row.reset & ~RULES
        if row.name == "nm_rng":
            return self.random.state
        return self.csr[row.name[3:]] if row.writable else row.reset

    def write(self, number: int, value: int, mcycle: int) -> None:
        """Write a CSR of 4.1 by its rule; mcycle as the writing instruction would read it."""
        self.settle(mcycle)
        row = BY_NUMBER[number]
        if not row.writable:
            return
        name = row.name[3:]
        if name == "ctl" and value & 8:
            self.counters = dict.fromkeys(COUNTERS, 0)
        value &= row.mask
        if name == "rng":
            self.random.write(value)
            return
        if name == "mode" and value >> 3 & 3 == RESERVED_RESET:
            value = value & ~0x18 | HOLD << 3
        if name == "tick":
            self.csr["tnext"] = u32(mcycle + value)
        self.csr[name] = value

    def tick_is_due(self, mcycle: int) -> bool:
        """`nm_tick != 0 and (mcycle[31:0] - nm_tnext) mod 2^32 < 2^31` (4.6)."""
        return self.csr["tick"] != 0 and u32(mcycle - self.csr["tnext"]) < 2**31

    def tick(self, mcycle: int) -> None:
        """At an instruction boundary: while a tick is due, mip[19] = 1 and nm_tnext += nm_tick."""
        if self.tick_is_due(mcycle):
            self.tick_pending = True
            late = u32(mcycle - self.csr["tnext"])
            self.csr["tnext"] = u32(self.csr["tnext"] + (late // self.csr["tick"] + 1) * self.csr["tick"])

    def next_event(self, mcycle: int) -> int:
        """The mcycle value at which `interrupts` or nm_tnext change by the passing of time; NEVER if none."""
        event = self.run.end if self.run.busy else NEVER
        if self.csr["tick"]:
            event = min(
                event,
                mcycle if self.tick_is_due(mcycle) else mcycle + u32(self.csr["tnext"] - mcycle),
            )
        return event

    def export(self) -> dict[str, Any]:
        """A plain copy of everything, the form tests and snapshots use."""
        return {
            "csr": {**self.csr, "rng": self.random.state},
            "counters": dict(self.counters),
            "queues": [list(queue) for queue in self.queues],
            "run": vars(self.run).copy(),
            "tick_pending": self.tick_pending,
        }

    def load(self, exported: dict[str, Any]) -> None:
        """Take over what `export` gave."""
        self.csr = {name: exported["csr"][name] for name in self.csr}
        self.random.state = exported["csr"]["rng"]
        self.counters = dict(exported["counters"])
        self.queues = [list(queue) for queue in exported["queues"]]
        self.run = AsynchronousRun(**exported["run"])
        self.tick_pending = exported["tick_pending"]
