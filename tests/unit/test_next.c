/* What happens next and who has to act: each state of an item, and of several the earliest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
// cmocka wants the above first
#include <cmocka.h>

#include "store/next.h"

#define S(state) BL__ITEM__STATE__##state
#define AT(day) ((bl_time)(day)*DAY_US)

static const struct principal supervisor = { .role = BL__KEY__ROLE__SUPERVISOR, .name = "s" };
static const struct principal fire = { .role = BL__KEY__ROLE__OFFICER, .department = "fire" };
static const struct principal urban = { .role = BL__KEY__ROLE__OFFICER, .department = "urban" };

/* One application of two items: "check" of fire with a review by people, "sign" of urban. */
struct scene {
    struct bl_arena arena;
    Bl__Application application;
    Bl__Item items[2], *list[2];
    Bl__Clock clock;  // due on day 10
    Bl__Desk desk;
    Bl__Stop stop, *stops[1];
    Bl__Consultation consultation, *consultations[1];
    Bl__Visit visit, *visits[1];
    uint32_t visited[1];
    Bl__Urging urging, *urgings[1];
    Bl__Notice notice, *notices[1];
    Bl__Text title;
    Bl__ItemDefinition item_source;
    Bl__Step step_source;
    struct definition_step step;
    struct definition_item definitions[2];
    struct definition definition;
};

static void init_clock(Bl__Clock *clock, bl_time due)
{
    bl__clock__init(clock);
    clock->phase = BL__CLOCK__PHASE__RUNNING;
    clock->due_at = due;
}

static void init_definition(struct scene *scene)
{
    bl__text__init(&scene->title);
    scene->title.zh = "检查";
    bl__item_definition__init(&scene->item_source);
    scene->item_source.title = &scene->title;
    bl__step__init(&scene->step_source);
    scene->step_source.title = &scene->title;
    scene->step = (struct definition_step){ .id = "review",
                                            .role = "reviewer",
                                            .source = &scene->step_source };
    for (uint32_t i = 0; i < 2; i++) {
        scene->definitions[i] = (struct definition_item){ .source = &scene->item_source,
                                                          .steps = &scene->step,
                                                          .step_count = 1 };
    }
    scene->definition = (struct definition){ .items = scene->definitions, .item_count = 2 };
}

static void init_parts(struct scene *scene)
{
    init_clock(&scene->clock, AT(10));
    bl__desk__init(&scene->desk);
    bl__stop__init(&scene->stop);
    bl__consultation__init(&scene->consultation);
    bl__visit__init(&scene->visit);
    bl__urging__init(&scene->urging);
    bl__notice__init(&scene->notice);
    scene->stops[0] = &scene->stop;
    scene->consultations[0] = &scene->consultation;
    scene->visits[0] = &scene->visit;
    scene->urgings[0] = &scene->urging;
    scene->notices[0] = &scene->notice;
}

static void init(struct scene *scene)
{
    static const char *const names[][2] = { { "check", "fire" }, { "sign", "urban" } };

    *scene = (struct scene){ 0 };
    bl_arena_init(&scene->arena, 4096, (size_t)1 << 24);
    bl__application__init(&scene->application);
    for (size_t i = 0; i < 2; i++) {
        bl__item__init(&scene->items[i]);
        scene->items[i].id = names[i][0];
        scene->items[i].department = names[i][1];
        scene->items[i].state = S(NOT_NEEDED);
        scene->list[i] = &scene->items[i];
    }
    scene->application.items = scene->list;
    scene->application.n_items = 2;
    init_definition(scene);
    init_parts(scene);
}

static const Bl__NextView *next_for(struct scene *scene, const struct principal *principal)
{
    const struct viewer viewer = { .principal = principal, .arena = &scene->arena };

    return next_of(&viewer, &scene->application, &scene->definition);
}

/* --- one item --------------------------------------------------------------------------------- */

struct next_case {
    const char *name;
    Bl__Item__State state;
    const char *clock;  // which one is due on day 10
    const char *what, *who;
    int64_t by;  // day; 0: none
};

