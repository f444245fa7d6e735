/* Chains that flow (flow.c): currents of feeders lie in memory as they will be after the decay of the next step, and
   synapses add to them there. So a pass has no inputs to load and to clear. Neurons that are held go on as if they were
   not, until they are freed. So all that a pass does with a neuron is arithmetic; spikes are looked for once in FLOW_LOOK
   vectors. */

enum { FLOW_LOOK = 8 /* vectors */ };

/* A feeder in vectors; of an input that is idle nothing is read. */
typedef struct flow_link {
    nm_v32 factor, rounding;
    uint8_t *state, *cur, *past; /* past: NULL, or where the current goes besides */
    bool idle, ends;
} flow_link;

/* A chain in vectors. */
typedef struct flow_view {
    flow_link feeder[NM_MOST_FEEDERS];
    nm_v32 factor, rounding, bar, lowest, highest;
    uint8_t *membranes, *cur;
    bool idle;
} flow_view;

NM_INLINE flow_link flow_link_of(const nm_link *link, bool ends)
{
    const nm_decay *decay = &link->small->membrane;
    return (flow_link){
        v_all(decay->factor), v_all(decay->rounding), link->state[0], link->cur, link->past, link->idle, ends};
}

NM_INLINE flow_view flow_view_of(const nm_chain *chain, const uint32_t feeders)
{
    const nm_link *last = &chain->last;
    const nm_decay *decay = &last->small->membrane;
    flow_view view = {.factor = v_all(decay->factor),
                      .rounding = v_all(decay->rounding),
                      .bar = v_all(last->small->bar),
                      .lowest = v_all(INT32_MAX),
                      .membranes = last->state[0],
                      .cur = last->cur,
                      .idle = last->idle};
    for (uint32_t k = 0; k < feeders; k++) {
        view.feeder[k] = flow_link_of(&chain->feeder[k], chain->ends);
    }
    return view;
}

NM_INLINE nm_v32 flow_decay(const nm_v32 x, const nm_v32 factor, const nm_v32 rounding)
{
    return x + ((x * factor + rounding) >> 12);
}

/* The current of the vector at byte `offset` of a feeder, which goes on to decay unless this step is the last. `quick`: it
   rounds down, has no input, is not kept, and the step is not the last. */
NM_INLINE nm_v32 flow_current(flow_link *l, const size_t offset, const bool quick)
{
    nm_v32 x = v_load_once(l->state + offset);
    if (quick) {
        v_store(l->state + offset, x + ((x * l->factor) >> 12));
    } else {
        x += chain_input(l->cur + offset, l->idle);
        if (l->past) {
            v_store(l->past + offset, x);
        }
        v_store(l->state + offset, l->ends ? x : flow_decay(x, l->factor, l->rounding));
    }
    return x;
}

NM_INLINE void flow_vector(flow_view *view, const size_t offset, const uint32_t feeders, const bool quick)
{
    nm_v32 input = flow_current(&view->feeder[0], offset, quick);
    if (feeders > 1) {
        input += flow_current(&view->feeder[1], offset, quick);
    }
    if (!quick) {
        input += chain_input(view->cur + offset, view->idle);
    }
    nm_v32 v = v_load_once(view->membranes + offset);
    v += ((v * view->factor + view->rounding) >> 12) + input;
    v_store(view->membranes + offset, v);
    view->lowest = v_min(view->lowest, v);
    view->highest = v_max(view->highest, v);
}

/* What a spike of neuron i does, besides its place in a bitmap. */
static void flow_spike(const nm_chain *chain, chain_fetch *fetch, uint32_t i)
{
    nm_held *held = chain->held;
    const uint32_t place = held->first + held->count++;
    held->neuron[place < held->size ? place : place - held->size] = (uint16_t)i;
    if (chain->refractory) {
        held->free[i / 32] &= ~(1u << i % 32);
        held->membrane[i] = (uint32_t)chain->last.small->assigned;
    }
    queue_row(chain, fetch, i);
}

/* Reset the membranes of neurons from `first` on that are above the threshold, up to `count`, and let those spike that are
   not held. */
static __attribute__((noinline)) void flow_spikes(const nm_chain *chain, chain_fetch *fetch, size_t first, uint32_t count,
                                                  uint8_t *words)
{
    const nm_v32 bar = v_all(chain->last.small->bar), reset = v_all(chain->last.small->assigned);
    uint8_t *const v_at = chain->last.state[0];
    const uint32_t end = (uint32_t)first + count;
    for (size_t k = first; k < end; k += NM_WORDS) {
        const size_t left = end - k;
        const nm_v32 v = v_load_of(v_at, k, end);
        const nm_mask above = v_gt(v, bar);
        uint32_t bits = v_bits(above);
        if (bits) {
            v_store_of(v_at, k, end, v_select(above, reset, v));
            bits &= left < NM_WORDS ? (1u << left) - 1 : UINT32_MAX;
            bits &= chain->refractory ? chain->held->free[k / 32] >> k % 32 : UINT32_MAX;
            uint8_t *word = words + 4 * (k / 32);
            nm_put32(word, nm_get32(word) | bits << k % 32);
            for (; bits; bits &= bits - 1) {
                flow_spike(chain, fetch, (uint32_t)k + (uint32_t)__builtin_ctz(bits));
            }
        }
    }
}

