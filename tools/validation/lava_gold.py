"""Runs Lava's bit-accurate LIF and ATRLIF and stores their spikes: `python3.10 -m tools.validation.lava_gold`.

Lava (lava-nc) needs Python 3.10, so this file imports nothing but Lava; `lava.py` compares. New cases go into CASES.
"""

from __future__ import annotations

import importlib
import json
import random
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

GOLD = Path(__file__).resolve().parent / "data" / "lava.json"
NEURONS, STEPS = 32, 1000
UNITY = 4096

# Decays in 1/4096; "largest" and "density" are of the random input. All other names are Lava's.
CASES: dict[str, dict[str, Any]] = {
    "lif": {"kind": "LIF", "du": 409, "dv": 128, "vth": 120, "bias_mant": 0, "bias_exp": 0},
    "lif_bias": {"kind": "LIF", "du": 4095, "dv": 31, "vth": 300, "bias_mant": 130, "bias_exp": 3},
    "lif_negative_exponent": {"kind": "LIF", "du": 1000, "dv": 0, "vth": 90, "bias_mant": -77, "bias_exp": -2},
    "lif_wrap": {"kind": "LIF", "du": 7, "dv": 3000, "vth": 60000, "bias_mant": 0, "bias_exp": 0, "largest": 9000},
    "atrlif": {"kind": "ATRLIF", "delta_i": 1638, "delta_v": 1638, "delta_theta": 819, "delta_r": 819, "theta_0": 5,
               "theta_step": 3, "bias_mant": 0, "bias_exp": 0, "largest": 30},
    "atrlif_slow": {"kind": "ATRLIF", "delta_i": 600, "delta_v": 200, "delta_theta": 12, "delta_r": 350, "theta_0": 40,
                    "theta_step": 9, "bias_mant": 0, "bias_exp": 0},
    "atrlif_bias": {"kind": "ATRLIF", "delta_i": 3000, "delta_v": 100, "delta_theta": 40, "delta_r": 90, "theta_0": 60,
                    "theta_step": 25, "bias_mant": 501, "bias_exp": 2},
    "atrlif_inhibited": {"kind": "ATRLIF", "delta_i": 100, "delta_v": 400, "delta_theta": 25, "delta_r": 2000,
                         "theta_0": 100, "theta_step": 1, "bias_mant": 1900, "bias_exp": 1, "shift": -40},
}  # fmt: skip


def inputs(name: str) -> list[list[int]]:
    """Input [STEPS][NEURONS] of a case: sparse integers, the same in every version of Python."""
    case = CASES[name]
    source = random.Random(name)
    largest, shift = case.get("largest", 200), case.get("shift", 60)

    def value() -> int:
        drawn = source.getrandbits(32)
        return drawn % (2 * largest + 1) - largest + largest * shift // 200 if drawn >> 30 == 0 else 0

    return [[value() for _ in range(NEURONS)] for _ in range(STEPS)]


def pack(spikes: list[list[int]]) -> list[str]:
    """Spikes [STEPS][NEURONS] as one hexadecimal number a step, neuron 0 in bit 0."""
    return [f"{sum(1 << index for index, spike in enumerate(row) if spike):x}" for row in spikes]


def _run(name: str) -> dict[str, Any]:
    """Spikes and last state of one case in Lava."""
    numpy: Any = importlib.import_module("numpy")
    io: Any = importlib.import_module("lava.proc.io")
    for module in ("lava.proc.io.source", "lava.proc.io.sink"):
        importlib.import_module(module)
    case = {key: value for key, value in CASES[name].items() if key not in ("largest", "shift", "kind")}
    if CASES[name]["kind"] == "LIF":
        neurons = importlib.import_module("lava.proc.lif.process").LIF(shape=(NEURONS,), **case)
        states = ["u", "v"]
    else:
        fractions = {key: value / UNITY for key, value in case.items() if key.startswith("delta_")}
        made: Any = importlib.import_module("lava.proc.atrlif.process").ATRLIF
        neurons = made(shape=(NEURONS,), **{**case, **fractions})
        states = ["i", "v", "theta", "r"]
    data = numpy.array(inputs(name), dtype=numpy.int32).T
    source, sink = io.source.RingBuffer(data=data), io.sink.RingBuffer(shape=(NEURONS,), buffer=STEPS)
    source.s_out.connect(neurons.a_in)
    neurons.s_out.connect(sink.a_in)
    condition: Any = importlib.import_module("lava.magma.core.run_conditions").RunSteps
    configuration: Any = importlib.import_module("lava.magma.core.run_configs").Loihi2SimCfg
    neurons.run(condition=condition(num_steps=STEPS), run_cfg=configuration(select_tag="fixed_pt"))
    spikes = sink.data.get().T.astype(int).tolist()
    last = {state: getattr(neurons, state).get().astype(int).tolist() for state in states}
    neurons.stop()
    return {"spikes": pack(spikes), "last": last}


def main() -> int:
    """Run every case and write the gold data."""
    gold = {"version": version("lava-nc"), "cases": {name: _run(name) for name in CASES}}
    lines = json.dumps(gold).replace('"last"', '\n"last"').replace('"spikes"', '\n"spikes"')
    GOLD.write_text(lines + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
