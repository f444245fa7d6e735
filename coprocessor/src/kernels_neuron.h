/* The neuron kernels of neuron.h on vectors of neurons, in 32-bit arithmetic.

   Exact while state words and the scaled input a * 2^ASH are below NM_NARROW in magnitude and the parameters are as
   `decode` demands; each kernel says what it needs. Other neurons are declined before anything is stored. Stochastic
   rounding and the draws of TN are declined too: draws come in the order of the neurons. */

enum {
    NM_NARROW = 1 << 28,
    NM_NEVER = 1 << 30,          /* no membrane gets there: a threshold from here on is as good as this one */
    NM_LARGEST_RETENTION = 4096, /* above, a decay could leave 32 bits */
    NM_LARGEST_RATE = 1 << 14    /* of IZH */
};

/* What is the same for all neurons: the mode word, and the shifts unless the neurons have their own. */
typedef struct vector_mode {
    nm_v32 low, high, membrane_low;
    nm_v32 half;             /* what rounding adds to a fraction of 12 bits */
    nm_v32 equal;            /* GE */
    nm_v32 refractory;
    nm_vu32 residue, middle; /* of wrapu */
    int shift, step;         /* ASH, k of IZH */
    bool toward_zero, assigns, subtracts, wraps, old_current;
} vector_mode;

/* The parameter words of a vector of neurons; a profile sets what it uses. */
typedef struct vector_neuron {
    nm_v32 ku, kv, kth, kr, bias, vth, vrst;
    nm_v32 bar;          /* greater(x, VTH): x > bar */
    nm_v32 shift, limit; /* ASH; inputs have to be below this in magnitude, NM_NARROW / 2^ASH, which may be 0 */
    nm_v32 rate, coupling, reset, jump, step; /* IZH: A, B, C, D, k; bias is its P3 */
    nm_mask uses_new_v;                       /* IZH: MAT */
    nm_v32 leak, beta, reset_down;            /* TN: reset_down is the membrane after the negative threshold */
    nm_v32 over, under;                       /* TN: subtracted at VTH, added at -beta */
    nm_mask reversal, assigns, assigns_down;  /* TN */
    nm_v32 least;                             /* SD: 0 with RELU, else out of the way */
} vector_neuron;

static inline vector_mode vector_mode_of(const nm_pop *pop)
{
    const nm_neuron *p = &pop->neuron;
    return (vector_mode){
        .low = v_all((int32_t)p->low),
        .high = v_all((int32_t)p->high),
        .membrane_low = v_all((int32_t)p->membrane_low),
        .half = v_all(p->rounding == 2 ? 2048 : 0),
        .equal = v_all(p->equal),
        .refractory = v_all((int32_t)pop->refractory),
        .residue = (nm_vu32)v_all((int32_t)(UINT32_MAX >> (32 - p->width))),
        .middle = (nm_vu32)v_all((int32_t)p->high),
        .shift = (int)nm_field(p->word[NM_P2], 4, 0),
        .step = (int)nm_field(p->word[NM_P2], 9, 8),
        .toward_zero = p->rounding == 0,
        .assigns = p->reset == 0,
        .subtracts = p->reset == 1,
        .wraps = p->wraps,
        .old_current = p->old_current,
    };
}

static inline nm_v32 v_field(nm_v32 word, int high, int low)
{
    return (nm_v32)((nm_vu32)word << (31 - high) >> (31 - high + low));
}

static inline nm_v32 v_signed_field(nm_v32 word, int high, int low)
{
    return (nm_v32)((nm_vu32)word << (31 - high)) >> (31 - high + low);
}

static inline nm_mask v_bit(nm_v32 word, int bit) { return v_gt(v_all(0), (nm_v32)((nm_vu32)word << (31 - bit))); }
static inline nm_mask v_at_most(nm_v32 x, int32_t bound) { return v_gt(v_all(bound + 1), x); }
static inline nm_mask v_is_narrow(nm_v32 x) { return v_within(x, v_all(NM_NARROW)); }

static inline nm_mask decode_izh(vector_neuron *n, const nm_v32 *word)
{
    n->rate = v_signed_field(word[NM_P0], 15, 0);
    n->coupling = word[NM_P0] >> 16;
    n->reset = v_signed_field(word[NM_P1], 15, 0);
    n->jump = word[NM_P1] >> 16;
    n->step = v_field(word[NM_P2], 9, 8);
    n->uses_new_v = v_bit(word[NM_P2], 10);
    n->bias = word[NM_P3];
    return v_and(v_is_narrow(n->bias), v_within(n->rate, v_all(NM_LARGEST_RATE)));
}

