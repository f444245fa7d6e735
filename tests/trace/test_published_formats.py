"""What is written for other tools follows the published rules of its format, where the tool itself cannot be had.

RVVI-TEXT: the table "Sscanf style element types" and the rules for lines of its specification, version 0.3. Chrome's
trace events: the phases of the description of the format, and what Perfetto demands of slices on a track.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import pytest

from coprocessor.energy import PRESETS
from iss.trace.formats import WRITERS, read_trace, write_trace
from iss.trace.profile.collect import collect
from iss.trace.profile.stacks import Profile
from iss.trace.reader import Trace
from tests.trace.recording import busy, record
from tests.trace.test_profile import CALLS, NETWORK, run

PRESET = PRESETS["default22"]
PROGRAMS = ("busy", "calls", "network")


@pytest.fixture(scope="module")
def traces() -> dict[str, Trace]:
    return {
        "busy": record(busy(), "interpreter", [2000, 1000, None]).trace,
        "calls": run(CALLS)[1],
        "network": run(NETWORK)[1],
    }


def written(trace: Trace, folder: Path, format: str, energy: bool = False) -> str:
    path = folder / f"trace{WRITERS[format][0]}"
    write_trace(trace, path, format, PRESET if energy else None)
    return path.read_text()


# RVVI-TEXT ------------------------------------------------------------------------------------------------------------
_INT, _HEX, _NAME = r"\d+", r"0x[0-9a-fA-F]+", r"\w+"
_ELEMENTS: Final = {
    "VERSION": (_INT, _INT),
    "VENDOR": (_NAME, _INT, _INT),
    "HART": (_INT,),
    "ISSUE": (_INT,),
    "ORDER": (_INT,),
    "RET": (_HEX, _HEX),
    "TRAP": (_HEX, _HEX),
    "X": (_INT, _HEX),
    "C": (_HEX, _HEX),
    "MODE": (_HEX,),
    "CYCLE": (_INT,),
    "TIME": (_INT,),
}
_META = rf"{_NAME}|{_HEX}|{_INT}"


def elements(line: str) -> list[list[str]]:
    """The elements of a line, each with its values; AssertionError if it breaks the rules."""
    assert all(" " <= character <= "~" for character in line)
    tokens = re.sub(r"'[^']*'", " ", line).replace('"', "").split()
    found = []
    while tokens:
        key = tokens.pop(0)
        if key == "META":
            count = int(tokens.pop(0))
            values, rule = tokens[:count], [_META] * count
        elif key == "PARAMS":
            count = int(tokens.pop(0))
            values, rule = tokens[: 2 * count], [_NAME, _INT] * count
        else:
            rule = list(_ELEMENTS[key])
            values = tokens[: len(rule)]
        del tokens[: len(rule)]
        assert len(values) == len(rule), line
        assert all(re.fullmatch(form, value) for form, value in zip(rule, values, strict=True)), line
        found.append([key, *values])
    return found


@pytest.mark.parametrize("program", PROGRAMS)
def test_rvvi_text_follows_its_rules(traces: dict[str, Trace], tmp_path: Path, program: str) -> None:
    trace = traces[program]
    lines = [elements(line) for line in written(trace, tmp_path, "rvvi", energy=True).splitlines()]
    assert lines[0][0][0] == "VERSION"
    every = [element for line in lines for element in line]
    assert [element for element in every if element[0] == "VERSION"] == [["VERSION", "0", "3"]]
    for line in lines:  # an event a line, since PARAMS says that one retires at a time
        keys = [key for key, *_ in line]
        assert keys.count("RET") + keys.count("TRAP") == (keys[0] not in ("VERSION", "VENDOR", "PARAMS"))
        assert "X" not in keys or keys.index("X") > keys.index("RET")
    values = [(int(element[1]), int(element[2], 16)) for element in every if element[0] == "X"]
    assert all(index < 32 and value < 2**32 for index, value in values)
    assert sum(element[0] == "RET" for element in every) == trace.count
    assert sum(int(element[1]) for element in every if element[0] == "CYCLE") == list(trace.views())[-1].cycle[-1]


@pytest.mark.parametrize("program", PROGRAMS)
def test_rvvi_text_tells_the_energy(traces: dict[str, Trace], tmp_path: Path, program: str) -> None:
    """Without a preset nothing of it; with one the sum is that of the profile; readers pass over it."""
    trace = traces[program]
    assert "ENERGY" not in written(trace, tmp_path, "rvvi")
    text = written(trace, tmp_path, "rvvi", energy=True)
    told = [int(energy) for energy in re.findall(r" META 2 ENERGY (\d+) ", text)]
    assert len(told) == trace.count
    total = Profile.of(collect(trace), PRESET).root.total.fj
    assert abs(sum(told) - total) <= trace.count
    assert read_trace(tmp_path / "trace.rvvi").count == trace.count


# Chrome's trace events ------------------------------------------------------------------------------------------------
_FIELDS: Final = {"B": {"name", "ts"}, "E": {"ts"}, "X": {"name", "ts", "dur"}, "i": {"name", "ts", "s"}}
_FIELDS_OF_OTHERS: Final = {"C": {"name", "ts", "args"}, "M": {"name", "args"}}


@pytest.mark.parametrize("program", PROGRAMS)
def test_perfetto_follows_its_rules(traces: dict[str, Trace], tmp_path: Path, program: str) -> None:
    content = json.loads(written(traces[program], tmp_path, "perfetto"))
    assert content["displayTimeUnit"] in ("ms", "ns")
    tracks: dict[tuple[int, int], list[tuple[float, float]]] = {}
    open_: dict[tuple[int, int], list[float]] = {}
    for event in content["traceEvents"]:
        phase, track = event["ph"], (event["pid"], event["tid"])
        assert event.keys() >= (_FIELDS | _FIELDS_OF_OTHERS)[phase], event
        assert phase == "M" or (isinstance(event["ts"], int | float) and event["ts"] >= 0)
        if phase == "B":
            open_.setdefault(track, []).append(event["ts"])
        elif phase == "E":
            begin = open_[track].pop()
            tracks.setdefault(track, []).append((begin, event["ts"]))
        elif phase == "X":
            assert event["dur"] >= 0
            tracks.setdefault(track, []).append((event["ts"], event["ts"] + event["dur"]))
        elif phase == "i":
            assert event["s"] in "gpt"
        elif phase == "C":
            assert all(isinstance(value, int | float) for value in event["args"].values())
    assert not any(open_.values())
    assert len(tracks) == (1 if program == "calls" else 2)
    for slices in tracks.values():
        assert nested(slices)


def nested(slices: list[tuple[float, float]]) -> bool:
    """Whether of any two slices of a track one lies in the other or both apart, as Perfetto draws them."""
    stack: list[float] = []
    for begin, end in sorted(slices, key=lambda one: (one[0], -one[1])):
        while stack and stack[-1] <= begin:
            stack.pop()
        if stack and end > stack[-1]:
            return False
        stack.append(end)
    return True


def test_the_rules_can_be_broken() -> None:
    assert not nested([(0, 4), (2, 6)])
    for line in ("RET 0x80000000", "RET 80000000 0x13", "X 1 -1", "META 3 SLEEP 4", "FOO 1"):
        with pytest.raises((AssertionError, KeyError)):
            elements(line)
