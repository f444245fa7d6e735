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

/* Whether columns ascend, each larger than the one before. */
static inline bool columns_ascend(const uint8_t *columns, uint32_t count)
{
    uint32_t pairs = count ? count - 1 : 0, found = 0;
    if (pairs >= NM_HALVES) {
        /* The last vector ends with the row, so it repeats some of the one before it. */
        for (uint32_t e = 0; e < pairs; e += NM_HALVES) {
            const uint8_t *at = columns + 2 * (size_t)(e + NM_HALVES < pairs ? e : pairs - NM_HALVES);
            found |= v_any_at_least_u16(v_load_halves(at), v_load_halves(at + 2));
        }
        return !found;
    }
    for (uint32_t e = 0; e < pairs; e++) {
        found |= nm_get16(columns + 2 * (size_t)e) >= nm_get16(columns + 2 * (size_t)e + 2);
    }
    return !found;
}

/* Whether columns and delays of a row are in range; *distinct: no column comes twice, as far as one can see. */
static inline bool row_fits(const nm_sparse *s, const nm_rows *r, const sparse_row *row, bool *distinct)
{
    *distinct = columns_ascend(row->columns, row->count);
    uint32_t largest = row->count == 0 ? 0
                       : *distinct     ? nm_get16(row->columns + 2 * (size_t)(row->count - 1))
                                       : largest_column(row->columns, row->count);
    return (row->count == 0 || largest < r->m) && (s->delay != NM_DELAY_PER_SYNAPSE || nibbles_fit(s, row));
}

/* Whether all weights are the first one: `count` of them, one at least. */
static inline bool weights_equal(const uint8_t *weights, uint32_t count)
{
    return !memcmp(weights, weights + 1, count - 1);
}

enum { NM_AT_ONCE = 8 /* elements, whose columns and weights fit two words and one */ };

/* Four elements with their columns and amounts in words. */
static inline void scatter_four(uint8_t *cur, uint64_t columns, const uint32_t *amounts)
{
#pragma GCC unroll 4
    for (unsigned k = 0; k < 4; k++) {
        nm_add32(cur + 4 * (columns >> 16 * k & 0xFFFF), amounts[k]);
    }
}

/* NM_AT_ONCE elements. All loads come before the stores, which the compiler cannot tell apart. */
static inline void add_elements(uint8_t *cur, const uint8_t *columns, const uint8_t *weights, uint32_t scale)
{
    uint64_t low, high, weight;
    uint32_t amounts[NM_AT_ONCE];
    memcpy(&low, columns, 8);
    memcpy(&high, columns + 8, 8);
    memcpy(&weight, weights, 8);
#pragma GCC unroll 8
    for (unsigned k = 0; k < NM_AT_ONCE; k++) {
        amounts[k] = (uint32_t)(int8_t)(weight >> 8 * k) * scale;
    }
    scatter_four(cur, low, amounts);
    scatter_four(cur, high, amounts + 4);
}

/* The same where all weights are equal. */
static inline void add_equal_elements(uint8_t *cur, const uint8_t *columns, uint32_t amount)
{
    const uint32_t amounts[4] = {amount, amount, amount, amount};
    uint64_t low, high;
    memcpy(&low, columns, 8);
    memcpy(&high, columns + 8, 8);
    scatter_four(cur, low, amounts);
    scatter_four(cur, high, amounts);
}

/* Add a row to one slot; `next` is the row to fetch meanwhile. */
static inline void add_to_slot(const nm_rows *r, const sparse_row *row, const sparse_row *next)
{
    uint8_t *cur = r->cur + 4 * (size_t)r->m * row->slot;
    uint32_t e = 0;
    bool equal = row->count && weights_equal(row->weights, row->count);
    uint32_t amount = equal ? (uint32_t)(int8_t)row->weights[0] * row->scale : 0;
    for (; e + NM_AT_ONCE <= row->count; e += NM_AT_ONCE) {
        if (e % (NM_LINE / 2) == 0 && e < next->count) {
            __builtin_prefetch(next->columns + 2 * (size_t)e);
            __builtin_prefetch(next->weights + e);
        }
        if (equal) {
            add_equal_elements(cur, row->columns + 2 * (size_t)e, amount);
        } else {
            add_elements(cur, row->columns + 2 * (size_t)e, row->weights + e, row->scale);
        }
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

static uint32_t add_sparse(const nm_sparse *s, const nm_rows *r, bool *distinct)
{
    for (uint32_t k = 0; k < r->count && k < NM_AHEAD; k++) {
        __builtin_prefetch(s->bounds + 4 * (size_t)r->row[k]);
    }
    sparse_row row, next = {.count = 0};
    bool good = r->count > 0 && open_row(s, r, 0, &next), ascends;
    for (uint32_t k = 0; k < r->count; k++) {
        row = next;
        if (!good || !row_fits(s, r, &row, &ascends)) {
            return k;
        }
        *distinct = *distinct && ascends;
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
