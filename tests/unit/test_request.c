/* Request ids: which are taken, under which key, and for how long a request is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/request_id.h"
#include "hall_fixture.h"
#include "store/record.h"
#include "store/request.h"

#define NOW INT64_C(1795395600000000)  // 2026-11-23 09:00 in the hall

static struct bl_arena arena;

static const char *uuid_of(bl_time at)
{
    static char text[REQUEST_ID_BYTES];
    struct request_ids ids;

    request_ids_init(&ids, 7);
    request_ids_next(&ids, at, text);
    return text;
}

/* --- keys ------------------------------------------------------------------------------------- */

struct key_case {
    const char *name;
    bl_span age;  // of a UUIDv7
    enum bl_err err;
};

// clang-format off
static const struct key_case key_cases[] = {
    { "made now",                            0,                               BL_OK },
    { "made a week ago",                     REQUEST_KEEP,                    BL_OK },
    { "made long ago",                       700 * DAY_US,                    BL_OK },
    { "made a day ahead",                    -REQUEST_AHEAD_MAX,              BL_OK },
    { "made more than a day ahead",          -REQUEST_AHEAD_MAX - SECOND_US,  BL_REFUSED },
};
// clang-format on

static void test_age(void **state)
{
    const struct key_case *row = *state;
    struct request_key key;
    struct bl_error e = { 0 };

    assert_int_equal(request_key(uuid_of(NOW - row->age), NOW, &key, &e), row->err);
}

static void test_uuids_ascend(void **state)
{
    struct request_key first, second;

    (void)state;
    assert_int_equal(request_key(uuid_of(NOW), NOW, &first, NULL), BL_OK);
    assert_int_equal(request_key(uuid_of(NOW + MILLISECOND_US), NOW, &second, NULL), BL_OK);
    assert_int_equal(first.at.count, second.at.count);
    assert_true(memcmp(first.at.bytes, second.at.bytes, first.at.count) < 0);
    assert_int_equal(first.before_count, 0);  // it is its own key
}

static void test_texts_stand_under_their_week(void **state)
{
    struct request_key first, later;

    (void)state;
    assert_int_equal(request_key("CY-1", NOW, &first, NULL), BL_OK);
    assert_int_equal(request_key("CY-1", NOW + 7 * DAY_US, &later, NULL), BL_OK);
    assert_int_equal(later.before_count, 1);
    assert_int_equal(later.before[0].count, first.at.count);
    assert_memory_equal(later.before[0].bytes, first.at.bytes, first.at.count);
}

static void test_a_uuid_that_grew_old_is_found(void **state)
{
    struct request_key fresh, later;

    (void)state;
    assert_int_equal(request_key(uuid_of(NOW), NOW + REQUEST_FRESH, &fresh, NULL), BL_OK);
    assert_int_equal(request_key(uuid_of(NOW), NOW + REQUEST_FRESH + SECOND_US, &later, NULL),
                     BL_OK);
    assert_int_equal(later.before_count, 2);
    assert_memory_equal(later.before[1].bytes, fresh.at.bytes, fresh.at.count);
    assert_memory_not_equal(later.at.bytes, fresh.at.bytes, later.at.count);
}

static void test_other_forms_are_texts(void **state)
{
    static const char *const ids[] = {
        "0193a3c2-7d10-4c5e-9b1f-5f0e8f6a2b11",   // version 4
        "0193a3c2-7d10-7c5e-9b1f-5f0e8f6a2b1",    // one short
        "0193a3c2-7d10-7c5e-9b1f-5f0e8f6a2b111",  // one long
        "0193a3c2+7d10+7c5e+9b1f+5f0e8f6a2b11",   // not written so
        "0193a3c2-7d10-7c5e-9b1f-5f0e8f6a2bzz",   // not hexadecimal
        "申请-1",
    };

    (void)state;
    for (size_t i = 0; i < BL_COUNT(ids); i++) {
        struct request_key key;

        assert_int_equal(request_key(ids[i], NOW, &key, NULL), BL_OK);
        assert_int_equal(key.before_count, 1);
    }
}

static void test_the_longest_id(void **state)
{
    char id[REQUEST_ID_CHARACTERS_MAX + 2];
    struct request_key key;
    struct bl_error e = { 0 };

    (void)state;
    memset(id, 'x', sizeof id);
    id[REQUEST_ID_CHARACTERS_MAX] = '\0';
    assert_int_equal(request_key(id, NOW, &key, &e), BL_OK);
    id[REQUEST_ID_CHARACTERS_MAX] = 'x';
    id[REQUEST_ID_CHARACTERS_MAX + 1] = '\0';
    assert_int_equal(request_key(id, NOW, &key, &e), BL_INVALID);
}

