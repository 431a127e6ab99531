/* store_fixture.h — a hall with one workflow for tests of the store, and a way past the engine:
 * the stopped store opened with LMDB alone, as a failing disk or a forger would change it. */
#pragma once

#include <lmdb.h>

#include "core/application.h"
#include "hall_fixture.h"
#include "store/record.h"
#include "store/table.h"

/* 2026-11-23 09:00 in the hall, a Monday. */
#define MONDAY_NINE INT64_C(1795395600000000)

/* `first` and `permit` are one department's and run side by side; `second` waits for `first`;
 * `large` is for shops over 300 m². */
static const char store_workflow[] =
    "workflow: shop\n"
    "version: 1\n"
    "title: {zh: 店, en: Shop}\n"
    "calendar: cn\n"
    "handling: joint\n"
    "lead: amr\n"
    "promise: 10 working days\n"
    "legal: 45 working days\n"
    "number: \"S-{date}-{seq:4}\"\n"
    "form:\n"
    "  - section: {zh: 表, en: Form}\n"
    "    fields:\n"
    "      area: {type: number, label: {zh: 面积, en: Area}, required: true, min: 1}\n"
    "      name: {type: text, label: {zh: 名, en: Name}, required: true, max: 2000}\n"
    "items:\n"
    "  first: {title: {zh: 一, en: One}, department: amr, promise: 2 working days, legal: 5 "
    "working days, fields: [name, area]}\n"
    "  permit: {title: {zh: 证, en: Permit}, department: amr, promise: 4 working days, legal: 5 "
    "working days, fields: [name, area]}\n"
    "  second: {title: {zh: 二, en: Two}, department: fire, needs: [first], promise: 3 working "
    "days, legal: 5 working days, fields: [area]}\n"
    "  large: {title: {zh: 大, en: Large}, department: urban, when: \"form.area > 300\", promise: "
    "1 working days, legal: 5 working days, fields: [area]}\n"
    "trial: true\n";

/* A hall with the workflow published. */
static inline void shop_open(struct hall *hall)
{
    hall_open(hall, MONDAY_NINE);
    const Bl__Answer *answer =
        hall_publish_text(hall, "shop.yaml", store_workflow, sizeof store_workflow - 1);
    CHECK(answer->refusal == NULL);
}

/* The submission of one shop. */
static inline void shop_form(struct hall_submission *submission, const char *request_id,
                             double area, const char *name)
{
    struct hall_form form = { .count = 0 };

    hall_form_text(&form, "name", name);
    hall_form_number(&form, "area", area);
    hall_submission(submission, "shop", request_id, &form);
}

static inline const Bl__Answer *shop_submit(struct hall *hall, const char *request_id, double area)
{
    static struct hall_submission submission;

    shop_form(&submission, request_id, area, "老张面馆");
    return hall_do(hall, &hall_clerk, &submission.command);
}

static inline const Bl__Answer *shop_decide(struct hall *hall, const char *department, uint64_t id,
                                            const char *item, Bl__Item__Result result)
{
    static struct principal worker;
    static Bl__Command command;
    static Bl__Decide decision;

    worker = hall_worker(department);
    bl__command__init(&command);
    bl__decide__init(&decision);
    decision.item = item;
    decision.result = result;
    decision.reason = result == BL__ITEM__RESULT__DENIED ? "不符合" : "";
    decision.attempt = "7-1042";
    command.application_id = id;
    command.what_case = BL__COMMAND__WHAT_DECIDE;
    command.decide = &decision;
    return hall_do(hall, &worker, &command);
}

/* Fails an item for good: it becomes an incident. */
static inline const Bl__Answer *shop_fail(struct hall *hall, const char *department, uint64_t id,
                                          const char *item)
{
    static struct principal worker;
    static Bl__Command command;
    static Bl__Fail fail;

    worker = hall_worker(department);
    bl__command__init(&command);
    bl__fail__init(&fail);
    fail.item = item;
    fail.attempt = "7-1042";
    fail.reason = "printer on fire";
    fail.permanent = true;
    command.application_id = id;
    command.what_case = BL__COMMAND__WHAT_FAIL;
    command.fail = &fail;
    return hall_do(hall, &worker, &command);
}

