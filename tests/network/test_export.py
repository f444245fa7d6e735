"""Exported images: firmware that includes one gives the bits of Network.run; what is read back is the same network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import asm
from coprocessor import Network
from coprocessor.errors import CoprocessorError
from coprocessor.network.streams import pack
from iss.builtin import builtin_architecture
from iss.machine import End, Machine
from tests.network.networks import rich, rich_inputs, small

ISA = "rv32im_zicsr_xnmspk_xnmeng_xnmlrn"
STEPS = 12
FIRMWARE = """
    .include "exported.inc"
    .text
    .globl _start
_start:
    li   t0, 1                          # ST = Initial
    csrw nm_ctl, t0
    li   t0, 300
    csrw nm_rew, t0
    li   t0, exported_time
    csrw nm_t, t0
    li   t0, exported_random
    csrw nm_rng, t0
    li   s0, exported_net
    nm.check a0, s0
    bnez a0, 1f
    li   a1, exported_steps
    nm.run a0, s0, a1
1:  la   t0, result
    sw   a0, 0(t0)
    li   t0, 0x100000                   # the test finisher
    li   t1, 0x5555
    sw   t1, 0(t0)
2:  j    2b
    .bss
    .globl result
result:
    .space 4
"""


@pytest.mark.parametrize("engine", ["reference", "interpreter"])
@pytest.mark.parametrize("base", [0x8010_0000, 0x8020_0010])
def test_firmware_equals_network(engine: str, base: int, tmp_path: Path) -> None:
    network = rich()
    network.run(rich_inputs(5))  # firmware goes on where the network is
    exported = network.export(tmp_path / "exported", base=base, steps=STEPS)
    inputs = rich_inputs(STEPS)
    expected = network.run(inputs, reward=300)

    source = tmp_path / "firmware.S"
    source.write_text(FIRMWARE)
    program = asm.assemble(
        [source],
        architecture=builtin_architecture(ISA),
        include_paths=[tmp_path],
        section_addresses={".exported": base},
    )
    machine = Machine(ISA, engine)
    machine.load(program.image())
    memory = machine.ram.buffer
    for name, values in inputs.items():
        place = exported.symbols[f"exported_in_{name}"] - machine.ram.base
        data = pack(network._inputs[name], values).tobytes()
        memory[place : place + len(data)] = data
    outcome = machine.run(10_000_000)
    assert outcome.end is End.EXIT and outcome.exit_code == 0

    place = machine.symbol("result") - machine.ram.base
    assert int.from_bytes(memory[place : place + 4], "little") == expected.spike_count > 0
    for name, population in network.populations.items():
        if not population.record:
            continue
        symbol = f"exported_out_{name}"
        size = STEPS * exported.symbols[f"{symbol}_stride"]
        place = exported.symbols[symbol] - machine.ram.base
        output = np.frombuffer(bytes(memory[place : place + size]), dtype=np.uint8).reshape(STEPS, -1)
        if population.graded:
            assert np.array_equal(output.view("<i4"), expected[name])
        else:
            assert np.array_equal(np.unpackbits(output, axis=1, count=population.n, bitorder="little"), expected[name])
        place = exported.symbols[f"exported_state_{name}"] - machine.ram.base
        for words in network.state(name).values():
            assert bytes(memory[place : place + words.nbytes]) == words.tobytes()
            place += words.nbytes
    assert machine.coprocessor.state()["counters"]["sop"] == expected.counters["sop"]


def test_read_back(tmp_path: Path) -> None:
    network = rich()
    network.run(rich_inputs(9), reward=3)
    network.export(tmp_path / "first", steps=20)
    loaded = Network.load(tmp_path / "first.bin")
    loaded.export(tmp_path / "second")
    assert (tmp_path / "first.bin").read_bytes() == (tmp_path / "second.bin").read_bytes()
    include = (tmp_path / "second.inc").read_text().replace("second", "first")
    assert include.split() == (tmp_path / "first.inc").read_text().split()
    for part in ("cuba", "alif", "izh"):
        assert loaded.populations[part].mode == network.populations[part].mode
    assert loaded.time == network.time == 9
    network_result, loaded_result = network.run(rich_inputs(20)), loaded.run(rich_inputs(20))
    for name, output in network_result.outputs.items():
        assert np.array_equal(output, loaded_result[name]), name


def test_image_is_small_without_its_streams(tmp_path: Path) -> None:
    exported = small().export(tmp_path / "net", steps=100_000)
    assert exported.binary.stat().st_size < 1000
    assert exported.symbols["net_size"] > 800_000


def refusal(path: Path, content: bytes) -> str:
    """The message that a file with this content gives, empty if it is accepted."""
    path.write_bytes(content)
    try:
        Network.load(path)
    except CoprocessorError as error:
        return str(error)
    return ""


def test_damaged_images_are_refused(tmp_path: Path) -> None:
    """Every changed word of the descriptors gives a message or a network, never another exception."""
    exported = small().export(tmp_path / "net", steps=2)
    good = exported.binary.read_bytes()
    changed = [
        good[:offset] + value + good[offset + 4 :]
        for offset in range(0, len(good), 4)
        for value in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x01\0\x0f\x80")
    ]
    messages = [message for content in changed if (message := refusal(exported.binary, content))]
    assert len(messages) > 150
    assert all(str(exported.binary) in message for message in messages)
    for content in (b"", b"short", good[:-4], good + bytes(4), b"\x7fELF" + bytes(100)):
        exported.binary.write_bytes(content)
        with pytest.raises(CoprocessorError, match=r"damaged|not an exported network"):
            Network.load(exported.binary)


def test_files_that_cannot_be_written_or_read(tmp_path: Path) -> None:
    network = small()
    with pytest.raises(CoprocessorError, match=r"cannot write .*; choose a directory"):
        network.export(tmp_path / "missing" / "net")
    with pytest.raises(CoprocessorError, match="cannot read"):
        Network.load(tmp_path / "missing.bin")
    with pytest.raises(CoprocessorError, match="part of symbols"):
        network.export(tmp_path / "my net")
    assert not list(tmp_path.iterdir())
