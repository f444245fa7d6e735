/* Plasticity of dense rows where rounding draws nothing (rules 0, 1, 3) and traces. Rows go by tiles of columns, which
   is no other result: each weight is changed once. Two ways:
   - where all weights of a column (or of a row) change by the same amount, in bytes, 0..255 for -128..127: steps;
   - else, and where there is eligibility, in words: wide. Sums of products fit there, or the row goes one by one. */

enum { NM_LEARN_VECTORS = 4, NM_LEARN_COLUMNS = NM_LEARN_VECTORS * NM_BYTES };
enum { NM_LARGE_CHANGE = 1 << 20 /* of a weight or of an eligibility trace: saturates any of them, as more does */ };

/* rnd without draws: add `below` to negative numbers, shift, add half a unit, shift. */
typedef struct shift_round {
    int32_t below, half;
    int first, second;
} shift_round;

static shift_round shift_round_of(unsigned rounding, unsigned k)
{
    bool half = rounding == 2 && k > 0;
    return (shift_round){.below = rounding == 0 ? (int32_t)((1u << k) - 1) : 0,
                         .half = half,
                         .first = (int)k - half,
                         .second = half};
}

/* Exact below INT32_MAX. */
static inline nm_v32 v_round(const shift_round *r, nm_v32 x)
{
    return (((x + ((x >> 31) & r->below)) >> r->first) + r->half) >> r->second;
}

typedef struct learn_steps {
    uint8_t raise[NM_LEARN_COLUMNS], lower[NM_LEARN_COLUMNS];
} learn_steps;

/* So many columns of the rows. */
typedef struct learn_tile {
    uint32_t column, count;
    uint32_t posts; /* post spikes, and where */
    uint16_t post[NM_LEARN_COLUMNS + NM_LIST_SLACK];
    learn_steps steps;
    uint8_t written[NM_LEARN_COLUMNS]; /* 255: column belongs to the tile and changes */
} learn_tile;

static void begin_tile(const nm_learning *l, uint32_t column, learn_tile *t)
{
    t->column = column;
    t->count = l->m - column < NM_LEARN_COLUMNS ? l->m - column : NM_LEARN_COLUMNS;
    t->posts = l->posts && l->rule->kind != NM_RULE_SDSP ? list_bits(l->post_spikes, column + t->count, column, t->post) : 0;
}

/* Traces of some of the rows or columns; those behind `count` are 0. */
typedef struct some_traces {
    uint8_t x[2 * NM_LEARN_COLUMNS];
    uint32_t count, largest;
} some_traces;

static inline uint32_t get_trace(const uint8_t *traces, uint32_t k)
{
    uint16_t x;
    memcpy(&x, traces + 2 * (size_t)k, 2);
    return x;
}

static void copy_traces(const uint8_t *traces, uint32_t first, uint32_t count, some_traces *some)
{
    *some = (some_traces){.count = count};
    memcpy(some->x, traces + 2 * (size_t)first, 2 * (size_t)count);
}

static void gather_traces(const uint8_t *traces, const uint16_t *row, uint32_t count, some_traces *some)
{
    uint16_t x[NM_LEARN_COLUMNS] = {0};
    uint32_t largest = 0;
    for (uint32_t k = 0; k < count; k++) {
        x[k] = (uint16_t)get_trace(traces, row[k]);
        largest = x[k] > largest ? x[k] : largest;
    }
    memcpy(some->x, x, sizeof x);
    some->count = count;
    some->largest = largest;
}

/* Steps of weights that change by factor*trace. More than 255 is not needed. */
static void steps_of_traces(const shift_round *r, int64_t factor, const some_traces *some, learn_steps *steps)
{
    for (uint32_t k = 0; k < some->count; k += NM_WORDS) {
        nm_v32 d = v_round(r, v_load_u16(some->x + 2 * k) * (int32_t)factor);
        v_store_bytes(steps->raise + k, v_clip(d, v_all(0), v_all(255)));
        v_store_bytes(steps->lower + k, v_clip(0 - d, v_all(0), v_all(255)));
    }
}

