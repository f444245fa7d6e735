/* The upd and rst operations on groups of 32 neurons (specification 7.5, 7.7).
   Populations go through update_bulk.c as far as that can, the rest group by group. */
#include "engine.h"
#include "profile.h"

/* Host addresses of one group; element i - first of each array. NULL: array absent. */
typedef struct group_of {
    uint32_t first, count;
    const uint8_t *param[NM_PARAMETERS];
    uint8_t *state[NM_MOST_STATE_WORDS];
    uint8_t *cur, *acc, *out;
} group_of;

static uint32_t group_count(const nm_pop *pop, uint32_t first)
{
    return pop->n - first < NM_GROUP ? pop->n - first : NM_GROUP;
}

/* Decode the own parameters of the neuron at place k of the group; the others are those of the population. */
static inline void decode_own(const group_of *group, uint32_t k, nm_neuron *neuron)
{
    for (unsigned q = 0; q < NM_PARAMETERS; q++) {
        if (group->param[q]) {
            nm_neuron_set(neuron, q, nm_get32(group->param[q] + 4 * k));
        }
    }
}

/* The group, for constants `profile`, `own` and `refractory`: gives the spikes as bits. Parameters, random state and
   places are copied to where no store can change them. */
static inline __attribute__((always_inline)) uint32_t run_group(nm_coprocessor *c, const nm_pop *pop,
                                                                const group_of *group, const uint32_t profile,
                                                                const bool own, const bool refractory)
{
    const uint32_t words = nm_profile_words(profile);
    const group_of at = *group;
    uint8_t *graded = pop->graded ? at.out : NULL;
    nm_neuron neuron = pop->neuron;
    uint32_t spikes = 0, rng = *nm_rng(c), period = pop->refractory;
    for (uint32_t k = 0; k < at.count; k++) {
        int64_t x[NM_MOST_STATE_WORDS + 1];
        uint32_t s;
        if (own) {
            decode_own(&at, k, &neuron);
        }
        for (uint32_t q = 0; q < words + refractory; q++) {
            x[q] = nm_s32(nm_get32(at.state[q] + 4 * k));
        }
        int64_t a = nm_s32(nm_get32(at.cur + 4 * k));
        int64_t g = refractory ? nm_profile_step_refractory(profile, period, words, &neuron, &rng, x, a, &s)
                               : nm_profile_step(profile, &neuron, &rng, x, a, &s);
        for (uint32_t q = 0; q < words + refractory; q++) {
            nm_put32(at.state[q] + 4 * k, nm_u32(x[q]));
        }
        nm_put32(at.cur + 4 * k, 0);
        if (at.acc) {
            nm_put32(at.acc + 4 * k, nm_get32(at.acc + 4 * k) + nm_u32(g));
        }
        if (graded) {
            nm_put32(graded + 4 * k, nm_u32(g));
        }
        spikes |= s << k;
    }
    *nm_rng(c) = rng;
    if (!graded && at.out) {
        nm_put32(at.out, spikes);
    }
    return spikes;
}

static inline __attribute__((always_inline)) uint32_t run_profile(nm_coprocessor *c, const nm_pop *pop,
                                                                  const group_of *group, const uint32_t profile)
{
    if (profile <= NM_CUBA && pop->refractory) {
        return pop->replaced ? run_group(c, pop, group, profile, true, true)
                             : run_group(c, pop, group, profile, false, true);
    }
    return pop->replaced ? run_group(c, pop, group, profile, true, false)
                         : run_group(c, pop, group, profile, false, false);
}

static uint32_t run_any(nm_coprocessor *c, const nm_pop *pop, const group_of *group)
{
    switch (pop->profile) {
    case NM_IF: return run_profile(c, pop, group, NM_IF);
    case NM_LIF: return run_profile(c, pop, group, NM_LIF);
    case NM_CUBA: return run_profile(c, pop, group, NM_CUBA);
    case NM_ALIF: return run_profile(c, pop, group, NM_ALIF);
    case NM_IZH: return run_profile(c, pop, group, NM_IZH);
    case NM_TN: return run_profile(c, pop, group, NM_TN);
    case NM_LI: return run_profile(c, pop, group, NM_LI);
    default: return run_profile(c, pop, group, NM_SD);
    }
}

static uint32_t state_address(const nm_pop *pop, uint32_t k, uint32_t i) { return pop->state + 4 * (k * pop->n + i); }

