/* From the counter to acceptance and to the ends without a decision, in a hall without sockets: the
 * worked examples 10 to 12 of domain.md 4.9, gaps, promises, days to wait for, and five ends that
 * are counted apart. Each hall's store has to agree with itself in the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/application.h"
#include "core/countdown.h"
#include "hall_fixture.h"
#include "store/query.h"

#define S(state) BL__ITEM__STATE__##state
#define R(result) BL__ITEM__RESULT__##result
#define A(state) BL__APPLICATION__STATE__##state

static const char workflow[] =
    "workflow: intake\nversion: 1\ntitle: {zh: 收件, en: Intake}\ncalendar: cn\nhandling: joint\n"
    "lead: amr\npromise: 40 working days\nlegal: 45 working days\nnumber: \"I-{seq:4}\"\n"
    "correction: 10 working days\ntolerant: {supplement: 6 working days, on_late: %s}\n"
    "form:\n  - section: {zh: 表, en: Form}\n    fields:\n"
    "      area: {type: number, label: 面积, required: true, min: 1}\n"
    "      secret: {type: text, label: 密, sensitive: true}\n"
    "      opens: {type: date, label: 开业日}\n"
    "materials:\n"
    "  lease: {title: 合同, formats: [pdf], essential: true}\n"
    "  plan: {title: 图, formats: [pdf]}\n"
    "  photo: {title: 照片, formats: [pdf], deferrable: true}\n"
    "items:\n"
    "  base: {title: 一, department: amr, promise: 20WD, legal: 20WD, fields: [area, secret],"
    " materials: [lease, plan]}\n"
    "  fire: {title: 二, department: fire, promise: 10WD, fields: [area], materials: [photo],"
    " notify_commit: {post_check: 30 working days, when: form.area < 100.0}}\n"
    "  food: {title: 三, department: urban, needs: [fire], promise: 5WD, fields: [area],"
    " materials: [photo], outcome: {document: 证, deliver: [e_licence]}}\n"
    "  day: {title: 四, department: urban, promise: 3WD, fields: [area, opens],"
    " when: form.area > 5.0, not_before: opens}\n"
    "  own: {title: 五, department: urban, promise: 3WD, fields: [area], when: form.area > 5.0,"
    " acceptance: department}\n"
    "trial: true\n";
enum { BASE, FIRE, FOOD, DAY, OWN };

static const struct principal manager = { .role = BL__KEY__ROLE__MANAGER, .name = "manager" };
static struct bl_arena arena;  // of what a test looks at

/* An instant of the hall's zone. */
static bl_time at(const char *text)
{
    bl_time moment = 0;

    assert_int_equal(bl_time_parse(text, &moment, NULL), BL_OK);
    return moment;
}

static void open_hall(struct hall *hall, const char *now, const char *on_late)
{
    char yaml[4096];

    hall_open(hall, at(now));
    (void)snprintf(yaml, sizeof yaml, workflow, on_late);
    const Bl__Answer *answer = hall_publish_text(hall, "intake.yaml", yaml, strlen(yaml));
    if (answer->refusal != NULL) {
        fail_msg("%s %s", answer->refusal->rule, answer->refusal->pointer);
    }
    bl_arena_init(&arena, 1 << 14, SIZE_MAX);
}

static void close_hall(struct hall *hall)
{
    hall_close(hall);
    bl_arena_free(&arena);
}

/* Time alone. */
static void wait_until(struct hall *hall, bl_time now)
{
    hall->now = now;
    batch_reset(&hall->batch);
    assert_int_equal(hall_run(hall), BL_OK);
}

static const Bl__Application *state_of(struct hall *hall, uint64_t id)
{
    struct store_read *transaction AUTO(store_read_end) = NULL;
    Bl__Application *application = NULL;

    assert_int_equal(store_read_begin(hall->store, &transaction, NULL), BL_OK);
    assert_int_equal(read_application(transaction, id, &arena, &application, NULL), BL_OK);
    return application;
}

static const Bl__Event *newest_event(struct hall *hall, uint64_t id)
{
    struct store_read *transaction AUTO(store_read_end) = NULL;
    Bl__Event *event = NULL;

    assert_int_equal(store_read_begin(hall->store, &transaction, NULL), BL_OK);
    assert_int_equal(read_event(transaction, state_of(hall, id)->last_event, &arena, &event, NULL),
                     BL_OK);
    return event;
}

static int64_t counted(struct hall *hall, const char *name, const char *department)
{
    struct store_read *transaction AUTO(store_read_end) = NULL;
    int64_t value = 0;

    assert_int_equal(store_read_begin(hall->store, &transaction, NULL), BL_OK);
    assert_int_equal(read_count(transaction, name, department, &value, NULL), BL_OK);
    return value;
}

/* --- submissions ------------------------------------------------------------------------------ */

#define MATERIALS_MAX 4
struct papers {
    const char *materials[MATERIALS_MAX];  // "photo later" is to follow
    double area;
    const char *opens;
    const char *commitments[2];
    bool receive_only;
    const char *stated;
    const char *id;  // of the applicant
    const Bl__Agent *agent;
};

/* A material, or with " later" one that follows. */
static Bl__Material *material_of(const char *text)
{
    Bl__Material *material = bl_arena_new(&arena, Bl__Material);
    const char *blank = strchr(text, ' ');
    size_t bytes = blank == NULL ? strlen(text) : (size_t)(blank - text);

    bl__material__init(material);
    material->id = bl_arena_text(&arena, (struct bl_text){ text, bytes });
    material->file = "a.pdf";
    material->later = blank != NULL;
    return material;
}

static Bl__Material **materials_of(const char *const *texts, size_t *count)
{
    Bl__Material **materials = bl_arena_array(&arena, Bl__Material *, MATERIALS_MAX);

    for (*count = 0; *count < MATERIALS_MAX && texts[*count] != NULL; (*count)++) {
        materials[*count] = material_of(texts[*count]);
    }
    return materials;
}

static ProtobufCBinaryData content_of(const struct papers *papers)
{
    struct hall_form form = { .count = 0 };
    Bl__Content content = BL__CONTENT__INIT;
    Bl__Applicant applicant = BL__APPLICANT__INIT;
    ProtobufCBinaryData bytes;

    hall_form_number(&form, "area", papers->area);
    hall_form_text(&form, "secret", "不可外传");
    if (papers->opens != NULL) {
        hall_form_text(&form, "opens", papers->opens);
    }
    applicant.name = "张三";
    applicant.id = papers->id == NULL ? "" : papers->id;
    content.applicant = &applicant;
    content.agent = (Bl__Agent *)papers->agent;
    content.form.data = form.bytes;
    content.form.len = form.count;
    content.materials = materials_of(papers->materials, &content.n_materials);
    bytes.data = bl_arena_alloc(&arena, bl__content__get_packed_size(&content));
    bytes.len = bl__content__pack(&content, bytes.data);
    return bytes;
}

