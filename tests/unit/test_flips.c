/* What a failing disk may do to a stored record: one bit of it is another. Whichever bit that is,
 * it is found, or it changes nothing; nothing crashes, and all other cases go on as if nothing had
 * happened. A hall with cases in many states is damaged again and again, each time the same day is
 * played, and compared with the day of the hall that was not.
 *
 *     BINGLIAN_FLIPS=1000 BINGLIAN_SEED=7 test_flips */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/chance.h"
#include "store/dump.h"
#include "store_fixture.h"

#define APPLICATIONS 12
#define FLIPS_DEFAULT 1000
#define ACTS_MAX 64
#define TEXT_BYTES 32
#define ROWS_MAX 4096

/* What came of each act of the day, and what the hall looked like in the evening. */
struct day {
    bool opened;
    enum bl_err opening, evening;  // evening: what stopped the cycle, if anything did
    struct act {
        uint64_t application;  // 0: nobody's in particular
        char text[TEXT_BYTES];
    } acts[ACTS_MAX];
    size_t count;
    bool refused_as_damaged;
    uint64_t problems;
    char *dump;
};

static struct hall hall;
static char *image;  // of data.mdb before the day
static size_t image_bytes;
static struct {
    enum table table;
    size_t index;
} rows[ROWS_MAX];
static size_t row_count;
static uint64_t chance;

/* --- the file --------------------------------------------------------------------------------- */

static FILE *open_file(const char *mode)
{
    char path[128];

    (void)snprintf(path, sizeof path, "%s/data.mdb", hall.path);
    FILE *file = fopen(path, mode);
    CHECK(file != NULL);
    return file;
}

static void keep_image(void)
{
    FILE *file = open_file("r");

    CHECK(fseek(file, 0, SEEK_END) == 0);
    image_bytes = (size_t)ftell(file);
    rewind(file);
    image = malloc(image_bytes);
    CHECK(image != NULL && fread(image, 1, image_bytes, file) == image_bytes);
    (void)fclose(file);
}

static void put_image(void)
{
    FILE *file = open_file("w");

    CHECK(fwrite(image, 1, image_bytes, file) == image_bytes);
    CHECK(fclose(file) == 0);
}

/* All rows that have a value. */
static void list_rows(void)
{
    struct raw raw;

    raw_open(&raw, &hall);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        MDB_cursor *cursor;
        MDB_val key, value;

        CHECK(mdb_cursor_open(raw.txn, raw.tables[i], &cursor) == 0);
        for (size_t index = 0; mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0; index++) {
            if (value.mv_size > 0) {
                CHECK(row_count < ROWS_MAX);
                rows[row_count].table = (enum table)i;
                rows[row_count++].index = index;
            }
        }
        mdb_cursor_close(cursor);
    }
    raw_close(&raw);
}

/* --- a day ------------------------------------------------------------------------------------ */

static void note(struct day *day, uint64_t application, const char *text)
{
    struct act *act = &day->acts[day->count];

    CHECK(day->count++ < ACTS_MAX);
    act->application = application;
    bl_text_copy(act->text, sizeof act->text, text);
    day->refused_as_damaged |= strcmp(text, "record-damaged") == 0;
}

/* One command alone; false if the cycle stopped at it. */
static bool act(struct day *day, uint64_t application, const struct principal *who,
                const Bl__Command *command)
{
    struct bl_error e = { 0 };

    batch_reset(&hall.batch);
    struct batch_command *added = command == NULL ? NULL : batch_add(&hall.batch, command, who);
    day->evening = cycle_run(hall.cycle, &hall.batch, hall.now, &e);
    if (day->evening != BL_OK) {
        (void)fprintf(stderr, "the cycle stopped: %s\n", e.text);
        return false;
    }
    if (added != NULL) {
        note(day, application,
             added->answer.refusal != NULL ? added->answer.refusal->rule
                                           : added->answer.application);
    }
    return true;
}

static bool decide(struct day *day, uint64_t id, const char *item)
{
    struct principal worker = hall_worker("amr");
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Decide decision = BL__DECIDE__INIT;

    decision.item = item;
    decision.result = BL__ITEM__RESULT__GRANTED;
    decision.attempt = "7-1042";
    command.application_id = id;
    command.what_case = BL__COMMAND__WHAT_DECIDE;
    command.decide = &decision;
    return act(day, id, &worker, &command);
}

static bool submit(struct day *day, const char *request)
{
    static struct hall_submission submission;

    shop_form(&submission, request, 20, "老张面馆");
    return act(day, 0, &hall_clerk, &submission.command);
}

static bool play_acts(struct day *day)
{
    bool goes_on = submit(day, "r-1") && submit(day, "new");  // one again, and one that is new

    for (uint64_t id = 1; id <= APPLICATIONS && goes_on; id++) {
        goes_on = decide(day, id, "permit");
    }
    for (int i = 0; i < 4 && goes_on; i++) {
        hall.now += 2 * DAY_US;
        goes_on = act(day, 0, NULL, NULL);  // what is late turns red
    }
    for (uint64_t id = 1; id <= APPLICATIONS && goes_on; id++) {
        goes_on = decide(day, id, "first");
    }
    return goes_on && submit(day, "newer");
}

static char *dump_of(struct store *store)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    CHECK(out != NULL);
    enum bl_err err = dump_store(store, out, NULL);
    CHECK(fclose(out) == 0);
    char *audit = strstr(text, "{\"kind\":\"audit\"");  // hashes of salts, which are chance
    if (audit != NULL) {
        *audit = '\0';
    }
    if (err != BL_OK) {
        text[0] = '\0';
    }
    return text;
}

