/* Dispatch: who gets which task, under which attempt, and what becomes of it. A small inbox stands
 * in for the store; every grant and revocation is recorded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/dispatch.h"
#include "wire/attempt.h"

#define ROWS_MAX 40000
#define GRANTS_MAX 100000
#define START 7
#define NOW (INT64_C(1000) * SECOND_US)

struct row {
    struct backlog_row row;
    char department[BACKLOG_ID_BYTES];
    bool open;
};

static struct {
    struct row rows[ROWS_MAX];
    size_t row_count;
    struct dispatch_grant grants[GRANTS_MAX];
    size_t grant_count;
    uint64_t revoked;  // the last one
    size_t revoked_count;
    size_t scanned;           // rows
    size_t bodies;            // that were made and not freed
    enum dispatch_sent sent;  // what the next sends say
    struct dispatch *dispatch;
} world;

static bool is_of(const struct row *row, const char *department)
{
    return row->open && strcmp(row->department, department) == 0;
}

/* Rows are kept in the order of their keys by those tests that let the inbox be read. */
static size_t scan(void *context, const char *department, struct edf_key from,
                   struct backlog_row *rows, size_t capacity)
{
    size_t count = 0;

    (void)context;
    for (size_t i = 0; i < world.row_count && count < capacity; i++) {
        if (is_of(&world.rows[i], department) && !edf_before(world.rows[i].row.key, from)) {
            rows[count++] = world.rows[i].row;
        }
    }
    world.scanned += count;
    return count;
}

/* Tasks are named "APPLICATION.ITEM" here. */
static bool find(void *context, const char *department, const char *task, struct backlog_row *row)
{
    unsigned long long application = 0;
    char item[BACKLOG_ID_BYTES] = "";

    (void)context;
    assert_int_equal(sscanf(task, "%llu.%63s", &application, item), 2);
    for (size_t i = 0; i < world.row_count; i++) {
        if (is_of(&world.rows[i], department) && world.rows[i].row.key.application == application &&
            strcmp(world.rows[i].row.item, item) == 0) {
            *row = world.rows[i].row;
            return true;
        }
    }
    return false;
}

static enum dispatch_sent send(void *context, const struct dispatch_grant *grant)
{
    (void)context;
    if (world.sent == DISPATCH_SENT) {
        assert_true(world.grant_count < GRANTS_MAX);
        world.grants[world.grant_count++] = *grant;
    }
    return world.sent;
}

static void revoke(void *context, uint64_t worker, uint64_t attempt)
{
    (void)context;
    (void)worker;
    world.revoked = attempt;
    world.revoked_count++;
}

static void forget(void *context, void *body)
{
    (void)context;
    world.bodies--;
    free(body);
}

static void *make_body(void)
{
    world.bodies++;
    return malloc(1);
}

static int set_up(void **state)
{
    const struct dispatch_port port = { NULL, scan, find, send, forget, revoke };

    (void)state;
    world.row_count = world.grant_count = world.revoked_count = world.scanned = 0;
    world.bodies = 0;
    world.sent = DISPATCH_SENT;
    world.dispatch = dispatch_new(START, &port);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dispatch_free(&world.dispatch);
    assert_null(world.dispatch);
    assert_int_equal(world.bodies, 0);
    return 0;
}

/* --- what happens ------------------------------------------------------------------------------
 */

static void join(uint64_t worker, const char *department, uint32_t credit, const char *item)
{
    dispatch_join(world.dispatch, worker, department, &item, item == NULL ? 0 : 1, credit);
}

static struct row *store(const char *department, uint64_t application, const char *item,
                         bl_time due)
{
    struct row *row = &world.rows[world.row_count++];

    assert_true(world.row_count <= ROWS_MAX);
    *row = (struct row){ .row.key = { due, application, 0 }, .open = true };
    (void)snprintf(row->department, sizeof row->department, "%s", department);
    (void)snprintf(row->row.item, sizeof row->row.item, "%s", item);
    return row;
}

/* A batch has made it ready: it is in the store, and dispatch is told. */
static void ready(const char *department, uint64_t application, const char *item, bl_time due)
{
    store(department, application, item, due);
    dispatch_ready(world.dispatch, department, item, (struct edf_key){ due, application, 0 }, 0,
                   NULL, NOW);
}

static void run_at(bl_time now)
{
    while (dispatch_run(world.dispatch, now)) {
    }
    dispatch_check(world.dispatch);
}

