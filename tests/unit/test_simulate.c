/* Trying a workflow out: worked examples, joins, conditions, what-ifs, and slack against the
 * textbook's backward pass over random workflows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "calendar_fixture.h"
#include "definition/simulate.h"
#include "workflow_fixture.h"

#define ROW_TEXTS 4
#define REAL_SETTINGS 10
#define ARENA_BYTES ((size_t)64 << 20)

static struct calendar *calendar;

static bl_time morning(const char *date)
{
    bl_day day;

    assert_int_equal(bl_day_parse(date, &day, NULL), BL_OK);
    return calendar_opening(calendar, day);
}

/* Plays a definition, with settings and assumptions as one types them. */
static struct simulation play(const struct definition *definition, const char *accepted,
                              const char *const *settings, const char *const *assumptions,
                              struct bl_arena *arena)
{
    struct form_value *values = bl_arena_array(arena, struct form_value, definition->field_count);
    struct simulate_assumption *assumed =
        bl_arena_array(arena, struct simulate_assumption, ROW_TEXTS);
    struct simulate_question question = { .definition = definition,
                                          .calendar = calendar,
                                          .accepted = morning(accepted),
                                          .values = values,
                                          .assumptions = assumed };
    struct simulation simulation;
    struct bl_error e = { 0 };
    size_t count = 0;

    while (settings[count] != NULL) {
        count++;
    }
    if (simulate_form(definition, settings, count, calendar_day(calendar, question.accepted), arena,
                      values, &e) != BL_OK) {
        fail_msg("%s", e.text);
    }
    for (size_t i = 0; i < ROW_TEXTS && assumptions[i] != NULL; i++) {
        if (simulate_assume(definition, assumptions[i], arena, &assumed[i], &e) != BL_OK) {
            fail_msg("%s", e.text);
        }
        question.assumption_count++;
    }
    if (simulate(&question, arena, &simulation, &e) != BL_OK) {
        fail_msg("%s: %s", e.source, e.text);
    }
    return simulation;
}

/* "a 2026-01-26>2026-02-02 7, b …! : 2026-02-11": each item with its slack, ! where it is
 * critical, and the end. */
static const char *summary(const struct simulation *simulation, char *text, size_t size)
{
    const struct definition *definition = simulation->question.definition;
    FILE *out = fmemopen(text, size, "w");
    char a[BL_TIME_TEXT], b[BL_TIME_TEXT];

    for (size_t i = 0; i < definition->item_count; i++) {
        const struct simulate_item *item = &simulation->items[i];

        (void)fprintf(out, "%s%s ", i == 0 ? "" : ", ", definition->items[i].id);
        if (item->state == SIMULATE_RUNS) {
            (void)fprintf(out, "%.5s>%.5s %d%s", bl_time_format(item->start, 480, a) + 5,
                          bl_time_format(item->due, 480, b) + 5, item->slack,
                          item->critical ? "!" : "");
        } else {
            (void)fputs(item->state == SIMULATE_BLOCKED ? "blocked" : "-", out);
        }
    }
    (void)fprintf(out, ": %.5s",
                  simulation->finish == BL_NEVER ? "never"
                                                 : bl_time_format(simulation->finish, 480, a) + 5);
    (void)fclose(out);
    return text;
}

/* Flow items of one line each: id, promise, and what else is said of it. */
#define ITEM(id, days, more)                                                                       \
    "  " id ": {title: T, department: d_" id ", promise: " days "WD" more "}\n"

struct row {
    const char *name, *accepted, *promise, *items, *tail;
    const char *settings[ROW_TEXTS + 1], *assumptions[ROW_TEXTS];
    const char *expected;
};

