"""Random programs of two sources: code and data in many sections, labels everywhere, relocations of every kind."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from asm import Program
from iss.isa.catalogue import architecture
from tests.asm.corpus import statements
from tests.asm.gnu import ISA

Same = Callable[..., Program]
SECTIONS = (".text", ".data", ".section .rodata", '.section .text.x, "ax"', ".bss", '.section .sdata, "aw"')
SHARED = ("a_0", "b_0")
PLAIN = [
    line for definition in architecture(ISA).instructions for line in statements(definition, 20) if ". " not in line
]


class Writer:
    """Writes one random source."""

    def __init__(self, name: str, source: random.Random) -> None:
        self.name, self.random = name, source
        self.labels = [f"{name}_{index}" for index in range(source.randrange(5, 40))]
        self.lines = [".globl _start", "_start: nop"] if name == "a" else []
        self.section = ".text"

    def write(self) -> str:
        self.lines.append("1: nop")
        for label in self.labels:
            if self.random.random() < 0.25:
                self.section = self.random.choice(SECTIONS)
                self.lines.append(self.section)
            if label in SHARED:
                self.lines.append(f".globl {label}")
            self.lines += [".balign 2", f"{label}:"]  # no branch may have an odd target
            for _ in range(self.random.randrange(6)):
                self.statement()
        for section in SECTIONS:  # so that every `1f` finds its label
            self.lines += [section, ".balign 2", "1:"]
        return "\n".join(self.lines) + "\n"

    def label(self) -> str:
        kind = self.random.random()
        if kind < 0.6:
            return self.random.choice(self.labels)
        return self.random.choice(["1f", "1b"] if kind < 0.8 else SHARED)

    def statement(self) -> None:
        if self.section == ".bss":
            self.choose(
                f".space {self.random.randrange(100)}", f".align {self.random.randrange(5)}", ".balign 2\n1: .skip 4"
            )
        elif "text" in self.section:
            self.code()
        else:
            self.data()

    def choose(self, *lines: str) -> None:
        self.lines.append(self.random.choice(lines))

    def data(self) -> None:
        number = self.random.randrange(-100, 200)
        self.choose(
            f".byte {number}, 'a', 5*3-(2|1)",
            f".half {number}",
            f".quad {number}, 0x12",
            f".word {self.random.choice(self.labels)} - {self.random.choice(self.labels)}, .",
            f".word {self.label()}, {self.label()} + 4",
            '.string "abc\\n"',
            ".balign 8",
            ".p2align 3, 5",
            ".space 7, 1",
            ".uleb128 300",
            ".balign 2\n1:",
        )

    def code(self) -> None:
        register = self.random.choice(["a0", "t1", "s11"])
        branch = self.random.choice(["beq a0, a1,", "bnez t0,", "bltu s0, s1,", "bgt a0, a1,"])
        jump = self.random.choice(["call", "tail", "la a0,", "lw a5,", "j", "jal"])
        target = self.label()
        self.choose(
            self.random.choice(PLAIN),
            self.random.choice(PLAIN),
            f"{branch} {target}",
            f"{branch} {target}",
            f"{jump} {target}",
            f"{jump} {target} + 4",
            f"sw a0, {target}, t1",
            f"lui {register}, %hi({target})\naddi {register}, {register}, %lo({target})\nsw a0, %lo({target})(a1)",
            f"li {register}, {self.random.getrandbits(self.random.randrange(1, 32))}",
            f".balign {self.random.choice([4, 8, 16, 64])}",
            f".space {4 * self.random.randrange(400)}",
            f".balign 4\n.word {target}, . - {self.random.choice(self.labels)}",
            "1: nop",
        )


@pytest.mark.parametrize("seed", range(20))
def test_random_program(same_as_gnu: Same, seed: int) -> None:
    source = random.Random(seed)
    same_as_gnu(Writer("a", source).write(), Writer("b", source).write())
