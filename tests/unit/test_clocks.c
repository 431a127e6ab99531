/* The worked examples of domain.md 4.9 that commands can play: stops, unions, caps, the hearing,
 * extensions and deliveries, each through the whole of decide, evolve, wake and the store; then the
 * refusals, the ladder and silence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clocks_fixture.h"

#define P(phase) BL__CLOCK__PHASE__##phase
#define S(state) BL__ITEM__STATE__##state

/* --- worked examples ---------------------------------------------------------------------------
 */

/* What happens when. `s` suspends by a kind with a length, `r` resumes a stop (0: the only open
 * one), `x` annuls one, `h` asks for a hearing, `e` extends, `E` extends the whole, `w` lets time
 * pass. */
struct act {
    const char *at;
    char what;
    const char *kind, *length;
    uint32_t number;
};

struct example {
    const char *name, *item, *accepted;
    struct act acts[5];
    const char *promise, *legal, *whole;  // due in the end; whole NULL: not asked
};

// clang-format off
#define STOP(when, why, long) { .at = when, .what = 's', .kind = why, .length = long }
#define GO(when, stop)        { .at = when, .what = 'r', .number = stop }
#define VOID(when, stop)      { .at = when, .what = 'x', .number = stop }
#define LONGER(when, what_, long) { .at = when, .what = what_, .length = long }
#define ASK(when)             { .at = when, .what = 'h' }
#define WAIT(when)            { .at = when, .what = 'w' }
#define DUE(promised, by_law) .promise = promised, .legal = by_law
static const struct example examples[] = {
    { "5: twenty days and ten by the organ's head", "d20", "2025-09-24 10:00",
      { LONGER("2025-10-09 09:00", 'e', "10WD") }, DUE("2025-10-28", "2025-11-11") },
    { "7: forty-five days and fifteen by the government", "d20", "2025-12-15 10:00",
      { LONGER("2025-12-16 09:00", 'E', "15WD") }, DUE("2026-01-13", "2026-01-13"), .whole = "2026-03-16" },
    { "13: expert review", "d10", "2026-09-14 10:00",
      { STOP("2026-09-18 10:00", "expert_review", ""), GO("2026-10-12 10:00", 0) },
      DUE("2026-10-20", "2026-10-20") },
    { "14: a second stop that overlaps is united, not summed", "d10", "2026-09-14 10:00",
      { STOP("2026-09-18 10:00", "expert_review", ""), STOP("2026-10-09 10:00", "test", ""),
        GO("2026-10-12 10:00", 1), GO("2026-10-16 10:00", 0) },
      DUE("2026-10-26", "2026-10-26") },
    { "15: stopped and resumed on one day", "d10", "2026-09-14 10:00",
      { STOP("2026-09-18 10:00", "expert_review", ""), GO("2026-09-18 16:00", 0) },
      DUE("2026-09-28", "2026-09-28") },
    { "16: stopped over a weekend", "d10", "2026-06-01 10:00",
      { STOP("2026-06-05 10:00", "expert_review", ""), GO("2026-06-07 10:00", 0) },
      DUE("2026-06-15", "2026-06-15") },
    { "17: holidays are not shifted twice", "d10", "2026-02-09 10:00",
      { STOP("2026-02-12 10:00", "test", ""), GO("2026-02-25 10:00", 0) },
      DUE("2026-03-05", "2026-03-05") },
    { "18: the announced length is a cap", "d15", "2026-03-02 10:00",
      { STOP("2026-03-09 10:00", "expert_review", "10WD"), WAIT("2026-04-01 10:00") },
      DUE("2026-04-07", "2026-04-07") },
    { "31: a hearing", "d20", "2026-04-13 10:00",
      { STOP("2026-04-20 10:00", "hearing", ""), ASK("2026-04-27 10:00"), GO("2026-05-20 10:00", 0) },
      DUE("2026-06-10", "2026-06-10") },
    { "31: a hearing that nobody asked for", "d20", "2026-04-13 10:00",
      { STOP("2026-04-20 10:00", "hearing", ""), WAIT("2026-04-28 10:00") },
      DUE("2026-05-13", "2026-05-13") },
    { "a stop that was for nothing", "d20", "2026-04-13 10:00",
      { STOP("2026-04-20 10:00", "test", ""), VOID("2026-04-28 10:00", 1) },
      DUE("2026-05-13", "2026-05-13") },
    { "a kind outside the eight stops the promise alone", "d10", "2026-09-14 10:00",
      { STOP("2026-09-18 10:00", "judicial_hold", ""), GO("2026-10-12 10:00", 0) },
      DUE("2026-10-20", "2026-09-28") },
    { "hours stand as they run", "h2", "2026-03-03 09:00",
      { STOP("2026-03-03 10:00", "test", ""), GO("2026-03-03 14:30", 0) },
      DUE("2026-03-03 15:30", "2026-03-03 15:30") },
    { "the whole leaves out what its items leave out", "d10", "2026-09-14 10:00",
      { STOP("2026-09-18 10:00", "expert_review", ""), GO("2026-10-12 10:00", 0) },
      DUE("2026-10-20", "2026-10-20"), .whole = "2026-12-08" },
};
// clang-format on