/* Steps of rule 3. */
static void steps_of_calcium(const nm_learning *l, learn_tile *t)
{
    const nm_plasticity *p = &l->rule->plasticity;
    uint8_t calcium[2 * NM_LEARN_COLUMNS] = {0}, membrane[4 * NM_LEARN_COLUMNS] = {0};
    memcpy(calcium, l->post_traces + 2 * (size_t)t->column, 2 * (size_t)t->count);
    memcpy(membrane, l->membrane + 4 * (size_t)t->column, 4 * (size_t)t->count);
    nm_v32 below = v_all((int32_t)p->t1 - 1), one = v_all(1), zero = v_all(0);
    for (uint32_t k = 0; k < t->count; k += NM_WORDS) {
        nm_v32 ca = v_load_u16(calcium + 2 * k);
        nm_mask low = v_gt(v_all((int32_t)p->membrane_threshold), v_load(membrane + 4 * k)), enough = v_gt(ca, below);
        nm_mask raised = v_and(v_and(enough, v_gt(v_all((int32_t)p->t3), ca)), v_not(low));
        nm_mask lowered = v_and(v_and(enough, v_gt(v_all((int32_t)p->t2), ca)), low);
        v_store_bytes(t->steps.raise + k, v_select(raised, one, zero));
        v_store_bytes(t->steps.lower + k, v_select(lowered, one, zero));
    }
}

/* Limits of weights as bytes 0..255. */
static inline nm_vu8 v8_limit(int64_t w) { return v8_all((uint8_t)(w + 128)); }

typedef struct step_limits {
    nm_vu8 low, high, sign;
} step_limits;

static inline __attribute__((always_inline)) void step_vectors(uint8_t *w, const step_limits *limits,
                                                               const nm_vu8 *raise, const nm_vu8 *lower,
                                                               const nm_mask8 *written, const unsigned vectors)
{
#pragma GCC unroll 4
    for (unsigned v = 0; v < vectors; v++) {
        nm_vu8 old = v8_load(w + NM_BYTES * v);
        nm_vu8 x = v8_subtract(v8_add(old ^ limits->sign, raise[v]), lower[v]);
        x = v8_min(v8_max(x, limits->low), limits->high) ^ limits->sign;
        v8_store_where(w + NM_BYTES * v, written[v], x, old);
    }
}

/* Change the weights that t->written names, from place `start` of the tile on, in `vectors` (a constant) vectors: by the
   steps of their columns, or, if there are, by those of their rows. */
static inline __attribute__((always_inline)) void step_tile(const nm_learning *l, const uint16_t *row, uint32_t count,
                                                            const learn_tile *t, uint32_t start,
                                                            const learn_steps *of_rows, const unsigned vectors)
{
    const nm_plasticity *p = &l->rule->plasticity;
    const step_limits limits = {v8_limit(p->wmin), v8_limit(p->wmax), v8_all(128)};
    nm_vu8 raise[NM_LEARN_VECTORS], lower[NM_LEARN_VECTORS];
    nm_mask8 written[NM_LEARN_VECTORS];
    for (unsigned v = 0; v < vectors; v++) {
        raise[v] = v8_load(t->steps.raise + start + NM_BYTES * v);
        lower[v] = v8_load(t->steps.lower + start + NM_BYTES * v);
        written[v] = v8_mask(t->written + start + NM_BYTES * v);
    }
    /* Vectors of neighbouring rows overlap where rows are short or end inside a vector; a load would wait for the store
       before it, so neighbours go in different rounds. */
    const size_t pitch = l->pitch;
    const uint32_t rounds = (uint32_t)((vectors * NM_BYTES + pitch - 1) / pitch);
    const uint8_t *const end = l->end;
    uint8_t *const weights = l->weights + t->column + start;
    for (uint32_t round = 0; round < rounds; round++) {
        for (uint32_t k = round; k < count; k += rounds) {
            uint8_t *w = weights + pitch * row[k];
            if (of_rows) {
                for (unsigned v = 0; v < vectors; v++) {
                    raise[v] = v8_all(of_rows->raise[k]);
                    lower[v] = v8_all(of_rows->lower[k]);
                }
            }
            if ((size_t)(end - w) >= vectors * NM_BYTES) {
                step_vectors(w, &limits, raise, lower, written, vectors);
            } else {
                uint8_t staged[NM_LEARN_COLUMNS] = {0};
                memcpy(staged, w, t->count - start);
                step_vectors(staged, &limits, raise, lower, written, vectors);
                memcpy(w, staged, t->count - start);
            }
        }
    }
}

