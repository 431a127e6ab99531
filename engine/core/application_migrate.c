/* A running case goes on under another version of its workflow. Items of the same id keep what they
 * have; new ones start as their needs say; those that the version no longer has end, if they were
 * open, and stay on record behind the others. The clocks are counted again with the limits of the
 * new version. Whoever migrates back finds what was open as it was. */
#include <string.h>

#include "core/application_state.h"
#include "core/change.h"
#include "core/content.h"
#include "core/countdown.h"
#include "core/desk.h"
#include "core/recount.h"

#define S(state) BL__ITEM__STATE__##state
#define P(phase) BL__CLOCK__PHASE__##phase

#define MIGRATIONS_MAX 20        // of one application
#define ACCEPTED_NOW UINT64_MAX  // the order of acceptance is the event's own number

/* An application on its way to another version. */
struct moving {
    const struct question *q;
    struct world world;  // of the version that it goes to
    const struct definition *from, *to;
    Bl__Application moved;  // as it will be
    bool *is_new;           // for each item of the new version
    struct content content;
    struct routing routing;
};

static bool is_settled(const Bl__Item *item)
{
    return join_item_is_settled((struct join_item){ item->state, item->result });
}

static const struct definition_item *find_definition(const struct definition *definition,
                                                     const char *id)
{
    int index = definition_item_find(definition, id);

    return index < 0 ? NULL : &definition->items[index];
}

/* --- may it? ------------------------------------------------------------------------------------
 */

static Bl__Refusal *check(const struct question *q)
{
    const Bl__Migrate *migrate = q->command->migrate;
    const char *version = bl_arena_printf(q->arena, "%u", migrate->version);

    if (!application_is_open(q->application)) {
        return refusal_new(q->arena, BL_REFUSED, "application-ended", "application");
    }
    if (q->world->target == NULL) {
        return refusal_new(q->arena, BL_NOT_FOUND, "version-unknown", version);
    }
    if (q->world->target->version == q->application->version) {
        return refusal_new(q->arena, BL_REFUSED, "version-same", version);
    }
    if (q->application->n_migrations >= MIGRATIONS_MAX) {
        return refusal_new(q->arena, BL_TOO_LARGE, "migrations-many", version);
    }
    if (migrate->reason[0] == '\0') {
        return refusal_new(q->arena, BL_INVALID, "reason-required", "reason");
    }
    return question_is_longer(migrate->reason, REASON_CHARACTERS_MAX)
               ? refusal_new(q->arena, BL_TOO_LARGE, "reason-long", "reason")
               : NULL;
}

/* The form as the new version asks for it. */
static Bl__Refusal *check_form(struct moving *m)
{
    if (m->world.content.at == NULL) {
        return refusal_new(m->q->arena, BL_REFUSED, "content-erased", "form");
    }
    return content_check(&m->world, m->world.content, m->q->arena, &m->content);
}

static bool is_given(const struct moving *m, const char *material)
{
    for (size_t i = 0; i < m->content.message->n_materials; i++) {
        const Bl__Material *given = m->content.message->materials[i];

        if (strcmp(given->id, material) == 0 && !given->later) {
            return true;
        }
    }
    return false;
}

/* Essential materials that an open item of the new version asks for, and nobody has handed in. */
static Bl__Refusal *check_materials(struct moving *m)
{
    Bl__Refusal *first = NULL;

    for (size_t i = 0; i < m->to->item_count; i++) {
        const struct definition_item *item = &m->to->items[i];

        for (size_t k = 0; k < item->material_count && !is_settled(m->moved.items[i]); k++) {
            const struct definition_material *material = &m->to->materials[item->materials[k]];

            if (material->essential && !is_given(m, material->id)) {
                first = refusal_join(
                    m->q->arena, first,
                    refusal_new(m->q->arena, BL_INVALID, "material-required",
                                bl_arena_printf(m->q->arena, "materials.%s", material->id)));
            }
        }
    }
    return first;
}

/* --- the items in the order of the new version --------------------------------------------------
 */

