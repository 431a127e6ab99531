#include "store/stats.h"

#include "store/environment.h"

/* Pages that were freed and wait to be used again: LMDB keeps their numbers in its table 0. */
static uint64_t free_pages(MDB_txn *txn)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    uint64_t pages = 0;

    if (mdb_cursor_open(txn, 0, &cursor) != 0) {
        return 0;
    }
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
        pages += *(const size_t *)value.mv_data;
    }
    mdb_cursor_close(cursor);
    return pages;
}

enum bl_err stats_read(struct store *store, struct stats *stats, struct bl_error *e)
{
    struct store_read *read AUTO(store_read_end) = NULL;
    enum bl_err err = store_read_begin(store, &read, e);
    MDB_envinfo info;
    MDB_stat stat;

    if (err != BL_OK) {
        return err;
    }
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        int rc = mdb_stat(read->txn, store->tables[i], &stat);

        if (rc != 0) {
            return environment_error(e, rc, table_name((enum table)i));
        }
        stats->tables[i] = (struct stats_table){
            .rows = stat.ms_entries,
            .pages = stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages,
            .depth = stat.ms_depth,
        };
    }
    int rc = mdb_env_info(store->env, &info);
    if (rc != 0) {
        return environment_error(e, rc, "stats");
    }
    stats->page_bytes = stat.ms_psize;
    stats->used_bytes = (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize;
    stats->free_bytes = free_pages(read->txn) * stat.ms_psize;
    stats->map_bytes = info.me_mapsize;
    stats->readers = info.me_numreaders;
    return BL_OK;
}
