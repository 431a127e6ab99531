/* What a store of an older format becomes: tests/unit/stores/ has one of each, written by the
 * program of its time. After it was opened it agrees with itself, and goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <lmdb.h>

#include "core/application.h"
#include "hall_fixture.h"

/* 2026-11-26 09:00 in the hall, when the sample was left. */
#define THURSDAY_NINE INT64_C(1795654800000000)

static void copy_sample(const char *folder, const char *sample)
{
    static char bytes[1 << 20];
    char path[600];

    (void)snprintf(path, sizeof path, SOURCE_DIR "/tests/unit/stores/%s", sample);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    size_t count = fread(bytes, 1, sizeof bytes, in);
    assert_true(count > 0 && count < sizeof bytes);
    (void)fclose(in);
    (void)snprintf(path, sizeof path, "%s/data.mdb", folder);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, count, out), count);
    assert_int_equal(fclose(out), 0);
}

static int setup(void **state)
{
    struct hall *hall = calloc(1, sizeof *hall);

    (void)snprintf(hall->path, sizeof hall->path, "/tmp/binglian-test.XXXXXX");
    assert_non_null(mkdtemp(hall->path));
    hall->now = THURSDAY_NINE;
    copy_sample(hall->path, *state);
    *state = hall;
    return 0;
}

static int teardown(void **state)
{
    hall_remove(*state);
    free(*state);
    return 0;
}

static void verify(struct hall *hall)
{
    struct verify_result result;
    struct bl_error e = { 0 };

    enum bl_err err = verify_store(hall->store, stderr, &result, &e);
    assert_int_equal(err, BL_OK);
    assert_int_equal(result.applications, 6);
}

static void test_it_agrees_with_itself(void **state)
{
    struct hall *hall = *state;

    hall_start(hall);
    verify(hall);
    hall_stop(hall);
    hall_start(hall);  // and the second start finds nothing to do
    verify(hall);
    hall_stop(hall);
}

static void test_readers_wait_for_the_broker(void **state)
{
    struct hall *hall = *state;
    struct store_config config = { .path = hall->path, .read_only = true };
    struct store *store = NULL;
    struct bl_error e = { 0 };

    assert_int_equal(store_open(&config, &store, &e), BL_FORMAT);
    assert_non_null(strstr(e.text, "start the broker once"));
    hall_start(hall);
    hall_stop(hall);
    assert_int_equal(store_open(&config, &store, &e), BL_OK);
    store_close(&store);
}

static void test_work_goes_on(void **state)
{
    struct hall *hall = *state;
    struct principal worker = hall_worker("fire");
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Decide decide = BL__DECIDE__INIT;

    hall_start(hall);
    decide.item = "second";
    decide.result = BL__ITEM__RESULT__GRANTED;
    decide.attempt = "2-1";
    command.application_id = 4;
    command.what_case = BL__COMMAND__WHAT_DECIDE;
    command.decide = &decide;
    const Bl__Answer *answer = hall_do(hall, &worker, &command);
    assert_null(answer->refusal);
    assert_string_equal(answer->application, "L-20261123-0004");
    verify(hall);
    hall_stop(hall);
}

/* A start that was cut short after it had emptied what is derived. */
static void test_a_cut_migration_begins_again(void **state)
{
    struct hall *hall = *state;
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi meta, open;
    uint8_t mark = 1;

    hall_start(hall);
    hall_stop(hall);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 64), 0);
    assert_int_equal(mdb_env_open(env, hall->path, 0, 0640), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "meta", 0, &meta), 0);
    assert_int_equal(mdb_dbi_open(txn, "open", 0, &open), 0);
    MDB_val key = { strlen("migrating"), (void *)"migrating" }, value = { 1, &mark };
    assert_int_equal(mdb_put(txn, meta, &key, &value, 0), 0);
    assert_int_equal(mdb_drop(txn, open, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    hall_start(hall);
    verify(hall);
    hall_stop(hall);
}

// clang-format off
#define OF(sample, test) { sample ": " #test, test, setup, teardown, (void *)(uintptr_t)sample }
#define OF_EACH(test) OF("format_1.store", test), OF("format_2.store", test)
// clang-format on

int main(void)
{
    const struct CMUnitTest tests[] = {
        OF_EACH(test_it_agrees_with_itself),
        OF_EACH(test_readers_wait_for_the_broker),
        OF_EACH(test_work_goes_on),
        OF_EACH(test_a_cut_migration_begins_again),
    };

    return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
