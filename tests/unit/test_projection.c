/* What rows and counts a state stands for, and what changes between two states. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/projection.h"

#define S(state) BL__ITEM__STATE__##state
#define DUE INT64_C(1795500000000000)
#define WARN (DUE - DAY_US)
#define RETRY (DUE - HOUR_US)

static struct bl_arena arena;

static int setup(void **state)
{
    (void)state;
    bl_arena_init(&arena, 4096, SIZE_MAX);
    return 0;
}

static int setup_row(void **state)
{
    void *row = *state;

    (void)setup(state);
    *state = row;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bl_arena_free(&arena);
    return 0;
}

static Bl__Clock *clock_in(Bl__Clock__Phase phase)
{
    Bl__Clock *clock = bl_arena_new(&arena, Bl__Clock);

    bl__clock__init(clock);
    clock->phase = phase;
    clock->due_at = DUE;
    clock->warn_at = WARN;
    return clock;
}

/* An application of one item of `fire`, with one clock. */
struct row_case {
    const char *name;
    Bl__Item__State state;
    bool held, incident, ended;
    bl_time retry_at;
    Bl__Clock__Phase phase;  // unspecified: no clock
    const char *rows;        // letters: timers, inbox, open, incidents, lists, desks
    bl_time timer_at;
    const char *counts;
};

#define P(phase) BL__CLOCK__PHASE__##phase
#define NONE P(PHASE_UNSPECIFIED)

// clang-format off
static const struct row_case row_cases[] = {
    { "pending",           S(PENDING),    false, false, false, 0,     NONE,       "oll",   0,       "applications open " },
    { "received",          S(RECEIVED),   false, false, false, 0,     NONE,       "odll",   0,       "applications open " },
    { "accepted",          S(ACCEPTED),   false, false, false, 0,     P(RUNNING), "tioll", WARN,    "applications open items:fire " },
    { "yellow",            S(ACCEPTED),   false, false, false, 0,     P(WARNED),  "tioll", DUE + 1, "applications open items:fire " },
    { "red",               S(ACCEPTED),   false, false, false, 0,     P(OVERDUE), "ioll",  0,       "applications open items:fire " },
    { "tried again later", S(ACCEPTED),   false, false, false, RETRY, P(RUNNING), "tioll", WARN,    "applications open items:fire " },
    { "held",              S(ACCEPTED),   true,  false, false, 0,     P(RUNNING), "toll",  WARN,    "applications open items:fire " },
    { "an incident",       S(ACCEPTED),   false, true,  false, 0,     P(RUNNING), "tocll", WARN,    "applications open items:fire incidents:fire " },
    { "ended",             S(DECIDED),    false, false, true,  0,     P(STOPPED), "ll",    0,       "applications " },
    { "ended too late",    S(DECIDED),    false, false, true,  0,     P(OVERDUE), "ll",    0,       "applications " },
};
// clang-format on

static Bl__Application *application_of(const struct row_case *row)
{
    Bl__Application *application = application_aggregate.create(&arena, 9);
    Bl__Item *item = bl_arena_new(&arena, Bl__Item);

    bl__item__init(item);
    item->id = "check";
    item->department = "fire";
    item->state = row->state;
    item->held = row->held;
    item->incident = row->incident;
    item->retry_at = row->retry_at;
    item->promise = row->phase == NONE ? NULL : clock_in(row->phase);
    application->ended_at = row->ended ? DUE : 0;
    application->n_items = 1;
    application->items = bl_arena_copy(&arena, &item, sizeof(Bl__Item *));
    return application;
}

static const char *letters_of(const struct projection *projection)
{
    static const char letters[TABLE_COUNT] = {
        [TABLE_TIMERS] = 't',    [TABLE_INBOX] = 'i', [TABLE_OPEN] = 'o',
        [TABLE_INCIDENTS] = 'c', [TABLE_LISTS] = 'l', [TABLE_DESKS] = 'd',
    };
    static char text[8];

    for (size_t i = 0; i < projection->row_count; i++) {
        text[i] = letters[projection->rows[i].table];
    }
    text[projection->row_count] = '\0';
    return text;
}

