#include "store/view.h"

#include <string.h>

#include "core/application.h"
#include "core/countdown.h"
#include "core/desk.h"
#include "core/recount.h"
#include "store/sight.h"
#include "store/view_state.h"

Bl__Title *view_title(struct bl_arena *arena, const Bl__Text *text)
{
    Bl__Title *title = bl_arena_new(arena, Bl__Title);

    bl__title__init(title);
    if (text != NULL) {
        title->zh = text->zh;
        title->en = text->en;
    }
    return title;
}

Bl__Title *view_department(const struct viewer *viewer, const char *id)
{
    for (size_t i = 0; viewer->departments != NULL && i < viewer->departments->n_departments; i++) {
        if (strcmp(viewer->departments->departments[i]->key, id) == 0) {
            return view_title(viewer->arena, viewer->departments->departments[i]->value->title);
        }
    }
    Bl__Title *title = view_title(viewer->arena, NULL);
    title->zh = id;
    return title;
}

const char *view_masked(struct bl_arena *arena, const char *name)
{
    size_t bytes = strlen(name), first = bytes == 0 ? 0 : 1;

    while (first < bytes && ((unsigned char)name[first] & 0xC0) == 0x80) {
        first++;
    }
    size_t hidden = bl_text_characters(name + first, bytes - first);
    hidden = hidden > 3 ? 3 : hidden;
    return bl_arena_printf(arena, "%.*s%.*s", (int)first, name, (int)hidden, "***");
}

Bl__ClockView *view_clock(const struct viewer *viewer, const struct calendar *calendar,
                          const Bl__Clock *clock, struct limit limit)
{
    if (clock == NULL || clock->phase == BL__CLOCK__PHASE__PHASE_UNSPECIFIED) {
        return NULL;
    }
    Bl__ClockView *view = bl_arena_new(viewer->arena, Bl__ClockView);
    bl__clock_view__init(view);
    view->due_at = clock->due_at;
    view->provisional = clock->provisional;
    view->running = countdown_is_open(clock);
    view->overdue =
        clock->phase == BL__CLOCK__PHASE__LATE || (view->running && viewer->now > clock->due_at);
    if (view->running) {
        view->remaining_days = clock_remaining(calendar, viewer->now, clock->due_at);
    }
    if (limit.halves > 0) {
        view->limit = limit_format(limit, bl_arena_alloc(viewer->arena, LIMIT_TEXT));
    }
    return view;
}

/* A clock that stands: how much is left of it when the stop is over, and when that is. */
static void view_standing(const struct calendar *calendar, Bl__ClockView *view,
                          const Bl__Clock *clock, bl_time until)
{
    if (view == NULL || clock->phase != BL__CLOCK__PHASE__STANDING || until == 0) {
        return;
    }
    view->standing = true;
    view->stands_until = until;
    view->overdue = false;
    view->remaining_days = clock_remaining(calendar, until, clock->due_at);
}

static const struct definition_special *special_of(const struct definition *definition,
                                                   const char *kind)
{
    for (size_t i = 0; i < definition->special_count; i++) {
        if (strcmp(definition->special[i].id, kind) == 0) {
            return &definition->special[i];
        }
    }
    return NULL;
}

/* The second countdown of an item that stands: that of the stop itself. */
static Bl__StopView *view_stop(const struct viewer *viewer, const struct catalog_version *version,
                               const Bl__Stop *stop)
{
    const struct definition_special *special = special_of(version->definition, stop->kind);
    int field = stop->number == 0
                    ? definition_field_find(version->definition, bl_text_of(stop->kind))
                    : -1;  // a day that is waited for is called as its field
    Bl__StopView *view = bl_arena_new(viewer->arena, Bl__StopView);

    bl__stop_view__init(view);
    view->number = stop->number;
    view->kind = stop->kind;
    view->title =
        view_title(viewer->arena, field >= 0 ? version->definition->fields[field].source->label
                                  : special == NULL ? NULL
                                                    : special->source->title);
    view->from = stop->from;
    view->to = stop->to;
    view->ends_at = stop->ends_at;
    view->notice = stop->notice;
    view->ask_by = stop->asked_at == 0 ? stop->ask_by : 0;
    view->hold_by = stop->hold == NULL ? 0 : stop->hold->due_at;
    view->held_at = stop->held_at;
    view->legal = stop->legal;
    if (stop->to == 0) {
        view->remaining_days = clock_remaining(version->calendar, viewer->now, stop->ends_at);
    }
    return view;
}

