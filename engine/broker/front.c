#include "broker/front.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <zmq.h>

#include "base/log.h"
#include "base/notify.h"
#include "broker/front_state.h"

#define ARENA_BYTES_FIRST ((size_t)64 << 10)
#define ARENA_BYTES_MAX ((size_t)64 << 20)  // of one frame or answer
#define FRAMES_A_TURN 512                   // from one side, before the others get a turn
#define TICK_US (500 * MILLISECOND_US)
#define SLEEP_MAX_US (500 * MILLISECOND_US)   // the test clock may have jumped
#define SLEEP_UNSENT_US (5 * MILLISECOND_US)  // while a peer's queue is full
#define LATE_US (2 * SECOND_US)               // a tick so late says that we were not listening
#define STOP_MAX_US (4 * SECOND_US)           // for what is being committed
#define HELLO_FIELD 1                         // of both sides

/* --- opening ---------------------------------------------------------------------------------- */

static enum bl_err open_socket(struct front *front, int type, void **socket, struct bl_error *e)
{
    enum bl_err err = wire_socket_open(front->config.zmq, type, socket, e);

    return err == BL_OK && front->config.identity != NULL
               ? wire_socket_serve(*socket, front->config.identity, e)
               : err;
}

/* The place beside `listen` for a further socket: any free port, or a path with a suffix. */
static void place_beside(const char *listen, const char *suffix, char *endpoint)
{
    bool is_tcp = strncmp(listen, "tcp://", 6) == 0;
    int host = (int)(is_tcp ? strrchr(listen, ':') - listen : (ptrdiff_t)strlen(listen));
    int bytes = snprintf(endpoint, WIRE_ENDPOINT_BYTES, "%.*s%s%s", host, listen,
                         is_tcp ? ":*" : ".", is_tcp ? "" : suffix);

    if (bytes >= WIRE_ENDPOINT_BYTES) {
        endpoint[0] = '\0';  // no endpoint: bind says so
    }
}

/* Does the place where a socket was before lie beside where we listen now? */
static bool is_beside(const char *before, const char *beside)
{
    const char *colon = strrchr(beside, ':');

    return strncmp(beside, "tcp://", 6) == 0 &&
           strncmp(before, beside, (size_t)(colon - beside) + 1) == 0;
}

/* Binds a further socket: where it is told to be, else where it was before, else anywhere. */
static enum bl_err bind_further(struct front *front, void *socket, const char *told,
                                const char *before, const char *suffix, char *bound,
                                struct bl_error *e)
{
    char beside[WIRE_ENDPOINT_BYTES];

    if (told[0] != '\0') {
        return wire_socket_bind(socket, told, bound, e);
    }
    place_beside(front->listen, suffix, beside);
    if (before[0] != '\0' && is_beside(before, beside) &&
        wire_socket_bind(socket, before, bound, NULL) == BL_OK) {
        return BL_OK;
    }
    return wire_socket_bind(socket, beside, bound, e);
}

static enum bl_err open_sockets(struct front *front, struct bl_error *e)
{
    const struct front_config *config = &front->config;
    enum bl_err err = open_socket(front, ZMQ_ROUTER, &front->sockets[SIDE_CLIENT], e);

    if (err == BL_OK) {
        err = open_socket(front, ZMQ_ROUTER, &front->sockets[SIDE_WORKER], e);
    }
    if (err == BL_OK) {
        err = open_socket(front, ZMQ_XPUB, &front->publish, e);
    }
    if (err == BL_OK) {
        err = wire_socket_bind(front->sockets[SIDE_CLIENT], config->listen, front->listen, e);
    }
    if (err == BL_OK) {
        err = bind_further(front, front->sockets[SIDE_WORKER], config->workers,
                           config->workers_before, "workers", front->workers, e);
    }
    return err != BL_OK ? err
                        : bind_further(front, front->publish, config->publish,
                                       config->publish_before, "publish", front->published, e);
}

enum bl_err front_open(const struct front_config *config, struct front **front, struct bl_error *e)
{
    struct front *own = calloc(1, sizeof *own);

    CHECK(own != NULL);
    own->config = *config;
    own->newest_event = own->published_event = config->newest_event;
    own->next_timer = config->next_timer;
    own->started_at = own->wall = test_clock_now(&config->clock);
    own->now = own->ticked_at = bl_time_monotonic();
    own->watchdog_every = notify_watchdog_every();
    bl_arena_init(&own->arena, ARENA_BYTES_FIRST, ARENA_BYTES_MAX);
    struct dispatch_port port = front_port(own);

