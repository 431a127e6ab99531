/* Major projects: one tracker at a time, milestones that fall due at their exact moment,
 * applications that join in the batch of their submission. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/project.h"
#include "hall_fixture.h"
#include "store/kind.h"
#include "store/query.h"

/* 2026-11-23 09:00 in the hall, a Monday. */
#define MONDAY_NINE INT64_C(1795395600000000)

static const char trial_yaml[] =
    "workflow: trial\nversion: 1\ntitle: {zh: 试, en: Trial}\ncalendar: cn\nhandling: joint\n"
    "lead: amr\npromise: 10 working days\nlegal: 45 working days\nnumber: \"T-{seq:4}\"\n"
    "form:\n  - section: {zh: 表, en: Form}\n    fields:\n"
    "      name: {type: text, label: {zh: 名, en: Name}, required: true, max: 20}\n"
    "items:\n  only: {title: {zh: 一, en: One}, department: amr, promise: 2 working days, legal: 5 "
    "working days, fields: [name]}\ntrial: true\n";

static const struct principal tracker = { BL__KEY__ROLE__TRACKER, "dr-01", "", "" };
static const struct principal other_tracker = { BL__KEY__ROLE__TRACKER, "dr-02", "", "" };

static int setup(void **state)
{
    struct hall *hall = calloc(1, sizeof *hall);

    hall_open(hall, MONDAY_NINE);
    assert_null(hall_publish_text(hall, "trial.yaml", trial_yaml, sizeof trial_yaml - 1)->refusal);
    *state = hall;
    return 0;
}

static int teardown(void **state)
{
    hall_close(*state);
    free(*state);
    return 0;
}

/* --- commands ----------------------------------------------------------------------------------
 */

static Bl__Command command;
static Bl__OpenProject open_command;
static Bl__TrackProject track_command;
static Bl__SetMilestone milestone_command;
static Bl__Milestone milestone;
static Bl__CloseProject close_command;
static Bl__JoinProject join_command;
static struct hall_submission submission;

static const Bl__Command *begin(Bl__Command__WhatCase what)
{
    bl__command__init(&command);
    command.what_case = what;
    return &command;
}

static const Bl__Command *open_project(void)
{
    bl__open_project__init(&open_command);
    open_command.code = "2026-350102-48";
    open_command.title = "滨江产业园";
    open_command.owner = "滨江投资有限公司";
    open_command.tracker = "dr-01";
    open_command.tracker_name = "林";
    begin(BL__COMMAND__WHAT_OPEN_PROJECT);
    command.open_project = &open_command;
    return &command;
}

static const Bl__Command *track_project(void)
{
    bl__track_project__init(&track_command);
    track_command.code = "2026-350102-48";
    track_command.tracker = "dr-02";
    track_command.reason = "调动";
    begin(BL__COMMAND__WHAT_TRACK_PROJECT);
    command.track_project = &track_command;
    return &command;
}

static const Bl__Command *set_milestone(void)
{
    bl__set_milestone__init(&milestone_command);
    bl__milestone__init(&milestone);
    milestone.id = "land";
    milestone.title = "供地";
    milestone.due_at = MONDAY_NINE + 3 * DAY_US;
    milestone_command.code = "2026-350102-48";
    milestone_command.milestone = &milestone;
    begin(BL__COMMAND__WHAT_SET_MILESTONE);
    command.set_milestone = &milestone_command;
    return &command;
}

static const Bl__Command *close_project(void)
{
    bl__close_project__init(&close_command);
    close_command.code = "2026-350102-48";
    begin(BL__COMMAND__WHAT_CLOSE_PROJECT);
    command.close_project = &close_command;
    return &command;
}

static const Bl__Command *join_project(void)
{
    bl__join_project__init(&join_command);
    join_command.code = "2026-350102-48";
    join_command.application = 1;
    begin(BL__COMMAND__WHAT_JOIN_PROJECT);
    command.join_project = &join_command;
    return &command;
}

static const Bl__Command *submit(const char *request_id, const char *code)
{
    struct hall_form form = { .count = 0 };

    hall_form_text(&form, "name", "老张");
    hall_submission(&submission, "trial", request_id, &form);
    submission.submit.project = code;
    return &submission.command;
}

