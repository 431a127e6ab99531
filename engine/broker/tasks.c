#include "broker/tasks.h"

#include <stdlib.h>

#include "base/check.h"

#define CHUNK_TASKS 256

struct task_chunk {
    struct task_chunk *next;
    struct task tasks[CHUNK_TASKS];
};

static uint64_t id_of(uint64_t application, uint32_t item)
{
    CHECK(application > 0 && item < TASK_ITEMS_MAX);
    return application << 16 | item;
}

void tasks_free(struct tasks *tasks)
{
    for (struct task_chunk *chunk = tasks->chunks, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    bl_map_free(&tasks->by_id);
    *tasks = (struct tasks){ 0 };
}

static void add_chunk(struct tasks *tasks)
{
    struct task_chunk *chunk = malloc(sizeof *chunk);

    CHECK(chunk != NULL);
    chunk->next = tasks->chunks;
    tasks->chunks = chunk;
    for (size_t i = 0; i < CHUNK_TASKS; i++) {
        chunk->tasks[i].next = tasks->free;
        tasks->free = &chunk->tasks[i];
    }
}

struct task *tasks_find(const struct tasks *tasks, uint64_t application, uint32_t item)
{
    return bl_map_get(&tasks->by_id, id_of(application, item));
}

struct task *tasks_add(struct tasks *tasks, struct edf_key key)
{
    if (tasks->free == NULL) {
        add_chunk(tasks);
    }
    struct task *task = tasks->free;

    tasks->free = task->next;
    *task = (struct task){ .key = key };
    bl_map_put(&tasks->by_id, id_of(key.application, key.item), task);
    return task;
}

void tasks_set_body(struct tasks *tasks, struct task *task, void *body)
{
    if (task->body != NULL) {
        tasks->forget(tasks->context, task->body);
    }
    task->body = body;
}

void tasks_drop(struct tasks *tasks, struct task *task)
{
    CHECK(task->attempt == 0);
    CHECK(task->worker == NULL);
    tasks_set_body(tasks, task, NULL);
    (void)bl_map_remove(&tasks->by_id, id_of(task->key.application, task->key.item));
    task->next = tasks->free;
    tasks->free = task;
}
