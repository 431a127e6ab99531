/* What may happen to an item in which state: every state with every command, cell by cell, then the
 * refusals of what commands say, and what time alone does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/application.h"
#include "core/countdown.h"
#include "schema/problem.h"

#define S(state) BL__ITEM__STATE__##state
#define R(result) BL__ITEM__RESULT__##result
#define MONDAY_NINE INT64_C(1795395600000000)  // 2026-11-23 09:00 in the hall
#define TESTED 1                               // the item that the cells are about
#define ID "tested"

static const char calendar_yaml[] =
    "calendar: cn\n"
    "utc_offset: \"+08:00\"\n"
    "hours: [{from: \"01-01\", to: \"12-31\", day: [\"08:30-12:00\", \"14:00-17:30\"]}]\n"
    "years:\n"
    "  2026: {holidays: [01-01], workdays: [], source: 通知, reviewed: true}\n"
    "  2027: {holidays: [01-01], workdays: [], source: 通知, reviewed: true}\n";

#define WORKFLOW(acceptance)                                                                       \
    "workflow: flow\nversion: 1\ntitle: {zh: 流程, en: Flow}\ncalendar: cn\nhandling: joint\n"   \
    "lead: amr\npromise: 10 working days\nlegal: 45 working days\nnumber: \"F-{seq:4}\"\n"         \
    "acceptance: " acceptance "\n"                                                                 \
    "form:\n  - section: {zh: 表, en: Form}\n    fields:\n"                                       \
    "      area: {type: number, label: {zh: 面积, en: Area}, required: true, min: 1}\n"          \
    "items:\n"                                                                                     \
    "  base: {title: {zh: 一, en: A}, department: amr, promise: 1WD, fields: [area]}\n"           \
    "  tested: {title: {zh: 二, en: B}, department: fire, promise: 2WD, legal: 5WD,"              \
    " needs: [base], fields: [area]}\n"                                                            \
    "  other: {title: {zh: 三, en: C}, department: urban, promise: 3WD, fields: [area]}\n"        \
    "trial: true\n"

static struct bl_arena arena;
static struct calendar *calendar;
static struct definition *by_window, *by_department;

static struct definition *load(const char *yaml)
{
    struct definition *definition = NULL;
    struct schema_problems *problems = bl_arena_new(&arena, struct schema_problems);

    schema_problems_init(problems, &arena);
    assert_int_equal(definition_load(yaml, strlen(yaml), "flow.yaml", NULL, &definition, problems),
                     BL_OK);
    return definition;
}

static int open_all(void **state)
{
    const Bl__Calendar *layer = NULL;
    struct bl_error e = { 0 };

    (void)state;
    bl_arena_init(&arena, 1 << 14, SIZE_MAX);
    struct schema_problems *problems = bl_arena_new(&arena, struct schema_problems);
    schema_problems_init(problems, &arena);
    assert_int_equal(definition_load_calendar(calendar_yaml, sizeof calendar_yaml - 1, "cn.yaml",
                                              NULL, 0, &arena, &layer, problems),
                     BL_OK);
    assert_int_equal(calendar_new(&layer, 1, &calendar, &e), BL_OK);
    by_window = load(WORKFLOW("window"));
    by_department = load(WORKFLOW("department"));
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    definition_free(&by_window);
    definition_free(&by_department);
    calendar_free(&calendar);
    bl_arena_free(&arena);
    return 0;
}

/* --- an application in a given state ---------------------------------------------------------- */

struct situation {
    const char *name;
    Bl__Item__State state;
    Bl__Item__Result result;
    bool held, incident;
    bl_time retry_at;
};