/* The same for the vectors that hold places `start` to `last`. */
static void step_rows(const nm_learning *l, const uint16_t *row, uint32_t count, const learn_tile *t, uint32_t start,
                      uint32_t last, const learn_steps *of_rows)
{
    start -= start % NM_BYTES;
    switch ((last - start) / NM_BYTES) {
    case 0: step_tile(l, row, count, t, start, of_rows, 1); break;
    case 1: step_tile(l, row, count, t, start, of_rows, 2); break;
    case 2: step_tile(l, row, count, t, start, of_rows, 3); break;
    default: step_tile(l, row, count, t, start, of_rows, 4); break;
    }
}

/* Name the columns of the tile that are written: those with post spikes or those without. */
static void choose_columns(learn_tile *t, bool with_post)
{
    memset(t->written, 0, sizeof t->written);
    memset(t->written, with_post ? 0 : 255, t->count);
    for (uint32_t k = 0; k < t->posts; k++) {
        t->written[t->post[k] - t->column] = with_post ? 255 : 0;
    }
}

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

/* What wide rows need to know of a tile. */
typedef struct wide_tile {
    shift_round change, decay, rewarded;
    nm_v32 low, high, reward, retention;
    int64_t most;                                       /* of AM*y, in magnitude, where there is a post spike */
    int32_t post[NM_LEARN_COLUMNS];                     /* -1 where there is one */
    int32_t product[NM_LEARN_COLUMNS];                  /* AM*y */
} wide_tile;

static void begin_wide(const nm_learning *l, const learn_tile *t, wide_tile *x)
{
    const nm_rule *rule = l->rule;
    const nm_plasticity *p = &rule->plasticity;
    x->change = shift_round_of(p->rounding, p->sh);
    x->decay = shift_round_of(p->rounding, 12);
    x->rewarded = shift_round_of(p->rounding, rule->shr);
    x->low = v_all((int32_t)p->wmin);
    x->high = v_all((int32_t)p->wmax);
    x->reward = v_all((int32_t)l->reward);
    x->retention = v_all((int32_t)rule->ke);
    x->most = 0;
    memset(x->post, 0, sizeof x->post);
    memset(x->product, 0, sizeof x->product);
    for (uint32_t k = 0; k < t->count; k++) {
        x->product[k] = (int32_t)(rule->am * (int64_t)get_trace(l->post_traces, t->column + k));
    }
    for (uint32_t k = 0; k < t->posts; k++) {
        uint32_t place = t->post[k] - t->column;
        int64_t size = nm_abs(x->product[place]);
        x->post[place] = -1;
        x->most = size > x->most ? size : x->most;
    }
}

/* NM_WORDS synapses: weights at w, eligibility at e, place k of the tile; `pre` is AP*x_i. */
static inline __attribute__((always_inline)) void wide_vector(const nm_learning *l, const wide_tile *x, uint8_t *w,
                                                              uint8_t *e, uint32_t k, bool a, nm_v32 pre)
{
    nm_v32 post, product, change;
    memcpy(&post, x->post + k, sizeof post);
    memcpy(&product, x->product + k, sizeof product);
    change = v_round(&x->change, (pre & post) - (product & (a ? -1 : 0)));
    change = v_clip(change, v_all(-NM_LARGE_CHANGE), v_all(NM_LARGE_CHANGE));
    if (l->rule->kind == NM_RULE_REWARD) {
        nm_v32 trace = v_round(&x->decay, v_load_s16(e) * x->retention) + change;
        trace = v_clip(trace, v_all(INT16_MIN), v_all(INT16_MAX));
        v_store_16(e, trace);
        if (!l->reward) {
            return;
        }
        change = v_round(&x->rewarded, trace * x->reward);
    }
    v_store_bytes(w, v_clip(v_load_s8_words(w) + change, x->low, x->high));
}

