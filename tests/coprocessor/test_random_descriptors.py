"""Descriptors with random words, fed to nm.check and to every engine operation: C and golden model agree in everything,
the error and its address included, unless regions overlap (overlap.py).
NEUROHART_EFFORT=250 feeds more than a million; with any effort but the usual one each test tells how many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coprocessor.interface import Operation, Outcome
from tests.coprocessor.implementations import BASE, Pair, level_for, words_of
from tests.coprocessor.overlap import OverlapPair
from tests.coprocessor.valid_image import LONG, SIZE, STEPS, Descriptors, Valid, ValidChains
from tests.effort import EFFORT
from tests.effort import LONG as LONG_RUN

VALID, CHAINS = Valid(5), ValidChains()
DESCRIPTORS = VALID.addresses()
TREES = {"net", "layers", "reward"}
"""Descriptors that have most others below them."""
LONGEST = 20
OPERATIONS = {
    Operation.RUN: "net",
    Operation.LAYER: "syn",
    Operation.SYN: "syn",
    Operation.UPD: "pop",
    Operation.LEARN: "pair",
    Operation.RST: "pop",
    Operation.EV2BM: "xfer",
    Operation.BM2EV: "xfer",
    Operation.START: "net",
    Operation.SAVE: "data",
    Operation.REST: "data",
}
REGIONS = (Operation.SAVE, Operation.REST)
"""Operations on memory without a descriptor."""
ETRAP_OFF, ETRAP_ON = 1, 5
FEWEST = {"test_changed_descriptors": 2000, "test_changed_chains": 200, "test_anything_at_all": 2000}
"""Descriptors that each test feeds at least with the usual effort."""
ALWAYS = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)


class Edit(NamedTuple):
    """Word `word` of a descriptor becomes `value`, or is flipped by it."""

    descriptor: str
    word: int
    flips: bool
    value: int


def pointers(valid: Descriptors) -> dict[tuple[str, int], int]:
    """The words of descriptors that are addresses."""
    found = {}
    for name, address in valid.addresses().items():
        for k, word in enumerate(words_of(valid.image.ram, address, LONGEST)):
            if BASE <= word < BASE + SIZE:
                found[name, k] = word
    return found


places = st.integers(0, SIZE // 4 + 8).map(lambda place: BASE + 4 * place)


def words(valid: Descriptors) -> st.SearchStrategy[int]:
    """What a word of a descriptor may become."""
    return st.one_of(
        st.integers(0, 70),
        st.integers(0, 31).map(lambda bit: 1 << bit),
        places,
        st.integers(-64, 64).map(lambda offset: (BASE + SIZE + offset) & 0xFFFF_FFFF),
        st.sampled_from(sorted(valid.addresses().values())),
        st.integers(0, 2**32 - 1),
    )


def edits(valid: Descriptors) -> st.SearchStrategy[Edit]:
    """Any word changes; an address becomes another one, maybe one of those that others have."""
    names, known = sorted(valid.addresses()), pointers(valid)
    changes = st.builds(Edit, st.sampled_from(names), st.integers(0, LONGEST - 1), st.booleans(), words(valid))
    moves = st.tuples(st.sampled_from(list(known)), places | st.sampled_from(sorted(set(known.values())))).map(
        lambda move: Edit(*move[0], False, move[1])
    )
    return st.one_of(changes, changes, moves)


def image_with(valid: Descriptors, changes: list[Edit]) -> bytearray:
    """The RAM with changed descriptors."""
    ram, addresses = bytearray(valid.image.ram), valid.addresses()
    for change in changes:
        address = addresses[change.descriptor] + 4 * change.word
        old = words_of(ram, address, 1)[0]
        value = old ^ change.value if change.flips else change.value
        ram[address - BASE : address - BASE + 4] = value.to_bytes(4, "little")
    return ram


fed: Counter[str] = Counter()
"""How many descriptors were checked and operated on; one that is suspended counts once."""


def feed(pair: Pair, operation: Operation, address: int, rs2: int = 0, issues: int = 1) -> None:
    """Issue with a descriptor, so many times at most if it suspends."""
    fed["checked" if operation is Operation.CHECK else "operated on"] += operation not in REGIONS
    for _ in range(issues):
        if pair.issue(operation, address, rs2) != Outcome.SUSPENDED:
            break


@pytest.fixture(autouse=True)
def told(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Count what a test feeds; tell it after a long one."""
    fed.clear()
    yield
    if LONG_RUN:
        with capsys.disabled():
            print(f"\n{request.node.name}: descriptors", ", ".join(f"{count} {what}" for what, count in fed.items()))
    assert fed.total() >= FEWEST[request.node.name] * EFFORT


