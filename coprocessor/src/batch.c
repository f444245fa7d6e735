/* Runs of a network whose inputs and outputs are arrays of the host: stream buffers are filled and read here, window by
   window, sample by sample, so that a whole run or a thread's share of a batch is one call. */
#include "memory.h"

enum { SPIKES = NM_COUNTERS };

/* Arrays of the host are no work of the coprocessor, so also `scalar` moves them by kernels. */
static const nm_kernels *mover(const nm_kernels *kernels)
{
    return kernels && nm_has_kernels(kernels) ? kernels : &nm_kernels_portable;
}

/* Events of one step into a queue; false if it is full. */
static bool inject(nm_coprocessor *c, const nm_stream *stream, const uint8_t *row)
{
    for (uint32_t k = 0, count = nm_get32(row); k < count; k++) {
        nm_issue(c, NM_INJ, nm_get32(row + 4 + 4 * k), stream->n, 0);
        if (c->front.result == UINT32_MAX) {
            return false;
        }
    }
    return true;
}

/* Fill the buffers of `steps` steps from row `row` of the inputs on. */
static uint32_t put_inputs(nm_coprocessor *c, const nm_plan *plan, uint64_t row, uint32_t steps)
{
    for (nm_stream *s = plan->streams; s < plan->streams + plan->inputs; s++) {
        uint8_t *to = c->ram + s->offset;
        uint64_t size = (uint64_t)steps * s->bytes;
        if (s->kind == NM_STREAM_QUEUE) {
            if (s->data && !inject(c, s, s->data + row * s->bytes)) {
                return NM_RUN_FAILED;
            }
            continue;
        }
        if (!s->data) {
            memset(to, 0, size < s->filled ? size : s->filled);
            continue;
        }
        if (s->kind == NM_STREAM_PACK) {
            bool spikes = true;
            uint32_t filled = (s->n + 7) / 8;
            for (uint32_t step = 0; step < steps; step++) {
                uint8_t *buffer = to + (uint64_t)step * s->bytes;
                spikes = mover(c->kernels)->pack_bits(buffer, s->data + (row + step) * s->n, s->n) && spikes;
                memset(buffer + filled, 0, s->bytes - filled);
            }
            if (!spikes) {
                return NM_RUN_NOT_SPIKES;
            }
        } else {
            memcpy(to, s->data + row * s->bytes, size);
        }
        s->filled = size > s->filled ? size : s->filled;
    }
    return NM_RUN_DONE;
}

/* Take the outputs of `steps` steps, and keep the last one where the next window reads it. */
static void take_outputs(nm_coprocessor *c, const nm_plan *plan, uint64_t row, uint32_t steps)
{
    const nm_stream *outputs = plan->streams + plan->inputs;
    for (const nm_stream *s = outputs; s < outputs + plan->outputs; s++) {
        uint8_t *from = c->ram + s->offset;
        uint64_t size = (uint64_t)steps * s->bytes;
        memcpy(s->data + row * s->bytes, from, size);
        memmove(from - s->lead, from + size - s->lead, s->lead);
    }
}

/* Steps [first, last) of a run whose first step is row `row` of the arrays. */
static uint32_t run(nm_coprocessor *c, nm_plan *plan, uint64_t row, uint32_t first, uint32_t last)
{
    for (uint32_t step = first, count; step < last; step += count) {
        count = last - step < plan->window ? last - step : plan->window;
        uint32_t end = put_inputs(c, plan, row + step, count);
        if (end != NM_RUN_DONE) {
            return end;
        }
        uint32_t outcome;
        do {
            outcome = nm_issue(c, NM_RUN, plan->net, count, 0);
        } while (outcome == NM_SUSPENDED);
        if (outcome != NM_RETIRED || c->front.result >> 31) {
            return NM_RUN_FAILED;
        }
        plan->tally[SPIKES] += c->front.result;
        take_outputs(c, plan, row + step, count);
    }
    return NM_RUN_DONE;
}

/* Forget events that a failed run left. */
static void empty_queues(nm_coprocessor *c, const nm_plan *plan)
{
    for (const nm_stream *s = plan->streams; s < plan->streams + plan->inputs; s++) {
        if (s->kind == NM_STREAM_QUEUE) {
            c->queues[s->n].level = 0;
        }
    }
}

