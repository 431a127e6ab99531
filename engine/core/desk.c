#include "core/desk.h"

#include <string.h>

#include "core/countdown.h"

bool desk_step_is_personal(const struct definition_step *step)
{
    return step->role[0] != '\0' && strcmp(step->role, "machine") != 0;
}

Bl__Desk *desk_begin(const struct world *world, const struct definition_item *item, uint32_t step,
                     uint32_t round, bl_time start, struct bl_arena *arena)
{
    Bl__Desk *desk = bl_arena_new(arena, Bl__Desk);

    CHECK(step < item->step_count);
    bl__desk__init(desk);
    desk->step = step;
    desk->round = round;
    desk->since = world->now;
    desk->personal = desk_step_is_personal(&item->steps[step]);
    desk->limit = countdown_new(world->calendar, item->steps[step].limit, 0, start, arena);
    return desk;
}