static void run(void)
{
    run_at(NOW);
}

static const struct dispatch_grant *grant(size_t index)
{
    assert_true(index < world.grant_count);
    return &world.grants[index];
}

static void assert_granted(size_t index, uint64_t worker, uint64_t application)
{
    assert_int_equal(grant(index)->worker, worker);
    assert_int_equal(grant(index)->application, application);
}

static void close_row(uint64_t application)
{
    for (size_t i = 0; i < world.row_count; i++) {
        if (world.rows[i].row.key.application == application) {
            world.rows[i].open = false;
        }
    }
}

/* The decision of a grant goes through a batch to the end. */
static void decide(size_t index)
{
    const struct dispatch_grant own = *grant(index);
    const struct task *task = dispatch_decide(world.dispatch, own.worker, own.attempt);

    assert_non_null(task);
    close_row(own.application);
    dispatch_gone(world.dispatch, own.application, own.item);
    dispatch_settle(world.dispatch, own.attempt, OUTCOME_DONE, NOW);
}

static bool is_stale(size_t index)
{
    return dispatch_decide(world.dispatch, grant(index)->worker, grant(index)->attempt) == NULL;
}

/* --- handing out -------------------------------------------------------------------------------
 */

static void earliest_deadline_goes_first(void **state)
{
    (void)state;
    join(1, "fire", 1, NULL);
    ready("fire", 11, "a", 300);
    ready("fire", 12, "b", 100);
    ready("fire", 13, "a", 200);
    for (size_t i = 0; i < 3; i++) {
        run();
        assert_int_equal(world.grant_count, i + 1);
        decide(i);
    }
    assert_granted(0, 1, 12);
    assert_granted(1, 1, 13);
    assert_granted(2, 1, 11);
}

static void never_more_than_credit(void **state)
{
    (void)state;
    join(1, "fire", 2, NULL);
    for (uint64_t i = 1; i <= 5; i++) {
        ready("fire", i, "a", 100);
    }
    run();
    assert_int_equal(world.grant_count, 2);
    assert_int_equal(dispatch_held(world.dispatch, 1), 2);
    decide(0);
    run();
    assert_int_equal(world.grant_count, 3);
}

static void attempts_carry_the_start(void **state)
{
    (void)state;
    join(1, "fire", 2, NULL);
    ready("fire", 1, "a", 1);
    ready("fire", 2, "a", 2);
    run();
    assert_int_equal(grant(0)->attempt, (uint64_t)START << 32 | 1);
    assert_int_equal(grant(1)->attempt, (uint64_t)START << 32 | 2);
}

static void workers_take_turns(void **state)
{
    (void)state;
    join(1, "fire", 10, NULL);
    join(2, "fire", 10, NULL);
    for (uint64_t i = 1; i <= 6; i++) {
        ready("fire", i, "a", (bl_time)i);
    }
    run();
    assert_int_equal(dispatch_held(world.dispatch, 1), 3);
    assert_int_equal(dispatch_held(world.dispatch, 2), 3);
}

static void workers_get_only_the_items_they_serve(void **state)
{
    (void)state;
    join(1, "fire", 10, "visit");
    ready("fire", 1, "review", 1);
    ready("fire", 2, "visit", 2);
    run();
    assert_int_equal(world.grant_count, 1);
    assert_granted(0, 1, 2);
    join(2, "fire", 10, NULL);
    run();
    assert_granted(1, 2, 1);
}

static void departments_do_not_share_workers(void **state)
{
    (void)state;
    join(1, "fire", 10, NULL);
    join(2, "tax", 10, NULL);
    ready("tax", 1, "a", 1);
    run();
    assert_int_equal(world.grant_count, 1);
    assert_granted(0, 2, 1);
}

static void a_stopped_department_slows_nobody(void **state)
{
    (void)state;
    join(1, "stopped", 1, NULL);
    join(2, "tax", 1, NULL);
    run();  // both inboxes are empty
    for (uint64_t i = 1; i <= 3 * BACKLOG_READY_MAX; i++) {
        dispatch_ready(world.dispatch, "stopped", "a", (struct edf_key){ (bl_time)i, i, 0 }, 0,
                       NULL, NOW);
    }
    ready("tax", 100000, "a", INT64_C(1) << 40);
    run();
    assert_int_equal(world.grant_count, 2);
    assert_int_equal(dispatch_held(world.dispatch, 2), 1);
}