// clang-format off
static const struct next_case next_cases[] = {
    { "received: accept",              S(RECEIVED),     "notify",     "accept",     "hall",      10 },
    { "told what is missing: correct", S(CORRECTING),   "correction", "correct",    "applicant", 10 },
    { "accepted: decide",              S(ACCEPTED),     "promise",    "decide",     "fire",      10 },
    { "by the legal limit alone",      S(ACCEPTED),     "legal",      "decide",     "fire",      10 },
    { "under review: decide",          S(REVIEWING),    "promise",    "decide",     "fire",      10 },
    { "with the authority above",      S(UPPER_REVIEW), "promise",    "decide",     "fire",      10 },
    { "no clock runs",                 S(ACCEPTED),     "",           "decide",     "fire",      0 },
    { "decided: deliver",              S(DECIDED),      "deliver",    "deliver",    "hall",      10 },
    { "nothing to deliver",            S(DECIDED),      "",           NULL,         NULL,        0 },
    { "told to collect",               S(DELIVERING),   "deliver",    "collect",    "applicant", 10 },
    { "decided with a gap",            S(DECIDED),      "supplement", "supplement", "applicant", 10 },
    { "granted on a promise",          S(DELIVERED),    "check",      "check",      "fire",      10 },
    { "waits for others",              S(PENDING),      "",           NULL,         NULL,        0 },
    { "delivered",                     S(DELIVERED),    "",           NULL,         NULL,        0 },
    { "not accepted",                  S(REFUSED),      "",           NULL,         NULL,        0 },
    { "given back",                    S(RETURNED),     "",           NULL,         NULL,        0 },
    { "withdrawn",                     S(WITHDRAWN),    "",           NULL,         NULL,        0 },
    { "terminated",                    S(TERMINATED),   "",           NULL,         NULL,        0 },
    { "not needed",                    S(NOT_NEEDED),   "",           NULL,         NULL,        0 },
    { "blocked",                       S(BLOCKED),      "",           NULL,         NULL,        0 },
    { "taken back",                    S(REVOKED),      "",           NULL,         NULL,        0 },
};
// clang-format on

static void set_clock(Bl__Item *item, const char *name, Bl__Clock *clock)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(&bl__item__descriptor, name);

    if (field != NULL) {
        *(Bl__Clock **)((char *)item + field->offset) = clock;
    }
}

static void test_a_state(void **state)
{
    const struct next_case *row = *state;
    struct scene scene;

    init(&scene);
    scene.items[0].state = row->state;
    set_clock(&scene.items[0], row->clock, &scene.clock);
    const Bl__NextView *next = next_for(&scene, &supervisor);
    if (row->what == NULL) {
        assert_null(next);
    } else {
        assert_string_equal(next->what, row->what);
        assert_string_equal(next->who, row->who);
        assert_int_equal(next->by, AT(row->by));
        assert_string_equal(next->item, "check");
        assert_string_equal(next->item_title->zh, "检查");
    }
    bl_arena_free(&scene.arena);
}

/* --- what stands around it -------------------------------------------------------------------- */

static void expect(struct scene *scene, const char *what, const char *who, int64_t by)
{
    const Bl__NextView *next = next_for(scene, &supervisor);

    assert_non_null(next);
    assert_string_equal(next->what, what);
    assert_string_equal(next->who, who);
    assert_int_equal(next->by, AT(by));
}

/* The step's own limit is nearer than the promise; who may claim it, or who has it. */
static void test_a_step(void **state)
{
    struct scene scene;
    Bl__Clock limit;

    (void)state;
    init(&scene);
    init_clock(&limit, AT(7));
    scene.items[0].state = S(REVIEWING);
    scene.items[0].promise = &scene.clock;
    scene.items[0].desk = &scene.desk;
    scene.desk.personal = true;
    scene.desk.limit = &limit;
    expect(&scene, "claim", "fire", 7);
    assert_string_equal(next_for(&scene, &supervisor)->role, "reviewer");
    scene.desk.post = "fire-01";
    expect(&scene, "decide", "fire", 7);
    assert_string_equal(next_for(&scene, &supervisor)->post, "fire-01");
    assert_string_equal(next_for(&scene, &supervisor)->step->zh, "检查");
    bl_arena_free(&scene.arena);
}

static void test_a_stop(void **state)
{
    struct scene scene;

    (void)state;
    init(&scene);
    scene.items[0].state = S(SUSPENDED);
    scene.items[0].promise = &scene.clock;
    scene.items[0].stops = scene.stops;
    scene.items[0].n_stops = 1;
    scene.stop.kind = "expert_review";
    scene.stop.ends_at = AT(5);
    expect(&scene, "resume", "fire", 5);
    assert_string_equal(next_for(&scene, &supervisor)->detail, "expert_review");
    bl_arena_free(&scene.arena);
}

