#include "core/possible.h"

#include <string.h>

#include "core/application_state.h"
#include "core/desk.h"

/* `argued`: refused for what it says, and not for who says it or when, it is possible. */
// clang-format off
static const struct {
    Bl__Command__WhatCase what;
    bool argued;
} acts[] = {
    { BL__COMMAND__WHAT_ACCEPT, false },   { BL__COMMAND__WHAT_REFUSE, false },
    { BL__COMMAND__WHAT_NOTIFY, true },    { BL__COMMAND__WHAT_RETURN_PAPERS, false },
    { BL__COMMAND__WHAT_DECIDE, false },   { BL__COMMAND__WHAT_CLAIM, false },
    { BL__COMMAND__WHAT_UNCLAIM, false },  { BL__COMMAND__WHAT_TRANSFER, false },
    { BL__COMMAND__WHAT_CHANGE_SIGNERS, true }, { BL__COMMAND__WHAT_SEND_BACK, false },
    { BL__COMMAND__WHAT_RECALL, false },   { BL__COMMAND__WHAT_CONSULT, true },
    { BL__COMMAND__WHAT_OPINE, false },    { BL__COMMAND__WHAT_SET_VISIT, true },
    { BL__COMMAND__WHAT_SUSPEND, true },   { BL__COMMAND__WHAT_RESUME, false },
    { BL__COMMAND__WHAT_ARRANGE_HEARING, true },
    { BL__COMMAND__WHAT_EXTEND, true },    { BL__COMMAND__WHAT_DELIVER, false },
    { BL__COMMAND__WHAT_CHECK, false },    { BL__COMMAND__WHAT_REVOKE, false },
    { BL__COMMAND__WHAT_REOPEN, false },   { BL__COMMAND__WHAT_TERMINATE, false },
    { BL__COMMAND__WHAT_COMMENT, false },  { BL__COMMAND__WHAT_RETRY, false },
    { BL__COMMAND__WHAT_RELEASE, false },  { BL__COMMAND__WHAT_CORRECT, true },
    { BL__COMMAND__WHAT_SUPPLEMENT, true }, { BL__COMMAND__WHAT_WITHDRAW, false },
};
// clang-format on

/* What stands in a text of an act that is only tried. */
static const char *word_for(const char *field, const char *item)
{
    static const char *const said[] = { "reason", "text", "basis", "question", "notice" };

    if (strcmp(field, "item") == 0) {
        return item;
    }
    for (size_t i = 0; i < BL_COUNT(said); i++) {
        if (strcmp(field, said[i]) == 0) {
            return "…";
        }
    }
    return NULL;
}

static void fill_list(const ProtobufCFieldDescriptor *field, char *message, const char *item,
                      struct bl_arena *arena)
{
    if (field->type == PROTOBUF_C_TYPE_STRING && strcmp(field->name, "items") == 0) {
        const char **items = bl_arena_array(arena, const char *, 1);

        items[0] = item;
        *(const char ***)(message + field->offset) = items;
        *(size_t *)(message + field->quantifier_offset) = 1;
    }
}

/* An act about an item, its texts filled, its choices the first of each. */
static void fill(const ProtobufCMessageDescriptor *descriptor, char *message, const char *item,
                 struct bl_arena *arena)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            fill_list(field, message, item, arena);
        } else if (field->type == PROTOBUF_C_TYPE_STRING) {
            const char *word = word_for(field->name, item);

            if (word != NULL) {
                *(const char **)(message + field->offset) = word;
            }
        } else if (field->type == PROTOBUF_C_TYPE_ENUM) {
            const ProtobufCEnumDescriptor *choices = field->descriptor;

            *(int *)(message + field->offset) = choices->values[1].value;
        }
    }
}

static Bl__Command *command_of(Bl__Command__WhatCase what, const Bl__Item *item,
                               struct bl_arena *arena)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&bl__command__descriptor, (unsigned)what);
    const ProtobufCMessageDescriptor *descriptor = field->descriptor;
    Bl__Command *command = bl_arena_new(arena, Bl__Command);
    ProtobufCMessage *message = bl_arena_zero(arena, descriptor->sizeof_message);

    bl__command__init(command);
    protobuf_c_message_init(descriptor, message);
    fill(descriptor, (char *)message, item->id, arena);
    command->what_case = what;
    *(ProtobufCMessage **)((char *)command + field->offset) = message;
    return command;
}

