/* Calendars: the reviewed table, layers, office hours, provisional years, what is refused, and how
 * limits are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "calendar_fixture.h"
#include "deadline/calendar.h"

static const Bl__Calendar *cn_layer;
static struct calendar *cn;

static bl_day day(const char *text)
{
    bl_day parsed;

    assert_int_equal(bl_day_parse(text, &parsed, NULL), BL_OK);
    return parsed;
}

static bl_time at(const char *text)
{
    bl_time parsed;

    assert_int_equal(bl_time_parse(text, &parsed, NULL), BL_OK);
    return parsed;
}

static void assert_day(bl_day got, const char *expected)
{
    char text[BL_TIME_TEXT];

    assert_string_equal(bl_day_format(got, text), expected);
}

static void assert_time(const struct calendar *calendar, bl_time got, const char *expected)
{
    char text[BL_TIME_TEXT];

    assert_string_equal(bl_time_format(got, calendar_offset(calendar), text), expected);
}

/* --- The table -------------------------------------------------------------------------------- */

struct year_row {
    const char *name;
    int32_t year, worked;
};

static const struct year_row year_rows[] = {
    // clang-format off
    { "working days of 2010", 2010, 250 },
    { "working days of 2011", 2011, 250 },
    { "working days of 2012", 2012, 249 },
    { "working days of 2013", 2013, 250 },
    { "working days of 2014", 2014, 250 },
    { "working days of 2015", 2015, 249 },
    { "working days of 2016", 2016, 250 },
    { "working days of 2017", 2017, 249 },
    { "working days of 2018", 2018, 250 },
    { "working days of 2019", 2019, 250 },
    { "working days of 2020", 2020, 249 },
    { "working days of 2021", 2021, 250 },
    { "working days of 2022", 2022, 249 },
    { "working days of 2023", 2023, 249 },
    { "working days of 2024", 2024, 251 },
    { "working days of 2025", 2025, 248 },
    { "working days of 2026", 2026, 248 },
    // clang-format on
};

static void year_test(void **state)
{
    const struct year_row *row = *state;
    bl_day last = bl_day_of((struct bl_date){ row->year, 12, 31 });
    bl_day before = bl_day_of((struct bl_date){ row->year, 1, 1 }) - 1;

    assert_int_equal(calendar_between(cn, before, last), row->worked);
    assert_false(calendar_is_provisional(cn, before + 1, last));
}

/* Every day against the lists themselves; and a listed day changes something or is a weekend. */
static void table_test(void **state)
{
    (void)state;
    for (bl_day d = day("2010-01-01"); d <= day("2030-12-31"); d++) {
        assert_int_equal(calendar_is_workday(cn, d), fixture_is_workday(cn_layer, d));
    }
}

static void disputed_test(void **state)
{
    (void)state;
    assert_false(calendar_is_workday(cn, day("2018-01-01")));
    assert_false(calendar_is_workday(cn, day("2020-01-31")));
    assert_false(calendar_is_workday(cn, day("2020-02-01")));
    assert_true(calendar_is_workday(cn, day("2023-01-03")));
}

static void quarters_test(void **state)
{
    (void)state;
    assert_day(calendar_add(cn, day("2026-04-01"), -1), "2026-03-31");
    assert_day(calendar_add(cn, day("2026-07-01"), -1), "2026-06-30");
    assert_day(calendar_add(cn, day("2026-10-01"), -1), "2026-09-30");
    assert_day(calendar_add(cn, day("2027-01-01"), -1), "2026-12-31");
}

