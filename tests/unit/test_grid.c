/* Every state of an item × every act of an application × every class of who asks: allowed, or
 * refused by which rule. What is expected stands in one table, `rights`, which reads like the table
 * of domain.md 9.2; a guard that is missing, or one too many, is a cell that disagrees with it.
 * Whatever is allowed is folded, from the event as it comes back from the store, and the state
 * survives being stored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "core/application.h"
#include "core/change.h"
#include "core/countdown.h"
#include "core/desk.h"
#include "hall_fixture.h"
#include "schema/problem.h"

#define S(state) BL__ITEM__STATE__##state
#define R(result) BL__ITEM__RESULT__##result
#define C(command) BL__COMMAND__WHAT_##command
#define K(role) BL__KEY__ROLE__##role
#define MONDAY_NINE INT64_C(1795395600000000)  // 2026-11-23 09:00 in the hall
#define ID "tested"

static const char calendar_yaml[] =
    "calendar: cn\n"
    "utc_offset: \"+08:00\"\n"
    "hours: [{from: \"01-01\", to: \"12-31\", day: [\"08:30-12:00\", \"14:00-17:30\"]}]\n"
    "years:\n"
    "  2026: {holidays: [01-01], workdays: [], source: 通知, reviewed: true}\n";

static const char departments_yaml[] =
    "departments:\n"
    "  fire:\n    title: {zh: 消防, en: Fire}\n    posts:\n"
    "      fire-01: {title: {zh: 审查, en: Review}, roles: [reviewer, decider]}\n"
    "      fire-02: {title: {zh: 检查, en: Inspection}, roles: [reviewer, decider]}\n"
    "      fire-80: {title: {zh: 科长, en: Section}, roles: [section_head]}\n"
    "      fire-90: {title: {zh: 队长, en: Head}, roles: [organ_head]}\n"
    "  urban:\n    title: {zh: 城管, en: Urban}\n    posts:\n"
    "      urban-01: {title: {zh: 审批, en: Approvals}, roles: [reviewer, decider]}\n";

#define ITEM_YAML(id, more)                                                                        \
    "  " id ": {title: 二, department: fire, promise: 5WD, legal: 10WD, fields: [area],"          \
    " materials: [photo], special: [expert_review, test], stops_max: 4,"                           \
    " extension: {at_most: 10WD, approver: organ_head},"                                           \
    " notify_commit: {post_check: 30 working days}" more "}\n"
#define STEPS_YAML                                                                                 \
    ", steps: [{id: review, title: 审查, role: reviewer, limit: 2WD},"                           \
    " {id: decide, title: 决定, role: decider, limit: 2WD, signers: {need: 1}}]"
#define WORKFLOW_YAML(items)                                                                                    \
    "workflow: grid\nversion: 1\ntitle: {zh: 流程, en: Flow}\ncalendar: cn\nhandling: joint\n"                \
    "lead: fire\npromise: 10 working days\nlegal: 45 working days\nnumber: \"G-{seq:4}\"\n"                     \
    "tolerant: {supplement: 2 working days, on_late: wait}\n"                                                   \
    "form:\n  - section: {zh: 表, en: Form}\n    fields:\n"                                                    \
    "      area: {type: number, label: 面积, required: true, min: 1}\n"                                       \
    "materials:\n  photo: {title: 照片, formats: [pdf], deferrable: true}\n"                                  \
    "special:\n  expert_review: {title: 专家评审, at_most: 15WD, basis: 行政许可法 第四十五条}\n" \
    "  test: {title: 检测, at_most: 15WD, basis: 行政许可法 第四十五条}\n"                          \
    "items:\n" items "  other: {title: 三, department: urban, promise: 3WD, fields: [area]}\n"                 \
    "trial: true\n"

static const char *const sources[] = {
    WORKFLOW_YAML(ITEM_YAML("tested", STEPS_YAML)),  // a step of people
    WORKFLOW_YAML(ITEM_YAML("tested", "")),          // the department's workers
};

static struct bl_arena arena;
static struct calendar *calendar;
static struct definition *definitions[BL_COUNT(sources)];
static const Bl__DepartmentsFile *departments;
static struct bl_text content;

/* --- states ----------------------------------------------------------------------------------- */