static void nothing_is_kept_for_a_department_without_workers(void **state)
{
    (void)state;
    ready("fire", 1, "a", 1);
    run();
    join(1, "fire", 1, NULL);
    run();
    assert_granted(0, 1, 1);
    assert_true(world.scanned > 0);
}

static void a_delayed_task_becomes_ready(void **state)
{
    (void)state;
    join(1, "fire", 1, NULL);
    run();  // the inbox is empty: all is known
    dispatch_ready(world.dispatch, "fire", "a", (struct edf_key){ 1, 1, 0 }, NOW + SECOND_US, NULL,
                   NOW);
    run_at(NOW + SECOND_US - 1);
    assert_int_equal(world.grant_count, 0);
    assert_int_equal(dispatch_next(world.dispatch), NOW + SECOND_US);
    run_at(NOW + SECOND_US);
    assert_granted(0, 1, 1);
}

static void a_hint_lives_for_one_round(void **state)
{
    int here = 0;

    (void)state;
    join(1, "fire", 1, NULL);
    run();
    dispatch_ready(world.dispatch, "fire", "a", (struct edf_key){ 1, 1, 0 }, 0, &here, NOW);
    dispatch_ready(world.dispatch, "fire", "a", (struct edf_key){ 2, 2, 0 }, 0, &here, NOW);
    run();
    assert_ptr_equal(grant(0)->hint, &here);
    dispatch_round(world.dispatch);
    decide(0);
    run();
    assert_null(grant(1)->hint);
}

static void what_waits_keeps_its_body(void **state)
{
    int here = 0;

    (void)state;
    join(1, "fire", 1, NULL);
    run();
    for (uint64_t i = 1; i <= 3; i++) {
        dispatch_ready(world.dispatch, "fire", "a", (struct edf_key){ (bl_time)i, i, 0 }, 0, &here,
                       NOW);
    }
    run();
    assert_false(dispatch_wants_body(world.dispatch, 1, 0));  // it is with its worker
    assert_true(dispatch_wants_body(world.dispatch, 2, 0));
    void *body = make_body();

    dispatch_keep(world.dispatch, 2, 0, body);
    assert_false(dispatch_wants_body(world.dispatch, 2, 0));
    dispatch_keep(world.dispatch, 3, 0, make_body());
    dispatch_round(world.dispatch);
    decide(0);
    run();
    assert_ptr_equal(grant(1)->body, body);
    assert_int_equal(world.bodies, 1);  // what was handed out is not kept
    decide(1);
    dispatch_ready(world.dispatch, "fire", "a", (struct edf_key){ 3, 3, 0 }, 0, NULL, NOW);
    assert_int_equal(world.bodies, 0);  // it was told anew: the old contents may be wrong
}

static void a_full_worker_is_left_alone(void **state)
{
    (void)state;
    join(1, "fire", 5, NULL);
    ready("fire", 1, "a", 1);
    world.sent = DISPATCH_FULL;
    run();
    assert_int_equal(dispatch_held(world.dispatch, 1), 0);
    world.sent = DISPATCH_SENT;
    run();
    assert_int_equal(world.grant_count, 0);
    dispatch_pause(world.dispatch, 1, false);
    run();
    assert_granted(0, 1, 1);
}

static void a_task_that_is_over_is_forgotten(void **state)
{
    (void)state;
    join(1, "fire", 1, NULL);
    run();
    dispatch_ready(world.dispatch, "fire", "a", (struct edf_key){ 1, 1, 0 }, 0, NULL, NOW);
    world.sent = DISPATCH_OVER;
    run();
    world.sent = DISPATCH_SENT;
    run();
    assert_int_equal(world.grant_count, 0);
    assert_int_equal(dispatch_held(world.dispatch, 1), 0);
}

/* --- leases ------------------------------------------------------------------------------------
 */

static void a_silent_workers_tasks_go_to_others(void **state)
{
    (void)state;
    join(1, "fire", 5, NULL);
    ready("fire", 1, "a", 1);
    run();
    join(2, "fire", 5, NULL);
    dispatch_leave(world.dispatch, 1, NOW);
    run();
    assert_granted(1, 2, 1);
    assert_true(grant(1)->attempt > grant(0)->attempt);
    assert_true(is_stale(0));
    assert_false(is_stale(1));
}

