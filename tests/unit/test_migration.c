/* A running case goes on under another version of its workflow, and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/application.h"
#include "core/directory.h"
#include "hall_fixture.h"
#include "store/query.h"

/* 2026-11-23 09:00 in the hall, a Monday. */
#define MONDAY_NINE INT64_C(1795395600000000)
#define CLOSE_OF(day) (MONDAY_NINE + (day)*DAY_US + 8 * HOUR_US + 30 * MINUTE_US)

#define HEAD(version)                                                                              \
    "workflow: trial\nversion: " version                                                           \
    "\ntitle: {zh: 试, en: Trial}\ncalendar: cn\nhandling: joint\n"                               \
    "lead: amr\npromise: 20 working days\nlegal: 45 working days\nnumber: \"T-{seq:4}\"\n"         \
    "form:\n  - section: {zh: 表, en: Form}\n    fields:\n"                                       \
    "      name: {type: text, label: {zh: 名, en: Name}, required: true, max: 20}\n"
#define ITEM(id, department, promise, rest)                                                        \
    "  " id ": {title: {zh: 项, en: Item}, department: " department ", promise: " promise          \
    " working days, legal: 15 working days, fields: [name]" rest "}\n"

static const char first_yaml[] = HEAD("1") "items:\n" ITEM("licence", "amr", "2", "")
    ITEM("fire_check", "fire", "5", ", needs: [licence]")
        ITEM("sign", "urban", "3", "") "trial: true\n";
/* Another order, another promise; without the sign, with a tax item and one that needs it. */
static const char second_yaml[] = HEAD("2") "items:\n" ITEM("tax_note", "tax", "4", "")
    ITEM("fire_check", "fire", "5", ", needs: [licence]") ITEM("licence", "amr", "6", "")
        ITEM("after_tax", "tax", "4", ", needs: [tax_note]") "trial: true\n";
/* Asks for more than anybody has filled in. */
static const char third_yaml[] =
    HEAD("3") "      floor: {type: text, label: {zh: 楼, en: Floor}, required: true}\n"
              "items:\n" ITEM("licence", "amr", "2", "") "trial: true\n";

/* A circulation of three steps and the ladder of all halls; then one step and a ladder of one rung;
 * then no step at all. */
#define STEP(id, role) "{id: " id ", title: 步, role: " role "}"
static const char long_yaml[] =
    HEAD("4") "items:\n" ITEM("licence", "amr", "2",
                              ", steps: [" STEP("review", "reviewer") ", " STEP(
                                  "visit", "inspector") ", " STEP("decide", "decider") "]")
        ITEM("sign", "urban", "3", "") "trial: true\n";
static const char short_yaml[] =
    HEAD("5") "escalation: [{to: section_head}]\n"
              "items:\n" ITEM("licence", "amr", "2", ", steps: [" STEP("look", "reviewer") "]")
                  ITEM("sign", "urban", "3", "") "trial: true\n";
static const char bare_yaml[] = HEAD("6") "items:\n" ITEM("licence", "amr", "2", "")
    ITEM("sign", "urban", "3", "") "trial: true\n";

static struct hall_submission submission;

static void publish(struct hall *hall, const char *yaml, bl_time effective_at)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Publish publish = BL__PUBLISH__INIT;

    publish.source.data = (uint8_t *)yaml;
    publish.source.len = strlen(yaml);
    publish.file = "trial.yaml";
    publish.effective_at = effective_at;
    command.what_case = BL__COMMAND__WHAT_PUBLISH;
    command.publish = &publish;
    assert_null(hall_do(hall, &hall_admin, &command)->refusal);
}

static const Bl__Answer *submit(struct hall *hall, const char *request_id, uint32_t version)
{
    struct hall_form form = { .count = 0 };

    hall_form_text(&form, "name", "老张");
    hall_submission(&submission, "trial", request_id, &form);
    submission.submit.version = version;
    return hall_do(hall, &hall_clerk, &submission.command);
}