    own->dispatch = dispatch_new(config->start, &port);
    enum bl_err err = open_sockets(own, e);

    if (err != BL_OK) {
        front_close(&own);
        return err;
    }
    *front = own;
    return BL_OK;
}

void front_close(struct front **front)
{
    struct front *own = *front;

    if (own == NULL) {
        return;
    }
    wire_socket_close(&own->sockets[SIDE_CLIENT]);
    wire_socket_close(&own->sockets[SIDE_WORKER]);
    wire_socket_close(&own->publish);
    sessions_free(&own->sessions);
    dispatch_free(&own->dispatch);
    bl_map_free(&own->reports);
    task_scratch_free(&own->scratch);
    bl_arena_free(&own->arena);
    free(own);
    *front = NULL;
}

const char *front_listen(const struct front *front)
{
    return front->listen;
}

const char *front_workers(const struct front *front)
{
    return front->workers;
}

const char *front_publish(const struct front *front)
{
    return front->published;
}

/* --- receiving -------------------------------------------------------------------------------- */

/* Nobody can be told, so an operator is: at most once a second. */
static void drop(struct front *front, const char *why)
{
    front->dropped++;
    if (front->now - front->dropped_logged_at >= SECOND_US) {
        front->dropped_logged_at = front->now;
        bl_log(BL_LOG_WARN, "frame.dropped", "why=%s dropped=%llu", why,
               (unsigned long long)front->dropped);
    }
}

static bool is_well_formed(struct bl_text bytes)
{
    struct wire_reader reader = wire_reader_of(bytes.at, bytes.bytes);
    struct wire_field field;

    while (wire_read(&reader, &field)) {
    }
    return wire_reader_is_done(&reader);
}

/* Who speaks, kept as long as what he said is in the batch. */
static const struct principal *keep_principal(struct front *front, const struct session *session)
{
    return front->filling == NULL ? &session->principal
                                  : bl_arena_copy(&front->filling->arena, &session->principal,
                                                  sizeof session->principal);
}

/* Hears a frame field by field. */
static void hear_fields(struct front *front, const struct front_frame *frame,
                        struct session *session)
{
    struct wire_reader reader = wire_reader_of(frame->bytes.at, frame->bytes.bytes);
    const struct principal *principal = session == NULL ? NULL : keep_principal(front, session);
    struct wire_field field;

    while (wire_read(&reader, &field)) {
        if (field.number == HELLO_FIELD) {
            session = front_hello(front, frame, field.bytes);
            principal = session == NULL ? NULL : keep_principal(front, session);
        } else if (session == NULL) {
            front_turn_away(front, frame, BL_REFUSED, "say hello first");
        } else if (frame->side == SIDE_CLIENT) {
            session = front_client_field(front, session, principal, &field);
        } else {
            session = front_worker_field(front, session, principal, &field);
        }
        if (session == NULL) {
            return;
        }
    }
    if (session != NULL) {
        session_heard(session, front->now, front->wall);
    }
}

/* The memory of the frame before. What was refused has left its bytes in the batch too: one that is
 * empty all the same is never handed over, so it would fill up and take nothing more. */
static void forget_frame(struct front *front)
{
    front->queries = 0;
    bl_arena_reset(&front->arena);
    if (front->filling != NULL && front->filling->command_count == 0) {
        batch_reset(front->filling);
    }
}

void front_hear(struct front *front, const struct front_frame *frame)
{
    forget_frame(front);
    struct session *session = session_at(&front->sessions, frame->route, frame->key);
    enum bl_err err = frame->bytes.bytes > WIRE_FRAME_BYTES_MAX ? BL_TOO_LARGE
                      : is_well_formed(frame->bytes)            ? BL_OK
                                                                : BL_MALFORMED;

    if (err == BL_OK) {
        hear_fields(front, frame, session);
    } else if (session != NULL) {
        front_disconnect(front, session, err,
                         err == BL_TOO_LARGE ? "the frame is larger than frame_bytes_max"
                                             : "the frame is no message of ours");
    } else {
        drop(front, bl_err_name(err));
    }
}