static const struct situation {
    const char *word;
    Bl__Item__State state;
    Bl__Item__Result result;
} situations[] = {
    { "pending", S(PENDING), 0 },
    { "received", S(RECEIVED), 0 },
    { "correcting", S(CORRECTING), 0 },
    { "accepted", S(ACCEPTED), 0 },
    { "reviewing", S(REVIEWING), 0 },
    { "suspended", S(SUSPENDED), 0 },
    { "above", S(UPPER_REVIEW), 0 },
    { "granted", S(DECIDED), R(GRANTED) },
    { "denied", S(DECIDED), R(DENIED) },
    { "tacit", S(DECIDED), R(TACIT) },
    { "delivering", S(DELIVERING), R(GRANTED) },
    { "delivered", S(DELIVERED), R(GRANTED) },
    { "refused", S(REFUSED), 0 },
    { "returned", S(RETURNED), 0 },
    { "withdrawn", S(WITHDRAWN), 0 },
    { "terminated", S(TERMINATED), 0 },
    { "not-needed", S(NOT_NEEDED), 0 },
    { "blocked", S(BLOCKED), 0 },
    { "revoked", S(REVOKED), R(GRANTED) },
};

/* --- who -------------------------------------------------------------------------------------- */

static const struct person {
    char letter;
    struct principal principal;
} people[] = {
    { 'c', { K(CLERK), "clerk", "", "" } },
    { 'm', { K(MANAGER), "manager", "", "" } },
    { 'a', { K(APPLICANT), "G-0001", "", "" } },
    { 't', { K(TRACKER), "tracker", "", "" } },
    { 's', { K(SUPERVISOR), "supervisor", "", "" } },
    { 'd', { K(ADMINISTRATOR), "admin", "", "" } },
    { 'w', { K(WORKER), "worker", "fire", "" } },           // the department's worker
    { 'o', { K(OFFICER), "fire-01", "fire", "fire-01" } },  // who holds the step's role
    { 'k', { K(OFFICER), "fire-80", "fire", "fire-80" } },  // 科长: head of the section
    { 'h', { K(OFFICER), "fire-90", "fire", "fire-90" } },  // head of the organ
    { 'x', { K(OFFICER), "urban-01", "urban", "urban-01" } },
    { 'y', { K(WORKER), "worker", "urban", "" } },
};

/* --- what may happen -------------------------------------------------------------------------- */

enum kind { PEOPLE, MACHINE };

#define ANY "*"
#define OPEN "pending received correcting accepted reviewing suspended above "
#define RUNNING "accepted reviewing suspended above "
#define WORKED "accepted reviewing above "
#define GRANTED "granted tacit delivering delivered "
#define FIRE "wokh"
#define HOUSE "xy"

/* Who may, from which states, and by which rule it is refused: in other states, and to others.
 * Whoever is in no column is refused by his role. */
