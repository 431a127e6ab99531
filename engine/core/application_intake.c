/* 收件: a form is handed in, and what starts at once. */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "core/application_intake.h"
#include "core/change.h"
#include "core/countdown.h"
#include "core/office.h"
#include "core/project.h"
#include "core/wait.h"

#define S(state) BL__ITEM__STATE__##state
#define STATED_BACK_MAX (30 * DAY_US)  // longer no system is down

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
    bool goes_on = item->state != S(NOT_NEEDED);
    item->committed = goes_on && routing->committed != NULL && routing->committed[index];
    item->gap = goes_on && routing->gap != NULL && routing->gap[index];
    if (item->state == S(PENDING) && routing->not_before != NULL &&
        routing->not_before[index] != 0) {
        wait_begin(item, world->definition->fields[definition->not_before].name, routing->start,
                   routing->not_before[index], routing->arena);
    }
    if (item->gap) {
        item->missing = routing->missing[index].at;
        item->n_missing = routing->missing[index].count;
    }
    return item;
}

Bl__Refusal *application_condition_error(struct routing *routing,
                                         const struct definition_item *item,
                                         const struct bl_error *e)
{
    Bl__Refusal *refusal = refusal_new(routing->arena, BL_INVALID, "condition-error", item->id);

    return refusal_argument(
        routing->arena, refusal, "condition",
        bl_arena_printf(routing->arena, "%u:%u: %s", e->line, e->column, e->text));
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
            return application_condition_error(routing, item, &e);
        }
        if (!holds) {
            routing->items[i].state = S(NOT_NEEDED);
        }
    }
    return NULL;
}

void application_needed_materials(const struct routing *routing, bool *needed)
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
        item->result = changes[i]->result;
        item->supplement = changes[i]->supplement;
        item->deliver = changes[i]->deliver;
        item->check = changes[i]->check;
        item->accepted_event = changes[i]->ordered ? 1 : 0;  // which, the fold knows
    }
}

/* Who handed it in for the applicant, unknown to whoever has not the content's salt. */
static const char *agent_hash(const struct question *q, const Bl__Agent *agent)
{
    char *text = bl_arena_alloc(q->arena, 2 * CONTENT_HASH_BYTES + 1);
    uint8_t hash[CONTENT_HASH_BYTES];

    content_hash(q->world, bl_text_of(agent->id[0] != '\0' ? agent->id : agent->name), hash);
    return sodium_bin2hex(text, 2 * CONTENT_HASH_BYTES + 1, hash, sizeof hash);
}

uint64_t application_twin(const uint8_t *secret, const char *workflow, const char *id,
                          struct bl_arena *arena)
{
    uint8_t hash[crypto_shorthash_BYTES];
    uint64_t twin;

    if (secret == NULL || id[0] == '\0') {
        return 0;
    }
    const char *text = bl_arena_printf(arena, "twin %s %s", workflow, id);
    CHECK(crypto_shorthash(hash, (const uint8_t *)text, strlen(text), secret) == 0);
    memcpy(&twin, hash, sizeof twin);
    return twin;
}

static void describe(const struct question *q, const struct content *content,
                     Bl__Submitted *submitted)
{
    const struct world *world = q->world;
    const Bl__Submit *submit = q->command->submit;
    struct bl_text bytes = { (const char *)submit->content.data, submit->content.len };

    submitted->number = world->number;
    submitted->workflow = world->definition->workflow;
    submitted->version = world->definition->version;
    submitted->window = submit->window;
    submitted->request_id = q->command->request_id;
    submitted->mode = submit->mode;
    submitted->project = submit->project;
    submitted->paper = submit->stated_receipt != 0;
    submitted->twin = application_twin(world->secret, submitted->workflow,
                                       content->message->applicant->id, q->arena);
    if (content->message->agent != NULL) {
        submitted->agent = agent_hash(q, content->message->agent);
    }
    submitted->content_hash.len = CONTENT_HASH_BYTES;
    submitted->content_hash.data = bl_arena_alloc(q->arena, CONTENT_HASH_BYTES);
    content_hash(world, bytes, submitted->content_hash.data);
}