static struct bl_arena arena;

static const Bl__Project *project_of(struct hall *hall)
{
    struct store_read *read;
    struct bl_error e = { 0 };
    void *project = NULL;

    bl_arena_free(&arena);
    bl_arena_init(&arena, 4096, SIZE_MAX);
    assert_int_equal(store_read_begin(hall->store, &read, &e), BL_OK);
    assert_int_equal(kind_read(read, kind_find(BL__AGGREGATE__PROJECT), 1, &arena, &project, &e),
                     BL_OK);
    store_read_end(&read);
    return project;
}

static Bl__Event *event_of(struct hall *hall, uint64_t seq)
{
    struct store_read *read;
    struct bl_error e = { 0 };
    Bl__Event *event;

    assert_int_equal(store_read_begin(hall->store, &read, &e), BL_OK);
    assert_int_equal(read_event(read, seq, &arena, &event, &e), BL_OK);
    store_read_end(&read);
    return event;
}

/* --- what may happen in which state ------------------------------------------------------------
 */

enum stage { NONE, OPEN, CLOSED };

static const struct cell {
    const char *name;
    enum stage stage;
    const Bl__Command *(*ask)(void);
    const char *rule;  // NULL: it happens
} cells[] = {
    { "none: open", NONE, open_project, NULL },
    { "none: track", NONE, track_project, "project-unknown" },
    { "none: milestone", NONE, set_milestone, "project-unknown" },
    { "none: close", NONE, close_project, "project-unknown" },
    { "none: join", NONE, join_project, "role-may-not" },
    { "open: open", OPEN, open_project, "project-exists" },
    { "open: track", OPEN, track_project, NULL },
    { "open: milestone", OPEN, set_milestone, NULL },
    { "open: close", OPEN, close_project, NULL },
    { "open: join", OPEN, join_project, "role-may-not" },
    { "closed: open", CLOSED, open_project, "project-exists" },
    { "closed: track", CLOSED, track_project, "project-closed" },
    { "closed: milestone", CLOSED, set_milestone, "project-closed" },
    { "closed: close", CLOSED, close_project, "project-closed" },
    { "closed: join", CLOSED, join_project, "role-may-not" },
};

static const struct cell *cell;

static int setup_cell(void **state)
{
    cell = *state;
    (void)setup(state);
    struct hall *hall = *state;
    if (cell->stage != NONE) {
        assert_null(hall_do(hall, &hall_admin, open_project())->refusal);
    }
    if (cell->stage == CLOSED) {
        assert_null(hall_do(hall, &hall_admin, close_project())->refusal);
    }
    return 0;
}

static void test_cell(void **state)
{
    const Bl__Answer *answer = hall_do(*state, &hall_admin, cell->ask());

    if (cell->rule == NULL) {
        assert_null(answer->refusal);
        assert_int_equal(answer->id, 1);
        return;
    }
    assert_non_null(answer->refusal);
    assert_string_equal(answer->refusal->rule, cell->rule);
}

/* --- what is wrong with a command --------------------------------------------------------------
 */

static void test_a_code_is_checked(void **state)
{
    static const char *const codes[] = { "", "a b", "码", "a/b",
                                         "12345678901234567890123456789012345678901" };

    for (size_t i = 0; i < BL_COUNT(codes); i++) {
        (void)open_project();
        open_command.code = codes[i];
        assert_string_equal(hall_do(*state, &hall_admin, &command)->refusal->rule, "project-code");
    }
}

static void test_there_is_one_tracker(void **state)
{
    struct hall *hall = *state;

    (void)open_project();
    open_command.tracker = "";
    assert_string_equal(hall_do(hall, &hall_admin, &command)->refusal->rule,
                        "project-tracker-required");
    assert_null(hall_do(hall, &hall_admin, open_project())->refusal);
    assert_string_equal(project_of(hall)->tracker, "dr-01");
    (void)track_project();
    track_command.reason = "";
    assert_string_equal(hall_do(hall, &hall_admin, &command)->refusal->rule, "reason-required");
    hall->now += HOUR_US;
    assert_null(hall_do(hall, &hall_admin, track_project())->refusal);
    assert_string_equal(project_of(hall)->tracker, "dr-02");
    assert_int_equal(project_of(hall)->tracked_since, MONDAY_NINE + HOUR_US);
    assert_string_equal(hall_do(hall, &hall_admin, track_project())->refusal->rule,
                        "project-tracker-same");
    assert_string_equal(hall_do(hall, &tracker, track_project())->refusal->rule, "role-may-not");
}

