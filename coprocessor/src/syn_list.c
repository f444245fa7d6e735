/* The active rows of a source as a list (specification 6.6, 7.4). The kernels find them in bitmaps and graded sources. */
#include "syn_bulk.h"

static nm_list graded(nm_coprocessor *c, const nm_bulk *b)
{
    uint32_t count = c->kernels->list_words(b->source, b->rows.n, c->progress.index, c->active);
    for (uint32_t k = 0; k < count; k++) {
        c->value[k] = nm_get32(b->source + 4 * (size_t)c->active[k]) << b->rows.shift;
    }
    return (nm_list){count, NM_LIST_ENDS};
}

/* Append the row of an event; false if there is no such row. */
static bool append(nm_coprocessor *c, const nm_bulk *b, uint32_t event, uint32_t *count)
{
    uint32_t row = event & 0xFFFFF;
    c->active[*count] = (uint16_t)row;
    *count += row < b->rows.n;
    return row < b->rows.n;
}

static nm_list events(nm_coprocessor *c, const nm_bulk *b)
{
    uint32_t first = c->progress.index, left = first < b->events ? b->events - first : 0, count = 0;
    uint32_t most = left < NM_LARGEST_SIZE ? left : NM_LARGEST_SIZE;
    while (count < most) {
        if (!append(c, b, nm_get32(b->source + 4 * ((size_t)first + count)), &count)) {
            return (nm_list){count, NM_LIST_HITS_BAD};
        }
    }
    return (nm_list){count, count < left ? NM_LIST_GOES_ON : NM_LIST_ENDS};
}

static nm_list queued(nm_coprocessor *c, const nm_bulk *b)
{
    const nm_queue *queue = &c->queues[b->entry->syn.source_address];
    uint32_t count = 0;
    while (count < queue->level) {
        if (!append(c, b, queue->entries[(queue->head + count) % NM_QUEUE_DEPTH], &count)) {
            return (nm_list){count, NM_LIST_HITS_BAD};
        }
    }
    return (nm_list){count, NM_LIST_ENDS};
}

/* Whether a list is right: made by the operation before, for nothing writes to a source while it is read, and projections
   from one population often stand next to each other; or by the last operation that wrote to the source. */
static bool is_listed(const nm_listed *l, const nm_progress *p)
{
    if (l->lasts) {
        return l->steps == p->steps ? l->position < p->position : l->steps + 1 == p->steps && l->position > p->position;
    }
    return l->steps == p->steps && l->position + 1 == p->position;
}

static nm_list spikes(nm_coprocessor *c, const nm_bulk *b)
{
    const nm_progress *p = &c->progress;
    nm_listed *l = &c->listed;
    bool same = l->source == b->source && l->n == b->rows.n && l->issue == c->issue && p->index == 0 && is_listed(l, p);
    if (!same) {
        l->count = c->kernels->list_bits(b->source, b->rows.n, p->index, c->active);
    }
    *l = (nm_listed){p->index == 0 ? b->source : NULL, c->issue, b->rows.n, l->count, p->position, p->steps, false};
    return (nm_list){l->count, NM_LIST_ENDS};
}

nm_list nm_list_rows(nm_coprocessor *c, const nm_bulk *b)
{
    if (b->entry->syn.source == NM_BITMAP) {
        return spikes(c, b);
    }
    c->listed.source = NULL;
    switch (b->entry->syn.source) {
    case NM_GRADED: return graded(c, b);
    case NM_AER: return events(c, b);
    default: return queued(c, b);
    }
}

void nm_advance(nm_coprocessor *c, const nm_bulk *b, uint32_t count, uint32_t done)
{
    uint32_t source = b->entry->syn.source;
    if (source == NM_FROM_QUEUE) {
        c->progress.index = 0;
        for (uint32_t k = 0; k < done; k++) {
            nm_remove_oldest(&c->queues[b->entry->syn.source_address]);
        }
    } else if (source == NM_AER) {
        c->progress.index += done;
    } else if (done < count) {
        c->progress.index = c->active[done];
    }
}
