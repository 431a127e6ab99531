/* The promises about a new calendar (domain.md 4.8): every open case is counted again, once, before
 * anything else happens to it; one event says what was and what is; nothing moves that the new
 * calendar does not move; and no case is left behind when the job is done. */
#include <string.h>

#include "deadline/clock.h"
#include "model_state.h"
#include "oracle.h"
#include "schema/problem.h"
#include "store/read.h"
#include <sodium.h>

#define ASK_DAYS 5    // to ask for a hearing (行政许可法 第四十七条)
#define HOLD_DAYS 20  // to hold it

static void load(struct model *model, const char *text)
{
    const Bl__Calendar *layer = NULL;
    struct schema_problems *problems = bl_arena_new(&model->scratch, struct schema_problems);
    struct bl_error e = { 0 };

    schema_problems_init(problems, &model->scratch);
    CHECK(definition_load_calendar(text, strlen(text), "cn.yaml", NULL, 0, &model->scratch, &layer,
                                   problems) == BL_OK);
    calendar_free(&model->calendar);
    CHECK(calendar_new(&layer, 1, &model->calendar, &e) == BL_OK);
}

static bool is_source(const Bl__Publication *publication, const char *text)
{
    uint8_t hash[crypto_generichash_BYTES];

    (void)crypto_generichash(hash, sizeof hash, (const uint8_t *)text, strlen(text), NULL, 0);
    return publication->hash.len == sizeof hash &&
           memcmp(publication->hash.data, hash, sizeof hash) == 0;
}

void calendar_take(struct model *model, const Bl__Publication *publication)
{
    const struct sim *sim = model->sim;

    for (uint32_t i = 0; i < sim->calendar_count; i++) {
        if (is_source(publication, sim->calendars[i])) {
            load(model, sim->calendars[i]);
            model->calendar_version = publication->version;
            model->calendar_is_stale = model->count > 0;
            return;
        }
    }
    FAIL(model, 0, "a calendar is published that nobody has written");
}

/* --- moments that are no clock of an item's -----------------------------------------------------
 */

static bl_time due_of(const struct model *model, bl_time start, struct limit limit)
{
    bl_time due = oracle_due(model->calendar, start, limit, NULL, 0);
    struct clock_question question = { .start = start, .limit = limit };

    return due != BL_NEVER ? due : clock_due(model->calendar, &question).due;
}

static void expect(struct model *model, const struct mirror *mirror, bl_time is, bl_time moment,
                   const char *what)
{
    if (is != moment) {
        FAIL(model, mirror->state->id, "%s is wrong by %lld µs", what, (long long)(is - moment));
    }
}

static struct limit limit_of(const Bl__Limit *limit)
{
    return (struct limit){ limit->halves, (enum limit_unit)limit->unit };
}

static bool is_running(const Bl__Clock *clock)
{
    return clock != NULL &&
           (clock->phase == BL__CLOCK__PHASE__RUNNING || clock->phase == BL__CLOCK__PHASE__WARNED);
}

static void check_stop(struct model *model, const struct mirror *mirror, const Bl__Stop *stop)
{
    if (stop->to == 0 && stop->cap != NULL) {
        expect(model, mirror, stop->ends_at, due_of(model, stop->from, limit_of(stop->cap)),
               "the announced end of a stop");
    }
    if (stop->to == 0 && stop->ask_by != 0 && stop->asked_at == 0) {
        expect(model, mirror, stop->ask_by,
               due_of(model, stop->from, (struct limit){ 2 * ASK_DAYS, LIMIT_WD }),
               "the time to ask for a hearing");
    }
    if (is_running(stop->hold)) {
        expect(model, mirror, stop->hold->due_at,
               due_of(model, stop->asked_at, (struct limit){ 2 * HOLD_DAYS, LIMIT_WD }),
               "the time to hold a hearing");
    }
}

void calendar_check_moments(struct model *model, const struct mirror *mirror)
{
    const Bl__Application *state = mirror->state;
    bool at_once = mirror->workflow->definition->after_hours_count;

    for (size_t i = 0; i < state->n_items; i++) {
        const Bl__Item *item = state->items[i];

        for (size_t k = 0; k < item->n_stops; k++) {
            check_stop(model, mirror, item->stops[k]);
        }
        for (size_t k = 0; k < item->n_consultations; k++) {
            const Bl__Consultation *asked = item->consultations[k];

            if (is_running(asked->limit)) {
                expect(model, mirror, asked->limit->due_at,
                       due_of(model,
                              at_once ? asked->asked_at
                                      : calendar_effective(model->calendar, asked->asked_at),
                              limit_of(asked->within)),
                       "the time to give an opinion");
            }
        }
    }
    for (size_t i = 0; i < state->n_urgings; i++) {
        const Bl__Urging *urging = state->urgings[i];

        if (!urging->overdue && urging->within != NULL) {
            expect(model, mirror, urging->reply_by,
                   due_of(model, calendar_effective(model->calendar, urging->at),
                          limit_of(urging->within)),
                   "the time to answer an urging");
        }
    }
}

/* --- counted again ------------------------------------------------------------------------------
 */

void calendar_check_event(struct model *model, struct mirror *mirror, const Bl__Event *event)
{
    const Bl__Recomputed *recomputed = event->recomputed;

    if (event->what_case != BL__EVENT__WHAT_RECOMPUTED) {
        if (mirror->calendar_version != model->calendar_version) {
            mirror->calendar_version = model->calendar_version;
            clocks_check_stale(model, mirror, event->seq);
        }
        return;
    }
    if (mirror->calendar_version == model->calendar_version) {
        FAIL(model, mirror->state->id, "event %llu counts again what was counted already",
             (unsigned long long)event->seq);
    }
    if (recomputed->version != model->calendar_version || strcmp(recomputed->calendar, "cn") != 0) {
        FAIL(model, mirror->state->id, "event %llu counts by calendar %u; the newest is %u",
             (unsigned long long)event->seq, recomputed->version, model->calendar_version);
    }
    mirror->calendar_version = model->calendar_version;
}

bool calendar_tells(const Bl__Event *event, bl_time was, bl_time is)
{
    for (size_t i = 0; i < event->recomputed->n_moves; i++) {
        const Bl__Recomputed__Move *move = event->recomputed->moves[i];

        if (move->was == was && move->is == is) {
            return true;
        }
    }
    return false;
}

void calendar_check_job(struct model *model, struct store_read *read)
{
    Bl__RecomputeJob *job = NULL;

    if (!model->calendar_is_stale ||
        read_recompute_job(read, &model->scratch, &job, NULL) != BL_NOT_FOUND) {
        return;
    }
    model->calendar_is_stale = false;
    for (uint64_t i = 0; i < model->count; i++) {
        struct mirror *mirror = model->mirrors[i];

        if (mirror->calendar_version != model->calendar_version) {
            mirror->calendar_version = model->calendar_version;
            clocks_check_stale(model, mirror, mirror->state->last_event);
        }
    }
}
