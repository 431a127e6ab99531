/* The schema that editors get of a message with every kind of field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/check.h"
#include "binglian/v1/definition.pb-c.h"
#include "sample.pb-c.h"
#include "schema/json_schema.h"

static json_t *make(const ProtobufCMessageDescriptor *message)
{
    struct writer writer;
    json_error_t error;

    writer_init(&writer, WRITER_PRETTY);
    json_schema_write(&writer, message, "sample.schema.json");
    json_t *schema = json_loadb(writer.at, writer.bytes, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(schema);
    writer_free(&writer);
    return schema;
}

struct schema_case {
    const char *name;
    const char *path;      // to a part of the schema, keys between slashes
    const char *expected;  // that part as JSON with sorted keys
};

#define TEXT_TYPES "\"type\":[\"string\",\"number\",\"boolean\"]"
// clang-format off
static const struct schema_case cases[] = {
    { "draft 07", "$schema", "\"http://json-schema.org/draft-07/schema#\"" },
    { "its id", "$id", "\"sample.schema.json\"" },
    { "no unknown keys", "additionalProperties", "false" },
    { "texts of a rule", "properties/text",
      "{\"description\":\"A text\",\"title\":\"文字\"," TEXT_TYPES "}" },
    { "a range", "properties/i32", "{\"maximum\":100,\"minimum\":-5,\"type\":\"integer\"}" },
    { "the range of a type", "properties/u32",
      "{\"maximum\":4294967295,\"minimum\":0,\"type\":\"integer\"}" },
    { "64 bits", "properties/u64", "{\"type\":[\"integer\",\"string\"]}" },
    { "an instant", "properties/at", "{\"format\":\"date-time\",\"type\":\"string\"}" },
    { "bytes", "properties/data", "{\"contentEncoding\":\"base64\",\"type\":\"string\"}" },
    { "an enum", "properties/kind", "{\"enum\":[\"promised\",\"instant\",\"yes_no\"]}" },
    { "a message", "properties/part", "{\"$ref\":\"#/definitions/Part\"}" },
    { "a list", "properties/words", "{\"items\":{" TEXT_TYPES "},\"maxItems\":3,\"type\":\"array\"}" },
    { "a map", "properties/items",
      "{\"additionalProperties\":{\"$ref\":\"#/definitions/Part\"},"
      "\"propertyNames\":{\"pattern\":\"^(?:[a-z]+)$\"},\"type\":\"object\"}" },
    { "a map by number", "properties/years", "{\"additionalProperties\":{" TEXT_TYPES "},"
      "\"propertyNames\":{\"pattern\":\"^(?:-?[0-9]+)$\"},\"type\":\"object\"}" },
    { "Struct", "properties/form", "{\"type\":\"object\"}" },
    { "Value", "properties/value", "{}" },
    { "what bytes hold", "properties/held", "{\"$ref\":\"#/definitions/Held\"}" },
    { "a oneof excludes", "allOf", "[{\"not\":{\"required\":[\"count\",\"word\"]}},"
      "{\"not\":{\"required\":[\"count\",\"other\"]}},{\"not\":{\"required\":[\"word\",\"other\"]}}]" },
    { "required keys", "definitions/Part/required", "[\"department\"]" },
    { "a required text is not empty", "definitions/Part/properties/department",
      "{\"maxLength\":10,\"minLength\":1," TEXT_TYPES "}" },
    { "a pattern", "definitions/Part/properties/code",
      "{\"pattern\":\"^(?:[a-z]{2}[0-9]+)$\"," TEXT_TYPES "}" },
    { "a short form", "definitions/Label",
      "{\"anyOf\":[{" TEXT_TYPES "},{\"additionalProperties\":false,\"properties\":{\"en\":{" TEXT_TYPES "},"
      "\"zh\":{" TEXT_TYPES "}},\"type\":\"object\"}],\"description\":\"A text for people.\"}" },
    { "several", "definitions/Needs/anyOf/2", "{" TEXT_TYPES "}" },
    { "a list as a short form", "definitions/Needs/anyOf/3",
      "{\"items\":{" TEXT_TYPES "},\"type\":\"array\"}" },
};
// clang-format on

static const json_t *follow(const json_t *at, const char *path)
{
    char copy[200], *rest = copy;

    (void)snprintf(copy, sizeof copy, "%s", path);
    for (char *key = strsep(&rest, "/"); key != NULL; key = strsep(&rest, "/")) {
        at = json_is_array(at) ? json_array_get(at, (size_t)(key[0] - '0'))
                               : json_object_get(at, key);
    }
    return at;
}

static void test_case(void **state)
{
    const struct schema_case *row = *state;
    json_t *schema = make(&sample__sample__descriptor);
    const json_t *part = follow(schema, row->path);

    assert_non_null(part);
    char *text = json_dumps(part, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    assert_string_equal(text, row->expected);
    free(text);
    json_decref(schema);
}

static void check_references(const json_t *root, json_t *value)
{
    const char *reference = json_string_value(json_object_get(value, "$ref"));
    const char *key;
    json_t *child;
    size_t index;

    if (reference != NULL && strcmp(reference, "#") != 0) {
        assert_memory_equal(reference, "#/", 2);
        assert_non_null(follow(root, reference + 2));
    }
    json_object_foreach(value, key, child)
    {
        check_references(root, child);
    }
    json_array_foreach(value, index, child)
    {
        check_references(root, child);
    }
}

static void test_references(void **state)
{
    static const ProtobufCMessageDescriptor *const messages[] = {
        &sample__sample__descriptor, &sample__part__descriptor, &bl__workflow__descriptor,
        &bl__departments_file__descriptor
    };

    (void)state;
    for (size_t i = 0; i < BL_COUNT(messages); i++) {
        json_t *schema = make(messages[i]);

        check_references(schema, schema);
        json_decref(schema);
    }
}

static void test_recursion(void **state)
{
    json_t *schema = make(&sample__part__descriptor);
    const json_t *items = follow(schema, "properties/parts/items/$ref");

    (void)state;
    assert_string_equal(json_string_value(items), "#");
    json_decref(schema);
}

int main(void)
{
    struct CMUnitTest tests[BL_COUNT(cases) + 2] = {
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_recursion),
    };

    for (size_t i = 0; i < BL_COUNT(cases); i++) {
        tests[i + 2] = (struct CMUnitTest){ .name = cases[i].name,
                                            .test_func = test_case,
                                            .initial_state = (void *)(uintptr_t)&cases[i] };
    }
    return _cmocka_run_group_tests("json_schema", tests, BL_COUNT(tests), NULL, NULL);
}
