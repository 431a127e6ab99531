/* Damage to what belongs to all: the directory is made anew from its events, and anything else is
 * refused at start with the way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/query.h"
#include "store_fixture.h"

#define FLIPS 64  // of the directory's record, evenly over it

/* Events 0 to 2 are the directory's: calendar, departments, workflow. */
enum { EVENT_WORKFLOW = 2, EVENT_NEWEST = 4 };

static int setup(void **state)
{
    struct hall *hall = calloc(1, sizeof *hall);

    shop_open(hall);
    CHECK(shop_submit(hall, "r-1", 20)->refusal == NULL);
    CHECK(shop_submit(hall, "r-2", 500)->refusal == NULL);
    hall_stop(hall);
    *state = hall;
    return 0;
}

static int teardown(void **state)
{
    hall_remove(*state);
    free(*state);
    return 0;
}

static void flip(struct hall *hall, enum table table, size_t index, size_t bit)
{
    struct raw raw;

    raw_open(&raw, hall);
    struct raw_row row = raw_get(&raw, table, index);
    char *value = bl_arena_copy(&raw.arena, row.value.at, row.value.bytes);
    bit %= row.value.bytes * 8;
    value[bit / 8] = (char)(value[bit / 8] ^ (1 << (bit % 8)));
    row.value.at = value;
    raw_put(&raw, table, row);
    raw_close(&raw);
}

static size_t record_bytes(const struct hall *hall, enum table table)
{
    struct raw raw;

    raw_open(&raw, hall);
    size_t bytes = raw_get(&raw, table, 0).value.bytes;
    raw_close(&raw);
    return bytes;
}

static void assert_one_incident(struct hall *hall)
{
    struct query_context context = { hall->store, hall->catalog, hall->now };
    Bl__Query query = BL__QUERY__INIT;
    Bl__ListIncidents list = BL__LIST_INCIDENTS__INIT;
    Bl__QueryAnswer answer = BL__QUERY_ANSWER__INIT;
    struct bl_arena arena AUTO(bl_arena_free);

    bl_arena_init(&arena, 4096, SIZE_MAX);
    query.what_case = BL__QUERY__WHAT_INCIDENTS;
    query.incidents = &list;
    assert_int_equal(query_answer(&context, &query, &hall_admin, hall->now, &arena, &answer, NULL),
                     BL_OK);
    assert_int_equal(answer.n_incidents, 1);
    assert_string_equal(answer.incidents[0]->record, "directory/1");
}

static void assert_whole(struct hall *hall)
{
    struct verify_result result;
    struct bl_error e = { 0 };

    assert_int_equal(verify_store(hall->store, stderr, &result, &e), BL_OK);
}

static void test_the_directory_is_made_anew(void **state)
{
    struct hall *hall = *state;
    size_t bits = record_bytes(hall, TABLE_DIRECTORY) * 8;

    for (size_t i = 0; i < FLIPS; i++) {
        flip(hall, TABLE_DIRECTORY, 0, i * bits / FLIPS);
        hall_start(hall);
        assert_whole(hall);
        assert_one_incident(hall);
        hall_stop(hall);
    }
    hall_start(hall);
    assert_null(shop_submit(hall, "r-3", 20)->refusal);  // its workflow is there
    assert_null(shop_decide(hall, "amr", 1, "first", BL__ITEM__RESULT__GRANTED)->refusal);
    assert_whole(hall);
    hall_stop(hall);
}

/* What a start says that does not come about. */
static void assert_refused(struct hall *hall, const char *says)
{
    const struct store_config config = { .path = hall->path, .map_bytes = (size_t)1 << 28 };
    const struct cycle_config cycle = { 0 };
    struct bl_error e = { 0 };
    enum bl_err err = store_open(&config, &hall->store, &e);

    if (err == BL_OK) {
        catalog_open(hall->store, &hall->catalog);
        batch_init(&hall->batch);
        err = cycle_open(&cycle, hall->store, hall->catalog, &hall->log, &hall->cycle, &e);
        assert_int_not_equal(err, BL_OK);
        hall_stop(hall);
    }
    assert_int_equal(err, BL_CORRUPT);
    assert_non_null(strstr(e.text, says));
    assert_non_null(strstr(e.text, "`binglian store restore`"));
}

static void test_its_events_are_damaged_too(void **state)
{
    struct hall *hall = *state;

    flip(hall, TABLE_DIRECTORY, 0, 100);
    flip(hall, TABLE_EVENTS, EVENT_WORKFLOW, 100);
    assert_refused(hall, "the directory and its events are damaged");
}

/* Whose the newest event is cannot be said: it may be the directory's. */
static void test_the_newest_event_is_damaged_too(void **state)
{
    struct hall *hall = *state;

    flip(hall, TABLE_DIRECTORY, 0, 100);
    flip(hall, TABLE_EVENTS, EVENT_NEWEST, 100);
    assert_refused(hall, "the directory and its events are damaged");
}

static void test_the_head_of_the_chain_is_damaged(void **state)
{
    struct hall *hall = *state;
    struct store_config config = { .path = hall->path, .read_only = true };
    struct store *store;
    struct store_read *read;
    uint64_t entries;

    assert_int_equal(store_open(&config, &store, NULL), BL_OK);
    assert_int_equal(store_read_begin(store, &read, NULL), BL_OK);
    assert_int_equal(read_rows(read, TABLE_CHAIN, &entries, NULL), BL_OK);
    store_read_end(&read);
    store_close(&store);
    for (size_t bit = 0; bit < 8; bit++) {
        flip(hall, TABLE_CHAIN, (size_t)entries - 1, bit * 11);
        assert_refused(hall, "the newest entry of the chain");
        flip(hall, TABLE_CHAIN, (size_t)entries - 1, bit * 11);  // and back
    }
    hall_start(hall);
    hall_stop(hall);
}

/* The rows of meta are format, seal, secret, start. */
static void test_what_it_says_of_itself_is_damaged(void **state)
{
    struct hall *hall = *state;

    for (size_t row = 1; row < 4; row++) {
        flip(hall, TABLE_META, row, 13);
        assert_refused(hall, "what the store says of itself");
        flip(hall, TABLE_META, row, 13);
    }
    hall_start(hall);
    hall_stop(hall);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_directory_is_made_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(test_its_events_are_damaged_too, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_newest_event_is_damaged_too, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_head_of_the_chain_is_damaged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_it_says_of_itself_is_damaged, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
