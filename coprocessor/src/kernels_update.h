/* Updates of whole populations, one group of 32 neurons after the other. */

#define NM_INLINE static inline __attribute__((always_inline))

/* What a group of neurons needs besides their arrays. */
typedef struct group_context {
    const nm_pop *pop;
    vector_mode mode;
    vector_neuron common; /* unless neurons have parameters of their own */
} group_context;

/* State words of a profile without the refractory counter. */
NM_INLINE uint32_t words_of(const uint32_t profile)
{
    return profile == NM_ALIF ? 4 : profile == NM_SD ? 3 : profile == NM_CUBA ? 2 : 1;
}

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
    for (uint32_t q = 0; q < words_of(profile) && profile != NM_IZH; q++) {
        good = v_and(good, v_is_narrow(v_load(at->state[q] + offset)));
    }
    return good;
}

/* Update the vector at `offset`; gives the spikes as bits. */
NM_INLINE uint32_t update_vector(const group_context *c, const nm_arrays *at, size_t offset, const uint32_t profile,
                                 const bool own, const bool refractory)
{
    const uint32_t words = words_of(profile);
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
    if (c->pop->graded && at->out) {
        v_store(at->out + offset, g);
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

/* A group of less than 32 neurons is done on a copy. */
typedef struct staged_group {
    nm_arrays at;
    uint8_t words[NM_MOST_STATE_WORDS + 3 + NM_PARAMETERS][4 * NM_GROUP];
} staged_group;

/* Copy `count` words of an array to or from its place in the stage; the rest of that becomes 0. */
static void copy_in(uint8_t *staged, const uint8_t *array, uint32_t count)
{
    for (uint32_t k = 0; k < NM_GROUP; k += NM_WORDS) {
        uint32_t rest = count < k ? 0 : count - k;
        v_store(staged + 4 * k, rest < NM_WORDS ? v_load_part(array + 4 * k, v_part(rest)) : v_load(array + 4 * k));
    }
}

static void copy_out(const uint8_t *staged, uint8_t *array, uint32_t count)
{
    for (uint32_t k = 0; k < count; k += NM_WORDS) {
        uint32_t rest = count - k;
        v_store_part(array + 4 * k, v_part(rest < NM_WORDS ? rest : NM_WORDS), v_load(staged + 4 * k));
    }
}

/* Arrays a group is stored to. */
enum { NM_STORED = NM_MOST_STATE_WORDS + 3 };
static void stored_arrays(const nm_arrays *at, bool graded, uint8_t *arrays[NM_STORED])
{
    for (unsigned q = 0; q < NM_MOST_STATE_WORDS; q++) {
        arrays[q] = at->state[q];
    }
    arrays[NM_MOST_STATE_WORDS] = at->cur;
    arrays[NM_MOST_STATE_WORDS + 1] = at->acc;
    arrays[NM_MOST_STATE_WORDS + 2] = graded ? at->out : NULL;
}

static void stage(staged_group *s, const nm_pop *pop, const nm_arrays *at, size_t offset, uint32_t count)
{
    uint8_t *arrays[NM_STORED];
    uint8_t **const places[NM_STORED] = {&s->at.state[0], &s->at.state[1], &s->at.state[2], &s->at.state[3],
                                         &s->at.cur,      &s->at.acc,      &s->at.out};
    stored_arrays(at, pop->graded, arrays);
    s->at = (nm_arrays){0};
    for (unsigned k = 0; k < NM_STORED; k++) {
        if (arrays[k]) {
            copy_in(s->words[k], arrays[k] + offset, count);
            *places[k] = s->words[k];
        }
    }
    for (unsigned q = 0; q < NM_PARAMETERS; q++) {
        if (at->param[q]) {
            copy_in(s->words[NM_STORED + q], at->param[q] + offset, count);
            s->at.param[q] = s->words[NM_STORED + q];
        }
    }
}

static void unstage(const staged_group *s, const nm_pop *pop, const nm_arrays *at, size_t offset, uint32_t count)
{
    uint8_t *arrays[NM_STORED];
    stored_arrays(at, pop->graded, arrays);
    for (unsigned k = 0; k < NM_STORED; k++) {
        if (arrays[k]) {
            copy_out(s->words[k], arrays[k] + offset, count);
        }
    }
}

NM_INLINE uint32_t update_groups(const nm_pop *pop, const nm_arrays *at, uint32_t group, uint32_t end,
                                 uint32_t *spikes, const uint32_t profile, const bool own, const bool refractory)
{
    group_context c = {.pop = pop, .mode = vector_mode_of(pop)};
    nm_v32 word[NM_PARAMETERS];
    for (unsigned q = 0; q < NM_PARAMETERS; q++) {
        word[q] = v_all((int32_t)pop->neuron.word[q]);
    }
    if (!v_every(decode(&c.common, &c.mode, word, profile)) && !own) {
        return group;
    }
    for (; group < end; group++) {
        size_t offset = 4 * (size_t)NM_GROUP * group, place = offset;
        uint32_t count = pop->n - NM_GROUP * group, bits;
        staged_group staged;
        const nm_arrays *arrays = at;
        if (count < NM_GROUP) {
            stage(&staged, pop, at, offset, count);
            arrays = &staged.at;
            place = 0;
        }
        if (!update_group(&c, arrays, place, &bits, profile, own, refractory)) {
            break;
        }
        if (count < NM_GROUP) {
            unstage(&staged, pop, at, offset, count);
            bits &= (1u << count) - 1;
        }
        if (at->out && !pop->graded) {
            memcpy(at->out + 4 * (size_t)group, &bits, 4);
        }
        if (at->bits) {
            at->bits[group] = bits;
        }
        *spikes += nm_popcount(bits);
    }
    return group;
}

/* Whether an update draws random numbers. */
static bool rounds_at_random(const nm_pop *pop)
{
    bool rounds = pop->profile == NM_LIF || pop->profile == NM_CUBA || pop->profile == NM_ALIF || pop->profile == NM_LI;
    return rounds && pop->neuron.rounding == 3;
}

typedef uint32_t update_function(const nm_pop *pop, const nm_arrays *at, uint32_t group, uint32_t end,
                                 uint32_t *spikes);

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
    return functions[pop->profile][pop->refractory != 0][pop->replaced != 0](pop, at, group, end, spikes);
}
