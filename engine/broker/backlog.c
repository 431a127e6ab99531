#include "broker/backlog.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/text.h"

void backlog_init(struct backlog *backlog, struct tasks *tasks, const char *department)
{
    *backlog = (struct backlog){
        .tasks = tasks,
        .horizon = EDF_FIRST_KEY,
        .reread_at = BL_NEVER,
    };
    bl_text_copy(backlog->department, sizeof backlog->department, department);
}

static struct task *task_of(struct edf_node *node)
{
    return EDF_ENTRY(node, struct task, order);
}

static void drop_all(struct backlog *backlog, struct edf *set)
{
    for (struct edf_node *node; (node = edf_first(set)) != NULL;) {
        edf_remove(set, node);
        tasks_drop(backlog->tasks, task_of(node));
    }
}

void backlog_forget(struct backlog *backlog)
{
    for (uint32_t i = 0; i < backlog->lane_count; i++) {
        drop_all(backlog, &backlog->lanes[i]->ready);
        backlog->lanes[i]->horizon = EDF_LAST_KEY;
    }
    drop_all(backlog, &backlog->delayed);
    backlog->horizon = EDF_FIRST_KEY;
    backlog->reread_at = BL_NEVER;
}

void backlog_free(struct backlog *backlog)
{
    backlog_forget(backlog);
    for (uint32_t i = 0; i < backlog->lane_count; i++) {
        free(backlog->lanes[i]);
    }
    free(backlog->lanes);
    backlog->lane_count = 0;
}

struct lane *backlog_lane(struct backlog *backlog, const char *item)
{
    for (uint32_t i = 0; i < backlog->lane_count; i++) {
        if (strcmp(backlog->lanes[i]->item, item) == 0) {
            return backlog->lanes[i];
        }
    }
    if (backlog->lane_count == backlog->lane_capacity) {
        backlog->lane_capacity = 2 * backlog->lane_capacity + 8;
        backlog->lanes = realloc(backlog->lanes, backlog->lane_capacity * sizeof(struct lane *));
        CHECK(backlog->lanes != NULL);
    }
    struct lane *lane = calloc(1, sizeof *lane);

    CHECK(lane != NULL);
    lane->index = backlog->lane_count;
    lane->horizon = EDF_LAST_KEY;
    bl_text_copy(lane->item, sizeof lane->item, item);
    backlog->lanes[backlog->lane_count++] = lane;
    return lane;
}

static bool is_known(const struct backlog *backlog, const struct lane *lane, struct edf_key key)
{
    return edf_before(key, backlog->horizon) && edf_before(key, lane->horizon);
}

/* Keeps the earliest BACKLOG_READY_MAX of a lane; the store has the others. */
static void cut_lane(struct backlog *backlog, struct lane *lane)
{
    if (lane->ready.count > BACKLOG_READY_MAX) {
        struct edf_node *last = edf_last(&lane->ready);

        lane->horizon = last->key;
        edf_remove(&lane->ready, last);
        tasks_drop(backlog->tasks, task_of(last));
    }
}

static void cut_delayed(struct backlog *backlog)
{
    if (backlog->delayed.count > BACKLOG_DELAYED_MAX) {
        struct edf_node *last = edf_last(&backlog->delayed);

        if (last->key.when < backlog->reread_at) {
            backlog->reread_at = last->key.when;
        }
        edf_remove(&backlog->delayed, last);
        tasks_drop(backlog->tasks, task_of(last));
    }
}

bool backlog_put(struct backlog *backlog, struct task *task, bl_time now)
{
    CHECK(task->state == TASK_NEW);
    if (task->not_before > now) {
        struct edf_key key = { task->not_before, task->key.application, task->key.item };

        task->state = TASK_DELAYED;
        edf_insert(&backlog->delayed, &task->order, key);
        cut_delayed(backlog);
        return false;
    }
    if (!is_known(backlog, task->lane, task->key)) {
        tasks_drop(backlog->tasks, task);
        return false;
    }
    struct lane *lane = task->lane;

    task->state = TASK_READY;
    edf_insert(&lane->ready, &task->order, task->key);
    cut_lane(backlog, lane);
    return true;
}

