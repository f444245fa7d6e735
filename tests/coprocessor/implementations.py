"""Both implementations side by side: everything visible of the C binding and the golden model is compared."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest

from coprocessor.binding import Coprocessor as Native
from coprocessor.binding import simd_levels
from coprocessor.csrs import BY_NAME
from coprocessor.golden import Coprocessor as Golden

BASE = 0x8000_0000

Implementation = Native | Golden
Factory = Callable[[bytearray, int], Implementation]
IMPLEMENTATIONS: tuple[Factory, ...] = (Native, Golden)
LEVELS: dict[str, Factory] = {level: functools.partial(Native, simd=level) for level in simd_levels()}
"""C with each instruction set this machine has; the last is without kernels."""
every_level = pytest.mark.parametrize("kind", [*LEVELS.values(), Golden], ids=[*LEVELS, "golden"])
"""For tests of the engine with an argument `kind`."""
READY = 0x5
"""nm_ctl with ST Initial and ETRAP."""


def number(name: str) -> int:
    """Number of a CSR by its name without the prefix."""
    return BY_NAME[f"nm_{name}"].number


def words_of(ram: bytearray | bytes, address: int, count: int) -> list[int]:
    """Words of a RAM image at a guest address."""
    offset = address - BASE
    return [int.from_bytes(ram[offset + 4 * k : offset + 4 * k + 4], "little") for k in range(count)]


def put_words(ram: bytearray, address: int, *words: int) -> None:
    """Write words into a RAM image at a guest address."""
    for k, word in enumerate(words):
        offset = address - BASE + 4 * k
        ram[offset : offset + 4] = (word & 0xFFFF_FFFF).to_bytes(4, "little")


def level_for(seed: int) -> Factory:
    """C with one of the levels in turn, for a random case of which there are many."""
    return tuple(LEVELS.values())[seed % len(LEVELS)]


class Machine:
    """One coprocessor with RAM and a cycle count."""

    def __init__(self, kind: Factory, ram: bytes | bytearray, ctl: int = READY, mcycle: int = 0) -> None:
        self.ram = bytearray(ram)
        self.unit = kind(self.ram, BASE)
        self.unit.ctl = ctl
        self.mcycle = mcycle

    def read(self, name: str) -> int:
        """A CSR by name."""
        return self.unit.csr_read(number(name), self.mcycle)

    def write(self, name: str, value: int) -> None:
        """Write a CSR by name."""
        self.unit.csr_write(number(name), value & 0xFFFF_FFFF, self.mcycle)

    def issue(self, operation: int, rs1: int = 0, rs2: int = 0) -> int:
        """Issue once, advance mcycle, let time pass; gives the outcome."""
        outcome = self.unit.issue(operation, rs1 & 0xFFFF_FFFF, rs2 & 0xFFFF_FFFF, self.mcycle)
        self.mcycle += self.unit.cycles
        self.unit.update(self.mcycle)
        return outcome

    def run(self, operation: int, rs1: int = 0, rs2: int = 0) -> int:
        """Issue until the instruction retires; gives rd."""
        while (outcome := self.issue(operation, rs1, rs2)) == 1:
            pass
        assert outcome == 0, (self.unit.cause, hex(self.unit.tval))
        return self.unit.result

    def seen(self) -> dict[str, Any]:
        """Everything visible but the RAM."""
        unit = self.unit
        visible = {name: getattr(unit, name) for name in ("result", "cause", "tval", "cycles", "mip", "next_event")}
        visible |= unit.state() | {"mcycle": self.mcycle, "accounts": unit.accounts()}
        return visible | {"logged": unit.logged, "spikes": unit.take_spikes()}

    def take_written(self, before: bytes) -> int:
        """The bits of RAM that changed as one number; they lie inside the written range, which then begins anew."""
        changed = int.from_bytes(before, "little") ^ int.from_bytes(self.ram, "little")
        if changed:
            first, last = ((changed & -changed).bit_length() - 1) // 8, (changed.bit_length() - 1) // 8
            assert self.unit.written_low <= first <= last <= self.unit.written_high
        self.unit.written_low, self.unit.written_high = 0xFFFF_FFFF, 0
        return changed


class Pair:
    """A native and a golden machine that must agree after every action."""

    def __init__(
        self,
        ram: bytes | bytearray,
        ctl: int = READY,
        mcycle: int = 0,
        native: Factory = Native,
        golden: Factory = Golden,
    ) -> None:
        self.native, self.golden = (Machine(kind, ram, ctl, mcycle) for kind in (native, golden))

    def compare(self, context: object = None) -> None:
        """Assert that everything visible agrees; `context` goes into the message."""
        native, golden = self.native.seen(), self.golden.seen()
        assert native == golden, (context, {k: (native[k], golden[k]) for k in native if native[k] != golden[k]})
        if self.native.ram != self.golden.ram:
            ours, theirs = self.native.ram, self.golden.ram
            places = [k for k in range(0, len(ours), 4) if ours[k : k + 4] != theirs[k : k + 4]]
            raise AssertionError((context, "RAM differs at", [hex(BASE + k) for k in places[:8]]))

    def write(self, name: str, value: int) -> None:
        """Write a CSR of both."""
        self.native.write(name, value)
        self.golden.write(name, value)

    def set_lanes(self, lanes: int) -> None:
        """Give both so many lanes."""
        self.native.unit.lanes = self.golden.unit.lanes = lanes

    def keep_accounts(self, on: bool) -> None:
        """Keep accounts in both, or not."""
        self.native.unit.keep_accounts(on)
        self.golden.unit.keep_accounts(on)

    def log_spikes(self, on: bool) -> None:
        """Log the spikes of both, or not."""
        self.native.unit.log_spikes(on)
        self.golden.unit.log_spikes(on)

    def set_site(self, address: int) -> None:
        """Say to both where the next instruction stands."""
        self.native.unit.site = self.golden.unit.site = address

    def put(self, address: int, *words: int) -> None:
        """Write words into both RAMs."""
        put_words(self.native.ram, address, *words)
        put_words(self.golden.ram, address, *words)

    def issue(self, operation: int, rs1: int = 0, rs2: int = 0) -> int:
        """Issue on both and compare; gives the outcome."""
        before = bytes(self.native.ram)
        outcomes = self.native.issue(operation, rs1, rs2), self.golden.issue(operation, rs1, rs2)
        self.agree(before, *outcomes, (operation, hex(rs1), hex(rs2)))
        return outcomes[0]

    def agree(self, before: bytes, native: int, golden: int, context: object) -> None:
        """Assert that both outcomes of an issue on the RAM `before` agree, with everything visible."""
        assert native == golden, (context, native, golden, self.native.seen(), self.golden.seen())
        self.compare(context)
        self.native.take_written(before)
        self.golden.take_written(before)


class Levels:
    """C with every level on copies of one RAM; all must agree after every action. With `golden` that model, too."""

    def __init__(self, ram: bytes | bytearray, golden: bool = False) -> None:
        factories = LEVELS | ({"golden": Golden} if golden else {})
        self.machines = {name: Machine(factory, ram) for name, factory in factories.items()}
        self.reference = self.machines.pop("scalar")

    def log_spikes(self, on: bool) -> None:
        """Switch the record of spikes of all."""
        for machine in (self.reference, *self.machines.values()):
            machine.unit.log_spikes(on)

    def write(self, name: str, value: int) -> None:
        """Write a CSR of all."""
        for machine in (self.reference, *self.machines.values()):
            machine.write(name, value)

    def issue(self, operation: int, rs1: int = 0, rs2: int = 0) -> int:
        """Issue on all and compare; gives the outcome."""
        outcome, expected = self.reference.issue(operation, rs1, rs2), self.reference
        wanted = expected.seen()
        for name, machine in self.machines.items():
            assert machine.issue(operation, rs1, rs2) == outcome, name
            seen = machine.seen()
            assert seen == wanted, (name, {k: (seen[k], wanted[k]) for k in seen if seen[k] != wanted[k]})
            if machine.ram != expected.ram:
                places = [
                    k for k in range(0, len(expected.ram), 4) if machine.ram[k : k + 4] != expected.ram[k : k + 4]
                ]
                differing = [
                    (hex(BASE + k), words_of(machine.ram, BASE + k, 1), words_of(expected.ram, BASE + k, 1))
                    for k in places[:8]
                ]
                raise AssertionError((name, "RAM: address, its word, the expected one", differing))
        return outcome

    def run(self, operation: int, rs1: int = 0, rs2: int = 0) -> None:
        """Issue until the instruction retires or traps."""
        while self.issue(operation, rs1, rs2) == 1:
            pass

    def prepare(self, random: Random, size: int, times: Sequence[int], logged: float) -> None:
        """Slices of this size, one of these times, and maybe a log of spikes (so often `logged`) and accounts."""
        self.write("slice", size)
        self.write("t", random.choice(times))
        self.log_spikes(random.random() < logged)
        if random.random() < 0.3:
            for machine in (self.reference, *self.machines.values()):
                machine.unit.keep_accounts(True)