static Bl__Event *submitted_event(const struct question *q, const struct content *content,
                                  struct routing *routing)
{
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_SUBMITTED);
    Bl__Submitted *submitted = bl_arena_new(q->arena, Bl__Submitted);

    bl__submitted__init(submitted);
    event->submitted = submitted;
    describe(q, content, submitted);
    submitted->effective_at = routing->start;
    submitted->accepted = routing->accepted;
    submit_items(routing, submitted);
    if (submitted->accepted) {
        Bl__Application draft = BL__APPLICATION__INIT;

        draft.items = submitted->items;
        draft.n_items = submitted->n_items;
        const Bl__WholeChange *whole = routing_whole(routing, &draft, routing->start);
        submitted->started_at = whole->started_at;
        submitted->promise = whole->promise;
        submitted->legal = whole->legal;
    }
    submitted->completed = routing_is_complete(routing);
    return event;
}

/* Papers that were taken while the system was down are entered by the hall's manager, with the
 * moment at which they were taken. */
static Bl__Refusal *check_stated(const struct question *q)
{
    bl_time stated = q->command->submit->stated_receipt;

    if (stated == 0) {
        return NULL;
    }
    if (office_actor(q->world).role != BL__KEY__ROLE__MANAGER) {
        Bl__Refusal *refusal =
            refusal_new(q->arena, BL_DENIED, "stated-by-manager", "stated_receipt");

        refusal->who_may = "manager";
        return refusal;
    }
    if (stated > q->world->now) {
        return refusal_new(q->arena, BL_INVALID, "stated-future", "stated_receipt");
    }
    return stated < q->world->now - STATED_BACK_MAX
               ? refusal_new(q->arena, BL_INVALID, "stated-old", "stated_receipt")
               : NULL;
}

static Bl__Refusal *check_head(const struct question *q)
{
    const Bl__Submit *submit = q->command->submit;

    if (question_is_longer(submit->window, WINDOW_CHARACTERS_MAX)) {
        return refusal_new(q->arena, BL_INVALID, "window-long", "window");
    }
    Bl__Refusal *refusal = submit->project[0] == '\0'
                               ? NULL
                               : project_may_join(q->world->project, submit->project, q->arena);
    return refusal != NULL ? refusal : check_stated(q);
}

/* When the day opens before which an item may not start; 0: it may. */
static bl_time day_of(const struct world *world, const struct definition_item *item,
                      const struct form_value *values)
{
    char text[BL_TIME_TEXT];
    bl_day day;

    if (item->not_before < 0 || !values[item->not_before].present) {
        return 0;
    }
    struct bl_text date = values[item->not_before].value.string;
    (void)snprintf(text, sizeof text, "%.*s", (int)date.bytes, date.at);
    if (bl_day_parse(text, &day, NULL) != BL_OK) {
        return 0;  // never: the form was checked
    }
    bl_time opens = routing_effective(world, calendar_opening(world->calendar, day));
    return opens > world->now ? opens : 0;
}

void application_wait_for_days(struct routing *routing, const Bl__Application *application,
                               const struct form_value *values)
{
    const struct world *world = routing->world;

    for (size_t i = 0; i < routing->count; i++) {
        const struct definition_item *item = &world->definition->items[i];
        bl_time before = application == NULL ? 0 : application->items[i]->not_before;
        bl_time opens = item->not_before < 0 ? 0 : day_of(world, item, values);

        if (opens == before || routing->items[i].state != S(PENDING)) {
            continue;
        }
        if (routing->not_before == NULL) {
            routing->not_before = bl_arena_array(routing->arena, bl_time, routing->count);
        }
        routing->not_before[i] = opens;
        routing_mark(routing, &routing->moved)[i] = true;
    }
}

