/* Phase 0 of the learn operation in bulk: the usual case, in which all arrays are RAM and those that are written apart
   from all others. Dense rows whose rounding draws nothing go to the kernels, others one by one without checks
   (learn_rows.c). Everything else, and what these decline, goes with checks: learn.c. */
#include "engine.h"

/* The arrays found so far, those that are written first. */
typedef struct found_arrays {
    const nm_coprocessor *c;
    const uint8_t *begin[12], *end[12];
    uint32_t written, count;
    bool good;
} found_arrays;

/* The host address of an array that is read; not good unless it is RAM and apart from what is written. */
static uint8_t *find(found_arrays *found, uint32_t address, uint64_t bytes)
{
    uint8_t *host = nm_host(found->c, address, bytes);
    found->good = found->good && host;
    if (found->good) {
        for (uint32_t k = 0; k < found->written; k++) {
            found->good = found->good && (host >= found->end[k] || found->begin[k] >= host + bytes);
        }
        found->begin[found->count] = host;
        found->end[found->count++] = host + bytes;
    }
    return host;
}

static uint8_t *find_written(found_arrays *found, uint32_t address, uint64_t bytes)
{
    uint8_t *host = find(found, address, bytes);
    found->written = found->count;
    return host;
}

/* Dense or sparse weights and eligibility, the only arrays that are written. */
static void find_weights(found_arrays *found, const nm_syn *syn, const nm_rule *rule, nm_learning *l)
{
    uint64_t weights, traces;
    if (syn->format == NM_CSR) {
        l->rows = nm_host(found->c, syn->rows, UINT64_C(4) * syn->n + 4);
        found->good = l->rows != NULL;
        l->elements = found->good ? nm_get32(l->rows + 4 * (size_t)syn->n) : 0;
        weights = traces = l->elements;
    } else {
        l->pitch = nm_pitch(syn->m, syn->format == NM_BINARY ? 1 : 8);
        weights = (uint64_t)l->pitch * (syn->n - 1) + (syn->format == NM_BINARY ? l->pitch : syn->m);
        traces = (uint64_t)syn->n * syn->m;
    }
    l->weights = find_written(found, syn->weights, weights);
    if (rule->kind == NM_RULE_REWARD) {
        l->eligibility = find_written(found, rule->eligibility, 2 * traces);
    }
    if (syn->format == NM_CSR) {
        find(found, syn->rows, UINT64_C(4) * syn->n + 4);
        l->columns = find(found, syn->columns, UINT64_C(2) * l->elements);
    }
}

static bool find_arrays(const nm_coprocessor *c, const nm_entry *entry, const nm_learn_buffers *at, nm_learning *l)
{
    const nm_syn *syn = &entry->syn;
    const nm_pop *pop = &entry->pop;
    const nm_rule *rule = &entry->rule;
    found_arrays found = {.c = c, .good = true};
    uint64_t m = syn->m;
    *l = (nm_learning){.rule = rule,
                       .reward = at->reward,
                       .n = syn->n,
                       .m = syn->m,
                       .common_threshold = pop->neuron.vth,
                       .end = c->ram + c->size};
    find_weights(&found, syn, rule, l);
    l->pre_spikes = find(&found, at->source, UINT64_C(4) * nm_words(syn->n));
    l->post_spikes = find(&found, at->output, UINT64_C(4) * nm_words(syn->m));
    if (rule->pre_traces) {
        l->pre_traces = find(&found, rule->pre_traces, UINT64_C(2) * syn->n);
    }
    if (rule->kind == NM_RULE_PAIR || rule->kind == NM_RULE_REWARD || rule->kind == NM_RULE_SDSP) {
        l->post_traces = find(&found, rule->post_traces, 2 * m);
    }
    if (rule->kind == NM_RULE_SDSP || rule->kind == NM_RULE_EPROP) {
        l->membrane = find(&found, nm_membrane_address(pop, 0), 4 * m);
    }
    if (rule->kind == NM_RULE_EPROP) {
        l->signal = find(&found, rule->signal, 4 * m);
        if (pop->replaced >> NM_VTH & 1) {
            l->threshold = find(&found, nm_parameter_address(pop, NM_VTH, 0), 4 * m);
        }
    }
    for (uint32_t g = 0; found.good && g < nm_words(syn->m); g++) {
        l->posts += nm_popcount(nm_get32(l->post_spikes + 4 * g) & nm_valid_bits(syn->m, g));
    }
    return found.good;
}

/* The rows without a pre spike in [first, end). */
static uint32_t list_silent(const nm_coprocessor *c, const nm_learning *l, uint32_t first, uint32_t end, uint16_t *list)
{
    uint32_t silent[NM_LARGEST_BITMAP];
    for (uint32_t g = first / 64 * 2; g < nm_words(end); g++) {
        silent[g] = ~nm_get32(l->pre_spikes + 4 * (size_t)g);
    }
    return c->kernels->list_bits((const uint8_t *)silent, end, first, list);
}

/* Rows by the kernels; gives the next row to visit, n at the end. */
static uint32_t learn_by_kernels(nm_coprocessor *c, const nm_entry *entry, const nm_learning *l, uint32_t first)
{
    uint32_t kind = l->rule->kind, next, rows;
    uint64_t updated;
    if (kind == NM_RULE_SDSP || (kind == NM_RULE_PAIR && !l->posts)) {
        uint32_t active = c->kernels->list_bits(l->pre_spikes, l->n, first, c->active);
        rows = active < c->units_left ? active : (uint32_t)c->units_left;
        next = rows < active ? c->active[rows] : l->n;
        updated = (uint64_t)rows * l->m;
        c->kernels->learn_rows(l, c->active, rows, true);
    } else {
        rows = l->n - first < c->units_left ? l->n - first : (uint32_t)c->units_left;
        next = first + rows;
        uint32_t active = c->kernels->list_bits(l->pre_spikes, next, first, c->active);
        uint32_t silent = list_silent(c, l, first, next, c->active + active);
        updated = kind == NM_RULE_PAIR ? (uint64_t)active * l->m + (uint64_t)silent * l->posts
                  : l->reward          ? (uint64_t)rows * l->m
                                       : 0;
        c->kernels->learn_rows(l, c->active, active, true);
        c->kernels->learn_rows(l, c->active + active, silent, false);
    }
    if (rows) {
        nm_wrote(c, entry->syn.weights + (uint32_t)l->pitch * first, (uint64_t)l->pitch * (next - first));
        if (kind == NM_RULE_REWARD) {
            nm_wrote(c, l->rule->eligibility + 2 * (first * l->m), UINT64_C(2) * l->m * (next - first));
        }
        nm_count_learned(c, entry, rows, updated, l->m);
    }
    return next;
}

bool nm_learn_in_bulk(nm_coprocessor *c, const nm_entry *entry, const nm_learn_buffers *at, nm_status *status)
{
    nm_learning l;
    uint32_t first = c->progress.index;
    if (!nm_has_kernels(c->kernels) || first >= entry->syn.n || !find_arrays(c, entry, at, &l)) {
        return false;
    }
    bool kernels = l.rule->kind == NM_RULE_PAIR || l.rule->kind == NM_RULE_REWARD || l.rule->kind == NM_RULE_SDSP;
    if (!kernels || entry->syn.format == NM_CSR || (l.rule->plasticity.rounding == 3 && l.rule->kind != NM_RULE_SDSP)) {
        return nm_learn_by_rows(c, entry, &l, status);
    }
    c->progress.index = learn_by_kernels(c, entry, &l, first);
    *status = c->progress.index < l.n ? NM_SLICE_END : NM_OK;
    return true;
}
