/* Inside and between departments, in a hall without sockets: who may sign what, signatures counted,
 * rounds, deputies, what is taken back and what is not, opinions, two legs, visits. Each case is a
 * table of moves; a move that must be refused names the rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "broker/desk.h"
#include "core/desk.h"
#include "hall_fixture.h"
#include "store/query.h"
#include "store/sight.h"

#define S(state) BL__ITEM__STATE__##state
#define R(result) BL__ITEM__RESULT__##result
#define MONDAY_NINE INT64_C(1795395600000000)  // 2026-11-23 09:00 in the hall
#define DECEMBER_22 INT64_C(1766365200000000)  // 2025-12-22 09:00
#define JANUARY_20 INT64_C(1768870800000000)   // 2026-01-20 09:00
#define JANUARY_20_CLOSE INT64_C(1768901400000000)
#define FEBRUARY_24_CLOSE INT64_C(1771925400000000)
#define APRIL_28 INT64_C(1777338000000000)  // 2026-04-28 09:00
#define MAY_8_CLOSE INT64_C(1778232600000000)

static const char workflow_yaml[] =
    "workflow: desks\nversion: 1\ntitle: {zh: 流程, en: Flow}\ncalendar: cn\nhandling: joint\n"
    "lead: amr\npromise: 45 working days\nlegal: 45 working days\nnumber: \"D-{seq:4}\"\n"
    "form:\n  - section: {zh: 表, en: Form}\n    fields:\n"
    "      area: {type: number, label: {zh: 面积, en: Area}, required: true}\n"
    "      phone: {type: text, label: {zh: 电话, en: Phone}, sensitive: true}\n"
    "items:\n"
    "  permit: {title: {zh: 许可, en: Permit}, department: amr, promise: 7WD, legal: 10WD,"
    " fields: [area], four_eyes: true, steps: ["
    "{id: review, title: 审查, role: reviewer, limit: 3WD},"
    "{id: visit, title: 核查, role: inspector, limit: 2WD, signers: {need: 2}},"
    "{id: decide, title: 决定, role: decider, limit: 2WD}]}\n"
    "  board: {title: {zh: 会签, en: Board}, department: amr, promise: 7WD, fields: [area], steps: "
    "["
    "{id: sign, title: 会签, role: decider, signers: {need: all, in_order: true}}]}\n"
    "  mixed: {title: {zh: 混合, en: Mixed}, department: fire, promise: 5WD, fields: [area], "
    "steps: ["
    "{id: check, title: 核验, role: machine}, {id: print, title: 制证, role: machine},"
    "{id: decide, title: 决定, role: decider}]}\n"
    "  next: {title: {zh: 后续, en: Next}, department: fire, promise: 5WD, needs: [permit],"
    " fields: [area]}\n"
    "  above: {title: {zh: 上报, en: Upward}, department: amr, kind: upward, promise: 20WD,"
    " legal: 20WD, fields: [area], upper: {department: dr, promise: 15WD, legal: 20WD}, steps: ["
    "{id: decide, title: 决定, role: decider}]}\n"
    "trial: true\n";

/* --- a hall and its moves --------------------------------------------------------------------- */

struct scene {
    struct hall hall;
    struct bl_arena arena;
    uint64_t id;
};

enum act {
    APPROVE,
    REJECT,
    CLAIM,
    UNCLAIM,
    TRANSFER,
    ADD_SIGNER,
    REMOVE_SIGNER,
    SEND_BACK,
    RECALL,
    REOPEN,
    REVOKE,
    CONSULT,
    OPINE,
    ABSENT,  // `item` is the post, `x` its deputy
    BACK,
    COMMENT,
};

struct move {
    const char *who;  // "amr/amr-01", "amr" for its worker, "clerk"
    enum act act;
    const char *item, *x;
    const char *refusal;  // NULL: it is done
    bl_span after;        // time goes on by this much before
    const char *may;      // who may instead, where it is told
    const char *limit;    // of a question
};

static void open_scene(struct scene *scene, bl_time now)
{
    struct hall_form form = { .count = 0 };
    struct hall_submission submission;

    memset(scene, 0, sizeof *scene);
    bl_arena_init(&scene->arena, 1 << 14, SIZE_MAX);
    hall_open(&scene->hall, now);
    const Bl__Answer *answer =
        hall_publish_text(&scene->hall, "desks.yaml", workflow_yaml, sizeof workflow_yaml - 1);
    if (answer->refusal != NULL) {
        fail_msg("%s: %s", answer->refusal->rule, answer->refusal->arguments[0]->value);
    }
    hall_form_number(&form, "area", 20);
    hall_form_text(&form, "phone", "13800000000");
    hall_submission(&submission, "desks", "r-1", &form);
    answer = hall_do(&scene->hall, &hall_clerk, &submission.command);
    assert_null(answer->refusal);
    scene->id = answer->application_id;
}

static void close_scene(struct scene *scene)
{
    hall_close(&scene->hall);
    bl_arena_free(&scene->arena);
}

static struct principal who_is(const char *who)
{
    struct principal principal = { .role = BL__KEY__ROLE__OFFICER };
    const char *slash = strchr(who, '/');

    if (strcmp(who, "clerk") == 0) {
        return hall_clerk;
    }
    if (strcmp(who, "another clerk") == 0) {
        return (struct principal){ BL__KEY__ROLE__CLERK, "clerk-2", "", "" };
    }
    if (strcmp(who, "manager") == 0) {
        return (struct principal){ BL__KEY__ROLE__MANAGER, "manager", "", "" };
    }
    if (slash == NULL) {
        return hall_worker(who);
    }
    (void)snprintf(principal.department, sizeof principal.department, "%.*s", (int)(slash - who),
                   who);
    bl_text_copy(principal.post, sizeof principal.post, slash + 1);
    bl_text_copy(principal.name, sizeof principal.name, slash + 1);
    return principal;
}

