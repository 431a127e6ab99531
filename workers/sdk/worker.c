#include "sdk/worker.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/arena.h"
#include "client/connection.h"
#include "sdk/worker_session.h"

#define FRAME_MEMORY_MAX ((size_t)64 << 20)  // a frame of the broker, unpacked
#define FRAMES_A_TURN 64                     // heard before something is said again
#define TURN_AFTER MILLISECOND_US            // while there is work at hand
#define STOP_MAX (5 * SECOND_US)             // what cannot be finished by then is given back

struct bl_worker {
    struct connection *connection;
    struct worker_session *session;
    char front[WIRE_ENDPOINT_BYTES];
    struct wire_frame frame;  // being filled
    struct bl_arena memory;   // of the frame that was received last
    bl_span turned_at;        // the last turn
    atomic_bool stop;         // set from anywhere; the session hears of it at the next turn
    bool inside;              // a callback must not poll
};

static enum bl_err check_options(const struct bl_worker_options *options, struct bl_error *e)
{
    if (options->department == NULL || options->department[0] == '\0') {
        return bl_error_set(e, BL_INVALID, "a worker needs a department");
    }
    if (options->concurrency > BL_WORKER_CONCURRENCY_MAX) {
        return bl_error_set(e, BL_INVALID, "concurrency is at most %d", BL_WORKER_CONCURRENCY_MAX);
    }
    if (options->item_count > WORKER_ITEMS_MAX) {
        return bl_error_set(e, BL_INVALID, "a worker names at most %d items", WORKER_ITEMS_MAX);
    }
    return BL_OK;
}

static enum bl_err worker_new(const struct bl_worker_options *options, struct bl_worker *worker,
                              struct bl_error *e)
{
    struct bl_worker_options own = *options;
    uint64_t seed;

    if (sodium_init() < 0) {
        return bl_error_set(e, BL_IO, "no random numbers");
    }
    randombytes_buf(&seed, sizeof(seed));
    enum bl_err err = connection_open(options->identity, &worker->connection, e);
    if (err == BL_OK) {
        err = connection_check(worker->connection, options->connect, e);
    }
    if (err != BL_OK) {
        return err;
    }
    bl_text_copy(worker->front, sizeof(worker->front), options->connect);
    if (own.program == NULL) {
        own.program = "libbinglian-worker " BINGLIAN_VERSION;
    }
    worker->session = worker_session_new(&own, seed, bl_time_monotonic());
    return BL_OK;
}

enum bl_err bl_worker_open(const struct bl_worker_options *options, struct bl_worker **opened,
                           struct bl_error *e)
{
    enum bl_err err = check_options(options, e);

    if (err != BL_OK) {
        return err;
    }
    struct bl_worker *worker = calloc(1, sizeof(*worker));
    CHECK(worker != NULL);
    bl_arena_init(&worker->memory, 64 * 1024, FRAME_MEMORY_MAX);
    err = worker_new(options, worker, e);
    if (err != BL_OK) {
        bl_worker_close(&worker);
        return err;
    }
    *opened = worker;
    return BL_OK;
}

/* --- turns --- */

/* Bytes that are no frame come from no broker of ours, or from one that has lost its way: either
 * way the connection is worth nothing. */
static void hear(struct bl_worker *worker, struct bl_text bytes, bl_span now)
{
    bool front = worker_session_endpoint(worker->session) == NULL;
    const ProtobufCMessageDescriptor *descriptor =
        front ? &bl__broker_frame__descriptor : &bl__task_frame__descriptor;
    ProtobufCMessage *frame;

    bl_arena_reset(&worker->memory);
    if (wire_unpack(descriptor, bytes, &worker->memory, &frame, NULL) != BL_OK) {
        worker_session_lose(worker->session, now);
    } else if (front) {
        worker_session_hear_front(worker->session, (Bl__BrokerFrame *)frame, now);
    } else {
        worker_session_hear(worker->session, (Bl__TaskFrame *)frame, now);
    }
}

/* Hears until there is nothing more, or the session wants another connection: what is left in the
 * old one was not meant for the new address. */
static uint32_t hear_all(struct bl_worker *worker, bl_span now)
{
    struct bl_text bytes;
    uint32_t frames = 0;

    while (frames < FRAMES_A_TURN && worker_session_link(worker->session)->state != LINK_DOWN &&
           connection_receive(worker->connection, &bytes)) {
        hear(worker, bytes, now);
        frames++;
    }
    return frames;
}

static void say(struct bl_worker *worker, bl_span now)
{
    bool was_choked = worker->connection->choked;

    if (connection_can_send(worker->connection) && was_choked) {
        link_doubt(worker_session_link(worker->session));
    }
    while (connection_can_send(worker->connection) &&
           worker_session_say(worker->session, &worker->frame, now)) {
        if (!connection_send(worker->connection, &worker->frame)) {
            worker_session_lose(worker->session, now);
        }
    }
}

/* The workers' address was announced by the broker; one that cannot be dialled is as good as a
 * silent one, so the session asks again later. */
static void dial(struct bl_worker *worker, bl_span now)
{
    struct link *link = worker_session_link(worker->session);
    const char *announced = worker_session_endpoint(worker->session);
    char endpoint[WIRE_ENDPOINT_BYTES];
    enum bl_err err = BL_OK;

    if (!link_must_dial(link, now)) {
        return;
    }
    if (announced == NULL) {
        bl_text_copy(endpoint, sizeof(endpoint), worker->front);
    } else {
        err = wire_endpoint_resolve(announced, worker->front, endpoint, NULL);
    }
    if (err == BL_OK) {
        err = connection_dial(worker->connection, endpoint, NULL);
    }
    link_dialled(link, now);
    if (err != BL_OK) {
        worker_session_lose(worker->session, now);
    }
}

