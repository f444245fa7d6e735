"""Implementations in Verilog: a unit on PicoRV32's coprocessor port (`iss.extension.rtl`) as test programs see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from iss.errors import MissingFile, NeuroHartError
from iss.extension.compare import halted
from iss.extension.dut import DATA, DATA_SIZE, HALTS, TOHOST, Run, TestProgram
from iss.extension.extension import Extension, ImplementationSpec
from iss.extension.rtl.design import Design
from iss.extension.rtl.protocol import End, Job, RtlRun
from iss.extension.rtl.simulator import RtlSimulator
from iss.isa.catalogue import Architecture

ABILITIES = frozenset({"state", "muldiv", HALTS})
"""PicoRV32 halts at a trap, and a unit on its port has no way to memory; CSRs only if the unit has them."""
_OPTIONS = "top, parameters, instructions, csr, simulator"


class VerilogImplementation:
    """A unit on PicoRV32. Programs end at their store to tohost or at their first trap, where the core halts."""

    def __init__(
        self, name: str, simulator: RtlSimulator, mnemonics: frozenset[str] | None = None, csr: bool = False
    ) -> None:
        self.name = name
        self.abilities = ABILITIES | {"csr"} if csr else ABILITIES
        self.mnemonics = mnemonics
        self._simulator = simulator

    def run(self, program: TestProgram, limit: int) -> Run:
        """Run a program; NeuroHartError if the simulator itself fails."""
        run = self._simulator.run(Job(program.flat(), limit, exit=TOHOST, dump=(DATA, DATA_SIZE)))
        retired = slice(0, len(run.pc) - 1 if run.end is End.TRAP else len(run.pc))
        known = run.end in (End.EXIT, End.LIMIT)
        return Run(
            run.pc[retired],
            run.word[retired],
            run.rd[retired],
            run.value[retired],
            x=tuple(run.x.tolist()) if known else None,
            data=run.memory if known else None,
            ended=_ended(run),
        )

    def close(self) -> None:
        """End the simulator."""
        self._simulator.close()


_ENDS = {  # without numbers, so that a shrunk program ends the same way
    End.EXIT: "exit",
    End.LIMIT: "limit",
    End.HUNG: "the core stands still",
    End.FINISHED: "the design called $finish or $stop",
    End.BUS: "an access outside of the memory",
    End.UNDEFINED: "undefined bits (x) in a result",
}


def _ended(run: RtlRun) -> str:
    if run.end is End.TRAP:
        return halted(int(run.pc[-1]))
    if run.end is End.HUNG and run.waiting:
        return "the unit does not answer: pcpi_wait is high, but pcpi_ready never comes"
    return _ENDS[run.end]


def make(spec: ImplementationSpec, extension: Extension, architecture: Architecture) -> VerilogImplementation:
    """Return the implementation `verilog=[files], top=module`; NeuroHartError for what is wrong with it.

    A single file needs no `top` if its module has its name. Options: `parameters` of the module; `instructions`, the
    mnemonics it has (default: all); `csr=True` if it answers the CSR instructions on the extension's CSRs, too;
    `simulator`, "verilator" or "icarus" (default: what is there).
    """
    options = dict(spec.options)
    top, parameters = options.pop("top", None), options.pop("parameters", {})
    mnemonics, csr = options.pop("instructions", None), options.pop("csr", False)
    tool = options.pop("simulator", None)
    files = [spec.target] if isinstance(spec.target, str) else spec.target
    try:
        if options:
            raise NeuroHartError(f"option {next(iter(options))} is not known, expected {_OPTIONS}")
        if top is None and isinstance(spec.target, str):
            top = Path(spec.target).stem
        if not isinstance(files, Iterable) or not isinstance(top, str) or not isinstance(parameters, Mapping):
            raise NeuroHartError("expected verilog=['FILE.v', ...], top='MODULE', parameters={'NAME': number}")
        unknown = sorted(set(mnemonics or ()) - set(extension.instructions.by_mnemonic))
        if unknown:
            raise NeuroHartError(f"{extension.name} has no instruction {unknown[0]!r}")
        design = Design(tuple(extension.path.parent / str(file) for file in files), top, dict[str, Any](parameters))
        simulator = RtlSimulator(design, tool)
    except NeuroHartError as error:
        kind = MissingFile if isinstance(error, MissingFile) else NeuroHartError
        raise kind(f"{spec.location}: implementation {spec.name!r}: {error}") from None
    return VerilogImplementation(
        spec.name, simulator, frozenset(mnemonics) if mnemonics is not None else None, bool(csr)
    )