#define WHAT(name, member, type, prefix)                                                           \
    command->what_case = BL__COMMAND__WHAT_##name;                                                 \
    command->member = bl_arena_new(arena, Bl__##type);                                             \
    bl__##prefix##__init(command->member)

static void command_decide(Bl__Command *command, const struct move *move, struct bl_arena *arena)
{
    WHAT(DECIDE, decide, Decide, decide);
    command->decide->item = move->item;
    command->decide->result = move->act == APPROVE ? R(GRANTED) : R(DENIED);
    command->decide->reason = "理由";
    command->decide->document = move->act == APPROVE ? "证〔2026〕1" : "";
    command->decide->step = move->x == NULL ? "" : move->x;
}

static void command_signers(Bl__Command *command, const struct move *move, struct bl_arena *arena)
{
    const char **posts = bl_arena_array(arena, const char *, 1);

    WHAT(CHANGE_SIGNERS, change_signers, ChangeSigners, change_signers);
    posts[0] = move->x;
    command->change_signers->item = move->item;
    if (move->act == ADD_SIGNER) {
        command->change_signers->add = posts;
        command->change_signers->n_add = 1;
    } else {
        command->change_signers->remove = posts;
        command->change_signers->n_remove = 1;
    }
}

static void command_absence(Bl__Command *command, const struct move *move, bl_time now,
                            struct bl_arena *arena)
{
    if (move->act == BACK) {
        WHAT(END_ABSENCE, end_absence, EndAbsence, end_absence);
        command->end_absence->department = "amr";
        command->end_absence->post = move->item;
        return;
    }
    WHAT(SET_ABSENCE, set_absence, SetAbsence, set_absence);
    command->set_absence->absence = bl_arena_new(arena, Bl__Absence);
    bl__absence__init(command->set_absence->absence);
    command->set_absence->absence->department = "amr";
    command->set_absence->absence->post = move->item;
    command->set_absence->absence->deputy = move->x == NULL ? "" : move->x;
    command->set_absence->absence->from = now;
    command->set_absence->absence->to = now + 2 * DAY_US;
}

static void command_back(Bl__Command *command, const struct move *move, struct bl_arena *arena)
{
    if (move->act == RECALL) {
        WHAT(RECALL, recall, Recall, recall);
        command->recall->item = move->item;
        command->recall->reason = "误操作";
    } else if (move->act == REOPEN) {
        WHAT(REOPEN, reopen, Reopen, reopen);
        command->reopen->item = move->item;
        command->reopen->reason = "复议撤销";
    } else if (move->act == REVOKE) {
        WHAT(REVOKE, revoke, Revoke, revoke);
        command->revoke->item = move->item;
        command->revoke->reason = "以欺骗取得";
        command->revoke->basis = move->x == NULL ? "" : move->x;
    } else {
        WHAT(SEND_BACK, send_back, SendBack, send_back);
        command->send_back->item = move->item;
        command->send_back->step = move->x == NULL ? "" : move->x;
        command->send_back->reason = "须补充核查";
    }
}

static void command_of(Bl__Command *command, const struct move *move, bl_time now,
                       struct bl_arena *arena)
{
    switch (move->act) {
    case APPROVE:
    case REJECT:
        command_decide(command, move, arena);
        break;
    case CLAIM:
        WHAT(CLAIM, claim, Claim, claim);
        command->claim->item = move->item;
        break;
    case UNCLAIM:
        WHAT(UNCLAIM, unclaim, Unclaim, unclaim);
        command->unclaim->item = move->item;
        break;
    case TRANSFER:
        WHAT(TRANSFER, transfer, Transfer, transfer);
        command->transfer->item = move->item;
        command->transfer->to_post = move->x;
        break;
    case ADD_SIGNER:
    case REMOVE_SIGNER:
        command_signers(command, move, arena);
        break;
    case SEND_BACK:
    case RECALL:
    case REOPEN:
    case REVOKE:
        command_back(command, move, arena);
        break;
    case CONSULT:
        WHAT(CONSULT, consult, Consult, consult);
        command->consult->item = move->item;
        command->consult->department = move->x;
        command->consult->question = "是否影响排水";
        command->consult->limit = move->limit == NULL ? "" : move->limit;
        break;
    case OPINE:
        WHAT(OPINE, opine, Opine, opine);
        command->opine->item = move->item;
        command->opine->consents = true;
        break;
    case ABSENT:
    case BACK:
        command_absence(command, move, now, arena);
        break;
    case COMMENT:
        WHAT(COMMENT, comment, Comment, comment);
        command->comment->item = move->item;
        command->comment->text = move->x;
        break;
    }
}

static void play(struct scene *scene, const struct move *moves, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct move *move = &moves[i];
        const struct principal who = who_is(move->who);
        Bl__Command command = BL__COMMAND__INIT;

        scene->hall.now += move->after + SECOND_US;
        command.application_id = scene->id;
        command_of(&command, move, scene->hall.now, &scene->arena);
        command.dry_run = true;  // which says the same and leaves no trace
        const Bl__Answer *answer = hall_do(&scene->hall, &who, &command);
        bool would = answer->refusal == NULL;
        assert_int_equal(answer->event, 0);
        assert_int_equal(would, answer->would[0] != '\0');
        command.dry_run = false;
        answer = hall_do(&scene->hall, &who, &command);
        assert_int_equal(would, answer->refusal == NULL);
        const char *rule = answer->refusal == NULL ? "done" : answer->refusal->rule;
        if (strcmp(rule, move->refusal == NULL ? "done" : move->refusal) != 0) {
            fail_msg("move %zu: %s does %d to %s: %s", i, move->who, (int)move->act, move->item,
                     rule);
        }
        if (move->may != NULL) {
            assert_string_equal(answer->refusal->who_may, move->may);
        }
    }
}
#define PLAY(scene, ...)                                                                           \
    do {                                                                                           \
        static const struct move moves[] = { __VA_ARGS__ };                                        \
        play(scene, moves, BL_COUNT(moves));                                                       \
    } while (0)

static const Bl__Application *state_of(struct scene *scene)
{
    struct store_read *read = NULL;
    Bl__Application *application = NULL;

    assert_int_equal(store_read_begin(scene->hall.store, &read, NULL), BL_OK);
    assert_int_equal(read_application(read, scene->id, &scene->arena, &application, NULL), BL_OK);
    store_read_end(&read);
    return application;
}

static const Bl__Item *item_of(struct scene *scene, const char *id)
{
    const Bl__Application *application = state_of(scene);

    for (size_t i = 0; i < application->n_items; i++) {
        if (strcmp(application->items[i]->id, id) == 0) {
            return application->items[i];
        }
    }
    fail();
    return NULL;
}

static void assert_item(struct scene *scene, const char *id, Bl__Item__State state,
                        Bl__Item__Result result)
{
    const Bl__Item *item = item_of(scene, id);

    assert_int_equal(item->state, state);
    assert_int_equal(item->result, result);
}

static void assert_desk(struct scene *scene, const char *id, uint32_t step, uint32_t round)
{
    const Bl__Item *item = item_of(scene, id);

    assert_int_equal(item->desk->step, step);
    assert_int_equal(item->desk->round, round);
}

/* --- steps ------------------------------------------------------------------------------------ */