static const Bl__Answer *submit_as(struct hall *hall, const struct principal *principal,
                                   const struct papers *papers)
{
    static unsigned serial;
    Bl__Command *command = bl_arena_new(&arena, Bl__Command);
    Bl__Submit *submit = bl_arena_new(&arena, Bl__Submit);

    bl__command__init(command);
    bl__submit__init(submit);
    command->what_case = BL__COMMAND__WHAT_SUBMIT;
    command->submit = submit;
    command->request_id = bl_arena_printf(&arena, "r-%u", ++serial);
    submit->workflow = "intake";
    submit->content = content_of(papers);
    submit->receive_only = papers->receive_only;
    submit->stated_receipt = papers->stated == NULL ? 0 : at(papers->stated);
    submit->commitments = (const char **)papers->commitments;
    submit->n_commitments = papers->commitments[0] != NULL;
    return hall_do(hall, principal, command);
}

static uint64_t submit(struct hall *hall, const struct papers *papers)
{
    const Bl__Answer *answer = submit_as(hall, &hall_clerk, papers);

    if (answer->refusal != NULL) {
        fail_msg("%s %s", answer->refusal->rule, answer->refusal->pointer);
    }
    return answer->application_id;
}

#define LEASE                                                                                      \
    {                                                                                              \
        "lease"                                                                                    \
    }
static const struct papers complete = { .materials = LEASE, .area = 5 };
static const struct papers received = { .materials = LEASE, .area = 5, .receive_only = true };

/* --- commands --------------------------------------------------------------------------------- */

static const Bl__Answer *act(struct hall *hall, const struct principal *principal, uint64_t id,
                             Bl__Command__WhatCase what, void *message)
{
    Bl__Command *command = bl_arena_new(&arena, Bl__Command);

    bl__command__init(command);
    command->application_id = id;
    command->what_case = what;
    command->submit = message;  // the oneof's pointers are one
    return hall_do(hall, principal, command);
}

#define NEW(type, name)                                                                            \
    Bl__##type *what = bl_arena_new(&arena, Bl__##type);                                           \
    bl__##name##__init(what)

static const Bl__Answer *take(struct hall *hall, const struct principal *principal, uint64_t id,
                              const char *item, bool gap)
{
    NEW(Accept, accept);
    what->item = item;
    what->gap = gap;
    return act(hall, principal, id, BL__COMMAND__WHAT_ACCEPT, what);
}

static const Bl__Answer *refuse(struct hall *hall, uint64_t id, const char *item,
                                Bl__Refused__Reason reason, const char *text, const char *to)
{
    NEW(Refuse, refuse);
    what->item = item;
    what->reason = reason;
    what->text = text;
    what->redirect_to = to;
    return act(hall, &hall_clerk, id, BL__COMMAND__WHAT_REFUSE, what);
}

static const Bl__Answer *notify(struct hall *hall, uint64_t id, const char *item,
                                const char *material, const char *field)
{
    NEW(Notify, notify);
    what->item = item;
    what->materials = bl_arena_copy(&arena, &material, sizeof material);
    what->n_materials = material != NULL;
    what->fields = bl_arena_copy(&arena, &field, sizeof field);
    what->n_fields = field != NULL;
    return act(hall, &hall_clerk, id, BL__COMMAND__WHAT_NOTIFY, what);
}

static const Bl__Answer *correct(struct hall *hall, uint64_t id, const char *material, double area)
{
    struct hall_form form = { .count = 0 };
    const char *materials[MATERIALS_MAX] = { material };

    NEW(Correct, correct);
    what->materials = materials_of(materials, &what->n_materials);
    if (area != 0) {
        hall_form_number(&form, "area", area);
        what->form.data = bl_arena_copy(&arena, form.bytes, form.count);
        what->form.len = form.count;
    }
    return act(hall, &hall_clerk, id, BL__COMMAND__WHAT_CORRECT, what);
}

/* Another opening day. */
static const Bl__Answer *correct_day(struct hall *hall, uint64_t id, const char *day)
{
    struct hall_form form = { .count = 0 };

    NEW(Correct, correct);
    hall_form_text(&form, "opens", day);
    what->form.data = bl_arena_copy(&arena, form.bytes, form.count);
    what->form.len = form.count;
    return act(hall, &hall_clerk, id, BL__COMMAND__WHAT_CORRECT, what);
}

static const Bl__Answer *give_back(struct hall *hall, uint64_t id, const char *item,
                                   const char *reason)
{
    NEW(ReturnPapers, return_papers);
    what->item = item;
    what->reason = reason;
    return act(hall, &hall_clerk, id, BL__COMMAND__WHAT_RETURN_PAPERS, what);
}

static const Bl__Answer *withdraw(struct hall *hall, uint64_t id, const char *item,
                                  const char *consent)
{
    NEW(Withdraw, withdraw);
    what->item = item;
    what->consent = consent;
    return act(hall, &hall_clerk, id, BL__COMMAND__WHAT_WITHDRAW, what);
}

static const Bl__Answer *recall(struct hall *hall, uint64_t id, const char *item)
{
    Bl__Recall what = BL__RECALL__INIT;

    what.item = item;
    what.reason = "误操作";
    return act(hall, &hall_clerk, id, BL__COMMAND__WHAT_RECALL, &what.base);
}

static const Bl__Answer *supplement(struct hall *hall, uint64_t id, const char *material)
{
    const char *materials[MATERIALS_MAX] = { material };

    NEW(Supplement, supplement);
    what->materials = materials_of(materials, &what->n_materials);
    return act(hall, &hall_clerk, id, BL__COMMAND__WHAT_SUPPLEMENT, what);
}

static const Bl__Answer *check(struct hall *hall, const char *department, uint64_t id,
                               const char *item, bool ok, const char *text)
{
    struct principal worker = hall_worker(department);

    NEW(Check, check);
    what->item = item;
    what->ok = ok;
    what->text = text;
    return act(hall, &worker, id, BL__COMMAND__WHAT_CHECK, what);
}