// clang-format off
static const struct row rows[] = {
    { "a chain beside a longer item", "2026-01-26", "12WD",
      ITEM("a", "5", "") ITEM("b", "7", ", needs: [a]") ITEM("c", "10", ""), "", {0}, {0},
      "a 01-26>02-02 0!, b 02-02>02-11 0!, c 01-26>02-09 2: 02-11" },
    { "side by side over a holiday", "2026-09-28", "15WD",
      ITEM("a", "5", "") ITEM("b", "7", "") ITEM("c", "10", ""), "", {0}, {0},
      "a 09-28>10-10 10, b 09-28>10-13 8, c 09-28>10-16 5!: 10-16" },
    { "what does not apply is waited for by nobody", "2026-03-02", "20WD",
      ITEM("a", "5", ", when: form.open") ITEM("b", "7", ", needs: [a]"), "", {0}, {0},
      "a -, b 03-02>03-11 13!: 03-11" },
    { "what applies is waited for", "2026-03-02", "20WD",
      ITEM("a", "5", ", when: form.open") ITEM("b", "7", ", needs: [a]"), "", {"open=yes"}, {0},
      "a 03-02>03-09 8!, b 03-09>03-18 8!: 03-18" },
    { "any: the earliest opens the door", "2026-03-02", "15WD",
      ITEM("a", "2", "") ITEM("b", "6", "") ITEM("c", "3", ", needs: {need: any, of: [a, b]}"), "",
      {0}, {0},
      "a 03-02>03-04 13, b 03-02>03-10 9!, c 03-04>03-09 10: 03-10" },
    { "two of three", "2026-03-02", "20WD",
      ITEM("a", "2", "") ITEM("b", "4", "") ITEM("c", "9", "")
      ITEM("d", "7", ", needs: {need: 2, of: [a, b, c]}"), "", {0}, {0},
      "a 03-02>03-04 18, b 03-02>03-06 16!, c 03-02>03-13 11, d 03-06>03-17 9!: 03-17" },
    { "two of three, one of which applies: blocked", "2026-03-02", "20WD",
      ITEM("a", "2", ", when: form.open") ITEM("b", "4", ", when: form.open") ITEM("c", "9", "")
      ITEM("d", "7", ", needs: {need: 2, of: [a, b, c]}"), "", {0}, {0},
      "a -, b -, c 03-02>03-13 0, d blocked: never" },
    { "a condition over another's result", "2026-03-02", "20WD",
      ITEM("a", "5", "") ITEM("b", "4", ", needs: [a], when: \"item.a.result != 'granted'\"")
      ITEM("c", "1", ", needs: [b]"), "", {0}, {0},
      "a 03-02>03-09 14!, b -, c 03-09>03-10 14!: 03-10" },
    { "an expression is met once it is true", "2026-03-02", "20WD",
      ITEM("a", "3", "") ITEM("b", "6", "")
      ITEM("c", "1", ", needs: {of: [a, b], expression: \"item.a.result == 'granted'\"}"), "", {0}, {0},
      "a 03-02>03-05 16, b 03-02>03-10 14!, c 03-05>03-06 16: 03-10" },
    { "the join of the whole ends what comes later", "2026-03-02", "20WD",
      ITEM("a", "3", "") ITEM("b", "6", ""), "join: {need: any, late: cancel}\n", {0}, {0},
      "a 03-02>03-05 1000!, b 03-02>03-10 1000: 03-05" },
    { "later than the promise", "2026-03-02", "8WD",
      ITEM("a", "5", "") ITEM("b", "3", ", needs: [a]") ITEM("c", "1", ""), "", {0}, {"a=7WD"},
      "a 03-02>03-11 -2!, b 03-11>03-16 -2!, c 03-02>03-03 7: 03-16" },
    { "a department that is late", "2026-03-02", "20WD",
      ITEM("a", "5", "") ITEM("b", "3", ", needs: [a]"), "", {0}, {"d_a+3"},
      "a 03-02>03-12 9!, b 03-12>03-17 9!: 03-17" },
    { "a special procedure stops its clock and that of the whole", "2026-03-02", "10WD",
      ITEM("a", "5", ", special: [test]") ITEM("b", "5", ""),
      "special: {test: {title: 检测, at_most: 4WD, basis: 行政许可法 第四十五条}}\n", {0}, {"test"},
      "a 03-02>03-13 5!, b 03-02>03-09 9: 03-13" },
    { "half a day, then half a day", "2026-09-30", "2WD",
      ITEM("a", "0.5", "") ITEM("b", "0.5", ", needs: [a]"), "", {0}, {0},
      "a 09-30>09-30 2!, b 09-30>09-30 2!: 09-30" },
    { "a table by its number of rows, choices by comma", "2026-03-02", "5WD",
      ITEM("a", "1", ", when: size(form.staff) == 3") ITEM("b", "1", ", when: \"'乙' in form.kinds\""),
      "", {"staff=3", "kinds=甲,乙"}, {0}, "a 03-02>03-03 4!, b 03-02>03-03 4!: 03-03" },
    { "passed up: two legs, one after another", "2026-03-02", "20WD",  // domain.md 4.9, case 33
      ITEM("a", "5", ", kind: upward, upper: {department: x, promise: 3WD}") ITEM("b", "1", ", needs: [a]"), "", {0}, {0},
      "a 03-02>03-12 11!, b 03-12>03-13 11!: 03-13" },
    { "filed before its day, it waits for the day", "2026-03-02", "20WD",
      ITEM("a", "2", ", not_before: from") ITEM("b", "1", ""), "", {"from=2026-03-07"}, {0},  // a Saturday
      "a 03-09>03-11 13!, b 03-02>03-03 19: 03-11" },
    { "the day is past, nothing is waited for", "2026-03-02", "20WD",
      ITEM("a", "2", ", not_before: from"), "", {"from=2026-02-01"}, {0}, "a 03-02>03-04 18!: 03-04" },
    { "granted at once on a written promise", "2026-03-02", "20WD",
      ITEM("a", "5", ", notify_commit: {post_check: 30WD}") ITEM("b", "2", ", needs: [a]"), "", {0}, {"a=commit"},
      "a 03-02>03-02 18!, b 03-02>03-04 18!: 03-04" },
    { "an expression that the form settles is waited for by nobody", "2026-03-02", "20WD",
      ITEM("a", "5", "")
      ITEM("b", "1", ", needs: {of: [a], expression: \"form.open || item.a.result == 'granted'\"}"), "",
      {"open=yes"}, {0}, "a 03-02>03-09 15!, b 03-02>03-03 19: 03-09" },
    { "the last setting of a name counts", "2026-03-02", "5WD",
      ITEM("a", "1", ", when: form.area > 100"), "", {"area=200", "area=20"}, {0}, "a -: 03-02" },
};
// clang-format on