static void only_its_holder_decides(void **state)
{
    (void)state;
    join(1, "fire", 1, NULL);
    join(2, "fire", 1, NULL);
    ready("fire", 1, "a", 1);
    run();
    uint64_t other = grant(0)->worker == 1 ? 2 : 1;

    assert_null(dispatch_decide(world.dispatch, other, grant(0)->attempt));
    assert_null(dispatch_decide(world.dispatch, other, 0));
    assert_false(is_stale(0));
    assert_true(is_stale(0));  // it is being decided: not twice
}

static void a_decision_in_flight_is_not_taken_away(void **state)
{
    (void)state;
    join(1, "fire", 1, NULL);
    join(2, "fire", 1, NULL);
    ready("fire", 1, "a", 1);
    run();
    const struct dispatch_grant own = *grant(0);

    assert_non_null(dispatch_decide(world.dispatch, own.worker, own.attempt));
    dispatch_leave(world.dispatch, own.worker, NOW);
    run();
    assert_int_equal(world.grant_count, 1);
    close_row(1);
    dispatch_gone(world.dispatch, 1, 0);
    assert_int_equal(world.revoked_count, 0);
    dispatch_settle(world.dispatch, own.attempt, OUTCOME_DONE, NOW);
    run();
    assert_int_equal(world.grant_count, 1);
}

static void a_refused_decision_comes_again_later(void **state)
{
    (void)state;
    join(1, "fire", 1, NULL);
    run();
    ready("fire", 1, "a", 1);
    run();
    assert_non_null(dispatch_decide(world.dispatch, 1, grant(0)->attempt));
    dispatch_settle(world.dispatch, grant(0)->attempt, OUTCOME_REFUSED, NOW);
    assert_int_equal(dispatch_held(world.dispatch, 1), 0);
    run();
    assert_int_equal(world.grant_count, 1);
    run_at(NOW + DISPATCH_AGAIN_AFTER);
    assert_granted(1, 1, 1);
}

static void a_decision_that_was_not_taken_may_come_again(void **state)
{
    (void)state;
    join(1, "fire", 1, NULL);
    ready("fire", 1, "a", 1);
    run();
    assert_non_null(dispatch_decide(world.dispatch, 1, grant(0)->attempt));
    dispatch_settle(world.dispatch, grant(0)->attempt, OUTCOME_NOT_TAKEN, NOW);
    assert_int_equal(dispatch_held(world.dispatch, 1), 1);
    decide(0);
    run();
    assert_int_equal(world.grant_count, 1);
}

static void a_decision_that_is_sent_again_waits_for_its_batch(void **state)
{
    (void)state;
    join(1, "fire", 1, NULL);
    join(2, "fire", 1, NULL);
    ready("fire", 1, "a", 1);
    run();
    uint64_t holder = grant(0)->worker, attempt = grant(0)->attempt;
    assert_false(dispatch_is_deciding(world.dispatch, holder, attempt));
    assert_non_null(dispatch_decide(world.dispatch, holder, attempt));
    assert_true(dispatch_is_deciding(world.dispatch, holder, attempt));
    assert_false(dispatch_is_deciding(world.dispatch, 3 - holder, attempt));  // another's
    dispatch_settle(world.dispatch, attempt, OUTCOME_DONE, NOW);
    assert_false(dispatch_is_deciding(world.dispatch, holder, attempt));
}

static void a_failure_is_offered_again_when_the_batch_says(void **state)
{
    (void)state;
    join(1, "fire", 1, NULL);
    run();
    ready("fire", 1, "a", 1);
    run();
    assert_non_null(dispatch_decide(world.dispatch, 1, grant(0)->attempt));
    dispatch_ready(world.dispatch, "fire", "a", (struct edf_key){ 1, 1, 0 }, NOW + MINUTE_US, NULL,
                   NOW);
    dispatch_settle(world.dispatch, grant(0)->attempt, OUTCOME_DONE, NOW);
    run();
    assert_int_equal(world.grant_count, 1);
    run_at(NOW + MINUTE_US);
    assert_granted(1, 1, 1);
}

/* A failure became an incident, and an operator's retry in the same batch ended it. */
static void what_a_batch_opens_again_is_offered_again(void **state)
{
    (void)state;
    join(1, "fire", 1, NULL);
    run();
    ready("fire", 1, "a", 1);
    run();
    assert_non_null(dispatch_decide(world.dispatch, 1, grant(0)->attempt));
    dispatch_settle(world.dispatch, grant(0)->attempt, OUTCOME_DONE, NOW);
    run();
    assert_granted(1, 1, 1);
}

