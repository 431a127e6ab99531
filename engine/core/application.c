#include "core/application.h"

#include <string.h>

#include "core/content.h"
#include "core/countdown.h"
#include "core/routing.h"

#define S(state) BL__ITEM__STATE__##state
#define R(result) BL__ITEM__RESULT__##result

/* A failed task is offered again after 5 s, 10 s, 20 s … 10 min; then an operator has to look. */
#define RETRY_FIRST (5 * SECOND_US)
#define RETRY_MAX (10 * MINUTE_US)
#define FAILURES_MAX 8

/* --- decide ------------------------------------------------------------------------------------
 */

/* One command, as its decision sees it. */
struct question {
    const struct world *world;
    const Bl__Application *application;  // NULL for a submission
    const Bl__Command *command;
    struct bl_arena *arena;
};

static struct ruling refuse(const struct question *q, enum bl_err code, const char *rule,
                            const char *pointer)
{
    return ruling_refuse(q->arena, code, rule, pointer);
}

static Bl__Event *event_of(const struct question *q, Bl__Event__WhatCase what)
{
    return event_new(q->arena, q->world, what);
}

static bool is_longer(const char *text, size_t characters)
{
    return bl_text_characters(text, strlen(text)) > characters;
}

/* Finds the item that a command names; refuses if there is none, or its department is another's. */
static Bl__Refusal *find_item(const struct question *q, const char *id, uint32_t *index)
{
    int found = application_item_find(q->application, id);
    const struct principal *principal = q->world->principal;

    if (found < 0) {
        return refusal_new(q->arena, BL_NOT_FOUND, "item-unknown", id);
    }
    if (principal->role == BL__KEY__ROLE__WORKER &&
        strcmp(principal->department, q->application->items[found]->department) != 0) {
        Bl__Refusal *refusal = refusal_new(q->arena, BL_DENIED, "other-department", id);

        refusal->who_may = q->application->items[found]->department;
        return refusal;
    }
    *index = (uint32_t)found;
    return NULL;
}

/* Refuses because of the state that the item is in. */
static struct ruling refuse_state(const struct question *q, uint32_t item, const char *rule)
{
    const Bl__Item *is = q->application->items[item];
    const ProtobufCEnumValue *name =
        protobuf_c_enum_descriptor_get_value(&bl__item__state__descriptor, (int)is->state);
    Bl__Refusal *refusal = refusal_new(q->arena, BL_REFUSED, rule, is->id);

    refusal_argument(q->arena, refusal, "state", name->name);
    return (struct ruling){ .refusal = refusal };
}

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
static void start_whole(const struct question *q, Bl__Clock **promise, Bl__Clock **legal)
{
    const struct definition *definition = q->world->definition;
    bl_time start = calendar_effective(q->world->calendar, q->world->now);

    *promise = bl_arena_new(q->arena, Bl__Clock);
    *legal = bl_arena_new(q->arena, Bl__Clock);
    countdown_start(q->world->calendar, definition->promise, 0, start, *promise);
    countdown_start(q->world->calendar, definition->legal, 0, start, *legal);
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
        submitted->items[changes[i]->item]->promise = changes[i]->promise;
        submitted->items[changes[i]->item]->legal = changes[i]->legal;
    }
}

static Bl__Event *submitted_event(const struct question *q, struct routing *routing)
{
    const struct world *world = q->world;
    const Bl__Submit *submit = q->command->submit;
    Bl__Event *event = event_of(q, BL__EVENT__WHAT_SUBMITTED);
    Bl__Submitted *submitted = bl_arena_new(q->arena, Bl__Submitted);
    struct bl_text content = { (const char *)submit->content.data, submit->content.len };

    bl__submitted__init(submitted);
    event->submitted = submitted;
    submitted->number = world->number;
    submitted->workflow = world->definition->workflow;
    submitted->version = world->definition->version;
    submitted->window = submit->window;
    submitted->request_id = q->command->request_id;
    submitted->effective_at = calendar_effective(world->calendar, world->now);
    submitted->accepted = routing->accepted;
    submitted->content_hash.len = CONTENT_HASH_BYTES;
    submitted->content_hash.data = bl_arena_alloc(q->arena, CONTENT_HASH_BYTES);
    content_hash(world, content, submitted->content_hash.data);
    submit_items(routing, submitted);
    if (submitted->accepted) {
        start_whole(q, &submitted->promise, &submitted->legal);
    }
    submitted->completed = routing_is_complete(routing);
    return event;
}