static const Bl__Answer *decide(struct hall *hall, const char *department, uint64_t id,
                                const char *item, Bl__Item__Result result)
{
    struct principal worker = hall_worker(department);

    NEW(Decide, decide);
    what->item = item;
    what->result = result;
    what->reason = "理由";
    return act(hall, &worker, id, BL__COMMAND__WHAT_DECIDE, what);
}

static const Bl__Answer *terminate(struct hall *hall, uint64_t id, const char *item)
{
    NEW(Terminate, terminate);
    what->item = item;
    what->reason = "申请人死亡";
    return act(hall, &hall_admin, id, BL__COMMAND__WHAT_TERMINATE, what);
}

static void assert_done(const Bl__Answer *answer)
{
    if (answer->refusal != NULL) {
        fail_msg("%s %s", answer->refusal->rule, answer->refusal->pointer);
    }
}

static void assert_refused(const Bl__Answer *answer, const char *code, const char *rule)
{
    assert_non_null(answer->refusal);
    assert_string_equal(answer->refusal->rule, rule);
    assert_string_equal(answer->refusal->code, code);
}

static void assert_state(struct hall *hall, uint64_t id, int item, Bl__Item__State state)
{
    assert_int_equal(state_of(hall, id)->items[item]->state, state);
}

static void assert_whole(struct hall *hall, uint64_t id, Bl__Application__State state)
{
    assert_int_equal(application_state(state_of(hall, id)), state);
}

/* --- receipt and acceptance ------------------------------------------------------------------- */

/* Examples 10 and 11: filed on a holiday, nobody says a word. */
static void test_deemed_acceptance(void **state)
{
    struct hall hall;
    bl_time due = at("2026-03-02T17:30:00+08:00");

    (void)state;
    open_hall(&hall, "2026-02-17T10:00:00+08:00", "return");
    uint64_t id = submit(&hall, &received);
    const Bl__Application *application = state_of(&hall, id);
    assert_int_equal(application->submitted_at, hall.batch.time);  // the physical moment too
    assert_int_equal(application->effective_at, at("2026-02-24T08:30:00+08:00"));
    assert_int_equal(application->items[BASE]->notify->due_at, due);
    assert_whole(&hall, id, A(SUBMITTED));
    wait_until(&hall, due);
    assert_state(&hall, id, BASE, S(RECEIVED));  // 以内 includes the last moment
    wait_until(&hall, due + 1);
    application = state_of(&hall, id);
    assert_int_equal(application->items[BASE]->state, S(ACCEPTED));
    assert_int_equal(application->items[BASE]->notify->phase, BL__CLOCK__PHASE__LATE);
    assert_int_equal(application->items[BASE]->legal->due_at, at("2026-03-23T17:30:00+08:00"));
    assert_int_equal(application_item_started(application, application->items[BASE]),
                     at("2026-02-24T08:30:00+08:00"));
    assert_int_equal(application_started(application), at("2026-02-24T08:30:00+08:00"));
    assert_true(countdown_is_open(application->promise));
    assert_int_equal(application->accepted_at, due);
    assert_whole(&hall, id, A(ACCEPTED));
    close_hall(&hall);
}

/* Example 12: the last paper comes after hours, before a worked Saturday. */
static void test_correction(void **state)
{
    struct hall hall;

    (void)state;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    uint64_t id = submit(&hall, &received);
    assert_done(notify(&hall, id, "fire", "photo", "area"));
    const Bl__Item *item = state_of(&hall, id)->items[FIRE];
    assert_int_equal(item->state, S(CORRECTING));
    assert_true(item->notified);
    assert_int_equal(item->n_missing, 2);
    assert_int_equal(item->notify->phase, BL__CLOCK__PHASE__STOPPED);
    assert_int_equal(item->correction->due_at, at("2026-05-13T17:30:00+08:00"));
    assert_whole(&hall, id, A(CORRECTING));
    const Bl__Answer *answer = correct(&hall, id, "photo", 0);
    assert_done(answer);
    assert_int_equal(answer->n_warnings, 1);
    assert_string_equal(answer->warnings[0]->rule, "still-missing");
    assert_string_equal(answer->warnings[0]->pointer, "form.area");
    assert_state(&hall, id, FIRE, S(CORRECTING));
    hall.now = at("2026-05-08T19:30:00+08:00");
    assert_done(correct(&hall, id, NULL, 4));
    item = state_of(&hall, id)->items[FIRE];
    assert_int_equal(item->state, S(ACCEPTED));
    assert_int_equal(item->n_missing, 0);
    assert_int_equal(item->correction->phase, BL__CLOCK__PHASE__STOPPED);
    assert_int_equal(item->promise->due_at, at("2026-05-22T17:30:00+08:00"));
    assert_int_equal(state_of(&hall, id)->contents, 3);
    const Bl__Event *event = newest_event(&hall, id);
    assert_int_equal(event->corrected->n_fields, 1);
    assert_string_equal(event->corrected->fields[0], "area");
    close_hall(&hall);
}

static void test_a_correction_is_checked(void **state)
{
    struct hall hall;

    (void)state;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    uint64_t id = submit(&hall, &received);
    assert_done(notify(&hall, id, "base", "plan", NULL));
    assert_refused(correct(&hall, id, NULL, 0), "invalid", "correction-empty");
    assert_refused(correct(&hall, id, NULL, 5), "invalid", "correction-empty");  // as it was
    assert_refused(correct(&hall, id, NULL, -1), "invalid", "form-too-small");
    assert_refused(correct(&hall, id, "wrong", 0), "invalid", "material-unknown");
    assert_refused(correct(&hall, id, "plan later", 0), "invalid", "material-later");
    assert_int_equal(state_of(&hall, id)->contents, 1);
    assert_done(correct(&hall, id, NULL, 9));  // two more items are needed now
    assert_state(&hall, id, DAY, S(RECEIVED));
    assert_done(correct(&hall, id, NULL, 3));  // and no longer
    assert_state(&hall, id, DAY, S(NOT_NEEDED));
    assert_done(correct(&hall, id, "plan", 0));
    assert_state(&hall, id, BASE, S(ACCEPTED));
    assert_done(take(&hall, &hall_clerk, id, "", false));
    assert_refused(correct(&hall, id, "plan", 0), "refused", "nothing-to-correct");
    close_hall(&hall);
}