static void wide_rows(const nm_learning *l, const uint16_t *row, uint32_t count, bool a, const learn_tile *t)
{
    const nm_rule *rule = l->rule;
    wide_tile x;
    begin_wide(l, t, &x);
    for (uint32_t q = 0; q < count; q++) {
        uint32_t i = row[q];
        int64_t pre = rule->ap * (int64_t)get_trace(l->pre_traces, i);
        if (a && nm_abs(pre) + x.most >= INT32_MAX) {
            for (uint32_t k = 0; k < t->count; k++) {
                learn_synapse(l, i, a, t->column + k);
            }
            continue;
        }
        uint8_t *w = l->weights + l->pitch * i + t->column, *e = w;
        if (rule->kind == NM_RULE_REWARD) {
            e = l->eligibility + 2 * ((size_t)l->m * i + t->column);
        }
        uint32_t k = 0, left;
        for (; k + NM_WORDS <= t->count; k += NM_WORDS) {
            wide_vector(l, &x, w + k, e + 2 * k, k, a, v_all((int32_t)pre));
        }
        left = t->count - k;
        if (left) {
            uint8_t some_w[NM_WORDS] = {0}, some_e[2 * NM_WORDS] = {0};
            size_t e_bytes = rule->kind == NM_RULE_REWARD ? 2 * left : 0;
            memcpy(some_w, w + k, left);
            memcpy(some_e, e + 2 * k, e_bytes);
            wide_vector(l, &x, some_w, some_e, k, a, v_all((int32_t)pre));
            memcpy(w + k, some_w, left);
            memcpy(e + 2 * k, some_e, e_bytes);
        }
    }
}

/* Rule 0, one column with a post spike and rows with a pre spike, whose traces are `pre`. */
static void pair_column(const nm_learning *l, const uint16_t *row, const some_traces *pre, const shift_round *r, uint32_t j)
{
    const nm_rule *rule = l->rule;
    const int32_t low = (int32_t)rule->plasticity.wmin, high = (int32_t)rule->plasticity.wmax;
    int64_t product = rule->am * (int64_t)get_trace(l->post_traces, j);
    if (nm_abs(rule->ap) * (int64_t)pre->largest + nm_abs(product) >= INT32_MAX) {
        for (uint32_t k = 0; k < pre->count; k++) {
            learn_synapse(l, row[k], true, j);
        }
        return;
    }
    int32_t change[NM_LEARN_COLUMNS];
    for (uint32_t k = 0; k < pre->count; k += NM_WORDS) {
        nm_v32 d = v_round(r, v_load_u16(pre->x + 2 * k) * (int32_t)rule->ap - (int32_t)product);
        d = v_clip(d, v_all(-NM_LARGE_CHANGE), v_all(NM_LARGE_CHANGE));
        memcpy(change + k, &d, sizeof d);
    }
    uint8_t *const column = l->weights + j;
    const size_t pitch = l->pitch;
    for (uint32_t k = 0, count = pre->count; k < count; k++) {
        uint8_t *w = column + pitch * row[k];
        int32_t x = (int8_t)*w + change[k];
        *w = (uint8_t)(x < low ? low : x > high ? high : x);
    }
}

/* Rule 0, rows with a pre spike: columns without a post spike by steps, the others one by one or, if many, all wide. */
static void pair_spiking(const nm_learning *l, const uint16_t *row, uint32_t count, const shift_round *r, learn_tile *t)
{
    if (5 * NM_WORDS * t->posts > 8 * t->count) {
        wide_rows(l, row, count, true, t);
        return;
    }
    some_traces pre;
    step_rows(l, row, count, t, 0, t->count - 1, NULL);
    if (t->posts) {
        gather_traces(l->pre_traces, row, count, &pre);
    }
    for (uint32_t k = 0; k < t->posts; k++) {
        pair_column(l, row, &pre, r, t->post[k]);
    }
}

