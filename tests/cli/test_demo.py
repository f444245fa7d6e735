"""`neurohart demo`: what is measured is exact, and the picture shows what was recorded."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import numpy as np
import pytest

from coprocessor.energy import PRESETS, energy_fj
from iss.cli.exit_codes import ExitCode, Failure
from iss.cli.measure import Counts, _Arrivals, measure
from iss.cli.programs import read_program
from iss.cli.raster import CLASSES, Recording, draw_raster
from iss.trace.events import RECORD, Kind
from iss.tui.braille import BRAILLE
from tests.cli.command import Command, write_source

ROOT = Path(__file__).resolve().parents[2]
DIGITS = read_program(ROOT / "programs" / "digits")
FORMS = tuple(DIGITS.forms)
RESULT_CYCLES, RESULT_INSTRUCTIONS = 5, 6
COUNTER_READS = 2  # the firmware reads its counters in the first and the last but one instruction of the measured part

SMALL = """
_start: li a0, 3
    j entered
    nop
begin: lw t0, 0(sp)
entered: la sp, data
1:  bnez a0, begin2
    j end
begin2: addi a0, a0, -1
    sw a0, 0(sp)
    beqz a0, end
    j begin
end: lw t1, 0(sp)
    li t0, 0x100000
    li t1, 0x5555
    sw t1, 0(t0)
3:  j 3b
    .data
