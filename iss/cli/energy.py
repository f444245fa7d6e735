"""The energy of a run by the Xnm manual's model (8.2): its total, and who has caused it.

The model is linear in what was counted but for the leakage, which has a row of its own; so every table of a report adds
up to the total exactly. How tables look: `iss.cli.energy_tables`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from coprocessor.energy import PRESETS, EnergyPreset, instruction_group
from iss.cli.exit_codes import ExitCode, Failure
from iss.debug.figures import energy_of
from iss.isa.definitions import Definition
from iss.loaders.names import Names
from iss.machine import Machine

if TYPE_CHECKING:
    from coprocessor.interface import Account

ASLEEP, LEAKAGE, HART, UNNAMED, OTHERS = "(asleep)", "(leakage)", "(hart)", "(no symbol)", "(other descriptors)"
REPLACED = "(replaced code)"
CLASSES = {
    "alu": "ALU",
    "multiply": "multiply, divide",
    "divide": "multiply, divide",
    "load": "load",
    "store": "store",
    "branch": "branch, jump",
    "jump": "branch, jump",
    "csr": "CSR, system",
    "system": "CSR, system",
}
"""Cost classes of instructions and the row of the report they go to; other classes have a row of their own."""
OPERATIONS = {2: "syn", 3: "upd", 4: "learn", 5: "rst", 131: "ev2bm", 132: "bm2ev", 0: ""}
"""How accounts number operations."""


def find_preset(name: str) -> EnergyPreset:
    """Return a preset by name; Failure lists those there are."""
    if name not in PRESETS:
        raise Failure(f"energy preset {name!r} is not known, expected one of {', '.join(PRESETS)}", ExitCode.USAGE)
    return PRESETS[name]


@dataclass
class Part:
    """A row: what a part of the run has done. `count` are instructions, of a layer operations; energy in fJ.

    `more_fj` is what instructions of extensions cost by their own figures beyond those of the preset.
    """

    name: str
    count: int = 0
    cycles: int = 0
    accesses: int = 0
    events: dict[str, int] = field(default_factory=dict)
    fj: int = 0
    more_fj: int = 0
    descriptor: int | None = None
    operation: str = ""

    def add(self, count: int = 0, cycles: int = 0, accesses: int = 0) -> None:
        """Add instructions with their cycles, loads and stores."""
        self.count += count
        self.cycles += cycles
        self.accesses += accesses

    def add_events(self, events: Mapping[str, int]) -> None:
        """Add to the coprocessor's counters."""
        for name, value in events.items():
            self.events[name] = self.events.get(name, 0) + value

    def as_json(self, count: str) -> dict[str, Any]:
        """Return the row as plain data; `count` is the name of what it counts."""
        place = {} if self.descriptor is None else {"descriptor": f"{self.descriptor:#010x}"}
        kind = {"operation": self.operation} if self.operation else {}
        figures = {count: self.count, "cycles": self.cycles, "accesses": self.accesses}
        return {"name": self.name} | place | kind | figures | self.events | {"fj": self.fj}


@dataclass(frozen=True)
class Report:
    """Where the energy of a run went; classes and symbols are None if the run was not profiled."""

    preset: EnergyPreset
    total_fj: int
    leakage_fj: int
    layers: list[Part]
    classes: list[Part] | None
    symbols: list[Part] | None

    def as_json(self) -> dict[str, Any]:
        """Return plain data; all energies are integers in femtojoules."""
        content: dict[str, Any] = {
            "preset": self.preset.name,
            "source": self.preset.source,
            "total_fj": self.total_fj,
            "leakage_fj": self.leakage_fj,
            "layers": [part.as_json("operations") for part in self.layers],
        }
        for name, parts in (("classes", self.classes), ("symbols", self.symbols)):
            content[name] = None if parts is None else [part.as_json("instructions") for part in parts]
        return content


def watch(machine: Machine, profiled: bool) -> None:
    """Prepare a loaded machine for `report`; `profiled` for its tables by class and by symbol, which cost speed."""
    if machine.coprocessor is not None:
        machine.coprocessor.keep_accounts()
    machine.profile(profiled)