/* --- milestones --------------------------------------------------------------------------------
 */

static void test_a_tracker_has_his_own_projects(void **state)
{
    struct hall *hall = *state;

    assert_null(hall_do(hall, &hall_admin, open_project())->refusal);
    const Bl__Answer *answer = hall_do(hall, &other_tracker, set_milestone());
    assert_string_equal(answer->refusal->rule, "project-other-tracker");
    assert_string_equal(answer->refusal->who_may, "dr-01");
    assert_null(hall_do(hall, &tracker, set_milestone())->refusal);
}

static void test_a_milestone_falls_due_at_its_moment(void **state)
{
    struct hall *hall = *state;
    bl_time due = MONDAY_NINE + 3 * DAY_US;

    assert_null(hall_do(hall, &hall_admin, open_project())->refusal);
    assert_null(hall_do(hall, &tracker, set_milestone())->refusal);
    assert_int_equal(cycle_next_timer(hall->cycle), due + 1);
    hall->now = due;
    batch_reset(&hall->batch);
    assert_int_equal(hall_run(hall), BL_OK);
    assert_false(project_of(hall)->milestones[0]->overdue);
    hall->now = due + 2 * HOUR_US;  // read late
    batch_reset(&hall->batch);
    assert_int_equal(hall_run(hall), BL_OK);
    const Bl__Project *project = project_of(hall);
    assert_true(project->milestones[0]->overdue);
    const Bl__Event *event = event_of(hall, project->last_event);
    assert_int_equal(event->at, due);
    assert_int_equal(event->recorded_at, hall->now);
    assert_null(event->actor);
    assert_int_equal(cycle_next_timer(hall->cycle), BL_NEVER);
}

static void test_a_milestone_is_moved_and_reached(void **state)
{
    struct hall *hall = *state;

    assert_null(hall_do(hall, &hall_admin, open_project())->refusal);
    (void)set_milestone();
    milestone_command.reached = true;
    assert_string_equal(hall_do(hall, &tracker, &command)->refusal->rule, "milestone-unknown");
    assert_null(hall_do(hall, &tracker, set_milestone())->refusal);
    hall->now = MONDAY_NINE + 4 * DAY_US;  // it is over
    (void)set_milestone();
    milestone.due_at += 5 * DAY_US;
    assert_string_equal(hall_do(hall, &tracker, &command)->refusal->rule, "reason-required");
    milestone_command.reason = "征地未完成";
    assert_null(hall_do(hall, &tracker, &command)->refusal);
    assert_false(project_of(hall)->milestones[0]->overdue);
    (void)set_milestone();
    milestone_command.reached = true;
    assert_null(hall_do(hall, &tracker, &command)->refusal);
    assert_int_equal(project_of(hall)->milestones[0]->reached_at, hall->batch.time);
    assert_string_equal(hall_do(hall, &tracker, &command)->refusal->rule, "milestone-reached");
    assert_int_equal(cycle_next_timer(hall->cycle), BL_NEVER);
}

/* --- applications ------------------------------------------------------------------------------
 */

static void test_a_submission_joins_in_its_batch(void **state)
{
    struct hall *hall = *state;

    assert_string_equal(hall_do(hall, &hall_clerk, submit("r-1", "2026-350102-48"))->refusal->rule,
                        "project-unknown");
    batch_reset(&hall->batch);
    struct batch_command *opened = batch_add(&hall->batch, open_project(), &hall_admin);
    Bl__Command first = command;
    opened->command = &first;
    struct batch_command *joined =
        batch_add(&hall->batch, submit("r-1", "2026-350102-48"), &hall_clerk);
    assert_int_equal(hall_run(hall), BL_OK);
    assert_null(opened->answer.refusal);
    assert_null(joined->answer.refusal);
    assert_int_equal(hall->batch.newest_event, joined->answer.event + 1);
    const Bl__Project *project = project_of(hall);
    assert_int_equal(project->n_applications, 1);
    assert_int_equal(project->applications[0], 1);
    const Bl__Event *event = event_of(hall, project->last_event);
    assert_int_equal(event->what_case, BL__EVENT__WHAT_PROJECT_JOINED);
    assert_string_equal(event->project_joined->number, joined->answer.application);
    assert_null(event->actor);  // the engine's own
}

