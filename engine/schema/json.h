/* json.h — messages as JSON, or as YAML by the same rules, and JSON as messages.
 * It is the protobuf JSON mapping with three departures: fields are named as in the .proto, enum
 * values are in lower case, and an sfixed64 is an instant in RFC 3339, absent where it is 0. 64-bit
 * numbers are strings and bytes are base64 as the mapping has it; maps are objects, a
 * google.protobuf.Struct is what it stands for, and `bytes` that hold a message (rule `holds`) are
 * that message. Short forms (shape) are read and never written. */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "schema/problem.h"
#include "schema/writer.h"

#define JSON_BYTES_MAX ((size_t)1 << 20)     // of one text that is read
#define JSON_ARENA_BYTES ((size_t)64 << 20)  // what json_read_message takes of an arena at the most

struct json_options {
    int32_t offset_minutes;  // east of UTC: how instants are written; 480 in China
    bool defaults;  // fields with the zero of their type are written too, not only if required
};

/* Writes a message as one value. `writer` may stand anywhere a value may. What `bytes` fields hold
 * is checked; if it is no such message, the field is written in base64. */
void json_write_message(struct writer *writer, const ProtobufCMessage *message,
                        struct json_options options);

/* Reads one JSON object. Strict: RFC 8259, UTF-8, no duplicate keys, nothing after it. A `null` is
 * an absent field.
 *   arena     gets the message; its bound is at least JSON_ARENA_BYTES
 *   message   well-formed also when there are problems; NULL if the text is no JSON
 *   problems  are added to: E-JSON with line and column, or the codes of yaml.h with a pointer such
 *             as "form.area";
 *   returns   BL_OK, BL_MALFORMED if it is no JSON, BL_TOO_LARGE, or BL_INVALID */
MUST_CHECK enum bl_err json_read_message(const char *text, size_t bytes,
                                         const ProtobufCMessageDescriptor *descriptor,
                                         struct bl_arena *arena, ProtobufCMessage **message,
                                         struct schema_problems *problems);

/* The name of an enum value in lower case; empty for one that is not known. `name` holds
 * JSON_ENUM_BYTES_MAX bytes. Returns `name`. */
#define JSON_ENUM_BYTES_MAX 64
char *json_enum_name(const ProtobufCEnumDescriptor *descriptor, int value, char *name);
/* Is this the zero that means that nobody said (STATE_UNSPECIFIED)? It is never read, and
 * written in lists only. */
bool json_enum_is_unspecified(const ProtobufCEnumValue *value);