static struct ruling decide_submit(const struct question *q)
{
    const Bl__Submit *submit = q->command->submit;
    struct content content = { 0 };
    struct bl_text bytes = { (const char *)submit->content.data, submit->content.len };
    bool needed[DEFINITION_MATERIALS_MAX] = { 0 };
    struct routing routing;

    if (is_longer(submit->window, WINDOW_CHARACTERS_MAX)) {
        return refuse(q, BL_INVALID, "window-long", "window");
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
    routing_settle(&routing);
    return ruling_event(submitted_event(q, &routing));
}

/* Accepts what waits: one item, or all that the principal may. */
static struct ruling decide_accept(const struct question *q)
{
    const Bl__Application *application = q->application;
    const char *id = q->command->accept->item;
    bool by_department = q->world->definition->acceptance_by_department;
    struct routing routing;
    uint32_t index = 0;

    if (by_department && id[0] == '\0') {
        return refuse(q, BL_REFUSED, "departments-accept", "item");
    }
    if (!by_department && id[0] != '\0') {
        return refuse(q, BL_REFUSED, "window-accepts", "item");
    }
    if (id[0] != '\0') {
        Bl__Refusal *refusal = find_item(q, id, &index);

        if (refusal != NULL) {
            return (struct ruling){ .refusal = refusal };
        }
    }
    routing_begin(&routing, q->world, application, content_values(q->world, q->arena), q->arena);
    routing.accepted = true;
    size_t accepted = 0;
    for (uint32_t i = 0; i < routing.count; i++) {
        if (routing.items[i].state == S(RECEIVED) && (id[0] == '\0' || i == index)) {
            routing.items[i].state = S(ACCEPTED);
            accepted++;
        }
    }
    if (accepted == 0) {
        return id[0] != '\0' ? refuse_state(q, index, "nothing-to-accept")
                             : refuse(q, BL_REFUSED, "nothing-to-accept", "application");
    }
    routing_settle(&routing);
    Bl__Event *event = event_of(q, BL__EVENT__WHAT_ACCEPTED);
    event->accepted = bl_arena_new(q->arena, Bl__Accepted);
    bl__accepted__init(event->accepted);
    event->accepted->changes = routing_changes(&routing, -1, &event->accepted->n_changes);
    event->accepted->completed = routing_is_complete(&routing);
    if (application->accepted_at == 0) {
        start_whole(q, &event->accepted->promise, &event->accepted->legal);
    }
    return ruling_event(event);
}

static Bl__Refusal *check_decide(const struct question *q, const Bl__Decide *decide)
{
    if (decide->result != R(GRANTED) && decide->result != R(DENIED)) {
        return refusal_new(q->arena, BL_INVALID, "decision-unknown", "decision");
    }
    if (decide->result == R(DENIED) && decide->reason[0] == '\0') {
        return refusal_new(q->arena, BL_INVALID, "reason-required", "reason");
    }
    if (is_longer(decide->opinion, OPINION_CHARACTERS_MAX)) {
        return refusal_new(q->arena, BL_TOO_LARGE, "opinion-long", "opinion");
    }
    if (is_longer(decide->reason, REASON_CHARACTERS_MAX)) {
        return refusal_new(q->arena, BL_TOO_LARGE, "reason-long", "reason");
    }
    if (is_longer(decide->document, DOCUMENT_CHARACTERS_MAX)) {
        return refusal_new(q->arena, BL_TOO_LARGE, "document-long", "outcome.number");
    }
    return NULL;
}

static struct ruling decide_decide(const struct question *q)
{
    const Bl__Decide *decide = q->command->decide;
    uint32_t item;
    Bl__Refusal *refusal = find_item(q, decide->item, &item);

