#include "core/wait.h"

void wait_begin(Bl__Item *item, const char *field, bl_time from, bl_time until,
                struct bl_arena *arena)
{
    Bl__Stop *stop = bl_arena_new(arena, Bl__Stop);

    bl__stop__init(stop);
    stop->kind = field;
    stop->from = from;
    stop->legal = true;
    stop->ends_at = until;
    item->not_before = until;
    item->stops = bl_arena_append(arena, item->stops, item->n_stops++, stop);
}

void wait_move(Bl__Item *item, bl_time until)
{
    for (size_t i = 0; i < item->n_stops; i++) {
        Bl__Stop *stop = item->stops[i];

        if (stop->number == 0 && stop->to == 0) {
            stop->ends_at = until > stop->from ? until : stop->from;
        }
    }
}

bl_time wait_after(const Bl__Item *item, bl_time start)
{
    for (size_t i = 0; i < item->n_stops; i++) {
        const Bl__Stop *stop = item->stops[i];

        start = stop->number == 0 && stop->to > start ? stop->to : start;
    }
    return start;
}