@settings(ALWAYS, max_examples=150 * EFFORT)
@given(
    changes=st.lists(edits(VALID), min_size=1, max_size=4),
    contents=st.binary(max_size=64),
    places=st.lists(st.integers(0, SIZE - 1), min_size=1, max_size=4),
    traps=st.booleans(),
    bound=st.sampled_from([0, 0, 1, 3, 40]),
    selector=st.integers(0, 7),
)
def test_changed_descriptors(
    changes: list[Edit], contents: bytes, places: list[int], traps: bool, bound: int, selector: int
) -> None:
    """Up to four words of the descriptors are changed and some data written; this is checked, and everything run."""
    ram = image_with(VALID, changes)
    for place in places:
        offset = place % (VALID.descriptors - BASE - 64)
        ram[offset : offset + len(contents)] = contents
    pair = OverlapPair(ram, ctl=ETRAP_ON if traps else ETRAP_OFF, native=level_for(selector))
    pair.write("slice", bound)
    kinds = {change.descriptor for change in changes}
    for name in sorted(kinds | TREES):
        feed(pair, Operation.CHECK, DESCRIPTORS[name])
    for operation, usual in OPERATIONS.items():
        others = kinds if operation in (Operation.SYN, Operation.LAYER, Operation.LEARN) else set()
        for name in sorted({usual} | others):
            address = VALID.data if name == "data" else DESCRIPTORS[name]
            feed(pair, operation, address, 2 if operation in (Operation.RUN, Operation.START) else 0, issues=3)
    for _ in range(2):
        feed(pair, Operation.RUN, VALID.layers, STEPS)


@settings(ALWAYS, max_examples=50 * EFFORT)
@given(
    changes=st.lists(edits(CHAINS), max_size=2),
    contents=st.binary(max_size=16),
    place=st.integers(0, CHAINS.descriptors - BASE - 16),
    bounds=st.lists(st.sampled_from([0, 0, 3, 40, 1000]), min_size=1, max_size=3),
    steps=st.sampled_from([20, 40, 40, LONG]),
    logs=st.sampled_from([False, False, True]),
    selector=st.integers(0, 7),
)
def test_changed_chains(
    changes: list[Edit], contents: bytes, place: int, bounds: list[int], steps: int, logs: bool, selector: int
) -> None:
    """Up to two words are changed and some data written; both chains go many steps, in slices of several lengths."""
    ram = image_with(CHAINS, changes)
    ram[place : place + len(contents)] = contents
    pair = OverlapPair(ram, ctl=ETRAP_OFF, native=level_for(selector))
    pair.log_spikes(logs)
    for name in sorted({"chain", "pairs"} | {change.descriptor for change in changes}):
        feed(pair, Operation.CHECK, CHAINS.addresses()[name])
    for bound in bounds:
        pair.write("slice", bound)
        feed(pair, Operation.RUN, CHAINS.chain, steps, issues=2)
        feed(pair, Operation.RUN, CHAINS.pairs, min(steps, 40), issues=2)


@settings(ALWAYS, max_examples=30 * EFFORT)
@given(blob=st.lists(st.one_of(words(VALID), st.integers(1, 5).map(lambda kind: 0x4E4D0001 | kind << 8)), max_size=40))
def test_anything_at_all(blob: list[int]) -> None:
    """nm.check of every aligned place of arbitrary words."""
    ram = bytearray(256)
    for k, word in enumerate(blob):
        ram[4 * k : 4 * k + 4] = word.to_bytes(4, "little")
    pair = Pair(ram, ctl=ETRAP_OFF)
    for address in range(BASE, BASE + 272, 4):
        feed(pair, Operation.CHECK, address)