static void play(struct clocks *clocks, const struct act *act)
{
    const Bl__Answer *answer = NULL;

    clocks_wait(clocks, clocks_time(act->at));
    switch (act->what) {
    case 's':
        answer = clocks_suspend(clocks, act->kind, act->length);
        break;
    case 'r':
        answer = clocks_resume(clocks, act->number, false);
        break;
    case 'x':
        answer = clocks_resume(clocks, act->number, true);
        break;
    case 'h':
        answer = clocks_hearing(clocks, 0, "");
        break;
    case 'e':
    case 'E':
        answer = clocks_extend(clocks, act->what == 'E' ? "" : clocks->item, act->length);
        break;
    default:
        return;
    }
    if (answer->refusal != NULL) {
        fail_msg("%s: %s", act->at, answer->refusal->rule);
    }
}

static void test_example(void **state)
{
    const struct example *example = *state;
    struct clocks clocks;
    char text[48];

    clocks_open(&clocks, example->item, clocks_time(example->accepted));
    for (size_t i = 0; i < BL_COUNT(example->acts) && example->acts[i].at != NULL; i++) {
        play(&clocks, &example->acts[i]);
    }
    const Bl__Item *item = clocks_item(&clocks);
    assert_string_equal(clocks_text(item->promise->due_at, text), example->promise);
    assert_string_equal(clocks_text(item->legal->due_at, text), example->legal);
    if (example->whole != NULL) {
        assert_string_equal(clocks_text(clocks.state->legal->due_at, text), example->whole);
    }
    clocks_close(&clocks);
}

/* --- stops -------------------------------------------------------------------------------------
 */

static uint32_t count_events(const struct clocks *clocks, Bl__Event__WhatCase what)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < clocks->state->revision; i++) {
        count += clocks->events[i]->what_case == what;
    }
    return count;
}

static const Bl__Event *event_of(const struct clocks *clocks, Bl__Event__WhatCase what)
{
    for (uint32_t i = 0; i < clocks->state->revision; i++) {
        if (clocks->events[i]->what_case == what) {
            return clocks->events[i];
        }
    }
    fail_msg("no such event");
    return NULL;
}

static void refused(const Bl__Answer *answer, const char *rule)
{
    assert_non_null(answer->refusal);
    assert_string_equal(answer->refusal->rule, rule);
}

/* A stop holds the clock with the due moment that it has at its cap; the task leaves the queue, and
 * comes back at the exact moment of the cap. */
static void test_a_stop_and_its_cap(void **state)
{
    struct clocks clocks;
    char text[48];

    (void)state;
    clocks_open(&clocks, "d15", clocks_time("2026-03-02 10:00"));
    assert_true(application_item_is_ready(clocks_item(&clocks)));
    clocks_wait(&clocks, clocks_time("2026-03-09 10:00"));
    assert_null(clocks_suspend(&clocks, "expert_review", "10WD")->refusal);
    assert_int_equal(clocks_item(&clocks)->state, S(SUSPENDED));
    assert_false(application_item_is_ready(clocks_item(&clocks)));
    assert_int_equal(clocks_item(&clocks)->promise->phase, P(STANDING));
    assert_int_equal(clocks.state->promise->phase, P(STANDING));
    assert_string_equal(clocks_text(clocks_item(&clocks)->promise->due_at, text), "2026-04-07");
    assert_int_equal(application_light(clocks.state, clocks.hall.now), BL__LIGHT__BLUE);
    clocks_wait(&clocks, clocks_time("2026-03-24 10:00"));
    const Bl__Event *event = event_of(&clocks, BL__EVENT__WHAT_RESUMED);
    assert_true(event->resumed->by_cap);
    assert_string_equal(clocks_text(event->at, text), "2026-03-23");
    assert_null(event->actor);
    assert_int_equal(clocks_item(&clocks)->promise->phase, P(RUNNING));
    assert_int_equal(clocks.state->promise->phase, P(RUNNING));
    assert_true(application_item_is_ready(clocks_item(&clocks)));
    clocks_close(&clocks);
}

