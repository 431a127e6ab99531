#include "schema/unpack.h"

#include <string.h>

#include "base/check.h"

#define WIRE_VARINT PROTOBUF_C_WIRE_TYPE_VARINT
#define WIRE_64 PROTOBUF_C_WIRE_TYPE_64BIT
#define WIRE_32 PROTOBUF_C_WIRE_TYPE_32BIT
#define WIRE_BYTES PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED
#define DEPTH_MAX 16  // messages in messages; ours have six

/* What is not read yet. */
struct unpacker {
    const uint8_t *at, *end;
    struct bl_arena *arena;
    unsigned depth;
};

static inline bool get_varint(struct unpacker *u, uint64_t *value)
{
    uint64_t sum = 0;

    if (u->at < u->end && *u->at < 0x80) {  // most are small
        *value = *u->at++;
        return true;
    }
    for (unsigned shift = 0; shift < 64 && u->at < u->end; shift += 7) {
        uint8_t byte = *u->at++;

        sum |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *value = sum;
            return true;
        }
    }
    return false;
}

/* A piece whose length stands before it. */
static inline bool get_piece(struct unpacker *u, struct bl_text *piece)
{
    uint64_t bytes;

    if (!get_varint(u, &bytes) || bytes > (uint64_t)(u->end - u->at)) {
        return false;
    }
    *piece = (struct bl_text){ (const char *)u->at, (size_t)bytes };
    u->at += bytes;
    return true;
}

/* Two stores of known sizes: a copy of a length that the compiler does not know costs ten times
 * as much. Little-endian, as all machines that we run on. */
static inline void put_number(void *member, const void *value, size_t bytes)
{
    if (bytes == 8) {
        memcpy(member, value, 8);
    } else {
        memcpy(member, value, 4);
    }
}

static bool get_fixed(struct unpacker *u, void *member, size_t bytes)
{
    if ((size_t)(u->end - u->at) < bytes) {
        return false;
    }
    put_number(member, u->at, bytes);
    u->at += bytes;
    return true;
}

/* Goes past a value. */
static bool pass(struct unpacker *u, unsigned wire)
{
    uint64_t number;
    struct bl_text piece;

    if (wire == WIRE_VARINT) {
        return get_varint(u, &number);
    }
    return wire == WIRE_BYTES ? get_piece(u, &piece)
           : wire == WIRE_64  ? get_fixed(u, &number, 8)
                              : wire == WIRE_32 && get_fixed(u, &number, 4);
}

_Static_assert(sizeof(protobuf_c_boolean) == 4, "put_number knows two sizes");

/* How a value of this type is written, and what it takes in memory. */
struct shape {
    uint8_t wire, bytes;
};

// clang-format off
static const struct shape shapes[] = {
    [PROTOBUF_C_TYPE_INT32]    = { WIRE_VARINT, 4 },
    [PROTOBUF_C_TYPE_SINT32]   = { WIRE_VARINT, 4 },
    [PROTOBUF_C_TYPE_SFIXED32] = { WIRE_32, 4 },
    [PROTOBUF_C_TYPE_INT64]    = { WIRE_VARINT, 8 },
    [PROTOBUF_C_TYPE_SINT64]   = { WIRE_VARINT, 8 },
    [PROTOBUF_C_TYPE_SFIXED64] = { WIRE_64, 8 },
    [PROTOBUF_C_TYPE_UINT32]   = { WIRE_VARINT, 4 },
    [PROTOBUF_C_TYPE_FIXED32]  = { WIRE_32, 4 },
    [PROTOBUF_C_TYPE_UINT64]   = { WIRE_VARINT, 8 },
    [PROTOBUF_C_TYPE_FIXED64]  = { WIRE_64, 8 },
    [PROTOBUF_C_TYPE_FLOAT]    = { WIRE_32, 4 },
    [PROTOBUF_C_TYPE_DOUBLE]   = { WIRE_64, 8 },
    [PROTOBUF_C_TYPE_BOOL]     = { WIRE_VARINT, sizeof(protobuf_c_boolean) },
    [PROTOBUF_C_TYPE_ENUM]     = { WIRE_VARINT, 4 },
    [PROTOBUF_C_TYPE_STRING]   = { WIRE_BYTES, sizeof(char *) },
    [PROTOBUF_C_TYPE_BYTES]    = { WIRE_BYTES, sizeof(ProtobufCBinaryData) },
    [PROTOBUF_C_TYPE_MESSAGE]  = { WIRE_BYTES, sizeof(ProtobufCMessage *) },
};
// clang-format on

