/* Chains that flow: for the time of a run the currents of feeders lie in memory as they will be after their next decay,
   synapses add to them there, refractory counters are bitmaps of who is freed when, and membranes of neurons that are held
   go on like all others. Where anything ends, fails or has to go operation by operation, memory is made what it would be
   without: the currents are computed again from those of an earlier step, which are kept. Kernels: kernels_flow.h. */
#include <stdlib.h>

#include "chain.h"
#include "ready.h"

/* Beginning and ending cost some passes. */
enum { PASSES_BEFORE = 2, STEPS_WORTH = 8, LONGEST_PAST = 64 /* passes */ };

static nm_flow *flow_of(const nm_coprocessor *c, const nm_chain_run *run) { return &c->chains->flow[run - c->chains->run]; }

static const nm_pop *pop_of(const nm_coprocessor *c, const nm_chain_run *run, uint32_t k)
{
    return &c->entries[run->first + k].pop;
}

static const nm_pop *last_of(const nm_coprocessor *c, const nm_chain_run *run) { return pop_of(c, run, run->count - 1); }

/* Room for everything; false if there is none. */
static bool make_room(nm_flow *flow, size_t words)
{
    if (words > flow->words) {
        free(flow->buffer);
        flow->buffer = malloc(words * sizeof *flow->buffer);
        flow->words = flow->buffer ? words : 0;
    }
    return flow->buffer != NULL;
}

/* Words of a bitmap: whole vectors. */
static size_t words_of(const nm_pop *pop)
{
    return NM_FLOW_VECTOR * (size_t)((nm_words(pop->n) + NM_FLOW_VECTOR - 1) / NM_FLOW_VECTOR);
}

/* Find room for what a chain needs. */
static bool place(const nm_coprocessor *c, nm_flow *flow, nm_chain_run *run)
{
    const nm_pop *pop = last_of(c, run);
    const size_t words = words_of(pop);
    flow->slots = pop->refractory + 1;
    flow->slot = 0;
    if (!make_room(flow, words * (1 + flow->slots) + (1 + NM_MOST_FEEDERS) * (size_t)pop->n)) {
        return false;
    }
    run->chain.free = flow->buffer;
    flow->freed = run->chain.free + words;
    run->chain.kept = flow->freed + words * flow->slots;
    for (uint32_t k = 0; k < run->chain.feeders; k++) {
        flow->past[k] = (uint8_t *)(run->chain.kept + (1 + k) * (size_t)pop->n);
    }
    return true;
}

/* Refractory counters as bitmaps, and the membranes that are held; false if a counter is larger than a spike makes it. */
static bool take_counters(nm_coprocessor *c, nm_flow *flow, nm_chain_run *run)
{
    const nm_pop *pop = last_of(c, run);
    size_t words = words_of(pop);
    const uint8_t *counters = run->chain.last.state[1];
    memset(run->chain.free, 0xFF, 4 * words);
    memset(flow->freed, 0, 4 * words * flow->slots);
    c->listed.source = NULL;
    uint32_t held = pop->refractory ? c->kernels->list_words(counters, pop->n, 0, c->active) : 0;
    for (uint32_t k = 0; k < held; k++) {
        uint32_t i = c->active[k], count = nm_get32(counters + 4 * (size_t)i);
        if (count > pop->refractory) {
            return false;
        }
        run->chain.free[i / 32] &= ~(1u << i % 32);
        run->chain.kept[i] = nm_get32(run->chain.last.state[0] + 4 * (size_t)i);
        flow->freed[words * count + i / 32] |= 1u << i % 32;
    }
    return true;
}

static void give_counters(nm_coprocessor *c, const nm_flow *flow, nm_chain_run *run)
{
    const nm_pop *pop = last_of(c, run);
    if (pop->refractory == 0) {
        return;
    }
    uint8_t *counters = run->chain.last.state[1];
    memset(counters, 0, 4 * (size_t)pop->n);
    c->listed.source = NULL;
    for (uint32_t count = 1; count < flow->slots; count++) {
        const uint32_t *freed = flow->freed + words_of(pop) * ((flow->slot + count) % flow->slots);
        uint32_t held = c->kernels->list_bits((const uint8_t *)freed, pop->n, 0, c->active);
        for (uint32_t k = 0; k < held; k++) {
            size_t i = c->active[k];
            nm_put32(counters + 4 * i, count);
            nm_put32(run->chain.last.state[0] + 4 * i, run->chain.kept[i]);
        }
    }
}

