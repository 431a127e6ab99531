/* unpack.h — bytes → messages, for what was packed by pack.h: the way back, in one pass.
 * It knows what pack_message writes and no more: fields in ascending order, each known and once.
 * What is otherwise (another program's bytes, damage) it leaves to protobuf_c_message_unpack, which
 * searches for each field and goes over everything twice. */
#pragma once

#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/text.h"

/* Unpacks into the arena, with the result of protobuf_c_message_unpack.
 *   returns  NULL where the bytes are not such as pack_message writes, or the arena is at its
 * bound; protobuf_c_message_unpack then says whether they are a message at all */
ProtobufCMessage *unpack_message(const ProtobufCMessageDescriptor *descriptor,
                                 struct bl_text packed, struct bl_arena *arena);

/* One number of a packed message, without unpacking the rest: the uint32 or uint64 that stands at
 * `offset` in the struct. Where it was left out *value stays as it is.
 *   returns  false if the bytes are no message, or it is of another type there */
bool unpack_number(const ProtobufCMessageDescriptor *descriptor, struct bl_text packed,
                   size_t offset, uint64_t *value);
