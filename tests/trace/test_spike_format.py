"""Each kind of line of the commit log, made from records by hand; tests/oracles compares whole logs with Spike's."""

from __future__ import annotations

import pytest

from iss.builtin import full_architecture
from iss.trace.events import RECORD, Kind, RecordBuffer
from iss.trace.spike import SpikeLog
from tests.engines.encode import CSR

PC, INSN = 0x8000_0034, 0x00A4_2223
HEAD = "core   0: 3 0x80000034 (0x00a42223)"
Access = tuple[int, int, int, bool]


def lines(*records: bytes) -> list[str]:
    """The text of records, handed over one by one."""
    text = bytearray()
    log = SpikeLog(full_architecture(), text.extend)
    for record in records:
        log.consume(record)
    log.close()
    return text.decode().splitlines()


def one(
    destination: int = 0, value: int = 0, accesses: list[Access] | None = None, csrs: dict[int, int] | None = None
) -> bytes:
    """The records of one instruction."""
    buffer = RecordBuffer()
    buffer.retired(PC, INSN, destination, value, accesses or [], list((csrs or {}).items()))
    return buffer.take()


@pytest.mark.parametrize(
    ("records", "rest"),
    [
        (one(), ""),
        (one(5, 1), " x5  0x00000001"),
        (one(10, 0xFFFF_FFFF), " x10 0xffffffff"),
        (one(31, 0), " x31 0x00000000"),
        (one(7, 9, [(0x8000_2004, 4, 77, False)]), " x7  0x00000009 mem 0x80002004"),
        (one(0, 0, [(0x8000_2004, 4, 0x12345000, True)]), " mem 0x80002004 0x12345000"),
        (one(0, 0, [(0x8000_2004, 2, 0x5, True)]), " mem 0x80002004 0x0005"),
        (one(0, 0, [(0x8000_2004, 1, 0xF, True)]), " mem 0x80002004 0x0f"),
        (one(0, 0, None, {CSR["mscratch"]: 2}), " c832_mscratch 0x00000002"),
        (
            one(12, 3, None, {CSR["mstatus"]: 0x1880, CSR["mstatush"]: 0}),
            " x12 0x00000003 c768_mstatus 0x00001880 c784_mstatush 0x00000000",
        ),
        (one(0, 0, None, {CSR["mhpmcounter3"]: 0}), ""),
        (one(0, 0, None, {CSR["mhpmevent3"]: 0}), " c803_mhpmevent3 0x00000000"),
        (one(0, 0, None, {CSR["tdata1"]: 0}), ""),
        (one(0, 0, None, {CSR["tselect"]: 0}), " c1952_tselect 0x00000000"),
        (one(0, 0, None, {CSR["nm_lmode"]: 7}), " c2057_nm_lmode 0x00000007"),
        (
            one(3, 4, [(0x8000_0000, 4, 5, True)], {CSR["mepc"]: 8}),
            " x3  0x00000004 c833_mepc 0x00000008 mem 0x80000000 0x00000005",
        ),
    ],
)
def test_line(records: bytes, rest: str) -> None:
    assert lines(records) == [HEAD + rest]


def test_lines_of_many_records() -> None:
    assert lines(one(5, 1) + one() + one(6, 2, [(0, 1, 0, False)])) == [
        f"{HEAD} x5  0x00000001",
        HEAD,
        f"{HEAD} x6  0x00000002 mem 0x00000000",
    ]
    assert lines(b"") == []
    assert lines(*[one(1, 2)] * 3) == [f"{HEAD} x1  0x00000002"] * 3


def test_longest_line_fits() -> None:
    """All that one instruction can say, many times over."""
    records = one(31, 1, [(1, 4, 2, True), (3, 4, 4, True)], {CSR["mcountinhibit"]: 1, CSR["nm_spkouth"]: 2})
    (line, *others) = lines(records * 1000)
    assert len(others) == 999 and set(others) == {line}
    assert line.endswith(
        " x31 0x00000001 c800_mcountinhibit 0x00000001 c3291_nm_spkouth 0x00000002"
        " mem 0x00000001 0x00000002 mem 0x00000003 0x00000004"
    )


def test_record_layout() -> None:
    """16 bytes; the layout that formats in other languages rely on."""
    assert RECORD.size == 16
    assert one(5, 1) == RECORD.pack(Kind.RETIRED | 5 << 8, PC, INSN, 1)
