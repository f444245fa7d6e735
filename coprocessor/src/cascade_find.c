/* Finding cascades: whether every two operations of a network are a layer, and where layers lie. */
#include "cascade.h"
#include "ranges.h"

/* Buffers that are the same in every step, or a new one in each. */
static bool is_simple(uint32_t mode) { return mode == 0 || mode == 2; }

/* Nothing grows by itself. */
static bool decays(const nm_pop *pop)
{
    return (pop->profile == NM_IF || pop->neuron.kv <= 4096) && (pop->profile != NM_CUBA || pop->neuron.ku <= 4096);
}

static bool is_projection(const nm_entry *entry)
{
    const nm_syn *syn = &entry->syn;
    return entry->kind == NM_ENTRY_SYN && syn->format == NM_S8 && syn->source == NM_BITMAP &&
           syn->delay == NM_DELAY_FIXED && syn->depth == 1 && is_simple(syn->source_mode) && syn->n <= NM_WIDEST_LAYER;
}

static bool is_target(const nm_entry *entry, const nm_syn *syn)
{
    const nm_pop *pop = &entry->pop;
    return entry->kind == NM_ENTRY_UPD && pop->n == syn->m && pop->cur == syn->cur && pop->depth == 1 &&
           pop->n <= NM_WIDEST_LAYER && pop->small.fits && pop->profile != NM_LI && decays(pop) && !pop->acc &&
           !(pop->out && pop->graded) && is_simple(pop->output_mode);
}

static uint64_t bitmap_bytes(uint32_t n) { return UINT64_C(4) * nm_words(n); }

static uint64_t source_bytes(const nm_syn *syn, const nm_step *step)
{
    return nm_buffer_span(syn->source_mode, syn->stride, bitmap_bytes(syn->n), step->steps);
}

/* Whether a projection reads what a population writes, each step what was written in the same step; only buffers that are
   the same in every step have a stride of 0. */
static bool reads(const nm_syn *syn, const nm_pop *pop)
{
    return pop->out == syn->source_address && pop->stride == syn->stride && nm_words(syn->n) <= nm_words(pop->n);
}

/* Find the arrays; false unless all are RAM. */
static bool find_layer(const nm_coprocessor *c, nm_layer *layer, const nm_entry *entry, const nm_step *step)
{
    const nm_syn *syn = &entry[0].syn;
    const nm_pop *pop = &entry[1].pop;
    uint64_t bytes = UINT64_C(4) * pop->n;
    uint8_t *state = nm_host(c, pop->state, bytes * pop->state_words);
    *layer = (nm_layer){.source = nm_host(c, syn->source_address, source_bytes(syn, step)),
                        .weights = nm_host(c, syn->weights, (uint64_t)nm_pitch(syn->m, 8) * syn->n),
                        .source_stride = syn->source_mode ? syn->stride : 0,
                        .cur = nm_host(c, pop->cur, bytes),
                        .out = nm_host(c, pop->out, pop->out ? nm_output_bytes(pop, step) : 0)};
    for (uint32_t k = 0; state && k < pop->state_words; k++) {
        layer->state[k] = state + bytes * k;
    }
    return state && layer->source && layer->weights && layer->cur && (layer->out || !pop->out);
}

/* Whether what layer k reads and writes is what it would be step by step: nobody else writes there. */
static bool is_apart(const nm_coprocessor *c, nm_cascade *cascade, uint32_t layers, uint32_t k, const nm_step *step)
{
    const nm_syn *syn = &c->entries[2 * k].syn;
    const nm_pop *pop = &c->entries[2 * k + 1].pop;
    const nm_range weights = {syn->weights, syn->weights + (uint64_t)nm_pitch(syn->m, 8) * syn->n};
    const nm_range source = {syn->source_address, syn->source_address + source_bytes(syn, step)};
    const nm_range state = nm_state_range(pop), ring = nm_ring_range(pop);
    const nm_range out = {pop->out, pop->out + (pop->out ? nm_output_bytes(pop, step) : 0)};
    if (nm_overlap(&state, &ring) || nm_overlap(&state, &out) || nm_overlap(&ring, &out)) {
        return false;
    }
    for (uint32_t j = 0; j < layers; j++) {
        const nm_pop *other = &c->entries[2 * j + 1].pop;
        nm_ranges written = nm_written_by(&c->entries[2 * j + 1], step);
        if (nm_any_overlap(&written, &weights) ||
            (j != k && (nm_any_overlap(&written, &state) || nm_any_overlap(&written, &ring) ||
                        nm_any_overlap(&written, &out)))) {
            return false;
        }
        bool fed = j < k && other->out && reads(syn, other);
        if (!fed && nm_any_overlap(&written, &source)) {
            return false;
        }
        if (fed && other->output_mode == 0) {
            if (j + 1 != k) {
                return false;
            }
            cascade->layer[k].fed = true;
        }
    }
    return true;
}

bool nm_find_cascade(nm_coprocessor *c, const nm_job *job)
{
    nm_cascade *cascade = c->cascade;
    uint32_t layers = job->count / 2, most = NM_MOST_STEPS;
    if (!job->is_run || job->count % 2 || layers == 0 || layers > NM_MOST_LAYERS || job->steps < NM_FEWEST_STEPS ||
        c->log.on || !nm_has_kernels(c->kernels)) {
        return false;
    }
    for (uint32_t k = 0; k < layers; k++) {
        const nm_entry *entry = &c->entries[2 * k];
        if (!is_projection(entry) || !is_target(entry + 1, &entry->syn) ||
            !find_layer(c, &cascade->layer[k], entry, &job->step)) {
            return false;
        }
        uint32_t columns = (entry->syn.m + NM_SHEET_COLUMNS - 1) / NM_SHEET_COLUMNS * NM_SHEET_COLUMNS;
        uint32_t listed = (NM_MOST_LISTED - NM_LIST_SLACK) / (entry->syn.n + NM_ROWS_TOGETHER);
        most = most < NM_MOST_SUMS / columns ? most : NM_MOST_SUMS / columns;
        most = most < listed ? most : listed;
    }
    for (uint32_t k = 0; k < layers; k++) {
        if (!is_apart(c, cascade, layers, k, &job->step)) {
            return false;
        }
    }
    cascade->count = layers;
    cascade->steps = most;
    return true;
}
