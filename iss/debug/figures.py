"""Figures of a machine and how they are written: coprocessor counters, energy, counts. Reports and panels use them."""

from __future__ import annotations

from collections.abc import Mapping

from coprocessor.csrs import COUNTER_HIGH, COUNTER_LOW, COUNTERS
from coprocessor.energy import EnergyPreset, energy_fj
from iss.machine import Machine

_EVENTS = ("sop", "nup", "spkout", "wupd")


def coprocessor_counters(machine: Machine) -> dict[str, int]:
    """Return the coprocessor's counters by name, without the prefix `nm_`; empty if there is none."""
    if machine.coprocessor is None:
        return {}

    def read(number: int) -> int:
        return int(machine.coprocessor.csr_read(number, machine.hart.mcycle))

    return {name: read(COUNTER_LOW + index) | read(COUNTER_HIGH + index) << 32 for index, name in enumerate(COUNTERS)}


def energy_of(
    preset: EnergyPreset, instructions: int, accesses: int, cycles: int, coprocessor: Mapping[str, int]
) -> int:
    """Return femtojoules for retired instructions, the hart's loads and stores, cycles and coprocessor counters."""
    events = {name: coprocessor.get(name, 0) for name in _EVENTS}
    return energy_fj(preset, instructions=instructions, memory_words=accesses, cycles=cycles, **events)


def energy_text(femtojoules: int) -> str:
    """Return an energy with four digits and its unit: 1.234 µJ."""
    for power, unit in ((15, "J"), (12, "mJ"), (9, "µJ"), (6, "nJ"), (3, "pJ")):
        if femtojoules >= 10**power:
            return f"{femtojoules / 10**power:.4g} {unit}"
    return f"{femtojoules} fJ"


def short(number: int | float) -> str:
    """Return a count with three digits and a unit: 999, 18.4 M, 1.23 G."""
    for power, unit in ((12, " T"), (9, " G"), (6, " M"), (3, " k")):
        if number >= 10**power:
            value = number / 10**power
            return f"{value:.{max(0, 2 - (value >= 10) - (value >= 100))}f}{unit}"
    return f"{number:,}"
