/* 受理: by the window or a department, with a tolerated gap, by silence, and when a day comes. */
#include <string.h>

#include "core/application_intake.h"
#include "core/change.h"
#include "core/office.h"

#define S(state) BL__ITEM__STATE__##state

/* --- a tolerated gap (容缺受理) --------------------------------------------------------------- */

/* How a content has a material. */
enum paper { PAPER_NONE, PAPER_LATER, PAPER_THERE };

static enum paper paper_of(const Bl__Content *content, const char *id)
{
    for (size_t i = 0; i < content->n_materials; i++) {
        if (strcmp(content->materials[i]->id, id) == 0) {
            return content->materials[i]->later ? PAPER_LATER : PAPER_THERE;
        }
    }
    return PAPER_NONE;
}

void application_tolerate(struct routing *routing, uint32_t index, const Bl__Content *content,
                          bool absent_too)
{
    const struct definition *definition = routing->world->definition;
    const struct definition_item *item = &definition->items[index];

    for (size_t i = 0; i < item->material_count; i++) {
        const struct definition_material *material = &definition->materials[item->materials[i]];
        enum paper paper = paper_of(content, material->id);

        if (material->deferrable && (paper == PAPER_LATER || (absent_too && paper == PAPER_NONE))) {
            routing_mark(routing, &routing->gap)[index] = true;
            routing_miss(routing, index, material->id);
        }
    }
}

/* Without the clerk's word for it no gap is tolerated, and never where the workflow has no rule
 * for it. Marks what is tolerated. */
static Bl__Refusal *check_gap(const struct question *q, const struct chosen *chosen,
                              const struct content *content, struct routing *routing)
{
    const Bl__Accept *accept = q->command->accept;
    bool tolerant = q->world->definition->supplement.halves > 0;

    if (accept->gap && !tolerant) {
        return refusal_new(q->arena, BL_REFUSED, "gap-not-tolerated", "gap");
    }
    if (content->message == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < chosen->count; i++) {
        application_tolerate(routing, chosen->items[i], content->message, accept->gap);
    }
    if (!accept->gap && routing->missing != NULL) {
        for (size_t i = 0; i < routing->count; i++) {
            if (routing->missing[i].count > 0) {
                return refusal_new(
                    q->arena, BL_REFUSED, "gap-needed",
                    bl_arena_printf(q->arena, "materials.%s", routing->missing[i].at[0]));
            }
        }
    }
    return NULL;
}

/* Items that wait for others have the same papers, and will have the same gap. */
static void tolerate_pending(const struct question *q, const struct content *content,
                             struct routing *routing)
{
    const Bl__Accept *accept = q->command->accept;

    for (uint32_t i = 0; accept->gap && content->message != NULL && i < routing->count; i++) {
        if (routing->before[i].state == S(PENDING) &&
            !routing->world->definition->items[i].acceptance_by_department &&
            !q->application->items[i]->gap) {
            application_tolerate(routing, i, content->message, true);
        }
    }
}

/* --- the decision ----------------------------------------------------------------------------- */

static Bl__Event *accepted_event(const struct question *q, struct routing *routing)
{
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_ACCEPTED);
    Bl__Accepted *accepted = bl_arena_new(q->arena, Bl__Accepted);
    Bl__WholeChange *whole = routing_whole(routing, q->application, routing->start);

    bl__accepted__init(accepted);
    event->accepted = accepted;
    accepted->reason = q->command->accept->reason;
    accepted->changes = routing_changes(routing, -1, &accepted->n_changes);
    accepted->completed = routing_is_complete(routing);
    if (whole != NULL) {
        accepted->started_at = whole->started_at;
        accepted->promise = whole->promise;
        accepted->legal = whole->legal;
    }
    return event;
}

/* Accepts what waits: one item, or all. */
struct ruling decide_accept(const struct question *q)
{
    const Bl__Accept *accept = q->command->accept;
    struct content content = { 0 };
    struct routing routing;
    struct chosen chosen;
    Bl__Refusal *refusal =
        chosen_for_intake(q, accept->item, item_is_received, "nothing-to-accept", &chosen);

