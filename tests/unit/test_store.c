/* What store.h, write.h and read.h promise: one writer at a time, a store that is not ours or newer
 * is refused, a full map loses nothing, a damaged record stops nobody else. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "store/stats.h"
#include "store/write.h"
#include "store_fixture.h"

static int setup_folder(void **state)
{
    struct hall *hall = calloc(1, sizeof *hall);

    (void)snprintf(hall->path, sizeof hall->path, "/tmp/binglian-test.XXXXXX");
    *state = hall;
    return mkdtemp(hall->path) == NULL;
}

static int teardown_folder(void **state)
{
    hall_remove(*state);
    free(*state);
    return 0;
}

static int setup_hall(void **state)
{
    *state = calloc(1, sizeof(struct hall));
    shop_open(*state);
    return 0;
}

static int teardown_hall(void **state)
{
    hall_close(*state);
    free(*state);
    return 0;
}

static enum bl_err open_store(const char *path, bool read_only, struct store **store)
{
    struct store_config config = {
        .path = path,
        .map_bytes = (size_t)1 << 24,
        .read_only = read_only,
    };
    struct bl_error e = { 0 };
    enum bl_err err = store_open(&config, store, &e);

    assert_int_equal(e.code, err);
    assert_int_equal(err == BL_OK, e.text[0] == '\0');
    return err;
}

static void make_store(const char *path)
{
    struct store *store;

    assert_int_equal(open_store(path, false, &store), BL_OK);
    store_close(&store);
}

/* --- opening -----------------------------------------------------------------------------------
 */

/* A process that opens the store and holds it until it is killed. */
static pid_t hold(const char *path)
{
    int ends[2];
    char ready;

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        struct store_config config = { .path = path, .map_bytes = (size_t)1 << 24 };
        struct store *store;

        if (store_open(&config, &store, NULL) != BL_OK || write(ends[1], "!", 1) != 1) {
            _exit(1);
        }
        for (;;) {
            (void)pause();
        }
    }
    (void)close(ends[1]);
    assert_int_equal(read(ends[0], &ready, 1), 1);
    (void)close(ends[0]);
    return child;
}

static void test_one_writer(void **state)
{
    const struct hall *hall = *state;
    struct store *store = NULL;
    int status;

    pid_t child = hold(hall->path);
    assert_int_equal(open_store(hall->path, false, &store), BL_LOCKED);
    assert_null(store);
    /* Who only reads is not in the way. */
    assert_int_equal(open_store(hall->path, true, &store), BL_OK);
    store_close(&store);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(open_store(hall->path, false, &store), BL_OK);
    store_close(&store);
    assert_null(store);
}

static void test_starts_are_counted(void **state)
{
    const struct hall *hall = *state;
    struct store *store;

    for (uint64_t start = 1; start <= 3; start++) {
        assert_int_equal(open_store(hall->path, false, &store), BL_OK);
        assert_int_equal(store_start(store), start);
        assert_string_equal(store_path(store), hall->path);
        store_close(&store);
        assert_int_equal(open_store(hall->path, true, &store), BL_OK);
        store_close(&store);
    }
}

static void test_readers_cannot_write(void **state)
{
    const struct hall *hall = *state;
    struct store_write *write;
    struct store *store;
    struct bl_error e = { 0 };

    make_store(hall->path);
    assert_int_equal(open_store(hall->path, true, &store), BL_OK);
    store_write_new(store, &write);
    assert_int_equal(store_write_begin(write, &e), BL_IO);
    store_write_free(&write);
    store_close(&store);
}

/* --- what cannot be opened ---------------------------------------------------------------------
 */

