/* Updates of whole populations, one group of 32 neurons after the other. */

#define NM_INLINE static inline __attribute__((always_inline))

/* What a group of neurons needs besides their arrays. */
typedef struct group_context {
    const nm_pop *pop;
    uint8_t *graded, *bitmap; /* the output, one of them or none */
    vector_mode mode;
    vector_neuron common; /* unless neurons have parameters of their own */
} group_context;

/* The parameters of the vector at `offset`: the population's with the neurons' own words in their place. */
NM_INLINE nm_mask decode_own(vector_neuron *n, const group_context *c, const nm_arrays *at, size_t offset,
                             const uint32_t profile)
{
    nm_v32 word[NM_PARAMETERS];
    for (unsigned q = 0; q < NM_PARAMETERS; q++) {
        word[q] = at->param[q] ? v_load(at->param[q] + offset) : v_all((int32_t)c->pop->neuron.word[q]);
    }
    return decode(n, &c->mode, word, profile);
}

/* The neurons of the vector at `offset` that can be done exactly. */
NM_INLINE nm_mask exact(const group_context *c, const nm_arrays *at, size_t offset, const uint32_t profile,
                        const bool own)
{
    vector_neuron n = c->common;
    nm_mask good = own ? decode_own(&n, c, at, offset, profile) : v_not(v_none());
    good = v_and(good, v_within(v_load(at->cur + offset), n.limit));
    for (uint32_t q = 0; q < nm_profile_words(profile) && profile != NM_IZH; q++) {
        good = v_and(good, v_is_narrow(v_load(at->state[q] + offset)));
    }
    return good;
}

/* Update the vector at `offset`; gives the spikes as bits. */
NM_INLINE uint32_t update_vector(const group_context *c, const nm_arrays *at, size_t offset, const uint32_t profile,
                                 const bool own, const bool refractory)
{
    const uint32_t words = nm_profile_words(profile);
    vector_neuron n = c->common;
    if (own) {
        (void)decode_own(&n, c, at, offset, profile);
    }
    nm_v32 x[NM_MOST_STATE_WORDS + 1];
    nm_vu32 a = (nm_vu32)v_load(at->cur + offset);
    nm_v32 input = (nm_v32)(own ? a << (nm_vu32)n.shift : a << c->mode.shift);
    nm_mask s;
    for (uint32_t q = 0; q < words + refractory; q++) {
        x[q] = v_load(at->state[q] + offset);
    }
    nm_v32 g = refractory ? v_profile_step_refractory(profile, own, &c->mode, &n, words, x, input, &s)
                          : v_profile_step(profile, own, &c->mode, &n, x, input, &s);
    for (uint32_t q = 0; q < words + refractory; q++) {
        v_store(at->state[q] + offset, x[q]);
    }
    v_store(at->cur + offset, v_all(0));
    if (at->acc) {
        v_store(at->acc + offset, (nm_v32)((nm_vu32)v_load(at->acc + offset) + (nm_vu32)g));
    }
    if (c->graded) {
        v_store(c->graded + offset, g);
    }
    return v_bits(s);
}

/* The group at byte `offset` of its arrays: false and no effect if it cannot be done exactly. */
NM_INLINE bool update_group(const group_context *c, const nm_arrays *at, size_t offset, uint32_t *spikes,
                            const uint32_t profile, const bool own, const bool refractory)
{
    nm_mask good = v_not(v_none());
    *spikes = 0;
    for (unsigned k = 0; k < NM_GROUP; k += NM_WORDS) {
        good = v_and(good, exact(c, at, offset + 4 * k, profile, own));
    }
    for (unsigned k = 0; k < NM_GROUP && v_every(good); k += NM_WORDS) {
        *spikes |= update_vector(c, at, offset + 4 * k, profile, own, refractory) << k;
    }
    return v_every(good);
}

/* Groups of 32 neurons as the kernel `update` says. */
NM_INLINE uint32_t update_groups(const nm_pop *pop, const nm_arrays *at, uint32_t group, uint32_t end,
                                 uint32_t *spikes, const uint32_t profile, const bool own, const bool refractory)
{
    group_context c = {.pop = pop,
                       .mode = vector_mode_of(pop),
                       .graded = pop->graded ? at->out : NULL,
                       .bitmap = pop->graded ? NULL : at->out};
    nm_v32 word[NM_PARAMETERS];
    for (unsigned q = 0; q < NM_PARAMETERS; q++) {
        word[q] = v_all((int32_t)pop->neuron.word[q]);
    }
    if (!v_every(decode(&c.common, &c.mode, word, profile)) && !own) {
        return group;
    }
    const nm_arrays arrays = *at; /* so that compilers know that no store changes them */
    uint32_t found = 0, bits;
    for (; group < end; group++) {
        if (!update_group(&c, &arrays, 4 * (size_t)NM_GROUP * group, &bits, profile, own, refractory)) {
            break;
        }
        if (c.bitmap) {
            memcpy(c.bitmap + 4 * (size_t)group, &bits, 4);
        }
        if (arrays.bits) {
            arrays.bits[group] = bits;
        }
        found += nm_popcount(bits);
    }
    *spikes += found;
    return group;
}

typedef uint32_t update_function(const nm_pop *pop, const nm_arrays *at, uint32_t group, uint32_t end,
                                 uint32_t *spikes);

/* A group of less than 32 neurons, done on a copy. */
typedef struct staged_group {
    nm_arrays at;
    uint8_t words[NM_MOST_STATE_WORDS + 3 + NM_PARAMETERS][4 * NM_GROUP];
} staged_group;

