/* What picolibc asks of a machine: a console and an exit. Output is collected by line, because each host call is slow. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "htif.h"

static char line[256];
static size_t used;

static void flush(void)
{
    htif_write(1, line, used);
    used = 0;
}

static int put(char c, FILE *stream)
{
    (void)stream;
    line[used++] = c;
    if (c == '\n' || used == sizeof line)
        flush();
    return (unsigned char)c;
}

static FILE console = FDEV_SETUP_STREAM(put, NULL, NULL, _FDEV_SETUP_WRITE);
FILE *const stdout = &console;
FILE *const stderr = &console;

void _exit(int code)
{
    if (used)
        flush();
    htif_exit(code);
}
