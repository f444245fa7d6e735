"""`neurohart plot`: spikes, membrane potentials and energy over time as a picture."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from iss.cli.exit_codes import ExitCode, Failure
from iss.cli.parsing import count

if TYPE_CHECKING:
    from coprocessor.energy import EnergyPreset
    from coprocessor.plot import Picture, Power, Spikes
    from iss.machine import Machine
    from iss.trace.profile.costs import Prices
    from iss.trace.reader import Trace
    from iss.trace.view import View

NAME = "plot"
HELP = "Draw spikes, membrane potentials and energy over time."
EXAMPLE = """\
PROGRAM is what `neurohart run` takes, and is run; or a recorded trace, of which spikes and energy are known. Without
--raster, --membrane and --energy all spikes and the energy are drawn. For --membrane the program is run twice.
The suffix of FILE tells its format: .svg, .png, .pdf. Pictures need matplotlib: pip install 'neurohart[plot]'.

examples:
  neurohart plot digits -o digits.svg
  neurohart plot digits -o digits.png --raster hidden_neurons --membrane hidden_neurons:0,3,8-10 --to-step 100
  neurohart plot digits.nht -o energy.svg --energy sne22
"""
_SHOWN = 4
"""Neurons whose potentials are drawn if none are named."""
_MOST_NEURONS = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `plot`."""
    from iss.cli.watching import add_subject_arguments

    parser.usage = "neurohart plot [OPTIONS] PROGRAM -o FILE"
    add_subject_arguments(parser)
    group = parser.add_argument_group("picture")
    group.add_argument("-o", "--output", metavar="FILE", help="the picture to write")
    group.add_argument(
        "--raster", metavar="POP", nargs="?", const="", action="append", default=[],
        help="spikes of a population (a symbol or address), without POP of all that spike",
    )  # fmt: skip
    group.add_argument(
        "--membrane", metavar="POP[:NEURONS]", action="append", default=[],
        help=f"membrane potentials; NEURONS like 0,3,8-10 (default: the first {_SHOWN})",
    )  # fmt: skip
    group.add_argument("--energy", metavar="PRESET", nargs="?", const="", help="power over time")
    group.add_argument("--from-step", type=count, metavar="N", default=0, help="spikes and potentials from here on")
    group.add_argument("--to-step", type=count, metavar="N", help="up to before this step")
    group.add_argument("--title", metavar="TEXT", help="(default: the program)")


def run(args: argparse.Namespace) -> int:
    """Carry out `plot`; raises Failure."""
    if args.program is None or args.output is None:
        raise Failure("expected neurohart plot PROGRAM -o FILE", ExitCode.USAGE)
    _check(args)
    from coprocessor.plot import Picture, save
    from iss.cli.watching import look

    preset = _preset(args)
    wanted = [_membrane(text) for text in args.membrane]
    made, code = look(args, args.program, NAME, Seen)
    picture = Picture(made.trace.program if args.title is None else args.title)
    if wanted:
        from iss.cli.plot_membranes import sampled

        made.raster, picture.potentials = sampled(args, made, wanted)
    if args.raster or not (wanted or args.energy is not None):
        picture.spikes = _spikes(args, made)
    if preset is not None and made.timeline.end > 0:
        from iss.trace.profile.costs import Prices

        prices = Prices(preset, made.trace.end)
        picture.power = _power(made, prices)
    _cut(picture, args)
    if not (picture.spikes or picture.potentials or picture.power):
        raise Failure(f"{args.program}: nothing has spiked, so there is nothing to draw", ExitCode.FAILED)
    try:
        save(picture, args.output)
    except OSError as error:
        raise Failure(f"{args.output}: cannot be written ({error.strerror})", ExitCode.WRITE_ERROR) from None
    return code


def _check(args: argparse.Namespace) -> None:
    """Refuse before the run what would fail behind it."""
    from coprocessor.errors import CoprocessorError
    from coprocessor.plot import check
    from iss.cli.dumps import check_directory
    from iss.cli.watching import is_trace

    try:
        check(args.output)
    except CoprocessorError as error:
        raise Failure(str(error), ExitCode.USAGE) from None
    check_directory(args.output)
    if args.membrane and is_trace(args, args.program):
        raise Failure("traces do not hold membrane potentials; give the program itself to --membrane", ExitCode.USAGE)
    if args.membrane and args.uart_input == "-":
        raise Failure(
            "--membrane runs the program twice, so its input cannot be typed; use --uart-input FILE", ExitCode.USAGE
        )


