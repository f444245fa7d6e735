"""Profiles: counts by stack and address, whatever the blocks are, and their energy, against what the machine says."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from asm import Source, assemble
from coprocessor.energy import PRESETS
from iss.builtin import builtin_architecture
from iss.debug.figures import coprocessor_counters, energy_of
from iss.machine import Machine
from iss.trace.calls import Frame
from iss.trace.coverage.collect import count
from iss.trace.filters import Filter
from iss.trace.formats import OF_PROFILES, read_trace, write_profile
from iss.trace.passing import PassingTrace
from iss.trace.profile.collect import MOST_NODES, Collector, collect
from iss.trace.profile.stacks import Kind, Profile, Stack
from iss.trace.profile.tables import calls, kinds, rows
from iss.trace.reader import KeptBlocks, Trace
from iss.trace.recorder import Kept, Recorder, chosen, describe
from tests.trace import foreign
from tests.trace.recording import busy, record

PRESET = PRESETS["default22"]
XNM = "rv32im_zicsr_zifencei_zicntr_xnmspk_xnmeng_xnmlrn"
CALLS = """
_start: la sp, top
    la t0, tick
    csrw mtvec, t0
    li a0, 6
    call fib
    call first
    call sleep
    li t0, 0x100000
    li t1, 0x5555
    sw t1, 0(t0)
1:  j 1b
    .type fib, @function
fib: li t0, 2
    blt a0, t0, 1f
    addi sp, sp, -12
    sw ra, 0(sp)
    sw a0, 4(sp)
    addi a0, a0, -1
    call fib
    sw a0, 8(sp)
    lw a0, 4(sp)
    addi a0, a0, -2
    call fib
    lw t0, 8(sp)
    add a0, a0, t0
    lw ra, 0(sp)
    addi sp, sp, 12
1:  ret
    .size fib, . - fib
    .type first, @function
first: nop
    tail second
    .size first, . - first
    .type second, @function
second: nop
    nop
    ret
    .size second, . - second
    .type sleep, @function
sleep: li t0, 0x2004000
    lw t1, -8(t0)
    sw zero, 4(t0)
    li t1, 1000
    sw t1, 0(t0)
    li t1, 0x80
    csrw mie, t1
    csrsi mstatus, 8
    wfi
    li t1, 0x80
    csrc mie, t1
    ret
    .size sleep, . - sleep
    .type tick, @function
tick: li t0, 0x2004000
    lw t1, 0(t0)
    addi t1, t1, 1
    sw t1, 0(t0)
    csrr t2, mcycle
    addi s0, s0, 1
    li t0, 3
    blt s0, t0, 1f
    li t0, 0x2004004
    li t1, -1
    sw t1, 0(t0)
1:  mret
    .size tick, . - tick
    .bss
    .balign 16
    .space 4096
