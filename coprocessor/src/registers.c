/* The register-level instructions (specification chapter 5): operands and results as u32, parameters from the CSRs. */
#include "state.h"

static uint32_t push(nm_coprocessor *c, int64_t value, uint32_t s)
{
    nm_push(c, s);
    return nm_u32(value);
}

/* 5.1 words of spikes */
uint32_t nm_popc(nm_coprocessor *c, uint32_t rs1) { (void)c; return nm_popcount(rs1); }
uint32_t nm_andpop(nm_coprocessor *c, uint32_t rs1, uint32_t rs2) { (void)c; return nm_popcount(rs1 & rs2); }
uint32_t nm_xnorpop(nm_coprocessor *c, uint32_t rs1, uint32_t rs2) { (void)c; return 2 * nm_popcount(~(rs1 ^ rs2)) - 32; }
uint32_t nm_ffs(nm_coprocessor *c, uint32_t rs1) { (void)c; return rs1 ? (uint32_t)__builtin_ctz(rs1) : 32; }
uint32_t nm_clrlsb(nm_coprocessor *c, uint32_t rs1) { (void)c; return rs1 & (rs1 - 1); }
uint32_t nm_spush(nm_coprocessor *c, uint32_t rs1, uint32_t rs2) { (void)c; return rs1 << 1 | (rs2 & 1); }
uint32_t nm_evpk(nm_coprocessor *c, uint32_t rs1, uint32_t rs2) { (void)c; return (rs1 & 0xFFF) << 20 | (rs2 & 0xFFFFF); }
uint32_t nm_evad(nm_coprocessor *c, uint32_t rs1) { (void)c; return rs1 & 0xFFFFF; }
uint32_t nm_evts(nm_coprocessor *c, uint32_t rs1) { (void)c; return rs1 >> 20; }

/* 5.2 accumulation */

/* x as a signed number of `width` bits, modulo 2^32. */
static uint32_t extend(uint32_t x, unsigned width)
{
    uint32_t sign = 1u << (width - 1);
    return ((x & (2 * sign - 1)) ^ sign) - sign;
}

static uint32_t gated_sum(uint32_t sum, uint32_t weights, uint32_t gate, unsigned width)
{
    for (unsigned i = 0; i < 32 / width; i++) {
        sum += gate >> i & 1 ? extend(weights >> (width * i), width) : 0;
    }
    return sum;
}

uint32_t nm_sacc8(nm_coprocessor *c, uint32_t rd, uint32_t rs1, uint32_t rs2) { (void)c; return gated_sum(rd, rs1, rs2, 8); }
uint32_t nm_sacc4(nm_coprocessor *c, uint32_t rd, uint32_t rs1, uint32_t rs2) { (void)c; return gated_sum(rd, rs1, rs2, 4); }
uint32_t nm_sacct(nm_coprocessor *c, uint32_t rd, uint32_t rs1, uint32_t rs2) { (void)c; return gated_sum(rd, rs1, rs2, 2); }

uint32_t nm_saccb(nm_coprocessor *c, uint32_t rd, uint32_t rs1, uint32_t rs2)
{
    (void)c;
    return rd + nm_popcount(rs1 & rs2) - nm_popcount(~rs1 & rs2);
}

uint32_t nm_dot8(nm_coprocessor *c, uint32_t rd, uint32_t rs1, uint32_t rs2)
{
    (void)c;
    for (unsigned i = 0; i < 32; i += 8) {
        rd += extend(rs1 >> i, 8) * extend(rs2 >> i, 8);
    }
    return rd;
}

/* The pair of halves of x, each plus its addend, saturated to s16. */
static uint32_t add_pair(uint32_t x, int64_t low, int64_t high)
{
    int64_t h0 = nm_clip(nm_s16(x) + low, INT16_MIN, INT16_MAX);
    int64_t h1 = nm_clip(nm_s16(x >> 16) + high, INT16_MIN, INT16_MAX);
    return nm_u32(h1) << 16 | (nm_u32(h0) & 0xFFFF);
}

