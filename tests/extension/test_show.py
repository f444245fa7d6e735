"""`ext show`: what it prints is true. The pseudo-code is run and compared with the meaning itself."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest

from iss.builtin import builtin_architecture
from iss.cli.main import main
from iss.extension.cases import Case, Runner
from iss.extension.notation import pseudo_code
from iss.extension.show import card
from iss.extension.subjects import Subject, subjects_of
from iss.extension.template import files as template
from iss.extension.vectors import Vectors
from iss.isa.causes import Cause
from iss.isa.values import signed
from tests.extension.samples import ALL_KINDS, extension

CASES = 50


class Trapped(Exception):
    """The pseudo-code traps; the argument is the cause's name."""


class Registers(list[int]):
    def __setitem__(self, number: Any, value: Any) -> None:
        super().__setitem__(number, value & 0xFFFF_FFFF if number else 0)


class Memory:
    """What loads and stores of pseudo-code do, on the bytes of a case."""

    def __init__(self, case: Case) -> None:
        self.before, self.after, self.refused = case.memory, dict[int, int](), case.refused

    def load(self, address: int, size: int) -> int:
        address &= 0xFFFF_FFFF
        if address % size:
            raise Trapped("load address misaligned")
        if (address, size, False) in self.refused:
            raise Trapped("load access fault")
        return sum(self.byte(address + offset) << 8 * offset for offset in range(size))

    def byte(self, address: int) -> int:
        return self.after[address] if address in self.after else self.before[address]

    def store(self, address: int, value: int, size: int) -> None:
        address &= 0xFFFF_FFFF
        if address % size:
            raise Trapped("store address misaligned")
        if (address, size, True) in self.refused:
            raise Trapped("store access fault")
        for offset in range(size):
            self.after[address + offset] = value >> 8 * offset & 0xFF


class State:
    """The state of an extension, with writes that keep the declared bits."""

    def __init__(self, subject: Subject, case: Case) -> None:
        held = self.__dict__["_held"] = {}
        self.__dict__["_fields"] = subject.states
        for name, field in subject.states.items():
            values = [field.reset] * field.count
            for index, value in case.states.get(name, {}).items():
                values[index] = value
            held[name] = Elements(values, field.wrap)

    def __getattr__(self, name: str) -> Any:
        held = self._held[name]
        return held[0] if self._fields[name].count == 1 else held

    def __setattr__(self, name: str, value: int) -> None:
        self._held[name][0] = value


class Elements(list[int]):
    def __init__(self, values: list[int], wrap: Any) -> None:
        super().__init__(values)
        self.wrap = wrap

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(index, self.wrap(value))


def executable(text: str) -> str:
    """Pseudo-code as Python."""
    text = re.sub(r"trap (.*)", r"trap('\1')", text).replace("next pc =", "next_pc =")
    return re.sub(r"cost \+= (.*) cycles", r"cost += \1", text)


def by_pseudo_code(subject: Subject, case: Case) -> tuple[Any, ...]:
    """Registers, state, memory, next pc and trap after running the text that is shown."""
    memory, state = Memory(case), State(subject, case)
    x = Registers([case.x.get(number, 0) if number else 0 for number in range(32)])

    def trap(cause: str) -> None:
        raise Trapped(cause)

    names: dict[str, Any] = {"x": x, "state": state, "pc": case.pc, "next_pc": case.pc + 4, "cost": 0, "trap": trap}
    names |= {f"signed{bits}": lambda value, bits=bits: signed(value, bits) for bits in range(1, 65)}
    names |= {f"load{8 * size}": lambda address, size=size: memory.load(address, size) for size in (1, 2, 4)}
    names |= {
        f"store{8 * size}": lambda address, value, size=size: memory.store(address, value, size) for size in (1, 2, 4)
    }
    names |= {"ones": int.bit_count, **case.operands, **case.fields}
    ended = None
    try:
        exec(executable(pseudo_code(subject.definition.trace())), names)
    except Trapped as trapped:
        ended = str(trapped)
    following = names["next_pc"] & 0xFFFF_FFFF
    if ended is None and following % 4:
        ended = "instruction address misaligned"
    return x, state, memory.after, following, ended


def compare(subject: Subject, seed: int = 1) -> int:
    """Run both; return how many cases did not trap in the middle."""
    runner = Runner(subject.definition, subject.architecture)
    retired = 0
    for case in itertools.islice(Vectors(subject.definition, subject.states, subject.widths, seed), CASES):
        result = runner.run(case)
        x, state, memory, following, ended = by_pseudo_code(subject, case)
        if result.trap is not None:
            name = Cause(result.trap[0]).name.lower().replace("_", " ")
            assert ended is not None and ended.split()[-1] == name.split()[-1], (case, name, ended)
            continue
        retired += 1
        assert ended is None and following == result.next_pc, (case, ended)
        before = [case.x.get(number, 0) for number in range(32)]
        assert x == [result.x.get(number, before[number] if number else 0) for number in range(32)], case
        for name, held in result.states.items():
            for index, value in held.items():
                assert state._held[name][index] == value, (case, name)
        assert {address: value for address, value in memory.items() if case.memory.get(address, 0) != value} == dict(
            result.memory
        )
    return retired


def test_pseudo_code_of_an_extension(tmp_path: Path) -> None:
    for text in (ALL_KINDS, template("xspk")["xspk.py"]):
        for subject in subjects_of(extension(tmp_path, text)):
            assert compare(subject) > CASES // 3, subject.definition.mnemonic


def test_pseudo_code_of_rv32im() -> None:
    architecture = builtin_architecture("rv32im")
    skipped = {"ecall", "ebreak", "mret", "wfi", "fence", "csrrw"}
    for definition in architecture.instructions:
        if definition.mnemonic not in skipped:
            compare(Subject(definition, architecture))


def test_vectors_are_results_of_the_meaning(tmp_path: Path) -> None:
    subjects = {subject.definition.mnemonic: subject for subject in subjects_of(extension(tmp_path))}
    shown = card(subjects["all.mac"], 100).vectors
    assert len(shown) == 100
    for vector in shown:
        before = vector.inputs["rd"] & 0xFFFF_FFFF
        product = (before + vector.inputs["rs1"] * vector.inputs["rs2"]) & 0xFFFF_FFFF
        expected = {} if product == before else {"rd": f"{product:#010x}"}
        assert vector.outcome() == expected
    assert any("trap" in vector.outcome() for vector in card(subjects["all.div"], 100).vectors)
    assert any("pc" in vector.outcome() for vector in card(subjects["all.bodd"], 100).vectors)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = extension(tmp_path)
    assert main(["ext", "show", str(given.path), "all.lif"]) == 0
    text = capsys.readouterr().out
    for part in (
        "│ 0000000 │",
        "3 cycles, 1.2 pJ, rs1 unsigned(8)",
        "t0 = x[rs1] & 255",
        "def lif(hart, insn):",
        "WRITE_X(d->rd, 1u);",
    ):
        assert part in text, part
    assert re.search(r"rs1 0, rs2 32767 +rd 0x00000001", text)
    assert main(["ext", "show", str(given.path)]) == 0
    assert capsys.readouterr().out.count("defined at") == len(given.instructions)
    assert main(["ext", "show", str(given.path), "all.sat8", "--json"]) == 0
    (plain,) = json.loads(capsys.readouterr().out)
    assert plain["pseudo_code"].startswith("t0 = x[rs1] + imm") and plain["vectors"]
    assert main(["ext", "show", "mulhsu"]) == 0
    assert main(["ext", "show", str(given.path), "all.no"]) == 65
    assert "has no instruction 'all.no'" in capsys.readouterr().err
