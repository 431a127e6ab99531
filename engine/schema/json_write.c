#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "google/protobuf/struct.pb-c.h"
#include "schema/json.h"
#include "schema/reflect.h"
#include "schema/types.h"
#include "schema/wire_check.h"

#define HELD_FIRST_BYTES 4096
#define HELD_ARENA_BYTES ((size_t)64 << 20)  // of one message that a `bytes` field holds

static void put_message(struct writer *writer, const struct schema_type *type,
                        const ProtobufCMessage *message, struct json_options options);

char *json_enum_name(const ProtobufCEnumDescriptor *descriptor, int value, char *name)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(descriptor, value);

    bl_text_copy(name, JSON_ENUM_BYTES_MAX, found == NULL ? "" : found->name);
    for (char *c = name; *c != '\0'; c++) {
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    }
    return name;
}

bool json_enum_is_unspecified(const ProtobufCEnumValue *value)
{
    static const char suffix[] = "_UNSPECIFIED";
    size_t bytes = strlen(value->name);

    return value->value == 0 && bytes >= sizeof suffix &&
           strcmp(value->name + bytes - (sizeof suffix - 1), suffix) == 0;
}

/* --- google.protobuf.Struct ----------------------------------------------------------------------
 */

static void put_value(struct writer *writer, const Google__Protobuf__Value *value);

static void put_struct(struct writer *writer, const Google__Protobuf__Struct *value)
{
    writer_open_object(writer);
    for (size_t i = 0; i < value->n_fields; i++) {
        writer_key(writer, value->fields[i]->key);
        put_value(writer, value->fields[i]->value);
    }
    writer_close(writer);
}

static void put_list(struct writer *writer, const Google__Protobuf__ListValue *value)
{
    writer_open_list(writer);
    for (size_t i = 0; i < value->n_values; i++) {
        put_value(writer, value->values[i]);
    }
    writer_close(writer);
}

static void put_value(struct writer *writer, const Google__Protobuf__Value *value)
{
    switch (value == NULL ? GOOGLE__PROTOBUF__VALUE__KIND__NOT_SET : value->kind_case) {
    case GOOGLE__PROTOBUF__VALUE__KIND__NOT_SET:
    case GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE:
        writer_null(writer);
        break;
    case GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE:
        writer_number(writer, value->number_value);
        break;
    case GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE:
        writer_string(writer, value->string_value);
        break;
    case GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE:
        writer_bool(writer, value->bool_value);
        break;
    case GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE:
        put_struct(writer, value->struct_value);
        break;
    case GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE:
        put_list(writer, value->list_value);
        break;
    }
}

/* --- fields --------------------------------------------------------------------------------------
 */

/* JSON readers keep 53 bits of a number, so 64 of them go as a string. */
static void put_long(struct writer *writer, bool negative, uint64_t magnitude)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%s%llu", negative ? "-" : "", (unsigned long long)magnitude);
    writer_string(writer, text);
}

static void put_signed(struct writer *writer, int64_t value)
{
    put_long(writer, value < 0, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

static void put_instant(struct writer *writer, int64_t value, struct json_options options)
{
    char text[BL_TIME_TEXT];

    if (value == 0) {
        writer_null(writer);
    } else {
        writer_string(writer, bl_time_format(value, options.offset_minutes, text));
    }
}

static void put_enum(struct writer *writer, const ProtobufCEnumDescriptor *descriptor, int value)
{
    char name[JSON_ENUM_BYTES_MAX];

    if (*json_enum_name(descriptor, value, name) == '\0') {
        writer_integer(writer, value);
    } else {
        writer_string(writer, name);
    }
}

/* The shortest text that reads as the same float, as a number. */
static void put_float(struct writer *writer, float value)
{
    char text[32];
    double shortest = (double)value;

    for (int digits = 6; isfinite(value) && digits <= 9; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, (double)value);
        shortest = strtod(text, NULL);
        if ((float)shortest == value) {
            break;
        }
    }
    writer_number(writer, shortest);
}

static void put_bytes(struct writer *writer, const struct schema_type *held,
                      const ProtobufCBinaryData *bytes, struct json_options options)
{
    AUTO(bl_arena_free) struct bl_arena arena;
    ProtobufCMessage *message = NULL;

    bl_arena_init(&arena, HELD_FIRST_BYTES, HELD_ARENA_BYTES);
    if (held != NULL && wire_check_type(held, bytes->data, bytes->len, NULL) == BL_OK) {
        message =
            protobuf_c_message_unpack(held->message, &arena.allocator, bytes->len, bytes->data);
    }
    if (message != NULL) {
        put_message(writer, held, message, options);
    } else {
        writer_base64(writer, bytes->data, bytes->len);
    }
}

static void put_element(struct writer *writer, const struct schema_type *type, uint32_t index,
                        const void *at, struct json_options options)
{
    const ProtobufCFieldDescriptor *field = &type->message->fields[index];
    const struct schema_type *inner = type->fields[index].type;

    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        writer_integer(writer, *(const int32_t *)at);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        writer_unsigned(writer, *(const uint32_t *)at);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
        put_signed(writer, *(const int64_t *)at);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        put_long(writer, false, *(const uint64_t *)at);
        break;
    case PROTOBUF_C_TYPE_SFIXED64:
        put_instant(writer, *(const int64_t *)at, options);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        put_float(writer, *(const float *)at);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        writer_number(writer, *(const double *)at);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        writer_bool(writer, *(const protobuf_c_boolean *)at != 0);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        put_enum(writer, field->descriptor, *(const int *)at);
        break;
    case PROTOBUF_C_TYPE_STRING:
        writer_string(writer, *(const char *const *)at);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        put_bytes(writer, inner, at, options);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        put_message(writer, inner, *(const ProtobufCMessage *const *)at, options);
        break;
    }
}

