/* The neuron profiles: one update of one neuron as a sequence of kernels (specification 3.2).
   Inlined with a constant profile, so that each group loop holds the code of its profile only. */
#ifndef NM_PROFILE_H
#define NM_PROFILE_H

#include "descriptor.h"

/* Update state words x (s32, K without the refractory word) with input a; gives the graded value, *s the spike bit. */
static inline int64_t nm_profile_step(uint32_t profile, const nm_neuron *p, uint32_t *rng, int64_t *x, int64_t a,
                                      uint32_t *s)
{
    switch (profile) {
    case NM_IF:
        x[0] = nm_kernel_thr(p, nm_kernel_integ(p, x[0], a), s);
        return *s;
    case NM_LIF:
        x[0] = nm_kernel_lif(p, rng, x[0], a, s);
        return *s;
    case NM_CUBA: {
        int64_t u = nm_kernel_cubi(p, rng, x[0], a);
        x[1] = nm_kernel_thr(p, nm_kernel_cubv(p, rng, x[1], p->old_current ? x[0] : u), s);
        x[0] = u;
        return *s;
    }
    case NM_ALIF: {
        int64_t u = nm_kernel_cubi(p, rng, x[0], a);
        x[1] = nm_kernel_cubv(p, rng, x[1], p->old_current ? x[0] : u);
        x[0] = u;
        x[2] = nm_kernel_athd(p, rng, x[2]);
        x[3] = nm_kernel_dec(p, rng, x[3], p->kr);
        *s = nm_greater(p, nm_wrap32(x[1] - x[3]), x[2]);
        if (*s) {
            x[3] = nm_wrap32(x[3] + 2 * x[2]);
            x[2] = nm_wrap32(x[2] + p->vrst);
        }
        return *s;
    }
    case NM_IZH:
        x[0] = nm_s32(nm_kernel_izh(p, nm_u32(x[0]), a, s));
        return *s;
    case NM_TN:
        x[0] = nm_kernel_tn(p, rng, x[0], a, s);
        return *s;
    case NM_LI:
        x[0] = nm_kernel_integ(p, nm_kernel_dec(p, rng, x[0], p->kv), a);
        *s = 0;
        return x[0];
    default: {
        x[0] = nm_kernel_sdsig(p, x[0], a);
        int64_t y = nm_kernel_sdact(p, x[0]);
        int64_t d = nm_wrap32(nm_wrap32(y - x[1]) + x[2]);
        int64_t g = nm_kernel_sdthr(p, d);
        x[2] = nm_wrap32(d - g);
        x[1] = y;
        *s = g != 0;
        return g;
    }
    }
}

/* As above with the refractory counter of profiles 0-2 as word x[words]: while it is positive only the current of CUBA
   goes on. */
static inline int64_t nm_profile_step_refractory(uint32_t profile, uint32_t refractory, uint32_t words,
                                                 const nm_neuron *p, uint32_t *rng, int64_t *x, int64_t a, uint32_t *s)
{
    if (x[words] > 0) {
        x[words]--;
        if (profile == NM_CUBA) {
            x[0] = nm_kernel_cubi(p, rng, x[0], a);
        }
        *s = 0;
        return 0;
    }
    int64_t g = nm_profile_step(profile, p, rng, x, a, s);
    x[words] = *s ? refractory : 0;
    return g;
}

#endif