static void go_on(Bl__Clock *clock)
{
    if (clock != NULL && clock->phase == P(STOPPED)) {
        clock->phase = P(RUNNING);
    } else if (clock != NULL && clock->phase == P(LATE)) {
        clock->phase = P(OVERDUE);
    }
}

/* An item that the version before did not have comes back. Its stops have ended when it went. */
static void restore(Bl__Item *item, bl_time now)
{
    if (item->reopens) {
        item->state = item->before;
        if (item->state == S(SUSPENDED)) {
            item->state = item->desk != NULL ? S(REVIEWING) : S(ACCEPTED);
        }
        item->before = S(STATE_UNSPECIFIED);
        item->since = now;
        go_on(item->notify);
        go_on(item->correction);
        for (size_t i = 0; i < item->n_consultations; i++) {
            if (item->consultations[i]->answered_at == 0) {
                go_on(item->consultations[i]->limit);
            }
        }
    }
    item->removed = false;
    item->reopens = false;
}

/* Where the new version has the step that an item is at; its count of steps where it has none. */
static uint32_t find_step(const struct moving *m, const Bl__Item *item,
                          const struct definition_item *to)
{
    const struct definition_item *from = find_definition(m->from, item->id);
    uint32_t step = 0;

    if (from == NULL) {  // it comes back; to the very version that it went from, to its step too
        const Bl__Application *application = m->q->application;
        size_t count = application->n_migrations;
        bool back = count > 0 && application->migrations[count - 1]->from == m->to->version;

        return back && item->desk->step < to->step_count ? item->desk->step
                                                         : (uint32_t)to->step_count;
    }
    while (step < to->step_count &&
           strcmp(to->steps[step].id, from->steps[item->desk->step].id) != 0) {
        step++;
    }
    return step;
}

/* The step of the same id; the first one, in a new round, where it is gone. An item that has ended
 * keeps its signatures, at the last step: there it goes on if it is reopened. Nothing is taken back
 * over a migration: the step before is one of the version before. */
static void move_desk(const struct moving *m, Bl__Item *item, const struct definition_item *to)
{
    bl_time start = routing_effective(&m->world, m->world.now);

    if (to->step_count == 0) {
        item->desk = NULL;
        return;
    }
    if (item->desk == NULL) {
        item->desk = application_item_is_running(item)
                         ? desk_begin(&m->world, to, 0, 1, start, m->q->arena)
                         : NULL;
        return;
    }
    uint32_t step = find_step(m, item, to);
    if (step == to->step_count && !is_settled(item)) {
        item->desk = desk_begin(&m->world, to, 0, item->desk->round + 1, start, m->q->arena);
        return;
    }
    item->desk->step = step < to->step_count ? step : (uint32_t)to->step_count - 1;
    item->desk->personal = desk_step_is_personal(&to->steps[item->desk->step]);
    item->desk->before = NULL;
}

static Bl__Item *item_new(const struct moving *m, const struct definition_item *to)
{
    Bl__Item *item = bl_arena_new(m->q->arena, Bl__Item);

    bl__item__init(item);
    item->id = to->id;
    item->department = to->department;
    item->state = S(PENDING);
    item->since = m->world.now;
    return item;
}

static void place_item(struct moving *m, const struct definition_item *to)
{
    int old = application_item_find(m->q->application, to->id);
    Bl__Item **place = &m->moved.items[to->index];

    m->is_new[to->index] = old < 0;
    if (old < 0) {
        *place = item_new(m, to);
        return;
    }
    *place = item_copy(m->q->application->items[old], m->q->arena);
    if ((*place)->removed) {
        restore(*place, m->world.now);
    }
    if (!is_settled(*place) && (*place)->passed_up_at == 0) {
        (*place)->department = to->department;
    }
    move_desk(m, *place, to);
}

/* What the new version does not have: ended, and on record. */
static Bl__Refusal *remove_item(struct moving *m, const Bl__Item *old)
{
    Bl__Item *item = item_copy(old, m->q->arena);

    if (!item->removed && is_settled(item) &&
        (countdown_is_open(item->deliver) || countdown_is_open(item->supplement) ||
         countdown_is_open(item->check))) {
        return refusal_new(m->q->arena, BL_REFUSED, "migrate-unfinished", item->id);
    }
    if (!is_settled(item)) {
        change_item_state(item, S(TERMINATED), m->world.now);
        item->reopens = true;
    }
    item->removed = true;
    m->moved.items[m->moved.n_items++] = item;
    return NULL;
}

