"""Implementations in C: functions called by an interpreter that has them instead of the definitions.

The interpreter and the bridge (`iss.extension.c_model`) depend on the definitions alone and are kept in the cache; the
implementation's own file is compiled each time. All of it runs in a process of its own (`iss.extension.worker`).
"""

from __future__ import annotations

import ctypes
import hashlib
import shlex
import tempfile
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from iss.engines.custom import cache_directory, compile_c, compiler
from iss.errors import NeuroHartError
from iss.extension.c_model import OUTCOMES, PLACES, Signature, bridge_source, csr_functions, header, signature_of, unit
from iss.extension.dut_machine import MachineUnderTest, architecture_of
from iss.extension.extension import Extension, ImplementationSpec
from iss.extension.implementations import function_targets, target_path
from iss.extension.worker import Worker
from iss.isa.catalogue import Architecture
from iss.isa.csrs import CsrTable
from iss.isa.tracing import Unit
from iss.machine import Machine

LIBRARY_FLAGS = ("-std=gnu11", "-O2", "-g", "-fPIC", "-shared")


def make(spec: ImplementationSpec, extension: Extension, architecture: Architecture) -> Worker:
    """Return an implementation of kind c or library; NeuroHartError with what the compiler said, or what is missing."""
    libraries: dict[str, ctypes.CDLL] = {}
    functions: dict[str, int] = {}
    by_file = isinstance(spec.target, str)
    for mnemonic, (file, name) in function_targets(spec, extension).items():
        if file not in libraries:
            libraries[file] = _library(spec, extension, target_path(spec, extension, file))
        address = _address(libraries[file], name)
        if address is None and not by_file:
            raise NeuroHartError(f"{spec.location}: {file} has no function {name} for {mnemonic}")
        if address is not None:
            functions[mnemonic] = address
    if not functions:
        example = signature_of(extension.instructions.definitions[0])
        raise NeuroHartError(
            f"{spec.location}: {spec.target} has no function of {extension.name}; "
            f"expected such as `{example.declaration(extension.name, example.name)}`"
        )
    signatures = [signature_of(extension.instructions.by_mnemonic[mnemonic]) for mnemonic in functions]
    csrs = {}
    for name, kind in csr_functions(extension).items():
        addresses = [found for library in libraries.values() if (found := _address(library, name)) is not None]
        if addresses:
            csrs[name] = (kind, addresses[0])
    return Worker(_machine(spec.name, extension, signatures, list(functions.values()), csrs))


def _machine(
    name: str,
    extension: Extension,
    signatures: Sequence[Signature],
    functions: Sequence[int],
    csrs: dict[str, tuple[str, int]],
) -> MachineUnderTest:
    """Return a machine whose instructions call functions at these addresses."""
    kinds = {function: kind for function, (kind, _) in csrs.items()}
    architecture, called = _calling(extension, tuple(signatures), tuple(kinds.items()))
    bridge = ctypes.CDLL(str(_bridge(extension, signatures, kinds)))
    addresses = [*functions, *(address for _, address in csrs.values())]

    def connect(machine: Machine) -> None:
        machine.hart.coprocessor = Bridge(bridge, machine, addresses, called.functions)
        machine.engine.connect_unit(machine.hart.coprocessor)

    mnemonics = frozenset(signature.definition.mnemonic for signature in signatures)
    return MachineUnderTest(name, architecture, "interpreter", extension, mnemonics=mnemonics, connect=connect)


@lru_cache(maxsize=16)
def _calling(
    extension: Extension, signatures: tuple[Signature, ...], csrs: tuple[tuple[str, str], ...]
) -> tuple[Architecture, Unit]:
    """Return the architecture whose instructions call C functions."""
    kinds = dict(csrs)
    called = unit(signatures, kinds)
    meanings = {signature.definition.mnemonic: _meaning(signature) for signature in signatures}
    return architecture_of(extension, meanings, unit=called, csrs=_csr_table(extension, kinds, called)), called


class Bridge:
    """The functions of an implementation as the unit of a machine's hart."""

    def __init__(self, library: ctypes.CDLL, machine: Machine, addresses: Sequence[int], names: Any) -> None:
        state = machine.hart.state.buffer
        self._state = (ctypes.c_char * max(1, len(state))).from_buffer(state if state else bytearray(8))
        places = machine.engine.addresses() | {"state": ctypes.addressof(self._state)}
        given = [*(places[place] for place in PLACES), *addresses]
        library.nh_connect.restype = ctypes.c_void_p
        self._self = library.nh_connect((ctypes.c_void_p * len(given))(*given))
        self._library, self._names = library, tuple(names)

    def addresses(self) -> dict[str, int]:
        """Host addresses of everything that the interpreter calls."""
        found = {name: _address(self._library, f"call_{name}") or 0 for name in self._names}
        return {"self": self._self, "front": 0, **found}

    def __getattr__(self, name: str) -> Callable[..., int]:
        """Return a CSR's function, for a look at the CSR from outside."""
        function = getattr(self._library, f"call_{name}")
        function.restype = ctypes.c_uint32
        return lambda *values: int(function(ctypes.c_void_p(self._self), *map(ctypes.c_uint32, values)))


