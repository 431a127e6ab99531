/* Frames from anywhere, on both of the broker's sockets, before and after a hello: whatever the
 * bytes say, sessions, dispatch and the batch stay sound. There are no sockets behind: to send is
 * to learn that the peer is gone. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/log.h"
#include "broker/front_state.h"

#define ARENA_BYTES ((size_t)256 << 20)
#define TASK_APPLICATION 1

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t scan(void *context, const char *department, struct edf_key from,
                   struct backlog_row *rows, size_t capacity)
{
    (void)context, (void)department, (void)from, (void)rows, (void)capacity;
    return 0;
}

static bool find(void *context, const char *department, const char *task, struct backlog_row *row)
{
    (void)context, (void)department;
    *row = (struct backlog_row){ .key = { 1, 1 + strlen(task), 0 }, .item = "a" };
    return strlen(task) % 2 == 0;
}

static enum dispatch_sent send(void *context, const struct dispatch_grant *grant)
{
    (void)context, (void)grant;
    return DISPATCH_SENT;
}

static void forget(void *context, void *body)
{
    (void)context, (void)body;
}

static void revoke(void *context, uint64_t worker, uint64_t attempt)
{
    (void)context, (void)worker, (void)attempt;
}

static enum bl_err query(void *context, const Bl__Query *asked, const struct principal *principal,
                         bl_time now, struct bl_arena *arena, Bl__QueryAnswer *answer,
                         struct bl_error *e)
{
    (void)context, (void)asked, (void)principal, (void)now, (void)arena, (void)answer;
    return bl_error_set(e, BL_NOT_FOUND, "nothing is stored here");
}

/* A department's worker with one task, or a clerk. */
static void greet(struct front *front, enum session_side side)
{
    const struct principal principal = { side == SIDE_WORKER ? BL__KEY__ROLE__WORKER
                                                             : BL__KEY__ROLE__CLERK,
                                         "who", "fire" };
    Bl__Hello hello = BL__HELLO__INIT;

    hello.credit = 2;
    struct session *session =
        session_begin(&front->sessions, side, 1, "", &principal, &hello, 0, 0);

    if (side == SIDE_WORKER) {
        dispatch_join(front->dispatch, session->id, "fire", NULL, 0, 2);
        while (dispatch_run(front->dispatch, 0)) {
        }
        dispatch_ready(front->dispatch, "fire", "a", (struct edf_key){ 1, TASK_APPLICATION, 0 }, 0,
                       NULL, 0);
        (void)dispatch_run(front->dispatch, 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct dispatch_port port = { NULL, scan, find, send, forget, revoke };
    struct front front = { .config = { .query = query, .keyring = keyring_new() },
                           .listen = "tcp://127.0.0.1:1",
                           .dispatch = dispatch_new(1, &port) };
    struct batch batch;
    enum session_side side = size > 0 && data[0] % 2 == 1 ? SIDE_WORKER : SIDE_CLIENT;

    bl_log_level_set(BL_LOG_ERROR);
    batch_init(&batch);
    bl_arena_init(&front.arena, 1 << 12, ARENA_BYTES);
    front.filling = &batch;
    if (size > 0 && data[0] < 128) {
        greet(&front, side);
    }
    if (size > 0) {
        struct front_frame frame = { side, 1, "", { (const char *)data + 1, size - 1 } };

        front_hear(&front, &frame);
    }
    sessions_check(&front.sessions);
    dispatch_check(front.dispatch);
    front_flush(&front);
    sessions_free(&front.sessions);
    dispatch_free(&front.dispatch);
    keyring_free(&front.config.keyring);
    bl_arena_free(&front.arena);
    batch_free(&batch);
    return 0;
}
