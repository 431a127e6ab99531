#include "broker/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/text.h"
#include "wire/attempt.h"

#define WORD_BITS 64

struct department {
    struct backlog backlog;         // first, so that a task leads to its department
    struct department *next;        // all of them
    struct department *next_dirty;  // those in which something can be handed out
    bool is_dirty;
    struct worker **workers;
    uint32_t worker_count, worker_capacity;
    uint32_t turn;          // whose turn it is
    uint32_t marked_lanes;  // lanes up to here are in the workers' `serves`
};

struct worker {
    uint64_t id;
    struct department *department;
    uint32_t credit, held;
    bool draining, paused;
    char **items;  // sorted by nobody: few; item_count 0: all
    size_t item_count;
    uint64_t *serves;  // a bit for each lane, where it names items
    uint32_t serves_words;
    struct task *tasks;  // leased and deciding
};

struct dispatch {
    struct dispatch_port port;
    uint64_t last_attempt;
    uint64_t round;
    struct tasks tasks;
    struct bl_map by_attempt;  // tasks that are leased or deciding
    struct bl_map workers;
    struct department *departments;
    struct department *dirty;
};

struct dispatch *dispatch_new(uint32_t start, const struct dispatch_port *port)
{
    struct dispatch *dispatch = calloc(1, sizeof *dispatch);

    CHECK(dispatch != NULL);
    dispatch->port = *port;
    dispatch->tasks.forget = port->forget;
    dispatch->tasks.context = port->context;
    dispatch->last_attempt = (uint64_t)start << 32;
    dispatch->round = 1;
    return dispatch;
}

/* --- departments ------------------------------------------------------------------------------ */

/* Departments with workers are few, and their names differ early. */
static struct department *department_find(const struct dispatch *dispatch, const char *name)
{
    struct department *each = dispatch->departments;

    while (each != NULL && strcmp(each->backlog.department, name) != 0) {
        each = each->next;
    }
    return each;
}

static struct department *department_of(struct dispatch *dispatch, const char *name)
{
    struct department *department = department_find(dispatch, name);

    if (department == NULL) {
        department = calloc(1, sizeof *department);
        CHECK(department != NULL);
        backlog_init(&department->backlog, &dispatch->tasks, name);
        department->next = dispatch->departments;
        dispatch->departments = department;
    }
    return department;
}

static struct department *department_with(struct backlog *backlog)
{
    return (struct department *)(void *)backlog;
}

/* Something can be handed out here, perhaps. */
static void mark(struct dispatch *dispatch, struct department *department)
{
    if (!department->is_dirty) {
        department->is_dirty = true;
        department->next_dirty = dispatch->dirty;
        dispatch->dirty = department;
    }
}

/* --- workers ---------------------------------------------------------------------------------- */

static struct worker *worker_find(const struct dispatch *dispatch, uint64_t id)
{
    return id == 0 ? NULL : bl_map_get(&dispatch->workers, id);
}

static bool worker_is_free(const struct worker *worker)
{
    return worker->held < worker->credit && !worker->draining && !worker->paused;
}

static bool worker_serves(const struct worker *worker, const struct lane *lane)
{
    uint32_t word = lane->index / WORD_BITS;

    return worker->item_count == 0 ||
           (word < worker->serves_words &&
            (worker->serves[word] >> (lane->index % WORD_BITS) & 1) != 0);
}

static void set_serves(struct worker *worker, uint32_t lane)
{
    uint32_t word = lane / WORD_BITS;

    if (word >= worker->serves_words) {
        worker->serves = realloc(worker->serves, (word + 1) * sizeof *worker->serves);
        CHECK(worker->serves != NULL);
        memset(worker->serves + worker->serves_words, 0,
               (word + 1 - worker->serves_words) * sizeof *worker->serves);
        worker->serves_words = word + 1;
    }
    worker->serves[word] |= UINT64_C(1) << (lane % WORD_BITS);
}

static void mark_lane(struct worker *worker, const struct lane *lane)
{
    for (size_t i = 0; i < worker->item_count; i++) {
        if (strcmp(worker->items[i], lane->item) == 0) {
            set_serves(worker, lane->index);
        }
    }
}

