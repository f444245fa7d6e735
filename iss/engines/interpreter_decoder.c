/* Part of interpreter_template.c: from instruction words to decoded records, and their invalidation. */
typedef struct { uint32_t match, mask; uint8_t op, format; } definition;
static const definition DEFINITIONS[] = {
@DEFINITION_TABLE@
};
static const char *const MNEMONICS[] = {
@MNEMONICS@
};
/* Definitions are sorted by their low seven bits; those of opcode k start at OPCODE_START[k]. */
static const uint16_t OPCODE_START[129] = { @OPCODE_STARTS@ };
@DIRECT_JUMPS@

static void extract(nh_decoded *d, uint32_t format, uint32_t w)
{
    switch (format) {
@FORMATS@
    default: break;
    }
}

/* Keep the largest part of RAM that holds neither decoded code nor tohost for the fast stores. */
static void place_store_window(nh_state *s)
{
    uint32_t a_low = s->code_low, a_high = s->code_high, b_low = s->htif_low, b_high = s->htif_high;
    if (a_low >= a_high) a_low = a_high = 0;
    if (b_low >= b_high) b_low = b_high = 0;
    if (b_low < a_low) {
        const uint32_t low = a_low, high = a_high;
        a_low = b_low; a_high = b_high; b_low = low; b_high = high;
    }
    const uint32_t starts[3] = {0, a_high, b_high > a_high ? b_high : a_high};
    const uint32_t ends[3] = {a_low, b_low, s->ram_size};
    s->window_low = s->window_size = 0;
    for (int i = 0; i < 3; i++)
        if (ends[i] > starts[i] && ends[i] - starts[i] > s->window_size) {
            s->window_low = starts[i];
            s->window_size = ends[i] - starts[i];
        }
}

static uint32_t word_at(const nh_state *s, const nh_decoded *d)
{
    uint32_t word;
    memcpy(&word, s->ram + 4 * (size_t)(d - s->code), 4);
    return word;
}

/* PAIRS[a][b] - 1 is the number of the pair handler of operations a and b; 0: there is none. */
static const uint8_t PAIRS[OPERATIONS][OPERATIONS] = {
    [0][0] = 0,
#if NH_PAIRS
@PAIRS@
#endif
};

/* Tell which sources of a record the record before has just written: bit 0 rs1, bit 1 rs2. */
static uint32_t place(const nh_decoded *d)
{
    const uint32_t written = FORWARDS_RD[d[-1].op] ? d[-1].rd : 32;
    if (written == 32) return 0;
    return (uint32_t)(d->rs1 == written) | (uint32_t)(d->rs2 == written) << 1;
}

/* Return the handler of a decoded record that suits the destination of the record before. */
static const void *variant(const nh_decoded *d, const void *const *handlers)
{
    return handlers[4u * d->op + place(d)];
}

/* Return the definition of an instruction word, NULL if it is illegal. */
static const definition *find(const nh_state *s, uint32_t word)
{
    const uint32_t opcode = word & 127u;
    for (uint32_t i = OPCODE_START[opcode]; i < OPCODE_START[opcode + 1]; i++) {
        const definition *found = &DEFINITIONS[i];
        if ((word & found->mask) == found->match && s->enabled[found->op]) return found;
    }
    return NULL;
}

static uint32_t operation_of(const nh_state *s, uint32_t word)
{
    const definition *found = find(s, word);
    return found ? found->op : OP_ILLEGAL;
}

static void decode_one(nh_state *s, nh_decoded *d, const void *const *handlers)
{
    const uint32_t index = (uint32_t)(d - s->code), word = word_at(s, d);
    const definition *found = find(s, word);
    d->op = OP_ILLEGAL;
    d->step = (uint64_t)0 - ONE;
    d->imm = 0;
    d->rd = 32;
    d->rs1 = d->rs2 = 0;
    if (found) {
        d->op = found->op;
        d->step = s->costs[found->op] + ACCESSES(ACCESSES_AT_LEAST[found->op]) - ONE;
        extract(d, found->format, word);
    }
    d->handler = variant(d, handlers);
    if (DIRECT_JUMP[d->op]) {
        /* imm becomes a distance in bytes of records; a target that cannot be a record is left to the careful handler */
        const uint32_t target = index * 4u + (uint32_t)d->imm;
        if ((target & 3u) || target >= s->ram_size) {
            d->handler = s->handler_slow;
        } else {
            nh_decoded *to = s->code + target / 4;
            if (!to->handler) to->handler = s->handler_undecoded;
        }
    }
    if (index % EDGE == EDGE - 1 && d->handler != s->handler_slow) d->handler = s->handler_edge;
    if (!d[1].handler) d[1].handler = s->handler_undecoded;
    const uint32_t low = index * 4u & ~63u, high = low + 64 < s->ram_size ? low + 64 : s->ram_size;
    if (low < s->code_low || high > s->code_high) {
        if (low < s->code_low) s->code_low = low;
        if (high > s->code_high) s->code_high = high;
        place_store_window(s);
    }
}

/* Decode a record and, if both have a common handler, pair it with the next one, which keeps its own for jumps. */
static void decode(nh_state *s, nh_decoded *d, const void *const *handlers)
{
    const uint32_t index = (uint32_t)(d - s->code);
    decode_one(s, d, handlers);
    if (index % EDGE >= EDGE - 2 || index + 1 >= s->ram_size / 4) return;
    if (d[1].op == OP_UNDECODED) decode_one(s, d + 1, handlers);
    const uint32_t pair = PAIRS[d->op][d[1].op];
    if (pair == 0 || d->handler == s->handler_slow || d[1].handler == s->handler_slow) return;
    d->handler = handlers[4u * OPERATIONS + 16u * (pair - 1) + place(d) + 4u * place(d + 1)];
}

static uint32_t is_decoded(const nh_decoded *d)
{
    return d->op != OP_UNDECODED && d->op != OP_OUTSIDE;
}

void nh_invalidate(nh_state *s, uint32_t low, uint32_t high)
{
    if (low < s->code_low) low = s->code_low;
    if (high > s->code_high) high = s->code_high;
    if (low >= high) return;
    nh_decoded *const first = s->code + low / 4, *const behind = s->code + (high - 1) / 4 + 1;
    for (nh_decoded *d = first; d < behind; d++)
        if (is_decoded(d)) {
            d->op = OP_UNDECODED;
            d->rd = 0;
            d->handler = s->handler_undecoded;
        }
    /* The neighbours' handlers go, too: one may be paired with a changed record, the other count on its destination.
     * Their operands stay, since pairs that they are the second of stay. */
    if (is_decoded(first - 1)) first[-1].handler = s->handler_undecoded;
    if (is_decoded(behind)) behind->handler = s->handler_undecoded;
}
