/* The neuron kernels (specification 3.1) on decoded parameter words.
   The golden model says the same in Python; a change here belongs there too. */
#ifndef NM_NEURON_H
#define NM_NEURON_H

#include "number.h"

/* Parameter words in the order of PPN. */
enum { NM_P0, NM_P1, NM_P2, NM_P3, NM_VTH, NM_VRST, NM_PARAMETERS };

/* Mode and parameter words, decoded once (2.5, 2.6). */
typedef struct nm_neuron {
    int64_t low, high;     /* of sat */
    int64_t membrane_low;  /* of satm: 0 with NNEG */
    int64_t vth, vrst, bias;
    int64_t gain;          /* 2^ASH */
    uint32_t word[NM_PARAMETERS];
    uint32_t ku, kv, kth, kr;
    uint8_t rounding, reset, width;
    uint8_t equal;         /* GE: 1 turns > into >= */
    bool wraps, old_current, relu;
} nm_neuron;

/* Replace and decode one parameter word. */
static inline void nm_neuron_set(nm_neuron *neuron, unsigned parameter, uint32_t word)
{
    neuron->word[parameter] = word;
    switch (parameter) {
    case NM_P0:
        neuron->ku = nm_field(word, 12, 0);
        neuron->kv = nm_field(word, 28, 16);
        break;
    case NM_P1: neuron->bias = nm_s32(word); break;
    case NM_P2:
        neuron->gain = INT64_C(1) << nm_field(word, 4, 0);
        neuron->relu = nm_field(word, 8, 8) != 0;
        break;
    case NM_P3:
        neuron->kth = nm_field(word, 12, 0);
        neuron->kr = nm_field(word, 28, 16);
        break;
    case NM_VTH: neuron->vth = nm_s32(word); break;
    default: neuron->vrst = nm_s32(word); break;
    }
}

/* Decode a mode word and the parameter words. */
void nm_neuron_decode(nm_neuron *neuron, uint32_t mode, const uint32_t word[NM_PARAMETERS]);

static inline int64_t nm_saturate(const nm_neuron *p, int64_t x) { return nm_clip(x, p->low, p->high); }
static inline int64_t nm_saturate_membrane(const nm_neuron *p, int64_t x) { return nm_clip(x, p->membrane_low, p->high); }

/* x modulo 2^W in (-2^(W-1), 2^(W-1)], then modulo 2^32. */
static inline int64_t nm_wrap_current(const nm_neuron *p, int64_t x)
{
    uint64_t half = UINT64_C(1) << (p->width - 1);
    uint64_t residue = ((uint64_t)x + half - 1) & (2 * half - 1);
    return nm_wrap32((int64_t)(residue - half + 1));
}

static inline uint32_t nm_greater(const nm_neuron *p, int64_t a, int64_t b) { return a + p->equal > b; }

static inline int64_t nm_kernel_dec(const nm_neuron *p, uint32_t *rng, int64_t x, uint32_t k)
{
    return nm_wrap32(nm_round(rng, p->rounding, x * (int64_t)(k & 0x1FFF), 12));
}

static inline int64_t nm_kernel_decs(int64_t x, uint32_t k)
{
    int64_t d = nm_tz(x, k & 31);
    return nm_wrap32(x - (d == 0 ? nm_sgn(x) : d));
}

static inline int64_t nm_kernel_integ(const nm_neuron *p, int64_t v, int64_t a)
{
    return nm_saturate_membrane(p, v + a * p->gain + p->bias);
}

static inline int64_t nm_kernel_cubi(const nm_neuron *p, uint32_t *rng, int64_t u, int64_t a)
{
    int64_t x = nm_round(rng, p->rounding, u * (int64_t)p->ku, 12) + a * p->gain;
    return p->wraps ? nm_wrap_current(p, x) : nm_saturate(p, x);
}

static inline int64_t nm_kernel_cubv(const nm_neuron *p, uint32_t *rng, int64_t v, int64_t u)
{
    return nm_saturate_membrane(p, nm_round(rng, p->rounding, v * (int64_t)p->kv, 12) + u + p->bias);
}

static inline int64_t nm_kernel_thr(const nm_neuron *p, int64_t v, uint32_t *s)
{
    *s = nm_greater(p, v, p->vth);
    if (!*s || p->reset > 1) {
        return v;
    }
    return p->reset == 0 ? p->vrst : nm_saturate_membrane(p, v - p->vth);
}

static inline int64_t nm_kernel_lif(const nm_neuron *p, uint32_t *rng, int64_t v, int64_t a, uint32_t *s)
{
    return nm_kernel_thr(p, nm_kernel_integ(p, nm_kernel_dec(p, rng, v, p->kv), a), s);
}

static inline int64_t nm_kernel_athd(const nm_neuron *p, uint32_t *rng, int64_t th)
{
    return nm_wrap32(nm_round(rng, p->rounding, (th - p->vth) * (int64_t)p->kth, 12) + p->vth);
}

static inline int64_t nm_kernel_sdsig(const nm_neuron *p, int64_t s, int64_t a) { return nm_saturate(p, s + a * p->gain); }

static inline int64_t nm_kernel_sdact(const nm_neuron *p, int64_t s)
{
    int64_t x = s + p->bias;
    return nm_saturate(p, p->relu && x < 0 ? 0 : x);
}

static inline int64_t nm_kernel_sdthr(const nm_neuron *p, int64_t d)
{
    return nm_greater(p, nm_abs(d), p->vth) ? d : 0;
}

/* TrueNorth weight: 9-bit signed, stochastic with bit 9. */
static inline int64_t nm_kernel_tnw(uint32_t *rng, uint32_t w)
{
    int64_t s = nm_s9(w);
    if (w & 0x200) {
        return nm_abs(s) >= (int64_t)nm_draw(rng, 8) ? nm_sgn(s) : 0;
    }
    return s;
}

/* Izhikevich step on packed u:v (Q8.8 mV). */
static inline uint32_t nm_kernel_izh(const nm_neuron *p, uint32_t vu, int64_t a, uint32_t *s)
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

/* TrueNorth leak, threshold and reset. */
static inline int64_t nm_kernel_tn(const nm_neuron *p, uint32_t *rng, int64_t v, int64_t a, uint32_t *s)
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

/* The packed state after nm.rst. */
uint32_t nm_kernel_izh_rest(const nm_neuron *p);

#endif
