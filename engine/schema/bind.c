#include "schema/bind.h"

#include <float.h>
#include <inttypes.h>
#include <string.h>

#include "schema/bind_parts.h"
#include "schema/reflect.h"

static ProtobufCMessage *bind_any(struct bind *bind, const struct schema_type *type,
                                  const struct bind_frame *frame);

static void remember(struct bind *bind, const ProtobufCMessage *message, const struct tree *node)
{
    struct bind_place *place = bl_arena_new(bind->arena, struct bind_place);

    *place = (struct bind_place){ bind->places, message, node };
    bind->places = place;
}

static void bind_held(struct bind *bind, const struct schema_type *type,
                      const struct bind_frame *frame, ProtobufCBinaryData *value)
{
    ProtobufCMessage *message = bind_any(bind, type, frame);

    value->data = bl_arena_alloc(bind->arena, protobuf_c_message_get_packed_size(message) + 1);
    value->len = protobuf_c_message_pack(message, value->data);
}

/* One value into its place, which stays zero (and a string empty) if the value is wrong. */
static void bind_element(struct bind *bind, const struct schema_type *type, uint32_t index,
                         const struct bind_frame *frame, void *place)
{
    const ProtobufCFieldDescriptor *field = &type->message->fields[index];
    const struct schema_field *rule = &type->fields[index];

    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32: {
        int64_t value;
        if (bind_signed(bind, rule, INT32_MIN, INT32_MAX, frame, &value)) {
            *(int32_t *)place = (int32_t)value;
        }
        break;
    }
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64: {
        int64_t value;
        if (bind_signed(bind, rule, INT64_MIN, INT64_MAX, frame, &value)) {
            *(int64_t *)place = value;
        }
        break;
    }
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32: {
        uint64_t value;
        if (bind_unsigned(bind, rule, UINT32_MAX, frame, &value)) {
            *(uint32_t *)place = (uint32_t)value;
        }
        break;
    }
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64: {
        uint64_t value;
        if (bind_unsigned(bind, rule, UINT64_MAX, frame, &value)) {
            *(uint64_t *)place = value;
        }
        break;
    }
    case PROTOBUF_C_TYPE_SFIXED64: {
        int64_t value;
        if (bind_instant(bind, frame, &value)) {
            *(int64_t *)place = value;
        }
        break;
    }
    case PROTOBUF_C_TYPE_FLOAT: {
        double value;
        if (bind_double(bind, rule, FLT_MAX, frame, &value)) {
            *(float *)place = (float)value;
        }
        break;
    }
    case PROTOBUF_C_TYPE_DOUBLE: {
        double value;
        if (bind_double(bind, rule, DBL_MAX, frame, &value)) {
            *(double *)place = value;
        }
        break;
    }
    case PROTOBUF_C_TYPE_BOOL:
        (void)bind_bool(bind, frame, place);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        (void)bind_enum(bind, frame, field->descriptor, place);
        break;
    case PROTOBUF_C_TYPE_STRING:
        (void)bind_string(bind, rule, frame, place);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        if (rule->type != NULL) {
            bind_held(bind, rule->type, frame, place);
        } else {
            (void)bind_base64(bind, frame, place);
        }
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)place = bind_any(bind, rule->type, frame);
        break;
    }
}

static bool count_fits(struct bind *bind, const struct schema_field *rule,
                       const struct bind_frame *frame)
{
    uint32_t count = frame->node->count;
    uint32_t least = rule->required && rule->min_items == 0 ? 1 : rule->min_items;

    if (count < least) {
        bind_problem(bind, frame, false, "E-RANGE",
                     "%" PRIu32 " entries are too few; at least %" PRIu32, count, least);
    } else if (rule->max_items > 0 && count > rule->max_items) {
        bind_problem(bind, frame, false, "E-RANGE",
                     "%" PRIu32 " entries are too many; at most %" PRIu32, count, rule->max_items);
        return false;
    }
    return true;
}

