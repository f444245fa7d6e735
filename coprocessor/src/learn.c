/* The learn operation: rules row by row, then the traces (specification 3.4, 7.6).
   A row is walked twice with the same code: first each access is only checked, in the order of the specification, so
   that the first fault is found before anything changes; then the row is performed. */
#include "engine.h"

typedef struct learn_of {
    const nm_syn *syn;
    const nm_pop *pop;
    const nm_rule *rule;
    nm_learn_buffers at;
} learn_of;

/* One visited row of rules 0, 1, 3, 4. */
typedef struct row_of {
    uint32_t row;
    bool a;     /* pre spike */
    uint32_t x; /* pre trace */
    uint32_t updated;
} row_of;

static uint32_t post_word(const nm_coprocessor *c, const learn_of *l, uint32_t g)
{
    return nm_peek32(c, l->at.output + 4 * g) & nm_valid_bits(l->syn->m, g);
}

static bool post_spike(const nm_coprocessor *c, const learn_of *l, uint32_t j)
{
    return (nm_peek32(c, l->at.output + 4 * (j / 32)) >> j % 32 & 1) != 0;
}

static bool some_post_spike(const nm_coprocessor *c, const learn_of *l)
{
    for (uint32_t g = 0; g < nm_words(l->syn->m); g++) {
        if (post_word(c, l, g)) {
            return true;
        }
    }
    return false;
}

static uint32_t trace_address(const learn_of *l, uint32_t j) { return l->rule->post_traces + 2 * j; }

static int64_t load_s8(const nm_coprocessor *c, uint32_t address) { return nm_s8(nm_peek8(c, address)); }

static int64_t threshold(const nm_coprocessor *c, const nm_pop *pop, uint32_t j)
{
    bool own = (pop->replaced >> NM_VTH & 1) != 0;
    return own ? nm_s32(nm_peek32(c, nm_parameter_address(pop, NM_VTH, j))) : pop->neuron.vth;
}

/* E = s32(L_j * eph(V_j)) of rule 4. */
static int64_t error_of(const nm_coprocessor *c, const learn_of *l, uint32_t j)
{
    int64_t v = nm_s32(nm_peek32(c, nm_membrane_address(l->pop, j)));
    return nm_error_of(l->rule, nm_s32(nm_peek32(c, l->rule->signal + 4 * j)), threshold(c, l->pop, j), v);
}

/* Check the accesses of one synapse in order. */
static bool check_synapse(nm_coprocessor *c, const learn_of *l, const row_of *r, uint32_t j, uint32_t w, uint32_t e)
{
    const nm_pop *pop = l->pop;
    switch (l->rule->kind) {
    case NM_RULE_PAIR:
        return (!r->a || nm_loadable(c, trace_address(l, j), 2)) &&
               (!(r->a || post_spike(c, l, j)) || nm_loadable(c, w, 1));
    case NM_RULE_REWARD:
        return (!r->a || nm_loadable(c, trace_address(l, j), 2)) && nm_loadable(c, e, 2) &&
               (l->at.reward == 0 || nm_loadable(c, w, 1));
    case NM_RULE_SDSP:
        return nm_loadable(c, w, 1) && nm_loadable(c, nm_membrane_address(pop, j), 4) &&
               nm_loadable(c, trace_address(l, j), 2);
    default:
        return (!(pop->replaced >> NM_VTH & 1) || nm_loadable(c, nm_parameter_address(pop, NM_VTH, j), 4)) &&
               nm_loadable(c, l->rule->signal + 4 * j, 4) && nm_loadable(c, nm_membrane_address(pop, j), 4) &&
               (nm_epw_product(error_of(c, l, j), r->x) == 0 || nm_loadable(c, w, 1));
    }
}

static void assign(nm_coprocessor *c, row_of *r, uint32_t address, int64_t w)
{
    nm_poke8(c, address, nm_u32(w));
    r->updated++;
}

static int64_t trace_product(const nm_coprocessor *c, const learn_of *l, const row_of *r, uint32_t j, bool b)
{
    return nm_trace_product(l->rule, r->a, r->x, b, r->a ? nm_peek16(c, trace_address(l, j)) : 0);
}