/* gam = 3 acts as 2. */
static inline nm_mask decode_tn(vector_neuron *n, const vector_mode *m, const nm_v32 *word)
{
    nm_v32 kind = v_field(word[NM_P0], 12, 11), rest = word[NM_VRST];
    nm_mask assigns = v_gt(v_all(1), kind), subtracts = v_not(v_nonzero(kind - 1)), saturates = v_bit(word[NM_P0], 13);
    n->bar = n->vth - 1;
    n->beta = v_min(word[NM_P1], v_all(NM_NEVER));
    n->leak = v_signed_field(word[NM_P0], 8, 0);
    n->reversal = v_bit(word[NM_P0], 10);
    n->assigns = assigns;
    n->assigns_down = v_or(assigns, saturates);
    n->vrst = v_clip(rest, m->low, m->high);
    n->reset_down = v_clip(v_select(saturates, 0 - n->beta, 0 - rest), m->low, m->high);
    n->over = v_select(subtracts, n->vth, v_all(0));
    n->under = v_select(subtracts, n->beta, v_all(0));
    nm_v32 draws = (word[NM_P0] & 0x200) | (word[NM_P3] & 0x1FFFF);
    return v_and(v_and(v_not(v_nonzero(draws)), v_gt(n->beta, v_all(-NM_NARROW))), v_is_narrow(rest));
}

/* Any VTH will do. */
static inline nm_mask decode_sd(vector_neuron *n, const vector_mode *m, const nm_v32 *word)
{
    n->bias = word[NM_P1];
    n->bar = v_max(word[NM_VTH], v_all(-1)) - m->equal;
    n->least = v_select(v_bit(word[NM_P2], 8), v_all(0), v_all(INT32_MIN));
    return v_is_narrow(n->bias);
}

static inline __attribute__((always_inline)) nm_mask decode_leaky(vector_neuron *n, const nm_v32 *word,
                                                                  const uint32_t profile)
{
    n->bias = word[NM_P1];
    n->vrst = word[NM_VRST];
    nm_mask good = v_is_narrow(n->bias);
    if (profile == NM_IF) {
        return good;
    }
    n->kv = v_field(word[NM_P0], 28, 16);
    nm_v32 largest = n->kv;
    if (profile == NM_CUBA || profile == NM_ALIF) {
        n->ku = word[NM_P0] & 0x1FFF;
        largest = v_max(largest, n->ku);
    }
    if (profile == NM_ALIF) {
        n->kth = word[NM_P3] & 0x1FFF;
        n->kr = v_field(word[NM_P3], 28, 16);
        largest = v_max(largest, v_max(n->kth, n->kr));
        good = v_and(good, v_is_narrow(n->vth)); /* part of sums */
    }
    return v_and(good, v_at_most(largest, NM_LARGEST_RETENTION));
}

/* Decode parameter words; gives the neurons for which 32 bits suffice. */
static inline __attribute__((always_inline)) nm_mask decode(vector_neuron *n, const vector_mode *m, const nm_v32 *word,
                                                            const uint32_t profile)
{
    n->shift = word[NM_P2] & 31;
    n->limit = (nm_v32)((nm_vu32)v_all(NM_NARROW) >> (nm_vu32)n->shift);
    if (profile == NM_SD) {
        return decode_sd(n, m, word);
    }
    n->vth = v_min(word[NM_VTH], v_all(NM_NEVER));
    n->bar = n->vth - m->equal;
    nm_mask good = v_gt(n->vth, v_all(-NM_NARROW));
    if (profile == NM_IZH) {
        return v_and(good, decode_izh(n, word));
    }
    return v_and(good, profile == NM_TN ? decode_tn(n, m, word) : decode_leaky(n, word, profile));
}

/* rnd(R, x*k, 12) for any x and 0 <= k <= 4096: with x = 4096*h + l it is h*k + rnd(l*k), where 0 <= l*k < 2^24. */
static inline nm_v32 v_dec(const vector_mode *m, nm_v32 x, nm_v32 k)
{
    nm_v32 fraction = (x & 4095) * k;
    if (m->toward_zero) {
        fraction = v_add_if_negative(fraction, v_all(4095), x);
    } else {
        fraction += m->half;
    }
    return (x >> 12) * k + (fraction >> 12);
}

/* |u|, |input| < 2^28: the sum is below 2^29. */
static inline nm_v32 v_cubi(const vector_mode *m, const vector_neuron *n, nm_v32 u, nm_v32 input)
{
    nm_v32 x = v_dec(m, u, n->ku) + input;
    if (m->wraps) {
        return (nm_v32)((((nm_vu32)x + m->middle) & m->residue) - m->middle);
    }
    return v_clip(x, m->low, m->high);
}

/* |v|, |BIAS| < 2^28, |u| <= 2^29: the sum is below 2^30. */
static inline nm_v32 v_cubv(const vector_mode *m, const vector_neuron *n, nm_v32 v, nm_v32 u)
{
    return v_clip(v_dec(m, v, n->kv) + u + n->bias, m->membrane_low, m->high);
}

