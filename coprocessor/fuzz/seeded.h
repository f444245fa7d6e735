/* What the generators of seeded cases share: random numbers, and where descriptors and data stand in RAM. */
#ifndef NM_SEEDED_H
#define NM_SEEDED_H

#include <string.h>

#include "engine_fuzz.h"

/* Descriptors stand at fixed places, so that commands and other descriptors can name them. */
enum { POPS = 0x100, SYNS = 0x400, RULES = 0x700, NETS = 0xA00, XFERS = 0xB00, SPACING = 0x60, KINDS = 6, DATA = 0xC00 };

extern uint32_t seeded_state; /* never 0 */

static inline uint32_t any(void)
{
    seeded_state ^= seeded_state << 13;
    seeded_state ^= seeded_state >> 17;
    seeded_state ^= seeded_state << 5;
    return seeded_state;
}

static inline uint32_t below(uint32_t n) { return any() % n; }
static inline uint32_t chance(uint32_t of) { return below(of) == 0; }

static inline void put(uint8_t *ram, uint32_t offset, const uint32_t *words, uint32_t count)
{
    memcpy(ram + offset, words, 4 * count);
}

static inline uint32_t place_of(uint32_t area, uint32_t k) { return area + SPACING * k; }

/* A chain as the first network; at most SEEDED_CHAIN_STEPS steps have a buffer of their own if there are such. */
enum { SEEDED_CHAIN_STEPS = 40 };
void make_chain(uint8_t *ram);
/* Command k of those that run a chain: slices of some size, the run, and so on. */
fuzz_command make_chain_command(uint32_t k);

#endif
