"""Valid files of every format give the right image; other people's tools write them where they can."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from iss.loaders import Image, LoadError, Segment, Symbol, load_image, place_image
from iss.memory.map import Region
from iss.memory.ram import Ram
from tests.loaders.elf_writer import BASE, CODE, DATA, DATA_ADDRESS, DATA_SIZE, SYMBOLS, ElfFile, R, W, X

OBJCOPY = shutil.which("riscv64-unknown-elf-objcopy")
GCC = shutil.which("riscv64-unknown-elf-gcc")
READELF = shutil.which("riscv64-unknown-elf-readelf")
needs_tools = pytest.mark.skipif(not (OBJCOPY and GCC and READELF), reason="no RISC-V binutils and gcc")


def load(path: Path, content: bytes | str, **options: object) -> Image:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_image(path, **options)  # type: ignore[arg-type]


def test_elf(tmp_path: Path) -> None:
    image = load(tmp_path / "program", ElfFile().build())
    assert image == Image(
        entry=BASE,
        segments=(Segment(BASE, CODE, len(CODE), "rx"), Segment(DATA_ADDRESS, DATA, DATA_SIZE, "rw")),
        symbols={
            "helper": Symbol("helper", BASE + 4, 4, "function"),
            "shadowed": Symbol("shadowed", BASE + 12, 4, "function"),
            "_start": Symbol("_start", BASE, 16, "function"),
            "tohost": Symbol("tohost", DATA_ADDRESS, 8, "object"),
            "stack_size": Symbol("stack_size", 0x400, 0, "absolute"),
        },
        source=str(tmp_path / "program"),
    )


def test_elf_without_sections_has_no_symbols(tmp_path: Path) -> None:
    image = load(tmp_path / "stripped.elf", ElfFile(with_sections=False).build())
    assert not image.symbols
    assert image.segments[0].data == CODE


def test_elf_without_symbol_table(tmp_path: Path) -> None:
    image = load(tmp_path / "program.elf", ElfFile(sections={3: {"type": 1}}).build())
    assert not image.symbols


def test_elf_undecodable_symbol_name(tmp_path: Path) -> None:
    image = load(tmp_path / "program.elf", ElfFile(symbols=(*SYMBOLS[:3], (b"\xff", BASE, 0, 0x12, 1))).build())
    assert image.symbols["\\xff"].address == BASE


def test_elf_is_placed_at_physical_addresses(tmp_path: Path) -> None:
    """Initialised data waits behind the code; start-up code moves it and clears what follows it there."""
    moved = ElfFile(programs={1: {"paddr": BASE + 0x10}})
    image = load(tmp_path / "program.elf", moved.build())
    assert image.segments[1] == Segment(BASE + 0x10, DATA, len(DATA), "rw")


def test_elf_entry_is_translated(tmp_path: Path) -> None:
    high = ElfFile(header={"entry": 0xC000_0004}, programs={0: {"vaddr": 0xC000_0000}})
    assert load(tmp_path / "program.elf", high.build()).entry == BASE + 4


def test_elf_without_physical_addresses(tmp_path: Path) -> None:
    """Some writers leave every p_paddr zero and mean the virtual addresses."""
    zero = ElfFile(programs={0: {"paddr": 0}, 1: {"paddr": 0}})
    assert [segment.address for segment in load(tmp_path / "program.elf", zero.build()).segments] == [
        BASE,
        DATA_ADDRESS,
    ]


def test_elf_of_zeros_only_needs_no_bytes(tmp_path: Path) -> None:
    """Offsets of a segment without bytes in the file mean nothing (GNU ld writes such for .bss)."""
    image = load(tmp_path / "program.elf", ElfFile(programs={1: {"filesz": 0, "offset": 0xFFFF_FFFF}}).build())
    assert image.segments[1] == Segment(DATA_ADDRESS, b"", DATA_SIZE, "rw")


def test_compressed_elf(tmp_path: Path) -> None:
    compressed = ElfFile(header={"flags": 1, "entry": BASE + 2}).build()
    assert load(tmp_path / "program.elf", compressed).entry == BASE + 2
    with pytest.raises(LoadError, match="compressed"):
        load(tmp_path / "program.elf", compressed, allow_compressed=False)


def test_total_store_ordering_is_fine(tmp_path: Path) -> None:
    assert load(tmp_path / "program.elf", ElfFile(header={"flags": 0x10}).build()).entry == BASE


def test_binary(tmp_path: Path) -> None:
    assert load(tmp_path / "program.bin", CODE) == Image(
        BASE, (Segment(BASE, CODE, len(CODE), "rwx"),), {}, str(tmp_path / "program.bin")
    )
    moved = load(tmp_path / "program.bin", CODE, base=0x8010_0000)
    assert (moved.entry, moved.segments[0].address) == (0x8010_0000, 0x8010_0000)


def test_format_wins_over_content(tmp_path: Path) -> None:
    assert load(tmp_path / "program.elf", ElfFile().build(), format="binary").segments[0].data.startswith(b"\x7fELF")
    assert load(tmp_path / "text.c", "int x;\n", format="binary").segments[0].data == b"int x;\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_intel_hex_records(tmp_path: Path, newline: str) -> None:
    """Extended linear and segment addresses, both start addresses, blank lines, trailing blanks."""
    lines = [":020000040001F9", ":0400000000112233 96 ".replace(" ", "") + " ", "", ":020000022000DC", ":01000000AA55",
             ":0400000500010002F4", ":00000001FF", ""]  # fmt: skip
    image = load(tmp_path / "program.hex", newline.join(lines))
    assert image.segments == (
        Segment(0x0001_0000, bytes.fromhex("00112233"), 4, "rwx"),
        Segment(0x0002_0000, b"\xaa", 1, "rwx"),
    )
    assert image.entry == 0x0001_0002


def test_intel_hex_segmented_start(tmp_path: Path) -> None:
    content = ":020000021000EC\n:0400000000112233 96\n:0400000310000002E7\n:00000001FF\n".replace(" ", "")
    assert load(tmp_path / "program", content).entry == 0x1_0002


def test_intel_hex_without_start_begins_at_its_lowest_address(tmp_path: Path) -> None:
    content = ":02000004800179\n:020000000000FE\n:0200000480007A\n:020000000000FE\n:00000001FF\n"
    image = load(tmp_path / "program.ihex", content)
    assert image.entry == 0x8000_0000
    assert len(image.segments) == 2


@pytest.mark.parametrize(
    ("content", "options", "segments"),
    [
        ("@80000000\n13 05 50\n00 6f", {}, [(BASE, "130550006f")]),
        ("13 05 50 00", {}, [(BASE, "13055000")]),
        ("@8000_0000_ 1_3 05", {}, [(BASE, "1305")]),
        ("// words\n@20000000 /* not\nhere */ 00500513\n0000006F\n", {}, [(BASE, "130550006f000000")]),
        ("0513 0050", {}, [(BASE, "13055000")]),
        ("0513 0050", {"base": 0x8000_1000}, [(BASE + 0x1000, "13055000")]),
        ("@4\n0513 0050", {"base": BASE}, [(BASE + 8, "13055000")]),
        ("0050_0513 6f", {"width": 4}, [(BASE, "130550006f000000")]),
        ("0513 50", {"width": 2}, [(BASE, "13055000")]),
        ("00500513 6f", {}, [(BASE, "130550006f000000")]),
        ("@40000008\n0013\n@40000000\n0513 0050\n@40000002\n006f", {}, [(BASE, "130550006f00"), (BASE + 16, "1300")]),
        ("@80000000\r\n13 05\r\n", {}, [(BASE, "1305")]),
    ],
)
def test_verilog_hex(tmp_path: Path, content: str, options: dict[str, object], segments: list[tuple[int, str]]) -> None:
    image = load(tmp_path / "program.hex", content, **options)
    assert [(segment.address, segment.data.hex()) for segment in image.segments] == segments
    assert image.entry == segments[0][0]


PROGRAM = """
#include <stdint.h>
volatile uint32_t tohost[2];
int32_t table[] = {1, -2, 3, 0x12345678};
static volatile char buffer[5000];
const char text[] = "odd";
void _start(void) {
    for (unsigned i = 0; i < sizeof text; i++) buffer[i] = text[i];
    tohost[0] = (uint32_t)table[2];
    for (;;) { }
}
"""


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("linked")
    (directory / "program.c").write_text(PROGRAM)
    assert GCC
    subprocess.run(
        [GCC, "-march=rv32im", "-mabi=ilp32", "-nostdlib", "-ffreestanding", "-O1", "-g", "-Ttext=0x80000000",
         "-o", "program.elf", "program.c"],
        cwd=directory, check=True, capture_output=True,
    )  # fmt: skip
    return directory / "program.elf"


def flat(image: Image) -> bytes:
    """The first bytes of a RAM the image was placed in."""
    ram = Ram(Region(BASE, 0x10000))
    place_image(image, ram)
    return ram.read(BASE, ram.size)


@needs_tools
@pytest.mark.parametrize(
    ("suffix", "arguments", "options"),
    [
        (".bin", ["-O", "binary"], {}),
        (".hex", ["-O", "ihex"], {}),
        (".vhex", ["-O", "verilog"], {}),
        (".mem", ["-O", "verilog", "--verilog-data-width=2"], {}),
        (".mem", ["-O", "verilog", "--verilog-data-width=4"], {}),
    ],
)
def test_objcopy_agrees(linked: Path, suffix: str, arguments: list[str], options: dict[str, object]) -> None:
    """Whatever objcopy turns the program into, the memory is the same."""
    assert OBJCOPY
    output = linked.with_suffix(suffix)
    subprocess.run([OBJCOPY, *arguments, str(linked), str(output)], check=True, capture_output=True)
    elf, other = load_image(linked), load_image(output)
    assert flat(other) == flat(elf)
    assert other.entry == elf.entry


@needs_tools
def test_readelf_agrees(linked: Path) -> None:
    assert READELF
    image = load_image(linked)
    text = subprocess.run([READELF, "-lW", str(linked)], check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in text.splitlines() if line.split()[:1] == ["LOAD"]]
    expected = [(int(row[3], 16), int(row[4], 16), int(row[5], 16), "".join(row[6:-1]).lower()) for row in rows]
    actual = [
        (segment.address, len(segment.data), segment.size, segment.flags.replace("x", "e"))
        for segment in image.segments
    ]
    if image.segments[0].optional:
        headers, code = actual[:2]
        actual[:2] = [(headers[0], headers[1] + code[1], headers[2] + code[2], code[3])]
    assert actual == sorted(expected)


@needs_tools
def test_headers_in_front_of_ram_are_left_out(linked: Path) -> None:
    """GNU ld's default layout for -Ttext=0x80000000 maps the ELF header to the page below."""
    image = load_image(linked)
    assert [(segment.address, segment.optional) for segment in image.segments[:2]] == [
        (BASE - 0x1000, True),
        (BASE, False),
    ]
    assert flat(image)[:16] == image.segments[1].data[:16]


