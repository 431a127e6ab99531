/* What log/log.h promises: the stamps of batches rise, whatever the machine's clock does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "log/log.h"

#define NINE INT64_C(1795395600000000)

static const struct stamp_case {
    const char *name;
    bl_time last, now, stamp;
} cases[] = {
    { "an empty store takes the clock's time", 0, NINE, NINE },
    { "time goes on", NINE, NINE + 5, NINE + 5 },
    { "two batches in one microsecond", NINE, NINE, NINE + 1 },
    { "the clock went back an hour", NINE, NINE - HOUR_US, NINE + 1 },
    { "the clock went back a microsecond", NINE, NINE - 1, NINE + 1 },
    { "the clock jumps ahead a year", NINE, NINE + 365 * DAY_US, NINE + 365 * DAY_US },
};

static void test_stamp(void **state)
{
    const struct stamp_case *row = *state;
    struct log log;

    log_open(&log, row->last);
    assert_int_equal(log_stamp(&log, row->now), row->stamp);
    assert_int_equal(log.last, row->stamp);
}

/* A clock that is back until the evening: each batch still has a moment of its own. */
static void test_clock_far_back(void **state)
{
    struct log log;

    (void)state;
    log_open(&log, NINE);
    for (bl_time i = 1; i <= 1000; i++) {
        assert_int_equal(log_stamp(&log, NINE - HOUR_US + i), NINE + i);
    }
    assert_int_equal(log_stamp(&log, NINE + SECOND_US), NINE + SECOND_US);
}

int main(void)
{
    struct CMUnitTest tests[BL_COUNT(cases) + 1];

    for (size_t i = 0; i < BL_COUNT(cases); i++) {
        tests[i] = (struct CMUnitTest){ .name = cases[i].name,
                                        .test_func = test_stamp,
                                        .initial_state = (void *)(uintptr_t)&cases[i] };
    }
    tests[BL_COUNT(cases)] = (struct CMUnitTest)cmocka_unit_test(test_clock_far_back);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