static void what_is_gone_is_revoked(void **state)
{
    (void)state;
    join(1, "fire", 1, NULL);
    ready("fire", 1, "a", 1);
    ready("fire", 2, "a", 2);
    run();
    close_row(1);
    dispatch_gone(world.dispatch, 1, 0);
    assert_int_equal(world.revoked, grant(0)->attempt);
    assert_true(is_stale(0));
    close_row(2);
    dispatch_gone(world.dispatch, 2, 0);  // it waited: nobody needs to know
    assert_int_equal(world.revoked_count, 1);
    run();
    assert_int_equal(world.grant_count, 1);
}

/* A decision below hands it to the authority above, and what waits can move as well: nobody of the
 * old department gets it again. */
static void what_moves_goes_on_in_the_other_department(void **state)
{
    (void)state;
    join(1, "fire", 10, NULL);
    join(2, "province", 10, NULL);
    ready("fire", 1, "a", 1);
    ready("fire", 2, "a", 2);
    run();
    const struct dispatch_grant below = *grant(0);
    assert_non_null(dispatch_decide(world.dispatch, 1, below.attempt));
    for (uint64_t application = 1; application <= 2; application++) {
        close_row(application);
        ready("province", application, "a", 3);
    }
    assert_int_equal(world.revoked_count, 1);  // the one that nobody had decided
    dispatch_settle(world.dispatch, below.attempt, OUTCOME_DONE, NOW);
    run();
    assert_int_equal(world.grant_count, 4);
    assert_int_equal(grant(2)->worker, 2);
    assert_int_equal(grant(3)->worker, 2);
}

static void what_moves_to_nobody_waits_in_the_store(void **state)
{
    (void)state;
    join(1, "fire", 10, NULL);
    ready("fire", 1, "a", 1);
    run();
    assert_non_null(dispatch_decide(world.dispatch, 1, grant(0)->attempt));
    close_row(1);
    ready("province", 1, "a", 1);
    dispatch_settle(world.dispatch, grant(0)->attempt, OUTCOME_DONE, NOW);
    run();
    assert_int_equal(world.grant_count, 1);
    join(2, "province", 1, NULL);
    run();
    assert_granted(1, 2, 1);
}

static void what_is_given_back_goes_out_again(void **state)
{
    (void)state;
    join(1, "fire", 1, NULL);
    ready("fire", 1, "a", 1);
    run();
    assert_false(dispatch_give_back(world.dispatch, 2, grant(0)->attempt, NOW));
    dispatch_drain(world.dispatch, 1);
    assert_true(dispatch_give_back(world.dispatch, 1, grant(0)->attempt, NOW));
    run();
    assert_int_equal(world.grant_count, 1);  // who drains gets nothing
    join(2, "fire", 1, NULL);
    run();
    assert_granted(1, 2, 1);
}

/* --- what workers still hold -------------------------------------------------------------------
 */

static uint64_t resume(uint64_t worker, const char *task, const char *attempt)
{
    uint64_t granted = dispatch_resume(world.dispatch, worker, task, attempt);

    dispatch_check(world.dispatch);
    return granted;
}

static void held_over_a_restart_is_granted_anew(void **state)
{
    (void)state;
    store("fire", 1, "a", 1);
    join(1, "fire", 1, NULL);
    uint64_t attempt = resume(1, "1.a", "6-99");

    assert_int_equal(attempt, (uint64_t)START << 32 | 1);
    run();
    assert_int_equal(world.grant_count, 0);
    assert_non_null(dispatch_decide(world.dispatch, 1, attempt));
}

static void held_and_over_is_over(void **state)
{
    (void)state;
    store("fire", 1, "a", 1)->open = false;
    store("tax", 2, "a", 1);
    join(1, "fire", 5, NULL);
    assert_int_equal(resume(1, "1.a", "6-99"), 0);
    assert_int_equal(resume(1, "2.a", "6-99"), 0);  // another department's
    assert_int_equal(resume(1, "1.a", "x"), 0);
    assert_int_equal(resume(9, "1.a", "6-99"), 0);  // no such worker
}

static void held_is_not_taken_from_who_has_it_now(void **state)
{
    (void)state;
    store("fire", 1, "a", 1);
    join(1, "fire", 1, NULL);
    run();
    assert_granted(0, 1, 1);
    join(2, "fire", 1, NULL);
    assert_int_equal(resume(2, "1.a", "6-99"), 0);
    assert_false(is_stale(0));
}

