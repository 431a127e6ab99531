/* backlog.h — what waits for one department, as much of it as memory may hold.
 * The store's inbox has every open task of a department in the order of deadlines. Here are the
 * earliest of them, in a lane for each item id, because one department's items may be served by
 * different workers. Everything before a horizon is here, everything from it on is only in the
 * store until somebody with nothing to do makes us read on. So memory is bounded whatever the load,
 * order stays exact, and a start reads nothing. */
#pragma once

#include <stddef.h>

#include "broker/tasks.h"

#define BACKLOG_READY_MAX 8192    // of one lane
#define BACKLOG_DELAYED_MAX 8192  // of one department
#define BACKLOG_SCAN_ROWS 512     // read in one go
#define BACKLOG_ID_BYTES 64       // of an item or department, with its NUL

/* A row of the store's inbox. */
struct backlog_row {
    struct edf_key key;  // due, application, item
    bl_time not_before;  // 0: now
    char item[BACKLOG_ID_BYTES];
    void *body;  // of the task, if the reader made it; the backlog's from then on
};

/* Reads a department's inbox in ascending order of (due, application, item).
 *   from     the first key that is wanted
 *   returns  how many rows were written; fewer than `capacity` at the end */
typedef size_t (*backlog_scan)(void *context, const char *department, struct edf_key from,
                               struct backlog_row *rows, size_t capacity);

struct lane {
    char item[BACKLOG_ID_BYTES];
    uint32_t index;
    struct edf ready;
    struct edf_key horizon;  // from here on tasks of this lane were put out again
};

struct backlog {
    struct tasks *tasks;
    char department[BACKLOG_ID_BYTES];
    struct lane **lanes;  // as many as published workflows have item ids for the department
    uint32_t lane_count, lane_capacity;
    struct edf delayed;      // by not_before
    struct edf_key horizon;  // from here on the inbox was not read yet
    bl_time reread_at;       // delayed tasks were put out: from then on they may be ready
};

void backlog_init(struct backlog *backlog, struct tasks *tasks, const char *department);
void backlog_free(struct backlog *backlog);

/* The lane of an item id, made if it is not there. */
struct lane *backlog_lane(struct backlog *backlog, const char *item);

/* Puts a task where it belongs: its lane, the delayed ones, or back to the store alone. The task
 * may be dropped. Returns whether a lane has gained one. */
bool backlog_put(struct backlog *backlog, struct task *task, bl_time now);
/* Takes a ready or delayed task out of its set; it is new then. */
void backlog_take(struct backlog *backlog, struct task *task);
/* Moves what has become ready into the lanes; whether there was any. */
bool backlog_wake(struct backlog *backlog, bl_time now);
/* When backlog_wake has to be called next; BL_NEVER. */
bl_time backlog_next(const struct backlog *backlog);
/* Drops all that waits; the inbox will be read from its beginning. */
void backlog_forget(struct backlog *backlog);

/* Is there more in the store: of the lane, of the department? */
bool backlog_lane_is_cut(const struct backlog *backlog, const struct lane *lane);
bool backlog_is_cut(const struct backlog *backlog);
/* Reads on: BACKLOG_SCAN_ROWS of the department's inbox; of `lane` only, where it is not NULL. */
void backlog_read(struct backlog *backlog, struct lane *lane, backlog_scan scan, void *context,
                  bl_time now);

void backlog_check(const struct backlog *backlog);