static void test_row(void **state)
{
    const struct row *row = *state;
    struct definition *definition = fixture_workflow(row->promise, row->items, row->tail);
    struct bl_arena arena;
    struct simulation simulation;
    char text[512];

    bl_arena_init(&arena, 1 << 14, ARENA_BYTES);
    simulation = play(definition, row->accepted, row->settings, row->assumptions, &arena);
    assert_string_equal(summary(&simulation, text, sizeof text), row->expected);
    bl_arena_free(&arena);
    definition_free(&definition);
}

/* --- what one types wrongly ------------------------------------------------------------------ */

struct refusal_row {
    const char *name, *setting, *assumption, *expected;
};

static const struct refusal_row refusals[] = {
    { "no value", "area", NULL, "sets nothing" },
    { "a misspelt field", "aera=3", NULL, "did you mean area" },
    { "no such field", "zzzzzzzz=3", NULL, "no field zzzzzzzz" },
    { "no number", "area=big", NULL, "takes a number" },
    { "neither yes nor no", "open=perhaps", NULL, "takes yes or no" },
    { "no option", "use=医院", NULL, "form.use" },
    { "no number of rows", "staff=x", NULL, "number of rows" },
    { "no such item", NULL, "z=3WD", "no item z" },
    { "no duration", NULL, "a=3 workdays", "3 workdays" },
    { "no number of days", NULL, "d_a+x", "number of working days" },
    { "no such department", NULL, "z+3", "department z" },
    { "no promise of an applicant", NULL, "a=commit", "not granted on a written promise" },
    { "no such special procedure", NULL, "z", "special procedure z" },
};

