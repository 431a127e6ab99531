#include "core/change.h"

#include <string.h>

#include "base/check.h"
#include "core/countdown.h"
#include "core/join.h"
#include "core/wait.h"

#define S(state) BL__ITEM__STATE__##state

/* --- copies ------------------------------------------------------------------------------------
 */

Bl__Clock *clock_copy(const Bl__Clock *clock, struct bl_arena *arena)
{
    return clock == NULL ? NULL : bl_arena_copy(arena, clock, sizeof *clock);
}

Bl__Limit *limit_new(struct limit limit, struct bl_arena *arena)
{
    Bl__Limit *message = bl_arena_new(arena, Bl__Limit);

    bl__limit__init(message);
    message->halves = limit.halves;
    message->unit = (Bl__Limit__Unit)limit.unit;
    return message;
}

Bl__Limit *limit_copy(const Bl__Limit *limit, struct bl_arena *arena)
{
    return limit == NULL ? NULL : bl_arena_copy(arena, limit, sizeof *limit);
}

static const char **texts_copy(const char *const *texts, size_t count, struct bl_arena *arena)
{
    const char **copies = count == 0 ? NULL : bl_arena_array(arena, const char *, count);

    for (size_t i = 0; i < count; i++) {
        copies[i] = bl_arena_string(arena, texts[i]);
    }
    return copies;
}

static Bl__Signature *signature_copy(const Bl__Signature *from, struct bl_arena *arena)
{
    Bl__Signature *signature = bl_arena_copy(arena, from, sizeof *from);

    signature->post = bl_arena_string(arena, from->post);
    signature->officer = bl_arena_string(arena, from->officer);
    return signature;
}

Bl__Desk *desk_copy(const Bl__Desk *from, struct bl_arena *arena)
{
    if (from == NULL) {
        return NULL;
    }
    Bl__Desk *desk = bl_arena_copy(arena, from, sizeof *from);
    desk->limit = clock_copy(from->limit, arena);
    desk->post = bl_arena_string(arena, from->post);
    desk->officer = bl_arena_string(arena, from->officer);
    desk->signers = texts_copy(from->signers, from->n_signers, arena);
    desk->hands = texts_copy(from->hands, from->n_hands, arena);
    desk->before = desk_copy(from->before, arena);
    desk->signatures = bl_arena_array(arena, Bl__Signature *, from->n_signatures);
    for (size_t i = 0; i < from->n_signatures; i++) {
        desk->signatures[i] = signature_copy(from->signatures[i], arena);
    }
    return desk;
}

Bl__Stop *stop_copy(const Bl__Stop *from, struct bl_arena *arena)
{
    Bl__Stop *stop = bl_arena_copy(arena, from, sizeof *from);

    stop->kind = bl_arena_string(arena, from->kind);
    stop->notice = bl_arena_string(arena, from->notice);
    stop->asked_by = bl_arena_string(arena, from->asked_by);
    stop->cap = limit_copy(from->cap, arena);
    stop->hold = clock_copy(from->hold, arena);
    return stop;
}

static Bl__Consultation *consultation_copy(const Bl__Consultation *from, struct bl_arena *arena)
{
    Bl__Consultation *consultation = bl_arena_copy(arena, from, sizeof *from);

    consultation->department = bl_arena_string(arena, from->department);
    consultation->question = bl_arena_string(arena, from->question);
    consultation->asked_by = bl_arena_string(arena, from->asked_by);
    consultation->limit = clock_copy(from->limit, arena);
    consultation->within = limit_copy(from->within, arena);
    return consultation;
}

static void copy_clocks(Bl__Item *item, const Bl__Item *from, struct bl_arena *arena)
{
    item->promise = clock_copy(from->promise, arena);
    item->legal = clock_copy(from->legal, arena);
    item->notify = clock_copy(from->notify, arena);
    item->correction = clock_copy(from->correction, arena);
    item->supplement = clock_copy(from->supplement, arena);
    item->deliver = clock_copy(from->deliver, arena);
    item->check = clock_copy(from->check, arena);
    item->extended = limit_copy(from->extended, arena);
}

