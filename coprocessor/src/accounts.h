/* Accounts: which descriptor, under which instruction, has caused what the counters count. Kept at the boundaries of
   operations (sequence.c, issue.c), so the kernels know nothing of them. */
#ifndef NM_ACCOUNTS_H
#define NM_ACCOUNTS_H

#include "state.h"

enum { NM_MOST_ACCOUNTS = 4096, NM_ACCOUNT_PLACES = 2 * NM_MOST_ACCOUNTS, NM_NO_ACCOUNT = UINT16_MAX };

struct nm_accounts {
    uint64_t last[NM_COUNTERS];                /* the counters when the last operation was charged */
    uint16_t chosen[NM_LARGEST_NETWORK];       /* the account of each entry of the operation list, once it has one */
    uint16_t places[NM_ACCOUNT_PLACES];        /* open addressing: 1 + index of an account, 0 = free */
    uint32_t used;
    nm_account accounts[NM_MOST_ACCOUNTS + 1]; /* the last is for all that find no room */
};

/* Begin a list of `count` operations: charge from the counters as they are now. */
void nm_open_accounts(nm_coprocessor *c, uint32_t count);
/* Charge what has been counted since the last charge to an operation of the list, unless that has done nothing at all;
   it has been finished so many times. */
void nm_charge(nm_coprocessor *c, uint32_t position, const nm_entry *entry, uint32_t finished);
/* The same for an operation that is no entry of a list. */
void nm_charge_alone(nm_coprocessor *c, uint32_t operation, uint32_t descriptor);

#endif
