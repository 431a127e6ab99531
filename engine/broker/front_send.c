/* What leaves: one buffer for each peer, one message for each turn. */
#include <errno.h>
#include <zmq.h>

#include "base/check.h"
#include "base/log.h"
#include "broker/front_state.h"

uint32_t front_field_welcome(enum session_side side)
{
    return side == SIDE_CLIENT ? (uint32_t)WIRE_BROKER_WELCOME : (uint32_t)WIRE_TASK_WELCOME;
}

static uint32_t field_disconnect(enum session_side side)
{
    return side == SIDE_CLIENT ? (uint32_t)WIRE_BROKER_DISCONNECT : (uint32_t)WIRE_TASK_DISCONNECT;
}

enum sent { SENT, SENT_LATER, SENT_NEVER };

/* Sends one frame to a route, never waiting. */
static enum sent send_frame(const struct front *front, enum session_side side, uint64_t route,
                            const struct wire_frame *frame)
{
    uint8_t id[SESSION_ROUTE_BYTES];
    void *socket = front->sockets[side];

    session_route_id(route, id);
    if (zmq_send(socket, id, sizeof id, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
        return zmq_errno() == EAGAIN ? SENT_LATER : SENT_NEVER;  // EHOSTUNREACH: the peer is gone
    }
    // The ROUTER has chosen the pipe and it has room: the rest cannot block.
    return zmq_send(socket, frame->bytes, frame->used, ZMQ_DONTWAIT) < 0 ? SENT_NEVER : SENT;
}

void front_forget(struct front *front, struct session *session)
{
    dispatch_leave(front->dispatch, session->id, front->wall);
    session_end(&front->sessions, &session);
}

static void lose(struct front *front, struct session *session, const char *why)
{
    bl_log(BL_LOG_INFO, "session.lost", "session=%llu key=%s why=%s",
           (unsigned long long)session->id, session->principal.name, why);
    front_forget(front, session);
}

static void set_full(struct front *front, struct session *session, bool full)
{
    if (session->full != full) {
        session->full = full;
        dispatch_pause(front->dispatch, session->id, full);
    }
}

/* Sends what waits for one session; false: it is over. */
static bool flush(struct front *front, struct session *session)
{
    if (session->out.used == 0) {
        return true;
    }
    switch (send_frame(front, session->side, session->route, &session->out)) {
    case SENT:
        wire_frame_clear(&session->out);
        session->pong_is_out = false;
        set_full(front, session, false);
        return true;
    case SENT_LATER:
        set_full(front, session, true);
        return true;
    case SENT_NEVER:
        lose(front, session, "gone");
        return false;
    }
    UNREACHABLE();
}

void front_flush(struct front *front)
{
    struct session *again = NULL;

    for (struct session *session; (session = session_next_waiting(&front->sessions)) != NULL;) {
        if (flush(front, session) && session->out.used > 0) {
            session->next_waiting = again;
            again = session;
        }
    }
    for (struct session *next; again != NULL; again = next) {
        next = again->next_waiting;
        session_wait(&front->sessions, again);
    }
}

/* Makes room for a field that did not fit; false: the session is over. */
static bool make_room(struct front *front, struct session *session)
{
    if (!flush(front, session)) {
        return false;
    }
    if (session->out.used > 0) {
        lose(front, session, "does-not-read");
        return false;
    }
    return true;
}

bool front_tell(struct front *front, struct session *session, uint32_t number,
                const ProtobufCMessage *message)
{
    session_wait(&front->sessions, session);
    if (wire_frame_add(&session->out, number, message)) {
        return true;
    }
    if (!make_room(front, session)) {
        return false;
    }
    session_wait(&front->sessions, session);
    CHECK(wire_frame_add(&session->out, number, message));  // senders bound what they make
    return true;
}

static bool tell_bytes(struct front *front, struct session *session, uint32_t number,
                       struct bl_text message)
{
    session_wait(&front->sessions, session);
    if (wire_frame_add_bytes(&session->out, number, message)) {
        return true;
    }
    if (!make_room(front, session)) {
        return false;
    }
    session_wait(&front->sessions, session);
    CHECK(wire_frame_add_bytes(&session->out, number, message));
    return true;
}

bool front_tell_text(struct front *front, struct session *session, uint32_t number,
                     const char *text)
{
    return tell_bytes(front, session, number, bl_text_of(text));
}

void front_tell_pong(struct front *front, struct session *session)
{
    uint32_t number =
        session->side == SIDE_CLIENT ? (uint32_t)WIRE_BROKER_PONG : (uint32_t)WIRE_TASK_PONG;

    session_wait(&front->sessions, session);
    if (!session->pong_is_out && wire_frame_add_true(&session->out, number)) {
        session->pong_is_out = true;
    }
}

static void add_disconnect(struct wire_frame *frame, enum session_side side, enum bl_err code,
                           const char *reason)
{
    Bl__Disconnect disconnect = BL__DISCONNECT__INIT;

    disconnect.code = bl_err_name(code);
    disconnect.reason = reason;
    if (!wire_frame_add(frame, field_disconnect(side), &disconnect.base)) {
        wire_frame_clear(frame);  // of a peer who does not read: this is what he should know first
        CHECK(wire_frame_add(frame, field_disconnect(side), &disconnect.base));
    }
}

void front_disconnect(struct front *front, struct session *session, enum bl_err code,
                      const char *reason)
{
    bl_log(BL_LOG_INFO, "session.ended", "session=%llu key=%s code=%s reason=\"%s\"",
           (unsigned long long)session->id, session->principal.name, bl_err_name(code), reason);
    add_disconnect(&session->out, session->side, code, reason);
    if (flush(front, session)) {
        front_forget(front, session);
    }
}

void front_turn_away(struct front *front, const struct front_frame *from, enum bl_err code,
                     const char *reason)
{
    struct wire_frame frame = { 0 };

    add_disconnect(&frame, from->side, code, reason);
    (void)send_frame(front, from->side, from->route, &frame);
    wire_frame_free(&frame);
}
