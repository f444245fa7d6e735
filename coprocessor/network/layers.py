"""What each part of a network costs in a run: the coprocessor's accounts by name, and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from coprocessor.csrs import COUNTERS
from coprocessor.energy import COUNTER_HEADS, DEFAULT_PRESET, picojoules, preset, work_fj
from coprocessor.interface import Account, Operation

if TYPE_CHECKING:
    from coprocessor.network.session import Session


class Layer(NamedTuple):
    """What the operations on one part have cost in a run or in all samples of a batch.

    `name` is that of a population (operation "upd"), projection ("syn") or rule ("learn"), `operations` how many there
    were, `counters` what they counted (specification 4.4): among them `cyc` (cycles), `sop`, `nup` (neuron updates),
    `spkout` (spikes), `rdb` and `wrb` (bytes read and written).
    """

    name: str
    operation: str
    operations: int
    counters: dict[str, int]

    def energy_fj(self, preset_name: str = DEFAULT_PRESET) -> int:
        """Energy of the events by specification 8.2 in fJ; leakage is no single layer's."""
        return work_fj(preset(preset_name), self.counters)


@contextmanager
def accounting(sessions: Sequence[Session]) -> Iterator[list[Layer]]:
    """Keep accounts of these sessions of one network; at the end the list has its layers in the order of a step."""
    kept: list[Layer] = []
    for session in sessions:
        session.unit.keep_accounts()
    try:
        yield kept
        regions = sessions[0].layout.regions
        names = {sessions[0].layout.address(name): name.partition(".")[2] for name in regions}
        kept += _summed([account for session in sessions for account in session.unit.accounts()], names)
    finally:
        for session in sessions:
            session.unit.keep_accounts(False)


def _summed(accounts: list[Account], names: dict[int, str]) -> list[Layer]:
    """One layer for each descriptor and operation."""
    layers: dict[tuple[int, int], Layer] = {}
    for account in accounts:
        key = account.descriptor, account.operation
        name, operation = names[account.descriptor], Operation(account.operation).name.lower()
        before = layers.get(key, Layer(name, operation, 0, dict.fromkeys(COUNTERS, 0)))
        counters = {name: before.counters[name] + value for name, value in account.counters.items()}
        layers[key] = Layer(name, operation, before.operations + account.operations, counters)
    return list(layers.values())


def table(layers: Sequence[Layer], preset_name: str) -> str:
    """Layers, leakage and their sum as aligned text; columns in which all is 0 are left out."""
    values = preset(preset_name)
    total = {name: sum(layer.counters[name] for layer in layers) for name in COUNTERS}
    heads = {"cyc": "cycles"} | COUNTER_HEADS
    shown = [name for name in heads if total[name]]
    whole = work_fj(values, total, total["cyc"])

    def row(name: str, operations: int, counters: dict[str, int], fj: int) -> list[str]:
        figures = [f"{number:,}" if number else "" for number in (operations, *(counters.get(n, 0) for n in shown))]
        return [name, *figures, picojoules(fj), f"{100 * fj / whole:.1f} %" if whole else ""]

    rows = [["layer", "operations", *(heads[name] for name in shown), "pJ", "share"]]
    rows += [row(f"{x.name} {x.operation}", x.operations, x.counters, x.energy_fj(preset_name)) for x in layers]
    rows.append(row("(leakage)", 0, {}, whole - work_fj(values, total)))
    rows.append(row("total", sum(layer.operations for layer in layers), total, whole))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join([r[0].ljust(widths[0]), *map(str.rjust, r[1:], widths[1:])]).rstrip() for r in rows]
    return "\n".join(lines)
