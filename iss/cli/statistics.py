"""The figures of a run: collected once, shown as text, as a table on a terminal, or written as JSON."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

from iss.debug.figures import coprocessor_counters, energy_text
from iss.machine import Machine

if TYPE_CHECKING:
    from iss.cli.energy import Report


@dataclass
class Statistics:
    """One run; times in seconds, `energy` is None if it was not asked for."""

    program: str
    isa: str
    engine: str
    timing: str
    end: str
    reason: str
    exit_code: int
    instructions: int
    cycles: int
    seconds: float
    pc: int
    traps: int
    interrupts: int
    accesses: int
    coprocessor: dict[str, int] = field(default_factory=dict)
    lanes: int | None = None
    energy: Report | None = None

    @property
    def mips(self) -> float:
        """Million instructions a second of host time."""
        return self.instructions / self.seconds / 1e6 if self.seconds > 0 else 0.0

    def as_json(self) -> str:
        """Return one JSON object."""
        import json

        content: dict[str, Any] = dict(vars(self)) | {"energy": self.energy and self.energy.as_json()}
        content |= {"seconds": round(self.seconds, 6), "mips": round(self.mips, 3), "pc": f"{self.pc:#010x}"}
        return json.dumps(content, indent=2) + "\n"

    def rows(self) -> list[tuple[str, str, str]]:
        """Return (name, figure, remark) of everything that was counted."""
        rate = (
            f"{self.cycles / self.instructions:.2f} an instruction, timing {self.timing}" if self.instructions else ""
        )
        rows = [
            ("instructions", f"{self.instructions:,}", f"{self.mips:,.1f} MIPS, engine {self.engine}"),
            ("cycles", f"{self.cycles:,}", rate),
            ("host time", f"{self.seconds:.3f} s", ""),
        ]
        rows.append(("traps", f"{self.traps:,}", f"{self.interrupts:,} of them interrupts" if self.traps else ""))
        rows.append(("memory accesses", f"{self.accesses:,}", "loads and stores of the hart"))
        if self.coprocessor:
            from coprocessor.csrs import COUNTER_MEANINGS, COUNTERS

            meanings = dict(zip(COUNTERS, COUNTER_MEANINGS, strict=True))
            counted = {name: value for name, value in self.coprocessor.items() if value}
            remarks = {"cyc": f"nm_cyc, {self.lanes} lanes"}
            rows += [(meanings[name], f"{value:,}", remarks.get(name, f"nm_{name}")) for name, value in counted.items()]
        if self.energy is not None:
            preset = self.energy.preset
            rows.append(
                ("energy", energy_text(self.energy.total_fj), f"Xnm model, preset {preset.name}: {preset.source}")
            )
        return rows

    def show(self, stream: TextIO | None = None) -> None:
        """Print to standard error: a table on a terminal, else aligned text."""
        stream = sys.stderr if stream is None else stream
        self._show_figures(stream)
        if self.energy is not None:
            from iss.cli.energy_tables import show

            show(self.energy, stream)

    def _show_figures(self, stream: TextIO) -> None:
        if stream.isatty():
            self._show_table(stream)
            return
        rows = self.rows()
        names, figures = (max(len(row[column]) for row in rows) for column in (0, 1))
        print(f"{self.program}: {self.reason}, exit code {self.exit_code}", file=stream)
        for name, figure, remark in rows:
            print(f"  {name:<{names}}  {figure:>{figures}}  {remark}".rstrip(), file=stream)

    def _show_table(self, stream: TextIO) -> None:
        from rich.box import SIMPLE
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        colour = "green" if self.exit_code == 0 else "red"
        title = Text.assemble((self.program, "bold"), f"  {self.reason}, ", (f"exit code {self.exit_code}", colour))
        table = Table(box=SIMPLE, title=title, title_justify="left", title_style="", show_header=False, pad_edge=False)
        table.add_column(style="cyan")
        table.add_column(justify="right")
        table.add_column(style="dim")
        for row in self.rows():
            table.add_row(*row)
        Console(file=stream, highlight=False).print(table)


def collect(machine: Machine, **known: Any) -> Statistics:
    """Return the figures the machine holds, completed by what only the caller knows."""
    hart = machine.hart
    return Statistics(
        isa=machine.architecture.isa,
        engine=machine.engine.name,
        timing=machine.timing.name,
        instructions=hart.retired,
        cycles=hart.cycles,
        pc=hart.pc,
        traps=hart.traps,
        interrupts=hart.interrupts,
        accesses=hart.accesses,
        coprocessor=coprocessor_counters(machine),
        lanes=None if machine.coprocessor is None else machine.coprocessor.lanes,
        **known,
    )
