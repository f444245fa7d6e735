/* A tokeniser as an explicit state machine over text: one unpredictable switch a character. */
#include "bench.h"

enum { TEXT = 4096 };
enum state { BLANK, WORD, INTEGER, FRACTION, EXPONENT_SIGN, EXPONENT, QUOTED, ESCAPED, COMMENT, WRONG, STATES };

static char text[TEXT];
static uint32_t seen[STATES], value;

static enum state step(enum state state, char c)
{
    int digit = c >= '0' && c <= '9', letter = (c >= 'a' && c <= 'z') || c == '_', blank = c == ' ' || c == '\n';
    switch (state) {
    case BLANK:
        if (blank)
            return BLANK;
        if (digit) {
            value = (uint32_t)(c - '0');
            return INTEGER;
        }
        return letter ? WORD : c == '"' ? QUOTED : c == '#' ? COMMENT : c == '.' ? FRACTION : WRONG;
    case WORD:
        return letter || digit ? WORD : blank ? BLANK : WRONG;
    case INTEGER:
        if (digit) {
            value = value * 10 + (uint32_t)(c - '0');
            return INTEGER;
        }
        return c == '.' ? FRACTION : c == 'e' ? EXPONENT_SIGN : blank ? BLANK : WRONG;
    case FRACTION:
        return digit ? FRACTION : c == 'e' ? EXPONENT_SIGN : blank ? BLANK : WRONG;
    case EXPONENT_SIGN:
        return digit || c == '-' ? EXPONENT : WRONG;
    case EXPONENT:
        return digit ? EXPONENT : blank ? BLANK : WRONG;
    case QUOTED:
        return c == '"' ? BLANK : c == '\\' ? ESCAPED : QUOTED;
    case ESCAPED:
        return QUOTED;
    case COMMENT:
        return c == '\n' ? BLANK : COMMENT;
    default:
        return blank ? BLANK : WRONG;
    }
}

uint32_t benchmark(uint32_t iterations)
{
    static const char alphabet[32] = "0123456789 \n \n  abe_ee...#\"\\-x ";
    uint32_t seed = 41, sum = 0;
    for (int i = 0; i < TEXT; i++)
        text[i] = alphabet[next_random(&seed) >> 11 & 31];
    while (iterations--) {
        enum state state = BLANK;
        for (int i = 0; i < TEXT; i++) {
            state = step(state, text[i]);
            seen[state]++;
        }
        for (int i = 0; i < STATES; i++)
            sum = mix(sum, seen[i] + value);
        text[sum % TEXT] = alphabet[sum >> 27];
    }
    return sum;
}