/* Rule 0, rows without a pre spike: the post spikes' columns change by steps of the rows. */
static void pair_silent(const nm_learning *l, const uint16_t *row, uint32_t count, const shift_round *r, learn_tile *t)
{
    some_traces pre;
    learn_steps of_rows;
    gather_traces(l->pre_traces, row, count, &pre);
    steps_of_traces(r, l->rule->ap, &pre, &of_rows);
    step_rows(l, row, count, t, t->post[0] - t->column, t->post[t->posts - 1] - t->column, &of_rows);
}

/* Some of the rows in the tile. */
static void learn_tile_rows(const nm_learning *l, const uint16_t *row, uint32_t count, bool a, const shift_round *r,
                            learn_tile *t)
{
    if (l->rule->kind == NM_RULE_REWARD) {
        wide_rows(l, row, count, a, t);
    } else if (l->rule->kind == NM_RULE_SDSP) {
        step_rows(l, row, count, t, 0, t->count - 1, NULL);
    } else if (a) {
        pair_spiking(l, row, count, r, t);
    } else if (t->posts) {
        pair_silent(l, row, count, r, t);
    }
}

static void learn_rows(const nm_learning *l, const uint16_t *row, uint32_t count, bool a)
{
    const nm_plasticity *p = &l->rule->plasticity;
    shift_round r = shift_round_of(p->rounding, p->sh);
    learn_tile t = {.column = 0};
    for (uint32_t column = 0; count && column < l->m; column += NM_LEARN_COLUMNS) {
        begin_tile(l, column, &t);
        if (l->rule->kind == NM_RULE_SDSP) {
            steps_of_calcium(l, &t);
        } else if (a) {
            some_traces post;
            copy_traces(l->post_traces, t.column, t.count, &post);
            steps_of_traces(&r, -l->rule->am, &post, &t.steps);
        }
        choose_columns(&t, !a);
        for (uint32_t first = 0; first < count; first += NM_LEARN_COLUMNS) {
            learn_tile_rows(l, row + first, count - first < NM_LEARN_COLUMNS ? count - first : NM_LEARN_COLUMNS, a, &r, &t);
        }
    }
}

/* The traces of one vector, spikes in the lowest bits. */
static inline nm_v32 next_trace_vector(const nm_plasticity *p, const nm_traces *side, nm_v32 x, uint32_t spikes)
{
    nm_v32 half = v_all(p->rounding == 2 ? 2048 : 0), most = v_all(NM_TRACE_MAXIMUM), impulse = v_all((int32_t)side->impulse);
    x = v_min((x * (int32_t)side->decay + half) >> 12, most);
    return v_select(v_mask_of_bits(spikes), p->nearest ? impulse : v_min(x + impulse, most), x);
}

static void next_traces(const nm_plasticity *p, const nm_traces *side, uint32_t group, uint32_t end)
{
    for (; group < end; group++) {
        uint32_t left = side->n - NM_GROUP * group, spikes;
        uint32_t bytes = left < NM_GROUP ? 2 * left : 2 * NM_GROUP;
        uint8_t *traces = side->traces + 2 * (size_t)NM_GROUP * group, staged[2 * NM_GROUP] = {0};
        uint8_t *at = left < NM_GROUP ? staged : traces;
        memcpy(&spikes, side->spikes + 4 * (size_t)group, 4);
        if (at == staged) {
            memcpy(staged, traces, bytes);
        }
        for (unsigned k = 0; k < NM_GROUP; k += NM_WORDS) {
            v_store_16(at + 2 * k, next_trace_vector(p, side, v_load_u16(at + 2 * k), spikes >> k));
        }
        if (at == staged) {
            memcpy(traces, staged, bytes);
        }
    }
}