static void test_a_project_with_open_applications_asks_for_a_reason(void **state)
{
    struct hall *hall = *state;

    assert_null(hall_do(hall, &hall_admin, open_project())->refusal);
    assert_null(hall_do(hall, &hall_clerk, submit("r-1", "2026-350102-48"))->refusal);
    const Bl__Answer *answer = hall_do(hall, &hall_admin, close_project());
    assert_string_equal(answer->refusal->rule, "project-has-open");
    assert_string_equal(answer->refusal->arguments[0]->value, "1");
    (void)close_project();
    close_command.reason = "项目终止";
    assert_null(hall_do(hall, &hall_admin, &command)->refusal);
    assert_string_equal(hall_do(hall, &hall_clerk, submit("r-2", "2026-350102-48"))->refusal->rule,
                        "project-closed");
}

/* --- what is shown -----------------------------------------------------------------------------
 */

static const Bl__QueryAnswer *ask(struct hall *hall, const struct principal *principal,
                                  const Bl__Query *query)
{
    static Bl__QueryAnswer answer;
    struct query_context context = { hall->store, hall->catalog, hall->now };
    struct bl_error e = { 0 };

    bl__query_answer__init(&answer);
    bl_arena_free(&arena);
    bl_arena_init(&arena, 4096, SIZE_MAX);
    assert_int_equal(query_answer(&context, query, principal, hall->now, &arena, &answer, &e),
                     BL_OK);
    return &answer;
}

static void test_what_is_late_and_whose(void **state)
{
    struct hall *hall = *state;
    Bl__ListProjects list = BL__LIST_PROJECTS__INIT;
    Bl__Query query = BL__QUERY__INIT;

    assert_null(hall_do(hall, &hall_admin, open_project())->refusal);
    assert_null(hall_do(hall, &tracker, set_milestone())->refusal);
    assert_null(hall_do(hall, &hall_clerk, submit("r-1", "2026-350102-48"))->refusal);
    query.what_case = BL__QUERY__WHAT_PROJECTS;
    query.projects = &list;
    assert_int_equal(ask(hall, &tracker, &query)->projects[0]->late, 0);
    hall->now = MONDAY_NINE + 4 * DAY_US;
    batch_reset(&hall->batch);
    assert_int_equal(hall_run(hall), BL_OK);
    assert_int_equal(ask(hall, &tracker, &query)->projects[0]->late, 2);
    assert_int_equal(ask(hall, &other_tracker, &query)->n_projects, 0);  // not his
    list.code = "2026-350102-48";
    const Bl__ProjectView *view = ask(hall, &tracker, &query)->projects[0];
    assert_int_equal(view->light, BL__LIGHT__RED);
    assert_int_equal(view->n_applications, 1);
    assert_int_equal(view->n_lates, 2);
    assert_string_equal(view->lates[0]->milestone, "land");
    assert_string_equal(view->lates[1]->department, "amr");
    assert_string_equal(ask(hall, &other_tracker, &query)->refusal->rule, "project-unknown");
}

/* All that happens in a project can be asked for from any event on, and nothing else comes. */
static void test_its_events(void **state)
{
    struct hall *hall = *state;
    Bl__GetEvents get = BL__GET_EVENTS__INIT;
    Bl__Query query = BL__QUERY__INIT;

    assert_null(hall_do(hall, &hall_admin, open_project())->refusal);
    assert_null(hall_do(hall, &hall_clerk, submit("r-1", ""))->refusal);
    assert_null(hall_do(hall, &hall_clerk, submit("r-2", "2026-350102-48"))->refusal);
    get.project = "2026-350102-48";
    query.what_case = BL__QUERY__WHAT_EVENTS;
    query.events = &get;
    const Bl__QueryAnswer *answer = ask(hall, &tracker, &query);
    assert_int_equal(answer->n_events, 3);
    assert_int_equal(answer->events[0]->event->what_case, BL__EVENT__WHAT_PROJECT_OPENED);
    assert_int_equal(answer->events[1]->event->what_case, BL__EVENT__WHAT_SUBMITTED);
    assert_int_equal(answer->events[2]->event->what_case, BL__EVENT__WHAT_PROJECT_JOINED);
    get.after = answer->events[1]->event->seq;
    assert_int_equal(ask(hall, &tracker, &query)->n_events, 1);
    assert_string_equal(ask(hall, &other_tracker, &query)->refusal->rule, "project-unknown");
}

