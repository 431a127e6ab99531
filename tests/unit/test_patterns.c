/* One test for each control-flow pattern that the language of definitions expresses, by the number
 * it has in the table (definition/control_flow.h): a small workflow is published and the real core
 * driven. A script says what happens and how each item stands then:
 *   "> .; +a + >"   at first a is open and b pending; a is granted: a granted, b open
 * Acts: +a grants, -a denies, xa terminates; *a is
 * accepted by its department, /a in vain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/application.h"
#include "definition/control_flow.h"
#include "hall_fixture.h"

#define MONDAY_NINE INT64_C(1795395600000000)  // 2026-11-23 09:00 in the hall
#define TEXT_BYTES 4096

#define ITEM(id, more)                                                                             \
    "  " id ": {title: {zh: 事, en: T}, department: amr, promise: 2 working days" more "}\n"

struct pattern_case {
    uint32_t number;    // of the pattern
    const char *items;  // of the workflow
    const char *tail;   // its join
    double area;        // the applicant's answers
    bool open;
    const char *script;
};

// clang-format off
static const struct pattern_case cases[] = {
    { 1, ITEM("a", "") ITEM("b", ", needs: [a]") ITEM("c", ", needs: [b]"), "", 1, false,
      "> . .; +a + > .; +b + + >; +c + + + !" },
    { 2, ITEM("a", "") ITEM("b", ", needs: [a]") ITEM("c", ", needs: [a]"), "", 1, false,
      "> . .; +a + > >" },
    { 3, ITEM("a", "") ITEM("b", "") ITEM("c", ", needs: [a, b]"), "", 1, false,
      "> > .; +b > + .; +a + + >" },
    { 4, ITEM("a", ", when: form.open") ITEM("b", ", when: \"!form.open\""), "", 1, true, "> 0" },
    { 4, ITEM("a", "") ITEM("b", ", needs: [a], when: \"item.a.result == 'granted' && form.area > 9\"")
      ITEM("c", ", needs: [a], when: \"item.a.result == 'granted' && form.area <= 9\""), "", 3, false,
      "> . .; +a + 0 >" },
    { 5, ITEM("a", ", when: form.open") ITEM("b", ", when: \"!form.open\"") ITEM("c", ", needs: [a, b]"), "", 1, false,
      "0 > .; +b 0 + >" },
    { 6, ITEM("a", ", when: form.open") ITEM("b", ", when: form.area > 300") ITEM("c", ", when: form.area > 600"), "", 400, true,
      "> > 0" },
    { 7, ITEM("a", ", when: form.open") ITEM("b", ", when: form.area > 300") ITEM("c", ", when: form.area > 600")
      ITEM("d", ", needs: [a, b, c]"), "", 400, true,
      "> > 0 .; +a + > 0 .; +b + + 0 >" },
    { 9, ITEM("a", "") ITEM("b", "") ITEM("c", ", needs: {need: any, of: [a, b]}"), "", 1, false,
      "> > .; +b > + >; +c > + +; +a + + + !" },
    { 11, ITEM("a", "") ITEM("b", ""), "", 1, false, "> >; +a + >; -b + - !" },
    { 18, ITEM("a", "") ITEM("b", ""), "acceptance: department\n", 1, false,
      "? ?; *a > ?; /a > ?; +a + ?; /a + ?" },
    { 19, ITEM("a", "") ITEM("b", ""), "", 1, false, "> >; xa x >; +b x + !" },
    { 25, ITEM("a", "") ITEM("b", "") ITEM("c", "") ITEM("d", ", needs: [c]"), "join: {need: all, on_reject: stop_others}\n", 1, false,
      "> > > .; +a + > > .; -b + - x x !" },
    { 29, ITEM("a", "") ITEM("b", "") ITEM("c", ", needs: {need: any, of: [a, b], late: cancel}"), "", 1, false,
      "> > .; +b x + >" },
    { 30, ITEM("a", "") ITEM("b", "") ITEM("c", "") ITEM("d", ", needs: {need: 2, of: [a, b, c]}"), "", 1, false,
      "> > > .; -a - > > .; +b - + > .; +c - + + >" },
    { 30, ITEM("a", "") ITEM("b", "") ITEM("c", "") ITEM("d", ", needs: {need: 2, of: [a, b, c]}"), "", 1, false,
      "> > > .; -a - > > .; -b - - > #" },
    { 32, ITEM("a", "") ITEM("b", "") ITEM("c", "") ITEM("d", ", needs: {need: 2, of: [a, b, c], late: cancel}"), "", 1, false,
      "> > > .; +a + > > .; +c + x + >" },
    { 37, ITEM("a", ", when: form.open") ITEM("b", ", needs: [a], when: \"item.a.result == 'granted'\"")
      ITEM("c", "") ITEM("d", ", needs: [b, c]"), "", 1, false,
      "0 0 > .; +c 0 0 + >" },
    { 43, ITEM("a", "") ITEM("b", "") ITEM("c", ", needs: [b]"), "join: {need: any, late: cancel}\n", 1, false,
      "> > .; +a + x x !" },
};
// clang-format on

static struct hall hall;
static struct bl_arena arena;
static unsigned requests;

static const Bl__Application *state_now(void)
{
    struct store_read *read;
    Bl__Application *application;
    struct bl_error e = { 0 };

    bl_arena_free(&arena);
    bl_arena_init(&arena, 4096, SIZE_MAX);
    assert_int_equal(store_read_begin(hall.store, &read, &e), BL_OK);
    assert_int_equal(read_application(read, 1, &arena, &application, &e), BL_OK);
    store_read_end(&read);
    return application;
}

/* --- the hall -------------------------------------------------------------------------------- */

