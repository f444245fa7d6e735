"""Every kind of wrong input to the command line, with the exit code and the words its one message must contain."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from iss.cli.exit_codes import ExitCode
from tests.cli.command import HELLO
from tests.loaders.broken import BROKEN, Broken

Prepare = Callable[[Path], list[object]]


def written(path: Path, content: bytes = b"") -> Path:
    """Write a file and return its path."""
    path.write_bytes(content)
    return path


def circular(path: Path) -> Path:
    """Make a symbolic link to itself and return its path."""
    os.symlink(path.name, path)
    return path


@dataclass(frozen=True)
class BrokenInput:
    """`prepare(folder)` makes the files and returns the command line; `{folder}` in `fragment` is that folder."""

    name: str
    code: ExitCode
    fragment: str
    prepare: Prepare


def usage(name: str, fragment: str, *arguments: object) -> BrokenInput:
    """A command line that is wrong by itself."""
    return BrokenInput(name, ExitCode.USAGE, fragment, lambda folder: list(arguments))


def source(name: str, code: ExitCode, fragment: str, text: str, *options: object) -> BrokenInput:
    """`run` of an assembly source; `{folder}` in an option is the folder."""

    def prepare(folder: Path) -> list[object]:
        path = folder / "program.S"
        path.write_text(text)
        return ["run", "--quiet", path, *(str(option).replace("{folder}", str(folder)) for option in options)]

    return BrokenInput(name, code, fragment, prepare)


def option(name: str, code: ExitCode, fragment: str, *options: object) -> BrokenInput:
    """`run` of a program that is right with options that are not."""
    return source(name, code, fragment, ".equ CODE, 0\n" + HELLO, *options)


def assembly(name: str, fragment: str, text: str, *options: object) -> BrokenInput:
    """`asm` of a wrong source."""

    def prepare(folder: Path) -> list[object]:
        path = folder / "wrong.s"
        path.write_text(text)
        return ["asm", path, "-o", folder / "wrong.elf", *options]

    return BrokenInput(f"asm-{name}", ExitCode.FAILED, fragment, prepare)


def manifest(name: str, code: ExitCode, fragment: str, text: str | None, *options: object) -> BrokenInput:
    """`run` of a program folder whose program.toml is `text`, with a source and an expectation that are right."""

    def prepare(folder: Path) -> list[object]:
        program = folder / "thing"
        program.mkdir()
        (program / "main.S").write_text(".equ CODE, 0\n" + HELLO)
        (program / "expect.json").write_text('{"exit_code": 0, "output": "hello\\n"}')
        if text is not None:
            (program / "program.toml").write_text(text)
        return ["run", "--quiet", program, *options]

    return BrokenInput(f"folder-{name}", code, fragment, prepare)


def expectation(name: str, code: ExitCode, fragment: str, text: str | None) -> BrokenInput:
    """`run --check` of a program folder whose expect.json is `text`."""
    right = manifest(name, code, fragment, MANIFEST, "--check")

    def prepare(folder: Path) -> list[object]:
        arguments = right.prepare(folder)
        path = folder / "thing" / "expect.json"
        path.unlink()
        if text is not None:
            path.write_text(text)
        return arguments

    return BrokenInput(f"check-{name}", code, fragment, prepare)


def device(name: str, fragment: str, text: str, spec: str = "{folder}/device.py:Thing@0x20000000") -> BrokenInput:
    """`run` with a device file that does not work."""
    right = option(name, ExitCode.BAD_INPUT, fragment, "--device", spec)

    def prepare(folder: Path) -> list[object]:
        (folder / "device.py").write_text(text)
        return right.prepare(folder)

    code = ExitCode.NO_INPUT if name == "missing" else ExitCode.BAD_INPUT
    return BrokenInput(f"device-{name}", code, fragment, prepare)


def file(name: str, code: ExitCode, fragment: str, prepare: Prepare) -> BrokenInput:
    """Anything else."""
    return BrokenInput(name, code, fragment, prepare)


def image(row: Broken) -> BrokenInput:
    """`run` of a broken program file."""

    def prepare(folder: Path) -> list[object]:
        path = folder / f"program{row.suffix}"
        row.write(path)
        return ["run", "--quiet", path]

    code = ExitCode.NO_INPUT if row.name == "missing" else ExitCode.BAD_INPUT
    return BrokenInput(f"image-{row.name}", code, row.fragment, prepare)


IMAGES = tuple(image(row) for row in BROKEN if not row.options and row.name != "directory")

COMMANDS = (
    usage("no-command", "usage: neurohart COMMAND"),
    usage("command", "unknown command 'rnu'; did you mean `neurohart run`?", "rnu"),
    usage("command-strange", "unknown command 'xyzzy'; expected one of run, ", "xyzzy"),
    usage("command-option", "unknown option '--verbose'; expected one of run, ", "--verbose"),
    file("command-file", ExitCode.USAGE, "to run a program: neurohart run {folder}/a.elf",
         lambda folder: [written(folder / "a.elf")]),
    usage("no-program", "no program given; expected neurohart run PROGRAM", "run"),
    usage("no-source", "no source given", "asm"),
    usage("no-words", "no program and no --words given", "disasm"),
    usage("second-program", "unrecognized arguments: b.elf; see neurohart run --help", "run", "a.elf", "b.elf"),
    usage("isa-instruction", "'mulhs' is no instruction here and no ISA; did you mean mulhsu", "isa", "mulhs"),
    usage("isa-string", "extension 'q' is not known, expected one of i, m, ", "isa", "rv32iq"),
    usage("isa-extension", "extension 'float' is not known, expected one of i, m, ", "isa", "--extension", "float"),
    usage("disasm-word", "'sixteen' is not a number such as 0x80000000", "disasm", "--words", "sixteen"),
    usage("disasm-isa", "ISA 'arm' is not understood", "disasm", "--isa", "arm", "--words", "0x13"),
    usage("asm-isa", "ISA 'rv64i' is not understood; expected something like rv32im", "asm", "--isa", "rv64i", "a.s"),
)  # fmt: skip

OPTIONS = (
    option("option", ExitCode.USAGE, "unrecognized arguments: --fast; see neurohart run --help", "--fast"),
    option("option-abbreviated", ExitCode.USAGE, "unrecognized arguments: --max 5", "--max", "5"),
    option("engine", ExitCode.USAGE, "argument --engine: invalid choice: 'warp'", "--engine", "warp"),
    option("isa", ExitCode.USAGE, "ISA 'rv32imz': extension 'z' is not known, expected one of", "--isa", "rv32imz"),
    option("isa-empty", ExitCode.USAGE, "ISA '' is not understood", "--isa", ""),
    option("isa-custom", ExitCode.USAGE, "extension 'xnope' is not known", "--isa", "rv32i_xnope"),
    option("timing", ExitCode.USAGE, "timing model 'slow' is not known, expected one of ideal, ", "--timing", "slow"),
    option("limit", ExitCode.USAGE, "'many' is not a count; expected one such as 5000", "--max-instructions", "many"),
    option("limit-fraction", ExitCode.USAGE, "'0.5' is not a count", "--max-instructions", "0.5"),
    option("limit-negative", ExitCode.USAGE, "'-0x5' is not a count", "--max-instructions=-0x5"),
    option("limit-missing", ExitCode.USAGE, "argument --max-instructions: expected one argument", "--max-instructions"),
    option("ram", ExitCode.USAGE, "'big' is not a size; expected one such as 64M", "--ram", "big"),
    option("ram-zero", ExitCode.USAGE, "ram (0 bytes at 0x80000000) is impossible", "--ram", "0"),
    option("ram-page", ExitCode.USAGE, "ram (5000 bytes at 0x80000000) is misaligned", "--ram", "5000"),
    option("ram-huge", ExitCode.USAGE, "is impossible; give at least one byte below", "--ram", "3G"),
    option("base", ExitCode.USAGE, "'0x100000000' is not an address", "--base", "0x100000000"),
    option("base-text", ExitCode.USAGE, "'here' is not an address; expected one such as 0x80000000", "--base", "here"),
    option("misaligned", ExitCode.USAGE, "argument --misaligned: invalid choice: 'maybe'", "--misaligned", "maybe"),
    option("define", ExitCode.USAGE, "'1=2' defines no symbol; expected NAME or NAME=NUMBER", "-D", "1=2"),
    option("define-value", ExitCode.USAGE, "'SPEED=fast' defines no symbol", "-D", "SPEED=fast"),
    option("form", ExitCode.USAGE, "--form is for program folders", "--form", "fine"),
    option("format", ExitCode.USAGE, "argument --format: invalid choice: 'coff'", "--format", "coff"),
    option("check", ExitCode.USAGE, "--check needs a program folder with expect.json", "--check"),
    option("trace-format", ExitCode.USAGE, "argument --trace-format: invalid choice: 'vcd'", "--trace-format", "vcd"),
    option("uart-input", ExitCode.NO_INPUT, "--uart-input /nowhere/in: cannot be read (No such file or directory)",
           "--uart-input", "/nowhere/in"),
    option("uart-input-directory", ExitCode.NO_INPUT, "cannot be read (Is a directory)", "--uart-input", "{folder}"),
    option("uart", ExitCode.WRITE_ERROR, "--uart /nowhere/out: cannot be written (No such file or directory)",
           "--uart", "/nowhere/out"),
    option("uart-full", ExitCode.WRITE_ERROR, "/dev/full: cannot be written (No space left on device); the run was end",
           "--uart", "/dev/full"),
    option("trace", ExitCode.WRITE_ERROR, "--trace {folder}: cannot be written (Is a directory)",
           "--trace", "{folder}"),
    option("trace-full", ExitCode.WRITE_ERROR, "/dev/full: cannot be written (No space left on device)",
           "--trace", "/dev/full"),
    option("json", ExitCode.WRITE_ERROR, "/nowhere/s.json: cannot be written (no directory /nowhere)",
           "--json", "/nowhere/s.json"),
    option("json-full", ExitCode.WRITE_ERROR, "/dev/full: cannot be written (No space left on device)",
           "--json", "/dev/full"),
    option("signature", ExitCode.BAD_INPUT, "--signature: the program has no symbol 'begin_signature'",
           "--signature", "{folder}/signature"),
    option("dump-symbol", ExitCode.BAD_INPUT, "--dump-memory: the program has no symbol 'heap'",
           "--dump-memory", "heap:4", "{folder}/dump"),
    option("dump-length", ExitCode.USAGE, "--dump-memory text: no length; expected SYMBOL:LENGTH or ADDRESS:LENGTH",
           "--dump-memory", "text", "{folder}/dump"),
    option("dump-outside", ExitCode.USAGE, "16 bytes at 0x00001000 are outside of RAM",
           "--dump-memory", "0x1000:16", "{folder}/dump"),
    option("dump-directory", ExitCode.WRITE_ERROR, "cannot be written (no directory /nowhere); create it",
           "--dump-memory", "text:6", "/nowhere/dump"),
)  # fmt: skip

FILES = (
    file("name", ExitCode.NO_INPUT, "nothing_of_this_name: no such file, nor a program of this name; the programs",
         lambda folder: ["run", "nothing_of_this_name"]),
    file("source-missing", ExitCode.NO_INPUT, "{folder}/a.S: cannot be read (No such file or directory)",
         lambda folder: ["run", folder / "a.S"]),
    file("directory", ExitCode.NO_INPUT, "{folder}/program.toml: cannot be read (No such file or directory); a program",
         lambda folder: ["run", folder]),
    file("link", ExitCode.NO_INPUT, "{folder}/loop.elf: cannot be read (Too many levels of symbolic links)",
         lambda folder: ["run", circular(folder / "loop.elf")]),
    file("disasm-missing", ExitCode.FAILED, "{folder}/a.elf: cannot be read (No such file or directory)",
         lambda folder: ["disasm", folder / "a.elf"]),
    file("asm-missing", ExitCode.FAILED, "{folder}/a.s: error: cannot read the source: No such file or directory",
         lambda folder: ["asm", folder / "a.s"]),
    file("asm-directory", ExitCode.FAILED, "cannot read the source: Is a directory", lambda folder: ["asm", folder]),
    file("asm-output", ExitCode.FAILED, "cannot write",
         lambda folder: ["asm", written(folder / "a.s", b"_start: nop"), "-o", "/nowhere/a"]),
    file("define-for-program", ExitCode.USAGE, "-D is for sources that are assembled",
         lambda folder: ["run", folder / "a.elf", "-D", "X"]),
    file("raw-format", ExitCode.BAD_INPUT, "not an ELF file",
         lambda folder: ["run", written(folder / "a", b"text"), "--format", "elf"]),
    file("ram-small", ExitCode.BAD_INPUT, "is outside of RAM (0x80000000..0x80000fff, 4 KiB); link or load",
         lambda folder: ["run", written(folder / "a.bin", bytes(8000)), "--ram", "4K"]),
)  # fmt: skip

GUESTS = (
    source("jump-nowhere", ExitCode.UNHANDLED_TRAP, "unhandled trap: instruction access fault (mtval 0x40000000)",
           "_start: li t0, 0x40000000\n jr t0"),
    source("illegal", ExitCode.UNHANDLED_TRAP, "unhandled trap: illegal instruction (mtval 0xffffffff) at 0x80000000",
           "_start: .word -1"),
    source("zero", ExitCode.UNHANDLED_TRAP, "unhandled trap: illegal instruction", "_start: .word 0"),
    source("misaligned-jump", ExitCode.UNHANDLED_TRAP, "instruction address misaligned (mtval 0x80000002)",
           "_start: la t0, _start + 2\n jr t0"),
    source("load-fault", ExitCode.UNHANDLED_TRAP, "load access fault (mtval 0x50000000)",
           "_start: li t0, 0x50000000\n lw t1, 0(t0)"),
    source("store-misaligned", ExitCode.UNHANDLED_TRAP, "store address misaligned",
           "_start: la t0, _start\n sw t0, 1(t0)"),
    source("handler-traps", ExitCode.UNHANDLED_TRAP, "; 0x8000000c is _start+0xc",
           "_start: la t0, handler\n csrw mtvec, t0\n ecall\n .balign 4\nhandler: ebreak"),
    source("multiply-without-m", ExitCode.UNHANDLED_TRAP, "is mul of m: add it to the ISA with --isa",
           "_start: .word 0x02c58533", "--isa", "rv32i_zicsr"),
    source("spike-without-xnm", ExitCode.UNHANDLED_TRAP, "is nm.popc of xnmspk: add it to the ISA with --isa",
           "_start: .insn r 0x0B, 0, 0, a0, a1, x0"),
    source("csr-without-xnm", ExitCode.UNHANDLED_TRAP, "accesses the CSR nm_ctl of xnmspk: add it to the ISA",
           "_start: csrr a0, 0x7c0"),
    source("asleep", ExitCode.ASLEEP, "wfi before pc 0x80000004 waits for ever: no interrupt can come",
           "_start: wfi\n j _start"),
    source("endless", ExitCode.LIMIT, "instruction limit reached at pc 0x80000000", "_start: j _start",
           "--max-instructions", "1k"),
    source("wrong-source", ExitCode.BAD_INPUT, 'program.S:1:9: error: unknown mnemonic "addd"; did you mean "add"?',
           "_start: addd a0, a1, a2"),
    source("source-wants-m", ExitCode.BAD_INPUT, "mul", "_start: mul a0, a1, a2", "--isa", "rv32i"),
)  # fmt: skip

ASSEMBLY = (
    assembly("mnemonic", 'wrong.s:1:1: error: unknown mnemonic "addd"; did you mean "add"?', "addd a0, a1, a2"),
    assembly("range", "wrong.s:1:17: error: immediate 5000 is out of range -2048..2047", "    add a0, a1, 5000"),
    assembly("register", 'wrong.s:1:10: error: "q1" is not a register', "addi a0, q1, 4"),
    assembly("operands", 'wrong.s:1:1: error: "add" takes 3 operands, found 2', "add a0, a1"),
    assembly("symbol", 'wrong.s:1:11: error: undefined symbol "nowhere"', "_start: j nowhere"),
    assembly("twice", 'wrong.s:2:1: error: symbol "a" is already defined at {folder}/wrong.s:1', "a: nop\na: nop"),
    assembly("directive", 'wrong.s:1:1: error: unknown directive ".frobnicate"', ".frobnicate 3"),
    assembly("expression", "wrong.s:1:10: error: expected an expression here", ".word 1 +"),
    assembly("string", "wrong.s:1:8: error: string is never closed", '.ascii "open'),
    assembly("include", 'cannot find "gone.inc"; looked in', '.include "gone.inc"'),
    assembly("macro", "wrong.s:1:1: error: .macro is never closed with .endm", ".macro m\n nop"),
    assembly("conditional", ".endif without .if before it", ".endif"),
    assembly("error", "wrong.s:1:1: error: not today", '.error "not today"'),
    assembly(
        "branch",
        "wrong.s:1:21: error: the target 0x80002004 is 8196 bytes away",
        "_start: beq a0, a1, far\n .space 8192\nfar: nop",
        "--no-relax-branches",
    ),
    assembly(
        "overlap",
        "error: section .data at 0x80000000 overlaps section .text",
        "_start: nop\n .data\n .word 1",
        "--section-start",
        ".data=0x80000000",
    ),
    assembly("entry", 'error: entry symbol "_begin" is not defined', "_start: nop", "--entry", "_begin"),
)

MANIFEST = 'name = "thing"\ndescription = "d"\ndefault = "a"\n[forms.a]\nsource = "main.S"\nisa = "rv32i_zicsr"\n'
BAD, MISSING, USAGE = ExitCode.BAD_INPUT, ExitCode.NO_INPUT, ExitCode.USAGE
FOLDERS = (
    manifest("manifest-missing", MISSING, "program.toml: cannot be read (No such file or directory); a program folder",
             None),
    manifest("toml", BAD, "program.toml: not valid TOML:", "name = \n"),
    manifest("empty", BAD, "program.toml: no form, expected at least one table [forms.NAME]", ""),
    manifest("forms", BAD, "`forms` is no table, expected [forms]", 'forms = "a"'),
    manifest("form", BAD, "form 'a' is no table, expected [forms.a]", "[forms]\na = 1"),
    manifest("source", BAD, '`forms.a.source` is missing or no text, expected source = "..."', "[forms.a]\nisa = 'x'"),
    manifest("source-missing", BAD, "form 'a': the source gone.S is not there", MANIFEST.replace("main.S", "gone.S")),
    manifest("isa", BAD, '`forms.a.isa` is missing or no text', "[forms.a]\nsource = 'main.S'"),
    manifest("isa-wrong", USAGE, "ISA 'rv32z'", MANIFEST.replace("rv32i_zicsr", "rv32z")),
    manifest("name", BAD, "`name` is missing or no text", MANIFEST.replace("name =", "title =")),
    manifest("default", BAD, "`default` names the form 'b', expected one of a", MANIFEST.replace('"a"', '"b"')),
    manifest("measure", BAD, "`measure.end` is missing or no text", MANIFEST + '[measure]\nbegin = "x"\n'),
    manifest("record-kind", BAD, "record 'r': kind 'u7', expected one of bitmap, u8, s32",
             MANIFEST + '[records.r]\nkind = "u7"\nshape = [1]\n'),
    manifest("record-shape", BAD, "record 'r': shape [0], expected a list of positive numbers",
             MANIFEST + '[records.r]\nkind = "u8"\nshape = [0]\n'),
    manifest("unknown-form", USAGE, "program thing has no form 'z', expected one of a", MANIFEST, "--form", "z"),
    manifest("format", USAGE, "--format is for files, and thing is a program folder", MANIFEST, "--format", "elf"),
    expectation("missing", MISSING, "expect.json: cannot be read (No such file or directory); run without --check",
                None),
    expectation("json", BAD, "expect.json: not valid JSON:", "{"),
    expectation("content", BAD, "expect.json: expected an object with `exit_code` (a number) and `output` (a text)",
                '{"exit_code": "0"}'),
    expectation("list", BAD, "expect.json: expected an object", "[1]"),
    expectation("exit-code", ExitCode.FAILED, "check failed: exit code 0, expected 3",
                '{"exit_code": 3, "output": "hello\\n"}'),
    expectation("output", ExitCode.FAILED, "check failed: output line 1 is 'hello\\n', expected 'hullo\\n'",
                '{"exit_code": 0, "output": "hullo\\n"}'),
    expectation("output-more", ExitCode.FAILED, "check failed: output line 2 is missing, expected 'bye\\n'",
                '{"exit_code": 0, "output": "hello\\nbye\\n"}'),
)  # fmt: skip

WORKING_DEVICE = "class Thing:\n size = 4\n def load(self, *a): return 0\n def store(self, *a): pass\n"
FAILING_DEVICE = "class Thing:\n def __init__(self): raise ValueError('no')\n"
DEVICES = (
    device("syntax", "importing it failed: SyntaxError: invalid syntax ({folder}/device.py:1)", "def"),
    device("import", "ModuleNotFoundError: No module named 'nonsense'", "import nonsense"),
    device("class", "no class 'Thing'; it has no class", ""),
    device("creation", "creating it failed: ValueError: no", FAILING_DEVICE),
    device("methods", "has no method load; a device needs size, load(offset, size)", "class Thing: pass"),
    device("missing", "device file {folder}/gone.py: not found", "", "{folder}/gone.py:Thing@0"),
    device("address", "'up' is not an address; expected FILE.py:CLASS@ADDRESS", "", "{folder}/device.py:Thing@up"),
    device("no-address", "no address; expected FILE.py:CLASS@ADDRESS", "", "{folder}/device.py:Thing"),
    device("overlap", "overlaps Uart16550 (0x10000000..0x100000ff); choose a free address", WORKING_DEVICE,
           "{folder}/device.py:Thing@0x10000000"),
)  # fmt: skip

ROWS: tuple[BrokenInput, ...] = (*COMMANDS, *OPTIONS, *FILES, *GUESTS, *ASSEMBLY, *FOLDERS, *DEVICES, *IMAGES)
