/* Updates of whole chains of populations: LI neurons, whose potentials go on as inputs in registers, and the LIF or CUBA
   neurons that they go to. Nothing is checked here: chain.c knows that all values are within the limits of short forms.

   Plain neurons have no clips and round down or half up, so that v = x + ((x*factor + rounding) >> 12) + input. What
   costs time is stores and sums, so there are forms for chains to LIF neurons whose decays of currents round down and
   whose last input is idle: a feeder that is idle comes second, and is known to be. */

/* Which feeders have an input. */
typedef enum chain_form { CHAIN_ANY, CHAIN_IDLE, CHAIN_FIRST, CHAIN_BOTH } chain_form;


/* A link in vectors. */
typedef struct chain_link {
    nm_v32 factor, rounding;
    uint8_t *state, *cur;
    bool idle;
} chain_link;

NM_INLINE chain_link chain_link_of(const nm_link *link, const nm_decay *decay)
{
    return (chain_link){v_all(decay->factor), v_all(decay->rounding), link->state[0], link->cur, link->idle};
}

/* A vector of the input, which is cleared. */
NM_INLINE nm_v32 chain_input(uint8_t *cur, const bool idle)
{
    if (idle) {
        return v_all(0);
    }
    nm_v32 input = v_load(cur);
    v_store(cur, v_all(0));
    return input;
}

/* A current of the vector at byte `offset`: of a feeder, or u of CUBA neurons, to which `fed` is added. */
NM_INLINE nm_v32 chain_current(const chain_link *l, size_t offset, nm_v32 fed, const bool down, const bool idle)
{
    nm_v32 x = v_load_once(l->state + offset), product = x * l->factor;
    x += ((down ? product : product + l->rounding) >> 12) + fed + chain_input(l->cur + offset, idle);
    v_store(l->state + offset, x);
    return x;
}

enum { CHAIN_QUEUE = 64, CHAIN_LONGEST_ROW = 4096 /* of which elements are brought near */ };

/* Rows of synapses that are brought near, a line at a time while neurons are updated. */
typedef struct chain_fetch {
    uint32_t first, end; /* of the queue */
    uint32_t reader;     /* next of the first row */
    const uint8_t *columns, *columns_end, *weights, *weights_end;
    uint16_t row[CHAIN_QUEUE];
} chain_fetch;

/* Begin without a row; what the queue holds does not matter then. */
NM_INLINE void fetch_nothing(chain_fetch *f)
{
    f->first = f->end = f->reader = 0;
    f->columns = f->columns_end = f->weights = f->weights_end = NULL;
}

/* Queue a neuron that spiked; its bounds come first. */
static void queue_row(const nm_chain *chain, chain_fetch *f, size_t row)
{
    if (chain->readers && f->end < CHAIN_QUEUE) {
        f->row[f->end++] = (uint16_t)row;
        for (uint32_t k = 0; k < chain->readers; k++) {
            __builtin_prefetch(chain->reader[k].bounds + 4 * row);
        }
    }
}

/* Begin with the next row of the queue. */
static void next_row(const nm_chain *chain, chain_fetch *f)
{
    const uint8_t *bounds = chain->reader[f->reader].bounds + 4 * (size_t)f->row[f->first];
    size_t first = nm_get32(bounds), last = nm_get32(bounds + 4);
    size_t count = first > last || last > chain->reader[f->reader].elements ? 0 : last - first;
    first = count ? first : 0;
    count = count < CHAIN_LONGEST_ROW ? count : CHAIN_LONGEST_ROW;
    f->columns = chain->reader[f->reader].columns + 2 * first;
    f->columns_end = f->columns + 2 * count;
    f->weights = chain->reader[f->reader].weights + first;
    f->weights_end = f->weights + count;
    if (++f->reader == chain->readers) {
        f->reader = 0;
        f->first++;
    }
}

NM_INLINE bool has_more(const chain_fetch *f) { return f->first < f->end || f->columns < f->columns_end; }

