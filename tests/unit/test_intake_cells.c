/* Every state of an item with every act before acceptance and every end, cell by cell: where it
 * leads, or by which rule it is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "core/application.h"
#include "core/countdown.h"
#include "hall_fixture.h"
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
    "  2026: {holidays: [01-01], workdays: [], source: 通知, reviewed: true}\n";

static const char workflow_yaml[] =
    "workflow: flow\nversion: 1\ntitle: {zh: 流程, en: Flow}\ncalendar: cn\nhandling: joint\n"
    "lead: amr\npromise: 10 working days\nlegal: 45 working days\nnumber: \"F-{seq:4}\"\n"
    "tolerant: {supplement: 2 working days, on_late: wait}\n"
    "form:\n  - section: {zh: 表, en: Form}\n    fields:\n"
    "      area: {type: number, label: 面积, required: true, min: 1}\n"
    "materials:\n  photo: {title: 照片, formats: [pdf], deferrable: true}\n"
    "items:\n"
    "  base: {title: 一, department: amr, promise: 1WD, fields: [area]}\n"
    "  tested: {title: 二, department: fire, promise: 2WD, legal: 5WD, needs: [base],"
    " fields: [area], materials: [photo], notify_commit: {post_check: 30 working days}}\n"
    "  other: {title: 三, department: urban, promise: 3WD, fields: [area]}\n"
    "trial: true\n";

static struct bl_arena arena;
static struct calendar *calendar;
static struct definition *definition;
static struct bl_text content;

static void make_content(void)
{
    struct hall_form form = { .count = 0 };
    Bl__Content message = BL__CONTENT__INIT;
    Bl__Applicant applicant = BL__APPLICANT__INIT;

    hall_form_number(&form, "area", 5);
    applicant.name = "张三";
    message.applicant = &applicant;
    message.form.data = form.bytes;
    message.form.len = form.count;
    uint8_t *bytes = bl_arena_alloc(&arena, bl__content__get_packed_size(&message));
    content = (struct bl_text){ (const char *)bytes, bl__content__pack(&message, bytes) };
}

static int open_all(void **state)
{
    const Bl__Calendar *layer = NULL;
    struct bl_error e = { 0 };

    (void)state;
    assert_true(sodium_init() >= 0);
    bl_arena_init(&arena, 1 << 14, SIZE_MAX);
    struct schema_problems *problems = bl_arena_new(&arena, struct schema_problems);
    schema_problems_init(problems, &arena);
    assert_int_equal(definition_load_calendar(calendar_yaml, sizeof calendar_yaml - 1, "cn.yaml",
                                              NULL, 0, &arena, &layer, problems),
                     BL_OK);
    assert_int_equal(calendar_new(&layer, 1, &calendar, &e), BL_OK);
    assert_int_equal(definition_load(workflow_yaml, sizeof workflow_yaml - 1, "flow.yaml", NULL,
                                     &definition, problems),
                     BL_OK);
    make_content();
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    definition_free(&definition);
    calendar_free(&calendar);
    bl_arena_free(&arena);
    return 0;
}

/* --- an application in a given state ---------------------------------------------------------- */

struct situation {
    const char *name;
    Bl__Item__State state;
    Bl__Item__Result result;
    bool notified;
    const char *missing;
    Bl__Clock__Phase supplement;  // of a gap; 0: there is none
    bool to_check;
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
    return item;
}

static Bl__Clock *clock_in(Bl__Clock__Phase phase)
{
    Bl__Clock *clock = bl_arena_new(&arena, Bl__Clock);

    countdown_start(calendar, (struct limit){ 20, LIMIT_WD }, 0, MONDAY_NINE, clock);
    clock->phase = phase;
    return clock;
}

