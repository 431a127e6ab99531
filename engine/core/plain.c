#include "core/plain.h"

#include <string.h>

#include "base/text.h"

static const char *in_field(const ProtobufCFieldDescriptor *field, const void *value)
{
    const void *held;

    memcpy(&held, value, sizeof held);
    if (held == NULL) {
        return NULL;
    }
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return bl_text_has_control(bl_text_of(held), true) ? field->name : NULL;
    }
    return plain_offender_in(held);
}

/* Is it there: of a oneof only the one that is set is. */
static bool is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    uint32_t set;

    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0) {
        return true;
    }
    memcpy(&set, (const char *)message + field->quantifier_offset, sizeof set);
    return set == field->id;
}

static const char *in_list(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const char *offender = NULL;
    const char *list;
    size_t count;

    memcpy(&count, (const char *)message + field->quantifier_offset, sizeof count);
    memcpy(&list, (const char *)message + field->offset, sizeof list);
    for (size_t i = 0; i < count && offender == NULL; i++) {
        offender = in_field(field, list + i * sizeof(void *));
    }
    return offender;
}

const char *plain_offender_in(const ProtobufCMessage *message)
{
    const char *offender = NULL;

    for (unsigned i = 0; i < message->descriptor->n_fields && offender == NULL; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];

        if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE) {
            continue;
        }
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            offender = in_list(message, field);
        } else if (is_set(message, field)) {
            offender = in_field(field, (const char *)message + field->offset);
        }
    }
    return offender;
}

const char *plain_offender(const Bl__Command *command)
{
    const ProtobufCFieldDescriptor *what = protobuf_c_message_descriptor_get_field(
        &bl__command__descriptor, (unsigned)command->what_case);
    const char *offender = command->actor == NULL ? NULL : plain_offender_in(&command->actor->base);

    // The act alone: a command has half a hundred other members, all of them empty.
    return offender != NULL || what == NULL ? offender
                                            : in_field(what, (const char *)command + what->offset);
}