static void perform_synapse(nm_coprocessor *c, const learn_of *l, row_of *r, uint32_t j, uint32_t w, uint32_t e)
{
    const nm_rule *rule = l->rule;
    const nm_plasticity *p = &rule->plasticity;
    uint32_t *rng = nm_rng(c);
    switch (rule->kind) {
    case NM_RULE_PAIR: {
        bool b = post_spike(c, l, j);
        if (r->a || b) {
            assign(c, r, w, nm_kernel_stdw(p, rng, load_s8(c, w), trace_product(c, l, r, j, b), p->sh));
        }
        break;
    }
    case NM_RULE_REWARD: {
        int64_t dw = trace_product(c, l, r, j, post_spike(c, l, j));
        int64_t trace = nm_eligibility(rule, rng, nm_s16(nm_peek16(c, e)), dw);
        nm_poke16(c, e, nm_u32(trace));
        if (l->at.reward) {
            assign(c, r, w, nm_kernel_stdw(p, rng, load_s8(c, w), l->at.reward * trace, rule->shr));
        }
        break;
    }
    case NM_RULE_SDSP: {
        int64_t v = nm_s32(nm_peek32(c, nm_membrane_address(l->pop, j)));
        assign(c, r, w, nm_wclip(p, load_s8(c, w) + nm_kernel_sdsp(p, v, nm_peek16(c, trace_address(l, j)))));
        break;
    }
    default: {
        int64_t error = error_of(c, l, j);
        if (nm_epw_product(error, r->x)) {
            assign(c, r, w, nm_kernel_epw(p, rng, load_s8(c, w), error, r->x));
        }
        break;
    }
    }
}

void nm_count_learned(nm_coprocessor *c, const nm_entry *entry, uint32_t rows, uint64_t updated, uint64_t q)
{
    static const uint8_t extra[5] = {
        [NM_RULE_PAIR] = 0, [NM_RULE_REWARD] = 2, [NM_RULE_BINARY] = 0, [NM_RULE_SDSP] = 6, [NM_RULE_EPROP] = 8};
    uint32_t kind = entry->rule.kind;
    uint64_t pointers = entry->syn.format == NM_CSR ? 8 + 2 * q : 0, words = UINT64_C(4) * nm_words(entry->syn.m);
    bool binary = kind == NM_RULE_BINARY;
    nm_count(c, NM_WUPD, updated);
    nm_count(c, NM_RDB, binary ? rows * words
                               : updated + rows * (q * extra[kind] + (entry->rule.pre_traces ? 2 : 0) + pointers));
    nm_count(c, NM_WRB, binary ? rows * words : updated + (kind == NM_RULE_REWARD ? 2 * rows * q : 0));
    nm_count_cycles(c, rows * (4 + nm_lane_cycles(c, q)));
    c->units_left -= rows;
    nm_add_partial(c, entry->counts ? (uint32_t)updated : 0);
}

static nm_status dense_row(nm_coprocessor *c, const nm_entry *entry, const learn_of *l, row_of *r)
{
    uint32_t m = l->syn->m, weights = l->syn->weights + r->row * nm_pitch(m, 8);
    uint32_t traces = l->rule->eligibility + 2 * (r->row * m);
    for (uint32_t j = 0; j < m; j++) {
        if (!check_synapse(c, l, r, j, weights + j, traces + 2 * j)) {
            return NM_FAULT;
        }
    }
    for (uint32_t j = 0; j < m; j++) {
        perform_synapse(c, l, r, j, weights + j, traces + 2 * j);
    }
    nm_count_learned(c, entry, 1, r->updated, m);
    return NM_OK;
}

static nm_status sparse_row(nm_coprocessor *c, const nm_entry *entry, const learn_of *l, row_of *r)
{
    const nm_syn *syn = l->syn;
    const uint8_t *bounds = nm_span(c, NM_LOAD_FAULT, syn->rows + 4 * r->row, 2, 4);
    if (!bounds) {
        return NM_FAULT;
    }
    uint32_t first = nm_get32(bounds), last = nm_get32(bounds + 4);
    if (last < first) {
        return nm_fail(c, NM_BAD, syn->rows + 4 * (r->row + 1));
    }
    for (uint32_t e = first; e < last; e++) {
        uint32_t place = syn->columns + 2 * e;
        if (!nm_loadable(c, place, 2)) {
            return NM_FAULT;
        }
        uint32_t j = nm_peek16(c, place);
        if (j >= syn->m) {
            return nm_fail(c, NM_BAD, place);
        }
        if (!check_synapse(c, l, r, j, syn->weights + e, l->rule->eligibility + 2 * e)) {
            return NM_FAULT;
        }
    }
    for (uint32_t e = first; e < last; e++) {
        uint32_t j = nm_peek16(c, syn->columns + 2 * e);
        perform_synapse(c, l, r, j, syn->weights + e, l->rule->eligibility + 2 * e);
    }
    nm_count_learned(c, entry, 1, r->updated, last - first);
    return NM_OK;
}