static void test_steps(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    PLAY(&scene, { "amr", APPROVE, "permit", .refusal = "post-may-not" },  // no machine's
         { "fire/fire-01", APPROVE, "permit", .refusal = "other-department" },
         { "amr/amr-05", APPROVE, "permit", .refusal = "post-may-not" },
         { "amr/amr-09", APPROVE, "permit", .refusal = "post-may-not" },
         { "amr/amr-01", APPROVE, "permit", "visit", .refusal = "step-over" },
         { "amr/amr-01", REJECT, "permit", "review" });  // goes on, with his no on record
    assert_desk(&scene, "permit", 1, 1);
    assert_true(item_of(&scene, "permit")->desk->forwarded);
    assert_int_equal(item_of(&scene, "permit")->state, S(REVIEWING));
    PLAY(&scene, { "amr/amr-01", APPROVE, "permit", "review", .refusal = "step-over" },
         { "amr/amr-05", APPROVE, "permit" },
         { "amr/amr-05", APPROVE, "permit", .refusal = "signed-already" },
         { "amr/amr-06", APPROVE, "permit" },
         { "amr/amr-01", APPROVE, "permit", .refusal = "four-eyes",
           .may = "amr/decider: amr-02, amr-07" },
         { "amr/amr-07", APPROVE, "permit" });
    assert_item(&scene, "permit", S(DECIDED), R(GRANTED));
    assert_int_equal(item_of(&scene, "next")->state, S(ACCEPTED));
    PLAY(&scene, { "fire/fire-01", APPROVE, "next", .refusal = "step-of-machine" },
         { "fire", APPROVE, "next" });
    close_scene(&scene);
}

static void test_machine_and_people(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    PLAY(&scene, { "fire/fire-01", APPROVE, "mixed", .refusal = "step-of-machine" },
         { "fire", APPROVE, "mixed" }, { "fire", REJECT, "mixed" },
         { "fire", APPROVE, "mixed", .refusal = "post-may-not" },
         { "fire/fire-01", CLAIM, "mixed" });
    assert_true(item_of(&scene, "mixed")->desk->forwarded);
    PLAY(&scene, { "fire/fire-01", REJECT, "mixed" });
    assert_item(&scene, "mixed", S(DECIDED), R(DENIED));
    close_scene(&scene);
}

/* A step's own limit runs out though the item is in time; it says so once. */
static void test_step_limit(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    scene.hall.now += 4 * DAY_US;
    batch_reset(&scene.hall.batch);
    assert_int_equal(hall_run(&scene.hall), BL_OK);
    const Bl__Item *item = item_of(&scene, "permit");
    assert_int_equal(item->desk->limit->phase, BL__CLOCK__PHASE__OVERDUE);
    assert_int_equal(item->promise->phase, BL__CLOCK__PHASE__RUNNING);
    close_scene(&scene);
}

/* To decide and to take it back is no way to silence the ladder. */
static void test_ladder_after_recall(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    PLAY(&scene, { "fire", APPROVE, "mixed", .after = 8 * DAY_US },  // due the day before
         { "fire", APPROVE, "mixed" }, { "fire/fire-01", APPROVE, "mixed" });
    assert_int_equal(item_of(&scene, "mixed")->rung_at, 0);
    uint32_t rung = item_of(&scene, "mixed")->rung;
    PLAY(&scene, { "fire/fire-01", RECALL, "mixed" });
    assert_true(item_of(&scene, "mixed")->rung_at > scene.hall.now);
    scene.hall.now += DAY_US;
    batch_reset(&scene.hall.batch);
    assert_int_equal(hall_run(&scene.hall), BL_OK);
    assert_int_equal(item_of(&scene, "mixed")->rung, rung + 1);
    close_scene(&scene);
}

/* What is reopened has its time anew, and its ladder from the first rung. */
static void test_ladder_after_reopening(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    PLAY(&scene, { "fire", APPROVE, "mixed", .after = 8 * DAY_US }, { "fire", APPROVE, "mixed" },
         { "fire/fire-01", REJECT, "mixed" });
    assert_true(item_of(&scene, "mixed")->rung > 0);
    PLAY(&scene, { "fire/fire-90", REOPEN, "mixed" });
    assert_int_equal(item_of(&scene, "mixed")->rung, 0);
    assert_int_equal(item_of(&scene, "mixed")->promise->phase, BL__CLOCK__PHASE__RUNNING);
    scene.hall.now += 20 * DAY_US;
    batch_reset(&scene.hall.batch);
    assert_int_equal(hall_run(&scene.hall), BL_OK);
    assert_true(item_of(&scene, "mixed")->rung > 0);
    close_scene(&scene);
}

/* --- signatures ------------------------------------------------------------------------------- */

/* In order, all: a single no decides at once. */
static void test_signers(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    PLAY(&scene, { "amr/amr-02", APPROVE, "board", .refusal = "signers-in-order" },
         { "amr/amr-01", APPROVE, "board" },
         { "amr/amr-01", ADD_SIGNER, "board", "amr-05", .refusal = "signed-already" },
         { "amr/amr-80", ADD_SIGNER, "board", "amr-99", .refusal = "post-unknown" },
         { "amr/amr-80", ADD_SIGNER, "board", "amr-05" },
         { "amr/amr-80", REMOVE_SIGNER, "board", "amr-01", .refusal = "signed-already" },
         { "amr/amr-80", REMOVE_SIGNER, "board", "amr-07" }, { "amr/amr-02", APPROVE, "board" },
         { "amr/amr-80", REMOVE_SIGNER, "board", "amr-05", .refusal = "signers-settle" },
         { "amr/amr-07", APPROVE, "board", .refusal = "post-may-not" },
         { "amr/amr-05", REJECT, "board" });
    assert_item(&scene, "board", S(DECIDED), R(DENIED));
    close_scene(&scene);
}

/* A claim of somebody who need not sign any more stands in nobody's way. */
static void test_signers_drop_a_claim(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    PLAY(&scene, { "amr/amr-01", CLAIM, "board" },
         { "amr/amr-02", APPROVE, "board", .refusal = "claimed" },
         { "amr/amr-80", ADD_SIGNER, "board", "amr-05" });
    assert_string_equal(item_of(&scene, "board")->desk->post, "amr-01");  // it is his turn still
    PLAY(&scene, { "amr/amr-80", REMOVE_SIGNER, "board", "amr-01" });
    assert_string_equal(item_of(&scene, "board")->desk->post, "");
    PLAY(&scene, { "amr/amr-02", APPROVE, "board" });
    close_scene(&scene);
}

struct counted {
    uint32_t named, needed, step_need;
    const char *votes;  // + and -, then what it comes to
    enum join_outcome outcome;
};

