/* Compressed rows: a row is checked as a whole, then its weights are added where its columns say, while the next row
   comes near. */

enum { NM_LINE = 64, NM_AHEAD = 8 /* rows whose bounds come early */ };

/* One row, elements [first, last). */
typedef struct sparse_row {
    const uint8_t *columns, *weights;
    uint32_t first, count, scale, slot;
} sparse_row;

static inline uint32_t nibble_of(const nm_sparse *s, uint32_t e) { return (uint32_t)s->delays[e / 2] >> 4 * (e & 1) & 0xF; }

/* The largest of `count` columns. */
static inline uint32_t largest_column(const uint8_t *columns, uint32_t count)
{
    uint32_t largest = 0;
    if (count >= NM_HALVES) {
        /* The last vector ends with the row, so it repeats some of the one before it. */
        nm_vu16 most = v_load_halves(columns + 2 * (size_t)(count - NM_HALVES));
        for (uint32_t e = 0; e + NM_HALVES < count; e += NM_HALVES) {
            most = v_max_u16(most, v_load_halves(columns + 2 * (size_t)e));
        }
        for (unsigned k = 0; k < NM_HALVES; k++) {
            largest = most[k] > largest ? most[k] : largest;
        }
        return largest;
    }
    for (uint32_t e = 0; e < count; e++) {
        uint32_t column = nm_get16(columns + 2 * (size_t)e);
        largest = column > largest ? column : largest;
    }
    return largest;
}

static inline bool nibbles_fit(const nm_sparse *s, const sparse_row *row)
{
    uint32_t largest = 0;
    for (uint32_t e = row->first; s->longest < 16 && e < row->first + row->count; e++) {
        uint32_t delay = nibble_of(s, e);
        largest = delay > largest ? delay : largest;
    }
    return largest < s->longest;
}

/* Row k of the list; false if its elements or its delay are out of range. */
static inline bool open_row(const nm_sparse *s, const nm_rows *r, uint32_t k, sparse_row *row)
{
    const uint8_t *bounds = s->bounds + 4 * (size_t)r->row[k];
    uint32_t last = nm_get32(bounds + 4), delay = s->delay == NM_DELAY_PER_SOURCE ? s->delays[r->row[k]] : 0;
    row->first = nm_get32(bounds);
    if (last < row->first || last > s->elements || delay >= s->longest) {
        return false;
    }
    row->count = last - row->first;
    row->columns = s->columns + 2 * (size_t)row->first;
    row->weights = r->weights + row->first;
    row->scale = r->value ? r->value[k] : 1u << r->shift;
    row->slot = (s->slot + delay) & (s->depth - 1);
    return true;
}

/* Whether columns and delays of a row are in range. */
static inline bool row_fits(const nm_sparse *s, const nm_rows *r, const sparse_row *row)
{
    return (row->count == 0 || largest_column(row->columns, row->count) < r->m) &&
           (s->delay != NM_DELAY_PER_SYNAPSE || nibbles_fit(s, row));
}

enum { NM_AT_ONCE = 8 /* elements, whose columns and weights fit two words and one */ };

/* NM_AT_ONCE elements. All loads come before the stores, which the compiler cannot tell apart. */
static inline void add_elements(uint8_t *cur, const uint8_t *columns, const uint8_t *weights, uint32_t scale)
{
    uint64_t low, high, weight;
    memcpy(&low, columns, 8);
    memcpy(&high, columns + 8, 8);
    memcpy(&weight, weights, 8);
#pragma GCC unroll 4
    for (unsigned k = 0; k < NM_AT_ONCE / 2; k++) {
        nm_add32(cur + 4 * (low >> 16 * k & 0xFFFF), (uint32_t)(int8_t)(weight >> 8 * k) * scale);
    }
#pragma GCC unroll 4
    for (unsigned k = 0; k < NM_AT_ONCE / 2; k++) {
        nm_add32(cur + 4 * (high >> 16 * k & 0xFFFF), (uint32_t)(int8_t)(weight >> 8 * (k + 4)) * scale);
    }
}

/* Add a row to one slot; `next` is the row to fetch meanwhile. */
static inline void add_to_slot(const nm_rows *r, const sparse_row *row, const sparse_row *next)
{
    uint8_t *cur = r->cur + 4 * (size_t)r->m * row->slot;
    uint32_t e = 0;
    for (; e + NM_AT_ONCE <= row->count; e += NM_AT_ONCE) {
        if (e % (NM_LINE / 2) == 0 && e < next->count) {
            __builtin_prefetch(next->columns + 2 * (size_t)e);
            __builtin_prefetch(next->weights + e);
        }
        add_elements(cur, row->columns + 2 * (size_t)e, row->weights + e, row->scale);
    }
    for (; e < row->count; e++) {
        nm_add32(cur + 4 * (size_t)nm_get16(row->columns + 2 * (size_t)e), (uint32_t)(int8_t)row->weights[e] * row->scale);
    }
}

/* Add a row whose synapses have delays of their own. */
static inline void add_to_slots(const nm_sparse *s, const nm_rows *r, const sparse_row *row)
{
    size_t slot[16];
    for (uint32_t d = 0; d < 16; d++) {
        slot[d] = 4 * (size_t)r->m * ((row->slot + d) & (s->depth - 1));
    }
    for (uint32_t e = 0; e < row->count; e++) {
        uint32_t amount = (uint32_t)(int8_t)row->weights[e] * row->scale;
        nm_add32(r->cur + slot[nibble_of(s, row->first + e)] + 4 * (size_t)nm_get16(row->columns + 2 * (size_t)e), amount);
    }
}

static uint32_t add_sparse(const nm_sparse *s, const nm_rows *r)
{
    for (uint32_t k = 0; k < r->count && k < NM_AHEAD; k++) {
        __builtin_prefetch(s->bounds + 4 * (size_t)r->row[k]);
    }
    sparse_row row, next = {.count = 0};
    bool good = r->count > 0 && open_row(s, r, 0, &next);
    for (uint32_t k = 0; k < r->count; k++) {
        row = next;
        if (!good || !row_fits(s, r, &row)) {
            return k;
        }
        if (k + NM_AHEAD < r->count) {
            __builtin_prefetch(s->bounds + 4 * (size_t)r->row[k + NM_AHEAD]);
        }
        good = k + 1 < r->count && open_row(s, r, k + 1, &next);
        next.count = good ? next.count : 0;
        if (s->delay == NM_DELAY_PER_SYNAPSE) {
            add_to_slots(s, r, &row);
        } else {
            add_to_slot(r, &row, &next);
        }
    }
    return r->count;
}