static bool get_number(struct unpacker *u, ProtobufCType type, void *member)
{
    uint64_t value;

    if (shapes[type].wire != WIRE_VARINT) {
        return get_fixed(u, member, shapes[type].bytes);
    }
    if (!get_varint(u, &value)) {
        return false;
    }
    if (type == PROTOBUF_C_TYPE_SINT32) {
        value = (uint32_t)value;
    }
    if (type == PROTOBUF_C_TYPE_SINT32 || type == PROTOBUF_C_TYPE_SINT64) {
        value = value >> 1 ^ (0 - (value & 1));
    } else if (type == PROTOBUF_C_TYPE_BOOL) {
        value = value != 0;
    }
    put_number(member, &value, shapes[type].bytes);
    return true;
}

static ProtobufCMessage *get_message(struct unpacker *u,
                                     const ProtobufCMessageDescriptor *descriptor);

static bool get_text(struct unpacker *u, struct bl_text piece, char **text)
{
    *text = bl_arena_try(u->arena, piece.bytes + 1);
    if (*text == NULL) {
        return false;
    }
    memcpy(*text, piece.at, piece.bytes);
    (*text)[piece.bytes] = '\0';
    return true;
}

static bool get_bytes(struct unpacker *u, struct bl_text piece, ProtobufCBinaryData *bytes)
{
    bytes->len = piece.bytes;
    bytes->data = piece.bytes == 0 ? NULL : bl_arena_try(u->arena, piece.bytes);
    if (piece.bytes > 0 && bytes->data != NULL) {
        memcpy(bytes->data, piece.at, piece.bytes);
    }
    return piece.bytes == 0 || bytes->data != NULL;
}

/* A value, without its tag. */
static bool get_value(struct unpacker *u, const ProtobufCFieldDescriptor *field, void *member)
{
    struct bl_text piece;

    if (shapes[field->type].wire != WIRE_BYTES) {
        return get_number(u, field->type, member);
    }
    if (!get_piece(u, &piece)) {
        return false;
    }
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return get_text(u, piece, member);
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        return get_bytes(u, piece, member);
    }
    struct unpacker inner = { (const uint8_t *)piece.at, (const uint8_t *)piece.at + piece.bytes,
                              u->arena, u->depth + 1 };
    *(ProtobufCMessage **)member = get_message(&inner, field->descriptor);
    return *(ProtobufCMessage **)member != NULL;
}

/* How many values with this tag follow each other from here; the first tag is read already. */
static size_t count_values(struct unpacker ahead, uint64_t tag)
{
    size_t count = 0;
    uint64_t next = tag;

    while (next == tag && pass(&ahead, tag & 7)) {
        count++;
        if (ahead.at == ahead.end || !get_varint(&ahead, &next)) {
            break;
        }
    }
    return count;
}

static size_t count_packed(const struct unpacker *u, unsigned wire)
{
    size_t count = 0;

    if (wire != WIRE_VARINT) {
        return (size_t)(u->end - u->at) / (wire == WIRE_64 ? 8 : 4);
    }
    for (const uint8_t *at = u->at; at < u->end; at++) {
        count += *at < 0x80;
    }
    return count;
}

/* All of an array's values. */
static bool get_packed(struct unpacker *u, const ProtobufCFieldDescriptor *field, void *member,
                       size_t *count)
{
    struct bl_text piece;
    size_t bytes = shapes[field->type].bytes;

    if (!get_piece(u, &piece) || piece.bytes == 0) {
        return false;
    }
    struct unpacker inner = { (const uint8_t *)piece.at, (const uint8_t *)piece.at + piece.bytes,
                              u->arena, u->depth };
    size_t most = count_packed(&inner, shapes[field->type].wire);
    uint8_t *elements = bl_arena_try(u->arena, most * bytes);
    for (*count = 0; elements != NULL && inner.at < inner.end; ++*count) {
        if (*count == most || !get_number(&inner, field->type, elements + *count * bytes)) {
            return false;
        }
    }
    *(void **)member = elements;
    return elements != NULL;
}

