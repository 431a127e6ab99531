/* What dump.h promises: the whole store as lines that a checker can read without us. The kinds and
 * their keys are the format; the hashes are computed again from what the lines say alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>

#include "store/dump.h"
#include "store_fixture.h"

#define LINES_MAX 256

struct dump {
    struct hall hall;
    json_t *lines[LINES_MAX];
    size_t count;
};

static void read_lines(struct dump *dump)
{
    char *text, *at, *line;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    struct bl_error e = { 0 };

    assert_non_null(out);
    assert_int_equal(dump_store(dump->hall.store, out, &e), BL_OK);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(text[bytes - 1], '\n');
    at = text;
    while ((line = strsep(&at, "\n")) != NULL && *line != '\0') {
        json_error_t error;

        assert_true(dump->count < LINES_MAX);
        dump->lines[dump->count] = json_loads(line, JSON_REJECT_DUPLICATES, &error);
        if (dump->lines[dump->count++] == NULL) {
            fail_msg("%s: %s", error.text, line);
        }
    }
    free(text);
}

/* Three applications: one that is decided on in part, one with an item that is not needed and one
 * that waits, one that is over. */
static int setup(void **state)
{
    struct dump *dump = calloc(1, sizeof *dump);
    struct hall *hall = &dump->hall;

    shop_open(hall);
    CHECK(shop_submit(hall, "r-1", 500)->refusal == NULL);
    CHECK(shop_submit(hall, "r-2", 20)->refusal == NULL);
    CHECK(shop_submit(hall, "r-3", 20)->refusal == NULL);
    CHECK(shop_decide(hall, "amr", 1, "first", BL__ITEM__RESULT__GRANTED)->refusal == NULL);
    CHECK(shop_decide(hall, "urban", 1, "large", BL__ITEM__RESULT__DENIED)->refusal == NULL);
    CHECK(shop_decide(hall, "amr", 3, "first", BL__ITEM__RESULT__DENIED)->refusal == NULL);
    CHECK(shop_decide(hall, "amr", 3, "permit", BL__ITEM__RESULT__GRANTED)->refusal == NULL);
    read_lines(dump);
    *state = dump;
    return 0;
}

static int teardown(void **state)
{
    struct dump *dump = *state;

    for (size_t i = 0; i < dump->count; i++) {
        json_decref(dump->lines[i]);
    }
    hall_close(&dump->hall);
    free(dump);
    return 0;
}

static const char *text_of(const json_t *line, const char *key)
{
    return json_string_value(json_object_get(line, key));
}

static int64_t number_of(const json_t *line, const char *key)
{
    return json_integer_value(json_object_get(line, key));
}

/* The only line of this kind about an application and an item (NULL: any). */
static const json_t *line_of(const struct dump *dump, const char *kind, const char *app,
                             const char *item)
{
    const json_t *found = NULL;

    for (size_t i = 0; i < dump->count; i++) {
        const json_t *line = dump->lines[i];

        if (strcmp(text_of(line, "kind"), kind) == 0 && text_of(line, "app") != NULL &&
            strcmp(text_of(line, "app"), app) == 0 &&
            (item == NULL || strcmp(text_of(line, "item"), item) == 0)) {
            assert_null(found);
            found = line;
        }
    }
    return found;
}

static size_t count_of(const struct dump *dump, const char *kind)
{
    size_t count = 0;

    for (size_t i = 0; i < dump->count; i++) {
        count += strcmp(text_of(dump->lines[i], "kind"), kind) == 0;
    }
    return count;
}

/* --- the format --------------------------------------------------------------------------------
 */

/* Which keys a kind has, and of which JSON type: s text, i integer, a list; ? may be null, - may be
 * absent. */
static const struct {
    const char *kind;
    struct {
        const char *key, *type;
    } keys[9];
} kinds[] = {
    { "app", { { "app", "s" }, { "key", "s" }, { "state", "s" } } },
    { "item",
      { { "app", "s" },
        { "item", "s" },
        { "state", "s" },
        { "result", "s-" },
        { "deadline_ms", "i?" },
        { "promise_ms", "i?" },
        { "legal_ms", "i?" },
        { "decisions", "a" } } },
    { "event",
      { { "seq", "i" }, { "app", "s?" }, { "type", "s" }, { "item", "s?" }, { "at_ms", "i" } } },
    { "timer", { { "app", "s" }, { "item", "s?" }, { "at_ms", "i" } } },
    { "audit",
      { { "seq", "i" }, { "alg", "s" }, { "prev", "s" }, { "body", "s" }, { "hash", "s" } } },
};

static void assert_type(const json_t *value, const char *type, const char *key)
{
    bool fits = (type[0] == 's' && json_is_string(value)) ||
                (type[0] == 'i' && json_is_integer(value)) ||
                (type[0] == 'a' && json_is_array(value)) || (type[1] == '?' && json_is_null(value));

    if (!fits) {
        fail_msg("%s is no %s", key, type);
    }
}

