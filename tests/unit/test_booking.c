/* Appointments: slots of a window on any day, taken one by one; nobody's name is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/booking.h"
#include "hall_fixture.h"
#include "store/kind.h"

/* 2026-11-23 09:00 in the hall, a Monday. */
#define MONDAY_NINE INT64_C(1795395600000000)
#define SATURDAY "2026-11-28"

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
static Bl__PlanBookings plan_command;
static Bl__Book book_command;
static Bl__ChangeBooking change_command;
static Bl__Applicant applicant;
static Bl__Slot slots[2], *slot_list[2] = { &slots[0], &slots[1] };

static const struct principal manager = { BL__KEY__ROLE__MANAGER, "manager", "", "" };

static const Bl__Command *plan(uint32_t first_places)
{
    bl__command__init(&command);
    bl__plan_bookings__init(&plan_command);
    bl__slot__init(&slots[0]);
    bl__slot__init(&slots[1]);
    slots[0].from_minute = 9 * 60;
    slots[0].to_minute = 10 * 60;
    slots[0].places = first_places;
    slots[1].from_minute = 10 * 60;
    slots[1].to_minute = 11 * 60;
    slots[1].places = 2;
    plan_command.window = "3 号窗口";
    plan_command.date = SATURDAY;
    plan_command.slots = slot_list;
    plan_command.n_slots = 2;
    command.what_case = BL__COMMAND__WHAT_PLAN_BOOKINGS;
    command.plan_bookings = &plan_command;
    return &command;
}

static const Bl__Command *book(const char *name, const char *from)
{
    bl__command__init(&command);
    bl__book__init(&book_command);
    bl__applicant__init(&applicant);
    applicant.name = name;
    applicant.phone = "13800000000";
    book_command.window = "3 号窗口";
    book_command.date = SATURDAY;
    book_command.from = from;
    book_command.applicant = &applicant;
    command.what_case = BL__COMMAND__WHAT_BOOK;
    command.book = &book_command;
    return &command;
}

static const Bl__Command *change(uint32_t number, Bl__Appointment__State to)
{
    bl__command__init(&command);
    bl__change_booking__init(&change_command);
    change_command.window = "3 号窗口";
    change_command.date = SATURDAY;
    change_command.number = number;
    change_command.state = to;
    command.what_case = BL__COMMAND__WHAT_CHANGE_BOOKING;
    command.change_booking = &change_command;
    return &command;
}

static struct bl_arena arena;

static const Bl__Booking *booking_of(struct hall *hall)
{
    struct store_read *read;
    struct bl_error e = { 0 };
    void *booking = NULL;

    bl_arena_free(&arena);
    bl_arena_init(&arena, 4096, SIZE_MAX);
    assert_int_equal(store_read_begin(hall->store, &read, &e), BL_OK);
    assert_int_equal(kind_read(read, kind_find(BL__AGGREGATE__BOOKING), 1, &arena, &booking, &e),
                     BL_OK);
    store_read_end(&read);
    return booking;
}

#define A(state) BL__APPOINTMENT__STATE__##state

static void test_nothing_is_planned(void **state)
{
    struct hall *hall = *state;

    assert_string_equal(hall_do(hall, &hall_clerk, book("张三", "09:00"))->refusal->rule,
                        "booking-unknown");
    assert_string_equal(hall_do(hall, &hall_clerk, change(1, A(ARRIVED)))->refusal->rule,
                        "appointment-unknown");
    assert_string_equal(hall_do(hall, &hall_clerk, plan(1))->refusal->rule, "role-may-not");
}