static void begin(nm_coprocessor *c, nm_plan *plan, uint8_t *block, uint64_t rows)
{
    uint8_t *place = block + sizeof plan->tally;
    nm_stream *outputs = plan->streams + plan->inputs;
    for (nm_stream *s = outputs; s < outputs + plan->outputs; s++) {
        s->data = place;
        place += rows * s->bytes;
    }
    memset(c->counters, 0, sizeof c->counters);
}

static void count(const nm_coprocessor *c, nm_plan *plan)
{
    for (unsigned k = 0; k < NM_COUNTERS; k++) {
        plan->tally[k] += c->counters[k];
    }
}

/* Whether everything the plan touches lies in RAM. */
static bool fits(const nm_coprocessor *c, const nm_plan *plan)
{
    bool good = (uint64_t)plan->state_offset + plan->state_bytes <= c->size && plan->window != 0;
    for (const nm_stream *s = plan->streams; s < plan->streams + plan->inputs + plan->outputs; s++) {
        uint64_t end = s->offset + (uint64_t)plan->window * s->bytes;
        good = good && s->lead <= s->offset && s->lead <= s->bytes && s->filled <= (uint64_t)plan->window * s->bytes &&
               (s->kind == NM_STREAM_QUEUE ? plan->window == 1 && s->n < NM_QUEUES : end <= c->size) &&
               (s->kind != NM_STREAM_PACK || (uint64_t)s->n <= 8 * (uint64_t)s->bytes);
    }
    return good;
}

uint32_t nm_run_steps(nm_coprocessor *c, nm_plan *plan, void *block, uint32_t steps, uint32_t first, uint32_t last,
                      uint32_t reward)
{
    if (!fits(c, plan) || first > last || last > steps) {
        return NM_RUN_FAILED;
    }
    if (first == 0) {
        memset(plan->tally, 0, sizeof plan->tally);
        empty_queues(c, plan);
    }
    begin(c, plan, block, steps);
    c->user[NM_USER_REW] = reward & 0xFFFF;
    uint32_t end = run(c, plan, 0, first, last);
    count(c, plan);
    memcpy(block, plan->tally, sizeof plan->tally);
    return end;
}

/* Bring the memory back to where all samples begin. */
static void restore(nm_coprocessor *c, const nm_plan *plan, const uint8_t *start)
{
    memcpy(c->ram + plan->state_offset, start, plan->state_bytes);
    start += plan->state_bytes;
    const nm_stream *outputs = plan->streams + plan->inputs;
    for (const nm_stream *s = outputs; s < outputs + plan->outputs; s++) {
        memcpy(c->ram + s->offset - s->lead, start, s->lead);
        start += s->lead;
    }
}

uint32_t nm_run_samples(nm_coprocessor *c, nm_plan *plan, void *block, nm_samples *samples, uint32_t limit)
{
    if (!fits(c, plan)) {
        return NM_RUN_FAILED;
    }
    uint32_t end = NM_RUN_MORE;
    begin(c, plan, block, (uint64_t)samples->samples * samples->steps);
    c->user[NM_USER_REW] = samples->reward & 0xFFFF;
    for (uint32_t k = 0; k < limit && end == NM_RUN_MORE; k++) {
        uint32_t sample = __atomic_fetch_add(&samples->next, 1, __ATOMIC_RELAXED);
        if (sample >= samples->samples) {
            end = NM_RUN_DONE;
            break;
        }
        restore(c, plan, samples->start);
        empty_queues(c, plan);
        c->user[NM_USER_T] = samples->time;
        uint32_t seed = samples->seeds ? samples->seeds[sample] : samples->random;
        c->user[NM_USER_RNG] = seed ? seed : NM_RNG_RESET;
        uint32_t status = run(c, plan, (uint64_t)sample * samples->steps, 0, samples->steps);
        end = status == NM_RUN_DONE ? NM_RUN_MORE : status;
    }
    count(c, plan);
    return end;
}

void nm_unpack_bits(const nm_kernels *kernels, uint8_t *to, const uint8_t *block, uint64_t start, uint64_t rows,
                    uint32_t bytes, uint32_t n)
{
    const uint8_t *from = block + start;
    kernels = mover(kernels);
    for (uint64_t row = 0; row < rows; row++) {
        kernels->unpack_bits(to + row * n, from + row * bytes, n);
    }
}
