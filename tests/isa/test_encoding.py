"""Bit patterns both ways: every operand of every instruction, field extremes, and what is refused."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iss.isa.definitions import Definition
from iss.isa.encoding import Encoding, Field
from tests.engines.encode import INSTRUCTIONS

each = pytest.mark.parametrize("definition", list(INSTRUCTIONS), ids=lambda definition: definition.mnemonic)


def extremes(field: Field) -> list[int]:
    """Values at and near the ends of a field, and single bits."""
    step = 1 << field.low
    near = {field.minimum, field.minimum + step, -step, 0, step, field.maximum - step, field.maximum}
    near |= {1 << bit for bit in range(field.low, field.width)}
    return sorted(value for value in near if field.minimum <= value <= field.maximum)


@each
def test_every_field_round_trips(definition: Definition) -> None:
    """Each field alone at its extremes, the others at random; no field touches another's bits."""
    source = random.Random(definition.mnemonic)
    encoding = definition.encoding
    for name, field in encoding.fields.items():
        for value in extremes(field):
            operands = {
                other: source.randrange(part.minimum, part.maximum + 1, 1 << part.low)
                for other, part in encoding.fields.items()
            } | {name: value}
            word = encoding.encode(**operands)
            assert 0 <= word < 1 << encoding.width
            assert encoding.matches(word)
            assert encoding.decode(word) == operands


@each
def test_fixed_and_operand_bits_make_up_the_word(definition: Definition) -> None:
    encoding = definition.encoding
    covered = encoding.mask
    for field in encoding.fields.values():
        for piece in field.pieces:
            bits = ((1 << piece.width) - 1) << piece.word_low
            assert covered & bits == 0
            covered |= bits
    assert covered == (1 << encoding.width) - 1
    assert encoding.match & ~encoding.mask == 0


@each
def test_any_word_is_its_decoding(definition: Definition) -> None:
    source = random.Random(definition.mnemonic)
    encoding = definition.encoding
    for _ in range(50):
        word = source.getrandbits(encoding.width) & ~encoding.mask | encoding.match
        assert encoding.encode(**encoding.decode(word)) == word


@each
def test_values_outside_a_field_are_refused_by_name(definition: Definition) -> None:
    encoding = definition.encoding
    for name, field in encoding.fields.items():
        for value in (field.minimum - (1 << field.low), field.maximum + (1 << field.low)):
            with pytest.raises(ValueError, match=rf"{name} = {value} is outside {field.minimum}\.\.{field.maximum}"):
                encoding.encode(**{name: value})
        if field.low:
            with pytest.raises(ValueError, match=rf"{name} = 1 is not a multiple of {1 << field.low}"):
                encoding.encode(**{name: 1})
    with pytest.raises(ValueError, match="no operand 'shoe', expected one of"):
        encoding.encode(shoe=1)


@each
def test_decode_finds_the_definition(definition: Definition) -> None:
    source = random.Random(definition.mnemonic)
    encoding = definition.encoding
    for _ in range(20):
        word = source.getrandbits(encoding.width) & ~encoding.mask | encoding.match
        assert INSTRUCTIONS.decode(word) is definition