/* The last neurons, which are no whole vector, in a copy; gives their membranes as far as they are low. */
static __attribute__((noinline)) nm_v32 flow_tail(const nm_chain *chain, chain_fetch *fetch, uint32_t n, uint8_t *words)
{
    const uint32_t count = n % NM_WORDS;
    const size_t first = n - count;
    const nm_part part = v_part(count);
    flow_view view = flow_view_of(chain, chain->feeders);
    flow_link *const one = &view.feeder[0], *const other = &view.feeder[1];
    uint8_t **const of[] = {&view.membranes, &view.cur,     &one->state, &one->cur,
                            &one->past,      &other->state, &other->cur, &other->past};
    uint8_t copy[sizeof of / sizeof *of][NM_BYTES], *from[sizeof of / sizeof *of];
    for (size_t k = 0; k < sizeof of / sizeof *of; k++) {
        from[k] = *of[k];
        if (from[k]) {
            from[k] += 4 * first;
            v_store(copy[k], v_load_part(from[k], part));
            *of[k] = copy[k];
        }
    }
    view.highest = v_all(INT32_MIN);
    flow_vector(&view, 0, chain->feeders, false);
    for (size_t k = 0; k < sizeof of / sizeof *of; k++) {
        if (from[k]) {
            v_store_part(from[k], part, v_load(copy[k]));
        }
    }
    flow_spikes(chain, fetch, first, count, words);
    return view.lowest;
}

/* Free the neurons whose time it is; their membranes are what they were when they were held. */
NM_INLINE void flow_free(const nm_chain *chain)
{
    nm_held *held = chain->held;
    for (uint32_t k = 0; k < chain->frees; k++) {
        const uint32_t i = held->neuron[held->first++];
        held->first = held->first == held->size ? 0 : held->first;
        nm_put32(chain->last.state[0] + 4 * (size_t)i, held->membrane[i]);
        held->free[i / 32] |= 1u << i % 32;
    }
    held->count -= chain->frees;
}

NM_INLINE int32_t flow_pass(const nm_chain *chain, uint32_t n, uint32_t *spikes, const uint32_t feeders, const bool quick)
{
    const size_t whole = n / NM_WORDS, looks = (whole + FLOW_LOOK - 1) / FLOW_LOOK;
    flow_view view = flow_view_of(chain, feeders);
    uint8_t own[4 * NM_LARGEST_BITMAP], *const words = chain->out ? chain->out : own;
    chain_fetch fetch;
    memset(words, 0, 4 * (size_t)nm_words(n));
    fetch_nothing(&fetch);
    flow_free(chain);
    const uint32_t before = chain->held->count;
    for (size_t k = 0; k < looks; k++) {
        const size_t first = FLOW_LOOK * (chain->backward ? looks - 1 - k : k);
        const size_t end = whole - first < FLOW_LOOK ? whole : first + FLOW_LOOK;
        view.highest = v_all(INT32_MIN);
        for (size_t vector = first; vector < end; vector++) {
            flow_vector(&view, NM_BYTES * vector, feeders, quick);
        }
        if (__builtin_expect(v_bits(v_gt(view.highest, view.bar)) != 0, 0)) {
            flow_spikes(chain, &fetch, NM_WORDS * first, (uint32_t)(NM_WORDS * (end - first)), words);
        }
        fetch_more(chain, &fetch);
    }
    if (n % NM_WORDS) {
        view.lowest = v_min(view.lowest, flow_tail(chain, &fetch, n, words));
    }
    while (has_more(&fetch)) {
        fetch_more(chain, &fetch);
    }
    if (chain->bits) {
        memcpy(chain->bits, words, 4 * (size_t)nm_words(n));
    }
    *spikes += chain->held->count - before;
    return v_least(view.lowest);
}

#define FLOW(name, feeders, quick) \
    static __attribute__((noinline)) int32_t name(const nm_chain *chain, uint32_t n, uint32_t *spikes) \
    { \
        return flow_pass(chain, n, spikes, feeders, quick); \
    }

FLOW(flow_1, 1, false)
FLOW(flow_2, 2, false)
FLOW(quick_flow_1, 1, true)
FLOW(quick_flow_2, 2, true)

static int32_t update_flow(const nm_chain *chain, uint32_t n, uint32_t *spikes)
{
    bool quick = chain->last.idle && !chain->ends;
    for (uint32_t k = 0; k < chain->feeders; k++) {
        const nm_link *feeder = &chain->feeder[k];
        quick = quick && feeder->idle && !feeder->past && feeder->small->membrane.rounding == 0;
    }
    if (chain->feeders == 1) {
        return (quick ? quick_flow_1 : flow_1)(chain, n, spikes);
    }
    return (quick ? quick_flow_2 : flow_2)(chain, n, spikes);
}

static void decay_flow(const nm_link *feeder, uint32_t n)
{
    const nm_v32 factor = v_all(feeder->small->membrane.factor), rounding = v_all(feeder->small->membrane.rounding);
    for (size_t k = 0; k < n; k += NM_WORDS) {
        v_store_of(feeder->state[0], k, n, flow_decay(v_load_of(feeder->state[0], k, n), factor, rounding));
    }
}