static void provisional_test(void **state)
{
    (void)state;
    assert_false(calendar_is_provisional(cn, day("2010-01-01"), day("2026-12-31")));
    assert_true(calendar_is_provisional(cn, day("2009-12-31"), day("2010-01-04")));
    assert_true(calendar_is_provisional(cn, day("2026-12-31"), day("2027-01-01")));
    assert_true(calendar_is_provisional(cn, day("2041-01-01"), day("2041-01-01")));
    assert_true(calendar_is_provisional(cn, day("2055-01-01"), day("2056-01-01")));
    assert_false(calendar_is_workday(cn, day("2027-01-01")));
    assert_false(calendar_is_workday(cn, day("2028-10-03")));
    assert_true(calendar_is_workday(cn, day("2027-10-04")));
}

/* Over both edges of the table, counting goes on week by week. */
static void edges_test(void **state)
{
    (void)state;
    static const char *const edges[] = { "2003-12-29", "2041-01-06" };

    for (size_t i = 0; i < BL_COUNT(edges); i++) {
        bl_day from = day(edges[i]) - 30, d = from;

        for (int32_t n = 1; n < 40; n++) {
            bl_day next = d + 1;
            while (!calendar_is_workday(cn, next)) {
                next++;
            }
            assert_int_equal(calendar_add(cn, d, 1), next);
            assert_int_equal(calendar_add(cn, from, n), next);
            assert_int_equal(calendar_add(cn, next, -1), n == 1 ? calendar_add(cn, next, -1) : d);
            assert_int_equal(calendar_between(cn, from, next), n);
            bl_span closing = calendar_worked(cn, calendar_closing(cn, next));
            assert_true(calendar_worked_at(cn, closing) == calendar_closing(cn, next));
            assert_true(calendar_worked_at(cn, closing + MINUTE_US) >
                        calendar_opening(cn, calendar_add(cn, next, 1)));
            d = next;
        }
    }
}

/* --- Office hours ----------------------------------------------------------------------------- */

struct effective_row {
    const char *name, *at, *effective;
};

static const struct effective_row effective_rows[] = {
    // clang-format off
    { "within hours", "2026-03-03T10:00:01.5+08:00", "2026-03-03T10:00:01.500000+08:00" },
    { "before the opening", "2026-03-03T06:00:00+08:00", "2026-03-03T08:30:00+08:00" },
    { "at lunch", "2026-03-03T12:30:00+08:00", "2026-03-03T14:00:00+08:00" },
    { "at the opening", "2026-03-03T08:30:00+08:00", "2026-03-03T08:30:00+08:00" },
    { "at the close", "2026-03-03T17:30:00+08:00", "2026-03-03T17:30:00+08:00" },
    { "after the close", "2026-03-03T17:30:00.000001+08:00", "2026-03-04T08:30:00+08:00" },
    { "in a holiday", "2026-02-17T10:00:00+08:00", "2026-02-24T08:30:00+08:00" },
    { "on a worked Saturday", "2026-02-14T10:00:00+08:00", "2026-02-14T10:00:00+08:00" },
    { "the hall's date, not that of UTC", "2026-03-03T23:30:00Z", "2026-03-04T08:30:00+08:00" },
    // clang-format on
};

static void effective_test(void **state)
{
    const struct effective_row *row = *state;

    assert_time(cn, calendar_effective(cn, at(row->at)), row->effective);
}

/* A layer in the making: one year and up to two seasons. */
struct layer {
    Bl__Calendar calendar;
    Bl__Calendar__Year year;
    Bl__Calendar__YearsEntry entry, *entries[1];
    Bl__Calendar__Hours season[2], *seasons[2];
};

static void layer_init(struct layer *layer, const char *name, const char *base)
{
    *layer = (struct layer){
        .calendar = BL__CALENDAR__INIT,
        .year = BL__CALENDAR__YEAR__INIT,
        .entry = BL__CALENDAR__YEARS_ENTRY__INIT,
        .season = { BL__CALENDAR__HOURS__INIT, BL__CALENDAR__HOURS__INIT },
    };
    layer->entries[0] = &layer->entry;
    layer->seasons[0] = &layer->season[0];
    layer->seasons[1] = &layer->season[1];
    layer->entry.value = &layer->year;
    layer->calendar.calendar = name;
    layer->calendar.base = base;
    layer->calendar.years = layer->entries;
    layer->calendar.hours = layer->seasons;
}