/* Holds a line against the k-th kind. */
static void check_keys(const json_t *line, size_t k)
{
    size_t found = 1;  // "kind"

    for (size_t i = 0; i < BL_COUNT(kinds[k].keys) && kinds[k].keys[i].key != NULL; i++) {
        const json_t *value = json_object_get(line, kinds[k].keys[i].key);

        if (value == NULL && kinds[k].keys[i].type[1] == '-') {
            continue;
        }
        found++;
        assert_type(value, kinds[k].keys[i].type, kinds[k].keys[i].key);
    }
    assert_int_equal(json_object_size(line), found);
}

static void test_kinds_and_keys(void **state)
{
    const struct dump *dump = *state;

    for (size_t i = 0; i < dump->count; i++) {
        const char *kind = text_of(dump->lines[i], "kind");
        size_t k = 0;

        while (k < BL_COUNT(kinds) && strcmp(kind, kinds[k].kind) != 0) {
            k++;
        }
        if (k == BL_COUNT(kinds)) {
            fail_msg("there is no kind %s", kind);
        }
        check_keys(dump->lines[i], k);
    }
}

static void test_numbers_of_lines(void **state)
{
    const struct dump *dump = *state;

    assert_int_equal(count_of(dump, "app"), 3);
    assert_int_equal(count_of(dump, "item"), 12);
    assert_int_equal(count_of(dump, "event"), 10);
    assert_int_equal(count_of(dump, "audit"), 10);
    assert_int_equal(count_of(dump, "timer"), 2);  // one for each that is open
}

static void test_applications(void **state)
{
    const struct dump *dump = *state;
    const json_t *app = line_of(dump, "app", "S-20261123-0001", NULL);

    assert_string_equal(text_of(app, "key"), "r-1");
    assert_string_equal(text_of(app, "state"), "partly_done");
    app = line_of(dump, "app", "S-20261123-0002", NULL);
    assert_string_equal(text_of(app, "state"), "accepted");
    app = line_of(dump, "app", "S-20261123-0003", NULL);
    assert_string_equal(text_of(app, "state"), "completed");
}

static int64_t ms(const char *text)
{
    bl_time at = 0;

    assert_int_equal(bl_time_parse(text, &at, NULL), BL_OK);
    return at / MILLISECOND_US;
}

static void test_items(void **state)
{
    const struct dump *dump = *state;
    const json_t *item = line_of(dump, "item", "S-20261123-0001", "first");

    assert_string_equal(text_of(item, "state"), "decided");
    assert_string_equal(text_of(item, "result"), "granted");
    assert_int_equal(number_of(item, "promise_ms"), ms("2026-11-25T17:30:00+08:00"));
    assert_int_equal(number_of(item, "deadline_ms"), number_of(item, "promise_ms"));
    assert_int_equal(number_of(item, "legal_ms"), ms("2026-11-30T17:30:00+08:00"));
    item = line_of(dump, "item", "S-20261123-0002", "second");
    assert_string_equal(text_of(item, "state"), "pending");
    assert_null(json_object_get(item, "result"));
    assert_true(json_is_null(json_object_get(item, "deadline_ms")));
    assert_true(json_is_null(json_object_get(item, "legal_ms")));
    item = line_of(dump, "item", "S-20261123-0002", "large");
    assert_string_equal(text_of(item, "state"), "not_needed");
    item = line_of(dump, "item", "S-20261123-0003", "second");
    assert_string_equal(text_of(item, "state"), "blocked");
}

static void assert_decision(const struct dump *dump, const char *app, const char *item,
                            const char *decision)
{
    const json_t *list = json_object_get(line_of(dump, "item", app, item), "decisions");

    assert_int_equal(json_array_size(list), decision == NULL ? 0 : 1);
    if (decision != NULL) {
        const json_t *only = json_array_get(list, 0);

        assert_int_equal(json_object_size(only), 3);
        assert_string_equal(text_of(only, "lease"), "7-1042");
        assert_string_equal(text_of(only, "decision"), decision);
        assert_true(json_is_true(json_object_get(only, "effective")));
    }
}

static void test_decisions(void **state)
{
    const struct dump *dump = *state;

    assert_decision(dump, "S-20261123-0001", "first", "approve");
    assert_decision(dump, "S-20261123-0001", "large", "reject");
    assert_decision(dump, "S-20261123-0001", "permit", NULL);
    assert_decision(dump, "S-20261123-0002", "first", NULL);
    assert_decision(dump, "S-20261123-0003", "permit", "approve");
}

