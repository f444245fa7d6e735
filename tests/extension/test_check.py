"""`ext check`: each kind of clash with its witness, free slots, rules, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from iss.cli.main import main
from iss.extension import load_extensions
from iss.extension.check import Check, check
from iss.extension.clashes import ranges
from iss.extension.findings import Grade
from iss.extension.known import known
from iss.extension.template import files

CATALOGUE = known()
CLEAN = '''
from iss.extension import Extension, signed

xzz = Extension("xzz", title="A test", version="1.0")
xzz.state("held", signed(32), documentation="what was given last")
xzz.csr(0x7D0, "zz_held", "What was given last", state="held")


@xzz.instruction("@PATTERN@", "@TEXT@", cycles=1)
def first(hart, insn):
    """Swap with what is held."""
    before = hart.state.held
    hart.state.held = signed(32)(hart.x[insn.rs1])
    hart.x[insn.rd] = before
'''
FREE = "1100000 00000 rs1 111 rd 1111011"  # custom-3, where only conventions are


def checked(tmp_path: Path, pattern: str = FREE, text: str = "zz.swap rd, rs1") -> Check:
    return run(tmp_path, CLEAN.replace("@PATTERN@", pattern).replace("@TEXT@", text))


def run(tmp_path: Path, source: str) -> Check:
    path = tmp_path / "xzz.py"
    path.write_text(source)
    return check(load_extensions(path)[0], CATALOGUE)


def changed(tmp_path: Path, before: str, after: str) -> Check:
    source = CLEAN.replace("@PATTERN@", FREE).replace("@TEXT@", "zz.swap rd, rs1")
    assert before in source
    return run(tmp_path, source.replace(before, after))


def messages(result: Check, rule: str) -> list[str]:
    return [
        f"{finding.grade} {finding.subject}: {finding.message}" for finding in result.findings if finding.rule == rule
    ]


def test_a_clean_extension(tmp_path: Path) -> None:
    result = checked(tmp_path)
    assert {clash.known.owner.kind for clash in result.clashes} <= {"convention", "research", "vendor"}
    assert not result.failed()
    assert [finding for finding in result.findings if finding.grade != Grade.NOTE] == []
    assert result.spaces == {"zz.swap": "custom-3"}


@pytest.mark.parametrize(
    ("pattern", "other", "grade"),
    [
        ("0000000 00001 rs1 000 rd 0110011", "add", Grade.ERROR),  # base
        ("0010000 00001 rs1 010 rd 0110011", "sh1add", Grade.ERROR),  # ratified
        ("0000000 00001 rs1 000 rd 1101011", "reserved", Grade.ERROR),  # reserved opcode
        ("0000000 00001 rs1 111 rd 0110111", "lui", Grade.ERROR),
        ("1111111 00001 rs1 000 rd 0101111", "AMO", Grade.ERROR),  # free, but for standard extensions
        ("0000000 00001 rs1 000 rd 0111111", "longer.64", Grade.ERROR),
        ("0010000 00001 rs1 001 rd 0001011", "th.mula", Grade.WARNING),  # vendor
        ("0000011 00001 rs1 001 rd 0001011", "sup", Grade.WARNING),  # published neuromorphic
        (FREE, "custom3", Grade.NOTE),  # convention
    ],
)
def test_clashes(pattern: str, other: str, grade: Grade, tmp_path: Path) -> None:
    result = checked(tmp_path, pattern)
    clash = next(clash for clash in result.clashes if clash.known.name == other)
    assert clash.grade == grade
    encoding = result.extension.instructions.definitions[0].encoding
    assert clash.witness & encoding.mask == encoding.match
    assert clash.witness & clash.known.mask == clash.known.match
    assert result.failed() == (grade == Grade.ERROR)


def test_every_clash_is_listed_with_a_word_that_is_both(tmp_path: Path) -> None:
    source = CLEAN.replace("@PATTERN@", "imm[11:0] rs1 001 rd 0001011").replace("@TEXT@", "zz.swap rd, imm(rs1)")
    result = run(tmp_path, source.replace("= before", "= before + insn.imm"))
    encoding = result.extension.instructions.definitions[0].encoding
    expected = [
        row
        for row in CATALOGUE.encodings
        if row.width == 32 and (row.match ^ encoding.match) & row.mask & encoding.mask == 0
    ]
    assert [clash.known for clash in result.clashes] == expected and len(expected) > 20
    for clash in result.clashes:
        assert encoding.matches(clash.witness) and clash.witness & clash.known.mask == clash.known.match


def test_custom_parts_of_standard_opcodes(tmp_path: Path) -> None:
    hint = CLEAN.replace("@PATTERN@", "imm[11:0] rs1 010 00000 0010011").replace("@TEXT@", "zz.hint rs1, imm")
    hint = hint.replace("hart.x[insn.rd] = before", "hart.state.held = before + insn.imm")
    result = run(tmp_path, hint)
    assert result.spaces == {"zz.hint": "slti.x0"}
    assert {(clash.known.name, clash.grade) for clash in result.clashes} >= {("slti", Grade.NOTE)}
    assert not result.failed()
    assert checked(tmp_path, "1000110 00001 rs1 000 rd 1110011").spaces == {"zz.swap": "custom.system"}
    assert not any(
        clash.known.owner.kind == "standard" for clash in checked(tmp_path, "1000110 00001 rs1 000 rd 1110011").clashes
    )


def test_compressed_shifts_by_32(tmp_path: Path) -> None:
    source = CLEAN.replace("@PATTERN@", "000 1 rd shamt[4:0] 10").replace("@TEXT@", "zz.small rd, shamt")
    result = run(tmp_path, source.replace("insn.rs1", "insn.rd").replace("= before", "= before + insn.shamt"))
    assert result.spaces == {"zz.small": "custom.c.slli"}
    assert {(clash.known.name, clash.grade) for clash in result.clashes} >= {("c.slli", Grade.NOTE)}
    assert not any(clash.grade == Grade.ERROR for clash in result.clashes)


def test_free_slots(tmp_path: Path) -> None:
    slots = checked(tmp_path).free
    assert [(slot.space, slot.funct3) for slot in slots] == [("custom-3", funct3) for funct3 in range(8)]
    assert 0x60 not in slots[7].free and len(slots[7].free) == 127 and len(slots[6].free) == 128
    assert 0 not in slots[7].unclaimed and "xventanacondops" in slots[7].takers  # vt.maskcn
    assert ranges([0, 1, 2, 5, 0x7E, 0x7F]) == "0x00..0x02, 0x05, 0x7e..0x7f"


def test_names(tmp_path: Path) -> None:
    assert messages(checked(tmp_path, text="swap rd, rs1"), "mnemonic-prefix")[0].startswith(
        "warning swap: swap has no"
    )
    assert (
        "the prefix th is that of T-Head" in messages(checked(tmp_path, text="th.swap rd, rs1"), "mnemonic-prefix")[0]
    )
    assert "already the mnemonic of a standard" in messages(checked(tmp_path, text="mulh rd, rs1"), "mnemonic-taken")[0]
    assert checked(tmp_path, text="mulh rd, rs1").failed()
    assert messages(checked(tmp_path, text="th.mula rd, rs1"), "mnemonic-taken")[0].startswith("warning")
    taken = changed(tmp_path, '"xzz", title', '"xtheadba", title')
    assert "already that of T-Head" in messages(taken, "extension-name")[0]
    assert "expected major.minor" in messages(changed(tmp_path, '"1.0"', '"one"'), "version")[0]


@pytest.mark.parametrize(
    ("number", "name", "rule", "message"),
    [
        ("0x7B0", "zz_held", "csr-number", "error zz_held: number 0x7b0 is kept for standard CSRs"),
        ("0x305", "zz_held", "csr-clash", "error zz_held: number 0x305 is also mtvec"),
        ("0x7C0", "zz_held", "csr-clash", "note zz_held: number 0x7c0 is also th.mxstatus"),
        ("0x7D0", "mscratch", "csr-clash", "error mscratch: the name is already that of 0x340"),
        ("0x7D0", "held", "csr-prefix", "warning held: has no prefix"),
    ],
)
def test_csrs(number: str, name: str, rule: str, message: str, tmp_path: Path) -> None:
    result = changed(tmp_path, '0x7D0, "zz_held"', f'{number}, "{name}"')
    assert any(text.startswith(message) for text in messages(result, rule)), messages(result, rule)


def test_undocumented_and_unused(tmp_path: Path) -> None:
    assert messages(changed(tmp_path, ', documentation="what was given last"', ""), "undocumented")
    assert messages(changed(tmp_path, '"What was given last", state', '" ", state'), "undocumented")
    unused = CLEAN.replace("@PATTERN@", FREE.replace(" 00000 ", " rs2 ")).replace("@TEXT@", "zz.swap rd, rs1")
    assert (
        "operand rs2 has no effect"
        in messages(run(tmp_path, unused.replace("cycles=1", 'unused=("rs2",)')), "unused-operand")[0]
    )
    dead = changed(tmp_path, "xzz.csr", 'xzz.state("spare", signed(8), documentation="x")\nxzz.csr')
    assert messages(dead, "unused-state") == ["warning spare: is never used"]


def test_a_source_read_after_the_result_is_written(tmp_path: Path) -> None:
    late = changed(
        tmp_path, "hart.x[insn.rd] = before", "hart.x[insn.rd] = before\n    hart.state.held = hart.x[insn.rs1]"
    )
    assert messages(late, "late-read")[0].startswith("warning zz.swap: reads rs1 after it has written rd")
    assert messages(checked(tmp_path), "late-read") == []


def test_extensions_of_one_file_and_the_own_family(tmp_path: Path) -> None:
    source = CLEAN.replace("@PATTERN@", FREE).replace("@TEXT@", "zz.swap rd, rs1")
    again = (
        source.replace("xzz", "xyy")
        .replace("zz.swap", "yy.swap")
        .replace("zz_held", "yy_held")
        .replace("0x7D0", "0x7D1")
    )
    (tmp_path / "two.py").write_text(source + again)
    extensions = load_extensions(tmp_path / "two.py")
    for extension, other in zip(extensions, reversed(extensions), strict=True):
        found = check(extension, CATALOGUE, extensions).clashes
        assert [clash.known.name for clash in found if clash.known.owner.name == other.name] == [
            definition.mnemonic for definition in other.instructions
        ]
    assert {row.owner.name for row in CATALOGUE.others("xnmspk")} & {"xnmspk", "xnmlrn", "xnmeng"} == set()
    assert {row.owner.name for row in CATALOGUE.others("xzz")} >= {"xnmspk", "xnmlrn", "xnmeng"}


def template(folder: Path, opcode: str) -> Path:
    """What `ext new` writes, in another opcode."""
    path = folder / "xspk.py"
    text = files("xspk")["xspk.py"]
    assert text.count("1111011") == 3
    path.write_text(text.replace("1111011", opcode))
    return path


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = template(tmp_path, "1011011")
    assert main(["ext", "check", str(path)]) == 0
    text = capsys.readouterr().out
    assert "spk.adds rd, rs1, rs2" in text and "free in custom-2 (1011011)" in text and "ok: 0 errors" in text
    assert main(["ext", "check", str(path), "--strict"]) == 1
    assert "FAILED: 0 errors" in capsys.readouterr().out
    assert main(["ext", "check", str(path), "--json"]) == 0
    (plain,) = json.loads(capsys.readouterr().out)
    assert plain["extension"] == "xspk" and plain["errors"] == 0 and plain["compared"] == len(CATALOGUE.encodings)
    assert {clash["mnemonic"] for clash in plain["clashes"]} == {"spk.adds", "spk.collect", "spk.sum4"}


def test_what_new_writes_is_clean(tmp_path: Path) -> None:
    assert main(["ext", "check", str(template(tmp_path, "1111011")), "--strict"]) == 0


def test_the_command_with_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = template(tmp_path, "0110011")
    assert main(["ext", "check", str(path)]) == 1
    assert " is both" in capsys.readouterr().out
    assert main(["ext", "check", str(tmp_path / "none.py")]) == 66
    assert main(["ext", "check", str(path), "--known", str(tmp_path / "none.toml")]) == 66
    assert "none.toml: cannot be read" in capsys.readouterr().err


def test_a_users_table_counts(tmp_path: Path, capsys: pytest.CaptureFixture[Any]) -> None:
    path = template(tmp_path, "1011011")
    table = tmp_path / "ours.toml"
    table.write_text(
        '[[extension]]\nname = "xours"\ntitle = "Ours"\nkind = "ratified"\nsource = "our wiki"\n'
        "instructions = '''\nours.a ------- ----- ----- --- ----- 1011011\n'''\n"
    )
    assert main(["ext", "check", str(path), "--known", str(table)]) == 1
    assert "error    xours: Ours" in capsys.readouterr().out