uint32_t nm_vadds(nm_coprocessor *c, uint32_t rs1, uint32_t rs2) { (void)c; return add_pair(rs1, nm_s16(rs2), nm_s16(rs2 >> 16)); }
uint32_t nm_vwadl(nm_coprocessor *c, uint32_t rs1, uint32_t rs2) { (void)c; return add_pair(rs1, nm_s8(rs2), nm_s8(rs2 >> 8)); }
uint32_t nm_vwadh(nm_coprocessor *c, uint32_t rs1, uint32_t rs2) { (void)c; return add_pair(rs1, nm_s8(rs2 >> 16), nm_s8(rs2 >> 24)); }
uint32_t nm_tnsyn(nm_coprocessor *c, uint32_t rd, uint32_t rs1) { return rd + nm_u32(nm_kernel_tnw(nm_rng(c), rs1)); }

/* 5.3 neuron kernels */
uint32_t nm_dec(nm_coprocessor *c, uint32_t rs1, uint32_t rs2)
{
    return nm_u32(nm_kernel_dec(&c->neuron, nm_rng(c), nm_s32(rs1), rs2));
}

uint32_t nm_decs(nm_coprocessor *c, uint32_t rs1, uint32_t rs2)
{
    (void)c;
    return nm_u32(nm_kernel_decs(nm_s32(rs1), rs2));
}

uint32_t nm_integ(nm_coprocessor *c, uint32_t rs1, uint32_t rs2)
{
    return nm_u32(nm_kernel_integ(&c->neuron, nm_s32(rs1), nm_s32(rs2)));
}

uint32_t nm_lif(nm_coprocessor *c, uint32_t rs1, uint32_t rs2)
{
    uint32_t s;
    int64_t v = nm_kernel_lif(&c->neuron, nm_rng(c), nm_s32(rs1), nm_s32(rs2), &s);
    return push(c, v, s);
}

uint32_t nm_cubi(nm_coprocessor *c, uint32_t rs1, uint32_t rs2)
{
    return nm_u32(nm_kernel_cubi(&c->neuron, nm_rng(c), nm_s32(rs1), nm_s32(rs2)));
}

uint32_t nm_cubv(nm_coprocessor *c, uint32_t rs1, uint32_t rs2)
{
    return nm_u32(nm_kernel_cubv(&c->neuron, nm_rng(c), nm_s32(rs1), nm_s32(rs2)));
}

uint32_t nm_thr(nm_coprocessor *c, uint32_t rs1)
{
    uint32_t s;
    int64_t v = nm_kernel_thr(&c->neuron, nm_s32(rs1), &s);
    return push(c, v, s);
}

uint32_t nm_cmp(nm_coprocessor *c, uint32_t rs1, uint32_t rs2)
{
    uint32_t s = nm_greater(&c->neuron, nm_s32(rs1), nm_s32(rs2));
    return push(c, s, s);
}

uint32_t nm_athd(nm_coprocessor *c, uint32_t rs1)
{
    return nm_u32(nm_kernel_athd(&c->neuron, nm_rng(c), nm_s32(rs1)));
}

uint32_t nm_izh(nm_coprocessor *c, uint32_t rs1, uint32_t rs2)
{
    uint32_t s;
    uint32_t vu = nm_kernel_izh(&c->neuron, rs1, nm_s32(rs2), &s);
    return push(c, vu, s);
}

uint32_t nm_tn(nm_coprocessor *c, uint32_t rs1, uint32_t rs2)
{
    uint32_t s;
    int64_t v = nm_kernel_tn(&c->neuron, nm_rng(c), nm_s32(rs1), nm_s32(rs2), &s);
    return push(c, v, s);
}

uint32_t nm_sdsig(nm_coprocessor *c, uint32_t rs1, uint32_t rs2)
{
    return nm_u32(nm_kernel_sdsig(&c->neuron, nm_s32(rs1), nm_s32(rs2)));
}

uint32_t nm_sdact(nm_coprocessor *c, uint32_t rs1) { return nm_u32(nm_kernel_sdact(&c->neuron, nm_s32(rs1))); }

uint32_t nm_sdthr(nm_coprocessor *c, uint32_t rs1)
{
    int64_t d = nm_kernel_sdthr(&c->neuron, nm_s32(rs1));
    return push(c, d, d != 0);
}

/* 5.4 random numbers and rounding */
uint32_t nm_rnd(nm_coprocessor *c) { return nm_draw(nm_rng(c), 32); }

