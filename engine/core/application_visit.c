/* On the spot: one appointment for several items (联合踏勘), with two officers at least (行政许可法
 * 第三十四条); and what is said on the record without changing anything. */
#include <string.h>

#include "core/application_state.h"
#include "core/office.h"

#define VISITS_MAX 20  // that are to come, of one application
#define VISIT_OFFICERS_MIN 2
#define VISIT_OFFICERS_MAX 20
#define PLACE_CHARACTERS_MAX 200

static const Bl__Visit *find_visit(const Bl__Application *application, uint32_t number)
{
    for (size_t i = 0; i < application->n_visits; i++) {
        if (application->visits[i]->number == number) {
            return application->visits[i];
        }
    }
    return NULL;
}

/* Somebody of the window or of a department that goes there. */
static Bl__Refusal *check_actor(const struct question *q, const uint32_t *items, size_t count)
{
    const struct office_actor actor = office_actor(q->world);

    if (actor.role != BL__KEY__ROLE__WORKER && actor.role != BL__KEY__ROLE__OFFICER) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(q->application->items[items[i]]->department, actor.department) == 0) {
            return NULL;
        }
    }
    Bl__Refusal *refusal = question_refuse(q, BL_DENIED, "other-department", "items").refusal;
    refusal->who_may =
        count == 0 ? "" : bl_arena_string(q->arena, q->application->items[items[0]]->department);
    return refusal;
}

/* --- set ---------------------------------------------------------------------------------------
 */

static bool holds(const Bl__Visit *visit, uint32_t item)
{
    for (size_t i = 0; i < visit->n_items; i++) {
        if (visit->items[i] == item) {
            return true;
        }
    }
    return false;
}

static void take_item(const Bl__Application *application, Bl__Visit *visit, uint32_t item)
{
    if (!holds(visit, item) && application_item_is_running(application->items[item])) {
        visit->items[visit->n_items++] = item;
    }
}

/* The items that are named, and those that the definition visits together with them. */
static Bl__Refusal *take_items(const struct question *q, Bl__Visit *visit)
{
    const Bl__SetVisit *set = q->command->set_visit;
    const struct definition *definition = q->world->definition;

    visit->items = bl_arena_array(q->arena, uint32_t, q->application->n_items);
    for (size_t i = 0; i < set->n_items; i++) {
        int item = application_item_find(q->application, set->items[i]);

        if (item < 0) {
            return question_refuse(q, BL_NOT_FOUND, "item-unknown", set->items[i]).refusal;
        }
        if (!application_item_is_running(q->application->items[item])) {
            return question_refuse_state(q, (uint32_t)item, "item-not-open").refusal;
        }
        take_item(q->application, visit, (uint32_t)item);
        const char *name = definition->items[item].visit;
        for (uint32_t k = 0; name[0] != '\0' && k < definition->item_count; k++) {
            if (strcmp(definition->items[k].visit, name) == 0) {
                take_item(q->application, visit, k);
            }
        }
    }
    return visit->n_items == 0 ? question_refuse(q, BL_INVALID, "visit-items", "items").refusal
                               : NULL;
}

static bool is_post_of(const struct question *q, const Bl__Visit *visit, const char *post)
{
    for (size_t i = 0; i < visit->n_items; i++) {
        const Bl__Item *item = q->application->items[visit->items[i]];

        if (office_post(q->world, item->department, post) != NULL) {
            return true;
        }
    }
    return false;
}

static Bl__Refusal *check_officers(const struct question *q, const Bl__Visit *visit)
{
    if (visit->n_officers < VISIT_OFFICERS_MIN || visit->n_officers > VISIT_OFFICERS_MAX) {
        return question_refuse(q, BL_INVALID, "visit-officers", "officers").refusal;
    }
    for (size_t i = 0; i < visit->n_officers; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(visit->officers[i], visit->officers[k]) == 0) {
                return question_refuse(q, BL_INVALID, "visit-officers", visit->officers[i]).refusal;
            }
        }
        if (!is_post_of(q, visit, visit->officers[i])) {
            return question_refuse(q, BL_INVALID, "post-unknown", visit->officers[i]).refusal;
        }
    }
    return NULL;
}

/* What the command says, over what was agreed before. */
static Bl__Refusal *draw_visit(const struct question *q, const Bl__Visit *before, Bl__Visit *visit)
{
    const Bl__SetVisit *set = q->command->set_visit;
    Bl__Refusal *refusal = NULL;

    if (before != NULL) {
        *visit = *before;
    }
    if (before == NULL || set->n_items > 0) {
        visit->n_items = 0;
        refusal = take_items(q, visit);
    }
    if (set->n_officers > 0 || before == NULL) {
        visit->officers = set->officers;
        visit->n_officers = set->n_officers;
    }
    visit->at = set->at != 0 ? set->at : visit->at;
    visit->place = set->place[0] != '\0' ? set->place : visit->place;
    visit->confirmed = set->confirmed || (visit->confirmed && set->at == 0);
    return refusal;
}

