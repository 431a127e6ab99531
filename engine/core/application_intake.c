/* What may happen up to acceptance: 收件, 受理. */
#include <string.h>

#include "core/application_state.h"
#include "core/content.h"
#include "core/countdown.h"
#include "core/project.h"

#define S(state) BL__ITEM__STATE__##state

static Bl__Item *item_new(struct routing *routing, uint32_t index)
{
    const struct world *world = routing->world;
    const struct definition_item *definition = &world->definition->items[index];
    Bl__Item *item = bl_arena_new(routing->arena, Bl__Item);

    bl__item__init(item);
    item->id = definition->id;
    item->department = definition->department;
    item->state = routing->items[index].state;
    item->held = routing->held[index];
    item->since = world->now;
    return item;
}

/* The clocks of the whole start with the first acceptance. */
static void start_whole(const struct question *q, bl_time start, Bl__Clock **promise,
                        Bl__Clock **legal)
{
    const struct definition *definition = q->world->definition;

    *promise = countdown_new(q->world->calendar, definition->promise, 0, start, q->arena);
    *legal = countdown_new(q->world->calendar, definition->legal, 0, start, q->arena);
}

/* Settles the conditions over the form: false means that the item is not needed. */
static Bl__Refusal *settle_conditions(struct routing *routing)
{
    const struct definition *definition = routing->world->definition;

    for (size_t i = 0; i < definition->item_count; i++) {
        const struct definition_item *item = &definition->items[i];
        struct bl_error e = { 0 };
        bool holds = true;

        if (item->when == NULL || item->when_needs_items) {
            continue;
        }
        if (form_holds(item->when, &routing->scope, routing->arena, &holds, &e) != BL_OK) {
            Bl__Refusal *refusal =
                refusal_new(routing->arena, BL_INVALID, "condition-error", item->id);

            return refusal_argument(
                routing->arena, refusal, "condition",
                bl_arena_printf(routing->arena, "%u:%u: %s", e.line, e.column, e.text));
        }
        if (!holds) {
            routing->items[i].state = S(NOT_NEEDED);
        }
    }
    return NULL;
}

static void needed_materials(const struct routing *routing, bool *needed)
{
    const struct definition *definition = routing->world->definition;

    for (size_t i = 0; i < definition->item_count; i++) {
        const struct definition_item *item = &definition->items[i];

        for (size_t k = 0; k < item->material_count; k++) {
            needed[item->materials[k]] |= routing->items[i].state != S(NOT_NEEDED);
        }
    }
}

/* The items of a new application with the clocks that start at once. */
static void submit_items(struct routing *routing, Bl__Submitted *submitted)
{
    size_t change_count;

    submitted->n_items = routing->count;
    submitted->items = bl_arena_array(routing->arena, Bl__Item *, routing->count);
    for (uint32_t i = 0; i < routing->count; i++) {
        submitted->items[i] = item_new(routing, i);
    }
    Bl__ItemChange **changes = routing_changes(routing, -1, &change_count);
    for (size_t i = 0; i < change_count; i++) {
        Bl__Item *item = submitted->items[changes[i]->item];

        item->promise = changes[i]->promise;
        item->legal = changes[i]->legal;
        item->notify = changes[i]->notify;
        item->started_at = changes[i]->started_at;
        item->desk = changes[i]->desk;
        item->accepted_event = changes[i]->ordered ? 1 : 0;  // which, the fold knows
    }
}

static Bl__Event *submitted_event(const struct question *q, struct routing *routing)
{
    const struct world *world = q->world;
    const Bl__Submit *submit = q->command->submit;
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_SUBMITTED);
    Bl__Submitted *submitted = bl_arena_new(q->arena, Bl__Submitted);
    struct bl_text content = { (const char *)submit->content.data, submit->content.len };

    bl__submitted__init(submitted);
    event->submitted = submitted;
    submitted->number = world->number;
    submitted->workflow = world->definition->workflow;
    submitted->version = world->definition->version;
    submitted->window = submit->window;
    submitted->project = submit->project;
    submitted->request_id = q->command->request_id;
    submitted->effective_at = routing_effective(world, world->now);
    submitted->accepted = routing->accepted;
    submitted->content_hash.len = CONTENT_HASH_BYTES;
    submitted->content_hash.data = bl_arena_alloc(q->arena, CONTENT_HASH_BYTES);
    content_hash(world, content, submitted->content_hash.data);
    submit_items(routing, submitted);
    if (submitted->accepted) {
        submitted->started_at = routing->start == world->now ? 0 : routing->start;
        start_whole(q, routing->start, &submitted->promise, &submitted->legal);
    }
    submitted->completed = routing_is_complete(routing);
    return event;
}

