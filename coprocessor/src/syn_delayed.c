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

static inline void add_row(const nm_delayed *d, uint32_t row, const nm_rows *r, const uint32_t format, uint32_t scale)
{
    const uint8_t *weights = r->weights + r->pitch * row, *delays = d->delays + d->pitch * row;
    for (uint32_t j = 0; j < r->m; j++) {
        uint8_t *cur = d->slot[nm_nibble(delays, j)] + 4 * (size_t)j;
        nm_put32(cur, nm_get32(cur) + nm_dense_weight(weights, format, j) * scale);
    }
}

static void add_rows(const nm_delayed *d, const nm_rows *r, uint32_t format)
{
    for (uint32_t k = 0; k < r->count; k++) {
        uint32_t row = r->row[k], scale = r->value ? r->value[k] : 1u << r->shift;
        switch (format) {
        case NM_S8: add_row(d, row, r, NM_S8, scale); break;
        case NM_S4: add_row(d, row, r, NM_S4, scale); break;
        case NM_S2: add_row(d, row, r, NM_S2, scale); break;
        default: add_row(d, row, r, NM_BINARY, scale); break;
        }
    }
}

uint32_t nm_add_delayed(nm_coprocessor *c, const nm_bulk *b, uint32_t count)
{
    const nm_syn *syn = &b->entry->syn;
    uint32_t room = syn->depth - syn->fixed_delay;
    nm_delayed d = {.delays = b->delays, .pitch = nm_pitch(syn->m, 4), .longest = room < DELAYS ? room : DELAYS};
    for (uint32_t k = 0; k < DELAYS; k++) {
        d.slot[k] = b->written + 4 * (size_t)((c->user[NM_USER_T] + syn->fixed_delay + k) & (syn->depth - 1)) * syn->m;
    }
    nm_rows rows = b->rows;
    rows.count = 0;
    while (rows.count < count &&
           (room >= DELAYS || delays_fit(d.delays + d.pitch * rows.row[rows.count], syn->m, room - 1))) {
        rows.count++;
    }
    if (rows.count == 0) {
        return 0;
    }
    if (syn->format == NM_S8 && !rows.value) {
        c->kernels->add_delayed(&d, &rows);
    } else {
        add_rows(&d, &rows, syn->format);
    }
    nm_row_totals totals = nm_equal_rows(c, rows.count, syn->m, rows.pitch + d.pitch);
    nm_count_rows(c, b->entry, rows.count, &totals);
    nm_wrote(c, b->place, b->written_bytes);
    return rows.count;
}