static void test_refusal(void **state)
{
    const struct refusal_row *row = *state;
    struct definition *definition = fixture_workflow("5WD", ITEM("a", "1", ""), "");
    struct form_value values[16];
    struct simulate_assumption assumption;
    struct bl_arena arena;
    struct bl_error e = { 0 };

    assert_true(definition->field_count <= BL_COUNT(values));
    bl_arena_init(&arena, 1 << 14, ARENA_BYTES);
    if (row->setting != NULL) {
        assert_int_equal(simulate_form(definition, &row->setting, 1, 20000, &arena, values, &e),
                         BL_INVALID);
    } else {
        assert_int_equal(simulate_assume(definition, row->assumption, &arena, &assumption, &e),
                         BL_INVALID);
    }
    if (strstr(e.text, row->expected) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", e.text, row->expected);
    }
    bl_arena_free(&arena);
    definition_free(&definition);
}

/* --- the table ------------------------------------------------------------------------------- */

static const char *const no_texts[ROW_TEXTS + 1];

static void test_table(void **state)
{
    static const char expected[] =
        "promise 15 working days -> 2026-10-23 17:30   legal 300 working days -> 2027-11-30   (cn: "
        "off 10-01..10-07, worked 10-10; provisional: a holiday notice is not out yet)\n"
        "a    2026-09-28 -> 2026-10-10   slack   3   ############                      critical\n"
        "bb   2026-10-10 -> 2026-10-20   slack   3               ##############        critical\n"
        "ccc  not applicable: form.area > 300 (area = 18)\n"
        "finish 2026-10-20, 3 working days inside the promise\n"
        "  a: clock may stop for test (at most 4 working days)\n"
        "what if test uses its full 4 working days: finish 2026-10-26, clock paused 4 working "
        "days, still on time\n"
        "what if a takes 10 working days: finish 2026-10-27, 2 working days after the promise\n";
    struct definition *definition = fixture_workflow(
        "15WD",
        ITEM("a", "5", ", special: [test]") ITEM("bb", "7", ", needs: [a]")
            ITEM("ccc", "1", ", when: form.area > 300"),
        "special: {test: {title: 检测, at_most: 4WD, basis: 行政许可法 第四十五条}}\n");
    const char *const settings[ROW_TEXTS + 1] = { "area=18" };
    const char *const what_ifs[][ROW_TEXTS] = { { "test" }, { "a=10WD" } };
    struct bl_arena arena;
    char text[4096];
    FILE *out = fmemopen(text, sizeof text, "w");

    (void)state;
    bl_arena_init(&arena, 1 << 14, ARENA_BYTES);
    struct simulation simulation = play(definition, "2026-09-28", settings, no_texts, &arena);
    simulate_print(out, &simulation, LANGUAGE_EN);
    for (size_t i = 0; i < BL_COUNT(what_ifs); i++) {
        simulation = play(definition, "2026-09-28", settings, what_ifs[i], &arena);
        simulate_print_what_if(out, &simulation, LANGUAGE_EN);
    }
    (void)fclose(out);
    assert_string_equal(text, expected);
    bl_arena_free(&arena);
    definition_free(&definition);
}

/* What one should know of the items that run. */
static void test_notes(void **state)
{
    static const char expected[] =
        "  a: passed up on 2026-03-09, decided by x\n"
        "  joint visit site: a, b\n"
        "  b: an opinion; silence is consent\n"
        "  c: clock may stop for test (at most 4 working days), hold (at most 180 days; the legal "
        "limit runs on)\n"
        "  c: not before from = 2026-03-10\n"
        "  c: may be granted at once on a written promise, checked within 30 working days\n";
    struct definition *definition = fixture_workflow(
        "20WD",
        ITEM("a", "5", ", kind: upward, visit: site, upper: {department: x, promise: 3WD}")
            ITEM("b", "3", ", kind: opinion, visit: site, on_overdue: {action: tacit}")
                ITEM("c", "1",
                     ", not_before: from, special: [test, hold], notify_commit: {post_check: "
                     "30WD}") ITEM("d", "1", ", when: form.open, visit: site"),
        "special: {test: {title: 检测, at_most: 4WD, basis: 行政许可法 第四十五条}, hold: {title: "
        "查封, at_most: 180 days}}\n");
    const char *const settings[ROW_TEXTS + 1] = { "from=2026-03-10" };
    struct bl_arena arena;
    char text[4096];
    FILE *out = fmemopen(text, sizeof text, "w");

    (void)state;
    bl_arena_init(&arena, 1 << 14, ARENA_BYTES);
    struct simulation simulation = play(definition, "2026-03-02", settings, no_texts, &arena);
    simulate_print(out, &simulation, LANGUAGE_EN);
    (void)fclose(out);
    assert_non_null(strstr(text, "promise\n"));
    assert_string_equal(strstr(text, "promise\n") + strlen("promise\n"), expected);
    bl_arena_free(&arena);
    definition_free(&definition);
}