/* Tells the workers of lanes that are new since the last time. */
static void mark_lanes(struct department *department)
{
    while (department->marked_lanes < department->backlog.lane_count) {
        const struct lane *lane = department->backlog.lanes[department->marked_lanes++];

        for (uint32_t i = 0; i < department->worker_count; i++) {
            mark_lane(department->workers[i], lane);
        }
    }
}

static void worker_take_items(struct worker *worker, const char *const *items, size_t item_count)
{
    worker->item_count = item_count < DISPATCH_ITEMS_MAX ? item_count : DISPATCH_ITEMS_MAX;
    worker->items = calloc(worker->item_count + 1, sizeof *worker->items);
    CHECK(worker->items != NULL);
    for (size_t i = 0; i < worker->item_count; i++) {
        worker->items[i] = strdup(items[i]);
        CHECK(worker->items[i] != NULL);
    }
}

static void worker_free(struct worker *worker)
{
    for (size_t i = 0; i < worker->item_count; i++) {
        free(worker->items[i]);
    }
    free(worker->items);
    free(worker->serves);
    free(worker);
}

static void department_add_worker(struct department *department, struct worker *worker)
{
    if (department->worker_count == department->worker_capacity) {
        department->worker_capacity = 2 * department->worker_capacity + 4;
        department->workers =
            realloc(department->workers, department->worker_capacity * sizeof *department->workers);
        CHECK(department->workers != NULL);
    }
    department->workers[department->worker_count++] = worker;
}

static void department_remove_worker(struct department *department, const struct worker *worker)
{
    uint32_t at = 0;

    while (department->workers[at] != worker) {
        at++;
        CHECK(at < department->worker_count);
    }
    department->workers[at] = department->workers[--department->worker_count];
    department->turn = 0;
    if (department->worker_count == 0) {
        backlog_forget(&department->backlog);  // the store has it
    }
}

void dispatch_join(struct dispatch *dispatch, uint64_t id, const char *name,
                   const char *const *items, size_t item_count, uint32_t credit)
{
    CHECK(id != 0 && worker_find(dispatch, id) == NULL);
    struct worker *worker = calloc(1, sizeof *worker);

    CHECK(worker != NULL);
    worker->id = id;
    worker->department = department_of(dispatch, name);
    worker->credit = credit < DISPATCH_CREDIT_MAX ? credit : DISPATCH_CREDIT_MAX;
    worker_take_items(worker, items, item_count);
    mark_lanes(worker->department);
    for (uint32_t i = 0; i < worker->department->backlog.lane_count; i++) {
        mark_lane(worker, worker->department->backlog.lanes[i]);
    }
    bl_map_put(&dispatch->workers, id, worker);
    department_add_worker(worker->department, worker);
    mark(dispatch, worker->department);
}

void dispatch_drain(struct dispatch *dispatch, uint64_t id)
{
    struct worker *worker = worker_find(dispatch, id);

    if (worker != NULL) {
        worker->draining = true;
    }
}

void dispatch_pause(struct dispatch *dispatch, uint64_t id, bool paused)
{
    struct worker *worker = worker_find(dispatch, id);

    if (worker != NULL && worker->paused != paused) {
        worker->paused = paused;
        mark(dispatch, worker->department);
    }
}

/* --- leases ----------------------------------------------------------------------------------- */

static void lease_begin(struct dispatch *dispatch, struct task *task, struct worker *worker)
{
    CHECK(task->state == TASK_NEW);
    task->state = TASK_LEASED;
    task->news = NEWS_NONE;
    task->attempt = ++dispatch->last_attempt;
    bl_map_put(&dispatch->by_attempt, task->attempt, task);
    task->worker = worker;
    task->previous = NULL;
    task->next = worker->tasks;
    if (task->next != NULL) {
        task->next->previous = task;
    }
    worker->tasks = task;
    worker->held++;
}

/* Takes a leased or deciding task from its worker, who then has room for another. */
static void lease_detach(struct dispatch *dispatch, struct task *task)
{
    struct worker *worker = task->worker;

    if (worker == NULL) {
        return;
    }
    if (task->previous != NULL) {
        task->previous->next = task->next;
    } else {
        worker->tasks = task->next;
    }
    if (task->next != NULL) {
        task->next->previous = task->previous;
    }
    task->worker = NULL;
    worker->held--;
    mark(dispatch, worker->department);
}