static const struct right {
    const char *name;
    Bl__Command__WhatCase what;
    enum kind kind;
    const char *may, *from;
    const char *otherwise;  // the rule in every other state
    struct {
        const char *who, *rule;
        bool after;  // asked only where the state allows it
    } others[3];
    const char *about;           // the row is about these alone; NULL: about all
    const char *but, *but_rule;  // states in which whoever may is refused by another rule
} rights[] = {
    // clang-format off
    { "受理", C(ACCEPT), PEOPLE, "cmd", "received", "nothing-to-accept",
      { { FIRE, "window-accepts" }, { HOUSE, "other-department" } } },
    { "不予受理", C(REFUSE), PEOPLE, "cmd", "received correcting", "nothing-to-refuse",
      { { FIRE, "window-accepts" }, { HOUSE, "other-department" } } },
    { "一次性告知", C(NOTIFY), PEOPLE, "cmd", "received correcting", "notify-late",
      { { FIRE, "window-accepts" }, { HOUSE, "other-department" } } },
    { "退件", C(RETURN_PAPERS), PEOPLE, "cmd", "correcting", "nothing-to-return",
      { { FIRE, "window-accepts" }, { HOUSE, "other-department" } } },
    { "补正", C(CORRECT), PEOPLE, "cmda", "received correcting", "nothing-to-correct", { { 0 } } },
    { "容缺补齐", C(SUPPLEMENT), PEOPLE, "cmda", "pending received correcting " RUNNING GRANTED,
      "nothing-to-supplement", { { 0 } } },
    { "撤回申请", C(WITHDRAW), PEOPLE, "cmda", OPEN, "nothing-to-withdraw", { { 0 } } },
    { "终止", C(TERMINATE), PEOPLE, "sdokh", OPEN, "item-not-open", { { "x", "other-department" } } },
    { "决定", C(DECIDE), PEOPLE, "o", WORKED, "item-not-open",
      { { HOUSE, "other-department" }, { "wkh", "post-may-not", true } } },
    { "办理", C(DECIDE), MACHINE, "w", WORKED, "item-not-open",
      { { HOUSE, "other-department" }, { "okh", "step-of-machine", true } } },
    { "办理失败", C(FAIL), MACHINE, "w", WORKED, "item-not-open", { { "y", "other-department" } } },
    { "人办时失败", C(FAIL), PEOPLE, "", "", "item-not-open", { { "y", "other-department" }, { "w", "item-not-open" } } },
    { "重试", C(RETRY), MACHINE, "sd", WORKED, "no-incident", { { 0 } } },
    { "放行", C(RELEASE), MACHINE, "sd", OPEN, "not-held", { { 0 } } },
    { "认领", C(CLAIM), PEOPLE, "o", WORKED, "item-not-open",
      { { "x", "other-department" }, { "kh", "post-may-not", true } } },
    { "认领机办", C(CLAIM), MACHINE, "", WORKED, "item-not-open",
      { { "x", "other-department" }, { "okh", "step-of-machine", true } } },
    { "放回", C(UNCLAIM), PEOPLE, "ok", WORKED, "item-not-open",
      { { "x", "other-department" }, { "h", "claimed", true } } },
    { "移交", C(TRANSFER), PEOPLE, "ok", WORKED, "item-not-open",
      { { "x", "other-department" }, { "h", "post-may-not", true } } },
    { "加签", C(CHANGE_SIGNERS), PEOPLE, "ok", WORKED, "item-not-open",
      { { "x", "other-department" }, { "h", "post-may-not", true } } },
    { "退回", C(SEND_BACK), PEOPLE, "o", "accepted reviewing", "item-not-open",
      { { "x", "other-department" }, { "kh", "post-may-not", true } }, .but = "above", .but_rule = "no-earlier-step" },
    { "征求意见", C(CONSULT), PEOPLE, "o", RUNNING, "item-not-open",
      { { HOUSE, "other-department" }, { "wkh", "post-may-not", true } } },
    { "机办征求意见", C(CONSULT), MACHINE, FIRE, RUNNING, "item-not-open", { { HOUSE, "other-department" } } },
    { "答复意见", C(OPINE), PEOPLE, HOUSE, RUNNING, "not-consulted", { { FIRE, "not-consulted" } } },
    { "踏勘", C(SET_VISIT), PEOPLE, "cmt" FIRE, RUNNING, "item-not-open", { { HOUSE, "other-department", true } } },
    { "踏勘结束", C(END_VISIT), PEOPLE, "cmt" FIRE, ANY, "", { { HOUSE, "other-department" } } },
    { "挂起", C(SUSPEND), PEOPLE, FIRE, RUNNING, "item-not-open", { { HOUSE, "other-department" } } },
    { "解挂", C(RESUME), PEOPLE, FIRE, "suspended", "not-suspended", { { HOUSE, "other-department" } } },
    { "听证", C(ARRANGE_HEARING), PEOPLE, "c" FIRE, "suspended", "hearing-none", { { HOUSE, "other-department" } } },
    { "延期", C(EXTEND), PEOPLE, FIRE, RUNNING, "extension-not-running", { { HOUSE, "other-department" } } },
    { "送达", C(DELIVER), PEOPLE, "c" FIRE, "granted tacit delivering", "nothing-to-deliver",
      { { HOUSE, "other-department" } } },
    { "事后核查", C(CHECK), PEOPLE, "d" FIRE, "granted delivering delivered", "nothing-to-check",
      { { HOUSE, "other-department" } } },
    { "撤销", C(REVOKE), PEOPLE, "h", GRANTED, "nothing-to-revoke",
      { { "x", "other-department" }, { "ok", "post-may-not" } } },
    { "重新办理", C(REOPEN), PEOPLE, "h", "denied refused returned terminated", "nothing-to-reopen",
      { { "x", "other-department" }, { "ok", "post-may-not" } } },
    { "收回一步", C(RECALL), PEOPLE, "o", WORKED "granted denied", "nothing-to-recall",
      { { "x", "other-department" }, { "kh", "recall-not-yours", true } }, "atsdwokhxy",
      .but = "suspended", .but_rule = "item-not-open" },
    { "收回受理", C(RECALL), MACHINE, "cm", "accepted", "nothing-to-recall", { { 0 } }, "cm" },
    { "备注", C(COMMENT), PEOPLE, "cmtsd" FIRE, ANY, "", { { HOUSE, "other-department" } } },
    { "催办", C(URGE), PEOPLE, "cmsd" FIRE, OPEN, "item-not-open",
      { { HOUSE, "urge-denied" }, { "t", "urge-denied" } } },
    { "答复催办", C(REPLY), PEOPLE, "cmsd" FIRE, ANY, "", { { HOUSE, "reply-denied" } } },
    // clang-format on
};

