/* Part of interpreters whose unit calls back: memory for its functions, with the traps, records and counts that loads
 * and stores of instructions have. Its instruction has to `settle()` first, so that the counters are exact. */
uint32_t nh_load(nh_state *s, uint32_t address, uint32_t size, uint32_t *value)
{
    const uint32_t done = load_slow(s, address, size, value);
    s->accesses += done;
    return done;
}

uint32_t nh_store(nh_state *s, uint32_t address, uint32_t size, uint32_t value)
{
    const uint32_t low = size == 4 ? value : value & ((1u << 8 * size) - 1);
    const uint32_t done = store_slow(s, address, size, low);
    s->accesses += done;
    return done;
}
