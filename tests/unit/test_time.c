/* What time.h promises: dates of the Gregorian calendar, instants read and written, zones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"

#define HALL 480                        // minutes east of UTC
#define NOON INT64_C(1795406400000000)  // 2026-11-23T04:00:00Z

/* Each day of eight hundred years, both ways, with its weekday. */
static void test_every_day(void **state)
{
    struct bl_date date = { 1600, 1, 1 };
    int32_t weekday = 5;  // 1600-01-01 was a Saturday
    bl_day day = bl_day_of(date);

    (void)state;
    for (; date.year < 2400; day++) {
        assert_true(bl_date_is_valid(date));
        assert_int_equal(bl_day_of(date), day);
        struct bl_date back = bl_date_of(day);
        assert_int_equal(back.year, date.year);
        assert_int_equal(back.month, date.month);
        assert_int_equal(back.day, date.day);
        assert_int_equal(bl_weekday(day), weekday);
        weekday = (weekday + 1) % 7;
        date.day++;
        if (!bl_date_is_valid(date)) {
            date.day = 1;
            date.month++;
        }
        if (date.month > 12) {
            date.month = 1;
            date.year++;
        }
    }
    assert_int_equal(day - bl_day_of((struct bl_date){ 1600, 1, 1 }), 2 * 146097);
}

static void test_epoch(void **state)
{
    (void)state;
    assert_int_equal(bl_day_of((struct bl_date){ 1970, 1, 1 }), 0);
    assert_int_equal(bl_day_of((struct bl_date){ 1969, 12, 31 }), -1);
    assert_int_equal(bl_weekday(0), 3);   // a Thursday
    assert_int_equal(bl_weekday(-4), 6);  // the Sunday before
}

struct date_case {
    const char *text;
    bool valid;
};

static const struct date_case date_cases[] = {
    { "2026-11-30", true },  { "2024-02-29", true },
    { "2000-02-29", true },  { "0001-01-01", true },
    { "9999-12-31", true },  { "2026-02-29", false },
    { "1900-02-29", false }, { "2026-00-10", false },
    { "2026-13-10", false }, { "2026-11-00", false },
    { "2026-11-31", false }, { "2026-1-30", false },
    { "26-11-30", false },   { "2026-11-30 ", false },
    { "2026/11/30", false }, { "2026-11-3O", false },
    { "", false },           { "2026-11-", false },
    { "+026-11-30", false },
};

static void test_date(void **state)
{
    const struct date_case *row = *state;
    struct bl_error e = { 0 };
    char text[BL_TIME_TEXT];
    bl_day day = 77;

    assert_int_equal(bl_day_parse(row->text, &day, &e), row->valid ? BL_OK : BL_INVALID);
    if (row->valid) {
        assert_string_equal(bl_day_format(day, text), row->text);
    } else {
        assert_int_equal(day, 77);  // written only on success
        assert_int_equal(e.code, BL_INVALID);
    }
}

struct time_case {
    const char *text;
    bl_time at;  // 0: not an instant
};

static const struct time_case time_cases[] = {
    { "2026-11-23T12:00:00+08:00", NOON },
    { "2026-11-23T04:00:00Z", NOON },
    { "2026-11-23t04:00:00z", NOON },
    { "2026-11-23 04:00:00Z", NOON },
    { "2026-11-22T18:30:00-09:30", NOON },
    { "2026-11-23T12:00:00.5+08:00", NOON + 500000 },
    { "2026-11-23T12:00:00.000001+08:00", NOON + 1 },
    { "2026-11-23T12:00:00.0000001+08:00", 0 },
    { "2026-11-23T12:00:00.+08:00", 0 },
    { "2026-11-23T12:00:00", 0 },  // a moment without a zone is none
    { "2026-11-23T12:00+08:00", 0 },
    { "2026-11-23T24:00:00+08:00", 0 },
    { "2026-11-23T12:60:00+08:00", 0 },
    { "2026-11-23T12:00:60+08:00", 0 },
    { "2026-11-23T12:00:00+24:00", 0 },
    { "2026-11-23T12:00:00+0800", 0 },
    { "2026-11-23T12:00:00+08:00 ", 0 },
    { "2026-11-31T12:00:00+08:00", 0 },
    { "2026-11-23", 0 },
    { "", 0 },
};

