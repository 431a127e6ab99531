/* It has happened: how each event changes the state. */
#include "core/application_state.h"
#include "core/change.h"
#include "core/countdown.h"

#define S(state) BL__ITEM__STATE__##state

static Bl__Item *item_at(Bl__Application *application, uint32_t index)
{
    CHECK(index < application->n_items);
    return application->items[index];
}

void evolve_decided(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Decided *decided = event->decided;
    Bl__Item *item = item_at(application, decided->item);

    CHECK(application_item_is_running(item));
    item->result = decided->result;
    item->n_changed = 0;
    if (decided->document[0] != '\0') {
        item->document = bl_arena_string(arena, decided->document);
    }
    if (decided->desk != NULL) {
        item->desk = desk_copy(decided->desk, arena);
    }
    change_item_state(item, S(DECIDED), event->at);
    change_items(application, decided->changes, decided->n_changes, event, arena);
    change_completed(application, decided->completed, event->at);
}

static Bl__Clock *item_clock(const Bl__Item *item, const Bl__ClockName *name)
{
    switch (name->kind) {
    case BL__CLOCK_NAME__KIND__KIND_UNSPECIFIED:
        return name->legal ? item->legal : item->promise;
    case BL__CLOCK_NAME__KIND__NOTIFY:
        return item->notify;
    case BL__CLOCK_NAME__KIND__CORRECTION:
        return item->correction;
    case BL__CLOCK_NAME__KIND__SUPPLEMENT:
        return item->supplement;
    case BL__CLOCK_NAME__KIND__DELIVER:
        return item->deliver;
    case BL__CLOCK_NAME__KIND__CHECK:
        return item->check;
    case BL__CLOCK_NAME__KIND__STEP:
        return item->desk == NULL ? NULL : item->desk->limit;
    case BL__CLOCK_NAME__KIND__OPINION:
        for (size_t i = 0; i < item->n_consultations; i++) {
            if (item->consultations[i]->number == name->number) {
                return item->consultations[i]->limit;
            }
        }
        return NULL;
    case BL__CLOCK_NAME__KIND__HEARING:
        for (size_t i = 0; i < item->n_stops; i++) {
            if (item->stops[i]->number == name->number) {
                return item->stops[i]->hold;
            }
        }
        return NULL;
    case BL__CLOCK_NAME__KIND__ASK:  // moments, not clocks
    case BL__CLOCK_NAME__KIND__REPLY:
    case BL__CLOCK_NAME__KIND__RUNG:
        return NULL;
    }
    UNREACHABLE();
}

static Bl__Clock *clock_named(Bl__Application *application, const Bl__ClockName *name)
{
    Bl__Clock *clock = name->whole ? (name->legal ? application->legal : application->promise)
                                   : item_clock(item_at(application, name->item), name);

    CHECK(clock != NULL);
    return clock;
}

void evolve_warned(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    Bl__Clock *clock = clock_named(application, event->warned->clock);

    (void)arena;
    if (event->warned->by_stop) {
        clock->warned = true;  // it goes on standing
    } else {
        clock->phase = BL__CLOCK__PHASE__WARNED;
    }
}

void evolve_overdue(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Overdue *overdue = event->overdue;

    clock_named(application, overdue->clock)->phase = BL__CLOCK__PHASE__OVERDUE;
    if (overdue->rung_at != 0 && overdue->clock->whole) {
        application->rung_at = overdue->rung_at;
    } else if (overdue->rung_at != 0) {
        item_at(application, overdue->clock->item)->rung_at = overdue->rung_at;
    }
    if (overdue->follows == BL__OVERDUE__FOLLOWS__DEEMED && application->accepted_at == 0) {
        application->accepted_at = event->at;
    }
    if (overdue->follows == BL__OVERDUE__FOLLOWS__CONSENT) {
        escalate_consent(item_at(application, overdue->clock->item), overdue->clock->number,
                         event->at);
    }
    change_items(application, overdue->changes, overdue->n_changes, event, arena);
    change_whole(application, overdue->whole, arena);
    change_completed(application, overdue->completed, event->at);
}

void evolve_failed(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    Bl__Item *item = item_at(application, event->failed->item);

    (void)arena;
    item->failures++;
    item->retry_at = event->failed->retry_at;
    item->incident = event->failed->incident;
}

void evolve_retried(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    if (event->retried->notice != 0) {
        evolve_retried_notice(application, event->retried->notice);
        return;
    }
    Bl__Item *item = item_at(application, event->retried->item);

    item->failures = 0;
    item->retry_at = 0;
    item->incident = false;
    if (event->retried->department[0] != '\0') {
        item->department = bl_arena_string(arena, event->retried->department);
    }
}

void evolve_released(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    (void)arena;
    item_at(application, event->released->item)->held = false;
}