static void put_file(const char *folder, const char *name, const char *text, size_t bytes)
{
    char path[600];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

static void put_meta(const char *folder, const char *name, uint32_t value)
{
    struct hall hall = { .now = 0 };
    struct raw raw;

    make_store(folder);
    bl_text_copy(hall.path, sizeof hall.path, folder);
    raw_open(&raw, &hall);
    raw_put(&raw, TABLE_META,
            (struct raw_row){ bl_text_of(name), { (const char *)&value, sizeof value } });
    raw_close(&raw);
}

static void newer_format(const char *folder)
{
    put_meta(folder, "format", 4);
}

static void format_is_lost(const char *folder)
{
    struct hall hall = { .now = 0 };
    struct raw raw;

    make_store(folder);
    bl_text_copy(hall.path, sizeof hall.path, folder);
    raw_open(&raw, &hall);
    raw_remove(&raw, TABLE_META, (struct raw_row){ .key = bl_text_of("format") });
    raw_close(&raw);
}

static void empty(const char *folder)
{
    (void)folder;
}

static void rubbish(const char *folder)
{
    static char bytes[16384];

    memset(bytes, 'x', sizeof bytes);
    put_file(folder, "data.mdb", bytes, sizeof bytes);
}

/* LMDB's, but somebody else's. */
static void foreign(const char *folder)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi table;

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 1), 0);
    assert_int_equal(mdb_env_open(env, folder, 0, 0640), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "songs", MDB_CREATE, &table), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static const struct refusal_case {
    const char *name;
    void (*prepare)(const char *folder);
    const char *under;  // of the folder
    bool read_only;
    enum bl_err err;
} refusal_cases[] = {
    { "a newer format, to write", newer_format, "", false, BL_FORMAT },
    { "a newer format, to read", newer_format, "", true, BL_FORMAT },
    { "an empty folder, to read", empty, "", true, BL_NOT_FOUND },
    { "no folder, to read", empty, "/none", true, BL_NOT_FOUND },
    { "no folder above it", empty, "/none/store", false, BL_IO },
    { "rubbish, to read", rubbish, "", true, BL_CORRUPT },
    { "rubbish, to write", rubbish, "", false, BL_CORRUPT },
    { "a file instead of a folder", rubbish, "/data.mdb", false, BL_IO },
    { "somebody else's LMDB, to read", foreign, "", true, BL_CORRUPT },
    { "somebody else's LMDB, to write", foreign, "", false, BL_CORRUPT },
    { "a store that lost its format", format_is_lost, "", true, BL_CORRUPT },
    { "a store that lost its format, to write", format_is_lost, "", false, BL_CORRUPT },
};

static const struct refusal_case *asked;  // the row that the test is about

static int setup_refusal(void **state)
{
    asked = *state;
    return setup_folder(state);
}

static void test_refusal(void **state)
{
    const struct hall *hall = *state;
    char path[200];
    struct store *store = NULL;

    asked->prepare(hall->path);
    (void)snprintf(path, sizeof path, "%s%s", hall->path, asked->under);
    /* Twice: the first refusal changes nothing and leaves nothing locked. */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(open_store(path, asked->read_only, &store), asked->err);
        assert_null(store);
    }
}

static void test_path_too_long(void **state)
{
    char path[700];
    struct store *store;

    (void)state;
    memset(path, 'x', sizeof path);
    memcpy(path, "/tmp/", 5);
    path[sizeof path - 1] = '\0';
    assert_int_equal(open_store(path, false, &store), BL_IO);
}

/* --- batches and scans -------------------------------------------------------------------------
 */

struct walk {
    char keys[64];
    size_t stop;  // after so many
};

static bool visit(void *context, struct bl_text key, struct bl_text value)
{
    struct walk *walk = context;

    assert_true(bl_text_equal(key, value));
    strncat(walk->keys, key.at, key.bytes);
    return strlen(walk->keys) != walk->stop;
}

static void assert_walk(struct store *store, const char *from, bool back, size_t stop,
                        const char *keys)
{
    struct bl_text key = from == NULL ? (struct bl_text){ NULL, 0 } : bl_text_of(from);
    struct walk walk = { .stop = stop };
    struct store_read *read;

    assert_int_equal(store_read_begin(store, &read, NULL), BL_OK);
    assert_int_equal(back ? read_scan_back(read, TABLE_INBOX, key, visit, &walk, NULL)
                          : read_scan(read, TABLE_INBOX, key, visit, &walk, NULL),
                     BL_OK);
    store_read_end(&read);
    assert_null(read);
    assert_string_equal(walk.keys, keys);
}

/* Puts each character as a row; those after '-' are removed. */
static void run_rows(struct store_write *write, const char *rows)
{
    bool removes = false;

    assert_int_equal(store_write_begin(write, NULL), BL_OK);
    for (; *rows != '\0'; rows++) {
        struct bl_text row = { rows, 1 };

        if (*rows == '-') {
            removes = true;
        } else if (removes) {
            store_write_remove(write, TABLE_INBOX, row);
        } else {
            store_write_put(write, TABLE_INBOX, row, row);
        }
    }
}

