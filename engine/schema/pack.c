#include "schema/pack.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"

#define WIRE_VARINT PROTOBUF_C_WIRE_TYPE_VARINT
#define WIRE_64 PROTOBUF_C_WIRE_TYPE_64BIT
#define WIRE_32 PROTOBUF_C_WIRE_TYPE_32BIT
#define WIRE_BYTES PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED

/* Where the next byte goes. */
struct packer {
    uint8_t *at;
};

static inline void put_varint(struct packer *packer, uint64_t value)
{
    while (value >= 0x80) {
        *packer->at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *packer->at++ = (uint8_t)value;
}

static inline void put_tag(struct packer *packer, uint32_t id, unsigned wire)
{
    put_varint(packer, (uint64_t)id << 3 | wire);
}

static inline void put_fixed(struct packer *packer, const void *value, size_t bytes)
{
    memcpy(packer->at, value, bytes);  // little-endian, as all machines that we run on
    packer->at += bytes;
}

static inline uint64_t zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

/* A length is known when what it counts is written: room for one byte is left, and what needs more
 * moves aside. */
static inline void put_length(struct packer *packer, uint8_t *from)
{
    size_t bytes = (size_t)(packer->at - from) - 1;
    size_t more = 0;

    for (size_t rest = bytes >> 7; rest > 0; rest >>= 7) {
        more++;
    }
    if (more > 0) {
        memmove(from + 1 + more, from + 1, bytes);
    }
    struct packer length = { from };
    put_varint(&length, bytes);
    packer->at += more;
}

static void put_fields(struct packer *packer, const ProtobufCMessage *message);

static void put_message(struct packer *packer, const ProtobufCMessage *message)
{
    uint8_t *from = packer->at++;

    put_fields(packer, message);
    put_length(packer, from);
}

static void put_bytes(struct packer *packer, const void *bytes, size_t count)
{
    put_varint(packer, count);
    if (count > 0) {
        memcpy(packer->at, bytes, count);
        packer->at += count;
    }
}

static unsigned wire_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return WIRE_64;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return WIRE_32;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_BYTES;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        return WIRE_VARINT;
    }
    UNREACHABLE();
}

/* The value that a member has in memory, without its tag. */
static void put_value(struct packer *packer, ProtobufCType type, const void *member)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_ENUM:
        put_varint(packer, (uint64_t)(int64_t) * (const int32_t *)member);
        return;
    case PROTOBUF_C_TYPE_SINT32:
        put_varint(packer, zigzag(*(const int32_t *)member) & UINT32_MAX);
        return;
    case PROTOBUF_C_TYPE_UINT32:
        put_varint(packer, *(const uint32_t *)member);
        return;
    case PROTOBUF_C_TYPE_BOOL:
        put_varint(packer, *(const protobuf_c_boolean *)member != 0);
        return;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        put_varint(packer, *(const uint64_t *)member);
        return;
    case PROTOBUF_C_TYPE_SINT64:
        put_varint(packer, zigzag(*(const int64_t *)member));
        return;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        put_fixed(packer, member, 8);
        return;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        put_fixed(packer, member, 4);
        return;
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = *(char *const *)member;

        put_bytes(packer, text, text == NULL ? 0 : strlen(text));
        return;
    }
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *bytes = member;

        put_bytes(packer, bytes->data, bytes->len);
        return;
    }
    case PROTOBUF_C_TYPE_MESSAGE: {
        const ProtobufCMessage *message = *(ProtobufCMessage *const *)member;

        if (message == NULL) {
            *packer->at++ = 0;
        } else {
            put_message(packer, message);
        }
        return;
    }
    }
    UNREACHABLE();
}

/* proto3 leaves out what is zero. */
static inline bool is_zero(ProtobufCType type, const void *member)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return *(const uint32_t *)member == 0;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return *(const uint64_t *)member == 0;
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = *(char *const *)member;

        return text == NULL || *text == '\0';
    }
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)member)->len == 0;
    case PROTOBUF_C_TYPE_MESSAGE:
        return *(ProtobufCMessage *const *)member == NULL;
    }
    UNREACHABLE();
}

static size_t element_bytes(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return 4;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    }
    UNREACHABLE();
}

static void put_repeated(struct packer *packer, const ProtobufCFieldDescriptor *field,
                         const uint8_t *elements, size_t count)
{
    size_t step = element_bytes(field->type);

    if ((field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0) {
        put_tag(packer, field->id, WIRE_BYTES);
        uint8_t *from = packer->at++;
        for (size_t i = 0; i < count; i++) {
            put_value(packer, field->type, elements + i * step);
        }
        put_length(packer, from);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        put_tag(packer, field->id, wire_of(field->type));
        put_value(packer, field->type, elements + i * step);
    }
}

static void put_fields(struct packer *packer, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    const uint8_t *base = (const uint8_t *)message;

    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        const uint8_t *member = base + field->offset, *quantifier = base + field->quantifier_offset;

        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            if (*(const size_t *)quantifier > 0) {
                put_repeated(packer, field, *(const uint8_t *const *)member,
                             *(const size_t *)quantifier);
            }
        } else if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0
                       ? *(const uint32_t *)quantifier == field->id
                       : !is_zero(field->type, member)) {
            put_tag(packer, field->id, wire_of(field->type));
            put_value(packer, field->type, member);
        }
    }
}

size_t pack_message(const ProtobufCMessage *message, uint8_t *out)
{
    struct packer packer = { out };

    put_fields(&packer, message);
    return (size_t)(packer.at - out);
}
