"""Synapse formats (specification 6.4): how a projection's weights lie in memory, written and read back.

A format is a class here; `READERS` finds it by its number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coprocessor.errors import CoprocessorError
from coprocessor.golden import projection as golden
from coprocessor.golden.projection import Convolution, Format
from coprocessor.network.checks import Integers, choice, integer, integers, narrowed
from coprocessor.network.packing import Bytes, pack_rows, pitch, signed, sums, unpack_rows
from coprocessor.network.sparse import Sparse

Read = Callable[[int, int], Bytes]
"""Bytes of an image: (address, size); what is read may be a view."""

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

    def sizes(self) -> dict[str, int]:
        """Bytes under w5 ("weights"), w6 ("rows"), w7 ("columns"); an absent part is a null pointer."""

    def write(self, tables: Mapping[str, Bytes]) -> None:
        """Put these parts into zeroed memory."""

    def hold(self, tables: Mapping[str, Bytes]) -> None:
        """Refer to the memory that was written from now on, if what is there can be used in place."""

    def geometry(self) -> tuple[int, int, int]:
        """w13 to w15."""

    def incoming(self, limits: tuple[int, int] | None) -> tuple[Integers, Integers]:
        """Per target [m]: sums of the positive and of the negative weights, all of them at `limits` if it is given."""


def tables(weights: Weights) -> dict[str, Bytes]:
    """What lies in memory for these weights, as arrays of their own."""
    made = {part: np.zeros(size, dtype=np.uint8) for part, size in weights.sizes().items()}
    weights.write(made)
    return made


@dataclass
class Dense:
    """All to all: `weights` [n, m], `bits` a weight (8, 4, 2; with 1 the weights are +1 and -1)."""

    weights: NDArray[np.int8]
    bits: int

    @classmethod
    def check(cls, where: str, weights: ArrayLike, bits: int, shape: tuple[int, int]) -> Dense:
        """CoprocessorError unless `weights` has this shape and fits."""
        choice(f"{where}: bits", bits, BITS)
        low, high = DENSE_RANGE[bits]
        cure = "use more bits, or a power of two in exponent"
        checked = narrowed(f"{where}: weights", weights, low, high, np.int8, shape=shape, cure=cure)
        if bits == 1 and not checked.all():
            raise CoprocessorError(f"{where}: weights of 1 bit are +1 or -1, not 0; use bits=2 for ternary weights")
        return cls(np.array(checked), bits)

    @classmethod
    def read(cls, syn: golden.Projection, read: Read) -> Dense:
        """From memory."""
        bits = next(key for key, number in BITS.items() if number == syn.format)
        data = read(syn.weights, syn.n_pre * pitch(syn.n_post, bits))
        if bits == 8:
            return cls(data.view(np.int8).reshape(syn.n_pre, -1)[:, : syn.n_post], bits)
        elements = unpack_rows(data, syn.n_pre, syn.n_post, bits)
        values = 2 * elements.astype(np.int8) - 1 if bits == 1 else signed(elements, bits)
        return cls(values.astype(np.int8), bits)

    @property
    def number(self) -> Format:
        return BITS[self.bits]

    @property
    def shape(self) -> tuple[int, int]:
        return self.weights.shape[0], self.weights.shape[1]

    def sizes(self) -> dict[str, int]:
        return {"weights": self.weights.shape[0] * pitch(self.weights.shape[1], self.bits)}

    def write(self, tables: Mapping[str, Bytes]) -> None:
        pack_rows(tables["weights"], self.weights > 0 if self.bits == 1 else self.weights, self.bits)

    def hold(self, tables: Mapping[str, Bytes]) -> None:
        if self.bits == 8:
            n, m = self.weights.shape
            self.weights = tables["weights"].view(np.int8).reshape(n, -1)[:, :m]

    def geometry(self) -> tuple[int, int, int]:
        return 0, 0, 0

    def incoming(self, limits: tuple[int, int] | None) -> tuple[Integers, Integers]:
        return sums(self.weights, limits if self.bits > 1 else None)


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
        data = read(syn.weights, rows * pitch(outputs, 8)).view(np.int8).reshape(rows, -1)
        kernel = data[:, :outputs].astype(np.int64).reshape(conv.channels_in, conv.kernel, conv.kernel, outputs)
        return cls(kernel[..., 0] if conv.depthwise else kernel, conv)

    @property
    def shape(self) -> tuple[int, int]:
        c = self.conv
        return c.height * c.width * c.channels_in, c.output_height * c.output_width * c.channels_out

    def _rows(self) -> Integers:
        return self.kernel.reshape(self.conv.channels_in * self.conv.kernel**2, -1)

    def sizes(self) -> dict[str, int]:
        n, m = self._rows().shape
        return {"weights": n * pitch(m, 8)}

    def write(self, tables: Mapping[str, Bytes]) -> None:
        pack_rows(tables["weights"], self._rows(), 8)

    def hold(self, tables: Mapping[str, Bytes]) -> None:
        """The kernel is small, and has another shape in memory."""

    def geometry(self) -> tuple[int, int, int]:
        c = self.conv
        w14 = c.channels_in | c.channels_out << 10 | c.kernel << 20 | c.stride << 24 | c.padding << 28
        return c.height | c.width << 12, w14, int(c.depthwise)

    def incoming(self, limits: tuple[int, int] | None) -> tuple[Integers, Integers]:
        """A neuron in the middle of the image sees the whole kernel; the edge is not counted separately."""
        c = self.conv
        flat = self.kernel.reshape(c.channels_in, c.kernel**2, -1)
        rows = flat[:, :, 0].T if c.depthwise else flat.reshape(c.channels_in * c.kernel**2, -1)
        positive, negative = sums(rows, limits)
        places = c.output_height * c.output_width
        return np.tile(positive, places), np.tile(negative, places)


@dataclass(frozen=True)
class Crossbar:
    """`connections` [n, m] of 0 and 1, `types` [n] in 0..3, `weights` [m, 4] by the source's type, `stochastic` alike.

    A stochastic weight w counts as sgn(w) with probability (|w| + 1)/256, and 0 as 0.
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
        words = read(syn.columns, 8 * m).view("<u2").astype(np.int64).reshape(m, 4)
        return cls(
            unpack_rows(read(syn.weights, n * pitch(m, 1)), n, m, 1).astype(np.int64),
            read(syn.rows, n).astype(np.int64),
            signed(words & 0x1FF, 9),
            words >> 9 & 1,
        )

    @property
    def shape(self) -> tuple[int, int]:
        return self.connections.shape[0], self.connections.shape[1]

    def sizes(self) -> dict[str, int]:
        n, m = self.shape
        return {"weights": n * pitch(m, 1), "rows": n, "columns": 8 * m}

    def write(self, tables: Mapping[str, Bytes]) -> None:
        pack_rows(tables["weights"], self.connections, 1)
        tables["rows"][:] = self.types
        tables["columns"].view("<u2")[:] = (self.weights & 0x1FF | self.stochastic << 9).reshape(-1)

    def hold(self, tables: Mapping[str, Bytes]) -> None:
        """A crossbar is small, and has another shape in memory."""

    def geometry(self) -> tuple[int, int, int]:
        return 0, 0, 0

    def incoming(self, limits: tuple[int, int] | None) -> tuple[Integers, Integers]:
        effective = np.where(self.stochastic, np.sign(self.weights), self.weights)
        return sums(effective.T[self.types] * self.connections, limits)


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
        weights = read(syn.weights, syn.n_pre).view(np.int8).astype(np.int64) if syn.weights else None
        return cls(weights, syn.n_pre)

    @property
    def shape(self) -> tuple[int, int]:
        return self.n, self.n

    def sizes(self) -> dict[str, int]:
        return {} if self.weights is None else {"weights": self.n}

    def write(self, tables: Mapping[str, Bytes]) -> None:
        if self.weights is not None:
            tables["weights"].view(np.int8)[:] = self.weights

    def hold(self, tables: Mapping[str, Bytes]) -> None:
        """One number a neuron may exist twice."""

    def geometry(self) -> tuple[int, int, int]:
        return 0, 0, 0

    def incoming(self, limits: tuple[int, int] | None) -> tuple[Integers, Integers]:
        row: NDArray[np.int64] = np.ones(self.n, dtype=np.int64) if self.weights is None else self.weights
        return sums(row[None, :], limits)


READERS: dict[Format, Callable[[golden.Projection, Read], Weights]] = {
    **dict.fromkeys(BITS.values(), Dense.read),
    Format.CSR: Sparse.read,
    Format.CONV: Conv2d.read,
    Format.CROSSBAR: Crossbar.read,
    Format.ONE_TO_ONE: OneToOne.read,
}
