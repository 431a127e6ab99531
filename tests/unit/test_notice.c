/* What the applicant is told: which events say it, what becomes of it, and who may send it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka wants the above first
#include <cmocka.h>

#include "core/notice.h"
#include "core/retry.h"
#include "hall_fixture.h"

/* 2026-11-23 09:00 in the hall, a Monday. */
#define MONDAY_NINE INT64_C(1795395600000000)
#define K(kind) BL__NOTICE__KIND__##kind

static struct principal sms;

/* The workflow `five`, whose applicants are told by SMS and by post. */
static void publish_five(struct hall *hall)
{
    static char source[1 << 16];
    FILE *in = fopen(SOURCE_DIR "/tests/integration/workflows/five.yaml", "r");

    assert_non_null(in);
    size_t bytes = fread(source, 1, sizeof source, in);
    (void)fclose(in);
    bytes += (size_t)snprintf(source + bytes, sizeof source - bytes, "\nnotices: [sms, post]\n");
    assert_null(hall_publish_text(hall, "five.yaml", source, bytes)->refusal);
}

static int setup(void **state)
{
    struct hall *hall = calloc(1, sizeof *hall);

    assert_non_null(hall);
    sms = hall_worker("sms");
    hall_open(hall, MONDAY_NINE);
    publish_five(hall);
    *state = hall;
    return 0;
}

static int teardown(void **state)
{
    hall_close(*state);
    free(*state);
    return 0;
}

static Bl__Application *load(struct hall *hall, struct bl_arena *arena)
{
    struct store_read *read = NULL;
    Bl__Application *application = NULL;

    assert_int_equal(store_read_begin(hall->store, &read, NULL), BL_OK);
    assert_int_equal(read_application(read, 1, arena, &application, NULL), BL_OK);
    store_read_end(&read);
    return application;
}

static void submit(struct hall *hall)
{
    static struct hall_submission submission;
    struct hall_form form = { .count = 0 };

    hall_form_text(&form, "name", "面馆");
    hall_submission(&submission, "five", "r1", &form);
    const Bl__Answer *answer = hall_do(hall, &hall_clerk, &submission.command);
    assert_null(answer->refusal);
    assert_int_equal(answer->application_id, 1);
}

static const Bl__Answer *decide(struct hall *hall, Bl__Item__Result result)
{
    struct principal fire = hall_worker("fire");
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Decide what = BL__DECIDE__INIT;

    what.item = "fire_item";
    what.result = result;
    what.reason = result == BL__ITEM__RESULT__DENIED ? "疏散通道被占" : "";
    command.application_id = 1;
    command.what_case = BL__COMMAND__WHAT_DECIDE;
    command.decide = &what;
    return hall_do(hall, &fire, &command);
}

static const Bl__Answer *send_notice(struct hall *hall, const struct principal *who,
                                     uint32_t number)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__SendNotice what = BL__SEND_NOTICE__INIT;

    what.number = number;
    what.receipt = "SMS-7";
    command.application_id = 1;
    command.what_case = BL__COMMAND__WHAT_SEND_NOTICE;
    command.send_notice = &what;
    return hall_do(hall, who, &command);
}

static const Bl__Answer *fail_notice(struct hall *hall, uint32_t number, bool permanent)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__FailNotice what = BL__FAIL_NOTICE__INIT;

    what.number = number;
    what.reason = "空号";
    what.permanent = permanent;
    command.application_id = 1;
    command.what_case = BL__COMMAND__WHAT_FAIL_NOTICE;
    command.fail_notice = &what;
    return hall_do(hall, &sms, &command);
}

static const Bl__Answer *retry(struct hall *hall, const char *item)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Retry what = BL__RETRY__INIT;

    what.item = item;
    command.application_id = 1;
    command.what_case = BL__COMMAND__WHAT_RETRY;
    command.retry = &what;
    return hall_do(hall, &hall_admin, &command);
}