static void bind_list(struct bind *bind, ProtobufCMessage *message, const struct schema_type *type,
                      uint32_t index, const struct bind_frame *frame)
{
    const ProtobufCFieldDescriptor *field = &type->message->fields[index];
    uint32_t done = 0;

    if (frame->node->kind != TREE_LIST) {
        bind_wrong_type(bind, frame, "a list");
        return;
    }
    if (!count_fits(bind, &type->fields[index], frame)) {
        return;
    }
    unsigned char *to = reflect_resize(message, field, frame->node->count, bind->arena);
    for (const struct tree *at = frame->node->first; at != NULL; at = at->next) {
        struct bind_frame child = { .up = frame, .node = at, .element = true, .index = done++ };

        if (at->kind == TREE_BROKEN && field->type == PROTOBUF_C_TYPE_STRING) {
            *(const char **)(void *)to = (const char *)protobuf_c_empty_string;
        } else if (at->kind == TREE_BROKEN && field->type == PROTOBUF_C_TYPE_MESSAGE) {
            *(ProtobufCMessage **)(void *)to = reflect_new(field->descriptor, bind->arena);
        } else if (at->kind != TREE_BROKEN) {
            bind_element(bind, type, index, &child, to);
        }
        to += reflect_element_bytes(field);
    }
}

/* The key of a map entry: text as it is, or the number that it must be. */
static void bind_key(struct bind *bind, const struct schema_type *entry,
                     const struct bind_frame *frame, ProtobufCMessage *message)
{
    struct tree key = {
        .kind = frame->node->key.bytes == 0 ? TREE_TEXT : TREE_PLAIN,  // an empty key is a key
        .line = frame->node->key_line,
        .column = frame->node->key_column,
        .key_line = frame->node->key_line,
        .key_column = frame->node->key_column,
        .text = frame->node->key,
    };
    struct bind_frame here = *frame;

    here.node = &key;
    bind_element(bind, entry, 0, &here, reflect_choose(message, &entry->message->fields[0]));
}

static void bind_map(struct bind *bind, ProtobufCMessage *message, const struct schema_type *type,
                     uint32_t index, const struct bind_frame *frame)
{
    const ProtobufCFieldDescriptor *field = &type->message->fields[index];
    const struct schema_type *entry = type->fields[index].type;
    size_t count = 0;

    if (frame->node->kind != TREE_MAP) {
        bind_wrong_type(bind, frame, "a mapping");
        return;
    }
    if (!count_fits(bind, &type->fields[index], frame)) {
        return;
    }
    for (const struct tree *at = frame->node->first; at != NULL; at = at->next) {
        count += at->kind != TREE_BROKEN;
    }
    ProtobufCMessage **to = reflect_resize(message, field, count, bind->arena);
    for (const struct tree *at = frame->node->first; at != NULL; at = at->next) {
        struct bind_frame child = { .up = frame, .node = at, .name = at->key, .key = true };

        if (at->kind == TREE_BROKEN) {
            continue;
        }
        *to = reflect_new(entry->message, bind->arena);
        remember(bind, *to, at);
        bind_key(bind, entry, &child, *to);
        bind_element(bind, entry, 1, &child, reflect_choose(*to, &entry->message->fields[1]));
        to++;
    }
}

static void bind_field(struct bind *bind, ProtobufCMessage *message, const struct schema_type *type,
                       uint32_t index, const struct bind_frame *frame)
{
    const ProtobufCFieldDescriptor *field = &type->message->fields[index];
    const ProtobufCFieldDescriptor *chosen = reflect_chosen(message, field);

    if (type->fields[index].map) {
        bind_map(bind, message, type, index, frame);
    } else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        bind_list(bind, message, type, index, frame);
    } else if (chosen != NULL) {
        bind_problem(bind, frame, true, "E-CHOICE",
                     "\"%s\" and \"%s\" exclude each other; keep one", chosen->name, field->name);
    } else {
        void *place = reflect_choose(message, field);

        if (field->type == PROTOBUF_C_TYPE_STRING) {
            *(const char **)place = (const char *)protobuf_c_empty_string;
        }
        bind_element(bind, type, index, frame, place);
    }
}

/* Adds the field that was probably meant to those seen. */
static void unknown_key(struct bind *bind, const struct schema_type *type,
                        const struct bind_frame *holds, const struct bind_frame *frame,
                        struct schema_set *seen)
{
    const char *key = bl_arena_text(bind->arena, frame->name);
    uint32_t limit = bind_near(key), distance = limit + 1;
    unsigned best = 0;

    for (unsigned i = 0; i < type->message->n_fields; i++) {
        uint32_t here = bl_text_distance(key, type->message->fields[i].name, limit);

        if (here < distance) {
            distance = here;
            best = i;
        }
    }
    if (distance > limit) {
        bind_problem(bind, frame, true, "E-KEY", "unknown key \"%s\"%s", key,
                     bind_holder(bind, holds));
        return;
    }
    bind_problem(bind, frame, true, "E-KEY", "unknown key \"%s\"%s; did you mean \"%s\"?", key,
                 bind_holder(bind, holds), type->message->fields[best].name);
    schema_set_add(seen, best);
}