static void publish(const char *items, const char *tail)
{
    static char yaml[TEXT_BYTES];
    int bytes = snprintf(yaml, sizeof yaml,
                         "workflow: pattern\nversion: 1\ntitle: {zh: 式, en: P}\ncalendar: cn\n"
                         "handling: joint\nlead: amr\npromise: 20 working days\n"
                         "legal: 45 working days\nnumber: \"P-{seq:4}\"\ntrial: true\nform:\n"
                         "  - section: {zh: 表, en: Form}\n    fields:\n"
                         "      area: {type: number, label: {zh: 面积, en: Area}}\n"
                         "      open: {type: yes_no, label: {zh: 开放, en: Open}}\n"
                         "      from: {type: date, label: {zh: 起, en: From}}\nitems:\n%s%s",
                         items, tail);

    CHECK(bytes > 0 && (size_t)bytes < sizeof yaml);
    const Bl__Answer *answer = hall_publish_text(&hall, "pattern.yaml", yaml, (size_t)bytes);
    if (answer->refusal != NULL) {
        fail_msg("%s %s", answer->refusal->pointer,
                 answer->refusal->n_arguments > 0 ? answer->refusal->arguments[0]->value : "");
    }
}

static void submit(double area, bool open, const char *from)
{
    static struct hall_submission submission;
    struct hall_form form = { .count = 0 };
    Google__Protobuf__Value yes = GOOGLE__PROTOBUF__VALUE__INIT;
    char request[32];

    yes.kind_case = GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE;
    yes.bool_value = open;
    hall_form_number(&form, "area", area);
    hall_form_value(&form, "open", &yes);
    if (from != NULL) {
        hall_form_text(&form, "from", from);
    }
    (void)snprintf(request, sizeof request, "r-%u", ++requests);
    hall_submission(&submission, "pattern", request, &form);
    assert_null(hall_do(&hall, &hall_clerk, &submission.command)->refusal);
}

static const Bl__Answer *act(const struct principal *principal, Bl__Command *command)
{
    command->application_id = 1;
    return hall_do(&hall, principal, command);
}

static const Bl__Answer *decide(const char *item, Bl__Item__Result result)
{
    struct principal worker = hall_worker("amr");
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Decide decision = BL__DECIDE__INIT;

    decision.item = item;
    decision.result = result;
    decision.reason = result == BL__ITEM__RESULT__DENIED ? "不符合" : "";
    decision.basis = decision.reason;
    decision.attempt = "1-1";
    command.what_case = BL__COMMAND__WHAT_DECIDE;
    command.decide = &decision;
    return act(&worker, &command);
}

