"""What fills the bins of a coverage: the user's tests, random programs of `ext test`, firmware, older counts."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from iss.errors import NeuroHartError
from iss.extension.cover import Cover, read_counts
from iss.extension.load import COVER_VARIABLE


def run_tests(covers: Sequence[Cover], tests: Sequence[Path]) -> None:
    """Add what tests execute on the reference engine; NeuroHartError if they do not pass."""
    with tempfile.TemporaryDirectory(prefix="neurohart-") as folder:
        command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", *map(str, tests)]
        environment = os.environ | {COVER_VARIABLE: folder}
        environment["PYTHONPATH"] = os.pathsep.join(entry for entry in sys.path if entry)
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            raise NeuroHartError(f"{', '.join(map(str, tests))}: the tests do not pass:\n{done.stdout[-3000:]}")
        for path in sorted(Path(folder).iterdir()):
            add_file(covers, path)


def add_file(covers: Sequence[Cover], path: Path) -> None:
    """Add the counts in a file; NeuroHartError if it is no coverage of one of these extensions."""
    for counts in read_counts(path):
        fitting = [cover for cover in covers if cover.extension.name == counts.get("extension")]
        for cover in fitting or covers[:1]:
            cover.add(counts, str(path))


def run_programs(
    covers: Sequence[Cover], count: int, seed: int, progress: Callable[[int, int], None] | None = None
) -> None:
    """Add what so many random programs execute; the covers have to be watched."""
    from iss.extension.dut_machine import specification
    from iss.extension.programs import LIMIT, Programs

    for cover in covers:
        programs = Programs(cover.extension, seed)
        machine = specification(cover.extension, "reference")
        for number in range(count):
            machine.records(programs.program(number), LIMIT)
            if progress is not None:
                progress(number + 1, count)


def run_firmware(covers: Sequence[Cover], path: Path, limit: int) -> None:
    """Add what a program executes; the covers have to be watched."""
    from iss.extension.load import architecture_with
    from iss.machine import Machine

    machine = Machine(architecture_with([cover.extension for cover in covers]), "reference")
    machine.load(path)
    machine.run(limit)
