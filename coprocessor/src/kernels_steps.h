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

/* So many columns of the rows, and their steps: u = min(max(u + amount, low), high) for u = w ^ sign, with sums that stay
   in 0..255. The sign is 0x80 for columns whose weights rise, 0x7F, which reverses the order, for those that fall; columns
   that keep their weights have amount 0, low 0, high 255. */
typedef struct learn_tile {
    uint32_t column, count;
    uint32_t posts; /* post spikes, and where */
    uint16_t post[NM_LEARN_COLUMNS + NM_LIST_SLACK];
    uint8_t amount[NM_LEARN_COLUMNS], sign[NM_LEARN_COLUMNS], low[NM_LEARN_COLUMNS], high[NM_LEARN_COLUMNS];
} learn_tile;

static void begin_tile(const nm_learning *l, uint32_t column, learn_tile *t)
{
    t->column = column;
    t->count = l->m - column < NM_LEARN_COLUMNS ? l->m - column : NM_LEARN_COLUMNS;
    t->posts = l->posts && l->rule->kind != NM_RULE_SDSP ? list_bits(l->post_spikes, column + t->count, column, t->post) : 0;
}

static inline uint8_t step_sign(bool falls) { return falls ? 0x7F : 0x80; }

/* Let `count` columns from place k on rise or fall. */
static inline void change_columns(const nm_learning *l, learn_tile *t, uint32_t k, uint32_t count, bool falls)
{
    const nm_plasticity *p = &l->rule->plasticity;
    memset(t->sign + k, step_sign(falls), count);
    memset(t->low + k, (uint8_t)(falls ? p->wmax : p->wmin) ^ step_sign(falls), count);
    memset(t->high + k, (uint8_t)(falls ? p->wmin : p->wmax) ^ step_sign(falls), count);
}