static const char *counts_of(const struct projection *projection)
{
    char *text = bl_arena_zero(&arena, 256);

    for (size_t i = 0; i < projection->count_count; i++) {
        const struct projection_count *count = &projection->counts[i];

        if (count->value != 0) {
            strcat(text, count->name);
            strcat(text, count->department[0] != '\0' ? ":" : "");
            strcat(text, count->department);
            strcat(text, " ");
        }
    }
    return text;
}

static const struct projection_row *row_in(const struct projection *projection, enum table table)
{
    for (size_t i = 0; i < projection->row_count; i++) {
        if (projection->rows[i].table == table) {
            return &projection->rows[i];
        }
    }
    return NULL;
}

static void test_rows(void **state)
{
    const struct row_case *row = *state;
    struct projection projection = projection_of(application_of(row), &arena);
    const struct projection_row *timer = row_in(&projection, TABLE_TIMERS);
    const struct projection_row *inbox = row_in(&projection, TABLE_INBOX);

    assert_string_equal(letters_of(&projection), row->rows);
    assert_string_equal(counts_of(&projection), row->counts);
    if (timer != NULL) {
        assert_int_equal(key_read_u64(timer->key.bytes), row->timer_at);
        assert_int_equal(key_read_u64(timer->key.bytes + 10), 9);
    }
    if (inbox != NULL) {
        assert_string_equal((const char *)inbox->key.bytes, "fire");  // padded with NUL
        assert_int_equal(key_read_u64(inbox->key.bytes + DEPARTMENT_KEY_BYTES), DUE);
        assert_int_equal(inbox->value_bytes != 0, row->retry_at != 0);
    }
}

static void test_nothing_stands_for_nothing(void **state)
{
    struct projection projection = projection_of(NULL, &arena);

    (void)state;
    assert_int_equal(projection.row_count, 0);
    assert_int_equal(projection.count_count, 0);
}

/* --- differences ------------------------------------------------------------------------------ */

struct changes {
    size_t added, removed, changed;
};

static void change(void *context, const struct projection_row *before,
                   const struct projection_row *after)
{
    struct changes *changes = context;

    assert_true(before != NULL || after != NULL);
    changes->added += before == NULL;
    changes->removed += after == NULL;
    changes->changed += before != NULL && after != NULL;
}

static void assert_changes(const struct row_case *from, const struct row_case *to,
                           struct changes expected)
{
    struct projection before = projection_of(from == NULL ? NULL : application_of(from), &arena);
    struct projection after = projection_of(application_of(to), &arena);
    struct changes changes = { 0 };

    projection_diff(&before, &after, change, &changes);
    assert_int_equal(changes.added, expected.added);
    assert_int_equal(changes.removed, expected.removed);
    assert_int_equal(changes.changed, expected.changed);
}

static const struct row_case *named(const char *name)
{
    const struct row_case *row = row_cases;

    while (strcmp(row->name, name) != 0) {
        row++;
    }
    return row;
}

static void test_differences(void **state)
{
    (void)state;
    assert_changes(NULL, named("accepted"), (struct changes){ .added = 5 });
    assert_changes(named("accepted"), named("accepted"), (struct changes){ 0 });
    assert_changes(named("accepted"), named("yellow"), (struct changes){ 1, 1, 0 });  // its timer
    assert_changes(named("accepted"), named("tried again later"), (struct changes){ 0, 0, 1 });
    assert_changes(named("accepted"), named("held"), (struct changes){ .removed = 1 });
    assert_changes(named("accepted"), named("an incident"), (struct changes){ 1, 1, 0 });
    assert_changes(named("accepted"), named("ended"), (struct changes){ 1, 4, 0 });
}

int main(void)
{
    struct CMUnitTest tests[BL_COUNT(row_cases) + 2] = {
        cmocka_unit_test_setup_teardown(test_nothing_stands_for_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_differences, setup, teardown),
    };

    for (size_t i = 0; i < BL_COUNT(row_cases); i++) {
        tests[2 + i] = (struct CMUnitTest){ .name = row_cases[i].name,
                                            .test_func = test_rows,
                                            .setup_func = setup_row,
                                            .teardown_func = teardown,
                                            .initial_state = (void *)(uintptr_t)&row_cases[i] };
    }
    return _cmocka_run_group_tests("projection", tests, BL_COUNT(tests), NULL, NULL);
}