static uint32_t turn(struct bl_worker *worker)
{
    bl_span now = bl_time_monotonic();

    worker->turned_at = now;
    worker->inside = true;
    uint32_t frames = hear_all(worker, now);
    if (atomic_load(&worker->stop)) {
        worker_session_stop(worker->session);
    }
    worker_session_tick(worker->session, now);
    dial(worker, now);
    say(worker, now);
    worker->inside = false;
    return frames;
}

enum bl_err bl_worker_poll(struct bl_worker *worker, bl_span timeout, struct bl_error *e)
{
    CHECK(!worker->inside);
    if (turn(worker) > 0 || timeout <= 0) {
        return BL_OK;
    }
    bl_span due = bl_worker_wake_after(worker);
    enum bl_err err = connection_wait(worker->connection, due < timeout ? due : timeout, e);
    if (err == BL_OK) {
        (void)turn(worker);
    }
    return err;
}

int bl_worker_fd(const struct bl_worker *worker)
{
    return worker->connection->epoll;
}

bl_span bl_worker_wake_after(const struct bl_worker *worker)
{
    bl_span after = worker_session_wake_at(worker->session) - bl_time_monotonic();

    return after > 0 && !connection_has_more(worker->connection) ? after : 0;
}

/* --- work --- */

/* Decisions on quick tasks leave together: a turn between two tasks only if the last one is a
 * millisecond ago. */
enum bl_err bl_worker_next(struct bl_worker *worker, bl_span timeout, const Bl__Task **task,
                           struct bl_error *e)
{
    bl_span end = bl_time_monotonic() + timeout;

    for (;;) {
        bl_span now = bl_time_monotonic();
        if (now - worker->turned_at >= TURN_AFTER) {
            (void)turn(worker);
        }
        *task = worker_session_take(worker->session);
        if (*task != NULL || bl_worker_is_stopping(worker)) {
            return BL_OK;
        }
        enum bl_err err = bl_worker_poll(worker, end - now, e);
        if (err != BL_OK || now >= end) {
            return err;
        }
    }
}

enum bl_err bl_worker_decide(struct bl_worker *worker, const char *attempt,
                             const Bl__Decision *decision, uint64_t tag, struct bl_error *e)
{
    return worker_session_decide(worker->session, attempt, decision, tag, e);
}

enum bl_err bl_worker_act(struct bl_worker *worker, const char *attempt, const Bl__Command *act,
                          uint64_t tag, struct bl_error *e)
{
    Bl__Decision decision = BL__DECISION__INIT;

    decision.act = (Bl__Command *)act;  // read only
    return worker_session_decide(worker->session, attempt, &decision, tag, e);
}

void bl_worker_give_back(struct bl_worker *worker, const char *attempt)
{
    worker_session_give_back(worker->session, attempt);
}

void bl_worker_stop(struct bl_worker *worker)
{
    atomic_store(&worker->stop, true);
    connection_wake(worker->connection);
}

bool bl_worker_is_stopping(const struct bl_worker *worker)
{
    return atomic_load(&worker->stop);
}

bool bl_worker_is_done(const struct bl_worker *worker)
{
    return worker_session_is_done(worker->session);
}

uint32_t bl_worker_held(const struct bl_worker *worker)
{
    return worker_session_held(worker->session);
}

int32_t bl_worker_utc_offset(const struct bl_worker *worker)
{
    return worker_session_utc_offset(worker->session);
}

static enum bl_err work_on(struct bl_worker *worker, const Bl__Task *task, bl_worker_work work,
                           void *context, struct bl_error *e)
{
    Bl__Decision decision = BL__DECISION__INIT;
    struct bl_error wrong = { 0 };

    decision.decision = BL__DECISION__VERDICT__FAIL;
    work(context, task, &decision);
    enum bl_err err = bl_worker_decide(worker, task->attempt, &decision, 0, &wrong);
    if (err == BL_OK || err == BL_STALE) {
        return BL_OK;
    }
    decision = (Bl__Decision)BL__DECISION__INIT;
    decision.decision = BL__DECISION__VERDICT__FAIL;
    decision.reason = wrong.text;
    return bl_worker_decide(worker, task->attempt, &decision, 0, e);
}

/* Lets the decisions that were made be acknowledged. */
static enum bl_err finish(struct bl_worker *worker, struct bl_error *e)
{
    bl_span end = bl_time_monotonic() + STOP_MAX;
    enum bl_err err = BL_OK;

    while (err == BL_OK && !bl_worker_is_done(worker)) {
        bl_span left = end - bl_time_monotonic();
        if (left <= 0) {
            break;
        }
        err = bl_worker_poll(worker, left, e);
    }
    return err;
}

enum bl_err bl_worker_run(struct bl_worker *worker, bl_worker_work work, void *context,
                          struct bl_error *e)
{
    enum bl_err err = BL_OK;

    while (err == BL_OK && !bl_worker_is_stopping(worker)) {
        const Bl__Task *task;
        err = bl_worker_next(worker, SECOND_US, &task, e);
        if (err == BL_OK && task != NULL) {
            err = work_on(worker, task, work, context, e);
        }
    }
    return err != BL_OK ? err : finish(worker, e);
}

void bl_worker_close(struct bl_worker **closed)
{
    struct bl_worker *worker = *closed;

    if (worker == NULL) {
        return;
    }
    if (worker->session != NULL) {
        worker_session_stop(worker->session);
        worker_session_abandon(worker->session);
        say(worker, bl_time_monotonic());
    }
    worker_session_free(&worker->session);
    connection_close(&worker->connection);
    wire_frame_free(&worker->frame);
    bl_arena_free(&worker->memory);
    free(worker);
    *closed = NULL;
}
