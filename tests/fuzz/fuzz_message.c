/* Wire bytes from anywhere: what passes the check is unpacked and written without harm. */
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "binglian/v1/command.pb-c.h"
#include "schema/json.h"
#include "schema/wire_check.h"

#define ARENA_BYTES ((size_t)256 << 20)  // far above what the inputs of a fuzzer can ask for

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bl_error e = { 0 };
    struct bl_arena arena;
    struct writer writer;

    if (wire_check(&bl__command__descriptor, data, size, &e) != BL_OK) {
        CHECK(e.code == BL_MALFORMED && e.text[0] != '\0');
        return 0;
    }
    bl_arena_init(&arena, 1 << 16, ARENA_BYTES);
    writer_init(&writer, WRITER_YAML);
    ProtobufCMessage *message =
        protobuf_c_message_unpack(&bl__command__descriptor, &arena.allocator, size, data);
    CHECK(message != NULL);  // we refuse all that protobuf-c does
    json_write_message(&writer, message, (struct json_options){ .offset_minutes = 480 });
    writer_free(&writer);
    bl_arena_free(&arena);
    return 0;
}
