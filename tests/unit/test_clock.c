/* The arithmetic of limits: the worked examples, the rules at their edges, and properties against
 * a counter that walks day by day and minute by minute. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "calendar_fixture.h"
#include "deadline/clock.h"

/* The calendars of the examples. */
enum which {
    CN,           // workflows/calendars/cn.yaml
    COUNTY,       // a county that adds Friday 2026-03-20
    BEFORE_2020,  // as it was before the Spring Festival of 2020 was extended
    DATA_ALONE,   // without the fixed holidays: what a package of published years says of 2027
    WHICH_COUNT,
};
static struct calendar *calendars[WHICH_COUNT];
static const Bl__Calendar *cn;  // the message of CN, for the counter that walks

/* "2026-02-14 16:00" in the hall's zone; a date alone is its `otherwise` moment. */
enum moment { MORNING, CLOSE };
static bl_time at(const char *text, enum moment otherwise)
{
    char day_text[11], rfc[32];
    bl_day day;
    bl_time time;

    (void)snprintf(day_text, sizeof day_text, "%.10s", text);
    assert_int_equal(bl_day_parse(day_text, &day, NULL), BL_OK);
    if (text[10] == '\0') {
        return otherwise == CLOSE ? calendar_closing(calendars[CN], day)
                                  : calendar_opening(calendars[CN], day);
    }
    (void)snprintf(rfc, sizeof rfc, "%sT%s:00+08:00", day_text, text + 11);
    assert_int_equal(bl_time_parse(rfc, &time, NULL), BL_OK);
    return time;
}

static struct limit limit(const char *text)
{
    struct limit parsed = { 0 };

    if (text != NULL) {
        assert_int_equal(limit_parse(text, &parsed, NULL), BL_OK);
    }
    return parsed;
}

static void assert_time(bl_time got, bl_time expected)
{
    char a[BL_TIME_TEXT], b[BL_TIME_TEXT];

    assert_string_equal(bl_time_format(got, 8 * 60, a), bl_time_format(expected, 8 * 60, b));
}

struct stop_row {
    const char *from, *to, *cap;  // to NULL: open
};

#define ROW_STOPS 4
#define ROLL 1
#define PROVISIONAL 2

struct due_row {
    const char *name;
    enum which calendar;
    const char *start, *limit, *extension;
    struct stop_row stops[ROW_STOPS];
    const char *due;  // NULL: never
    int32_t shift;
    int flags;
};

static struct clock_question question_of(const struct due_row *row, struct clock_stop *stops)
{
    struct clock_question question = {
        .start = at(row->start, MORNING),
        .limit = limit(row->limit),
        .extension = limit(row->extension),
        .stops = stops,
        .roll = (row->flags & ROLL) != 0,
    };

    for (; question.stop_count < ROW_STOPS && row->stops[question.stop_count].from != NULL;
         question.stop_count++) {
        const struct stop_row *stop = &row->stops[question.stop_count];

        stops[question.stop_count] = (struct clock_stop){
            .from = at(stop->from, MORNING),
            .to = stop->to == NULL ? BL_NEVER : at(stop->to, MORNING),
            .cap = limit(stop->cap),
        };
    }
    return question;
}

static void due_test(void **state)
{
    const struct due_row *row = *state;
    const struct calendar *calendar = calendars[row->calendar];
    struct clock_stop stops[ROW_STOPS];
    struct clock_question question = question_of(row, stops);
    struct clock_answer answer = clock_due(calendar, &question);

    assert_time(answer.due, row->due == NULL ? BL_NEVER : at(row->due, CLOSE));
    assert_int_equal(answer.shift, row->shift);
    assert_int_equal(answer.provisional, (row->flags & PROVISIONAL) != 0);
    assert_int_equal(answer.stopped, row->due == NULL && row->limit != NULL);
    if (question.limit.unit == LIMIT_WD && question.limit.halves % 2 == 0 && !answer.stopped &&
        question.extension.halves % 2 == 0) {
        // Whatever stopped it, the clock has counted its limit.
        bl_day counted[256];
        int32_t days = (question.limit.halves + question.extension.halves) / 2;
        assert_int_equal(clock_explain(calendar, &question, counted, 256), days);
    }
}