@needs_tools
def test_symbols_agree_with_readelf(linked: Path) -> None:
    assert READELF
    image = load_image(linked)
    text = subprocess.run([READELF, "-sW", str(linked)], check=True, capture_output=True, text=True).stdout
    kinds = {"FUNC": "function", "OBJECT": "object"}
    for row in (line.split() for line in text.splitlines()):
        if len(row) == 8 and row[3] in kinds:
            assert image.symbols[row[7]] == Symbol(row[7], int(row[1], 16), int(row[2]), kinds[row[3]])
    assert image.symbols["tohost"].size == 8
    assert image.entry == image.symbols["_start"].address


@needs_tools
def test_strip_leaves_a_loadable_program(linked: Path, tmp_path: Path) -> None:
    assert OBJCOPY
    stripped = tmp_path / "stripped"
    subprocess.run([OBJCOPY, "--strip-all", str(linked), str(stripped)], check=True)
    assert flat(load_image(stripped)) == flat(load_image(linked))
    assert not load_image(stripped).symbols


def test_segment_flags(tmp_path: Path) -> None:
    image = load(tmp_path / "program.elf", ElfFile(programs={0: {"flags": R | W | X}, 1: {"flags": W}}).build())
    assert [segment.flags for segment in image.segments] == ["rwx", "w"]
