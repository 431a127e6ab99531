/* environment.h — what the files of this folder share of a store: the LMDB environment itself.
 * Nobody outside the folder includes it. */
#pragma once

#include <lmdb.h>

#include "store/store.h"
#include "store/table.h"

struct store {
    MDB_env *env;
    MDB_dbi tables[TABLE_COUNT];
    char path[512];
    int lock;  // descriptor of the broker's lock, -1 for readers
    bool read_only;
    uint64_t start;      // how often a broker has opened it; stamps attempts
    uint8_t secret[16];  // keys hashes of persons
    size_t map_bytes;
};

struct store_read {
    struct store *store;
    MDB_txn *txn;
};

/* Maps an error of LMDB's to ours: full disk and full map to BL_FULL, damage to BL_CORRUPT. */
enum bl_err environment_error(struct bl_error *e, int rc, const char *doing);
/* Reads one value; NULL-terminated nothing. Returns false when it is not there.
 * Any other failure is a damaged tree, reported in *err. */
bool environment_get(MDB_txn *txn, MDB_dbi table, struct bl_text key, struct bl_text *value,
                     enum bl_err *err, struct bl_error *e);

/* Writes what the store says of itself. */
enum bl_err environment_meta_put(struct store *store, MDB_txn *txn, const char *name, void *value,
                                 size_t bytes, struct bl_error *e);
#define STORE_MIGRATING "migrating"  // there while a migration is under way

static inline MDB_val environment_value(struct bl_text text)
{
    return (MDB_val){ text.bytes, (void *)text.at };
}

static inline struct bl_text environment_text(MDB_val value)
{
    return (struct bl_text){ value.mv_data, value.mv_size };
}