static Bl__Item *item_in(const char *id, const char *department, Bl__Item__State state,
                         Bl__Item__Result result)
{
    Bl__Item *item = bl_arena_new(&arena, Bl__Item);

    bl__item__init(item);
    item->id = id;
    item->department = department;
    item->state = state;
    item->result = result;
    item->since = MONDAY_NINE;
    if (state == S(ACCEPTED)) {
        item->promise = bl_arena_new(&arena, Bl__Clock);
        item->legal = bl_arena_new(&arena, Bl__Clock);
        countdown_start(calendar, (struct limit){ 4, LIMIT_WD }, 0, MONDAY_NINE, item->promise);
        countdown_start(calendar, (struct limit){ 10, LIMIT_WD }, 0, MONDAY_NINE, item->legal);
    }
    return item;
}

/* `base` is as it has to be for `tested`; `other` is open, so that the whole goes on. */
static Bl__Application *application_in(const struct situation *situation)
{
    Bl__Application *application = application_aggregate.create(&arena, 7);
    bool pending = situation->state == S(PENDING), blocked = situation->state == S(BLOCKED);

    application->number = "F-0001";
    application->workflow = "flow";
    application->version = 1;
    application->submitted_at = MONDAY_NINE;
    application->accepted_at = situation->state == S(RECEIVED) ? 0 : MONDAY_NINE;
    application->last_event = 40;
    application->n_items = 3;
    application->items = bl_arena_array(&arena, Bl__Item *, 3);
    application->items[0] = item_in("base", "amr", pending ? S(ACCEPTED) : S(DECIDED),
                                    pending   ? R(RESULT_UNSPECIFIED)
                                    : blocked ? R(DENIED)
                                              : R(GRANTED));
    application->items[TESTED] = item_in(ID, "fire", situation->state, situation->result);
    application->items[TESTED]->held = situation->held;
    application->items[TESTED]->incident = situation->incident;
    application->items[TESTED]->retry_at = situation->retry_at;
    application->items[2] = item_in("other", "urban", S(ACCEPTED), R(RESULT_UNSPECIFIED));
    return application;
}

static const struct principal fire = { BL__KEY__ROLE__WORKER, "fire-1", "fire" };
static const struct principal clerk = { BL__KEY__ROLE__CLERK, "clerk-1", "" };
static const struct principal operator_ = { BL__KEY__ROLE__ADMINISTRATOR, "admin", "" };

static struct ruling decide(const Bl__Application *application, const Bl__Command *command,
                            const struct definition *definition, const struct principal *principal)
{
    const struct world world = { .now = MONDAY_NINE + HOUR_US,
                                 .principal = principal,
                                 .definition = definition,
                                 .calendar = calendar,
                                 .id = 7 };

    return application_aggregate.decide(&world, application, command, &arena);
}

static void evolve(Bl__Application *application, Bl__Event *event)
{
    event->seq = application->last_event + 5;
    event->previous = application->last_event;
    application_aggregate.evolve(application, event, &arena);
    assert_int_equal(application->last_event, event->seq);
}

/* --- the commands ----------------------------------------------------------------------------- */

enum what { ACCEPT, DECIDE, FAIL, RETRY, RELEASE, TERMINATE, WHATS };

static Bl__Command *command_of(enum what what)
{
    Bl__Command *command = bl_arena_new(&arena, Bl__Command);

    bl__command__init(command);
    switch (what) {
    case ACCEPT:
        command->what_case = BL__COMMAND__WHAT_ACCEPT;
        command->accept = bl_arena_new(&arena, Bl__Accept);
        bl__accept__init(command->accept);
        break;
    case DECIDE:
        command->what_case = BL__COMMAND__WHAT_DECIDE;
        command->decide = bl_arena_new(&arena, Bl__Decide);
        bl__decide__init(command->decide);
        command->decide->item = ID;
        command->decide->result = R(GRANTED);
        break;
    case FAIL:
        command->what_case = BL__COMMAND__WHAT_FAIL;
        command->fail = bl_arena_new(&arena, Bl__Fail);
        bl__fail__init(command->fail);
        command->fail->item = ID;
        break;
    case RETRY:
        command->what_case = BL__COMMAND__WHAT_RETRY;
        command->retry = bl_arena_new(&arena, Bl__Retry);
        bl__retry__init(command->retry);
        command->retry->item = ID;
        break;
    case RELEASE:
        command->what_case = BL__COMMAND__WHAT_RELEASE;
        command->release = bl_arena_new(&arena, Bl__Release);
        bl__release__init(command->release);
        command->release->item = ID;
        break;
    case TERMINATE:
        command->what_case = BL__COMMAND__WHAT_TERMINATE;
        command->terminate = bl_arena_new(&arena, Bl__Terminate);
        bl__terminate__init(command->terminate);
        command->terminate->item = ID;
        command->terminate->reason = "申请人死亡";
        break;
    case WHATS:
        break;
    }
    return command;
}

