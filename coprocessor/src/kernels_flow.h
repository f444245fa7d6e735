/* Chains that flow (flow.c): currents of feeders lie in memory as they will be after the decay of the next step, and
   synapses add to them there. So a pass has no inputs to load and to clear, and in place of refractory counters it has a
   bit for each neuron that is held. What a decay loses is whether the number was odd; that is kept, too.

   A group that is not whole is done in a copy whose other neurons do not count. */

/* A feeder in vectors; of an input that is idle nothing is read. */
typedef struct flow_link {
    nm_v32 factor, rounding;
    uint8_t *state, *cur;
    uint32_t *odd;
    bool idle;
} flow_link;

NM_INLINE flow_link flow_link_of(const nm_link *link)
{
    const nm_decay *decay = &link->small->membrane;
    return (flow_link){v_all(decay->factor), v_all(decay->rounding), link->state[0], link->cur, link->odd, link->idle};
}

typedef struct flow_last {
    nm_v32 factor, rounding, bar;
    uint8_t *v, *cur;
    bool idle;
} flow_last;

NM_INLINE nm_v32 flow_decay(const nm_v32 x, const nm_v32 factor, const nm_v32 rounding)
{
    return x + ((x * factor + rounding) >> 12);
}

NM_INLINE nm_v32 flow_input(uint8_t *cur, const bool idle)
{
    if (idle) {
        return v_all(0);
    }
    nm_v32 input = v_load(cur);
    v_store(cur, v_all(0));
    return input;
}

/* The current of the vector at byte `offset` of a feeder, which goes on to decay; its odd lanes go into *odd at bit `at`.
   `quick`: it rounds down and has no input. */
NM_INLINE nm_v32 flow_current(const flow_link *l, const size_t offset, uint32_t *odd, const unsigned at, const bool quick)
{
    nm_v32 x = v_load_once(l->state + offset);
    if (!quick) {
        x += flow_input(l->cur + offset, l->idle);
    }
    *odd |= v_odd(x) << at;
    v_store(l->state + offset, quick ? x + ((x * l->factor) >> 12) : flow_decay(x, l->factor, l->rounding));
    return x;
}

/* A group of neurons; gives which of the `free` ones spike, which is all that happens to these. */
NM_INLINE uint32_t flow_group(const flow_link *one, const flow_link *other, const flow_last *last, const size_t group,
                              const uint32_t free, nm_v32 *lowest, const bool refractory, const bool quick)
{
    uint32_t odd_one = 0, odd_other = 0, fired = 0;
    nm_v32 low = *lowest;
#pragma GCC unroll 8
    for (unsigned k = 0; k < SHORT_VECTORS; k++) {
        const size_t offset = 4 * NM_GROUP * group + NM_BYTES * k;
        nm_v32 input = flow_current(one, offset, &odd_one, NM_WORDS * k, quick);
        if (other) {
            input += flow_current(other, offset, &odd_other, NM_WORDS * k, quick);
        }
        if (!quick) {
            input += flow_input(last->cur + offset, last->idle);
        }
        nm_v32 v = v_load_once(last->v + offset), change = ((v * last->factor + last->rounding) >> 12) + input;
        nm_mask s;
        if (refractory) {
            const nm_mask may = v_of_bits(free >> NM_WORDS * k);
            v = v_increased(may, v, change);
            s = v_and(v_gt(v, last->bar), may);
        } else {
            v += change;
            s = v_gt(v, last->bar);
        }
        low = v_min(low, v);
        v_store(last->v + offset, v);
        fired |= v_bits(s) << NM_WORDS * k;
    }
    *lowest = low;
    one->odd[group] = odd_one;
    if (other) {
        other->odd[group] = odd_other;
    }
    return fired;
}

