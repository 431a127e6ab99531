#include "schema/json_schema.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "schema/json.h"
#include "schema/types.h"

#define REFERENCE_BYTES_MAX 256
#define PATTERN_BYTES_MAX 512

/* Which types the schema mentions, by their place in schema_types, and which are written. */
struct mention {
    const struct schema_type *root;
    bool *needed, *done;
    const char *place;  // where references lead: "#/definitions/"
    bool plain;         // JSON as we write it: no short forms, and a text is a string
};

static void put_pair(struct writer *writer, const char *key, const char *value)
{
    if (value != NULL) {
        writer_key(writer, key);
        writer_string(writer, value);
    }
}

static void put_bound(struct writer *writer, const char *key, double value)
{
    if (isfinite(value)) {
        writer_key(writer, key);
        writer_number(writer, value);
    }
}

/* The name of a message without its package: "Calendar.Year". */
static const char *local_name(const struct schema_type *type)
{
    size_t package = strlen(type->message->package_name);

    return package == 0 ? type->name : type->name + package + 1;
}

/* --- references ----------------------------------------------------------------------------------
 */

static void put_reference(struct writer *writer, struct mention *mention,
                          const struct schema_type *type)
{
    char reference[REFERENCE_BYTES_MAX];

    switch (type->form) {
    case SCHEMA_STRUCT:
        put_pair(writer, "type", "object");
        return;
    case SCHEMA_LIST:
        put_pair(writer, "type", "array");
        return;
    case SCHEMA_VALUE:
        return;  // anything
    case SCHEMA_MESSAGE:
    case SCHEMA_MAP_ENTRY:
        break;
    }
    if (type == mention->root) {
        put_pair(writer, "$ref", "#");
        return;
    }
    mention->needed[type - schema_types] = true;
    (void)snprintf(reference, sizeof reference, "%s%s", mention->place, local_name(type));
    put_pair(writer, "$ref", reference);
}

/* Draft 07 ignores what stands beside a $ref, so one with texts is wrapped. */
static void put_message(struct writer *writer, struct mention *mention,
                        const struct schema_type *type, bool wrapped)
{
    if (!wrapped || mention->plain) {
        put_reference(writer, mention, type);
        return;
    }
    writer_key(writer, "allOf");
    writer_open_list(writer);
    writer_open_object(writer);
    put_reference(writer, mention, type);
    writer_close(writer);
    writer_close(writer);
}

/* --- scalars -------------------------------------------------------------------------------------
 */

static void put_types(struct writer *writer, const char *first, const char *second,
                      const char *third)
{
    writer_key(writer, "type");
    writer_open_list(writer);
    writer_string(writer, first);
    writer_string(writer, second);
    if (third != NULL) {
        writer_string(writer, third);
    }
    writer_close(writer);
}

static void put_integer(struct writer *writer, const struct schema_field *rule, double min,
                        double max)
{
    put_pair(writer, "type", "integer");
    put_bound(writer, "minimum", rule->min > min ? rule->min : min);
    put_bound(writer, "maximum", rule->max < max ? rule->max : max);
}

/* Ours are for the whole text, JSON Schema's for any part of it. */
static void put_pattern(struct writer *writer, const char *ours)
{
    char pattern[PATTERN_BYTES_MAX];
    int length = snprintf(pattern, sizeof pattern, "^(?:%s)$", ours);

    CHECK(length < (int)sizeof pattern);
    put_pair(writer, "pattern", pattern);
}

static void put_text(struct writer *writer, const struct schema_field *rule, bool plain)
{
    double least = rule->required && rule->min < 1 ? 1 : rule->min;

    if (plain) {
        put_pair(writer, "type", "string");
    } else {
        put_types(writer, "string", "number", "boolean");
    }
    put_bound(writer, "minLength", least);
    put_bound(writer, "maxLength", rule->max);
    if (rule->pattern != NULL) {
        put_pattern(writer, rule->pattern);
    }
}

static void put_enum(struct writer *writer, const ProtobufCEnumDescriptor *descriptor)
{
    char name[JSON_ENUM_BYTES_MAX];

    writer_key(writer, "enum");
    writer_open_list(writer);
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        if (!json_enum_is_unspecified(&descriptor->values[i])) {
            writer_string(writer, json_enum_name(descriptor, descriptor->values[i].value, name));
        }
    }
    writer_close(writer);
}