static void held_moves_from_the_connection_that_was(void **state)
{
    char attempt[ATTEMPT_TEXT_BYTES];

    (void)state;
    join(1, "fire", 1, NULL);
    ready("fire", 1, "a", 1);
    run();
    join(2, "fire", 1, NULL);
    uint64_t now = resume(2, "1.a", attempt_format(grant(0)->attempt, attempt));

    assert_true(now > grant(0)->attempt);
    assert_true(is_stale(0));
    dispatch_leave(world.dispatch, 1, NOW);
    assert_int_equal(dispatch_held(world.dispatch, 2), 1);
}

static void held_beyond_credit_is_over(void **state)
{
    (void)state;
    store("fire", 1, "a", 1);
    store("fire", 2, "a", 2);
    join(1, "fire", 1, NULL);
    assert_int_not_equal(resume(1, "1.a", "6-1"), 0);
    assert_int_equal(resume(1, "2.a", "6-2"), 0);
}

/* --- more than memory may hold -----------------------------------------------------------------
 */

static void order_is_exact_beyond_the_bound(void **state)
{
    const uint64_t count = 3 * BACKLOG_READY_MAX;

    (void)state;
    join(1, "fire", 1, NULL);
    run();
    for (uint64_t i = 1; i <= count; i++) {
        ready("fire", i, "a", (bl_time)i);
    }
    dispatch_check(world.dispatch);
    for (uint64_t i = 0; i < count; i++) {
        (void)dispatch_run(world.dispatch, NOW);
        assert_int_equal(world.grant_count, i + 1);
        assert_granted(i, 1, i + 1);
        // The inbox scan of this test is slow: rows that are over leave its front.
        const struct dispatch_grant own = world.grants[i];

        assert_non_null(dispatch_decide(world.dispatch, 1, own.attempt));
        world.rows[own.application - 1].open = false;
        dispatch_gone(world.dispatch, own.application, 0);
        dispatch_settle(world.dispatch, own.attempt, OUTCOME_DONE, NOW);
    }
    dispatch_check(world.dispatch);
    run();
    assert_int_equal(world.grant_count, count);
}

static void what_is_urgent_passes_what_was_put_out(void **state)
{
    (void)state;
    join(1, "fire", 1, NULL);
    run();
    for (uint64_t i = 2; i <= 2 * BACKLOG_READY_MAX; i++) {
        ready("fire", i, "a", (bl_time)i);
    }
    dispatch_ready(world.dispatch, "fire", "a", (struct edf_key){ 1, 1, 0 }, 0, NULL, NOW);
    run();
    assert_granted(0, 1, 1);
}

static void an_unattended_item_does_not_hide_another(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 2 * BACKLOG_READY_MAX; i++) {
        store("fire", i, "visit", (bl_time)i);
    }
    store("fire", 30000, "review", 30000);
    join(1, "fire", 1, "review");
    run();
    assert_granted(0, 1, 30000);
    join(2, "fire", 1, "visit");
    run();
    assert_granted(1, 2, 1);
}

/* --- anything, in any order --------------------------------------------------------------------
 */

static uint64_t chance(uint64_t *seed, uint64_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*seed >> 33) % below;
}

#define WALK_TASKS 300
#define WALK_WORKERS 6

/* The newest grant of each task, by application; NULL: none. */
static const struct dispatch_grant *newest(uint64_t application)
{
    for (size_t i = world.grant_count; i-- > 0;) {
        if (world.grants[i].application == application) {
            return &world.grants[i];
        }
    }
    return NULL;
}

