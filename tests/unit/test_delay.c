/* Whose time a delay was: along the critical path, day by day (domain.md 9.4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
// cmocka wants the above first
#include <cmocka.h>

#include "calendar_fixture.h"
#include "core/delay.h"

#define S(state) BL__ITEM__STATE__##state
#define ITEMS 3
#define PARTS 4

static struct calendar *cn;

/* "01-26 10:00" of 2026, in the hall. */
static bl_time at(const char *text)
{
    char instant[48];
    bl_time moment = 0;

    (void)snprintf(instant, sizeof instant, "2026-%.5sT%.5s:00+08:00", text, text + 6);
    assert_int_equal(bl_time_parse(instant, &moment, NULL), BL_OK);
    return moment;
}

struct item {
    Bl__Item__State state;
    const char *started, *ended;  // NULL: not yet
    const char *due;              // of its promise
    bool late;
    int need;  // the item that it needs, or -1
};

struct part {
    const char *whose, *item;
    int32_t days, over;
};

struct delay_case {
    const char *name;
    const char *received, *now;
    bool whole;                // the whole is late
    struct item items[ITEMS];  // a of amr, b of fire, c of urban
    struct part expected[PARTS];
};

// clang-format off
static const struct delay_case delay_cases[] = {
    { "worked example 32, in time: nobody is blamed", "01-26 10:00", "02-11 17:00", false,
      { { S(DECIDED), "01-26 10:00", "02-02 16:00", "02-02 17:30", false, -1 },
        { S(DECIDED), "02-02 16:00", "02-11 16:00", "02-11 17:30", false, 0 },
        { S(DECIDED), "01-26 10:00", "02-09 16:00", "02-09 17:30", false, -1 } },
      { { NULL } } },
    { "worked example 32, two days late in b: a has its five days, b nine, c none",
      "01-26 10:00", "03-01 10:00", true,
      { { S(DECIDED), "01-26 10:00", "02-02 16:00", "02-02 17:30", false, -1 },
        { S(DECIDED), "02-02 16:00", "02-13 16:00", "02-11 17:30", true, 0 },
        { S(DECIDED), "01-26 10:00", "02-09 16:00", "02-09 17:30", false, -1 } },
      { { "amr", "a", 5, 0 }, { "fire", "b", 9, 2 } } },
    { "c is late beside the path, and not blamed", "01-26 10:00", "03-01 10:00", true,
      { { S(DECIDED), "01-26 10:00", "02-04 16:00", "02-02 17:30", true, -1 },
        { S(DECIDED), "02-04 16:00", "02-13 16:00", "02-13 17:30", false, 0 },
        { S(DECIDED), "01-26 10:00", "02-10 16:00", "02-09 17:30", true, -1 } },
      { { "amr", "a", 7, 2 }, { "fire", "b", 7, 0 } } },
    { "the whole is in time: the item that is late has its own path", "01-26 10:00", "03-01 10:00", false,
      { { S(DECIDED), "01-26 10:00", "02-02 16:00", "02-02 17:30", false, -1 },
        { S(DECIDED), "02-02 16:00", "02-11 16:00", "02-11 17:30", false, 0 },
        { S(DECIDED), "01-26 10:00", "02-10 16:00", "02-09 17:30", true, -1 } },
      { { "urban", "c", 11, 1 } } },
    { "still open: until now", "01-26 10:00", "02-04 10:00", false,
      { { S(REVIEWING), "01-26 10:00", NULL, "02-02 17:30", true, -1 },
        { S(PENDING), NULL, NULL, NULL, false, 0 },
        { S(NOT_NEEDED), NULL, NULL, NULL, false, -1 } },
      { { "amr", "a", 7, 2 } } },
    { "handed over long after: the decision ended it", "01-26 10:00", "03-01 10:00", false,
      { { S(DELIVERED), "01-26 10:00", "02-03 16:00", "02-02 17:30", true, -1 },
        { S(NOT_NEEDED), NULL, NULL, NULL, false, 0 },
        { S(NOT_NEEDED), NULL, NULL, NULL, false, -1 } },
      { { "amr", "a", 6, 1 } } },
    { "papers lay in the hall for two days", "01-22 10:00", "03-01 10:00", false,
      { { S(DECIDED), "01-26 10:00", "02-03 16:00", "02-02 17:30", true, -1 },
        { S(NOT_NEEDED), NULL, NULL, NULL, false, 0 },
        { S(NOT_NEEDED), NULL, NULL, NULL, false, -1 } },
      { { "hall", "a", 2, 0 }, { "amr", "a", 6, 1 } } },
    { "decided after hours: the next day is still the first item's", "01-26 10:00", "03-01 10:00", true,
      { { S(DECIDED), "01-26 10:00", "02-02 18:00", "02-02 17:30", true, -1 },
        { S(DECIDED), "02-03 08:30", "02-05 16:00", "02-11 17:30", false, 0 },
        { S(NOT_NEEDED), NULL, NULL, NULL, false, -1 } },
      { { "amr", "a", 6, 0 }, { "fire", "b", 2, 0 } } },
};
// clang-format on

