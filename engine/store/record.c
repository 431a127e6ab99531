#include "store/record.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "schema/pack.h"
#include "schema/unpack.h"

static uint32_t checksum(const uint8_t *body, size_t bytes)
{
    return (uint32_t)XXH3_64bits_withSeed(body, bytes, RECORD_FORMAT);
}

static void head(uint8_t *record, size_t body_bytes)
{
    uint32_t sum = checksum(record + RECORD_HEAD_BYTES, body_bytes);

    record[0] = RECORD_FORMAT;
    memcpy(record + 1, &sum, sizeof sum);
}

struct bl_text record_seal_message(const ProtobufCMessage *message, struct bl_arena *arena)
{
    size_t bytes = protobuf_c_message_get_packed_size(message);
    uint8_t *record = bl_arena_alloc(arena, RECORD_HEAD_BYTES + bytes);

    (void)pack_message(message, record + RECORD_HEAD_BYTES);
    head(record, bytes);
    return (struct bl_text){ (const char *)record, RECORD_HEAD_BYTES + bytes };
}

struct bl_text record_seal_bounded(const ProtobufCMessage *message, size_t bytes_max,
                                   struct bl_arena *arena)
{
    uint8_t *record = bl_arena_reserve(arena, RECORD_HEAD_BYTES + bytes_max);
    size_t bytes = pack_message(message, record + RECORD_HEAD_BYTES);

    CHECK(bytes <= bytes_max);
    head(record, bytes);
    bl_arena_keep(arena, RECORD_HEAD_BYTES + bytes);
    return (struct bl_text){ (const char *)record, RECORD_HEAD_BYTES + bytes };
}

struct bl_text record_seal_bytes(struct bl_text body, struct bl_arena *arena)
{
    uint8_t *record = bl_arena_alloc(arena, RECORD_HEAD_BYTES + body.bytes);

    if (body.bytes > 0) {
        memcpy(record + RECORD_HEAD_BYTES, body.at, body.bytes);
    }
    head(record, body.bytes);
    return (struct bl_text){ (const char *)record, RECORD_HEAD_BYTES + body.bytes };
}

enum bl_err record_open(struct bl_text record, struct bl_text *body, struct bl_error *e)
{
    const uint8_t *at = (const uint8_t *)record.at;
    uint32_t sum;

    if (record.bytes < RECORD_HEAD_BYTES) {
        return bl_error_set(e, BL_CORRUPT, "record of %zu bytes is cut off", record.bytes);
    }
    if (at[0] != RECORD_FORMAT) {
        return bl_error_set(e, at[0] > RECORD_FORMAT ? BL_FORMAT : BL_CORRUPT,
                            "record of format %u; this program knows %u", at[0], RECORD_FORMAT);
    }
    memcpy(&sum, at + 1, sizeof sum);
    if (sum != checksum(at + RECORD_HEAD_BYTES, record.bytes - RECORD_HEAD_BYTES)) {
        return bl_error_set(e, BL_CORRUPT, "record fails its checksum");
    }
    *body = (struct bl_text){ record.at + RECORD_HEAD_BYTES, record.bytes - RECORD_HEAD_BYTES };
    return BL_OK;
}

enum bl_err record_unpack(struct bl_text record, const ProtobufCMessageDescriptor *descriptor,
                          struct bl_arena *arena, ProtobufCMessage **message, struct bl_error *e)
{
    struct bl_text body;
    enum bl_err err = record_open(record, &body, e);

    if (err != BL_OK) {
        return err;
    }
    ProtobufCMessage *unpacked = unpack_message(descriptor, body, arena);
    if (unpacked == NULL) {
        unpacked = protobuf_c_message_unpack(descriptor, &arena->allocator, body.bytes,
                                             (const uint8_t *)body.at);
    }
    if (unpacked == NULL) {
        return bl_error_set(e, BL_CORRUPT, "record is no %s", descriptor->name);
    }
    *message = unpacked;
    return BL_OK;
}
