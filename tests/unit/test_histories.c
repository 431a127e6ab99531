/* Random legal histories of one application, from a printed seed: commands and time as they may
 * come in a hall, decided, folded and packed again. What must hold of every clock after every
 * event: remaining time never grows while it runs, due moments are monotone in suspensions, no card
 * comes twice or before its moment, and a calendar that has not changed moves nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clocks_fixture.h"
#include "deadline/clock.h"

#define HISTORIES 12
#define ACTS 40

static uint64_t seed, random_state;

/* SplitMix64: the next number below `bound`. */
static uint64_t chance(uint64_t bound)
{
    uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % bound;
}

/* What a clock was before an act. */
struct seen {
    bl_time due, now;
    Bl__Clock__Phase phase;
    int32_t remaining;
};

static struct seen look(const Bl__Clock *clock, const struct calendar *calendar, bl_time now)
{
    return (struct seen){ clock->due_at, now, clock->phase,
                          clock_remaining(calendar, now, clock->due_at) };
}

static bool runs(Bl__Clock__Phase phase)
{
    return phase == BL__CLOCK__PHASE__RUNNING || phase == BL__CLOCK__PHASE__WARNED;
}

/* Acts of this history may extend the legal clock, and only that: then it may have more left. */
static void check_clock(struct seen before, struct seen after, bool extends, bool annuls)
{
    if (runs(before.phase) && runs(after.phase) && !extends) {
        assert_true(after.remaining <= before.remaining);
    }
    if (!annuls) {
        assert_true(after.due >= before.due || !runs(before.phase));
    }
    if (before.phase == BL__CLOCK__PHASE__OVERDUE) {
        assert_true(after.phase == BL__CLOCK__PHASE__OVERDUE ||
                    after.phase == BL__CLOCK__PHASE__LATE);
        assert_true(after.due == before.due || annuls);  // an annulled stop moves it back
    }
}

/* Each card of a clock once, and at its exact moment. */
static void check_cards(const struct clocks *clocks)
{
    uint32_t red[2][2] = { { 0 } };

    for (uint32_t i = 0; i < clocks->state->revision; i++) {
        const Bl__Event *event = clocks->events[i];

        assert_true(event->recorded_at == 0 || event->recorded_at >= event->at);
        if (event->what_case == BL__EVENT__WHAT_OVERDUE) {
            const Bl__ClockName *name = event->overdue->clock;

            assert_true(++red[name->whole][name->legal] == 1);
        }
    }
}

static void check_recompute_is_idle(struct clocks *clocks)
{
    struct catalog_version version = { 0 };

    assert_int_equal(catalog_find(clocks->hall.catalog, "clocks", 1, &version, NULL), BL_OK);
    const struct world world = { .now = clocks->hall.now,
                                 .definition = version.definition,
                                 .calendar = version.calendar };
    assert_null(application_recompute(&world, clocks->state, "cn", 2, &clocks->arena));
}

/* One act; what is refused has no effect, and that is legal too. */
static char act(struct clocks *clocks)
{
    static const char *const kinds[] = { "expert_review", "test", "hearing", "judicial_hold" };
    static const char *const lengths[] = { "1WD", "3WD", "8WD", "" };
    uint64_t what = chance(20);

    if (what < 8) {
        clocks_wait(clocks, clocks->hall.now + (bl_time)(1 + chance(60)) * HOUR_US);
        return 'w';
    }
    if (what < 13) {
        (void)clocks_suspend(clocks, kinds[chance(4)], lengths[chance(4)]);
        return 's';
    }
    if (what < 18) {
        (void)clocks_resume(clocks, (uint32_t)chance(4), false);
        return 'r';
    }
    if (what == 18) {
        const Bl__Item *item = clocks_item(clocks);

        return item->n_stops > 0 &&
                       clocks_resume(clocks, 1 + (uint32_t)chance(item->n_stops), true)->refusal ==
                           NULL
                   ? 'x'
                   : 'r';
    }
    return clocks_extend(clocks, clocks->item, "2WD")->refusal == NULL ? 'e' : 'r';
}

