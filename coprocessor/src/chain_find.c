/* Finding chains: which operations can go together, and what others may do to their arrays. */
#include "chain.h"
#include "ranges.h"

/* The tables of a projection with rows; those of other formats may be anywhere. */
static nm_ranges tables_of(const nm_coprocessor *c, const nm_entry *entry)
{
    const nm_syn *syn = &entry->syn;
    const nm_ready *ready = &c->ready[entry - c->entries];
    nm_ranges r = {.unbounded = ready->issue != c->issue || !ready->settled || syn->format == NM_CONV};
    if (syn->format == NM_CSR) {
        uint64_t elements = ready->bulk.sparse.elements;
        nm_add_range(&r, syn->rows, 4 * (UINT64_C(1) + syn->n));
        nm_add_range(&r, syn->columns, 2 * elements);
        nm_add_range(&r, syn->weights, elements);
        nm_add_range(&r, syn->delays, syn->delay == NM_DELAY_PER_SYNAPSE ? nm_ceil_div(elements, 2) : 0);
    } else if (syn->format == NM_ONE_TO_ONE) {
        nm_add_range(&r, syn->weights, syn->weights ? syn->n : 0);
    } else {
        nm_add_range(&r, syn->weights, (uint64_t)ready->bulk.rows.pitch * syn->n);
        nm_add_range(&r, syn->delays, syn->delay == NM_DELAY_PER_SYNAPSE ? (uint64_t)nm_pitch(syn->m, 4) * syn->n : 0);
    }
    nm_add_range(&r, syn->delays, syn->delay == NM_DELAY_PER_SOURCE ? syn->n : 0);
    return r;
}

/* All that an operation may read or set in a run. What updates add their outputs to is not among it: that is an input. */
static nm_ranges read_by(const nm_coprocessor *c, const nm_entry *entry, const nm_step *step)
{
    const nm_syn *syn = &entry->syn;
    if (entry->kind == NM_ENTRY_SYN) {
        nm_ranges r = tables_of(c, entry);
        uint64_t bytes = syn->source == NM_GRADED ? UINT64_C(4) * syn->n : UINT64_C(4) * nm_words(syn->n);
        bytes = nm_buffer_span(syn->source_mode, syn->stride, bytes, step->steps);
        nm_add_range(&r, syn->source_address, syn->source == NM_FROM_QUEUE ? 0 : bytes);
        r.unbounded = r.unbounded || syn->source == NM_AER;
        return r;
    }
    const nm_pop *pop = &entry->pop;
    const nm_range state = nm_state_range(pop), ring = nm_ring_range(pop);
    nm_ranges r = {.unbounded = entry->kind != NM_ENTRY_UPD};
    nm_add_range(&r, pop->param, UINT64_C(4) * pop->n * nm_popcount(pop->replaced));
    nm_add_range(&r, pop->state, state.end - state.begin);
    nm_add_range(&r, pop->cur, ring.end - ring.begin);
    nm_add_range(&r, pop->out, pop->out ? nm_output_bytes(pop, step) : 0);
    return r;
}

static bool is_plain_decay(const nm_pop *pop) { return pop->small.fits && pop->small.plain && pop->neuron.kv <= 4096; }

static bool can_feed(const nm_entry *entry)
{
    const nm_pop *pop = &entry->pop;
    return entry->kind == NM_ENTRY_UPD && pop->profile == NM_LI && is_plain_decay(pop) && pop->acc && !pop->out;
}

static bool can_be_last(const nm_entry *entry)
{
    const nm_pop *pop = &entry->pop;
    return entry->kind == NM_ENTRY_UPD && (pop->profile == NM_LIF || pop->profile == NM_CUBA) && is_plain_decay(pop) &&
           pop->neuron.ku <= 4096 && !pop->acc && !(pop->graded && pop->out) && pop->depth == 1;
}

/* The number of entries of the chain that begins at an entry, 0 if there is none. */
static uint32_t length_at(const nm_entry *entry, uint32_t left)
{
    for (uint32_t k = 1; k < left && k <= NM_MOST_FEEDERS && can_feed(&entry[k - 1]); k++) {
        if (can_be_last(&entry[k])) {
            for (uint32_t f = 0; f < k; f++) {
                if (entry[f].pop.n != entry[k].pop.n || entry[f].pop.acc != entry[k].pop.cur) {
                    return 0;
                }
            }
            return k + 1;
        }
    }
    return 0;
}

/* Find the arrays; false unless all are RAM and those of different members apart, but for the input that is added to. */
static bool find_arrays(nm_coprocessor *c, nm_chain_run *run, const nm_step *step)
{
    const nm_entry *entry = c->entries + run->first, *last = entry + run->count - 1;
    nm_ranges seen = {.count = 0};
    for (uint32_t k = 0; k < run->count; k++) {
        const nm_pop *pop = &entry[k].pop;
        nm_arrays arrays;
        if (!nm_find_arrays(c, &entry[k], step, pop->out, &arrays) || !c->ready[run->first + k].settled) {
            return false;
        }
        nm_link *link = &entry[k] == last ? &run->chain.last : &run->chain.feeder[k];
        *link = (nm_link){.small = &pop->small};
        for (uint32_t q = 0; q < pop->state_words; q++) {
            link->state[q] = arrays.state[q];
        }
        nm_range state = nm_state_range(pop), ring = nm_ring_range(pop), out = {pop->out, pop->out + nm_output_bytes(pop, step)};
        if (nm_any_overlap(&seen, &state) || nm_any_overlap(&seen, &ring) || (pop->out && nm_any_overlap(&seen, &out))) {
            return false;
        }
        nm_add_range(&seen, pop->state, state.end - state.begin);
        nm_add_range(&seen, pop->cur, ring.end - ring.begin);
    }
    run->chain.feeders = run->count - 1;
    run->chain.profile = last->pop.profile;
    run->chain.refractory = last->pop.refractory != 0;
    return true;
}