/* Counted joins over signatures, by table. */
static void test_counts(void **state)
{
    static const struct counted rows[] = {
        { 0, 0, 1, "+", JOIN_SATISFIED },   { 0, 0, 1, "-", JOIN_FAILED },
        { 0, 0, 2, "+", JOIN_OPEN },        { 0, 0, 2, "++", JOIN_SATISFIED },
        { 0, 0, 2, "-", JOIN_FAILED },      { 3, 0, 1, "++", JOIN_OPEN },
        { 3, 0, 1, "+++", JOIN_SATISFIED }, { 3, 2, 1, "-", JOIN_OPEN },
        { 3, 2, 1, "--", JOIN_FAILED },     { 3, 2, 1, "-+", JOIN_OPEN },
        { 3, 2, 1, "++", JOIN_SATISFIED },  { 3, 1, 1, "--", JOIN_OPEN },
        { 3, 1, 1, "---", JOIN_FAILED },    { 3, 1, 1, "--+", JOIN_SATISFIED },
        { 2, 9, 1, "+", JOIN_OPEN },        { 2, 9, 1, "++", JOIN_SATISFIED },
    };
    static const char *posts[] = { "a", "b", "c" };

    (void)state;
    for (size_t i = 0; i < BL_COUNT(rows); i++) {
        const struct counted *row = &rows[i];
        struct definition_step step = { .role = "decider", .signers = row->step_need };
        struct definition_item item = { .steps = &step, .step_count = 1 };
        struct world world = { 0 };
        Bl__Desk desk = BL__DESK__INIT;
        Bl__Signature votes[3];
        Bl__Signature *signatures[3] = { &votes[0], &votes[1], &votes[2] };

        desk.signers = posts;
        desk.n_signers = row->named;
        desk.needed = row->needed;
        desk.signatures = signatures;
        for (; row->votes[desk.n_signatures] != '\0'; desk.n_signatures++) {
            bl__signature__init(&votes[desk.n_signatures]);
            votes[desk.n_signatures].approves = row->votes[desk.n_signatures] == '+';
        }
        struct desk_signers signers = desk_signers(&world, &item, "amr", &desk);
        if (desk_outcome(&desk, &signers) != row->outcome) {
            fail_msg("row %zu: %s of %u, %u needed", i, row->votes, row->named, row->needed);
        }
    }
}

/* --- claims and deputies ---------------------------------------------------------------------- */

static void test_claims(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    PLAY(&scene, { "amr/amr-01", UNCLAIM, "permit", .refusal = "not-claimed" },
         { "amr/amr-05", CLAIM, "permit", .refusal = "post-may-not" },
         { "amr/amr-01", CLAIM, "permit" },
         { "amr/amr-01", CLAIM, "permit", .refusal = "claimed-already" },
         { "amr/amr-02", CLAIM, "permit", .refusal = "claimed" },
         { "amr/amr-02", APPROVE, "permit", .refusal = "claimed" },
         { "amr/amr-02", UNCLAIM, "permit", .refusal = "claimed" },
         { "amr/amr-01", TRANSFER, "permit", "amr-05", .refusal = "post-cannot-sign" },
         { "amr/amr-01", TRANSFER, "permit", "amr-07" },
         { "amr/amr-01", APPROVE, "permit", .refusal = "claimed" },
         { "amr/amr-80", UNCLAIM, "permit" },  // the section's head
         { "amr/amr-01", APPROVE, "permit" });
    close_scene(&scene);
}

static void test_deputies(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    PLAY(&scene, { "amr/amr-07", CLAIM, "permit" },
         { "amr/amr-05", ABSENT, "amr-07", NULL, .refusal = "absence-not-yours" },
         { "amr/amr-07", ABSENT, "amr-07", "amr-07", .refusal = "absence-deputy" },
         { "amr/amr-07", ABSENT, "amr-99", NULL, .refusal = "post-unknown" },
         { "amr/amr-06", APPROVE, "permit", .refusal = "post-may-not" },
         { "amr/amr-07", ABSENT, "amr-07", "amr-06" },
         { "amr/amr-01", APPROVE, "permit", .refusal = "claimed" },
         { "amr/amr-06", APPROVE, "permit" });
    const Bl__Item *item = item_of(&scene, "permit");
    assert_int_equal(item->desk->step, 1);
    assert_string_equal(item->desk->hands[0], "amr-07");  // in whose name
    assert_string_equal(item->desk->hands[1], "郑大伟");  // who
    PLAY(
        &scene, { "amr/amr-05", APPROVE, "permit" }, { "amr/amr-06", APPROVE, "permit" },
        { "amr/amr-06", APPROVE, "permit", .refusal = "four-eyes" },  // himself, for amr-07
        { "amr/amr-06", BACK, "amr-07", NULL, .refusal = "absence-not-yours", .after = 3 * DAY_US },
        { "amr/amr-06", APPROVE, "permit", .refusal = "post-may-not" },  // amr-07 is back
        { "amr/amr-90", BACK, "amr-07", NULL }, { "amr/amr-01", APPROVE, "permit" });
    assert_item(&scene, "permit", S(DECIDED), R(GRANTED));
    close_scene(&scene);
}

/* --- rounds ----------------------------------------------------------------------------------- */

static void test_rounds(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    PLAY(&scene, { "amr/amr-01", SEND_BACK, "permit", NULL, .refusal = "no-earlier-step" },
         { "amr/amr-01", APPROVE, "permit" }, { "amr/amr-05", APPROVE, "permit" },
         { "amr/amr-06", SEND_BACK, "permit", "decide", .refusal = "no-earlier-step" },
         { "amr/amr-01", SEND_BACK, "permit", NULL, .refusal = "post-may-not" },
         { "amr/amr-06", SEND_BACK, "permit", "review" });
    assert_desk(&scene, "permit", 0, 2);
    assert_int_equal(item_of(&scene, "permit")->desk->n_hands, 0);
    assert_int_equal(item_of(&scene, "mixed")->state, S(ACCEPTED));  // nobody else is touched
    PLAY(&scene, { "amr/amr-02", APPROVE, "permit" }, { "amr/amr-05", APPROVE, "permit" },
         { "amr/amr-06", APPROVE, "permit" },
         { "amr/amr-01", APPROVE, "permit" });  // of the first round: these are other eyes
    assert_item(&scene, "permit", S(DECIDED), R(GRANTED));
    close_scene(&scene);
}

/* --- what is taken back ----------------------------------------------------------------------- */

static void test_recall_step(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    PLAY(&scene, { "amr/amr-01", RECALL, "permit", .refusal = "nothing-to-recall" },
         { "amr/amr-01", APPROVE, "permit" },
         { "amr/amr-02", RECALL, "permit", .refusal = "recall-not-yours" },
         { "amr/amr-01", RECALL, "permit", .after = HOUR_US });
    assert_desk(&scene, "permit", 0, 1);
    assert_int_equal(item_of(&scene, "permit")->desk->n_signatures, 0);
    PLAY(&scene, { "amr/amr-01", APPROVE, "permit" },
         { "amr/amr-01", RECALL, "permit", .refusal = "recall-late", .after = DAY_US },
         { "amr/amr-05", CLAIM, "permit" },
         { "amr/amr-01", RECALL, "permit", .refusal = "nothing-to-recall" });
    close_scene(&scene);
}