/* integ of |v| < 2^28: the sum is below 3 * 2^28. */
static inline nm_v32 v_integ(const vector_mode *m, const vector_neuron *n, nm_v32 v, nm_v32 input)
{
    return v_clip(v + (input + n->bias), m->membrane_low, m->high);
}

/* |v| < 2^30 = NM_NEVER, VTH > -2^28. A spike has v >= VTH, so v - VTH needs no lower bound. */
static inline nm_v32 v_thr(const vector_mode *m, const vector_neuron *n, nm_v32 v, nm_mask *spiked)
{
    *spiked = v_gt(v, n->bar);
    if (m->assigns) {
        return v_select(*spiked, n->vrst, v);
    }
    return m->subtracts ? v_select(*spiked, v_min(v - n->vth, m->high), v) : v;
}

/* |th|, |VTH| < 2^28: the result is below 3 * 2^28. */
static inline nm_v32 v_athd(const vector_mode *m, const vector_neuron *n, nm_v32 th)
{
    return v_dec(m, th - n->vth, n->kth) + n->vth;
}

/* The Izhikevich step on packed state; |input|, |P3| < 2^28. With q = v*v <= 2^30 its terms are
   asr(41*q, 10) = 41*(q >> 10) + (41*(q & 1023) >> 10) =: p <= 41*2^20 and dv = 256*f + p, f = 5v + 35840 - u + i,
   |f| < 2^24, so that rhu(dv, 8 + k) = (f + ((p + 2^(7+k)) >> 8)) >> k. The recovery is |A| < 2^14 times at most 2^16. */
static inline __attribute__((always_inline)) nm_v32 v_izh(const vector_mode *m, const vector_neuron *n, nm_v32 vu,
                                                          nm_v32 input, const bool own, nm_mask *spiked)
{
    const nm_v32 low = v_all(INT16_MIN), high = v_all(INT16_MAX);
    nm_v32 v = v_signed_field(vu, 15, 0), u = vu >> 16, q = v * v;
    nm_v32 i = v_clip(input + n->bias, v_all(-(1 << 23)), v_all((1 << 23) - 1));
    nm_v32 f = 5 * v + 140 * 256 - u + i, p = 41 * (q >> 10) + (41 * (q & 1023) >> 10);
    nm_v32 half = own ? 128 << n->step : v_all(128 << m->step);
    nm_v32 change = f + ((p + half) >> 8);
    nm_v32 next = v_clip(v + (own ? change >> n->step : change >> m->step), low, high);
    nm_v32 recovery = n->rate * ((n->coupling * v_select(n->uses_new_v, next, v) >> 15) - u) + (half << 7);
    nm_v32 next_u = v_clip(u + (own ? recovery >> (15 + n->step) : recovery >> (15 + m->step)), low, high);
    *spiked = v_gt(next, n->bar);
    next = v_select(*spiked, n->reset, next);
    next_u = v_select(*spiked, v_clip(next_u + n->jump, low, high), next_u);
    return (nm_v32)((nm_vu32)next_u << 16 | ((nm_vu32)next & 0xFFFF));
}

/* TrueNorth without draws: |v|, |input| < 2^28, |lam| <= 256, -2^28 < alpha, beta <= 2^30. */
static inline nm_v32 v_tn(const vector_mode *m, const vector_neuron *n, nm_v32 v, nm_v32 input, nm_mask *spiked)
{
    const nm_v32 zero = v_all(0);
    v = v_clip(v + input, m->low, m->high);
    nm_mask below = v_gt(zero, v), above = v_gt(v, zero);
    nm_v32 moved = v_clip(v + v_select(v_and(n->reversal, below), zero - n->leak, n->leak), m->low, m->high);
    nm_mask same_side = v_or(v_and(above, v_gt(moved, v_all(-1))), v_and(below, v_gt(v_all(1), moved)));
    v = v_select(v_and(n->reversal, v_not(same_side)), zero, moved);
    nm_v32 up = v_select(n->assigns, n->vrst, v_clip(v - n->over, m->low, m->high));
    nm_v32 down = v_select(n->assigns_down, n->reset_down, v_clip(v + n->under, m->low, m->high));
    *spiked = v_gt(v, n->bar);
    return v_select(*spiked, up, v_select(v_gt(zero - n->beta, v), down, v));
}

/* |act|, |res| < 2^28, y < 2^30: d is below 2^31. */
static inline nm_v32 v_sd(const vector_mode *m, const vector_neuron *n, nm_v32 *x, nm_v32 input, nm_mask *spiked)
{
    x[0] = v_clip(x[0] + input, m->low, m->high);
    nm_v32 y = v_clip(v_max(x[0] + n->bias, n->least), m->low, m->high), d = y - x[1] + x[2];
    *spiked = v_and(v_gt(v_max(d, 0 - d), n->bar), v_nonzero(d));
    nm_v32 g = v_select(*spiked, d, v_all(0));
    x[1] = y;
    x[2] = d - g;
    return g;
}