static void test_batches(void **state)
{
    static const struct {
        const char *rows, *after;
    } batches[] = {
        { "cgk", "cgk" },       // ascending: appended
        { "mxoq", "cgkmoqx" },  // in any order
        { "a", "acgkmoqx" },    // before all
        { "q-xa", "cgkmoq" },   // put again, the last removed
        { "n-q", "cgkmno" },    // between, the last removed
        { "-zb", "cgkmno" },    // not there
        { "-cgkmno", "" },      // all
        { "b-", "b" },          // and again
    };
    const struct hall *hall = *state;
    struct store_write *write;
    struct store *store;

    assert_int_equal(open_store(hall->path, false, &store), BL_OK);
    store_write_new(store, &write);
    for (size_t i = 0; i < BL_COUNT(batches); i++) {
        run_rows(write, batches[i].rows);
        assert_int_equal(store_write_commit(write, NULL), BL_OK);
        assert_walk(store, NULL, false, SIZE_MAX, batches[i].after);
    }
    store_write_free(&write);
    store_close(&store);
}

static void test_nothing_before_the_commit(void **state)
{
    const struct hall *hall = *state;
    struct store_write *write;
    struct store *store;
    uint64_t rows;

    assert_int_equal(open_store(hall->path, false, &store), BL_OK);
    store_write_new(store, &write);
    run_rows(write, "abc");
    assert_int_equal(read_rows(store_write_read(write), TABLE_INBOX, &rows, NULL), BL_OK);
    assert_int_equal(rows, 0);
    store_write_abort(write);
    store_write_abort(write);  // fine when none is begun
    assert_walk(store, NULL, false, SIZE_MAX, "");
    run_rows(write, "xyz");  // what was given up is gone
    assert_int_equal(store_write_commit(write, NULL), BL_OK);
    assert_walk(store, NULL, false, SIZE_MAX, "xyz");
    store_write_free(&write);
    assert_null(write);
    store_close(&store);
}

static void test_scans(void **state)
{
    static const struct {
        const char *from;
        bool back;
        size_t stop;
        const char *keys;
    } walks[] = {
        { NULL, false, SIZE_MAX, "cgk" },
        { "c", false, SIZE_MAX, "cgk" },
        { "d", false, SIZE_MAX, "gk" },
        { "l", false, SIZE_MAX, "" },
        { "a", false, 2, "cg" },
        { NULL, true, SIZE_MAX, "kgc" },
        { "k", true, SIZE_MAX, "kgc" },
        { "j", true, SIZE_MAX, "gc" },
        { "z", true, SIZE_MAX, "kgc" },
        { "b", true, SIZE_MAX, "" },
        { "g", true, 1, "g" },
    };
    const struct hall *hall = *state;
    struct store_write *write;
    struct store *store;

    assert_int_equal(open_store(hall->path, false, &store), BL_OK);
    store_write_new(store, &write);
    assert_walk(store, NULL, false, SIZE_MAX, "");
    assert_walk(store, NULL, true, SIZE_MAX, "");
    run_rows(write, "cgk");
    assert_int_equal(store_write_commit(write, NULL), BL_OK);
    for (size_t i = 0; i < BL_COUNT(walks); i++) {
        assert_walk(store, walks[i].from, walks[i].back, walks[i].stop, walks[i].keys);
    }
    store_write_free(&write);
    store_close(&store);
}

static void test_stats(void **state)
{
    struct hall *hall = *state;
    struct bl_error e = { 0 };
    struct stats stats;

    (void)shop_submit(hall, "r-1", 20);
    assert_int_equal(stats_read(hall->store, &stats, &e), BL_OK);
    assert_int_equal(stats.tables[TABLE_APPLICATIONS].rows, 1);
    assert_int_equal(stats.tables[TABLE_EVENTS].rows, 4);
    assert_int_equal(stats.tables[TABLE_EVENTS].depth, 1);
    assert_int_equal(stats.tables[TABLE_OPEN].pages, 1);
    assert_int_equal(stats.map_bytes, (size_t)1 << 28);
    assert_true(stats.used_bytes > stats.free_bytes);
    assert_true(stats.free_bytes > 0);
}

/* --- a full map --------------------------------------------------------------------------------
 */

#define FILL_COUNT 20
#define FILL_BATCHES_MAX 200
#define TINY_MAP ((size_t)1 << 20)