    if (refusal == NULL) {
        refusal = intake_check_text(q, accept->reason, false, "", "reason");
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    content_read(q->world, q->arena, &content);
    routing_begin(&routing, q->world, q->application, content.values, q->arena);
    refusal = check_gap(q, &chosen, &content, &routing);
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    tolerate_pending(q, &content, &routing);
    if (!routing.accepted) {
        routing.accepted = true;
        routing.whole_start = routing.start;
    }
    for (size_t i = 0; i < chosen.count; i++) {
        routing_accept(&routing, chosen.items[i]);
    }
    routing_settle(&routing);
    return ruling_event(accepted_event(q, &routing));
}

/* Who may take it back: whoever did it. */
static void remember_author(Bl__Application *application, const Bl__Event *event,
                            struct bl_arena *arena)
{
    const char *author = office_author(event->actor);

    if (event->accepted->promise != NULL) {
        application->accepted_by = bl_arena_string(arena, author);
    }
    bool same = strcmp(author, application->accepted_by) == 0;
    for (size_t i = 0; i < event->accepted->n_changes; i++) {
        const Bl__ItemChange *change = event->accepted->changes[i];

        if (change->state == S(ACCEPTED) && change->item < application->n_items) {
            application->items[change->item]->accepted_by =
                same ? "" : bl_arena_string(arena, author);
        }
    }
}

void evolve_accepted(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Accepted *accepted = event->accepted;

    remember_author(application, event, arena);
    if (accepted->promise != NULL) {
        application->accepted_at = event->at;
        application->started_at = accepted->started_at;
        application->promise = clock_copy(accepted->promise, arena);
        application->legal = clock_copy(accepted->legal, arena);
    }
    change_items(application, accepted->changes, accepted->n_changes, event, arena);
    change_completed(application, accepted->completed, event->at);
}

/* --- by silence ------------------------------------------------------------------------------- */

static Bl__ItemChange **changes_with(struct routing *routing, Bl__ItemChange *own, size_t *count)
{
    Bl__ItemChange **others = routing_changes(routing, (int)own->item, count);
    Bl__ItemChange **changes = bl_arena_array(routing->arena, Bl__ItemChange *, *count + 1);

    changes[0] = own;
    for (size_t i = 0; i < *count; i++) {
        changes[i + 1] = others[i];
    }
    (*count)++;
    return changes;
}

/* Nobody has said what is missing, accepted or refused: it is accepted as of the day of receipt, so
 * its time has been running since (行政许可法 第三十二条; domain.md 4.4). */
void follow_notify(const struct question *q, Bl__Overdue *overdue)
{
    const Bl__Application *application = q->application;
    uint32_t index = overdue->clock->item;
    bl_time receipt = routing_effective(
        q->world, application_item_receipt(application, application->items[index]));
    struct routing routing;

    if (!item_is_received(application->items[index])) {
        return;
    }
    routing_begin(&routing, q->world, application, content_values(q->world, q->arena), q->arena);
    routing.whole_start = routing.accepted ? routing.whole_start : receipt;
    routing.accepted = true;
    routing_accept(&routing, index);
    routing_settle(&routing);
    overdue->follows = BL__OVERDUE__FOLLOWS__DEEMED;
    overdue->changes =
        changes_with(&routing, routing_change(&routing, index, receipt), &overdue->n_changes);
    overdue->whole = routing_whole(&routing, application, receipt);
    overdue->completed = routing_is_complete(&routing);
}

/* --- the day has come ------------------------------------------------------------------------- */

Bl__Event *application_open(const struct question *q, uint32_t index)
{
    struct routing routing;
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_OPENED);
    Bl__Opened *opened = bl_arena_new(q->arena, Bl__Opened);

    bl__opened__init(opened);
    event->opened = opened;
    opened->item = index;
    routing_begin(&routing, q->world, q->application, content_values(q->world, q->arena), q->arena);
    routing_settle(&routing);
    Bl__ItemChange *own = routing_change(&routing, index, routing.start);
    own->opened = true;
    opened->changes = changes_with(&routing, own, &opened->n_changes);
    opened->completed = routing_is_complete(&routing);
    return event;
}

void evolve_opened(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    change_items(application, event->opened->changes, event->opened->n_changes, event, arena);
    change_completed(application, event->opened->completed, event->at);
}
