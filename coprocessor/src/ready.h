/* What an operation does alike in every step of an issue: where its arrays lie, found in the first step. It is settled if
   all it can touch in any step is RAM and apart; if not, the operation looks again in each step. */
#ifndef NM_READY_H
#define NM_READY_H

#include "syn_bulk.h"

typedef struct nm_ready {
    uint64_t issue; /* c->issue when this was found */
    bool settled;
    union {
        nm_bulk bulk;     /* of syn */
        nm_arrays arrays; /* of upd */
    };
} nm_ready;

/* The place of an entry; *known: this issue has been here before. */
static inline nm_ready *nm_ready_of(const nm_coprocessor *c, const nm_entry *entry, bool *known)
{
    nm_ready *ready = &c->ready[entry - c->entries];
    *known = ready->issue == c->issue;
    ready->issue = c->issue;
    return ready;
}

/* Bytes from the first to the last byte of the buffers of `bytes` bytes that `steps` steps use (nm_buffer). */
static inline uint64_t nm_buffer_span(uint32_t mode, uint32_t stride, uint64_t bytes, uint32_t steps)
{
    switch (mode) {
    case 0: return bytes;
    case 2: return bytes + (uint64_t)(steps ? steps - 1 : 0) * stride;
    default: return bytes + stride;
    }
}

#endif