static int32_t find_field(const struct schema_type *type, struct bl_text name)
{
    for (unsigned i = 0; i < type->message->n_fields; i++) {
        if (bl_text_is(name, type->message->fields[i].name)) {
            return (int32_t)i;
        }
    }
    return -1;
}

static void bind_fields(struct bind *bind, ProtobufCMessage *message,
                        const struct schema_type *type, const struct bind_frame *frame)
{
    struct schema_set seen = { { 0 } };

    for (const struct tree *at = frame->node->first; at != NULL; at = at->next) {
        struct bind_frame child = { .up = frame, .node = at, .name = at->key };
        int32_t index = find_field(type, at->key);

        if (index < 0) {
            if (at->kind != TREE_BROKEN) {
                unknown_key(bind, type, frame, &child, &seen);
            }
            continue;
        }
        if (at->kind == TREE_NULL) {  // JSON's way to leave a field out
            continue;
        }
        schema_set_add(&seen, (uint32_t)index);
        if (at->kind != TREE_BROKEN) {
            bind_field(bind, message, type, (uint32_t)index, &child);
        }
    }
    for (unsigned i = 0; i < type->message->n_fields; i++) {
        if (type->fields[i].required && !schema_set_has(&seen, i)) {
            bind_problem(bind, frame, true, "E-MISSING", "missing key \"%s\"%s",
                         type->message->fields[i].name, bind_holder(bind, frame));
        }
    }
}

/* Could a scalar be written into this field? */
static bool fits(const struct tree *node, const ProtobufCFieldDescriptor *field)
{
    char text[BIND_NUMBER_BYTES_MAX];
    bool whole = false;
    bool number =
        node->kind != TREE_TEXT && bind_short_text(node, text) && bind_is_number(text, &whole);

    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return number && whole;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return number;
    case PROTOBUF_C_TYPE_BOOL:
        return node->kind != TREE_TEXT &&
               (bl_text_is(node->text, "true") || bl_text_is(node->text, "false"));
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return node->kind == TREE_PLAIN || node->kind == TREE_TEXT;
    }
    UNREACHABLE();
}

static const char *expected_message(struct bind *bind, const struct schema_type *type)
{
    return bl_arena_printf(bind->arena, "%s%sa mapping",
                           type->scalar_count > 0 ? "a value or " : "",
                           type->list >= 0 ? "a list or " : "");
}

static void bind_forms(struct bind *bind, ProtobufCMessage *message, const struct schema_type *type,
                       const struct bind_frame *frame)
{
    const struct tree *node = frame->node;
    bool empty = node->kind == TREE_PLAIN && node->text.bytes == 0;

    if (node->kind == TREE_MAP) {
        bind_fields(bind, message, type, frame);
        return;
    }
    if (node->kind == TREE_LIST && type->list >= 0) {
        bind_field(bind, message, type, (uint32_t)type->list, frame);
        return;
    }
    for (uint32_t i = 0; tree_is_scalar(node) && !empty && i < type->scalar_count; i++) {
        if (i + 1 == type->scalar_count || fits(node, &type->message->fields[type->scalars[i]])) {
            bind_field(bind, message, type, type->scalars[i], frame);
            return;
        }
    }
    bind_wrong_type(bind, frame, expected_message(bind, type));
}

/* A message of any form; never NULL. */
static ProtobufCMessage *bind_any(struct bind *bind, const struct schema_type *type,
                                  const struct bind_frame *frame)
{
    switch (type->form) {
    case SCHEMA_STRUCT:
        return &bind_struct(bind, frame)->base;
    case SCHEMA_VALUE:
        return &bind_value(bind, frame)->base;
    case SCHEMA_LIST:
        return &bind_values(bind, frame)->base;
    case SCHEMA_MESSAGE:
    case SCHEMA_MAP_ENTRY:
        break;
    }
    ProtobufCMessage *message = reflect_new(type->message, bind->arena);

    remember(bind, message, frame->node);
    if (frame->node->kind != TREE_BROKEN) {
        bind_forms(bind, message, type, frame);
    }
    return message;
}

ProtobufCMessage *bind_message(struct bind *bind, const struct schema_type *type,
                               const struct tree *root)
{
    struct bind_frame frame = { .node = root };

    return bind_any(bind, type, &frame);
}
