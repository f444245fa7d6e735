/* Performing chains: as their operations do one by one, but for time. Bounds of all values are followed from step to step;
   where short forms might not be exact, operations go one by one. */
#include "chain.h"

#include "accounts.h"
#include "ready.h"

enum { PAUSE = 32, LARGEST_INPUT = 1 << 28 };

static nm_link *link_of(nm_chain_run *run, uint32_t k)
{
    return k + 1 == run->count ? &run->chain.last : &run->chain.feeder[k];
}

void nm_forget_bounds(nm_chain_run *run)
{
    run->membrane = NM_UNKNOWN;
    for (uint32_t k = 0; k < run->count; k++) {
        run->member[k].input = run->member[k].current = run->member[k].added = NM_UNKNOWN;
    }
}

/* A bound of x*k/4096 + bias + input for |x| up to x, rounded either way. */
static uint64_t next_bound(const nm_neuron *p, uint32_t k, bool biased, uint64_t x, uint64_t input)
{
    uint64_t bias = !biased ? 0 : p->bias < 0 ? (uint64_t)-p->bias : (uint64_t)p->bias;
    return (x * k >> 12) + bias + input + 2;
}

uint64_t nm_next_current(const nm_pop *pop, uint64_t current, uint64_t input)
{
    bool feeds = pop->profile == NM_LI;
    return next_bound(&pop->neuron, feeds ? pop->neuron.kv : pop->neuron.ku, feeds, current, input);
}

/* Look for a bound that is not known, or that only looks too large; false if it is. */
static bool is_within(const nm_coprocessor *c, const nm_chain_run *run, uint64_t *bound, const uint8_t *words, uint32_t n,
                      int32_t limit)
{
    if (!run->trusted || *bound > (uint64_t)limit) {
        *bound = c->kernels->largest_magnitude(words, n);
    }
    return *bound <= (uint64_t)limit;
}

/* Bounds of a current before and after this step; `fed`: what feeders add to the input. */
static bool follow_current(nm_coprocessor *c, nm_chain_run *run, uint32_t k, uint64_t fed, uint64_t *next)
{
    const nm_pop *pop = &c->entries[run->first + k].pop;
    nm_chain_member *m = &run->member[k];
    bool feeds = pop->profile == NM_LI;
    const nm_link *link = link_of(run, k);
    const nm_decay *decay = feeds ? &pop->small.membrane : &pop->small.current;
    if (!is_within(c, run, &m->current, link->state[0], pop->n, decay->limit)) {
        return false;
    }
    *next = nm_next_current(pop, m->current, fed + m->input);
    return true;
}

/* Look at the inputs; false if one is too large. */
static bool follow_inputs(nm_coprocessor *c, nm_chain_run *run)
{
    for (uint32_t k = 0; k < run->count; k++) {
        const nm_pop *pop = &c->entries[run->first + k].pop;
        nm_link *link = link_of(run, k);
        nm_chain_member *m = &run->member[k];
        link->cur = c->ram + (nm_cur_of(c, pop) - c->base);
        if (m->scanned || m->input == NM_UNKNOWN) {
            m->input = c->kernels->largest_magnitude(link->cur, pop->n);
        }
        link->idle = m->input == 0;
        if (m->input > LARGEST_INPUT) {
            return false;
        }
    }
    return true;
}

/* Whether currents stay within their limits; then the bounds are those after this step. */
static bool follow_currents(nm_coprocessor *c, nm_chain_run *run)
{
    const nm_pop *last = &c->entries[run->first + run->count - 1].pop;
    uint64_t fed = 0, next[NM_MOST_MEMBERS];
    for (uint32_t k = 0; k < run->count; k++) {
        const nm_pop *pop = &c->entries[run->first + k].pop;
        next[k] = 0;
        if (pop->profile != NM_LIF && !follow_current(c, run, k, pop == last ? fed : 0, &next[k])) {
            return false;
        }
        fed += next[k];
    }
    for (uint32_t k = 0; k < run->count; k++) {
        run->member[k].current = next[k];
    }
    return true;
}

/* Whether short forms are exact for all of this step; then the bounds are those after it. States and inputs of up to 2^28
   each cannot add up to 2^31: two feeders bring 2^30, the last population has two or three such numbers of its own. */
static bool follow(nm_coprocessor *c, nm_chain_run *run, bool flows)
{
    const nm_pop *last = &c->entries[run->first + run->count - 1].pop;
    const uint8_t *membranes = run->chain.last.state[last->profile == NM_CUBA];
    if (!follow_inputs(c, run) || !is_within(c, run, &run->membrane, membranes, last->n, last->small.membrane.limit) ||
        !(flows ? nm_follow_flow(c, run) : follow_currents(c, run))) {
        return false;
    }
    for (uint32_t k = 0; k < run->count; k++) {
        run->member[k].input = 0;
    }
    return true;
}

