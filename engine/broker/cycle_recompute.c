/* A calendar was published: all open due moments are counted again, a portion in each batch, so
 * that decisions never wait. How far it is stands in the store with each portion, so a restart goes
 * on; whoever loads an application that is still to come counts it again first, so nothing is ever
 * due by a calendar that is out of date. */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "broker/cycle_state.h"
#include "core/application.h"
#include "store/read.h"
#include "store/record.h"

static enum bl_err read_job(struct store_read *read, struct recompute *job, struct bl_error *e)
{
    struct bl_arena arena AUTO(bl_arena_free);
    Bl__RecomputeJob *stored = NULL;

    bl_arena_init(&arena, 256, 1 << 16);
    enum bl_err err = read_recompute_job(read, &arena, &stored, e);
    *job = (struct recompute){ 0 };
    if (err == BL_NOT_FOUND) {
        return BL_OK;
    }
    if (err == BL_OK) {
        job->next = stored->next;
        job->last = stored->last;
        job->version = stored->version;
        job->event = stored->event;
        bl_text_copy(job->calendar, sizeof job->calendar, stored->calendar);
    }
    return err;
}

enum bl_err cycle_recompute_open(struct cycle *cycle, struct store_read *read, struct bl_error *e)
{
    return read_job(read, &cycle->recompute, e);
}

void cycle_recompute_begin(struct cycle *cycle, const Bl__Event *event)
{
    const Bl__Publication *publication = event->published->publication;
    struct recompute *job = &cycle->recompute;

    if (publication->kind != BL__PUBLICATION__KIND__CALENDAR ||
        cycle->newest[BL__AGGREGATE__APPLICATION] == 0) {
        return;
    }
    *job = (struct recompute){ .next = 1,
                               .last = cycle->newest[BL__AGGREGATE__APPLICATION],
                               .version = publication->version,
                               .event = event->seq };
    bl_text_copy(job->calendar, sizeof job->calendar, publication->id);
    cycle->recompute_touched = true;
}

bool cycle_recompute_is_open(const struct cycle *cycle)
{
    return cycle->recompute.next != 0;
}

void cycle_recompute_one(struct cycle *cycle, struct cached *cached)
{
    const struct recompute *job = &cycle->recompute;

    if (cached->id < job->next || cached->id > job->last || cached->recomputed == job->event) {
        return;
    }
    cached->recomputed = job->event;
    struct world world = cycle_world(cycle, NULL, cached);
    Bl__Event *event =
        application_recompute(&world, cached->state, bl_arena_string(cycle->arena, job->calendar),
                              job->version, cycle->arena);
    if (event != NULL) {
        cycle_apply(cycle, cached, event);
    }
}

struct portion {
    uint64_t ids[RECOMPUTE_MAX];
    uint64_t last;
    uint32_t count, most;
};

static bool collect(void *context, struct bl_text key, struct bl_text value)
{
    struct portion *portion = context;
    uint64_t id = key_read_u64(key.at);

    (void)value;
    if (id > portion->last || portion->count == portion->most) {
        return false;
    }
    portion->ids[portion->count++] = id;
    return true;
}

enum bl_err cycle_recompute(struct cycle *cycle, struct bl_error *e)
{
    struct recompute *job = &cycle->recompute;
    struct portion portion = { .last = job->last, .most = cycle->config.recompute_max };

    if (job->next == 0) {
        return BL_OK;
    }
    struct key key = key_of_id(job->next);
    enum bl_err err = read_scan(store_write_read(cycle->write), TABLE_APPLICATIONS, key_text(&key),
                                collect, &portion, e);
    if (err != BL_OK) {
        return err;
    }
    for (uint32_t i = 0; i < portion.count; i++) {
        struct bl_error damage = { 0 };
        struct cached *cached;

        if (cycle_load(cycle, portion.ids[i], &cached, &damage) != BL_OK) {
            bl_log(BL_LOG_ERROR, "recompute.skipped", "application=%" PRIu64 " error=\"%s\"",
                   portion.ids[i], damage.text);
        }
    }
    job->next = portion.count < portion.most ? 0 : portion.ids[portion.most - 1] + 1;
    cycle->recompute_touched = true;
    return BL_OK;
}

void cycle_recompute_write(struct cycle *cycle)
{
    const struct recompute *job = &cycle->recompute;
    Bl__RecomputeJob stored = BL__RECOMPUTE_JOB__INIT;

    if (!cycle->recompute_touched) {
        return;
    }
    if (job->next == 0) {
        store_write_remove(cycle->write, TABLE_META, bl_text_of(RECOMPUTE_JOB_KEY));
        return;
    }
    stored.calendar = job->calendar;
    stored.version = job->version;
    stored.next = job->next;
    stored.last = job->last;
    stored.event = job->event;
    store_write_put(cycle->write, TABLE_META, bl_text_of(RECOMPUTE_JOB_KEY),
                    record_seal_message(&stored.base, cycle->arena));
}