static void check(struct hall *hall, const char *expected)
{
    struct bl_arena arena;
    char text[256] = "";

    bl_arena_init(&arena, 4096, 1 << 24);
    const Bl__Application *application = load(hall, &arena);
    for (size_t i = 0; i < application->n_notices; i++) {
        const Bl__Notice *notice = application->notices[i];
        size_t at = strlen(text);

        (void)snprintf(text + at, sizeof text - at, "%u:%d:%s:%s%s ", notice->number,
                       (int)notice->kind, notice->channel,
                       notice->whole ? "-" : application->items[notice->item]->id,
                       notice->incident ? "!" : "");
    }
    assert_string_equal(text, expected);
    bl_arena_free(&arena);
}

static void each_event_is_told_over_each_channel(void **state)
{
    submit(*state);
    check(*state, "1:1:sms:- 2:1:post:- ");  // accepted
    assert_null(decide(*state, BL__ITEM__RESULT__DENIED)->refusal);
    check(*state, "1:1:sms:- 2:1:post:- 3:7:sms:fire_item 4:7:post:fire_item ");
}

static const Bl__Answer *at_the_window(struct hall *hall, Bl__Command *command)
{
    command->application_id = 1;
    return hall_do(hall, &hall_clerk, command);
}

/* Complete with the correction, it is accepted (行政许可法 第三十二条), and the applicant learns
 * so. */
static void a_correction_that_accepts_is_told(void **state)
{
    static struct hall_submission submission;
    struct hall_form form = { .count = 0 }, corrected = { .count = 0 };
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Notify notify = BL__NOTIFY__INIT;
    Bl__Correct correct = BL__CORRECT__INIT;
    const char *fields[] = { "name" };
    struct hall *hall = *state;

    hall_form_text(&form, "name", "面馆");
    hall_submission(&submission, "five", "r1", &form);
    submission.submit.receive_only = true;
    assert_null(hall_do(hall, &hall_clerk, &submission.command)->refusal);
    check(hall, "");
    command.what_case = BL__COMMAND__WHAT_NOTIFY;
    command.notify = &notify;
    notify.fields = fields;
    notify.n_fields = 1;
    notify.text = "名称须与执照一致";
    assert_null(at_the_window(hall, &command)->refusal);
    check(hall, "1:2:sms:- 2:2:post:- ");
    hall_form_text(&corrected, "name", "老张面馆");
    command.what_case = BL__COMMAND__WHAT_CORRECT;
    command.correct = &correct;
    correct.form.data = corrected.bytes;
    correct.form.len = corrected.count;
    assert_null(at_the_window(hall, &command)->refusal);
    check(hall, "1:2:sms:- 2:2:post:- 3:1:sms:- 4:1:post:- ");
}

/* A notice of holidays moves the promised day: he sees why (domain.md 4.8). */
static void a_new_calendar_is_told(void **state)
{
    static const char later[] =
        "calendar: cn\nutc_offset: \"+08:00\"\n"
        "hours: [{from: \"01-01\", to: \"12-31\", day: [\"08:30-12:00\", \"14:00-17:30\"]}]\n"
        "years:\n  2026: {holidays: [11-24], workdays: [], source: 通知, reviewed: true}\n";
    struct hall *hall = *state;

    submit(hall);
    assert_null(hall_publish_text(hall, "cn.yaml", later, sizeof later - 1)->refusal);
    batch_reset(&hall->batch);
    assert_int_equal(hall_run(hall), BL_OK);
    check(hall, "1:1:sms:- 2:1:post:- 3:10:sms:- 4:10:post:- ");
}

static void what_is_sent_is_gone_and_its_number_never_comes_again(void **state)
{
    submit(*state);
    assert_null(send_notice(*state, &sms, 1)->refusal);
    check(*state, "2:1:post:- ");
    assert_string_equal(send_notice(*state, &sms, 1)->refusal->rule, "notice-unknown");
    assert_null(decide(*state, BL__ITEM__RESULT__GRANTED)->refusal);
    check(*state, "2:1:post:- 3:7:sms:fire_item 4:7:post:fire_item ");
}