static void seasons_test(void **state)
{
    (void)state;
    struct layer summer, unit;
    const char *long_noon[] = { "08:00-12:00", "15:00-18:30" };
    const char *open_all_day[] = { "00:00-24:00" };

    layer_init(&summer, "summer", "cn");
    summer.calendar.n_hours = 1;
    summer.season[0].from = "05-01";
    summer.season[0].to = "09-30";
    summer.season[0].n_day = 2;
    summer.season[0].day = long_noon;
    layer_init(&unit, "unit", "summer");
    unit.calendar.utc_offset = "+06:00";
    unit.calendar.n_hours = 1;
    unit.season[0].from = "12-31";
    unit.season[0].to = "01-02";
    unit.season[0].n_day = 1;
    unit.season[0].day = open_all_day;
    struct calendar *calendar =
        fixture_calendar((const Bl__Calendar *[]){ cn_layer, &summer.calendar, &unit.calendar }, 3);

    assert_time(calendar, calendar_closing(calendar, day("2026-04-30")),
                "2026-04-30T17:30:00+06:00");
    assert_time(calendar, calendar_closing(calendar, day("2026-05-01")),
                "2026-05-01T18:30:00+06:00");
    assert_time(calendar, calendar_opening(calendar, day("2026-09-30")),
                "2026-09-30T08:00:00+06:00");
    assert_time(calendar, calendar_opening(calendar, day("2026-10-01")),
                "2026-10-01T08:30:00+06:00");
    assert_true(calendar_office(calendar, day("2026-07-01")) == 450 * MINUTE_US);
    assert_true(calendar_office(calendar, day("2026-12-31")) == DAY_US);
    assert_time(calendar, calendar_closing(calendar, day("2026-12-31")),
                "2027-01-01T00:00:00+06:00");
    // 30 minutes of the last summer day, 30 of the first autumn one.
    bl_time start = at("2026-09-30T18:00:00+06:00");
    assert_time(calendar, calendar_worked_at(calendar, calendar_worked(calendar, start) + HOUR_US),
                "2026-10-08T09:00:00+06:00");
    calendar_free(&calendar);
    assert_null(calendar);
    calendar_free(&calendar);
}

/* calendar_worked_at is the inverse of calendar_worked at every moment of work. */
static void worked_test(void **state)
{
    (void)state;
    bl_time end = at("2026-03-15T00:00:00+08:00"), last = 0;

    for (bl_time t = at("2026-02-10T00:00:00+08:00"); t < end; t += 7 * MINUTE_US + 1) {
        bl_span worked = calendar_worked(cn, t);

        assert_true(worked >= last);
        assert_true(calendar_worked_at(cn, worked) <= t);
        assert_true(calendar_worked(cn, calendar_worked_at(cn, worked)) == worked);
        last = worked;
    }
}

/* --- Layers ----------------------------------------------------------------------------------- */

