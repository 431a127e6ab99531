/* A hundred thousand deadlines fall due in one second. All are written at their moment, each once,
 * while decisions go on; a restart in the middle loses and repeats nothing, nor does a clock that
 * jumps an hour either way; and a case that cannot be read stops nobody else's.
 *
 * With sanitizers it is a tenth of them and nobody looks at the watch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clocks_fixture.h"
#include "store_fixture.h"

#ifdef __SANITIZE_ADDRESS__
#define COUNT 4000
#define IN_TIME(span, most) ((void)(span))
#else
#define COUNT 100000
#define IN_TIME(span, most) assert_true((span) <= (most))
#endif
#define BATCH 500
#define OTHERS 200  // applications that are decided meanwhile
#define ALL_WITHIN (5 * SECOND_US)
#define DECISION_P99 (50 * MILLISECOND_US)

/* Submits applications of an item, many in a batch; their ids ascend from what is returned. */
static uint64_t submit_many(struct clocks *clocks, const char *item, uint32_t count, uint32_t first)
{
    static struct hall_submission submissions[BATCH];
    static char ids[BATCH][32];
    struct hall_form form = { .count = 0 };
    uint64_t id = 0;

    hall_form_text(&form, "which", item);
    for (uint32_t done = 0; done < count;) {
        struct batch_command *added = NULL;

        batch_reset(&clocks->hall.batch);
        for (uint32_t i = 0; i < BATCH && done < count; i++, done++) {
            (void)snprintf(ids[i], sizeof ids[i], "burst-%u", first + done);
            hall_submission(&submissions[i], "clocks", ids[i], &form);
            added = batch_add(&clocks->hall.batch, &submissions[i].command, &hall_clerk);
        }
        assert_int_equal(hall_run(&clocks->hall), BL_OK);
        assert_non_null(added);
        id =
            clocks->hall.batch.commands[clocks->hall.batch.command_count - 1].answer.application_id;
        assert_int_not_equal(id, 0);
    }
    return id - count + 1;
}

/* One batch with one decision of somebody who waits for it. Returns how long he waited. */
static bl_span decide_one(struct clocks *clocks, uint64_t id)
{
    struct principal fire = hall_worker("fire");
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Decide decide = BL__DECIDE__INIT;
    bl_time begun = bl_time_monotonic();

    command.what_case = BL__COMMAND__WHAT_DECIDE;
    command.decide = &decide;
    command.application_id = id;
    decide.item = "d20";
    decide.result = BL__ITEM__RESULT__GRANTED;
    assert_null(hall_do(&clocks->hall, &fire, &command)->refusal);
    return bl_time_monotonic() - begun;
}

static int compare_spans(const void *a, const void *b)
{
    bl_span left = *(const bl_span *)a, right = *(const bl_span *)b;

    return (left > right) - (left < right);
}

/* What happens to a burst while it is written. */
struct mishaps {
    uint32_t restart;        // after so many batches; 0: never
    uint32_t ahead, behind;  // the clock jumps an hour on, and back: the log's time then stands
};

/* Runs until nothing is due, with a decision in each batch. */
static void run_out(struct clocks *clocks, uint64_t others, const struct mishaps *mishaps)
{
    static bl_span waits[OTHERS];
    uint32_t batches = 0;
    bl_span all = 0;
    bool more = true;

    while (more) {
        assert_true(batches < OTHERS);
        waits[batches] = decide_one(clocks, others + batches);
        all += waits[batches++];
        if (batches == mishaps->restart) {
            hall_stop(&clocks->hall);
            hall_start(&clocks->hall);
        }
        clocks->hall.now += batches == mishaps->ahead ? HOUR_US : 0;
        clocks->hall.now -= batches == mishaps->behind ? HOUR_US : 0;
        more = batches <= mishaps->restart || batches <= mishaps->behind ||
               cycle_next_timer(clocks->hall.cycle) <= clocks->hall.now;
    }
    qsort(waits, batches, sizeof waits[0], compare_spans);
    bl_span worst = waits[(batches * 99 + 99) / 100 - 1];
    print_message("%u deadlines in %.2f s, %u batches, p99 of a decision %.1f ms\n", COUNT,
                  (double)all / SECOND_US, batches, (double)worst / MILLISECOND_US);
    IN_TIME(all, ALL_WITHIN);
    IN_TIME(worst, DECISION_P99);
}