static const struct due_row due_rows[] = {
    // clang-format off
    { "example 1: day 0 does not count", CN, "2026-03-02", "5WD", .due = "2026-03-09" },
    { "example 2: a weekend is skipped", CN, "2026-03-06", "1WD", .due = "2026-03-09" },
    { "example 3: two worked weekend days and a long holiday", CN, "2025-09-24", "10WD", .due = "2025-10-14" },
    { "example 4: the legal limit beside it", CN, "2025-09-24", "20WD", .due = "2025-10-28" },
    { "example 5: an extension adds working days", CN, "2025-09-24", "20WD", "10WD", .due = "2025-11-11" },
    { "example 6: joint handling over two holidays", CN, "2025-12-15", "45WD", .due = "2026-02-24" },
    { "example 7: joint handling extended", CN, "2025-12-15", "45WD", "15WD", .due = "2026-03-16" },
    { "example 8: a worked Saturday is due", CN, "2026-02-13", "1WD", .due = "2026-02-14" },
    { "example 9: from worked Saturday to worked Saturday", CN, "2026-02-14", "5WD", .due = "2026-02-28" },
    { "example 11: deemed acceptance back-dates", CN, "2026-02-24", "20WD", .due = "2026-03-23" },
    { "example 12: corrected after hours before a worked Saturday", CN, "2026-05-09", "10WD", .due = "2026-05-22" },
    { "example 12: not from the evening's date", CN, "2026-05-08", "10WD", .due = "2026-05-21" },
    { "example 13: without the review", CN, "2026-09-14", "10WD", .due = "2026-09-28" },
    { "example 13: an expert review", CN, "2026-09-14", "10WD", .stops = { { "2026-09-18", "2026-10-12", NULL } },
      .due = "2026-10-20", .shift = 12 },
    { "example 14: overlapping stops are united", CN, "2026-09-14", "10WD",
      .stops = { { "2026-09-18", "2026-10-12", NULL }, { "2026-10-09", "2026-10-16", NULL } }, .due = "2026-10-26", .shift = 16 },
    { "example 14: in any order", CN, "2026-09-14", "10WD",
      .stops = { { "2026-10-09", "2026-10-16", NULL }, { "2026-09-18", "2026-10-12", NULL } }, .due = "2026-10-26", .shift = 16 },
    { "example 15: stopped and resumed on one day", CN, "2026-09-14", "10WD",
      .stops = { { "2026-09-18 09:00", "2026-09-18 17:00", NULL } }, .due = "2026-09-28" },
    { "example 16: stopped on Friday, resumed on Sunday", CN, "2026-06-01", "10WD",
      .stops = { { "2026-06-05", "2026-06-07", NULL } }, .due = "2026-06-15" },
    { "example 17: without the test", CN, "2026-02-09", "10WD", .due = "2026-02-28" },
    { "example 17: holidays do not shift twice", CN, "2026-02-09", "10WD", .stops = { { "2026-02-12", "2026-02-25", NULL } },
      .due = "2026-03-05", .shift = 4 },
    { "example 18: a stop beyond its announced length", CN, "2026-03-02", "15WD",
      .stops = { { "2026-03-09", "2026-04-01", "10WD" } }, .due = "2026-04-07", .shift = 10 },
    { "example 18: the same without a cap", CN, "2026-03-02", "15WD", .stops = { { "2026-03-09", "2026-04-01", NULL } },
      .due = "2026-04-16", .shift = 17 },
    { "example 18: nobody resumes it", CN, "2026-03-02", "15WD", .stops = { { "2026-03-09", NULL, "10WD" } },
      .due = "2026-04-07", .shift = 10 },
    { "example 19: working hours over a holiday", CN, "2026-02-14 16:00", "4WH", .due = "2026-02-24 11:00" },
    { "example 20: half a working day", CN, "2026-09-30 16:30", "0.5WD", .due = "2026-10-08 11:00" },
    { "example 21: lunch does not count", CN, "2026-03-03 12:30", "2WH", .due = "2026-03-03 16:00" },
    { "example 22: from the close", CN, "2026-03-03 17:30", "1WH", .due = "2026-03-04 09:30" },
    { "example 23: into a worked Sunday", CN, "2026-09-18 17:00", "1WH", .due = "2026-09-20 09:00" },
    { "example 24: delivery", CN, "2026-09-29", "10WD", .due = "2026-10-19" },
    { "example 26: a hotline ticket over Labour Day", CN, "2026-04-30", "5WD", .due = "2026-05-11" },
    { "example 27: start on a bad rating", CN, "2025-12-31", "1WD", .due = "2026-01-04" },
    { "example 27: finish a bad rating", CN, "2025-12-31", "15WD", .due = "2026-01-22" },
    { "example 28: published data alone", DATA_ALONE, "2026-12-21", "20WD", .due = "2027-01-18", .flags = PROVISIONAL },
    { "example 28: with the fixed holidays", CN, "2026-12-21", "20WD", .due = "2027-01-19", .flags = PROVISIONAL },
    { "example 29: before the notice of 2020", BEFORE_2020, "2020-01-20", "10WD", .due = "2020-02-07" },
    { "example 29: after the notice of 2020", CN, "2020-01-20", "10WD", .due = "2020-02-11" },
    { "example 30: the national calendar", CN, "2026-03-16", "5WD", .due = "2026-03-23" },
    { "example 30: a county's own holiday", COUNTY, "2026-03-16", "5WD", .due = "2026-03-24" },
    { "example 31: before the hearing", CN, "2026-04-13", "20WD", .due = "2026-05-13" },
    { "example 31: a hearing", CN, "2026-04-13", "20WD", .stops = { { "2026-04-20", "2026-05-20", NULL } },
      .due = "2026-06-10", .shift = 20 },
    { "example 31: it may be asked for", CN, "2026-04-20", "5WD", .due = "2026-04-27" },
    { "example 31: it must be held", CN, "2026-04-27", "20WD", .due = "2026-05-27" },
    { "example 32: a chain's first", CN, "2026-01-26", "5WD", .due = "2026-02-02" },
    { "example 32: a chain's second", CN, "2026-02-02", "7WD", .due = "2026-02-11" },
    { "example 32: beside the chain", CN, "2026-01-26", "10WD", .due = "2026-02-09" },
    { "example 33: the county's leg", CN, "2025-12-22", "20WD", .due = "2026-01-20" },
    { "example 33: the leg above", CN, "2026-01-20", "20WD", .due = "2026-02-24" },
    { "example 34: an opinion over a holiday", CN, "2026-04-28", "5WD", .due = "2026-05-08" },
    { "example 35: side by side, 5", CN, "2026-09-28", "5WD", .due = "2026-10-10" },
    { "example 35: side by side, 7", CN, "2026-09-28", "7WD", .due = "2026-10-13" },
    { "example 35: side by side, 10", CN, "2026-09-28", "10WD", .due = "2026-10-16" },
    { "example 36: calendar days", CN, "2026-02-10", "60ND", .due = "2026-04-11" },
    { "example 36: calendar days that roll", CN, "2026-02-10", "60ND", .due = "2026-04-13", .flags = ROLL },

    { "no limit is never due", CN, "2026-03-02", .due = NULL },
    { "stopped without known end", CN, "2026-03-02", "5WD", .stops = { { "2026-03-04", NULL, NULL } } },
    { "a stop on the due day counts", CN, "2026-03-02", "5WD", .stops = { { "2026-03-09 15:00", "2026-03-11 09:00", NULL } },
      .due = "2026-03-11", .shift = 2 },
    { "a stop after the due moment moves nothing", CN, "2026-03-02", "5WD", .stops = { { "2026-03-09 17:31", NULL, NULL } },
      .due = "2026-03-09" },
    { "a stop after the due day, but within what another moved", CN, "2026-03-02", "5WD",
      .stops = { { "2026-03-12", "2026-03-16", NULL }, { "2026-03-09", "2026-03-13", NULL } }, .due = "2026-03-16", .shift = 5 },
    { "a stop from before the start counts from the start", CN, "2026-03-04", "5WD",
      .stops = { { "2026-03-02", "2026-03-06", NULL } }, .due = "2026-03-13", .shift = 2 },
    { "a stop that ended before the start", CN, "2026-03-04", "5WD", .stops = { { "2026-03-02", "2026-03-03", NULL } },
      .due = "2026-03-11" },
    { "caps cut each stop, then they are united", CN, "2026-03-02", "10WD",
      .stops = { { "2026-03-03", "2026-03-20", "2WD" }, { "2026-03-04", "2026-03-20", "4WD" } },
      .due = "2026-03-23", .shift = 5 },
    { "a cap longer than the stop", CN, "2026-03-02", "10WD", .stops = { { "2026-03-03", "2026-03-05", "9WD" } },
      .due = "2026-03-18", .shift = 2 },
    { "a cap in calendar days", CN, "2026-03-02", "10WD", .stops = { { "2026-03-05", "2026-03-20", "5ND" } },
      .due = "2026-03-19", .shift = 3 },
    { "a cap that ends in a year without notice", CN, "2026-12-20", "30ND", .stops = { { "2026-12-28", NULL, "9WD" } },
      .due = "2027-02-02", .shift = 14, .flags = PROVISIONAL },
    { "calendar days shift by calendar days", CN, "2026-02-10", "10ND", .stops = { { "2026-02-13", "2026-02-24", NULL } },
      .due = "2026-03-03", .shift = 11 },
    { "calendar days of 2027 are certain", CN, "2026-12-20", "30ND", .due = "2027-01-19" },
    { "an hour of office time shifts by office time", CN, "2026-03-03 09:00", "2WH",
      .stops = { { "2026-03-03 10:00", "2026-03-03 15:00", NULL } }, .due = "2026-03-03 16:00", .shift = 180 },
    { "clock hours shift by time", CN, "2026-02-14 09:00", "2NH", .stops = { { "2026-02-14 10:00", "2026-02-15 10:30", NULL } },
      .due = "2026-02-15 11:30", .shift = 1470 },
    { "half an hour", CN, "2026-03-03 11:45", "0.5WH", .due = "2026-03-03 14:15" },
    { "a day and a half", CN, "2026-03-02 16:00", "1.5WD", .due = "2026-03-04 12:00" },
    { "a day and a half, stopped within its office hours", CN, "2026-03-02 16:00", "1.5WD",
      .stops = { { "2026-03-03 08:30", "2026-03-03 12:00", NULL } }, .due = "2026-03-04 17:30", .shift = 210 },
    { "half a day from the night", CN, "2026-03-02 22:00", "0.5WD", .due = "2026-03-03 12:00" },
    { "half a calendar day", CN, "2026-03-02 22:00", "0.5ND", .due = "2026-03-03 10:00" },
    { "an extension by half a day", CN, "2026-03-02", "4WD", "0.5WD", .due = "2026-03-09 12:00" },
    { "an extension in another unit counts from the end", CN, "2026-03-02", "5WD", "3ND", .due = "2026-03-12" },
    { "a stop within such an extension", CN, "2026-03-02", "5WD", "3ND", .stops = { { "2026-03-10", "2026-03-12", NULL } },
      .due = "2026-03-14", .shift = 2 },
    { "before the table", CN, "2000-01-03", "5WD", .due = "2000-01-10", .flags = PROVISIONAL },
    { "beyond the table", CN, "2049-12-31", "10WD", .due = "2050-01-14", .flags = PROVISIONAL },
    { "working hours beyond the table", CN, "2049-12-31 16:30", "8WH", .due = "2050-01-03 17:30",
      .flags = PROVISIONAL },
    // clang-format on
};