/* Reads what is left of a message of too many parts. */
static void skip_parts(void *socket, zmq_msg_t *part)
{
    while (zmq_msg_more(part) && zmq_msg_recv(part, socket, ZMQ_DONTWAIT) >= 0) {
    }
}

/* Receives one frame; false: there is none. */
static bool receive(struct front *front, enum session_side side)
{
    void *socket = front->sockets[side];
    uint8_t id[256];  // the longest that a peer can choose
    zmq_msg_t body;
    int id_bytes = zmq_recv(socket, id, sizeof id, ZMQ_DONTWAIT);

    if (id_bytes < 0) {
        return false;
    }
    (void)zmq_msg_init(&body);
    if (zmq_msg_recv(&body, socket, ZMQ_DONTWAIT) >= 0) {
        const char *key = zmq_msg_gets(&body, "User-Id");
        struct front_frame frame = {
            .side = side,
            .route = session_route(side, id, (size_t)id_bytes),
            .key = key == NULL ? "" : key,
            .bytes = { zmq_msg_data(&body), zmq_msg_size(&body) },
        };

        if (zmq_msg_more(&body)) {
            drop(front, "parts");
            skip_parts(socket, &body);
        } else if (frame.route == 0) {
            drop(front, "own-routing-id");
        } else {
            front_hear(front, &frame);
        }
    }
    (void)zmq_msg_close(&body);
    return true;
}

/* Is there room for decisions? While there is none they wait in the socket: credit bounds them. */
static bool takes_workers(const struct front *front)
{
    return front->filling != NULL && front->filling->command_count < WORKER_BATCH_MAX &&
           !batch_is_full(front->filling);
}

/* Is there room for commands? While there is none they wait in the socket, but not for long: when
 * commits hang they are heard and refused. */
static bool takes_clients(const struct front *front)
{
    if (front->query_time > QUERY_TIME_MAX) {
        return false;
    }
    return (front->filling != NULL && front->filling->command_count < CLIENT_BATCH_MAX) ||
           committer_busy_for(front->config.committer, front->now) > OVERLOAD_AFTER;
}

static void receive_all(struct front *front)
{
    bool more[SIDE_WORKER + 1] = { true, true };

    front->received = false;
    for (uint32_t i = 0; i < FRAMES_A_TURN && (more[SIDE_CLIENT] || more[SIDE_WORKER]); i++) {
        more[SIDE_WORKER] =
            more[SIDE_WORKER] && takes_workers(front) && receive(front, SIDE_WORKER);
        more[SIDE_CLIENT] =
            more[SIDE_CLIENT] && takes_clients(front) && receive(front, SIDE_CLIENT);
        front->received |= more[SIDE_CLIENT] || more[SIDE_WORKER];
    }
}

/* Whoever subscribes learns the newest number at once. */
static void receive_subscriptions(struct front *front)
{
    uint8_t bytes[16];
    uint32_t count = 0;

    while (count < FRAMES_A_TURN &&
           zmq_recv(front->publish, bytes, sizeof bytes, ZMQ_DONTWAIT) >= 0) {
        count++;
    }
    if (count > 0) {
        front_publish_newest(front);
    }
}

/* --- the turn --------------------------------------------------------------------------------- */

static void finish_batches(struct front *front)
{
    enum bl_err outcome = BL_OK;

    for (struct batch *batch;
         (batch = committer_done(front->config.committer, &outcome)) != NULL;) {
        bl_arena_reset(&front->arena);
        front_finish(front, batch, outcome);
        committer_return(front->config.committer, batch);
    }
}

static bool timer_is_due(const struct front *front)
{
    return front->timers_due || front->next_timer <= front->wall;
}

/* Hands over what was filled, if the committer is free: what comes meanwhile makes the next batch.
 */
static void hand_over(struct front *front)
{
    struct committer *committer = front->config.committer;

    if (front->filling == NULL) {
        front->filling = committer_batch(committer);
    }
    if (front->filling != NULL && (front->filling->command_count > 0 || timer_is_due(front)) &&
        committer_is_idle(committer)) {
        committer_give(committer, front->filling);
        front->timers_due = false;
        front->filling = committer_batch(committer);
    }
}

static void tick_session(struct front *front, struct session *session)
{
    bl_span silent = front->now - session->heard_at;

    if (session_is_over(session, front->now)) {
        front_disconnect(front, session, BL_TIMEOUT, "nothing was heard for too long");
    } else if (silent > WIRE_HEARTBEAT_MS * MILLISECOND_US) {
        front_tell_pong(front, session);  // a peer that is gone cannot be sent to: so we learn it
    }
}