static void layers_test(void **state)
{
    (void)state;
    struct layer county;
    const char *off[] = { "03-20", "10-08..10-09" }, *worked[] = { "10-07" };

    layer_init(&county, "county", "cn");
    county.calendar.n_years = 1;
    county.entry.key = 2026;
    county.year.n_holidays = 2;
    county.year.holidays = off;
    county.year.n_workdays = 1;
    county.year.workdays = worked;
    county.year.reviewed = true;
    struct calendar *calendar =
        fixture_calendar((const Bl__Calendar *[]){ cn_layer, &county.calendar }, 2);

    assert_false(calendar_is_workday(calendar, day("2026-03-20")));
    assert_false(calendar_is_workday(calendar, day("2026-10-09")));
    assert_true(calendar_is_workday(calendar, day("2026-10-07")));
    assert_true(calendar_is_workday(calendar, day("2026-02-14")));
    assert_int_equal(calendar_offset(calendar), 480);
    assert_false(calendar_is_provisional(calendar, day("2026-01-01"), day("2026-12-31")));
    calendar_free(&calendar);

    // A local draft unsettles the year; a local fixed holiday holds in years it does not list.
    const char *fixed[] = { "11-08" };
    county.year.reviewed = false;
    county.calendar.n_fixed = 1;
    county.calendar.fixed = fixed;
    calendar = fixture_calendar((const Bl__Calendar *[]){ cn_layer, &county.calendar }, 2);
    assert_true(calendar_is_provisional(calendar, day("2026-05-01"), day("2026-05-01")));
    assert_false(calendar_is_provisional(calendar, day("2025-01-01"), day("2025-12-31")));
    assert_false(calendar_is_workday(calendar, day("2027-11-08")));
    assert_true(calendar_is_workday(calendar, day("2026-11-09")));
    calendar_free(&calendar);
}

/* --- What is refused -------------------------------------------------------------------------- */

struct refusal_row {
    const char *name;
    const char *base, *utc_offset;       // of a first layer called "x"
    const char *from, *to, *day, *day2;  // of its first season
    const char *from2;                   // of a second season, to 12-31
    int32_t year;
    const char *holiday, *workday;
    const char *text;
};

// clang-format off
#define GOOD .base = "", .utc_offset = "+08:00", .from = "01-01", .to = "12-31", .day = "09:00-17:00"
static const struct refusal_row refusal_rows[] = {
    { "a base that is not there", .base = "cn", .utc_offset = "+08:00", .from = "01-01", .to = "12-31",
      .day = "09:00-17:00", .text = "base: it says \"cn\" and lies on \"\"" },
    { "no zone", .base = "", .utc_offset = "", .text = "utc_offset: \"\" is no zone; write \"+08:00\"" },
    { "a zone out of range", .base = "", .utc_offset = "+15:00",
      .text = "utc_offset: \"+15:00\" is no zone; write \"+08:00\"" },
    { "no office hours", .base = "", .utc_offset = "+08:00",
      .text = "hours: no office hours on 12-29; add a season that has it" },
    { "a gap between seasons", .base = "", .utc_offset = "+08:00", .from = "03-01", .to = "02-28",
      .day = "09:00-17:00", .text = "hours: no office hours on 02-29; add a season that has it" },
    { "two seasons at once", GOOD, .from2 = "12-01", .text = "hours: two seasons have 12-01; end one before the other" },
    { "a season that is none", .base = "", .utc_offset = "+08:00", .from = "1-1", .to = "12-31", .day = "09:00-17:00",
      .text = "hours: from \"1-1\" to \"12-31\" is no season; write 05-01 and 09-30" },
    { "a day without hours", .base = "", .utc_offset = "+08:00", .from = "01-01", .to = "12-31",
      .text = "hours.day: write 1 to 8 parts, such as 08:30-12:00" },
    { "hours that are none", .base = "", .utc_offset = "+08:00", .from = "01-01", .to = "12-31", .day = "9-17",
      .text = "hours.day: \"9-17\" is no part of a day; write 08:30-12:00" },
    { "hours that run backwards", .base = "", .utc_offset = "+08:00", .from = "01-01", .to = "12-31",
      .day = "17:00-09:00", .text = "hours.day: \"17:00-09:00\" is no part of a day; write 08:30-12:00" },
    { "hours past midnight", .base = "", .utc_offset = "+08:00", .from = "01-01", .to = "12-31",
      .day = "17:00-24:01", .text = "hours.day: \"17:00-24:01\" is no part of a day; write 08:30-12:00" },
    { "hours that overlap", GOOD, .day2 = "17:00-18:00",
      .text = "hours.day: \"17:00-18:00\" does not come after the part before it" },
    { "a year outside the table", GOOD, .year = 2041, .text = "years: 2041 is not within 2004 to 2040" },
    { "a date that is none", GOOD, .year = 2026, .holiday = "02-30",
      .text = "years.2026.holidays: \"02-30\" is no date of a year; write 01-04 or 02-15..02-23" },
    { "a range that is none", GOOD, .year = 2026, .holiday = "02-15-02-23",
      .text = "years.2026.holidays: \"02-15-02-23\" is no date of a year; write 01-04 or 02-15..02-23" },
    { "a leap day in a common year", GOOD, .year = 2026, .workday = "02-29",
      .text = "years.2026.workdays: 2026 has no 02-29" },
    { "a range over the new year", GOOD, .year = 2026, .holiday = "12-30..01-02",
      .text = "years.2026.holidays: \"12-30..01-02\" ends before it begins; give each year its own part" },
    { "a holiday that is worked", GOOD, .year = 2026, .holiday = "02-14..02-20", .workday = "02-14",
      .text = "years.2026.workdays: 2026-02-14 is listed twice; let it be a holiday or a workday" },
    { "a make-up day that is no weekend", GOOD, .year = 2026, .workday = "02-13",
      .text = "years.2026.workdays: 2026-02-13 is no weekend, so it is worked anyway; leave it out" },
    // clang-format on
};

