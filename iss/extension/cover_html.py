"""A coverage as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from iss.extension.cases import describe_case
from iss.extension.cover import Cover, InstructionCover
from iss.extension.reach import Reach

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; color: #222; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .3rem; font-family: ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: .15rem .6rem; vertical-align: top; }
td.n { text-align: right; font-variant-numeric: tabular-nums; } tr.hit td { color: #255c2b; }
tr.missed td { background: #fdecea; } tr.never td { color: #777; background: #f3f3f3; }
.bar { height: .6rem; background: #f3c5c0; border-radius: .3rem; }
.bar div { height: 100%; background: #3c9a48; border-radius: .3rem; }
pre { margin: 0; font: 13px ui-monospace, monospace; white-space: pre-wrap; } summary { cursor: pointer; }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd; } tr.hit td { color: #8fd19a; }
tr.missed td { background: #4a2420; } tr.never td { background: #262626; color: #999; } .bar { background: #5c302b; } }
"""


def page(
    covers: Sequence[Cover],
    reaches: Mapping[str, Mapping[str, Reach]],
    score: Mapping[str, tuple[int, int]],
) -> str:
    """Return the page; `score` is (hit, reachable) bins by mnemonic."""
    names = ", ".join(cover.extension.name for cover in covers)
    parts = [f"<h1>Coverage of {escape(names)}</h1>"]
    for cover in covers:
        for mnemonic, one in cover.instructions.items():
            parts.append(_instruction(one, reaches.get(mnemonic, {}), *score[mnemonic]))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Coverage of {escape(names)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>\n<body>\n'
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _instruction(cover: InstructionCover, reaches: Mapping[str, Reach], hit: int, reachable: int) -> str:
    percent = 100 * hit / reachable if reachable else 100.0
    rows = []
    for one in cover.bins.values():
        count, reach = cover.hits[one.name], reaches.get(one.name)
        kind = "hit" if count else "never" if reach is not None and reach.status == "unreachable" else "missed"
        text = ""
        if kind == "never":
            text = "unreachable (proved)"
        elif kind == "missed" and reach is not None and reach.case is not None:
            text = f"<pre>{escape(chr(10).join(describe_case(reach.case, cover.definition)))}</pre>"
        rows.append(
            f'<tr class="{kind}"><td>{escape(one.group)}</td><td>{escape(one.name)}</td>'
            f'<td class="n">{count:,}</td><td>{text}</td></tr>'
        )
    return (
        f"<h2>{escape(cover.definition.syntax.text)}</h2><p>{escape(cover.definition.documentation)}</p>"
        f'<div class="bar"><div style="width:{percent:.1f}%"></div></div>'
        f"<details{'' if hit == reachable else ' open'}><summary>{hit} of {reachable} bins, {percent:.1f} %, "
        f"{cover.executed:,} executed</summary>"
        f"<table><tr><th>kind</th><th>bin</th><th>hits</th><th>hit it with</th></tr>{''.join(rows)}</table></details>"
    )
