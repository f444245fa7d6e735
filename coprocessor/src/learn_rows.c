/* Phase 0 of the learn operation row by row on host memory: sparse weights, and rules that draw, in the order of their
   draws. What belongs to a post neuron alone is computed once for all rows, in c->columns. */
#include "engine.h"

/* One visited row of rules 0, 1, 3, 4. */
typedef struct row_of {
    const nm_learning *l;
    bool a;                 /* pre spike */
    uint32_t x;             /* pre trace */
    uint32_t count;         /* synapses */
    uint8_t *weights, *eligibility;
    const uint8_t *columns; /* of the synapses; dense: NULL */
} row_of;

static inline uint32_t column_of(const row_of *r, uint32_t k)
{
    return r->columns ? nm_get16(r->columns + 2 * (size_t)k) : k;
}

static inline bool bit_of(const uint8_t *bits, uint32_t k) { return (nm_get32(bits + 4 * (k / 32)) >> k % 32 & 1) != 0; }

static inline uint32_t trace_of(const uint8_t *traces, uint32_t k) { return nm_get16(traces + 2 * (size_t)k); }

static inline int64_t word_of(const uint8_t *words, uint32_t k) { return nm_s32(nm_get32(words + 4 * (size_t)k)); }

static int64_t error_of(const nm_learning *l, uint32_t j)
{
    int64_t threshold = l->threshold ? word_of(l->threshold, j) : l->common_threshold;
    return nm_error_of(l->rule, word_of(l->signal, j), threshold, word_of(l->membrane, j));
}

/* What a weight of column j changes by wherever only the post neuron counts, E_j for rule 4. */
static void compute_columns(const nm_learning *l, int32_t *columns)
{
    const nm_rule *rule = l->rule;
    const nm_plasticity *p = &rule->plasticity;
    for (uint32_t j = 0; j < l->m; j++) {
        switch (rule->kind) {
        case NM_RULE_SDSP:
            columns[j] = (int32_t)nm_kernel_sdsp(p, word_of(l->membrane, j), trace_of(l->post_traces, j));
            break;
        case NM_RULE_EPROP: columns[j] = (int32_t)error_of(l, j); break;
        default: {
            uint32_t no_draws = 0;
            int64_t change = nm_trace_product(rule, true, 0, false, trace_of(l->post_traces, j));
            columns[j] = (int32_t)nm_clip(nm_round(&no_draws, p->rounding, change, p->sh), -256, 256);
            break;
        }
        }
    }
}

/* The changes of whole columns. */
static uint32_t change_by_columns(const row_of *r, const int32_t *columns)
{
    const nm_plasticity *p = &r->l->rule->plasticity;
    for (uint32_t k = 0; k < r->count; k++) {
        r->weights[k] = (uint8_t)nm_wclip(p, nm_s8(r->weights[k]) + columns[column_of(r, k)]);
    }
    return r->count;
}

/* Rule 0 where the pre spike is all there is or where rounding draws; gives the number of updates. */
static uint32_t pair_row(const row_of *r, uint32_t *rng)
{
    const nm_learning *l = r->l;
    const nm_plasticity *p = &l->rule->plasticity;
    uint32_t updated = 0;
    for (uint32_t k = 0; k < r->count; k++) {
        uint32_t j = column_of(r, k);
        bool b = bit_of(l->post_spikes, j);
        if (r->a || b) {
            int64_t change = nm_trace_product(l->rule, r->a, r->x, b, trace_of(l->post_traces, j));
            r->weights[k] = (uint8_t)nm_kernel_stdw(p, rng, nm_s8(r->weights[k]), change, p->sh);
            updated++;
        }
    }
    return updated;
}

static uint32_t reward_row(const row_of *r, uint32_t *rng)
{
    const nm_learning *l = r->l;
    const nm_rule *rule = l->rule;
    for (uint32_t k = 0; k < r->count; k++) {
        uint32_t j = column_of(r, k);
        bool b = bit_of(l->post_spikes, j);
        uint8_t *e = r->eligibility + 2 * (size_t)k;
        int64_t change = nm_trace_product(rule, r->a, r->x, b, trace_of(l->post_traces, j));
        int64_t trace = nm_eligibility(rule, rng, nm_s16(nm_get16(e)), change);
        nm_put16(e, nm_u32(trace));
        if (l->reward) {
            int64_t w = nm_s8(r->weights[k]);
            r->weights[k] = (uint8_t)nm_kernel_stdw(&rule->plasticity, rng, w, l->reward * trace, rule->shr);
        }
    }
    return l->reward ? r->count : 0;
}

static uint32_t error_row(const row_of *r, const int32_t *columns, uint32_t *rng)
{
    const nm_plasticity *p = &r->l->rule->plasticity;
    uint32_t updated = 0, state = *rng;
    for (uint32_t k = 0; k < r->count; k++) {
        int64_t error = columns[column_of(r, k)];
        if (nm_epw_product(error, r->x)) {
            r->weights[k] = (uint8_t)nm_kernel_epw(p, &state, nm_s8(r->weights[k]), error, r->x);
            updated++;
        }
    }
    *rng = state;
    return updated;
}

