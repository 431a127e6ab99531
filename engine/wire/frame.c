#include "wire/frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "schema/pack.h"
#include "schema/wire_check.h"

#define FRAME_BYTES_FIRST ((size_t)4096)
#define VARINT_BYTES_MAX 10
#define HEAD_BYTES_MAX (2 * VARINT_BYTES_MAX)  // tag and length

enum wire_type { VARINT = 0, FIXED64 = 1, LENGTH = 2, FIXED32 = 5 };

void wire_frame_free(struct wire_frame *frame)
{
    free(frame->bytes);
    *frame = (struct wire_frame){ 0 };
}

void wire_frame_clear(struct wire_frame *frame)
{
    frame->used = 0;
}

/* Makes room for a field of `bytes` bytes and its head. */
static bool reserve(struct wire_frame *frame, size_t bytes)
{
    if (bytes > WIRE_FRAME_BYTES_MAX - HEAD_BYTES_MAX ||
        frame->used > WIRE_FRAME_BYTES_MAX - HEAD_BYTES_MAX - bytes) {
        return false;
    }
    size_t needed = frame->used + HEAD_BYTES_MAX + bytes;
    size_t capacity = frame->capacity == 0 ? FRAME_BYTES_FIRST : frame->capacity;

    while (capacity < needed) {
        capacity *= 2;
    }
    if (capacity != frame->capacity) {
        frame->bytes = realloc(frame->bytes, capacity);
        CHECK(frame->bytes != NULL);
        frame->capacity = capacity;
    }
    return true;
}

static void put_varint(struct wire_frame *frame, uint64_t value)
{
    while (value >= 0x80) {
        frame->bytes[frame->used++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    frame->bytes[frame->used++] = (uint8_t)value;
}

static void put_bytes(struct wire_frame *frame, struct bl_text bytes)
{
    if (bytes.bytes > 0) {
        memcpy(frame->bytes + frame->used, bytes.at, bytes.bytes);
        frame->used += bytes.bytes;
    }
}

static void put_head(struct wire_frame *frame, uint32_t number, size_t bytes)
{
    put_varint(frame, (uint64_t)number << 3 | LENGTH);
    put_varint(frame, bytes);
}

bool wire_frame_add(struct wire_frame *frame, uint32_t number, const ProtobufCMessage *message)
{
    size_t bytes = protobuf_c_message_get_packed_size(message);

    if (!reserve(frame, bytes)) {
        return false;
    }
    put_head(frame, number, bytes);
    frame->used += pack_message(message, frame->bytes + frame->used);
    return true;
}

bool wire_frame_add_bytes(struct wire_frame *frame, uint32_t number, struct bl_text bytes)
{
    if (!reserve(frame, bytes.bytes)) {
        return false;
    }
    put_head(frame, number, bytes.bytes);
    put_bytes(frame, bytes);
    return true;
}

bool wire_frame_add_pair(struct wire_frame *frame, uint32_t number, struct bl_text first,
                         struct bl_text second)
{
    if (first.bytes > WIRE_FRAME_BYTES_MAX || !reserve(frame, first.bytes + second.bytes)) {
        return false;
    }
    put_head(frame, number, first.bytes + second.bytes);
    put_bytes(frame, first);
    put_bytes(frame, second);
    return true;
}

bool wire_frame_add_raw(struct wire_frame *frame, struct bl_text fields)
{
    if (!reserve(frame, fields.bytes)) {
        return false;
    }
    put_bytes(frame, fields);
    return true;
}

bool wire_frame_add_text(struct wire_frame *frame, uint32_t number, const char *text)
{
    return wire_frame_add_bytes(frame, number, bl_text_of(text));
}

bool wire_frame_add_number(struct wire_frame *frame, uint32_t number, uint64_t value)
{
    if (!reserve(frame, 0)) {
        return false;
    }
    put_varint(frame, (uint64_t)number << 3 | VARINT);
    put_varint(frame, value);
    return true;
}

bool wire_frame_add_true(struct wire_frame *frame, uint32_t number)
{
    return wire_frame_add_number(frame, number, 1);
}

bool wire_frame_add_fixed64(struct wire_frame *frame, uint32_t number, int64_t value)
{
    if (!reserve(frame, sizeof value)) {
        return false;
    }
    put_varint(frame, (uint64_t)number << 3 | FIXED64);
    for (size_t i = 0; i < sizeof value; i++) {
        frame->bytes[frame->used++] = (uint8_t)((uint64_t)value >> (8 * i));
    }
    return true;
}

struct wire_reader wire_reader_of(const void *bytes, size_t count)
{
    const uint8_t *at = bytes;

    return (struct wire_reader){ at, count == 0 ? at : at + count };
}

bool wire_reader_is_done(const struct wire_reader *reader)
{
    return reader->at == reader->end;
}

static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    uint64_t sum = 0;

    for (uint32_t shift = 0; shift < 7 * VARINT_BYTES_MAX && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;

        sum |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *value = sum;
            return true;
        }
    }
    return false;
}

static bool read_fixed(const uint8_t **at, const uint8_t *end, size_t bytes, uint64_t *value)
{
    if ((size_t)(end - *at) < bytes) {
        return false;
    }
    *value = 0;
    for (size_t i = 0; i < bytes; i++) {
        *value |= (uint64_t)(*at)[i] << (8 * i);
    }
    *at += bytes;
    return true;
}

static bool read_bytes(const uint8_t **at, const uint8_t *end, struct bl_text *bytes)
{
    uint64_t count = 0;

    if (!read_varint(at, end, &count) || count > (uint64_t)(end - *at)) {
        return false;
    }
    *bytes = (struct bl_text){ (const char *)*at, (size_t)count };
    *at += count;
    return true;
}

static bool read_value(const uint8_t **at, const uint8_t *end, uint64_t type,
                       struct wire_field *field)
{
    field->is_bytes = type == LENGTH;
    switch (type) {
    case VARINT:
        return read_varint(at, end, &field->value);
    case FIXED64:
        return read_fixed(at, end, 8, &field->value);
    case LENGTH:
        return read_bytes(at, end, &field->bytes);
    case FIXED32:
        return read_fixed(at, end, 4, &field->value);
    default:  // groups, and numbers that protobuf does not have
        return false;
    }
}

bool wire_read(struct wire_reader *reader, struct wire_field *field)
{
    const uint8_t *at = reader->at;
    uint64_t tag = 0;

    if (!read_varint(&at, reader->end, &tag) || tag >> 3 == 0 || tag > UINT32_MAX) {
        return false;
    }
    *field = (struct wire_field){ .number = (uint32_t)(tag >> 3), .bytes = { "", 0 } };
    if (!read_value(&at, reader->end, tag & 7, field)) {
        return false;
    }
    field->raw = (struct bl_text){ (const char *)reader->at, (size_t)(at - reader->at) };
    reader->at = at;
    return true;
}

enum bl_err wire_unpack(const ProtobufCMessageDescriptor *descriptor, struct bl_text bytes,
                        struct bl_arena *arena, ProtobufCMessage **message, struct bl_error *e)
{
    enum bl_err err = wire_check(descriptor, bytes.at, bytes.bytes, e);

    if (err != BL_OK) {
        return err;
    }
    *message = protobuf_c_message_unpack(descriptor, &arena->allocator, bytes.bytes,
                                         (const uint8_t *)bytes.at);
    if (*message == NULL) {  // the check passed, so memory is what was missing
        return bl_error_set(e, BL_TOO_LARGE, "%s of %zu bytes does not fit", descriptor->name,
                            bytes.bytes);
    }
    return BL_OK;
}
