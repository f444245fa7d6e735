"""Pictures of spiking networks: spike rasters, membrane potentials, power and energy over time (extra `plot`).

What is drawn is plain data, from a `Network` (`spikes_of`, `watch`) or from anywhere else; `save` draws it with
matplotlib into SVG, PNG, PDF or whatever else the name of the file says. The same data give the same file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from coprocessor.errors import CoprocessorError

if TYPE_CHECKING:
    from coprocessor.network import Network, Result

_WIDTH: Final = 10.0  # inches
_MANY: Final = 20_000
"""Spikes from which on they are drawn as an image inside of the picture."""
_ROWS: Final = 150
"""Neurons from which on the stroke of a spike would be too short to be seen."""
_COLOURS: Final = (
    "#3b7dd8",
    "#e07b39",
    "#3aa76d",
    "#b2569c",
    "#c9a227",
    "#5b6dc8",
    "#c8553d",
    "#4aa3a2",
    "#8a6d3b",
    "#6f7780",
)
_PARTS: Final = {"firmware": "#ef9f45", "coprocessor": "#4f97cf", "leakage": "#a9b0b8"}
_INK: Final = "#57606a"
_STYLE: Final = {
    "font.size": 9.0,
    "font.family": "DejaVu Sans",
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "xtick.color": _INK,
    "ytick.color": _INK,
    "svg.hashsalt": "neurohart",
    "svg.fonttype": "path",
    "legend.frameon": False,
}
_NO_DATE: Final = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}


@dataclass(frozen=True)
class Spikes:
    """When which neurons of a population spiked: steps [k] and neurons [k] of `size` neurons."""

    name: str
    size: int
    steps: NDArray[np.int64]
    neurons: NDArray[np.int64]

    @property
    def height(self) -> int:
        """Neurons to be drawn; where nobody knows `size` up to the last that spiked."""
        return max(1, self.size, int(self.neurons.max()) + 1 if len(self.neurons) else 0)


@dataclass(frozen=True)
class Potentials:
    """Membrane potentials [s, m] of some neurons [m] behind the update of each step [s]."""

    name: str
    neurons: tuple[int, ...]
    steps: NDArray[np.int64]
    values: NDArray[np.int64]
    threshold: int | None = None


@dataclass(frozen=True)
class Power:
    """Energy of each part in pJ [t] during stretches of time [t] that begin at `start_ms` and last `width_ms`."""

    start_ms: NDArray[np.float64]
    width_ms: float
    parts: Mapping[str, NDArray[np.float64]]
    source: str = ""


@dataclass
class Picture:
    """What is to be drawn, from top to bottom."""

    title: str = ""
    spikes: Sequence[Spikes] = field(default_factory=list)
    potentials: Sequence[Potentials] = field(default_factory=list)
    power: Power | None = None


# Networks ------------------------------------------------------------------------------------------------------------
def spikes_of(result: Result, *names: str, sample: int = 0) -> list[Spikes]:
    """The spikes of recorded populations of a run (all of them without names), or of one sample of a batch."""
    found = []
    for name in names or tuple(result.outputs):
        output = result[name]
        events = result.events(name)
        if output.ndim == 3:
            events = events[events[:, 0] == sample][:, 1:]
        found.append(Spikes(name, output.shape[-1], events[:, 0], events[:, 1]))
    return found


def watch(
    network: Network,
    spikes: Mapping[str, Any] | None = None,
    *,
    steps: int | None = None,
    potentials: Mapping[str, Sequence[int]],
) -> tuple[list[Spikes], list[Potentials]]:
    """Run a network step by step and note membrane potentials of these neurons of each population.

    Inputs and steps are as in `Network.run`. Gives the spikes of the recorded populations and the potentials.
    CoprocessorError if a population has no membrane potential or no such neuron.
    """
    inputs = {name: np.asarray(raster) for name, raster in (spikes or {}).items()}
    count = steps if steps is not None else max((len(raster) for raster in inputs.values()), default=0)
    places = {name: np.asarray(neurons, np.int64) for name, neurons in potentials.items()}
    for name, neurons in places.items():
        state = network.state(name)
        if "v" not in state:
            raise CoprocessorError(f"{name!r} has no membrane potential v; it has {', '.join(state)}")
        if len(neurons) and not 0 <= neurons.min() <= neurons.max() < len(state["v"]):
            raise CoprocessorError(f"{name!r} has the neurons 0 to {len(state['v']) - 1}, and {neurons.max()} is none")
    seen: dict[str, list[Any]] = {name: [] for name in places}
    events: dict[str, list[NDArray[np.int64]]] = {}
    sizes: dict[str, int] = {}
    first = network.time
    for step in range(count):
        result = network.run({name: raster[step : step + 1] for name, raster in inputs.items()}, steps=1)
        for name in result.outputs:
            sizes[name] = result[name].shape[-1]
            events.setdefault(name, []).append(result.events(name) + np.array([[step, 0]]))
        for name, neurons in places.items():
            seen[name].append(network.state(name)["v"][neurons].copy())
    every = {name: np.concatenate(found) for name, found in events.items()}
    return (
        [Spikes(name, sizes[name], first + found[:, 0], found[:, 1]) for name, found in every.items()],
        [
            Potentials(name, tuple(places[name].tolist()), first + np.arange(count), np.array(values, np.int64))
            for name, values in seen.items()
        ],
    )


# Drawing -------------------------------------------------------------------------------------------------------------
def save(picture: Picture, path: str | Path) -> None:
    """Draw a picture into a file; its suffix is the format. CoprocessorError without matplotlib, OSError."""
    kind, figure = check(path), draw(picture)
    with _matplotlib().rc_context(_STYLE):
        figure.savefig(path, format=kind, dpi=150, metadata=_NO_DATE.get(kind))


def check(path: str | Path) -> str:
    """The format that the suffix of a file says; CoprocessorError if there is none, or without matplotlib."""
    _matplotlib()
    from matplotlib.figure import Figure

    kind = Path(path).suffix[1:].lower()
    if kind not in Figure().canvas.get_supported_filetypes():
        raise CoprocessorError(f"{path}: the name tells no format of pictures; end it with one of .svg, .png, .pdf")
    return kind


def draw(picture: Picture) -> Any:
    """The picture as a matplotlib Figure, to be changed or shown; CoprocessorError without matplotlib."""
    with _matplotlib().rc_context(_STYLE):
        return _draw(picture)


def _draw(picture: Picture) -> Any:
    from matplotlib.figure import Figure

    heights = [max(0.8, min(2.4, 0.5 + one.height / 80)) for one in picture.spikes]
    heights += [1.5] * len(picture.potentials) + ([2.2] if picture.power is not None else [])
    if not heights:
        raise CoprocessorError("there is nothing to draw: no spikes, no potentials, no energy")
    figure = Figure(figsize=(_WIDTH, sum(heights) + 0.45 * len(heights) + 0.6), layout="constrained")
    every = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    figure.suptitle(picture.title, x=0.01, ha="left", fontsize=11, fontweight="bold") if picture.title else None
    stepped = every[: len(picture.spikes) + len(picture.potentials)]
    for axes, spikes, colour in zip(every, picture.spikes, _COLOURS * len(every), strict=False):
        _draw_spikes(axes, spikes, colour)
    for axes, potentials in zip(every[len(picture.spikes) :], picture.potentials, strict=False):
        _draw_potentials(axes, potentials)
    steps = [one.steps for one in picture.spikes if len(one.steps)]
    steps += [one.steps for one in picture.potentials if len(one.steps)]
    for axes in stepped:
        axes.set_xlim(min((s.min() for s in steps), default=0) - 0.5, max((s.max() for s in steps), default=0) + 0.5)
        axes.xaxis.get_major_locator().set_params(integer=True)
    for axes in stepped[:-1]:
        axes.tick_params(labelbottom=False)
    if len(stepped):
        stepped[-1].set_xlabel("step")
    if picture.power is not None:
        _draw_power(every[-1], picture.power)
    return figure


def _draw_spikes(axes: Any, spikes: Spikes, colour: str) -> None:
    count, high = len(spikes.steps), spikes.height
    gap = np.full(count, np.nan)  # one path of many strokes is a small file
    across = np.column_stack([spikes.steps, spikes.steps, gap]).reshape(-1)
    along = np.column_stack([spikes.neurons - 0.3, spikes.neurons + 0.3, gap]).reshape(-1)
    length = int(np.ptp(spikes.steps)) + 1 if count else 1
    thin = high > _ROWS
    axes.plot(
        across,
        along,
        color=colour,
        linewidth=max(0.5, min(2.0, 250 / length)),
        solid_capstyle="projecting" if thin else "butt",
        rasterized=count > _MANY,
    )
    axes.set_ylim(-0.7, high - 0.3)
    axes.set_ylabel("neuron")
    axes.yaxis.get_major_locator().set_params(integer=True, nbins=5)
    axes.set_title(f"{spikes.name}  {count:,} spikes")


def _draw_potentials(axes: Any, potentials: Potentials) -> None:
    for place, neuron in enumerate(potentials.neurons):
        colour = _COLOURS[place % len(_COLOURS)]
        axes.plot(potentials.steps, potentials.values[:, place], color=colour, linewidth=1.1, label=f"neuron {neuron}")
    if potentials.threshold is not None:
        axes.axhline(potentials.threshold, color=_INK, linewidth=0.8, linestyle=(0, (4, 3)), label="threshold")
    axes.set_title(f"{potentials.name}  membrane potential")
    axes.set_ylabel("v")
    if len(potentials.neurons) <= len(_COLOURS):
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)


def _draw_power(axes: Any, power: Power) -> None:
    milliwatts = {name: values / power.width_ms * 1e-6 for name, values in power.parts.items() if values.any()}
    edges = np.append(power.start_ms, power.start_ms[-1:] + power.width_ms)
    below = np.zeros(len(power.start_ms))
    for place, (name, values) in enumerate(milliwatts.items()):
        total, colour = power.parts[name].sum(), _PARTS.get(name, _COLOURS[place % len(_COLOURS)])
        axes.stairs(below + values, edges, baseline=below, fill=True, color=colour, label=f"{name}  {_written(total)}")
        below = below + values
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, None)
    axes.set_xlabel("ms")
    axes.set_ylabel("mW")
    total = sum(values.sum() for values in power.parts.values())
    axes.set_title(f"power  {_written(total)} in all{f', {power.source}' if power.source else ''}")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)


def _written(picojoules: float) -> str:
    for power, unit in ((12, "J"), (9, "mJ"), (6, "µJ"), (3, "nJ")):
        if picojoules >= 10**power:
            return f"{picojoules / 10**power:.4g} {unit}"
    return f"{picojoules:.4g} pJ"


def _matplotlib() -> Any:
    try:
        import matplotlib
    except ImportError:
        raise CoprocessorError(
            "pictures need matplotlib, which is not installed; install it with: pip install 'neurohart[plot]'"
        ) from None
    return matplotlib
