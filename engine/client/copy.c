#include "client/copy.h"

ProtobufCMessage *message_copy(const ProtobufCMessage *message, struct bl_arena *arena)
{
    size_t bytes = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = bl_arena_try(arena, bytes + 1);

    if (packed == NULL) {
        return NULL;
    }
    (void)protobuf_c_message_pack(message, packed);
    return protobuf_c_message_unpack(message->descriptor, &arena->allocator, bytes, packed);
}