/* Name the synapses that read the spikes of the chain, as far as they have been used in this issue. */
static void find_readers(const nm_coprocessor *c, nm_chain_run *run)
{
    nm_chain *chain = &run->chain;
    chain->readers = 0;
    for (uint32_t k = 0; k < NM_MOST_READERS && run->reader[k] != NM_LARGEST_NETWORK; k++) {
        const nm_ready *ready = &c->ready[run->reader[k]];
        if (ready->issue == c->issue && ready->settled) {
            const nm_bulk *b = &ready->bulk;
            chain->reader[chain->readers].bounds = b->sparse.bounds;
            chain->reader[chain->readers].columns = b->sparse.columns;
            chain->reader[chain->readers].elements = b->sparse.elements;
            chain->reader[chain->readers++].weights = b->rows.weights;
        }
    }
}

/* Count and note what the first groups of a member have done, do the rest, and finish the operation. */
static void finish_member(nm_coprocessor *c, uint32_t position, uint32_t groups, uint32_t spikes, const nm_step *step)
{
    const nm_entry *entry = &c->entries[position];
    const nm_pop *pop = &entry->pop;
    uint32_t done = groups > pop->n / NM_GROUP ? pop->n : NM_GROUP * groups;
    c->progress.index = groups;
    c->progress.entered = false;
    nm_enter(c, 0, NM_ENTRY_CYCLES);
    nm_count_groups(c, pop, groups, done, spikes);
    nm_add_partial(c, entry->counts ? spikes : 0);
    nm_wrote(c, pop->state, UINT64_C(4) * pop->n * pop->state_words);
    nm_wrote(c, nm_cur_of(c, pop), UINT64_C(4) * pop->n);
    if (pop->out) {
        nm_wrote(c, nm_buffer(c, pop->output_mode, pop->out, pop->stride, step), UINT64_C(4) * nm_words(pop->n));
    }
    if (done < pop->n) {
        nm_perform_upd(c, entry, step);
    }
    nm_charge(c, position, entry, 1);
}

uint32_t nm_perform_chain(nm_coprocessor *c, const nm_job *job, const nm_step *step)
{
    nm_chains *chains = c->chains;
    nm_progress *p = &c->progress;
    if (!job->is_run || !nm_has_kernels(c->kernels)) {
        return 0;
    }
    if (chains->issue != c->issue) {
        nm_find_chains(c, job);
    }
    nm_chain_run *run = chains->run;
    while (run < chains->run + chains->count && run->first != p->position) {
        run++;
    }
    if (run == chains->run + chains->count) {
        return 0;
    }
    const nm_entry *last = &c->entries[run->first + run->count - 1];
    const nm_pop *pop = &last->pop;
    bool flows = chains->flow[run - chains->run].on;
    bool interrupted = p->entered || p->index || c->units_left < (uint64_t)nm_words(pop->n) * run->count;
    if (interrupted || run->pause || !follow(c, run, flows)) {
        run->pause = interrupted ? run->pause : run->pause ? run->pause - 1 : PAUSE;
        nm_end_flow(c, run);
        nm_forget_bounds(run);
        return 0;
    }
    uint32_t groups = flows ? nm_words(pop->n) : pop->n / NM_GROUP, spikes = 0;
    uint32_t output = nm_buffer(c, pop->output_mode, pop->out, pop->stride, step);
    run->chain.out = pop->out ? c->ram + (output - c->base) : NULL;
    run->chain.bits = c->log.on ? c->bits : NULL;
    find_readers(c, run);
    int64_t lowest =
        flows ? nm_update_flow(c, run, job, &spikes) : c->kernels->update_chain(&run->chain, groups, &spikes);
    /* Membranes end at the threshold, at the reset value, above the lowest, or are held where they were within. */
    uint64_t ends = nm_larger(nm_magnitude(pop->small.bar), nm_magnitude(pop->small.assigned));
    run->membrane = nm_larger(nm_magnitude(lowest), ends);
    if (run->chain.bits) {
        nm_log_groups(c, pop, 0, groups, c->bits);
    }
    for (uint32_t k = 0; k < run->count; k++) {
        finish_member(c, run->first + k, groups, k + 1 == run->count ? spikes : 0, step);
    }
    if (!flows && pop->profile == NM_LIF) {
        nm_begin_flow(c, run, job);
    }
    return run->count;
}

/* The member whose input is at an address, if something is known of it. */
static nm_chain_member *member_at(nm_coprocessor *c, uint32_t address)
{
    nm_chains *chains = c->chains;
    uint32_t count = chains->issue == c->issue ? chains->count : 0;
    for (nm_chain_run *run = chains->run; run < chains->run + count; run++) {
        for (uint32_t k = 0; k < run->count; k++) {
            if (c->entries[run->first + k].pop.cur == address && run->member[k].input != NM_UNKNOWN) {
                return &run->member[k];
            }
        }
    }
    return NULL;
}

void nm_note_input(nm_coprocessor *c, uint32_t address, uint64_t bound)
{
    nm_chain_member *m = member_at(c, address);
    if (m) {
        m->input = bound == NM_UNKNOWN ? NM_UNKNOWN : m->input + bound;
    }
}