top:
"""
"""Recursion, a tail call, sleep, and a timer interrupt after which the next one comes at once, and again."""


def run(text: str, isa: str = XNM) -> tuple[Machine, Trace]:
    program = assemble([Source("calls.S", text)], architecture=builtin_architecture(isa))
    machine = Machine(isa, timing="edge2")
    machine.load(program.image())
    description = describe(machine.architecture.isa, machine.timing, machine.image)
    kept = Kept(description)
    recorder = Recorder(kept, description)
    if machine.coprocessor is not None:
        machine.coprocessor.keep_accounts()
    machine.observe(lambda records: recorder.consume(records, machine.take_spikes(), machine.hart.cycles), spikes=True)
    machine.run(100_000)
    assert machine.coprocessor is not None
    recorder.close({"accounts": [account._asdict() for account in machine.coprocessor.accounts()]})
    return machine, kept.trace


@pytest.fixture(scope="module")
def called() -> tuple[Machine, Trace]:
    return run(CALLS)


def tables(counted: Collector) -> dict[str, Any]:
    """All that was counted, with names of stacks for their numbers, without the order in which it was found."""
    stacks: list[tuple[Frame, ...]] = []
    for node in counted.nodes:
        stacks.append((*(stacks[node.below] if node.below >= 0 else ()), node.frame))
    own = {(stacks[place.node], place.pc): counts for place, counts in counted.own.items()}
    commands = {(stacks[key.place.node], *key[1:], key.place.pc): told for key, told in counted.commands.items()}
    names = ("edges", "entered", "words")
    return {
        "own": own,
        "commands": commands,
        "asleep": {stacks[node]: cycles for node, cycles in counted.asleep.items()},
    } | {name: dict(getattr(counted, name)) for name in names}


def parts(trace: Trace, length: int) -> list[Any]:
    blocks = []
    for view in trace.views():
        for begin in range(0, len(view), length):
            end = min(begin + length, len(view))
            blocks.append(view.block.part(begin, end, view.time(begin)))
    return blocks


@pytest.mark.parametrize("length", [19, 400])
@pytest.mark.parametrize("program", ["busy", "calls"])
def test_blocks_do_not_matter(called: tuple[Machine, Trace], program: str, length: int) -> None:
    """Neither where they are cut, nor whether they are all there or pass by during the run."""
    trace = called[1] if program == "calls" else record(busy(), "interpreter", [2000, 1000, None]).trace
    whole = tables(collect(trace))
    blocks = parts(trace, length)
    assert tables(collect(Trace(KeptBlocks(blocks), trace.description, trace.end))) == whole
    counted: list[Collector] = []
    passing = PassingTrace(trace.description, lambda view: counted[0].take(view))
    counted.append(Collector(passing))
    for block in blocks:
        passing.write(block)
        assert len(passing._blocks.kept) <= 3
    passing.close(trace.end)
    counted[0].finish()
    assert tables(counted[0]) == whole


@pytest.mark.parametrize("program", ["busy", "calls", "network"])
def test_short_calls_are_counted_like_all_others(called: tuple[Machine, Trace], program: str) -> None:
    """Calls of functions that call nothing are counted together; one by one they give the same."""
    trace = {"busy": lambda: record(busy(), "interpreter").trace, "calls": lambda: called[1]}.get(
        program, lambda: run(NETWORK)[1]
    )()
    slow = Collector(trace)
    slow._walker.leaves = None
    for view in trace.views():
        slow.take(view)
    slow.finish()
    assert tables(slow) == tables(collect(trace))


def frames(profile: Profile) -> dict[str, Stack]:
    return {";".join(frame.name for frame in path): path[-1] for path in profile.root.walk()}


def test_calls(called: tuple[Machine, Trace]) -> None:
    machine, trace = called
    profile = Profile.of(collect(trace))
    assert (profile.root.total.instructions, profile.root.total.cycles) == (machine.hart.retired, machine.hart.cycles)
    found = frames(profile)
    assert "_start;fib;fib;fib;fib;fib;fib" in found
    assert "_start;fib;fib;fib;fib;fib;fib;fib" not in found
    assert found["_start;second"].own.instructions == 3  # it took the place of `first`
    by_name = {row.name: row for row in rows(profile)}
    assert by_name["fib"].calls == 25
    assert by_name["fib"].total.instructions == by_name["fib"].own.instructions == 12 * 18 + 13 * 3
    assert {(call.caller, call.callee): call.count for call in calls(profile)} == {
        ("_start", "fib"): 1,
        ("fib", "fib"): 24,
        ("_start", "first"): 1,
        ("_start", "sleep"): 1,
    }
    outer = next(call for call in calls(profile) if (call.caller, call.callee) == ("_start", "fib"))
    assert outer.costs.instructions == by_name["fib"].total.instructions


def test_interrupts_that_follow_each_other_do_not_pile_up(called: tuple[Machine, Trace]) -> None:
    found = frames(Profile.of(collect(called[1])))
    assert [name for name in found if "trap:tick" in name] == ["_start;sleep;trap:tick"]
    counted = collect(called[1])
    assert sum(count for frame, count in counted.entered.items() if frame.is_trap) == 3


def test_sleep_belongs_to_wfi(called: tuple[Machine, Trace]) -> None:
    profile = Profile.of(collect(called[1]))
    asleep = frames(profile)["_start;sleep;(asleep)"]
    assert asleep.kind is Kind.ASLEEP
    assert 500 < asleep.own.cycles < 1000
    assert asleep.own.instructions == 0
    assert set(kinds(profile)) == {"firmware", "trap handler", "asleep"}


def test_a_suspended_command_belongs_to_who_issued_it() -> None:
    """Its cycles before the interrupt do not go to the handler, and its own are in frames of the coprocessor."""
    recorded = record(busy(), "interpreter")
    profile = Profile.of(collect(recorded.trace))
    commands = list(profile.counted.commands.values())
    assert sum(told.suspended for told in commands) > 0
    cycles = sum(told.cycles for told in commands)
    assert kinds(profile)["coprocessor"] == cycles
    handlers = [row for row in rows(profile) if row.kind is Kind.TRAP]
    assert sum(row.total.cycles for row in handlers) < 100 * sum(row.calls for row in handlers)
    assert profile.root.total.cycles == recorded.subject.machine.hart.cycles
    assert sum(told.spikes for told in commands) == sum(row.spikes for row in rows(profile))


NETWORK = """
_start: li t0, 5
    csrw nm_ctl, t0
    li s0, 20