/* Bring a line or two. */
NM_INLINE void fetch_more(const nm_chain *chain, chain_fetch *f)
{
    if (f->columns < f->columns_end) {
        __builtin_prefetch(f->columns);
        f->columns += f->columns_end - f->columns < 64 ? f->columns_end - f->columns : 64;
        if (f->weights < f->weights_end) {
            __builtin_prefetch(f->weights);
            f->weights += f->weights_end - f->weights < 64 ? f->weights_end - f->weights : 64;
        }
    } else if (f->first < f->end) {
        next_row(chain, f);
    }
}

NM_INLINE int32_t chain_groups(const nm_chain *chain, uint32_t groups, uint32_t *spikes, const uint32_t feeders,
                               const uint32_t profile, const bool refractory, const chain_form form)
{
    const bool quick = form != CHAIN_ANY;
    const bool has_current = profile == NM_CUBA;
    const nm_short *last = chain->last.small;
    const nm_link *one = &chain->feeder[feeders > 1 && chain->feeder[0].idle], *other = &chain->feeder[one == chain->feeder];
    const chain_link first = chain_link_of(one, &one->small->membrane);
    const chain_link second =
        feeders > 1 ? chain_link_of(other, &other->small->membrane) : (chain_link){.idle = true};
    const chain_link current = chain_link_of(&chain->last, &last->current);
    const nm_v32 factor = v_all(last->membrane.factor), rounding = v_all(last->membrane.rounding);
    const nm_v32 bar = v_all(last->bar), reset = v_all(last->assigned), period = v_all(last->refractory);
    uint8_t *const v_at = chain->last.state[has_current], *const count_at = chain->last.state[has_current + 1];
    uint8_t *const out = chain->out;
    uint32_t *const bits = chain->bits;
    nm_v32 lowest = v_all(INT32_MAX);
    uint32_t found = 0;
    chain_fetch fetch;
    fetch_nothing(&fetch);
    for (size_t group = 0; group < groups; group++) {
        const size_t begin = 4 * (size_t)NM_GROUP * group;
        nm_v32 next[SHORT_VECTORS];
        nm_mask s[SHORT_VECTORS], any = v_none();
#pragma GCC unroll 8
        for (unsigned k = 0; k < SHORT_VECTORS; k++) {
            const size_t offset = begin + NM_BYTES * k;
            nm_v32 input = chain_current(&first, offset, v_all(0), quick, quick ? form == CHAIN_IDLE : first.idle);
            if (feeders > 1) {
                input += chain_current(&second, offset, v_all(0), quick, quick ? form != CHAIN_BOTH : second.idle);
            }
            if (has_current) {
                input = chain_current(&current, offset, input, false, current.idle);
            } else if (!quick) {
                input += chain_input(current.cur + offset, current.idle);
            }
            nm_v32 v = v_load_once(v_at + offset), change = ((v * factor + rounding) >> 12) + input;
            if (refractory) {
                nm_v32 count = v_load_once(count_at + offset);
                nm_mask held = v_gt(count, v_all(0)), free = v_not(held);
                v = v_increased(free, v, change);
                s[k] = v_and(v_gt(v, bar), free);
                v_store(count_at + offset, v_only(held, (nm_v32)((nm_vu32)count - 1)));
            } else {
                v += change;
                s[k] = v_gt(v, bar);
            }
            lowest = v_min(lowest, v);
            v_store(v_at + offset, v);
            any = v_or(any, s[k]);
            next[k] = v;
        }
        uint32_t fired = 0;
        if (__builtin_expect(v_bits(any) != 0, 0)) {
#pragma GCC unroll 8
            for (unsigned k = 0; k < SHORT_VECTORS; k++) {
                const size_t offset = begin + NM_BYTES * k;
                v_store(v_at + offset, v_select(s[k], reset, next[k]));
                if (refractory) {
                    v_store(count_at + offset, v_select(s[k], period, v_load(count_at + offset)));
                }
                fired |= v_bits(s[k]) << NM_WORDS * k;
            }
            found += nm_popcount(fired);
            for (uint32_t bits = fired; bits; bits &= bits - 1) {
                queue_row(chain, &fetch, NM_GROUP * group + (uint32_t)__builtin_ctz(bits));
            }
        }
        fetch_more(chain, &fetch);
        if (out) {
            memcpy(out + 4 * group, &fired, 4);
        }
        if (bits) {
            bits[group] = fired;
        }
    }
    while (has_more(&fetch)) {
        fetch_more(chain, &fetch);
    }
    *spikes += found;
    return v_least(lowest);
}