/* --- an application in a state ---------------------------------------------------------------- */

static bool says(const char *words, const char *word)
{
    size_t bytes = strlen(word);

    for (const char *at = words; (at = strstr(at, word)) != NULL; at += bytes) {
        if ((at == words || at[-1] == ' ') && (at[bytes] == '\0' || at[bytes] == ' ')) {
            return true;
        }
    }
    return strcmp(words, ANY) == 0;
}

static Bl__Clock *clock_in(Bl__Clock__Phase phase)
{
    Bl__Clock *clock = bl_arena_new(&arena, Bl__Clock);

    countdown_start(calendar, (struct limit){ 20, LIMIT_WD }, 0, MONDAY_NINE, clock);
    clock->phase = phase;
    return clock;
}

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

/* The last step, nobody's yet, after fire-01 has signed the first. */
static void add_desk(Bl__Item *item, const struct definition_item *defined,
                     const struct world *world, bool decided)
{
    const struct office_seat seat = { "fire-01", "fire-01", "fire-01" };
    Bl__Desk *desk = desk_begin(world, defined, 0, 1, MONDAY_NINE, &arena);

    desk = desk_pass(world, defined, desk_sign(desk, &seat, true, MONDAY_NINE, &arena), &arena);
    item->desk = decided ? desk_sign(desk, &seat, true, MONDAY_NINE, &arena) : desk;
}

static void add_stop(Bl__Item *item)
{
    Bl__Stop *stop = bl_arena_new(&arena, Bl__Stop);

    bl__stop__init(stop);
    stop->number = item->stop_count = 1;
    stop->kind = "test";
    stop->from = MONDAY_NINE;
    stop->ends_at = MONDAY_NINE + 20 * DAY_US;
    stop->from_state = S(REVIEWING);
    stop->cap = bl_arena_new(&arena, Bl__Limit);
    bl__limit__init(stop->cap);
    stop->cap->halves = 30;
    stop->cap->unit = BL__LIMIT__UNIT__WD;
    item->stops = bl_arena_append(&arena, NULL, 0, stop);
    item->n_stops = 1;
}