static Bl__Refusal *place_items(struct moving *m)
{
    const Bl__Application *application = m->q->application;
    Bl__Refusal *refusal = NULL;

    m->moved.items =
        bl_arena_array(m->q->arena, Bl__Item *, m->to->item_count + application->n_items);
    m->moved.n_items = m->to->item_count;
    m->is_new = bl_arena_array(m->q->arena, bool, m->to->item_count + 1);
    for (size_t i = 0; i < m->to->item_count; i++) {
        place_item(m, &m->to->items[i]);
    }
    for (size_t i = 0; i < application->n_items; i++) {
        if (find_definition(m->to, application->items[i]->id) == NULL) {
            refusal = refusal_join(m->q->arena, refusal, remove_item(m, application->items[i]));
        }
    }
    return refusal;
}

/* --- what follows ------------------------------------------------------------------------------
 */

/* New items whose condition over the form is false are not needed. */
static Bl__Refusal *settle_new(struct moving *m)
{
    for (size_t i = 0; i < m->to->item_count; i++) {
        const struct definition_item *item = &m->to->items[i];
        struct bl_error e = { 0 };
        bool holds = true;

        if (!m->is_new[i] || item->when == NULL || item->when_needs_items) {
            continue;
        }
        if (form_holds(item->when, &m->routing.scope, m->q->arena, &holds, &e) != BL_OK) {
            return application_condition_error(&m->routing, item, &e);
        }
        if (!holds) {
            m->routing.items[i].state = S(NOT_NEEDED);
        }
    }
    return NULL;
}

static void fold(struct moving *m)
{
    Bl__Event event = BL__EVENT__INIT;
    size_t count;
    Bl__ItemChange **changes = routing_changes(&m->routing, -1, &count);

    event.at = m->world.now;
    event.seq = ACCEPTED_NOW;
    change_items(&m->moved, changes, count, &event, m->q->arena);
}

static bool is_overdue(const Bl__Clock *clock)
{
    return clock != NULL && clock->phase == P(OVERDUE);
}

/* The ladder of the new version, from the rung that is reached; what is in time again has not been
 * escalated. */
static void move_rung(const struct moving *m, Bl__Item *item)
{
    item->rung_at = escalate_next(&m->world, item);
    if (!is_overdue(item->promise) && !is_overdue(item->legal)) {
        item->rung = 0;
    }
}

/* The clocks of what was running before, by the limits of the new version. */
static void recount_running(struct moving *m, const Bl__Item *const *before)
{
    for (uint32_t i = 0; i < m->to->item_count; i++) {
        Bl__Item *item = m->moved.items[i];

        if (m->is_new[i] || !application_item_is_running(item) ||
            !application_item_is_running(before[i])) {
            continue;
        }
        Bl__ItemChange *change = recount_item(&m->world, &m->moved, item, i, m->q->arena);
        item->promise = change->promise;
        item->legal = change->legal;
        if (change->step != NULL) {
            item->desk->limit = change->step;
        }
        move_rung(m, item);
    }
}

/* The clocks of the whole by the new version's limits, and the next rung of its ladder. */
static Bl__WholeChange *whole_moved(const struct moving *m)
{
    Bl__WholeChange *whole = recount_whole(&m->world, &m->moved, NULL, 0, NULL, m->q->arena);
    Bl__Application after = m->moved;

    if (m->moved.rung_at == 0) {
        return whole;
    }
    if (whole == NULL) {
        whole = bl_arena_new(m->q->arena, Bl__WholeChange);
        bl__whole_change__init(whole);
    }
    after.promise = whole->promise != NULL ? whole->promise : after.promise;
    after.legal = whole->legal != NULL ? whole->legal : after.legal;
    whole->climbs = true;
    whole->rung_at = escalate_next_whole(&m->world, &after);
    return whole;
}

