/* Chains that flow: for the time of a run the currents of feeders lie in memory as they will be after their next decay,
   synapses add to them there, neurons that are held are in a queue, and their membranes go on like all others. Where anything
   ends, fails or has to go operation by operation, memory is made what it would be without: the currents are computed again
   from those of an earlier step, which are kept. Kernels: kernels_flow.h. */
#include <stdlib.h>

#include "chain.h"
#include "ready.h"

/* Beginning and ending cost some passes. */
enum { PASSES_BEFORE = 2, STEPS_WORTH = 8, LONGEST_PAST = 64 /* passes */, MOST_SORTED = 32 };

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

/* Find room for what a chain needs. */
static bool place(const nm_coprocessor *c, nm_flow *flow, nm_chain_run *run)
{
    const nm_pop *pop = last_of(c, run);
    const size_t n = pop->n;
    flow->slots = pop->refractory + 1;
    flow->slot = 0;
    if (!make_room(flow, (2 + NM_MOST_FEEDERS) * n + nm_words(pop->n) + flow->slots)) {
        return false;
    }
    uint32_t *room = flow->buffer;
    for (uint32_t k = 0; k < run->chain.feeders; k++, room += n) {
        flow->past[k] = (uint8_t *)room;
    }
    flow->held = (nm_held){.membrane = room, .free = room + n, .size = pop->n};
    flow->freed = flow->held.free + nm_words(pop->n);
    flow->held.neuron = (uint16_t *)(flow->freed + flow->slots);
    run->chain.held = &flow->held;
    return true;
}

/* Take neurons that are held, in the order in which they are freed; false if a counter is larger than a spike makes it. */
static bool take_counters(nm_coprocessor *c, nm_flow *flow, nm_chain_run *run)
{
    const nm_pop *pop = last_of(c, run);
    const uint8_t *counters = run->chain.last.state[1], *membranes = run->chain.last.state[0];
    nm_held *held = &flow->held;
    memset(held->free, 0xFF, 4 * (size_t)nm_words(pop->n));
    memset(flow->freed, 0, 4 * (size_t)flow->slots);
    c->listed.source = NULL;
    uint32_t count = pop->refractory ? c->kernels->list_words(counters, pop->n, 0, c->active) : 0;
    for (uint32_t k = 0; k < count; k++) {
        uint32_t left = nm_get32(counters + 4 * (size_t)c->active[k]);
        if (left > pop->refractory) {
            return false;
        }
        flow->freed[left]++;
    }
    for (uint32_t left = 1; left < flow->slots; left++) {
        flow->freed[left] += flow->freed[left - 1]; /* where those end */
    }
    for (uint32_t k = count; k-- > 0;) {
        const uint32_t i = c->active[k], left = nm_get32(counters + 4 * (size_t)i);
        held->neuron[--flow->freed[left]] = (uint16_t)i;
        held->free[i / 32] &= ~(1u << i % 32);
        held->membrane[i] = nm_get32(membranes + 4 * (size_t)i);
    }
    held->count = count;
    for (uint32_t left = 1; left < flow->slots; left++) {
        flow->freed[left] = (left + 1 < flow->slots ? flow->freed[left + 1] : count) - flow->freed[left];
    }
    return true;
}

/* Counters as they would be, and membranes of those that are held. */
static void give_counters(const nm_coprocessor *c, const nm_flow *flow, nm_chain_run *run)
{
    const nm_pop *pop = last_of(c, run);
    const nm_held *held = &flow->held;
    uint8_t *counters = run->chain.last.state[1], *membranes = run->chain.last.state[0];
    if (pop->refractory == 0) {
        return;
    }
    memset(counters, 0, 4 * (size_t)pop->n);
    for (uint32_t left = 0, k = 0; left < flow->slots; left++) {
        for (const uint32_t end = k + flow->freed[(flow->slot + left) % flow->slots]; k < end; k++) {
            const uint32_t i = held->neuron[(held->first + k) % held->size];
            nm_put32(counters + 4 * (size_t)i, left);
            nm_put32(membranes + 4 * (size_t)i, held->membrane[i]);
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

/* Add rows to the state of a feeder, or to its input; they have been added before, so none has a fault. */
static void add_again(const nm_coprocessor *c, const nm_flow_list *list, const uint16_t *row, uint8_t *to)
{
    const nm_bulk *b = &c->ready[list->entry].bulk;
    nm_rows rows = b->rows;
    bool distinct = false;
    rows.cur = to;
    rows.row = row;
    rows.count = list->count;
    (void)c->kernels->add_sparse(&b->sparse, &rows, &distinct);
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
            add_again(c, list, row, pass < flow->since ? feeder->state[0] : feeder->cur);
            row += list->count;
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
}

/* The spikes of a pass are listed for those who read them next, if nobody else writes there. */
static void list_spikes(nm_coprocessor *c, const nm_chain_run *run, uint32_t count)
{
    const nm_held *held = run->chain.held;
    uint16_t *list = c->active;
    c->listed.source = NULL;
    if (!run->chain.out || !run->alone || count > MOST_SORTED) {
        return;
    }
    for (uint32_t k = 0; k < count; k++) {
        const uint16_t i = held->neuron[(held->first + held->count - count + k) % held->size];
        uint32_t place = k;
        for (; place && list[place - 1] > i; place--) {
            list[place] = list[place - 1];
        }
        list[place] = i;
    }
    c->listed = (nm_listed){.source = run->chain.out,
                            .issue = c->issue,
                            .n = last_of(c, run)->n,
                            .count = count,
                            .position = run->first + run->count - 1,
                            .steps = c->progress.steps,
                            .lasts = true};
}

int32_t nm_update_flow(nm_coprocessor *c, nm_chain_run *run, const nm_job *job, uint32_t *spikes)
{
    nm_flow *flow = flow_of(c, run);
    uint32_t *const freed = flow->freed + flow->slot;
    const uint32_t before = *spikes;
    run->chain.frees = *freed;
    if (!run->chain.refractory) {
        flow->held.count = run->chain.frees = 0;
    }
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
    *freed = *spikes - before;
    list_spikes(c, run, *freed);
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
        bool takes = flow->on && rows <= NM_FLOW_ROWS - flow->rows;
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