static void lease_end(struct dispatch *dispatch, struct task *task)
{
    CHECK(task->state == TASK_LEASED || task->state == TASK_DECIDING);
    lease_detach(dispatch, task);
    (void)bl_map_remove(&dispatch->by_attempt, task->attempt);
    task->attempt = 0;
    task->state = TASK_NEW;
}

static void task_put(struct dispatch *dispatch, struct task *task, bl_time now)
{
    struct department *department = department_with(task->backlog);

    if (department->worker_count == 0) {
        tasks_drop(&dispatch->tasks, task);
    } else if (backlog_put(&department->backlog, task, now) ||
               backlog_is_cut(&department->backlog)) {
        mark(dispatch, department);
    }
}

static struct task *lease_find(const struct dispatch *dispatch, uint64_t attempt)
{
    return attempt == 0 ? NULL : bl_map_get(&dispatch->by_attempt, attempt);
}

/* The lease that this worker holds and nobody has decided yet. */
static struct task *lease_of(const struct dispatch *dispatch, uint64_t worker, uint64_t attempt)
{
    struct task *task = lease_find(dispatch, attempt);

    return task != NULL && task->state == TASK_LEASED && task->worker->id == worker ? task : NULL;
}

bool dispatch_give_back(struct dispatch *dispatch, uint64_t worker, uint64_t attempt, bl_time now)
{
    struct task *task = lease_of(dispatch, worker, attempt);

    if (task == NULL) {
        return false;
    }
    lease_end(dispatch, task);
    task_put(dispatch, task, now);
    return true;
}

void dispatch_leave(struct dispatch *dispatch, uint64_t id, bl_time now)
{
    struct worker *worker = worker_find(dispatch, id);

    if (worker == NULL) {
        return;
    }
    department_remove_worker(worker->department, worker);
    for (struct task *task; (task = worker->tasks) != NULL;) {
        if (task->state == TASK_DECIDING) {
            lease_detach(dispatch, task);
        } else {
            lease_end(dispatch, task);
            task_put(dispatch, task, now);
        }
    }
    (void)bl_map_remove(&dispatch->workers, id);
    worker_free(worker);
}

bool dispatch_is_deciding(const struct dispatch *dispatch, uint64_t worker, uint64_t attempt)
{
    const struct task *task = lease_find(dispatch, attempt);

    return task != NULL && task->state == TASK_DECIDING && task->worker != NULL &&
           task->worker->id == worker;
}

const struct task *dispatch_decide(struct dispatch *dispatch, uint64_t worker, uint64_t attempt)
{
    struct task *task = lease_of(dispatch, worker, attempt);

    if (task != NULL) {
        task->state = TASK_DECIDING;
    }
    return task;
}

void dispatch_settle(struct dispatch *dispatch, uint64_t attempt, enum dispatch_outcome outcome,
                     bl_time now)
{
    struct task *task = lease_find(dispatch, attempt);

    CHECK(task != NULL && task->state == TASK_DECIDING);
    if (outcome == OUTCOME_NOT_TAKEN && task->worker != NULL && task->news != NEWS_GONE &&
        task->moves_to == NULL) {
        task->state = TASK_LEASED;
        return;
    }
    enum task_news news = task->news;

    lease_end(dispatch, task);
    if (task->moves_to != NULL) {
        tasks_set_body(&dispatch->tasks, task, NULL);
        task->lane = backlog_lane(task->moves_to, task->lane->item);
        task->backlog = task->moves_to;
        task->moves_to = NULL;
    }
    if (news == NEWS_GONE) {
        tasks_drop(&dispatch->tasks, task);
        return;
    }
    /* Done and no news: the same batch has made it open again, so that its row has not changed. */
    if (news == NEWS_NONE && outcome != OUTCOME_DONE) {
        task->not_before = now + DISPATCH_AGAIN_AFTER;
    }
    task_put(dispatch, task, now);
}

/* Of a task that somebody held before the connection was lost, and nobody has now. */
static struct task *resume_open(struct dispatch *dispatch, struct worker *worker, const char *name)
{
    struct backlog *backlog = &worker->department->backlog;
    struct backlog_row row = { 0 };

    if (!dispatch->port.find(dispatch->port.context, backlog->department, name, &row)) {
        return NULL;
    }
    struct task *task = tasks_find(&dispatch->tasks, row.key.application, row.key.item);