void backlog_take(struct backlog *backlog, struct task *task)
{
    CHECK(task->state == TASK_READY || task->state == TASK_DELAYED);
    edf_remove(task->state == TASK_READY ? &task->lane->ready : &backlog->delayed, &task->order);
    task->state = TASK_NEW;
}

bool backlog_wake(struct backlog *backlog, bl_time now)
{
    bool gained = false;

    if (now >= backlog->reread_at) {
        backlog_forget(backlog);
        return true;
    }
    for (struct edf_node *first;
         (first = edf_first(&backlog->delayed)) != NULL && first->key.when <= now;) {
        struct task *task = task_of(first);

        backlog_take(backlog, task);
        gained |= backlog_put(backlog, task, now);
    }
    return gained;
}

bl_time backlog_next(const struct backlog *backlog)
{
    const struct edf_node *first = edf_first(&backlog->delayed);

    return first != NULL && first->key.when < backlog->reread_at ? first->key.when
                                                                 : backlog->reread_at;
}

bool backlog_is_cut(const struct backlog *backlog)
{
    return !edf_equal(backlog->horizon, EDF_LAST_KEY);
}

bool backlog_lane_is_cut(const struct backlog *backlog, const struct lane *lane)
{
    return edf_before(lane->horizon, backlog->horizon);
}

/* Takes one row of the inbox into memory, unless it is there or was put out for want of room. */
static void take_row(struct backlog *backlog, struct lane *lane, const struct backlog_row *row,
                     bl_time now)
{
    struct task *task = tasks_add(backlog->tasks, row->key);

    task->backlog = backlog;
    task->lane = lane;
    task->not_before = row->not_before;
    task->body = row->body;
    (void)backlog_put(backlog, task, now);
}

static bool is_wanted(const struct backlog *backlog, const struct lane *lane,
                      const struct backlog_row *row)
{
    return edf_before(row->key, lane->horizon) &&
           tasks_find(backlog->tasks, row->key.application, row->key.item) == NULL;
}

static struct edf_key key_after(struct edf_key key)
{
    key.item++;  // at most TASK_ITEMS_MAX: never wraps
    return key;
}

void backlog_read(struct backlog *backlog, struct lane *lane, backlog_scan scan, void *context,
                  bl_time now)
{
    struct backlog_row rows[BACKLOG_SCAN_ROWS];
    struct edf_key *horizon = lane == NULL ? &backlog->horizon : &lane->horizon;
    struct edf_key from = *horizon;
    size_t count = scan(context, backlog->department, from, rows, BACKLOG_SCAN_ROWS);

    // What is read now is known; a lane that overflows sets its own horizon again.
    *horizon = count < BACKLOG_SCAN_ROWS ? EDF_LAST_KEY : key_after(rows[count - 1].key);
    for (size_t i = 0; i < count; i++) {
        struct lane *own = backlog_lane(backlog, rows[i].item);

        CHECK(!edf_before(rows[i].key, from));
        if ((lane == NULL || lane == own) && is_wanted(backlog, own, &rows[i])) {
            take_row(backlog, own, &rows[i], now);
        } else if (rows[i].body != NULL) {
            backlog->tasks->forget(backlog->tasks->context, rows[i].body);
        }
    }
}

static void check_lane(const struct backlog *backlog, const struct lane *lane)
{
    const struct edf_node *last = edf_last(&lane->ready);

    edf_check(&lane->ready);
    CHECK(lane->ready.count <= BACKLOG_READY_MAX);
    CHECK(last == NULL || is_known(backlog, lane, last->key));
}

void backlog_check(const struct backlog *backlog)
{
    for (uint32_t i = 0; i < backlog->lane_count; i++) {
        CHECK(backlog->lanes[i]->index == i);
        check_lane(backlog, backlog->lanes[i]);
    }
    edf_check(&backlog->delayed);
    CHECK(backlog->delayed.count <= BACKLOG_DELAYED_MAX);
}
