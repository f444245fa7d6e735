/* Part of interpreter_template.c: trace records and the slow way to memory and devices. */
/* ---- Trace records: those of an instruction count only with its retirement, which commits them ---- */
static void note(nh_state *s, uint32_t tag, uint32_t a, uint32_t b, uint32_t c)
{
    if (s->ring_used < s->ring_size) s->ring[s->ring_used++] = (nh_record){tag, a, b, c};
}

/* A record that counts whatever becomes of the instruction. */
static void note_now(nh_state *s, uint32_t tag, uint32_t a, uint32_t b, uint32_t c)
{
    note(s, tag, a, b, c);
    s->ring_committed = s->ring_used;
}

/* ---- Memory, slow path; return 0 and set the trap, or do the access ---- */
/* mtval of an access fault: of an access that begins in RAM and leaves it, the part behind RAM. */
static uint32_t fault_address(const nh_state *s, uint32_t address)
{
    return address - s->ram_base < s->ram_size ? s->ram_base + s->ram_size : address;
}

static uint32_t load_slow(nh_state *s, uint32_t address, uint32_t size, uint32_t *value)
{
    const uint32_t offset = address - s->ram_base;
    if ((address & (size - 1)) && !s->misaligned) return trap_at(s, CAUSE_LOAD_ADDRESS_MISALIGNED, address);
    *value = 0;
    if (offset <= s->ram_size - size) {
        memcpy(value, s->ram + offset, size);
    } else {
        if (!nh_bus_load(s->host, address, size, value))
            return trap_at(s, CAUSE_LOAD_ACCESS_FAULT, fault_address(s, address));
    }
    if (s->ring) note(s, NH_LOAD | size << 8, address, *value, 0);
    return 1;
}

static uint32_t store_slow(nh_state *s, uint32_t address, uint32_t size, uint32_t value)
{
    const uint32_t offset = address - s->ram_base;
    if ((address & (size - 1)) && !s->misaligned) return trap_at(s, CAUSE_STORE_ADDRESS_MISALIGNED, address);
    if (offset <= s->ram_size - size) {
        memcpy(s->ram + offset, &value, size);
        if (offset < s->code_high && offset + size > s->code_low) nh_invalidate(s, offset, offset + size);
        if (offset < s->htif_high && offset + size > s->htif_low) {
            nh_htif_stored(s->host, address);
            s->attention = 1;
        }
    } else {
        if (!nh_bus_store(s->host, address, size, value))
            return trap_at(s, CAUSE_STORE_ACCESS_FAULT, fault_address(s, address));
    }
    if (s->ring) note(s, NH_STORE | size << 8, address, value, 0);
    return 1;
}

/* Whether the machine has to look at interrupts, events or stop requests before the next instruction. After cycles have
 * elapsed it has to if that changed the coprocessor's interrupt lines or gave it an event. */
static uint32_t needs_attention(nh_state *s)
{
    if (s->has_elapsed) {
        s->has_elapsed = 0;
        if (s->elapsed >= MOST_ELAPSED) s->attention = 1;
#ifdef NH_FRONT
        if (s->unit.front->written_low <= s->unit.front->written_high) {
            nh_invalidate(s, s->unit.front->written_low, s->unit.front->written_high + 1);
            s->unit.front->written_low = UINT32_MAX;
            s->unit.front->written_high = 0;
        }
        if (s->unit.front->next_event != UINT64_MAX || s->unit.front->mip != (s->mip & s->custom_interrupts))
            s->attention = 1;
#endif
    }
    return s->attention;
}

/* Return the instructions that may run before either limit can be passed. */
static uint64_t remaining(const nh_state *s)
{
    if (s->retired >= s->retired_limit || s->cycles >= s->cycle_limit) return 0;
    uint64_t count = s->retired_limit - s->retired;
    const uint64_t by_cycles = (s->cycle_limit - s->cycles - 1) / s->maximum_cost + 1;
    if (by_cycles < count) count = by_cycles;
    /* Their cycles and accesses must fit the fields of acc. */
    if (count > MOST_CYCLES / s->maximum_cost) count = MOST_CYCLES / s->maximum_cost;
    if (count > MOST_ACCESSES / ACCESSES_AT_MOST) count = MOST_ACCESSES / ACCESSES_AT_MOST;
    return count < MAXIMUM_GRANT ? count : MAXIMUM_GRANT;
}
