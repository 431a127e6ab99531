/* types.h — what is known of each message beyond its protobuf-c descriptor.
 * `schema/` turns messages into JSON, YAML and JSON Schema and back, and checks wire bytes, by
 * walking descriptors: no message has code of its own. It never decides what a value means. Read
 * next: yaml.h (files → messages), json.h (messages ↔ JSON), wire_check.h (bytes → trust).
 *
 * The table is made at build time by types_main.c from protoc's descriptor set: the options (rule)
 * and (shape) of proto/binglian/v1/rule.proto, what protobuf-c leaves out (map entries, names of
 * oneofs, comments), and a lookup from field number to field. Types point at each other, so only
 * the first lookup of a walk searches. */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

#define SCHEMA_FIELDS_MAX 128  // of one message
#define SCHEMA_COUNTERS_MAX 8  // fields of one message with a bound of their own
#define SCHEMA_DEPTH_MAX 32    // of JSON and YAML: bounds every recursion over them

struct schema_type;

enum schema_form {
    SCHEMA_MESSAGE,
    SCHEMA_MAP_ENTRY,  // a repeated field of these is a map: key is field 0, value field 1
    SCHEMA_STRUCT,     // google.protobuf.Struct, Value and ListValue: JSON as it is
    SCHEMA_VALUE,
    SCHEMA_LIST,
};

/* The same index as in descriptor->fields. */
struct schema_field {
    const struct schema_type *type;  // of a message, or what `bytes` hold; else NULL
    const char *pattern;             // or NULL
    const char *keys;                // of a map: the pattern of its keys, or NULL
    const char *text_zh, *text_en;   // or NULL
    const char *oneof;               // its name, or NULL
    double min, max;                 // -INFINITY, INFINITY: none
    uint32_t min_items, max_items;   // max_items 0: only the general bound
    bool required;
    bool map;         // a repeated message that is a map entry
    uint8_t counter;  // 1 … SCHEMA_COUNTERS_MAX where max_items is set: its place among them
};

struct schema_type {
    const char *name;  // full: "binglian.v1.Command"
    const ProtobufCMessageDescriptor *message;
    const struct schema_field *fields;
    const uint8_t *by_id;  // field number → index + 1, 0: no such field
    uint32_t id_max;
    enum schema_form form;
    const uint8_t *scalars;  // indexes of fields that a scalar may stand for
    uint32_t scalar_count;
    int32_t list;                   // index of the field that a list stands for, or -1
    const char *text_zh, *text_en;  // or NULL
};

/* Which fields of a message were seen; all zero is none. */
struct schema_set {
    uint64_t words[SCHEMA_FIELDS_MAX / 64];
};

static inline bool schema_set_has(const struct schema_set *set, uint32_t index)
{
    return (set->words[index / 64] >> index % 64 & 1) != 0;
}

static inline void schema_set_add(struct schema_set *set, uint32_t index)
{
    set->words[index / 64] |= UINT64_C(1) << index % 64;
}

/* The generated table, sorted by name. */
extern const struct schema_type schema_types[];
extern const uint32_t schema_type_count;

/* What is known of a message; CHECKs that the message is one of proto/ or of
 * google/protobuf/struct.proto. A binary search over names. */
const struct schema_type *schema_type_of(const ProtobufCMessageDescriptor *message);

/* Does the field hold an encoded message (`bytes` with the rule `holds`)? */
static inline bool schema_holds(const struct schema_type *type, uint32_t index)
{
    return type->message->fields[index].type == PROTOBUF_C_TYPE_BYTES &&
           type->fields[index].type != NULL;
}
