"""What is simulated: the user's Verilog files, their top module, and PicoRV32; the tools that can run it."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from iss.errors import MissingFile, NeuroHartError

TOOLS = ("verilator", "icarus")
_EXECUTABLES = {"verilator": ("verilator", "make", "g++"), "icarus": ("iverilog", "vvp")}
_PACKAGES = {"vvp": "iverilog"}  # where they are called otherwise
_PORTS = ("clk resetn pcpi_valid pcpi_insn pcpi_rs1 pcpi_rs2", "pcpi_wr pcpi_rd pcpi_wait pcpi_ready")
THIRD_OPERAND = "pcpi_rs3"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*\Z")


@dataclass(frozen=True, slots=True)
class Design:
    """Verilog files in the order of compilation, the module with PCPI's ports, and values for its parameters.

    The module has PicoRV32's PCPI ports (README of PicoRV32, "Pico Co-Processor Interface") and, if it wants rd's old
    value, an input `pcpi_rs3` of 32 bits. Without `top` the core has no unit: RV32IM alone.
    """

    sources: tuple[Path, ...] = ()
    top: str | None = None
    parameters: Mapping[str, int] = field(default_factory=dict)

    def texts(self) -> list[str]:
        """The files' contents; NeuroHartError if one cannot be read."""
        return [_text(path) for path in self.sources]

    def unit(self) -> str:
        """The module `neurohart_unit` that core.v instantiates: the user's, by its own name and parameters."""
        inputs, outputs = (ports.split() for ports in _PORTS)
        if self.top is None:
            connections = "assign {pcpi_wr, pcpi_rd, pcpi_wait, pcpi_ready} = 35'b0;"
        else:
            named = [*inputs, *outputs]
            if any(re.search(rf"\b{THIRD_OPERAND}\b", text) for text in self.texts()):
                named.append(THIRD_OPERAND)
            values = ", ".join(f".{name}({_literal(value)})" for name, value in sorted(self.parameters.items()))
            ports = ", ".join(f".{name}({name})" for name in named)
            connections = f"{self.top} {f'#({values}) ' if values else ''}unit ({ports});"
        return _UNIT.format(connections=connections)

    def checked(self) -> Design:
        """Return itself; NeuroHartError if names cannot be right or files are missing."""
        if (self.top is None) != (not self.sources):
            raise NeuroHartError(
                "Verilog files and the name of their top module go together: verilog=[...], top='name'"
            )
        for name in (self.top or "unit", *self.parameters):
            if not _NAME.match(name):
                raise NeuroHartError(f"{name!r} is no Verilog name; expected letters, digits and _")
        for name, value in self.parameters.items():
            if not isinstance(value, int) or not -(1 << 31) <= value < 1 << 32:
                raise NeuroHartError(f"parameter {name} = {value!r}: expected a number of 32 bits")
        self.texts()
        return self


_UNIT = """\
module neurohart_unit (
    input wire clk, input wire resetn,
    input wire pcpi_valid, input wire [31:0] pcpi_insn, input wire [31:0] pcpi_rs1, input wire [31:0] pcpi_rs2,
    input wire [31:0] pcpi_rs3,
    output wire pcpi_wr, output wire [31:0] pcpi_rd, output wire pcpi_wait, output wire pcpi_ready
);
    {connections}
endmodule
"""


def _literal(value: int) -> str:
    return f"32'h{value & 0xFFFF_FFFF:08x}"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise MissingFile(f"{path}: cannot be read ({error.strerror}); expected a Verilog file") from None


@cache
def picorv32() -> Path:
    """Where picorv32.v is installed; NeuroHartError if it is not."""
    found = importlib.util.find_spec("pythondata_cpu_picorv32")
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / "verilog" / "picorv32.v"
        if path.is_file():
            return path
    raise NeuroHartError("the core PicoRV32 is not installed; run `pip install pythondata-cpu-picorv32`")


def available_tools() -> list[str]:
    """The simulators of TOOLS that are installed, the fastest first."""
    return [tool for tool in TOOLS if not _absent(tool)]


def _absent(tool: str) -> list[str]:
    """The programs that a simulator needs and that are not installed."""
    return [program for program in _EXECUTABLES[tool] if shutil.which(program) is None]


def missing() -> str | None:
    """Why Verilog cannot be simulated here, None if it can."""
    if not available_tools():
        return (
            "neither Verilator nor Icarus Verilog is installed; run `apt-get install verilator g++ make` (or iverilog)"
        )
    try:
        picorv32()
    except NeuroHartError as error:
        return str(error)
    return None


def choose_tool(wanted: str | None) -> str:
    """Return the simulator to use; NeuroHartError if it, or every one, is missing."""
    if wanted is not None and wanted not in TOOLS:
        raise NeuroHartError(f"RTL simulator {wanted!r} is not known, expected one of {', '.join(TOOLS)}")
    tools = available_tools()
    if wanted is not None and wanted not in tools:
        absent = _absent(wanted)
        packages = " ".join(dict.fromkeys(_PACKAGES.get(program, program) for program in absent))
        raise NeuroHartError(f"{wanted} needs {', '.join(absent)}; run `apt-get install {packages}`")
    if not tools:
        raise NeuroHartError(str(missing()))
    return wanted or tools[0]


def digest(*parts: str | bytes) -> str:
    """A name for what is made of these parts."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "little") + data)
    return total.hexdigest()[:32]
