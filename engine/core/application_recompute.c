/* A notice of holidays is out: every due moment that is still ahead, or was missed, is counted
 * again (domain.md 4.8). One event says what was and what is; nothing changes, nothing is said. */
#include <string.h>

#include "core/application.h"
#include "core/application_state.h"
#include "core/change.h"
#include "core/countdown.h"
#include "core/notice.h"
#include "core/recount.h"

#define K(kind) BL__CLOCK_NAME__KIND__##kind
#define ITEM_CLOCKS 9   // of one item, its rung with them: bounds the moves
#define WHOLE_CLOCKS 3  // of the whole

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

/* A due moment that no change of an item has; `now` NULL: it is no more than a moment. */
static void note_moment(struct notice *notice, const Bl__ClockName *name, bl_time was, bl_time is,
                        const Bl__Clock *now)
{
    Bl__Recomputed *recomputed = notice->recomputed;

    if (was == is) {
        return;
    }
    Bl__Recomputed__Move *move = bl_arena_new(notice->arena, Bl__Recomputed__Move);
    bl__recomputed__move__init(move);
    move->clock = bl_arena_copy(notice->arena, name, sizeof *name);
    move->was = was;
    move->is = is;
    move->now = clock_copy(now, notice->arena);
    recomputed->moves[recomputed->n_moves++] = move;
}

static struct limit limit_of(const Bl__Limit *limit)
{
    return (struct limit){ limit->halves, (enum limit_unit)limit->unit };
}

static bl_time count_again(const struct notice *notice, bl_time start, struct limit limit)
{
    struct clock_question question = { .start = start, .limit = limit };

    return clock_due(notice->world->calendar, &question).due;
}

static void note_opinions(struct notice *notice, uint32_t index)
{
    const Bl__Item *item = notice->draft->items[index];
    Bl__ClockName name = BL__CLOCK_NAME__INIT;

    name.item = index;
    name.kind = K(OPINION);
    for (size_t i = 0; i < item->n_consultations; i++) {
        const Bl__Consultation *asked = item->consultations[i];

        if (!countdown_is_open(asked->limit) || asked->within == NULL) {
            continue;
        }
        const Bl__Clock *now = recount_plain(notice->world, asked->limit,
                                             routing_effective(notice->world, asked->asked_at),
                                             limit_of(asked->within), notice->arena);
        name.number = asked->number;
        note_moment(notice, &name, asked->limit->due_at, now->due_at, now);
    }
}

/* Until when a hearing may be asked for, and until when it has to be held. */
static void note_hearings(struct notice *notice, uint32_t index)
{
    const Bl__Item *item = notice->draft->items[index];
    Bl__ClockName name = BL__CLOCK_NAME__INIT;

    name.item = index;
    for (size_t i = 0; i < item->n_stops; i++) {
        const Bl__Stop *stop = item->stops[i];

        name.number = stop->number;
        if (stop->to == 0 && hearing_lapses(stop) != BL_NEVER) {
            name.kind = K(ASK);
            note_moment(notice, &name, stop->ask_by, count_again(notice, stop->from, hearing_ask),
                        NULL);
        }
        if (countdown_is_open(stop->hold)) {
            const Bl__Clock *now = recount_plain(notice->world, stop->hold, stop->asked_at,
                                                 hearing_hold, notice->arena);

            name.kind = K(HEARING);
            note_moment(notice, &name, stop->hold->due_at, now->due_at, now);
        }
    }
}

/* A rung that nobody has climbed yet, by the clocks as they are now. */
static void note_rung(struct notice *notice, bool whole, uint32_t index)
{
    const Bl__Application *draft = notice->draft;
    bl_time was = whole ? draft->rung_at : draft->items[index]->rung_at;
    struct world world = *notice->world;

    world.now = was < world.now ? was : world.now;  // what is due already is never due sooner
    bl_time is = was == 0 ? 0
                 : whole  ? escalate_next_whole(&world, draft)
                          : escalate_next(&world, draft->items[index]);
    Bl__ClockName name = BL__CLOCK_NAME__INIT;

    name.whole = whole;
    name.item = index;
    name.kind = K(RUNG);
    if (is != 0) {
        note_moment(notice, &name, was, is, NULL);
    }
}