static void test_time(void **state)
{
    const struct time_case *row = *state;
    bl_time at = 77;

    assert_int_equal(bl_time_parse(row->text, &at, NULL), row->at != 0 ? BL_OK : BL_INVALID);
    assert_int_equal(at, row->at != 0 ? row->at : 77);
}

static void test_format(void **state)
{
    char text[BL_TIME_TEXT];

    (void)state;
    assert_string_equal(bl_time_format(NOON, HALL, text), "2026-11-23T12:00:00+08:00");
    assert_string_equal(bl_time_format(NOON, 0, text), "2026-11-23T04:00:00+00:00");
    assert_string_equal(bl_time_format(NOON, -570, text), "2026-11-22T18:30:00-09:30");
    assert_string_equal(bl_time_format(NOON + 1, HALL, text), "2026-11-23T12:00:00.000001+08:00");
    assert_string_equal(bl_time_format(-1, 0, text), "1969-12-31T23:59:59.999999+00:00");
    assert_string_equal(bl_time_format(BL_NEVER, HALL, text), "never");
    /* What nobody can mean is shown as the nearest day that has four digits of a year. */
    assert_string_equal(bl_time_format(BL_NEVER - 1, 14 * 60, text),
                        "9999-12-31T13:59:59.999999+14:00");
    assert_string_equal(bl_time_format(INT64_MIN, -12 * 60, text), "0001-01-01T12:00:00-12:00");
    assert_int_equal(bl_time_day(INT64_MIN, -HALL), -106751991);
    assert_int_equal(bl_time_day(BL_NEVER, HALL), 106751990);
    assert_int_equal(bl_time_day(-1, 0), -1);
    assert_int_equal(bl_time_day(-DAY_US, 0), -1);
}

static void test_days_in_a_zone(void **state)
{
    bl_day day = bl_day_of((struct bl_date){ 2026, 11, 23 });
    bl_time midnight = bl_day_start(day, HALL);

    (void)state;
    assert_int_equal(midnight, NOON - 12 * HOUR_US);
    assert_int_equal(bl_time_day(midnight, HALL), day);
    assert_int_equal(bl_time_day(midnight - 1, HALL), day - 1);
    assert_int_equal(bl_time_day(midnight, 0), day - 1);
    assert_int_equal(bl_time_day(-1, 0), -1);
    assert_int_equal(bl_time_day(-DAY_US, 0), -1);
    assert_int_equal(bl_time_day(-DAY_US - 1, 0), -2);
}

static void test_clocks(void **state)
{
    bl_span before = bl_time_monotonic();

    (void)state;
    assert_true(bl_time_monotonic() >= before);
    assert_true(bl_time_now() > bl_day_start(bl_day_of((struct bl_date){ 2020, 1, 1 }), 0));
}

static struct CMUnitTest tests[BL_COUNT(date_cases) + BL_COUNT(time_cases) + 5];

int main(void)
{
    size_t count = 0;

    for (size_t i = 0; i < BL_COUNT(date_cases); i++) {
        tests[count++] = (struct CMUnitTest){ .name = date_cases[i].text,
                                              .test_func = test_date,
                                              .initial_state = (void *)(uintptr_t)&date_cases[i] };
    }
    for (size_t i = 0; i < BL_COUNT(time_cases); i++) {
        tests[count++] = (struct CMUnitTest){ .name = time_cases[i].text,
                                              .test_func = test_time,
                                              .initial_state = (void *)(uintptr_t)&time_cases[i] };
    }
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_every_day);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_epoch);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_format);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_days_in_a_zone);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_clocks);
    return _cmocka_run_group_tests("time", tests, count, NULL, NULL);
}
