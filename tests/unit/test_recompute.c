/* A calendar that is published later: every open due moment is counted again, once, in portions
 * that survive a restart, and the applicant can read what was and what is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clocks_fixture.h"

#define P(phase) BL__CLOCK__PHASE__##phase
#define CALENDAR(years)                                                                            \
    "calendar: xx\nutc_offset: \"+08:00\"\n"                                                       \
    "hours: [{from: \"01-01\", to: \"12-31\", day: [\"08:30-12:00\", \"14:00-17:30\"]}]\n"         \
    "fixed: [01-01]\nyears:\n" years

static const char before[] =
    CALENDAR("  2020: {holidays: [01-01, 01-24..01-30], workdays: [01-19, 02-01], source: 通知,"
             " reviewed: true}\n");
static const char after[] =
    CALENDAR("  2020: {holidays: [01-01, 01-24..02-02], workdays: [01-19], source: 通知,"
             " reviewed: true}\n");
static const char again[] =
    CALENDAR("  2020: {holidays: [01-01, 01-24..02-02], workdays: [01-19], source: 又一通知,"
             " reviewed: true}\n");
static const char year_2026[] = CALENDAR("  2026: {holidays: [01-01], workdays: [], source: 通知,"
                                         " reviewed: true}\n");
static const char year_2027[] = CALENDAR("  2026: {holidays: [01-01], workdays: [], source: 通知,"
                                         " reviewed: true}\n"
                                         "  2027: {holidays: [01-01..01-02], workdays: [], source:"
                                         " 通知, reviewed: true}\n");

static uint32_t count_recomputed(const struct clocks *clocks)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < clocks->state->revision; i++) {
        count += clocks->events[i]->what_case == BL__EVENT__WHAT_RECOMPUTED;
    }
    return count;
}

/* Worked example 29. */
static void test_a_holiday_is_extended(void **state)
{
    struct clocks clocks;
    char text[48];

    (void)state;
    clocks_open_on(&clocks, "d10", clocks_time("2020-01-20 10:00"), before);
    assert_string_equal(clocks_text(clocks_item(&clocks)->promise->due_at, text), "2020-02-07");
    uint64_t ended = clocks_submit(&clocks, "d5", 1);
    clocks.item = "d5";
    clocks_look(&clocks, ended);
    assert_null(clocks_decide(&clocks)->refusal);
    clocks.item = "d10";
    clocks_look(&clocks, 1);
    clocks_wait(&clocks, clocks_time("2020-01-27 10:00"));
    clocks_publish(&clocks, after);
    clocks_wait(&clocks, clocks.hall.now);
    assert_string_equal(clocks_text(clocks_item(&clocks)->promise->due_at, text), "2020-02-11");
    assert_string_equal(clocks_text(clocks_item(&clocks)->legal->due_at, text), "2020-02-11");
    const Bl__Event *event = clocks.events[clocks.state->revision - 1];
    assert_int_equal(event->what_case, BL__EVENT__WHAT_RECOMPUTED);
    assert_null(event->actor);
    assert_string_equal(event->recomputed->calendar, "xx");
    assert_int_equal(event->recomputed->n_moves, 4);  // promise and law, of the whole and the item
    const Bl__Recomputed__Move *move = event->recomputed->moves[2];
    assert_false(move->clock->whole);
    assert_string_equal(clocks_text(move->was, text), "2020-02-07");
    assert_string_equal(clocks_text(move->is, text), "2020-02-11");
    clocks_publish(&clocks, again);  // another notice that moves nothing
    clocks_wait(&clocks, clocks.hall.now);
    assert_int_equal(count_recomputed(&clocks), 1);
    clocks_look(&clocks, ended);
    assert_int_equal(count_recomputed(&clocks), 0);
    clocks_close(&clocks);
}

/* What was overdue by the old calendar, and is not by the new one, runs again. */
static void test_what_was_overdue_runs_again(void **state)
{
    struct clocks clocks;
    char text[48];

    (void)state;
    clocks_open_on(&clocks, "d10", clocks_time("2020-01-20 10:00"), before);
    clocks_wait(&clocks, clocks_time("2020-02-10 10:00"));
    assert_int_equal(clocks_item(&clocks)->promise->phase, P(OVERDUE));
    assert_int_not_equal(clocks_item(&clocks)->rung, 0);
    clocks_publish(&clocks, after);
    clocks_wait(&clocks, clocks.hall.now);
    assert_int_equal(clocks_item(&clocks)->promise->phase, P(WARNED));
    assert_int_equal(clocks_item(&clocks)->rung, 0);
    assert_int_equal(clocks_item(&clocks)->rung_at, 0);
    clocks_wait(&clocks, clocks_time("2020-02-11 18:00"));
    assert_int_equal(clocks_item(&clocks)->promise->phase, P(OVERDUE));
    assert_string_equal(clocks_text(clocks_item(&clocks)->promise->due_at, text), "2020-02-11");
    clocks_close(&clocks);
}