    if (task == NULL) {
        task = tasks_add(&dispatch->tasks, row.key);
        task->backlog = backlog;
        task->lane = backlog_lane(backlog, row.item);
        return task;
    }
    if (task->state != TASK_READY) {
        return NULL;  // one that failed waits for its time, whoever says that he has it
    }
    backlog_take(task->backlog, task);
    return task;
}

uint64_t dispatch_resume(struct dispatch *dispatch, uint64_t id, const char *name,
                         const char *attempt_text)
{
    struct worker *worker = worker_find(dispatch, id);
    uint64_t attempt = 0;

    if (worker == NULL || worker->held >= worker->credit ||
        !attempt_parse(attempt_text, &attempt)) {
        return 0;
    }
    struct task *task = lease_find(dispatch, attempt);

    if (task == NULL) {
        task = resume_open(dispatch, worker, name);
    } else if (task->state == TASK_LEASED && task->backlog == &worker->department->backlog) {
        lease_end(dispatch, task);
    } else {
        return 0;
    }
    if (task == NULL) {
        return 0;
    }
    lease_begin(dispatch, task, worker);
    return task->attempt;
}

/* --- what the batches say --------------------------------------------------------------------- */

static void renew(struct dispatch *dispatch, struct task *task, struct edf_key key,
                  bl_time not_before, bl_time now)
{
    switch (task->state) {
    case TASK_READY:
    case TASK_DELAYED:
        tasks_set_body(&dispatch->tasks, task, NULL);  // it may say something else now
        backlog_take(task->backlog, task);
        task->key = key;
        task->not_before = not_before;
        task_put(dispatch, task, now);
        return;
    case TASK_DECIDING:
        task->news = NEWS_READY;
        break;
    case TASK_LEASED:
        break;  // its worker goes on
    case TASK_NEW:
        UNREACHABLE();
    }
    task->key = key;
    task->not_before = not_before;
}

/* The port comes last: it may find that the worker is gone, and say so. */
static void revoke(struct dispatch *dispatch, struct task *task)
{
    uint64_t worker = task->worker->id;
    uint64_t attempt = task->attempt;

    lease_end(dispatch, task);
    tasks_drop(&dispatch->tasks, task);
    dispatch->port.revoke(dispatch->port.context, worker, attempt);
}

void dispatch_gone(struct dispatch *dispatch, uint64_t application, uint32_t item)
{
    struct task *task = tasks_find(&dispatch->tasks, application, item);

    if (task == NULL) {
        return;
    }
    switch (task->state) {
    case TASK_DECIDING:
        task->news = NEWS_GONE;
        return;
    case TASK_LEASED:
        revoke(dispatch, task);
        return;
    case TASK_READY:
    case TASK_DELAYED:
        backlog_take(task->backlog, task);
        tasks_drop(&dispatch->tasks, task);
        return;
    case TASK_NEW:
        break;
    }
    UNREACHABLE();
}

/* It goes on in another department, NULL: in one that nobody works in. Whoever has it here has it
 * no more; only whose decision made it move is answered first.
 *   returns  the task while its decision is under way, else NULL */
static struct task *move(struct dispatch *dispatch, struct task *task, struct department *to)
{
    if (task->state != TASK_DECIDING || to == NULL) {
        dispatch_gone(dispatch, task->key.application, task->key.item);
        return NULL;
    }
    task->moves_to = &to->backlog;
    return task;
}

void dispatch_ready(struct dispatch *dispatch, const char *name, const char *id, struct edf_key key,
                    bl_time not_before, const void *hint, bl_time now)
{
    struct task *task = tasks_find(&dispatch->tasks, key.application, key.item);
    struct department *department = department_find(dispatch, name);

    if (department != NULL && department->worker_count == 0) {
        department = NULL;  // the store has it
    }
    if (task != NULL && strcmp(task->backlog->department, name) != 0) {
        task = move(dispatch, task, department);
    }
    if (task != NULL) {
        renew(dispatch, task, key, not_before, now);
        return;
    }
    if (department == NULL) {
        return;
    }
    task = tasks_add(&dispatch->tasks, key);
    task->backlog = &department->backlog;
    task->lane = backlog_lane(&department->backlog, id);
    task->not_before = not_before;
    task->hint = hint;
    task->hint_round = dispatch->round;
    task_put(dispatch, task, now);
}

