/* What clients say: commands and queries. */
#include <string.h>

#include "base/log.h"
#include "broker/front_state.h"

enum { TAG = 1 };  // field number of a command's and a query's

/* The tag of bytes that may be no message. */
static uint64_t tag_of(struct bl_text bytes)
{
    struct wire_reader reader = wire_reader_of(bytes.at, bytes.bytes);
    struct wire_field field;

    while (wire_read(&reader, &field)) {
        if (field.number == TAG && !field.is_bytes) {
            return field.value;
        }
    }
    return 0;
}

static Bl__Refusal *unavailable(struct front *front, const char *rule)
{
    Bl__Refusal *refusal = refusal_new(&front->arena, BL_UNAVAILABLE, rule, "");

    refusal->retry_after_ms = RETRY_AFTER_MS;
    return refusal;
}

static Bl__Refusal *malformed(struct front *front, const struct bl_error *e)
{
    Bl__Refusal *refusal = refusal_new(&front->arena, e->code, "wire", "");

    return refusal_argument(&front->arena, refusal, "problem",
                            bl_arena_string(&front->arena, e->text));
}

static Bl__Refusal *not_yours(struct front *front, Bl__Command__WhatCase what)
{
    Bl__Refusal *refusal = refusal_new(&front->arena, BL_DENIED, "role", "");

    refusal->who_may = principal_who_may(what);
    return refusal;
}

/* Who acts: only a gateway speaks for others, and under its own key. */
static Bl__Actor *actor_of(struct bl_arena *arena, const struct principal *principal,
                           const Bl__Actor *said)
{
    Bl__Actor *actor = bl_arena_new(arena, Bl__Actor);

    bl__actor__init(actor);
    if (principal->role == BL__KEY__ROLE__GATEWAY && said != NULL) {
        *actor = *said;
    } else {
        actor->department = principal->department;
        if (principal->post[0] != '\0') {
            actor->post = principal->post;
            actor->role = principal->role;
        }
    }
    actor->principal = principal->name;
    return actor;
}

const struct principal *front_acting(const struct principal *speaker, const Bl__Actor *actor,
                                     struct bl_arena *arena)
{
    struct principal *person;

    if (speaker->role != BL__KEY__ROLE__GATEWAY) {
        return speaker;
    }
    person = bl_arena_new(arena, struct principal);
    return principal_for(actor, person) ? person : NULL;
}

/* Keys are granted and revoked with a key only: whoever breaks into a gateway makes himself none.
 */
static bool may(const struct session *session, const struct principal *acting,
                Bl__Command__WhatCase what)
{
    if (session->principal.role != BL__KEY__ROLE__GATEWAY) {
        return session_may(session, what);
    }
    return acting != NULL && principal_may(acting, what) && what != BL__COMMAND__WHAT_GRANT_KEY &&
           what != BL__COMMAND__WHAT_REVOKE_KEY;
}

/* Puts a command into the batch, or says why not. */
static Bl__Refusal *take(struct front *front, struct session *session,
                         const struct principal *principal, struct bl_text bytes)
{
    struct batch *batch = front->filling;
    ProtobufCMessage *message = NULL;
    struct bl_error e = { 0 };

    if (batch == NULL || batch_is_full(batch)) {
        return unavailable(front, "overload");
    }
    if (bytes.bytes > COMMAND_BYTES_MAX) {
        return refusal_new(&front->arena, BL_TOO_LARGE, "command", "");
    }
    if (wire_unpack(&bl__command__descriptor, bytes, &batch->arena, &message, &e) != BL_OK) {
        return malformed(front, &e);
    }
    Bl__Command *command = (Bl__Command *)message;

    const struct principal *acting = front_acting(principal, command->actor, &batch->arena);

    if (!may(session, acting, command->what_case)) {
        return not_yours(front, command->what_case);
    }
    if (!session_admit(session)) {
        return unavailable(front, "in-flight");
    }
    command->actor = actor_of(&batch->arena, principal, command->actor);
    batch_add(batch, command, acting)->session = session->id;
    return NULL;
}

bool front_tell_answer(struct front *front, struct session *session, const Bl__Answer *answer)
{
    return front_tell(front, session,
                      session->side == SIDE_WORKER ? (uint32_t)WIRE_TASK_ANSWERS
                                                   : (uint32_t)WIRE_BROKER_ANSWERS,
                      &answer->base);
}

bool front_hear_command(struct front *front, struct session *session,
                        const struct principal *principal, struct bl_text bytes)
{
    Bl__Refusal *refusal = take(front, session, principal, bytes);

    if (refusal == NULL) {
        return true;
    }
    Bl__Answer answer = BL__ANSWER__INIT;

    answer.tag = tag_of(bytes);
    answer.refusal = refusal;
    return front_tell_answer(front, session, &answer);
}

static bool refuse_query(struct front *front, struct session *session, struct bl_text bytes,
                         Bl__Refusal *refusal)
{
    Bl__QueryAnswer answer = BL__QUERY_ANSWER__INIT;

    answer.tag = tag_of(bytes);
    answer.refusal = refusal;
    return front_tell(front, session, WIRE_BROKER_QUERY_ANSWERS, &answer.base);
}

/* Each query of a frame has the arena for itself: one frame may hold very many. */
static bool hear_query(struct front *front, struct session *session, struct bl_text bytes)
{
    uint64_t id = session->id;
    ProtobufCMessage *message = NULL;
    struct bl_error e = { 0 };

    bl_arena_reset(&front->arena);
    if (++front->queries > WIRE_FRAME_QUERIES_MAX) {
        return refuse_query(front, session, bytes, unavailable(front, "in-flight"));
    }
    if (wire_unpack(&bl__query__descriptor, bytes, &front->arena, &message, &e) != BL_OK) {
        return refuse_query(front, session, bytes, malformed(front, &e));
    }
    Bl__Query *query = (Bl__Query *)message;

    const struct principal *acting = front_acting(&session->principal, query->actor, &front->arena);
    if (acting == NULL) {
        return refuse_query(front, session, bytes,
                            refusal_new(&front->arena, BL_DENIED, "role-may-not", "actor"));
    }
    bl_span begun = bl_time_monotonic();
    front_answer_query(front, session, query, acting);
    front->query_time += bl_time_monotonic() - begun;
    return session_find(&front->sessions, id) != NULL;
}

struct session *front_client_field(struct front *front, struct session *session,
                                   const struct principal *principal,
                                   const struct wire_field *field)
{
    switch (field->number) {
    case WIRE_CLIENT_COMMANDS:
        return front_hear_command(front, session, principal, field->bytes) ? session : NULL;
    case WIRE_CLIENT_QUERIES:
        return hear_query(front, session, field->bytes) ? session : NULL;
    case WIRE_CLIENT_PING:
        front_tell_pong(front, session);
        return session;
    default:  // of a later protocol
        return session;
    }
}
