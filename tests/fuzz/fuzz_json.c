/* A command as JSON from anywhere: no crash, and what is read passes the check of wire bytes and
 * can be written and read again as the same message. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "binglian/v1/command.pb-c.h"
#include "schema/json.h"
#include "schema/wire_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *pack(const ProtobufCMessage *message, struct bl_arena *arena, size_t *bytes)
{
    *bytes = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = bl_arena_alloc(arena, *bytes);
    protobuf_c_message_pack(message, packed);
    return packed;
}

static void read_again(const ProtobufCMessage *message, struct bl_arena *arena,
                       struct schema_problems *problems)
{
    struct writer writer;
    ProtobufCMessage *again;
    size_t bytes, again_bytes;
    const uint8_t *packed = pack(message, arena, &bytes);

    CHECK(wire_check(message->descriptor, packed, bytes, NULL) == BL_OK);
    writer_init(&writer, WRITER_PRETTY);
    json_write_message(&writer, message, (struct json_options){ .offset_minutes = 480 });
    CHECK(writer.bytes > JSON_BYTES_MAX ||
          json_read_message(writer.at, writer.bytes, message->descriptor, arena, &again,
                            problems) == BL_OK);
    if (writer.bytes <= JSON_BYTES_MAX) {
        const uint8_t *again_packed = pack(again, arena, &again_bytes);
        CHECK(bytes == again_bytes && memcmp(packed, again_packed, bytes) == 0);
    }
    writer_free(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bl_arena arena;
    struct schema_problems problems;
    ProtobufCMessage *message;

    bl_arena_init(&arena, 1 << 16, 4 * JSON_ARENA_BYTES);
    schema_problems_init(&problems, &arena);
    enum bl_err code = json_read_message((const char *)data, size, &bl__command__descriptor, &arena,
                                         &message, &problems);
    CHECK((code == BL_OK) == (problems.error_count == 0));
    if (code == BL_OK) {
        read_again(message, &arena, &problems);
    }
    bl_arena_free(&arena);
    return 0;
}