/* One rule for views, lists and events: a tracker sees his projects and their applications. */
static void test_what_a_tracker_sees(void **state)
{
    struct hall *hall = *state;
    Bl__GetEvents get = BL__GET_EVENTS__INIT;
    Bl__ListApplications list = BL__LIST_APPLICATIONS__INIT;
    Bl__GetApplication one = BL__GET_APPLICATION__INIT;
    Bl__Query events = BL__QUERY__INIT, all = BL__QUERY__INIT, single = BL__QUERY__INIT;

    assert_null(hall_do(hall, &hall_admin, open_project())->refusal);
    const Bl__Answer *answer = hall_do(hall, &hall_clerk, submit("r-1", ""));
    char alone[64];
    assert_null(answer->refusal);
    bl_text_copy(alone, sizeof alone, answer->application);
    assert_null(hall_do(hall, &hall_clerk, submit("r-2", "2026-350102-48"))->refusal);
    events.what_case = BL__QUERY__WHAT_EVENTS;
    events.events = &get;
    all.what_case = BL__QUERY__WHAT_APPLICATIONS;
    all.applications = &list;
    single.what_case = BL__QUERY__WHAT_APPLICATION;
    single.application = &one;
    one.number = alone;
    assert_int_equal(ask(hall, &tracker, &events)->n_events, 3);
    assert_int_equal(ask(hall, &other_tracker, &events)->n_events, 0);
    assert_int_equal(ask(hall, &tracker, &all)->n_applications, 1);
    assert_int_equal(ask(hall, &other_tracker, &all)->n_applications, 0);
    assert_string_equal(ask(hall, &tracker, &single)->refusal->rule, "application-unknown");
    assert_null(ask(hall, &hall_clerk, &single)->refusal);
}

static void test_a_restart_loses_nothing(void **state)
{
    struct hall *hall = *state;

    assert_null(hall_do(hall, &hall_admin, open_project())->refusal);
    assert_null(hall_do(hall, &tracker, set_milestone())->refusal);
    hall_stop(hall);
    hall_start(hall);
    hall->now = MONDAY_NINE + 4 * DAY_US;
    batch_reset(&hall->batch);
    assert_int_equal(hall_run(hall), BL_OK);
    assert_true(project_of(hall)->milestones[0]->overdue);
    (void)open_project();
    open_command.code = "2026-2";
    assert_int_equal(hall_do(hall, &hall_admin, &command)->id, 2);
}

int main(void)
{
    struct CMUnitTest tests[BL_COUNT(cells)];
    const struct CMUnitTest stories[] = {
        cmocka_unit_test_setup_teardown(test_a_code_is_checked, setup, teardown),
        cmocka_unit_test_setup_teardown(test_there_is_one_tracker, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_tracker_has_his_own_projects, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_milestone_falls_due_at_its_moment, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_milestone_is_moved_and_reached, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_submission_joins_in_its_batch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_project_with_open_applications_asks_for_a_reason,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_late_and_whose, setup, teardown),
        cmocka_unit_test_setup_teardown(test_its_events, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_a_tracker_sees, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_restart_loses_nothing, setup, teardown),
    };

    for (size_t i = 0; i < BL_COUNT(cells); i++) {
        tests[i] = (struct CMUnitTest){
            cells[i].name, test_cell, setup_cell, teardown, (void *)&cells[i],
        };
    }
    return cmocka_run_group_tests_name("cells", tests, NULL, NULL) +
           cmocka_run_group_tests_name("project", stories, NULL, NULL);
}