/* --- every state with every command ----------------------------------------------------------- */

/* A refusal's rule, or where the command leads. */
struct cell {
    const char *refusal;
    Bl__Item__State to;
};
#define NO(rule)                                                                                   \
    {                                                                                              \
        rule, S(STATE_UNSPECIFIED)                                                                 \
    }
#define TO(state)                                                                                  \
    {                                                                                              \
        NULL, S(state)                                                                             \
    }
#define ENDED                                                                                      \
    NO("nothing-to-accept"), NO("item-not-open"), NO("item-not-open"), NO("no-incident"),          \
        NO("not-held"), NO("item-not-open")

struct row {
    struct situation situation;
    struct cell cells[WHATS];
};

// clang-format off
static const struct row rows[] = {
    { { .name = "pending", .state = S(PENDING) },
      { NO("nothing-to-accept"), NO("item-not-open"), NO("item-not-open"), NO("no-incident"),
        NO("not-held"), TO(TERMINATED) } },
    { { .name = "pending, held", .state = S(PENDING), .held = true },
      { NO("nothing-to-accept"), NO("item-not-open"), NO("item-not-open"), NO("no-incident"),
        TO(PENDING), TO(TERMINATED) } },
    { { .name = "received", .state = S(RECEIVED) },
      { TO(ACCEPTED), NO("item-not-open"), NO("item-not-open"), NO("no-incident"),
        NO("not-held"), TO(TERMINATED) } },
    { { .name = "accepted", .state = S(ACCEPTED) },
      { NO("nothing-to-accept"), TO(DECIDED), TO(ACCEPTED), NO("no-incident"),
        NO("not-held"), TO(TERMINATED) } },
    { { .name = "accepted, to be tried again later", .state = S(ACCEPTED),
        .retry_at = MONDAY_NINE + DAY_US },
      { NO("nothing-to-accept"), TO(DECIDED), TO(ACCEPTED), NO("no-incident"),
        NO("not-held"), TO(TERMINATED) } },
    { { .name = "accepted, held", .state = S(ACCEPTED), .held = true },
      { NO("nothing-to-accept"), NO("item-not-open"), NO("item-not-open"), NO("no-incident"),
        TO(ACCEPTED), TO(TERMINATED) } },
    { { .name = "accepted, an incident", .state = S(ACCEPTED), .incident = true },
      { NO("nothing-to-accept"), NO("item-not-open"), NO("item-not-open"), TO(ACCEPTED),
        NO("not-held"), TO(TERMINATED) } },
    { { .name = "granted", .state = S(DECIDED), .result = R(GRANTED) }, { ENDED } },
    { { .name = "denied", .state = S(DECIDED), .result = R(DENIED) },   { ENDED } },
    { { .name = "tacit", .state = S(DECIDED), .result = R(TACIT) },     { ENDED } },
    { { .name = "terminated", .state = S(TERMINATED) },                 { ENDED } },
    { { .name = "not needed", .state = S(NOT_NEEDED) },                 { ENDED } },
    { { .name = "blocked", .state = S(BLOCKED) },                       { ENDED } },
};
// clang-format on

