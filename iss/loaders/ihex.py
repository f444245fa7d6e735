"""Intel HEX files (Intel, "Hexadecimal Object File Format Specification", 1988), read by the intelhex library."""

from __future__ import annotations

from collections.abc import Iterator

from iss.loaders.image import Image, LoadError, Segment, check_entry, check_segments, refusal

MEND = "write the file again, for example with objcopy -O ihex"


class _Records:
    """The lines of a file as intelhex wants them (an iterable with `read`); tells how far they were read."""

    def __init__(self, source: str, data: bytes) -> None:
        self.source = source
        self.lines = data.splitlines()
        self.line = 0

    def read(self) -> str:
        return "\n".join(self)

    def __iter__(self) -> Iterator[str]:
        while self.line < len(self.lines):
            text = self.lines[self.line].strip()
            self.line += 1
            if not text.isascii():
                raise refusal(self.source, "characters that are not ASCII", MEND, self.line)
            if text and not text.startswith(b":"):
                raise refusal(
                    self.source,
                    f"{_shown(text)} is not a record, expected ':' and hexadecimal digits",
                    MEND,
                    self.line,
                )
            yield text.decode("ascii")


def _shown(text: bytes) -> str:
    shortened = text if len(text) <= 24 else text[:21] + b"..."
    return repr(shortened.decode("ascii", "backslashreplace"))


def load(source: str, data: bytes) -> Image:
    """The image in an Intel HEX file; the entry is its start address record, else the lowest address.

    Raises LoadError, with the line, for broken records, wrong checksums, overlapping data, data behind the
    end-of-file record, and when that record is missing.
    """
    from intelhex import HexReaderError, IntelHex

    records = _Records(source, data)
    contents = IntelHex()
    try:
        contents.loadhex(records)
    except HexReaderError as error:
        raise _translated(source, error, records.line) from error
    _check_end(source, records)
    segments = []
    for start, end in contents.segments():
        segments.append(Segment(start, contents.tobinstr(start=start, size=end - start), end - start, "rwx"))
    ordered = check_segments(source, segments)
    entry = _start_address(contents.start_addr)
    if entry is None:
        entry = ordered[0].address
    check_entry(source, entry, ordered, 2)
    return Image(entry, ordered, {}, source)


def _translated(source: str, error: Exception, line: int) -> LoadError:
    """intelhex's error in our words."""
    from intelhex import (
        AddressOverlapError,
        DuplicateStartAddressRecordError,
        RecordChecksumError,
        RecordLengthError,
        RecordTypeError,
    )

    match error:
        case RecordChecksumError():
            problem, cure = "wrong checksum", "the line was changed or damaged: " + MEND
        case AddressOverlapError():
            problem = f"data for address {getattr(error, 'address', 0):#010x} was already given"
            cure = "every byte may be given once"
        case DuplicateStartAddressRecordError():
            problem, cure = "a second start address", "leave one start address record (type 03 or 05)"
        case RecordTypeError():
            problem, cure = "unknown record type, expected 00 to 05", MEND
        case RecordLengthError():
            problem, cure = "the record's length differs from the number of its data bytes", MEND
        case _:
            problem = "broken record, expected ':', length, address, type 00 to 05, data and checksum in hexadecimal"
            cure = MEND
    return refusal(source, problem, cure, line)


def _check_end(source: str, records: _Records) -> None:
    """Refuse a file without an end-of-file record or with more behind it."""
    last = records.lines[records.line - 1].strip() if records.line else b""
    if not (last.startswith(b":") and last[7:9] == b"01"):
        raise refusal(
            source, "the end-of-file record (:00000001FF) is missing", "the file is truncated: " + MEND, records.line
        )
    for number in range(records.line, len(records.lines)):
        if records.lines[number].strip():
            raise refusal(source, "data behind the end-of-file record", "remove it, or " + MEND, number + 1)


def _start_address(record: dict[str, int] | None) -> int | None:
    """The address of a type 05 (linear) or 03 (segmented) record."""
    if record is None:
        return None
    if "EIP" in record:
        return record["EIP"]
    return record["CS"] * 16 + record["IP"]
