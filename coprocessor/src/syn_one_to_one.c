/* One-to-one projections in bulk (format 7): rows of a list, or a whole graded source, which needs none. */
#include "syn_bulk.h"

bool nm_find_one_to_one(const nm_coprocessor *c, nm_bulk *b)
{
    const nm_syn *syn = &b->entry->syn;
    b->rows.weights = syn->weights ? nm_find_table(c, b, syn->weights, syn->n) : NULL;
    return b->rows.weights || !syn->weights;
}

void nm_add_one_to_one(const nm_rows *rows)
{
    for (uint32_t k = 0; k < rows->count; k++) {
        uint32_t i = rows->row[k], weight = rows->weights ? (uint32_t)(int8_t)rows->weights[i] : 1;
        nm_add32(rows->cur + 4 * (size_t)i, weight * (rows->value ? rows->value[k] : 1u << rows->shift));
    }
}

bool nm_add_graded(nm_coprocessor *c, const nm_bulk *b)
{
    uint32_t first = c->progress.index, left = first < b->rows.n ? b->rows.n - first : 0;
    if (left > c->units_left || b->delays) {
        return false;
    }
    size_t offset = 4 * (size_t)first;
    const uint8_t *weights = b->rows.weights ? b->rows.weights + first : NULL;
    uint32_t active = c->kernels->add_words(b->written + offset, b->source + offset, weights, left, b->rows.shift);
    nm_row_totals totals = nm_equal_rows(c, active, 1, weights != NULL);
    nm_count_rows(c, b->entry, active, &totals);
    nm_wrote(c, b->place, b->written_bytes);
    return true;
}