static inline void keep_columns(learn_tile *t, uint32_t k, uint32_t count)
{
    memset(t->amount + k, 0, count);
    memset(t->low + k, 0, count);
    memset(t->high + k, 255, count);
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

/* Amounts for changes factor*trace, all of which have the sign of the factor. More than 255 is not needed. */
static void amounts_of_traces(const shift_round *r, int64_t factor, const some_traces *some, uint8_t *amount)
{
    for (uint32_t k = 0; k < some->count; k += NM_WORDS) {
        nm_v32 d = v_round(r, v_load_u16(some->x + 2 * k) * (int32_t)factor);
        v_store_8(amount + k, v_min(factor < 0 ? 0 - d : d, v_all(255)));
    }
}

/* Steps of rule 0 that belong to the columns: those without a post spike. */
static void steps_of_traces(const nm_learning *l, const shift_round *r, learn_tile *t)
{
    some_traces post;
    copy_traces(l->post_traces, t->column, t->count, &post);
    amounts_of_traces(r, -l->rule->am, &post, t->amount);
    change_columns(l, t, 0, t->count, l->rule->am > 0);
    keep_columns(t, t->count, NM_LEARN_COLUMNS - t->count);
    for (uint32_t k = 0; k < t->posts; k++) {
        keep_columns(t, t->post[k] - t->column, 1);
    }
}

/* Steps of rule 0 that belong to the rows, in columns with a post spike; the amount is a mask. */
static void steps_of_posts(const nm_learning *l, learn_tile *t)
{
    keep_columns(t, 0, NM_LEARN_COLUMNS);
    memset(t->sign, step_sign(l->rule->ap < 0), sizeof t->sign);
    for (uint32_t k = 0; k < t->posts; k++) {
        uint32_t place = t->post[k] - t->column;
        change_columns(l, t, place, 1, l->rule->ap < 0);
        t->amount[place] = 255;
    }
}

/* Steps of rule 3. */
static void steps_of_calcium(const nm_learning *l, learn_tile *t)
{
    const nm_plasticity *p = &l->rule->plasticity;
    keep_columns(t, 0, NM_LEARN_COLUMNS);
    for (uint32_t k = 0; k < t->count; k++) {
        uint32_t calcium = get_trace(l->post_traces, t->column + k);
        int32_t v;
        memcpy(&v, l->membrane + 4 * (size_t)(t->column + k), 4);
        int64_t change = nm_kernel_sdsp(p, v, calcium);
        change_columns(l, t, k, 1, change < 0);
        t->amount[k] = change != 0;
    }
}

static inline __attribute__((always_inline)) void step_vectors(uint8_t *w, const nm_vu8 *amount, const nm_vu8 *sign,
                                                               const nm_vu8 *low, const nm_vu8 *high,
                                                               const unsigned vectors)
{
#pragma GCC unroll 4
    for (unsigned v = 0; v < vectors; v++) {
        nm_vu8 u = v8_add(v8_load(w + NM_BYTES * v) ^ sign[v], amount[v]);
        v8_store(w + NM_BYTES * v, v8_min(v8_max(u, low[v]), high[v]) ^ sign[v]);
    }
}

/* The steps of rows in `vectors` (a constant) vectors from place `start` of the tile on; the amounts are those of the
   columns or, where these are 255, of the rows. */
static inline __attribute__((always_inline)) void step_tile(const nm_learning *l, const uint16_t *row, uint32_t count,
                                                            const learn_tile *t, uint32_t start,
                                                            const uint8_t *of_rows, const unsigned vectors)
{
    nm_vu8 sign[NM_LEARN_VECTORS], low[NM_LEARN_VECTORS], high[NM_LEARN_VECTORS];
    nm_vu8 of_columns[NM_LEARN_VECTORS], amount[NM_LEARN_VECTORS];
    for (unsigned v = 0; v < vectors; v++) {
        uint32_t place = start + NM_BYTES * v;
        sign[v] = v8_load(t->sign + place);
        low[v] = v8_load(t->low + place);
        high[v] = v8_load(t->high + place);
        amount[v] = of_columns[v] = v8_load(t->amount + place);
    }
    const size_t pitch = l->pitch, room = vectors * NM_BYTES;
    const uint8_t *const end = l->end;
    uint8_t *const weights = l->weights + t->column + start;
    uint32_t inside = count; /* rows behind which there is room for the last vector */
    while (inside > 0 && (size_t)(end - (weights + pitch * row[inside - 1])) < room) {
        inside--;
    }
    /* Vectors of neighbouring rows overlap where rows are short or end inside a vector; a load would wait for the store
       before it, so neighbours go in different rounds. */
    const uint32_t rounds = (uint32_t)((room + pitch - 1) / pitch);
    for (uint32_t round = 0; round < rounds; round++) {
        for (uint32_t k = round; k < inside; k += rounds) {
            for (unsigned v = 0; of_rows && v < vectors; v++) {
                amount[v] = of_columns[v] & v8_all(of_rows[k]);
            }
            step_vectors(weights + pitch * row[k], amount, sign, low, high, vectors);
        }
    }
    for (uint32_t k = inside; k < count; k++) {
        uint8_t staged[NM_LEARN_COLUMNS] = {0}, *w = weights + pitch * row[k];
        for (unsigned v = 0; of_rows && v < vectors; v++) {
            amount[v] = of_columns[v] & v8_all(of_rows[k]);
        }
        memcpy(staged, w, t->count - start);
        step_vectors(staged, amount, sign, low, high, vectors);
        memcpy(w, staged, t->count - start);
    }
}

/* The same for the vectors that hold places `start` to `last`. */
static void step_rows(const nm_learning *l, const uint16_t *row, uint32_t count, const learn_tile *t, uint32_t start,
                      uint32_t last, const uint8_t *of_rows)
{
    start -= start % NM_BYTES;
    switch ((last - start) / NM_BYTES) {
    case 0: step_tile(l, row, count, t, start, of_rows, 1); break;
    case 1: step_tile(l, row, count, t, start, of_rows, 2); break;
    case 2: step_tile(l, row, count, t, start, of_rows, 3); break;
    default: step_tile(l, row, count, t, start, of_rows, 4); break;
    }
}
