/* The syn operation on whole lists of active rows: the usual case, in which everything it touches is RAM and the
   accumulators overlap nothing that is read. Everything else goes row by row: syn.c, syn_row.c.
   A format is bulk work once `tables_of` finds its tables and `add` has a kernel for it. */
#include "engine.h"

/* What a projection reads besides its source, and the accumulators of this step. */
typedef struct bulk_of {
    const nm_entry *entry;
    const uint8_t *source;
    uint32_t place; /* of the accumulators */
    nm_rows rows;
} bulk_of;

static bool apart(const uint8_t *a, uint64_t a_bytes, const uint8_t *b, uint64_t b_bytes)
{
    return a + a_bytes <= b || b + b_bytes <= a;
}

/* Find the weights; false unless they are RAM and apart from the accumulators. */
static bool tables_of(const nm_coprocessor *c, const nm_syn *syn, nm_rows *rows)
{
    if (syn->format != NM_S8) {
        return false;
    }
    rows->pitch = nm_pitch(syn->m, 8);
    rows->weights = nm_host(c, syn->weights, (uint64_t)rows->pitch * syn->n);
    return rows->weights && apart(rows->cur, UINT64_C(4) * syn->m, rows->weights, (uint64_t)rows->pitch * syn->n);
}

/* Find everything; false if the operation has to go row by row. */
static bool prepare(const nm_coprocessor *c, const nm_entry *entry, uint32_t source, bulk_of *b)
{
    const nm_syn *syn = &entry->syn;
    if (!nm_has_kernels(c->kernels) || syn->source != NM_BITMAP || syn->delay != NM_DELAY_FIXED) {
        return false;
    }
    uint32_t slot = (c->user[NM_USER_T] + syn->fixed_delay) & (syn->depth - 1);
    uint64_t source_bytes = UINT64_C(4) * nm_words(syn->n), cur_bytes = UINT64_C(4) * syn->m;
    b->entry = entry;
    b->place = syn->cur + 4 * (slot * syn->m);
    b->source = nm_host(c, source, source_bytes);
    b->rows = (nm_rows){.cur = nm_host(c, b->place, cur_bytes),
                        .readable = c->ram + c->size,
                        .row = c->active,
                        .n = syn->n,
                        .m = syn->m,
                        .shift = syn->exponent};
    return b->source && b->rows.cur && apart(b->rows.cur, cur_bytes, b->source, source_bytes) &&
           tables_of(c, syn, &b->rows);
}

/* Add the rows of the list and count them; gives how many were done: all, or those before one with a fault. */
static uint32_t add(nm_coprocessor *c, const bulk_of *b)
{
    c->kernels->add_rows_s8(&b->rows);
    nm_count_rows(c, b->entry, b->rows.count, b->rows.m, b->rows.pitch, b->place, UINT64_C(4) * b->rows.m);
    return b->rows.count;
}

bool nm_syn_in_bulk(nm_coprocessor *c, const nm_entry *entry, uint32_t source, nm_status *status)
{
    bulk_of b;
    if (!prepare(c, entry, source, &b)) {
        return false;
    }
    uint32_t active = c->kernels->list_bits(b.source, entry->syn.n, c->progress.index, c->active);
    b.rows.count = active < c->units_left ? active : (uint32_t)c->units_left;
    uint32_t done = b.rows.count ? add(c, &b) : 0;
    *status = done == active ? NM_OK : NM_SLICE_END;
    if (done < active) {
        c->progress.index = c->active[done];
    }
    return done == b.rows.count;
}
