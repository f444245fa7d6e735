/* Tiles of dense rows that learn, and steps: where all weights of a column or of a row change by the same amount, they
   change as bytes, 0..255 for -128..127. */

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
        v_store_8(steps->raise + k, v_clip(d, v_all(0), v_all(255)));
        v_store_8(steps->lower + k, v_clip(0 - d, v_all(0), v_all(255)));
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
        v_store_8(t->steps.raise + k, v_select(raised, one, zero));
        v_store_8(t->steps.lower + k, v_select(lowered, one, zero));
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
