/* The words of one descriptor and the checks that recur in the tables of specification chapter 6. */
#ifndef NM_DESCRIPTOR_WORDS_H
#define NM_DESCRIPTOR_WORDS_H

#include "memory.h"

enum { NM_TYPE_POP = 1, NM_TYPE_SYN, NM_TYPE_RULE, NM_TYPE_NET, NM_TYPE_XFER };
enum { NM_MAGIC = 0x4E4D, NM_VERSION = 1, NM_LONGEST = 20 };

typedef struct nm_words_of {
    nm_coprocessor *c;
    uint32_t address;
    uint32_t w[NM_LONGEST];
} nm_words_of;

/* Fault at word k unless good. */
static inline bool nm_require(const nm_words_of *d, bool good, uint32_t code, uint32_t k)
{
    if (!good) {
        nm_fail(d->c, code, d->address + 4 * k);
    }
    return good;
}

static inline bool nm_require_mask(const nm_words_of *d, uint32_t k, uint32_t mask)
{
    return nm_require(d, (d->w[k] & ~mask) == 0, NM_BAD, k);
}

static inline bool nm_require_zero(const nm_words_of *d, uint32_t k) { return nm_require_mask(d, k, 0); }

static inline bool nm_require_size(const nm_words_of *d, uint32_t k)
{
    return nm_require(d, d->w[k] != 0, NM_BAD, k) && nm_require(d, d->w[k] <= NM_LARGEST_SIZE, NM_LIMIT, k);
}

/* opt/A */
static inline bool nm_require_aligned(const nm_words_of *d, uint32_t k, uint32_t alignment)
{
    return nm_require(d, d->w[k] % alignment == 0, NM_MISALIGNED, k);
}

/* ptr/A */
static inline bool nm_require_pointer(const nm_words_of *d, uint32_t k, uint32_t alignment)
{
    return nm_require(d, d->w[k] != 0, NM_BAD, k) && nm_require_aligned(d, k, alignment);
}

/* Alignment, all words, type, version. */
static inline bool nm_load_words(nm_words_of *d, nm_coprocessor *c, uint32_t address, uint32_t type, uint32_t count)
{
    d->c = c;
    d->address = address;
    if (address % 16) {
        nm_fail(c, NM_MISALIGNED, address);
        return false;
    }
    const uint8_t *host = nm_span(c, NM_LOAD_FAULT, address, count, 4);
    if (!host) {
        return false;
    }
    memcpy(d->w, host, 4 * count);
    return nm_require(d, d->w[0] >> 8 == ((uint32_t)NM_MAGIC << 8 | type), NM_BAD, 0) &&
           nm_require(d, (d->w[0] & 0xFF) == NM_VERSION, NM_UNSUPPORTED, 0);
}

#endif
