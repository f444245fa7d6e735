/* Updates of IF, LIF, CUBA and LI neurons in few operations, for groups whose values lie in windows that keep products
   in 32 bits; kernels_update.h takes the others. The numbers of a population are in short.h.

   A decay is x*k/4096 = x + x*(k - 4096)/4096. A slow one has a small factor, so x may be large; rounding and the bias
   are part of what is added before the shift. */

/* What a population needs: all of this, no clips and fast decays, not even the rest of a mode (nm_short). */
enum { SHORT_GENERAL, SHORT_PLAIN, SHORT_CLIPLESS, SHORT_FORMS };

/* nm_window, nm_decay and nm_short in vectors. */
typedef struct short_window {
    nm_v32 middle, outside;
} short_window;

typedef struct short_decay {
    nm_v32 factor, lost, rounding;
    short_window window;
} short_decay;

typedef struct short_neuron {
    short_decay current, membrane;
    short_window input;
    nm_v32 bias, bar, lowered, kept, assigned;
    nm_v32 toward_zero, low, membrane_low, high, refractory;
    unsigned shift;
} short_neuron;

static inline short_window short_window_of(const nm_window *w)
{
    return (short_window){v_all(w->middle), v_all(w->outside)};
}

static inline short_decay short_decay_of(const nm_decay *d)
{
    return (short_decay){v_all(d->factor), v_all(d->lost), v_all(d->rounding), short_window_of(&d->window)};
}

static inline __attribute__((always_inline)) short_neuron short_neuron_of(const nm_short *s)
{
    return (short_neuron){
        .current = short_decay_of(&s->current),
        .membrane = short_decay_of(&s->membrane),
        .input = short_window_of(&s->input),
        .bias = v_all(s->bias),
        .bar = v_all(s->bar),
        .lowered = v_all(s->lowered),
        .kept = v_all(s->kept),
        .assigned = v_all(s->assigned),
        .toward_zero = v_all(s->toward_zero),
        .low = v_all(s->low),
        .membrane_low = v_all(s->membrane_low),
        .high = v_all(s->high),
        .refractory = v_all(s->refractory),
        .shift = s->shift,
    };
}

enum { SHORT_VECTORS = NM_GROUP / NM_WORDS };

/* A vector of neurons. */
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
    nm_mask input = v_nonzero(seen->input & n->input.outside);
    return !v_bits(v_or(input, v_nonzero(seen->membrane & n->membrane.window.outside)));
}

/* x + y modulo 2^32: what leaves 32 bits is outside a window, too, and not used. */
NM_INLINE nm_v32 wrapped(nm_v32 x, nm_v32 y) { return (nm_v32)((nm_vu32)x + (nm_vu32)y); }

/* What a decay adds to x. */
NM_INLINE nm_v32 short_change(const short_neuron *n, const short_decay *d, nm_v32 x, const unsigned form)
{
    nm_v32 product = (nm_v32)((nm_vu32)x * (nm_vu32)d->factor + (nm_vu32)d->rounding);
    if (form == SHORT_PLAIN) {
        return product >> 12;
    }
    nm_v32 change = (product + (x >> 31 & n->toward_zero)) >> 12;
    return form == SHORT_CLIPLESS ? change : change - (x & d->lost);
}

/* A vector of neurons a step on; `input` is not yet scaled. */
NM_INLINE void short_next(const short_neuron *n, nm_v32 input, short_vector *x, const uint32_t profile,
                          const bool refractory, const unsigned form)
{
    const unsigned membrane = profile == NM_CUBA, counter = membrane + 1;
    nm_v32 old = x->state[membrane], v;
    if (form != SHORT_PLAIN) {
        input = (nm_v32)((nm_vu32)input << n->shift);
    }
    if (profile == NM_CUBA) {
        nm_v32 u = x->state[0];
        input = wrapped(input, wrapped(u, short_change(n, &n->current, u, form)));
        x->state[0] = input = form == SHORT_GENERAL ? v_clip(input, n->low, n->high) : input;
    }
    nm_v32 change = wrapped(input, profile == NM_IF ? n->bias : short_change(n, &n->membrane, old, form));
    nm_mask held = v_none();
    if (refractory) {
        nm_v32 count = x->state[counter];
        held = v_gt(count, v_all(0));
        x->state[counter] = v_select(held, (nm_v32)((nm_vu32)count - 1), v_all(0));
    }
    v = form == SHORT_GENERAL ? v_select(held, old, v_clip(wrapped(old, change), n->membrane_low, n->high))
                              : v_increased(v_not(held), old, change);
    if (profile != NM_LI) {
        nm_v32 after = n->assigned;
        if (form == SHORT_GENERAL) {
            after |= v_clip(wrapped(v, n->lowered), n->membrane_low, n->high) & n->kept;
        }
        x->spikes = v_gt(v, n->bar);
        if (refractory) {
            x->spikes = v_and(x->spikes, v_not(held));
            x->state[counter] = v_select(x->spikes, n->refractory, x->state[counter]);
        }
        v = v_select(x->spikes, after, v);
    }
    x->state[membrane] = v;
}