/* Stops that count as never begun: by an act, or because nobody asked for the hearing. */
static uint32_t count_annulled(const Bl__Item *item)
{
    uint32_t count = 0;

    for (size_t i = 0; i < item->n_stops; i++) {
        count += item->stops[i]->to == item->stops[i]->from;
    }
    return count;
}

static void play_history(uint32_t number)
{
    static const char *const items[] = { "d5", "d10", "d15", "d20" };
    struct catalog_version version = { 0 };
    struct clocks clocks;

    clocks_open(&clocks, items[chance(4)],
                clocks_time("2026-01-12 10:00") + (bl_time)chance(200) * DAY_US);
    assert_int_equal(catalog_find(clocks.hall.catalog, "clocks", 1, &version, NULL), BL_OK);
    for (uint32_t i = 0; i < ACTS; i++) {
        struct seen before[2], after[2];
        const Bl__Item *item = clocks_item(&clocks);

        uint32_t annulled = count_annulled(item);
        before[0] = look(item->promise, version.calendar, clocks.hall.now);
        before[1] = look(item->legal, version.calendar, clocks.hall.now);
        clocks.hall.now += MINUTE_US;
        char what = act(&clocks);
        clocks_wait(&clocks, clocks.hall.now);
        item = clocks_item(&clocks);
        after[0] = look(item->promise, version.calendar, clocks.hall.now);
        after[1] = look(item->legal, version.calendar, clocks.hall.now);
        bool annuls = what == 'x' || what == 'r' || count_annulled(item) != annulled;
        check_clock(before[0], after[0], what == 's' || what == 'r', annuls);
        check_clock(before[1], after[1], what != 'w', annuls);
        check_cards(&clocks);
        check_recompute_is_idle(&clocks);
    }
    clocks_close(&clocks);  // verifies: the fold of the events is the state
    (void)number;
}

static void test_random_histories(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < HISTORIES; i++) {
        random_state = seed + i;
        print_message("seed %llu\n", (unsigned long long)(seed + i));
        play_history(i);
    }
}

/* The union of stops does not ask in which order they were opened, and one more never makes the due
 * moment earlier. */
static void test_unions_have_no_order(void **state)
{
    struct catalog_version version = { 0 };
    struct clocks clocks;

    (void)state;
    random_state = seed;
    clocks_open(&clocks, "d10", clocks_time("2026-09-14 10:00"));
    assert_int_equal(catalog_find(clocks.hall.catalog, "clocks", 1, &version, NULL), BL_OK);
    for (uint32_t i = 0; i < 2000; i++) {
        struct clock_stop stops[4], turned[4];
        struct clock_question question = { .start = clocks_time("2026-09-14 10:00"),
                                           .limit = { (int32_t)chance(40) + 1, LIMIT_WD } };
        bl_time last = 0;

        for (size_t k = 0; k < 4; k++) {
            stops[k].from = question.start + (bl_time)chance(40 * 24) * HOUR_US;
            stops[k].to = stops[k].from + (bl_time)chance(20 * 24) * HOUR_US;
            stops[k].cap = (struct limit){ 0 };
            question.stops = stops;
            question.stop_count = k + 1;
            bl_time due = clock_due(version.calendar, &question).due;
            assert_true(due >= last);
            last = due;
        }
        size_t first = chance(4);
        for (size_t k = 0; k < 4; k++) {
            turned[k] = stops[(first + 3 * k) % 4];
        }
        question.stops = turned;
        assert_true(clock_due(version.calendar, &question).due == last);
    }
    clocks_close(&clocks);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_histories),
        cmocka_unit_test(test_unions_have_no_order),
    };
    const char *given = getenv("BINGLIAN_SEED");

    seed = given != NULL ? strtoull(given, NULL, 10) : 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
