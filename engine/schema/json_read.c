#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "schema/bind.h"
#include "schema/json.h"
#include "schema/tree.h"
#include "schema/types.h"

struct reader {
    struct bl_arena *arena;
    struct schema_problems *problems;
    uint32_t nodes;
    bool too_deep, too_many;
};

/* Numbers go to the schema as text: it knows which kind they have to be. */
static struct bl_text number_text(struct reader *reader, const json_t *value)
{
    if (json_is_integer(value)) {
        return bl_text_of(
            bl_arena_printf(reader->arena, "%lld", (long long)json_integer_value(value)));
    }
    return bl_text_of(bl_arena_printf(reader->arena, "%.17g", json_real_value(value)));
}

static void read_node(struct reader *reader, const json_t *value, uint32_t depth,
                      struct tree *node);

static struct tree *new_child(struct reader *reader, struct tree *parent)
{
    struct tree *child = bl_arena_new(reader->arena, struct tree);

    tree_add(parent, child);
    return child;
}

static void read_object(struct reader *reader, json_t *value, uint32_t depth, struct tree *node)
{
    for (void *at = json_object_iter(value); at != NULL; at = json_object_iter_next(value, at)) {
        struct tree *child = new_child(reader, node);
        const char *key = json_object_iter_key(at);

        child->key = bl_text_of(bl_arena_string(reader->arena, key));
        read_node(reader, json_object_iter_value(at), depth, child);
    }
}

static void read_node(struct reader *reader, const json_t *value, uint32_t depth, struct tree *node)
{
    reader->too_deep |= depth > SCHEMA_DEPTH_MAX;
    reader->too_many |= ++reader->nodes > TREE_NODES_MAX;
    if (reader->too_deep || reader->too_many) {
        node->kind = TREE_BROKEN;
        return;
    }
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        node->kind = TREE_MAP;
        read_object(reader, (json_t *)(uintptr_t)value, depth + 1, node);
        break;
    case JSON_ARRAY:
        node->kind = TREE_LIST;
        for (size_t i = 0; i < json_array_size(value); i++) {
            read_node(reader, json_array_get(value, i), depth + 1, new_child(reader, node));
        }
        break;
    case JSON_STRING:
        node->kind = TREE_TEXT;
        node->text = bl_text_of(bl_arena_string(reader->arena, json_string_value(value)));
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        node->kind = TREE_NUMBER;
        node->text = number_text(reader, value);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        node->kind = TREE_BOOL;
        node->text = bl_text_of(json_is_true(value) ? "true" : "false");
        break;
    case JSON_NULL:
        node->kind = TREE_NULL;
        node->text = bl_text_of("null");
        break;
    }
}

static enum bl_err fail_with(struct schema_problems *problems, enum bl_err code, uint32_t line,
                             uint32_t column, const char *text)
{
    schema_problem_add(problems, SCHEMA_ERROR, "E-JSON", NULL, line, column, NULL, "%s", text);
    return code;
}

enum bl_err json_read_message(const char *text, size_t bytes,
                              const ProtobufCMessageDescriptor *descriptor, struct bl_arena *arena,
                              ProtobufCMessage **message, struct schema_problems *problems)
{
    struct reader reader = { .arena = arena, .problems = problems };
    struct bind bind = { .arena = arena, .problems = problems };
    struct tree root = { 0 };
    uint32_t errors = problems->error_count;
    json_error_t error;

    *message = NULL;
    if (bytes > JSON_BYTES_MAX) {
        return fail_with(problems, BL_TOO_LARGE, 0, 0, "the text is larger than 1 MiB");
    }
    json_t *value = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    if (value == NULL) {
        return fail_with(problems, BL_MALFORMED, (uint32_t)error.line, (uint32_t)error.column,
                         error.text);
    }
    read_node(&reader, value, 0, &root);
    json_decref(value);
    if (reader.too_deep || reader.too_many) {
        return fail_with(problems, BL_TOO_LARGE, 0, 0,
                         reader.too_deep ? "the value is nested more than 32 deep"
                                         : "the text has too many values");
    }
    *message = bind_message(&bind, schema_type_of(descriptor), &root);
    return problems->error_count == errors ? BL_OK : BL_INVALID;
}
