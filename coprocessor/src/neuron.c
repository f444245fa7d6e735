/* Decoding of parameter words and the two long neuron kernels (specification 2.5, 2.6, 3.1). */
#include "neuron.h"

void nm_neuron_decode(nm_neuron *neuron, uint32_t mode, const uint32_t word[NM_PARAMETERS])
{
    static const uint8_t widths[4] = {32, 24, 16, 20};
    for (unsigned k = 0; k < NM_PARAMETERS; k++) {
        neuron->word[k] = word[k];
    }
    neuron->rounding = (uint8_t)nm_field(mode, 1, 0);
    neuron->equal = (uint8_t)nm_field(mode, 2, 2);
    neuron->reset = (uint8_t)nm_field(mode, 4, 3);
    neuron->width = widths[nm_field(mode, 6, 5)];
    neuron->high = (INT64_C(1) << (neuron->width - 1)) - 1;
    neuron->low = nm_field(mode, 7, 7) ? -neuron->high : -neuron->high - 1;
    neuron->wraps = nm_field(mode, 8, 8) != 0;
    neuron->old_current = nm_field(mode, 9, 9) != 0;
    neuron->membrane_low = nm_field(mode, 10, 10) ? 0 : neuron->low;
    neuron->ku = nm_field(word[NM_P0], 12, 0);
    neuron->kv = nm_field(word[NM_P0], 28, 16);
    neuron->bias = nm_s32(word[NM_P1]);
    neuron->gain = INT64_C(1) << nm_field(word[NM_P2], 4, 0);
    neuron->relu = nm_field(word[NM_P2], 8, 8) != 0;
    neuron->kth = nm_field(word[NM_P3], 12, 0);
    neuron->kr = nm_field(word[NM_P3], 28, 16);
    neuron->vth = nm_s32(word[NM_VTH]);
    neuron->vrst = nm_s32(word[NM_VRST]);
}

uint32_t nm_kernel_izh_rest(const nm_neuron *p)
{
    int64_t b = nm_s16(p->word[NM_P0] >> 16), c = nm_s16(p->word[NM_P1]);
    return nm_u32(nm_asr(b * c, 15)) << 16 | (nm_u32(c) & 0xFFFF);
}

uint32_t nm_kernel_izh(const nm_neuron *p, uint32_t vu, int64_t a, uint32_t *s)
{
    int64_t v = nm_s16(vu), u = nm_s16(vu >> 16);
    int64_t rate = nm_s16(p->word[NM_P0]), coupling = nm_s16(p->word[NM_P0] >> 16);
    int64_t reset = nm_s16(p->word[NM_P1]), jump = nm_s16(p->word[NM_P1] >> 16);
    unsigned k = nm_field(p->word[NM_P2], 9, 8);
    bool uses_new_v = nm_field(p->word[NM_P2], 10, 10) != 0;
    int64_t i = nm_clip(a * p->gain + nm_s32(p->word[NM_P3]), -(1 << 23), (1 << 23) - 1);
    int64_t dv = nm_asr(v * v * 41, 10) + v * 5 * 256 + 140 * 65536 - u * 256 + i * 256;
    int64_t v1 = nm_clip(v + nm_rhu(dv, 8 + k), INT16_MIN, INT16_MAX);
    int64_t w = uses_new_v ? v1 : v;
    int64_t u1 = nm_clip(u + nm_rhu(rate * (nm_asr(coupling * w, 15) - u), 15 + k), INT16_MIN, INT16_MAX);
    *s = nm_greater(p, v1, p->vth);
    if (*s) {
        v1 = reset;
        u1 = nm_clip(u1 + jump, INT16_MIN, INT16_MAX);
    }
    return nm_u32(u1) << 16 | (nm_u32(v1) & 0xFFFF);
}

int64_t nm_kernel_tn(const nm_neuron *p, uint32_t *rng, int64_t v, int64_t a, uint32_t *s)
{
    uint32_t control = p->word[NM_P0];
    int64_t leak = nm_kernel_tnw(rng, control); /* lam in [8:0], stochastic with [9]: the same law as a weight */
    bool reversal = nm_field(control, 10, 10) != 0, saturates = nm_field(control, 13, 13) != 0;
    uint32_t kind = nm_field(control, 12, 11), mask = nm_field(p->word[NM_P3], 16, 0);
    int64_t alpha = p->vth, beta = nm_s32(p->word[NM_P1]);
    v = nm_saturate(p, v + a * p->gain);
    int64_t v1 = nm_saturate(p, v + (reversal ? nm_sgn(v) : 1) * leak);
    if (reversal && nm_sgn(v) * nm_sgn(v1) < 0) {
        v1 = 0;
    }
    int64_t eta = mask ? (int64_t)(nm_draw(rng, 17) & mask) : 0;
    *s = v1 >= alpha + eta;
    if (*s) {
        return nm_saturate(p, kind == 0 ? p->vrst : kind == 1 ? v1 - (alpha + eta) : v1);
    }
    if (v1 < -(saturates ? beta : beta + eta)) {
        return nm_saturate(p, saturates ? -beta : kind == 0 ? -p->vrst : kind == 1 ? v1 + beta + eta : v1);
    }
    return v1;
}