static void only_its_channel_sends_it(void **state)
{
    struct principal fire = hall_worker("fire");

    submit(*state);
    assert_string_equal(send_notice(*state, &fire, 1)->refusal->rule, "other-department");
    assert_string_equal(send_notice(*state, &sms, 2)->refusal->who_may, "post");
    assert_string_equal(send_notice(*state, &hall_clerk, 1)->refusal->rule, "role-may-not");
    assert_null(send_notice(*state, &hall_admin, 2)->refusal);  // settled otherwise
    check(*state, "1:1:sms:- ");
}

static void failures_become_an_incident_that_an_operator_retries(void **state)
{
    struct bl_arena arena;

    submit(*state);
    assert_string_equal(retry(*state, "notice-1")->refusal->rule, "notice-no-incident");
    for (int i = 0; i < FAILURES_MAX; i++) {
        check(*state, "1:1:sms:- 2:1:post:- ");
        assert_null(fail_notice(*state, 1, false)->refusal);
    }
    check(*state, "1:1:sms:-! 2:1:post:- ");
    assert_null(retry(*state, "notice-1")->refusal);
    assert_null(fail_notice(*state, 1, false)->refusal);
    bl_arena_init(&arena, 4096, 1 << 24);
    const Bl__Notice *notice = load(*state, &arena)->notices[0];
    assert_int_equal(notice->failures, 1);
    assert_in_range(notice->retry_at - MONDAY_NINE, RETRY_FIRST, RETRY_FIRST + SECOND_US);
    bl_arena_free(&arena);
    assert_null(fail_notice(*state, 1, true)->refusal);  // the number does not exist
    check(*state, "1:1:sms:-! 2:1:post:- ");
    assert_string_equal(retry(*state, "notice-9")->refusal->rule, "notice-unknown");
}

/* The last that has a place is an incident; what comes after it has none. */
static void over_the_bound_an_incident_stands(void **state)
{
    static const char *const channels[] = { "sms" };
    const struct definition definition = { .channels = channels, .channel_count = 1 };
    const struct world world = { .definition = &definition };
    Bl__Application application = BL__APPLICATION__INIT;
    Bl__Refused refused = BL__REFUSED__INIT;
    struct bl_arena arena;

    (void)state;
    bl_arena_init(&arena, 4096, 1 << 24);
    for (uint32_t i = 1; i <= NOTICES_MAX + 2; i++) {
        Bl__Event event = BL__EVENT__INIT;

        event.what_case = BL__EVENT__WHAT_REFUSED;
        event.refused = &refused;
        notice_announce(&world, &application, &event, &arena);
        notice_take(&application, &event, &arena);
        assert_int_equal(event.n_notices, i <= NOTICES_MAX);
        assert_int_equal(application.notices[application.n_notices - 1]->incident,
                         i >= NOTICES_MAX);
    }
    assert_int_equal(application.n_notices, NOTICES_MAX);
    bl_arena_free(&arena);
}

static void names_and_places(void **state)
{
    (void)state;
    assert_int_equal(notice_number("notice-12"), 12);
    assert_int_equal(notice_number("notice-"), 0);
    assert_int_equal(notice_number("notice-1x"), 0);
    assert_int_equal(notice_number("notice-99999"), 0);
    assert_int_equal(notice_number("fire_check"), 0);
    assert_int_equal(notice_of_task(notice_task(NOTICE_NUMBER_MAX)), NOTICE_NUMBER_MAX);
    assert_int_equal(notice_of_task(199), 0);  // an item
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(each_event_is_told_over_each_channel),
        T(what_is_sent_is_gone_and_its_number_never_comes_again),
        T(only_its_channel_sends_it),
        T(failures_become_an_incident_that_an_operator_retries),
        T(a_correction_that_accepts_is_told),
        T(a_new_calendar_is_told),
        cmocka_unit_test(over_the_bound_an_incident_stands),
        cmocka_unit_test(names_and_places),
    };
#undef T

    return cmocka_run_group_tests(tests, NULL, NULL);
}
