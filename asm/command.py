"""The sub-commands `asm` and `disasm`. Exit codes: 0 done, 1 errors in the input or the output file, 2 usage."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from asm.assemble import assemble
from asm.disassembler import Disassembled, Disassembler, Symbolizer
from asm.formats import FORMATS, write_atomically
from asm.layout import linker_script
from asm.source import Source
from iss.builtin import builtin_architecture
from iss.errors import NeuroHartError
from iss.isa.catalogue import DEFAULT_ISA

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
_SUFFIXES: Final = {"elf": ".elf", "bin": ".bin", "ihex": ".hex", "listing": ".lst"}

ASM_EXAMPLE: Final = """\
examples:
  neurohart asm start.S main.S -o program.elf      assemble and link two sources
  neurohart asm blink.S --format bin -D SPEED=3    a flat binary, with a symbol from outside
  neurohart asm blink.S --listing -                 show addresses, words and source lines
"""
DISASM_EXAMPLE: Final = """\
examples:
  neurohart disasm program.elf                      the code of a program
  neurohart disasm --words 0x00c58533 0x8067        single instruction words
  neurohart disasm flash.bin --base 0x80000000      a flat binary
"""


def _number(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number such as 0x80000000") from None


def _definition(text: str) -> tuple[str, int]:
    name, given, value = text.partition("=")
    if not name.replace("_", "a").replace(".", "a").isalnum() or name[:1].isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} does not define a symbol; expected NAME or NAME=VALUE")
    return name, _number(value) if given else 1


def _section_start(text: str) -> tuple[str, int]:
    name, given, value = text.partition("=")
    if not name or not given:
        raise argparse.ArgumentTypeError(f"{text!r} places no section; expected SECTION=ADDRESS, as .data=0x80010000")
    return name, _number(value)


def add_asm_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `asm`."""
    parser.description = "Assemble and link RISC-V sources (GNU as syntax) to a program."
    parser.epilog = ASM_EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="assembly source; - reads standard input")
    parser.add_argument("-o", "--output", metavar="FILE", help="what to write (default: the first source's name)")
    parser.add_argument("--format", choices=sorted(FORMATS), help="default: elf, or what the output's suffix says")
    parser.add_argument("--listing", metavar="FILE", help="also write a listing; - for standard output")
    parser.add_argument("-I", "--include", metavar="DIR", action="append", default=[], help="look for files there")
    parser.add_argument(
        "-D", "--define", metavar="NAME[=VALUE]", type=_definition, action="append", default=[], help="define a symbol"
    )
    parser.add_argument("--isa", default=DEFAULT_ISA, help="instruction set (default: %(default)s)")
    parser.add_argument("--base", type=_number, metavar="ADDRESS", help="where code starts (default: start of RAM)")
    parser.add_argument("--entry", default="_start", metavar="SYMBOL", help="entry symbol (default: %(default)s)")
    parser.add_argument(
        "--section-start",
        metavar="SECTION=ADDRESS",
        type=_section_start,
        action="append",
        default=[],
        help="place a section at an address",
    )
    parser.add_argument("--no-debug", action="store_true", help="leave out the line table")
    parser.add_argument("--no-relax-branches", action="store_true", help="refuse branches that do not reach")
    parser.add_argument("--no-cross-check", action="store_true", help="do not compare encodings with riscv-assembler")
    parser.add_argument("--fatal-warnings", action="store_true", help="treat warnings as errors")
    parser.add_argument(
        "--print-linker-script", action="store_true", help="print the memory layout as a GNU ld script, and stop"
    )


