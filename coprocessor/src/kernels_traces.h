/* Traces a step later, phases 1 and 2 of the learn operation. */

/* The traces of one vector, spikes in the lowest bits. */
static inline nm_v32 next_trace_vector(const nm_plasticity *p, const nm_traces *side, nm_v32 x, uint32_t spikes)
{
    nm_v32 half = v_all(p->rounding == 2 ? 2048 : 0), most = v_all(NM_TRACE_MAXIMUM), impulse = v_all((int32_t)side->impulse);
    x = v_min((x * (int32_t)side->decay + half) >> 12, most);
    return v_select(v_mask_of_bits(spikes), p->nearest ? impulse : v_min(x + impulse, most), x);
}

static void next_traces(const nm_plasticity *p, const nm_traces *side, uint32_t group, uint32_t end)
{
    for (; group < end; group++) {
        uint32_t left = side->n - NM_GROUP * group, spikes;
        uint32_t bytes = left < NM_GROUP ? 2 * left : 2 * NM_GROUP;
        uint8_t *traces = side->traces + 2 * (size_t)NM_GROUP * group, staged[2 * NM_GROUP] = {0};
        uint8_t *at = left < NM_GROUP ? staged : traces;
        memcpy(&spikes, side->spikes + 4 * (size_t)group, 4);
        if (at == staged) {
            memcpy(staged, traces, bytes);
        }
        for (unsigned k = 0; k < NM_GROUP; k += NM_WORDS) {
            v_store_16(at + 2 * k, next_trace_vector(p, side, v_load_u16(at + 2 * k), spikes >> k));
        }
        if (at == staged) {
            memcpy(traces, staged, bytes);
        }
    }
}