/* What one element of a field may be; `wrapped` if texts stand beside it. */
static void put_element(struct writer *writer, struct mention *mention,
                        const struct schema_type *type, uint32_t index, bool wrapped)
{
    const ProtobufCFieldDescriptor *field = &type->message->fields[index];
    const struct schema_field *rule = &type->fields[index];

    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        put_integer(writer, rule, INT32_MIN, INT32_MAX);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        put_integer(writer, rule, 0, UINT32_MAX);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        if (mention->plain) {
            put_pair(writer, "type", "string");
            put_pair(writer, "format", "int64");
        } else {
            put_types(writer, "integer", "string", NULL);
        }
        break;
    case PROTOBUF_C_TYPE_SFIXED64:
        put_pair(writer, "type", "string");
        put_pair(writer, "format", "date-time");
        break;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        put_pair(writer, "type", "number");
        put_bound(writer, "minimum", rule->min);
        put_bound(writer, "maximum", rule->max);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        put_pair(writer, "type", "boolean");
        break;
    case PROTOBUF_C_TYPE_ENUM:
        put_enum(writer, field->descriptor);
        break;
    case PROTOBUF_C_TYPE_STRING:
        put_text(writer, rule, mention->plain);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        if (rule->type == NULL) {
            put_pair(writer, "type", "string");
            put_pair(writer, "contentEncoding", "base64");
            break;
        }
        put_message(writer, mention, rule->type, wrapped);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        put_message(writer, mention, rule->type, wrapped);
        break;
    }
}

/* --- fields --------------------------------------------------------------------------------------
 */

static void put_count(struct writer *writer, const char *key, uint32_t count)
{
    if (count > 0) {
        writer_key(writer, key);
        writer_unsigned(writer, count);
    }
}

static void put_map(struct writer *writer, struct mention *mention, const struct schema_field *rule,
                    uint32_t least)
{
    const char *keys =
        rule->type->message->fields[0].type == PROTOBUF_C_TYPE_STRING ? rule->keys : "-?[0-9]+";

    put_pair(writer, "type", "object");
    if (keys != NULL) {
        writer_key(writer, "propertyNames");
        writer_open_object(writer);
        put_pattern(writer, keys);
        writer_close(writer);
    }
    writer_key(writer, "additionalProperties");
    writer_open_object(writer);
    put_element(writer, mention, rule->type, 1, false);
    writer_close(writer);
    put_count(writer, "minProperties", least);
    put_count(writer, "maxProperties", rule->max_items);
}

static void put_field(struct writer *writer, struct mention *mention,
                      const struct schema_type *type, uint32_t index, bool texts)
{
    const struct schema_field *rule = &type->fields[index];
    uint32_t least = rule->required && rule->min_items == 0 ? 1 : rule->min_items;

    writer_open_object(writer);
    if (texts) {
        put_pair(writer, "title", rule->text_zh);
        put_pair(writer, "description", rule->text_en);
    }
    if (rule->map) {
        put_map(writer, mention, rule, least);
    } else if (type->message->fields[index].label == PROTOBUF_C_LABEL_REPEATED) {
        put_pair(writer, "type", "array");
        writer_key(writer, "items");
        writer_open_object(writer);
        put_element(writer, mention, type, index, false);
        writer_close(writer);
        put_count(writer, "minItems", least);
        put_count(writer, "maxItems", rule->max_items);
    } else {
        put_element(writer, mention, type, index,
                    texts && (rule->text_zh != NULL || rule->text_en != NULL));
    }
    writer_close(writer);
}

/* --- messages ------------------------------------------------------------------------------------
 */

static bool same_oneof(const struct schema_type *type, uint32_t a, uint32_t b)
{
    const char *x = type->fields[a].oneof, *y = type->fields[b].oneof;

    return x != NULL && y != NULL && strcmp(x, y) == 0;
}

static void put_exclusion(struct writer *writer, const char *a, const char *b)
{
    writer_open_object(writer);
    writer_key(writer, "not");
    writer_open_object(writer);
    writer_key(writer, "required");
    writer_open_list(writer);
    writer_string(writer, a);
    writer_string(writer, b);
    writer_close(writer);
    writer_close(writer);
    writer_close(writer);
}

/* No two members of a oneof stand together. */
static void put_oneofs(struct writer *writer, const struct schema_type *type)
{
    const ProtobufCFieldDescriptor *fields = type->message->fields;
    bool open = false;

    for (uint32_t i = 0; i < type->message->n_fields; i++) {
        for (uint32_t j = i + 1; j < type->message->n_fields; j++) {
            if (!same_oneof(type, i, j)) {
                continue;
            }
            if (!open) {
                writer_key(writer, "allOf");
                writer_open_list(writer);
                open = true;
            }
            put_exclusion(writer, fields[i].name, fields[j].name);
        }
    }
    if (open) {
        writer_close(writer);
    }
}

static void put_required(struct writer *writer, const struct schema_type *type)
{
    bool open = false;

    for (uint32_t i = 0; i < type->message->n_fields; i++) {
        if (type->fields[i].required) {
            if (!open) {
                writer_key(writer, "required");
                writer_open_list(writer);
                open = true;
            }
            writer_string(writer, type->message->fields[i].name);
        }
    }
    if (open) {
        writer_close(writer);
    }
}

