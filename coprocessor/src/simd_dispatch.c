/* Which kernels this machine can run. */
#include <string.h>

#include "kernels.h"
#include "state.h"

const nm_kernels nm_kernels_scalar = {.name = "scalar"};

static const nm_kernels *const fastest_first[] = {
#if defined(__x86_64__)
    &nm_kernels_avx512,
    &nm_kernels_avx2,
#endif
    &nm_kernels_portable,
    &nm_kernels_scalar,
};

enum { LEVELS = sizeof fastest_first / sizeof fastest_first[0] };

static bool supported(const nm_kernels *kernels)
{
#if defined(__x86_64__)
    if (kernels == &nm_kernels_avx512) {
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vbmi2");
    }
    if (kernels == &nm_kernels_avx2) {
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt");
    }
#endif
    return kernels == &nm_kernels_portable || kernels == &nm_kernels_scalar;
}

const nm_kernels *nm_find_kernels(const char *name)
{
    for (unsigned k = 0; k < LEVELS; k++) {
        if ((!name || strcmp(name, fastest_first[k]->name) == 0) && supported(fastest_first[k])) {
            return fastest_first[k];
        }
    }
    return NULL;
}

const char *nm_simd_level(uint32_t index)
{
    for (unsigned k = 0; k < LEVELS; k++) {
        if (supported(fastest_first[k]) && index-- == 0) {
            return fastest_first[k]->name;
        }
    }
    return NULL;
}

const char *nm_simd(const nm_coprocessor *c) { return c->kernels->name; }

int nm_set_simd(nm_coprocessor *c, const char *name)
{
    const nm_kernels *kernels = nm_find_kernels(name);
    if (kernels) {
        c->kernels = kernels;
    }
    return kernels != NULL;
}
