#include "store/repair.h"

#include <inttypes.h>
#include <stddef.h>

#include "base/log.h"
#include "core/directory.h"
#include "schema/unpack.h"
#include "store/history.h"
#include "store/read.h"
#include "store/record.h"

#define DIRECTORY_ID 1

/* The directory's events, from the newest back. */
struct search {
    uint64_t newest;
    bool damaged;
};

static bool visit_event(void *context, struct bl_text key, struct bl_text value)
{
    struct search *search = context;
    uint64_t kind = 0;
    struct bl_text body;

    if (record_open(value, &body, NULL) != BL_OK ||
        !unpack_number(&bl__event__descriptor, body, offsetof(Bl__Event, aggregate), &kind)) {
        search->damaged = true;  // whose it was, nobody can say
        return false;
    }
    if (kind != BL__AGGREGATE__DIRECTORY) {
        return true;
    }
    search->newest = key_read_u64(key.at);
    return false;
}

static enum bl_err count_events(struct store_read *read, uint64_t newest, struct bl_arena *arena,
                                uint32_t *count, struct bl_error *e)
{
    Bl__Event *event;

    for (uint64_t seq = newest; seq != 0; seq = event->previous) {
        enum bl_err err = read_event(read, seq, arena, &event, e);

        if (err != BL_OK) {
            return err;
        }
        if (event->aggregate != BL__AGGREGATE__DIRECTORY || event->previous >= seq) {
            return bl_error_set(e, BL_CORRUPT, "event %" PRIu64 " is not the directory's", seq);
        }
        ++*count;
    }
    return BL_OK;
}

static enum bl_err fold(struct store_read *read, struct bl_arena *arena, Bl__Directory **directory,
                        struct bl_error *e)
{
    struct search search = { 0 };
    uint32_t count = 0;
    Bl__Event **events;
    enum bl_err err =
        read_scan_back(read, TABLE_EVENTS, (struct bl_text){ NULL, 0 }, visit_event, &search, e);

    if (err == BL_OK && search.damaged) {
        err = bl_error_set(e, BL_CORRUPT, "one of the newest events fails its check");
    }
    if (err == BL_OK) {
        err = count_events(read, search.newest, arena, &count, e);
    }
    if (err == BL_OK) {
        err = history_read(read, BL__AGGREGATE__DIRECTORY, DIRECTORY_ID, search.newest, count,
                           arena, &events, e);
    }
    if (err == BL_OK) {
        *directory = history_fold(BL__AGGREGATE__DIRECTORY, DIRECTORY_ID, events, count, arena);
    }
    return err;
}

static void put(struct store_write *write, const Bl__Directory *directory, struct bl_arena *arena)
{
    struct key key = key_of_id(DIRECTORY_ID), incident = key;

    key_u16(&incident, INCIDENT_RECORD);
    key_u16(&incident, BL__AGGREGATE__DIRECTORY);
    store_write_put(write, TABLE_DIRECTORY, key_keep(&key, arena),
                    record_seal_message(&directory->base, arena));
    store_write_put(write, TABLE_INCIDENTS, key_keep(&incident, arena), (struct bl_text){ "", 0 });
}

static enum bl_err repair(struct store_write *write, struct bl_arena *arena, struct bl_error *e)
{
    Bl__Directory *directory;
    struct bl_error cause = { 0 };
    enum bl_err err = read_directory(store_write_read(write), arena, &directory, &cause);

    if (err != BL_CORRUPT && err != BL_FORMAT) {  // in a store of our format a flip too
        store_write_abort(write);
        return err == BL_OK ? BL_OK : bl_error_set(e, err, "%s", cause.text);
    }
    cause = (struct bl_error){ 0 };
    err = fold(store_write_read(write), arena, &directory, &cause);
    if (err != BL_OK) {
        store_write_abort(write);
        return bl_error_set(e, err,
                            "the directory and its events are damaged (%s); bring a backup back "
                            "with `binglian store restore`",
                            cause.text);
    }
    put(write, directory, arena);
    err = store_write_commit(write, e);
    if (err == BL_OK) {
        bl_log(BL_LOG_ERROR, "record.repaired", "directory=%d events=%" PRIu32, DIRECTORY_ID,
               directory->revision);
    }
    return err;
}

enum bl_err repair_directory(struct store_write *write, struct bl_error *e)
{
    struct bl_arena arena AUTO(bl_arena_free);
    enum bl_err err = store_write_begin(write, e);

    bl_arena_init(&arena, 1 << 14, SIZE_MAX);
    return err == BL_OK ? repair(write, &arena, e) : err;
}
