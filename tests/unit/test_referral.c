/* 首问负责制: a referral is open until it is handed over; its limit runs out at its exact moment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/referral.h"
#include "hall_fixture.h"
#include "store/kind.h"

/* 2026-11-23 09:00 in the hall, a Monday; one working day later at the close of business. */
#define MONDAY_NINE INT64_C(1795395600000000)
#define TUESDAY_CLOSE (MONDAY_NINE + DAY_US + 8 * HOUR_US + 30 * MINUTE_US)

static int setup(void **state)
{
    struct hall *hall = calloc(1, sizeof *hall);

    hall_open(hall, MONDAY_NINE);
    *state = hall;
    return 0;
}

static int teardown(void **state)
{
    hall_close(*state);
    free(*state);
    return 0;
}

static Bl__Command command;
static Bl__Refer refer_command;
static Bl__HandOver hand_over_command;

static const Bl__Command *refer(void)
{
    bl__command__init(&command);
    bl__refer__init(&refer_command);
    refer_command.asked_post = "hall-03";
    refer_command.to_department = "fire";
    refer_command.to_post = "fire-01";
    refer_command.subject = "询问消防检查手续";
    command.what_case = BL__COMMAND__WHAT_REFER;
    command.refer = &refer_command;
    return &command;
}

static const Bl__Command *hand_over(uint64_t id)
{
    bl__command__init(&command);
    bl__hand_over__init(&hand_over_command);
    hand_over_command.referral = id;
    hand_over_command.text = "已接待";
    command.what_case = BL__COMMAND__WHAT_HAND_OVER;
    command.hand_over = &hand_over_command;
    return &command;
}

static struct bl_arena arena;

static const Bl__Referral *referral_of(struct hall *hall)
{
    struct store_read *read;
    struct bl_error e = { 0 };
    void *referral = NULL;

    bl_arena_free(&arena);
    bl_arena_init(&arena, 4096, SIZE_MAX);
    assert_int_equal(store_read_begin(hall->store, &read, &e), BL_OK);
    assert_int_equal(kind_read(read, kind_find(BL__AGGREGATE__REFERRAL), 1, &arena, &referral, &e),
                     BL_OK);
    store_read_end(&read);
    return referral;
}

static void run_at(struct hall *hall, bl_time now)
{
    hall->now = now;
    batch_reset(&hall->batch);
    assert_int_equal(hall_run(hall), BL_OK);
}

/* none, open, handed over × refer, hand over */
static void test_each_state(void **state)
{
    struct hall *hall = *state;

    assert_string_equal(hall_do(hall, &hall_clerk, hand_over(1))->refusal->rule,
                        "referral-unknown");
    assert_int_equal(hall_do(hall, &hall_clerk, refer())->id, 1);
    assert_int_equal(hall_do(hall, &hall_clerk, refer())->id, 2);
    assert_null(hall_do(hall, &hall_clerk, hand_over(1))->refusal);
    assert_string_equal(hall_do(hall, &hall_clerk, hand_over(1))->refusal->rule, "referral-handed");
    assert_int_equal(hall_do(hall, &hall_clerk, refer())->id, 3);
}

static void test_what_is_missing_is_refused(void **state)
{
    struct hall *hall = *state;

    (void)refer();
    refer_command.to_department = "nobody";
    assert_string_equal(hall_do(hall, &hall_clerk, &command)->refusal->rule, "department-unknown");
    (void)refer();
    refer_command.subject = "";
    assert_string_equal(hall_do(hall, &hall_clerk, &command)->refusal->rule, "referral-subject");
    (void)refer();
    refer_command.asked_post = "";
    assert_string_equal(hall_do(hall, &hall_clerk, &command)->refusal->rule, "referral-post");
    (void)refer();
    refer_command.limit = "soon";
    assert_string_equal(hall_do(hall, &hall_clerk, &command)->refusal->rule, "limit-malformed");
}

static void test_only_the_department_takes_over(void **state)
{
    struct hall *hall = *state;
    struct principal tax = hall_worker("tax"), fire = hall_worker("fire");

    assert_null(hall_do(hall, &hall_clerk, refer())->refusal);
    const Bl__Answer *answer = hall_do(hall, &tax, hand_over(1));
    assert_string_equal(answer->refusal->rule, "other-department");
    assert_string_equal(answer->refusal->who_may, "fire");
    assert_null(hall_do(hall, &fire, hand_over(1))->refusal);
    assert_int_equal(referral_of(hall)->handed_at, hall->batch.time);
    assert_int_equal(cycle_next_timer(hall->cycle), BL_NEVER);
}

static void test_the_limit_runs_out_at_its_moment(void **state)
{
    struct hall *hall = *state;

    assert_null(hall_do(hall, &hall_clerk, refer())->refusal);
    assert_int_equal(referral_of(hall)->limit->due_at, TUESDAY_CLOSE);
    run_at(hall, TUESDAY_CLOSE);
    assert_int_equal(referral_of(hall)->limit->phase, BL__CLOCK__PHASE__WARNED);
    run_at(hall, TUESDAY_CLOSE + HOUR_US);
    assert_int_equal(referral_of(hall)->limit->phase, BL__CLOCK__PHASE__OVERDUE);
    assert_int_equal(referral_light(referral_of(hall), hall->now), BL__LIGHT__RED);
    assert_null(hall_do(hall, &hall_clerk, hand_over(1))->refusal);
    assert_int_equal(referral_of(hall)->limit->phase, BL__CLOCK__PHASE__LATE);
    assert_int_equal(referral_light(referral_of(hall), hall->now), BL__LIGHT__GREY);
}

/* A repeated request finds the same referral, also after a restart. */
static void test_a_request_is_done_once(void **state)
{
    struct hall *hall = *state;

    (void)refer();
    command.request_id = "r-1";
    assert_int_equal(hall_do(hall, &hall_clerk, &command)->id, 1);
    hall_stop(hall);
    hall_start(hall);
    (void)refer();
    command.request_id = "r-1";
    const Bl__Answer *again = hall_do(hall, &hall_clerk, &command);
    assert_true(again->repeated);
    assert_int_equal(again->id, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_state, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_missing_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_the_department_takes_over, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_limit_runs_out_at_its_moment, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_request_is_done_once, setup, teardown),
    };

    return cmocka_run_group_tests_name("referral", tests, NULL, NULL);
}