static void test_who_must_see_to_it(void **state)
{
    struct scene scene;

    (void)state;
    init(&scene);
    scene.items[0].state = S(ACCEPTED);
    scene.items[0].promise = &scene.clock;
    scene.items[0].held = true;
    expect(&scene, "release", "supervisor", 10);
    scene.items[0].incident = true;
    expect(&scene, "retry", "operator", 10);
    bl_arena_free(&scene.arena);
}

/* The earliest of all: each that is added is earlier than those before. */
static void test_the_earliest(void **state)
{
    struct scene scene;
    Bl__Clock sooner, opinion;

    (void)state;
    init(&scene);
    scene.application.notices = scene.notices;
    scene.application.n_notices = 1;
    assert_null(next_for(&scene, &supervisor));  // it leaves by itself
    scene.notice.incident = true;
    expect(&scene, "notice", "operator", 0);
    scene.items[0].state = S(ACCEPTED);
    scene.items[0].promise = &scene.clock;
    expect(&scene, "decide", "fire", 10);
    init_clock(&sooner, AT(8));
    scene.items[1].state = S(ACCEPTED);
    scene.items[1].promise = &sooner;
    expect(&scene, "decide", "urban", 8);
    init_clock(&opinion, AT(6));
    scene.items[0].consultations = scene.consultations;
    scene.items[0].n_consultations = 1;
    scene.consultation.department = "water";
    scene.consultation.limit = &opinion;
    expect(&scene, "opine", "water", 6);
    scene.application.visits = scene.visits;
    scene.application.n_visits = 1;
    scene.visit.items = scene.visited;
    scene.visit.n_items = 1;
    scene.visit.at = AT(4);
    expect(&scene, "visit", "fire", 4);
    scene.application.urgings = scene.urgings;
    scene.application.n_urgings = 1;
    scene.urging.level = BL__URGING__LEVEL__URGE;
    scene.urging.to = "urban";
    scene.urging.reply_by = AT(3);
    expect(&scene, "answer", "urban", 3);
    assert_string_equal(next_for(&scene, &supervisor)->detail, "urge");
    scene.consultation.answered_at = AT(1);
    scene.application.n_urgings = scene.application.n_visits = 0;
    expect(&scene, "decide", "urban", 8);
    bl_arena_free(&scene.arena);
}

/* A department hears of its own items, and of opinions that it is asked for. */
static void test_of_what_one_sees(void **state)
{
    struct scene scene;
    Bl__Clock opinion;

    (void)state;
    init(&scene);
    scene.items[0].state = S(ACCEPTED);
    scene.items[0].promise = &scene.clock;
    assert_string_equal(next_for(&scene, &fire)->what, "decide");
    assert_null(next_for(&scene, &urban));
    init_clock(&opinion, AT(6));
    scene.items[0].consultations = scene.consultations;
    scene.items[0].n_consultations = 1;
    scene.consultation.department = "urban";
    scene.consultation.limit = &opinion;
    assert_string_equal(next_for(&scene, &urban)->what, "opine");
    bl_arena_free(&scene.arena);
}

/* A pending item that waits for a day; one that a migration has removed says nothing. */
static void test_days_and_removed_items(void **state)
{
    struct scene scene;

    (void)state;
    init(&scene);
    scene.items[0].state = S(PENDING);
    scene.items[0].not_before = AT(9);
    expect(&scene, "wait", "hall", 9);
    scene.items[0].removed = true;
    assert_null(next_for(&scene, &supervisor));
    bl_arena_free(&scene.arena);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(test_a_step),
        cmocka_unit_test(test_a_stop),
        cmocka_unit_test(test_who_must_see_to_it),
        cmocka_unit_test(test_the_earliest),
        cmocka_unit_test(test_of_what_one_sees),
        cmocka_unit_test(test_days_and_removed_items),
    };
    struct CMUnitTest rows[BL_COUNT(next_cases)];

    for (size_t i = 0; i < BL_COUNT(rows); i++) {
        rows[i] = (struct CMUnitTest){ .name = next_cases[i].name,
                                       .test_func = test_a_state,
                                       .initial_state = (void *)&next_cases[i] };
    }
    int failed = cmocka_run_group_tests_name("states", rows, NULL, NULL);
    return failed + cmocka_run_group_tests_name("what stands around", others, NULL, NULL);
}
