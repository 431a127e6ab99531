/* What workers say: decisions, acts, and what they will not decide. */
#include <string.h>

#include "broker/front_state.h"
#include "core/notice.h"
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

static Bl__Decide *decide_of(struct bl_arena *arena, const Bl__Decision *decision,
                             const struct task *task)
{
    Bl__Decide *decide = bl_arena_new(arena, Bl__Decide);

    bl__decide__init(decide);
    decide->item = task->lane->item;
    decide->result = decision->decision == BL__DECISION__VERDICT__APPROVE
                         ? BL__ITEM__RESULT__GRANTED
                         : BL__ITEM__RESULT__DENIED;
    decide->attempt = decision->attempt;
    decide->opinion = decision->opinion;
    decide->reason = decision->reason;
    if (decision->outcome != NULL) {
        decide->document = decision->outcome->number;
    }
    return decide;
}

static Bl__Fail *fail_of(struct bl_arena *arena, const Bl__Decision *decision,
                         const struct task *task)
{
    Bl__Fail *failure = bl_arena_new(arena, Bl__Fail);

    bl__fail__init(failure);
    failure->item = task->lane->item;
    failure->attempt = decision->attempt;
    failure->reason = decision->reason;
    failure->permanent = decision->permanent;
    return failure;
}

/* What became of a notice: sent, or not now; one that the channel rejects cannot be sent at all. */
static void notice_outcome(struct bl_arena *arena, const Bl__Decision *decision, uint32_t number,
                           Bl__Command *command)
{
    if (decision->decision == BL__DECISION__VERDICT__APPROVE) {
        command->what_case = BL__COMMAND__WHAT_SEND_NOTICE;
        command->send_notice = bl_arena_new(arena, Bl__SendNotice);
        bl__send_notice__init(command->send_notice);
        command->send_notice->number = number;
        if (decision->outcome != NULL) {
            command->send_notice->receipt = decision->outcome->number;
        }
        return;
    }
    command->what_case = BL__COMMAND__WHAT_FAIL_NOTICE;
    command->fail_notice = bl_arena_new(arena, Bl__FailNotice);
    bl__fail_notice__init(command->fail_notice);
    command->fail_notice->number = number;
    command->fail_notice->reason = decision->reason;
    command->fail_notice->permanent =
        decision->permanent || decision->decision == BL__DECISION__VERDICT__REJECT;
}

/* An act names its item, or means the task's. */
static void fill_item(Bl__Command *act, const char *item)
{
    const ProtobufCFieldDescriptor *what =
        protobuf_c_message_descriptor_get_field(&bl__command__descriptor, (unsigned)act->what_case);
    const ProtobufCMessageDescriptor *descriptor = what->descriptor;
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(descriptor, "item");

    if (field != NULL && field->type == PROTOBUF_C_TYPE_STRING) {
        ProtobufCMessage *message;

        memcpy(&message, (char *)act + what->offset, sizeof(ProtobufCMessage *));
        const char **value = (const char **)(void *)((char *)message + field->offset);
        *value = (*value)[0] == '\0' ? item : *value;
    }
}

/* Instead of a decision; what it is about and who asks for it are not the worker's to say. */
static Bl__Command *act_of(struct bl_arena *arena, const Bl__Decision *decision,
                           const struct task *task)
{
    Bl__Command *act = bl_arena_new(arena, Bl__Command);

    *act = *decision->act;
    act->application = "";
    act->request_id = "";  // the attempt sees to it that it is done once
    fill_item(act, task->lane->item);
    return act;
}

static Bl__Command *command_of(struct bl_arena *arena, const Bl__Decision *decision,
                               const struct task *task, const struct principal *principal)
{
    Bl__Command *command = bl_arena_new(arena, Bl__Command);

    bl__command__init(command);
    if (decision->act != NULL) {
        command = act_of(arena, decision, task);
    }
    command->application_id = task->key.application;
    command->actor = bl_arena_new(arena, Bl__Actor);
    bl__actor__init(command->actor);
    command->actor->principal = principal->name;
    command->actor->department = principal->department;
    if (decision->act != NULL) {
        return command;
    }
    uint32_t notice = notice_of_task(task->key.item);

    if (notice != 0) {
        notice_outcome(arena, decision, notice, command);
    } else if (decision->decision == BL__DECISION__VERDICT__FAIL) {
        command->what_case = BL__COMMAND__WHAT_FAIL;
        command->fail = fail_of(arena, decision, task);
    } else {
        command->what_case = BL__COMMAND__WHAT_DECIDE;
        command->decide = decide_of(arena, decision, task);
    }
    return command;
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
        batch_add(batch, command_of(&batch->arena, decision, task, principal), principal);

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
