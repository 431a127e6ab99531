#include <math.h>
#include <stdlib.h>

#include "schema/bind_parts.h"
#include "schema/reflect.h"

#define EXACT_INTEGER_MAX 9007199254740992.0  // 2^53: beyond it doubles leave whole numbers out

typedef Google__Protobuf__Struct Struct;
typedef Google__Protobuf__Struct__FieldsEntry StructEntry;
typedef Google__Protobuf__Value Value;
typedef Google__Protobuf__ListValue List;

Struct *bind_struct(struct bind *bind, const struct bind_frame *frame)
{
    Struct *made = (Struct *)reflect_new(&google__protobuf__struct__descriptor, bind->arena);

    if (frame->node->kind != TREE_MAP) {
        bind_wrong_type(bind, frame, "a mapping");
        return made;
    }
    made->fields = bl_arena_array(bind->arena, StructEntry *, frame->node->count);
    for (const struct tree *at = frame->node->first; at != NULL; at = at->next) {
        struct bind_frame child = { .up = frame, .node = at, .name = at->key, .key = true };

        if (at->kind == TREE_BROKEN) {
            continue;
        }
        StructEntry *entry = (StructEntry *)reflect_new(
            &google__protobuf__struct__fields_entry__descriptor, bind->arena);
        entry->key = bl_arena_text(bind->arena, at->key);
        entry->value = bind_value(bind, &child);
        made->fields[made->n_fields++] = entry;
    }
    return made;
}

List *bind_values(struct bind *bind, const struct bind_frame *frame)
{
    List *made = (List *)reflect_new(&google__protobuf__list_value__descriptor, bind->arena);
    uint32_t index = 0;

    if (frame->node->kind != TREE_LIST) {
        bind_wrong_type(bind, frame, "a list");
        return made;
    }
    made->values = bl_arena_array(bind->arena, Value *, frame->node->count);
    for (const struct tree *at = frame->node->first; at != NULL; at = at->next) {
        struct bind_frame child = { .up = frame, .node = at, .element = true, .index = index++ };

        made->values[made->n_values++] = bind_value(bind, &child);
    }
    return made;
}

static void set_text(struct bind *bind, Value *value, struct bl_text text)
{
    value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE;
    value->string_value = bl_arena_text(bind->arena, text);
}

static void set_number(struct bind *bind, const struct bind_frame *frame, Value *value)
{
    char text[BIND_NUMBER_BYTES_MAX];
    bool whole = false;
    bool exact = bind_short_text(frame->node, text) && bind_is_number(text, &whole);
    double number = exact ? strtod(text, NULL) : 0;

    exact = exact && isfinite(number) && (!whole || fabs(number) <= EXACT_INTEGER_MAX);
    if (!exact && frame->node->kind == TREE_NUMBER) {
        bind_problem(bind, frame, false, "E-RANGE", "%s cannot be kept exactly; write it in quotes",
                     bind_found(bind, frame->node));
    }
    if (!exact) {
        set_text(bind, value, frame->node->text);
        return;
    }
    value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE;
    value->number_value = number;
}

/* A plain YAML scalar without a schema: what JSON would see, and otherwise text. */
static void set_plain(struct bind *bind, const struct bind_frame *frame, Value *value)
{
    struct bl_text text = frame->node->text;

    if (bl_text_is(text, "true") || bl_text_is(text, "false")) {
        value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE;
        value->bool_value = bl_text_is(text, "true");
    } else if (text.bytes == 0 || bl_text_is(text, "null")) {
        value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE;
    } else {
        set_number(bind, frame, value);
    }
}

Value *bind_value(struct bind *bind, const struct bind_frame *frame)
{
    Value *value = (Value *)reflect_new(&google__protobuf__value__descriptor, bind->arena);

    switch (frame->node->kind) {
    case TREE_PLAIN:
        set_plain(bind, frame, value);
        break;
    case TREE_TEXT:
        set_text(bind, value, frame->node->text);
        break;
    case TREE_NULL:
    case TREE_BROKEN:
        value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE;
        break;
    case TREE_BOOL:
        value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE;
        value->bool_value = bl_text_is(frame->node->text, "true");
        break;
    case TREE_NUMBER:
        set_number(bind, frame, value);
        break;
    case TREE_LIST:
        value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE;
        value->list_value = bind_values(bind, frame);
        break;
    case TREE_MAP:
        value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE;
        value->struct_value = bind_struct(bind, frame);
        break;
    }
    return value;
}
