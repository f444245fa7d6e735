"""lcov's coverage format (man geninfo): how often each source line and function was executed, from the DWARF lines."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TextIO

import numpy as np

from iss.trace.block import TraceError
from iss.trace.reader import Trace


def executions(trace: Trace) -> Counter[int]:
    """How often the instruction at each address retired."""
    counts: Counter[int] = Counter()
    for view in trace.views():
        times = np.bincount(view.block.site, minlength=len(view.block.site_pc))
        for pc, count in zip(view.block.site_pc.tolist(), times.tolist(), strict=True):
            counts[pc] += count
    return counts


def write(trace: Trace, out: TextIO) -> None:
    """Write the coverage; a line was executed as often as the most executed of the places where its code begins.

    TraceError if the trace knows no source lines.
    """
    if not trace.lines:
        raise TraceError(
            "the trace has no source lines; build the program with -g and record it again, or name it with --program"
        )
    counts = executions(trace)
    hits: dict[str, dict[int, int]] = defaultdict(dict)
    for address, place in trace.lines.rows:
        if place is not None:
            known = hits[place.file]
            known[place.line] = max(known.get(place.line, 0), counts[address])
    functions: dict[str, list[tuple[int, str, int]]] = defaultdict(list)
    for symbol in trace.symbols.values():
        start = trace.lines.at(symbol.address)
        if symbol.kind == "function" and start is not None:
            functions[start.file].append((start.line, symbol.name, counts[symbol.address]))
    for file in sorted(hits):
        found = sorted(functions[file])
        out.write(f"TN:\nSF:{file}\n")
        out.writelines(f"FN:{line},{name}\n" for line, name, _ in found)
        out.writelines(f"FNDA:{count},{name}\n" for _, name, count in found)
        out.write(f"FNF:{len(found)}\nFNH:{sum(count > 0 for *_, count in found)}\n")
        out.writelines(f"DA:{line},{count}\n" for line, count in sorted(hits[file].items()))
        hit = sum(count > 0 for count in hits[file].values())
        out.write(f"LF:{len(hits[file])}\nLH:{hit}\nend_of_record\n")