/* The known way to hide delay raises yellow at once; yellow is never said twice. */
static void test_a_stop_on_the_last_day(void **state)
{
    struct clocks clocks;
    char text[48];

    (void)state;
    clocks_open(&clocks, "d10", clocks_time("2026-09-14 10:00"));
    clocks_wait(&clocks, clocks_time("2026-09-28 10:00"));
    uint32_t before = count_events(&clocks, BL__EVENT__WHAT_WARNED);
    assert_null(clocks_suspend(&clocks, "expert_review", "5WD")->refusal);
    clocks_wait(&clocks, clocks.hall.now);
    const Bl__Event *event = clocks.events[clocks.state->revision - 1];
    assert_int_equal(event->what_case, BL__EVENT__WHAT_WARNED);
    assert_true(event->warned->by_stop);
    assert_int_equal(count_events(&clocks, BL__EVENT__WHAT_WARNED), before + 2);  // promise, legal
    assert_string_equal(clocks_text(event->at, text), "2026-09-28 10:00");
    clocks_wait(&clocks, clocks_time("2026-10-09 10:00"));
    assert_null(clocks_resume(&clocks, 0, false)->refusal);
    assert_int_equal(clocks_item(&clocks)->promise->phase, P(WARNED));
    assert_int_equal(count_events(&clocks, BL__EVENT__WHAT_WARNED), before + 2);
    clocks_close(&clocks);
}

/* A stop ends with its item, and the whole goes on from there. */
static void test_a_stop_ends_with_its_item(void **state)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Terminate terminate = BL__TERMINATE__INIT;
    struct clocks clocks;

    (void)state;
    clocks_open(&clocks, "d10", clocks_time("2026-09-14 10:00"));
    assert_null(clocks_suspend(&clocks, "expert_review", "")->refusal);
    command.what_case = BL__COMMAND__WHAT_TERMINATE;
    command.terminate = &terminate;
    command.application_id = clocks.id;
    terminate.item = clocks.item;
    terminate.reason = "申请人注销";
    clocks.hall.now += HOUR_US;
    assert_null(hall_do(&clocks.hall, &hall_admin, &command)->refusal);
    clocks_wait(&clocks, clocks.hall.now);
    const Bl__Event *event = event_of(&clocks, BL__EVENT__WHAT_RESUMED);
    assert_int_equal(event->at, clocks_time("2026-09-14 11:00"));
    assert_false(event->resumed->by_cap);
    assert_int_not_equal(clocks_item(&clocks)->stops[0]->to, 0);
    clocks_close(&clocks);
}

static void test_what_may_not_stop(void **state)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Suspend suspend = BL__SUSPEND__INIT;
    struct clocks clocks;

    (void)state;
    clocks_open(&clocks, "d10", clocks_time("2026-09-14 10:00"));
    refused(clocks_suspend(&clocks, "site_visit", ""), "stop-kind");
    refused(clocks_suspend(&clocks, "expert_review", "61WD"), "stop-long");
    refused(clocks_suspend(&clocks, "expert_review", "soon"), "limit-malformed");
    refused(clocks_resume(&clocks, 0, false), "not-suspended");
    command.what_case = BL__COMMAND__WHAT_SUSPEND;
    command.suspend = &suspend;
    command.application_id = clocks.id;
    suspend.item = "d10";
    suspend.kind = "test";
    refused(clocks_do(&clocks, &command), "notice-required");
    suspend.notice = "告 1";
    refused(clocks_do(&clocks, &command), "approver-required");
    assert_null(clocks_suspend(&clocks, "test", "")->refusal);
    refused(clocks_suspend(&clocks, "test", ""), "stop-open");
    assert_null(clocks_suspend(&clocks, "hearing", "")->refusal);
    refused(clocks_resume(&clocks, 0, false), "stop-ambiguous");
    assert_null(clocks_resume(&clocks, 1, false)->refusal);
    assert_int_equal(clocks_item(&clocks)->state, S(SUSPENDED));
    assert_null(clocks_resume(&clocks, 0, false)->refusal);
    assert_int_equal(clocks_item(&clocks)->state, S(ACCEPTED));
    assert_null(clocks_suspend(&clocks, "test", "")->refusal);
    assert_null(clocks_resume(&clocks, 0, false)->refusal);
    assert_null(clocks_suspend(&clocks, "test", "")->refusal);
    assert_null(clocks_resume(&clocks, 0, false)->refusal);
    refused(clocks_suspend(&clocks, "test", ""), "stops-used");
    assert_null(clocks_decide(&clocks)->refusal);
    refused(clocks_suspend(&clocks, "test", ""), "item-not-open");
    clocks_close(&clocks);
}

/* --- hearings ----------------------------------------------------------------------------------
 */

/* The right is told, nobody uses it: at that moment the stop is void from its start, and the clock
 * has run all the time (domain.md 4.7). */
