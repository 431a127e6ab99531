#include "cli/inbox.h"

#include <string.h>

#include "base/arena.h"

#define ARENA_FIRST ((size_t)16 << 10)
#define ARENA_BOUND ((size_t)16 << 20)

/* The item of "NUMBER.item.step". */
static const char *item_of(struct bl_arena *arena, const char *task)
{
    const char *dot = strchr(task, '.');

    return dot == NULL ? "" : bl_arena_printf(arena, "%.*s", (int)strcspn(dot + 1, "."), dot + 1);
}

static void decide(struct bl_client *client, const Bl__TaskView *task, bool rejects,
                   struct bl_arena *arena)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Actor actor = BL__ACTOR__INIT;
    Bl__Decide decide = BL__DECIDE__INIT;
    const Bl__Answer *answer = NULL;
    struct bl_error e = { 0 };

    actor.role = BL__KEY__ROLE__OFFICER;
    actor.department = task->department;
    actor.post = task->posts[0];
    decide.item = item_of(arena, task->task);
    decide.step = task->desk->step;
    decide.result = rejects ? BL__ITEM__RESULT__DENIED : BL__ITEM__RESULT__GRANTED;
    decide.opinion = rejects ? "" : "同意";
    decide.reason = rejects ? "试办：不予" : "";
    command.application = task->application;
    command.actor = &actor;
    command.what_case = BL__COMMAND__WHAT_DECIDE;
    command.decide = &decide;
    enum bl_err err = bl_client_do(client, &command, &answer, &e);
    (void)err;  // what was refused waits on
}

/* The answer of a query lives until the next call: what is needed of it is packed away. */
static const Bl__QueryAnswer *tasks_of(struct bl_client *client, struct bl_arena *arena)
{
    Bl__ListTasks list = BL__LIST_TASKS__INIT;
    Bl__Actor actor = BL__ACTOR__INIT;
    Bl__Query query = BL__QUERY__INIT;
    const Bl__QueryAnswer *answer = NULL;
    struct bl_error e = { 0 };

    query.what_case = BL__QUERY__WHAT_TASKS;
    query.tasks = &list;
    actor.role = BL__KEY__ROLE__SUPERVISOR;  // who sees what all of them have to do
    actor.on_behalf_of = "inbox";
    query.actor = &actor;
    if (bl_client_ask(client, &query, &answer, &e) != BL_OK) {
        return NULL;
    }
    size_t bytes = bl__query_answer__get_packed_size(answer);
    uint8_t *packed = bl_arena_alloc(arena, bytes + 1);
    (void)bl__query_answer__pack(answer, packed);
    return bl__query_answer__unpack(&arena->allocator, bytes, packed);
}

void inbox_decide(struct bl_client *client, bool rejects)
{
    AUTO(bl_arena_free) struct bl_arena arena = { 0 };

    bl_arena_init(&arena, ARENA_FIRST, ARENA_BOUND);
    const Bl__QueryAnswer *answer = tasks_of(client, &arena);

    for (size_t i = 0; answer != NULL && i < answer->n_tasks; i++) {
        const Bl__TaskView *task = answer->tasks[i];

        if (strcmp(task->kind, "decide") == 0 && task->n_posts > 0) {
            decide(client, task, rejects, &arena);
        }
    }
}