#define TO_DECISION                                                                                \
    { "amr/amr-01", APPROVE, "permit" }, { "amr/amr-05", APPROVE, "permit" },                      \
    {                                                                                              \
        "amr/amr-06", APPROVE, "permit"                                                            \
    }

static void test_recall_decision(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    bl_time due = item_of(&scene, "permit")->promise->due_at;
    PLAY(&scene, TO_DECISION, { "amr/amr-07", APPROVE, "permit" });
    assert_int_equal(item_of(&scene, "next")->state, S(ACCEPTED));
    PLAY(&scene, { "amr/amr-07", RECALL, "permit" });
    assert_item(&scene, "permit", S(REVIEWING), R(RESULT_UNSPECIFIED));
    assert_int_equal(item_of(&scene, "permit")->promise->due_at, due);
    assert_int_equal(item_of(&scene, "permit")->promise->phase, BL__CLOCK__PHASE__RUNNING);
    assert_int_equal(item_of(&scene, "next")->state, S(PENDING));
    assert_null(item_of(&scene, "next")->promise);
    PLAY(&scene, { "amr/amr-07", REJECT, "permit" });
    assert_int_equal(item_of(&scene, "next")->state, S(BLOCKED));
    PLAY(&scene, { "amr/amr-07", RECALL, "permit" }, { "amr/amr-07", APPROVE, "permit" },
         { "fire", APPROVE, "next" },
         { "amr/amr-07", RECALL, "permit", .refusal = "downstream-acted" });
    close_scene(&scene);
}

/* Whoever sent it back takes that back, as it was, while nobody has acted on it. */
static void test_recall_of_sending_back(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    PLAY(&scene, { "amr/amr-01", APPROVE, "permit" }, { "amr/amr-05", APPROVE, "permit" },
         { "amr/amr-06", SEND_BACK, "permit", "review" },
         { "amr/amr-05", RECALL, "permit", .refusal = "recall-not-yours" },
         { "amr/amr-06", RECALL, "permit", .after = HOUR_US });
    assert_desk(&scene, "permit", 1, 1);
    assert_int_equal(item_of(&scene, "permit")->desk->n_signatures, 1);
    assert_string_equal(item_of(&scene, "permit")->desk->signatures[0]->post, "amr-05");
    PLAY(&scene, { "amr/amr-06", SEND_BACK, "permit", "review" }, { "amr/amr-02", CLAIM, "permit" },
         { "amr/amr-06", RECALL, "permit", .refusal = "nothing-to-recall" },
         { "amr/amr-02", APPROVE, "permit" }, { "amr/amr-05", APPROVE, "permit" },
         { "amr/amr-06", SEND_BACK, "permit", "review" },
         { "amr/amr-06", RECALL, "permit", .refusal = "recall-late", .after = DAY_US });
    close_scene(&scene);
}

static void test_recall_acceptance(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    PLAY(&scene, { "another clerk", RECALL, "permit", .refusal = "recall-not-yours" },
         { "manager", RECALL, "board" }, { "clerk", RECALL, "permit" });
    assert_int_equal(item_of(&scene, "permit")->state, S(RECEIVED));
    assert_true(item_of(&scene, "permit")->notify->due_at > scene.hall.now);
    assert_true(state_of(&scene)->accepted_at != 0);  // others are accepted
    PLAY(&scene, { "clerk", RECALL, "permit", .refusal = "nothing-to-recall" },
         { "clerk", RECALL, "next", .refusal = "nothing-to-recall" }, { "clerk", RECALL, "" });
    assert_int_equal(state_of(&scene)->accepted_at, 0);
    assert_null(state_of(&scene)->promise);
    close_scene(&scene);
}

static void test_reopen_and_revoke(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    PLAY(&scene, { "amr/amr-90", REOPEN, "permit", .refusal = "nothing-to-reopen" }, TO_DECISION,
         { "amr/amr-07", REJECT, "permit" }, { "amr/amr-01", APPROVE, "board" },
         { "amr/amr-02", REJECT, "board" }, { "amr/amr-01", REJECT, "above" },
         { "fire", APPROVE, "mixed" }, { "fire", APPROVE, "mixed" },
         { "fire/fire-01", APPROVE, "mixed" });
    assert_true(state_of(&scene)->ended_at != 0);
    PLAY(&scene, { "amr/amr-80", REOPEN, "permit", .refusal = "post-may-not" },
         { "amr/amr-90", REOPEN, "permit", .after = 60 * DAY_US });
    assert_int_equal(state_of(&scene)->ended_at, 0);
    assert_item(&scene, "permit", S(REVIEWING), R(RESULT_UNSPECIFIED));
    assert_desk(&scene, "permit", 2, 2);
    assert_true(item_of(&scene, "permit")->promise->due_at > scene.hall.now);
    assert_int_equal(item_of(&scene, "next")->state, S(PENDING));
    PLAY(&scene, { "amr/amr-07", APPROVE, "permit" },
         { "amr/amr-90", REVOKE, "permit", .refusal = "basis-required" },
         { "amr/amr-90", REVOKE, "board", "行政许可法 第六十九条", .refusal = "nothing-to-revoke" },
         { "amr/amr-90", REVOKE, "permit", "行政许可法 第六十九条" });
    assert_int_equal(item_of(&scene, "permit")->state, S(REVOKED));
    close_scene(&scene);
}

/* --- between departments ---------------------------------------------------------------------- */

static void test_consultation(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene, APRIL_28);
    PLAY(&scene, { "amr/amr-05", CONSULT, "permit", "water", .refusal = "post-may-not" },
         { "amr/amr-01", CONSULT, "permit", "amr", .refusal = "consult-whom" },
         { "amr/amr-01", CONSULT, "permit", "nobody", .refusal = "consult-whom" },
         { "amr/amr-01", CONSULT, "permit", "water", .refusal = "consult-limit-late",
           .limit = "8WD" },
         { "amr/amr-01", CONSULT, "permit", "water" },
         { "amr/amr-01", CONSULT, "permit", "water", .refusal = "consulted-already" },
         { "fire", OPINE, "permit", .refusal = "not-consulted" });
    const Bl__Consultation *asked = item_of(&scene, "permit")->consultations[0];
    assert_int_equal(asked->limit->due_at, MAY_8_CLOSE);  // worked example 34
    PLAY(&scene, TO_DECISION, { "amr/amr-07", APPROVE, "permit", .refusal = "consultation-open" },
         { "water", OPINE, "permit" }, { "water", OPINE, "permit", .refusal = "not-consulted" },
         { "amr/amr-07", APPROVE, "permit" });
    close_scene(&scene);
}

