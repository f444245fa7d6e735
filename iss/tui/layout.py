"""Where the panels stand on a screen of a given size; what has no room can still be shown alone (zoom)."""

from __future__ import annotations

from typing import Final, NamedTuple

Column = tuple[int, tuple[tuple[str, int], ...]]
"""Share of the width, and the panels one above the other with their shares of the height."""
Band = tuple[int, tuple[Column, ...]]
"""Share of the height, and its columns."""

_BELOW: Final = ("timeline", 3)
_EXTENSION: Final = ("extension", 40)
"""Below the registers, where an extension has state."""


class Place(NamedTuple):
    """A panel's place in cells, its title line and the bar at its left included."""

    name: str
    x: int
    y: int
    width: int
    height: int


def _one(name: str) -> tuple[tuple[str, int], ...]:
    return ((name, 1),)


_TOP: Final = (
    (46, _one("code")),
    (32, (("registers", 55), ("csrs", 45))),
    (22, (("stack", 60), ("calls", 40))),
)
_WIDE: Final[tuple[Band, ...]] = (
    (36, _TOP),
    (22, ((54, _one("trace")), (26, _one("memory")), (20, _one("points")))),
    (22, ((40, _one("neurons")), (36, _one("raster")), (24, _one("counters")))),
    (20, ((40, _one("weights")), (24, _one("energy")), (20, _one("console")), (16, _one("queues")))),
)
_WIDE_PLAIN: Final[tuple[Band, ...]] = (
    (46, _TOP),
    (30, ((54, _one("trace")), (26, _one("memory")), (20, _one("points")))),
    (24, ((70, _one("console")), (30, _one("counters")))),
)
_MEDIUM: Final[tuple[Band, ...]] = (
    (40, ((50, _one("code")), (50, (("registers", 60), ("csrs", 40))))),
    (26, ((66, _one("trace")), (34, _one("points")))),
    (34, ((50, (("neurons", 60), ("console", 40))), (50, (("raster", 60), ("energy", 40))))),
)
_MEDIUM_PLAIN: Final[tuple[Band, ...]] = (
    (45, ((50, _one("code")), (50, _one("registers")))),
    (30, ((66, _one("trace")), (34, _one("calls")))),
    (25, ((60, _one("console")), (40, _one("points")))),
)
_SMALL: Final[tuple[Band, ...]] = (
    (50, ((58, _one("code")), (42, _one("registers")))),
    (26, ((100, _one("trace")),)),
    (24, ((60, _one("console")), (40, _one("points")))),
)
_SMALL_SPIKING: Final[tuple[Band, ...]] = (
    (52, ((58, _one("code")), (42, _one("registers")))),
    (26, ((100, _one("trace")),)),
    (22, ((100, _one("neurons")),)),
)
_ROOMY, _MIDDLE, _TALL, _HALF = 150, 100, 40, 30
SMALLEST: Final = (40, 12)


def layout(width: int, height: int, spiking: bool, extended: bool = False) -> list[Place]:
    """Places that fill the screen without gaps.

    `spiking` says whether there is a coprocessor to be shown, `extended` whether an extension has state.
    """
    if width >= _ROOMY and height >= _TALL:
        bands = _WIDE if spiking else _WIDE_PLAIN
    elif width >= _MIDDLE and height >= _HALF:
        bands = _MEDIUM if spiking else _MEDIUM_PLAIN
    else:
        bands = _SMALL_SPIKING if spiking else _SMALL
    below, least = _BELOW
    places = []
    room = max(0, height - least)
    for (y, size), (_, columns) in zip(_parts([share for share, _ in bands], room), bands, strict=True):
        for (x, each), (_, chosen) in zip(_parts([share for share, _ in columns], width), columns, strict=True):
            panels = (*chosen, _EXTENSION) if extended and any(name == "registers" for name, _ in chosen) else chosen
            for (inner, part), (panel, _) in zip(_parts([share for _, share in panels], size), panels, strict=True):
                places.append(Place(panel, x, y + inner, each, part))
    return [*places, Place(below, 0, room, width, height - room)]


def _parts(shares: list[int], size: int) -> list[tuple[int, int]]:
    """Start and size of parts in the given proportions that fill `size`."""
    total, done, parts = sum(shares), 0, []
    for index in range(len(shares)):
        end = size * sum(shares[: index + 1]) // total
        parts.append((done, end - done))
        done = end
    return parts