/* What we ship, at its longest: all of domain.md 8 by its days. */
struct real_row {
    const char *file;
    const char *settings[REAL_SETTINGS];
    const char *promise, *finish;  // of one accepted on Monday 2026-03-02 at the opening
};

// clang-format off
static const struct real_row real_rows[] = {
    { "company_startup.yaml", { "staff=2", "bank_branch=城关支行" }, "2026-03-04 17:30", "2026-03-03 17:30" },
    { "construction_land.yaml",  // ≤ 20WD
      { "procedure=feasibility", "new_land=yes", "eia=report", "soil=yes", "flood=yes", "heritage=yes",
        "seismic=yes", "radar=yes" }, "2026-03-30 17:30", "2026-03-30 17:30" },
    { "construction_design.yaml",  // ≤ 15WD
      { "fire_lanes=环形", "shelter_area=500", "green_ratio=35", "big_traffic=yes", "plot_ratio=2" },
      "2026-03-23 17:30", "2026-03-18 17:30" },
    { "construction_permit.yaml",  // ≤ 15WD
      { "special_building=yes", "tendered=yes", "connections=water,power" }, "2026-03-23 17:30", "2026-03-19 17:30" },
    { "construction_acceptance.yaml",  // ≤ 12WD
      { "shelter=yes", "fire_class=special" }, "2026-03-18 17:30", "2026-03-18 17:30" },
    { "restaurant.yaml",
      { "area=320", "decorated=yes", "sign_text=老张面馆", "fumes=yes", "drainage=yes", "tobacco=yes" },
      "2026-03-16 17:30", "2026-03-16 17:30" },
    { "newborn.yaml",
      { "wants_insurance=yes", "wants_card=yes", "wants_benefit=yes", "wants_guidance=yes" },
      "2026-03-18 17:30", "2026-03-17 17:30" },
    { "house_transfer.yaml", { "mortgaged=yes", "meters=water" }, "2026-03-13 17:30", "2026-03-12 17:30" },
    { "hiring.yaml", { "moves_file=yes", "wants_card=yes", "fund=yes", "contract_from=2026-03-02" },
      "2026-03-23 17:30", "2026-03-23 17:30" },
    { "retirement.yaml", { "withdraws_fund=yes", "retires_on=2026-03-02" }, "2026-04-14 17:30", "2026-04-14 17:30" },
};
// clang-format on

static const char *moment(bl_time at, char *text)
{
    (void)bl_time_format(at, 480, text);  // 2026-11-23T17:30:00…
    text[10] = ' ';
    text[16] = '\0';
    return text;
}

static void test_real_workflow(void **state)
{
    const struct real_row *row = *state;
    struct definition *definition = fixture_file(row->file);
    char text[BL_TIME_TEXT];
    struct bl_arena arena;

    bl_arena_init(&arena, 1 << 14, ARENA_BYTES);
    struct simulation simulation = play(definition, "2026-03-02", row->settings, no_texts, &arena);
    assert_string_equal(moment(simulation.promise, text), row->promise);
    assert_string_equal(moment(simulation.finish, text), row->finish);
    assert_true(simulation.finish <= simulation.promise);
    assert_true(simulation.promise <= simulation.legal);
    bl_arena_free(&arena);
    definition_free(&definition);
}

/* --- slack against the textbook -------------------------------------------------------------- */

#define RANDOM_ITEMS 12
#define RANDOM_RUNS 40
#define RANDOM_PROMISE 200  // working days: no path of RANDOM_ITEMS is longer

