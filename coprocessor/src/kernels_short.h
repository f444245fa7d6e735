/* Updates of IF, LIF, CUBA and LI neurons in few operations, for groups whose values lie in windows that keep products
   in 32 bits; kernels_update.h takes the others.

   A decay is x*k/4096 = x + x*(k - 4096)/4096. A slow one has a small factor, so x may be large; rounding and the bias
   are part of what is added before the shift. Populations that are `plain` need neither clips nor the rest of a mode. */

enum { SHORT_WIDEST = 1 << 28, SHORT_LARGEST_BIAS = 1 << 17 };

/* The values x with (x + middle) & outside = 0. */
typedef struct short_window {
    nm_v32 middle, outside;
} short_window;

/* x - (x & lost) + ((x*factor + rounding) >> 12), with 4095 more for negative x where rounding is toward zero. */
typedef struct short_decay {
    nm_v32 factor, lost, rounding;
    short_window window;
} short_decay;

typedef struct short_neuron {
    short_decay current, membrane;
    short_window input;
    nm_v32 bias; /* of IF, which has no decay */
    nm_v32 bar;  /* spikes are above */
    nm_v32 subtracted, kept, assigned; /* the membrane after a spike: (clip(v - subtracted) & kept) | assigned */
    nm_v32 toward_zero, low, membrane_low, high, refractory;
    unsigned shift;
} short_neuron;

/* Whether there is nothing but decays that do not round toward zero, an unscaled input and assignment after a spike. */
static bool is_plain(const nm_neuron *p, uint32_t profile)
{
    return p->membrane_low == INT32_MIN && p->low == INT32_MIN && p->rounding != 0 && p->reset == 0 && p->gain == 1 &&
           (profile == NM_IF || p->kv >= 2048) && (profile != NM_CUBA || p->ku >= 2048);
}

static bool is_short(const nm_pop *pop)
{
    const nm_neuron *p = &pop->neuron;
    return (pop->profile <= NM_CUBA || pop->profile == NM_LI) && !pop->replaced && p->rounding != 3 && !p->wraps &&
           !p->old_current && p->bias > -SHORT_LARGEST_BIAS && p->bias < SHORT_LARGEST_BIAS &&
           p->vth > -SHORT_WIDEST && p->vth < SHORT_WIDEST && p->gain < SHORT_WIDEST;
}

/* The largest window of a power of two within +-limit; it ends an eighth above `end` if it can, else in the middle. */
static short_window window_of(int64_t limit, const int64_t *end)
{
    int64_t size = 2 * SHORT_WIDEST;
    while (size > 2 * limit) {
        size /= 2;
    }
    int64_t top = end ? *end + size / 8 : size / 2;
    top = top > limit ? limit : top < size - limit ? size - limit : top;
    return (short_window){v_all((int32_t)(size - top)), v_all((int32_t)~(size - 1))};
}

/* k - 4096 of a decay, or k if that is smaller. */
static int32_t factor_of(uint32_t k) { return (int32_t)k - (k < 2048 ? 0 : 4096); }

/* Below this in magnitude the products of a decay fit, with the bias. */
static int64_t limit_of(uint32_t k, int64_t bias)
{
    int32_t factor = factor_of(k);
    int64_t room = (INT64_C(1) << 31) - 8192 - 4096 * (bias < 0 ? -bias : bias);
    int64_t limit = room / (factor < 0 ? -factor : factor > 0 ? factor : 1);
    return limit < SHORT_WIDEST ? limit : SHORT_WIDEST;
}

static short_decay short_decay_of(const nm_neuron *p, uint32_t k, int64_t bias, const int64_t *end)
{
    return (short_decay){v_all(factor_of(k)), v_all(k < 2048 ? -1 : 0),
                         v_all((int32_t)(4096 * bias + (p->rounding == 2 ? 2048 : 0))),
                         window_of(limit_of(k, bias), end)};
}