static void view_stops(const struct viewer *viewer, const struct catalog_version *version,
                       const Bl__Item *item, Bl__ItemView *view)
{
    view->n_stops = item->n_stops;
    view->stops = bl_arena_array(viewer->arena, Bl__StopView *, item->n_stops);
    for (size_t i = 0; i < item->n_stops; i++) {
        view->stops[i] = view_stop(viewer, version, item->stops[i]);
    }
    if (item->n_stops > 0) {
        view_standing(version->calendar, view->promise, item->promise,
                      recount_stands_until(item, viewer->now, false, viewer->arena));
        view_standing(version->calendar, view->legal, item->legal,
                      recount_stands_until(item, viewer->now, true, viewer->arena));
    }
}

static const char *limit_words(const struct viewer *viewer, const Bl__Limit *limit)
{
    return limit == NULL
               ? ""
               : limit_format((struct limit){ limit->halves, (enum limit_unit)limit->unit },
                              bl_arena_alloc(viewer->arena, LIMIT_TEXT));
}

/* The clocks before acceptance and from the decision on. */
static void view_further(const struct viewer *viewer, const struct catalog_version *version,
                         const Bl__Item *item, const struct definition_item *definition,
                         Bl__ItemView *view)
{
    const struct calendar *calendar = version->calendar;

    view->notify = view_clock(viewer, calendar, item->notify, version->definition->notify);
    view->correction = view_clock(viewer, calendar, item->correction, definition->correction);
    view->supplement =
        view_clock(viewer, calendar, item->supplement, version->definition->supplement);
    view->deliver = view_clock(viewer, calendar, item->deliver, definition->deliver);
    view->check = view_clock(viewer, calendar, item->check, definition->post_check);
    view->extended = limit_words(viewer, item->extended);
    view->rung = item->rung;
}

/* The whole stands while any of its items does. */
static bl_time stands_until(const struct viewer *viewer, const Bl__Application *application,
                            bool legal)
{
    bl_time until = 0;

    for (size_t i = 0; i < application->n_items; i++) {
        bl_time own =
            recount_stands_until(application->items[i], viewer->now, legal, viewer->arena);

        until = own > until ? own : until;
    }
    return until;
}

static Bl__DeskView *view_desk(const struct viewer *viewer, const struct catalog_version *version,
                               const Bl__Item *item, const struct definition_item *definition)
{
    const struct definition_step *step = &definition->steps[item->desk->step];
    const struct world world = { .departments = viewer->departments };
    Bl__DeskView *view = bl_arena_new(viewer->arena, Bl__DeskView);

    bl__desk_view__init(view);
    view->step = step->id;
    view->title = view_title(viewer->arena, step->source->title);
    view->role = step->role;
    view->round = item->desk->round;
    view->limit = view_clock(viewer, version->calendar, item->desk->limit, step->limit);
    view->post = item->desk->post;
    view->officer = item->desk->officer;
    view->signatures = item->desk->signatures;
    view->n_signatures = item->desk->n_signatures;
    view->personal = item->desk->personal;
    view->needed =
        view->personal ? desk_signers(&world, definition, item->department, item->desk).need : 1;
    return view;
}

static bool has_signed(const Bl__Desk *desk, const char *post)
{
    for (size_t i = 0; i < desk->n_signatures; i++) {
        if (strcmp(desk->signatures[i]->post, post) == 0) {
            return true;
        }
    }
    return false;
}

static void view_posts(const struct viewer *viewer, const struct definition_item *definition,
                       const Bl__Item *item, Bl__TaskView *view)
{
    const struct world world = { .departments = viewer->departments };
    struct desk_signers signers = desk_signers(&world, definition, item->department, item->desk);

    view->posts = bl_arena_array(viewer->arena, const char *, signers.count + 1);
    for (uint32_t i = 0; item->desk->personal && i < signers.count; i++) {
        if (!has_signed(item->desk, signers.posts[i])) {
            view->posts[view->n_posts++] = signers.posts[i];
        }
    }
}

