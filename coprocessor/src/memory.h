/* RAM as the engine sees it: little-endian, bounded, addresses modulo 2^32. A failing access is noted in the
   coprocessor (fault_code, fault_address) and reported by the status NM_FAULT. */
#ifndef NM_MEMORY_H
#define NM_MEMORY_H

#include <stddef.h>
#include <string.h>

#include "state.h"

/* Causes and codes of 4.5. */
enum {
    NM_ILLEGAL_INSTRUCTION = 2,
    NM_LOAD_FAULT = 5,
    NM_STORE_FAULT = 7,
    NM_BAD = 24,
    NM_MISALIGNED = 25,
    NM_UNSUPPORTED = 26,
    NM_LIMIT = 27
};

/* How a piece of engine work ended. */
typedef enum nm_status { NM_OK, NM_SLICE_END, NM_FAULT } nm_status;

static inline nm_status nm_fail(nm_coprocessor *c, uint32_t code, uint32_t address)
{
    c->fault_code = code;
    c->fault_address = address;
    return NM_FAULT;
}

static inline uint32_t nm_get32(const uint8_t *p)
{
    uint32_t x;
    memcpy(&x, p, 4);
    return x;
}

static inline uint32_t nm_get16(const uint8_t *p)
{
    uint16_t x;
    memcpy(&x, p, 2);
    return x;
}

static inline void nm_put32(uint8_t *p, uint32_t x) { memcpy(p, &x, 4); }

static inline void nm_put16(uint8_t *p, uint32_t x)
{
    uint16_t y = (uint16_t)x;
    memcpy(p, &y, 2);
}

/* The word at p increased modulo 2^32. */
static inline void nm_add32(uint8_t *p, uint32_t amount) { nm_put32(p, nm_get32(p) + amount); }

/* Host address of `bytes` bytes at a guest address, NULL if not all of them are RAM. */
static inline uint8_t *nm_host(const nm_coprocessor *c, uint32_t address, uint64_t bytes)
{
    uint32_t offset = address - c->base;
    return offset <= c->size && bytes <= c->size - offset ? c->ram + offset : NULL;
}

/* Host address of `count` consecutive elements; outside RAM a fault at the first element that is not inside. */
static inline uint8_t *nm_span(nm_coprocessor *c, uint32_t code, uint32_t address, uint64_t count, uint32_t bytes)
{
    uint8_t *host = nm_host(c, address, count * bytes);
    if (!host) {
        uint32_t offset = address - c->base;
        uint32_t inside = offset < c->size ? (c->size - offset) / bytes : 0;
        nm_fail(c, code, address + inside * bytes);
    }
    return host;
}

/* Whether one element is RAM, else a load fault. */
static inline bool nm_loadable(nm_coprocessor *c, uint32_t address, uint32_t bytes)
{
    return nm_span(c, NM_LOAD_FAULT, address, 1, bytes) != NULL;
}

/* Loads and stores of elements that have been checked before; should a store of the same unit have moved them outside
   (overlapping regions, UNSPECIFIED), loads give 0 and stores do nothing. */
static inline uint32_t nm_peek32(const nm_coprocessor *c, uint32_t address)
{
    const uint8_t *host = nm_host(c, address, 4);
    return host ? nm_get32(host) : 0;
}

static inline uint32_t nm_peek16(const nm_coprocessor *c, uint32_t address)
{
    const uint8_t *host = nm_host(c, address, 2);
    return host ? nm_get16(host) : 0;
}

static inline uint32_t nm_peek8(const nm_coprocessor *c, uint32_t address)
{
    const uint8_t *host = nm_host(c, address, 1);
    return host ? *host : 0;
}

/* Note that `bytes` bytes at a guest address may have been stored to. */
static inline void nm_wrote(nm_coprocessor *c, uint32_t address, uint64_t bytes)
{
    uint32_t low = address - c->base;
    if (low >= c->size || bytes == 0) {
        low = 0;
        bytes = bytes ? c->size : 0;
    }
    if (bytes) {
        uint32_t high = bytes <= c->size - low ? low + (uint32_t)(bytes - 1) : c->size - 1;
        c->front.written_low = low < c->front.written_low ? low : c->front.written_low;
        c->front.written_high = high > c->front.written_high ? high : c->front.written_high;
    }
}

static inline void nm_poke32(nm_coprocessor *c, uint32_t address, uint32_t value)
{
    uint8_t *host = nm_host(c, address, 4);
    if (host) {
        nm_put32(host, value);
        nm_wrote(c, address, 4);
    }
}

static inline void nm_poke16(nm_coprocessor *c, uint32_t address, uint32_t value)
{
    uint8_t *host = nm_host(c, address, 2);
    if (host) {
        nm_put16(host, value);
        nm_wrote(c, address, 2);
    }
}

static inline void nm_poke8(nm_coprocessor *c, uint32_t address, uint32_t value)
{
    uint8_t *host = nm_host(c, address, 1);
    if (host) {
        *host = (uint8_t)value;
        nm_wrote(c, address, 1);
    }
}

#endif
