"""Builds RV32 programs for the tests, once for each content (cache directory keyed by a hash of all that goes in).

`NEUROHART_TEST_CACHE` moves the cache; the default is `neurohart-tests` in the user's cache directory.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from iss.memory.map import MemoryMap
from tests.oracles.toolchain import for_target

LINK_SCRIPT = Path(__file__).with_name("machine.ld")
ISA = "rv32im_zicsr_zifencei"


class BuildError(RuntimeError):
    """The compiler refused a program; the text holds its command and its messages."""


def cache_directory() -> Path:
    """Where built programs are kept; made when missing."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    directory = Path(os.environ.get("NEUROHART_TEST_CACHE") or Path(base) / "neurohart-tests")
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def run_compiler(command: Sequence[str]) -> None:
    """Run a compiler; raises BuildError with its messages."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"{' '.join(command)}\n{done.stderr.strip()}")


def cached(parts: Iterable[str | bytes], name: str, make: Callable[[Path], object]) -> Path:
    """The file `name` made by `make(path)` from all that `parts` tells; made only once for the same parts."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little") + data)
    target = cache_directory() / f"{digest.hexdigest()[:24]}-{name}"
    if not target.exists():
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix="building-")
        os.close(handle)
        try:
            make(Path(temporary))
            os.replace(temporary, target)
        finally:
            Path(temporary).unlink(missing_ok=True)
    return target


@cache
def _tree(directory: Path) -> bytes:
    """The content of all headers in a directory (not below it) as one hash."""
    digest = hashlib.sha256()
    for path in sorted(directory.iterdir()):
        if path.suffix in (".h", ".inc"):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.digest()


@cache
def link_script() -> Path:
    """machine.ld with the addresses of the simulator's memory map."""
    ram = MemoryMap().ram
    text = f"__ram_base = {ram.base:#x};\n__ram_size = {ram.size:#x};\n{LINK_SCRIPT.read_text()}"
    return cached([text], "machine.ld", lambda path: path.write_text(text))


@dataclass(frozen=True)
class Program:
    """What is needed to build one ELF file; `included` names files that the sources include besides headers."""

    name: str
    sources: tuple[Path, ...]
    include: tuple[Path, ...] = ()
    flags: tuple[str, ...] = ()
    included: tuple[Path, ...] = ()
    isa: str = ISA
    libraries: tuple[str, ...] = ()
    entry: str = "_start"
    freestanding: bool = True
    own_layout: bool = True
    """Link with machine.ld; else as the flags have it."""

    def build(self) -> Path:
        """The built ELF file, linked for the machine's RAM; raises BuildError, ToolMissing."""
        command = [
            *for_target(self.isa),
            "-static",
            *(["-nostdlib"] if self.freestanding else []),
            *self.flags,
            *(f"-I{directory}" for directory in self.include),
            *(["-T", str(link_script())] if self.own_layout else []),
            f"-Wl,-e,{self.entry}",
            "-Wl,--build-id=none",
        ]
        files = [str(path) for path in self.sources]
        content = [path.read_bytes() for path in (*self.sources, *self.included)]
        headers = [_tree(directory) for directory in self.include]
        return cached(
            [*command, *files, *self.libraries, *content, *headers],
            f"{self.name}.elf",
            lambda path: run_compiler([*command, *files, *self.libraries, "-o", str(path)]),
        )
