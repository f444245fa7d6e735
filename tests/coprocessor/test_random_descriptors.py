"""Descriptors with random words, fed to nm.check and to every engine operation: C and golden model agree in everything,
the error and its address included. NEUROHART_EFFORT=250 feeds more than a million."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coprocessor.interface import Operation
from tests.coprocessor.implementations import BASE, EFFORT, Pair, level_for, words_of
from tests.coprocessor.test_validation import SIZE, Valid

VALID = Valid()
DESCRIPTORS = {name: address for name, address in vars(VALID).items() if isinstance(address, int) and name != "data"}
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
ETRAP_OFF, ETRAP_ON = 1, 5
# The descriptors share their data, and regions of one operation that overlap leave its result UNSPECIFIED (manual,
# 6.1): C and golden model may then differ in RAM, where a row's sums overwrite its weights. So the usual run takes the
# same cases every time; a difference that a long run finds has to be looked at.
ALWAYS = settings(deadline=None, derandomize=EFFORT == 1, suppress_health_check=list(HealthCheck), database=None)


class Edit(NamedTuple):
    """Word `word` of a descriptor becomes `value`, or is flipped by it."""

    descriptor: str
    word: int
    flips: bool
    value: int


words = st.one_of(
    st.integers(0, 70),
    st.integers(0, 31).map(lambda bit: 1 << bit),
    st.integers(0, SIZE // 4 + 8).map(lambda place: BASE + 4 * place),
    st.integers(-64, 64).map(lambda offset: (BASE + SIZE + offset) & 0xFFFF_FFFF),
    st.sampled_from(sorted(DESCRIPTORS.values())),
    st.integers(0, 2**32 - 1),
)
edits = st.builds(Edit, st.sampled_from(sorted(DESCRIPTORS)), st.integers(0, LONGEST - 1), st.booleans(), words)


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
    places=st.lists(st.integers(0, 4095), min_size=1, max_size=4),
    traps=st.booleans(),
    bound=st.sampled_from([0, 1, 3, 40]),
    selector=st.integers(0, 7),
)
def test_changed_descriptors(
    changes: list[Edit], contents: bytes, places: list[int], traps: bool, bound: int, selector: int
) -> None:
    """Up to four words of the descriptors are changed and some data written; then everything is checked and run."""
    ram = image_with(changes)
    for place in places:
        offset = VALID.data - BASE + place % (4096 - 64)
        ram[offset : offset + len(contents)] = contents
    pair = Pair(ram, ctl=ETRAP_ON if traps else ETRAP_OFF, native=level_for(selector))
    pair.write("slice", bound)
    for address in DESCRIPTORS.values():
        pair.issue(Operation.CHECK, address)
    kinds = {change.descriptor for change in changes}
    for operation, usual in OPERATIONS.items():
        for name in {usual} | (kinds if operation in (Operation.SYN, Operation.LAYER, Operation.LEARN) else set()):
            address = VALID.data if name == "data" else DESCRIPTORS[name]
            for _ in range(3):
                if pair.issue(operation, address, 2 if operation in (Operation.RUN, Operation.START) else 0) != 1:
                    break


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
