"""`neurohart trace convert`: a trace in another format."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from iss.cli.dumps import check_directory
from iss.cli.exit_codes import ExitCode, Failure, failing
from iss.cli.parsing import count
from iss.cli.trace_files import add_trace_arguments, open_trace
from iss.trace.filters import Filter
from iss.trace.formats import READERS, WITH_ENERGY, WRITERS, write_trace
from iss.trace.reader import KeptBlocks, Trace
from iss.trace.recorder import chosen

if TYPE_CHECKING:
    from coprocessor.energy import EnergyPreset

HELP = "Write a trace in another format."
EXAMPLE = (
    "Formats that are written:\n"
    + "".join(f"  {name:<10} {suffix:<11} {meaning}\n" for name, (suffix, meaning) in WRITERS.items())
    + f"""
Formats that are read: {", ".join(READERS)}; which one a file has is told by its content.

examples:
  neurohart trace convert digits.nht digits.json                  to be opened in ui.perfetto.dev
  neurohart trace convert spike.log spike.nht --program fw.elf    a log of Spike, with the symbols of its program
  neurohart trace convert digits.nht out.callgrind --energy default22
  neurohart trace convert digits.nht part.log --from 1000 --to 2000
"""
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `trace convert`."""
    parser.usage = "neurohart trace convert [OPTIONS] TRACE OUTPUT"
    parser.add_argument("trace", metavar="TRACE", help="a recorded trace, or one of another tool")
    parser.add_argument("output", metavar="OUTPUT", help="file to write, - for standard output")
    parser.add_argument("--to-format", choices=tuple(WRITERS), help="format to write (default: by the name of OUTPUT)")
    parser.add_argument("--filter", metavar="FILTER", help="these instructions only: see trace show --help")
    parser.add_argument(
        "--from", dest="begin", type=count, metavar="N", help="from the instruction with this number on"
    )
    parser.add_argument("--to", dest="end", type=count, metavar="N", help="up to before the one with this number")
    parser.add_argument(
        "--energy", metavar="PRESET", help="energies for callgrind and rvvi, see neurohart run --energy list"
    )
    add_trace_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Carry out `trace convert`; raises Failure."""
    format = args.to_format or _by_name(args.output)
    preset = None
    if args.energy is not None:
        from iss.cli.energy import find_preset

        if format not in WITH_ENERGY:
            text = f"--energy is for {' and '.join(WITH_ENERGY)}, and {format} has no energies; leave it out"
            raise Failure(text, ExitCode.USAGE)
        preset = find_preset(args.energy)
    if args.output != "-":
        check_directory(args.output)
    trace = _part(open_trace(args.trace, args), args)
    with failing(ExitCode.BAD_INPUT):
        if args.output == "-":
            _to_standard_output(trace, format, preset)
        else:
            _to_file(trace, args.output, format, preset)
    return ExitCode.OK


def _by_name(name: str) -> str:
    for format, (suffix, _) in WRITERS.items():
        if name.endswith(suffix):
            return format
    suffixes = ", ".join(suffix for suffix, _ in WRITERS.values())
    raise Failure(
        f"{name}: the name tells no format; end it with one of {suffixes}, or use --to-format", ExitCode.USAGE
    )


def _part(trace: Trace, args: argparse.Namespace) -> Trace:
    begin = 0 if args.begin is None else trace.index_of(args.begin)
    end = trace.count if args.end is None else trace.index_of(args.end)
    if (begin, end) != (0, trace.count):
        blocks = []
        for view in trace.views(begin, end):
            low, high = max(begin - view.base, 0), min(end - view.base, len(view))
            blocks.append(view.block.part(low, high, view.time(low)))
        trace = Trace(KeptBlocks(blocks), trace.description, trace.end)
    if args.filter:
        with failing(ExitCode.USAGE):
            wanted = Filter.parse(args.filter, trace)
        blocks = [chosen(view, wanted.mask(view)) for view in trace.views()]
        trace = Trace(KeptBlocks(blocks), trace.description, trace.end)
    return trace


def _to_file(trace: Trace, name: str, format: str, preset: EnergyPreset | None) -> None:
    """Write beside the file and move it there, so that a failure leaves what was there before."""
    if os.path.exists(name) and not os.path.isfile(name):
        write_trace(trace, name, format, preset)
        return
    folder = os.path.dirname(name) or "."
    descriptor, temporary = tempfile.mkstemp(prefix=f".{os.path.basename(name)}.", dir=folder)
    os.close(descriptor)
    try:
        write_trace(trace, temporary, format, preset)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, name)
    except OSError as error:
        raise Failure(f"{name}: cannot be written ({error.strerror}); nothing is kept", ExitCode.WRITE_ERROR) from None
    finally:
        Path(temporary).unlink(missing_ok=True)


def _to_standard_output(trace: Trace, format: str, preset: EnergyPreset | None) -> None:
    import shutil
    import sys

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "trace")
        write_trace(trace, path, format, preset)
        with open(path, "rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
