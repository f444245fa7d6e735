/* Chains that flow (flow.c): currents of feeders lie in memory as they will be after the decay of the next step, and
   synapses add to them there. So a pass has no inputs to load and to clear, and in place of refractory counters it has a
   bit for each neuron that is free. What a decay loses is whether the number was odd; that is kept, too.

   A group that is not whole is done in a copy whose other neurons do not count. */

/* A feeder in vectors; of an input that is idle nothing is read. */
typedef struct flow_link {
    nm_v32 factor, rounding;
    uint8_t *state, *cur;
    uint32_t *odd;
    bool idle, ends;
} flow_link;

NM_INLINE flow_link flow_link_of(const nm_link *link, bool ends)
{
    const nm_decay *decay = &link->small->membrane;
    return (flow_link){v_all(decay->factor), v_all(decay->rounding), link->state[0], link->cur, link->odd, link->idle, ends};
}

NM_INLINE nm_v32 flow_decay(const nm_v32 x, const nm_v32 factor, const nm_v32 rounding)
{
    return x + ((x * factor + rounding) >> 12);
}

/* The current of the vector at byte `offset` of a feeder, which goes on to decay unless this step is the last; its odd
   lanes go into *odd at bit `at`. `quick`: it rounds down, has no input, and the step is not the last. */
NM_INLINE nm_v32 flow_current(const flow_link *l, const size_t offset, uint32_t *odd, const unsigned at, const bool quick)
{
    nm_v32 x = v_load_once(l->state + offset);
    if (!quick) {
        x += chain_input(l->cur + offset, l->idle);
    }
    *odd |= v_odd(x) << at;
    if (quick) {
        v_store(l->state + offset, x + ((x * l->factor) >> 12));
    } else {
        v_store(l->state + offset, l->ends ? x : flow_decay(x, l->factor, l->rounding));
    }
    return x;
}

/* Groups of neurons; words[k]: which neurons of group first + k spike, which is all that happens to these. Gives all words
   in one; *lowest: the lowest membrane so far. */
NM_INLINE uint32_t flow_groups(const nm_chain *chain, size_t first, size_t end, uint8_t *words, nm_v32 *lowest,
                               const uint32_t feeders, const bool refractory, const bool quick)
{
    const nm_decay *decay = &chain->last.small->membrane;
    const flow_link one = flow_link_of(&chain->feeder[0], chain->ends);
    const flow_link other = flow_link_of(&chain->feeder[feeders - 1], chain->ends);
    const nm_v32 factor = v_all(decay->factor), rounding = v_all(decay->rounding), bar = v_all(chain->last.small->bar);
    uint8_t *const membranes = chain->last.state[0], *const cur = chain->last.cur;
    const uint32_t *const may = chain->free;
    const bool idle = chain->last.idle;
    nm_v32 low = *lowest;
    uint32_t any = 0;
    for (size_t group = first; group < end; group++) {
        uint32_t odd_one = 0, odd_other = 0, fired = 0;
#pragma GCC unroll 8
        for (unsigned k = 0; k < SHORT_VECTORS; k++) {
            const size_t offset = 4 * NM_GROUP * group + NM_BYTES * k;
            nm_v32 input = flow_current(&one, offset, &odd_one, NM_WORDS * k, quick);
            if (feeders > 1) {
                input += flow_current(&other, offset, &odd_other, NM_WORDS * k, quick);
            }
            if (!quick) {
                input += chain_input(cur + offset, idle);
            }
            nm_v32 v = v_load_once(membranes + offset), change = ((v * factor + rounding) >> 12) + input;
            nm_mask s;
            if (refractory) {
                const nm_mask free = v_load_bits(may + group, k);
                v = v_increased(free, v, change);
                s = v_and(v_gt(v, bar), free);
            } else {
                v += change;
                s = v_gt(v, bar);
            }
            low = v_min(low, v);
            v_store(membranes + offset, v);
            fired |= v_bits(s) << NM_WORDS * k;
        }
        one.odd[group] = odd_one;
        if (feeders > 1) {
            other.odd[group] = odd_other;
        }
        any |= fired;
        memcpy(words + 4 * (group - first), &fired, 4);
    }
    *lowest = low;
    return any;
}