/* A map's key is a text in JSON whatever it is in the message. */
static void put_key(struct writer *writer, const ProtobufCMessage *entry)
{
    const ProtobufCFieldDescriptor *key = &entry->descriptor->fields[0];
    const void *at = reflect_single(entry, key);
    struct writer text;

    if (key->type == PROTOBUF_C_TYPE_STRING) {
        writer_key(writer, *(const char *const *)at);
        return;
    }
    writer_init(&text, WRITER_JSON);
    put_element(&text, schema_type_of(entry->descriptor), 0, at, (struct json_options){ 0 });
    char *name = strndup(text.at, text.bytes);
    CHECK(name != NULL);
    /* 64-bit keys come quoted. */
    size_t quote = name[0] == '"';
    name[text.bytes - quote] = '\0';
    writer_key(writer, name + quote);
    free(name);
    writer_free(&text);
}

static void put_map(struct writer *writer, const struct schema_type *type, uint32_t index,
                    const ProtobufCMessage *message, struct json_options options)
{
    const ProtobufCFieldDescriptor *field = &type->message->fields[index];
    const struct schema_type *entry_type = type->fields[index].type;
    size_t count = reflect_count(message, field);

    writer_open_object(writer);
    for (size_t i = 0; i < count; i++) {
        const ProtobufCMessage *entry =
            *(const ProtobufCMessage *const *)reflect_at(message, field, i);

        put_key(writer, entry);
        put_element(writer, entry_type, 1, reflect_single(entry, &entry_type->message->fields[1]),
                    options);
    }
    writer_close(writer);
}

static void put_repeated(struct writer *writer, const struct schema_type *type, uint32_t index,
                         const ProtobufCMessage *message, struct json_options options)
{
    const ProtobufCFieldDescriptor *field = &type->message->fields[index];
    size_t count = reflect_count(message, field);

    writer_open_list(writer);
    for (size_t i = 0; i < count; i++) {
        put_element(writer, type, index, reflect_at(message, field, i), options);
    }
    writer_close(writer);
}

/* Is an absent field written when defaults are asked for? A message, an instant and a member of a
 * oneof have no default, nor has an enum of which zero means that nobody said. */
static bool has_default(const ProtobufCFieldDescriptor *field)
{
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        return false;
    }
    if (field->type == PROTOBUF_C_TYPE_ENUM) {
        return !json_enum_is_unspecified(
            protobuf_c_enum_descriptor_get_value(field->descriptor, 0));
    }
    return field->type != PROTOBUF_C_TYPE_MESSAGE && field->type != PROTOBUF_C_TYPE_SFIXED64;
}

static void put_fields(struct writer *writer, const struct schema_type *type,
                       const ProtobufCMessage *message, struct json_options options)
{
    writer_open_object(writer);
    for (uint32_t i = 0; i < type->message->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->message->fields[i];
        bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
        bool wanted = options.defaults || type->fields[i].required;

        if (reflect_count(message, field) == 0 && !(wanted && (repeated || has_default(field)))) {
            continue;
        }
        writer_key(writer, field->name);
        if (type->fields[i].map) {
            put_map(writer, type, i, message, options);
        } else if (repeated) {
            put_repeated(writer, type, i, message, options);
        } else {
            put_element(writer, type, i, reflect_single(message, field), options);
        }
    }
    writer_close(writer);
}

static void put_message(struct writer *writer, const struct schema_type *type,
                        const ProtobufCMessage *message, struct json_options options)
{
    switch (type->form) {
    case SCHEMA_STRUCT:
        put_struct(writer, (const Google__Protobuf__Struct *)message);
        break;
    case SCHEMA_VALUE:
        put_value(writer, (const Google__Protobuf__Value *)message);
        break;
    case SCHEMA_LIST:
        put_list(writer, (const Google__Protobuf__ListValue *)message);
        break;
    case SCHEMA_MESSAGE:
    case SCHEMA_MAP_ENTRY:
        if (message == NULL) {
            writer_null(writer);
        } else {
            put_fields(writer, type, message, options);
        }
        break;
    }
}

void json_write_message(struct writer *writer, const ProtobufCMessage *message,
                        struct json_options options)
{
    put_message(writer, schema_type_of(message->descriptor), message, options);
}
