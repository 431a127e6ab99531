#include "core/countdown.h"

#define P(phase) BL__CLOCK__PHASE__##phase

void countdown_start(const struct calendar *calendar, struct limit limit, int32_t warn_days,
                     bl_time start, Bl__Clock *clock)
{
    bl__clock__init(clock);
    if (limit.halves == 0) {
        return;
    }
    struct clock_question question = { .start = start, .limit = limit };
    struct clock_answer answer = clock_due(calendar, &question);
    clock->phase = P(RUNNING);
    clock->due_at = answer.due;
    clock->provisional = answer.provisional;
    clock->warn_at = clock_warn(calendar, limit, start, answer.due, warn_days);
}

Bl__Clock *countdown_new(const struct calendar *calendar, struct limit limit, int32_t warn_days,
                         bl_time start, struct bl_arena *arena)
{
    if (limit.halves == 0) {
        return NULL;
    }
    Bl__Clock *clock = bl_arena_new(arena, Bl__Clock);
    countdown_start(calendar, limit, warn_days, start, clock);
    return clock;
}

Bl__Clock *countdown_like(struct countdown_memo *memo, const struct calendar *calendar,
                          struct limit limit, int32_t warn_days, bl_time start,
                          struct bl_arena *arena)
{
    if (limit.halves == 0) {
        return NULL;
    }
    if (memo->limit.halves != limit.halves || memo->limit.unit != limit.unit ||
        memo->warn_days != warn_days || memo->start != start) {
        memo->limit = limit;
        memo->warn_days = warn_days;
        memo->start = start;
        countdown_start(calendar, limit, warn_days, start, &memo->clock);
    }
    return bl_arena_copy(arena, &memo->clock, sizeof memo->clock);
}

void countdown_stop(Bl__Clock *clock)
{
    if (countdown_is_open(clock)) {
        clock->phase = clock->phase == P(OVERDUE) ? P(LATE) : P(STOPPED);
    }
}

bool countdown_is_open(const Bl__Clock *clock)
{
    return clock != NULL && (clock->phase == P(RUNNING) || clock->phase == P(WARNED) ||
                             clock->phase == P(OVERDUE) || clock->phase == P(STANDING));
}

bl_time countdown_next(const Bl__Clock *clock)
{
    if (clock == NULL) {
        return BL_NEVER;
    }
    switch (clock->phase) {
    case P(RUNNING):
        return clock->warn_at < clock->due_at ? clock->warn_at : clock->due_at + 1;
    case P(WARNED):
        return clock->due_at + 1;  // overdue is now > due
    case P(PHASE_UNSPECIFIED):
    case P(OVERDUE):
    case P(STOPPED):
    case P(LATE):
        return BL_NEVER;
    case P(STANDING):  // nothing but a yellow that the stop itself raised: its end sets it going
        return clock->warned ? BL_NEVER : clock->warn_at;
    }
    UNREACHABLE();
}

struct clock_face countdown_face(const Bl__Clock *clock)
{
    if (!countdown_is_open(clock)) {
        return CLOCK_NONE;
    }
    return (struct clock_face){ .warn = clock->warn_at,
                                .due = clock->due_at,
                                .stopped = clock->phase == P(STANDING) };
}