Bl__Application *application_waiting(const struct routing *routing, Bl__ItemChange *const *changes,
                                     size_t count)
{
    struct bl_arena *arena = routing->arena;
    Bl__Application *draft =
        bl_arena_copy(arena, routing->application, sizeof *routing->application);

    draft->items = bl_arena_copy(arena, draft->items, draft->n_items * sizeof *draft->items);
    for (size_t i = 0; i < count; i++) {
        const Bl__ItemChange *change = changes[i];

        if (change->opened || change->not_before != 0) {
            Bl__Item *item = item_copy(draft->items[change->item], arena);

            wait_move(item, change->opened ? routing->world->now : change->not_before);
            draft->items[change->item] = item;
        }
    }
    return draft;
}

/* What starts at once, and with what gaps. */
static void start(const struct question *q, const struct content *content, struct routing *routing)
{
    const struct definition *definition = q->world->definition;
    const Bl__Submit *submit = q->command->submit;

    routing->start = submit->stated_receipt != 0
                         ? routing_effective(q->world, submit->stated_receipt)
                         : routing->start;
    routing->accepted = !submit->receive_only && !definition->acceptance_by_department;
    routing->whole_start = routing->accepted ? routing->start : 0;
    application_wait_for_days(routing, NULL, content->values);
    for (uint32_t i = 0;
         routing->accepted && definition->supplement.halves > 0 && i < routing->count; i++) {
        if (routing->items[i].state != S(NOT_NEEDED) &&
            !definition->items[i].acceptance_by_department) {
            application_tolerate(routing, i, content->message, false);
        }
    }
    routing_settle(routing);
}

struct ruling decide_submit(const struct question *q)
{
    const Bl__Submit *submit = q->command->submit;
    struct content content = { 0 };
    struct bl_text bytes = { (const char *)submit->content.data, submit->content.len };
    bool needed[DEFINITION_MATERIALS_MAX] = { 0 };
    struct routing routing;
    Bl__Refusal *refusal = check_head(q);

    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    refusal = content_check(q->world, bytes, q->arena, &content);
    if (content.message == NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    routing_begin(&routing, q->world, NULL, content.values, q->arena);
    if (content.form_is_valid) {
        refusal = refusal_join(q->arena, refusal, settle_conditions(&routing));
        Bl__Refusal *commitment = application_commit(&routing, submit);
        refusal = commitment == NULL ? refusal : refusal_join(q->arena, refusal, commitment);
        application_needed_materials(&routing, needed);
    }
    refusal = content_check_materials(q->world->definition, &content, needed, q->arena, refusal);
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    start(q, &content, &routing);
    return ruling_event(submitted_event(q, &content, &routing));
}

void evolve_submitted(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Submitted *submitted = event->submitted;

    application->number = bl_arena_string(arena, submitted->number);
    application->workflow = bl_arena_string(arena, submitted->workflow);
    application->version = submitted->version;
    application->window = bl_arena_string(arena, submitted->window);
    application->submitted_at = event->at;
    application->effective_at = submitted->effective_at;
    application->accepted_at = submitted->accepted ? event->at : 0;
    if (submitted->accepted) {
        application->accepted_by = bl_arena_string(arena, office_author(event->actor));
    }
    application->promise = clock_copy(submitted->promise, arena);
    application->legal = clock_copy(submitted->legal, arena);
    application->started_at = submitted->started_at;
    application->mode = submitted->mode;
    application->project = bl_arena_string(arena, submitted->project);
    application->paper = submitted->paper;
    application->twin = submitted->twin;
    application->contents = 1;
    application->n_items = submitted->n_items;
    application->items = bl_arena_array(arena, Bl__Item *, submitted->n_items);
    for (size_t i = 0; i < submitted->n_items; i++) {
        application->items[i] = item_copy(submitted->items[i], arena);
        if (application->items[i]->accepted_event != 0) {
            application->items[i]->accepted_event = event->seq;  // known only now
        }
    }
    change_completed(application, submitted->completed, event->at);
}