static void midnight_test(void **state)
{
    (void)state;
    struct clock_question question = {
        .start = at("2026-03-02", MORNING),
        .limit = limit("5WD"),
        .midnight = true,
    };

    assert_int_equal(clock_due(calendars[CN], &question).due, at("2026-03-10 00:00", MORNING) - 1);
}

static void example_10_test(void **state)
{
    (void)state;
    bl_time filed = at("2026-02-17 10:00", MORNING);
    struct clock_silence silence = clock_deemed(calendars[CN], filed, limit("5WD"));

    assert_time(calendar_effective(calendars[CN], filed), at("2026-02-24 08:30", MORNING));
    assert_time(silence.start, at("2026-02-24 08:30", MORNING));
    assert_time(silence.last, at("2026-03-02", CLOSE));
}

static void example_12_test(void **state)
{
    (void)state;
    assert_time(calendar_effective(calendars[CN], at("2026-05-08 19:30", MORNING)),
                at("2026-05-09 08:30", MORNING));
}

static void example_25_test(void **state)
{
    (void)state;
    char text[BL_TIME_TEXT];
    bl_day expiry = calendar_day(calendars[CN], at("2026-10-05", MORNING));

    assert_string_equal(bl_day_format(expiry - 30, text), "2026-09-05");
    assert_string_equal(bl_day_format(calendar_add(calendars[CN], expiry, -30), text),
                        "2026-08-20");
}

