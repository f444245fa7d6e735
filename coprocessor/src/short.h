/* The numbers of a population's updates in short forms (kernels_short.h), computed once where its descriptor is read:
   for IF, LIF, CUBA and LI neurons without words of their own. */
#ifndef NM_SHORT_H
#define NM_SHORT_H

#include <stdbool.h>
#include <stdint.h>

/* State words and scaled inputs stay below NM_SHORT_WIDEST, the bias below NM_SHORT_LARGEST_BIAS in magnitude. */
enum { NM_SHORT_WIDEST = 1 << 28, NM_SHORT_LARGEST_BIAS = 1 << 17 };

/* The values x with (x + middle) & outside = 0. */
typedef struct nm_window {
    int32_t middle, outside;
} nm_window;

/* x*k/4096 = x + x*(k - 4096)/4096 as x - (x & lost) + ((x*factor + rounding) >> 12), with 4095 more for negative x where
   rounding is toward zero; a bias is part of `rounding`. */
typedef struct nm_decay {
    int32_t factor, lost, rounding;
    int32_t limit; /* of |x| */
    nm_window window;
} nm_decay;

typedef struct nm_short {
    bool fits;  /* there is a short form */
    bool clipless; /* only slow decays and assignment after a spike, and no bound that values in the windows could pass */
    bool plain;    /* besides, no rounding toward zero and an unscaled input */
    nm_decay current, membrane;
    nm_window input;
    int32_t bias; /* of IF, which has no decay */
    int32_t bar;  /* spikes are above */
    int32_t lowered, kept, assigned; /* the membrane after a spike: (clip(v + lowered) & kept) | assigned */
    int32_t toward_zero, low, membrane_low, high, refractory;
    uint32_t shift; /* ASH */
} nm_short;

struct nm_pop;
nm_short nm_short_of(const struct nm_pop *pop);

#endif
