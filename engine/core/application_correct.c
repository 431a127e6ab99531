/* 补正 补齐: what the applicant hands in after the notification, or to close a tolerated gap. Each
 * makes a further version of the content; the ones before stay as they are. */
#include <string.h>

#include "core/application_intake.h"
#include "core/change.h"
#include "core/countdown.h"
#include "core/recount.h"

#define S(state) BL__ITEM__STATE__##state

/* The next version of the content, and what is new in it. */
struct next_content {
    struct bl_text bytes;
    struct content content;
    const char **materials, **fields;
    size_t material_count, field_count;
};

static Bl__Refusal *merge(const struct question *q, Bl__Material **materials, size_t count,
                          struct bl_text form, struct next_content *next)
{
    struct content before = { 0 };

    content_read(q->world, q->arena, &before);
    if (before.message == NULL) {
        return refusal_new(q->arena, BL_NOT_FOUND, "content-erased", "content");
    }
    if (count > DEFINITION_MATERIALS_MAX) {
        return refusal_new(q->arena, BL_TOO_LARGE, "notify-many", "materials");
    }
    next->materials = bl_arena_array(q->arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++) {
        if (materials[i]->later || intake_has(next->materials, i, materials[i]->id)) {
            return refusal_new(q->arena, BL_INVALID,
                               materials[i]->later ? "material-later" : "material-twice",
                               bl_arena_printf(q->arena, "materials.%s", materials[i]->id));
        }
        next->materials[next->material_count++] = materials[i]->id;
    }
    next->bytes = content_merge(before.message, materials, count, form, q->arena);
    Bl__Refusal *refusal = content_check(q->world, next->bytes, q->arena, &next->content);
    if (refusal == NULL) {
        next->fields = content_changed(q->world->definition, before.values, next->content.values,
                                       q->arena, &next->field_count);
    }
    return refusal;
}

static Bl__Refusal *check_essential(struct routing *routing, const struct next_content *next)
{
    bool needed[DEFINITION_MATERIALS_MAX] = { 0 };

    application_needed_materials(routing, needed);
    return content_check_materials(routing->world->definition, &next->content, needed,
                                   routing->arena, NULL);
}

static void hash(const struct question *q, const struct next_content *next,
                 ProtobufCBinaryData *into)
{
    into->len = CONTENT_HASH_BYTES;
    into->data = bl_arena_alloc(q->arena, CONTENT_HASH_BYTES);
    content_hash(q->world, next->bytes, into->data);
}

/* Adds what an item still waits for to the answer; returns whether that is anything. */
static bool still_missing(const struct question *q, const Bl__Item *item,
                          const struct next_content *next, struct ruling *ruling)
{
    Bl__Item rest = *item;

    rest.missing = bl_arena_copy(q->arena, item->missing, item->n_missing * sizeof *item->missing);
    if (missing_take(&rest, next->materials, next->material_count, next->fields,
                     next->field_count)) {
        return false;
    }
    for (size_t i = 0; i < rest.n_missing; i++) {
        const char *what = bl_arena_string(q->arena, rest.missing[i]);
        Bl__Refusal *warning = refusal_new(q->arena, BL_REFUSED, "still-missing", what);

        refusal_argument(q->arena, warning, "item", bl_arena_string(q->arena, item->id));
        ruling->warnings =
            bl_arena_append(q->arena, ruling->warnings, ruling->warning_count, warning);
        ruling->warning_count++;
    }
    return true;
}

/* --- 补正 ------------------------------------------------------------------------------------- */