static void check_after(const Bl__Item *item, enum what what)
{
    bool failed = what == FAIL, ended = what == DECIDE || what == TERMINATE;

    assert_int_equal(item->failures, failed);
    assert_int_equal(item->retry_at != 0, failed);
    assert_false(what == RETRY && item->incident);
    assert_false(what == RELEASE && item->held);
    assert_false(ended && (item->held || item->incident));
    assert_false(ended && (countdown_is_open(item->promise) || countdown_is_open(item->legal)));
    if (what == ACCEPT) {
        assert_true(countdown_is_open(item->promise));
        assert_true(countdown_is_open(item->legal));
    }
}

static void test_cells(void **state)
{
    const struct row *row = *state;

    for (enum what what = ACCEPT; what < WHATS; what++) {
        const struct cell *cell = &row->cells[what];
        Bl__Application *application = application_in(&row->situation);
        bool department = what == DECIDE || what == FAIL;
        struct ruling ruling =
            decide(application, command_of(what), by_window, department ? &fire : &operator_);

        if (cell->refusal != NULL) {
            assert_null(ruling.event);
            assert_string_equal(ruling.refusal->rule, cell->refusal);
            continue;
        }
        assert_null(ruling.refusal);
        evolve(application, ruling.event);
        assert_int_equal(application->items[TESTED]->state, cell->to);
        assert_int_equal(application->ended_at, 0);
        check_after(application->items[TESTED], what);
    }
}

/* --- what commands say ------------------------------------------------------------------------ */

static const struct situation accepted = { .name = "accepted", .state = S(ACCEPTED) };
static const struct situation received = { .name = "received", .state = S(RECEIVED) };

static const char *long_text(size_t characters)
{
    char *text = bl_arena_zero(&arena, 3 * characters + 1);

    for (size_t i = 0; i < characters; i++) {
        memcpy(text + 3 * i, "长", 3);
    }
    return text;
}

static void assert_refused_to(const struct principal *principal, const struct situation *situation,
                              const Bl__Command *command, const struct definition *definition,
                              const char *code, const char *rule)
{
    struct ruling ruling = decide(application_in(situation), command, definition, principal);

    assert_null(ruling.event);
    assert_string_equal(ruling.refusal->code, code);
    assert_string_equal(ruling.refusal->rule, rule);
}

static void assert_refused(const struct situation *situation, const Bl__Command *command,
                           const struct definition *definition, const char *code, const char *rule)
{
    assert_refused_to(&fire, situation, command, definition, code, rule);
}

static void test_decisions_are_checked(void **state)
{
    Bl__Command *command = command_of(DECIDE);
    Bl__Decide *what = command->decide;

    (void)state;
    what->result = R(TACIT);
    assert_refused(&accepted, command, by_window, "invalid", "decision-unknown");
    what->result = R(DENIED);
    assert_refused(&accepted, command, by_window, "invalid", "reason-required");
    what->reason = long_text(REASON_CHARACTERS_MAX + 1);
    assert_refused(&accepted, command, by_window, "too-large", "reason-long");
    what->reason = long_text(REASON_CHARACTERS_MAX);
    what->opinion = long_text(OPINION_CHARACTERS_MAX + 1);
    assert_refused(&accepted, command, by_window, "too-large", "opinion-long");
    what->opinion = "";
    what->document = long_text(DOCUMENT_CHARACTERS_MAX + 1);
    assert_refused(&accepted, command, by_window, "too-large", "document-long");
    what->document = "";
    what->item = "other";
    assert_refused(&accepted, command, by_window, "denied", "other-department");
    what->item = "nothing";
    assert_refused(&accepted, command, by_window, "not-found", "item-unknown");
}

static void test_an_end_needs_a_reason(void **state)
{
    Bl__Command *command = command_of(TERMINATE);

    (void)state;
    command->terminate->reason = "";
    assert_refused(&accepted, command, by_window, "invalid", "reason-required");
    command = command_of(FAIL);
    command->fail->reason = long_text(REASON_CHARACTERS_MAX + 1);
    assert_refused(&accepted, command, by_window, "too-large", "reason-long");
    command = command_of(RETRY);
    command->retry->reason = long_text(REASON_CHARACTERS_MAX + 1);
    assert_refused_to(&operator_, &accepted, command, by_window, "too-large", "reason-long");
    command = command_of(RELEASE);
    command->release->reason = long_text(REASON_CHARACTERS_MAX + 1);
    assert_refused_to(&operator_, &accepted, command, by_window, "too-large", "reason-long");
    command = command_of(TERMINATE);
    command->terminate->reason = long_text(REASON_CHARACTERS_MAX + 1);
    assert_refused_to(&operator_, &accepted, command, by_window, "too-large", "reason-long");
}