static void stopped_test(void **state)
{
    (void)state;
    struct clock_stop stops[] = {
        { at("2026-03-04 10:00", MORNING), BL_NEVER, { 0 } },
        { at("2026-03-11", MORNING), at("2026-03-12", MORNING), { 0 } },
    };
    struct clock_question question = {
        .start = at("2026-03-02", MORNING),
        .limit = limit("5WD"),
        .stops = stops,
        .stop_count = BL_COUNT(stops),
    };
    bl_day counted[8];

    assert_true(clock_is_stopped(calendars[CN], &question, stops[0].from));
    assert_false(clock_is_stopped(calendars[CN], &question, stops[0].from - 1));
    assert_int_equal(clock_due(calendars[CN], &question).left, 3);
    assert_int_equal(clock_explain(calendars[CN], &question, counted, 8), 2);
    stops[0].cap = limit("2WD");
    assert_true(clock_is_stopped(calendars[CN], &question, at("2026-03-06 17:29", MORNING)));
    assert_false(clock_is_stopped(calendars[CN], &question, at("2026-03-06 17:30", MORNING)));
    assert_int_equal(clock_due(calendars[CN], &question).left, 0);
}

static void remaining_test(void **state)
{
    (void)state;
    bl_time due = at("2026-03-09", CLOSE);

    assert_int_equal(clock_remaining(calendars[CN], at("2026-03-02", MORNING), due), 5);
    assert_int_equal(clock_remaining(calendars[CN], at("2026-03-07", MORNING), due), 1);
    assert_int_equal(clock_remaining(calendars[CN], at("2026-03-09", MORNING), due), 0);
    assert_int_equal(clock_remaining(calendars[CN], at("2026-03-11", MORNING), due), -2);
    assert_int_equal(clock_remaining(calendars[CN], at("2026-03-11", MORNING), BL_NEVER),
                     INT32_MAX);
}

struct explain_row {
    const char *name, *start, *limit;
    struct stop_row stop;
    const char *counted[12];
};

