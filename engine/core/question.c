#include "core/question.h"

#include <string.h>

#include "core/application.h"
#include "core/office.h"

struct ruling question_refuse(const struct question *q, enum bl_err code, const char *rule,
                              const char *pointer)
{
    return ruling_refuse(q->arena, code, rule, pointer);
}

Bl__Event *question_event(const struct question *q, Bl__Event__WhatCase what)
{
    return event_new(q->arena, q->world, what);
}

bool question_is_longer(const char *text, size_t characters)
{
    size_t bytes = strlen(text);

    return bytes > characters && bl_text_characters(text, bytes) > characters;
}

bool question_is_department(const struct question *q)
{
    Bl__Key__Role role = office_actor(q->world).role;

    return role == BL__KEY__ROLE__WORKER || role == BL__KEY__ROLE__OFFICER;
}

Bl__Refusal *question_reason(const struct question *q, const char *reason, bool required)
{
    if (required && reason[0] == '\0') {
        return refusal_new(q->arena, BL_INVALID, "reason-required", "reason");
    }
    return question_is_longer(reason, REASON_CHARACTERS_MAX)
               ? refusal_new(q->arena, BL_TOO_LARGE, "reason-long", "reason")
               : NULL;
}

/* Finds the item that a command names; refuses if there is none, or its department is another's. */
Bl__Refusal *question_item(const struct question *q, const char *id, uint32_t *index)
{
    int found = application_item_find(q->application, id);

    if (found < 0) {
        return refusal_new(q->arena, BL_NOT_FOUND, "item-unknown", id);
    }
    if (question_is_department(q) &&
        strcmp(office_actor(q->world).department, q->application->items[found]->department) != 0) {
        Bl__Refusal *refusal = refusal_new(q->arena, BL_DENIED, "other-department", id);

        refusal->who_may = bl_arena_string(q->arena, q->application->items[found]->department);
        return refusal;
    }
    if (q->application->items[found]->removed) {
        return refusal_new(q->arena, BL_REFUSED, "item-removed", id);
    }
    *index = (uint32_t)found;
    return NULL;
}

/* Refuses because of the state that the item is in. */
struct ruling question_refuse_state(const struct question *q, uint32_t item, const char *rule)
{
    const Bl__Item *is = q->application->items[item];
    const ProtobufCEnumValue *name =
        protobuf_c_enum_descriptor_get_value(&bl__item__state__descriptor, (int)is->state);
    Bl__Refusal *refusal =
        refusal_new(q->arena, BL_REFUSED, rule, bl_arena_string(q->arena, is->id));

    refusal_argument(q->arena, refusal, "state", name->name);
    return (struct ruling){ .refusal = refusal };
}
