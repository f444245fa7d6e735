"""Compiles a design with Verilator or Icarus Verilog, once; kept in the cache under the hash of its inputs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from iss.engines.custom import cache_directory
from iss.errors import NeuroHartError
from iss.extension.rtl.design import Design, choose_tool, digest, picorv32

RAM_BYTES = 256 << 10
_HERE = Path(__file__).parent
_SECONDS = 300  # for the tools; a design of thousands of lines takes one minute
_UNIT_FILE = "neurohart_unit.v"
_DEFINE = "RISCV_FORMAL"
_BUILDER = "1"  # raised when the options below change what is built


@dataclass(frozen=True, slots=True)
class Built:
    """A simulator of a design: the tool, the file it made, and where the design's own files are."""

    tool: str
    path: Path
    folder: Path


def build(design: Design, tool: str | None = None) -> Built:
    """Compile a design or find it in the cache; NeuroHartError with file and line if the Verilog is wrong."""
    chosen = choose_tool(tool)
    core = picorv32()
    design = design.checked()
    folder = design.sources[0].resolve().parent if design.sources else _HERE
    inputs = [core, _HERE / "core.v", _HERE / ("driver.cpp" if chosen == "verilator" else "bench.v")]
    name = digest(
        _BUILDER, chosen, _version(chosen), design.unit(), *design.texts(), *(path.read_bytes() for path in inputs)
    )
    target = cache_directory() / f"rtl-{name}"
    if not target.is_file():
        with tempfile.TemporaryDirectory(prefix="neurohart-rtl-") as work:
            made = (_verilate if chosen == "verilator" else _compile_icarus)(design, core, Path(work), folder)
            _keep(made, target)
    return Built(chosen, target, folder)


def _keep(made: Path, target: Path) -> None:
    """Put a file into the cache, at once, so that two runs cannot disturb each other."""
    partial = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(made, partial)
        partial.replace(target)
    except OSError as error:
        raise NeuroHartError(
            f"{target.parent}: the compiled design cannot be kept there ({error.strerror or error}); "
            "set XDG_CACHE_HOME to a folder that can be written"
        ) from None


@cache
def _version(tool: str) -> str:
    command = ["verilator", "--version"] if tool == "verilator" else ["iverilog", "-V"]
    return _run(command, Path.cwd()).splitlines()[0]


def _verilate(design: Design, core: Path, work: Path, folder: Path) -> Path:
    """Make an executable of driver.cpp and the design."""
    unit = work / _UNIT_FILE
    unit.write_text(design.unit(), encoding="utf-8")
    objects = work / "objects"
    command = ["verilator", "--cc", "--exe", "-O3", "--x-assign", "fast", "--x-initial", "unique"]
    command += ["-Wno-fatal", "-Wno-lint", "-Wno-style", "-Wno-TIMESCALEMOD", f"+define+{_DEFINE}", f"-I{folder}"]
    command += ["--Mdir", str(objects), "--top-module", "neurohart_core", str(_HERE / "core.v"), str(unit)]
    _run([*command, *_paths(design), str(core), str(_HERE / "driver.cpp")], folder, design)
    runtime = cache_directory() / f"rtl-runtime-{digest(_BUILDER, _version('verilator'), os.environ.get('CXX', ''))}"
    for kept in runtime.glob("*.o"):  # Verilator's own library is the larger part of the work
        shutil.copy(kept, objects)  # newer than the makefile
    make = ["make", "--silent", f"--jobs={os.cpu_count() or 1}", "-C", str(objects), "-f", "Vneurohart_core.mk"]
    _run([*make, "OPT_FAST=-O2", "OPT_SLOW=-O0", "OPT_GLOBAL=-O1"], folder, design)
    for made in objects.glob("verilated*.o"):
        if not (runtime / made.name).exists():
            _keep(made, runtime / made.name)
    return objects / "Vneurohart_core"


def _compile_icarus(design: Design, core: Path, work: Path, folder: Path) -> Path:
    """Make a file for vvp of bench.v and the design."""
    unit, made = work / _UNIT_FILE, work / "design.vvp"
    unit.write_text(design.unit(), encoding="utf-8")
    command = ["iverilog", "-g2012", f"-D{_DEFINE}", "-I", str(folder), "-s", "neurohart_bench", "-o", str(made)]
    command += [f"-Pneurohart_bench.WORDS={RAM_BYTES // 4}", str(_HERE / "bench.v"), str(_HERE / "core.v"), str(unit)]
    _run([*command, *_paths(design), str(core)], folder, design)
    return made


def _paths(design: Design) -> list[str]:
    return [str(path.resolve()) for path in design.sources]


def _run(command: list[str], folder: Path, design: Design | None = None) -> str:
    """Run a tool and return what it prints; NeuroHartError with its first error if it fails."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
        )
    except OSError as error:
        raise NeuroHartError(f"{command[0]} cannot be started: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise NeuroHartError(f"{command[0]} has not finished after {_SECONDS} s; is the design very large?") from None
    if done.returncode != 0:
        raise NeuroHartError(_explain(command[0], done.stdout + done.stderr, design))
    return done.stdout


# Verilator: "%Error: file:line:column: text"; Icarus: "file:line: text" or "file:line: error: text".
_VERILATOR_ERROR = re.compile(r"^%Error(?:-\w+)?: (?:(?P<place>[^\s:]+:\d+):\d+: )?(?P<text>.*)$", re.MULTILINE)
_ICARUS_ERROR = re.compile(r"^(?P<place>[^\s:]+:\d+): (?:error: )?(?P<text>.*)$", re.MULTILINE)
_NO_PORT = re.compile(r"Pin not found: '(\w+)'|port ``(\w+)'' is not a port")
_NO_MODULE = re.compile(r"Cannot find file containing module: '(\w+)'|Unknown module type: (\w+)")


def _explain(tool: str, output: str, design: Design | None) -> str:
    """Turn a tool's first error into one line."""
    name = "Verilator" if tool == "verilator" else "Icarus Verilog" if tool == "iverilog" else tool
    top = design.top if design is not None else None
    if (port := _NO_PORT.search(output)) is not None and _UNIT_FILE in output:
        return f"module {top} has no port {port[1] or port[2]}; it needs the ports of PCPI ({name})"
    if (module := _NO_MODULE.search(output)) is not None:
        missing = module[1] or module[2]
        if missing == top and design is not None:
            files = ", ".join(str(path) for path in design.sources)
            return f"module {top} is in none of the files {files}; name the module with PCPI's ports as top= ({name})"
        return f"module {missing} is not defined; add its file to verilog=[...] ({name})"
    found = (_VERILATOR_ERROR if tool == "verilator" else _ICARUS_ERROR).search(output)
    if found is not None:
        return f"{found['place'] + ': ' if found['place'] else ''}{found['text']} ({name})"
    lines = [line for line in output.splitlines() if line.strip()]
    return f"{name} failed: {lines[-1] if lines else 'without a message'}"
