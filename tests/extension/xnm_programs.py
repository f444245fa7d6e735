"""Programs of Xnmspk instructions and writes to the nm_ CSRs, and what a machine retires of them.

They are random ones and the cases of xnm_cases.json: operands and state that tell mutants of the specification apart
which random programs did not (`python -m tools.validation mutation xnmspk --cases FILE` writes such).
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from iss.extension.dut import BASE, constant, encode
from iss.isa.catalogue import Architecture
from iss.isa.csrs import Csr
from iss.isa.definitions import Definition
from iss.loaders.image import Image, Segment
from iss.machine import Machine
from iss.trace.events import Kind

NM_CTL = 0x7C0
CORNERS = (
    *(0, 1, 2, 3, 31, 32, 33, 0x7F, 0x80, 0xFF, 0xFFF, 0x1000, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFF, 0x800000, 0x7FFFFFFF),
    *(0x80000000, 0xFFFFFFFF, 0xFFFF8000, 0x10001000, 0x0E660F00),
)
Records = NDArray[np.uint32]
CASES = json.loads(Path(__file__).with_name("xnm_cases.json").read_text(encoding="utf-8"))


def value(source: random.Random) -> int:
    """A register or CSR value: corners, their negatives, random bits."""
    kind = source.random()
    if kind < 0.4:
        return source.choice(CORNERS)
    if kind < 0.5:
        return -source.choice(CORNERS) & 0xFFFF_FFFF
    return source.getrandbits(source.choice((8, 12, 16, 24, 31, 32)))


def xnm_program(seed: int, definitions: Iterable[Definition], csrs: Iterable[int], length: int = 300) -> bytes:
    """Code that switches the unit on, sets registers and CSRs, runs a random body and reads the CSRs."""
    source, chosen, numbers = random.Random(seed), list(definitions), [csr for csr in csrs if csr != NM_CTL]
    words = [*constant(1, 1), encode("csrrw", rs1=1, csr=NM_CTL)]
    for number in numbers:
        words += [*constant(5, value(source)), encode("csrrw", rs1=5, csr=number)]
    for register in range(1, 32):
        words += constant(register, value(source))
    for _ in range(length):
        kind = source.random()
        if kind < 0.7:
            encoding = source.choice(chosen).encoding
            words.append(encoding.encode(**{field: source.randrange(32) for field in encoding.fields}))
        elif kind < 0.85:
            register = source.randrange(1, 32)
            operation = source.choice(("csrrw", "csrrs", "csrrc"))
            words += constant(register, value(source))
            words.append(encode(operation, rd=source.randrange(32), rs1=register, csr=source.choice(numbers)))
        else:
            words += constant(source.randrange(1, 32), value(source))
    words += [encode("csrrs", rd=7, csr=number) for number in (NM_CTL, *numbers)]
    return np.array([*words, encode("jal", imm=0)], dtype="<u4").tobytes()


def enabling_program(definition: Definition, ctl: int) -> bytes:
    """Code that writes nm_ctl, runs one instruction, which may be illegal then (1.4), and reads nm_ctl."""
    words = [*constant(1, ctl), encode("csrrw", rs1=1, csr=NM_CTL)]
    for register, held in ((10, 0x1234_5678), (11, 0x8000_7FFF), (12, 0x0102_80FF)):
        words += constant(register, held)
    numbers = {"rd": 10, "rs1": 11, "rs2": 12}
    words.append(definition.encoding.encode(**{field: numbers.get(field, 3) for field in definition.encoding.fields}))
    words += [encode("csrrs", rd=7, csr=NM_CTL), encode("jal", imm=0)]
    return np.array(words, dtype="<u4").tobytes()


def case_program(definition: Definition, csrs: Iterable[Csr]) -> bytes:
    """Code that runs an instruction on each of its cases, with all CSRs set before and read afterwards."""
    words = [*constant(1, 1), encode("csrrw", rs1=1, csr=NM_CTL)]
    chosen = [csr for csr in csrs if csr.number != NM_CTL]
    for case in CASES:
        if case["instruction"] != definition.mnemonic:
            continue
        for csr in chosen:
            words += [*constant(5, case["state"].get(csr.name.removeprefix("nm_"), 0))]
            words.append(encode("csrrw", rs1=5, csr=csr.number))
        for register in range(1, 32):
            words += constant(register, case["x"].get(str(register), 0))
        words.append(definition.encoding.encode(**case["operands"]))
        words += [encode("csrrs", rd=7, csr=csr.number) for csr in chosen]
    return np.array([*words, encode("jal", imm=0)], dtype="<u4").tobytes()


def records(architecture: Architecture, code: bytes, engine: str = "interpreter") -> Records:
    """The trace records of a program's instructions, the closing loop once."""
    machine = Machine(architecture, engine)
    machine.load(Image(BASE, (Segment(BASE, code, len(code), "rwx"),), {}, "xnm"))
    parts: list[bytes] = []
    machine.observe(lambda data: parts.append(bytes(data)))
    machine.run(len(code) // 4)
    found: Records = np.frombuffer(b"".join(parts), dtype="<u4").reshape(-1, 4)
    return found


def retired(found: Records) -> Records:
    """Those of the records that tell of a retired instruction: destination << 8 | kind, pc, word, value."""
    chosen: Records = found[found[:, 0] & 0xFF == Kind.RETIRED]
    return chosen