static short_neuron short_neuron_of(const nm_pop *pop)
{
    const nm_neuron *p = &pop->neuron;
    const int64_t *end = pop->profile == NM_LI ? NULL : &p->vth;
    short_neuron n = {
        .current = short_decay_of(p, p->ku, 0, NULL),
        .membrane = short_decay_of(p, p->kv, p->bias, end),
        .input = window_of(SHORT_WIDEST / p->gain, NULL),
        .bias = v_all((int32_t)p->bias),
        .bar = v_all((int32_t)p->vth - p->equal),
        .subtracted = v_all(p->reset == 1 ? (int32_t)p->vth : 0),
        .kept = v_all(p->reset == 0 ? 0 : -1),
        .assigned = v_all(p->reset == 0 ? (int32_t)p->vrst : 0),
        .toward_zero = v_all(p->rounding == 0 ? 4095 : 0),
        .low = v_all((int32_t)p->low),
        .membrane_low = v_all((int32_t)p->membrane_low),
        .high = v_all((int32_t)p->high),
        .refractory = v_all((int32_t)pop->refractory),
        .shift = nm_field(p->word[NM_P2], 4, 0),
    };
    if (pop->profile == NM_IF) {
        n.membrane.window = window_of(SHORT_WIDEST, NULL);
    }
    if (pop->profile == NM_CUBA) {
        int64_t limit = limit_of(p->ku, 0);
        n.input = window_of(limit < SHORT_WIDEST / p->gain ? limit : SHORT_WIDEST / p->gain, NULL);
    }
    return n;
}

enum { SHORT_VECTORS = NM_GROUP / NM_WORDS };

/* A vector of neurons: before and after. */
typedef struct short_vector {
    nm_v32 state[3];
    nm_mask spikes;
} short_vector;

/* What says of a group whether all values are inside their windows: input and current have the same one. */
typedef struct short_seen {
    nm_v32 input, membrane;
} short_seen;

NM_INLINE bool all_inside(const short_neuron *n, const short_seen *seen)
{
    return !v_bits(v_or(v_nonzero(seen->input & n->input.outside), v_nonzero(seen->membrane & n->membrane.window.outside)));
}

/* What a decay adds to x. */
NM_INLINE nm_v32 short_change(const short_neuron *n, const short_decay *d, nm_v32 x, const bool plain)
{
    nm_v32 product = x * d->factor + d->rounding;
    return plain ? product >> 12 : ((product + (x >> 31 & n->toward_zero)) >> 12) - (x & d->lost);
}

/* Load and update the vector at byte `offset` of its arrays. */
NM_INLINE void short_step(const short_neuron *n, const nm_arrays *at, size_t offset, short_seen *seen,
                             short_vector *to, const uint32_t profile, const bool refractory, const bool plain)
{
    const unsigned membrane = profile == NM_CUBA, counter = membrane + 1;
    nm_v32 input = v_load_once(at->cur + offset), old = v_load_once(at->state[membrane] + offset), v;
    seen->input |= input + n->input.middle;
    seen->membrane |= old + n->membrane.window.middle;
    if (!plain) {
        input = (nm_v32)((nm_vu32)input << n->shift);
    }
    if (profile == NM_CUBA) {
        nm_v32 u = v_load_once(at->state[0] + offset);
        seen->input |= u + n->input.middle;
        input += u + short_change(n, &n->current, u, plain);
        to->state[0] = input = plain ? input : v_clip(input, n->low, n->high);
    }
    nm_v32 change = input + (profile == NM_IF ? n->bias : short_change(n, &n->membrane, old, plain));
    nm_mask held = v_none();
    if (refractory) {
        nm_v32 count = v_load_once(at->state[counter] + offset);
        held = v_gt(count, v_all(0));
        to->state[counter] = v_select(held, (nm_v32)((nm_vu32)count - 1), v_all(0));
    }
    v = plain ? v_increased(v_not(held), old, change)
              : v_select(held, old, v_clip(old + change, n->membrane_low, n->high));
    if (profile != NM_LI) {
        nm_v32 after = plain ? n->assigned
                             : (v_clip(v - n->subtracted, n->membrane_low, n->high) & n->kept) | n->assigned;
        to->spikes = v_gt(v, n->bar);
        if (refractory) {
            to->spikes = v_and(to->spikes, v_not(held));
            to->state[counter] = v_select(to->spikes, n->refractory, to->state[counter]);
        }
        v = v_select(to->spikes, after, v);
    }
    to->state[membrane] = v;
}

/* Whole groups from `group` to before `end`; gives the first not done. Nothing of a group is stored before all of it is
   known to be inside the windows. */
