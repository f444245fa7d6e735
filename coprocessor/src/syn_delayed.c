/* Dense weights with a delay for each synapse, in bulk. */
#include "syn_bulk.h"
#include "weights.h"

enum { DELAYS = 16 };

/* Whether the delays of all synapses of a row are at most `largest`. */
static bool delays_fit(const uint8_t *row, uint32_t m, uint32_t largest)
{
    uint8_t most = 0;
    for (uint32_t k = 0; k < m / 2; k++) {
        uint8_t low = row[k] & 0xF, high = row[k] >> 4;
        most = most < low ? low : most;
        most = most < high ? high : most;
    }
    return most <= largest && (m % 2 == 0 || nm_nibble(row, m - 1) <= largest);
}

/* slot[d]: the accumulators of synapses with delay d. */
static inline void add_row(uint8_t *const *slot, const uint8_t *weights, const uint8_t *delays, uint32_t m,
                           const uint32_t format, uint32_t scale)
{
    for (uint32_t j = 0; j < m; j++) {
        uint8_t *cur = slot[nm_nibble(delays, j)] + 4 * (size_t)j;
        nm_put32(cur, nm_get32(cur) + nm_dense_weight(weights, format, j) * scale);
    }
}

uint32_t nm_add_delayed(nm_coprocessor *c, const nm_bulk *b, uint32_t count)
{
    const nm_syn *syn = &b->entry->syn;
    uint32_t pitch = nm_pitch(syn->m, 4), largest = syn->depth - 1 - syn->fixed_delay, k = 0;
    uint8_t *slot[DELAYS];
    for (uint32_t d = 0; d < DELAYS; d++) {
        slot[d] = b->written + 4 * (size_t)((c->user[NM_USER_T] + syn->fixed_delay + d) & (syn->depth - 1)) * syn->m;
    }
    for (; k < count; k++) {
        uint32_t row = b->rows.row[k], scale = b->rows.value ? b->rows.value[k] : 1u << b->rows.shift;
        const uint8_t *weights = b->rows.weights + b->rows.pitch * row, *delays = b->delays + (size_t)pitch * row;
        if (largest < DELAYS - 1 && !delays_fit(delays, syn->m, largest)) {
            break;
        }
        switch (syn->format) {
        case NM_S8: add_row(slot, weights, delays, syn->m, NM_S8, scale); break;
        case NM_S4: add_row(slot, weights, delays, syn->m, NM_S4, scale); break;
        case NM_S2: add_row(slot, weights, delays, syn->m, NM_S2, scale); break;
        default: add_row(slot, weights, delays, syn->m, NM_BINARY, scale); break;
        }
    }
    nm_row_totals totals = nm_equal_rows(c, k, syn->m, b->rows.pitch + pitch);
    nm_count_rows(c, b->entry, k, &totals);
    if (k) {
        nm_wrote(c, b->place, b->written_bytes);
    }
    return k;
}