/* Worked example 33. */
static void test_two_legs(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene, DECEMBER_22);
    assert_int_equal(item_of(&scene, "above")->legal->due_at, JANUARY_20_CLOSE);
    scene.hall.now = JANUARY_20;
    PLAY(&scene, { "amr/amr-01", APPROVE, "above" });
    const Bl__Item *item = item_of(&scene, "above");
    assert_int_equal(item->state, S(UPPER_REVIEW));
    assert_string_equal(item->department, "dr");
    assert_int_equal(item->legal->due_at, FEBRUARY_24_CLOSE);
    PLAY(&scene, { "amr/amr-01", APPROVE, "above", .refusal = "other-department" },
         { "dr/dr-01", SEND_BACK, "above", NULL, .refusal = "no-earlier-step" },
         { "dr/dr-01", APPROVE, "above" });
    assert_item(&scene, "above", S(DECIDED), R(GRANTED));
    close_scene(&scene);
}

/* --- visits ----------------------------------------------------------------------------------- */

static const char *set_visit(struct scene *scene, const char *who, uint32_t number, bl_time at,
                             const char **officers, size_t count)
{
    static const char *items[] = { "permit", "mixed" };
    const struct principal principal = who_is(who);
    Bl__Command command = BL__COMMAND__INIT;
    Bl__SetVisit set = BL__SET_VISIT__INIT;

    set.number = number;
    set.items = items;
    set.n_items = number == 0 ? 2 : 0;
    set.at = at;
    set.officers = officers;
    set.n_officers = count;
    set.confirmed = at == 0;
    command.application_id = scene->id;
    command.what_case = BL__COMMAND__WHAT_SET_VISIT;
    command.set_visit = &set;
    const Bl__Answer *answer = hall_do(&scene->hall, &principal, &command);
    return answer->refusal == NULL ? "done" : answer->refusal->rule;
}

static const char *end_visit(struct scene *scene, uint32_t number, Bl__VisitEnded__End end)
{
    const struct principal principal = who_is("fire/fire-02");
    Bl__Command command = BL__COMMAND__INIT;
    Bl__EndVisit what = BL__END_VISIT__INIT;

    what.number = number;
    what.end = end;
    command.application_id = scene->id;
    command.what_case = BL__COMMAND__WHAT_END_VISIT;
    command.end_visit = &what;
    const Bl__Answer *answer = hall_do(&scene->hall, &principal, &command);
    return answer->refusal == NULL ? "done" : answer->refusal->rule;
}

static void test_visits(void **state)
{
    static const char *officers[] = { "amr-05", "fire-02" }, *same[] = { "amr-05", "amr-05" };
    static const char *strange[] = { "amr-05", "urban-01" };
    struct scene scene;
    bl_time at = MONDAY_NINE + DAY_US;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    assert_string_equal(set_visit(&scene, "fire/fire-02", 0, at, officers, 1), "visit-officers");
    assert_string_equal(set_visit(&scene, "fire/fire-02", 0, at, same, 2), "visit-officers");
    assert_string_equal(set_visit(&scene, "fire/fire-02", 0, at, strange, 2), "post-unknown");
    assert_string_equal(set_visit(&scene, "fire/fire-02", 0, 1, officers, 2), "visit-time");
    assert_string_equal(set_visit(&scene, "dr/dr-01", 0, at, officers, 2), "other-department");
    assert_string_equal(set_visit(&scene, "fire/fire-02", 7, at, officers, 2), "visit-unknown");
    assert_string_equal(set_visit(&scene, "fire/fire-02", 0, at, officers, 2), "done");
    assert_string_equal(set_visit(&scene, "clerk", 1, 0, NULL, 0), "done");
    assert_true(state_of(&scene)->visits[0]->confirmed);
    assert_string_equal(set_visit(&scene, "clerk", 1, at + HOUR_US, NULL, 0), "done");
    assert_int_equal(state_of(&scene)->n_visits, 1);
    assert_int_equal(state_of(&scene)->visits[0]->at, at + HOUR_US);
    assert_false(state_of(&scene)->visits[0]->confirmed);
    assert_string_equal(end_visit(&scene, 1, BL__VISIT_ENDED__END__HELD), "visit-not-yet");
    scene.hall.now = at + 2 * HOUR_US;
    assert_string_equal(end_visit(&scene, 1, BL__VISIT_ENDED__END__END_UNSPECIFIED), "visit-end");
    assert_string_equal(end_visit(&scene, 1, BL__VISIT_ENDED__END__MISSED), "done");
    assert_int_equal(state_of(&scene)->n_visits, 0);
    close_scene(&scene);
}

/* --- what is seen ----------------------------------------------------------------------------- */

static const Bl__QueryAnswer *ask(struct scene *scene, const char *who, Bl__ListTasks *list)
{
    struct query_context context = { .store = scene->hall.store, .catalog = scene->hall.catalog };
    const struct principal principal = who_is(who);
    Bl__Query query = BL__QUERY__INIT;
    Bl__QueryAnswer *answer = bl_arena_new(&scene->arena, Bl__QueryAnswer);

    bl__query_answer__init(answer);
    query.what_case = BL__QUERY__WHAT_TASKS;
    query.tasks = list;
    assert_int_equal(
        query_answer(&context, &query, &principal, scene->hall.now, &scene->arena, answer, NULL),
        BL_OK);
    return answer;
}

static void assert_tasks(struct scene *scene, const char *who, const char *department,
                         const char *post, bool claimed, const char *expected)
{
    Bl__ListTasks list = BL__LIST_TASKS__INIT;
    const char *is = "";

    list.department = department;
    list.post = post;
    list.claimed = claimed;
    const Bl__QueryAnswer *answer = ask(scene, who, &list);
    for (size_t i = 0; i < answer->n_tasks; i++) {
        is = bl_arena_printf(&scene->arena, "%s%s:%s ", is, strchr(answer->tasks[i]->task, '.') + 1,
                             answer->tasks[i]->kind);
    }
    assert_string_equal(is, expected);
}

static const Bl__QueryAnswer *ask_list(struct scene *scene, const Bl__ListApplications *list)
{
    struct query_context context = { .store = scene->hall.store, .catalog = scene->hall.catalog };
    Bl__Query query = BL__QUERY__INIT;
    Bl__QueryAnswer *answer = bl_arena_new(&scene->arena, Bl__QueryAnswer);

    bl__query_answer__init(answer);
    query.what_case = BL__QUERY__WHAT_APPLICATIONS;
    query.applications = (Bl__ListApplications *)list;
    assert_int_equal(
        query_answer(&context, &query, &hall_clerk, scene->hall.now, &scene->arena, answer, NULL),
        BL_OK);
    assert_null(answer->refusal);
    return answer;
}

