"""Console input the host gives to devices: bytes now, later, or from an iterator."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

Source = Iterable[int | bytes | None]


class ConsoleInput:
    """Bytes waiting for the guest.

    `source` is bytes, a deque of ints that the host may go on filling, or any iterable of ints or bytes; a None in it
    means "nothing yet". Bytes are taken only when a device asks, and remembered, so that `rewind` can go back to any
    earlier position and everything happens again. Of an iterable, at most `LOOKAHEAD` bytes are fetched early.
    """

    LOOKAHEAD = 16

    def __init__(self, source: Source | deque[int] = b"") -> None:
        self._taken = bytearray()
        self._position = 0
        self._queue: deque[int] | None = source if isinstance(source, deque) else None
        self._iterator: Iterator[int | bytes | None] | None = None
        if isinstance(source, bytes | bytearray | memoryview):
            self._taken += source
        elif self._queue is None:
            self._iterator = iter(source)
        self._listeners: list[Callable[[], None]] = []
        self._hidden = 0

    def feed(self, data: bytes) -> None:
        """Add bytes behind everything fetched so far and tell the devices (host side)."""
        self._taken += data
        for listener in self._listeners:
            listener()

    def hide(self, count: int) -> None:
        """The last `count` bytes that were fed have not been typed yet: the guest is at an earlier time."""
        self._hidden = count

    def unfeed(self) -> None:
        """Forget the bytes that are hidden."""
        del self._taken[self._visible :]
        self._hidden = 0

    @property
    def _visible(self) -> int:
        return len(self._taken) - self._hidden

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever the host feeds bytes."""
        self._listeners.append(listener)

    def available(self) -> int:
        """How many bytes could be taken now, counted up to LOOKAHEAD."""
        while self._visible - self._position < self.LOOKAHEAD and self._fetch():
            pass
        return min(self.LOOKAHEAD, self._visible - self._position)

    def peek(self) -> int | None:
        """The next byte, left where it is; None when there is none now."""
        if self._position == self._visible:
            while self._fetch() and self._position == self._visible:
                pass
        return self._taken[self._position] if self._position < self._visible else None

    def take(self) -> int | None:
        """The next byte; None when there is none now."""
        byte = self.peek()
        if byte is not None:
            self._position += 1
        return byte

    @property
    def position(self) -> int:
        """Bytes taken since the beginning."""
        return self._position

    def rewind(self, position: int) -> None:
        """Go back (or forward again) to a position this input has been at."""
        self._position = min(position, len(self._taken))

    def _fetch(self) -> bool:
        """Move one item from the source to the bytes taken; False when it has none now."""
        if self._hidden:
            return False
        if self._queue is not None:
            if not self._queue:
                return False
            self._taken.append(self._queue.popleft() & 0xFF)
            return True
        if self._iterator is None:
            return False
        try:
            item = next(self._iterator)
        except StopIteration:
            self._iterator = None
            return False
        if item is None:
            return False
        self._taken += bytes((item & 0xFF,)) if isinstance(item, int) else item
        return True