/* A changed form may make an item needed, or needless, that nobody has accepted yet. */
static Bl__Refusal *settle_again(struct routing *routing)
{
    for (size_t i = 0; i < routing->count; i++) {
        const struct definition_item *item = &routing->world->definition->items[i];
        Bl__Item__State *state = &routing->items[i].state;
        bool waits = *state == S(PENDING) || *state == S(RECEIVED) || *state == S(CORRECTING);
        struct bl_error e = { 0 };
        bool holds = true;

        if (item->when == NULL || item->when_needs_items || (!waits && *state != S(NOT_NEEDED))) {
            continue;
        }
        if (form_holds(item->when, &routing->scope, routing->arena, &holds, &e) != BL_OK) {
            return application_condition_error(routing, item, &e);
        }
        if (!holds) {
            *state = S(NOT_NEEDED);
        } else if (*state == S(NOT_NEEDED)) {
            *state = S(PENDING);
        }
    }
    return NULL;
}

/* Who has all that was asked for is accepted: nothing more may be asked (行政许可法 第三十二条). */
static void accept_complete(const struct question *q, struct routing *routing,
                            const struct next_content *next, struct ruling *ruling)
{
    for (uint32_t i = 0; i < routing->count; i++) {
        if (routing->items[i].state == S(CORRECTING) &&
            !still_missing(q, q->application->items[i], next, ruling)) {
            if (!routing->accepted) {
                routing->accepted = true;
                routing->whole_start = routing->start;
            }
            routing_accept(routing, i);
        }
    }
}

/* Is somebody working on it, by what the form said before? */
static bool is_read_already(const struct routing *routing, uint32_t index)
{
    const Bl__Item *item = routing->application->items[index];

    return application_item_is_running(item) && routing->items[index].state == item->state;
}

/* What the item reads of all that has changed (domain.md 9.3); the names are as in `missing`. */
static const char **changed_for(const struct routing *routing, uint32_t index,
                                const struct next_content *next, size_t *count)
{
    const struct definition *definition = routing->world->definition;
    const struct definition_item *item = &definition->items[index];
    const char **changed = NULL;

    *count = 0;
    for (size_t i = 0; i < next->field_count; i++) {
        if (definition_item_lists_field(definition, item, next->fields[i])) {
            changed = bl_arena_append(
                routing->arena, changed, *count,
                (void *)bl_arena_printf(routing->arena, "form.%s", next->fields[i]));
            ++*count;
        }
    }
    for (size_t i = 0; i < next->material_count; i++) {
        if (definition_item_lists_material(definition, item, next->materials[i])) {
            changed = bl_arena_append(routing->arena, changed, *count, (void *)next->materials[i]);
            ++*count;
        }
    }
    return changed;
}

/* An item of which more is said than that: its change, made if it is not there. */
static Bl__ItemChange *change_for(struct routing *routing, Bl__Corrected *corrected, uint32_t index)
{
    for (size_t i = 0; i < corrected->n_changes; i++) {
        if (corrected->changes[i]->item == index) {
            return corrected->changes[i];
        }
    }
    Bl__ItemChange *change = routing_change(routing, index, routing->start);
    corrected->changes =
        bl_arena_append(routing->arena, corrected->changes, corrected->n_changes, change);
    corrected->n_changes++;
    return change;
}

/* Departments that work by what the form said before are told; the others never hear of it. */
static void tell_readers(struct routing *routing, const struct next_content *next,
                         Bl__Corrected *corrected)
{
    for (uint32_t i = 0; i < routing->count; i++) {
        size_t count = 0;
        const char **changed =
            is_read_already(routing, i) ? changed_for(routing, i, next, &count) : NULL;

        if (count > 0) {
            Bl__ItemChange *change = change_for(routing, corrected, i);

            change->changed = changed;
            change->n_changed = count;
        }
    }
}

/* The clocks of the whole begin now, or leave out other days of waiting than before. */
static Bl__WholeChange *whole_of(const struct routing *routing, const Bl__Corrected *corrected)
{
    const Bl__Application *application = routing->application;

    if (!routing->accepted && application->accepted_at == 0) {
        return NULL;
    }
    if (routing->moved != NULL) {
        application = application_waiting(routing, corrected->changes, corrected->n_changes);
    }
    if (application->accepted_at == 0) {
        return routing_whole(routing, application, routing->start);
    }
    return routing->moved == NULL
               ? NULL
               : recount_whole(routing->world, application, NULL, 0, NULL, routing->arena);
}