Bl__Item *item_copy(const Bl__Item *from, struct bl_arena *arena)
{
    Bl__Item *item = bl_arena_copy(arena, from, sizeof *from);

    item->id = bl_arena_string(arena, from->id);
    item->department = bl_arena_string(arena, from->department);
    item->document = bl_arena_string(arena, from->document);
    item->accepted_by = bl_arena_string(arena, from->accepted_by);
    item->lower = bl_arena_string(arena, from->lower);
    item->missing = texts_copy(from->missing, from->n_missing, arena);
    item->changed = texts_copy(from->changed, from->n_changed, arena);
    copy_clocks(item, from, arena);
    item->desk = desk_copy(from->desk, arena);
    item->stops = bl_arena_array(arena, Bl__Stop *, from->n_stops);
    for (size_t i = 0; i < from->n_stops; i++) {
        item->stops[i] = stop_copy(from->stops[i], arena);
    }
    item->consultations = bl_arena_array(arena, Bl__Consultation *, from->n_consultations);
    for (size_t i = 0; i < from->n_consultations; i++) {
        item->consultations[i] = consultation_copy(from->consultations[i], arena);
    }
    return item;
}

/* --- items -------------------------------------------------------------------------------------
 */

/* What no longer runs once an item is settled. A gap may be closed, and what was granted is
 * delivered and checked, after it; a stop that is open ends by an event of its own, for the whole
 * stands with it. */
static void item_end(Bl__Item *item)
{
    bool granted =
        item->state == S(DECIDED) || item->state == S(DELIVERING) || item->state == S(DELIVERED);

    countdown_stop(item->promise);
    countdown_stop(item->legal);
    if (item->desk != NULL) {
        countdown_stop(item->desk->limit);
    }
    if (!granted || item->result == BL__ITEM__RESULT__DENIED) {
        countdown_stop(item->supplement);
        countdown_stop(item->deliver);
        countdown_stop(item->check);
    }
    for (size_t i = 0; i < item->n_consultations; i++) {
        countdown_stop(item->consultations[i]->limit);
    }
    for (size_t i = 0; i < item->n_stops; i++) {
        countdown_stop(item->stops[i]->hold);
    }
    item->held = false;
    item->incident = false;
    item->retry_at = 0;
    item->rung_at = 0;
    item->not_before = 0;
}

void change_item_state(Bl__Item *item, Bl__Item__State state, bl_time at)
{
    bool was_settled = join_item_is_settled((struct join_item){ item->state, item->result });
    Bl__Item__State before = item->state;

    if (item->state != state) {
        item->state = state;
        item->since = at;
    }
    if (state != S(RECEIVED)) {
        countdown_stop(item->notify);
    }
    if (state != S(CORRECTING)) {
        countdown_stop(item->correction);
    }
    if (join_item_is_settled((struct join_item){ state, item->result })) {
        if (!was_settled && state != S(DECIDED)) {
            item->before = before;
        }
        item_end(item);
    }
}

static void set_clock(Bl__Clock **clock, const Bl__Clock *to, struct bl_arena *arena)
{
    if (to != NULL) {
        *clock = clock_copy(to, arena);
    }
}

static void change_clocks(Bl__Item *item, const Bl__ItemChange *change, struct bl_arena *arena)
{
    set_clock(&item->promise, change->promise, arena);
    set_clock(&item->legal, change->legal, arena);
    set_clock(&item->notify, change->notify, arena);
    set_clock(&item->correction, change->correction, arena);
    set_clock(&item->supplement, change->supplement, arena);
    set_clock(&item->deliver, change->deliver, arena);
    set_clock(&item->check, change->check, arena);
    if (change->step != NULL && item->desk != NULL) {
        set_clock(&item->desk->limit, change->step, arena);
    }
}