NM_INLINE uint32_t short_groups(const nm_pop *pop, const nm_arrays *arrays, uint32_t group, uint32_t end,
                                   uint32_t *spikes, const uint32_t profile, const bool refractory, const bool plain)
{
    const unsigned words = 1u + (profile == NM_CUBA) + refractory;
    const short_neuron n = short_neuron_of(pop);
    const nm_arrays at = *arrays;
    const bool graded = pop->graded && at.out;
    uint32_t whole = pop->n / NM_GROUP, count = 0;
    for (end = end < whole ? end : whole; group < end; group++) {
        size_t offset = 4 * (size_t)NM_GROUP * group;
        short_vector next[SHORT_VECTORS];
        short_seen seen = {v_all(0), v_all(0)};
        uint32_t fired = 0;
#pragma GCC unroll 8
        for (unsigned k = 0; k < SHORT_VECTORS; k++) {
            short_step(&n, &at, offset + NM_BYTES * k, &seen, &next[k], profile, refractory, plain);
        }
        if (!all_inside(&n, &seen)) {
            break;
        }
#pragma GCC unroll 8
        for (unsigned k = 0; k < SHORT_VECTORS; k++) {
            size_t place = offset + NM_BYTES * k;
#pragma GCC unroll 3
            for (unsigned q = 0; q < words; q++) {
                v_store(at.state[q] + place, next[k].state[q]);
            }
            v_store(at.cur + place, v_all(0));
            if (at.acc || graded) {
                nm_v32 g = profile == NM_LI ? next[k].state[0] : v_select(next[k].spikes, v_all(1), v_all(0));
                if (at.acc) {
                    v_store(at.acc + place, (nm_v32)((nm_vu32)v_load(at.acc + place) + (nm_vu32)g));
                }
                if (graded) {
                    v_store(at.out + place, g);
                }
            }
            if (profile != NM_LI) {
                fired |= v_bits(next[k].spikes) << NM_WORDS * k;
            }
        }
        count += nm_popcount(fired);
        if (at.out && !graded) {
            memcpy(at.out + 4 * (size_t)group, &fired, 4);
        }
        if (at.bits) {
            at.bits[group] = fired;
        }
    }
    *spikes += count;
    return group;
}

#define SHORT_UPDATE(name, profile, refractory, plain) \
    static __attribute__((noinline)) uint32_t name(const nm_pop *pop, const nm_arrays *at, uint32_t group, \
                                                   uint32_t end, uint32_t *spikes) \
    { \
        return short_groups(pop, at, group, end, spikes, profile, refractory, plain); \
    }
#define SHORT_UPDATES(name, profile, refractory) \
    SHORT_UPDATE(name, profile, refractory, false) SHORT_UPDATE(name##_plain, profile, refractory, true)

SHORT_UPDATES(short_if, NM_IF, false)
SHORT_UPDATES(short_lif, NM_LIF, false)
SHORT_UPDATES(short_cuba, NM_CUBA, false)
SHORT_UPDATES(short_refractory_if, NM_IF, true)
SHORT_UPDATES(short_refractory_lif, NM_LIF, true)
SHORT_UPDATES(short_refractory_cuba, NM_CUBA, true)
SHORT_UPDATES(short_li, NM_LI, false)

enum { SHORT_RETRY = 32 /* groups after one that the short form declines */ };

/* Short forms as far as they go, some groups in the general form where they do not. */
static uint32_t update_shortest(const nm_pop *pop, const nm_arrays *at, uint32_t group, uint32_t end, uint32_t *spikes)
{
    static update_function *const functions[][2][2] = { /* [profile][refractory][plain] */
        [NM_IF] = {{short_if, short_if_plain}, {short_refractory_if, short_refractory_if_plain}},
        [NM_LIF] = {{short_lif, short_lif_plain}, {short_refractory_lif, short_refractory_lif_plain}},
        [NM_CUBA] = {{short_cuba, short_cuba_plain}, {short_refractory_cuba, short_refractory_cuba_plain}},
        [NM_LI] = {{short_li, short_li_plain}},
    };
    if (!is_short(pop)) {
        return update(pop, at, group, end, spikes);
    }
    update_function *function = functions[pop->profile][pop->refractory != 0][is_plain(&pop->neuron, pop->profile)];
    while (group < end) {
        group = function(pop, at, group, end, spikes);
        uint32_t until = end - group < SHORT_RETRY ? end : group + SHORT_RETRY;
        if (group < end && (group = update(pop, at, group, until, spikes)) < until) {
            break;
        }
    }
    return group;
}
