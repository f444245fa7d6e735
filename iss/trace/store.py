"""The file of a trace: a header, blocks one after the other, and, once it was closed, an index at its end.

A block is complete with its last byte, so a recording that was killed is readable up to the last one written.
"""

from __future__ import annotations

import io
import json
import mmap
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from struct import Struct
from typing import Any, Final

from iss.trace.block import Block, BlockHead, TraceError, read_block, read_head

MAGIC: Final = b"\x93NHTRACE"
END_MAGIC: Final = b"NHTRACE\x93"
VERSION: Final = 1
SUFFIX: Final = ".nht"
_FILE: Final = Struct("<8sII")  # magic, version, length of the description
_END: Final = Struct("<QII8s")  # offset of what the end says, its length, its CRC, magic
_ALIGNMENT: Final = 64
_CURE: Final = "record it again with `neurohart trace record`"


def _packed(content: Mapping[str, Any]) -> bytes:
    return zlib.compress(json.dumps(content, separators=(",", ":"), sort_keys=True).encode(), 6)


def _unpacked(data: bytes) -> dict[str, Any]:
    content = json.loads(zlib.decompress(data))
    if not isinstance(content, dict):
        raise ValueError("no object")
    return content


class TraceWriter:
    """Writes a trace into a file as it grows. Raises OSError; what was written up to then stays readable."""

    def __init__(self, path: str | Path, description: Mapping[str, Any]) -> None:
        """Create the file; `description` is what `TraceReader.description` gives."""
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        self._end = 0
        try:
            packed = _packed(description)
            head = _FILE.pack(MAGIC, VERSION, len(packed)) + packed
            self._write([head + bytes(-len(head) % _ALIGNMENT)])
        except OSError:
            os.close(self._descriptor)
            raise

    def _write(self, parts: list[bytes | memoryview]) -> None:
        left = [memoryview(part) for part in parts if len(part)]
        length = sum(len(part) for part in left)
        while left:
            done = os.writev(self._descriptor, left)
            while left and done >= len(left[0]):
                done -= len(left.pop(0))
            if left:
                left[0] = left[0][done:]
        self._end += length

    def write(self, block: Block) -> None:
        """Append a block; after an OSError the file ends with the block before."""
        try:
            self._write(block.to_bytes())
        except OSError:
            os.ftruncate(self._descriptor, self._end)
            os.lseek(self._descriptor, self._end, os.SEEK_SET)
            raise

    def close(self, end: Mapping[str, Any]) -> None:
        """Say how it ended; a reader then needs not look for the end."""
        try:
            packed = _packed(end)
            self._write([packed, _END.pack(self._end, len(packed), zlib.crc32(packed), END_MAGIC)])
        finally:
            os.close(self._descriptor)


class TraceReader:
    """The content of a trace file, mapped into memory."""

    def __init__(self, path: str | Path) -> None:
        """Open a file and find its blocks; TraceError if it is no trace or damaged, OSError."""
        self.path = str(path)
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                raise TraceError(f"{self.path}: the file is empty; {_CURE}")
            try:
                self.data: Any = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except (OSError, ValueError, io.UnsupportedOperation):
                self.data = file.read()
        try:
            magic, version, length = _FILE.unpack_from(self.data)
            if magic != MAGIC:
                raise ValueError
        except Exception:
            raise TraceError(f"{self.path}: no trace of NeuroHart; expected a file it has recorded") from None
        if version != VERSION:
            raise TraceError(f"{self.path}: format {version} of traces is not known, only {VERSION}; {_CURE}")
        try:
            self.description = _unpacked(self.data[_FILE.size : _FILE.size + length])
        except Exception:
            raise TraceError(f"{self.path}: the description at the beginning is damaged; {_CURE}") from None
        self.end: dict[str, Any] = {}
        """What `TraceWriter.close` was given; empty if the recording was not brought to its end."""
        self.complete = False
        start = _FILE.size + length
        self.heads = self._heads(start + -start % _ALIGNMENT)

    def _heads(self, start: int) -> list[BlockHead]:
        stop = self._read_end()
        heads: list[BlockHead] = []
        while start < stop and (head := read_head(self.data, start)) is not None:
            heads.append(head)
            start = head.end
        if self.complete and start != stop:
            raise TraceError(f"{self.path}: the header of the block at byte {start} is damaged; {_CURE}")
        if not self.complete and heads:
            try:  # the machine, not only the recorder, may have stopped while it was written
                self.block(len(heads) - 1, heads)
            except TraceError:
                heads.pop()
        return heads

    def _read_end(self) -> int:
        """Where the blocks end at the latest."""
        size = len(self.data)
        if size < _END.size:
            return size
        offset, length, check, magic = _END.unpack_from(self.data, size - _END.size)
        if magic != END_MAGIC or offset + length + _END.size != size:
            return size
        packed = self.data[offset : offset + length]
        if zlib.crc32(packed) != check:
            raise TraceError(f"{self.path}: the end is damaged; {_CURE}")
        self.end, self.complete = _unpacked(packed), True
        return int(offset)

    def block(self, index: int, heads: list[BlockHead] | None = None) -> Block:
        """A block; TraceError if it is damaged."""
        return read_block(self.data, (heads or self.heads)[index], self.path)

    def release(self, index: int) -> None:
        """Let the memory of a block go that is not looked at for now; it comes back from the file by itself."""
        head = self.heads[index]
        start = head.offset // mmap.PAGESIZE * mmap.PAGESIZE
        if isinstance(self.data, mmap.mmap):
            self.data.madvise(mmap.MADV_DONTNEED, start, head.end - start)
