/* 催办: who may press, whom it reaches, and that silence goes one level up at its exact moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/application.h"
#include "hall_fixture.h"

/* 2026-11-23 09:00 in the hall, a Monday; the close of business of the next days. */
#define MONDAY_NINE INT64_C(1795395600000000)
#define TUESDAY_CLOSE (MONDAY_NINE + DAY_US + 8 * HOUR_US + 30 * MINUTE_US)
#define WEDNESDAY_CLOSE (TUESDAY_CLOSE + DAY_US)
#define THURSDAY_CLOSE (TUESDAY_CLOSE + 2 * DAY_US)

static const char trial_yaml[] =
    "workflow: trial\nversion: 1\ntitle: {zh: 试, en: Trial}\ncalendar: cn\nhandling: joint\n"
    "lead: amr\npromise: 20 working days\nlegal: 45 working days\nnumber: \"T-{seq:4}\"\n"
    "form:\n  - section: {zh: 表, en: Form}\n    fields:\n"
    "      name: {type: text, label: {zh: 名, en: Name}, required: true, max: 20}\n"
    "items:\n  first: {title: {zh: 一, en: One}, department: amr, promise: 15 working days, legal: "
    "20 working days, fields: [name]}\n"
    "  second: {title: {zh: 二, en: Two}, department: fire, promise: 15 working days, legal: 20 "
    "working days, fields: [name]}\ntrial: true\n";

static struct hall_submission submission;

static int setup(void **state)
{
    struct hall *hall = calloc(1, sizeof *hall);
    struct hall_form form = { .count = 0 };

    hall_open(hall, MONDAY_NINE);
    assert_null(hall_publish_text(hall, "trial.yaml", trial_yaml, sizeof trial_yaml - 1)->refusal);
    hall_form_text(&form, "name", "老张");
    hall_submission(&submission, "trial", "r-1", &form);
    assert_null(hall_do(hall, &hall_clerk, &submission.command)->refusal);
    *state = hall;
    return 0;
}

static int teardown(void **state)
{
    hall_close(*state);
    free(*state);
    return 0;
}

static const struct principal supervisor = { BL__KEY__ROLE__SUPERVISOR, "sup", "", "" };
static const struct principal tracker = { BL__KEY__ROLE__TRACKER, "dr-01", "", "" };

static Bl__Command command;
static Bl__Urge urge_command;
static Bl__Reply reply_command;

#define L(level) BL__URGING__LEVEL__##level

static const Bl__Command *urge(const char *item, Bl__Urging__Level level)
{
    bl__command__init(&command);
    bl__urge__init(&urge_command);
    urge_command.item = item;
    urge_command.level = level;
    urge_command.text = "请尽快办理";
    command.application_id = 1;
    command.what_case = BL__COMMAND__WHAT_URGE;
    command.urge = &urge_command;
    return &command;
}

