/* How a due moment came about, day by day, and what is shown of a clock that stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clocks_fixture.h"
#include "store/query.h"

static const struct principal supervisor = { .role = BL__KEY__ROLE__SUPERVISOR, .name = "s" };

static const Bl__QueryAnswer *ask(struct clocks *clocks, const Bl__Query *query)
{
    struct query_context context = { clocks->hall.store, clocks->hall.catalog, 0 };
    Bl__QueryAnswer *answer = bl_arena_new(&clocks->arena, Bl__QueryAnswer);
    struct bl_error e = { 0 };

    bl__query_answer__init(answer);
    assert_int_equal(
        query_answer(&context, query, &supervisor, clocks->hall.now, &clocks->arena, answer, &e),
        BL_OK);
    return answer;
}

static const Bl__QueryAnswer *why(struct clocks *clocks, const char *item, bool legal)
{
    Bl__Query query = BL__QUERY__INIT;
    Bl__GetWhy what = BL__GET_WHY__INIT;
    Bl__ClockName name = BL__CLOCK_NAME__INIT;

    name.legal = legal;
    what.number = clocks->state->number;
    what.item = item;
    what.clock = &name;
    query.what_case = BL__QUERY__WHAT_WHY;
    query.why = &what;
    return ask(clocks, &query);
}

static const Bl__WhyView *day_of(const struct clocks *clocks, const Bl__QueryAnswer *answer,
                                 const char *day)
{
    char text[48];

    (void)clocks;
    for (size_t i = 0; i < answer->n_why; i++) {
        if (strncmp(clocks_text(answer->why[i]->day, text), day, 10) == 0) {
            return answer->why[i];
        }
    }
    fail_msg("%s is not there", day);
    return NULL;
}

/* Worked example 13, day by day. */
static void test_day_by_day(void **state)
{
    static const struct {
        const char *day, *reason;
        uint32_t count;
    } days[] = {
        { "2026-09-14", "day-zero", 0 }, { "2026-09-15", "counted", 1 },
        { "2026-09-18", "counted", 4 },  { "2026-09-19", "weekend", 0 },
        { "2026-09-20", "stopped", 0 },  { "2026-09-25", "holiday", 0 },
        { "2026-10-12", "stopped", 0 },  { "2026-10-13", "counted", 5 },
        { "2026-10-20", "due", 10 },
    };
    struct clocks clocks;

    (void)state;
    clocks_open(&clocks, "d10", clocks_time("2026-09-14 10:00"));
    clocks_wait(&clocks, clocks_time("2026-09-18 10:00"));
    assert_null(clocks_suspend(&clocks, "expert_review", "")->refusal);
    clocks_wait(&clocks, clocks_time("2026-10-12 10:00"));
    assert_null(clocks_resume(&clocks, 0, false)->refusal);
    const Bl__QueryAnswer *answer = why(&clocks, "d10", true);
    assert_null(answer->refusal);
    assert_int_equal(answer->n_why, 37);
    for (size_t i = 0; i < BL_COUNT(days); i++) {
        const Bl__WhyView *day = day_of(&clocks, answer, days[i].day);

        assert_string_equal(day->reason, days[i].reason);
        assert_int_equal(day->count, days[i].count);
    }
    assert_string_equal(day_of(&clocks, answer, "2026-09-21")->detail, "expert_review");
    assert_string_equal(why(&clocks, "nothing", false)->refusal->rule, "item-unknown");
    assert_string_equal(why(&clocks, "d5", false)->refusal->rule, "clock-unknown");
    clocks_close(&clocks);
}

/* Two countdowns: the case stands with what is left of it, the stop runs. */
static void test_two_countdowns(void **state)
{
    Bl__Query query = BL__QUERY__INIT;
    Bl__GetApplication what = BL__GET_APPLICATION__INIT;
    struct clocks clocks;
    char text[48];

    (void)state;
    clocks_open(&clocks, "d15", clocks_time("2026-03-02 10:00"));
    clocks_wait(&clocks, clocks_time("2026-03-09 10:00"));
    assert_null(clocks_suspend(&clocks, "expert_review", "10WD")->refusal);
    clocks_wait(&clocks, clocks_time("2026-03-16 10:00"));
    what.number = clocks.state->number;
    query.what_case = BL__QUERY__WHAT_APPLICATION;
    query.application = &what;
    const Bl__ApplicationView *view = ask(&clocks, &query)->applications[0];
    const Bl__ItemView *item = view->items[application_item_find(clocks.state, clocks.item)];
    assert_true(item->promise->standing);
    assert_true(view->promise->standing);
    assert_false(item->promise->overdue);
    assert_string_equal(clocks_text(item->promise->stands_until, text), "2026-03-23");
    assert_int_equal(item->promise->remaining_days, 10);
    assert_int_equal(item->n_stops, 1);
    assert_int_equal(item->stops[0]->remaining_days, 5);
    assert_string_equal(item->stops[0]->title->zh, "专家评审");
    assert_int_equal(item->light, BL__LIGHT__BLUE);
    clocks_close(&clocks);
}

/* Eight days of a promise of five, still open and then decided; in time, nobody is blamed. */
static void test_whose_time_it_was(void **state)
{
    Bl__Query query = BL__QUERY__INIT;
    Bl__GetApplication what = BL__GET_APPLICATION__INIT;
    struct clocks clocks;

    (void)state;
    clocks_open(&clocks, "d5", clocks_time("2026-03-02 10:00"));
    query.what_case = BL__QUERY__WHAT_APPLICATION;
    query.application = &what;
    clocks_wait(&clocks, clocks_time("2026-03-09 10:00"));
    what.number = clocks.state->number;
    assert_int_equal(ask(&clocks, &query)->applications[0]->n_delays, 0);
    clocks_wait(&clocks, clocks_time("2026-03-12 10:00"));
    for (size_t i = 0; i < 2; i++) {
        what.number = clocks.state->number;
        const Bl__ApplicationView *view = ask(&clocks, &query)->applications[0];

        assert_int_equal(view->n_delays, 1);
        assert_string_equal(view->delays[0]->whose, "fire");
        assert_string_equal(view->delays[0]->item, "d5");
        assert_int_equal((int)view->delays[0]->days, 8);
        assert_int_equal(view->delays[0]->over, 3);
        if (i == 0) {
            assert_string_equal(view->next->what, "decide");
            assert_null(clocks_decide(&clocks)->refusal);
        }
    }
    clocks_close(&clocks);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_day_by_day),
        cmocka_unit_test(test_two_countdowns),
        cmocka_unit_test(test_whose_time_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
