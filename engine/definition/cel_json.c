#include "definition/cel_json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/check.h"

/* ---- from JSON ---- */

static struct bl_text text_of(const json_t *json)
{
    return (struct bl_text){ json_string_value(json), json_string_length(json) };
}

static void list_of(const json_t *json, struct bl_arena *arena, struct cel_value *value)
{
    size_t count = json_array_size(json);
    struct cel_value *items = bl_arena_alloc(arena, (count + 1) * sizeof *items);

    for (size_t i = 0; i < count; i++) {
        cel_of_json(json_array_get(json, i), arena, &items[i]);
    }
    value->type = CEL_LIST;
    value->list.at = items;
    value->list.count = count;
}

static void map_of(const json_t *json, struct bl_arena *arena, struct cel_value *value)
{
    const char *key;
    json_t *member, *object = (json_t *)(uintptr_t)json;  // jansson's iterator is not const
    size_t count = json_object_size(json), i = 0;
    struct cel_value *pairs = bl_arena_alloc(arena, (2 * count + 1) * sizeof *pairs);

    json_object_foreach(object, key, member)
    {
        pairs[i] = (struct cel_value){ .type = CEL_STRING, .string = bl_text_of(key) };
        cel_of_json(member, arena, &pairs[i + 1]);
        i += 2;
    }
    value->type = CEL_MAP;
    value->map.at = pairs;
    value->map.count = count;
}

void cel_of_json(const json_t *json, struct bl_arena *arena, struct cel_value *value)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        map_of(json, arena, value);
        return;
    case JSON_ARRAY:
        list_of(json, arena, value);
        return;
    case JSON_STRING:
        *value = (struct cel_value){ .type = CEL_STRING, .string = text_of(json) };
        return;
    case JSON_INTEGER:
        *value = (struct cel_value){ .type = CEL_INT, .integer = json_integer_value(json) };
        return;
    case JSON_REAL:
        *value = (struct cel_value){ .type = CEL_DOUBLE, .number = json_real_value(json) };
        return;
    case JSON_TRUE:
    case JSON_FALSE:
        *value = (struct cel_value){ .type = CEL_BOOL, .boolean = json_is_true(json) };
        return;
    case JSON_NULL:
        *value = (struct cel_value){ .type = CEL_NULL };
        return;
    }
    UNREACHABLE();
}

/* ---- to JSON ---- */

static json_t *json_of_double(double number)
{
    if (isnan(number)) {
        return json_string("NaN");
    }
    return isinf(number) ? json_string(number > 0 ? "Infinity" : "-Infinity") : json_real(number);
}

static json_t *json_of_list(const struct cel_value *value)
{
    json_t *array = json_array();

    for (size_t i = 0; i < value->list.count; i++) {
        CHECK(json_array_append_new(array, cel_to_json(&value->list.at[i])) == 0);
    }
    return array;
}

static void set_member(json_t *object, const struct cel_value *key, json_t *member)
{
    char text[32];

    if (key->type == CEL_STRING) {
        CHECK(json_object_setn_new_nocheck(object, key->string.at, key->string.bytes, member) == 0);
        return;
    }
    if (key->type == CEL_BOOL) {
        (void)snprintf(text, sizeof text, "%s", key->boolean ? "true" : "false");
    } else {
        (void)snprintf(text, sizeof text, "%" PRId64, key->integer);
    }
    CHECK(json_object_set_new(object, text, member) == 0);
}

static json_t *json_of_map(const struct cel_value *value)
{
    json_t *object = json_object();

    for (size_t i = 0; i < value->map.count; i++) {
        set_member(object, &value->map.at[2 * i], cel_to_json(&value->map.at[2 * i + 1]));
    }
    return object;
}

json_t *cel_to_json(const struct cel_value *value)
{
    switch (value->type) {
    case CEL_NULL:
        return json_null();
    case CEL_BOOL:
        return json_boolean(value->boolean);
    case CEL_INT:
        return json_integer(value->integer);
    case CEL_DOUBLE:
        return json_of_double(value->number);
    case CEL_STRING:
        return json_stringn_nocheck(value->string.at, value->string.bytes);
    case CEL_LIST:
        return json_of_list(value);
    case CEL_MAP:
        return json_of_map(value);
    case CEL_DYN:
        break;  // no value has this type
    }
    UNREACHABLE();
}