static nm_status binary_row(nm_coprocessor *c, const nm_entry *entry, const learn_of *l, const row_of *r)
{
    const nm_plasticity *p = &l->rule->plasticity;
    uint32_t m = l->syn->m, weights = l->syn->weights + r->row * nm_pitch(m, 1), draws = 0;
    if (!nm_span(c, NM_LOAD_FAULT, weights, nm_words(m), 4)) {
        return NM_FAULT;
    }
    for (uint32_t g = 0; g < nm_words(m); g++) {
        uint32_t w = nm_peek32(c, weights + 4 * g), gate = post_word(c, l, g);
        draws += nm_popcount(gate & (r->a ? ~w : w));
        nm_poke32(c, weights + 4 * g, (r->a ? nm_kernel_bltp : nm_kernel_bltd)(p, nm_rng(c), w, gate));
    }
    nm_count_learned(c, entry, 1, draws, m);
    return NM_OK;
}

static bool visited(uint32_t kind, const row_of *r, bool some_post)
{
    switch (kind) {
    case NM_RULE_PAIR: return r->a || some_post;
    case NM_RULE_REWARD: return true;
    case NM_RULE_BINARY: return some_post;
    case NM_RULE_SDSP: return r->a;
    default: return r->x != 0;
    }
}

/* Load the pre spike and trace of row i. */
static bool load_row(nm_coprocessor *c, const learn_of *l, uint32_t i, row_of *r)
{
    uint32_t word = l->at.source + 4 * (i / 32), trace = l->rule->pre_traces + 2 * i;
    if (!nm_loadable(c, word, 4) || (l->rule->pre_traces && !nm_loadable(c, trace, 2))) {
        return false;
    }
    *r = (row_of){.row = i, .a = (nm_peek32(c, word) >> i % 32 & 1) != 0};
    r->x = l->rule->pre_traces ? nm_peek16(c, trace) : 0;
    return true;
}

static nm_status weights_phase(nm_coprocessor *c, const nm_entry *entry, const learn_of *l)
{
    nm_status status;
    if (nm_learn_in_bulk(c, entry, &l->at, &status)) {
        return status;
    }
    bool some_post = some_post_spike(c, l);
    for (; c->progress.index < l->syn->n; c->progress.index++) {
        row_of r;
        if (!load_row(c, l, c->progress.index, &r)) {
            return NM_FAULT;
        }
        if (!visited(l->rule->kind, &r, some_post)) {
            continue;
        }
        if (!nm_unit_may_start(c)) {
            return NM_SLICE_END;
        }
        status = l->rule->kind == NM_RULE_BINARY ? binary_row(c, entry, l, &r)
                 : l->syn->format == NM_CSR      ? sparse_row(c, entry, l, &r)
                                                 : dense_row(c, entry, l, &r);
        if (status != NM_OK) {
            return status;
        }
    }
    return NM_OK;
}

/* The traces of one side and the word array of its spikes. */
typedef struct side_of {
    uint32_t traces, n, decay, impulse, spikes;
} side_of;

static void count_traces(nm_coprocessor *c, uint32_t groups, uint64_t traces, uint64_t cycles)
{
    nm_count(c, NM_RDB, 2 * traces);
    nm_count(c, NM_WRB, 2 * traces);
    nm_count_cycles(c, cycles);
    c->units_left -= groups;
}