static void refusal_test(void **state)
{
    const struct refusal_row *row = *state;
    struct layer layer;
    const char *parts[] = { row->day, row->day2 };
    const Bl__Calendar *layers[] = { &layer.calendar };
    struct calendar *calendar = NULL;
    struct bl_error e = { 0 };

    layer_init(&layer, "x", row->base);
    layer.calendar.utc_offset = row->utc_offset;
    layer.calendar.n_hours = row->from == NULL ? 0 : row->from2 == NULL ? 1 : 2;
    layer.season[0].from = row->from;
    layer.season[0].to = row->to;
    layer.season[0].day = parts;
    layer.season[0].n_day = row->day == NULL ? 0 : row->day2 == NULL ? 1 : 2;
    layer.season[1] = layer.season[0];
    layer.season[1].from = row->from2;
    layer.calendar.n_years = row->year != 0;
    layer.entry.key = row->year;
    layer.year.n_holidays = row->holiday != NULL;
    layer.year.holidays = (const char **)(uintptr_t)&row->holiday;
    layer.year.n_workdays = row->workday != NULL;
    layer.year.workdays = (const char **)(uintptr_t)&row->workday;
    assert_int_equal(calendar_new(layers, 1, &calendar, &e), BL_DEFINITION);
    assert_null(calendar);
    assert_string_equal(e.text, row->text);
    assert_string_equal(e.source, "x");
}

static void layer_refusal_test(void **state)
{
    (void)state;
    struct calendar *calendar = NULL;
    struct bl_error e = { 0 };
    struct layer nameless;
    Bl__Calendar__YearsEntry *twice[2];

    assert_int_equal(calendar_new(NULL, 0, &calendar, &e), BL_DEFINITION);
    layer_init(&nameless, "", "");
    e = (struct bl_error){ 0 };
    assert_int_equal(calendar_new((const Bl__Calendar *[]){ &nameless.calendar }, 1, &calendar, &e),
                     BL_DEFINITION);
    assert_string_equal(e.text, "calendar: a calendar needs a name");
    layer_init(&nameless, "county", "cn");
    nameless.entry.key = 2026;
    nameless.calendar.n_years = 2;
    nameless.calendar.years = twice;
    twice[0] = twice[1] = &nameless.entry;
    e = (struct bl_error){ 0 };
    assert_int_equal(
        calendar_new((const Bl__Calendar *[]){ cn_layer, &nameless.calendar }, 2, &calendar, &e),
        BL_DEFINITION);
    assert_string_equal(e.text, "years: 2026 is listed twice");
}

