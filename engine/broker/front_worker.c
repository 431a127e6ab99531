/* What workers say: decisions, acts, and what they will not decide. */
#include <string.h>

#include "broker/front_state.h"
#include "broker/said.h"
#include "wire/attempt.h"

static bool acknowledge(struct front *front, struct session *session, const char *attempt,
                        uint64_t event, Bl__Refusal *refusal)
{
    Bl__Acknowledgement acknowledgement = BL__ACKNOWLEDGEMENT__INIT;

    acknowledgement.attempt = attempt;
    acknowledgement.event = event;
    acknowledgement.refusal = refusal;
    return front_tell(front, session, WIRE_TASK_ACKNOWLEDGEMENTS, &acknowledgement.base);
}

/* Is it an act that stands beside decisions, and has something to say? */
static bool is_act(const Bl__Command *act)
{
    return act->what_case != BL__COMMAND__WHAT__NOT_SET &&
           act->what_case != BL__COMMAND__WHAT_DECIDE && act->what_case != BL__COMMAND__WHAT_FAIL &&
           act->what_case != BL__COMMAND__WHAT_SUBMIT;
}

static Bl__Refusal *unavailable(struct front *front)
{
    Bl__Refusal *refusal = refusal_new(&front->arena, BL_UNAVAILABLE, "overload", "");

    refusal->retry_after_ms = RETRY_AFTER_MS;
    return refusal;
}

/* Puts a decision into the batch, or says why not; one that is there already stays as it is. */
static Bl__Refusal *take(struct front *front, const struct session *session,
                         const Bl__Decision *decision, const struct principal *principal)
{
    struct batch *batch = front->filling;
    uint64_t attempt = 0;

    if (decision->act != NULL ? !is_act(decision->act)
                              : decision->decision == BL__DECISION__VERDICT__VERDICT_UNSPECIFIED) {
        return refusal_new(&front->arena, BL_INVALID, "verdict", "decision");
    }
    if (batch == NULL || batch_is_full(batch)) {
        return unavailable(front);
    }
    const struct task *task = attempt_parse(decision->attempt, &attempt)
                                  ? dispatch_decide(front->dispatch, session->id, attempt)
                                  : NULL;

    if (task == NULL) {
        return dispatch_is_deciding(front->dispatch, session->id, attempt)
                   ? NULL  // the batch will answer
                   : refusal_new(&front->arena, BL_STALE, "attempt", "attempt");
    }
    struct batch_command *added =
        batch_add(batch, said_command(&batch->arena, decision, task, principal), principal);

    added->session = session->id;
    added->lease = attempt;
    return NULL;
}

/* Returns false when the session is over. */
static bool hear_decision(struct front *front, struct session *session,
                          const struct principal *principal, struct bl_text bytes)
{
    struct bl_arena *arena = front->filling == NULL ? &front->arena : &front->filling->arena;
    ProtobufCMessage *message = NULL;
    struct bl_error e = { 0 };

    if (wire_unpack(&bl__decision__descriptor, bytes, arena, &message, &e) != BL_OK) {
        front_disconnect(front, session, e.code, e.text);  // it has no attempt that we could name
        return false;
    }
    const Bl__Decision *decision = (const Bl__Decision *)message;
    Bl__Refusal *refusal = take(front, session, decision, principal);

    return refusal == NULL || acknowledge(front, session, decision->attempt, 0, refusal);
}

static void hear_given_back(struct front *front, const struct session *session,
                            struct bl_text bytes)
{
    char text[ATTEMPT_TEXT_BYTES];
    uint64_t attempt = 0;

    if (bytes.bytes < sizeof text) {
        memcpy(text, bytes.at, bytes.bytes);
        text[bytes.bytes] = '\0';
        if (attempt_parse(text, &attempt)) {
            (void)dispatch_give_back(front->dispatch, session->id, attempt, front->wall);
        }
    }
}

struct session *front_worker_field(struct front *front, struct session *session,
                                   const struct principal *principal,
                                   const struct wire_field *field)
{
    switch (field->number) {
    case WIRE_WORKER_DECISIONS:
        return hear_decision(front, session, principal, field->bytes) ? session : NULL;
    case WIRE_WORKER_PING:
        front_tell_pong(front, session);
        return session;
    case WIRE_WORKER_GOODBYE:
        dispatch_drain(front->dispatch, session->id);
        return session;
    case WIRE_WORKER_GIVEN_BACK:
        hear_given_back(front, session, field->bytes);
        return session;
    case WIRE_WORKER_COMMANDS:
        return front_hear_command(front, session, principal, field->bytes) ? session : NULL;
    default:  // of a later protocol
        return session;
    }
}
