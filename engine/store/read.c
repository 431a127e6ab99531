#include "store/read.h"

#include <inttypes.h>
#include <string.h>

#include "store/environment.h"
#include "store/record.h"

#define DIRECTORY_ID 1

static bool get(struct store_read *read, enum table table, struct bl_text key,
                struct bl_text *value, enum bl_err *err, struct bl_error *e)
{
    return environment_get(read->txn, read->store->tables[table], key, value, err, e);
}

enum bl_err read_message(struct store_read *read, enum table table, struct bl_text key,
                         const ProtobufCMessageDescriptor *descriptor, struct bl_arena *arena,
                         ProtobufCMessage **message, struct bl_error *e)
{
    struct bl_text record;
    enum bl_err err;

    if (!get(read, table, key, &record, &err, e)) {
        return err != BL_OK ? err : BL_NOT_FOUND;
    }
    return record_unpack(record, descriptor, arena, message, e);
}

struct key key_of_id(uint64_t id)
{
    struct key key = { .count = 0 };

    key_u64(&key, id);
    return key;
}

struct key key_of_content(uint64_t id, uint32_t version)
{
    struct key key = key_of_id(id);

    key_u32(&key, version);
    return key;
}

struct bl_text key_of_source(Bl__Publication__Kind kind, const char *id, uint32_t version,
                             struct bl_arena *arena)
{
    struct key head = { .count = 0 };
    size_t bytes = strlen(id);

    CHECK(bytes < STORE_TEXT_KEY_BYTES_MAX);
    key_u16(&head, (uint16_t)kind);
    key_u32(&head, version);
    char *key = bl_arena_alloc(arena, head.count + bytes);
    memcpy(key, head.bytes, head.count);
    memcpy(key + head.count, id, bytes);
    return (struct bl_text){ key, head.count + bytes };
}

struct bl_text key_of_count(const char *name, const char *department, struct bl_arena *arena)
{
    return bl_text_of(bl_arena_printf(arena, "%s.%s", name, department));
}

enum bl_err read_application(struct store_read *read, uint64_t id, struct bl_arena *arena,
                             Bl__Application **application, struct bl_error *e)
{
    struct key key = key_of_id(id);

    return read_message(read, TABLE_APPLICATIONS, key_text(&key), &bl__application__descriptor,
                        arena, (ProtobufCMessage **)application, e);
}

enum bl_err read_directory(struct store_read *read, struct bl_arena *arena,
                           Bl__Directory **directory, struct bl_error *e)
{
    struct key key = key_of_id(DIRECTORY_ID);
    enum bl_err err =
        read_message(read, TABLE_DIRECTORY, key_text(&key), &bl__directory__descriptor, arena,
                     (ProtobufCMessage **)directory, e);

    if (err == BL_NOT_FOUND) {
        *directory = bl_arena_new(arena, Bl__Directory);
        bl__directory__init(*directory);
        return BL_OK;
    }
    return err;
}

enum bl_err read_application_record(struct store_read *read, uint64_t id, struct bl_text *record,
                                    struct bl_error *e)
{
    struct key key = key_of_id(id);
    enum bl_err err;

    if (!get(read, TABLE_APPLICATIONS, key_text(&key), record, &err, e)) {
        return err != BL_OK ? err : BL_NOT_FOUND;
    }
    return BL_OK;
}

enum bl_err read_directory_record(struct store_read *read, struct bl_text *record,
                                  struct bl_error *e)
{
    struct key key = key_of_id(DIRECTORY_ID);
    enum bl_err err;

    if (!get(read, TABLE_DIRECTORY, key_text(&key), record, &err, e)) {
        return err != BL_OK ? err : BL_NOT_FOUND;
    }
    return BL_OK;
}

enum bl_err read_event_record(struct store_read *read, uint64_t seq, struct bl_text *record,
                              struct bl_error *e)
{
    struct key key = key_of_id(seq);
    enum bl_err err;

    if (!get(read, TABLE_EVENTS, key_text(&key), record, &err, e)) {
        return err != BL_OK ? err : bl_error_set(e, BL_NOT_FOUND, "no event %" PRIu64, seq);
    }
    return BL_OK;
}

enum bl_err read_event(struct store_read *read, uint64_t seq, struct bl_arena *arena,
                       Bl__Event **event, struct bl_error *e)
{
    struct bl_text record;
    enum bl_err err = read_event_record(read, seq, &record, e);

    return err != BL_OK ? err
                        : record_unpack(record, &bl__event__descriptor, arena,
                                        (ProtobufCMessage **)event, e);
}

enum bl_err read_content(struct store_read *read, uint64_t id, uint32_t version,
                         struct bl_arena *arena, Bl__StoredContent **content, struct bl_error *e)
{
    struct key key = key_of_content(id, version);

    return read_message(read, TABLE_CONTENTS, key_text(&key), &bl__stored_content__descriptor,
                        arena, (ProtobufCMessage **)content, e);
}