static void test_nobody_asks_for_the_hearing(void **state)
{
    struct clocks clocks;
    char text[48];

    (void)state;
    clocks_open(&clocks, "d20", clocks_time("2026-04-13 10:00"));
    refused(clocks_hearing(&clocks, 0, ""), "hearing-none");
    clocks_wait(&clocks, clocks_time("2026-04-20 10:00"));
    assert_null(clocks_suspend(&clocks, "hearing", "")->refusal);
    assert_string_equal(clocks_text(clocks_item(&clocks)->stops[0]->ask_by, text), "2026-04-27");
    clocks_wait(&clocks, clocks_time("2026-04-27 17:30"));
    assert_int_equal(clocks_item(&clocks)->state, S(SUSPENDED));  // it may be asked for until then
    clocks_wait(&clocks, clocks_time("2026-04-27 17:31"));
    const Bl__Event *event = event_of(&clocks, BL__EVENT__WHAT_RESUMED);
    assert_true(event->resumed->annulled);
    assert_null(event->actor);
    assert_string_equal(clocks_text(event->at, text), "2026-04-27");
    assert_int_equal(clocks_item(&clocks)->state, S(ACCEPTED));
    assert_string_equal(clocks_text(clocks_item(&clocks)->legal->due_at, text), "2026-05-13");
    refused(clocks_hearing(&clocks, 0, ""), "hearing-none");
    clocks_close(&clocks);
}

/* Asked for on the last day; held within twenty of that, told seven before; a day that comes too
 * late has its card at the exact moment. */
static void test_a_hearing_is_held(void **state)
{
    struct clocks clocks;
    char text[48];

    (void)state;
    clocks_open(&clocks, "d20", clocks_time("2026-04-13 10:00"));
    clocks_wait(&clocks, clocks_time("2026-04-20 10:00"));
    assert_null(clocks_suspend(&clocks, "hearing", "")->refusal);
    refused(clocks_hearing(&clocks, clocks_time("2026-05-20 09:00"), "一号室"), "hearing-unasked");
    clocks_wait(&clocks, clocks_time("2026-04-27 10:00"));
    assert_null(clocks_hearing(&clocks, 0, "")->refusal);
    refused(clocks_hearing(&clocks, 0, ""), "hearing-asked");
    const Bl__Stop *stop = clocks_item(&clocks)->stops[0];
    assert_string_equal(clocks_text(stop->hold->due_at, text), "2026-05-27");
    refused(clocks_hearing(&clocks, clocks_time("2026-05-08 09:00"), "一号室"), "hearing-notice");
    refused(clocks_hearing(&clocks, clocks_time("2026-05-20 09:00"), ""), "hearing-place");
    assert_null(clocks_hearing(&clocks, clocks_time("2026-05-28 09:00"), "一号室")->refusal);
    assert_int_equal(clocks_item(&clocks)->stops[0]->hold->phase, P(RUNNING));  // too late a day
    assert_null(clocks_hearing(&clocks, clocks_time("2026-05-09 09:00"), "一号室")->refusal);
    assert_int_equal(clocks_item(&clocks)->stops[0]->hold->phase, P(STOPPED));
    assert_null(clocks_hearing(&clocks, clocks_time("2026-05-28 09:00"), "一号室")->refusal);
    clocks_wait(&clocks, clocks_time("2026-05-28 18:00"));
    const Bl__Event *event = NULL;
    for (uint32_t i = 0; i < clocks.state->revision; i++) {
        if (clocks.events[i]->what_case == BL__EVENT__WHAT_OVERDUE) {
            event = clocks.events[i];
        }
    }
    assert_non_null(event);
    assert_int_equal(event->overdue->clock->kind, BL__CLOCK_NAME__KIND__HEARING);
    assert_int_equal(event->overdue->clock->number, 1);
    assert_string_equal(clocks_text(event->at, text), "2026-05-27");
    assert_int_not_equal(clocks_item(&clocks)->stops[0]->to, 0);  // the cap, but no record
    assert_null(clocks_decide(&clocks)->refusal);
    assert_int_equal(clocks_item(&clocks)->stops[0]->hold->phase, P(LATE));
    clocks_close(&clocks);
}

/* --- extensions --------------------------------------------------------------------------------
 */

static void test_what_may_not_be_extended(void **state)
{
    struct clocks clocks;

    (void)state;
    clocks_open(&clocks, "d10", clocks_time("2026-09-14 10:00"));
    refused(clocks_extend(&clocks, "d10", "11WD"), "extension-long");
    refused(clocks_extend(&clocks, "d10", "more"), "limit-malformed");
    assert_null(clocks_extend(&clocks, "d10", "5WD")->refusal);
    refused(clocks_extend(&clocks, "d10", "5WD"), "extension-once");
    clocks_close(&clocks);
    clocks_open(&clocks, "slow", clocks_time("2026-09-14 10:00"));
    refused(clocks_extend(&clocks, "slow", ""), "extension-none");
    clocks_close(&clocks);
    clocks_open(&clocks, "d10", clocks_time("2026-09-14 10:00"));
    clocks_wait(&clocks, clocks_time("2026-09-29 10:00"));
    refused(clocks_extend(&clocks, "d10", ""), "extension-late");
    assert_int_equal(clocks_item(&clocks)->legal->phase, P(OVERDUE));
    clocks_close(&clocks);
}