/* What is kept are the currents of the step that has just been done. */
static void forget_past(nm_flow *flow) { flow->since = flow->rows = flow->lists = 0; }

void nm_begin_flow(nm_coprocessor *c, nm_chain_run *run, const nm_job *job)
{
    nm_flow *flow = flow_of(c, run);
    const nm_pop *pop = last_of(c, run);
    uint32_t left = job->steps - c->progress.steps;
    if (flow->refused || ++flow->passes < PASSES_BEFORE || left <= STEPS_WORTH ||
        c->units_left / nm_words(pop->n) / run->count < STEPS_WORTH) {
        return;
    }
    flow->refused = !nm_can_flow(c, run, job->count, &job->step) || !place(c, flow, run) || !take_counters(c, flow, run);
    for (uint32_t k = 0; k < run->chain.feeders; k++) {
        flow->refused = flow->refused || run->member[k].current > (uint64_t)pop_of(c, run, k)->small.membrane.limit;
    }
    if (flow->refused) {
        return;
    }
    for (uint32_t k = 0; k < run->chain.feeders; k++) {
        memcpy(flow->past[k], run->chain.feeder[k].state[0], 4 * (size_t)pop->n);
        c->kernels->decay_flow(&run->chain.feeder[k], pop->n);
        run->member[k].added = 0;
    }
    forget_past(flow);
    run->membrane = NM_UNKNOWN; /* of neurons behind the last whole group, too */
    flow->on = true;
}

/* The bound of a current before its decay; NM_UNKNOWN: too large. */
static uint64_t current_bound(const nm_coprocessor *c, const nm_chain_run *run, uint32_t k)
{
    const nm_chain_member *m = &run->member[k];
    const nm_pop *pop = pop_of(c, run, k);
    uint64_t limit = (uint64_t)pop->small.membrane.limit, bound = NM_UNKNOWN;
    if (m->current != NM_UNKNOWN && m->added != NM_UNKNOWN) {
        bound = nm_next_current(pop, m->current, m->added + m->input);
    }
    if (bound > limit) {
        bound = c->kernels->largest_magnitude(run->chain.feeder[k].state[0], pop->n) + m->input;
    }
    return bound > limit ? NM_UNKNOWN : bound;
}

bool nm_follow_flow(nm_coprocessor *c, nm_chain_run *run)
{
    uint64_t next[NM_MOST_FEEDERS];
    for (uint32_t k = 0; k < run->chain.feeders; k++) {
        if ((next[k] = current_bound(c, run, k)) == NM_UNKNOWN) {
            return false;
        }
    }
    for (uint32_t k = 0; k < run->chain.feeders; k++) {
        run->member[k].current = next[k];
        run->member[k].added = 0;
    }
    return true;
}

/* Add a row to the state of a feeder, or to its input. */
static void add_row(const nm_bulk *b, uint8_t *to, uint32_t row)
{
    uint32_t first = nm_get32(b->sparse.bounds + 4 * (size_t)row), last = nm_get32(b->sparse.bounds + 4 * (size_t)row + 4);
    for (uint32_t e = first; e < last; e++) {
        uint32_t amount = (uint32_t)(int8_t)b->rows.weights[e] << b->rows.shift;
        nm_add32(to + 4 * (size_t)nm_get16(b->sparse.columns + 2 * (size_t)e), amount);
    }
}

/* Currents as they would be: from those that are kept, pass by pass. What came after the last pass is in the input. */
static void repeat_past(const nm_coprocessor *c, nm_chain_run *run)
{
    const nm_flow *flow = flow_of(c, run);
    const nm_flow_list *list = flow->list;
    const uint16_t *row = flow->row;
    for (uint32_t k = 0; k < run->chain.feeders; k++) {
        memcpy(run->chain.feeder[k].state[0], flow->past[k], 4 * (size_t)last_of(c, run)->n);
    }
    for (uint32_t pass = 0; pass <= flow->since; pass++) {
        for (uint32_t k = 0; pass < flow->since && k < run->chain.feeders; k++) {
            c->kernels->decay_flow(&run->chain.feeder[k], last_of(c, run)->n);
        }
        for (; list < flow->list + flow->lists && list->pass == pass; list++) {
            const nm_link *feeder = &run->chain.feeder[list->member];
            for (uint32_t k = 0; k < list->count; k++) {
                add_row(&c->ready[list->entry].bulk, pass < flow->since ? feeder->state[0] : feeder->cur, *row++);
            }
        }
    }
}

