/* 上报件: the organ below examines, the one above decides; each has a limit of its own (行政许可法
 * 第四十三条). */
#include "core/application_state.h"
#include "core/change.h"
#include "core/countdown.h"
#include "core/desk.h"

bool upward_is_below(const struct question *q, uint32_t item)
{
    return q->world->definition->items[item].upper_department != NULL &&
           q->application->items[item]->passed_up_at == 0;
}

/* The second leg: above, the deciding step is done by the organ's own people, or by its workers
 * where the item has no steps. */
static Bl__ItemChange *second_leg(const struct question *q, uint32_t index)
{
    const struct world *world = q->world;
    const struct definition_item *item = &world->definition->items[index];
    bl_time start = routing_effective(world, world->now);
    Bl__ItemChange *change = bl_arena_new(q->arena, Bl__ItemChange);

    bl__item_change__init(change);
    change->item = index;
    change->state = BL__ITEM__STATE__UPPER_REVIEW;
    change->held = q->application->items[index]->held;
    change->department = item->upper_department;
    change->promise =
        countdown_new(world->calendar, item->upper_promise, item->warn_days, start, q->arena);
    change->legal =
        countdown_new(world->calendar, item->upper_legal, item->warn_days, start, q->arena);
    if (change->legal == NULL && q->application->items[index]->legal != NULL) {
        change->legal = bl_arena_new(q->arena, Bl__Clock);  // the law sets none above
        bl__clock__init(change->legal);
    }
    if (item->step_count > 0) {
        change->desk = desk_begin(world, item, (uint32_t)item->step_count - 1, 1, start, q->arena);
    }
    return change;
}

static Bl__Clock *stopped(const struct question *q, const Bl__Clock *clock)
{
    Bl__Clock *copy = clock_copy(clock, q->arena);

    countdown_stop(copy);
    return copy;
}

Bl__Event *upward_pass(const struct question *q, uint32_t index, Bl__Desk *desk)
{
    const Bl__Item *item = q->application->items[index];
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_PASSED_UP);
    Bl__PassedUp *passed = bl_arena_new(q->arena, Bl__PassedUp);

    bl__passed_up__init(passed);
    event->passed_up = passed;
    passed->item = index;
    passed->opinion = q->command->decide->opinion;
    passed->attempt = q->command->decide->attempt;
    passed->desk = desk;
    passed->promise = stopped(q, item->promise);
    passed->legal = stopped(q, item->legal);
    passed->changes = bl_arena_array(q->arena, Bl__ItemChange *, 1);
    passed->changes[0] = second_leg(q, index);
    passed->n_changes = 1;
    return event;
}

void evolve_passed_up(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    CHECK(event->passed_up->item < application->n_items);
    Bl__Item *item = application->items[event->passed_up->item];

    item->passed_up_at = event->at;
    item->lower = item->department;
    item->failures = 0;
    item->retry_at = 0;
    item->rung = 0;
    item->rung_at = 0;
    item->n_changed = 0;
    change_items(application, event->passed_up->changes, event->passed_up->n_changes, event, arena);
}
