"""Planted bugs of planted.toml: mistakes in implementations of the case studies, and what becomes of each."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from iss.extension.extension import Extension, ImplementationSpec
from iss.extension.implementations import make_implementation
from iss.extension.load import architecture_with, load_extensions
from iss.extension.lockstep import Session
from iss.extension.shrink import Shrunk, shrink

FOLDER = Path(__file__).resolve().parents[2] / "programs" / "extensions"


@dataclass(frozen=True)
class Bug:
    """A mistake in one file of a case study."""

    kind: str
    file: str
    old: str
    new: str

    @property
    def case(self) -> str:
        """The name of the extension."""
        return self.file.split("/")[0]

    @property
    def name(self) -> str:
        """What a test of it is called."""
        return f"{self.file}: {self.kind}"


BUGS = [
    Bug(**row) for row in tomllib.loads(Path(__file__).with_name("planted.toml").read_text(encoding="utf-8"))["bug"]
]
KINDS = {".c": "c", ".py": "python"}


@dataclass(frozen=True)
class Found:
    """What became of a planted bug."""

    bug: Bug
    programs: int
    instructions: int
    seconds: float
    shrunk: Shrunk


@cache
def extension_of(case: str) -> Extension:
    """Return the extension of a case study."""
    return next(iter(load_extensions(FOLDER / case / f"{case}.py")))


def plant(bug: Bug, folder: Path) -> tuple[Extension, ImplementationSpec]:
    """Write the changed file beside copies of the others; return the extension and the bad implementation."""
    source = FOLDER / bug.case
    for path in source.iterdir():
        if path.is_file():
            folder.joinpath(path.name).write_bytes(path.read_bytes())
    name = Path(bug.file).name
    text = source.joinpath(name).read_text(encoding="utf-8")
    if bug.old not in text:
        raise ValueError(f"{bug.name}: {bug.old!r} is not in the file")
    changed = folder / f"bad_{name}"
    changed.write_text(text.replace(bug.old, bug.new, 1), encoding="utf-8")
    extension = extension_of(bug.case)
    kind = "extension" if name == f"{bug.case}.py" else KINDS[changed.suffix]
    return extension, ImplementationSpec("bad", kind, str(changed), {}, changed.name)


def find(
    bug: Bug, folder: Path, *, seed: int = 1, programs: int | None = 2000, seconds: float | None = None
) -> Found | None:
    """Look for a planted bug; return what was found, shrunk, or None."""
    extension, spec = plant(bug, folder)
    architecture = architecture_with([extension])
    session = Session(extension, make_implementation(spec, extension, architecture), seed)
    try:
        for failure in session.run(count=programs, seconds=seconds):
            if failure is not None:
                progress = session.progress
                return Found(
                    bug, progress.programs, progress.instructions, progress.seconds, shrink(failure, architecture)
                )
        return None
    finally:
        session.close()
