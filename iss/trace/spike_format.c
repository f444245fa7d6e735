/* Trace records as Spike's --log-commits text: one line for each retired instruction.
 *
 *   core   0: 3 0x80000034 (0x00a42223) x5  0x00000001 c832_mscratch 0x00000002 mem 0x80002004 0x12345000
 *
 * A load shows its address alone, a store also its value in as many digits as it has; x0 and pure reads show nothing.
 */
static const char HEX_DIGITS[] = "0123456789abcdef";

static char *put_hex(char *out, uint32_t value, uint32_t digits)
{
    *out++ = '0';
    *out++ = 'x';
    for (uint32_t i = digits; i-- > 0;) *out++ = HEX_DIGITS[value >> 4 * i & 15u];
    return out;
}

static char *put_text(char *out, const char *text)
{
    while (*text) *out++ = *text++;
    return out;
}

static char *put_decimal(char *out, uint32_t value)
{
    char digits[10];
    uint32_t count = 0;
    do digits[count++] = (char)('0' + value % 10u); while (value /= 10u);
    while (count) *out++ = digits[--count];
    return out;
}

/* `csr_names` has 4096 entries, NULL for CSRs that are not shown; `out` must hold NH_SPIKE_LINE bytes a record. */
size_t nh_format_spike(const nh_record *records, size_t count, const char *const *csr_names, char *out)
{
    char *const start = out;
    const nh_record *pending = records;
    for (const nh_record *r = records; r < records + count; r++) {
        if ((r->tag & 255u) != NH_RETIRED) continue;
        const uint32_t destination = r->tag >> 8 & 31u;
        out = put_text(out, "core   0: 3 ");
        out = put_hex(out, r->a, 8);
        out = put_text(out, " (");
        out = put_hex(out, r->b, 8);
        *out++ = ')';
        if (destination) {
            out = put_text(out, " x");
            out = put_decimal(out, destination);
            out = put_text(out, destination < 10 ? "  " : " ");
            out = put_hex(out, r->c, 8);
        }
        for (const nh_record *p = pending; p < r; p++) {
            if ((p->tag & 255u) != NH_CSR || !csr_names[p->tag >> 8 & 4095u]) continue;
            out = put_text(out, " c");
            out = put_decimal(out, p->tag >> 8 & 4095u);
            *out++ = '_';
            out = put_text(out, csr_names[p->tag >> 8 & 4095u]);
            *out++ = ' ';
            out = put_hex(out, p->a, 8);
        }
        for (const nh_record *p = pending; p < r; p++) {
            const uint32_t kind = p->tag & 255u;
            if (kind != NH_LOAD && kind != NH_STORE) continue;
            out = put_text(out, " mem ");
            out = put_hex(out, p->a, 8);
            if (kind == NH_STORE) {
                *out++ = ' ';
                out = put_hex(out, p->b, 2u * (p->tag >> 8 & 255u));
            }
        }
        *out++ = '\n';
        pending = r + 1;
    }
    return (size_t)(out - start);
}