static void test_a_full_slot_names_the_next(void **state)
{
    struct hall *hall = *state;

    assert_null(hall_do(hall, &manager, plan(1))->refusal);
    assert_int_equal(hall_do(hall, &hall_clerk, book("张三", "09:00"))->id, 1);
    assert_string_equal(hall_do(hall, &hall_clerk, book("张三", "09:00"))->refusal->rule,
                        "booking-twice");
    const Bl__Answer *answer = hall_do(hall, &hall_clerk, book("李四", "09:00"));
    assert_string_equal(answer->refusal->rule, "booking-full");
    assert_string_equal(answer->refusal->arguments[0]->value, "10:00");
    assert_int_equal(hall_do(hall, &hall_clerk, book("李四", "10:00"))->id, 2);
    assert_int_equal(booking_free(booking_of(hall)->slots[0]), 0);
    assert_int_equal(booking_free(booking_of(hall)->slots[1]), 1);
}

/* A full day names the first free slot of a following one, as far as the hall plans. */
static void test_a_full_day_names_a_later_one(void **state)
{
    struct hall *hall = *state;

    assert_null(hall_do(hall, &manager, plan(1))->refusal);
    assert_int_equal(hall_do(hall, &hall_clerk, book("张三", "09:00"))->id, 1);
    assert_int_equal(hall_do(hall, &hall_clerk, book("张三", "10:00"))->id, 2);
    assert_int_equal(hall_do(hall, &hall_clerk, book("王五", "10:00"))->id, 3);
    const Bl__Answer *answer = hall_do(hall, &hall_clerk, book("李四", "09:00"));
    assert_string_equal(answer->refusal->rule, "booking-full");
    assert_int_equal(answer->refusal->n_arguments, 0);
    (void)plan(1);
    plan_command.date = "2026-12-08";
    assert_null(hall_do(hall, &manager, &command)->refusal);
    answer = hall_do(hall, &hall_clerk, book("李四", "10:00"));
    assert_string_equal(answer->refusal->arguments[0]->value, "2026-12-08 09:00");
}

static void test_planned_and_booked_in_one_batch(void **state)
{
    struct hall *hall = *state;

    batch_reset(&hall->batch);
    struct batch_command *planned = batch_add(&hall->batch, plan(1), &manager);
    Bl__Command first = command;
    planned->command = &first;
    struct batch_command *booked = batch_add(&hall->batch, book("张三", "09:00"), &hall_clerk);
    assert_int_equal(hall_run(hall), BL_OK);
    assert_null(planned->answer.refusal);
    assert_null(booked->answer.refusal);
    assert_int_equal(booking_of(hall)->revision, 2);
}

static void test_who_comes_is_a_hash(void **state)
{
    struct hall *hall = *state;

    assert_null(hall_do(hall, &manager, plan(2))->refusal);
    assert_null(hall_do(hall, &hall_clerk, book("张三", "09:00"))->refusal);
    assert_null(hall_do(hall, &hall_clerk, book("李四", "09:00"))->refusal);
    const Bl__Slot *slot = booking_of(hall)->slots[0];
    assert_int_equal(strlen(slot->appointments[0]->applicant), 2 * BOOKING_HASH_BYTES);
    assert_string_not_equal(slot->appointments[0]->applicant, slot->appointments[1]->applicant);
}

/* A place that is given back is free again; each end is one. */
static void test_each_state_of_an_appointment(void **state)
{
    static const Bl__Appointment__State ends[] = { A(ARRIVED), A(CANCELLED), A(MISSED) };
    struct hall *hall = *state;

    assert_null(hall_do(hall, &manager, plan(3))->refusal);
    for (uint32_t i = 0; i < 3; i++) {
        static const char *const names[] = { "张三", "李四", "王五" };

        assert_null(hall_do(hall, &hall_clerk, book(names[i], "09:00"))->refusal);
    }
    assert_string_equal(hall_do(hall, &hall_clerk, change(3, A(MISSED)))->refusal->rule,
                        "appointment-early");
    assert_string_equal(hall_do(hall, &hall_clerk, change(3, A(BOOKED)))->refusal->rule,
                        "appointment-state");
    hall->now = MONDAY_NINE + 5 * DAY_US + 30 * MINUTE_US;  // in the slot
    for (uint32_t i = 0; i < 3; i++) {
        assert_null(hall_do(hall, &hall_clerk, change(i + 1, ends[i]))->refusal);
        for (size_t k = 0; k < BL_COUNT(ends); k++) {
            assert_string_equal(hall_do(hall, &hall_clerk, change(i + 1, ends[k]))->refusal->rule,
                                "appointment-over");
        }
    }
    assert_int_equal(booking_free(booking_of(hall)->slots[0]), 2);
    assert_int_equal(hall_do(hall, &hall_clerk, book("赵六", "09:00"))->id, 4);
    hall->now += HOUR_US;
    assert_string_equal(hall_do(hall, &hall_clerk, book("钱七", "09:00"))->refusal->rule,
                        "booking-past");
}

