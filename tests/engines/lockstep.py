"""Machines that run the same program side by side; everything visible is compared at the same instruction counts.

`Setup` says what runs and where; `Subject` is one machine of it; `compare_engines` is the test most files here need.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from coprocessor import golden
from iss.hart.hart import STATE
from iss.loaders.image import Image, Segment, Symbol
from iss.machine import End, Machine, Outcome
from iss.memory.map import MemoryMap
from iss.trace.events import RECORD, Kind

ISA = "rv32im_zicsr_zifencei_zicntr"
XNM = f"{ISA}_xnmspk_xnmeng_xnmlrn"
BASE = MemoryMap().ram.base
CLINT = MemoryMap().clint.base
SHORT_STEPS = (1, 1, 2, 3, 7, 50)


def image_of(segments: Iterable[tuple[int, bytes]], entry: int = BASE, symbols: dict[str, int] | None = None) -> Image:
    """An image of (address, bytes) pairs with 8-byte symbols."""
    placed = tuple(Segment(address, data, len(data), "rwx") for address, data in segments)
    named = {name: Symbol(name, address, 8, "object") for name, address in (symbols or {}).items()}
    return Image(entry, placed, named, "test")


@dataclass(frozen=True)
class Setup:
    """What a machine is made of, its engine apart; `prepare` does what is left to do after loading."""

    image: Image
    isa: str = ISA
    timing: str = "ideal"
    misaligned: bool = False
    ram_size: int = 1 << 20
    ram_base: int = BASE
    observed: bool = False
    boot_rom: bool = False
    console_input: bytes = b""
    prepare: Callable[[Machine], object] = field(default=lambda machine: None)

    def on(self, engine: str, coprocessor: Any = None) -> Subject:
        """The machine with this engine, ready to run."""
        return Subject(self, engine, coprocessor)


class Subject:
    """One machine and all that it says."""

    def __init__(self, setup: Setup, engine: str, coprocessor: Any) -> None:
        self.output, self.records, self.spikes = bytearray(), bytearray(), bytearray()
        self.machine = Machine(
            setup.isa,
            engine,
            timing=setup.timing,
            memory_map=MemoryMap().with_ram(setup.ram_size, setup.ram_base),
            misaligned=setup.misaligned,
            console=self.output.extend,
            console_input=setup.console_input,
            coprocessor=coprocessor,
        )
        self.machine.load(setup.image)
        if setup.boot_rom:
            self.machine.boot_as_spike()
        setup.prepare(self.machine)
        if setup.observed:
            self.machine.observe(self._consume, spikes=True)
            self.machine.profile()

    def _consume(self, records: Any) -> None:
        self.records += records
        self.spikes += self.machine.take_spikes()

    def run(self, count: int | None) -> Outcome:
        """Run so many more instructions; a limit must be met exactly."""
        before = self.machine.hart.retired
        outcome = self.machine.run(count)
        if outcome.end is End.LIMIT:
            assert count is not None and self.machine.hart.retired == before + count
        return outcome

    def visible(self) -> dict[str, Any]:
        """Everything that must not depend on the engine; the accesses counted are those in the records."""
        machine, hart = self.machine, self.machine.hart
        if self.records:
            kinds = bytes(self.records[:: RECORD.size])
            assert hart.accesses == kinds.count(Kind.LOAD) + kinds.count(Kind.STORE)
        seen: dict[str, Any] = {"pc": hart.pc, "stuck": hart.stuck}
        seen |= {f"x{number}": value for number, value in enumerate(hart.x)}
        seen |= {name: getattr(hart, name) for name in STATE}
        seen |= {f"device {base:#x}": state for base, state in machine.bus.snapshot().items()}
        seen |= {"output": bytes(self.output), "records": bytes(self.records), "spikes": bytes(self.spikes)}
        seen["ram"] = machine.ram.buffer[:]
        profile = machine.profiled()
        if self.records:
            for tallies in (profile.by_address.values(), profile.by_mnemonic.values()):
                assert sum(tally.count for tally in tallies) == hart.retired
                assert sum(tally.accesses for tally in tallies) == hart.accesses
                assert sum(tally.cycles for tally in tallies) <= hart.cycles, "but for what wfi sleeps"
        seen |= {f"profile by {name}": vars(profile)[f"by_{name}"] for name in ("address", "mnemonic")}
        unit = machine.coprocessor
        if unit is not None:
            seen |= {f"unit {name}": getattr(unit, name) for name in ("ctl", "mip", "next_event")}
            seen |= {f"unit {name}": value for name, value in unit.state().items()}
        return seen


def differences(left: dict[str, Any], right: dict[str, Any]) -> list[str]:
    """What is not the same, in words."""
    found = []
    for name, a in left.items():
        b = right[name]
        if a == b:
            continue
        if name == "ram":
            places = [offset for offset in range(0, len(a), 4) if a[offset : offset + 4] != b[offset : offset + 4]]
            words = [f"{BASE + k:#x}: {a[k : k + 4][::-1].hex()} {b[k : k + 4][::-1].hex()}" for k in places[:6]]
            found.append(f"ram at {len(places)} words: {', '.join(words)}")
        elif name in ("records", "spikes"):
            place = next((k for k in range(0, min(len(a), len(b)), 16) if a[k : k + 16] != b[k : k + 16]), None)
            detail = "" if place is None else f"{a[place : place + 16].hex(' ', 4)} {b[place : place + 16].hex(' ', 4)}"
            found.append(f"{name}: {len(a) // 16} and {len(b) // 16}, first at {place}: {detail}")
        elif isinstance(a, int) and isinstance(b, int):
            found.append(f"{name}: {a:#x} {b:#x}")
        else:
            found.append(f"{name}: {a!r} {b!r}")
    return found


def require_same(left: Subject, right: Subject, when: str) -> None:
    """Fail with all differences between two machines."""
    assert left.machine.hart.retired == right.machine.hart.retired, f"{when}: retired differs"
    found = differences(left.visible(), right.visible())
    assert not found, f"{when}, after {left.machine.hart.retired} instructions:\n" + "\n".join(found)


def random_steps(seed: int, stops: int, total: int) -> list[int]:
    """Instruction counts between stops: mostly short ones, the long ones fill up to about `total`."""
    source = random.Random(seed)
    long = max(2, 2 * total // stops)
    return [source.choice((*SHORT_STEPS, *(source.randrange(1, 2 * long) for _ in SHORT_STEPS))) for _ in range(stops)]


def run_together(subjects: Sequence[Subject], steps: Iterable[int | None], name: object = "") -> Outcome | None:
    """Run all machines step by step, comparing after each; stop when the program has ended."""
    outcome = None
    for step in steps:
        outcomes = [subject.run(step) for subject in subjects]
        outcome = outcomes[0]
        for subject, other in zip(subjects[1:], outcomes[1:], strict=True):
            require_same(subjects[0], subject, f"{name}: {outcome}, {other}")
            assert outcome == other, f"{name}: {outcome} and {other}"
        if outcome.end is not End.LIMIT:
            break
    return outcome


def compare_engines(
    setup: Setup, steps: Iterable[int | None], name: object = "", *, golden_too: bool = False
) -> Outcome | None:
    """Reference and interpreter (and the reference with the golden coprocessor) must agree at every stop."""
    subjects = [setup.on("reference"), setup.on("interpreter")]
    if golden_too:
        subjects.append(setup.on("reference", golden.Coprocessor))
    return run_together(subjects, steps, name)


def compare_splits(
    setup: Setup, total: int, steps: Sequence[int], name: object = "", engine: str = "interpreter"
) -> None:
    """One run of `total` instructions and the same in several runs must leave the same."""
    whole, split = setup.on(engine), setup.on(engine)
    expected = whole.run(total)
    outcome = expected
    for step in (*steps, total):
        left = whole.machine.hart.retired - split.machine.hart.retired
        if expected.end is End.LIMIT and left == 0:
            break
        outcome = split.run(step if expected.end is not End.LIMIT else min(step, left))
        if outcome.end is not End.LIMIT:
            break
    require_same(whole, split, f"{name}: {engine} in one run and in {len(steps)}")
    assert outcome == expected