bool dispatch_wants_body(const struct dispatch *dispatch, uint64_t application, uint32_t item)
{
    const struct task *task = tasks_find(&dispatch->tasks, application, item);

    return task != NULL && task->body == NULL && task->hint != NULL &&
           task->hint_round == dispatch->round &&
           (task->state == TASK_READY || task->state == TASK_DELAYED);
}

void dispatch_keep(struct dispatch *dispatch, uint64_t application, uint32_t item, void *body)
{
    struct task *task = tasks_find(&dispatch->tasks, application, item);

    CHECK(task != NULL);
    tasks_set_body(&dispatch->tasks, task, body);
}

void dispatch_round(struct dispatch *dispatch)
{
    dispatch->round++;
}

/* --- handing out ------------------------------------------------------------------------------ */

/* The free worker of a lane whose turn it is, by its place; worker_count: there is none. */
static uint32_t worker_for(const struct department *department, const struct lane *lane)
{
    for (uint32_t i = 0; i < department->worker_count; i++) {
        uint32_t at = (department->turn + i) % department->worker_count;

        if (worker_is_free(department->workers[at]) &&
            worker_serves(department->workers[at], lane)) {
            return at;
        }
    }
    return department->worker_count;
}

/* The most urgent task that somebody can take, and who. */
static struct task *choose(const struct department *department, uint32_t *worker)
{
    struct task *best = NULL;

    for (uint32_t i = 0; i < department->backlog.lane_count; i++) {
        const struct lane *lane = department->backlog.lanes[i];
        struct edf_node *first = edf_first(&lane->ready);

        if (first == NULL || (best != NULL && edf_before(best->key, first->key))) {
            continue;
        }
        uint32_t at = worker_for(department, lane);

        if (at < department->worker_count) {
            best = EDF_ENTRY(first, struct task, order);
            *worker = at;
        }
    }
    return best;
}

static void hand_over(struct dispatch *dispatch, struct task *task, struct worker *worker,
                      bl_time now)
{
    backlog_take(task->backlog, task);
    lease_begin(dispatch, task, worker);
    struct dispatch_grant grant = {
        .worker = worker->id,
        .attempt = task->attempt,
        .department = task->backlog->department,
        .application = task->key.application,
        .item = task->key.item,
        .hint = task->hint_round == dispatch->round ? task->hint : NULL,
        .body = task->body,
    };

    switch (dispatch->port.send(dispatch->port.context, &grant)) {
    case DISPATCH_SENT:
        tasks_set_body(&dispatch->tasks, task, NULL);  // if it comes back the store has it
        return;
    case DISPATCH_FULL:
        worker->paused = true;
        lease_end(dispatch, task);
        task_put(dispatch, task, now);
        return;
    case DISPATCH_OVER:
        lease_end(dispatch, task);
        tasks_drop(&dispatch->tasks, task);
        return;
    }
    UNREACHABLE();
}

static bool somebody_is_free(const struct department *department)
{
    for (uint32_t i = 0; i < department->worker_count; i++) {
        if (worker_is_free(department->workers[i])) {
            return true;
        }
    }
    return false;
}

/* A lane that is empty here, has more in the store, and a worker waiting. */
static struct lane *empty_lane(const struct department *department)
{
    for (uint32_t i = 0; i < department->backlog.lane_count; i++) {
        struct lane *lane = department->backlog.lanes[i];

        if (lane->ready.count == 0 && backlog_lane_is_cut(&department->backlog, lane) &&
            worker_for(department, lane) < department->worker_count) {
            return lane;
        }
    }
    return NULL;
}

/* Hands out all that is in memory. */
static void hand_out(struct dispatch *dispatch, struct department *department, bl_time now)
{
    uint32_t at = 0;

    mark_lanes(department);
    for (struct task *task; (task = choose(department, &at)) != NULL;) {
        department->turn = (at + 1) % department->worker_count;
        hand_over(dispatch, task, department->workers[at], now);
        if (empty_lane(department) != NULL) {
            return;  // what comes next in it may be more urgent than other lanes
        }
    }
}