    if (refusal == NULL) {
        refusal = check_decide(q, decide);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    if (!application_item_is_ready(q->application->items[item])) {
        return refuse_state(q, item, "item-not-open");
    }
    struct routing routing;
    routing_begin(&routing, q->world, q->application, content_values(q->world, q->arena), q->arena);
    routing.items[item] = (struct join_item){ S(DECIDED), decide->result };
    routing_settle(&routing);

    Bl__Event *event = event_of(q, BL__EVENT__WHAT_DECIDED);
    Bl__Decided *decided = bl_arena_new(q->arena, Bl__Decided);
    bl__decided__init(decided);
    event->decided = decided;
    decided->item = item;
    decided->result = decide->result;
    decided->attempt = decide->attempt;
    decided->opinion = decide->opinion;
    decided->reason = decide->reason;
    decided->document = decide->document;
    decided->changes = routing_changes(&routing, (int)item, &decided->n_changes);
    decided->completed = routing_is_complete(&routing);
    return ruling_event(event);
}

static bl_span retry_after(uint32_t failures)
{
    bl_span after = RETRY_FIRST;

    for (uint32_t i = 0; i < failures && after < RETRY_MAX; i++) {
        after *= 2;
    }
    return after < RETRY_MAX ? after : RETRY_MAX;
}

static struct ruling decide_fail(const struct question *q)
{
    const Bl__Fail *fail = q->command->fail;
    uint32_t index;
    Bl__Refusal *refusal = find_item(q, fail->item, &index);

    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    const Bl__Item *item = q->application->items[index];
    if (!application_item_is_ready(item)) {
        return refuse_state(q, index, "item-not-open");
    }
    if (is_longer(fail->reason, REASON_CHARACTERS_MAX)) {
        return refuse(q, BL_TOO_LARGE, "reason-long", "reason");
    }
    Bl__Event *event = event_of(q, BL__EVENT__WHAT_FAILED);
    event->failed = bl_arena_new(q->arena, Bl__Failed);
    bl__failed__init(event->failed);
    event->failed->item = index;
    event->failed->attempt = fail->attempt;
    event->failed->reason = fail->reason;
    event->failed->incident = fail->permanent || item->failures + 1 >= FAILURES_MAX;
    if (!event->failed->incident) {
        event->failed->retry_at = q->world->now + retry_after(item->failures);
    }
    return ruling_event(event);
}

static struct ruling decide_retry(const struct question *q)
{
    uint32_t item;
    Bl__Refusal *refusal = find_item(q, q->command->retry->item, &item);

    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    if (!q->application->items[item]->incident) {
        return refuse_state(q, item, "no-incident");
    }
    Bl__Event *event = event_of(q, BL__EVENT__WHAT_RETRIED);
    event->retried = bl_arena_new(q->arena, Bl__Retried);
    bl__retried__init(event->retried);
    event->retried->item = item;
    event->retried->reason = q->command->retry->reason;
    return ruling_event(event);
}

static struct ruling decide_release(const struct question *q)
{
    uint32_t item;
    Bl__Refusal *refusal = find_item(q, q->command->release->item, &item);

    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    if (!q->application->items[item]->held) {
        return refuse_state(q, item, "not-held");
    }
    Bl__Event *event = event_of(q, BL__EVENT__WHAT_RELEASED);
    event->released = bl_arena_new(q->arena, Bl__Released);
    bl__released__init(event->released);
    event->released->item = item;
    event->released->reason = q->command->release->reason;
    return ruling_event(event);
}

static struct ruling decide_terminate(const struct question *q)
{
    const Bl__Terminate *terminate = q->command->terminate;
    struct routing routing;
    uint32_t item;
    Bl__Refusal *refusal = find_item(q, terminate->item, &item);

    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    if (terminate->reason[0] == '\0') {
        return refuse(q, BL_INVALID, "reason-required", "reason");
    }
    routing_begin(&routing, q->world, q->application, content_values(q->world, q->arena), q->arena);
    if (join_item_is_settled(routing.items[item])) {
        return refuse_state(q, item, "item-not-open");
    }
    routing.items[item].state = S(TERMINATED);
    routing_settle(&routing);
    Bl__Event *event = event_of(q, BL__EVENT__WHAT_TERMINATED);
    event->terminated = bl_arena_new(q->arena, Bl__Terminated);
    bl__terminated__init(event->terminated);
    event->terminated->item = item;
    event->terminated->reason = terminate->reason;
    event->terminated->changes =
        routing_changes(&routing, (int)item, &event->terminated->n_changes);
    event->terminated->completed = routing_is_complete(&routing);
    return ruling_event(event);
}

static struct ruling decide(const struct world *world, const void *state,
                            const Bl__Command *command, struct bl_arena *arena)
{
    // clang-format off
    static struct ruling (*const decisions[])(const struct question *) = {
        [BL__COMMAND__WHAT_SUBMIT]    = decide_submit,
        [BL__COMMAND__WHAT_ACCEPT]    = decide_accept,
        [BL__COMMAND__WHAT_DECIDE]    = decide_decide,
        [BL__COMMAND__WHAT_FAIL]      = decide_fail,
        [BL__COMMAND__WHAT_RETRY]     = decide_retry,
        [BL__COMMAND__WHAT_RELEASE]   = decide_release,
        [BL__COMMAND__WHAT_TERMINATE] = decide_terminate,
    };
    // clang-format on
    const struct question question = { world, state, command, arena };

    CHECK((size_t)command->what_case < BL_COUNT(decisions) &&
          decisions[command->what_case] != NULL);
    return decisions[command->what_case](&question);
}

/* --- evolve ------------------------------------------------------------------------------------
 */

static Bl__Clock *clock_copy(const Bl__Clock *clock, struct bl_arena *arena)
{
    return clock == NULL ? NULL : bl_arena_copy(arena, clock, sizeof *clock);
}

static void item_end(Bl__Item *item)
{
    countdown_stop(item->promise);
    countdown_stop(item->legal);
    item->held = false;
    item->incident = false;
    item->retry_at = 0;
}

static void item_move(Bl__Item *item, Bl__Item__State state, bl_time at)
{
    if (item->state != state) {
        item->state = state;
        item->since = at;
    }
    if (join_item_is_settled((struct join_item){ state, item->result })) {
        item_end(item);
    }
}

static void evolve_changes(Bl__Application *application, Bl__ItemChange **changes, size_t count,
                           bl_time at, struct bl_arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        const Bl__ItemChange *change = changes[i];

        CHECK(change->item < application->n_items);
        Bl__Item *item = application->items[change->item];
        item->held = change->held;
        if (change->promise != NULL) {
            item->promise = clock_copy(change->promise, arena);
        }
        if (change->legal != NULL) {
            item->legal = clock_copy(change->legal, arena);
        }
        item_move(item, change->state, at);
    }
}

static void evolve_completed(Bl__Application *application, bool completed, bl_time at)
{
    if (completed) {
        application->ended_at = at;
        countdown_stop(application->promise);
        countdown_stop(application->legal);
    }
}

static void evolve_submitted(Bl__Application *application, const Bl__Event *event,
                             struct bl_arena *arena)
{
    const Bl__Submitted *submitted = event->submitted;

