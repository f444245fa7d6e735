"""`neurohart isa` shows what the definitions say."""

from __future__ import annotations

import json

import pytest

from iss.builtin import builtin_architecture, full_architecture
from iss.cli.exit_codes import ExitCode
from iss.isa.definitions import Definition
from iss.isa.picture import bit_fields
from tests.cli.command import Command

FULL = full_architecture()


def test_every_instruction_is_listed(neurohart: Command) -> None:
    text = neurohart("isa").output.decode()
    for definition in FULL.instructions:
        assert f"  {definition.syntax.text} " in text or f"  {definition.syntax.text}\n" in text
        assert definition.documentation in text


def test_json_has_everything(neurohart: Command) -> None:
    groups = json.loads(neurohart("isa", "--json").output)
    found = {item["mnemonic"]: item for group in groups for item in group["instructions"]}
    assert set(found) == set(FULL.instructions.by_mnemonic)
    for mnemonic, definition in FULL.instructions.by_mnemonic.items():
        assert found[mnemonic]["encoding"] == definition.encoding.pattern
        assert int(found[mnemonic]["match"], 16) == definition.encoding.match
    csrs = {int(item["number"], 16): item["name"] for group in groups for item in group["csrs"]}
    assert csrs == {csr.number: csr.name for csr in FULL.csrs}


def test_an_isa_string_selects(neurohart: Command) -> None:
    groups = json.loads(neurohart("isa", "rv32im_zicsr", "--json").output)
    assert [group["name"] for group in groups] == ["i", "m", "zicsr", "machine"]
    names = {item["mnemonic"] for group in groups for item in group["instructions"]}
    assert names == set(builtin_architecture("rv32im_zicsr").instructions.by_mnemonic)
    assert "divu rd, rs1, rs2" in neurohart("isa", "--extension", "m").output.decode()
    assert neurohart("isa", "rv32i", "--extension", "m").output == b""


def test_csrs(neurohart: Command) -> None:
    text = neurohart("isa", "--csrs").output.decode()
    assert "0x300 mstatus" in text
    assert all(csr.documentation in text for csr in FULL.csrs)


@pytest.mark.parametrize("definition", list(FULL.instructions), ids=lambda definition: definition.mnemonic)
def test_bit_fields_add_up(definition: Definition) -> None:
    """The numbers above the boxes go from the highest bit to 0 without a gap."""
    numbers = [int(text) for text in bit_fields(definition.encoding).splitlines()[0].split()]
    assert numbers[0] == definition.encoding.width - 1
    assert numbers[-1] == 0
    high = [number for number in numbers if number != 0]
    assert high == sorted(high, reverse=True)
    widths = {len(line) for line in bit_fields(definition.encoding).splitlines()[1:]}
    assert len(widths) == 1


def test_bit_fields_as_the_manual_draws_them(neurohart: Command) -> None:
    text = neurohart("isa", "BEQ").output.decode()
    assert "   31          25 24   20 19   15 14   12 11          7 6       0\n" in text
    assert "  │ imm[12|10:5] │  rs2  │  rs1  │  000  │ imm[4:1|11] │ 1100011 │\n" in text


def test_asm_and_disasm_are_there(neurohart: Command) -> None:
    ended = neurohart("disasm", "--words", "0x00c58533", "0x8067")
    assert ended.code == ExitCode.OK
    assert [line.split("  ")[-1] for line in ended.output.decode().splitlines()] == ["add a0, a1, a2", "ret"]
