"""Profiles CUBA and ALIF against spikes and states of Lava's bit-accurate models of LIF and ATRLIF.

The gold data in `data/lava.json` is made by `lava_gold.py`; the mapping is specification A.1.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coprocessor import Network
from tools.validation.findings import Finding
from tools.validation.lava_gold import CASES, GOLD, NEURONS, STEPS, UNITY, inputs

STATES = {"u": "u", "i": "u", "v": "v", "theta": "threshold", "r": "refractory"}
"""State words by Lava's names."""


def network(case: dict[str, Any]) -> Network:
    """The population of a case behind a graded input."""
    mantissa, exponent = case["bias_mant"], case["bias_exp"]
    common: dict[str, Any] = {
        "bias": mantissa << exponent if exponent >= 0 else mantissa >> -exponent,
        "input_shift": 6,
        "width": 24,
        "symmetric": True,
        "wrap_current": True,
    }
    made = Network()
    made.input("x", NEURONS, encoding="graded", largest=1 << 16)
    if case["kind"] == "LIF":
        made.population(
            "y",
            NEURONS,
            "CUBA",
            current_retention=UNITY - case["du"] - 1,
            membrane_retention=UNITY - case["dv"],
            threshold=case["vth"] << 6,
            **common,
        )
    else:
        made.population(
            "y",
            NEURONS,
            "ALIF",
            current_retention=UNITY - case["delta_i"] - 1,
            membrane_retention=UNITY - case["delta_v"],
            threshold_retention=UNITY - case["delta_theta"],
            refractory_retention=UNITY - case["delta_r"],
            threshold=case["theta_0"] << 6,
            threshold_step=case["theta_step"] << 6,
            comparison=">=",
            **common,
        )
    made.one_to_one("x", "y")
    return made


def unpack(rows: list[str]) -> NDArray[np.uint8]:
    """Spikes [STEPS, NEURONS] of the gold data."""
    numbers = np.array([int(row, 16) for row in rows], dtype=np.uint64)
    return (numbers[:, None] >> np.arange(NEURONS, dtype=np.uint64) & np.uint64(1)).astype(np.uint8)


def findings() -> list[Finding]:
    """Spikes and last states that differ, of all cases of each kind."""
    gold = json.loads(GOLD.read_text(encoding="utf-8"))
    made = []
    for kind, profile in (("LIF", "CUBA"), ("ATRLIF", "ALIF")):
        wrong = spikes = 0
        names = [name for name, case in CASES.items() if case["kind"] == kind]
        for name in names:
            mine = network(CASES[name])
            raster = mine.run(np.array(inputs(name)))["y"]
            expected = unpack(gold["cases"][name]["spikes"])
            spikes += int(expected.sum())
            wrong += int((raster != expected).sum())
            state = mine.state("y")
            for word, values in gold["cases"][name]["last"].items():
                wrong += int((state[STATES[word]] != np.array(values)).sum())
        extent = f"{len(names)} parameter sets x {NEURONS} neurons x {STEPS} steps, {spikes} spikes, last states"
        reason = "bit exact"
        made.append(Finding(f"{profile} against {kind} of Lava {gold['version']}", extent, wrong, 0, "values", reason))
    return made
