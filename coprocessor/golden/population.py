"""POP descriptors (specification 6.2): fields and validation in the order of the table."""

from __future__ import annotations

from dataclasses import dataclass

from coprocessor.golden.descriptors import Type, Words
from coprocessor.golden.memory import BAD, LIMIT, UNSUPPORTED, Memory
from coprocessor.golden.mode import Parameters
from coprocessor.golden.numbers import bit, field, words
from coprocessor.golden.profiles import STATE_WORDS, Profile

ALL = 0xFFFF_FFFF

PARAMETER_MASKS = {
    Profile.IF: (0, ALL, 0x1F, 0),
    Profile.LIF: (0x1FFF0000, ALL, 0x1F, 0),
    Profile.CUBA: (0x1FFF1FFF, ALL, 0x1F, 0),
    Profile.ALIF: (0x1FFF1FFF, ALL, 0x1F, 0x1FFF1FFF),
    Profile.IZH: (ALL, ALL, 0x71F, ALL),
    Profile.TN: (0x3FFF, ALL, 0x1F, 0x1FFFF),
    Profile.LI: (0x1FFF0000, ALL, 0x1F, 0),
    Profile.SD: (0, ALL, 0x11F, 0),
}


@dataclass(frozen=True)
class Population:
    """A validated POP (6.2); pointers are addresses, 0 = none."""

    address: int
    n: int
    profile: Profile
    replaced: tuple[int, ...]
    output_mode: int
    graded: bool
    refractory: int
    log_depth: int
    parameters: Parameters
    state: int
    param: int
    cur: int
    out: int
    stride: int
    acc: int

    @property
    def depth(self) -> int:
        """Slots of the input ring."""
        return 1 << self.log_depth

    @property
    def state_words(self) -> int:
        """K, including the refractory word."""
        return STATE_WORDS[self.profile] + (self.refractory > 0)

    def parameter_address(self, parameter: int, i: int) -> int:
        """Address of the per-neuron word that replaces `parameter` (0..5: P0..P3, VTH, VRST) for neuron i."""
        return self.param + 4 * (self.replaced.index(parameter) * self.n + i)


def read_population(memory: Memory, address: int) -> Population:
    """Validate a POP (6.2)."""
    w = Words(memory, address, Type.POP)
    w.size(1)
    w.masked(2, 0x0FFF1FFF)
    w.require(field(w[2], 3, 0) <= 7, UNSUPPORTED, 2)
    profile = Profile(field(w[2], 3, 0))
    per_neuron, output_mode, graded = (
        field(w[2], 9, 4),
        field(w[2], 11, 10),
        bit(w[2], 12),
    )
    refractory, log_depth = field(w[2], 23, 16), field(w[2], 27, 24)
    w.require(output_mode != 3, BAD, 2)
    w.require(refractory == 0 or profile <= Profile.CUBA, BAD, 2)
    w.require(log_depth <= 6, LIMIT, 2)
    w.require(w[3] >> 11 == 0 and field(w[3], 4, 3) != 3, BAD, 3)
    for k, mask in zip(range(4, 8), PARAMETER_MASKS[profile], strict=True):
        w.masked(k, mask)
        if k == 4 and profile is Profile.TN:
            w.require(field(w[4], 12, 11) != 3, BAD, 4)
    w.pointer(10, 4)
    if per_neuron:
        w.pointer(11, 4)
    else:
        w.zero(11)
    w.pointer(12, 4)
    w.optional(13, 4)
    if output_mode != 0 and w[13] != 0:
        w.optional(14, 4)
        w.require(w[14] >= (4 * w[1] if graded else 4 * words(w[1])), BAD, 14)
    else:
        w.zero(14)
    w.optional(15, 4)
    return Population(
        address=address,
        n=w[1],
        profile=profile,
        replaced=tuple(parameter for parameter in range(6) if bit(per_neuron, parameter)),
        output_mode=output_mode,
        graded=bool(graded),
        refractory=refractory,
        log_depth=log_depth,
        parameters=Parameters(w[3], *w.values[4:10]),
        state=w[10],
        param=w[11],
        cur=w[12],
        out=w[13],
        stride=w[14],
        acc=w[15],
    )