enum bl_err read_source(struct store_read *read, Bl__Publication__Kind kind, const char *id,
                        uint32_t version, struct bl_text *source, struct bl_error *e)
{
    struct bl_arena arena AUTO(bl_arena_free);
    struct bl_text record;
    enum bl_err err;

    bl_arena_init(&arena, 512, 4096);
    if (!get(read, TABLE_SOURCES, key_of_source(kind, id, version, &arena), &record, &err, e)) {
        return err != BL_OK ? err
                            : bl_error_set(e, BL_NOT_FOUND, "no source of %s %u", id, version);
    }
    return record_open(record, source, e);
}

enum bl_err read_id(struct store_read *read, enum table table, struct bl_text key, uint64_t *id,
                    struct bl_error *e)
{
    struct bl_text record, body;
    enum bl_err err;

    if (!get(read, table, key, &record, &err, e)) {
        return err != BL_OK ? err : BL_NOT_FOUND;
    }
    err = record_open(record, &body, e);
    if (err == BL_OK && body.bytes != 8) {
        return bl_error_set(e, BL_CORRUPT, "a row of %s is damaged", table_name(table));
    }
    if (err == BL_OK) {
        *id = key_read_u64(body.at);
    }
    return err;
}

enum bl_err read_number(struct store_read *read, const char *number, uint64_t *id,
                        struct bl_error *e)
{
    enum bl_err err = number[0] == '\0' || strlen(number) >= STORE_TEXT_KEY_BYTES_MAX
                          ? BL_NOT_FOUND
                          : read_id(read, TABLE_NUMBERS, bl_text_of(number), id, e);

    return err == BL_NOT_FOUND ? bl_error_set(e, err, "no application %.64s", number) : err;
}

enum bl_err read_request(struct store_read *read, struct bl_text key, struct bl_arena *arena,
                         Bl__StoredRequest **request, struct bl_error *e)
{
    return read_message(read, TABLE_REQUESTS, key, &bl__stored_request__descriptor, arena,
                        (ProtobufCMessage **)request, e);
}

enum bl_err read_counter(struct store_read *read, struct bl_text key, uint64_t *next,
                         struct bl_error *e)
{
    struct bl_arena arena AUTO(bl_arena_free);
    Bl__Counter *counter;

    bl_arena_init(&arena, 256, 4096);
    enum bl_err err = read_message(read, TABLE_COUNTERS, key, &bl__counter__descriptor, &arena,
                                   (ProtobufCMessage **)&counter, e);
    *next = err == BL_OK ? counter->next : 1;
    return err == BL_NOT_FOUND ? BL_OK : err;
}

enum bl_err read_count(struct store_read *read, const char *name, const char *department,
                       int64_t *value, struct bl_error *e)
{
    struct bl_arena arena AUTO(bl_arena_free);
    Bl__Count *count;

    bl_arena_init(&arena, 256, 4096);
    enum bl_err err = read_message(read, TABLE_COUNTS, key_of_count(name, department, &arena),
                                   &bl__count__descriptor, &arena, (ProtobufCMessage **)&count, e);
    *value = err == BL_OK ? count->value : 0;
    return err == BL_NOT_FOUND ? BL_OK : err;
}

enum bl_err read_newest(struct store_read *read, enum table table, uint64_t *id, struct bl_error *e)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    int rc = mdb_cursor_open(read->txn, read->store->tables[table], &cursor);

    if (rc != 0) {
        return environment_error(e, rc, table_name(table));
    }
    rc = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    *id = rc == 0 && key.mv_size >= 8 ? key_read_u64(key.mv_data) : 0;
    mdb_cursor_close(cursor);
    return rc == 0 || rc == MDB_NOTFOUND ? BL_OK : environment_error(e, rc, table_name(table));
}

enum bl_err read_newest_event(struct store_read *read, uint64_t *seq, struct bl_error *e)
{
    return read_newest(read, TABLE_EVENTS, seq, e);
}

enum bl_err read_newest_application(struct store_read *read, uint64_t *id, struct bl_error *e)
{
    return read_newest(read, TABLE_APPLICATIONS, id, e);
}

enum bl_err read_chain_head(struct store_read *read, struct bl_arena *arena, Bl__ChainEntry **entry,
                            struct bl_error *e)
{
    uint64_t last;
    enum bl_err err = read_newest(read, TABLE_CHAIN, &last, e);

    if (err != BL_OK || last == 0) {
        return err != BL_OK ? err : BL_NOT_FOUND;
    }
    struct key key = key_of_id(last);
    return read_message(read, TABLE_CHAIN, key_text(&key), &bl__chain_entry__descriptor, arena,
                        (ProtobufCMessage **)entry, e);
}

enum bl_err read_recompute_job(struct store_read *read, struct bl_arena *arena,
                               Bl__RecomputeJob **job, struct bl_error *e)
{
    return read_message(read, TABLE_META, bl_text_of(RECOMPUTE_JOB_KEY),
                        &bl__recompute_job__descriptor, arena, (ProtobufCMessage **)job, e);
}