uint32_t nm_rndn(nm_coprocessor *c, uint32_t rs1)
{
    uint32_t n = rs1 & 63;
    return n == 0 ? 0 : nm_draw(nm_rng(c), n < 32 ? n : 32);
}

uint32_t nm_srsr(nm_coprocessor *c, uint32_t rs1, uint32_t rs2)
{
    return nm_u32(nm_round(nm_rng(c), 3, nm_s32(rs1), rs2 & 31));
}

uint32_t nm_srnr(nm_coprocessor *c, uint32_t rs1, uint32_t rs2) { (void)c; return nm_u32(nm_rhu(nm_s32(rs1), rs2 & 31)); }
uint32_t nm_srtz(nm_coprocessor *c, uint32_t rs1, uint32_t rs2) { (void)c; return nm_u32(nm_tz(nm_s32(rs1), rs2 & 31)); }
uint32_t nm_bern(nm_coprocessor *c, uint32_t rs1) { return nm_draw(nm_rng(c), 16) < (rs1 & 0x1FFFF); }

uint32_t nm_sat(nm_coprocessor *c, uint32_t rs1, uint32_t rs2)
{
    (void)c;
    uint32_t n = rs2 & 63;
    int64_t half = INT64_C(1) << (n >= 1 && n <= 32 ? n - 1 : 31);
    return nm_u32(nm_clip(nm_s32(rs1), -half, half - 1));
}

/* 5.5 plasticity */
uint32_t nm_trd(nm_coprocessor *c, uint32_t rs1, uint32_t rs2)
{
    uint32_t low = nm_kernel_trd(&c->plasticity, nm_rng(c), rs1, rs2);
    return nm_kernel_trd(&c->plasticity, nm_rng(c), rs1 >> 16, rs2 >> 16) << 16 | low;
}

uint32_t nm_tri(nm_coprocessor *c, uint32_t rs1, uint32_t rs2)
{
    (void)c;
    return nm_kernel_tri(rs1 >> 16, rs2 >> 16) << 16 | nm_kernel_tri(rs1, rs2);
}

uint32_t nm_wadd8(nm_coprocessor *c, uint32_t rs1, uint32_t rs2)
{
    uint32_t result = 0;
    for (unsigned i = 0; i < 32; i += 8) {
        result |= (nm_u32(nm_wclip(&c->plasticity, nm_s8(rs1 >> i) + nm_s8(rs2 >> i))) & 0xFF) << i;
    }
    return result;
}

uint32_t nm_stdw(nm_coprocessor *c, uint32_t rd, uint32_t rs1, uint32_t rs2)
{
    return nm_u32(nm_kernel_stdw(&c->plasticity, nm_rng(c), nm_s32(rd), nm_s32(rs1), rs2));
}

uint32_t nm_eld(nm_coprocessor *c, uint32_t rd, uint32_t rs1, uint32_t rs2)
{
    return nm_u32(nm_kernel_eld(&c->plasticity, nm_rng(c), nm_s32(rd), nm_s32(rs1), rs2));
}

uint32_t nm_bltp(nm_coprocessor *c, uint32_t rs1, uint32_t rs2) { return nm_kernel_bltp(&c->plasticity, nm_rng(c), rs1, rs2); }
uint32_t nm_bltd(nm_coprocessor *c, uint32_t rs1, uint32_t rs2) { return nm_kernel_bltd(&c->plasticity, nm_rng(c), rs1, rs2); }

uint32_t nm_sdsp(nm_coprocessor *c, uint32_t rs1, uint32_t rs2)
{
    return nm_u32(nm_kernel_sdsp(&c->plasticity, nm_s32(rs1), rs2));
}

uint32_t nm_eph(nm_coprocessor *c, uint32_t rs1)
{
    return nm_u32(nm_kernel_eph(&c->plasticity, c->neuron.vth, nm_s32(rs1)));
}

uint32_t nm_epw(nm_coprocessor *c, uint32_t rd, uint32_t rs1, uint32_t rs2)
{
    return nm_u32(nm_kernel_epw(&c->plasticity, nm_rng(c), nm_s32(rd), nm_s32(rs1), rs2));
}