/* Runs a batch without commands, at the hall's time. */
static inline enum bl_err shop_wake(struct hall *hall)
{
    batch_reset(&hall->batch);
    return hall_run(hall);
}

/* --- past the engine ---------------------------------------------------------------------------
 */

struct raw {
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi tables[TABLE_COUNT];
    struct bl_arena arena;
};

/* Opens the store of a stopped hall. */
static inline void raw_open(struct raw *raw, const struct hall *hall)
{
    bl_arena_init(&raw->arena, 1 << 14, SIZE_MAX);
    CHECK(mdb_env_create(&raw->env) == 0);
    CHECK(mdb_env_set_maxdbs(raw->env, TABLE_COUNT) == 0);
    CHECK(mdb_env_set_mapsize(raw->env, (size_t)1 << 28) == 0);
    CHECK(mdb_env_open(raw->env, hall->path, 0, 0640) == 0);
    CHECK(mdb_txn_begin(raw->env, NULL, 0, &raw->txn) == 0);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        CHECK(mdb_dbi_open(raw->txn, table_name((enum table)i), 0, &raw->tables[i]) == 0);
    }
}

/* Writes the changes and closes. */
static inline void raw_close(struct raw *raw)
{
    CHECK(mdb_txn_commit(raw->txn) == 0);
    mdb_env_close(raw->env);
    bl_arena_free(&raw->arena);
}

struct raw_row {
    struct bl_text key, value;
};

/* A copy of a table's row, counted from 0. */
static inline struct raw_row raw_get(struct raw *raw, enum table table, size_t index)
{
    MDB_cursor *cursor;
    MDB_val key, value;

    CHECK(mdb_cursor_open(raw->txn, raw->tables[table], &cursor) == 0);
    for (size_t i = 0; i <= index; i++) {
        CHECK(mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0);
    }
    mdb_cursor_close(cursor);
    return (struct raw_row){
        { bl_arena_copy(&raw->arena, key.mv_data, key.mv_size), key.mv_size },
        { bl_arena_copy(&raw->arena, value.mv_data, value.mv_size), value.mv_size },
    };
}

static inline void raw_put(struct raw *raw, enum table table, struct raw_row row)
{
    MDB_val key = { row.key.bytes, (void *)(uintptr_t)row.key.at };
    MDB_val value = { row.value.bytes, (void *)(uintptr_t)row.value.at };

    CHECK(mdb_put(raw->txn, raw->tables[table], &key, &value, 0) == 0);
}

static inline void raw_remove(struct raw *raw, enum table table, struct raw_row row)
{
    MDB_val key = { row.key.bytes, (void *)(uintptr_t)row.key.at };

    CHECK(mdb_del(raw->txn, raw->tables[table], &key, NULL) == 0);
}

/* What a failing disk does: one bit of a row's value is another. */
static inline void raw_damage(struct raw *raw, enum table table, size_t index)
{
    struct raw_row row = raw_get(raw, table, index);
    char *value = bl_arena_copy(&raw->arena, row.value.at, row.value.bytes);

    value[row.value.bytes - 1] ^= 0x10;
    row.value.at = value;
    raw_put(raw, table, row);
}

/* The message of a row, to be changed and sealed again: what a forger does. */
static inline void *raw_message(struct raw *raw, struct raw_row row,
                                const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message;

    CHECK(record_unpack(row.value, descriptor, &raw->arena, &message, NULL) == BL_OK);
    return message;
}

static inline void raw_seal(struct raw *raw, enum table table, struct raw_row row,
                            const ProtobufCMessage *message)
{
    row.value = record_seal_message(message, &raw->arena);
    raw_put(raw, table, row);
}