def test_immediates_as_the_manual_scatters_them() -> None:
    """Words from GNU as."""
    cases = [
        ("beq", {"rs1": 10, "rs2": 11, "imm": -4096}, 0x80B5_0063),
        ("beq", {"rs1": 10, "rs2": 11, "imm": 4094}, 0x7EB5_0FE3),
        ("jal", {"rd": 1, "imm": -1048576}, 0x8000_00EF),
        ("jal", {"rd": 1, "imm": 1048574}, 0x7FFF_F0EF),
        ("jal", {"rd": 0, "imm": 2048}, 0x0010_006F),
        ("sw", {"rs1": 2, "rs2": 8, "imm": -1}, 0xFE81_2FA3),
        ("lui", {"rd": 5, "imm": -4096}, 0xFFFF_F2B7),
        ("srai", {"rd": 3, "rs1": 4, "shamt": 31}, 0x41F2_5193),
        ("csrrw", {"rd": 0, "rs1": 6, "csr": 0xFFF}, 0xFFF3_1073),
        ("nm.lif", {"rd": 12, "rs1": 12, "rs2": 10}, 0x06A6_260B),
    ]
    for mnemonic, operands, word in cases:
        assert INSTRUCTIONS.by_mnemonic[mnemonic].encoding.encode(**operands) == word, mnemonic


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("0000000 rs2 rs1 000 rd 011011", "has 31 bits, expected 16 or 32"),
        ("", "has 0 bits"),
        ("0000000 rs2 rs1 000 rd 0110012", "'0110012' is neither binary digits nor"),
        ("0000000 rs2 rs1 000 dest 0110011", "'dest' needs its bits, as in dest"),
        ("imm[11:0] rs1 000 rd[4:x] 0010011", "neither binary digits"),
        ("imm[0:11] rs1 000 rd 0010011", "slice '0:11' must be written high:low"),
        ("imm[11:0|] rs1 000 rd 0010011", "bad bit slice"),
        ("imm[11:5] rs2 rs1 000 imm[5:1] 0100011", "gives a bit of imm twice"),
        ("imm[11:6|4] rs2 rs1 000 imm[3:0] 01000110", "leaves a hole in the bits of imm"),
        ("imm[11:4] rs2 rs1 000 imm[4:1] 0100011", "gives a bit of imm twice"),
        ("rd rd rs1 00000000000000000", "gives a bit of rd twice"),
    ],
)
def test_bad_patterns(pattern: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        Encoding(pattern)
    assert repr(pattern) in str(caught.value)


def test_sixteen_bit_pattern() -> None:
    encoding = Encoding("010 uimm[5:3] rs[2:0] uimm[2|6] rd[2:0] 00")
    assert (encoding.width, encoding.match, encoding.mask) == (16, 0x4000, 0xE003)
    field = encoding.fields["uimm"]
    assert (field.low, field.width, field.minimum, field.maximum, field.signed) == (2, 7, 0, 124, False)
    assert encoding.decode(encoding.encode(uimm=0x44, rs=3, rd=5)) == {"uimm": 0x44, "rs": 3, "rd": 5}


@given(st.data())
def test_random_patterns(data: st.DataObject) -> None:
    """A value's bits cut into pieces anywhere in the word come back together."""
    width, signed = data.draw(st.integers(2, 20)), data.draw(st.booleans())
    low = data.draw(st.integers(0, width - 1))
    cuts = sorted({low, width, *data.draw(st.lists(st.integers(low, width), max_size=4))})
    pieces = data.draw(st.permutations(list(pairwise(cuts))))
    name = "imm" if signed else "amount"
    groups = [f"{name}[{end - 1}:{start}]" if end - start > 1 else f"{name}[{start}]" for start, end in pieces]
    for _ in range(32 - (width - low)):
        groups.insert(data.draw(st.integers(0, len(groups))), data.draw(st.sampled_from("01")))
    encoding = Encoding(" ".join(groups))
    field = encoding.fields[name]
    assert (field.low, field.width, field.signed) == (low, width, signed)
    value = data.draw(st.integers(field.minimum >> low, field.maximum >> low)) << low
    assert encoding.decode(encoding.encode(**{name: value})) == {name: value}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("0000000 rs2 rs1 000 rd 0110011", "0000000 rs2 rs1 000 rd 0110011", True),
        ("0000000 rs2 rs1 000 rd 0110011", "0000001 rs2 rs1 000 rd 0110011", False),
        ("imm[11:0] rs1 000 rd 0110011", "0000001 rs2 rs1 000 rd 0110011", True),
        ("0000000 00001 rs1 000 rd 0110011", "0000000 rs2 00010 000 rd 0110011", True),
        ("000 imm[5] rd 0000000", "0000000 rs2 rs1 000 rd 0110011", False),
    ],
)
def test_overlaps(one: str, other: str, expected: bool) -> None:
    left, right = Encoding(one), Encoding(other)
    assert left.overlaps(right) is right.overlaps(left) is expected
    if expected:
        witness = left.match | right.match
        assert left.matches(witness) and right.matches(witness)