/* Counters and membranes as they would be, and nothing flows any more. */
static void end(nm_coprocessor *c, nm_chain_run *run)
{
    nm_flow *flow = flow_of(c, run);
    flow->on = false;
    flow->passes = 0;
    give_counters(c, flow, run);
}

void nm_end_flow(nm_coprocessor *c, nm_chain_run *run)
{
    nm_flow *flow = flow_of(c, run);
    flow->passes = 0;
    if (!flow->on) {
        return;
    }
    repeat_past(c, run);
    end(c, run);
    nm_forget_bounds(run);
}

int32_t nm_update_flow(nm_coprocessor *c, nm_chain_run *run, const nm_job *job, uint32_t *spikes)
{
    nm_flow *flow = flow_of(c, run);
    run->chain.freed = flow->freed + words_of(last_of(c, run)) * flow->slot;
    run->chain.ends = c->progress.steps + 1 == job->steps;
    run->chain.backward = !run->chain.backward;
    flow->slot = flow->slot + 1 == flow->slots ? 0 : flow->slot + 1;
    /* What comes in otherwise than by rows could not be repeated. */
    bool keeps = flow->since == LONGEST_PAST || flow->rows > NM_FLOW_ROWS / 2 || flow->lists > NM_FLOW_LISTS / 2;
    for (uint32_t k = 0; k < run->chain.feeders; k++) {
        keeps = keeps || !run->chain.feeder[k].idle;
    }
    for (uint32_t k = 0; k < run->chain.feeders; k++) {
        run->chain.feeder[k].past = keeps ? flow->past[k] : NULL;
    }
    flow->since++;
    if (keeps) {
        forget_past(flow);
    }
    int32_t lowest = c->kernels->update_flow(&run->chain, last_of(c, run)->n, spikes);
    if (run->chain.ends) {
        end(c, run);
    }
    return lowest;
}

void nm_end_flows(nm_coprocessor *c)
{
    nm_chains *chains = c->chains;
    for (uint32_t k = 0; chains->issue == c->issue && k < chains->count; k++) {
        nm_end_flow(c, &chains->run[k]);
    }
}

nm_feeder nm_find_feeder(const nm_coprocessor *c, const nm_bulk *b, uint32_t rows)
{
    nm_chains *chains = c->chains;
    uint32_t count = chains->issue == c->issue && !b->rows.value ? chains->count : 0;
    for (nm_chain_run *run = chains->run; run < chains->run + count; run++) {
        const nm_flow *flow = flow_of(c, run);
        bool takes = flow->on && flow->lists < NM_FLOW_LISTS && rows <= NM_FLOW_ROWS - flow->rows;
        for (uint32_t k = 0; takes && k < run->chain.feeders; k++) {
            if (pop_of(c, run, k)->cur == b->place && nm_tells(b->entry, pop_of(c, run, k))) {
                return (nm_feeder){run, k, run->chain.feeder[k].state[0]};
            }
        }
    }
    return (nm_feeder){.state = NULL};
}

void nm_note_flowing(nm_coprocessor *c, const nm_bulk *b, const nm_feeder *feeder, const uint16_t *row, uint32_t count,
                     uint64_t bound)
{
    nm_flow *flow = flow_of(c, feeder->run);
    memcpy(flow->row + flow->rows, row, count * sizeof *row);
    flow->rows += count;
    flow->list[flow->lists++] = (nm_flow_list){(uint32_t)(b->entry - c->entries), feeder->member, flow->since, count};
    uint64_t *added = &feeder->run->member[feeder->member].added;
    *added = *added == NM_UNKNOWN || bound == NM_UNKNOWN ? NM_UNKNOWN : *added + bound;
}

void nm_free_chains(nm_coprocessor *c)
{
    for (uint32_t k = 0; c->chains && k < NM_MOST_CHAINS; k++) {
        free(c->chains->flow[k].buffer);
    }
    free(c->chains);
}