static void note_urgings(struct notice *notice)
{
    const Bl__Application *draft = notice->draft;
    const struct calendar *calendar = notice->world->calendar;
    Bl__ClockName name = BL__CLOCK_NAME__INIT;

    name.kind = K(REPLY);
    for (size_t i = 0; i < draft->n_urgings; i++) {
        const Bl__Urging *urging = draft->urgings[i];

        if (!urging->overdue && urging->within != NULL) {
            name.whole = urging->whole;
            name.item = urging->item;
            name.number = urging->number;
            note_moment(notice, &name, urging->reply_by,
                        count_again(notice, calendar_effective(calendar, urging->at),
                                    limit_of(urging->within)),
                        NULL);
        }
    }
}

static void note_clocks(struct notice *notice, uint32_t index)
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
    notice->recomputed->changes[notice->recomputed->n_changes++] = change;
}

static void note_item(struct notice *notice, uint32_t index)
{
    note_clocks(notice, index);
    note_opinions(notice, index);
    note_hearings(notice, index);
    note_rung(notice, false, index);
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
    size_t stops = 0, others = application->n_urgings;

    bl__recomputed__init(recomputed);
    for (size_t i = 0; i < application->n_items; i++) {
        stops += application->items[i]->n_stops;
        others += application->items[i]->n_consultations;
    }
    recomputed->moves =
        bl_arena_array(arena, Bl__Recomputed__Move *,
                       ITEM_CLOCKS * application->n_items + WHOLE_CLOCKS + 2 * stops + others);
    recomputed->changes = bl_arena_array(arena, Bl__ItemChange *, application->n_items);
    recomputed->stops = bl_arena_array(arena, Bl__Recomputed__StopMove *, stops);
    for (uint32_t i = 0; i < application->n_items; i++) {
        note_stops(&notice, i);
    }
    note_whole(&notice);
    for (uint32_t i = 0; i < application->n_items; i++) {
        note_item(&notice, i);
    }
    note_rung(&notice, true, 0);
    note_urgings(&notice);
    if (recomputed->n_changes == 0 && recomputed->n_moves == 0 && recomputed->n_stops == 0 &&
        recomputed->whole == NULL) {
        return NULL;
    }
    Bl__Event *event = event_new(arena, world, BL__EVENT__WHAT_RECOMPUTED);
    event->recomputed = recomputed;
    recomputed->calendar = calendar;
    recomputed->version = version;
    notice_announce(world, application, event, arena);
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

static void fold_hearing(Bl__Item *item, const Bl__Recomputed__Move *move, struct bl_arena *arena)
{
    for (size_t i = 0; i < item->n_stops; i++) {
        Bl__Stop *stop = item->stops[i];

        if (stop->number == move->clock->number && move->clock->kind == K(ASK)) {
            stop->ask_by = move->is;
        } else if (stop->number == move->clock->number) {
            stop->hold = clock_copy(move->now, arena);
        }
    }
}

static void fold_reply(Bl__Application *application, const Bl__Recomputed__Move *move)
{
    for (size_t i = 0; i < application->n_urgings; i++) {
        if (application->urgings[i]->number == move->clock->number) {
            application->urgings[i]->reply_by = move->is;
        }
    }
}

static void fold_opinion(Bl__Item *item, const Bl__Recomputed__Move *move, struct bl_arena *arena)
{
    for (size_t i = 0; i < item->n_consultations; i++) {
        if (item->consultations[i]->number == move->clock->number) {
            item->consultations[i]->limit = clock_copy(move->now, arena);
        }
    }
}

/* What no change of an item says. */
static void fold_move(Bl__Application *application, const Bl__Recomputed__Move *move,
                      struct bl_arena *arena)
{
    CHECK(move->clock->item < application->n_items);
    Bl__Item *item = application->items[move->clock->item];

    switch (move->clock->kind) {
    case K(OPINION):
        fold_opinion(item, move, arena);
        return;
    case K(HEARING):
    case K(ASK):
        fold_hearing(item, move, arena);
        return;
    case K(REPLY):
        fold_reply(application, move);
        return;
    case K(RUNG):
        *(move->clock->whole ? &application->rung_at : &item->rung_at) = move->is;
        return;
    case K(KIND_UNSPECIFIED):
    case K(NOTIFY):
    case K(CORRECTION):
    case K(SUPPLEMENT):
    case K(DELIVER):
    case K(CHECK):
    case K(STEP):
        return;
    }
    UNREACHABLE();
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
    for (size_t i = 0; i < recomputed->n_moves; i++) {
        fold_move(application, recomputed->moves[i], arena);
    }
    for (size_t i = 0; i < recomputed->n_changes; i++) {
        fold_rung(application->items[recomputed->changes[i]->item]);
    }
    change_whole(application, recomputed->whole, arena);
    if (recomputed->whole != NULL && !is_over(application->promise, application->legal)) {
        application->rung = 0;
        application->rung_at = 0;
    }
}