/* The timer is the next moment at which the application changes: here yellow, before red. */
static void test_timers(void **state)
{
    const struct dump *dump = *state;
    const json_t *timer = line_of(dump, "timer", "S-20261123-0002", NULL);

    assert_non_null(timer);
    assert_string_equal(text_of(timer, "item"), "first");
    assert_true(number_of(timer, "at_ms") > MONDAY_NINE / MILLISECOND_US);
    assert_true(number_of(timer, "at_ms") <= ms("2026-11-25T17:30:00+08:00"));
    assert_non_null(line_of(dump, "timer", "S-20261123-0001", NULL));
    assert_null(line_of(dump, "timer", "S-20261123-0003", NULL));
}

static void test_events(void **state)
{
    static const struct {
        const char *app, *type, *item;
    } events[] = {
        { NULL, "published", NULL },
        { NULL, "published", NULL },
        { NULL, "published", NULL },
        { "S-20261123-0001", "submitted", NULL },
        { "S-20261123-0002", "submitted", NULL },
        { "S-20261123-0003", "submitted", NULL },
        { "S-20261123-0001", "decided", "first" },
        { "S-20261123-0001", "decided", "large" },
        { "S-20261123-0003", "decided", "first" },
        { "S-20261123-0003", "decided", "permit" },
    };
    const struct dump *dump = *state;
    size_t at = 0;

    for (size_t i = 0; i < dump->count; i++) {
        const json_t *line = dump->lines[i];

        if (strcmp(text_of(line, "kind"), "event") != 0) {
            continue;
        }
        assert_true(at < BL_COUNT(events));
        assert_int_equal(number_of(line, "seq"), at + 1);
        assert_string_equal(text_of(line, "type"), events[at].type);
        assert_int_equal(text_of(line, "app") == NULL, events[at].app == NULL);
        assert_int_equal(text_of(line, "item") == NULL, events[at].item == NULL);
        if (events[at].app != NULL) {
            assert_string_equal(text_of(line, "app"), events[at].app);
        }
        if (events[at].item != NULL) {
            assert_string_equal(text_of(line, "item"), events[at].item);
        }
        assert_int_equal(number_of(line, "at_ms"), MONDAY_NINE / MILLISECOND_US);
        at++;
    }
    assert_int_equal(at, BL_COUNT(events));
}

/* BLAKE2b-256 of the hash before and the body, from the first entry to the last. */
static void test_chain(void **state)
{
    const struct dump *dump = *state;
    char prev[65];
    static unsigned char joined[1 << 16];
    unsigned char hash[32];

    memset(prev, '0', 64);
    prev[64] = '\0';
    for (size_t i = 0; i < dump->count; i++) {
        const json_t *line = dump->lines[i];
        size_t bytes;

        if (strcmp(text_of(line, "kind"), "audit") != 0) {
            continue;
        }
        const char *body = text_of(line, "body");
        assert_string_equal(text_of(line, "alg"), "blake2b-256");
        assert_string_equal(text_of(line, "prev"), prev);
        assert_int_equal(sodium_hex2bin(joined, 32, prev, 64, NULL, NULL, NULL), 0);
        assert_int_equal(sodium_base642bin(joined + 32, sizeof joined - 32, body, strlen(body),
                                           NULL, &bytes, NULL, sodium_base64_VARIANT_ORIGINAL),
                         0);
        assert_true(bytes > 0);
        assert_int_equal(crypto_generichash(hash, sizeof hash, joined, 32 + bytes, NULL, 0), 0);
        (void)sodium_bin2hex(prev, sizeof prev, hash, sizeof hash);
        assert_string_equal(text_of(line, "hash"), prev);
    }
}

static void damage(struct hall *hall)
{
    struct raw raw;

    hall_stop(hall);
    raw_open(&raw, hall);
    raw_damage(&raw, TABLE_APPLICATIONS, 1);
    raw_damage(&raw, TABLE_EVENTS, 6);
    raw_close(&raw);
    hall_start(hall);
}

/* What is damaged has a line that says so; everything else is still told. */
static void test_damaged(void **state)
{
    struct dump *dump = *state;

    damage(&dump->hall);
    for (size_t i = 0; i < dump->count; i++) {
        json_decref(dump->lines[i]);
    }
    dump->count = 0;
    read_lines(dump);
    /* Application 2; application 1, whose history lacks an event; the event. */
    assert_int_equal(count_of(dump, "damaged"), 3);
    assert_int_equal(count_of(dump, "app"), 1);
    assert_int_equal(count_of(dump, "event"), 9);
    assert_int_equal(count_of(dump, "audit"), 10);
    damage(&dump->hall);  // the same bits again: whole
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_kinds_and_keys), T(test_numbers_of_lines), T(test_applications), T(test_items),
        T(test_decisions),      T(test_timers),           T(test_events),       T(test_chain),
        T(test_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
