/* CSR access, interrupts, time and the state image (specification 4.1 to 4.6). A new CSR also needs a row in csrs.py. */
#include <stdlib.h>

#include "cascade.h"
#include "chain.h"
#include "ready.h"

enum { MACHINE_BASE = 0x7C0, USER_BASE = 0x800, COUNTER_LOW = 0xCC8, COUNTER_HIGH = 0xCD8 };
enum { ST = 0xCC0, VER = 0xCC1, CAP = 0xCC2, CAP2 = 0xCC3 };
enum { VERSION_WORD = 0x00000001, PARTS_SHIFT = 16 };
enum { CAPABILITIES = 0x6600FFFF, LANES_SHIFT = 16, CAPABILITIES2 = 0x00001000, RULES = 0x1F };
enum { MIP_DONE = 1 << 16, MIP_ERROR = 1 << 17, MIP_QUEUE = 1 << 18, MIP_TICK = 1 << 19 };

static const uint32_t user_masks[NM_USER_CSRS] = {
    0x7FF,      UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX,
    UINT32_MAX, 0x001F1F07, 0xFFFF,     UINT32_MAX, 0x07FF07FF, UINT32_MAX, 0x7FFF7FFF, 0x7FFF,
    0xFFFF,     UINT32_MAX, 0xC7FFFFFF, UINT32_MAX, UINT32_MAX, UINT32_MAX,
};

void nm_decode_csrs(nm_coprocessor *c)
{
    nm_neuron_decode(&c->neuron, c->user[NM_USER_MODE], c->user + NM_USER_P0);
    nm_plasticity_decode(&c->plasticity, c->user[NM_USER_LMODE], c->user[NM_USER_WLIM], c->user + NM_USER_L0);
}

static uint32_t status_word(const nm_coprocessor *c)
{
    const nm_run *run = &c->run;
    bool ended = run->outstanding && !run->busy;
    return (uint32_t)run->busy | (uint32_t)(ended && !run->error) << 1 | (uint32_t)(ended && run->error) << 2 |
           c->user[NM_USER_PROG1] >> 31 << 3;
}

/* (mcycle[31:0] - nm_tnext) mod 2^32, meaningful while ticks are on. */
static uint32_t lateness(const nm_coprocessor *c, uint64_t mcycle)
{
    return (uint32_t)mcycle - c->machine[NM_MACHINE_TNEXT];
}

static bool tick_is_due(const nm_coprocessor *c, uint64_t mcycle)
{
    return c->machine[NM_MACHINE_TICK] != 0 && lateness(c, mcycle) < 0x80000000u;
}

void nm_refresh(nm_coprocessor *c, uint64_t mcycle)
{
    uint32_t status = status_word(c), mip = c->front.mip & MIP_TICK;
    mip |= status & 2 ? MIP_DONE : 0;
    mip |= status & 4 ? MIP_ERROR : 0;
    for (unsigned q = 0; q < NM_QUEUES; q++) {
        uint32_t mark = c->machine[NM_MACHINE_QWM] >> 8 * q & 0xFF;
        mip |= mark && c->queues[q].level >= mark ? MIP_QUEUE : 0;
    }
    c->front.mip = mip;
    c->front.next_event = c->run.busy ? c->run.end : UINT64_MAX;
    if (c->machine[NM_MACHINE_TICK]) {
        uint64_t tick = tick_is_due(c, mcycle) ? mcycle : mcycle + (0u - lateness(c, mcycle));
        c->front.next_event = tick < c->front.next_event ? tick : c->front.next_event;
    }
}

void nm_update(nm_coprocessor *c, uint64_t mcycle)
{
    nm_settle(c, mcycle);
    if (tick_is_due(c, mcycle)) {
        uint32_t period = c->machine[NM_MACHINE_TICK];
        c->front.mip |= MIP_TICK;
        c->machine[NM_MACHINE_TNEXT] += (lateness(c, mcycle) / period + 1) * period;
    }
    nm_refresh(c, mcycle);
}