def _preset(args: argparse.Namespace) -> EnergyPreset | None:
    """The preset of the energies, if they are to be drawn."""
    if args.energy is None and (args.raster or args.membrane):
        return None
    from coprocessor.energy import DEFAULT_PRESET
    from iss.cli.energy import find_preset

    return find_preset(args.energy or DEFAULT_PRESET)


class Seen:
    """What a picture needs of a run or trace."""

    def __init__(self, trace: Trace, machine: Machine | None) -> None:
        from iss.trace.commands import issues
        from iss.trace.raster import Raster
        from iss.trace.timeline import Timeline

        self.trace, self.machine, self._issues = trace, machine, issues
        self.raster, self.timeline = Raster(), Timeline()
        self.commands: list[int] = []
        """Instructions that had retired when commands were issued."""

    def take(self, view: View) -> None:
        """Take the next block."""
        self.raster.take(view)
        self.timeline.take(view)
        if self.machine is not None:
            self.commands += [int(view.number[issue.index]) for issue in self._issues(view) if issue.index < len(view)]

    def finish(self) -> None:
        """Nothing is left to be done."""

    def size(self, population: int) -> int:
        """Neurons of a population, 0 if nobody knows."""
        if self.machine is None:
            return 0
        from iss.debug.descriptors import population_at

        found = population_at(self.machine, population)
        return 0 if found is None else found.n


def address_of(trace: Trace, name: str) -> int:
    """The address of a population on the command line. Raises Failure."""
    symbol = trace.symbols.get(name)
    if symbol is not None:
        return symbol.address
    try:
        return int(name, 0)
    except ValueError:
        from difflib import get_close_matches

        near = get_close_matches(name, trace.symbols, n=1)
        cure = f"did you mean {near[0]!r}?" if near else "expected a symbol or an address"
        raise Failure(f"the program has no symbol {name!r}; {cure}", ExitCode.USAGE) from None


def _membrane(text: str) -> tuple[str, tuple[int, ...]]:
    """`POP:0,3,8-10` as name and neurons. Raises Failure."""
    name, colon, listed = text.partition(":")
    neurons: list[int] = []
    try:
        for part in listed.split(",") if colon else ():
            first, dash, last = part.partition("-")
            neurons += range(int(first), int(last if dash else first) + 1)
    except ValueError:
        raise Failure(f"--membrane {text}: expected POP:NEURONS with neurons like 0,3,8-10", ExitCode.USAGE) from None
    if (colon and not neurons) or len(neurons) > _MOST_NEURONS:
        raise Failure(f"--membrane {text}: expected 1 to {_MOST_NEURONS} neurons", ExitCode.USAGE)
    return name, tuple(neurons) or tuple(range(_SHOWN))


def _spikes(args: argparse.Namespace, made: Seen) -> list[Spikes]:
    from coprocessor.plot import Spikes

    named = [address_of(made.trace, name) for name in args.raster if name]
    every = made.raster.populations if "" in args.raster or not named else []
    found = []
    for population in dict.fromkeys((*named, *every)):
        steps, neurons = made.raster.spikes(population)
        found.append(Spikes(made.trace.names.at(population), made.size(population), steps, neurons))
    return found


def _power(made: Seen, prices: Prices) -> Power:
    import numpy as np

    from coprocessor.plot import Power

    assert prices.preset is not None
    parts = made.timeline.energy(prices)
    cycles_per_ms = 1000 * prices.preset.clock_mhz
    starts = made.timeline.start + made.timeline.width * np.arange(len(next(iter(parts.values()))))
    return Power(starts / cycles_per_ms, made.timeline.width / cycles_per_ms, parts, prices.preset.name)


def _cut(picture: Picture, args: argparse.Namespace) -> None:
    """Leave out other steps than those wanted."""
    from dataclasses import replace

    def kept(steps: Any) -> Any:
        return (steps >= args.from_step) & (steps < (args.to_step if args.to_step is not None else steps.max() + 1))

    picture.spikes = [
        replace(one, steps=one.steps[chosen], neurons=one.neurons[chosen]) if len(one.steps) else one
        for one in picture.spikes
        for chosen in [kept(one.steps) if len(one.steps) else None]
    ]
    picture.potentials = [
        replace(one, steps=one.steps[chosen], values=one.values[chosen])
        for one in picture.potentials
        for chosen in [kept(one.steps)]
    ]
