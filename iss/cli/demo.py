"""`neurohart demo`: the digits program in its three forms, one table, and the spikes behind the answers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from iss.cli.exit_codes import ExitCode, Failure
from iss.machine import ENGINES, TIMING_MODELS

if TYPE_CHECKING:
    from rich.console import RenderableType

    from iss.cli.measure import Array, Measured
    from iss.cli.programs import Program
    from iss.cli.raster import Recording

NAME = "demo"
HELP = "Classify handwritten digits by spikes, with and without coprocessor."
EXAMPLE = """\
examples:
  neurohart demo                         scalar, fine and engine form; table and raster
  neurohart demo --energy sne22          energy with the figures of another chip
  neurohart demo --svg demo.svg          keep the picture
"""
PROGRAM = "digits"
BASELINE = "scalar"
PICTURE_FORM = "engine"
INPUTS, HIDDEN, CLASSES, LABELS = "input_spikes", "hidden_spikes", "classes", "labels"
_LINES_ABOVE = 8  # title, table, captions
_ROOMY = 36  # lines of a terminal from which blank ones are put between the parts
_SVG_WIDTH = 100
_SVG_HEIGHT = 46


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `demo`."""
    parser.usage = "neurohart demo [OPTIONS]"
    parser.add_argument("--engine", choices=ENGINES, default="auto", help="how to simulate (default: %(default)s)")
    parser.add_argument("--timing", choices=TIMING_MODELS, default="ideal", help="cycle costs (default: %(default)s)")
    parser.add_argument("--energy", metavar="PRESET", default="default22", help="energy preset (default: %(default)s)")
    parser.add_argument("--svg", metavar="FILE", help="also write the picture to a file")


def run(args: argparse.Namespace) -> int:
    """Carry out `demo`; raises Failure."""
    from rich.console import Console

    from iss.cli.energy import find_preset
    from iss.cli.measure import measure
    from iss.cli.programs import find_program

    find_preset(args.energy)
    program = find_program(PROGRAM)
    console = Console(highlight=False)
    measured = []
    with console.status("") as status:
        for form in program.forms.values():
            status.update(f"{program.name}: form {form.name}")
            measured.append(measure(program, form, args.engine, args.timing))
    differing = [item.form.name for item in measured if not _as_expected(program, item)]
    for part in _picture(program, measured, args, console.width, console.height):
        console.print(part)
    if args.svg:
        _write_svg(args.svg, _picture(program, measured, args, _SVG_WIDTH, _SVG_HEIGHT))
    if differing:
        raise Failure(f"not the result of {program.folder}/expect.json: {', '.join(differing)}", ExitCode.FAILED)
    return ExitCode.OK


def _as_expected(program: Program, item: Measured) -> bool:
    from iss.cli.check import differences

    return not differences(program.expectation(), item.exit_code, item.output, item.counts.coprocessor)


def _picture(
    program: Program, measured: list[Measured], args: argparse.Namespace, width: int, height: int
) -> list[RenderableType]:
    """Return everything to be printed, for a terminal of this size."""
    from iss.cli.raster import draw_raster

    shown = next((item for item in measured if item.form.name == PICTURE_FORM), measured[-1])
    gap = [""] if height >= _ROOMY else []
    above = [_title(program), *gap, _table(program, measured, args), *gap, _caption(measured, args), _legend(), *gap]
    raster = draw_raster(_recording(program, shown), min(width, _SVG_WIDTH), height - _LINES_ABOVE - 3 * len(gap))
    return [*above, *raster]


def _title(program: Program) -> RenderableType:
    from rich.text import Text

    return Text.assemble((program.name, "bold"), (f"  {program.description}", "dim"))


def _table(program: Program, measured: list[Measured], args: argparse.Namespace) -> RenderableType:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from iss.cli.energy import find_preset
    from iss.debug.figures import energy_of, energy_text

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("form", style="bold", no_wrap=True)
    for name in ("accuracy", "instructions", "cycles", "SOPs", "energy/image", "speed-up"):
        table.add_column(name, justify="right", no_wrap=True)
    preset = find_preset(args.energy)
    baseline = next(item for item in measured if item.form.name == BASELINE).counts
    for item in measured:
        counts = item.counts
        right, images = _score(program, item)
        sops = counts.coprocessor.get("sop", 0)
        energy = energy_of(preset, counts.instructions, counts.accesses, counts.cycles, counts.coprocessor)
        speed_up = baseline.cycles / counts.cycles
        table.add_row(
            item.form.name,
            f"{100 * right / images:.1f} %",
            f"{counts.instructions:,}",
            f"{counts.cycles:,}",
            f"{sops:,}" if sops else "-",
            energy_text(energy // images),
            f"{speed_up:.2f} x",
            style="green" if item.form.name == PICTURE_FORM else "",
        )
    return table


def _caption(measured: list[Measured], args: argparse.Namespace) -> RenderableType:
    from rich.text import Text

    same = len({item.output for item in measured}) == 1
    verdict = "all spikes equal" if same else "the forms DIFFER"
    text = f"{verdict}; timing {args.timing}; energy by model, {args.energy}"
    return Text(text, style="dim" if same else "bold red")


def _legend() -> RenderableType:
    from rich.text import Text

    return Text("spikes of the hidden neurons that each class excites most, 10 steps an image", style="dim")


def _score(program: Program, item: Measured) -> tuple[int, int]:
    """Return how many images were classified correctly, and how many there are."""
    classes = item.record(CLASSES, program)
    return int((classes == _labels(item, len(classes))).sum()), len(classes)


def _labels(item: Measured, count: int) -> Array:
    import numpy as np

    return np.frombuffer(item.machine.ram.read(item.machine.symbol(LABELS), count), np.uint8)


def _recording(program: Program, item: Measured) -> Recording:
    from iss.cli.raster import Recording

    classes = item.record(CLASSES, program)
    return Recording(item.record(INPUTS, program), item.record(HIDDEN, program), classes, _labels(item, len(classes)))


def _write_svg(name: str, parts: list[RenderableType]) -> None:
    """Write what a terminal would show."""
    import io

    from rich.console import Console

    from iss.cli.dumps import write_file

    console = Console(record=True, file=io.StringIO(), width=_SVG_WIDTH, force_terminal=True, color_system="truecolor")
    for part in parts:
        console.print(part)
    write_file(name, console.export_svg(title="neurohart demo").encode())
