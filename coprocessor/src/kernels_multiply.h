/* Rows times values of a graded source, modulo 2^32: lanes hold whole words of a row, whose weights are taken apart. */

/* Words of a row; behind `rest` bytes comes something else, which may not even be readable. */
static inline nm_vu32 load_words(const uint8_t *row, size_t rest, bool all_readable)
{
    nm_vu32 x = {0};
    if (all_readable) {
        memcpy(&x, row, sizeof x);
    } else {
        memcpy(&x, row, rest < sizeof x ? rest : sizeof x);
    }
    return x;
}

/* sum[f] += column f of each word times the value of the row, for `fields` columns from `from` on. */
static inline __attribute__((always_inline)) void multiply_words(const nm_rows *r, size_t offset, const unsigned bits,
                                                                 const unsigned from, const unsigned fields,
                                                                 const bool all_readable, nm_vu32 *sum)
{
    const uint8_t *weights = r->weights + offset;
    for (uint32_t k = 0; k < r->count; k++) {
        nm_vu32 x = load_words(weights + r->pitch * r->row[k], r->pitch - offset, all_readable);
        nm_vu32 value = (nm_vu32)v_all((int32_t)r->value[k]);
#pragma GCC unroll 16
        for (unsigned f = 0; f < fields; f++) {
            nm_vu32 w = (nm_vu32)((nm_v32)(x << (32 - bits * (from + f + 1))) >> (32 - bits));
            /* A set bit of a binary weight is +1 and an unset one -1. */
            sum[f] += bits == 1 ? (value ^ ~w) - ~w : value * w;
        }
    }
}

/* Columns in their order from `count` vectors of words. */
static inline __attribute__((always_inline)) void order_words(nm_vu32 *x, const unsigned count)
{
    nm_vu32 y[32];
    for (unsigned streams = count / 2, length = 1; streams; streams /= 2, length *= 2) {
#pragma GCC unroll 16
        for (unsigned k = 0; k < streams * length; k++) {
            y[2 * k] = v_zip_low(x[k], x[k + streams * length]);
            y[2 * k + 1] = v_zip_high(x[k], x[k + streams * length]);
        }
        memcpy(x, y, count * sizeof x[0]);
    }
}

static inline __attribute__((always_inline)) void multiply_fields(const nm_rows *r, const unsigned bits)
{
    const unsigned fields = 32 / bits, at_once = fields < 8 ? fields : 8;
    for (uint32_t column = 0; column < r->m; column += fields * NM_WORDS) {
        size_t offset = (size_t)column * bits / 8;
        bool all_readable = (size_t)(r->readable - r->weights) - offset >= r->pitch * (r->n - 1) + NM_BYTES;
        nm_vu32 sum[32] = {{0}};
#pragma GCC unroll 4
        for (unsigned from = 0; from < fields; from += at_once) {
            if (all_readable) {
                multiply_words(r, offset, bits, from, at_once, true, sum + from);
            } else {
                multiply_words(r, offset, bits, from, at_once, false, sum + from);
            }
        }
        order_words(sum, fields);
        uint8_t *cur = r->cur + 4 * (size_t)column;
        uint32_t left = r->m - column, k = 0;
        left = left < fields * NM_WORDS ? left : fields * NM_WORDS;
        for (; k + NM_WORDS <= left; k += NM_WORDS) {
            v_store(cur + 4 * k, (nm_v32)((nm_vu32)v_load(cur + 4 * k) + sum[k / NM_WORDS]));
        }
        for (; k < left; k++) {
            nm_put32(cur + 4 * k, nm_get32(cur + 4 * k) + sum[k / NM_WORDS][k % NM_WORDS]);
        }
    }
}

static void multiply_rows_s8(const nm_rows *r) { multiply_fields(r, 8); }
static void multiply_rows_s4(const nm_rows *r) { multiply_fields(r, 4); }
static void multiply_rows_s2(const nm_rows *r) { multiply_fields(r, 2); }
static void multiply_rows_binary(const nm_rows *r) { multiply_fields(r, 1); }
