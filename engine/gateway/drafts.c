#include "gateway/drafts.h"

#include <endian.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/cabinet.h"
#include "store/record.h"

#define MAP_BYTES (DRAFTS_MAX * 2 * DRAFT_BYTES_MAX)  // address space, not memory
#define NAME_BYTES_MAX 63
#define OWNER_BYTES_MAX (NAME_BYTES_MAX + 1 + sizeof(uint64_t))
#define KEY_BYTES_MAX (OWNER_BYTES_MAX + DRAFT_ID_BYTES_MAX)
#define TIME_BYTES sizeof(uint64_t)  // before the record: the sweep reads no draft
#define SWEEP_MAX 256                // rows removed in one turn

struct drafts {
    MDB_env *env;
    MDB_dbi table;
};

struct key {
    unsigned char bytes[KEY_BYTES_MAX];
    size_t owner_bytes, size;
};

/* --- the environment ---------------------------------------------------------------------------
 */

static int open_table(struct drafts *drafts)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(drafts->env, NULL, 0, &txn);

    if (rc != 0) {
        return rc;
    }
    rc = mdb_dbi_open(txn, NULL, 0, &drafts->table);
    if (rc != 0) {
        mdb_txn_abort(txn);
        return rc;
    }
    return mdb_txn_commit(txn);
}

enum bl_err drafts_open(const char *data, struct drafts **drafts, struct bl_error *e)
{
    struct drafts *opened = calloc(1, sizeof *opened);

    CHECK(opened != NULL);
    enum bl_err err = cabinet_open(data, "drafts", MAP_BYTES, 0, &opened->env, e);
    if (err == BL_OK) {
        int rc = open_table(opened);

        err = rc == 0 ? BL_OK : cabinet_error(e, rc, data);
    }
    if (err != BL_OK) {
        drafts_close(&opened);
        return err;
    }
    *drafts = opened;
    return BL_OK;
}

void drafts_close(struct drafts **drafts)
{
    if (*drafts != NULL) {
        if ((*drafts)->env != NULL) {
            mdb_env_close((*drafts)->env);
        }
        free(*drafts);
        *drafts = NULL;
    }
}

/* --- rows --------------------------------------------------------------------------------------
 */

static enum bl_err begin(struct drafts *drafts, bool writes, MDB_txn **txn, struct bl_error *e)
{
    int rc = mdb_txn_begin(drafts->env, NULL, writes ? 0 : MDB_RDONLY, txn);

    return rc == 0 ? BL_OK : cabinet_error(e, rc, "begin");
}

static enum bl_err end(MDB_txn *txn, enum bl_err err, struct bl_error *e)
{
    if (err != BL_OK) {
        mdb_txn_abort(txn);
        return err;
    }
    int rc = mdb_txn_commit(txn);
    return rc == 0 ? BL_OK : cabinet_error(e, rc, "commit");
}

static struct key key_of(const struct draft_owner *owner, const char *id)
{
    uint64_t since = htobe64((uint64_t)owner->since);
    size_t name = strlen(owner->name), bytes = strlen(id);
    struct key key = { 0 };

    CHECK(name <= NAME_BYTES_MAX && bytes <= DRAFT_ID_BYTES_MAX);
    memcpy(key.bytes, owner->name, name + 1);
    memcpy(key.bytes + name + 1, &since, sizeof since);
    key.owner_bytes = name + 1 + sizeof since;
    memcpy(key.bytes + key.owner_bytes, id, bytes);
    key.size = key.owner_bytes + bytes;
    return key;
}

static enum bl_err unpack(MDB_val value, struct bl_arena *arena, Bl__Draft **draft,
                          struct bl_error *e)
{
    ProtobufCMessage *message;

