/* Who it is: hello and welcome. */
#include <string.h>

#include "base/log.h"
#include "broker/front_state.h"
#include "wire/attempt.h"

/* Who speaks: the key's owner, or where there are no keys whom the hello claims. */
static enum bl_err identify(struct front *front, const char *key, const Bl__Hello *hello,
                            struct principal *principal, struct bl_error *e)
{
    bool revoked = false;

    if (front->config.identity != NULL) {
        return keyring_find(front->config.keyring, key, principal)
                   ? BL_OK
                   : bl_error_set(e, BL_DENIED, "unknown key");
    }
    bool known = keyring_find_name(front->config.keyring, hello->principal, principal, &revoked);

    if (!known && revoked) {
        return bl_error_set(e, BL_DENIED, "this key is revoked");
    }
    session_claim(hello, known ? principal : NULL, principal);
    return BL_OK;
}

/* What is bound to every address is announced with "*": the host that the peer dialled. */
static const char *announce(struct front *front, const char *endpoint)
{
    static const char everywhere[] = "tcp://0.0.0.0:";

    return strncmp(endpoint, everywhere, sizeof everywhere - 1) != 0
               ? endpoint
               : bl_arena_printf(&front->arena, "tcp://*:%s", endpoint + sizeof everywhere - 1);
}

/* The held tasks that go on. */
static void resume(struct front *front, const struct session *session, const Bl__Hello *hello,
                   Bl__Welcome *welcome)
{
    welcome->granted = bl_arena_array(&front->arena, Bl__Granted *, hello->n_held);
    for (size_t i = 0; i < hello->n_held; i++) {
        const Bl__Held *held = hello->held[i];
        uint64_t attempt = dispatch_resume(front->dispatch, session->id, held->task, held->attempt);

        if (attempt != 0) {
            Bl__Granted *granted = bl_arena_new(&front->arena, Bl__Granted);

            bl__granted__init(granted);
            granted->attempt = held->attempt;
            granted->now =
                attempt_format(attempt, bl_arena_alloc(&front->arena, ATTEMPT_TEXT_BYTES));
            welcome->granted[welcome->n_granted++] = granted;
        }
    }
}

static void join(struct front *front, struct session *session, const Bl__Hello *hello,
                 Bl__Welcome *welcome)
{
    dispatch_join(front->dispatch, session->id, session->principal.department, session->items,
                  session->item_count, session->credit);
    resume(front, session, hello, welcome);
}

static void fill_welcome(struct front *front, Bl__Welcome *welcome)
{
    welcome->protocol = WIRE_PROTOCOL;
    welcome->workers = announce(front, front->workers);
    welcome->publish = announce(front, front->published);
    welcome->heartbeat_ms = WIRE_HEARTBEAT_MS;
    welcome->utc_offset_minutes = front->config.utc_offset_minutes;
    welcome->newest_event = front->newest_event;
    welcome->frame_bytes_max = (uint32_t)WIRE_FRAME_BYTES_MAX;
    welcome->in_flight_max = SESSION_IN_FLIGHT_MAX;
}

static struct session *begin(struct front *front, const struct front_frame *frame,
                             const Bl__Hello *hello, struct bl_error *e)
{
    struct principal principal;

    if (identify(front, frame->key, hello, &principal, e) != BL_OK ||
        session_check_hello(frame->side, hello, &principal, e) != BL_OK) {
        return NULL;
    }
    struct session *session = session_begin(&front->sessions, frame->side, frame->route, frame->key,
                                            &principal, hello, front->now, front->wall);

    if (session == NULL) {
        (void)bl_error_set(e, BL_UNAVAILABLE, "too many are connected");
    }
    return session;
}

struct session *front_hello(struct front *front, const struct front_frame *frame,
                            struct bl_text bytes)
{
    struct session *before = session_at(&front->sessions, frame->route, frame->key);
    Bl__Welcome welcome = BL__WELCOME__INIT;
    ProtobufCMessage *hello = NULL;
    struct bl_error e = { 0 };
    enum bl_err err = wire_unpack(&bl__hello__descriptor, bytes, &front->arena, &hello, &e);
    struct session *session =
        err != BL_OK ? NULL : begin(front, frame, (const Bl__Hello *)hello, &e);

    if (session == NULL) {
        bl_log(BL_LOG_WARN, "hello.refused", "code=%s reason=\"%s\"", bl_err_name(e.code), e.text);
        front_turn_away(front, frame, e.code, e.text);
    } else if (frame->side == SIDE_WORKER) {
        join(front, session, (const Bl__Hello *)hello, &welcome);
    }
    if (before != NULL) {
        front_forget(front, before);  // after what it held was taken over
    }
    if (session == NULL) {
        return NULL;
    }
    bl_log(BL_LOG_DEBUG, "session.begun", "session=%llu key=%s department=%s program=\"%s\"",
           (unsigned long long)session->id, session->principal.name, session->principal.department,
           session->program);
    fill_welcome(front, &welcome);
    return front_tell(front, session, front_field_welcome(frame->side), &welcome.base) ? session
                                                                                       : NULL;
}

static bool is_same(const struct principal *a, const struct principal *b)
{
    return a->role == b->role && strcmp(a->name, b->name) == 0 &&
           strcmp(a->department, b->department) == 0;
}

void front_review_keys(struct front *front)
{
    for (struct session *session = front->sessions.first, *next; session != NULL; session = next) {
        struct principal principal;

        next = session->next;
        if (session->key[0] != '\0' &&
            (!keyring_find(front->config.keyring, session->key, &principal) ||
             !is_same(&principal, &session->principal))) {
            front_disconnect(front, session, BL_DENIED, "the key was revoked or changed");
        }
    }
}
