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
uint32_t nm_kernel_izh(const nm_neuron *p, uint32_t vu, int64_t a, uint32_t *s);
/* The packed state after nm.rst. */
uint32_t nm_kernel_izh_rest(const nm_neuron *p);
/* TrueNorth leak, threshold and reset. */
int64_t nm_kernel_tn(const nm_neuron *p, uint32_t *rng, int64_t v, int64_t a, uint32_t *s);

#endif
