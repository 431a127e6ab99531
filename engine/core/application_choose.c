/* Which items a command is about, who may act on them before acceptance, and what they wait for. */
#include <string.h>

#include "core/application_intake.h"
#include "core/office.h"

#define S(state) BL__ITEM__STATE__##state

bool item_is_received(const Bl__Item *item)
{
    return item->state == S(RECEIVED);
}

bool item_is_correcting(const Bl__Item *item)
{
    return item->state == S(CORRECTING);
}

bool item_waits(const Bl__Item *item)
{
    return item_is_received(item) || item_is_correcting(item);
}

bool item_is_open(const Bl__Item *item)
{
    return !join_item_is_settled((struct join_item){ item->state, item->result });
}

bool item_has_gap(const Bl__Item *item)
{
    bool granted = (item->state == S(DECIDED) || item->state == S(DELIVERING) ||
                    item->state == S(DELIVERED)) &&
                   item->result != BL__ITEM__RESULT__DENIED;

    return item->gap && (item_is_open(item) || granted);
}

static void choose(struct chosen *chosen, const struct question *q, uint32_t index)
{
    if (chosen->items == NULL) {
        chosen->items = bl_arena_array(q->arena, uint32_t, q->application->n_items);
    }
    chosen->items[chosen->count++] = index;
}

/* The named item; with an empty id all that `test` is true of and `department` says: -1 whoever
 * accepts them, else whether it is their department. */
static Bl__Refusal *find(const struct question *q, const char *id, chosen_test test,
                         const char *rule, int department, struct chosen *chosen)
{
    const Bl__Application *application = q->application;
    const struct definition_item *items = q->world->definition->items;
    uint32_t index;

    *chosen = (struct chosen){ 0 };
    if (id[0] != '\0') {
        Bl__Refusal *refusal = question_item(q, id, &index);

        if (refusal == NULL && !test(application->items[index])) {
            refusal = question_refuse_state(q, index, rule).refusal;
        }
        if (refusal == NULL) {
            choose(chosen, q, index);
        }
        return refusal;
    }
    for (uint32_t i = 0; i < application->n_items; i++) {
        if (test(application->items[i]) &&
            (department < 0 || items[i].acceptance_by_department == (department != 0))) {
            choose(chosen, q, i);
        }
    }
    return chosen->count > 0 ? NULL : refusal_new(q->arena, BL_REFUSED, rule, "application");
}

Bl__Refusal *chosen_find(const struct question *q, const char *id, chosen_test test,
                         const char *rule, struct chosen *chosen)
{
    return find(q, id, test, rule, -1, chosen);
}

static Bl__Refusal *refuse_to(const struct question *q, enum bl_err code, const char *rule,
                              const char *pointer, const char *who_may)
{
    Bl__Refusal *refusal = refusal_new(q->arena, code, rule, pointer);

    refusal->who_may = bl_arena_string(q->arena, who_may);
    return refusal;
}

/* May he who speaks act on this item? Administrators and gateways may on all. */
static Bl__Refusal *check_item(const struct question *q, uint32_t index)
{
    const Bl__Item *item = q->application->items[index];
    bool own = q->world->definition->items[index].acceptance_by_department;
    Bl__Key__Role role = office_actor(q->world).role;

    if (!own && question_is_department(q)) {
        return refuse_to(q, BL_REFUSED, "window-accepts", item->id, "clerk");
    }
    if (own && (role == BL__KEY__ROLE__CLERK || role == BL__KEY__ROLE__MANAGER)) {
        return refuse_to(q, BL_DENIED, "role-may-not", item->id, item->department);
    }
    return NULL;
}

static bool departments_accept(const struct question *q, chosen_test test)
{
    const struct definition *definition = q->world->definition;

    for (uint32_t i = 0; i < definition->item_count; i++) {
        if (definition->items[i].acceptance_by_department &&
            (definition->acceptance_by_department || test(q->application->items[i]))) {
            return true;
        }
    }
    return false;
}

Bl__Refusal *chosen_for_intake(const struct question *q, const char *id, chosen_test test,
                               const char *rule, struct chosen *chosen)
{
    uint32_t index;

    if (id[0] == '\0') {
        Bl__Refusal *refusal = find(q, id, test, rule, 0, chosen);

        if ((refusal != NULL || question_is_department(q)) && departments_accept(q, test)) {
            return refusal_new(q->arena, BL_REFUSED, "departments-accept", "item");
        }
        return question_is_department(q) ? refuse_to(q, BL_DENIED, "role-may-not", id, "clerk")
                                         : refusal;
    }
    Bl__Refusal *refusal = question_item(q, id, &index);
    if (refusal == NULL) {
        refusal = check_item(q, index);
    }
    return refusal != NULL ? refusal : find(q, id, test, rule, -1, chosen);
}

/* --- texts ------------------------------------------------------------------------------------ */

bool intake_has(const char *const *texts, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(texts[i], text) == 0) {
            return true;
        }
    }
    return false;
}

Bl__Refusal *intake_check_text(const struct question *q, const char *text, bool required,
                               const char *rule, const char *pointer)
{
    if (required && text[0] == '\0') {
        return refusal_new(q->arena, BL_INVALID, rule, pointer);
    }
    return question_is_longer(text, REASON_CHARACTERS_MAX)
               ? refusal_new(q->arena, BL_TOO_LARGE, "reason-long", pointer)
               : NULL;
}

const char *intake_field(struct bl_arena *arena, const char *field)
{
    return bl_arena_printf(arena, "form.%s", field);
}

/* --- ends ------------------------------------------------------------------------------------- */

bool intake_end(const struct question *q, const struct chosen *chosen, Bl__Item__State state,
                Bl__ItemChange ***changes, size_t *count)
{
    struct routing routing;

    routing_begin(&routing, q->world, q->application, content_values(q->world, q->arena), q->arena);
    for (size_t i = 0; i < chosen->count; i++) {
        routing.items[chosen->items[i]] = (struct join_item){ .state = state };
    }
    routing_settle(&routing);
    *changes = routing_changes(&routing, -1, count);
    return routing_is_complete(&routing);
}

static bool is_there(const char *missing, const char *const *materials, size_t material_count,
                     const char *const *fields, size_t field_count)
{
    return strncmp(missing, "form.", 5) == 0 ? intake_has(fields, field_count, missing + 5)
                                             : intake_has(materials, material_count, missing);
}

bool missing_take(Bl__Item *item, const char *const *materials, size_t material_count,
                  const char *const *fields, size_t field_count)
{
    size_t left = 0;

    for (size_t i = 0; i < item->n_missing; i++) {
        if (!is_there(item->missing[i], materials, material_count, fields, field_count)) {
            item->missing[left++] = item->missing[i];
        }
    }
    item->n_missing = left;
    return left == 0;
}