static void add_clocks(Bl__Item *item, const struct situation *situation)
{
    bool granted = says(GRANTED, situation->word);

    if (says(RUNNING, situation->word)) {
        Bl__Clock__Phase phase =
            item->state == S(SUSPENDED) ? BL__CLOCK__PHASE__STANDING : BL__CLOCK__PHASE__RUNNING;
        item->promise = clock_in(phase);
        item->legal = clock_in(phase);
        item->started_at = MONDAY_NINE;
    }
    if (item->state == S(RECEIVED)) {
        item->notify = clock_in(BL__CLOCK__PHASE__RUNNING);
    }
    if (item->state == S(CORRECTING)) {
        static const char *missing[] = { "form.area" };

        item->correction = clock_in(BL__CLOCK__PHASE__RUNNING);
        item->notified = true;
        item->missing = missing;
        item->n_missing = 1;
    }
    if (granted) {
        item->deliver = clock_in(item->state == S(DECIDED) ? BL__CLOCK__PHASE__RUNNING
                                                           : BL__CLOCK__PHASE__STOPPED);
    }
    if (granted && item->result == R(GRANTED)) {
        item->committed = true;
        item->check = clock_in(BL__CLOCK__PHASE__RUNNING);
    }
}

/* What an act is about has to be there: in every state in which it can be. */
static void add_object(Bl__Item *item, const struct right *right, const struct situation *situation)
{
    bool running = says(RUNNING, situation->word), open = says(OPEN, situation->word);

    if (right->what == C(SUPPLEMENT) && (open || says(GRANTED, situation->word))) {
        static const char *missing[] = { "photo" };

        item->gap = true;
        item->supplement = clock_in(BL__CLOCK__PHASE__RUNNING);
        item->missing = missing;
        item->n_missing = 1;
    }
    item->incident = right->what == C(RETRY) && says(WORKED, situation->word);
    item->held = right->what == C(RELEASE) && open;
    if (right->what == C(OPINE) && running) {
        Bl__Consultation *asked = bl_arena_new(&arena, Bl__Consultation);

        bl__consultation__init(asked);
        asked->number = 1;
        asked->department = "urban";
        asked->limit = clock_in(BL__CLOCK__PHASE__RUNNING);
        item->consultations = bl_arena_append(&arena, NULL, 0, asked);
        item->n_consultations = 1;
    }
    if (right->what == C(ARRANGE_HEARING) && item->n_stops > 0) {
        item->stops[0]->kind = "hearing";
        item->stops[0]->ask_by = MONDAY_NINE + 7 * DAY_US;
    }
    if (right->what == C(UNCLAIM) && item->desk != NULL) {
        item->desk->post = "fire-01";
        item->desk->officer = "fire-01";
    }
}

static void add_dealings(Bl__Application *application)
{
    static uint32_t items[] = { 0 };
    static const char *officers[] = { "fire-01", "fire-02" };
    Bl__Urging *urging = bl_arena_new(&arena, Bl__Urging);
    Bl__Visit *visit = bl_arena_new(&arena, Bl__Visit);

    bl__urging__init(urging);
    urging->number = application->urging_count = 1;
    urging->level = BL__URGING__LEVEL__REMIND;
    urging->to = "fire";
    urging->at = MONDAY_NINE;
    urging->reply_by = MONDAY_NINE + DAY_US;
    application->urgings = bl_arena_append(&arena, NULL, 0, urging);
    application->n_urgings = 1;
    bl__visit__init(visit);
    visit->number = application->visit_count = 1;
    visit->items = items;
    visit->n_items = 1;
    visit->officers = officers;
    visit->n_officers = 2;
    visit->at = MONDAY_NINE + DAY_US;
    application->visits = bl_arena_append(&arena, NULL, 0, visit);
    application->n_visits = 1;
}

