"""How fast planted bugs are found and how small they get: `python -m tools.validation.planted_bugs [SEED ...]`.

A row for each bug of tests/extension/planted.py and seed: programs, instructions and time until it was found,
instructions left and time to get there. The exit code is 1 if one is not found in 30 seconds or left longer than 8.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from iss.errors import NeuroHartError
from tests.extension.planted import BUGS, Found, find

SECONDS = 30.0
LONGEST = 8


def main(seeds: list[int]) -> int:
    """Print the table; return the exit code."""
    found: list[Found] = []
    bad: list[str] = []
    for seed in seeds:
        for bug in BUGS:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    one = find(bug, Path(folder), seed=seed, programs=None, seconds=SECONDS)
                except (NeuroHartError, ValueError) as error:
                    one = None
                    print(error)
            if one is None:
                bad.append(f"{bug.name}, seed {seed}: not found")
                continue
            found.append(one)
            length = len(one.shrunk.lines)
            if length > LONGEST:
                bad.append(f"{bug.name}, seed {seed}: {length} instructions")
            print(
                f"{bug.name:<60} {one.programs:>4} programs {one.instructions:>8,} instructions {one.seconds:6.2f} s   "
                f"{one.shrunk.before:>5} -> {length} in {one.shrunk.seconds:5.2f} s, {one.shrunk.runs} runs"
            )
    times = sorted(one.seconds for one in found)
    shrinking = sorted(one.shrunk.seconds for one in found)
    lengths = sorted(len(one.shrunk.lines) for one in found)
    if found:
        print(
            f"{len(found)} of {len(BUGS) * len(seeds)} found; median {times[len(times) // 2]:.2f} s, "
            f"longest {times[-1]:.2f} s; "
            f"shrunk to {lengths[len(lengths) // 2]} (median), at most {lengths[-1]} instructions, in "
            f"{shrinking[len(shrinking) // 2]:.2f} s, at most {shrinking[-1]:.2f} s"
        )
    for line in bad:
        print(f"BAD {line}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main([int(text) for text in sys.argv[1:]] or [1]))
