/* Validation of NET and XFER descriptors (specification 6.8) and of any descriptor (nm.check, 7.1). */
#include "descriptor_words.h"

static bool read_entry(nm_coprocessor *c, uint32_t place, nm_entry *entry)
{
    const uint8_t *host = nm_span(c, NM_LOAD_FAULT, place, 2, 4);
    if (!host) {
        return false;
    }
    uint32_t a = nm_get32(host), b = nm_get32(host + 4), operation = a & 0xFF;
    bool out = (a & 0x100) != 0;
    nm_status status = NM_OK;
    if (a >> 9 != 0 || (out && operation != NM_ENTRY_UPD)) {
        status = nm_fail(c, NM_BAD, place);
    } else if (operation < NM_ENTRY_SYN || operation > NM_ENTRY_LEARN) {
        status = nm_fail(c, NM_UNSUPPORTED, place);
    } else if (b == 0) {
        status = nm_fail(c, NM_BAD, place + 4);
    }
    if (status != NM_OK) {
        return false;
    }
    entry->kind = operation;
    entry->counts = out;
    switch (operation) {
    case NM_ENTRY_SYN: return nm_read_syn(c, b, &entry->syn, &entry->pop, false);
    case NM_ENTRY_UPD: return nm_read_pop(c, b, &entry->pop);
    default: return nm_read_rule(c, b, entry);
    }
}

bool nm_read_net(nm_coprocessor *c, uint32_t address, nm_entry *entries, uint32_t *count)
{
    nm_words_of d;
    if (!nm_load_words(&d, c, address, NM_TYPE_NET, 4) || !nm_require(&d, d.w[1] != 0, NM_BAD, 1) ||
        !nm_require(&d, d.w[1] <= NM_LARGEST_NETWORK, NM_LIMIT, 1) || !nm_require_zero(&d, 2) ||
        !nm_require_zero(&d, 3)) {
        return false;
    }
    *count = d.w[1];
    for (uint32_t k = 0; k < *count; k++) {
        if (!read_entry(c, address + 16 + 8 * k, &entries[k])) {
            return false;
        }
    }
    return true;
}

bool nm_read_xfer(nm_coprocessor *c, uint32_t address, nm_xfer *xfer)
{
    nm_words_of d;
    if (!nm_load_words(&d, c, address, NM_TYPE_XFER, 8) || !nm_require_size(&d, 1) || !nm_require_pointer(&d, 2, 4) ||
        !nm_require_pointer(&d, 3, 4) || !nm_require_zero(&d, 5) || !nm_require_zero(&d, 6) ||
        !nm_require_zero(&d, 7)) {
        return false;
    }
    xfer->address = address;
    xfer->n = d.w[1];
    xfer->events = d.w[2];
    xfer->bitmap = d.w[3];
    xfer->capacity = d.w[4];
    return true;
}

bool nm_read_any(nm_coprocessor *c, uint32_t address)
{
    if (address % 16) {
        nm_fail(c, NM_MISALIGNED, address);
        return false;
    }
    const uint8_t *host = nm_span(c, NM_LOAD_FAULT, address, 1, 4);
    if (!host) {
        return false;
    }
    uint32_t head = nm_get32(host), count;
    nm_xfer xfer;
    nm_entry *scratch = &c->entries[0];
    switch (head >> 16 == NM_MAGIC ? nm_field(head, 15, 8) : 0) {
    case NM_TYPE_POP: return nm_read_pop(c, address, &scratch->pop);
    case NM_TYPE_SYN: return nm_read_syn(c, address, &scratch->syn, &scratch->pop, false);
    case NM_TYPE_RULE: return nm_read_rule(c, address, scratch);
    case NM_TYPE_NET: return nm_read_net(c, address, c->entries, &count);
    case NM_TYPE_XFER: return nm_read_xfer(c, address, &xfer);
    default: nm_fail(c, NM_BAD, address); return false;
    }
}