static void tick(struct front *front)
{
    bl_span gap = front->now - front->ticked_at;

    if (gap < TICK_US) {
        return;
    }
    front->ticked_at = front->now;
    for (struct session *session = front->sessions.first, *next; session != NULL; session = next) {
        next = session->next;
        if (gap > LATE_US) {
            session->heard_at += gap;  // it may have spoken while we did not listen
        } else {
            tick_session(front, session);
        }
    }
}

/* Only progress feeds the watchdog: a commit that hangs does not. */
static void feed_watchdog(struct front *front)
{
    if (front->watchdog_every > 0 && front->now - front->fed_at >= front->watchdog_every / 2 &&
        committer_busy_for(front->config.committer, front->now) < front->watchdog_every) {
        front->fed_at = front->now;
        notify("WATCHDOG=1");
    }
}

static void take_signals(struct front *front)
{
    struct signalfd_siginfo info;

    while (read(front->config.signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGHUP) {
            notify_reloading();
            front->config.reload(front->config.reload_context);
            front_renew_keys(front);
            notify("READY=1");
        } else {
            front->stopping = true;
        }
    }
}

static bl_span sooner(bl_span sleep, bl_time at, bl_time wall)
{
    return at == BL_NEVER || at - wall > sleep ? sleep : at > wall ? at - wall : 0;
}

static long sleep_ms(struct front *front)
{
    bl_span sleep = front->sessions.waiting != NULL ? SLEEP_UNSENT_US : SLEEP_MAX_US;

    if (front->received || front->more_to_dispatch) {
        return 0;
    }
    if (committer_is_idle(front->config.committer)) {
        sleep = front->timers_due ? 0 : sooner(sleep, front->next_timer, front->wall);
    }
    sleep = sooner(sleep, dispatch_next(front->dispatch), front->wall);
    return (long)((sleep + MILLISECOND_US - 1) / MILLISECOND_US);
}

static void wait_for_something(struct front *front)
{
    zmq_pollitem_t items[] = {
        { NULL, committer_fd(front->config.committer), ZMQ_POLLIN, 0 },
        { NULL, front->config.signals, ZMQ_POLLIN, 0 },
        { front->publish, 0, ZMQ_POLLIN, 0 },
        { front->sockets[SIDE_WORKER], 0, takes_workers(front) ? ZMQ_POLLIN : 0, 0 },
        { front->sockets[SIDE_CLIENT], 0, takes_clients(front) ? ZMQ_POLLIN : 0, 0 },
    };

    (void)zmq_poll(items, (int)BL_COUNT(items), sleep_ms(front));
    front->now = bl_time_monotonic();
    front->wall = test_clock_now(&front->config.clock);
}

static void turn(struct front *front)
{
    front->query_time = 0;
    wait_for_something(front);
    take_signals(front);
    hand_over(front);  // the committer is not to wait while we say what it has done
    finish_batches(front);
    front_flush(front);  // tasks and answers first: others work while we read
    receive_all(front);
    receive_subscriptions(front);
    hand_over(front);
    front_dispatch(front);
    tick(front);
    front_flush(front);
    feed_watchdog(front);
}

/* Takes nothing more in, and says what has become of what was taken. */
static void stop(struct front *front)
{
    struct committer *committer = front->config.committer;
    bl_span until = bl_time_monotonic() + STOP_MAX_US;
    zmq_pollitem_t item = { NULL, committer_fd(committer), ZMQ_POLLIN, 0 };

    if (front->filling != NULL && front->filling->command_count > 0) {
        committer_give(committer, front->filling);
        front->filling = NULL;
    }
    while (!committer_is_idle(committer) && bl_time_monotonic() < until) {
        (void)zmq_poll(&item, 1, 10);
        finish_batches(front);
    }
    finish_batches(front);
    front_flush(front);
    while (front->sessions.first != NULL) {
        front_disconnect(front, front->sessions.first, BL_UNAVAILABLE, "the broker stops");
    }
}

void front_run(struct front *front)
{
    front->filling = committer_batch(front->config.committer);
    while (!front->stopping) {
        turn(front);
    }
    notify("STOPPING=1");
    stop(front);
}
