/* Sums of rows of s8 weights: the accumulators of a tile of columns stay in registers while all active rows pass by. */

enum { NM_ROWS_AT_ONCE = 256 /* of s8 weights: their sum fits s16 */ };

/* Vectors of s16 that fit the register file beside what the loop needs. */
#if defined(NM_AVX512)
enum { NM_TILE = 16 };
#else
enum { NM_TILE = 8 };
#endif

/* cur[k] += sum[k] * 2^shift for count accumulators. */
static inline void add_sums(uint8_t *cur, const int16_t *sum, uint32_t count, unsigned shift)
{
    uint32_t k = 0;
    for (; k + NM_WORDS <= count; k += NM_WORDS) {
        nm_vu32 scaled = (nm_vu32)v_widen_s16(sum + k) << shift;
        v_store(cur + 4 * k, (nm_v32)((nm_vu32)v_load(cur + 4 * k) + scaled));
    }
    for (; k < count; k++) {
        uint32_t x;
        memcpy(&x, cur + 4 * k, 4);
        x += (uint32_t)sum[k] << shift;
        memcpy(cur + 4 * k, &x, 4);
    }
}

/* `vectors` (a constant) vectors of columns from `column` on, for rows [first, last). */
static inline __attribute__((always_inline)) void add_tile(const nm_rows *r, uint32_t first, uint32_t last,
                                                           uint32_t column, const unsigned vectors)
{
    nm_v16 sum[NM_TILE];
    for (unsigned v = 0; v < vectors; v++) {
        sum[v] = (nm_v16){0};
    }
    const uint8_t *weights = r->weights + column;
    for (uint32_t k = first; k < last; k++) {
        const uint8_t *row = weights + r->pitch * r->row[k];
#pragma GCC unroll 16
        for (unsigned v = 0; v < vectors; v++) {
            sum[v] += v_load_s8(row + NM_HALVES * v);
        }
    }
    for (unsigned v = 0; v < vectors; v++) {
        int16_t stored[NM_HALVES];
        memcpy(stored, &sum[v], sizeof stored);
        add_sums(r->cur + 4 * (size_t)(column + NM_HALVES * v), stored, NM_HALVES, r->shift);
    }
}

/* The last columns, less than a vector: reads behind the row where that is RAM. */
static void add_rest(const nm_rows *r, uint32_t first, uint32_t last, uint32_t column)
{
    nm_v16 sum = {0};
    uint32_t rest = r->m - column;
    const uint8_t *weights = r->weights + column;
    if ((size_t)(r->readable - weights) >= r->pitch * (r->n - 1) + NM_HALVES) {
        for (uint32_t k = first; k < last; k++) {
            sum += v_load_s8(weights + r->pitch * r->row[k]);
        }
    } else {
        for (uint32_t k = first; k < last; k++) {
            uint8_t padded[NM_HALVES] = {0};
            memcpy(padded, weights + r->pitch * r->row[k], rest);
            sum += v_load_s8(padded);
        }
    }
    add_sums(r->cur + 4 * (size_t)column, (const int16_t *)&sum, rest, r->shift);
}

static void add_rows_s8(const nm_rows *r)
{
    for (uint32_t first = 0; first < r->count; first += NM_ROWS_AT_ONCE) {
        uint32_t last = r->count - first < NM_ROWS_AT_ONCE ? r->count : first + NM_ROWS_AT_ONCE, column = 0;
        for (; r->m - column >= NM_TILE * NM_HALVES; column += NM_TILE * NM_HALVES) {
            add_tile(r, first, last, column, NM_TILE);
        }
        for (; r->m - column >= 4 * NM_HALVES; column += 4 * NM_HALVES) {
            add_tile(r, first, last, column, 4);
        }
        for (; r->m - column >= NM_HALVES; column += NM_HALVES) {
            add_tile(r, first, last, column, 1);
        }
        if (column < r->m) {
            add_rest(r, first, last, column);
        }
    }
}