struct ruling decide_submit(const struct question *q)
{
    const Bl__Submit *submit = q->command->submit;
    struct content content = { 0 };
    struct bl_text bytes = { (const char *)submit->content.data, submit->content.len };
    bool needed[DEFINITION_MATERIALS_MAX] = { 0 };
    struct routing routing;

    if (question_is_longer(submit->window, WINDOW_CHARACTERS_MAX)) {
        return question_refuse(q, BL_INVALID, "window-long", "window");
    }
    if (submit->project[0] != '\0') {
        Bl__Refusal *unknown = project_may_join(q->world->project, submit->project, q->arena);

        if (unknown != NULL) {
            return (struct ruling){ .refusal = unknown };
        }
    }
    Bl__Refusal *refusal = content_check(q->world, bytes, q->arena, &content);
    if (content.message == NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    routing_begin(&routing, q->world, NULL, content.values, q->arena);
    if (content.form_is_valid) {
        refusal = refusal_join(q->arena, refusal, settle_conditions(&routing));
        needed_materials(&routing, needed);
    }
    refusal = content_check_materials(q->world->definition, &content, needed, q->arena, refusal);
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    routing.accepted = !submit->receive_only && !q->world->definition->acceptance_by_department;
    routing.whole_start = routing.accepted ? routing.start : 0;
    routing_settle(&routing);
    return ruling_event(submitted_event(q, &routing));
}

/* Who accepts what: the window all that waits, or a department its own item. */
static Bl__Refusal *check_accept(const struct question *q, uint32_t *index)
{
    const char *id = q->command->accept->item;
    bool by_department = q->world->definition->acceptance_by_department;
    Bl__Key__Role role = q->world->principal->role;

    if (by_department != (id[0] != '\0')) {
        return refusal_new(q->arena, BL_REFUSED,
                           by_department ? "departments-accept" : "window-accepts", "item");
    }
    Bl__Refusal *refusal = by_department ? question_item(q, id, index) : NULL;
    if (refusal == NULL && role == (by_department ? BL__KEY__ROLE__CLERK : BL__KEY__ROLE__WORKER)) {
        refusal = refusal_new(q->arena, BL_DENIED, "role-may-not", id);
        refusal->who_may =
            by_department ? bl_arena_string(q->arena, q->application->items[*index]->department)
                          : "clerk";
    }
    return refusal;
}

/* Accepts what waits: one item, or all. */
struct ruling decide_accept(const struct question *q)
{
    const Bl__Application *application = q->application;
    const char *id = q->command->accept->item;
    struct routing routing;
    uint32_t index = 0;
    Bl__Refusal *refusal = check_accept(q, &index);

    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    routing_begin(&routing, q->world, application, content_values(q->world, q->arena), q->arena);
    routing.accepted = true;
    routing.whole_start = application->accepted_at == 0 ? routing.start : routing.whole_start;
    size_t accepted = 0;
    for (uint32_t i = 0; i < routing.count; i++) {
        if (routing.items[i].state == S(RECEIVED) && (id[0] == '\0' || i == index)) {
            routing.items[i].state = S(ACCEPTED);
            accepted++;
        }
    }
    if (accepted == 0) {
        return id[0] != '\0' ? question_refuse_state(q, index, "nothing-to-accept")
                             : question_refuse(q, BL_REFUSED, "nothing-to-accept", "application");
    }
    routing_settle(&routing);
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_ACCEPTED);
    event->accepted = bl_arena_new(q->arena, Bl__Accepted);
    bl__accepted__init(event->accepted);
    event->accepted->changes = routing_changes(&routing, -1, &event->accepted->n_changes);
    event->accepted->completed = routing_is_complete(&routing);
    if (application->accepted_at == 0) {
        event->accepted->started_at = routing.start == q->world->now ? 0 : routing.start;
        start_whole(q, routing.start, &event->accepted->promise, &event->accepted->legal);
    }
    return ruling_event(event);
}
