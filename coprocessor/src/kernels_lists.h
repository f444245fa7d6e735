/* Which rows are active. */

static uint32_t list_bits(const uint8_t *source, uint32_t n, uint32_t first, uint16_t *list)
{
    uint32_t count = 0;
    for (uint32_t g = first / 32; g < nm_words(n); g++) {
        uint32_t bits, left = n - 32 * g;
        memcpy(&bits, source + 4 * (size_t)g, 4);
        bits &= left >= 32 ? UINT32_MAX : (1u << left) - 1;
        bits &= g == first / 32 ? UINT32_MAX << first % 32 : UINT32_MAX;
        /* Four at a time without asking whether there are so many: that would be a branch nobody can predict. */
        uint32_t found = nm_popcount(bits);
        for (uint32_t k = 0; k < found; k += 4) {
            for (uint32_t q = 0; q < 4; q++) {
                list[count + k + q] = (uint16_t)(32 * g + (uint32_t)__builtin_ctz(bits | 1u << 31));
                bits &= bits - 1;
            }
        }
        count += found;
    }
    return count;
}