1:  la a0, pop
    nm.upd a1, a0
    call again
    addi s0, s0, -1
    bnez s0, 1b
    li t0, 0x100000
    li t1, 0x5555
    sw t1, 0(t0)
2:  j 2b
    .type again, @function
again: la a0, pop
    nm.upd a1, a0
    ret
    .size again, . - again
    .data
    .balign 16
pop: .word 0x4e4d0101, 100, 1, 0, 0, 0, 0, 0, -1, 0, state, 0, cur, 0, 0, 0
state: .zero 400
cur: .zero 400
"""


def test_energy_is_that_of_the_run() -> None:
    machine, trace = run(NETWORK)
    hart = machine.hart
    expected = energy_of(PRESET, hart.retired, hart.accesses, hart.cycles, coprocessor_counters(machine))
    profile = Profile.of(collect(trace), PRESET, "energy")
    assert abs(profile.root.total.fj - expected) < 1
    assert abs(sum(path[-1].own.fj for path in profile.root.walk()) - expected) < 1
    found = {row.name: row for row in rows(profile)}["nm.upd pop"]
    assert (found.calls, found.spikes, found.kind) == (40, 4000, Kind.COPROCESSOR)
    again = next(call for call in calls(profile) if call.callee == "again")
    spent = {row.name: row for row in rows(profile)}["again"].total
    assert (again.costs.cycles, round(again.costs.fj)) == (spent.cycles, round(spent.fj))


@pytest.mark.parametrize("text", [CALLS, NETWORK])
def test_addresses_cost_what_the_engine_counts(text: str) -> None:
    """The engine's own counters of each address, which know no trace."""
    program = assemble([Source("calls.S", text)], architecture=builtin_architecture(XNM))
    machine = Machine(XNM, timing="edge2")
    machine.load(program.image())
    machine.profile()
    machine.run(100_000)
    expected = {pc: [tally.count, tally.cycles] for pc, tally in machine.profiled().by_address.items() if tally.count}
    counted = collect(run(text)[1])
    found: dict[int, list[int]] = {}
    for place, own in counted.own.items():
        row = found.setdefault(place.pc, [0, 0])
        row[0] += own.instructions
        row[1] += own.cycles
    asleep = sum(counted.asleep.values())
    wfi = [pc for pc, word in counted.words.items() if word == 0x10500073]
    for pc in wfi:
        found[pc][1] -= asleep
    assert found == expected
    assert bool(wfi) == (text == CALLS)