static const struct explain_row explain_rows[] = {
    // clang-format off
    { "explains example 3", "2025-09-24", "10WD", { 0 },
      { "2025-09-25", "2025-09-26", "2025-09-28", "2025-09-29", "2025-09-30", "2025-10-09", "2025-10-10",
        "2025-10-11", "2025-10-13", "2025-10-14" } },
    { "explains a stop", "2026-09-14", "10WD", { "2026-09-18", "2026-10-12", NULL },
      { "2026-09-15", "2026-09-16", "2026-09-17", "2026-09-18", "2026-10-13", "2026-10-14", "2026-10-15",
        "2026-10-16", "2026-10-19", "2026-10-20" } },
    { "explains days and a half", "2026-03-02 09:00", "2.5WD", { 0 }, { "2026-03-03", "2026-03-04", "2026-03-05" } },
    { "explains working hours", "2026-02-14 16:00", "4WH", { 0 }, { "2026-02-14", "2026-02-24" } },
    { "explains working hours from the close", "2026-03-03 17:30", "1WH", { 0 }, { "2026-03-04" } },
    { "explains stopped working hours", "2026-03-02 08:30", "8WH", { "2026-03-03 08:30", "2026-03-04 08:30", NULL },
      { "2026-03-02", "2026-03-04" } },
    { "explains calendar days", "2026-02-13", "3ND", { 0 }, { "2026-02-14", "2026-02-15", "2026-02-16" } },
    { "explains clock hours", "2026-02-13 23:00", "2NH", { 0 }, { "2026-02-13", "2026-02-14" } },
    { "explains no limit", "2026-02-13", NULL, { 0 }, { NULL } },
    // clang-format on
};

static void explain_test(void **state)
{
    const struct explain_row *row = *state;
    const struct due_row due = {
        .start = row->start,
        .limit = row->limit,
        .stops = { row->stop },
    };
    struct clock_stop stops[ROW_STOPS];
    struct clock_question question = question_of(&due, stops);
    bl_day counted[12];
    char text[BL_TIME_TEXT];
    size_t count = clock_explain(calendars[CN], &question, counted, 12);

    for (size_t i = 0; i < count; i++) {
        assert_non_null(row->counted[i]);
        assert_string_equal(bl_day_format(counted[i], text), row->counted[i]);
    }
    assert_null(row->counted[count]);
    assert_int_equal(clock_explain(calendars[CN], &question, counted, 0), count);
}

struct warn_row {
    const char *name, *limit, *start, *due;
    int32_t warn_days;
    const char *warn;
};

static const struct warn_row warn_rows[] = {
    // clang-format off
    { "warns for 2 days",  "2WD",  "2026-03-02", "2026-03-04", 0, "2026-03-03" },
    { "warns for 5 days",  "5WD",  "2026-03-02", "2026-03-09", 0, "2026-03-06" },
    { "warns for 7 days",  "7WD",  "2026-03-02", "2026-03-11", 0, "2026-03-09" },
    { "warns for 10 days", "10WD", "2026-03-02", "2026-03-16", 0, "2026-03-12" },
    { "warns for 20 days", "20WD", "2026-03-02", "2026-03-30", 0, "2026-03-24" },
    { "warns for 45 days", "45WD", "2025-12-15", "2026-02-24", 0, "2026-02-04" },
    { "warns as the item says", "5WD", "2026-03-02", "2026-03-09", 3, "2026-03-04" },
    { "warns from the start if the item says more", "5WD", "2026-03-02 10:00", "2026-03-09", 9, "2026-03-02 10:00" },
    { "warns on a worked Saturday", "5WD", "2026-02-09", "2026-02-24", 0, "2026-02-14" },
    { "warns in the last quarter of a day", "1WD", "2026-03-02", "2026-03-03", 0, "2026-03-03 15:45" },
    { "warns in the last quarter of half a day", "0.5WD", "2026-09-30 16:30", "2026-10-08 11:00", 0, "2026-10-08 10:07" },
    { "warns in the last quarter of hours", "4WH", "2026-02-14 16:00", "2026-02-24 11:00", 0, "2026-02-24 10:00" },
    { "warns in the last quarter of clock hours", "2NH", "2026-03-02 10:00", "2026-03-02 12:00", 0, "2026-03-02 11:30" },
    { "warns in the last quarter of a calendar day", "1ND", "2026-03-02", "2026-03-03 17:30", 0, "2026-03-03 11:30" },
    { "warns over lunch", "8WH", "2026-03-02 08:30", "2026-03-03 15:00", 0, "2026-03-03 11:00" },
    { "warns before a due day that is off", "60ND", "2026-02-10", "2026-04-11", 1, "2026-04-09" },
    // clang-format on
};

static void warn_test(void **state)
{
    const struct warn_row *row = *state;
    bl_time warn = clock_warn(calendars[CN], limit(row->limit), at(row->start, MORNING),
                              at(row->due, CLOSE), row->warn_days);

    assert_time(warn - warn % MINUTE_US, at(row->warn, MORNING));
}

static void warn_never_test(void **state)
{
    (void)state;
    assert_true(clock_warn(calendars[CN], limit("5WD"), 0, BL_NEVER, 0) == BL_NEVER);
}

struct light_row {
    const char *name;
    struct clock_face promise, legal;
    bl_time now;
    Bl__Light light;
};

