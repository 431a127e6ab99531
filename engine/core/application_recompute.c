/* A notice of holidays is out: every due moment that is still ahead, or was missed, is counted
 * again (domain.md 4.8). One event says what was and what is; nothing changes, nothing is said. */
#include <string.h>

#include "core/application.h"
#include "core/application_state.h"
#include "core/change.h"
#include "core/countdown.h"
#include "core/recount.h"

#define K(kind) BL__CLOCK_NAME__KIND__##kind
#define ITEM_CLOCKS 8  // of one item, and of the whole two: bounds the moves

/* The event while it is put together. */
struct notice {
    const struct world *world;
    struct bl_arena *arena;
    Bl__Application *draft;  // with the stops as they are by the new calendar
    Bl__Recomputed *recomputed;
};

static bool has_moved(const Bl__Clock *was, const Bl__Clock *is)
{
    return countdown_is_open(was) && is != NULL &&
           (was->due_at != is->due_at || was->provisional != is->provisional);
}

/* The clock as it is now, noted where its due moment is another one; NULL where it stays. */
static Bl__Clock *note(struct notice *notice, const Bl__ClockName *name, const Bl__Clock *was,
                       Bl__Clock *is)
{
    Bl__Recomputed *recomputed = notice->recomputed;

    if (!has_moved(was, is)) {
        return NULL;
    }
    if (was->due_at != is->due_at) {
        Bl__Recomputed__Move *move = bl_arena_new(notice->arena, Bl__Recomputed__Move);

        bl__recomputed__move__init(move);
        move->clock = bl_arena_copy(notice->arena, name, sizeof *name);
        move->was = was->due_at;
        move->is = is->due_at;
        recomputed->moves[recomputed->n_moves++] = move;
    }
    return is;
}

/* A clock that no stop holds, before acceptance or from the decision on. */
static Bl__Clock *note_plain(struct notice *notice, uint32_t index, Bl__ClockName__Kind kind,
                             const Bl__Clock *was)
{
    Bl__ClockName name = BL__CLOCK_NAME__INIT;
    struct clock_question question;

    name.item = index;
    name.kind = kind;
    if (!countdown_is_open(was) ||
        !recount_question(notice->world, notice->draft, &name, notice->arena, &question)) {
        return NULL;
    }
    return note(notice, &name, was,
                recount_plain(notice->world, was, question.start, question.limit, notice->arena));
}

static void note_plain_clocks(struct notice *notice, uint32_t index, Bl__ItemChange *change)
{
    const Bl__Item *item = notice->draft->items[index];

    change->notify = note_plain(notice, index, K(NOTIFY), item->notify);
    change->correction = note_plain(notice, index, K(CORRECTION), item->correction);
    change->supplement = note_plain(notice, index, K(SUPPLEMENT), item->supplement);
    change->deliver = note_plain(notice, index, K(DELIVER), item->deliver);
    change->check = note_plain(notice, index, K(CHECK), item->check);
}

static void note_stops(struct notice *notice, uint32_t index)
{
    Bl__Item *item = notice->draft->items[index];
    Bl__Recomputed *recomputed = notice->recomputed;

    for (size_t i = 0; i < item->n_stops; i++) {
        Bl__Stop *stop = item->stops[i];

        if (stop->to != 0 || stop->cap == NULL) {
            continue;  // it has ended, or is a day that is waited for
        }
        struct clock_question question = {
            .start = stop->from,
            .limit = { stop->cap->halves, (enum limit_unit)stop->cap->unit },
        };
        bl_time ends_at = clock_due(notice->world->calendar, &question).due;
        if (ends_at != stop->ends_at) {
            Bl__Recomputed__StopMove *move = bl_arena_new(notice->arena, Bl__Recomputed__StopMove);

            bl__recomputed__stop_move__init(move);
            move->item = index;
            move->number = stop->number;
            move->was = stop->ends_at;
            move->is = ends_at;
            stop->ends_at = ends_at;
            recomputed->stops[recomputed->n_stops++] = move;
        }
    }
}

/* Promise, law and step of an accepted item. */
static void note_running(struct notice *notice, uint32_t index, Bl__ItemChange *change)
{
    const Bl__Item *item = notice->draft->items[index];
    const Bl__ItemChange *again =
        recount_item(notice->world, notice->draft, item, index, notice->arena);
    Bl__ClockName name = BL__CLOCK_NAME__INIT;

    name.item = index;
    change->promise = note(notice, &name, item->promise, again->promise);
    name.legal = true;
    change->legal = note(notice, &name, item->legal, again->legal);
    name.legal = false;
    name.kind = K(STEP);
    change->step = note(notice, &name, item->desk == NULL ? NULL : item->desk->limit, again->step);
}

