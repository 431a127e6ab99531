#include "store/next.h"

#include <string.h>

#include "core/countdown.h"
#include "store/sight.h"
#include "store/view_state.h"

#define S(state) BL__ITEM__STATE__##state

/* Somebody has to do something. */
struct deed {
    const char *what, *who;
    bl_time by;  // BL_NEVER: no clock says
    const char *post, *role, *detail;
    const Bl__Item *item;                      // NULL: it is about the whole
    const struct definition_item *definition;  // of the item
    const struct definition_step *step;
};

/* The earliest deed so far. */
struct search {
    const struct viewer *viewer;
    const Bl__Application *application;
    const Bl__Item *item;  // that is looked at, and its definition
    const struct definition_item *definition;
    struct deed first;
};

static void consider(struct search *search, struct deed deed)
{
    if (search->first.what == NULL || deed.by < search->first.by) {
        deed.item = search->item;
        deed.definition = search->definition;
        search->first = deed;
    }
}

static bl_time due(const Bl__Clock *clock)
{
    return countdown_is_open(clock) ? clock->due_at : BL_NEVER;
}

static bl_time earlier(bl_time a, bl_time b)
{
    return a < b ? a : b;
}

/* The department decides, or whoever works at the step that it has come to. */
static struct deed decision(const struct search *search)
{
    const Bl__Item *item = search->item;
    struct deed deed = { .what = "decide",
                         .who = item->department,
                         .by = earlier(due(item->promise), due(item->legal)) };

    if (item->desk == NULL) {
        return deed;
    }
    deed.step = &search->definition->steps[item->desk->step];
    deed.by = earlier(deed.by, due(item->desk->limit));
    if (item->desk->post[0] != '\0') {
        deed.post = item->desk->post;
    } else if (item->desk->personal) {
        deed.what = "claim";
        deed.role = deed.step->role;
    }
    return deed;
}

/* The stop that ends first. */
static struct deed standstill(const Bl__Item *item)
{
    struct deed deed = { .what = "resume", .who = item->department, .by = BL_NEVER };

    for (size_t i = 0; i < item->n_stops; i++) {
        const Bl__Stop *stop = item->stops[i];

        if (stop->to == 0 && stop->ends_at != 0 && stop->ends_at < deed.by) {
            deed.by = stop->ends_at;
            deed.detail = stop->kind;
        }
    }
    return deed;
}

static void consider_state(struct search *search)
{
    const Bl__Item *item = search->item;

    switch (item->state) {
    case S(RECEIVED):
        consider(search, (struct deed){ .what = "accept",
                                        .who = search->definition->acceptance_by_department
                                                   ? item->department
                                                   : "hall",
                                        .by = due(item->notify) });
        return;
    case S(CORRECTING):
        consider(search, (struct deed){
                             .what = "correct", .who = "applicant", .by = due(item->correction) });
        return;
    case S(ACCEPTED):
    case S(REVIEWING):
    case S(UPPER_REVIEW):
        consider(search, decision(search));
        return;
    case S(SUSPENDED):
        consider(search, standstill(item));
        return;
    case S(DECIDED):
        if (countdown_is_open(item->deliver)) {
            consider(search,
                     (struct deed){ .what = "deliver", .who = "hall", .by = due(item->deliver) });
        }
        return;
    case S(DELIVERING):
        consider(search,
                 (struct deed){ .what = "collect", .who = "applicant", .by = due(item->deliver) });
        return;
    case S(PENDING):
        if (item->not_before != 0) {
            consider(search,
                     (struct deed){ .what = "wait", .who = "hall", .by = item->not_before });
        }
        return;
    case S(DELIVERED):
    case S(REFUSED):
    case S(RETURNED):
    case S(WITHDRAWN):
    case S(TERMINATED):
    case S(NOT_NEEDED):
    case S(BLOCKED):
    case S(REVOKED):
    case S(STATE_UNSPECIFIED):
        return;
    }
    UNREACHABLE();
}

static void consider_item(struct search *search)
{
    const Bl__Item *item = search->item;

    if (item->incident) {
        consider(search,
                 (struct deed){ .what = "retry", .who = "operator", .by = due(item->promise) });
    } else if (item->held) {
        consider(search,
                 (struct deed){ .what = "release", .who = "supervisor", .by = due(item->promise) });
    } else {
        consider_state(search);
    }
    if (countdown_is_open(item->supplement)) {
        consider(
            search,
            (struct deed){ .what = "supplement", .who = "applicant", .by = due(item->supplement) });
    }
    if (countdown_is_open(item->check)) {
        consider(search,
                 (struct deed){ .what = "check", .who = item->department, .by = due(item->check) });
    }
}