static Bl__Event *corrected_event(const struct question *q, struct routing *routing,
                                  const struct next_content *next)
{
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_CORRECTED);
    Bl__Corrected *corrected = bl_arena_new(q->arena, Bl__Corrected);

    bl__corrected__init(corrected);
    event->corrected = corrected;
    hash(q, next, &corrected->content_hash);
    corrected->materials = next->materials;
    corrected->n_materials = next->material_count;
    corrected->fields = next->fields;
    corrected->n_fields = next->field_count;
    corrected->changes = routing_changes(routing, -1, &corrected->n_changes);
    tell_readers(routing, next, corrected);
    corrected->whole = whole_of(routing, corrected);
    corrected->completed = routing_is_complete(routing);
    return event;
}

/* What can be put right on the spot needs no notice, so papers that only wait for acceptance may be
 * corrected too, and go on waiting. */
struct ruling decide_correct(const struct question *q)
{
    const Bl__Correct *correct = q->command->correct;
    struct bl_text form = { (const char *)correct->form.data, correct->form.len };
    struct ruling ruling = { 0 };
    struct next_content next = { 0 };
    struct routing routing;
    struct chosen chosen;

    ruling.refusal = chosen_find(q, correct->item, item_waits, "nothing-to-correct", &chosen);
    if (ruling.refusal == NULL) {
        ruling.refusal = merge(q, correct->materials, correct->n_materials, form, &next);
    }
    if (ruling.refusal == NULL && next.material_count == 0 && next.field_count == 0) {
        ruling.refusal = refusal_new(q->arena, BL_INVALID, "correction-empty", "materials");
    }
    if (ruling.refusal != NULL) {
        return ruling;
    }
    routing_begin(&routing, q->world, q->application, next.content.values, q->arena);
    ruling.refusal = settle_again(&routing);
    if (ruling.refusal == NULL) {
        ruling.refusal = check_essential(&routing, &next);
    }
    if (ruling.refusal != NULL) {
        return ruling;
    }
    application_wait_for_days(&routing, q->application, next.content.values);
    accept_complete(q, &routing, &next, &ruling);
    routing_settle(&routing);
    ruling.event = corrected_event(q, &routing, &next);
    ruling.content = next.bytes;
    return ruling;
}

void evolve_corrected(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Corrected *corrected = event->corrected;

    application->contents++;
    for (size_t i = 0; i < application->n_items; i++) {
        if (item_is_correcting(application->items[i])) {
            (void)missing_take(application->items[i], corrected->materials, corrected->n_materials,
                               corrected->fields, corrected->n_fields);
        }
    }
    if (corrected->whole != NULL && application->accepted_at == 0) {
        application->accepted_at = event->at;
    }
    change_items(application, corrected->changes, corrected->n_changes, event, arena);
    change_whole(application, corrected->whole, arena);
    change_completed(application, corrected->completed, event->at);
}

/* --- 容缺补齐 --------------------------------------------------------------------------------- */

/* Each paper has to be one that some item still waits for. */
static Bl__Refusal *check_awaited(const struct question *q, const struct chosen *chosen)
{
    const Bl__Supplement *supplement = q->command->supplement;
    Bl__Refusal *first = NULL;

    if (supplement->n_materials == 0) {
        return refusal_new(q->arena, BL_INVALID, "correction-empty", "materials");
    }
    for (size_t i = 0; i < supplement->n_materials; i++) {
        const char *id = supplement->materials[i]->id;
        bool awaited = false;

        for (size_t k = 0; k < chosen->count; k++) {
            const Bl__Item *item = q->application->items[chosen->items[k]];

            awaited |= intake_has(item->missing, item->n_missing, id);
        }
        if (!awaited) {
            first = refusal_join(q->arena, first,
                                 refusal_new(q->arena, BL_REFUSED, "material-not-awaited", id));
        }
    }
    return first;
}