/* A task that waits says what the form says now. */
static void test_waiting_tasks_are_renewed(void **state)
{
    struct hall hall;
    bool renewed = false;

    (void)state;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    uint64_t id = submit(&hall, &received);
    assert_done(take(&hall, &hall_clerk, id, "base", false));
    assert_done(notify(&hall, id, "fire", NULL, "area"));
    assert_done(correct(&hall, id, NULL, 4));
    for (size_t i = 0; i < hall.batch.effect_count; i++) {
        const struct effect *effect = &hall.batch.effects[i];

        renewed |=
            effect->kind == EFFECT_TASK_READY && effect->item == BASE && effect->content.at != NULL;
    }
    assert_true(renewed);
    close_hall(&hall);
}

static size_t count_effects(const struct hall *hall, enum effect_kind kind, uint32_t item)
{
    size_t count = 0;

    for (size_t i = 0; i < hall->batch.effect_count; i++) {
        count += hall->batch.effects[i].kind == kind && hall->batch.effects[i].item == item;
    }
    return count;
}

/* One form, many readers: who works by what has changed gives it back and gets it anew, and is told
 * until he signs; who does not read it never hears of it (domain.md 9.3). */
static void test_accepted_readers_are_told(void **state)
{
    struct hall hall;

    (void)state;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    uint64_t id = submit(&hall, &received);
    assert_done(take(&hall, &hall_clerk, id, "base", false));
    assert_done(notify(&hall, id, "fire", "photo", NULL));
    assert_done(correct(&hall, id, "plan", 0));  // of `base` alone
    assert_int_equal(count_effects(&hall, EFFECT_TASK_GONE, BASE), 1);
    assert_int_equal(state_of(&hall, id)->items[BASE]->n_changed, 1);
    assert_string_equal(state_of(&hall, id)->items[BASE]->changed[0], "plan");
    assert_done(correct(&hall, id, NULL, 4));
    assert_int_equal(count_effects(&hall, EFFECT_TASK_GONE, BASE), 1);
    assert_int_equal(count_effects(&hall, EFFECT_TASK_READY, BASE), 1);
    const Bl__Item *item = state_of(&hall, id)->items[BASE];
    assert_int_equal(item->n_changed, 2);
    assert_string_equal(item->changed[1], "form.area");
    assert_int_equal(item->state, S(ACCEPTED));
    const Bl__Event *event = newest_event(&hall, id);
    assert_int_equal(event->corrected->n_changes, 1);
    assert_int_equal(event->corrected->changes[0]->item, BASE);
    assert_done(correct(&hall, id, "photo", 0));  // not a paper of `base`
    assert_state(&hall, id, FIRE, S(ACCEPTED));
    assert_int_equal(count_effects(&hall, EFFECT_TASK_GONE, BASE), 0);
    assert_int_equal(count_effects(&hall, EFFECT_TASK_READY, BASE), 0);
    assert_done(decide(&hall, "amr", id, "base", R(GRANTED)));
    assert_int_equal(state_of(&hall, id)->items[BASE]->n_changed, 0);
    close_hall(&hall);
}

/* The newest event as a department sees it. */
static const Bl__Event *seen_by(struct hall *hall, const char *department)
{
    struct principal worker = hall_worker(department);
    struct query_context context = { hall->store, hall->catalog, hall->now };
    Bl__Query query = BL__QUERY__INIT;
    Bl__GetApplication what = BL__GET_APPLICATION__INIT;
    Bl__QueryAnswer *answer = bl_arena_new(&arena, Bl__QueryAnswer);
    struct bl_error e = { 0 };

    bl__query_answer__init(answer);
    what.number = "I-0001";
    what.events = true;
    query.what_case = BL__QUERY__WHAT_APPLICATION;
    query.application = &what;
    assert_int_equal(query_answer(&context, &query, &worker, hall->now, &arena, answer, &e), BL_OK);
    assert_null(answer->refusal);
    return answer->events[answer->n_events - 1]->event;
}

/* What another department asks for, and what it was handed, is between it and the applicant. */
static void test_a_department_sees_its_own_papers(void **state)
{
    struct hall hall;

    (void)state;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    uint64_t id = submit(&hall, &received);
    assert_done(notify(&hall, id, "base", "plan", "secret"));
    const Bl__Event *event = seen_by(&hall, "amr");
    assert_int_equal(event->notified->n_items, 1);
    assert_string_equal(event->notified->materials[0], "plan");
    assert_string_equal(event->notified->fields[0], "secret");
    event = seen_by(&hall, "fire");
    assert_int_equal(event->what_case, BL__EVENT__WHAT_NOTIFIED);
    assert_int_equal(event->notified->n_items, 0);
    assert_int_equal(event->notified->n_materials, 0);
    assert_int_equal(event->notified->n_fields, 0);
    assert_done(correct(&hall, id, "plan", 4));
    event = seen_by(&hall, "amr");
    assert_int_equal(event->corrected->n_materials, 1);
    assert_string_equal(event->corrected->fields[0], "area");
    event = seen_by(&hall, "fire");
    assert_int_equal(event->corrected->n_materials, 0);
    assert_int_equal(event->corrected->n_fields, 1);  // it reads the area too
    close_hall(&hall);
}

static void test_one_notice(void **state)
{
    struct hall hall;

    (void)state;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    uint64_t id = submit(&hall, &received);
    assert_refused(notify(&hall, id, "base", NULL, NULL), "invalid", "notify-empty");
    assert_refused(notify(&hall, id, "fire", "plan", NULL), "refused", "material-not-listed");
    assert_refused(notify(&hall, id, "fire", NULL, "secret"), "refused", "field-not-listed");
    assert_done(notify(&hall, id, "", "plan", NULL));  // all that wait, and one that lacks it
    assert_state(&hall, id, BASE, S(CORRECTING));
    assert_state(&hall, id, FIRE, S(RECEIVED));
    bl_time due = state_of(&hall, id)->items[BASE]->correction->due_at;
    assert_done(notify(&hall, id, "base", "lease", NULL));
    const Bl__Event *event = newest_event(&hall, id);
    assert_true(event->notified->breach);
    assert_int_equal(event->notified->n_changes, 0);
    const Bl__Item *item = state_of(&hall, id)->items[BASE];
    assert_int_equal(item->correction->due_at, due);
    assert_int_equal(item->n_missing, 1);
    assert_done(take(&hall, &hall_clerk, id, "fire", false));
    assert_refused(notify(&hall, id, "fire", "photo", NULL), "refused", "notify-late");
    close_hall(&hall);
}