def test_many_stacks_are_counted_together(called: tuple[Machine, Trace], monkeypatch: pytest.MonkeyPatch) -> None:
    from iss.trace.profile import collect as module

    assert MOST_NODES > 1000
    monkeypatch.setattr(module, "MOST_NODES", 3)
    counted = collect(called[1])
    assert len(counted.nodes) == 3
    assert sum(own.instructions for own in counted.own.values()) == called[1].count


def test_a_call_that_traps_at_once_is_kept() -> None:
    """The address called has no instruction that retired; the call stands in every table and format."""
    text = """
_start: la t0, handler
    csrw mtvec, t0
    li t0, 0x40000000
    jalr t0
back: li t0, 0x100000
    li t1, 0x5555
    sw t1, 0(t0)
1:  j 1b
    .balign 4
handler: la t0, back
    csrw mepc, t0
    mret
"""
    profile = Profile.of(collect(run(text)[1]), PRESET)
    assert [(call.callee, call.count) for call in calls(profile)] == [("0x40000000", 1)]
    for format in OF_PROFILES:
        assert written(profile, format)


@pytest.mark.parametrize("log", ["SPIKE", "SAIL", "IBEX", "RVVI"])
def test_logs_of_other_tools(log: str, tmp_path: Path) -> None:
    """They have no names and hardly any times; every instruction is counted once."""
    path = tmp_path / "log"
    path.write_text(getattr(foreign, log))
    trace = read_trace(path)
    profile = Profile.of(collect(trace), measure="instructions")
    assert profile.whole == trace.count == sum(count(trace).executed.values())
    assert sum(int(line.rsplit(" ", 1)[1]) for line in written(profile, "folded").splitlines()) == trace.count


def test_a_filtered_trace(called: tuple[Machine, Trace]) -> None:
    """What was left out costs nothing."""
    trace = called[1]
    wanted = Filter.parse("pc in fib", trace)
    blocks = [chosen(view, wanted.mask(view)) for view in trace.views()]
    profile = Profile.of(collect(Trace(KeptBlocks(blocks), trace.description, trace.end)))
    whole = {row.name: row for row in rows(Profile.of(collect(trace)))}
    assert [row.name for row in rows(profile)] == ["fib"]
    assert profile.root.total == whole["fib"].own


def written(profile: Profile, format: str) -> str:
    out = io.StringIO()
    write_profile(profile, out, format)
    return out.getvalue()


@pytest.mark.parametrize("measure", ["cycles", "instructions", "energy"])
def test_folded_stacks_add_up(called: tuple[Machine, Trace], measure: str) -> None:
    profile = Profile.of(collect(called[1]), PRESET, measure)
    lines = written(profile, "folded").splitlines()
    assert all(re.fullmatch(r"\S[^;]*(;[^;]+)* \d+", line) for line in lines)
    total = sum(int(line.rsplit(" ", 1)[1]) for line in lines)
    assert abs(total - profile.whole) <= (len(lines) if measure == "energy" else 0)


def test_flame_graph_is_as_wide_as_the_figures(called: tuple[Machine, Trace]) -> None:
    profile = Profile.of(collect(called[1]))
    root = ElementTree.fromstring(written(profile, "flamegraph"))
    space = "{http://www.w3.org/2000/svg}"
    drawn = [(group, group.find(f"{space}rect")) for group in root.iter(f"{space}g")]
    assert len(drawn) == 1 + len(frames(profile))
    boxes = []
    for group, box in drawn:
        assert box is not None
        title = group.findtext(f"{space}title") or ""
        share = float(re.search(r"([\d.]+) %", title)[1]) / 100  # type: ignore[index]
        assert abs(float(group.attrib["data-w"]) - share) < 1e-4
        boxes.append((float(group.attrib["data-x"]), float(group.attrib["data-w"]), float(box.attrib["y"])))
    for x, width, y in boxes[1:]:  # each stands on one that is at least as wide
        below = [other for other in boxes if other[2] > y and other[2] - y < 25]
        assert any(other[0] - 1e-6 <= x and x + width <= other[0] + other[1] + 1e-6 for other in below)