/* How many applications a department has work of, read in pages. */
static size_t count_listed(struct scene *scene, const char *department, Bl__Light light,
                           bool overdue, uint32_t limit)
{
    Bl__ListApplications list = BL__LIST_APPLICATIONS__INIT;
    size_t count = 0, pages = 0;
    uint64_t seen = 0;

    list.department = department;
    list.light = light;
    list.overdue = overdue;
    list.limit = limit;
    list.after = "";
    do {
        const Bl__QueryAnswer *answer = ask_list(scene, &list);

        assert_true(answer->n_applications <= limit && ++pages < 20);
        for (size_t i = 0; i < answer->n_applications; i++) {
            assert_int_equal(seen >> answer->applications[i]->id & 1, 0);
            seen |= UINT64_C(1) << answer->applications[i]->id;
            count++;
        }
        list.after = answer->next;
    } while (list.after[0] != '\0');
    return count;
}

static void submit_again(struct scene *scene, const char *request)
{
    struct hall_form form = { .count = 0 };
    struct hall_submission submission;

    hall_form_number(&form, "area", 20);
    hall_submission(&submission, "desks", request, &form);
    assert_null(hall_do(&scene->hall, &hall_clerk, &submission.command)->refusal);
}

/* A department's list has what is at its people's steps, at its workers, and what it is asked. */
static void test_a_departments_applications(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    submit_again(&scene, "r-2");
    scene.hall.now += DAY_US;
    submit_again(&scene, "r-3");
    for (uint32_t limit = 1; limit <= 5; limit += 2) {
        assert_int_equal(count_listed(&scene, "amr", 0, false, limit), 3);   // three steps each
        assert_int_equal(count_listed(&scene, "fire", 0, false, limit), 3);  // a machine's
        assert_int_equal(count_listed(&scene, "water", 0, false, limit), 0);
        assert_int_equal(count_listed(&scene, "dr", 0, false, limit), 0);
        assert_int_equal(count_listed(&scene, "amr", BL__LIGHT__GREEN, false, limit), 3);
        assert_int_equal(count_listed(&scene, "amr", 0, true, limit), 0);
    }
    PLAY(&scene, { "amr/amr-01", CONSULT, "permit", "water" }, { "fire", APPROVE, "mixed" },
         { "fire", APPROVE, "mixed" });
    for (uint32_t limit = 1; limit <= 5; limit += 2) {
        assert_int_equal(count_listed(&scene, "water", 0, false, limit), 1);
        assert_int_equal(count_listed(&scene, "fire", 0, false, limit), 3);  // one at a person
    }
    scene.hall.now += 20 * DAY_US;
    for (uint32_t limit = 1; limit <= 5; limit += 2) {
        assert_int_equal(count_listed(&scene, "amr", 0, true, limit), 3);
        assert_int_equal(count_listed(&scene, "amr", BL__LIGHT__RED, false, limit), 3);
        assert_int_equal(count_listed(&scene, "amr", BL__LIGHT__GREEN, false, limit), 0);
    }
    close_scene(&scene);
}

static void test_tasks(void **state)
{
    Bl__ListTasks one = BL__LIST_TASKS__INIT;
    struct scene scene;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    assert_tasks(&scene, "amr/amr-01", "", "", false,
                 "permit.review:decide board.sign:decide above.decide:decide ");
    assert_tasks(&scene, "amr/amr-05", "", "amr-05", false, "");
    assert_tasks(&scene, "fire/fire-01", "amr", "", false, "");  // not theirs to see
    PLAY(&scene, { "amr/amr-01", CLAIM, "permit" }, { "amr/amr-01", CONSULT, "permit", "water" });
    assert_tasks(&scene, "amr/amr-01", "", "amr-01", true, "permit.review:decide ");
    assert_tasks(&scene, "amr/amr-02", "", "amr-02", false,
                 "board.sign:decide above.decide:decide ");
    PLAY(&scene, { "amr/amr-01", ABSENT, "amr-01", NULL });
    assert_tasks(&scene, "amr/amr-02", "", "amr-02", false,
                 "permit.review:decide board.sign:decide above.decide:decide ");
    assert_tasks(&scene, "water/water-01", "", "", false, "permit.review:opine ");
    one.task = "D-0001.permit.review";
    const Bl__QueryAnswer *answer = ask(&scene, "amr/amr-02", &one);
    assert_int_equal(answer->n_tasks, 1);
    Google__Protobuf__Struct *form = google__protobuf__struct__unpack(
        &scene.arena.allocator, answer->tasks[0]->form.len, answer->tasks[0]->form.data);
    assert_int_equal(form->n_fields, 1);  // what the item lists, and no more
    assert_string_equal(form->fields[0]->key, "area");
    answer = ask(&scene, "water/water-01", &one);
    assert_string_equal(answer->tasks[0]->question, "是否影响排水");
    assert_int_equal(answer->tasks[0]->form.len, 0);
    answer = ask(&scene, "fire/fire-01", &one);
    assert_string_equal(answer->refusal->rule, "item-unknown");
    close_scene(&scene);
}

static void assert_may(struct scene *scene, const char *who, const char *task, const char *expected)
{
    Bl__ListTasks one = BL__LIST_TASKS__INIT;
    const char *is = "";

    one.task = task;
    const Bl__QueryAnswer *answer = ask(scene, who, &one);
    for (size_t i = 0; answer->n_tasks > 0 && i < answer->tasks[0]->n_may; i++) {
        is = bl_arena_printf(&scene->arena, "%s%s ", is, answer->tasks[0]->may[i]);
    }
    assert_string_equal(is, expected);
}

/* What is possible is said by the rules that decide it. */
static void test_may(void **state)
{
    Bl__ListTasks next = BL__LIST_TASKS__INIT;
    struct scene scene;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    assert_may(&scene, "amr/amr-01", "D-0001.permit.review",
               "decide claim transfer change_signers consult set_visit terminate comment ");
    assert_may(&scene, "amr/amr-05", "D-0001.permit.review", "set_visit terminate comment ");
    PLAY(&scene, { "amr/amr-01", CLAIM, "permit" });
    assert_may(&scene, "amr/amr-02", "D-0001.permit.review", "set_visit terminate comment ");
    PLAY(&scene, TO_DECISION);
    assert_may(&scene, "amr/amr-01", "D-0001.permit.decide",
               "claim transfer change_signers send_back consult set_visit terminate comment ");
    PLAY(&scene, { "amr/amr-07", CONSULT, "permit", "water" });
    assert_may(&scene, "amr/amr-07", "D-0001.permit.decide",
               "claim transfer change_signers send_back consult set_visit terminate comment ");
    const bl_time now = scene.hall.now;
    scene.hall.now += 20 * DAY_US;  // silence was consent by then, though nobody has written it
    assert_may(&scene, "amr/amr-07", "D-0001.permit.decide",
               "decide claim transfer change_signers send_back consult set_visit terminate "
               "comment ");
    scene.hall.now = now;
    PLAY(&scene, { "water/water-01", OPINE, "permit" });
    PLAY(&scene, { "amr/amr-07", APPROVE, "permit" });
    assert_may(&scene, "amr/amr-90", "D-0001.permit", "revoke comment ");
    assert_may(&scene, "amr/amr-07", "D-0001.permit", "recall comment ");
    next.task = "D-0001.next";
    const Bl__QueryAnswer *answer = ask(&scene, "fire", &next);
    assert_string_equal(answer->tasks[0]->needs[0]->document, "证〔2026〕1");
    close_scene(&scene);
}