def report(machine: Machine, preset: EnergyPreset, profiled: bool, declared: Mapping[str, int] | None = None) -> Report:
    """Account for all that a machine has done since `watch`, which came before its first instruction.

    `declared` are energies (fJ) of instructions that have one of their own, by mnemonic; they need `watch` to profile.
    """
    hart = machine.hart
    accounts: list[Account] = machine.coprocessor.accounts() if machine.coprocessor is not None else []
    names = Names(machine.image.symbols.values() if machine.image else ())
    leakage = Part(LEAKAGE, fj=energy_of(preset, 0, 0, hart.cycles, {}))
    by_descriptor = _layers(accounts, names)
    for layer in by_descriptor:
        layer.fj = energy_of(preset, 0, 0, 0, layer.events)
    instructions = Part(HART, accesses=hart.accesses, fj=energy_of(preset, hart.retired, hart.accesses, 0, {}))
    layers = [*by_descriptor, instructions, leakage]
    classes = symbols = None
    more = {mnemonic: fj - preset.instruction_fj for mnemonic, fj in (declared or {}).items()}
    if profiled or more:
        profile = machine.profiled()
        instructions.more_fj = sum(more.get(name, 0) * tally.count for name, tally in profile.by_mnemonic.items())
        instructions.fj += instructions.more_fj
    if profiled:
        slept = hart.cycles - sum(tally.cycles for tally in profile.by_address.values())
        asleep = [Part(ASLEEP, cycles=slept)] if slept else []
        by_class = _classes(machine, profile.by_mnemonic.items(), accounts, more)
        classes = [*_priced(by_class, preset), *asleep, leakage]
        by_symbol = _priced(_symbols(machine, profile.by_address.items(), accounts, names, more), preset)
        replaced = instructions.more_fj - sum(part.more_fj for part in by_symbol)
        if replaced:
            by_symbol.append(Part(REPLACED, fj=replaced, more_fj=replaced))
        symbols = [*sorted(by_symbol, key=lambda part: -part.fj), *asleep, leakage]
    return Report(preset, sum(layer.fj for layer in layers), leakage.fj, layers, classes, symbols)


def _priced(parts: list[Part], preset: EnergyPreset) -> list[Part]:
    for part in parts:
        part.fj = energy_of(preset, part.count, part.accesses, 0, part.events) + part.more_fj
    return parts


def _layers(accounts: Iterable[Account], names: Names) -> list[Part]:
    """One row for each descriptor and operation, in the order of their first use."""
    parts: dict[tuple[int, int], Part] = {}
    for account in accounts:
        descriptor = account.descriptor or None
        name = OTHERS if descriptor is None else names.at(descriptor)
        new = Part(name, descriptor=descriptor, operation=OPERATIONS[account.operation])
        part = parts.setdefault((account.descriptor, account.operation), new)
        part.add(account.operations, account.counters["cyc"])
        part.add_events(account.counters)
    return list(parts.values())


def _mnemonic_at(machine: Machine, address: int) -> str:
    start = address - machine.ram.base
    word = int.from_bytes(machine.ram.buffer[start : start + 4], "little") if start >= 0 else 0
    definition = machine.architecture.instructions.decode(word if word & 3 == 3 else word & 0xFFFF)
    return "" if definition is None else definition.mnemonic


def _class_of(definition: Definition) -> str:
    if definition.cost_class == "coprocessor":
        return f"Xnm {instruction_group(definition.encoding.match)}"
    return CLASSES.get(definition.cost_class, definition.cost_class)


def _classes(
    machine: Machine, tallies: Iterable[tuple[str, Any]], accounts: Iterable[Account], more: Mapping[str, int]
) -> list[Part]:
    """One row for each class of instructions that were executed; the engine's has the work of all descriptors."""
    definitions = machine.architecture.instructions
    order = dict.fromkeys([*CLASSES.values(), *map(_class_of, definitions)])
    parts = {name: Part(name) for name in order}
    for mnemonic, tally in tallies:
        part = parts[_class_of(definitions.by_mnemonic[mnemonic])]
        part.add(tally.count, tally.cycles, tally.accesses)
        part.more_fj += tally.count * more.get(mnemonic, 0)
    for account in accounts:
        parts[f"Xnm {instruction_group()}"].add_events(account.counters)
    return [part for part in parts.values() if part.count or part.cycles or part.events]


def _symbols(
    machine: Machine,
    tallies: Iterable[tuple[int, Any]],
    accounts: Iterable[Account],
    names: Names,
    more: Mapping[str, int],
) -> list[Part]:
    """One row for each function, in the order of addresses; it has the work of the descriptors it has used.

    Which instruction stood at an address is read from memory; code that was replaced has a row of its own.
    """
    parts: dict[str, Part] = {}

    def part_of(address: int) -> Part:
        function = names.function(address)
        name = UNNAMED if function is None else function.name
        return parts.setdefault(name, Part(name))

    for address, tally in sorted(tallies):
        part = part_of(address)
        part.add(tally.count, tally.cycles, tally.accesses)
        if more:
            part.more_fj += tally.count * more.get(_mnemonic_at(machine, address), 0)
    for account in accounts:
        part = part_of(account.site) if account.descriptor else parts.setdefault(OTHERS, Part(OTHERS))
        part.add_events(account.counters)
    return list(parts.values())
