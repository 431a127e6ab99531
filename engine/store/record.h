/* record.h — a stored value carries its format and its own checksum: LMDB's pages have none.
 * [1 byte format][4 bytes of XXH3 over format and body][body] */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

#define RECORD_FORMAT 1
#define RECORD_HEAD_BYTES 5

/* Seals a message, or bytes; the result lies in the arena. */
struct bl_text record_seal_message(const ProtobufCMessage *message, struct bl_arena *arena);
/* The same in one pass, for a message that packs into at most `bytes_max` bytes. */
struct bl_text record_seal_bounded(const ProtobufCMessage *message, size_t bytes_max,
                                   struct bl_arena *arena);
struct bl_text record_seal_bytes(struct bl_text body, struct bl_arena *arena);

/* Opens a record: *body points into it. BL_CORRUPT if its checksum fails, BL_FORMAT if its format
 * is newer than ours. */
MUST_CHECK enum bl_err record_open(struct bl_text record, struct bl_text *body, struct bl_error *e);
/* Opens and unpacks; the message lies in the arena but for its bytes' copies there too. */
MUST_CHECK enum bl_err record_unpack(struct bl_text record,
                                     const ProtobufCMessageDescriptor *descriptor,
                                     struct bl_arena *arena, ProtobufCMessage **message,
                                     struct bl_error *e);