static void test_who_accepts(void **state)
{
    Bl__Command *command = command_of(ACCEPT);

    (void)state;
    assert_refused(&received, command, by_department, "refused", "departments-accept");
    assert_refused(&received, command, by_window, "denied", "role-may-not");
    command->accept->item = ID;
    assert_refused_to(&clerk, &received, command, by_department, "denied", "role-may-not");
    assert_refused(&received, command, by_window, "refused", "window-accepts");
    assert_refused(&accepted, command, by_department, "refused", "nothing-to-accept");
    Bl__Application *application = application_in(&received);
    struct ruling ruling = decide(application, command, by_department, &fire);
    assert_null(ruling.refusal);
    evolve(application, ruling.event);
    assert_int_equal(application->items[TESTED]->state, S(ACCEPTED));
    assert_int_equal(application->accepted_at, MONDAY_NINE + HOUR_US);
    assert_true(countdown_is_open(application->promise));  // the whole begins with its first item
}

/* --- failures --------------------------------------------------------------------------------- */

static void test_failures_back_off(void **state)
{
    static const bl_span after_s[] = { 5, 10, 20, 40, 80, 160, 320 };
    Bl__Application *application = application_in(&accepted);
    const Bl__Item *item = application->items[TESTED];

    (void)state;
    for (size_t i = 0; i < BL_COUNT(after_s); i++) {
        evolve(application, decide(application, command_of(FAIL), by_window, &fire).event);
        assert_int_equal(item->retry_at - (MONDAY_NINE + HOUR_US), after_s[i] * SECOND_US);
        assert_false(item->incident);
    }
    evolve(application, decide(application, command_of(FAIL), by_window, &fire).event);
    assert_true(item->incident);
    assert_false(application_item_is_ready(item));
    evolve(application, decide(application, command_of(RETRY), by_window, &operator_).event);
    assert_true(application_item_is_ready(item));
    assert_int_equal(item->failures, 0);
}

static void test_some_failures_are_final(void **state)
{
    Bl__Application *application = application_in(&accepted);
    Bl__Command *command = command_of(FAIL);

    (void)state;
    command->fail->permanent = true;
    evolve(application, decide(application, command, by_window, &fire).event);
    assert_true(application->items[TESTED]->incident);
    assert_int_equal(application->items[TESTED]->retry_at, 0);
}

/* --- time alone ------------------------------------------------------------------------------- */

/* Everything that time does until `now`, as letters: y and r for yellow and red of a promise, Y and
 * R of a legal limit, each with the item's number or w for the whole. */
static const char *wake_until(Bl__Application *application, bl_time now)
{
    static char story[128];
    const struct world world = { .now = now, .definition = by_window, .calendar = calendar };
    bl_time before = 0;
    size_t at = 0;

    for (Bl__Event *event;
         (event = application_aggregate.wake(&world, application, &arena)) != NULL;) {
        if (event->what_case == BL__EVENT__WHAT_ESCALATED ||
            event->what_case == BL__EVENT__WHAT_URGED) {
            evolve(application, event);
            continue;
        }
        bool warns = event->what_case == BL__EVENT__WHAT_WARNED;
        const Bl__ClockName *name = warns ? event->warned->clock : event->overdue->clock;

        assert_true(event->at >= before);
        assert_null(event->actor);
        before = event->at;
        story[at++] = name->legal ? (warns ? 'Y' : 'R') : (warns ? 'y' : 'r');
        story[at++] = name->whole ? 'w' : (char)('0' + name->item);
        story[at++] = ' ';
        assert_true(at < sizeof story - 3);
        evolve(application, event);
    }
    story[at] = '\0';
    return story;
}