static const Bl__Answer *terminate(const char *item)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Terminate termination = BL__TERMINATE__INIT;

    termination.item = item;
    termination.reason = "事项取消";
    command.what_case = BL__COMMAND__WHAT_TERMINATE;
    command.terminate = &termination;
    return act(&hall_admin, &command);
}

static const Bl__Answer *accept(const char *item)
{
    struct principal worker = hall_worker("amr");
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Accept acceptance = BL__ACCEPT__INIT;

    acceptance.item = item;
    command.what_case = BL__COMMAND__WHAT_ACCEPT;
    command.accept = &acceptance;
    return act(&worker, &command);
}

/* --- scripts --------------------------------------------------------------------------------- */

static char mark(const Bl__Item *item)
{
    static const char marks[] = {
        [BL__ITEM__STATE__PENDING] = '.',    [BL__ITEM__STATE__RECEIVED] = '?',
        [BL__ITEM__STATE__CORRECTING] = '?', [BL__ITEM__STATE__ACCEPTED] = '>',
        [BL__ITEM__STATE__REVIEWING] = '>',  [BL__ITEM__STATE__NOT_NEEDED] = '0',
        [BL__ITEM__STATE__BLOCKED] = '#',    [BL__ITEM__STATE__TERMINATED] = 'x',
        [BL__ITEM__STATE__WITHDRAWN] = 'w',  [BL__ITEM__STATE__DECIDED] = '+',
    };

    assert_true(item->state < (int)sizeof marks && marks[item->state] != '\0');
    return item->state == BL__ITEM__STATE__DECIDED && item->result == BL__ITEM__RESULT__DENIED
               ? '-'
               : marks[item->state];
}

/* "> . ." and a final "!" once the application has ended. */
static const char *standing(char *text, size_t size)
{
    const Bl__Application *application = state_now();
    size_t at = 0;

    for (size_t i = 0; i < application->n_items; i++) {
        at += (size_t)snprintf(text + at, size - at, "%s%c", i == 0 ? "" : " ",
                               mark(application->items[i]));
    }
    if (!application_is_open(application)) {
        (void)snprintf(text + at, size - at, " !");
    }
    return text;
}

/* One act; what is refused has to be refused in the script too: "/a" accepts in vain. */
static void perform(const char *act_text)
{
    const char item[2] = { act_text[1], '\0' };
    const Bl__Answer *answer = NULL;

    switch (act_text[0]) {
    case '+':
        answer = decide(item, BL__ITEM__RESULT__GRANTED);
        break;
    case '-':
        answer = decide(item, BL__ITEM__RESULT__DENIED);
        break;
    case 'x':
        answer = terminate(item);
        break;
    case '*':
        answer = accept(item);
        break;
    case '/':
        assert_non_null(accept(item)->refusal);
        return;
    default:
        fail_msg("no such act: %s", act_text);
    }
    if (answer->refusal != NULL) {
        fail_msg("%s: %s", act_text, answer->refusal->rule);
    }
}

static void play(const char *script)
{
    char copy[TEXT_BYTES], now[256], *rest = copy;

    bl_text_copy(copy, sizeof copy, script);
    for (char *part = strtok_r(rest, ";", &rest); part != NULL; part = strtok_r(NULL, ";", &rest)) {
        const char *expected = part + strspn(part, " ");

        if (part != copy) {  // all but the first begin with an act
            char name[3] = { expected[0], expected[1], '\0' };

            perform(name);
            expected += 3;
        }
        (void)standing(now, sizeof now);
        if (strcmp(now, expected) != 0) {
            fail_msg("\"%s\" is not \"%s\"", now, part);
        }
    }
}

static void test_script(void **state)
{
    const struct pattern_case *row = *state;

    publish(row->items, row->tail);
    submit(row->area, row->open, NULL);
    play(row->script);
}

/* --- signers --------------------------------------------------------------------------------- */

/* An officer at a post of amr; three hold the role of reviewer. */
static struct principal officer(const char *post)
{
    struct principal principal = { .role = BL__KEY__ROLE__OFFICER };