/* Runs a batch of large submissions. */
static enum bl_err fill(struct hall *hall, size_t round)
{
    static struct hall_submission submissions[FILL_COUNT];
    static char ids[FILL_COUNT][16], name[1501];

    memset(name, 'x', sizeof name - 1);
    batch_reset(&hall->batch);
    for (size_t i = 0; i < FILL_COUNT; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "f-%zu-%zu", round, i);
        shop_form(&submissions[i], ids[i], 20, name);
        submissions[i].command.tag = 100 + i;
        (void)batch_add(&hall->batch, &submissions[i].command, &hall_clerk);
    }
    struct bl_error e = { 0 };
    return cycle_run(hall->cycle, &hall->batch, hall->now, &e);
}

static void test_full_map(void **state)
{
    struct hall *hall = *state;
    uint64_t newest = 0, stored = 0;
    enum bl_err err = BL_OK;
    char number[32];

    hall_stop(hall);
    hall->map_bytes = TINY_MAP;
    hall_start(hall);
    for (size_t round = 0; err == BL_OK; round++) {
        newest = hall->batch.newest_event;
        stored = round * FILL_COUNT;
        assert_true(round < FILL_BATCHES_MAX);
        err = fill(hall, round);
    }
    assert_true(stored > 0);
    assert_int_equal(err, BL_FULL);
    assert_int_equal(hall->batch.newest_event, newest);
    assert_int_equal(hall->batch.effect_count, 0);
    for (size_t i = 0; i < FILL_COUNT; i++) {
        const Bl__Answer *answer = &hall->batch.commands[i].answer;

        assert_non_null(answer->refusal);
        assert_string_equal(answer->refusal->code, "full");
        assert_int_equal(answer->tag, 100 + i);
        assert_int_equal(answer->event, 0);
        assert_int_equal(answer->application_id, 0);
    }
    /* What is stored goes on, and what comes next follows without a gap. */
    assert_null(shop_decide(hall, "amr", 1, "first", BL__ITEM__RESULT__GRANTED)->refusal);
    assert_int_equal(hall->batch.newest_event, newest + 1);
    const Bl__Answer *answer = shop_submit(hall, "small", 20);
    (void)snprintf(number, sizeof number, "S-20261123-%04u", (unsigned)stored + 1);
    assert_null(answer->refusal);
    assert_string_equal(answer->application, number);
    assert_int_equal(answer->application_id, stored + 1);
    assert_int_equal(answer->event, newest + 2);
    /* With more room the refused batch is welcome, under the ids that it had. */
    hall_stop(hall);
    hall->map_bytes = 4 * TINY_MAP;
    hall_start(hall);
    assert_int_equal(fill(hall, stored / FILL_COUNT), BL_OK);
    assert_null(hall->batch.commands[0].answer.refusal);
    assert_false(hall->batch.commands[0].answer.repeated);
    assert_int_equal(hall->batch.commands[0].answer.application_id, stored + 2);
}

/* A publication that did not fit is not in force. */
static void test_full_map_and_publications(void **state)
{
    static char source[sizeof store_workflow + 1000000];
    struct hall *hall = *state;
    Bl__Publish publish = BL__PUBLISH__INIT;
    Bl__Command command = BL__COMMAND__INIT;
    struct catalog_version found;
    struct bl_error e = { 0 };

    hall_stop(hall);
    hall->map_bytes = TINY_MAP;
    hall_start(hall);
    memset(source, '#', sizeof source);
    memcpy(source, store_workflow, sizeof store_workflow - 1);
    strstr(source, "version: 1")[9] = '2';
    publish.source.data = (uint8_t *)source;
    publish.source.len = sizeof source;
    command.what_case = BL__COMMAND__WHAT_PUBLISH;
    command.publish = &publish;
    batch_reset(&hall->batch);
    struct batch_command *added = batch_add(&hall->batch, &command, &hall_admin);
    assert_int_equal(cycle_run(hall->cycle, &hall->batch, hall->now, &e), BL_FULL);
    assert_string_equal(added->answer.refusal->code, "full");
    assert_int_equal(catalog_current(hall->catalog, "shop", hall->now, &found, NULL), BL_OK);
    assert_int_equal(found.definition->version, 1);
    assert_null(shop_submit(hall, "r-1", 20)->refusal);
}

/* --- a damaged record --------------------------------------------------------------------------
 */