static void test_time_in_its_order(void **state)
{
    Bl__Application *application = application_in(&accepted);
    bl_time due = application->items[TESTED]->promise->due_at;  // Wednesday, close of the office

    (void)state;
    assert_string_equal(wake_until(application, MONDAY_NINE), "");
    assert_int_equal(application_aggregate.next(application),
                     application->items[TESTED]->promise->warn_at);
    (void)wake_until(application, due);
    assert_int_equal(application->items[TESTED]->promise->phase, BL__CLOCK__PHASE__WARNED);
    assert_int_equal(application_aggregate.next(application), due + 1);  // overdue is now > due
    assert_string_equal(wake_until(application, due + 1), "r1 r2 ");
    assert_int_equal(application->items[TESTED]->promise->due_at, due);
    (void)wake_until(application, MONDAY_NINE + 30 * DAY_US);
    assert_int_equal(application->items[TESTED]->legal->phase, BL__CLOCK__PHASE__OVERDUE);
    assert_int_equal(application_aggregate.next(application), BL_NEVER);
}

static void test_a_month_at_once(void **state)
{
    Bl__Application *application = application_in(&accepted);

    (void)state;
    assert_string_equal(wake_until(application, MONDAY_NINE + 30 * DAY_US),
                        "y1 y2 r1 r2 Y1 Y2 R1 R2 ");
}

static void test_an_overdue_decision_stays_overdue(void **state)
{
    Bl__Application *application = application_in(&accepted);

    (void)state;
    (void)wake_until(application, MONDAY_NINE + 3 * DAY_US);
    evolve(application, decide(application, command_of(DECIDE), by_window, &fire).event);
    assert_int_equal(application->items[TESTED]->promise->phase, BL__CLOCK__PHASE__LATE);
    assert_int_equal(application->items[TESTED]->legal->phase, BL__CLOCK__PHASE__STOPPED);
}

/* --- the whole -------------------------------------------------------------------------------- */

static void test_the_last_decision_ends_it(void **state)
{
    Bl__Application *application = application_in(&accepted);
    Bl__Command *command = command_of(TERMINATE);

    (void)state;
    command->terminate->item = "other";
    evolve(application, decide(application, command, by_window, &operator_).event);
    assert_true(application_is_open(application));
    assert_int_equal(application_state(application), BL__APPLICATION__STATE__PARTLY_DONE);
    evolve(application, decide(application, command_of(DECIDE), by_window, &fire).event);
    assert_false(application_is_open(application));
    assert_int_equal(application_state(application), BL__APPLICATION__STATE__COMPLETED);
    assert_int_equal(application->ended_at, MONDAY_NINE + HOUR_US);
    assert_int_equal(application_light(application, MONDAY_NINE + 90 * DAY_US), BL__LIGHT__GREY);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(test_decisions_are_checked),
        cmocka_unit_test(test_an_end_needs_a_reason),
        cmocka_unit_test(test_who_accepts),
        cmocka_unit_test(test_failures_back_off),
        cmocka_unit_test(test_some_failures_are_final),
        cmocka_unit_test(test_time_in_its_order),
        cmocka_unit_test(test_a_month_at_once),
        cmocka_unit_test(test_an_overdue_decision_stays_overdue),
        cmocka_unit_test(test_the_last_decision_ends_it),
    };
    struct CMUnitTest tests[BL_COUNT(rows) + BL_COUNT(others)];

    for (size_t i = 0; i < BL_COUNT(rows); i++) {
        tests[i] = (struct CMUnitTest){ .name = rows[i].situation.name,
                                        .test_func = test_cells,
                                        .initial_state = (void *)(uintptr_t)&rows[i] };
    }
    memcpy(tests + BL_COUNT(rows), others, sizeof others);
    return _cmocka_run_group_tests("application", tests, BL_COUNT(tests), open_all, close_all);
}
