"""Every kind of broken program file with the words its refusal must contain; the command-line tests use it too."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.loaders.elf_writer import BASE, CODE, SYMBOLS, ElfFile, R, W

EOF = ":00000001FF\n"


@dataclass(frozen=True)
class Broken:
    """One row: `write(path)` makes the file, whose loading must fail with a message that contains `fragment`."""

    name: str
    suffix: str
    write: Callable[[Path], object]
    fragment: str
    options: dict[str, Any] = field(default_factory=dict)
    """Keyword arguments of `load_image`; rows without any behave so for every caller."""


def elf(
    name: str, fragment: str, options: dict[str, Any] | None = None, cut: int | None = None, **changes: Any
) -> Broken:
    """A row whose file is the valid ELF with changed fields, cut to its first `cut` bytes."""
    return Broken(f"elf-{name}", ".elf", lambda path: path.write_bytes(ElfFile(**changes).build()[:cut]), fragment,
                  options or {})  # fmt: skip


def text(name: str, suffix: str, content: str, fragment: str, **options: Any) -> Broken:
    """A row whose file is a text."""
    return Broken(f"{suffix[1:]}-{name}", suffix, lambda path: path.write_bytes(content.encode("latin-1")), fragment,
                  options)  # fmt: skip


def blob(name: str, suffix: str, content: bytes, fragment: str, **options: Any) -> Broken:
    """A row whose file is a sequence of bytes."""
    return Broken(name, suffix, lambda path: path.write_bytes(content), fragment, options)


def identity(position: int, value: int) -> bytes:
    """e_ident with one byte changed."""
    changed = bytearray(ElfFile().identity)
    changed[position] = value
    return bytes(changed)


def sparse(path: Path) -> None:
    """A file of 3 GiB that takes no room."""
    path.touch()
    os.truncate(path, 3 << 30)


VALID = len(ElfFile().build())

FILES = (
    Broken(
        "missing", ".elf", lambda path: None, "cannot be read (No such file or directory); check name and permissions"
    ),
    Broken("directory", "", lambda path: path.mkdir(), "a directory, expected a program"),
    Broken("fifo", ".bin", lambda path: os.mkfifo(path), "not a regular file"),
    Broken("gigabytes", ".bin", sparse, "the file has 3 GiB; at most 1 GiB are read"),
    blob("empty", ".bin", b"", "the file is empty; build or copy it again"),
    blob("source", ".c", b"int main(void) { return 0; }\n", "text, expected a program; assemble or compile it first"),
    blob("archive", ".a", b"!<arch>\nfoo.o/ \0\1\2", "an archive of object files, expected a program; link it"),
    blob("gzip", ".gz", b"\x1f\x8b\x08\0\0\0\0\0", "a gzip file, expected a program; unpack it"),
    blob(
        "no-elf", ".elf", b"\x13\0\0\0\x6f\0\0\0", "not an ELF file (it starts with 13 00 00 00, expected 7f 45 4c 46)"
    ),
    blob("format", ".bin", CODE, "unknown format 's19'; expected one of elf, binary, ihex, vhex", format="s19"),
    blob("base-odd", ".bin", CODE, "base address 0x80000001 is impossible", base=BASE + 1),
    blob("base-large", ".bin", CODE, "base address 0x100000000 is impossible", base=1 << 32),
    blob(
        "base-wraps", ".bin", CODE, "16 bytes at 0xfffffff8 wrap around the end of the 32-bit address", base=0xFFFF_FFF8
    ),
    elf("base", "a base address was given, but elf files say themselves where they belong", {"base": BASE}),
    elf("width", "a word width was given, but the file is elf, not vhex", {"width": 4}),
)

ELF = (
    elf("truncated-header", "the ELF header is truncated: 51 bytes, expected at least 52", cut=51),
    elf("magic-only", "the ELF header is truncated: 4 bytes", cut=4),
    elf("class-64", "ELF64 file, expected ELF32; build for 32 bits", identity=identity(4, 2)),
    elf("class-unknown", "unknown ELF class 7, expected 1", identity=identity(4, 7)),
    elf("big-endian", "big-endian ELF file, expected little-endian", identity=identity(5, 2)),
    elf("order-unknown", "unknown byte order 9, expected 1", identity=identity(5, 9)),
    elf("ident-version", "unknown ELF version (EI_VERSION is 2), expected 1", identity=identity(6, 2)),
    elf("version", "unknown ELF version (e_version is 3), expected 1", header={"version": 3}),
    elf("machine-arm", "built for another processor (EM_ARM), expected EM_RISCV", header={"machine": 40}),
    elf("machine-unknown", "built for another processor (60000), expected EM_RISCV", header={"machine": 60000}),
    elf("relocatable", "relocatable object file, expected an executable; link it first", header={"type": 1}),
    elf("shared", "shared object or position-independent executable", header={"type": 3}),
    elf("core", "not an executable (e_type is ET_CORE, expected ET_EXEC)", header={"type": 4}),
    elf("float-single", "built for the single-precision floating-point ABI, expected soft-float", header={"flags": 2}),
    elf("float-double", "built for the double-precision floating-point ABI", header={"flags": 4}),
    elf("rve", "built for RV32E (16 registers), expected RV32I", header={"flags": 8}),
    elf("flags", "unknown bits 0x8000 in e_flags (0x8000)", header={"flags": 0x8000}),
    elf("compressed", "contains compressed instructions, which the selected ISA does not have",
        options={"allow_compressed": False},        header={"flags": 1}),
    elf("no-programs", "no program headers, so nothing to load", header={"phnum": 0, "phoff": 0}),
    elf("program-size", "program headers of 56 bytes, expected 32", header={"phentsize": 56}),
    elf("program-count", "60000 program headers, expected at most 256", header={"phnum": 60000}),
    elf("program-offset", f"program headers end at byte 1000064, but the file has {VALID}",
        header={"phoff": 1_000_000}),
    elf("programs-cut", "program headers end at byte 116, but the file has 100", cut=100),
    elf("segment-cut", "segment 0 occupies bytes 116 to 131, but the file has 124", cut=124),
    elf("segment-offset", "segment 1 occupies bytes 4294967040 to 4294967043", programs={1: {"offset": 0xFFFF_FF00}}),
    elf("sizes", "segment 0 has 16 bytes in the file but only 8 in memory", programs={0: {"memsz": 8}}),
    elf("file-size", "segment 0 occupies bytes 116 to 2147483763, but the file has",
        programs={0: {"filesz": 1 << 31, "memsz": 1 << 31, "paddr": 0, "vaddr": 0}}),
    elf("gigabytes", "the segments need 3.5 GiB of memory; at most 2 GiB can be given",
        programs={0: {"vaddr": 0, "paddr": 0, "memsz": 0xE000_0000}}, header={"entry": 0}),
    elf("claims", "the segments claim",
        programs={n: {"type": 1, "filesz": 300, "memsz": 300, "paddr": n << 12} for n in range(8)}),
    elf("overlap", "segments 0x80000000..0x8000000f and 0x80000008..0x80000047 overlap",
        programs={1: {"vaddr": BASE + 8, "paddr": BASE + 8}}),
    elf("wraps", "segment 1 (64 bytes at 0xffffffe0) wraps around the end of the 32-bit address space",
        programs={1: {"vaddr": 0xFFFF_FFE0, "paddr": 0xFFFF_FFE0}}),
    elf("nothing-loadable", "no loadable segment; link code or data into the program",
        programs={0: {"type": 4}, 1: {"type": 6}}),
    elf("interpreter", "dynamically linked: it asks for a run-time linker; link with -static",
        programs={1: {"type": 3}}),
    elf("entry-zero", "entry 0x00000000 is outside of every executable segment (0x80000000..0x8000000f)",
        header={"entry": 0}),
    elf("entry-data", "entry 0x80001000 is outside of every executable segment", header={"entry": BASE + 0x1000}),
    elf("entry-end", "entry 0x80000010 is outside of every executable segment", header={"entry": BASE + 16}),
    elf("entry-misaligned", "entry 0x80000002 is misaligned; instructions of this file start at multiples of 4",
        header={"entry": BASE + 2}),
    elf("entry-odd", "entry 0x80000001 is misaligned; instructions of this file start at multiples of 2",
        header={"entry": BASE + 1, "flags": 1}),
    elf("not-executable", "entry 0x80000000 points nowhere: no segment is executable", programs={0: {"flags": R | W}}),
)  # fmt: skip

SYMBOL_TABLES = (
    elf("sections-cut", f"section headers end at byte {VALID}, but the file has {VALID - 1}", cut=VALID - 1),
    elf("section-size", "section headers of 64 bytes, expected 40", header={"shentsize": 64}),
    elf("section-none", "0 section headers at byte", header={"shnum": 0}),
    elf("section-offset", "5 section headers at byte 0 contradict each other", header={"shoff": 0}),
    elf("section-names", "section names are said to be in section 77 of 5", header={"shstrndx": 77}),
    elf("section-outside", "section 2 (1073741824 bytes at byte 132) ends outside of the file",
        sections={2: {"size": 1 << 30}}),
    elf("symbol-size", "has entries of 24 bytes, expected entries of 16", sections={3: {"entsize": 24}}),
    elf("symbol-table-size", "has entries of 16 bytes, expected entries of 16", sections={3: {"size": 30}}),
    elf("symbol-tables", "2 symbol tables, expected at most one", sections={2: {"type": 2}}),
    elf("strings-number", "the symbol table (section 3) names section 99 of 5 as its string table",
        sections={3: {"link": 99}}),
    elf("strings-kind", "the symbol table (section 3) names section 1 of 5 as its string table",
        sections={3: {"link": 1}}),
    elf("strings-end", "the string table (section 4) does not end with a zero byte", sections={4: {"size": 5}}),
    elf("symbol-name", "the name of symbol 7 is at byte", sections={4: {"size": 44}}),
    elf("symbol-section", "symbol 3 belongs to section 50 of 5",
        symbols=(*SYMBOLS[:3], (b"lost", BASE, 0, 0x12, 50))),
    elf("symbol-names-repeat", "the symbol names add up to far more than their",
        symbols=(*SYMBOLS[:3], *[(b"n" * 200_000, BASE, 0, 0x12, 1)] * 20)),
    elf("symbol-table-outside", "section 3 (176 bytes at byte 4294901760) ends outside of the file",
        sections={3: {"offset": 0xFFFF_0000}}),
)  # fmt: skip


def record(address: int, kind: int, data: bytes) -> str:
    """One Intel HEX record with its checksum."""
    body = bytes((len(data), address >> 8, address & 0xFF, kind)) + data
    return f":{(body + bytes((-sum(body) & 0xFF,))).hex().upper()}\n"


HIGH = record(0, 4, b"\x80\x00")
PROGRAM = record(0, 0, CODE)

IHEX = (
    text("checksum", ".hex", HIGH + PROGRAM.replace("13", "14", 1) + EOF, ":2: wrong checksum; the line was changed"),
    text("digits", ".hex", HIGH + PROGRAM[:-2] + "\n" + EOF, ":2: broken record, expected ':', length, address"),
    text("letters", ".hex", ":02000004zz\n" + EOF, ":1: broken record"),
    text("short", ".hex", HIGH + ":0000\n" + EOF, ":2: broken record"),
    text("length", ".hex", HIGH + ":04" + PROGRAM[3:] + EOF, ":2: the record's length differs from the number"),
    text("kind", ".hex", HIGH + record(0, 6, b"") + EOF, ":2: unknown record type, expected 00 to 05"),
    text("colon", ".hex", HIGH + PROGRAM[1:] + EOF, ":2: '100000001305500013051...' is not a record, expected ':'"),
    text("ascii", ".hex", HIGH + ":10\xb5\n" + EOF, ":2: characters that are not ASCII"),
    text("overlap", ".hex", HIGH + PROGRAM + record(8, 0, b"\0") + EOF,
         ":3: data for address 0x80000008 was already given"),
    text("no-end", ".hex", HIGH + PROGRAM, ":2: the end-of-file record (:00000001FF) is missing"),
    text("end-data", ".hex", PROGRAM + record(0, 1, b"\0"), ":2: broken record"),
    text("behind-end", ".hex", HIGH + PROGRAM + EOF + PROGRAM, ":4: data behind the end-of-file record"),
    text("two-starts", ".hex", PROGRAM + record(0, 5, bytes(4)) + record(0, 3, bytes(4)) + EOF, ":3: a second start"),
    text("no-data", ".hex", HIGH + EOF, "nothing to load; the file must contain code or data"),
    text("wraps", ".hex", record(0, 4, b"\xff\xff") + record(0xFFF8, 0, CODE) + EOF,
         "16 bytes at 0xfffffff8 wrap around"),
    text("entry", ".hex", HIGH + PROGRAM + record(0, 5, b"\x80\0\0\x40") + EOF,
         "entry 0x80000040 is outside of every executable segment"),
    text("entry-odd", ".hex", HIGH + PROGRAM + record(0, 5, b"\x80\0\0\x01") + EOF, "entry 0x80000001 is misaligned"),
    text("base", ".hex", HIGH + PROGRAM + EOF, "ihex files say themselves where they belong; leave it out", base=BASE),
    blob("ihex-binary", ".bin", b"\x7f\x01\x02", ":1: '\\x7f\\x01\\x02' is not a record", format="ihex"),
)  # fmt: skip

VHEX = (
    text("word", ".vhex", "13 05\n5g 00\n", ":2: '5g' is not a hexadecimal word; expected hexadecimal words"),
    text("prefix", ".mem", "0x13 0x05\n", ":1: '0x13' has unknown bits"),
    text("unknown", ".mem", "00000013\nxxxxxxxx\n", ":2: 'xxxxxxxx' has unknown bits (x or z); give every bit a value"),
    text("address", ".vhex", "13 05\n@8000000g\n13 05\n", ":2: '@8000000g' is not an address"),
    text("address-alone", ".vhex", "@\n13\n", ":1: '@' is not an address"),
    text("comment", ".vhex", "13 05 /* the\nrest\n", ":1: comment /* without end; close it with */"),
    text("empty", ".vhex", "// nothing\n/* at all */\n@80000000\n", "no data; expected hexadecimal words"),
    text("odd", ".mem", "123\n456\n", ":1: words of 3 hexadecimal digits, expected 2, 4 or 8"),
    text("wide", ".mem", "0123456789abcdef\n" * 2, ":1: words of 16 hexadecimal digits, expected 2, 4 or 8"),
    text("mixed", ".mem", "00000013\n0013\n00000013\n", ":2: word of 4 digits among words of 8 digits"),
    text("longer", ".mem", "13 00\n0000 13\n", ":2: word of 4 digits among words of 2 digits"),
    text("width", ".mem", "00000013\n", ":1: word of more than 4 digits; the memory's words have 2 bytes", width=2),
    text("width-3", ".mem", "000013\n", "memory words of 3 bytes; give a width of 1, 2 or 4", width=3),
    text("wraps", ".vhex", "@fffffff8\n" + "13 00 00 00 " * 4, ":1: 16 bytes at 0xfffffff8 lie outside of the 32-bit"),
    text("words-wrap", ".mem", "@80000000\n00000013\n", ":1: 4 bytes at 0x200000000 lie outside of the 32-bit address"),
    text("overlap", ".vhex", "@80000000\n13 00 00 00\n@80000002\n00 00\n",
         "segments 0x80000000..0x80000003 and 0x80000002"),
    text("entry", ".vhex", "@80000001\n13 00 00 00\n", "entry 0x80000001 is misaligned"),
    text("record", ".mem", "13 00\n:00000001FF\n", ":2: ':00000001FF' is not a hexadecimal word"),
    blob("vhex-binary", ".vhex", b"13 00\n\x93\x00", ":2: byte 0x93 is not text; expected hexadecimal words"),
)  # fmt: skip

BROKEN: tuple[Broken, ...] = (*FILES, *ELF, *SYMBOL_TABLES, *IHEX, *VHEX)