/* The first fault of a group, access by access in the order of the specification. */
static nm_status first_fault(nm_coprocessor *c, const nm_pop *pop, uint32_t first, uint32_t count, uint32_t cur)
{
    for (uint32_t i = first; i < first + count; i++) {
        for (unsigned q = 0; q < NM_PARAMETERS; q++) {
            if (pop->replaced >> q & 1 && !nm_loadable(c, nm_parameter_address(pop, q, i), 4)) {
                return NM_FAULT;
            }
        }
        for (uint32_t k = 0; k < pop->state_words; k++) {
            if (!nm_loadable(c, state_address(pop, k, i), 4)) {
                return NM_FAULT;
            }
        }
        if (!nm_loadable(c, cur + 4 * i, 4) || (pop->acc && !nm_loadable(c, pop->acc + 4 * i, 4))) {
            return NM_FAULT;
        }
    }
    return NM_OK;
}

/* Host addresses of the per-neuron parameters; false if some are outside RAM. */
static bool find_parameters(const nm_coprocessor *c, const nm_pop *pop, group_of *group)
{
    bool good = true;
    for (unsigned q = 0; q < NM_PARAMETERS; q++) {
        if (pop->replaced >> q & 1) {
            group->param[q] = nm_host(c, nm_parameter_address(pop, q, group->first), 4 * group->count);
            good = good && group->param[q];
        }
    }
    return good;
}

/* One unit of upd; `output` is the output buffer of this step. */
static nm_status update_unit(nm_coprocessor *c, const nm_pop *pop, uint32_t first, uint32_t output, uint32_t *spikes)
{
    group_of group = {.first = first, .count = group_count(pop, first)};
    uint32_t bytes = 4 * group.count, cur = nm_cur_of(c, pop);
    bool good = find_parameters(c, pop, &group);
    for (uint32_t k = 0; k < pop->state_words; k++) {
        group.state[k] = nm_host(c, state_address(pop, k, first), bytes);
        good = good && group.state[k];
    }
    group.cur = nm_host(c, cur + 4 * first, bytes);
    group.acc = pop->acc ? nm_host(c, pop->acc + 4 * first, bytes) : NULL;
    if (!good || !group.cur || (pop->acc && !group.acc)) {
        return first_fault(c, pop, first, group.count, cur);
    }
    if (pop->out) {
        uint32_t place = output + (pop->graded ? 4 * first : first / NM_GROUP * 4);
        group.out = nm_span(c, NM_STORE_FAULT, place, pop->graded ? group.count : 1, 4);
        if (!group.out) {
            return NM_FAULT;
        }
        nm_wrote(c, place, pop->graded ? bytes : 4);
    }
    uint32_t bits = run_any(c, pop, &group), index = first / NM_GROUP;
    *spikes = nm_popcount(bits);
    if (c->log.on) {
        nm_log_groups(c, pop, index, index + 1, &bits);
    }
    for (uint32_t k = 0; k < pop->state_words; k++) {
        nm_wrote(c, state_address(pop, k, first), bytes);
    }
    nm_wrote(c, cur + 4 * first, bytes);
    if (pop->acc) {
        nm_wrote(c, pop->acc + 4 * first, bytes);
    }
    nm_count_groups(c, pop, 1, group.count, *spikes);
    return NM_OK;
}

nm_status nm_perform_upd(nm_coprocessor *c, const nm_entry *entry, const nm_step *step)
{
    const nm_pop *pop = &entry->pop;
    nm_enter(c, 0, NM_ENTRY_CYCLES);
    uint32_t output = nm_buffer(c, pop->output_mode, pop->out, pop->stride, step);
    nm_arrays arrays;
    bool in_bulk = nm_find_arrays(c, entry, step, output, &arrays);
    for (; c->progress.index < nm_words(pop->n); c->progress.index++) {
        if (in_bulk && nm_update_in_bulk(c, entry, &arrays, output)) {
            break;
        }
        uint32_t spikes = 0;
        if (!nm_unit_may_start(c)) {
            return NM_SLICE_END;
        }
        nm_status status = update_unit(c, pop, NM_GROUP * c->progress.index, output, &spikes);
        if (status != NM_OK) {
            return status;
        }
        nm_add_partial(c, entry->counts ? spikes : 0);
    }
    return NM_OK;
}