/* --- who approves ------------------------------------------------------------------------------
 */

/* An officer of the fire brigade at a post. */
static struct principal officer_of(const char *post)
{
    struct principal officer = { .role = BL__KEY__ROLE__OFFICER, .department = "fire" };

    bl_text_copy(officer.post, sizeof officer.post, post);
    bl_text_copy(officer.name, sizeof officer.name, post);
    return officer;
}

static const Bl__Answer *approve(struct clocks *clocks, bool extends, const char *sender,
                                 const char *item, const char *approver)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Suspend suspend = BL__SUSPEND__INIT;
    Bl__Extend extend = BL__EXTEND__INIT;
    const struct principal officer = officer_of(sender);

    command.application_id = clocks->id;
    command.what_case = extends ? BL__COMMAND__WHAT_EXTEND : BL__COMMAND__WHAT_SUSPEND;
    if (extends) {
        command.extend = &extend;
    } else {
        command.suspend = &suspend;
    }
    suspend.item = extend.item = item;
    suspend.approver = extend.approver = approver;
    suspend.reason = extend.reason = "情况复杂";
    suspend.kind = "expert_review";
    suspend.notice = "告 1";
    const Bl__Answer *answer = hall_do(&clocks->hall, &officer, &command);
    clocks_read(clocks);
    return answer;
}

static void go_away(struct clocks *clocks, const char *post)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__SetAbsence set = BL__SET_ABSENCE__INIT;
    Bl__Absence absence = BL__ABSENCE__INIT;

    command.what_case = BL__COMMAND__WHAT_SET_ABSENCE;
    command.set_absence = &set;
    set.absence = &absence;
    absence.department = "fire";
    absence.post = post;
    absence.from = clocks->hall.now;
    absence.to = clocks->hall.now + DAY_US;
    assert_null(hall_do(&clocks->hall, &hall_admin, &command)->refusal);
    clocks->hall.now += SECOND_US;
}

/* 行政许可法 第四十二条, domain.md 9.2: the head of the section for a stop, the head of the organ
 * or the government for an extension, whoever sends it; a deputy while the post is vacant. */
static const struct approval {
    const char *name;
    bool extends;
    const char *item, *sender, *named;
    const char *away;      // a post that is vacant
    const char *rule;      // NULL: it is done
    const char *approver;  // who is on record; with a rule: who may
} approvals[] = {
    // clang-format off
    { "a stop approved by the section's head", false, "d10", "fire-01", "fire-80", NULL, NULL, "fire-80" },
    { "a stop that the section's head asks for", false, "d10", "fire-80", "", NULL, NULL, "fire-80" },
    { "a stop that nobody approved", false, "d10", "fire-01", "", NULL, "approver-required", "section_head: fire-80" },
    { "a stop approved by an officer", false, "d10", "fire-01", "fire-02", NULL, "approver-may-not", "section_head: fire-80" },
    { "a stop approved by a post that is not there", false, "d10", "fire-01", "fire-77", NULL, "approver-may-not", "section_head: fire-80" },
    { "a stop approved by another department's head", false, "d10", "fire-01", "amr-80", NULL, "approver-may-not", "section_head: fire-80" },
    { "the head's deputy while he is there", false, "d10", "fire-01", "fire-90", NULL, "approver-may-not", "section_head: fire-80" },
    { "the head's deputy while he is away", false, "d10", "fire-01", "fire-90", "fire-80", NULL, "fire-90" },
    { "the deputy himself asks while the head is away", false, "d10", "fire-90", "", "fire-80", NULL, "fire-80" },
    { "an extension by the organ's head", true, "d10", "fire-01", "fire-90", NULL, NULL, "fire-90" },
    { "an extension that the organ's head asks for", true, "d10", "fire-90", "", NULL, NULL, "fire-90" },
    { "an extension by the section's head", true, "d10", "fire-80", "fire-80", NULL, "approver-may-not", "organ_head: fire-90" },
    { "the organ head's deputy while he is away", true, "d10", "fire-01", "fire-80", "fire-90", NULL, "fire-80" },
    { "an item by the government, where the organ decides", true, "d10", "fire-01", "county-01", NULL, "approver-may-not", "organ_head: fire-90" },
    { "the whole by the government", true, "", "fire-01", "county-02", NULL, NULL, "county-02" },
    { "the whole by the organ's head", true, "", "fire-90", "fire-90", NULL, "approver-may-not", "government: county-01, county-02" },
    { "the whole by nobody", true, "", "fire-90", "", NULL, "approver-required", "government: county-01, county-02" },
    // clang-format on
};