static void damage(struct hall *hall, enum table table, size_t index)
{
    struct raw raw;

    hall_stop(hall);
    raw_open(&raw, hall);
    raw_damage(&raw, table, index);
    raw_close(&raw);
    hall_start(hall);
}

static bl_time first_due(struct hall *hall)
{
    bl_time next = cycle_next_timer(hall->cycle);

    assert_true(next != BL_NEVER);
    return next;
}

static void test_damaged_record_stops_nobody(void **state)
{
    struct hall *hall = *state;

    for (int i = 1; i <= 3; i++) {
        char id[16];

        (void)snprintf(id, sizeof id, "r-%d", i);
        assert_null(shop_submit(hall, id, 20)->refusal);
    }
    damage(hall, TABLE_APPLICATIONS, 1);
    assert_string_equal(
        shop_decide(hall, "amr", 2, "first", BL__ITEM__RESULT__GRANTED)->refusal->code, "corrupt");
    assert_null(shop_decide(hall, "amr", 1, "first", BL__ITEM__RESULT__GRANTED)->refusal);
    assert_null(shop_submit(hall, "r-4", 20)->refusal);
    assert_int_equal(hall->batch.commands[0].answer.application_id, 4);
    /* Its timer wakes the others' all the same. */
    hall->now = first_due(hall) + 30 * DAY_US;
    uint64_t before = hall->batch.newest_event;
    assert_int_equal(shop_wake(hall), BL_OK);
    assert_true(hall->batch.newest_event >= before + 3);
    while (hall->batch.timers_due > 0) {
        assert_int_equal(shop_wake(hall), BL_OK);
    }
    hall_stop(hall);
    hall_remove(hall);
    shop_open(hall);
}

/* A damaged record alone: its timer is put away once, not found again at once for ever. */
static void test_damaged_record_comes_due_once(void **state)
{
    struct hall *hall = *state;
    struct store_read *read;
    uint64_t rows;

    assert_null(shop_submit(hall, "r-1", 20)->refusal);
    damage(hall, TABLE_APPLICATIONS, 0);
    uint64_t newest = 4;
    hall->now = first_due(hall) + 1;
    assert_int_equal(shop_wake(hall), BL_OK);
    assert_int_equal(hall->batch.timers_due, 1);
    assert_int_equal(hall->batch.newest_event, newest);
    assert_int_equal(cycle_next_timer(hall->cycle), BL_NEVER);
    assert_int_equal(shop_wake(hall), BL_OK);
    assert_int_equal(hall->batch.timers_due, 0);
    assert_int_equal(store_read_begin(hall->store, &read, NULL), BL_OK);
    assert_int_equal(read_rows(read, TABLE_INCIDENTS, &rows, NULL), BL_OK);
    store_read_end(&read);
    assert_int_equal(rows, 1);
    /* The chain goes on behind it. */
    assert_null(shop_submit(hall, "r-2", 20)->refusal);
    hall_stop(hall);
    hall_start(hall);
    assert_null(shop_submit(hall, "r-3", 20)->refusal);
    hall_stop(hall);
    hall_remove(hall);
    shop_open(hall);
}

int main(void)
{
#define F(name) cmocka_unit_test_setup_teardown(name, setup_folder, teardown_folder)
#define H(name) cmocka_unit_test_setup_teardown(name, setup_hall, teardown_hall)
    static struct CMUnitTest tests[BL_COUNT(refusal_cases) + 12] = {
        F(test_one_writer),
        F(test_starts_are_counted),
        F(test_readers_cannot_write),
        F(test_path_too_long),
        F(test_batches),
        F(test_nothing_before_the_commit),
        F(test_scans),
        H(test_stats),
        H(test_full_map),
        H(test_full_map_and_publications),
        H(test_damaged_record_stops_nobody),
        H(test_damaged_record_comes_due_once),
    };
    size_t count = BL_COUNT(tests) - BL_COUNT(refusal_cases);

    for (size_t i = 0; i < BL_COUNT(refusal_cases); i++) {
        tests[count++] =
            (struct CMUnitTest){ .name = refusal_cases[i].name,
                                 .test_func = test_refusal,
                                 .setup_func = setup_refusal,
                                 .teardown_func = teardown_folder,
                                 .initial_state = (void *)(uintptr_t)&refusal_cases[i] };
    }
    return _cmocka_run_group_tests("store", tests, count, NULL, NULL);
}