static Bl__Application *application_in(const struct right *right, const struct situation *situation,
                                       const struct world *world)
{
    Bl__Application *application = application_aggregate.create(&arena, 7);
    Bl__Item *item = item_in(ID, "fire", situation->state, situation->result);
    bool decided = situation->state == S(DECIDED) || situation->state == S(DELIVERING) ||
                   situation->state == S(DELIVERED) || situation->state == S(REVOKED);

    application->number = "G-0001";
    application->workflow = "grid";
    application->version = 1;
    application->submitted_at = application->effective_at = MONDAY_NINE;
    application->accepted_at = MONDAY_NINE;
    application->contents = 1;
    application->last_event = 40;
    application->promise = clock_in(BL__CLOCK__PHASE__RUNNING);
    application->legal = clock_in(BL__CLOCK__PHASE__RUNNING);
    if (right->kind == PEOPLE && (says(RUNNING, situation->word) || decided)) {
        add_desk(item, &world->definition->items[0], world, decided);
    }
    if (situation->state == S(SUSPENDED)) {
        add_stop(item);
    }
    add_clocks(item, situation);
    add_object(item, right, situation);
    add_dealings(application);
    application->n_items = 2;
    application->items = bl_arena_array(&arena, Bl__Item *, 2);
    application->items[0] = item;
    application->items[1] = item_in("other", "urban", S(ACCEPTED), R(RESULT_UNSPECIFIED));
    return application;
}

/* --- an act, rightly filled in ---------------------------------------------------------------- */

static const char *word_for(const char *field)
{
    static const struct {
        const char *field, *word;
    } words[] = {
        { "item", ID },
        { "reason", "理由" },
        { "text", "说明" },
        { "basis", "第六十九条" },
        { "question", "是否可行" },
        { "notice", "告 1" },
        { "consent", "函 1" },
        { "department", "urban" },
        { "to_post", "fire-02" },
        { "kind", "expert_review" },
    };

    for (size_t i = 0; i < BL_COUNT(words); i++) {
        if (strcmp(words[i].field, field) == 0) {
            return words[i].word;
        }
    }
    return NULL;
}

static ProtobufCMessage *message_of(const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = bl_arena_zero(&arena, descriptor->sizeof_message);

    protobuf_c_message_init(descriptor, message);
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        const char *word = word_for(field->name);

        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            continue;
        }
        if (field->type == PROTOBUF_C_TYPE_STRING && word != NULL) {
            *(const char **)((char *)message + field->offset) = word;
        } else if (field->type == PROTOBUF_C_TYPE_ENUM) {
            const ProtobufCEnumDescriptor *choices = field->descriptor;

            *(int *)((char *)message + field->offset) = choices->values[1].value;
        }
    }
    return message;
}

static Bl__Material **one_material(void)
{
    Bl__Material *material = bl_arena_new(&arena, Bl__Material);

    bl__material__init(material);
    material->id = "photo";
    material->file = "a.pdf";
    return bl_arena_append(&arena, NULL, 0, material);
}

static void fill_form(Bl__Correct *correct)
{
    struct hall_form form = { .count = 0 };

    hall_form_number(&form, "area", 6);
    correct->form.data = bl_arena_copy(&arena, form.bytes, form.count);
    correct->form.len = form.count;
}

static Bl__Command *command_of(Bl__Command__WhatCase what)
{
    static const char *photo[] = { "photo" }, *items[] = { ID }, *post[] = { "fire-02" };
    static const char *officers[] = { "fire-01", "fire-02" };
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&bl__command__descriptor, (unsigned)what);
    Bl__Command *command = bl_arena_new(&arena, Bl__Command);

    bl__command__init(command);
    command->what_case = what;
    *(ProtobufCMessage **)((char *)command + field->offset) = message_of(field->descriptor);
    switch ((int)what) {  // lists, and what stands for something else than its name says
    case C(REFUSE):
        command->refuse->reason = BL__REFUSED__REASON__CONDITIONS;
        break;
    case C(NOTIFY):
        command->notify->materials = photo;
        command->notify->n_materials = 1;
        break;
    case C(CORRECT):
        fill_form(command->correct);
        break;
    case C(SUPPLEMENT):
        command->supplement->materials = one_material();
        command->supplement->n_materials = 1;
        break;
    case C(CHECK):
        command->check->ok = true;
        break;
    case C(RETRY):
        command->retry->department = "";
        break;
    case C(CHANGE_SIGNERS):
        command->change_signers->add = post;
        command->change_signers->n_add = 1;
        break;
    case C(SET_VISIT):
        command->set_visit->items = items;
        command->set_visit->n_items = 1;
        command->set_visit->officers = officers;
        command->set_visit->n_officers = 2;
        command->set_visit->at = MONDAY_NINE + 2 * DAY_US;
        break;
    case C(END_VISIT):
        command->end_visit->number = 1;
        command->end_visit->end = BL__VISIT_ENDED__END__CANCELLED;
        break;
    case C(SUSPEND):
        command->suspend->approver = "fire-80";
        break;
    case C(EXTEND):
        command->extend->approver = "fire-90";
        break;
    case C(REPLY):
        command->reply->number = 1;
        break;
    default:
        break;
    }
    return command;
}