    bl_text_copy(principal.name, sizeof principal.name, post);
    bl_text_copy(principal.department, sizeof principal.department, "amr");
    bl_text_copy(principal.post, sizeof principal.post, post);
    return principal;
}

/* What is said to a signature for item a; NULL where it is taken. */
static const char *sign(const char *post)
{
    struct principal principal = officer(post);
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Decide decision = BL__DECIDE__INIT;

    decision.item = "a";
    decision.result = BL__ITEM__RESULT__GRANTED;
    command.what_case = BL__COMMAND__WHAT_DECIDE;
    command.decide = &decision;
    const Bl__Answer *answer = act(&principal, &command);
    return answer->refusal == NULL ? NULL : answer->refusal->rule;
}

static void assert_standing(const char *expected)
{
    char now[256];

    assert_string_equal(standing(now, sizeof now), expected);
}

#define STEP(id, role, more) "{id: " id ", title: {zh: 环节, en: S}, role: " role more "}"
#define STEPS(steps) ITEM("a", ", steps: [" steps "]")

static void begin(const char *items)
{
    publish(items, "");
    submit(1, false, NULL);
}

static void test_signers_known_at_design(void **state)
{
    (void)state;
    begin(STEPS(STEP("s", "reviewer", ", signers: {need: 2}")));
    assert_null(sign("amr-01"));
    assert_standing(">");
    assert_string_equal(sign("amr-01"), "signed-already");
    assert_null(sign("amr-07"));
    assert_standing("+ !");
}

static void test_signers_known_at_the_beginning(void **state)
{
    static const char *const posts[] = { "amr-01", "amr-02", "amr-07" };

    (void)state;
    begin(STEPS(STEP("s", "reviewer", ", signers: {need: all}")));
    for (size_t i = 0; i < BL_COUNT(posts); i++) {
        assert_standing(">");
        assert_null(sign(posts[i]));
    }
    assert_standing("+ !");
}

/* The second of three signatures settles the step: the third has nothing to sign any more. */
static void test_signers_that_are_left_over(void **state)
{
    (void)state;
    begin(STEPS(STEP("s", "reviewer", ", signers: {need: 2}")) ITEM("b", ""));
    assert_null(sign("amr-02"));
    assert_null(sign("amr-07"));
    assert_standing("+ >");
    assert_non_null(sign("amr-01"));
}

static void test_signers_are_called_off(void **state)
{
    (void)state;
    begin(STEPS(STEP("s", "reviewer", ", signers: {need: all}")) ITEM("b", ""));
    assert_null(sign("amr-01"));
    assert_null(terminate("a")->refusal);
    assert_standing("x >");
    assert_non_null(sign("amr-02"));
}

/* In any order where the file says none, in the order of the posts where it does; each once. */
static void test_signers_in_any_order(void **state)
{
    (void)state;
    begin(STEPS(STEP("s", "reviewer", ", signers: {need: all}") ", " STEP(
        "t", "reviewer", ", signers: {need: all, in_order: true}")));
    assert_null(sign("amr-07"));
    assert_null(sign("amr-01"));
    assert_string_equal(sign("amr-07"), "signed-already");
    assert_null(sign("amr-02"));
    assert_string_equal(sign("amr-07"), "signers-in-order");
    assert_null(sign("amr-01"));
    assert_null(sign("amr-02"));
    assert_null(sign("amr-07"));
    assert_standing("+ !");
}

/* --- what the clock and the applicant do ----------------------------------------------------- */

/* Runs the cycle at a later moment, with nobody saying anything. */
static void wait_until(bl_time at)
{
    hall.now = at;
    batch_reset(&hall.batch);
    assert_int_equal(hall_run(&hall), BL_OK);
}

/* Whichever comes first: the decision, or the end of the time for it. */
static void test_silence_or_decision(void **state)
{
    (void)state;
    publish(ITEM("a", ", on_overdue: {action: tacit}") ITEM("b", ", on_overdue: {action: tacit}"),
            "");
    submit(1, false, NULL);
    assert_null(decide("a", BL__ITEM__RESULT__DENIED)->refusal);
    bl_time due = state_now()->items[1]->promise->due_at;
    wait_until(due);
    assert_standing("- >");
    wait_until(due + HOUR_US);
    assert_standing("- + !");
    assert_int_equal(state_now()->items[1]->result, BL__ITEM__RESULT__TACIT);
    assert_non_null(decide("b", BL__ITEM__RESULT__DENIED)->refusal);
}

