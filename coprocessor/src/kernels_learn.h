/* Plasticity of dense rows where rounding draws nothing (rules 0, 1, 3). Rows go by tiles of columns, which gives no other
   result: each weight is changed once. */
#include "kernels_steps.h"
#include "kernels_wide.h"

/* Rows in words. */
static void learn_wide(const nm_learning *l, const uint16_t *row, uint32_t count, bool a, const learn_tile *t)
{
    const wide_rule rule = wide_rule_of(l, a ? NM_SPIKING : t->posts ? NM_SILENT : NM_QUIET);
    wide_columns columns;
    int64_t most = wide_columns_of(l, t, &columns);
    wide_rows(l, row, count, t, &columns, most, &rule);
}

/* Rule 0, one column with a post spike and rows with a pre spike, whose traces are `pre`. */
static void pair_column(const nm_learning *l, const uint16_t *row, const some_traces *pre, const shift_round *r, uint32_t j)
{
    const nm_rule *rule = l->rule;
    const int32_t low = (int32_t)rule->plasticity.wmin, high = (int32_t)rule->plasticity.wmax;
    int64_t product = rule->am * (int64_t)get_trace(l->post_traces, j);
    if (nm_abs(rule->ap) * (int64_t)pre->largest + nm_abs(product) >= INT32_MAX) {
        for (uint32_t k = 0; k < pre->count; k++) {
            learn_synapse(l, row[k], true, j);
        }
        return;
    }
    int32_t change[NM_LEARN_COLUMNS];
    for (uint32_t k = 0; k < pre->count; k += NM_WORDS) {
        nm_v32 d = v_round(r, v_load_u16(pre->x + 2 * k) * (int32_t)rule->ap - (int32_t)product);
        d = v_clip(d, v_all(-NM_LARGE_CHANGE), v_all(NM_LARGE_CHANGE));
        memcpy(change + k, &d, sizeof d);
    }
    uint8_t *const column = l->weights + j;
    const size_t pitch = l->pitch;
    for (uint32_t k = 0, count = pre->count; k < count; k++) {
        uint8_t *w = column + pitch * row[k];
        int32_t x = (int8_t)*w + change[k];
        *w = (uint8_t)(x < low ? low : x > high ? high : x);
    }
}

/* Rule 0, rows with a pre spike: columns without a post spike by steps, the others one by one or, if many, all wide. */
static void pair_spiking(const nm_learning *l, const uint16_t *row, uint32_t count, const shift_round *r,
                         const learn_tile *t)
{
    if (5 * NM_WORDS * t->posts > 8 * t->count) {
        learn_wide(l, row, count, true, t);
        return;
    }
    some_traces pre;
    step_rows(l, row, count, t, 0, t->count - 1, NULL);
    if (t->posts) {
        gather_traces(l->pre_traces, row, count, &pre);
    }
    for (uint32_t k = 0; k < t->posts; k++) {
        pair_column(l, row, &pre, r, t->post[k]);
    }
}

/* Rule 0, rows without a pre spike: columns with a post spike by steps of the rows. */
static void pair_silent(const nm_learning *l, const uint16_t *row, uint32_t count, const shift_round *r,
                        const learn_tile *t)
{
    some_traces pre;
    uint8_t amount[NM_LEARN_COLUMNS];
    gather_traces(l->pre_traces, row, count, &pre);
    amounts_of_traces(r, l->rule->ap, &pre, amount);
    step_rows(l, row, count, t, t->post[0] - t->column, t->post[t->posts - 1] - t->column, amount);
}

/* At most NM_LEARN_COLUMNS rows in the tile. */
static void learn_in_tile(const nm_learning *l, const uint16_t *row, uint32_t count, bool a, const shift_round *r,
                          const learn_tile *t)
{
    switch (l->rule->kind) {
    case NM_RULE_REWARD: learn_wide(l, row, count, a, t); break;
    case NM_RULE_SDSP: step_rows(l, row, count, t, 0, t->count - 1, NULL); break;
    default: (a ? pair_spiking : pair_silent)(l, row, count, r, t); break;
    }
}

static void learn_rows(const nm_learning *l, const uint16_t *row, uint32_t count, bool a)
{
    const nm_plasticity *p = &l->rule->plasticity;
    shift_round r = shift_round_of(p->rounding, p->sh);
    learn_tile t;
    for (uint32_t column = 0; count && column < l->m; column += NM_LEARN_COLUMNS) {
        begin_tile(l, column, &t);
        if (l->rule->kind == NM_RULE_SDSP) {
            steps_of_calcium(l, &t);
        } else if (l->rule->kind == NM_RULE_PAIR && a) {
            steps_of_traces(l, &r, &t);
        } else if (l->rule->kind == NM_RULE_PAIR && t.posts) {
            steps_of_posts(l, &t);
        } else if (l->rule->kind == NM_RULE_PAIR) {
            continue;
        }
        for (uint32_t first = 0, some; first < count; first += some) {
            some = count - first < NM_LEARN_COLUMNS ? count - first : NM_LEARN_COLUMNS;
            learn_in_tile(l, row + first, some, a, &r, &t);
        }
    }
}
