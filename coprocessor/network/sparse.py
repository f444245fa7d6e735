"""Sparse synapses: arrays that are taken as they are, or rows made block by block straight into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coprocessor.errors import CoprocessorError
from coprocessor.golden import projection as golden
from coprocessor.golden.projection import Format
from coprocessor.network.checks import Integers, integers, narrowed
from coprocessor.network.packing import BLOCK, Bytes

Fill = Callable[[int, int], tuple[ArrayLike, ArrayLike]]
LARGEST_COUNT = 2**32 // 3
"""A synapse has three bytes of memory."""


class SparseRows:
    """Synapses that are made when the network is fixed, a block of rows at a time, and never exist twice.

    `pointers` [n + 1] is as in `Network.sparse`. `fill(first, last)` gives the columns and the weights of rows first
    to last - 1, concatenated: two arrays of pointers[last] - pointers[first] numbers. It is called once for each
    block, in ascending order; a block has at most 131072 synapses unless it is one row.
    """

    def __init__(self, pointers: ArrayLike, fill: Fill) -> None:
        if not callable(fill):
            raise CoprocessorError(f"fill is {fill!r}; expected a function of (first, last)")
        self.pointers, self.fill = pointers, fill


class Sparse:
    """Compressed sparse rows: synapses pointers[i] to pointers[i + 1] - 1 of source i go to `columns` with `weights`.

    The arrays are views of the network's memory as soon as there is one; before that rows to be filled have none.
    """

    number: ClassVar[Format] = Format.CSR

    def __init__(
        self, where: str, pointers: Integers, n_post: int, arrays: tuple[NDArray[Any], NDArray[Any]] | Fill | None
    ) -> None:
        self._where, self.pointers, self.n_post = where, pointers, n_post
        self._arrays = None if callable(arrays) else arrays
        self._fill = arrays if callable(arrays) else None

    @classmethod
    def check(
        cls,
        where: str,
        pointers: ArrayLike | SparseRows,
        columns: ArrayLike | None,
        weights: ArrayLike | None,
        shape: tuple[int, int],
    ) -> Sparse:
        """CoprocessorError unless the arrays fit together and to the shape. Arrays of u16 and s8 are not copied."""
        n, m = shape
        given = pointers.pointers if isinstance(pointers, SparseRows) else pointers
        rows = integers(f"{where}: row pointers", given, 0, LARGEST_COUNT, shape=(n + 1,))
        _monotone(where, rows)
        if isinstance(pointers, SparseRows):
            if columns is not None or weights is not None:
                raise CoprocessorError(f"{where}: SparseRows brings columns and weights; leave them out")
            return cls(where, rows, m, pointers.fill)
        if columns is None or weights is None:
            raise CoprocessorError(f"{where}: columns and weights are missing; give them, or SparseRows for pointers")
        return cls(where, rows, m, _synapses(where, columns, weights, int(rows[-1]), m))

    @classmethod
    def read(cls, syn: golden.Projection, read: Callable[[int, int], Bytes]) -> Sparse:
        """From memory; CoprocessorError for impossible row pointers or columns."""
        rows = read(syn.rows, 4 * syn.n_pre + 4).view("<u4").astype(np.int64)
        _monotone("sparse rows", rows)
        count = int(rows[-1])
        columns, weights = read(syn.columns, 2 * count).view("<u2"), read(syn.weights, count).view(np.int8)
        if count and int(columns.max()) >= syn.n_post:
            raise CoprocessorError(f"sparse rows have column {int(columns.max())} of {syn.n_post}")
        return cls("", rows, syn.n_post, (columns, weights))

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.pointers) - 1, self.n_post

    @property
    def count(self) -> int:
        """Number of synapses."""
        return int(self.pointers[-1])

    @property
    def filled(self) -> bool:
        """Whether the synapses exist."""
        return self._arrays is not None

    @property
    def columns(self) -> NDArray[np.uint16]:
        """Targets [count]."""
        assert self._arrays is not None
        return self._arrays[0]

    @property
    def weights(self) -> NDArray[np.int8]:
        """Weights [count]."""
        assert self._arrays is not None
        return self._arrays[1]

    def sizes(self) -> dict[str, int]:
        return {"weights": self.count, "rows": 4 * len(self.pointers), "columns": 2 * self.count}

    def write(self, tables: Mapping[str, Bytes]) -> None:
        tables["rows"].view("<u4")[:] = self.pointers
        columns, weights = tables["columns"].view("<u2"), tables["weights"].view(np.int8)
        if self._arrays is not None:
            columns[:], weights[:] = self._arrays
            return
        assert self._fill is not None
        for first, last in self._blocks():
            begin, end = int(self.pointers[first]), int(self.pointers[last])
            where = f"{self._where}: rows {first} to {last - 1}"
            made = self._fill(first, last)
            if not isinstance(made, tuple) or len(made) != 2:
                raise CoprocessorError(f"{where}: fill gave {type(made).__name__}, expected (columns, weights)")
            columns[begin:end], weights[begin:end] = _synapses(where, *made, end - begin, self.n_post)

    def hold(self, tables: Mapping[str, Bytes]) -> None:
        self._arrays = tables["columns"].view("<u2"), tables["weights"].view(np.int8)
        self._fill = None

    def geometry(self) -> tuple[int, int, int]:
        return 0, 0, 0

    def incoming(self, limits: tuple[int, int] | None) -> tuple[Integers, Integers]:
        positive, negative = np.zeros(self.n_post, dtype=np.int64), np.zeros(self.n_post, dtype=np.int64)
        for first in range(0, self.count, BLOCK):
            columns, weights = self.columns[first : first + BLOCK], self.weights[first : first + BLOCK]
            if limits is not None:
                each = np.bincount(columns, minlength=self.n_post)
                positive += each * max(limits[1], 0)
                negative += each * min(limits[0], 0)
                continue
            if (above := np.maximum(weights, 0)).any():
                positive += np.bincount(columns, above, self.n_post).astype(np.int64)
            if (below := np.minimum(weights, 0)).any():
                negative += np.bincount(columns, below, self.n_post).astype(np.int64)
        return positive, negative

    def _blocks(self) -> Iterator[tuple[int, int]]:
        """Rows (first, last) of each block."""
        first, n = 0, len(self.pointers) - 1
        while first < n:
            fitting = int(np.searchsorted(self.pointers, self.pointers[first] + BLOCK, side="right")) - 1
            last = min(n, max(first + 1, fitting))
            yield first, last
            first = last


class SameRows(Sparse):
    """The synapses of another projection, which are in memory once, with weights of their own [count]."""

    def __init__(self, rows: Sparse, weights: NDArray[np.int8]) -> None:
        super().__init__("", rows.pointers, rows.n_post, None)
        self.rows, self._own = rows, weights

    @classmethod
    def of(cls, where: str, rows: Any, weights: ArrayLike | None, shape: tuple[int, int]) -> SameRows:
        """CoprocessorError unless `rows` are sparse synapses of the shape and weights fit them."""
        if not isinstance(rows, Sparse):
            raise CoprocessorError(f"{where}: rows can be those of a sparse projection only; give row pointers")
        if rows.shape != shape:
            raise CoprocessorError(f"{where}: the rows of the other projection are {rows.shape}, expected {shape}")
        if weights is None:
            raise CoprocessorError(f"{where}: weights are missing; give one number or an array of {rows.count}")
        given = np.asarray(weights)
        own = narrowed(f"{where}: weights", given, -128, 127, np.int8, shape=(rows.count,) if given.ndim else ())
        return cls(rows.rows if isinstance(rows, SameRows) else rows, np.broadcast_to(own, rows.count))

    @property
    def filled(self) -> bool:
        return self.rows.filled

    @property
    def columns(self) -> NDArray[np.uint16]:
        return self.rows.columns

    @property
    def weights(self) -> NDArray[np.int8]:
        return self._own

    def sizes(self) -> dict[str, int]:
        return {"weights": self.count}

    def write(self, tables: Mapping[str, Bytes]) -> None:
        tables["weights"].view(np.int8)[:] = self._own

    def hold(self, tables: Mapping[str, Bytes]) -> None:
        self._own = tables["weights"].view(np.int8)


def _monotone(where: str, rows: Integers) -> None:
    if rows[0] != 0 or (np.diff(rows) < 0).any():
        raise CoprocessorError(f"{where}: row pointers must start at 0 and never decrease; sort the synapses by row")


def _synapses(
    where: str, columns: ArrayLike, weights: ArrayLike, count: int, m: int
) -> tuple[NDArray[np.uint16], NDArray[np.int8]]:
    targets = narrowed(f"{where}: columns", columns, 0, m - 1, np.uint16, shape=(count,), cure="columns are targets")
    return targets, narrowed(f"{where}: weights", weights, -128, 127, np.int8, shape=(count,))