/* --- an application that was so ----------------------------------------------------------------
 */

struct scene {
    struct bl_arena arena;
    Bl__Application application;
    Bl__Item items[ITEMS], *list[ITEMS];
    Bl__Clock clocks[ITEMS], whole;
    Bl__Stop stop, *stops[1];
    uint32_t needs[ITEMS];
    struct definition_item definitions[ITEMS];
    struct definition definition;
    Bl__Event events[4], *history[4];
    struct delay_question question;
};

static void init_clock(Bl__Clock *clock, bl_time due, bool late, bool open)
{
    bl__clock__init(clock);
    clock->due_at = due;
    clock->phase = late ? (open ? BL__CLOCK__PHASE__OVERDUE : BL__CLOCK__PHASE__LATE)
                        : BL__CLOCK__PHASE__STOPPED;
}

static void init_item(struct scene *scene, size_t i, const struct item *from)
{
    static const char *const names[ITEMS][2] = { { "a", "amr" },
                                                 { "b", "fire" },
                                                 { "c", "urban" } };
    Bl__Item *item = &scene->items[i];

    bl__item__init(item);
    scene->list[i] = item;
    item->id = names[i][0];
    item->department = names[i][1];
    item->state = from->state;
    item->started_at = from->started == NULL ? 0 : at(from->started);
    item->since = from->ended == NULL ? item->started_at : at(from->ended);
    if (from->state == S(DELIVERED)) {
        item->decided_at = item->since;
        item->since = at("02-28 10:00");
    }
    if (from->due != NULL) {
        init_clock(&scene->clocks[i], at(from->due), from->late, from->ended == NULL);
        item->promise = &scene->clocks[i];
    }
    scene->definitions[i] =
        (struct definition_item){ .id = item->id, .department = item->department };
    if (from->need >= 0) {
        scene->needs[i] = (uint32_t)from->need;
        scene->definitions[i].needs.branches = &scene->needs[i];
        scene->definitions[i].needs.branch_count = 1;
    }
}

static void init(struct scene *scene, const struct delay_case *from)
{
    *scene = (struct scene){ 0 };
    bl_arena_init(&scene->arena, 4096, (size_t)1 << 24);
    bl__application__init(&scene->application);
    for (size_t i = 0; i < ITEMS; i++) {
        init_item(scene, i, &from->items[i]);
    }
    scene->application.items = scene->list;
    scene->application.n_items = ITEMS;
    scene->application.effective_at = at(from->received);
    init_clock(&scene->whole, at("02-11 17:30"), from->whole, false);
    scene->application.promise = &scene->whole;
    scene->definition = (struct definition){ .items = scene->definitions, .item_count = ITEMS };
    for (size_t i = 0; i < BL_COUNT(scene->events); i++) {
        bl__event__init(&scene->events[i]);
        scene->history[i] = &scene->events[i];
    }
    scene->question = (struct delay_question){ .application = &scene->application,
                                               .definition = &scene->definition,
                                               .calendar = cn,
                                               .events = scene->history,
                                               .now = at(from->now) };
}

static void expect(struct scene *scene, const struct part *expected)
{
    struct delay **rows = NULL;
    size_t count = delay_attribute(&scene->question, &scene->arena, &rows), wanted = 0;

    while (wanted < PARTS && expected[wanted].whose != NULL) {
        wanted++;
    }
    for (size_t i = 0; i < count && i < wanted; i++) {
        assert_string_equal(rows[i]->whose, expected[i].whose);
        assert_string_equal(rows[i]->item, expected[i].item);
        assert_int_equal(rows[i]->days, expected[i].days);
        assert_int_equal(rows[i]->over, expected[i].over);
    }
    assert_int_equal(count, wanted);
}

static void test_a_course(void **state)
{
    const struct delay_case *row = *state;
    struct scene scene;

    init(&scene, row);
    expect(&scene, row->expected);
    bl_arena_free(&scene.arena);
}

/* --- who else had it ---------------------------------------------------------------------------
 */

/* One item, from receipt on 01-26 to its end on 02-05, three days late. */
static const struct delay_case alone = {
    "alone",
    "01-26 10:00",
    "03-01 10:00",
    false,
    { { S(DECIDED), "01-26 10:00", "02-05 16:00", "02-02 17:30", true, -1 },
      { S(NOT_NEEDED), NULL, NULL, NULL, false, 0 },
      { S(NOT_NEEDED), NULL, NULL, NULL, false, -1 } },
    { { "amr", "a", 8, 3 } },
};