    if (value.mv_size < TIME_BYTES) {
        return bl_error_set(e, BL_CORRUPT, "a draft of %zu bytes", value.mv_size);
    }
    struct bl_text record = { bl_arena_copy(arena, (const char *)value.mv_data + TIME_BYTES,
                                            value.mv_size - TIME_BYTES),
                              value.mv_size - TIME_BYTES };
    enum bl_err err = record_unpack(record, &bl__draft__descriptor, arena, &message, e);
    if (err == BL_OK) {
        *draft = (Bl__Draft *)message;
    }
    return err;
}

static enum bl_err get(struct drafts *drafts, MDB_txn *txn, struct key *key, struct bl_arena *arena,
                       Bl__Draft **draft, struct bl_error *e)
{
    MDB_val k = { key->size, key->bytes }, value;
    int rc = mdb_get(txn, drafts->table, &k, &value);

    if (rc != 0) {
        return rc == MDB_NOTFOUND ? BL_NOT_FOUND : cabinet_error(e, rc, "read");
    }
    return unpack(value, arena, draft, e);
}

static size_t rows(struct drafts *drafts, MDB_txn *txn)
{
    MDB_stat stat;

    return mdb_stat(txn, drafts->table, &stat) == 0 ? stat.ms_entries : 0;
}

/* The owner's rows; `arena` NULL only counts them. */
static size_t walk(struct drafts *drafts, MDB_txn *txn, const struct draft_owner *owner,
                   struct bl_arena *arena, Bl__Draft **found)
{
    struct key from = key_of(owner, "");
    MDB_val k = { from.size, from.bytes }, value;
    MDB_cursor *cursor;
    size_t count = 0;

    if (mdb_cursor_open(txn, drafts->table, &cursor) != 0) {
        return 0;
    }
    for (int rc = mdb_cursor_get(cursor, &k, &value, MDB_SET_RANGE);
         rc == 0 && count < DRAFTS_OF_ONE_MAX && k.mv_size > from.owner_bytes &&
         memcmp(k.mv_data, from.bytes, from.owner_bytes) == 0;
         rc = mdb_cursor_get(cursor, &k, &value, MDB_NEXT)) {
        if (arena == NULL || unpack(value, arena, &found[count], NULL) == BL_OK) {
            count++;
        }
    }
    mdb_cursor_close(cursor);
    return count;
}

static int compare_drafts(const void *a, const void *b)
{
    bl_time x = (*(Bl__Draft *const *)a)->saved_at, y = (*(Bl__Draft *const *)b)->saved_at;

    return (x < y) - (x > y);
}

enum bl_err drafts_list(struct drafts *drafts, const struct draft_owner *owner,
                        struct bl_arena *arena, Bl__Drafts *list, struct bl_error *e)
{
    MDB_txn *txn;
    enum bl_err err = begin(drafts, false, &txn, e);

    if (err != BL_OK) {
        return err;
    }
    list->items = bl_arena_array(arena, Bl__Draft *, DRAFTS_OF_ONE_MAX);
    list->n_items = walk(drafts, txn, owner, arena, list->items);
    mdb_txn_abort(txn);
    for (size_t i = 0; i < list->n_items; i++) {
        list->items[i]->content.len = 0;
    }
    qsort(list->items, list->n_items, sizeof *list->items, compare_drafts);
    return BL_OK;
}

enum bl_err drafts_find(struct drafts *drafts, const struct draft_owner *owner, const char *id,
                        struct bl_arena *arena, Bl__Draft **draft, struct bl_error *e)
{
    struct key key = key_of(owner, id);
    MDB_txn *txn;
    enum bl_err err = begin(drafts, false, &txn, e);

    if (err == BL_OK) {
        err = get(drafts, txn, &key, arena, draft, e);
        mdb_txn_abort(txn);
    }
    return err;
}

static enum bl_err put(struct drafts *drafts, MDB_txn *txn, struct key *key, const Bl__Draft *draft,
                       struct bl_arena *arena, struct bl_error *e)
{
    struct bl_text record = record_seal_message(&draft->base, arena);
    uint64_t at = htobe64((uint64_t)draft->saved_at);
    char *row = bl_arena_alloc(arena, TIME_BYTES + record.bytes);
    MDB_val k = { key->size, key->bytes }, value = { TIME_BYTES + record.bytes, row };