static void test_approval(void **state)
{
    const struct approval *row = *state;
    struct clocks clocks;

    clocks_open(&clocks, "d10", clocks_time("2026-09-14 10:00"));
    if (row->away != NULL) {
        go_away(&clocks, row->away);
    }
    const Bl__Answer *answer = approve(&clocks, row->extends, row->sender, row->item, row->named);
    if (row->rule != NULL) {
        refused(answer, row->rule);
        assert_string_equal(answer->refusal->who_may, row->approver);
    } else {
        assert_null(answer->refusal);
        const Bl__Event *event = clocks.events[clocks.state->revision - 1];
        assert_string_equal(row->extends ? event->extended->approver : event->suspended->approver,
                            row->approver);
    }
    clocks_close(&clocks);
}

/* --- delivery ----------------------------------------------------------------------------------
 */

static void test_delivery(void **state)
{
    struct clocks clocks;
    char text[48];

    (void)state;
    clocks_open(&clocks, "paper", clocks_time("2026-09-28 10:00"));
    refused(clocks_deliver(&clocks, BL__OUTCOME_DEFINITION__DELIVERY__POST, true),
            "nothing-to-deliver");
    clocks_wait(&clocks, clocks_time("2026-09-29 10:00"));
    assert_null(clocks_decide(&clocks)->refusal);
    // Worked example 24.
    assert_string_equal(clocks_text(clocks_item(&clocks)->deliver->due_at, text), "2026-10-19");
    const Bl__Answer *other =
        clocks_deliver(&clocks, BL__OUTCOME_DEFINITION__DELIVERY__SELF_SERVICE, true);
    refused(other, "delivery-way");
    assert_string_equal(other->refusal->arguments[0]->value, "window, post");  // as one types them
    assert_null(clocks_deliver(&clocks, BL__OUTCOME_DEFINITION__DELIVERY__WINDOW, true)->refusal);
    assert_int_equal(clocks_item(&clocks)->state, S(DELIVERING));
    assert_int_equal(clocks_item(&clocks)->deliver->phase, P(STOPPED));
    assert_int_equal(clocks.state->delivered_at, 0);
    clocks_wait(&clocks, clocks_time("2026-11-20 10:00"));
    assert_null(clocks_deliver(&clocks, BL__OUTCOME_DEFINITION__DELIVERY__WINDOW, false)->refusal);
    assert_int_equal(clocks_item(&clocks)->state, S(DELIVERED));
    assert_int_equal(clocks_item(&clocks)->deliver->phase, P(STOPPED));
    assert_string_equal(clocks_text(clocks.state->delivered_at, text), "2026-11-20 10:00");
    refused(clocks_deliver(&clocks, BL__OUTCOME_DEFINITION__DELIVERY__WINDOW, false),
            "nothing-to-deliver");
    clocks_close(&clocks);
}

static void test_late_delivery(void **state)
{
    struct clocks clocks;
    char text[48];

    (void)state;
    clocks_open(&clocks, "paper", clocks_time("2026-09-29 10:00"));
    assert_null(clocks_decide(&clocks)->refusal);
    clocks_wait(&clocks, clocks_time("2026-10-20 10:00"));
    const Bl__Event *event = event_of(&clocks, BL__EVENT__WHAT_OVERDUE);
    assert_int_equal(event->overdue->clock->kind, BL__CLOCK_NAME__KIND__DELIVER);
    assert_string_equal(clocks_text(event->at, text), "2026-10-19");
    assert_null(clocks_deliver(&clocks, BL__OUTCOME_DEFINITION__DELIVERY__POST, false)->refusal);
    assert_int_equal(clocks_item(&clocks)->deliver->phase, P(LATE));
    clocks_close(&clocks);
}

/* An electronic licence alone is delivered by its publication. */
static void test_electronic_delivery(void **state)
{
    struct clocks clocks;

    (void)state;
    clocks_open(&clocks, "licence", clocks_time("2026-09-28 10:00"));
    assert_null(clocks_decide(&clocks)->refusal);
    assert_int_equal(clocks_item(&clocks)->state, S(DELIVERED));
    assert_int_equal(clocks_item(&clocks)->result, BL__ITEM__RESULT__GRANTED);
    assert_null(clocks_item(&clocks)->deliver);
    assert_int_equal(clocks.state->delivered_at, clocks.state->ended_at);
    assert_int_equal(application_state(clocks.state), BL__APPLICATION__STATE__CLOSED);
    clocks_close(&clocks);
}

/* --- silence and the ladder --------------------------------------------------------------------
 */