    application->number = bl_arena_string(arena, submitted->number);
    application->workflow = bl_arena_string(arena, submitted->workflow);
    application->version = submitted->version;
    application->window = bl_arena_string(arena, submitted->window);
    application->submitted_at = event->at;
    application->effective_at = submitted->effective_at;
    application->accepted_at = submitted->accepted ? event->at : 0;
    application->promise = clock_copy(submitted->promise, arena);
    application->legal = clock_copy(submitted->legal, arena);
    application->contents = 1;
    application->n_items = submitted->n_items;
    application->items = bl_arena_array(arena, Bl__Item *, submitted->n_items);
    for (size_t i = 0; i < submitted->n_items; i++) {
        const Bl__Item *from = submitted->items[i];
        Bl__Item *item = bl_arena_copy(arena, from, sizeof *from);

        item->id = bl_arena_string(arena, from->id);
        item->department = bl_arena_string(arena, from->department);
        item->promise = clock_copy(from->promise, arena);
        item->legal = clock_copy(from->legal, arena);
        application->items[i] = item;
    }
    evolve_completed(application, submitted->completed, event->at);
}

static void evolve_accepted(Bl__Application *application, const Bl__Event *event,
                            struct bl_arena *arena)
{
    const Bl__Accepted *accepted = event->accepted;

