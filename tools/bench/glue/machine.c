/* Bare metal: output through the host-target interface. */
#include "bench.h"
#include "htif.h"

void platform_write(const char *text, size_t length)
{
    htif_write(1, text, length);
}
