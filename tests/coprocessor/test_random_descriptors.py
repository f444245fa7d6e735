"""Descriptors with random words, fed to nm.check and to every engine operation: C and golden model agree in everything,
the error and its address included, unless regions overlap (overlap.py).
NEUROHART_EFFORT=250 feeds more than a million."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coprocessor.interface import Operation
from tests.coprocessor.implementations import BASE, Pair, level_for, words_of
from tests.coprocessor.overlap import OverlapPair
from tests.coprocessor.valid_image import SIZE, STEPS, Valid
from tests.effort import EFFORT

VALID = Valid(5)
DESCRIPTORS = VALID.addresses()
TREES = {"net", "layers", "reward"}
"""Descriptors that have most others below them."""
LONGEST = 20
POINTERS = [
    (name, k)
    for name, address in DESCRIPTORS.items()
    for k, word in enumerate(words_of(VALID.image.ram, address, LONGEST))
    if BASE <= word < BASE + SIZE
]
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
ETRAP_OFF, ETRAP_ON = 1, 5
ALWAYS = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)


class Edit(NamedTuple):
    """Word `word` of a descriptor becomes `value`, or is flipped by it."""

    descriptor: str
    word: int
    flips: bool
    value: int


places = st.integers(0, SIZE // 4 + 8).map(lambda place: BASE + 4 * place)
words = st.one_of(
    st.integers(0, 70),
    st.integers(0, 31).map(lambda bit: 1 << bit),
    places,
    st.integers(-64, 64).map(lambda offset: (BASE + SIZE + offset) & 0xFFFF_FFFF),
    st.sampled_from(sorted(DESCRIPTORS.values())),
    st.integers(0, 2**32 - 1),
)
any_edits = st.builds(Edit, st.sampled_from(sorted(DESCRIPTORS)), st.integers(0, LONGEST - 1), st.booleans(), words)
known = st.sampled_from(sorted({words_of(VALID.image.ram, DESCRIPTORS[name] + 4 * k, 1)[0] for name, k in POINTERS}))
moves = st.tuples(st.sampled_from(POINTERS), places | known).map(
    lambda move: Edit(move[0][0], move[0][1], False, move[1])
)
edits = st.one_of(any_edits, any_edits, moves)


def image_with(changes: list[Edit]) -> bytearray:
    """The RAM of VALID with changed descriptors."""
    ram = bytearray(VALID.image.ram)
    for change in changes:
        address = DESCRIPTORS[change.descriptor] + 4 * change.word
        old = words_of(ram, address, 1)[0]
        value = old ^ change.value if change.flips else change.value
        ram[address - BASE : address - BASE + 4] = value.to_bytes(4, "little")
    return ram


@settings(ALWAYS, max_examples=150 * EFFORT)
@given(
    changes=st.lists(edits, min_size=1, max_size=4),
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
    ram = image_with(changes)
    for place in places:
        offset = place % (VALID.descriptors - BASE - 64)
        ram[offset : offset + len(contents)] = contents
    pair = OverlapPair(ram, ctl=ETRAP_ON if traps else ETRAP_OFF, native=level_for(selector))
    pair.write("slice", bound)
    kinds = {change.descriptor for change in changes}
    for name in sorted(kinds | TREES):
        pair.issue(Operation.CHECK, DESCRIPTORS[name])
    for operation, usual in OPERATIONS.items():
        others = kinds if operation in (Operation.SYN, Operation.LAYER, Operation.LEARN) else set()
        for name in sorted({usual} | others):
            address = VALID.data if name == "data" else DESCRIPTORS[name]
            for _ in range(3):
                if pair.issue(operation, address, 2 if operation in (Operation.RUN, Operation.START) else 0) != 1:
                    break
    for _ in range(2):
        pair.issue(Operation.RUN, VALID.layers, STEPS)


@settings(ALWAYS, max_examples=30 * EFFORT)
@given(blob=st.lists(st.one_of(words, st.integers(1, 5).map(lambda kind: 0x4E4D0001 | kind << 8)), max_size=40))
def test_anything_at_all(blob: list[int]) -> None:
    """nm.check of every aligned place of arbitrary words."""
    ram = bytearray(256)
    for k, word in enumerate(blob):
        ram[4 * k : 4 * k + 4] = word.to_bytes(4, "little")
    pair = Pair(ram, ctl=ETRAP_OFF)
    for address in range(BASE, BASE + 272, 4):
        pair.issue(Operation.CHECK, address)
