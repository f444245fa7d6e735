"""The second run of `neurohart plot --membrane`: it stops before each command and notes what it does."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np

from coprocessor.plot import Potentials
from iss.cli.exit_codes import ExitCode, Failure
from iss.cli.plot import address_of
from iss.cli.session import Session
from iss.cli.watching import UNUSED
from iss.debug.descriptors import population_at
from iss.debug.potentials import Sampler
from iss.machine import End, Outcome
from iss.trace.block import SPIKES
from iss.trace.raster import Raster

if TYPE_CHECKING:
    from iss.cli.plot import Seen
    from iss.cli.progress import StatusLine
    from iss.tui.live import LiveView


def sampled(
    args: argparse.Namespace, seen: Seen, wanted: list[tuple[str, tuple[int, ...]]]
) -> tuple[Raster, list[Potentials]]:
    """Run the program again; gives the spikes and the potentials on the same steps. Raises Failure."""
    raster = Raster()
    samplers = []
    for name, neurons in wanted:
        address = address_of(seen.trace, name)
        _check(seen, name, address, neurons)
        samplers.append(Sampler(address, neurons, raster))
    again = argparse.Namespace(**UNUSED | vars(args) | {"uart": "null", "trace": None, "json": None})
    with ExitStack() as stack:
        _Sampling(again, stack, seen, samplers, raster).run()
    found = []
    for (name, neurons), sampler in zip(wanted, samplers, strict=True):
        if not sampler.steps:
            raise Failure(f"--membrane {name}: no command has updated this population", ExitCode.FAILED)
        threshold = sampler.thresholds.pop() if len(sampler.thresholds) == 1 else None
        title = seen.trace.names.at(sampler.population)
        found.append(Potentials(title, neurons, np.array(sampler.steps), np.array(sampler.values), threshold))
    return raster, found


def _check(seen: Seen, name: str, address: int, neurons: tuple[int, ...]) -> None:
    assert seen.machine is not None
    population = population_at(seen.machine, address)
    if population is None:
        raise Failure(f"--membrane {name}: there is no population at {address:#010x}", ExitCode.USAGE)
    if max(neurons) >= population.n:
        text = f"--membrane {name}: the population has the neurons 0 to {population.n - 1}, and {max(neurons)} is none"
        raise Failure(text, ExitCode.USAGE)


class _Sampling(Session):
    """A run that stops wherever the first one has issued a command."""

    def __init__(
        self, args: argparse.Namespace, stack: ExitStack, seen: Seen, samplers: list[Sampler], raster: Raster
    ) -> None:
        super().__init__(args, stack)
        self._seen, self._samplers, self._raster = seen, samplers, raster
        self._enough = sys.maxsize if args.to_step is None else args.to_step

    def _run(self, status: StatusLine | LiveView) -> Outcome:
        machine, first = self.machine, self._seen.machine
        assert first is not None
        machine.coprocessor.log_spikes(True)
        outcome = Outcome(End.LIMIT, "")
        for number in [*dict.fromkeys(self._seen.commands), first.hart.retired]:
            outcome = machine.run(number - machine.hart.retired, self._obey)
            if number >= self.args.start:
                self._raster.add(np.frombuffer(machine.take_spikes(), SPIKES))
            if outcome.end is not End.LIMIT:
                break
            for sampler in self._samplers:
                sampler.before(machine)
            status.update(machine)
            if all(sampler.steps and sampler.steps[-1] >= self._enough for sampler in self._samplers):
                break
        if outcome.end is End.INTERRUPTED:
            raise KeyboardInterrupt
        return outcome

    def _report(self, outcome: Outcome, seconds: float) -> int:
        return ExitCode.OK
