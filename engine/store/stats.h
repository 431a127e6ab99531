/* stats.h — how large the store is. */
#pragma once

#include "store/store.h"
#include "store/table.h"

struct stats {
    struct stats_table {
        uint64_t rows;
        uint64_t pages;  // of page_bytes
        uint32_t depth;
    } tables[TABLE_COUNT];
    uint32_t page_bytes;
    uint64_t used_bytes;  // of the file
    uint64_t free_bytes;  // of it, to be used again
    uint64_t map_bytes;
    uint32_t readers;  // transactions that are open now
};

MUST_CHECK enum bl_err stats_read(struct store *store, struct stats *stats, struct bl_error *e);