/* Each leg of an item that is passed up is shown with its own limit. */
static void test_limits_above(void **state)
{
    Bl__ListTasks one = BL__LIST_TASKS__INIT;
    struct scene scene;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    one.task = "D-0001.above.decide";
    assert_string_equal(ask(&scene, "amr/amr-01", &one)->tasks[0]->promise->limit,
                        "20 working days");
    PLAY(&scene, { "amr/amr-01", APPROVE, "above" });
    assert_string_equal(ask(&scene, "dr/dr-01", &one)->tasks[0]->promise->limit, "15 working days");
    /* Whoever passed it up goes on seeing it, and acts on it no more. */
    struct principal lower = { .role = BL__KEY__ROLE__OFFICER, .department = "amr" };
    assert_true(sight_item(&lower, item_of(&scene, "above")));
    bl_text_copy(lower.department, sizeof lower.department, "dr");
    assert_true(sight_item(&lower, item_of(&scene, "above")));
    bl_text_copy(lower.department, sizeof lower.department, "fire");
    assert_false(sight_item(&lower, item_of(&scene, "above")));
    close_scene(&scene);
}

/* What a machine gets: its step and round, and the documents of what its item needs. */
static const Bl__Task *task_of(struct scene *scene, uint32_t item)
{
    struct task_scratch scratch = { 0 };
    struct task_source source;
    struct desk desk;

    desk_open(&desk, scene->hall.store, scene->hall.catalog);
    bool found = desk_task(&desk, scene->id, item, &source);
    const Bl__Task *task = NULL;
    if (found) {
        struct bl_text body = task_body(&source, &scratch);

        task = bl__task__unpack(&scene->arena.allocator, body.bytes, (const uint8_t *)body.at);
        assert_non_null(task);
    }
    task_scratch_free(&scratch);
    desk_close(&desk);
    return task;
}

static void test_machine_tasks(void **state)
{
    enum { PERMIT, BOARD, MIXED, NEXT };
    struct scene scene;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    assert_null(task_of(&scene, PERMIT));  // people's
    assert_null(task_of(&scene, NEXT));    // waits
    assert_string_equal(task_of(&scene, MIXED)->task, "D-0001.mixed.check");
    assert_int_equal(task_of(&scene, MIXED)->round, 1);
    PLAY(&scene, { "fire", APPROVE, "mixed" });
    assert_string_equal(task_of(&scene, MIXED)->step, "print");
    PLAY(&scene, { "fire", APPROVE, "mixed" }, TO_DECISION, { "amr/amr-07", APPROVE, "permit" });
    assert_null(task_of(&scene, MIXED));
    const Bl__Task *task = task_of(&scene, NEXT);
    assert_string_equal(task->step, "machine");
    assert_int_equal(task->n_needs, 1);
    assert_string_equal(task->needs[0]->item, "permit");
    assert_string_equal(task->needs[0]->document, "证〔2026〕1");
    close_scene(&scene);
}

/* A gateway acts as the person for whom it speaks, and with no more rights. */
static void test_gateway(void **state)
{
    static const struct principal gateway = { .role = BL__KEY__ROLE__GATEWAY, .name = "gateway" };
    static const struct move move = { "", APPROVE, "permit" };
    static const struct {
        Bl__Key__Role role;
        const char *post, *refusal;
    } rows[] = {
        { BL__KEY__ROLE__TRACKER, "amr-01", "role-may-not" },
        { BL__KEY__ROLE__APPLICANT, "", "role-may-not" },
        { BL__KEY__ROLE__OFFICER, "amr-05", "post-may-not" },
        { BL__KEY__ROLE__ROLE_UNSPECIFIED, "amr-01", "post-may-not" },
        { BL__KEY__ROLE__OFFICER, "amr-01", NULL },
    };
    struct scene scene;

    (void)state;
    open_scene(&scene, MONDAY_NINE);
    for (size_t i = 0; i < BL_COUNT(rows); i++) {
        Bl__Command command = BL__COMMAND__INIT;
        Bl__Actor actor = BL__ACTOR__INIT;

        actor.principal = "gateway";
        actor.department = "amr";
        actor.role = rows[i].role;
        actor.post = rows[i].post;
        actor.on_behalf_of = "李文静";
        command.actor = &actor;
        command.application_id = scene.id;
        command_of(&command, &move, scene.hall.now, &scene.arena);
        const Bl__Answer *answer = hall_do(&scene.hall, &gateway, &command);
        assert_int_equal(answer->refusal == NULL, rows[i].refusal == NULL);
        if (rows[i].refusal != NULL) {
            assert_string_equal(answer->refusal->rule, rows[i].refusal);
        }
    }
    assert_string_equal(item_of(&scene, "permit")->desk->hands[1], "李文静");
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_machine_and_people),
        cmocka_unit_test(test_step_limit),
        cmocka_unit_test(test_ladder_after_recall),
        cmocka_unit_test(test_ladder_after_reopening),
        cmocka_unit_test(test_signers),
        cmocka_unit_test(test_signers_drop_a_claim),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_deputies),
        cmocka_unit_test(test_rounds),
        cmocka_unit_test(test_recall_step),
        cmocka_unit_test(test_recall_decision),
        cmocka_unit_test(test_recall_of_sending_back),
        cmocka_unit_test(test_recall_acceptance),
        cmocka_unit_test(test_reopen_and_revoke),
        cmocka_unit_test(test_consultation),
        cmocka_unit_test(test_two_legs),
        cmocka_unit_test(test_visits),
        cmocka_unit_test(test_a_departments_applications),
        cmocka_unit_test(test_tasks),
        cmocka_unit_test(test_may),
        cmocka_unit_test(test_limits_above),
        cmocka_unit_test(test_gateway),
        cmocka_unit_test(test_machine_tasks),
    };

    return cmocka_run_group_tests_name("desk", tests, NULL, NULL);
}