/* The last group of `count` neurons, in a copy. */
static uint32_t flow_part(const nm_chain *chain, size_t group, const uint32_t count, const uint32_t free, nm_v32 *lowest)
{
    const nm_short *small = chain->last.small;
    uint8_t copy[2 + 2 * NM_MOST_FEEDERS][4 * NM_GROUP] = {{0}};
    uint8_t *of[2 + 2 * NM_MOST_FEEDERS] = {chain->last.state[0], chain->last.cur};
    flow_link feeder[NM_MOST_FEEDERS];
    for (uint32_t k = 0; k < chain->feeders; k++) {
        feeder[k] = flow_link_of(&chain->feeder[k]);
        of[2 + 2 * k] = feeder[k].state;
        of[3 + 2 * k] = feeder[k].cur;
        feeder[k].state = copy[2 + 2 * k];
        feeder[k].cur = copy[3 + 2 * k];
        feeder[k].odd += group;
    }
    for (unsigned k = 0; k < 2 + 2 * chain->feeders; k++) {
        of[k] += 4 * NM_GROUP * group;
        memcpy(copy[k], of[k], 4 * (size_t)count);
    }
    const flow_last last = {
        v_all(small->membrane.factor), v_all(small->membrane.rounding), v_all(small->bar), copy[0], copy[1], false};
    uint32_t fired = chain->feeders == 1 ? flow_group(&feeder[0], NULL, &last, 0, free, lowest, true, false)
                                         : flow_group(&feeder[0], &feeder[1], &last, 0, free, lowest, true, false);
    for (unsigned k = 0; k < 2 + 2 * chain->feeders; k++) {
        memcpy(of[k], copy[k], 4 * (size_t)count);
    }
    return fired;
}

/* Reset the membranes of neurons that spiked, of `count` in the group. */
static void flow_reset(const nm_chain *chain, size_t group, uint32_t count, uint32_t fired)
{
    uint8_t *v = chain->last.state[0] + 4 * NM_GROUP * group;
    for (uint32_t k = 0; k < count; k += NM_WORDS) {
        const nm_v32 reset = v_all(chain->last.small->assigned);
        nm_part part = v_part(count - k < NM_WORDS ? count - k : NM_WORDS);
        v_store_part(v + 4 * (size_t)k, part, v_select(v_of_bits(fired >> k), reset, v_load_part(v + 4 * (size_t)k, part)));
    }
}

enum { FLOW_BLOCK = 16 /* groups until one looks who spiked */ };

/* What is noted of the spikes of a group. */
NM_INLINE void flow_note(const nm_chain *chain, size_t group, uint32_t still, uint32_t fired, const bool refractory)
{
    if (refractory) {
        chain->held[group] = still | fired;
        chain->freed[group] = fired;
    }
    if (chain->out) {
        memcpy(chain->out + 4 * group, &fired, 4);
    }
    if (chain->bits) {
        chain->bits[group] = fired;
    }
}

NM_INLINE int32_t flow_groups(const nm_chain *chain, const uint32_t n, uint32_t *spikes, const uint32_t feeders,
                              const bool refractory, const bool quick)
{
    const nm_short *small = chain->last.small;
    const flow_link one = flow_link_of(&chain->feeder[0]), other = flow_link_of(&chain->feeder[feeders - 1]);
    const flow_last last = {v_all(small->membrane.factor), v_all(small->membrane.rounding), v_all(small->bar),
                            chain->last.state[0],          chain->last.cur,                 chain->last.idle};
    const nm_chain there = *chain;
    const size_t whole = n / NM_GROUP, groups = whole + (n % NM_GROUP != 0);
    nm_v32 lowest = v_all(INT32_MAX);
    uint32_t found = 0;
    chain_fetch fetch;
    fetch.first = fetch.end = fetch.reader = 0;
    fetch.columns = fetch.columns_end = fetch.weights = fetch.weights_end = NULL;
    for (size_t block = 0; block < groups; block += FLOW_BLOCK) {
        const size_t end = whole - block < FLOW_BLOCK ? whole : block + FLOW_BLOCK;
        uint32_t spiking[FLOW_BLOCK], some = 0;
        for (size_t group = block; group < end; group++) {
            const uint32_t still = refractory ? there.held[group] & ~there.freed[group] : 0;
            const uint32_t fired =
                flow_group(&one, feeders > 1 ? &other : NULL, &last, group, ~still, &lowest, refractory, quick);
            flow_note(&there, group, still, fired, refractory);
            spiking[group - block] = fired;
            some |= (uint32_t)(fired != 0) << (group - block);
        }
        if (end == whole && whole < groups && whole - block < FLOW_BLOCK) {
            const uint32_t still = refractory ? there.held[whole] & ~there.freed[whole] : 0;
            const uint32_t fired = flow_part(&there, whole, n % NM_GROUP, ~still & ((1u << n % NM_GROUP) - 1), &lowest);
            flow_note(&there, whole, still, fired, refractory);
            spiking[whole - block] = fired;
            some |= (uint32_t)(fired != 0) << (whole - block);
        }
        for (; some; some &= some - 1) {
            const uint32_t k = (uint32_t)__builtin_ctz(some), fired = spiking[k];
            const size_t group = block + k;
            flow_reset(&there, group, group == whole ? n % NM_GROUP : NM_GROUP, fired);
            found += nm_popcount(fired);
            queue_rows(&there, &fetch, group, there.readers ? fired : 0);
        }
        for (unsigned k = 0; k < FLOW_BLOCK && has_more(&fetch); k++) {
            fetch_more(&there, &fetch);
        }
    }
    while (has_more(&fetch)) {
        fetch_more(&there, &fetch);
    }
    *spikes += found;
    int32_t least = INT32_MAX;
    for (unsigned k = 0; k < NM_WORDS; k++) {
        least = lowest[k] < least ? lowest[k] : least;
    }
    return least;
}

