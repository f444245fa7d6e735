/* Keeping, finding and handing out accounts. What an account is: nm_account in the header. */
#include "accounts.h"

#include <stdlib.h>
#include <string.h>

uint32_t nm_keep_accounts(nm_coprocessor *c, uint32_t on)
{
    free(c->accounts);
    c->accounts = on ? calloc(1, sizeof *c->accounts) : NULL;
    return !on || c->accounts;
}

uint32_t nm_get_accounts(const nm_coprocessor *c, nm_account *accounts, uint32_t capacity)
{
    const struct nm_accounts *a = c->accounts;
    if (!a) {
        return 0;
    }
    bool overflown = a->accounts[NM_MOST_ACCOUNTS].operations || a->accounts[NM_MOST_ACCOUNTS].counters[NM_CYC];
    uint32_t count = a->used + overflown;
    for (uint32_t k = 0; k < count && k < capacity; k++) {
        accounts[k] = a->accounts[k < a->used ? k : NM_MOST_ACCOUNTS];
    }
    return count;
}

static uint32_t first_place(uint32_t site, uint32_t operation, uint32_t descriptor)
{
    uint32_t hash = (descriptor >> 2) * 0x9E3779B1u ^ (site >> 2) * 0x85EBCA6Bu ^ operation * 0xC2B2AE35u;
    return (hash ^ hash >> 15) % NM_ACCOUNT_PLACES;
}

/* Index of the account with this key, a new one if there is none and room for it. */
static uint32_t find(struct nm_accounts *a, uint32_t site, uint32_t operation, uint32_t descriptor)
{
    uint32_t place = first_place(site, operation, descriptor);
    for (; a->places[place]; place = (place + 1) % NM_ACCOUNT_PLACES) {
        const nm_account *there = &a->accounts[a->places[place] - 1];
        if (there->descriptor == descriptor && there->site == site && there->operation == operation) {
            return a->places[place] - 1u;
        }
    }
    if (a->used == NM_MOST_ACCOUNTS) {
        return NM_MOST_ACCOUNTS;
    }
    a->accounts[a->used] = (nm_account){.site = site, .descriptor = descriptor, .operation = operation};
    a->places[place] = (uint16_t)++a->used;
    return a->used - 1;
}

static void choose(nm_coprocessor *c, uint32_t position, uint32_t operation, uint32_t descriptor)
{
    c->accounts->chosen[position] = (uint16_t)find(c->accounts, c->front.site, operation, descriptor);
}

static void choose_for(nm_coprocessor *c, uint32_t position, const nm_entry *entry)
{
    switch (entry->kind) {
    case NM_ENTRY_SYN: choose(c, position, NM_SYN, entry->syn.address); break;
    case NM_ENTRY_UPD: choose(c, position, NM_UPD, entry->pop.address); break;
    case NM_ENTRY_LEARN: choose(c, position, NM_LEARN, entry->rule.address); break;
    default: choose(c, position, NM_RST, entry->pop.address); break;
    }
}

static void charge(nm_coprocessor *c, uint32_t position, uint32_t finished)
{
    struct nm_accounts *a = c->accounts;
    nm_account *account = &a->accounts[a->chosen[position]];
    account->operations += finished;
    for (unsigned k = 0; k < NM_COUNTERS; k++) {
        account->counters[k] += c->counters[k] - a->last[k];
        a->last[k] = c->counters[k];
    }
}

void nm_open_accounts(nm_coprocessor *c, uint32_t count)
{
    if (c->accounts) {
        memcpy(c->accounts->last, c->counters, sizeof c->counters);
        memset(c->accounts->chosen, 0xFF, count * sizeof c->accounts->chosen[0]);
    }
}

void nm_charge(nm_coprocessor *c, uint32_t position, const nm_entry *entry, uint32_t finished)
{
    if (c->accounts && (finished || c->counters[NM_CYC] != c->accounts->last[NM_CYC])) {
        if (c->accounts->chosen[position] == NM_NO_ACCOUNT) {
            choose_for(c, position, entry);
        }
        charge(c, position, finished);
    }
}

void nm_charge_alone(nm_coprocessor *c, uint32_t operation, uint32_t descriptor)
{
    if (c->accounts) {
        choose(c, 0, operation, descriptor);
        charge(c, 0, 1);
    }
}
