"""ELF32 executables for RISC-V: the file header and the program headers (System V gABI chapters 4 and 5; RISC-V psABI).

pyelftools supplies the record layouts and names; its `elf.structs` alone is imported because `elf.elffile` brings the
whole DWARF reader along, which doubles the start-up time.
"""

from __future__ import annotations

from enum import IntFlag
from typing import TYPE_CHECKING, Any

from iss.loaders.elf_symbols import read_symbols
from iss.loaders.image import Image, LoadError, Segment, check_entry, check_segments, kib, refusal
from iss.memory.map import ADDRESS_SPACE

if TYPE_CHECKING:
    from elftools.elf.structs import ELFStructs

    from iss.loaders.lines import LineTable

MAGIC = b"\x7fELF"
MAXIMUM_PROGRAM_HEADERS = 256

REBUILD = "the file is damaged or truncated: build or copy it again"


class HeaderFlag(IntFlag):
    """e_flags of RISC-V files (psABI, "File Header")."""

    RVC = 0x01
    FLOAT_ABI = 0x06
    RVE = 0x08
    TSO = 0x10


class SegmentFlag(IntFlag):
    """p_flags (gABI, "Segment Permissions")."""

    EXECUTE = 1
    WRITE = 2
    READ = 4


def load(source: str, data: bytes, *, allow_compressed: bool = True) -> Image:
    """The image in the bytes of an ELF32 little-endian RISC-V executable; raises LoadError for anything else.

    Segments are placed at their physical addresses (p_paddr), as Spike and QEMU do; the entry, a virtual address, is
    translated through its segment.
    """
    if not data.startswith(MAGIC):
        raise refusal(
            source,
            f"not an ELF file (it starts with {data[:4].hex(' ') or 'nothing'}, expected 7f 45 4c 46)",
            "give an RV32 executable, or name the format of the file",
        )
    try:
        return _load(source, data, allow_compressed)
    except LoadError:
        raise
    except Exception as error:  # whatever pyelftools makes of bytes that the checks here did not foresee
        raise refusal(source, f"the ELF structure cannot be read ({type(error).__name__}: {error})", REBUILD) from error


def _load(source: str, data: bytes, allow_compressed: bool) -> Image:
    from elftools.elf.structs import ELFStructs

    structs = ELFStructs(little_endian=True, elfclass=32)
    structs.create_basic_structs()
    size = structs.Elf_Ehdr.sizeof()
    if len(data) < size:
        raise refusal(source, f"the ELF header is truncated: {len(data)} bytes, expected at least {size}", REBUILD)
    _check_identity(source, data)
    header = structs.Elf_Ehdr.parse(data[:size])
    _check_kind(source, header)
    structs.create_advanced_structs("ET_EXEC", "EM_RISCV", "ELFOSABI_SYSV")
    alignment = _check_flags(source, header.e_flags, allow_compressed)
    loads = _program_headers(source, data, header, structs)
    segments, entry = _segments(data, loads, header.e_entry, header.e_phoff + header.e_phnum * header.e_phentsize)
    ordered = check_segments(source, segments)
    check_entry(source, entry, ordered, alignment)
    return Image(entry, ordered, read_symbols(source, data, header, structs), source, lambda: _lines(data))


def _lines(data: bytes) -> LineTable:
    from iss.loaders.lines import read_lines

    return read_lines(data)


def _check_identity(source: str, data: bytes) -> None:
    """Refuse other word sizes and byte orders by e_ident, before anything that depends on them is read."""
    word_size, byte_order, version = data[4], data[5], data[6]
    if word_size == 2:
        raise refusal(source, "ELF64 file, expected ELF32", "build for 32 bits: -march=rv32im -mabi=ilp32")
    if word_size != 1:
        raise refusal(source, f"unknown ELF class {word_size}, expected 1 (32 bits)", REBUILD)
    if byte_order == 2:
        raise refusal(source, "big-endian ELF file, expected little-endian", "build without -mbig-endian")
    if byte_order != 1:
        raise refusal(source, f"unknown byte order {byte_order}, expected 1 (little-endian)", REBUILD)
    if version != 1:
        raise refusal(source, f"unknown ELF version (EI_VERSION is {version}), expected 1", REBUILD)


def _check_kind(source: str, header: Any) -> None:
    """Refuse every file that is not a RISC-V executable."""
    if header.e_version != "EV_CURRENT":
        raise refusal(source, f"unknown ELF version (e_version is {header.e_version}), expected 1", REBUILD)
    if header.e_machine != "EM_RISCV":
        raise refusal(
            source,
            f"built for another processor ({header.e_machine}), expected EM_RISCV",
            "build with a RISC-V compiler, such as riscv64-unknown-elf-gcc -march=rv32im -mabi=ilp32",
        )
    if header.e_type == "ET_REL":
        raise refusal(source, "relocatable object file, expected an executable", "link it first")
    if header.e_type == "ET_DYN":
        raise refusal(
            source,
            "shared object or position-independent executable, expected one linked to fixed addresses",
            "link with -static -no-pie",
        )
    if header.e_type != "ET_EXEC":
        raise refusal(source, f"not an executable (e_type is {header.e_type}, expected ET_EXEC)", "link a program")