static int setup(void **state)
{
    struct hall *hall = calloc(1, sizeof *hall);

    hall_open(hall, MONDAY_NINE);
    publish(hall, first_yaml, 0);
    assert_null(submit(hall, "r-1", 0)->refusal);
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

static const Bl__Answer *migrate(struct hall *hall, uint32_t version, bool dry_run)
{
    static Bl__Migrate migrate_command;

    bl__command__init(&command);
    bl__migrate__init(&migrate_command);
    migrate_command.version = version;
    migrate_command.reason = "修订";
    command.application_id = 1;
    command.dry_run = dry_run;
    command.what_case = BL__COMMAND__WHAT_MIGRATE;
    command.migrate = &migrate_command;
    return hall_do(hall, &hall_admin, &command);
}

static const Bl__Answer *decide(struct hall *hall, const char *department, const char *item)
{
    static struct principal worker;
    static Bl__Decide decision;

    worker = hall_worker(department);
    bl__command__init(&command);
    bl__decide__init(&decision);
    decision.item = item;
    decision.result = BL__ITEM__RESULT__GRANTED;
    decision.attempt = "1-1";
    command.application_id = 1;
    command.what_case = BL__COMMAND__WHAT_DECIDE;
    command.decide = &decision;
    return hall_do(hall, &worker, &command);
}

static struct bl_arena arena;

static const Bl__Application *state_of(struct hall *hall)
{
    struct store_read *read;
    Bl__Application *application;
    struct bl_error e = { 0 };

    bl_arena_free(&arena);
    bl_arena_init(&arena, 4096, SIZE_MAX);
    assert_int_equal(store_read_begin(hall->store, &read, &e), BL_OK);
    assert_int_equal(read_application(read, 1, &arena, &application, &e), BL_OK);
    store_read_end(&read);
    return application;
}

static const Bl__Item *item_of(const Bl__Application *application, const char *id)
{
    int index = application_item_find(application, id);

    assert_true(index >= 0);
    return application->items[index];
}

#define S(state) BL__ITEM__STATE__##state

static void test_items_keep_start_and_end(void **state)
{
    struct hall *hall = *state;

    publish(hall, second_yaml, 0);
    assert_null(migrate(hall, 2, true)->refusal);
    assert_int_equal(state_of(hall)->version, 1);  // nothing was done
    assert_null(migrate(hall, 2, false)->refusal);
    const Bl__Application *application = state_of(hall);
    assert_int_equal(application->version, 2);
    assert_int_equal(application->n_items, 5);
    assert_string_equal(application->items[0]->id, "tax_note");
    assert_int_equal(item_of(application, "tax_note")->state, S(ACCEPTED));
    assert_int_equal(item_of(application, "after_tax")->state, S(PENDING));
    assert_int_equal(item_of(application, "fire_check")->state, S(PENDING));
    const Bl__Item *licence = item_of(application, "licence");
    assert_int_equal(licence->state, S(ACCEPTED));
    assert_int_equal(licence->promise->due_at, CLOSE_OF(8));  // 6 working days from Monday on
    const Bl__Item *sign = item_of(application, "sign");
    assert_int_equal(sign->state, S(TERMINATED));
    assert_true(sign->removed);
}

static void test_work_goes_on_under_the_new_version(void **state)
{
    struct hall *hall = *state;

    publish(hall, second_yaml, 0);
    assert_null(migrate(hall, 2, false)->refusal);
    /* Three tasks are gone, and those that are there are offered anew. */
    size_t gone = 0, ready = 0;
    for (size_t i = 0; i < hall->batch.effect_count; i++) {
        gone += hall->batch.effects[i].kind == EFFECT_TASK_GONE;
        ready += hall->batch.effects[i].kind == EFFECT_TASK_READY;
    }
    assert_true(gone >= 2 && ready >= 2);
    assert_string_equal(decide(hall, "urban", "sign")->refusal->rule, "item-removed");
    assert_null(decide(hall, "amr", "licence")->refusal);
    assert_int_equal(item_of(state_of(hall), "fire_check")->state, S(ACCEPTED));
    assert_null(decide(hall, "tax", "tax_note")->refusal);
    assert_null(decide(hall, "tax", "after_tax")->refusal);
    assert_null(decide(hall, "fire", "fire_check")->refusal);
    assert_true(state_of(hall)->ended_at != 0);
    assert_string_equal(migrate(hall, 1, false)->refusal->rule, "application-ended");
}

static void test_back_again(void **state)
{
    struct hall *hall = *state;

    publish(hall, second_yaml, 0);
    assert_null(migrate(hall, 2, false)->refusal);
    assert_null(migrate(hall, 1, false)->refusal);
    const Bl__Application *application = state_of(hall);
    assert_int_equal(application->version, 1);
    assert_string_equal(application->items[0]->id, "licence");
    assert_int_equal(item_of(application, "licence")->promise->due_at, CLOSE_OF(2));
    const Bl__Item *sign = item_of(application, "sign");
    assert_int_equal(sign->state, S(ACCEPTED));
    assert_false(sign->removed);
    assert_int_equal(sign->promise->phase, BL__CLOCK__PHASE__RUNNING);
    assert_int_equal(sign->promise->due_at, CLOSE_OF(3));
    assert_true(item_of(application, "tax_note")->removed);
    assert_null(decide(hall, "urban", "sign")->refusal);
    assert_int_equal(application->n_migrations, 2);
}

/* A restart in between changes nothing: the state says all. */
static void test_a_restart_in_between(void **state)
{
    struct hall *hall = *state;

    publish(hall, second_yaml, 0);
    assert_null(decide(hall, "amr", "licence")->refusal);
    assert_null(migrate(hall, 2, false)->refusal);
    hall_stop(hall);
    hall_start(hall);
    assert_int_equal(item_of(state_of(hall), "licence")->state, S(DECIDED));
    assert_int_equal(item_of(state_of(hall), "fire_check")->state, S(ACCEPTED));
    assert_null(decide(hall, "fire", "fire_check")->refusal);
    assert_null(migrate(hall, 1, false)->refusal);
    assert_int_equal(item_of(state_of(hall), "fire_check")->state, S(DECIDED));
}

static void test_verdicts(void **state)
{
    struct hall *hall = *state;

    assert_string_equal(migrate(hall, 9, true)->refusal->rule, "version-unknown");
    assert_string_equal(migrate(hall, 1, true)->refusal->rule, "version-same");
    publish(hall, third_yaml, 0);
    const Bl__Answer *answer = migrate(hall, 3, true);
    assert_string_equal(answer->refusal->rule, "form-required");
    assert_string_equal(answer->refusal->pointer, "form.floor");
    (void)migrate(hall, 3, true);
    command.migrate->reason = "";
    assert_string_equal(hall_do(hall, &hall_admin, &command)->refusal->rule, "reason-required");
    assert_string_equal(hall_do(hall, &hall_clerk, &command)->refusal->rule, "role-may-not");
}

/* Events of before name the items of before. */
static void test_history_keeps_its_names(void **state)
{
    struct hall *hall = *state;
    struct query_context context = { hall->store, hall->catalog, hall->now };
    Bl__Query query = BL__QUERY__INIT;
    Bl__GetEvents get = BL__GET_EVENTS__INIT;
    Bl__QueryAnswer answer = BL__QUERY_ANSWER__INIT;
    struct bl_error e = { 0 };

    publish(hall, second_yaml, 0);
    assert_null(decide(hall, "amr", "licence")->refusal);
    assert_null(migrate(hall, 2, false)->refusal);
    assert_null(decide(hall, "tax", "tax_note")->refusal);
    get.number = "T-0001";
    query.what_case = BL__QUERY__WHAT_EVENTS;
    query.events = &get;
    bl_arena_free(&arena);
    bl_arena_init(&arena, 4096, SIZE_MAX);
    assert_int_equal(query_answer(&context, &query, &hall_admin, hall->now, &arena, &answer, &e),
                     BL_OK);
    assert_int_equal(answer.n_events, 4);
    assert_string_equal(answer.events[1]->item, "licence");
    assert_string_equal(answer.events[3]->item, "tax_note");
}

static const Bl__QueryAnswer *events_for(struct hall *hall, const struct principal *principal)
{
    static Bl__QueryAnswer answer;
    struct query_context context = { hall->store, hall->catalog, hall->now };
    Bl__Query query = BL__QUERY__INIT;
    Bl__GetEvents get = BL__GET_EVENTS__INIT;

    get.number = "T-0001";
    query.what_case = BL__QUERY__WHAT_EVENTS;
    query.events = &get;
    bl__query_answer__init(&answer);
    bl_arena_free(&arena);
    bl_arena_init(&arena, 4096, SIZE_MAX);
    assert_int_equal(query_answer(&context, &query, principal, hall->now, &arena, &answer, NULL),
                     BL_OK);
    return &answer;
}

/* A department sees what was its own when it happened, and nothing of another's, whatever the
 * places in the new version say. */
static void test_departments_keep_their_history(void **state)
{
    struct hall *hall = *state;
    const struct principal amr = hall_worker("amr"), urban = hall_worker("urban"),
                           tax = hall_worker("tax");

    publish(hall, second_yaml, 0);
    assert_null(decide(hall, "amr", "licence")->refusal);
    assert_null(decide(hall, "urban", "sign")->refusal);
    assert_null(migrate(hall, 2, false)->refusal);
    const Bl__QueryAnswer *answer = events_for(hall, &amr);
    assert_int_equal(answer->n_events, 3);  // submitted, its decision, migrated
    assert_string_equal(answer->events[1]->item, "licence");
    const Bl__Migrated *migrated = answer->events[2]->event->migrated;
    assert_string_equal(migrated->items[2]->id, "licence");
    assert_string_equal(migrated->items[0]->id, "");  // another's keeps its place, empty
    answer = events_for(hall, &urban);
    assert_int_equal(answer->n_events, 3);
    assert_string_equal(answer->events[1]->item, "sign");
    answer = events_for(hall, &tax);  // it came with the migration
    assert_int_equal(answer->n_events, 1);
    assert_int_equal(answer->events[0]->event->what_case, BL__EVENT__WHAT_MIGRATED);
}

/* What is removed is no task, and no limit of the new version explains its clocks. */
static void test_a_removed_item_is_no_task(void **state)
{
    struct hall *hall = *state;
    struct query_context context = { hall->store, hall->catalog, hall->now };
    Bl__Query query = BL__QUERY__INIT;
    Bl__ListTasks list = BL__LIST_TASKS__INIT;
    Bl__GetWhy get = BL__GET_WHY__INIT;
    Bl__QueryAnswer answer = BL__QUERY_ANSWER__INIT;
    struct bl_error e = { 0 };

    publish(hall, second_yaml, 0);
    assert_null(migrate(hall, 2, false)->refusal);
    bl_arena_free(&arena);
    bl_arena_init(&arena, 4096, SIZE_MAX);
    list.task = "T-0001.sign";
    query.what_case = BL__QUERY__WHAT_TASKS;
    query.tasks = &list;
    assert_int_equal(query_answer(&context, &query, &hall_admin, hall->now, &arena, &answer, &e),
                     BL_OK);
    assert_string_equal(answer.refusal->rule, "item-removed");
    bl__query_answer__init(&answer);
    get.number = "T-0001";
    get.item = "sign";
    query.what_case = BL__QUERY__WHAT_WHY;
    query.why = &get;
    assert_int_equal(query_answer(&context, &query, &hall_admin, hall->now, &arena, &answer, &e),
                     BL_OK);
    assert_string_equal(answer.refusal->rule, "clock-unknown");
}

/* --- steps and rungs that the new version does not have ----------------------------------------
 */

static const Bl__Answer *decide_as(struct hall *hall, const char *post, Bl__Item__Result result)
{
    static struct principal officer;
    static Bl__Decide decision;

    officer = (struct principal){ .role = BL__KEY__ROLE__OFFICER };
    (void)snprintf(officer.name, sizeof officer.name, "%s", post);
    (void)snprintf(officer.post, sizeof officer.post, "%s", post);
    (void)snprintf(officer.department, sizeof officer.department, "amr");
    bl__command__init(&command);
    bl__decide__init(&decision);
    decision.item = "licence";
    decision.result = result;
    decision.reason = "不符合条件";
    command.application_id = 1;
    command.what_case = BL__COMMAND__WHAT_DECIDE;
    command.decide = &decision;
    return hall_do(hall, &officer, &command);
}

static const Bl__Answer *reopen(struct hall *hall)
{
    static struct principal head;
    static Bl__Reopen reopen_command;

    head = (struct principal){
        .role = BL__KEY__ROLE__OFFICER, .name = "amr-90", .department = "amr", .post = "amr-90"
    };
    bl__command__init(&command);
    bl__reopen__init(&reopen_command);
    reopen_command.item = "licence";
    reopen_command.reason = "复议";
    command.application_id = 1;
    command.what_case = BL__COMMAND__WHAT_REOPEN;
    command.reopen = &reopen_command;
    return hall_do(hall, &head, &command);
}

static void open_long(struct hall *hall)
{
    publish(hall, long_yaml, 0);
    assert_null(migrate(hall, 4, false)->refusal);
    assert_int_equal(item_of(state_of(hall), "licence")->desk->step, 0);
}

/* What was denied at the last of three steps goes on where there is one step, or none. */
static void test_a_desk_that_is_gone(void **state)
{
    struct hall *hall = *state;

    open_long(hall);
    assert_null(decide_as(hall, "amr-01", BL__ITEM__RESULT__GRANTED)->refusal);
    assert_null(decide_as(hall, "amr-05", BL__ITEM__RESULT__GRANTED)->refusal);
    assert_null(decide_as(hall, "amr-02", BL__ITEM__RESULT__DENIED)->refusal);
    publish(hall, short_yaml, 0);
    assert_null(migrate(hall, 5, false)->refusal);
    assert_int_equal(item_of(state_of(hall), "licence")->desk->step, 0);
    assert_null(reopen(hall)->refusal);
    assert_null(decide_as(hall, "amr-07", BL__ITEM__RESULT__DENIED)->refusal);
    publish(hall, bare_yaml, 0);
    assert_null(migrate(hall, 6, false)->refusal);
    assert_null(reopen(hall)->refusal);
    assert_null(item_of(state_of(hall), "licence")->desk);
    assert_null(decide(hall, "amr", "licence")->refusal);
}

static const char gone_yaml[] = HEAD("7") "items:\n" ITEM("sign", "urban", "3", "") "trial: true\n";

/* Migrated back at once, an item that was gone is where it was. */
static void test_a_step_comes_back(void **state)
{
    struct hall *hall = *state;

    open_long(hall);
    assert_null(decide_as(hall, "amr-01", BL__ITEM__RESULT__GRANTED)->refusal);
    assert_int_equal(item_of(state_of(hall), "licence")->desk->step, 1);
    publish(hall, gone_yaml, 0);
    assert_null(migrate(hall, 7, false)->refusal);
    assert_true(item_of(state_of(hall), "licence")->removed);
    assert_null(migrate(hall, 4, false)->refusal);
    const Bl__Item *licence = item_of(state_of(hall), "licence");
    assert_int_equal(licence->state, S(REVIEWING));
    assert_int_equal(licence->desk->step, 1);
    assert_int_equal(licence->desk->round, 1);
}

/* The step before is one of the version before. */
static void test_no_step_is_taken_back_over_a_migration(void **state)
{
    struct hall *hall = *state;

    open_long(hall);
    assert_null(decide_as(hall, "amr-01", BL__ITEM__RESULT__GRANTED)->refusal);
    assert_non_null(item_of(state_of(hall), "licence")->desk->before);
    assert_null(migrate(hall, 1, false)->refusal);
    assert_null(migrate(hall, 4, false)->refusal);
    publish(hall, short_yaml, 0);
    assert_null(migrate(hall, 5, false)->refusal);
    assert_null(item_of(state_of(hall), "licence")->desk->before);
}

/* An overdue item has climbed two rungs; the new ladder has one. */
static void test_a_rung_that_is_gone(void **state)
{
    struct hall *hall = *state;

    publish(hall, long_yaml, 0);
    assert_null(migrate(hall, 4, false)->refusal);
    hall->now = CLOSE_OF(4) + HOUR_US;  // the promise of the sign was broken on Thursday
    assert_int_equal(hall_run(hall), BL_OK);
    const Bl__Item *sign = item_of(state_of(hall), "sign");
    assert_true(sign->rung >= 2 && sign->rung_at != 0);
    publish(hall, short_yaml, 0);
    assert_null(migrate(hall, 5, false)->refusal);
    assert_int_equal(item_of(state_of(hall), "sign")->rung_at, 0);
    hall->now += 30 * DAY_US;
    assert_int_equal(hall_run(hall), BL_OK);
    assert_null(migrate(hall, 4, false)->refusal);
    hall->now += 30 * DAY_US;
    assert_int_equal(hall_run(hall), BL_OK);
    assert_int_equal(item_of(state_of(hall), "sign")->rung, 4);  // there it climbs on
}

/* --- from a day on ------------------------------------------------------------------------------
 */

static void test_a_version_waits_for_its_day(void **state)
{
    struct hall *hall = *state;
    bl_time day = MONDAY_NINE + 3 * DAY_US;

    publish(hall, second_yaml, day);
    assert_null(submit(hall, "r-2", 0)->refusal);
    assert_string_equal(submit(hall, "r-3", 2)->refusal->rule, "workflow-unknown");
    hall->now = day - 1;
    struct store_read *read;
    struct bl_error e = { 0 };
    Bl__Application *application;
    assert_int_equal(store_read_begin(hall->store, &read, &e), BL_OK);
    assert_int_equal(read_application(read, 2, &arena, &application, &e), BL_OK);
    store_read_end(&read);
    assert_int_equal(application->version, 1);
    hall->now = day;
    assert_int_equal(submit(hall, "r-4", 0)->application_id, 3);
    assert_int_equal(store_read_begin(hall->store, &read, &e), BL_OK);
    assert_int_equal(read_application(read, 3, &arena, &application, &e), BL_OK);
    store_read_end(&read);
    assert_int_equal(application->version, 2);
}

static Bl__Publication__Standing standing_of(struct hall *hall, uint32_t version)
{
    struct query_context context = { hall->store, hall->catalog, hall->now };
    Bl__Query query = BL__QUERY__INIT;
    Bl__ListPublications list = BL__LIST_PUBLICATIONS__INIT;
    Bl__QueryAnswer answer = BL__QUERY_ANSWER__INIT;

    list.kind = BL__PUBLICATION__KIND__WORKFLOW;
    query.what_case = BL__QUERY__WHAT_PUBLICATIONS;
    query.publications = &list;
    bl_arena_free(&arena);
    bl_arena_init(&arena, 4096, SIZE_MAX);
    assert_int_equal(query_answer(&context, &query, &hall_clerk, hall->now, &arena, &answer, NULL),
                     BL_OK);
    for (size_t i = 0; i < answer.n_publications; i++) {
        if (answer.publications[i]->version == version) {
            return answer.publications[i]->standing;
        }
    }
    fail_msg("version %u is not listed", version);
    return BL__PUBLICATION__STANDING__STANDING_UNSPECIFIED;
}

static uint32_t shown_version(struct hall *hall)
{
    struct query_context context = { hall->store, hall->catalog, hall->now };
    Bl__Query query = BL__QUERY__INIT;
    Bl__GetSource get = BL__GET_SOURCE__INIT;
    Bl__QueryAnswer answer = BL__QUERY_ANSWER__INIT;

    get.kind = BL__PUBLICATION__KIND__WORKFLOW;
    get.id = "trial";
    query.what_case = BL__QUERY__WHAT_SOURCE;
    query.source = &get;
    bl_arena_free(&arena);
    bl_arena_init(&arena, 4096, SIZE_MAX);
    assert_int_equal(query_answer(&context, &query, &hall_clerk, hall->now, &arena, &answer, NULL),
                     BL_OK);
    return answer.source.len == strlen(second_yaml) ? 2 : 1;
}

static uint32_t current_version(struct hall *hall)
{
    struct catalog_version found;

    assert_int_equal(catalog_current(hall->catalog, "trial", hall->now, &found, NULL), BL_OK);
    return found.definition->version;
}

/* Until its day what is shown without a version is what applications take; it is listed as coming.
 */
static void test_a_coming_version_is_shown_as_coming(void **state)
{
    struct hall *hall = *state;
    bl_time day = MONDAY_NINE + 3 * DAY_US;

    publish(hall, second_yaml, day);
    hall->now = day - 1;
    assert_int_equal(current_version(hall), 1);
    assert_int_equal(shown_version(hall), 1);
    assert_int_equal(standing_of(hall, 1), BL__PUBLICATION__STANDING__CURRENT);
    assert_int_equal(standing_of(hall, 2), BL__PUBLICATION__STANDING__COMING);
    hall->now = day;
    assert_int_equal(current_version(hall), 2);
    assert_int_equal(shown_version(hall), 2);
    assert_int_equal(standing_of(hall, 1), BL__PUBLICATION__STANDING__EARLIER);
    assert_int_equal(standing_of(hall, 2), BL__PUBLICATION__STANDING__CURRENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_items_keep_start_and_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_work_goes_on_under_the_new_version, setup, teardown),
        cmocka_unit_test_setup_teardown(test_back_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_restart_in_between, setup, teardown),
        cmocka_unit_test_setup_teardown(test_verdicts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_history_keeps_its_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_departments_keep_their_history, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_removed_item_is_no_task, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_desk_that_is_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_step_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_step_is_taken_back_over_a_migration, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_rung_that_is_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_version_waits_for_its_day, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_coming_version_is_shown_as_coming, setup, teardown),
    };

    return cmocka_run_group_tests_name("migration", tests, NULL, NULL);
}