/* Every one of them is red once, at the one moment.
 *   except  0, or one that cannot be read */
static void check_all(struct clocks *clocks, uint64_t first, const char *due, uint64_t except)
{
    char text[48];

    for (uint64_t id = first; id < first + COUNT; id++) {
        uint32_t red = 0;

        if (id == except) {
            continue;
        }
        clocks_look(clocks, id);
        for (uint32_t i = 0; i < clocks->state->revision; i++) {
            const Bl__Event *event = clocks->events[i];

            if (event->what_case == BL__EVENT__WHAT_OVERDUE && !event->overdue->clock->legal) {
                assert_string_equal(clocks_text(event->at, text), due);
                red++;
            }
        }
        assert_int_equal(red, 1);
    }
}

/* Wakes what warns before the moment, so that only red is left for it. */
static void until_yellow(struct clocks *clocks, const char *at)
{
    clocks->hall.now = clocks_time(at);
    do {
        batch_reset(&clocks->hall.batch);
        assert_int_equal(hall_run(&clocks->hall), BL_OK);
    } while (cycle_next_timer(clocks->hall.cycle) <= clocks->hall.now);
}

/* A hall in which they are due at the next moment. Returns the first of them. */
static uint64_t open_burst(struct clocks *clocks, uint64_t *others)
{
    clocks_open(clocks, "slow", clocks_time("2026-11-23 09:00"));
    uint64_t first = submit_many(clocks, "slow", COUNT, 1);

    *others = submit_many(clocks, "d20", OTHERS, COUNT + 1);
    until_yellow(clocks, "2026-11-30 12:00");
    return first;
}

static void test_a_burst(void **state)
{
    const struct mishaps mishaps = { .restart = COUNT / 20000 };  // in the middle
    struct clocks clocks;
    uint64_t others;

    (void)state;
    uint64_t first = open_burst(&clocks, &others);
    clocks.hall.now = clocks_time("2026-11-30 17:30") + 1;
    run_out(&clocks, others, &mishaps);
    check_all(&clocks, first, "2026-11-30", 0);
    clocks_close(&clocks);
}

/* Twice while it is written: an hour on, and an hour back behind the moment itself. */
static void test_a_clock_that_jumps(void **state)
{
    const struct mishaps mishaps = { .ahead = 2, .behind = 4 };
    struct clocks clocks;
    uint64_t others;

    (void)state;
    uint64_t first = open_burst(&clocks, &others);
    clocks.hall.now = clocks_time("2026-11-30 17:30") + 1;
    run_out(&clocks, others, &mishaps);
    clocks.hall.now -= HOUR_US;
    clocks_wait(&clocks, clocks.hall.now);
    until_yellow(&clocks, "2026-11-30 19:30");
    check_all(&clocks, first, "2026-11-30", 0);
    clocks_close(&clocks);
}

/* One whose record is damaged stands among the incidents; the others are written all the same. */
static void test_a_damaged_case(void **state)
{
    const struct mishaps none = { .restart = 0 };
    struct clocks clocks;
    struct raw raw;
    uint64_t others;

    (void)state;
    uint64_t first = open_burst(&clocks, &others);
    hall_stop(&clocks.hall);
    raw_open(&raw, &clocks.hall);
    raw_damage(&raw, TABLE_APPLICATIONS, first - 1 + COUNT / 2);
    raw_close(&raw);
    hall_start(&clocks.hall);
    clocks.hall.now = clocks_time("2026-11-30 17:30") + 1;
    run_out(&clocks, others, &none);
    check_all(&clocks, first, "2026-11-30", first + COUNT / 2);
    assert_true(cycle_next_timer(clocks.hall.cycle) > clocks.hall.now);
    hall_stop(&clocks.hall);
    hall_remove(&clocks.hall);
    bl_arena_free(&clocks.arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_burst),
        cmocka_unit_test(test_a_clock_that_jumps),
        cmocka_unit_test(test_a_damaged_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