/* Returns whether there is more to do at once: reading is cut into pieces. */
static bool run_department(struct dispatch *dispatch, struct department *department, bl_time now)
{
    const struct dispatch_port *port = &dispatch->port;

    for (uint32_t reads = 0;; reads++) {
        struct lane *lane = empty_lane(department);

        if (lane == NULL) {
            hand_out(dispatch, department, now);
            lane = empty_lane(department);
        }
        if (!somebody_is_free(department) ||
            (lane == NULL && !backlog_is_cut(&department->backlog))) {
            return false;
        }
        if (reads == DISPATCH_READS_MAX) {
            return true;
        }
        backlog_read(&department->backlog, lane, port->scan, port->context, now);
    }
}

bool dispatch_run(struct dispatch *dispatch, bl_time now)
{
    struct department *again = NULL;

    for (struct department *each = dispatch->departments; each != NULL; each = each->next) {
        if (backlog_next(&each->backlog) <= now && backlog_wake(&each->backlog, now)) {
            mark(dispatch, each);
        }
    }
    for (struct department *department; (department = dispatch->dirty) != NULL;) {
        bool more = run_department(dispatch, department, now);

        // It may have marked itself again by what it did; it is done all the same.
        CHECK(dispatch->dirty == department);
        dispatch->dirty = department->next_dirty;
        department->is_dirty = false;
        if (more) {
            department->next_dirty = again;
            again = department;
        }
    }
    for (struct department *next; again != NULL; again = next) {
        next = again->next_dirty;
        mark(dispatch, again);
    }
    return dispatch->dirty != NULL;
}

bl_time dispatch_next(const struct dispatch *dispatch)
{
    bl_time next = BL_NEVER;

    for (struct department *each = dispatch->departments; each != NULL; each = each->next) {
        bl_time own = backlog_next(&each->backlog);

        next = own < next ? own : next;
    }
    return next;
}

/* --- for people and tests --------------------------------------------------------------------- */

uint32_t dispatch_held(const struct dispatch *dispatch, uint64_t worker)
{
    const struct worker *found = worker_find(dispatch, worker);

    return found == NULL ? 0 : found->held;
}

void dispatch_department(const struct dispatch *dispatch, const char *name, uint32_t *workers,
                         uint32_t *held)
{
    const struct department *department = department_find(dispatch, name);

    *workers = *held = 0;
    if (department != NULL) {
        *workers = department->worker_count;
        for (uint32_t i = 0; i < department->worker_count; i++) {
            *held += department->workers[i]->held;
        }
    }
}

void dispatch_free(struct dispatch **dispatch)
{
    struct dispatch *own = *dispatch;

    if (own == NULL) {
        return;
    }
    for (struct department *each = own->departments, *next; each != NULL; each = next) {
        next = each->next;
        for (uint32_t i = 0; i < each->worker_count; i++) {
            worker_free(each->workers[i]);
        }
        backlog_free(&each->backlog);
        free(each->workers);
        free(each);
    }
    bl_map_free(&own->by_attempt);
    bl_map_free(&own->workers);
    tasks_free(&own->tasks);
    free(own);
    *dispatch = NULL;
}

static void check_worker(const struct dispatch *dispatch, const struct worker *worker)
{
    uint32_t held = 0;

    for (const struct task *task = worker->tasks; task != NULL; task = task->next) {
        CHECK(task->worker == worker);
        CHECK(task->state == TASK_LEASED || task->state == TASK_DECIDING);
        CHECK(task->backlog == &worker->department->backlog);
        CHECK(lease_find(dispatch, task->attempt) == task);
        CHECK(task->attempt <= dispatch->last_attempt);
        CHECK(tasks_find(&dispatch->tasks, task->key.application, task->key.item) == task);
        held++;
    }
    CHECK(held == worker->held);
    CHECK(worker->held <= worker->credit);
}

void dispatch_check(const struct dispatch *dispatch)
{
    size_t in_sets = 0;
    size_t workers = 0;

    for (struct department *each = dispatch->departments; each != NULL; each = each->next) {
        backlog_check(&each->backlog);
        in_sets += each->backlog.delayed.count;
        for (uint32_t i = 0; i < each->backlog.lane_count; i++) {
            in_sets += each->backlog.lanes[i]->ready.count;
        }
        for (uint32_t i = 0; i < each->worker_count; i++) {
            check_worker(dispatch, each->workers[i]);
            workers++;
        }
        CHECK(each->worker_count > 0 || edf_first(&each->backlog.delayed) == NULL);
    }
    CHECK(workers == dispatch->workers.count);
    CHECK(in_sets + dispatch->by_attempt.count == dispatch->tasks.by_id.count);
}
