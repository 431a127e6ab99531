/* What verify.h promises: a store that the engine wrote agrees with itself, and whatever a failing
 * disk or a forger changes in it is found. Each row is one change of one stored store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_fixture.h"

/* The events of the store: calendar, departments, workflow, submission 1, submission 2, decision
 * on `first` of 1, incident of `large` of 2. */
enum { EVENT_SUBMISSION = 3, EVENT_DECISION = 5, EVENT_LAST = 6 };

static int setup(void **state)
{
    struct hall *hall = calloc(1, sizeof *hall);

    shop_open(hall);
    CHECK(shop_submit(hall, "r-1", 20)->refusal == NULL);
    CHECK(shop_submit(hall, "r-2", 500)->refusal == NULL);
    CHECK(shop_decide(hall, "amr", 1, "first", BL__ITEM__RESULT__GRANTED)->refusal == NULL);
    CHECK(shop_fail(hall, "urban", 2, "large")->refusal == NULL);
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

/* --- changes -----------------------------------------------------------------------------------
 */

static void nothing(struct raw *raw)
{
    (void)raw;
}

static void event_damaged(struct raw *raw)
{
    raw_damage(raw, TABLE_EVENTS, EVENT_DECISION);
}

static void event_changed(struct raw *raw)
{
    struct raw_row row = raw_get(raw, TABLE_EVENTS, EVENT_DECISION);
    Bl__Event *event = raw_message(raw, row, &bl__event__descriptor);

    event->decided->result = BL__ITEM__RESULT__DENIED;
    raw_seal(raw, TABLE_EVENTS, row, &event->base);
}

static void event_deleted(struct raw *raw)
{
    raw_remove(raw, TABLE_EVENTS, raw_get(raw, TABLE_EVENTS, EVENT_DECISION));
}

static void last_event_deleted(struct raw *raw)
{
    raw_remove(raw, TABLE_EVENTS, raw_get(raw, TABLE_EVENTS, EVENT_LAST));
}

static void event_inserted(struct raw *raw)
{
    struct raw_row row = raw_get(raw, TABLE_EVENTS, EVENT_LAST);
    struct key key = key_of_id(EVENT_LAST + 2);

    row.key = key_keep(&key, &raw->arena);
    raw_put(raw, TABLE_EVENTS, row);
}

/* The last batch taken back whole: states still account for its event. */
static void batch_taken_back(struct raw *raw)
{
    raw_remove(raw, TABLE_EVENTS, raw_get(raw, TABLE_EVENTS, EVENT_LAST));
    raw_remove(raw, TABLE_CHAIN, raw_get(raw, TABLE_CHAIN, EVENT_LAST));
}

static void chain_damaged(struct raw *raw)
{
    raw_damage(raw, TABLE_CHAIN, 2);
}

static void chain_deleted(struct raw *raw)
{
    raw_remove(raw, TABLE_CHAIN, raw_get(raw, TABLE_CHAIN, 2));
}

static Bl__ChainEntry *chain_entry(struct raw *raw, struct raw_row *row)
{
    *row = raw_get(raw, TABLE_CHAIN, 2);
    return raw_message(raw, *row, &bl__chain_entry__descriptor);
}

static void chain_hash_changed(struct raw *raw)
{
    struct raw_row row;
    Bl__ChainEntry *entry = chain_entry(raw, &row);

    entry->hash.data[7] ^= 1;
    raw_seal(raw, TABLE_CHAIN, row, &entry->base);
}

static void chain_previous_changed(struct raw *raw)
{
    struct raw_row row;
    Bl__ChainEntry *entry = chain_entry(raw, &row);

    entry->previous.data[7] ^= 1;
    raw_seal(raw, TABLE_CHAIN, row, &entry->base);
}

static void chain_algorithm_changed(struct raw *raw)
{
    struct raw_row row;
    Bl__ChainEntry *entry = chain_entry(raw, &row);

    entry->alg = "crc32";
    raw_seal(raw, TABLE_CHAIN, row, &entry->base);
}

static void chain_range_changed(struct raw *raw)
{
    struct raw_row row;
    Bl__ChainEntry *entry = chain_entry(raw, &row);

    entry->first--;
    raw_seal(raw, TABLE_CHAIN, row, &entry->base);
}

static void state_damaged(struct raw *raw)
{
    raw_damage(raw, TABLE_APPLICATIONS, 0);
}

static void state_changed(struct raw *raw)
{
    struct raw_row row = raw_get(raw, TABLE_APPLICATIONS, 0);
    Bl__Application *application = raw_message(raw, row, &bl__application__descriptor);

    application->items[1]->promise->due_at += DAY_US;
    raw_seal(raw, TABLE_APPLICATIONS, row, &application->base);
}

static void state_revision_changed(struct raw *raw)
{
    struct raw_row row = raw_get(raw, TABLE_APPLICATIONS, 0);
    Bl__Application *application = raw_message(raw, row, &bl__application__descriptor);

    application->revision = UINT32_MAX;
    raw_seal(raw, TABLE_APPLICATIONS, row, &application->base);
}

static void state_forgets_an_event(struct raw *raw)
{
    struct raw_row row = raw_get(raw, TABLE_APPLICATIONS, 0);
    Bl__Application *application = raw_message(raw, row, &bl__application__descriptor);

    application->revision--;
    raw_seal(raw, TABLE_APPLICATIONS, row, &application->base);
}

static void state_deleted(struct raw *raw)
{
    raw_remove(raw, TABLE_APPLICATIONS, raw_get(raw, TABLE_APPLICATIONS, 0));
}

static void state_of_another(struct raw *raw)
{
    struct raw_row row = raw_get(raw, TABLE_APPLICATIONS, 0);

    row.value = raw_get(raw, TABLE_APPLICATIONS, 1).value;
    raw_put(raw, TABLE_APPLICATIONS, row);
}

static void directory_damaged(struct raw *raw)
{
    raw_damage(raw, TABLE_DIRECTORY, 0);
}

static void directory_changed(struct raw *raw)
{
    struct raw_row row = raw_get(raw, TABLE_DIRECTORY, 0);
    Bl__Directory *directory = raw_message(raw, row, &bl__directory__descriptor);

    directory->publications[0]->retired = true;
    raw_seal(raw, TABLE_DIRECTORY, row, &directory->base);
}

static void source_damaged(struct raw *raw)
{
    raw_damage(raw, TABLE_SOURCES, 0);
}

static void source_changed(struct raw *raw)
{
    struct raw_row row = raw_get(raw, TABLE_SOURCES, 0);

    row.value = record_seal_bytes(bl_text_of("calendar: cn\n"), &raw->arena);
    raw_put(raw, TABLE_SOURCES, row);
}

static void source_deleted(struct raw *raw)
{
    raw_remove(raw, TABLE_SOURCES, raw_get(raw, TABLE_SOURCES, 0));
}

static void content_damaged(struct raw *raw)
{
    raw_damage(raw, TABLE_CONTENTS, 0);
}

static void content_changed(struct raw *raw)
{
    struct raw_row row = raw_get(raw, TABLE_CONTENTS, 0);
    Bl__StoredContent *content = raw_message(raw, row, &bl__stored_content__descriptor);

    content->content.data[content->content.len - 1] ^= 1;
    raw_seal(raw, TABLE_CONTENTS, row, &content->base);
}

/* Its retention is over: the chain stands without it. */
static void content_erased(struct raw *raw)
{
    raw_remove(raw, TABLE_CONTENTS, raw_get(raw, TABLE_CONTENTS, 0));
}

static void content_of_nobody(struct raw *raw)
{
    struct raw_row row = raw_get(raw, TABLE_CONTENTS, 0);
    struct key key = key_of_content(99, 1);

    row.key = key_keep(&key, &raw->arena);
    raw_put(raw, TABLE_CONTENTS, row);
}

static void number_elsewhere(struct raw *raw)
{
    struct raw_row row = raw_get(raw, TABLE_NUMBERS, 0);

    row.value = raw_get(raw, TABLE_NUMBERS, 1).value;
    raw_put(raw, TABLE_NUMBERS, row);
}

static void number_deleted(struct raw *raw)
{
    raw_remove(raw, TABLE_NUMBERS, raw_get(raw, TABLE_NUMBERS, 0));
}

static void number_too_many(struct raw *raw)
{
    struct raw_row row = raw_get(raw, TABLE_NUMBERS, 0);

    row.key = bl_text_of("S-20261123-9999");
    raw_put(raw, TABLE_NUMBERS, row);
}

static void request_damaged(struct raw *raw)
{
    raw_damage(raw, TABLE_REQUESTS, 0);
}

static void request_of_no_event(struct raw *raw)
{
    struct raw_row row = raw_get(raw, TABLE_REQUESTS, 0);
    Bl__StoredRequest *request = raw_message(raw, row, &bl__stored_request__descriptor);

    request->event = 1000;
    raw_seal(raw, TABLE_REQUESTS, row, &request->base);
}

static void counter_damaged(struct raw *raw)
{
    raw_damage(raw, TABLE_COUNTERS, 0);
}

static void count_changed(struct raw *raw)
{
    struct raw_row row = raw_get(raw, TABLE_COUNTS, 0);
    Bl__Count *count = raw_message(raw, row, &bl__count__descriptor);

    count->value++;
    raw_seal(raw, TABLE_COUNTS, row, &count->base);
}

static void count_damaged(struct raw *raw)
{
    raw_damage(raw, TABLE_COUNTS, 0);
}

static void count_deleted(struct raw *raw)
{
    raw_remove(raw, TABLE_COUNTS, raw_get(raw, TABLE_COUNTS, 0));
}

static void count_of_nothing(struct raw *raw)
{
    struct raw_row row = raw_get(raw, TABLE_COUNTS, 0);

    row.key = bl_text_of("items.hall");
    raw_put(raw, TABLE_COUNTS, row);
}

static void add_row(struct raw *raw, enum table table)
{
    struct raw_row row = raw_get(raw, table, 0);
    char *key = bl_arena_copy(&raw->arena, row.key.at, row.key.bytes);

    key[0] ^= 1;
    row.key.at = key;
    raw_put(raw, table, row);
}

// clang-format off
static void timer_missing(struct raw *raw)    { raw_remove(raw, TABLE_TIMERS, raw_get(raw, TABLE_TIMERS, 0)); }
static void timer_extra(struct raw *raw)      { add_row(raw, TABLE_TIMERS); }
static void timer_late(struct raw *raw)       { add_row(raw, TABLE_TIMERS); timer_missing(raw); }
static void inbox_missing(struct raw *raw)    { raw_remove(raw, TABLE_INBOX, raw_get(raw, TABLE_INBOX, 0)); }
static void inbox_extra(struct raw *raw)      { add_row(raw, TABLE_INBOX); }
static void open_missing(struct raw *raw)     { raw_remove(raw, TABLE_OPEN, raw_get(raw, TABLE_OPEN, 0)); }
static void open_extra(struct raw *raw)       { add_row(raw, TABLE_OPEN); }
static void incident_missing(struct raw *raw) { raw_remove(raw, TABLE_INCIDENTS, raw_get(raw, TABLE_INCIDENTS, 0)); }
static void incident_extra(struct raw *raw)   { add_row(raw, TABLE_INCIDENTS); }
// clang-format on

static void inbox_changed(struct raw *raw)
{
    struct raw_row row = raw_get(raw, TABLE_INBOX, 0);
    Bl__InboxRow value = BL__INBOX_ROW__INIT;

    value.not_before = MONDAY_NINE;
    raw_seal(raw, TABLE_INBOX, row, &value.base);
}

/* A damaged record that was set aside: its incident stands for no state. */
static void record_incident(struct raw *raw)
{
    struct raw_row row = raw_get(raw, TABLE_INCIDENTS, 0);
    struct key key = key_of_id(99);

    key_u16(&key, INCIDENT_RECORD);
    row.key = key_keep(&key, &raw->arena);
    raw_put(raw, TABLE_INCIDENTS, row);
}

static const struct change {
    const char *name;
    void (*make)(struct raw *raw);
    const char *report;  // what a line of it says; NULL: all agree
} changes[] = {
    { "what the engine wrote", nothing, NULL },
    { "a content erased after its retention", content_erased, NULL },
    { "the incident of a damaged record", record_incident, NULL },
    { "an event damaged", event_damaged, "event 6: fails its checksum" },
    { "an event changed", event_changed, "chain 6: the hash does not fit" },
    { "an event deleted", event_deleted, "event 6: is missing" },
    { "the last event deleted", last_event_deleted, "event 7: is missing" },
    { "an event inserted", event_inserted, "event 8: is in no batch" },
    { "the last batch taken back", batch_taken_back, "event 7 of 2 is missing" },
    { "a chain entry damaged", chain_damaged, "chain 3: fails its checksum" },
    { "a chain entry deleted", chain_deleted, "chain 4: does not go on" },
    { "a hash changed", chain_hash_changed, "chain 3: the hash does not fit" },
    { "a previous hash changed", chain_previous_changed, "chain 3: does not name" },
    { "an algorithm changed", chain_algorithm_changed, "chain 3: has a hash of another kind" },
    { "a batch's range changed", chain_range_changed, "chain 3: does not go on" },
    { "a state damaged", state_damaged, "application 1: fails its checksum" },
    { "a state changed", state_changed, "application 1: the state is not the fold" },
    { "a state of too many events", state_revision_changed, "application 1: 1 has fewer events" },
    { "a state of too few events", state_forgets_an_event, "application 1: 1 has more events" },
    { "a state deleted", state_deleted, "are accounted for by states" },
    { "a state in place of another", state_of_another, "application 1: event" },
    { "the directory damaged", directory_damaged, "directory 1: fails its checksum" },
    { "the directory changed", directory_changed, "directory 1: the state is not the fold" },
    { "a source damaged", source_damaged, "is missing or fails its checksum" },
    { "a source changed", source_changed, "is not what was published" },
    { "a source deleted", source_deleted, "is missing or fails its checksum" },
    { "a content damaged", content_damaged, "content 1: fails its checksum" },
    { "a content changed", content_changed, "content 1: is not what was handed in" },
    { "a content of nobody", content_of_nobody, "contents 3: rows" },
    { "a number that leads elsewhere", number_elsewhere, "application 1: its number" },
    { "a number deleted", number_deleted, "application 1: its number" },
    { "a number too many", number_too_many, "numbers 3: rows" },
    { "a request damaged", request_damaged, "request 0: fails its checksum" },
    { "a request of no event", request_of_no_event, "names an event that is not there" },
    { "a counter damaged", counter_damaged, "counter 0: fails its checksum" },
    { "a count changed", count_changed, "is counted otherwise" },
    { "a count damaged", count_damaged, "is counted otherwise" },
    { "a count deleted", count_deleted, "is counted otherwise" },
    { "a count of nothing", count_of_nothing, "items.hall 0: is counted otherwise" },
    { "a timer missing", timer_missing, "timers 2: row is missing" },
    { "a timer too many", timer_extra, "timers 3: rows" },
    { "a timer moved", timer_late, "timers 2: row is missing" },
    { "an inbox row missing", inbox_missing, "inbox 2: row is missing" },
    { "an inbox row too many", inbox_extra, "rows, of which some" },
    { "an inbox row changed", inbox_changed, "inbox 2: has another value" },
    { "an open row missing", open_missing, "open 2: row is missing" },
    { "an open row too many", open_extra, "open 3: rows" },
    { "an incident missing", incident_missing, "incidents 2: row is missing" },
    { "an incident too many", incident_extra, "incidents 2: rows" },
};

struct checked {
    enum bl_err err;
    struct verify_result result;
    char report[8192];
};

static void check(const struct hall *hall, struct checked *checked)
{
    struct store_config config = { .path = hall->path, .read_only = true };
    struct store *store;
    struct bl_error e = { 0 };
    char *text;
    size_t bytes;
    FILE *report = open_memstream(&text, &bytes);

    assert_non_null(report);
    assert_int_equal(store_open(&config, &store, &e), BL_OK);
    checked->err = verify_store(store, report, &checked->result, &e);
    store_close(&store);
    assert_int_equal(fclose(report), 0);
    bl_text_copy(checked->report, sizeof checked->report, text);
    free(text);
}

static struct change asked;  // the row that the test is about, and the hall beside it

static void test_change(void **state)
{
    struct hall *hall = *state;
    static struct checked checked;
    struct raw raw;

    raw_open(&raw, hall);
    asked.make(&raw);
    raw_close(&raw);
    check(hall, &checked);
    if (asked.report == NULL) {
        assert_string_equal(checked.report, "");
        assert_int_equal(checked.err, BL_OK);
        assert_int_equal(checked.result.events, EVENT_LAST + 1);
        assert_int_equal(checked.result.applications, 2);
        return;
    }
    assert_int_equal(checked.err, BL_CORRUPT);
    assert_true(checked.result.problems > 0);
    if (strstr(checked.report, asked.report) == NULL) {
        fail_msg("the report says:\n%s", checked.report);
    }
}

static int setup_change(void **state)
{
    asked = *(const struct change *)*state;
    return setup(state);
}

int main(void)
{
    struct CMUnitTest tests[BL_COUNT(changes)];

    for (size_t i = 0; i < BL_COUNT(changes); i++) {
        tests[i] = (struct CMUnitTest){ .name = changes[i].name,
                                        .test_func = test_change,
                                        .setup_func = setup_change,
                                        .teardown_func = teardown,
                                        .initial_state = (void *)(uintptr_t)&changes[i] };
    }
    return _cmocka_run_group_tests("verify", tests, BL_COUNT(tests), NULL, NULL);
}
