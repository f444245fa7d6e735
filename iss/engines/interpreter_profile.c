/* Part of interpreter_template.c: the profile, what each word of RAM and each operation has cost when executed.
 * The careful handlers keep it; while there is one, the fast handlers rest. */
static size_t profile_bytes(const nh_state *s)
{
    return (size_t)s->ram_size / 4 * sizeof(nh_tally);
}

/* Begin an empty profile or end it; 0 if there is no memory. Untouched pages of it cost nothing. */
uint32_t nh_profile(nh_state *s, uint32_t on)
{
    if (s->by_word) munmap(s->by_word, profile_bytes(s));
    s->by_word = NULL;
    memset(s->by_operation, 0, sizeof s->by_operation);
    if (!on) return 1;
    void *words = mmap(NULL, profile_bytes(s), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (words == MAP_FAILED) return 0;
    s->by_word = words;
    return 1;
}

/* Return the RAM offset of the first executed word from `offset` on; the size of the RAM if there is none. */
uint32_t nh_next_profiled(const nh_state *s, uint32_t offset)
{
    uint32_t word = (offset > s->code_low ? offset : s->code_low) / 4;
    for (; s->by_word && word < s->code_high / 4; word++)
        if (s->by_word[word].count | s->by_word[word].cycles) return 4 * word;
    return s->ram_size;
}

static void add(nh_tally *tally, uint64_t count, uint64_t cycles, uint64_t accesses)
{
    tally->count += count;
    tally->cycles += cycles;
    tally->accesses += accesses;
}

/* Charge what has passed since the last call to the instruction of record d; `word` is its own if it is still known.
 * An instruction that traps or suspends has not retired (count 0) but may have taken cycles. */
static void tally(nh_state *s, const nh_decoded *d, const uint32_t *word, uint64_t acc, uint32_t count)
{
    const uint64_t cycles = s->cycles + (acc & MOST_CYCLES);
    const uint64_t accesses = s->accesses + (acc >> ACCESS_SHIFT & MOST_ACCESSES);
    const uint32_t operation = d->op == OP_UNDECODED && word ? operation_of(s, *word) : d->op;
    add(&s->by_word[d - s->code], count, cycles - s->tallied_cycles, accesses - s->tallied_accesses);
    add(&s->by_operation[operation], count, cycles - s->tallied_cycles, accesses - s->tallied_accesses);
    s->tallied_cycles = cycles;
    s->tallied_accesses = accesses;
}