/* Somebody to hand a step over to: a signer who has not signed. */
static const char *some_signer(const struct world *world, const Bl__Item *item, uint32_t index)
{
    if (item->desk == NULL || !item->desk->personal) {
        return "";
    }
    struct desk_signers signers =
        desk_signers(world, &world->definition->items[index], item->department, item->desk);
    for (uint32_t i = signers.count; i-- > 0;) {
        bool has_signed = false;

        for (size_t k = 0; k < item->desk->n_signatures; k++) {
            has_signed |= strcmp(item->desk->signatures[k]->post, signers.posts[i]) == 0;
        }
        if (!has_signed) {
            return signers.posts[i];
        }
    }
    return "";
}

static bool is_possible(const struct world *world, const Bl__Application *application,
                        uint32_t index, size_t act, struct bl_arena *arena)
{
    const Bl__Item *item = application->items[index];

    if (!principal_may(world->principal, acts[act].what) ||
        !application_aggregate.takes(acts[act].what)) {
        return false;
    }
    Bl__Command *command = command_of(acts[act].what, item, arena);
    if (acts[act].what == BL__COMMAND__WHAT_TRANSFER) {
        command->transfer->to_post = some_signer(world, item, index);
    }
    if (acts[act].what == BL__COMMAND__WHAT_CHECK) {
        command->check->ok = true;
    }
    const struct question question = { world, application, command, arena };
    struct ruling ruling = application_try(&question);
    if (ruling.event != NULL) {
        return true;
    }
    enum bl_err code = bl_err_from_name(ruling.refusal->code);
    return acts[act].argued && code == BL_INVALID;
}

static const char *name_of(Bl__Command__WhatCase what)
{
    return protobuf_c_message_descriptor_get_field(&bl__command__descriptor, (unsigned)what)->name;
}

size_t possible_acts(const struct world *world, const Bl__Application *application, uint32_t index,
                     struct bl_arena *arena, const char ***names)
{
    size_t count = 0;

    if (world->principal == NULL || world->definition == NULL) {
        return 0;
    }
    *names = bl_arena_array(arena, const char *, BL_COUNT(acts));
    for (size_t i = 0; i < BL_COUNT(acts); i++) {
        if (is_possible(world, application, index, i, arena)) {
            (*names)[count++] = name_of(acts[i].what);
        }
    }
    return count;
}

/* The item that a command is about; -1: none. */
static int item_of(const Bl__Application *application, const Bl__Command *command)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(
        &bl__command__descriptor, (unsigned)command->what_case);
    const ProtobufCFieldDescriptor *item =
        protobuf_c_message_descriptor_get_field_by_name(field->descriptor, "item");

    if (item == NULL || item->type != PROTOBUF_C_TYPE_STRING ||
        item->label == PROTOBUF_C_LABEL_REPEATED) {
        return -1;
    }
    const char *message = *(const char *const *)((const char *)command + field->offset);
    return application_item_find(application, *(const char *const *)(message + item->offset));
}

/* Wrong words are put right, and what is not there cannot be acted on: only of an act that the
 * state or the person forbids something else is offered. */
static bool is_forbidden(const Bl__Refusal *refusal)
{
    enum bl_err code = bl_err_from_name(refusal->code);

    return code == BL_REFUSED || code == BL_DENIED;
}

void possible_offer(const struct question *q, Bl__Refusal *refusal)
{
    if (!is_forbidden(refusal)) {
        return;
    }
    if (refusal->who_may[0] == '\0') {
        refusal->who_may = principal_who_may(q->command->what_case);
    }
    if (q->application == NULL) {
        return;
    }
    int item = item_of(q->application, q->command);

    if (item >= 0 && !q->application->items[item]->removed) {
        refusal->n_instead =
            possible_acts(q->world, q->application, (uint32_t)item, q->arena, &refusal->instead);
    }
}