/* A stop's announced end is working days too. */
static void test_a_stop_ends_later(void **state)
{
    struct clocks clocks;
    char text[48];

    (void)state;
    clocks_open_on(&clocks, "d10", clocks_time("2020-01-20 10:00"), before);
    clocks_wait(&clocks, clocks_time("2020-01-21 10:00"));
    assert_null(clocks_suspend(&clocks, "expert_review", "5WD")->refusal);
    assert_string_equal(clocks_text(clocks_item(&clocks)->stops[0]->ends_at, text), "2020-02-03");
    clocks_publish(&clocks, after);
    clocks_wait(&clocks, clocks.hall.now);
    assert_string_equal(clocks_text(clocks_item(&clocks)->stops[0]->ends_at, text), "2020-02-05");
    assert_int_equal(clocks_item(&clocks)->promise->phase, P(STANDING));
    clocks_wait(&clocks, clocks_time("2020-02-06 10:00"));
    assert_int_not_equal(clocks_item(&clocks)->stops[0]->to, 0);
    assert_string_equal(clocks_text(clocks_item(&clocks)->promise->due_at, text), "2020-02-18");
    clocks_close(&clocks);
}

static const Bl__Recomputed__Move *move_of(const struct clocks *clocks, Bl__ClockName__Kind kind)
{
    const Bl__Event *event = clocks->events[clocks->state->revision - 1];

    assert_int_equal(event->what_case, BL__EVENT__WHAT_RECOMPUTED);
    for (size_t i = 0; i < event->recomputed->n_moves; i++) {
        if (event->recomputed->moves[i]->clock->kind == kind) {
            return event->recomputed->moves[i];
        }
    }
    fail_msg("it has not moved");
    return NULL;
}

static void consult(struct clocks *clocks)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Consult consult = BL__CONSULT__INIT;

    command.what_case = BL__COMMAND__WHAT_CONSULT;
    command.consult = &consult;
    command.application_id = clocks->id;
    consult.item = clocks->item;
    consult.department = "urban";
    consult.question = "可否";
    consult.limit = "5WD";
    assert_null(clocks_do(clocks, &command)->refusal);
}

static void urge(struct clocks *clocks)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Urge urge = BL__URGE__INIT;

    command.what_case = BL__COMMAND__WHAT_URGE;
    command.urge = &urge;
    command.application_id = clocks->id;
    urge.level = BL__URGING__LEVEL__REMIND;
    urge.item = clocks->item;
    urge.text = "请速办";
    urge.limit = "5WD";
    assert_null(clocks_do(clocks, &command)->refusal);
}

/* What others are asked for in working days moves with them: an opinion, an answer to an urging, a
 * hearing; twice the same notice moves nothing. */
static void test_every_clock_moves(void **state)
{
    struct clocks clocks;
    char text[48];

    (void)state;
    clocks_open_on(&clocks, "d10", clocks_time("2020-01-21 10:00"), before);
    consult(&clocks);
    urge(&clocks);
    assert_null(clocks_suspend(&clocks, "hearing", "")->refusal);
    clocks_publish(&clocks, after);
    clocks_wait(&clocks, clocks.hall.now);
    const Bl__Item *item = clocks_item(&clocks);
    static const Bl__ClockName__Kind kinds[] = { BL__CLOCK_NAME__KIND__OPINION,
                                                 BL__CLOCK_NAME__KIND__REPLY,
                                                 BL__CLOCK_NAME__KIND__ASK };
    for (size_t i = 0; i < BL_COUNT(kinds); i++) {
        assert_string_equal(clocks_text(move_of(&clocks, kinds[i])->was, text), "2020-02-03");
        assert_string_equal(clocks_text(move_of(&clocks, kinds[i])->is, text), "2020-02-05");
    }
    assert_string_equal(clocks_text(item->consultations[0]->limit->due_at, text), "2020-02-05");
    assert_string_equal(clocks_text(item->stops[0]->ask_by, text), "2020-02-05");
    assert_string_equal(clocks_text(clocks.state->urgings[0]->reply_by, text), "2020-02-05");
    clocks_publish(&clocks, again);
    clocks_wait(&clocks, clocks.hall.now);
    assert_int_equal(count_recomputed(&clocks), 1);
    assert_null(clocks_hearing(&clocks, 0, "")->refusal);
    clocks_publish(&clocks, before);  // the notice is taken back
    clocks_wait(&clocks, clocks.hall.now);
    assert_int_equal(count_recomputed(&clocks), 2);
    assert_int_equal(move_of(&clocks, BL__CLOCK_NAME__KIND__HEARING)->is,
                     clocks_item(&clocks)->stops[0]->hold->due_at);
    clocks_close(&clocks);
}

