/* copy.h — a message that outlives the frame it came in. */
#pragma once

#include "base/arena.h"

/* A deep copy in `arena`, by packing and unpacking: the one copy that no message needs code for.
 * NULL past the arena's bound. */
ProtobufCMessage *message_copy(const ProtobufCMessage *message, struct bl_arena *arena);