/* The keys of a message written as a mapping. */
static void put_mapping(struct writer *writer, struct mention *mention,
                        const struct schema_type *type)
{
    put_pair(writer, "type", "object");
    writer_key(writer, "properties");
    writer_open_object(writer);
    for (uint32_t i = 0; i < type->message->n_fields; i++) {
        writer_key(writer, type->message->fields[i].name);
        put_field(writer, mention, type, i, true);
    }
    writer_close(writer);
    put_required(writer, type);
    if (!mention->plain) {
        writer_key(writer, "additionalProperties");
        writer_bool(writer, false);
        put_oneofs(writer, type);
    }
}

/* The inside of a message's schema: its short forms, if it has any, beside the mapping. */
static void put_type(struct writer *writer, struct mention *mention, const struct schema_type *type)
{
    put_pair(writer, "title", type->text_zh);
    put_pair(writer, "description", type->text_en);
    if (mention->plain || (type->scalar_count == 0 && type->list < 0)) {
        put_mapping(writer, mention, type);
        return;
    }
    writer_key(writer, "anyOf");
    writer_open_list(writer);
    for (uint32_t i = 0; i < type->scalar_count; i++) {
        put_field(writer, mention, type, type->scalars[i], false);
    }
    if (type->list >= 0) {
        put_field(writer, mention, type, (uint32_t)type->list, false);
    }
    writer_open_object(writer);
    put_mapping(writer, mention, type);
    writer_close(writer);
    writer_close(writer);
}

/* The first type that is needed and not written, or the count. */
static uint32_t next_type(const struct mention *mention)
{
    uint32_t i = 0;

    while (i < schema_type_count && (!mention->needed[i] || mention->done[i])) {
        i++;
    }
    return i;
}

/* All that is mentioned, and what that mentions. */
static void put_mentioned(struct writer *writer, struct mention *mention)
{
    for (uint32_t next; (next = next_type(mention)) < schema_type_count;) {
        mention->done[next] = true;
        writer_key(writer, local_name(&schema_types[next]));
        writer_open_object(writer);
        put_type(writer, mention, &schema_types[next]);
        writer_close(writer);
    }
}

static void put_definitions(struct writer *writer, struct mention *mention)
{
    if (next_type(mention) == schema_type_count) {
        return;
    }
    writer_key(writer, "definitions");
    writer_open_object(writer);
    put_mentioned(writer, mention);
    writer_close(writer);
}

static void mention_init(struct mention *mention, const char *place, bool plain)
{
    *mention = (struct mention){ .place = place, .plain = plain };
    mention->needed = calloc(schema_type_count, sizeof(bool));
    mention->done = calloc(schema_type_count, sizeof(bool));
    CHECK(mention->needed != NULL && mention->done != NULL);
}

static void mention_free(struct mention *mention)
{
    free(mention->needed);
    free(mention->done);
}

void json_schema_write(struct writer *writer, const ProtobufCMessageDescriptor *message,
                       const char *id)
{
    struct mention mention;

    mention_init(&mention, "#/definitions/", false);
    mention.root = schema_type_of(message);
    CHECK(mention.root->form == SCHEMA_MESSAGE);
    writer_open_object(writer);
    put_pair(writer, "$schema", "http://json-schema.org/draft-07/schema#");
    put_pair(writer, "$id", id);
    put_type(writer, &mention, mention.root);
    put_definitions(writer, &mention);
    writer_close(writer);
    mention_free(&mention);
}

#define COMPONENTS "#/components/schemas/"

void json_schema_write_components(struct writer *writer,
                                  const ProtobufCMessageDescriptor *const *messages, size_t count)
{
    struct mention mention;

    mention_init(&mention, COMPONENTS, true);
    for (size_t i = 0; i < count; i++) {
        mention.needed[schema_type_of(messages[i]) - schema_types] = true;
    }
    put_mentioned(writer, &mention);
    mention_free(&mention);
}

void json_schema_write_reference(struct writer *writer, const ProtobufCMessageDescriptor *message)
{
    char reference[REFERENCE_BYTES_MAX];

    (void)snprintf(reference, sizeof reference, COMPONENTS "%s",
                   local_name(schema_type_of(message)));
    writer_open_object(writer);
    put_pair(writer, "$ref", reference);
    writer_close(writer);
}

void json_schema_write_field(struct writer *writer, const ProtobufCMessageDescriptor *message,
                             uint32_t index)
{
    struct mention mention;

    mention_init(&mention, COMPONENTS, true);
    put_field(writer, &mention, schema_type_of(message), index, false);
    mention_free(&mention);
}