static void note_item(struct notice *notice, uint32_t index)
{
    Bl__Item *item = notice->draft->items[index];
    Bl__ItemChange *change = bl_arena_new(notice->arena, Bl__ItemChange);

    bl__item_change__init(change);
    change->item = index;
    change->state = item->state;
    change->held = item->held;
    if (application_item_is_running(item)) {
        note_running(notice, index, change);
    }
    note_plain_clocks(notice, index, change);
    if (change->promise == NULL && change->legal == NULL && change->step == NULL &&
        change->notify == NULL && change->correction == NULL && change->supplement == NULL &&
        change->deliver == NULL && change->check == NULL) {
        return;
    }
    item->promise = change->promise != NULL ? change->promise : item->promise;
    item->legal = change->legal != NULL ? change->legal : item->legal;
    change->rung_at = item->rung_at == 0 ? 0 : escalate_next(notice->world, item);
    notice->recomputed->changes[notice->recomputed->n_changes++] = change;
}

static void note_whole(struct notice *notice)
{
    Bl__Application *draft = notice->draft;
    Bl__WholeChange *whole = recount_whole(notice->world, draft, NULL, 0, NULL, notice->arena);
    Bl__ClockName name = BL__CLOCK_NAME__INIT;

    if (whole == NULL || !application_is_open(draft)) {
        return;
    }
    name.whole = true;
    whole->promise = note(notice, &name, draft->promise, whole->promise);
    name.legal = true;
    whole->legal = note(notice, &name, draft->legal, whole->legal);
    if (whole->promise == NULL && whole->legal == NULL) {
        return;
    }
    draft->promise = whole->promise != NULL ? whole->promise : draft->promise;
    draft->legal = whole->legal != NULL ? whole->legal : draft->legal;
    whole->climbs = draft->rung_at != 0;
    whole->rung_at = whole->climbs ? escalate_next_whole(notice->world, draft) : 0;
    notice->recomputed->whole = whole;
}

static Bl__Application *draft_of(const Bl__Application *application, struct bl_arena *arena)
{
    Bl__Application *draft = bl_arena_copy(arena, application, sizeof *application);

    draft->items = bl_arena_array(arena, Bl__Item *, application->n_items);
    for (size_t i = 0; i < application->n_items; i++) {
        draft->items[i] = item_copy(application->items[i], arena);
    }
    return draft;
}

Bl__Event *application_recompute(const struct world *world, const Bl__Application *application,
                                 const char *calendar, uint32_t version, struct bl_arena *arena)
{
    Bl__Recomputed *recomputed = bl_arena_new(arena, Bl__Recomputed);
    struct notice notice = { world, arena, draft_of(application, arena), recomputed };
    size_t stops = 0;

    bl__recomputed__init(recomputed);
    for (size_t i = 0; i < application->n_items; i++) {
        stops += application->items[i]->n_stops;
    }
    recomputed->moves =
        bl_arena_array(arena, Bl__Recomputed__Move *, ITEM_CLOCKS * application->n_items + 2);
    recomputed->changes = bl_arena_array(arena, Bl__ItemChange *, application->n_items);
    recomputed->stops = bl_arena_array(arena, Bl__Recomputed__StopMove *, stops);
    for (uint32_t i = 0; i < application->n_items; i++) {
        note_stops(&notice, i);
    }
    note_whole(&notice);
    for (uint32_t i = 0; i < application->n_items; i++) {
        note_item(&notice, i);
    }
    if (recomputed->n_changes == 0 && recomputed->n_stops == 0 && recomputed->whole == NULL) {
        return NULL;
    }
    Bl__Event *event = event_new(arena, world, BL__EVENT__WHAT_RECOMPUTED);
    event->recomputed = recomputed;
    recomputed->calendar = calendar;
    recomputed->version = version;
    return event;
}

static void fold_stop(Bl__Item *item, const Bl__Recomputed__StopMove *move)
{
    for (size_t i = 0; i < item->n_stops; i++) {
        if (item->stops[i]->number == move->number) {
            item->stops[i]->ends_at = move->is;
        }
    }
}

static bool is_over(const Bl__Clock *promise, const Bl__Clock *legal)
{
    return (promise != NULL && promise->phase == BL__CLOCK__PHASE__OVERDUE) ||
           (legal != NULL && legal->phase == BL__CLOCK__PHASE__OVERDUE);
}

/* What is in time again has not been escalated. */
static void fold_rung(Bl__Item *item)
{
    if (!is_over(item->promise, item->legal) && application_item_is_running(item)) {
        item->rung = 0;
        item->rung_at = 0;
    }
}

void evolve_recomputed(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Recomputed *recomputed = event->recomputed;

    for (size_t i = 0; i < recomputed->n_stops; i++) {
        CHECK(recomputed->stops[i]->item < application->n_items);
        fold_stop(application->items[recomputed->stops[i]->item], recomputed->stops[i]);
    }
    change_items(application, recomputed->changes, recomputed->n_changes, event, arena);
    for (size_t i = 0; i < recomputed->n_changes; i++) {
        fold_rung(application->items[recomputed->changes[i]->item]);
    }
    change_whole(application, recomputed->whole, arena);
    if (recomputed->whole != NULL && !is_over(application->promise, application->legal)) {
        application->rung = 0;
        application->rung_at = 0;
    }
}