static void test_uncorrected_papers_are_returned(void **state)
{
    struct hall hall;

    (void)state;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    uint64_t id = submit(&hall, &received);
    assert_done(notify(&hall, id, "fire", "photo", NULL));
    bl_time due = state_of(&hall, id)->items[FIRE]->correction->due_at;
    wait_until(&hall, due + 1);
    assert_state(&hall, id, FIRE, S(RETURNED));
    assert_state(&hall, id, FOOD, S(BLOCKED));   // it needs what will not come
    assert_state(&hall, id, BASE, S(ACCEPTED));  // by silence
    assert_whole(&hall, id, A(IN_PROGRESS));
    assert_int_equal(counted(&hall, "returned", "fire"), 1);
    close_hall(&hall);
}

static void test_who_accepts(void **state)
{
    struct hall hall;
    struct principal urban = hall_worker("urban"), fire = hall_worker("fire");
    struct papers papers = received;

    (void)state;
    papers.area = 9;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    uint64_t id = submit(&hall, &papers);
    assert_refused(take(&hall, &fire, id, "fire", false), "refused", "window-accepts");
    assert_refused(take(&hall, &fire, id, "own", false), "denied", "other-department");
    assert_refused(take(&hall, &hall_clerk, id, "own", false), "denied", "role-may-not");
    assert_refused(take(&hall, &urban, id, "", false), "refused", "departments-accept");
    assert_done(take(&hall, &urban, id, "own", false));
    assert_state(&hall, id, BASE, S(RECEIVED));
    assert_done(take(&hall, &hall_clerk, id, "", false));
    assert_state(&hall, id, BASE, S(ACCEPTED));
    assert_refused(take(&hall, &hall_clerk, id, "", false), "refused", "nothing-to-accept");
    close_hall(&hall);
}

/* --- refusals --------------------------------------------------------------------------------- */

#define REASON(reason) BL__REFUSED__REASON__##reason

static void test_refusals(void **state)
{
    struct hall hall;

    (void)state;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    uint64_t id = submit(&hall, &received);
    assert_refused(refuse(&hall, id, "", REASON(REASON_UNSPECIFIED), "x", ""), "invalid",
                   "refuse-reason");
    assert_refused(refuse(&hall, id, "", REASON(NOT_REQUIRED), "", ""), "invalid", "text-required");
    assert_refused(refuse(&hall, id, "", REASON(WRONG_ORGAN), "x", ""), "invalid",
                   "redirect-required");
    assert_refused(refuse(&hall, id, "", REASON(WRONG_ORGAN), "x", "moon"), "invalid",
                   "department-unknown");
    assert_refused(refuse(&hall, id, "", REASON(CONDITIONS), "x", "fire"), "invalid",
                   "redirect-unasked");
    assert_refused(refuse(&hall, id, "base", REASON(INCOMPLETE), "x", ""), "refused",
                   "notify-first");
    assert_refused(refuse(&hall, id, "food", REASON(CONDITIONS), "x", ""), "refused",
                   "nothing-to-refuse");
    assert_done(refuse(&hall, id, "base", REASON(WRONG_ORGAN), "不属本机关", "fire"));
    assert_state(&hall, id, BASE, S(REFUSED));
    assert_true(application_is_open(state_of(&hall, id)));
    assert_done(refuse(&hall, id, "", REASON(NOT_REQUIRED), "不需许可", ""));
    assert_state(&hall, id, FOOD, S(BLOCKED));
    assert_whole(&hall, id, A(REFUSED));
    assert_refused(refuse(&hall, id, "", REASON(NOT_REQUIRED), "x", ""), "refused",
                   "nothing-to-refuse");
    close_hall(&hall);
}

/* --- a tolerated gap -------------------------------------------------------------------------- */

static const struct papers gap = { .materials = { "lease", "photo later" }, .area = 5 };

static void test_a_gap_is_closed(void **state)
{
    struct hall hall;

    (void)state;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    uint64_t id = submit(&hall, &gap);
    const Bl__Item *item = state_of(&hall, id)->items[FIRE];
    struct definition_item definition = { .issue_with_gap = false };
    assert_int_equal(item->state, S(ACCEPTED));
    assert_true(item->gap);
    assert_false(application_item_may_issue(item, &definition));
    assert_string_equal(item->missing[0], "photo");
    assert_int_equal(item->supplement->due_at, at("2026-05-08T17:30:00+08:00"));
    assert_true(countdown_is_open(item->promise));  // the normal clock runs
    assert_refused(supplement(&hall, id, "plan"), "refused", "material-not-awaited");
    assert_refused(supplement(&hall, id, NULL), "invalid", "correction-empty");
    assert_refused(give_back(&hall, id, "fire", "x"), "refused", "gap-in-time");
    assert_done(decide(&hall, "fire", id, "fire", R(GRANTED)));
    assert_true(newest_event(&hall, id)->decided->with_gap);
    item = state_of(&hall, id)->items[FOOD];
    assert_int_equal(item->state, S(ACCEPTED));  // it has the same papers, and its own time
    assert_int_equal(item->supplement->due_at, item->promise->due_at);
    assert_done(decide(&hall, "urban", id, "food", R(GRANTED)));
    assert_state(&hall, id, FOOD, S(DECIDED));  // an e-licence, and it may not be issued yet
    assert_done(supplement(&hall, id, "photo"));
    assert_state(&hall, id, FOOD, S(DELIVERED));
    assert_int_equal(state_of(&hall, id)->items[FOOD]->deliver->phase, BL__CLOCK__PHASE__STOPPED);
    item = state_of(&hall, id)->items[FIRE];
    assert_false(item->gap);
    assert_true(application_item_may_issue(item, &definition));
    assert_int_equal(item->supplement->phase, BL__CLOCK__PHASE__STOPPED);
    assert_false(state_of(&hall, id)->items[FOOD]->gap);
    assert_refused(supplement(&hall, id, "photo"), "refused", "nothing-to-supplement");
    close_hall(&hall);
}

struct late {
    const char *name;  // on_late
    Bl__Item__State state;
    Bl__Item__Result result;
    Bl__Overdue__Follows follows;
};

static const struct late lates[] = {
    { "return", S(RETURNED), R(RESULT_UNSPECIFIED), BL__OVERDUE__FOLLOWS__RETURNED },
    { "deny", S(DECIDED), R(DENIED), BL__OVERDUE__FOLLOWS__REJECTED },
    { "wait", S(ACCEPTED), R(RESULT_UNSPECIFIED), BL__OVERDUE__FOLLOWS__FOLLOWS_UNSPECIFIED },
};