/* The first store fault of a group to be reset, in the order of the specification. */
static nm_status first_store_fault(nm_coprocessor *c, const nm_pop *pop, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        for (uint32_t k = 0; k < pop->state_words; k++) {
            if (!nm_span(c, NM_STORE_FAULT, state_address(pop, k, i), 1, 4)) {
                return NM_FAULT;
            }
        }
        for (uint32_t slot = 0; slot < pop->depth; slot++) {
            if (!nm_span(c, NM_STORE_FAULT, pop->cur + 4 * (slot * pop->n + i), 1, 4)) {
                return NM_FAULT;
            }
        }
    }
    return NM_OK;
}

/* State word k of a neuron at rest. */
static uint32_t rest_word(const nm_pop *pop, const nm_neuron *neuron, uint32_t k)
{
    if (pop->profile == NM_ALIF && k == 2) {
        return neuron->word[NM_VTH];
    }
    return pop->profile == NM_IZH && k == 0 ? nm_kernel_izh_rest(neuron) : 0;
}

static nm_status reset_unit(nm_coprocessor *c, const nm_pop *pop, uint32_t first)
{
    group_of group = {.first = first, .count = group_count(pop, first)};
    if (!find_parameters(c, pop, &group)) {
        for (uint32_t i = first; i < first + group.count; i++) {
            for (unsigned q = 0; q < NM_PARAMETERS; q++) {
                if (pop->replaced >> q & 1 && !nm_loadable(c, nm_parameter_address(pop, q, i), 4)) {
                    return NM_FAULT;
                }
            }
        }
    }
    if (first_store_fault(c, pop, first, group.count) != NM_OK) {
        return NM_FAULT;
    }
    for (uint32_t k = 0; k < group.count; k++) {
        nm_neuron neuron = pop->neuron;
        decode_own(&group, k, &neuron);
        for (uint32_t q = 0; q < pop->state_words; q++) {
            nm_poke32(c, state_address(pop, q, first + k), rest_word(pop, &neuron, q));
        }
        for (uint32_t slot = 0; slot < pop->depth; slot++) {
            nm_poke32(c, pop->cur + 4 * (slot * pop->n + first + k), 0);
        }
    }
    nm_count(c, NM_RDB, UINT64_C(4) * group.count * nm_popcount(pop->replaced));
    nm_count(c, NM_WRB, UINT64_C(4) * group.count * (pop->state_words + pop->depth));
    nm_count_cycles(c, group.count);
    c->units_left--;
    return NM_OK;
}

/* All groups from c->progress.index on at once: false if that is not known to be the same as one by one. */
static bool reset_in_bulk(nm_coprocessor *c, const nm_pop *pop)
{
    uint32_t first = NM_GROUP * c->progress.index, groups = nm_words(pop->n) - c->progress.index;
    uint64_t row = UINT64_C(4) * pop->n, count = pop->n - first;
    uint8_t *state = nm_host(c, pop->state, row * pop->state_words), *ring = nm_host(c, pop->cur, row * pop->depth);
    if (!nm_has_kernels(c->kernels) || pop->replaced || groups > c->units_left || !state || !ring ||
        (state < ring + row * pop->depth && ring < state + row * pop->state_words)) {
        return false;
    }
    for (uint32_t q = 0; q < pop->state_words; q++) {
        uint32_t value = rest_word(pop, &pop->neuron, q);
        for (uint8_t *word = state + row * q + 4 * (uint64_t)first; word < state + row * (q + 1); word += 4) {
            nm_put32(word, value);
        }
        nm_wrote(c, state_address(pop, q, first), 4 * count);
    }
    for (uint32_t slot = 0; slot < pop->depth; slot++) {
        memset(ring + row * slot + 4 * (uint64_t)first, 0, 4 * count);
        nm_wrote(c, pop->cur + 4 * (slot * pop->n + first), 4 * count);
    }
    nm_count(c, NM_WRB, 4 * count * (pop->state_words + pop->depth));
    nm_count_cycles(c, count);
    c->units_left -= groups;
    c->progress.index += groups;
    return true;
}

nm_status nm_perform_rst(nm_coprocessor *c, const nm_entry *entry)
{
    const nm_pop *pop = &entry->pop;
    nm_enter(c, 0, NM_ENTRY_CYCLES);
    if (c->progress.index < nm_words(pop->n) && reset_in_bulk(c, pop)) {
        return NM_OK;
    }
    for (; c->progress.index < nm_words(pop->n); c->progress.index++) {
        if (!nm_unit_may_start(c)) {
            return NM_SLICE_END;
        }
        nm_status status = reset_unit(c, pop, NM_GROUP * c->progress.index);
        if (status != NM_OK) {
            return status;
        }
    }
    return NM_OK;
}
