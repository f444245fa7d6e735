/* The instructions of funct3 = 0: validation, fresh start or resumption, the run loop (specification 7.1 to 7.3). */
#include "accounts.h"
#include "cascade.h"

bool nm_validate(nm_coprocessor *c, uint32_t operation, uint32_t rs1, uint32_t rs2, nm_job *job)
{
    nm_entry *entry = &c->entries[0];
    *job = (nm_job){.count = 1, .steps = 1, .step.steps = 1};
    entry->counts = true;
    bool good;
    switch (operation) {
    case NM_RUN:
        job->steps = job->step.steps = rs2;
        job->is_run = true;
        job->step.reward = nm_s16(c->user[NM_USER_REW]);
        return nm_read_net(c, rs1, c->entries, &job->count);
    case NM_LAYER:
        entry->kind = NM_ENTRY_SYN;
        entry->counts = false;
        c->entries[1].kind = NM_ENTRY_UPD;
        c->entries[1].counts = true;
        job->count = 2;
        good = nm_read_syn(c, rs1, &entry->syn, &c->entries[1].pop, true);
        break;
    case NM_SYN:
        entry->kind = NM_ENTRY_SYN;
        good = nm_read_syn(c, rs1, &entry->syn, &entry->pop, false);
        break;
    case NM_LEARN:
        entry->kind = NM_ENTRY_LEARN;
        job->step.reward = nm_s16(rs2);
        return nm_read_rule(c, rs1, entry);
    default:
        entry->kind = operation == NM_UPD ? NM_ENTRY_UPD : NM_ENTRY_RST;
        return nm_read_pop(c, rs1, &entry->pop);
    }
    if (good && entry->syn.source != NM_FROM_QUEUE) {
        if (rs2 % 4) {
            nm_fail(c, NM_MISALIGNED, rs2);
            return false;
        }
        job->step.source_override = rs2;
    }
    return good;
}

void nm_begin(nm_coprocessor *c, uint32_t slice)
{
    c->progress = (nm_progress){0};
    c->issue++;
    c->units_left = slice ? slice : UINT64_MAX;
    nm_forget_axes(c);
}

void nm_discard_progress(nm_coprocessor *c) { memset(c->user + NM_USER_PROG0, 0, 5 * sizeof c->user[0]); }

void nm_save_progress(nm_coprocessor *c, uint32_t operation, uint32_t rs1)
{
    const nm_progress *p = &c->progress;
    c->user[NM_USER_PROG0] = p->index;
    c->user[NM_USER_PROG1] =
        1u << 31 | (uint32_t)p->entered << 30 | (operation & 0x7F) << 20 | p->phase << 16 | p->position;
    c->user[NM_USER_PROG2] = p->steps;
    c->user[NM_USER_PROG3] = p->partial;
    c->user[NM_USER_PDESC] = rs1;
}

/* Whether an operation could have left this progress. */
static bool possible(const nm_coprocessor *c, const nm_progress *p, const nm_job *job)
{
    if (job->is_run && p->steps >= job->steps) {
        return true;
    }
    if (p->position >= job->count || (p->steps && !job->is_run)) {
        return false;
    }
    return p->phase <= (c->entries[p->position].kind == NM_ENTRY_LEARN ? 2u : 0u);
}

void nm_take_progress(nm_coprocessor *c, uint32_t operation, uint32_t rs1, const nm_job *job)
{
    uint32_t word = c->user[NM_USER_PROG1];
    if (word >> 31 && nm_field(word, 26, 20) == (operation & 0x7F) && c->user[NM_USER_PDESC] == rs1) {
        nm_progress p = {.index = c->user[NM_USER_PROG0],
                         .phase = nm_field(word, 19, 16),
                         .position = nm_field(word, 15, 0),
                         .steps = c->user[NM_USER_PROG2],
                         .partial = c->user[NM_USER_PROG3] & NM_COUNT_MASK,
                         .entered = nm_field(word, 30, 30) != 0};
        if (possible(c, &p, job)) {
            c->progress = p;
        }
    }
    nm_discard_progress(c);
}

static nm_status perform(nm_coprocessor *c, const nm_entry *entry, const nm_step *step)
{
    switch (entry->kind) {
    case NM_ENTRY_SYN: return nm_perform_syn(c, entry, step);
    case NM_ENTRY_UPD: return nm_perform_upd(c, entry, step);
    case NM_ENTRY_LEARN: return nm_perform_learn(c, entry, step);
    default: return nm_perform_rst(c, entry);
    }
}

nm_status nm_perform_entry(nm_coprocessor *c, const nm_step *step)
{
    uint32_t position = c->progress.position;
    const nm_entry *entry = &c->entries[position];
    nm_status status = perform(c, entry, step);
    nm_charge(c, position, entry, status == NM_OK);
    return status;
}

/* The operations of a step from c->progress on. */
static nm_status perform_step(nm_coprocessor *c, const nm_job *job, const nm_step *step)
{
    nm_progress *p = &c->progress;
    while (p->position < job->count) {
        uint32_t done = nm_perform_chain(c, job, step);
        if (!done) {
            nm_status status = nm_perform_entry(c, step);
            if (status != NM_OK) {
                return status;
            }
            done = 1;
        }
        p->position += done;
        p->index = 0;
        p->phase = 0;
        p->entered = false;
    }
    p->position = 0;
    return NM_OK;
}

static nm_status execute(nm_coprocessor *c, const nm_job *job)
{
    nm_progress *p = &c->progress;
    nm_step step = job->step;
    const bool is_cascade = nm_find_cascade(c, job);
    while (p->steps < job->steps) {
        uint32_t done = is_cascade ? nm_perform_cascade(c, job) : 0;
        if (!done) {
            step.completed = p->steps;
            nm_status status = perform_step(c, job, &step);
            if (status != NM_OK) {
                return status;
            }
            done = 1;
        }
        p->steps += done;
        c->user[NM_USER_T] += job->is_run ? done : 0;
    }
    return NM_OK;
}

nm_status nm_execute(nm_coprocessor *c, const nm_job *job)
{
    nm_open_accounts(c, job->count);
    nm_status status = execute(c, job);
    nm_end_flows(c);
    return status;
}
