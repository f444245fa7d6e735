/* A stack machine interpreted with a switch; its program counts primes by trial division. */
#include "bench.h"

enum opcode { PUSH, LOAD, STORE, ADD, SUBTRACT, MULTIPLY, REMAINDER, LESS, EQUAL, JUMP, JUMP_IF_ZERO, OUTPUT, HALT };
enum variable { LIMIT, CANDIDATE, DIVISOR, COUNT };

/* for (candidate = 2; candidate < limit; candidate++)
     for (divisor = 2; ; divisor++)
       if (candidate < divisor * divisor) { count++; output(candidate); break; }
       else if (candidate % divisor == 0) break; */
static const uint8_t program[] = {
    /*  0 */ PUSH, 2, STORE, CANDIDATE, PUSH, 0, STORE, COUNT,
    /*  8 */ LOAD, CANDIDATE, LOAD, LIMIT, LESS, JUMP_IF_ZERO, 66,
    /* 15 */ PUSH, 2, STORE, DIVISOR,
    /* 19 */ LOAD, CANDIDATE, LOAD, DIVISOR, LOAD, DIVISOR, MULTIPLY, LESS, JUMP_IF_ZERO, 41,
    /* 29 */ LOAD, COUNT, PUSH, 1, ADD, STORE, COUNT, LOAD, CANDIDATE, OUTPUT, JUMP, 57,
    /* 41 */ LOAD, CANDIDATE, LOAD, DIVISOR, REMAINDER, JUMP_IF_ZERO, 57,
    /* 48 */ LOAD, DIVISOR, PUSH, 1, ADD, STORE, DIVISOR, JUMP, 19,
    /* 57 */ LOAD, CANDIDATE, PUSH, 1, ADD, STORE, CANDIDATE, JUMP, 8,
    /* 66 */ HALT,
};

static uint32_t interpret(uint32_t limit, uint32_t sum)
{
    uint32_t stack[16], variables[4] = {limit, 0, 0, 0};
    uint32_t *top = stack;
    const uint8_t *pc = program;
    for (;;) {
        switch ((enum opcode)*pc++) {
        case PUSH:
            *top++ = *pc++;
            break;
        case LOAD:
            *top++ = variables[*pc++];
            break;
        case STORE:
            variables[*pc++] = *--top;
            break;
        case ADD:
            top--;
            top[-1] += top[0];
            break;
        case SUBTRACT:
            top--;
            top[-1] -= top[0];
            break;
        case MULTIPLY:
            top--;
            top[-1] *= top[0];
            break;
        case REMAINDER:
            top--;
            top[-1] %= top[0];
            break;
        case LESS:
            top--;
            top[-1] = top[-1] < top[0];
            break;
        case EQUAL:
            top--;
            top[-1] = top[-1] == top[0];
            break;
        case JUMP:
            pc = program + *pc;
            break;
        case JUMP_IF_ZERO:
            pc = *--top ? pc + 1 : program + *pc;
            break;
        case OUTPUT:
            sum = mix(sum, *--top);
            break;
        case HALT:
            return mix(sum, variables[COUNT]);
        }
    }
}

uint32_t benchmark(uint32_t iterations)
{
    uint32_t sum = 0;
    while (iterations--)
        sum = interpret(1000 + iterations % 16, sum);
    return sum;
}