/* A counter-event: what the end left behind is gone, and where it leads to before acceptance, what
 * that left behind too. */
static void reopen(Bl__Item *item, Bl__Item__State to)
{
    item->result = BL__ITEM__RESULT__RESULT_UNSPECIFIED;
    item->before = S(STATE_UNSPECIFIED);
    item->document = "";
    if (to == S(PENDING) || to == S(RECEIVED)) {
        item->promise = NULL;
        item->legal = NULL;
        item->supplement = NULL;  // what was promised went with the acceptance
        item->gap = false;
        item->desk = NULL;
        item->started_at = 0;
        item->accepted_event = 0;
        item->rung = 0;
        item->rung_at = 0;
    }
}

/* What was corrected joins what nobody has looked at yet. */
static void add_changed(Bl__Item *item, const Bl__ItemChange *change, struct bl_arena *arena)
{
    for (size_t i = 0; i < change->n_changed; i++) {
        size_t at = 0;

        while (at < item->n_changed && strcmp(item->changed[at], change->changed[i]) != 0) {
            at++;
        }
        if (at == item->n_changed) {
            item->changed = bl_arena_append(arena, item->changed, item->n_changed,
                                            bl_arena_string(arena, change->changed[i]));
            item->n_changed++;
        }
    }
}

static void change_item(Bl__Item *item, const Bl__ItemChange *change, const Bl__Event *event,
                        struct bl_arena *arena)
{
    item->held = change->held;
    if (change->reopens) {
        reopen(item, change->state);
    }
    if (change->result != BL__ITEM__RESULT__RESULT_UNSPECIFIED) {
        item->result = change->result;
    }
    if (change->started_at != 0) {
        item->started_at = change->started_at;
    }
    if (change->desk != NULL) {
        item->desk = desk_copy(change->desk, arena);
    }
    if (change->department[0] != '\0') {
        item->department = bl_arena_string(arena, change->department);
    }
    if (change->rung_at != 0) {
        item->rung_at = change->rung_at;
    }
    if (change->ordered) {
        item->accepted_event = event->seq;
    }
    if (change->n_missing > 0) {
        item->n_missing = change->n_missing;
        item->missing = texts_copy(change->missing, change->n_missing, arena);
    }
    if (change->n_changed > 0) {
        add_changed(item, change, arena);
    }
    if (change->opened || change->not_before != 0) {
        item->not_before = change->not_before;
        wait_move(item, change->not_before != 0 ? change->not_before : event->at);
    }
    item->committed |= change->committed;
    item->gap |= change->gap;
    change_clocks(item, change, arena);
    change_item_state(item, change->state, event->at);
}

void change_items(Bl__Application *application, Bl__ItemChange **changes, size_t count,
                  const Bl__Event *event, struct bl_arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        CHECK(changes[i]->item < application->n_items);
        change_item(application->items[changes[i]->item], changes[i], event, arena);
    }
}

/* --- the whole ---------------------------------------------------------------------------------
 */

void change_whole(Bl__Application *application, const Bl__WholeChange *change,
                  struct bl_arena *arena)
{
    if (change == NULL) {
        return;
    }
    set_clock(&application->promise, change->promise, arena);
    set_clock(&application->legal, change->legal, arena);
    if (change->unaccepts) {
        application->promise = NULL;
        application->legal = NULL;
        application->accepted_at = 0;
        application->started_at = 0;
        application->rung = 0;
        application->rung_at = 0;
    }
    if (change->started_at != 0) {
        application->started_at = change->started_at;
    }
    if (change->reopens) {
        application->ended_at = 0;
        application->delivered_at = 0;
    }
    if (change->climbs) {
        application->rung_at = change->rung_at;
    }
}

void change_completed(Bl__Application *application, bool completed, bl_time at)
{
    if (completed) {
        application->ended_at = at;
        application->rung_at = 0;
        countdown_stop(application->promise);
        countdown_stop(application->legal);
    }
}
