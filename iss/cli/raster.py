"""A spike raster for the terminal: images as the network saw them, the spikes they caused, and its answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.style import Style
from rich.text import Text

from iss.tui.braille import COLUMNS, ROWS, braille

# One hue a class, told apart on dark and light terminals.
_HUES = ("#e6594c", "#f2903a", "#d9b12f", "#8fbf3f", "#3fb56b", "#2fb3a8", "#3d9be0", "#6f7bea", "#a868e0", "#e060b0")
CLASSES = len(_HUES)
_SIDE = 8  # pixels of a picture each way
_GUTTER = 4
_PICTURE_LINES = _SIDE // 2


@dataclass(frozen=True)
class Recording:
    """What a run left: inputs (image, step, pixel) and hidden (image, step, neuron) as booleans, classes, labels."""

    inputs: NDArray[Any]
    hidden: NDArray[Any]
    classes: NDArray[Any]
    labels: NDArray[Any]


def draw_raster(recording: Recording, width: int, height: int) -> list[Text]:
    """Return lines of at most `width` cells: pictures, raster, answers; as many as `height` allows, but at least 15.

    A typical image of each class is shown, as far as they fit side by side; a step takes half a braille cell. A line of
    braille holds four neurons: those that fire most selectively for the class at its left.
    """
    steps, neurons = recording.hidden.shape[1:]
    cells = -(-steps // COLUMNS)
    period = max(cells + 2, _SIDE + 1 if width >= _GUTTER + CLASSES * (_SIDE + 1) else _SIDE - 1)
    shown = _examples(recording)[: max(1, (width - _GUTTER) // period)]
    most = neurons // (CLASSES * ROWS)
    lines_each = max(1, min((height - _PICTURE_LINES - 1) // CLASSES, most))
    chosen = _selective(recording, lines_each * ROWS)
    return [
        *_pictures(recording.inputs[shown].sum(axis=1) / steps, recording.labels[shown], period),
        *_raster(recording.hidden[shown], chosen, period, cells),
        _answers(recording.classes[shown], recording.labels[shown], period),
    ]


def _examples(recording: Recording) -> list[int]:
    """Return for each class the image whose spike counts come nearest to the class's mean."""
    totals = recording.hidden.sum(axis=1)
    nearest = []
    for number in range(CLASSES):
        members = np.flatnonzero(recording.labels == number)
        distances = np.square(totals[members] - totals[members].mean(axis=0)).sum(axis=1)
        nearest.append(int(members[distances.argmin()]))
    return nearest


def _selective(recording: Recording, count: int) -> list[list[int]]:
    """Return for each class the `count` neurons whose rate for it exceeds their mean rate most, each neuron once."""
    totals = recording.hidden.sum(axis=1)
    rates = np.array([totals[recording.labels == number].mean(axis=0) for number in range(CLASSES)])
    gains = rates - rates.mean(axis=0)
    chosen: list[list[int]] = [[] for _ in range(CLASSES)]
    for _ in range(count):
        for number, neurons in enumerate(chosen):
            best = int(gains[number].argmax())
            neurons.append(best)
            gains[:, best] = -np.inf
    return chosen


def _hue(number: int) -> Style:
    return Style(color=_HUES[number % CLASSES])


def _pictures(intensities: NDArray[Any], labels: NDArray[Any], period: int) -> list[Text]:
    """Draw the images (image, pixel), values 0 to 1, in the hues of their classes, two pixels in a cell."""
    pictures = intensities.reshape(-1, _SIDE, _SIDE)
    skipped = max(0, _SIDE - period)  # the first column of these images is blank
    lines = []
    for top in range(0, _SIDE, 2):
        line = Text(" " * _GUTTER, no_wrap=True)
        for picture, label in zip(pictures, labels.tolist(), strict=True):
            for upper, lower in zip(picture[top, skipped:], picture[top + 1, skipped:], strict=True):
                line.append(*_two_pixels(float(upper), float(lower), label))
            line.append(" " * (period - _SIDE + skipped))
        lines.append(line)
    return lines


def _two_pixels(upper: float, lower: float, label: int) -> tuple[str, Style]:
    """Return a character that shows two values by brightness and, where there is no colour, by shape."""
    dark = 0.2
    if upper < dark and lower < dark:
        return " ", Style()
    if upper < dark:
        return "▄", Style(color=_shade(lower, label))
    if lower < dark:
        return "▀", Style(color=_shade(upper, label))
    if abs(upper - lower) < dark:
        return "█", Style(color=_shade((upper + lower) / 2, label))
    return "▀", Style(color=_shade(upper, label), bgcolor=_shade(lower, label))


def _shade(value: float, label: int) -> Color:
    hue = Color.parse(_HUES[label % CLASSES]).get_truecolor()
    return Color.from_rgb(*((0.25 + 0.75 * value) * channel for channel in hue))


def _raster(spikes: NDArray[Any], chosen: list[list[int]], period: int, cells: int) -> list[Text]:
    """Draw the spikes (image, step, neuron) of each class's neurons in braille, in the hue of the class."""
    lines = []
    for number, neurons in enumerate(chosen):
        for top in range(0, len(neurons), ROWS):
            line = Text(f" {number} " if top == 0 else "   ", _hue(number), no_wrap=True)
            line.append("│", "dim")
            for picture in spikes[:, :, neurons[top : top + ROWS]]:
                line.append(f" {braille(np.argwhere(picture), cells)}".ljust(period), _hue(number))
            lines.append(line)
    return lines


def _answers(classes: NDArray[Any], labels: NDArray[Any], period: int) -> Text:
    """Name the network's answer below each image, a wrong one with the truth."""
    line = Text(" → ".ljust(_GUTTER), no_wrap=True)
    for answer, label in zip(classes.tolist(), labels.tolist(), strict=True):
        text = f"   {answer}" if answer == label else f" {answer} ≠ {label}"
        style = Style(color=_HUES[answer % CLASSES], bold=True) if answer == label else Style(color="red", reverse=True)
        line.append(text.ljust(period), style)
    return line
