/* Queries: from the store, and what only the front knows. */
#include <string.h>

#include "broker/front_state.h"

#define ANSWER_BYTES_MAX (WIRE_FRAME_BYTES_MAX - 64)

static Bl__WorkerView *view_worker(struct front *front, struct session *session)
{
    Bl__WorkerView *view = bl_arena_new(&front->arena, Bl__WorkerView);

    bl__worker_view__init(view);
    view->department = session->principal.department;
    view->name = session->principal.name;
    view->program = session->program;
    view->credit = session->credit;
    view->held = dispatch_held(front->dispatch, session->id);
    view->connected_at = session->connected_at;
    view->heard_at = session->heard_wall;
    view->items = session->items;
    view->n_items = session->item_count;
    return view;
}

static void view_workers(struct front *front, const char *department, Bl__QueryAnswer *answer)
{
    answer->workers =
        bl_arena_array(&front->arena, Bl__WorkerView *, front->sessions.counts[SIDE_WORKER]);
    for (struct session *each = front->sessions.first; each != NULL; each = each->next) {
        if (each->side == SIDE_WORKER &&
            (department[0] == '\0' || strcmp(department, each->principal.department) == 0)) {
            answer->workers[answer->n_workers++] = view_worker(front, each);
        }
    }
}

static void view_status(struct front *front, Bl__Status *status)
{
    status->clients = front->sessions.counts[SIDE_CLIENT];
    status->workers = front->sessions.counts[SIDE_WORKER];
    status->started_at = front->started_at;
    status->now = front->wall;
    status->next_timer_at = front->next_timer == BL_NEVER ? 0 : front->next_timer;
    status->batches = front->batches;
}

static void view_departments(struct front *front, Bl__QueryAnswer *answer)
{
    for (size_t i = 0; i < answer->n_departments; i++) {
        Bl__DepartmentView *view = answer->departments[i];

        dispatch_department(front->dispatch, view->id, &view->workers, &view->held);
    }
}

/* Adds what the store does not know. */
static void complete(struct front *front, const Bl__Query *query, Bl__QueryAnswer *answer)
{
    if (query->what_case == BL__QUERY__WHAT_WORKERS) {
        view_workers(front, query->workers->department, answer);
    } else if (query->what_case == BL__QUERY__WHAT_DEPARTMENTS) {
        view_departments(front, answer);
    } else if (query->what_case == BL__QUERY__WHAT_STATUS && answer->status != NULL) {
        view_status(front, answer->status);
    }
}

static void refuse(struct front *front, Bl__QueryAnswer *answer, uint64_t tag, enum bl_err code,
                   const char *problem)
{
    bl__query_answer__init(answer);
    answer->tag = tag;
    answer->refusal = refusal_new(&front->arena, code, "query", "");
    (void)refusal_argument(&front->arena, answer->refusal, "problem",
                           bl_arena_string(&front->arena, problem));
}

void front_answer_query(struct front *front, struct session *session, const Bl__Query *query,
                        const struct principal *principal)
{
    Bl__QueryAnswer answer = BL__QUERY_ANSWER__INIT;
    struct bl_error e = { 0 };

    answer.tag = query->tag;
    enum bl_err err = front->config.query(front->config.query_context, query, principal,
                                          front->wall, &front->arena, &answer, &e);

    if (err != BL_OK) {
        refuse(front, &answer, query->tag, err, e.text);
    } else if (answer.refusal == NULL) {
        complete(front, query, &answer);
    }
    if (bl__query_answer__get_packed_size(&answer) > ANSWER_BYTES_MAX) {
        refuse(front, &answer, query->tag, BL_TOO_LARGE, "ask for fewer at once");
    }
    (void)front_tell(front, session, WIRE_BROKER_QUERY_ANSWERS, &answer.base);
}
