/* Rows of s8 weights with a delay for each synapse: a sum for every delay and column stays in a register. */

enum { NM_DELAYS_AT_ONCE = 8 };

/* NM_HALVES 4-bit numbers, the low one of each byte first. */
static inline nm_vu16 v_load_nibbles(const uint8_t *p)
{
    nm_vu32 x = (nm_vu32)v_load_s8_words(p);
    return (nm_vu16)((x & 0xF) | (x << 12 & 0xF0000));
}

/* sum + x in the lanes where a is b. */
static inline nm_v16 v_add_where(nm_vu16 a, nm_vu16 b, nm_v16 sum, nm_v16 x)
{
#if defined(NM_AVX512)
    __mmask32 equal = _mm512_cmpeq_epi16_mask((__m512i)a, (__m512i)b);
    return (nm_v16)_mm512_mask_add_epi16((__m512i)sum, equal, (__m512i)sum, (__m512i)x);
#else
    return sum + (x & (nm_v16)(a == b));
#endif
}

/* sum[d] += the weights with delay from + d of the vector of columns from `column` on, for rows [first, last). */
static inline __attribute__((always_inline)) void sum_delayed(const nm_delayed *d, const nm_rows *r, uint32_t first,
                                                              uint32_t last, uint32_t column, uint32_t from,
                                                              const bool all_readable, nm_v16 *sum)
{
    uint8_t weights[NM_HALVES] = {0}, delays[NM_HALVES / 2] = {0};
    nm_vu16 delay[NM_DELAYS_AT_ONCE];
    for (uint32_t k = 0; k < NM_DELAYS_AT_ONCE; k++) {
        delay[k] = (nm_vu16){0} + (uint16_t)(from + k);
    }
    for (uint32_t k = first; k < last; k++) {
        const uint8_t *w = r->weights + r->pitch * r->row[k] + column;
        const uint8_t *s = d->delays + d->pitch * r->row[k] + column / 2;
        if (!all_readable) {
            w = memcpy(weights, w, r->m - column);
            s = memcpy(delays, s, (r->m - column + 1) / 2);
        }
        nm_v16 x = v_load_s8(w);
        nm_vu16 own = v_load_nibbles(s);
#pragma GCC unroll 8
        for (uint32_t q = 0; q < NM_DELAYS_AT_ONCE; q++) {
            sum[q] = v_add_where(own, delay[q], sum[q], x);
        }
    }
}

static void add_delayed(const nm_delayed *d, const nm_rows *r)
{
    for (uint32_t first = 0; first < r->count; first += NM_ROWS_AT_ONCE) {
        uint32_t last = r->count - first < NM_ROWS_AT_ONCE ? r->count : first + NM_ROWS_AT_ONCE;
        for (uint32_t column = 0; column < r->m; column += NM_HALVES) {
            uint32_t left = r->m - column < NM_HALVES ? r->m - column : NM_HALVES;
            for (uint32_t from = 0; from < d->longest; from += NM_DELAYS_AT_ONCE) {
                nm_v16 sum[NM_DELAYS_AT_ONCE] = {{0}};
                if (left == NM_HALVES) {
                    sum_delayed(d, r, first, last, column, from, true, sum);
                } else {
                    sum_delayed(d, r, first, last, column, from, false, sum);
                }
                for (uint32_t q = 0; q < NM_DELAYS_AT_ONCE && from + q < d->longest; q++) {
                    add_sums(d->slot[from + q] + 4 * (size_t)column, (const int16_t *)&sum[q], left, r->shift);
                }
            }
        }
    }
}
