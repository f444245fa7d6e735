/* The syn operation: finding active rows (specification 7.4). Rows themselves: syn_row.c. */
#include "engine.h"

/* One unit for row i; the progress index must name it. */
static nm_status row_unit(nm_coprocessor *c, const nm_entry *entry, uint32_t i, uint32_t g)
{
    nm_status status = nm_syn_row(c, &entry->syn, i, g);
    if (status == NM_OK) {
        c->units_left--;
        nm_add_partial(c, entry->counts);
    }
    return status;
}

static nm_status from_bitmap(nm_coprocessor *c, const nm_entry *entry, uint32_t source)
{
    uint32_t n = entry->syn.n;
    for (uint32_t i = c->progress.index; i < n; i = (i / 32 + 1) * 32) {
        c->progress.index = i;
        const uint8_t *host = nm_span(c, NM_LOAD_FAULT, source + 4 * (i / 32), 1, 4);
        if (!host) {
            return NM_FAULT;
        }
        uint32_t first = i / 32 * 32;
        uint32_t bits = nm_get32(host) & nm_valid_bits(n, i / 32) & (UINT32_MAX << i % 32);
        for (; bits; bits &= bits - 1) {
            c->progress.index = first + (uint32_t)__builtin_ctz(bits);
            if (!nm_unit_may_start(c)) {
                return NM_SLICE_END;
            }
            nm_status status = row_unit(c, entry, c->progress.index, 1);
            if (status != NM_OK) {
                return status;
            }
        }
    }
    return NM_OK;
}

static nm_status from_graded(nm_coprocessor *c, const nm_entry *entry, uint32_t source)
{
    for (uint32_t i = c->progress.index; i < entry->syn.n; i++) {
        c->progress.index = i;
        const uint8_t *host = nm_span(c, NM_LOAD_FAULT, source + 4 * i, 1, 4);
        if (!host) {
            return NM_FAULT;
        }
        uint32_t g = nm_get32(host);
        if (g == 0) {
            continue;
        }
        if (!nm_unit_may_start(c)) {
            return NM_SLICE_END;
        }
        nm_status status = row_unit(c, entry, i, g);
        if (status != NM_OK) {
            return status;
        }
    }
    return NM_OK;
}

static nm_status from_events(nm_coprocessor *c, const nm_entry *entry, uint32_t source, uint32_t count)
{
    for (uint32_t k = c->progress.index; k < count; k++) {
        c->progress.index = k;
        if (!nm_unit_may_start(c)) {
            return NM_SLICE_END;
        }
        uint32_t place = source + 4 + 4 * k;
        const uint8_t *host = nm_span(c, NM_LOAD_FAULT, place, 1, 4);
        if (!host) {
            return NM_FAULT;
        }
        uint32_t i = nm_get32(host) & 0xFFFFF;
        nm_status status = i < entry->syn.n ? row_unit(c, entry, i, 1) : nm_fail(c, NM_BAD, place);
        if (status != NM_OK) {
            return status;
        }
    }
    return NM_OK;
}

static nm_status from_queue(nm_coprocessor *c, const nm_entry *entry)
{
    nm_queue *queue = &c->queues[entry->syn.source_address];
    c->progress.index = 0;
    while (queue->level) {
        if (!nm_unit_may_start(c)) {
            return NM_SLICE_END;
        }
        uint32_t i = nm_oldest(queue) & 0xFFFFF;
        nm_status status = i < entry->syn.n ? row_unit(c, entry, i, 1) : nm_fail(c, NM_BAD, entry->syn.address + 36);
        if (status != NM_OK) {
            return status;
        }
        nm_remove_oldest(queue);
    }
    return NM_OK;
}

nm_status nm_perform_syn(nm_coprocessor *c, const nm_entry *entry, const nm_step *step)
{
    const nm_syn *syn = &entry->syn;
    uint32_t source = nm_source_of(c, syn, step), count = 0;
    uint64_t bytes = 0; /* S of the counter table */
    switch (syn->source) {
    case NM_BITMAP: bytes = 4 * nm_words(syn->n); break;
    case NM_GRADED: bytes = 4 * syn->n; break;
    case NM_AER: {
        const uint8_t *host = nm_span(c, NM_LOAD_FAULT, source, 1, 4);
        if (!host) {
            return NM_FAULT;
        }
        count = nm_get32(host);
        bytes = 4 + UINT64_C(4) * count;
        break;
    }
    default: break;
    }
    nm_enter(c, bytes, NM_ENTRY_CYCLES + bytes / 4);
    nm_status status;
    if (nm_syn_in_bulk(c, entry, step, source, count, &status)) {
        return status;
    }
    nm_end_flows(c);
    nm_note_input(c, syn->cur, NM_UNKNOWN);
    switch (syn->source) {
    case NM_BITMAP: return from_bitmap(c, entry, source);
    case NM_GRADED: return from_graded(c, entry, source);
    case NM_AER: return from_events(c, entry, source, count);
    default: return from_queue(c, entry);
    }
}