bool nm_tells(const nm_entry *entry, const nm_pop *pop)
{
    const nm_syn *syn = &entry->syn;
    return entry->kind == NM_ENTRY_SYN && syn->format == NM_CSR && syn->delay == NM_DELAY_FIXED && syn->depth == 1 &&
           syn->cur == pop->cur && syn->m == pop->n;
}

/* Find out what other operations write to. */
static void find_writers(const nm_coprocessor *c, nm_chain_run *run, uint32_t count, const nm_step *step)
{
    const nm_pop *last = &c->entries[run->first + run->count - 1].pop;
    const nm_range out = {last->out, last->out + nm_output_bytes(last, step)};
    run->trusted = run->alone = true;
    for (uint32_t k = 0; k < run->count; k++) {
        const nm_pop *pop = &c->entries[run->first + k].pop;
        nm_range state = nm_state_range(pop), ring = nm_ring_range(pop);
        run->member[k].scanned = pop->depth != 1;
        for (uint32_t e = 0; e < count; e++) {
            if (e - run->first < run->count) {
                continue;
            }
            nm_ranges written = nm_written_by(&c->entries[e], step);
            run->trusted = run->trusted && !nm_any_overlap(&written, &state);
            run->alone = run->alone && !nm_any_overlap(&written, &out);
            if (!nm_tells(&c->entries[e], pop) && nm_any_overlap(&written, &ring)) {
                run->member[k].scanned = true;
            }
        }
    }
}

/* Find sparse synapses that read the spikes of the chain in this or in another step. */
static void find_reading(const nm_coprocessor *c, nm_chain_run *run, uint32_t count, const nm_step *step)
{
    const nm_pop *last = &c->entries[run->first + run->count - 1].pop;
    uint64_t bytes = nm_output_bytes(last, step);
    nm_range out = {last->out, last->out + bytes};
    uint32_t found = 0;
    for (uint32_t e = 0; e < count && found < NM_MOST_READERS && last->out; e++) {
        const nm_entry *entry = &c->entries[e];
        const nm_syn *syn = &entry->syn;
        nm_range source = {syn->source_address, syn->source_address + bytes};
        if (entry->kind == NM_ENTRY_SYN && syn->format == NM_CSR && syn->source == NM_BITMAP && syn->n == last->n &&
            nm_overlap(&out, &source)) {
            run->reader[found++] = e;
        }
    }
    if (found < NM_MOST_READERS) {
        run->reader[found] = NM_LARGEST_NETWORK;
    }
}

void nm_find_chains(nm_coprocessor *c, const nm_job *job)
{
    nm_chains *chains = c->chains;
    chains->issue = c->issue;
    chains->count = 0;
    for (uint32_t k = 0; k + 1 < job->count && chains->count < NM_MOST_CHAINS; k++) {
        uint32_t length = length_at(&c->entries[k], job->count - k);
        nm_chain_run *run = &chains->run[chains->count];
        *run = (nm_chain_run){.first = k, .count = length};
        nm_flow *flow = &chains->flow[chains->count];
        flow->on = flow->refused = false;
        flow->passes = 0;
        if (length && find_arrays(c, run, &job->step)) {
            find_writers(c, run, job->count, &job->step);
            find_reading(c, run, job->count, &job->step);
            nm_forget_bounds(run);
            chains->count++;
            k += length - 1;
        }
    }
}

/* What is not what it seems while a chain flows: states and inputs of feeders, refractory counters. */
static nm_ranges hidden_of(const nm_coprocessor *c, const nm_chain_run *run)
{
    nm_ranges r = {.count = 0};
    for (uint32_t k = 0; k < run->count; k++) {
        const nm_pop *pop = &c->entries[run->first + k].pop;
        nm_range state = nm_state_range(pop), ring = nm_ring_range(pop);
        nm_add_range(&r, pop->state, state.end - state.begin);
        nm_add_range(&r, pop->cur, ring.end - ring.begin);
    }
    return r;
}

static bool any_of(const nm_ranges *some, const nm_ranges *others)
{
    bool found = some->unbounded;
    for (uint32_t k = 0; k < some->count; k++) {
        found = found || nm_any_overlap(others, &some->of[k]);
    }
    return found;
}

/* Whether an operation writes to tables of one that adds to a feeder of the chain. */
static bool are_changed(const nm_coprocessor *c, const nm_chain_run *run, const nm_entry *entry, uint32_t count,
                        const nm_step *step)
{
    bool adds = false, found = false;
    for (uint32_t k = 0; k < run->chain.feeders; k++) {
        adds = adds || nm_tells(entry, &c->entries[run->first + k].pop);
    }
    nm_ranges tables = {.count = 0};
    if (adds) {
        tables = tables_of(c, entry);
    }
    for (uint32_t e = 0; adds && e < count; e++) {
        nm_ranges written = nm_written_by(&c->entries[e], step);
        found = found || any_of(&tables, &written);
    }
    return found;
}

bool nm_can_flow(const nm_coprocessor *c, const nm_chain_run *run, uint32_t count, const nm_step *step)
{
    const nm_ranges hidden = hidden_of(c, run);
    bool can = run->trusted;
    for (uint32_t k = 0; k < run->chain.feeders; k++) {
        can = can && c->entries[run->first + k].pop.depth == 1;
    }
    for (uint32_t e = 0; can && e < count; e++) {
        const nm_entry *entry = &c->entries[e];
        if (e - run->first >= run->count) {
            nm_ranges read = read_by(c, entry, step);
            can = !any_of(&read, &hidden) && !are_changed(c, run, entry, count, step);
        }
    }
    return can;
}
