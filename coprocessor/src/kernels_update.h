/* Updates of neurons in 32-bit arithmetic. Exact while all terms are below NM_NARROW in magnitude: the largest sum, of
   decayed membrane, decayed current, input, bias and threshold, is then below 2^31. Groups with larger values are
   declined, as is stochastic rounding, whose draws come in the order of the neurons. */

enum { NM_NARROW = 1 << 28, NM_LARGEST_RETENTION = 4096 };

/* Parameters of the population as vectors. */
typedef struct vector_neuron {
    nm_v32 ku, kv, bias, vth, vrst, low, membrane_low, high;
    nm_v32 below_zero, half;   /* what rounding adds to the fraction: toward zero, half up */
    nm_v32 subtract, keep;     /* reset: v - subtract, kept or replaced by vrst */
    nm_v32 limit;              /* inputs are declined from here on */
    nm_vu32 residue, middle;   /* wrapu */
    int32_t gain;              /* ASH */
    nm_v32 refractory;
    bool wraps, old_current;
} vector_neuron;

static bool narrow(int64_t x) { return x > -NM_NARROW && x < NM_NARROW; }

/* Whether the population can be done here. */
static bool vector_neuron_of(const nm_pop *pop, vector_neuron *n)
{
    const nm_neuron *p = &pop->neuron;
    uint32_t shift = nm_field(p->word[NM_P2], 4, 0);
    if (pop->replaced || p->rounding > 2 || p->ku > NM_LARGEST_RETENTION || p->kv > NM_LARGEST_RETENTION ||
        !narrow(p->bias) || !narrow(p->vth) || shift > 27) {
        return false;
    }
    n->ku = v_all((int32_t)p->ku);
    n->kv = v_all((int32_t)p->kv);
    n->bias = v_all((int32_t)p->bias);
    n->vth = v_all((int32_t)p->vth - p->equal);
    n->vrst = v_all(p->reset == 0 ? (int32_t)p->vrst : 0);
    n->keep = v_all(p->reset == 0 ? 0 : -1);
    n->subtract = v_all(p->reset == 1 ? (int32_t)p->vth : 0);
    n->low = v_all((int32_t)p->low);
    n->membrane_low = v_all((int32_t)p->membrane_low);
    n->high = v_all((int32_t)p->high);
    n->below_zero = v_all(p->rounding == 0 ? 4095 : 0);
    n->half = v_all(p->rounding == 2 ? 2048 : 0);
    n->gain = (int32_t)shift;
    n->limit = v_all(NM_NARROW >> shift);
    n->residue = (nm_vu32)v_all((int32_t)(UINT32_MAX >> (32 - p->width)));
    n->middle = (nm_vu32)v_all((int32_t)(p->high));
    n->refractory = v_all((int32_t)pop->refractory);
    n->wraps = p->wraps;
    n->old_current = p->old_current;
    return true;
}

/* rnd(R, x*k, 12) with x = 4096*h + l: h*k + rnd(l*k). */
static inline nm_v32 v_dec(const vector_neuron *n, nm_v32 x, nm_v32 k)
{
    nm_v32 fraction = (x & 4095) * k + ((x >> 31) & n->below_zero) + n->half;
    return (x >> 12) * k + (fraction >> 12);
}

static inline nm_v32 v_cubi(const vector_neuron *n, nm_v32 u, nm_v32 input)
{
    nm_v32 x = v_dec(n, u, n->ku) + input;
    if (n->wraps) {
        return (nm_v32)((((nm_vu32)x + n->middle) & n->residue) - n->middle);
    }
    return v_clip(x, n->low, n->high);
}

/* thr: the new membrane, *spiked the spikes. */
static inline nm_v32 v_thr(const vector_neuron *n, nm_v32 v, nm_mask *spiked)
{
    *spiked = v_gt(v, n->vth);
    nm_v32 reset = (v_clip(v - n->subtract, n->membrane_low, n->high) & n->keep) | n->vrst;
    return v_select(*spiked, reset, v);
}

/* Which state word is the membrane. */
static inline unsigned membrane_word(uint32_t profile) { return profile == NM_CUBA; }

/* Whether the 32 neurons at byte `offset` can be done exactly. */
static inline __attribute__((always_inline)) bool group_is_narrow(const vector_neuron *n, const nm_arrays *at,
                                                                  size_t offset, const uint32_t profile)
{
    nm_v32 good = v_all(-1);
    for (unsigned k = 0; k < NM_GROUP; k += NM_WORDS) {
        size_t place = offset + 4 * k;
        nm_v32 large = v_magnitude(v_load(at->state[0] + place));
        if (profile == NM_CUBA) {
            large |= v_magnitude(v_load(at->state[1] + place));
        }
        good &= (large - NM_NARROW) & (v_magnitude(v_load(at->cur + place)) - n->limit);
    }
    return v_bits(v_gt(v_all(0), good)) == UINT32_MAX >> (32 - NM_WORDS);
}

