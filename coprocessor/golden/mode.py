"""The mode word and the parameter words that the neuron kernels read (specification 2.5, 2.6)."""

from __future__ import annotations

from dataclasses import dataclass

from coprocessor.golden.numbers import bit, clip, field, s32


@dataclass(frozen=True)
class Parameters:
    """The words a neuron kernel reads: `nm_mode`, `nm_p0..3`, `nm_vth`, `nm_vrst` or those of a POP."""

    mode: int = 0
    p0: int = 0
    p1: int = 0
    p2: int = 0
    p3: int = 0
    vth_word: int = 0
    vrst_word: int = 0

    @property
    def rounding(self) -> int:
        """RND: 0 toward zero, 1 floor, 2 half up, 3 stochastic."""
        return field(self.mode, 1, 0)

    @property
    def reset(self) -> int:
        """RST: 0 assign VRST, 1 subtract VTH, 2 hold."""
        return field(self.mode, 4, 3)

    @property
    def width(self) -> int:
        """W in bits."""
        return (32, 24, 16, 20)[field(self.mode, 6, 5)]

    @property
    def old_current(self) -> bool:
        """UOLD: the membrane integrates the current before its update."""
        return bool(bit(self.mode, 9))

    @property
    def high(self) -> int:
        """`hi = 2^(W-1) - 1`."""
        return (1 << (self.width - 1)) - 1

    @property
    def low(self) -> int:
        """`lo = -hi if SYM else -hi - 1`."""
        return -self.high if bit(self.mode, 7) else -self.high - 1

    def sat(self, x: int) -> int:
        """`sat(x) = clip(x, lo, hi)`."""
        return clip(x, self.low, self.high)

    def satm(self, x: int) -> int:
        """`satm(x) = clip(x, 0 if NNEG else lo, hi)`."""
        return clip(x, 0 if bit(self.mode, 10) else self.low, self.high)

    @property
    def wraps(self) -> bool:
        """WRAPU: the synaptic current wraps instead of saturating."""
        return bool(bit(self.mode, 8))

    def wrapu(self, x: int) -> int:
        """`s32(y)` with y = x modulo 2^W in (-2^(W-1), 2^(W-1)]."""
        half = 1 << (self.width - 1)
        return s32((x + half - 1) % (1 << self.width) - half + 1)

    def greater(self, a: int, b: int) -> int:
        """`1 if (a >= b if GE else a > b) else 0`."""
        return int(a >= b if bit(self.mode, 2) else a > b)

    @property
    def ku(self) -> int:
        """KU = P0[12:0], retention of the current in 1/4096."""
        return field(self.p0, 12, 0)

    @property
    def kv(self) -> int:
        """KV = P0[28:16], retention of the membrane in 1/4096."""
        return field(self.p0, 28, 16)

    @property
    def bias(self) -> int:
        """BIAS = s32(P1)."""
        return s32(self.p1)

    @property
    def ash(self) -> int:
        """ASH = P2[4:0], left shift of the synaptic input."""
        return field(self.p2, 4, 0)

    @property
    def relu(self) -> bool:
        """RELU = P2[8]."""
        return bool(bit(self.p2, 8))

    @property
    def kth(self) -> int:
        """KTH = P3[12:0], retention of the threshold in 1/4096."""
        return field(self.p3, 12, 0)

    @property
    def kr(self) -> int:
        """KR = P3[28:16], retention of the refractory state in 1/4096."""
        return field(self.p3, 28, 16)

    @property
    def vth(self) -> int:
        """VTH, s32."""
        return s32(self.vth_word)

    @property
    def vrst(self) -> int:
        """VRST, s32."""
        return s32(self.vrst_word)
