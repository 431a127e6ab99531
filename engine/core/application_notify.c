/* 一次性告知: everything that is missing, told once (行政许可法 第三十二条). */
#include <string.h>

#include "core/application_intake.h"
#include "core/change.h"

#define S(state) BL__ITEM__STATE__##state

/* The second notice is a breach, whatever it says and as long as the item is open; who was never
 * told cannot be told after acceptance. */
static bool may_notify(const Bl__Item *item)
{
    return item_is_received(item) || (item->notified && item_is_open(item));
}

static bool lists_material(const struct definition *definition, const struct definition_item *item,
                           const char *id)
{
    for (size_t i = 0; i < item->material_count; i++) {
        if (strcmp(definition->materials[item->materials[i]].id, id) == 0) {
            return true;
        }
    }
    return false;
}

static bool lists_field(const struct definition *definition, const struct definition_item *item,
                        const char *name)
{
    for (size_t i = 0; i < item->field_count; i++) {
        if (strcmp(definition->fields[item->fields[i]].name, name) == 0) {
            return true;
        }
    }
    return false;
}

typedef bool (*list_test)(const struct definition *, const struct definition_item *, const char *);

static bool is_listed(const struct question *q, const struct chosen *chosen, list_test lists,
                      const char *text)
{
    const struct definition *definition = q->world->definition;

    for (size_t i = 0; i < chosen->count; i++) {
        if (lists(definition, &definition->items[chosen->items[i]], text)) {
            return true;
        }
    }
    return false;
}

/* Each of the texts has to be on the list of one of the items, once. */
static Bl__Refusal *check_list(const struct question *q, const struct chosen *chosen,
                               const char *const *texts, size_t count, list_test lists,
                               const char *rule, Bl__Refusal *first)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_listed(q, chosen, lists, texts[i]) || intake_has(texts, i, texts[i])) {
            first =
                refusal_join(q->arena, first, refusal_new(q->arena, BL_REFUSED, rule, texts[i]));
        }
    }
    return first;
}

static Bl__Refusal *check_notify(const struct question *q, const struct chosen *chosen)
{
    const Bl__Notify *notify = q->command->notify;
    Bl__Refusal *refusal = intake_check_text(q, notify->text, false, "", "text");

    if (refusal == NULL && notify->n_materials == 0 && notify->n_fields == 0) {
        refusal = refusal_new(q->arena, BL_INVALID, "notify-empty", "materials");
    }
    if (refusal == NULL && (notify->n_materials > DEFINITION_MATERIALS_MAX ||
                            notify->n_fields > DEFINITION_FIELDS_MAX)) {
        refusal = refusal_new(q->arena, BL_TOO_LARGE, "notify-many", "materials");
    }
    if (refusal != NULL) {
        return refusal;
    }
    refusal = check_list(q, chosen, notify->materials, notify->n_materials, lists_material,
                         "material-not-listed", NULL);
    return check_list(q, chosen, notify->fields, notify->n_fields, lists_field, "field-not-listed",
                      refusal);
}

/* What of the notice an item asks for. */
static void miss(struct routing *routing, uint32_t index, const Bl__Notify *notify)
{
    const struct definition *definition = routing->world->definition;
    const struct definition_item *item = &definition->items[index];

    for (size_t i = 0; i < notify->n_materials; i++) {
        if (lists_material(definition, item, notify->materials[i])) {
            routing_miss(routing, index, notify->materials[i]);
        }
    }
    for (size_t i = 0; i < notify->n_fields; i++) {
        if (lists_field(definition, item, notify->fields[i])) {
            routing_miss(routing, index, intake_field(routing->arena, notify->fields[i]));
        }
    }
}

/* Those of the items that something is missing of wait for the applicant now. */
static void tell(const struct question *q, const struct chosen *chosen, Bl__Notified *notified)
{
    struct routing routing;

    routing_begin(&routing, q->world, q->application, NULL, q->arena);
    notified->items = bl_arena_array(q->arena, uint32_t, chosen->count);
    for (size_t i = 0; i < chosen->count; i++) {
        uint32_t index = chosen->items[i];

        miss(&routing, index, q->command->notify);
        if (routing.missing != NULL && routing.missing[index].count > 0) {
            notified->items[notified->n_items++] = index;
            routing.items[index].state = S(CORRECTING);
        }
    }
    notified->changes = routing_changes(&routing, -1, &notified->n_changes);
}

/* One who was told is told again: on record, and nothing else (domain.md 4.5). */
static bool is_second(const struct question *q, const struct chosen *chosen)
{
    for (size_t i = 0; i < chosen->count; i++) {
        if (q->application->items[chosen->items[i]]->notified) {
            return true;
        }
    }
    return false;
}

struct ruling decide_notify(const struct question *q)
{
    const Bl__Notify *notify = q->command->notify;
    struct chosen chosen;
    Bl__Refusal *refusal = chosen_for_intake(
        q, notify->item, notify->item[0] == '\0' ? item_waits : may_notify, "notify-late", &chosen);

    if (refusal == NULL) {
        refusal = check_notify(q, &chosen);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_NOTIFIED);
    Bl__Notified *notified = bl_arena_new(q->arena, Bl__Notified);
    bl__notified__init(notified);
    event->notified = notified;
    notified->materials = notify->materials;
    notified->n_materials = notify->n_materials;
    notified->fields = notify->fields;
    notified->n_fields = notify->n_fields;
    notified->text = notify->text;
    notified->breach = is_second(q, &chosen);
    if (notified->breach) {
        notified->items = chosen.items;
        notified->n_items = chosen.count;
    } else {
        tell(q, &chosen, notified);
    }
    return ruling_event(event);
}

void evolve_notified(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Notified *notified = event->notified;

    for (size_t i = 0; i < notified->n_items; i++) {
        CHECK(notified->items[i] < application->n_items);
        application->items[notified->items[i]]->notified = true;
    }
    change_items(application, notified->changes, notified->n_changes, event, arena);
}
