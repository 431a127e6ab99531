/* frame.h — many messages in one: how a frame is built and read.
 * `wire/` is what broker, clients and workers share to talk over ZeroMQ: frames (here), key pairs
 * (identity.h), sockets that are bounded on purpose (socket.h) and attempts as text (attempt.h). It
 * never decides what a message means. The language is proto/binglian/v1/transport.proto, its rules
 * stand in PROTOCOL.md beside it.
 *
 * A frame is one ZeroMQ message and one protobuf message. Protobuf messages that are laid end to
 * end merge, so a frame grows by appending fields, and everything for one peer leaves in one send.
 * A reader walks the fields one by one and unpacks only what it needs, where it needs it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

#define WIRE_PROTOCOL 1                         // the only one there is
#define WIRE_FRAME_BYTES_MAX ((size_t)1 << 20)  // what a peer may send; told in the welcome
#define WIRE_FRAME_BYTES_GOOD                                                                      \
    ((size_t)48 << 10)              // worth sending: what more there is makes the next
#define WIRE_FRAME_QUERIES_MAX 256  // in one frame: each costs the broker reads
#define WIRE_MESSAGE_BYTES_MAX ((size_t)4 << 20)  // beyond it ZeroMQ cuts the connection unread
#define WIRE_HEARTBEAT_MS 2000                    // every peer says something at least this often
#define WIRE_SILENCE_US (6 * INT64_C(1000000))    // three missed heartbeats: the peer is gone

/* Field numbers of transport.proto. */
enum wire_client_field {
    WIRE_CLIENT_HELLO = 1,
    WIRE_CLIENT_COMMANDS,
    WIRE_CLIENT_QUERIES,
    WIRE_CLIENT_PING
};
enum wire_broker_field {
    WIRE_BROKER_WELCOME = 1,
    WIRE_BROKER_ANSWERS,
    WIRE_BROKER_QUERY_ANSWERS,
    WIRE_BROKER_PONG,
    WIRE_BROKER_DISCONNECT,
    WIRE_BROKER_CONCLUDED
};
enum wire_worker_field {
    WIRE_WORKER_HELLO = 1,
    WIRE_WORKER_DECISIONS,
    WIRE_WORKER_PING,
    WIRE_WORKER_GOODBYE,
    WIRE_WORKER_GIVEN_BACK,
    WIRE_WORKER_COMMANDS
};
enum wire_task_field {
    WIRE_TASK_WELCOME = 1,
    WIRE_TASK_TASKS,
    WIRE_TASK_ACKNOWLEDGEMENTS,
    WIRE_TASK_REVOKED,
    WIRE_TASK_PONG,
    WIRE_TASK_DISCONNECT,
    WIRE_TASK_ANSWERS
};

/* What waits to be sent to one peer. All zero is an empty frame. */
struct wire_frame {
    uint8_t *bytes;
    size_t used, capacity;
};

void wire_frame_free(struct wire_frame *frame);
/* Forgets what is in it and keeps the memory. */
void wire_frame_clear(struct wire_frame *frame);

/* Appends a message, a text or `true` as field `number`.
 *   returns  false, and changes nothing, if the frame would pass WIRE_FRAME_BYTES_MAX: send it
 *            first. What does not fit an empty frame never does. */
MUST_CHECK bool wire_frame_add(struct wire_frame *frame, uint32_t number,
                               const ProtobufCMessage *message);
/* A message that is packed already. */
MUST_CHECK bool wire_frame_add_bytes(struct wire_frame *frame, uint32_t number,
                                     struct bl_text bytes);
/* The same in two pieces that make one. */
MUST_CHECK bool wire_frame_add_pair(struct wire_frame *frame, uint32_t number, struct bl_text first,
                                    struct bl_text second);
MUST_CHECK bool wire_frame_add_text(struct wire_frame *frame, uint32_t number, const char *text);
MUST_CHECK bool wire_frame_add_true(struct wire_frame *frame, uint32_t number);
MUST_CHECK bool wire_frame_add_number(struct wire_frame *frame, uint32_t number, uint64_t value);
MUST_CHECK bool wire_frame_add_fixed64(struct wire_frame *frame, uint32_t number, int64_t value);
/* Fields as they stand in another message, heads included. */
MUST_CHECK bool wire_frame_add_raw(struct wire_frame *frame, struct bl_text fields);

/* One field as it stands in the bytes. */
struct wire_field {
    uint32_t number;
    struct bl_text raw;    // all of it, head included
    bool is_bytes;         // length-delimited: `bytes`; else `value`
    struct bl_text bytes;  // borrowed from the frame; empty where it is a number
    uint64_t value;
};

struct wire_reader {
    const uint8_t *at, *end;
};

struct wire_reader wire_reader_of(const void *bytes, size_t count);
/* Reads the next field.
 *   returns  false at the end, or where the bytes are no protobuf message: wire_reader_is_done
 *            tells which */
bool wire_read(struct wire_reader *reader, struct wire_field *field);
/* Was everything read? */
bool wire_reader_is_done(const struct wire_reader *reader);

/* Checks the bytes against the descriptor (UTF-8 without NUL, known enum values, depth, counts)
 * and unpacks them into `arena`.
 *   errors  BL_MALFORMED; BL_TOO_LARGE past a bound or the arena's */
MUST_CHECK enum bl_err wire_unpack(const ProtobufCMessageDescriptor *descriptor,
                                   struct bl_text bytes, struct bl_arena *arena,
                                   ProtobufCMessage **message, struct bl_error *e);