static const Bl__Command *reply(uint32_t number)
{
    bl__command__init(&command);
    bl__reply__init(&reply_command);
    reply_command.number = number;
    reply_command.text = "今日办结";
    command.application_id = 1;
    command.what_case = BL__COMMAND__WHAT_REPLY;
    command.reply = &reply_command;
    return &command;
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

static Bl__Event *last_event(struct hall *hall)
{
    uint64_t seq = state_of(hall)->last_event;
    struct store_read *read;
    struct bl_error e = { 0 };
    Bl__Event *event;

    assert_int_equal(store_read_begin(hall->store, &read, &e), BL_OK);
    assert_int_equal(read_event(read, seq, &arena, &event, &e), BL_OK);
    store_read_end(&read);
    return event;
}

static void run_at(struct hall *hall, bl_time now)
{
    hall->now = now;
    batch_reset(&hall->batch);
    assert_int_equal(hall_run(hall), BL_OK);
}

/* --- who may ------------------------------------------------------------------------------------
 */

static const struct right {
    const char *name;
    struct principal principal;
    Bl__Urging__Level level;
    const char *rule;  // NULL: he may
} rights[] = {
    { "a clerk reminds", { BL__KEY__ROLE__CLERK, "c", "", "" }, L(REMIND), NULL },
    { "a clerk does not urge", { BL__KEY__ROLE__CLERK, "c", "", "" }, L(URGE), "urge-denied" },
    { "the lead reminds", { BL__KEY__ROLE__WORKER, "w", "amr", "" }, L(REMIND), NULL },
    { "another does not", { BL__KEY__ROLE__WORKER, "w", "fire", "" }, L(REMIND), "urge-denied" },
    { "a supervisor reminds", { BL__KEY__ROLE__SUPERVISOR, "s", "", "" }, L(REMIND), NULL },
    { "a supervisor urges", { BL__KEY__ROLE__SUPERVISOR, "s", "", "" }, L(URGE), NULL },
    { "but does not order", { BL__KEY__ROLE__SUPERVISOR, "s", "", "" }, L(ORDER), "urge-denied" },
    { "an administrator orders", { BL__KEY__ROLE__ADMINISTRATOR, "a", "", "" }, L(ORDER), NULL },
    { "a tracker of nothing", { BL__KEY__ROLE__TRACKER, "t", "", "" }, L(REMIND), "urge-denied" },
    { "no level", { BL__KEY__ROLE__SUPERVISOR, "s", "", "" }, L(LEVEL_UNSPECIFIED), "urge-level" },
};

static const struct right *right;

static int setup_right(void **state)
{
    right = *state;
    return setup(state);
}

static void test_right(void **state)
{
    const Bl__Answer *answer = hall_do(*state, &right->principal, urge("second", right->level));

    if (right->rule == NULL) {
        assert_null(answer->refusal);
        return;
    }
    assert_non_null(answer->refusal);
    assert_string_equal(answer->refusal->rule, right->rule);
}

static void test_a_tracker_urges_in_his_project(void **state)
{
    struct hall *hall = *state;
    struct hall_form form = { .count = 0 };
    Bl__OpenProject open = BL__OPEN_PROJECT__INIT;

    open.code = "P-1";
    open.title = "园区";
    open.tracker = "dr-01";
    bl__command__init(&command);
    command.what_case = BL__COMMAND__WHAT_OPEN_PROJECT;
    command.open_project = &open;
    assert_null(hall_do(hall, &hall_admin, &command)->refusal);
    hall_form_text(&form, "name", "老张");
    hall_submission(&submission, "trial", "r-2", &form);
    submission.submit.project = "P-1";
    assert_null(hall_do(hall, &hall_clerk, &submission.command)->refusal);
    (void)urge("", L(REMIND));
    command.application_id = 2;
    assert_null(hall_do(hall, &tracker, &command)->refusal);
    assert_string_equal(hall_do(hall, &tracker, urge("", L(REMIND)))->refusal->rule, "urge-denied");
}

/* --- what becomes of one -------------------------------------------------------------------------
 */

static void test_it_reaches_the_department_and_is_answered(void **state)
{
    struct hall *hall = *state;
    struct principal fire = hall_worker("fire"), amr = hall_worker("amr");

    assert_null(hall_do(hall, &hall_clerk, urge("second", L(REMIND)))->refusal);
    const Bl__Urging *urging = state_of(hall)->urgings[0];
    assert_string_equal(urging->to, "fire");
    assert_int_equal(urging->reply_by, TUESDAY_CLOSE);
    assert_string_equal(hall_do(hall, &amr, reply(1))->refusal->rule, "reply-denied");
    assert_string_equal(hall_do(hall, &fire, reply(2))->refusal->rule, "urging-unknown");
    assert_null(hall_do(hall, &fire, reply(1))->refusal);
    assert_int_equal(state_of(hall)->n_urgings, 0);
    run_at(hall, WEDNESDAY_CLOSE);
    assert_int_equal(state_of(hall)->urging_count, 1);  // nothing was raised
}

static void test_silence_goes_up_to_the_top(void **state)
{
    struct hall *hall = *state;

    assert_null(hall_do(hall, &hall_clerk, urge("second", L(REMIND)))->refusal);
    run_at(hall, TUESDAY_CLOSE);
    assert_int_equal(state_of(hall)->urgings[0]->level, L(REMIND));
    run_at(hall, TUESDAY_CLOSE + HOUR_US);
    const Bl__Event *event = last_event(hall);
    assert_int_equal(event->what_case, BL__EVENT__WHAT_URGED);
    assert_int_equal(event->at, TUESDAY_CLOSE);
    assert_int_equal(event->urged->raised_from, 1);
    assert_null(event->actor);
    const Bl__Urging *urging = state_of(hall)->urgings[0];
    assert_int_equal(urging->number, 2);
    assert_int_equal(urging->level, L(URGE));
    assert_string_equal(urging->to, "department_head");
    assert_int_equal(urging->reply_by, WEDNESDAY_CLOSE);
    run_at(hall, THURSDAY_CLOSE + HOUR_US);  // two moments at once
    assert_int_equal(state_of(hall)->n_urgings, 1);
    urging = state_of(hall)->urgings[0];
    assert_int_equal(urging->number, 3);
    assert_int_equal(urging->level, L(ORDER));
    run_at(hall, MONDAY_NINE + 10 * DAY_US);
    urging = state_of(hall)->urgings[0];
    assert_true(urging->overdue);  // there is nobody above
    assert_int_equal(urging->number, 3);
    assert_null(hall_do(hall, &supervisor, reply(3))->refusal);
    assert_int_equal(state_of(hall)->n_urgings, 0);
}

static void test_a_decision_settles_it(void **state)
{
    struct hall *hall = *state;
    struct principal fire = hall_worker("fire");
    Bl__Decide decide = BL__DECIDE__INIT;

    assert_null(hall_do(hall, &hall_clerk, urge("second", L(REMIND)))->refusal);
    assert_null(hall_do(hall, &hall_clerk, urge("", L(REMIND)))->refusal);
    assert_int_equal(state_of(hall)->n_urgings, 2);
    decide.item = "second";
    decide.result = BL__ITEM__RESULT__GRANTED;
    decide.attempt = "1-1";
    bl__command__init(&command);
    command.application_id = 1;
    command.what_case = BL__COMMAND__WHAT_DECIDE;
    command.decide = &decide;
    assert_null(hall_do(hall, &fire, &command)->refusal);
    assert_int_equal(state_of(hall)->n_urgings, 1);
    assert_true(state_of(hall)->urgings[0]->whole);
    assert_string_equal(state_of(hall)->urgings[0]->to, "amr");
    assert_string_equal(hall_do(hall, &hall_clerk, urge("second", L(REMIND)))->refusal->rule,
                        "item-not-open");
}

static void test_what_is_wrong_is_refused(void **state)
{
    struct hall *hall = *state;

    assert_string_equal(hall_do(hall, &hall_clerk, urge("third", L(REMIND)))->refusal->rule,
                        "item-unknown");
    (void)urge("second", L(REMIND));
    urge_command.text = "";
    assert_string_equal(hall_do(hall, &hall_clerk, &command)->refusal->rule, "urge-text");
    (void)urge("second", L(REMIND));
    urge_command.limit = "soon";
    assert_string_equal(hall_do(hall, &hall_clerk, &command)->refusal->rule, "limit-malformed");
    (void)urge("second", L(REMIND));
    urge_command.limit = "11WD";
    assert_string_equal(hall_do(hall, &hall_clerk, &command)->refusal->rule, "urge-limit");
    (void)urge("second", L(REMIND));
    urge_command.text = "快\033[2J";
    assert_string_equal(hall_do(hall, &hall_clerk, &command)->refusal->rule, "control-character");
    (void)urge("second", L(REMIND));
    urge_command.limit = "";
    for (int i = 0; i < 20; i++) {
        assert_null(hall_do(hall, &hall_clerk, urge("second", L(REMIND)))->refusal);
    }
    assert_string_equal(hall_do(hall, &hall_clerk, urge("second", L(REMIND)))->refusal->rule,
                        "urgings-many");
}

int main(void)
{
    struct CMUnitTest rows[BL_COUNT(rights)];
    const struct CMUnitTest stories[] = {
        cmocka_unit_test_setup_teardown(test_a_tracker_urges_in_his_project, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_reaches_the_department_and_is_answered, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_silence_goes_up_to_the_top, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_decision_settles_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_wrong_is_refused, setup, teardown),
    };

    for (size_t i = 0; i < BL_COUNT(rights); i++) {
        rows[i] = (struct CMUnitTest){
            rights[i].name, test_right, setup_right, teardown, (void *)&rights[i],
        };
    }
    return cmocka_run_group_tests_name("rights", rows, NULL, NULL) +
           cmocka_run_group_tests_name("urge", stories, NULL, NULL);
}
