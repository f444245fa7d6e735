/* Phase 0 of the learn operation row by row on host memory: sparse weights, and rules that draw, in the order of their
   draws. What belongs to a post neuron alone is computed once for all rows, in c->columns. */
#include "engine.h"

/* In place of the change of a column that has a post spike, where that is more than its own. */
enum { POST_SPIKE = INT32_MIN };

typedef struct row_plan {
    const nm_learning *l;
    uint16_t *some;      /* dense rows: the columns that may be all that change, ascending */
    uint32_t some_count;
    int64_t most;        /* rule 1: the largest AM*y, in magnitude */
    bool draws;          /* rounding may draw */
} row_plan;

static inline bool bit_of(const uint8_t *bits, uint32_t k) { return (nm_get32(bits + 4 * (k / 32)) >> k % 32 & 1) != 0; }

static inline uint32_t half_of(const uint8_t *halves, uint32_t k) { return nm_get16(halves + 2 * (size_t)k); }

static inline int64_t word_of(const uint8_t *words, uint32_t k) { return nm_s32(nm_get32(words + 4 * (size_t)k)); }

static int64_t error_of(const nm_learning *l, uint32_t j)
{
    int64_t threshold = l->threshold ? word_of(l->threshold, j) : l->common_threshold;
    return nm_error_of(l->rule, word_of(l->signal, j), threshold, word_of(l->membrane, j));
}

/* What a weight of column j changes by when only the pre neuron spikes. */
static int32_t pair_change(const nm_learning *l, uint32_t j)
{
    const nm_plasticity *p = &l->rule->plasticity;
    uint32_t no_draws = 0;
    if (bit_of(l->post_spikes, j)) {
        return POST_SPIKE;
    }
    int64_t change = nm_trace_product(l->rule, true, 0, false, half_of(l->post_traces, j));
    return (int32_t)nm_clip(nm_round(&no_draws, p->rounding, change, p->sh), -256, 256);
}

/* Rule 0: pair_change; rule 1: AM*y_j; rule 3: the change; rule 4: E_j. */
static void plan_columns(nm_coprocessor *c, row_plan *plan)
{
    const nm_learning *l = plan->l;
    const nm_rule *rule = l->rule;
    int32_t *columns = c->columns;
    for (uint32_t j = 0; j < l->m; j++) {
        switch (rule->kind) {
        case NM_RULE_PAIR: columns[j] = plan->draws ? 0 : pair_change(l, j); break;
        case NM_RULE_REWARD:
            columns[j] = (int32_t)(rule->am * (int64_t)half_of(l->post_traces, j));
            plan->most = nm_abs(columns[j]) > plan->most ? nm_abs(columns[j]) : plan->most;
            break;
        case NM_RULE_SDSP:
            columns[j] = (int32_t)nm_kernel_sdsp(&rule->plasticity, word_of(l->membrane, j), half_of(l->post_traces, j));
            break;
        default:
            columns[j] = (int32_t)error_of(l, j);
            if (columns[j]) {
                plan->some[plan->some_count++] = (uint16_t)j;
            }
            break;
        }
    }
}

static inline uint32_t column_of(const nm_elements *s, uint32_t k) { return s->columns ? half_of(s->columns, k) : k; }

static inline void pair_synapse(const nm_learning *l, const nm_elements *s, uint32_t k, uint32_t j, bool b, uint32_t *rng)
{
    const nm_plasticity *p = &l->rule->plasticity;
    int64_t change = nm_trace_product(l->rule, s->a, s->x, b, half_of(l->post_traces, j));
    s->weights[k] = (uint8_t)nm_kernel_stdw(p, rng, nm_s8(s->weights[k]), change, p->sh);
}

/* Rule 0 where rounding may draw; gives the number of updates. */
static uint32_t pair_row_with_draws(const row_plan *plan, const nm_elements *s, uint32_t *rng)
{
    const nm_learning *l = plan->l;
    uint32_t updated = 0;
    if (!s->columns && !s->a) {
        for (uint32_t k = 0; k < plan->some_count; k++) {
            pair_synapse(l, s, plan->some[k], plan->some[k], true, rng);
        }
        return plan->some_count;
    }
    for (uint32_t k = 0; k < s->count; k++) {
        uint32_t j = column_of(s, k);
        bool b = bit_of(l->post_spikes, j);
        if (s->a || b) {
            pair_synapse(l, s, k, j, b, rng);
            updated++;
        }
    }
    return updated;
}

