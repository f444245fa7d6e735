/* The plasticity kernels (specification 3.3) on decoded parameter words. */
#ifndef NM_PLASTICITY_H
#define NM_PLASTICITY_H

#include "number.h"

enum { NM_TRACE_MAXIMUM = 0x7FFF };

/* lmode, wlim and l0..l3, decoded once. */
typedef struct nm_plasticity {
    int64_t wmin, wmax, membrane_threshold;
    uint32_t potentiation, depression; /* PP, PD of 1024 */
    uint32_t t1, t2, t3;
    uint8_t rounding, hs, sh;
    bool nearest;
} nm_plasticity;

/* Decode lmode, wlim, l0, l1, l2, l3. */
static inline void nm_plasticity_decode(nm_plasticity *p, uint32_t lmode, uint32_t wlim, const uint32_t l[4])
{
    p->rounding = (uint8_t)nm_field(lmode, 1, 0);
    p->nearest = nm_field(lmode, 2, 2) != 0;
    p->hs = (uint8_t)nm_field(lmode, 12, 8);
    p->sh = (uint8_t)nm_field(lmode, 20, 16);
    p->wmin = nm_s8(wlim);
    p->wmax = nm_s8(wlim >> 8);
    p->potentiation = nm_field(l[0], 10, 0);
    p->depression = nm_field(l[0], 26, 16);
    p->membrane_threshold = nm_s32(l[1]);
    p->t1 = nm_field(l[2], 14, 0);
    p->t2 = nm_field(l[2], 30, 16);
    p->t3 = nm_field(l[3], 14, 0);
}

/* The lower limit is tested first, which matters only for WMIN > WMAX. */
static inline int64_t nm_wclip(const nm_plasticity *p, int64_t w)
{
    return w < p->wmin ? p->wmin : w > p->wmax ? p->wmax : w;
}

static inline uint32_t nm_kernel_trd(const nm_plasticity *p, uint32_t *rng, uint32_t x, uint32_t k)
{
    int64_t y = nm_round(rng, p->rounding, (int64_t)(x & 0xFFFF) * (int64_t)(k & 0x1FFF), 12);
    return nm_u32(y > NM_TRACE_MAXIMUM ? NM_TRACE_MAXIMUM : y);
}

static inline uint32_t nm_kernel_tri(uint32_t x, uint32_t i)
{
    uint32_t y = (x & 0xFFFF) + (i & 0xFFFF);
    return y > NM_TRACE_MAXIMUM ? NM_TRACE_MAXIMUM : y;
}

static inline int64_t nm_kernel_stdw(const nm_plasticity *p, uint32_t *rng, int64_t w, int64_t d, uint32_t k)
{
    return nm_wclip(p, w + nm_round(rng, p->rounding, d, k & 31));
}

/* e decays by k[12:0], d is shifted by k[20:16]; the decay draws first. */
static inline int64_t nm_kernel_eld(const nm_plasticity *p, uint32_t *rng, int64_t e, int64_t d, uint32_t k)
{
    int64_t decayed = nm_round(rng, p->rounding, e * (int64_t)(k & 0x1FFF), 12);
    return nm_clip(decayed + nm_round(rng, p->rounding, d, nm_field(k, 20, 16)), INT16_MIN, INT16_MAX);
}

/* Flip the given bits of w, each with probability / 1024, lowest first. */
static inline uint32_t nm_flip(uint32_t *rng, uint32_t w, uint32_t candidates, uint32_t probability)
{
    for (; candidates; candidates &= candidates - 1) {
        if (nm_draw(rng, 10) < probability) {
            w ^= candidates & (0 - candidates);
        }
    }
    return w;
}

static inline uint32_t nm_kernel_bltp(const nm_plasticity *p, uint32_t *rng, uint32_t w, uint32_t gate)
{
    return nm_flip(rng, w, gate & ~w, p->potentiation);
}

static inline uint32_t nm_kernel_bltd(const nm_plasticity *p, uint32_t *rng, uint32_t w, uint32_t gate)
{
    return nm_flip(rng, w, gate & w, p->depression);
}

static inline int64_t nm_kernel_sdsp(const nm_plasticity *p, int64_t v, uint32_t calcium)
{
    calcium &= 0xFFFF;
    if (v >= p->membrane_threshold) {
        return p->t1 <= calcium && calcium < p->t3;
    }
    return -(int64_t)(p->t1 <= calcium && calcium < p->t2);
}

static inline int64_t nm_kernel_eph(const nm_plasticity *p, int64_t vth, int64_t v)
{
    int64_t level = 4 - nm_asr(nm_abs(v - vth), p->hs);
    return level < 0 ? 0 : level;
}

/* The product that decides whether epw draws. */
static inline int64_t nm_epw_product(int64_t e, uint32_t x) { return nm_abs(e) * (int64_t)(x & 0x7FFF); }

static inline int64_t nm_kernel_epw(const nm_plasticity *p, uint32_t *rng, int64_t w, int64_t e, uint32_t x)
{
    int64_t product = nm_epw_product(e, x);
    if (product != 0 && (int64_t)nm_draw(rng, 16) < nm_asr(product, p->sh)) {
        w += nm_sgn(e);
    }
    return nm_wclip(p, w);
}

#endif