/* A rung that is ahead of what is late already. */
static void test_a_rung_moves(void **state)
{
    struct clocks clocks;
    char text[48];

    (void)state;
    clocks_open_on(&clocks, "slow", clocks_time("2020-01-14 10:00"), before);
    clocks_wait(&clocks, clocks_time("2020-01-22 10:00"));  // due on 01-20; two rungs are climbed
    assert_int_equal(clocks_item(&clocks)->rung, 2);
    assert_string_equal(clocks_text(clocks_item(&clocks)->rung_at, text), "2020-01-23");
    clocks_wait(&clocks, clocks_time("2020-01-23 18:00"));
    assert_string_equal(clocks_text(clocks_item(&clocks)->rung_at, text), "2020-02-01");
    clocks_publish(&clocks, after);
    clocks_wait(&clocks, clocks.hall.now);
    assert_string_equal(clocks_text(clocks_item(&clocks)->rung_at, text), "2020-02-04");
    assert_string_equal(clocks_text(move_of(&clocks, BL__CLOCK_NAME__KIND__RUNG)->was, text),
                        "2020-02-01");
    clocks_close(&clocks);
}

/* A date in a year whose notice is not out is provisional until it is (domain.md 4.8). */
static void test_provisional_until_the_notice(void **state)
{
    struct clocks clocks;

    (void)state;
    clocks_open_on(&clocks, "d20", clocks_time("2026-12-21 10:00"), year_2026);
    assert_true(clocks_item(&clocks)->promise->provisional);
    clocks_publish(&clocks, year_2027);
    clocks_wait(&clocks, clocks.hall.now);
    assert_false(clocks_item(&clocks)->promise->provisional);
    assert_int_equal(count_recomputed(&clocks), 1);
    clocks_close(&clocks);
}

/* More than one portion, with a restart in the middle: each once, and what comes meanwhile is
 * answered and counts by the new calendar. */
static void test_portions_and_a_restart(void **state)
{
    enum { COUNT = 250 };
    struct clocks clocks;
    char text[48];

    (void)state;
    clocks_open_on(&clocks, "d10", clocks_time("2020-01-20 10:00"), before);
    for (uint32_t i = 1; i < COUNT; i++) {
        (void)clocks_submit(&clocks, "d10", i);
    }
    clocks_publish(&clocks, after);
    assert_true(clocks.hall.batch.next_timer <= clocks.hall.now);
    uint64_t late = clocks_submit(&clocks, "d10", COUNT);
    clocks_look(&clocks, late);
    assert_string_equal(clocks_text(clocks_item(&clocks)->promise->due_at, text), "2020-02-11");
    clocks_look(&clocks, COUNT);  // the job has not come so far
    assert_int_equal(count_recomputed(&clocks), 0);
    clocks_look(&clocks, 1);
    assert_int_equal(count_recomputed(&clocks), 1);
    hall_stop(&clocks.hall);
    hall_start(&clocks.hall);
    clocks_wait(&clocks, clocks.hall.now);
    for (uint64_t id = 1; id <= COUNT; id++) {
        clocks_look(&clocks, id);
        assert_string_equal(clocks_text(clocks_item(&clocks)->promise->due_at, text), "2020-02-11");
        assert_int_equal(count_recomputed(&clocks), 1);
    }
    clocks_look(&clocks, late);
    assert_int_equal(count_recomputed(&clocks), 0);
    clocks_close(&clocks);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_holiday_is_extended),
        cmocka_unit_test(test_what_was_overdue_runs_again),
        cmocka_unit_test(test_a_stop_ends_later),
        cmocka_unit_test(test_every_clock_moves),
        cmocka_unit_test(test_a_rung_moves),
        cmocka_unit_test(test_provisional_until_the_notice),
        cmocka_unit_test(test_portions_and_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