/* Rule 0 with sparse weights otherwise, and rule 3. */
static uint32_t row_by_columns(const nm_learning *l, const nm_elements *s, const int32_t *columns)
{
    const nm_plasticity *p = &l->rule->plasticity;
    const int32_t low = (int32_t)p->wmin, high = (int32_t)p->wmax;
    uint8_t *const weights = s->weights;
    uint32_t no_draws = 0;
    for (uint32_t k = 0; k < s->count; k++) {
        uint32_t j = half_of(s->columns, k);
        if (columns[j] == POST_SPIKE) {
            pair_synapse(l, s, k, j, true, &no_draws);
        } else {
            int32_t w = (int8_t)weights[k] + columns[j];
            weights[k] = (uint8_t)(w < low ? low : w > high ? high : w);
        }
    }
    return s->count;
}

/* Rule 0 with sparse weights and without a pre spike. */
static uint32_t silent_row(const nm_learning *l, const nm_elements *s, const int32_t *columns)
{
    const nm_plasticity *p = &l->rule->plasticity;
    uint32_t updated = 0, no_draws = 0;
    int64_t change = nm_round(&no_draws, p->rounding, nm_trace_product(l->rule, false, s->x, true, 0), p->sh);
    for (uint32_t k = 0; k < s->count; k++) {
        if (columns[half_of(s->columns, k)] == POST_SPIKE) {
            s->weights[k] = (uint8_t)nm_wclip(p, nm_s8(s->weights[k]) + change);
            updated++;
        }
    }
    return updated;
}

static void reward_row(const row_plan *plan, const nm_elements *s, uint32_t *rng)
{
    const nm_learning *l = plan->l;
    const nm_rule *rule = l->rule;
    for (uint32_t k = 0; k < s->count; k++) {
        uint32_t j = column_of(s, k);
        uint8_t *e = s->eligibility + 2 * (size_t)k;
        int64_t change = nm_trace_product(rule, s->a, s->x, bit_of(l->post_spikes, j), half_of(l->post_traces, j));
        int64_t trace = nm_eligibility(rule, rng, nm_s16(nm_get16(e)), change);
        nm_put16(e, nm_u32(trace));
        if (l->reward) {
            int64_t w = nm_s8(s->weights[k]);
            s->weights[k] = (uint8_t)nm_kernel_stdw(&rule->plasticity, rng, w, l->reward * trace, rule->shr);
        }
    }
}

static void error_synapse(const nm_learning *l, const nm_elements *s, uint32_t k, int64_t error, uint32_t *rng)
{
    s->weights[k] = (uint8_t)nm_kernel_epw(&l->rule->plasticity, rng, nm_s8(s->weights[k]), error, s->x);
}

static uint32_t error_row(const row_plan *plan, const nm_elements *s, const int32_t *columns, uint32_t *rng)
{
    uint32_t updated = 0, own = *rng;
    if ((s->x & NM_TRACE_MAXIMUM) == 0) {
        return 0;
    }
    if (!s->columns) {
        for (uint32_t k = 0; k < plan->some_count; k++) {
            error_synapse(plan->l, s, plan->some[k], columns[plan->some[k]], &own);
        }
        updated = plan->some_count;
    }
    for (uint32_t k = 0; s->columns && k < s->count; k++) {
        int64_t error = columns[half_of(s->columns, k)];
        if (error) {
            error_synapse(plan->l, s, k, error, &own);
            updated++;
        }
    }
    *rng = own;
    return updated;
}

/* One row of rules 0, 1, 3, 4; gives the number of updates. */
static uint32_t learn_row(nm_coprocessor *c, const row_plan *plan, const nm_elements *s)
{
    const nm_learning *l = plan->l;
    switch (l->rule->kind) {
    case NM_RULE_PAIR:
        return plan->draws ? pair_row_with_draws(plan, s, nm_rng(c))
               : s->a      ? row_by_columns(l, s, c->columns)
                           : silent_row(l, s, c->columns);
    case NM_RULE_REWARD:
        if (plan->draws || (s->a && nm_abs(l->rule->ap) * (int64_t)s->x + plan->most >= INT32_MAX)) {
            reward_row(plan, s, nm_rng(c));
        } else {
            c->kernels->learn_elements(l, s, c->columns);
        }
        return l->reward ? s->count : 0;
    case NM_RULE_SDSP: return row_by_columns(l, s, c->columns);
    default: return error_row(plan, s, c->columns, nm_rng(c));
    }
}

