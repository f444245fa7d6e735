"""Dots in braille cells: two columns and four rows a character."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

BRAILLE = 0x2800
# Bit of a dot in a braille character, by row (0 to 3) and column (0, 1).
DOT_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
ROWS, COLUMNS = DOT_BITS.shape


def braille(dots: Iterable[Any], cells: int) -> str:
    """Return a line of `cells` characters with dots at (column, row)."""
    bits = np.zeros(cells, int)
    for column, row in dots:
        bits[column // COLUMNS] |= DOT_BITS[row, column % COLUMNS]
    return "".join(chr(BRAILLE + int(value)) for value in bits)
