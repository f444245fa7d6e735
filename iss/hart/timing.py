"""Timing models: a static cost in cycles per class of instruction plus the cost of a taken branch, chosen by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from iss.errors import NeuroHartError
from iss.isa.definitions import MAXIMUM_CYCLES, Definition

COST_CLASSES = ("alu", "multiply", "divide", "load", "store", "branch", "jump", "csr", "system")


@dataclass(frozen=True, slots=True)
class TimingModel:
    """Cycles of an instruction: its own if the definition fixes them, else those of its class (1 if not listed)."""

    name: str
    title: str
    costs: Mapping[str, int] = field(default_factory=dict)
    taken_branch: int = 0

    def __post_init__(self) -> None:
        """Raise NeuroHartError for a cost that the engines cannot hold or a class that no instruction has."""
        for what, cycles in (*self.costs.items(), ("taken branch", self.taken_branch)):
            if not 0 <= cycles <= MAXIMUM_CYCLES:
                raise NeuroHartError(
                    f"timing model {self.name!r}: {what} costs {cycles} cycles, expected 0..{MAXIMUM_CYCLES}"
                )
        unknown = ", ".join(sorted(set(self.costs) - set(COST_CLASSES)))
        if unknown:
            raise NeuroHartError(
                f"timing model {self.name!r}: {unknown} is no class, expected one of {', '.join(COST_CLASSES)}"
            )

    def cost(self, definition: Definition) -> int:
        """Return the static cost in cycles."""
        return self.costs.get(definition.cost_class, 1) if definition.cycles is None else definition.cycles


MODELS: dict[str, TimingModel] = {
    model.name: model
    for model in (
        TimingModel("ideal", "one cycle an instruction"),
        TimingModel(
            "edge2",
            "two-stage microcontroller: single-cycle multiplier, iterative divider, no branch prediction",
            {"divide": 34, "load": 2, "store": 2, "jump": 2},
            taken_branch=1,
        ),
        TimingModel(
            "edge5",
            "five-stage in-order core: pipelined multiplier, load-use bubble charged to every load",
            {"multiply": 2, "divide": 20, "load": 2, "jump": 3, "csr": 2, "system": 4},
            taken_branch=2,
        ),
    )
}


def timing_model(name: str) -> TimingModel:
    """Return a model by name; NeuroHartError lists the names there are."""
    try:
        return MODELS[name]
    except KeyError:
        raise NeuroHartError(f"timing model {name!r} is not known, expected one of {', '.join(MODELS)}") from None
