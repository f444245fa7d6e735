"""The tables of known encodings, judged by the assemblers and disassemblers that know them."""

from __future__ import annotations

import random
import re
import struct
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from iss.errors import NeuroHartError
from iss.extension.known import KINDS, SPACES, Catalogue, Known, known
from tests.oracles.toolchain import cross_compiler, require, spike_binary, zig

CATALOGUE = known()
BINUTILS = (
    "rv{xlen}imafdqcv_h_zicsr_zifencei_zicbom_zicbop_zicboz_zihintpause_zawrs_zfh_zba_zbb_zbc_zbs_zbkb_zbkc_zbkx_zknd_"
    "zkne_zknh_zksed_zksh_svinval_xtheadba_xtheadbb_xtheadbs_xtheadcmo_xtheadcondmov_xtheadfmemidx_xtheadmac_"
    "xtheadmemidx_xtheadmempair_xtheadsync"
)
NEWER_THAN_BINUTILS_2_40 = {"sctrclr", "lpad", "ntl.all", "ntl.p1", "ntl.pall", "ntl.s1"}
LOOSE = {"sfence.vm", "slli", "srli", "srai"}  # of an early draft; shifts by 32 or more in RV32


def objdump(words: Iterable[int], xlen: int, folder: Path) -> list[str | None]:
    """The mnemonics that GNU objdump prints for 32-bit words, None for what it does not know."""
    tools = cross_compiler().with_name("riscv64-unknown-elf-")
    given = list(words)
    (folder / "words.bin").write_bytes(struct.pack(f"<{len(given)}I", *given))
    source = folder / "words.s"
    source.write_text(f'.attribute arch, "{BINUTILS.format(xlen=xlen)}"\n.text\n.incbin "{folder}/words.bin"\n')
    run = [f"{tools}as", f"-march=rv{xlen}i", "-mno-arch-attr", str(source), "-o", str(folder / "words.o")]
    subprocess.run(run, check=True)
    subprocess.run([f"{tools}objcopy", "-N", "$d", str(folder / "words.o")], check=True)  # it is code
    run = [f"{tools}objdump", "-d", "-M", "no-aliases", str(folder / "words.o")]
    text = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    found = dict(re.findall(r"^ *([0-9a-f]+):\s+[0-9a-f]+\s+(\S+)", text, re.MULTILINE))
    names = [found.get(f"{4 * index:x}") for index in range(len(given))]
    return [None if name is None or name.startswith((".", "0x")) else name for name in names]


def operands(row: Known, rng: random.Random) -> list[int]:
    """Words of a row: one with all operands 0 and some with random ones."""
    free = ~row.mask & ((1 << row.width) - 1)
    return [row.match, *(row.match | rng.getrandbits(32) & free for _ in range(6))]


def test_tables_are_large_and_have_sources() -> None:
    assert len(CATALOGUE.encodings) >= 1700
    assert len(CATALOGUE.spaces) == 32 + 3 + 1 + 3 + 7
    assert all(owner.source and owner.kind in KINDS and set(owner.xlen) <= {32, 64} for owner in CATALOGUE.owners())
    assert all(row.match & ~row.mask == 0 for row in (*CATALOGUE.encodings, *CATALOGUE.spaces))


def test_every_word_is_in_one_space() -> None:
    rng = random.Random(1)
    plain = [row for row in CATALOGUE.spaces if row.owner.name in ("opcodes", "compressed", "custom")]
    for word in (rng.getrandbits(32) for _ in range(2000)):
        width = 32 if word & 3 == 3 else 16
        low = word & (1 << width) - 1
        assert sum(row.width == width and low & row.mask == row.match for row in plain) == 1, hex(word)


def test_vendors_do_not_contradict_themselves() -> None:
    """Instructions of one vendor extension overlap only where one refines the other."""
    groups: dict[str, list[Known]] = defaultdict(list)
    for row in CATALOGUE.encodings:
        if row.owner.kind == "vendor" and row.owner.name != "rv-snn":  # of that two versions are listed
            groups[row.owner.name].append(row)
    wrong = [
        (one.name, other.name)
        for rows in groups.values()
        for index, one in enumerate(rows)
        for other in rows[index + 1 :]
        if one.width == other.width
        and (one.match ^ other.match) & one.mask & other.mask == 0
        and one.mask & other.mask not in (one.mask, other.mask)
    ]
    assert wrong == []


@pytest.mark.parametrize("xlen", [32, 64])
def test_rows_are_what_binutils_disassembles(xlen: int, tmp_path: Path) -> None:
    require(cross_compiler)
    rng = random.Random(xlen)
    rows = [
        row
        for row in CATALOGUE.encodings
        if xlen in row.owner.xlen
        and row.width == 32
        and (row.owner.kind in ("base", "ratified") or row.owner.name.startswith("xthead"))
    ]
    cases = [(row, word) for row in rows for word in operands(row, rng)]
    names: dict[str, set[str]] = defaultdict(set)
    for (row, _), name in zip(cases, objdump((word for _, word in cases), xlen, tmp_path), strict=True):
        names[row.name] |= {name} if name else set()
    known_to_both = {row.name for row in rows if names[row.name]} - NEWER_THAN_BINUTILS_2_40
    assert {name for name in known_to_both if name not in names[name]} == set()
    assert len(known_to_both) >= (700 if xlen == 32 else 730)