static uint32_t learn_row(nm_coprocessor *c, const row_of *r)
{
    const nm_learning *l = r->l;
    bool draws = l->rule->plasticity.rounding == 3;
    switch (l->rule->kind) {
    case NM_RULE_PAIR:
        return draws || l->posts ? pair_row(r, nm_rng(c)) : change_by_columns(r, c->columns);
    case NM_RULE_REWARD: return reward_row(r, nm_rng(c));
    case NM_RULE_SDSP: return change_by_columns(r, c->columns);
    default: return error_row(r, c->columns, nm_rng(c));
    }
}

/* Find the synapses of row i; false if the row is bad and has to go with checks. */
static bool find_row(const nm_learning *l, uint32_t i, row_of *r)
{
    r->count = l->m;
    if (!l->rows) {
        r->weights = l->weights + l->pitch * i;
        r->eligibility = l->eligibility ? l->eligibility + 2 * ((size_t)l->m * i) : NULL;
        return true;
    }
    uint32_t first = nm_get32(l->rows + 4 * (size_t)i), last = nm_get32(l->rows + 4 * (size_t)i + 4), most = 0;
    if (last < first || last > l->elements) {
        return false;
    }
    r->count = last - first;
    r->weights = l->weights + first;
    r->eligibility = l->eligibility ? l->eligibility + 2 * (size_t)first : NULL;
    r->columns = l->columns + 2 * (size_t)first;
    for (uint32_t k = 0; k < r->count; k++) {
        uint32_t j = nm_get16(r->columns + 2 * (size_t)k);
        most = j > most ? j : most;
    }
    return r->count == 0 || most < l->m;
}

/* Rule 2; gives the number of draws. */
static uint32_t binary_row(nm_coprocessor *c, const nm_learning *l, uint32_t i, bool a)
{
    const nm_plasticity *p = &l->rule->plasticity;
    uint8_t *row = l->weights + l->pitch * i;
    uint32_t draws = 0;
    for (uint32_t g = 0; g < nm_words(l->m); g++) {
        uint32_t gate = nm_get32(l->post_spikes + 4 * g) & nm_valid_bits(l->m, g);
        if (gate) {
            uint32_t w = nm_get32(row + 4 * g);
            draws += nm_popcount(gate & (a ? ~w : w));
            nm_put32(row + 4 * g, (a ? nm_kernel_bltp : nm_kernel_bltd)(p, nm_rng(c), w, gate));
        }
    }
    return draws;
}

static bool visited(const nm_learning *l, const row_of *r)
{
    switch (l->rule->kind) {
    case NM_RULE_PAIR: return r->a || l->posts;
    case NM_RULE_REWARD: return true;
    case NM_RULE_BINARY: return l->posts != 0;
    case NM_RULE_SDSP: return r->a;
    default: return r->x != 0;
    }
}

/* Note what row i has stored to. */
static void note_row(nm_coprocessor *c, const nm_learning *l, const row_of *r, uint32_t i)
{
    uint64_t bytes = l->rule->kind == NM_RULE_BINARY ? l->pitch : r->count;
    const uint8_t *weights = r->weights ? r->weights : l->weights + l->pitch * i;
    nm_wrote(c, c->base + (uint32_t)(weights - c->ram), bytes);
    if (r->eligibility) {
        nm_wrote(c, c->base + (uint32_t)(r->eligibility - c->ram), UINT64_C(2) * r->count);
    }
}

bool nm_learn_by_rows(nm_coprocessor *c, const nm_entry *entry, const nm_learning *l, nm_status *status)
{
    uint32_t kind = l->rule->kind;
    bool only_spiking = kind == NM_RULE_SDSP || (kind == NM_RULE_PAIR && !l->posts), silent = kind == NM_RULE_BINARY && !l->posts;
    uint32_t first = c->progress.index, count = silent ? 0 : l->n - first;
    if (only_spiking) {
        count = c->kernels->list_bits(l->pre_spikes, l->n, first, c->active);
    }
    if (count && kind != NM_RULE_REWARD && kind != NM_RULE_BINARY) {
        compute_columns(l, c->columns);
    }
    for (uint32_t k = 0; k < count; k++) {
        uint32_t i = only_spiking ? c->active[k] : first + k, updated;
        row_of r = {.l = l, .a = bit_of(l->pre_spikes, i), .x = l->pre_traces ? trace_of(l->pre_traces, i) : 0};
        c->progress.index = i;
        if (!visited(l, &r)) {
            continue;
        }
        if (!nm_unit_may_start(c)) {
            *status = NM_SLICE_END;
            return true;
        }
        if (kind == NM_RULE_BINARY) {
            updated = binary_row(c, l, i, r.a);
            r.count = l->m;
        } else if (find_row(l, i, &r)) {
            updated = learn_row(c, &r);
        } else {
            return false;
        }
        note_row(c, l, &r, i);
        nm_count_learned(c, entry, 1, updated, r.count);
    }
    *status = NM_OK;
    return true;
}
