"""Synapse formats (specification 6.4): how a projection's weights lie in memory, written and read back.

A format is a class here; `READERS` finds it by its number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coprocessor.errors import CoprocessorError
from coprocessor.golden import projection as golden
from coprocessor.golden.projection import Convolution, Format
from coprocessor.network.checks import Integers, choice, integer, integers

Read = Callable[[int, int], bytes]
"""Bytes of an image: (address, size)."""

BITS = {8: Format.S8, 4: Format.S4, 2: Format.S2, 1: Format.BINARY}
DENSE_RANGE = {8: (-128, 127), 4: (-8, 7), 2: (-2, 1), 1: (-1, 1)}
PARTS = ("weights", "rows", "columns")


class Weights(Protocol):
    """The weights of a projection of n sources to m targets."""

    @property
    def number(self) -> Format:
        """FMT."""

    @property
    def shape(self) -> tuple[int, int]:
        """(n, m)."""

    def parts(self) -> dict[str, bytes]:
        """What lies in memory under w5 ("weights"), w6 ("rows"), w7 ("columns"); an absent part is a null pointer."""

    def geometry(self) -> tuple[int, int, int]:
        """w13 to w15."""

    def incoming(self, limits: tuple[int, int] | None) -> tuple[Integers, Integers]:
        """Per target [m]: sums of the positive and of the negative weights, all of them at `limits` if it is given."""


def pitch(m: int, bits: int) -> int:
    """Bytes of a dense row: padded to whole words."""
    return 4 * -(-m * bits // 32)


def pack_rows(rows: NDArray[np.integer[Any]], bits: int) -> bytes:
    """Dense rows [n, m] of `bits`-bit elements, low bits first, each row padded to whole words."""
    n, m = rows.shape
    each = 8 // bits
    elements = np.zeros((n, pitch(m, bits) * each), dtype=np.uint8)
    elements[:, :m] = rows.astype(np.uint8) & (1 << bits) - 1
    packed = np.zeros((n, pitch(m, bits)), dtype=np.uint8)
    for place in range(each):
        packed |= elements[:, place::each] << place * bits
    return packed.tobytes()


def unpack_rows(data: bytes, n: int, m: int, bits: int) -> NDArray[np.uint8]:
    """The reverse of `pack_rows`: unsigned elements [n, m]."""
    packed = np.frombuffer(data, dtype=np.uint8).reshape(n, -1)
    each = 8 // bits
    elements = np.empty((n, packed.shape[1] * each), dtype=np.uint8)
    for place in range(each):
        elements[:, place::each] = packed >> place * bits & (1 << bits) - 1
    return elements[:, :m]


def _signed(elements: NDArray[np.integer[Any]], bits: int) -> Integers:
    numbers = elements.astype(np.int64)
    return numbers - (numbers >> bits - 1 << bits)


def _sums(weights: NDArray[np.integer[Any]], limits: tuple[int, int] | None) -> tuple[Integers, Integers]:
    """Sums over axis 0."""
    if limits is not None:
        low, high = min(limits[0], 0), max(limits[1], 0)
        weights = np.stack([np.full(weights.shape[1], weights.shape[0] * limit) for limit in (low, high)])
    return np.maximum(weights, 0).sum(axis=0, dtype=np.int64), np.minimum(weights, 0).sum(axis=0, dtype=np.int64)


@dataclass(frozen=True)
class Dense:
    """All to all: `weights` [n, m], `bits` a weight (8, 4, 2; with 1 the weights are +1 and -1)."""

    weights: NDArray[np.int8]
    bits: int

    @classmethod
    def check(cls, where: str, weights: ArrayLike, bits: int, shape: tuple[int, int]) -> Dense:
        """CoprocessorError unless `weights` has this shape and fits."""
        choice(f"{where}: bits", bits, BITS)
        low, high = DENSE_RANGE[bits]
        checked = integers(
            f"{where}: weights", weights, low, high, shape=shape, cure="use more bits, or a power of two in exponent"
        )
        if bits == 1 and not checked.all():
            raise CoprocessorError(f"{where}: weights of 1 bit are +1 or -1, not 0; use bits=2 for ternary weights")
        return cls(checked.astype(np.int8), bits)

    @classmethod
    def read(cls, syn: golden.Projection, read: Read) -> Dense:
        """From memory."""
        bits = next(key for key, number in BITS.items() if number == syn.format)
        data = read(syn.weights, syn.n_pre * pitch(syn.n_post, bits))
        elements = unpack_rows(data, syn.n_pre, syn.n_post, bits)
        signed = 2 * elements.astype(np.int8) - 1 if bits == 1 else _signed(elements, bits)
        return cls(signed.astype(np.int8), bits)

    @property
    def number(self) -> Format:
        return BITS[self.bits]

    @property
    def shape(self) -> tuple[int, int]:
        return self.weights.shape[0], self.weights.shape[1]

    def parts(self) -> dict[str, bytes]:
        elements = (self.weights > 0).astype(np.int8) if self.bits == 1 else self.weights
        return {"weights": pack_rows(elements, self.bits)}

    def geometry(self) -> tuple[int, int, int]:
        return 0, 0, 0

    def incoming(self, limits: tuple[int, int] | None) -> tuple[Integers, Integers]:
        return _sums(self.weights, limits if self.bits > 1 else None)


@dataclass(frozen=True)
class Sparse:
    """Compressed sparse rows: synapses pointers[i] to pointers[i + 1] of source i go to columns with weights."""

    pointers: Integers
    columns: NDArray[np.uint16]
    weights: NDArray[np.int8]
    n_post: int
    number: ClassVar[Format] = Format.CSR

    @classmethod
    def check(
        cls, where: str, pointers: ArrayLike, columns: ArrayLike, weights: ArrayLike, shape: tuple[int, int]
    ) -> Sparse:
        """CoprocessorError unless the three arrays fit together and to the shape."""
        n, m = shape
        rows = integers(f"{where}: row pointers", pointers, 0, 2**31 - 1, shape=(n + 1,))
        if rows[0] != 0 or (np.diff(rows) < 0).any():
            raise CoprocessorError(
                f"{where}: row pointers must start at 0 and never decrease; sort the synapses by row"
            )
        count = (int(rows[-1]),)
        checked = integers(f"{where}: columns", columns, 0, m - 1, shape=count, cure="columns are target neurons")
        values = integers(f"{where}: weights", weights, -128, 127, shape=count)
        return cls(rows, checked.astype(np.uint16), values.astype(np.int8), m)

    @classmethod
    def read(cls, syn: golden.Projection, read: Read) -> Sparse:
        """From memory."""
        rows = np.frombuffer(read(syn.rows, 4 * syn.n_pre + 4), dtype="<u4").astype(np.int64)
        count = int(rows[-1])
        columns = np.frombuffer(read(syn.columns, 2 * count), dtype="<u2").astype(np.uint16)
        weights = np.frombuffer(read(syn.weights, count), dtype=np.int8)
        return cls(rows, columns, weights, syn.n_post)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.pointers) - 1, self.n_post

    def parts(self) -> dict[str, bytes]:
        return {
            "weights": self.weights.tobytes(),
            "rows": self.pointers.astype("<u4").tobytes(),
            "columns": self.columns.astype("<u2").tobytes(),
        }

    def geometry(self) -> tuple[int, int, int]:
        return 0, 0, 0

    def incoming(self, limits: tuple[int, int] | None) -> tuple[Integers, Integers]:
        positive, negative = np.maximum(self.weights, 0), np.minimum(self.weights, 0)
        if limits is not None:
            positive = np.full_like(self.weights, max(limits[1], 0))
            negative = np.full_like(self.weights, min(limits[0], 0))
        sums = [np.bincount(self.columns, part, self.n_post).astype(np.int64) for part in (positive, negative)]
        return sums[0], sums[1]


@dataclass(frozen=True)
class Conv2d:
    """Convolution: `kernel` [cin, ky, kx, cout], depthwise [c, ky, kx]; neurons in height-width-channel order."""

    kernel: Integers
    conv: Convolution
    number: ClassVar[Format] = Format.CONV

    @classmethod
    def check(
        cls,
        where: str,
        kernel: ArrayLike,
        image: tuple[int, int, int],
        stride: int,
        padding: int,
        shape: tuple[int, int],
    ) -> Conv2d:
        """CoprocessorError unless kernel, image (height, width, channels) and the populations fit together."""
        array = integers(f"{where}: kernel", kernel, -128, 127)
        if array.ndim not in (3, 4) or array.shape[1] != array.shape[2]:
            raise CoprocessorError(
                f"{where}: kernel has shape {array.shape}, expected (cin, k, k, cout) or, depthwise, (channels, k, k)"
            )
        height, width = (
            integer(f"{where}: image {side}", size, 1, 4095)
            for side, size in zip(("height", "width"), image[:2], strict=True)
        )
        channels = integer(f"{where}: image channels", image[2], 1, 1023)
        depthwise = array.ndim == 3
        outputs = integer(f"{where}: output channels", array.shape[0 if depthwise else 3], 1, 1023)
        size = integer(f"{where}: kernel size", array.shape[1], 1, 15)
        step = integer(f"{where}: stride", stride, 1, 15)
        conv = Convolution(
            height, width, channels, outputs, size, step, integer(f"{where}: padding", padding, 0, 15), depthwise
        )
        if array.shape[0] != channels:
            raise CoprocessorError(f"{where}: kernel has {array.shape[0]} input channels, the image has {channels}")
        if min(height, width) + 2 * conv.padding < size:
            raise CoprocessorError(f"{where}: the kernel is larger than the padded image; use more padding")
        expected = (height * width * channels, conv.output_height * conv.output_width * outputs)
        if shape != expected:
            raise CoprocessorError(
                f"{where}: source and target have {shape} neurons, the convolution has {expected}: "
                f"output {conv.output_height} x {conv.output_width} x {outputs}"
            )
        return cls(array, conv)

    @classmethod
    def read(cls, syn: golden.Projection, read: Read) -> Conv2d:
        """From memory."""
        conv = syn.convolution
        assert conv is not None
        rows = conv.channels_in * conv.kernel**2
        outputs = 1 if conv.depthwise else conv.channels_out
        data = np.frombuffer(read(syn.weights, rows * pitch(outputs, 8)), dtype=np.int8).reshape(rows, -1)
        kernel = data[:, :outputs].astype(np.int64).reshape(conv.channels_in, conv.kernel, conv.kernel, outputs)
        return cls(kernel[..., 0] if conv.depthwise else kernel, conv)

    @property
    def shape(self) -> tuple[int, int]:
        c = self.conv
        return c.height * c.width * c.channels_in, c.output_height * c.output_width * c.channels_out

    def parts(self) -> dict[str, bytes]:
        rows = self.kernel.reshape(self.conv.channels_in * self.conv.kernel**2, -1)
        return {"weights": pack_rows(rows, 8)}

    def geometry(self) -> tuple[int, int, int]:
        c = self.conv
        w14 = c.channels_in | c.channels_out << 10 | c.kernel << 20 | c.stride << 24 | c.padding << 28
        return c.height | c.width << 12, w14, int(c.depthwise)

    def incoming(self, limits: tuple[int, int] | None) -> tuple[Integers, Integers]:
        """A neuron in the middle of the image sees the whole kernel; the edge is not counted separately."""
        c = self.conv
        flat = self.kernel.reshape(c.channels_in, c.kernel**2, -1)
        rows = flat[:, :, 0].T if c.depthwise else flat.reshape(c.channels_in * c.kernel**2, -1)
        positive, negative = _sums(rows, limits)
        places = c.output_height * c.output_width
        return np.tile(positive, places), np.tile(negative, places)


@dataclass(frozen=True)
class Crossbar:
    """`connections` [n, m] of 0 and 1, `types` [n] in 0..3, `weights` [m, 4] by the source's type, `stochastic` alike.

    A stochastic weight w counts as sgn(w) with probability |w|/256.
    """

    connections: Integers
    types: Integers
    weights: Integers
    stochastic: Integers
    number: ClassVar[Format] = Format.CROSSBAR

    @classmethod
    def check(
        cls,
        where: str,
        connections: ArrayLike,
        types: ArrayLike,
        weights: ArrayLike,
        stochastic: ArrayLike,
        shape: tuple[int, int],
    ) -> Crossbar:
        """CoprocessorError unless the four arrays fit together and to the shape."""
        n, m = shape
        if n > 256 or m > 256:
            raise CoprocessorError(f"{where}: a crossbar has at most 256 x 256 synapses, not {n} x {m}; use several")
        flags = np.broadcast_to(np.asarray(stochastic), (m, 4)) if np.ndim(stochastic) == 0 else stochastic
        return cls(
            integers(f"{where}: connections", connections, 0, 1, shape=shape),
            integers(f"{where}: types", types, 0, 3, shape=(n,)),
            integers(f"{where}: weights", weights, -256, 255, shape=(m, 4)),
            integers(f"{where}: stochastic", flags, 0, 1, shape=(m, 4)),
        )

    @classmethod
    def read(cls, syn: golden.Projection, read: Read) -> Crossbar:
        """From memory."""
        n, m = syn.n_pre, syn.n_post
        words = np.frombuffer(read(syn.columns, 8 * m), dtype="<u2").astype(np.int64).reshape(m, 4)
        return cls(
            unpack_rows(read(syn.weights, n * pitch(m, 1)), n, m, 1).astype(np.int64),
            np.frombuffer(read(syn.rows, n), dtype=np.uint8).astype(np.int64),
            _signed(words & 0x1FF, 9),
            words >> 9 & 1,
        )

    @property
    def shape(self) -> tuple[int, int]:
        return self.connections.shape[0], self.connections.shape[1]

    def parts(self) -> dict[str, bytes]:
        return {
            "weights": pack_rows(self.connections, 1),
            "rows": self.types.astype(np.uint8).tobytes(),
            "columns": (self.weights & 0x1FF | self.stochastic << 9).astype("<u2").tobytes(),
        }

    def geometry(self) -> tuple[int, int, int]:
        return 0, 0, 0

    def incoming(self, limits: tuple[int, int] | None) -> tuple[Integers, Integers]:
        effective = np.where(self.stochastic, np.sign(self.weights), self.weights)
        return _sums(effective.T[self.types] * self.connections, limits)


@dataclass(frozen=True)
class OneToOne:
    """Source i to target i: `weights` [n], or None for all ones."""

    weights: Integers | None
    n: int
    number: ClassVar[Format] = Format.ONE_TO_ONE

    @classmethod
    def check(cls, where: str, weights: ArrayLike | None, shape: tuple[int, int]) -> OneToOne:
        """CoprocessorError unless source and target are equally large and the weights fit."""
        n, m = shape
        if n != m:
            raise CoprocessorError(f"{where}: one-to-one needs equal sizes, not {n} and {m}; use dense or sparse")
        return cls(None if weights is None else integers(f"{where}: weights", weights, -128, 127, shape=(n,)), n)

    @classmethod
    def read(cls, syn: golden.Projection, read: Read) -> OneToOne:
        """From memory."""
        data = read(syn.weights, syn.n_pre) if syn.weights else b""
        return cls(np.frombuffer(data, dtype=np.int8).astype(np.int64) if syn.weights else None, syn.n_pre)

    @property
    def shape(self) -> tuple[int, int]:
        return self.n, self.n

    def parts(self) -> dict[str, bytes]:
        return {} if self.weights is None else {"weights": self.weights.astype(np.int8).tobytes()}

    def geometry(self) -> tuple[int, int, int]:
        return 0, 0, 0

    def incoming(self, limits: tuple[int, int] | None) -> tuple[Integers, Integers]:
        row: NDArray[np.int64] = np.ones(self.n, dtype=np.int64) if self.weights is None else self.weights
        return _sums(row[None, :], limits)


READERS: dict[Format, Callable[[golden.Projection, Read], Weights]] = {
    **dict.fromkeys(BITS.values(), Dense.read),
    Format.CSR: Sparse.read,
    Format.CONV: Conv2d.read,
    Format.CROSSBAR: Crossbar.read,
    Format.ONE_TO_ONE: OneToOne.read,
}
