"""`neurohart isa`: the instructions and CSRs of an architecture, read from their definitions."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from iss.builtin import builtin_architecture, extensions, full_architecture, loaded_extensions
from iss.cli.exit_codes import ExitCode, Failure, failing
from iss.isa.catalogue import Architecture, Extension
from iss.isa.definitions import Definition
from iss.isa.picture import bit_fields

if TYPE_CHECKING:
    from iss.isa.csrs import Csr

NAME = "isa"
HELP = "Show instructions and CSRs with their encodings."
EXAMPLE = """\
examples:
  neurohart isa                          every extension with all instructions
  neurohart isa rv32im                   those of an ISA string
  neurohart isa --extension m            one extension
  neurohart isa mulhsu                   one instruction: bit fields, text, meaning
  neurohart isa --csrs                   the CSRs
  neurohart isa --json                   everything, for programs
"""
MACHINE = "machine"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `isa`."""
    parser.usage = "neurohart isa [OPTIONS] [ISA | MNEMONIC]"
    parser.add_argument("what", nargs="?", metavar="ISA | MNEMONIC", help="an ISA string or the name of an instruction")
    parser.add_argument("--extension", metavar="NAME", help="only this extension")
    parser.add_argument("--csrs", action="store_true", help="show CSRs instead of instructions")
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(args: argparse.Namespace) -> int:
    """Carry out `isa`; raises Failure."""
    architecture = builtin_architecture() if loaded_extensions() else full_architecture()
    what = args.what
    if what is not None and what.lower() in architecture.instructions.by_mnemonic:
        definition = architecture.instructions.by_mnemonic[what.lower()]
        print(json.dumps(_instruction(definition), indent=2)) if args.json else _show_instruction(definition)
        return ExitCode.OK
    if what is not None:
        if not what.lower().startswith("rv"):
            raise Failure(_unknown(what, architecture), ExitCode.USAGE)
        with failing(ExitCode.USAGE):
            architecture = builtin_architecture(what)
    names = (*extensions(), *(extension.name for extension in loaded_extensions()), MACHINE)
    if args.extension is not None and args.extension not in names:
        known = ", ".join(names)
        raise Failure(f"extension {args.extension!r} is not known, expected one of {known}", ExitCode.USAGE)
    groups = [group for group in _groups(architecture) if args.extension in (None, group.name)]
    if args.json:
        print(json.dumps([_extension(group) for group in groups], indent=2))
    elif sys.stdout.isatty():
        _show_tables(groups, args.csrs)
    else:
        _show_text(groups, args.csrs)
    return ExitCode.OK


def _unknown(name: str, architecture: Architecture) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), architecture.instructions.by_mnemonic, n=3)
    cure = f"did you mean {' or '.join(near)}?" if near else "expected a mnemonic or an ISA such as rv32im_zicsr"
    return f"{name!r} is no instruction here and no ISA; {cure}"


def _groups(architecture: Architecture) -> list[Extension]:
    """Return the extensions of an architecture, machine mode, which is always there, as the last."""
    from iss.isa import csrs, privileged

    title = "Machine mode, always present"
    return [*architecture.extensions, Extension(MACHINE, title, privileged.privileged, csrs.machine)]


# The same facts three ways -----------------------------------------------------------------------------------------
def _instruction(definition: Definition) -> dict[str, Any]:
    return {
        "mnemonic": definition.mnemonic,
        "syntax": definition.syntax.text,
        "encoding": definition.encoding.pattern,
        "match": f"{definition.encoding.match:#010x}",
        "mask": f"{definition.encoding.mask:#010x}",
        "extension": definition.extension,
        "cost_class": definition.cost_class,
        "cycles": definition.cycles,
        "documentation": definition.documentation,
    }


def _extension(group: Extension) -> dict[str, Any]:
    return {
        "name": group.name,
        "title": group.title,
        "needs": list(group.needs),
        "instructions": [_instruction(definition) for definition in group.instructions or ()],
        "csrs": [
            {
                "number": f"{csr.number:#05x}",
                "name": csr.name,
                "access": _access(csr),
                "documentation": csr.documentation,
            }
            for csr in group.csrs or ()
        ],
    }


def _access(csr: Csr) -> str:
    return "read-write" if csr.write is not None else "read-only"


def _rows(group: Extension, with_csrs: bool) -> list[tuple[str, str, str]]:
    """Return (first column, second column, documentation)."""
    if with_csrs:
        return [(f"{csr.number:#05x} {csr.name}", _access(csr), csr.documentation) for csr in group.csrs or ()]
    return [(item.syntax.text, item.encoding.pattern, item.documentation) for item in group.instructions or ()]


def _show_text(groups: list[Extension], with_csrs: bool) -> None:
    for group in groups:
        rows = _rows(group, with_csrs)
        if not rows:
            continue
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        print(f"{group.name}: {group.title}")
        for first, second, documentation in rows:
            print(f"  {first:<{widths[0]}}  {second:<{widths[1]}}  {documentation}")


def _show_tables(groups: list[Extension], with_csrs: bool) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    for group in groups:
        rows = _rows(group, with_csrs)
        if not rows:
            continue
        title = f"[bold]{group.name}[/]  {group.title}"
        table = Table(box=SIMPLE, title=title, title_justify="left", title_style="", show_header=False, pad_edge=False)
        table.add_column(style="cyan", no_wrap=True)
        table.add_column(style="dim")
        table.add_column()
        for row in rows:
            table.add_row(*row)
        console.print(table)


def _show_instruction(definition: Definition) -> None:
    print(f"{definition.syntax.text}    ({definition.extension})\n  {definition.documentation}\n")
    print(bit_fields(definition.encoding))
    cycles = f"{definition.cycles}" if definition.cycles is not None else f"of class {definition.cost_class}"
    print(f"\n  match {definition.encoding.match:#010x}  mask {definition.encoding.mask:#010x}  cycles {cycles}")
    print(f"  defined at {definition.location}")