static nm_status trace_unit(nm_coprocessor *c, const nm_plasticity *p, const side_of *side, uint32_t group)
{
    uint32_t first = NM_GROUP * group, count = side->n - first < NM_GROUP ? side->n - first : NM_GROUP;
    uint32_t place = side->traces + 2 * first;
    if (!nm_loadable(c, place, 2) || !nm_loadable(c, side->spikes + 4 * group, 4)) {
        return NM_FAULT;
    }
    uint8_t *traces = nm_span(c, NM_LOAD_FAULT, place, count, 2);
    if (!traces) {
        return NM_FAULT;
    }
    const nm_traces at = {.decay = side->decay, .impulse = side->impulse};
    uint32_t spikes = nm_peek32(c, side->spikes + 4 * group);
    for (uint32_t k = 0; k < count; k++) {
        uint32_t x = nm_get16(traces + 2 * k);
        nm_put16(traces + 2 * k, nm_next_trace(p, nm_rng(c), x, &at, (spikes >> k & 1) != 0));
    }
    nm_wrote(c, place, 2 * count);
    count_traces(c, 1, count, nm_lane_cycles(c, count));
    return NM_OK;
}

/* As many groups as the kernels and the slice allow. */
static void traces_in_bulk(nm_coprocessor *c, const nm_plasticity *p, const side_of *side)
{
    uint64_t bytes = UINT64_C(2) * side->n, spike_bytes = UINT64_C(4) * nm_words(side->n);
    const nm_traces at = {.traces = nm_host(c, side->traces, bytes),
                          .spikes = nm_host(c, side->spikes, spike_bytes),
                          .n = side->n,
                          .decay = side->decay,
                          .impulse = side->impulse};
    uint32_t begin = c->progress.index, left = nm_words(side->n) - begin;
    if (begin >= nm_words(side->n) || !nm_has_kernels(c->kernels) || p->rounding == 3 || !at.traces || !at.spikes ||
        !(at.traces + bytes <= at.spikes || at.spikes + spike_bytes <= at.traces)) {
        return;
    }
    uint32_t groups = left < c->units_left ? left : (uint32_t)c->units_left;
    if (groups) {
        uint32_t last = NM_GROUP * (begin + groups), count = (last < side->n ? last : side->n) - NM_GROUP * begin;
        c->kernels->next_traces(p, &at, begin, begin + groups);
        nm_wrote(c, side->traces + 2 * (NM_GROUP * begin), UINT64_C(2) * count);
        count_traces(c, groups, count, count / NM_GROUP * nm_lane_cycles(c, NM_GROUP) + nm_lane_cycles(c, count % NM_GROUP));
        c->progress.index += groups;
    }
}

static nm_status traces_phase(nm_coprocessor *c, const nm_plasticity *p, const side_of *side)
{
    if (side->traces) {
        traces_in_bulk(c, p, side);
    }
    for (; side->traces && c->progress.index < nm_words(side->n); c->progress.index++) {
        if (!nm_unit_may_start(c)) {
            return NM_SLICE_END;
        }
        nm_status status = trace_unit(c, p, side, c->progress.index);
        if (status != NM_OK) {
            return status;
        }
    }
    return NM_OK;
}

nm_status nm_perform_learn(nm_coprocessor *c, const nm_entry *entry, const nm_step *step)
{
    const nm_syn *syn = &entry->syn;
    const nm_pop *pop = &entry->pop;
    const nm_rule *rule = &entry->rule;
    learn_of l = {.syn = syn, .pop = pop, .rule = rule, .at = {.reward = step->reward}};
    l.at.source = nm_buffer(c, syn->source_mode, syn->source_address, syn->stride, step);
    l.at.output = nm_buffer(c, pop->output_mode, pop->out, pop->stride, step);
    nm_enter(c, UINT64_C(4) * (nm_words(syn->n) + nm_words(syn->m)), NM_ENTRY_CYCLES);
    if (!nm_span(c, NM_LOAD_FAULT, l.at.output, nm_words(syn->m), 4)) {
        return NM_FAULT;
    }
    const side_of sides[2] = {{rule->pre_traces, syn->n, rule->kx, rule->impx, l.at.source},
                              {rule->post_traces, syn->m, rule->ky, rule->impy, l.at.output}};
    for (; c->progress.phase <= 2; c->progress.phase++, c->progress.index = 0) {
        nm_status status = c->progress.phase == 0 ? weights_phase(c, entry, &l)
                                                  : traces_phase(c, &rule->plasticity, &sides[c->progress.phase - 1]);
        if (status != NM_OK) {
            return status;
        }
    }
    return NM_OK;
}