@pytest.mark.skipif(shutil.which("callgrind_annotate") is None, reason="valgrind is not installed")
@pytest.mark.parametrize("text", [CALLS, NETWORK])
def test_callgrind_annotate_finds_the_same_totals(text: str, tmp_path: Path) -> None:
    """Inclusive costs of every function that is not recursive, and the sum of all."""
    profile = Profile.of(collect(run(text)[1]), PRESET)
    path = tmp_path / "out.callgrind"
    path.write_text(written(profile, "callgrind"))
    command = ["callgrind_annotate", "--inclusive=yes", "--threshold=100", "--auto=no", str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/", timeout=60)
    assert not ended.stderr
    pattern = re.compile(r"^ *([\d,]+) \([^)]*\) +([\d,]+) \([^)]*\) +([\d,]+) \([^)]*\) +(?:\S*:)?(.+)$", re.MULTILINE)
    found = {
        row[4].strip(): [int(row[n].replace(",", "")) for n in (1, 2, 3)] for row in pattern.finditer(ended.stdout)
    }
    total = profile.root.total
    assert found.pop("PROGRAM TOTALS")[:2] == [total.instructions, total.cycles]
    expected = {row.name: row for row in rows(profile)}
    compared = set(found) & set(expected) - {"fib", "first"}  # callgrind counts recursion more than once
    assert compared >= ({"_start", "sleep"} if text == CALLS else {"_start", "again", "nm.upd pop"})
    for name in compared - {"_start"}:
        costs = expected[name].total
        assert found[name][:2] == [costs.instructions, costs.cycles], name
        assert abs(found[name][2] - costs.fj / 1000) <= 2 + 0.001 * costs.fj / 1000


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_flame_graph_enlarges_and_searches(called: tuple[Machine, Trace]) -> None:
    """The script of the picture, with clicks, on the picture's own frames."""
    space = "{http://www.w3.org/2000/svg}"
    root = ElementTree.fromstring(written(Profile.of(collect(called[1])), "flamegraph"))
    drawn: list[dict[str, Any]] = []
    for group in root.iter(f"{space}g"):
        box = group.find(f"{space}rect")
        assert box is not None
        row: dict[str, Any] = {name: float(group.attrib[f"data-{name}"]) for name in "xw"}
        drawn.append(row | {"y": float(box.attrib["y"]), "name": group.attrib["data-n"]})
    names = [row["name"] for row in drawn]
    click = names.index("sleep")
    svg = {name: root.attrib[f"data-{name}"] for name in ("width", "margin", "letter")}
    content = {"svg": svg, "frames": drawn, "click": click, "search": "fib"}
    here = Path(__file__).parent
    script = here.parents[1] / "iss" / "trace" / "formats" / "flamegraph.js"
    command = ["node", str(here / "flamegraph_page.js"), str(script), json.dumps(content)]
    seen = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)
    width, margin = float(svg["width"]), float(svg["margin"])
    shown = {name: row for name, row in zip(names, seen["enlarged"], strict=True) if row is not None}
    assert set(shown) == {"all", "_start", "sleep", "(asleep)", "trap:tick"}
    for name in ("all", "_start", "sleep"):
        assert shown[name] == [margin, width - 0.5, name]
    inside = sum(shape[1] + 0.5 for name, shape in shown.items() if name in ("(asleep)", "trap:tick"))
    share = sum(one["w"] for one in drawn if one["name"] in ("(asleep)", "trap:tick")) / drawn[click]["w"]
    assert abs(inside - share * width) < 0.01
    for one, (x, wide, _) in zip(drawn, seen["back"], strict=True):
        assert abs(x - margin - one["x"] * width) < 0.01
        assert abs(wide - max(0, one["w"] * width - 0.5)) < 0.01
    assert set(seen["marked"]) == {"fib"}
    outermost = next(one["w"] for one in drawn if one["name"] == "fib")
    assert seen["found"] == f'"fib": {100 * outermost:.1f} %'