def _check_flags(source: str, flags: int, allow_compressed: bool) -> int:
    """Refuse code this machine cannot run; returns the alignment of instructions in bytes."""
    if flags & HeaderFlag.FLOAT_ABI:
        name = {2: "single", 4: "double", 6: "quad"}[flags & HeaderFlag.FLOAT_ABI]
        raise refusal(
            source, f"built for the {name}-precision floating-point ABI, expected soft-float", "build with -mabi=ilp32"
        )
    if flags & HeaderFlag.RVE:
        raise refusal(source, "built for RV32E (16 registers), expected RV32I", "build with -march=rv32im -mabi=ilp32")
    unknown = flags & ~int(HeaderFlag.RVC | HeaderFlag.FLOAT_ABI | HeaderFlag.RVE | HeaderFlag.TSO)
    if unknown:
        raise refusal(source, f"unknown bits {unknown:#x} in e_flags ({flags:#x})", "build with a standard tool chain")
    if not flags & HeaderFlag.RVC:
        return 4
    if not allow_compressed:
        raise refusal(
            source,
            "contains compressed instructions, which the selected ISA does not have",
            "build with -march=rv32im or select an ISA with C, such as rv32imac",
        )
    return 2


def _program_headers(source: str, data: bytes, header: Any, structs: ELFStructs) -> list[tuple[int, Any]]:
    """Number and contents of the PT_LOAD headers that occupy memory."""
    count, offset, size = header.e_phnum, header.e_phoff, structs.Elf_Phdr.sizeof()
    if not count or not offset:
        raise refusal(source, "no program headers, so nothing to load", "link the file to an executable")
    if header.e_phentsize != size:
        raise refusal(source, f"program headers of {header.e_phentsize} bytes, expected {size}", REBUILD)
    if count > MAXIMUM_PROGRAM_HEADERS:
        raise refusal(source, f"{count} program headers, expected at most {MAXIMUM_PROGRAM_HEADERS}", REBUILD)
    if offset + count * size > len(data):
        raise refusal(
            source,
            f"program headers end at byte {offset + count * size}, but the file has {len(data)}",
            REBUILD,
        )
    loads = []
    for index in range(count):
        program = structs.Elf_Phdr.parse(data[offset + index * size : offset + (index + 1) * size])
        if program.p_type == "PT_INTERP":
            raise refusal(source, "dynamically linked: it asks for a run-time linker", "link with -static")
        if program.p_type == "PT_LOAD":
            _check_extent(source, f"segment {index}", program, len(data))
            if program.p_memsz:
                loads.append((index, program))
    if not loads:
        raise refusal(source, "no loadable segment", "link code or data into the program (PT_LOAD)")
    claimed = sum(program.p_filesz for _, program in loads)
    if claimed > 2 * len(data):  # neighbours may share a page, but copies without end would exhaust memory
        raise refusal(source, f"the segments claim {kib(claimed)} of a file of {kib(len(data))}", REBUILD)
    return loads


def _check_extent(source: str, name: str, program: Any, available: int) -> None:
    """Refuse a PT_LOAD header whose sizes cannot be true."""
    if program.p_filesz > program.p_memsz:
        raise refusal(
            source, f"{name} has {program.p_filesz} bytes in the file but only {program.p_memsz} in memory", REBUILD
        )
    if program.p_filesz and program.p_offset + program.p_filesz > available:
        raise refusal(
            source,
            f"{name} occupies bytes {program.p_offset} to {program.p_offset + program.p_filesz - 1}, "
            f"but the file has {available}",
            REBUILD,
        )
    for address in (program.p_vaddr, program.p_paddr):
        if address + program.p_memsz > ADDRESS_SPACE:
            raise refusal(
                source,
                f"{name} ({kib(program.p_memsz)} at {address:#010x}) wraps around the end of the 32-bit address space",
                "link the program at a lower address",
            )


def _segments(data: bytes, loads: list[tuple[int, Any]], entry: int, headers_end: int) -> tuple[list[Segment], int]:
    """The segments at their physical addresses and the entry translated the same way."""
    physical = any(program.p_paddr for _, program in loads)  # writers that know no p_paddr leave all of them 0
    segments, start = [], entry
    for _, program in loads:
        address = program.p_paddr if physical else program.p_vaddr
        contents = data[program.p_offset : program.p_offset + program.p_filesz]
        # The zeroed part belongs to the virtual address; start-up code that moves the data also clears it there.
        size = program.p_memsz if address == program.p_vaddr else program.p_filesz
        if program.p_vaddr <= entry < program.p_vaddr + program.p_memsz and program.p_flags & SegmentFlag.EXECUTE:
            start = entry - program.p_vaddr + address
        flags = _letters(program.p_flags)
        front = _headers_in_front(contents, headers_end) if program.p_offset == 0 else 0
        if front:
            segments.append(Segment(address, contents[:front], front, flags, optional=True))
        if size > front:
            segments.append(Segment(address + front, contents[front:], size - front, flags))
    return segments, start


def _headers_in_front(contents: bytes, headers_end: int) -> int:
    """How many bytes of a segment that starts with the file are its headers and the zeros up to the code.

    GNU ld lets the first segment begin a page before the address given with -Ttext, which may be outside of RAM.
    """
    code = contents[headers_end:].lstrip(b"\0")
    return (len(contents) - len(code)) & ~3 if headers_end <= len(contents) else 0


def _letters(flags: int) -> str:
    granted = (("r", SegmentFlag.READ), ("w", SegmentFlag.WRITE), ("x", SegmentFlag.EXECUTE))
    return "".join(letter for letter, bit in granted if flags & bit)
