/* The syn operation on whole lists of active rows: the usual case, in which everything it touches is RAM and the
   accumulators overlap nothing that is read. Everything else goes row by row: syn.c, syn_row.c. */
#include "engine.h"
#include "kernels.h"

/* The active rows from `first` on, ascending; the source is a bitmap of n bits with nothing behind them. */
static uint32_t list_bits(const uint8_t *source, uint32_t n, uint32_t first, uint16_t *list)
{
    uint32_t count = 0;
    for (uint32_t g = first / 32; g < nm_words(n); g++) {
        uint32_t bits = nm_get32(source + 4 * g) & nm_valid_bits(n, g);
        if (g == first / 32) {
            bits &= UINT32_MAX << first % 32;
        }
        /* Four at a time without asking whether there are so many: the list has room, the count tells. */
        uint32_t found = nm_popcount(bits);
        for (uint32_t k = 0; k < found; k += 4) {
            for (uint32_t q = 0; q < 4; q++) {
                list[count + k + q] = (uint16_t)(32 * g + (uint32_t)__builtin_ctz(bits | 1u << 31));
                bits &= bits - 1;
            }
        }
        count += found;
    }
    return count;
}

static bool apart(const uint8_t *a, uint64_t a_bytes, const uint8_t *b, uint64_t b_bytes)
{
    return a + a_bytes <= b || b + b_bytes <= a;
}

bool nm_syn_in_bulk(nm_coprocessor *c, const nm_entry *entry, uint32_t source, nm_status *status)
{
    const nm_syn *syn = &entry->syn;
    if (syn->source != NM_BITMAP || syn->delay != NM_DELAY_FIXED || syn->format != NM_S8) {
        return false;
    }
    uint32_t m = syn->m, pitch = nm_pitch(m, 8), slot = (c->user[NM_USER_T] + syn->fixed_delay) & (syn->depth - 1);
    uint32_t place = syn->cur + 4 * (slot * m);
    uint64_t table = (uint64_t)pitch * syn->n, source_bytes = UINT64_C(4) * nm_words(syn->n);
    const uint8_t *bits = nm_host(c, source, source_bytes), *weights = nm_host(c, syn->weights, table);
    uint8_t *cur = nm_host(c, place, UINT64_C(4) * m);
    if (!bits || !weights || !cur || !apart(cur, UINT64_C(4) * m, bits, source_bytes) ||
        !apart(cur, UINT64_C(4) * m, weights, table)) {
        return false;
    }
    uint32_t active = list_bits(bits, syn->n, c->progress.index, c->active);
    uint32_t count = active < c->units_left ? active : (uint32_t)c->units_left;
    if (count) {
        const nm_rows rows = {cur, weights, c->ram + c->size, pitch, c->active, count, m, syn->exponent};
        c->kernels->add_rows_s8(&rows);
        nm_count_rows(c, entry, count, m, pitch, place, UINT64_C(4) * m);
    }
    *status = count == active ? NM_OK : NM_SLICE_END;
    if (count < active) {
        c->progress.index = c->active[count];
    }
    return true;
}
