"""Counterexamples for people and for later: the report, an assembly file that any assembler takes, a pytest file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from asm import Disassembler
from asm.formats import write_atomically
from iss.extension.dut import BASE, DATA, DATA_SIZE, TOHOST, TestProgram
from iss.extension.extension import Extension
from iss.extension.implementations import find_implementation, implementation_specs
from iss.extension.load import load_extensions
from iss.extension.lockstep import Session
from iss.extension.programs import LIMIT
from iss.extension.shrink import Shrunk
from iss.extension.steps import Line, words_of
from iss.hart.extension_state import ExtensionState
from iss.isa.catalogue import Architecture
from iss.isa.registers import ABI_NAMES

DEFAULT_FOLDER = Path("tests/counterexamples")
_SHOWN_STATES = 8
_REGISTER = re.compile(r"\bx(\d+)\b")


@dataclass(frozen=True)
class Report:
    """A shrunk failure in words."""

    extension: Extension
    against: str
    shrunk: Shrunk
    architecture: Architecture

    @property
    def seed(self) -> str:
        """`SEED:PROGRAM`, as --replay takes it."""
        program = self.shrunk.failure.program
        return f"{program.seed}:{program.number}"

    @property
    def culprit(self) -> str:
        """The mnemonic of the instruction where the runs differ."""
        return self.text(self.shrunk.lines[self.shrunk.at]).split()[0] if self.shrunk.lines else self.extension.name

    @property
    def name(self) -> str:
        """What its files are called."""
        return re.sub(r"\W", "_", f"{self.culprit}_{self.against}_{self.seed}")

    def text(self, line: Line) -> str:
        """Return a line in assembly."""
        if line.word is None:
            value = line.value if line.value < 10 else f"{line.value:#x}"
            return f"li {ABI_NAMES[line.register]}, {value}"
        return Disassembler(self.architecture).word(line.word).text

    def title(self) -> str:
        """Return the first line."""
        shrunk, program = self.shrunk, self.shrunk.program
        return (
            f"FAIL {self.culprit}  against {self.against}  seed {program.seed}  program {program.number}: "
            f"{shrunk.before} -> {len(shrunk.lines)} instructions in {shrunk.seconds:.2f} s"
        )

    def lines(self) -> list[str]:
        """Return the program, marked where the runs differ."""
        found = []
        for number, line in enumerate(self.shrunk.lines):
            mnemonic, _, operands = self.text(line).partition(" ")
            text = f"{number:4}  {mnemonic:<10} {operands}"
            if number == self.shrunk.at:
                text = f">>{text[2:]:<40}  {self.difference()}"
            found.append(text.rstrip())
        return found

    def difference(self) -> str:
        """Return what differs."""
        divergence = self.shrunk.divergence
        what = _REGISTER.sub(lambda match: ABI_NAMES[int(match[1])], divergence.what)
        if what.startswith("CSR "):
            csr = self.architecture.csrs.by_number.get(int(what[4:], 16))
            what = csr.name if csr is not None else what
        return f"{what}: spec {divergence.spec}   dut {divergence.dut}"

    def before(self) -> dict[str, int]:
        """Return the state just before the instruction where the runs differ, where it is not as after reset."""
        words = [word for line in self.shrunk.lines[: self.shrunk.at] for word in words_of(line)]
        program = self.shrunk.program
        prefix = TestProgram(tuple(words), program.registers, program.data, program.traps)
        left = self.shrunk.failure.pair.spec.records(prefix, LIMIT)
        state = ExtensionState(self.shrunk.failure.pair.layout)
        if left.state is None:
            return {}
        state.buffer[:] = left.state
        found = {}
        for field in state.layout:
            values = getattr(state, field.name)
            for index in range(field.count):
                value = values if field.count == 1 else values[index]
                if value != field.reset:
                    found[field.name if field.count == 1 else f"{field.name}[{index}]"] = value
        return found

    def state_line(self) -> str:
        """Return the state before, in words."""
        found = self.before()
        shown = [f"{name} {value:#x}" for name, value in list(found.items())[:_SHOWN_STATES]]
        more = [f"and {len(found) - _SHOWN_STATES} more"] if len(found) > _SHOWN_STATES else []
        return f"state before: {', '.join([*shown, *more]) or 'as after reset'}"

    def replay(self) -> str:
        """Return the command that finds it again."""
        return f"neurohart ext test {self.extension.path} --against {self.against} --replay {self.seed}"

    def words(self) -> tuple[int, ...]:
        """Return the words of the body."""
        return tuple(word for line in self.shrunk.lines for word in words_of(line))

    def data(self) -> dict[int, int]:
        """Return the words of the data area that are not 0, by offset."""
        data = self.shrunk.program.data
        words = {place: int.from_bytes(data[place : place + 4], "little") for place in range(0, DATA_SIZE, 4)}
        return {place: word for place, word in words.items() if word}

    def plain(self) -> dict[str, object]:
        """Return it for JSON."""
        shrunk, divergence = self.shrunk, self.shrunk.divergence
        return {
            "instruction": self.culprit,
            "seed": shrunk.program.seed,
            "program": shrunk.program.number,
            "instructions_before": shrunk.before,
            "instructions": len(shrunk.lines),
            "seconds_shrinking": round(shrunk.seconds, 3),
            "assembly": [self.text(line) for line in shrunk.lines],
            "at": shrunk.at,
            "kind": divergence.kind,
            "what": self.difference().partition(":")[0],
            "spec": divergence.spec,
            "dut": divergence.dut,
            "state_before": self.before(),
            "note": shrunk.note,
            "replay": self.replay(),
        }


# Files ------------------------------------------------------------------------------------------------------------
def keep(report: Report, folder: Path) -> list[Path]:
    """Write `NAME.S` and `test_NAME.py`; return them."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for path, text in (
        (folder / f"{report.name}.S", assembly(report)),
        (folder / f"test_{report.name}.py", pytest_file(report, folder)),
    ):
        write_atomically(path, text.encode())
        written.append(path)
    return written