static void test_silence_grants(void **state)
{
    struct clocks clocks;
    char text[48];

    (void)state;
    clocks_open(&clocks, "tacit", clocks_time("2026-11-23 10:00"));
    clocks_wait(&clocks, clocks_time("2026-12-02 10:00"));
    const Bl__Event *event = event_of(&clocks, BL__EVENT__WHAT_OVERDUE);
    assert_string_equal(clocks_text(event->at, text), "2026-11-30");
    assert_int_equal(event->overdue->follows, BL__OVERDUE__FOLLOWS__TACIT);
    assert_true(event->overdue->completed);
    assert_int_equal(clocks_item(&clocks)->state, S(DECIDED));
    assert_int_equal(clocks_item(&clocks)->result, BL__ITEM__RESULT__TACIT);
    assert_int_equal(clocks_item(&clocks)->promise->phase, P(LATE));
    assert_int_equal(count_events(&clocks, BL__EVENT__WHAT_ESCALATED), 0);
    assert_int_not_equal(clocks.state->ended_at, 0);
    clocks_close(&clocks);
}

/* While it stands, its silence says nothing. */
static void test_no_silence_while_it_stands(void **state)
{
    struct clocks clocks;

    (void)state;
    clocks_open(&clocks, "tacit", clocks_time("2026-11-23 10:00"));
    assert_null(clocks_suspend(&clocks, "expert_review", "20WD")->refusal);
    clocks_wait(&clocks, clocks_time("2026-12-10 10:00"));
    assert_int_equal(clocks_item(&clocks)->state, S(SUSPENDED));
    clocks_wait(&clocks, clocks_time("2027-01-15 10:00"));
    assert_int_equal(clocks_item(&clocks)->result, BL__ITEM__RESULT__TACIT);
    clocks_close(&clocks);
}

/* Each rung at its moment; a broken law climbs the rest at once. */
static void test_the_ladder(void **state)
{
    static const struct {
        const char *at, *to;
    } rungs[] = {
        { "2026-11-30", "section_head" },
        { "2026-12-01", "department_head" },
        { "2026-12-03", "supervision" },
        { "2026-12-07", "accountability" },
    };
    struct clocks clocks;
    size_t rung = 0;
    char text[48];

    (void)state;
    clocks_open(&clocks, "slow", clocks_time("2026-11-23 10:00"));
    clocks_wait(&clocks, clocks_time("2027-03-01 10:00"));
    for (uint32_t i = 0; i < clocks.state->revision; i++) {
        const Bl__Event *event = clocks.events[i];

        if (event->what_case == BL__EVENT__WHAT_ESCALATED && !event->escalated->whole) {
            assert_true(rung < BL_COUNT(rungs));
            assert_string_equal(clocks_text(event->at, text), rungs[rung].at);
            assert_string_equal(event->escalated->to, rungs[rung].to);
            assert_int_equal(event->escalated->rung, ++rung);
        }
    }
    assert_int_equal(rung, BL_COUNT(rungs));
    assert_int_equal(clocks_item(&clocks)->rung_at, 0);
    clocks_close(&clocks);
    clocks_open(&clocks, "d5", clocks_time("2026-11-23 10:00"));  // promise and law in one moment
    clocks_wait(&clocks, clocks_time("2026-12-01 09:00"));
    assert_int_equal(count_events(&clocks, BL__EVENT__WHAT_ESCALATED), 4);
    clocks_close(&clocks);
}

/* A rung with `reply` presses whom it names; who is silent hears it from the next level, at the
 * moment by which he was to answer (domain.md 5.2, 5.4). */
static void test_a_rung_wants_an_answer(void **state)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Reply reply = BL__REPLY__INIT;
    struct clocks clocks;
    char text[48];

    (void)state;
    clocks_open(&clocks, "slow", clocks_time("2026-11-23 10:00"));
    clocks_wait(&clocks, clocks_time("2026-12-01 17:30"));  // due on 11-30; the second rung
    assert_int_equal(clocks.state->n_urgings, 1);
    const Bl__Urging *urging = clocks.state->urgings[0];
    assert_int_equal(urging->level, BL__URGING__LEVEL__URGE);
    assert_string_equal(urging->to, "department_head");
    assert_false(urging->whole);
    assert_string_equal(clocks_text(urging->at, text), "2026-12-01");
    assert_string_equal(clocks_text(urging->reply_by, text), "2026-12-02");
    const Bl__Event *event = clocks.events[clocks.state->revision - 1];
    assert_int_equal(event->escalated->urging->number, urging->number);
    assert_int_equal(event->escalated->reply_by, urging->reply_by);
    clocks_wait(&clocks, clocks_time("2026-12-03 17:30"));
    event = event_of(&clocks, BL__EVENT__WHAT_URGED);
    assert_string_equal(clocks_text(event->at, text), "2026-12-02");
    assert_int_equal(event->urged->raised_from, 1);
    assert_int_equal(event->urged->urging->level, BL__URGING__LEVEL__ORDER);
    assert_int_equal(clocks.state->n_urgings, 2);  // that one, and the third rung's own
    command.what_case = BL__COMMAND__WHAT_REPLY;
    command.reply = &reply;
    command.application_id = clocks.id;
    reply.number = clocks.state->urgings[0]->number;
    reply.text = "正在补办";
    assert_null(clocks_do(&clocks, &command)->refusal);
    assert_int_equal(clocks.state->n_urgings, 1);
    clocks.item = "slow";
    assert_null(clocks_decide(&clocks)->refusal);
    assert_int_equal(clocks.state->n_urgings, 0);
    clocks_close(&clocks);
}

