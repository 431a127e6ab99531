#include "store/write.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "store/environment.h"

#define FULL_BYTES ((uint64_t)1 << 20)  // a disk with less left is full

struct row {
    struct bl_text key, value;
    bool removed;
};

struct rows {
    struct row *at;
    size_t count, capacity;
    bool sorted;
};

struct store_write {
    struct store *store;
    struct store_read read;  // txn NULL: none is begun
    struct rows tables[TABLE_COUNT];
};

void store_write_new(struct store *store, struct store_write **write)
{
    *write = calloc(1, sizeof **write);
    CHECK(*write != NULL);
    (*write)->store = store;
    (*write)->read.store = store;
}

void store_write_free(struct store_write **write)
{
    if (*write == NULL) {
        return;
    }
    store_write_abort(*write);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        free((*write)->tables[i].at);
    }
    free(*write);
    *write = NULL;
}

enum bl_err store_write_begin(struct store_write *write, struct bl_error *e)
{
    CHECK(write->read.txn == NULL);
    int rc = mdb_txn_begin(write->store->env, NULL, 0, &write->read.txn);
    if (rc != 0) {
        write->read.txn = NULL;
        return environment_error(e, rc, "begin to write");
    }
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        write->tables[i].count = 0;
        write->tables[i].sorted = true;
    }
    return BL_OK;
}

void store_write_abort(struct store_write *write)
{
    if (write->read.txn != NULL) {
        mdb_txn_abort(write->read.txn);
        write->read.txn = NULL;
    }
}

struct store_read *store_write_read(struct store_write *write)
{
    CHECK(write->read.txn != NULL);
    return &write->read;
}

static int compare_keys(struct bl_text a, struct bl_text b)
{
    int order = memcmp(a.at, b.at, a.bytes < b.bytes ? a.bytes : b.bytes);

    return order != 0 ? order : (a.bytes > b.bytes) - (a.bytes < b.bytes);
}

static int compare_rows(const void *a, const void *b)
{
    return compare_keys(((const struct row *)a)->key, ((const struct row *)b)->key);
}

static void add(struct store_write *write, enum table table, struct row row)
{
    struct rows *rows = &write->tables[table];

    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity == 0 ? 256 : rows->capacity * 2;
        rows->at = realloc(rows->at, rows->capacity * sizeof *rows->at);
        CHECK(rows->at != NULL);
    }
    if (rows->count > 0 && rows->sorted) {
        rows->sorted = compare_keys(rows->at[rows->count - 1].key, row.key) < 0;
    }
    rows->at[rows->count++] = row;
}

void store_write_put(struct store_write *write, enum table table, struct bl_text key,
                     struct bl_text value)
{
    add(write, table, (struct row){ key, value, false });
}

void store_write_remove(struct store_write *write, enum table table, struct bl_text key)
{
    add(write, table, (struct row){ key, { NULL, 0 }, true });
}

/* Puts a row; past the table's last key it is appended, which needs no search and fills pages. */
static int put_row(MDB_cursor *cursor, const struct row *row, struct bl_text *last)
{
    MDB_val key = environment_value(row->key), value = environment_value(row->value);
    bool appends = last->at == NULL || compare_keys(row->key, *last) > 0;

    if (appends) {
        *last = row->key;
    }
    return mdb_cursor_put(cursor, &key, &value, appends ? MDB_APPEND : 0);
}

static int remove_row(MDB_cursor *cursor, const struct row *row)
{
    MDB_val key = environment_value(row->key), value;
    int rc = mdb_cursor_get(cursor, &key, &value, MDB_SET);

    if (rc == MDB_NOTFOUND) {
        return 0;
    }
    return rc == 0 ? mdb_cursor_del(cursor, 0) : rc;
}

/* The table's last key, kept in the arena-less buffer: the page it lies on will be written to. */
static int last_key(MDB_cursor *cursor, uint8_t *buffer, struct bl_text *last)
{
    MDB_val key, value;
    int rc = mdb_cursor_get(cursor, &key, &value, MDB_LAST);

    if (rc == 0) {
        memcpy(buffer, key.mv_data, key.mv_size);
        *last = (struct bl_text){ (const char *)buffer, key.mv_size };
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static enum bl_err apply_table(struct store_write *write, enum table table, struct bl_error *e)
{
    struct rows *rows = &write->tables[table];
    struct bl_text last = { NULL, 0 };
    uint8_t buffer[512];
    MDB_cursor *cursor;

    if (rows->count == 0) {
        return BL_OK;
    }
    if (!rows->sorted) {
        qsort(rows->at, rows->count, sizeof *rows->at, compare_rows);
    }
    int rc = mdb_cursor_open(write->read.txn, write->store->tables[table], &cursor);
    if (rc != 0) {
        return environment_error(e, rc, table_name(table));
    }
    rc = last_key(cursor, buffer, &last);
    /* Removals first: freed pages of this batch serve its puts, and the last key may only shrink,
     * for which an append is never wrong. */
    for (size_t i = 0; i < rows->count && rc == 0; i++) {
        if (rows->at[i].removed) {
            rc = remove_row(cursor, &rows->at[i]);
        }
    }
    for (size_t i = 0; i < rows->count && rc == 0; i++) {
        if (!rows->at[i].removed) {
            rc = put_row(cursor, &rows->at[i], &last);
        }
    }
    mdb_cursor_close(cursor);
    return rc == 0 ? BL_OK : environment_error(e, rc, table_name(table));
}

/* LMDB calls a write that a full disk has cut short an I/O error. It happens before the page that
 * makes a commit; where that page itself could not be written LMDB begins no transaction any more,
 * and the outcome is unknown. */
static bool was_cut_short(const struct store *store)
{
    struct statvfs fs;
    MDB_txn *probe;

    if (statvfs(store->path, &fs) != 0 || fs.f_bavail * fs.f_frsize >= FULL_BYTES ||
        mdb_txn_begin(store->env, NULL, 0, &probe) != 0) {
        return false;
    }
    mdb_txn_abort(probe);
    return true;
}

static enum bl_err apply_and_commit(struct store_write *write, struct bl_error *e)
{
    enum bl_err err = BL_OK;

    for (size_t i = 0; i < TABLE_COUNT && err == BL_OK; i++) {
        err = apply_table(write, (enum table)i, e);
    }
    if (err != BL_OK) {
        store_write_abort(write);
        return err;
    }
    int rc = mdb_txn_commit(write->read.txn);
    write->read.txn = NULL;  // commit frees the transaction even when it fails
    return rc == 0 ? BL_OK : environment_error(e, rc, "commit batch");
}

enum bl_err store_write_commit(struct store_write *write, struct bl_error *e)
{
    struct bl_error why = { 0 };
    enum bl_err err = apply_and_commit(write, &why);

    if (err == BL_IO && was_cut_short(write->store)) {
        return bl_error_set(e, BL_FULL, "%s: the disk is full", why.text);
    }
    return err == BL_OK ? BL_OK : bl_error_set(e, err, "%s", why.text);
}