static bool get_repeated(struct unpacker *u, const ProtobufCFieldDescriptor *field, uint64_t tag,
                         void *member, size_t *count)
{
    size_t most = count_values(*u, tag), bytes = shapes[field->type].bytes;
    uint8_t *elements = bl_arena_try(u->arena, most * bytes);

    if (most == 0 || elements == NULL) {
        return false;
    }
    for (*count = 0; *count < most; ++*count) {
        if ((*count > 0 && !get_varint(u, &tag)) ||
            !get_value(u, field, elements + *count * bytes)) {
            return false;
        }
    }
    *(void **)member = elements;
    return true;
}

static bool get_field(struct unpacker *u, const ProtobufCFieldDescriptor *field, uint64_t tag,
                      uint8_t *base)
{
    bool is_packed = (field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0;
    uint8_t *member = base + field->offset, *quantifier = base + field->quantifier_offset;

    if ((tag & 7) != (is_packed ? WIRE_BYTES : shapes[field->type].wire)) {
        return false;
    }
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return is_packed ? get_packed(u, field, member, (size_t *)(void *)quantifier)
                         : get_repeated(u, field, tag, member, (size_t *)(void *)quantifier);
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        uint32_t *which = (uint32_t *)(void *)quantifier;

        if (*which != 0) {
            return false;  // a second one takes the first one's place
        }
        *which = field->id;
    } else if (field->label != PROTOBUF_C_LABEL_NONE) {
        return false;
    }
    return get_value(u, field, member);
}

static ProtobufCMessage *get_message(struct unpacker *u,
                                     const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message =
        u->depth > DEPTH_MAX ? NULL : bl_arena_try(u->arena, descriptor->sizeof_message);
    unsigned next = 0;  // the first field that may still come

    if (message == NULL) {
        return NULL;
    }
    protobuf_c_message_init(descriptor, message);
    while (u->at < u->end) {
        uint64_t tag;

        if (!get_varint(u, &tag)) {
            return NULL;
        }
        while (next < descriptor->n_fields && descriptor->fields[next].id < tag >> 3) {
            next++;
        }
        if (next == descriptor->n_fields || descriptor->fields[next].id != tag >> 3 ||
            !get_field(u, &descriptor->fields[next], tag, (uint8_t *)message)) {
            return NULL;
        }
        next++;
    }
    return message;
}

ProtobufCMessage *unpack_message(const ProtobufCMessageDescriptor *descriptor,
                                 struct bl_text packed, struct bl_arena *arena)
{
    struct unpacker u = { (const uint8_t *)packed.at, (const uint8_t *)packed.at + packed.bytes,
                          arena, 0 };

    return get_message(&u, descriptor);
}

/* --- one number of what is packed ---------------------------------------------------------------
 */

static uint32_t id_at(const ProtobufCMessageDescriptor *descriptor, size_t offset)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        if (descriptor->fields[i].offset == offset) {
            return descriptor->fields[i].id;
        }
    }
    UNREACHABLE();
}

bool unpack_number(const ProtobufCMessageDescriptor *descriptor, struct bl_text packed,
                   size_t offset, uint64_t *value)
{
    struct unpacker u = { (const uint8_t *)packed.at, (const uint8_t *)packed.at + packed.bytes,
                          NULL, 0 };
    uint32_t id = id_at(descriptor, offset);

    while (u.at < u.end) {
        uint64_t tag;

        if (!get_varint(&u, &tag)) {
            return false;
        }
        bool is_it = tag >> 3 == id;
        if (is_it ? (tag & 7) != WIRE_VARINT || !get_varint(&u, value) : !pass(&u, tag & 7)) {
            return false;
        }
    }
    return true;
}