data: .word 0
"""
MANIFEST = (
    'name = "small"\ndescription = "d"\ndefault = "a"\n[forms.a]\nsource = "main.S"\nisa = "rv32i_zicsr"\n'
    '[measure]\nbegin = "begin"\nend = "end"\n'
)


@pytest.mark.parametrize("engine", ["reference", "interpreter"])
def test_measured_part_counted_by_hand(tmp_path: Path, engine: str) -> None:
    """From the first arrival at `begin`: two rounds of lw, la (2), bnez, addi, sw, beqz and j (not in the last)."""
    write_source(tmp_path, SMALL, "main.S")
    (tmp_path / "program.toml").write_text(MANIFEST)
    program = read_program(tmp_path)
    counts = measure(program, program.form(), engine, "ideal").counts
    assert counts == Counts(instructions=8 + 7, cycles=8 + 7, accesses=4, coprocessor={})
    slow = measure(program, program.form(), engine, "edge2").counts
    assert slow == Counts(instructions=15, cycles=15 + 4 + 1 + 3, accesses=4, coprocessor={})


def test_a_part_that_is_never_reached(tmp_path: Path) -> None:
    write_source(tmp_path, SMALL, "main.S")
    (tmp_path / "program.toml").write_text(MANIFEST.replace('"begin"', '"_start"').replace('"end"', '"data"'))
    program = read_program(tmp_path)
    with pytest.raises(Failure, match=r"small \(a\) never reaches data") as caught:
        measure(program, program.form(), "auto", "ideal")
    assert caught.value.code == ExitCode.BAD_INPUT


@pytest.mark.parametrize("piece", [1, 2, 3, 100])
def test_arrivals_do_not_depend_on_how_records_come(piece: int) -> None:
    """Instructions at 0, 4 (a load), 8, 4 (a load), 12 (a store), cut into pieces of whole instructions."""
    load, store = RECORD.pack(Kind.LOAD | 4 << 8, 4, 8, 0), RECORD.pack(Kind.STORE | 4 << 8, 12, 8, 0)
    instructions = [
        before + RECORD.pack(Kind.RETIRED, pc, 0x13, 4)
        for before, pc in ((b"", 0), (load, 4), (b"", 8), (load, 4), (store, 12))
    ]
    for addresses, expected in (((4, 12), [1, 4]), ((0, 4), [0, 1]), ((8, 4), [2, 3])):
        arrivals = _Arrivals(addresses)
        for start in range(0, len(instructions), piece):
            arrivals.consume(b"".join(instructions[start : start + piece]))
        assert arrivals.found == expected


@pytest.mark.parametrize("form", FORMS)
def test_digits_agree_with_the_counters_the_firmware_reads(form: str) -> None:
    measured = measure(DIGITS, DIGITS.form(form), "auto", "ideal")
    expected = DIGITS.expectation()
    assert measured.output.decode() == expected["output"]
    results = struct.unpack("<7I", measured.machine.ram.read(measured.machine.symbol("results"), 28))
    assert measured.counts.instructions == results[RESULT_INSTRUCTIONS] + COUNTER_READS
    assert measured.counts.cycles == results[RESULT_CYCLES] + COUNTER_READS
    assert measured.record("hidden_spikes", DIGITS).sum() == expected["hidden_spikes"]
    if form == "engine":
        assert expected["counters"].items() <= measured.counts.coprocessor.items()


def test_demo(neurohart: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    ended = neurohart("demo", "--svg", tmp_path / "demo.svg", "--energy", "sne22")
    lines = ended.output.decode().splitlines()
    assert (ended.code, ended.errors) == (0, "")
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 23
    rows = {line.split()[0]: line.split() for line in lines if line.startswith(FORMS)}
    assert list(rows) == list(FORMS)
    cycles = {}
    for form in FORMS:
        counts = measure(DIGITS, DIGITS.form(form), "auto", "ideal").counts
        cycles[form] = counts.cycles
        events = {name: counts.coprocessor.get(name, 0) for name in ("sop", "nup", "spkout", "wupd")}
        energy = energy_fj(
            PRESETS["sne22"],
            instructions=counts.instructions,
            memory_words=counts.accesses,
            cycles=counts.cycles,
            **events,
        )
        assert rows[form][1:5] == ["98.6", "%", f"{counts.instructions:,}", f"{counts.cycles:,}"]
        assert float(rows[form][6]) == pytest.approx(energy / 360 / 1e6, rel=1e-3)
        assert rows[form][8] == f"{cycles['scalar'] / counts.cycles:.2f}"
    assert rows["engine"][5] == f"{DIGITS.expectation()['counters']['sop']:,}"
    assert re.findall(r"\d", lines[-1]) == [str(number) for number in range(10)]
    assert (tmp_path / "demo.svg").read_text().startswith("<svg")


def test_demo_refuses_another_result(neurohart: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "programs" / "digits"
    copy.mkdir(parents=True)
    original = ROOT / "programs"
    (tmp_path / "programs" / "common").symlink_to(original / "common")
    for path in (original / "digits").iterdir():
        (copy / path.name).symlink_to(path)
    (copy / "expect.json").unlink()
    (copy / "expect.json").write_text('{"exit_code": 0, "output": ""}')
    monkeypatch.chdir(tmp_path)
    ended = neurohart("demo")
    assert ended.code == ExitCode.FAILED
    assert "not the result of programs/digits/expect.json: scalar, fine, engine" in ended.errors


def test_demo_wants_a_known_preset(neurohart: Command) -> None:
    ended = neurohart("demo", "--energy", "sun")
    assert ended.code == ExitCode.USAGE
    assert "energy preset 'sun' is not known, expected one of default22" in ended.errors


def recording(images: int = 40, steps: int = 10, neurons: int = 80, seed: int = 1) -> Recording:
    """Random spikes; every class is there."""
    random = np.random.default_rng(seed)
    labels = np.arange(images) % CLASSES
    return Recording(
        random.random((images, steps, 64)) < 0.3, random.random((images, steps, neurons)) < 0.2, labels, labels
    )


@pytest.mark.parametrize("width", [40, 80, 100, 200])
@pytest.mark.parametrize("height", [5, 24, 60])
def test_raster_keeps_to_its_place(width: int, height: int) -> None:
    lines = draw_raster(recording(), width, height)
    assert max(line.cell_len for line in lines) <= width
    assert len(lines) <= max(15, height)


def test_raster_shows_every_spike_once() -> None:
    """With room for all neurons, the dots of a column are the spikes of its image; order of neurons aside."""
    data = recording(images=10, neurons=80)
    lines = [line.plain[4:] for line in draw_raster(data, 100, 60)][4:-1]
    assert len(lines) == 20
    for image in range(10):
        cells = [line[9 * image : 9 * image + 9] for line in lines]
        dots = sum((ord(cell) - BRAILLE).bit_count() for text in cells for cell in text if ord(cell) >= BRAILLE)
        assert dots == data.hidden[image].sum()


def test_raster_dots_stand_at_their_step_and_neuron() -> None:
    data = recording(images=10, neurons=40)
    data.hidden[:] = False
    for number in range(10):
        data.hidden[number, :, 4 * number] = True  # this neuron is for this class alone
    data.hidden[0, :, 0] = [True, False, False, False, True, True, False, False, False, False]
    first = draw_raster(data, 100, 15)[4].plain
    assert first[:4] == " 0 │"
    assert [ord(cell) - BRAILLE for cell in first[5:10]] == [0x01, 0, 0x09, 0, 0]


def test_wrong_answers_are_marked() -> None:
    data = recording(images=10)
    classes = data.classes.copy()
    classes[3] = 8
    wrong = Recording(data.inputs, data.hidden, classes, data.labels)
    assert draw_raster(wrong, 100, 15)[-1].plain.split()[4:7] == ["8", "≠", "3"]