/* --- how long it is known --------------------------------------------------------------------- */

static int setup(void **state)
{
    struct hall *hall = calloc(1, sizeof *hall);

    hall_open(hall, NOW);
    bl_arena_init(&arena, 4096, SIZE_MAX);
    *state = hall;
    return 0;
}

static int teardown(void **state)
{
    hall_close(*state);
    free(*state);
    bl_arena_free(&arena);
    return 0;
}

/* Writes a request as a batch does, and forgets what is old. */
static void put(struct store_write *write, const char *id, bl_time now)
{
    struct request_key key;
    Bl__StoredRequest stored = BL__STORED_REQUEST__INIT;

    stored.event = 1;  // that is there
    assert_int_equal(request_key(id, now, &key, NULL), BL_OK);
    assert_int_equal(store_write_begin(write, NULL), BL_OK);
    store_write_put(write, TABLE_REQUESTS, key_keep(&key.at, &arena),
                    record_seal_message(&stored.base, &arena));
    assert_int_equal(request_forget(write, now, &arena, NULL), BL_OK);
    assert_int_equal(store_write_commit(write, NULL), BL_OK);
}

static enum bl_err find(struct hall *hall, const char *id, bl_time now)
{
    struct store_read *read = NULL;
    struct request_key key;
    Bl__StoredRequest *stored = NULL;

    assert_int_equal(request_key(id, now, &key, NULL), BL_OK);
    assert_int_equal(store_read_begin(hall->store, &read, NULL), BL_OK);
    enum bl_err err = request_find(read, &key, &arena, &stored, NULL);
    store_read_end(&read);
    return err;
}

static void test_known_for_a_week(void **state)
{
    struct hall *hall = *state;
    struct store_write *write = NULL;
    char uuid[REQUEST_ID_BYTES];

    store_write_new(hall->store, &write);
    (void)snprintf(uuid, sizeof uuid, "%s", uuid_of(NOW));
    put(write, uuid, NOW);
    put(write, "CY-1", NOW);
    assert_int_equal(find(hall, uuid, NOW), BL_OK);
    assert_int_equal(find(hall, "CY-1", NOW), BL_OK);
    assert_int_equal(find(hall, "CY-2", NOW), BL_NOT_FOUND);
    put(write, "CY-3", NOW + REQUEST_KEEP);  // a week later, and something happens
    assert_int_equal(find(hall, uuid, NOW + REQUEST_KEEP), BL_OK);
    assert_int_equal(find(hall, "CY-1", NOW + REQUEST_KEEP), BL_OK);
    store_write_free(&write);
}

static void test_forgotten_in_time(void **state)
{
    struct hall *hall = *state;
    struct store_write *write = NULL;
    struct store_read *read = NULL;
    uint64_t rows = 0;

    store_write_new(hall->store, &write);
    put(write, uuid_of(NOW), NOW);
    put(write, "CY-1", NOW);
    put(write, "CY-2", NOW + 3 * REQUEST_KEEP);  // the identifiers of the first kind go
    put(write, "CY-3", NOW + 3 * REQUEST_KEEP);  // then those of the other
    assert_int_equal(store_read_begin(hall->store, &read, NULL), BL_OK);
    assert_int_equal(read_rows(read, TABLE_REQUESTS, &rows, NULL), BL_OK);
    store_read_end(&read);
    assert_int_equal(rows, 2);
    store_write_free(&write);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(test_uuids_ascend),
        cmocka_unit_test(test_texts_stand_under_their_week),
        cmocka_unit_test(test_a_uuid_that_grew_old_is_found),
        cmocka_unit_test(test_other_forms_are_texts),
        cmocka_unit_test(test_the_longest_id),
        cmocka_unit_test_setup_teardown(test_known_for_a_week, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forgotten_in_time, setup, teardown),
    };
    struct CMUnitTest tests[BL_COUNT(others) + BL_COUNT(key_cases)];

    memcpy(tests, others, sizeof others);
    for (size_t i = 0; i < BL_COUNT(key_cases); i++) {
        tests[BL_COUNT(others) + i] =
            (struct CMUnitTest){ .name = key_cases[i].name,
                                 .test_func = test_age,
                                 .initial_state = (void *)(uintptr_t)&key_cases[i] };
    }
    return _cmocka_run_group_tests("request", tests, BL_COUNT(tests), NULL, NULL);
}
