"""W1 in firmware: `dense.S` on the interpreter, one nm.run for each sample."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

import asm
from iss.builtin import builtin_architecture
from iss.machine import End, Machine
from tools.bench.coprocessor import dense
from tools.bench.coprocessor.contender import Contender
from tools.bench.errors import WrongResult

ISA: Final = "rv32im_zicsr_xnmspk_xnmeng_xnmlrn"
SOURCE: Final = Path(__file__).with_name("dense.S")
PLACES: Final = {".net": 0x8010_0000, ".samples": 0x8040_0000}
ROUNDS: Final = 32
"""How often one run of the machine runs all samples, so that its start does not count."""


class Firmware(Contender):
    """Only the run of the machine is timed, not assembling and loading."""

    def __init__(self, workload: dense.Dense) -> None:
        self.workload = workload
        with tempfile.TemporaryDirectory(prefix="firmware-") as directory:
            workload.network().export(Path(directory, "net"), base=PLACES[".net"])
            packed = np.packbits(workload.spikes, axis=-1, bitorder="little")
            words = np.zeros((*packed.shape[:-1], 4 * -(-workload.inputs // 32)), dtype=np.uint8)
            words[..., : packed.shape[-1]] = packed
            Path(directory, "samples.bin").write_bytes(words.tobytes())
            text = f"    .equ SAMPLES, {workload.samples}\n{SOURCE.read_text(encoding='utf-8')}"
            self.program = asm.assemble(
                [asm.Source(SOURCE.name, text)],
                architecture=builtin_architecture(ISA),
                include_paths=[Path(directory)],
                section_addresses=PLACES,
            )
        self.run(1)

    def run(self, rounds: int) -> tuple[float, NDArray[np.int32]]:
        """Run all samples so many times: seconds, and the number of spikes of each sample."""
        machine = Machine(ISA, "interpreter")
        machine.load(self.program.image())
        place = machine.symbol("rounds") - machine.ram.base
        machine.ram.buffer[place : place + 4] = rounds.to_bytes(4, "little")
        start = time.perf_counter()
        outcome = machine.run()
        elapsed = time.perf_counter() - start
        if outcome.end is not End.EXIT or outcome.exit_code != 0:
            raise WrongResult(f"the firmware of {SOURCE.name} ended with {outcome}")
        place = machine.symbol("counts") - machine.ram.base
        counts = bytes(machine.ram.buffer[place : place + 4 * self.workload.samples])
        return elapsed, np.frombuffer(counts, dtype="<i4")

    def measure(self) -> float:
        return self.run(ROUNDS)[0] / (ROUNDS * self.workload.samples)

    def facts(self) -> dict[str, float]:
        neurons = self.workload.hidden + self.workload.outputs
        return {"both": float(self.run(1)[1].mean()) / (neurons * self.workload.steps)}

    def verify(self) -> None:
        """Every sample has as many spikes as from Python."""
        network = self.workload.network()
        for number, (sample, count) in enumerate(zip(self.workload.spikes, self.run(1)[1], strict=True)):
            network.reset()
            expected = network.run(sample).spike_count
            if count != expected:
                raise WrongResult(f"sample {number} has {count} spikes in firmware, {expected} from Python")
