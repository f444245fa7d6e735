/* A learn operation on host memory, and the parts of its rules (specification 3.4) that all ways to perform it share. */
#ifndef NM_LEARNING_H
#define NM_LEARNING_H

#include <stddef.h>

#include "descriptor.h"

/* The arrays of phase 0; those that the rule does not use are NULL. Nothing that is written overlaps anything else. */
typedef struct nm_learning {
    const nm_rule *rule;
    int64_t reward;
    uint32_t n, m;
    const uint8_t *pre_spikes, *post_spikes; /* bitmaps */
    const uint8_t *pre_traces, *post_traces; /* u16 */
    const uint8_t *membrane, *threshold, *signal; /* s32 of a post neuron; no threshold: that of the population */
    int64_t common_threshold;
    uint8_t *weights;
    uint8_t *eligibility;                /* s16 */
    size_t pitch;                        /* dense: bytes from row to row of weights */
    const uint8_t *rows, *columns;       /* CSR */
    uint32_t elements;                   /* CSR: so many are inside the arrays */
    const uint8_t *end;                  /* of RAM; storing what is there behind a row is harmless before it */
    uint32_t posts;                      /* number of post spikes */
} nm_learning;

/* The traces of one side and the bitmap of its spikes, phases 1 and 2. */
typedef struct nm_traces {
    uint8_t *traces;
    const uint8_t *spikes;
    uint32_t n, decay, impulse;
} nm_traces;

/* dw = (AP*x_i if b_j else 0) - (AM*y_j if a_i else 0) */
static inline int64_t nm_trace_product(const nm_rule *rule, bool a, uint32_t x, bool b, uint32_t y)
{
    return (b ? rule->ap * (int64_t)x : 0) - (a ? rule->am * (int64_t)y : 0);
}

/* The eligibility trace of rule 1 after dw. */
static inline int64_t nm_eligibility(const nm_rule *rule, uint32_t *rng, int64_t e, int64_t dw)
{
    return nm_kernel_eld(&rule->plasticity, rng, e, dw, (uint32_t)rule->plasticity.sh << 16 | rule->ke);
}

/* E = s32(L_j * eph(V_j)) of rule 4. */
static inline int64_t nm_error_of(const nm_rule *rule, int64_t signal, int64_t threshold, int64_t v)
{
    return nm_wrap32(signal * nm_kernel_eph(&rule->plasticity, threshold, v));
}

/* A trace a step later. */
static inline uint32_t nm_next_trace(const nm_plasticity *p, uint32_t *rng, uint32_t x, const nm_traces *side, bool spike)
{
    x = nm_kernel_trd(p, rng, x, side->decay);
    return !spike ? x : p->nearest ? side->impulse : nm_kernel_tri(x, side->impulse);
}

#endif