/* Who is asked for an opinion knows of it, whatever else he may see. */
static void consider_opinions(struct search *search)
{
    const struct principal *principal = search->viewer->principal;

    for (size_t i = 0; i < search->item->n_consultations; i++) {
        const Bl__Consultation *asked = search->item->consultations[i];

        if (asked->answered_at == 0 && (sight_item(principal, search->item) ||
                                        sight_department(principal, asked->department))) {
            consider(search, (struct deed){ .what = "opine",
                                            .who = asked->department,
                                            .by = due(asked->limit) });
        }
    }
}

static const char *level_name(Bl__Urging__Level level)
{
    static const char *const names[] = { "", "remind", "urge", "order" };

    CHECK((size_t)level < BL_COUNT(names));
    return names[level];
}

/* What is about no item alone: answers to urgings, notices that cannot leave. */
static void consider_whole(struct search *search)
{
    const Bl__Application *application = search->application;

    search->item = NULL;
    for (size_t i = 0; i < application->n_urgings; i++) {
        const Bl__Urging *urging = application->urgings[i];

        if (sight_operation(search->viewer->principal) ||
            sight_department(search->viewer->principal, urging->to)) {
            consider(search,
                     (struct deed){ .what = "answer",
                                    .who = urging->to,
                                    .by = urging->reply_by == 0 ? BL_NEVER : urging->reply_by,
                                    .detail = level_name(urging->level) });
        }
    }
    for (size_t i = 0; i < application->n_notices; i++) {
        if (application->notices[i]->incident && sight_operation(search->viewer->principal)) {
            consider(search, (struct deed){ .what = "notice",
                                            .who = "operator",
                                            .by = BL_NEVER,
                                            .detail = application->notices[i]->channel });
        }
    }
}

static bool sees_one_of(const struct search *search, const Bl__Visit *visit)
{
    for (size_t i = 0; i < visit->n_items; i++) {
        if (visit->items[i] < search->application->n_items &&
            sight_item(search->viewer->principal, search->application->items[visit->items[i]])) {
            return true;
        }
    }
    return false;
}

static void consider_visits(struct search *search, const struct definition *definition)
{
    for (size_t i = 0; i < search->application->n_visits; i++) {
        const Bl__Visit *visit = search->application->visits[i];

        if (visit->n_items > 0 && sees_one_of(search, visit)) {
            search->item = search->application->items[visit->items[0]];
            search->definition = search->item->removed ? NULL : &definition->items[visit->items[0]];
            consider(
                search,
                (struct deed){ .what = "visit", .who = search->item->department, .by = visit->at });
        }
    }
}

static Bl__Title *title_of(const struct viewer *viewer, const char *who)
{
    static const struct {
        const char *who, *zh, *en;
    } people[] = {
        { "applicant", "申请人", "the applicant" },
        { "hall", "大厅窗口", "the hall" },
        { "operator", "系统管理员", "an operator" },
        { "supervisor", "监督人员", "a supervisor" },
    };

    for (size_t i = 0; i < BL_COUNT(people); i++) {
        if (strcmp(people[i].who, who) == 0) {
            Bl__Title *title = view_title(viewer->arena, NULL);

            title->zh = people[i].zh;
            title->en = people[i].en;
            return title;
        }
    }
    return view_department(viewer, who);
}

static Bl__NextView *view_of(const struct viewer *viewer, const struct deed *deed)
{
    Bl__NextView *view = bl_arena_new(viewer->arena, Bl__NextView);

    bl__next_view__init(view);
    view->what = deed->what;
    view->who = deed->who;
    view->who_title = title_of(viewer, deed->who);
    view->by = deed->by == BL_NEVER ? 0 : deed->by;
    view->post = deed->post != NULL ? deed->post : "";
    view->role = deed->role != NULL ? deed->role : "";
    view->detail = deed->detail != NULL ? deed->detail : "";
    if (deed->item != NULL) {
        view->item = deed->item->id;
    }
    if (deed->item != NULL && deed->definition != NULL) {
        view->item_title = view_title(viewer->arena, deed->definition->source->title);
    }
    if (deed->step != NULL) {
        view->step = view_title(viewer->arena, deed->step->source->title);
    }
    return view;
}

Bl__NextView *next_of(const struct viewer *viewer, const Bl__Application *application,
                      const struct definition *definition)
{
    struct search search = { .viewer = viewer, .application = application };

    for (size_t i = 0; i < application->n_items; i++) {
        search.item = application->items[i];
        if (search.item->removed) {
            continue;
        }
        search.definition = &definition->items[i];
        if (sight_item(viewer->principal, search.item)) {
            consider_item(&search);
        }
        consider_opinions(&search);
    }
    consider_visits(&search, definition);
    consider_whole(&search);
    return search.first.what == NULL ? NULL : view_of(viewer, &search.first);
}
