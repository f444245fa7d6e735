"""Flame graphs as SVG in one file: a frame stands on its caller, as wide as its cycles; colours tell what it is.

A click enlarges a frame, Ctrl-F searches (flamegraph.js); without scripts each frame has its title.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO
from xml.sax.saxutils import escape, quoteattr

from iss.trace.profile.stacks import Kind, Profile, Stack
from iss.trace.profile.tables import kinds

_WIDTH: Final = 1180
_MARGIN: Final = 10
_ROW: Final = 19
_HEAD: Final = 64
_FOOT: Final = 26
_FONT: Final = 12
_LETTER: Final = 7.25  # the width of a letter
_NARROWEST: Final = 0.2  # of what is drawn
_HUES: Final = {  # kind: hue, saturation, lightness, how far names differ in hue and lightness
    Kind.FIRMWARE: (32, 88, 66, 16, 8),
    Kind.TRAP: (350, 70, 70, 8, 6),
    Kind.COPROCESSOR: (200, 62, 66, 16, 8),
    Kind.ASLEEP: (220, 8, 82, 0, 3),
}
_UNITS: Final = {"cycles": "cycles", "instructions": "instructions", "energy": "pJ"}
_STYLE: Final = f"""\
text {{ font: {_FONT}px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #1b1f24; }}
.head {{ font: bold 16px system-ui, "DejaVu Sans", sans-serif; }}
.note {{ font: 12px system-ui, "DejaVu Sans", sans-serif; fill: #57606a; }}
.act {{ cursor: pointer; text-decoration: underline; }}
.f {{ cursor: pointer; }} .f text {{ pointer-events: none; }} .f:hover rect {{ stroke: #1b1f24; }}
"""


def write(profile: Profile, out: TextIO) -> None:
    """Draw the stacks by the profile's measure."""
    root, measure, whole = profile.root, profile.measure, profile.whole
    title = escape(profile.counted.trace.program or "flame graph")
    rows = list(_rows(root, measure, whole)) if whole > 0 else []
    drawn = [row for row in rows if row[3] * _WIDTH >= _NARROWEST]
    depth = max((row[1] for row in drawn), default=0) + 1
    height = _HEAD + depth * _ROW + _FOOT
    outer = _WIDTH + 2 * _MARGIN
    out.write(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {outer} {height}" width="{outer}" height="{height}" '
        f'data-width="{_WIDTH}" data-margin="{_MARGIN}" data-letter="{_LETTER}">\n'
        f"<title>{title}</title>\n<style>\n{_STYLE}</style>\n"
        f'<rect width="{outer}" height="{height}" fill="#fff"/>\n'
        f'<text class="head" x="{_MARGIN}" y="24">{title}</text>\n'
        f'<text class="note" x="{_MARGIN}" y="42">{whole:,} {_UNITS[measure]}</text>\n'
    )
    out.writelines(_legend(profile))
    right = outer - _MARGIN
    out.write(
        f'<text class="note act" id="found" x="{right}" y="24" text-anchor="end">search</text>\n'
        f'<text class="note act" id="reset" x="{right - 160}" y="24" text-anchor="end" style="display:none">'
        "show all</text>\n"
    )
    for frame, level, begin, share in drawn:
        out.writelines(_frame(frame, begin, share, height - _FOOT - (level + 1) * _ROW, measure))
    if len(drawn) < len(rows):
        narrow = f"{100 * _NARROWEST / _WIDTH:.2g} %"
        text = f"{len(rows) - len(drawn)} frames of less than {narrow} each are not drawn"
        out.write(f'<text class="note" x="{_MARGIN}" y="{height - 9}">{text}</text>\n')
    script = (Path(__file__).parent / "flamegraph.js").read_text(encoding="utf-8")
    out.write(f"<script><![CDATA[\n{script}]]></script>\n</svg>\n")


def _rows(root: Stack, measure: str, whole: int) -> Iterator[tuple[Stack, int, float, float]]:
    """Each frame with its level, where it begins and how wide it is, as shares; those below come first."""
    pending = [(root, 0, 0.0)]
    while pending:
        frame, level, begin = pending.pop()
        yield frame, level, begin, frame.total.by(measure) / whole
        for above in sorted(frame.above.values(), key=lambda above: above.name):
            pending.append((above, level + 1, begin))
            begin += above.total.by(measure) / whole


def _frame(frame: Stack, begin: float, share: float, y: int, measure: str) -> Iterator[str]:
    x, width = _MARGIN + begin * _WIDTH, share * _WIDTH
    room = int((width - 6) / _LETTER)
    name = frame.name if len(frame.name) <= room else frame.name[: room - 1] + "…"
    yield f'<g class="f" data-x="{begin:.7g}" data-w="{share:.7g}" data-n={quoteattr(frame.name)}>'
    yield f"<title>{escape(_title(frame, share, measure))}</title>"
    yield f'<rect x="{x:.2f}" y="{y}" width="{max(0.1, width - 0.5):.2f}" height="{_ROW - 1}" rx="2" '
    yield f'fill="{colour(frame.kind, frame.name)}"/>'
    yield f'<text x="{x + 3:.2f}" y="{y + 13}">{escape(name) if room >= 3 else ""}</text></g>\n'


def _title(frame: Stack, share: float, measure: str) -> str:
    rows = [f"{frame.name} ({frame.kind.value})", f"{frame.total.by(measure):,} {_UNITS[measure]}, {100 * share:.2f} %"]
    own = frame.own.by(measure)
    if frame.above and own:
        rows.append(f"{own:,} of them its own")
    others = [f"{frame.total.by(unit):,} {_UNITS[unit]}" for unit in _UNITS if unit != measure]
    rows.append(", ".join(text for text in others if not text.startswith("0 ")))
    counts = ((frame.count, "times"), (frame.sops, "synaptic operations"), (frame.spikes, "spikes"))
    rows.append(", ".join(f"{count:,} {what}" for count, what in counts if count))
    return "\n".join(row for row in rows if row)


def _legend(profile: Profile) -> Iterator[str]:
    """A patch for each kind of frames that there is, with its share."""
    x = float(_MARGIN)
    for kind, share in kinds(profile).items():
        text = f"{kind} {100 * share / max(1, profile.whole):.1f} %"
        yield f'<rect x="{x:.0f}" y="50" width="10" height="10" rx="2" fill="{colour(Kind(kind), "")}"/>\n'
        yield f'<text class="note" x="{x + 15:.0f}" y="59">{text}</text>\n'
        x += 40 + 7 * len(text)


def colour(kind: Kind, name: str) -> str:
    """The colour of a frame: hue by kind, a little different for each name."""
    hue, saturation, lightness, around, lighter = _HUES[kind]
    if name:
        code = zlib.crc32(name.encode())
        hue += code % (2 * around + 1) - around
        lightness += code // 97 % (2 * lighter + 1) - lighter
    return _rgb(hue % 360 / 360, saturation / 100, lightness / 100)


def _rgb(hue: float, saturation: float, lightness: float) -> str:
    from colorsys import hls_to_rgb

    return "#" + "".join(f"{round(255 * part):02x}" for part in hls_to_rgb(hue, lightness, saturation))
