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
static void pair_spiking(const nm_learning *l, const uint16_t *row, uint32_t count, const shift_round *r, learn_tile *t)
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

/* Rule 0, rows without a pre spike: the post spikes' columns change by steps of the rows. */
static void pair_silent(const nm_learning *l, const uint16_t *row, uint32_t count, const shift_round *r, learn_tile *t)
{
    some_traces pre;
    learn_steps of_rows;
    gather_traces(l->pre_traces, row, count, &pre);
    steps_of_traces(r, l->rule->ap, &pre, &of_rows);
    step_rows(l, row, count, t, t->post[0] - t->column, t->post[t->posts - 1] - t->column, &of_rows);
}

/* Some of the rows in the tile. */
static void learn_tile_rows(const nm_learning *l, const uint16_t *row, uint32_t count, bool a, const shift_round *r,
                            learn_tile *t)
{
    if (l->rule->kind == NM_RULE_REWARD) {
        learn_wide(l, row, count, a, t);
    } else if (l->rule->kind == NM_RULE_SDSP) {
        step_rows(l, row, count, t, 0, t->count - 1, NULL);
    } else if (a) {
        pair_spiking(l, row, count, r, t);
    } else if (t->posts) {
        pair_silent(l, row, count, r, t);
    }
}

static void learn_rows(const nm_learning *l, const uint16_t *row, uint32_t count, bool a)
{
    const nm_plasticity *p = &l->rule->plasticity;
    shift_round r = shift_round_of(p->rounding, p->sh);
    learn_tile t = {.column = 0};
    for (uint32_t column = 0; count && column < l->m; column += NM_LEARN_COLUMNS) {
        begin_tile(l, column, &t);
        if (l->rule->kind == NM_RULE_SDSP) {
            steps_of_calcium(l, &t);
        } else if (a && l->rule->kind == NM_RULE_PAIR) {
            some_traces post;
            copy_traces(l->post_traces, t.column, t.count, &post);
            steps_of_traces(&r, -l->rule->am, &post, &t.steps);
        }
        choose_columns(&t, !a);
        for (uint32_t first = 0; first < count; first += NM_LEARN_COLUMNS) {
            learn_tile_rows(l, row + first, count - first < NM_LEARN_COLUMNS ? count - first : NM_LEARN_COLUMNS, a, &r, &t);
        }
    }
}