    if (accepted->promise != NULL) {
        application->accepted_at = event->at;
        application->promise = clock_copy(accepted->promise, arena);
        application->legal = clock_copy(accepted->legal, arena);
    }
    evolve_changes(application, accepted->changes, accepted->n_changes, event->at, arena);
    evolve_completed(application, accepted->completed, event->at);
}

static Bl__Item *item_at(Bl__Application *application, uint32_t index)
{
    CHECK(index < application->n_items);
    return application->items[index];
}

static void evolve_decided(Bl__Application *application, const Bl__Event *event,
                           struct bl_arena *arena)
{
    const Bl__Decided *decided = event->decided;
    Bl__Item *item = item_at(application, decided->item);

    CHECK(item->state == S(ACCEPTED));
    item->result = decided->result;
    if (decided->document[0] != '\0') {
        item->document = bl_arena_string(arena, decided->document);
    }
    item_move(item, S(DECIDED), event->at);
    evolve_changes(application, decided->changes, decided->n_changes, event->at, arena);
    evolve_completed(application, decided->completed, event->at);
}

static Bl__Clock *clock_named(Bl__Application *application, const Bl__ClockName *name)
{
    Bl__Clock *clock;

    if (name->whole) {
        clock = name->legal ? application->legal : application->promise;
    } else {
        const Bl__Item *item = item_at(application, name->item);

        clock = name->legal ? item->legal : item->promise;
    }
    CHECK(clock != NULL);
    return clock;
}

static void evolve_warned(Bl__Application *application, const Bl__Event *event,
                          struct bl_arena *arena)
{
    (void)arena;
    clock_named(application, event->warned->clock)->phase = BL__CLOCK__PHASE__WARNED;
}

static void evolve_overdue(Bl__Application *application, const Bl__Event *event,
                           struct bl_arena *arena)
{
    (void)arena;
    clock_named(application, event->overdue->clock)->phase = BL__CLOCK__PHASE__OVERDUE;
}

static void evolve_failed(Bl__Application *application, const Bl__Event *event,
                          struct bl_arena *arena)
{
    Bl__Item *item = item_at(application, event->failed->item);

    (void)arena;
    item->failures++;
    item->retry_at = event->failed->retry_at;
    item->incident = event->failed->incident;
}

static void evolve_retried(Bl__Application *application, const Bl__Event *event,
                           struct bl_arena *arena)
{
    Bl__Item *item = item_at(application, event->retried->item);

    (void)arena;
    item->failures = 0;
    item->retry_at = 0;
    item->incident = false;
}

static void evolve_released(Bl__Application *application, const Bl__Event *event,
                            struct bl_arena *arena)
{
    (void)arena;
    item_at(application, event->released->item)->held = false;
}

static void evolve_terminated(Bl__Application *application, const Bl__Event *event,
                              struct bl_arena *arena)
{
    const Bl__Terminated *terminated = event->terminated;

    item_move(item_at(application, terminated->item), S(TERMINATED), event->at);
    evolve_changes(application, terminated->changes, terminated->n_changes, event->at, arena);
    evolve_completed(application, terminated->completed, event->at);
}

static void evolve(void *state, const Bl__Event *event, struct bl_arena *arena)
{
    // clang-format off
    static void (*const evolutions[])(Bl__Application *, const Bl__Event *, struct bl_arena *) = {
        [BL__EVENT__WHAT_SUBMITTED]  = evolve_submitted,
        [BL__EVENT__WHAT_ACCEPTED]   = evolve_accepted,
        [BL__EVENT__WHAT_DECIDED]    = evolve_decided,
        [BL__EVENT__WHAT_WARNED]     = evolve_warned,
        [BL__EVENT__WHAT_OVERDUE]    = evolve_overdue,
        [BL__EVENT__WHAT_FAILED]     = evolve_failed,
        [BL__EVENT__WHAT_RETRIED]    = evolve_retried,
        [BL__EVENT__WHAT_RELEASED]   = evolve_released,
        [BL__EVENT__WHAT_TERMINATED] = evolve_terminated,
    };
    // clang-format on
    Bl__Application *application = state;

    CHECK((size_t)event->what_case < BL_COUNT(evolutions) && evolutions[event->what_case] != NULL);
    CHECK(event->previous == application->last_event);
    evolutions[event->what_case](application, event, arena);
    application->last_event = event->seq;
    application->revision++;
}

/* --- wake --------------------------------------------------------------------------------------
 */

/* The clock of an application that changes first. */
struct first_clock {
    bl_time at;
    const Bl__Clock *clock;
    Bl__ClockName name;
};

static void consider(struct first_clock *first, const Bl__Clock *clock, bool whole, uint32_t item,
                     bool legal)
{
    bl_time at = countdown_next(clock);

    if (at < first->at) {
        first->at = at;
        first->clock = clock;
        first->name.whole = whole;
        first->name.item = item;
        first->name.legal = legal;
    }
}

static struct first_clock first_clock(const Bl__Application *application)
{
    struct first_clock first = { .at = BL_NEVER, .name = BL__CLOCK_NAME__INIT };