/* --- a cell ----------------------------------------------------------------------------------- */

/* NULL: it is allowed. */
static const char *expected(const struct right *right, const struct situation *situation,
                            char letter)
{
    bool but = right->but != NULL && says(right->but, situation->word);
    bool fits = but || says(right->from, situation->word);

    if (strchr(right->may, letter) != NULL) {
        return but ? right->but_rule : fits ? NULL : right->otherwise;
    }
    for (size_t i = 0; i < BL_COUNT(right->others) && right->others[i].who != NULL; i++) {
        if (strchr(right->others[i].who, letter) != NULL) {
            return right->others[i].after && !fits ? right->otherwise : right->others[i].rule;
        }
    }
    return "role-may-not";
}

static struct bl_text packed(const ProtobufCMessage *message)
{
    size_t bytes = protobuf_c_message_get_packed_size(message);
    uint8_t *at = bl_arena_alloc(&arena, bytes + 1);

    return (struct bl_text){ (const char *)at, protobuf_c_message_pack(message, at) };
}

static ProtobufCMessage *stored(const ProtobufCMessage *message)
{
    struct bl_text bytes = packed(message);
    ProtobufCMessage *read = protobuf_c_message_unpack(message->descriptor, &arena.allocator,
                                                       bytes.bytes, (const uint8_t *)bytes.at);

    assert_non_null(read);
    return read;
}

/* It happens: to the state that decided, and to the one that a restart reads, in the same way. */
static void fold(Bl__Application *application, Bl__Event *event)
{
    Bl__Application *again = (Bl__Application *)stored(&application->base);

    event->seq = 45;
    event->previous = 40;
    application_aggregate.evolve(application, event, &arena);
    application_aggregate.evolve(again, (Bl__Event *)stored(&event->base), &arena);
    struct bl_text one = packed(&application->base), two = packed(&again->base);
    struct bl_text three = packed(stored(&application->base));
    assert_int_equal(one.bytes, two.bytes);
    assert_memory_equal(one.at, two.at, one.bytes);
    assert_int_equal(one.bytes, three.bytes);
    assert_memory_equal(one.at, three.at, one.bytes);
    assert_true(one.bytes <= application_bytes_max(application));
}

static bool cell(const struct right *right, const struct situation *situation,
                 const struct person *person)
{
    static const uint8_t salt[WORLD_SALT_BYTES];
    const struct world world = { .now = MONDAY_NINE + HOUR_US / 2,
                                 .principal = &person->principal,
                                 .definition = definitions[right->kind],
                                 .calendar = calendar,
                                 .departments = departments,
                                 .content = content,
                                 .salt = salt,
                                 .id = 7 };
    const char *rule = expected(right, situation, person->letter), *is = "role-may-not";
    struct ruling ruling = { 0 };

    bl_arena_reset(&arena);
    Bl__Application *application = application_in(right, situation, &world);
    if (principal_may(&person->principal, right->what)) {
        struct bl_text before = packed(&application->base);

        ruling = application_aggregate.decide(&world, application, command_of(right->what), &arena);
        struct bl_text after = packed(&application->base);
        assert_int_equal(before.bytes, after.bytes);  // decide reads and never writes
        assert_memory_equal(before.at, after.at, before.bytes);
        is = ruling.event != NULL ? NULL : ruling.refusal->rule;
    }
    if ((rule == NULL) != (is == NULL) || (rule != NULL && strcmp(rule, is) != 0)) {
        print_error("%s, %s, by %c: expected %s, is %s\n", right->name, situation->word,
                    person->letter, rule == NULL ? "done" : rule, is == NULL ? "done" : is);
        return false;
    }
    if (ruling.event != NULL) {
        fold(application, ruling.event);
    }
    return true;
}

