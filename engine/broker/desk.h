/* desk.h — what the front reads of the store: the inbox for dispatch, a task's contents, the keys.
 * Each is one short read transaction. A record that is damaged is logged and passed over: it never
 * stops the others. */
#pragma once

#include "broker/backlog.h"
#include "broker/task_message.h"
#include "store/catalog.h"
#include "store/store.h"

struct desk {
    struct store *store;
    struct catalog *catalog;
    struct bl_arena scratch;
};

void desk_open(struct desk *desk, struct store *store, struct catalog *catalog);
void desk_close(struct desk *desk);

/* Makes the body of a task, or NULL. */
typedef void *(*desk_body)(void *context, const struct task_source *source);
/* As backlog_scan; each row that can be read gets what `body` makes, if it is not NULL. */
size_t desk_scan(struct desk *desk, const char *department, struct edf_key from,
                 struct backlog_row *rows, size_t capacity, desk_body body, void *context);
/* The `find` of a dispatch_port. */
bool desk_find(void *desk, const char *department, const char *task, struct backlog_row *row);
/* What an item's task is made from; false if nobody has to work on it any more.
 *   source  borrowed until the next call of the desk */
bool desk_task(struct desk *desk, uint64_t application, uint32_t item, struct task_source *source);
/* The directory as it is on disk, in `arena`; NULL if it cannot be read. */
const Bl__Directory *desk_directory(struct desk *desk, struct bl_arena *arena);