static const Bl__Item *const *snapshot(const struct moving *m)
{
    const Bl__Item **items = bl_arena_array(m->q->arena, const Bl__Item *, m->to->item_count + 1);

    for (size_t i = 0; i < m->to->item_count; i++) {
        items[i] = bl_arena_copy(m->q->arena, m->moved.items[i], sizeof **items);
    }
    return items;
}

static Bl__Refusal *move(struct moving *m)
{
    Bl__Refusal *refusal = check_form(m);

    if (refusal == NULL) {
        refusal = place_items(m);
    }
    if (refusal == NULL) {
        routing_begin(&m->routing, &m->world, &m->moved, m->content.values, m->q->arena);
        refusal = settle_new(m);
    }
    if (refusal != NULL) {
        return refusal;
    }
    const Bl__Item *const *before = snapshot(m);
    routing_settle(&m->routing);
    fold(m);
    recount_running(m, before);
    return check_materials(m);
}

struct ruling decide_migrate(const struct question *q)
{
    struct moving m = { .q = q, .world = *q->world };
    Bl__Refusal *refusal = check(q);

    if (refusal == NULL) {
        m.from = q->world->definition;
        m.to = q->world->target;
        m.world.definition = m.to;
        m.world.calendar = q->world->target_calendar;
        m.moved = *q->application;
        refusal = move(&m);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_MIGRATED);
    Bl__Migrated *migrated = bl_arena_new(q->arena, Bl__Migrated);
    bl__migrated__init(migrated);
    event->migrated = migrated;
    migrated->from = m.from->version;
    migrated->to = m.to->version;
    migrated->items = m.moved.items;
    migrated->n_items = m.moved.n_items;
    migrated->whole = whole_moved(&m);
    migrated->reason = q->command->migrate->reason;
    migrated->completed = routing_is_complete(&m.routing);
    return ruling_event(event);
}

/* --- evolve ------------------------------------------------------------------------------------
 */

static uint32_t moved_index(const Bl__Application *application, const Bl__Migrated *migrated,
                            uint32_t index)
{
    CHECK(index < application->n_items);
    for (uint32_t i = 0; i < migrated->n_items; i++) {
        if (strcmp(migrated->items[i]->id, application->items[index]->id) == 0) {
            return i;
        }
    }
    UNREACHABLE();  // what the version does not have stays behind the others
}

/* What names items by their place names them by the new one. */
static void renumber(Bl__Application *application, const Bl__Migrated *migrated)
{
    for (size_t i = 0; i < application->n_urgings; i++) {
        Bl__Urging *urging = application->urgings[i];

        urging->item = urging->whole ? 0 : moved_index(application, migrated, urging->item);
    }
    for (size_t i = 0; i < application->n_notices; i++) {
        Bl__Notice *notice = application->notices[i];

        notice->item = notice->whole ? 0 : moved_index(application, migrated, notice->item);
    }
    for (size_t i = 0; i < application->n_visits; i++) {
        Bl__Visit *visit = application->visits[i];

        for (size_t k = 0; k < visit->n_items; k++) {
            visit->items[k] = moved_index(application, migrated, visit->items[k]);
        }
    }
}

static void remember(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    Bl__Migration *migration = bl_arena_new(arena, Bl__Migration);

    bl__migration__init(migration);
    migration->event = event->seq;
    migration->from = event->migrated->from;
    application->migrations =
        bl_arena_append(arena, application->migrations, application->n_migrations, migration);
    application->n_migrations++;
}

void evolve_migrated(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Migrated *migrated = event->migrated;

    CHECK(application->version == migrated->from);
    renumber(application, migrated);
    remember(application, event, arena);
    application->version = migrated->to;
    application->n_items = migrated->n_items;
    application->items = bl_arena_array(arena, Bl__Item *, migrated->n_items);
    for (size_t i = 0; i < migrated->n_items; i++) {
        application->items[i] = item_copy(migrated->items[i], arena);
        if (application->items[i]->accepted_event == ACCEPTED_NOW) {
            application->items[i]->accepted_event = event->seq;
        }
    }
    change_whole(application, migrated->whole, arena);
    change_completed(application, migrated->completed, event->at);
}
