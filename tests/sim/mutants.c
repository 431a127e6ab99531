/* Bugs in the engine's own functions: the linker puts these in their place (-Wl,--wrap), and they
 * go wrong while a batch runs, or at a start, never for the model that checks. */
#include <string.h>

#include "broker/cache.h"
#include "broker/cycle_state.h"
#include "core/application_state.h"
#include "core/desk.h"
#include "core/join.h"
#include "core/notice.h"
#include "deadline/clock.h"
#include "faults.h"
#include "log/log.h"
#include "store/checkpoint.h"
#include "store/read.h"
#include "store/request.h"

#define OUTLASTS_A_WEEK (8 * DAY_US)  // request ids are known for a week

static struct {
    enum sim_bug bug;  // BUG_NONE outside of a batch
    bool starting;
    uint32_t calls;
} mutant;

enum join_outcome __real_join_settle(const struct definition_join *join,
                                     const struct join_item *items, struct form_scope *scope,
                                     struct bl_arena *scratch);
struct clock_answer __real_clock_due(const struct calendar *calendar,
                                     const struct clock_question *question);
bl_time __real_suspend_next(const Bl__Item *item, uint32_t *number);
void __real_follow_limit(const struct question *q, Bl__Overdue *overdue);
bl_time __real_log_stamp(struct log *log, bl_time now);
void __real_cache_drop(struct cache *cache, struct cached *cached);
enum bl_err __real_request_forget(struct store_write *write, bl_time now, struct bl_arena *arena,
                                  struct bl_error *e);
enum bl_err __real_read_next_timer(struct store_read *read, bl_time *at, struct bl_error *e);
void __real_checkpoint_sign(const struct checkpoint_key *key, Bl__ChainEntry *entry,
                            uint8_t signature[CHECKPOINT_SIGNATURE_BYTES]);

enum join_outcome __wrap_join_settle(const struct definition_join *join,
                                     const struct join_item *items, struct form_scope *scope,
                                     struct bl_arena *scratch);
struct clock_answer __wrap_clock_due(const struct calendar *calendar,
                                     const struct clock_question *question);
bl_time __wrap_suspend_next(const Bl__Item *item, uint32_t *number);
void __wrap_follow_limit(const struct question *q, Bl__Overdue *overdue);
bl_time __wrap_log_stamp(struct log *log, bl_time now);
void __wrap_cache_drop(struct cache *cache, struct cached *cached);
enum bl_err __wrap_request_forget(struct store_write *write, bl_time now, struct bl_arena *arena,
                                  struct bl_error *e);
enum bl_err __wrap_read_next_timer(struct store_read *read, bl_time *at, struct bl_error *e);
void __wrap_checkpoint_sign(const struct checkpoint_key *key, Bl__ChainEntry *entry,
                            uint8_t signature[CHECKPOINT_SIGNATURE_BYTES]);

Bl__Event *__real_application_recompute(const struct world *world,
                                        const Bl__Application *application, const char *calendar,
                                        uint32_t version, struct bl_arena *arena);
void __real_cycle_recompute_write(struct cycle *cycle);
Bl__Refusal *__real_desk_seat(const struct world *world, const struct definition_item *item,
                              const char *department, const Bl__Desk *desk,
                              struct office_seat *seat, struct bl_arena *arena);
Bl__Event *__wrap_application_recompute(const struct world *world,
                                        const Bl__Application *application, const char *calendar,
                                        uint32_t version, struct bl_arena *arena);
void __wrap_cycle_recompute_write(struct cycle *cycle);
Bl__Refusal *__wrap_desk_seat(const struct world *world, const struct definition_item *item,
                              const char *department, const Bl__Desk *desk,
                              struct office_seat *seat, struct bl_arena *arena);

void __real_notice_announce(const struct world *world, const Bl__Application *application,
                            Bl__Event *event, struct bl_arena *arena);
void __real_evolve_notice_sent(Bl__Application *application, const Bl__Event *event,
                               struct bl_arena *arena);
void __wrap_notice_announce(const struct world *world, const Bl__Application *application,
                            Bl__Event *event, struct bl_arena *arena);
void __wrap_evolve_notice_sent(Bl__Application *application, const Bl__Event *event,
                               struct bl_arena *arena);

void mutants_enter(enum sim_bug bug)
{
    mutant.bug = bug;
    mutant.starting = false;
}

void mutants_leave(void)
{
    mutant.bug = BUG_NONE;
}

void mutants_start(enum sim_bug bug)
{
    mutant.starting = bug == BUG_SLEEPING_START;
}

/* Is it this bug's turn, of so many calls once? */
static bool errs(enum sim_bug bug, uint32_t every)
{
    return mutant.bug == bug && ++mutant.calls % every == 0;
}

enum join_outcome __wrap_join_settle(const struct definition_join *join,
                                     const struct join_item *items, struct form_scope *scope,
                                     struct bl_arena *scratch)
{
    for (size_t i = 0; i < join->branch_count && mutant.bug == BUG_HUNG_JOIN; i++) {
        if (items[join->branches[i]].state == BL__ITEM__STATE__NOT_NEEDED) {
            return JOIN_OPEN;
        }
    }
    return __real_join_settle(join, items, scope, scratch);
}

