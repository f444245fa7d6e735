/* The log of spikes: what nm_log_spikes begins, updates fill (update.c, update_bulk.c) and nm_take_spikes empties. */
#include "engine.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST_CAPACITY = 1024 };

void nm_log_spikes(nm_coprocessor *c, uint32_t on)
{
    free(c->log.spikes);
    c->log = (nm_spike_log){.on = on != 0};
}

uint32_t nm_take_spikes(nm_coprocessor *c, nm_spikes *spikes, uint32_t capacity)
{
    uint32_t count = c->log.count;
    if (count && count <= capacity) {
        memcpy(spikes, c->log.spikes, count * sizeof *spikes);
        c->log.count = 0;
    }
    return count;
}

uint64_t nm_lost_spikes(const nm_coprocessor *c) { return c->log.lost; }

/* Make room for one more; false without memory. */
static bool grow(nm_spike_log *log)
{
    if (log->count < log->capacity) {
        return true;
    }
    uint32_t capacity = log->capacity ? 2 * log->capacity : LEAST_CAPACITY;
    nm_spikes *larger = capacity > log->capacity ? realloc(log->spikes, capacity * sizeof *larger) : NULL;
    if (larger) {
        log->spikes = larger;
        log->capacity = capacity;
    }
    return larger;
}

void nm_log_groups(nm_coprocessor *c, const nm_pop *pop, uint32_t first, uint32_t end, const uint32_t *bits)
{
    nm_spike_log *log = &c->log;
    for (uint32_t group = first; group < end; group++) {
        uint32_t word = bits[group - first];
        if (!word) {
            continue;
        }
        if (grow(log)) {
            log->spikes[log->count++] = (nm_spikes){c->user[NM_USER_T], pop->address, group, word};
            c->front.logged++;
        } else {
            log->lost++;
        }
    }
}
