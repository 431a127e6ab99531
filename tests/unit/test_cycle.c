/* What the cycle promises: a batch is on disk or nothing is, a request is done once, an application
 * goes from submission to its end, deadlines fall at their exact moment, a restart loses nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/application.h"
#include "hall_fixture.h"

/* 2026-11-23 09:00 in the hall, a Monday. */
#define MONDAY_NINE INT64_C(1795395600000000)

static const char chain_yaml[] =
    "workflow: chain\n"
    "version: 1\n"
    "title: {zh: 链, en: Chain}\n"
    "calendar: cn\n"
    "handling: joint\n"
    "lead: amr\n"
    "promise: 10 working days\n"
    "legal: 45 working days\n"
    "number: \"L-{date}-{seq:4}\"\n"
    "form:\n"
    "  - section: {zh: 表, en: Form}\n"
    "    fields:\n"
    "      area: {type: number, label: {zh: 面积, en: Area}, required: true, min: 1}\n"
    "      name: {type: text, label: {zh: 名, en: Name}, required: true, max: 20}\n"
    "items:\n"
    "  first: {title: {zh: 一, en: One}, department: amr, promise: 2 working days, legal: 5 "
    "working days, fields: [name, area]}\n"
    "  second: {title: {zh: 二, en: Two}, department: fire, needs: [first], promise: 3 working "
    "days, legal: 5 working days, fields: [area]}\n"
    "  large: {title: {zh: 大, en: Large}, department: urban, when: \"form.area > 300\", promise: "
    "1 "
    "working days, legal: 5 working days, fields: [area]}\n"
    "trial: true\n";

static int setup(void **state)
{
    struct hall *hall = calloc(1, sizeof *hall);

    hall_open(hall, MONDAY_NINE);
    const Bl__Answer *answer =
        hall_publish_text(hall, "chain.yaml", chain_yaml, sizeof chain_yaml - 1);
    if (answer->refusal != NULL) {
        print_error("%s %s\n", answer->refusal->pointer,
                    answer->refusal->n_arguments > 0 ? answer->refusal->arguments[0]->value : "");
    }
    assert_null(answer->refusal);
    *state = hall;
    return 0;
}

static int teardown(void **state)
{
    struct hall *hall = *state;

    hall_close(hall);
    free(hall);
    return 0;
}

static struct hall_submission submission;

static const Bl__Answer *submit(struct hall *hall, const char *request_id, double area)
{
    struct hall_form form = { .count = 0 };

    hall_form_text(&form, "name", "老张面馆");
    hall_form_number(&form, "area", area);
    hall_submission(&submission, "chain", request_id, &form);
    return hall_do(hall, &hall_clerk, &submission.command);
}

static const Bl__Answer *decide(struct hall *hall, const char *department, uint64_t id,
                                const char *item, Bl__Item__Result result)
{
    static struct principal worker;
    static Bl__Command command;
    static Bl__Decide decision;

    worker = hall_worker(department);
    bl__command__init(&command);
    bl__decide__init(&decision);
    decision.item = item;
    decision.result = result;
    decision.reason = result == BL__ITEM__RESULT__DENIED ? "不符合" : "";
    decision.attempt = "1-1";
    command.application_id = id;
    command.what_case = BL__COMMAND__WHAT_DECIDE;
    command.decide = &decision;
    return hall_do(hall, &worker, &command);
}

static struct bl_arena arena;

static const Bl__Application *state_of(struct hall *hall, uint64_t id)
{
    struct store_read *read;
    Bl__Application *application;
    struct bl_error e = { 0 };

    bl_arena_free(&arena);
    bl_arena_init(&arena, 4096, SIZE_MAX);
    assert_int_equal(store_read_begin(hall->store, &read, &e), BL_OK);
    assert_int_equal(read_application(read, id, &arena, &application, &e), BL_OK);
    store_read_end(&read);
    return application;
}

#define S(state) BL__ITEM__STATE__##state

static void test_submission(void **state)
{
    struct hall *hall = *state;
    const Bl__Answer *answer = submit(hall, "r-1", 20);

    assert_null(answer->refusal);
    assert_string_equal(answer->application, "L-20261123-0001");
    assert_int_equal(answer->event, 4);  // after calendar, departments and workflow
    const Bl__Application *application = state_of(hall, 1);
    assert_int_equal(application->items[0]->state, S(ACCEPTED));
    assert_int_equal(application->items[1]->state, S(PENDING));
    assert_int_equal(application->items[2]->state, S(NOT_NEEDED));
    char text[BL_TIME_TEXT];
    assert_string_equal(bl_time_format(application->items[0]->promise->due_at, 480, text),
                        "2026-11-25T17:30:00+08:00");
    assert_string_equal(bl_time_format(answer->promise_at, 480, text), "2026-12-07T17:30:00+08:00");
    /* One task is ready, with the form in hand. */
    assert_int_equal(hall->batch.effect_count, 1);
    assert_int_equal(hall->batch.effects[0].kind, EFFECT_TASK_READY);
    assert_non_null(hall->batch.effects[0].content.at);
}