static void view_outcomes(const struct viewer *viewer, const struct definition_item *definition,
                          const Bl__Application *application, Bl__TaskView *view)
{
    const struct definition_join *needs = &definition->needs;

    view->needs = bl_arena_array(viewer->arena, Bl__Need *, needs->branch_count + 1);
    for (size_t i = 0; i < needs->branch_count; i++) {
        const Bl__Item *of = application->items[needs->branches[i]];

        if (of->document[0] != '\0') {
            Bl__Need *need = bl_arena_new(viewer->arena, Bl__Need);

            bl__need__init(need);
            need->item = of->id;
            need->document = of->document;
            view->needs[view->n_needs++] = need;
        }
    }
}

void view_task(const struct viewer *viewer, const struct catalog_version *version,
               const Bl__Application *application, uint32_t index, Bl__TaskView *view)
{
    const struct definition_item *definition = &version->definition->items[index];
    const Bl__Item *item = application->items[index];
    bool above = item->passed_up_at != 0;  // each leg has limits of its own

    view->title = view_title(viewer->arena, definition->source->title);
    view->promise = view_clock(viewer, version->calendar, item->promise,
                               above ? definition->upper_promise : definition->promise);
    view->legal = view_clock(viewer, version->calendar, item->legal,
                             above ? definition->upper_legal : definition->legal);
    view->missing = item->missing;
    view->n_missing = item->n_missing;
    view_outcomes(viewer, definition, application, view);
    if (item->desk != NULL) {
        view->desk = view_desk(viewer, version, item, definition);
        view_posts(viewer, definition, item, view);
    }
}

static void view_needs(const struct viewer *viewer, const struct catalog_version *version,
                       const struct definition_item *item, Bl__ItemView *view)
{
    view->needs = bl_arena_array(viewer->arena, const char *, item->needs.branch_count);
    view->n_needs = item->needs.branch_count;
    for (size_t i = 0; i < item->needs.branch_count; i++) {
        view->needs[i] = version->definition->items[item->needs.branches[i]].id;
    }
}

/* An item that the version of its case no longer has: what the state itself says. */
static Bl__ItemView *view_removed(const struct viewer *viewer, const Bl__Item *item)
{
    Bl__ItemView *view = bl_arena_new(viewer->arena, Bl__ItemView);

    bl__item_view__init(view);
    view->id = item->id;
    view->title = view_title(viewer->arena, NULL);
    view->title->zh = item->id;
    view->department = item->department;
    view->department_title = view_department(viewer, item->department);
    view->state = item->state;
    view->result = item->result;
    view->light = BL__LIGHT__GREY;
    view->since = item->since;
    view->document = item->document;
    return view;
}

static Bl__ItemView *view_item(const struct viewer *viewer, const struct catalog_version *version,
                               const Bl__Item *item, uint32_t index)
{
    const struct definition_item *definition = &version->definition->items[index];
    Bl__ItemView *view = bl_arena_new(viewer->arena, Bl__ItemView);
    bool above = item->passed_up_at != 0;  // each leg has limits of its own

    bl__item_view__init(view);
    view->id = item->id;
    view->title = view_title(viewer->arena, definition->source->title);
    view->department = item->department;
    view->department_title = view_department(viewer, item->department);
    view->state = item->state;
    view->result = item->result;
    view->light = application_item_light(item, viewer->now);
    view->since = item->since;
    view->promise = view_clock(viewer, version->calendar, item->promise,
                               above ? definition->upper_promise : definition->promise);
    view->legal = view_clock(viewer, version->calendar, item->legal,
                             above ? definition->upper_legal : definition->legal);
    view_stops(viewer, version, item, view);
    view_further(viewer, version, item, definition, view);
    view_needs(viewer, version, definition, view);
    if (item->state == BL__ITEM__STATE__NOT_NEEDED && definition->when != NULL) {
        view->condition = definition->source->when;
    }
    view->incident = item->incident;
    view->failures = item->failures;
    view->document = item->document;
    view->held = item->held;
    view->retry_at = item->retry_at;
    if (item->desk != NULL) {
        view->desk = view_desk(viewer, version, item, definition);
    }
    view_item_course(viewer, version, item, view);
    return view;
}