uint32_t nm_csr_read(nm_coprocessor *c, uint32_t number, uint64_t mcycle)
{
    nm_settle(c, mcycle);
    if (number == MACHINE_BASE) {
        return c->front.ctl;
    }
    if (number - MACHINE_BASE < NM_MACHINE_CSRS) {
        return c->machine[number - MACHINE_BASE];
    }
    if (number - USER_BASE < NM_USER_CSRS) {
        return c->user[number - USER_BASE];
    }
    if (number - COUNTER_LOW < NM_COUNTERS) {
        return (uint32_t)c->counters[number - COUNTER_LOW];
    }
    if (number - COUNTER_HIGH < NM_COUNTERS) {
        return (uint32_t)(c->counters[number - COUNTER_HIGH] >> 32);
    }
    switch (number) {
    case ST: return status_word(c);
    case VER: return VERSION_WORD | c->parts << PARTS_SHIFT;
    case CAP: return CAPABILITIES | c->lanes << LANES_SHIFT;
    case CAP2: return CAPABILITIES2 | (c->parts & NM_PART_LEARNING ? RULES : 0);
    default: return 0;
    }
}

/* The value a user CSR takes when `value` is written to it. */
static uint32_t legal_user(uint32_t index, uint32_t value)
{
    value &= user_masks[index];
    if (index == NM_USER_MODE && nm_field(value, 4, 3) == 3) {
        return (value & ~UINT32_C(0x18)) | 2 << 3;
    }
    return index == NM_USER_RNG && value == 0 ? NM_RNG_RESET : value;
}

static void write_machine(nm_coprocessor *c, uint32_t index, uint32_t value, uint64_t mcycle)
{
    if (index == NM_MACHINE_CTL) {
        if (value & NM_CTL_CCLR) {
            memset(c->counters, 0, sizeof c->counters);
        }
        c->front.ctl = value & NM_CTL_MASK;
        return;
    }
    if (index == NM_MACHINE_TICK) {
        value &= 0x7FFFFFFF;
        c->machine[NM_MACHINE_TNEXT] = (uint32_t)mcycle + value;
    }
    c->machine[index] = value;
}

void nm_csr_write(nm_coprocessor *c, uint32_t number, uint32_t value, uint64_t mcycle)
{
    nm_settle(c, mcycle);
    if (number - MACHINE_BASE < NM_MACHINE_CSRS) {
        write_machine(c, number - MACHINE_BASE, value, mcycle);
    } else if (number - USER_BASE < NM_USER_CSRS) {
        uint32_t index = number - USER_BASE;
        c->user[index] = legal_user(index, value);
        if (index <= NM_USER_VTH + 1 || (index >= NM_USER_LMODE && index < NM_USER_REW)) {
            nm_decode_csrs(c);
        }
    }
    nm_refresh(c, mcycle);
}

nm_coprocessor *nm_new(uint8_t *ram, uint32_t base, uint32_t size)
{
    if ((uint64_t)base + size > UINT64_C(1) << 32) {
        return NULL;
    }
    nm_coprocessor *c = calloc(1, sizeof *c);
    if (c) {
        c->ready = calloc(NM_LARGEST_NETWORK, sizeof *c->ready);
        c->chains = calloc(1, sizeof *c->chains);
        c->cascade = calloc(1, sizeof *c->cascade); /* large, but untouched until it is used */
        if (!c->ready || !c->chains || !c->cascade) {
            nm_free(c);
            return NULL;
        }
    }
    if (c) {
        c->ram = ram;
        c->base = base;
        c->size = size;
        c->lanes = NM_DEFAULT_LANES;
        c->parts = NM_PARTS;
        c->kernels = nm_find_kernels(NULL);
        c->front.ctl = NM_CTL_ETRAP;
        c->front.written_low = UINT32_MAX;
        c->machine[NM_MACHINE_SLICE] = 1024;
        c->user[NM_USER_RNG] = NM_RNG_RESET;
        nm_decode_csrs(c);
        nm_refresh(c, 0);
    }
    return c;
}