struct random_case {
    int days[RANDOM_ITEMS];
    bool needs[RANDOM_ITEMS][RANDOM_ITEMS];  // [i][j]: i needs j, j < i
    int end[RANDOM_ITEMS], latest[RANDOM_ITEMS], finish;
};

static struct random_case random_case(unsigned *seed)
{
    struct random_case c = { 0 };

    for (int i = 0; i < RANDOM_ITEMS; i++) {
        c.days[i] = 1 + rand_r(seed) % 10;
        c.latest[i] = RANDOM_PROMISE;
        for (int j = 0; j < i; j++) {
            c.needs[i][j] = rand_r(seed) % 4 == 0;
            c.end[i] = c.needs[i][j] && c.end[j] > c.end[i] ? c.end[j] : c.end[i];
        }
        c.end[i] += c.days[i];
        c.finish = c.end[i] > c.finish ? c.end[i] : c.finish;
    }
    for (int i = RANDOM_ITEMS - 1; i >= 0; i--) {
        for (int j = 0; j < i; j++) {
            if (c.needs[i][j] && c.latest[i] - c.days[i] < c.latest[j]) {
                c.latest[j] = c.latest[i] - c.days[i];
            }
        }
    }
    return c;
}

static struct definition *definition_of(const struct random_case *c)
{
    char items[8192];
    FILE *out = fmemopen(items, sizeof items, "w");
    struct definition *definition;

    for (int i = 0; i < RANDOM_ITEMS; i++) {
        const char *separator = ", needs: [";

        (void)fprintf(out, "  i%d: {title: T, department: d, promise: %dWD", i, c->days[i]);
        for (int j = 0; j < i; j++) {
            if (c->needs[i][j]) {
                (void)fprintf(out, "%si%d", separator, j);
                separator = ", ";
            }
        }
        (void)fprintf(out, "%s}\n", separator[2] == 'n' ? "" : "]");
    }
    (void)fclose(out);
    definition = fixture_workflow("200WD", items, "");
    return definition;
}

static void test_slack(void **state)
{
    unsigned seed = 20261123;

    (void)state;
    for (int run = 0; run < RANDOM_RUNS; run++) {
        struct random_case c = random_case(&seed);
        struct definition *definition = definition_of(&c);
        struct bl_arena arena;

        bl_arena_init(&arena, 1 << 14, ARENA_BYTES);
        struct simulation simulation = play(definition, "2026-01-05", no_texts, no_texts, &arena);
        assert_int_equal(simulation.margin, RANDOM_PROMISE - c.finish);
        for (int i = 0; i < RANDOM_ITEMS; i++) {
            const struct simulate_item *item = &simulation.items[i];

            assert_int_equal(item->slack, c.latest[i] - c.end[i]);
            assert_int_equal(item->critical, item->slack == simulation.margin);
        }
        bl_arena_free(&arena);
        definition_free(&definition);
    }
}

int main(void)
{
    static struct CMUnitTest tests[BL_COUNT(rows) + BL_COUNT(refusals) + BL_COUNT(real_rows) + 3];
    const Bl__Calendar *layer = fixture_layer("workflows/calendars/cn.yaml");
    size_t count = 0;
    int failed;

    calendar = fixture_calendar(&layer, 1);
    for (size_t i = 0; i < BL_COUNT(rows); i++) {
        tests[count++] = (struct CMUnitTest){ .name = rows[i].name,
                                              .test_func = test_row,
                                              .initial_state = (void *)(uintptr_t)&rows[i] };
    }
    for (size_t i = 0; i < BL_COUNT(refusals); i++) {
        tests[count++] = (struct CMUnitTest){ .name = refusals[i].name,
                                              .test_func = test_refusal,
                                              .initial_state = (void *)(uintptr_t)&refusals[i] };
    }
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_table);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_notes);
    for (size_t i = 0; i < BL_COUNT(real_rows); i++) {
        tests[count++] = (struct CMUnitTest){ .name = real_rows[i].file,
                                              .test_func = test_real_workflow,
                                              .initial_state = (void *)(uintptr_t)&real_rows[i] };
    }
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_slack);
    failed = _cmocka_run_group_tests("simulate", tests, count, NULL, NULL);
    calendar_free(&calendar);
    fixture_end();
    return failed;
}