    memcpy(row, &at, TIME_BYTES);
    memcpy(row + TIME_BYTES, record.at, record.bytes);
    int rc = mdb_put(txn, drafts->table, &k, &value, 0);
    return rc == 0 ? BL_OK : cabinet_error(e, rc, "write");
}

/* May it be saved, by what is there? */
static enum bl_err admit(struct drafts *drafts, MDB_txn *txn, const struct draft_owner *owner,
                         struct key *key, uint32_t revision, struct bl_arena *arena,
                         struct bl_error *e)
{
    Bl__Draft *before = NULL;
    enum bl_err err = get(drafts, txn, key, arena, &before, e);

    if (err != BL_OK && err != BL_NOT_FOUND) {
        return err;
    }
    if (revision != (before == NULL ? 0 : before->revision)) {
        return bl_error_set(e, BL_STALE, "another revision is there");
    }
    bool full = rows(drafts, txn) >= DRAFTS_MAX ||
                walk(drafts, txn, owner, NULL, NULL) >= DRAFTS_OF_ONE_MAX;
    return before == NULL && full ? bl_error_set(e, BL_FULL, "too many drafts") : BL_OK;
}

enum bl_err drafts_save(struct drafts *drafts, const struct draft_owner *owner, uint32_t revision,
                        Bl__Draft *draft, struct bl_arena *arena, struct bl_error *e)
{
    struct key key = key_of(owner, draft->id);
    MDB_txn *txn;

    if (bl__draft__get_packed_size(draft) > DRAFT_BYTES_MAX) {
        return bl_error_set(e, BL_TOO_LARGE, "more than %zu bytes", DRAFT_BYTES_MAX);
    }
    enum bl_err err = begin(drafts, true, &txn, e);
    if (err != BL_OK) {
        return err;
    }
    err = admit(drafts, txn, owner, &key, revision, arena, e);
    draft->revision = revision + 1;
    err = err == BL_OK ? put(drafts, txn, &key, draft, arena, e) : err;
    return end(txn, err, e);
}

enum bl_err drafts_remove(struct drafts *drafts, const struct draft_owner *owner, const char *id,
                          struct bl_error *e)
{
    struct key key = key_of(owner, id);
    MDB_val k = { key.size, key.bytes };
    MDB_txn *txn;
    enum bl_err err = begin(drafts, true, &txn, e);

    if (err != BL_OK) {
        return err;
    }
    int rc = mdb_del(txn, drafts->table, &k, NULL);
    err = rc == 0              ? BL_OK
          : rc == MDB_NOTFOUND ? bl_error_set(e, BL_NOT_FOUND, "there is no such draft")
                               : cabinet_error(e, rc, "remove");
    return end(txn, err, e);
}

/* --- age ---------------------------------------------------------------------------------------
 */

static int drop_old(MDB_cursor *cursor, bl_time now)
{
    MDB_val key, value;
    size_t dropped = 0;
    int rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);

    for (; rc == 0 && dropped < SWEEP_MAX; rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        uint64_t at = 0;

        memcpy(&at, value.mv_data, value.mv_size < TIME_BYTES ? value.mv_size : TIME_BYTES);
        if ((bl_time)be64toh(at) < now - DRAFT_AGE_MAX) {
            rc = mdb_cursor_del(cursor, 0);
            dropped++;
        }
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

void drafts_sweep(struct drafts *drafts, bl_time now)
{
    MDB_cursor *cursor;
    MDB_txn *txn;

    if (begin(drafts, true, &txn, NULL) != BL_OK) {
        return;
    }
    int rc = mdb_cursor_open(txn, drafts->table, &cursor);
    if (rc == 0) {
        rc = drop_old(cursor, now);
        mdb_cursor_close(cursor);
    }
    (void)end(txn, rc == 0 ? BL_OK : BL_IO, NULL);
}
