/* What short updates need to know of a population: bounds that keep their products in 32 bits (short.h). */
#include <stddef.h>

#include "descriptor.h"

static bool has_short_form(const nm_pop *pop)
{
    const nm_neuron *p = &pop->neuron;
    return (pop->profile <= NM_CUBA || pop->profile == NM_LI) && !pop->replaced && p->rounding != 3 && !p->wraps &&
           !p->old_current && p->bias > -NM_SHORT_LARGEST_BIAS && p->bias < NM_SHORT_LARGEST_BIAS &&
           p->vth > -NM_SHORT_WIDEST && p->vth < NM_SHORT_WIDEST && p->gain < NM_SHORT_WIDEST;
}

static bool is_clipless(const nm_neuron *p, uint32_t profile)
{
    return p->membrane_low == INT32_MIN && p->low == INT32_MIN && p->reset == 0 &&
           (profile == NM_IF || p->kv >= 2048) && (profile != NM_CUBA || p->ku >= 2048);
}

static bool is_plain(const nm_neuron *p, uint32_t profile)
{
    return is_clipless(p, profile) && p->rounding != 0 && p->gain == 1;
}

/* The largest window of a power of two within +-limit; it ends an eighth above `end` if it can, else in the middle. */
static nm_window window_of(int64_t limit, const int64_t *end)
{
    int64_t size = 2 * NM_SHORT_WIDEST;
    while (size > 2 * limit) {
        size /= 2;
    }
    int64_t top = end ? *end + size / 8 : size / 2;
    top = top > limit ? limit : top < size - limit ? size - limit : top;
    return (nm_window){(int32_t)(size - top), (int32_t)~(size - 1)};
}

/* k - 4096 of a decay, or k if that is smaller. */
static int32_t factor_of(uint32_t k) { return (int32_t)k - (k < 2048 ? 0 : 4096); }

/* Below this in magnitude the products of a decay fit, with the bias. */
static int64_t limit_of(uint32_t k, int64_t bias)
{
    int32_t factor = factor_of(k);
    int64_t room = (INT64_C(1) << 31) - 8192 - 4096 * (bias < 0 ? -bias : bias);
    int64_t limit = room / (factor < 0 ? -factor : factor > 0 ? factor : 1);
    return limit < NM_SHORT_WIDEST ? limit : NM_SHORT_WIDEST;
}

static nm_decay decay_of(const nm_neuron *p, uint32_t k, int64_t bias, const int64_t *end)
{
    int64_t limit = limit_of(k, bias);
    return (nm_decay){factor_of(k), k < 2048 ? -1 : 0, (int32_t)(4096 * bias + (p->rounding == 2 ? 2048 : 0)),
                      (int32_t)limit, window_of(limit, end)};
}

nm_short nm_short_of(const nm_pop *pop)
{
    const nm_neuron *p = &pop->neuron;
    if (!has_short_form(pop)) {
        return (nm_short){.fits = false};
    }
    const int64_t *end = pop->profile == NM_LI ? NULL : &p->vth;
    int64_t widest_input = NM_SHORT_WIDEST / p->gain;
    if (pop->profile == NM_CUBA) {
        int64_t limit = limit_of(p->ku, 0);
        widest_input = limit < widest_input ? limit : widest_input;
    }
    nm_short s = {
        .fits = true,
        .clipless = is_clipless(p, pop->profile),
        .plain = is_plain(p, pop->profile),
        .current = decay_of(p, p->ku, 0, NULL),
        .membrane = decay_of(p, p->kv, p->bias, end),
        .input = window_of(widest_input, NULL),
        .bias = (int32_t)p->bias,
        .bar = (int32_t)p->vth - p->equal,
        .lowered = p->reset == 1 ? -(int32_t)p->vth : 0,
        .kept = p->reset == 0 ? 0 : -1,
        .assigned = p->reset == 0 ? (int32_t)p->vrst : 0,
        .toward_zero = p->rounding == 0 ? 4095 : 0,
        .low = (int32_t)p->low,
        .membrane_low = (int32_t)p->membrane_low,
        .high = (int32_t)p->high,
        .refractory = (int32_t)pop->refractory,
        .shift = nm_field(p->word[NM_P2], 4, 0),
    };
    if (pop->profile == NM_IF) {
        s.membrane.window = window_of(NM_SHORT_WIDEST, NULL);
    }
    return s;
}
