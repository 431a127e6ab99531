#include "broker/said.h"

#include <string.h>

#include "broker/backlog.h"
#include "core/notice.h"

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

Bl__Command *said_command(struct bl_arena *arena, const Bl__Decision *decision,
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
