"""Traces: forks, numbering, the cap on paths, effects in order, and what the abstract hart refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from iss.isa.definitions import Definition
from iss.isa.encoding import Encoding
from iss.isa.errors import DefinitionError
from iss.isa.tracing import EFFECTS, MAXIMUM_LEAVES, Block, trace_function, trace_meaning
from iss.isa.values import Value, signed
from tests.engines.encode import INSTRUCTIONS

R_TYPE = Encoding("0000000 rs2 rs1 000 rd 0001011")
Meaning = Callable[[Any, Any], None]


def traced(meaning: Meaning) -> Block:
    return trace_meaning(meaning, R_TYPE, unused=("rd", "rs1", "rs2"))


def operations(block: Block) -> list[str]:
    """Effects on the way to the first fork or the end."""
    return [node.operation for node in block.nodes if node.operation in EFFECTS and node.operation != "operand"]


def leaves(block: Block) -> list[Block]:
    if block.then is None or block.otherwise is None:
        return [block]
    return leaves(block.then) + leaves(block.otherwise)


@pytest.mark.parametrize("definition", list(INSTRUCTIONS), ids=lambda definition: definition.mnemonic)
def test_indices_name_one_node_of_the_tree(definition: Definition) -> None:
    """And an operand is a node in front of its use, on the same path."""

    def walk(block: Block, before: set[int]) -> None:
        known = set(before)
        for node in block.nodes:
            for operand in node.operands:
                assert not isinstance(operand, Value) or operand.index in known
            assert node.index not in known
            known.add(node.index)
        if block.decision is not None:
            assert block.decision.index in known
        for child in (block.then, block.otherwise):
            if child is not None:
                walk(child, known)

    tree = definition.trace()
    walk(tree, set())
    indices = [node.index for node in tree.walk()]
    assert len(set(indices)) == len(indices)
    assert 1 <= tree.paths() <= MAXIMUM_LEAVES


def test_tracing_is_repeatable() -> None:
    for definition in INSTRUCTIONS:
        one, other = (
            [(node.index, node.operation, str(node.operands), node.static) for node in definition.trace().walk()]
            for _ in range(2)
        )
        assert one == other


def test_fork() -> None:
    def meaning(hart: Any, insn: Any) -> None:
        a = hart.x[insn.rs1]
        if a > 5:
            hart.x[insn.rd] = 1
        elif a > 2:
            hart.store(a, 4, 2)
        hart.x[insn.rd] = 3

    tree = traced(meaning)
    assert tree.paths() == 3
    assert operations(tree) == ["read_x"]
    assert tree.then is not None and tree.otherwise is not None
    assert operations(tree.then) == ["write_x", "write_x"]
    assert tree.otherwise.then is not None and operations(tree.otherwise.then) == ["store", "write_x"]
    assert tree.otherwise.otherwise is not None and operations(tree.otherwise.otherwise) == ["write_x"]


def test_the_same_question_is_asked_once() -> None:
    """A condition that is a value already decided on the path does not fork again."""

    def meaning(hart: Any, insn: Any) -> None:
        zero = hart.x[insn.rs1] == 0
        if zero:
            hart.x[insn.rd] = 1
        if zero:
            hart.x[insn.rd] = 2
        if zero:
            hart.x[insn.rd] = 3

    tree = traced(meaning)
    assert sorted(operations(leaf) for leaf in leaves(tree)) == [[], ["write_x"] * 3]


def test_and_or_not_in_any_and_chained_comparisons() -> None:
    def meaning(hart: Any, insn: Any) -> None:
        a, b = hart.x[insn.rs1], hart.x[insn.rs2]
        if (a and not b) or 3 < a < 7:
            hart.x[insn.rd] = 1
        hart.x[insn.rd] = a if any(value == 9 for value in (a, b)) else b

    assert traced(meaning).paths() > 4


def test_the_same_register_by_effects() -> None:
    """rd, rs1 and rs2 may be one register: reads stand where they were made, before or behind the write."""

    def meaning(hart: Any, insn: Any) -> None:
        before = hart.x[insn.rs1]
        hart.x[insn.rd] = 5
        hart.x[insn.rd] = before + hart.x[insn.rs1]

    assert operations(traced(meaning)) == ["read_x", "write_x", "read_x", "write_x"]


def test_nothing_stands_behind_a_trap() -> None:
    def meaning(hart: Any, insn: Any) -> None:
        hart.x[insn.rd] = 1
        if hart.x[insn.rs1] == 3:
            hart.trap(24, hart.x[insn.rs2])
            hart.x[insn.rd] = 2
        hart.illegal()

    tree = traced(meaning)
    assert [operations(leaf)[-1] for leaf in leaves(tree)] == ["trap", "trap"]
    assert all("write_x" not in operations(leaf) for leaf in leaves(tree))
    assert operations(leaves(tree)[1]) == ["read_field", "trap"]


def chain(count: int) -> Meaning:
    """A meaning with 2 to the `count` paths."""

    def meaning(hart: Any, insn: Any) -> None:
        value = hart.x[insn.rs1]
        for bit in range(count):
            if value >> bit & 1:
                hart.x[insn.rd] = bit

    return meaning


def test_cap_on_paths() -> None:
    assert traced(chain(6)).paths() == MAXIMUM_LEAVES == 64
    with pytest.raises(
        DefinitionError, match=rf"test_tracing.py:\d+: the meaning has more than {MAXIMUM_LEAVES} paths"
    ):
        traced(chain(7))


def test_endless_question_is_capped_too() -> None:
    def meaning(hart: Any, insn: Any) -> None:
        while hart.x[insn.rs1]:
            pass

    with pytest.raises(DefinitionError, match="more than 64 paths"):
        traced(meaning)


def test_division_behind_its_test() -> None:
    """A divisor is known not to be 0 on the path where a test says so, however it is written."""

    def by_equality(hart: Any, insn: Any) -> None:
        a, b = hart.x[insn.rs1], hart.x[insn.rs2]
        if b == 0:
            return
        hart.x[insn.rd] = a // b

    def by_truth(hart: Any, insn: Any) -> None:
        b = hart.x[insn.rs2]
        hart.x[insn.rd] = hart.x[insn.rs1] % b if b else 0

    def by_inequality(hart: Any, insn: Any) -> None:
        b = signed(hart.x[insn.rs2])
        if 0 != b:  # noqa: SIM300
            hart.x[insn.rd] = 100 // abs(b)

    for meaning in (by_equality, by_truth, by_inequality):
        assert traced(meaning).paths() == 2


@pytest.mark.parametrize("wrong", ["other path", "other value", "read again"])
def test_division_behind_another_test(wrong: str) -> None:
    def meaning(hart: Any, insn: Any) -> None:
        a, b = hart.x[insn.rs1], hart.x[insn.rs2]
        if wrong == "other path" and b == 0:
            hart.x[insn.rd] = a // b
        if wrong == "other value" and a != 0:
            hart.x[insn.rd] = a // b
        if wrong == "read again" and b != 0:
            hart.x[insn.rd] = a // hart.x[insn.rs2]

    with pytest.raises(DefinitionError, match="the divisor may be 0"):
        traced(meaning)


@pytest.mark.parametrize(
    ("meaning", "message"),
    [
        (lambda hart, insn: hart.satp, "the hart has no state 'satp'"),
        (lambda hart, insn: setattr(hart, "pc", 0), "the hart has no writable state 'pc'"),
        (lambda hart, insn: setattr(hart, "y", 0), "the hart has no writable state 'y'"),
        (lambda hart, insn: insn.rs3, "the encoding '.*' has no operand 'rs3'"),
        (lambda hart, insn: hart.coprocessor, "the hart has no state 'coprocessor'"),
        (lambda hart, insn: hart.fly(1), "the hart has no state 'fly'"),
        (lambda hart, insn: hart.load(0), "tracing failed: TypeError: .*load.. missing 1 required positional argument"),
        (lambda hart, insn: hart.x[1] + "a", "tracing failed: TypeError"),
        (lambda hart, insn: hart.x[insn.rs1] / 2, "tracing failed: TypeError: unsupported operand"),
        (lambda hart, insn: hart.x[32], r"register number 32\.\.32 is outside 0\.\.31; mask it"),
        (lambda hart, insn: hart.x[hart.x[1] & 63], r"register number 0\.\.63 is outside"),
        (lambda hart, insn: hart.x[insn.rd - 1], r"register number -1\.\.30 is outside"),
        (lambda hart, insn: [0, 1][hart.x[1] & 1], "an abstract value has no number here"),
        (lambda hart, insn: hart.x[1] ** 2, "tracing failed: TypeError"),
        (lambda hart, insn: {hart.x[1]: 2}, "tracing failed: TypeError: unhashable"),
        (lambda hart, insn: 1 / 0, "tracing failed: ZeroDivisionError"),
    ],
)
def test_refused_with_its_line(meaning: Meaning, message: str) -> None:
    with pytest.raises(DefinitionError, match=message) as caught:
        traced(meaning)
    assert str(caught.value).startswith(f"{__file__}:")


def test_functions_of_the_coprocessor() -> None:
    lif = INSTRUCTIONS.by_mnemonic["nm.lif"]
    assert lif.unit is not None

    def wrong_arity(hart: Any, insn: Any) -> None:
        hart.coprocessor.lif(1)

    def unknown(hart: Any, insn: Any) -> None:
        hart.coprocessor.flip(1)

    def unknown_field(hart: Any, insn: Any) -> None:
        hart.coprocessor.flip = 1

    unused = ("rd", "rs1", "rs2")
    for meaning, message in (
        (wrong_arity, "lif takes 2 operands, not 1"),
        (unknown, "the coprocessor has no function or field 'flip'"),
        (unknown_field, "the coprocessor has no field 'flip'"),
    ):
        with pytest.raises(DefinitionError, match=message) as caught:
            trace_meaning(meaning, R_TYPE, unused, lif.unit)
        assert str(caught.value).startswith(f"{__file__}:")


def test_result_of_a_traced_function() -> None:
    tree = trace_function(lambda trace: 7 if trace.record("operand", (), 0, 1, "a") else None, "here")
    assert [leaf.result for leaf in leaves(tree)] == [7, None]
