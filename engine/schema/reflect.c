#include "schema/reflect.h"

#include <stdint.h>
#include <string.h>

#include "base/check.h"

size_t reflect_element_bytes(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return 4;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_ENUM:
        return sizeof(int);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    }
    UNREACHABLE();
}

const void *reflect_single(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (const unsigned char *)message + field->offset;
}

static void *single(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (unsigned char *)message + field->offset;
}

static bool is_oneof(const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

static int oneof_case(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    int chosen;

    memcpy(&chosen, (const unsigned char *)message + field->quantifier_offset, sizeof chosen);
    return chosen;
}

/* Is a single field outside a oneof other than the zero of its type? */
static bool is_present(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    static const unsigned char zero[8];
    const void *value = reflect_single(message, field);

    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = *(const char *const *)value;
        return text != NULL && *text != '\0';
    }
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)value)->len > 0;
    case PROTOBUF_C_TYPE_MESSAGE:
        return *(const ProtobufCMessage *const *)value != NULL;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        return memcmp(value, zero, reflect_element_bytes(field)) != 0;
    }
    UNREACHABLE();
}

size_t reflect_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t count;

        memcpy(&count, (const unsigned char *)message + field->quantifier_offset, sizeof count);
        return count;
    }
    if (is_oneof(field)) {
        return oneof_case(message, field) == (int)field->id;
    }
    return is_present(message, field);
}

const void *reflect_at(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                       size_t index)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        const unsigned char *elements = *(unsigned char *const *)reflect_single(message, field);

        return elements + index * reflect_element_bytes(field);
    }
    CHECK(index == 0);
    return reflect_single(message, field);
}

ProtobufCMessage *reflect_new(const ProtobufCMessageDescriptor *descriptor, struct bl_arena *arena)
{
    ProtobufCMessage *message = bl_arena_zero(arena, descriptor->sizeof_message);

    protobuf_c_message_init(descriptor, message);
    return message;
}

void *reflect_choose(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    CHECK(field->label != PROTOBUF_C_LABEL_REPEATED);
    if (is_oneof(field)) {
        int chosen = (int)field->id;

        memcpy((unsigned char *)message + field->quantifier_offset, &chosen, sizeof chosen);
        memset(single(message, field), 0, reflect_element_bytes(field));
    }
    return single(message, field);
}

void *reflect_resize(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t count,
                     struct bl_arena *arena)
{
    CHECK(field->label == PROTOBUF_C_LABEL_REPEATED);
    void *elements = bl_arena_zero(arena, count * reflect_element_bytes(field));

    memcpy((unsigned char *)message + field->quantifier_offset, &count, sizeof count);
    *(void **)single(message, field) = elements;
    return elements;
}

const ProtobufCFieldDescriptor *reflect_chosen(const ProtobufCMessage *message,
                                               const ProtobufCFieldDescriptor *field)
{
    if (!is_oneof(field) || oneof_case(message, field) == 0) {
        return NULL;
    }
    return protobuf_c_message_descriptor_get_field(message->descriptor,
                                                   (unsigned)oneof_case(message, field));
}