/* A bundle that is late as a whole climbs the ladder too, in its own name. */
static void test_a_late_whole_climbs(void **state)
{
    static const char *const to[] = { "section_head", "department_head", "supervision",
                                      "accountability" };
    struct clocks clocks;
    size_t rung = 0, urged = 0;
    char text[48];

    (void)state;
    clocks_open(&clocks, "d20", clocks_time("2026-03-02 10:00"));  // 45WD: 2026-05-08
    clocks_wait(&clocks, clocks_time("2026-07-01 10:00"));
    for (uint32_t i = 0; i < clocks.state->revision; i++) {
        const Bl__Event *event = clocks.events[i];

        if (event->what_case == BL__EVENT__WHAT_ESCALATED && event->escalated->whole) {
            assert_string_equal(clocks_text(event->at, text),
                                clocks_text(clocks.state->legal->due_at, text + 20));
            assert_string_equal(event->escalated->to, to[rung]);
            assert_int_equal(event->escalated->rung, ++rung);
            assert_int_equal(application_event_item(event), -1);
            urged += event->escalated->urging != NULL && event->escalated->urging->whole;
        }
    }
    assert_int_equal(rung, BL_COUNT(to));
    assert_int_equal(urged, 2);
    assert_int_equal(clocks.state->rung, BL_COUNT(to));
    assert_int_equal(clocks.state->rung_at, 0);
    assert_null(clocks_decide(&clocks)->refusal);
    assert_int_equal(clocks.state->n_urgings, 0);
    clocks_close(&clocks);
}

static void test_the_end_silences_the_ladder(void **state)
{
    struct clocks clocks;

    (void)state;
    clocks_open(&clocks, "slow", clocks_time("2026-11-23 10:00"));
    clocks_wait(&clocks, clocks_time("2026-12-01 10:00"));
    assert_null(clocks_decide(&clocks)->refusal);
    clocks_wait(&clocks, clocks_time("2027-03-01 10:00"));
    assert_int_equal(count_events(&clocks, BL__EVENT__WHAT_ESCALATED), 1);
    clocks_close(&clocks);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(test_a_stop_and_its_cap),
        cmocka_unit_test(test_a_stop_on_the_last_day),
        cmocka_unit_test(test_a_stop_ends_with_its_item),
        cmocka_unit_test(test_what_may_not_stop),
        cmocka_unit_test(test_nobody_asks_for_the_hearing),
        cmocka_unit_test(test_a_hearing_is_held),
        cmocka_unit_test(test_what_may_not_be_extended),
        cmocka_unit_test(test_delivery),
        cmocka_unit_test(test_late_delivery),
        cmocka_unit_test(test_electronic_delivery),
        cmocka_unit_test(test_silence_grants),
        cmocka_unit_test(test_no_silence_while_it_stands),
        cmocka_unit_test(test_the_ladder),
        cmocka_unit_test(test_a_rung_wants_an_answer),
        cmocka_unit_test(test_a_late_whole_climbs),
        cmocka_unit_test(test_the_end_silences_the_ladder),
    };
    struct CMUnitTest tests[BL_COUNT(examples) + BL_COUNT(others) + BL_COUNT(approvals)];

    for (size_t i = 0; i < BL_COUNT(examples); i++) {
        tests[i] = (struct CMUnitTest){ .name = examples[i].name,
                                        .test_func = test_example,
                                        .initial_state = (void *)(uintptr_t)&examples[i] };
    }
    memcpy(tests + BL_COUNT(examples), others, sizeof others);
    for (size_t i = 0; i < BL_COUNT(approvals); i++) {
        tests[BL_COUNT(examples) + BL_COUNT(others) + i] =
            (struct CMUnitTest){ .name = approvals[i].name,
                                 .test_func = test_approval,
                                 .initial_state = (void *)(uintptr_t)&approvals[i] };
    }
    return _cmocka_run_group_tests("clocks", tests, BL_COUNT(tests), NULL, NULL);
}
