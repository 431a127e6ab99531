/* clocks_fixture.h — one application in a hall, its clocks moved by commands alone: what the tests
 * of stops, extensions, deliveries and calendars play on. Moments are written as people say them,
 * "2026-09-18 10:00" in the hall's zone. */
#pragma once

#include "core/application.h"
#include "hall_fixture.h"
#include "store/history.h"

#define CLOCKS_ITEM(id, limit, more)                                                               \
    "  " id ": {title: {zh: 项, en: Item}, department: fire, when: \"form.which == '" id "'\","    \
    " promise: " limit ", legal: " limit ", fields: [which], special: [expert_review, test,"       \
    " hearing, judicial_hold], extension: {at_most: 10WD, approver: organ_head}, stops_max: "      \
    "4" more "}\n"

static const char clocks_yaml[] =
    "workflow: clocks\nversion: 1\ntitle: {zh: 时钟, en: Clocks}\ncalendar: cn\n"
    "handling: joint\nlead: fire\npromise: 45 working days\nlegal: 45 working days\n"
    "extension: {at_most: 15WD, approver: government}\n"
    "number: \"K-{date}-{seq:4}\"\nafter_hours: next_workday\n"
    "form:\n  - section: {zh: 表, en: Form}\n    fields:\n"
    "      which: {type: text, label: {zh: 项, en: Which}, required: true, max: 20}\n"
    "items:\n" CLOCKS_ITEM("d5", "5WD", "") CLOCKS_ITEM("d10", "10WD", "") CLOCKS_ITEM(
        "d15", "15WD", "") CLOCKS_ITEM("d20", "20WD",
                                       "") CLOCKS_ITEM("h2", "2WH",
                                                       "") CLOCKS_ITEM("paper", "5WD",
                                                                       ", outcome: {document: 证, "
                                                                       "deliver: [window, post]}")
        CLOCKS_ITEM(
            "licence", "5WD",
            ", outcome: {document: 证, deliver: [e_licence]}") "  tacit: {title: {zh: 默, en: "
                                                               "Tacit}, department: fire, when: "
                                                               "\"form.which == 'tacit'\","
                                                               " promise: 5WD, legal: 10WD, "
                                                               "fields: [which], on_overdue: "
                                                               "{action: tacit},"
                                                               " special: [expert_review]}\n"
                                                               "  slow: {title: {zh: 慢, en: "
                                                               "Slow}, department: fire, when: "
                                                               "\"form.which == 'slow'\","
                                                               " promise: 5WD, legal: 10WD, "
                                                               "fields: [which], special: "
                                                               "[expert_review]}\n"
                                                               "special:\n"
                                                               "  expert_review: {title: 专家评审, "
                                                               "at_most: 60 working days, basis: "
                                                               "行政许可法 第四十五条}\n"
                                                               "  test: {title: 检测, at_most: 30 "
                                                               "working days, basis: 行政许可法 "
                                                               "第四十五条}\n"
                                                               "  hearing: {title: 听证, at_most: "
                                                               "25 working days, basis: 行政许可法 "
                                                               "第四十五条}\n"
                                                               "  judicial_hold: {title: 司法限制, "
                                                               "at_most: 60 working days}\n"
                                                               "trial: true\n";

struct clocks {
    struct hall hall;
    const char *item;
    uint64_t id;
    struct bl_arena arena;
    Bl__Application *state;  // as it was read last
    Bl__Event **events;
};

/* "2026-09-18 10:00" in the hall's zone. */
static inline bl_time clocks_time(const char *text)
{
    char instant[48];
    bl_time at = 0;

    (void)snprintf(instant, sizeof instant, "%.10sT%.5s:00+08:00", text, text + 11);
    CHECK(bl_time_parse(instant, &at, NULL) == BL_OK);
    return at;
}

/* A moment as it is written above; closing time alone is left out. */
static inline const char *clocks_text(bl_time at, char *text)
{
    char whole[48];

    (void)bl_time_format(at, 480, whole);
    (void)snprintf(text, 20, "%.10s %.5s", whole, whole + 11);
    if (strcmp(text + 11, "17:30") == 0) {
        text[10] = '\0';
    }
    return text;
}

static inline void clocks_read(struct clocks *clocks)
{
    struct store_read *read AUTO(store_read_end) = NULL;

    bl_arena_reset(&clocks->arena);
    CHECK(store_read_begin(clocks->hall.store, &read, NULL) == BL_OK);
    CHECK(read_application(read, clocks->id, &clocks->arena, &clocks->state, NULL) == BL_OK);
    CHECK(history_read(read, BL__AGGREGATE__APPLICATION, clocks->id, clocks->state->last_event,
                       clocks->state->revision, &clocks->arena, &clocks->events, NULL) == BL_OK);
}

/* Time alone: all that is due until `at` is written down. */
static inline void clocks_wait(struct clocks *clocks, bl_time at)
{
    clocks->hall.now = at;
    do {
        batch_reset(&clocks->hall.batch);
        CHECK(hall_run(&clocks->hall) == BL_OK);
    } while (clocks->hall.batch.next_timer <= at);
    clocks_read(clocks);
}

static inline const Bl__Answer *clocks_do(struct clocks *clocks, const Bl__Command *command)
{
    struct principal fire = hall_worker("fire");
    const Bl__Answer *answer = hall_do(&clocks->hall, &fire, command);

    clocks_read(clocks);
    return answer;
}