Bl__ApplicationView *view_application(const struct viewer *viewer,
                                      const Bl__Application *application, const char *applicant)
{
    Bl__ApplicationView *view = bl_arena_new(viewer->arena, Bl__ApplicationView);
    struct catalog_version version = { 0 };

    bl__application_view__init(view);
    view->number = application->number;
    view->id = application->id;
    view->workflow = application->workflow;
    view->version = application->version;
    view->state = application_state(application);
    view->light = application_light(application, viewer->now);
    view->submitted_at = application->submitted_at;
    view->effective_at = application->effective_at;
    view->accepted_at = application->accepted_at;
    view->ended_at = application->ended_at;
    view->revision = application->revision;
    view->last_event = application->last_event;
    view->window = application->window;
    view->mode = application->mode;
    view->project = application->project;
    view->urgings = application->urgings;
    view->n_urgings = application->n_urgings;
    if (applicant != NULL) {
        view->applicant = view_masked(viewer->arena, applicant);
    }
    if (catalog_find(viewer->catalog, application->workflow, application->version, &version,
                     NULL) != BL_OK) {
        return view;  // its definition is damaged: what the state itself says is shown
    }
    view->title = view_title(viewer->arena, version.definition->source->title);
    view->promise =
        view_clock(viewer, version.calendar, application->promise, version.definition->promise);
    view->legal =
        view_clock(viewer, version.calendar, application->legal, version.definition->legal);
    view_standing(version.calendar, view->promise, application->promise,
                  stands_until(viewer, application, false));
    view_standing(version.calendar, view->legal, application->legal,
                  stands_until(viewer, application, true));
    view->extended = limit_words(viewer, application->extended);
    view->items = bl_arena_array(viewer->arena, Bl__ItemView *, application->n_items);
    for (uint32_t i = 0; i < application->n_items; i++) {
        if (sight_item(viewer->principal, application->items[i])) {
            const Bl__Item *item = application->items[i];

            view->items[view->n_items++] =
                item->removed ? view_removed(viewer, item) : view_item(viewer, &version, item, i);
        }
    }
    view_application_course(viewer, &version, application, view);
    return view;
}

/* What a department may see of an event: its own items; others keep their place, empty. */
static Bl__Item **own_items(const struct viewer *viewer, Bl__Item **items, size_t count)
{
    Bl__Item **seen = bl_arena_array(viewer->arena, Bl__Item *, count + 1);

    for (size_t i = 0; i < count; i++) {
        seen[i] = items[i];
        if (!sight_item(viewer->principal, items[i])) {
            seen[i] = bl_arena_new(viewer->arena, Bl__Item);
            bl__item__init(seen[i]);
        }
    }
    return seen;
}

static Bl__ItemChange **own_changes(const struct viewer *viewer, const Bl__Application *application,
                                    Bl__ItemChange **changes, size_t *count)
{
    Bl__ItemChange **seen = bl_arena_array(viewer->arena, Bl__ItemChange *, *count + 1);
    size_t n = 0;

    for (size_t i = 0; i < *count; i++) {
        if (changes[i]->item < application->n_items &&
            sight_item(viewer->principal, application->items[changes[i]->item])) {
            seen[n++] = changes[i];
        }
    }
    *count = n;
    return seen;
}

/* Where an event has its changes of items. */
struct changes {
    Bl__ItemChange ***at;  // NULL: it has none
    size_t *count;
};