#define FLOW(name, feeders, refractory, quick) \
    static __attribute__((noinline)) int32_t name(const nm_chain *chain, uint32_t n, uint32_t *spikes) \
    { \
        return flow_groups(chain, n, spikes, feeders, refractory, quick); \
    }
#define FLOWS(name, feeders) \
    FLOW(name, feeders, false, false) FLOW(quick_##name, feeders, false, true) \
    FLOW(refractory_##name, feeders, true, false) FLOW(quick_refractory_##name, feeders, true, true)

FLOWS(flow_1, 1)
FLOWS(flow_2, 2)

static int32_t update_flow(const nm_chain *chain, uint32_t n, uint32_t *spikes)
{
    typedef int32_t function_of_flow(const nm_chain *chain, uint32_t n, uint32_t *spikes);
#define FLOW_TABLE(name) {{name, quick_##name}, {refractory_##name, quick_refractory_##name}}
    static function_of_flow *const functions[NM_MOST_FEEDERS][2][2] = { /* [feeders - 1][refractory][quick] */
        FLOW_TABLE(flow_1),
        FLOW_TABLE(flow_2),
    };
    bool quick = chain->last.idle;
    for (uint32_t k = 0; k < chain->feeders; k++) {
        quick = quick && chain->feeder[k].idle && chain->feeder[k].small->membrane.rounding == 0;
    }
    return functions[chain->feeders - 1][chain->refractory][quick](chain, n, spikes);
}

/* The vector of words k to k + NM_WORDS - 1 of n; those behind the last are 0. */
NM_INLINE nm_v32 flow_load(const uint8_t *words, size_t k, uint32_t n)
{
    return k + NM_WORDS <= n ? v_load(words + 4 * k) : v_load_part(words + 4 * k, v_part(n - (uint32_t)k));
}

NM_INLINE void flow_store(uint8_t *words, size_t k, uint32_t n, nm_v32 x)
{
    if (k + NM_WORDS <= n) {
        v_store(words + 4 * k, x);
    } else {
        v_store_part(words + 4 * k, v_part(n - (uint32_t)k), x);
    }
}

static void begin_flow(const nm_link *link, uint32_t n)
{
    const nm_v32 factor = v_all(link->small->membrane.factor), rounding = v_all(link->small->membrane.rounding);
    memset(link->odd, 0, 4 * (size_t)nm_words(n));
    for (uint32_t k = 0; k < n; k += NM_WORDS) {
        nm_v32 x = flow_load(link->state[0], k, n);
        link->odd[k / 32] |= v_odd(x) << k % 32;
        flow_store(link->state[0], k, n, flow_decay(x, factor, rounding));
    }
}

/* What decays to y: x = y - ((x*factor + rounding) >> 12). The right side never falls as x grows, for the factor is not
   positive. So from any x on the sequence goes one way, to the next solution, and a second solution lies behind it: there
   are one or two, next to each other, for half and more of x is kept. */
static void end_flow(const nm_link *link, uint32_t n)
{
    const nm_v32 factor = v_all(link->small->membrane.factor), rounding = v_all(link->small->membrane.rounding);
    for (uint32_t k = 0; k < n; k += NM_WORDS) {
        const nm_v32 y = flow_load(link->state[0], k, n);
        nm_v32 x = y, before;
        do {
            before = x;
            x = y - ((x * factor + rounding) >> 12);
        } while (v_bits(v_nonzero(x - before)));
        const nm_mask wrong = v_nonzero((x & 1) ^ v_only(v_of_bits(link->odd[k / 32] >> k % 32), v_all(1)));
        const nm_mask above = v_not(v_nonzero(flow_decay(x + 1, factor, rounding) - y));
        x = v_select(wrong, v_select(above, x + 1, x - 1), x);
        flow_store(link->state[0], k, n, x);
    }
}