/* Load and update the vector at byte `offset` of its arrays. */
NM_INLINE void short_step(const short_neuron *n, const nm_arrays *at, size_t offset, short_seen *seen,
                          short_vector *to, const uint32_t profile, const bool refractory, const unsigned form)
{
    const unsigned membrane = profile == NM_CUBA, words = membrane + 1 + refractory;
    nm_v32 input = v_load_once(at->cur + offset);
#pragma GCC unroll 3
    for (unsigned q = 0; q < words; q++) {
        to->state[q] = v_load_once(at->state[q] + offset);
    }
    seen->input |= wrapped(input, n->input.middle);
    seen->membrane |= wrapped(to->state[membrane], n->membrane.window.middle);
    if (profile == NM_CUBA) {
        seen->input |= wrapped(to->state[0], n->input.middle);
    }
    short_next(n, input, to, profile, refractory, form);
}

/* Groups from `group` to before `end`, all of 32 neurons; gives the first not done. Nothing of a group is stored before all of it is
   known to be inside the windows. */
NM_INLINE uint32_t short_groups(const nm_pop *pop, const nm_arrays *arrays, uint32_t group, uint32_t end,
                                   uint32_t *spikes, const uint32_t profile, const bool refractory, const unsigned form)
{
    const unsigned words = 1u + (profile == NM_CUBA) + refractory;
    const short_neuron n = short_neuron_of(&pop->small);
    const nm_arrays at = *arrays;
    const bool graded = pop->graded && at.out;
    uint32_t count = 0;
    for (; group < end; group++) {
        size_t offset = 4 * (size_t)NM_GROUP * group;
        short_vector next[SHORT_VECTORS];
        short_seen seen = {v_all(0), v_all(0)};
        uint32_t fired = 0;
#pragma GCC unroll 8
        for (unsigned k = 0; k < SHORT_VECTORS; k++) {
            short_step(&n, &at, offset + NM_BYTES * k, &seen, &next[k], profile, refractory, form);
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

#define SHORT_UPDATE(name, profile, refractory, form) \
    static __attribute__((noinline)) uint32_t name(const nm_pop *pop, const nm_arrays *at, uint32_t group, \
                                                   uint32_t end, uint32_t *spikes) \
    { \
        return short_groups(pop, at, group, end, spikes, profile, refractory, form); \
    }
#define SHORT_UPDATES(name, profile, refractory) \
    SHORT_UPDATE(name, profile, refractory, SHORT_GENERAL) \
    SHORT_UPDATE(name##_plain, profile, refractory, SHORT_PLAIN) \
    SHORT_UPDATE(name##_clipless, profile, refractory, SHORT_CLIPLESS)
#define SHORT_FORMS_OF(name) {name, name##_plain, name##_clipless}

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
    static update_function *const functions[][2][SHORT_FORMS] = { /* [profile][refractory][form] */
        [NM_IF] = {SHORT_FORMS_OF(short_if), SHORT_FORMS_OF(short_refractory_if)},
        [NM_LIF] = {SHORT_FORMS_OF(short_lif), SHORT_FORMS_OF(short_refractory_lif)},
        [NM_CUBA] = {SHORT_FORMS_OF(short_cuba), SHORT_FORMS_OF(short_refractory_cuba)},
        [NM_LI] = {SHORT_FORMS_OF(short_li)},
    };
    if (!pop->small.fits) {
        return update(pop, at, group, end, spikes);
    }
    unsigned form = pop->small.plain ? SHORT_PLAIN : pop->small.clipless ? SHORT_CLIPLESS : SHORT_GENERAL;
    update_function *function = functions[pop->profile][pop->refractory != 0][form];
    const uint32_t whole = end < pop->n / NM_GROUP ? end : pop->n / NM_GROUP;
    while (group < end) {
        bool rest = group >= whole;
        group = rest ? update_rest(function, pop, at, group, spikes) : function(pop, at, group, whole, spikes);
        if (group == end || (group == whole && !rest)) {
            continue;
        }
        uint32_t until = end - group < SHORT_RETRY ? end : group + SHORT_RETRY;
        if ((group = update(pop, at, group, until, spikes)) < until) {
            break;
        }
    }
    return group;
}
