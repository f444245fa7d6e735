"""The state that extensions bring, on plain ints: one buffer in the C layout, read and written by name."""

from __future__ import annotations

from typing import Any

from iss.isa.state import StateField, StateLayout

_FORMATS: dict[tuple[int, bool], Any] = {
    (8, False): "B", (8, True): "b", (16, False): "H", (16, True): "h",
    (32, False): "I", (32, True): "i", (64, False): "Q", (64, True): "q",
}  # fmt: skip


class StateArray:
    """The numbers of one field."""

    __slots__ = ("_field", "_view")

    def __init__(self, field: StateField, view: memoryview) -> None:
        self._field, self._view = field, view

    def __len__(self) -> int:
        return len(self._view)

    def __getitem__(self, index: int) -> int:
        return int(self._view[index])

    def __setitem__(self, index: int, value: int) -> None:
        self._view[index] = self._field.wrap(value)


class ExtensionState:
    """`state.NAME` is a number, or an array of them; `buffer` holds all of them as the C structure does."""

    __slots__ = ("_arrays", "buffer", "layout")
    _arrays: dict[str, StateArray]
    buffer: bytearray
    layout: StateLayout

    def __init__(self, layout: StateLayout) -> None:
        buffer = bytearray(layout.size)
        arrays = {}
        for field in layout:
            size, start = field.storage_bits // 8, layout.offsets[field.name]
            view = memoryview(buffer)[start : start + size * field.count]
            arrays[field.name] = StateArray(field, view.cast(_FORMATS[field.storage_bits, field.signed]))
        for name, value in (("layout", layout), ("buffer", buffer), ("_arrays", arrays)):
            object.__setattr__(self, name, value)
        self.reset()

    def array(self, name: str) -> StateArray:
        """The numbers of a field, also where there is one only; KeyError."""
        return self._arrays[name]

    def copy(self) -> ExtensionState:
        """Return a state of its own with the same numbers."""
        copied = ExtensionState(self.layout)
        copied.buffer[:] = self.buffer
        return copied

    def reset(self) -> None:
        """Give every number its value after reset."""
        self.buffer[:] = self.layout.initial

    def __getattr__(self, name: str) -> Any:
        try:
            array = self._arrays[name]
        except KeyError:
            raise AttributeError(f"no extension has a state {name!r}") from None
        return array[0] if len(array) == 1 else array

    def __setattr__(self, name: str, value: int) -> None:
        array = self._arrays.get(name)
        if array is None or len(array) != 1:
            raise AttributeError(f"{name!r} is no state of one number")
        array[0] = value