/* Nobody is blamed for the days of an expert review. */
static void test_a_stop(void **state)
{
    static const struct part expected[PARTS] = { { "amr", "a", 6, 3 }, { "special", "a", 2, 0 } };
    struct scene scene;

    (void)state;
    init(&scene, &alone);
    bl__stop__init(&scene.stop);
    scene.stop.from = at("01-27 10:00");
    scene.stop.to = at("01-29 10:00");
    scene.stops[0] = &scene.stop;
    scene.items[0].stops = scene.stops;
    scene.items[0].n_stops = 1;
    expect(&scene, expected);
    bl_arena_free(&scene.arena);
}

/* Told on 01-23 what is missing, corrected on 01-26: the hall had one day, the applicant one. */
static void test_a_correction(void **state)
{
    static const struct part expected[PARTS] = { { "hall", "a", 1, 0 },
                                                 { "applicant", "a", 1, 0 },
                                                 { "amr", "a", 8, 3 } };
    Bl__Notified notified = BL__NOTIFIED__INIT;
    Bl__Corrected corrected = BL__CORRECTED__INIT;
    Bl__ItemChange change = BL__ITEM_CHANGE__INIT, *changes[] = { &change };
    uint32_t items[] = { 0 };
    struct scene scene;

    (void)state;
    init(&scene, &alone);
    notified.items = items;
    notified.n_items = 1;
    corrected.changes = changes;
    corrected.n_changes = 1;
    scene.application.effective_at = at("01-22 10:00");
    scene.events[0].at = at("01-23 10:00");
    scene.events[0].what_case = BL__EVENT__WHAT_NOTIFIED;
    scene.events[0].notified = &notified;
    scene.events[1].at = at("01-26 10:00");
    scene.events[1].what_case = BL__EVENT__WHAT_CORRECTED;
    scene.events[1].corrected = &corrected;
    scene.question.event_count = 2;
    expect(&scene, expected);
    bl_arena_free(&scene.arena);
}

/* Machines failed from 01-27 to 01-30: the hall's time, not the department's. */
static void test_an_incident(void **state)
{
    static const struct part expected[PARTS] = { { "amr", "a", 5, 3 }, { "hall", "a", 3, 0 } };
    Bl__Failed failed = BL__FAILED__INIT;
    Bl__Retried retried = BL__RETRIED__INIT;
    struct scene scene;

    (void)state;
    init(&scene, &alone);
    failed.incident = true;
    scene.events[0].at = at("01-27 10:00");
    scene.events[0].what_case = BL__EVENT__WHAT_FAILED;
    scene.events[0].failed = &failed;
    scene.events[1].at = at("01-30 10:00");
    scene.events[1].what_case = BL__EVENT__WHAT_RETRIED;
    scene.events[1].retried = &retried;
    scene.question.event_count = 2;
    expect(&scene, expected);
    bl_arena_free(&scene.arena);
}

/* Passed up on 01-30: each of the two legs has its department. */
static void test_two_legs(void **state)
{
    static const struct part expected[PARTS] = { { "amr", "a", 4, 0 }, { "province", "a", 4, 3 } };
    struct scene scene;

    (void)state;
    init(&scene, &alone);
    scene.items[0].department = "province";
    scene.items[0].passed_up_at = at("01-30 10:00");
    expect(&scene, expected);
    bl_arena_free(&scene.arena);
}

/* Accepted by the department itself, and begun only on the day that the applicant named. */
static void test_days_before_acceptance(void **state)
{
    static const struct part by_department[PARTS] = { { "amr", "a", 10, 3 } };
    static const struct part by_day[PARTS] = { { "applicant", "a", 2, 0 }, { "amr", "a", 8, 3 } };
    struct scene scene;

    (void)state;
    init(&scene, &alone);
    scene.application.effective_at = at("01-22 10:00");
    scene.definitions[0].acceptance_by_department = true;
    expect(&scene, by_department);
    scene.items[0].not_before = at("01-26 08:30");
    expect(&scene, by_day);
    bl_arena_free(&scene.arena);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(test_a_stop),
        cmocka_unit_test(test_a_correction),
        cmocka_unit_test(test_an_incident),
        cmocka_unit_test(test_two_legs),
        cmocka_unit_test(test_days_before_acceptance),
    };
    const Bl__Calendar *layer = fixture_layer("workflows/calendars/cn.yaml");
    struct CMUnitTest rows[BL_COUNT(delay_cases)];

    cn = fixture_calendar(&layer, 1);
    for (size_t i = 0; i < BL_COUNT(rows); i++) {
        rows[i] = (struct CMUnitTest){ .name = delay_cases[i].name,
                                       .test_func = test_a_course,
                                       .initial_state = (void *)&delay_cases[i] };
    }
    int failed = cmocka_run_group_tests_name("courses", rows, NULL, NULL);
    failed += cmocka_run_group_tests_name("who else had it", others, NULL, NULL);
    calendar_free(&cn);
    fixture_end();
    return failed;
}