/* An electronic licence that only waited for this paper is published now, and so delivered. NULL:
 * there is none. */
static Bl__ItemChange *publish(const struct question *q, uint32_t index)
{
    const Bl__Item *item = q->application->items[index];

    if (!q->world->definition->items[index].delivers_itself || item->state != S(DECIDED) ||
        !countdown_is_open(item->deliver)) {
        return NULL;
    }
    Bl__ItemChange *change = bl_arena_new(q->arena, Bl__ItemChange);
    bl__item_change__init(change);
    change->item = index;
    change->state = S(DELIVERED);
    change->deliver = clock_copy(item->deliver, q->arena);
    countdown_stop(change->deliver);
    return change;
}

/* What becomes of the items whose gap is closed; what the others lack is said. */
static void close_gaps(const struct question *q, const struct chosen *chosen,
                       const struct next_content *next, struct ruling *ruling)
{
    Bl__Supplemented *supplemented = ruling->event->supplemented;

    for (size_t i = 0; i < chosen->count; i++) {
        uint32_t index = chosen->items[i];
        bool open = still_missing(q, q->application->items[index], next, ruling);
        Bl__ItemChange *change = open ? NULL : publish(q, index);

        if (change != NULL) {
            supplemented->changes =
                bl_arena_append(q->arena, supplemented->changes, supplemented->n_changes, change);
            supplemented->n_changes++;
        }
    }
}

struct ruling decide_supplement(const struct question *q)
{
    const Bl__Supplement *supplement = q->command->supplement;
    struct ruling ruling = { 0 };
    struct next_content next = { 0 };
    struct routing routing;
    struct chosen chosen;

    ruling.refusal = chosen_find(q, "", item_has_gap, "nothing-to-supplement", &chosen);
    if (ruling.refusal == NULL) {
        ruling.refusal = check_awaited(q, &chosen);
    }
    if (ruling.refusal == NULL) {
        ruling.refusal = merge(q, supplement->materials, supplement->n_materials,
                               (struct bl_text){ NULL, 0 }, &next);
    }
    if (ruling.refusal != NULL) {
        return ruling;
    }
    routing_begin(&routing, q->world, q->application, next.content.values, q->arena);
    ruling.refusal = check_essential(&routing, &next);
    if (ruling.refusal != NULL) {
        return ruling;
    }
    ruling.event = question_event(q, BL__EVENT__WHAT_SUPPLEMENTED);
    Bl__Supplemented *supplemented = bl_arena_new(q->arena, Bl__Supplemented);
    bl__supplemented__init(supplemented);
    ruling.event->supplemented = supplemented;
    hash(q, &next, &supplemented->content_hash);
    supplemented->materials = next.materials;
    supplemented->n_materials = next.material_count;
    close_gaps(q, &chosen, &next, &ruling);
    ruling.content = next.bytes;
    return ruling;
}

void evolve_supplemented(Bl__Application *application, const Bl__Event *event,
                         struct bl_arena *arena)
{
    const Bl__Supplemented *supplemented = event->supplemented;

    application->contents++;
    for (size_t i = 0; i < application->n_items; i++) {
        Bl__Item *item = application->items[i];

        if (item_has_gap(item) &&
            missing_take(item, supplemented->materials, supplemented->n_materials, NULL, 0)) {
            item->gap = false;
            countdown_stop(item->supplement);
        }
    }
    for (size_t i = 0; i < supplemented->n_changes; i++) {
        CHECK(supplemented->changes[i]->item < application->n_items);
        Bl__Item *item = application->items[supplemented->changes[i]->item];

        item->decided_at = item->since;
    }
    change_items(application, supplemented->changes, supplemented->n_changes, event, arena);
}
