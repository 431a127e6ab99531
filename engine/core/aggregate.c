#include "core/aggregate.h"

#include "core/application.h"
#include "core/booking.h"
#include "core/directory.h"
#include "core/project.h"
#include "core/referral.h"

static const struct aggregate *const aggregates[] = {
    [BL__AGGREGATE__DIRECTORY] = &directory_aggregate,
    [BL__AGGREGATE__APPLICATION] = &application_aggregate,
    [BL__AGGREGATE__PROJECT] = &project_aggregate,
    [BL__AGGREGATE__REFERRAL] = &referral_aggregate,
    [BL__AGGREGATE__BOOKING] = &booking_aggregate,
};

const struct aggregate *aggregate_of_command(Bl__Command__WhatCase what)
{
    for (size_t i = BL_COUNT(aggregates); i-- > 0;) {
        if (aggregates[i] != NULL && aggregates[i]->takes(what)) {
            return aggregates[i];
        }
    }
    return NULL;
}

const struct aggregate *aggregate_find(Bl__Aggregate kind)
{
    CHECK((size_t)kind < BL_COUNT(aggregates) && aggregates[kind] != NULL);
    return aggregates[kind];
}

Bl__Event *event_new(struct bl_arena *arena, const struct world *world,
                     Bl__Event__WhatCase what_case)
{
    Bl__Event *event = bl_arena_new(arena, Bl__Event);

    bl__event__init(event);
    event->at = world->now;
    event->what_case = what_case;
    if (world->actor != NULL) {
        event->actor = (Bl__Actor *)world->actor;
    } else if (world->principal != NULL) {
        Bl__Actor *actor = bl_arena_new(arena, Bl__Actor);

        bl__actor__init(actor);
        actor->principal = world->principal->name;
        actor->department = world->principal->department;
        if (world->principal->post[0] != '\0') {
            actor->post = world->principal->post;
            actor->role = world->principal->role;
        }
        event->actor = actor;
    }
    return event;
}

struct ruling ruling_event(Bl__Event *event)
{
    return (struct ruling){ .event = event };
}

struct ruling ruling_refuse(struct bl_arena *arena, enum bl_err code, const char *rule,
                            const char *pointer)
{
    return (struct ruling){ .refusal = refusal_new(arena, code, rule, pointer) };
}
