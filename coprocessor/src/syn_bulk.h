/* Bulk projections: what syn_bulk.c, syn_list.c and the formats of their own share. */
#ifndef NM_SYN_BULK_H
#define NM_SYN_BULK_H

#include "engine.h"

/* Tables of a crossbar; draws[type]: the neurons whose weight for this type draws. */
typedef struct nm_crossbar {
    const uint8_t *types, *words;
    uint32_t draws[4][8];
    bool any_draws;
} nm_crossbar;

/* What a projection reads and writes, all of it RAM and what it writes apart from what it reads. */
typedef struct nm_bulk {
    const nm_entry *entry;
    const uint8_t *source; /* NULL for a queue */
    uint32_t events;       /* of an AER list */
    uint8_t *written;      /* the accumulators of this step, or with delays of a table all slots */
    uint64_t written_bytes;
    uint32_t place;        /* of them, for the guest */
    const uint8_t *delays; /* of sources or synapses; NULL: fixed */
    nm_rows rows;
    nm_conv conv;
    nm_sparse sparse;
    nm_crossbar crossbar;
} nm_bulk;

/* Rows from c->progress.index on, in c->active, with their values in c->value if the source is graded. */
typedef struct nm_list {
    uint32_t count;
    enum { NM_LIST_ENDS, NM_LIST_GOES_ON, NM_LIST_HITS_BAD } end; /* what comes after them */
} nm_list;

nm_list nm_list_rows(nm_coprocessor *c, const nm_bulk *b);
/* Note that the first `done` of the `count` rows of the list are done. */
void nm_advance(nm_coprocessor *c, const nm_bulk *b, uint32_t count, uint32_t done);

/* Where `bytes` bytes at a guest address are read; NULL unless they are RAM and apart from what is written. */
const uint8_t *nm_find_table(const nm_coprocessor *c, const nm_bulk *b, uint32_t address, uint64_t bytes);

/* Format 5: find weights and geometry; false if the convolution has to go row by row. */
bool nm_find_conv(nm_coprocessor *c, nm_bulk *b);

/* Format 4: find the tables; false if the projection has to go row by row. */
bool nm_find_sparse(const nm_coprocessor *c, nm_bulk *b);
/* Add and count the first `count` rows of the list; gives how many were done: all, or those before one with a fault. */
uint32_t nm_add_sparse(nm_coprocessor *c, const nm_bulk *b, uint32_t count);

/* A feeder of a chain that flows (chain.h): rows of format 4 for its input are added to its state instead. */
typedef struct nm_feeder {
    struct nm_chain_run *run;
    uint32_t member;
    uint8_t *state; /* NULL: there is none, or it cannot take so many rows */
} nm_feeder;

nm_feeder nm_find_feeder(const nm_coprocessor *c, const nm_bulk *b, uint32_t rows);
/* Note rows that were added to a feeder, which changed each accumulator by at most `bound`. */
void nm_note_flowing(nm_coprocessor *c, const nm_bulk *b, const nm_feeder *feeder, const uint16_t *row, uint32_t count,
                     uint64_t bound);

/* Formats 0 to 3 with delays of synapses: as nm_add_sparse. */
uint32_t nm_add_delayed(nm_coprocessor *c, const nm_bulk *b, uint32_t count);

/* Format 6: find tables; how many of the first `count` rows come before a bad type; add what draws nothing of rows in the
   same slot; add all that draws of the first `count` rows. */
bool nm_find_crossbar(const nm_coprocessor *c, nm_bulk *b);
uint32_t nm_good_crossbar_rows(const nm_bulk *b, uint32_t count);
void nm_add_crossbar(const nm_coprocessor *c, const nm_bulk *b, const nm_rows *rows);
void nm_draw_crossbar(nm_coprocessor *c, const nm_bulk *b, uint32_t count);
nm_row_totals nm_crossbar_totals(const nm_coprocessor *c, const nm_bulk *b, uint32_t count);

/* Format 7. */
bool nm_find_one_to_one(const nm_coprocessor *c, nm_bulk *b);
/* Add rows that are in the same slot. */
void nm_add_one_to_one(const nm_rows *rows);
/* A graded source from c->progress.index on without a list; false if the slice may end inside or delays differ. */
bool nm_add_graded(nm_coprocessor *c, const nm_bulk *b);

#endif
