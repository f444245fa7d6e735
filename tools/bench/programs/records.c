/* Records, enumerations, string copies and compares, small functions through pointers: the mix of business programs. */
#include "bench.h"

enum { PEOPLE = 64, NAME = 24 };
enum grade { JUNIOR, SENIOR, MANAGER, GRADES };

struct person {
    struct person *next;
    char name[NAME];
    enum grade grade;
    int32_t salary, bonus;
    uint8_t skills[8];
};

static struct person people[PEOPLE];
static struct person *by_grade[GRADES];
static int32_t totals[GRADES][8];

static int32_t junior_bonus(const struct person *p)
{
    return p->salary / 20;
}

static int32_t senior_bonus(const struct person *p)
{
    return p->salary / 10 + p->skills[p->salary & 7];
}

static int32_t manager_bonus(const struct person *p)
{
    return (p->salary - 1000) * 3 / 16;
}

static int32_t (*const bonus_rule[GRADES])(const struct person *) = {junior_bonus, senior_bonus, manager_bonus};

static void make_name(char *name, uint32_t value)
{
    static const char *const syllables[8] = {"ba", "kel", "mor", "ti", "zu", "ran", "do", "vi"};
    name[0] = 0;
    for (int i = 0; i < 4; i++, value >>= 3)
        strcpy(name + strlen(name), syllables[value & 7]);
}

static struct person *find(const char *name)
{
    for (int grade = 0; grade < GRADES; grade++)
        for (struct person *p = by_grade[grade]; p; p = p->next)
            if (strcmp(p->name, name) == 0)
                return p;
    return NULL;
}

static void promote(struct person *p)
{
    struct person **link = &by_grade[p->grade];
    while (*link != p)
        link = &(*link)->next;
    *link = p->next;
    p->grade = (enum grade)((p->grade + 1) % GRADES);
    p->next = by_grade[p->grade];
    by_grade[p->grade] = p;
}

uint32_t benchmark(uint32_t iterations)
{
    uint32_t seed = 23, sum = 0;
    for (int i = 0; i < PEOPLE; i++) {
        struct person *p = &people[i];
        make_name(p->name, next_random(&seed));
        p->grade = (enum grade)(next_random(&seed) % GRADES);
        p->salary = (int32_t)(2000 + next_random(&seed) % 4000);
        p->next = by_grade[p->grade];
        by_grade[p->grade] = p;
    }
    while (iterations--) {
        char name[NAME];
        strcpy(name, people[next_random(&seed) % PEOPLE].name);
        struct person *p = find(name);
        if (!p)
            return 0;
        p->bonus = bonus_rule[p->grade](p);
        p->skills[p->bonus & 7]++;
        for (int i = 0; i < 8; i++)
            totals[p->grade][i] += p->skills[i] * (i + 1);
        struct person copy = *p;
        if (copy.bonus > 400)
            promote(p);
        p->salary += copy.bonus % 7 - 3;
        sum = mix(sum, (uint32_t)(totals[copy.grade][copy.bonus & 7] + (int32_t)strlen(copy.name)));
    }
    return sum;
}
