#include "store/migrate.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "core/application.h"
#include "store/environment.h"
#include "store/history.h"
#include "store/kind.h"
#include "store/record.h"
#include "store/write.h"

#define CHUNK 1000       // applications whose rows one transaction writes
#define COUNTS_MAX 4096  // departments times kinds

/* States on their way through one step. */
struct migrating {
    struct store_write *write;
    const struct kind *kind;
    uint64_t after;  // the last id that is done
    uint32_t done;   // in this transaction
    struct bl_arena arena, counts_arena;
    struct projection_count counts[COUNTS_MAX];
    size_t count_count;
    struct bl_error *e;
    enum bl_err err;
};

static void sum_count(struct migrating *m, const struct projection_count *count)
{
    for (size_t i = 0; i < m->count_count; i++) {
        if (strcmp(m->counts[i].name, count->name) == 0 &&
            strcmp(m->counts[i].department, count->department) == 0) {
            m->counts[i].value += count->value;
            return;
        }
    }
    CHECK(m->count_count < COUNTS_MAX);
    m->counts[m->count_count++] = (struct projection_count){
        count->name, bl_arena_string(&m->counts_arena, count->department), count->value
    };
}

static void put_rows(struct migrating *m, const void *state)
{
    struct projection projection = m->kind->project(state, &m->arena);

    for (size_t i = 0; i < projection.row_count; i++) {
        struct projection_row *row = &projection.rows[i];
        struct bl_text value = { (const char *)row->value, row->value_bytes };

        store_write_put(m->write, row->table, key_keep(&row->key, &m->arena),
                        value.bytes == 0 ? value : record_seal_bytes(value, &m->arena));
    }
    for (size_t i = 0; i < projection.count_count; i++) {
        sum_count(m, &projection.counts[i]);
    }
}

/* A record that cannot be read, or whose events cannot, stays as it is: it is an incident. */
static void set_aside(struct migrating *m, uint64_t id)
{
    struct key key = key_of_id(id);

    key_u16(&key, INCIDENT_RECORD);
    store_write_put(m->write, TABLE_INCIDENTS, key_keep(&key, &m->arena),
                    (struct bl_text){ "", 0 });
    bl_log(BL_LOG_ERROR, "record.damaged", "%s=%" PRIu64, m->kind->name, id);
}

static bool visit_state(void *context, struct bl_text key, struct bl_text value)
{
    struct migrating *m = context;
    struct store_read *read = store_write_read(m->write);
    const struct aggregate *aggregate = aggregate_find(m->kind->kind);
    uint64_t id = key_read_u64(key.at);
    struct key state_key = key_of_id(id);
    ProtobufCMessage *state;
    Bl__Event **events;

    if (id <= m->after) {
        return true;
    }
    if (m->done == CHUNK) {
        return false;
    }
    m->done++;
    m->after = id;
    if (record_unpack(value, aggregate->state, &m->arena, &state, NULL) != BL_OK ||
        history_read(read, m->kind->kind, id, aggregate_last_event(aggregate, state),
                     aggregate_revision(aggregate, state), &m->arena, &events, NULL) != BL_OK) {
        set_aside(m, id);
        return true;
    }
    state =
        history_fold(m->kind->kind, id, events, aggregate_revision(aggregate, state), &m->arena);
    store_write_put(m->write, m->kind->states, key_keep(&state_key, &m->arena),
                    record_seal_message(state, &m->arena));
    put_rows(m, state);
    return true;
}

/* One transaction's worth of states. */
static enum bl_err migrate_chunk(struct migrating *m)
{
    struct key from = key_of_id(m->after + 1);
    enum bl_err err = store_write_begin(m->write, m->e);

    bl_arena_reset(&m->arena);
    m->done = 0;
    if (err == BL_OK) {
        err = read_scan(store_write_read(m->write), m->kind->states, key_text(&from), visit_state,
                        m, m->e);
    }
    return err == BL_OK ? store_write_commit(m->write, m->e) : err;
}

static enum bl_err write_counts(struct migrating *m)
{
    enum bl_err err = store_write_begin(m->write, m->e);

