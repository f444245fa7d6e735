/* Sums of rows of 4-, 2- and 1-bit weights. Fields are made non-negative and added as they stand; before the sums can
   overflow, even and odd fields are added apart to fields twice as wide, up to 16 bits. */

enum { NM_FIELD_ROWS = 4096 /* their sum of 4-bit fields fits 16 bits */ };

/* to[i] and to[i + count] += the even and the odd fields of from[i], `bits` wide each. */
static inline __attribute__((always_inline)) void widen_fields(const nm_vu16 *from, const unsigned count,
                                                               const unsigned bits, nm_vu16 *to)
{
    const uint16_t mask = (uint16_t)(bits == 1 ? 0x5555 : bits == 2 ? 0x3333 : bits == 4 ? 0x0F0F : 0x00FF);
#pragma GCC unroll 8
    for (unsigned i = 0; i < count; i++) {
        to[i] += from[i] & mask;
        to[i + count] += from[i] >> bits & mask;
    }
}

/* A vector of a row; behind `rest` bytes comes something else, which may not even be readable. */
static inline nm_vu16 load_fields(const uint8_t *row, size_t rest, bool all_readable)
{
    nm_vu16 x = {0};
    if (all_readable) {
        memcpy(&x, row, sizeof x);
    } else {
        memcpy(&x, row, rest < sizeof x ? rest : sizeof x);
    }
    return x;
}

/* Sums of the NM_BYTES * 8 / bits columns at byte `offset` over rows [first, last): total[f] has fields f, f + 16 / bits,
   ... that is the columns of each 16 bits in turn. */
static inline __attribute__((always_inline)) void sum_fields(const nm_rows *r, uint32_t first, uint32_t last,
                                                             size_t offset, const unsigned bits,
                                                             const bool all_readable, nm_vu16 *total)
{
    const uint8_t *weights = r->weights + offset;
    const uint16_t sign = (uint16_t)(bits == 4 ? 0x8888 : bits == 2 ? 0xAAAA : 0);
    const uint32_t largest = (1u << bits) - 1;
    for (uint32_t k = first; k < last;) {
        nm_vu16 eights[8] = {{0}};
        uint32_t end = last - k < 255 / largest ? last : k + 255 / largest;
        while (k < end) {
            nm_vu16 fours[4] = {{0}};
            uint32_t end4 = bits == 4 || end - k < 15 / largest ? end : k + 15 / largest;
            while (k < end4) {
                nm_vu16 twos[2] = {{0}};
                uint32_t end2 = bits > 1 || end4 - k < 3 ? end4 : k + 3;
                for (; k < end2; k++) {
                    nm_vu16 x = load_fields(weights + r->pitch * r->row[k], r->pitch - offset, all_readable) ^ sign;
                    widen_fields(&x, 1, bits, bits == 4 ? eights : bits == 2 ? fours : twos);
                }
                if (bits == 1) {
                    widen_fields(twos, 2, 2, fours);
                }
            }
            if (bits <= 2) {
                widen_fields(fours, 4 / bits, 4, eights);
            }
        }
        widen_fields(eights, 8 / bits, 8, total);
    }
}

/* Columns in their order from the vectors of sum_fields, `count` of them a power of two. */
static inline __attribute__((always_inline)) void order_columns(nm_vu16 *x, const unsigned count)
{
    nm_vu16 y[16];
    for (unsigned streams = count / 2, length = 1; streams; streams /= 2, length *= 2) {
#pragma GCC unroll 16
        for (unsigned k = 0; k < streams * length; k++) {
            y[2 * k] = v_zip_low16(x[k], x[k + streams * length]);
            y[2 * k + 1] = v_zip_high16(x[k], x[k + streams * length]);
        }
        memcpy(x, y, count * sizeof x[0]);
    }
}

static inline __attribute__((always_inline)) void add_fields(const nm_rows *r, const unsigned bits)
{
    const unsigned vectors = 16 / bits, columns = NM_BYTES * 8 / bits;
    for (uint32_t first = 0; first < r->count; first += NM_FIELD_ROWS) {
        uint32_t last = r->count - first < NM_FIELD_ROWS ? r->count : first + NM_FIELD_ROWS;
        /* Fields were 2^(bits-1) too large; bits of binary weights count +1 or -1. */
        uint16_t bias = (uint16_t)((last - first) << (bits - 1)), fold = bits == 1 ? 2 : 1;
        for (uint32_t column = 0; column < r->m; column += columns) {
            size_t offset = (size_t)column * bits / 8;
            nm_vu16 total[16] = {{0}};
            if ((size_t)(r->readable - r->weights) - offset >= r->pitch * (r->n - 1) + NM_BYTES) {
                sum_fields(r, first, last, offset, bits, true, total);
            } else {
                sum_fields(r, first, last, offset, bits, false, total);
            }
            for (unsigned f = 0; f < vectors; f++) {
                total[f] = total[f] * fold - bias;
            }
            order_columns(total, vectors);
            uint32_t left = r->m - column < columns ? r->m - column : columns;
            add_sums(r->cur + 4 * (size_t)column, (const int16_t *)total, left, r->shift);
        }
    }
}

static void add_rows_s4(const nm_rows *r) { add_fields(r, 4); }
static void add_rows_s2(const nm_rows *r) { add_fields(r, 2); }
static void add_rows_binary(const nm_rows *r) { add_fields(r, 1); }