/* The item waits for the day, and starts by itself; a day that has come already is not missed. */
static void test_a_day_is_waited_for(void **state)
{
    (void)state;
    publish(ITEM("a", "") ITEM("b", ", not_before: from")
                ITEM("c", ", needs: [a], not_before: from"),
            "");
    submit(1, false, "2026-11-25");
    assert_standing("> . .");
    wait_until(MONDAY_NINE + 2 * DAY_US);  // Wednesday: the office has opened
    assert_standing("> > .");
    assert_null(decide("a", BL__ITEM__RESULT__GRANTED)->refusal);
    assert_standing("+ > >");
}

static const Bl__Answer *withdraw(const char *item)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Withdraw withdrawal = BL__WITHDRAW__INIT;

    withdrawal.item = item;
    withdrawal.reason = "不办了";
    withdrawal.consent = "申请人签字";
    command.what_case = BL__COMMAND__WHAT_WITHDRAW;
    command.withdraw = &withdrawal;
    return act(&hall_clerk, &command);
}

static void test_one_item_is_withdrawn(void **state)
{
    (void)state;
    begin(ITEM("a", "") ITEM("b", ""));
    assert_null(withdraw("a")->refusal);
    assert_standing("w >");
}

static void test_everything_is_withdrawn(void **state)
{
    (void)state;
    begin(ITEM("a", "") ITEM("b", "") ITEM("c", ", needs: [a]"));
    assert_null(decide("b", BL__ITEM__RESULT__GRANTED)->refusal);
    assert_null(withdraw("")->refusal);
    assert_standing("w + w !");
}

/* --- rounds ---------------------------------------------------------------------------------- */

static const Bl__Answer *send_back(const char *post, const char *step)
{
    struct principal principal = officer(post);
    Bl__Command command = BL__COMMAND__INIT;
    Bl__SendBack back = BL__SEND_BACK__INIT;

    back.item = "a";
    back.step = step;
    back.reason = "再核一次";
    command.what_case = BL__COMMAND__WHAT_SEND_BACK;
    command.send_back = &back;
    return act(&principal, &command);
}

static void assert_at(uint32_t step, uint32_t round)
{
    const Bl__Desk *desk = state_now()->items[0]->desk;

    assert_int_equal(desk->step, step);
    assert_int_equal(desk->round, round);
}

#define THREE                                                                                      \
    STEPS(STEP("s", "reviewer", "") ", " STEP("t", "inspector", "") ", " STEP("u", "decider", ""))

static void test_back_to_any_step(void **state)
{
    (void)state;
    begin(THREE);
    assert_null(sign("amr-01"));
    assert_null(sign("amr-05"));
    assert_at(2, 1);
    assert_null(send_back("amr-07", "s")->refusal);  // from the third to the first
    assert_at(0, 2);
    assert_null(sign("amr-02"));
    assert_null(send_back("amr-05", "s")->refusal);  // and from the second
    assert_at(0, 3);
    assert_null(sign("amr-02"));
    assert_null(sign("amr-06"));
    assert_null(sign("amr-07"));
    assert_standing("+ !");
}

static void test_once_more_until_it_passes(void **state)
{
    (void)state;
    begin(THREE);
    assert_null(sign("amr-01"));
    for (uint32_t round = 2; round <= 4; round++) {
        assert_null(send_back("amr-05", "")->refusal);  // the one before
        assert_at(0, round);
        assert_null(sign("amr-01"));
    }
    assert_null(sign("amr-05"));
    assert_null(sign("amr-07"));
    assert_standing("+ !");
}

static const Bl__Answer *add_signer(const char *by, const char *post)
{
    struct principal principal = officer(by);
    Bl__Command command = BL__COMMAND__INIT;
    Bl__ChangeSigners change = BL__CHANGE_SIGNERS__INIT;

    change.item = "a";
    change.reason = "会签";
    change.n_add = 1;
    change.add = &post;
    command.what_case = BL__COMMAND__WHAT_CHANGE_SIGNERS;
    command.change_signers = &change;
    return act(&principal, &command);
}

