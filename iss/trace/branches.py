"""The conditional branches of a program, also those that no run comes to, from its code and its source lines."""

from __future__ import annotations

import numpy as np

from iss.loaders.image import Image
from iss.trace.block import Array
from iss.trace.jumps import branch_offset, is_branch


def branches(image: Image) -> list[int]:
    """Addresses of the branches in code that has source lines.

    Words between instructions that look like branches are left out unless they lead into such code, too.
    """
    rows = image.lines.rows
    starts = np.array([address for address, _ in rows], np.int64)
    known = np.array([place is not None for _, place in rows], bool)

    def has_line(addresses: Array) -> Array:
        row = np.searchsorted(starts, addresses, side="right") - 1
        found: Array = (row >= 0) & known[row]
        return found

    found: list[int] = []
    for segment in image.segments if len(rows) else ():
        skipped = -segment.address % 4
        words = np.frombuffer(segment.data[skipped : len(segment.data) - (len(segment.data) - skipped) % 4], "<u4")
        here = np.flatnonzero(is_branch(words))
        pcs = segment.address + skipped + 4 * here.astype(np.int64)
        targets = pcs + branch_offset(words[here].astype(np.int64))
        found += pcs[has_line(pcs) & has_line(targets) & (targets % 4 == 0)].tolist()
    return sorted(found)