static void test_a_late_gap(void **state)
{
    const struct late *late = *state;
    struct hall hall;

    open_hall(&hall, "2026-04-27T09:00:00+08:00", late->name);
    uint64_t id = submit(&hall, &gap);
    wait_until(&hall, state_of(&hall, id)->items[FIRE]->supplement->due_at + 1);
    const Bl__Item *item = state_of(&hall, id)->items[FIRE];
    assert_int_equal(item->state, late->state);
    assert_int_equal(item->result, late->result);
    assert_int_equal(newest_event(&hall, id)->overdue->follows, late->follows);
    if (late->state == S(ACCEPTED)) {
        assert_done(give_back(&hall, id, "fire", "逾期未补"));
        assert_state(&hall, id, FIRE, S(RETURNED));
    }
    close_hall(&hall);
}

static void test_gaps_at_the_window(void **state)
{
    struct hall hall;
    struct papers papers = gap;

    (void)state;
    papers.receive_only = true;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    uint64_t id = submit(&hall, &papers);
    assert_false(state_of(&hall, id)->items[FIRE]->gap);
    assert_refused(take(&hall, &hall_clerk, id, "", false), "refused", "gap-needed");
    assert_done(take(&hall, &hall_clerk, id, "", true));
    assert_true(state_of(&hall, id)->items[FIRE]->gap);
    assert_true(state_of(&hall, id)->items[FOOD]->gap);
    assert_false(state_of(&hall, id)->items[BASE]->gap);
    papers.materials[0] = "lease later";
    assert_refused(submit_as(&hall, &hall_clerk, &papers), "invalid", "material-later");
    close_hall(&hall);
}

/* What the applicant has promised with an acceptance goes with it. */
static void test_a_gap_goes_with_its_acceptance(void **state)
{
    struct hall hall;
    struct papers papers = gap;

    (void)state;
    papers.receive_only = true;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    uint64_t id = submit(&hall, &papers);
    assert_done(take(&hall, &hall_clerk, id, "", true));
    assert_non_null(state_of(&hall, id)->items[FIRE]->supplement);
    assert_done(recall(&hall, id, ""));
    const Bl__Item *item = state_of(&hall, id)->items[FIRE];
    assert_int_equal(item->state, S(RECEIVED));
    assert_false(item->gap);
    assert_null(item->supplement);
    assert_done(take(&hall, &hall_clerk, id, "", true));
    assert_true(state_of(&hall, id)->items[FIRE]->gap);
    close_hall(&hall);
}

/* --- promises --------------------------------------------------------------------------------- */

static void test_promises(void **state)
{
    struct hall hall;
    struct papers papers = { .materials = LEASE, .area = 5, .commitments = { "fire" } };

    (void)state;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    uint64_t id = submit(&hall, &papers);
    const Bl__Item *item = state_of(&hall, id)->items[FIRE];
    assert_int_equal(item->state, S(DECIDED));
    assert_int_equal(item->result, R(GRANTED));
    assert_true(item->committed);
    assert_true(countdown_is_open(item->check));
    assert_state(&hall, id, FOOD, S(ACCEPTED));  // what needs it starts at once
    assert_refused(check(&hall, "fire", id, "fire", false, ""), "invalid", "text-required");
    assert_refused(check(&hall, "amr", id, "base", true, ""), "refused", "nothing-to-check");
    assert_refused(check(&hall, "amr", id, "fire", true, ""), "denied", "other-department");
    assert_done(check(&hall, "fire", id, "fire", false, "与承诺不符"));
    assert_state(&hall, id, FIRE, S(REVOKED));
    assert_refused(check(&hall, "fire", id, "fire", true, ""), "refused", "nothing-to-check");
    uint64_t kept = submit(&hall, &papers);
    assert_done(check(&hall, "fire", kept, "fire", true, ""));
    item = state_of(&hall, kept)->items[FIRE];
    assert_int_equal(item->state, S(DECIDED));
    assert_int_equal(item->check->phase, BL__CLOCK__PHASE__STOPPED);
    uint64_t ended = submit(&hall, &papers);
    assert_done(decide(&hall, "amr", ended, "base", R(GRANTED)));
    assert_done(decide(&hall, "urban", ended, "food", R(GRANTED)));
    assert_int_not_equal(state_of(&hall, ended)->ended_at, 0);
    assert_done(check(&hall, "fire", ended, "fire", false, "与承诺不符"));
    assert_false(newest_event(&hall, ended)->checked->completed);  // it was before
    papers.commitments[0] = "base";
    assert_refused(submit_as(&hall, &hall_clerk, &papers), "refused", "commitment-none");
    papers.commitments[0] = "moon";
    assert_refused(submit_as(&hall, &hall_clerk, &papers), "not-found", "item-unknown");
    papers.commitments[0] = "fire";
    papers.area = 200;
    assert_refused(submit_as(&hall, &hall_clerk, &papers), "refused", "commitment-closed");
    papers.area = 5;
    papers.receive_only = true;
    id = submit(&hall, &papers);
    assert_state(&hall, id, FIRE, S(RECEIVED));
    assert_done(take(&hall, &hall_clerk, id, "", false));
    assert_state(&hall, id, FIRE, S(DECIDED));
    assert_state(&hall, id, FOOD, S(ACCEPTED));
    close_hall(&hall);
}

/* --- days, paper, agents ---------------------------------------------------------------------- */

static void test_an_item_waits_for_its_day(void **state)
{
    struct hall hall;
    struct papers papers = { .materials = LEASE, .area = 9, .opens = "2026-05-09" };
    bl_time opens = at("2026-05-09T08:30:00+08:00");

    (void)state;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    uint64_t id = submit(&hall, &papers);
    assert_state(&hall, id, DAY, S(PENDING));
    assert_int_equal(state_of(&hall, id)->items[DAY]->not_before, opens);
    wait_until(&hall, opens - 1);
    assert_state(&hall, id, DAY, S(PENDING));
    wait_until(&hall, opens);
    const Bl__Application *application = state_of(&hall, id);
    assert_int_equal(application->items[DAY]->state, S(ACCEPTED));
    assert_int_equal(application->items[DAY]->not_before, 0);
    assert_int_equal(application_item_started(application, application->items[DAY]), opens);
    close_hall(&hall);
}

/* Nobody is late before the day: the clocks of the whole leave the wait out, and no more than it.
 */