    for (uint32_t i = 0; i < application->n_items; i++) {
        consider(&first, application->items[i]->promise, false, i, false);
        consider(&first, application->items[i]->legal, false, i, true);
    }
    consider(&first, application->promise, true, 0, false);
    consider(&first, application->legal, true, 0, true);
    return first;
}

static bl_time next(const void *state)
{
    return first_clock(state).at;
}

/* Yellow at its moment, red at the exact due moment, however late the clock is read. */
static Bl__Event *wake(const void *state, bl_time now, struct bl_arena *arena)
{
    struct first_clock first = first_clock(state);

    if (first.at > now) {
        return NULL;
    }
    bool warns =
        first.clock->phase == BL__CLOCK__PHASE__RUNNING && first.at == first.clock->warn_at;
    struct world engine = { .now = warns ? first.clock->warn_at : first.clock->due_at };
    Bl__Event *event =
        event_new(arena, &engine, warns ? BL__EVENT__WHAT_WARNED : BL__EVENT__WHAT_OVERDUE);
    Bl__ClockName *name = bl_arena_copy(arena, &first.name, sizeof first.name);
    if (warns) {
        event->warned = bl_arena_new(arena, Bl__Warned);
        bl__warned__init(event->warned);
        event->warned->clock = name;
    } else {
        event->overdue = bl_arena_new(arena, Bl__Overdue);
        bl__overdue__init(event->overdue);
        event->overdue->clock = name;
    }
    return event;
}

/* --- lengths ------------------------------------------------------------------------------------
 */

/* Ids are ASCII, other characters take four bytes at most; tags, numbers, moments and two clocks
 * take less than the rest. */
#define ITEM_BYTES_MAX (2 * DEFINITION_ID_CHARACTERS_MAX + 4 * DOCUMENT_CHARACTERS_MAX + 200)
#define CHANGE_BYTES_MAX 120
#define HEAD_BYTES_MAX 1024  // all that is neither an item nor a text without a bound of its own

size_t application_bytes_max(const Bl__Application *application)
{
    return HEAD_BYTES_MAX + 4 * WINDOW_CHARACTERS_MAX + application->n_items * ITEM_BYTES_MAX;
}

size_t application_event_bytes_max(const Bl__Event *event)
{
    if (event->what_case == BL__EVENT__WHAT_SUBMITTED) {
        return HEAD_BYTES_MAX + 4 * WINDOW_CHARACTERS_MAX + strlen(event->submitted->request_id) +
               event->submitted->n_items * ITEM_BYTES_MAX;
    }
    if (event->what_case == BL__EVENT__WHAT_DECIDED) {
        const Bl__Decided *decided = event->decided;

        return HEAD_BYTES_MAX + strlen(decided->opinion) + strlen(decided->reason) +
               strlen(decided->document) + strlen(decided->attempt) +
               decided->n_changes * CHANGE_BYTES_MAX;
    }
    return 0;
}

/* --- questions ---------------------------------------------------------------------------------
 */

static void *create(struct bl_arena *arena, uint64_t id)
{
    Bl__Application *application = bl_arena_new(arena, Bl__Application);

    bl__application__init(application);
    application->id = id;
    return application;
}

const struct aggregate application_aggregate = {
    .kind = BL__AGGREGATE__APPLICATION,
    .state = &bl__application__descriptor,
    .create = create,
    .decide = decide,
    .evolve = evolve,
    .next = next,
    .wake = wake,
};

bool application_is_open(const Bl__Application *application)
{
    return application->ended_at == 0;
}

Bl__Application__State application_state(const Bl__Application *application)
{
    bool decided = false;

    if (!application_is_open(application)) {
        return BL__APPLICATION__STATE__COMPLETED;
    }
    for (size_t i = 0; i < application->n_items; i++) {
        decided |= application->items[i]->state == S(DECIDED);
    }
    if (decided) {
        return BL__APPLICATION__STATE__PARTLY_DONE;
    }
    return application->accepted_at == 0 ? BL__APPLICATION__STATE__SUBMITTED
                                         : BL__APPLICATION__STATE__IN_PROGRESS;
}

int application_item_find(const Bl__Application *application, const char *id)
{
    for (size_t i = 0; i < application->n_items; i++) {
        if (strcmp(application->items[i]->id, id) == 0) {
            return (int)i;
        }
    }
    return -1;
}

bool application_item_is_ready(const Bl__Item *item)
{
    return item->state == S(ACCEPTED) && !item->held && !item->incident;
}

bl_time application_item_due(const Bl__Item *item)
{
    if (item->promise != NULL && item->promise->due_at != 0) {
        return item->promise->due_at;
    }
    return item->legal != NULL && item->legal->due_at != 0 ? item->legal->due_at : BL_NEVER;
}

int application_event_item(const Bl__Event *event)
{
    switch (event->what_case) {
    case BL__EVENT__WHAT_DECIDED:
        return (int)event->decided->item;
    case BL__EVENT__WHAT_WARNED:
        return event->warned->clock->whole ? -1 : (int)event->warned->clock->item;
    case BL__EVENT__WHAT_OVERDUE:
        return event->overdue->clock->whole ? -1 : (int)event->overdue->clock->item;
    case BL__EVENT__WHAT_FAILED:
        return (int)event->failed->item;
    case BL__EVENT__WHAT_RETRIED:
        return (int)event->retried->item;
    case BL__EVENT__WHAT_RELEASED:
        return (int)event->released->item;
    case BL__EVENT__WHAT_TERMINATED:
        return (int)event->terminated->item;
    case BL__EVENT__WHAT__NOT_SET:
    case BL__EVENT__WHAT_SUBMITTED:
    case BL__EVENT__WHAT_ACCEPTED:
    case BL__EVENT__WHAT_PUBLISHED:
    case BL__EVENT__WHAT_RETIRED:
    case BL__EVENT__WHAT_KEY_GRANTED:
    case BL__EVENT__WHAT_KEY_REVOKED:
        return -1;
    }
    UNREACHABLE();
}

Bl__Light application_item_light(const Bl__Item *item, bl_time now)
{
    if (join_item_is_settled((struct join_item){ item->state, item->result })) {
        return BL__LIGHT__GREY;
    }
    return clock_light(countdown_face(item->promise), countdown_face(item->legal), now);
}

Bl__Light application_light(const Bl__Application *application, bl_time now)
{
    if (!application_is_open(application)) {
        return BL__LIGHT__GREY;
    }
    Bl__Light worst =
        clock_light(countdown_face(application->promise), countdown_face(application->legal), now);
    for (size_t i = 0; i < application->n_items; i++) {
        Bl__Light light = application_item_light(application->items[i], now);

        worst = clock_light_worse(light, worst);
    }
    return worst;
}

static bl_time earlier_due(bl_time due, const Bl__Clock *clock)
{
    return countdown_is_open(clock) && clock->due_at < due ? clock->due_at : due;
}

bl_time application_urgency(const Bl__Application *application)
{
    bl_time due = earlier_due(earlier_due(BL_NEVER, application->promise), application->legal);

    for (size_t i = 0; i < application->n_items; i++) {
        due = earlier_due(due, application->items[i]->promise);
        due = earlier_due(due, application->items[i]->legal);
    }
    return due;
}