static void test_right(void **state)
{
    const struct right *right = *state;
    size_t wrong = 0;

    for (size_t s = 0; s < BL_COUNT(situations); s++) {
        for (size_t p = 0; p < BL_COUNT(people); p++) {
            if (right->about == NULL || strchr(right->about, people[p].letter) != NULL) {
                wrong += !cell(right, &situations[s], &people[p]);
            }
        }
    }
    assert_int_equal(wrong, 0);
}

/* No act of an application is left out, but those that have other objects than an item. */
static void test_all_acts_are_there(void **state)
{
    (void)state;
    for (unsigned i = 0; i < bl__command__descriptor.n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &bl__command__descriptor.fields[i];
        Bl__Command__WhatCase what = (Bl__Command__WhatCase)field->id;
        bool there = what == C(SUBMIT) || what == C(MIGRATE) || what == C(SEND_NOTICE) ||
                     what == C(FAIL_NOTICE);

        for (size_t k = 0; k < BL_COUNT(rights); k++) {
            there |= rights[k].what == what;
        }
        if (field->type == PROTOBUF_C_TYPE_MESSAGE && application_aggregate.takes(what) && !there) {
            fail_msg("no row is about %s", field->name);
        }
    }
}

/* --- what all share --------------------------------------------------------------------------- */

static struct bl_arena kept;

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
    uint8_t *bytes = bl_arena_alloc(&kept, bl__content__get_packed_size(&message));
    content = (struct bl_text){ (const char *)bytes, bl__content__pack(&message, bytes) };
}

static int open_all(void **state)
{
    const Bl__Calendar *layer = NULL;
    struct bl_error e = { 0 };

    (void)state;
    assert_true(sodium_init() >= 0);
    bl_arena_init(&arena, 1 << 14, SIZE_MAX);
    bl_arena_init(&kept, 1 << 14, SIZE_MAX);
    struct schema_problems *problems = bl_arena_new(&kept, struct schema_problems);
    schema_problems_init(problems, &kept);
    assert_int_equal(definition_load_calendar(calendar_yaml, sizeof calendar_yaml - 1, "cn.yaml",
                                              NULL, 0, &kept, &layer, problems),
                     BL_OK);
    assert_int_equal(calendar_new(&layer, 1, &calendar, &e), BL_OK);
    assert_int_equal(definition_load_departments(departments_yaml, sizeof departments_yaml - 1,
                                                 "departments.yaml", &kept, &departments, problems),
                     BL_OK);
    for (size_t i = 0; i < BL_COUNT(sources); i++) {
        enum bl_err err = definition_load(sources[i], strlen(sources[i]), "grid.yaml", NULL,
                                          &definitions[i], problems);

        if (err != BL_OK) {
            (void)schema_problems_error(problems, err, &e);
            fail_msg("%s", e.text);
        }
    }
    make_content();
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < BL_COUNT(sources); i++) {
        definition_free(&definitions[i]);
    }
    calendar_free(&calendar);
    bl_arena_free(&arena);
    bl_arena_free(&kept);
    return 0;
}

int main(void)
{
    struct CMUnitTest tests[BL_COUNT(rights) + 1];

    for (size_t i = 0; i < BL_COUNT(rights); i++) {
        tests[i] = (struct CMUnitTest){ .name = rights[i].name,
                                        .test_func = test_right,
                                        .initial_state = (void *)(uintptr_t)&rights[i] };
    }
    tests[BL_COUNT(rights)] = (struct CMUnitTest)cmocka_unit_test(test_all_acts_are_there);
    return _cmocka_run_group_tests("grid", tests, BL_COUNT(tests), open_all, close_all);
}