def add_disasm_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `disasm`."""
    parser.description = "Show the instructions of a program or of single words."
    parser.epilog = DISASM_EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("program", nargs="?", metavar="PROGRAM", help="ELF, Intel HEX, Verilog hex or binary")
    parser.add_argument("--words", nargs="+", type=_number, metavar="WORD", help="instruction words to show")
    parser.add_argument("--isa", default=DEFAULT_ISA, help="instruction set (default: %(default)s)")
    parser.add_argument("--base", type=_number, metavar="ADDRESS", help="address of a flat binary or of the words")
    parser.add_argument("--format", help="format of the program, where its suffix does not tell")
    parser.add_argument("--no-aliases", action="store_true", help="write no pseudo-instructions")
    parser.add_argument("--all", action="store_true", help="show data segments too, as words")


def run_asm(args: argparse.Namespace) -> int:
    """Carry out `asm`; messages go to standard error."""
    if args.print_linker_script:
        print(linker_script(), end="")
        return OK
    if not args.sources:
        print("neurohart asm: no source given; see neurohart asm --help", file=sys.stderr)
        return USAGE
    form = _output_format(args)
    output = _output_path(args, form)
    try:
        architecture = builtin_architecture(args.isa)
    except NeuroHartError as error:
        print(f"neurohart asm: {error}", file=sys.stderr)
        return USAGE
    try:
        program = assemble(
            [Source("<stdin>", sys.stdin.read()) if name == "-" else Path(name) for name in args.sources],
            architecture=architecture,
            base=args.base,
            include_paths=[Path(name) for name in args.include],
            defines=dict(args.define),
            section_addresses=dict(args.section_start),
            entry=args.entry,
            relax_branches=not args.no_relax_branches,
            debug=not args.no_debug,
            listing=bool(args.listing) or form == "listing",
            cross_check=not args.no_cross_check,
        )
        for warning in program.warnings:
            print(warning.render(), file=sys.stderr)
        if args.fatal_warnings and any(warning.severity == "warning" for warning in program.warnings):
            print("neurohart asm: warnings are errors (--fatal-warnings); nothing is written", file=sys.stderr)
            return FAILED
        outputs = [(output, FORMATS[form](program))]
        if args.listing:
            outputs.append((None if args.listing == "-" else Path(args.listing), FORMATS["listing"](program)))
        for path, content in outputs:
            _write(path, content)
    except NeuroHartError as error:
        print(error, file=sys.stderr)
        return FAILED
    except OSError as error:
        print(f"neurohart asm: cannot write {error.filename or output}: {error.strerror}", file=sys.stderr)
        return FAILED
    return OK


def _output_format(args: argparse.Namespace) -> str:
    if args.format:
        return str(args.format)
    suffix = Path(args.output or "").suffix
    return next((form for form, known in _SUFFIXES.items() if known == suffix), "elf")


def _output_path(args: argparse.Namespace, form: str) -> Path | None:
    if args.output == "-":
        return None
    if args.output:
        return Path(args.output)
    first = args.sources[0]
    return Path("a" if first == "-" else Path(first).name).with_suffix(_SUFFIXES[form])


def _write(path: Path | None, content: bytes) -> None:
    if path is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        write_atomically(path, content)


def run_disasm(args: argparse.Namespace) -> int:
    """Carry out `disasm`."""
    try:
        architecture = builtin_architecture(args.isa)
    except NeuroHartError as error:
        print(f"neurohart disasm: {error}", file=sys.stderr)
        return USAGE
    if args.words:
        wrong = [word for word in args.words if not 0 <= word <= 0xFFFF_FFFF]
        if wrong:
            print(f"neurohart disasm: {wrong[0]:#x} is not a 32-bit word", file=sys.stderr)
            return USAGE
        data = b"".join(word.to_bytes(4, "little") for word in args.words)
        for item in Disassembler(architecture, aliases=not args.no_aliases).run(data, args.base or 0):
            print(_row(item))
        return OK
    if not args.program:
        print("neurohart disasm: no program and no --words given; see neurohart disasm --help", file=sys.stderr)
        return USAGE
    from iss.loaders import load_image

    try:
        image = load_image(args.program, format=args.format, base=args.base)
    except (NeuroHartError, OSError) as error:
        print(f"neurohart disasm: {error}", file=sys.stderr)
        return FAILED
    symbols = {
        name: symbol.address
        for name, symbol in image.symbols.items()
        if symbol.kind != "absolute" and not name.startswith("$")
    }
    labels = Symbolizer(symbols)
    disassembler = Disassembler(architecture, symbols, not args.no_aliases)
    for segment in image.segments:
        if not args.all and "x" not in segment.flags:
            continue
        print(f"\n{segment.address:08x}..{segment.address + segment.size - 1:08x} ({segment.flags or 'no flags'})")
        for item in disassembler.run(bytes(segment.data), segment.address):
            for name in labels.exact(item.address):
                print(f"\n{item.address:08x} <{name}>:")
            print(_row(item))
    return OK


def _row(item: Disassembled) -> str:
    return f"{item.address:08x}:  {item.word:0{2 * item.size}x}  {item}"