static void play(struct day *day)
{
    const struct store_config config = { .path = hall.path, .map_bytes = (size_t)1 << 28 };
    const struct cycle_config cycle = { 0 };
    struct verify_result result = { 0 };
    struct bl_error e = { 0 };

    *day = (struct day){ 0 };
    hall.now = MONDAY_NINE + HOUR_US;
    day->opening = store_open(&config, &hall.store, &e);
    if (day->opening != BL_OK) {
        return;
    }
    catalog_open(hall.store, &hall.catalog);
    day->opening = cycle_open(&cycle, hall.store, hall.catalog, &hall.log, &hall.cycle, &e);
    batch_init(&hall.batch);
    if (day->opening == BL_OK) {
        day->opened = true;
        (void)play_acts(day);
        enum bl_err err = verify_store(hall.store, NULL, &result, &e);
        day->problems = result.problems + (err != BL_OK && result.problems == 0);
        day->dump = dump_of(hall.store);
    }
    hall_stop(&hall);
}

/* --- what is compared ------------------------------------------------------------------------- */

/* Tables of which one row is one case's business; the others belong to all. */
static bool is_of_one_case(enum table table)
{
    return table == TABLE_APPLICATIONS || table == TABLE_CONTENTS || table == TABLE_REQUESTS ||
           table == TABLE_NUMBERS || table == TABLE_INBOX || table == TABLE_COUNTS ||
           table == TABLE_EVENTS;
}

static void fail_row(enum table table, size_t index, const char *what)
{
    fail_msg("table %s, row %zu: %s", table_name(table), index, what);
}

static void compare(const struct day *control, const struct day *day, enum table table,
                    size_t index)
{
    uint64_t other = 0;
    bool same = day->opened && strcmp(day->dump, control->dump) == 0;

    if (!day->opened) {
        if (day->opening != BL_CORRUPT && day->opening != BL_FORMAT) {
            fail_row(table, index, "the start fails for another reason");
        }
        if (is_of_one_case(table)) {
            fail_row(table, index, "one record keeps the broker from starting");
        }
        return;
    }
    if (day->evening != BL_OK) {
        fail_row(table, index, "the broker stops");
    }
    for (size_t i = 0; i < control->count; i++) {
        const struct act *ours = &control->acts[i], *theirs = &day->acts[i];

        if (strcmp(ours->text, theirs->text) == 0) {
            continue;
        }
        same = false;
        if (is_of_one_case(table) && other != 0 && ours->application != other) {
            fail_row(table, index, "more than one case does not go on");
        }
        other = ours->application != 0 ? ours->application : other;
    }
    if (!same && day->problems == 0 && !day->refused_as_damaged) {
        fail_row(table, index, "the day is another, and nobody noticed");
    }
}

static void test_flips(void **state)
{
    const char *told = getenv("BINGLIAN_FLIPS"), *seed = getenv("BINGLIAN_SEED");
    uint32_t flips = told != NULL ? (uint32_t)strtoul(told, NULL, 10) : FLIPS_DEFAULT, found = 0;
    static struct day control, day;

    (void)state;
    chance = seed != NULL ? strtoull(seed, NULL, 10) : 20261123;
    printf("seed %llu, %u flips in %zu records\n", (unsigned long long)chance, flips, row_count);
    play(&control);
    assert_true(control.opened);
    assert_int_equal(control.problems, 0);
    put_image();
    play(&day);
    assert_int_equal(day.problems, 0);
    assert_string_equal(day.dump, control.dump);  // the same day again, but for the flip
    free(day.dump);
    for (uint32_t i = 0; i < flips; i++) {
        size_t at = chance_next(&chance) % row_count;
        struct raw raw;

        put_image();
        raw_open(&raw, &hall);
        struct raw_row row = raw_get(&raw, rows[at].table, rows[at].index);
        char *value = bl_arena_copy(&raw.arena, row.value.at, row.value.bytes);
        uint64_t bit = chance_next(&chance) % (row.value.bytes * 8);
        value[bit / 8] = (char)(value[bit / 8] ^ (1 << (bit % 8)));
        row.value.at = value;
        raw_put(&raw, rows[at].table, row);
        raw_close(&raw);
        play(&day);
        compare(&control, &day, rows[at].table, rows[at].index);
        found += !day.opened || day.problems > 0 || day.refused_as_damaged;
        free(day.dump);
    }
    free(control.dump);
    printf("%u found, %u harmless or mended\n", found, flips - found);
    assert_true(found > flips / 2);
}

/* Cases in many states: new, decided in part, an incident, done. */
static int setup(void **state)
{
    (void)state;
    shop_open(&hall);
    for (uint64_t id = 1; id <= APPLICATIONS; id++) {
        char request[8];

        (void)snprintf(request, sizeof request, "r-%u", (unsigned)id);
        CHECK(shop_submit(&hall, request, id % 3 == 0 ? 500 : 20)->refusal == NULL);
    }
    CHECK(shop_decide(&hall, "amr", 2, "first", BL__ITEM__RESULT__GRANTED)->refusal == NULL);
    CHECK(shop_decide(&hall, "amr", 4, "first", BL__ITEM__RESULT__DENIED)->refusal == NULL);
    CHECK(shop_decide(&hall, "amr", 4, "permit", BL__ITEM__RESULT__GRANTED)->refusal == NULL);
    CHECK(shop_fail(&hall, "urban", 6, "large")->refusal == NULL);
    CHECK(shop_fail(&hall, "amr", 7, "first")->refusal == NULL);
    hall_stop(&hall);
    keep_image();
    list_rows();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hall_remove(&hall);
    free(image);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_flips) };

    return cmocka_run_group_tests_name("flips", tests, setup, teardown);
}
