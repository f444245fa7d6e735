/* Cascades: networks of layers that only feed forward, each a dense projection of bitmaps and the population behind it.
   Nothing that a layer does in a step depends on what later layers have done before, so it can go through many steps
   before the next layer begins: its weights and its neurons are then brought near only once. */
#ifndef NM_CASCADE_H
#define NM_CASCADE_H

#include "engine.h"

enum {
    NM_MOST_LAYERS = 8,
    NM_FEWEST_STEPS = 8,  /* that are worth it */
    NM_MOST_STEPS = 256,  /* at once */
    NM_WIDEST_LAYER = 4096,
    NM_MOST_LISTED = 1 << 17, /* active rows of a layer in all steps */
    NM_MOST_SUMS = 1 << 17
};

/* Where a layer lies in RAM; buffers are those of the first step of the run. */
typedef struct nm_layer {
    const uint8_t *source, *weights;
    size_t source_stride;
    uint8_t *cur, *out, *state[3];
    bool fed; /* by the spikes that the layer before has not put into a buffer of each step */
} nm_layer;

typedef struct nm_cascade {
    uint32_t count; /* layers: entries 2*k and 2*k + 1; 0: the network is no cascade */
    uint32_t steps; /* at most, at once */
    nm_layer layer[NM_MOST_LAYERS];
    uint32_t end[NM_MOST_STEPS]; /* of the active rows of each step */
    uint16_t row[NM_MOST_LISTED];
    int16_t sums[NM_MOST_SUMS];
    uint8_t spikes[2][NM_MOST_STEPS * NM_WIDEST_LAYER / 8]; /* of layers without a buffer for each step, in turn */
    uint8_t packed[(NM_WIDEST_LAYER + 1) * NM_SHEET_COLUMNS + 64];
} nm_cascade;

/* Find out whether a network is a cascade, in c->cascade; only then true. */
bool nm_find_cascade(nm_coprocessor *c, const nm_job *job);
/* Perform steps, charged, of the cascade that was found; gives how many, maybe 0. */
uint32_t nm_perform_cascade(nm_coprocessor *c, const nm_job *job);

#endif