def _meaning(signature: Signature) -> Callable[[Any, Any], None]:
    """Return the meaning that calls the C function."""

    def meaning(hart: Any, insn: Any) -> None:
        hart.settle()
        values = []
        for parameter in signature.parameters:
            field = getattr(insn, parameter.field)
            values.append(hart.x[field] if parameter.is_register else field & 0xFFFF_FFFF)
        unit = hart.coprocessor
        result = getattr(unit, signature.name)(*values)
        outcome = unit.nh_outcome()
        if outcome == OUTCOMES["trap"]:
            hart.trap(unit.nh_cause(), unit.nh_value())
        if outcome == OUTCOMES["illegal"]:
            hart.illegal()
        if signature.jumps and outcome == OUTCOMES["jump"]:
            hart.jump(unit.nh_value())
        if signature.returns:
            hart.x[insn.rd] = result

    return meaning


def _csr_table(extension: Extension, functions: dict[str, str], called: Any) -> CsrTable:
    """Return the CSRs: those with functions are read and written by them."""
    table = CsrTable(extension.name, called, extension.states)
    for csr in extension.csrs:
        read, write = csr.read, csr.write
        if f"read_{csr.name}" in functions:
            read = _reader(f"read_{csr.name}")
        if f"write_{csr.name}" in functions:
            write = _writer(f"write_{csr.name}")
        table.define(csr.number, csr.name, csr.documentation, read, write)
    return table


def _reader(name: str) -> Callable[[Any], Any]:
    return lambda hart: getattr(hart.coprocessor, name)()


def _writer(name: str) -> Callable[[Any, Any], None]:
    def write(hart: Any, value: Any) -> None:
        getattr(hart.coprocessor, name)(value)

    return write


# Compiling --------------------------------------------------------------------------------------------------------
def _address(library: ctypes.CDLL, name: str) -> int | None:
    try:
        return ctypes.cast(getattr(library, name), ctypes.c_void_p).value
    except AttributeError:
        return None


def _library(spec: ImplementationSpec, extension: Extension, path: Path) -> ctypes.CDLL:
    """Return the implementation's library: as it is, or compiled from its C file."""
    if spec.kind == "library":
        return _open(path, spec.location)
    flags = shlex.split(str(spec.options.get("flags", "")))
    folder = model_folder(extension)
    with tempfile.TemporaryDirectory() as made:
        output = Path(made, f"{path.stem}.so")
        compile_c([*LIBRARY_FLAGS, f"-I{folder}", f"-I{path.parent}", *flags, str(path)], output)
        return _open(output, spec.location)


def _open(path: Path, where: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(str(path.resolve()))
    except OSError as error:
        raise NeuroHartError(f"{where}: {path} cannot be used as a library: {error}") from None


def model_folder(extension: Extension) -> Path:
    """Return the folder with the header that C implementations include."""
    text = header(extension)
    folder = cache_directory() / f"model_{hashlib.sha256(text.encode()).hexdigest()[:24]}"
    _keep(folder / f"{extension.name}_model.h", text)
    return folder


def _keep(path: Path, text: str) -> None:
    """Write a file of the cache, complete or not at all."""
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
            file.write(text)
        Path(file.name).replace(path)
    except OSError as error:
        raise NeuroHartError(f"{path.parent}: cannot be written ({error.strerror}); set XDG_CACHE_HOME") from None


def _bridge(extension: Extension, signatures: Sequence[Signature], csrs: dict[str, str]) -> Path:
    """Return a bridge of its own for this machine: it keeps its state in static memory."""
    source = bridge_source(extension, signatures, csrs)
    folder = model_folder(extension)
    key = hashlib.sha256("\0".join((source, *compiler(), *LIBRARY_FLAGS)).encode()).hexdigest()[:24]
    path = folder / f"bridge_{key}.so"
    if not path.exists():
        _keep(path.with_suffix(".c"), source)
        with tempfile.TemporaryDirectory(dir=folder) as made:
            output = Path(made, path.name)
            compile_c([*LIBRARY_FLAGS, "-w", f"-I{folder}", str(path.with_suffix(".c"))], output)
            output.replace(path)
    return path
