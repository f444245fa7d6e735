/* Validation of RULE descriptors in the order of the table of specification 6.7. */
#include "descriptor_words.h"

static bool check_words(const nm_words_of *d, uint32_t kind)
{
    const uint32_t *w = d->w;
    bool uses_pre = kind == NM_RULE_PAIR || kind == NM_RULE_REWARD || kind == NM_RULE_EPROP;
    bool uses_post = kind == NM_RULE_PAIR || kind == NM_RULE_REWARD || kind == NM_RULE_SDSP;
    return nm_require_mask(d, 1, 0xF) && nm_require(d, kind <= NM_RULE_EPROP, NM_UNSUPPORTED, 1) &&
           nm_require(d, w[2] != 0, NM_BAD, 2) && nm_require_mask(d, 3, 0x001F1F07) && nm_require_mask(d, 4, 0xFFFF) &&
           nm_require(d, nm_s8(w[4]) <= nm_s8(w[4] >> 8), NM_BAD, 4) && nm_require_mask(d, 5, 0x07FF07FF) &&
           nm_require_mask(d, 7, 0x7FFF7FFF) && nm_require_mask(d, 8, 0x7FFF) && nm_require_mask(d, 10, 0x1FFF1FFF) &&
           nm_require_mask(d, 11, 0x7FFF7FFF) && nm_require_mask(d, 12, 0x001F1FFF) &&
           nm_require(d, !uses_pre || w[13] != 0, NM_BAD, 13) && nm_require_aligned(d, 13, 2) &&
           nm_require(d, !uses_post || w[14] != 0, NM_BAD, 14) && nm_require_aligned(d, 14, 2) &&
           (kind == NM_RULE_REWARD ? nm_require_pointer(d, 15, 2) : nm_require_zero(d, 15)) &&
           nm_require(d, w[16] != 0, NM_BAD, 16) &&
           (kind == NM_RULE_EPROP ? nm_require_pointer(d, 17, 4) : nm_require_zero(d, 17)) && nm_require_zero(d, 18) &&
           nm_require_zero(d, 19);
}

static bool require_at(nm_coprocessor *c, bool good, uint32_t code, uint32_t address)
{
    if (!good) {
        nm_fail(c, code, address);
    }
    return good;
}

/* The conditions between rule, projection and population. */
static bool check_combination(const nm_words_of *d, uint32_t kind, const nm_syn *syn, const nm_pop *pop)
{
    bool format = kind == NM_RULE_BINARY ? syn->format == NM_BINARY : syn->format == NM_S8 || syn->format == NM_CSR;
    bool reads_membrane = kind == NM_RULE_SDSP || kind == NM_RULE_EPROP;
    bool membraneless = pop->profile == NM_IZH || pop->profile == NM_SD;
    return require_at(d->c, format && syn->source == NM_BITMAP, NM_UNSUPPORTED, syn->address + 12) &&
           nm_require(d, pop->n == syn->m, NM_BAD, 16) && require_at(d->c, pop->out != 0, NM_BAD, pop->address + 52) &&
           require_at(d->c, !pop->graded && !(reads_membrane && membraneless), NM_UNSUPPORTED, pop->address + 8);
}

bool nm_read_rule(nm_coprocessor *c, uint32_t address, nm_entry *entry)
{
    nm_words_of d;
    if (!nm_load_words(&d, c, address, NM_TYPE_RULE, 20)) {
        return false;
    }
    const uint32_t *w = d.w;
    uint32_t kind = w[1];
    if (!nm_require(&d, (c->parts & NM_PART_LEARNING) != 0, NM_UNSUPPORTED, 0) || !check_words(&d, kind) || !nm_read_syn(c, w[2], &entry->syn, &entry->pop, false) ||
        !nm_read_pop(c, w[16], &entry->pop) || !check_combination(&d, kind, &entry->syn, &entry->pop)) {
        return false;
    }
    nm_rule *rule = &entry->rule;
    rule->address = address;
    rule->kind = kind;
    nm_plasticity_decode(&rule->plasticity, w[3], w[4], w + 5);
    rule->ap = nm_s16(w[9]);
    rule->am = nm_s16(w[9] >> 16);
    rule->kx = nm_field(w[10], 12, 0);
    rule->ky = nm_field(w[10], 28, 16);
    rule->impx = nm_field(w[11], 14, 0);
    rule->impy = nm_field(w[11], 30, 16);
    rule->ke = nm_field(w[12], 12, 0);
    rule->shr = nm_field(w[12], 20, 16);
    rule->pre_traces = w[13];
    rule->post_traces = w[14];
    rule->eligibility = w[15];
    rule->signal = w[17];
    return true;
}