/* A signer more while the step is worked on: it passes when he has signed too. */
static void test_signers_are_added(void **state)
{
    (void)state;
    begin(STEPS(STEP("s", "reviewer", ", signers: {need: all}")));
    assert_null(sign("amr-01"));
    assert_null(sign("amr-02"));
    assert_null(add_signer("amr-80", "amr-05")->refusal);  // by the head of the section
    assert_null(sign("amr-07"));
    assert_standing(">");
    assert_null(sign("amr-05"));
    assert_standing("+ !");
}

/* --- the table ------------------------------------------------------------------------------- */

static int open_hall(void **state)
{
    (void)state;
    hall_open(&hall, MONDAY_NINE);
    return 0;
}

static int close_hall(void **state)
{
    (void)state;
    hall_close(&hall);
    bl_arena_free(&arena);
    return 0;
}

struct named_test {
    uint32_t number;
    CMUnitTestFunction function;
    const void *row;
};

/* Each pattern that is expressed has its test, and no other has one. */
static const struct named_test *all_tests(size_t *count)
{
    static const struct named_test more[] = {
        { 10, test_back_to_any_step, NULL },
        { 13, test_signers_known_at_design, NULL },
        { 14, test_signers_known_at_the_beginning, NULL },
        { 15, test_signers_are_added, NULL },
        { 16, test_silence_or_decision, NULL },
        { 19, test_one_item_is_withdrawn, NULL },
        { 20, test_everything_is_withdrawn, NULL },
        { 21, test_once_more_until_it_passes, NULL },
        { 24, test_a_day_is_waited_for, NULL },
        { 26, test_signers_are_called_off, NULL },
        { 35, test_signers_that_are_left_over, NULL },
        { 40, test_signers_in_any_order, NULL },
    };
    static struct named_test all[BL_COUNT(cases) + BL_COUNT(more)];

    *count = 0;
    for (size_t i = 0; i < BL_COUNT(cases); i++) {
        all[(*count)++] = (struct named_test){ cases[i].number, test_script, &cases[i] };
    }
    for (size_t i = 0; i < BL_COUNT(more); i++) {
        all[(*count)++] = more[i];
    }
    return all;
}

static void test_table(void **state)
{
    size_t count, tested;
    const struct control_pattern *patterns = control_patterns(&count);
    const struct named_test *tests = all_tests(&tested);

    (void)state;
    assert_int_equal(count, CONTROL_PATTERN_COUNT);
    for (size_t i = 0; i < count; i++) {
        bool found = false;

        assert_int_equal(patterns[i].number, i + 1);
        assert_true(patterns[i].text.zh[0] != '\0' && patterns[i].text.en[0] != '\0');
        for (size_t k = 0; k < tested; k++) {
            found |= tests[k].number == patterns[i].number;
        }
        if (found != patterns[i].expressed) {
            fail_msg("WCP-%u %s %s", patterns[i].number, patterns[i].name,
                     found ? "has a test and is not said to be expressed" : "has no test");
        }
    }
}

int main(void)
{
    static struct CMUnitTest tests[BL_COUNT(cases) + CONTROL_PATTERN_COUNT];
    static char names[BL_COUNT(tests)][96];
    size_t pattern_count, count;
    const struct control_pattern *patterns = control_patterns(&pattern_count);
    const struct named_test *named = all_tests(&count);

    for (size_t i = 0; i < count; i++) {
        (void)snprintf(names[i], sizeof names[i], "WCP-%u %s", named[i].number,
                       patterns[named[i].number - 1].name);
        tests[i] = (struct CMUnitTest){ .name = names[i],
                                        .test_func = named[i].function,
                                        .setup_func = open_hall,
                                        .teardown_func = close_hall,
                                        .initial_state = (void *)(uintptr_t)named[i].row };
    }
    tests[count] = (struct CMUnitTest)cmocka_unit_test(test_table);
    return _cmocka_run_group_tests("patterns", tests, count + 1, NULL, NULL);
}