/* Find the synapses of row i; false if the row is bad and has to go with checks. */
static bool find_row(const nm_coprocessor *c, const nm_learning *l, uint32_t i, nm_elements *s)
{
    size_t first = (size_t)l->m * i;
    s->count = l->m;
    s->weights = l->weights + l->pitch * i;
    if (l->rows) {
        uint32_t begin = nm_get32(l->rows + 4 * (size_t)i), end = nm_get32(l->rows + 4 * (size_t)i + 4);
        if (end < begin || end > l->elements) {
            return false;
        }
        first = begin;
        s->count = end - begin;
        s->weights = l->weights + begin;
        s->columns = l->columns + 2 * first;
    }
    s->eligibility = l->eligibility ? l->eligibility + 2 * first : NULL;
    return !l->rows || s->count == 0 || c->kernels->largest_column(s->columns, s->count) < l->m;
}

/* Rule 2; gives the number of draws. */
static uint32_t binary_row(const nm_learning *l, uint32_t i, bool a, uint32_t *rng)
{
    const nm_plasticity *p = &l->rule->plasticity;
    uint8_t *row = l->weights + l->pitch * i;
    uint32_t draws = 0, own = *rng;
    for (uint32_t g = 0; g < nm_words(l->m); g++) {
        uint32_t gate = nm_get32(l->post_spikes + 4 * g) & nm_valid_bits(l->m, g);
        if (gate) {
            uint32_t w = nm_get32(row + 4 * g);
            draws += nm_popcount(gate & (a ? ~w : w));
            nm_put32(row + 4 * g, (a ? nm_kernel_bltp : nm_kernel_bltd)(p, &own, w, gate));
        }
    }
    *rng = own;
    return draws;
}

static bool visited(const nm_learning *l, const nm_elements *s)
{
    switch (l->rule->kind) {
    case NM_RULE_PAIR: return s->a || l->posts;
    case NM_RULE_REWARD: return true;
    case NM_RULE_BINARY: return l->posts != 0;
    case NM_RULE_SDSP: return s->a;
    default: return s->x != 0;
    }
}

/* One visited row; false if it has to go with checks. */
static bool perform_row(nm_coprocessor *c, const nm_entry *entry, const row_plan *plan, uint32_t i, nm_elements *s)
{
    const nm_learning *l = plan->l;
    uint32_t updated;
    if (l->rule->kind == NM_RULE_BINARY) {
        uint64_t place = l->pitch * (uint64_t)i;
        updated = binary_row(l, i, s->a, nm_rng(c));
        nm_wrote(c, entry->syn.weights + (uint32_t)place, l->pitch);
        s->count = l->m;
    } else {
        if (!find_row(c, l, i, s)) {
            return false;
        }
        updated = learn_row(c, plan, s);
        nm_wrote(c, entry->syn.weights + (uint32_t)(s->weights - l->weights), s->count);
        if (l->eligibility) {
            nm_wrote(c, l->rule->eligibility + (uint32_t)(s->eligibility - l->eligibility), UINT64_C(2) * s->count);
        }
    }
    nm_count_learned(c, entry, 1, updated, s->count);
    return true;
}

bool nm_learn_by_rows(nm_coprocessor *c, const nm_entry *entry, const nm_learning *l, nm_status *status)
{
    uint32_t kind = l->rule->kind, first = c->progress.index, count = l->n - first;
    bool only_spiking = kind == NM_RULE_SDSP || (kind == NM_RULE_PAIR && !l->posts);
    row_plan plan = {.l = l, .some = c->active, .draws = l->rule->plasticity.rounding == 3};
    if (only_spiking) {
        count = c->kernels->list_bits(l->pre_spikes, l->n, first, c->active);
    } else if (kind == NM_RULE_PAIR) {
        plan.some_count = c->kernels->list_bits(l->post_spikes, l->m, 0, c->active);
    } else if (kind == NM_RULE_BINARY && !l->posts) {
        count = 0;
    }
    if (count && kind != NM_RULE_BINARY) {
        plan_columns(c, &plan);
    }
    *status = NM_OK;
    for (uint32_t k = 0; k < count; k++) {
        uint32_t i = only_spiking ? c->active[k] : first + k;
        nm_elements s = {.a = bit_of(l->pre_spikes, i), .x = l->pre_traces ? half_of(l->pre_traces, i) : 0};
        c->progress.index = i;
        if (!visited(l, &s)) {
            continue;
        }
        if (!nm_unit_may_start(c)) {
            *status = NM_SLICE_END;
            return true;
        }
        if (!perform_row(c, entry, &plan, i, &s)) {
            return false;
        }
    }
    return true;
}