static const struct light_row light_rows[] = {
    // clang-format off
    { "green before the warning",            { 10, 20, false }, { 30, 40, false },  9, BL__LIGHT__GREEN  },
    { "yellow at the warning",               { 10, 20, false }, { 30, 40, false }, 10, BL__LIGHT__YELLOW },
    { "yellow at the due moment",            { 10, 20, false }, { 30, 40, false }, 20, BL__LIGHT__YELLOW },
    { "red after the due moment",            { 10, 20, false }, { 30, 40, false }, 21, BL__LIGHT__RED    },
    { "red for the law beside the promise",  { 30, 40, false }, { 10, 20, false }, 21, BL__LIGHT__RED    },
    { "red for the law while all stands",    { BL_NEVER, BL_NEVER, true }, { 10, 20, false }, 21, BL__LIGHT__RED },
    { "yellow for the law beside a stop",    { BL_NEVER, BL_NEVER, true }, { 10, 20, false }, 10, BL__LIGHT__YELLOW },
    { "blue while the promise stands",       { BL_NEVER, BL_NEVER, true }, { 10, 20, false },  9, BL__LIGHT__BLUE },
    { "a stopped clock does not warn",       { 10, 20, true }, { 10, 20, true },   15, BL__LIGHT__BLUE   },
    { "the law alone may stand",             { 10, 20, false }, { BL_NEVER, BL_NEVER, true }, 9, BL__LIGHT__GREEN },
    { "no clock is green",                   CLOCK_NONE, CLOCK_NONE,               15, BL__LIGHT__GREEN  },
    // clang-format on
};

static void light_test(void **state)
{
    const struct light_row *row = *state;

    assert_int_equal(clock_light(row->promise, row->legal, row->now), row->light);
}

static void light_worse_test(void **state)
{
    (void)state;
    static const Bl__Light order[] = { BL__LIGHT__LIGHT_UNSPECIFIED,
                                       BL__LIGHT__GREY,
                                       BL__LIGHT__GREEN,
                                       BL__LIGHT__BLUE,
                                       BL__LIGHT__YELLOW,
                                       BL__LIGHT__RED };

    for (size_t i = 0; i < BL_COUNT(order); i++) {
        for (size_t k = 0; k < BL_COUNT(order); k++) {
            assert_int_equal(clock_light_worse(order[i], order[k]), order[i > k ? i : k]);
        }
    }
}

/* --- Properties, against a counter that walks ------------------------------------------------- */

#define ROUNDS 4000
#define SEED UINT64_C(20150301)

/* xorshift64*: the same numbers everywhere. */
static uint64_t dice = SEED;
static int32_t roll(int32_t from, int32_t to)
{
    dice ^= dice >> 12;
    dice ^= dice << 25;
    dice ^= dice >> 27;
    return from +
           (int32_t)((dice * UINT64_C(2685821657736338717) >> 33) % (uint64_t)(to - from + 1));
}

static bl_day day_of(int32_t year, int32_t month, int32_t day)
{
    return bl_day_of((struct bl_date){ year, month, day });
}

static bl_day roll_day(void)
{
    return roll(day_of(2010, 1, 1), day_of(2027, 12, 31));
}

/* Working days by walking. */
static bl_day walk(bl_day day, int32_t n)
{
    while (n > 0) {
        n -= fixture_is_workday(cn, ++day);
    }
    return day;
}

static void add_property(void **state)
{
    (void)state;
    const struct calendar *calendar = calendars[CN];

    for (int32_t i = 0; i < ROUNDS; i++) {
        bl_day day = roll_day();
        int32_t m = roll(0, 60), n = roll(1, 60);
        bl_day due = calendar_add(calendar, day, n);

        assert_int_equal(due, walk(day, n));
        assert_int_equal(calendar_between(calendar, day, due), n);
        assert_int_equal(calendar_add(calendar, day, m + n),
                         calendar_add(calendar, calendar_add(calendar, day, m), n));
        assert_int_equal(calendar_add(calendar, calendar_add(calendar, due, -n), n), due);
        assert_true(calendar_add(calendar, day + 1, n) >= due);
    }
}

/* Random stops over some weeks, at whole minutes. */
static void roll_stops(bl_time start, struct clock_stop *stops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bl_time from = start + roll(-2 * 24 * 60, 30 * 24 * 60) * MINUTE_US;

        stops[i] =
            (struct clock_stop){ .from = from, .to = from + roll(0, 20 * 24 * 60) * MINUTE_US };
        if (roll(0, 2) == 0) {
            stops[i].cap = (struct limit){ 2 * roll(1, 8), LIMIT_WD };
        }
    }
}

/* Without caps: what the counter needs to know of stops is when they end. */
static void stops_cut(struct clock_stop *stops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (stops[i].cap.halves != 0) {
            bl_day day = walk(bl_time_day(stops[i].from, 8 * 60), stops[i].cap.halves / 2);
            bl_time end = bl_day_start(day, 8 * 60) + (17 * 60 + 30) * MINUTE_US;

            stops[i].to = stops[i].to < end ? stops[i].to : end;
            stops[i].cap.halves = 0;
        }
    }
}