/* All that is wrong in a file is shown, where it stands, and nothing twice. */
static void faults_test(void **state)
{
    (void)state;
    static const char text[] = "calendar: county\n"
                               "base: cn\n"
                               "utc_offset: \"+25:00\"\n"
                               "hours:\n"
                               "  - {from: \"02-30\", to: 12-31, day: [\"18:00-12:00\", \"14:00-25:00\"]}\n"
                               "years:\n"
                               "  2025: {holidays: [05-08], reviewed: true}\n"
                               "  2026: {holidays: [03-20, 02-30, 04-31], workdays: [03-20]}\n"
                               "  2050: {reviewed: true}\n"
                               "fixed: [13-01]\n";
    static const struct {
        uint32_t line, column;
        const char *begins;
    } places[] = {
        { 3, 13, "utc_offset: " },
        { 5, 38, "hours.day: \"18:00-12:00\"" },
        { 5, 53, "hours.day: \"14:00-25:00\"" },
        { 5, 12, "hours: from \"02-30\"" },
        { 9, 3, "years: 2050" },
        { 10, 9, "fixed: \"13-01\"" },
        { 8, 28, "years.2026.holidays: \"02-30\"" },
        { 8, 35, "years.2026.holidays: \"04-31\"" },
        { 8, 54, "years.2026.workdays: 2026-03-20 is listed twice" },
    };
    const struct yaml_document *document = NULL;
    const Bl__Calendar *layers[] = { cn_layer,
                                     fixture_read(text, sizeof text - 1, "county", &document) };
    struct calendar *calendar = NULL;
    struct calendar_faults faults;

    assert_int_equal(calendar_build(layers, 2, &calendar, &faults), BL_DEFINITION);
    for (size_t i = 0; i < BL_COUNT(places) && i < faults.count; i++) {
        const struct calendar_fault *fault = &faults.at[i];
        struct yaml_position place =
            yaml_position(document, fault->message, fault->field, fault->element);

        assert_memory_equal(fault->text, places[i].begins, strlen(places[i].begins));
        assert_int_equal(fault->layer, 1);
        assert_int_equal(place.line, places[i].line);
        assert_int_equal(place.column, places[i].column);
    }
    assert_int_equal(faults.count, BL_COUNT(places));
}

/* --- Limits ----------------------------------------------------------------------------------- */

struct limit_row {
    const char *text;
    int32_t halves;
    enum limit_unit unit;
    const char *formatted;  // the long form, or the error's text
};

static const struct limit_row limit_rows[] = {
    // clang-format off
    { "5 working days",    10, LIMIT_WD, "5 working days"    },
    { "1 working day",      2, LIMIT_WD, "1 working day"     },
    { "0.5 working days",   1, LIMIT_WD, "0.5 working days"  },
    { "1.5 working days",   3, LIMIT_WD, "1.5 working days"  },
    { "4 working hours",    8, LIMIT_WH, "4 working hours"   },
    { "30 days",           60, LIMIT_ND, "30 days"           },
    { "2 hours",            4, LIMIT_NH, "2 hours"           },
    { "5WD",               10, LIMIT_WD, "5 working days"    },
    { "0.5WD",              1, LIMIT_WD, "0.5 working days"  },
    { "4WH",                8, LIMIT_WH, "4 working hours"   },
    { "30ND",              60, LIMIT_ND, "30 days"           },
    { "2NH",                4, LIMIT_NH, "2 hours"           },
    { "10000WD",        20000, LIMIT_WD, "10000 working days" },
    { "5 workdays",  -1, 0, "\"5 workdays\" is not a duration; write \"5 working days\""  },
    { "4 work hours", -1, 0, "\"4 work hours\" is not a duration; write \"4 working hours\"" },
    { "2h",          -1, 0, "\"2h\" is not a duration; write \"2 hours\""                 },
    { "30 calendar days", -1, 0, "\"30 calendar days\" is not a duration; write \"30 days\"" },
    { "5",           -1, 0, "\"5\" is not a duration; write \"5 working days\""           },
    { "",            -1, 0, "\"\" is not a duration; write \"5 working days\""            },
    { "soon",        -1, 0, "\"soon\" is not a duration; write \"5 working days\""        },
    { "-1 days",     -1, 0, "\"-1 days\" is not a duration; write \"5 working days\""     },
    { "0.3 days",    -1, 0, "\"0.3 days\" is not a duration; write \"5 working days\""    },
    { "5 working days ", -1, 0, "\"5 working days \" is not a duration; write \"5 working days\"" },
    { "0 days",      -1, 0, "\"0 days\" leaves no time; write at least \"0.5 working days\"" },
    { "10001WD",     -1, 0, "\"10001WD\" is too long; write at most 10000"                },
    { "99999999999999999999WD", -1, 0, "\"99999999999999999999WD\" is too long; write at most 10000" },
    // clang-format on
};

