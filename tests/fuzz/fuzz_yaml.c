/* A workflow's file from anywhere: no crash, and what is read can be written and read again as the
 * same message. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "binglian/v1/definition.pb-c.h"
#include "schema/json.h"
#include "schema/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_again(const ProtobufCMessage *message, struct bl_arena *arena,
                       struct schema_problems *problems)
{
    struct writer writer;
    ProtobufCMessage *again;
    size_t bytes = protobuf_c_message_get_packed_size(message);
    uint8_t *one = bl_arena_alloc(arena, bytes), *two = bl_arena_alloc(arena, bytes);

    writer_init(&writer, WRITER_YAML);
    json_write_message(&writer, message, (struct json_options){ .offset_minutes = 480 });
    CHECK(yaml_load(writer.at, writer.bytes, "again", message->descriptor, arena, &again, NULL,
                    problems) == BL_OK);
    CHECK(protobuf_c_message_get_packed_size(again) == bytes);
    protobuf_c_message_pack(message, one);
    protobuf_c_message_pack(again, two);
    CHECK(memcmp(one, two, bytes) == 0);
    writer_free(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bl_arena arena;
    struct schema_problems problems;
    const struct yaml_document *document;
    ProtobufCMessage *message;

    bl_arena_init(&arena, 1 << 16, 4 * YAML_ARENA_BYTES);
    schema_problems_init(&problems, &arena);
    enum bl_err code = yaml_load((const char *)data, size, "fuzz", &bl__workflow__descriptor,
                                 &arena, &message, &document, &problems);
    CHECK((code == BL_OK) == (problems.error_count == 0));
    if (message != NULL) {
        (void)yaml_position(document, message, "items", 0);
    }
    if (code == BL_OK) {
        read_again(message, &arena, &problems);
    }
    bl_arena_free(&arena);
    return 0;
}