/* The due day by walking: a day counts if it is worked and no stop that began before it holds until
 * it. A stop that begins on the due day then moves the due day to its own last working day. */
static bl_day walk_due(bl_time start, int32_t n, const struct clock_stop *stops, size_t count)
{
    bl_day day = bl_time_day(start, 8 * 60), due = day;

    for (bool moved = true; n > 0 || moved;) {
        moved = false;
        for (size_t i = 0; n == 0 && i < count; i++) {
            bl_time close = bl_day_start(due, 8 * 60) + (17 * 60 + 30) * MINUTE_US;
            bl_day end = bl_time_day(stops[i].to, 8 * 60);

            if (stops[i].from <= close && end > due && stops[i].to > start) {
                while (day < end) {
                    due = fixture_is_workday(cn, ++day) ? day : due;
                    moved |= due == day;
                }
            }
        }
        if (n > 0) {
            bool held = false;

            day++;
            for (size_t i = 0; i < count; i++) {
                held |= bl_time_day(stops[i].from, 8 * 60) < day &&
                        day <= bl_time_day(stops[i].to, 8 * 60);
            }
            n -= !held && fixture_is_workday(cn, day);
            due = day;
            moved = true;
        }
    }
    return due;
}

static void due_property(void **state)
{
    (void)state;
    struct clock_stop stops[3];

    for (int32_t i = 0; i < ROUNDS; i++) {
        bl_time start = bl_day_start(roll_day(), 8 * 60) + roll(0, 1439) * MINUTE_US;
        struct clock_question question = {
            .start = start,
            .limit = { 2 * roll(1, 25), LIMIT_WD },
            .stops = stops,
            .stop_count = (size_t)roll(0, 3),
        };

        roll_stops(start, stops, question.stop_count);
        struct clock_answer answer = clock_due(calendars[CN], &question);
        bl_day counted[64];
        assert_int_equal(clock_explain(calendars[CN], &question, counted, 64),
                         question.limit.halves / 2);
        stops_cut(stops, question.stop_count);
        assert_int_equal(bl_time_day(answer.due, 8 * 60),
                         walk_due(start, question.limit.halves / 2, stops, question.stop_count));
    }
}

static bool in_office(bl_time minute)
{
    bl_day day = bl_time_day(minute, 8 * 60);
    int32_t of_day = (int32_t)((minute - bl_day_start(day, 8 * 60)) / MINUTE_US);

    return fixture_is_workday(cn, day) &&
           ((of_day >= 510 && of_day < 720) || (of_day >= 840 && of_day < 1050));
}

static bool is_held(bl_time minute, const struct clock_stop *stops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (stops[i].from <= minute && minute < stops[i].to) {
            return true;
        }
    }
    return false;
}

/* Office hours minute by minute. Nothing begins exactly where another ends here: see due_rows. */
static void hours_property(void **state)
{
    (void)state;
    struct clock_stop stops[2];

    for (int32_t i = 0; i < ROUNDS / 20; i++) {
        bl_time start = bl_day_start(roll_day(), 8 * 60) + roll(0, 1439) * MINUTE_US;
        int32_t minutes = 30 * roll(1, 40);
        struct clock_question question = {
            .start = start,
            .limit = { minutes / 30, LIMIT_WH },
            .stops = stops,
            .stop_count = (size_t)roll(0, 2),
        };

        roll_stops(start, stops, question.stop_count);
        stops_cut(stops, question.stop_count);
        bl_time due = clock_due(calendars[CN], &question).due;
        bl_time at_minute = start;
        for (; minutes > 0; at_minute += MINUTE_US) {
            minutes -= in_office(at_minute) && !is_held(at_minute, stops, question.stop_count);
        }
        // A stop that holds the due moment itself leaves nothing to do after it.
        if (!is_held(at_minute, stops, question.stop_count)) {
            assert_time(due, at_minute);
        }
    }
}

static void monotone_property(void **state)
{
    (void)state;
    struct clock_stop stops[3], turned[3];

    for (int32_t i = 0; i < ROUNDS; i++) {
        bl_time start = bl_day_start(roll_day(), 8 * 60) + roll(0, 1439) * MINUTE_US;
        struct clock_question question = {
            .start = start,
            .limit = { roll(1, 50), (enum limit_unit)roll(LIMIT_WD, LIMIT_NH) },
            .stops = stops,
            .stop_count = 3,
        };

        roll_stops(start, stops, 3);
        bl_time due = clock_due(calendars[CN], &question).due;
        assert_true(clock_due(calendars[CN], &question).due == due);
        for (size_t k = 0; k < 3; k++) {
            turned[k] = stops[2 - k];
        }
        question.stops = turned;
        assert_true(clock_due(calendars[CN], &question).due == due);
        question.stop_count = 2;
        assert_true(clock_due(calendars[CN], &question).due <= due);
        question.stop_count = 3;
        question.limit.halves += 2;
        assert_true(clock_due(calendars[CN], &question).due >= due);
        question.limit.halves -= 2;
        question.stop_count = 0;
        due = clock_due(calendars[CN], &question).due;
        question.start += DAY_US;
        assert_true(clock_due(calendars[CN], &question).due >= due);
        bl_time warn = clock_warn(calendars[CN], question.limit, start, due, 0);
        assert_true(warn >= start && warn <= (due > start ? due : start));
    }
}