/* One more application, of an item. */
static inline uint64_t clocks_submit(struct clocks *clocks, const char *item, uint32_t request)
{
    static struct hall_submission submission;
    struct hall_form form = { .count = 0 };
    char id[32];

    (void)snprintf(id, sizeof id, "request-%u", request);
    hall_form_text(&form, "which", item);
    hall_submission(&submission, "clocks", id, &form);
    const Bl__Answer *answer = hall_do(&clocks->hall, &hall_clerk, &submission.command);
    CHECK(answer->refusal == NULL);
    return answer->application_id;
}

static inline void clocks_publish(struct clocks *clocks, const char *calendar)
{
    const Bl__Answer *answer =
        hall_publish_text(&clocks->hall, "own.yaml", calendar, strlen(calendar));

    if (answer->refusal != NULL) {
        (void)fprintf(stderr, "%s: %s\n", answer->refusal->pointer,
                      answer->refusal->n_arguments > 0 ? answer->refusal->arguments[0]->value : "");
    }
    CHECK(answer->refusal == NULL);
}

/* A hall with one application. `calendar` NULL: the nation's; else the YAML of one called `xx`. */
static inline void clocks_open_on(struct clocks *clocks, const char *item, bl_time at,
                                  const char *calendar)
{
    static char workflow[sizeof clocks_yaml];

    memset(clocks, 0, sizeof *clocks);
    bl_arena_init(&clocks->arena, 1 << 14, SIZE_MAX);
    hall_open(&clocks->hall, at - DAY_US);
    clocks->item = item;
    memcpy(workflow, clocks_yaml, sizeof clocks_yaml);
    if (calendar != NULL) {
        memcpy(strstr(workflow, "calendar: cn"), "calendar: xx", 12);
        clocks_publish(clocks, calendar);
    }
    const Bl__Answer *answer =
        hall_publish_text(&clocks->hall, "clocks.yaml", workflow, sizeof workflow - 1);
    if (answer->refusal != NULL) {
        (void)fprintf(stderr, "%s: %s\n", answer->refusal->pointer,
                      answer->refusal->n_arguments > 0 ? answer->refusal->arguments[0]->value : "");
    }
    CHECK(answer->refusal == NULL);
    clocks->hall.now = at;
    clocks->id = clocks_submit(clocks, item, 0);
    clocks_read(clocks);
}

static inline void clocks_open(struct clocks *clocks, const char *item, bl_time at)
{
    clocks_open_on(clocks, item, at, NULL);
}

/* Looks at another application from now on. */
static inline void clocks_look(struct clocks *clocks, uint64_t id)
{
    clocks->id = id;
    clocks_read(clocks);
}

static inline void clocks_close(struct clocks *clocks)
{
    bl_arena_free(&clocks->arena);
    hall_close(&clocks->hall);
}

static inline const Bl__Item *clocks_item(const struct clocks *clocks)
{
    return clocks->state->items[application_item_find(clocks->state, clocks->item)];
}

static inline const Bl__Answer *clocks_suspend(struct clocks *clocks, const char *kind,
                                               const char *at_most)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Suspend suspend = BL__SUSPEND__INIT;

    command.what_case = BL__COMMAND__WHAT_SUSPEND;
    command.suspend = &suspend;
    command.application_id = clocks->id;
    suspend.item = clocks->item;
    suspend.kind = kind;
    suspend.at_most = at_most;
    suspend.notice = "告 1";
    suspend.approver = "fire-80";
    return clocks_do(clocks, &command);
}

static inline const Bl__Answer *clocks_resume(struct clocks *clocks, uint32_t number, bool annul)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Resume resume = BL__RESUME__INIT;

    command.what_case = BL__COMMAND__WHAT_RESUME;
    command.resume = &resume;
    command.application_id = clocks->id;
    resume.item = clocks->item;
    resume.number = number;
    resume.annul = annul;
    resume.reason = "期满无人申请";
    return clocks_do(clocks, &command);
}

/* The applicant asks for a hearing (`at` 0), or its day is set. */
static inline const Bl__Answer *clocks_hearing(struct clocks *clocks, bl_time at, const char *place)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__ArrangeHearing arrange = BL__ARRANGE_HEARING__INIT;

    command.what_case = BL__COMMAND__WHAT_ARRANGE_HEARING;
    command.arrange_hearing = &arrange;
    command.application_id = clocks->id;
    arrange.item = clocks->item;
    arrange.at = at;
    arrange.place = place;
    return clocks_do(clocks, &command);
}

static inline const Bl__Answer *clocks_extend(struct clocks *clocks, const char *item,
                                              const char *by)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Extend extend = BL__EXTEND__INIT;

    command.what_case = BL__COMMAND__WHAT_EXTEND;
    command.extend = &extend;
    command.application_id = clocks->id;
    extend.item = item;
    extend.by = by;
    extend.approver = item[0] == '\0' ? "county-01" : "fire-90";
    extend.reason = "情况复杂";
    return clocks_do(clocks, &command);
}

static inline const Bl__Answer *clocks_decide(struct clocks *clocks)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Decide decide = BL__DECIDE__INIT;

    command.what_case = BL__COMMAND__WHAT_DECIDE;
    command.decide = &decide;
    command.application_id = clocks->id;
    decide.item = clocks->item;
    decide.result = BL__ITEM__RESULT__GRANTED;
    return clocks_do(clocks, &command);
}

static inline const Bl__Answer *clocks_deliver(struct clocks *clocks,
                                               Bl__OutcomeDefinition__Delivery way, bool ready)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Deliver deliver = BL__DELIVER__INIT;

    command.what_case = BL__COMMAND__WHAT_DELIVER;
    command.deliver = &deliver;
    command.application_id = clocks->id;
    deliver.item = clocks->item;
    deliver.way = way;
    deliver.ready = ready;
    deliver.receipt = "签收 1";
    return clocks_do(clocks, &command);
}