static void test_the_whole_waits_too(void **state)
{
    struct hall hall;
    struct papers papers = { .materials = LEASE, .area = 9, .opens = "2026-05-09" };

    (void)state;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    uint64_t id = submit(&hall, &papers), other = submit(&hall, &papers);
    const Bl__Application *application = state_of(&hall, id);
    assert_int_equal(application->promise->phase, BL__CLOCK__PHASE__STANDING);
    assert_int_equal(application->promise->due_at, at("2026-07-06T17:30:00+08:00"));
    wait_until(&hall, at("2026-04-29T10:00:00+08:00"));
    assert_done(withdraw(&hall, other, "day", "函"));
    wait_until(&hall, hall.now + 1);
    application = state_of(&hall, other);
    assert_int_equal(application->promise->phase, BL__CLOCK__PHASE__RUNNING);
    assert_int_equal(application->promise->due_at, at("2026-06-29T17:30:00+08:00"));
    wait_until(&hall, at("2026-05-09T08:30:00+08:00"));
    application = state_of(&hall, id);
    assert_int_equal(application->promise->phase, BL__CLOCK__PHASE__RUNNING);
    assert_int_equal(application->promise->due_at, at("2026-07-06T17:30:00+08:00"));
    close_hall(&hall);
}

/* The day is a field of the form like any other: it may be corrected. */
static void test_the_day_moves(void **state)
{
    struct hall hall;
    struct papers papers = { .materials = LEASE, .area = 9, .opens = "2026-05-09" };

    (void)state;
    papers.receive_only = true;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    uint64_t id = submit(&hall, &papers);
    assert_done(correct_day(&hall, id, "2026-05-12"));
    assert_state(&hall, id, DAY, S(PENDING));
    assert_int_equal(state_of(&hall, id)->items[DAY]->not_before, at("2026-05-12T08:30:00+08:00"));
    assert_done(correct_day(&hall, id, "2026-04-20"));
    assert_state(&hall, id, DAY, S(RECEIVED));
    assert_int_equal(state_of(&hall, id)->items[DAY]->not_before, 0);
    papers.area = 2;
    papers.opens = "2026-05-11";
    id = submit(&hall, &papers);
    assert_state(&hall, id, DAY, S(NOT_NEEDED));
    assert_done(correct(&hall, id, NULL, 9));  // needed now, and not yet
    assert_state(&hall, id, DAY, S(PENDING));
    wait_until(&hall, at("2026-05-11T08:30:00+08:00"));
    assert_state(&hall, id, DAY, S(ACCEPTED));
    close_hall(&hall);
}

/* The whole leaves out the wait as it is now, as if the form had said so from the beginning. */
static void test_the_whole_follows_the_day(void **state)
{
    struct hall hall;
    struct papers papers = { .materials = LEASE, .area = 9, .opens = "2026-05-09" };

    (void)state;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    uint64_t id = submit(&hall, &papers);
    papers.opens = "2026-05-12";
    uint64_t other = submit(&hall, &papers);
    bl_time due = state_of(&hall, other)->promise->due_at;
    assert_int_not_equal(state_of(&hall, id)->promise->due_at, due);
    assert_done(correct_day(&hall, id, "2026-05-12"));
    assert_int_equal(state_of(&hall, id)->promise->due_at, due);
    close_hall(&hall);
}

/* Whose acceptance is taken back waits to be accepted since its day, not since it was handed in. */
static void test_a_recalled_day(void **state)
{
    struct hall hall;
    struct papers papers = { .materials = LEASE, .area = 9, .opens = "2026-05-09" };
    bl_time opens = at("2026-05-09T08:30:00+08:00");

    (void)state;
    papers.receive_only = true;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    uint64_t id = submit(&hall, &papers);
    assert_done(take(&hall, &hall_clerk, id, "", false));
    wait_until(&hall, opens);
    assert_state(&hall, id, DAY, S(ACCEPTED));
    assert_done(recall(&hall, id, "day"));
    const Bl__Item *item = state_of(&hall, id)->items[DAY];
    assert_int_equal(item->state, S(RECEIVED));
    assert_int_equal(item->started_at, opens);
    assert_int_equal(item->notify->due_at, at("2026-05-15T17:30:00+08:00"));
    close_hall(&hall);
}

static void test_paper(void **state)
{
    struct hall hall;
    struct papers papers = complete;

    (void)state;
    open_hall(&hall, "2026-03-02T15:00:00+08:00", "return");
    papers.stated = "2026-02-17T10:00:00+08:00";
    assert_refused(submit_as(&hall, &hall_clerk, &papers), "denied", "stated-by-manager");
    const Bl__Answer *answer = submit_as(&hall, &manager, &papers);
    assert_done(answer);
    const Bl__Application *application = state_of(&hall, answer->application_id);
    assert_true(application->paper);
    assert_int_equal(application->effective_at, at("2026-02-24T08:30:00+08:00"));
    assert_int_equal(application->submitted_at, hall.batch.time);
    assert_int_equal(application->items[BASE]->legal->due_at, at("2026-03-23T17:30:00+08:00"));
    papers.stated = "2026-03-02T15:00:01+08:00";
    assert_refused(submit_as(&hall, &manager, &papers), "invalid", "stated-future");
    papers.stated = "2026-01-31T14:59:59+08:00";
    assert_refused(submit_as(&hall, &manager, &papers), "invalid", "stated-old");
    close_hall(&hall);
}

static void test_agents(void **state)
{
    struct hall hall;
    struct papers papers = complete;
    Bl__Agent agent = BL__AGENT__INIT;

    (void)state;
    open_hall(&hall, "2026-03-02T15:00:00+08:00", "return");
    papers.agent = &agent;
    agent.name = "李四";
    assert_refused(submit_as(&hall, &hall_clerk, &papers), "invalid", "agent-mandate");
    agent.mandate = "委托书 7";
    agent.id = "110105194912310021";
    assert_refused(submit_as(&hall, &hall_clerk, &papers), "invalid", "agent");
    agent.id = "11010519491231002X";
    uint64_t id = submit(&hall, &papers);
    const Bl__Event *event = newest_event(&hall, id);
    assert_int_equal(strlen(event->submitted->agent), 64);
    assert_null(strstr(event->submitted->agent, "1101"));
    close_hall(&hall);
}