/* One vector of neurons; gives the spikes as bits. */
static inline __attribute__((always_inline)) uint32_t update_vector(const vector_neuron *n, const nm_arrays *at,
                                                                    size_t offset, const uint32_t profile,
                                                                    const bool refractory, bool graded)
{
    uint8_t *membrane = at->state[membrane_word(profile)] + offset;
    nm_v32 input = v_load(at->cur + offset) << n->gain, old = v_load(membrane), v;
    if (profile == NM_CUBA) {
        nm_v32 u = v_load(at->state[0] + offset), next = v_cubi(n, u, input);
        v = v_dec(n, old, n->kv) + (n->old_current ? u : next);
        v_store(at->state[0] + offset, next);
    } else {
        v = (profile == NM_IF ? old : v_dec(n, old, n->kv)) + input;
    }
    v = v_clip(v + n->bias, n->membrane_low, n->high);
    nm_v32 g = v;
    uint32_t spikes = 0;
    if (profile != NM_LI) {
        nm_mask s;
        v = v_thr(n, v, &s);
        if (refractory) {
            uint8_t *counter = at->state[membrane_word(profile) + 1] + offset;
            nm_v32 count = v_load(counter);
            nm_mask held = v_gt(count, v_all(0));
            s = v_and(s, v_not(held));
            v = v_select(held, old, v);
            v_store(counter, v_select(held, count - 1, v_select(s, n->refractory, v_all(0))));
        }
        g = v_select(s, v_all(1), v_all(0));
        spikes = v_bits(s);
    }
    v_store(membrane, v);
    v_store(at->cur + offset, v_all(0));
    if (at->acc) {
        v_store(at->acc + offset, (nm_v32)((nm_vu32)v_load(at->acc + offset) + (nm_vu32)g));
    }
    if (graded) {
        v_store(at->out + offset, g);
    }
    return spikes;
}

static inline __attribute__((always_inline)) uint32_t update_group(const vector_neuron *n, const nm_arrays *at,
                                                                   size_t offset, const uint32_t profile,
                                                                   const bool refractory, bool graded)
{
    uint32_t spikes = 0;
    for (unsigned k = 0; k < NM_GROUP; k += NM_WORDS) {
        spikes |= update_vector(n, at, offset + 4 * k, profile, refractory, graded) << k;
    }
    return spikes;
}

/* Copy `bytes` of every array at `offset` into `stage` (or back) and name the places there. */
typedef struct staged_group {
    uint8_t words[NM_MOST_STATE_WORDS + 3][4 * NM_GROUP];
} staged_group;

static void exchange(const nm_arrays *at, size_t offset, size_t bytes, staged_group *stage, nm_arrays *staged, bool back)
{
    uint8_t *const from[] = {at->state[0], at->state[1], at->state[2], at->state[3], at->cur, at->acc, at->out};
    uint8_t **to[] = {&staged->state[0], &staged->state[1], &staged->state[2], &staged->state[3],
                      &staged->cur,      &staged->acc,      &staged->out};
    for (unsigned k = 0; k < sizeof from / sizeof from[0]; k++) {
        if (!from[k]) {
            continue;
        }
        if (back) {
            memcpy(from[k] + offset, stage->words[k], bytes);
        } else {
            memcpy(stage->words[k], from[k] + offset, bytes);
            *to[k] = stage->words[k];
        }
    }
}

static inline __attribute__((always_inline)) uint32_t update_groups(const nm_pop *pop, const vector_neuron *n,
                                                                    const nm_arrays *at, uint32_t group, uint32_t end,
                                                                    uint32_t *spikes, const uint32_t profile,
                                                                    const bool refractory)
{
    bool graded = pop->graded && at->out;
    for (; group < end; group++) {
        size_t offset = 4 * (size_t)NM_GROUP * group;
        uint32_t count = pop->n - NM_GROUP * group, bits;
        if (count >= NM_GROUP) {
            if (!group_is_narrow(n, at, offset, profile)) {
                break;
            }
            bits = update_group(n, at, offset, profile, refractory, graded);
        } else {
            staged_group stage = {0};
            nm_arrays part = *at, staged = {0};
            part.out = graded ? at->out : NULL;
            exchange(&part, offset, 4 * count, &stage, &staged, false);
            if (!group_is_narrow(n, &staged, 0, profile)) {
                break;
            }
            bits = update_group(n, &staged, 0, profile, refractory, graded) & ((1u << count) - 1);
            exchange(&part, offset, 4 * count, &stage, &staged, true);
        }
        if (at->out && !graded) {
            memcpy(at->out + 4 * (size_t)group, &bits, 4);
        }
        if (at->bits) {
            at->bits[group] = bits;
        }
        *spikes += nm_popcount(bits);
    }
    return group;
}

static uint32_t update(const nm_pop *pop, const nm_arrays *at, uint32_t group, uint32_t end, uint32_t *spikes)
{
    vector_neuron n = {.gain = 0};
    if (!vector_neuron_of(pop, &n)) {
        return group;
    }
    switch (pop->profile) {
    case NM_IF:
        return pop->refractory ? update_groups(pop, &n, at, group, end, spikes, NM_IF, true)
                               : update_groups(pop, &n, at, group, end, spikes, NM_IF, false);
    case NM_LIF:
        return pop->refractory ? update_groups(pop, &n, at, group, end, spikes, NM_LIF, true)
                               : update_groups(pop, &n, at, group, end, spikes, NM_LIF, false);
    case NM_CUBA:
        return pop->refractory ? update_groups(pop, &n, at, group, end, spikes, NM_CUBA, true)
                               : update_groups(pop, &n, at, group, end, spikes, NM_CUBA, false);
    case NM_LI: return update_groups(pop, &n, at, group, end, spikes, NM_LI, false);
    default: return group;
    }
}