/* Copy `count` words of an array to the stage, and 0 behind them. */
static uint8_t *copy_in(uint8_t *staged, const uint8_t *array, uint32_t count)
{
    for (uint32_t k = 0; k < NM_GROUP; k += NM_WORDS) {
        uint32_t rest = count < k ? 0 : count - k < NM_WORDS ? count - k : NM_WORDS;
        v_store(staged + 4 * k, v_load_part(array + 4 * k, v_part(rest)));
    }
    return staged;
}

static void copy_out(const uint8_t *staged, uint8_t *array, uint32_t count)
{
    for (uint32_t k = 0; k < count; k += NM_WORDS) {
        uint32_t rest = count - k < NM_WORDS ? count - k : NM_WORDS;
        v_store_part(array + 4 * k, v_part(rest), v_load(staged + 4 * k));
    }
}

static void stage(staged_group *s, const nm_pop *pop, const nm_arrays *at, size_t offset, uint32_t count)
{
    uint8_t(*words)[4 * NM_GROUP] = s->words;
    s->at = (nm_arrays){.cur = copy_in(*words++, at->cur + offset, count)};
    for (unsigned q = 0; q < pop->state_words; q++) {
        s->at.state[q] = copy_in(*words++, at->state[q] + offset, count);
    }
    for (unsigned q = 0; pop->replaced >> q; q++) {
        s->at.param[q] = at->param[q] ? copy_in(*words++, at->param[q] + offset, count) : NULL;
    }
    s->at.acc = at->acc ? copy_in(*words++, at->acc + offset, count) : NULL;
    s->at.out = at->out ? *words : NULL;
}

static void unstage(const staged_group *s, const nm_pop *pop, const nm_arrays *at, size_t offset, uint32_t count)
{
    copy_out(s->at.cur, at->cur + offset, count);
    for (unsigned q = 0; q < pop->state_words; q++) {
        copy_out(s->at.state[q], at->state[q] + offset, count);
    }
    if (at->acc) {
        copy_out(s->at.acc, at->acc + offset, count);
    }
    if (at->out && pop->graded) {
        copy_out(s->at.out, at->out + offset, count);
    }
}

/* The last group if it has less than 32 neurons; gives the first group not done. */
static uint32_t update_rest(update_function *function, const nm_pop *pop, const nm_arrays *at, uint32_t group,
                            uint32_t *spikes)
{
    staged_group staged;
    size_t offset = 4 * (size_t)NM_GROUP * group;
    uint32_t count = pop->n % NM_GROUP, bits = 0, unused = 0;
    stage(&staged, pop, at, offset, count);
    staged.at.bits = &bits;
    if (function(pop, &staged.at, 0, 1, &unused) == 0) {
        return group;
    }
    unstage(&staged, pop, at, offset, count);
    bits &= (1u << count) - 1;
    if (at->out && !pop->graded) {
        memcpy(at->out + 4 * (size_t)group, &bits, 4);
    }
    if (at->bits) {
        at->bits[group] = bits;
    }
    *spikes += nm_popcount(bits);
    return group + 1;
}

/* Whether an update draws random numbers. */
static bool rounds_at_random(const nm_pop *pop)
{
    bool rounds = pop->profile == NM_LIF || pop->profile == NM_CUBA || pop->profile == NM_ALIF || pop->profile == NM_LI;
    return rounds && pop->neuron.rounding == 3;
}

/* A function of its own for each profile, with constants for what would cost time inside the loops. */
#define NM_UPDATE(name, profile, own, refractory) \
    static __attribute__((noinline)) uint32_t name(const nm_pop *pop, const nm_arrays *at, uint32_t group, \
                                                   uint32_t end, uint32_t *spikes) \
    { \
        return update_groups(pop, at, group, end, spikes, profile, own, refractory); \
    }
#define NM_UPDATES(name, profile, refractory) \
    NM_UPDATE(name, profile, false, refractory) NM_UPDATE(name##_own, profile, true, refractory)

NM_UPDATES(update_if, NM_IF, false)
NM_UPDATES(update_lif, NM_LIF, false)
NM_UPDATES(update_cuba, NM_CUBA, false)
NM_UPDATES(update_refractory_if, NM_IF, true)
NM_UPDATES(update_refractory_lif, NM_LIF, true)
NM_UPDATES(update_refractory_cuba, NM_CUBA, true)
NM_UPDATES(update_alif, NM_ALIF, false)
NM_UPDATES(update_izh, NM_IZH, false)
NM_UPDATES(update_tn, NM_TN, false)
NM_UPDATES(update_li, NM_LI, false)
NM_UPDATES(update_sd, NM_SD, false)

static uint32_t update(const nm_pop *pop, const nm_arrays *at, uint32_t group, uint32_t end, uint32_t *spikes)
{
    static update_function *const functions[][2][2] = { /* [profile][refractory][own parameters] */
        [NM_IF] = {{update_if, update_if_own}, {update_refractory_if, update_refractory_if_own}},
        [NM_LIF] = {{update_lif, update_lif_own}, {update_refractory_lif, update_refractory_lif_own}},
        [NM_CUBA] = {{update_cuba, update_cuba_own}, {update_refractory_cuba, update_refractory_cuba_own}},
        [NM_ALIF] = {{update_alif, update_alif_own}},
        [NM_IZH] = {{update_izh, update_izh_own}},
        [NM_TN] = {{update_tn, update_tn_own}},
        [NM_LI] = {{update_li, update_li_own}},
        [NM_SD] = {{update_sd, update_sd_own}},
    };
    if (rounds_at_random(pop)) {
        return group;
    }
    update_function *function = functions[pop->profile][pop->refractory != 0][pop->replaced != 0];
    uint32_t whole = end < pop->n / NM_GROUP ? end : pop->n / NM_GROUP;
    if (group < whole) {
        group = function(pop, at, group, whole, spikes);
    }
    return group == whole && group < end ? update_rest(function, pop, at, group, spikes) : group;
}