static void limit_test(void **state)
{
    const struct limit_row *row = *state;
    struct limit limit = { 0 };
    struct bl_error e = { 0 };
    char text[LIMIT_TEXT];
    enum bl_err err = limit_parse(row->text, &limit, &e);

    if (row->halves < 0) {
        assert_int_equal(err, BL_INVALID);
        assert_string_equal(e.text, row->formatted);
        return;
    }
    assert_int_equal(err, BL_OK);
    assert_int_equal(limit.halves, row->halves);
    assert_int_equal(limit.unit, row->unit);
    assert_string_equal(limit_format(limit, text), row->formatted);
}

static void no_limit_test(void **state)
{
    (void)state;
    char text[LIMIT_TEXT];

    assert_string_equal(limit_format((struct limit){ 0 }, text), "none");
}

static int calendar_make(void **state)
{
    (void)state;
    cn_layer = fixture_layer("workflows/calendars/cn.yaml");
    cn = fixture_calendar(&cn_layer, 1);
    return 0;
}

static int calendar_end(void **state)
{
    (void)state;
    calendar_free(&cn);
    fixture_end();
    return 0;
}

#define ROWS(rows, title, test)                                                                    \
    for (size_t i = 0; i < BL_COUNT(rows); i++) {                                                  \
        tests[count++] = (struct CMUnitTest){ .name = (rows)[i].title,                             \
                                              .test_func = test,                                   \
                                              .initial_state = (void *)(uintptr_t) & (rows)[i] };  \
    }

int main(void)
{
    static const struct CMUnitTest single[] = {
        { "the table is what the lists say", table_test, NULL, NULL, NULL },
        { "days on which published packages differ", disputed_test, NULL, NULL, NULL },
        { "example 37: last working days of quarters", quarters_test, NULL, NULL, NULL },
        { "provisional years", provisional_test, NULL, NULL, NULL },
        { "the edges of the table", edges_test, NULL, NULL, NULL },
        { "seasons over three layers", seasons_test, NULL, NULL, NULL },
        { "office time and back", worked_test, NULL, NULL, NULL },
        { "a county over the nation", layers_test, NULL, NULL, NULL },
        { "layers that are refused", layer_refusal_test, NULL, NULL, NULL },
        { "all errors in a file have their places", faults_test, NULL, NULL, NULL },
        { "no limit has a word", no_limit_test, NULL, NULL, NULL },
    };
    static struct CMUnitTest tests[BL_COUNT(single) + BL_COUNT(year_rows) +
                                   BL_COUNT(effective_rows) + BL_COUNT(refusal_rows) +
                                   BL_COUNT(limit_rows)];
    size_t count = 0;

    ROWS(year_rows, name, year_test)
    ROWS(effective_rows, name, effective_test)
    ROWS(refusal_rows, name, refusal_test)
    ROWS(limit_rows, text, limit_test)
    for (size_t i = 0; i < BL_COUNT(single); i++) {
        tests[count++] = single[i];
    }
    return _cmocka_run_group_tests("calendar", tests, count, calendar_make, calendar_end);
}
