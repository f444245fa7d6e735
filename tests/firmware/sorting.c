/* qsort and bsearch with several comparison functions, and the string functions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int main(void)
{
    static int values[500];
    unsigned state = 1;
    for (int i = 0; i < 500; i++)
        values[i] = (int)((state = state * 1103515245u + 12345u) >> 4) % 1000 - 200;
    qsort(values, 500, sizeof *values, by_value);
    for (int i = 0; i < 500; i += 50)
        printf("%d ", values[i]);
    int key = values[250];
    int *found = bsearch(&key, values, 500, sizeof *values, by_value);
    printf("\n%d\n", found ? *found == key : -1);

    const char *words[] = {"neuron", "axon", "synapse", "dendrite", "soma", "spike", "axon"};
    qsort(words, 7, sizeof *words, by_text);
    for (int i = 0; i < 7; i++)
        printf("%s ", words[i]);
    char text[64] = "membrane";
    strcat(text, " potential");
    memmove(text + 2, text, strlen(text) + 1);
    printf("\n%s %zu %d %s\n", text, strlen(text), memcmp("abc", "abd", 3) < 0, strstr(text, "pot"));
    printf("%ld %ld %lu %d\n", strtol("-0x7f", NULL, 16), strtol("0777", NULL, 0), strtoul("4294967295", NULL, 10),
           atoi(" 42x"));
    char list[] = "a,b;;c";
    for (char *part = strtok(list, ",;"); part; part = strtok(NULL, ",;"))
        printf("[%s]", part);
    puts("");
    return 0;
}