@pytest.mark.parametrize("xlen", [32, 64])
def test_what_binutils_knows_is_in_the_tables(xlen: int, tmp_path: Path) -> None:
    require(cross_compiler)
    rng = random.Random(xlen + 1)
    words = [
        opcode << 2 | 3 | funct3 << 12 | funct7 << 25 | rng.getrandbits(15) << 7 & 0xF8F80 | rs2 << 20
        for opcode in range(32)
        if opcode & 7 != 7  # prefixes of longer instructions
        for funct3 in range(8)
        for funct7 in range(128)
        for rs2 in (rng.randrange(32), rng.randrange(8), 0)
    ]
    rows = [row for row in CATALOGUE.encodings if row.width == 32 and xlen in row.owner.xlen]
    by_opcode: dict[int, list[Known]] = defaultdict(list)
    for row in rows:
        by_opcode[row.match & 0x7F].append(row)
    missing = {
        name
        for word, name in zip(words, objdump(words, xlen, tmp_path), strict=True)
        if name and not any(word & row.mask == row.match for row in by_opcode[word & 0x7F])
    }
    assert missing - LOOSE == set()


def test_everything_in_spikes_header_is_known() -> None:
    """Instructions and CSRs of the header that riscv-opcodes makes, as Spike ships it."""
    header = require(spike_binary).parents[1] / "include" / "riscv" / "encoding.h"
    text = header.read_text()
    matches, masks, csrs = (
        {name: int(value, 16) for name, value in re.findall(rf"#define {kind}_(\w+) (0x[0-9a-f]+)", text)}
        for kind in ("MATCH", "MASK", "CSR")
    )
    assert len(matches) > 900 and len(csrs) > 400
    bits = {(row.width, row.mask, row.match) for row in CATALOGUE.encodings}
    missing = {
        name for name in matches if (32 if matches[name] & 3 == 3 else 16, masks[name], matches[name]) not in bits
    }
    assert missing == {"C_MOP_N", "MOP_R_N", "MOP_RR_N"}  # families, whose members are there
    absent = [
        name for name, number in csrs.items() if not any(row.first <= number <= row.last for row in CATALOGUE.csrs)
    ]
    assert absent == []


def test_rows_are_what_llvm_assembles(tmp_path: Path) -> None:
    """Vendor extensions that binutils lacks, by the assembler of clang as zig ships it."""
    command = require(zig)
    lines = Path(__file__).with_name("vendor_assembly.txt").read_text().splitlines()
    cases = [(*line.split(maxsplit=2), "")[:3] for line in lines if line.strip() and not line.startswith("#")]
    source = tmp_path / "vendor.s"
    source.write_text("".join(f"{name} {text}\n" for _, name, text in cases))
    features = "+".join(["generic_rv32", "c", "m", *sorted({owner for owner, _, _ in cases})])
    target = ["-target", "riscv32-freestanding-none", f"-mcpu={features}-relax"]
    subprocess.run([*command, "cc", *target, "-c", str(source), "-o", str(tmp_path / "vendor.o")], check=True)
    with (tmp_path / "vendor.o").open("rb") as file:
        section = ELFFile(file).get_section_by_name(".text")
        assert section is not None
        code: bytes = section.data()
    at = 0
    for owner, name, text in cases:
        width = 4 if code[at] & 3 == 3 else 2
        word = int.from_bytes(code[at : at + width], "little")
        at += width
        rows = [row for row in CATALOGUE.encodings if row.owner.name == owner and row.width == 8 * width]
        matching = {row.name for row in rows if word & row.mask == row.match}
        assert name in matching, f"{name} {text}: {word:#x} is {matching or 'nothing'}"
    assert at == len(code) and len(cases) >= 100


def test_users_table(tmp_path: Path) -> None:
    table = tmp_path / "ours.toml"
    table.write_text(
        '[[extension]]\nname = "xours"\nkind = "vendor"\nsource = "our wiki"\n'
        "instructions = '''\nours.a 0000000 ----- ----- 000 ----- 1011011\n'''\ncsrs = '''\n0x7c3..0x7c4 ours_r\n'''\n"
    )
    catalogue = known([table])
    row = catalogue.encodings[-1]
    assert (row.name, row.mask, row.match) == ("ours.a", 0xFE00707F, 0x5B)
    assert catalogue.csrs[-1][:3] == ("ours_r", 0x7C3, 0x7C4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "expected tables"),
        ("[[extension]\n", "is no TOML"),
        ('[[extension]]\nname = "xa"\nkind = "vendor"\n', "lacks source"),
        ('[[extension]]\nname = "xa"\nkind = "taken"\nsource = "s"\n', "kind 'taken', expected one of base"),
        ('[[extension]]\nname = "xa"\nkind = "vendor"\nsource = "s"\nwho = "s"\n', "has unknown who"),
        (
            '[[extension]]\nname = "xa"\nkind = "vendor"\nsource = "s"\ninstructions = "a 0102"\n',
            "16 or 32 of 0, 1 and -",
        ),
        ('[[extension]]\nname = "xa"\nkind = "vendor"\nsource = "s"\ncsrs = "7c0 a"\n', "expected a CSR"),
    ],
)
def test_wrong_table(text: str, message: str, tmp_path: Path) -> None:
    table = tmp_path / "wrong.toml"
    table.write_text(text)
    with pytest.raises(NeuroHartError, match=re.escape(message)):
        Catalogue().add(table)
    assert set(SPACES) < set(KINDS)