static void walk_step(uint64_t *seed, uint64_t *worker_ids, uint64_t *last_worker, bl_time now)
{
    static const char *const items[] = { "a", "b", NULL };
    uint64_t application = 1 + chance(seed, WALK_TASKS);
    uint64_t slot = chance(seed, WALK_WORKERS);
    const struct dispatch_grant *own = newest(application);
    struct row *row = &world.rows[application - 1];

    switch (chance(seed, 6)) {
    case 0:  // a worker comes, in place of one that goes
        dispatch_leave(world.dispatch, worker_ids[slot], now);
        worker_ids[slot] = ++*last_worker;
        join(worker_ids[slot], slot % 2 == 0 ? "fire" : "tax", (uint32_t)chance(seed, 20),
             items[chance(seed, 3)]);
        break;
    case 1:  // something gets a new chance
        if (row->open) {
            dispatch_ready(world.dispatch, row->department, row->row.item, row->row.key,
                           now + (bl_time)chance(seed, 3) * SECOND_US, NULL, now);
        }
        break;
    case 2:
    case 3:  // a decision, to the end
        if (own != NULL && row->open &&
            dispatch_decide(world.dispatch, own->worker, own->attempt) != NULL) {
            bool done = chance(seed, 4) > 0;
            row->open = !done;
            if (done) {
                dispatch_gone(world.dispatch, application, 0);
            }
            dispatch_settle(world.dispatch, own->attempt, done ? OUTCOME_DONE : OUTCOME_REFUSED,
                            now);
        }
        break;
    case 4:  // an operator ends it
        if (chance(seed, 20) == 0) {
            row->open = false;
            dispatch_gone(world.dispatch, application, 0);
        }
        break;
    default:
        if (own != NULL) {
            (void)dispatch_give_back(world.dispatch, own->worker, own->attempt, now);
        }
        break;
    }
}

static void whatever_happens_everything_is_decided_once(void **state)
{
    uint64_t seed = 20261123;
    uint64_t worker_ids[WALK_WORKERS] = { 0 };
    uint64_t last_worker = 0;
    bl_time now = NOW;

    (void)state;
    for (uint64_t i = 1; i <= WALK_TASKS; i++) {
        store(i % 3 == 0 ? "tax" : "fire", i, i % 2 == 0 ? "a" : "b", (bl_time)i);
    }
    for (size_t step = 0; step < 20000; step++) {
        now += MILLISECOND_US;
        walk_step(&seed, worker_ids, &last_worker, now);
        (void)dispatch_run(world.dispatch, now);
        dispatch_check(world.dispatch);
    }
    for (size_t slot = 0; slot < WALK_WORKERS; slot++) {
        dispatch_leave(world.dispatch, worker_ids[slot], now);
    }
    join(++last_worker, "fire", 1, NULL);
    join(++last_worker, "tax", 1, NULL);
    for (size_t left = WALK_TASKS; left > 0; left--) {  // whoever is left works it all off
        world.grant_count = 0;
        run_at(now += DISPATCH_AGAIN_AFTER);
        for (size_t i = 0; i < world.grant_count; i++) {
            assert_true(world.rows[world.grants[i].application - 1].open);
            decide(i);
        }
    }
    for (size_t i = 0; i < WALK_TASKS; i++) {
        assert_false(world.rows[i].open);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(earliest_deadline_goes_first),
        TEST(never_more_than_credit),
        TEST(attempts_carry_the_start),
        TEST(workers_take_turns),
        TEST(workers_get_only_the_items_they_serve),
        TEST(departments_do_not_share_workers),
        TEST(a_stopped_department_slows_nobody),
        TEST(nothing_is_kept_for_a_department_without_workers),
        TEST(a_delayed_task_becomes_ready),
        TEST(a_hint_lives_for_one_round),
        TEST(what_waits_keeps_its_body),
        TEST(a_full_worker_is_left_alone),
        TEST(a_task_that_is_over_is_forgotten),
        TEST(a_silent_workers_tasks_go_to_others),
        TEST(only_its_holder_decides),
        TEST(a_decision_in_flight_is_not_taken_away),
        TEST(a_refused_decision_comes_again_later),
        TEST(a_decision_that_was_not_taken_may_come_again),
        TEST(a_decision_that_is_sent_again_waits_for_its_batch),
        TEST(a_failure_is_offered_again_when_the_batch_says),
        TEST(what_a_batch_opens_again_is_offered_again),
        TEST(what_is_gone_is_revoked),
        TEST(what_moves_goes_on_in_the_other_department),
        TEST(what_moves_to_nobody_waits_in_the_store),
        TEST(what_is_given_back_goes_out_again),
        TEST(held_over_a_restart_is_granted_anew),
        TEST(held_and_over_is_over),
        TEST(held_is_not_taken_from_who_has_it_now),
        TEST(held_moves_from_the_connection_that_was),
        TEST(held_beyond_credit_is_over),
        TEST(order_is_exact_beyond_the_bound),
        TEST(what_is_urgent_passes_what_was_put_out),
        TEST(an_unattended_item_does_not_hide_another),
        TEST(whatever_happens_everything_is_decided_once),
    };

    return cmocka_run_group_tests_name("dispatch", tests, NULL, NULL);
}