static struct changes changes_of(Bl__Event *event)
{
#define CHANGES(CASE, name)                                                                        \
    case BL__EVENT__WHAT_##CASE:                                                                   \
        return (struct changes){ &event->name->changes, &event->name->n_changes };
    switch ((int)event->what_case) {
        CHANGES(ACCEPTED, accepted)
        CHANGES(DECIDED, decided)
        CHANGES(OVERDUE, overdue)
        CHANGES(TERMINATED, terminated)
        CHANGES(REFUSED, refused)
        CHANGES(NOTIFIED, notified)
        CHANGES(CORRECTED, corrected)
        CHANGES(RETURNED, returned)
        CHANGES(WITHDRAWN, withdrawn)
        CHANGES(SUPPLEMENTED, supplemented)
        CHANGES(CHECKED, checked)
        CHANGES(OPENED, opened)
        CHANGES(RECALLED, recalled)
        CHANGES(PASSED_UP, passed_up)
        CHANGES(SUSPENDED, suspended)
        CHANGES(RESUMED, resumed)
        CHANGES(EXTENDED, extended)
        CHANGES(DELIVERED, delivered)
        CHANGES(REVOKED, revoked)
        CHANGES(REOPENED, reopened)
        CHANGES(RECOMPUTED, recomputed)
    default:
        return (struct changes){ NULL, NULL };
    }
#undef CHANGES
}

/* Of names of fields or materials, those that an item of the viewer's own lists. */
struct own_names {
    const struct viewer *viewer;
    const Bl__Application *application;
    const struct definition *definition;  // NULL: unknown, and nothing is shown
    bool (*lists)(const struct definition *definition, const struct definition_item *item,
                  const char *name);
};

static bool is_own(const struct own_names *own, const char *name)
{
    const Bl__Application *application = own->application;

    for (size_t i = 0;
         own->definition != NULL && i < own->definition->item_count && i < application->n_items;
         i++) {
        if (sight_item(own->viewer->principal, application->items[i]) &&
            own->lists(own->definition, &own->definition->items[i], name)) {
            return true;
        }
    }
    return false;
}

static void keep_own(const struct own_names *own, const char ***names, size_t *count)
{
    const char **seen = bl_arena_array(own->viewer->arena, const char *, *count + 1);
    size_t n = 0;

    for (size_t i = 0; i < *count; i++) {
        if (is_own(own, (*names)[i])) {
            seen[n++] = (*names)[i];
        }
    }
    *names = seen;
    *count = n;
}

/* 一次性告知: which of its items, and of the materials and fields what they list. The text speaks
 * of them all, so it is for those who have all. */
static void hide_notified(const struct viewer *viewer, const Bl__Application *application,
                          Bl__Notified *notified)
{
    size_t n = 0;

    for (size_t i = 0; i < notified->n_items; i++) {
        if (notified->items[i] < application->n_items &&
            sight_item(viewer->principal, application->items[notified->items[i]])) {
            notified->items[n++] = notified->items[i];
        }
    }
    if (n < notified->n_items) {
        notified->text = "";
    }
    notified->n_items = n;
}

/* Names of what other departments ask for say what the applicant has with them. */
static void hide_names(const struct viewer *viewer, const Bl__Application *application,
                       Bl__Event *event)
{
    struct catalog_version version = { 0 };
    struct own_names own = { .viewer = viewer, .application = application };

    if (catalog_find(viewer->catalog, application->workflow, application->version, &version,
                     NULL) == BL_OK) {
        own.definition = version.definition;
    }
    own.lists = definition_item_lists_material;
    if (event->what_case == BL__EVENT__WHAT_NOTIFIED) {
        keep_own(&own, &event->notified->materials, &event->notified->n_materials);
    } else if (event->what_case == BL__EVENT__WHAT_CORRECTED) {
        keep_own(&own, &event->corrected->materials, &event->corrected->n_materials);
    } else {
        keep_own(&own, &event->supplemented->materials, &event->supplemented->n_materials);
    }
    own.lists = definition_item_lists_field;
    if (event->what_case == BL__EVENT__WHAT_NOTIFIED) {
        keep_own(&own, &event->notified->fields, &event->notified->n_fields);
        hide_notified(viewer, application, event->notified);
    } else if (event->what_case == BL__EVENT__WHAT_CORRECTED) {
        keep_own(&own, &event->corrected->fields, &event->corrected->n_fields);
    }
}