#define CHAIN(name, feeders, profile, refractory, form) \
    static __attribute__((noinline)) int32_t name(const nm_chain *chain, uint32_t groups, uint32_t *spikes) \
    { \
        return chain_groups(chain, groups, spikes, feeders, profile, refractory, form); \
    }
#define QUICK_CHAINS(name, refractory) \
    CHAIN(name##_1_idle, 1, NM_LIF, refractory, CHAIN_IDLE) CHAIN(name##_1_first, 1, NM_LIF, refractory, CHAIN_FIRST) \
    CHAIN(name##_2_idle, 2, NM_LIF, refractory, CHAIN_IDLE) CHAIN(name##_2_first, 2, NM_LIF, refractory, CHAIN_FIRST) \
    CHAIN(name##_2_both, 2, NM_LIF, refractory, CHAIN_BOTH)
#define CHAINS(name, feeders, profile) \
    CHAIN(name, feeders, profile, false, CHAIN_ANY) CHAIN(refractory_##name, feeders, profile, true, CHAIN_ANY)

QUICK_CHAINS(quick_chain, false)
QUICK_CHAINS(quick_refractory_chain, true)
CHAINS(chain_1_lif, 1, NM_LIF)
CHAINS(chain_1_cuba, 1, NM_CUBA)
CHAINS(chain_2_lif, 2, NM_LIF)
CHAINS(chain_2_cuba, 2, NM_CUBA)

static chain_form form_of(const nm_chain *chain)
{
    bool quick = chain->profile == NM_LIF && chain->last.idle;
    uint32_t inputs = 0;
    for (uint32_t k = 0; k < chain->feeders; k++) {
        quick = quick && chain->feeder[k].small->membrane.rounding == 0;
        inputs += !chain->feeder[k].idle;
    }
    return !quick ? CHAIN_ANY : inputs == 0 ? CHAIN_IDLE : inputs == 1 ? CHAIN_FIRST : CHAIN_BOTH;
}

static int32_t update_chain(const nm_chain *chain, uint32_t groups, uint32_t *spikes)
{
    typedef int32_t function_of_chain(const nm_chain *chain, uint32_t groups, uint32_t *spikes);
#define QUICK_TABLE(name) \
    {{NULL, name##_1_idle, name##_1_first, NULL}, {NULL, name##_2_idle, name##_2_first, name##_2_both}}
    static function_of_chain *const quick[2][NM_MOST_FEEDERS][4] = { /* [refractory][feeders - 1][form] */
        QUICK_TABLE(quick_chain),
        QUICK_TABLE(quick_refractory_chain),
    };
    static function_of_chain *const any[NM_MOST_FEEDERS][2][2] = { /* [feeders - 1][CUBA][refractory] */
        {{chain_1_lif, refractory_chain_1_lif}, {chain_1_cuba, refractory_chain_1_cuba}},
        {{chain_2_lif, refractory_chain_2_lif}, {chain_2_cuba, refractory_chain_2_cuba}},
    };
    chain_form form = form_of(chain);
    uint32_t feeders = chain->feeders - 1;
    function_of_chain *function = form == CHAIN_ANY ? any[feeders][chain->profile == NM_CUBA][chain->refractory]
                                                    : quick[chain->refractory][feeders][form];
    return function(chain, groups, spikes);
}

static uint32_t largest_magnitude(const uint8_t *words, uint32_t n)
{
    nm_v32 high = v_all(0), low = v_all(0);
    for (size_t k = 0; k < n; k += NM_WORDS) {
        nm_v32 x = v_load_of(words, k, n);
        high = v_max(high, x);
        low = v_min(low, x);
    }
    uint32_t largest = 0;
    for (unsigned lane = 0; lane < NM_WORDS; lane++) {
        uint32_t above = (uint32_t)high[lane], below = 0 - (uint32_t)low[lane];
        largest = above > largest ? above : largest;
        largest = below > largest ? below : largest;
    }
    return largest;
}