static void test_request_done_once(void **state)
{
    struct hall *hall = *state;
    uint64_t event = submit(hall, "r-1", 20)->event;
    const Bl__Answer *again = submit(hall, "r-1", 20);

    assert_null(again->refusal);
    assert_true(again->repeated);
    assert_int_equal(again->event, event);
    assert_string_equal(again->application, "L-20261123-0001");
    const Bl__Answer *other = submit(hall, "r-1", 21);
    assert_string_equal(other->refusal->code, "request-reused");
}

static void test_request_done_once_in_a_batch(void **state)
{
    struct hall *hall = *state;
    struct hall_form form = { .count = 0 };

    hall_form_text(&form, "name", "老张面馆");
    hall_form_number(&form, "area", 20);
    hall_submission(&submission, "chain", "r-1", &form);
    batch_reset(&hall->batch);
    (void)batch_add(&hall->batch, &submission.command, &hall_clerk);
    (void)batch_add(&hall->batch, &submission.command, &hall_clerk);
    assert_int_equal(hall_run(hall), BL_OK);
    assert_int_equal(hall->batch.commands[0].answer.event, hall->batch.commands[1].answer.event);
    assert_true(hall->batch.commands[1].answer.repeated);
}

static void test_refusals_tell_all(void **state)
{
    struct hall *hall = *state;
    struct hall_form form = { .count = 0 };

    hall_form_number(&form, "area", 0);
    hall_form_text(&form, "colour", "red");
    hall_submission(&submission, "chain", "r-1", &form);
    const Bl__Answer *answer = hall_do(hall, &hall_clerk, &submission.command);
    assert_string_equal(answer->refusal->code, "invalid");
    assert_int_equal(answer->refusal->n_others, 2);
    /* Nothing happened, and the id may be used again. */
    assert_int_equal(hall->batch.newest_event, 3);
    assert_null(submit(hall, "r-1", 20)->refusal);
}

static void test_whole_life(void **state)
{
    struct hall *hall = *state;

    submit(hall, "r-1", 500);
    assert_null(decide(hall, "urban", 1, "large", BL__ITEM__RESULT__GRANTED)->refusal);
    assert_null(decide(hall, "amr", 1, "first", BL__ITEM__RESULT__GRANTED)->refusal);
    assert_int_equal(state_of(hall, 1)->items[1]->state, S(ACCEPTED));
    assert_null(decide(hall, "fire", 1, "second", BL__ITEM__RESULT__DENIED)->refusal);
    const Bl__Application *application = state_of(hall, 1);
    assert_int_equal(application_state(application), BL__APPLICATION__STATE__COMPLETED);
    assert_int_equal(application->revision, 4);
}

static void test_denial_blocks(void **state)
{
    struct hall *hall = *state;

    submit(hall, "r-1", 20);
    assert_null(decide(hall, "amr", 1, "first", BL__ITEM__RESULT__DENIED)->refusal);
    const Bl__Application *application = state_of(hall, 1);
    assert_int_equal(application->items[1]->state, S(BLOCKED));
    assert_int_equal(application_state(application), BL__APPLICATION__STATE__COMPLETED);
}

static void test_decisions_are_guarded(void **state)
{
    struct hall *hall = *state;

    submit(hall, "r-1", 20);
    assert_string_equal(decide(hall, "fire", 1, "first", BL__ITEM__RESULT__GRANTED)->refusal->code,
                        "denied");
    assert_string_equal(decide(hall, "fire", 1, "second", BL__ITEM__RESULT__GRANTED)->refusal->code,
                        "refused");
    assert_null(decide(hall, "amr", 1, "first", BL__ITEM__RESULT__GRANTED)->refusal);
    assert_string_equal(decide(hall, "amr", 1, "first", BL__ITEM__RESULT__GRANTED)->refusal->code,
                        "refused");
    assert_string_equal(decide(hall, "amr", 9, "first", BL__ITEM__RESULT__GRANTED)->refusal->code,
                        "not-found");
}

static void test_deadlines_at_their_moment(void **state)
{
    struct hall *hall = *state;
    struct store_read *read;
    struct bl_error e = { 0 };
    Bl__Event *event;

    submit(hall, "r-1", 20);
    bl_time due = state_of(hall, 1)->items[0]->promise->due_at;
    hall->now = due + 3 * HOUR_US;  // read late
    batch_reset(&hall->batch);
    assert_int_equal(hall_run(hall), BL_OK);
    const Bl__Application *application = state_of(hall, 1);
    assert_int_equal(application->items[0]->promise->phase, BL__CLOCK__PHASE__OVERDUE);
    assert_int_equal(application_light(application, hall->now), BL__LIGHT__RED);
    assert_int_equal(store_read_begin(hall->store, &read, &e), BL_OK);
    assert_int_equal(read_event(read, application->last_event, &arena, &event, &e), BL_OK);
    assert_int_equal(event->what_case, BL__EVENT__WHAT_ESCALATED);  // the first rung, at once
    assert_int_equal(event->at, due);
    assert_int_equal(read_event(read, event->previous, &arena, &event, &e), BL_OK);
    store_read_end(&read);
    assert_int_equal(event->what_case, BL__EVENT__WHAT_OVERDUE);
    assert_int_equal(event->at, due);
    assert_int_equal(event->recorded_at, hall->now);
}