/* Due moments of other departments' items, and the ends of their stops. */
static void hide_moves(const struct viewer *viewer, const Bl__Application *application,
                       Bl__Recomputed *recomputed)
{
    size_t moves = 0, stops = 0;

    for (size_t i = 0; i < recomputed->n_moves; i++) {
        const Bl__ClockName *clock = recomputed->moves[i]->clock;

        if (clock->whole || (clock->item < application->n_items &&
                             sight_item(viewer->principal, application->items[clock->item]))) {
            recomputed->moves[moves++] = recomputed->moves[i];
        }
    }
    for (size_t i = 0; i < recomputed->n_stops; i++) {
        uint32_t item = recomputed->stops[i]->item;

        if (item < application->n_items &&
            sight_item(viewer->principal, application->items[item])) {
            recomputed->stops[stops++] = recomputed->stops[i];
        }
    }
    recomputed->n_moves = moves;
    recomputed->n_stops = stops;
}

/* Takes out of an event, which is the viewer's own copy, what its principal may not see. */
static void hide_others(const struct viewer *viewer, const Bl__Application *application,
                        Bl__Event *event)
{
    if (sight_operation(viewer->principal)) {
        return;
    }
    if (event->what_case == BL__EVENT__WHAT_SUBMITTED) {
        event->submitted->items =
            own_items(viewer, event->submitted->items, event->submitted->n_items);
        event->submitted->request_id = "";
        event->submitted->twin = 0;
        return;
    }
    if (event->what_case == BL__EVENT__WHAT_MIGRATED) {
        event->migrated->items =
            own_items(viewer, event->migrated->items, event->migrated->n_items);
        return;
    }
    if (event->what_case == BL__EVENT__WHAT_NOTIFIED ||
        event->what_case == BL__EVENT__WHAT_CORRECTED ||
        event->what_case == BL__EVENT__WHAT_SUPPLEMENTED) {
        hide_names(viewer, application, event);
    } else if (event->what_case == BL__EVENT__WHAT_RECOMPUTED) {
        hide_moves(viewer, application, event->recomputed);
    }
    struct changes changes = changes_of(event);
    if (changes.at != NULL) {
        *changes.at = own_changes(viewer, application, *changes.at, changes.count);
    }
}

/* The items of a version that a case was on, none where it cannot be read: better hidden than shown
 * to another department. */
static void items_of_then(const struct viewer *viewer, uint32_t from, Bl__Application *then)
{
    struct catalog_version version = { 0 };
    const Bl__Application is = *then;

    then->n_items = 0;
    if (catalog_find(viewer->catalog, is.workflow, from, &version, NULL) != BL_OK) {
        return;
    }
    then->n_items = version.definition->item_count;
    then->items = bl_arena_array(viewer->arena, Bl__Item *, then->n_items);
    for (size_t i = 0; i < then->n_items; i++) {
        const struct definition_item *defined = &version.definition->items[i];
        int found = application_item_find(&is, defined->id);

        then->items[i] = bl_arena_new(viewer->arena, Bl__Item);
        bl__item__init(then->items[i]);
        if (found >= 0) {
            *then->items[i] = *is.items[found];
        }
        then->items[i]->id = defined->id;
        then->items[i]->department = defined->department;
    }
}

const Bl__Application *view_then(const struct viewer *viewer, const Bl__Application *application,
                                 const Bl__Event *event)
{
    for (size_t i = 0; application != NULL && i < application->n_migrations; i++) {
        const Bl__Migration *migration = application->migrations[i];

        if (event->seq < migration->event) {
            Bl__Application *then = bl_arena_new(viewer->arena, Bl__Application);

            *then = *application;
            then->version = migration->from;
            items_of_then(viewer, migration->from, then);
            return then;
        }
    }
    return application;
}

Bl__EventView *view_event(const struct viewer *viewer, const Bl__Application *application,
                          Bl__Event *event)
{
    Bl__EventView *view = bl_arena_new(viewer->arena, Bl__EventView);
    int item = application_event_item(event);

    bl__event_view__init(view);
    view->event = event;
    if (application != NULL) {
        hide_others(viewer, application, event);
        view->application = application->number;
        if (item >= 0 && (size_t)item < application->n_items) {
            view->item = application->items[item]->id;
        }
    }
    return view;
}
