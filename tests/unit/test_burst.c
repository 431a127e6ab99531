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

/* Runs until nothing is due, with a decision in each batch and a restart after `restart` batches.
 */
static void run_out(struct clocks *clocks, uint64_t others, uint32_t restart)
{
    static bl_span waits[OTHERS];
    uint32_t batches = 0;
    bl_span all = 0;

    do {
        assert_true(batches < OTHERS);
        waits[batches] = decide_one(clocks, others + batches);
        all += waits[batches++];
        if (batches == restart) {
            hall_stop(&clocks->hall);
            hall_start(&clocks->hall);
        }
    } while (restart > batches || cycle_next_timer(clocks->hall.cycle) <= clocks->hall.now);
    qsort(waits, batches, sizeof waits[0], compare_spans);
    bl_span worst = waits[(batches * 99 + 99) / 100 - 1];
    print_message("%u deadlines in %.2f s, %u batches, p99 of a decision %.1f ms\n", COUNT,
                  (double)all / SECOND_US, batches, (double)worst / MILLISECOND_US);
    IN_TIME(all, ALL_WITHIN);
    IN_TIME(worst, DECISION_P99);
}

/* Every one of them is red once, at the one moment. */
static void check_all(struct clocks *clocks, uint64_t first, const char *due)
{
    char text[48];

    for (uint64_t id = first; id < first + COUNT; id += COUNT / 1000) {
        uint32_t red = 0;

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

static void test_a_burst(void **state)
{
    struct clocks clocks;

    (void)state;
    clocks_open(&clocks, "slow", clocks_time("2026-11-23 09:00"));
    uint64_t first = submit_many(&clocks, "slow", COUNT, 1);
    uint64_t others = submit_many(&clocks, "d20", OTHERS, COUNT + 1);
    until_yellow(&clocks, "2026-11-30 12:00");
    clocks.hall.now = clocks_time("2026-11-30 17:30") + 1;
    run_out(&clocks, others, COUNT / 20000);  // the restart is in the middle
    check_all(&clocks, first, "2026-11-30");
    clocks.hall.now -= HOUR_US;  // back: the log's time stands still
    clocks_wait(&clocks, clocks.hall.now);
    clocks.hall.now += 2 * HOUR_US;
    until_yellow(&clocks, "2026-11-30 19:30");
    check_all(&clocks, first, "2026-11-30");
    clocks_close(&clocks);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_burst),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
