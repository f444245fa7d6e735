"""What `ext export` writes, judged by those it is for: compilers, assemblers, and the rules of the other formats."""

from __future__ import annotations

import json
import re
import struct
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from asm import assemble
from asm.source import Source
from iss.cli.main import main
from iss.extension import Extension, architecture_with
from iss.extension.export import FORMATS, files
from iss.extension.export.assembler import macros
from iss.extension.export.c_header import header
from iss.extension.template import files as template
from iss.isa.definitions import Definition
from iss.machine import End, Machine
from tests.extension.samples import ALL_KINDS, ODD, extension
from tests.network.test_c_header import RUNTIME, WARNINGS, call, compiler
from tests.oracles.building import link_script
from tests.oracles.toolchain import cross_compiler, require, zig

ISA = "rv32im_zicsr_zifencei_zicntr"
ASSEMBLY = """\
all.lif a0, a1, a2
all.mac s11, zero, t6
all.rori a0, x31, 31
all.rori a0, fp, 0
all.sum4 a0, -2048(sp)
all.sum4 a0, 2047(a1)
all.sat8 a2, -1(a1)
all.sat8 a2, 2047(s1)
all.div t0, t1, t2
all.pick a0, a1, 31, 7
all.pick a7, s0, 1, 2
all.hint 0xfffff
all.hint 5
"""
MAIN = """\
#include "xall.h"

static signed char data[16] = {1, 2, 3, 4, -5, 6, -7, 8, 127, 127, 127, 127};

int main(void)
{
    if (all_read_vth() != 1024) return 1;
    all_write_vth(100);
    if (all_read_vth() != 100) return 2;
    if (all_lif(3, 90) != 0 || all_lif(3, 90) != 1) return 3; /* 90 - 7; 83 - 5 + 90 - 7 >= 100 */
    if (all_mac(5, 3, -4) != -7) return 4;
    if (all_rori(0x80000001u, 4) != 0x18000000u) return 5;
    if (all_sum4(0, data) != 10 || all_sum4(4, data) != 2 || all_sum4(-4, data + 12) != 508) return 6;
    all_sat8(300, 1, data);
    all_sat8(-300, -1, data + 4);
    if (data[1] != 127 || data[3] != -128 || data[2] != 3) return 7;
    if (all_div(-7, 2) != -3) return 8; /* -4 + 1 */
    if (all_pick(0x8040u, 7, 0) != 0 || all_pick(0x4080u, 7, 1) != -127 || all_pick(0xfd00u, 8, 3) != 24) return 9;
    all_hint(77);
    return all_read_wide() == 179u && all_read_high() == 0 ? 0 : 10;
}
"""


def target(name: str) -> list[str]:
    """Command for RV32 objects of a compiler, zig included."""
    if name == "zig":
        return [
            *require(zig),
            "cc",
            "-target",
            "riscv32-freestanding-none",
            "-mcpu=generic_rv32+m-relax",
            "-fno-sanitize=all",
        ]
    return compiler(name)


def code(path: Path) -> bytes:
    with path.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".text")
        assert section is not None
        return section.data()


@pytest.mark.parametrize("optimisation", ["-O2", "-O0"])
@pytest.mark.parametrize("name", ["gcc", "clang", "zig"])
def test_the_header_compiles_and_works(name: str, optimisation: str, tmp_path: Path) -> None:
    given = extension(tmp_path)
    (tmp_path / "xall.h").write_text(header(given))
    (tmp_path / "main.c").write_text(MAIN)
    compiled = [*target(name), *WARNINGS, optimisation, f"-I{tmp_path}", "-c", str(tmp_path / "main.c")]
    call([*compiled, "-o", str(tmp_path / "main.o")])
    gnu = [
        str(require(cross_compiler)),
        "-misa-spec=2.2",
        "-march=rv32im",
        "-mabi=ilp32",
        "-mcmodel=medany",
        "-nostdlib",
        "-ffreestanding",
    ]
    sources = [str(RUNTIME / part) for part in ("start.S", "tohost.S", "htif.c")]
    link = ["-nostartfiles", f"-T{link_script()}", "-Wl,--no-warn-rwx-segments", f"-I{RUNTIME}"]
    call([*gnu, *link, *sources, str(tmp_path / "main.o"), "-lgcc", "-o", str(tmp_path / "main.elf")])
    machine = Machine(architecture_with([given], ISA), "reference")
    machine.load(str(tmp_path / "main.elf"))
    outcome = machine.run(max_instructions=100_000)
    assert (outcome.end, outcome.exit_code) == (End.EXIT, 0)