void nm_free(nm_coprocessor *c)
{
    if (c) {
        nm_keep_accounts(c, 0);
        nm_log_spikes(c, 0);
        free(c->ready);
        nm_free_chains(c);
        free(c->cascade);
    }
    free(c);
}

uint32_t nm_set_lanes(nm_coprocessor *c, uint32_t lanes)
{
    bool legal = lanes >= 1 && lanes <= NM_MOST_LANES;
    c->lanes = legal ? lanes : c->lanes;
    return legal;
}

uint32_t nm_set_parts(nm_coprocessor *c, uint32_t parts)
{
    bool legal = (parts & ~(uint32_t)NM_PARTS) == 0;
    c->parts = legal ? parts : c->parts;
    return legal;
}

nm_front *nm_front_of(nm_coprocessor *c) { return &c->front; }

_Static_assert(offsetof(nm_image, pdesc) - offsetof(nm_image, mode) == 4 * (NM_USER_CSRS - 1), "order of user CSRs");
_Static_assert(offsetof(nm_image, tnext) - offsetof(nm_image, ctl) == 4 * (NM_MACHINE_CSRS - 1), "machine CSRs");

void nm_get_image(const nm_coprocessor *c, nm_image *image)
{
    memset(image, 0, sizeof *image);
    memcpy((uint8_t *)image + offsetof(nm_image, ctl), c->machine, sizeof c->machine);
    image->ctl = c->front.ctl;
    memcpy((uint8_t *)image + offsetof(nm_image, mode), c->user, sizeof c->user);
    memcpy(image->counters, c->counters, sizeof c->counters);
    for (unsigned q = 0; q < NM_QUEUES; q++) {
        const nm_queue *queue = &c->queues[q];
        image->levels[q] = queue->level;
        for (uint32_t k = 0; k < queue->level; k++) {
            image->queues[NM_QUEUE_DEPTH * q + k] = queue->entries[(queue->head + k) % NM_QUEUE_DEPTH];
        }
    }
    image->outstanding = c->run.outstanding;
    image->error = c->run.error;
    image->result = c->run.result;
    image->code = c->run.code;
    image->steps = c->run.steps;
    image->busy = c->run.busy;
    image->end = c->run.end;
    image->tick_pending = (c->front.mip & MIP_TICK) != 0;
}

void nm_set_image(nm_coprocessor *c, const nm_image *image, uint64_t mcycle)
{
    memcpy(c->machine, (const uint8_t *)image + offsetof(nm_image, ctl), sizeof c->machine);
    c->machine[NM_MACHINE_CTL] = 0;
    c->machine[NM_MACHINE_TICK] &= 0x7FFFFFFF;
    c->front.ctl = image->ctl & NM_CTL_MASK;
    memcpy(c->user, (const uint8_t *)image + offsetof(nm_image, mode), sizeof c->user);
    for (uint32_t k = 0; k < NM_USER_CSRS; k++) {
        c->user[k] = legal_user(k, c->user[k]);
    }
    memcpy(c->counters, image->counters, sizeof c->counters);
    for (unsigned q = 0; q < NM_QUEUES; q++) {
        c->queues[q].head = 0;
        c->queues[q].level = image->levels[q] < NM_QUEUE_DEPTH ? image->levels[q] : NM_QUEUE_DEPTH;
        memcpy(c->queues[q].entries, image->queues + NM_QUEUE_DEPTH * q, sizeof c->queues[q].entries);
    }
    c->run = (nm_run){.outstanding = image->outstanding != 0,
                      .error = image->error != 0,
                      .busy = image->busy != 0 && image->outstanding != 0,
                      .result = image->result,
                      .code = image->code,
                      .steps = image->steps,
                      .end = image->end};
    c->front.mip = image->tick_pending ? MIP_TICK : 0;
    nm_decode_csrs(c);
    nm_settle(c, mcycle);
    nm_refresh(c, mcycle);
}
