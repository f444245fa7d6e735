"""Filters: each term against the same question asked of single instructions, and messages for what is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from iss.trace.events import Command, CsrWrite, Interrupt, MemoryAccess, Retired, Trap
from iss.trace.filters import TERMS, Filter, FilterError
from iss.trace.reader import Trace
from tests.trace.recording import busy, record

Question = Callable[[Trace, Retired], bool]


@pytest.fixture(scope="module")
def trace() -> Trace:
    return record(busy(), "interpreter", [3000, 3000, None]).trace


def mnemonic(trace: Trace, retired: Retired) -> str:
    return trace.decoder.word(retired.word).mnemonic


def accesses(retired: Retired, low: int, high: int) -> list[MemoryAccess]:
    found = [event for event in retired.events if isinstance(event, MemoryAccess)]
    return [event for event in found if event.address < high and event.address + event.size > low]


def has(kind: type | tuple[type, ...]) -> Question:
    return lambda trace, retired: any(isinstance(event, kind) for event in retired.events)


CASES: dict[str, Question] = {
    "mnem~^b": lambda trace, r: mnemonic(trace, r).startswith("b"),
    'mnem~"add|sub"': lambda trace, r: "add" in mnemonic(trace, r),
    "mnem=lw": lambda trace, r: mnemonic(trace, r) == "lw",
    "pc in leaf": lambda trace, r: 0 <= r.pc - trace.symbols["leaf"].address < 8,
    "pc=loop+8": lambda trace, r: r.pc == trace.symbols["loop"].address + 8,
    "pc in 0x80000000..0x80000010": lambda trace, r: r.pc < 0x8000_0010,
    "mem": has(MemoryAccess),
    "mem data+1": lambda trace, r: bool(accesses(r, data := trace.symbols["data"].address, data + 1)),
    "store 0x2004000+8": lambda trace, r: any(event.is_store for event in accesses(r, 0x200_4000, 0x200_4008)),
    "load": lambda trace, r: any(not event.is_store for event in accesses(r, 0, 1 << 32)),
    "write t1": lambda trace, r: r.destination == 6,
    "read s1": lambda trace, r: mnemonic(trace, r) in ("lw", "sw", "lbu", "addi") and r.word >> 15 & 31 == 9,
    "reg ra": lambda trace, r: mnemonic(trace, r) in ("jal", "jalr") and (r.destination == 1 or r.word >> 15 == 1),
    "csr": has(CsrWrite),
    "csr mscratch": lambda trace, r: any(isinstance(e, CsrWrite) and e.number == 0x340 for e in r.events),
    "value=500": lambda trace, r: bool(r.destination) and r.value == 500,
    "nm": lambda trace, r: mnemonic(trace, r).startswith("nm."),
    "command": has(Command),
    "spike": lambda trace, r: any(isinstance(event, Command) and event.spikes for event in r.events),
    "trap": has((Trap, Interrupt)),
    "interrupt": has(Interrupt),
    "call": lambda trace, r: mnemonic(trace, r) == "jal" and r.destination == 1,
    "return": lambda trace, r: r.word == 0x8067,
    "taken": lambda trace, r: trace.decoder.word(r.word).is_branch and trace.instruction(r.index + 1).pc != r.pc + 4,
    "mnem=lw & !pc in leaf": lambda trace, r: mnemonic(trace, r) == "lw",
    "(mnem=lw | mnem=sw) and write t1": lambda trace, r: mnemonic(trace, r) == "lw",
    "not (nm | mem)": lambda trace, r: not (mnemonic(trace, r).startswith("nm.") or accesses(r, 0, 1 << 32)),
}


@pytest.mark.parametrize("text", CASES)
def test_terms(trace: Trace, text: str) -> None:
    wanted = Filter.parse(text, trace)
    found = list(trace.matching(wanted, 0, trace.count))
    expected = [retired.index for retired in trace.instructions() if CASES[text](trace, retired)]
    assert found == expected
    assert found


def test_every_term_is_tested() -> None:
    words = {word for text in CASES for word in text.replace("~", " ").replace("=", " ").replace("(", "").split()}
    assert set(TERMS) <= words


def test_find(trace: Trace) -> None:
    """Forwards from a place on, backwards before it, over the ends of blocks."""
    wanted = Filter.parse("trap", trace)
    places = list(trace.matching(wanted, 0, trace.count))
    for start in (0, 1, places[0], places[0] + 1, places[5], 4000, places[-1], places[-1] + 1, trace.count):
        after = [place for place in places if place >= start]
        before = [place for place in places if place < start]
        assert trace.find(wanted, start) == (after[0] if after else None)
        assert trace.find(wanted, start, -1) == (before[-1] if before else None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a term is missing"),
        ("mnem", "expected mnem~REGEX"),
        ("mnem~(", "expected mnem~REGEX"),
        ('mnem~"("', "no regular expression"),
        ("pc main", "expected pc in PLACE"),
        ("pc in nowhere", "'nowhere' is neither a symbol"),
        ("pc in 12x", "'12x' is not a number"),
        ("reg a9", "'a9' is no register"),
        ("csr nosuch", "'nosuch' is no CSR"),
        ("nosuch", "'nosuch' is no term; there are mnem, pc,"),
        ("(trap", "`)` is missing"),
        ("trap trap", "'trap' stands where"),
        ("trap &", "a term is missing"),
    ],
)
def test_what_is_wrong_is_said(trace: Trace, text: str, message: str) -> None:
    with pytest.raises(FilterError) as caught:
        Filter.parse(text, trace)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"filter {text!r}: ")
