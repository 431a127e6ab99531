/* tasks.h — the tasks that the broker has in memory, each once, found by application and item.
 * A task is an item that a department's workers may work on. What is here is a copy: the store's
 * inbox has every open task, so one that is dropped here is found there again. */
#pragma once

#include "base/map.h"
#include "broker/edf.h"

#define TASK_ITEMS_MAX 65536  // places of one application: its items, and its notices behind them

struct backlog;
struct lane;
struct worker;

enum task_state {
    TASK_NEW,       // in no set yet
    TASK_READY,     // in its lane
    TASK_DELAYED,   // in its backlog's delayed set, until not_before
    TASK_LEASED,    // a worker has it
    TASK_DECIDING,  // its decision is in a batch: nobody can take it away before the outcome
};

/* What the batch that carries a decision said of the task meanwhile. */
enum task_news { NEWS_NONE, NEWS_READY, NEWS_GONE };

struct task {
    struct edf_node order;  // while it is ready or delayed
    struct edf_key key;     // due, application, item
    bl_time not_before;     // 0: now
    struct backlog *backlog;
    struct lane *lane;
    struct backlog *moves_to;  // where it goes on once its decision is settled; NULL: here
    enum task_state state;
    enum task_news news;
    uint64_t attempt;              // 0: none
    struct worker *worker;         // who has it; NULL also while deciding if he has left
    struct task *previous, *next;  // of the worker's, or of the free ones
    void *body;                    // its contents, made ready to send; NULL: the store has them
    const void *hint;              // of whoever made it ready: valid in `hint_round` only
    uint64_t hint_round;
};

struct task_chunk;

/* All zero but for `forget` is an empty one. */
struct tasks {
    void (*forget)(void *context, void *body);  // frees a body
    void *context;
    struct bl_map by_id;  // application << 16 | item
    struct task *free;
    struct task_chunk *chunks;
};

void tasks_free(struct tasks *tasks);
struct task *tasks_find(const struct tasks *tasks, uint64_t application, uint32_t item);
/* One that is not there yet. */
struct task *tasks_add(struct tasks *tasks, struct edf_key key);
/* Gives a task its body, in place of the one it had; NULL: none. */
void tasks_set_body(struct tasks *tasks, struct task *task, void *body);
void tasks_drop(struct tasks *tasks, struct task *task);
