"""The lines for riscv-opcodes, read by the rules of its README and by a published decoder made of such files."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from iss.extension.export import files
from iss.extension.template import files as template
from tests.architecture.repository import ROOT
from tests.extension.samples import ALL_KINDS, ODD, extension

ISAC = ROOT / "build" / "riscv-isac"  # not among the other packages: it brings one that is called `tests`
ARGUMENTS = {  # of its arg_lut.csv: highest and lowest bit
    "rd": (11, 7), "rs1": (19, 15), "rs2": (24, 20), "imm12": (31, 20), "imm20": (31, 12), "shamtw": (24, 20),
    "imm12hi": (31, 25), "imm12lo": (11, 7), "bimm12hi": (31, 25), "bimm12lo": (11, 7), "jimm20": (31, 12),
}  # fmt: skip


def parsed(line: str, arguments: dict[str, tuple[int, int]]) -> tuple[str, int, int]:
    """Mnemonic, match and mask of a line; AssertionError if it breaks a rule of the README of riscv-opcodes."""
    name, *parts = line.split()
    assert re.fullmatch(r"[a-z0-9.]+", name)
    owner: dict[int, str] = {}
    match = mask = 0

    def claim(high: int, low: int, what: str) -> None:
        for bit in range(low, high + 1):
            assert bit not in owner, f"bit {bit} of {name} is {owner[bit]} and {what}"
            owner[bit] = what

    for part in parts:
        found = re.fullmatch(r"(?:(\d+)\.\.)?(\d+)=(0b[01]+|0x[0-9a-fA-F]+|\d+)", part)
        if found is None:
            claim(*arguments[part], part)
            continue
        low = int(found[2])
        high = int(found[1]) if found[1] else low
        value = int(found[3], 0)
        assert found[1] is None or high > low
        assert value < 1 << (high - low + 1)
        claim(high, low, part)
        mask |= ((1 << (high - low + 1)) - 1) << low
        match |= value << low
    assert sorted(owner) == list(range(32)), f"{name} leaves bits open"
    return name, match, mask


@pytest.mark.parametrize("text", [ALL_KINDS, ODD, template("xspk")["xspk.py"]])
def test_lines_for_riscv_opcodes_parse(text: str, tmp_path: Path) -> None:
    given = extension(tmp_path, text)
    made = files(given, ["opcodes"])
    rows = [row.split(",") for row in made.get("riscv-opcodes/arg_lut.csv", "").splitlines()]
    arguments = ARGUMENTS | {name.strip('"'): (int(high), int(low)) for name, high, low in rows}
    assert len(arguments) == len(ARGUMENTS) + len(rows)
    lines = [line for line in made[f"riscv-opcodes/rv32_{given.name}"].splitlines() if not line.startswith("#")]
    expected = [(item.mnemonic, item.encoding.match, item.encoding.mask) for item in given.instructions]
    assert [parsed(line, arguments) for line in lines] == expected
    csrs = [row.split(", ") for row in made["riscv-opcodes/csrs.csv"].splitlines()]
    assert [(int(number, 16), name.strip('"')) for number, name in csrs] == [(c.number, c.name) for c in given.csrs]


@pytest.mark.parametrize("text", [ALL_KINDS, ODD, template("xspk")["xspk.py"]])
def test_a_published_decoder_reads_the_lines(text: str, tmp_path: Path) -> None:
    """riscv-isac (InCore) decodes words by files of riscv-opcodes: by ours, each word is the instruction it is."""
    if not ISAC.is_dir():
        pytest.skip(f"riscv-isac is missing; run: pip install --no-deps --target {ISAC} riscv-isac colorlog pluggy")
    given = extension(tmp_path, text)
    made = files(given, ["opcodes"])
    folder = tmp_path / "riscv_opcodes"
    folder.mkdir()
    lines = made[f"riscv-opcodes/rv32_{given.name}"]
    (folder / f"rv32_{given.name}").write_text(lines, encoding="utf-8")
    rows = [row.split(",") for row in made.get("riscv-opcodes/arg_lut.csv", "").splitlines()]
    arguments = {name.strip('"'): (int(high), int(low)) for name, high, low in rows}
    source = random.Random(3)
    words = []
    for definition in given.instructions:
        encoding = definition.encoding
        for _ in range(50):
            word = encoding.match | source.getrandbits(32) & ~encoding.mask
            words += [word, word ^ 1 << source.choice([bit for bit in range(32) if encoding.mask >> bit & 1])]
    asked = {"folder": str(tmp_path), "arguments": arguments, "words": words}
    script = Path(__file__).with_name("isac_decoder.py")
    done = subprocess.run(
        [sys.executable, str(script)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ISAC)},
    )
    named = {line.split()[0]: line.split() for line in lines.splitlines() if not line.startswith("#")}
    for word, decoded in zip(words, json.loads(done.stdout), strict=True):
        expected = given.instructions.decode(word)
        if expected is None:
            assert decoded is None, f"{word:#x}"
            continue
        name, values = decoded
        assert name == expected.mnemonic, f"{word:#x}"
        known = ARGUMENTS | arguments
        used = [part for part in named[name][1:] if "=" not in part]
        assert values == {one: word >> known[one][1] & (1 << known[one][0] - known[one][1] + 1) - 1 for one in used}