static void test_restart(void **state)
{
    struct hall *hall = *state;

    submit(hall, "r-1", 20);
    hall_stop(hall);
    hall_start(hall);
    hall->now += DAY_US;
    assert_true(submit(hall, "r-1", 20)->repeated);
    assert_string_equal(submit(hall, "r-2", 20)->application, "L-20261124-0001");
    assert_null(decide(hall, "amr", 1, "first", BL__ITEM__RESULT__GRANTED)->refusal);
    assert_int_equal(state_of(hall, 1)->items[1]->state, S(ACCEPTED));
}

static void test_time_never_runs_back(void **state)
{
    struct hall *hall = *state;

    submit(hall, "r-1", 20);
    hall->now -= HOUR_US;
    submit(hall, "r-2", 20);
    assert_true(state_of(hall, 2)->submitted_at > state_of(hall, 1)->submitted_at);
}

static void test_published_versions_are_immutable(void **state)
{
    struct hall *hall = *state;
    char changed[sizeof chain_yaml];

    const Bl__Answer *same =
        hall_publish_text(hall, "chain.yaml", chain_yaml, sizeof chain_yaml - 1);
    assert_null(same->refusal);
    assert_true(same->repeated);
    memcpy(changed, chain_yaml, sizeof changed);
    memcpy(strstr(changed, "10 working"), "11", 2);
    assert_string_equal(
        hall_publish_text(hall, "chain.yaml", changed, sizeof changed - 1)->refusal->code,
        "exists");
}

/* What was in memory when the notice came counts by it too, from its next clock on. */
static void test_a_new_calendar_counts_at_once(void **state)
{
    static const char calendar_yaml[] =
        "calendar: cn\n"
        "utc_offset: \"+08:00\"\n"
        "hours: [{from: \"01-01\", to: \"12-31\", day: [\"08:30-12:00\", \"14:00-17:30\"]}]\n"
        "years:\n"
        "  2026: {holidays: [11-24..11-27], workdays: [], source: 通知, reviewed: true}\n";
    struct hall *hall = *state;
    char text[BL_TIME_TEXT];

    submit(hall, "r-1", 20);
    assert_null(
        hall_publish_text(hall, "cn.yaml", calendar_yaml, sizeof calendar_yaml - 1)->refusal);
    assert_null(decide(hall, "amr", 1, "first", BL__ITEM__RESULT__GRANTED)->refusal);
    assert_string_equal(bl_time_format(state_of(hall, 1)->items[1]->promise->due_at, 480, text),
                        "2026-12-02T17:30:00+08:00");
}

/* Whom a gateway speaks for stands in each event: as long as it may be, and no longer. */
static void test_actors_are_bounded(void **state)
{
    static const struct principal gateway = { BL__KEY__ROLE__GATEWAY, "gateway", "" };
    struct hall *hall = *state;
    struct hall_form form = { .count = 0 };
    Bl__Actor actor = BL__ACTOR__INIT;
    char longest[ACTOR_BYTES_MAX + 1], longer[20 * ACTOR_BYTES_MAX + 1];

    memset(longest, 'a', sizeof longest);
    memset(longer, 'a', sizeof longer);
    longest[sizeof longest - 1] = longer[sizeof longer - 1] = '\0';
    hall_form_text(&form, "name", "老张面馆");
    hall_form_number(&form, "area", 20);
    hall_submission(&submission, "chain", "r-1", &form);
    submission.command.actor = &actor;
    actor.on_behalf_of = longer;
    const Bl__Answer *answer = hall_do(hall, &gateway, &submission.command);
    assert_non_null(answer->refusal);
    assert_string_equal(answer->refusal->code, "too-large");
    actor.department = actor.post = actor.on_behalf_of = longest;
    assert_null(hall_do(hall, &gateway, &submission.command)->refusal);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_submission),
        T(test_request_done_once),
        T(test_request_done_once_in_a_batch),
        T(test_refusals_tell_all),
        T(test_whole_life),
        T(test_denial_blocks),
        T(test_decisions_are_guarded),
        T(test_deadlines_at_their_moment),
        T(test_restart),
        T(test_time_never_runs_back),
        T(test_published_versions_are_immutable),
        T(test_a_new_calendar_counts_at_once),
        T(test_actors_are_bounded),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    bl_arena_free(&arena);
    return failed;
}
