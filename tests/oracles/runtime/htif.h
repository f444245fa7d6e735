/* The host-target interface of Spike and of our machine: write and exit. */
#ifndef NEUROHART_HTIF_H
#define NEUROHART_HTIF_H

#include <stddef.h>

/* Writes bytes to descriptor 1 or 2 of the host and returns how many were written, or a negative error number. */
long htif_write(int descriptor, const void *data, size_t size);

/* Ends the run. */
__attribute__((noreturn)) void htif_exit(int code);

#endif
