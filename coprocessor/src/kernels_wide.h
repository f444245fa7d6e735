/* Rules 0 and 1 in words, where changes belong to single synapses. Sums of products fit, or the synapses go one by one. */

static inline bool get_bit(const uint8_t *bits, uint32_t k) { return (bits[k / 8] >> k % 8 & 1) != 0; }

/* One synapse of rules 0 and 1 in the arithmetic of the specification. */
static void learn_synapse(const nm_learning *l, uint32_t i, bool a, uint32_t j)
{
    const nm_rule *rule = l->rule;
    const nm_plasticity *p = &rule->plasticity;
    uint32_t no_draws = 0;
    uint8_t *w = l->weights + l->pitch * i + j;
    int64_t change = nm_trace_product(rule, a, get_trace(l->pre_traces, i), get_bit(l->post_spikes, j),
                                      get_trace(l->post_traces, j));
    if (rule->kind == NM_RULE_PAIR) {
        *w = (uint8_t)nm_kernel_stdw(p, &no_draws, nm_s8(*w), change, p->sh);
        return;
    }
    uint8_t *e = l->eligibility + 2 * ((size_t)l->m * i + j);
    int64_t trace = nm_eligibility(rule, &no_draws, nm_s16(get_trace(e, 0)), change);
    uint16_t stored = (uint16_t)trace;
    memcpy(e, &stored, 2);
    if (l->reward) {
        *w = (uint8_t)nm_kernel_stdw(p, &no_draws, nm_s8(*w), l->reward * trace, rule->shr);
    }
}

/* What is done: the weights by the traces; eligibility, and weights by it unless the reward is 0. */
enum { NM_WIDE_PAIR, NM_WIDE_TRACE, NM_WIDE_REWARD };
/* What a row has: no spike on either side, spikes on the post side, a pre spike. */
enum { NM_QUIET, NM_SILENT, NM_SPIKING };

/* The rule in vectors. */
typedef struct wide_rule {
    shift_round change, decay, rewarded;
    nm_v32 low, high, reward, retention;
    unsigned spikes; /* NM_QUIET ... */
} wide_rule;

static inline wide_rule wide_rule_of(const nm_learning *l, unsigned spikes)
{
    const nm_plasticity *p = &l->rule->plasticity;
    return (wide_rule){shift_round_of(p->rounding, p->sh),
                       shift_round_of(p->rounding, 12),
                       shift_round_of(p->rounding, l->rule->shr),
                       v_all((int32_t)p->wmin),
                       v_all((int32_t)p->wmax),
                       v_all((int32_t)(l->reward & 0xFFFF)),
                       v_all((int32_t)l->rule->ke),
                       spikes};
}

/* What belongs to the columns of `count` synapses, for dense rows those of a tile. */
typedef struct wide_columns {
    uint32_t count;
    int32_t post[NM_LEARN_COLUMNS];    /* -1 where there is a post spike */
    int32_t product[NM_LEARN_COLUMNS]; /* AM*y */
} wide_columns;

static inline nm_v32 v_large_at_most(nm_v32 change) { return v_clip(change, v_all(-NM_LARGE_CHANGE), v_all(NM_LARGE_CHANGE)); }

/* NM_WORDS synapses: weights at w, eligibility at e, place k of the columns; `pre` is AP*x_i, of a silent row what that
   changes. Only `lanes` change if `partial`. */
static inline __attribute__((always_inline)) void wide_vector(const wide_rule *rule, const wide_columns *columns,
                                                              uint8_t *w, uint8_t *e, uint32_t k, nm_v32 pre,
                                                              nm_mask lanes, const bool partial, const unsigned way,
                                                              const unsigned spikes)
{
    nm_v32 change = v_all(0), product;
    if (spikes != NM_QUIET) {
        memcpy(&change, columns->post + k, sizeof change);
        change &= pre;
    }
    if (spikes == NM_SPIKING) {
        memcpy(&product, columns->product + k, sizeof product);
        change = v_large_at_most(v_round(&rule->change, change - product));
    }
    if (way != NM_WIDE_PAIR) {
        nm_v32 old = v_load_s16(e), trace = v_round(&rule->decay, v_multiply_s16(old, rule->retention)) + change;
        trace = v_clip(trace, v_all(INT16_MIN), v_all(INT16_MAX));
        v_store_16(e, partial ? v_select(lanes, trace, old) : trace);
        change = v_round(&rule->rewarded, v_multiply_s16(trace, rule->reward));
    }
    if (way != NM_WIDE_TRACE) {
        nm_v32 old = v_load_s8_words(w), x = v_clip(old + change, rule->low, rule->high);
        v_store_8(w, partial ? v_select(lanes, x, old) : x);
    }
}