typedef uint32_t flow_function(const nm_chain *chain, size_t first, size_t end, uint8_t *words, nm_v32 *lowest);
#define FLOW(name, feeders, refractory, quick) \
    static __attribute__((noinline)) uint32_t name(const nm_chain *chain, size_t first, size_t end, uint8_t *words, \
                                                   nm_v32 *lowest) \
    { \
        return flow_groups(chain, first, end, words, lowest, feeders, refractory, quick); \
    }
#define FLOWS(name, feeders) \
    FLOW(name, feeders, false, false) FLOW(quick_##name, feeders, false, true) \
    FLOW(refractory_##name, feeders, true, false) FLOW(quick_refractory_##name, feeders, true, true)

FLOWS(flow_1, 1)
FLOWS(flow_2, 2)

static flow_function *flow_function_of(const nm_chain *chain)
{
#define FLOW_TABLE(name) {{name, quick_##name}, {refractory_##name, quick_refractory_##name}}
    static flow_function *const functions[NM_MOST_FEEDERS][2][2] = { /* [feeders - 1][refractory][quick] */
        FLOW_TABLE(flow_1),
        FLOW_TABLE(flow_2),
    };
    bool quick = chain->last.idle && !chain->ends;
    for (uint32_t k = 0; k < chain->feeders; k++) {
        quick = quick && chain->feeder[k].idle && chain->feeder[k].small->membrane.rounding == 0;
    }
    return functions[chain->feeders - 1][chain->refractory][quick];
}

/* The last group, of `count` neurons, in a copy. */
static uint32_t flow_part(const nm_chain *chain, size_t group, const uint32_t count, uint8_t *word, nm_v32 *lowest)
{
    uint8_t copy[2 + 2 * NM_MOST_FEEDERS][4 * NM_GROUP] = {{0}}, *of[2 + 2 * NM_MOST_FEEDERS];
    const uint32_t none = 0, *bits = chain->refractory ? chain->free + group : &none, valid = (1u << count) - 1;
    nm_chain there = *chain;
    nm_link *const links[] = {&there.last, &there.feeder[0], &there.feeder[1]};
    for (uint32_t k = 0; k <= chain->feeders; k++) {
        of[2 * k] = links[k]->state[0] + 4 * NM_GROUP * group;
        of[2 * k + 1] = links[k]->cur + 4 * NM_GROUP * group;
        links[k]->state[0] = copy[2 * k];
        links[k]->cur = copy[2 * k + 1];
        links[k]->odd += k ? group : 0;
    }
    there.free = (uint32_t *)(uintptr_t)bits;
    for (uint32_t k = 0; k < 2 + 2 * chain->feeders; k++) {
        memcpy(copy[k], of[k], 4 * (size_t)count);
    }
    flow_function_of(chain)(&there, 0, 1, word, lowest);
    uint32_t fired = nm_get32(word) & valid;
    nm_put32(word, fired);
    for (uint32_t k = 0; k < 2 + 2 * chain->feeders; k++) {
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

/* What the spikes of a group do, which may not be whole. */
static void flow_spike(const nm_chain *chain, chain_fetch *fetch, size_t group, uint32_t fired, uint32_t n)
{
    const uint32_t left = n - NM_GROUP * (uint32_t)group;
    flow_reset(chain, group, left < NM_GROUP ? left : NM_GROUP, fired);
    queue_rows(chain, fetch, group, chain->readers ? fired : 0);
    if (chain->refractory) {
        chain->free[group] &= ~fired;
        chain->freed[group] = fired;
    }
}

/* What spikes of `count` groups do; gives their number. */
static __attribute__((noinline)) uint32_t flow_spikes(const nm_chain *chain, chain_fetch *fetch, size_t first,
                                                      uint32_t count, const uint8_t *words, uint32_t n)
{
    uint32_t found = 0;
    for (uint32_t k = 0; k < count; k += NM_WORDS) {
        for (uint32_t some = v_bits(v_nonzero(v_load_of(words, k, count))); some; some &= some - 1) {
            const uint32_t at = k + (uint32_t)__builtin_ctz(some), fired = nm_get32(words + 4 * (size_t)at);
            flow_spike(chain, fetch, first + at, fired, n);
            found += nm_popcount(fired);
        }
    }
    return found;
}

/* Free the neurons of a block whose time it is. */
static void flow_free(const nm_chain *chain, size_t first)
{
    for (size_t k = first; k < first + NM_FLOW_BLOCK; k += NM_WORDS) {
        uint8_t *const freed = (uint8_t *)(chain->freed + k), *const free = (uint8_t *)(chain->free + k);
        const nm_v32 now = v_load(freed);
        if (v_bits(v_nonzero(now))) {
            v_store(free, v_load(free) | now);
            v_store(freed, v_all(0));
        }
    }
}

static __attribute__((noinline)) void flow_fetch(const nm_chain *chain, chain_fetch *fetch, uint32_t most)
{
    for (uint32_t k = 0; k < most && has_more(fetch); k++) {
        fetch_more(chain, fetch);
    }
}

static int32_t update_flow(const nm_chain *chain, uint32_t n, uint32_t *spikes)
{
    flow_function *const function = flow_function_of(chain);
    const size_t whole = n / NM_GROUP, groups = whole + (n % NM_GROUP != 0);
    const size_t blocks = (groups + NM_FLOW_BLOCK - 1) / NM_FLOW_BLOCK;
    nm_v32 lowest = v_all(INT32_MAX);
    chain_fetch fetch;
    fetch_nothing(&fetch);
    for (size_t k = 0; k < blocks; k++) {
        const size_t first = NM_FLOW_BLOCK * (chain->backward ? blocks - 1 - k : k);
        const size_t end = groups - first < NM_FLOW_BLOCK ? groups : first + NM_FLOW_BLOCK;
        uint8_t own[4 * NM_FLOW_BLOCK], *words = chain->out ? chain->out + 4 * first : own;
        if (chain->refractory) {
            flow_free(chain, first);
        }
        uint32_t any = function(chain, first, end < whole ? end : whole, words, &lowest);
        if (end > whole) {
            any |= flow_part(chain, whole, n % NM_GROUP, words + 4 * (whole - first), &lowest);
        }
        if (any) {
            *spikes += flow_spikes(chain, &fetch, first, (uint32_t)(end - first), words, n);
        }
        if (chain->bits) {
            memcpy(chain->bits + first, words, 4 * (end - first));
        }
        flow_fetch(chain, &fetch, NM_FLOW_BLOCK);
    }
    flow_fetch(chain, &fetch, UINT32_MAX);
    return v_least(lowest);
}

static void begin_flow(const nm_link *link, uint32_t n)
{
    const nm_v32 factor = v_all(link->small->membrane.factor), rounding = v_all(link->small->membrane.rounding);
    memset(link->odd, 0, 4 * (size_t)nm_words(n));
    for (uint32_t k = 0; k < n; k += NM_WORDS) {
        nm_v32 x = v_load_of(link->state[0], k, n);
        link->odd[k / 32] |= v_odd(x) << k % 32;
        v_store_of(link->state[0], k, n, flow_decay(x, factor, rounding));
    }
}

/* What decays to y: x = y - ((x*factor + rounding) >> 12). The right side never falls as x grows, for the factor is not
   positive. So from any x on the sequence goes one way, to the next solution, and a second solution lies behind it: there
   are one or two, next to each other, for half and more of x is kept. */
static void end_flow(const nm_link *link, uint32_t n)
{
    const nm_v32 factor = v_all(link->small->membrane.factor), rounding = v_all(link->small->membrane.rounding);
    for (uint32_t k = 0; k < n; k += NM_WORDS) {
        const nm_v32 y = v_load_of(link->state[0], k, n);
        nm_v32 x = y, before;
        do {
            before = x;
            x = y - ((x * factor + rounding) >> 12);
        } while (v_bits(v_nonzero(x - before)));
        const nm_mask wrong = v_nonzero((x & 1) ^ v_only(v_of_bits(link->odd[k / 32] >> k % 32), v_all(1)));
        const nm_mask above = v_not(v_nonzero(flow_decay(x + 1, factor, rounding) - y));
        x = v_select(wrong, v_select(above, x + 1, x - 1), x);
        v_store_of(link->state[0], k, n, x);
    }
}