def assembly(report: Report) -> str:
    """Return the program as source that needs no extension: custom instructions are numbers with their text beside."""
    instructions = report.extension.instructions
    body = []
    for number, line in enumerate(report.shrunk.lines):
        text = report.text(line)
        if line.word is not None and (instructions.decode(line.word) is not None or text.startswith(".")):
            text = f".4byte {line.word:#010x}    # {text}"
        mark = f"    # >> {report.difference()}" if number == report.shrunk.at else ""
        body.append(f"    {text}{mark}")
    data = [f"    .org {DATA - BASE + place:#x}\n    .4byte {word:#x}" for place, word in report.data().items()]
    lines = "\n".join(body)
    return f"""\
# {report.title()}
# {report.state_line()}
# Found by: {report.replay()}
# Registers that are not set are 0. Link at {BASE:#x}; it ends by storing 1 to tohost.
    .globl _start, tohost
_start:
    la   t6, handler
    csrw mtvec, t6
    li   t6, 0
{lines}
    la   t6, tohost
    li   t5, 1
    sw   zero, 4(t6)
    sw   t5, 0(t6)
    j    .
    .balign 4
handler:
    csrr t4, mcause
    csrr t5, mtval
    csrr t6, mepc
    addi t6, t6, 4
    csrw mepc, t6
    mret
    .org {TOHOST - BASE:#x}
tohost:
    .8byte 0
{chr(10).join(data)}
"""


def pytest_file(report: Report, folder: Path) -> str:
    """Return a test that fails as long as the implementations differ."""
    words = "".join(
        f"    {', '.join(f'{word:#010x}' for word in words_of(line))},  # {report.text(line)}\n"
        for line in report.shrunk.lines
    )
    data = ", ".join(f"{place:#x}: {word:#x}" for place, word in report.data().items())
    path = os.path.relpath(report.extension.path, folder)
    against = f'"{report.against}"'
    if report.against not in implementation_specs(report.extension) and Path(report.against).is_file():
        against = f'str(Path(__file__).parent / "{os.path.relpath(report.against, folder)}")'
    return f'''\
"""{report.title()}

Found by `{report.replay()}`.
"""

from pathlib import Path

from iss.extension.keep import same

FILE = Path(__file__).parent / "{path}"
PROGRAM = (
{words})


def test_{report.name}():
    """{report.difference()}."""
    same(FILE, "{report.extension.name}", {against}, PROGRAM, {{{data}}})
'''


def same(path: Path, name: str, against: str, words: tuple[int, ...], data: Mapping[int, int]) -> None:
    """Fail (AssertionError) if the definition and an implementation differ on a program."""
    extension = next(extension for extension in load_extensions(path) if extension.name == name)
    content = bytearray(DATA_SIZE)
    for place, word in data.items():
        content[place : place + 4] = word.to_bytes(4, "little")
    session = Session(extension, find_implementation(extension, against), 0)
    try:
        program = TestProgram(words, data=bytes(content))
        for pair, _share in session.pairs:
            divergence, _ = pair.compare(program)
            assert divergence is None, f"{divergence.what}: spec {divergence.spec}, dut {divergence.dut}"
    finally:
        session.close()
