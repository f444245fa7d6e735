"""Second implementations by kind: which module makes which. A new kind of implementation is a row of KINDS.

A row names `make(spec, extension, architecture) -> Implementation`; paths in the target are relative to the folder
of the extension's file and NeuroHartError says what is wrong with the target or the options.
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

from iss.errors import MissingFile, NeuroHartError
from iss.extension.dut import Implementation
from iss.extension.extension import Extension, ImplementationSpec
from iss.extension.load import architecture_with
from iss.isa.catalogue import Architecture

KINDS: dict[str, str] = {
    "c": "iss.extension.dut_c",
    "library": "iss.extension.dut_c",
    "python": "iss.extension.dut_machine",
    "extension": "iss.extension.dut_machine",
    "isa": "iss.extension.dut_machine",
    "verilog": "iss.extension.dut_verilog",
    "command": "iss.extension.dut_command",
    "spike": "iss.extension.dut_spike",
}


def make_implementation(spec: ImplementationSpec, extension: Extension, architecture: Architecture) -> Implementation:
    """Return the implementation that a spec describes; NeuroHartError if it cannot be made."""
    try:
        module = import_module(KINDS[spec.kind])
    except ImportError as error:
        raise NeuroHartError(
            f"{spec.location}: implementations of kind {spec.kind} need {error.name}, which is not installed"
        ) from None
    made: Implementation = module.make(spec, extension, architecture)
    return made


def target_path(spec: ImplementationSpec, extension: Extension, target: Any = None) -> Path:
    """Return the file a target names, which exists; MissingFile with the line of the spec if it does not."""
    name = spec.target if target is None else target
    path = extension.path.parent / str(name)
    if not path.is_file():
        raise MissingFile(f"{spec.location}: {path} is not there; expected the file of implementation {spec.name!r}")
    return path


def function_targets(spec: ImplementationSpec, extension: Extension) -> dict[str, tuple[str, str]]:
    """Return (file, function) for each mnemonic of a target `file`, `file:function` or {mnemonic: `file:function`}.

    A target that is a file alone has functions named like the instructions, with _ for what is no letter or digit.
    """
    if isinstance(spec.target, str):
        return {name: (spec.target, identifier(name)) for name in extension.instructions.by_mnemonic}
    targets = {}
    for mnemonic, target in spec.target.items():
        file, _, function = str(target).rpartition(":")
        if not file:
            raise NeuroHartError(f"{spec.location}: {mnemonic}: {target!r}, expected FILE:FUNCTION")
        targets[mnemonic] = (file, function)
    return targets


def identifier(mnemonic: str) -> str:
    """Return the name of an instruction's function: spk.lif is spk_lif."""
    return re.sub(r"\W", "_", mnemonic)


def implementation_specs(extension: Extension) -> dict[str, ImplementationSpec]:
    """Return every second implementation that an extension names, those of single instructions put together by kind."""
    found = dict(extension.implementations)
    targets: dict[str, dict[str, str]] = {}
    for mnemonic, details in extension.details.items():
        for kind, target in details.implementations.items():
            targets.setdefault(kind, {})[mnemonic] = target
    for kind, by_mnemonic in targets.items():
        name = kind if kind not in found else f"{kind} functions"
        found[name] = ImplementationSpec(name, kind, by_mnemonic, {}, extension.location)
    return found


ENGINES = "engines"
_SUFFIXES = {".c": "c", ".so": "library", ".py": "extension", ".v": "verilog", ".sv": "verilog"}


def find_implementation(extension: Extension, what: str) -> Implementation | None:
    """Return what a user names: an implementation of the extension, a file, an ISA string; None is `engines`.

    NeuroHartError says what there is, or why it cannot be made.
    """
    if what == ENGINES:
        return None
    specs = implementation_specs(extension)
    spec = specs.get(what)
    if spec is None:
        simple = "command" if "{elf}" in what else "isa" if what.startswith("rv32") else None
        if what == "spike":
            simple = what
        kind = simple or _SUFFIXES.get(Path(what).suffix)
        if kind is None:
            known = ", ".join([*specs, ENGINES])
            raise NeuroHartError(
                f"{extension.name} has no implementation {what!r}, expected one of {known}, spike, a file "
                "(.c, .so, .py, .v), an ISA string, or a command with {elf} in it"
            )
        if simple:
            options = {"folder": Path.cwd()} if simple == "command" else {}
            spec = ImplementationSpec(what.split(maxsplit=1)[0], simple, what, options, extension.location)
        else:
            path = Path(what).resolve()
            if kind == "extension" and path.is_file() and "Extension(" not in path.read_text(errors="replace"):
                kind = "python"
            spec = ImplementationSpec(what, kind, str(path), {}, what)
    return make_implementation(spec, extension, architecture_with([extension]))