static void remaining_property(void **state)
{
    (void)state;

    for (int32_t i = 0; i < ROUNDS; i++) {
        bl_time due = calendar_closing(calendars[CN], roll_day());
        bl_time now = due - roll(0, 100 * 24 * 60) * MINUTE_US;

        assert_true(clock_remaining(calendars[CN], now + DAY_US, due) <=
                    clock_remaining(calendars[CN], now, due));
    }
}

static int calendars_make(void **state)
{
    (void)state;
    cn = fixture_layer("workflows/calendars/cn.yaml");
    calendars[CN] = fixture_calendar(&cn, 1);

    const char *local[] = { "03-20" };
    Bl__Calendar__Year year = BL__CALENDAR__YEAR__INIT;
    Bl__Calendar__YearsEntry entry = BL__CALENDAR__YEARS_ENTRY__INIT, *entries[] = { &entry };
    Bl__Calendar county = BL__CALENDAR__INIT;
    year.n_holidays = 1;
    year.holidays = local;
    year.reviewed = true;
    entry.key = 2026;
    entry.value = &year;
    county.calendar = "county";
    county.base = "cn";
    county.n_years = 1;
    county.years = entries;
    calendars[COUNTY] = fixture_calendar((const Bl__Calendar *[]){ cn, &county }, 2);

    // The notice of January 2020 made these holidays; before it, 02-01 was a worked Saturday.
    Bl__Calendar before = BL__CALENDAR__INIT;
    const char *worked[] = { "01-31", "02-01" };
    year.n_holidays = 0;
    year.n_workdays = 2;
    year.workdays = worked;
    entry.key = 2020;
    before.calendar = "before";
    before.base = "cn";
    before.n_years = 1;
    before.years = entries;
    calendars[BEFORE_2020] = fixture_calendar((const Bl__Calendar *[]){ cn, &before }, 2);

    Bl__Calendar alone = *cn;
    alone.n_fixed = 0;
    const Bl__Calendar *alone_layers[] = { &alone };
    calendars[DATA_ALONE] = fixture_calendar(alone_layers, 1);
    return 0;
}

static int calendars_free(void **state)
{
    (void)state;
    for (size_t i = 0; i < WHICH_COUNT; i++) {
        calendar_free(&calendars[i]);
    }
    fixture_end();
    return 0;
}

#define ROWS(rows, test)                                                                           \
    for (size_t i = 0; i < BL_COUNT(rows); i++) {                                                  \
        tests[count++] = (struct CMUnitTest){ .name = (rows)[i].name,                              \
                                              .test_func = test,                                   \
                                              .initial_state = (void *)(uintptr_t) & (rows)[i] };  \
    }

int main(void)
{
    static const struct CMUnitTest single[] = {
        { "until midnight is a microsecond before it", midnight_test, NULL, NULL, NULL },
        { "example 10: filed in a holiday", example_10_test, NULL, NULL, NULL },
        { "example 12: effective on a worked Saturday", example_12_test, NULL, NULL, NULL },
        { "example 25: thirty days before, by both readings", example_25_test, NULL, NULL, NULL },
        { "what a stopped clock still has", stopped_test, NULL, NULL, NULL },
        { "remaining days", remaining_test, NULL, NULL, NULL },
        { "never warns if never due", warn_never_test, NULL, NULL, NULL },
        { "the worse light", light_worse_test, NULL, NULL, NULL },
        { "property: add and between", add_property, NULL, NULL, NULL },
        { "property: due days by walking", due_property, NULL, NULL, NULL },
        { "property: office hours by walking", hours_property, NULL, NULL, NULL },
        { "property: due is monotone, stops are a set", monotone_property, NULL, NULL, NULL },
        { "property: remaining never grows", remaining_property, NULL, NULL, NULL },
    };
    static struct CMUnitTest tests[BL_COUNT(single) + BL_COUNT(due_rows) + BL_COUNT(explain_rows) +
                                   BL_COUNT(warn_rows) + BL_COUNT(light_rows)];
    size_t count = 0;

    ROWS(due_rows, due_test)
    ROWS(explain_rows, explain_test)
    ROWS(warn_rows, warn_test)
    ROWS(light_rows, light_test)
    for (size_t i = 0; i < BL_COUNT(single); i++) {
        tests[count++] = single[i];
    }
    printf("seed %llu\n", (unsigned long long)SEED);
    return _cmocka_run_group_tests("clock", tests, count, calendars_make, calendars_free);
}