/* Sets a cursor on the last key that is not after `from`. */
static int seek_back(MDB_cursor *cursor, struct bl_text from, MDB_val *key, MDB_val *value)
{
    *key = environment_value(from);
    int rc = from.at == NULL ? MDB_NOTFOUND : mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
    if (rc == MDB_NOTFOUND) {
        return mdb_cursor_get(cursor, key, value, MDB_LAST);
    }
    if (rc == 0 && (key->mv_size != from.bytes || memcmp(key->mv_data, from.at, from.bytes) != 0)) {
        return mdb_cursor_get(cursor, key, value, MDB_PREV);
    }
    return rc;
}

static enum bl_err scan(struct store_read *read, enum table table, struct bl_text from, bool back,
                        read_visit visit, void *context, struct bl_error *e)
{
    MDB_cursor *cursor;
    MDB_val key = environment_value(from), value;
    int rc = mdb_cursor_open(read->txn, read->store->tables[table], &cursor);

    if (rc != 0) {
        return environment_error(e, rc, table_name(table));
    }
    if (back) {
        rc = seek_back(cursor, from, &key, &value);
    } else {
        rc = mdb_cursor_get(cursor, &key, &value, from.bytes == 0 ? MDB_FIRST : MDB_SET_RANGE);
    }
    while (rc == 0 && visit(context, environment_text(key), environment_text(value))) {
        rc = mdb_cursor_get(cursor, &key, &value, back ? MDB_PREV : MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return rc == 0 || rc == MDB_NOTFOUND ? BL_OK : environment_error(e, rc, table_name(table));
}

enum bl_err read_scan(struct store_read *read, enum table table, struct bl_text from,
                      read_visit visit, void *context, struct bl_error *e)
{
    return scan(read, table, from, false, visit, context, e);
}

enum bl_err read_scan_back(struct store_read *read, enum table table, struct bl_text from,
                           read_visit visit, void *context, struct bl_error *e)
{
    return scan(read, table, from, true, visit, context, e);
}

static enum bl_err cursor_stands(struct read_cursor *cursor, int rc, MDB_val key, MDB_val value,
                                 struct bl_error *e)
{
    cursor->there = rc == 0;
    if (rc == 0) {
        cursor->key = environment_text(key);
        cursor->value = environment_text(value);
    }
    return rc == 0 || rc == MDB_NOTFOUND ? BL_OK
                                         : environment_error(e, rc, table_name(cursor->table));
}

enum bl_err read_cursor_seek(struct read_cursor *cursor, struct bl_text from, struct bl_error *e)
{
    MDB_val key = environment_value(from), value;
    int rc = cursor->back ? seek_back(cursor->cursor, from, &key, &value)
                          : mdb_cursor_get(cursor->cursor, &key, &value,
                                           from.bytes == 0 ? MDB_FIRST : MDB_SET_RANGE);

    return cursor_stands(cursor, rc, key, value, e);
}

enum bl_err read_cursor_step(struct read_cursor *cursor, struct bl_error *e)
{
    MDB_val key, value;
    int rc = mdb_cursor_get(cursor->cursor, &key, &value, cursor->back ? MDB_PREV : MDB_NEXT);

    return cursor_stands(cursor, rc, key, value, e);
}

enum bl_err read_cursor_open(struct store_read *read, enum table table, bool back,
                             struct bl_text from, struct read_cursor *cursor, struct bl_error *e)
{
    MDB_cursor *opened;
    int rc = mdb_cursor_open(read->txn, read->store->tables[table], &opened);

    if (rc != 0) {
        return environment_error(e, rc, table_name(table));
    }
    *cursor = (struct read_cursor){ .cursor = opened, .table = table, .back = back };
    return read_cursor_seek(cursor, from, e);
}

void read_cursor_close(struct read_cursor *cursor)
{
    if (cursor->cursor != NULL) {
        mdb_cursor_close(cursor->cursor);
        cursor->cursor = NULL;
    }
}

enum bl_err read_rows(struct store_read *read, enum table table, uint64_t *count,
                      struct bl_error *e)
{
    MDB_stat stat;
    int rc = mdb_stat(read->txn, read->store->tables[table], &stat);

    if (rc != 0) {
        return environment_error(e, rc, table_name(table));
    }
    *count = stat.ms_entries;
    return BL_OK;
}

static bool visit_first(void *context, struct bl_text key, struct bl_text value)
{
    (void)value;
    *(bl_time *)context = (bl_time)key_read_u64(key.at);
    return false;
}

enum bl_err read_next_timer(struct store_read *read, bl_time *at, struct bl_error *e)
{
    *at = BL_NEVER;
    return read_scan(read, TABLE_TIMERS, (struct bl_text){ NULL, 0 }, visit_first, at, e);
}