/* The same person has the same thing under way: said with its number, and no more. */
static void test_twins(void **state)
{
    struct hall hall;
    struct papers papers = complete;

    (void)state;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    papers.id = "11010519491231002X";
    const Bl__Answer *answer = submit_as(&hall, &hall_clerk, &papers);
    uint64_t first = answer->application_id;
    assert_int_equal(answer->n_warnings, 0);
    answer = submit_as(&hall, &hall_clerk, &papers);
    uint64_t second = answer->application_id;
    assert_int_equal(answer->n_warnings, 1);
    assert_string_equal(answer->warnings[0]->rule, "duplicate-open");
    assert_string_equal(answer->warnings[0]->arguments[0]->value, "I-0001");
    assert_int_equal(state_of(&hall, first)->twin, state_of(&hall, second)->twin);
    assert_done(withdraw(&hall, first, "", "函"));
    assert_done(withdraw(&hall, second, "", "函"));
    answer = submit_as(&hall, &hall_clerk, &papers);
    assert_int_equal(answer->n_warnings, 0);  // they have ended
    papers.id = NULL;
    uint64_t nobody = submit(&hall, &papers);
    assert_int_equal(state_of(&hall, nobody)->twin, 0);
    assert_int_equal(submit_as(&hall, &hall_clerk, &papers)->n_warnings, 0);
    close_hall(&hall);
}

/* --- ends ------------------------------------------------------------------------------------- */

static void test_withdrawals(void **state)
{
    struct hall hall;

    (void)state;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    uint64_t id = submit(&hall, &complete);
    assert_refused(withdraw(&hall, id, "", ""), "invalid", "consent-required");
    struct principal fire = hall_worker("fire");
    NEW(Withdraw, withdraw);
    assert_refused(act(&hall, &fire, id, BL__COMMAND__WHAT_WITHDRAW, what), "denied",
                   "role-may-not");
    assert_done(decide(&hall, "amr", id, "base", R(GRANTED)));
    assert_refused(withdraw(&hall, id, "base", "函 1"), "refused", "nothing-to-withdraw");
    assert_done(withdraw(&hall, id, "fire", "函 1"));
    assert_state(&hall, id, FIRE, S(WITHDRAWN));
    assert_state(&hall, id, FOOD, S(BLOCKED));
    assert_whole(&hall, id, A(COMPLETED));  // one was granted
    assert_refused(withdraw(&hall, id, "", "函 1"), "refused", "nothing-to-withdraw");
    id = submit(&hall, &complete);
    assert_done(withdraw(&hall, id, "", "函 2"));
    assert_whole(&hall, id, A(WITHDRAWN));
    assert_false(application_is_open(state_of(&hall, id)));
    close_hall(&hall);
}

/* Five ends, each by its own way, counted apart. */
static void test_five_ends(void **state)
{
    static const char *const ends[] = { "refused", "returned", "withdrawn", "denied",
                                        "terminated" };
    struct hall hall;

    (void)state;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    uint64_t refused = submit(&hall, &received), returned = submit(&hall, &received);
    uint64_t withdrawn = submit(&hall, &complete), denied = submit(&hall, &complete);
    uint64_t terminated = submit(&hall, &complete);
    assert_done(refuse(&hall, refused, "base", REASON(NOT_REQUIRED), "x", ""));
    assert_done(notify(&hall, returned, "base", "plan", NULL));
    assert_refused(give_back(&hall, returned, "base", ""), "invalid", "reason-required");
    assert_refused(give_back(&hall, returned, "fire", "x"), "refused", "nothing-to-return");
    assert_done(give_back(&hall, returned, "base", "申请人不再补正"));
    assert_done(withdraw(&hall, withdrawn, "base", "函"));
    assert_done(decide(&hall, "amr", denied, "base", R(DENIED)));
    assert_done(terminate(&hall, terminated, "base"));
    for (size_t i = 0; i < BL_COUNT(ends); i++) {
        assert_int_equal(counted(&hall, ends[i], "amr"), 1);
    }
    assert_state(&hall, refused, BASE, S(REFUSED));
    assert_state(&hall, returned, BASE, S(RETURNED));
    assert_state(&hall, withdrawn, BASE, S(WITHDRAWN));
    assert_state(&hall, denied, BASE, S(DECIDED));
    assert_state(&hall, terminated, BASE, S(TERMINATED));
    close_hall(&hall);
}

/* No value of a form is in any event, whatever was done with it. */
static void test_events_have_no_values(void **state)
{
    struct hall hall;
    struct store_read *transaction AUTO(store_read_end) = NULL;
    static const char secret[] = "不可外传";
    uint64_t newest = 0;

    (void)state;
    open_hall(&hall, "2026-04-27T09:00:00+08:00", "return");
    uint64_t id = submit(&hall, &received);
    assert_done(notify(&hall, id, "base", "plan", "area"));
    assert_done(correct(&hall, id, "plan", 7));
    assert_int_equal(store_read_begin(hall.store, &transaction, NULL), BL_OK);
    assert_int_equal(read_newest_event(transaction, &newest, NULL), BL_OK);
    for (uint64_t seq = 1; seq <= newest; seq++) {
        struct bl_text record;

        assert_int_equal(read_event_record(transaction, seq, &record, NULL), BL_OK);
        assert_null(memmem(record.at, record.bytes, secret, sizeof secret - 1));
    }
    store_read_end(&transaction);
    close_hall(&hall);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(test_deemed_acceptance),
        cmocka_unit_test(test_correction),
        cmocka_unit_test(test_a_correction_is_checked),
        cmocka_unit_test(test_waiting_tasks_are_renewed),
        cmocka_unit_test(test_accepted_readers_are_told),
        cmocka_unit_test(test_a_department_sees_its_own_papers),
        cmocka_unit_test(test_one_notice),
        cmocka_unit_test(test_uncorrected_papers_are_returned),
        cmocka_unit_test(test_who_accepts),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_a_gap_is_closed),
        cmocka_unit_test(test_gaps_at_the_window),
        cmocka_unit_test(test_promises),
        cmocka_unit_test(test_an_item_waits_for_its_day),
        cmocka_unit_test(test_the_whole_waits_too),
        cmocka_unit_test(test_the_day_moves),
        cmocka_unit_test(test_the_whole_follows_the_day),
        cmocka_unit_test(test_a_recalled_day),
        cmocka_unit_test(test_a_gap_goes_with_its_acceptance),
        cmocka_unit_test(test_paper),
        cmocka_unit_test(test_agents),
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_withdrawals),
        cmocka_unit_test(test_five_ends),
        cmocka_unit_test(test_events_have_no_values),
    };
    struct CMUnitTest tests[BL_COUNT(lates) + BL_COUNT(others)];

    for (size_t i = 0; i < BL_COUNT(lates); i++) {
        tests[i] = (struct CMUnitTest){ .name = lates[i].name,
                                        .test_func = test_a_late_gap,
                                        .initial_state = (void *)(uintptr_t)&lates[i] };
    }
    memcpy(tests + BL_COUNT(lates), others, sizeof others);
    return _cmocka_run_group_tests("intake", tests, BL_COUNT(tests), NULL, NULL);
}
