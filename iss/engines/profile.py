"""A profile: how often each address and each kind of instruction was executed and what that has cost.

Every engine keeps one on demand; the figures are exact and the same on all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

Key = TypeVar("Key", int, str)


@dataclass(slots=True)
class Tally:
    """Retired instructions, the cycles of the hart they took, and their loads and stores.

    Cycles of an instruction that trapped or was suspended count, too, though it has not retired there.
    """

    count: int = 0
    cycles: int = 0
    accesses: int = 0

    def add(self, count: int, cycles: int, accesses: int) -> None:
        """Add to all three."""
        self.count += count
        self.cycles += cycles
        self.accesses += accesses


@dataclass
class Profile:
    """Tallies by address and by mnemonic; the sums of both are the same."""

    by_address: dict[int, Tally] = field(default_factory=dict)
    by_mnemonic: dict[str, Tally] = field(default_factory=dict)

    def add(self, address: int, mnemonic: str, count: int, cycles: int, accesses: int) -> None:
        """Count an execution of an instruction at an address."""
        self.by_address.setdefault(address, Tally()).add(count, cycles, accesses)
        self.by_mnemonic.setdefault(mnemonic, Tally()).add(count, cycles, accesses)

    def merge(self, other: Profile) -> None:
        """Add what another profile holds."""
        _merge(self.by_address, other.by_address)
        _merge(self.by_mnemonic, other.by_mnemonic)


def _merge(mine: dict[Key, Tally], others: dict[Key, Tally]) -> None:
    for key, tally in others.items():
        mine.setdefault(key, Tally()).add(tally.count, tally.cycles, tally.accesses)
