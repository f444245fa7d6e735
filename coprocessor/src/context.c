/* Asynchronous runs (specification 7.9) and the save area (4.7).

   Save area, byte offsets: 0x000 magic, 0x004 user CSRs in the order of their numbers, 0x05C err, 0x060 eaddr,
   0x080 counters, 0x0C0 queue levels, 0x0C4 run: result, flags, code, steps; 0x100 queues of 256 bytes. */
#include "engine.h"

enum { AREA_WORDS = 320, AREA_MAGIC = 0x4E4D5301, COUNTER_WORD = 32, LEVEL_WORD = 48, RUN_WORD = 49, QUEUE_WORD = 64 };

nm_status nm_start(nm_coprocessor *c, uint32_t rs1, uint32_t rs2, uint64_t begin)
{
    nm_job job;
    if (!nm_validate(c, NM_RUN, rs1, rs2, &job)) {
        return NM_FAULT;
    }
    nm_discard_progress(c);
    nm_begin(c, 0);
    uint64_t before = c->issue_cycles;
    nm_run run = {.outstanding = true, .busy = true};
    if (nm_execute(c, &job) == NM_OK) {
        run.result = c->progress.partial;
    } else {
        run.error = true;
        run.code = c->fault_code;
        run.result = 0 - c->fault_code;
        c->machine[NM_MACHINE_ERR] = c->fault_code;
        c->machine[NM_MACHINE_EADDR] = c->fault_address;
    }
    run.steps = c->progress.steps;
    run.end = begin + (c->issue_cycles - before);
    c->issue_cycles = before;
    c->run = run;
    c->front.result = 0;
    return NM_OK;
}

nm_run nm_consume_run(nm_coprocessor *c)
{
    nm_run run = c->run;
    c->run = (nm_run){0};
    return run;
}

nm_status nm_save(nm_coprocessor *c, uint32_t rs1)
{
    if (rs1 % 16) {
        return nm_fail(c, NM_MISALIGNED, rs1);
    }
    uint8_t *host = nm_span(c, NM_STORE_FAULT, rs1, AREA_WORDS, 4);
    if (!host) {
        return NM_FAULT;
    }
    uint32_t area[AREA_WORDS] = {AREA_MAGIC};
    memcpy(area + 1, c->user, sizeof c->user);
    area[1 + NM_USER_CSRS] = c->machine[NM_MACHINE_ERR];
    area[2 + NM_USER_CSRS] = c->machine[NM_MACHINE_EADDR];
    memcpy(area + COUNTER_WORD, c->counters, sizeof c->counters);
    for (unsigned q = 0; q < NM_QUEUES; q++) {
        const nm_queue *queue = &c->queues[q];
        area[LEVEL_WORD] |= queue->level << 8 * q;
        for (uint32_t k = 0; k < queue->level; k++) {
            area[QUEUE_WORD + NM_QUEUE_DEPTH * q + k] = queue->entries[(queue->head + k) % NM_QUEUE_DEPTH];
        }
    }
    area[RUN_WORD] = c->run.result;
    area[RUN_WORD + 1] = (uint32_t)c->run.outstanding | (uint32_t)c->run.error << 1;
    area[RUN_WORD + 2] = c->run.code;
    area[RUN_WORD + 3] = c->run.steps;
    memcpy(host, area, sizeof area);
    nm_wrote(c, rs1, sizeof area);
    return NM_OK;
}

nm_status nm_rest(nm_coprocessor *c, uint32_t rs1, uint64_t mcycle)
{
    if (rs1 % 16) {
        return nm_fail(c, NM_MISALIGNED, rs1);
    }
    const uint8_t *host = nm_span(c, NM_LOAD_FAULT, rs1, AREA_WORDS, 4);
    if (!host) {
        return NM_FAULT;
    }
    uint32_t area[AREA_WORDS];
    memcpy(area, host, sizeof area);
    if (area[0] != AREA_MAGIC) {
        return nm_fail(c, NM_BAD, rs1);
    }
    for (unsigned q = 0; q < NM_QUEUES; q++) {
        if ((area[LEVEL_WORD] >> 8 * q & 0xFF) > NM_QUEUE_DEPTH) {
            return nm_fail(c, NM_BAD, rs1 + 4 * LEVEL_WORD);
        }
    }
    nm_image image;
    nm_get_image(c, &image);
    memcpy((uint8_t *)&image + offsetof(nm_image, mode), area + 1, sizeof c->user);
    image.err = area[1 + NM_USER_CSRS];
    image.eaddr = area[2 + NM_USER_CSRS];
    memcpy(image.counters, area + COUNTER_WORD, sizeof image.counters);
    for (unsigned q = 0; q < NM_QUEUES; q++) {
        image.levels[q] = area[LEVEL_WORD] >> 8 * q & 0xFF;
    }
    memcpy(image.queues, area + QUEUE_WORD, sizeof image.queues);
    bool outstanding = (area[RUN_WORD + 1] & 1) != 0;
    image.outstanding = outstanding;
    image.error = outstanding && (area[RUN_WORD + 1] & 2) != 0;
    image.result = outstanding ? area[RUN_WORD] : 0;
    image.code = outstanding ? area[RUN_WORD + 2] : 0;
    image.steps = outstanding ? area[RUN_WORD + 3] : 0;
    image.busy = 0;
    image.end = 0;
    nm_set_image(c, &image, mcycle);
    return NM_OK;
}
