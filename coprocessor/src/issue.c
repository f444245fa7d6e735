/* nm_issue: dispatch, waiting for an asynchronous run, errors and cycles (specification 4.5, 7.1, 7.9, 8.1). */
#include "accounts.h"
#include "engine.h"

enum { START_CYCLES = 5, CONTEXT_CYCLES = 64 };

/* Instructions that first advance mcycle to the end of BUSY. */
static bool waits(uint32_t operation)
{
    switch (operation) {
    case NM_RUN:
    case NM_LAYER:
    case NM_SYN:
    case NM_UPD:
    case NM_LEARN:
    case NM_RST:
    case NM_EV2BM:
    case NM_BM2EV:
    case NM_START:
    case NM_WAIT:
    case NM_SAVE:
    case NM_REST: return true;
    default: return false;
    }
}

/* Report the noted fault: trap with ETRAP = 1, else rd = -code and one more cycle. */
static uint32_t fail(nm_coprocessor *c, bool may_trap)
{
    c->machine[NM_MACHINE_ERR] = c->fault_code;
    c->machine[NM_MACHINE_EADDR] = c->fault_address;
    c->front.cycles += c->issue_cycles;
    if (may_trap && c->front.ctl & NM_CTL_ETRAP) {
        c->front.cause = c->fault_code;
        c->front.tval = c->fault_address;
        return NM_TRAPPED;
    }
    c->front.result = 0 - c->fault_code;
    c->front.cycles += 1;
    return NM_RETIRED;
}

static uint32_t retire(nm_coprocessor *c, uint32_t result, uint64_t cycles)
{
    c->front.result = result;
    c->front.cycles += cycles;
    return NM_RETIRED;
}

/* The operations of funct3 = 0. */
static uint32_t sequence(nm_coprocessor *c, uint32_t operation, uint32_t rs1, uint32_t rs2)
{
    nm_job job;
    if (!nm_validate(c, operation, rs1, rs2, &job)) {
        return fail(c, true);
    }
    nm_begin(c, c->machine[NM_MACHINE_SLICE]);
    nm_take_progress(c, operation, rs1, &job);
    uint32_t outcome;
    switch (nm_execute(c, &job)) {
    case NM_OK: return retire(c, c->progress.partial, c->issue_cycles ? c->issue_cycles : 1);
    case NM_SLICE_END:
        c->front.cycles += c->issue_cycles;
        outcome = NM_SUSPENDED;
        break;
    default: outcome = fail(c, true); break;
    }
    if (outcome != NM_RETIRED) {
        nm_save_progress(c, operation, rs1);
    }
    return outcome;
}

/* nm.ev2bm and nm.bm2ev, which count nothing if they fail. */
static uint32_t convert(nm_coprocessor *c, uint32_t operation, uint32_t rs1)
{
    nm_open_accounts(c, 0);
    if ((operation == NM_EV2BM ? nm_ev2bm(c, rs1) : nm_bm2ev(c, rs1)) != NM_OK) {
        return fail(c, true);
    }
    nm_charge_alone(c, operation, rs1);
    return retire(c, c->front.result, c->issue_cycles);
}

static uint32_t inject(nm_coprocessor *c, uint32_t event, nm_queue *queue)
{
    if (queue->level == NM_QUEUE_DEPTH) {
        return retire(c, UINT32_MAX, 1);
    }
    queue->entries[(queue->head + queue->level++) % NM_QUEUE_DEPTH] = event;
    return retire(c, NM_QUEUE_DEPTH - queue->level, 1);
}

static uint32_t take(nm_coprocessor *c, nm_queue *queue)
{
    if (queue->level == 0) {
        return retire(c, UINT32_MAX, 1);
    }
    uint32_t event = nm_oldest(queue);
    nm_remove_oldest(queue);
    return retire(c, event, 1);
}

static uint32_t check(nm_coprocessor *c, uint32_t rs1)
{
    if (!nm_read_any(c, rs1)) {
        return fail(c, c->fault_code == NM_LOAD_FAULT);
    }
    c->machine[NM_MACHINE_ERR] = 0;
    c->machine[NM_MACHINE_EADDR] = 0;
    return retire(c, 0, 1);
}

static uint32_t context(nm_coprocessor *c, nm_status status, uint32_t *st)
{
    if (status != NM_OK) {
        return fail(c, true);
    }
    *st = NM_ST_CLEAN;
    return retire(c, 0, CONTEXT_CYCLES);
}

static uint32_t dispatch(nm_coprocessor *c, uint32_t operation, uint32_t rs1, uint32_t rs2, uint64_t mcycle,
                         uint32_t *st)
{
    nm_queue *queue = &c->queues[rs2 % NM_QUEUES];
    switch (operation) {
    case NM_INJ: return inject(c, rs1, queue);
    case NM_POP: return take(c, queue);
    case NM_QLEV: return retire(c, queue->level, 1);
    case NM_EV2BM:
    case NM_BM2EV: return convert(c, operation, rs1);
    case NM_START:
        return nm_start(c, rs1, rs2, mcycle + START_CYCLES) == NM_OK ? retire(c, 0, START_CYCLES) : fail(c, true);
    case NM_WAIT: return retire(c, nm_consume_run(c).result, 1);
    case NM_POLL: return retire(c, c->run.busy, 1);
    case NM_ABORT: return retire(c, nm_consume_run(c).steps & NM_COUNT_MASK, 1);
    case NM_CHECK: return check(c, rs1);
    case NM_SAVE: return context(c, nm_save(c, rs1), st);
    case NM_REST: return context(c, nm_rest(c, rs1, mcycle), st);
    default: return sequence(c, operation, rs1, rs2);
    }
}

static bool assigned(uint32_t operation)
{
    return operation <= NM_RST || (operation >= NM_INJ && operation <= NM_BM2EV) ||
           (operation >= NM_START && operation <= NM_ABORT) || operation == NM_CHECK || operation == NM_SAVE ||
           operation == NM_REST;
}

uint32_t nm_issue(nm_coprocessor *c, uint32_t operation, uint32_t rs1, uint32_t rs2, uint64_t mcycle)
{
    c->front.result = c->front.cause = c->front.tval = 0;
    c->front.cycles = c->issue_cycles = 0;
    c->front.logged = 0;
    if (!assigned(operation)) {
        c->front.cause = NM_ILLEGAL_INSTRUCTION;
        return NM_TRAPPED;
    }
    nm_settle(c, mcycle);
    if (c->run.busy && waits(operation)) {
        c->front.cycles = c->run.end - mcycle;
        mcycle = c->run.end;
        nm_settle(c, mcycle);
    }
    uint64_t waited = c->front.cycles;
    uint32_t st = NM_ST_DIRTY;
    uint32_t outcome = dispatch(c, operation, rs1, rs2, mcycle, &st);
    c->front.ctl = (c->front.ctl & ~(uint32_t)NM_ST_MASK) | st;
    uint64_t end = mcycle + (c->front.cycles - waited);
    nm_settle(c, end);
    nm_refresh(c, end);
    return outcome;
}