static Bl__Item *tested_in(const struct situation *situation)
{
    Bl__Item *item = item_in(ID, "fire", situation->state, situation->result);

    item->notified = situation->notified;
    if (situation->missing != NULL) {
        item->missing = bl_arena_copy(&arena, &situation->missing, sizeof situation->missing);
        item->n_missing = 1;
    }
    if (situation->supplement != BL__CLOCK__PHASE__PHASE_UNSPECIFIED) {
        item->gap = true;
        item->supplement = clock_in(situation->supplement);
    }
    if (situation->to_check) {
        item->committed = true;
        item->check = clock_in(BL__CLOCK__PHASE__RUNNING);
    }
    if (situation->state == S(RECEIVED)) {
        item->notify = clock_in(BL__CLOCK__PHASE__RUNNING);
    } else if (situation->state == S(CORRECTING)) {
        item->correction = clock_in(BL__CLOCK__PHASE__RUNNING);
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
    application->submitted_at = application->effective_at = MONDAY_NINE;
    application->accepted_at = MONDAY_NINE;
    application->contents = 1;
    application->last_event = 40;
    application->n_items = 3;
    application->items = bl_arena_array(&arena, Bl__Item *, 3);
    application->items[0] = item_in("base", "amr", pending ? S(ACCEPTED) : S(DECIDED),
                                    pending   ? R(RESULT_UNSPECIFIED)
                                    : blocked ? R(DENIED)
                                              : R(GRANTED));
    application->items[TESTED] = tested_in(situation);
    application->items[2] = item_in("other", "urban", S(ACCEPTED), R(RESULT_UNSPECIFIED));
    return application;
}

/* --- the commands ----------------------------------------------------------------------------- */

enum what { ACCEPT, REFUSE, NOTIFY, CORRECT, RETURN, WITHDRAW, SUPPLEMENT, CHECK, END, WHATS };

static Bl__Material **one_material(void)
{
    Bl__Material *material = bl_arena_new(&arena, Bl__Material);

    bl__material__init(material);
    material->id = "photo";
    material->file = "a.pdf";
    return bl_arena_copy(&arena, &material, sizeof(Bl__Material *));
}

#define BEGIN(CASE, Type, type)                                                                    \
    case CASE:                                                                                     \
        command->type = bl_arena_new(&arena, Bl__##Type);                                          \
        bl__##type##__init(command->type);

static Bl__Command *command_of(enum what what)
{
    static const Bl__Command__WhatCase cases[] = {
        BL__COMMAND__WHAT_ACCEPT,     BL__COMMAND__WHAT_REFUSE,        BL__COMMAND__WHAT_NOTIFY,
        BL__COMMAND__WHAT_CORRECT,    BL__COMMAND__WHAT_RETURN_PAPERS, BL__COMMAND__WHAT_WITHDRAW,
        BL__COMMAND__WHAT_SUPPLEMENT, BL__COMMAND__WHAT_CHECK,         BL__COMMAND__WHAT_TERMINATE,
    };
    static const char *photo[] = { "photo" };
    Bl__Command *command = bl_arena_new(&arena, Bl__Command);
    struct hall_form form = { .count = 0 };

    bl__command__init(command);
    switch (what) {
        BEGIN(ACCEPT, Accept, accept)
        command->accept->item = ID;
        break;
        BEGIN(REFUSE, Refuse, refuse)
        command->refuse->item = ID;
        command->refuse->reason = BL__REFUSED__REASON__CONDITIONS;
        command->refuse->text = "不符合条件";
        break;
        BEGIN(NOTIFY, Notify, notify)
        command->notify->item = ID;
        command->notify->materials = photo;
        command->notify->n_materials = 1;
        break;
        BEGIN(CORRECT, Correct, correct)
        hall_form_number(&form, "area", 6);
        command->correct->item = ID;
        command->correct->form.data = bl_arena_copy(&arena, form.bytes, form.count);
        command->correct->form.len = form.count;
        break;
        BEGIN(RETURN, ReturnPapers, return_papers)
        command->return_papers->item = ID;
        command->return_papers->reason = "逾期";
        break;
        BEGIN(WITHDRAW, Withdraw, withdraw)
        command->withdraw->item = ID;
        command->withdraw->consent = "函 1";
        break;
        BEGIN(SUPPLEMENT, Supplement, supplement)
        command->supplement->materials = one_material();
        command->supplement->n_materials = 1;
        break;
        BEGIN(CHECK, Check, check)
        command->check->item = ID;
        command->check->text = "与承诺不符";
        break;
        BEGIN(END, Terminate, terminate)
        command->terminate->item = ID;
        command->terminate->reason = "申请人死亡";
        break;
    case WHATS:
        break;
    }
    command->what_case = cases[what];
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
#define NO_ACCEPT NO("nothing-to-accept")
#define NO_REFUSE NO("nothing-to-refuse")
#define NO_NOTICE NO("notify-late")
#define NO_CORRECT NO("nothing-to-correct")
#define NO_RETURN NO("nothing-to-return")
#define NO_WITHDRAW NO("nothing-to-withdraw")
#define NO_GAP NO("nothing-to-supplement")
#define NO_CHECK NO("nothing-to-check")
#define NO_INTAKE NO_ACCEPT, NO_REFUSE, NO_NOTICE, NO_CORRECT
#define IN_WORK NO_INTAKE, NO_RETURN, TO(WITHDRAWN), NO_GAP, NO_CHECK, TO(TERMINATED)
#define ENDED NO_INTAKE, NO_RETURN, NO_WITHDRAW, NO_GAP, NO_CHECK, NO("item-not-open")
#define TO_CHECK NO_INTAKE, NO_RETURN, NO_WITHDRAW, NO_GAP, TO(REVOKED), NO("item-not-open")
#define P(phase) BL__CLOCK__PHASE__##phase

struct row {
    struct situation situation;
    struct cell cells[WHATS];
};

// clang-format off
static const struct row rows[] = {
    { { .name = "pending", .state = S(PENDING) }, { IN_WORK } },
    { { .name = "received", .state = S(RECEIVED) },
      { TO(ACCEPTED), TO(REFUSED), TO(CORRECTING), TO(RECEIVED), NO_RETURN, TO(WITHDRAWN), NO_GAP,
        NO_CHECK, TO(TERMINATED) } },
    { { .name = "correcting", .state = S(CORRECTING), .notified = true, .missing = "form.area" },
      { NO_ACCEPT, TO(REFUSED), TO(CORRECTING), TO(ACCEPTED), TO(RETURNED), TO(WITHDRAWN), NO_GAP,
        NO_CHECK, TO(TERMINATED) } },
    { { .name = "correcting, for a paper", .state = S(CORRECTING), .notified = true,
        .missing = "photo" },
      { NO_ACCEPT, TO(REFUSED), TO(CORRECTING), TO(CORRECTING), TO(RETURNED), TO(WITHDRAWN), NO_GAP,
        NO_CHECK, TO(TERMINATED) } },
    { { .name = "accepted", .state = S(ACCEPTED) }, { IN_WORK } },
    { { .name = "accepted after a notice", .state = S(ACCEPTED), .notified = true },
      { NO_ACCEPT, NO_REFUSE, TO(ACCEPTED), NO_CORRECT, NO_RETURN, TO(WITHDRAWN), NO_GAP, NO_CHECK,
        TO(TERMINATED) } },
    { { .name = "accepted with a gap", .state = S(ACCEPTED), .missing = "photo",
        .supplement = P(RUNNING) },
      { NO_INTAKE, NO("gap-in-time"), TO(WITHDRAWN), TO(ACCEPTED), NO_CHECK, TO(TERMINATED) } },
    { { .name = "accepted with a late gap", .state = S(ACCEPTED), .missing = "photo",
        .supplement = P(OVERDUE) },
      { NO_INTAKE, TO(RETURNED), TO(WITHDRAWN), TO(ACCEPTED), NO_CHECK, TO(TERMINATED) } },
    { { .name = "reviewing", .state = S(REVIEWING) }, { IN_WORK } },
    { { .name = "suspended", .state = S(SUSPENDED) }, { IN_WORK } },
    { { .name = "decided above", .state = S(UPPER_REVIEW) }, { IN_WORK } },
    { { .name = "granted", .state = S(DECIDED), .result = R(GRANTED) }, { ENDED } },
    { { .name = "granted with a gap", .state = S(DECIDED), .result = R(GRANTED),
        .missing = "photo", .supplement = P(OVERDUE) },
      { NO_INTAKE, NO_RETURN, NO_WITHDRAW, TO(DECIDED), NO_CHECK, NO("item-not-open") } },
    { { .name = "granted on a promise", .state = S(DECIDED), .result = R(GRANTED),
        .to_check = true }, { TO_CHECK } },
    { { .name = "denied", .state = S(DECIDED), .result = R(DENIED) },   { ENDED } },
    { { .name = "denied with a gap", .state = S(DECIDED), .result = R(DENIED), .missing = "photo",
        .supplement = P(STOPPED) }, { ENDED } },
    { { .name = "tacit", .state = S(DECIDED), .result = R(TACIT) },     { ENDED } },
    { { .name = "delivering", .state = S(DELIVERING), .result = R(GRANTED) }, { ENDED } },
    { { .name = "delivering, to be checked", .state = S(DELIVERING), .result = R(GRANTED),
        .to_check = true }, { TO_CHECK } },
    { { .name = "delivered", .state = S(DELIVERED), .result = R(GRANTED) }, { ENDED } },
    { { .name = "delivered, to be checked", .state = S(DELIVERED), .result = R(GRANTED),
        .to_check = true }, { TO_CHECK } },
    { { .name = "delivered with a gap", .state = S(DELIVERED), .result = R(GRANTED),
        .missing = "photo", .supplement = P(RUNNING) },
      { NO_INTAKE, NO_RETURN, NO_WITHDRAW, TO(DELIVERED), NO_CHECK, NO("item-not-open") } },
    { { .name = "refused", .state = S(REFUSED) },                       { ENDED } },
    { { .name = "returned", .state = S(RETURNED) },                     { ENDED } },
    { { .name = "withdrawn", .state = S(WITHDRAWN) },                   { ENDED } },
    { { .name = "terminated", .state = S(TERMINATED) },                 { ENDED } },
    { { .name = "not needed", .state = S(NOT_NEEDED) },                 { ENDED } },
    { { .name = "blocked", .state = S(BLOCKED) },                       { ENDED } },
    { { .name = "revoked", .state = S(REVOKED), .result = R(GRANTED), .to_check = true }, { ENDED } },
};
// clang-format on

static void check_after(const Bl__Item *item)
{
    assert_int_equal(countdown_is_open(item->notify), item->state == S(RECEIVED));
    assert_int_equal(countdown_is_open(item->correction), item->state == S(CORRECTING));
    if (item->state == S(ACCEPTED)) {
        assert_int_equal(countdown_is_open(item->supplement), item->gap);
    }
    if (item->state == S(REVOKED)) {
        assert_false(countdown_is_open(item->check));
    }
}

static void test_cells(void **state)
{
    static const struct principal admin = { .role = BL__KEY__ROLE__ADMINISTRATOR, .name = "admin" };
    static const uint8_t salt[WORLD_SALT_BYTES];
    const struct row *row = *state;
    const struct world world = { .now = MONDAY_NINE + HOUR_US,
                                 .principal = &admin,
                                 .definition = definition,
                                 .calendar = calendar,
                                 .content = content,
                                 .salt = salt,
                                 .id = 7 };

    for (enum what what = ACCEPT; what < WHATS; what++) {
        const struct cell *cell = &row->cells[what];
        Bl__Application *application = application_in(&row->situation);
        struct ruling ruling =
            application_aggregate.decide(&world, application, command_of(what), &arena);

        if (cell->refusal != NULL) {
            assert_null(ruling.event);
            assert_string_equal(ruling.refusal->rule, cell->refusal);
            continue;
        }
        assert_null(ruling.refusal);
        ruling.event->seq = 45;
        ruling.event->previous = 40;
        application_aggregate.evolve(application, ruling.event, &arena);
        assert_int_equal(application->items[TESTED]->state, cell->to);
        assert_int_equal(application->ended_at, 0);
        check_after(application->items[TESTED]);
    }
}

/* --- the state of the whole ------------------------------------------------------------------- */

struct whole {
    const char *name;
    Bl__Item__State states[3];
    bool accepted, ended, delivered;
    Bl__Application__State is;
};
#define A(state) BL__APPLICATION__STATE__##state

// clang-format off
static const struct whole wholes[] = {
    { "nobody has accepted", { S(RECEIVED), S(PENDING), S(NOT_NEEDED) }, false, false, false, A(SUBMITTED) },
    { "one is to be corrected", { S(ACCEPTED), S(CORRECTING), S(DECIDED) }, true, false, false, A(CORRECTING) },
    { "one is accepted", { S(ACCEPTED), S(RECEIVED), S(PENDING) }, true, false, false, A(ACCEPTED) },
    { "one has begun", { S(ACCEPTED), S(REVIEWING), S(PENDING) }, true, false, false, A(IN_PROGRESS) },
    { "one has ended without an outcome", { S(ACCEPTED), S(TERMINATED), S(PENDING) }, true, false, false, A(IN_PROGRESS) },
    { "one can be collected", { S(ACCEPTED), S(DECIDED), S(PENDING) }, true, false, false, A(PARTLY_DONE) },
    { "all are refused", { S(REFUSED), S(BLOCKED), S(NOT_NEEDED) }, false, true, false, A(REFUSED) },
    { "all are returned", { S(RETURNED), S(RETURNED), S(BLOCKED) }, false, true, false, A(RETURNED) },
    { "all are withdrawn", { S(WITHDRAWN), S(WITHDRAWN), S(NOT_NEEDED) }, true, true, false, A(WITHDRAWN) },
    { "different ends", { S(WITHDRAWN), S(REFUSED), S(NOT_NEEDED) }, true, true, false, A(COMPLETED) },
    { "one was granted", { S(WITHDRAWN), S(DECIDED), S(NOT_NEEDED) }, true, true, false, A(COMPLETED) },
    { "nothing was needed", { S(NOT_NEEDED), S(NOT_NEEDED), S(NOT_NEEDED) }, true, true, false, A(COMPLETED) },
    { "all is delivered", { S(DELIVERED), S(DELIVERED), S(NOT_NEEDED) }, true, true, true, A(CLOSED) },
};
// clang-format on

static void test_whole(void **state)
{
    const struct whole *whole = *state;
    Bl__Application *application = application_in(&(struct situation){ .state = S(ACCEPTED) });

    for (size_t i = 0; i < 3; i++) {
        application->items[i]->state = whole->states[i];
        application->items[i]->result =
            whole->states[i] == S(DECIDED) ? R(GRANTED) : R(RESULT_UNSPECIFIED);
    }
    application->accepted_at = whole->accepted ? MONDAY_NINE : 0;
    application->ended_at = whole->ended ? MONDAY_NINE : 0;
    application->delivered_at = whole->delivered ? MONDAY_NINE : 0;
    assert_int_equal(application_state(application), whole->is);
}

int main(void)
{
    struct CMUnitTest tests[BL_COUNT(rows) + BL_COUNT(wholes)];

    for (size_t i = 0; i < BL_COUNT(rows); i++) {
        tests[i] = (struct CMUnitTest){ .name = rows[i].situation.name,
                                        .test_func = test_cells,
                                        .initial_state = (void *)(uintptr_t)&rows[i] };
    }
    for (size_t i = 0; i < BL_COUNT(wholes); i++) {
        tests[BL_COUNT(rows) + i] =
            (struct CMUnitTest){ .name = wholes[i].name,
                                 .test_func = test_whole,
                                 .initial_state = (void *)(uintptr_t)&wholes[i] };
    }
    return _cmocka_run_group_tests("intake cells", tests, BL_COUNT(tests), open_all, close_all);
}