static Bl__Refusal *check_visit(const struct question *q, const Bl__Visit *before,
                                const Bl__Visit *visit)
{
    if (visit->at <= q->world->now && (before == NULL || before->at != visit->at)) {
        return question_refuse(q, BL_INVALID, "visit-time", "at").refusal;
    }
    if (question_is_longer(visit->place, PLACE_CHARACTERS_MAX)) {
        return question_refuse(q, BL_TOO_LARGE, "visit-place", "place").refusal;
    }
    if (before == NULL && q->application->n_visits >= VISITS_MAX) {
        return question_refuse(q, BL_TOO_LARGE, "visits-many", "number").refusal;
    }
    return check_officers(q, visit);
}

struct ruling decide_set_visit(const struct question *q)
{
    const Bl__SetVisit *set = q->command->set_visit;
    const Bl__Visit *before = find_visit(q->application, set->number);
    Bl__Visit *visit = bl_arena_new(q->arena, Bl__Visit);

    bl__visit__init(visit);
    if (set->number != 0 && before == NULL) {
        return question_refuse(q, BL_NOT_FOUND, "visit-unknown", "number");
    }
    Bl__Refusal *refusal = draw_visit(q, before, visit);
    if (refusal == NULL) {
        refusal = check_actor(q, visit->items, visit->n_items);
    }
    if (refusal == NULL) {
        refusal = check_visit(q, before, visit);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    visit->number = before == NULL ? q->application->visit_count + 1 : before->number;
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_VISIT_SET);
    event->visit_set = bl_arena_new(q->arena, Bl__VisitSet);
    bl__visit_set__init(event->visit_set);
    event->visit_set->visit = visit;
    event->visit_set->moved = before != NULL && before->at != visit->at;
    return ruling_event(event);
}

/* --- end, comment ------------------------------------------------------------------------------
 */

struct ruling decide_end_visit(const struct question *q)
{
    const Bl__EndVisit *end = q->command->end_visit;
    const Bl__Visit *visit = find_visit(q->application, end->number);

    if (visit == NULL) {
        return question_refuse(q, BL_NOT_FOUND, "visit-unknown", "number");
    }
    Bl__Refusal *refusal = check_actor(q, visit->items, visit->n_items);
    if (refusal == NULL && end->end == BL__VISIT_ENDED__END__END_UNSPECIFIED) {
        refusal = question_refuse(q, BL_INVALID, "visit-end", "end").refusal;
    }
    if (refusal == NULL && end->end != BL__VISIT_ENDED__END__CANCELLED &&
        visit->at > q->world->now) {
        refusal = question_refuse(q, BL_REFUSED, "visit-not-yet", "number").refusal;
    }
    if (refusal == NULL) {
        refusal = question_reason(q, end->text, false);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_VISIT_ENDED);
    event->visit_ended = bl_arena_new(q->arena, Bl__VisitEnded);
    bl__visit_ended__init(event->visit_ended);
    event->visit_ended->number = end->number;
    event->visit_ended->end = end->end;
    event->visit_ended->text = end->text;
    return ruling_event(event);
}

struct ruling decide_comment(const struct question *q)
{
    const Bl__Comment *comment = q->command->comment;
    int item = comment->item[0] == '\0' ? -1 : application_item_find(q->application, comment->item);
    uint32_t index;
    Bl__Refusal *refusal =
        comment->item[0] == '\0' ? NULL : question_item(q, comment->item, &index);

    if (refusal == NULL && comment->text[0] == '\0') {
        refusal = question_refuse(q, BL_INVALID, "comment-empty", "text").refusal;
    }
    if (refusal == NULL && question_is_longer(comment->text, OPINION_CHARACTERS_MAX)) {
        refusal = question_refuse(q, BL_TOO_LARGE, "opinion-long", "text").refusal;
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_COMMENTED);
    event->commented = bl_arena_new(q->arena, Bl__Commented);
    bl__commented__init(event->commented);
    event->commented->item = item;
    event->commented->text = comment->text;
    event->commented->internal = comment->internal;
    return ruling_event(event);
}

/* --- it has happened --------------------------------------------------------------------------
 */

static Bl__Visit *visit_copy(const Bl__Visit *from, struct bl_arena *arena)
{
    Bl__Visit *visit = bl_arena_copy(arena, from, sizeof *from);

    visit->place = bl_arena_string(arena, from->place);
    visit->items = bl_arena_copy(arena, from->items, from->n_items * sizeof *from->items);
    visit->officers = bl_arena_array(arena, const char *, from->n_officers);
    for (size_t i = 0; i < from->n_officers; i++) {
        visit->officers[i] = bl_arena_string(arena, from->officers[i]);
    }
    return visit;
}

static void remove_visit(Bl__Application *application, uint32_t number)
{
    size_t kept = 0;

    for (size_t i = 0; i < application->n_visits; i++) {
        if (application->visits[i]->number != number) {
            application->visits[kept++] = application->visits[i];
        }
    }
    application->n_visits = kept;
}

void evolve_visit_set(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    Bl__Visit *visit = visit_copy(event->visit_set->visit, arena);

    remove_visit(application, visit->number);
    if (visit->number > application->visit_count) {
        application->visit_count = visit->number;
    }
    application->visits = bl_arena_append(arena, application->visits, application->n_visits, visit);
    application->n_visits++;
}

void evolve_visit_ended(Bl__Application *application, const Bl__Event *event,
                        struct bl_arena *arena)
{
    (void)arena;
    remove_visit(application, event->visit_ended->number);
}

void evolve_commented(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    (void)application;
    (void)event;
    (void)arena;
}
