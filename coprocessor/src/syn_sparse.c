/* Compressed rows in bulk (format 4): where everything lies, and what rows count for. Adding: kernels_sparse.h. */
#include "syn_bulk.h"

enum { LARGEST_WEIGHT = 128 };

bool nm_find_sparse(const nm_coprocessor *c, nm_bulk *b)
{
    const nm_syn *syn = &b->entry->syn;
    nm_sparse *s = &b->sparse;
    bool fixed = syn->delay == NM_DELAY_FIXED;
    if (!(s->bounds = nm_find_table(c, b, syn->rows, 4 * (UINT64_C(1) + syn->n)))) {
        return false;
    }
    s->elements = nm_get32(s->bounds + 4 * (size_t)syn->n);
    s->columns = nm_find_table(c, b, syn->columns, UINT64_C(2) * s->elements);
    b->rows.weights = nm_find_table(c, b, syn->weights, s->elements);
    s->delay = syn->delay;
    s->delays = syn->delay == NM_DELAY_PER_SYNAPSE
                    ? nm_find_table(c, b, syn->delays, nm_ceil_div(s->elements, 2))
                    : b->delays;
    s->depth = fixed ? 1 : syn->depth;
    s->longest = syn->depth - syn->fixed_delay;
    return s->columns && b->rows.weights && (fixed || s->delays);
}

uint32_t nm_add_sparse(nm_coprocessor *c, const nm_bulk *b, uint32_t count)
{
    nm_rows rows = b->rows;
    rows.count = count;
    const nm_feeder feeder = nm_find_feeder(c, b, count);
    rows.cur = feeder.state ? feeder.state : rows.cur;
    bool distinct = !rows.value;
    uint32_t done = c->kernels->add_sparse(&b->sparse, &rows, &distinct);
    nm_row_totals totals = {0, 0, UINT64_C(4) * done};
    uint64_t some = 0; /* rows that are not empty */
    for (uint32_t k = 0; k < done; k++) {
        const uint8_t *bounds = b->sparse.bounds + 4 * (size_t)rows.row[k];
        uint64_t sop = nm_get32(bounds + 4) - nm_get32(bounds);
        totals.sop += sop;
        some += sop != 0;
        totals.bytes += 8 + 3 * sop + (b->sparse.delay == NM_DELAY_PER_SYNAPSE ? nm_ceil_div(sop, 2) : b->delays != NULL);
        totals.cycles += nm_lane_cycles(c, sop);
    }
    nm_count_rows(c, b->entry, done, &totals);
    if (done) {
        uint64_t bound = distinct ? (some * LARGEST_WEIGHT) << rows.shift : NM_UNKNOWN;
        if (feeder.state) {
            nm_note_flowing(c, b, &feeder, rows.row, done, bound);
        } else {
            nm_note_input(c, b->place, bound);
        }
        nm_wrote(c, b->place, b->written_bytes);
    }
    return done;
}
