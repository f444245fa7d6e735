/* Trace records into the columns of a block (iss/trace/block.py): what an instruction is stands once for each place. */

/* Give the index of (pc, word) among the sites of a block, a new one if there is room for it; NH_BLOCK_FULL if not. */
static uint32_t site_of(nh_block *b, uint32_t pc, uint32_t word, uint32_t destination)
{
    uint32_t place = ((pc >> 2) * 0x9E3779B1u ^ word) & (NH_BLOCK_PLACES - 1);
    for (; b->places[place]; place = (place + 1) & (NH_BLOCK_PLACES - 1)) {
        const uint32_t index = b->places[place] - 1u;
        if (b->site_pc[index] == pc && b->site_word[index] == word) return index;
    }
    if (b->sites == NH_BLOCK_INSTRUCTIONS) return NH_BLOCK_FULL;
    b->site_pc[b->sites] = pc;
    b->site_word[b->sites] = word;
    b->site_destination[b->sites] = (uint8_t)destination;
    b->places[place] = (uint16_t)++b->sites;
    return b->sites - 1;
}

/* Take records as far as the block has room; give how many. Instructions count from 0 on in a block. */
size_t nh_pack(nh_block *b, const nh_record *records, size_t count)
{
    const nh_record *r = records;
    for (; r < records + count; r++) {
        const uint32_t kind = r->tag & 255u;
        if (kind == NH_RETIRED) {
            if (b->instructions == NH_BLOCK_INSTRUCTIONS) break;
            const uint32_t site = site_of(b, r->a, r->b, r->tag >> 8 & 31u);
            if (site == NH_BLOCK_FULL) break;
            b->site[b->instructions] = (uint16_t)site;
            b->value[b->instructions++] = r->c;
        } else if (kind == NH_LOAD || kind == NH_STORE) {
            if (b->accesses == NH_BLOCK_ACCESSES) break;
            b->access_index[b->accesses] = (uint16_t)b->instructions;
            b->access_kind[b->accesses] = (uint8_t)((r->tag >> 8 & 127u) | (kind == NH_STORE ? 128u : 0u));
            b->address[b->accesses] = r->a;
            b->data[b->accesses++] = r->b;
        } else {
            if (b->events == NH_BLOCK_EVENTS) break;
            b->event_index[b->events] = (uint16_t)b->instructions;
            b->event[b->events++] = *r;
        }
    }
    return (size_t)(r - records);
}
