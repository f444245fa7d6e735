/* The neuron profiles of profile.h on vectors of neurons: the same sequences of the same kernels. */

/* Update state words x with the scaled input; gives the graded value, *s the spikes. */
static inline __attribute__((always_inline)) nm_v32 v_profile_step(const uint32_t profile, const bool own,
                                                                   const vector_mode *m, const vector_neuron *n,
                                                                   nm_v32 *x, nm_v32 input, nm_mask *s)
{
    switch (profile) {
    case NM_IF:
        x[0] = v_thr(m, n, v_integ(m, n, x[0], input), s);
        break;
    case NM_LIF:
        x[0] = v_thr(m, n, v_integ(m, n, v_dec(m, x[0], n->kv), input), s);
        break;
    case NM_CUBA: {
        nm_v32 u = v_cubi(m, n, x[0], input);
        x[1] = v_thr(m, n, v_cubv(m, n, x[1], m->old_current ? x[0] : u), s);
        x[0] = u;
        break;
    }
    case NM_ALIF: {
        nm_v32 u = v_cubi(m, n, x[0], input);
        x[1] = v_cubv(m, n, x[1], m->old_current ? x[0] : u);
        x[0] = u;
        nm_v32 th = v_athd(m, n, x[2]), r = v_dec(m, x[3], n->kr);
        *s = v_gt(x[1] - r, th - m->equal);
        x[2] = v_select(*s, (nm_v32)((nm_vu32)th + (nm_vu32)n->vrst), th);
        x[3] = v_select(*s, r + 2 * th, r); /* |r| < 2^28, |th| < 3 * 2^28: below 2^31 */
        break;
    }
    case NM_IZH:
        x[0] = v_izh(m, n, x[0], input, own, s);
        break;
    case NM_TN:
        x[0] = v_tn(m, n, x[0], input, s);
        break;
    case NM_LI:
        x[0] = v_integ(m, n, v_dec(m, x[0], n->kv), input);
        *s = v_none();
        return x[0];
    default: return v_sd(m, n, x, input, s);
    }
    return v_select(*s, v_all(1), v_all(0));
}

/* As above with the refractory counter as word x[words]. */
static inline __attribute__((always_inline)) nm_v32 v_profile_step_refractory(const uint32_t profile, const bool own,
                                                                              const vector_mode *m,
                                                                              const vector_neuron *n,
                                                                              const uint32_t words, nm_v32 *x,
                                                                              nm_v32 input, nm_mask *s)
{
    nm_v32 membrane = x[words - 1], count = x[words];
    nm_mask held = v_gt(count, v_all(0));
    v_profile_step(profile, own, m, n, x, input, s);
    *s = v_and(*s, v_not(held));
    x[words - 1] = v_select(held, membrane, x[words - 1]);
    x[words] = v_select(held, (nm_v32)((nm_vu32)count - 1), v_select(*s, m->refractory, v_all(0)));
    return v_select(*s, v_all(1), v_all(0));
}