/* Synapses in a row; `product` is AP*x_i. */
static inline __attribute__((always_inline)) void wide_row(const nm_learning *l, const wide_rule *in_memory,
                                                           const wide_columns *columns, uint8_t *w, uint8_t *e,
                                                           int64_t product, const unsigned way, const unsigned spikes)
{
    const wide_rule own = *in_memory, *const rule = &own; /* stores to RAM cannot change it */
    const nm_mask all = v_gt(v_all(1), v_all(0));
    const uint32_t count = columns->count;
    const uint8_t *const end = l->end;
    nm_v32 pre = v_all((int32_t)product);
    if (spikes == NM_SILENT) {
        pre = v_large_at_most(v_round(&rule->change, pre));
    }
    uint32_t k = 0;
    for (; k + NM_WORDS <= count; k += NM_WORDS) {
        wide_vector(rule, columns, w + k, e + 2 * k, k, pre, all, false, way, spikes);
    }
    if (k == count) {
        return;
    }
    uint32_t left = count - k;
    nm_mask lanes = v_mask_of_bits((1u << left) - 1);
    uint8_t *last_w = w + k, *last_e = e + 2 * k;
    if ((size_t)(end - last_w) >= NM_WORDS && (size_t)(end - last_e) >= 2 * NM_WORDS) {
        wide_vector(rule, columns, last_w, last_e, k, pre, lanes, true, way, spikes);
        return;
    }
    uint8_t some_w[NM_WORDS] = {0}, some_e[2 * NM_WORDS] = {0};
    memcpy(some_w, last_w, left);
    if (way != NM_WIDE_PAIR) {
        memcpy(some_e, last_e, 2 * left);
    }
    wide_vector(rule, columns, some_w, some_e, k, pre, lanes, true, way, spikes);
    memcpy(last_w, some_w, left);
    if (way != NM_WIDE_PAIR) {
        memcpy(last_e, some_e, 2 * left);
    }
}

static inline __attribute__((always_inline)) void wide_row_in(const nm_learning *l, const wide_rule *rule,
                                                              const wide_columns *columns, uint8_t *w, uint8_t *e,
                                                              int64_t product, const unsigned way)
{
    switch (rule->spikes) {
    case NM_QUIET: wide_row(l, rule, columns, w, e, product, way, NM_QUIET); break;
    case NM_SILENT: wide_row(l, rule, columns, w, e, product, way, NM_SILENT); break;
    default: wide_row(l, rule, columns, w, e, product, way, NM_SPIKING); break;
    }
}

static void wide_row_of(const nm_learning *l, const wide_rule *rule, const wide_columns *columns, uint8_t *w, uint8_t *e,
                        int64_t product)
{
    if (l->rule->kind == NM_RULE_PAIR) {
        wide_row(l, rule, columns, w, w, product, NM_WIDE_PAIR, NM_SPIKING);
    } else if (l->reward) {
        wide_row_in(l, rule, columns, w, e, product, NM_WIDE_REWARD);
    } else {
        wide_row_in(l, rule, columns, w, e, product, NM_WIDE_TRACE);
    }
}

/* The columns of a tile; gives the largest AM*y, in magnitude, where there is a post spike. */
static int64_t wide_columns_of(const nm_learning *l, const learn_tile *t, wide_columns *columns)
{
    int64_t most = 0;
    *columns = (wide_columns){.count = t->count};
    for (uint32_t k = 0; k < t->count; k++) {
        columns->product[k] = (int32_t)(l->rule->am * (int64_t)get_trace(l->post_traces, t->column + k));
    }
    for (uint32_t k = 0; k < t->posts; k++) {
        uint32_t place = t->post[k] - t->column;
        int64_t size = nm_abs(columns->product[place]);
        columns->post[place] = -1;
        most = size > most ? size : most;
    }
    return most;
}

static void wide_rows(const nm_learning *l, const uint16_t *row, uint32_t count, const learn_tile *t,
                      const wide_columns *columns, int64_t most, const wide_rule *rule)
{
    const uint32_t rounds = 1 + (NM_WORDS + l->m - 1) / l->m; /* as in step_tile */
    for (uint32_t round = 0; round < rounds; round++) {
        for (uint32_t k = round; k < count; k += rounds) {
            uint32_t i = row[k];
            int64_t pre = l->rule->ap * (int64_t)get_trace(l->pre_traces, i);
            if (rule->spikes == NM_SPIKING && nm_abs(pre) + most >= INT32_MAX) {
                for (uint32_t j = t->column; j < t->column + t->count; j++) {
                    learn_synapse(l, i, true, j);
                }
                continue;
            }
            uint8_t *w = l->weights + l->pitch * i + t->column;
            uint8_t *e = l->eligibility ? l->eligibility + 2 * ((size_t)l->m * i + t->column) : w;
            wide_row_of(l, rule, columns, w, e, pre);
        }
    }
}

static void learn_elements(const nm_learning *l, const nm_elements *s, const int32_t *product)
{
    const wide_rule rule = wide_rule_of(l, s->a ? NM_SPIKING : l->posts ? NM_SILENT : NM_QUIET);
    const bool quiet = rule.spikes == NM_QUIET;
    wide_columns columns;
    for (uint32_t first = 0; first < s->count; first += NM_LEARN_COLUMNS) {
        columns.count = s->count - first < NM_LEARN_COLUMNS ? s->count - first : NM_LEARN_COLUMNS;
        for (uint32_t k = 0; !quiet && k < columns.count; k++) {
            uint32_t j = get_trace(s->columns, first + k);
            columns.product[k] = product[j];
            columns.post[k] = -get_bit(l->post_spikes, j);
        }
        for (uint32_t k = columns.count; !quiet && k % NM_WORDS; k++) {
            columns.product[k] = columns.post[k] = 0;
        }
        uint8_t *e = s->eligibility + 2 * (size_t)first;
        wide_row_of(l, &rule, &columns, s->weights + first, e, l->rule->ap * (int64_t)s->x);
    }
}