/* The second of two stops that overlap is put behind the first. */
static struct clock_answer due_summed(const struct calendar *calendar,
                                      const struct clock_question *question)
{
    struct clock_question summed = *question;
    struct clock_stop stops[2];

    memcpy(stops, question->stops, sizeof stops);
    if (stops[1].from > stops[0].from && stops[1].from < stops[0].to) {
        bl_span later = stops[0].to - stops[1].from;

        stops[1].from += later;
        stops[1].to += later;
    }
    summed.stops = stops;
    return __real_clock_due(calendar, &summed);
}

struct clock_answer __wrap_clock_due(const struct calendar *calendar,
                                     const struct clock_question *question)
{
    if (mutant.bug == BUG_SUMMED_STOPS && question->stop_count == 2) {
        return due_summed(calendar, question);
    }
    struct clock_answer answer = __real_clock_due(calendar, question);

    if (answer.due != BL_NEVER && errs(BUG_LATE_DUE, 8)) {
        answer.due += DAY_US;
    }
    return answer;
}

bl_time __wrap_suspend_next(const Bl__Item *item, uint32_t *number)
{
    return mutant.bug == BUG_FORGOTTEN_CAP ? BL_NEVER : __real_suspend_next(item, number);
}

void __wrap_follow_limit(const struct question *q, Bl__Overdue *overdue)
{
    __real_follow_limit(q, overdue);
    if (mutant.bug == BUG_DROPPED_RUNG) {
        overdue->rung_at = 0;
    }
}

bl_time __wrap_log_stamp(struct log *log, bl_time now)
{
    if (mutant.bug == BUG_TIME_BACK) {
        log->last = now;
        return now;
    }
    return __real_log_stamp(log, now);
}

void __wrap_cache_drop(struct cache *cache, struct cached *cached)
{
    if (mutant.bug != BUG_KEPT_CACHE) {
        __real_cache_drop(cache, cached);
    }
}

enum bl_err __wrap_request_forget(struct store_write *write, bl_time now, struct bl_arena *arena,
                                  struct bl_error *e)
{
    return __real_request_forget(
        write, mutant.bug == BUG_EARLY_FORGET ? now + OUTLASTS_A_WEEK : now, arena, e);
}

enum bl_err __wrap_read_next_timer(struct store_read *read, bl_time *at, struct bl_error *e)
{
    enum bl_err err = __real_read_next_timer(read, at, e);

    if (mutant.starting) {
        *at = BL_NEVER;
        mutant.starting = false;
    }
    return err;
}

void __wrap_checkpoint_sign(const struct checkpoint_key *key, Bl__ChainEntry *entry,
                            uint8_t signature[CHECKPOINT_SIGNATURE_BYTES])
{
    __real_checkpoint_sign(key, entry, signature);
    if (errs(BUG_FALSE_SIGNATURE, 16)) {
        signature[0] ^= 1;
    }
}

/* Clocks that a stop holds are a day late. */
static void delay_standing(Bl__Recomputed *recomputed)
{
    for (size_t i = 0; i < recomputed->n_changes; i++) {
        Bl__Clock *promise = recomputed->changes[i]->promise;

        if (promise != NULL && promise->phase == BL__CLOCK__PHASE__STANDING) {
            promise->due_at += DAY_US;
        }
    }
}

Bl__Event *__wrap_application_recompute(const struct world *world,
                                        const Bl__Application *application, const char *calendar,
                                        uint32_t version, struct bl_arena *arena)
{
    Bl__Event *event = __real_application_recompute(world, application, calendar, version, arena);

    if (event != NULL && mutant.bug == BUG_STOPPED_CLOCK) {
        delay_standing(event->recomputed);
    } else if (event != NULL && mutant.bug == BUG_KEPT_CAP) {
        event->recomputed->n_stops = 0;
    } else if (event != NULL && mutant.bug == BUG_UNTOLD_MOVE && event->recomputed->n_moves > 0 &&
               event->recomputed->n_changes > 0) {
        event->recomputed->moves++;
        event->recomputed->n_moves--;
    }
    return event;
}

void __wrap_cycle_recompute_write(struct cycle *cycle)
{
    if (mutant.bug != BUG_LOST_CURSOR) {
        __real_cycle_recompute_write(cycle);
    }
}

/* Whoever is an officer of the department signs for the first who has not. */
Bl__Refusal *__wrap_desk_seat(const struct world *world, const struct definition_item *item,
                              const char *department, const Bl__Desk *desk,
                              struct office_seat *seat, struct bl_arena *arena)
{
    Bl__Refusal *refusal = __real_desk_seat(world, item, department, desk, seat, arena);
    const struct office_actor actor = office_actor(world);
    struct desk_signers signers = desk_signers(world, item, department, desk);
    const char *next = desk_next_in_order(desk, &signers);

    if (mutant.bug != BUG_ANY_DEPUTY || refusal == NULL || next[0] == '\0' ||
        strcmp(actor.department, department) != 0 || desk->post[0] != '\0') {
        return refusal;
    }
    *seat = (struct office_seat){ next, actor.post, actor.person };
    return NULL;
}

void __wrap_notice_announce(const struct world *world, const Bl__Application *application,
                            Bl__Event *event, struct bl_arena *arena)
{
    if (!errs(BUG_LOST_NOTICE, 8)) {
        __real_notice_announce(world, application, event, arena);
    }
}

void __wrap_evolve_notice_sent(Bl__Application *application, const Bl__Event *event,
                               struct bl_arena *arena)
{
    if (!errs(BUG_NOTICE_TWICE, 4)) {
        __real_evolve_notice_sent(application, event, arena);
    }
}