def test_the_header_needs_nothing_else(tmp_path: Path) -> None:
    text = header(extension(tmp_path))
    assert re.findall(r"#include.*", text) == ["#include <stdint.h>"]
    assert "all.bodd rs1, rs2, pc+imm: jumps" in text
    source = tmp_path / "wrong.c"
    (tmp_path / "xall.h").write_text(text)
    source.write_text('#include "xall.h"\nvoid f(void) { all_hint(1 << 20); }\n')
    command = [*compiler("gcc"), *WARNINGS, f"-I{tmp_path}", "-c", str(source), "-o", str(tmp_path / "wrong.o")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode and "value of all.hint" in done.stderr


@pytest.mark.parametrize("name", ["gcc", "clang", "zig"])
def test_the_header_is_for_cplusplus_too(name: str, tmp_path: Path) -> None:
    (tmp_path / "xall.h").write_text(header(extension(tmp_path)))
    (tmp_path / "main.cc").write_text(MAIN)
    command = target(name)
    command = [command[0].replace("-gcc", "-g++"), *command[1:]] if name == "gcc" else command
    options = [
        "-x",
        "c++",
        "-std=c++17",
        "-ffreestanding",
        "-fno-exceptions",
        "-fno-rtti",
        "-Wall",
        "-Wextra",
        "-Werror",
    ]
    call([*command, *options, f"-I{tmp_path}", "-c", str(tmp_path / "main.cc"), "-o", str(tmp_path / "main.o")])


def test_types_in_c(tmp_path: Path) -> None:
    text = header(extension(tmp_path))
    assert "static inline uint32_t all_lif(uint32_t rs1, int32_t rs2)" in text
    assert "static inline int32_t all_div(int32_t rs1, int32_t rs2)" in text
    assert "const void *all_sum4_rs1 = (rs1_);" in text and "void *all_sat8_rs1 = (rs1_);" in text
    assert "#define all_pick(rs1_, lane_, mode_)" in text
    assert "spk_sum4(const void *rs1)" in header(extension(tmp_path, template("xspk")["xspk.py"]))


@pytest.mark.parametrize("name", ["gcc", "clang", "zig"])
def test_assembled_bytes_equal_ours(name: str, tmp_path: Path) -> None:
    given = extension(tmp_path)
    branches = "here: all.bodd a1, a2, here\nall.bodd a1, a2, there\naddi a0, a0, 1\nthere: addi a0, a0, 2\n"
    (tmp_path / "xall.inc").write_text(macros(given))
    source = tmp_path / "all.S"
    source.write_text(f'.include "{tmp_path}/xall.inc"\n.text\n{ASSEMBLY}{branches}')
    call([*target(name), "-c", str(source), "-o", str(tmp_path / "all.o")])
    if name == "gcc":  # branches are relocations there
        call([str(require(cross_compiler)).replace("gcc", "ld"), "-melf32lriscv", "-Ttext=0x80000000", "-e0",
              str(tmp_path / "all.o"), "-o", str(tmp_path / "all.elf")])  # fmt: skip
    made = tmp_path / ("all.elf" if name == "gcc" else "all.o")
    program = assemble([Source("all.S", f"_start: {ASSEMBLY}{branches}")], architecture=architecture_with([given]))
    (ours,) = [bytes(section.content) for section in program.sections if section.name == ".text"]
    theirs = code(made)
    if name == "gcc":
        assert theirs == ours
    else:
        branch_words = slice(-16, -8)  # resolved by the linker
        assert theirs[: branch_words.start] == ours[: branch_words.start] and len(theirs) == len(ours)


def test_macros_of_csrs_and_unknown_registers(tmp_path: Path) -> None:
    (tmp_path / "xall.inc").write_text(macros(extension(tmp_path)))
    source = tmp_path / "csr.S"
    source.write_text(f'.include "{tmp_path}/xall.inc"\nread_all_vth a0\nwrite_all_vth a1\n')
    call([*compiler("gcc"), "-c", str(source), "-o", str(tmp_path / "csr.o")])
    assert struct.unpack("<2I", code(tmp_path / "csr.o")) == (0x7D002573, 0x7D059073)


# Odd forms -----------------------------------------------------------------------------------------------------
def test_odd_forms(tmp_path: Path) -> None:
    given = extension(tmp_path, ODD)
    lines = "odd.swapped a0, a1, a2, 127\nodd.store a1, 31, 21\n"
    (tmp_path / "odd.S").write_text(macros(given) + lines)
    call([*compiler("gcc"), "-c", str(tmp_path / "odd.S"), "-o", str(tmp_path / "odd.o")])
    first, second = given.instructions
    words = (first.encoding.encode(rd=10, rs1=11, rs2=12, offset=127), second.encoding.encode(rs1=11, wide=31, low=21))
    assert struct.unpack("<2I", code(tmp_path / "odd.o")) == words
    (tmp_path / "xodd.h").write_text(header(given))
    calls = "void f(void *p) { odd_store(p, 31, 21); }\n"
    calls += "uint32_t g(uint32_t a, uint32_t b) { return odd_swapped(a, b, 127); }\n"
    (tmp_path / "odd.c").write_text(f'#include "xodd.h"\n{calls}')
    for name in ("gcc", "clang", "zig"):
        options = [*WARNINGS, "-O2", f"-I{tmp_path}", "-c", str(tmp_path / "odd.c"), "-o", str(tmp_path / "odd.o")]
        call([*target(name), *options])
        made = struct.unpack(f"<{len(code(tmp_path / 'odd.o')) // 4}I", code(tmp_path / "odd.o"))
        found = [
            (item.mnemonic, item.encoding.decode(word)) for word in made if (item := given.instructions.decode(word))
        ]
        assert found == [
            ("odd.store", {"wide": 31, "rs1": 10, "low": 21}),
            ("odd.swapped", {"offset": 127, "rs1": 10, "rs2": 11, "rd": 10}),
        ], name


# The other formats -------------------------------------------------------------------------------------------------
def test_udb_is_yaml_with_the_encoding(tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    given = extension(tmp_path)
    made = {name: yaml.safe_load(text) for name, text in files(given, ["udb"]).items()}
    for definition in given.instructions:
        entry = made[f"udb/inst/Xall/{definition.mnemonic}.yaml"]
        assert {
            "$schema",
            "kind",
            "name",
            "long_name",
            "description",
            "definedBy",
            "assembly",
            "encoding",
            "access",
        } <= set(entry)
        assert entry["encoding"]["match"] == bits(definition)
        places = {variable["name"]: str(variable["location"]) for variable in entry["encoding"]["variables"]}
        assert len(places) == len(definition.encoding.fields)
        taken = [bit for place in places.values() for bit in span(place)]
        assert sorted(taken) == [bit for bit in range(32) if not definition.encoding.mask >> bit & 1]
    assert made["udb/csr/Xall/all_vth.yaml"]["address"] == 0x7D0
    assert made["udb/ext/Xall.yaml"]["versions"] == [{"version": "1.2.0", "state": "development"}]
    branch = made["udb/inst/Xall/all.bodd.yaml"]["encoding"]["variables"][0]
    assert (branch["location"], branch["left_shift"], branch["sign_extend"]) == ("31|7|30-25|11-8", 1, True)


def bits(definition: Definition) -> str:
    """The bits of an encoding, by its pattern alone."""
    return "".join(
        group if set(group) <= {"0", "1"} else "-" * sum(len(span(part)) for part in slices(group))
        for group in definition.encoding.pattern.split()
    )


def slices(group: str) -> list[str]:
    found = re.search(r"\[(.*)\]", group)
    return found[1].replace(":", "-").split("|") if found else ["4-0"]


def span(place: str) -> list[int]:
    """Bits of `31|7|30-25`."""
    ends = [[int(end) for end in part.split("-")] for part in place.split("|")]
    return [bit for end in ends for bit in range(end[-1], end[0] + 1)]


def test_coredsl_has_every_bit_and_balanced_braces(tmp_path: Path) -> None:
    given = extension(tmp_path)
    (text,) = files(given, ["coredsl"]).values()
    assert text.count("{") == text.count("}") and text.count("(") == text.count(")")
    encodings = re.findall(r"encoding: (.*);", text)
    for definition, encoding in zip(given.instructions, encodings, strict=True):
        widths = [
            int(part.partition("'")[0]) if "'" in part else len(span(re.sub(r".*\[(\d+):(\d+)\]", r"\1-\2", part)))
            for part in encoding.split(" :: ")
        ]
        assert sum(widths) == 32, definition.mnemonic
    assert "register signed<16> v[256];" in text and "left out" not in text


class Balance(HTMLParser):
    """Notes tags that are not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_documents_name_everything(tmp_path: Path) -> None:
    given = extension(tmp_path)
    made = files(given, ["markdown", "asciidoc", "html"])
    for text in made.values():
        for definition in given.instructions:
            assert definition.mnemonic in text and definition.documentation.split(";")[0] in text
        for name in (*given.states, *(csr.name for csr in given.csrs)):
            assert name in text
    balance = Balance()
    balance.feed(made["xall.html"])
    assert balance.open == []
    rows = re.findall(r'<tr class="bits">(.*?)</tr>', made["xall.html"])
    assert all(sum(map(int, re.findall(r'colspan="(\d+)"', row))) == 32 for row in rows) and len(rows) == 9
    for picture in re.findall(r"\{reg: \[(.*?)\]\}", made["xall.adoc"], re.DOTALL):
        assert sum(map(int, re.findall(r"bits: (\d+)", picture))) == 32


# The command -------------------------------------------------------------------------------------------------------
def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = extension(tmp_path)
    assert main(["ext", "export", str(given.path), "-o", str(tmp_path / "out"), "--json"]) == 0
    names = json.loads(capsys.readouterr().out)
    assert {Path(name) for name in names} == {path for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert {str(Path(name).relative_to(tmp_path / "out")) for name in names} == set(files(given))
    assert main(["ext", "export", str(given.path), "--format", "c", "--print"]) == 0
    assert capsys.readouterr().out == header(given)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [(["--format", "c,pdf", "--print"], 2, "format 'pdf' is not known"), ([], 2, "say where the files go")],
)
def test_wrong_options(
    arguments: list[str], code: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given: Extension = extension(tmp_path)
    assert main(["ext", "export", str(given.path), *arguments]) == code
    assert message in capsys.readouterr().err
    assert set(FORMATS) >= {"c", "spike"}


def test_nothing_is_written_when_something_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "wrong.py"
    path.write_text(ALL_KINDS + "\nthis is wrong\n")
    assert main(["ext", "export", str(path), "-o", str(tmp_path / "out")]) == 65
    assert not (tmp_path / "out").exists()