    if (err != BL_OK) {
        return err;
    }
    bl_arena_reset(&m->arena);
    for (size_t i = 0; i < m->count_count; i++) {
        Bl__Count count = BL__COUNT__INIT;

        count.value = m->counts[i].value;
        store_write_put(m->write, TABLE_COUNTS,
                        key_of_count(m->counts[i].name, m->counts[i].department, &m->arena),
                        record_seal_message(&count.base, &m->arena));
    }
    return store_write_commit(m->write, m->e);
}

/* Everything that is derived, emptied; the store says that this is under way. */
static enum bl_err begin(struct store *store, struct bl_error *e)
{
    static const enum table derived[] = { TABLE_TIMERS,    TABLE_INBOX,     TABLE_OPEN,
                                          TABLE_COUNTS,    TABLE_INCIDENTS, TABLE_CODES,
                                          TABLE_HANDOVERS, TABLE_DAYS,      TABLE_DESKS,
                                          TABLE_TWINS,     TABLE_LISTS,     TABLE_APPLICANTS };
    uint32_t format = STORE_FORMAT;
    uint8_t mark = 1;
    MDB_txn *txn;
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);

    if (rc != 0) {
        return environment_error(e, rc, "begin to migrate");
    }
    for (size_t i = 0; i < BL_COUNT(derived) && rc == 0; i++) {
        rc = mdb_drop(txn, store->tables[derived[i]], 0);
    }
    enum bl_err err = rc == 0 ? BL_OK : environment_error(e, rc, "migrate");
    if (err == BL_OK) {
        err = environment_meta_put(store, txn, "format", &format, sizeof format, e);
    }
    if (err == BL_OK) {
        err = environment_meta_put(store, txn, STORE_MIGRATING, &mark, sizeof mark, e);
    }
    if (err != BL_OK) {
        mdb_txn_abort(txn);
        return err;
    }
    rc = mdb_txn_commit(txn);
    return rc == 0 ? BL_OK : environment_error(e, rc, "migrate");
}

/* All is made anew. */
static enum bl_err end(struct store *store, struct bl_error *e)
{
    MDB_val key = environment_value(bl_text_of(STORE_MIGRATING));
    MDB_txn *txn;
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);

    if (rc != 0) {
        return environment_error(e, rc, "end the migration");
    }
    rc = mdb_del(txn, store->tables[TABLE_META], &key, NULL);
    if (rc != 0) {
        mdb_txn_abort(txn);
        return environment_error(e, rc, "end the migration");
    }
    rc = mdb_txn_commit(txn);
    return rc == 0 ? BL_OK : environment_error(e, rc, "end the migration");
}

/* Folds every aggregate anew and writes what stands for it. */
static enum bl_err rebuild(struct store *store, struct bl_error *e)
{
    AUTO(bl_arena_free) struct bl_arena own = { 0 };
    struct migrating *m;
    enum bl_err err = BL_OK;

    bl_arena_init(&own, 1 << 16, SIZE_MAX);
    m = bl_arena_new(&own, struct migrating);
    m->e = e;
    bl_arena_init(&m->arena, 1 << 20, SIZE_MAX);
    bl_arena_init(&m->counts_arena, 1 << 12, SIZE_MAX);
    store_write_new(store, &m->write);
    for (size_t i = 0; i < AGGREGATE_COUNT && err == BL_OK; i++) {
        m->kind = kind_find((Bl__Aggregate)i);
        m->after = 0;
        do {
            err = m->kind == NULL ? BL_OK : migrate_chunk(m);
        } while (err == BL_OK && m->done == CHUNK);
        m->done = 0;
    }
    if (err == BL_OK) {
        err = write_counts(m);
    }
    store_write_free(&m->write);
    bl_arena_free(&m->arena);
    bl_arena_free(&m->counts_arena);
    return err;
}

enum bl_err migrate_store(struct store *store, uint32_t format, struct bl_error *e)
{
    enum bl_err err;

    bl_log(BL_LOG_INFO, "store.migrate", "from=%" PRIu32 " to=%" PRIu32, format, STORE_FORMAT);
    err = begin(store, e);
    if (err == BL_OK) {
        err = rebuild(store, e);
    }
    return err == BL_OK ? end(store, e) : err;
}