static void test_a_plan_grows_and_keeps_what_is_taken(void **state)
{
    struct hall *hall = *state;

    assert_null(hall_do(hall, &manager, plan(2))->refusal);
    assert_null(hall_do(hall, &hall_clerk, book("张三", "09:00"))->refusal);
    (void)plan(1);
    plan_command.slots = &slot_list[1];
    plan_command.n_slots = 1;
    assert_string_equal(hall_do(hall, &manager, &command)->refusal->rule, "booking-taken");
    assert_null(hall_do(hall, &manager, plan(5))->refusal);
    assert_int_equal(booking_free(booking_of(hall)->slots[0]), 4);
    (void)plan(1);
    slots[1].from_minute = 9 * 60 + 30;
    assert_string_equal(hall_do(hall, &manager, &command)->refusal->rule, "booking-slots");
    (void)plan(1);
    plan_command.date = "2026-11-22";
    assert_string_equal(hall_do(hall, &manager, &command)->refusal->rule, "booking-past");
    (void)plan(1);
    plan_command.window = "一个长得不能做键的窗口名称啊";
    assert_null(hall_do(hall, &manager, &command)->refusal);
    plan_command.window = "一个比十五个字还要长得多的窗口名称";
    assert_string_equal(hall_do(hall, &manager, &command)->refusal->rule, "booking-window");
}

static void test_modes(void **state)
{
    struct hall *hall = *state;

    assert_null(hall_do(hall, &manager, plan(9))->refusal);
    (void)book("张三", "09:00");
    book_command.mode = BL__APPLICATION__SERVICE_MODE__ONLINE;
    assert_string_equal(hall_do(hall, &hall_clerk, &command)->refusal->rule, "booking-mode");
    book_command.mode = BL__APPLICATION__SERVICE_MODE__DOOR_TO_DOOR;
    assert_null(hall_do(hall, &hall_clerk, &command)->refusal);
    assert_int_equal(booking_of(hall)->slots[0]->appointments[0]->mode,
                     BL__APPLICATION__SERVICE_MODE__DOOR_TO_DOOR);
    (void)book("", "09:00");
    assert_string_equal(hall_do(hall, &hall_clerk, &command)->refusal->rule, "applicant-required");
    (void)book("李四", "9 点");
    assert_string_equal(hall_do(hall, &hall_clerk, &command)->refusal->rule, "booking-time");
    (void)book("李四", "09:10");
    assert_string_equal(hall_do(hall, &hall_clerk, &command)->refusal->rule,
                        "booking-slot-unknown");
}

/* That a window opens on a Saturday makes no working day of it. */
static void test_a_saturday_stays_a_day_off(void **state)
{
    struct hall *hall = *state;
    const struct calendar *calendar = catalog_hall_calendar(hall->catalog);

    assert_null(hall_do(hall, &manager, plan(1))->refusal);
    assert_false(calendar_is_workday(calendar, booking_of(hall)->day));
    assert_int_equal(cycle_next_timer(hall->cycle), BL_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_is_planned, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_full_slot_names_the_next, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_full_day_names_a_later_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_planned_and_booked_in_one_batch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_comes_is_a_hash, setup, teardown),
        cmocka_unit_test_setup_teardown(test_each_state_of_an_appointment, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_plan_grows_and_keeps_what_is_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_modes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_saturday_stays_a_day_off, setup, teardown),
    };

    return cmocka_run_group_tests_name("booking", tests, NULL, NULL);
}
